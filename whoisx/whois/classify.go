package whois

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// Classify reads a WHOIS answer that server gave about name (an A-label) at a
// time, by the embedded table. It never fails: what it cannot understand is
// Unreadable, with Why. Answers longer than 64 KiB are read to there and count as
// truncated; a truncated answer never says that a name is not registered.
func Classify(raw []byte, server, name string, at time.Time) whoisx.Answer {
	a, _ := embedded().classify(raw, server, name, at)
	return a
}

// Read is Classify by this table, with what Fill adds.
func (t *Table) Read(raw []byte, server, name string, at time.Time) whoisx.Answer {
	a, s := t.classify(raw, server, name, at)
	if incomplete(&a) {
		Fill(&a, whoisx.Clean(decode(raw, s.Charset)))
	}
	return a
}

func (t *Table) classify(raw []byte, server, name string, at time.Time) (whoisx.Answer, Server) {
	host := strings.ToLower(strings.TrimSuffix(server, ":43"))
	s := Server{Host: server}
	served, ok := t.Lookup(name)
	known := t.server(host)
	switch {
	case known != nil:
		s = *known
	case ok && served.Host != "":
		// An unknown host speaks as its suffix does: a person's own server, or
		// the sandbox.
		s = served
	}
	s.Host = server
	a := classify(raw, s, name, at)
	if a.Outcome == whoisx.NotRegistered && known != nil && ok && served.Host != host && known.foreign(name) {
		// A registry finds nothing of another registry's names.
		a.Outcome, a.Why = whoisx.Unsupported, clip(server+" does not serve ."+tld(name)+", "+served.Host+" does")
	}
	return a, s
}

// foreign reports whether a name is under a TLD that the server has nothing
// to do with.
func (s Server) foreign(name string) bool {
	for _, x := range s.Suffixes {
		if tld(x) == tld(name) {
			return false
		}
	}
	return len(s.Suffixes) > 0
}

func classify(raw []byte, s Server, name string, at time.Time) whoisx.Answer {
	name = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
	cut := len(raw) > maxAnswer
	if cut {
		raw = raw[:maxAnswer]
	}
	if len(name) > 253 {
		name = "" // no name: nothing can be about it
	}
	r := newReader(s, name)
	defer r.free()
	r.a = whoisx.Answer{Source: whoisx.WHOIS, Server: s.Host, Name: name, Asked: at, Raw: raw, Truncated: cut}
	raw = wide(raw)
	text := decode(raw, s.Charset)
	switch {
	case strings.TrimSpace(text) == "":
		r.unreadable("the server answered nothing")
	case binary(raw):
		r.unreadable("the answer is not text")
	case isMarkup(text):
		r.unreadable("the answer is a web page or data in another form, not WHOIS")
	default:
		r.split(text)
		r.skipRoot()
		r.readFacts()
		r.decide(at)
		if r.asOfAt > 0 {
			r.evidence(r.asOfAt, r.textOf(r.asOfAt), "as of")
		}
	}
	if cut && r.a.Outcome != whoisx.Unreadable && !half(r.a.Outcome) {
		r.unreadable("the answer is longer than 64 KiB, and what is missing could change it")
	}
	return r.a
}

// decide concludes the outcome: evidence first, then sayings.
func (r *reader) decide(at time.Time) {
	a := &r.a
	proof := r.facts > 0 || r.statusN > 0 && r.said.outcome == "" && r.livingStatus()
	if r.named > 0 && r.said.outcome == "" && (proof || r.holder) {
		if !proof {
			// A holder alone is thin: a form with its blanks left open has one.
			if s := r.sayings(); s.outcome == whoisx.NotRegistered {
				r.unreadable("the server names a holder and says that nothing was found")
				return
			}
		}
		r.registered(at)
		return
	}
	if r.named > 0 && r.said.outcome != "" {
		// A status about the name itself. Dates or name servers beside "free"
		// contradict it; "blocked" of a name that somebody holds is a hold.
		switch o := r.said.outcome; {
		case o == whoisx.NotRegistered && r.facts > 0:
			r.unreadable("the server calls the name free and gives dates or name servers for it")
			return
		case (o == whoisx.Blocked || o == whoisx.Invalid || r.said.category == "unavailable") && r.facts > 0, r.said.category == "release":
			// Held and blocked is a hold, "not available" is taken, and what is
			// still to be released is still there.
			r.registered(at)
			return
		case o != whoisx.NotRegistered:
			r.conclude(r.said)
			return
		}
	}
	if r.other != "" && r.named == 0 {
		// What the server says about itself still counts.
		if s := r.sayings(); s.outcome != "" && s.rank <= ranks[whoisx.Invalid] {
			r.conclude(s)
			return
		}
		r.evidence(r.otherAt, r.textOf(r.otherAt), "names another domain")
		r.unreadable("the answer names " + r.other + ", not " + r.a.Name)
		return
	}
	s := r.sayings()
	if r.said.outcome != "" && (s.outcome == "" || r.said.rank <= s.rank) {
		s = r.said
	}
	switch {
	case s.outcome == "":
		if r.facts > 0 && r.named == 0 {
			r.unreadable("the answer does not say which domain it is about")
			return
		}
		if r.other != "" && r.named == 0 {
			r.evidence(r.otherAt, r.textOf(r.otherAt), "names another domain")
			r.unreadable("nothing was found for " + r.other + ", not for " + a.Name)
			return
		}
		if r.policy.outcome != "" {
			r.conclude(r.policy) // nothing else was said: it must be why
			a.RetryAfter = 0     // what would last for others
			return
		}
		r.unreadable("nothing in the answer says what becomes of the name")
	case s.outcome == whoisx.Registered && r.named == 0 && !r.containsName(s.text):
		r.unreadable("the answer does not say which domain it is about")
	case s.outcome == whoisx.Registered:
		r.confirm(&r.lines[s.n-1], "names the domain that was asked")
		r.registered(at)
	case s.outcome == whoisx.NotRegistered && r.named == 0 && r.echo():
		r.evidence(r.otherAt, r.textOf(r.otherAt), "names another domain")
		r.unreadable("nothing was found for " + r.other + ", not for " + r.a.Name)
	case s.outcome == whoisx.NotRegistered && r.facts > 0:
		r.unreadable("the server says that nothing was found and gives dates or name servers")
	case s.outcome == whoisx.NotRegistered && r.statusN > 0 && r.livingStatus():
		r.unreadable("the server says that nothing was found and gives a status of a registered name")
	case s.outcome == whoisx.NotRegistered && r.doubtful(s.n):
	default:
		r.conclude(s)
	}
}

// livingStatus reports whether a status was said that only registered names
// have. A word that nobody knows proves nothing.
func (r *reader) livingStatus() bool {
	if len(r.a.Statuses) > 0 {
		return true
	}
	for _, s := range r.a.SaidStatuses {
		low := strings.ToLower(strings.Trim(s, " ."))
		if living()[low] || strings.HasPrefix(low, "drop 2") || strings.HasPrefix(low, "may drop 2") {
			return true
		}
	}
	return false
}

// living are statuses, beyond the EPP words, of names that somebody holds or
// that the registry still keeps.
var living = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, w := range []string{
		"active", "activo", "ativo", "actif", "aktiv", "attivo", "registered", "registrado", "delegated", "connect", "connected", "published", "granted", "in use", "not available", "taken", "live",
		"suspended", "suspendido", "expired", "quarantine", "in quarantine", "out of service", "deactivated", "deleted", "locked", "frozen", "hold", "on hold", "withdrawn", "redemption", "grace period",
		"paid and in zone", "to be deleted", "to be released", "to be suspended", "pending delete", "pendingrelease", "pending release", "pending purge", "outofservice", "requested", "registration request being processed", "inactive", "200 active", "210 pendingrelease", "registrar-lock", "registrar lock", "complete", "occupied", "exists", "busy", "ok", "linked",
		"failed", "no longer required", "renewal required", "registered until expiry date", "published in zone", "delegated, verified", "transfer locked", "transfer allowed", "technical", "tech-pro", "update prohibited", "updateprohibited", "transfer prohibited", "transferprohibited", "deleteprohibited",
	} {
		m[w] = true
	}
	return m
})

func (r *reader) registered(at time.Time) {
	r.a.Outcome = whoisx.Registered
	if r.reseller != "" {
		r.registrar(r.reseller, r.resellerAt)
	}
	if r.a.Expires.IsZero() {
		// Where no registry date stands beside it, a registrar's own WHOIS
		// answered, and its date is the only one.
		r.a.Expires = r.a.RegistrarExpires
	}
	r.lapse(at)
	if r.own != nil {
		r.a.Outcome, r.a.Category = whoisx.Reserved, "held by the registry"
		r.evidence(r.own.n, r.own.text, "held by the registry itself: reserved")
	}
}

func (r *reader) conclude(s outcomeLine) {
	a := &r.a
	a.Outcome, a.Category = s.outcome, s.category
	if s.n > 0 {
		r.evidence(s.n, s.text, s.says)
		a.Confirmed = a.Confirmed || r.containsName(s.text)
	}
	if r.policy.n > 0 && r.policy.n != s.n {
		r.evidence(r.policy.n, r.policy.text, "told of other cases, not of this one")
	}
	if !s.outcome.SaysSomething() || s.outcome == whoisx.Unreachable {
		a.Why = r.because(s.text)
	}
	switch s.outcome {
	case whoisx.RateLimited:
		a.RetryAfter = whoisx.Duration(r.wait(s.n))
	case whoisx.Premium:
		a.Price = priceIn(s.text)
	}
	if s.outcome.SaysSomething() && s.outcome != whoisx.NotRegistered && r.freeAt > 0 && r.freeAt != s.n {
		a.Why = "not free, although line " + strconv.Itoa(r.freeAt) + " says that nothing was found: " + s.says + " outranks it"
	}
}

// priceIn reads a price in a sentence: "USD 1,200.00", "$500".
func priceIn(t string) *whoisx.Price {
	for i := 0; i < len(t); i++ {
		if t[i] < '0' || t[i] > '9' {
			continue
		}
		j := i
		for j < len(t) && (t[j] >= '0' && t[j] <= '9' || t[j] == ',' || t[j] == '.') {
			j++
		}
		amount := strings.ReplaceAll(strings.TrimRight(t[i:j], ".,"), ",", "")
		before, after := strings.TrimSpace(t[:i]), strings.TrimSpace(t[j:])
		for sign, currency := range map[string]string{"$": "USD", "€": "EUR", "£": "GBP", "USD": "USD", "EUR": "EUR", "GBP": "GBP", "CHF": "CHF"} {
			if strings.HasSuffix(before, sign) || strings.HasPrefix(after, sign) {
				return &whoisx.Price{Amount: amount, Currency: currency, What: "create"}
			}
		}
		i = j
	}
	return nil
}

func (r *reader) unreadable(why string) {
	r.a.Outcome = whoisx.Unreadable
	r.a.Why = r.because(why)
	r.a.Category = ""
	// What cannot be told to be about the name says nothing about it.
	a := &r.a
	a.Created, a.Updated, a.Expires, a.RegistrarExpires, a.Deleted, a.Drop = whoisx.Date{}, whoisx.Date{}, whoisx.Date{}, whoisx.Date{}, whoisx.Date{}, nil
	a.Registrar, a.RegistrarID, a.Nameservers, a.Statuses, a.SaidStatuses, a.Redacted = "", "", nil, nil, nil, nil
}

// because puts the server before what it said.
func (r *reader) because(what string) string {
	if r.srv.Host == "" {
		return clip(what)
	}
	return clip(r.srv.Host + ": " + what)
}

func (r *reader) textOf(n int) string {
	if n > 0 && n <= len(r.lines) {
		return r.lines[n-1].text
	}
	return ""
}

// binary reports whether bytes are no text: NULs, or mostly controls.
func binary(raw []byte) bool {
	if bytes.IndexByte(raw, 0) >= 0 {
		return true
	}
	bad := 0
	for _, c := range raw[:min(len(raw), 2048)] {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != 0x1b && c != '\f' {
			bad++
		}
	}
	return bad*10 > min(len(raw), 2048)
}

// isMarkup reports whether a text is a web page, XML or JSON: what answered is
// no WHOIS server, and what it did not find is no domain.
func isMarkup(text string) bool {
	t := strings.ToLower(strings.TrimSpace(text[:min(len(text), 256)]))
	switch {
	case len(t) < 2:
		return false
	case t[0] == '<':
		return t[1] == '!' || t[1] == '?' || t[1] >= 'a' && t[1] <= 'z'
	case t[0] == '{':
		return strings.HasPrefix(strings.TrimSpace(t[1:]), `"`)
	}
	return strings.HasPrefix(t, "http/1.")
}
