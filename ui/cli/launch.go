package cli

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// launches is the embedded book with the person's own launches.toml over it.
func (l *loaded) launches() (*launch.Book, error) {
	book := launch.Default()
	return book, overlayFile(filepath.Join(l.paths.folder, "launches.toml"), book.Overlay)
}

func (a *app) launchBook() (*launch.Book, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return cfg.launches()
}

func (a *app) launchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "launch",
		Short: "Show how new TLDs open, and what an offer for them can cost",
		Long: `Show the phases of TLDs that are about to open, registrars' offers for them, and
what is paid, won and lost at each step. launches.toml in the configuration
folder adds to the launches that come with the program.`,
		Example: "  lapse launch\n  lapse launch show fraud\n  lapse launch exposure my.fraud --take r-priority@2026-08-10 --json\n" +
			"  lapse launch import table.csv --tld fraud --map to=Ends --currency USD --clock 16:00 >> launches.toml",
		GroupID: groupLook,
		Args:    cobra.NoArgs,
	}
	ls := &cobra.Command{
		Use: "ls", Short: "List the TLDs whose opening is known", Args: cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			book, err := a.launchBook()
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(list(book.Launches()))
			}
			t := &table{head: []string{"TLD", "NOW", "NEXT", "AT (UTC)", "OPEN TO ALL", "CHECKED", "FROM"}}
			for _, l := range book.Launches() {
				now, next, at := "-", "-", "-"
				if p := l.At(a.now()); p != nil {
					now = p.Name
				}
				if p, when, opens := l.Next(a.now()); p != nil {
					next, at = p.Name+" closes", launchTime(when)
					if opens {
						next = p.Name + " opens"
					}
				}
				ga := "-"
				if p := l.GA(); p != nil {
					ga = launchTime(p.From)
				}
				t.add(l.TLD, now, next, at, ga, l.Checked+" "+l.Confidence, l.Origin)
			}
			return a.writeTable(t)
		},
	}
	show := &cobra.Command{
		Use: "show TLD", Short: "Show the phases of a TLD and what beats what", Args: args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error { return a.showLaunch(args[0]) },
	}
	cmd.RunE = ls.RunE
	cmd.AddCommand(ls, show, a.launchExposureCommand(), a.launchImportCommand())
	return cmd
}

func launchTime(d whoisx.Date) string {
	switch {
	case d.IsZero():
		return "-"
	case d.DayOnly:
		return d.Format("2 Jan 2006") + ", hour unknown"
	}
	return d.UTC().Format("2 Jan 2006 15:04")
}

func (a *app) launchOf(tld string) (*launch.Book, launch.Launch, error) {
	book, err := a.launchBook()
	if err != nil {
		return nil, launch.Launch{}, err
	}
	l, ok := book.Launch(tld)
	if !ok {
		err := coded(exitNotFound, fmt.Errorf("nothing is known of how .%s opens", clip(strings.Trim(tld, "."))))
		return nil, l, withHint(err, "write it into launches.toml beside the configuration, or import a table: lapse launch import --help")
	}
	return book, l, nil
}

// launchShown is what launch show prints: the launch, the ladder, and what is
// left to ask.
type launchShown struct {
	launch.Launch
	Ladder   []launch.Rung       `json:"ladder"`
	AskFirst map[string][]string `json:"ask_first"`
}

func (a *app) showLaunch(tld string) error {
	book, l, err := a.launchOf(tld)
	if err != nil {
		return err
	}
	s := launchShown{Launch: l, Ladder: launch.Ladder(l, book.Offers(l.TLD)), AskFirst: map[string][]string{}}
	for _, o := range book.Offers(l.TLD) {
		if q := o.AskFirst(); len(q) > 0 {
			s.AskFirst[o.ID] = q
		}
	}
	if a.flags.json {
		return a.writeJSON(s)
	}
	t := &table{head: []string{"STEP", "FROM (UTC)", "TO (UTC)", "PRICE", "OFFERS"}}
	for _, r := range s.Ladder {
		var offers []string
		for _, o := range r.Offers {
			offers = append(offers, o.ID+" "+o.Price.String())
		}
		t.add(r.Step, launchTime(r.From), launchTime(r.To), r.Price.String(), strings.Join(offers, ", "))
	}
	if err := a.writeTable(t); err != nil {
		return err
	}
	for _, o := range book.Offers(l.TLD) {
		for _, q := range s.AskFirst[o.ID] {
			if err := a.printf("ask first (%s): %s\n", o.ID, q); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *app) launchExposureCommand() *cobra.Command {
	var takes []string
	cmd := &cobra.Command{
		Use:   "exposure NAME",
		Short: "Show what is paid, won and lost at each step, for the offers taken",
		Long: `Show for a name under a TLD that is about to open what is paid until each step,
what a win costs there, what is lost if somebody else gets the name, and how
long money is tied up. --take names an offer of launches.toml and the day on
which it is taken; without a day it is today.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			known, err := a.launchBook()
			if err != nil {
				return err
			}
			n, err := watch.ParseLaunchName(args[0], func(tld string) bool {
				_, ok := known.Launch(tld)
				return ok
			})
			if err != nil {
				return err
			}
			book, l, err := a.launchOf(n.TLD())
			if err != nil {
				return err
			}
			var taken []launch.Taken
			for _, s := range takes {
				t, err := a.take(book, l, s)
				if err != nil {
					return err
				}
				if err := launch.Guard(taken, t.Offer); err != nil {
					return coded(exitGuard, fmt.Errorf("exposure of %s: %w", n.Display(), err))
				}
				taken = append(taken, t)
			}
			e, err := launch.ExposureOf(string(n), l, taken)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(e)
			}
			return a.printLaunchExposure(e)
		},
	}
	cmd.Flags().StringArrayVar(&takes, "take", nil, "an `OFFER[@DAY]` that is taken; may be given again")
	return cmd
}

func (a *app) take(book *launch.Book, l launch.Launch, s string) (launch.Taken, error) {
	id, when, dated := strings.Cut(s, "@")
	o, ok := book.Offer(id)
	if !ok || o.TLD != l.TLD {
		err := coded(exitNotFound, fmt.Errorf("there is no offer %q for .%s", clip(id), l.TLD))
		return launch.Taken{}, withHint(err, "offers stand in launches.toml beside the configuration")
	}
	t := launch.Taken{Offer: o, At: a.now()}
	if !dated {
		return t, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, when); err == nil {
			t.At = at
			return t, nil
		}
	}
	return t, usagef("cannot read the day %q: write it like %s@2026-08-10", clip(when), id)
}

func (a *app) printLaunchExposure(e launch.Exposure) error {
	t := &table{head: []string{"STEP", "UNTIL (UTC)", "PAID", "IF WON", "CASH LOST", "CREDIT", "REFUND", "BACK BY", "TIED UP"}}
	for _, s := range e.Steps {
		until, won := s.To, "-"
		if until.IsZero() {
			until = s.From
		}
		if s.IfWon != nil {
			won = s.IfWon.String()
		}
		t.add(s.Step, launchTime(until), s.Paid.String(), won, s.IfLost.CashLost.String(), s.IfLost.Credit.String(), s.IfLost.Refund.String(),
			launchTime(s.IfLost.RefundBy), fmt.Sprintf("%d days", s.TiedUp.Days))
	}
	if err := a.writeTable(t); err != nil {
		return err
	}
	err := a.printf("most that is paid at any step: %s\n", e.WorstCase)
	for _, q := range e.AskFirst {
		err = errors.Join(err, a.printf("ask first: %s\n", q))
	}
	return err
}

// imported is what launch import prints as JSON.
type imported struct {
	Launches []launch.Launch  `json:"launches"`
	Findings []launch.Finding `json:"findings"`
}

func (a *app) launchImportCommand() *cobra.Command {
	var columns map[string]string
	var m launch.Mapping
	var kind, comma, format string
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Turn a table of phases into launches.toml, and say where it contradicts itself",
		Long: `Read a table of phases, CSV with a heading row or a JSON array of objects, and
write it as launches.toml to standard output. Fields are tld, registry, phase,
kind, from, to, fee and currency; --map says which column holds which.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			m.Columns, m.Kind, m.Now, m.Source = columns, launch.Kind(kind), a.now(), filepath.Base(args[0])
			if r := []rune(comma); len(r) == 1 {
				m.Comma = r[0]
			} else if comma != "" {
				return usagef("--comma is one character, not %q", clip(comma))
			}
			raw, err := a.readSaved(args[0])
			if err != nil {
				return err
			}
			read := launch.ImportCSV
			if format == "json" || format == "" && strings.HasSuffix(args[0], ".json") {
				read = launch.ImportJSON
			}
			ls, finds, err := read(bytes.NewReader(raw), m)
			for _, f := range finds {
				a.say("lapse: row %d: %s", f.Row, whoisx.CleanLine(f.Text))
			}
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(imported{list(ls), list(finds)})
			}
			out, err := launch.Encode(ls, nil)
			if err != nil {
				return err
			}
			return a.printf("%s", out)
		},
	}
	f := cmd.Flags()
	f.StringToStringVar(&columns, "map", nil, "which column holds a field: `FIELD=COLUMN`")
	f.StringVar(&m.TLD, "tld", "", "the `TLD` of all rows")
	f.StringVar(&kind, "kind", "", "the `kind` of all rows that do not tell: landrush, eap, ga, ...")
	f.StringVar(&m.Currency, "currency", "", "the `currency` of fees without one")
	f.IntVar(&m.Year, "year", 0, "the `year` of dates without one (default: the one that fits the weekdays)")
	f.StringVar(&m.Clock, "clock", "", "the hour in UTC at which phases turn, `HH:MM`, for dates without one")
	f.StringVar(&comma, "comma", "", "the `character` between columns (default: a comma)")
	f.StringVar(&format, "format", "", "csv or json (default: by the file's name)")
	return cmd
}
