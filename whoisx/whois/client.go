package whois

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	transport "github.com/likexian/whois"

	"github.com/lapse-dev/lapse/whoisx"
)

// root is IANA's WHOIS server, which names the server of every TLD.
const root = "whois.iana.org"

// defaultTimeout bounds one whole exchange: resolving, connecting, asking and
// reading.
const defaultTimeout = 12 * time.Second

// learnedFor is how long a server that IANA named, or the fact that it named
// none, is remembered.
const learnedFor = 24 * time.Hour

// Options construct a Client; the zero value asks the real servers.
type Options struct {
	Servers *Table // nil: the embedded table
	// Dial connects; nil uses the system's dialer. For servers that a person
	// configured it is given the host as it was written, for all others an
	// address that has passed whoisx.PublicAddr.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Resolve finds the addresses of a host that nobody configured; nil uses
	// the system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	Timeout time.Duration    // of one exchange; 0: 12 s
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: silent
	// NoRoot leaves IANA unasked: suffixes that the table lacks are unsupported.
	NoRoot bool
}

// Client asks WHOIS servers. It is safe for concurrent use and keeps no
// budgets: whoever calls Ask has taken one for Host.
type Client struct {
	o       Options
	mu      sync.Mutex
	learned map[string]learned // by TLD
}

type learned struct {
	host string // "": the TLD has no WHOIS
	at   time.Time
}

// New returns a Client.
func New(o Options) *Client {
	if o.Servers == nil {
		o.Servers = DefaultTable()
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{KeepAlive: -1}).DialContext // a connection of one question lives for seconds
	}
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{o: o, learned: map[string]learned{}}
}

// Kind is whoisx.WHOIS.
func (c *Client) Kind() whoisx.Source { return whoisx.WHOIS }

// Host is the host that Ask would put its first question to: the registry's
// server, or IANA's where that has yet to be found, or "" where the suffix is
// known to have none.
func (c *Client) Host(name string) string {
	s, found := c.server(name)
	switch {
	case found:
		return s.Host
	case c.o.NoRoot || !validName(name):
		return ""
	}
	return root
}

// server finds the server of a name in the table, then among the learned.
func (c *Client) server(name string) (s Server, found bool) {
	if s, found = c.o.Servers.Lookup(name); found {
		return s, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.learned[tld(name)]
	if !ok || c.o.Now().Sub(l.at) > learnedFor {
		return Server{}, false
	}
	if k := c.o.Servers.server(l.host); k != nil && !k.Configured {
		return *k, true
	}
	return Server{Host: l.host}, true
}

// Ask asks the registry's server about one name (an A-label). Every failure
// is an answer of its own kind. An answer that ended in an error counts only
// where it is safe to believe half of it.
func (c *Client) Ask(ctx context.Context, name string) whoisx.Answer {
	start := c.o.Now()
	a := c.ask(ctx, name, start)
	a.Source, a.Name, a.Asked = whoisx.WHOIS, name, start
	a.Took = whoisx.Duration(c.o.Now().Sub(start))
	c.o.Log.Debug("asked", "source", "whois", "server", a.Server, "name", name, "outcome", a.Outcome, "took", time.Duration(a.Took))
	return a
}

func (c *Client) ask(ctx context.Context, name string, at time.Time) whoisx.Answer {
	if !validName(name) {
		return whoisx.Answer{Outcome: whoisx.Invalid, Why: "not asked: a name is letters, digits and hyphens, with a dot"}
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	s, found := c.server(name)
	if !found {
		if c.o.NoRoot {
			return whoisx.Answer{Outcome: whoisx.Unsupported, Why: "no WHOIS server is known for ." + tld(name)}
		}
		var bad *whoisx.Answer
		if s, bad = c.refer(ctx, tld(name), at); bad != nil {
			return *bad
		}
	}
	if s.Host == "" {
		return whoisx.Answer{Outcome: whoisx.Unsupported, Why: "the registry of ." + tld(name) + " has no WHOIS server"}
	}
	q := name
	if s.Query != "" {
		q = strings.Replace(s.Query, "%s", name, 1)
	}
	raw, cut, err := c.exchange(ctx, s, q)
	if len(raw) == 0 {
		return unreachable(s.Host, err)
	}
	a := classify(raw, s, name, at)
	a.Truncated = a.Truncated || cut
	switch {
	case err != nil && (!half(a.Outcome) || a.Outcome == whoisx.Unreadable):
		a.Outcome, a.Why = whoisx.Unreachable, s.Host+": the answer broke off: "+sayErr(err)
	case a.Truncated && !half(a.Outcome):
		a.Outcome, a.Why = whoisx.Unreadable, s.Host+": the answer is longer than 64 KiB"
	case incomplete(&a):
		Fill(&a, whoisx.Clean(decode(raw, s.Charset)))
	}
	return a
}

// half reports whether an outcome stands when only part of the answer came.
// What is missing could only turn the others into something else.
func half(o whoisx.Outcome) bool {
	switch o {
	case whoisx.Registered, whoisx.RateLimited, whoisx.Refused, whoisx.Unreadable, whoisx.Unreachable:
		return true
	}
	return false
}

// refer asks IANA which server serves a TLD.
func (c *Client) refer(ctx context.Context, tld string, at time.Time) (Server, *whoisx.Answer) {
	raw, _, err := c.exchange(ctx, Server{Host: root}, tld)
	if len(raw) == 0 || err != nil {
		a := unreachable(root, err)
		return Server{}, &a
	}
	host, ok := referral(string(raw), tld)
	if !ok {
		return Server{}, &whoisx.Answer{Server: root, Outcome: whoisx.Unreadable, Raw: raw, Why: root + " did not answer about ." + tld}
	}
	c.mu.Lock()
	if len(c.learned) > 4096 { // there are about 1,500 TLDs
		clear(c.learned)
	}
	c.learned[tld] = learned{host: host, at: at}
	c.mu.Unlock()
	if k := c.o.Servers.server(host); k != nil && !k.Configured {
		return *k, nil
	}
	return Server{Host: host}, nil
}

// referral reads IANA's answer about a TLD. The answer must name the TLD; a
// host that is not a plain host name counts as none.
func referral(text, tld string) (host string, ok bool) {
	for line := range strings.Lines(text) {
		k, v, found := strings.Cut(line, ":")
		if !found {
			continue
		}
		v = strings.ToLower(strings.TrimSpace(v))
		switch strings.ToLower(strings.TrimSpace(k)) {
		case "domain":
			ok = ok || strings.Trim(v, ".") == tld
		case "whois", "refer":
			if host == "" && validName(v) && !numeric(v[strings.LastIndexByte(v, '.')+1:]) {
				host = v
			}
		}
	}
	return host, ok
}

// dialer gives the transport a connection of ours.
type dialer struct {
	dial func() (*conn, error)
	conn *conn
	err  error
}

// Dial ignores the address: the target was decided before.
func (d *dialer) Dial(_, _ string) (net.Conn, error) {
	d.conn, d.err = d.dial()
	if d.err != nil {
		return nil, d.err
	}
	return d.conn, nil
}

// exchange puts one question to one server and returns the bytes as received.
// The context carries the deadline of the whole ask.
func (c *Client) exchange(ctx context.Context, s Server, q string) (raw []byte, cut bool, err error) {
	deadline, _ := ctx.Deadline()
	d := &dialer{dial: func() (*conn, error) {
		nc, err := c.connect(ctx, s)
		if err != nil {
			return nil, err
		}
		return guard(ctx, nc, deadline), nil
	}}
	t := transport.NewClient().SetDialer(d).SetTimeout(c.o.Timeout).SetDisableReferral(true).SetDisableStats(true)
	// The transport asks IANA by itself where the question holds no dot; its
	// target does not matter, since the dialer decides.
	out, err := t.Whois(q, s.Host)
	if d.err != nil {
		return nil, false, d.err
	}
	if ctx.Err() != nil && err != nil {
		err = ctx.Err()
	}
	if d.conn == nil {
		return nil, false, err
	}
	if out == "" {
		return nil, false, err
	}
	return append(d.conn.lead, out...), d.conn.cut, err
}

// errPrivate is what a learned address that may not be dialled ends in.
var errPrivate = errors.New("the host resolves to an address that is not public")

// connect dials a configured server as it is written; any other by a public
// address of its host.
func (c *Client) connect(ctx context.Context, s Server) (net.Conn, error) {
	host, port, err := splitHost(s.Host)
	if err != nil {
		return nil, err
	}
	p := strconv.Itoa(int(port))
	if s.Configured {
		return c.o.Dial(ctx, "tcp", net.JoinHostPort(host, p))
	}
	var addrs []netip.Addr
	if ip, perr := netip.ParseAddr(host); perr == nil {
		addrs = []netip.Addr{ip}
	} else if addrs, err = c.o.Resolve(ctx, host); err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	err = errPrivate
	tried := 0
	for _, ip := range addrs {
		if !whoisx.PublicAddr(ip) || tried == 4 {
			continue
		}
		tried++
		conn, derr := c.dialOne(ctx, net.JoinHostPort(ip.Unmap().String(), p), len(addrs))
		if derr == nil {
			return conn, nil
		}
		err = derr
	}
	return nil, err
}

// dialOne leaves time for the other addresses of a host.
func (c *Client) dialOne(ctx context.Context, addr string, of int) (net.Conn, error) {
	if of > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.o.Timeout/4)
		defer cancel()
	}
	return c.o.Dial(ctx, "tcp", addr)
}

func unreachable(host string, err error) whoisx.Answer {
	why := "closed the connection without an answer"
	if err != nil {
		why = sayErr(err)
	}
	return whoisx.Answer{Server: host, Outcome: whoisx.Unreachable, Why: host + ": " + why}
}

// sayErr says in plain words what went wrong on the way.
func sayErr(err error) string {
	var ne net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "the look was cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return "no whole answer in time"
	}
	return whoisx.CleanLine(err.Error())
}

// validName reports whether a name may be sent: A-labels of letters, digits
// and inner hyphens (RFC 1123 §2.1), two labels at least, 253 octets at most.
// Nothing else passes: no line break, no option of the server's own.
func validName(name string) bool {
	if len(name) > 253 || !strings.Contains(name, ".") {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !validLabel(label) {
			return false
		}
	}
	return true
}

func validLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := 0; i < len(l); i++ {
		if c := l[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func numeric(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func tld(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
