package burst

import (
	"fmt"
	"math"
	"time"
)

// Strategy is how creates are laid over time.
type Strategy string

// The strategies.
const (
	Auto Strategy = ""
	// SingleShot spends as little as it can: one create a name, timed to
	// arrive right after the drop, then one more after each refusal while the
	// name's few creates last.
	SingleShot Strategy = "single shot"
	// ClosedLoop sends the next create of a session when the last was
	// answered: the fastest where the round trip is short.
	ClosedLoop Strategy = "closed loop"
	// Staggered sends without waiting for answers, evenly over the sessions,
	// so that a create reaches the registry every few moments even where an
	// answer takes long.
	Staggered Strategy = "staggered pipeline"
)

// situation is what a plan is made from.
type situation struct {
	names       int
	policy      Policy
	budget      int           // creates left in the policy's window; -1: no limit
	window      time.Duration // the drop is anywhere in it; 0: it is published
	tail        time.Duration // how long after a published drop it is worth trying
	whole       bool          // published in whole seconds: it may be any part of that second
	rtt, jitter time.Duration
	uncertainty time.Duration
	sessions    int
	strategy    Strategy // asked for; Auto chooses
	maxCreates  int      // per name, lower than the policy's; 0: the policy's
}

// shape is the plan: when creates may leave, relative to the drop, as times of
// arrival; and how many each name may spend.
type shape struct {
	strategy Strategy
	why      string
	quota    []int           // per name, by priority
	slots    []time.Duration // arrival times; for ClosedLoop the first ones only
	end      time.Duration   // nothing leaves after that
}

// longest is the longest tail after an exact drop: whoever has not won by then
// has lost.
const longest = 3 * time.Second

// spread is how far before and after the published second the drop may be for
// us: our clock's error and the network's.
func (s situation) spread() time.Duration { return s.uncertainty + s.jitter }

// plan chooses the strategy, shares out the budget and lays out the slots.
func plan(s situation, g *gate) shape {
	sh := shape{strategy: s.strategy, end: max(longest, s.tail)}
	if s.window > 0 {
		sh.end = s.window + longest
	}
	perName := s.policy.NameCreates
	if s.maxCreates > 0 {
		perName = min(perName, s.maxCreates)
	}
	sh.quota = quotas(s.names, perName, s.budget)
	total := 0
	for _, q := range sh.quota {
		total += q
	}
	if sh.strategy == Auto {
		sh.strategy, sh.why = choose(s, perName)
	} else {
		sh.why = "chosen by you"
	}
	switch sh.strategy {
	case ClosedLoop:
		sh.slots = []time.Duration{-s.spread()}
	case SingleShot:
		sh.slots = s.laySingle(sh.quota, g.clone(), sh.end)
	default:
		sh.slots = s.layStaggered(total, g.clone(), sh.end)
	}
	return sh
}

// choose picks the strategy and says why.
func choose(s situation, perName int) (Strategy, string) {
	switch {
	case perName <= 3:
		return SingleShot, fmt.Sprintf("the policy punishes creates on existing names, so a name gets %d at most", perName)
	case s.policy.TakenDelay > 0 || s.policy.ErrorDelay >= Duration(time.Second):
		return SingleShot, "every refused create blocks its session for a while"
	case s.window == 0 && s.rtt > 0 && s.rtt < 2*time.Millisecond && s.policy.PerSecond == 0 && s.policy.SessionPerSecond == 0:
		return ClosedLoop, fmt.Sprintf("the round trip of %.1f ms is short and the policy sets no pace", ms(s.rtt))
	case s.window > 0:
		return Staggered, fmt.Sprintf("the drop falls somewhere in %s: creates are spread over it", s.window)
	}
	return Staggered, fmt.Sprintf("with a round trip of %.1f ms creates that do not wait for answers come closer to the drop", ms(s.rtt))
}

// quotas shares a budget out by priority: as much as a name may have, from the
// first to the last, but none goes without while others could have fewer: every
// name gets one before any gets two.
func quotas(names, perName, budget int) []int {
	q := make([]int, names)
	if budget < 0 {
		budget = math.MaxInt
	}
	floor := min(perName, max(1, budget/max(names, 1)/2))
	for i := range q {
		q[i] = min(floor, budget)
		budget -= q[i]
	}
	for i := range q {
		more := min(perName-q[i], budget)
		q[i] += more
		budget -= more
	}
	return q
}

// layStaggered lays out n slots. Around a published second the first wave
// covers what the clock leaves open, densest where the drop is likeliest; what
// the policy's pace leaves follows. Over a window they are spread evenly.
func (s situation) layStaggered(n int, g *gate, end time.Duration) []time.Duration {
	if n == 0 {
		return nil
	}
	slots := make([]time.Duration, 0, n)
	if s.window > 0 {
		gap := max(s.window/time.Duration(n), 0)
		last := newLasts(s.sessions)
		for i := range n {
			want := time.Duration(i)*gap - s.spread()
			at, k := last.earliest(g, want)
			if at > end {
				break
			}
			g.take(at)
			last[k] = at
			slots = append(slots, at)
		}
		return slots
	}
	// One command of each second is kept back for asking who has it by now.
	if g.perSecond >= 5 {
		g.perSecond--
		g.sec = g.sec[:g.perSecond]
	}
	// The first wave: as many as may leave at once.
	wave := n
	if g.perSecond > 0 {
		wave = min(wave, g.perSecond)
	}
	if g.sessGap > 0 {
		wave = min(wave, s.sessions)
	}
	wave = min(max(wave, 1), 40)
	// Of a drop that is published in whole seconds a part covers the rest of
	// that second.
	dense := wave
	if s.whole && wave >= 3 {
		dense = wave - wave/3
	}
	// Half of the creates follow as soon as the pace allows; the other half is
	// for a drop that comes late, ever more seldom.
	fast := n
	if s.tail > longest {
		fast = max(wave, n/2)
	}
	last := newLasts(s.sessions)
	for i := range n {
		var want time.Duration
		switch {
		case i < dense:
			want = s.waved(i, dense)
		case i < wave:
			want = time.Second * time.Duration(i-dense+1) / time.Duration(wave-dense+1)
		case i >= fast:
			from := float64(max(slots[fast-1], time.Second))
			want = time.Duration(from * math.Pow(float64(s.tail)/from, float64(i-fast+1)/float64(n-fast)))
		case g.paced():
			want = slots[i-1]
		default:
			want = slots[i-1] + time.Millisecond
		}
		if i > 0 {
			want = max(want, slots[i-1]+finest)
		}
		at, k := last.earliest(g, want)
		if at > end {
			break
		}
		g.take(at)
		last[k] = at
		slots = append(slots, at)
	}
	return slots
}

// finest is the smallest gap between two creates: below it the scheduler and
// the network shuffle them anyway.
const finest = 250 * time.Microsecond

// waved places create i of a first wave of n. The drop may be anywhere within
// the spread around the published second, and is likeliest in the middle: so
// the gaps grow with the distance from it. A third of the wave comes before,
// since a create that comes too early costs budget and wins nothing.
func (s situation) waved(i, n int) time.Duration {
	if n == 1 {
		return s.spread() / 2
	}
	before := n / 3
	if i == before {
		return 0
	}
	side, k, of := 1.0, i-before, n-1-before
	if i < before {
		side, k, of = -1, before-i, before
	}
	y := float64(k) / float64(of)
	d := max(time.Duration(math.Pow(y, 1.7)*float64(s.spread())), time.Duration(k)*finest)
	return time.Duration(side * float64(d))
}

// laySingle lays out one slot a name, right after the drop is certain, then
// leaves the rest to the answers.
func (s situation) laySingle(quota []int, g *gate, end time.Duration) []time.Duration {
	var slots []time.Duration
	last := newLasts(s.sessions)
	// The spread is a bound that the real error seldom comes near. Where an early
	// create is punished, half of it is waited for, elsewhere a quarter: waiting
	// out all of it would leave the name to whoever dares more.
	at := s.spread() / 2
	if s.policy.Early == "counted" {
		at = s.spread() / 4
	}
	for round := 0; ; round++ {
		any := false
		for _, q := range quota {
			if round >= q {
				continue
			}
			any = true
			t, k := last.earliest(g, at)
			if t > end {
				return slots
			}
			g.take(t)
			last[k] = t
			slots = append(slots, t)
		}
		if !any {
			return slots
		}
		// A refusal comes back after a round trip and its delay; only then is
		// the next one worth its price.
		wait := s.rtt + s.policy.TakenDelay.Std() + s.policy.ErrorDelay.Std() + 50*time.Millisecond
		if len(slots) > 0 {
			at = slots[len(slots)-1] + wait
		}
	}
}

// lasts are the sessions' last sends while planning.
type lasts []time.Duration

func newLasts(n int) lasts {
	l := make(lasts, max(n, 1))
	for i := range l {
		l[i] = math.MinInt64 / 2
	}
	return l
}

// earliest finds the session that may send first at or after want.
func (l lasts) earliest(g *gate, want time.Duration) (time.Duration, int) {
	best, at := 0, time.Duration(math.MaxInt64)
	for i, last := range l {
		t := g.nextPlanned(want, last)
		if t < at || t == at && l[i] < l[best] {
			best, at = i, t
		}
	}
	return at, best
}

// nextPlanned is next for times that may be negative.
func (g *gate) nextPlanned(now, last time.Duration) time.Duration {
	at := g.next(now, -1)
	if g.sessGap > 0 && last > math.MinInt64/4 {
		at = max(at, last+g.sessGap+g.slack)
	}
	return at
}
