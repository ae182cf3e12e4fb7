package burst

import (
	"context"
	"sync"
	"time"
)

// gate holds the pace: every command of an account passes it, the creates of a
// burst as much as the logins before and the info after. It is the one place
// that says when the next command may leave, and it cannot be told otherwise.
// Its owner locks.
//
// The registry counts commands as they arrive, and the network squeezes gaps
// together; so each limit is kept over a window that is longer by slack.
type gate struct {
	perSecond int // in any second of the account
	secWindow time.Duration
	perMinute int
	slack     time.Duration
	sessGap   time.Duration // between two commands of one session
	pause     time.Duration // after a login

	sec, min []time.Duration // rings of the last send times
	secN     int             // sends so far
}

func newGate(p Policy, slack time.Duration) *gate {
	g := &gate{perMinute: p.PerMinute, slack: slack, secWindow: time.Second, pause: p.LoginPause.Std()}
	if p.PerSecond > 0 {
		g.perSecond = int(p.PerSecond)
		if p.PerSecond < 1 {
			g.perSecond, g.secWindow = 1, time.Duration(float64(time.Second)/p.PerSecond)
		}
		g.sec = make([]time.Duration, g.perSecond)
	}
	if p.SessionPerSecond > 0 {
		g.sessGap = time.Duration(float64(time.Second) / p.SessionPerSecond)
	}
	if p.PerMinute > 0 {
		g.min = make([]time.Duration, p.PerMinute)
	}
	return g
}

// paced reports whether the policy limits the rate at all.
func (g *gate) paced() bool { return g.perSecond > 0 || g.sessGap > 0 }

// next returns the earliest time at or after now at which a command may leave
// on a session whose last command left at last (negative: none did).
func (g *gate) next(now, last time.Duration) time.Duration {
	at := now
	if n := len(g.sec); n > 0 && g.secN >= n {
		at = max(at, g.sec[g.secN%n]+g.secWindow+g.slack)
	}
	if n := len(g.min); n > 0 && g.secN >= n {
		at = max(at, g.min[g.secN%n]+time.Minute+g.slack)
	}
	if g.sessGap > 0 && last >= 0 {
		at = max(at, last+g.sessGap+g.slack)
	}
	return at
}

// take records a command that leaves at t.
func (g *gate) take(t time.Duration) {
	if n := len(g.sec); n > 0 {
		g.sec[g.secN%n] = t
	}
	if n := len(g.min); n > 0 {
		g.min[g.secN%n] = t
	}
	g.secN++
}

// Pacer holds the ordinary commands of an account to its policy, and hands what
// it has counted to a burst of that account, so that the two together keep the
// pace. While a burst is armed nothing else may use the account.
type Pacer struct {
	mu   sync.Mutex
	gate *gate
	base time.Time
	lent bool
}

// NewPacer returns a Pacer for a policy.
func NewPacer(p Policy) *Pacer { return &Pacer{gate: newGate(p, slackFor(0)), base: time.Now()} }

// Wait waits until one more command may leave. It reports false where ctx ends
// first, or where a burst has the account to itself.
func (p *Pacer) Wait(ctx context.Context) bool {
	for {
		p.mu.Lock()
		if p.lent {
			p.mu.Unlock()
			return false
		}
		now := time.Since(p.base)
		at := p.gate.next(now, -1)
		if at <= now {
			p.gate.take(now)
			p.mu.Unlock()
			return true
		}
		p.mu.Unlock()
		t := time.NewTimer(at - now)
		select {
		case <-ctx.Done():
			t.Stop()
			return false
		case <-t.C:
		}
	}
}

// Try takes a command if one may leave now.
func (p *Pacer) Try() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Since(p.base)
	if p.lent || p.gate.next(now, -1) > now {
		return false
	}
	p.gate.take(now)
	return true
}

// Lent reports whether a burst has the account to itself.
func (p *Pacer) Lent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lent
}

// lend hands the gate to a burst; false: another one has it.
func (p *Pacer) lend() (*gate, time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lent {
		return nil, time.Time{}, false
	}
	p.lent = true
	return p.gate, p.base, true
}

func (p *Pacer) giveBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lent = false
}
