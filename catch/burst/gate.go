package burst

import "time"

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

// clone copies the gate, to plan ahead with.
func (g *gate) clone() *gate {
	c := *g
	c.sec = append([]time.Duration(nil), g.sec...)
	c.min = append([]time.Duration(nil), g.min...)
	return &c
}
