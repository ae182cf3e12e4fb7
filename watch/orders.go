package watch

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

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
