package lifecycle

import (
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// freshFor is how much older than the newest one an answer may be to count
// beside it: a WHOIS answer of yesterday is no witness against today's RDAP, and
// no second vote. Where stages last seconds, so do answers.
func freshFor(r Rule) time.Duration {
	f := time.Duration(r.scale() * float64(time.Hour))
	return max(f, 2*time.Second)
}

// decider holds what one call of Decide works on.
type decider struct {
	Input
	v Verdict

	yes     []whoisx.Answer // registered, naming the name
	no      []whoisx.Answer // not registered
	special []whoisx.Answer // reserved, premium, blocked, gated
	hints   []whoisx.Answer // DNS and drop lists: never a vote
	silent  []whoisx.Answer // said nothing about the name

	main     whoisx.Answer // the registered answer that the stage is read from
	rs       *RuleStage    // the registry's stage, where the rule has one
	began    moments       // when it began
	expires  whoisx.Date   // the real expiry, the automatic year taken back
	autoYear bool          // the registry's date is a year ahead of the real one
	old      bool          // nobody said anything for a day
	hidden   bool          // its date is a year ahead, and no status says why
	renewed  bool          // its holder renewed it on top of the automatic renewal
	unsure   bool          // the stage is a guess between several
	stuck    bool          // its dates are long past and nothing else tells
}

// moments is a span in which something happened: at lo == hi it is exact.
type moments struct {
	lo, hi time.Time
	day    bool // only days are known
}

func (m moments) known() bool { return !m.hi.IsZero() }
func (m moments) exact() bool { return m.known() && m.lo.Equal(m.hi) }

func (m moments) add(lo, hi time.Duration) moments {
	return moments{lo: m.lo.Add(lo), hi: m.hi.Add(hi), day: m.day}
}

// within narrows a span by another one where they overlap.
func (r DropRule) within(m, o moments) moments {
	lo, hi := m.lo, m.hi
	if o.lo.After(lo) {
		lo = o.lo
	}
	if end := r.endOf(o); end.Before(hi) {
		hi = end
	}
	switch {
	case lo.After(hi):
		return m
	case lo.Equal(o.lo) && hi.Equal(r.endOf(o)):
		return o
	}
	return moments{lo: lo, hi: hi, day: m.day}
}

// dated turns a date into moments. A day without an hour stays one.
func dated(d whoisx.Date) moments {
	if d.IsZero() {
		return moments{}
	}
	return moments{lo: d.Time, hi: d.Time, day: d.DayOnly}
}

// date is how a moment is written: a day where only days are known.
func date(t time.Time, dayOnly bool) whoisx.Date {
	if t.IsZero() {
		return whoisx.Date{}
	}
	if dayOnly {
		y, m, dd := t.UTC().Date()
		return whoisx.Day(y, m, dd)
	}
	return whoisx.At(t)
}

// order in which answers are believed about statuses and dates: the registry's
// own RDAP before its WHOIS; an EPP info is the registry itself.
var trust = map[whoisx.Source]int{whoisx.EPP: 0, whoisx.RDAP: 1, whoisx.WHOIS: 2, whoisx.Registrar: 3}

// hear sorts the answers by what they say. Of several answers of one source
// and server only the newest counts; of stale ones none.
func (d *decider) hear() {
	newest := map[string]whoisx.Answer{}
	var keys []string
	for _, a := range d.Answers {
		k := string(a.Source) + " " + a.Server
		b, ok := newest[k]
		if !ok {
			keys = append(keys, k)
		}
		if !ok || !a.Asked.Before(b.Asked) {
			newest[k] = a
		}
	}
	fresh := freshFor(d.Rule)
	var last time.Time // when a voting source last said something
	for _, a := range newest {
		if a.Source.Votes() && a.Outcome.SaysSomething() && a.Asked.After(last) {
			last = a.Asked
		}
	}
	d.old = !last.IsZero() && d.Now.Sub(last) > max(24*fresh, 2*time.Second)
	for _, k := range keys {
		a := newest[k]
		if a.Floating && d.Rule.WHOISLocal {
			d.Rule.Drop.clocks(&a)
		}
		stale := !a.Asked.IsZero() && last.Sub(a.Asked) > fresh
		switch {
		case a.Source == whoisx.DropList:
			// A list is made daily and speaks about days to come; it does not
			// go stale within the hour.
			if a.Outcome.SaysSomething() && (a.Asked.IsZero() || d.Now.Sub(a.Asked) < 8*day) {
				d.hints = append(d.hints, a)
			}
		case stale:
		case !a.Outcome.SaysSomething():
			d.silent = append(d.silent, a)
		case !a.Source.Votes():
			d.hints = append(d.hints, a)
		case a.Outcome == whoisx.Registered && !a.Confirmed:
			a.Why = "it does not name " + d.Name
			d.silent = append(d.silent, a)
		case a.Outcome == whoisx.Registered:
			d.yes = append(d.yes, a)
		case a.Outcome == whoisx.NotRegistered:
			d.no = append(d.no, a)
		default:
			d.special = append(d.special, a)
		}
	}
	byTrust := func(a, b whoisx.Answer) int {
		// An answer without statuses and dates (a registrar's "taken") tells
		// nothing about the stage.
		if x, y := rich(a), rich(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return trust[a.Source] - trust[b.Source]
	}
	slices.SortStableFunc(d.yes, byTrust)
	slices.SortStableFunc(d.no, byTrust)
}

// clocks reads the times of an answer by the registry's own clocks.
func (r DropRule) clocks(a *whoisx.Answer) {
	loc := r.Location()
	move := func(d *whoisx.Date) {
		if d.IsZero() || d.DayOnly {
			return
		}
		t := d.UTC()
		d.Time = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), loc).UTC()
	}
	for _, d := range []*whoisx.Date{&a.Created, &a.Updated, &a.Expires, &a.RegistrarExpires, &a.Deleted} {
		move(d)
	}
	if a.Drop != nil {
		drop := *a.Drop
		move(&drop.From)
		move(&drop.To)
		a.Drop = &drop
	}
}

func rich(a whoisx.Answer) bool {
	return len(a.Statuses) > 0 || len(a.SaidStatuses) > 0 || !a.Expires.IsZero() || !a.Created.IsZero() || !a.Deleted.IsZero()
}

// voters are the distinct sources among answers.
func voters(as []whoisx.Answer) []whoisx.Source {
	var out []whoisx.Source
	for _, a := range as {
		if a.Source.Votes() && !slices.Contains(out, a.Source) {
			out = append(out, a.Source)
		}
	}
	return out
}

func who(a whoisx.Answer) string {
	n := sourceWord(a.Source)
	if a.Server != "" {
		n += " (" + a.Server + ")"
	}
	return n
}

func sourceWord(s whoisx.Source) string {
	switch s {
	case whoisx.RDAP, whoisx.WHOIS, whoisx.DNS, whoisx.EPP:
		return strings.ToUpper(string(s))
	case whoisx.DropList:
		return "the drop list"
	case whoisx.Registrar:
		return "a registrar"
	}
	return string(s)
}

// pick returns the first date that a believed answer gives.
func (d *decider) pick(get func(whoisx.Answer) whoisx.Date) whoisx.Date {
	var first whoisx.Date
	for _, a := range d.yes {
		if v := get(a); !v.IsZero() {
			// The same day with its hour is better than the day alone.
			if first.IsZero() {
				first = v
			}
			if first.DayOnly && !v.DayOnly && v.UTC().Truncate(day).Equal(first.UTC().Truncate(day)) {
				return v
			}
		}
	}
	return first
}
