package watch

import (
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/catch"
)

// AtMost is what an order can cost if it wins: the cap alone, or the bid cap
// where it may come to an auction.
func AtMost(o catch.Order) catch.Money { return dearer(o.Cap, o.BidCap) }

// BidUpTo is the most that may be bid on an order: its bid cap, and nothing
// where none was set. An expiry auction is only ever won by bids, and what is
// done by hand may be one: there the cap counts, unless it was said that nothing
// is bid (a bid cap of 0USD).
func BidUpTo(o catch.Order) catch.Money {
	if (o.Kind == catch.ExpiryAuction || o.Kind == catch.ByHand) && o.BidCap == (catch.Money{}) {
		return o.Cap
	}
	return o.BidCap
}

// bidCap words it.
func bidCap(o catch.Order) string {
	if most := BidUpTo(o); !most.IsZero() {
		return most.String()
	}
	return "none"
}

// checkBid holds a bid against that.
func checkBid(o catch.Order, bid catch.Money) error {
	most := BidUpTo(o)
	if most.IsZero() {
		return refuse("no bid cap: nothing is bid; `lapse edit %s --bid-cap %s` says what may be", Name(o.Name).Display(), "180"+o.Cap.Currency)
	}
	if bid.Currency == "" {
		return refuse("the bid %s has no currency", bid.Amount())
	}
	if c, err := bid.Cmp(most); err != nil {
		return refuse("the bid is in %s, the bid cap in %s", bid.Currency, most.Currency)
	} else if c > 0 {
		return refuse("the bid %s is above the bid cap %s", bid, most)
	}
	return nil
}

// Owed is what an order can still charge beyond what it has charged already.
func Owed(o catch.Order) catch.Money {
	var most catch.Money
	switch o.State {
	case catch.Planned, catch.Requested, catch.Active, catch.Processing, catch.InDoubt, catch.AuctionLeading, catch.AuctionOutbid:
		// The service may ask for more than the cap by now, and a bid may have
		// been placed on its website.
		most = dearer(dearer(AtMost(o), o.Price), o.OwnBid)
	case catch.PaymentDue:
		// What is owed is known, or else anything up to the cap.
		if most = dearer(o.Price, o.OwnBid); most.IsZero() {
			most = AtMost(o)
		}
	case catch.WonProvisional:
		if o.Paid.IsZero() {
			most = charged(o)
		}
	default:
		// Ended, or reversed: what was paid counts as spent until the refund
		// is recorded, and nothing is added to it.
		return catch.Money{}
	}
	if left, err := most.Add(o.Paid.Neg()); err == nil {
		most = left
	}
	if most.Units <= 0 {
		return catch.Money{}
	}
	return most
}

// depositOut reports whether an order came to nothing while its deposit has not
// come back: it is frozen until somebody says that it did.
func depositOut(o catch.Order) bool {
	switch o.State {
	case catch.Lost, catch.Failed, catch.Cancelled, catch.RefusedOrder:
		return o.Frozen.Units > 0
	}
	return false
}

// charged is what a win costs where nobody says what was charged for it: the
// price, or what was bid last where others bid as well.
func charged(o catch.Order) catch.Money {
	if o.OwnBid.IsZero() {
		return o.Price
	}
	if o.HighBid.IsZero() {
		return dearer(o.Price, o.OwnBid)
	}
	return dearer(o.Price, o.HighBid)
}

// dearer is the larger of two amounts; amounts in different currencies cannot
// be compared, then the first one counts (an order has one currency).
func dearer(a, b catch.Money) catch.Money {
	if c, err := a.Cmp(b); err == nil && c < 0 {
		return b
	}
	return a
}

// ExposureOf is what the orders of one name can cost together: only one of
// them can win, so that the dearest counts, but each loses its fee anyway. The
// fee of a pre-registration is a part of its price: it comes on top of another
// order's, and only as far as it is not paid.
func ExposureOf(orders []catch.Order) Exposure {
	owed, lost, frozen := purse{}, purse{}, purse{}
	for i, o := range orders {
		if o.State.Holds() || depositOut(o) {
			frozen.add(o.Frozen)
		}
		if !o.State.Holds() {
			continue
		}
		lost.add(o.LoseFee)
		fees := feesBeside(orders, i)
		for _, m := range fees {
			owed.raise(m)
		}
		fees.add(Owed(o))
		owed.raise(fees[Owed(o).Currency])
	}
	return Exposure{MostOwed: owed.list(), LostAnyway: lost.list(), Frozen: frozen.list()}
}

// feesBeside are the fees that are lost where the order with that index wins.
func feesBeside(orders []catch.Order, wins int) purse {
	fees := purse{}
	for i, o := range orders {
		switch {
		case !o.State.Holds():
		case o.Kind != catch.Prereg:
			fees.add(o.LoseFee)
		case i != wins:
			if left, err := o.LoseFee.Add(o.Paid.Neg()); err == nil && left.Units > 0 {
				fees.add(left)
			}
		}
	}
	return fees
}

// ExposureOfAll sums the exposure of every name.
func ExposureOfAll(orders []catch.Order) Exposure {
	byName := map[string][]catch.Order{}
	for _, o := range orders {
		byName[o.Name] = append(byName[o.Name], o)
	}
	owed, lost, frozen := purse{}, purse{}, purse{}
	for _, os := range byName {
		e := ExposureOf(os)
		for _, m := range e.MostOwed {
			owed.add(m)
		}
		for _, m := range e.LostAnyway {
			lost.add(m)
		}
		for _, m := range e.Frozen {
			frozen.add(m)
		}
	}
	return Exposure{MostOwed: owed.list(), LostAnyway: lost.list(), Frozen: frozen.list()}
}

// purse holds one amount a currency.
type purse map[string]catch.Money

func (p purse) add(m catch.Money) {
	if m.IsZero() {
		return
	}
	if sum, err := p[m.Currency].Add(m); err == nil {
		p[m.Currency] = sum
	}
}

func (p purse) raise(m catch.Money) {
	if !m.IsZero() {
		p[m.Currency] = dearer(p[m.Currency], m)
	}
}

func (p purse) list() []catch.Money {
	out := make([]catch.Money, 0, len(p))
	for _, m := range p {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b catch.Money) int { return strings.Compare(a.Currency, b.Currency) })
	return out
}
