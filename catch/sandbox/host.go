package sandbox

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// host is a host object (RFC 5732).
type host struct {
	name    string
	roid    string
	addrs   []string
	client  []string // statuses set by update
	clID    string
	created time.Time
	updated time.Time
}

// hostChange is what an update adds or removes.
type hostChange struct{ addrs, statuses []string }

var hostStatuses = []string{
	"clientDeleteProhibited", "clientUpdateProhibited", "linked", "ok", "pendingCreate", "pendingDelete", "pendingTransfer", "pendingUpdate",
	"serverDeleteProhibited", "serverUpdateProhibited",
}

func readHost(s *seq, c *command) {
	label := func(n *node) string { return strings.ToLower(s.token(n, 1, 255)) }
	addrs := func(s *seq) (out []string) {
		for _, n := range s.some("addr", 0, 0, "ip") {
			version := s.enum(n, "ip", "v4", "v4", "v6")
			v := s.token(n, 3, 45)
			ip, err := netip.ParseAddr(v)
			if s.err == nil && (err != nil || ip.Zone() != "" || ip.Is4() != (version == "v4")) {
				s.err = &fault{2005, fmt.Sprintf("%q is no address of IP%s", v, version)}
			}
			out = append(out, v)
		}
		return out
	}
	change := func(n *node) (h hostChange) {
		s.within(n, func(s *seq) {
			h.addrs = addrs(s)
			h.statuses = readStatuses(s, 0, 7, hostStatuses)
		})
		return h
	}
	switch c.verb {
	case "check":
		for _, n := range s.some("name", 1, 0) {
			c.names = append(c.names, label(n))
		}
	case "create":
		c.names = []string{label(s.one("name"))}
		c.addrs = addrs(s)
	case "info", "delete":
		c.names = []string{label(s.one("name"))}
	case "update":
		c.names = []string{label(s.one("name"))}
		c.hostAdd, c.hostRem = change(s.opt("add")), change(s.opt("rem"))
		s.within(s.opt("chg"), func(s *seq) { c.newName = strings.ToLower(s.token(s.one("name"), 1, 255)) })
	default:
		if s.err == nil {
			s.err = syntax("element %s: hosts have no such command", c.verb)
		}
	}
	s.end()
}

// readStatuses reads the statuses of an add or rem.
func readStatuses(s *seq, least, most int, known []string) (out []string) {
	for _, k := range s.some("status", least, most, "s", "lang") {
		out = append(out, s.enum(k, "s", "", known...))
	}
	return out
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
		if res := r.below(n, c.addrs); res.code != 0 {
			return res
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
	switch {
	case c.verb == "info":
	case h.clID != a.o.User:
		return fail(2201, "another registrar's")
	case c.verb == "update":
		return r.updateHost(h, c, at)
	case used:
		return fail(2305, "in use")
	case slices.Contains(h.client, "clientDeleteProhibited"):
		return fail(2304, "clientDeleteProhibited")
	default:
		delete(r.hosts, h.name)
		return result{code: 1000}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<host:infData xmlns:host="%s"><host:name>%s</host:name><host:roid>%s</host:roid>`, nsHost, esc(h.name), h.roid)
	writeStatuses(&b, "host", h.client, used)
	for _, ad := range h.addrs {
		v := "v4"
		if strings.Contains(ad, ":") {
			v = "v6"
		}
		fmt.Fprintf(&b, `<host:addr ip="%s">%s</host:addr>`, v, esc(ad))
	}
	fmt.Fprintf(&b, `<host:clID>%s</host:clID><host:crID>%s</host:crID><host:crDate>%s</host:crDate>`, esc(h.clID), esc(h.clID), stamp(h.created))
	writeUpdate(&b, "host", h.clID, h.updated)
	b.WriteString(`</host:infData>`)
	return result{code: 1000, resData: b.String()}
}

// below refuses a host under a zone of the registry whose name is not there, or
// that comes without an address.
func (r *Registry) below(n string, addrs []string) result {
	for zone := range r.tlds {
		if !strings.HasSuffix(n, "."+zone) {
			continue
		}
		labels := strings.Split(strings.TrimSuffix(n, "."+zone), ".")
		if d := r.names[labels[len(labels)-1]+"."+zone]; d == nil || !d.exists {
			return fail(2303, "the domain of %s does not exist", n)
		} else if len(addrs) == 0 {
			return fail(2003, "a host inside the registry needs an address")
		}
	}
	return result{}
}

// updateHost changes a host object; a new name goes along to the names that
// use it (RFC 5732, section 3.2.5).
func (r *Registry) updateHost(h *host, c command, at time.Time) result {
	if res := prohibited(h.client, c.hostAdd.statuses, c.hostRem.statuses); res.code != 0 {
		return res
	}
	addrs := merge(h.addrs, c.hostAdd.addrs, c.hostRem.addrs)
	name := or(c.newName, h.name)
	switch {
	case c.newName != "" && r.hosts[c.newName] != nil:
		return fail(2302, "host %s exists", c.newName)
	case !validName(name):
		return fail(2005, "%s is no host name", name)
	}
	if res := r.below(name, addrs); res.code != 0 {
		return res
	}
	for _, d := range r.names {
		for i, n := range d.ns {
			if n == h.name {
				d.ns[i] = name
			}
		}
	}
	delete(r.hosts, h.name)
	h.name, h.addrs, h.client, h.updated = name, addrs, merge(h.client, c.hostAdd.statuses, c.hostRem.statuses), at
	r.hosts[name] = h
	return result{code: 1000}
}

// prohibited refuses an update that a status forbids or that sets what is not
// the client's to set.
func prohibited(have, add, rem []string) result {
	if slices.Contains(have, "serverUpdateProhibited") {
		return fail(2304, "serverUpdateProhibited")
	}
	if slices.Contains(have, "clientUpdateProhibited") && !slices.Contains(rem, "clientUpdateProhibited") {
		return fail(2304, "clientUpdateProhibited")
	}
	for _, s := range append(slices.Clone(add), rem...) {
		if !strings.HasPrefix(s, "client") {
			return fail(2306, "%s is not the client's to set", s)
		}
	}
	return result{}
}

// writeStatuses writes the statuses of a host or a contact.
func writeStatuses(b *strings.Builder, prefix string, client []string, used bool) {
	all := slices.Clone(client)
	if used {
		all = append(all, "linked")
	}
	if len(client) == 0 {
		all = append(all, "ok")
	}
	for _, s := range all {
		fmt.Fprintf(b, `<%s:status s="%s"/>`, prefix, s)
	}
}

// writeUpdate writes who changed an object last, and when.
func writeUpdate(b *strings.Builder, prefix, by string, at time.Time) {
	if !at.IsZero() {
		fmt.Fprintf(b, `<%s:upID>%s</%s:upID><%s:upDate>%s</%s:upDate>`, prefix, esc(by), prefix, prefix, stamp(at), prefix)
	}
}
