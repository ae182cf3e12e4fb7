package epp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp/epptest"
)

func TestAnswersOutOfOrder(t *testing.T) {
	const n = 40
	s := mustDial(t, serve(t, func(srv *epptest.Conn) {
		srv.Send(epptest.Greeting())
		var ids []string
		for range n {
			f, err := srv.Frame()
			if err != nil {
				return
			}
			_, after, _ := strings.Cut(f, "<domain:name>")
			name, _, _ := strings.Cut(after, "<")
			ids = append(ids, epptest.ID(f)+" "+name)
		}
		mathrand.Shuffle(n, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		for _, x := range ids {
			id, name, _ := strings.Cut(x, " ")
			srv.Send(epptest.Answer(1000, id, `<resData><domain:infData xmlns:domain="`+NSDomain+`"><domain:name>`+name+`</domain:name><domain:roid>R-1</domain:roid><domain:clID>x</domain:clID></domain:infData></resData>`))
		}
		_, _ = srv.Frame()
	}))
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			name := fmt.Sprintf("name%d.test", i)
			d, err := s.Info(t.Context(), name)
			if err != nil || d.Name != name {
				t.Errorf("info %s: %q %v", name, d.Name, err)
			}
		})
	}
	wg.Wait()
}

func TestServerMisbehaves(t *testing.T) {
	long := make([]byte, 4)
	binary.BigEndian.PutUint32(long, 0xffffffff)
	short := []byte{0, 0, 0, 2}
	for name, c := range map[string]struct {
		do   func(srv *epptest.Conn, id string)
		want string
	}{
		"length overflow":  {func(s *epptest.Conn, _ string) { _, _ = s.Write(long) }, "outside"},
		"length too small": {func(s *epptest.Conn, _ string) { _, _ = s.Write(short) }, "outside"},
		"garbage":          {func(s *epptest.Conn, _ string) { s.Send("HTTP/1.1 400 Bad Request") }, "neither an answer nor a greeting"},
		"foreign clTRID":   {func(s *epptest.Conn, _ string) { s.Send(epptest.Answer(1000, "someone-else-1", "")) }, "not sent on this session"},
		"no clTRID": {func(s *epptest.Conn, _ string) {
			s.Send(strings.Replace(epptest.Answer(1000, "x", ""), "<clTRID>x</clTRID>", "", 1))
		}, "did not say to which command"},
		"broken xml": {func(s *epptest.Conn, id string) {
			s.Send(strings.Replace(epptest.Answer(1000, id, ""), "</msg>", "", 1))
		}, "close in order"},
		"doctype": {func(s *epptest.Conn, id string) {
			s.Send(`<!DOCTYPE x [<!ENTITY a "b">]>` + epptest.Answer(1000, id, "")[21:])
		}, "document type"},
		"closes":           {func(s *epptest.Conn, _ string) {}, "closed"},
		"2502":             {func(s *epptest.Conn, id string) { s.Send(epptest.Answer(2502, id, "")) }, "too many sessions"},
		"unasked greeting": {func(s *epptest.Conn, _ string) { s.Send(epptest.Greeting()) }, "without being asked"},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustDial(t, serve(t, func(srv *epptest.Conn) {
				srv.Send(epptest.Greeting())
				f, err := srv.Frame()
				if err != nil {
					return
				}
				c.do(srv, epptest.ID(f))
			}))
			_, err := s.Info(t.Context(), "example.test")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q in it", err, c.want)
			}
			<-s.Done()
			if _, err := s.Info(t.Context(), "example.test"); !errors.Is(err, ErrClosed) {
				t.Fatalf("after the end: %v", err)
			}
		})
	}
}

func TestGreetingFaults(t *testing.T) {
	for name, c := range map[string]struct {
		script func(*epptest.Conn)
		want   string
	}{
		"refused address": {func(s *epptest.Conn) { _ = s.Handshake() }, "before its greeting"},
		"answer first":    {func(s *epptest.Conn) { s.Send(epptest.Answer(1000, "abc", "")); _, _ = s.Frame() }, "before its greeting"},
		"not EPP":         {func(s *epptest.Conn) { s.Send("<html><greeting/></html>"); _, _ = s.Frame() }, "did not greet"},
		"no domain objects": {func(s *epptest.Conn) {
			s.Send(strings.Replace(epptest.Greeting(), NSDomain, "urn:x", 1))
			_, _ = s.Frame()
		}, "does not offer domain names"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Dial(t.Context(), serve(t, c.script))
			if err == nil {
				_, err = s.Login(t.Context(), testLogin)
				s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestTimeoutKeepsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s, err := Dial(t.Context(), serve(t, func(srv *epptest.Conn) {
			srv.Send(epptest.Greeting())
			f, _ := srv.Frame()
			<-release
			srv.Send(epptest.Answer(1000, epptest.ID(f), "")) // too late, and dropped
			f, _ = srv.Frame()
			srv.Send(epptest.Answer(1000, epptest.ID(f), ""))
			_, _ = srv.Frame()
		}))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		_, err = s.Do(t.Context(), DomainDelete{Name: "example.test"})
		if !errors.Is(err, ErrTimeout) {
			t.Fatalf("first: %v", err)
		}
		close(release)
		if _, err := s.Do(t.Context(), DomainDelete{Name: "example.test"}); err != nil {
			t.Fatalf("second: %v", err)
		}
	})
}

// A server that could not read a frame has no clTRID to repeat.
func TestRefusalWithoutClTRID(t *testing.T) {
	refused := strings.Replace(epptest.Answer(2001, "x", ""), "<clTRID>x</clTRID>", "", 1)
	s := mustDial(t, serve(t, func(srv *epptest.Conn) {
		srv.Send(epptest.Greeting())
		for range 3 {
			_, _ = srv.Frame()
		}
		srv.Send(refused)
		_, _ = srv.Frame()
	}))
	_ = s.WriteFrame(AppendFrame(nil, []byte("<x/>"))) // answered by nobody
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := s.Info(t.Context(), "example.test"); !errors.Is(err, ErrClosed) || !strings.Contains(err.Error(), "did not say to which") || !strings.Contains(err.Error(), "2001") {
				t.Errorf("of several: %v", err)
			}
		})
	}
	wg.Wait()
	s = mustDial(t, serve(t, func(srv *epptest.Conn) {
		srv.Send(epptest.Greeting())
		for {
			if _, err := srv.Frame(); err != nil {
				return
			}
			srv.Send(refused)
		}
	}))
	for range 2 { // and the session goes on
		var re *ResultError
		if _, err := s.Info(t.Context(), "example.test"); !errors.As(err, &re) || re.Code != SyntaxError {
			t.Errorf("of one: %v", err)
		}
	}
}

// What is legal XML and rare in EPP routes answers all the same.
func TestOddAnswers(t *testing.T) {
	s := mustDial(t, serve(t, func(srv *epptest.Conn) {
		srv.Send(strings.Replace(epptest.Greeting(), "<greeting>", "<!-- no response --><greeting>", 1))
		for i := 0; ; i++ {
			f, err := srv.Frame()
			if err != nil {
				return
			}
			a := epptest.Answer(1000, epptest.ID(f), "")
			switch i {
			case 0:
				a = strings.NewReplacer("<clTRID>", "<clTRID><![CDATA[", "</clTRID>", "]]></clTRID>").Replace(a)
			case 1:
				a = strings.Replace(a, "<response>", `<!-- result code="2302" --><response>`, 1)
			case 2:
				a = strings.Replace(a, "</clTRID>", "<!-- x --></clTRID>", 1) + "<!-- <clTRID>y</clTRID> -->"
			case 3:
				a = strings.NewReplacer(`xmlns=`, `xmlns:e=`, "</", "</e:", "<", "<e:", "<?", "<?").Replace(a)
				a = strings.Replace(a, "<e:?", "<?", 1)
			case 4:
				a = "\uFEFF" + strings.Replace(a, `<result code="1000">`, "<result\n\tlang='en'\n\tcode = '1000' >", 1)
			}
			srv.Send(a)
		}
	}))
	for i := range 5 {
		if _, err := s.Do(t.Context(), Poll{}); err != nil {
			t.Errorf("answer %d: %v", i, err)
		}
	}
}

func TestKeepalive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hellos := make(chan struct{}, 10)
		cfg := serve(t, func(srv *epptest.Conn) {
			srv.Send(epptest.Greeting())
			for {
				f, err := srv.Frame()
				if err != nil {
					return
				}
				if strings.Contains(f, "<hello/>") {
					hellos <- struct{}{}
				}
				srv.Send(epptest.Greeting())
			}
		})
		cfg.Keepalive = 45 * time.Second
		s, err := Dial(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if n := len(hellos); n != 6 {
			t.Errorf("%d hellos in five minutes, want 6", n)
		}
		s.Close()
	})
}

func TestWrongPasswordIsTriedOnce(t *testing.T) {
	logins := 0
	c := NewConnector(serve(t, func(srv *epptest.Conn) {
		srv.Send(epptest.Greeting())
		for {
			f, err := srv.Frame()
			if err != nil {
				return
			}
			logins++
			srv.Send(epptest.Answer(2200, epptest.ID(f), ""))
		}
	}), testLogin)
	for range 3 {
		_, _, err := c.Connect(t.Context())
		var re *ResultError
		if !errors.As(err, &re) || re.Code != AuthFailed || !strings.Contains(err.Error(), "not tried again") {
			t.Fatalf("connect: %v", err)
		}
		if strings.Contains(err.Error(), "secret-password") {
			t.Fatal("the password is in the error")
		}
	}
	if logins != 1 {
		t.Fatalf("%d logins, want 1", logins)
	}
}

func TestTooManySessionsBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials []time.Time
		c := NewConnector(serve(t, func(srv *epptest.Conn) {
			dials = append(dials, time.Now())
			srv.Send(epptest.Greeting())
			f, err := srv.Frame()
			if err == nil {
				srv.Send(epptest.Answer(2502, epptest.ID(f), ""))
			}
		}), testLogin)
		for range 300 {
			_, _, _ = c.Connect(t.Context())
			time.Sleep(time.Second)
		}
		if len(dials) > 5 {
			t.Errorf("%d connections in five minutes of 2502", len(dials))
		}
	})
}

func TestPin(t *testing.T) {
	sum := sha256.Sum256(testCert.Leaf.RawSubjectPublicKeyInfo)
	cfg := serveTCP(t, echo)
	cfg.Roots, cfg.Pin = nil, []string{base64.StdEncoding.EncodeToString(sum[:])}
	mustDial(t, cfg)
	cfg.Pin = []string{base64.StdEncoding.EncodeToString(make([]byte, 32))}
	if _, err := Dial(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "pinned") {
		t.Fatalf("another pin: %v", err)
	}
	cfg.Pin = nil
	if _, err := Dial(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "ca") {
		t.Fatalf("no root: %v", err)
	}
}

// A certificate proves nothing by being sent along: whoever presents a chain
// with the pinned certificate in it must have a key that it signed.
func TestPinFurtherUp(t *testing.T) {
	ca := testCert.Leaf
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(parent *x509.Certificate, by any) tls.Certificate {
		tpl := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, DNSNames: []string{"epp.test"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter}
		if parent == nil {
			parent = tpl
		}
		der, err := x509.CreateCertificate(rand.Reader, tpl, parent, &key.PublicKey, by)
		if err != nil {
			t.Fatal(err)
		}
		return tls.Certificate{Certificate: [][]byte{der, ca.Raw}, PrivateKey: key}
	}
	sum := sha256.Sum256(ca.RawSubjectPublicKeyInfo)
	for name, c := range map[string]struct {
		cert tls.Certificate
		want string
	}{"signed by it": {leaf(ca, testCert.PrivateKey), ""}, "beside it": {leaf(nil, key), "did not sign"}} {
		cfg := serveAs(t, c.cert, echo)
		cfg.Roots, cfg.Pin = nil, []string{base64.StdEncoding.EncodeToString(sum[:])}
		s, err := Dial(t.Context(), cfg)
		if err == nil {
			_ = s.Close()
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Certificates out of their time, and one that is missing, are told as such.
func TestCertificates(t *testing.T) {
	old := func() tls.Certificate {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		tpl := &x509.Certificate{SerialNumber: big.NewInt(3), DNSNames: []string{"epp.test"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1e9, 0), IsCA: true, BasicConstraintsValid: true}
		der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	cert := old()
	cfg := serveAs(t, cert, echo)
	leaf, _ := x509.ParseCertificate(cert.Certificate[0])
	cfg.Roots = x509.NewCertPool()
	cfg.Roots.AddCert(leaf)
	if _, err := Dial(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "out of its time") {
		t.Errorf("the server's: %v", err)
	}
	cfg = serveTCP(t, echo)
	cfg.Cert = []tls.Certificate{old()}
	if _, err := Dial(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "expired on 2001-09-09") {
		t.Errorf("the client's: %v", err)
	}
	cfg = listen(t, &tls.Config{Certificates: []tls.Certificate{testCert}, ClientAuth: tls.RequireAnyClientCert}, echo)
	if _, err := Dial(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "the account has none") {
		t.Errorf("none: %v", err)
	}
}

func TestPendingIsBounded(t *testing.T) {
	cfg := serve(t, func(srv *epptest.Conn) {
		srv.Send(epptest.Greeting())
		for {
			if _, err := srv.Frame(); err != nil {
				return
			}
		}
	})
	cfg.MaxPending = 4
	s := mustDial(t, cfg)
	for range 4 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		_, _ = s.Do(ctx, Poll{})
		cancel()
	}
	if _, err := s.Do(t.Context(), Poll{}); !errors.Is(err, ErrBusy) {
		t.Fatalf("fifth: %v", err)
	}
}

func TestTap(t *testing.T) {
	s := mustDial(t, serve(t, echo))
	got := make(chan string, 1)
	s.SetTap(func(a Answer) bool {
		got <- fmt.Sprintf("%d %s %s", int(a.Code), a.ClTRID, a.SvTRID)
		return true
	})
	ids := s.ReserveTRIDs(3)
	if ids[0] == ids[1] || len(ids[0]) != len(ids[2]) {
		t.Fatalf("clTRIDs %q", ids)
	}
	x, err := Encode(DomainCreate{Name: "example.test"}, s.Services(), ids[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := s.WriteFrame(AppendFrame(nil, x)); err != nil {
		t.Fatal(err)
	}
	if want := "1000 " + ids[1] + " SV-" + ids[1]; <-got != want {
		t.Fatalf("tap did not see %q", want)
	}
	if err := s.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestSecretsStayHidden(t *testing.T) {
	s := catch.NewSecret("hunter2-hunter2")
	for _, c := range []Command{
		Login{ClientID: "testclient", Password: s, NewPassword: s},
		DomainCreate{Name: "example.test", AuthInfo: s},
		DomainTransfer{Do: Request, Name: "example.test", AuthInfo: s},
		ContactInfo{ID: "contact1", AuthInfo: s},
	} {
		b, err := Print(c, Everything(), "test-0001")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "hunter2") || !strings.Contains(string(b), masked) {
			t.Errorf("%s prints %s", c.Op(), b)
		}
	}
}

func TestUniqueTRIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 50 {
		ids := newTRIDs("")
		for range 50 {
			id := ids.next()
			if seen[id] || !validTRID(id) {
				t.Fatalf("clTRID %q", id)
			}
			seen[id] = true
		}
	}
}
