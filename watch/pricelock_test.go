package watch_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// moody is a burster whose price call says something else each time.
type moody struct {
	*burster
	calls  atomic.Int32
	quotes []func() (catch.Quote, error)
}

func (m *moody) Quote(context.Context, string, int) (catch.Quote, error) {
	i := int(m.calls.Add(1)) - 1
	return m.quotes[min(i, len(m.quotes)-1)]()
}

func said(price catch.Money, class string) func() (catch.Quote, error) {
	return func() (catch.Quote, error) {
		free := false
		return catch.Quote{Price: price, Class: class, Free: &free, Basis: "quote call", At: time.Now()}, nil
	}
}

// unlisted is a check of a name that somebody still holds: no price stands in it.
func unlisted() (catch.Quote, error) { return said(catch.Money{}, "standard")() }

func failed(kind catch.ErrorKind) func() (catch.Quote, error) {
	return func() (catch.Quote, error) { return catch.Quote{}, &catch.Error{Kind: kind, Words: "no answer"} }
}

// TestPriceIsReadRightBeforeABurst prepares an order as an earlier burst left
// it, with a price that a call returned, and lets the call say something else.
func TestPriceIsReadRightBeforeABurst(t *testing.T) {
	for name, c := range map[string]struct {
		basis string
		now   func() (catch.Quote, error)
		state catch.State
		says  string
	}{
		"still the same":           {"quote call", said(usd(10), "standard"), catch.Won, ""},
		"another class":            {"quote call", said(usd(11), "tier-2"), catch.RefusedOrder, "class tier-2"},
		"another currency":         {"quote call", said(catch.Money{Units: 100000, Currency: "EUR"}, "standard"), catch.RefusedOrder, "EUR"},
		"above the cap":            {"quote call", said(usd(31), "standard"), catch.RefusedOrder, "the cap is 30.00 USD"},
		"no price any more":        {"quote call", failed(catch.Guard), catch.RefusedOrder, "none was confirmed"},
		"confirmed by the person":  {"confirmed by you on 2026-11-20", failed(catch.Guard), catch.Won, ""},
		"without, while taken":     {"quote call", unlisted, catch.RefusedOrder, "confirm it with --price"},
		"confirmed, while taken":   {"confirmed by you on 2026-11-20", unlisted, catch.Won, ""},
		"not to be read right now": {"confirmed by you on 2026-11-20", failed(catch.UpstreamDown), catch.Planned, "price not read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := &moody{burster: newBurster(w.reg), quotes: []func() (catch.Quote, error){c.now}}
			p := w.open(false)
			p.add(t, "a.co.uk")
			w.reg.pending("a.co.uk", 200*time.Millisecond)
			o, err := p.st.AddOrder(t.Context(), catch.Order{
				Key: "lapse-key", Name: "a.co.uk", Route: "epp:main", Service: "The epp:main", Kind: catch.EPP, State: catch.Planned, Years: 1,
				Cap: usd(30), Price: usd(10), PriceAt: time.Now().Add(-time.Hour).UTC(), Basis: c.basis, Class: "standard", NextTry: time.Now().UTC(),
			})
			if err != nil {
				t.Fatal(err)
			}
			if c.state == catch.Won {
				w.reg.drop("a.co.uk")
			}
			p.stop()
			p = w.open(true, m)
			if c.state == catch.Planned {
				until(t, "the price was asked for", func() bool { return strings.Contains(p.order(t, o.ID).Why, c.says) })
				if len(m.arms()) != 0 {
					t.Error("armed without a price")
				}
				return
			}
			if got := p.state(t, o.ID, c.state); !strings.Contains(got.Why, c.says) {
				t.Errorf("%s", got.Why)
			}
			if c.state == catch.RefusedOrder && len(m.arms()) != 0 {
				t.Error("armed all the same")
			}
		})
	}
}

// TestConfirmedPriceAgesOut: what was confirmed long ago stands in no more, also
// where the service's check leaves the price out.
func TestConfirmedPriceAgesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := &moody{burster: newBurster(w.reg), quotes: []func() (catch.Quote, error){unlisted}}
	p := w.open(false)
	p.add(t, "a.co.uk")
	w.reg.pending("a.co.uk", 200*time.Millisecond)
	o, err := p.st.AddOrder(t.Context(), catch.Order{
		Key: "lapse-key", Name: "a.co.uk", Route: "epp:main", Service: "The epp:main", Kind: catch.EPP, State: catch.Planned, Years: 1,
		Cap: usd(30), Price: usd(10), PriceAt: time.Now().AddDate(0, -2, 0).UTC(), Basis: "confirmed by you on 2026-09-20", NextTry: time.Now().UTC(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.stop()
	p = w.open(true, m)
	if got := p.state(t, o.ID, catch.RefusedOrder); !strings.Contains(got.Why, "too long ago") || len(m.arms()) != 0 {
		t.Errorf("%s, armed %d times", got.Why, len(m.arms()))
	}
}

// TestOpenIntentOfAWinIsAnswered begins where a process died while it took back
// an order that had been won meanwhile: there is nothing to doubt, and no loop.
func TestOpenIntentOfAWinIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(false, newService("backorder"))
	p.add(t, "a.com")
	o, err := p.st.AddOrder(t.Context(), catch.Order{Key: "k", Name: "a.com", Route: "backorder", Service: "x", Kind: catch.Backorder, State: catch.WonProvisional, Cap: usd(30), NextTry: time.Now().UTC()})
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := p.st.Take(t.Context(), "dead")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.st.Intend(t.Context(), catch.LedgerEntry{Epoch: epoch, Order: o.ID, Name: o.Name, Route: o.Route, Action: "cancel"}); err != nil {
		t.Fatal(err)
	}
	if err := p.st.Release(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
	p.stop()
	p = w.open(true, newService("backorder"))
	until(t, "answered", func() bool { open, err := p.st.InDoubt(t.Context()); return err == nil && len(open) == 0 })
	if got := p.order(t, o.ID); got.State != catch.WonProvisional {
		t.Errorf("%s: %s", got.State, got.Why)
	}
}

// TestBurstThatDiedSpentAllOfIt begins where a process died while its burst was
// out: every create that it announced counts as sent.
func TestBurstThatDiedSpentAllOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open(false, newBurster(w.reg))
	p.add(t, "a.co.uk")
	w.reg.set("a.co.uk", "ok")
	o, err := p.st.AddOrder(t.Context(), catch.Order{Key: "k", Name: "a.co.uk", Route: "epp:main", Service: "x", Kind: catch.EPP, State: catch.Requested, Cap: usd(30), NextTry: time.Now().UTC()})
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := p.st.Take(t.Context(), "dead")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.st.Intend(t.Context(), catch.LedgerEntry{Epoch: epoch, Order: o.ID, Name: o.Name, Route: o.Route, Action: "burst", AtMost: usd(30), Creates: 9}); err != nil {
		t.Fatal(err)
	}
	if err := p.st.Release(t.Context(), epoch); err != nil {
		t.Fatal(err)
	}
	p.stop()
	b := newBurster(w.reg)
	p = w.open(true, b)
	until(t, "answered", func() bool { open, err := p.st.InDoubt(t.Context()); return err == nil && len(open) == 0 })
	l, err := p.Ledger(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range l {
		if e.Step == catch.Answer && e.Creates != 9 {
			t.Errorf("%d creates count as spent, 9 were announced", e.Creates)
		}
	}
	if got := p.order(t, o.ID); got.State != catch.Planned {
		t.Errorf("%s: %s", got.State, got.Why)
	}
}
