package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// priceAges is how long a price that a person confirmed stands in where no
// call returns one.
const priceAges = 30 * 24 * time.Hour

// offerBasis begins the basis of a price that stands in an offer.
const offerBasis = "the offer, as seen on "

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrGuard, fmt.Sprintf(format, args...))
}

// plan makes the order that a person asked for, and holds it against every
// rule that needs neither network nor store.
func (s *Service) plan(spec OrderSpec, row Row, orders []catch.Order) (catch.Order, catch.Route, error) {
	var o catch.Order
	r := s.route(spec.Route)
	if r == nil {
		return o, nil, NoRoute(spec.Route)
	}
	d, t := r.Describe(), r.Terms(string(spec.Name))
	now := s.now().UTC()
	o = catch.Order{
		Name: string(spec.Name), Route: d.Route, Service: d.Service, Kind: d.Kind, Pool: poolOf(d, t),
		Account: spec.Account, Contact: spec.Contact, State: catch.Requested,
		Cap: spec.Cap, BidCap: spec.BidCap, Years: max(spec.Years, 1), Premium: spec.Premium,
		Consents: slices.Clone(spec.Consents), NextTry: now, CutOff: cutOff(row, t),
	}
	// Only what was not said comes from the name: 0USD is not to bid at all.
	if o.Cap == (catch.Money{}) {
		o.Cap = row.Cap
	}
	if o.BidCap == (catch.Money{}) {
		o.BidCap = row.BidCap
	}
	if t.LoseFee.Units > 0 {
		o.LoseFee = t.LoseFee
	}
	if !spec.Price.IsZero() {
		o.Price, o.PriceAt, o.Basis = spec.Price, now, confirmedBy+now.Format(time.DateOnly)
	}
	if d.Kind == catch.Prereg && o.Price.IsZero() && t.Fee.Units > 0 {
		// The person typed the offer in: its price is the one confirmed.
		o.Price, o.PriceAt, o.Basis = t.Fee, now, offerBasis+t.Seen
	}
	if t.Several == catch.Priority {
		o.Consents = append(o.Consents, priorityMark)
	}
	free := row.Verdict.Stage == lifecycle.Free || row.Verdict.Stage == lifecycle.LikelyFree
	if inPhase(o) {
		o.CutOff = time.Time{} // nothing drops
	} else if d.Kind == catch.EPP || d.Kind == catch.Register && !free {
		o.State, o.Why = catch.Planned, "waits for its window"
	}
	if err := s.checkPlan(o, r, t, row, orders, now); err != nil {
		return o, r, err
	}
	if o.Price.IsZero() && !d.Has(catch.CanQuote) && o.Kind != catch.ByHand && !spec.Unasked {
		return o, r, refuse("no call at %s returns a price: read it there and confirm it with --price", o.Service)
	}
	err := s.plannedPhase(&o, now)
	return o, r, err
}

func (s *Service) checkPlan(o catch.Order, r catch.Route, t catch.Terms, row Row, orders []catch.Order, now time.Time) error {
	if open, why := r.Open(o.Name); !open {
		return refuse("%s is not open to you for %s: %s", o.Service, row.Name.Display(), why)
	}
	if o.Contact != "" && s.o.Accounts != nil {
		if _, _, err := s.o.Accounts.Contact(o.Route, o.Contact); err != nil && !errors.Is(err, ErrNotFound) {
			return refuse("contact %s: %v", o.Contact, err)
		}
	}
	if _, err := catch.LaunchOf(o.Consents); err != nil {
		return refuse("%v", err)
	}
	if l, ok := s.launchOf(Name(o.Name)); ok {
		if list, kept := l.Keeps(o.Name); kept {
			return refuse("%v", s.keeps(o, list))
		}
	}
	if err := checkCaps(o, row.Watch); err != nil {
		return err
	}
	for _, x := range orders {
		if x.Route == o.Route && x.State.Holds() {
			return fmt.Errorf("%w: order %d via %s is %s", ErrExists, x.ID, x.Route, x.State)
		}
	}
	if !o.CutOff.IsZero() && !o.CutOff.After(now) {
		return refuse("%s closed for %s %s", o.Service, row.Name.Display(), atText(o.CutOff))
	}
	// Every order that this one would drive up needs a consent that names it.
	others := slices.DeleteFunc(holding(orders), func(x catch.Order) bool { return slices.Contains(o.Consents, "against:"+x.Route) })
	if g, ok := r.(guarded); ok {
		var self *launch.SelfError
		if err := g.Guard(others); errors.As(err, &self) {
			return refuse("%v; --consent against:%s%s allows it", err, launch.RoutePrefix, self.Has.ID)
		} else if err != nil {
			return refuse("%v", err)
		}
	}
	if against, why := againstOneself(r.Describe(), t, others); against != "" {
		return refuse("%s; --consent against:%s allows it", why, against)
	}
	if o.Kind == catch.Register && o.State == catch.Planned {
		switch t.Burst {
		case catch.BurstForbidden:
			return refuse("the terms of %s forbid repeated register calls; no consent helps", o.Service)
		case catch.BurstAllowed:
		default:
			if !slices.Contains(o.Consents, "burst") {
				return refuse("the terms of %s do not say whether repeated register calls are allowed; --consent burst takes that on you", o.Service)
			}
		}
	}
	if c, err := o.Cap.Cmp(t.Fee); err == nil && c < 0 && t.Fee.Units > 0 && o.Price.IsZero() && !r.Describe().Has(catch.CanQuote) {
		return refuse("%s costs %s if it wins, the cap is %s", o.Service, t.Fee, o.Cap)
	}
	if !o.Price.IsZero() {
		return checkPrice(o, catch.Quote{Price: o.Price, Premium: o.Premium})
	}
	return nil
}

// checkCaps holds an order's caps against the watch: an order may only lower
// them.
func checkCaps(o catch.Order, w Watch) error {
	if o.Cap.IsZero() {
		return refuse("no cap: say what it may cost at most, like --cap 60USD")
	}
	if o.Cap.Units < 0 || o.BidCap.Units < 0 {
		return refuse("a cap cannot be below zero")
	}
	if o.Cap.Currency == "" {
		return refuse("the cap %s has no currency", o.Cap.Amount())
	}
	if !o.BidCap.IsZero() && o.BidCap.Currency != o.Cap.Currency {
		return refuse("cap %s and bid cap %s: one currency for both", o.Cap, o.BidCap)
	}
	for _, c := range []struct {
		what     string
		ask, has catch.Money
	}{{"cap", o.Cap, w.Cap}, {"bid cap", o.BidCap, w.BidCap}} {
		if c.has == (catch.Money{}) || c.ask.IsZero() { // a cap of 0USD is one
			continue
		}
		if cmp, err := c.ask.Cmp(c.has); err != nil {
			return refuse("the %s of the order is in %s, that of the name in %s", c.what, c.ask.Currency, c.has.Currency)
		} else if cmp > 0 {
			return refuse("the %s %s is above the %s of the name, %s: an order may only lower it", c.what, c.ask, c.what, c.has)
		}
	}
	return nil
}

// lowered holds an order that stands to the caps that its name has now: the
// person may have lowered them since it was given. A bid cap that was not known
// when the order was given comes from the name.
func (s *Service) lowered(ctx context.Context, o catch.Order) (catch.Order, error) {
	row, err := s.store.Watch(ctx, Name(o.Name))
	if errors.Is(err, ErrNotFound) {
		return o, nil
	} else if err != nil {
		return o, err
	}
	for _, c := range []struct {
		what string
		cap  *catch.Money
		has  catch.Money
	}{{"cap", &o.Cap, row.Cap}, {"bid cap", &o.BidCap, row.BidCap}} {
		if c.what == "bid cap" && *c.cap == (catch.Money{}) {
			*c.cap = c.has
		}
		// No cap at all lowers nothing; one of nothing does: 0USD is not to spend.
		if c.has == (catch.Money{}) || c.cap.IsZero() {
			continue
		}
		if cmp, err := c.cap.Cmp(c.has); err != nil {
			return o, refuse("the %s of the order is in %s, that of the name is in %s now", c.what, c.cap.Currency, c.has.Currency)
		} else if cmp > 0 {
			*c.cap = c.has
		}
	}
	return o, nil
}

// MayBid says which guard refuses a bid, before anybody is asked for it.
func (s *Service) MayBid(ctx context.Context, o catch.Order, bid catch.Money) error {
	return s.checkWish(ctx, o, catch.WishBid, bid)
}

// MayPay says which guard refuses a payment.
func (s *Service) MayPay(ctx context.Context, o catch.Order) error {
	return s.checkWish(ctx, o, catch.WishPay, catch.Money{})
}

// checkWish holds a bid or a payment against the order as it stands: when it is
// asked for, and again when it is done.
func (s *Service) checkWish(ctx context.Context, o catch.Order, w catch.Wish, bid catch.Money) error {
	if w != catch.WishBid && w != catch.WishPay {
		return nil
	}
	o, err := s.lowered(ctx, o)
	if err != nil {
		return err
	}
	if w == catch.WishPay {
		most := AtMost(o)
		if o.State != catch.PaymentDue {
			return refuse("order %d is %s, nothing is due", o.ID, o.State)
		}
		if c, err := Owed(o).Cmp(most); err != nil || c > 0 {
			return refuse("%s is due, the cap is %s: pay it at %s if you want the name all the same", Owed(o), most, o.Service)
		}
		return nil
	}
	if bid.Units <= 0 {
		return refuse("a bid of %s is none", bid)
	}
	if err := checkBid(o, bid); err != nil {
		return err
	}
	if o.State == catch.InDoubt {
		return refuse("nobody knows what became of the last step at %s: that is found out first", o.Service)
	}
	if o.State == catch.AuctionLeading {
		with := o.OwnBid
		if with.IsZero() { // nobody says what was bid, but that it is the high one
			with = o.HighBid
		}
		return refuse("you lead with %s: a higher bid would top your own", with)
	}
	return nil
}

// checkPrice holds a price against an order's cap, in its currency.
func checkPrice(o catch.Order, q catch.Quote) error {
	switch {
	case q.Price.IsZero() && q.Free != nil && !*q.Free:
		return refuse("%s names no price while the name is taken: read there what it costs and confirm it with --price", o.Service)
	case q.Price.Units <= 0 || q.Price.Currency == "":
		return refuse("%s gave no price: no price, no purchase", o.Service)
	}
	if q.Price.Currency != o.Cap.Currency {
		return refuse("%s asks %s, the cap is in %s: nothing is converted", o.Service, q.Price, o.Cap.Currency)
	}
	if q.Premium && !o.Premium {
		return refuse("%s is a premium name at %s (%s); --premium agrees to that", Name(o.Name).Display(), o.Service, q.Price)
	}
	if c, err := q.Price.Cmp(o.Cap); err != nil || c > 0 {
		return refuse("%s asks %s, the cap is %s", o.Service, q.Price, o.Cap)
	}
	if o.Class != "" && q.Class != "" && o.Class != q.Class {
		return refuse("%s is of class %s at %s now, it was %s: order it again if you want it all the same", Name(o.Name).Display(), q.Class, o.Service, o.Class)
	}
	return nil
}

// priced keeps the price that was just read.
func priced(o *catch.Order, q catch.Quote) {
	o.Price, o.PriceAt, o.Basis = q.Price, q.At, q.Basis
	if q.Class != "" {
		o.Class = q.Class
	}
}

// confirmedBy begins the basis of a price that a person confirmed.
const confirmedBy = "confirmed by you on "

// confirmed is the price that a person confirmed, while it has not aged out. A
// price that a call returned once is no confirmation.
func confirmed(o catch.Order, now time.Time) (catch.Quote, error) {
	switch {
	case o.Price.IsZero() || o.PriceAt.IsZero() || o.Kind != catch.Prereg && !strings.HasPrefix(o.Basis, confirmedBy):
		return catch.Quote{}, refuse("no call at %s returns a price, and none was confirmed", o.Service)
	case now.Sub(o.PriceAt) > priceAges:
		return catch.Quote{}, refuse("the price %s was confirmed on %s, which is too long ago: confirm it again", o.Price, o.PriceAt.Format(time.DateOnly))
	}
	return catch.Quote{Name: o.Name, Price: o.Price, Premium: o.Premium, Basis: o.Basis, At: o.PriceAt}, nil
}

// burstKind reports whether orders of a kind wait for a window and fire there.
func burstKind(k catch.Kind) bool { return k == catch.EPP || k == catch.Register }

// guardError reports whether an error is a rule of ours that refused.
func guardError(err error) bool {
	return errors.Is(err, ErrGuard) || catch.KindOf(err) == catch.Guard
}

// holding are the orders that can still charge the person.
func holding(orders []catch.Order) []catch.Order {
	return slices.DeleteFunc(slices.Clone(orders), func(o catch.Order) bool { return !o.State.Holds() })
}

// inPhase reports whether an order is a create or an application in a phase of
// a launch: it is sent once that is open, and not in a burst.
func inPhase(o catch.Order) bool {
	l, err := catch.LaunchOf(o.Consents)
	return err == nil && l != nil
}
