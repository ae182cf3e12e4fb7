package rdap

import (
	"strings"

	"github.com/lapse-dev/lapse/whoisx"
)

// heldWord is a way to say that a name is not for the taking.
type heldWord struct {
	words    []string
	outcome  whoisx.Outcome
	category string
}

// heldWords are the sentences by which registries say that a name which is not
// registered is not for the taking either, in the order in which they are
// tested: a premium sentence can be followed by the reserved one.
var heldWords = []heldWord{
	{[]string{"dpml", "brand protection", "protected marks list"}, whoisx.Blocked, "dpml"},
	{[]string{"globalblock"}, whoisx.Blocked, "globalblock"},
	{[]string{"adultblock"}, whoisx.Blocked, "adultblock"},
	{[]string{"uni eps"}, whoisx.Blocked, "uni eps"},
	{[]string{"name collision", "controlled interruption"}, whoisx.Blocked, "name collision"},
	{[]string{"cannot be delegated", "has been blocked", "is blocked", "blocked by", "blocked domain", "domain blocked", "name blocked"}, whoisx.Blocked, "blocked by the registry"},
	{[]string{"premium domain", "platinum domain", "premium name", "premium price", "is premium", "is a premium", "registry premium", "premium registration"}, whoisx.Premium, ""},
	{[]string{"dropzone"}, whoisx.Gated, "dropzone"},
	{[]string{"expiry access period"}, whoisx.Gated, "expiry access period"},
	{[]string{"auction"}, whoisx.Gated, "auction"},
	{[]string{"sunrise", "landrush", "early access"}, whoisx.Gated, "release"},
	{[]string{"is reserved", "has been reserved", "reserved by", "reserved for", "reserved domain", "reserved name", "reserved string", "domain reserved", "name reserved", "registry reserved", "reserved list", "cannot be registered", "can not be registered", "not available for registration", "not open for registration", "unassignable", "is restricted", "restricted name", "is prohibited", "withheld"}, whoisx.Reserved, "reserved by the registry"},
}

// termsWords are in the titles of notices that stand in every answer.
var termsWords = []string{"terms", "conditions", "status codes", "inaccuracy", "disclaimer", "copyright", "policy", "privacy", "legal", "help", "usage", "rate limit", "about"}

// useWords are in sentences about what may be done with an answer: "use of this
// data is prohibited", "access to this service is restricted".
var useWords = []string{"rights reserved", "use of", "using", " data", "access to", "information", "quer", "this service", "unsolicited", "advertising", "high volume", "high-volume", "you may", "you agree"}

// noticed looks through notices and remarks (RFC 9083 §4.3) for what keeps a
// name that nobody registered from being taken: registries put it there, too.
// Terms of use, long texts and lists of rights are passed over.
func (r *reader) noticed() bool {
	for _, member := range []string{"notices", "remarks"} {
		found := false
		r.each(r.get(0, member), func(n int) {
			title := strings.ToLower(r.text(r.first(r.get(n, "title"))))
			if found || mentions(title, termsWords) {
				return
			}
			look := func(i int) {
				text := strings.ToLower(r.text(i))
				if found || text == "" || len(text) > maxQuote || mentions(text, useWords) {
					return
				}
				if h := held(text); h != nil {
					found = true
					r.value(i, "a notice of the registry")
					r.a.Outcome, r.a.Category = h.outcome, h.category
					r.a.Why = "not registered, yet not open (" + short(r.text(i)) + ")"
				}
			}
			r.each(r.get(n, "description"), look)
			look(r.first(r.get(n, "title")))
		})
		if found {
			return true
		}
	}
	return false
}

// held finds the first of heldWords in a text in lower case.
func held(low string) *heldWord {
	for i := range heldWords {
		if mentions(low, heldWords[i].words) {
			return &heldWords[i]
		}
	}
	return nil
}

// saidOutcomes are statuses, by their letters alone, by which a few registries
// tell what becomes of a name that nobody registered, in answers with HTTP
// status 200.
var saidOutcomes = map[string]whoisx.Outcome{
	"reserved": whoisx.Reserved, "registryreserved": whoisx.Reserved, "serverreserved": whoisx.Reserved, "restricted": whoisx.Reserved, "prohibited": whoisx.Reserved, "withheld": whoisx.Reserved, "unavailable": whoisx.Reserved, "notavailable": whoisx.Reserved,
	"blocked": whoisx.Blocked, "registryblocked": whoisx.Blocked, "unassignable": whoisx.Blocked,
	"premium": whoisx.Premium, "registrypremium": whoisx.Premium,
	"auction": whoisx.Gated, "inauction": whoisx.Gated, "atauction": whoisx.Gated,
	"available": whoisx.NotRegistered, "free": whoisx.NotRegistered, "unregistered": whoisx.NotRegistered, "notregistered": whoisx.NotRegistered,
}

// judge looks at what was gathered: where nothing shows that somebody holds
// the name, a status or a notice may tell that nobody does.
func (r *reader) judge() {
	a := r.a
	if !a.Created.IsZero() || !a.Expires.IsZero() || !a.RegistrarExpires.IsZero() || a.Registrar != "" || len(a.Nameservers) > 0 {
		return
	}
	free := false
	for _, s := range a.SaidStatuses {
		switch o := saidOutcomes[letters(s)]; o {
		case "":
			continue
		case whoisx.NotRegistered:
			free = true
			continue
		case whoisx.Reserved, whoisx.Blocked:
			a.Category = string(o) + " by the registry"
			fallthrough
		default:
			a.Outcome = o
			return
		}
	}
	if len(a.Statuses) > 0 || r.noticed() {
		return
	}
	if free {
		a.Outcome = whoisx.NotRegistered
	}
}

// letters is a word in lower case, of its ASCII letters alone.
func letters(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c >= 'a' && c <= 'z':
			return c
		}
		return -1
	}, s)
}
