package ui

import (
	"context"
	"errors"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// ordersHere are the orders of the name under the cursor, as far as the screen
// has read them.
func (r *root) ordersHere() []catch.Order {
	switch r.at {
	case onList:
		if row := r.list.row(r.list.at); row != nil {
			return row.Orders
		}
	case onName:
		if r.name.d != nil {
			return r.name.d.AllOrders
		}
	case onDrops:
		s := r.screens[onDrops].(*dropsScreen)
		if i := s.cursorList.at; i < len(s.rows) {
			return s.rows[i].Orders
		}
	case onOrders:
		if o := r.screens[onOrders].(*ordersScreen).current(); o != nil {
			return []catch.Order{*o}
		}
	}
	return nil
}

func inState(os []catch.Order, states ...catch.State) *catch.Order {
	for i := range os {
		for _, s := range states {
			if os[i].State == s {
				return &os[i]
			}
		}
	}
	return nil
}

func canBid(r *root) string {
	if inState(r.ordersHere(), catch.AuctionOutbid, catch.AuctionLeading) == nil {
		return "no order of this name is in an auction"
	}
	return ""
}

func canPay(r *root) string {
	if inState(r.ordersHere(), catch.PaymentDue) == nil {
		return "nothing is to be paid for this name"
	}
	return ""
}

func (r *root) startBid() tea.Cmd {
	o := *inState(r.ordersHere(), catch.AuctionOutbid, catch.AuctionLeading)
	f := &form{
		title: "Bid for " + o.Name, done: "Go on",
		lead: []string{fmt.Sprintf("Highest bid at %s: %s; yours: %s. Your cap in an auction: %s.",
			o.Service, moneyOr(o.HighBid, "not told"), moneyOr(o.OwnBid, "none"), moneyOr(o.BidCap, "none"))},
		fields: []*field{{id: "bid", label: "bid", help: "The most to bid, with its currency: 120USD. Never above the order's cap."}},
	}
	f.submit = func(r *root, f *form) (tea.Cmd, bool) {
		m, err := catch.ParseMoney(f.get("bid"))
		if err == nil {
			err = checkBid(&o, m)
		}
		if err == nil {
			err = r.allowed(&watch.OrderSpec{BidCap: m})
		}
		if err != nil {
			f.err = err.Error()
			return nil, false
		}
		core := r.core
		r.push(newConfirm(r, "This costs money", []string{
			fmt.Sprintf("Bid %s for %s at %s?", m, o.Name, o.Service),
			"If it wins, at most that is owed, and the order cannot be taken back.",
			"If it loses, nothing is owed for the bid.",
		}, "Bid "+m.String(), true, func(r *root) tea.Cmd {
			r.toasts.busy("bidding")
			return r.spend(func(ctx context.Context) tea.Msg {
				got, err := core.Bid(ctx, o.ID, m)
				if err != nil {
					err = fmt.Errorf("bid for %s: %w", o.Name, err)
				}
				return orderedMsg{got, err}
			})
		}))
		return nil, true
	}
	r.push(f)
	return nil
}

// checkBid holds a bid against the order before the core does it again.
func checkBid(o *catch.Order, m catch.Money) error {
	if m.Units <= 0 {
		return errors.New("bid: more than nothing")
	}
	most := watch.BidUpTo(*o)
	if most == (catch.Money{}) {
		return nil // the name may have one: the core says
	}
	if c, err := m.Cmp(most); err != nil {
		return fmt.Errorf("bid: %w", err)
	} else if c > 0 {
		return fmt.Errorf("bid: the order's cap in an auction is %s", most)
	}
	return nil
}

func (r *root) startPay() tea.Cmd {
	o := *inState(r.ordersHere(), catch.PaymentDue)
	due := o.Price
	if o.HighBid.Units > due.Units {
		due = o.HighBid
	}
	// The service may charge up to the order's caps, whatever it has told.
	for _, m := range []catch.Money{due, watch.AtMost(o)} {
		if err := r.allowed(&watch.OrderSpec{Cap: m}); err != nil {
			r.fail("pay", err)
			return nil
		}
	}
	core := r.core
	text := []string{fmt.Sprintf("Pay %s for %s at %s?", moneyOr(due, "what is due"), o.Name, o.Service)}
	if !o.PayBy.IsZero() {
		text = append(text, "Due by "+hm(o.PayBy, r.now())+" UTC, "+until(o.PayBy, r.now())[0]+".")
	}
	text = append(text, "The service charges what your account there is set to. An unknown outcome is looked up, never paid twice.")
	r.push(newConfirm(r, "This costs money", text, "Pay", false, func(r *root) tea.Cmd {
		r.toasts.busy("paying")
		return r.spend(func(ctx context.Context) tea.Msg {
			got, err := core.Pay(ctx, o.ID)
			if err != nil {
				err = fmt.Errorf("pay for %s: %w", o.Name, err)
			}
			return orderedMsg{got, err}
		})
	}))
	return nil
}

type cancelsMsg struct {
	name   watch.Name
	orders []catch.Order
	err    error
}

// startCancel reads the orders that still hold and asks which one.
func (r *root) startCancel() tea.Cmd {
	if r.at == onOrders {
		if o := r.screens[onOrders].(*ordersScreen).current(); o != nil {
			return r.cancelThem(cancelsMsg{name: watch.Name(o.Name), orders: []catch.Order{*o}})
		}
	}
	n, core := r.under(), r.core
	return r.ask(func(ctx context.Context) tea.Msg {
		os, err := core.Orders(ctx, watch.OrderFilter{Name: n, Holding: true})
		return cancelsMsg{n, os, err}
	})
}

func (r *root) cancelThem(m cancelsMsg) tea.Cmd {
	if m.err != nil {
		r.fail("read the orders of "+string(m.name), m.err)
		return nil
	}
	var os []catch.Order
	for _, o := range m.orders {
		if o.State.Holds() {
			os = append(os, o)
		}
	}
	switch len(os) {
	case 0:
		r.toasts.say(r.now(), "cancel: no order of "+m.name.Unicode()+" holds", true)
	case 1:
		r.cancelOne(&os[0])
	default:
		menu := &menu{title: "Cancel which order?"}
		for i := range os {
			o := os[i]
			menu.items = append(menu.items, menuItem{label: o.Service, help: stateWords[o.State], run: func(r *root) tea.Cmd {
				r.cancelOne(&o)
				return nil
			}})
		}
		r.push(menu)
	}
	return nil
}

func (r *root) cancelOne(o *catch.Order) {
	now := r.now()
	text := []string{fmt.Sprintf("Cancel the order for %s at %s?", o.Name, o.Service)}
	switch {
	case o.CancelBy.IsZero():
		text = append(text, "The service has not told until when it can be cancelled; it is asked.")
	case o.CancelBy.Before(now):
		text = append(text, "By its terms it could be cancelled until "+hm(o.CancelBy, now)+"; the service will probably refuse.")
	default:
		text = append(text, "It can be cancelled until "+hm(o.CancelBy, now)+" UTC.")
	}
	if !o.LoseFee.IsZero() {
		text = append(text, "Lost in any case: "+o.LoseFee.String()+".")
	}
	text = append(text, "Without it nobody tries to get the name for you there.")
	id, core := o.ID, r.core
	c := newConfirm(r, "Cancel an order", text, "Cancel the order", true, func(r *root) tea.Cmd {
		r.toasts.busy("cancelling")
		return r.spend(func(ctx context.Context) tea.Msg {
			o, err := core.Cancel(ctx, id)
			if err != nil {
				err = fmt.Errorf("cancel order %d: %w", id, err)
			}
			return orderedMsg{o, err}
		})
	})
	c.no = "Keep it"
	r.push(c)
}

type removalMsg struct {
	watches []watch.Watch
	orders  int
	err     error
}

// startRemoval reads what would be lost; a name with orders that hold is not
// taken off without a question.
func (r *root) startRemoval() tea.Cmd {
	ns, core := r.screens[r.at].names(), r.core
	return r.ask(func(ctx context.Context) tea.Msg {
		var m removalMsg
		for _, n := range ns {
			d, err := core.Get(ctx, n)
			if err != nil {
				m.err = fmt.Errorf("read %s: %w", n, err)
				return m
			}
			m.watches = append(m.watches, d.Watch)
			for i := range d.AllOrders {
				if d.AllOrders[i].State.Holds() {
					m.orders++
				}
			}
		}
		return m
	})
}

func (r *root) removal(m removalMsg) tea.Cmd {
	if m.err != nil {
		r.fail("remove", m.err)
		return nil
	}
	names := make([]watch.Name, len(m.watches))
	for i := range m.watches {
		names[i] = m.watches[i].Name
	}
	run := func(r *root) tea.Cmd {
		core := r.core
		return r.taskThen("", func(ctx context.Context) (string, error) {
			if _, err := core.Remove(ctx, names...); err != nil {
				return "", fmt.Errorf("remove: %w", err)
			}
			return countNames("Off the list:", names) + ". " + r.keys.key("undo") + " brings it back.", nil
		}, func(r *root) tea.Cmd {
			r.undo.did(removed(countNames("removing", names), m.watches))
			r.list.marked = map[watch.Name]bool{}
			if r.at == onName {
				return r.goBack()
			}
			return nil
		})
	}
	if m.orders == 0 && len(names) == 1 {
		return run(r)
	}
	text := []string{countNames("Take off the list:", names) + "?"}
	if m.orders > 0 {
		text = append(text, fmt.Sprintf("%d orders still hold and can still cost money. Taking a name off the list does not cancel them: cancel them first.", m.orders))
	}
	text = append(text, "Undo brings names, tags, notes and caps back; what was known of them is asked again.")
	r.push(newConfirm(r, "Remove", text, "Remove", true, run))
	return nil
}
