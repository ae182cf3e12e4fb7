package whois

import (
	"strings"
	"sync"

	"golang.org/x/net/idna"

	"github.com/lapse-dev/lapse/whoisx"
)

// Limits that keep a hostile answer small: what stands after them is left
// unread.
const (
	maxLines       = 4096
	maxEvidence    = 40
	maxNameservers = 32
	maxStatuses    = 32
	maxKey         = 64  // bytes of a label
	maxText        = 240 // bytes of a line in the evidence
)

// reader collects what an answer says. Readers are pooled: classifying
// thousands of answers allocates little beyond the answers.
type reader struct {
	srv   Server
	name  string
	uname string // the U-label form, "" where it is the same
	bare  string // the name without its suffix, "" where the server writes suffixes
	order order
	lines []line
	key   [maxKey]byte
	norm  []byte
	pos   []int
	has   mark // the classes of the words in norm

	a        whoisx.Answer
	said     outcomeLine // the strongest status line about the name
	policy   outcomeLine // the strongest thing that is only said in general
	other    string      // another domain that the answer names
	otherAt  int
	named    int  // the line that names the domain
	facts    int  // dates, name servers, registrar: proofs that somebody holds it
	holder   bool // somebody is named as holder
	second   bool // a second record began
	inPerson bool
	object   bool  // the paragraph is a record of its own that the domain refers to: a contact, a set of servers
	inServer bool  // the lines are about the server, not the domain
	open     field // whose list of values the following lines go on with
	openN    int   // values taken
	changed  int   // the line of the last "changed"
	renewal  bool  // the expiry is what a label calls a renewal
	statusN  int   // lines that say a status of a name that exists
	drop     whoisx.Date
	dropText string
	dropWill bool

	asOfAt      int // the line that tells of when the data is
	deletedText string
	freeAt      int // the first line that says that nothing was found
	reseller    string
	resellerAt  *line
	own         *line // names the registry itself as the holder
}

// outcomeLine is an outcome and the line that says it.
type outcomeLine struct {
	outcome  whoisx.Outcome
	n        int
	text     string
	category string
	says     string
	rank     int
}

var readers = sync.Pool{New: func() any {
	return &reader{lines: make([]line, 0, 128), norm: make([]byte, 0, 512), pos: make([]int, 0, 64)}
}}

func newReader(srv Server, name string) *reader {
	r := readers.Get().(*reader)
	*r = reader{lines: r.lines[:0], norm: r.norm[:0], pos: r.pos[:0], srv: srv, name: name}
	switch srv.DateOrder {
	case "dmy":
		r.order = orderDayFirst
	case "mdy":
		r.order = orderMonthFirst
	default:
		// Registries of countries write the day first, unless the table says
		// otherwise; under gTLDs both orders are met, so that nothing is assumed.
		if t := tld(name); len(t) == 2 {
			r.order = orderDayFirst
		}
	}
	if srv.Bare {
		r.bare, _, _ = strings.Cut(name, ".")
	}
	if strings.Contains(name, "xn--") {
		if u, err := idna.ToUnicode(name); err == nil && u != name {
			r.uname = u
		}
	}
	return r
}

func (r *reader) free() {
	clear(r.lines)
	r.lines = r.lines[:0]
	readers.Put(r)
}

// field finds what a label is about. Digits and punctuation do not count:
// "Name Server 1", "name_server:" and "1a. Domain Name" are known labels.
func (r *reader) field(key string) field {
	if f := r.lookup(key); f != fNone {
		return f
	}
	// Bilingual labels: "Estado / Status", "Servidores (Domain servers)".
	if i := strings.IndexByte(key, '('); i > 0 {
		if f := r.lookup(key[:i]); f != fNone {
			return f
		}
		if f := r.lookup(strings.Trim(key[i:], "()")); f != fNone {
			return f
		}
	}
	if i := strings.IndexByte(key, '('); i > 0 {
		key = key[:i]
	}
	if i := strings.LastIndexByte(key, '/'); i > 0 {
		if f := r.lookup(key[i+1:]); f != fNone {
			return f
		}
		return r.lookup(key[:i])
	}
	// "Delegated nameservers", "Zone NS".
	if i := strings.IndexByte(key, ' '); i > 0 && i+2 < len(key) {
		switch key[i+1] | 0x20 {
		case 'n', 'd':
			if f := r.lookup(key[i+1:]); f == fNameserver {
				return f
			}
		}
	}
	return fNone
}

func (r *reader) lookup(key string) field {
	b := r.key[:0]
	gap := false
	for i := 0; i < len(key); i++ {
		c := key[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= 0x80:
		default:
			// An enumerator: "1a.", "c)".
			if (c == '.' || c == ')') && len(b) <= 1 && i < 4 {
				b = b[:0]
			}
			gap = len(b) > 0
			continue
		}
		if gap {
			if len(b) == cap(b) {
				return fNone
			}
			b, gap = append(b, ' '), false
		}
		if len(b) == cap(b) {
			return fNone
		}
		b = append(b, c)
	}
	return keys()[string(b)]
}

// facts reads every line for what it states about the domain.
func (r *reader) readFacts() {
	for i := range r.lines {
		l := &r.lines[i]
		if l.text == "" {
			if l.comment == "" {
				r.inPerson, r.inServer, r.object = false, false, false
				if r.openN > 0 {
					r.open = fNone
				}
			}
			continue
		}
		if l.comment != "" && l.comment[0] != '*' {
			r.comment(l)
			continue
		}
		r.fact(l)
	}
}

// comment reads the little that comments state: how dates are written, and of
// when the data is.
func (r *reader) comment(l *line) {
	key, value, ok := cutKey(l.text)
	f := fNone
	if ok {
		f = r.lookup(key)
	}
	if f == fNone {
		f, value = r.phrase(l.text)
	}
	switch f {
	case fDateOrder:
		r.dateOrder(value)
	case fAsOf:
		r.asOf(value, l)
	}
}

func (r *reader) dateOrder(v string) {
	switch v = strings.ToLower(v); {
	case strings.HasPrefix(v, "dd"):
		r.order = orderDayFirst
	case strings.HasPrefix(v, "mm"):
		r.order = orderMonthFirst
	}
}

func (r *reader) fact(l *line) {
	key, value, ok := cutKey(l.text)
	f := fNone
	if ok {
		if yes, no := yesNo(value); yes || no {
			if r.flag(key, yes, l) {
				return
			}
		}
		f = r.field(key)
		if f == fDomain && strings.IndexByte(value, ':') > 0 && strings.HasPrefix(l.text, "domain:") { // rwhois: "domain:Created:20090324"
			if k, v, ok := cutKey(value); ok {
				if i := strings.IndexByte(k, ';'); i > 0 {
					k = k[:i]
				}
				if g := r.lookup(k); g != fNone {
					f, value = g, v
				} else {
					return
				}
			}
		}
	}
	if r.open == fRegistrar && ok && value != "" {
		switch strings.ToLower(strings.TrimSpace(key)) { // .it: "Registrar", then "Organization: ..."
		case "name", "organization", "organisation", "company", "organization name":
			r.registrar(value, l)
			r.open = fNone
			return
		}
	}
	if f == fPerson && r.open == fRegistrar && value != "" { // .tr: its handle comes before its name
		return
	}
	if f == fNone {
		g, v := r.phrase(l.text)
		if g == fNone {
			r.plain(l, key, value, ok)
			return
		}
		f, value = g, v
	}
	if f == fState {
		if r.inPerson || !stateWord(value) {
			return
		}
		f = fStatus
	}
	if r.open != fNone && (f != r.open || value != "") {
		r.open = fNone
	}
	if f == fRegistrar && value != "" && value[0] == '!' { // YAML: "registrar: !Registrar"
		value = ""
	}
	if value == "" {
		r.header(f, l)
		return
	}
	r.take(f, key, value, l)
}

// header notes that the lines that follow are the values of a label, or about
// a person.
func (r *reader) header(f field, l *line) {
	r.inServer = f == fServer && (l.text[0] == '[' || l.comment != "") // .lv, .tr: a part of its own
	switch f {
	case fNameserver, fDomain, fRegistrar, fStatus:
		r.open, r.openN = f, 0
		r.inPerson = false
	case fCreated, fUpdated, fExpires: // .ch: the date stands in the next line
		r.open, r.openN = f, 0
	case fContact:
		r.inPerson = true
	case fPerson:
		r.inPerson = strings.IndexByte(l.text, '[') < 0 // .co.jp: "g. [Organization]" left empty
	}
}

// plain reads a line without a known label: a value of the open list, or a
// heading without a colon.
func (r *reader) plain(l *line, key, value string, keyed bool) {
	t := l.text
	switch r.open {
	case fNameserver:
		if k := strings.Trim(key, " ."); keyed && (strings.EqualFold(k, "name") || strings.EqualFold(k, "host")) && hostOf(value) != "" {
			r.hosts(value, l)
			r.openN++
			return
		}
		if host := hostOf(t); host != "" && (!keyed || !strings.Contains(t, ": ")) {
			r.hosts(t, l)
			r.openN++
			return
		}
	case fDomain:
		if !keyed {
			r.domain(t, l)
			r.open = fNone
			return
		}
	case fRegistrar:
		if keyed {
			return
		}
		if strings.HasPrefix(t, "===") || strings.HasPrefix(t, "---") {
			return
		}
		r.registrar(t, l)
		r.open = fNone
		return
	case fCreated, fUpdated, fExpires:
		f := r.open
		r.open = fNone
		if !keyed {
			r.date(f, "", t, l)
			return
		}
	case fStatus:
		if !keyed || strings.Contains(t, "***") {
			r.status(t, l)
			r.openN++
			return
		}
	}
	if w := firstWord(t); r.bare != "" && strings.EqualFold(w, r.bare) && hostOf(strings.TrimSpace(t[len(w):])) != "" { // .to: "lapse ns1.example.net"
		r.confirm(l, "names the domain that was asked")
		r.hosts(t[len(w):], l)
		return
	}
	if keyed {
		if r.open == fNameserver && r.openN > 0 && !strings.EqualFold(strings.TrimSpace(key), "ip") {
			r.open = fNone
		}
		// .ee and the YAML of others: "Domain:" and then "name: x".
		if k := strings.TrimSpace(key); r.open == fDomain && strings.EqualFold(k, "name") {
			r.domain(value, l)
			r.open = fNone
		} else if r.named == 0 && strings.EqualFold(k, "name") && r.isName(value) {
			r.domain(value, l)
		} else if r.named == 0 && value == "" && strings.Contains(strings.ToLower(k), " about ") && r.containsName(k) {
			r.confirm(l, "names the domain that was asked") // .pf: "Informations about 'a.pf' :"
		}
		return
	}
	if r.inPerson && l.indent {
		r.holder = true // the person's name or address
		if r.srv.Registry != "" && strings.EqualFold(t, r.srv.Registry) {
			r.own = l
		}
	}
	if r.named > 0 && !r.inPerson && !l.tail && len(t) <= 90 && lapseWord(t) && !boilerplate(t) {
		// A registry's own word about a name that lapses, on a line of its own.
		r.evidence(l.n, t, "status")
		r.statusSaid(t)
		return
	}
	if len(t) > 48 || l.tail || t[len(t)-1] == '.' {
		return
	}
	// A heading without a colon: "Nameservers", "Registrant", "google.cl:".
	switch f := r.field(t); f {
	case fNameserver, fRegistrar:
		r.open, r.openN, r.inPerson = f, 0, false
	case fContact:
		r.open, r.inPerson = fNone, true
	case fNone:
		if len(t) > 7 && strings.EqualFold(t[:7], "domain ") && !strings.EqualFold(t, "domain name") && !strings.Contains(strings.ToLower(t), "own") && !strings.Contains(strings.ToLower(t), "manager") {
			r.inPerson = false // "Domain Details"
		}
		if r.named == 0 && strings.HasPrefix(strings.ToLower(t), "domain ") && r.isName(firstWord(t[7:])) {
			r.domain(t[7:], l) // "Domain X.KG (ACTIVE)"
			if i := strings.IndexByte(t, '('); i > 0 {
				r.status(strings.Trim(t[i:], "()"), l)
			}
		}
	}
}

// phrases are labels that end in "on" and stand in a sentence.
var phrases = []struct {
	words string
	f     field
}{
	{"record created on ", fCreated},
	{"domain created on ", fCreated},
	{"created on ", fCreated},
	{"registered on ", fCreated},
	{"registered since ", fCreated},
	{"record expires on ", fExpires},
	{"record will expire on ", fExpires},
	{"domain expires on ", fExpires},
	{"expires on ", fExpires},
	{"registered until ", fExpires},
	{"valid until ", fExpires},
	{"record last updated on ", fUpdated},
	{"record changed on ", fUpdated},
	{"record updated on ", fUpdated},
	{"record last modified on ", fUpdated},
	{"domain last updated on ", fUpdated},
	{"database last updated on ", fAsOf},
	{"whois lookup made at ", fAsOf},
	{"last updated on ", fAsOf}, // .ru, below the record
}

func (r *reader) phrase(t string) (field, string) {
	if len(t) < 12 || len(t) > 120 {
		return fNone, ""
	}
	switch t[0] | 0x20 {
	case 'r', 'd', 'c', 'e', 'v', 'w', 'l':
	default:
		return fNone, ""
	}
	for _, p := range phrases {
		if len(t) > len(p.words) && strings.EqualFold(t[:len(p.words)], p.words) {
			v := strings.TrimLeft(strings.TrimRight(t[len(p.words):], "."), " ")
			if w := strings.ToLower(firstWord(v)); v != "" && v[0] >= '0' && v[0] <= '9' || monthOf(w) != 0 || isWeekday(w) {
				return p.f, v
			}
		}
	}
	return fNone, ""
}

// isWeekday reports whether a word begins a date like "Fri Jan 23 04:51:54 2026".
func isWeekday(w string) bool {
	switch w {
	case "mon", "tue", "wed", "thu", "fri", "sat", "sun":
		return true
	}
	return false
}

// stateWord tells a status from a postal state.
func stateWord(v string) bool {
	switch strings.ToLower(strings.Trim(firstWord(v), ",;.")) {
	case "registered", "active", "delegated", "deactivated", "quarantine", "reserved", "deleted", "suspended", "available", "ok", "expired", "inactive", "pending", "locked", "hold", "free", "connect", "connected", "to", "frozen", "redemption", "not", "blocked", "delete_blocked", "outzone":
		return true
	}
	return false
}

func firstWord(s string) string {
	s = strings.TrimLeft(s, " \t\"'[(")
	if i := strings.IndexAny(s, " \t\"'])"); i >= 0 {
		return s[:i]
	}
	return s
}
