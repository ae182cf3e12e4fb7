package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// deleteDomain deletes at once within five days' grace of a create (the add
// grace period, RFC 3915 §3.1), and otherwise sends the name on its way out.
func (r *Registry) deleteDomain(d *domain, at time.Time) result {
	for _, s := range []string{"clientDeleteProhibited", "serverDeleteProhibited"} {
		if slices.Contains(d.client, s) {
			return fail(2304, "%s", s)
		}
	}
	if d.transfer != nil && d.transfer.status == "pending" {
		return fail(2300, "%s is being transferred", d.name)
	}
	if at.Sub(d.created) <= 5*24*time.Hour && d.crID == d.clID && d.stays {
		r.release(d, at)
		d.drop = time.Time{}
		return result{code: 1000}
	}
	i := -1
	for k, s := range d.tld.Stages {
		if slices.Contains(s.Statuses, "pendingDelete") {
			i = k
			break
		}
	}
	if _, now, _ := d.where(at); i < 0 || now >= i {
		return fail(2304, "%s is being deleted already", d.name)
	}
	d.stays, d.updated = false, at
	r.begin(d, i, at)
	r.planDrop(d)
	return result{code: 1001}
}

func (r *Registry) renewDomain(a *account, d *domain, c command, at time.Time) result {
	s, i, _ := d.where(at)
	if i > 0 && !s.Renewable || slices.Contains(s.Statuses, "redemptionPeriod") {
		return fail(2105, "%s is in %s", d.name, s.Name)
	}
	if got := d.shownExpiry(at).UTC().Format("2006-01-02"); !strings.HasPrefix(c.curExp, got) {
		return fail(2004, "it expires on %s", got)
	}
	fee, _ := cents(d.tld.RenewPrice)
	fee *= int64(c.years)
	if res := feeGate(d.tld, c.create, fee, false); res.code != 0 {
		return res
	}
	if !a.unlimited && a.balance < fee {
		return fail(2104, "balance %s, fee %s", fmtCents(a.balance), fmtCents(fee))
	}
	a.balance -= fee
	d.expires, d.updated, d.stays = d.expires.Add(d.tld.kept(c.years)), at, true
	r.begin(d, 0, at)
	return result{code: 1000, resData: fmt.Sprintf(`<domain:renData xmlns:domain="%s"><domain:name>%s</domain:name><domain:exDate>%s</domain:exDate></domain:renData>`,
		nsDomain, esc(d.name), stamp(d.expires))}
}

func (r *Registry) updateDomain(a *account, d *domain, c command, at time.Time) result {
	s, _, _ := d.where(at)
	if c.ext.restore != "" {
		if !slices.Contains(s.Statuses, "redemptionPeriod") {
			return fail(2304, "%s is not in redemption", d.name)
		}
		if c.ext.restore == "request" {
			res := result{code: 1000}
			res.add(nsRGP, `<rgp:upData xmlns:rgp="%s"><rgp:rgpStatus s="pendingRestore"/></rgp:upData>`, nsRGP)
			return res
		}
		d.stays, d.updated, d.expires = true, at, at.Add(d.tld.kept(1))
		r.begin(d, 0, at)
		return result{code: 1000}
	}
	if slices.Contains(s.Statuses, "pendingDelete") {
		return fail(2304, "%s is being deleted", d.name)
	}
	if res := prohibited(d.client, c.add.statuses, c.rem.statuses); res.code != 0 {
		return res
	}
	if d.transfer != nil && d.transfer.status == "pending" {
		return fail(2300, "%s is being transferred", d.name)
	}
	for _, n := range c.add.ns {
		if r.hosts[n] == nil {
			return fail(2303, "host %s does not exist", n)
		}
	}
	for _, k := range c.add.contacts {
		if r.contacts[k.id] == nil {
			return fail(2303, "contact %s does not exist", k.id)
		}
	}
	if c.chg != nil && c.chg.registrant != nil && *c.chg.registrant != "" {
		if k := r.contacts[*c.chg.registrant]; k == nil || k.clID != a.o.User {
			return fail(2303, "contact %s does not exist", *c.chg.registrant)
		}
		d.registrant, d.holder = *c.chg.registrant, *c.chg.registrant
	}
	if c.chg != nil && c.chg.authInfo != nil {
		if pw := *c.chg.authInfo; r.o.SecureAuthInfo && pw != "" && len([]rune(pw)) < 20 {
			return fail(2306, "authInfo has 20 characters or more here (RFC 9154)")
		}
		d.authInfo = *c.chg.authInfo
	}
	d.ns = merge(d.ns, c.add.ns, c.rem.ns)
	d.client = merge(d.client, c.add.statuses, c.rem.statuses)
	d.contacts = merge(d.contacts, c.add.contacts, c.rem.contacts)
	if c.ext.dsRemAll {
		d.ds = nil
	}
	d.ds = merge(d.ds, c.ext.ds, c.ext.dsRem)
	d.updated = at
	return result{code: 1000}
}

func merge[T comparable](have, add, rem []T) []T {
	var out []T
	for _, v := range append(slices.Clone(have), add...) {
		if !slices.Contains(rem, v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
