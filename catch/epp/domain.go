package epp

import (
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

const domainNS = ` xmlns:domain="` + NSDomain + `"`

// DomainCheck asks which names could be created (RFC 5731, section 3.1.1).
type DomainCheck struct {
	Names  []string
	Fee    *FeeCheck    // ask for prices too
	Launch *LaunchCheck // ask in a launch phase: availability or claims
	Token  string       // allocationToken
}

// Op names the command.
func (c DomainCheck) Op() string { return "check " + list(c.Names) }

func (c DomainCheck) body(w *writer) {
	w.raw(`<check><domain:check` + domainNS + `>`)
	if len(c.Names) == 0 {
		w.fail("write frame: no name to check")
	}
	for _, n := range c.Names {
		w.name("domain:name", n)
	}
	w.raw(`</domain:check></check>`)
}

func (c DomainCheck) extensions(w *writer) {
	if c.Launch != nil {
		c.Launch.encode(w)
	}
	if c.Fee != nil {
		c.Fee.encode(w, c.Names)
	}
	token(w, c.Token)
}

// DomainInfo reads what the registry has on a name (section 3.1.2).
type DomainInfo struct {
	Name     string
	Hosts    string       // all, del, none, sub; "" leaves it to the server
	AuthInfo catch.Secret // shows all fields to somebody who is not the sponsor
	ROID     string       // of the contact whose authInfo it is, where it is a contact's
	Launch   *LaunchInfo
	Token    bool // ask for the allocation token (RFC 8495, section 3.1.2)
}

// Op names the command.
func (c DomainInfo) Op() string { return "info " + clean(c.Name, 255) }

func (c DomainInfo) body(w *writer) {
	w.raw(`<info><domain:info` + domainNS + `>`)
	if c.Hosts == "" {
		w.name("domain:name", c.Name)
	} else {
		switch c.Hosts {
		case "all", "del", "none", "sub":
		default:
			w.fail("write frame: hosts %q is none of all, del, none, sub", c.Hosts)
		}
		w.nameAttr("domain:name", `hosts="`+c.Hosts+`"`, c.Name)
	}
	if !c.AuthInfo.IsZero() {
		authInfoOf(w, "domain", c.AuthInfo, c.ROID)
	}
	w.raw(`</domain:info></info>`)
}

func (c DomainInfo) extensions(w *writer) {
	if c.Launch != nil {
		c.Launch.encode(w)
	}
	if c.Token {
		w.raw(`<allocationToken:info xmlns:allocationToken="` + NSToken + `"/>`)
	}
}

// Host is a name server as an attribute of a name: with its addresses where it
// needs glue.
type Host struct {
	Name  string   `json:"name"`
	Addrs []string `json:"addrs,omitempty"` // IPv4 and IPv6, as text
}

// Contact is a contact of a name in a role: admin, tech, billing.
type Contact struct {
	Role string `json:"role"`
	ID   string `json:"id"`
}

// DomainCreate registers a name (section 3.2.1).
type DomainCreate struct {
	Name       string
	Years      int      // 0: the registry's default
	NS         []string // name servers as host objects
	Hosts      []Host   // or as attributes; a registry takes one form only
	Registrant string
	Contacts   []Contact
	// AuthInfo stays empty in most cases: a registry that follows RFC 9154
	// wants it empty until a transfer.
	AuthInfo catch.Secret

	Fee    *Fee
	SecDNS *SecDNS
	Launch *LaunchCreate
	Token  string
}

// Op names the command.
func (c DomainCreate) Op() string { return "create " + clean(c.Name, 255) }

func (c DomainCreate) body(w *writer) {
	w.raw(`<create><domain:create` + domainNS + `>`)
	w.name("domain:name", c.Name)
	w.years("domain:period", c.Years)
	nameServers(w, c.NS, c.Hosts)
	if c.Registrant != "" {
		w.id("domain:registrant", "", c.Registrant, "contact")
	}
	contacts(w, c.Contacts)
	authInfo(w, "domain", c.AuthInfo)
	w.raw(`</domain:create></create>`)
}

func (c DomainCreate) extensions(w *writer) {
	if c.SecDNS != nil {
		w.raw(`<secDNS:create xmlns:secDNS="` + NSSecDNS + `">`)
		c.SecDNS.encode(w)
		w.raw(`</secDNS:create>`)
	}
	if c.Launch != nil {
		c.Launch.encode(w)
	}
	if c.Fee != nil {
		c.Fee.encode(w, "create")
	}
	token(w, c.Token)
}

// The statuses of RFC 5731, section 2.3. Only those of the client can be set;
// whether a registry takes others is its own business.
var domainStatuses = []string{
	"clientDeleteProhibited", "clientHold", "clientRenewProhibited", "clientTransferProhibited", "clientUpdateProhibited",
	"inactive", "ok", "pendingCreate", "pendingDelete", "pendingRenew", "pendingTransfer", "pendingUpdate",
	"serverDeleteProhibited", "serverHold", "serverRenewProhibited", "serverTransferProhibited", "serverUpdateProhibited",
}

// DomainSet is what an update adds or removes.
type DomainSet struct {
	NS       []string
	Hosts    []Host
	Contacts []Contact
	Statuses []string
}

func (s DomainSet) empty() bool {
	return len(s.NS)+len(s.Hosts)+len(s.Contacts)+len(s.Statuses) == 0
}

func (s DomainSet) encode(w *writer, tag string) {
	if s.empty() {
		return
	}
	w.raw("<" + tag + ">")
	nameServers(w, s.NS, s.Hosts)
	contacts(w, s.Contacts)
	for _, st := range s.Statuses {
		w.status("domain:status", st, domainStatuses)
	}
	w.raw("</" + tag + ">")
}

// DomainUpdate changes a name (section 3.2.5).
type DomainUpdate struct {
	Name       string
	Add, Rem   DomainSet
	Registrant string
	// ClearRegistrant takes the registrant away, where a registry allows that.
	ClearRegistrant bool
	AuthInfo        catch.Secret // sets the authorization code
	// ClearAuthInfo takes it away again, as RFC 9154 wants it outside of a
	// transfer.
	ClearAuthInfo bool

	SecDNS  *SecDNSUpdate
	Restore *Restore // out of redemption (RFC 3915)
	Launch  *LaunchID
	Fee     *Fee
	Token   string
}

// Op names the command.
func (c DomainUpdate) Op() string {
	if c.Restore != nil {
		return "restore " + clean(c.Name, 255)
	}
	return "update " + clean(c.Name, 255)
}

func (c DomainUpdate) body(w *writer) {
	w.raw(`<update><domain:update` + domainNS + `>`)
	w.name("domain:name", c.Name)
	c.Add.encode(w, "domain:add")
	c.Rem.encode(w, "domain:rem")
	switch {
	case c.Registrant != "" || c.ClearRegistrant || !c.AuthInfo.IsZero() || c.ClearAuthInfo:
		w.raw(`<domain:chg>`)
		switch {
		case c.ClearRegistrant:
			w.elem("domain:registrant", "")
		case c.Registrant != "":
			w.id("domain:registrant", "", c.Registrant, "contact")
		}
		switch {
		case c.ClearAuthInfo:
			w.raw(`<domain:authInfo><domain:null/></domain:authInfo>`)
		case !c.AuthInfo.IsZero():
			authInfo(w, "domain", c.AuthInfo)
		}
		w.raw(`</domain:chg>`)
	case c.Restore != nil: // RFC 3915, section 4.2.5: an empty change
		w.raw(`<domain:chg/>`)
	}
	w.raw(`</domain:update></update>`)
}

func (c DomainUpdate) extensions(w *writer) {
	if c.SecDNS != nil {
		c.SecDNS.encode(w)
	}
	if c.Restore != nil {
		c.Restore.encode(w)
	}
	if c.Launch != nil {
		c.Launch.encode(w, "update")
	}
	if c.Fee != nil {
		c.Fee.encode(w, "update")
	}
	token(w, c.Token)
}

// DomainRenew extends a name (section 3.2.3). Expires must be the date that
// the registry has, so that a repeated command cannot renew twice.
type DomainRenew struct {
	Name    string
	Expires time.Time
	Years   int
	Fee     *Fee
	Token   string
}

// Op names the command.
func (c DomainRenew) Op() string { return "renew " + clean(c.Name, 255) }

func (c DomainRenew) body(w *writer) {
	w.raw(`<renew><domain:renew` + domainNS + `>`)
	w.name("domain:name", c.Name)
	if c.Expires.IsZero() {
		w.fail("write frame: the expiry date that the registry has is missing")
	}
	w.elem("domain:curExpDate", c.Expires.UTC().Format(time.DateOnly))
	w.years("domain:period", c.Years)
	w.raw(`</domain:renew></renew>`)
}

func (c DomainRenew) extensions(w *writer) {
	if c.Fee != nil {
		c.Fee.encode(w, "renew")
	}
	token(w, c.Token)
}

// DomainDelete deletes a name (section 3.2.2).
type DomainDelete struct {
	Name   string
	Launch *LaunchID
}

// Op names the command.
func (c DomainDelete) Op() string { return "delete " + clean(c.Name, 255) }

func (c DomainDelete) body(w *writer) {
	w.raw(`<delete><domain:delete` + domainNS + `>`)
	w.name("domain:name", c.Name)
	w.raw(`</domain:delete></delete>`)
}

func (c DomainDelete) extensions(w *writer) {
	if c.Launch != nil {
		c.Launch.encode(w, "delete")
	}
}

// Do is what a transfer command does.
type Do string

// The operations of a transfer (RFC 5730, section 2.9.3.4).
const (
	Request Do = "request"
	Query   Do = "query"
	Approve Do = "approve"
	Reject  Do = "reject"
	Cancel  Do = "cancel"
)

func (d Do) attr(w *writer) string {
	switch d {
	case Request, Query, Approve, Reject, Cancel:
	default:
		w.fail("write frame: transfer %q is none of request, query, approve, reject, cancel", string(d))
	}
	return `<transfer op="` + string(d) + `">`
}

// DomainTransfer moves a name between sponsors (section 3.2.4).
type DomainTransfer struct {
	Do       Do
	Name     string
	Years    int
	AuthInfo catch.Secret
	ROID     string // of the contact whose authInfo it is, where it is a contact's
	Fee      *Fee
	Token    string
}

// Op names the command.
func (c DomainTransfer) Op() string {
	return fmt.Sprintf("transfer (%s) %s", string(c.Do), clean(c.Name, 255))
}

func (c DomainTransfer) body(w *writer) {
	w.raw(c.Do.attr(w) + `<domain:transfer` + domainNS + `>`)
	w.name("domain:name", c.Name)
	w.years("domain:period", c.Years)
	if !c.AuthInfo.IsZero() {
		authInfoOf(w, "domain", c.AuthInfo, c.ROID)
	}
	w.raw(`</domain:transfer></transfer>`)
}

func (c DomainTransfer) extensions(w *writer) {
	if c.Fee != nil {
		c.Fee.encode(w, "transfer")
	}
	token(w, c.Token)
}

func authInfo(w *writer, prefix string, s catch.Secret) { authInfoOf(w, prefix, s, "") }

func authInfoOf(w *writer, prefix string, s catch.Secret, roid string) {
	w.raw("<" + prefix + ":authInfo>")
	w.secretOf(prefix+":pw", s, roid)
	w.raw("</" + prefix + ":authInfo>")
}

func nameServers(w *writer, objects []string, attrs []Host) {
	if len(objects)+len(attrs) == 0 {
		return
	}
	if len(objects) > 0 && len(attrs) > 0 {
		w.fail("write frame: name servers must be either host objects or attributes")
	}
	w.raw(`<domain:ns>`)
	for _, h := range objects {
		w.name("domain:hostObj", h)
	}
	for _, h := range attrs {
		w.raw(`<domain:hostAttr>`)
		w.name("domain:hostName", h.Name)
		addrs(w, "domain:hostAddr", h.Addrs)
		w.raw(`</domain:hostAttr>`)
	}
	w.raw(`</domain:ns>`)
}

func contacts(w *writer, cs []Contact) {
	for _, c := range cs {
		switch c.Role {
		case "admin", "tech", "billing":
		default:
			w.fail("write frame: contact role %q is none of admin, tech, billing", c.Role)
		}
		w.id("domain:contact", `type="`+c.Role+`"`, c.ID, "contact")
	}
}

// list names a few names and counts the rest.
func list(names []string) string {
	const few = 3
	if len(names) <= few {
		return clean(strings.Join(names, ", "), 255)
	}
	return fmt.Sprintf("%s and %d more", clean(strings.Join(names[:few], ", "), 255), len(names)-few)
}
