package watch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lapse-dev/lapse/whoisx"
)

// purseStore is a store that keeps buckets in memory and nothing else.
type purseStore struct {
	Store
	buckets map[string]Budget
	writes  int
	fails   error
}

func (p *purseStore) ChangeBudget(_ context.Context, host string, change func(*Budget)) error {
	b := p.buckets[host]
	b.Host = host
	change(&b)
	p.buckets[host] = b
	p.writes++
	return nil
}

func (p *purseStore) Budgets(context.Context) ([]Budget, error) {
	if p.fails != nil {
		return nil, p.fails
	}
	return slices.Collect(maps.Values(p.buckets)), nil
}

func testBudgets(t interface{ Fatal(...any) }, limits string) (*budgets, *purseStore, *time.Time) {
	now := time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	book := DefaultHosts()
	if err := book.Overlay("test.toml", []byte(limits)); err != nil {
		t.Fatal(err)
	}
	st := &purseStore{buckets: map[string]Budget{}}
	return newBudgets(st, book, func() time.Time { return now }), st, &now
}

func TestBudgetOfAHost(t *testing.T) {
	ctx := t.Context()
	b, _, now := testBudgets(t, "[[host]]\nhost = \"h\"\nrate = 1.0\nburst = 3.0\nper_day = 10\nsource = \"test\"\n")
	take := func(n int) (got int) {
		for range n {
			if ok, _, _, err := b.take(ctx, "h"); err != nil {
				t.Fatal(err)
			} else if ok {
				got++
			}
		}
		return got
	}
	if n := take(10); n != 3 {
		t.Errorf("a full bucket gave %d", n)
	}
	_, next, why, err := b.take(ctx, "h")
	if err != nil || next.Sub(*now) <= 0 || next.Sub(*now) > time.Second || !strings.Contains(why, "h is asked 1 times a second") {
		t.Errorf("next in %s: %s, %v", next.Sub(*now), why, err)
	}
	*now = now.Add(2 * time.Second)
	if n := take(10); n != 2 {
		t.Errorf("after two seconds %d", n)
	}
	*now = now.Add(time.Hour)
	take(3)
	*now = now.Add(time.Hour)
	if n := take(10); n != 1 {
		t.Errorf("more than half of the day's requests are gone, and %d were given at once", n)
	}
	_, next, why, _ = b.take(ctx, "h")
	if in := next.Sub(*now); in < time.Hour || in > 12*time.Hour || !strings.Contains(why, "spread over the day") {
		t.Errorf("next in %s: %s", in, why)
	}
	for today := 0; strings.Contains(why, "spread over the day"); today++ {
		*now = next
		if n := take(1); n != 1 || today > 10 {
			t.Fatalf("the promised turn gave %d", n)
		}
		_, next, why, _ = b.take(ctx, "h")
	}
	if !next.Equal(time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)) || !strings.Contains(why, "daily limit") {
		t.Errorf("next %s: %s", next, why)
	}
	*now = next
	if n := take(1); n != 1 {
		t.Error("a new day gives nothing")
	}
}

func TestBudgetLearns(t *testing.T) {
	ctx := t.Context()
	b, st, now := testBudgets(t, "[[host]]\nhost = \"h\"\nrate = 2.0\nburst = 4.0\n")
	limited := whoisx.Answer{Outcome: whoisx.RateLimited, HTTPStatus: 429, Why: "429 Too Many Requests"}
	if _, _, _, err := b.take(ctx, "h"); err != nil {
		t.Fatal(err)
	}
	limited.RetryAfter = whoisx.Duration(90 * time.Second)
	if err := b.learn(ctx, "h", limited); err != nil {
		t.Fatal(err)
	}
	if bk := st.buckets["h"]; bk.Rate != 1 || bk.Limits != 1 || bk.Until.Sub(*now) != 90*time.Second {
		t.Errorf("%+v", bk)
	}
	if ok, next, why, _ := b.take(ctx, "h"); ok || next.Sub(*now) != 90*time.Second || !strings.Contains(why, "429") {
		t.Errorf("%v %s %s", ok, next, why)
	}
	*now = now.Add(91 * time.Second)
	if ok, _, _, _ := b.take(ctx, "h"); !ok {
		t.Error("not asked again")
	}
	slow := st.buckets["h"].Rate
	*now = now.Add(recovery / 4)
	b.take(ctx, "h")
	if r := st.buckets["h"].Rate; r <= slow || r >= 2 {
		t.Errorf("rate %f after a quarter of the recovery, was %f", r, slow)
	}
	*now = now.Add(recovery)
	b.take(ctx, "h")
	if bk := st.buckets["h"]; bk.Rate != 2 || bk.Why != "" {
		t.Errorf("not recovered: %+v", bk)
	}
	// 403 and 422 are limits as well; a plain refusal is not.
	for _, c := range []struct {
		a  whoisx.Answer
		is bool
	}{
		{whoisx.Answer{Outcome: whoisx.Refused, HTTPStatus: 403}, true},
		{whoisx.Answer{Outcome: whoisx.Refused, HTTPStatus: 422}, true},
		{whoisx.Answer{Outcome: whoisx.Refused}, false},
		{whoisx.Answer{Outcome: whoisx.NotRegistered, HTTPStatus: 404}, false},
	} {
		if limits(c.a) != c.is {
			t.Errorf("%+v", c.a)
		}
	}
}

// A host that asks for days is left alone for days, also where two processes
// write a moment apart; what a clock that ran a year ahead reckoned is not kept.
func TestLongWaitIsKept(t *testing.T) {
	ctx := t.Context()
	b, st, now := testBudgets(t, "[[host]]\nhost = \"h\"\nrate = 2.0\nburst = 4.0\n")
	banned := whoisx.Answer{Outcome: whoisx.RateLimited, RetryAfter: whoisx.Duration(5 * 24 * time.Hour)}
	if err := b.learn(ctx, "h", banned); err != nil {
		t.Fatal(err)
	}
	for _, back := range []time.Duration{time.Millisecond, time.Hour} {
		*now = now.Add(-back)
		if ok, _, _, _ := b.take(ctx, "h"); ok || st.buckets["h"].Until.IsZero() {
			t.Fatalf("asked although it wants five days, after the clock went back by %s", back)
		}
	}
	*now = now.Add(365 * 24 * time.Hour)
	if err := b.learn(ctx, "h", banned); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(-365 * 24 * time.Hour)
	if _, next, _, _ := b.take(ctx, "h"); next.Sub(*now) > time.Minute {
		t.Errorf("waits until %s for what a clock a year ahead reckoned", next)
	}
}

// However a host is asked, it never sees more than its burst at once, nor more
// than its rate after that: a bucket of its own is never empty when it is asked.
func TestBudgetIsNeverExceeded(t *testing.T) {
	for _, c := range []struct{ rate, burst float64 }{{8, 10}, {1, 5}, {0.5, 1}} {
		rapid.Check(t, func(t *rapid.T) {
			b, st, now := testBudgets(t, fmt.Sprintf("[[host]]\nhost = \"h\"\nrate = %g\nburst = %g\n", c.rate, c.burst))
			tokens, at := c.burst, *now
			limitsSaid := 0
			for range rapid.IntRange(1, 200).Draw(t, "steps") {
				switch rapid.IntRange(0, 11).Draw(t, "what") {
				case 0:
					limitsSaid++
					if err := b.learn(context.Background(), "h", whoisx.Answer{Outcome: whoisx.RateLimited}); err != nil {
						t.Fatal(err)
					}
				case 1, 2, 3:
					*now = now.Add(time.Duration(rapid.IntRange(0, 9000).Draw(t, "ms")) * time.Millisecond)
				case 4, 5:
					changes, taken := b.restock()
					for _, ch := range changes {
						if err := st.ChangeBudget(context.Background(), ch.Host, ch.Change); err != nil {
							t.Fatal(err)
						}
					}
					taken()
				default:
					ok, next, _, err := b.take(context.Background(), "h")
					if err != nil {
						t.Fatal(err)
					}
					if !ok {
						if !next.After(*now) {
							t.Fatalf("refused, and asked to come back at %s, now %s", next, *now)
						}
						continue
					}
					tokens, at = min(c.burst, tokens+c.rate*now.Sub(at).Seconds())-1, *now
					if tokens < -1e-6 {
						t.Fatalf("asked %f times too often", -tokens)
					}
				}
			}
			if bk := st.buckets["h"]; bk.Rate > c.rate || (limitsSaid > 0 && bk.Rate < c.rate/64-1e-9) {
				t.Fatalf("rate %f", bk.Rate)
			}
		})
	}
}

// What is taken in advance costs no write of its own, and is gone when a host
// says "too often" and when another process may act.
func TestHandOfRequests(t *testing.T) {
	b, st, now := testBudgets(t, "[[host]]\nhost = \"h\"\nrate = 1.0\nburst = 5.0\n")
	stock := func() {
		changes, taken := b.restock()
		for _, ch := range changes {
			if err := st.ChangeBudget(t.Context(), ch.Host, ch.Change); err != nil {
				t.Fatal(err)
			}
		}
		taken()
	}
	takes := func(writes int) {
		t.Helper()
		before := st.writes
		if ok, _, why, err := b.take(t.Context(), "h"); !ok || err != nil || st.writes != before+writes {
			t.Fatalf("%v, %v (%s), %d writes", ok, err, why, st.writes-before)
		}
	}
	takes(1)
	*now = now.Add(time.Minute)
	stock()
	*now = now.Add(50 * time.Second)
	takes(0)
	takes(0)
	takes(1)
	*now = now.Add(time.Minute)
	stock()
	*now = now.Add(2 * handFor)
	takes(1) // it was too old
	stock()
	b.empty()
	takes(1)
	if changes, _ := b.restock(); len(changes) != 1 {
		t.Fatal("nothing to restock")
	}
	if err := b.learn(t.Context(), "h", whoisx.Answer{Outcome: whoisx.RateLimited}); err != nil {
		t.Fatal(err)
	}
	if ok, _, _, _ := b.take(t.Context(), "h"); ok {
		t.Error("asked again at once")
	}
}

// What is in the hand of one process is called back when another one hears "too
// often": only for that host, and for all where nobody can tell.
func TestHandIsCalledBack(t *testing.T) {
	b, st, now := testBudgets(t, "[[host]]\nhost = \"h\"\nrate = 1.0\nburst = 5.0\n[[host]]\nhost = \"other\"\nrate = 1.0\nburst = 5.0\n")
	stock := func() {
		for _, host := range []string{"h", "other"} {
			if ok, _, _, err := b.take(t.Context(), host); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		*now = now.Add(time.Minute)
		changes, taken := b.restock()
		for _, ch := range changes {
			if err := st.ChangeBudget(t.Context(), ch.Host, ch.Change); err != nil {
				t.Fatal(err)
			}
		}
		taken()
		if b.grants["h"].n == 0 || b.grants["other"].n == 0 {
			t.Fatalf("hand %+v", b.grants)
		}
	}
	stock()
	another := newBudgets(st, b.book, b.now)
	if err := another.learn(t.Context(), "h", whoisx.Answer{Outcome: whoisx.RateLimited, RetryAfter: whoisx.Duration(30 * time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if err := b.recall(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ok, _, _, err := b.take(t.Context(), "h"); ok || err != nil {
		t.Errorf("asked again within the half hour that it asked for, %v", err)
	}
	if b.grants["other"].n == 0 {
		t.Error("the other host's are gone too")
	}
	st.fails = errors.New("no store")
	if err := b.recall(t.Context()); err == nil || len(b.grants) != 0 {
		t.Errorf("%v, hand %+v", err, b.grants)
	}
}

// beating is the store of a process that acts.
type beating struct{ *purseStore }

func (beating) Beat(context.Context, int64, string) error { return nil }
func (beating) AskAgain(context.Context, time.Time, string) (int, error) {
	return 0, nil
}

// Whoever acts hears of what another process was told within two seconds.
func TestHandIsCalledBackWithEveryBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, st, _ := testBudgets(t, "")
		st.buckets["h"] = Budget{Host: "h", Why: "too often"}
		s := &Service{now: time.Now, budget: b, store: beating{st}, bursts: newBurstTable(), o: Options{Stale: 10 * time.Second}}
		err := s.hold(t.Context(), 1, func(ctx context.Context, _ int64) error {
			b.mu.Lock()
			b.grants["h"] = grant{n: 2, until: b.now().Add(handFor)}
			b.mu.Unlock()
			sleep(ctx, 2*time.Second)
			synctest.Wait()
			b.mu.Lock()
			defer b.mu.Unlock()
			if left := b.grants["h"]; left.n > 0 {
				t.Errorf("%d are left in the hand", left.n)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// What is being taken in advance while a host says "too often" is not asked for
// either: whoever took it hears of it before the bucket does, or after.
func TestHandIsEmptyAfterALimit(t *testing.T) {
	for _, first := range []string{"the bucket", "the limit"} {
		b, st, now := testBudgets(t, "[[host]]\nhost = \"h\"\nrate = 1.0\nburst = 5.0\n")
		limit := func() {
			if err := b.learn(t.Context(), "h", whoisx.Answer{Outcome: whoisx.RateLimited, RetryAfter: whoisx.Duration(30 * time.Minute)}); err != nil {
				t.Fatal(err)
			}
		}
		if ok, _, _, err := b.take(t.Context(), "h"); !ok || err != nil {
			t.Fatal(ok, err)
		}
		*now = now.Add(time.Minute)
		changes, taken := b.restock()
		if first == "the limit" {
			limit()
		}
		for _, ch := range changes {
			if err := st.ChangeBudget(t.Context(), ch.Host, ch.Change); err != nil {
				t.Fatal(err)
			}
		}
		if first == "the bucket" {
			limit()
		}
		taken()
		if ok, _, _, err := b.take(t.Context(), "h"); ok || err != nil {
			t.Errorf("%s first: asked again within the half hour that it asked for, %v", first, err)
		}
	}
}

func TestTurnsAreSpread(t *testing.T) {
	b, _, now := testBudgets(t, "[[host]]\nhost = \"h\"\nrate = 2.0\nburst = 4.0\n")
	first := b.turn("h", *now, false)
	for i := 1; i < 100; i++ {
		if at := b.turn("h", *now, false); at.Sub(first) != time.Duration(i)*500*time.Millisecond {
			t.Fatalf("turn %d after %s", i, at.Sub(first))
		}
	}
	if at := b.turn("h", *now, true); !at.Equal(*now) {
		t.Errorf("an urgent name stands in line until %s", at)
	}
}

func TestHostBook(t *testing.T) {
	b := DefaultHosts()
	for host, rate := range map[string]float64{
		"whois.nic.uk": 0.5, "whois.nic.uk:43": 0.5, "unknown.example": 1, "127.0.0.1:8443": 500, "localhost": 500, "[::1]:43": 500, "10.1.2.3": 500, "8.8.8.8": 1,
	} {
		if l := b.Limit(host); l.Rate != rate {
			t.Errorf("%s: %g, want %g", host, l.Rate, rate)
		}
	}
	for text, want := range map[string]string{
		"[[host]]\nhost = \"x\"\nrat = 1.0\n":             "hosts.toml:3",
		"[[host]]\nhost = \"x\"\nrate = 0.0\nburst = 1.0": "above zero",
		"[[host]]\nrate = 1.0\nburst = 1.0":               "without a host",
		"[[host]\n":                                       "hosts.toml:1",
	} {
		if err := b.Overlay("hosts.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// finder is a source that has to ask IANA for the TLD's server first.
type finder struct {
	host   string
	answer whoisx.Answer
}

func (f *finder) Kind() whoisx.Source { return whoisx.WHOIS }
func (f *finder) Host(string) string  { return f.host }
func (f *finder) Ask(context.Context, string) whoisx.Answer {
	f.host = "h"
	return f.answer
}

// A server that had to be found first is asked out of its own budget, too, and
// told "too often" by nobody else's.
func TestServerThatWasFoundHasABudget(t *testing.T) {
	for _, limited := range []bool{false, true} {
		b, st, now := testBudgets(t, "[[host]]\nhost = \"h\"\nrate = 1.0\nburst = 5.0\n")
		s := &Service{now: func() time.Time { return *now }, budget: b}
		src := &finder{host: "whois.iana.org", answer: whoisx.Answer{Outcome: whoisx.Registered}}
		if limited {
			src.answer.Outcome = whoisx.RateLimited
		}
		if a, w, err := s.askOne(t.Context(), src, "a.example", 0); a == nil || w != nil || err != nil {
			t.Fatal(a, w, err)
		}
		if bk := st.buckets["h"]; bk.LastAsk.IsZero() || (bk.Why != "") != limited {
			t.Errorf("limited %v: the server's %+v", limited, bk)
		}
		if bk := st.buckets["whois.iana.org"]; bk.LastAsk.IsZero() || bk.Why != "" {
			t.Errorf("limited %v: IANA's %+v", limited, bk)
		}
	}
}

// lists is a source that keeps lists of several hosts: one that was due says
// nothing of the next.
type lists struct{ finder }

func (l *lists) Local(string) bool { return false }

// A list that had to be fetched counts for its own host alone, whatever list the
// name is looked up in next.
func TestListThatWasFetchedCountsForItsHost(t *testing.T) {
	b, st, now := testBudgets(t, "")
	s := &Service{now: func() time.Time { return *now }, budget: b}
	src := &lists{finder{host: "lists.example", answer: whoisx.Answer{Outcome: whoisx.RateLimited}}}
	if a, w, err := s.askOne(t.Context(), src, "a.example", 0); a == nil || w != nil || err != nil {
		t.Fatal(a, w, err)
	}
	if bk, asked := st.buckets["h"]; asked {
		t.Errorf("the other host's: %+v", bk)
	}
	if bk := st.buckets["lists.example"]; bk.Why == "" {
		t.Errorf("its own: %+v", bk)
	}
}
