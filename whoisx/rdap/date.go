package rdap

import (
	"strings"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// layouts are the forms seen besides RFC 3339: an offset without its colon, no
// zone (read as UTC), a space for the T, the form of HTTP and mail.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 Z0700",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04Z07:00",
	"Mon, 02 Jan 2006 15:04:05",
	"Mon, 02 Jan 2006 15:04:05 Z0700",
}

// days are the forms of a day without an hour.
var days = []string{time.DateOnly, "20060102", "2006/01/02", "02-Jan-2006"}

// date reads an event's date (RFC 9083 §4.5, RFC 3339). The zero Date with
// true is a date that says nothing: empty, a null word, the year 1.
func date(s string) (whoisx.Date, bool) {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "", "-", "null", "none", "n/a", "unknown", "not defined", "0000-00-00", "0000-00-00t00:00:00z":
		return whoisx.Date{}, true
	}
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(s, "[UTC]"), "UTC"), "GMT"))
	if len(s) > 40 {
		return whoisx.Date{}, false
	}
	if len(s) <= len("02-Jan-2006") {
		for _, l := range days {
			if t, err := time.Parse(l, s); err == nil {
				return sane(whoisx.Date{Time: t, DayOnly: true})
			}
		}
		return whoisx.Date{}, false
	}
	s = strings.ToUpper(s) // RFC 3339 §5.6 allows "t" and "z"
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return sane(whoisx.At(t))
		}
	}
	return whoisx.Date{}, false
}

// sane drops the years that stand for "no date" (1, 9999) and refuses those
// that no registration can have.
func sane(d whoisx.Date) (whoisx.Date, bool) {
	switch y := d.Year(); {
	case y <= 1, y >= 9999:
		return whoisx.Date{}, true
	case y < 1980, y > 2200:
		return whoisx.Date{}, false
	}
	return d, true
}
