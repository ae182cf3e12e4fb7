package epp

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// peer is the server that the environment names, and what this run uses there.
type peer struct {
	cfg   Config
	login Login
	conn  *Connector
	s     *Session // see open
	run   string   // sets the names and handles of this run apart from those of any other
	zone  string
}

// env reads LAPSE_EPP_NAME, or LAPSE_EPP_PEER_NAME, of the first of the names
// that is set.
func env(names ...string) string {
	for _, n := range names {
		if v := cmp.Or(os.Getenv("LAPSE_EPP_"+n), os.Getenv("LAPSE_EPP_PEER_"+n)); v != "" {
			return v
		}
	}
	return ""
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	addr := os.Getenv("LAPSE_EPP_PEER")
	if addr == "" {
		t.Skip("LAPSE_EPP_PEER=host:port names no server; with it go LAPSE_EPP_USER, LAPSE_EPP_PASSWORD, LAPSE_EPP_CA and, where the server needs them, the variables of docs/epp-peer.md")
	}
	login := Login{
		ClientID: env("USER", "USERNAME", "CLID", "CLIENT_ID", "CLIENT", "LOGIN", "ID", "REGISTRAR", "ACCOUNT"),
		Password: catch.NewSecret(env("PASSWORD", "PASS", "PW", "SECRET")), Agent: "lapse test",
	}
	if login.ClientID == "" || login.Password.IsZero() {
		t.Fatal("LAPSE_EPP_USER and LAPSE_EPP_PASSWORD must name an account of the server")
	}
	cfg := Config{Addr: addr, ServerName: env("SERVERNAME", "SERVER_NAME", "SNI")}
	if f := env("CA", "CA_FILE", "CAFILE", "CACERT", "CA_CERT", "CA_PEM"); f != "" {
		cfg.Roots = x509.NewCertPool()
		if !cfg.Roots.AppendCertsFromPEM(readPEM(t, f)) {
			t.Fatalf("LAPSE_EPP_CA: %s holds no certificate in PEM", f)
		}
	}
	cfg.insecure = slices.Contains([]string{"1", "true", "yes"}, env("INSECURE"))
	if f := env("CERT", "CLIENT_CERT", "CERT_FILE"); f != "" {
		c, err := tls.X509KeyPair(readPEM(t, f), readPEM(t, cmp.Or(env("KEY", "CLIENT_KEY", "KEY_FILE"), f)))
		if err != nil {
			t.Fatalf("LAPSE_EPP_CERT and LAPSE_EPP_KEY: %v", err)
		}
		cfg.Cert = []tls.Certificate{c}
	}
	return &peer{cfg: cfg, login: login, conn: NewConnector(cfg, login), run: strings.ToLower(rand.Text()[:10]), zone: strings.Trim(env("ZONE", "TLD"), ".")}
}

// readPEM reads a file that the environment names, from here or from the top of
// the module, where go test was called; or takes what is PEM itself.
func readPEM(t *testing.T, f string) []byte {
	t.Helper()
	if strings.HasPrefix(f, "-----BEGIN") {
		return []byte(f)
	}
	b, err := os.ReadFile(f)
	if errors.Is(err, os.ErrNotExist) && !filepath.IsAbs(f) {
		b, err = os.ReadFile(filepath.Join("..", "..", f))
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// open is the session of the first part. A server that ended the last one, as
// some do after a command that they do not like, gets a new one.
func (p *peer) open(t *testing.T) *Session {
	t.Helper()
	if p.s == nil || p.s.Err() != nil {
		p.s = p.session(t)
	}
	return p.s
}

// refused says whether an error is a server's no, by an answer or by closing;
// any other ends the test.
func refused(t *testing.T, err error) bool {
	t.Helper()
	var re *ResultError
	switch {
	case err == nil:
		return false
	case !errors.As(err, &re) && !errors.Is(err, ErrClosed):
		t.Fatal(err)
	}
	t.Log(err)
	return true
}

// unnamed makes do with a certificate that LAPSE_EPP_CA signed and that names
// another host than the one dialled, as test servers often have it: its key is
// pinned.
func (p *peer) unnamed(t *testing.T, err error) bool {
	t.Helper()
	var named x509.HostnameError
	var failed *tls.CertificateVerificationError
	if p.cfg.Roots == nil || !errors.As(err, &named) || !errors.As(err, &failed) {
		return false
	}
	between := x509.NewCertPool()
	for _, k := range failed.UnverifiedCertificates {
		between.AddCert(k)
	}
	leaf := failed.UnverifiedCertificates[0]
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: p.cfg.Roots, Intermediates: between}); err != nil {
		return false
	}
	t.Logf("the server's certificate is signed by LAPSE_EPP_CA but does not name %s: its key is taken all the same (LAPSE_EPP_SERVERNAME names it)", named.Host)
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	p.cfg.Roots, p.cfg.Pin = nil, []string{base64.StdEncoding.EncodeToString(sum[:])}
	p.conn = NewConnector(p.cfg, p.login)
	return true
}

// session logs in. Where the server still counts a session that is over, it is
// tried again, as long as the Connector takes it for wise.
func (p *peer) session(t *testing.T) *Session {
	t.Helper()
	for try := 0; ; try++ {
		s, events, err := p.conn.Connect(t.Context())
		var re *ResultError
		var back *BackoffError
		switch {
		case err == nil:
			for _, e := range events {
				t.Logf("the server warns: %+v", e)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		case try == 0 && p.unnamed(t, err):
		case try < 4 && errors.As(err, &back):
			t.Logf("%v", err)
			select {
			case <-time.After(time.Until(back.Until) + 10*time.Millisecond):
			case <-t.Context().Done():
			}
		case try < 4 && errors.As(err, &re) && re.Code == TooManySessions:
			t.Logf("%v", err)
		case errors.As(err, &re) && re.Code == TooManySessions:
			t.Fatalf("%v; LAPSE_EPP_SESSIONS sets how many are opened", err)
		default:
			t.Fatal(err)
		}
	}
}

func (p *peer) sessions(t *testing.T) int {
	v := cmp.Or(env("SESSIONS"), "4")
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		t.Fatalf("LAPSE_EPP_SESSIONS: %q is no number", v)
	}
	return n
}

func (p *peer) name(i int) string { return fmt.Sprintf("lapse-%s-%d.%s", p.run, i, p.zone) }

// pickZone finds a zone where the environment names none, and a name in it
// that is free.
func (p *peer) pickZone(t *testing.T) string {
	t.Helper()
	zones := []string{"test", "example", "com", "net", "org", "info", "app", "xyz", "dev", "tld", "name", "biz", "eu", "us", "uk", "se", "nz"}
	if p.zone != "" {
		zones = []string{p.zone}
	}
	for _, z := range zones {
		p.zone = z
		got, err := p.open(t).Check(t.Context(), nil, p.name(0))
		switch {
		case refused(t, err):
		case got[0].Free:
			return p.name(0)
		default:
			t.Logf("check: %s is not free: %s", p.name(0), got[0].Reason)
		}
	}
	t.Fatalf("no name is free; LAPSE_EPP_ZONE names a zone of the server (tried: %s)", strings.Join(zones, ", "))
	return ""
}

// findCreate creates a name and returns how. What a registry wants of a create
// (contacts, name servers, a fee, an authorization code) differs, and is found
// out by trying, from the most usual on; what the environment sets is kept.
func (p *peer) findCreate(t *testing.T, name string) func(string) DomainCreate {
	t.Helper()
	for c := range p.makes(t, name) {
		for range 5 { // 2400 can be tried again
			created, err := p.open(t).Create(t.Context(), c)
			if err == nil {
				t.Logf("created: %+v", created)
				return func(name string) DomainCreate {
					c := c
					c.Name = name
					return c
				}
			}
			t.Logf("with registrant %q, %d contacts, %d name servers, a fee: %v, authInfo: %v, %d years:",
				c.Registrant, len(c.Contacts), len(c.NS)+len(c.Hosts), c.Fee != nil, !c.AuthInfo.IsZero(), c.Years)
			refused(t, err)
			if code(err) == Exists {
				t.Fatal("the name was free a moment ago")
			}
			if code(err) != Failed {
				break
			}
		}
	}
	t.Fatal("no make of a create was taken; docs/epp-peer.md says what can be set")
	return nil
}

// code is what the server answered; 0 where it did not.
func code(err error) Code {
	var re *ResultError
	if errors.As(err, &re) {
		return re.Code
	}
	return 0
}

// makes are the ways to write a create, each made ready when its turn comes.
func (p *peer) makes(t *testing.T, name string) iter.Seq[DomainCreate] {
	t.Helper()
	bases := []DomainCreate{{Years: 1, AuthInfo: catch.NewSecret("aA1!" + p.run)}, {Years: 1}, {AuthInfo: catch.NewSecret("aA1!" + p.run)}, {}}
	if auth := env("AUTHINFO", "AUTH"); auth != "" {
		for i := range bases {
			if bases[i].AuthInfo = catch.NewSecret(auth); auth == "none" {
				bases[i].AuthInfo = catch.Secret{}
			}
		}
	}
	if v := env("YEARS", "PERIOD"); v != "" {
		n, err := strconv.Atoi(strings.TrimSuffix(v, "y"))
		if err != nil {
			t.Fatalf("LAPSE_EPP_YEARS: %q is no number", v)
		}
		for i := range bases {
			bases[i].Years = n
		}
	}
	bases = slices.CompactFunc(bases, func(a, b DomainCreate) bool { return a.Years == b.Years && a.AuthInfo == b.AuthInfo })
	fee := sync.OnceValue(func() *Fee { return p.fee(t, name) })
	return func(yield func(DomainCreate) bool) {
		contacts := p.contacts(t)
		for hosts := range p.hosts(t) {
			for _, base := range bases {
				for _, paid := range []bool{false, true} {
					if paid && fee() == nil || !paid && env("FEE") != "" && env("FEE") != "none" {
						continue
					}
					for _, who := range contacts {
						c := base
						c.Name, c.NS, c.Hosts, c.Registrant, c.Contacts = name, hosts.NS, hosts.Hosts, who.Registrant, who.Contacts
						if paid {
							c.Fee = fee()
						}
						if !yield(c) {
							return
						}
					}
				}
			}
		}
	}
}

// contacts returns the contacts that a create may go with.
func (p *peer) contacts(t *testing.T) []DomainCreate {
	t.Helper()
	id := env("CONTACT", "REGISTRANT")
	switch {
	case id == "none":
		return []DomainCreate{{}}
	case id == "" && slices.Contains(p.open(t).Services().Objects, NSContact):
		id = "lp" + p.run
		_, err := p.open(t).Do(t.Context(), ContactCreate{
			ID: id, Postal: []Postal{{Name: "Test Person", Org: "Example Limited", Street: []string{"123 Example Street"}, City: "Dulles", State: "VA", Code: "20166-6503", Country: "US"}},
			Voice: "+1.7035555555", Email: "test@example.com", AuthInfo: catch.NewSecret("aA1!" + p.run),
		})
		if refused(t, err) {
			t.Log("creates go without contacts (LAPSE_EPP_CONTACT names one that exists)")
			return []DomainCreate{{}}
		}
	case id == "":
		return []DomainCreate{{}}
	}
	both := []Contact{{"admin", id}, {"tech", id}}
	return []DomainCreate{
		{Registrant: id, Contacts: both},
		{Registrant: id, Contacts: append(slices.Clone(both), Contact{"billing", id})},
		{Registrant: id},
		{Contacts: both},
		{},
	}
}

// hosts are the name servers that a create may go with: those that the
// environment names; else none, and then two outside of the zone, which need no
// addresses.
func (p *peer) hosts(t *testing.T) iter.Seq[DomainCreate] {
	t.Helper()
	ns := strings.FieldsFunc(env("NS", "HOSTS"), func(r rune) bool { return r == ',' || r == ' ' })
	named := len(ns) > 0
	return func(yield func(DomainCreate) bool) {
		if (!named || ns[0] == "none") && !yield(DomainCreate{}) || named && ns[0] == "none" {
			return
		}
		objects := slices.Contains(p.open(t).Services().Objects, NSHost)
		if !named {
			outside := "net"
			if p.zone == "net" || p.zone == "example" {
				outside = "org"
			}
			ns = []string{"ns1.lapse-" + p.run + "." + outside, "ns2.lapse-" + p.run + "." + outside}
			for _, n := range ns {
				if !objects {
					break
				}
				_, err := p.open(t).Do(t.Context(), HostCreate{Name: n})
				objects = !refused(t, err)
			}
		}
		if objects && !yield(DomainCreate{NS: ns}) {
			return
		}
		attrs := DomainCreate{}
		for _, n := range ns {
			attrs.Hosts = append(attrs.Hosts, Host{Name: n})
		}
		yield(attrs)
	}
}

// fee is the price that a create may go with: the environment's, else the
// server's; nil where there is none.
func (p *peer) fee(t *testing.T, name string) *Fee {
	t.Helper()
	switch v := env("FEE"); {
	case v == "none":
		return nil
	case v != "":
		m, err := catch.ParseMoney(v)
		if err != nil {
			t.Fatalf("LAPSE_EPP_FEE: %v", err)
		}
		return &Fee{Price: m}
	case p.open(t).Services().Fee == "":
		return nil
	}
	got, err := p.open(t).Check(t.Context(), &FeeCheck{Years: 1}, name)
	if refused(t, err) {
		return nil
	}
	if q, ok := got[0].Fee("create"); ok {
		return &Fee{Price: q.Total}
	}
	return nil
}
