package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// do executes a command of a session. The lock is held.
func (s *session) do(c command, perr error, at time.Time) result {
	r := s.r
	f := r.faults
	// A clTRID that was used before, in whatever session, closes this one
	// without an answer, as a strict server was seen to do.
	if c.clTRID != "" && !r.o.Policy.RepeatsAllowed {
		user := c.login.user
		if s.acc != nil {
			user = s.acc.o.User
		}
		key := user + " " + c.clTRID
		if r.clTRIDs[key] {
			return result{code: 2500, msg: "clTRID " + c.clTRID + " was used before", silent: true, end: true}
		}
		r.clTRIDs[key] = true
	}
	if perr != nil {
		var fl *fault
		if !errors.As(perr, &fl) {
			fl = syntax("%v", perr)
		}
		if s.acc != nil {
			r.hit(s.acc, at, r.o.Policy.ErrorHits)
		}
		return result{code: fl.code, msg: fl.msg}
	}
	if c.verb == "login" {
		return s.login(c, at)
	}
	if s.acc == nil {
		return fail(2002, "not logged in")
	}
	if c.verb == "logout" {
		return result{code: 1500, end: true}
	}
	code, end, wait := r.meter(s.acc, &s.pace, at)
	if code != 0 {
		return result{code: max(code, 2300), msg: "too many commands", silent: code < 0, end: end}
	}
	if c.object != "" && !s.uses(c.object) {
		return fail(2307, "this session did not log in with %s", c.object)
	}
	for _, u := range c.ext.used {
		if !s.uses(u) {
			return fail(2103, "this session did not log in with %s", u)
		}
	}
	var res result
	switch {
	case c.verb == "poll":
		res = r.poll(s.acc, c)
	case c.object == nsDomain:
		res = r.domainCommand(s.acc, c, at)
	case c.object == nsHost:
		res = r.hostCommand(s.acc, c, at)
	case c.object == nsContact:
		res = r.contactCommand(s.acc, c, at)
	case c.object == nsBalance:
		res = s.acc.balanceInfo()
	default:
		res = fail(2000, "unknown command")
	}
	if c.verb == "create" && res.code == 2302 && f.Loser2400 > 0 {
		if d := r.names[c.names[0]]; d != nil && !d.wonAt.IsZero() && at.Sub(d.wonAt) < time.Second && r.rng.Float64() < f.Loser2400 {
			res = result{code: 2400, delay: res.delay}
		}
	}
	res.delay += wait
	if res.code >= 2000 && res.code != 2302 {
		r.hit(s.acc, at, r.o.Policy.ErrorHits)
	}
	return res
}

// extensions are those that the greeting offers.
func (r *Registry) extensions() []string {
	out := slices.Clone(extensionURIs)
	out[slices.Index(out, nsFee)] = feeVersions[r.o.Fee]
	if r.o.SecureAuthInfo {
		out = append(out, nsSecureAuth)
	}
	return out
}

func (s *session) login(c command, at time.Time) result {
	r, f, p := s.r, s.r.faults, s.r.o.Policy
	if s.acc != nil {
		return fail(2002, "already logged in")
	}
	if f.LoginHangs {
		return result{silent: true, msg: "hanging on purpose"}
	}
	if every(f.LoginFlaps, r.conns) {
		return result{code: 2400, delay: p.LoginDelay}
	}
	for _, u := range c.login.objects {
		if !slices.Contains(objectURIs, u) {
			return fail(2307, "objects of %s were not offered", u)
		}
	}
	for _, u := range c.login.exts {
		if !slices.Contains(r.extensions(), u) {
			return fail(2103, "extension %s was not offered", u)
		}
	}
	pw, newPW := c.login.pw, c.login.newPW
	if l := c.ext.loginSec; l != nil {
		if !slices.Contains(c.login.exts, nsLoginSec) {
			return fail(2103, "loginSec is used and not listed")
		}
		if l.pw != "" && pw == "[LOGIN-SECURITY]" {
			pw = l.pw
		}
		if l.newPW != "" && newPW == "[LOGIN-SECURITY]" {
			newPW = l.newPW
		}
	}
	a := r.accounts[c.login.user]
	switch {
	case a == nil || a.inside || f.LoginRefused:
		return result{code: 2200, delay: p.LoginDelay}
	case p.FailedLogins > 0 && a.failed >= p.FailedLogins:
		r.breach(a, at, "logins", "the account is locked")
		return result{code: 2501, msg: "the account is locked", end: true}
	case pw != a.password:
		a.failed++
		return result{code: 2200, delay: p.LoginDelay}
	case a.o.NeedsCert && !s.cert:
		return result{code: 2200, msg: "a client certificate is needed", delay: p.LoginDelay}
	case !a.o.Expires.IsZero() && !at.Before(a.o.Expires) && newPW == "":
		return result{code: 2200, msg: "the password expired", delay: p.LoginDelay}
	}
	if p.Sessions > 0 && len(a.sessions) >= p.Sessions {
		r.breach(a, at, "sessions", fmt.Sprintf("%d are allowed", p.Sessions))
		return result{code: 2502, end: true}
	}
	if newPW != "" {
		a.password, a.o.Expires = newPW, time.Time{}
	}
	a.failed = 0
	s.acc, s.objects, s.exts = a, c.login.objects, c.login.exts
	a.sessions[s] = true
	if p.CountLogins {
		_, _, _ = r.meter(a, &s.pace, at)
	}
	s.pause = p.LoginPause > 0
	res := result{code: 1000, delay: p.LoginDelay}
	if c.ext.loginSec != nil && !a.o.Expires.IsZero() {
		res.add(nsLoginSec, `<loginSec:loginSecData xmlns:loginSec="%s"><loginSec:event type="password" level="warning" exDate="%s" lang="en">Password expires soon</loginSec:event></loginSec:loginSecData>`,
			nsLoginSec, stamp(a.o.Expires))
	}
	return res
}

// balanceInfo answers in Verisign's mapping, which other registries speak too.
// An account without a balance is one of a registry that sends invoices.
func (a *account) balanceInfo() result {
	if a.unlimited {
		return fail(2304, "the account is not prepaid")
	}
	return result{code: 1000, resData: fmt.Sprintf(`<balance:infData xmlns:balance="%s"><balance:creditLimit>0.00</balance:creditLimit><balance:balance>%s</balance:balance><balance:availableCredit>%s</balance:availableCredit><balance:creditThreshold><balance:fixed>0.00</balance:fixed></balance:creditThreshold></balance:infData>`,
		nsBalance, fmtCents(a.balance), fmtCents(a.balance))}
}

func (r *Registry) poll(a *account, c command) result {
	if c.op == "ack" {
		for i, m := range a.messages {
			if fmt.Sprint(m.id) == c.msgID {
				a.messages = slices.Delete(a.messages, i, i+1)
				res := result{code: 1000}
				if len(a.messages) > 0 {
					res.msgQ = fmt.Sprintf(`<msgQ count="%d" id="%d"/>`, len(a.messages), a.messages[0].id)
				}
				return res
			}
		}
		return fail(2303, "no message %s", c.msgID)
	}
	if len(a.messages) == 0 {
		return result{code: 1300}
	}
	m := a.messages[0]
	res := result{code: 1301, msgQ: fmt.Sprintf(`<msgQ count="%d" id="%d"><qDate>%s</qDate><msg>%s</msg></msgQ>`,
		len(a.messages), m.id, stamp(m.at), esc(m.text))}
	switch {
	case m.resData != "":
		res.resData, res.about, res.ext = m.resData, nsDomain, m.ext
	case m.name != "":
		ok := 0
		if m.ok {
			ok = 1
		}
		cl := ""
		if m.cl != "" {
			cl = "<clTRID>" + esc(m.cl) + "</clTRID>"
		}
		res.about = nsDomain
		res.resData = fmt.Sprintf(`<domain:panData xmlns:domain="%s"><domain:name paResult="%d">%s</domain:name><domain:paTRID>%s<svTRID>%s</svTRID></domain:paTRID><domain:paDate>%s</domain:paDate></domain:panData>`,
			nsDomain, ok, esc(m.name), cl, esc(m.sv), stamp(m.at))
	}
	return res
}

// tell puts a message into an account's queue.
func (r *Registry) tell(a *account, m message) {
	r.roid++
	m.id = int(r.roid)
	a.messages = append(a.messages, m)
}

func (r *Registry) newROID(t *TLD) string {
	r.roid++
	z := strings.ToUpper(strings.ReplaceAll(t.Zone, ".", ""))
	return fmt.Sprintf("D%d-%s", r.roid, z[:min(8, len(z))])
}
