package epp

import (
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// HostData is what a registry has on a host object (RFC 5732, section 3.1.2).
type HostData struct {
	Name        string    `json:"name"`
	ROID        string    `json:"roid,omitempty"`
	Statuses    []string  `json:"statuses,omitempty"`
	Addrs       []string  `json:"addrs,omitempty"`
	Sponsor     string    `json:"sponsor,omitempty"`
	Creator     string    `json:"creator,omitempty"`
	Updater     string    `json:"updater,omitempty"`
	Created     time.Time `json:"created,omitzero"`
	Updated     time.Time `json:"updated,omitzero"`
	Transferred time.Time `json:"transferred,omitzero"`
}

// ReadHost reads the answer to an info about a host object.
func ReadHost(r *Response) (HostData, bool) {
	n := r.object(NSHost, "infData")
	if n == nil {
		return HostData{}, false
	}
	h := HostData{
		Name: strings.ToLower(n.Child("name").Str()), ROID: n.Child("roid").Str(), Addrs: texts(n.All("addr")),
		Sponsor: n.Child("clID").Str(), Creator: n.Child("crID").Str(), Updater: n.Child("upID").Str(),
	}
	for _, s := range n.All("status") {
		h.Statuses = append(h.Statuses, s.Attr("s"))
	}
	h.Created, _ = xmlDate(n.Child("crDate").Str())
	h.Updated, _ = xmlDate(n.Child("upDate").Str())
	h.Transferred, _ = xmlDate(n.Child("trDate").Str())
	return h, true
}

// ContactData is what a registry has on a contact (RFC 5733, section 3.1.2).
type ContactData struct {
	ID          string       `json:"id"`
	ROID        string       `json:"roid,omitempty"`
	Statuses    []string     `json:"statuses,omitempty"`
	Postal      []Postal     `json:"postal,omitempty"`
	Voice       string       `json:"voice,omitempty"`
	Fax         string       `json:"fax,omitempty"`
	Email       string       `json:"email,omitempty"`
	Sponsor     string       `json:"sponsor,omitempty"`
	Creator     string       `json:"creator,omitempty"`
	Updater     string       `json:"updater,omitempty"`
	Created     time.Time    `json:"created,omitzero"`
	Updated     time.Time    `json:"updated,omitzero"`
	Transferred time.Time    `json:"transferred,omitzero"`
	Disclose    *Disclose    `json:"disclose,omitempty"`
	AuthInfo    catch.Secret `json:"-"`
}

// ReadContact reads the answer to an info about a contact.
func ReadContact(r *Response) (ContactData, bool) {
	n := r.object(NSContact, "infData")
	if n == nil {
		return ContactData{}, false
	}
	phone := func(n *Node) string {
		if x := n.Attr("x"); x != "" && n.Str() != "" {
			return n.Str() + "x" + x
		}
		return n.Str()
	}
	c := ContactData{
		ID: n.Child("id").Str(), ROID: n.Child("roid").Str(), Email: n.Child("email").Str(),
		Sponsor: n.Child("clID").Str(), Creator: n.Child("crID").Str(), Updater: n.Child("upID").Str(),
	}
	if v := n.Child("voice"); v != nil {
		c.Voice = phone(v)
	}
	if v := n.Child("fax"); v != nil {
		c.Fax = phone(v)
	}
	for _, s := range n.All("status") {
		c.Statuses = append(c.Statuses, s.Attr("s"))
	}
	for _, p := range n.All("postalInfo") {
		a := p.Child("addr")
		c.Postal = append(c.Postal, Postal{
			Type: p.Attr("type"), Name: p.Child("name").Str(), Org: p.Child("org").Str(), Street: texts(a.All("street")),
			City: a.Child("city").Str(), State: a.Child("sp").Str(), Code: a.Child("pc").Str(), Country: a.Child("cc").Str(),
		})
	}
	c.Created, _ = xmlDate(n.Child("crDate").Str())
	c.Updated, _ = xmlDate(n.Child("upDate").Str())
	c.Transferred, _ = xmlDate(n.Child("trDate").Str())
	if a := n.Child("authInfo").Child("pw"); a != nil {
		c.AuthInfo = catch.NewSecret(a.Text)
	}
	if d := n.Child("disclose"); d != nil {
		flag := d.attr("flag")
		out := Disclose{
			Show: flag == "1" || flag == "true",
			Name: d.Child("name") != nil, Org: d.Child("org") != nil, Addr: d.Child("addr") != nil,
			Voice: d.Child("voice") != nil, Fax: d.Child("fax") != nil, Email: d.Child("email") != nil,
		}
		for _, k := range []string{"name", "org", "addr"} {
			out.Local = out.Local || d.Child(k).attr("type") == "loc"
		}
		c.Disclose = &out
	}
	return c, true
}
