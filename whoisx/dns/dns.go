package dns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/lapse-dev/lapse/whoisx"
)

const (
	defaultTimeout = 8 * time.Second // of a whole look
	oneTimeout     = 2 * time.Second // of one question
	keepServers    = 6 * time.Hour   // TLDs hardly ever change theirs
	maxTries       = 3               // servers of a zone that are asked
	maxReferrals   = 4               // zone cuts between the TLD and the name
	udpSize        = 1232            // the size that no path fragments (DNS flag day 2020)
)

// roots are the addresses of the root servers, by which everything else is
// found (https://www.iana.org/domains/root/servers, checked 2026-11).
var roots = []string{
	"198.41.0.4:53", "170.247.170.2:53", "192.33.4.12:53", "199.7.91.13:53", "192.203.230.10:53", "192.5.5.241:53", "192.112.36.4:53",
	"198.97.190.53:53", "192.36.148.17:53", "192.58.128.30:53", "193.0.14.129:53", "199.7.83.42:53", "202.12.27.33:53",
}

// Options construct a Client; the zero value starts at the root servers.
type Options struct {
	// Servers are the name servers (host:port) of zones that a person
	// configured, by zone ("uk"); they may be private.
	Servers map[string][]string
	// Resolver (host:port) finds the addresses of servers that come without,
	// and tells lame delegations; a person configured it, so it may be private.
	// Without one the system's resolver finds addresses, and lameness is not
	// looked for.
	Resolver string
	// Dial connects; nil uses the system's dialer. Addresses that were learned
	// have passed whoisx.PublicAddr before.
	Dial    func(ctx context.Context, network, addr string) (net.Conn, error)
	Timeout time.Duration    // of a whole look; 0: 8 s
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: silent
}

// Client asks for delegations. It is safe for concurrent use and keeps no
// budgets: whoever calls Ask has taken one for Host.
type Client struct {
	o      Options
	houses *Houses
	mu     sync.Mutex
	zones  map[string]zone
}

// zone is what is known of a TLD's servers.
type zone struct {
	servers []string
	at      time.Time
}

// New returns a Client.
func New(o Options) *Client {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
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
	return &Client{o: o, houses: embedded(), zones: map[string]zone{}}
}

// Kind is whoisx.DNS.
func (c *Client) Kind() whoisx.Source { return whoisx.DNS }

// Host names whose servers Ask puts its question to: a configured server, or
// "DNS of .uk", since any of a TLD's servers may be asked.
func (c *Client) Host(name string) string {
	if !validName(name) {
		return ""
	}
	if _, ss := c.configured(name); len(ss) > 0 {
		return ss[0]
	}
	return "DNS of ." + tld(name)
}

// configured finds the servers that a person named for the closest zone above
// a name.
func (c *Client) configured(name string) (string, []string) {
	for z := parent(name); z != ""; z = parent(z) {
		if ss := c.o.Servers[z]; len(ss) > 0 {
			return z, ss
		}
	}
	return "", nil
}

// Ask asks whether a name (an A-label) is delegated. The outcome is registered
// or not-registered as far as DNS can tell, and Delegation says more; neither
// is a vote. Every failure is an answer of its own kind.
func (c *Client) Ask(ctx context.Context, name string) whoisx.Answer {
	start := c.o.Now()
	a := whoisx.Answer{Outcome: whoisx.Invalid, Why: "not asked: a name is letters, digits and hyphens, with a dot"}
	if validName(name) {
		ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
		a = c.ask(ctx, name)
		cancel()
	}
	a.Source, a.Name, a.Asked = whoisx.DNS, name, start
	a.Took = whoisx.Duration(c.o.Now().Sub(start))
	c.o.Log.Debug("asked", "source", "dns", "server", a.Server, "name", name, "outcome", a.Outcome, "delegation", a.Delegation, "took", time.Duration(a.Took))
	return a
}

func (c *Client) ask(ctx context.Context, name string) whoisx.Answer {
	above, servers := c.configured(name)
	learned := len(servers) == 0
	if learned {
		var err error
		above = tld(name)
		if servers, err = c.tldServers(ctx, above); err != nil {
			if errors.Is(err, errNoZone) {
				return whoisx.Answer{Server: "the root", Outcome: whoisx.Unsupported, Why: "there is no TLD ." + above + " in the root zone"}
			}
			return failed("the root", err)
		}
	}
	for range maxReferrals {
		m, server, err := c.query(ctx, servers, learned, name, dns.TypeNS)
		if err != nil {
			return failed("DNS of ."+above, err)
		}
		cut, hosts := referral(m, name, above)
		switch {
		case m.Rcode == dns.RcodeNameError:
			return c.absent(server, m, name, "the name does not exist in DNS")
		case cut == name:
			return c.delegated(ctx, server, m, name, hosts)
		case cut == "" && !m.Authoritative:
			return failed(server, errNoAuthority)
		case cut == "":
			return c.absent(server, m, name, "the zone above the name holds no delegation for it")
		}
		// Another zone lies between: com.au below au.
		above, learned = cut, true
		if servers = c.addresses(ctx, m, hosts); len(servers) == 0 {
			return failed("DNS of ."+above, errNoAddress)
		}
	}
	return whoisx.Answer{Server: "DNS of ." + above, Outcome: whoisx.Unreadable, Why: "the servers refer to each other without end"}
}

func (c *Client) absent(server string, m *dns.Msg, name, why string) whoisx.Answer {
	return whoisx.Answer{
		Server: server, Outcome: whoisx.NotRegistered, Confirmed: true, Delegation: whoisx.NotDelegated, Raw: []byte(m.String()),
		Why:      "DNS alone never says that a name is free",
		Evidence: []whoisx.Evidence{{Source: whoisx.DNS, Line: 1, Text: name + ". NS: " + dns.RcodeToString[m.Rcode], Says: why}},
	}
}

func (c *Client) delegated(ctx context.Context, server string, m *dns.Msg, name string, hosts []string) whoisx.Answer {
	a := whoisx.Answer{Server: server, Outcome: whoisx.Registered, Confirmed: true, Delegation: whoisx.Delegated, Nameservers: hosts, Raw: []byte(m.String())}
	for i, h := range hosts {
		if i == 8 {
			break
		}
		a.Evidence = append(a.Evidence, whoisx.Evidence{Source: whoisx.DNS, Line: i + 1, Text: name + ". NS " + h + ".", Says: "delegated"})
	}
	if h, ok := c.houses.find(hosts); ok {
		a.Delegation, a.Category = h.delegation, h.name
		a.Evidence[0].Says = "name servers of " + h.name
		return a
	}
	if c.o.Resolver != "" && c.lame(ctx, name) {
		a.Delegation = whoisx.Lame
		a.Evidence = append(a.Evidence, whoisx.Evidence{Source: whoisx.DNS, Line: 1, Text: name + ". SOA: SERVFAIL", Says: "its servers do not answer for it"})
	}
	return a
}

// lame asks the resolver whether the delegation leads anywhere. With checking
// disabled a broken signature is no lameness.
func (c *Client) lame(ctx context.Context, name string) bool {
	q := question(name, dns.TypeSOA)
	q.RecursionDesired, q.CheckingDisabled = true, true
	m, err := c.exchange(ctx, "udp", c.o.Resolver, q)
	return err == nil && m.Rcode == dns.RcodeServerFailure
}

var (
	errNoZone      = errors.New("no such zone")
	errNoAddress   = errors.New("no public address of its servers is known")
	errNoAuthority = errors.New("it does not speak for the zone")
	errNoAnswer    = errors.New("none of its servers answered")
)

// tldServers finds the servers of a TLD at the root, and keeps them.
func (c *Client) tldServers(ctx context.Context, tld string) ([]string, error) {
	c.mu.Lock()
	z, ok := c.zones[tld]
	c.mu.Unlock()
	if ok && c.o.Now().Sub(z.at) < keepServers {
		return z.servers, nil
	}
	at, learned := c.o.Servers["."], false
	if len(at) == 0 {
		at, learned = roots, true
	}
	m, _, err := c.query(ctx, at, learned, tld, dns.TypeNS)
	if err != nil {
		return nil, err
	}
	if m.Rcode == dns.RcodeNameError {
		return nil, errNoZone
	}
	cut, hosts := referral(m, tld, "")
	if cut != tld {
		return nil, errNoZone
	}
	servers := c.addresses(ctx, m, hosts)
	if len(servers) == 0 {
		return nil, errNoAddress
	}
	c.mu.Lock()
	if len(c.zones) > 4096 { // there are about 1,500 TLDs
		clear(c.zones)
	}
	c.zones[tld] = zone{servers: servers, at: c.o.Now()}
	c.mu.Unlock()
	return servers, nil
}

// referral returns the zone that an answer delegates and its servers: the
// deepest NS record set at or above name, and below the zone that was asked.
// Anything else in the answer is none of its business.
func referral(m *dns.Msg, name, above string) (cut string, hosts []string) {
	for _, sec := range [2][]dns.RR{m.Answer, m.Ns} {
		for _, rr := range sec {
			ns, ok := rr.(*dns.NS)
			if !ok {
				continue
			}
			owner := strings.ToLower(strings.TrimSuffix(ns.Hdr.Name, "."))
			if owner != name && !strings.HasSuffix(name, "."+owner) || above != "" && !strings.HasSuffix(owner, "."+above) || owner == "" {
				continue
			}
			if len(owner) > len(cut) {
				cut, hosts = owner, nil
			}
			host := whoisx.CleanLine(strings.ToLower(strings.TrimSuffix(ns.Ns, ".")))
			if owner == cut && host != "" && len(hosts) < 16 && !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	slices.Sort(hosts)
	return cut, hosts
}

// addresses finds where servers listen: from the glue beside a referral, or
// from the resolver. Only public addresses count: all of this was learned.
func (c *Client) addresses(ctx context.Context, m *dns.Msg, hosts []string) []string {
	var v4, v6 []string
	add := func(ip netip.Addr) {
		ip = ip.Unmap()
		switch {
		case !whoisx.PublicAddr(ip):
		case ip.Is4():
			v4 = append(v4, net.JoinHostPort(ip.String(), "53"))
		default:
			v6 = append(v6, net.JoinHostPort(ip.String(), "53"))
		}
	}
	for _, rr := range m.Extra {
		if !slices.Contains(hosts, strings.ToLower(strings.TrimSuffix(rr.Header().Name, "."))) {
			continue
		}
		switch rr := rr.(type) {
		case *dns.A:
			if ip, ok := netip.AddrFromSlice(rr.A); ok {
				add(ip)
			}
		case *dns.AAAA:
			if ip, ok := netip.AddrFromSlice(rr.AAAA); ok {
				add(ip)
			}
		}
	}
	for i, h := range hosts {
		if len(v4) > 0 || i == maxTries {
			break
		}
		for _, ip := range c.resolve(ctx, h) {
			add(ip)
		}
	}
	return append(v4, v6...)
}

func (c *Client) resolve(ctx context.Context, host string) []netip.Addr {
	if c.o.Resolver == "" {
		ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
		if err != nil {
			return nil
		}
		return ips
	}
	q := question(host, dns.TypeA)
	q.RecursionDesired = true
	m, err := c.exchange(ctx, "udp", c.o.Resolver, q)
	if err != nil {
		return nil
	}
	var out []netip.Addr
	for _, rr := range m.Answer {
		if a, ok := rr.(*dns.A); ok {
			if ip, ok := netip.AddrFromSlice(a.A); ok {
				out = append(out, ip)
			}
		}
	}
	return out
}

// query asks the servers of a zone in turn until one answers.
func (c *Client) query(ctx context.Context, servers []string, learned bool, name string, typ uint16) (*dns.Msg, string, error) {
	last := errNoAnswer
	// Names spread over a zone's servers, each name stays with its own.
	start := 0
	for _, b := range []byte(name) {
		start = (start*31 + int(b)) % len(servers)
	}
	for i := range min(maxTries, len(servers)) {
		s := servers[(start+i)%len(servers)]
		if learned && !publicHostPort(s) {
			continue
		}
		m, err := c.exchange(ctx, "udp", s, question(name, typ))
		if err == nil && m.Truncated {
			m, err = c.exchange(ctx, "tcp", s, question(name, typ))
		}
		switch {
		case ctx.Err() != nil:
			return nil, s, ctx.Err()
		case err != nil:
			last = err
		case m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError:
			last = fmt.Errorf("%s answered %s", s, dns.RcodeToString[m.Rcode])
		case m.Rcode == dns.RcodeNameError && !m.Authoritative:
			last = fmt.Errorf("%s: %w", s, errNoAuthority)
		default:
			return m, s, nil
		}
	}
	return nil, "", last
}

func question(name string, typ uint16) *dns.Msg {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), typ)
	m.RecursionDesired = false
	m.SetEdns0(udpSize, false)
	return m
}

// exchange puts one question to one server. An answer to another question is
// none.
func (c *Client) exchange(ctx context.Context, network, addr string, q *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, min(oneTimeout, c.o.Timeout/2))
	defer cancel()
	nc, err := c.o.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { _ = nc.Close() })()
	deadline, _ := ctx.Deadline()
	_ = nc.SetDeadline(deadline)
	co := &dns.Conn{Conn: nc, UDPSize: udpSize}
	if err := co.WriteMsg(q); err != nil {
		return nil, err
	}
	for range 8 { // answers to other questions are skipped
		m, err := co.ReadMsg()
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, err
		}
		if m.Id == q.Id && m.Response && len(m.Question) == 1 && strings.EqualFold(m.Question[0].Name, q.Question[0].Name) && m.Question[0].Qtype == q.Question[0].Qtype {
			return m, nil
		}
	}
	return nil, errors.New("answers to other questions only")
}

func failed(server string, err error) whoisx.Answer {
	why := whoisx.CleanLine(err.Error())
	var ne net.Error
	switch {
	case errors.Is(err, context.Canceled):
		why = "the look was cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		why = "no answer in time"
	}
	return whoisx.Answer{Server: server, Outcome: whoisx.Unreachable, Why: server + ": " + why}
}

func publicHostPort(s string) bool {
	ap, err := netip.ParseAddrPort(s)
	return err == nil && whoisx.PublicAddr(ap.Addr())
}

func tld(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func parent(name string) string {
	_, p, _ := strings.Cut(name, ".")
	return p
}

// validName reports whether a name is made of A-labels (RFC 1123 §2.1), two at
// least.
func validName(name string) bool {
	if len(name) > 253 || !strings.Contains(name, ".") {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, b := range []byte(label) {
			if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' {
				return false
			}
		}
	}
	return true
}
