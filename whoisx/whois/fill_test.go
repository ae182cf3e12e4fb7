package whois

import (
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

func TestFillOnlyFills(t *testing.T) {
	text := "Domain Name: example.com\nCreation Date: 2010-01-01T00:00:00Z\nRegistrar: Example Registrar, Inc.\nName Server: ns1.example.net\nName Server: ns2.example.net\nDomain Status: ok\n"
	held := whoisx.Answer{Outcome: whoisx.Registered, Confirmed: true, Name: "example.com"}
	a := held
	Fill(&a, text)
	if a.Registrar != "Example Registrar, Inc." || strings.Join(a.Nameservers, " ") != "ns1.example.net ns2.example.net" || len(a.Evidence) != 3 || a.Evidence[0].Line != 3 {
		t.Errorf("filled %+v", a)
	}
	if !a.Created.IsZero() || a.Statuses != nil || a.Outcome != whoisx.Registered {
		t.Errorf("it decided something: %+v", a)
	}
	known := held
	known.Registrar, known.Nameservers = "Ours", []string{"ns.ours.net"}
	Fill(&known, text)
	if known.Registrar != "Ours" || len(known.Nameservers) != 1 {
		t.Errorf("it replaced what was found: %+v", known)
	}
	for name, a := range map[string]whoisx.Answer{
		"not registered": {Outcome: whoisx.NotRegistered, Confirmed: true, Name: "example.com"},
		"not confirmed":  {Outcome: whoisx.Registered, Name: "example.com"},
		"another domain": {Outcome: whoisx.Registered, Confirmed: true, Name: "other.com"},
	} {
		before := a.Outcome
		Fill(&a, text)
		if a.Registrar != "" || a.Nameservers != nil || a.Outcome != before {
			t.Errorf("%s: filled %+v", name, a)
		}
	}
}

// TestFillSurvivesTheParser holds it against texts on which the parser panics,
// and on which its time grows with the square of their length.
func TestFillSurvivesTheParser(t *testing.T) {
	a := whoisx.Answer{Outcome: whoisx.Registered, Confirmed: true, Name: "a.fr"}
	Fill(&a, "domain: a.fr\nholder-c")
	Fill(&a, "domain: a.fr\n"+strings.Repeat("a:b\n", 1<<18))
	if a.Registrar != "" || a.Nameservers != nil {
		t.Errorf("filled %+v", a)
	}
	if got := Classify([]byte("domain: a.fr\nholder-c"), "whois.nic.fr", "a.fr", time.Time{}); got.Outcome == whoisx.NotRegistered {
		t.Errorf("read as %s", got.Outcome)
	}
}

func FuzzFill(f *testing.F) {
	f.Add("Domain Name: example.com\nRegistrar: X\n", "example.com")
	f.Add("domain: a.fr\nholder-c", "a.fr")
	f.Add("domain.tk\n  Domain name:\n a.tk\n", "a.tk")
	f.Fuzz(func(t *testing.T, text, name string) {
		a := whoisx.Answer{Outcome: whoisx.Registered, Confirmed: true, Name: name}
		Fill(&a, text)
		if a.Outcome != whoisx.Registered || a.Registrar != whoisx.CleanLine(a.Registrar) {
			t.Errorf("%+v", a)
		}
	})
}
