package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

func price(v lifecycle.Verdict) string {
	f := v.Has(lifecycle.FlagPremium)
	if f == nil || f.Price == nil {
		return ""
	}
	return f.Price.Amount + " " + f.Price.Currency
}

func voters(v lifecycle.Verdict) string {
	words := make([]string, 0, len(v.Sources))
	for _, s := range v.Sources {
		if s.Votes() {
			words = append(words, string(s))
		}
	}
	return strings.Join(words, ", ")
}

func nextWords(v lifecycle.Verdict) string {
	switch n := v.Next; {
	case n == nil || n.Earliest.IsZero():
		return ""
	case n.Latest.IsZero() || n.Latest.Equal(n.Earliest.Time):
		return fmt.Sprintf("Next: %s on %s.", n.Word(v.Stage), dateWords(n.Earliest))
	default:
		return fmt.Sprintf("Next: %s between %s and %s.", n.Word(v.Stage), dateWords(n.Earliest), dateWords(n.Latest))
	}
}

func dateWords(d whoisx.Date) string {
	if d.DayOnly {
		return d.Format("2 Jan 2006") + ", hour unknown"
	}
	return d.UTC().Format("2 Jan 2006 15:04:05") + " UTC"
}

func orUnknown(d whoisx.Date) string {
	if d.IsZero() {
		return "a date that its registry does not publish"
	}
	return dateWords(d)
}

func windowWords(w lifecycle.Window) string {
	switch {
	case w.To.IsZero() || w.To.Equal(w.From.Time):
		return "on " + dateWords(w.From)
	case w.From.DayOnly:
		return "between " + w.From.Format("2 Jan 2006") + " and " + w.To.UTC().Format("2 Jan 2006") + ", hour unknown"
	case w.To.DayOnly:
		return "from " + dateWords(w.From) + " on, until some time on " + w.To.Format("2 Jan 2006")
	}
	return "between " + dateWords(w.From) + " and " + dateWords(w.To)
}

func leadWords(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d == 24*time.Hour:
		return "1 day"
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d == time.Hour:
		return "1 hour"
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}

func sentences(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}
