// Package account is what a connector is made from: the person's account at
// one service, and the factory that turns it into routes.
package account

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

// Config is one account as the configuration names it. Secrets are resolved
// already; TLS holds the person's own CA and client certificate.
type Config struct {
	Account  string // the name in the configuration; routes are called after it
	Service  string
	URL      string // instead of the service's own host; the person's choice, so it may be private
	User     string
	Key      catch.Secret
	Secret   catch.Secret
	Contact  string
	Currency string            // what the account is charged in; empty: USD
	TLDs     []string          // that the account may sell; empty: what the service says
	Options  map[string]string // what only this service knows; see Factory.Fields
	Policy   string            // EPP: the registry policy by name

	Terms *terms.Book
	Dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	TLS   *tls.Config
	Now   func() time.Time
	// Wait waits between calls, as a service's limits want it. Nil: a timer.
	Wait func(ctx context.Context, d time.Duration) error
}

// Money reads an amount in the account's currency.
func (c Config) Money(amount string) (catch.Money, error) {
	return catch.MoneyOf(strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(amount), "$"), ",", ""), c.CurrencyOr())
}

// Clock is the account's clock: Now, or the machine's.
func (c Config) Clock() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// CurrencyOr is the account's currency, USD where none is set.
func (c Config) CurrencyOr() string {
	if c.Currency == "" {
		return "USD"
	}
	return strings.ToUpper(c.Currency)
}

// Sells says whether the account sells names under a TLD; known lists what the
// service itself takes, empty where that is unknown.
func (c Config) Sells(name string, known ...string) (bool, string) {
	_, zone, _ := strings.Cut(name, ".")
	tld := zone[strings.LastIndexByte(zone, '.')+1:]
	if len(c.TLDs) > 0 && !slices.Contains(c.TLDs, zone) && !slices.Contains(c.TLDs, tld) {
		return false, fmt.Sprintf("your account %s is not set up for .%s", c.Account, tld)
	}
	if len(known) > 0 && !slices.Contains(known, zone) && !slices.Contains(known, tld) {
		return false, fmt.Sprintf("%s does not take .%s", c.Service, tld)
	}
	return true, ""
}

// Field is one thing that an account of a service needs.
type Field struct {
	Name   string // "key", "secret", "user", "contact", or a key of Options
	What   string // a question that a person understands
	Secret bool
	Needed bool
}

// Factory makes the routes of a service.
type Factory struct {
	Service string // as in the configuration: "dynadot"
	Title   string // as people call it: "Dynadot"
	Host    string // the service's own
	Fields  []Field
	// Routes describe what an account brings, without one.
	Routes []catch.Description
	New    func(Config) ([]catch.Route, error)
}

// value is what a configuration says of a field.
func (c Config) value(field string) string {
	switch field {
	case "key":
		return c.Key.Reveal()
	case "secret":
		return c.Secret.Reveal()
	case "user":
		return c.User
	case "contact":
		return c.Contact
	case "url":
		return c.URL
	}
	return c.Options[field]
}

// Missing are the fields that a configuration lacks.
func (f Factory) Missing(c Config) []Field {
	var out []Field
	for _, field := range f.Fields {
		if field.Needed && c.value(field.Name) == "" {
			out = append(out, field)
		}
	}
	return out
}

// Unknown is an option that the service has no use for; "" where there is none.
// A contact's data may come along to services that keep contacts themselves.
func (f Factory) Unknown(options map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(options)) {
		named := func(x Field) bool { return x.Name == name }
		if !slices.ContainsFunc(f.Fields, named) && !slices.ContainsFunc(PersonFields, named) {
			return name
		}
	}
	return ""
}

// Check says what a configuration lacks, which option nobody reads, and which
// secret was copied badly.
func (f Factory) Check(c Config) error {
	if name := f.Unknown(c.Options); name != "" {
		return fmt.Errorf("read account %s: %s has no option %q", c.Account, f.Title, name)
	}
	for _, field := range f.Missing(c) {
		return fmt.Errorf("read account %s: %s needs %q (%s)", c.Account, f.Title, field.Name, field.What)
	}
	for _, field := range f.Fields {
		if field.Secret && strings.ContainsAny(c.value(field.Name), " \t\r\n") {
			return fmt.Errorf("read account %s: its %s holds spaces or line breaks; copy it again", c.Account, field.Name)
		}
	}
	return nil
}
