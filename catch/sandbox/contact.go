package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// contact is a contact object (RFC 5733).
type contact struct {
	id, roid   string
	postal     []postalInfo
	voice, fax number
	email      string
	authInfo   string
	disclose   *disclose
	client     []string // statuses set by update
	clID       string
	created    time.Time
	updated    time.Time
}

type postalInfo struct {
	typ, name, org string
	address
}

type address struct {
	street           []string
	city, sp, pc, cc string
}

type number struct{ main, ext string }

// disclose keeps the wish of a registrant as it was written: fields are
// elements of the schema, like `name type="int"`.
type disclose struct {
	flag   string
	fields []string
}

// contactChange is what an update sets; nil leaves it.
type contactChange struct {
	postal          []postalChange
	voice, fax      *number
	email, authInfo *string
	disclose        *disclose
}

type postalChange struct {
	typ       string
	name, org *string
	addr      *address
}

var contactStatuses = []string{
	"clientDeleteProhibited", "clientTransferProhibited", "clientUpdateProhibited", "linked", "ok", "pendingCreate", "pendingDelete",
	"pendingTransfer", "pendingUpdate", "serverDeleteProhibited", "serverTransferProhibited", "serverUpdateProhibited",
}

func readContact(s *seq, c *command) {
	id := func() []string { return []string{s.token(s.one("id"), 3, 16)} }
	switch c.verb {
	case "check":
		for _, n := range s.some("id", 1, 0) {
			c.names = append(c.names, s.token(n, 3, 16))
		}
	case "info", "transfer":
		c.names, c.auth = id(), readAuth(s, s.opt("authInfo"))
	case "delete":
		c.names = id()
	case "create":
		k := &c.contact
		c.names = id()
		k.id = c.names[0]
		for _, n := range s.some("postalInfo", 1, 2, "type") {
			p := postalInfo{typ: s.enum(n, "type", "", "loc", "int")}
			s.within(n, func(s *seq) {
				p.name = s.line(s.one("name"), 1, 255)
				if n := s.opt("org"); n != nil {
					p.org = s.line(n, 0, 255)
				}
				p.address = readAddress(s, s.one("addr"))
			})
			k.postal = append(k.postal, p)
		}
		k.voice, k.fax = deref(readNumber(s, "voice")), deref(readNumber(s, "fax"))
		k.email = s.token(s.one("email"), 1, 0)
		k.authInfo = deref(readAuth(s, s.one("authInfo")))
		k.disclose = readDisclose(s)
	case "update":
		c.names = id()
		for _, part := range []struct {
			name string
			to   *change
		}{{"add", &c.add}, {"rem", &c.rem}} {
			s.within(s.opt(part.name), func(s *seq) { part.to.statuses = readStatuses(s, 1, 7, contactStatuses) })
		}
		s.within(s.opt("chg"), func(s *seq) {
			for _, n := range s.some("postalInfo", 0, 2, "type") {
				p := postalChange{typ: s.enum(n, "type", "", "loc", "int")}
				s.within(n, func(s *seq) {
					if n := s.opt("name"); n != nil {
						v := s.line(n, 1, 255)
						p.name = &v
					}
					if n := s.opt("org"); n != nil {
						v := s.line(n, 0, 255)
						p.org = &v
					}
					if n := s.opt("addr"); n != nil {
						a := readAddress(s, n)
						p.addr = &a
					}
				})
				c.conChg.postal = append(c.conChg.postal, p)
			}
			c.conChg.voice, c.conChg.fax = readNumber(s, "voice"), readNumber(s, "fax")
			if n := s.opt("email"); n != nil {
				v := s.token(n, 1, 0)
				c.conChg.email = &v
			}
			c.conChg.authInfo = readAuth(s, s.opt("authInfo"))
			c.conChg.disclose = readDisclose(s)
		})
	default:
		if s.err == nil {
			s.err = syntax("element %s: contacts have no such command", c.verb)
		}
	}
	s.end()
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func readNumber(s *seq, name string) *number {
	n := s.opt(name, "x")
	if n == nil {
		return nil
	}
	v := number{s.token(n, 0, 17), n.attrs["x"]}
	if s.err == nil && !e164().MatchString(v.main) {
		s.err = syntax("element %s: %q is not written like +44.2079460000", name, v.main)
	}
	return &v
}

func readAddress(s *seq, n *node) (a address) {
	s.within(n, func(s *seq) {
		for _, n := range s.some("street", 0, 3) {
			a.street = append(a.street, s.line(n, 0, 255))
		}
		a.city = s.line(s.one("city"), 1, 255)
		if n := s.opt("sp"); n != nil {
			a.sp = s.line(n, 0, 255)
		}
		if n := s.opt("pc"); n != nil {
			a.pc = s.token(n, 0, 16)
		}
		a.cc = s.token(s.one("cc"), 2, 2)
	})
	return a
}

func readDisclose(s *seq) *disclose {
	n := s.opt("disclose", "flag")
	if n == nil {
		return nil
	}
	d := &disclose{flag: s.enum(n, "flag", "", "0", "1", "true", "false")}
	s.within(n, func(s *seq) {
		for _, k := range []string{"name", "org", "addr"} {
			for _, n := range s.some(k, 0, 2, "type") {
				d.fields = append(d.fields, k+` type="`+s.enum(n, "type", "", "loc", "int")+`"`)
				s.empty(n)
			}
		}
		for _, k := range []string{"voice", "fax", "email"} {
			if n := s.opt(k); n != nil {
				d.fields = append(d.fields, k)
				s.empty(n)
			}
		}
	})
	return d
}

func (r *Registry) contactCommand(a *account, c command, at time.Time) result {
	switch c.verb {
	case "check":
		var b strings.Builder
		fmt.Fprintf(&b, `<contact:chkData xmlns:contact="%s">`, nsContact)
		for _, n := range c.names {
			if r.contacts[n] == nil {
				fmt.Fprintf(&b, `<contact:cd><contact:id avail="1">%s</contact:id></contact:cd>`, esc(n))
			} else {
				fmt.Fprintf(&b, `<contact:cd><contact:id avail="0">%s</contact:id><contact:reason>In use</contact:reason></contact:cd>`, esc(n))
			}
		}
		b.WriteString(`</contact:chkData>`)
		return result{code: 1000, resData: b.String()}
	case "create":
		k := c.contact
		if r.contacts[k.id] != nil {
			return result{code: 2302}
		}
		if !strings.Contains(k.email, "@") {
			return fail(2005, "%q is no e-mail address", k.email)
		}
		r.roid++
		k.roid, k.clID, k.created = fmt.Sprintf("C%d-SBX", r.roid), a.o.User, at
		r.contacts[k.id] = &k
		return result{code: 1000, resData: fmt.Sprintf(`<contact:creData xmlns:contact="%s"><contact:id>%s</contact:id><contact:crDate>%s</contact:crDate></contact:creData>`, nsContact, esc(k.id), stamp(at))}
	}
	k := r.contacts[c.names[0]]
	if k == nil {
		return fail(2303, "contact %s does not exist", c.names[0])
	}
	if k.clID != a.o.User {
		return fail(2201, "another registrar's")
	}
	used := false
	for _, d := range r.names {
		used = used || d.exists && d.registrant == k.id
		for _, ref := range d.contacts {
			used = used || d.exists && ref.id == k.id
		}
	}
	switch c.verb {
	case "transfer":
		if c.op == "query" {
			return fail(2301, "no transfer of %s", k.id)
		}
		return fail(2101, "contacts are not transferred here")
	case "update":
		return updateContact(k, c, at)
	case "delete":
		switch {
		case used:
			return fail(2305, "in use")
		case slices.Contains(k.client, "clientDeleteProhibited"):
			return fail(2304, "clientDeleteProhibited")
		}
		delete(r.contacts, k.id)
		return result{code: 1000}
	}
	return result{code: 1000, resData: k.xml(used)}
}

// updateContact changes what the update names and leaves the rest.
func updateContact(k *contact, c command, at time.Time) result {
	if res := prohibited(k.client, c.add.statuses, c.rem.statuses); res.code != 0 {
		return res
	}
	postal := slices.Clone(k.postal)
	for _, p := range c.conChg.postal {
		i := slices.IndexFunc(postal, func(q postalInfo) bool { return q.typ == p.typ })
		if i < 0 {
			if p.name == nil || p.addr == nil {
				return fail(2003, "the contact has no postal form %s yet: name and address are needed", p.typ)
			}
			postal, i = append(postal, postalInfo{typ: p.typ}), len(postal)
		}
		if p.name != nil {
			postal[i].name = *p.name
		}
		if p.org != nil {
			postal[i].org = *p.org
		}
		if p.addr != nil {
			postal[i].address = *p.addr
		}
	}
	if m := c.conChg.email; m != nil && !strings.Contains(*m, "@") {
		return fail(2005, "%q is no e-mail address", *m)
	}
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	if v := c.conChg.voice; v != nil {
		k.voice = *v
	}
	if v := c.conChg.fax; v != nil {
		k.fax = *v
	}
	set(&k.email, c.conChg.email)
	set(&k.authInfo, c.conChg.authInfo)
	if c.conChg.disclose != nil {
		k.disclose = c.conChg.disclose
	}
	k.postal, k.client, k.updated = postal, merge(k.client, c.add.statuses, c.rem.statuses), at
	return result{code: 1000}
}

// xml is what an info shows to the sponsor.
func (k *contact) xml(used bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<contact:infData xmlns:contact="%s"><contact:id>%s</contact:id><contact:roid>%s</contact:roid>`, nsContact, esc(k.id), k.roid)
	writeStatuses(&b, "contact", k.client, used)
	el := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, `<contact:%s>%s</contact:%s>`, name, esc(text), name)
		}
	}
	for _, p := range k.postal {
		fmt.Fprintf(&b, `<contact:postalInfo type="%s">`, p.typ)
		el("name", p.name)
		el("org", p.org)
		b.WriteString(`<contact:addr>`)
		for _, l := range p.street {
			el("street", l)
		}
		el("city", p.city)
		el("sp", p.sp)
		el("pc", p.pc)
		el("cc", p.cc)
		b.WriteString(`</contact:addr></contact:postalInfo>`)
	}
	for _, f := range []struct {
		name string
		n    number
	}{{"voice", k.voice}, {"fax", k.fax}} {
		if f.n.main == "" {
			continue
		}
		x := ""
		if f.n.ext != "" {
			x = ` x="` + esc(f.n.ext) + `"`
		}
		fmt.Fprintf(&b, `<contact:%s%s>%s</contact:%s>`, f.name, x, esc(f.n.main), f.name)
	}
	el("email", k.email)
	fmt.Fprintf(&b, `<contact:clID>%s</contact:clID><contact:crID>%s</contact:crID><contact:crDate>%s</contact:crDate>`, esc(k.clID), esc(k.clID), stamp(k.created))
	writeUpdate(&b, "contact", k.clID, k.updated)
	if k.authInfo != "" {
		fmt.Fprintf(&b, `<contact:authInfo><contact:pw>%s</contact:pw></contact:authInfo>`, esc(k.authInfo))
	}
	if d := k.disclose; d != nil {
		fmt.Fprintf(&b, `<contact:disclose flag="%s">`, d.flag)
		for _, f := range d.fields {
			b.WriteString(`<contact:` + f + `/>`)
		}
		b.WriteString(`</contact:disclose>`)
	}
	b.WriteString(`</contact:infData>`)
	return b.String()
}
