package watch

import (
	"context"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// Queue lists what is asked next, and when each name's turn comes where a host
// is short.
func (s *Service) Queue(ctx context.Context, limit int) ([]Queued, error) {
	if limit <= 0 {
		limit = 1000
	}
	rows, _, err := s.store.Due(ctx, s.now().Add(365*24*time.Hour), limit)
	if err != nil {
		return nil, err
	}
	bs, err := s.Budgets(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	lines := map[string]*line{}
	for _, b := range bs {
		lines[b.Host] = newLine(b, now)
	}
	out := make([]Queued, 0, len(rows))
	for _, d := range rows {
		q := Queued{Name: d.Name, Due: d.Due, At: d.Due, Why: d.Why, Hosts: s.hosts(d.Name)}
		if q.At.Before(now) {
			q.At = now
		}
		if len(q.Hosts) > 0 {
			l := lines[q.Hosts[0]]
			if l == nil {
				b := Budget{Host: q.Hosts[0]}
				s.budget.refill(&b, now)
				l = newLine(b, now)
				lines[q.Hosts[0]] = l
			}
			at := l.turn(q.At)
			q.Short = at.Sub(q.At) > time.Second
			q.At, q.Left = at, int(l.tokens)
		}
		out = append(out, q)
	}
	return out, nil
}

// line simulates a bucket over what is due.
type line struct {
	tokens, burst, rate float64
	at                  time.Time
	until               time.Time
}

func newLine(b Budget, now time.Time) *line {
	return &line{tokens: b.Tokens, burst: b.Burst, rate: b.Rate, at: now, until: b.Until}
}

func (l *line) turn(t time.Time) time.Time {
	if t.Before(l.until) {
		t = l.until
	}
	if t.After(l.at) {
		l.tokens = min(l.burst, l.tokens+l.rate*t.Sub(l.at).Seconds())
		l.at = t
	}
	if l.tokens < 1 {
		l.at = l.at.Add(time.Duration((1 - l.tokens) / l.rate * float64(time.Second)))
		l.tokens = 1
	}
	l.tokens--
	return l.at
}

// hosts lists the hosts that would be asked about a name, first one first.
func (s *Service) hosts(n Name) []string {
	var out []string
	for _, kind := range []whoisx.Source{whoisx.RDAP, whoisx.WHOIS} {
		for _, src := range s.o.Sources {
			if src.Kind() != kind {
				continue
			}
			if h := src.Host(string(n)); h != "" && !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out
}
