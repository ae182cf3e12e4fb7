package epp

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/lapse-dev/lapse/catch"
)

const (
	contactNS = ` xmlns:contact="` + NSContact + `"`
	hostNS    = ` xmlns:host="` + NSHost + `"`
)

// Postal is an address, in one of the two forms of RFC 5733: "int" in ASCII,
// "loc" in any script.
type Postal struct {
	Type    string   `json:"type,omitempty"` // int (the default) or loc
	Name    string   `json:"name,omitempty"`
	Org     string   `json:"org,omitempty"`
	Street  []string `json:"street,omitempty"` // up to three lines
	City    string   `json:"city,omitempty"`
	State   string   `json:"state,omitempty"`
	Code    string   `json:"code,omitempty"`
	Country string   `json:"country,omitempty"` // two letters
}

func (p Postal) encode(w *writer, change bool) {
	typ := p.Type
	if typ == "" {
		typ = "int"
	}
	if typ != "int" && typ != "loc" {
		w.fail("write frame: postal type %q is neither int nor loc", p.Type)
	}
	w.raw(`<contact:postalInfo type="` + typ + `">`)
	if p.Name == "" && !change {
		w.fail("write frame: the contact's name is missing")
	}
	w.line("contact:name", p.Name, "the contact's name")
	w.line("contact:org", p.Org, "the contact's organisation")
	if !change || p.City != "" || p.Country != "" {
		if len(p.Street) > 3 {
			w.fail("write frame: an address has at most three street lines")
		}
		w.raw(`<contact:addr>`)
		for _, s := range p.Street {
			w.line("contact:street", s, "a street line")
		}
		if p.City == "" {
			w.fail("write frame: the contact's city is missing")
		}
		w.line("contact:city", p.City, "the contact's city")
		w.line("contact:sp", p.State, "the contact's state")
		w.fits(p.Code, "the contact's postal code", 0, 16)
		w.opt("contact:pc", p.Code)
		w.fits(p.Country, "the contact's country", 2, 2)
		w.elem("contact:cc", p.Country)
		w.raw(`</contact:addr>`)
	}
	w.raw(`</contact:postalInfo>`)
}

// Disclose says what the registry may show or must hide (RFC 5733, section
// 2.9).
type Disclose struct {
	Show  bool `json:"show"` // true: show these; false: hide these
	Name  bool `json:"name,omitempty"`
	Org   bool `json:"org,omitempty"`
	Addr  bool `json:"addr,omitempty"`
	Voice bool `json:"voice,omitempty"`
	Fax   bool `json:"fax,omitempty"`
	Email bool `json:"email,omitempty"`
	Local bool `json:"local,omitempty"` // name, org and addr in their loc form
}

func (d Disclose) encode(w *writer) {
	flag := "0"
	if d.Show {
		flag = "1"
	}
	typ := "int"
	if d.Local {
		typ = "loc"
	}
	w.raw(`<contact:disclose flag="` + flag + `">`)
	for _, f := range []struct {
		on   bool
		elem string
	}{
		{d.Name, `name type="` + typ + `"`},
		{d.Org, `org type="` + typ + `"`},
		{d.Addr, `addr type="` + typ + `"`},
		{d.Voice, "voice"},
		{d.Fax, "fax"},
		{d.Email, "email"},
	} {
		if f.on {
			w.raw("<contact:" + f.elem + "/>")
		}
	}
	w.raw(`</contact:disclose>`)
}

// phone appends a number as ITU-T E.164 has it with a dot after the country
// (RFC 5733, section 2.5).
func phone(w *writer, tag, number string) {
	if number == "" {
		return
	}
	main, extension, _ := strings.Cut(number, "x")
	country, rest, _ := strings.Cut(strings.TrimPrefix(main, "+"), ".")
	digits := func(s string, most int) bool { return s != "" && len(s) <= most && strings.Trim(s, "0123456789") == "" }
	if !strings.HasPrefix(main, "+") || !digits(country, 3) || !digits(rest, 14) || len(main) > 17 {
		w.fail("write frame: the number %q is not written like +44.2079460000", number)
	}
	w.raw("<" + tag)
	w.attr("x", extension)
	w.raw(">" + main + "</" + tag + ">")
}

func contactID(w *writer, id string) { w.id("contact:id", "", id, "contact id") }

// ContactCheck asks which contact ids are free.
type ContactCheck struct{ IDs []string }

// Op names the command.
func (c ContactCheck) Op() string { return "check contact " + list(c.IDs) }

func (c ContactCheck) body(w *writer) {
	w.raw(`<check><contact:check` + contactNS + `>`)
	if len(c.IDs) == 0 {
		w.fail("write frame: no contact id to check")
	}
	for _, id := range c.IDs {
		contactID(w, id)
	}
	w.raw(`</contact:check></check>`)
}

// ContactInfo reads a contact.
type ContactInfo struct {
	ID       string
	AuthInfo catch.Secret
	ROID     string // of the contact whose authInfo it is, where that is another
}

// Op names the command.
func (c ContactInfo) Op() string { return "info contact " + clean(c.ID, 64) }

func (c ContactInfo) body(w *writer) {
	w.raw(`<info><contact:info` + contactNS + `>`)
	contactID(w, c.ID)
	if !c.AuthInfo.IsZero() {
		authInfoOf(w, "contact", c.AuthInfo, c.ROID)
	}
	w.raw(`</contact:info></info>`)
}

// ContactCreate makes a contact.
type ContactCreate struct {
	ID         string
	Postal     []Postal // one or two forms
	Voice, Fax string   // "+44.2012345678", and with an extension "+44.2012345678x12"
	Email      string
	AuthInfo   catch.Secret
	Disclose   *Disclose
	Foreign    []Foreign
}

// Op names the command.
func (c ContactCreate) Op() string { return "create contact " + clean(c.ID, 64) }

func (c ContactCreate) body(w *writer) {
	w.raw(`<create><contact:create` + contactNS + `>`)
	contactID(w, c.ID)
	if n := len(c.Postal); n < 1 || n > 2 {
		w.fail("write frame: a contact has one or two postal forms, not %d", n)
	}
	for _, p := range c.Postal {
		p.encode(w, false)
	}
	phone(w, "contact:voice", c.Voice)
	phone(w, "contact:fax", c.Fax)
	w.fits(c.Email, "the contact's e-mail address", 1, 0)
	w.elem("contact:email", c.Email)
	authInfo(w, "contact", c.AuthInfo)
	if c.Disclose != nil {
		c.Disclose.encode(w)
	}
	w.raw(`</contact:create></create>`)
}

func (c ContactCreate) extensions(w *writer) { foreign(w, c.Foreign) }

// ContactUpdate changes a contact. Empty fields stay as they are.
type ContactUpdate struct {
	ID         string
	Add, Rem   []string // statuses
	Postal     []Postal
	Voice, Fax string
	Email      string
	AuthInfo   catch.Secret
	Disclose   *Disclose
}

// Op names the command.
func (c ContactUpdate) Op() string { return "update contact " + clean(c.ID, 64) }

func (c ContactUpdate) body(w *writer) {
	w.raw(`<update><contact:update` + contactNS + `>`)
	contactID(w, c.ID)
	statuses(w, "add", c.Add)
	statuses(w, "rem", c.Rem)
	if len(c.Postal) > 0 || c.Voice+c.Fax+c.Email != "" || !c.AuthInfo.IsZero() || c.Disclose != nil {
		w.raw(`<contact:chg>`)
		for _, p := range c.Postal {
			p.encode(w, true)
		}
		phone(w, "contact:voice", c.Voice)
		phone(w, "contact:fax", c.Fax)
		w.fits(c.Email, "the contact's e-mail address", 0, 0)
		w.opt("contact:email", c.Email)
		if !c.AuthInfo.IsZero() {
			authInfo(w, "contact", c.AuthInfo)
		}
		if c.Disclose != nil {
			c.Disclose.encode(w)
		}
		w.raw(`</contact:chg>`)
	}
	w.raw(`</contact:update></update>`)
}

// ContactDelete deletes a contact.
type ContactDelete struct{ ID string }

// Op names the command.
func (c ContactDelete) Op() string { return "delete contact " + clean(c.ID, 64) }

func (c ContactDelete) body(w *writer) {
	w.raw(`<delete><contact:delete` + contactNS + `>`)
	contactID(w, c.ID)
	w.raw(`</contact:delete></delete>`)
}

// ContactTransfer moves a contact between sponsors.
type ContactTransfer struct {
	Do       Do
	ID       string
	AuthInfo catch.Secret
}

// Op names the command.
func (c ContactTransfer) Op() string {
	return fmt.Sprintf("transfer (%s) contact %s", string(c.Do), clean(c.ID, 64))
}

func (c ContactTransfer) body(w *writer) {
	w.raw(c.Do.attr(w) + `<contact:transfer` + contactNS + `>`)
	contactID(w, c.ID)
	if !c.AuthInfo.IsZero() {
		authInfo(w, "contact", c.AuthInfo)
	}
	w.raw(`</contact:transfer></transfer>`)
}

// HostCheck asks which host objects do not exist yet.
type HostCheck struct{ Names []string }

// Op names the command.
func (c HostCheck) Op() string { return "check host " + list(c.Names) }

func (c HostCheck) body(w *writer) {
	w.raw(`<check><host:check` + hostNS + `>`)
	if len(c.Names) == 0 {
		w.fail("write frame: no host to check")
	}
	for _, n := range c.Names {
		w.name("host:name", n)
	}
	w.raw(`</host:check></check>`)
}

// HostInfo reads a host object.
type HostInfo struct{ Name string }

// Op names the command.
func (c HostInfo) Op() string { return "info host " + clean(c.Name, 255) }

func (c HostInfo) body(w *writer) {
	w.raw(`<info><host:info` + hostNS + `>`)
	w.name("host:name", c.Name)
	w.raw(`</host:info></info>`)
}

// HostCreate makes a host object; addresses only where it needs glue.
type HostCreate struct {
	Name  string
	Addrs []string
}

// Op names the command.
func (c HostCreate) Op() string { return "create host " + clean(c.Name, 255) }

func (c HostCreate) body(w *writer) {
	w.raw(`<create><host:create` + hostNS + `>`)
	w.name("host:name", c.Name)
	addrs(w, "host:addr", c.Addrs)
	w.raw(`</host:create></create>`)
}

// HostUpdate changes a host object's addresses, statuses or name.
type HostUpdate struct {
	Name                   string
	AddAddrs, RemAddrs     []string
	AddStatus, RemStatuses []string
	NewName                string
}

// Op names the command.
func (c HostUpdate) Op() string { return "update host " + clean(c.Name, 255) }

func (c HostUpdate) body(w *writer) {
	w.raw(`<update><host:update` + hostNS + `>`)
	w.name("host:name", c.Name)
	for _, s := range []struct {
		tag      string
		addrs    []string
		statuses []string
	}{{"add", c.AddAddrs, c.AddStatus}, {"rem", c.RemAddrs, c.RemStatuses}} {
		if len(s.addrs)+len(s.statuses) == 0 {
			continue
		}
		w.raw("<host:" + s.tag + ">")
		addrs(w, "host:addr", s.addrs)
		for _, st := range s.statuses {
			w.status("host:status", st, hostStatuses)
		}
		w.raw("</host:" + s.tag + ">")
	}
	if c.NewName != "" {
		w.raw(`<host:chg>`)
		w.name("host:name", c.NewName)
		w.raw(`</host:chg>`)
	}
	w.raw(`</host:update></update>`)
}

// HostDelete deletes a host object.
type HostDelete struct{ Name string }

// Op names the command.
func (c HostDelete) Op() string { return "delete host " + clean(c.Name, 255) }

func (c HostDelete) body(w *writer) {
	w.raw(`<delete><host:delete` + hostNS + `>`)
	w.name("host:name", c.Name)
	w.raw(`</host:delete></delete>`)
}

// The statuses of RFC 5733, section 2.2, and of RFC 5732, section 2.3.
var (
	contactStatuses = []string{
		"clientDeleteProhibited", "clientTransferProhibited", "clientUpdateProhibited", "linked", "ok", "pendingCreate", "pendingDelete",
		"pendingTransfer", "pendingUpdate", "serverDeleteProhibited", "serverTransferProhibited", "serverUpdateProhibited",
	}
	hostStatuses = []string{
		"clientDeleteProhibited", "clientUpdateProhibited", "linked", "ok", "pendingCreate", "pendingDelete", "pendingTransfer",
		"pendingUpdate", "serverDeleteProhibited", "serverUpdateProhibited",
	}
)

func statuses(w *writer, tag string, list []string) {
	if len(list) == 0 {
		return
	}
	w.raw("<contact:" + tag + ">")
	for _, s := range list {
		w.status("contact:status", s, contactStatuses)
	}
	w.raw("</contact:" + tag + ">")
}

func addrs(w *writer, tag string, list []string) {
	for _, a := range list {
		ip, err := netip.ParseAddr(a)
		switch {
		case err != nil || ip.Zone() != "":
			w.fail("write frame: %q is no IP address", a)
		case ip.Is4():
			w.elemAttr(tag, `ip="v4"`, ip.String())
		default:
			w.elemAttr(tag, `ip="v6"`, ip.String())
		}
	}
}
