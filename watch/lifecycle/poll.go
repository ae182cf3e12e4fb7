package lifecycle

import (
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// Poll says when a name is to be asked again, before any host's budget, and
// why. Far from any change that is weekly; inside a window that will see the
// drop it is more often than once a minute, inside one that may see it every
// few minutes. The pace follows the rule's own durations: a TLD whose whole
// life lasts a minute is asked every second near its drop.
func Poll(v Verdict, r Rule, now time.Time) (next time.Time, why string) {
	sc := r.scale()
	span := func(d time.Duration) time.Duration { return max(time.Duration(sc*float64(d)), pace) }
	after := func(d time.Duration, why string) (time.Time, string) { return now.Add(span(d)), why }

	if v.Confidence == Conflict {
		// At a drop sources disagree for as long as the slower one lags.
		if w := v.Window; w != nil && !now.Before(r.Drop.open(*w)) && now.Before(r.Drop.shut(*w).Add(span(time.Hour))) {
			return after(time.Minute, "the sources disagree, and it may have dropped")
		}
		return after(5*time.Minute, "the sources disagree")
	}
	// What just changed is looked at again soon, then ever less often.
	since := now.Sub(v.Since.Time)
	soon := func(first, most time.Duration) time.Duration {
		return min(max(since/3, span(first)), span(most))
	}
	switch v.Stage {
	case Unknown:
		return after(time.Hour, "nothing is known of it yet")
	case LikelyFree:
		return now.Add(soon(time.Minute, 6*time.Hour)), "one more source has to say that it is free"
	case Free:
		return now.Add(soon(5*time.Minute, 6*time.Hour)), "it is free; somebody may take it"
	case GatedStage:
		return after(time.Hour, "it is behind a gate")
	case ReservedStage, BlockedStage:
		return after(14*day, "reserved and blocked names seldom change")
	case Launching:
		return pollLaunch(v, now, span)
	case Lost, Caught:
		if v.Has(FlagAtAuction) == nil {
			return pollHeld(v, r, now, span)
		}
		return after(day, "it is at an auction")
	}
	if w := v.Window; w != nil && v.Stage != Registered {
		if t, why, ok := pollWindow(v, *w, r, now, span); ok {
			return t, why
		}
	}
	return pollHeld(v, r, now, span)
}

// pollLaunch is the pace of a name whose TLD is not open yet: daily, and right
// after something opens or closes.
func pollLaunch(v Verdict, now time.Time, span func(time.Duration) time.Duration) (time.Time, string) {
	next, why := now.Add(span(day)), "its TLD is not open yet"
	soonest := func(d whoisx.Date, what string) {
		if t := d.Add(span(time.Minute)); !d.IsZero() && d.After(now) && t.Before(next) {
			next, why = t, what
		}
	}
	if v.Next != nil {
		soonest(v.Next.Earliest, "its TLD opens then")
	}
	for _, f := range v.Flags {
		if f.Until != nil {
			soonest(*f.Until, "a phase of its TLD ends then")
		}
	}
	return next, why
}

// pace is the fastest that anything is asked.
const pace = time.Second

// pollWindow is the pace near and inside a window.
func pollWindow(v Verdict, w Window, r Rule, now time.Time, span func(time.Duration) time.Duration) (time.Time, string, bool) {
	open, shut := r.Drop.open(w), r.Drop.shut(w)
	width := shut.Sub(open)
	narrow := width <= wide(r)+r.Drop.Late && w.Certainty != CertaintyUnknown
	held := r.held()
	last := v.Stage == PendingDelete || v.Stage == Dropping || v.Stage == Redemption ||
		len(held) > 0 && held[len(held)-1].Name == v.RegistryStage
	if !narrow {
		if now.After(open) && now.Before(shut.Add(span(day))) {
			return now.Add(span(time.Hour)), "it may drop any day", true
		}
		return time.Time{}, "", false
	}
	inside, word := 4*time.Minute+45*time.Second, "its window is open and may see the drop"
	if w.Certainty == Will {
		inside, word = 55*time.Second, "its window is open and will see the drop"
	}
	lead := span(5 * time.Minute)
	switch {
	case now.Before(open.Add(-lead)):
		left := open.Sub(now)
		if !last || left > span(2*day) {
			return time.Time{}, "", false
		}
		// A quarter of what is left, and once right before it opens.
		step := max(left/4, span(5*time.Minute))
		return now.Add(min(step, left-lead)), "its window opens in " + FormatSpan(left.Round(time.Second)), true
	case !now.After(shut.Add(span(30 * time.Minute))):
		// A window of two days with hours is two windows of an hour: between
		// them nobody has seen a drop.
		if left := r.Drop.untilHours(now, lead); width > 12*time.Hour && left > lead {
			return now.Add(min(left, span(time.Hour))), "between the hours at which names drop", true
		}
		return now.Add(span(inside)), word, true
	case last:
		late := now.Sub(shut)
		return now.Add(min(max(late/10, span(inside)), span(6*time.Hour))), "its window is over and it is still there", true
	}
	return time.Time{}, "", false
}

// pollHeld is the pace of a name that somebody holds: slow, but never so slow
// that the stage that comes next could pass unseen.
func pollHeld(v Verdict, r Rule, now time.Time, span func(time.Duration) time.Duration) (time.Time, string) {
	usual, why := 7*day, "nothing is due"
	switch v.Stage {
	case Expired:
		usual, why = 12*time.Hour, "its registrar may delete it any day"
		if s := r.Stage(v.RegistryStage); s != nil && s.Min == s.Max {
			why = "it can still be renewed"
		}
	case Redemption:
		usual, why = 12*time.Hour, "it can still be restored"
	case PendingRestore:
		usual, why = 6*time.Hour, "a restore waits for its report"
	case PendingDelete, Dropping:
		usual, why = 6*time.Hour, "nobody can renew it any more"
	}
	step := span(usual)
	if n := v.Next; v.Stage == PendingDelete && n != nil && !n.Earliest.IsZero() {
		// Some registries keep it like this for half a year.
		step = max(step, min(n.Earliest.Sub(now)/8, span(2*day)))
	}
	// What comes next must be seen: at least four looks into it.
	if held := r.held(); len(held) > 0 {
		for i, s := range held {
			if s.Name != v.RegistryStage && !(v.Stage == Registered && i == 0) {
				continue
			}
			following := s
			if v.Stage != Registered && i+1 < len(held) {
				following = held[i+1]
			}
			if following.Max > 0 && following.Max/4 < step {
				step = max(following.Max/4, pace)
			}
		}
	}
	if held := r.held(); len(held) > 0 && v.Stage == Registered && held[0].Min < 7*day && v.Expires.IsZero() {
		// Nobody says when the first stage comes, and it may be a short one: a
		// look a day sees every stage that lasts a day.
		step = min(step, span(max(held[0].Min, 20*time.Hour)))
		why = "nobody says when it expires"
	}
	if n := v.Next; n != nil && !n.Earliest.IsZero() {
		t := n.Earliest.Time
		if t.After(now) && t.Before(now.Add(step)) {
			return t.Add(span(time.Minute)), "it may turn " + string(n.Stage) + " then"
		}
	}
	return now.Add(step), why
}

// untilHours is how long it is until the rule's hours of the day come again,
// 0 inside them, with a lead and half an hour after, and where it has none.
func (r DropRule) untilHours(now time.Time, lead time.Duration) time.Duration {
	if r.From == "" || r.To == "" && r.Kind != DropFixed || !r.timed() {
		return 0
	}
	y, m, dd := now.In(r.Location()).Date()
	for i := -1; i <= 1; i++ {
		from, to := r.hours(y, m, dd+i)
		if now.After(to.Add(30 * time.Minute)) {
			continue
		}
		if now.Before(from.Add(-lead)) {
			return from.Add(-lead).Sub(now)
		}
		return 0
	}
	return 0
}
