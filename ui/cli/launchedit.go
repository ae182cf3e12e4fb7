package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/cli/config"
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
	var phases, drop, sources, notes, reserved []string
	var registry, backend, nexus, eap, confidence string
	use, short := "add TLD", "Add a launch of your own"
	if edit {
		use, short = "edit TLD", "Change a launch: a phase of the same name is replaced"
	}
	change := func(l *launch.Launch) error {
		l.Phases = slices.Clone(l.Phases)
		l.Origin, l.Checked = a.cfg.LaunchPath(), a.now().UTC().Format(time.DateOnly)
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
		for _, r := range reserved {
			if r, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(r)), "."); r != "" && !slices.Contains(l.Reserved, r) {
				l.Reserved = append(slices.Clone(l.Reserved), r)
			}
		}
		for _, name := range drop {
			if l.Phase(name) == nil {
				return usagef(".%s has no phase %q", l.TLD, name)
			}
			l.Phases = slices.DeleteFunc(l.Phases, func(p launch.Phase) bool { return strings.EqualFold(p.Name, name) })
		}
		var add []launch.Phase
		if eap != "" {
			ps, err := eapPhases(eap)
			if err != nil {
				return coded(exitUsage, err)
			}
			add = ps
		}
		for _, s := range phases {
			p, err := launch.ReadPhase(s)
			if err != nil {
				return coded(exitUsage, err)
			}
			add = append(add, p)
		}
		for _, p := range add {
			if have := l.Phase(p.Name); have != nil {
				*have = p
			} else {
				l.Phases = append(l.Phases, p)
			}
		}
		return nil
	}
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long: `A phase is NAME,KIND,FROM,TO,FEE,CONTEST; what is not known stays empty. Kinds
are sunrise-start-date, sunrise-end-date, claims, qlp, lrp, landrush, eap and
ga. Times are UTC; a day without an hour says that nobody told the hour. CONTEST
is how the registry decides between registrars: first-come, public-auction,
private-auction or lottery.`,
		Example: `  lapse launch add oak --phase "landrush,landrush,,2026-12-01T16:00:00Z,200USD" --phase "GA,ga,2026-12-09T16:00:00Z,,25USD"
  lapse launch add elm --eap 2026-11-16T16:00:00Z,10000/5000/1500/500/100/100/100USD --phase "GA,ga,2026-11-23T16:00:00Z,,25USD"
  lapse launch edit oak --phase "GA,ga,2027-01-12T16:00:00Z,,25USD"`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			tld := strings.ToLower(strings.Trim(args[0], "."))
			var l launch.Launch
			var moved []launch.Moved
			err := a.changeLaunches(cmd.Context(), func(b *launch.Book) error {
				var there bool
				l, there = b.Launch(tld)
				switch {
				case edit && !there:
					_, err := launchOf(b, tld)
					return err
				case !edit && there:
					return withHint(coded(exitFailed, fmt.Errorf("there is a launch of .%s already, from %s", tld, l.Origin)), "lapse launch edit %s changes it", tld)
				case !there:
					l = launch.Launch{TLD: tld, Confidence: "seen"}
				}
				if err := change(&l); err != nil {
					return err
				}
				var err error
				if moved, err = b.Put(l); err != nil {
					return coded(exitUsage, err)
				}
				l, _ = b.Launch(tld)
				return nil
			})
			if err != nil {
				return err
			}
			if err := a.followLaunch(cmd.Context(), tld); err != nil {
				return err
			}
			return a.launchEdited(launchEdited{Launches: []launch.Launch{l}, Moved: moved})
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&phases, "phase", nil, "a `phase` as NAME,KIND,FROM,TO,FEE,CONTEST (may be repeated)")
	f.StringSliceVar(&reserved, "reserved", nil, "a `name` that the registry keeps for itself (may be repeated)")
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
		Use:     "rm TLD|OFFER",
		Short:   "Take back a launch or an offer that these commands added",
		Example: "  lapse launch rm fraud",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := a.changeLaunches(cmd.Context(), func(b *launch.Book) error {
				if b.Remove(args[0], a.cfg.LaunchPath()) {
					return nil
				}
				return withHint(coded(exitNotFound, fmt.Errorf("no launch and no offer %q was added by these commands", args[0])),
					"what comes with the program can be changed with lapse launch edit; %s is your own to edit", config.LaunchesFile)
			})
			if err != nil {
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
