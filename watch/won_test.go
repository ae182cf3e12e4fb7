package watch_test

import (
	"context"
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
