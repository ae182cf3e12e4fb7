package epp

import (
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// Checked is one object of a check answer.
type Checked struct {
	ID     string // the name or id that was asked for, lower case
	Free   bool
	Reason string // the server's own words, where it is not free
	Fees   []FeeQuote
	Claims []string // claim keys, from a claims check
	Exists bool     // claims stand against the name
}

// Fee returns the quote for a command, if there is one that can be used.
func (c Checked) Fee(command string) (FeeQuote, bool) {
	for _, q := range c.Fees {
		if q.Command == command && !q.Refused {
			return q, true
		}
	}
	return FeeQuote{}, false
}

// ReadCheck reads the answer to a check of names, hosts or contacts. A claims
// check has no object data; its names come with their claim keys.
func ReadCheck(r *Response) []Checked {
	var out []Checked
	at := map[string]int{}
	for _, n := range r.Data {
		if n.Local != "chkData" || !isObject(n.Space) {
			continue
		}
		for _, cd := range n.All("cd") {
			id := cd.Child("name")
			if id == nil {
				id = cd.Child("id")
			}
			a := id.attr("avail")
			c := Checked{ID: strings.ToLower(id.Str()), Free: a == "1" || a == "true", Reason: clean(cd.Child("reason").Str(), 300)}
			at[c.ID] = len(out)
			out = append(out, c)
		}
	}
	for _, q := range feeQuotes(r) {
		if i, ok := at[q.Name]; ok {
			out[i].Fees = append(out[i].Fees, q)
		}
	}
	if l := r.ext(NSLaunch, "chkData"); l != nil {
		for _, cd := range l.All("cd") {
			name := cd.Child("name")
			id := strings.ToLower(name.Str())
			i, ok := at[id]
			if !ok {
				i = len(out)
				at[id] = i
				out = append(out, Checked{ID: id})
			}
			e := name.attr("exists")
			out[i].Exists = e == "1" || e == "true"
			for _, k := range cd.All("claimKey") {
				out[i].Claims = append(out[i].Claims, k.Str())
			}
		}
	}
	return out
}

// Domain is the registration data of a name. Dates that the server left out
// are zero.
type Domain struct {
	Name        string    `json:"name"`
	ROID        string    `json:"roid,omitempty"`
	Statuses    []string  `json:"statuses,omitempty"`
	RGP         []string  `json:"rgp,omitempty"`
	Registrant  string    `json:"registrant,omitempty"`
	Contacts    []Contact `json:"contacts,omitempty"`
	NS          []string  `json:"ns,omitempty"`
	Glue        []Host    `json:"glue,omitempty"`  // name servers that came with addresses
	Hosts       []string  `json:"hosts,omitempty"` // host objects below the name
	Sponsor     string    `json:"sponsor,omitempty"`
	Creator     string    `json:"creator,omitempty"`
	Updater     string    `json:"updater,omitempty"`
	Created     time.Time `json:"created,omitzero"`
	Updated     time.Time `json:"updated,omitzero"`
	Expires     time.Time `json:"expires,omitzero"`
	Transferred time.Time `json:"transferred,omitzero"`
	DS          int       `json:"ds,omitempty"` // number of DNSSEC records
	SecDNS      SecDNS    `json:"-"`
	Phase       string    `json:"phase,omitempty"`
	Application string    `json:"application,omitempty"`
	// Launch is where an application stands: pendingValidation, validated,
	// invalid, pendingAllocation, allocated, rejected or custom (RFC 8334 §2.3).
	Launch string `json:"launch,omitempty"`

	AuthInfo catch.Secret `json:"-"`
	Token    catch.Secret `json:"-"`
}

// ReadDomain reads the answer to an info about a name.
func ReadDomain(r *Response) (Domain, bool) {
	n := r.object(NSDomain, "infData")
	if n == nil {
		return Domain{}, false
	}
	d := Domain{
		Name: strings.ToLower(n.Child("name").Str()), ROID: n.Child("roid").Str(), Registrant: n.Child("registrant").Str(),
		Sponsor: n.Child("clID").Str(), Creator: n.Child("crID").Str(), Updater: n.Child("upID").Str(),
	}
	for _, s := range n.All("status") {
		d.Statuses = append(d.Statuses, s.Attr("s"))
	}
	for _, c := range n.All("contact") {
		d.Contacts = append(d.Contacts, Contact{Role: c.Attr("type"), ID: c.Str()})
	}
	if ns := n.Child("ns"); ns != nil {
		for _, h := range ns.Kids {
			if h.Local == "hostAttr" {
				if addrs := texts(h.All("hostAddr")); len(addrs) > 0 {
					d.Glue = append(d.Glue, Host{Name: strings.ToLower(h.Child("hostName").Str()), Addrs: addrs})
				}
				h = h.Child("hostName")
			}
			d.NS = append(d.NS, strings.ToLower(h.Str()))
		}
	}
	for _, h := range texts(n.All("host")) {
		d.Hosts = append(d.Hosts, strings.ToLower(h))
	}
	d.Created, _ = xmlDate(n.Child("crDate").Str())
	d.Updated, _ = xmlDate(n.Child("upDate").Str())
	d.Expires, _ = xmlDate(n.Child("exDate").Str())
	d.Transferred, _ = xmlDate(n.Child("trDate").Str())
	if a := n.Child("authInfo"); a != nil {
		if pw := a.Child("pw"); pw != nil {
			d.AuthInfo = catch.NewSecret(pw.Text)
		}
	}
	if g := r.ext(NSRGP, "infData"); g != nil {
		for _, s := range g.All("rgpStatus") {
			d.RGP = append(d.RGP, s.Attr("s"))
		}
	}
	if s := r.ext(NSSecDNS, "infData"); s != nil {
		d.DS, d.SecDNS = len(s.All("dsData"))+len(s.All("keyData")), readSecDNS(s)
	}
	if l := r.ext(NSLaunch, "infData"); l != nil {
		d.Phase, d.Application, d.Launch = l.Child("phase").Str(), l.Child("applicationID").Str(), l.Child("status").Attr("s")
	}
	if t := r.ext(NSToken, "allocationToken"); t != nil {
		d.Token = catch.NewSecret(t.Text)
	}
	return d, true
}

func readSecDNS(n *Node) (s SecDNS) {
	number := func(n *Node) uint64 {
		v, _ := strconv.ParseUint(n.Str(), 10, 31)
		return v
	}
	key := func(n *Node) Key {
		return Key{uint16(number(n.Child("flags"))), uint8(number(n.Child("protocol"))), uint8(number(n.Child("alg"))), n.Child("pubKey").Str()}
	}
	s.MaxSigLife = int(number(n.Child("maxSigLife")))
	for _, d := range n.All("dsData") {
		ds := DS{KeyTag: uint16(number(d.Child("keyTag"))), Alg: uint8(number(d.Child("alg"))), DigestType: uint8(number(d.Child("digestType"))), Digest: d.Child("digest").Str()}
		if k := d.Child("keyData"); k != nil {
			v := key(k)
			ds.Key = &v
		}
		s.DS = append(s.DS, ds)
	}
	for _, k := range n.All("keyData") {
		s.Keys = append(s.Keys, key(k))
	}
	return s
}

func texts(ns []*Node) (out []string) {
	for _, n := range ns {
		out = append(out, n.Str())
	}
	return out
}

// Created is the answer to a create.
type Created struct {
	ID          string // name, contact id or host name
	Created     time.Time
	Expires     time.Time
	Pending     bool // 1001: taken, not decided
	Application string
	Fee         FeeQuote // what was charged, with the balance; zero where unsaid
	SvTRID      string
}

// ReadCreated reads the answer to a create of any object.
func ReadCreated(r *Response) Created {
	c := Created{Pending: r.Code() == Pending, SvTRID: r.SvTRID}
	for _, n := range r.Data {
		if n.Local != "creData" || !isObject(n.Space) {
			continue
		}
		id := n.Child("name")
		if id == nil {
			id = n.Child("id")
		}
		c.ID = strings.ToLower(id.Str())
		c.Created, _ = xmlDate(n.Child("crDate").Str())
		c.Expires, _ = xmlDate(n.Child("exDate").Str())
	}
	if l := r.ext(NSLaunch, "creData"); l != nil {
		c.Application = l.Child("applicationID").Str()
	}
	c.Fee, _ = feeResult(r)
	return c
}

// Transform is what a renew, update, delete or transfer answer carries.
type Transform struct {
	ID      string // name or contact id, where the answer names it
	Pending bool
	Expires time.Time
	Status  string // of a transfer: pending, clientApproved, ... (RFC 5730, section 2.9.3.4)
	// Who asked for a transfer and when, and who has to answer, or answered, by
	// when.
	Requester, Actor   string
	Requested, Actable time.Time
	RGP                []string
	Fee                FeeQuote
	SvTRID             string
}

// ReadTransform reads the answer to a renew, update, delete or transfer.
func ReadTransform(r *Response) Transform {
	t := Transform{Pending: r.Code() == Pending, SvTRID: r.SvTRID}
	for _, n := range r.Data {
		if !isObject(n.Space) || n.Local != "renData" && n.Local != "trnData" {
			continue
		}
		id := n.Child("name")
		if id == nil {
			id = n.Child("id")
		}
		t.ID = id.Str()
		if n.Space == NSDomain {
			t.ID = strings.ToLower(t.ID)
		}
		t.Expires, _ = xmlDate(n.Child("exDate").Str())
		t.Status, t.Requester, t.Actor = n.Child("trStatus").Str(), n.Child("reID").Str(), n.Child("acID").Str()
		t.Requested, _ = xmlDate(n.Child("reDate").Str())
		t.Actable, _ = xmlDate(n.Child("acDate").Str())
	}
	if u := r.ext(NSRGP, "upData"); u != nil {
		for _, s := range u.All("rgpStatus") {
			t.RGP = append(t.RGP, s.Attr("s"))
		}
	}
	t.Fee, _ = feeResult(r)
	return t
}

// Polled is one message of the queue, with what was decided on a pending
// action and what somebody else changed, where it says so.
type Polled struct {
	Message
	Empty bool

	Object   string // the name or id it is about
	Decided  bool   // a pending action was decided (panData)
	Granted  bool
	ActionID string // clTRID of that action
	ActionSv string // svTRID of that action
	ActionAt time.Time

	Transfer Transform // of a message about one; zero otherwise
	// Where an application of a launch stands (RFC 8334, section 2.5).
	Phase, Application, Launch string

	Change   string // the operation, by changePoll: "delete", "transfer", ...
	ChangeOp string // what exactly: "request", "approve", a custom operation's name
	ChangeSv string // svTRID of the change
	Who      string
	When     time.Time
	Case     string // udrp, urs, custom
	CaseID   string
	Why      string // the server's own words
	After    bool   // the object is shown as it is after the change

	// Unhandled are the namespaces of data that the login did not list and that
	// the server sent all the same, as RFC 9038 has it.
	Unhandled []string `json:",omitempty"`
}

// ReadPoll reads the answer to a poll.
func ReadPoll(r *Response) Polled {
	var p Polled
	if r.Queue != nil {
		p.Message = *r.Queue
	}
	p.Empty = r.Code() == NoMessages
	for _, n := range r.Data {
		id := n.Child("name")
		if id == nil {
			id = n.Child("id")
		}
		if p.Object == "" && isObject(n.Space) {
			p.Object = strings.ToLower(id.Str())
		}
		if n.Local == "panData" {
			a := id.attr("paResult")
			p.Decided, p.Granted = true, a == "1" || a == "true"
			tr := n.Child("paTRID")
			p.ActionID, p.ActionSv = tr.Child("clTRID").Str(), tr.Child("svTRID").Str()
			p.ActionAt, _ = xmlDate(n.Child("paDate").Str())
		}
		if n.Local == "trnData" {
			p.Transfer = ReadTransform(r)
		}
	}
	if l := r.ext(NSLaunch, "infData"); l != nil {
		p.Phase, p.Application, p.Launch = l.Child("phase").Str(), l.Child("applicationID").Str(), l.Child("status").Attr("s")
	}
	p.Unhandled = r.Unhandled
	if c := r.ext(NSChangePoll, "changeData"); c != nil {
		p.Change, p.Who = c.Child("operation").Str(), c.Child("who").Str()
		p.When, _ = xmlDate(c.Child("date").Str())
		p.ChangeOp, p.ChangeSv = c.Child("operation").Attr("op"), c.Child("svTRID").Str()
		p.Case, p.CaseID, p.Why = c.Child("caseId").Attr("type"), c.Child("caseId").Str(), c.Child("reason").Str()
		p.After = c.attr("state") != "before"
	}
	return p
}

// SecurityEvent is a warning that a server gave at login (RFC 8807).
type SecurityEvent struct {
	Type     string // password, certificate, cipher, tlsProtocol, newPW, stat, custom
	Name     string // of a stat or custom event
	Level    string // warning, error
	Until    time.Time
	Value    string // what is meant: the cipher, the protocol, the number
	Duration string // that the value covers, as ISO 8601 writes it
	Words    string
}

// ReadSecurity reads the warnings beside a login's answer.
func ReadSecurity(r *Response) []SecurityEvent {
	var out []SecurityEvent
	for _, e := range r.ext(NSLoginSec, "loginSecData").All("event") {
		ev := SecurityEvent{Type: e.Attr("type"), Level: e.Attr("level"), Words: clean(e.Text, 300)}
		ev.Name, ev.Value, ev.Duration = e.Attr("name"), e.Attr("value"), e.Attr("duration")
		ev.Until, _ = xmlDate(e.attr("exDate"))
		out = append(out, ev)
	}
	return out
}
