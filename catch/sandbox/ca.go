package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// authority is the sandbox's own CA, made at start and kept in memory.
type authority struct {
	caPEM, clientPEM, clientKeyPEM []byte
	server                         tls.Certificate
	pool                           *x509.CertPool
}

func newAuthority(hosts []string, now time.Time) (*authority, error) {
	// Valid by the machine's clock and by the one that names age by.
	from, to := now, now
	if t := time.Now(); t.Before(from) {
		from = t
	} else {
		to = t
	}
	from, to = from.Add(-24*time.Hour), to.Add(10*365*24*time.Hour)
	serial := int64(0)
	template := func(cn string) *x509.Certificate {
		serial++
		return &x509.Certificate{
			SerialNumber: big.NewInt(now.UnixNano()&0xffffffffff<<8 | serial), Subject: pkix.Name{CommonName: cn},
			NotBefore: from, NotAfter: to, BasicConstraintsValid: true,
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := template("lapse sandbox CA")
	ca.IsCA, ca.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	issue := func(t *x509.Certificate) (certPEM, keyPEM []byte, err error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, nil, err
		}
		der, err := x509.CreateCertificate(rand.Reader, t, ca, key.Public(), caKey)
		if err != nil {
			return nil, nil, err
		}
		k, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, nil, err
		}
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
			pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k}), nil
	}
	srv := template("lapse sandbox")
	srv.KeyUsage, srv.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	srv.DNSNames = []string{"localhost", "sandbox.test"}
	srv.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			srv.IPAddresses = append(srv.IPAddresses, ip)
		} else {
			srv.DNSNames = append(srv.DNSNames, h)
		}
	}
	srvPEM, srvKey, err := issue(srv)
	if err != nil {
		return nil, err
	}
	cli := template("lapse sandbox client")
	cli.KeyUsage, cli.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	a := &authority{caPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), pool: x509.NewCertPool()}
	if a.clientPEM, a.clientKeyPEM, err = issue(cli); err != nil {
		return nil, err
	}
	if a.server, err = tls.X509KeyPair(srvPEM, srvKey); err != nil {
		return nil, err
	}
	a.pool.AppendCertsFromPEM(a.caPEM)
	return a, nil
}

// config is the server side of every TLS service here. A client certificate
// is checked where one is given; accounts say whether they need one.
func (a *authority) config() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{a.server}, MinVersion: tls.VersionTLS12,
		ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: a.pool,
	}
}
