package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) launchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "launch",
		Short: "Show how new TLDs open, and what a pre-registration can cost",
		Long: `The launch book: how new TLDs open, what registrars sell for them, which offer
beats which, and what is lost if somebody else gets the name.

An offer is taken like any other route: lapse order NAME --via prereg:OFFER.`,
		Example: `  lapse launch
  lapse launch show fraud
  lapse launch import table.csv --tld fraud --map to=Ends --map fee=Price --clock 16:00 --currency USD
  lapse launch offer r-priority --registrar R --tld fraud --phase "general availability"
  lapse launch exposure secret.fraud --json`,
		GroupID: groupMoney,
		Args:    a.noSuchCommand,
	}
	ls := &cobra.Command{
		Use:     "ls",
		Short:   "List the launches that are known",
		Example: "  lapse launch ls\n  lapse launch ls --json",
		Args:    noWords,
		RunE:    func(_ *cobra.Command, _ []string) error { return a.listLaunches() },
	}
	show := &cobra.Command{
		Use:     "show TLD",
		Short:   "Show the phases, the ladder and the offers of a TLD",
		Example: "  lapse launch show fraud",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := a.launches()
			if err != nil {
				return err
			}
			l, err := launchOf(b, args[0])
			if err != nil {
				return err
			}
			return a.showLaunch(b, l)
		},
	}
	rounds := &cobra.Command{
		Use:     "rounds",
		Short:   "Show the dates of whole rounds of new TLDs",
		Example: "  lapse launch rounds",
		Args:    noWords,
		RunE: func(_ *cobra.Command, _ []string) error {
			b, err := a.launches()
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(list(b.Milestones))
			}
			t := &table{head: []string{"ON", "WHAT", "NOTE", "CONFIDENCE"}}
			for _, m := range b.Milestones {
				t.add(m.On, m.Name, m.Note, m.Confidence)
			}
			return a.writeTable(t)
		},
	}
	cmd.RunE = ls.RunE
	cmd.AddCommand(ls, show, rounds, a.launchAddCommand(false), a.launchAddCommand(true), a.launchRmCommand(), a.launchImportCommand(),
		a.launchOfferCommand(), a.launchExposureCommand(), a.launchContestCommand(), a.launchEAPCommand(), a.launchQuoteCommand(), a.launchQuotesCommand(), a.launchClaimsCommand())
	return cmd
}

func (a *app) listLaunches() error {
	b, err := a.launches()
	if err != nil {
		return err
	}
	ls := b.Launches()
	if a.flags.json {
		return a.writeJSON(list(ls))
	}
	now := a.now()
	t := &table{head: []string{"TLD", "NOW", "NEXT", "OPEN TO ALL", "OFFERS", "CONFIDENCE", "CHECKED"}}
	for _, l := range ls {
		t.add(l.TLD, nowWords(l, now), nextWords(l, now), gaWords(l), strconv.Itoa(len(b.Offers(l.TLD))), l.Confidence, l.Checked)
	}
	return a.writeTable(t)
}

func nowWords(l launch.Launch, now time.Time) string {
	if l.OpenedAt(now) {
		return "open to all"
	}
	if p := l.At(now); p != nil {
		return p.Name
	}
	return "before the launch"
}

func nextWords(l launch.Launch, now time.Time) string {
	p, at, opens := l.Next(now)
	if p == nil {
		return "-"
	}
	word := "closes"
	if opens {
		word = "opens"
	}
	return p.Name + " " + word + " " + dateOr(at, "")
}

func gaWords(l launch.Launch) string {
	if ga := l.GA(); ga != nil {
		return dateOr(ga.From, "unknown")
	}
	return "unknown"
}

// dateOr writes a date for a table.
func dateOr(d whoisx.Date, unknown string) string {
	switch {
	case d.IsZero():
		return unknown
	case d.DayOnly:
		return d.Format(time.DateOnly)
	}
	return d.UTC().Format("2006-01-02 15:04 UTC")
}

// offered is an offer with the questions that it leaves open.
type offered struct {
	launch.Offer
	AskFirst []string `json:"ask_first"`
}

func offeredOf(os []launch.Offer) []offered {
	out := make([]offered, len(os))
	for i, o := range os {
		out[i] = offered{o, list(o.AskFirst())}
	}
	return out
}

// launchShown is what `lapse launch show` writes as JSON.
type launchShown struct {
	launch.Launch
	Ladder   []launch.Rung       `json:"ladder"`
	Offers   []offered           `json:"offers"`
	AskFirst map[string][]string `json:"ask_first"`
	EAP      []launch.EAPStep    `json:"eap,omitempty"`
}

func (a *app) showLaunch(b *launch.Book, l launch.Launch) error {
	offers := b.Offers(l.TLD)
	rungs := launch.Ladder(l, offers)
	if a.flags.json {
		asks := map[string][]string{}
		for _, o := range offers {
			if q := o.AskFirst(); len(q) > 0 {
				asks[o.ID] = q
			}
		}
		return a.writeJSON(launchShown{l, list(rungs), offeredOf(offers), asks, launch.EAPOf(l).Steps})
	}
	var w strings.Builder
	line := func(s string) string { return whoisx.CleanLine(s) }
	fmt.Fprintf(&w, ".%s  %s\n", l.TLD, line(l.Registry))
	for _, f := range [][2]string{{"backend", l.Backend}, {"nexus", l.Nexus}, {"now", nowWords(l, a.now())}, {"next", nextWords(l, a.now())}} {
		if f[1] != "" && f[1] != "-" {
			fmt.Fprintf(&w, "  %-8s %s\n", f[0], line(f[1]))
		}
	}
	w.WriteString("\nWhat beats what, the first first:\n")
	for i, r := range rungs {
		fmt.Fprintf(&w, "%3d  %-32s %-16s to %-22s %s\n", i+1, line(r.Step), "from "+dateOr(r.From, "unknown"), dateOr(r.To, "open"), moneyOr(r))
		for _, o := range r.Offers {
			fmt.Fprintf(&w, "       %s: %s %s, %s\n", line(o.ID), line(o.Registrar), o.Tier, o.Price)
		}
		if len(r.Offers) > 0 {
			fmt.Fprintf(&w, "       first: %s\n       then:  %s\n", line(r.Registrar), line(r.Registry))
		}
	}
	for _, o := range offers {
		if o.Tier == launch.Interest {
			fmt.Fprintf(&w, "\n%s: interest only, not an order: %s learns of the wish, nothing else\n", line(o.ID), line(o.Registrar))
		}
		if asks := o.AskFirst(); len(asks) > 0 {
			fmt.Fprintf(&w, "\nAsk first about %s (%s):\n", line(o.ID), line(o.Registrar))
			for _, q := range asks {
				fmt.Fprintf(&w, "  %s\n", q)
			}
		}
	}
	if len(l.Reserved) > 0 {
		fmt.Fprintf(&w, "\nreserved by the registry: %s\n", line(strings.Join(l.Reserved, ", ")))
	}
	for _, n := range l.Notes {
		fmt.Fprintf(&w, "\nnote: %s\n", line(n))
	}
	fmt.Fprintf(&w, "\n%s, checked %s, from %s\n", l.Confidence, l.Checked, line(l.Origin))
	for _, s := range l.Sources {
		fmt.Fprintf(&w, "source: %s\n", line(s))
	}
	return a.printf("%s", w.String())
}

func moneyOr(r launch.Rung) string {
	if len(r.Offers) > 0 || r.Price.Currency == "" {
		return ""
	}
	return r.Price.String()
}
