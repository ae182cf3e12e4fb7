package lifecycle

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// life is a name whose way through its rule is decided beforehand.
type life struct {
	rule    Rule
	name    string
	expires time.Time
	ends    []time.Time // of each held stage
	drop    time.Time
	listed  bool // the registry publishes the time
}

func newLife(rng *rand.Rand, r Rule, name string, start time.Time) life {
	l := life{rule: r, name: name, expires: start.Add(time.Duration(rng.Int64N(int64(200 * day)))).Truncate(time.Second)}
	at, last := l.expires, l.expires
	for _, s := range r.held() {
		last = at
		at = at.Add(s.Min + time.Duration(rng.Int64N(int64(s.Max-s.Min)+1))).Truncate(time.Second)
		if s.MonthEnd {
			at = r.Drop.nextMonth(last, false)
		}
		l.ends = append(l.ends, at)
	}
	// The drop falls where the rule says that it does.
	dr := r.Drop
	from, to := at, at.Add(dr.Jitter)
	switch {
	case dr.From != "" && dr.Day == "date":
		from, to = dr.on(at)
	case dr.From != "":
		from, to = dr.next(at)
		if dr.Lead > 0 {
			from, to = dr.next(last)
		}
	}
	l.drop = from.Add(time.Duration(rng.Int64N(int64(to.Sub(from)) + 1))).Truncate(time.Second)
	l.ends[len(l.ends)-1] = l.drop
	l.listed = dr.Kind == DropList || dr.Kind == DropRandom && dr.Jitter > 0
	return l
}

func (l life) answers(now time.Time) []whoisx.Answer {
	if !now.Before(l.drop) {
		return []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered)}
	}
	var s *RuleStage
	began := l.expires
	held := l.rule.held()
	if !now.Before(l.expires) {
		for i := range held {
			if now.Before(l.ends[i]) {
				s = &held[i]
				break
			}
			began = l.ends[i]
		}
	}
	a := show(l.rule, l.name, s, l.expires, began, now)
	if s != nil && l.listed && s.Name == held[len(held)-1].Name {
		from := l.drop
		if l.rule.Drop.Jitter > 0 {
			from = began.Add(s.Max)
		}
		a.Drop = &whoisx.Drop{From: whoisx.At(from), Will: s.MapsTo == PendingDelete}
	}
	return []whoisx.Answer{a}
}

// TestTwoYears follows names of every rule through their lives, asked exactly
// when Poll says and with no other budget: no stage of a day or more is
// missed that the registry shows, a will drop is seen within a minute and a
// may drop within five where the window has hours.
func TestTwoYears(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 81))
	start := at("2026-01-01T00:00:00Z")
	total, most, mostZone := 0, 0, ""
	for _, r := range Default().Rules() {
		if len(r.held()) == 0 || !told(r, r.Stages[0]) && !r.ExpiryPublic {
			continue
		}
		zone := r.Zone
		if zone == "*" {
			zone = "photography"
		}
		for range 4 {
			l := newLife(rng, r, "lapsing."+zone, start)
			asked, missed, late, window := follow(t, l, start)
			total += asked
			if asked > most {
				most, mostZone = asked, zone
			}
			for _, m := range missed {
				t.Errorf("%s: %q was missed", zone, m)
			}
			limit := 70 * time.Minute // days that nobody knows better
			if w := window; w != nil && w.HourKnown && l.drop.After(r.Drop.open(*w).Add(-time.Second)) && !l.drop.After(r.Drop.shut(*w).Add(time.Minute)) {
				limit = 5 * time.Minute
				if w.Certainty == Will {
					limit = time.Minute
				}
			}
			if late > limit {
				t.Errorf("%s: dropped %s, seen %s late, window %+v", zone, l.drop, late, window)
			}
		}
	}
	t.Logf("%d requests in all; most for one name: %d (.%s)", total, most, mostZone)
}

func follow(t *testing.T, l life, start time.Time) (asked int, missed []string, late time.Duration, window *Window) {
	t.Helper()
	seen := map[string]bool{}
	var before *Seen
	end := start.AddDate(2, 0, 0)
	for now := start; now.Before(end); {
		asked++
		in := Input{Name: l.name, Rule: l.rule, Answers: l.answers(now), Before: before, Now: now}
		v := Decide(in)
		s := Remember(in, v)
		before = &s
		if v.Anomaly != "" {
			t.Errorf("%s at %s: %s", l.name, now, v.Anomaly)
		}
		if !now.Before(l.drop) {
			late = now.Sub(l.drop)
			break
		}
		seen[v.RegistryStage] = true
		window = v.Window
		now, _ = Poll(v, l.rule, now)
	}
	if late == 0 && before.Verdict.Stage.somebodys() {
		t.Errorf("%s: the drop of %s was never seen", l.name, l.drop)
	}
	began := l.expires
	for i, s := range l.rule.held() {
		if told(l.rule, s) && l.ends[i].Sub(began) >= day && !seen[s.Name] {
			missed = append(missed, s.Name)
		}
		began = l.ends[i]
	}
	return asked, missed, late, window
}
