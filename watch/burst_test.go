package watch_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

// burster is a fake EPP account: it creates what the registry has dropped.
type burster struct {
	*service
	reg   *registry
	mu    sync.Mutex
	armed [][]catch.Request
	late  bool // the last time was after the beginning of the window
	fired int
	let   int
	hold  chan struct{} // Fire waits for it as well
}

func newBurster(reg *registry) *burster {
	b := &burster{service: newService("epp:main"), reg: reg}
	b.desc.Kind = catch.EPP
	b.terms.Burst = catch.BurstAllowed
	return b
}

func (b *burster) Arm(_ context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.armed, b.late = append(b.armed, rs), time.Now().After(at)
	return &armedFake{b: b, rs: rs, at: at, until: until}, nil
}

func (b *burster) arms() [][]catch.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.armed
}

type armedFake struct {
	b         *burster
	rs        []catch.Request
	at, until time.Time
}

func (a *armedFake) Plan() catch.BurstPlan {
	p := catch.BurstPlan{Strategy: "volley", Sessions: 2, Clock: "+-3ms", At: a.at, Until: a.until, Creates: map[string]int{}}
	for _, r := range a.rs {
		p.Creates[r.Name] = 5
	}
	return p
}

func (a *armedFake) Fire(ctx context.Context) (map[string]catch.Report, error) {
	for _, d := range []<-chan time.Time{time.After(time.Until(a.at)), nil} {
		c := d
		if d == nil && a.b.hold != nil {
			select {
			case <-a.b.hold:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			continue
		} else if d == nil {
			continue
		}
		select {
		case <-c:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	a.b.mu.Lock()
	a.b.fired++
	a.b.mu.Unlock()
	out := map[string]catch.Report{}
	for _, r := range a.rs {
		rep := catch.Report{State: catch.Lost, Words: "2302 object exists", Frames: make([]catch.Frame, 5)}
		a.b.reg.mu.Lock()
		if _, held := a.b.reg.names[r.Name]; !held {
			a.b.reg.names[r.Name] = whoisx.Answer{Outcome: whoisx.Registered, Confirmed: true, Statuses: []string{"ok"}, Created: whoisx.At(time.Now()), Expires: whoisx.At(time.Now().AddDate(1, 0, 0)), Registrar: "Ours"}
			rep = catch.Report{State: catch.Won, Paid: usd(9), Frames: make([]catch.Frame, 2)}
		}
		a.b.reg.mu.Unlock()
		a.b.report(r.Name, rep)
		out[r.Name] = rep
	}
	return out, nil
}

func (a *armedFake) Disarm() error {
	a.b.mu.Lock()
	defer a.b.mu.Unlock()
	a.b.let++
	return nil
}

// pending makes a name that will drop in a while, by its registry's own list.
func (r *registry) pending(name string, in time.Duration) {
	at := time.Now().Add(in)
	r.put(name, whoisx.Answer{
		Outcome: whoisx.Registered, Confirmed: true, Statuses: []string{"pendingDelete"},
		Created: whoisx.Day(2010, 1, 1), Expires: whoisx.Day(2026, 9, 1), Registrar: "Old Registrar", RegistrarID: "9999",
		Drop: &whoisx.Drop{From: whoisx.At(at), To: whoisx.At(at.Add(10 * time.Minute)), Will: true, Text: "list"},
	})
}

func TestBurstOfOneWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBurster(w.reg)
	b.hold = make(chan struct{})
	p := w.open(true, b)
	p.add(t, "low.co.uk", "high.co.uk")
	five := 5
	if _, err := p.Edit(t.Context(), "high.co.uk", watch.Patch{Priority: &five}); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, n := range []watch.Name{"low.co.uk", "high.co.uk"} {
		w.reg.pending(string(n), time.Second)
		o, err := p.Order(t.Context(), watch.OrderSpec{Name: n, Route: "epp:main", Cap: usd(30)})
		if err != nil || o.State != catch.Planned {
			t.Fatalf("%+v, %v", o, err)
		}
		ids = append(ids, o.ID)
	}
	// Both are seen in one look, so that they are gathered into one burst.
	for _, n := range []watch.Name{"low.co.uk", "high.co.uk"} {
		if err := p.LookNow(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "armed", func() bool { return len(b.arms()) > 0 })
	st, err := p.Status(t.Context())
	if err != nil || st.NextBurst == nil || !st.NextBurst.Armed {
		t.Errorf("status does not show it: %+v, %v", st.NextBurst, err)
	}
	w.reg.drop("high.co.uk")
	close(b.hold)
	p.state(t, ids[1], catch.Won)
	p.state(t, ids[0], catch.Lost)
	l, err := p.Ledger(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	reserved, spent := 0, 0
	for _, e := range l {
		switch e.Step {
		case catch.Intent:
			reserved += e.Creates
		case catch.Answer:
			spent += e.Creates
		}
	}
	if reserved != 10 || spent != 7 {
		t.Errorf("reserved %d creates, spent %d", reserved, spent)
	}
	if rs, err := p.Bursts(t.Context(), ids[0]); err != nil || len(rs) != 1 || len(rs[0].Frames) != 5 || rs[0].Plan.Strategy != "volley" {
		t.Errorf("replay: %+v, %v", rs, err)
	}
	arms := b.arms()
	if len(arms) == 1 && arms[0][0].Name != "high.co.uk" {
		t.Errorf("not by priority: %+v", arms)
	}
}

func TestHaltDisarms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBurster(w.reg)
	b.hold = make(chan struct{})
	w.reg.pending("a.co.uk", time.Second)
	p := w.open(true, b)
	q := w.open(false, b)
	p.add(t, "a.co.uk")
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.co.uk", Route: "epp:main", Cap: usd(30)})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "armed", func() bool { return len(b.arms()) > 0 })
	until(t, "reserved", func() bool { l, err := q.Ledger(t.Context(), 0); return err == nil && len(l) > 0 })
	if err := q.Halt(t.Context(), true, "me"); err != nil {
		t.Fatal(err)
	}
	until(t, "settled", func() bool { l, err := q.Ledger(t.Context(), 0); return err == nil && len(l) == 2 })
	got := p.order(t, o.ID)
	if got.State != catch.Planned || !strings.Contains(got.Why, "halted") {
		t.Errorf("%s: %s", got.State, got.Why)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fired != 0 {
		t.Error("it fired all the same")
	}
}

// deaf is a store that cannot say for a while who acts, and whether all is
// halted.
type deaf struct {
	*store.Store
	left atomic.Int32
}

func (d *deaf) Lease(ctx context.Context) (watch.Lease, error) {
	if d.left.Add(-1) >= 0 {
		return watch.Lease{}, errors.New("disk I/O error")
	}
	return d.Store.Lease(ctx)
}

// TestHaltIsHeardLater halts from another process while the one that has a burst
// armed cannot read the halt, and lifts it before that one looks: the burst is
// disarmed all the same.
func TestHaltIsHeardLater(t *testing.T) {
	t.Parallel()
	for name, missed := range map[string]struct {
		reads int32 // that fail
		lift  bool
	}{"the first looks fail": {3, false}, "it was lifted again": {3, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := newBurster(w.reg)
			b.hold = make(chan struct{})
			w.reg.pending("a.co.uk", time.Second)
			st, err := store.Open(t.Context(), w.path, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			d := &deaf{Store: st}
			p := watch.New(watch.Options{
				Store: d, Sources: w.reg.sources(), Routes: []catch.Route{b}, Lock: store.NewLock(w.path),
				MonthCaps: map[string]catch.Money{"USD": usd(1000)}, Holder: "test",
			})
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- p.Run(ctx) }()
			t.Cleanup(func() {
				cancel()
				if err := errors.Join(<-done, st.Close()); err != nil {
					t.Error(err)
				}
			})
			q := w.open(false, b)
			q.add(t, "a.co.uk")
			if _, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.co.uk", Route: "epp:main", Cap: usd(30)}); err != nil {
				t.Fatal(err)
			}
			until(t, "reserved", func() bool { l, err := q.Ledger(t.Context(), 0); return err == nil && len(l) > 0 })
			d.left.Store(missed.reads)
			if err := q.Halt(t.Context(), true, "me"); err != nil {
				t.Fatal(err)
			}
			if missed.lift {
				if err := q.Halt(t.Context(), false, "me"); err != nil {
					t.Fatal(err)
				}
			}
			until(t, "disarmed", func() bool { l, err := q.Ledger(t.Context(), 0); return err == nil && len(l) >= 2 })
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.fired != 0 {
				t.Error("it fired all the same")
			}
		})
	}
}

// TestStoppedWhileArmed ends the program while a burst is armed: the order waits
// again, and says why in words.
func TestStoppedWhileArmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBurster(w.reg)
	b.hold = make(chan struct{})
	w.reg.pending("a.co.uk", time.Second)
	p := w.open(true, b)
	q := w.open(false, b)
	q.add(t, "a.co.uk")
	o, err := q.Order(t.Context(), watch.OrderSpec{Name: "a.co.uk", Route: "epp:main", Cap: usd(30)})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "reserved", func() bool { l, err := q.Ledger(t.Context(), 0); return err == nil && len(l) > 0 })
	p.stop()
	if got := q.order(t, o.ID); got.State != catch.Planned || !strings.Contains(got.Why, "the program was stopped while it was armed") {
		t.Errorf("%s: %s", got.State, got.Why)
	}
}

// TestHaltLiftedBeforeTheDrop lifts a halt while a window is near: what waited for
// it does so no longer.
func TestHaltLiftedBeforeTheDrop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBurster(w.reg)
	w.reg.pending("a.co.uk", 30*time.Second)
	p := w.open(true, b)
	p.add(t, "a.co.uk")
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.co.uk", Route: "epp:main", Cap: usd(30)})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "armed", func() bool { return p.order(t, o.ID).State == catch.Requested })
	if err := p.Halt(t.Context(), true, "me"); err != nil {
		t.Fatal(err)
	}
	waits := func() bool { return strings.HasPrefix(p.order(t, o.ID).Why, "halted by") }
	until(t, "it waits", waits)
	if err := p.Halt(t.Context(), false, "me"); err != nil {
		t.Fatal(err)
	}
	until(t, "it waits no longer", func() bool { return !waits() })
}

// TestCancelDisarms takes an order back whose burst is armed: it does not fire.
func TestCancelDisarms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBurster(w.reg)
	w.reg.pending("a.co.uk", 30*time.Second)
	p := w.open(true, b)
	p.add(t, "a.co.uk")
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.co.uk", Route: "epp:main", Cap: usd(30)})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "armed", func() bool {
		st, err := p.Status(t.Context())
		return err == nil && st.NextBurst != nil && st.NextBurst.Armed && p.order(t, o.ID).State == catch.Requested
	})
	w.reg.drop("a.co.uk")
	if _, err := p.Cancel(t.Context(), o.ID); err != nil {
		t.Fatal(err)
	}
	p.state(t, o.ID, catch.Cancelled)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fired != 0 {
		t.Errorf("fired %d times", b.fired)
	}
}

func TestNameThatIsFreeIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBurster(w.reg)
	p := w.open(true, b)
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "epp:main", Cap: usd(30)})
	if err != nil {
		t.Fatal(err)
	}
	p.state(t, o.ID, catch.Won)
}

func TestPriceAboveCapStopsABurst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBurster(w.reg)
	b.prem = true
	p := w.open(true, b)
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.com", Route: "epp:main", Cap: usd(30)})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.state(t, o.ID, catch.RefusedOrder); !strings.Contains(got.Why, "premium") {
		t.Errorf("%s", got.Why)
	}
	if len(b.arms()) != 0 {
		t.Error("armed")
	}
}

func TestRouteSourceVotes(t *testing.T) {
	free, taken := true, false
	for _, c := range []struct {
		q    catch.Quote
		err  error
		want whoisx.Outcome
	}{
		{catch.Quote{Free: &free, Price: usd(9)}, nil, whoisx.NotRegistered},
		{catch.Quote{Free: &taken}, nil, whoisx.Registered},
		{catch.Quote{Free: &free, Premium: true, Price: usd(900)}, nil, whoisx.Premium},
		{catch.Quote{}, nil, whoisx.Unreadable},
		{catch.Quote{}, &catch.Error{Kind: catch.RateLimited}, whoisx.RateLimited},
		{catch.Quote{}, errors.New("reset"), whoisx.Unreachable},
	} {
		src := watch.NewRouteSource(quoter{newService("x"), c.q, c.err}, time.Now)
		a := src.Ask(t.Context(), "a.com")
		if a.Outcome != c.want || a.Source != whoisx.Registrar {
			t.Errorf("%+v: %+v", c.q, a)
		}
	}
}

type quoter struct {
	*service
	q   catch.Quote
	err error
}

func (q quoter) Quote(context.Context, string, int) (catch.Quote, error) { return q.q, q.err }

func TestRegisterBurstRepeatsOnlyAfterARefusal(t *testing.T) {
	for _, c := range []struct {
		name  string
		errs  []error // what the service says, call by call; then it succeeds
		want  catch.State
		times int
	}{
		{"taken, then free", []error{&catch.Error{Kind: catch.Taken}, &catch.Error{Kind: catch.Taken}}, catch.Won, 3},
		{"unknown outcome", []error{&catch.Error{Kind: catch.Taken}, &catch.Error{Kind: catch.OutcomeUnknown}}, catch.InDoubt, 2},
		{"no funds", []error{&catch.Error{Kind: catch.InsufficientFunds}}, catch.Failed, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			reg := newService("register")
			reg.desc.Kind, reg.terms.Burst = catch.Register, catch.BurstAllowed
			if c.want == catch.InDoubt {
				reg.desc.Can = []catch.Can{catch.CanOrder, catch.CanQuote}
			}
			var mu sync.Mutex
			calls := 0
			reg.fail = func(name string) error {
				mu.Lock()
				defer mu.Unlock()
				calls++
				if calls <= len(c.errs) {
					return c.errs[calls-1]
				}
				return nil
			}
			reg.won = true
			w.reg.pending("a.co.uk", 100*time.Millisecond)
			p := w.open(true, reg)
			p.add(t, "a.co.uk")
			until(t, "looked at", func() bool { d, err := p.Get(t.Context(), "a.co.uk"); return err == nil && d.Looks > 0 })
			o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.co.uk", Route: "register", Cap: usd(30)})
			if err != nil {
				t.Fatal(err)
			}
			if c.want == catch.Won {
				w.reg.put("a.co.uk", whoisx.Answer{Outcome: whoisx.Registered, Confirmed: true, Statuses: []string{"pendingDelete"}, Created: whoisx.At(time.Now()), Expires: whoisx.At(time.Now().AddDate(1, 0, 0)), Registrar: "Ours", Drop: w.reg.names["a.co.uk"].Drop})
			}
			p.state(t, o.ID, c.want)
			mu.Lock()
			defer mu.Unlock()
			if calls != c.times {
				t.Errorf("%d calls, want %d", calls, c.times)
			}
		})
	}
}

func TestForbiddenBurstStillRegistersWhatIsFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reg := newService("register")
	reg.desc.Kind, reg.terms.Burst = catch.Register, catch.BurstForbidden
	p := w.open(true, reg)
	p.add(t, "free.com")
	until(t, "looked at", func() bool { d, err := p.Get(t.Context(), "free.com"); return err == nil && d.Looks > 0 })
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "free.com", Route: "register", Cap: usd(30)})
	if err != nil {
		t.Fatal(err)
	}
	p.state(t, o.ID, catch.Active)
	if reg.times("free.com") != 1 {
		t.Errorf("%d calls", reg.times("free.com"))
	}
}

// probed is a burster whose account is not in order.
type probed struct {
	*burster
	err error
}

func (p probed) Probe(context.Context) error { return p.err }

func TestPreflightTellsWhatIsRed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBurster(w.reg)
	w.reg.pending("a.co.uk", 50*time.Minute)
	p := w.open(true, probed{b, &catch.Error{Kind: catch.IPNotAllowed, Words: "address not on the list"}})
	p.add(t, "a.co.uk")
	events, stop := p.Subscribe()
	defer stop()
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "a.co.uk", Route: "epp:main", Cap: usd(30)})
	if err != nil {
		t.Fatal(err)
	}
	told := false
	for end := time.After(10 * time.Second); !told; {
		select {
		case e := <-events:
			told = e.Kind == watch.EvTrouble && strings.Contains(e.Text, "address not on the list")
		case <-end:
			t.Fatalf("told nothing; the order is %s: %s", p.order(t, o.ID).State, p.order(t, o.ID).Why)
		}
	}
	until(t, "the person is asked to mend it", func() bool {
		d, err := p.Get(t.Context(), "a.co.uk")
		return err == nil && d.Todo.Verb == watch.TodoFix && strings.Contains(p.order(t, o.ID).Why, "preflight")
	})
}

// TestNameJoinsAnArmedBurst orders a second and a third name of a window while
// the burst for the first is armed: all three share it, by priority.
func TestNameJoinsAnArmedBurst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := newBurster(w.reg)
	p := w.open(true, b)
	names := []string{"a.co.uk", "b.co.uk", "c.co.uk"}
	p.add(t, names...)
	for i, n := range names {
		priority := i
		if _, err := p.Edit(t.Context(), watch.Name(n), watch.Patch{Priority: &priority}); err != nil {
			t.Fatal(err)
		}
		w.reg.pending(n, 50*time.Second)
		if err := p.LookNow(t.Context(), watch.Name(n)); err != nil {
			t.Fatal(err)
		}
		until(t, "its window is known", func() bool { d, err := p.Get(t.Context(), watch.Name(n)); return err == nil && d.Verdict.Window != nil })
	}
	events, stop := p.Subscribe()
	defer stop()
	for i, n := range names {
		if _, err := p.Order(t.Context(), watch.OrderSpec{Name: watch.Name(n), Route: "epp:main", Cap: usd(30)}); err != nil {
			t.Fatal(err)
		}
		until(t, n+" is armed", func() bool {
			arms := b.arms()
			return len(arms) > 0 && len(arms[len(arms)-1]) == i+1
		})
	}
	arms := b.arms()
	for i, r := range arms[len(arms)-1] {
		if want := names[len(names)-1-i]; r.Name != want {
			t.Errorf("place %d has %s, want %s", i, r.Name, want)
		}
	}
	for end := time.After(20 * time.Second); ; {
		select {
		case e := <-events:
			if e.Kind == watch.EvBurst && strings.Contains(e.Text, "c.co.uk 5, b.co.uk 5, a.co.uk 5") {
				return
			}
		case <-end:
			t.Fatal("nothing said what each name may spend")
		}
	}
}

// TestOneOrderWithoutBudgetKeepsNoOtherFromFiring: the names of a window fire
// without the one that the month has no room for.
func TestOneOrderWithoutBudgetKeepsNoOtherFromFiring(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	eur := func(n int64) catch.Money { return catch.Money{Units: n * 10000, Currency: "EUR"} }
	w.caps = map[string]catch.Money{"USD": usd(1000), "EUR": eur(100)}
	p := w.open(false)
	p.add(t, "a.co.uk", "b.co.uk")
	order := func(name string, price catch.Money) catch.Order {
		o, err := p.st.AddOrder(t.Context(), catch.Order{
			Key: "lapse-" + name, Name: name, Route: "epp:main", Service: "The epp:main", Kind: catch.EPP, State: catch.Planned, Years: 1,
			Cap: price, Price: price, PriceAt: time.Now().UTC(), Basis: "confirmed by you on 2026-11-20", NextTry: time.Now().UTC(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	fires, stays := order("a.co.uk", usd(30)), order("b.co.uk", eur(30))
	p.stop()

	w.caps = map[string]catch.Money{"USD": usd(1000)} // the person took the cap for EUR out
	w.reg.pending("a.co.uk", 6*time.Second)
	w.reg.pending("b.co.uk", 6*time.Second)
	b := &moody{burster: newBurster(w.reg), quotes: []func() (catch.Quote, error){failed(catch.Guard)}}
	p = w.open(true, b)
	// Whether the two meet in one burst or b is refused before it joins depends
	// on whose window is known first; a fires either way.
	alone := func(rs []catch.Request) bool { return len(rs) == 1 && rs[0].Name == "a.co.uk" }
	until(t, "a is armed", func() bool {
		return slices.ContainsFunc(b.arms(), func(rs []catch.Request) bool {
			return slices.ContainsFunc(rs, func(r catch.Request) bool { return r.Name == "a.co.uk" })
		})
	})
	w.reg.drop("a.co.uk")
	p.state(t, fires.ID, catch.Won)
	o := p.order(t, stays.ID)
	if o.State.Ended() || o.State == catch.Won {
		t.Errorf("the one without a budget: %s (%s)", o.State, o.Why)
	}
	b.burster.mu.Lock()
	defer b.burster.mu.Unlock()
	if !slices.ContainsFunc(b.armed, alone) {
		t.Errorf("fired for %+v", b.armed)
	}
	met := slices.ContainsFunc(b.armed, func(rs []catch.Request) bool { return len(rs) == 2 })
	if met && (!strings.Contains(o.Why, "EUR") || b.late) {
		t.Errorf("the two were armed together; the one without a budget: %s, armed after its time: %t", o.Why, b.late)
	}
}
