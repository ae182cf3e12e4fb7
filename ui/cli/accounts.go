package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

// terms are the embedded ones with the person's terms.toml over them.
func (l *loaded) terms() (*terms.Book, error) {
	book := terms.Default()
	return book, overlayFile(filepath.Join(l.paths.folder, "terms.toml"), book.Overlay)
}

// routes turns every account into its routes, and adds the services that have
// no API, whose orders are kept by hand. An account that cannot be opened is
// said and left out: it must not keep the others from acting.
func (a *app) routes(ctx context.Context, cfg *loaded) ([]catch.Route, *accounts, error) {
	book, err := cfg.terms()
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
		c, err := cfg.account(ctx, name, book)
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
func (a *app) openAccount(ctx context.Context, l *loaded, c account.Config) ([]catch.Route, error) {
	var keeper burst.Keeper
	if c.Service == eppaccount.Factory().Service {
		var err error
		if keeper, err = a.keeper(ctx, l); err != nil {
			return nil, err
		}
	}
	return l.openAccount(c, keeper)
}

func (l *loaded) openAccount(c account.Config, keeper burst.Keeper) ([]catch.Route, error) {
	if c.Service != eppaccount.Factory().Service {
		return registrar.Open(c)
	}
	policies, err := l.policies()
	if err != nil {
		return nil, err
	}
	answers, err := l.answers()
	if err != nil {
		return nil, err
	}
	o := eppaccount.Options{Config: c, Policies: policies, Answers: answers, Keeper: keeper, NTP: l.Clock.NTP, Agent: "lapse " + buildVersion()}
	acc, err := eppaccount.New(o)
	if err != nil {
		return nil, err
	}
	return []catch.Route{acc}, nil
}

// policies are the embedded ones with the person's policies.toml over them.
func (l *loaded) policies() (*burst.Policies, error) {
	ps := burst.DefaultPolicies()
	return ps, overlayFile(filepath.Join(l.paths.folder, "policies.toml"), ps.Overlay)
}

// answers are the embedded ones with the person's answers.toml over them.
func (l *loaded) answers() (*eppaccount.Answers, error) {
	as := eppaccount.DefaultAnswers()
	return as, overlayFile(filepath.Join(l.paths.folder, "answers.toml"), as.Overlay)
}

// account reads one account with its secrets and certificates.
func (l *loaded) account(ctx context.Context, name string, book *terms.Book) (account.Config, error) {
	ac := l.Account[name]
	c := account.Config{
		Account: name, Service: ac.Service, URL: ac.URL, User: ac.User, Contact: ac.Contact,
		Currency: ac.Currency, TLDs: ac.TLDs, Options: ac.Options, Policy: ac.Policy,
		Terms: book, Dial: l.dialer(),
	}
	for ref, into := range map[*string]*catch.Secret{&ac.Secret: &c.Secret, &ac.APIKey: &c.Key} {
		if *ref == "" {
			continue
		}
		where, err := parseSecretRef(*ref, l.paths.folder)
		if err != nil {
			return c, err
		}
		if *into, err = readSecret(ctx, where); err != nil {
			return c, err
		}
	}
	if c.Key.IsZero() { // services with a key alone keep it as their secret
		c.Key = c.Secret
	}
	contacts, err := l.contacts()
	if err != nil {
		return c, err
	}
	register(&c, contacts)
	if ac.CA == "" && ac.Cert == "" {
		if l.Lookup.CA == "" {
			return c, nil
		}
		ac.CA = l.Lookup.CA
	}
	c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if ac.CA != "" {
		pool, err := l.pool(ac.CA)
		if err != nil {
			return c, err
		}
		c.TLS.RootCAs = pool
	}
	if ac.Cert != "" {
		key := l.file(ac.Key)
		if info, err := os.Stat(key); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			return c, fmt.Errorf("read certificate: %s can be read by others (mode %04o); chmod 600 it", key, info.Mode().Perm())
		}
		pair, err := tls.LoadX509KeyPair(l.file(ac.Cert), key)
		if err != nil {
			return c, fmt.Errorf("read certificate: %w", err)
		}
		c.TLS.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
