package epp

import (
	"fmt"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/sandbox"
)

// TestSandbox runs what TestPeer runs against the sandbox, which validates what
// it reads with a parser of its own: in order, and with answers that overtake
// each other.
func TestSandbox(t *testing.T) {
	for name, f := range map[string]sandbox.Faults{"in order": {}, "out of order": {OutOfOrder: 20 * time.Millisecond, Loser2400: 0.3}} {
		t.Run(name, func(t *testing.T) {
			reg, err := sandbox.Start(t.Context(), sandbox.Options{
				TLDs:   []sandbox.TLD{{Zone: "test", Stages: []sandbox.Stage{{Name: "registered", Statuses: []string{"ok"}, For: time.Hour}}}},
				Policy: sandbox.Policy{Sessions: 4}, Faults: f,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer reg.Close()
			c := reg.Config()
			acc := c.Accounts[0]
			conn := NewConnector(Config{Addr: c.EPPAddr, Roots: c.Pool()}, Login{ClientID: acc.User, Password: catch.NewSecret(acc.Password), Agent: "lapse test"})
			s, _, err := conn.Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			everyCommand(t, s, c.Contacts[acc.User])
			if err := s.Logout(t.Context()); err != nil {
				t.Fatal(err)
			}
			var sessions []*Session
			for range 4 {
				s, _, err := conn.Connect(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = s.Close() })
				sessions = append(sessions, s)
			}
			pipelined(t, sessions, func(i int) DomainCreate {
				return DomainCreate{Name: fmt.Sprintf("name%d.test", i), Registrant: c.Contacts[acc.User]}
			})
			if n := reg.Violations()[acc.User]; n != 0 {
				t.Errorf("violations %v", reg.Breaches())
			}
		})
	}
}

// everyCommand takes a name, a contact and a host through their lives.
func everyCommand(t *testing.T, s *Session, handle string) {
	t.Helper()
	do := func(c Command) *Response {
		t.Helper()
		r, err := s.Do(t.Context(), c)
		if err != nil {
			t.Errorf("%v", err)
		}
		return r
	}
	do(ContactCreate{ID: "sh8013", Postal: []Postal{{Name: "John Doe", Street: []string{"1 Street"}, City: "Town", Code: "12345", Country: "US"}}, Voice: "+1.7035555555", Email: "j@example.com", AuthInfo: catch.NewSecret("2fooBAR-1")})
	do(ContactCheck{IDs: []string{"sh8013", "sh8014"}})
	do(ContactInfo{ID: "sh8013"})
	do(DomainCreate{Name: "life.test", Years: 1, Registrant: "sh8013", AuthInfo: catch.NewSecret("2fooBAR-2")})
	do(HostCheck{Names: []string{"ns1.life.test"}})
	do(HostCreate{Name: "ns1.life.test", Addrs: []string{"192.0.2.1"}})
	do(HostInfo{Name: "ns1.life.test"})
	do(DomainUpdate{Name: "life.test", Add: DomainSet{NS: []string{"ns1.life.test"}, Statuses: []string{"clientTransferProhibited"}}})
	d, err := s.Info(t.Context(), "life.test")
	if err != nil || len(d.NS) != 1 || d.Registrant != "sh8013" || d.Expires.IsZero() {
		t.Fatalf("info %+v %v", d, err)
	}
	do(DomainRenew{Name: "life.test", Expires: d.Expires, Years: 1})
	do(DomainUpdate{Name: "life.test", Registrant: handle, Rem: DomainSet{NS: []string{"ns1.life.test"}}, ClearAuthInfo: true})
	do(HostDelete{Name: "ns1.life.test"})
	do(ContactDelete{ID: "sh8013"})
	do(DomainDelete{Name: "life.test"})
	if _, err := s.Poll(t.Context()); err != nil {
		t.Error(err)
	}
	if g, err := s.Hello(t.Context()); err != nil || g.RTT == 0 {
		t.Errorf("hello %+v %v", g, err)
	}
}
