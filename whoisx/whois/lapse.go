package whois

import (
	"strings"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// lapse reads what a registered name's statuses say about its end: when it
// drops, and when it was deleted. A date that registries also print for names
// in good standing (.ru's free-date) only counts once the name has expired.
func (r *reader) lapse(at time.Time) {
	a := &r.a
	lapsing := !at.IsZero() && !a.Expires.IsZero() && a.Expires.Before(at)
	for _, s := range a.SaidStatuses {
		low := strings.ToLower(s)
		switch {
		case strings.HasPrefix(low, "may drop"), strings.HasPrefix(low, "drop"):
			// Nominet: "May Drop 2024-05-01T10:00:00Z" while the holder can still
			// renew, "Drop ..." in the last five days.
			if d, ok := parseDate(s, r.order); ok && a.Drop == nil {
				a.Drop = &whoisx.Drop{From: d, To: d, Will: strings.HasPrefix(low, "drop"), Text: s}
			}
		case strings.Contains(low, "quarantine"), strings.Contains(low, "to be released"), strings.Contains(low, "to be deleted"), strings.Contains(low, "deleted"),
			strings.Contains(low, "redemption"), strings.Contains(low, "pending"), strings.Contains(low, "expired"), strings.Contains(low, "deactivated"):
			lapsing = true
			if i := strings.IndexByte(s, '('); i > 0 && a.Deleted.IsZero() && strings.HasPrefix(low, "deleted") {
				if d, ok := parseDate(s[i:], r.order); ok { // .jp: "Deleted (2013/01/31)"
					a.Deleted = d
				}
			}
		}
	}
	if a.Deleted.After(at) && !at.IsZero() {
		// A deletion that is still to come.
		if a.Drop == nil {
			a.Drop = &whoisx.Drop{From: a.Deleted, To: a.Deleted, Text: r.deletedText}
		}
		a.Deleted = whoisx.Date{}
	}
	if lapsing && a.Drop == nil && !r.drop.IsZero() {
		a.Drop = &whoisx.Drop{From: r.drop, To: r.drop, Will: r.dropWill, Text: r.dropText}
	}
}

// lapseWord reports whether a line begins with, or ends in, a registry's word for the end of
// a registration.
func lapseWord(t string) bool {
	for _, w := range [...]string{"billing period had finished", "billing period has finished", "to be released after termination"} {
		if strings.HasSuffix(t, w) { // .pl: "a.pl 's billing period had finished"
			return true
		}
	}
	switch t[0] | 0x20 {
	case 'd', 'i', 'm', 'p', 'q', 'r', 's', 't', 'b', 'e':
	default:
		return false
	}
	low := strings.ToLower(t)
	for _, w := range [...]string{
		"drop 2", "drop on", "may drop", "in quarantine", "quarantine", "redemption", "pending delete", "pendingdelete", "pending release", "to be released", "to be deleted", "to be suspended",
		"suspended", "deactivated", "blocked", "expired", "this registration has been suspended", "this domain is suspended", "this domain has expired", "domain is suspended", "domain has expired", "domain name is blocked", "release process",
	} {
		if strings.HasPrefix(low, w) {
			return true
		}
	}
	return false
}
