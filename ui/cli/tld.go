package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

func (a *app) tldCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tld",
		Short:   "Show how TLDs let names go",
		Example: "  lapse tld\n  lapse tld show uk\n  lapse tld show co.uk --json",
		GroupID: groupLook,
		Args:    a.noSuchCommand,
	}
	ls := &cobra.Command{
		Use:     "ls",
		Short:   "List the TLDs with a rule of their own",
		Example: "  lapse tld ls\n  lapse tld ls --json",
		Args:    noWords,
		RunE: func(_ *cobra.Command, _ []string) error {
			book, err := a.book()
			if err != nil {
				return err
			}
			rules := book.Rules()
			if a.flags.json {
				return a.writeJSON(list(rules))
			}
			t := &table{head: []string{"ZONE", "REGISTRY", "DROP", "CONFIDENCE", "CHECKED", "FROM"}}
			for _, r := range rules {
				t.add(r.Zone, r.Registry, dropText(r.Drop), r.Confidence, r.Seen, r.Origin)
			}
			return a.writeTable(t)
		},
	}
	show := &cobra.Command{
		Use:     "show TLD",
		Short:   "Show the rule of a TLD or second-level zone",
		Example: "  lapse tld show com\n  lapse tld show co.uk --json",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			book, err := a.book()
			if err != nil {
				return err
			}
			zone := strings.Trim(strings.ToLower(args[0]), ".")
			r := book.Rule("example." + zone)
			if r.Seen == "" && len(r.Stages) == 0 {
				err := coded(exitNotFound, fmt.Errorf("no rule for .%s, and it is under no agreement with ICANN that would lend it the general one", zone))
				var zones []string
				for _, known := range book.Rules() {
					zones = append(zones, known.Zone)
				}
				if g := typed.Guess(zone, zones); g != "" {
					return withHint(err, "did you mean %s?", g)
				}
				return withHint(err, "write one of your own into rules.toml beside the configuration")
			}
			learned, err := a.learned(cmd.Context(), zone)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(ruleShown{r, learned})
			}
			if err := a.printRule(zone, r); err != nil {
				return err
			}
			return a.printf("  seen here: %s\n%s", learned.Says(r), spreadText(learned))
		},
	}
	cmd.RunE = ls.RunE
	cmd.AddCommand(ls, show)
	return cmd
}

// ruleShown is a rule with what this installation learned beside it.
type ruleShown struct {
	lifecycle.Rule
	Learned lifecycle.Learned `json:"learned"`
}

// learned reads the drops seen in a zone, where there is a database.
func (a *app) learned(ctx context.Context, zone string) (lifecycle.Learned, error) {
	cfg, err := a.config()
	if err != nil {
		return lifecycle.Learned{}, err
	}
	if _, err := os.Stat(cfg.Paths.DB); errors.Is(err, fs.ErrNotExist) {
		return lifecycle.Learned{}, nil
	}
	s, err := a.open(ctx, needStore)
	if err != nil {
		return lifecycle.Learned{}, err
	}
	return s.Learned(ctx, zone)
}

func (a *app) printRule(zone string, r lifecycle.Rule) error {
	var b strings.Builder
	fmt.Fprintf(&b, ".%s  %s\n", zone, r.Registry)
	if r.Zone != zone {
		fmt.Fprintf(&b, "by the rule of %q\n", r.Zone)
	}
	for _, s := range r.Stages {
		fmt.Fprintf(&b, "  %-28s %-16s %s%s\n", s.Name, s.MapsTo, spanText(s), unconfirmed(s.Confidence))
	}
	fmt.Fprintf(&b, "  drops: %s\n", dropText(r.Drop))
	if r.Drop.Note != "" {
		fmt.Fprintf(&b, "         %s\n", r.Drop.Note)
	}
	if r.DropList != "" {
		fmt.Fprintf(&b, "  list:  %s (%s)\n", r.DropList, r.ListFormat)
	}
	if r.Nexus != "" {
		fmt.Fprintf(&b, "  nexus: %s%s\n", r.Nexus, unconfirmed(r.Sure["nexus"]))
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "  note:  %s\n", n)
	}
	fmt.Fprintf(&b, "  %s, checked %s, from %s\n", r.Confidence, r.Seen, r.Origin)
	for _, s := range r.Source {
		fmt.Fprintf(&b, "  source: %s\n", s)
	}
	return a.printf("%s", b.String())
}

// spreadText draws how the drops that were seen here spread over the day, and over
// the days after their last stage began.
func spreadText(l lifecycle.Learned) string {
	var b strings.Builder
	bar := func(label string, n int) {
		fmt.Fprintf(&b, "  %9s: %-4d%s\n", label, n, strings.Repeat("#", min(n, 60)))
	}
	for _, s := range l.ByClock {
		bar(fmt.Sprintf("%02d:%02d", int(s.From.Hours()), int(s.From.Minutes())%60), s.Drops)
	}
	for _, n := range slices.Sorted(maps.Keys(l.ByDays)) {
		bar(fmt.Sprintf("day %d", n), l.ByDays[n])
	}
	return b.String()
}

// unconfirmed marks what nobody read in a public source.
func unconfirmed(confidence string) string {
	if confidence == "memory" {
		return ", unconfirmed"
	}
	return ""
}

func spanText(s lifecycle.RuleStage) string {
	text := lifecycle.FormatSpan(s.Max)
	switch {
	case s.MonthEnd:
		return "until the month ends"
	case s.Min != s.Max:
		text = lifecycle.FormatSpan(s.Min) + " to " + text
	}
	if s.From != "stage" {
		text += " from " + s.From
	}
	return text
}

func dropText(d lifecycle.DropRule) string {
	s := d.Kind
	if d.Weekly {
		s += " " + d.Weekday.String()
	}
	if d.MonthDay > 0 {
		s += fmt.Sprintf(" day %d of the month", d.MonthDay)
	}
	if d.From != "" {
		s += " " + d.From
		if d.To != "" && d.To != d.From {
			s += "-" + d.To
		}
		s += " " + d.Zone
	}
	if d.Jitter > 0 {
		s += ", up to " + lifecycle.FormatSpan(d.Jitter) + " after the end"
	}
	if d.Late > 0 {
		s += ", or up to " + lifecycle.FormatSpan(d.Late) + " later"
	}
	if d.Kind != lifecycle.DropUnknown {
		s += unconfirmed(d.Confidence)
	}
	if d.Gate != "" {
		s += ", through " + d.Gate
	}
	return s
}
