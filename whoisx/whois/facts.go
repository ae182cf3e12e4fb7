package whois

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/lapse-dev/lapse/whoisx"
)

// take reads one labelled value.
func (r *reader) take(f field, key, value string, l *line) {
	switch f {
	case fDomain:
		r.domain(value, l)
	case fQuery:
		if w := firstWord(value); r.isName(w) {
			r.confirm(l, "the server repeats the name that was asked")
		} else if r.other == "" && domainLike(w) {
			r.other, r.otherAt = clip(strings.ToLower(w)), l.n
		}
	case fCreated, fUpdated, fExpires, fRegistrarExpires, fDeleted:
		r.date(f, key, value, l)
	case fDrop:
		if d, ok := parseDate(value, r.order); ok && r.drop.IsZero() && !r.second {
			r.drop, r.dropText = d, clip(l.text)
			r.dropWill = strings.Contains(strings.ToLower(key), "release")
		}
	case fStatus:
		if r.inPerson {
			return
		}
		if strings.EqualFold(strings.TrimSpace(key), "pending") {
			value = "pending " + value // .fr: "pending: DELETE"
		}
		r.status(value, l)
		r.open, r.openN = fStatus, 1
	case fRegistrar:
		r.inPerson = false
		r.registrar(value, l)
	case fReseller:
		if r.reseller == "" && !r.second {
			r.reseller, r.resellerAt = value, l
		}
	case fRegistrarID:
		if r.a.RegistrarID == "" && numeric(firstWord(value)) {
			r.a.RegistrarID = firstWord(value)
		}
	case fNameserver:
		r.inPerson = false
		if i := strings.Index(value, "\tNS\t"); i >= 0 { // a zone file's line
			value = value[i+4:]
		}
		if host := hostOf(value); host != "" && (host != r.name || !strings.EqualFold(strings.TrimSpace(key), "dns")) { // .dk: "DNS:" is the name's own spelling
			r.hosts(value, l)
		}
		r.open, r.openN = fNameserver, 1
	case fHolder:
		if !isNull(value) {
			r.holder = true
			r.redacted(key, value)
		}
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "nsset", "keyset":
			r.object = r.object || r.begins(l)
		}
	case fContact:
		if !isNull(value) {
			r.holder = true
		}
		if strings.EqualFold(strings.TrimSpace(key), "contact") && r.begins(l) {
			r.object = true
		}
	case fPerson:
		r.inPerson = true
	case fDateOrder:
		r.dateOrder(value)
	case fAsOf:
		r.asOf(value, l)
	case fNote:
		r.note(value, l)
	case fTier:
		r.tier(value, l)
	}
}

// begins reports whether a line begins a paragraph after the one that names the
// domain.
func (r *reader) begins(l *line) bool {
	return r.named > 0 && l.n > r.named+1 && r.lines[l.n-2].text == ""
}

// isName reports whether a value is the name that was asked, as A-label or
// U-label, in any case, with or without a final dot.
func (r *reader) isName(v string) bool {
	v = strings.TrimSuffix(strings.Trim(v, "\"'<>[],;"), ".")
	if strings.EqualFold(v, r.name) || r.uname != "" && strings.EqualFold(v, r.uname) || r.bare != "" && strings.EqualFold(v, r.bare) {
		return true
	}
	if r.uname == "" || len(v) > 253 {
		return false
	}
	a, err := idna.Lookup.ToASCII(v)
	return err == nil && a == r.name
}

func (r *reader) domain(value string, l *line) {
	w := strings.TrimRight(firstWord(value), ":")
	if w == "" || w[0] == '(' {
		return
	}
	if r.isName(w) {
		if r.named > 0 && r.facts > 0 {
			r.second = true // a second record, of a registrar: it never overrides
		}
		r.confirm(l, "names the domain that was asked")
		r.inPerson = false
		// "Domain name: x	Status: Active" in one line.
		if rest := strings.TrimSpace(value[strings.Index(value, w)+len(w):]); strings.IndexByte(rest, ':') > 0 {
			if k, v, ok := cutKey(rest); ok && r.lookup(k) == fStatus && v != "" {
				r.status(v, l)
			}
		}
		return
	}
	if r.named > 0 {
		if domainLike(w) && (r.facts > 0 || l.n > r.named+3) {
			r.second = true // the next match of a wildcard search, not another spelling of the name
		}
		return
	}
	if r.other == "" && (domainLike(w) || len(w) >= 2 && !strings.Contains(value, " ")) {
		r.other, r.otherAt = clip(strings.ToLower(w)), l.n
	}
}

func (r *reader) confirm(l *line, says string) {
	if r.named == 0 {
		r.named = l.n
		r.a.Confirmed = true
		r.evidence(l.n, l.text, says)
	}
}

// evidence keeps a line that the answer was concluded from.
func (r *reader) evidence(n int, text, says string) {
	if len(r.a.Evidence) == maxEvidence {
		return
	}
	if r.a.Evidence == nil {
		r.a.Evidence = make([]whoisx.Evidence, 0, 16)
	}
	r.a.Evidence = append(r.a.Evidence, whoisx.Evidence{Source: whoisx.WHOIS, Line: n, Text: clip(text), Says: says})
}

// clip cleans a piece of an answer and bounds its length.
func clip(s string) string {
	s = whoisx.CleanLine(s)
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}

// asOf reads the moment of the data: a WHOIS server that lags behind its
// registry tells it by nothing else.
func (r *reader) asOf(value string, l *line) {
	if !r.a.AsOf.IsZero() || r.second {
		return
	}
	if d, ok := parseDate(value, r.order); ok && !d.DayOnly {
		r.a.AsOf, r.asOfAt = d, l.n
	}
}

func (r *reader) date(f field, key, value string, l *line) {
	if r.inServer {
		r.asOf(value, l)
		return
	}
	if r.object && (f == fCreated || f == fUpdated) {
		return
	}
	if r.second || r.inPerson && (f == fCreated || f == fUpdated) && !strings.Contains(strings.ToLower(key), "domain") && !strings.Contains(strings.ToLower(key), "record") {
		return
	}
	o := r.order
	if strings.IndexByte(key, '(') > 0 {
		switch k := strings.ToLower(key); {
		case strings.Contains(k, "dd/mm"):
			o = orderDayFirst
		case strings.Contains(k, "mm/dd"):
			o = orderMonthFirst
		}
	}
	var to *whoisx.Date
	var says string
	switch f {
	case fCreated:
		to, says = &r.a.Created, "created"
	case fUpdated:
		to, says = &r.a.Updated, "updated"
	case fExpires:
		to, says = &r.a.Expires, "expires"
	case fRegistrarExpires:
		to, says = &r.a.RegistrarExpires, "expires, at the registrar"
	case fDeleted:
		to, says = &r.a.Deleted, "deleted"
		r.deletedText = clip(l.text)
	default:
		return
	}
	// RIPE's form has a line for every change; the last of the run counts.
	again := f == fUpdated && r.changed == l.n-1 && r.changed > 0
	renewal := f == fExpires && strings.Contains(strings.ToLower(key), "renew")
	// Where both stand, as in .th, a renewal was the last one.
	again = again || f == fExpires && r.renewal && !renewal
	if !to.IsZero() && !again {
		return
	}
	d, ok := parseDate(value, o)
	if !ok && f == fCreated && strings.HasPrefix(strings.ToLower(value), "before ") { // .uk, .ch: "before Aug-1996"
		r.facts++
		r.evidence(l.n, l.text, "created, before a day that is not told")
	}
	if !ok || again && !d.After(to.Time) {
		return
	}
	if f == fUpdated && strings.EqualFold(strings.TrimSpace(key), "changed") {
		r.changed = l.n
	}
	if f == fExpires {
		r.renewal = renewal
	}
	*to = d
	if c, ok := clock(value); ok && c.zone == zoneNone && !d.DayOnly {
		r.a.Floating = true
	}
	r.facts++
	r.evidence(l.n, l.text, says)
}

// registrar reads a registrar's name, without the handle that some registries
// put behind it: "Example Inc. (R151-LRMS)", "Example [Tag = EXAMPLE]".
func (r *reader) registrar(value string, l *line) {
	if r.a.Registrar != "" || r.second || isNull(value) || len(value) > 12 && strings.EqualFold(value[:12], "no registrar") {
		return
	}
	if i := strings.LastIndexAny(value, "(["); i > 1 && strings.IndexAny(value[i:], ")]") == len(value[i:])-1 {
		id := strings.Trim(value[i:], "()[] ")
		switch {
		case strings.HasPrefix(id, "http://"), strings.HasPrefix(id, "https://"):
			value = value[:i]
		case numeric(id):
			if r.a.RegistrarID == "" {
				r.a.RegistrarID = id
			}
			value = value[:i]
		case strings.HasPrefix(id, "Tag = "), strings.IndexByte(id, ' ') < 0 && strings.ToUpper(id) == id && strings.IndexByte(id, '-') > 0:
			value = value[:i]
		}
	}
	r.a.Registrar = clip(strings.TrimSpace(value))
	r.facts++
	r.evidence(l.n, l.text, "registrar")
}

// hostOf returns the host name that a value begins with, in lower case and
// without its final dot; "" if there is none.
func hostOf(v string) string {
	switch { // "- ns1.example.net", "1. ns1.example.net"
	case len(v) > 2 && v[1] == ' ' && strings.IndexByte("-*:", v[0]) >= 0:
		v = strings.TrimLeft(v[2:], " ")
	case len(v) > 3 && v[2] == ' ' && (v[1] == '.' || v[1] == ')') && v[0] >= '0' && v[0] <= '9':
		v = strings.TrimLeft(v[3:], " ")
	}
	v = strings.TrimLeft(v, "{(")
	i := 0
	dot := false
	for i < len(v) {
		c := v[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		case c == '.':
			dot = true
		default:
			goto end
		}
		i++
	}
end:
	h := strings.Trim(v[:i], ".")
	if !dot || len(h) < 4 || len(h) > 253 || i < len(v) && (v[i] == '@' || v[i] == '/' || v[i] >= 0x80) {
		return ""
	}
	j := strings.LastIndexByte(h, '.')
	if j < 0 || len(h)-j < 3 || strings.Contains(h, "..") {
		return ""
	}
	for k := j + 1; k < len(h); k++ {
		if h[k] >= '0' && h[k] <= '9' && !strings.HasPrefix(h[j+1:], "xn--") && !strings.HasPrefix(h[j+1:], "XN--") {
			return "" // an address
		}
	}
	return strings.ToLower(h)
}

func (r *reader) nameserver(host string, l *line) {
	if r.second || len(r.a.Nameservers) == maxNameservers {
		return
	}
	for _, h := range r.a.Nameservers {
		if h == host {
			return
		}
	}
	if s, icann := publicsuffix.PublicSuffix(host); !icann && strings.IndexByte(s, '.') < 0 {
		return // a handle, or "not.defined": no such TLD
	}
	if r.a.Nameservers == nil {
		r.a.Nameservers = make([]string, 0, 4)
	}
	r.a.Nameservers = append(r.a.Nameservers, host)
	if len(r.a.Nameservers) == 1 {
		r.facts++
		r.evidence(l.n, l.text, "name server")
	}
}

// hosts reads the host names of a line; what else stands there are addresses.
func (r *reader) hosts(t string, l *line) {
	n := 0
	for w := range strings.FieldsFuncSeq(t, betweenHosts) {
		if n++; n > 16 {
			return
		}
		if host := hostOf(w); host != "" {
			r.nameserver(host, l)
		}
	}
}

// betweenHosts reports whether a rune stands between the names of a list.
func betweenHosts(c rune) bool {
	switch c {
	case ' ', '\t', ',', ';', '|', '(', '{', '}', '[':
		return true
	}
	return false
}

// redacted notes the fields that the server hides.
func (r *reader) redacted(key, value string) {
	if len(r.a.Redacted) >= 16 || len(value) < 8 {
		return
	}
	switch v := value[0] | 0x20; v {
	case 'r', 'n', 'h', 'd':
		low := strings.ToLower(value)
		if strings.HasPrefix(low, "redacted") || strings.HasPrefix(low, "not disclosed") || strings.HasPrefix(low, "hidden") || strings.HasPrefix(low, "data redacted") {
			r.a.Redacted = append(r.a.Redacted, clip(key))
		}
	}
}

// status reads one line of statuses: one, or several with commas or slashes.
func (r *reader) status(value string, l *line) {
	if r.second {
		return
	}
	s := r.saying(value)
	if i := strings.IndexByte(value, '('); s.outcome == "" && i > 0 { // "AVAILABLE (No match for domain ...)"
		if s = r.saying(value[:i]); s.outcome == whoisx.NotRegistered {
			r.normalise(value[i:]) // "available (premium)"
			if o := r.doubt(string(r.norm)); o != "" {
				s = outcomeLine{outcome: o, rank: ranks[o], says: says(o)}
			}
		}
	}
	if s.outcome == whoisx.NotRegistered && r.otherIn(value) != "" {
		return // "AVAILABLE (No match for domain "another.sx")"
	}
	if s.outcome != "" && s.outcome != whoisx.Registered {
		s.n, s.text = l.n, l.text
		r.keep(s)
		if s.outcome != whoisx.NotRegistered {
			r.statusSaid(value)
		}
		return
	} else if s.outcome == whoisx.Registered {
		r.facts++
	}
	if isNull(value) {
		return
	}
	if i := strings.Index(strings.ToLower(value), "until "); i >= 0 && r.a.Expires.IsZero() {
		if d, ok := parseDate(value[i+6:], r.order); ok { // "OK-UNTIL 20300903121852"
			r.a.Expires = d
		}
	}
	if i := strings.IndexByte(value, '('); i > 0 && r.a.Expires.IsZero() {
		switch strings.ToLower(strings.TrimSpace(value[:i])) {
		case "connected", "registered": // .co.jp: "Connected (2027/03/31)"
			if d, ok := parseDate(value[i:], r.order); ok {
				r.a.Expires = d
			}
		}
	}
	r.statusN++
	r.evidence(l.n, l.text, "status")
	if strings.Contains(value, " / ") {
		for part := range strings.SplitSeq(value, " / ") {
			r.statusSaid(part)
		}
		return
	}
	if strings.IndexByte(value, ',') >= 0 && strings.IndexByte(value, '(') < 0 {
		for part := range strings.SplitSeq(value, ",") {
			r.statusSaid(part)
		}
		return
	}
	r.statusSaid(value)
}

// keep keeps the strongest saying: the one that harms most if it is missed.
func (r *reader) keep(s outcomeLine) {
	if r.said.outcome == "" || s.rank < r.said.rank {
		r.said = s
	}
}

func (r *reader) statusSaid(v string) {
	v = strings.Trim(strings.TrimSpace(v), "*- ")
	said := v
	if i := strings.Index(said, "http"); i > 0 {
		said = strings.TrimRight(said[:i], " (")
	}
	if said == "" || len(r.a.SaidStatuses) == maxStatuses {
		return
	}
	said = clip(said)
	for _, s := range r.a.SaidStatuses {
		if s == said {
			return
		}
	}
	if r.a.SaidStatuses == nil {
		r.a.SaidStatuses = make([]string, 0, 4)
		r.a.Statuses = make([]string, 0, 4)
	}
	r.a.SaidStatuses = append(r.a.SaidStatuses, said)
	if i := strings.IndexByte(v, '('); i > 0 {
		v = v[:i]
	}
	if i := strings.Index(v, " - "); i > 0 { // "ok - Normal state."
		v = v[:i]
	}
	if w, ok := whoisx.Status(v); ok {
		for _, s := range r.a.Statuses {
			if s == w {
				return
			}
		}
		r.a.Statuses = append(r.a.Statuses, w)
	}
}

// note reads a remark about the domain: what it says outranks the status
// beside it, except that nothing is free because of a remark.
func (r *reader) note(value string, l *line) {
	if s := r.saying(value); s.outcome != "" && s.outcome != whoisx.NotRegistered && s.outcome != whoisx.Registered {
		s.n, s.text = l.n, l.text
		r.keep(s)
	}
}

// domainLike reports whether a word looks like a domain name.
func domainLike(w string) bool {
	w = strings.TrimSuffix(w, ".")
	i := strings.LastIndexByte(w, '.')
	if i < 1 || len(w)-i < 3 || w[0] == '.' {
		return false
	}
	for j := 0; j < len(w); j++ {
		c := w[j] | 0x20
		if (c < 'a' || c > 'z') && (w[j] < '0' || w[j] > '9') && w[j] != '-' && w[j] != '.' && w[j] < 0x80 {
			return false
		}
	}
	return !numeric(w[i+1:])
}
