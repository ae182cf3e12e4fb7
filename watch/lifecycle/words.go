package lifecycle

import (
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// say writes a date for a person: always in UTC, a day without an hour as a
// day.
func say(d whoisx.Date) string {
	switch {
	case d.IsZero():
		return "an unknown date"
	case d.DayOnly:
		return d.Format("2 Jan 2006")
	case d.UTC().Second() != 0:
		return d.UTC().Format("2 Jan 2006 15:04:05 UTC")
	}
	return d.UTC().Format("2 Jan 2006 15:04 UTC")
}

// sayWindow writes a window for a person.
func sayWindow(w Window) string {
	if !w.HourKnown {
		if w.To.IsZero() || sameInstant(w.From, w.To) {
			return say(w.From) + ", hour unknown"
		}
		return say(w.From) + " to " + say(w.To) + ", hour unknown"
	}
	if w.To.IsZero() || sameInstant(w.From, w.To) {
		return say(w.From)
	}
	if w.To.DayOnly {
		return "from " + say(w.From) + " on, until some time on " + say(w.To)
	}
	if w.From.UTC().Format(time.DateOnly) == w.To.UTC().Format(time.DateOnly) {
		return w.From.UTC().Format("2 Jan 2006 15:04") + " to " + w.To.UTC().Format("15:04 UTC")
	}
	return say(w.From) + " to " + say(w.To)
}

func sameInstant(a, b whoisx.Date) bool { return a.Equal(b.Time) && a.DayOnly == b.DayOnly }

func (d *decider) why(format string, args ...any) {
	d.v.Why = append(d.v.Why, fmt.Sprintf(format, args...))
}

func (d *decider) happened(e Event, from, to, format string, args ...any) {
	d.v.Happened = append(d.v.Happened, Happening{Event: e, Text: fmt.Sprintf(format, args...), From: from, To: to})
}

func (d *decider) odd(format string, args ...any) {
	if d.v.Anomaly == "" {
		d.v.Anomaly = fmt.Sprintf(format, args...)
	}
}

func join(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// verb is what so many sources do.
func verb(sources int) string {
	if sources == 1 {
		return " says "
	}
	return " say "
}

func sourceWords(ss []whoisx.Source) []string {
	out := make([]string, len(ss))
	for i, s := range ss {
		out[i] = sourceWord(s)
	}
	return out
}
