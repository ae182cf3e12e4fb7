package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// lookRow looks at a name that is due and says what follows. A look without
// answers only moves the schedule.
func (s *Service) lookRow(ctx context.Context, d DueRow, st Standing) (Look, error) {
	before := st.Before
	answers, waits, err := s.ask(ctx, d.Name, before, asking{looks: st.Looks})
	if err != nil {
		return Look{}, err
	}
	now := s.now()
	if len(answers) == 0 && len(waits) > 0 {
		// Every host is spent. The name is promised its turn at the first one.
		w := slices.MinFunc(waits, func(a, b wait) int { return a.next.Compare(b.next) })
		l := Look{Name: d.Name, At: now, Due: s.budget.turn(w.host, w.next, d.Rank == 0), DueWhy: "waits: " + w.why}
		if soonest := now.Add(waitAtLeast); l.Due.Before(soonest) {
			l.Due = soonest
		}
		return l, nil
	}
	ours := false
	if st.Ordered {
		if ours, err = s.ours(ctx, d.Name); err != nil {
			return Look{}, err
		}
	}
	observed, err := s.drops.of(ctx, d.Name.Zone())
	if err != nil {
		return Look{}, err
	}
	l := s.conclude(d.Name, answers, waits, before, ours, observed, st.Added, now)
	if err := s.seesQuotes(ctx, &l); err != nil {
		return Look{}, err
	}
	if err := s.seesLaunch(ctx, &l); err != nil {
		return Look{}, err
	}
	if l.Verdict.Stage != lifecycle.Lost || (before != nil && before.Verdict.Stage == lifecycle.Lost) {
		return l, nil
	}
	// The registry shows a new holder before anybody told us that it is us.
	if s.bursts.naming(d.Name) {
		return Look{Name: d.Name, At: now, Due: now.Add(500 * time.Millisecond), DueWhy: "its burst is being settled"}, nil
	}
	if ours, err = s.askOrders(ctx, d.Name); err != nil {
		return Look{}, err
	}
	if ours {
		l = s.conclude(d.Name, answers, waits, before, ours, observed, st.Added, now)
	}
	return l, nil
}

// zoneDrops remembers the drops seen in each zone while this process acts: only
// who acts sees any, and every look asks for them.
type zoneDrops struct {
	store Store
	mu    sync.Mutex
	known map[string][]lifecycle.Observation
}

func (z *zoneDrops) of(ctx context.Context, zone string) ([]lifecycle.Observation, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if ds, ok := z.known[zone]; ok {
		return ds, nil
	}
	ds, err := z.store.Drops(ctx, zone, 200)
	if err == nil {
		z.known[zone] = ds
	}
	return ds, err
}

// forget makes a zone's drops be read again, or with "" those of all.
func (z *zoneDrops) forget(zone string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if delete(z.known, zone); zone == "" {
		clear(z.known)
	}
}

// askOrders asks the services that hold an order for a name where it stands,
// and reports whether one of them has it for us.
func (s *Service) askOrders(ctx context.Context, n Name) (bool, error) {
	os, err := s.store.Orders(ctx, OrderFilter{Name: n, States: []catch.State{catch.Active, catch.Processing}})
	if err != nil {
		return false, err
	}
	for _, o := range os {
		r := s.route(o.Route)
		if r == nil || !hasFinder(r) || o.Wish != catch.WishNone {
			continue
		}
		if err := s.find(ctx, o, r); err != nil && !errors.Is(err, ErrStale) {
			return false, err
		}
	}
	return s.ours(ctx, n)
}

// conclude turns answers into a look. added is when the name was put on the
// list, zero where it is not.
func (s *Service) conclude(n Name, answers []whoisx.Answer, waits []wait, before *Before, ours bool, observed []lifecycle.Observation, added, now time.Time) Look {
	rule := s.o.Rules.Rule(string(n))
	in := lifecycle.Input{Name: string(n), Rule: rule, Answers: answers, Before: before, Now: now, Ours: ours, Observed: observed, Houses: s.o.Houses, Reserved: s.o.Reserved}
	l := Look{Name: n, At: now, Answers: answers}
	if before != nil {
		l.Before = &before.Verdict
	}
	if !slices.ContainsFunc(answers, func(a whoisx.Answer) bool { return a.Outcome.SaysSomething() }) {
		if l, ok := s.concludeLaunch(l, before, nil, now); ok {
			return l
		}
		last := lifecycle.Verdict{Stage: lifecycle.Unknown, Confidence: lifecycle.Guess}
		if before != nil {
			last = before.Verdict
		}
		l.Verdict = last
		heard := added
		if before != nil && !before.At.IsZero() {
			heard = before.At
		}
		l.Due, l.DueWhy, l.Trouble = trouble(n, answers, waits, last, heard, rule, now)
		return l
	}
	l.Verdict = lifecycle.Decide(in)
	if !ours {
		if l, ok := s.concludeLaunch(l, before, &l.Verdict, now); ok {
			return l
		}
	}
	seen := lifecycle.Remember(in, l.Verdict)
	l.Seen = &seen
	if o, ok := lifecycle.Drop(before, l.Verdict, now); ok {
		l.Dropped = &o
	}
	l.Changes = changes(n, before, l.Verdict, seen, answers, now)
	l.Due, l.DueWhy = lifecycle.Poll(l.Verdict, rule, now)
	// A vote is missing because its host was spent: come back when it is not.
	if l.Verdict.Stage == lifecycle.LikelyFree || l.Verdict.Confidence == lifecycle.Conflict {
		for _, w := range waits {
			if w.next.Before(l.Due) {
				l.Due, l.DueWhy = w.next, "a second source is still to be heard: "+w.why
			}
		}
	}
	return l
}

// trouble says when a name is asked again that nobody spoke about, and why in
// words for a person. The silence of a server changes nothing else.
func trouble(n Name, answers []whoisx.Answer, waits []wait, last lifecycle.Verdict, since time.Time, rule lifecycle.Rule, now time.Time) (due time.Time, why, text string) {
	retry := time.Minute
	if !since.IsZero() {
		// The longer it lasts, the less often.
		retry = min(max(now.Sub(since)/10, time.Minute), time.Hour)
	}
	var heard []string
	voting := 0
	for _, a := range answers {
		if !a.Source.Votes() && voting > 0 {
			continue
		}
		said := string(a.Outcome)
		if a.Why != "" {
			said += " (" + a.Why + ")"
		}
		heard = append(heard, fmt.Sprintf("%s %s: %s", strings.ToUpper(string(a.Source)), a.Server, said))
		if a.Source.Votes() {
			voting++
		}
		if d := time.Duration(a.RetryAfter); d > retry {
			retry = min(d, 24*time.Hour)
		}
		if a.Outcome == whoisx.Invalid {
			retry = 24 * time.Hour
		}
	}
	for _, w := range waits {
		heard = append(heard, w.why)
	}
	due = now.Add(retry)
	if usual, _ := lifecycle.Poll(last, rule, now); usual.Before(due) && usual.After(now) && retry <= time.Hour {
		due = usual
	}
	if len(heard) == 0 {
		return now.Add(24 * time.Hour), "no source knows this TLD", fmt.Sprintf("no source: nobody is known to ask about .%s", n.TLD())
	}
	return due, "nobody answered", fmt.Sprintf("source unreachable: %s; asked again at %s", strings.Join(heard, "; "), due.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// ours reports whether a route of ours has the name.
func (s *Service) ours(ctx context.Context, n Name) (bool, error) {
	os, err := s.store.Orders(ctx, OrderFilter{Name: n, States: []catch.State{catch.Won, catch.WonProvisional, catch.PaymentDue}})
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(os, func(o catch.Order) bool { return o.State != catch.PaymentDue || o.Kind != catch.ExpiryAuction }), nil
}
