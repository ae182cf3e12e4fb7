package epp

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// testServer is a scripted peer over an in-memory pipe: each frame that comes
// in goes to answer, which writes whatever it likes.
type testServer struct {
	conn *tls.Conn
	br   *bufio.Reader
}

func (s *testServer) read() (string, error) {
	var h [4]byte
	if _, err := io.ReadFull(s.br, h[:]); err != nil {
		return "", err
	}
	b := make([]byte, binary.BigEndian.Uint32(h[:])-4)
	_, err := io.ReadFull(s.br, b)
	return string(b), err
}

func (s *testServer) write(xml string) { _, _ = s.conn.Write(AppendFrame(nil, []byte(xml))) }

func (s *testServer) raw(b []byte) { _, _ = s.conn.Write(b) }

func trid(frame string) string {
	_, after, _ := strings.Cut(frame, "<clTRID>")
	id, _, _ := strings.Cut(after, "</clTRID>")
	return id
}

func answer(code int, id, inner string) string {
	return fmt.Sprintf(`<?xml version="1.0"?><epp xmlns="%s"><response><result code="%d"><msg>words</msg></result>%s<trID><clTRID>%s</clTRID><svTRID>SV-%s</svTRID></trID></response></epp>`, NSEPP, code, inner, id, id)
}

func greetingXML(ext ...string) string {
	var b strings.Builder
	for _, e := range ext {
		b.WriteString("<extURI>" + e + "</extURI>")
	}
	x := ""
	if len(ext) > 0 {
		x = "<svcExtension>" + b.String() + "</svcExtension>"
	}
	return `<?xml version="1.0" encoding="UTF-8"?><epp xmlns="` + NSEPP + `"><greeting><svID>Test EPP</svID><svDate>2026-11-21T10:00:00.0Z</svDate><svcMenu><version>1.0</version><lang>en</lang>` +
		`<objURI>` + NSDomain + `</objURI><objURI>` + NSContact + `</objURI><objURI>` + NSHost + `</objURI>` + x + `</svcMenu><dcp><access><all/></access><statement><purpose><prov/></purpose><recipient><ours/></recipient><retention><stated/></retention></statement></dcp></greeting></epp>`
}

var testCert, testPool = func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "epp.test"}, DNSNames: []string{"epp.test"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	c, _ := x509.ParseCertificate(der)
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}()

// serve returns a config whose dial reaches a server that runs script once a
// connection.
func serve(t *testing.T, script func(*testServer)) Config {
	t.Helper()
	return Config{
		Addr: "epp.test:700", Roots: testPool, Keepalive: -1, Timeout: 5 * time.Second,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				conn := tls.Server(server, &tls.Config{Certificates: []tls.Certificate{testCert}})
				script(&testServer{conn: conn, br: bufio.NewReader(conn)})
			}()
			return client, nil
		},
	}
}

// serveTCP is serve over loopback, for what an unbuffered pipe cannot do: a
// handshake that fails while the other side still writes.
func serveTCP(t *testing.T, script func(*testServer)) Config {
	t.Helper()
	return serveAs(t, testCert, script)
}

func serveAs(t *testing.T, cert tls.Certificate, script func(*testServer)) Config {
	t.Helper()
	return listen(t, &tls.Config{Certificates: []tls.Certificate{cert}}, script)
}

func listen(t *testing.T, with *tls.Config, script func(*testServer)) Config {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				conn := tls.Server(c, with)
				script(&testServer{conn: conn, br: bufio.NewReader(conn)})
			}()
		}
	}()
	return Config{Addr: l.Addr().String(), ServerName: "epp.test", Roots: testPool, Keepalive: -1, Timeout: 5 * time.Second}
}

// echo answers every command with 1000, and hello with a greeting.
func echo(s *testServer) {
	s.write(greetingXML())
	for {
		f, err := s.read()
		if err != nil {
			return
		}
		if strings.Contains(f, "<hello/>") {
			s.write(greetingXML())
			continue
		}
		s.write(answer(1000, trid(f), ""))
		if strings.Contains(f, "<logout/>") {
			return
		}
	}
}

var testLogin = Login{ClientID: "testclient", Password: catch.NewSecret("secret-password")}

func mustDial(t *testing.T, cfg Config) *Session {
	t.Helper()
	s, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func parseTestCert() (*x509.Certificate, error) {
	return x509.ParseCertificate(testCert.Certificate[0])
}
