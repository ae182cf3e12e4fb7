package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// launchEdited is what add, edit and import write as JSON.
type launchEdited struct {
	Launches []launch.Launch  `json:"launches"`
	Moved    []launch.Moved   `json:"moved"`
	Findings []launch.Finding `json:"findings"`
	DryRun   bool             `json:"dry_run,omitempty"`
}

// launchAddCommand adds a launch, or edits one that is there.
func (a *app) launchAddCommand(edit bool) *cobra.Command {
	var phases, drop, sources, notes []string
	var registry, backend, nexus, eap, confidence string
	use, short := "add TLD", "Add a launch of your own"
	if edit {
		use, short = "edit TLD", "Change a launch: a phase of the same name is replaced"
	}
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long: `A phase is NAME,KIND,FROM,TO,FEE; what is not known stays empty. Kinds are
sunrise-start-date, sunrise-end-date, claims, qlp, lrp, landrush, eap and ga.
Times are UTC; a day without an hour says that nobody told the hour.`,
		Example: `  lapse launch add oak --phase "landrush,landrush,,2026-12-01T16:00:00Z,200USD" --phase "GA,ga,2026-12-09T16:00:00Z,,25USD"
  lapse launch add elm --eap 2026-11-16T16:00:00Z,10000/5000/1500/500/100/100/100USD --phase "GA,ga,2026-11-23T16:00:00Z,,25USD"
  lapse launch edit oak --phase "GA,ga,2027-01-12T16:00:00Z,,25USD"`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.launches()
			if err != nil {
				return err
			}
			tld := strings.ToLower(strings.Trim(args[0], "."))
			l, there := b.Launch(tld)
			switch {
			case edit && !there:
				_, err := launchOf(b, tld)
				return err
			case !edit && there:
				return withHint(coded(exitFailed, fmt.Errorf("there is a launch of .%s already, from %s", tld, l.Origin)), "lapse launch edit %s changes it", tld)
			case !there:
				l = launch.Launch{TLD: tld, Confidence: "seen"}
			}
			l.Phases = slices.Clone(l.Phases)
			l.Origin, l.Checked = a.cfg.launchPath(), a.now().UTC().Format(time.DateOnly)
			for _, f := range []struct{ from, to *string }{{&registry, &l.Registry}, {&backend, &l.Backend}, {&nexus, &l.Nexus}, {&confidence, &l.Confidence}} {
				if *f.from != "" {
					*f.to = whoisx.CleanLine(*f.from)
				}
			}
			if len(sources) > 0 {
				l.Sources = sources
			}
			if len(notes) > 0 {
				l.Notes = notes
			}
			for _, name := range drop {
				if l.Phase(name) == nil {
					return usagef(".%s has no phase %q", tld, name)
				}
				l.Phases = slices.DeleteFunc(l.Phases, func(p launch.Phase) bool { return strings.EqualFold(p.Name, name) })
			}
			add := func(p launch.Phase) {
				if have := l.Phase(p.Name); have != nil {
					*have = p
				} else {
					l.Phases = append(l.Phases, p)
				}
			}
			if eap != "" {
				ps, err := eapPhases(eap)
				if err != nil {
					return coded(exitUsage, err)
				}
				for _, p := range ps {
					add(p)
				}
			}
			for _, s := range phases {
				p, err := launch.ReadPhase(s)
				if err != nil {
					return coded(exitUsage, err)
				}
				add(p)
			}
			moved, err := b.Put(l)
			if err != nil {
				return coded(exitUsage, err)
			}
			if err := a.saveLaunches(b); err != nil {
				return err
			}
			l, _ = b.Launch(tld)
			if err := a.followLaunch(cmd.Context(), tld); err != nil {
				return err
			}
			return a.launchEdited(launchEdited{Launches: []launch.Launch{l}, Moved: moved})
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&phases, "phase", nil, "a `phase` as NAME,KIND,FROM,TO,FEE (may be repeated)")
	f.StringVar(&eap, "eap", "", "an early access period by the day, as `FROM,FEES`: 2026-11-16T16:00:00Z,10000/5000/500USD")
	f.StringVar(&registry, "registry", "", "who runs it")
	f.StringVar(&backend, "backend", "", "whose machines")
	f.StringVar(&nexus, "nexus", "", "what a registrant has to show")
	f.StringVar(&confidence, "confidence", "", "seen or memory")
	f.StringArrayVar(&sources, "source", nil, "where it says so (may be repeated)")
	f.StringArrayVar(&notes, "note", nil, "a note (may be repeated)")
	if edit {
		f.StringArrayVar(&drop, "drop-phase", nil, "take a phase away (may be repeated)")
	}
	return cmd
}

// eapPhases reads "FROM,FEE/FEE/FEEUSD": one day a fee.
func eapPhases(s string) ([]launch.Phase, error) {
	e, err := readEAP(s, 24*time.Hour)
	if err != nil {
		return nil, err
	}
	var out []launch.Phase
	for _, st := range e.Steps() {
		out = append(out, launch.Phase{Name: fmt.Sprintf("EAP day %d", st.N), Kind: launch.EarlyAccess, From: whoisx.At(st.From), To: whoisx.At(st.To), Fee: st.Fee})
	}
	return out, nil
}

// readEAP reads the clock of a falling fee.
func readEAP(s string, step time.Duration) (launch.EAP, error) {
	e := launch.EAP{Step: step}
	when, fees, ok := strings.Cut(s, ",")
	d, err := launch.ReadTime(strings.TrimSpace(when))
	if !ok || err != nil || d.DayOnly || d.IsZero() {
		return e, fmt.Errorf("%q: write a falling fee as FROM,FEES, like 2026-11-16T16:00:00Z,10000/5000/500USD", s)
	}
	e.From = d.Time
	parts := strings.Split(fees, "/")
	last, err := catch.ParseMoney(parts[len(parts)-1])
	if err != nil {
		return e, err
	}
	for _, p := range parts[:len(parts)-1] {
		m, err := catch.MoneyOf(p, last.Currency)
		if err != nil {
			return e, err
		}
		e.Fees = append(e.Fees, m)
	}
	e.Fees = append(e.Fees, last)
	for _, m := range e.Fees {
		if m.Units < 0 {
			return e, fmt.Errorf("%q: a fee is below zero", s)
		}
	}
	return e, nil
}

func (a *app) launchEdited(e launchEdited) error {
	e.Launches, e.Moved, e.Findings = list(e.Launches), list(e.Moved), list(e.Findings)
	for _, f := range e.Findings {
		where := ""
		if f.Row > 0 {
			where = fmt.Sprintf("row %d: ", f.Row)
		}
		a.say("warning: %s%s", where, whoisx.CleanLine(f.Text))
	}
	if a.flags.json {
		return a.writeJSON(e)
	}
	for _, m := range e.Moved {
		if err := a.printf("moved\t%s %s: %s, was %s\n", whoisx.CleanLine(m.Phase), m.Which, dateOr(m.After, "unknown"), dateOr(m.Before, "unknown")); err != nil {
			return err
		}
	}
	word := "kept"
	if e.DryRun {
		word = "read"
	}
	for _, l := range e.Launches {
		if err := a.printf("%s\t.%s: %d phases, open to all %s\n", word, l.TLD, len(l.Phases), gaWords(l)); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) launchRmCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rm TLD|OFFER",
		Short: "Take back a launch or an offer that these commands added",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.launches()
			if err != nil {
				return err
			}
			if !b.Remove(args[0], a.cfg.launchPath()) {
				return withHint(coded(exitNotFound, fmt.Errorf("no launch and no offer %q was added by these commands", args[0])),
					"what comes with the program can be changed with lapse launch edit; %s is your own to edit", launchesFile)
			}
			if err := a.saveLaunches(b); err != nil {
				return err
			}
			if err := a.followLaunch(cmd.Context(), strings.ToLower(strings.Trim(args[0], "."))); err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(map[string]string{"removed": args[0]})
			}
			return a.printf("removed\t%s\n", whoisx.CleanLine(args[0]))
		},
	}
}

func (a *app) launchImportCommand() *cobra.Command {
	var m launch.Mapping
	var columns []string
	var kind, zone, comma, format string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Read launches from a table: CSV, or a JSON array of objects",
		Long: `One row a phase. Columns are tld, registry, phase, kind, from, to, fee and
currency; --map says how the table calls them. A date whose weekday is not its
own is said. A launch that is known already keeps its phases of other kinds.`,
		Example: `  lapse launch import table.csv --tld fraud --map to=Ends --map fee=Price --clock 16:00 --currency USD
  lapse launch import startups.csv --map "tld=TLD" --map "from=Open Date" --map "to=Close Date" --map "phase=Period" --dry-run`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.launches()
			if err != nil {
				return err
			}
			m.Columns, m.Kind, m.Now = map[string]string{}, launch.Kind(kind), a.now()
			for _, c := range columns {
				field, column, ok := strings.Cut(c, "=")
				if !ok || !slices.Contains([]string{"tld", "registry", "phase", "kind", "from", "to", "fee", "currency"}, field) {
					return usagef("--map %q: write it as FIELD=COLUMN; fields are tld, registry, phase, kind, from, to, fee, currency", c)
				}
				m.Columns[field] = column
			}
			if m.Zone, err = time.LoadLocation(zone); err != nil {
				return usagef("--zone %q: no such time zone", zone)
			}
			if r := []rune(comma); len(r) == 1 {
				m.Comma = r[0]
			} else {
				return usagef("--comma %q: one character", comma)
			}
			path := args[0]
			data, err := a.readImport(path)
			if err != nil {
				return err
			}
			in := bytes.NewReader(data)
			if m.Source == "" && path != "-" {
				m.Source = path
			}
			read := launch.ImportCSV
			if format == "json" || format == "" && strings.HasSuffix(strings.ToLower(path), ".json") {
				read = launch.ImportJSON
			} else if format != "" && format != "csv" {
				return usagef("--format %q: csv or json", format)
			}
			ls, finds, err := read(in, m)
			if err != nil {
				return coded(exitUsage, err)
			}
			e := launchEdited{Findings: finds, DryRun: dryRun}
			var tlds []string
			for _, l := range ls {
				if have, ok := b.Launch(l.TLD); ok {
					l = merged(have, l)
				}
				l.Origin = a.cfg.launchPath()
				moved, err := b.Put(l)
				if err != nil {
					return coded(exitUsage, fmt.Errorf("import launches: %w", err))
				}
				l, _ = b.Launch(l.TLD)
				e.Launches, e.Moved, tlds = append(e.Launches, l), append(e.Moved, moved...), append(tlds, l.TLD)
			}
			if !dryRun {
				if err := a.saveLaunches(b); err != nil {
					return err
				}
				if err := a.followLaunch(cmd.Context(), tlds...); err != nil {
					return err
				}
			}
			return a.launchEdited(e)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&columns, "map", nil, "how the table calls a field, as `FIELD=COLUMN` (may be repeated)")
	f.StringVar(&m.TLD, "tld", "", "the TLD of all rows, where no column tells")
	f.StringVar(&kind, "kind", "", "the kind of all phases whose name does not tell")
	f.StringVar(&m.Currency, "currency", "", "of amounts that name none")
	f.IntVar(&m.Year, "year", 0, "of dates without one (default: the one that fits most weekdays)")
	f.StringVar(&m.Clock, "clock", "", "the hour of dates without one, like 16:00")
	f.StringVar(&zone, "zone", "UTC", "the time zone of the table")
	f.StringVar(&comma, "comma", ",", "what separates the columns of a CSV")
	f.StringVar(&m.Source, "source", "", "where the table is from (default: the file)")
	f.StringVar(&format, "format", "", "csv or json (default: by the file's name, else csv)")
	f.BoolVar(&dryRun, "dry-run", false, "say what would be kept, keep nothing")
	return cmd
}

// merged lays the phases that were read over those that are known.
func merged(have, read launch.Launch) launch.Launch {
	out := have
	// A table tells all phases of a kind or none: those that it has go, and what
	// it does not speak of stays.
	out.Phases = slices.DeleteFunc(slices.Clone(have.Phases), func(p launch.Phase) bool {
		return slices.ContainsFunc(read.Phases, func(q launch.Phase) bool { return p.Kind == q.Kind })
	})
	for _, p := range read.Phases {
		if q := have.Phase(p.Name); q != nil {
			p.Name = q.Name // offers name it so
		}
		out.Phases = append(out.Phases, p)
	}
	if read.Registry != "" {
		out.Registry = read.Registry
	}
	out.Checked, out.Confidence = read.Checked, read.Confidence
	for _, s := range read.Sources {
		if !slices.Contains(out.Sources, s) {
			out.Sources = append(slices.Clone(out.Sources), s)
		}
	}
	return out
}

// launchOfferCommand is the form: flags answer its questions, and a terminal is
// asked what they leave open.
func (a *app) launchOfferCommand() *cobra.Command {
	var registrar, tld, phase string
	cmd := &cobra.Command{
		Use:   "offer ID",
		Short: "Keep what a registrar offers for a phase: the questions to ask before handing over a card",
		Long: `Keep or change a registrar's offer. On a terminal the questions are asked one
by one; what stays unanswered is shown as "ask first". An offer that is an
interest only is no order: the registrar learns of the wish, nothing else.`,
		Example: `  lapse launch offer r-priority --registrar R --tld fraud --phase "general availability"
  lapse launch offer r-priority --price 100USD --application-fee 65USD --refund credit`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.launches()
			if err != nil {
				return err
			}
			o, there := b.Offer(args[0])
			if !there {
				if registrar == "" || tld == "" || phase == "" {
					return usagef("offer %s is not known yet: say --registrar, --tld and --phase", args[0])
				}
				l, err := launchOf(b, tld)
				if err != nil {
					return err
				}
				if l.OpenedAt(a.now()) {
					a.say("warning: .%s is already open, since %s", l.TLD, gaWords(l))
				}
				o = launch.NewOffer(args[0], whoisx.CleanLine(registrar), l.TLD, phase)
			}
			for _, f := range []struct {
				from string
				to   *string
			}{{registrar, &o.Registrar}, {tld, &o.TLD}, {phase, &o.Phase}} {
				if f.from != "" {
					*f.to = strings.TrimSpace(f.from)
				}
			}
			o.TLD = strings.ToLower(strings.Trim(o.TLD, "."))
			o.Seen, o.Origin = a.now().UTC().Format(time.DateOnly), a.cfg.launchPath()
			given := false
			for _, f := range launch.Fields() {
				flag := strings.ReplaceAll(f.Key, "_", "-")
				if !cmd.Flags().Changed(flag) {
					continue
				}
				given = true
				v, err := cmd.Flags().GetString(flag)
				if err != nil {
					return err
				}
				if o, err = f.With(o, v); err != nil {
					return coded(exitUsage, err)
				}
			}
			if !given && a.interactive() {
				if o, err = a.offerForm(o); err != nil {
					return err
				}
			}
			if err := b.PutOffer(o); err != nil {
				return coded(exitUsage, err)
			}
			if err := a.saveLaunches(b); err != nil {
				return err
			}
			if err := a.followLaunch(cmd.Context(), o.TLD); err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(offeredOf([]launch.Offer{o})[0])
			}
			var w strings.Builder
			fmt.Fprintf(&w, "kept\t%s: %s %s for %s of .%s, %s\n", o.ID, o.Registrar, o.Tier, o.Phase, o.TLD, o.Price)
			for _, q := range o.AskFirst() {
				fmt.Fprintf(&w, "ask first\t%s\n", q)
			}
			return a.printf("%s", whoisx.Clean(w.String()))
		},
	}
	f := cmd.Flags()
	f.StringVar(&registrar, "registrar", "", "who offers it")
	f.StringVar(&tld, "tld", "", "for which TLD")
	f.StringVar(&phase, "phase", "", "for which phase")
	for _, q := range launch.Fields() {
		help := q.Ask
		if len(q.Choice) > 0 {
			help = strings.Join(q.Choice, ", ")
		}
		f.String(strings.ReplaceAll(q.Key, "_", "-"), "", help)
	}
	return cmd
}

// offerForm asks the questions that are open; an empty answer leaves one open.
func (a *app) offerForm(o launch.Offer) (launch.Offer, error) {
	in := bufio.NewReader(io.LimitReader(a.input(), 64<<10))
	a.say("What %s answers; enter leaves a question open.", o.Registrar)
	for _, f := range launch.Fields() {
		for {
			have := f.Of(o)
			if have != "" {
				fmt.Fprintf(a.stderr, "%s [%s] ", f.Ask, have)
			} else {
				fmt.Fprintf(a.stderr, "%s ", f.Ask)
			}
			line, err := in.ReadString('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				return o, fmt.Errorf("read the answer: %w", err)
			}
			answer := strings.TrimSpace(line)
			if answer == "" {
				break
			}
			next, err := f.With(o, whoisx.CleanLine(answer))
			if err == nil {
				o = next
				break
			}
			a.say("%v", err)
		}
	}
	return o, nil
}
