package main

import (
	"bufio"
	std "bytes"
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
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
)

// eppServer answers as little as a registry can: creates with 2302 until the
// drop and once with 1000 after it. It does no XML, so that what is measured is
// the client.
type eppServer struct {
	ln   net.Listener
	pool *x509.CertPool
	rtt  time.Duration // what it pretends the distance to be

	mu      sync.Mutex
	drop    time.Time // zero: never
	receipt time.Duration
	won     bool
	creates int
}

func startEPP(rtt time.Duration) (*eppServer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	s := &eppServer{pool: x509.NewCertPool(), rtt: rtt}
	s.pool.AddCert(cert)
	s.ln, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS13})
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := s.ln.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s, nil
}

func (s *eppServer) close() { _ = s.ln.Close() }

// dropAt sets the next drop and forgets the last.
func (s *eppServer) dropAt(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop, s.receipt, s.won, s.creates = t, -1, false, 0
}

// last says how long after the drop the winning create came, and how many came
// in all.
func (s *eppServer) last() (time.Duration, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.receipt, s.creates
}

func (s *eppServer) create(at time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.creates++
	if s.drop.IsZero() || s.won || at.Before(s.drop) {
		return "2302"
	}
	s.won, s.receipt = true, at.Sub(s.drop)
	return "1000"
}

const eppHead = `<?xml version="1.0" encoding="UTF-8"?><epp xmlns="urn:ietf:params:xml:ns:epp-1.0">`

func (s *eppServer) greeting(at time.Time) []byte {
	return epp.AppendFrame(nil, fmt.Appendf(nil, eppHead+`<greeting><svID>bench</svID><svDate>%s</svDate><svcMenu><version>1.0</version><lang>en</lang><objURI>urn:ietf:params:xml:ns:domain-1.0</objURI></svcMenu><dcp><access><all/></access><statement><purpose><prov/></purpose><recipient><public/></recipient><retention><stated/></retention></statement></dcp></greeting></epp>`, at.UTC().Format("2006-01-02T15:04:05.000000Z")))
}

type late struct {
	at time.Time
	b  []byte
}

func (s *eppServer) serve(c net.Conn) {
	defer c.Close()
	var out chan late
	if s.rtt > 0 {
		out = make(chan late, 4096)
		defer close(out)
		go func() {
			for l := range out {
				time.Sleep(time.Until(l.at))
				_, _ = c.Write(l.b)
			}
		}()
	}
	send := func(read time.Time, b []byte) {
		if out == nil {
			_, _ = c.Write(b)
			return
		}
		out <- late{read.Add(s.rtt), std.Clone(b)}
	}
	send(time.Now(), s.greeting(time.Now()))
	br := bufio.NewReaderSize(c, 64<<10)
	var head [4]byte
	buf := make([]byte, 0, 4096)
	answer := make([]byte, 0, 1024)
	for {
		if _, err := io.ReadFull(br, head[:]); err != nil {
			return
		}
		n := int(binary.BigEndian.Uint32(head[:])) - 4
		if n <= 0 || n > 1<<20 {
			return
		}
		if cap(buf) < n {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if _, err := io.ReadFull(br, buf); err != nil {
			return
		}
		read := time.Now()
		at := read.Add(s.rtt / 2)
		code, data := "1000", ""
		switch {
		case std.Contains(buf, []byte("<create>")):
			code = s.create(at)
		case std.Contains(buf, []byte("<hello/>")):
			send(read, s.greeting(at))
			continue
		case std.Contains(buf, []byte("<info>")):
			code = "2303"
		case std.Contains(buf, []byte("<logout/>")):
			code = "1500"
		case std.Contains(buf, []byte("check>")):
			data = `<resData><domain:chkData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:cd><domain:name avail="0">example.com</domain:name><domain:reason>In use</domain:reason></domain:cd></domain:chkData></resData>`
		}
		answer = append(answer[:0], 0, 0, 0, 0)
		answer = append(answer, eppHead+`<response><result code="`...)
		answer = append(answer, code...)
		answer = append(answer, `"><msg>words</msg></result>`...)
		answer = append(answer, data...)
		answer = append(answer, `<trID><clTRID>`...)
		if i := std.Index(buf, []byte("<clTRID>")); i >= 0 {
			rest := buf[i+len("<clTRID>"):]
			if j := std.IndexByte(rest, '<'); j > 0 {
				answer = append(answer, rest[:j]...)
			}
		}
		answer = append(answer, `</clTRID><svTRID>bench-1</svTRID></trID></response></epp>`...)
		binary.BigEndian.PutUint32(answer, uint32(len(answer)))
		send(read, answer)
		if code == "1500" {
			time.Sleep(s.rtt)
			return
		}
	}
}

func (s *eppServer) config() epp.Config {
	return epp.Config{Addr: s.ln.Addr().String(), Roots: s.pool, Keepalive: -1}
}

var benchLogin = epp.Login{ClientID: "bench-1", Password: catch.NewSecret("bench-secret")}

// session is a session of ours, logged in.
func (s *eppServer) session(ctx context.Context) (*epp.Session, error) {
	sess, err := epp.Dial(ctx, s.config())
	if err != nil {
		return nil, err
	}
	_, err = sess.Login(ctx, benchLogin)
	return sess, err
}

// rawConn is a connection with frames that were built before and nothing else.
type rawConn struct {
	c     *tls.Conn
	br    *bufio.Reader
	frame []byte
	head  [4]byte
	buf   []byte
}

func (s *eppServer) raw() (*rawConn, error) {
	c, err := tls.Dial("tcp", s.ln.Addr().String(), &tls.Config{RootCAs: s.pool, MinVersion: tls.VersionTLS13})
	if err != nil {
		return nil, err
	}
	r := &rawConn{c: c, br: bufio.NewReaderSize(c, 16<<10), buf: make([]byte, 4096)}
	if err := r.read(); err != nil { // the greeting
		return nil, err
	}
	x, err := epp.Encode(benchCreate, epp.Services{}, "lapse-AAAAAAAAAAAAAAAA-0000001")
	r.frame = epp.AppendFrame(nil, x)
	return r, err
}

var benchCreate = epp.DomainCreate{
	Name: "example.com", Years: 1, NS: []string{"ns1.example.net", "ns2.example.net"}, Registrant: "contact-1",
	Contacts: []epp.Contact{{Role: "admin", ID: "contact-1"}, {Role: "tech", ID: "contact-1"}},
}

func (r *rawConn) write() error {
	_, err := r.c.Write(r.frame)
	return err
}

func (r *rawConn) read() error {
	if _, err := io.ReadFull(r.br, r.head[:]); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint32(r.head[:])) - 4
	if n > cap(r.buf) {
		r.buf = make([]byte, n)
	}
	_, err := io.ReadFull(r.br, r.buf[:n])
	return err
}
