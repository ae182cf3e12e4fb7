package watch

import (
	"context"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// askTimeout bounds one question to one source, redirects and retries in.
const askTimeout = 45 * time.Second

// wait says that a source was not asked because its host's budget is empty.
type wait struct {
	host string
	next time.Time
	why  string
}

// waitAtLeast is how long a name leaves an empty budget alone: what is kept of a
// time is its microsecond, and a nanosecond short of the next request would be
// the same question again, at once and without end.
const waitAtLeast = 50 * time.Millisecond

// asking is how a name is asked: what the stage calls for, and how patient the
// caller is.
type asking struct {
	looks   int64         // at this name so far
	all     bool          // every source, whatever the first one says
	patient time.Duration // how long to wait for a budget instead of giving up
}

// ask asks the sources of a name, cheapest first: RDAP; WHOIS where RDAP does
// not settle it; a registrar or EPP check where a vote for "free" is missing;
// DNS as a hint.
func (s *Service) ask(ctx context.Context, n Name, before *Before, how asking) (answers []whoisx.Answer, waits []wait, err error) {
	one := func(src Source) (*whoisx.Answer, error) {
		a, w, err := s.askOne(ctx, src, n, how.patient)
		if err != nil || w != nil {
			if w != nil {
				waits = append(waits, *w)
			}
			return nil, err
		}
		if a != nil {
			answers = append(answers, s.enrich(ctx, src, *a))
		}
		return a, nil
	}
	second := how.all || wantsSecond(before, how.looks)
	for _, kind := range []whoisx.Source{whoisx.RDAP, whoisx.WHOIS, whoisx.EPP, whoisx.Registrar, whoisx.DNS, whoisx.DropList} {
		switch kind {
		case whoisx.WHOIS:
			if settled(answers) && !second {
				continue
			}
		case whoisx.EPP, whoisx.Registrar:
			// They cost the person's own standing: only to confirm "free".
			// In a launch they are asked for the price: premium and reserved names
			// change until the TLD is open. So they are in an expiry access period,
			// whose fee nobody else tells.
			if free, held := votes(answers); free != 1 && !s.sells(n) && !expiryAccess(answers) || held > 0 {
				continue
			}
		case whoisx.DNS:
			if settled(answers) && !how.all {
				continue
			}
		}
		for _, src := range s.o.Sources {
			if src.Kind() != kind || src.Host(string(n)) == "" {
				continue
			}
			if _, err := one(src); err != nil {
				return answers, waits, err
			}
			if kind == whoisx.EPP || kind == whoisx.Registrar {
				if free, _ := votes(answers); free != 1 {
					break
				}
			}
		}
	}
	return answers, waits, nil
}

// expiryAccess reports whether a registry says that a name which dropped can be
// had in an Expiry Access Period.
func expiryAccess(as []whoisx.Answer) bool {
	return slices.ContainsFunc(as, func(a whoisx.Answer) bool {
		return a.Outcome == whoisx.Gated && a.Category == "expiry access period"
	})
}

// settled reports whether a voting source says that somebody holds the name:
// then no second source is needed.
func settled(as []whoisx.Answer) bool {
	return slices.ContainsFunc(as, func(a whoisx.Answer) bool {
		return a.Source.Votes() && a.Outcome == whoisx.Registered && a.Confirmed
	})
}

func votes(as []whoisx.Answer) (free, held int) {
	for _, a := range as {
		switch {
		case !a.Source.Votes():
		case a.Outcome == whoisx.NotRegistered:
			free++
		case a.Outcome == whoisx.Registered:
			held++
		}
	}
	return free, held
}

// everyFourth is how often a name in its window is asked about at a second source
// while the first one says that somebody holds it: the minute counts there, but
// so do a registry's budgets, and one source that lags is enough to insure
// against. The moment the first one no longer says so, the second is asked.
const everyFourth = 4

// wantsSecond reports whether the stage calls for a second source even where
// the first one says "registered".
func wantsSecond(b *Before, looks int64) bool {
	if b == nil {
		return false
	}
	if b.Verdict.Confidence == lifecycle.Conflict {
		return true
	}
	switch b.Verdict.Stage {
	case lifecycle.Dropping:
		return looks%everyFourth == 0
	case lifecycle.LikelyFree, lifecycle.Free, lifecycle.GatedStage:
		return true
	}
	return false
}

// askOne asks one source within its host's budget. It returns an answer, or a
// wait where the budget is empty.
func (s *Service) askOne(ctx context.Context, src Source, n Name, patient time.Duration) (*whoisx.Answer, *wait, error) {
	host := src.Host(string(n))
	deadline := s.now().Add(patient)
	l, keeps := src.(LocalSource)
	for !keeps || !l.Local(string(n)) {
		ok, next, why, err := s.budget.take(ctx, host)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			break
		}
		if next.After(deadline) {
			return nil, &wait{host: host, next: next, why: why}, nil
		}
		if !sleep(ctx, max(next.Sub(s.now()), time.Millisecond)) {
			return nil, nil, context.Cause(ctx)
		}
	}
	actx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	a := src.Ask(actx, string(n))
	if err := ctx.Err(); err != nil {
		return nil, nil, err // we stopped, the server did nothing wrong
	}
	if found := src.Host(string(n)); !keeps && found != host && found != "" {
		// IANA was asked for the TLD's server, and that one right after: the
		// question counts, and what it said of too many is its own.
		host = found
		if _, _, _, err := s.budget.take(ctx, host); err != nil {
			return nil, nil, err
		}
	}
	if err := s.budget.learn(ctx, host, a); err != nil {
		return nil, nil, err
	}
	return &a, nil, nil
}

// enrich asks the registrar's own server where the registry's answer leaves out
// what matters: in the auto-renew grace period the registry shows the next
// year's expiry already, and only the registrar tells the one that passed. It
// waits for no budget; without one the answer stays as it is.
func (s *Service) enrich(ctx context.Context, src Source, a whoisx.Answer) whoisx.Answer {
	e, ok := src.(Enricher)
	if !ok || a.Outcome != whoisx.Registered || !a.RegistrarExpires.IsZero() || !slices.Contains(a.Statuses, "autoRenewPeriod") {
		return a
	}
	host := e.EnrichHost(a)
	if host == "" {
		return a
	}
	if ok, _, _, err := s.budget.take(ctx, host); err != nil || !ok {
		return a
	}
	actx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	enriched, second := e.Enrich(actx, a)
	if ctx.Err() != nil {
		return a
	}
	if err := s.budget.learn(ctx, host, second); err != nil {
		s.o.Log.Warn("budget not kept", "host", host, "err", err)
	}
	return enriched
}

// sleep waits, and reports whether it waited to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
