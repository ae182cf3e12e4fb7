package watch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

// TestWinWithoutAPriceCounts wins at a service that never says what it charged.
func TestWinWithoutAPriceCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newService("backorder")
	p := w.open(true, svc)
	p.add(t, "a.com")
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
	if err != nil {
		t.Fatal(err)
	}
	p.state(t, o.ID, catch.Active)
	w.reg.put("a.com", whoisx.Answer{Outcome: whoisx.Registered, Confirmed: true, Statuses: []string{"ok"}, Created: whoisx.At(time.Now()), Expires: whoisx.At(time.Now().AddDate(1, 0, 0)), Registrar: "Ours"})
	svc.report("a.com", catch.Report{State: catch.Won})
	if err := p.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.state(t, o.ID, catch.Won)
	sp, err := p.Spending(t.Context())
	if err != nil || len(sp) != 1 || sp[0].Spent != usd(25) {
		t.Errorf("the month forgot it: %+v, %v", sp, err)
	}
}

// TestAuctionThatIsOverIsNotCancelled leads in an auction which its service no
// longer lists once it is over.
func TestAuctionThatIsOverIsNotCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newService("backorder")
	p := w.open(true, svc)
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
	if err != nil {
		t.Fatal(err)
	}
	p.state(t, o.ID, catch.Active)
	svc.report("a.com", catch.Report{State: catch.AuctionLeading, OwnBid: usd(50), AuctionEnds: time.Now().Add(time.Minute)})
	if err := p.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.state(t, o.ID, catch.AuctionLeading)
	svc.mu.Lock()
	delete(svc.orders, "a.com")
	svc.mu.Unlock()
	if err := p.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "it was asked about", func() bool { return strings.Contains(p.order(t, o.ID).Why, "no longer") })
	if got := p.order(t, o.ID); got.State != catch.AuctionLeading || watch.Owed(got) != usd(60) {
		t.Errorf("%s, %s owed: %s", got.State, watch.Owed(got), got.Why)
	}
	d, err := p.Get(t.Context(), "a.com")
	if err != nil || d.Todo.Verb != watch.TodoFix {
		t.Errorf("nothing to do: %+v, %v", d.Todo, err)
	}
}

// checker is a service whose own check answers as well.
type checker struct{ *service }

func (c checker) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	q, err := c.service.Quote(ctx, name, years)
	taken := false
	q.Free = &taken
	return q, err
}

// TestOwnCheckIsNoSecondSource hears of a win from a service whose own check
// says that the name is taken, while the registry does not know of it.
func TestOwnCheckIsNoSecondSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newService("backorder")
	svc.desc.Can = append(svc.desc.Can, catch.CanCheck)
	st, err := store.Open(t.Context(), w.path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	p := &process{st: st, Service: watch.New(watch.Options{
		Store: st, Sources: []watch.Source{source{whoisx.RDAP, "127.0.0.1:8443", w.reg}}, Routes: []catch.Route{checker{svc}}, Lock: store.NewLock(w.path),
		MonthCaps: map[string]catch.Money{"USD": usd(1000)}, Holder: "test",
	})}
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
	if err != nil || o.State != catch.Active {
		t.Fatalf("%+v, %v", o, err)
	}
	svc.report("a.com", catch.Report{State: catch.Won})
	for range 2 { // the first hears of it, the second looks
		if err := p.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.order(t, o.ID); got.State != catch.WonProvisional || !got.Verified.IsZero() {
		t.Errorf("%s, verified by %q", got.State, got.Why)
	}
}

// TestOneAnswerEndsNoOrder: a service that says once that it does not know an
// order may have a bad moment; said again, later, it is believed.
func TestOneAnswerEndsNoOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newService("backorder")
	p := w.open(false, svc)
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
	if err != nil || o.State != catch.Active {
		t.Fatalf("%+v, %v", o, err)
	}
	sync := func() catch.Order {
		t.Helper()
		if err := p.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		return p.order(t, o.ID)
	}
	held := svc.orders["a.com"]
	delete(svc.orders, "a.com")
	if got := sync(); got.State != catch.Active || got.Missing.IsZero() || !strings.Contains(got.Why, "once more") {
		t.Errorf("after one answer: %s (%s)", got.State, got.Why)
	}
	svc.report("a.com", held)
	if got := sync(); got.State != catch.Active || !got.Missing.IsZero() {
		t.Errorf("it is there again: %s (%s), missing since %s", got.State, got.Why, got.Missing)
	}
	delete(svc.orders, "a.com")
	sync()
	until(t, "it is believed", func() bool { return sync().State == catch.Cancelled })
}

// TestPaidBehindOurBack pays and wins on the website: the next look finds it,
// counts it, and nothing is left to pay.
func TestPaidBehindOurBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newService("backorder")
	svc.desc.Can = append(svc.desc.Can, catch.CanPay)
	p := w.open(false, svc)
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
	if err != nil {
		t.Fatal(err)
	}
	sync := func(rep catch.Report) catch.Order {
		t.Helper()
		svc.report("a.com", rep)
		if err := p.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		return p.order(t, o.ID)
	}
	if got := sync(catch.Report{State: catch.PaymentDue, Price: usd(59)}); got.State != catch.PaymentDue || watch.Owed(got) != usd(59) {
		t.Fatalf("due: %s, %s owed", got.State, watch.Owed(got))
	}
	if got := sync(catch.Report{State: catch.Won, Paid: usd(59)}); got.State != catch.WonProvisional || got.Paid != usd(59) || !watch.Owed(got).IsZero() {
		t.Errorf("paid on the website: %s, paid %s, %s owed", got.State, got.Paid, watch.Owed(got))
	}
	if _, err := p.Pay(t.Context(), o.ID); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("paid again: %v", err)
	}
	if m, err := p.Spending(t.Context()); err != nil || len(m) != 1 || m[0].Spent != usd(59) || !m[0].AtRisk.IsZero() {
		t.Errorf("the month: %+v, %v", m, err)
	}
}

// TestChargedInAnotherCurrency: what a service charges counts in its own
// currency, nothing is converted, and a second one for the same order is left to
// the person.
func TestChargedInAnotherCurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	svc := newService("backorder")
	p := w.open(false, svc)
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "backorder", Cap: usd(60)})
	if err != nil {
		t.Fatal(err)
	}
	sync := func(rep catch.Report) catch.Order {
		t.Helper()
		svc.report("a.com", rep)
		if err := p.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		return p.order(t, o.ID)
	}
	spent := func() string {
		t.Helper()
		m, err := p.Spending(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, x := range m {
			all = append(all, x.Spent.String())
		}
		return strings.Join(all, ", ")
	}
	euro := catch.Money{Units: 550000, Currency: "EUR"}
	if got := sync(catch.Report{State: catch.PaymentDue, Price: usd(59), Paid: euro}); got.Paid != euro || spent() != "55.00 EUR, 0.00 USD" {
		t.Errorf("charged in euros: paid %s, spent %s", got.Paid, spent())
	}
	got := sync(catch.Report{State: catch.PaymentDue, Paid: usd(59)})
	if got.Paid != euro || !strings.Contains(got.Why, "speaks of 59.00 USD") || spent() != "55.00 EUR, 0.00 USD" {
		t.Errorf("and then in dollars: paid %s, spent %s: %s", got.Paid, spent(), got.Why)
	}
	got.Refund = usd(59)
	if _, err := p.Record(t.Context(), got, "a refund in dollars"); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("recorded: %v", err)
	}
}
