package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// transfer is a change of sponsors (RFC 5731, section 3.2.4).
type transfer struct {
	status      string // pending, clientApproved, clientRejected, clientCancelled, serverApproved
	from, to    string
	asked, acts time.Time
	years       int
	fee         int64
}

// transferFor is how long the losing registrar has to answer.
const transferFor = 5 * 24 * time.Hour

func (d *domain) trnData() string {
	t := d.transfer
	ends := ""
	switch t.status {
	case "pending": // what it will be
		ends = `<domain:exDate>` + stamp(d.expires.Add(d.tld.kept(t.years))) + `</domain:exDate>`
	case "clientApproved", "serverApproved":
		ends = `<domain:exDate>` + stamp(d.expires) + `</domain:exDate>`
	}
	return fmt.Sprintf(`<domain:trnData xmlns:domain="%s"><domain:name>%s</domain:name><domain:trStatus>%s</domain:trStatus><domain:reID>%s</domain:reID><domain:reDate>%s</domain:reDate><domain:acID>%s</domain:acID><domain:acDate>%s</domain:acDate>%s</domain:trnData>`,
		nsDomain, esc(d.name), t.status, esc(t.to), stamp(t.asked), esc(t.from), stamp(t.acts), ends)
}

func (r *Registry) transferDomain(a *account, d *domain, c command, at time.Time) result {
	t := d.transfer
	switch c.op {
	case "request":
		return r.requestTransfer(a, d, c, at)
	case "query":
		switch {
		case t == nil:
			return fail(2301, "no transfer of %s", d.name)
		case a.o.User != t.from && a.o.User != t.to && (c.auth == nil || *c.auth != d.authInfo || d.authInfo == ""):
			return fail(2201, "a transfer between others")
		}
		return result{code: 1000, resData: d.trnData()}
	}
	switch {
	case t == nil || t.status != "pending":
		return fail(2301, "no transfer of %s is pending", d.name)
	case c.op == "cancel" && a.o.User != t.to, c.op != "cancel" && a.o.User != t.from:
		return fail(2201, "not this registrar's to %s", c.op)
	}
	switch c.op {
	case "approve":
		r.endTransfer(d, "clientApproved", at)
	case "reject":
		r.endTransfer(d, "clientRejected", at)
	default:
		r.endTransfer(d, "clientCancelled", at)
	}
	return result{code: 1000, resData: d.trnData()}
}

// requestTransfer begins a transfer. By RFC 9154 authorization information that
// was just set for it is enough, and the transfer is done at once.
func (r *Registry) requestTransfer(a *account, d *domain, c command, at time.Time) result {
	s, _, _ := d.where(at)
	switch {
	case d.clID == a.o.User:
		return fail(2106, "%s is this registrar's already", d.name)
	case d.transfer != nil && d.transfer.status == "pending":
		return fail(2300, "%s is being transferred", d.name)
	case slices.Contains(d.client, "clientTransferProhibited"), slices.Contains(d.client, "serverTransferProhibited"),
		slices.Contains(s.Statuses, "pendingDelete"):
		return fail(2304, "the status of %s forbids it", d.name)
	case c.auth == nil:
		return fail(2003, "the authInfo is missing")
	case d.authInfo == "" || *c.auth != d.authInfo:
		return fail(2202, "wrong authInfo for %s", d.name)
	}
	years := max(1, c.years)
	fee, _ := cents(d.tld.RenewPrice)
	fee *= int64(years)
	if res := feeGate(d.tld, c.create, fee, false); res.code != 0 {
		return res
	}
	if !a.unlimited && a.balance < fee {
		return fail(2104, "balance %s, fee %s", fmtCents(a.balance), fmtCents(fee))
	}
	a.balance -= fee
	t := &transfer{status: "pending", from: d.clID, to: a.o.User, asked: at, acts: at.Add(transferFor), years: years, fee: fee}
	d.transfer = t
	if r.o.SecureAuthInfo {
		r.endTransfer(d, "serverApproved", at)
		return result{code: 1000, resData: d.trnData()}
	}
	r.tellTransfer(t.from, d, "Transfer of "+d.name+" requested", at)
	r.at(t.acts, func(at time.Time) {
		if d.transfer == t && t.status == "pending" {
			r.endTransfer(d, "serverApproved", at)
		}
	})
	return result{code: 1001, resData: d.trnData()}
}

// endTransfer decides about a pending transfer and tells who did not.
func (r *Registry) endTransfer(d *domain, status string, at time.Time) {
	t := d.transfer
	t.status, t.acts = status, at
	if status == "clientApproved" || status == "serverApproved" {
		d.clID, d.authInfo, d.moved, d.updated, d.stays = t.to, "", at, at, true
		d.expires = d.expires.Add(d.tld.kept(t.years))
		d.registrar, d.iana = r.accounts[t.to].o.Registrar, r.accounts[t.to].o.IANA
		r.begin(d, 0, at)
	} else if a := r.accounts[t.to]; a != nil {
		a.balance += t.fee
	}
	if status != "clientApproved" && status != "clientRejected" {
		r.tellTransfer(t.from, d, "Transfer of "+d.name+": "+status, at)
	}
	if status != "clientCancelled" && !r.o.SecureAuthInfo {
		r.tellTransfer(t.to, d, "Transfer of "+d.name+": "+status, at)
	}
}

func (r *Registry) tellTransfer(user string, d *domain, text string, at time.Time) {
	if a := r.accounts[user]; a != nil {
		r.tell(a, message{at: at, text: text, resData: d.trnData()})
	}
}

// Change is something that the registry does to a name on its own: its sponsor
// reads of it in the queue (RFC 8590).
type Change struct {
	Operation string // create, delete, renew, transfer, update, restore, autoRenew, autoDelete, autoPurge, custom
	Op        string // which kind of it
	Who       string // "" is the registry
	Case      string // udrp, urs, custom: the kind of CaseID
	CaseID    string
	Reason    string
	Before    bool // the name is shown as it was before
}

// Lock forbids a name's sponsor to change, delete or transfer it, as registries
// do when they are told to by a URS or UDRP provider or a court, and tells why.
func (r *Registry) Lock(name string, c Change) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.now()
	r.advance(at)
	d := r.names[name]
	if d == nil || !d.exists {
		return fmt.Errorf("lock %s: the registry has no such name", name)
	}
	d.client = merge(d.client, []string{"serverDeleteProhibited", "serverTransferProhibited", "serverUpdateProhibited"}, nil)
	d.updated = at
	c.Operation = or(c.Operation, "update")
	r.tellChange(d, c, at)
	return nil
}

// tellChange puts what the registry did to a name into its sponsor's queue.
func (r *Registry) tellChange(d *domain, c Change, at time.Time) {
	a := r.accounts[d.clID]
	if a == nil || a.inside {
		return
	}
	state, op, caseID, reason := "after", "", "", ""
	if c.Before {
		state = "before"
	}
	if c.Op != "" {
		op = ` op="` + esc(c.Op) + `"`
	}
	if c.CaseID != "" {
		caseID = fmt.Sprintf(`<changePoll:caseId type="%s">%s</changePoll:caseId>`, or(c.Case, "custom"), esc(c.CaseID))
	}
	if c.Reason != "" {
		reason = `<changePoll:reason>` + esc(c.Reason) + `</changePoll:reason>`
	}
	r.trid++
	res := r.infData(d, true, "all", at)
	res.add(nsChangePoll, `<changePoll:changeData xmlns:changePoll="%s" state="%s"><changePoll:operation%s>%s</changePoll:operation><changePoll:date>%s</changePoll:date><changePoll:svTRID>SBX-%d-%d</changePoll:svTRID><changePoll:who>%s</changePoll:who>%s%s</changePoll:changeData>`,
		nsChangePoll, state, op, esc(c.Operation), stamp(at), r.o.Seed, r.trid, esc(or(c.Who, "registry")), caseID, reason)
	r.tell(a, message{at: at, text: "The registry changed " + d.name, resData: res.resData, ext: res.ext})
}
