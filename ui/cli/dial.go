package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/lapse-dev/lapse/ui/cli/config"
)

var errOffline = errors.New("offline: only hosts that stand in the configuration are asked")

// dialer connects. With lookup.offline it connects to hosts of the
// configuration alone, so that nothing else ever leaves the machine.
func dialer(cfg *config.Loaded) func(ctx context.Context, network, addr string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	if !cfg.Lookup.Offline {
		return d.DialContext
	}
	allowed := map[string]bool{}
	allow := func(hostport string) {
		if h, _, err := net.SplitHostPort(hostport); err == nil {
			hostport = h
		}
		if hostport != "" {
			allowed[hostport] = true
		}
	}
	addresses := []string{}
	for _, c := range cfg.Lookup.RDAP {
		addresses = append(addresses, c.URL)
	}
	for _, c := range cfg.Account {
		addresses = append(addresses, c.URL)
	}
	for _, c := range cfg.Lookup.DropList {
		addresses = append(addresses, c.URL)
	}
	if cfg.Lookup.Bootstrap != config.IANABootstrap {
		addresses = append(addresses, cfg.Lookup.Bootstrap)
	}
	for _, s := range addresses {
		if u, err := url.Parse(s); err == nil && u.Host != "" {
			allow(u.Host)
		} else {
			allow(s)
		}
	}
	for _, c := range cfg.Lookup.WHOIS {
		allow(c.Host)
	}
	allow(cfg.Lookup.DNS.Resolver)
	for _, servers := range cfg.Lookup.DNS.Servers {
		for _, server := range servers {
			allow(server)
		}
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		if !allowed[host] {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errOffline}
		}
		return d.DialContext(ctx, network, addr)
	}
}

// trusted are the roots of TLS: the system's, with lookup.ca added.
func trusted(cfg *config.Loaded) (*tls.Config, error) {
	if cfg.Lookup.CA == "" {
		return nil, nil //nolint:nilnil // nil means the system's own roots
	}
	pool, err := certPool(cfg, cfg.Lookup.CA)
	if err != nil {
		return nil, err
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// certPool is the system's roots with the certificates of a PEM file added.
func certPool(cfg *config.Loaded, file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(cfg.Paths.Resolve(file))
	if err != nil {
		return nil, coded(exitUsage, fmt.Errorf("read certificates: %w", err))
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, coded(exitUsage, fmt.Errorf("read certificates: %s has none in PEM", cfg.Paths.Resolve(file)))
	}
	return pool, nil
}
