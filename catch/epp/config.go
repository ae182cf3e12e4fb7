package epp

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"
)

// Dialer opens a connection; net.Dialer.DialContext is one.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Config says how to reach a server. The zero value of every field but Addr
// has a sensible meaning.
type Config struct {
	Addr       string            // host:port; port 700 where it has none
	Dial       Dialer            // nil: a plain TCP dial
	Source     netip.Addr        // the local address to dial from, for accounts bound to one
	ServerName string            // for SNI and verification; "" takes the host of Addr
	Roots      *x509.CertPool    // nil: the system's
	Pin        []string          // base64 SHA-256 of a public key in the chain; any one must match
	Cert       []tls.Certificate // the client's own

	Timeout    time.Duration // for one command and for the login; default 30 s
	Connect    time.Duration // for dialling, TLS and the greeting; default 20 s
	Keepalive  time.Duration // hello after so long without traffic; default 45 s, negative: never
	MaxFrame   int           // largest frame accepted; default 1 MiB
	MaxPending int           // commands in flight at once; default 256
	Prefix     string        // of clTRIDs; default "lapse"
	Log        *slog.Logger  // gets no frame and no secret; nil: silent

	insecure bool // tests against a peer without a certificate that verifies
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.Timeout, 30*time.Second)
	def(&c.Connect, 20*time.Second)
	// The smallest idle limit in the field is 120 s, checked on a slow clock.
	def(&c.Keepalive, 45*time.Second)
	if c.MaxFrame <= 0 {
		c.MaxFrame = 1 << 20
	}
	if c.MaxPending <= 0 {
		c.MaxPending = 256
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil && c.Addr != "" {
		c.Addr = net.JoinHostPort(c.Addr, "700")
	}
	return c
}

// CertEnds is when the first of the client's own certificates ends; zero where
// it has none.
func (c Config) CertEnds() time.Time {
	var ends time.Time
	for _, k := range c.Cert {
		leaf := k.Leaf
		if leaf == nil && len(k.Certificate) > 0 {
			leaf, _ = x509.ParseCertificate(k.Certificate[0])
		}
		if leaf != nil && (ends.IsZero() || leaf.NotAfter.Before(ends)) {
			ends = leaf.NotAfter
		}
	}
	return ends
}

// ExpiredError says that the client's own certificate is past its end, which a
// server would only say by closing.
type ExpiredError struct{ Ended time.Time }

// Error says since when.
func (e *ExpiredError) Error() string {
	return "the account's client certificate expired on " + e.Ended.UTC().Format(time.DateOnly) + "; ask the registry for a new one"
}

// tls returns what the handshake goes by. asked is called where the server asks
// for a client certificate and there is none.
func (c Config) tls(asked func()) *tls.Config {
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName, RootCAs: c.Roots, Certificates: c.Cert}
	if len(c.Cert) == 0 {
		t.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked()
			return &tls.Certificate{}, nil
		}
	}
	t.InsecureSkipVerify = c.insecure //nolint:gosec // see the field
	if len(c.Pin) > 0 {
		// A pin replaces the chain to a root, as registries with a CA of their
		// own want it; the key is what is trusted.
		t.InsecureSkipVerify = c.Roots == nil //nolint:gosec // verified below by key
		t.VerifyConnection = c.pinned
	}
	return t
}

// pinned holds the server's keys against the pins. Only the first certificate's
// key is proven by the handshake: a pinned one further up must have signed it,
// since anybody can send along a certificate that is not theirs.
func (c Config) pinned(cs tls.ConnectionState) error {
	is := func(cert *x509.Certificate) bool {
		sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
		return slices.Contains(c.Pin, base64.StdEncoding.EncodeToString(sum[:]))
	}
	for _, chain := range cs.VerifiedChains {
		if slices.ContainsFunc(chain, is) {
			return nil
		}
	}
	if c.Roots == nil {
		between := x509.NewCertPool()
		for _, cert := range cs.PeerCertificates {
			between.AddCert(cert)
		}
		for i, cert := range cs.PeerCertificates {
			if !is(cert) {
				continue
			}
			if i == 0 {
				return nil
			}
			root := x509.NewCertPool()
			root.AddCert(cert)
			_, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: root, Intermediates: between, DNSName: c.ServerName})
			if err != nil {
				return fmt.Errorf("the pinned key did not sign the server's: %w", err)
			}
			return nil
		}
	}
	return errors.New("none of the server's keys is the pinned one")
}

func explainTLS(err error) error {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%w; set the account's ca to the registry's certificate", err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("the server's certificate is out of its time: %w; ask the registry, or set this machine's clock", err)
	}
	return err
}
