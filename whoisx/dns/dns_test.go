package dns

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/lapse-dev/lapse/whoisx"
)

// zoneServer serves a made-up root, TLD and second level on loopback, over UDP
// and TCP.
func zoneServer(t *testing.T, handle dns.HandlerFunc) string {
	t.Helper()
	var addr string
	for range 20 { // a port that is free for both
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", pc.LocalAddr().String())
		if err != nil {
			_ = pc.Close()
			continue
		}
		addr = pc.LocalAddr().String()
		for _, s := range []*dns.Server{{PacketConn: pc, Handler: handle}, {Listener: l, Handler: handle}} {
			up := make(chan struct{})
			s.NotifyStartedFunc = func() { close(up) }
			go func() { _ = s.ActivateAndServe() }()
			<-up
			t.Cleanup(func() { _ = s.Shutdown() })
		}
		return addr
	}
	t.Fatal("no port")
	return ""
}

func rr(t *testing.T, s string) dns.RR {
	t.Helper()
	r, err := dns.NewRR(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// world answers as a root, as example's server and as co.example's server.
func world(t *testing.T) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		name := strings.ToLower(strings.TrimSuffix(q.Question[0].Name, "."))
		delegate := func(hosts ...string) {
			for _, h := range hosts {
				m.Ns = append(m.Ns, rr(t, fmt.Sprintf("%s. 60 IN NS %s.", name, h)))
			}
		}
		switch name {
		case "example":
			delegate("ns.example")
			m.Extra = append(m.Extra, rr(t, "ns.example. 60 IN A 192.0.47.59"), rr(t, "other.example. 60 IN A 10.0.0.1"))
		case "private":
			delegate("ns.private")
			m.Extra = append(m.Extra, rr(t, "ns.private. 60 IN A 127.0.0.1"), rr(t, "ns.private. 60 IN AAAA ::1"))
		case "held.example":
			delegate("NS1.Some.Net", "ns2.some.net")
		case "lame.example":
			delegate("ns1.broken.net")
			if q.Question[0].Qtype == dns.TypeSOA {
				m.Ns, m.Rcode = nil, dns.RcodeServerFailure
			}
		case "parked.example":
			delegate("ns1.sedoparking.com", "ns2.sedoparking.com")
		case "mixed.example":
			delegate("ns1.sedoparking.com", "ns1.some.net")
		case "auction.example":
			delegate("ns1.namejet.com", "ns2.namejet.com")
		case "deep.co.example":
			m.Ns = append(m.Ns, rr(t, "co.example. 60 IN NS ns.co.example."))
			m.Extra = append(m.Extra, rr(t, "ns.co.example. 60 IN A 192.0.47.60"))
			if w.LocalAddr().String() != "" && q.IsEdns0() != nil && deep(w) {
				m.Ns, m.Extra = []dns.RR{rr(t, "deep.co.example. 60 IN NS ns.deep.net.")}, nil
			}
		case "big.example":
			if w.RemoteAddr().Network() == "udp" {
				m.Truncated = true
			} else {
				delegate("ns1.big.net")
			}
		case "refused.example":
			m.Rcode = dns.RcodeRefused
		case "stray.example":
			m.Ns = append(m.Ns, rr(t, "other.example. 60 IN NS ns.evil.net."))
		case "empty.example":
			m.Authoritative = true
			m.Ns = append(m.Ns, rr(t, "example. 60 IN SOA ns.example. x.example. 1 2 3 4 5"))
		case "silent.example":
			return
		case "wrong.example":
			m.Id++
		default:
			m.Authoritative = true
			m.Rcode = dns.RcodeNameError
		}
		_ = w.WriteMsg(m)
	}
}

var deepPort sync.Map

func deep(w dns.ResponseWriter) bool {
	_, ok := deepPort.Load(w.LocalAddr().String())
	return ok
}

// dialTo sends every public address to a loopback server.
func dialTo(t *testing.T, to map[string]string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(addr)
		if at, ok := to[host]; ok {
			return (&net.Dialer{}).DialContext(ctx, network, at)
		}
		if strings.HasPrefix(host, "127.") {
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		}
		t.Errorf("dialled %s", addr)
		return nil, fmt.Errorf("no route to %s", addr)
	}
}

func TestAsk(t *testing.T) {
	addr := zoneServer(t, world(t))
	second := zoneServer(t, world(t))
	deepPort.Store(second, true)
	c := New(Options{
		Servers:  map[string][]string{".": {addr}},
		Resolver: addr,
		Timeout:  1200 * time.Millisecond,
		Dial:     dialTo(t, map[string]string{"192.0.47.59": addr, "192.0.47.60": second}),
	})
	for _, tt := range []struct {
		name    string
		outcome whoisx.Outcome
		deleg   whoisx.Delegation
		ns      string
	}{
		{"held.example", whoisx.Registered, whoisx.Delegated, "ns1.some.net ns2.some.net"},
		{"gone.example", whoisx.NotRegistered, whoisx.NotDelegated, ""},
		{"empty.example", whoisx.NotRegistered, whoisx.NotDelegated, ""},
		{"lame.example", whoisx.Registered, whoisx.Lame, "ns1.broken.net"},
		{"parked.example", whoisx.Registered, whoisx.Parked, "ns1.sedoparking.com ns2.sedoparking.com"},
		{"mixed.example", whoisx.Registered, whoisx.Delegated, "ns1.sedoparking.com ns1.some.net"},
		{"auction.example", whoisx.Registered, whoisx.AtAuctionHouse, "ns1.namejet.com ns2.namejet.com"},
		{"deep.co.example", whoisx.Registered, whoisx.Delegated, "ns.deep.net"},
		{"big.example", whoisx.Registered, whoisx.Delegated, "ns1.big.net"},
		{"stray.example", whoisx.Unreachable, "", ""},
		{"refused.example", whoisx.Unreachable, "", ""},
		{"silent.example", whoisx.Unreachable, "", ""},
		{"wrong.example", whoisx.Unreachable, "", ""},
		{"a.private", whoisx.Unreachable, "", ""},
		{"a.nosuchtld", whoisx.Unsupported, "", ""},
		{"example", whoisx.Invalid, "", ""},
		{"a b.example", whoisx.Invalid, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := c.Ask(t.Context(), tt.name)
			if a.Outcome != tt.outcome || a.Delegation != tt.deleg || strings.Join(a.Nameservers, " ") != tt.ns {
				t.Errorf("%s %s %v (%s), want %s %s %s", a.Outcome, a.Delegation, a.Nameservers, a.Why, tt.outcome, tt.deleg, tt.ns)
			}
			if a.Source.Votes() {
				t.Error("DNS never votes")
			}
			if a.Outcome.SaysSomething() && len(a.Evidence) == 0 || !a.Outcome.SaysSomething() && a.Why == "" {
				t.Error("neither evidence nor a reason")
			}
		})
	}
}

func TestConfiguredServer(t *testing.T) {
	addr := zoneServer(t, world(t))
	c := New(Options{Servers: map[string][]string{"example": {addr}}, Timeout: time.Second, Dial: func(ctx context.Context, network, at string) (net.Conn, error) {
		if at != addr {
			t.Errorf("dialled %s", at)
		}
		return (&net.Dialer{}).DialContext(ctx, network, at)
	}})
	if a := c.Ask(t.Context(), "held.example"); a.Delegation != whoisx.Delegated {
		t.Errorf("%s (%s)", a.Outcome, a.Why)
	}
	if h := c.Host("held.example"); h != addr {
		t.Errorf("Host = %q", h)
	}
	if h := c.Host("held.com"); h != "DNS of .com" {
		t.Errorf("Host = %q", h)
	}
	if h := c.Host("com"); h != "" {
		t.Errorf("Host = %q of no name", h)
	}
}

func TestCancel(t *testing.T) {
	addr := zoneServer(t, world(t))
	c := New(Options{Servers: map[string][]string{"example": {addr}}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := c.Ask(ctx, "silent.example"); a.Outcome != whoisx.Unreachable || a.Why == "" {
		t.Errorf("%s (%s)", a.Outcome, a.Why)
	}
}

func TestHouses(t *testing.T) {
	h := embedded()
	if _, err := time.Parse(time.DateOnly, h.Dated); err != nil {
		t.Error(err)
	}
	if _, ok := h.find(nil); ok {
		t.Error("no servers are nobody's")
	}
	if _, ok := h.one("notsedoparking.com"); ok {
		t.Error("a host that only ends alike")
	}
	for _, bad := range []string{"[[house]]\nwhat = \"x\"\n", "[[house]]\nhots = []\n", "["} {
		if _, err := readHouses("houses.toml", []byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
