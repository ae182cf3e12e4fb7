package burst

import (
	"fmt"
	"math"
	"slices"
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

// aim is when one name drops, relative to the first drop of the burst.
type aim struct {
	at     time.Duration
	window time.Duration // the drop is anywhere in it; 0: it is published
	tail   time.Duration // how long after a published drop it is worth trying
	whole  bool          // published in whole seconds: it may be any part of that second
}

// end is when trying for the name ends.
func (a aim) end() time.Duration {
	if a.window > 0 {
		return a.at + a.window + longest
	}
	return a.at + max(longest, a.tail)
}

// situation is what a plan is made from.
type situation struct {
	aims        []aim // one a name, by priority
	policy      Policy
	budget      int // creates left in the policy's window; -1: no limit
	rtt, jitter time.Duration
	uncertainty time.Duration
	sessions    int
	strategy    Strategy // asked for; Auto chooses
	maxCreates  int      // per name, lower than the policy's; 0: the policy's
}

// slot is one create: when it may arrive, relative to the first drop, and for
// which name.
type slot struct {
	at time.Duration
	k  int
}

// shape is the plan: when which create may leave, and how many each name may
// spend.
type shape struct {
	strategy Strategy
	why      string
	quota    []int // per name, by priority
	slots    []slot
	from     []time.Duration // per name: nothing of it arrives before
	end      []time.Duration // nor after
}

// longest is the longest tail after an exact drop: whoever has not won by then
// has lost.
const longest = 3 * time.Second

// windows reports whether any name drops somewhere in a window.
func (s situation) windows() bool {
	return slices.ContainsFunc(s.aims, func(a aim) bool { return a.window > 0 })
}

// spread is how far before and after the published second the drop may be for
// us: our clock's error and the network's.
func (s situation) spread() time.Duration { return s.uncertainty + s.jitter }

// plan chooses the strategy, shares out the budget and lays out the slots.
func plan(s situation, g *gate) shape {
	sh := shape{strategy: s.strategy}
	perName := s.policy.NameCreates
	if s.maxCreates > 0 {
		perName = min(perName, s.maxCreates)
	}
	sh.quota = quotas(len(s.aims), perName, s.budget)
	if sh.strategy == Auto {
		sh.strategy, sh.why = choose(s, perName)
	} else {
		sh.why = "chosen by you"
	}
	for _, a := range s.aims {
		sh.from = append(sh.from, a.at-s.spread())
		sh.end = append(sh.end, a.end())
	}
	if sh.strategy == ClosedLoop {
		return sh // answers set the time
	}
	// One command of each second is kept back for asking who has it by now.
	if g.perSecond >= 5 {
		g.perSecond--
		g.sec = g.sec[:g.perSecond]
	}
	sh.slots = s.lay(sh, g)
	counts := make([]int, len(s.aims))
	for _, sl := range sh.slots {
		counts[sl.k]++
	}
	sh.quota = counts // fewer may fit into the time than the budget would give
	return sh
}

// lay lays out the slots of all names on one line. Each name says when it wants
// its next create; the earliest wish is served first, equal ones by priority,
// each at the first moment that the pace allows.
func (s situation) lay(sh shape, g *gate) []slot {
	total := 0
	for _, q := range sh.quota {
		total += q
	}
	slots := make([]slot, 0, total)
	mine := make([][]time.Duration, len(s.aims)) // each name's own slots so far
	waves := s.waves(sh.quota, g)
	over := make([]bool, len(s.aims))
	last := newLasts(s.sessions)
	for {
		k, want := -1, time.Duration(0)
		for i := range s.aims {
			if over[i] || len(mine[i]) >= sh.quota[i] {
				continue
			}
			if w := s.wish(sh.strategy, i, sh.quota[i], waves[i], mine[i], g); k < 0 || w < want {
				k, want = i, w
			}
		}
		if k < 0 {
			return slots
		}
		if n := len(slots); n > 0 {
			want = max(want, slots[n-1].at+finest)
		}
		at, l := last.earliest(g, want)
		if at > sh.end[k] {
			over[k] = true
			continue
		}
		g.take(at)
		last[l] = at
		slots = append(slots, slot{at, k})
		mine[k] = append(mine[k], at)
	}
}

// waves says how many creates each name may send at once around its drop: the
// pace of a second, shared with the names that drop within the same one.
func (s situation) waves(quota []int, g *gate) []int {
	out := make([]int, len(s.aims))
	for i, a := range s.aims {
		most := 40
		if g.perSecond > 0 {
			most = min(most, g.perSecond)
		}
		if g.sessGap > 0 {
			most = min(most, s.sessions)
		}
		share, before := 0, 0
		for j, b := range s.aims {
			if (a.at - b.at).Abs() < time.Second {
				share++
				if j < i {
					before++
				}
			}
		}
		w := most / share
		if before < most%share {
			w++ // what does not divide goes to the first
		}
		out[i] = min(max(w, 1), quota[i])
	}
	return out
}

// wish is when a name wants its next create.
func (s situation) wish(st Strategy, k, quota, wave int, mine []time.Duration, g *gate) time.Duration {
	a, i := s.aims[k], len(mine)
	if st == SingleShot {
		return s.wishSingle(a, mine)
	}
	if a.window > 0 { // spread evenly
		return a.at - s.spread() + time.Duration(i)*(a.window/time.Duration(quota))
	}
	// Of a drop that is published in whole seconds most of the wave covers the
	// rest of that second: registries write 14:00:00 for 14:00:00.9 too.
	dense := wave
	if a.whole && wave >= 3 {
		dense = (wave + 2) / 3
	}
	// Half of the creates follow as soon as the pace allows; the other half is
	// for a drop that comes late, ever more seldom.
	fast := quota
	if a.tail > longest {
		fast = max(wave, quota/2)
	}
	switch {
	case i < dense:
		return a.at + s.waved(i, dense)
	case i < wave:
		return a.at + time.Second*time.Duration(i-dense+1)/time.Duration(wave-dense+1)
	case i >= fast:
		from := float64(max(mine[fast-1]-a.at, time.Second))
		return a.at + time.Duration(from*math.Pow(float64(a.tail)/from, float64(i-fast+1)/float64(quota-fast)))
	case g.paced():
		return mine[i-1]
	}
	return mine[i-1] + time.Millisecond
}

// wishSingle waits until the drop is all but certain, and then after every
// refusal until that has come back.
//
// The spread is a bound that the real error seldom comes near. Where an early
// create is punished, half of it is waited for, elsewhere a quarter: waiting
// out all of it would leave the name to whoever dares more.
func (s situation) wishSingle(a aim, mine []time.Duration) time.Duration {
	if len(mine) == 0 {
		if s.policy.Early == "counted" {
			return a.at + s.spread()/4
		}
		return a.at + s.spread()/2
	}
	wait := s.rtt + s.policy.TakenDelay.Std() + s.policy.ErrorDelay.Std() + 50*time.Millisecond
	if a.window > 0 {
		wait = max(wait, a.window/time.Duration(max(s.policy.NameCreates, 1)))
	}
	return mine[len(mine)-1] + wait
}

// choose picks the strategy and says why.
func choose(s situation, perName int) (Strategy, string) {
	switch {
	case perName <= 3:
		return SingleShot, fmt.Sprintf("the policy punishes creates on existing names, so a name gets %d at most", perName)
	case s.policy.TakenDelay > 0 || s.policy.ErrorDelay >= Duration(time.Second):
		return SingleShot, "every refused create blocks its session for a while"
	case !s.windows() && s.rtt > 0 && s.rtt < 2*time.Millisecond && s.policy.PerSecond == 0 && s.policy.SessionPerSecond == 0:
		return ClosedLoop, fmt.Sprintf("the round trip of %.1f ms is short and the policy sets no pace", ms(s.rtt))
	case s.windows():
		return Staggered, "the drop falls somewhere in a window: creates are spread over it"
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

// finest is the smallest gap between two creates: below it the scheduler and
// the network shuffle them anyway.
const finest = 25 * time.Microsecond

// reach is how much of the time around a drop a create of the first wave covers
// at least, however small the spread is said to be: a clock may know less than
// it thinks.
const reach = 250 * time.Microsecond

// waved places create i of a first wave of n. The drop may be anywhere within
// the spread around the published second, and is likeliest in the middle: so
// the gaps grow with the distance from it. A third of the wave comes before,
// since a create that comes too early costs budget and wins nothing. The middle
// itself is aimed right behind the drop, so that what is a few microseconds too
// early does not leave the name to the next.
func (s situation) waved(i, n int) time.Duration {
	if n == 1 {
		return s.spread() / 2
	}
	before, middle := n/3, min(s.spread(), finest/2)
	if i == before {
		return middle
	}
	side, k, of := 1.0, i-before, n-1-before
	if i < before {
		side, k, of = -1, before-i, before
	}
	y := float64(k) / float64(of)
	wide := max(s.spread(), time.Duration(of)*reach)
	d := max(time.Duration(y*y*float64(wide)), time.Duration(k)*finest)
	return middle + time.Duration(side*float64(d))
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
