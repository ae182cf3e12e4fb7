// Package conformance is the contract of a connector, as a test suite. Every
// connector passes it against its fake: each failure that the service can
// express is one error kind with the service's own words kept, a paid call is
// sent once, and no secret leaves in a print or an error.
package conformance

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

// elapsed is what the waits of a test would have taken.
var elapsed atomic.Int64

// Wait is what connectors under test wait with between calls: it takes no
// time, and Now moves on by as much.
func Wait(ctx context.Context, d time.Duration) error {
	elapsed.Add(int64(d))
	if Waited != nil {
		Waited(d)
	}
	return ctx.Err()
}

// Elapsed is what the waits so far would have taken.
func Elapsed() time.Duration { return time.Duration(elapsed.Load()) }

// Now is the clock that goes with Wait: it moves by waits alone, so that how
// fast the machine is decides nothing.
func Now() time.Time { return began.Add(Elapsed()) }

var began = time.Now()

// Waited is called for every wait, when it is set; a test may change there
// what the next call meets.
var Waited func(d time.Duration)

// Fake is what the suite needs of a fake service.
type Fake interface {
	URL() string
	Set(fake.Scenario)
	Held() []string
	Paid() int
	Calls() int
}

// Suite is one route of one connector, against its fake.
type Suite struct {
	// Open makes the route against an address.
	Open func(t *testing.T, url string) catch.Route
	Fake Fake
	// Name is a name that the fake sells, or takes an order for.
	Name string
	// Request is what is asked for; Name, Key and Years are filled in.
	Request catch.Request
	// Cannot lists what the service has no way to say.
	Cannot []fake.Scenario
	// Unlisted says that no call names a price while somebody holds the name: a
	// person has to confirm it.
	Unlisted bool
	// Now is the clock of the connector; nil: Now of this package.
	Now func() time.Time
	// Words are what the service says in a scenario, in part.
	Words map[fake.Scenario]string
}

// kinds are the failures, by scenario. A scenario that is not here succeeds.
var kinds = []struct {
	scenario fake.Scenario
	kind     catch.ErrorKind
}{
	{fake.Taken, catch.Taken},
	{fake.PremiumFlip, catch.PremiumRefused},
	{fake.PriceChanged, catch.PriceMismatch},
	{fake.InsufficientFunds, catch.InsufficientFunds},
	{fake.RateLimited, catch.RateLimited},
	{fake.RateLimitedBare, catch.RateLimited},
	{fake.BadCredentials, catch.Auth},
	{fake.AddressNotAllowed, catch.IPNotAllowed},
	{fake.InvalidContact, catch.InvalidContact},
	{fake.TLDUnsupported, catch.TLDUnsupported},
	{fake.NotDroppableYet, catch.NotDroppableYet},
	{fake.Busy, catch.Busy},
}

// unknowns are the ways in which a paid call's outcome gets lost, and whether
// the service had taken it.
var unknowns = []struct {
	scenario  fake.Scenario
	committed bool
}{
	{fake.TimeoutAfterCommit, true},
	{fake.ErrorAfterCommit, true},
	{fake.GarbledAfterCommit, true},
	{fake.LostBeforeCommit, false},
}

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	elapsed.Store(0)
	t.Cleanup(func() { elapsed.Store(0) })
	if f, ok := s.Fake.(interface {
		SetNow(func() time.Time)
		Over() int
	}); ok {
		f.SetNow(s.now)
		t.Cleanup(func() {
			if n := f.Over(); n > 0 {
				t.Errorf("%d calls came faster than the service's limits", n)
			}
		})
	}
	route := s.Open(t, s.Fake.URL())
	req := s.Request
	req.Name, req.Key = s.Name, "lapse-conformance-1"
	if req.Years == 0 {
		req.Years = 1
	}
	order := catch.Order{Name: s.Name, Key: req.Key, Years: req.Years}
	d := route.Describe()

	t.Run("describes itself", func(t *testing.T) {
		if d.Route == "" || d.Service == "" || d.Kind == "" || !d.Has(catch.CanOrder) {
			t.Errorf("description %+v", d)
		}
		for can, ok := range map[catch.Can]bool{
			catch.CanList: is[catch.Lister](route), catch.CanBid: is[catch.Bidder](route), catch.CanPay: is[catch.Bidder](route),
			catch.CanBalance: is[catch.Balancer](route), catch.CanAutoRenew: is[catch.AfterCarer](route),
			catch.CanPrivacy: is[catch.Hider](route),
		} {
			if d.Has(can) && !ok {
				t.Errorf("says that it can %s, but has no such call", can)
			}
		}
		if terms := route.Terms(s.Name); terms.Source == "" {
			t.Errorf("no terms are written down for %s %s", d.Service, d.Kind)
		}
	})

	t.Run("prints without network, account or secret", func(t *testing.T) {
		s.Fake.Set(fake.Success)
		text, err := route.Print(req)
		if err != nil {
			t.Fatal(err)
		}
		if s.Fake.Calls() != 0 {
			t.Errorf("printing asked the service %d times", s.Fake.Calls())
		}
		if !strings.Contains(text, s.Name) {
			t.Errorf("the print does not name %s:\n%s", s.Name, text)
		}
		noSecret(t, text)
	})

	t.Run("a dry run sends nothing that is paid", func(t *testing.T) {
		s.Fake.Set(fake.Success)
		dry := req
		dry.DryRun = true
		if _, err := route.Place(t.Context(), dry); err != nil {
			t.Errorf("dry run: %v", err)
		}
		if s.Fake.Paid() != 0 || len(s.Fake.Held()) != 0 {
			t.Errorf("the dry run sent %d paid calls", s.Fake.Paid())
		}
	})

	t.Run(string(fake.Success), func(t *testing.T) {
		s.Fake.Set(fake.Success)
		rep, err := route.Place(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		s.once(t, true)
		if !rep.State.Holds() && rep.State != catch.Won {
			t.Errorf("state %q after success", rep.State)
		}
		o := order
		o.Ref = rep.Ref
		if found, err := route.Find(t.Context(), o); err != nil || found.State == "" {
			t.Errorf("find after success: %+v, %v", found, err)
		}
		if l, ok := route.(catch.Lister); ok && d.Has(catch.CanList) {
			list, err := l.List(t.Context())
			if err != nil || !slices.ContainsFunc(list, func(l catch.Listed) bool { return l.Name == s.Name }) {
				t.Errorf("list after success: %+v, %v", list, err)
			}
		}
		s.care(t, route)
		if d.Has(catch.CanCancel) {
			if rep, err := route.Cancel(t.Context(), o); err != nil || rep.State != catch.Cancelled {
				t.Errorf("cancel: %+v, %v", rep, err)
			}
			if len(s.Fake.Held()) != 0 {
				t.Errorf("cancelled, but the service holds %v", s.Fake.Held())
			}
			if _, err := route.Find(t.Context(), o); catch.KindOf(err) != catch.NotFound {
				t.Errorf("find after cancelling: %v, want not_found", err)
			}
		}
		if b, ok := route.(catch.Balancer); ok {
			if m, err := b.Balance(t.Context()); err != nil || m.Currency == "" {
				t.Errorf("balance: %v, %v", m, err)
			}
		}
		if d.Has(catch.CanQuote) {
			s.Fake.Set(fake.Success)
			if q, err := route.Quote(t.Context(), s.Name, 1); err != nil || q.Price.IsZero() || q.Premium || q.Basis == "" || q.At.IsZero() || q.Free == nil || !*q.Free {
				t.Errorf("quote: %+v, %v", q, err)
			}
		}
	})

	if d.Has(catch.CanQuote) && !slices.Contains(s.Cannot, fake.Taken) {
		t.Run("quote of a name that somebody holds", func(t *testing.T) {
			s.set(fake.Taken)
			q, err := route.Quote(t.Context(), s.Name, 1)
			if err != nil || q.Free == nil || *q.Free {
				t.Fatalf("%+v, %v", q, err)
			}
			if q.Price.IsZero() != s.Unlisted {
				t.Errorf("price %s by %q, with a list of prices: %t", q.Price, q.Basis, !s.Unlisted)
			}
		})
	}

	for _, k := range kinds {
		t.Run(string(k.scenario), func(t *testing.T) {
			s.skip(t, k.scenario)
			s.set(k.scenario)
			_, err := route.Place(t.Context(), req)
			if got := catch.KindOf(err); got != k.kind {
				t.Fatalf("kind %q (%v), want %q", got, err, k.kind)
			}
			noSecret(t, err.Error())
			if w := s.Words[k.scenario]; w != "" && !strings.Contains(err.Error(), w) {
				t.Errorf("the service's words %q are not in %q", w, err)
			}
			if held := s.Fake.Held(); len(held) != 0 {
				t.Errorf("refused, but the service holds %v", held)
			}
			if s.Fake.Paid() > 1 {
				t.Errorf("the paid call was sent %d times", s.Fake.Paid())
			}
			if k.scenario == fake.RateLimited {
				if e, ok := err.(*catch.Error); ok && e.RetryAfter <= 0 { //nolint:errorlint // connectors return it bare
					t.Errorf("the time to wait was lost")
				}
			}
		})
	}

	for _, u := range unknowns {
		t.Run(string(u.scenario), func(t *testing.T) {
			s.skip(t, u.scenario)
			s.set(u.scenario)
			_, err := route.Place(t.Context(), req)
			if catch.KindOf(err) != catch.OutcomeUnknown {
				t.Fatalf("got %v, want outcome_unknown", err)
			}
			noSecret(t, err.Error())
			s.once(t, u.committed)
			found, err := route.Find(t.Context(), order)
			switch {
			case u.committed && (err != nil || found.State == ""):
				t.Errorf("it was taken, but looking it up says %+v, %v", found, err)
			case !u.committed && catch.KindOf(err) != catch.NotFound:
				t.Errorf("it was not taken, but looking it up says %+v, %v", found, err)
			}
		})
	}

	t.Run(string(fake.AlreadyBackordered), func(t *testing.T) {
		s.skip(t, fake.AlreadyBackordered)
		s.set(fake.AlreadyBackordered)
		_, err := route.Place(t.Context(), req)
		if k := catch.KindOf(err); k != catch.AlreadyBackordered {
			t.Errorf("got %v, want already_backordered", err)
		}
		if held := s.Fake.Held(); len(held) > 1 {
			t.Errorf("the service holds %v", held)
		}
	})

	t.Run(string(fake.CutOffPassed), func(t *testing.T) {
		s.skip(t, fake.CutOffPassed)
		s.set(fake.CutOffPassed)
		if d.Has(catch.CanCancel) {
			s.Fake.Set(fake.Success)
			rep, err := route.Place(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			o := order
			o.Ref = rep.Ref
			keep := s.Fake.Held()
			s.Fake.Set(fake.CutOffPassed)
			restore, ok := s.Fake.(interface{ Hold(names ...string) })
			if ok {
				restore.Hold(keep...)
			}
			if _, err := route.Cancel(t.Context(), o); catch.KindOf(err) != catch.CutOffPassed {
				t.Errorf("cancel after the cut-off: %v, want cutoff_passed", err)
			}
			return
		}
		s.Fake.Set(fake.CutOffPassed)
		if _, err := route.Place(t.Context(), req); catch.KindOf(err) != catch.CutOffPassed {
			t.Errorf("order after the cut-off: %v, want cutoff_passed", err)
		}
	})

	t.Run(string(fake.ForeverPending), func(t *testing.T) {
		s.skip(t, fake.ForeverPending)
		s.set(fake.ForeverPending)
		rep, err := route.Place(t.Context(), req)
		if err != nil || rep.State != catch.Processing {
			t.Fatalf("got %+v, %v; want processing", rep, err)
		}
		o := order
		o.Ref, o.State, o.Since = rep.Ref, rep.State, time.Now()
		for range 3 {
			if found, err := route.Find(t.Context(), o); err != nil || found.State != catch.Processing {
				t.Errorf("find: %+v, %v; want processing", found, err)
			}
		}
		s.once(t, true)
	})

	if b, ok := route.(catch.Burster); ok {
		t.Run("register burst", func(t *testing.T) { s.burst(t, route, b, req) })
	}

	t.Run(string(fake.ServiceDown), func(t *testing.T) {
		s.set(fake.ServiceDown)
		_, err := route.Find(t.Context(), order)
		if catch.KindOf(err) != catch.UpstreamDown {
			t.Errorf("got %v, want upstream_down", err)
		}
		// A port of the system's own: one that a test closed is soon somebody
		// else's.
		down := s.Open(t, "http://127.0.0.1:1")
		if _, err := down.Place(t.Context(), req); catch.KindOf(err) != catch.UpstreamDown {
			t.Errorf("nobody listens, got %v, want upstream_down: nothing can have been bought", err)
		} else {
			noSecret(t, err.Error())
		}
	})
}

// care looks after a name that was won: what the route says that it can, it does
// by a call, and what it cannot it says to a person.
func (s Suite) care(t *testing.T, route catch.Route) {
	t.Helper()
	d := route.Describe()
	carer, _ := route.(catch.AfterCarer)
	hider, _ := route.(catch.Hider)
	for _, c := range []struct {
		can  catch.Can
		has  bool
		call func() error
	}{
		{catch.CanAutoRenew, carer != nil, func() error { return carer.AutoRenew(t.Context(), s.Name, true) }},
		{catch.CanLock, carer != nil, func() error { return carer.Lock(t.Context(), s.Name, true) }},
		{catch.CanNameservers, carer != nil, func() error {
			return carer.Nameservers(t.Context(), s.Name, []string{"ns1.example.net", "ns2.example.net"})
		}},
		{catch.CanPrivacy, hider != nil, func() error { return hider.Privacy(t.Context(), s.Name, true) }},
	} {
		if !c.has {
			continue
		}
		before, err := s.Fake.Calls(), c.call()
		switch {
		case d.Has(c.can) && (err != nil || s.Fake.Calls() == before):
			t.Errorf("%s: %v after %d calls", c.can, err, s.Fake.Calls()-before)
		case !d.Has(c.can) && (catch.KindOf(err) != catch.Guard || s.Fake.Calls() != before):
			t.Errorf("%s, which it cannot: %v", c.can, err)
		}
	}
}

func is[T any](r catch.Route) bool {
	_, ok := r.(T)
	return ok
}

// set begins a scenario, at a time at which no limit is used up any more.
func (s Suite) set(sc fake.Scenario) {
	elapsed.Add(int64(90 * time.Second))
	s.Fake.Set(sc)
}

func (s Suite) skip(t *testing.T, sc fake.Scenario) {
	if slices.Contains(s.Cannot, sc) {
		t.Skipf("the service has no way to say %q", sc)
	}
}

func (s Suite) once(t *testing.T, taken bool) {
	t.Helper()
	if n := s.Fake.Paid(); n != 1 {
		t.Errorf("the paid call was sent %d times", n)
	}
	want := 0
	if taken {
		want = 1
	}
	if held := s.Fake.Held(); len(held) != want {
		t.Errorf("the service holds %v, want %d", held, want)
	}
}

func noSecret(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, fake.Secret) || strings.Contains(text, "s3cr3t-KEY") {
		t.Errorf("a secret shows in %q", text)
	}
}

// burst fires the register call repeatedly: refused first, then free; with its
// outcome lost; refused for good; and until the window ends.
func (s Suite) burst(t *testing.T, route catch.Route, b catch.Burster, req catch.Request) {
	defer func() { Waited = nil }()
	forbidden := route.Terms(s.Name).Burst == catch.BurstForbidden
	fire := func(t *testing.T, first fake.Scenario, calls int, then fake.Scenario) (catch.Report, catch.BurstPlan) {
		t.Helper()
		s.set(first)
		at := s.now().Add(time.Second)
		armed, err := b.Arm(t.Context(), []catch.Request{req}, at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		Waited = func(time.Duration) {
			if calls > 0 && s.Fake.Calls() >= calls {
				calls = 0
				s.Fake.Set(then)
			}
		}
		reps, err := armed.Fire(t.Context())
		Waited = nil
		if err != nil {
			t.Fatal(err)
		}
		rep, plan := reps[s.Name], armed.Plan()
		if n := plan.Creates[s.Name]; n < 1 || len(rep.Frames) > n {
			t.Errorf("%d calls, %d were announced", len(rep.Frames), n)
		}
		return rep, plan
	}
	if forbidden {
		s.Fake.Set(fake.Success)
		rep, plan := fire(t, fake.Success, -1, "")
		if !rep.State.Holds() || plan.Creates[s.Name] != 1 || s.Fake.Paid() > 1 {
			t.Errorf("terms that forbid repeating: %+v of %v, %d paid calls", rep, plan.Creates, s.Fake.Paid())
		}
		if rep, _ := fire(t, fake.Taken, -1, ""); rep.State != catch.RefusedOrder && rep.State != catch.Planned || s.Fake.Paid() > 1 {
			t.Errorf("taken: %+v, %d paid calls", rep, s.Fake.Paid())
		}
		return
	}
	if !slices.Contains(s.Cannot, fake.Taken) {
		rep, _ := fire(t, fake.Taken, 3, fake.Success)
		if !rep.State.Holds() && rep.State != catch.Won || rep.State == catch.Planned || len(rep.Frames) < 2 {
			t.Errorf("free after three refusals: %q in %d calls (%s)", rep.State, len(rep.Frames), rep.Words)
		}
		s.once(t, true)
		rep, plan := fire(t, fake.Taken, -1, "")
		if rep.State != catch.Planned || len(rep.Frames) < 2 {
			t.Errorf("never free: %q after %d of %d calls", rep.State, len(rep.Frames), plan.Creates[s.Name])
		}
	}
	rep, _ := fire(t, fake.TimeoutAfterCommit, -1, "")
	if rep.State != catch.InDoubt || s.Fake.Paid() != 1 {
		t.Errorf("outcome lost: %q after %d paid calls, want in-doubt after one", rep.State, s.Fake.Paid())
	}
	if rep, _ := fire(t, fake.BadCredentials, -1, ""); rep.State != catch.Failed || s.Fake.Paid() > 1 {
		t.Errorf("wrong key: %q after %d paid calls", rep.State, s.Fake.Paid())
	}
}

func (s Suite) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return Now()
}
