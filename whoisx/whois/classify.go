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
	case isHTML(text):
		r.unreadable("the answer is a web page, not WHOIS")
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
	if r.named > 0 && r.said.outcome == whoisx.NotRegistered && s.rank <= ranks[whoisx.Invalid] {
		s = r.said // it answered about this name: what it says of limits is its policy
	}
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
	if a.Outcome == whoisx.RateLimited {
		a.RetryAfter = whoisx.Duration(r.wait())
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
	if !s.outcome.SaysSomething() || s.outcome == whoisx.Unreachable {
		a.Why = r.because(s.text)
	}
	switch s.outcome {
	case whoisx.RateLimited:
		a.RetryAfter = whoisx.Duration(r.wait())
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

// sayings looks for the strongest saying in the lines where servers speak: at
// the start of a paragraph, not in the middle of legal text.
func (r *reader) sayings() outcomeLine {
	var best outcomeLine
	for i := range r.lines {
		l := &r.lines[i]
		t := l.text
		if len(t) > maxSentence {
			t = firstSentence(t)
		}
		if t == "" || l.tail && !r.containsName(l.text) || boilerplate(t) {
			continue
		}
		s, policy := r.stated(t)
		if s.outcome == "" && r.taken(l.text) {
			s = outcomeLine{outcome: whoisx.Registered, rank: ranks[whoisx.Registered], says: "registered"}
		}
		if policy.stronger(r.policy) {
			policy.n, policy.text = l.n, l.text
			r.policy = policy
		}
		if s.outcome == whoisx.NotRegistered && len(t) < len(l.text) {
			continue // what else a long line says could take it back
		}
		if s.outcome == whoisx.NotRegistered && r.freeAt == 0 {
			r.freeAt = l.n
		}
		if !s.stronger(best) {
			continue
		}
		if s.outcome == whoisx.NotRegistered {
			if other := r.otherIn(l.text); other != "" {
				if r.other == "" {
					r.other, r.otherAt = clip(strings.ToLower(other)), l.n
				}
				continue
			}
		}
		s.n, s.text = l.n, l.text
		best = s
	}
	return best
}

// taken reports whether a line says that somebody holds the name, and nothing
// else: "lapse.example is already registered".
func (r *reader) taken(t string) bool {
	if len(t) > 100 || !r.containsName(t) {
		return false
	}
	r.normalise(t)
	held := false
	for w := range strings.FieldsSeq(string(r.norm)) {
		switch w {
		case "registered", "taken", "exists", "occupied":
			held = true
		case "already":
		default:
			if !fillers()[w] {
				return false
			}
		}
	}
	return held
}

// claimed reports whether a line about the name speaks of it as held or kept
// back, and takes nothing of that back.
func (r *reader) claimed(t string) bool {
	r.normalise(t)
	held := false
	for w := range strings.FieldsSeq(string(r.norm)) {
		switch w {
		case "registered", "taken", "exists", "owned", "occupied", "reserved", "unavailable", "blocked", "premium":
			held = true
		case "not", "no", "never", "cannot", "if", "whether", "when", "available", "free":
			return false
		}
	}
	return held
}

// maxSentence is the length, in bytes, past which a line is no sentence of a
// server any more but a paragraph: then only how it begins counts.
const maxSentence = 200

// firstSentence returns what a paragraph begins with, "" if that is too long to
// be said about one name.
func firstSentence(t string) string {
	for i := 1; i < len(t)-1 && i <= maxSentence; i++ {
		if t[i] == '.' && (t[i+1] == ' ' || t[i+1] >= 'A' && t[i+1] <= 'Z' && t[i-1] >= 'a' && t[i-1] <= 'z') {
			return t[:i+1]
		}
	}
	return ""
}

// doubtful reports whether a line other than the one that says that nothing was
// found puts it in doubt, in words that the lexicon lacks: a line about the name
// that calls it held, or one of a short answer that speaks of limits or of
// access, so that nothing found may mean nothing shown. Long answers hold legal
// texts, which speak of limits always.
func (r *reader) doubtful(found int) bool {
	said := 0
	for i := range r.lines {
		if r.lines[i].text != "" {
			said++
		}
	}
	for i := range r.lines {
		l := &r.lines[i]
		if l.n == found || l.text == "" {
			continue
		}
		if len(l.text) <= 80 && r.containsName(l.text) && r.claimed(l.text) {
			r.evidence(l.n, l.text, "speaks of a name that is held")
			r.unreadable("the server says that nothing was found, and also: " + l.text)
			return true
		}
		if said > 6 || len(l.text) > 100 || l.tail || boilerplate(l.text) {
			continue
		}
		r.saying(l.text)
		norm := string(r.norm)
		if r.has&ofTerms != 0 || !aboutAsker(norm) {
			continue
		}
		switch r.doubt(norm) {
		case whoisx.RateLimited, whoisx.Refused:
			r.evidence(l.n, l.text, "speaks of limits")
			r.unreadable("the server says that nothing was found, and speaks of limits: " + l.text)
			return true
		}
	}
	return false
}

// aboutAsker reports whether a sentence tells whoever asks what is the case:
// policies say what may or will be.
func aboutAsker(norm string) bool {
	you := false
	for w := range strings.FieldsSeq(norm) {
		switch w {
		case "you", "your":
			you = true
		case "may", "might", "will", "would", "shall", "should", "must", "can", "could", "if", "when", "agree":
			return false
		}
	}
	return you
}

// containsName reports whether a line holds the name that was asked: no legal
// text does.
func (r *reader) containsName(t string) bool {
	if r.name == "" {
		return false
	}
	for i := 0; i < len(t); i++ {
		if t[i]|0x20 == r.name[0]|0x20 && r.nameAt(t[i:]) > 0 {
			return true
		}
	}
	return false
}

// boilerplate knows lines that begin a legal text or a help, in which words
// like "exceed" and "reserved" say nothing about this question.
func boilerplate(t string) bool {
	low := t
	if len(low) > 120 {
		low = low[:120]
	}
	low = strings.ToLower(low)
	for _, w := range [...]string{"terms of use", "you agree", "you are not authorized to", "you may not", "reserves the right", "rights reserved", "for information purposes", "by submitting", "please note that the", "last update of", "copyright", "lawful", "it allows persons", "information purposes", "is provided", "use of this", "you must not", "any use of", "abuse of this", "a maximum of", "do not abuse", "access to whois", "queries left", "for more information on whois status", "identified in this", "is prohibited to", "are prohibited to", "prohibited from"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// otherIn finds a domain in a sentence that was not asked; "" if there is none.
func (r *reader) otherIn(t string) string {
	for w := range strings.FieldsFuncSeq(t, func(c rune) bool { return c <= ' ' || strings.ContainsRune("\"'()[]<>,;:!?=«»“”", c) }) {
		w = strings.TrimSuffix(w, ".")
		if !domainLike(w) || r.isName(w) {
			continue
		}
		low := strings.ToLower(w)
		if strings.HasPrefix(low, "www.") || strings.HasPrefix(low, "whois.") || strings.Contains(low, "/") || low == strings.ToLower(r.srv.Host) {
			continue
		}
		return w
	}
	return ""
}

// echoes are the words before a question that a server repeats.
var echoes = [...]string{"whois ", "query ", "query: ", "query : ", "queried ", "you queried for ", "you searched for ", "information related to ", "searching for ", "search for ", "whois results for ", "results for ", "result for ", "domain ", "object ", "name "}

// echo reports whether the server repeats the question, and it was another
// one. Only lines that consist of the repeated question count: legal texts
// name the registry's own domains.
func (r *reader) echo() bool {
	for i := range r.lines {
		t := r.lines[i].text
		if len(t) < 5 || len(t) > 120 {
			continue
		}
		rest := ""
		if j := strings.Index(t, "] >> "); j >= 0 { // AFNIC: "[192.0.2.1 REQUEST] >> -V Md5.0 a.fr"
			rest = t[strings.LastIndexByte(t, ' ')+1:]
		} else {
			for _, e := range echoes {
				if len(t) > len(e) && strings.EqualFold(t[:len(e)], e) {
					rest = t[len(e):]
					break
				}
			}
		}
		if rest == "" {
			continue
		}
		w := strings.TrimRight(firstWord(rest), ".,:;")
		if r.isName(w) {
			return false
		}
		if after := strings.TrimLeft(strings.TrimPrefix(strings.TrimLeft(rest, "\"' "), w), "\"'.,:; "); domainLike(w) && (after == "" || strings.HasPrefix(after, "but ")) {
			r.other, r.otherAt = clip(strings.ToLower(w)), r.lines[i].n
		}
	}
	return r.other != ""
}

// wait reads how long a limit lasts: "replenished in 50 seconds".
func (r *reader) wait() time.Duration {
	for i := range r.lines {
		l := &r.lines[i]
		if l.text == "" || len(l.text) > 200 {
			continue
		}
		low := strings.ToLower(l.text)
		if !strings.Contains(low, " for ") && !strings.Contains(low, "wait") && !strings.Contains(low, " in ") && !strings.Contains(low, "after") && !strings.Contains(low, "period of") && !strings.Contains(low, "every") {
			continue
		}
		n, num := 0, false
		for w := range strings.FieldsSeq(low) {
			w = strings.Trim(w, ".,;:()")
			if numeric(w) && len(w) < 8 {
				n, num = 0, true
				for _, c := range []byte(w) {
					n = n*10 + int(c-'0')
				}
				continue
			}
			if !num {
				continue
			}
			num = false
			var unit time.Duration
			switch {
			case strings.HasPrefix(w, "sec"), w == "s":
				unit = time.Second
			case strings.HasPrefix(w, "min"):
				unit = time.Minute
			case strings.HasPrefix(w, "hour"), strings.HasPrefix(w, "hr"):
				unit = time.Hour
			case strings.HasPrefix(w, "day"):
				unit = 24 * time.Hour
			default:
				continue
			}
			if d := time.Duration(n) * unit; d > 0 {
				return min(d, 24*time.Hour)
			}
		}
	}
	return 0
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

func isHTML(text string) bool {
	t := strings.ToLower(strings.TrimSpace(text[:min(len(text), 256)]))
	return strings.HasPrefix(t, "<!doctype") || strings.HasPrefix(t, "<html") || strings.HasPrefix(t, "http/1.")
}
