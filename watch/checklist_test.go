package watch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// carer is a service that also looks after names.
type carer struct {
	*service
	mu   sync.Mutex
	did  []string
	fail error // once
}

func (c *carer) note(what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.fail; err != nil {
		c.fail = nil
		return err
	}
	c.did = append(c.did, what)
	return nil
}

func (c *carer) AutoRenew(context.Context, string, bool) error { return c.note("auto-renew") }
func (c *carer) Lock(context.Context, string, bool) error {
	return &catch.Error{Kind: catch.Guard, Service: "The register", Op: "lock", Words: "no call does it"}
}

func (c *carer) Nameservers(_ context.Context, _ string, hosts []string) error {
	return c.note("ns " + strings.Join(hosts, " "))
}

func TestAfterCare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := &carer{service: newService("register"), fail: &catch.Error{Kind: catch.Busy, Words: "later", RetryAfter: 1}}
	c.desc.Kind, c.won = catch.Register, true
	c.desc.Can = append(c.desc.Can, catch.CanAutoRenew, catch.CanLock)
	p := w.open(true, c)
	p.add(t, "won.com")
	until(t, "looked at", func() bool { d, err := p.Get(t.Context(), "won.com"); return err == nil && d.Looks > 0 })
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "won.com", Route: "register", Cap: usd(30)})
	if err != nil {
		t.Fatal(err)
	}
	item := func(what string) watch.CheckItem {
		cs, err := p.Checklist(t.Context(), "won.com")
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range cs {
			if x.Item == what {
				return x
			}
		}
		return watch.CheckItem{}
	}
	defer func() {
		if t.Failed() {
			cs, err := p.Checklist(context.Background(), "won.com")
			t.Log(p.order(t, o.ID), cs, err)
		}
	}()
	until(t, "the program did what it can", func() bool {
		return !item("auto-renew").Done.IsZero() && strings.Contains(item("lock").Why, "set it at")
	})
	if x := item("auto-renew"); x.By != "lapse" || x.Tries < 1 || x.Order != o.ID {
		t.Errorf("%+v", x)
	}
	if x := item("lock"); !x.Done.IsZero() || !x.Next.IsZero() {
		t.Errorf("a step without a call is the person's: %+v", x)
	}
	won := item("transfer-out").Due.Sub(item("undo").Due).Hours() / 24
	if won != 55 {
		t.Errorf("transfer-out is %v days after undo", won)
	}
	if x, err := p.TickOff(t.Context(), "won.com", "two-factor", false); err != nil || x.By != "you" {
		t.Errorf("%+v, %v", x, err)
	}
	if item("two-factor").Done.IsZero() {
		t.Error("not ticked off")
	}
	if _, err := p.TickOff(t.Context(), "won.com", "nonsense", false); err == nil {
		t.Error("an item that is not there was ticked off")
	}
	h, err := p.History(t.Context(), "won.com", 0)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, x := range h {
		if x.Field == "checklist" {
			said[x.After+" "+strings.Fields(x.Text)[0]] = true
		}
	}
	for _, want := range []string{"auto-renew failed:", "auto-renew done", "lock failed:", "two-factor done"} {
		if !said[want] {
			t.Errorf("history lacks %q: %v", want, said)
		}
	}
}

// TestDepositComesBack: what was frozen for an order that came to nothing stays
// frozen until somebody says that it is back.
func TestDepositComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newService("backorder")
	svc.terms.Refund, svc.terms.RefundWhen = catch.RefundCredit, "within 3 days"
	p := w.open(false, svc)
	frozen := func() catch.Money {
		t.Helper()
		m, err := p.Spending(t.Context())
		if err != nil || len(m) != 1 {
			t.Fatalf("%+v, %v", m, err)
		}
		return m[0].Frozen
	}
	lose := func(name watch.Name) catch.Order {
		t.Helper()
		o, err := p.Order(t.Context(), watch.OrderSpec{Name: name, Route: "backorder", Cap: usd(60)})
		if err != nil {
			t.Fatal(err)
		}
		o.Frozen = usd(3)
		if o, err = p.Record(t.Context(), o, "the website froze a deposit"); err != nil {
			t.Fatal(err)
		}
		if err := p.Sync(t.Context()); err != nil { // whose answer says nothing of it
			t.Fatal(err)
		}
		svc.report(string(name), catch.Report{State: catch.Lost, Words: "caught by others"})
		if err := p.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		o = p.order(t, o.ID)
		if o.State != catch.Lost || o.Frozen != usd(3) || frozen() != usd(3) {
			t.Fatalf("%s: %s with %s frozen, %s in all", name, o.State, o.Frozen, frozen())
		}
		cs, err := p.Checklist(t.Context(), name)
		if err != nil || len(cs) != 1 || !strings.Contains(cs[0].Text, "3.00 USD came back from The backorder (as credit, within 3 days)") {
			t.Fatalf("%+v, %v", cs, err)
		}
		d, err := p.Get(t.Context(), name)
		if err != nil || len(d.Exposure.Frozen) != 1 || d.Exposure.Frozen[0] != usd(3) || len(d.Exposure.MostOwed) != 0 {
			t.Errorf("exposure %+v, %v", d.Exposure, err)
		}
		return o
	}
	o := lose("ticked.com")
	item := fmt.Sprintf("deposit-%d", o.ID)
	if _, err := p.TickOff(t.Context(), "ticked.com", item, false); err != nil || !frozen().IsZero() || !p.order(t, o.ID).Frozen.IsZero() {
		t.Errorf("ticked off: %s frozen, %v", frozen(), err)
	}
	if _, err := p.TickOff(t.Context(), "ticked.com", item, true); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("a deposit that is off the books was put back: %v", err)
	}
	o = lose("recorded.com")
	o.Frozen = catch.Money{}
	if _, err := p.Record(t.Context(), o, "it is on the account"); err != nil || !frozen().IsZero() {
		t.Errorf("recorded: %s frozen, %v", frozen(), err)
	}
	if cs, err := p.Checklist(t.Context(), "recorded.com"); err != nil || len(cs) != 1 || cs[0].Done.IsZero() {
		t.Errorf("%+v, %v", cs, err)
	}
}
