// Package eppaccount is the person's own EPP account at a registry, or at the
// gateway of a registrar that offers one, as a route.
//
// It registers a name with one create (Place), prepares and fires a create
// burst (Arm), says what a name costs and whether it is free (Quote, Look), and
// tests everything that a burst will need before it is needed (Preflight). All
// of it keeps the registry's policy: one Pacer counts every command, and while
// a burst is armed nothing else uses the account.
//
// A price is read right before a create and sent along with it where the
// registry has the fee extension; the registry then refuses the create where
// its price is another one by that time.
package eppaccount

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/epp"
	"github.com/lapse-dev/lapse/catch/registrar/account"
)

const (
	service = "epp"
	title   = "EPP account"
)

// Factory makes the route of an EPP account.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title,
		Fields: []account.Field{
			{Name: "url", What: "host and port of the EPP server, like epp.registry.example:700", Needed: true},
			{Name: "user", What: "the client id (clID)", Needed: true},
			{Name: "secret", What: "the password", Secret: true, Needed: true},
			{Name: "contact", What: "id of the contact that becomes the registrant; leave it out where the registry keeps no contacts"},
			{Name: "admin", What: "id of the admin contact, where it is another one (\"none\": leave it out)"},
			{Name: "tech", What: "id of the tech contact, where it is another one (\"none\": leave it out)"},
			{Name: "billing", What: "id of the billing contact, where the registry wants one"},
			{Name: "ns", What: "name servers of new names, separated by commas"},
			{Name: "ns_form", What: "\"attributes\" where the registry wants name servers so, not as host objects"},
			{Name: "authinfo", What: "\"random\" where the registry wants an authorization code on create; else it stays empty (RFC 9154)"},
			{Name: "server_name", What: "the name in the server's certificate, where it is not its host"},
			{Name: "pin", What: "SHA-256 of the server's public key in base64, where no CA vouches for it"},
			{Name: "source", What: "the address of this machine to connect from, where the registry listed one"},
			{Name: "sessions", What: "sessions to use, fewer than the policy allows"},
			{Name: "spares", What: "sessions that stand by"},
			{Name: "creates", What: "creates to spend on a name, fewer than the policy allows"},
			{Name: "strategy", What: "\"single shot\", \"closed loop\" or \"staggered pipeline\"; else the best is chosen"},
			{Name: "lead", What: "how long before its arrival a create leaves, like \"12ms\"; else half of the smallest round trip"},
			{Name: "ntp", What: "NTP servers, separated by commas"},
		},
		Routes: []catch.Description{describe(service)},
		New: func(c account.Config) ([]catch.Route, error) {
			a, err := New(Options{Config: c})
			if err != nil {
				return nil, err
			}
			return []catch.Route{a}, nil
		},
	}
}

// Options are the account and what a burst needs besides.
type Options struct {
	account.Config
	Policies *burst.Policies // nil: the built-in ones
	Answers  *Answers        // nil: the built-in ones
	Keeper   burst.Keeper    // of what the account uses, for every process; nil: for this one alone
	NTP      []string        // nil: the option "ntp"
	Agent    string          // "lapse 1.0"
	Wait     func(time.Time) // see burst.Options; nil: for real
	Wall     func() time.Time
}

// Account is an EPP account: a catch.Route, catch.Burster, catch.Prober,
// catch.Balancer and catch.AfterCarer.
type Account struct {
	o        Options
	policies *burst.Policies
	answers  *Answers
	policy   *burst.Policy // named in the configuration; nil: by the name's TLD
	use      burst.Use
	cfg      epp.Config
	login    epp.Login
	strategy burst.Strategy
	lead     time.Duration // 0: by the round trip

	mu      sync.Mutex
	conn    *epp.Connector
	refused bool         // the password, to this process
	sess    *epp.Session // the one for ordinary commands
	events  []epp.SecurityEvent
	balance catch.Money
	idle    *time.Timer
	arming  int
}

var (
	_ catch.Route      = (*Account)(nil)
	_ catch.Burster    = (*Account)(nil)
	_ catch.Prober     = (*Account)(nil)
	_ catch.Balancer   = (*Account)(nil)
	_ catch.AfterCarer = (*Account)(nil)
)

// New makes the route. It asks nobody.
func New(o Options) (*Account, error) {
	c := o.Config
	opt := func(k string) string { return strings.TrimSpace(c.Options[k]) }
	pw := c.Secret
	if pw.IsZero() {
		pw = c.Key
	}
	host, err := address(c.URL)
	if err != nil {
		return nil, fmt.Errorf("read account %s: %w", c.Account, err)
	}
	// The registry counts by its own account, whatever it is called here.
	a := &Account{o: o, policies: o.Policies, answers: o.Answers, use: burst.Use{Keeper: o.Keeper, Account: c.User + "@" + host}}
	if a.use.Keeper == nil {
		a.use.Keeper = &burst.Memory{}
	}
	if a.policies == nil {
		a.policies = burst.DefaultPolicies()
	}
	if a.answers == nil {
		a.answers = DefaultAnswers()
	}
	if c.Policy != "" {
		p, ok := a.policies.ByID(c.Policy)
		if !ok {
			var ids []string
			for _, x := range a.policies.All() {
				ids = append(ids, x.ID)
			}
			return nil, fmt.Errorf("read account %s: no policy is called %q; there are %s", c.Account, c.Policy, strings.Join(ids, ", "))
		}
		a.policy = &p
	}
	if len(o.NTP) == 0 {
		a.o.NTP = fields(opt("ntp"))
	}
	switch s := burst.Strategy(opt("strategy")); s {
	case burst.Auto, burst.SingleShot, burst.ClosedLoop, burst.Staggered:
		a.strategy = s
	default:
		return nil, fmt.Errorf("read account %s: strategy %q is none of single shot, closed loop, staggered pipeline", c.Account, s)
	}
	if v := opt("lead"); v != "" {
		if a.lead, err = time.ParseDuration(v); err != nil || a.lead <= 0 || a.lead > time.Second {
			return nil, fmt.Errorf("read account %s: lead = %q is no time up to a second, like \"12ms\"", c.Account, v)
		}
	}
	for _, k := range []string{"sessions", "spares", "creates"} {
		if v := opt(k); v != "" {
			if n, err := strconv.Atoi(v); err != nil || n < 0 {
				return nil, fmt.Errorf("read account %s: %s = %q is no number", c.Account, k, v)
			}
		}
	}
	a.cfg = epp.Config{
		Addr: host, Dial: c.Dial, ServerName: opt("server_name"), Pin: fields(opt("pin")),
		Keepalive: keepalive(a.Policy("").Idle.Std()),
	}
	if v := opt("source"); v != "" {
		ip, err := netip.ParseAddr(v)
		if err != nil {
			return nil, fmt.Errorf("read account %s: source %q is no IP address", c.Account, v)
		}
		a.cfg.Source, a.cfg.Dial = ip, nil
	}
	if t := c.TLS; t != nil {
		a.cfg.Roots, a.cfg.Cert = t.RootCAs, t.Certificates
		if a.cfg.ServerName == "" {
			a.cfg.ServerName = t.ServerName
		}
	}
	agent := o.Agent
	if agent == "" {
		agent = "lapse"
	}
	a.login = epp.Login{ClientID: c.User, Password: pw, Agent: agent, Foreign: a.foreign()}
	a.conn = epp.NewConnector(a.cfg, a.login)
	return a, nil
}

// address reads host:port, with or without a scheme.
func address(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errors.New("it has no url: set the host and port of the EPP server")
	}
	if strings.Contains(s, "://") {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" {
			return "", fmt.Errorf("url %q is no host and port", s)
		}
		s = u.Host
	}
	if _, _, err := net.SplitHostPort(s); err != nil {
		s = net.JoinHostPort(strings.Trim(s, "[]"), "700")
	}
	return s, nil
}

// keepalive is how often a hello is due for an idle limit: below half of it.
func keepalive(idle time.Duration) time.Duration {
	if idle <= 0 {
		return 45 * time.Second
	}
	return max(min(idle*2/5, 45*time.Second), time.Second)
}

func fields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

func (a *Account) option(k string) string { return strings.TrimSpace(a.o.Options[k]) }

func (a *Account) number(k string) int {
	n, _ := strconv.Atoi(a.option(k))
	return n
}

// Policy is the policy that holds for a name at this account.
func (a *Account) Policy(name string) burst.Policy {
	if a.policy != nil {
		return *a.policy
	}
	if name == "" && len(a.o.TLDs) > 0 {
		name = "x." + strings.TrimPrefix(a.o.TLDs[0], ".")
	}
	return a.policies.For(name)
}

// pacer holds the account's commands to a policy. Every command of the account
// counts, whatever policy it was sent under.
func (a *Account) pacer(p burst.Policy) burst.Pacer { return burst.Pacer{Policy: p, Use: a.use} }

func describe(name string) catch.Description {
	return catch.Description{
		Route: name, Service: title, Kind: catch.EPP,
		Can: []catch.Can{
			catch.CanOrder, catch.CanFind, catch.CanCancel, catch.CanCheck, catch.CanQuote, catch.CanPriceLock, catch.CanBalance, catch.CanLock, catch.CanNameservers,
		},
	}
}

// Describe says what the route is.
func (a *Account) Describe() catch.Description {
	d := describe("epp:" + a.o.Account)
	d.Service = title + " " + a.o.Account
	return d
}

// Open says whether the account can register the name, and why not.
func (a *Account) Open(name string) (bool, string) {
	if ok, why := a.o.Sells(name); !ok {
		return false, why
	}
	if len(a.o.TLDs) == 0 && a.policy == nil {
		return false, fmt.Sprintf("your account %s does not say which TLDs it is for: set its tlds, or its policy. Who can have one for this name: %s", a.o.Account, a.policies.For(name).Who)
	}
	return true, ""
}

// Terms are what a create costs, and the registry's policy.
func (a *Account) Terms(name string) catch.Terms {
	p := a.Policy(name)
	t := catch.Terms{
		Service: a.Describe().Service, Kind: catch.EPP, Charged: "on create, from the account's balance at the registry",
		Refund: catch.RefundNone, RefundWhen: "most registries refund a delete within the add grace period (5 days), some a part of them only",
		Several: catch.FirstCome, Burst: catch.BurstAllowed, Source: p.Source, Seen: p.Seen, Confidence: p.Confidence,
		Notes: []string{"policy " + p.ID + ": " + p.Words(), "who can have such an account: " + p.Who},
	}
	if p.Penalty != "" {
		t.Notes = append(t.Notes, "penalty: "+p.Penalty)
	}
	if len(p.Assumed) > 0 {
		t.Notes = append(t.Notes, "not confirmed by the registry: "+strings.Join(p.Assumed, ", "))
	}
	if p.ID == "reseller" {
		t.Burst = catch.BurstUnstated
	}
	return t
}
