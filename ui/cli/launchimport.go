package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) launchImportCommand() *cobra.Command {
	var m launch.Mapping
	var columns, phases []string
	var kind, zone, comma, format string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Read launches from a table: CSV, or a JSON array of objects",
		Long: `One row a phase. Columns are tld, registry, phase, kind, from, to (or dates, with
both in one cell), fee and currency; --map says how the table calls them where
that is not plain. What a heading adds in brackets, a zone or a currency, holds
for its column. In nested JSON the inner objects are the rows; they know what the
outer one says, as outer.FIELD where both have it, and the name under which an
object stands as key. A table of one row a TLD, such as ICANN's list of startup
dates, is read by its headings ("Sunrise Start Date"); --phase says the columns
of a phase where they do not tell.

Nothing is guessed: a date such as 05/10/2026 needs --dates where no other date
of the table tells its order, and an amount such as 1.250 needs one beside it
that shows the decimal sign. A date without an hour stays a day, unless --clock
says at which hour phases turn. A date whose weekday is not its own is said. A
launch that is known already keeps its phases of other kinds.`,
		Example: `  lapse launch import table.csv --tld fraud --map to=Ends --map fee=Price --clock 16:00 --currency USD
  lapse launch import startups.csv --map "tld=TLD" --map "from=Open Date" --map "to=Close Date" --map "phase=Period" --dry-run
  lapse launch import wide.csv --map tld=TLD --phase "sunrise,sunrise-end-date,Sunrise opens,Sunrise closes" --phase "GA,ga,GA opens,,GA price"`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			m.Columns, m.Kind, m.Now = map[string]string{}, launch.Kind(kind), a.now()
			for _, c := range columns {
				field, column, ok := strings.Cut(c, "=")
				if !ok || !slices.Contains(launch.ImportFields(), field) {
					return usagef("--map %q: write it as FIELD=COLUMN; fields are %s", c, strings.Join(launch.ImportFields(), ", "))
				}
				m.Columns[field] = column
			}
			for _, s := range phases {
				p, err := phaseColumns(s)
				if err != nil {
					return err
				}
				m.Phases = append(m.Phases, p)
			}
			var err error
			if m.Zone, err = time.LoadLocation(zone); err != nil {
				return usagef("--zone %q: no such time zone", zone)
			}
			switch r := []rune(comma); {
			case comma == "tab":
				m.Comma = '\t'
			case len(r) == 1:
				m.Comma = r[0]
			case len(r) > 1:
				return usagef("--comma %q: one character, or tab", comma)
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
			put := func(b *launch.Book) error {
				for _, l := range ls {
					if have, ok := b.Launch(l.TLD); ok {
						l = merged(have, l)
					}
					l.Origin = a.cfg.LaunchPath()
					moved, err := b.Put(l)
					if err != nil {
						return coded(exitUsage, fmt.Errorf("import launches: %w", err))
					}
					l, _ = b.Launch(l.TLD)
					e.Launches, e.Moved, tlds = append(e.Launches, l), append(e.Moved, moved...), append(tlds, l.TLD)
				}
				return nil
			}
			if dryRun {
				b, err := a.launches()
				if err == nil {
					err = put(b)
				}
				if err != nil {
					return err
				}
				return a.launchEdited(e)
			}
			if err := a.changeLaunches(cmd.Context(), put); err != nil {
				return err
			}
			if err := a.followLaunch(cmd.Context(), tlds...); err != nil {
				return err
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
	f.StringVar(&m.Clock, "clock", "", "the hour of dates without one, like 16:00 (default: they stay days)")
	f.StringVar(&zone, "zone", "UTC", "the time zone of the table")
	f.StringVar(&comma, "comma", "", "what separates the columns of a CSV (default: as its headings show)")
	f.StringVar(&m.Order, "dates", "", "of dates like 05/10/2026: dmy or mdy (default: as the table shows)")
	f.StringArrayVar(&phases, "phase", nil, "in a table of one row a TLD: a `phase` as NAME,KIND,FROM-COLUMN,TO-COLUMN,FEE-COLUMN (may be repeated)")
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
			p.From, p.To = finer(q.From, p.From), finer(q.To, p.To)
			if p.Fee.Currency == "" {
				p.Fee = q.Fee
			}
			p.Contest = q.Contest // no table tells it
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

// finer is what was read, or the hour that is known already of the same day.
func finer(have, read whoisx.Date) whoisx.Date {
	if read.DayOnly && !have.IsZero() && !have.DayOnly && have.UTC().Format(time.DateOnly) == read.Format(time.DateOnly) {
		return have
	}
	return read
}

// phaseColumns reads NAME,KIND,FROM-COLUMN,TO-COLUMN,FEE-COLUMN.
func phaseColumns(s string) (launch.PhaseColumns, error) {
	parts := append(strings.Split(s, ","), "", "", "")
	if len(parts) < 6 || len(parts) > 8 {
		return launch.PhaseColumns{}, usagef("--phase %q: write it as NAME,KIND,FROM-COLUMN,TO-COLUMN,FEE-COLUMN", s)
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return launch.PhaseColumns{Name: parts[0], Kind: launch.Kind(parts[1]), From: parts[2], To: parts[3], Fee: parts[4]}, nil
}
