// Package sandbox is a registry to rehearse against: EPP over TLS, RDAP over
// HTTPS, WHOIS, DNS, a drop list, and a registrar's API with backorders, all of
// it on real sockets (or on in-memory pipes) and all of it in one process.
//
// Names in it age through every stage of their TLD by plain data: a TLD is a
// list of stages with a status and a duration each, so that a year of waiting
// takes seconds while the code under test runs the same paths as against a
// real registry. The package knows no rules of its own about how names lapse;
// whoever starts it translates them.
//
// Rivals want the same names. They act at virtual times that are computed in
// advance from a seed: an event queue holds what every rival will send, and
// whatever reaches the registry first runs everything that was due before it.
// A rival's create therefore never waits for a goroutine to wake up, and a run
// can be repeated.
//
// The sandbox reads what clients send with a parser of its own (encoding/xml,
// then every element in the order of the schemas), so that a mistake of the
// client is found here rather than agreed with. It keeps its limits the way
// registries do: it answers with the code that they use, blocks, delays and
// cuts, and it counts every violation per account.
//
//	r, err := sandbox.Start(ctx, sandbox.Options{TLDs: tlds, Names: names})
//	...
//	c := r.Config() // hosts, CA, accounts: all that a client needs to know
//	defer r.Close()
package sandbox

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"
)

// Options say what the registry is, who has accounts, which names it holds
// and who wants them.
type Options struct {
	// TLDs served. At least one.
	TLDs []TLD
	// Names held at the start.
	Names []Name
	// Accounts at the registry, for EPP. None: one account "lapse-sandbox" is
	// made.
	Accounts []Account
	// Policy of the EPP service.
	Policy Policy
	// Rivals that want the names.
	Rivals []Rival
	// Service is the registrar API with backorders. Nil: none is started.
	Service *Service
	// Faults to begin with; SetFaults changes them at any time.
	Faults Faults
	// Wire is the simulated distance between clients and the EPP service.
	Wire Wire
	// Fee is the version of the fee extension that is offered: "1.0" (also for
	// ""), "0.12", "0.11" or "0.6".
	Fee string
	// SecureAuthInfo makes the registry keep to RFC 9154: a name has no
	// authorization information but for the time of a transfer.
	SecureAuthInfo bool
	// Tokens are allocation tokens (RFC 8495): token → name it opens.
	Tokens map[string]string

	// Lookups a second that RDAP and WHOIS each allow a client address before
	// they answer 429 or their words for it. 0: no limit.
	LookupRate float64

	// Seed of everything that is random.
	Seed uint64
	// Now is the clock that names age by. Nil: time.Now.
	Now func() time.Time
	// Listen opens the listeners. Nil: real sockets. Addresses asked for are
	// those below, or "127.0.0.1:0" where they are empty.
	Listen func(network, address string) (net.Listener, error)
	// PlainWeb leaves TLS out of RDAP, the drop list and the registrar API: over
	// in-memory pipes a client whose connections end between two looks does
	// little else than shake hands.
	PlainWeb bool
	// ListenPacket opens the DNS service's UDP socket, on the port that its
	// listener has. Nil: a real socket where Listen is nil too, otherwise none.
	ListenPacket func(network, address string) (net.PacketConn, error)
	// Addresses to listen on.
	EPPAddr, WebAddr, WHOISAddr, DNSAddr, ServiceAddr string
	// Hosts are names and addresses that the certificate is valid for, besides
	// 127.0.0.1, ::1 and localhost.
	Hosts []string

	Log *slog.Logger
}

// Account is a registrar's account at the registry.
type Account struct {
	User      string // clID: 3 to 16 characters
	Password  string // 8 to 64 characters
	Registrar string // name shown in RDAP and WHOIS
	IANA      string // IANA registrar ID
	Balance   string // "1000.00"; empty: unlimited
	Currency  string // empty: USD
	NeedsCert bool   // refuse the login without a certificate of the sandbox's CA
	// Expires is when the password expires (loginSec, RFC 8807). Zero: never.
	Expires time.Time
}

// Wire is the distance between clients and the EPP service.
type Wire struct {
	RTT    time.Duration
	Jitter time.Duration // added to each direction, uniform in [0, Jitter)
}

// Service is the registrar with an API and backorders. It speaks the api3
// JSON dialect that Dynadot's clients know.
type Service struct {
	Name      string // as RDAP shows it once it caught a name; empty: "Sandbox Backorders LLC"
	IANA      string // IANA registrar ID of the registrar that catches; empty: "9998"
	Key       string // API key; empty: one is made
	Balance   string // USD; empty: "100.00"
	Price     string // of a caught name, USD, the first year in it; empty: "24.99"
	PerSecond int    // calls a second before "Too Many Requests"; 0: no limit
	// Wins is the chance that its catcher gets a backordered name. 1: always,
	// at the drop itself; otherwise it competes with Reaction.
	Wins     float64
	Reaction Dist
	// PayWithin is how long a winner has to pay where the balance does not
	// cover the price. 0: 47 hours.
	PayWithin time.Duration
	// CutOff is how long before the drop orders can no longer be cancelled.
	// 0: a tenth of the last stage.
	CutOff time.Duration
	// Accepts lists the stages in which the service takes an order. Empty: the
	// last stage of every TLD, as services that only take pending deletes do.
	Accepts []string
	// Requesters are other customers who ordered a name too: it then goes to
	// an auction. Domain → their highest bid in USD.
	Requesters map[string]string
	// AuctionFor is how long such an auction lasts. 0: 20 s.
	AuctionFor time.Duration
}

// ErrClosed says that the registry was closed.
var ErrClosed = errors.New("sandbox is closed")

// Registry is a running sandbox.
type Registry struct {
	o    Options
	now  func() time.Time
	log  *slog.Logger
	ca   *authority
	svc  *service
	base time.Time // when it was started

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	lns     []net.Listener
	packets net.PacketConn // nil: DNS over TCP only
	addrs   addresses
	slots   map[net.Conn]struct{} // open connections, closed at the end

	mu       sync.Mutex
	rng      *rand.Rand
	tlds     map[string]*TLD
	names    map[string]*domain
	hosts    map[string]*host
	contacts map[string]*contact
	accounts map[string]*account
	// applications are by id (a launch phase that decides later)
	applications map[string]*application

	queue    events
	seq      uint64
	wake     chan struct{}
	faults   Faults
	entries  []Entry
	breaches []Violation
	wins     []Win
	limits   map[string]*bucket // lookups, by protocol and client address
	clTRIDs  map[string]bool
	trid     uint64
	roid     uint64
	conns    int
	closed   bool
}

type addresses struct{ epp, web, whois, dns, service string }

// Start starts the registry. It runs until ctx ends or Close is called.
func Start(ctx context.Context, o Options) (*Registry, error) {
	if len(o.TLDs) == 0 {
		return nil, errors.New("start sandbox: no TLD to serve")
	}
	if feeVersions[o.Fee] == "" {
		return nil, fmt.Errorf("start sandbox: there is no fee extension %q", o.Fee)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Listen == nil {
		o.Listen = net.Listen
		if o.ListenPacket == nil {
			o.ListenPacket = net.ListenPacket
		}
	}
	if len(o.Accounts) == 0 {
		o.Accounts = []Account{{User: "lapse-sandbox", Password: "sandbox-secret", Registrar: "Lapse Sandbox Account", IANA: "9999"}}
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	ca, err := newAuthority(o.Hosts, o.Now())
	if err != nil {
		return nil, fmt.Errorf("start sandbox: make certificates: %w", err)
	}
	r := &Registry{
		o: o, now: o.Now, log: o.Log, ca: ca, base: o.Now(),
		rng:   rand.New(rand.NewPCG(o.Seed, 0x1a95e)),
		slots: map[net.Conn]struct{}{}, tlds: map[string]*TLD{}, names: map[string]*domain{}, hosts: map[string]*host{},
		contacts: map[string]*contact{}, accounts: map[string]*account{}, limits: map[string]*bucket{},
		clTRIDs: map[string]bool{}, wake: make(chan struct{}, 1), faults: o.Faults,
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	if err := r.load(); err != nil {
		r.cancel()
		return nil, fmt.Errorf("start sandbox: %w", err)
	}
	if err := r.listen(); err != nil {
		_ = r.Close()
		return nil, fmt.Errorf("start sandbox: %w", err)
	}
	r.wg.Go(r.run)
	r.wg.Go(func() {
		<-r.ctx.Done()
		r.shut()
	})
	return r, nil
}

// load reads the data of the options.
func (r *Registry) load() error {
	for i := range r.o.TLDs {
		t := r.o.TLDs[i]
		if err := t.check(); err != nil {
			return err
		}
		r.tlds[t.Zone] = &t
	}
	for _, a := range r.o.Accounts {
		if n := len(a.User); n < 3 || n > 16 {
			return fmt.Errorf("account %q: a clID has 3 to 16 characters (RFC 5730 §2.9.1.1)", a.User)
		}
		if n := len(a.Password); n < 6 {
			return fmt.Errorf("account %q: a password has 6 characters or more", a.User)
		}
		acc, err := newAccount(a)
		if err != nil {
			return err
		}
		r.accounts[a.User] = acc
		k := &contact{
			id: handle(a.User), roid: objectID("C", a.User), voice: number{main: "+44.2079460000"}, email: "owner@example.test", clID: a.User, created: r.base,
			postal: []postalInfo{{typ: "int", name: or(a.Registrar, a.User), address: address{street: []string{"1 Sandbox Street"}, city: "Testtown", pc: "12345", cc: "GB"}}},
		}
		r.contacts[k.id] = k
	}
	for _, h := range []string{"ns1.example-hosting.test", "ns2.example-hosting.test"} {
		r.hosts[h] = &host{name: h, roid: objectID("H", h), clID: "sandbox", created: r.base}
	}
	if r.o.Service != nil {
		s, err := newService(*r.o.Service)
		if err != nil {
			return err
		}
		r.svc = s
	}
	for _, v := range r.o.Rivals {
		if _, err := r.rivalAccount(v); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.o.Names {
		if err := r.addLocked(n); err != nil {
			return err
		}
	}
	return nil
}

// listen opens the listeners and serves them.
func (r *Registry) listen() error {
	open := func(address string) (net.Listener, error) {
		if address == "" {
			address = "127.0.0.1:0"
		}
		ln, err := r.o.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", address, err)
		}
		r.lns = append(r.lns, ln)
		return ln, nil
	}
	epp, err := open(r.o.EPPAddr)
	if err != nil {
		return err
	}
	whois, err := open(r.o.WHOISAddr)
	if err != nil {
		return err
	}
	web, err := open(r.o.WebAddr)
	if err != nil {
		return err
	}
	names, err := open(r.o.DNSAddr)
	if err != nil {
		return err
	}
	// Every address is known before anything is served: answers name them.
	r.addrs = addresses{epp: epp.Addr().String(), whois: whois.Addr().String(), web: web.Addr().String(), dns: names.Addr().String()}
	if r.o.ListenPacket != nil {
		pc, err := r.o.ListenPacket("udp", r.addrs.dns)
		if err != nil {
			return fmt.Errorf("listen on %s: %w", r.addrs.dns, err)
		}
		r.packets = pc
		r.wg.Go(func() { r.serveUDP(pc) })
	}
	r.wg.Go(func() { r.accept(names, r.serveDNS) })
	if r.svc != nil {
		api, err := open(r.o.ServiceAddr)
		if err != nil {
			return err
		}
		r.addrs.service = api.Addr().String()
		r.serveWeb(api, r.svc.handler(r))
	}
	r.wg.Go(func() { r.accept(epp, r.serveEPP) })
	r.wg.Go(func() { r.accept(whois, r.serveWHOIS) })
	r.serveWeb(web, r.webHandler())
	return nil
}

// Close stops the registry and waits for everything that it started.
func (r *Registry) Close() error {
	r.cancel()
	r.shut()
	r.wg.Wait()
	return nil
}

func (r *Registry) shut() {
	r.mu.Lock()
	r.closed = true
	conns := make([]net.Conn, 0, len(r.slots))
	for c := range r.slots {
		conns = append(conns, c)
	}
	r.mu.Unlock()
	for _, ln := range r.lns {
		_ = ln.Close()
	}
	if r.packets != nil {
		_ = r.packets.Close()
	}
	for _, c := range conns {
		_ = c.Close()
	}
}

// Config is what a client needs to know to use the registry, as plain data.
type Config struct {
	EPPAddr     string // host:port, TLS
	EPPName     string // what the certificate is for
	RDAPBase    string // https://host:port/rdap/
	Bootstrap   string // https://host:port/rdap/dns.json, in IANA's form
	WHOISAddr   string // host:port
	DNSAddr     string // host:port, TCP, and UDP on real sockets
	DropLists   map[string]string
	ServiceBase string // https://host:port, empty: no service
	ServiceKey  string
	CA          []byte // PEM
	ClientCert  []byte // PEM, of the sandbox's CA, for accounts that need one
	ClientKey   []byte // PEM
	Accounts    []Account
	Contacts    map[string]string // account → a contact handle that exists and is its own
	Hosts       []string          // name servers that exist as host objects
	TLDs        []TLD
	Policy      Policy
	Started     time.Time
}

// handle is the id of the contact that every account begins with.
// objectID makes a ROID as eppcom:roidType has it.
func objectID(kind, of string) string {
	return kind + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(of)) + "-SBX"
}

func handle(user string) string { return "me-" + user[:min(13, len(user))] }

// Config returns what a client needs to know.
func (r *Registry) Config() Config {
	c := Config{
		EPPAddr: r.addrs.epp, EPPName: hostOf(r.addrs.epp), WHOISAddr: r.addrs.whois, DNSAddr: r.addrs.dns,
		RDAPBase: r.scheme() + r.addrs.web + "/rdap/", Bootstrap: r.scheme() + r.addrs.web + "/rdap/dns.json",
		CA: r.ca.caPEM, ClientCert: r.ca.clientPEM, ClientKey: r.ca.clientKeyPEM,
		Accounts: append([]Account(nil), r.o.Accounts...), TLDs: append([]TLD(nil), r.o.TLDs...),
		Policy: r.o.Policy, Started: r.base, DropLists: map[string]string{}, Contacts: map[string]string{},
		Hosts: []string{"ns1.example-hosting.test", "ns2.example-hosting.test"},
	}
	for _, a := range c.Accounts {
		c.Contacts[a.User] = handle(a.User)
	}
	for _, t := range r.o.TLDs {
		if t.DropList {
			c.DropLists[t.Zone] = r.scheme() + r.addrs.web + "/droplist/" + t.Zone + ".csv.gz"
		}
	}
	if r.svc != nil {
		c.ServiceBase, c.ServiceKey = r.scheme()+r.addrs.service, r.svc.o.Key
	}
	return c
}

// Pool returns the CA of the sandbox as a pool.
func (c Config) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AppendCertsFromPEM(c.CA)
	return p
}

func hostOf(addr string) string {
	h, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return h
}

// zoneOf finds the zone of the registry that a name is directly under.
func (r *Registry) zoneOf(name string) (*TLD, bool) {
	_, zone, ok := strings.Cut(name, ".")
	if !ok {
		return nil, false
	}
	t, ok := r.tlds[zone]
	return t, ok
}
