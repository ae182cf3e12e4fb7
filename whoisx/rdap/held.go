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
	{[]string{"trademark block", "trademark protection", "trex"}, whoisx.Blocked, "trademark"},
	{[]string{"cannot be delegated", "has been blocked", "is blocked", "blocked by", "blocked domain", "domain blocked", "name blocked"}, whoisx.Blocked, "blocked by the registry"},
	{[]string{"premium", "platinum domain"}, whoisx.Premium, ""},
	{[]string{"dropzone"}, whoisx.Gated, "dropzone"},
	{[]string{"expiry access period"}, whoisx.Gated, "expiry access period"},
	{[]string{"auction"}, whoisx.Gated, "auction"},
	{[]string{"sunrise", "landrush", "early access"}, whoisx.Gated, "release"},
	{[]string{"pending application", "application pending", "available for application", "available for backorder", "pre-registration", "preregistration", "pre-order", "waiting list"}, whoisx.Gated, "application"},
	{[]string{"domain unavailable", "name unavailable", "domain is unavailable", "name is unavailable", "domain not available", "name not available", "domain is not available", "name is not available"}, whoisx.Reserved, "unavailable"},
	{[]string{"is reserved", "has been reserved", "reserved by", "reserved for", "reserved domain", "reserved name", "reserved string", "domain reserved", "name reserved", "registry reserved", "reserved list", "cannot be registered", "can not be registered", "not available for registration", "not open for registration", "unassignable", "is restricted", "restricted name", "is prohibited", "withheld", "not allowed for registration", "domain is not allowed", "name is not allowed", "registration is not permitted", "registration is not allowed", "not permitted to be registered", "stop list", "reservado", "reservada", "réservé", "reserviert", "riservato", "зарезервирован", "保留", "予約", "예약"}, whoisx.Reserved, "reserved by the registry"},
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
				text := withoutNames(strings.ToLower(r.text(i)))
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
			if !mentions(title, kindWords) { // "Reserved names" is what the notice is about
				look(r.first(r.get(n, "title")))
			}
		})
		if found {
			return true
		}
	}
	return false
}

// held finds the first of heldWords in a text in lower case, or what the text
// says by a word alone. Sentences that tell where to read about a kind of names
// are passed over.
func held(low string) *heldWord {
	if o := saidOutcomes[letters(low)]; o != "" && o != whoisx.NotRegistered {
		h := heldWord{outcome: o}
		if o == whoisx.Reserved || o == whoisx.Blocked {
			h.category = string(o) + " by the registry"
		}
		return &h
	}
	for sentence := range strings.SplitSeq(low, ". ") {
		sentence = strings.ReplaceAll(sentence, "not available in", "") // "... in the registry": not found
		if mentions(sentence, kindWords) && mentions(sentence, readWords) {
			continue
		}
		for i := range heldWords {
			if mentions(sentence, heldWords[i].words) {
				return &heldWords[i]
			}
		}
	}
	return nil
}

// Words of sentences that tell where to read about a kind of names: "reserved
// names are listed at https://...".
var (
	kindWords = []string{" names", " domains"}
	readWords = []string{"http", "www.", "listed", "see "}
)

// withoutNames leaves out the domain names of a text, as they are made of words,
// too: "auction.example was not found".
func withoutNames(text string) string {
	if strings.IndexByte(text, '.') < 0 {
		return text
	}
	var b strings.Builder
	for w := range strings.FieldsSeq(text) {
		if name := strings.Trim(w, ".,;:!?\"'()[]"); !strings.Contains(w, "/") && plainLDH(name) {
			w = strings.Replace(w, name, "", 1)
		}
		b.WriteByte(' ')
		b.WriteString(w)
	}
	return b.String()
}

// heldAlone looks at an error's title and at every piece of its description for
// one that says by itself that the name is not for the taking: "Reserved". So
// does a member that no RFC has: "premium": true.
func (r *reader) heldAlone() bool {
	for _, m := range []string{"reserved", "blocked", "premium"} {
		if i := r.get(0, m); r.kind(i) == kBool && string(r.bytes(i)) == "true" {
			h := held(m)
			r.value(i, m)
			r.a.Outcome, r.a.Category, r.a.Why = h.outcome, h.category, "not registered, yet not open ("+m+")"
			return true
		}
	}
	found := false
	look := func(i int) {
		text := r.text(i)
		if found || text == "" || len(text) > 40 {
			return
		}
		if o := saidOutcomes[letters(text)]; o != "" && o != whoisx.NotRegistered {
			found = true
			h := held(strings.ToLower(text))
			r.a.Outcome, r.a.Category = h.outcome, h.category
			r.a.Why = "not registered, yet not open (" + short(text) + ")"
		}
	}
	look(r.first(r.get(0, "title")))
	r.each(r.get(0, "description"), look)
	return found
}

// saidOutcomes are statuses, by their letters alone, by which a few registries
// tell what becomes of a name that nobody registered, in answers with HTTP
// status 200.
var saidOutcomes = map[string]whoisx.Outcome{
	"reserved": whoisx.Reserved, "registryreserved": whoisx.Reserved, "serverreserved": whoisx.Reserved, "restricted": whoisx.Reserved, "prohibited": whoisx.Reserved, "withheld": whoisx.Reserved, "unavailable": whoisx.Reserved, "notavailable": whoisx.Reserved,
	"blocked": whoisx.Blocked, "registryblocked": whoisx.Blocked, "unassignable": whoisx.Blocked, "serverblocked": whoisx.Blocked, "registryblock": whoisx.Blocked,
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
		if saidOutcomes[letters(s)] == whoisx.NotRegistered {
			free = true
			continue
		}
		if h := held(strings.ToLower(s)); h != nil {
			a.Outcome, a.Category = h.outcome, h.category
			return
		}
	}
	if len(a.Statuses) > 0 || free && r.heldAlone() || r.noticed() {
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
