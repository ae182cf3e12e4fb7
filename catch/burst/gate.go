package burst

import (
	"context"
	"slices"
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

// take records a command that leaves at t, and returns its number.
func (g *gate) take(t time.Duration) int {
	g.secN++
	g.left(g.secN-1, t)
	return g.secN - 1
}

// left corrects when a command left: whoever sends may be stopped between its
// turn and the write, and the registry counts from the arrival.
func (g *gate) left(number int, t time.Duration) {
	for _, ring := range [...][]time.Duration{g.sec, g.min} {
		if n := len(ring); n > 0 && g.secN-number <= n {
			ring[number%n] = t
		}
	}
}

// recall takes in commands that other processes, or this one before, sent. now
// is the gate's own time.
func (g *gate) recall(sent []time.Time, now time.Duration) {
	wall := time.Now()
	for _, t := range sent {
		g.take(now - max(wall.Sub(t), 0))
	}
}

// sends are the commands that left since a time, as far as the limits remember
// them, oldest first.
func (g *gate) sends(since, now time.Duration) []time.Time {
	ring := g.min
	if len(g.sec) > len(ring) {
		ring = g.sec
	}
	wall := time.Now().Round(0)
	var out []time.Time
	for i := range min(g.secN, len(ring)) {
		at := ring[(g.secN-1-i)%len(ring)]
		if at < since {
			break
		}
		out = append(out, wall.Add(at-now).UTC())
	}
	slices.Reverse(out)
	return out
}

// Pacer holds the ordinary commands of an account to its policy, together with
// those of every other process. While a burst is armed none may leave.
type Pacer struct {
	Policy Policy
	Use    Use
}

// Wait waits until one more command may leave, and counts it. It fails with a
// *HeldError where a burst has the account to itself.
func (p Pacer) Wait(ctx context.Context) error {
	for {
		left, err := p.turn(ctx)
		if err != nil || left <= 0 {
			return err
		}
		t := time.NewTimer(left)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// Try takes a command if one may leave now.
func (p Pacer) Try(ctx context.Context) bool {
	left, err := p.turn(ctx)
	return err == nil && left <= 0
}

// turn counts a command where one may leave now; else it says how long that
// takes yet.
func (p Pacer) turn(ctx context.Context) (left time.Duration, err error) {
	base := time.Now()
	err = p.Use.change(ctx, func(d *used) error {
		if held := d.held(); held != nil {
			return held
		}
		g := newGate(p.Policy, slackFor(0))
		now := time.Since(base)
		g.recall(d.Sent, now)
		if left = g.next(now, -1) - now; left > 0 {
			return nil
		}
		d.send(time.Now().Round(0).UTC())
		return nil
	})
	return left, err
}
