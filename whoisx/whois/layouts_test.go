package whois

import (
	"slices"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// TestNameServerLayouts reads the same two name servers in the layouts of
// registries and registrars.
func TestNameServerLayouts(t *testing.T) {
	want := []string{"ns1.example.net", "ns2.example.net"}
	for _, text := range []string{
		"Name servers: ns1.example.net, ns2.example.net", "Name servers: ns1.example.net;ns2.example.net", "Name servers: ns1.example.net|ns2.example.net", "Dns Hostnames: ns1.example.net,ns2.example.net",
		"Name servers: ns1.example.net (192.0.2.1), ns2.example.net [192.0.2.2]", "Nameservers: {ns1.example.net} {ns2.example.net}", "Nameservers\n  1. ns1.example.net\n  2. ns2.example.net", "Nameservers:\n  - ns1.example.net\n  * ns2.example.net",
		"Nameservers : ns1.example.net (192.0.2.1)\n            : ns2.example.net", "Nameservers:\n  Host: ns1.example.net\n  IP: 192.0.2.1\n  Host: ns2.example.net", "Delegated nameservers:\nns1.example.net\nns2.example.net", "Zone NS: ns1.example.net\nZone NS: ns2.example.net",
		"Primary Name Server Hostname....: ns1.example.net\nPrimary Name Server Address.....: 192.0.2.1\nSecondary Name Server Hostname..: ns2.example.net", "Server Name: NS1.EXAMPLE.NET\nServer Name: ns2.example.net.",
	} {
		a := Classify([]byte("Domain Name: lapse.example\nCreated: 2001-02-03\n"+text+"\n"), "", "lapse.example", time.Time{})
		if a.Outcome != whoisx.Registered || !slices.Equal(a.Nameservers, want) {
			t.Errorf("%q: %s (%s), name servers %v", text, a.Outcome, a.Why, a.Nameservers)
		}
	}
}

// TestOwnRecords reads records that a domain refers to, each with dates of its
// own: they are not the domain's.
func TestOwnRecords(t *testing.T) {
	a := Classify([]byte("domain:       lapse.ao\nregistrant:   ND\nnsset:        NS\nregistrar:    REG\nregistered:   07.11.2008 22:02:11\nexpire:       02.05.2028\n\ncontact:      ND\nname:         Example Inc\nregistrar:    REG\ncreated:      07.11.2009 22:02:11\nchanged:      19.02.2013 17:07:21\n\nnsset:        NS\nnserver:      ns1.example.net\nregistrar:    REG\ncreated:      07.11.2010 22:02:11\nchanged:      26.04.2011 20:16:20\n"), "", "lapse.ao", time.Time{})
	if a.Created.Format(time.DateOnly) != "2008-11-07" || !a.Updated.IsZero() || a.Expires.Format(time.DateOnly) != "2028-05-02" || len(a.Nameservers) != 1 {
		t.Errorf("created %s, updated %q, expires %s, name servers %v", a.Created, a.Updated, a.Expires, a.Nameservers)
	}
}

// TestMarkup reads what gateways answer on port 43 in forms of other protocols:
// what they do not find is no domain.
func TestMarkup(t *testing.T) {
	for _, text := range []string{`{"error":"not found"}`, "{\n  \"message\": \"No match\"\n}", "<error>not found</error>", "<?xml version=\"1.0\"?>\n<e>No entries found</e>", "<!DOCTYPE html>\n404 Not Found", "HTTP/1.1 404 Not Found\n\nNo match"} {
		if a := Classify([]byte(text+"\n"), "", "lapse.example", time.Time{}); a.Outcome != whoisx.Unreadable {
			t.Errorf("%q: read %s (%s)", text, a.Outcome, a.Why)
		}
	}
}
