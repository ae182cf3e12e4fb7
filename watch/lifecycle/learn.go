package lifecycle

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// enough drops, on enough days, have to be seen here before they narrow a
// window: ten names of one batch tell of one day only.
const (
	enough     = 8
	enoughDays = 3
)

// learn narrows a window by the drops that were seen here: the hour of the
// day, and how many days after the last stage began. It says how many it
// knows, also where they are too few.
func (d *decider) learn(w *Window) *Window {
	if d.Rule.Drop.Kind == DropExact || d.Rule.Drop.Kind == DropList || w.Certainty == CertaintyUnknown {
		return w
	}
	l := Learn(d.Rule, d.Observed)
	if l.Seen == 0 {
		return w
	}
	if l.Seen < enough || l.On < enoughDays {
		w.Basis += fmt.Sprintf("; %d drops seen here on %d days, %d on %d are needed to narrow it", l.Seen, l.On, enough, enoughDays)
		return w
	}
	if d.Rule.Drop.shut(*w).Sub(d.Rule.Drop.open(*w)) > wide(d.Rule)+d.Rule.Drop.Late || l.Last-l.First > 12*time.Hour {
		return w // days that nobody knows, or hours that are no pattern
	}
	loc := d.Rule.Drop.Location()
	first, last := calendar(w.From, loc), calendar(w.To, loc)
	if l.Days && d.last() && d.began.exact() && !d.began.day {
		b := calendar(whoisx.At(d.began.hi), time.UTC)
		first, last = b.AddDate(0, 0, l.MinDays), b.AddDate(0, 0, l.MaxDays)
	}
	narrow := *w
	narrow.From = whoisx.At(clockOn(first, l.First, loc))
	narrow.To = whoisx.At(clockOn(last, l.Last, loc))
	narrow.Likely = whoisx.At(clockOn(first, l.Median, loc))
	narrow.HourKnown = true
	if narrow.To.Before(narrow.From.Time) {
		return w
	}
	how := fmt.Sprintf("%d drops seen here fell %s-%s %s", l.Seen, clock(l.First+learnMargin), clock(l.Last-learnMargin), d.Rule.Drop.zoneWord())
	if !w.From.DayOnly && (narrow.From.Before(w.From.Time) || narrow.To.After(d.Rule.Drop.shut(*w))) {
		how += ", not all of them inside the rule's hours"
	}
	narrow.Basis = w.Basis + "; " + how
	return &narrow
}

// calendar is the day of a date: of its own where it is only a day, else in a
// time zone.
func calendar(d whoisx.Date, loc *time.Location) time.Time {
	if d.DayOnly {
		loc = time.UTC
	}
	y, m, dd := d.In(loc).Date()
	return time.Date(y, m, dd, 0, 0, 0, 0, time.UTC)
}

func (r DropRule) zoneWord() string {
	if r.Zone == "" {
		return "UTC"
	}
	return r.Zone
}

// Learned is what the drops seen here say: hours of the day in the rule's own
// time zone, and days from the day on which the last stage began.
type Learned struct {
	Seen                int
	On                  int           // on so many days
	First, Median, Last time.Duration // since midnight, with a margin
	Days                bool          // whether the days are known
	MinDays, MaxDays    int

	ByClock []Slot      // how they spread over the day, from the first to the last
	ByDays  map[int]int // how many fell so many days after the last stage began
}

// Slot is a quarter of an hour of the day, or an hour where they spread wide.
type Slot struct {
	From  time.Duration // since midnight
	Drops int
}

// spread counts drops by the time of day.
func spread(clocks []time.Duration) []Slot {
	step := 15 * time.Minute
	first, last := clocks[0], clocks[len(clocks)-1]
	if last-first > 4*time.Hour {
		step = time.Hour
	}
	var out []Slot
	for at := first.Truncate(step); at <= last; at += step {
		out = append(out, Slot{From: at})
	}
	for _, c := range clocks {
		out[(c-out[0].From)/step].Drops++
	}
	return out
}

// Says writes what was learned for a person: "11 drops on 9 days fell
// 14:05-14:45 America/New_York, 5 days after pending delete began".
func (l Learned) Says(r Rule) string {
	if l.Seen == 0 {
		return "no drop was seen here yet"
	}
	s := fmt.Sprintf("%d drops on %d days fell %s-%s %s", l.Seen, l.On, clock(l.First+learnMargin), clock(l.Last-learnMargin), r.Drop.zoneWord())
	if held := r.held(); l.Days && len(held) > 0 {
		n := fmt.Sprint(l.MinDays)
		if l.MaxDays != l.MinDays {
			n += fmt.Sprintf(" to %d", l.MaxDays)
		}
		s += ", " + n + " days after " + held[len(held)-1].Name + " began"
	}
	if l.Seen < enough || l.On < enoughDays {
		s += fmt.Sprintf("; %d on %d days narrow a window", enough, enoughDays)
	}
	return s
}

// MarshalJSON writes the hours as clocks, and null where nothing was seen.
func (l Learned) MarshalJSON() ([]byte, error) {
	if l.Seen == 0 {
		return []byte("null"), nil
	}
	type slot struct {
		From  string `json:"from"`
		Drops int    `json:"drops"`
	}
	type days struct {
		Days  int `json:"days"`
		Drops int `json:"drops"`
	}
	j := struct {
		Seen    int    `json:"seen"`
		On      int    `json:"on_days"`
		First   string `json:"first"`
		Median  string `json:"median"`
		Last    string `json:"last"`
		MinDays *int   `json:"min_days"`
		MaxDays *int   `json:"max_days"`
		ByClock []slot `json:"by_clock"`
		ByDays  []days `json:"by_days"`
	}{Seen: l.Seen, On: l.On, First: clock(l.First + learnMargin), Median: clock(l.Median), Last: clock(l.Last - learnMargin)}
	if l.Days {
		j.MinDays, j.MaxDays = &l.MinDays, &l.MaxDays
	}
	for _, s := range l.ByClock {
		j.ByClock = append(j.ByClock, slot{clock(s.From), s.Drops})
	}
	for _, n := range slices.Sorted(maps.Keys(l.ByDays)) {
		j.ByDays = append(j.ByDays, days{n, l.ByDays[n]})
	}
	return json.Marshal(j)
}

// learnMargin is left on both sides of the hours that were seen: a batch never
// keeps exactly to those of a few weeks.
const learnMargin = 5 * time.Minute

// Learn sums up the drops seen in a zone.
func Learn(r Rule, seen []Observation) Learned {
	l := Learned{Days: true, ByDays: map[int]int{}}
	loc := r.Drop.Location()
	var clocks []time.Duration
	days := map[time.Time]bool{}
	for _, o := range seen {
		if o.At.IsZero() {
			continue
		}
		t := o.At.In(loc)
		days[calendar(whoisx.At(o.At), loc)] = true
		clocks = append(clocks, time.Duration(t.Hour())*time.Hour+time.Duration(t.Minute())*time.Minute+time.Duration(t.Second())*time.Second)
		if o.Began.IsZero() {
			l.Days = false
			continue
		}
		n := int(calendar(whoisx.At(o.At), time.UTC).Sub(calendar(whoisx.At(o.Began), time.UTC)) / day)
		if len(clocks) == 1 || n < l.MinDays {
			l.MinDays = n
		}
		l.MaxDays = max(l.MaxDays, n)
		l.ByDays[n]++
	}
	l.Seen, l.On = len(clocks), len(days)
	if l.Seen == 0 {
		return Learned{}
	}
	slices.Sort(clocks)
	l.First = max(-learnMargin, clocks[0]-learnMargin)
	l.Last = clocks[len(clocks)-1] + learnMargin
	l.Median = clocks[len(clocks)/2]
	l.ByClock = spread(clocks)
	return l
}

// clockOn is a wall clock time on a calendar day.
func clockOn(date time.Time, since time.Duration, loc *time.Location) time.Time {
	y, m, d := date.Date()
	s := int(since / time.Second)
	return time.Date(y, m, d, s/3600, s/60%60, s%60, 0, loc)
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d/time.Hour), int(d/time.Minute)%60)
}
