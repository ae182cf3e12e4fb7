package whois

import (
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// TestNothingFoundAndMore reads answers that say that nothing was found and
// something else besides: only where the rest is a legal text is a name free.
func TestNothingFoundAndMore(t *testing.T) {
	const terms = "% It is prohibited to:\n% - send queries in bulk\n%\n% Please query the WHOIS server of the owning registrar identified in this\n% output for information on how to contact the registrant.\n%\n"
	for _, s := range []struct {
		text string
		want whoisx.Outcome
	}{
		{"Domain not found (query limit 10 of 10 exceeded)\n", whoisx.RateLimited},
		{"The domain was not found because the query limit was reached\n", whoisx.RateLimited},
		{"No entries: the allowance of your address is spent\n", whoisx.RateLimited},
		{"No match. Your daily allowance is exhausted.\n", whoisx.RateLimited},
		{"Quota reached, no match\n", whoisx.RateLimited},
		{"No match\n\nAll lookups of your allowance are used up\n", whoisx.RateLimited},
		{"No match\nYour network stays limited until noon\n", whoisx.Unreadable},
		{"Has excedido el número de consultas permitidas\n", whoisx.RateLimited},
		{"No entries found: access restricted to registrars.\n", whoisx.Refused},
		{"No matching records were found for your IP in the whitelist\n", whoisx.Refused},
		{"You are not permitted to query this server. No match found.\n", whoisx.Refused},
		{"Service temporarily not available, no data found\n", whoisx.Unreachable},
		{"Database not available\n", whoisx.Unreachable},
		{"WHOIS lookup for LAPSE.EXAMPLE can temporarily not be answered. Please try again.\n", whoisx.Unreachable},
		{"No match: lapse.example is a premium name, ask for its price\n", whoisx.Premium},
		{"lapse.example was not found, it is reserved\n", whoisx.Reserved},
		{"lapse.example is not registered and goes to auction\n", whoisx.Gated},
		{"The name is in the stop list\n", whoisx.Reserved},
		{"Please go away for 221 seconds\n", whoisx.RateLimited},
		{"The IP address has reached rate limit\n", whoisx.RateLimited},
		{"Access to the WHOIS service is denied.\nDomain Name: lapse.example\n", whoisx.Refused},

		{"Domain not found.\n\n" + terms, whoisx.NotRegistered},
		{terms + "Domain Name: lapse.example\nquery_status: 220 Available\n", whoisx.NotRegistered},
		{"No information about lapse.example\n\nWHOIS shows data with a delay not exceeding 15 minutes\n", whoisx.NotRegistered},
	} {
		if a := Classify([]byte(s.text), "", "lapse.example", time.Time{}); a.Outcome != s.want {
			t.Errorf("%q: read %s (%s), want %s", s.text, a.Outcome, a.Why, s.want)
		}
	}
}

// TestNothingElseFound reads sentences in which a server fails to find
// something, but not the name: none of them makes it free.
func TestNothingElseFound(t *testing.T) {
	for _, text := range []string{
		"No match for your IP address in our access list", "Your account was not found", "No such user", "Not registered users may ask ten times a day", "Unregistered users are limited",
		"No such command", "bash: whois: command not found", "Not found in cache, asking upstream", "No entries found in the cache; try later", "Object not found in replica",
		"Name server not found", "no object found for contact X-1", "Handle not found: X-1", "Could not find whois server", "Host not found", "no such host", "Server not found",
		"404 Not Found", "No such file or directory", "Database does not exist", "No data available at this time", "No data received", "No object specified", "Name does not exist in DNS",
		"No match found for your credentials", "No records match your authorization", "Registrar not found", "No registrar record found", "Nothing found wrong", "Config not found",
		"The record of lapse.example could not be found due to an error", "No data: connection to registry lost", "No entries found, the database is being rebuilt", "No match for lapse.example; service degraded", "No results, query cancelled", "No records returned, upstream failure",
		"No data available (private)", "No information: hidden by registrant", "No whois data published for this domain", "No WHOIS data is disclosed for this domain", "No WHOIS information is shown for registered domains", "not found or private",
		"Not registered with us", "This domain is not registered with this registrar", "The domain is not in our database, query the registry", "Domain not found: not our TLD",
		"lapse.example does not exist in DNS", "No such option", "lapse.example was not found in blocklist", "Nothing found in the log",
		"Available 24/7", "free of charge", "No free slots", "Available domains: 10",
	} {
		if a := Classify([]byte(text+"\n"), "", "lapse.example", time.Time{}); a.Outcome == whoisx.NotRegistered || a.Outcome == whoisx.Registered {
			t.Errorf("%q: read %s", text, a.Outcome)
		}
	}
	for _, text := range []string{
		"Key not found", "The requested domain was not found in the Registry or Registrar's WHOIS Server.", "No domains matched", "Sorry - no lapse.example",
		"This domain is not available in our whois database", "lapse.example: no existe", "Requested domain cannot be found", "No records found in the domain service",
	} {
		if a := Classify([]byte(text+"\n"), "", "lapse.example", time.Time{}); a.Outcome != whoisx.NotRegistered {
			t.Errorf("%q: read %s (%s)", text, a.Outcome, a.Why)
		}
	}
}

// TestSpellings reads a record that names its domain in several scripts: the
// other spellings begin no second record.
func TestSpellings(t *testing.T) {
	a := Classify([]byte("Domain Name: 例子.中国\nPuny Name: xn--fsqu00a.xn--fiqs8s\nDomain Name: 例子.中國\nPuny Name: xn--fsqu00a.xn--fiqz9s\nDomain Status: ok\nSponsoring Registrar: Example (http://www.example.com)\nName Server: ns1.example.com\nRegistration Time: 2004-08-08 22:27:10\nExpiration Time: 2027-08-08 22:27:10\n"), "whois.cnnic.cn", "xn--fsqu00a.xn--fiqs8s", time.Time{})
	if a.Outcome != whoisx.Registered || a.Created.IsZero() || a.Expires.IsZero() || len(a.Nameservers) != 1 || a.Registrar != "Example" {
		t.Errorf("read %s (%s): created %s, expires %s, name servers %v, registrar %q", a.Outcome, a.Why, a.Created, a.Expires, a.Nameservers, a.Registrar)
	}
}

// TestTransports reads the same answers in every dress in which they arrive or
// are saved: line ends, byte order marks, blanks that are no blanks, banners,
// names in capitals or with a final dot.
func TestTransports(t *testing.T) {
	const banner = "% Welcome to this server\n% Access may be rate limited; queries exceeding the limit are refused.\n%\n\n"
	utf16 := func(s string) string {
		b := []byte("\xff\xfe")
		for _, c := range []byte(s) {
			b = append(b, c, 0)
		}
		return string(b)
	}
	for _, answer := range []struct {
		text string
		want whoisx.Outcome
	}{
		{"Domain Name: LAPSE.EXAMPLE\nRegistrar: Example\nCreation Date: 2001-02-03T04:05:06Z\nName Server: NS1.EXAMPLE.NET\nDomain Status: ok\n", whoisx.Registered},
		{"No match for \"LAPSE.EXAMPLE\".\n", whoisx.NotRegistered},
		{"Domain Name: lapse.example\nDomain Status: No Object Found\n", whoisx.NotRegistered},
		{"Domain Name: lapse.example\nStatus: Reserved\n", whoisx.Reserved},
		{"Too many requests\nNo match\n", whoisx.RateLimited},
	} {
		for how, text := range map[string]string{
			"as it is":        answer.text,
			"CRLF":            strings.ReplaceAll(answer.text, "\n", "\r\n"),
			"CR CR LF":        strings.ReplaceAll(answer.text, "\n", "\r\r\n"),
			"CR":              strings.ReplaceAll(answer.text, "\n", "\r"),
			"no last newline": strings.TrimSuffix(answer.text, "\n"),
			"byte order mark": "\ufeff" + answer.text,
			"UTF-16":          utf16(answer.text),
			"hard blanks":     strings.ReplaceAll(answer.text, ": ", ":\u00a0"),
			"banner before":   banner + answer.text,
			"banner after":    answer.text + "\n" + banner,
			"indented":        "   " + strings.ReplaceAll(answer.text, "\n", "\n   "),
			"blanks at ends":  strings.ReplaceAll(answer.text, "\n", "  \t\n"),
			"capitals":        strings.ToUpper(answer.text),
		} {
			for _, name := range []string{"lapse.example", "LAPSE.Example", "lapse.example."} {
				a := Classify([]byte(text), "", name, time.Time{})
				if a.Outcome != answer.want {
					t.Errorf("%q, %s, asked for %s: read %s (%s)", answer.text, how, name, a.Outcome, a.Why)
				}
				if answer.want == whoisx.Registered && (a.Created.IsZero() || len(a.Nameservers) != 1 || a.Registrar == "" || len(a.Statuses) != 1) {
					t.Errorf("%s, asked for %s: created %s, name servers %v, registrar %q, statuses %v", how, name, a.Created, a.Nameservers, a.Registrar, a.Statuses)
				}
			}
		}
	}
}

// TestRootFirst reads what whois programs save that follow IANA's referral:
// what IANA says of the TLD is not about the name.
func TestRootFirst(t *testing.T) {
	const root = "% IANA WHOIS server\n% for more information on IANA, visit http://www.iana.org\n% This query returned 1 object\n\nrefer:        whois.example\n\ndomain:       EXAMPLE\n\norganisation: A Registry\n\nnserver:      A.NIC.EXAMPLE 192.0.2.1\nwhois:        whois.example\n\nstatus:       ACTIVE\nremarks:      Registration information: http://example/\n\ncreated:      1988-04-14\nchanged:      2025-07-11\nsource:       IANA\n\n# whois.example\n\n"
	for _, s := range []struct {
		name, text string
		want       whoisx.Outcome
		created    string
	}{
		{"lapse.example", root, whoisx.Unreadable, ""},
		{"lapse.example", root + "Domain not found.\n", whoisx.NotRegistered, ""},
		{"lapse.example", root + "Too many requests\n", whoisx.RateLimited, ""},
		{"lapse.example", root + "Domain Name: lapse.example\nCreation Date: 2001-02-03T04:05:06Z\nRegistrar: Example\nName Server: ns1.example.net\n", whoisx.Registered, "2001-02-03"},
		{"lapse.int", strings.ReplaceAll(root, "domain:       EXAMPLE", "domain:       LAPSE.INT"), whoisx.Registered, "1988-04-14"},
	} {
		a := Classify([]byte(s.text), "", s.name, time.Time{})
		if a.Outcome != s.want {
			t.Errorf("%s, %q: read %s (%s), want %s", s.name, strings.TrimPrefix(s.text, root), a.Outcome, a.Why, s.want)
		}
		if got := a.Created; s.created == "" && !got.IsZero() || s.created != "" && got.Format(time.DateOnly) != s.created {
			t.Errorf("%s: created %s, want %s", s.name, got, s.created)
		}
		for _, e := range a.Evidence {
			if s.want == whoisx.Registered && s.name == "lapse.example" && e.Line <= strings.Count(root, "\n") {
				t.Errorf("line %d of IANA's answer counts: %s", e.Line, e.Text)
			}
		}
	}
}
