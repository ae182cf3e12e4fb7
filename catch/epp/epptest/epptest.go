// Package epptest is an EPP server for tests that answers as it is told, for
// what no well-behaved registry does. catch/sandbox is the one that does.
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

	"github.com/lapse-dev/lapse/catch/epp"
)

// Silent is the code of a command that is never answered.
const Silent = -2

// Host is the name in the server's certificate.
const Host = "epp.test"

// Server answers each command with what Answer gives: an EPP code, and what
// stands in the response before its trID. Code 0 closes the connection without
// an answer, Silent gives none; a command for which Answer gives -1 succeeds.
type Server struct {
	Extensions []string // in the greeting
	Answer     func(frame string) (code int, inner string)

	once sync.Once
	cert tls.Certificate
	pool *x509.CertPool

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
	s.once.Do(s.makeCert)
	return s.pool
}

func (s *Server) makeCert() {
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
	s.pool = x509.NewCertPool()
	s.pool.AddCert(c)
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Dial connects to the server over memory. It is an epp.Dialer.
func (s *Server) Dial(context.Context, string, string) (net.Conn, error) {
	s.once.Do(s.makeCert)
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		s.serve(tls.Server(server, &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS12}))
	}()
	return client, nil
}

func (s *Server) serve(conn net.Conn) {
	br := bufio.NewReader(conn)
	write := func(xml string) { _, _ = conn.Write(epp.AppendFrame(nil, []byte(xml))) }
	write(s.greeting())
	for {
		var h [4]byte
		if _, err := io.ReadFull(br, h[:]); err != nil {
			return
		}
		b := make([]byte, binary.BigEndian.Uint32(h[:])-4)
		if _, err := io.ReadFull(br, b); err != nil {
			return
		}
		frame := string(b)
		if strings.Contains(frame, "<hello/>") {
			write(s.greeting())
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
		if code == Silent {
			continue
		}
		if code < 0 {
			code = 1000
			if strings.Contains(frame, "<logout/>") {
				code = 1500
			}
		}
		if code == 0 {
			return
		}
		_, after, _ := strings.Cut(frame, "<clTRID>")
		id, _, _ := strings.Cut(after, "</clTRID>")
		write(fmt.Sprintf(`<?xml version="1.0"?><epp xmlns="%s"><response><result code="%d"><msg>words of %d</msg></result>%s<trID><clTRID>%s</clTRID><svTRID>SV-%s</svTRID></trID></response></epp>`,
			epp.NSEPP, code, code, inner, id, id))
		if epp.Code(code).Closes() {
			return
		}
	}
}

func (s *Server) greeting() string {
	var ext strings.Builder
	for _, e := range s.Extensions {
		ext.WriteString("<extURI>" + e + "</extURI>")
	}
	services := ""
	if ext.Len() > 0 {
		services = "<svcExtension>" + ext.String() + "</svcExtension>"
	}
	return `<?xml version="1.0" encoding="UTF-8"?><epp xmlns="` + epp.NSEPP + `"><greeting><svID>Told EPP</svID><svDate>` + time.Now().UTC().Format("2006-01-02T15:04:05.000Z") +
		`</svDate><svcMenu><version>1.0</version><lang>en</lang><objURI>` + epp.NSDomain + `</objURI><objURI>` + epp.NSContact + `</objURI><objURI>` + epp.NSHost + `</objURI>` + services +
		`</svcMenu><dcp><access><all/></access><statement><purpose><prov/></purpose><recipient><ours/></recipient><retention><stated/></retention></statement></dcp></greeting></epp>`
}
