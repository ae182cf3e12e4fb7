package watch_test

import (
	"context"
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
