package epp

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// TestPeer talks to an EPP server that is not ours. It is skipped unless
// LAPSE_EPP_PEER is set. It reads from the environment:
//
//	LAPSE_EPP_PEER         host:port of the server
//	LAPSE_EPP_USER         client id (clID)
//	LAPSE_EPP_PASSWORD     password
//	LAPSE_EPP_CA           file of PEM certificates to trust; without it the system's
//	LAPSE_EPP_SERVERNAME   name in the server's certificate, where it is not the host
//	LAPSE_EPP_INSECURE     "1": do not verify the certificate (a test server on loopback)
//	LAPSE_EPP_CERT         file of the client's certificate (PEM), where one is needed
//	LAPSE_EPP_KEY          file of its key (PEM)
//	LAPSE_EPP_ZONE         zone to create names in; default "test"
//	LAPSE_EPP_CONTACT      id of an existing contact, as registrant, admin and tech
//	                       ("none": create without contacts); default: one is created
//	LAPSE_EPP_NS           name servers (host objects) for created names, comma separated
//	LAPSE_EPP_FEE          "12.00 USD": price to send along, for servers that want one
//	LAPSE_EPP_AUTHINFO     authorization code of created names; default: random.
//	                       "none" leaves it empty
//	LAPSE_EPP_SESSIONS     sessions of the pipelining part; default 4
func TestPeer(t *testing.T) {
	addr := os.Getenv("LAPSE_EPP_PEER")
	if addr == "" {
		t.Skip("LAPSE_EPP_PEER names no server")
	}
	cfg, login := peerConfig(t, addr)
	ctx := t.Context()
	conn := NewConnector(cfg, login)
	s, events, err := conn.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("greeting of %s, services %v, warnings %v", s.Greeting().Server, s.Services(), events)

	zone := env("LAPSE_EPP_ZONE", "test")
	run := strings.ToLower(rand.Text()[:10])
	name := func(i int) string { return fmt.Sprintf("lapse-%s-%d.%s", run, i, zone) }
	create := peerCreate(t, s, run)

	checked, err := s.Check(ctx, nil, name(0))
	if err != nil {
		t.Fatal(err)
	}
	if !checked[0].Free {
		t.Fatalf("check: a random name is not free: %+v", checked[0])
	}
	created, err := s.Create(ctx, create(name(0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("created %+v", created)
	var re *ResultError
	if _, err := s.Create(ctx, create(name(0))); !errors.As(err, &re) || re.Code != Exists {
		t.Fatalf("second create: %v, want 2302", err)
	}
	d, err := s.Info(ctx, name(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("info %+v", d)
	if checked, err = s.Check(ctx, nil, name(0)); err != nil || checked[0].Free {
		t.Fatalf("check of a created name: %+v %v", checked, err)
	}
	if err := s.Logout(ctx); err != nil {
		t.Fatal(err)
	}

	sessions := 4
	if v := os.Getenv("LAPSE_EPP_SESSIONS"); v != "" {
		_, _ = fmt.Sscan(v, &sessions)
	}
	pipelined(t, conn, sessions, func(i int) DomainCreate { return create(name(i)) })
}

// pipelined sends 20 creates on each session before it reads any answer; half
// of the names are asked for by every session.
func pipelined(t *testing.T, conn *Connector, sessions int, create func(int) DomainCreate) {
	const each = 20
	ctx := t.Context()
	var mu sync.Mutex
	codes, winners := map[Code]int{}, map[int]int{}
	var wg sync.WaitGroup
	for k := range sessions {
		s, _, err := conn.Connect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		got := make(chan Answer, each)
		ids := s.ReserveTRIDs(each)
		index := map[string]int{}
		s.SetTap(func(a Answer) bool {
			mu.Lock()
			_, mine := index[string(a.ClTRID)]
			mu.Unlock()
			if mine {
				a.ClTRID = []byte(string(a.ClTRID))
				got <- a
			}
			return mine
		})
		var frames [][]byte
		for j, id := range ids {
			n := 100 + j
			if j%2 == 1 {
				n = 1000 + k*each + j
			}
			mu.Lock()
			index[id] = n
			mu.Unlock()
			x, err := Encode(create(n), s.Services(), id)
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, AppendFrame(nil, x))
		}
		wg.Go(func() {
			for _, f := range frames {
				if err := s.WriteFrame(f); err != nil {
					t.Errorf("session %d: %v", k, err)
					return
				}
			}
			order := 0
			for i := range each {
				select {
				case a := <-got:
					mu.Lock()
					codes[a.Code]++
					if a.Code == OK {
						winners[index[string(a.ClTRID)]]++
					}
					if string(a.ClTRID) != ids[i] {
						order++
					}
					mu.Unlock()
				case <-s.Done():
					t.Errorf("session %d ended after %d answers: %v", k, i, s.Err())
					return
				case <-time.After(60 * time.Second):
					t.Errorf("session %d: %d of %d answers came", k, i, each)
					return
				}
			}
			t.Logf("session %d: all %d answers matched, %d out of position", k, each, order)
			_ = s.Logout(ctx)
		})
	}
	wg.Wait()
	for n, w := range winners {
		if w != 1 {
			t.Errorf("name %d was won %d times", n, w)
		}
	}
	t.Logf("codes %v, %d names created", codes, len(winners))
	for c := range codes {
		if c != OK && c != Pending && c != Exists && c != Failed {
			t.Errorf("code %v", c)
		}
	}
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

func peerConfig(t *testing.T, addr string) (Config, Login) {
	cfg := Config{Addr: addr, ServerName: os.Getenv("LAPSE_EPP_SERVERNAME")}
	if f := os.Getenv("LAPSE_EPP_CA"); f != "" {
		pem, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Roots = x509.NewCertPool()
		if !cfg.Roots.AppendCertsFromPEM(pem) {
			t.Fatalf("%s holds no certificate", f)
		}
	}
	if os.Getenv("LAPSE_EPP_INSECURE") == "1" {
		cfg.insecure = true
	}
	if f := os.Getenv("LAPSE_EPP_CERT"); f != "" {
		c, err := tls.LoadX509KeyPair(f, os.Getenv("LAPSE_EPP_KEY"))
		if err != nil {
			t.Fatal(err)
		}
		cfg.Cert = []tls.Certificate{c}
	}
	return cfg, Login{
		ClientID: os.Getenv("LAPSE_EPP_USER"), Password: catch.NewSecret(os.Getenv("LAPSE_EPP_PASSWORD")), Agent: "lapse test",
	}
}

// peerCreate returns what makes a create for the server at hand.
func peerCreate(t *testing.T, s *Session, run string) func(string) DomainCreate {
	c := DomainCreate{Years: 1, AuthInfo: catch.NewSecret("aA1!" + run)}
	switch v := os.Getenv("LAPSE_EPP_AUTHINFO"); v {
	case "":
	case "none":
		c.AuthInfo = catch.Secret{}
	default:
		c.AuthInfo = catch.NewSecret(v)
	}
	contact := os.Getenv("LAPSE_EPP_CONTACT")
	if contact == "" {
		contact = "lp" + run
		_, err := s.Do(t.Context(), ContactCreate{
			ID: contact, Postal: []Postal{{Name: "Test Person", Org: "Test", Street: []string{"Street 1"}, City: "Town", State: "ST", Code: "12345", Country: "US"}},
			Voice: "+1.5555555555", Email: "test@example.com", AuthInfo: catch.NewSecret("aA1!" + run),
		})
		if err != nil {
			t.Fatalf("%v; set LAPSE_EPP_CONTACT where contacts cannot be created", err)
		}
	}
	if contact != "none" {
		c.Registrant, c.Contacts = contact, []Contact{{"admin", contact}, {"tech", contact}}
	}
	if v := os.Getenv("LAPSE_EPP_NS"); v != "" {
		c.NS = strings.Split(v, ",")
	}
	if v := os.Getenv("LAPSE_EPP_FEE"); v != "" {
		m, err := catch.ParseMoney(v)
		if err != nil {
			t.Fatal(err)
		}
		c.Fee = &Fee{Price: m}
	}
	return func(name string) DomainCreate {
		c := c
		c.Name = name
		return c
	}
}
