// Package reach is the rule for addresses, made into dialers and an HTTP
// transport: what a person configured may be a private address, what was
// learned from the network (a redirect, a link, an entry of a downloaded
// table) never is, and is only followed over https. Whatever a server can make
// grow is bounded.
package reach

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// maxRetryAfter is the longest pause that a server can ask for.
const maxRetryAfter = 24 * time.Hour

// MaxHops is how many redirects are followed.
const MaxHops = 4

// ErrPrivate says that a learned address leads into a private network.
var ErrPrivate = errors.New("a private address: only addresses from the configuration may be private")

// Learned checks an address that came from the network: https, a host name or
// a public address, no credentials, no port but 443 and the unprivileged ones.
func Learned(s string) (*url.URL, error) {
	if len(s) > 2048 {
		return nil, errors.New("the address is too long")
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, errors.New("not an address")
	case u.Scheme != "https":
		return nil, errors.New("not https")
	case u.User != nil, u.Host == "", u.Opaque != "":
		return nil, errors.New("not a plain address")
	}
	if p := u.Port(); p != "" && p != "443" {
		if n, err := strconv.Atoi(p); err != nil || n < 1024 {
			return nil, errors.New("a port that no such server uses")
		}
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !whoisx.PublicAddr(ip) {
		return nil, ErrPrivate
	}
	if h := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."); h == "localhost" || strings.HasSuffix(h, ".localhost") {
		return nil, ErrPrivate
	}
	u.Fragment = ""
	return u, nil
}

// PublicOnly wraps a dialer so that it never reaches a private address. With
// dialers of our own the address is checked before the connection is opened;
// with others also afterwards, before a byte is sent.
func PublicOnly(dial DialFunc) DialFunc {
	if dial == nil {
		d := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil || !whoisx.PublicAddr(ap.Addr()) {
				return ErrPrivate
			}
			return nil
		}}
		return d.DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("read address: %w", err)
		}
		if ip, err := netip.ParseAddr(host); err == nil && !whoisx.PublicAddr(ip) {
			return nil, ErrPrivate
		}
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok && !whoisx.PublicAddr(tcp.AddrPort().Addr()) {
			_ = c.Close()
			return nil, ErrPrivate
		}
		return c, nil
	}
}

const dialTimeout = 10 * time.Second

// Transport is one HTTP transport: HTTP/2 where the server speaks it,
// connections kept alive, everything that a server can make grow bounded.
func Transport(dial DialFunc, conf *tls.Config) *http.Transport {
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	} else {
		conf = conf.Clone()
	}
	if conf.ClientSessionCache == nil {
		conf.ClientSessionCache = tls.NewLRUClientSessionCache(256)
	}
	return &http.Transport{
		DialContext:            dial,
		TLSClientConfig:        conf,
		TLSHandshakeTimeout:    dialTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    64,
		MaxConnsPerHost:        64, // a thousand asks at once are not a thousand handshakes
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         4 << 10,
		WriteBufferSize:        2 << 10,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     256<<10 + 1,
			MaxReceiveBufferPerConnection: 1 << 20,
			SendPingTimeout:               20 * time.Second,
			PingTimeout:                   10 * time.Second,
		},
	}
}

// Or dials one address that a person configured as it is, and every other by
// the rule for learned ones.
func Or(u *url.URL, dial DialFunc) DialFunc {
	own := dial
	if own == nil {
		own = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	public := PublicOnly(dial)
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	configured := net.JoinHostPort(u.Hostname(), port)
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr == configured {
			return own(ctx, network, addr)
		}
		return public(ctx, network, addr)
	}
}

// Client is an HTTP client for one address: itself as it is where the person
// configured it, redirects by the rule for learned addresses. A redirect within
// the configured origin stays within it.
func Client(u *url.URL, configured bool, dial DialFunc, conf *tls.Config) *http.Client {
	d := PublicOnly(dial)
	if configured {
		d = Or(u, dial)
	}
	return &http.Client{Transport: Transport(d, conf), CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > MaxHops {
			return fmt.Errorf("more than %d redirects", MaxHops)
		}
		if configured && req.URL.Scheme == u.Scheme && req.URL.Host == u.Host {
			return nil
		}
		if _, err := Learned(req.URL.String()); err != nil {
			return fmt.Errorf("a redirect was not followed: %w", err)
		}
		return nil
	}}
}

// RetryAfter reads both forms of Retry-After (RFC 9110 §10.2.3): seconds, or a
// date. What is no time, or past, is zero; no server gets more than a day.
func RetryAfter(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	var d time.Duration
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		d = time.Duration(min(max(n, 0), int64(maxRetryAfter/time.Second))) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
