// Package epptest is an EPP server for tests that answers as it is told, for
// what no well-behaved registry does. catch/sandbox is the one that does.
//
// It knows the wire and not the client: tests of package epp use it too.
package epptest

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
	"sync"
	"time"
)

// Silent is the code of a command that is never answered.
const Silent = -2

// Host is the name in the server's certificate.
const Host = "epp.test"

const (
	ns      = "urn:ietf:params:xml:ns:"
	nsEPP   = ns + "epp-1.0"
	objects = `<objURI>` + ns + `domain-1.0</objURI><objURI>` + ns + `contact-1.0</objURI><objURI>` + ns + `host-1.0</objURI>`
)

// Cert is a certificate for Host that signs itself, and what verifies it.
var Cert = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: Host}, DNSNames: []string{Host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: c}, pool
})

// Conn is the server's end of a connection.
type Conn struct {
	*tls.Conn
	br *bufio.Reader
}

// Accept makes a Conn of a connection; nil takes Cert.
func Accept(c net.Conn, with *tls.Config) *Conn {
	if with == nil {
		cert, _ := Cert()
		with = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	conn := tls.Server(c, with)
	return &Conn{conn, bufio.NewReader(conn)}
}

// Frame reads a frame.
func (c *Conn) Frame() (string, error) {
	var h [4]byte
	if _, err := io.ReadFull(c.br, h[:]); err != nil {
		return "", err
	}
	b := make([]byte, binary.BigEndian.Uint32(h[:])-4)
	_, err := io.ReadFull(c.br, b)
	return string(b), err
}

// Send writes a frame. A client that is gone is not the server's concern.
func (c *Conn) Send(xml string) {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(xml)+4))
	_, _ = c.Write(append(b, xml...))
}

// Pipe is a dialer over memory: serve runs at the other end of each connection.
func Pipe(serve func(*Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			serve(Accept(server, nil))
		}()
		return client, nil
	}
}

// ID is the clTRID of a command.
func ID(frame string) string {
	_, after, _ := strings.Cut(frame, "<clTRID>")
	id, _, _ := strings.Cut(after, "</clTRID>")
	return id
}

// Answer is an answer to the command with a clTRID; inner stands before its trID.
func Answer(code int, id, inner string) string {
	return fmt.Sprintf(`<?xml version="1.0"?><epp xmlns="%s"><response><result code="%d"><msg>words of %d</msg></result>%s<trID><clTRID>%s</clTRID><svTRID>SV-%s</svTRID></trID></response></epp>`,
		nsEPP, code, code, inner, id, id)
}

// Greeting is a greeting that offers extensions.
func Greeting(extensions ...string) string {
	services := ""
	for _, e := range extensions {
		services += "<extURI>" + e + "</extURI>"
	}
	if services != "" {
		services = "<svcExtension>" + services + "</svcExtension>"
	}
	return `<?xml version="1.0" encoding="UTF-8"?><epp xmlns="` + nsEPP + `"><greeting><svID>Told EPP</svID><svDate>` + time.Now().UTC().Format("2006-01-02T15:04:05.000Z") +
		`</svDate><svcMenu><version>1.0</version><lang>en</lang>` + objects + services +
		`</svcMenu><dcp><access><all/></access><statement><purpose><prov/></purpose><recipient><ours/></recipient><retention><stated/></retention></statement></dcp></greeting></epp>`
}

// Server answers each command with what Answer gives: an EPP code, and what
// stands in the response before its trID. Code 0 closes the connection without
// an answer, Silent gives none; a command for which Answer gives -1 succeeds.
type Server struct {
	Extensions []string // in the greeting
	Answer     func(frame string) (code int, inner string)

	mu    sync.Mutex
	logIn int
}

// Logins is how many logins there were.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logIn
}

// Roots verify the server.
func (s *Server) Roots() *x509.CertPool {
	_, pool := Cert()
	return pool
}

// Dial connects to the server over memory. It is an epp.Dialer.
func (s *Server) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return Pipe(s.serve)(ctx, network, address)
}

func (s *Server) serve(c *Conn) {
	c.Send(Greeting(s.Extensions...))
	for {
		frame, err := c.Frame()
		if err != nil {
			return
		}
		if strings.Contains(frame, "<hello/>") {
			c.Send(Greeting(s.Extensions...))
			continue
		}
		if strings.Contains(frame, "<login>") {
			s.mu.Lock()
			s.logIn++
			s.mu.Unlock()
		}
		code, inner := -1, ""
		if s.Answer != nil {
			code, inner = s.Answer(frame)
		}
		if code == -1 {
			code = 1000
			if strings.Contains(frame, "<logout/>") {
				code = 1500
			}
		}
		switch code {
		case Silent:
			continue
		case 0:
			return
		}
		c.Send(Answer(code, ID(frame), inner))
		if code == 1500 || code >= 2500 && code < 2600 {
			return
		}
	}
}
