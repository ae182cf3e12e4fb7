package burst

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/beevik/ntp"
)

// Reading is what one clock says: true time = the machine's time + Offset,
// give or take Error.
type Reading struct {
	Source string
	Offset time.Duration
	Error  time.Duration
}

// Clock is what is known of the time.
type Clock struct {
	Offset      time.Duration `json:"offset_ns"`
	Uncertainty time.Duration `json:"uncertainty_ns"`
	Basis       string        `json:"basis"`
	Checked     bool          `json:"checked"` // against something other than the machine itself
	At          time.Time     `json:"at"`      // when it was measured
}

// String says it in words: "NTP: +0.4 ms ± 3.1 ms".
func (c Clock) String() string {
	return fmt.Sprintf("%s: %+.1f ms ± %.1f ms", c.Basis, ms(c.Offset), ms(c.Uncertainty))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// uncheckedError is how far the machine's own clock is trusted when nothing
// confirmed it.
const uncheckedError = 500 * time.Millisecond

// AskNTP asks NTP servers, at once and once each. Servers that do not answer or
// whose answer is not fit for setting a clock (RFC 5905: kiss of death,
// unsynchronised) are left out; their errors come back joined when none is left.
func AskNTP(ctx context.Context, servers []string, dial func(ctx context.Context, network, addr string) (net.Conn, error)) ([]Reading, error) {
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	var mu sync.Mutex
	var out []Reading
	var errs []error
	var wg sync.WaitGroup
	for _, s := range servers {
		wg.Go(func() {
			timeout := 3 * time.Second
			if d, ok := ctx.Deadline(); ok {
				timeout = min(timeout, time.Until(d))
			}
			r, err := ntp.QueryWithOptions(s, ntp.QueryOptions{
				Timeout: timeout,
				Dialer:  func(_, remote string) (net.Conn, error) { return dial(ctx, "udp", remote) },
			})
			if err == nil {
				err = r.Validate()
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, fmt.Errorf("ask NTP server %s: %w", s, err))
				return
			}
			out = append(out, Reading{Source: s, Offset: r.ClockOffset, Error: r.RTT/2 + r.RootDistance})
		})
	}
	wg.Wait()
	if len(out) == 0 {
		return nil, errors.Join(errs...)
	}
	return out, nil
}

// Combine makes a Clock of readings of UTC. Where several overlap, the truth
// lies in what most of them share (the way NTP itself picks, RFC 5905, section
// 11.2.1); a server outside of that is left out.
func Combine(readings []Reading, at time.Time) Clock {
	if len(readings) == 0 {
		return Clock{Uncertainty: uncheckedError, Basis: "the machine's own clock, not checked", At: at}
	}
	lo, hi, n := overlap(readings)
	return Clock{
		Offset: (lo + hi) / 2, Uncertainty: max((hi-lo)/2, time.Microsecond), Checked: true, At: at,
		Basis: fmt.Sprintf("NTP (%d of %d servers agree)", n, len(readings)),
	}
}

// overlap returns the interval that the most readings share.
func overlap(rs []Reading) (lo, hi time.Duration, n int) {
	type edge struct {
		at   time.Duration
		open bool
	}
	var edges []edge
	for _, r := range rs {
		edges = append(edges, edge{r.Offset - r.Error, true}, edge{r.Offset + r.Error, false})
	}
	slices.SortFunc(edges, func(a, b edge) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		case a.open && !b.open:
			return -1
		case b.open && !a.open:
			return 1
		}
		return 0
	})
	depth := 0
	for i, e := range edges {
		if !e.open {
			depth--
			continue
		}
		if depth++; depth > n {
			n, lo = depth, e.at
			hi = edges[i+1].at // the next edge bounds it: an end, or a deeper start that replaces it
			for _, f := range edges[i+1:] {
				if !f.open {
					hi = f.at
					break
				}
			}
		}
	}
	return lo, hi, n
}

// Registry is a reading of the registry's own clock, from the svDate of a
// greeting. The date stands for the moment at which the greeting was made,
// somewhere between question and answer, and was cut off after its last digit.
func Registry(svDate, received time.Time, rtt time.Duration) (Reading, bool) {
	if svDate.IsZero() || received.IsZero() {
		return Reading{}, false
	}
	r := Reading{Source: "registry", Error: rtt / 2}
	var cut time.Duration // what the digits leave open
	for _, unit := range []time.Duration{time.Second, 100 * time.Millisecond, 10 * time.Millisecond, time.Millisecond, time.Microsecond} {
		if cut = unit; svDate.Nanosecond()%int(unit) == 0 {
			break
		}
	}
	r.Offset = svDate.Add(cut/2).Sub(received.Round(0)) + rtt/2
	r.Error += cut / 2
	return r, true
}

// Correct takes the registry's clock instead of UTC where the two disagree by
// more than both uncertainties: the drop happens by the registry's clock. Where
// they agree, UTC stays, being the finer one.
func (c Clock) Correct(readings []Reading) Clock {
	if len(readings) == 0 {
		return c
	}
	lo, hi, n := overlap(readings)
	if n < len(readings) && n*2 <= len(readings) {
		return c // the registry's servers disagree among themselves
	}
	off, e := (lo+hi)/2, max((hi-lo)/2, time.Microsecond)
	diff := off - c.Offset
	if diff.Abs() <= c.Uncertainty+e {
		if !c.Checked {
			// Nothing but the machine vouches for the machine; the registry's
			// word narrows it down.
			l, h := max(-c.Uncertainty+c.Offset, lo), min(c.Uncertainty+c.Offset, hi)
			if l <= h {
				return Clock{
					Offset: (l + h) / 2, Uncertainty: max((h-l)/2, time.Microsecond), Checked: true, At: c.At,
					Basis: "the registry's clock (no NTP server answered)",
				}
			}
		}
		return c
	}
	return Clock{
		Offset: off, Uncertainty: e, Checked: true, At: c.At,
		Basis: fmt.Sprintf("the registry's clock, which is %+.0f ms from %s", ms(diff), c.Basis),
	}
}

// anchor ties the drop, a time by the registry's clock, to the monotonic clock.
type anchor struct {
	wall func() time.Time
	last time.Time // machine's wall clock at the last look
	mono time.Time // carries the monotonic reading of that look
}

// jumpBy is how much wall and monotonic time may drift apart between two looks
// before it is called a jump. NTP slews by at most 0.5 ms a second.
const jumpBy = 20 * time.Millisecond

func newAnchor(wall func() time.Time) *anchor {
	a := &anchor{wall: wall}
	a.last, a.mono = stripped(wall()), time.Now()
	return a
}

func stripped(t time.Time) time.Time { return t.Round(0) }

// look reports by how much the wall clock jumped since the last look. A machine
// that slept shows up the same way on systems whose monotonic clock stands
// still while it sleeps.
func (a *anchor) look() (jump time.Duration) {
	w, m := stripped(a.wall()), time.Now()
	jump = w.Sub(a.last) - m.Sub(a.mono)
	a.last, a.mono = w, m
	if jump.Abs() < jumpBy {
		return 0
	}
	return jump
}

// moment converts a time of the registry's clock to the monotonic clock.
func (a *anchor) moment(t time.Time, offset time.Duration) time.Time {
	return time.Now().Add(t.Sub(stripped(a.wall()).Add(offset)))
}
