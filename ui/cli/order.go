package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) orderCommand() *cobra.Command {
	var spec watch.OrderSpec
	var limit, bid, price money
	var printIt, yes, wait bool
	var inPhase launchFlags
	cmd := &cobra.Command{
		Use:   "order NAME --via ROUTE",
		Short: "Take one route for one name, under a cap",
		Long: `Order a name by one route. The price is read again right before anything is
sent and held against the cap; with no cap in the route's currency, nothing is
sent. The order is a row that the holder of the lease executes: this command,
if nobody acts, else the process that does; the command follows it to its end.`,
		Example: `  lapse order tinplate.com --via dynadot --cap 60USD --bid-cap 180USD
  lapse order tinplate.com --via dynadot --cap 60USD --dry-run --print
  lapse routes tinplate.com                 what is open, and what it costs`,
		GroupID: groupMoney,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			if spec.Route == "" {
				return withHint(usagef("by which route?"), "lapse routes %s lists them; then lapse order %s --via ROUTE --cap 60USD", n, n)
			}
			spec.Name, spec.Cap, spec.BidCap, spec.Price = n, limit.Money, bid.Money, price.Money
			if spec.Years < 1 || spec.Years > 10 {
				return usagef("--years %d: one to ten", spec.Years)
			}
			consents, err := a.launchConsents(n, inPhase)
			if err != nil {
				return err
			}
			spec.Consents = append(spec.Consents, consents...)
			if spec.DryRun && printIt {
				return a.printRequest(cmd.Context(), spec)
			}
			a.holderAs = "order"
			s, err := a.open(cmd.Context(), needAll)
			if err != nil {
				return err
			}
			return a.order(cmd.Context(), s, spec, printIt, yes, wait)
		},
	}
	f := cmd.Flags()
	f.StringVar(&spec.Route, "via", "", "the `route`: one of lapse routes NAME")
	f.Var(&limit, "cap", "most to be charged as the only one who ordered, like 60USD (default: the name's own)")
	f.Var(&bid, "bid-cap", "most to be bid if it comes to an auction (default: the name's own; 0USD: no bidding)")
	f.Var(&price, "price", "the price you saw, where no call returns one, like 24.99USD")
	f.IntVar(&spec.Years, "years", 1, "for how many years")
	f.StringVar(&spec.Account, "account", "", "the `account`, where a service has several")
	f.StringVar(&spec.Contact, "contact", "", "the `contact` to register with")
	f.BoolVar(&spec.Premium, "premium", false, "agree to a premium price, up to the cap")
	f.StringSliceVar(&spec.Consents, "consent", nil, "agree to what a refusal named (may be repeated)")
	f.StringVar(&inPhase.phase, "launch-phase", "", "send it in a phase of a launch: sunrise, landrush, claims, open, custom, as `PHASE[/NAME]`")
	f.BoolVar(&inPhase.apply, "application", false, "apply in that phase; the registry decides later")
	f.StringArrayVar(&inPhase.marks, "signed-mark", nil, "a signed mark for a sunrise, as the clearinghouse's `file` (SMD; may be repeated)")
	f.StringVar(&inPhase.notice, "notice", "", "the claims notice, as a saved `file`")
	f.StringVar(&inPhase.accept, "accept-notice", "", "the `id` of the notice that you read and accept, where nobody can be asked")
	f.BoolVar(&spec.DryRun, "dry-run", false, "check everything, order nothing")
	f.BoolVar(&printIt, "print", false, "show what would be sent, byte for byte, secrets hidden; with --dry-run nobody is asked")
	f.BoolVar(&yes, "yes", false, "do not ask")
	f.BoolVar(&wait, "wait", true, "follow the order until the holder has done it")
	return cmd
}

// ordered is what `lapse order` writes as JSON.
type ordered struct {
	watch.OrderPreview
	DryRun bool `json:"dry_run"`
}

func (a *app) order(ctx context.Context, s *watch.Service, spec watch.OrderSpec, printIt, yes, wait bool) error {
	p, err := s.Preview(ctx, spec)
	if err != nil {
		return a.orderRefused(err)
	}
	if p.Refused == "" {
		p.Refused = a.aboveKey(p.Order)
	}
	if !printIt {
		p.Print = ""
	}
	if printIt && !a.flags.json {
		if err := a.printf("%s\n", strings.TrimRight(whoisx.Clean(p.Print), "\n")); err != nil {
			return err
		}
	}
	if p.Refused != "" {
		if a.flags.json {
			if err := a.writeJSON(ordered{p, spec.DryRun}); err != nil {
				return err
			}
		}
		return coded(exitGuard, fmt.Errorf("order %s at %s: refused: %s", spec.Name.Display(), spec.Route, p.Refused))
	}
	if !a.flags.json && !(printIt && spec.DryRun) {
		if err := a.printPreview(spec, p); err != nil {
			return err
		}
	}
	if spec.DryRun {
		if a.flags.json {
			return a.writeJSON(ordered{p, true})
		}
		return nil
	}
	if !yes {
		if !a.interactive() {
			return withHint(usagef("this can cost money and nobody can be asked here"), "add --yes, or --dry-run to see what would happen")
		}
		ok, err := a.ask(false, "order %s at %s, at most %s?", spec.Name.Display(), spec.Route, watch.AtMost(p.Order))
		if err != nil {
			return err
		}
		if !ok {
			a.say("nothing was ordered")
			return nil
		}
	}
	o, err := s.Order(ctx, spec)
	if err != nil {
		return a.orderRefused(err)
	}
	if wait {
		if o, err = s.Follow(ctx, o.ID); err != nil {
			if errors.Is(err, context.Canceled) {
				a.say("order %d stands as %s; lapse orders show %d follows it", o.ID, o.State, o.ID)
			}
			return fmt.Errorf("follow order %d: %w", o.ID, err)
		}
	}
	if a.flags.json {
		p.Order = o
		err = a.writeJSON(ordered{p, false})
	} else {
		err = a.printf("%s\n", orderLine(o))
	}
	if err != nil {
		return err
	}
	return orderEnd(o)
}

// aboveKey says why an order costs more than the key of this session allows.
func (a *app) aboveKey(o catch.Order) string {
	if a.orderCap == (catch.Money{}) {
		return ""
	}
	c, err := watch.AtMost(o).Cmp(a.orderCap)
	switch {
	case err != nil:
		return fmt.Sprintf("this key orders in %s alone", a.orderCap.Currency)
	case c > 0:
		return fmt.Sprintf("it can cost %s, this key orders up to %s", watch.AtMost(o), a.orderCap)
	}
	return ""
}

// orderRefused keeps the guard's words and adds where the rules can be read.
func (a *app) orderRefused(err error) error {
	if exitCode(err) == exitGuard {
		return withHint(fmt.Errorf("order: %w", err), "lapse routes NAME and lapse terms show what a route asks for")
	}
	return fmt.Errorf("order: %w", err)
}

// orderEnd is the exit code of an order's state.
func orderEnd(o catch.Order) error {
	switch o.State {
	case catch.RefusedOrder:
		return coded(exitGuard, fmt.Errorf("order %d for %s: refused: %s", o.ID, o.Name, o.Why))
	case catch.Failed, catch.Lost:
		return fmt.Errorf("order %d for %s: %s: %s", o.ID, o.Name, o.State, o.Why)
	case catch.InDoubt:
		return withHint(coded(exitPartly, fmt.Errorf("order %d for %s: sent, outcome unknown: %s", o.ID, o.Name, o.Why)),
			"it is looked up, never repeated; lapse orders sync asks again")
	}
	return nil
}

func (a *app) printPreview(spec watch.OrderSpec, p watch.OrderPreview) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s at %s (%s)\n", spec.Name.Display(), spec.Route, p.Order.Kind)
	if p.Quote != nil {
		fmt.Fprintf(&b, "price now   %s (%s)\n", p.Quote.Price, whoisx.CleanLine(p.Quote.Basis))
	}
	fmt.Fprintf(&b, "cap         %s alone, %s if it comes to an auction\n", p.Order.Cap, bidWords(watch.BidUpTo(p.Order)))
	fmt.Fprintf(&b, "if it wins  %s\n", whoisx.CleanLine(p.IfWon))
	fmt.Fprintf(&b, "if it loses %s\n", whoisx.CleanLine(p.IfLost))
	fmt.Fprintf(&b, "terms       %s\n", whoisx.CleanLine(p.Read.Words))
	for _, m := range p.Exposure.MostOwed {
		fmt.Fprintf(&b, "most owed   %s, with every order for this name\n", m)
	}
	return a.printf("%s", b.String())
}

func orderLine(o catch.Order) string {
	s := fmt.Sprintf("order %d: %s at %s: %s", o.ID, watch.Name(o.Name).Display(), o.Route, o.State)
	if o.Why != "" {
		s += " (" + whoisx.CleanLine(o.Why) + ")"
	}
	if !o.Paid.IsZero() {
		s += ", paid " + o.Paid.String()
	}
	return s
}
