package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sort"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/watch"
)

// routes turns every account into its routes, and adds the services that have
// no API, whose orders are kept by hand. An account that cannot be opened is
// said and left out: it must not keep the others from acting.
func (a *app) routes(ctx context.Context, cfg *config.Loaded) ([]catch.Route, *accounts, error) {
	book, err := cfg.Terms()
	if err != nil {
		return nil, nil, err
	}
	names := make([]string, 0, len(cfg.Account))
	for name := range cfg.Account {
		names = append(names, name)
	}
	sort.Strings(names)
	var routes []catch.Route
	of := map[string]string{}
	for _, name := range names {
		c, err := accountConfig(ctx, cfg, name, book)
		if err == nil {
			var rs []catch.Route
			if rs, err = a.openAccount(ctx, cfg, c); err == nil {
				routes = append(routes, rs...)
				for _, r := range rs {
					of[r.Describe().Route] = name
					if closer, ok := r.(io.Closer); ok {
						a.rooms.closers = append(a.rooms.closers, closer)
					}
				}
				continue
			}
		}
		a.say("lapse: warning: account %s is left out: %v", name, err)
		a.rooms.log.Warn("account left out", "account", name, "err", err)
	}
	return append(routes, registrar.ByHand(book)...), &accounts{cfg, of}, nil
}

// openAccount makes the routes of an account. An EPP account also takes what
// every burst shares: policies, what the account has used, the clock.
func (a *app) openAccount(ctx context.Context, cfg *config.Loaded, c account.Config) ([]catch.Route, error) {
	var keeper burst.Keeper
	if c.Service == eppaccount.Factory().Service {
		var err error
		if keeper, err = a.keeper(ctx, cfg); err != nil {
			return nil, err
		}
	}
	return openRoutes(cfg, c, keeper)
}

// openRoutes makes the routes of an account; keeper is for EPP, nil where nothing
// is sent.
func openRoutes(cfg *config.Loaded, c account.Config, keeper burst.Keeper) ([]catch.Route, error) {
	if c.Service != eppaccount.Factory().Service {
		return registrar.Open(c)
	}
	policies, err := cfg.Policies()
	if err != nil {
		return nil, err
	}
	answers, err := cfg.Answers()
	if err != nil {
		return nil, err
	}
	o := eppaccount.Options{Config: c, Policies: policies, Answers: answers, Keeper: keeper, NTP: cfg.Clock.NTP, Agent: "lapse " + buildVersion()}
	acc, err := eppaccount.New(o)
	if err != nil {
		return nil, err
	}
	return []catch.Route{acc}, nil
}

// accountConfig reads one account with its secrets and certificates.
func accountConfig(ctx context.Context, cfg *config.Loaded, name string, book *terms.Book) (account.Config, error) {
	ac := cfg.Account[name]
	c := account.Config{
		Account: name, Service: ac.Service, URL: ac.URL, User: ac.User, Contact: ac.Contact,
		Currency: ac.Currency, TLDs: ac.TLDs, Options: ac.Options, Policy: ac.Policy,
		Terms: book, Dial: dialer(cfg),
	}
	for ref, into := range map[*string]*catch.Secret{&ac.Secret: &c.Secret, &ac.APIKey: &c.Key} {
		if *ref == "" {
			continue
		}
		where, err := cfg.Paths.Secret(*ref)
		if err != nil {
			return c, err
		}
		if *into, err = where.Read(ctx); err != nil {
			return c, err
		}
	}
	if c.Key.IsZero() { // services with a key alone keep it as their secret
		c.Key = c.Secret
	}
	contacts, err := cfg.Contacts()
	if err != nil {
		return c, err
	}
	register(&c, contacts)
	if ac.CA == "" && ac.Cert == "" {
		if cfg.Lookup.CA == "" {
			return c, nil
		}
		ac.CA = cfg.Lookup.CA
	}
	c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if ac.CA != "" {
		pool, err := certPool(cfg, ac.CA)
		if err != nil {
			return c, err
		}
		c.TLS.RootCAs = pool
	}
	if ac.Cert != "" {
		key := cfg.Paths.Resolve(ac.Key)
		if info, err := os.Stat(key); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			return c, fmt.Errorf("read certificate: %s can be read by others (mode %04o); chmod 600 it", key, info.Mode().Perm())
		}
		pair, err := tls.LoadX509KeyPair(cfg.Paths.Resolve(ac.Cert), key)
		if err != nil {
			return c, fmt.Errorf("read certificate: %w", err)
		}
		c.TLS.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// register makes an account register for a contact that the person keeps: by
// the contact's id there, or, at a service that keeps no contacts, by what the
// account's own options leave open.
func register(c *account.Config, contacts map[string]catch.Contact) {
	person, ok := contacts[c.Contact]
	if !ok {
		return
	}
	c.Contact = person.Handle(c.Account)
	first, last := person.Name, person.Name
	if i := strings.LastIndexByte(person.Name, ' '); i > 0 {
		first, last = person.Name[:i], person.Name[i+1:]
	}
	options := map[string]string{
		"first_name": first, "last_name": last, "organisation": person.Org, "street": strings.Join(person.Street, ", "), "city": person.City,
		"state": person.State, "zip": person.Zip, "country": person.Country, "phone": person.Phone, "email": person.Email,
	}
	for k, v := range c.Options {
		options[k] = v
	}
	c.Options = options
}

// takesContact reports whether a service is told with each order for whom it
// registers. Others register for what the account's options say, whatever an
// order says.
func takesContact(service string) bool {
	for _, f := range registrar.All() {
		if f.Service == service {
			return slices.ContainsFunc(f.Fields, func(f account.Field) bool { return f.Name == "contact" })
		}
	}
	return true // by hand: the person is told
}

// accounts are what preflights and requests ask of the configuration.
type accounts struct {
	cfg    *config.Loaded
	routes map[string]string // route → account
}

// Account implements watch.Accounts.
func (a *accounts) Account(route string) string { return a.routes[route] }

// Contact implements watch.Accounts.
func (a *accounts) Contact(route, named string) (catch.Contact, string, error) {
	name := a.routes[route]
	acc := a.cfg.Account[name]
	if named != "" && named != acc.Contact && !takesContact(acc.Service) {
		return catch.Contact{}, named, fmt.Errorf("%s takes none with an order: account %s registers for its own; give another account of yours the contact", acc.Service, name)
	}
	if named == "" {
		named = acc.Contact
	}
	all, err := a.cfg.Contacts()
	if err != nil {
		return catch.Contact{}, named, err
	}
	if c, ok := all[named]; ok {
		return c, c.Handle(name), nil
	}
	o := acc.Options
	if named == "" && o["last_name"] != "" { // it stands in the account's own options
		return catch.Contact{
			ID: name, Name: strings.TrimSpace(o["first_name"] + " " + o["last_name"]), Org: o["organisation"], Street: []string{o["street"]}, City: o["city"],
			State: o["state"], Zip: o["zip"], Country: strings.ToUpper(o["country"]), Phone: o["phone"], Email: o["email"],
		}, name, nil
	}
	return catch.Contact{}, named, watch.ErrNotFound
}
