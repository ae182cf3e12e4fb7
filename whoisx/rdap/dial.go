package rdap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// errPrivate says that a learned address leads into a private network.
var errPrivate = errors.New("a private address: only addresses from the configuration may be private")

// learned checks an address that came from the network: https, a host name or
// a public address, no credentials, no port but 443 and the unprivileged ones.
func learned(s string) (*url.URL, error) {
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
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !whoisx.PublicAddr(ip) {
		return nil, errPrivate
	}
	if h := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."); h == "localhost" || strings.HasSuffix(h, ".localhost") {
		return nil, errPrivate
	}
	u.Fragment = ""
	return u, nil
}

// publicOnly wraps a dialer so that it never reaches a private address. With
// dialers of our own the address is checked before the connection is opened;
// with others also afterwards, before a byte is sent.
func publicOnly(dial DialFunc) DialFunc {
	if dial == nil {
		d := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil || !whoisx.PublicAddr(ap.Addr()) {
				return errPrivate
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
			return nil, errPrivate
		}
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok && !whoisx.PublicAddr(tcp.AddrPort().Addr()) {
			_ = c.Close()
			return nil, errPrivate
		}
		return c, nil
	}
}

const dialTimeout = 10 * time.Second

// transport is one HTTP transport: HTTP/2 where the server speaks it,
// connections kept alive, everything that a server can make grow bounded.
func transport(dial DialFunc, conf *tls.Config) *http.Transport {
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
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         4 << 10,
		WriteBufferSize:        2 << 10,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     MaxBody + 1,
			MaxReceiveBufferPerConnection: 1 << 20,
			SendPingTimeout:               20 * time.Second,
			PingTimeout:                   10 * time.Second,
		},
	}
}

// ownOr dials one configured address as it is and every other by the rule for
// learned ones.
func ownOr(host, port string, dial DialFunc) DialFunc {
	own := dial
	if own == nil {
		own = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	public := publicOnly(dial)
	configured := net.JoinHostPort(host, port)
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr == configured {
			return own(ctx, network, addr)
		}
		return public(ctx, network, addr)
	}
}
