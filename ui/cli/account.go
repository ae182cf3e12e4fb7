package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/zalando/go-keyring"
	"golang.org/x/term"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/ui/cli/typed"
)

func (a *app) accountCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "account",
		Short:   "Keep accounts at services, their secrets apart",
		Example: "  lapse account\n  lapse account add dyn --service dynadot\n  lapse account add tag --service epp --url epp.example:700 --user MYTAG\n  lapse account test dyn\n  lapse account payment dyn VISA, the default\n  lapse account rm dyn",
		GroupID: groupMoney,
		Args:    a.noSuchCommand,
	}
	ls := a.accountLs()
	cmd.RunE = ls.RunE
	cmd.AddCommand(ls, a.accountAdd(), a.accountTest(), a.accountPayment(), a.accountRm())
	return cmd
}

// accountLine is an account as `lapse account ls` shows it. The secret itself
// never appears, only where it is kept.
type accountLine struct {
	Account string   `json:"account"`
	Service string   `json:"service"`
	User    string   `json:"user,omitempty"`
	URL     string   `json:"url,omitempty"`
	Secret  string   `json:"secret"`
	TLDs    []string `json:"tlds"`
}

func (a *app) accountLs() *cobra.Command {
	return &cobra.Command{
		Use:     "ls",
		Short:   "List accounts",
		Example: "  lapse account ls\n  lapse account ls --json",
		Args:    noWords,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			lines := []accountLine{}
			for name, c := range cfg.Account {
				kept := "none"
				if ref := c.Secret + c.APIKey; ref != "" {
					kept, _, _ = strings.Cut(ref, ":")
				}
				lines = append(lines, accountLine{name, c.Service, c.User, c.URL, kept, list(c.TLDs)})
			}
			sort.Slice(lines, func(i, j int) bool { return lines[i].Account < lines[j].Account })
			if a.flags.json {
				return a.writeJSON(lines)
			}
			if len(lines) == 0 {
				a.note("no account; lapse account add NAME --service %s", strings.Join(registrar.Services(), "|"))
			}
			t := &table{head: []string{"ACCOUNT", "SERVICE", "USER", "URL", "SECRET IN", "TLDS"}}
			for _, l := range lines {
				t.add(l.Account, l.Service, l.User, l.URL, l.Secret, strings.Join(l.TLDs, ","))
			}
			return a.writeTable(t)
		},
	}
}

var accountName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,31}$`) })

func (a *app) accountAdd() *cobra.Command {
	var c config.Account
	cmd := &cobra.Command{
		Use:   "add ACCOUNT --service SERVICE",
		Short: "Add an account; its secret goes into the OS keyring",
		Long: `Add an account to the configuration. Where --secret does not say where the
secret is kept, it is asked for (on a terminal, without showing it; else the
first line of standard input) and put into the OS keyring. A secret is never a
flag and never stands in the configuration. What a service needs beside it, and
which of its interfaces is spoken, are its options.`,
		Example: `  lapse account add dyn --service dynadot
  lapse account add dyn2 --service dynadot --option api=rest --api-key file:dyn.key --secret file:dyn.secret
  lapse account add cheap --service namecheap --user me --option client_ip=192.0.2.1 --option country=DE`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return a.addAccount(cmd.Context(), args[0], c) },
	}
	f := cmd.Flags()
	f.StringVar(&c.Service, "service", "", strings.Join(registrar.Services(), ", "))
	f.StringVar(&c.URL, "url", "", "`address` instead of the service's own; EPP: host:port")
	f.StringVar(&c.User, "user", "", "the `user`, where the service wants one")
	f.StringVar(&c.Secret, "secret", "", "where the secret is kept: `keyring:NAME, command:CMD or file:PATH`")
	f.StringVar(&c.APIKey, "api-key", "", "where the key is kept, at services that have a key and a secret")
	f.StringToStringVar(&c.Options, "option", nil, "what only this service knows, as `NAME=VALUE` (may be repeated)")
	f.StringVar(&c.Contact, "contact", "", "the `contact` to register with")
	f.StringVar(&c.Currency, "currency", "", "the `currency` that the account is charged in")
	f.StringVar(&c.Policy, "policy", "", "EPP: the registry's `policy` by name")
	f.StringVar(&c.CA, "ca", "", "a PEM `file` added to the system's roots")
	f.StringVar(&c.Cert, "cert", "", "a PEM `file` with the client's certificate")
	f.StringVar(&c.Key, "key", "", "a PEM `file` with its key")
	f.StringSliceVar(&c.TLDs, "tld", nil, "a TLD that the account may register (may be repeated)")
	return cmd
}

func (a *app) addAccount(ctx context.Context, name string, c config.Account) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if a.flags.readOnly {
		return coded(exitGuard, errors.New("add account: read-only"))
	}
	if !accountName().MatchString(name) {
		return usagef("account %q: letters, digits, - and _, at most 32", typed.Clip(name))
	}
	if _, have := cfg.Account[name]; have {
		return accountExists(name)
	}
	if known := registrar.Services(); !slices.Contains(known, c.Service) {
		err := usagef("no service %q", c.Service)
		if g := typed.Guess(c.Service, known); g != "" && c.Service != "" {
			return withHint(err, "did you mean %s?", g)
		}
		return withHint(err, "there are %s", strings.Join(known, ", "))
	}
	service := factoryOf(c.Service)
	if option := service.Unknown(c.Options); option != "" {
		var known []string
		for _, field := range service.Fields {
			known = append(known, field.Name)
		}
		err := usagef("%s has no option %q", service.Title, typed.Clip(option))
		if g := typed.Guess(option, known); g != "" {
			return withHint(err, "did you mean %s?", g)
		}
		return withHint(err, "it asks for %s", strings.Join(known, ", "))
	}
	contacts, err := cfg.Contacts()
	if err != nil {
		return err
	}
	var secret catch.Secret
	if c.Secret == "" {
		c.Secret = "keyring:" + name
		if secret, err = a.readSecretText(name); err != nil {
			return err
		}
	} else if _, err := cfg.Paths.Secret(c.Secret); err != nil {
		return usagef("--secret: %v", err)
	}
	if c.APIKey != "" {
		if _, err := cfg.Paths.Secret(c.APIKey); err != nil {
			return usagef("--api-key: %v", err)
		}
	}
	err = cfg.Change(ctx, func(data []byte, now *config.File) ([]byte, error) {
		if _, have := now.Account[name]; have { // since it was looked at above
			return nil, accountExists(name)
		}
		if !secret.IsZero() {
			if err := keyring.Set(config.KeyringService, name, secret.Reveal()); err != nil {
				return nil, withHint(fmt.Errorf("put the secret into the keyring: %w", err), "keep it in a file of mode 0600 and say --secret file:PATH")
			}
		}
		return config.AppendAccount(data, name, c), nil
	})
	if err != nil {
		return err
	}
	if a.flags.json {
		kept, _, _ := strings.Cut(c.Secret, ":")
		return a.writeJSON(accountLine{name, c.Service, c.User, c.URL, kept, list(c.TLDs)})
	}
	// The secrets and a contact's data are read where the account is opened.
	have := account.Config{URL: c.URL, User: c.User, Contact: c.Contact, Options: c.Options, Key: catch.NewSecret("-"), Secret: catch.NewSecret("-")}
	register(&have, contacts)
	for _, field := range service.Missing(have) {
		a.say("lapse: warning: %s still needs %q (%s)", service.Title, field.Name, field.What)
	}
	a.note("lapse account test %s asks the service whether it works", name)
	return a.printf("added\t%s\n", name)
}

func factoryOf(service string) account.Factory {
	for _, f := range registrar.All() {
		if f.Service == service {
			return f
		}
	}
	return account.Factory{}
}

func accountExists(name string) error {
	return withHint(usagef("there is an account %q already", name), "lapse account rm %s", name)
}

// readSecretText reads a secret from the terminal without showing it, or the
// first line of standard input.
func (a *app) readSecretText(name string) (catch.Secret, error) {
	var text []byte
	var err error
	if f, ok := a.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if a.flags.noInput {
			return catch.Secret{}, withHint(usagef("no secret, and --no-input"), "say where it is kept with --secret, or give it on standard input")
		}
		fmt.Fprintf(a.stderr, "secret of %s (not shown): ", name)
		text, err = term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(a.stderr)
	} else {
		text, err = io.ReadAll(io.LimitReader(a.input(), 64<<10))
		text, _, _ = bytes.Cut(text, []byte("\n"))
	}
	if err != nil {
		return catch.Secret{}, fmt.Errorf("read secret: %w", err)
	}
	text = bytes.TrimRight(text, "\r")
	switch {
	case len(text) == 0:
		return catch.Secret{}, usagef("the secret is empty")
	case len(bytes.TrimSpace(text)) != len(text):
		return catch.Secret{}, withHint(usagef("the secret begins or ends with a space"), "copy it again")
	}
	return catch.NewSecret(string(text)), nil
}

func (a *app) accountRm() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:     "rm ACCOUNT",
		Short:   "Take an account out of the configuration and the keyring",
		Example: "  lapse account rm dyn",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if a.flags.readOnly {
				return coded(exitGuard, errors.New("remove account: read-only"))
			}
			if _, have := cfg.Account[args[0]]; !have {
				return coded(exitNotFound, fmt.Errorf("there is no account %q", typed.Clip(args[0])))
			}
			if a.interactive() && !yes {
				ok, err := a.ask(false, "take account %s out?", args[0])
				if err != nil || !ok {
					return err
				}
			}
			err = cfg.Change(cmd.Context(), func(data []byte, _ *config.File) ([]byte, error) {
				out, ok := config.CutAccount(data, args[0])
				if !ok {
					return nil, withHint(fmt.Errorf("remove account: [account.%s] does not stand as a table of its own in %s", args[0], cfg.Paths.Config), "take it out by hand")
				}
				return out, nil
			})
			if err != nil {
				return err
			}
			for _, name := range cfg.KeyringOnly(args[0]) {
				if err := keyring.Delete(config.KeyringService, name); err != nil && !errors.Is(err, keyring.ErrNotFound) {
					return coded(exitPartly, fmt.Errorf("the account is gone, its secret stays in the keyring: %w", err))
				}
			}
			return a.printf("removed\t%s\n", args[0])
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func (a *app) accountTest() *cobra.Command {
	return &cobra.Command{
		Use:     "test ACCOUNT",
		Short:   "Ask the service whether login, address and rights are in order; changes nothing",
		Example: "  lapse account test dyn",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if _, have := cfg.Account[args[0]]; !have {
				return coded(exitNotFound, fmt.Errorf("there is no account %q", typed.Clip(args[0])))
			}
			return a.testAccount(cmd.Context(), cfg, args[0])
		},
	}
}

func (a *app) testAccount(ctx context.Context, cfg *config.Loaded, name string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	routes, err := a.accountRoutes(ctx, cfg, name)
	if err != nil {
		return err
	}
	type tested struct {
		Route   string      `json:"route"`
		OK      bool        `json:"ok"`
		Why     string      `json:"why,omitempty"`
		Balance catch.Money `json:"balance"`
	}
	results := []tested{}
	var failed []error
	for _, r := range routes {
		t := tested{Route: r.Describe().Route, OK: true}
		if p, ok := r.(catch.Prober); ok {
			if err := p.Probe(ctx); err != nil {
				t.OK, t.Why = false, err.Error()
				failed = append(failed, err)
			}
		}
		if b, ok := r.(catch.Balancer); ok && t.OK {
			if m, err := b.Balance(ctx); err == nil {
				t.Balance = m
			}
		}
		results = append(results, t)
	}
	if a.flags.json {
		if err := a.writeJSON(results); err != nil {
			return err
		}
	} else {
		t := &table{head: []string{"ROUTE", "WORKS", "BALANCE", "WHY"}}
		for _, r := range results {
			t.add(r.Route, map[bool]string{true: "yes", false: "NO"}[r.OK], r.Balance.String(), r.Why)
		}
		if err := a.writeTable(t); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return silent(exitCode(failed[0]))
	}
	return nil
}
