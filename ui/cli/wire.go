package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx/dns"
	"github.com/lapse-dev/lapse/whoisx/droplist"
	"github.com/lapse-dev/lapse/whoisx/rdap"
	"github.com/lapse-dev/lapse/whoisx/reach"
	"github.com/lapse-dev/lapse/whoisx/whois"
)

// need says how much of the program a command wires together.
type need int

// The needs, each with all before it.
const (
	needStore   need = iota // the list
	needSources             // whom to ask
	needRoutes              // ways to get a name
	needAll                 // everything, ready to act
)

// rooms are the parts of a running program.
type rooms struct {
	store     *store.Store
	bootstrap *rdap.Bootstrap
	offline   bool
	log       *slog.Logger
	closers   []io.Closer
}

func (r *rooms) close() error {
	var errs []error
	for i := len(r.closers) - 1; i >= 0; i-- {
		errs = append(errs, r.closers[i].Close())
	}
	return errors.Join(errs...)
}

// open wires the rooms that a command needs into a service, once.
func (a *app) open(ctx context.Context, n need) (*watch.Service, error) {
	if a.service != nil {
		return a.service, nil
	}
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	r := &rooms{offline: cfg.Lookup.Offline, log: slog.New(slog.DiscardHandler)}
	a.rooms = r
	if n >= needAll {
		if err := r.openLog(cfg); err != nil {
			return nil, err
		}
	}
	if !a.flags.readOnly {
		if err := os.MkdirAll(filepath.Dir(cfg.paths.db), 0o700); err != nil {
			return nil, withHint(fmt.Errorf("open database: %w", err), "name another place with --db or LAPSE_DB")
		}
	}
	r.store, err = store.Open(ctx, cfg.paths.db, store.Options{ReadOnly: a.flags.readOnly, Now: a.now})
	if err != nil {
		return nil, storeHint(err, cfg.paths.db)
	}
	r.closers = append(r.closers, r.store)
	hosts := watch.DefaultHosts()
	if err := overlayFile(filepath.Join(cfg.paths.folder, "hosts.toml"), hosts.Overlay); err != nil {
		return nil, err
	}
	houses, err := cfg.houses()
	if err != nil {
		return nil, err
	}
	reserved, err := cfg.reserved()
	if err != nil {
		return nil, err
	}
	book, err := cfg.rules()
	if err != nil {
		return nil, err
	}
	o := watch.Options{
		Hosts: hosts, Houses: houses, Reserved: reserved, Nameservers: cfg.Nameservers,
		Store: r.store, Rules: book, MonthCaps: cfg.months(), Log: r.log, Now: a.now,
		Holder: holderName(a.holderAs), ReadOnly: a.flags.readOnly,
	}
	lb := &launchBook{cfg: cfg, warn: func(err error) { r.log.Warn("launches not read", "err", err) }}
	if lb.book, err = cfg.launches(); err != nil {
		return nil, err
	}
	lb.stamp = lb.stamps()
	o.Launches, o.ChangeLaunches = lb.get, lb.change
	if o.Alerts, err = cfg.Alert.rules(); err != nil {
		return nil, err // check has said so already
	}
	if n >= needAll {
		if o.Channels, err = cfg.channels(ctx); err != nil {
			return nil, err
		}
	}
	if n >= needSources {
		if o.Sources, err = r.sources(cfg, n >= needAll); err != nil {
			return nil, err
		}
	}
	if n >= needRoutes {
		var accs *accounts
		if o.Routes, accs, err = a.routes(ctx, cfg); err != nil {
			return nil, err
		}
		o.Accounts, o.Clock = accs, cfg.clockLine
	}
	if !a.flags.readOnly && n != needStore && n != needRoutes {
		o.Lock = store.NewLock(cfg.paths.db)
	}
	a.service = watch.New(o)
	return a.service, nil
}

// storeHint adds what to do to the one failure whose own words do not say it.
func storeHint(err error, path string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return withHint(err, "there is no database at %s yet: run lapse once without --read-only", path)
	}
	return err
}

// holderName says who acts: "host pid 123 (serve)".
func holderName(as string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	s := fmt.Sprintf("%s pid %d", host, os.Getpid())
	if as != "" {
		s += " (" + as + ")"
	}
	return s
}

// openLog opens the log in the state folder.
func (r *rooms) openLog(cfg *loaded) error {
	if err := os.MkdirAll(cfg.paths.state, 0o700); err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(cfg.paths.state, "lapse.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		level = slog.LevelInfo
	}
	r.log = slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: level}))
	r.closers = append(r.closers, f)
	return nil
}

// rules is the embedded book with the person's own rules.toml over it.
func (l *loaded) rules() (*lifecycle.Book, error) {
	book := lifecycle.Default()
	return book, overlayFile(filepath.Join(l.paths.folder, "rules.toml"), book.Overlay)
}

// reserved are the names that generic TLDs keep back, with the person's own
// reserved.toml beside them.
func (l *loaded) reserved() (*lifecycle.Reserved, error) {
	r := lifecycle.DefaultReserved()
	return r, overlayFile(filepath.Join(l.paths.folder, "reserved.toml"), r.Overlay)
}

// houses are the auction houses and catch services, with the person's own
// houses.toml over them.
func (l *loaded) houses() (*lifecycle.Houses, error) {
	h := lifecycle.DefaultHouses()
	return h, overlayFile(filepath.Join(l.paths.folder, "houses.toml"), h.Overlay)
}

// overlayFile hands a file of the configuration folder to its room, if it is
// there.
func overlayFile(path string, overlay func(path string, data []byte) error) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = overlay(path, data)
	}
	return coded(exitUsage, err)
}

func (a *app) book() (*lifecycle.Book, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return cfg.rules()
}

// whoisServers are the WHOIS servers that are known and how they speak, with
// the person's own.
func (l *loaded) whoisServers() (*whois.Table, error) {
	table := whois.DefaultTable()
	if err := overlayFile(filepath.Join(l.paths.folder, "whois.toml"), table.Overlay); err != nil {
		return nil, err
	}
	for tld, c := range l.Lookup.WHOIS {
		if err := table.Configure(tld, c.Host); err != nil {
			return nil, coded(exitUsage, fmt.Errorf("%s: lookup.whois.%s: %w", l.paths.config, tld, err))
		}
	}
	return table, nil
}

// sources are whom to ask: RDAP, WHOIS, DNS and drop lists, with the hosts
// that stand in the configuration before all others.
func (r *rooms) sources(cfg *loaded, acting bool) ([]watch.Source, error) {
	roots, err := cfg.tls()
	if err != nil {
		return nil, err
	}
	dial := cfg.dialer()
	configured := map[string]string{}
	for tld, c := range cfg.Lookup.RDAP {
		configured[tld] = c.URL
	}
	r.bootstrap = rdap.NewBootstrap(rdap.BootstrapOptions{
		URL: cfg.Lookup.Bootstrap, CachePath: filepath.Join(cfg.paths.state, "rdap-servers.json"),
		Configured: configured, Dial: dial, TLS: roots, Log: r.log,
	})
	if err := overlayFile(filepath.Join(cfg.paths.folder, "rdap.toml"), r.bootstrap.Overlay); err != nil {
		return nil, err
	}
	rc := rdap.New(rdap.Options{Bootstrap: r.bootstrap, Dial: dial, TLS: roots, Log: r.log, Agent: "lapse/" + buildVersion()})

	table, err := cfg.whoisServers()
	if err != nil {
		return nil, err
	}
	wo := whois.Options{Servers: table, Dial: dial, Log: r.log, NoRoot: cfg.Lookup.Offline}
	if cfg.Lookup.Offline {
		wo.Resolve = func(context.Context, string) ([]netip.Addr, error) { return nil, errOffline }
	}
	sources := []watch.Source{rc, whois.New(wo)}
	// Name servers of TLDs are found through the system's resolver where none
	// are configured: offline that would be a question to somebody else.
	if !cfg.Lookup.Offline || len(cfg.Lookup.DNS.Servers) > 0 {
		sources = append(sources, dns.New(dns.Options{
			Servers: cfg.Lookup.DNS.Servers, Resolver: cfg.Lookup.DNS.Resolver, Dial: dial, Log: r.log,
		}))
	}
	lists, err := r.dropLists(cfg, dial, roots, acting)
	if err != nil {
		return nil, err
	}
	return append(sources, lists...), nil
}

// dropLists are the lists of the configuration, and those that registries
// publish. The latter are only fetched by a process that acts: they are large,
// and one look at one name is no reason to fetch them.
func (r *rooms) dropLists(cfg *loaded, dial reach.DialFunc, roots *tls.Config, acting bool) ([]watch.Source, error) {
	var own []droplist.List
	for zone, c := range cfg.Lookup.DropList {
		l, err := c.list(zone)
		if err != nil {
			return nil, coded(exitUsage, fmt.Errorf("%s: lookup.droplist.%s: %w", cfg.paths.config, zone, err))
		}
		own = append(own, l)
	}
	err := overlayFile(filepath.Join(cfg.paths.folder, "droplists.toml"), func(path string, data []byte) error {
		ls, err := droplist.ReadLists(path, data)
		for _, l := range ls {
			l.Configured = true
			own = append(own, l)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	known := slices.DeleteFunc(droplist.Lists(), func(l droplist.List) bool {
		return cfg.Lookup.Offline || slices.ContainsFunc(own, func(o droplist.List) bool {
			return o.Name == l.Name || slices.Equal(o.Zones, l.Zones)
		})
	})
	fetcher := droplist.NewFetcher(droplist.FetchOptions{
		Dir: filepath.Join(cfg.paths.state, "droplists"), Dial: dial, TLS: roots, Agent: "lapse/" + buildVersion(), Log: r.log,
	})
	wanted := func(zones []string) []string {
		page, err := r.store.List(context.Background(), watch.Query{TLDs: zones, Sort: "name"})
		if err != nil {
			r.log.Warn("names for the drop lists not read", "err", err)
			return nil
		}
		names := make([]string, 0, len(page.Rows))
		for _, row := range page.Rows {
			names = append(names, string(row.Name))
		}
		return names
	}
	return []watch.Source{
		droplist.NewSource(droplist.SourceOptions{Lists: own, Fetcher: fetcher, Wanted: wanted, Log: r.log}),
		droplist.NewSource(droplist.SourceOptions{Lists: known, Fetcher: fetcher, Wanted: wanted, OnDisk: !acting, Log: r.log}),
	}, nil
}

// list makes the list that the configuration describes.
func (c DropListConfig) list(zone string) (droplist.List, error) {
	l, err := droplist.Configured(zone, c.URL)
	if err != nil {
		return l, err
	}
	if c.Format != "" {
		l.Format = droplist.Format(c.Format)
	}
	l.Certain, l.Every = c.Certain, c.Every
	return l, l.Check()
}

// refresh keeps the list of RDAP servers young, beside a process that acts. A
// list that cannot be fetched leaves the last one in use.
func (r *rooms) refresh(ctx context.Context) {
	if r.bootstrap == nil || r.offline {
		return
	}
	for {
		if r.bootstrap.Due() {
			if err := r.bootstrap.Refresh(ctx); err != nil && ctx.Err() == nil {
				r.log.Warn("list of RDAP servers not refreshed", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Hour):
		}
	}
}

var errOffline = errors.New("offline: only hosts that stand in the configuration are asked")

// dialer connects. With lookup.offline it connects to hosts of the
// configuration alone, so that nothing else ever leaves the machine.
func (l *loaded) dialer() func(ctx context.Context, network, addr string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	if !l.Lookup.Offline {
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
	for _, c := range l.Lookup.RDAP {
		addresses = append(addresses, c.URL)
	}
	for _, c := range l.Account {
		addresses = append(addresses, c.URL)
	}
	for _, c := range l.Lookup.DropList {
		addresses = append(addresses, c.URL)
	}
	if l.Lookup.Bootstrap != ianaBootstrap {
		addresses = append(addresses, l.Lookup.Bootstrap)
	}
	for _, s := range addresses {
		if u, err := url.Parse(s); err == nil && u.Host != "" {
			allow(u.Host)
		} else {
			allow(s)
		}
	}
	for _, c := range l.Lookup.WHOIS {
		allow(c.Host)
	}
	allow(l.Lookup.DNS.Resolver)
	for _, servers := range l.Lookup.DNS.Servers {
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

// tls are the roots: the system's, with lookup.ca added.
func (l *loaded) tls() (*tls.Config, error) {
	if l.Lookup.CA == "" {
		return nil, nil //nolint:nilnil // nil means the system's own roots
	}
	pool, err := l.pool(l.Lookup.CA)
	if err != nil {
		return nil, err
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// pool is the system's roots with the certificates of a PEM file added.
func (l *loaded) pool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(l.file(file))
	if err != nil {
		return nil, coded(exitUsage, fmt.Errorf("read certificates: %w", err))
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, coded(exitUsage, fmt.Errorf("read certificates: %s has none in PEM", l.file(file)))
	}
	return pool, nil
}
