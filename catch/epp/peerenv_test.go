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
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// peer is the server that the environment names, and what this run uses there.
type peer struct {
	cfg   Config
	login Login
	conn  *Connector
	run   string // sets the names and handles of this run apart from those of any other
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
	login := Login{ClientID: env("USER", "USERNAME", "CLID", "CLIENT_ID", "LOGIN", "ID"), Password: catch.NewSecret(env("PASSWORD", "PASS", "PW", "SECRET")), Agent: "lapse test"}
	if login.ClientID == "" || login.Password.IsZero() {
		t.Fatal("LAPSE_EPP_USER and LAPSE_EPP_PASSWORD must name an account of the server")
	}
	cfg := Config{Addr: addr, ServerName: env("SERVERNAME", "SERVER_NAME", "SNI")}
	if f := env("CA", "CA_FILE", "CAFILE", "CACERT"); f != "" {
		pem, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Roots = x509.NewCertPool()
		if !cfg.Roots.AppendCertsFromPEM(pem) {
			t.Fatalf("LAPSE_EPP_CA: %s holds no certificate in PEM", f)
		}
	}
	cfg.insecure = env("INSECURE") == "1"
	if f := env("CERT", "CLIENT_CERT", "CERT_FILE"); f != "" {
		c, err := tls.LoadX509KeyPair(f, cmp.Or(env("KEY", "CLIENT_KEY", "KEY_FILE"), f))
		if err != nil {
			t.Fatalf("LAPSE_EPP_CERT and LAPSE_EPP_KEY: %v", err)
		}
		cfg.Cert = []tls.Certificate{c}
	}
	return &peer{cfg: cfg, login: login, conn: NewConnector(cfg, login), run: strings.ToLower(rand.Text()[:10]), zone: strings.Trim(env("ZONE", "TLD"), ".")}
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
func (p *peer) pickZone(t *testing.T, s *Session) string {
	t.Helper()
	zones := []string{"test", "example", "com", "net", "org", "info", "app", "xyz", "dev"}
	if p.zone != "" {
		zones = []string{p.zone}
	}
	for _, z := range zones {
		p.zone = z
		got, err := s.Check(t.Context(), nil, p.name(0))
		var re *ResultError
		switch {
		case err != nil && !errors.As(err, &re):
			t.Fatal(err)
		case err != nil:
			t.Log(err)
		case got[0].Free:
			return p.name(0)
		default:
			t.Logf("check: %s is not free: %s", p.name(0), got[0].Reason)
		}
	}
	t.Fatalf("no name is free; LAPSE_EPP_ZONE names a zone of the server (tried: %s)", strings.Join(zones, ", "))
	return ""
}

// retry says that a create was refused for how it was made, so that another
// make of it may pass.
func retry(c Code) bool {
	switch c {
	case SyntaxError, UseError, MissingParam, RangeError, ParamSyntax, BadCommand, BadOption, BadExtension, DoesNotExist, PolicyValue, BadService, DataPolicy:
		return true
	}
	return false
}

// findCreate creates a name and returns how. What a registry wants of a create
// (contacts, name servers, a fee, an authorization code) differs, and is found
// out by trying, from the most usual on; what the environment sets is kept.
func (p *peer) findCreate(t *testing.T, s *Session, name string) func(string) DomainCreate {
	t.Helper()
	base := DomainCreate{Name: name, Years: 1, AuthInfo: catch.NewSecret("aA1!" + p.run)}
	if v := env("YEARS", "PERIOD"); v != "" {
		n, err := strconv.Atoi(strings.TrimSuffix(v, "y"))
		if err != nil {
			t.Fatalf("LAPSE_EPP_YEARS: %q is no number", v)
		}
		base.Years = n
	}
	auth := env("AUTHINFO", "AUTH")
	if auth != "" {
		base.AuthInfo = catch.NewSecret(auth)
	}
	if auth == "none" {
		base.AuthInfo = catch.Secret{}
	}
	contacts, fees := p.contacts(t, s), p.fees(t, s, name)
	with := func(hosts DomainCreate) (makes []DomainCreate) {
		for _, fee := range fees {
			for _, who := range contacts {
				c := base
				c.NS, c.Hosts, c.Fee, c.Registrant, c.Contacts = hosts.NS, hosts.Hosts, fee, who.Registrant, who.Contacts
				makes = append(makes, c)
			}
		}
		return makes
	}
	ns := strings.FieldsFunc(env("NS", "HOSTS"), func(r rune) bool { return r == ',' || r == ' ' })
	var c DomainCreate
	var ok bool
	if len(ns) == 0 || ns[0] == "none" {
		c, ok = p.try(t, s, with(DomainCreate{}))
		if !ok && auth == "" { // RFC 9154 wants it empty
			d := with(DomainCreate{})
			for i := range d {
				d[i].AuthInfo = catch.Secret{}
			}
			c, ok = p.try(t, s, d)
		}
		if !ok && env("YEARS", "PERIOD") == "" {
			d := with(DomainCreate{})[0]
			d.Years = 0
			c, ok = p.try(t, s, []DomainCreate{d})
		}
	}
	if !ok && (len(ns) == 0 || ns[0] != "none") {
		for _, h := range p.hosts(t, s, ns) {
			if c, ok = p.try(t, s, with(h)); ok {
				break
			}
		}
	}
	if !ok {
		t.Fatal("no make of a create was taken; docs/epp-peer.md says what can be set")
	}
	return func(name string) DomainCreate {
		c := c
		c.Name = name
		return c
	}
}

// try sends creates until one is taken.
func (p *peer) try(t *testing.T, s *Session, makes []DomainCreate) (DomainCreate, bool) {
	t.Helper()
	for _, c := range makes {
		for range 5 { // 2400 can be tried again
			created, err := s.Create(t.Context(), c)
			if err == nil {
				t.Logf("created: %+v", created)
				return c, true
			}
			t.Logf("with registrant %q, %d contacts, %d name servers, a fee: %v, authInfo: %v, %d years: %v",
				c.Registrant, len(c.Contacts), len(c.NS)+len(c.Hosts), c.Fee != nil, !c.AuthInfo.IsZero(), c.Years, err)
			var re *ResultError
			if !errors.As(err, &re) || re.Code != Failed && !retry(re.Code) {
				t.Fatal(err)
			}
			if re.Code != Failed {
				break
			}
		}
	}
	return DomainCreate{}, false
}

// contacts returns the contacts that a create may go with.
func (p *peer) contacts(t *testing.T, s *Session) []DomainCreate {
	t.Helper()
	id := env("CONTACT", "REGISTRANT")
	all := func(id string) DomainCreate {
		return DomainCreate{Registrant: id, Contacts: []Contact{{"admin", id}, {"tech", id}}}
	}
	switch {
	case id == "none":
		return []DomainCreate{{}}
	case id == "" && slices.Contains(s.Services().Objects, NSContact):
		id = "lp" + p.run
		_, err := s.Do(t.Context(), ContactCreate{
			ID: id, Postal: []Postal{{Name: "Test Person", Org: "Example Limited", Street: []string{"123 Example Street"}, City: "Dulles", State: "VA", Code: "20166-6503", Country: "US"}},
			Voice: "+1.7035555555", Email: "test@example.com", AuthInfo: catch.NewSecret("aA1!" + p.run),
		})
		var re *ResultError
		if errors.As(err, &re) {
			t.Logf("%v; creates go without contacts (LAPSE_EPP_CONTACT names one that exists)", err)
			return []DomainCreate{{}}
		}
		if err != nil {
			t.Fatal(err)
		}
	case id == "":
		return []DomainCreate{{}}
	}
	full := all(id)
	billing := all(id)
	billing.Contacts = append(slices.Clone(full.Contacts), Contact{"billing", id})
	return []DomainCreate{full, billing, {Registrant: id}, {Contacts: full.Contacts}, {}}
}

// hosts returns the name servers that a create may go with: those that the
// environment names, else two outside of the zone, which need no addresses.
func (p *peer) hosts(t *testing.T, s *Session, ns []string) (out []DomainCreate) {
	t.Helper()
	objects := slices.Contains(s.Services().Objects, NSHost)
	if len(ns) == 0 {
		outside := "net"
		if p.zone == "net" || p.zone == "example" {
			outside = "org"
		}
		ns = []string{"ns1.lapse-" + p.run + "." + outside, "ns2.lapse-" + p.run + "." + outside}
		for _, n := range ns {
			if !objects {
				break
			}
			if _, err := s.Do(t.Context(), HostCreate{Name: n}); err != nil {
				t.Logf("%v", err)
				objects = false
			}
		}
	}
	if objects {
		out = append(out, DomainCreate{NS: ns})
	}
	attrs := DomainCreate{}
	for _, n := range ns {
		attrs.Hosts = append(attrs.Hosts, Host{Name: n})
	}
	return append(out, attrs)
}

// fees returns the prices that a create may go with.
func (p *peer) fees(t *testing.T, s *Session, name string) []*Fee {
	t.Helper()
	if v := env("FEE"); v != "" && v != "none" {
		m, err := catch.ParseMoney(v)
		if err != nil {
			t.Fatalf("LAPSE_EPP_FEE: %v", err)
		}
		return []*Fee{{Price: m}}
	}
	out := []*Fee{nil}
	if s.Services().Fee == "" || env("FEE") == "none" {
		return out
	}
	got, err := s.Check(t.Context(), &FeeCheck{Years: 1}, name)
	if err != nil {
		t.Logf("fee check: %v", err)
		return out
	}
	if q, ok := got[0].Fee("create"); ok {
		out = append(out, &Fee{Price: q.Total})
	}
	return out
}
