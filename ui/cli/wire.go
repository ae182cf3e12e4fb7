package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/cli/config"
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
		if err := os.MkdirAll(filepath.Dir(cfg.Paths.DB), 0o700); err != nil {
			return nil, withHint(fmt.Errorf("open database: %w", err), "name another place with --db or LAPSE_DB")
		}
	}
	r.store, err = store.Open(ctx, cfg.Paths.DB, store.Options{ReadOnly: a.flags.readOnly, Now: a.now})
	if err != nil {
		return nil, storeHint(err, cfg.Paths.DB)
	}
	r.closers = append(r.closers, r.store)
	hosts, err := cfg.Hosts()
	if err != nil {
		return nil, err
	}
	houses, err := cfg.Houses()
	if err != nil {
		return nil, err
	}
	reserved, err := cfg.Reserved()
	if err != nil {
		return nil, err
	}
	book, err := cfg.Rules()
	if err != nil {
		return nil, err
	}
	o := watch.Options{
		Hosts: hosts, Houses: houses, Reserved: reserved, Nameservers: cfg.Nameservers,
		Store: r.store, Rules: book, MonthCaps: cfg.MonthCaps(), Log: r.log, Now: a.now,
		Holder: holderName(a.holderAs), ReadOnly: a.flags.readOnly,
	}
	launches, err := cfg.FollowLaunches(func(err error) { r.log.Warn("launches not read", "err", err) })
	if err != nil {
		return nil, err
	}
	o.Launches, o.ChangeLaunches = launches.Get, launches.Change
	if o.Alerts, err = cfg.Alert.Rules(); err != nil {
		return nil, err // check has said so already
	}
	if n >= needAll {
		if o.Channels, err = openChannels(ctx, cfg); err != nil {
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
		o.Accounts, o.Clock = accs, func(ctx context.Context) catch.Line { return clockLine(ctx, cfg) }
	}
	if !a.flags.readOnly && n != needStore && n != needRoutes {
		o.Lock = store.NewLock(cfg.Paths.DB)
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
func (r *rooms) openLog(cfg *config.Loaded) error {
	if err := os.MkdirAll(cfg.Paths.State, 0o700); err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(cfg.Paths.State, "lapse.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
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

func (a *app) book() (*lifecycle.Book, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return cfg.Rules()
}

// sources are whom to ask: RDAP, WHOIS, DNS and drop lists, with the hosts
// that stand in the configuration before all others.
func (r *rooms) sources(cfg *config.Loaded, acting bool) ([]watch.Source, error) {
	roots, err := trusted(cfg)
	if err != nil {
		return nil, err
	}
	dial := dialer(cfg)
	configured := map[string]string{}
	for tld, c := range cfg.Lookup.RDAP {
		configured[tld] = c.URL
	}
	r.bootstrap = rdap.NewBootstrap(rdap.BootstrapOptions{
		URL: cfg.Lookup.Bootstrap, CachePath: filepath.Join(cfg.Paths.State, "rdap-servers.json"),
		Configured: configured, Dial: dial, TLS: roots, Log: r.log,
	})
	if err := cfg.Overlay("rdap.toml", r.bootstrap.Overlay); err != nil {
		return nil, err
	}
	rc := rdap.New(rdap.Options{Bootstrap: r.bootstrap, Dial: dial, TLS: roots, Log: r.log, Agent: "lapse/" + buildVersion()})

	table, err := cfg.WHOISServers()
	if err != nil {
		return nil, err
	}
	wo := whois.Options{Servers: table, Log: r.log, NoRoot: cfg.Lookup.Offline} // it dials for one question, without keep-alives
	if cfg.Lookup.Offline {
		wo.Dial = dial
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
func (r *rooms) dropLists(cfg *config.Loaded, dial reach.DialFunc, roots *tls.Config, acting bool) ([]watch.Source, error) {
	own, err := cfg.DropLists()
	if err != nil {
		return nil, err
	}
	known := slices.DeleteFunc(droplist.Lists(), func(l droplist.List) bool {
		return cfg.Lookup.Offline || slices.ContainsFunc(own, func(o droplist.List) bool {
			return o.Name == l.Name || slices.Equal(o.Zones, l.Zones)
		})
	})
	fetcher := droplist.NewFetcher(droplist.FetchOptions{
		Dir: filepath.Join(cfg.Paths.State, "droplists"), Dial: dial, TLS: roots, Agent: "lapse/" + buildVersion(), Log: r.log,
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
