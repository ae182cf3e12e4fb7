package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

func (a *app) termsCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:     "terms [SERVICE]",
		Short:   "Show what each service takes if it wins and if it loses",
		Example: "  lapse terms\n  lapse terms dynadot --name tinplate.com\n  lapse terms --json",
		GroupID: groupMoney,
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			book, err := cfg.terms()
			if err != nil {
				return err
			}
			all := book.All()
			if name != "" {
				n, err := watch.ParseName(name)
				if err != nil {
					return err
				}
				seen := map[string]bool{}
				var own []catch.Terms
				for _, t := range all { // one a service and kind: the one for this name's TLD
					if key := t.Service + " " + string(t.Kind); !seen[key] {
						seen[key] = true
						own = append(own, book.For(t.Service, t.Kind, string(n)))
					}
				}
				all = own
			}
			if len(args) == 1 {
				var of []catch.Terms
				var services []string
				for _, t := range all {
					services = append(services, t.Service)
					if strings.EqualFold(t.Service, args[0]) {
						of = append(of, t)
					}
				}
				if len(of) == 0 {
					err := coded(exitNotFound, fmt.Errorf("nobody wrote down the terms of %q", args[0]))
					if g := guess(strings.ToLower(args[0]), services); g != "" {
						return withHint(err, "did you mean %s?", g)
					}
					return withHint(err, "write them into terms.toml beside the configuration")
				}
				all = of
			}
			if a.flags.json {
				return a.writeJSON(list(all))
			}
			if len(args) == 1 {
				return a.printTerms(all)
			}
			t := &table{head: []string{"SERVICE", "KIND", "IF IT WINS", "CHARGED", "IF IT LOSES", "SEVERAL ORDERS", "CANCEL BY", "BURST", "SEEN"}}
			for _, e := range all {
				t.add(e.Service, string(e.Kind), ifWon(e), askFirst(e.Charged), ifLost(e), askFirst(string(e.Several)), askFirst(e.CancelBy), string(e.Burst), e.Seen+" "+e.Confidence)
			}
			return a.writeTable(t)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "the terms for the TLD of this `name`")
	return cmd
}

// askFirst is what stands where nobody confirmed anything.
func askFirst(s string) string {
	if s == "" {
		return "ask first"
	}
	return s
}

func (a *app) printTerms(ts []catch.Terms) error {
	var b strings.Builder
	for _, t := range ts {
		fmt.Fprintf(&b, "%s, %s\n", t.Service, t.Kind)
		for _, l := range [][2]string{
			{"if it wins", ifWon(t)},
			{"charged", askFirst(t.Charged)},
			{"deposit", t.Deposit.String()},
			{"if it loses", ifLost(t)},
			{"refund", askFirst(strings.TrimSpace(string(t.Refund) + " " + t.RefundWhen))},
			{"several", askFirst(string(t.Several))},
			{"cancel by", askFirst(t.CancelBy)},
			{"closes", askFirst(t.CutOff)},
			{"unpaid", askFirst(t.Unpaid)},
			{"burst", string(t.Burst)},
			{"same pool", t.Pool},
			{"source", t.Source + ", " + t.Seen + ", " + t.Confidence},
		} {
			if l[1] != "" && l[1] != "-" {
				fmt.Fprintf(&b, "  %-12s %s\n", l[0], l[1])
			}
		}
		if t.PayWithin > 0 {
			fmt.Fprintf(&b, "  %-12s %s\n", "pay within", span(t.PayWithin))
		}
		if t.Provisional > 0 {
			fmt.Fprintf(&b, "  %-12s %s after the win\n", "provisional", span(t.Provisional))
		}
		for _, n := range t.Notes {
			fmt.Fprintf(&b, "  %-12s %s\n", "note", n)
		}
	}
	return a.printf("%s", b.String())
}
