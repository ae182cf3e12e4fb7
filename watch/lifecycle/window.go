package lifecycle

import (
	"fmt"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// wide is the longest window that is still a contest: beyond it, it is a range
// of days in which nobody sits and waits.
func wide(r Rule) time.Duration { return time.Duration(r.scale() * float64(3*day)) }

// slip is how long after the end of the last stage a drop may still come by the
// rule itself: in the next session, at a random moment, or at some hour of the
// day.
func (r Rule) slip() time.Duration {
	slip := day
	switch d := r.Drop; {
	case d.Weekly:
		slip = 7*day + d.Lead
	case d.MonthDay > 0:
		slip = 31*day + d.Lead
	case d.From == "" && (d.Kind == DropExact || d.Kind == DropList || d.Kind == DropRandom && d.Jitter > 0):
		slip = 0
	}
	return r.Drop.Jitter + time.Duration(r.scale()*float64(slip))
}

// ends is when the last stage that somebody holds the name in ends, judged
// from the stage that it is in now. Where a session takes names a while after
// that stage began, it is its beginning.
func (d *decider) ends() (moments, bool) {
	held, i := d.Rule.held(), d.index()
	if i < 0 || !d.began.known() {
		return moments{}, false
	}
	if d.Rule.Drop.Lead > 0 {
		// A session counts from the beginning of the last stage.
		held = held[:len(held)-1]
		if i == len(held) {
			return d.began, true
		}
	}
	m := d.stageEnds()
	if m.lo.Before(d.Now) && !m.day && !d.last() && !d.twin() && slices.ContainsFunc(d.Rule.held()[i:i+2], telling) {
		m.lo = d.Now // it is still in this stage
		if late := m.lo.Sub(m.hi); late > 0 && late <= time.Duration(d.Rule.scale()*float64(2*day)) {
			m.hi = m.lo // a registry that works off its list once a day
		}
	}
	for _, s := range held[i+1:] {
		m = d.Rule.ends(s, m)
	}
	return m, true
}

// stageEnds is when the name's stage ends.
func (d *decider) stageEnds() moments {
	if d.rs.MonthEnd {
		in := d.inMonth()
		return d.Rule.ends(*d.rs, moments{lo: in, hi: in})
	}
	return d.Rule.ends(*d.rs, d.counted())
}

// ends is when a stage ends that began at m.
func (r Rule) ends(s RuleStage, m moments) moments {
	if s.MonthEnd {
		return moments{lo: r.Drop.nextMonth(m.lo, m.day), hi: r.Drop.nextMonth(m.hi, m.day)}
	}
	return m.add(s.Min, s.Max)
}

// thisMonth is the first midnight of a moment's month, where the registry is.
func (r DropRule) thisMonth(t time.Time) time.Time {
	y, m, _ := t.In(r.Location()).Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, r.Location()).UTC()
}

// nextMonth is the first midnight of a month, where the registry is, after a
// day or a moment.
func (r DropRule) nextMonth(t time.Time, dayOnly bool) time.Time {
	y, m, _ := t.In(r.Location()).Date()
	if dayOnly {
		y, m, _ = t.UTC().Date()
	}
	return time.Date(y, m+1, 1, 0, 0, 0, 0, r.Location()).UTC()
}

// counted is the moment from which the length of the name's stage counts: one
// that is announced before the expiry (.jp: to be suspended) counts from there.
func (d *decider) counted() moments {
	if d.rs.From == "expiry" && d.expires.After(d.Now) {
		return dated(d.expires)
	}
	return d.began
}

// telling reports whether a registry shows a stage by more than its dates.
func telling(s RuleStage) bool { return len(s.Statuses)+len(s.Said)+len(s.SaidLate) > 0 }

// last reports whether the name is in the last stage that somebody holds it
// in.
func (d *decider) last() bool {
	i := d.index()
	return i >= 0 && i == len(d.Rule.held())-1
}

// index is the place of the name's stage among those in which somebody holds
// it, or -1.
func (d *decider) index() int {
	return slices.IndexFunc(d.Rule.held(), func(s RuleStage) bool { return d.rs != nil && s.Name == d.rs.Name })
}

// window finds when the name drops: from a list or a published time before
// the rule, from the rule before a guess. It is nil where nothing says.
func (d *decider) window(st Stage) *Window {
	if st == PendingRestore {
		return nil
	}
	if a := d.drop(); a != nil && !d.over(a.Drop) {
		w := d.published(a)
		switch {
		case w.Certainty == May && st == PendingDelete && d.last():
			w.Certainty = Will
		case (st == Expired || st == Redemption) && (a.Source == whoisx.WHOIS || a.Source == whoisx.RDAP):
			w.Certainty = May // it can still be kept, whatever day is announced
		}
		return d.learn(w)
	}
	if d.rs == nil || st == Registered {
		return nil
	}
	end, ok := d.ends()
	if !ok {
		return nil
	}
	w := d.Rule.Drop.window(end)
	if !d.began.exact() {
		d.Rule.Drop.trim(w, d.Now)
	}
	w.Certainty = May
	if d.last() && st == PendingDelete && (telling(*d.rs) || d.rs.Confidence != "memory") {
		w.Certainty = Will
	}
	w.Basis = d.basis(end)
	if held := d.Rule.held(); slices.ContainsFunc(held[d.index():], func(s RuleStage) bool { return s.Confidence == "memory" }) {
		w.Basis += "; nobody confirmed the days"
	}
	if !d.Rule.Drop.timed() && !w.Likely.DayOnly {
		w.Basis += "; perhaps " + say(w.Likely) + ", an hour that nobody confirmed"
	}
	if d.unsure {
		w.Certainty = CertaintyUnknown
	}
	if d.Rule.Drop.shut(*w).Before(d.Rule.Drop.open(*w)) {
		// The stage has lasted longer than its rule allows.
		d.odd("it is in %s since %s, longer than its rule allows: nothing says when it drops", d.rs.Name, say(date(d.began.hi, d.began.day)))
		return nil
	}
	return d.learn(w)
}

// over reports whether a published time is another life's: it has passed for
// longer than a day, or the registration that is shown began at it. Lists are
// made daily, and still have a name that was caught since.
func (d *decider) over(p *whoisx.Drop) bool {
	if d.beganAt(p) {
		return true
	}
	to := p.To
	if to.IsZero() {
		to = p.From
	}
	return d.Now.After(d.Rule.Drop.endOf(dated(to)).Add(d.Rule.Drop.Jitter + time.Duration(d.Rule.scale()*float64(day))))
}

// beganAt reports whether the registration that is shown began at a published
// time or after it. Some registries show only the day: no name is published to
// drop on the day on which it was registered.
func (d *decider) beganAt(p *whoisx.Drop) bool {
	c, from := d.v.Created, d.Rule.Drop.midnight(p.From, 0)
	switch {
	case c.IsZero():
		return false
	case c.DayOnly:
		return d.Rule.Drop.midnight(c, 1).After(from)
	}
	clocks := time.Duration(d.Rule.scale() * float64(time.Minute)) // differ by that
	return !c.Before(from.Add(-clocks))
}

func (d *decider) basis(end moments) string {
	zone := "." + d.Rule.Zone
	if d.Rule.Zone == "*" {
		zone = "gTLD default"
	}
	b := zone + " rule"
	if d.Rule.Origin != Embedded && d.Rule.Origin != "" {
		b += " (" + d.Rule.Origin + ")"
	}
	switch {
	case end.exact() && d.rs != nil:
		b += fmt.Sprintf(": %s began %s", d.rs.Name, say(date(d.began.hi, d.began.day)))
	case d.began.exact():
		b += fmt.Sprintf(": %s began %s", d.rs.Name, say(date(d.began.hi, d.began.day)))
	case d.last():
		b += fmt.Sprintf(": %s first seen %s", d.rs.Name, say(date(d.began.hi, d.began.day)))
	case d.rs != nil:
		b += fmt.Sprintf(": now in %s", d.rs.Name)
	}
	return b
}

// published is the window that a list, a check reason or a WHOIS line gives.
func (d *decider) published(a *whoisx.Answer) *Window {
	p, r := a.Drop, d.Rule.Drop
	w := &Window{From: p.From, To: p.To, Certainty: May, HourKnown: !p.From.DayOnly}
	if p.Will {
		w.Certainty = Will
	}
	if w.From.DayOnly && r.From != "" && r.timed() {
		from, to := r.on(w.From.Time)
		w.From, w.HourKnown = whoisx.At(from), true
		if w.To.IsZero() || w.To == p.From {
			w.To = date(to, false)
			if r.rolls() {
				w.To = p.From // some time that day
			}
		}
	}
	if w.To.IsZero() || w.To == w.From {
		w.To = whoisx.Date{Time: w.From.Add(r.Jitter), DayOnly: w.From.DayOnly}
	}
	w.Likely = likely(w)
	w.Basis = who(*a) + " says so"
	if p.Text != "" {
		w.Basis = who(*a) + ": " + p.Text
	}
	return w
}

// rolls reports whether a list's names are released from an hour on, and nobody
// says until when: a release in random order (.se, .nu).
func (r DropRule) rolls() bool { return r.Kind == DropList && r.From != "" && r.To == "" }

// likely is the middle of a window whose hours are known, else its first day.
func likely(w *Window) whoisx.Date {
	if w.From.DayOnly || w.To.DayOnly {
		return w.From
	}
	return whoisx.At(w.From.Add(w.To.Sub(w.From.Time) / 2).Truncate(time.Second))
}

// on gives the rule's hours on the calendar day of t in UTC.
func (r DropRule) on(t time.Time) (from, to time.Time) {
	y, m, dd := t.UTC().Date()
	return r.hours(y, m, dd)
}

// hours gives the rule's hours on a day of its own calendar. Where there is
// no To, both are From. A To before From is on the next day.
func (r DropRule) hours(y int, m time.Month, dd int) (from, to time.Time) {
	at := func(clock string, dd int) time.Time {
		c, err := time.Parse("15:04", clock)
		if err != nil { // checked when the rule was read
			return time.Date(y, m, dd, 0, 0, 0, 0, r.Location())
		}
		return time.Date(y, m, dd, c.Hour(), c.Minute(), 0, 0, r.Location())
	}
	from = at(r.From, dd)
	to = from
	if r.To != "" {
		if to = at(r.To, dd); to.Before(from) {
			to = at(r.To, dd+1)
		}
	}
	return from, to
}

// next gives the rule's hours on the first day on which they can still take a
// name whose last stage ends at t.
func (r DropRule) next(t time.Time) (from, to time.Time) {
	t = t.Add(r.Lead)
	y, m, dd := t.In(r.Location()).Date()
	for i := range 40 { // a month and a week: rules name a weekday or a day of the month
		from, to = r.hours(y, m, dd+i)
		// A batch between two hours still takes what ends inside it.
		if r.meets(from) && (!from.Before(t) || r.Kind == DropRandom && to.After(t)) {
			return from, to
		}
	}
	return from, to
}

// window is when a name falls whose last stage ends within end.
func (r DropRule) window(end moments) *Window {
	w := &Window{}
	switch {
	case r.From != "" && (r.Day == "date" || end.day):
		var to time.Time
		from, _ := r.on(end.lo)
		_, to = r.on(endLast(end))
		to = to.Add(r.Late)
		w.From, w.To, w.HourKnown = whoisx.At(from), whoisx.At(to), true
		if r.Day == "next" {
			// The day is known, the hour of the end is not: it may just miss
			// the session of that day.
			_, to = r.next(r.endOf(end))
			w.To = whoisx.At(to.Add(r.Late))
			from, _ = r.next(end.lo)
			w.From = whoisx.At(from)
		}
		if r.rolls() {
			w.To = date(w.To.Time, true)
		}
	case r.From != "":
		from, _ := r.next(end.lo)
		_, to := r.next(end.hi)
		if r.Kind == DropRandom && to.Sub(from) < day && from.Before(end.hi) {
			// It ends inside the hours: the rest of them, or the next day's.
			_, to = r.next(to)
		}
		w.From, w.To, w.HourKnown = whoisx.At(from), whoisx.At(to.Add(r.Late)), true
	case !end.day && (r.Kind == DropExact || r.Kind == DropList || r.Kind == DropRandom && r.Jitter > 0):
		w.From, w.To, w.HourKnown = whoisx.At(end.lo), whoisx.At(end.hi.Add(r.Jitter+r.Late)), true
	default:
		// The hour is unknown. Days count in the registry's own time zone.
		loc := r.Location()
		y, m, dd := end.lo.In(loc).Date()
		hi := endLast(end).Add(r.Jitter + r.Late).In(loc)
		w.From = whoisx.Day(y, m, dd)
		y, m, dd = hi.Date()
		w.To = whoisx.Day(y, m, dd)
		if end.day { // a day of the registry's calendar stays that day
			w.From = date(end.lo, true)
			w.To = date(endLast(end).Add(r.Jitter+r.Late), true)
		}
	}
	w.Likely = r.likely(w)
	if w.HourKnown && !r.timed() {
		w.HourKnown = false
		w.From, w.To = r.dayOf(w.From), r.dayOf(w.To)
	}
	return w
}

// timed reports whether the hours of a rule were read somewhere. Those that
// nobody confirmed make a window likely at some hour, but never narrow.
func (r DropRule) timed() bool { return r.Confidence != "memory" }

// dayOf is the day of a moment on the registry's calendar.
func (r DropRule) dayOf(d whoisx.Date) whoisx.Date {
	if d.DayOnly {
		return d
	}
	y, m, dd := d.In(r.Location()).Date()
	return whoisx.Day(y, m, dd)
}

// likely is the middle of a window of the rule; of one over several days the
// middle of a session in the middle of them. Of the days that sources disagree
// on (Late) the first is the likeliest.
func (r DropRule) likely(w *Window) whoisx.Date {
	first := *w
	if w.HourKnown && !w.To.DayOnly {
		first.To = whoisx.At(w.To.Add(-r.Late))
	}
	mid := likely(&first)
	if r.From == "" || mid.DayOnly || first.To.Sub(first.From.Time) < day/2 {
		return mid
	}
	y, m, dd := mid.In(r.Location()).Date()
	for i := 1; i > -40; i-- {
		if from, to := r.hours(y, m, dd+i); r.meets(from) && !from.After(mid.Time) && !from.Before(w.From.Time) {
			return likely(&Window{From: whoisx.At(from), To: whoisx.At(to)})
		}
	}
	return w.From
}

// endOf is the end of a moment: of the day, where the registry is and only the
// day is known.
func (r DropRule) endOf(m moments) time.Time { return r.midnight(date(m.hi, m.day), 1) }

func endLast(m moments) time.Time { return m.hi }

// trim moves the beginning of a window that is reckoned from a span to the first
// moment at which the name, held still, can drop.
func (r DropRule) trim(w *Window, now time.Time) {
	from := whoisx.At(now)
	switch {
	case w.From.DayOnly:
		y, m, dd := now.In(r.Location()).Date()
		from = whoisx.Day(y, m, dd)
	case r.From != "" && w.HourKnown:
		from = whoisx.At(r.session(now))
	}
	if w.From.Before(from.Time) && !from.After(w.To.Time) {
		w.From = from
	}
}

// session is the beginning of the first session that is not over at t.
func (r DropRule) session(t time.Time) time.Time {
	y, m, dd := t.In(r.Location()).Date()
	var from, to time.Time
	for i := -1; i < 40; i++ {
		if from, to = r.hours(y, m, dd+i); r.meets(from) && !to.Before(t) {
			break
		}
	}
	return from
}

// meets reports whether a session may begin then: rules name a weekday or a day
// of the month.
func (r DropRule) meets(from time.Time) bool {
	return (!r.Weekly || from.Weekday() == r.Weekday) && (r.MonthDay == 0 || from.Day() == r.MonthDay)
}

// open and shut are a window's bounds as instants: a day without an hour lasts
// from its first second to its last where the registry is.
func (r DropRule) open(w Window) time.Time { return r.midnight(w.From, 0) }

func (r DropRule) shut(w Window) time.Time {
	if w.To.IsZero() {
		return r.midnight(w.From, 1)
	}
	return r.midnight(w.To, 1)
}

// midnight is where a day begins, so many days on; a moment is itself.
func (r DropRule) midnight(d whoisx.Date, days int) time.Time {
	if !d.DayOnly {
		return d.Time
	}
	y, m, dd := d.UTC().Date()
	return time.Date(y, m, dd+days, 0, 0, 0, 0, r.Location())
}
