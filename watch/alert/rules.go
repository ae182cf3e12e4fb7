package alert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rule sends some alerts to some channels. Empty lists match everything; the
// first rule that matches an alert decides, and a rule without channels
// silences.
type Rule struct {
	Events   []Kind   `toml:"events"`
	Names    []string `toml:"names"`
	Tags     []string `toml:"tags"`
	Kinds    []string `toml:"kinds"` // "want", "mine"
	Channels []string `toml:"channels"`
	Digest   bool     `toml:"digest"` // wait for the daily digest unless urgent
}

// Rules are what a person configured: who is told what, and when not.
type Rules struct {
	Rules []Rule
	// Channels are told everything that no rule claims.
	Channels []string
	Quiet    Quiet
	// DigestAt is the minute of the day, in Quiet's zone, at which digests go.
	DigestAt int
}

// Quiet are hours in which only urgent alerts are told. The zero Quiet is
// never.
type Quiet struct {
	From, To int // minutes of the day; From > To spans midnight
	Zone     *time.Location
}

// ParseQuiet reads "23:00-07:00 Europe/Berlin"; without a zone it is UTC, and
// an empty text is never.
func ParseQuiet(s string) (Quiet, error) {
	if strings.TrimSpace(s) == "" {
		return Quiet{Zone: time.UTC}, nil
	}
	hours, zone, _ := strings.Cut(strings.TrimSpace(s), " ")
	from, to, ok := strings.Cut(hours, "-")
	if !ok {
		return Quiet{}, fmt.Errorf("read quiet hours %q: write them like \"23:00-07:00 Europe/Berlin\"", s)
	}
	q := Quiet{Zone: time.UTC}
	var err error
	if q.From, err = ParseClock(from); err != nil {
		return Quiet{}, fmt.Errorf("read quiet hours %q: %w", s, err)
	}
	if q.To, err = ParseClock(to); err != nil {
		return Quiet{}, fmt.Errorf("read quiet hours %q: %w", s, err)
	}
	if zone = strings.TrimSpace(zone); zone != "" {
		if q.Zone, err = time.LoadLocation(zone); err != nil {
			return Quiet{}, fmt.Errorf("read quiet hours %q: %w", s, err)
		}
	}
	return q, nil
}

// ParseClock reads "07:30" as minutes of the day.
func ParseClock(s string) (int, error) {
	h, m, ok := strings.Cut(strings.TrimSpace(s), ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if !ok || err1 != nil || err2 != nil || hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, fmt.Errorf("%q is no time of day; write it like 07:30", s)
	}
	return hour*60 + minute, nil
}

// Ends returns the end of the quiet hours that t lies in, or t itself.
func (q Quiet) Ends(t time.Time) time.Time {
	if q.From == q.To {
		return t
	}
	local := t.In(q.zone())
	minute := local.Hour()*60 + local.Minute()
	quiet := minute >= q.From && minute < q.To
	if q.From > q.To {
		quiet = minute >= q.From || minute < q.To
	}
	if !quiet {
		return t
	}
	return q.next(local, q.To)
}

// next is the first moment after t at which the clock in the zone shows the
// minute; time.Date takes care of days with 23 or 25 hours.
func (q Quiet) next(t time.Time, minute int) time.Time {
	at := time.Date(t.Year(), t.Month(), t.Day(), minute/60, minute%60, 0, 0, q.zone())
	if !at.After(t) {
		at = time.Date(t.Year(), t.Month(), t.Day()+1, minute/60, minute%60, 0, 0, q.zone())
	}
	return at
}

func (q Quiet) zone() *time.Location {
	if q.Zone == nil {
		return time.UTC
	}
	return q.Zone
}

func (r Rule) matches(s Subject, a Alert) bool {
	kind := "want"
	if s.Mine {
		kind = "mine"
	}
	return (len(r.Events) == 0 || slices.Contains(r.Events, a.Kind)) &&
		(len(r.Names) == 0 || slices.Contains(r.Names, s.Name) || slices.Contains(r.Names, s.Display)) &&
		(len(r.Kinds) == 0 || slices.Contains(r.Kinds, kind)) &&
		(len(r.Tags) == 0 || slices.ContainsFunc(r.Tags, func(t string) bool { return slices.Contains(s.Tags, t) }))
}

// Items turns alerts into what the outbox keeps: one item an alert and
// channel, not before quiet hours end or the digest goes, unless it is urgent.
func (r Rules) Items(s Subject, alerts []Alert) []Item {
	var out []Item
	for _, a := range alerts {
		channels, digest := r.Channels, false
		for _, rule := range r.Rules {
			if rule.matches(s, a) {
				channels, digest = rule.Channels, rule.Digest
				break
			}
		}
		at := a.At
		if !a.Urgent {
			if digest {
				at = r.Quiet.next(at.In(r.Quiet.zone()), r.DigestAt)
			}
			at = r.Quiet.Ends(at)
		}
		for _, c := range channels {
			out = append(out, Item{Alert: a, Channel: c, NotBefore: at, Digest: digest && !a.Urgent})
		}
	}
	return out
}
