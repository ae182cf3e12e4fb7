package rdap

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/reach"
)

// Explain reads what an RDAP server answered about a name: the body as
// received and the HTTP status. It is pure, never panics, and everything that
// it hands out is cleaned. A status of 0 stands for 200, for answers that a
// person saved without it. Server, URL and Took are left to the caller, as is
// Retry-After, which stands in a header.
func Explain(raw []byte, httpStatus int, name string, at time.Time) whoisx.Answer {
	if httpStatus == 0 {
		httpStatus = 200
	}
	a := whoisx.Answer{Source: whoisx.RDAP, Asked: at, HTTPStatus: httpStatus, Raw: raw}
	ascii, err := label(name)
	if err != nil {
		a.Name, a.Outcome = whoisx.CleanLine(name), whoisx.Invalid
		a.Why = "not a domain name: nothing can be concluded about it"
		return a
	}
	a.Name = ascii
	if len(raw) > MaxBody {
		a.Raw, a.Truncated = raw[:MaxBody], true
		a.Outcome, a.Why = whoisx.Unreadable, "the answer is larger than 256 KiB"
		return a
	}
	if httpStatus != 200 && httpStatus != 203 {
		failed(&a, raw)
		return a
	}
	body := bytes.TrimSpace(raw)
	if len(body) == 0 {
		a.Outcome, a.Why = whoisx.Unreadable, "the server answered 200 with nothing in it"
		return a
	}
	d, err := parse(raw)
	if err != nil {
		notJSON(&a, body, err)
		return a
	}
	defer d.free()
	r := reader{doc: d, a: &a}
	r.answer()
	return a
}

// reader fills one Answer from one document.
type reader struct {
	*doc
	a    *whoisx.Answer
	line int // of the offset below, counted from 0
	off  int
}

// says adds an evidence line: the text from one offset to another and what was
// concluded from it.
func (r *reader) says(from, to int, what string) {
	if len(r.a.Evidence) >= maxEvidence {
		return
	}
	if from < r.off {
		r.line, r.off = 0, 0
	}
	r.line += bytes.Count(r.raw[r.off:from], []byte{'\n'})
	r.off = from
	r.a.Evidence = append(r.a.Evidence, whoisx.Evidence{
		Source: whoisx.RDAP, Line: r.line + 1, Text: oneLine(r.raw[from:to]), Says: what,
	})
}

// value adds an evidence line of one value, quotes included.
func (r *reader) value(i int, what string) {
	from, to := int(r.nodes[i].start), int(r.nodes[i].end)
	if r.nodes[i].kind == kString {
		from, to = from-1, to+1
	}
	r.says(from, to, what)
}

const (
	maxEvidence = 64
	maxQuote    = 200 // bytes of one evidence text
	maxItems    = 64  // name servers, statuses, redactions
)

// oneLine shows a piece of JSON on one line: runs of white space between
// values become one space.
func oneLine(b []byte) string {
	b = b[:min(len(b), 4*maxQuote)]
	for i, c := range b {
		if c < 0x20 || c >= 0x7f || c == ' ' && i > 0 && b[i-1] == ' ' {
			return clip(whoisx.CleanLine(strings.Join(strings.Fields(string(b)), " ")), maxQuote)
		}
	}
	return string(b[:min(len(b), maxQuote)])
}

func (r *reader) answer() {
	a := r.a
	if r.kind(0) != kObject {
		a.Outcome, a.Why = whoisx.Unreadable, "the answer is JSON, but no object"
		return
	}
	ldh, uni, code, class := r.get(0, "ldhName"), r.get(0, "unicodeName"), r.get(0, "errorCode"), r.get(0, "objectClassName")
	if code >= 0 && ldh < 0 && uni < 0 {
		errorBody(r, code)
		return
	}
	if c := r.text(r.first(class)); c != "" && !strings.EqualFold(c, "domain") {
		r.value(class, "not about a domain")
		a.Outcome, a.Why = whoisx.Unreadable, "the answer is about a "+short(c)+", not about a domain"
		return
	}
	if !r.named(ldh, uni) {
		return
	}
	if n, err := strconv.Atoi(r.text(code)); err == nil && n >= 300 && n <= 599 {
		// An error that repeats the question, or one beside a whole record.
		if r.get(0, "events") < 0 && r.get(0, "entities") < 0 && r.get(0, "nameservers") < 0 && r.get(0, "status") < 0 {
			errorBody(r, code)
			return
		}
		r.value(code, "an error object in an answer with HTTP status 200")
		a.Outcome, a.Why = whoisx.Unreadable, "the answer describes a domain and is an error in one"
		return
	}
	a.Outcome = whoisx.Registered
	a.Evidence = slices.Grow(a.Evidence, 24)
	r.members()
	if a.Registrar == "" { // some nest the registrar in the holder or in the sponsor
		r.each(r.get(0, "entities"), func(e int) { r.each(r.get(e, "entities"), r.entity) })
	}
	r.judge()
}

// named decides whether the answer is about the name that was asked, by its
// ldhName, its unicodeName, or the link to itself where it has neither.
func (r *reader) named(ldh, uni int) bool {
	a := r.a
	for _, i := range []int{ldh, uni} {
		said := r.text(r.first(i))
		if said == "" {
			continue
		}
		if same(said, a.Name) {
			a.Confirmed = true
			r.value(r.first(i), "names "+a.Name)
			return true
		}
		r.value(r.first(i), "names another domain")
		a.Outcome, a.Why = whoisx.Unreadable, "the answer is about "+short(said)+", not about "+a.Name
		return false
	}
	r.each(r.get(0, "links"), func(l int) {
		href := r.get(l, "href")
		if a.Confirmed || !strings.EqualFold(r.text(r.get(l, "rel")), "self") {
			return
		}
		if _, said, ok := strings.Cut(r.text(href), "/domain/"); ok && same(said, a.Name) {
			a.Confirmed = true
			r.value(href, "the answer's own address names "+a.Name)
		}
	})
	if a.Confirmed {
		return true
	}
	a.Outcome = whoisx.Unreadable
	if said, at := r.words(); at >= 0 && mentions(strings.ToLower(said), limitWords) { // a gateway's own form
		r.value(at, "what the server said")
		a.Outcome, a.Why = whoisx.RateLimited, "asked too often ("+short(said)+")"
		return false
	}
	if r.get(0, "rdapConformance") >= 0 && r.get(0, "objectClassName") < 0 {
		a.Why = "the answer is a help text or a notice: it names no domain"
	} else {
		a.Why = "the answer names no domain"
	}
	return false
}

// members reads everything that an Answer keeps, in the order of the text.
func (r *reader) members() {
	end := int(r.nodes[0].next)
	for k := 1; k < end; {
		v := int(r.nodes[k].next)
		name := r.bytes(k)
		switch {
		case fold(name, "status"):
			r.flat(v, r.status)
		case fold(name, "events"):
			r.flat(v, r.event)
		case fold(name, "entities"):
			r.flat(v, r.entity)
		case fold(name, "nameservers"):
			r.flat(v, r.nameserver)
		case fold(name, "redacted"):
			r.each(v, r.redacted)
		case fold(name, "links"):
			r.each(v, r.link)
		}
		k = int(r.nodes[v].next)
	}
}

// status takes one status; several in one string, with commas between, occur.
func (r *reader) status(i int) {
	if r.kind(i) != kString {
		return
	}
	for said := range strings.SplitSeq(r.text(i), ",") {
		said = short(said)
		if said == "" || len(r.a.SaidStatuses) >= maxItems {
			continue
		}
		r.a.SaidStatuses = append(r.a.SaidStatuses, said)
		word, ok := whoisx.Status(said)
		if !ok {
			r.value(i, "a status that is no EPP word")
			continue
		}
		if !has(r.a.Statuses, word) {
			r.a.Statuses = append(r.a.Statuses, word)
		}
		r.value(i, "status "+word)
	}
}

// event takes one event (RFC 9083 §4.5).
func (r *reader) event(i int) {
	if r.kind(i) != kObject {
		return
	}
	action, when := r.first(r.get(i, "eventAction")), r.first(r.get(i, "eventDate"))
	if action < 0 || when < 0 {
		return
	}
	var into *whoisx.Date
	var what string
	switch b := r.bytes(action); {
	case spelled(b, "registration", "created", "creation", "registered", "registrationdate", "creationdate"):
		into, what = &r.a.Created, "created "
	case spelled(b, "lastchanged", "lastupdate", "lastupdated", "lastmodified"):
		into, what = &r.a.Updated, "updated "
	case spelled(b, "expiration", "expiry", "expires", "expirationdate", "registryexpiration", "registryexpiry"):
		into, what = &r.a.Expires, "expires at the registry "
	case spelled(b, "registrarexpiration", "registrarexpiry"):
		into, what = &r.a.RegistrarExpires, "expires at the registrar "
	case spelled(b, "deletion"):
		into, what = &r.a.Deleted, "deleted "
	case spelled(b, "lastupdateofrdapdatabase"):
		into, what = &r.a.AsOf, "as of "
	default:
		return
	}
	from, to := int(r.nodes[i].start), int(r.nodes[i].end)
	d, ok := date(r.text(when))
	switch {
	case !ok:
		r.says(from, to, "a date that cannot be read")
	case d.IsZero():
	case !into.IsZero():
		if !into.Equal(d.Time) {
			r.says(from, to, "a second date for the same event: the first one stands")
		}
	default:
		*into = d
		r.says(from, to, what+d.String())
	}
}

// entity takes the registrar's name and IANA ID (RFC 9083 §5.1); contacts are
// nobody's business here.
func (r *reader) entity(i int) {
	roles := r.get(i, "roles")
	registrar := false
	r.each(roles, func(role int) {
		if fold(r.bytes(role), "registrar") {
			registrar = true
		}
	})
	r.each(r.get(i, "publicIds"), func(p int) {
		// Some leave the roles out; only registrars have an ID of this kind.
		if roles < 0 && spelled(r.bytes(r.get(p, "type")), "ianaregistrarid") {
			registrar = true
		}
	})
	if !registrar {
		return
	}
	if r.a.Registrar == "" {
		if n := r.cardName(r.get(i, "vcardArray")); n >= 0 {
			if r.a.Registrar = short(r.text(n)); r.a.Registrar != "" {
				r.value(n, "registrar")
			}
		}
	}
	r.each(r.get(i, "publicIds"), func(p int) {
		typ, id := r.bytes(r.get(p, "type")), r.get(p, "identifier")
		if r.a.RegistrarID == "" && id >= 0 && spelled(typ, "ianaregistrarid") {
			if r.a.RegistrarID = short(r.text(id)); r.a.RegistrarID != "" {
				r.value(id, "the registrar's IANA ID")
			}
		}
	})
	if h := r.get(i, "handle"); r.a.Registrar == "" && h >= 0 {
		if r.a.Registrar = short(r.text(h)); r.a.Registrar != "" {
			r.value(h, "registrar, by its handle")
		}
	}
	r.each(r.get(i, "links"), r.link)
}

// cardName finds the name in a jCard (RFC 7095): fn, or org where fn is empty.
func (r *reader) cardName(card int) int {
	if r.kind(card) != kArray {
		return -1
	}
	fn, org := -1, -1
	r.each(card, func(props int) {
		if r.kind(props) != kArray {
			return
		}
		r.each(props, func(p int) {
			if r.kind(p) != kArray {
				return
			}
			var at [4]int
			n := 0
			r.each(p, func(c int) {
				if n < 4 {
					at[n] = c
				}
				n++
			})
			if n < 4 || len(r.bytes(r.first(at[3]))) == 0 {
				return
			}
			switch {
			case fn < 0 && fold(r.bytes(at[0]), "fn"):
				fn = r.first(at[3])
			case org < 0 && fold(r.bytes(at[0]), "org"):
				org = r.first(at[3])
			}
		})
	})
	if fn >= 0 {
		return fn
	}
	return org
}

// nameserver takes one name server: an object, or a plain string.
func (r *reader) nameserver(i int) {
	at := i
	if r.kind(i) == kObject {
		for _, member := range []string{"ldhName", "unicodeName", "name", "handle"} {
			if at = r.first(r.get(i, member)); strings.IndexByte(r.text(at), '.') > 0 {
				break
			}
		}
	}
	if at < 0 || r.kind(at) != kString || len(r.a.Nameservers) >= maxItems {
		return
	}
	host := strings.ToLower(strings.TrimSuffix(short(r.text(at)), "."))
	if ascii, err := label(host); err == nil {
		host = ascii
	}
	if host == "" || strings.ContainsAny(host, " /\"<>") || has(r.a.Nameservers, host) {
		return
	}
	r.a.Nameservers = append(r.a.Nameservers, host)
	r.value(at, "name server "+host)
}

// redacted takes one redaction (RFC 9537 §4.2): the name of what is hidden.
func (r *reader) redacted(i int) {
	n := r.get(i, "name")
	at := n
	if r.kind(n) == kObject {
		if at = r.get(n, "description"); at < 0 {
			at = r.get(n, "type")
		}
	}
	what := short(r.text(at))
	if what == "" || len(r.a.Redacted) >= maxItems || has(r.a.Redacted, what) {
		return
	}
	r.a.Redacted = append(r.a.Redacted, what)
	r.value(at, "redacted: "+what)
}

// link takes the registrar's own RDAP address: rel "related" of the media type
// of RDAP (ICANN's RDAP response profile §2.3.2). It is a learned address.
func (r *reader) link(i int) {
	if r.kind(i) != kObject || r.a.RegistrarURL != "" || !fold(r.bytes(r.get(i, "rel")), "related") {
		return
	}
	typ := r.text(r.get(i, "type"))
	at := r.get(i, "href")
	href := r.text(at)
	if !strings.HasPrefix(typ, "application/rdap+json") && (typ != "" || !strings.Contains(href, "/domain/")) {
		return
	}
	if u, err := reach.Learned(href); err == nil {
		r.a.RegistrarURL = u.String()
		r.value(at, "the registrar's own RDAP")
	}
}

// label turns a name as people and servers write it into its A-label, lower
// case, without the trailing dot.
func label(s string) (string, error) {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if plainLDH(s) {
		return strings.ToLower(s), nil
	}
	ascii, err := names.ToASCII(s)
	if err != nil {
		return "", err
	}
	if !plainLDH(ascii) {
		return "", errName
	}
	return ascii, nil
}

// names converts without the checks of registration policy: an answer that
// writes a label in a way IDNA2008 would refuse must still be compared.
var names = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true))

// plainLDH reports whether s consists of at least two LDH labels of 1 to 63
// letters, 253 in all (RFC 1123 §2.1).
func plainLDH(s string) bool {
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	n, dots := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			if n == 0 || s[i-1] == '-' {
				return false
			}
			n = 0
			dots++
			continue
		case c == '-':
			if n == 0 {
				return false
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		default:
			return false
		}
		if n++; n > 63 {
			return false
		}
	}
	return n > 0 && s[len(s)-1] != '-' && dots > 0
}

// same compares a name as a server wrote it with the A-label that was asked.
func same(said, asked string) bool {
	if strings.EqualFold(strings.TrimSuffix(said, "."), asked) {
		return true
	}
	ascii, err := label(said)
	return err == nil && ascii == asked
}

// short cleans a value for showing and storing.
func short(s string) string {
	return clip(whoisx.CleanLine(s), maxQuote)
}

func has(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
