package epp

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Greeting is what a server says of itself (RFC 5730, section 2.4).
type Greeting struct {
	Server   string    // svID
	Date     time.Time // svDate: the registry's own clock; zero where it cannot be read
	Received time.Time // when it reached us, on our clock
	// RTT is the round trip of the hello that it answers; zero for the first
	// greeting, which nobody asked for.
	RTT        time.Duration
	Versions   []string
	Langs      []string
	Objects    []string
	Extensions []string
	Policy     DataCollection
}

// DataCollection is what a server says of the data that it collects (the dcp
// element of RFC 5730, section 2.4), in the protocol's own words.
type DataCollection struct {
	Access     string // all, none, null, other, personal, personalAndOther
	Statements []DataStatement
	Expires    time.Time // absolute, or
	Within     string    // relative, as ISO 8601 writes a duration
}

// DataStatement says what data is for, who gets it and how long it is kept.
type DataStatement struct {
	Purpose   []string // admin, contact, prov, other
	Recipient []string // other, ours, public, same, unrelated
	Retention string   // business, indefinite, legal, none, stated
}

func readPolicy(n *Node) (p DataCollection) {
	names := func(n *Node) (out []string) {
		if n == nil {
			return nil
		}
		for _, k := range n.Kids {
			if len(out) < 20 {
				out = append(out, clean(k.Local, 40))
			}
		}
		return out
	}
	first := func(n *Node) string {
		if all := names(n); len(all) > 0 {
			return all[0]
		}
		return ""
	}
	p.Access = first(n.Child("access"))
	for _, s := range n.All("statement") {
		if len(p.Statements) < 20 {
			p.Statements = append(p.Statements, DataStatement{names(s.Child("purpose")), names(s.Child("recipient")), first(s.Child("retention"))})
		}
	}
	p.Expires, _ = xmlDate(n.Child("expiry").Child("absolute").Str())
	p.Within = n.Child("expiry").Child("relative").Str()
	return p
}

// ParseGreeting reads a greeting frame.
func ParseGreeting(frame []byte) (Greeting, error) {
	root, err := parse(frame)
	if err != nil {
		return Greeting{}, fmt.Errorf("read greeting: %w", err)
	}
	n := root.Child("greeting")
	if root.Local != "epp" || root.Space != NSEPP || n == nil {
		return Greeting{}, errors.New("read greeting: the server did not greet; is this an EPP port?")
	}
	g := Greeting{Server: clean(n.Child("svID").Str(), 64)}
	g.Date, _ = xmlDate(n.Child("svDate").Str())
	menu := n.Child("svcMenu")
	strs := func(list []*Node) []string {
		var out []string
		for _, x := range list {
			if len(out) < 200 {
				out = append(out, clean(x.Text, 200))
			}
		}
		return out
	}
	g.Versions, g.Langs, g.Objects = strs(menu.All("version")), strs(menu.All("lang")), strs(menu.All("objURI"))
	g.Extensions = strs(menu.Child("svcExtension").All("extURI"))
	g.Policy = readPolicy(n.Child("dcp"))
	return g, nil
}

// Services picks what the login will list: what the server offers and this
// client or its caller (foreign) knows, and of the fee extensions the best
// alone. Strict servers refuse a login that lists anything they did not offer.
func (g Greeting) Services(foreign ...string) (Services, error) {
	if !slices.Contains(g.Objects, NSDomain) {
		return Services{}, fmt.Errorf("read greeting of %s: it does not offer domain names (%s)", g.Server, NSDomain)
	}
	if len(g.Versions) > 0 && !slices.Contains(g.Versions, "1.0") {
		return Services{}, fmt.Errorf("read greeting of %s: it does not speak EPP 1.0", g.Server)
	}
	s := Services{Lang: "en"}
	if len(g.Langs) > 0 && !slices.Contains(g.Langs, "en") {
		s.Lang = g.Langs[0]
	}
	for _, u := range objects {
		if slices.Contains(g.Objects, u) {
			s.Objects = append(s.Objects, u)
		}
	}
	for _, u := range balances {
		if slices.Contains(g.Objects, u) {
			s.Objects = append(s.Objects, u)
			break
		}
	}
	for _, u := range feeVersions {
		if slices.Contains(g.Extensions, u) {
			s.Fee = u
			s.Extensions = append(s.Extensions, u)
			break
		}
	}
	for _, u := range slices.Concat(known, foreign) {
		if slices.Contains(g.Extensions, u) {
			s.Extensions = append(s.Extensions, u)
		}
	}
	return s, nil
}
