package web

import (
	"context"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

// The pause after a service said "too often" without saying for how long, and
// the longest that a call waits for: above it the call is refused unsent.
const (
	barePause = 5 * time.Second
	patience  = 20 * time.Second
)

// pace keeps a service's limits: every call takes a slot before it is sent.
type pace struct {
	now  func() time.Time
	rest func(ctx context.Context, d time.Duration) error

	mu    sync.Mutex
	all   *slots
	ops   map[string]*slots
	until time.Time // it asked for a pause
}

// slots are the calls that were made, as far back as the limits reach.
type slots struct {
	limits []terms.Limit
	past   [][]time.Time
}

func newPace(c account.Config, now func() time.Time) *pace {
	p := &pace{now: now, rest: c.Wait, all: newSlots(c.Terms.Limits(c.Service, "")), ops: map[string]*slots{}}
	for _, op := range c.Terms.LimitedOps(c.Service) {
		p.ops[op] = newSlots(c.Terms.Limits(c.Service, op))
	}
	if p.rest == nil {
		p.rest = timer
	}
	return p
}

func newSlots(ls []terms.Limit) *slots {
	out := make([]terms.Limit, len(ls))
	for i, l := range ls {
		out[i] = terms.Limit{Calls: l.Calls, Per: l.Per + margin(l.Per)}
	}
	return &slots{out, make([][]time.Time, len(ls))}
}

// margin is added to every limit's time: what leaves evenly does not arrive
// evenly.
func margin(per time.Duration) time.Duration {
	return min(max(per/20, 50*time.Millisecond), 5*time.Second)
}

// next is when the next call may leave, at or after a time.
func (s *slots) next(at time.Time) time.Time {
	for i, l := range s.limits {
		if past := s.past[i]; len(past) >= l.Calls {
			if t := past[len(past)-l.Calls].Add(l.Per); t.After(at) {
				at = t
			}
		}
	}
	return at
}

func (s *slots) take(at time.Time) {
	for i, l := range s.limits {
		s.past[i] = append(s.past[i], at)
		if n := len(s.past[i]) - l.Calls; n > 0 {
			s.past[i] = s.past[i][n:]
		}
	}
}

// wait takes a slot for a call and waits for it. Where that would take too
// long nothing is taken and the time to wait comes back.
func (p *pace) wait(ctx context.Context, op string) (retry time.Duration, err error) {
	p.mu.Lock()
	now := p.now()
	at := p.all.next(now)
	if p.until.After(at) {
		at = p.until
	}
	if s := p.ops[op]; s != nil {
		at = s.next(at)
	}
	d := at.Sub(now)
	if d > patience {
		p.mu.Unlock()
		return d, nil
	}
	p.all.take(at)
	if s := p.ops[op]; s != nil {
		s.take(at)
	}
	p.mu.Unlock()
	if d <= 0 {
		return 0, ctx.Err()
	}
	return 0, p.rest(ctx, d)
}

// pause believes a service that said "too often".
func (p *pace) pause(d time.Duration) {
	if d <= 0 {
		d = barePause
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.now().Add(d); t.After(p.until) {
		p.until = t
	}
}

func timer(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Fits says how many calls of a kind the limits allow within a time.
func (c *Client) Fits(op string, d time.Duration) int {
	n := fits(c.pace.all.limits, d)
	if s := c.pace.ops[op]; s != nil {
		n = min(n, fits(s.limits, d))
	}
	return n
}

func fits(ls []terms.Limit, d time.Duration) int {
	n := 1 << 20
	for _, l := range ls {
		n = min(n, l.Calls*(1+int(max(d, 0)/l.Per)))
	}
	return n
}

// Now is the client's clock.
func (c *Client) Now() time.Time { return c.now() }

// Rest waits, with the client's own wait.
func (c *Client) Rest(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	return c.pace.rest(ctx, d)
}
