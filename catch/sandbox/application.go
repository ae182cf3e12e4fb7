package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// application is a request for a name in a phase, decided later among several
// (RFC 8334 §2.2).
type application struct {
	id, phase string
	name      string
	holder    *account
	create    createRequest
	paid      int64
	at        time.Time
	status    string // pendingAllocation, allocated, rejected (RFC 8334 §2.3)
}

// apply takes an application: the fee is charged at once, and given back where
// the name is allocated to somebody else. The lock is held.
func (r *Registry) apply(a *account, t *TLD, c createRequest, total int64, at time.Time) result {
	r.roid++
	p := &application{id: fmt.Sprintf("APP%d", r.roid), phase: c.launch.phase, name: c.name, holder: a, create: c, paid: total, at: at, status: "pendingAllocation"}
	if r.applications == nil {
		r.applications = map[string]*application{}
	}
	r.applications[p.id] = p
	a.balance -= total
	if t.Allocate > 0 {
		r.at(at.Add(t.Allocate), func(at time.Time) { r.allocate(p, t, at) })
	}
	res := result{
		code:    1001,
		resData: fmt.Sprintf(`<domain:creData xmlns:domain="%s"><domain:name>%s</domain:name><domain:crDate>%s</domain:crDate></domain:creData>`, nsDomain, esc(c.name), stamp(at)),
	}
	res.add(nsLaunch, `<launch:creData xmlns:launch="%s"><launch:phase>%s</launch:phase><launch:applicationID>%s</launch:applicationID></launch:creData>`, nsLaunch, p.phase, p.id)
	return res
}

// withdraw takes an application back; its fee is returned.
func (r *Registry) withdraw(a *account, c command) result {
	p := r.applications[c.ext.launch.application]
	switch {
	case p == nil || p.name != c.names[0]:
		return fail(2303, "no application %s for %s", c.ext.launch.application, c.names[0])
	case p.holder != a:
		return fail(2201, "application %s is another registrar's", p.id)
	case p.status != "pendingAllocation":
		return fail(2304, "application %s is %s", p.id, p.status)
	}
	p.status = "rejected"
	a.balance += p.paid
	return result{code: 1000}
}

// Decide decides about all applications for a name now, as a registry does
// after a phase: the first one gets it.
func (r *Registry) Decide(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.advance(now)
	t, _ := r.zoneOf(name)
	var ps []*application
	for _, p := range r.applications {
		if p.name == name && p.status == "pendingAllocation" {
			ps = append(ps, p)
		}
	}
	slices.SortFunc(ps, func(a, b *application) int { return a.at.Compare(b.at) })
	for _, p := range ps {
		r.allocate(p, t, now)
	}
}

// allocate decides about an application: the first one gets the name.
func (r *Registry) allocate(p *application, t *TLD, at time.Time) {
	if p.status != "pendingAllocation" {
		return // withdrawn in the meantime
	}
	for _, q := range r.applications {
		if q.name == p.name && (q.status == "allocated" || q.status == "pendingAllocation" && q.at.Before(p.at)) {
			p.status = "rejected"
			p.holder.balance += p.paid
			r.tell(p.holder, message{at: at, text: "Application " + p.id + " rejected", name: p.name, sv: p.id})
			return
		}
	}
	p.status = "allocated"
	d := r.names[p.name]
	if d == nil {
		d = &domain{name: p.name, tld: t}
		r.names[p.name] = d
	}
	r.register(p.holder, d, p.create, at)
	r.tell(p.holder, message{at: at, text: "Application " + p.id + " allocated", name: p.name, ok: true, sv: p.id})
}

// infoApplication answers an info that names an application.
func (r *Registry) infoApplication(a *account, c command) result {
	p := r.applications[c.ext.launch.application]
	switch {
	case p == nil || p.name != c.names[0]:
		return fail(2303, "no application %s for %s", c.ext.launch.application, c.names[0])
	case p.holder != a:
		return fail(2201, "application %s is another registrar's", p.id)
	}
	status := "ok"
	if p.status == "pendingAllocation" {
		status = "pendingCreate"
	}
	res := result{
		code: 1000,
		resData: fmt.Sprintf(`<domain:infData xmlns:domain="%s"><domain:name>%s</domain:name><domain:roid>%s</domain:roid><domain:status s="%s"/><domain:clID>%s</domain:clID><domain:crDate>%s</domain:crDate></domain:infData>`,
			nsDomain, esc(p.name), p.id+"-APP", status, esc(a.o.User), stamp(p.at)),
	}
	res.add(nsLaunch, `<launch:infData xmlns:launch="%s"><launch:phase>%s</launch:phase><launch:applicationID>%s</launch:applicationID><launch:status s="%s"/></launch:infData>`,
		nsLaunch, p.phase, p.id, p.status)
	return res
}
