// Package config is what a person wrote for lapse to keep to: config.toml with
// the environment laid over it, the files beside it that are laid over facts of
// the program, contacts, and where secrets and everything else are kept.
//
// It reads and writes files of the configuration folder and knows no command.
// What a person got wrong is an [Error], which names the file and, where it can,
// the line.
package config

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/lapse-dev/lapse/catch"
)

// File is config.toml. Every key is written here; one that is not is an
// error that names the file and the line.
type File struct {
	Lookup  Lookup             `toml:"lookup"`
	Account map[string]Account `toml:"account"`
	Month   map[string]string  `toml:"month"` // currency → what may be owed a UTC month
	// Nameservers are those that a name gets when it was won, by its purpose:
	// use, park, "for sale".
	Nameservers map[string][]string `toml:"nameservers"`
	Clock       Clock               `toml:"clock"`
	Alert       Alert               `toml:"alert"`
	Log         Log                 `toml:"log"`
	Serve       Serve               `toml:"serve"`
	UI          UI                  `toml:"ui"`
	Keys        map[string]string   `toml:"keys"`  // action → keys, separated by blanks
	Views       map[string]string   `toml:"views"` // saved queries by name
}

// Lookup says whom to ask. Hosts that stand here may be private; those
// that are learned never.
type Lookup struct {
	Offline   bool             `toml:"offline"`        // ask nobody but hosts that stand here
	Bootstrap string           `toml:"rdap_bootstrap"` // IANA's dns.json or a mirror
	CA        string           `toml:"ca"`             // PEM, added to the system's roots
	RDAP      map[string]RDAP  `toml:"rdap"`           // by TLD
	WHOIS     map[string]WHOIS `toml:"whois"`          // by TLD
	DNS       DNS              `toml:"dns"`

	DropList map[string]DropList `toml:"droplist"` // by zone
}

// RDAP is the RDAP server of one TLD.
type RDAP struct {
	URL string `toml:"url"`
}

// WHOIS is the WHOIS server of one TLD.
type WHOIS struct {
	Host string `toml:"host"` // host or host:port
}

// DropList is the drop list of one zone.
type DropList struct {
	URL     string `toml:"url"`
	Format  string `toml:"format"`  // empty: the registry's own
	Certain string `toml:"certain"` // how long before the drop a name cannot be kept: "5d"
	Every   string `toml:"every"`   // how often it is asked for: "6h"
}

// DNS is how delegations are asked: of a TLD's own name servers.
type DNS struct {
	Resolver string              `toml:"resolver"` // host:port; empty: the system's
	Servers  map[string][]string `toml:"servers"`  // zone → its name servers, host:port
}

// Account is one account at a service. The secret itself never stands
// here, only where it is kept.
type Account struct {
	Service  string            `toml:"service"`
	URL      string            `toml:"url"` // instead of the service's own host; for EPP host:port
	User     string            `toml:"user"`
	Secret   string            `toml:"secret"`  // "keyring:NAME", "command:CMD" or "file:PATH"
	APIKey   string            `toml:"api_key"` // the same, where a service has a key and a secret
	CA       string            `toml:"ca"`      // PEM file, added to the system's roots
	Cert     string            `toml:"cert"`    // PEM file: the client's certificate
	Key      string            `toml:"key"`     // PEM file: its key, mode 0600
	Policy   string            `toml:"policy"`  // EPP: the registry's policy by name
	TLDs     []string          `toml:"tlds"`
	Contact  string            `toml:"contact"`
	Currency string            `toml:"currency"` // what the account is charged in
	Options  map[string]string `toml:"options"`  // what only this service knows
}

// Clock is whom to ask for the time.
type Clock struct {
	NTP []string `toml:"ntp"`
}

// Serve is the headless server.
type Serve struct {
	SSH     string `toml:"ssh"`     // address of the SSH server, like 127.0.0.1:2222; empty: none
	Metrics string `toml:"metrics"` // loopback address of /metrics and /healthz; empty: none
}

// UI is how the screens look.
type UI struct {
	Theme string `toml:"theme"` // auto, dark, light, high-contrast
	ASCII bool   `toml:"ascii"` // draw with printable ASCII alone
	Mouse bool   `toml:"mouse"`
}

// Log is what is written to the log file in the state folder.
type Log struct {
	Level string `toml:"level"` // debug, info, warn, error
}

// IANABootstrap is where IANA publishes who serves which TLD by RDAP.
const IANABootstrap = "https://data.iana.org/rdap/dns.json"

func defaults() File {
	return File{
		Lookup: Lookup{Bootstrap: IANABootstrap},
		Clock:  Clock{NTP: []string{"time.cloudflare.com", "pool.ntp.org"}},
		Log:    Log{Level: "info"},
		UI:     UI{Theme: "auto", Mouse: true},
	}
}

// Loaded is the configuration in effect, with where each setting comes from.
type Loaded struct {
	File
	Paths  Paths
	origin map[string]string // key → "file:line" or the variable; absent: default
}

// Error is a mistake in what a person wrote, in a file or a variable.
type Error struct{ Err error }

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong.
func (e *Error) Unwrap() error { return e.Err }

// Load reads the file, if there is one, and lays the environment over it. A
// file that was named and is not there is an error; the usual one may be
// missing.
func Load(p Paths, named bool, getenv func(string) string) (*Loaded, error) {
	l := &Loaded{File: defaults(), Paths: p, origin: map[string]string{}}
	data, err := readBounded(p.Config, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
	case err != nil:
		return nil, &Error{fmt.Errorf("read configuration: %w", err)}
	default:
		if err := decodeStrict(p.Config, data, &l.File); err != nil {
			return nil, err
		}
		for key, line := range keyLines(data) {
			l.origin[key] = fmt.Sprintf("%s:%d", p.Config, line)
		}
	}
	if err := overlayEnvironment(l, getenv); err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	return l, nil
}

// MonthCaps are the caps of [month].
func (l *Loaded) MonthCaps() map[string]catch.Money {
	caps := map[string]catch.Money{}
	for cur, amount := range l.Month {
		if m, err := catch.MoneyOf(amount, cur); err == nil { // check has said so already
			caps[cur] = m
		}
	}
	return caps
}
