package sandbox

import (
	"fmt"
	"strings"
	"time"
)

// host is a host object (RFC 5732).
type host struct {
	name    string
	roid    string
	addrs   []string
	clID    string
	created time.Time
}

// contact is a contact object (RFC 5733), as far as it is kept.
type contact struct {
	id, roid             string
	name, org, city, sp  string
	street               []string
	pc, cc, voice, email string
	authInfo             string
	clID                 string
	created              time.Time
}

func (r *Registry) hostCommand(a *account, c command, at time.Time) result {
	switch c.verb {
	case "check":
		var b strings.Builder
		fmt.Fprintf(&b, `<host:chkData xmlns:host="%s">`, nsHost)
		for _, n := range c.names {
			if r.hosts[n] == nil {
				fmt.Fprintf(&b, `<host:cd><host:name avail="1">%s</host:name></host:cd>`, esc(n))
			} else {
				fmt.Fprintf(&b, `<host:cd><host:name avail="0">%s</host:name><host:reason>In use</host:reason></host:cd>`, esc(n))
			}
		}
		b.WriteString(`</host:chkData>`)
		return result{code: 1000, resData: b.String()}
	case "create":
		n := c.names[0]
		if r.hosts[n] != nil {
			return result{code: 2302}
		}
		if !validName(n) {
			return fail(2005, "%s is no host name", n)
		}
		for zone := range r.tlds { // a host below a name of ours needs that name
			if strings.HasSuffix(n, "."+zone) {
				labels := strings.Split(strings.TrimSuffix(n, "."+zone), ".")
				if d := r.names[labels[len(labels)-1]+"."+zone]; d == nil || !d.exists {
					return fail(2303, "the domain of %s does not exist", n)
				} else if len(c.addrs) == 0 {
					return fail(2003, "a host inside the registry needs an address")
				}
			}
		}
		r.roid++
		r.hosts[n] = &host{name: n, roid: fmt.Sprintf("H%d-SBX", r.roid), addrs: c.addrs, clID: a.o.User, created: at}
		return result{code: 1000, resData: fmt.Sprintf(`<host:creData xmlns:host="%s"><host:name>%s</host:name><host:crDate>%s</host:crDate></host:creData>`, nsHost, esc(n), stamp(at))}
	}
	h := r.hosts[c.names[0]]
	if h == nil {
		return fail(2303, "host %s does not exist", c.names[0])
	}
	used := false
	for _, d := range r.names {
		for _, n := range d.ns {
			used = used || d.exists && n == h.name
		}
	}
	if c.verb == "delete" {
		switch {
		case h.clID != a.o.User:
			return fail(2201, "another registrar's")
		case used:
			return fail(2305, "in use")
		}
		delete(r.hosts, h.name)
		return result{code: 1000}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<host:infData xmlns:host="%s"><host:name>%s</host:name><host:roid>%s</host:roid><host:status s="ok"/>`, nsHost, esc(h.name), h.roid)
	if used {
		b.WriteString(`<host:status s="linked"/>`)
	}
	for _, ad := range h.addrs {
		v := "v4"
		if strings.Contains(ad, ":") {
			v = "v6"
		}
		fmt.Fprintf(&b, `<host:addr ip="%s">%s</host:addr>`, v, esc(ad))
	}
	fmt.Fprintf(&b, `<host:clID>%s</host:clID><host:crID>%s</host:crID><host:crDate>%s</host:crDate></host:infData>`, esc(h.clID), esc(h.clID), stamp(h.created))
	return result{code: 1000, resData: b.String()}
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
	if c.verb == "delete" {
		if used {
			return fail(2305, "in use")
		}
		delete(r.contacts, k.id)
		return result{code: 1000}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<contact:infData xmlns:contact="%s"><contact:id>%s</contact:id><contact:roid>%s</contact:roid><contact:status s="ok"/>`, nsContact, esc(k.id), k.roid)
	if used {
		b.WriteString(`<contact:status s="linked"/>`)
	}
	fmt.Fprintf(&b, `<contact:postalInfo type="int"><contact:name>%s</contact:name>`, esc(k.name))
	if k.org != "" {
		fmt.Fprintf(&b, `<contact:org>%s</contact:org>`, esc(k.org))
	}
	b.WriteString(`<contact:addr>`)
	for _, l := range k.street {
		fmt.Fprintf(&b, `<contact:street>%s</contact:street>`, esc(l))
	}
	fmt.Fprintf(&b, `<contact:city>%s</contact:city>`, esc(k.city))
	if k.sp != "" {
		fmt.Fprintf(&b, `<contact:sp>%s</contact:sp>`, esc(k.sp))
	}
	if k.pc != "" {
		fmt.Fprintf(&b, `<contact:pc>%s</contact:pc>`, esc(k.pc))
	}
	fmt.Fprintf(&b, `<contact:cc>%s</contact:cc></contact:addr></contact:postalInfo>`, esc(k.cc))
	if k.voice != "" {
		fmt.Fprintf(&b, `<contact:voice>%s</contact:voice>`, esc(k.voice))
	}
	fmt.Fprintf(&b, `<contact:email>%s</contact:email><contact:clID>%s</contact:clID><contact:crID>%s</contact:crID><contact:crDate>%s</contact:crDate></contact:infData>`,
		esc(k.email), esc(k.clID), esc(k.clID), stamp(k.created))
	return result{code: 1000, resData: b.String()}
}
