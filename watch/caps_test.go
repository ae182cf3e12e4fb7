package watch_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// TestLoweredCapHoldsForOrdersThatStand lowers the cap of a name after its
// order was given and before it is sent.
func TestLoweredCapHoldsForOrdersThatStand(t *testing.T) {
	t.Parallel()
	for _, low := range []catch.Money{usd(20), {Currency: "USD"}} { // 0USD: nothing may be spent
		t.Run(low.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			svc := newService("backorder")
			early := true
			svc.fail = func(string) error {
				if early {
					early = false
					return &catch.Error{Kind: catch.NotDroppableYet}
				}
				return nil
			}
			b := newBurster(w.reg)
			w.reg.set("b.co.uk")
			p := w.open(false, svc, b)
			p.add(t, "b.co.uk")
			o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60), BidCap: usd(180)})
			if err != nil || o.State != catch.Planned {
				t.Fatalf("%+v, %v", o, err)
			}
			x, err := p.Order(t.Context(), watch.OrderSpec{Name: "b.co.uk", Route: "epp:main", Cap: usd(60)})
			if err != nil || x.State != catch.Planned {
				t.Fatalf("%+v, %v", x, err)
			}
			for _, n := range []watch.Name{"a.com", "b.co.uk"} {
				if _, err := p.Edit(t.Context(), n, watch.Patch{Cap: &low}); err != nil {
					t.Fatal(err)
				}
			}
			// Both ask 25 and are due now.
			o.NextTry = time.Now()
			if err := p.st.SaveOrder(t.Context(), o, ""); err != nil {
				t.Fatal(err)
			}
			w.reg.drop("b.co.uk")
			q := w.open(true, svc, b)
			for _, id := range []int64{o.ID, x.ID} {
				if got := q.state(t, id, catch.RefusedOrder); !strings.Contains(got.Why, "the cap is "+low.String()) {
					t.Errorf("%s: %s", got.Name, got.Why)
				}
			}
			if n := svc.times("a.com"); n != 0 || len(b.arms()) != 0 {
				t.Errorf("placed %d times, armed %d times", n, len(b.arms()))
			}
		})
	}
}

// TestBidsAreHeldAgainstTheBidCap: what may be charged alone is not what may be
// bid, and where nobody said what may be bid, nothing is.
func TestBidsAreHeldAgainstTheBidCap(t *testing.T) {
	t.Parallel()
	none := catch.Money{Currency: "USD"} // said: no bidding
	for name, c := range map[string]struct {
		kind    catch.Kind
		cap     catch.Money // the order's, where it is auctioned
		later   catch.Money // the name's, set after the order
		bid     catch.Money
		refused string
	}{
		"at it":              {catch.Backorder, usd(40), catch.Money{}, usd(40), ""},
		"above it":           {catch.Backorder, usd(40), catch.Money{}, usd(50), "the bid 50.00 USD is above the bid cap 40.00 USD"},
		"none":               {catch.Backorder, catch.Money{}, catch.Money{}, usd(1), "no bid cap"},
		"said to be none":    {catch.Backorder, none, usd(90), usd(1), "no bid cap"},
		"set later":          {catch.Backorder, catch.Money{}, usd(90), usd(90), ""},
		"lowered later":      {catch.Backorder, usd(90), usd(80), usd(85), "above the bid cap 80.00 USD"},
		"forbidden later":    {catch.Backorder, usd(90), none, usd(1), "no bid cap"},
		"raised later":       {catch.Backorder, usd(40), usd(90), usd(50), "above the bid cap 40.00 USD"},
		"in another money":   {catch.Backorder, usd(40), catch.Money{}, catch.Money{Units: 10000, Currency: "EUR"}, "the bid is in EUR"},
		"by hand":            {catch.ByHand, catch.Money{}, catch.Money{}, usd(60), ""},
		"by hand, above":     {catch.ByHand, catch.Money{}, catch.Money{}, usd(61), "above the bid cap 60.00 USD"},
		"auction alone":      {catch.ExpiryAuction, catch.Money{}, catch.Money{}, usd(60), ""},
		"auction, no bids":   {catch.ExpiryAuction, none, catch.Money{}, usd(1), "no bid cap"},
		"auction, its own":   {catch.ExpiryAuction, usd(30), catch.Money{}, usd(31), "above the bid cap 30.00 USD"},
		"nothing at all":     {catch.Backorder, usd(40), catch.Money{}, catch.Money{Currency: "USD"}, "is none"},
		"less than nothing":  {catch.Backorder, usd(40), catch.Money{}, usd(-5), "is none"},
		"no currency at all": {catch.Backorder, usd(40), catch.Money{}, catch.Money{Units: 10000}, "has no currency"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := newPayer()
			svc.desc.Kind = c.kind
			p := newWorld(t).open(false, svc)
			p.add(t, "a.com")
			o, err := p.st.AddOrder(t.Context(), catch.Order{
				Key: "k", Name: "a.com", Route: svc.desc.Route, Service: "S", Kind: c.kind, State: catch.AuctionOutbid, Cap: usd(60), BidCap: c.cap, HighBid: usd(1),
			})
			if err != nil {
				t.Fatal(err)
			}
			if c.later != (catch.Money{}) {
				if _, err := p.Edit(t.Context(), "a.com", watch.Patch{BidCap: &c.later}); err != nil {
					t.Fatal(err)
				}
			}
			_, err = p.Bid(t.Context(), o.ID, c.bid)
			switch {
			case c.refused == "" && err != nil:
				t.Error(err)
			case c.refused != "" && (!errors.Is(err, watch.ErrGuard) || !strings.Contains(err.Error(), c.refused)):
				t.Errorf("%v, want %q", err, c.refused)
			}
		})
	}
}

// TestPaymentIsHeldAgainstTheCap wins an auction above what may be charged.
func TestPaymentIsHeldAgainstTheCap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newPayer()
	svc.report("a.com", catch.Report{State: catch.PaymentDue})
	p := w.open(false, svc)
	p.add(t, "a.com")
	o, err := p.st.AddOrder(t.Context(), catch.Order{
		Key: "k", Name: "a.com", Route: "auction", Service: "The auction", Kind: catch.Backorder, State: catch.PaymentDue, Cap: usd(60), Price: usd(90),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Pay(t.Context(), o.ID); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("above the cap: %v", err)
	}
	// A wish that was fine when it was made is held against what is due by now.
	if _, err := p.st.Wish(t.Context(), o.ID, catch.WishPay, catch.Money{}); err != nil {
		t.Fatal(err)
	}
	q := w.open(true, svc)
	until(t, "the wish is over", func() bool { return q.order(t, o.ID).Wish == catch.WishNone })
	// By the event: the order's own words are those of the next time it is asked.
	until(t, "it is told why", func() bool {
		es, err := q.st.Events(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(es, func(e watch.Event) bool { return strings.Contains(e.Text, "cap is 60.00 USD") })
	})
	if n := svc.pays.Load(); n != 0 {
		t.Errorf("paid %d times", n)
	}
}

// TestPreflightCountsAnOrderOnce holds an order that stands against the month,
// whose cap has room for it and its fee, and not for that fee twice.
func TestPreflightCountsAnOrderOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newService("backorder")
	svc.terms.LoseFee = usd(600)
	p := w.open(false, svc)
	p.add(t, "a.com")
	if o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(300)}); err != nil || o.State != catch.Active {
		t.Fatalf("%+v, %v", o, err)
	}
	lines, err := p.Preflight(t.Context(), watch.PreflightSpec{Name: "a.com"})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(lines, func(l watch.PreflightLine) bool { return l.What == "month" })
	if i < 0 || lines[i].Light != catch.Green {
		t.Errorf("%+v", lines)
	}
}

// TestNothingSaidAndNothingWanted: only a cap that was not said is the name's
// own; 0 USD is not to bid at all, or to order nothing.
func TestNothingSaidAndNothingWanted(t *testing.T) {
	t.Parallel()
	p := newWorld(t).open(false, newService("backorder"))
	p.add(t, "a.com")
	limit, most := usd(60), usd(180)
	if _, err := p.Edit(t.Context(), "a.com", watch.Patch{Cap: &limit, BidCap: &most}); err != nil {
		t.Fatal(err)
	}
	spec := watch.OrderSpec{Name: "a.com", Route: "backorder", DryRun: true}
	if o, err := p.Order(t.Context(), spec); err != nil || o.Cap != limit || o.BidCap != most {
		t.Errorf("nothing said: %s alone, %s in an auction, %v", o.Cap, o.BidCap, err)
	}
	spec.BidCap = usd(0)
	if o, err := p.Order(t.Context(), spec); err != nil || !o.BidCap.IsZero() {
		t.Errorf("no bidding: %s in an auction, %v", o.BidCap, err)
	}
	spec.Cap = usd(0)
	if _, err := p.Order(t.Context(), spec); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("a cap of nothing: %v", err)
	}
}
