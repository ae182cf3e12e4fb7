package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// columns are the headings under which exports of services, registrars and
// lapse itself keep what a watch has. Lower case, letters and digits only.
var columns = map[string]string{
	"name": "name", "domain": "name", "domainname": "name", "domains": "name", "fqdn": "name", "idn": "name",
	"kind": "kind", "tags": "tags", "tag": "tags", "labels": "tags", "folder": "tags",
	"note": "note", "notes": "note", "comment": "note", "description": "note",
	"priority": "priority", "cap": "cap", "bidcap": "bid_cap", "maxbid": "bid_cap", "maximumbid": "bid_cap",
}

func (a *app) importCommand() *cobra.Command {
	var kind, column string
	var tags []string
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Add names from CSV or JSON",
		Long: `Add the names of a file: an export of lapse (JSON or CSV), or a CSV of a drop
list, a backorder service or a registrar. The column of the names is found by
its heading; --column names another. Names that are on the list already stay as
they are.`,
		Example: "  lapse import names.csv --tag drop-week\n  lapse import registrar.csv --kind mine --column 'Domain Name'\n  lapse export | lapse --db other.db import -",
		GroupID: groupList,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := parseKind(kind)
			if err != nil {
				return err
			}
			data, err := a.readImport(args[0])
			if err != nil {
				return err
			}
			ws, err := parseImport(data, column)
			if err != nil {
				return err
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			results := make([]watch.AddResult, 0, len(ws))
			for len(ws) > 0 {
				n := min(len(ws), addAtOnce)
				for i := range ws[:n] {
					if k != "" {
						ws[i].Kind = k
					}
					ws[i].Tags = append(ws[i].Tags, tags...)
				}
				rs, err := s.Add(cmd.Context(), ws[:n])
				if err != nil {
					return fmt.Errorf("import: %w", err)
				}
				results = append(results, rs...)
				ws = ws[n:]
			}
			return a.addResults(results)
		},
	}
	cmd.Flags().StringVar(&kind, "kind", "", "want, mine or launch, whatever the file says")
	cmd.Flags().StringVar(&column, "column", "", "the heading of the names' column")
	cmd.Flags().StringSliceVar(&tags, "tag", nil, "tag them (may be repeated)")
	return cmd
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

// parseImport reads our own JSON, a CSV with a heading, or plain names.
func parseImport(data []byte, column string) ([]watch.NewWatch, error) {
	if t := bytes.TrimSpace(data); t[0] == '[' {
		var rows []watch.Watch
		if err := json.Unmarshal(t, &rows); err != nil {
			return nil, usagef("import: this is no export of lapse: %v", err)
		}
		ws := make([]watch.NewWatch, len(rows))
		for i, r := range rows {
			ws[i] = watch.NewWatch{Input: string(r.Name), Kind: r.Kind, Tags: r.Tags, Note: r.Note, Priority: r.Priority, Cap: r.Cap, BidCap: r.BidCap}
		}
		return ws, nil
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	comma := delimiter(first)
	if comma == 0 && column == "" {
		words, err := readWordsFrom(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		ws := make([]watch.NewWatch, 0, len(words))
		for i, w := range words {
			if i == 0 && columns[heading(w)] == "name" {
				continue
			}
			ws = append(ws, watch.NewWatch{Input: w})
		}
		return ws, nil
	}
	if comma == 0 {
		comma = ','
	}
	return parseCSV(data, comma, column)
}

func delimiter(line []byte) rune {
	best, n := rune(0), 0
	for _, c := range []rune{',', ';', '\t', '|'} {
		if k := bytes.Count(line, []byte(string(c))); k > n {
			best, n = c, k
		}
	}
	return best
}

func heading(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

func parseCSV(data []byte, comma rune, column string) ([]watch.NewWatch, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = comma, -1, true, true
	head, err := r.Read()
	if err != nil {
		return nil, usagef("import: read the headings: %v", err)
	}
	at := map[string]int{}
	for i, h := range head {
		field := columns[heading(h)]
		if column != "" && strings.EqualFold(strings.TrimSpace(h), column) {
			at["name"] = i
			continue
		}
		if _, have := at[field]; field != "" && !have && (field != "name" || column == "") {
			at[field] = i
		}
	}
	if _, ok := at["name"]; !ok {
		var hs []string
		for i, h := range head {
			if i == 20 {
				hs = append(hs, fmt.Sprintf("%d more", len(head)-i))
				break
			}
			hs = append(hs, fmt.Sprintf("%q", clip(h)))
		}
		return nil, withHint(usagef("import: no column of names among %s", strings.Join(hs, ", ")), "name it with --column")
	}
	var ws []watch.NewWatch
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return ws, nil
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			return nil, usagef("import: line %d: %v", line, err)
		}
		get := func(field string) string {
			if i, ok := at[field]; ok && i < len(rec) {
				return strings.TrimSpace(rec[i])
			}
			return ""
		}
		w := watch.NewWatch{Input: get("name"), Note: get("note")}
		if w.Input == "" {
			continue
		}
		if w.Kind, err = parseKind(get("kind")); err != nil {
			return nil, usagef("import: line %d: %v", line, err)
		}
		w.Tags = strings.FieldsFunc(get("tags"), func(r rune) bool { return r == ' ' || r == ',' || r == '|' })
		for field, m := range map[string]*catch.Money{"cap": &w.Cap, "bid_cap": &w.BidCap} {
			text := get(field)
			if text == "" || text == "-" {
				continue
			}
			if *m, err = catch.ParseMoney(text); err != nil {
				return nil, usagef("import: line %d: %s: %v", line, field, err)
			}
		}
		if p := get("priority"); p != "" {
			if _, err := fmt.Sscanf(p, "%d", &w.Priority); err != nil {
				return nil, usagef("import: line %d: priority %q is no number", line, p)
			}
		}
		ws = append(ws, w)
	}
}

func (a *app) exportCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "export [QUERY]",
		Short:   "Write what you said of names, as CSV or JSON",
		Long:    "Write the list as lapse import reads it. What was looked up stays here: lapse ls --json has it.\n\n" + queryHelp,
		Example: "  lapse export > names.csv\n  lapse export tag:brand --format json",
		GroupID: groupList,
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := watch.ParseQuery(strings.Join(args, " "))
			if err != nil {
				return coded(exitUsage, err)
			}
			if a.flags.json {
				format = "json"
			}
			if format != "csv" && format != "json" {
				return usagef("--format %s: csv or json", format)
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			page, err := s.List(cmd.Context(), q)
			if err != nil {
				return fmt.Errorf("export: %w", err)
			}
			if format == "json" {
				ws := make([]watch.Watch, len(page.Rows))
				for i, r := range page.Rows {
					ws[i] = r.Watch
				}
				return a.writeJSON(ws)
			}
			return a.writeCSV(page.Rows)
		},
	}
	cmd.Flags().StringVar(&format, "format", "csv", "csv or json")
	return cmd
}

func (a *app) writeCSV(rows []watch.Row) error {
	w := csv.NewWriter(a.stdout)
	_ = w.Write([]string{"name", "kind", "tags", "note", "priority", "cap", "bid_cap"})
	for _, r := range rows {
		capText := func(m catch.Money) string {
			if m == (catch.Money{}) {
				return ""
			}
			return m.String()
		}
		_ = w.Write([]string{string(r.Name), string(r.Kind), strings.Join(r.Tags, " "), r.Note, fmt.Sprint(r.Priority), capText(r.Cap), capText(r.BidCap)})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}
