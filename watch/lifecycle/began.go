package lifecycle

import (
	"slices"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// readBegan finds when the stage began: where the registry says so, by the
// dates of the rule, by the last change, or by when it was first seen.
func (d *decider) readBegan(st Stage) moments {
	deleted := d.pick(func(a whoisx.Answer) whoisx.Date { return a.Deleted })
	if d.rs == nil {
		switch {
		case st == Registered:
			return dated(d.v.Created)
		case st == Expired && !d.expires.IsZero():
			return dated(d.expires)
		case st == Redemption && !deleted.IsZero() && !deleted.After(d.Now):
			return dated(deleted)
		case d.Before == nil || d.Before.LastHeld != st:
			// A restore request and a deletion are changes that EPP dates
			// (RFC 5731 §3.1.2 upDate).
			if up := d.pick(func(a whoisx.Answer) whoisx.Date { return a.Updated }); !up.IsZero() && !up.After(d.Now) && d.Now.Sub(up.Time) <= 35*day {
				return dated(up)
			}
		}
		return d.firstLook(st, 0)
	}
	if d.rs.MapsTo == GatedStage {
		return d.firstLook(st, d.rs.Max)
	}
	if d.rs.MonthEnd {
		return d.monthly(st)
	}
	up := d.pick(func(a whoisx.Answer) whoisx.Date { return a.Updated })
	if m, ok := d.chain(d.expires, d.rs); ok && !m.lo.After(d.Now) && (m.exact() || d.rs.From == "expiry" || d.twin()) {
		if d.changedIn(m) {
			return dated(up) // the change that began it
		}
		if st == PendingDelete && m.exact() && up.After(d.Rule.Drop.endOf(m).Add(day)) && !up.After(d.Now) {
			// Nobody can change it there but its registry: it began late.
			return moments{lo: m.lo, hi: up.Time, day: m.day || up.DayOnly}
		}
		return m
	}
	off, fromDeletion := d.offset(d.rs)
	if fromDeletion && !deleted.IsZero() && !deleted.After(d.Now) {
		return dated(deleted).add(off, off)
	}
	if m, ok := d.fromDrop(); ok {
		return m
	}
	guess := d.firstLook(st, d.longest())
	if m, ok := d.chain(d.expires, d.rs); ok {
		guess = d.Rule.Drop.within(guess, m)
	}
	if !up.IsZero() {
		if m, ok := d.fromUpdate(up, off, fromDeletion); ok && !m.hi.Before(guess.lo.Add(-day)) && !m.lo.After(guess.hi) {
			return m
		}
		if st == Redemption && up.After(guess.hi.Add(day)) && !up.After(d.Now) {
			// A restore that failed unseen: some registries begin the days anew.
			if d.Now.Sub(guess.hi) > d.longest() {
				return dated(up)
			}
			return moments{lo: guess.lo, hi: up.Time, day: guess.day || up.DayOnly}
		}
	}
	return guess
}

// inMonth is a moment of the month with which the name's stage ends. That is this
// one, unless it was in this stage before the month began: registries turn names
// over in the first hours of it.
func (d *decider) inMonth() time.Time {
	first := d.Rule.Drop.thisMonth(d.Now)
	if b := d.Before; b != nil && b.LastHeld != "" && !b.Began.IsZero() && b.Verdict.registryName() == d.rs.Name && b.Began.Before(first) {
		return b.Began.Time
	}
	up := d.pick(func(a whoisx.Answer) whoisx.Date { return a.Updated })
	if d.Now.Sub(first) < day && up.Before(first) && !up.Before(d.Rule.Drop.thisMonth(first.Add(-1))) {
		return up.Time
	}
	return d.Now
}

// monthly finds when a stage began that ends with the month: one that follows
// another with the month itself, the first one at some moment of it.
func (d *decider) monthly(st Stage) moments {
	first := d.Rule.Drop.thisMonth(d.inMonth())
	span := moments{lo: first, hi: d.Now}
	if d.index() > 0 {
		span.hi = first.Add(day)
	}
	switch {
	case d.changedIn(span):
		return dated(d.pick(func(a whoisx.Answer) whoisx.Date { return a.Updated }))
	case d.index() > 0:
		return moments{lo: first, hi: first}
	}
	return d.firstLook(st, d.Now.Sub(first))
}

// twin reports whether another stage shows the same statuses, so that when
// this one was first told apart says nothing about when it began.
func (d *decider) twin() bool {
	return len(d.rs.Said) == 0 && slices.ContainsFunc(d.Rule.held(), func(s RuleStage) bool {
		return s.Name != d.rs.Name && slices.Equal(s.Statuses, d.rs.Statuses) && len(s.Statuses) > 0
	})
}

// fromDrop reckons back from a published drop to the beginning of a stage of
// fixed length that ends in it.
func (d *decider) fromDrop() (moments, bool) {
	a := d.drop()
	held := d.Rule.held()
	if a == nil || d.rs.Min != d.rs.Max || len(held) == 0 || held[len(held)-1].Name != d.rs.Name {
		return moments{}, false
	}
	m := dated(a.Drop.From).add(-d.rs.Max, -d.rs.Max)
	return m, !m.lo.After(d.Now)
}

// offset is how long after the deletion a stage begins, and whether it counts
// from there at all.
func (d *decider) offset(to *RuleStage) (time.Duration, bool) {
	var off time.Duration
	counting := false
	for _, s := range d.Rule.held() {
		if s.From == "deletion" {
			counting, off = true, 0
		}
		if s.Name == to.Name {
			return off, counting
		}
		if s.Min != s.Max {
			counting = counting && s.From == "deletion"
		}
		off += s.Max
	}
	return 0, false
}

// fromUpdate reads the last change as the beginning of this stage, or as the
// deletion before it, whichever its age allows. Some registries touch the date
// when pendingDelete begins, others only at the deletion.
func (d *decider) fromUpdate(up whoisx.Date, off time.Duration, fromDeletion bool) (moments, bool) {
	m := dated(up)
	age := d.Now.Sub(m.lo)
	longest := d.longest()
	if m.day {
		longest += day
	}
	switch {
	case age < 0:
		return moments{}, false
	case (d.rs.From != "expiry" || d.expires.IsZero()) && age <= longest:
		return m, true
	case fromDeletion && off > 0 && age >= off && age <= off+longest:
		return m.add(off, off), true
	}
	return moments{}, false
}

// longest is the most that a name may stand in its stage: the last one lasts
// until the drop, which may be a session later than its days.
func (d *decider) longest() time.Duration {
	long := d.rs.Max + d.Rule.Drop.Late
	if d.last() {
		long += d.Rule.slip()
	}
	return long
}

// firstLook is the span in which a stage must have begun, judged by the looks
// alone: after the last look that saw another one, before the first that saw
// this one.
func (d *decider) firstLook(st Stage, longest time.Duration) moments {
	b := d.Before
	if d.newLife() {
		b = nil // what was seen was of another life
	}
	name := string(st)
	if d.rs != nil {
		name = d.rs.Name
	}
	if b != nil && b.LastHeld != "" && !b.Began.IsZero() && b.Verdict.registryName() == name {
		lo := b.BeganFrom
		if lo.IsZero() {
			lo = b.Began
		}
		return moments{lo: lo.Time, hi: b.Began.Time, day: b.Began.DayOnly}
	}
	earliest := d.Now.Add(-longest) // else the stage would be over
	if c := d.v.Created; longest > 0 && c.After(earliest) && c.Before(d.Now) {
		earliest = c.Time
	}
	if b != nil && !b.HeldAt.IsZero() && b.HeldAt.Before(d.Now) && (longest == 0 || b.HeldAt.After(earliest)) {
		return moments{lo: b.HeldAt, hi: d.Now}
	}
	return moments{lo: earliest, hi: d.Now}
}

// registryName is the registry's word for the stage, or ours.
func (v Verdict) registryName() string {
	if v.RegistryStage != "" {
		return v.RegistryStage
	}
	return string(v.Stage)
}
