package rdap

import (
	"context"
	"net/url"

	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/reach"
)

// EnrichHost is the host that Enrich would ask, or "" where the answer names
// none.
func (c *Client) EnrichHost(a whoisx.Answer) string {
	u, err := url.Parse(a.RegistrarURL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Enrich asks the registrar's own RDAP server, where the registry's answer
// names one, and adds what the registry left out: the registrar's expiry, its
// name and IANA ID, the created date. Nothing that the registry said changes;
// outcome, statuses, the registry's expiry and name servers are its alone. The
// registrar's answer is handed back beside, so that a failure of it can be
// shown; its links are not followed any further.
func (c *Client) Enrich(ctx context.Context, a whoisx.Answer) (enriched, registrar whoisx.Answer) {
	if a.RegistrarURL == "" || a.Outcome != whoisx.Registered {
		return a, whoisx.Answer{Source: whoisx.RDAP, Name: a.Name, Asked: c.now(), Outcome: whoisx.Unsupported, Why: "the registry names no RDAP server of the registrar"}
	}
	u, err := reach.Learned(a.RegistrarURL)
	if err != nil {
		return a, whoisx.Answer{Source: whoisx.RDAP, Name: a.Name, Asked: c.now(), Outcome: whoisx.Unreachable, Why: "the registrar's address was not asked: " + err.Error()}
	}
	r := c.ask(ctx, u.String(), false, a.Name)
	return Add(a, r), r
}

// Add adds a registrar's answer to the registry's. An answer that is not about
// the same registered name adds nothing.
func Add(a, registrar whoisx.Answer) whoisx.Answer {
	if registrar.Outcome != whoisx.Registered || !registrar.Confirmed || registrar.Name != a.Name {
		return a
	}
	before := a
	if a.RegistrarExpires.IsZero() {
		if a.RegistrarExpires = registrar.RegistrarExpires; a.RegistrarExpires.IsZero() {
			a.RegistrarExpires = registrar.Expires
		}
	}
	if a.Created.IsZero() {
		a.Created = registrar.Created
	}
	if a.Registrar == "" {
		a.Registrar = registrar.Registrar
	}
	if a.RegistrarID == "" {
		a.RegistrarID = registrar.RegistrarID
	}
	a.Evidence = append([]whoisx.Evidence(nil), a.Evidence...)
	say := func(text, what string) {
		a.Evidence = append(a.Evidence, whoisx.Evidence{Source: whoisx.RDAP, Text: text, Says: what + ", by the registrar's server " + registrar.Server})
	}
	if before.RegistrarExpires.IsZero() && !a.RegistrarExpires.IsZero() {
		say(a.RegistrarExpires.String(), "expires at the registrar")
	}
	if before.Created.IsZero() && !a.Created.IsZero() {
		say(a.Created.String(), "created")
	}
	if before.Registrar == "" && a.Registrar != "" {
		say(a.Registrar, "registrar")
	}
	return a
}
