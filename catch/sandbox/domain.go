package sandbox

import (
	"fmt"
	"strings"
	"time"
)

// availability says whether a name can be created now, and why not.
func (r *Registry) availability(name string, at time.Time) (ok bool, why string, t *TLD) {
	t, served := r.zoneOf(name)
	switch {
	case !served:
		return false, "Not a name of this registry", nil
	case !validName(name):
		return false, "Invalid domain name", t
	}
	d := r.names[name]
	switch {
	case d == nil:
		return true, "", t
	case d.exists && t.DropReason && !d.drop.IsZero():
		if s, i, _ := d.where(at); i == len(t.Stages)-1 {
			return false, "Drop " + d.drop.UTC().Format("2006-01-02T15:04:05Z"), t
		} else if i > 0 && !s.Renewable {
			return false, "May Drop " + d.drop.UTC().Format("2006-01-02T15:04:05Z"), t
		}
		return false, "In use", t
	case d.exists:
		return false, "In use", t
	case d.reserved != "":
		return false, "Reserved", t
	case d.opened.After(at):
		return false, t.Gate, t
	}
	return true, "", t
}

// price is what a create costs: the year's price, times years, and the
// access period's fee, in cents.
func (r *Registry) price(name string, t *TLD, years int, at time.Time) (year, eap int64, class string, until time.Time) {
	year, _ = cents(t.Price)
	class = "standard"
	d := r.names[name]
	if d != nil && d.premium != "" {
		year, _ = cents(d.premium)
		class = d.class
	}
	from := t.EAPFrom
	if d != nil && !d.opened.IsZero() {
		from = d.opened
	}
	if !from.IsZero() && (d == nil || !d.exists) && len(t.EAP) > 0 {
		for _, e := range t.EAP {
			until = from.Add(e.For)
			if at.Before(until) {
				eap, _ = cents(e.Fee)
				break
			}
			from, until = until, time.Time{}
		}
	}
	return year * int64(years), eap, class, until
}

// access is the name of the period in which a name costs a fee on top: after its
// drop, or in the launch of its TLD.
func (r *Registry) access(name string) string {
	if d := r.names[name]; d != nil && !d.opened.IsZero() {
		return "Expiry Access Period"
	}
	return "Early Access Period"
}

func (r *Registry) domainCommand(a *account, c command, at time.Time) result {
	switch c.verb {
	case "check":
		return r.checkDomains(c, at)
	case "create":
		return r.create(a, c.create, at)
	}
	if l := c.ext.launch; l != nil && l.application != "" {
		switch c.verb {
		case "info":
			return r.infoApplication(a, c)
		case "delete":
			return r.withdraw(a, c)
		}
		return fail(2101, "applications are not changed here")
	}
	d := r.names[c.names[0]]
	if d == nil || !d.exists {
		return fail(2303, "%s does not exist", c.names[0])
	}
	switch c.verb {
	case "info":
		return r.infoDomain(a, d, c, at)
	case "transfer":
		return r.transferDomain(a, d, c, at)
	}
	if d.clID != a.o.User {
		return fail(2201, "%s is another registrar's", d.name)
	}
	switch c.verb {
	case "delete":
		return r.deleteDomain(d, at)
	case "renew":
		return r.renewDomain(a, d, c, at)
	default:
		return r.updateDomain(a, d, c, at)
	}
}

func (r *Registry) checkDomains(c command, at time.Time) result {
	var b, fees, lb strings.Builder
	if c.ext.launch != nil && c.ext.launch.typ == "claims" {
		fmt.Fprintf(&lb, `<launch:chkData xmlns:launch="%s"><launch:phase>claims</launch:phase>`, nsLaunch)
		for _, n := range c.names {
			key := ""
			if t, ok := r.zoneOf(n); ok {
				key = t.Claims[n]
			}
			if key == "" {
				fmt.Fprintf(&lb, `<launch:cd><launch:name exists="0">%s</launch:name></launch:cd>`, esc(n))
			} else {
				fmt.Fprintf(&lb, `<launch:cd><launch:name exists="1">%s</launch:name><launch:claimKey validatorID="tmch">%s</launch:claimKey></launch:cd>`, esc(n), esc(key))
			}
		}
		lb.WriteString(`</launch:chkData>`)
		var res result
		res.code = 1000
		res.add(nsLaunch, "%s", lb.String())
		return res
	}
	fmt.Fprintf(&b, `<domain:chkData xmlns:domain="%s">`, nsDomain)
	cur := "USD"
	for i, n := range c.names {
		ok, why, t := r.availability(n, at)
		if !ok && why == "Reserved" && c.ext.token != "" && r.o.Tokens[c.ext.token] == n {
			ok, why = true, ""
		}
		avail := 0
		if ok {
			avail = 1
		}
		fmt.Fprintf(&b, `<domain:cd><domain:name avail="%d">%s</domain:name>`, avail, esc(n))
		if why != "" {
			fmt.Fprintf(&b, `<domain:reason>%s</domain:reason>`, esc(why))
		}
		b.WriteString(`</domain:cd>`)
		if f := c.ext.feeCheck; f != nil {
			if i == 0 && t != nil {
				cur = t.Currency
			}
			if t != nil && f.currency != "" && f.currency != t.Currency {
				return fail(2004, "prices of .%s are in %s", t.Zone, t.Currency)
			}
			r.feeData(&fees, n, t, f, at)
		}
	}
	b.WriteString(`</domain:chkData>`)
	res := result{code: 1000, resData: b.String()}
	if fees.Len() > 0 {
		res.add(c.ext.feeCheck.space, "%s", c.ext.feeCheck.wrap(cur, fees.String()))
	}
	return res
}

func (r *Registry) infoDomain(a *account, d *domain, c command, at time.Time) result {
	switch {
	case c.auth == nil:
	case r.o.SecureAuthInfo && *c.auth != d.authInfo: // empty asks whether it is unset
		return fail(2202, "wrong authInfo for %s", d.name)
	case *c.auth != "" && *c.auth != d.authInfo:
		return fail(2202, "wrong authInfo for %s", d.name)
	}
	return r.infData(d, d.clID == a.o.User, c.hosts, at)
}

// infData is what the registry has on a name, to its sponsor and to others.
func (r *Registry) infData(d *domain, own bool, hosts string, at time.Time) result {
	var b strings.Builder
	epp, rgp := d.statuses(at)
	fmt.Fprintf(&b, `<domain:infData xmlns:domain="%s"><domain:name>%s</domain:name><domain:roid>%s</domain:roid>`, nsDomain, esc(d.name), d.roid)
	for _, s := range epp {
		fmt.Fprintf(&b, `<domain:status s="%s"/>`, s)
	}
	if own && d.registrant != "" {
		fmt.Fprintf(&b, `<domain:registrant>%s</domain:registrant>`, esc(d.registrant))
		for _, k := range d.contacts {
			fmt.Fprintf(&b, `<domain:contact type="%s">%s</domain:contact>`, k.kind, esc(k.id))
		}
	}
	if len(d.ns) > 0 && (hosts == "all" || hosts == "del") {
		b.WriteString(`<domain:ns>`)
		for _, n := range d.ns {
			fmt.Fprintf(&b, `<domain:hostObj>%s</domain:hostObj>`, esc(n))
		}
		b.WriteString(`</domain:ns>`)
	}
	if hosts == "all" || hosts == "sub" {
		for _, n := range sorted(r.hosts) {
			if strings.HasSuffix(n, "."+d.name) {
				fmt.Fprintf(&b, `<domain:host>%s</domain:host>`, esc(n))
			}
		}
	}
	fmt.Fprintf(&b, `<domain:clID>%s</domain:clID><domain:crID>%s</domain:crID><domain:crDate>%s</domain:crDate>`, esc(d.clID), esc(d.crID), stamp(d.created))
	if !d.updated.IsZero() {
		fmt.Fprintf(&b, `<domain:upDate>%s</domain:upDate>`, stamp(d.changed(at)))
	}
	fmt.Fprintf(&b, `<domain:exDate>%s</domain:exDate>`, stamp(d.shownExpiry(at)))
	if !d.moved.IsZero() {
		fmt.Fprintf(&b, `<domain:trDate>%s</domain:trDate>`, stamp(d.moved))
	}
	if own && d.authInfo != "" && !r.o.SecureAuthInfo { // RFC 9154: it is never shown
		fmt.Fprintf(&b, `<domain:authInfo><domain:pw>%s</domain:pw></domain:authInfo>`, esc(d.authInfo))
	}
	b.WriteString(`</domain:infData>`)
	res := result{code: 1000, resData: b.String()}
	if len(rgp) > 0 {
		var x strings.Builder
		for _, s := range rgp {
			fmt.Fprintf(&x, `<rgp:rgpStatus s="%s"/>`, s)
		}
		res.add(nsRGP, `<rgp:infData xmlns:rgp="%s">%s</rgp:infData>`, nsRGP, x.String())
	}
	if len(d.ds) > 0 {
		var x strings.Builder
		for _, k := range d.ds {
			fmt.Fprintf(&x, `<secDNS:dsData><secDNS:keyTag>%d</secDNS:keyTag><secDNS:alg>%d</secDNS:alg><secDNS:digestType>%d</secDNS:digestType><secDNS:digest>%s</secDNS:digest></secDNS:dsData>`,
				k.keyTag, k.alg, k.digestType, k.digest)
		}
		res.add(nsSecDNS, `<secDNS:infData xmlns:secDNS="%s">%s</secDNS:infData>`, nsSecDNS, x.String())
	}
	return res
}

// changed is when the registry last touched the name: the beginning of the
// stage it is in, where it got there by age.
func (d *domain) changed(at time.Time) time.Time {
	_, i, ends := d.where(at)
	if i == d.at || d.stays {
		return d.updated
	}
	if i == len(d.tld.Stages)-1 {
		began := d.began
		for k := d.at; k < i; k++ {
			began = began.Add(d.last(k))
		}
		return began
	}
	return ends.Add(-d.last(i))
}

// create registers a name, for a client or a rival. The lock is held.
func (r *Registry) create(a *account, c createRequest, at time.Time) result {
	t, served := r.zoneOf(c.name)
	switch {
	case !served:
		return fail(2306, "%s is no name of this registry", c.name)
	case !validName(c.name):
		return fail(2005, "%s is no domain name", c.name)
	case c.years < t.MinYears || c.years > t.MaxYears:
		return fail(2004, "%d to %d years", t.MinYears, t.MaxYears)
	case r.o.SecureAuthInfo && !a.inside && c.authInfo != "":
		return fail(2306, "authInfo is empty but for the time of a transfer (RFC 9154)")
	case at.Before(a.blocked):
		return fail(2308, "creates are blocked until %s", a.blocked.UTC().Format(time.RFC3339))
	}
	d := r.names[c.name]
	if d == nil {
		d = &domain{name: c.name, tld: t}
	}
	if d.exists {
		return result{code: 2302, delay: r.tookTaken(a, d, at)}
	}
	if d.reserved != "" && (c.token == "" || r.o.Tokens[c.token] != c.name) {
		return fail(2308, "%s is reserved", c.name)
	}
	if d.opened.After(at) {
		return fail(2304, "%s until %s", t.Gate, d.opened.UTC().Format(time.RFC3339))
	}
	if res := r.launchGate(t, c); res.code != 0 {
		return res
	}
	year, eap, class, _ := r.price(c.name, t, c.years, at)
	total := year + eap
	if res := feeGate(t, c, total, class != "standard" || eap > 0); res.code != 0 {
		return res
	}
	if !a.inside {
		if res := r.refs(a, c); res.code != 0 {
			return res
		}
	} else if a.rival != nil && (class != "standard" || eap > 0) {
		return fail(2003, "rivals pay no premiums")
	}
	if !a.unlimited && a.balance < total {
		return fail(2104, "balance %s, fee %s", fmtCents(a.balance), fmtCents(total))
	}
	if c.launch != nil && c.launch.typ == "application" && (t.Phase == "sunrise" || t.Phase == "landrush") {
		return r.apply(a, t, c, total, at)
	}
	a.balance -= total
	r.names[c.name] = d
	opened := d.opened
	r.register(a, d, c, at)
	d.wonAt = at
	if d.dropped {
		r.wins = append(r.wins, Win{Name: d.name, T: opened, At: at, After: at.Sub(opened), Account: a.o.User, Rival: a.rival != nil})
	}
	res := result{code: 1000, resData: fmt.Sprintf(`<domain:creData xmlns:domain="%s"><domain:name>%s</domain:name><domain:crDate>%s</domain:crDate><domain:exDate>%s</domain:exDate></domain:creData>`,
		nsDomain, esc(d.name), stamp(at), stamp(d.expires))}
	if c.fee != nil {
		balance := ""
		if !a.unlimited {
			balance = `<fee:balance>` + fmtCents(a.balance) + `</fee:balance>`
		}
		res.add(c.fee.space, `<fee:creData xmlns:fee="%s"><fee:currency>%s</fee:currency><fee:fee description="create">%s</fee:fee>%s</fee:creData>`,
			c.fee.space, t.Currency, fmtCents(total), balance)
	}
	if t.Pending > 0 {
		res.code, d.pending = 1001, true
		r.at(at.Add(t.Pending), func(at time.Time) {
			if d.pending {
				d.pending = false
				r.tell(a, message{at: at, text: "Registration of " + d.name + " completed", name: d.name, ok: true, sv: d.roid})
			}
		})
	}
	return res
}

// register makes a name an account's own. The lock is held.
func (r *Registry) register(a *account, d *domain, c createRequest, at time.Time) {
	t := d.tld
	d.exists, d.stays, d.reserved = true, false, ""
	d.roid, d.holder, d.registrar, d.iana = r.newROID(t), or(c.registrant, a.o.User), a.o.Registrar, a.o.IANA
	d.clID, d.crID, d.registrant, d.contacts = a.o.User, a.o.User, c.registrant, c.contacts
	d.authInfo, d.ns, d.ds, d.client = c.authInfo, c.ns, c.ds, nil
	d.created, d.updated, d.expires = at, at, at.Add(t.kept(c.years))
	d.stays = true // what was caught is kept: nothing lets it lapse again
	r.begin(d, 0, at)
}

// launchGate refuses what the TLD's phase does not take.
func (r *Registry) launchGate(t *TLD, c createRequest) result {
	switch t.Phase {
	case "", "open":
		return result{}
	case "claims":
		if t.Claims[c.name] != "" && (c.launch == nil || c.launch.noticeID == "") {
			return fail(2003, "%s has a trade mark claim: the notice is missing", c.name)
		}
		return result{}
	}
	if c.launch == nil || c.launch.phase != t.Phase {
		return fail(2306, ".%s is in phase %s", t.Zone, t.Phase)
	}
	if t.Phase == "sunrise" && !c.launch.marked {
		return fail(2003, "sunrise needs a mark")
	}
	return result{}
}

// refs checks that contacts and hosts of a create exist. A create needs a
// registrant, as thick registries want it,
// unless the TLD is thin.
func (r *Registry) refs(a *account, c createRequest) result {
	t, _ := r.zoneOf(c.name)
	var ids []string
	switch {
	case c.registrant != "":
		ids = append(ids, c.registrant)
	case !t.Thin:
		return fail(2003, "the registrant is missing")
	}
	for _, k := range c.contacts {
		ids = append(ids, k.id)
	}
	for _, id := range ids {
		if k := r.contacts[id]; k == nil || k.clID != a.o.User {
			return fail(2303, "contact %s does not exist", id)
		}
	}
	for _, n := range c.ns {
		if r.hosts[n] == nil {
			return fail(2303, "host %s does not exist", n)
		}
	}
	return result{}
}
