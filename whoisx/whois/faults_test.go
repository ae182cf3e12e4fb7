package whois

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/lapse-dev/lapse/whoisx"
)

// TestMeasuredFaults puts the inputs on which WHOIS libraries were seen to
// panic, hang, grow or lie to this room: each is harmless here.
func TestMeasuredFaults(t *testing.T) {
	clean := func(t *testing.T, a whoisx.Answer) {
		for _, s := range append([]string{a.Why, a.Registrar}, append(a.Nameservers, a.SaidStatuses...)...) {
			if strings.ContainsFunc(s, unicode.IsControl) {
				t.Errorf("%q could reach a terminal", s)
			}
		}
		for _, e := range a.Evidence {
			if strings.ContainsFunc(e.Text, unicode.IsControl) {
				t.Errorf("evidence %q could reach a terminal", e.Text)
			}
		}
	}
	for _, f := range []struct {
		what, server, name, text string
		want                     whoisx.Outcome
	}{
		{"a label without a colon after .fr's domain", "whois.nic.fr", "a.fr", "domain: a.fr\nholder-c", whoisx.Unreadable},
		{"a referral without a newline", "", "a.example", "refer: x", whoisx.Unreadable},
		{"a registrar's server without a newline", "", "a.example", "Registrar WHOIS Server: ", whoisx.Unreadable},
		{"another domain", "", "a.example", "Domain Name: foo.bar\nCreation Date: 2001-02-03\nName Server: ns1.foo.bar\n", whoisx.Unreadable},
		{"a refusal that names another domain", "", "a.example", "Your query was refused. Domain Name: foo.bar", whoisx.Refused},
		{"throttling that says no entries", "whois.nic.fr", "a.fr", "%% Too many requests...\n%%\n%% No entries found in the AFNIC Database.\n", whoisx.RateLimited},
		{"free, said with a domain line", "", "a.ca", "Domain name: a.ca\nDomain status: available\n", whoisx.NotRegistered},
		{"not available is not free", "", "a.be", "Domain:\ta.be\nStatus:\tNOT AVAILABLE\nRegistered:\tTue Dec 12 2000\n", whoisx.Registered},
		{"legal text with not found in it", "", "a.example", "Domain Name: a.example\nRegistrar: R\n\nNot found in this answer is whatever the registry hides.\n", whoisx.Registered},
		{"escape sequences", "", "a.example", "Domain Name: a.example\nRegistrar: \x1b]0;pwn\x07Evil\x1b[31m\u202e\nStatus: \x1b[2Jactive\nName Server: ns1.example.net\n", whoisx.Registered},
		{"invalid UTF-8", "", "a.example", "Domain Name: a.example\nRegistrar: Soci\xe9t\xe9\nCreation Date: 2001-02-03\n", whoisx.Registered},
		{"null dates", "", "a.example", "Domain Name: a.example\nRegistrar: R\nCreation Date: null\nUpdated Date: 0000-00-00\nExpiry Date: not defined\n", whoisx.Registered},
		{"many labels for .fr", "whois.nic.fr", "a.fr", strings.Repeat("a:b\n", 64<<10), whoisx.Unreadable},
	} {
		t.Run(f.what, func(t *testing.T) {
			a := Classify([]byte(f.text), f.server, f.name, time.Time{})
			if a.Outcome != f.want {
				t.Errorf("read %s (%s), want %s", a.Outcome, a.Why, f.want)
			}
			if strings.Contains(f.what, "null") && (!a.Created.IsZero() || !a.Updated.IsZero() || !a.Expires.IsZero()) {
				t.Errorf("null words became dates: %s %s %s", a.Created, a.Updated, a.Expires)
			}
			clean(t, a)
		})
	}
	t.Run("512 MiB", func(t *testing.T) {
		chunk := []byte(strings.Repeat("no match\n", 8<<10))
		addr := serve(t, func(c *net.TCPConn, _ string) {
			for range (512 << 20) / len(chunk) {
				if _, err := c.Write(chunk); err != nil {
					return
				}
			}
		})
		a := configured(t, addr, 5*time.Second).Ask(t.Context(), "a.example")
		if a.Outcome != whoisx.Unreadable || !a.Truncated || len(a.Raw) > maxAnswer {
			t.Errorf("read %s, %d bytes", a.Outcome, len(a.Raw))
		}
	})
	t.Run("referral to loopback", func(t *testing.T) {
		hit := make(chan struct{}, 1)
		trap := serve(t, func(*net.TCPConn, string) { hit <- struct{}{} })
		addr := serve(t, reply("Domain Name: a.example\r\nRegistrar: R\r\nRegistrar WHOIS Server: "+trap+"\r\nwhois: "+trap+"\r\n"))
		a := configured(t, addr, time.Second).Ask(t.Context(), "a.example")
		if a.Outcome != whoisx.Registered {
			t.Errorf("read %s (%s)", a.Outcome, a.Why)
		}
		select {
		case <-hit:
			t.Error("the referral was followed")
		default:
		}
	})
	t.Run("line break in the name", func(t *testing.T) {
		c := New(Options{Dial: func(context.Context, string, string) (net.Conn, error) {
			t.Error("dialled")
			return nil, net.ErrClosed
		}})
		if a := c.Ask(t.Context(), "a.com\r\nb.com"); a.Outcome != whoisx.Invalid {
			t.Errorf("read %s", a.Outcome)
		}
	})
}
