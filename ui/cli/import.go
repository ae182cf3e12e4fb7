package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/intake"
)

// importing is what a person said of a file.
type importing struct {
	kind, column, purpose, rejects string
	maps, tags                     []string
	dry, yes                       bool
}

func (a *app) importCommand() *cobra.Command {
	var im importing
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Add names from CSV, JSON or plain text",
		Long: `Add the names of a file: an export of ExpiredDomains.net, DropCatch, NameJet,
Dynadot, GoDaddy, Namecheap, Porkbun, NameSilo, Cloudflare or another registrar,
a spreadsheet saved as CSV, plain names, or an export of lapse. Commas,
semicolons, tabs, UTF-8, UTF-16 and Windows-1252 are told by themselves.

First it says what the file is taken for and what each column becomes; on a
terminal it asks before it adds anything, and --dry-run only says it. --map
changes a column: its heading (or number) = one of ` + fieldWords() + `.
What a registrar's list holds is yours (kind mine), unless --kind says otherwise.
What it says of expiry, drop and auto-renew becomes part of the note: where a
name stands lapse asks the registry.

A row that cannot be taken is listed with its line and why, and --rejects keeps
all of them. Rows of one name become one; names that are on the list already
stay as they are.`,
		Example: `  lapse import names.csv --dry-run
  lapse import expireddomains.csv --tag drop-week
  lapse import godaddy.csv --map 'Folder=skip' --map 'Notes=note' --purpose park
  lapse import list.csv --map 3=name --rejects bad.csv
  lapse export | lapse --db other.db import -`,
		GroupID: groupList,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importFile(cmd.Context(), args[0], im)
		},
	}
	f := cmd.Flags()
	f.StringVar(&im.kind, "kind", "", "want, mine or launch, whatever the file says")
	f.StringVar(&im.column, "column", "", "the heading of the names' column: the same as --map HEADING=name")
	f.StringArrayVar(&im.maps, "map", nil, "what a column becomes, as `HEADING=FIELD` (may be repeated)")
	f.StringSliceVar(&im.tags, "tag", nil, "tag them (may be repeated)")
	f.StringVar(&im.purpose, "purpose", "", "use, park or 'for sale', where the file says none")
	f.StringVar(&im.rejects, "rejects", "", "write the rows that were not taken to this `file`, as CSV")
	f.BoolVar(&im.dry, "dry-run", false, "say what the file would do, and add nothing")
	f.BoolVar(&im.yes, "yes", false, "do not ask")
	return cmd
}

func fieldWords() string {
	var out []string
	for _, f := range intake.Fields {
		out = append(out, string(f))
	}
	return strings.Join(out, ", ")
}

// options reads the flags.
func (im importing) options() (intake.Options, error) {
	o := intake.Options{Map: map[string]intake.Field{}, Tags: im.tags, Purpose: im.purpose}
	var err error
	if o.Kind, err = parseKind(im.kind); err != nil {
		return o, err
	}
	if im.column != "" {
		o.Map[im.column] = intake.Name
	}
	for _, m := range im.maps {
		i := strings.LastIndexByte(m, '=')
		if i <= 0 {
			return o, usagef("--map %s: write it as HEADING=FIELD", typed.Clip(m))
		}
		f := intake.Field(strings.ToLower(strings.TrimSpace(m[i+1:])))
		if f == "bid_cap" {
			f = intake.BidCap
		}
		if !slices.Contains(intake.Fields, f) {
			err := usagef("--map %s: no field %q; there are %s", typed.Clip(m), typed.Clip(m[i+1:]), fieldWords())
			var all []string
			for _, f := range intake.Fields {
				all = append(all, string(f))
			}
			if g := typed.Guess(string(f), all); g != "" {
				return o, withHint(err, "did you mean %s?", g)
			}
			return o, err
		}
		o.Map[m[:i]] = f
	}
	return o, nil
}

func (a *app) importFile(ctx context.Context, path string, im importing) error {
	o, err := im.options()
	if err != nil {
		return err
	}
	if err := mayReject(im.rejects); err != nil {
		return err
	}
	data, err := a.readImport(path)
	if err != nil {
		return err
	}
	s, err := a.open(ctx, needStore)
	if err != nil {
		return err
	}
	o.Parse = s.ParseNew
	plan, err := intake.Read(data, o)
	if err != nil {
		return withHint(usagef("import: %v", err), "--map HEADING=name says which column holds the names")
	}
	if im.dry {
		return a.showPlan(plan, im)
	}
	if a.interactive() && !im.yes && path != "-" {
		if err := a.preview(plan); err != nil {
			return err
		}
		ok, err := a.ask(false, "Add them?")
		if err != nil {
			return err
		}
		if !ok {
			a.say("nothing was added")
			return nil
		}
	} else if !a.flags.json && !a.flags.plain {
		a.say("%s", plan.Title())
	}
	results, err := a.addPlan(ctx, s, plan)
	if err != nil {
		return err
	}
	if err := writeRejects(im.rejects, results); err != nil {
		return err
	}
	return a.importResults(results, plan, im.rejects)
}

// imported is what became of a row.
type imported struct {
	Line int `json:"line"`
	watch.AddResult
}

// addPlan adds the names piece by piece, and says on a terminal how far it is.
func (a *app) addPlan(ctx context.Context, s *watch.Service, plan *intake.Plan) ([]imported, error) {
	out := make([]imported, 0, len(plan.Names)+len(plan.Bad))
	bar := isTerminal(a.stderr) && !a.flags.json && !a.flags.plain && len(plan.Names) > addAtOnce
	for from := 0; from < len(plan.Names); from += addAtOnce {
		part := plan.Names[from:min(from+addAtOnce, len(plan.Names))]
		ws := make([]watch.NewWatch, len(part))
		for i := range part {
			ws[i] = part[i].NewWatch
		}
		rs, err := s.Add(ctx, ws)
		if err != nil {
			if from > 0 {
				return nil, withHint(fmt.Errorf("import: after %d of %d names: %w", from, len(plan.Names), err), "do it again: names that are on the list stay as they are")
			}
			return nil, fmt.Errorf("import: %w", err)
		}
		for i, r := range rs {
			out = append(out, imported{part[i].Line, r})
		}
		if bar {
			fmt.Fprintf(a.stderr, "\radding %d of %d", from+len(part), len(plan.Names))
		}
	}
	if bar {
		fmt.Fprint(a.stderr, "\r\x1b[K")
	}
	for _, b := range plan.Bad {
		out = append(out, imported{b.Line, watch.AddResult{Input: b.Text, Why: b.Why, Meant: b.Meant}})
	}
	slices.SortStableFunc(out, func(x, y imported) int { return x.Line - y.Line })
	return out, nil
}

// importResults shows what became of the rows, and how it ends, as add does.
func (a *app) importResults(rs []imported, plan *intake.Plan, rejects string) error {
	var added, there, bad int
	var names []imported
	for _, r := range rs {
		switch {
		case r.Added:
			added++
			names = append(names, r)
		case r.Name != "" && r.Why == watch.ErrExists.Error():
			there++
			names = append(names, r)
		default:
			bad++
			if !a.flags.json && bad <= complaints {
				a.say("line %d %s", r.Line, badLine(r.AddResult))
			}
		}
	}
	if a.flags.json {
		if err := a.writeJSON(list(rs)); err != nil {
			return err
		}
	} else {
		if bad > complaints {
			more := "--rejects FILE keeps all of them"
			if rejects != "" {
				more = "all of them are in " + rejects
			}
			a.say("and %d more rows that are not taken: %s", bad-complaints, more)
		}
		if len(rs) <= 100 || a.flags.plain {
			for _, r := range names {
				if err := a.printf("%s\t%s\n", map[bool]string{true: "added", false: "already"}[r.Added], r.Name.Display()); err != nil {
					return err
				}
			}
		}
		if !a.flags.plain {
			if err := a.printf("%d added, %d already there, %d repeated, %d not taken\n", added, there, plan.Merged, bad); err != nil {
				return err
			}
		}
	}
	switch {
	case bad == 0:
		return nil
	case added+there > 0:
		return silent(exitPartly)
	}
	return silent(exitUsage)
}

// rejectsHead begins a file of rejects, and tells one from any other file.
const rejectsHead = "line,why,row\n"

// mayReject reports whether the rows that are not taken may be kept in a file:
// one that is not there, or one of an import before.
func mayReject(path string) error {
	st, err := os.Stat(path)
	switch {
	case path == "" || errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usagef("--rejects: %v", err)
	case st.IsDir():
		return usagef("--rejects: %s is a folder", path)
	case !st.Mode().IsRegular() || st.Size() == 0:
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return usagef("--rejects: %v", err)
	}
	defer f.Close()
	head := make([]byte, len(rejectsHead))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != rejectsHead {
		return withHint(usagef("--rejects: %s is there already, and no import wrote it", path), "name a file that is not there")
	}
	return nil
}

// writeRejects keeps the rows that were not taken: the line, why, and the row
// as it was.
func writeRejects(path string, rs []imported) error {
	if path == "" {
		return nil
	}
	var b bytes.Buffer
	b.WriteString(rejectsHead)
	w := csv.NewWriter(&b)
	for _, r := range rs {
		if !r.Added && (r.Name == "" || r.Why != watch.ErrExists.Error()) {
			_ = w.Write([]string{strconv.Itoa(r.Line), intake.Guard(r.Why), intake.Guard(r.Input)})
		}
	}
	w.Flush()
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("import: keep the rows that were not taken: %w", err)
	}
	return nil
}

// planJSON is a plan as --dry-run --json writes it.
type planJSON struct {
	*intake.Plan
	Names  int      `json:"names"`
	Sample []string `json:"sample"`
}

// showPlan is --dry-run.
func (a *app) showPlan(plan *intake.Plan, im importing) error {
	if a.flags.json {
		j := planJSON{Plan: plan, Names: len(plan.Names), Sample: []string{}}
		for _, e := range plan.Names[:min(len(plan.Names), 5)] {
			j.Sample = append(j.Sample, typed.Clip(e.Input))
		}
		if err := a.writeJSON(j); err != nil {
			return err
		}
	} else if err := a.preview(plan); err != nil {
		return err
	}
	var rs []imported
	for _, b := range plan.Bad {
		rs = append(rs, imported{b.Line, watch.AddResult{Input: b.Text, Why: b.Why}})
	}
	if err := writeRejects(im.rejects, rs); err != nil {
		return err
	}
	switch {
	case len(plan.Bad) == 0:
		return nil
	case len(plan.Names) > 0:
		return silent(exitPartly)
	}
	return silent(exitUsage)
}

// preview says what a file is taken for.
func (a *app) preview(plan *intake.Plan) error {
	if err := a.printf("%s\n", plan.Title()); err != nil {
		return err
	}
	if plan.Comma != "" || len(plan.Columns) > 0 {
		t := &table{head: []string{"COLUMN", "BECOMES", "FOR EXAMPLE"}}
		for _, c := range plan.Columns {
			becomes := string(c.Field)
			if c.Field == intake.Skip {
				becomes = "-"
			}
			t.add(c.Heading, becomes, c.Sample)
		}
		if err := a.writeTable(t); err != nil {
			return err
		}
	}
	for i, b := range plan.Bad {
		if i == complaints {
			return a.printf("and %d more rows that are not taken; --rejects FILE keeps all of them\n", len(plan.Bad)-i)
		}
		if err := a.printf("line %d %s\n", b.Line, badLine(watch.AddResult{Input: b.Text, Why: b.Why, Meant: b.Meant})); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) readImport(path string) ([]byte, error) {
	r := a.input()
	if path != "-" {
		if !a.own { // never a file of the server's
			return nil, coded(exitGuard, errors.New("import: give it on standard input, as -"))
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		defer f.Close()
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	if len(data) > maxInput {
		return nil, usagef("import: more than %d MiB: split it", maxInput>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, usagef("import: nothing in it")
	}
	return data, nil
}

// readTyped reads a file whose path was typed into the screens, where no shell
// has spelled it out.
func (a *app) readTyped(path string) ([]byte, error) {
	path = strings.Trim(path, `"'`)
	if path == "-" {
		return nil, errors.New("standard input is the keyboard here; name a file, or paste its text into the list")
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			path = filepath.Join(home, rest)
		}
	}
	if st, err := os.Stat(path); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() { // a pipe would keep the screens waiting
		return nil, fmt.Errorf("%s is no file", path)
	}
	return a.readImport(path)
}
