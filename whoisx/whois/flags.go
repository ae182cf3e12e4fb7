package whois

import (
	"strings"

	"github.com/lapse-dev/lapse/whoisx"
)

// yesNo reports whether a value is a plain answer, and which.
func yesNo(value string) (yes, no bool) {
	if len(value) > 5 {
		return false, false
	}
	switch strings.ToLower(value) {
	case "yes", "true", "y":
		return true, false
	case "no", "false", "n":
		return false, true
	}
	return false, false
}

// flag reads a label that is a question: "Premium: yes", "Available: no".
func (r *reader) flag(key string, yes bool, l *line) bool {
	r.normalise(key)
	o, category := whoisx.Outcome(""), ""
	switch strings.TrimPrefix(string(r.norm), "is ") {
	case "premium", "premium domain", "premium name":
		o = whoisx.Premium
	case "reserved", "reserved name":
		o = whoisx.Reserved
	case "blocked":
		o = whoisx.Blocked
	case "available", "free", "registrable":
		o = whoisx.NotRegistered
		if !yes {
			o, category, yes = whoisx.Reserved, "unavailable", true
		}
	case "registered", "taken":
		if yes {
			r.status(key, l)
			return true
		}
		o, yes = whoisx.NotRegistered, true
	default:
		return false
	}
	if yes {
		r.keep(outcomeLine{outcome: o, n: l.n, text: l.text, category: category, says: says(o), rank: ranks[o]})
	}
	return true
}

// tier reads what class of price a name has: every class but the standard one
// makes it premium.
func (r *reader) tier(value string, l *line) {
	switch strings.ToLower(firstWord(value)) {
	case "standard", "regular", "normal", "default", "basic", "no", "none", "non-premium", "0", "n/a", "-":
		return
	}
	r.keep(outcomeLine{outcome: whoisx.Premium, n: l.n, text: l.text, says: says(whoisx.Premium), rank: ranks[whoisx.Premium]})
}
