package watch

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// budgets is this process's purse over the token buckets in the store. A
// bucket belongs to a host, not to a TLD: one host serves hundreds of them.
type budgets struct {
	store Store
	book  *HostBook
	now   func() time.Time

	mu     sync.Mutex
	draws  map[string]*sync.Mutex // one at a time draws for a host, the others share what it got
	grants map[string]grant       // taken in advance, so that requests cost few writes
	spent  map[string]bool        // hosts of which nothing is left in the hand
	heard  map[string]int         // how often a host said "too often"
	queue  map[string]time.Time   // when the next name that waits for a host is promised its turn
}

// grant is what was taken from a bucket and not spent yet.
type grant struct {
	n     int
	until time.Time
}

func newBudgets(st Store, book *HostBook, now func() time.Time) *budgets {
	return &budgets{
		store: st, book: book, now: now,
		draws: map[string]*sync.Mutex{}, grants: map[string]grant{}, spent: map[string]bool{}, heard: map[string]int{}, queue: map[string]time.Time{},
	}
}

// take takes one request to a host. Where there is none it says when the next
// one is allowed, and why not now.
func (b *budgets) take(ctx context.Context, host string) (ok bool, next time.Time, why string, err error) {
	now := b.now()
	granted := func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		g := b.grants[host]
		if g.n <= 0 || !now.Before(g.until) {
			return false
		}
		g.n--
		b.grants[host] = g
		if g.n == 0 {
			b.spent[host] = true
		}
		return true
	}
	if granted() {
		return true, time.Time{}, "", nil
	}
	b.mu.Lock()
	draw := b.draws[host]
	if draw == nil {
		draw = &sync.Mutex{}
		b.draws[host] = draw
	}
	b.mu.Unlock()
	draw.Lock()
	defer draw.Unlock()
	if now = b.now(); granted() {
		return true, time.Time{}, "", nil // whoever was before us got enough for several
	}
	b.mu.Lock()
	heard := b.heard[host]
	b.mu.Unlock()
	got := 0
	err = b.store.ChangeBudget(ctx, host, func(bk *Budget) {
		if got, next, why = b.draw(bk, now); got > 1 {
			bk.Held, bk.HeldUntil = float64(got-1), now.Add(2*time.Second)
		}
	})
	if err != nil || got == 0 {
		return false, next, why, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.heard[host] != heard:
		// It said "too often" meanwhile: nothing is left for others.
	case got > 1:
		b.grants[host] = grant{n: got - 1, until: now.Add(2 * time.Second)}
	default:
		b.spent[host] = true
	}
	return true, time.Time{}, "", nil
}

// handFor is how long a request taken in advance is good for.
const handFor = time.Hour

// restock takes a few requests in advance from each host that was asked since the
// last time, as changes for a transaction that is under way anyway; a transaction
// of its own for each request costs more than asking. Hosts that are short, that
// allow so much a day, or that said "too often" are left alone. The requests are
// there once taken is called, after the transaction.
func (b *budgets) restock() (changes []BudgetChange, taken func()) {
	b.mu.Lock()
	hosts := slices.Sorted(maps.Keys(b.spent))
	clear(b.spent)
	heard := maps.Clone(b.heard)
	b.mu.Unlock()
	now := b.now()
	until := now.Add(handFor)
	got := map[string]int{}
	for _, host := range hosts {
		changes = append(changes, BudgetChange{Host: host, Change: func(bk *Budget) {
			b.refill(bk, now)
			n := int(bk.Burst / 2)
			if n < 1 || bk.PerDay > 0 || bk.Why != "" || bk.Tokens < float64(n+1) || bk.Rate/4 >= 2 {
				return
			}
			for got[host] < n {
				if k, _, _ := b.draw(bk, now); k != 1 {
					break
				}
				got[host]++
			}
			bk.Held, bk.HeldUntil = float64(got[host]), until
		}})
	}
	return changes, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for host, n := range got {
			if b.heard[host] != heard[host] {
				continue // it said "too often" while the transaction was under way
			}
			b.grants[host] = grant{n: n, until: until}
		}
	}
}

// empty throws away what is in the hand: another process may act from now on.
func (b *budgets) empty() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.grants)
	clear(b.spent)
}

// recall throws away what is in the hand for hosts that said "too often" to
// another process.
func (b *budgets) recall(ctx context.Context) error {
	b.mu.Lock()
	none := len(b.grants) == 0
	b.mu.Unlock()
	if none {
		return nil
	}
	bks, err := b.store.Budgets(ctx)
	if err != nil {
		b.empty() // none of it is sure
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, bk := range bks {
		if bk.Why != "" {
			delete(b.grants, bk.Host)
			delete(b.spent, bk.Host)
		}
	}
	return nil
}

// draw takes tokens from a bucket: one, or from a fast host what it allows in
// a quarter of a second.
func (b *budgets) draw(bk *Budget, now time.Time) (got int, next time.Time, why string) {
	b.refill(bk, now)
	if now.Before(bk.Until) {
		return 0, bk.Until, fmt.Sprintf("%s asked to wait: %s", bk.Host, bk.Why)
	}
	day := now.UTC().Format(time.DateOnly)
	if bk.Day != day {
		bk.Day, bk.Today = day, 0
	}
	n := int(min(bk.Tokens, max(1, min(bk.Rate/4, 512))))
	if last := bk.LastAsk; bk.PerDay > 0 && bk.Today >= bk.PerDay/2 && bk.Today < bk.PerDay {
		// Half of the day's requests are gone: the rest is spread over what is
		// left of the day, so that nobody is blind for all of its end.
		midnight := now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
		if at := last.Add(midnight.Sub(last) / time.Duration(bk.PerDay-bk.Today+1)); !last.IsZero() && now.Before(at) && at.Sub(now) < 24*time.Hour {
			return 0, at, fmt.Sprintf("half of the daily limit of %s (%d) is used up, the rest is spread over the day", bk.Host, bk.PerDay)
		}
		n = min(n, 1)
	}
	if bk.PerDay > 0 {
		if bk.Today >= bk.PerDay {
			tomorrow := now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
			return 0, tomorrow, fmt.Sprintf("the daily limit of %s (%d) is used up", bk.Host, bk.PerDay)
		}
		n = min(n, bk.PerDay-bk.Today)
	}
	if n <= 0 {
		wait := time.Duration((1 - bk.Tokens) / bk.Rate * float64(time.Second))
		return 0, now.Add(max(wait, time.Millisecond)), fmt.Sprintf("%s is asked %s at most", bk.Host, rateWords(bk.Rate))
	}
	bk.Tokens -= float64(n)
	bk.Today += n
	bk.LastAsk = now
	return n, time.Time{}, ""
}

// recovery is how long a host that said "too often" takes to be asked at its
// usual pace again.
const recovery = 6 * time.Hour

// longestWait is how long a host is left alone at most when it asks for that.
const longestWait = 7 * 24 * time.Hour

// refill brings a bucket up to now: tokens come back with the rate, and the
// rate slowly with time.
func (b *budgets) refill(bk *Budget, now time.Time) {
	l := b.book.Limit(bk.Host)
	if bk.At.IsZero() {
		bk.Rate, bk.Usual, bk.Burst, bk.Tokens, bk.At = l.Rate, l.Rate, l.Burst, l.Burst, now
	}
	if bk.Usual != l.Rate { // the person changed it
		bk.Rate, bk.Usual = l.Rate*bk.Rate/bk.Usual, l.Rate
	}
	bk.Burst, bk.PerDay, bk.Source = l.Burst, l.PerDay, l.Source
	dt := now.Sub(bk.At)
	if dt < 0 || dt > 365*24*time.Hour {
		dt = 0 // the clock jumped
		// By minutes, not by the moment that two writers are apart, and longer
		// than any host is obeyed: that was reckoned by the other clock.
		if now.Before(bk.At.Add(-time.Minute)) && bk.Until.Sub(now) > longestWait {
			bk.Until = time.Time{}
		}
	}
	bk.At = now
	if now.After(bk.Until) {
		bk.Rate = min(bk.Usual, bk.Rate+bk.Usual*dt.Seconds()/recovery.Seconds())
		full := bk.Burst
		if now.Before(bk.HeldUntil) {
			full -= bk.Held // they may all be spent at once
		}
		bk.Tokens = min(full, bk.Tokens+bk.Rate*dt.Seconds())
		if bk.Rate == bk.Usual && bk.Why != "" {
			bk.Why = ""
		}
	}
}

// learn takes from an answer what it says about the budget.
func (b *budgets) learn(ctx context.Context, host string, a whoisx.Answer) error {
	if !limits(a) {
		return nil
	}
	b.mu.Lock()
	b.heard[host]++
	delete(b.grants, host)
	delete(b.spent, host)
	b.mu.Unlock()
	now := b.now()
	return b.store.ChangeBudget(ctx, host, func(bk *Budget) {
		b.refill(bk, now)
		if now.Before(bk.Until) && a.RetryAfter == 0 {
			return // several were out when it said so once
		}
		bk.Limits++
		bk.Held = 0 // whoever has some spends them no more: we from here on, another process once it calls them back
		bk.Rate = max(bk.Rate/2, bk.Usual/64)
		bk.Tokens = 0
		wait := time.Duration(a.RetryAfter)
		if wait <= 0 {
			// Nothing was said: half a minute's worth of requests, doubled with
			// each halving of the rate.
			wait = time.Duration(30 / bk.Usual * float64(time.Second) * bk.Usual / bk.Rate / 2)
			wait = min(max(wait, time.Second), time.Hour)
		}
		wait = min(wait, longestWait)
		if until := now.Add(wait); until.After(bk.Until) {
			bk.Until = until
		}
		bk.Why = string(a.Outcome)
		if a.Why != "" {
			bk.Why = a.Why
		}
	})
}

// limits reports whether an answer says that the host was asked too often.
// Registries say it as 429, and as 403 and 422 just as well.
func limits(a whoisx.Answer) bool {
	switch a.Outcome {
	case whoisx.RateLimited:
		return true
	case whoisx.Refused:
		return a.RetryAfter > 0 || a.HTTPStatus == 403 || a.HTTPStatus == 422 || a.HTTPStatus == 429
	}
	return false
}

// turn promises a name that found the bucket empty its own place in the line,
// so that ten thousand names do not all come back at once. Urgent names do not
// stand in line.
func (b *budgets) turn(host string, earliest time.Time, urgent bool) time.Time {
	if urgent {
		return earliest
	}
	step := time.Second
	if l := b.book.Limit(host); l.Rate > 0 {
		step = time.Duration(float64(time.Second) / l.Rate)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.queue[host]
	if at.Before(earliest) {
		at = earliest
	}
	b.queue[host] = at.Add(step)
	return at
}

func rateWords(perSecond float64) string {
	switch {
	case perSecond >= 1:
		return fmt.Sprintf("%g times a second", math.Round(perSecond*10)/10)
	case perSecond*60 >= 1:
		return fmt.Sprintf("%g times a minute", math.Round(perSecond*600)/10)
	}
	return fmt.Sprintf("%g times an hour", math.Round(perSecond*36000)/10)
}

// Budgets lists the hosts' budgets as they stand now.
func (s *Service) Budgets(ctx context.Context) ([]Budget, error) {
	bs, err := s.store.Budgets(ctx)
	now := s.now()
	for i := range bs {
		s.budget.refill(&bs[i], now)
	}
	return bs, err
}
