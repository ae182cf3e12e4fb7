package watch_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

func TestLookIsKeptAndTold(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	w.reg.set("held.com", "ok")
	p := w.open(true)
	events, stop := p.Subscribe()
	defer stop()
	p.add(t, "held.com", "gone.com")
	seen := map[watch.Name]lifecycle.Stage{}
	for len(seen) < 2 {
		select {
		case e := <-events:
			if e.Kind == watch.EvChanged {
				seen[e.Name] = e.Stage
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("told of %v", seen)
		}
	}
	if seen["held.com"] != lifecycle.Registered || seen["gone.com"] != lifecycle.Free {
		t.Errorf("%v", seen)
	}
	d, err := p.Get(ctx, "gone.com")
	if err != nil {
		t.Fatal(err)
	}
	if d.Verdict.Confidence != lifecycle.Confirmed || len(d.Answers) < 2 || len(d.Known) < 2 || !d.Due.After(time.Now()) {
		t.Errorf("%+v", d)
	}
	if d.Answers[0].Raw == nil {
		t.Error("the raw answer is lost")
	}
	if d.Todo.Verb != watch.TodoOrder {
		t.Errorf("free and nothing to do: %+v", d.Todo)
	}
}

func TestUnreachableChangesNothing(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	w.reg.set("held.com", "ok")
	p := w.open(false)
	p.add(t, "held.com")
	if err := p.LookNow(ctx, "held.com"); err != nil {
		t.Fatal(err)
	}
	before, err := p.Get(ctx, "held.com")
	if err != nil || before.Verdict.Stage != lifecycle.Registered {
		t.Fatalf("%+v, %v", before.Verdict, err)
	}
	w.reg.setDown(true)
	if err := p.LookNow(ctx, "held.com"); err != nil {
		t.Fatal(err)
	}
	after, err := p.Get(ctx, "held.com")
	if err != nil {
		t.Fatal(err)
	}
	if after.Verdict.Stage != lifecycle.Registered || !after.LookedAt.Equal(before.LookedAt) || len(after.History) != len(before.History) {
		t.Errorf("the silence of a server changed something: %+v", after.Row)
	}
	if !strings.Contains(after.Trouble, "source unreachable") || !strings.Contains(after.Trouble, "127.0.0.1:8443") || !strings.Contains(after.Trouble, "asked again at") {
		t.Errorf("trouble: %q", after.Trouble)
	}
	for _, k := range after.Known {
		if k.Times != 1 {
			t.Errorf("a server that was not reached learned of it: %+v", k)
		}
	}
	if !after.Due.After(time.Now()) || after.Due.After(time.Now().Add(2*time.Hour)) {
		t.Errorf("due %s", after.Due)
	}
	w.reg.setDown(false)
	if err := p.LookNow(ctx, "held.com"); err != nil {
		t.Fatal(err)
	}
	if d, _ := p.Get(ctx, "held.com"); d.Trouble != "" {
		t.Errorf("trouble stays: %q", d.Trouble)
	}
}

func TestCheckStoresNothing(t *testing.T) {
	w := newWorld(t)
	p := w.open(false)
	w.reg.set("a.com", "pendingDelete")
	got := map[watch.Name]watch.Look{}
	if err := p.Check(t.Context(), []watch.Name{"a.com", "b.com"}, func(l watch.Look) { got[l.Name] = l }); err != nil {
		t.Fatal(err)
	}
	if got["a.com"].Verdict.Stage != lifecycle.PendingDelete || got["b.com"].Verdict.Stage != lifecycle.Free {
		t.Errorf("%+v", got)
	}
	page, err := p.List(t.Context(), watch.Query{})
	if err != nil || page.Total != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	bs, err := p.Budgets(t.Context())
	if err != nil || len(bs) == 0 {
		t.Errorf("budgets: %v, %v", bs, err)
	}
}

func TestEditConflict(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.open(false)
	p.add(t, "a.com")
	note := "mine one day"
	a, err := p.Edit(ctx, "a.com", watch.Patch{Note: &note, AddTags: []string{"Brand"}})
	if err != nil || a.Rev != 2 || a.Tags[0] != "brand" {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := p.Edit(ctx, "a.com", watch.Patch{Rev: 1, DropTags: []string{"brand"}}); !errors.Is(err, watch.ErrStale) {
		t.Fatalf("an old revision: %v", err)
	}
	if _, err := p.Edit(ctx, "a.com", watch.Patch{AddTags: []string{"a b"}}); err == nil {
		t.Fatal("a tag with a space")
	}
	h, err := p.History(ctx, "a.com", 0)
	if err != nil || len(h) != 3 {
		t.Fatalf("%+v, %v", h, err)
	}
}

func TestCommandHandsItsOrderToTheHolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reg.set("a.com", "pendingDelete")
	svc := newService("backorder")
	holder := w.open(true, svc)
	until(t, "the holder acts", func() bool { st, err := holder.Status(t.Context()); return err == nil && st.Acting })
	command := w.open(false, svc)
	command.add(t, "a.com")
	o, err := command.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	o, err = command.Follow(ctx, o.ID)
	if err != nil || o.State != catch.Active || o.Ref == "" || o.Price != usd(25) {
		t.Fatalf("%+v, %v", o, err)
	}
	if n := svc.times("a.com"); n != 1 {
		t.Errorf("placed %d times", n)
	}
	l, err := command.Ledger(ctx, 0)
	if err != nil || len(l) != 2 || l[1].Step != catch.Intent || l[0].Step != catch.Answer || l[0].Intent != l[1].Seq || l[1].AtMost != usd(60) {
		t.Errorf("ledger: %+v, %v", l, err)
	}
	if _, err := command.Order(ctx, watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)}); !errors.Is(err, watch.ErrExists) {
		t.Errorf("the same again: %v", err)
	}
	if _, err := command.Remove(ctx, "a.com"); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("removed with a live order: %v", err)
	}
	if o, err = command.Cancel(ctx, o.ID); err != nil {
		t.Fatal(err)
	}
	if o, err = command.Follow(ctx, o.ID); err != nil || o.State != catch.Cancelled {
		t.Fatalf("%+v, %v", o, err)
	}
}

func TestCommandActsAloneWhenTheLeaseIsFree(t *testing.T) {
	w := newWorld(t)
	svc := newService("backorder")
	p := w.open(false, svc)
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
	if err != nil || o.State != catch.Active {
		t.Fatalf("%+v, %v", o, err)
	}
	l, err := p.st.Lease(t.Context())
	if err != nil || l.Held {
		t.Errorf("the lease stays taken: %+v, %v", l, err)
	}
}

func TestPlannedOrderIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reg.set("a.com", "redemptionPeriod")
	svc := newService("backorder")
	svc.fail = func(name string) error {
		w.reg.mu.Lock()
		defer w.reg.mu.Unlock()
		if w.reg.names[name].Statuses[0] != "pendingDelete" {
			return &catch.Error{Kind: catch.NotDroppableYet, Words: "we cannot find it"}
		}
		return nil
	}
	p := w.open(true, svc)
	p.add(t, "a.com")
	until(t, "looked at", func() bool { d, err := p.Get(t.Context(), "a.com"); return err == nil && d.Looks > 0 })
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60), BidCap: usd(180)})
	if err != nil {
		t.Fatal(err)
	}
	o = p.state(t, o.ID, catch.Planned)
	if !strings.Contains(o.Why, "we cannot find it") || !o.NextTry.After(time.Now()) || o.NextTry.After(time.Now().Add(25*time.Hour)) {
		t.Errorf("%+v", o)
	}
	w.reg.set("a.com", "pendingDelete")
	if err := p.LookNow(t.Context(), "a.com"); err != nil {
		t.Fatal(err)
	}
	p.state(t, o.ID, catch.Active)
	if n := svc.times("a.com"); n != 1 {
		t.Errorf("placed %d times", n)
	}
	sp, err := p.Spending(t.Context())
	if err != nil || len(sp) != 1 || sp[0].AtRisk != usd(180) {
		t.Errorf("at risk: %+v, %v", sp, err)
	}
}

func TestUnknownOutcomeIsLookedUpNeverRepeated(t *testing.T) {
	for _, c := range []struct {
		name string
		done bool // the service did it before the answer was lost
		err  error
	}{
		{"answer lost", true, &catch.Error{Kind: catch.OutcomeUnknown, Words: "timeout"}},
		{"untyped failure", true, errors.New("connection reset")},
		{"never arrived", false, &catch.Error{Kind: catch.OutcomeUnknown, Words: "timeout"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			svc := newService("backorder")
			once := true
			f := func(string) error {
				if once {
					once = false
					return c.err
				}
				return nil
			}
			if c.done {
				svc.lose = f
			} else {
				svc.fail = f
			}
			p := w.open(true, svc)
			o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
			if err != nil {
				t.Fatal(err)
			}
			p.state(t, o.ID, catch.Active)
			if n := svc.times("a.com"); n != 1 {
				t.Errorf("placed %d times", n)
			}
			open, err := p.st.InDoubt(t.Context())
			if err != nil || len(open) != 0 {
				t.Errorf("still in doubt: %+v, %v", open, err)
			}
		})
	}
}

func TestGuards(t *testing.T) {
	w := newWorld(t)
	pool := newService("pool-a")
	pool.desc.Pool = "web.com"
	other := newService("pool-b")
	other.desc.Pool = "web.com"
	noPrice := newService("no-price")
	noPrice.desc.Can = []catch.Can{catch.CanOrder, catch.CanFind}
	closed := newService("closed")
	closed.closed = ".com needs an accredited registrar"
	burst := newService("burst")
	burst.desc.Kind, burst.terms.Burst = catch.Register, catch.BurstForbidden
	unstated := newService("unstated")
	unstated.desc.Kind = catch.Register
	dear := newService("dear")
	dear.price = usd(61)
	premium := newService("premium")
	premium.prem = true
	euro := newService("euro")
	euro.price = catch.Money{Units: 250000, Currency: "EUR"}
	p := w.open(false, pool, other, noPrice, closed, burst, unstated, dear, premium, euro)
	cap60 := usd(60)
	p.add(t, "a.com")
	if _, err := p.Edit(t.Context(), "a.com", watch.Patch{Cap: &cap60}); err != nil {
		t.Fatal(err)
	}
	if o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "pool-a"}); err != nil || o.State != catch.Active {
		t.Fatalf("%+v, %v", o, err)
	}
	for _, c := range []struct {
		spec watch.OrderSpec
		want string
	}{
		{watch.OrderSpec{Route: "pool-b"}, "you would bid against yourself"},
		{watch.OrderSpec{Route: "no-price"}, "confirm it with --price"},
		{watch.OrderSpec{Route: "no-price", Price: usd(70)}, "the cap is 60.00 USD"},
		{watch.OrderSpec{Route: "closed"}, "accredited registrar"},
		{watch.OrderSpec{Route: "burst"}, "forbid"},
		{watch.OrderSpec{Route: "unstated"}, "--consent burst"},
		{watch.OrderSpec{Route: "dear", Cap: usd(100)}, "an order may only lower it"},
		{watch.OrderSpec{Route: "dear", Cap: catch.Money{Units: 1, Currency: "EUR"}}, "in EUR"},
		{watch.OrderSpec{Route: "dear", Cap: catch.Money{Units: 1}}, "no currency"},
		{watch.OrderSpec{Route: "pool-b", BidCap: usd(2000), Consents: []string{"against:pool-a"}}, "the month's cap"},
	} {
		c.spec.Name = "a.com"
		pre, err := p.Preview(t.Context(), c.spec)
		if err != nil || !strings.Contains(pre.Refused, c.want) {
			t.Errorf("preview %s: %q, %v; want %q", c.spec.Route, pre.Refused, err, c.want)
		}
		if _, err := p.Order(t.Context(), c.spec); !errors.Is(err, watch.ErrGuard) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("order %s: %v; want %q", c.spec.Route, err, c.want)
		}
	}
	// These are only known when the price is read, right before the call.
	for route, want := range map[string]string{"dear": "asks 61.00 USD", "premium": "premium name", "euro": "nothing is converted"} {
		pre, err := p.Preview(t.Context(), watch.OrderSpec{Name: "a.com", Route: route})
		if err != nil || !strings.Contains(pre.Refused, want) {
			t.Errorf("preview %s: %q, %v", route, pre.Refused, err)
		}
		o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: route})
		if err != nil || o.State != catch.RefusedOrder || !strings.Contains(o.Why, want) {
			t.Errorf("order %s: %s %q, %v; want %q", route, o.State, o.Why, err, want)
		}
	}
	if o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "pool-b", Consents: []string{"against:pool-a"}}); err != nil || o.State != catch.Active {
		t.Errorf("with consent: %+v, %v", o, err)
	}
	for _, s := range []*service{noPrice, closed, burst, unstated, dear, premium, euro} {
		if s.times("a.com") != 0 {
			t.Errorf("%s was called", s.desc.Route)
		}
	}
}

func TestWinIsVerifiedAndTheOthersCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reg.set("a.com", "pendingDelete")
	first, second := newService("first"), newService("second")
	first.terms.Provisional = time.Nanosecond
	p := w.open(true, first, second)
	p.add(t, "a.com")
	a, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "first", Cap: usd(60)})
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "second", Cap: usd(40)})
	if err != nil {
		t.Fatal(err)
	}
	p.state(t, a.ID, catch.Active)
	p.state(t, b.ID, catch.Active)
	if sp, err := p.Spending(t.Context()); err != nil || sp[0].AtRisk != usd(60) {
		t.Errorf("only one can win: %+v, %v", sp, err)
	}
	first.report("a.com", catch.Report{State: catch.Won, Paid: usd(25)})
	if err := p.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The registry still shows the old holder: not verified.
	o := p.state(t, a.ID, catch.WonProvisional)
	if !o.Verified.IsZero() {
		t.Errorf("verified by the old holder's registration: %+v", o)
	}
	p.state(t, b.ID, catch.Cancelled)
	w.reg.put("a.com", whoisx.Answer{Outcome: whoisx.Registered, Confirmed: true, Statuses: []string{"ok"}, Created: whoisx.At(time.Now()), Expires: whoisx.At(time.Now().AddDate(1, 0, 0)), Registrar: "Ours"})
	o = p.state(t, a.ID, catch.Won)
	if o.Verified.IsZero() {
		t.Errorf("%+v", o)
	}
	until(t, "caught", func() bool {
		d, err := p.Get(t.Context(), "a.com")
		return err == nil && d.Verdict.Stage == lifecycle.Caught
	})
	sp, err := p.Spending(t.Context())
	if err != nil || sp[0].Spent != usd(25) || !sp[0].AtRisk.IsZero() {
		t.Errorf("%+v, %v", sp, err)
	}
}

func TestRefundFreesTheBudgetOnlyWhenRecorded(t *testing.T) {
	w := newWorld(t)
	byHand := newService("auction")
	byHand.desc.Kind, byHand.desc.Can = catch.ByHand, nil
	p := w.open(true, byHand)
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "auction", Cap: usd(200)})
	if err != nil {
		t.Fatal(err)
	}
	month := func() watch.Spending {
		sp, err := p.Spending(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return sp[0]
	}
	save := func(change func(*catch.Order), why string) {
		t.Helper()
		change(&o)
		if o, err = p.Record(t.Context(), o, why); err != nil {
			t.Fatal(err)
		}
	}
	save(func(o *catch.Order) { o.State, o.OwnBid = catch.AuctionLeading, usd(140) }, "leading")
	if _, err := p.Bid(t.Context(), o.ID, usd(190)); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("topped my own bid: %v", err)
	}
	save(func(o *catch.Order) { o.State = catch.AuctionOutbid }, "outbid")
	if _, err := p.Bid(t.Context(), o.ID, usd(201)); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("above the bid cap: %v", err)
	}
	save(func(o *catch.Order) { o.State, o.Price = catch.PaymentDue, usd(162) }, "won at 140")
	save(func(o *catch.Order) {
		o.State, o.Paid, o.ProvisionalUntil = catch.WonProvisional, usd(162), time.Now().Add(time.Hour)
	}, "paid")
	if m := month(); m.Spent != usd(162) || !m.AtRisk.IsZero() {
		t.Errorf("after paying: %+v", m)
	}
	save(func(o *catch.Order) { o.State = catch.Reversed }, "the holder renewed")
	save(func(o *catch.Order) { o.State = catch.RefundDue }, "refund asked for")
	if m := month(); m.Spent != usd(162) {
		t.Errorf("freed before the refund came: %+v", m)
	}
	save(func(o *catch.Order) { o.Refund, o.State = usd(162), catch.Cancelled }, "refunded")
	if m := month(); !m.Spent.IsZero() {
		t.Errorf("after the refund: %+v", m)
	}
}

func TestHaltRefusesEverything(t *testing.T) {
	w := newWorld(t)
	svc := newService("backorder")
	p := w.open(true, svc)
	q := w.open(false, svc)
	if err := q.Halt(t.Context(), true, "me"); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)}); !errors.Is(err, watch.ErrHalted) {
		t.Errorf("ordered: %v", err)
	}
	if err := q.Halt(t.Context(), false, "me"); err != nil {
		t.Fatal(err)
	}
	o, err := q.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
	if err != nil {
		t.Fatal(err)
	}
	p.state(t, o.ID, catch.Active)
}

func TestRunLeavesNothingBehind(t *testing.T) {
	w := newWorld(t)
	svc := newService("backorder")
	before := runtime.NumGoroutine()
	for range 3 {
		p := w.open(true, svc)
		_, stop := p.Subscribe()
		until(t, "acting", func() bool { st, err := p.Status(t.Context()); return err == nil && st.Acting })
		stop()
		p.stop()
	}
	until(t, "every goroutine ended", func() bool { return runtime.NumGoroutine() <= before+2 })
}

// unprintable is a service that cannot write the request for a price below zero.
type unprintable struct{ *service }

func (unprintable) Print(r catch.Request) (string, error) {
	if r.Price.Units < 0 {
		return "", errors.New("the price is below zero")
	}
	return "request", nil
}

// TestPriceBelowZeroIsRefused: what no request can be written for is refused for
// what is wrong with it.
func TestPriceBelowZeroIsRefused(t *testing.T) {
	t.Parallel()
	svc := newService("odd")
	svc.price = usd(-5)
	p := newWorld(t).open(false, unprintable{svc})
	p.add(t, "a.com")
	spec := watch.OrderSpec{Name: "a.com", Route: "odd", Cap: usd(60), DryRun: true}
	if _, err := p.Order(t.Context(), spec); !errors.Is(err, watch.ErrGuard) || !strings.Contains(err.Error(), "no price, no purchase") {
		t.Errorf("%v", err)
	}
}
