// Package rdap asks registries over RDAP (RFC 9082, RFC 9083) whether a name
// is registered, and reads what they say.
//
// Explain is the reader: pure, from the bytes of an answer to a typed Answer
// with the lines that it was concluded from. Bootstrap knows which server is
// asked for which suffix (RFC 9224). Client puts a connection between the two;
// it is thin on purpose: HTTP/2 and keep-alive from net/http, a cap on what is
// read, one absolute deadline for each ask, and a rule for addresses. What a
// person configured may be a private address; what was learned from the
// network, be it a bootstrap file, a redirect or a link, never is, and a
// redirect is only followed over https.
//
// Every failure is an Answer of its own kind. In particular 404 is "not
// registered", which is not "free": reserved and premium names answer 404 too.
package rdap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/reach"
)

const (
	// MaxBody is the most that is read of an answer, after decompression.
	MaxBody = 256 << 10
	// DefaultTimeout bounds one ask, from the first byte sent to the last read.
	DefaultTimeout = 15 * time.Second
)

const accept = "application/rdap+json, application/json;q=0.8"

// Options are what a Client is made of. The zero value of each field is a
// working default.
type Options struct {
	Bootstrap *Bootstrap     // nil: the embedded table
	Dial      reach.DialFunc // nil: net.Dialer
	TLS       *tls.Config    // roots; nil: the system's
	Timeout   time.Duration  // of one ask, absolute; 0: DefaultTimeout
	Agent     string         // User-Agent; "": "lapse"
	Now       func() time.Time
	Log       *slog.Logger
}

// Client asks RDAP servers. It is safe for use by many goroutines.
type Client struct {
	boot    *Bootstrap
	own     *http.Transport // addresses from the configuration
	public  *http.Transport // all others
	timeout time.Duration
	agent   string
	now     func() time.Time
	log     *slog.Logger
	cache   *cache
}

// New makes a Client. Close releases its connections.
func New(o Options) *Client {
	c := &Client{
		boot: o.Bootstrap, timeout: o.Timeout, agent: o.Agent, now: o.Now, log: o.Log,
		own: reach.Transport(o.Dial, o.TLS), public: reach.Transport(reach.PublicOnly(o.Dial), o.TLS),
		cache: newCache(cacheEntries, cacheBytes),
	}
	if c.boot == nil {
		c.boot = NewBootstrap(BootstrapOptions{})
	}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	if c.agent == "" {
		c.agent = "lapse"
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Close drops the idle connections.
func (c *Client) Close() {
	c.own.CloseIdleConnections()
	c.public.CloseIdleConnections()
}

// Kind is whoisx.RDAP.
func (c *Client) Kind() whoisx.Source { return whoisx.RDAP }

// Host is the host that Ask would ask about the name, or "" where no RDAP
// server is known for its suffix.
func (c *Client) Host(name string) string {
	s, ok := c.boot.Lookup(name)
	if !ok {
		return ""
	}
	return s.Host()
}

// Ask asks the registry's server about one name. A failure is an answer of
// its own kind, never an error; it comes back within the timeout or when ctx
// ends, whichever is earlier.
func (c *Client) Ask(ctx context.Context, name string) whoisx.Answer {
	start := c.now()
	ascii, err := label(name)
	if err != nil {
		a := Explain(nil, http.StatusOK, name, start)
		a.HTTPStatus = 0
		return a
	}
	server, ok := c.boot.Lookup(ascii)
	if !ok {
		return whoisx.Answer{
			Source: whoisx.RDAP, Name: ascii, Asked: start, Outcome: whoisx.Unsupported,
			Why: "no RDAP server is known for this suffix",
		}
	}
	a := c.ask(ctx, server.URL+"domain/"+ascii, server.Configured, ascii)
	if a.Outcome == whoisx.NotRegistered && server.Doubt != "" {
		a.Outcome, a.Why = whoisx.Unreadable, "404, but "+server.Doubt
	}
	a.Took = whoisx.Duration(c.now().Sub(start))
	return a
}

// ask asks one address, following redirects.
func (c *Client) ask(ctx context.Context, address string, configured bool, name string) whoisx.Answer {
	at := c.now()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	u, err := url.Parse(address)
	if err != nil {
		return c.lost(ctx, name, at, nil, fmt.Errorf("read the server's address: %w", err))
	}
	origin := u
	for hop := 0; ; hop++ {
		a, next, err := c.hop(ctx, u, configured, name, at)
		if err != nil {
			return c.lost(ctx, name, at, u, err)
		}
		if next == "" {
			if a.Outcome == whoisx.NotRegistered && u.Host != origin.Host && !c.boot.vouches(origin, u) {
				a.Outcome, a.Why = whoisx.Unreadable, "404 of "+short(u.Host)+", to which the registry's server redirected: only a registry can say that nobody holds a name"
			}
			return a
		}
		if hop == reach.MaxHops {
			return c.lost(ctx, name, at, u, fmt.Errorf("more than %d redirects", reach.MaxHops))
		}
		to, err := u.Parse(next)
		if err != nil {
			return c.lost(ctx, name, at, u, errors.New("a redirect to something that is no address"))
		}
		// A redirect within a configured server stays within what the person
		// configured; any other is a learned address.
		if configured && to.Scheme == origin.Scheme && to.Host == origin.Host {
			u = to
			continue
		}
		configured = false
		if u, err = reach.Learned(to.String()); err != nil {
			return c.lost(ctx, name, at, origin, fmt.Errorf("a redirect to %s was not followed: %w", short(to.Redacted()), err))
		}
	}
}

// hop sends one request. It returns the address of a redirect, or the answer.
func (c *Client) hop(ctx context.Context, u *url.URL, configured bool, name string, at time.Time) (whoisx.Answer, string, error) {
	req := &http.Request{
		Method: http.MethodGet, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Accept": {accept}, "User-Agent": {c.agent}},
	}
	req = req.WithContext(ctx)
	key := u.String()
	old, known := c.cache.get(key)
	if known {
		req.Header["If-None-Match"] = []string{old.etag}
	}
	tr := c.public
	if configured {
		tr = c.own
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return whoisx.Answer{}, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		if next := resp.Header.Get("Location"); next != "" {
			_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection can be used again
			return whoisx.Answer{}, next, nil
		}
	case http.StatusNotModified:
		if known {
			a := Explain(old.body, http.StatusOK, name, at)
			c.finish(&a, resp, u)
			return a, "", nil
		}
	}
	body, err := read(resp)
	if err != nil {
		return whoisx.Answer{}, "", err
	}
	a := Explain(body, resp.StatusCode, name, at)
	c.finish(&a, resp, u)
	if tag := resp.Header.Get("ETag"); tag != "" && resp.StatusCode == http.StatusOK && a.Outcome.SaysSomething() {
		c.cache.put(key, tag, body)
	}
	return a, "", nil
}

// finish adds what stands in the headers.
func (c *Client) finish(a *whoisx.Answer, resp *http.Response, u *url.URL) {
	a.Server, a.URL = u.Host, u.String()
	if s := resp.Header.Get("Retry-After"); s != "" {
		switch {
		case a.Outcome == whoisx.Refused && resp.StatusCode == http.StatusForbidden:
			// A server that says when to come back limits, it does not refuse.
			a.Outcome, a.Why = whoisx.RateLimited, "403: asked too often"
			fallthrough
		case a.Outcome == whoisx.RateLimited, a.Outcome == whoisx.Refused, a.Outcome == whoisx.Unreachable:
			a.RetryAfter = whoisx.Duration(reach.RetryAfter(s, c.now()))
		}
	}
}

// read reads a body, one byte past the cap at most.
func read(resp *http.Response) ([]byte, error) {
	size := 4 << 10
	if n := resp.ContentLength; n >= 0 && n < MaxBody {
		size = int(n) + 1
	}
	b := make([]byte, 0, size)
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := resp.Body.Read(b[len(b):min(cap(b), MaxBody+1)])
		b = b[:len(b)+n]
		switch {
		case len(b) > MaxBody:
			return b, nil
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return nil, err
		}
	}
}

// lost types a failure to get an answer at all.
func (c *Client) lost(ctx context.Context, name string, at time.Time, u *url.URL, err error) whoisx.Answer {
	a := whoisx.Answer{Source: whoisx.RDAP, Name: name, Asked: at, Outcome: whoisx.Unreachable}
	if u != nil {
		a.Server, a.URL = u.Host, u.String()
	}
	a.Why = short(c.reason(ctx, err))
	c.log.Debug("rdap: no answer", "name", name, "server", a.Server, "why", a.Why)
	return a
}

func (c *Client) reason(ctx context.Context, err error) string {
	var dns *net.DNSError
	var alert tls.AlertError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.Is(err, reach.ErrPrivate):
		return reach.ErrPrivate.Error() // the text names no address that the network chose
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "no complete answer within " + c.timeout.String()
	case errors.Is(ctx.Err(), context.Canceled):
		return "the ask was cancelled"
	case errors.As(err, &dns):
		return "the server's name does not resolve: " + dns.Err
	case errors.As(err, &cert), errors.As(err, &authority):
		return "TLS: the server's certificate is not trusted: " + err.Error()
	case errors.As(err, &alert), errors.As(err, &record):
		return "TLS: " + err.Error()
	}
	return err.Error()
}
