package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// moment writes a time for people, in UTC: "10 Nov 2026 17:42".
func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2 Jan 2006 15:04")
}

// dateText writes a date as it is known: a day stays a day.
func dateText(d whoisx.Date) string {
	switch {
	case d.IsZero():
		return "-"
	case d.DayOnly:
		return d.Format("2 Jan 2006")
	}
	return moment(d.Time)
}

// ahead writes the way from now to t: "in 1h03", "in 58d", "2h ago".
func ahead(now, t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	d := t.Sub(now)
	if d < 0 {
		return span(-d) + " ago"
	}
	return "in " + span(d)
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02d", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02d", int(d.Hours()), int(d.Minutes())%60)
	}
	return strconv.Itoa(int(d.Hours()/24)) + "d"
}

// windowText writes when a name drops, as sure as it is.
func windowText(w *lifecycle.Window) string {
	if w == nil {
		return "-"
	}
	from, to := w.From, w.To
	if from.IsZero() && to.IsZero() {
		if w.Likely.IsZero() {
			return "not known"
		}
		from, to = w.Likely, w.Likely
	}
	var s string
	switch {
	case from.DayOnly || to.DayOnly || !w.HourKnown:
		s = from.Format("2 Jan 2006")
		if !to.IsZero() && to.Format(time.DateOnly) != from.Format(time.DateOnly) {
			s += " to " + to.Format("2 Jan 2006")
		}
		s += ", hour unknown"
	case to.IsZero() || to.Equal(from.Time):
		s = from.UTC().Format("2 Jan 2006 15:04:05")
	case to.UTC().Format(time.DateOnly) == from.UTC().Format(time.DateOnly):
		s = from.UTC().Format("2 Jan 2006 15:04") + "-" + to.UTC().Format("15:04")
	default:
		s = from.UTC().Format("2 Jan 2006 15:04") + " to " + to.UTC().Format("2 Jan 2006 15:04")
	}
	switch w.Certainty {
	case lifecycle.Will:
		return "WILL " + s
	case lifecycle.May:
		return "MAY " + s
	}
	return s
}

// parseMoment reads --at: RFC 3339, also without seconds, or in UTC where there is
// no zone; "2006-01-02 15:04"; a day.
func parseMoment(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usagef("cannot read the time %q; write it like 2026-11-10T17:42:00Z", s)
}
