package sandbox

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// generic is a gTLD in seconds.
func generic(zone string) TLD {
	return TLD{Zone: zone, Thin: true, DropList: true, Stages: []Stage{
		{Name: "registered", Statuses: []string{"ok"}, For: 10 * time.Second, Renewable: true},
		{Name: "auto-renew grace", Statuses: []string{"autoRenewPeriod"}, For: 4 * time.Second, Renewable: true, Jumped: true},
		{Name: "redemption", Statuses: []string{"pendingDelete", "redemptionPeriod"}, For: 3 * time.Second, Renewable: true, NoDNS: true},
		{Name: "pending delete", Statuses: []string{"pendingDelete"}, For: 2 * time.Second, NoDNS: true},
	}}
}

// peer is a raw EPP client: it knows nothing of the parser under test.
type peer struct {
	t    *testing.T
	c    net.Conn
	n    int
	tag  string
	seen []string // every frame that came back
}

// peers counts peers, so that no two of them ever use one clTRID.
var peers atomic.Int64

func dial(t *testing.T, r *Registry, d func(context.Context, string, string) (net.Conn, error)) *peer {
	t.Helper()
	c := r.Config()
	raw, err := d(t.Context(), "tcp", c.EPPAddr)
	if err != nil {
		t.Fatal(err)
	}
	tc := tls.Client(raw, &tls.Config{RootCAs: c.Pool(), ServerName: "sandbox.test"})
	p := &peer{t: t, c: tc, tag: fmt.Sprintf("T%d", peers.Add(1))}
	t.Cleanup(func() { _ = raw.Close() })
	return p
}

func (p *peer) recv() string {
	p.t.Helper()
	_ = p.c.SetReadDeadline(time.Now().Add(10 * time.Second))
	b, err := readFrame(p.c)
	if err != nil {
		return "closed: " + err.Error()
	}
	p.seen = append(p.seen, string(b))
	return string(b)
}

func (p *peer) send(body string) {
	p.t.Helper()
	if _, err := p.c.Write(frame([]byte(`<?xml version="1.0" encoding="UTF-8"?><epp xmlns="` + nsEPP + `">` + body + `</epp>`))); err != nil {
		p.t.Fatal(err)
	}
}

// do sends a command with a clTRID of its own.
func (p *peer) do(body string) string {
	p.t.Helper()
	p.n++
	p.send(fmt.Sprintf(`<command>%s<clTRID>%s-%d</clTRID></command>`, body, p.tag, p.n))
	return p.recv()
}

func (p *peer) login(a Account) string {
	p.t.Helper()
	if g := p.recv(); !strings.Contains(g, "<greeting>") {
		p.t.Fatalf("greeting: %s", g)
	}
	return p.do(loginXML(a))
}

func loginXML(a Account) string {
	ext := ""
	for _, u := range extensionURIs {
		ext += "<extURI>" + u + "</extURI>"
	}
	return `<login><clID>` + a.User + `</clID><pw>` + a.Password + `</pw><options><version>1.0</version><lang>en</lang></options><svcs>` +
		`<objURI>` + nsDomain + `</objURI><objURI>` + nsHost + `</objURI><objURI>` + nsContact + `</objURI><svcExtension>` + ext + `</svcExtension></svcs></login>`
}

func checkXML(name string) string {
	return `<check><domain:check xmlns:domain="` + nsDomain + `"><domain:name>` + name + `</domain:name></domain:check></check>`
}

func infoXML(name string) string {
	return `<info><domain:info xmlns:domain="` + nsDomain + `"><domain:name hosts="all">` + name + `</domain:name></domain:info></info>`
}

func createXML(name, extra string) string {
	return `<create><domain:create xmlns:domain="` + nsDomain + `"><domain:name>` + name + `</domain:name><domain:period unit="y">1</domain:period>` +
		extra + `<domain:authInfo><domain:pw>2fooBAR+</domain:pw></domain:authInfo></domain:create></create>`
}

var resultCode = regexp.MustCompile(`result code="(\d+)"`)

func code(x string) string {
	if m := resultCode.FindStringSubmatch(x); m != nil {
		return m[1]
	}
	return x
}

func start(t *testing.T, o Options) *Registry {
	t.Helper()
	r, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

var tcp = (&net.Dialer{}).DialContext

func TestSocketsEPP(t *testing.T) {
	r := start(t, Options{TLDs: []TLD{generic("com")}, Names: []Name{{Name: "taken.com"}, {Name: "kept.com", Reserved: "spec 5"}, {Name: "gold.com", Stage: "free", Premium: "1200.00"}}})
	p := dial(t, r, tcp)
	if got := code(p.login(r.Config().Accounts[0])); got != "1000" {
		t.Fatalf("login: %s", got)
	}
	me := r.Config().Contacts["lapse-sandbox"]
	fee := func(amount string) string {
		return `<extension><fee:create xmlns:fee="` + nsFee + `"><fee:currency>USD</fee:currency><fee:fee>` + amount + `</fee:fee></fee:create></extension>`
	}
	for _, tt := range []struct{ name, body, want, has string }{
		{"check free", checkXML("new.com"), "1000", `avail="1">new.com`},
		{"check taken", checkXML("taken.com"), "1000", `<domain:reason>In use`},
		{"check fee", checkXML("gold.com") + `<extension><fee:check xmlns:fee="` + nsFee + `"><fee:currency>USD</fee:currency><fee:command name="create"><fee:period unit="y">1</fee:period></fee:command></fee:check></extension>`, "1000", "1200.00"},
		{"create taken", createXML("taken.com", ""), "2302", ""},
		{"create reserved", createXML("kept.com", ""), "2308", ""},
		{"create foreign", createXML("new.org", ""), "2306", ""},
		{"create premium without fee", createXML("gold.com", ""), "2003", ""},
		{"create premium below", createXML("gold.com", "") + fee("1199.99"), "2004", ""},
		{"create unknown contact", createXML("new.com", `<domain:registrant>nobody</domain:registrant>`), "2303", ""},
		{"create", createXML("new.com", `<domain:ns><domain:hostObj>ns1.example-hosting.test</domain:hostObj></domain:ns><domain:registrant>`+me+`</domain:registrant>`), "1000", "new.com"},
		{"create premium", createXML("gold.com", "") + fee("1200.00"), "1000", "creData"},
		{"info", infoXML("new.com"), "1000", "2fooBAR+"},
		{"info foreign", infoXML("taken.com"), "1000", "reg-9990"},
		{"info none", infoXML("nothing.com"), "2303", ""},
		{"contact create", `<create><contact:create xmlns:contact="` + nsContact + `"><contact:id>sh8013</contact:id><contact:postalInfo type="int"><contact:name>John</contact:name><contact:addr><contact:city>Dulles</contact:city><contact:cc>US</contact:cc></contact:addr></contact:postalInfo><contact:email>j@example.test</contact:email><contact:authInfo><contact:pw>x1y2z3</contact:pw></contact:authInfo></contact:create></create>`, "1000", "sh8013"},
		{"contact info", `<info><contact:info xmlns:contact="` + nsContact + `"><contact:id>sh8013</contact:id></contact:info></info>`, "1000", "Dulles"},
		{"host check", `<check><host:check xmlns:host="` + nsHost + `"><host:name>ns9.example.test</host:name></host:check></check>`, "1000", `avail="1"`},
		{"update", `<update><domain:update xmlns:domain="` + nsDomain + `"><domain:name>new.com</domain:name><domain:add><domain:status s="clientTransferProhibited"/></domain:add></domain:update></update>`, "1000", ""},
		{"update secDNS", `<update><domain:update xmlns:domain="` + nsDomain + `"><domain:name>new.com</domain:name></domain:update></update><extension><secDNS:update xmlns:secDNS="` + nsSecDNS + `"><secDNS:add><secDNS:dsData><secDNS:keyTag>12345</secDNS:keyTag><secDNS:alg>13</secDNS:alg><secDNS:digestType>2</secDNS:digestType><secDNS:digest>ABCD</secDNS:digest></secDNS:dsData></secDNS:add></secDNS:update></extension>`, "1000", ""},
		{"info secDNS", infoXML("new.com"), "1000", "12345"},
		{"claims check", checkXML("new.com") + `<extension><launch:check xmlns:launch="` + nsLaunch + `" type="claims"><launch:phase>claims</launch:phase></launch:check></extension>`, "1000", `exists="0"`},
		{"poll", `<poll op="req"/>`, "1300", ""},
		{"unordered", `<create><domain:create xmlns:domain="` + nsDomain + `"><domain:period unit="y">1</domain:period><domain:name>a.com</domain:name><domain:authInfo><domain:pw>x</domain:pw></domain:authInfo></domain:create></create>`, "2001", ""},
		{"unknown element", checkXML("new.com") + `<extension><fee:check xmlns:fee="` + nsFee + `"><fee:bogus/></fee:check></extension>`, "2001", ""},
		{"unoffered extension", checkXML("new.com") + `<extension><x:check xmlns:x="urn:nobody"/></extension>`, "2103", ""},
		{"short contact", createXML("b.com", `<domain:registrant>ab</domain:registrant>`), "2001", ""},
		{"delete", `<delete><domain:delete xmlns:domain="` + nsDomain + `"><domain:name>gold.com</domain:name></domain:delete></delete>`, "1000", ""},
		{"delete foreign", `<delete><domain:delete xmlns:domain="` + nsDomain + `"><domain:name>taken.com</domain:name></domain:delete></delete>`, "2201", ""},
		{"logout", `<logout/>`, "1500", ""},
	} {
		got := p.do(tt.body)
		if code(got) != tt.want || !strings.Contains(got, tt.has) {
			t.Errorf("%s: want %s with %q, got\n%s", tt.name, tt.want, tt.has, got)
		}
	}
	validate(t, p.seen)
	if v := r.Violations(); len(v) != 0 {
		t.Errorf("violations: %v", v)
	}
}

// validate holds every frame of the registry against the schemas, where they
// and xmllint are there.
func validate(t *testing.T, frames []string) {
	t.Helper()
	dir := os.Getenv("LAPSE_EPP_XSD")
	if dir == "" {
		return
	}
	xsd := filepath.Join(dir, "all.xsd")
	if _, err := exec.LookPath("xmllint"); err != nil {
		return
	}
	tmp := t.TempDir()
	args := []string{"--nonet", "--noout", "--schema", xsd}
	for i, f := range frames {
		name := filepath.Join(tmp, fmt.Sprintf("%03d.xml", i))
		if err := os.WriteFile(name, []byte(f), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	if out, err := exec.Command("xmllint", args...).CombinedOutput(); err != nil {
		t.Errorf("xmllint: %v\n%s", err, out)
	}
}

func get(t *testing.T, r *Registry, url string) (int, string) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: r.Config().Pool()}, DisableKeepAlives: true}}
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

func TestSocketsLookups(t *testing.T) {
	r := start(t, Options{TLDs: []TLD{generic("com")}, Names: []Name{
		{Name: "fresh.com"}, {Name: "grace.com", Stage: "auto-renew grace"}, {Name: "rgp.com", Stage: "redemption"}, {Name: "last.com", Stage: "pending delete"},
	}, Service: &Service{}})
	c := r.Config()
	for name, want := range map[string]string{
		"fresh.com": `["active"]`, "grace.com": `["active","auto renew period"]`,
		"rgp.com": `["pending delete","redemption period"]`, "last.com": `["pending delete"]`,
	} {
		st, body := get(t, r, c.RDAPBase+"domain/"+name)
		if st != 200 || !strings.Contains(body, `"status":`+want) {
			t.Errorf("%s: %d, want %s in %s", name, st, want, body)
		}
	}
	if st, _ := get(t, r, c.RDAPBase+"domain/none.com"); st != 404 {
		t.Errorf("none.com: %d", st)
	}
	if _, body := get(t, r, c.Bootstrap); !strings.Contains(body, `[["com"],["`+c.RDAPBase+`"]]`) {
		t.Errorf("bootstrap: %s", body)
	}
	if st, body := get(t, r, c.DropLists["com"]+".sha256"); st != 200 || !strings.HasSuffix(body, "  com.csv.gz\n") {
		t.Errorf("sha256: %d %s", st, body)
	}
	conn, err := net.Dial("tcp", c.WHOISAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "rgp.com\r\n")
	b, _ := io.ReadAll(conn)
	if !strings.Contains(string(b), "Domain Status: redemptionPeriod") {
		t.Errorf("whois: %s", b)
	}
}

// TestDNS asks the registry's name server over UDP and TCP.
func TestDNS(t *testing.T) {
	r := start(t, Options{TLDs: []TLD{generic("com"), generic("co.uk")}, Names: []Name{
		{Name: "here.com", Stays: true}, {Name: "rgp.com", Stage: "redemption"}, {Name: "here.co.uk", Nameservers: []string{"ns1.other.test"}}, {Name: "bare.com", Nameservers: []string{}},
	}})
	for _, network := range []string{"udp", "tcp"} {
		c := &dns.Client{Net: network, Timeout: 5 * time.Second}
		for _, tt := range []struct {
			name  string
			rcode int
			ns    int
		}{
			{"here.com.", dns.RcodeSuccess, 2},
			{"www.HERE.com.", dns.RcodeSuccess, 2},
			{"here.co.uk.", dns.RcodeSuccess, 1},
			{"rgp.com.", dns.RcodeNameError, 0},
			{"bare.com.", dns.RcodeNameError, 0},
			{"none.com.", dns.RcodeNameError, 0},
			{"a.org.", dns.RcodeRefused, 0},
		} {
			m := new(dns.Msg)
			m.SetQuestion(tt.name, dns.TypeNS)
			in, _, err := c.Exchange(m, r.Config().DNSAddr)
			if err != nil {
				t.Fatal(err)
			}
			ns := 0
			for _, rr := range in.Ns {
				if _, ok := rr.(*dns.NS); ok {
					ns++
				}
			}
			if in.Rcode != tt.rcode || ns != tt.ns {
				t.Errorf("%s over %s: %s with %d name servers", tt.name, network, dns.RcodeToString[in.Rcode], ns)
			}
		}
	}
}

// TestLookupFaults checks what lookups meet when things go wrong.
func TestLookupFaults(t *testing.T) {
	r := start(t, Options{TLDs: []TLD{generic("com")}, Names: []Name{{Name: "a.com", Stays: true}, {Name: "kept.com", Reserved: "spec 5"}, {Name: "gold.com", Stage: "free", Premium: "9.00"}}})
	c := r.Config()
	ask := func(q string) string {
		conn, err := net.Dial("tcp", c.WHOISAddr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, q+"\r\n")
		b, _ := io.ReadAll(conn)
		return string(b)
	}
	for _, tt := range []struct {
		f            Faults
		status       int
		rdap, answer string
	}{
		{Faults{}, 200, `"ldhName":"A.COM"`, "Domain Name: A.COM"},
		{Faults{LookupDown: true}, 503, "", ""},
		{Faults{LookupGarbage: true}, 200, "<html>", "%%%"},
		{Faults{LookupForeign: true}, 200, `"ldhName":"OTHER.COM"`, "Domain Name: OTHER.COM"},
	} {
		r.SetFaults(tt.f)
		if st, body := get(t, r, c.RDAPBase+"domain/a.com"); st != tt.status || !strings.Contains(body, tt.rdap) {
			t.Errorf("%+v: RDAP %d %s", tt.f, st, body)
		}
		if got := ask("a.com"); !strings.Contains(got, tt.answer) {
			t.Errorf("%+v: WHOIS %q", tt.f, got)
		}
	}
	r.SetFaults(Faults{})
	for q, want := range map[string]string{"kept.com": "reserved by the Registry", "gold.com": "premium domain", "none.com": "No match", "a.org": "Invalid query"} {
		if got := ask(q); !strings.Contains(got, want) {
			t.Errorf("%s: %q", q, got)
		}
	}
	limited := start(t, Options{TLDs: []TLD{generic("com")}, LookupRate: 1})
	c = limited.Config()
	get(t, limited, c.RDAPBase+"domain/a.com")
	if st, _ := get(t, limited, c.RDAPBase+"domain/a.com"); st != 429 {
		t.Errorf("the second within a second: %d", st)
	}
	ask("a.com")
	if got := ask("a.com"); !strings.Contains(got, "rate limit exceeded") {
		t.Errorf("the second within a second: %q", got)
	}
}

// TestAges follows a name through all stages by a clock that is simulated,
// over in-memory pipes, until a create gets it at the drop and not before.
func TestAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipes := NewPipes()
		r, err := Start(t.Context(), Options{
			TLDs: []TLD{generic("com")}, Listen: pipes.Listen,
			Names:  []Name{{Name: "old.com", Into: 9 * time.Second}, {Name: "loved.com", Into: 9 * time.Second, RenewedAfter: 3 * time.Second}},
			Rivals: []Rival{{Name: "slow", Reaction: Dist{Min: 50 * time.Millisecond}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		p := dial(t, r, pipes.Dial)
		if got := code(p.login(r.Config().Accounts[0])); got != "1000" {
			t.Fatalf("login: %s", got)
		}
		for _, want := range []struct {
			after time.Duration
			stage string
		}{{0, "registered"}, {time.Second, "auto-renew grace"}, {4 * time.Second, "redemption"}, {3 * time.Second, "pending delete"}} {
			time.Sleep(want.after)
			if st, _ := r.Look("old.com"); st.Stage != want.stage {
				t.Errorf("after %s: %s, want %s", want.after, st.Stage, want.stage)
			}
		}
		if st, _ := r.Look("loved.com"); st.Stage != "registered" || !st.Drop.IsZero() {
			t.Errorf("loved.com was not renewed: %+v", st)
		}
		st, _ := r.Look("old.com")
		time.Sleep(time.Until(st.Drop) - time.Millisecond)
		if got := code(p.do(createXML("old.com", ""))); got != "2302" {
			t.Errorf("a millisecond before: %s", got)
		}
		time.Sleep(time.Until(st.Drop) + time.Millisecond)
		if got := code(p.do(createXML("old.com", ""))); got != "1000" {
			t.Errorf("a millisecond after: %s", got)
		}
		time.Sleep(time.Second)
		w := r.Wins()
		if len(w) != 1 || w[0].Account != "lapse-sandbox" || w[0].After != time.Millisecond {
			t.Errorf("wins: %+v", w)
		}
		p.do(`<logout/>`)
	})
}

// hand is a clock that a test moves by hand.
type hand struct{ passed atomic.Int64 }

func (h *hand) Now() time.Time {
	return time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC).Add(time.Duration(h.passed.Load()))
}
func (h *hand) Add(d time.Duration) { h.passed.Add(int64(d)) }

// TestService orders at the registrar API and wins.
func TestService(t *testing.T) {
	var clock hand
	r := start(t, Options{
		TLDs: []TLD{generic("com")}, Now: clock.Now, Service: &Service{Wins: 1},
		Names: []Name{{Name: "last.com", Stage: "pending delete"}, {Name: "early.com", Stage: "redemption"}},
	})
	c := r.Config()
	api := func(q string) map[string]any {
		t.Helper()
		_, body := get(t, r, c.ServiceBase+"/api3.json?key="+c.ServiceKey+"&command="+q)
		var m map[string]map[string]any
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatalf("%s: %s", q, body)
		}
		for _, v := range m {
			return v
		}
		return nil
	}
	if v := api("add_backorder_request&domain=early.com"); v["Error"] != "could not find backorder fot this domain" {
		t.Errorf("early: %v", v)
	}
	if v := api("add_backorder_request&domain=last.com"); v["Status"] != "success" {
		t.Errorf("last: %v", v)
	}
	if v := api("add_backorder_request&domain=last.com"); !strings.Contains(fmt.Sprint(v["Error"]), "is already on your backorder request list") {
		t.Errorf("again: %v", v)
	}
	clock.Add(3 * time.Second)
	if v := api("domain_info&domain=last.com"); v["Status"] != "success" {
		t.Errorf("after the catch: %v", v)
	}
	if v := api("get_account_balance"); !strings.Contains(fmt.Sprint(v["BalanceList"]), "75.01") {
		t.Errorf("balance: %v", v)
	}
	if w := r.Wins(); len(w) != 1 || !w[0].Service {
		t.Errorf("wins: %+v", w)
	}
}

// TestServiceEndings follows orders that are contested, unpaid or missed.
func TestServiceEndings(t *testing.T) {
	var clock hand
	names := []Name{{Name: "contested.com", Stage: "pending delete"}, {Name: "dear.com", Stage: "pending delete"}, {Name: "gone.com", Stage: "pending delete"}}
	r := start(t, Options{
		TLDs: []TLD{generic("com")}, Now: clock.Now, Names: names,
		Service: &Service{Wins: 1, Balance: "30.00", PayWithin: time.Minute, Requesters: map[string]string{"contested.com": "27.00"}},
		Rivals:  []Rival{{Name: "early", Wants: []string{"gone.com"}, Strategy: func(View) []Shot { return []Shot{{At: 0}} }}},
	})
	c := r.Config()
	api := func(q string) string {
		t.Helper()
		_, body := get(t, r, c.ServiceBase+"/api3.json?key="+c.ServiceKey+"&command="+q)
		return body
	}
	for _, n := range names {
		if got := api("add_backorder_request&domain=" + n.Name); !strings.Contains(got, "success") {
			t.Fatalf("%s: %s", n.Name, got)
		}
	}
	clock.Add(2 * time.Second)
	if got := api("backorder_request_list"); !strings.Contains(got, `"BackorderRequestStatus":"In Auction","`) || !strings.Contains(got, `"Missed"`) {
		t.Errorf("after the drop: %s", got)
	}
	if got := api("place_backorder_auction_bid&domain=contested.com&bid_amount=28.50&currency=USD"); !strings.Contains(got, `"is_high_bidder":true`) {
		t.Errorf("bid: %s", got)
	}
	clock.Add(30 * time.Second)
	// dear.com took 24.99 of 30.00: what is left does not pay for the auction.
	if got := api("backorder_request_list"); !strings.Contains(got, `"Pending Payment"`) || !strings.Contains(got, `"Completed"`) {
		t.Errorf("after the auction: %s", got)
	}
	clock.Add(2 * time.Minute)
	if got := api("backorder_request_list"); !strings.Contains(got, `"Unpaid"`) {
		t.Errorf("after the payment's deadline: %s", got)
	}
}
