package watch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// Preview says what an order would do, and whether a guard refuses it. It
// reads the price where a call returns one, unless nobody is to be asked, and
// stores nothing.
func (s *Service) Preview(ctx context.Context, spec OrderSpec) (OrderPreview, error) {
	row, orders, err := s.orderRow(ctx, spec.Name)
	if err != nil {
		return OrderPreview{}, err
	}
	o, r, err := s.plan(spec, row, orders)
	if r == nil {
		return OrderPreview{}, err
	}
	p := OrderPreview{Spec: spec, Order: o, Terms: r.Terms(o.Name)}
	if err != nil {
		p.Refused = guardWords(err)
	}
	read, rerr := s.TermsRead(ctx, p.Terms)
	if rerr != nil {
		return p, rerr
	}
	p.Read = read[0]
	if spec.Unasked {
		// What stands in the order is all that there is.
	} else if q, qerr := s.quote(ctx, r, o); qerr == nil {
		p.Quote = &q
		p.Order.Price, p.Order.PriceAt, p.Order.Basis = q.Price, q.At, q.Basis
		then := q
		if o.State == catch.Planned && inPhase(o) {
			then.Price.Units -= q.Early.Units // it waits for another step of the fee
		}
		if err := s.stands(ctx, o, then); err != nil && p.Refused == "" {
			if !errors.Is(err, ErrGuard) {
				return p, err
			}
			p.Refused = guardWords(err)
		}
	} else if guardError(qerr) && p.Refused == "" && o.Kind != catch.ByHand {
		p.Refused = guardWords(qerr)
	}
	if p.Refused == "" {
		if why, err := s.monthRefuses(ctx, o); err != nil {
			return p, err
		} else if why != "" {
			p.Refused = why
		}
	}
	p.Exposure = ExposureOf(append(slices.Clone(orders), p.Order))
	p.IfWon, p.IfLost = ifWon(p.Order, p.Terms), ifLost(p.Order, p.Terms)
	sent := s.asks(p.Order)
	sent.Key = "lapse-key" // the order gets its own once it is given
	if p.Print, err = r.Print(sent); err != nil {
		return p, fmt.Errorf("print the request: %w", err)
	}
	return p, nil
}

// orderRow returns a name's row and orders. A name that is not on the list can
// be previewed; Order puts it there.
func (s *Service) orderRow(ctx context.Context, n Name) (Row, []catch.Order, error) {
	row, err := s.store.Watch(ctx, n)
	if errors.Is(err, ErrNotFound) {
		row = Row{Watch: Watch{Name: n, Kind: Want}}
	} else if err != nil {
		return row, nil, err
	}
	os, err := s.store.Orders(ctx, OrderFilter{Name: n})
	return row, os, err
}

// monthRefuses says why the month's budget has no room for an order; "" where
// it has. The same is asserted again when the order is stored.
func (s *Service) monthRefuses(ctx context.Context, o catch.Order) (string, error) {
	most := AtMost(o)
	if most.IsZero() {
		return "", nil
	}
	sums, err := s.Spending(ctx)
	if err != nil {
		return "", err
	}
	held, err := s.store.Orders(ctx, OrderFilter{Holding: true})
	if err != nil {
		return "", err
	}
	held = slices.DeleteFunc(held, func(x catch.Order) bool { return x.ID == o.ID }) // one that stands counts once
	risk := purse{}
	for _, m := range ExposureOfAll(append(held, o)).MostOwed {
		risk.add(m)
	}
	for _, sp := range sums {
		if sp.Cap.Currency != most.Currency || sp.Cap.IsZero() {
			continue
		}
		total, err := sp.Spent.Add(risk[most.Currency])
		if err != nil {
			return "", err
		}
		if c, err := total.Cmp(sp.Cap); err != nil || c > 0 {
			return fmt.Sprintf("with it %s would be spent or at risk in %s, the month's cap is %s", total, sp.Month, sp.Cap), nil
		}
		return "", nil
	}
	return fmt.Sprintf("no month cap in %s; set one in the configuration: [month] %s = \"...\"", most.Currency, most.Currency), nil
}

func guardWords(err error) string {
	return strings.TrimPrefix(err.Error(), ErrGuard.Error()+": ")
}

func ifWon(o catch.Order, t catch.Terms) string {
	var parts []string
	switch {
	case !o.Price.IsZero():
		parts = append(parts, o.Price.String()+" alone")
	case !t.Fee.IsZero():
		parts = append(parts, t.Fee.String()+" alone")
	default:
		parts = append(parts, "up to "+o.Cap.String()+" alone")
	}
	switch t.Several {
	case catch.PublicAuction, catch.PrivateAuction:
		parts = append(parts, fmt.Sprintf("else a %s auction up to %s", strings.TrimSuffix(string(t.Several), "-auction"), AtMost(o)))
	case catch.Lottery:
		parts = append(parts, "else a lottery")
	case catch.FirstCome:
		parts = append(parts, "first come, first served")
	}
	if t.Charged != "" {
		parts = append(parts, "charged "+t.Charged)
	}
	if t.PayWithin > 0 {
		w := fmt.Sprintf("pay within %s", t.PayWithin)
		if t.Unpaid != "" {
			w += " (else " + t.Unpaid + ")"
		}
		parts = append(parts, w)
	}
	return strings.Join(parts, ", ")
}

func ifLost(o catch.Order, t catch.Terms) string {
	var parts []string
	if l, err := catch.LaunchOf(o.Consents); err == nil && l != nil && l.Application && t.LoseFee.Currency == "" {
		// An application is charged when it is sent, and decided later.
		most := o.Price
		if most.IsZero() {
			most = o.Cap
		}
		parts = append(parts, most.String()+", unless the registry's terms give it back when an application is rejected: ask first")
	} else if t.LoseFee.Units > 0 {
		parts = append(parts, t.LoseFee.String()+" is lost in any case")
	} else {
		parts = append(parts, "0.00")
	}
	if t.Deposit.Units > 0 {
		back := "nobody has confirmed how it comes back: ask first"
		switch t.Refund {
		case catch.RefundCash, catch.RefundCredit:
			back = "it comes back as " + string(t.Refund)
		case catch.RefundNone:
			back = "it does not come back"
		}
		if t.RefundWhen != "" {
			back += " " + t.RefundWhen
		}
		parts = append(parts, fmt.Sprintf("deposit %s: %s", t.Deposit, back))
	}
	return strings.Join(parts, ", ")
}

func request(o catch.Order) catch.Request {
	l, err := catch.LaunchOf(o.Consents)
	if err != nil {
		l = nil // checkPlan refused it: such an order is not stored
	}
	return catch.Request{
		Launch: l,
		Key:    o.Key, Name: o.Name, Years: o.Years, Contact: o.Contact,
		Price: o.Price, Class: o.Class, Cap: o.Cap, BidCap: o.BidCap, Premium: o.Premium,
	}
}

// asks is the request of an order, with its contact as the service calls it.
func (s *Service) asks(o catch.Order) catch.Request {
	r := request(o)
	if o.Contact != "" && s.o.Accounts != nil {
		if _, id, err := s.o.Accounts.Contact(o.Route, o.Contact); err == nil {
			r.Contact = id
		}
	}
	return r
}

// Order stores an order for the holder of the lease to execute. Where nobody
// holds the lease this call executes it; where somebody does, Follow waits for
// it. A name that is not on the list is put there.
func (s *Service) Order(ctx context.Context, spec OrderSpec) (catch.Order, error) {
	if err := s.writable(); err != nil {
		return catch.Order{}, err
	}
	if spec.DryRun {
		p, err := s.Preview(ctx, spec)
		if err == nil && p.Refused != "" {
			err = refuse("%s", p.Refused)
		}
		return p.Order, err
	}
	row, orders, err := s.orderRow(ctx, spec.Name)
	if err != nil {
		return catch.Order{}, err
	}
	o, _, err := s.plan(spec, row, orders)
	if err != nil {
		return o, err
	}
	if row.ID == 0 {
		w := Watch{Name: spec.Name, Kind: s.kindOf(spec.Name), Cap: o.Cap, BidCap: o.BidCap}
		if _, err := s.store.Add(ctx, []Watch{w}); err != nil {
			return o, err
		}
	}
	o.Key = newKey()
	if o.Kind == catch.ByHand {
		// The person does it; the order is kept, and asks for nothing.
		o.State, o.NextTry, o.Why = catch.Active, time.Time{}, "placed by hand"
	}
	if o, err = s.store.AddOrder(ctx, o); err != nil {
		return o, err
	}
	s.wake()
	if o.State == catch.Planned {
		return o, nil // only a running program can wait for a window
	}
	did, err := s.borrow(ctx, func(ctx context.Context, epoch int64) error { return s.step(ctx, epoch, o) })
	if !did || err != nil {
		return o, err
	}
	return s.store.Order(ctx, o.ID)
}

func hasFinder(r catch.Route) bool { return r.Describe().Has(catch.CanFind) }

// newKey makes an order's own key: its idempotency key and clTRID prefix.
func newKey() string { return "lapse-" + strings.ToLower(rand.Text()[:16]) }

// Cancel takes an order back: at once where nothing was sent, else by asking
// the service where its terms allow it. The holder does it; Follow waits.
func (s *Service) Cancel(ctx context.Context, id int64) (catch.Order, error) {
	o, err := s.store.Order(ctx, id)
	if err != nil {
		return o, err
	}
	switch o.State {
	case catch.WonProvisional, catch.Reversed, catch.RefundDue:
		return o, refuse("order %d is %s: there is nothing left to take back", id, o.State)
	}
	if o.State != catch.Planned && o.State != catch.Requested && o.Kind != catch.ByHand {
		if !s.cancellable(o) {
			return o, refuse("%s takes no cancellation by its interface: cancel it there, then `lapse orders sync`", o.Service)
		}
		if !o.CancelBy.IsZero() && !s.now().Before(o.CancelBy) {
			return o, refuse("%s could be cancelled until %s", o.Service, atText(o.CancelBy))
		}
	}
	return s.wish(ctx, id, catch.WishCancel, catch.Money{})
}

// Bid asks the holder to bid in the auction of an order; a bid above the bid
// cap is refused.
func (s *Service) Bid(ctx context.Context, id int64, bid catch.Money) (catch.Order, error) {
	o, err := s.store.Order(ctx, id)
	if err != nil {
		return o, err
	}
	if err := s.checkWish(ctx, o, catch.WishBid, bid); err != nil {
		return o, err
	}
	if o.Kind == catch.ByHand || o.Kind == catch.ExpiryAuction && !s.can(o, catch.CanBid) {
		// The person bids on the website; the bid is kept.
		o.OwnBid = bid
		return s.record(ctx, o, fmt.Sprintf("bid %s by hand", bid))
	}
	if !s.can(o, catch.CanBid) {
		return o, refuse("%s takes no bids by its interface: bid there", o.Service)
	}
	return s.wish(ctx, id, catch.WishBid, bid)
}

// Pay asks the holder to pay what an order owes.
func (s *Service) Pay(ctx context.Context, id int64) (catch.Order, error) {
	o, err := s.store.Order(ctx, id)
	if err != nil {
		return o, err
	}
	if err := s.checkWish(ctx, o, catch.WishPay, catch.Money{}); err != nil {
		return o, err
	}
	if !s.can(o, catch.CanPay) {
		return o, refuse("%s takes no payment by its interface: pay there by %s", o.Service, atText(o.PayBy))
	}
	return s.wish(ctx, id, catch.WishPay, catch.Money{})
}

func (s *Service) can(o catch.Order, c catch.Can) bool {
	r := s.route(o.Route)
	return r != nil && r.Describe().Has(c)
}

// Record stores what a person says of an order that is kept by hand, or that
// its service moved behind our back: its state, bids, payments and refunds.
func (s *Service) Record(ctx context.Context, o catch.Order, why string) (catch.Order, error) {
	was, err := s.store.Order(ctx, o.ID)
	if err != nil {
		return o, err
	}
	if c, err := o.OwnBid.Cmp(AtMost(was)); err != nil || (c > 0 && o.OwnBid != was.OwnBid) {
		return was, refuse("the bid %s is above the bid cap %s", o.OwnBid, AtMost(was))
	}
	if was.State == catch.InDoubt && o.State != catch.InDoubt {
		return s.settleByHand(ctx, o, why)
	}
	if m := alienMoney(was, catch.Report{Paid: o.Paid, Refund: o.Refund}); m != (catch.Money{}) {
		return was, refuse("%s, and the order was paid in %s: one currency for what it cost and what came back", m, was.Paid.Currency)
	}
	o, err = s.record(ctx, o, why)
	if err == nil && (o.State == catch.Reversed || o.State == catch.RefundDue) && !o.Paid.IsZero() && atLeast(o.Refund, o.Paid) {
		o.State = catch.Cancelled // nobody owes anything any more
		o, err = s.record(ctx, o, "refunded in full: "+why)
	}
	if err != nil || was.Frozen.IsZero() || !o.Frozen.IsZero() {
		return o, err
	}
	// Nothing is frozen any more: its item, if there is one, is done.
	if _, terr := s.TickOff(ctx, Name(o.Name), depositItem(o.ID), false); terr != nil && !errors.Is(terr, ErrNotFound) {
		return o, terr
	}
	return o, nil
}

// settleByHand ends the doubt about an order by what a person found out: the
// intent that has no answer gets it.
func (s *Service) settleByHand(ctx context.Context, o catch.Order, why string) (catch.Order, error) {
	if err := s.writable(); err != nil {
		return o, err
	}
	open, err := s.store.InDoubt(ctx)
	if err != nil {
		return o, err
	}
	for _, e := range open {
		if e.Order != o.ID {
			continue
		}
		o.Why = why
		answer := catch.LedgerEntry{Step: catch.Answer, Intent: e.Seq, Action: e.Action, Outcome: "by hand", Words: why, Creates: e.Creates}
		if err := s.store.Settle(ctx, answer, o); err != nil {
			return o, err
		}
		s.wake()
		return s.store.Order(ctx, o.ID)
	}
	return s.record(ctx, o, why) // nothing was sent: the doubt is about a look-up
}

func (s *Service) record(ctx context.Context, o catch.Order, why string) (catch.Order, error) {
	if err := s.writable(); err != nil {
		return o, err
	}
	o.Why = why
	if err := s.store.SaveOrder(ctx, o, why); err != nil {
		return o, err
	}
	s.wake()
	var err error
	switch o.State {
	case catch.Won, catch.WonProvisional:
		err = s.beginCare(ctx, o)
	case catch.Lost:
		err = s.afterLoss(ctx, o)
	default:
		err = s.awaitDeposit(ctx, o)
	}
	if err != nil {
		return o, err
	}
	return s.store.Order(ctx, o.ID)
}

func (s *Service) wish(ctx context.Context, id int64, w catch.Wish, bid catch.Money) (catch.Order, error) {
	if err := s.writable(); err != nil {
		return catch.Order{}, err
	}
	o, err := s.store.Wish(ctx, id, w, bid)
	if err != nil {
		return o, err
	}
	s.wake()
	did, err := s.borrow(ctx, func(ctx context.Context, epoch int64) error { return s.step(ctx, epoch, o) })
	if !did || err != nil {
		return o, err
	}
	return s.store.Order(ctx, id)
}

// Follow waits until the holder has done with an order what was asked of it,
// or until ctx ends; it returns the order as it stands then.
func (s *Service) Follow(ctx context.Context, id int64) (catch.Order, error) {
	events, stop := s.Subscribe()
	defer stop()
	for {
		o, err := s.store.Order(ctx, id)
		if err != nil {
			return o, err
		}
		if o.Wish == catch.WishNone && o.State != catch.Requested {
			return o, nil
		}
		if l, err := s.store.Lease(ctx); err == nil && l.Halted {
			return o, fmt.Errorf("order %d is %s: %w by %s; `lapse halt --off` lets it act again", id, o.State, ErrHalted, l.HaltBy)
		}
		select {
		case <-ctx.Done():
			return o, fmt.Errorf("follow order %d, which is %s: %w", id, o.State, context.Cause(ctx))
		case <-events:
		case <-time.After(time.Second):
		}
	}
}

// Sync asks every service where every holding order stands, and takes orders
// onto the books that were placed on its website for names of the list. The
// holder asks where orders stand, or this call where nobody holds the lease.
func (s *Service) Sync(ctx context.Context) error {
	err := s.syncHeld(ctx)
	_, aerr := s.adopt(ctx, "", true)
	return errors.Join(err, aerr)
}

func (s *Service) syncHeld(ctx context.Context) error {
	if err := s.writable(); err != nil {
		return err
	}
	os, err := s.store.Orders(ctx, OrderFilter{Holding: true})
	if err != nil {
		return err
	}
	var asked []int64
	for _, o := range os {
		r := s.route(o.Route)
		if r == nil || !hasFinder(r) || o.Wish != catch.WishNone || o.State == catch.Planned || o.State == catch.Requested {
			continue
		}
		if _, err := s.store.Wish(ctx, o.ID, catch.WishSync, catch.Money{}); err != nil {
			return err
		}
		asked = append(asked, o.ID)
	}
	s.wake()
	did, err := s.borrow(ctx, func(ctx context.Context, epoch int64) error {
		var errs []error
		doubts, err := s.store.Orders(ctx, OrderFilter{States: []catch.State{catch.InDoubt}})
		if err != nil {
			return err
		}
		for _, o := range doubts { // those of a process that died, too
			if !slices.Contains(asked, o.ID) {
				asked = append(asked, o.ID)
			}
		}
		for _, id := range asked {
			o, err := s.store.Order(ctx, id)
			if err == nil {
				err = s.step(ctx, epoch, o)
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	if did || err != nil {
		return err
	}
	for _, id := range asked {
		if _, err := s.Follow(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// Adopt takes orders onto the books that were placed on a service's website:
// those of names on the list that no order of ours stands for.
func (s *Service) Adopt(ctx context.Context, route string) ([]catch.Order, error) {
	return s.adopt(ctx, route, false)
}

// adopt is Adopt; patient says that a service which wants fewer calls is left
// for the next time.
func (s *Service) adopt(ctx context.Context, route string, patient bool) ([]catch.Order, error) {
	if err := s.writable(); err != nil {
		return nil, err
	}
	var out []catch.Order
	var errs []error // one service that is down keeps none of the others from it
	for _, r := range s.o.Routes {
		d := r.Describe()
		l, ok := r.(catch.Lister)
		if !ok || (route != "" && route != d.Route) {
			continue
		}
		listed, err := l.List(ctx)
		if err != nil {
			if kind := catch.KindOf(err); patient && (kind == catch.RateLimited || kind == catch.Busy) {
				s.log.Info("orders of websites not looked for", "service", d.Service, "err", words(err))
				continue
			}
			errs = append(errs, fmt.Errorf("list the orders at %s: %w", d.Service, err))
			continue
		}
		for _, x := range listed {
			n, err := ParseName(x.Name)
			if err != nil || !x.State.Holds() {
				continue
			}
			row, err := s.store.Watch(ctx, n)
			if errors.Is(err, ErrNotFound) {
				continue
			} else if err != nil {
				return out, err
			}
			if slices.ContainsFunc(row.Orders, func(o catch.Order) bool { return o.Route == d.Route }) {
				continue
			}
			t := r.Terms(string(n))
			o := catch.Order{
				Key: newKey(), Name: string(n), Route: d.Route, Service: d.Service, Kind: d.Kind, Pool: poolOf(d, t),
				State: x.State, Why: "adopted: it was placed at the service", Cap: row.Cap, BidCap: row.BidCap, Years: 1, NextTry: s.now().Add(time.Minute),
			}
			apply(&o, x.Report)
			if o.Cap.IsZero() {
				// Nobody set a cap, and the order can cost something all the same:
				// what the service asks for it, or what its terms say.
				if o.Cap = dearer(o.Price, o.OwnBid); o.Cap.IsZero() {
					o.Cap = t.Fee
				}
				o.Why = "adopted: it was placed at the service, without a cap here: it counts with " + o.Cap.String()
				if o.Cap.IsZero() {
					o.Why = fixMark + "adopted: what it can cost is not known: record its price with `lapse orders record`"
				}
			}
			if t.LoseFee.Units > 0 {
				o.LoseFee = t.LoseFee
			}
			if o, err = s.store.AddOrder(ctx, o); err != nil {
				errs = append(errs, err) // the month has no room for it, or it stands by now
				continue
			}
			out = append(out, o)
		}
	}
	s.wake()
	return out, errors.Join(errs...)
}
