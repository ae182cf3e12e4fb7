package alert

import (
	"fmt"
	"io"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// Entry is one name in the calendar.
type Entry struct {
	Subject
	Verdict lifecycle.Verdict
	Dues    []Due
	Updated time.Time // when it was last looked at or edited, which only grows: makes SEQUENCE
}

// Calendar writes the entries as an iCalendar file (RFC 5545). UIDs are
// stable, so that a calendar that reads it again updates in place; a window is
// an event with its uncertainty in words, and a day without an hour is an
// all-day event.
func Calendar(w io.Writer, entries []Entry, now time.Time) error {
	cal := ics.NewCalendarFor("lapse")
	cal.SetProductId("-//lapse//lapse//EN")
	cal.SetMethod(ics.MethodPublish)
	cal.SetName("lapse")
	cal.SetXWRCalName("lapse")
	for _, e := range entries {
		if win := e.Verdict.Window; win != nil && !win.From.IsZero() && !e.Mine && e.Verdict.Stage != lifecycle.Launching {
			ev := event(cal, e, "window", now)
			word := map[lifecycle.Certainty]string{lifecycle.Will: "will drop", lifecycle.May: "may drop"}[win.Certainty]
			if word == "" {
				word = "might drop"
			}
			say(ev, fmt.Sprintf("%s %s", e.Display, word), sentences("Window: "+windowWords(*win)+".", "Basis: "+win.Basis+"."))
			if win.From.DayOnly {
				ev.SetAllDayStartAt(win.From.Time)
				end := win.To.Time
				if end.IsZero() {
					end = win.From.Time
				}
				ev.SetAllDayEndAt(end.AddDate(0, 0, 1))
			} else {
				ev.SetStartAt(win.From.Time)
				end := win.To.Time
				if win.To.DayOnly {
					end = end.AddDate(0, 0, 1)
				}
				if !end.After(win.From.Time) {
					end = win.From.Add(time.Minute)
				}
				ev.SetEndAt(end)
			}
		}
		if e.Mine && !e.Verdict.Expires.IsZero() {
			ev := event(cal, e, "expiry", now)
			say(ev, "Your "+e.Display+" expires", "Its registry says "+dateWords(e.Verdict.Expires)+".")
			ev.SetAllDayStartAt(e.Verdict.Expires.Time)
			ev.SetAllDayEndAt(e.Verdict.Expires.AddDate(0, 0, 1))
		}
		for _, d := range e.Dues {
			ev := event(cal, e, string(d.Kind)+"-"+d.What, now)
			say(ev, d.Title, d.Text)
			ev.SetStartAt(d.At)
			ev.SetEndAt(d.At.Add(time.Minute))
		}
	}
	// RFC 5545 §3.1 ends every line with CRLF, on every system.
	if err := cal.SerializeTo(w, ics.WithNewLineWindows); err != nil {
		return fmt.Errorf("write calendar: %w", err)
	}
	return nil
}

func event(cal *ics.Calendar, e Entry, what string, now time.Time) *ics.VEvent {
	ev := cal.AddEvent(fmt.Sprintf("%s-%s@lapse", what, e.Name))
	ev.SetDtStampTime(now)
	if !e.Updated.IsZero() {
		ev.SetModifiedAt(e.Updated)
		ev.SetSequence(int(e.Updated.Unix() & 0x7fffffff))
	}
	return ev
}

// say sets an event's words; what a service said of itself stands in some.
func say(ev *ics.VEvent, title, text string) {
	ev.SetSummary(whoisx.CleanLine(title))
	ev.SetDescription(whoisx.Clean(text))
}
