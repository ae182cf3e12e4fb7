package epp

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp/epptest"
)

var testCert, testPool = epptest.Cert()

func testConfig() Config {
	return Config{Addr: epptest.Host + ":700", ServerName: epptest.Host, Roots: testPool, Keepalive: -1, Timeout: 5 * time.Second}
}

// serve returns a config whose dial reaches a server over memory that runs
// script once a connection.
func serve(t *testing.T, script func(*epptest.Conn)) Config {
	t.Helper()
	cfg := testConfig()
	cfg.Dial = epptest.Pipe(script)
	return cfg
}

// serveTCP is serve over loopback, for what an unbuffered pipe cannot do: a
// handshake that fails while the other side still writes.
func serveTCP(t *testing.T, script func(*epptest.Conn)) Config {
	t.Helper()
	return listen(t, nil, script)
}

func serveAs(t *testing.T, cert tls.Certificate, script func(*epptest.Conn)) Config {
	t.Helper()
	return listen(t, &tls.Config{Certificates: []tls.Certificate{cert}}, script)
}

func listen(t *testing.T, with *tls.Config, script func(*epptest.Conn)) Config {
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
				script(epptest.Accept(c, with))
			}()
		}
	}()
	cfg := testConfig()
	cfg.Addr = l.Addr().String()
	return cfg
}

// echo answers every command with 1000, and hello with a greeting.
func echo(s *epptest.Conn) {
	s.Send(epptest.Greeting())
	for {
		f, err := s.Frame()
		if err != nil {
			return
		}
		if strings.Contains(f, "<hello/>") {
			s.Send(epptest.Greeting())
			continue
		}
		s.Send(epptest.Answer(1000, epptest.ID(f), ""))
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
