package watch_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// TestWishDuringALostCall asks for a cancellation while the order's call is
// out, and then loses its answer.
func TestWishDuringALostCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newService("backorder")
	svc.block = make(chan struct{})
	svc.lose = func(string) error { return &catch.Error{Kind: catch.OutcomeUnknown, Words: "timeout"} }
	p := w.open(true, svc)
	// Before somebody acts, an order is placed by whoever gives it.
	until(t, "it acts", func() bool { l, err := p.st.Lease(t.Context()); return err == nil && l.Held })
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the call is out", func() bool { open, err := p.st.InDoubt(t.Context()); return err == nil && len(open) == 1 })
	if _, err := p.Cancel(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	close(svc.block)
	p.state(t, o.ID, catch.Cancelled)
	if n := svc.times("a.com"); n != 1 {
		t.Errorf("placed %d times", n)
	}
}

// payer is a service at which a call pays.
type payer struct {
	*service
	pays atomic.Int32
}

func newPayer() *payer {
	b := &payer{service: newService("auction")}
	b.desc.Can = append(b.desc.Can, catch.CanBid, catch.CanPay)
	return b
}

func (b *payer) Bid(context.Context, catch.Order, catch.Money) (catch.Report, error) {
	return catch.Report{}, nil
}

func (b *payer) Pay(_ context.Context, o catch.Order) (catch.Report, error) {
	b.pays.Add(1)
	return catch.Report{State: catch.WonProvisional, Paid: o.Price}, nil
}

// TestPaymentThatDiedIsNotRepeated begins where a process died between the
// intent to pay and its answer: what the person had asked for was done, or was
// not, but is never done again by itself.
func TestPaymentThatDiedIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, found := range []catch.Report{
		{State: catch.WonProvisional, Paid: usd(40)},
		{State: catch.PaymentDue},
	} {
		t.Run(string(found.State), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			svc := newPayer()
			svc.report("a.com", found)
			p := w.open(false, svc)
			p.add(t, "a.com")
			o, err := p.st.AddOrder(t.Context(), catch.Order{
				Key: "k", Name: "a.com", Route: "auction", Service: "The auction", Kind: catch.Backorder,
				State: catch.PaymentDue, Cap: usd(60), Price: usd(40), Wish: catch.WishPay, NextTry: time.Now(),
			})
			if err != nil {
				t.Fatal(err)
			}
			epoch, err := p.st.Take(t.Context(), "dead")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.st.Intend(t.Context(), catch.LedgerEntry{Epoch: epoch, Order: o.ID, Name: o.Name, Route: o.Route, Action: "pay", AtMost: usd(40)}); err != nil {
				t.Fatal(err)
			}
			q := w.open(true, svc)
			q.state(t, o.ID, found.State)
			until(t, "it is settled", func() bool { open, err := p.st.InDoubt(t.Context()); return err == nil && len(open) == 0 })
			if got := q.order(t, o.ID); got.Wish != catch.WishNone || svc.pays.Load() != 0 {
				t.Errorf("wish %q, paid %d times", got.Wish, svc.pays.Load())
			}
		})
	}
}

// TestSyncFindsOutAfterACrash runs no program but single commands: one died in
// its call, the next asks what became of it.
func TestSyncFindsOutAfterACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newService("backorder")
	svc.report("a.com", catch.Report{State: catch.Active})
	p := w.open(false, svc)
	p.add(t, "a.com")
	o, err := p.st.AddOrder(t.Context(), catch.Order{
		Key: "k", Name: "a.com", Route: "backorder", Service: "The backorder", Kind: catch.Backorder, State: catch.Requested, Cap: usd(60), NextTry: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := p.st.Take(t.Context(), "dead")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.st.Intend(t.Context(), catch.LedgerEntry{Epoch: epoch, Order: o.ID, Name: o.Name, Route: o.Route, Action: "order", AtMost: usd(60)}); err != nil {
		t.Fatal(err)
	}
	if err := p.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := p.order(t, o.ID); got.State != catch.Active || svc.times("a.com") != 0 {
		t.Errorf("%s, placed %d times: %s", got.State, svc.times("a.com"), got.Why)
	}
}
