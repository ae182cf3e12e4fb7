package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch"
)

func (a *app) termsCommand() *cobra.Command {
	var name string
	var accept bool
	cmd := &cobra.Command{
		Use:   "terms [SERVICE]",
		Short: "Show what each service takes if it wins and if it loses",
		Long: `Show what each service takes if it wins and if it loses, what you accepted of it,
and what came of your own orders there. --accept keeps the terms of a service as
read and accepted, with their text: an order says so, and says when they read
otherwise since.`,
		Example: "  lapse terms\n  lapse terms dynadot --name tinplate.com\n  lapse terms dynadot --accept\n  lapse terms --json",
		GroupID: groupMoney,
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if accept && len(args) == 0 {
				return usagef("--accept: which service?")
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			book, err := cfg.Terms()
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
					if g := typed.Guess(strings.ToLower(args[0]), services); g != "" {
						return withHint(err, "did you mean %s?", g)
					}
					return withHint(err, "write them into terms.toml beside the configuration")
				}
				all = of
			}
			shown, err := a.termsShown(cmd.Context(), all, accept, name)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(list(shown))
			}
			if len(args) == 1 {
				return a.printTerms(shown)
			}
			t := &table{head: []string{"SERVICE", "KIND", "IF IT WINS", "CHARGED", "IF IT LOSES", "SEVERAL ORDERS", "CANCEL BY", "BURST", "SEEN", "ACCEPTED", "DEPENDABLE"}}
			for _, e := range shown {
				t.add(e.Service, string(e.Kind), ifWon(e.Terms), askFirst(e.Charged), ifLost(e.Terms), askFirst(string(e.Several)), askFirst(e.CancelBy), string(e.Burst), e.Seen+" "+e.Confidence,
					e.accepted(), dependable(e.Own))
			}
			return a.writeTable(t)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "the terms for the TLD of this `name`")
	cmd.Flags().BoolVar(&accept, "accept", false, "keep them as read and accepted, with the time and their text")
	return cmd
}

// termsShown are terms with what the person has to do with them.
type termsShown struct {
	catch.Terms
	Text string            `json:"text"`
	Read watch.TermsRead   `json:"read"`
	Own  []watch.OwnRecord `json:"own"`
}

func (t termsShown) accepted() string {
	switch {
	case t.Read.Accepted.IsZero():
		return "-"
	case t.Read.Changed:
		return "changed since " + t.Read.Accepted.Format(time.DateOnly)
	}
	return t.Read.Accepted.Format(time.DateOnly)
}

// dependable is what came of one's own orders: a number instead of an opinion.
func dependable(own []watch.OwnRecord) string {
	caught, of := 0, 0
	for _, r := range own {
		caught += r.Caught
		of += r.Caught + r.Missed
	}
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("caught %d of %d", caught, of)
}

// termsShown adds to terms what was accepted of them and what came of one's own
// orders; with accept it accepts them first.
func (a *app) termsShown(ctx context.Context, ts []catch.Terms, accept bool, name string) ([]termsShown, error) {
	out := make([]termsShown, len(ts))
	for i, t := range ts {
		out[i] = termsShown{Terms: t, Text: t.Text, Own: []watch.OwnRecord{}}
	}
	s, err := a.open(ctx, needStore)
	if err != nil {
		if a.flags.readOnly && errors.Is(err, fs.ErrNotExist) {
			return out, nil // nothing was ever kept
		}
		return nil, err
	}
	if accept {
		if _, err := s.AcceptTerms(ctx, ts); err != nil {
			return nil, fmt.Errorf("accept terms: %w", err)
		}
	}
	read, err := s.TermsRead(ctx, ts...)
	if err != nil {
		return nil, fmt.Errorf("terms: %w", err)
	}
	own, err := s.OwnRecords(ctx)
	if err != nil {
		return nil, fmt.Errorf("terms: %w", err)
	}
	titles := map[string]string{} // of services, as orders name them
	for _, f := range registrar.All() {
		for _, d := range f.Routes {
			titles[d.Service] = f.Service
		}
	}
	book, err := a.cfg.Terms()
	if err != nil {
		return nil, err
	}
	for _, r := range registrar.ByHand(book) {
		titles[r.Describe().Service] = r.Terms("").Service
	}
	zone := ""
	if name != "" {
		_, zone, _ = strings.Cut(name, ".")
	}
	for i, t := range ts {
		out[i].Read = read[i]
		for _, r := range own {
			if titles[r.Service] == t.Service && r.Kind == t.Kind && (zone == "" || r.Zone == zone) {
				out[i].Own = append(out[i].Own, r)
			}
		}
	}
	return out, nil
}

// askFirst is what stands where nobody confirmed anything.
func askFirst(s string) string {
	if s == "" {
		return "ask first"
	}
	return s
}

func (a *app) printTerms(ts []termsShown) error {
	var b strings.Builder
	for _, t := range ts {
		fmt.Fprintf(&b, "%s, %s\n", t.Service, t.Kind)
		for _, l := range [][2]string{
			{"if it wins", ifWon(t.Terms)},
			{"charged", askFirst(t.Charged)},
			{"deposit", t.Deposit.String()},
			{"if it loses", ifLost(t.Terms)},
			{"refund", askFirst(strings.TrimSpace(string(t.Refund) + " " + t.RefundWhen))},
			{"several", askFirst(string(t.Several))},
			{"cancel by", askFirst(t.CancelBy)},
			{"closes", askFirst(t.CutOff)},
			{"unpaid", askFirst(t.Unpaid)},
			{"burst", string(t.Burst)},
			{"same pool", t.Pool},
			{"source", t.Source + ", " + t.Seen + ", " + t.Confidence},
			{"accepted", t.Read.Words},
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
		for _, r := range t.Own {
			fmt.Fprintf(&b, "  %-12s .%s: %d orders, %d caught, %d missed, %d open\n", "your own", r.Zone, r.Orders, r.Caught, r.Missed, r.Open)
		}
		for _, n := range t.Notes {
			fmt.Fprintf(&b, "  %-12s %s\n", "note", n)
		}
	}
	return a.printf("%s", b.String())
}
