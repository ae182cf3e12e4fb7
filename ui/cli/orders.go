package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) ordersCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:     "orders [NAME]",
		Short:   "List orders, ask how they stand, take them back",
		Example: "  lapse orders\n  lapse orders --all --json\n  lapse orders show 3\n  lapse orders cancel 3\n  lapse orders sync",
		GroupID: groupMoney,
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			f := watch.OrderFilter{Holding: !all}
			if len(args) == 1 {
				n, err := a.parseName(args[0])
				if err != nil {
					return err
				}
				f.Name = n
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			return a.listOrders(cmd, s, f)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "those that have ended, too")
	sync := &cobra.Command{
		Use:     "sync",
		Short:   "Ask every service where every order stands",
		Example: "  lapse orders sync",
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context(), needAll)
			if err != nil {
				return err
			}
			if err := s.Sync(cmd.Context()); err != nil {
				return fmt.Errorf("sync orders: %w", err)
			}
			return a.listOrders(cmd, s, watch.OrderFilter{Holding: true})
		},
	}
	show := &cobra.Command{
		Use:     "show ID",
		Short:   "Show one order in full",
		Example: "  lapse orders show 3\n  lapse orders show 3 --json",
		Args:    args(cobra.ExactArgs(1)),
		RunE: a.onOrder(needStore, func(_ *cobra.Command, _ *watch.Service, o catch.Order) error {
			if a.flags.json {
				return a.writeJSON(o)
			}
			return a.printOrder(o)
		}),
	}
	var yes bool
	cancel := &cobra.Command{
		Use:     "cancel ID",
		Short:   "Take an order back, where its terms still allow it",
		Example: "  lapse orders cancel 3\n  lapse orders cancel 3 --yes",
		Args:    args(cobra.ExactArgs(1)),
		RunE: a.onOrder(needAll, func(cmd *cobra.Command, s *watch.Service, o catch.Order) error {
			if a.interactive() && !yes {
				ok, err := a.ask(false, "cancel order %d for %s at %s?", o.ID, o.Name, o.Route)
				if err != nil || !ok {
					return err
				}
			}
			o, err := s.Cancel(cmd.Context(), o.ID)
			if err != nil {
				return fmt.Errorf("cancel: %w", err)
			}
			return a.writeOrder("", o)
		}),
	}
	cancel.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.AddCommand(sync, show, cancel, a.bidCommand(), a.payCommand(), a.recordCommand(), a.adoptCommand(), a.tickCommand())
	return cmd
}

// onOrder is a command on the order that its first argument names.
func (a *app) onOrder(n need, do func(cmd *cobra.Command, s *watch.Service, o catch.Order) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		s, err := a.open(cmd.Context(), n)
		if err != nil {
			return err
		}
		o, err := a.findOrder(cmd, s, args[0])
		if err != nil {
			return err
		}
		return do(cmd, s, o)
	}
}

// writeOrder writes an order as it stands now, after a word for what was done.
func (a *app) writeOrder(did string, o catch.Order) error {
	if a.flags.json {
		return a.writeJSON(o)
	}
	return a.printf("%s%s\n", did, orderLine(o))
}

// follow waits for what was asked of an order, and shows how it stands then.
func (a *app) follow(cmd *cobra.Command, s *watch.Service, o catch.Order) error {
	o, err := s.Follow(cmd.Context(), o.ID)
	if err != nil {
		return fmt.Errorf("follow order %d: %w", o.ID, err)
	}
	if err := a.writeOrder("", o); err != nil {
		return err
	}
	return orderEnd(o)
}

func (a *app) bidCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "bid ID AMOUNT",
		Short:   "Bid in the auction of an order, below its bid cap",
		Example: "  lapse orders bid 3 120USD",
		Args:    args(cobra.ExactArgs(2)),
	}
	var amount catch.Money
	bid := a.onOrder(needAll, func(cmd *cobra.Command, s *watch.Service, o catch.Order) error {
		if c, err := amount.Cmp(a.orderCap); a.orderCap != (catch.Money{}) && (err != nil || c > 0) {
			return coded(exitGuard, fmt.Errorf("bid: this key spends up to %s", a.orderCap))
		}
		if err := s.MayBid(cmd.Context(), o, amount); err != nil {
			return fmt.Errorf("bid: %w", err)
		}
		if ok, err := a.spend(yes, "bid %s for %s at %s?", amount, o.Name, o.Route); err != nil || !ok {
			return err
		}
		o, err := s.Bid(cmd.Context(), o.ID, amount)
		if err != nil {
			return a.orderRefused(err)
		}
		return a.follow(cmd, s, o)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if amount, err = catch.ParseMoney(args[1]); err != nil {
			return coded(exitUsage, err)
		}
		a.holderAs = "bid"
		return bid(cmd, args)
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) payCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "pay ID",
		Short:   "Pay for a name that was won",
		Example: "  lapse orders pay 3",
		Args:    args(cobra.ExactArgs(1)),
	}
	pay := a.onOrder(needAll, func(cmd *cobra.Command, s *watch.Service, o catch.Order) error {
		if why := a.aboveKey(o); why != "" {
			return coded(exitGuard, fmt.Errorf("pay: %s", why))
		}
		if err := s.MayPay(cmd.Context(), o); err != nil {
			return fmt.Errorf("pay: %w", err)
		}
		if ok, err := a.spend(yes, "pay %s for %s at %s?", watch.Owed(o), o.Name, o.Route); err != nil || !ok {
			return err
		}
		o, err := s.Pay(cmd.Context(), o.ID)
		if err != nil {
			return a.orderRefused(err)
		}
		return a.follow(cmd, s, o)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a.holderAs = "pay"
		return pay(cmd, args)
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// spend asks before money goes; where nobody can be asked --yes is needed.
func (a *app) spend(yes bool, format string, args ...any) (bool, error) {
	if !yes && !a.interactive() {
		return false, withHint(usagef("this costs money and nobody can be asked here"), "add --yes")
	}
	ok, err := a.ask(yes, format, args...)
	if err == nil && !ok {
		a.say("nothing was done")
	}
	return ok, err
}

func (a *app) adoptCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "adopt ROUTE",
		Short:   "Take over orders that were placed on a service's website",
		Example: "  lapse orders adopt dyn",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.open(cmd.Context(), needAll)
			if err != nil {
				return err
			}
			os, err := s.Adopt(cmd.Context(), args[0])
			if err != nil {
				return fmt.Errorf("adopt: %w", err)
			}
			if a.flags.json {
				return a.writeJSON(list(os))
			}
			for _, o := range os {
				if err := a.printf("adopted\t%s\n", orderLine(o)); err != nil {
					return err
				}
			}
			if len(os) == 0 {
				a.note("nothing new there")
			}
			return nil
		},
	}
}

func (a *app) tickCommand() *cobra.Command {
	var undo bool
	cmd := &cobra.Command{
		Use:   "check NAME [ITEM...]",
		Short: "Show what is left to do for a name that was won, tick items off",
		Long: `Show the checklist of a name that was won: what was set at its service by
itself, what failed there, and what only a person can do, with its dates. Items
that are named are ticked off; --undo puts them back.`,
		Example: "  lapse orders check tinplate.com\n  lapse orders check tinplate.com two-factor contacts\n  lapse orders check tinplate.com contacts --undo",
		Args:    args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			for _, item := range args[1:] {
				if _, err := s.TickOff(cmd.Context(), n, item, undo); errors.Is(err, watch.ErrNotFound) {
					return withHint(coded(exitNotFound, fmt.Errorf("check: %s has no item %q", n.Display(), typed.Clip(item))), "lapse orders check %s lists them", n)
				} else if err != nil {
					return fmt.Errorf("check: %w", err)
				}
			}
			items, err := s.Checklist(cmd.Context(), n)
			if err != nil {
				return fmt.Errorf("check: %w", err)
			}
			if a.flags.json {
				return a.writeJSON(list(items))
			}
			if len(items) == 0 {
				a.note("nothing was won under that name")
			}
			for _, c := range items {
				if err := a.printf("%s\n", whoisx.CleanLine(checkText(c))); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&undo, "undo", false, "put items back")
	return cmd
}

func (a *app) listOrders(cmd *cobra.Command, s *watch.Service, f watch.OrderFilter) error {
	os, err := s.Orders(cmd.Context(), f)
	if err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	if a.flags.json {
		return a.writeJSON(list(os))
	}
	t := &table{head: []string{"ID", "NAME", "ROUTE", "STATE", "CAP", "BID CAP", "PRICE", "PAID", "NEXT", "WHY"}}
	for _, o := range os {
		t.add(strconv.FormatInt(o.ID, 10), watch.Name(o.Name).Display(), o.Route, string(o.State), o.Cap.String(), o.BidCap.String(),
			o.Price.String(), o.Paid.String(), ahead(a.now(), o.NextTry), o.Why)
	}
	return a.writeTable(t)
}

func (a *app) findOrder(cmd *cobra.Command, s *watch.Service, id string) (catch.Order, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(id, "#"), 10, 64)
	if err != nil {
		return catch.Order{}, usagef("%q is no number of an order; lapse orders lists them", id)
	}
	os, err := s.Orders(cmd.Context(), watch.OrderFilter{})
	if err != nil {
		return catch.Order{}, fmt.Errorf("orders: %w", err)
	}
	for _, o := range os {
		if o.ID == n {
			return o, nil
		}
	}
	return catch.Order{}, withHint(coded(exitNotFound, fmt.Errorf("there is no order %d", n)), "lapse orders --all lists them")
}

func (a *app) printOrder(o catch.Order) error {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" && value != "-" {
			fmt.Fprintf(&b, "%-12s %s\n", label, value)
		}
	}
	now := a.now()
	b.WriteString(orderLine(o) + "\n")
	line("service", o.Service+", "+string(o.Kind))
	line("its number", o.Ref)
	line("cap", o.Cap.String()+" alone, "+bidWords(watch.BidUpTo(o))+" if it comes to an auction")
	line("price", o.Price.String())
	line("basis", o.Basis)
	line("paid", o.Paid.String())
	line("frozen", o.Frozen.String())
	line("high bid", o.HighBid.String())
	line("own bid", o.OwnBid.String())
	for _, d := range []struct {
		label string
		text  string
	}{
		{"cancel by", moment(o.CancelBy)},
		{"closes", moment(o.CutOff)},
		{"auction ends", moment(o.AuctionEnds)},
		{"pay by", moment(o.PayBy)},
		{"provisional", moment(o.ProvisionalUntil)},
		{"next try", ahead(now, o.NextTry)},
		{"ordered", moment(o.Created)},
		{"changed", moment(o.Updated)},
	} {
		line(d.label, d.text)
	}
	var consents []string
	for _, c := range o.Consents {
		consents = append(consents, typed.Clip(c)) // a signed mark is long
	}
	line("consents", strings.Join(consents, ", "))
	return a.printf("%s", b.String())
}

// bidWords says what may be bid.
func bidWords(most catch.Money) string {
	if most.IsZero() {
		return "no bid"
	}
	return most.String()
}
