package watch_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// lister is a service that tells what it holds.
type lister struct {
	*service
	down error
}

func (l *lister) List(context.Context) ([]catch.Listed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []catch.Listed
	for n, rep := range l.orders {
		out = append(out, catch.Listed{Name: n, Report: rep})
	}
	return out, l.down
}

// TestSyncFindsOrdersOfWebsites: a sync takes orders over that were placed on a
// service's website, once, and a service that is down keeps it from nothing.
func TestSyncFindsOrdersOfWebsites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	down := &lister{newService("down"), &catch.Error{Kind: catch.UpstreamDown, Words: "502"}}
	up := &lister{newService("up"), nil}
	p := w.open(false, down, up)
	p.add(t, "mine.com", "ours.com")
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "ours.com", Route: "up", Cap: usd(60)})
	if err != nil {
		t.Fatal(err)
	}
	up.report("mine.com", catch.Report{State: catch.Active, Ref: "web-1"})
	up.report("not-on-the-list.com", catch.Report{State: catch.Active, Ref: "web-2"})
	for range 2 {
		if err := p.Sync(t.Context()); catch.KindOf(err) != catch.UpstreamDown {
			t.Errorf("the service that is down: %v", err)
		}
	}
	os, err := p.Orders(t.Context(), watch.OrderFilter{})
	if err != nil || len(os) != 2 {
		t.Fatalf("%+v, %v", os, err)
	}
	for _, x := range os {
		switch {
		case x.ID == o.ID:
		case x.Name != "mine.com" || x.State != catch.Active || x.Ref != "web-1":
			t.Errorf("adopted: %+v", x)
		}
	}
}

// TestAdoptedOrderWithoutACapCounts: nobody set a cap for what was ordered on a
// website, and it can cost something all the same.
func TestAdoptedOrderWithoutACapCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := &lister{newService("backorder"), nil}
	svc.terms.Fee = usd(59)
	p := w.open(false, svc)
	p.add(t, "asked.com", "fee.com")
	svc.report("asked.com", catch.Report{State: catch.Active, Price: usd(69)})
	svc.report("fee.com", catch.Report{State: catch.Active})
	if _, err := p.Adopt(t.Context(), "backorder"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[watch.Name]catch.Money{"asked.com": usd(69), "fee.com": usd(59)} {
		d, err := p.Get(t.Context(), name)
		if err != nil || len(d.Exposure.MostOwed) != 1 || d.Exposure.MostOwed[0] != want {
			t.Errorf("%s: exposure %+v, %v; want %s", name, d.Exposure, err, want)
		}
	}
	if m, err := p.Spending(t.Context()); err != nil || len(m) != 1 || m[0].AtRisk != usd(128) {
		t.Errorf("at risk: %+v, %v; want 128.00 USD", m, err)
	}
}

// TestOrdersThatEndedAreNotAdopted: a service goes on listing what was won; it
// was paid for once. What is ordered anew on its website is another order.
func TestOrdersThatEndedAreNotAdopted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		own    catch.State
		paid   catch.Money
		listed catch.Report
		adopts bool
	}{
		"won":                    {catch.Won, usd(25), catch.Report{State: catch.WonProvisional, Ref: "7"}, false},
		"won, no number":         {catch.Won, usd(25), catch.Report{State: catch.WonProvisional}, false},
		"won, paid there":        {catch.Won, usd(25), catch.Report{State: catch.PaymentDue, Ref: "7"}, false},
		"reversed":               {catch.Reversed, usd(25), catch.Report{State: catch.WonProvisional, Ref: "7"}, false},
		"refunded in full":       {catch.Cancelled, usd(25), catch.Report{State: catch.WonProvisional, Ref: "7"}, false},
		"won, another is won":    {catch.Won, usd(25), catch.Report{State: catch.WonProvisional, Ref: "8"}, true},
		"won, ordered anew":      {catch.Won, usd(25), catch.Report{State: catch.Active, Ref: "7"}, true},
		"lost, won all the same": {catch.Lost, catch.Money{}, catch.Report{State: catch.PaymentDue, Ref: "7"}, true},
		"cancelled, ordered":     {catch.Cancelled, catch.Money{}, catch.Report{State: catch.Active, Ref: "7"}, true},
		"holds":                  {catch.Active, catch.Money{}, catch.Report{State: catch.Active, Ref: "8"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svc := &lister{newService("backorder"), nil}
			p := newWorld(t).open(false, svc)
			p.add(t, "a.com")
			if _, err := p.st.AddOrder(t.Context(), catch.Order{
				Key: "k", Name: "a.com", Route: "backorder", Service: "S", Kind: catch.Backorder, State: c.own, Ref: "7", Cap: usd(60), Paid: c.paid,
			}); err != nil {
				t.Fatal(err)
			}
			svc.report("a.com", c.listed)
			for round := range 2 {
				os, err := p.Adopt(t.Context(), "backorder")
				if want := c.adopts && round == 0; err != nil || len(os) == 1 != want {
					t.Errorf("round %d: %+v, %v", round, os, err)
				}
			}
		})
	}
}

// TestAdoptedOrderCountsAboveCapAndMonth: what stands at a service can cost
// what it costs there, whatever the caps here say.
func TestAdoptedOrderCountsAboveCapAndMonth(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		report catch.Report
		want   catch.Money
		why    string
	}{
		"above the cap":      {catch.Report{State: catch.AuctionLeading, Price: usd(69), OwnBid: usd(1500)}, usd(1500), "above the cap 60.00 USD"},
		"in another money":   {catch.Report{State: catch.Active, Price: catch.Money{Units: 750000, Currency: "EUR"}}, catch.Money{Units: 750000, Currency: "EUR"}, "counts with what it costs"},
		"below the cap":      {catch.Report{State: catch.Active, Price: catch.Money{Units: 249900, Currency: "USD"}}, usd(60), "it was placed at the service"},
		"price unknown":      {catch.Report{State: catch.Active}, usd(60), "it was placed at the service"},
		"above it by a cent": {catch.Report{State: catch.Active, Price: catch.Money{Units: 600100, Currency: "USD"}}, catch.Money{Units: 600100, Currency: "USD"}, "above the cap 60.00 USD"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.caps = map[string]catch.Money{"USD": usd(50)} // less than any of them
			svc := &lister{newService("backorder"), nil}
			p := w.open(false, svc)
			if _, err := p.Add(t.Context(), []watch.NewWatch{{Input: "a.com", Cap: usd(60)}}); err != nil {
				t.Fatal(err)
			}
			svc.report("a.com", c.report)
			os, err := p.Adopt(t.Context(), "backorder")
			if err != nil || len(os) != 1 || !strings.Contains(os[0].Why, c.why) {
				t.Fatalf("%+v, %v", os, err)
			}
			d, err := p.Get(t.Context(), "a.com")
			if err != nil || len(d.Exposure.MostOwed) != 1 || d.Exposure.MostOwed[0] != c.want {
				t.Errorf("exposure %+v, %v; want %s", d.Exposure, err, c.want)
			}
			// The month is over, and takes nothing more.
			p.add(t, "b.com")
			if _, err := p.Order(t.Context(), watch.OrderSpec{Name: "b.com", Route: "backorder", Cap: usd(60)}); !errors.Is(err, watch.ErrGuard) {
				t.Errorf("an order beyond the month: %v", err)
			}
		})
	}
}
