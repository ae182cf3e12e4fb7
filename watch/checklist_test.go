package watch_test

import (
	"context"
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
