package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/ui/cli/typed"
)

// Config is config.toml. Every key is written here; one that is not is an
// error that names the file and the line.
type Config struct {
	Lookup  LookupConfig             `toml:"lookup"`
	Account map[string]AccountConfig `toml:"account"`
	Month   map[string]string        `toml:"month"` // currency → what may be owed a UTC month
	// Nameservers are those that a name gets when it was won, by its purpose:
	// use, park, "for sale".
	Nameservers map[string][]string `toml:"nameservers"`
	Clock       ClockConfig         `toml:"clock"`
	Alert       AlertConfig         `toml:"alert"`
	Log         LogConfig           `toml:"log"`
	Serve       ServeConfig         `toml:"serve"`
	UI          UIConfig            `toml:"ui"`
	Keys        map[string]string   `toml:"keys"`  // action → keys, separated by blanks
	Views       map[string]string   `toml:"views"` // saved queries by name
}

// LookupConfig says whom to ask. Hosts that stand here may be private; those
// that are learned never.
type LookupConfig struct {
	Offline   bool                   `toml:"offline"`        // ask nobody but hosts that stand here
	Bootstrap string                 `toml:"rdap_bootstrap"` // IANA's dns.json or a mirror
	CA        string                 `toml:"ca"`             // PEM, added to the system's roots
	RDAP      map[string]RDAPConfig  `toml:"rdap"`           // by TLD
	WHOIS     map[string]WHOISConfig `toml:"whois"`          // by TLD
	DNS       DNSConfig              `toml:"dns"`

	DropList map[string]DropListConfig `toml:"droplist"` // by zone
}

// RDAPConfig is the RDAP server of one TLD.
type RDAPConfig struct {
	URL string `toml:"url"`
}

// WHOISConfig is the WHOIS server of one TLD.
type WHOISConfig struct {
	Host string `toml:"host"` // host or host:port
}

// DropListConfig is the drop list of one zone.
type DropListConfig struct {
	URL     string `toml:"url"`
	Format  string `toml:"format"`  // empty: the registry's own
	Certain string `toml:"certain"` // how long before the drop a name cannot be kept: "5d"
	Every   string `toml:"every"`   // how often it is asked for: "6h"
}

// DNSConfig is how delegations are asked: of a TLD's own name servers.
type DNSConfig struct {
	Resolver string              `toml:"resolver"` // host:port; empty: the system's
	Servers  map[string][]string `toml:"servers"`  // zone → its name servers, host:port
}

// AccountConfig is one account at a service. The secret itself never stands
// here, only where it is kept.
type AccountConfig struct {
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

// ClockConfig is whom to ask for the time.
type ClockConfig struct {
	NTP []string `toml:"ntp"`
}

// ServeConfig is the headless server.
type ServeConfig struct {
	SSH     string `toml:"ssh"`     // address of the SSH server, like 127.0.0.1:2222; empty: none
	Metrics string `toml:"metrics"` // loopback address of /metrics and /healthz; empty: none
}

// UIConfig is how the screens look.
type UIConfig struct {
	Theme string `toml:"theme"` // auto, dark, light, high-contrast
	ASCII bool   `toml:"ascii"` // draw with printable ASCII alone
	Mouse bool   `toml:"mouse"`
}

// LogConfig is what is written to the log file in the state folder.
type LogConfig struct {
	Level string `toml:"level"` // debug, info, warn, error
}

const ianaBootstrap = "https://data.iana.org/rdap/dns.json"

func defaultConfig() Config {
	return Config{
		Lookup: LookupConfig{Bootstrap: ianaBootstrap},
		Clock:  ClockConfig{NTP: []string{"time.cloudflare.com", "pool.ntp.org"}},
		Log:    LogConfig{Level: "info"},
		UI:     UIConfig{Theme: "auto", Mouse: true},
	}
}

// loaded is the configuration with where each setting comes from.
type loaded struct {
	Config
	paths  paths
	origin map[string]string // key → "file:line" or the variable; absent: default
}

// maxConfig is far more than anybody writes by hand.
const maxConfig = 4 << 20

// readBounded reads a file that a person named, whatever it turns out to be.
func readBounded(path string, most int64) ([]byte, error) {
	// A pipe that nobody writes to would keep lapse waiting, without a word.
	if st, err := os.Stat(path); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		return nil, fmt.Errorf("%s is larger than %d KiB", path, most>>10)
	}
	return data, err
}

// loadConfig reads the file, if there is one, and lays the environment over it.
// A file that was named and is not there is an error; the usual one may be
// missing.
func loadConfig(p paths, named bool, getenv func(string) string) (*loaded, error) {
	l := &loaded{Config: defaultConfig(), paths: p, origin: map[string]string{}}
	data, err := readBounded(p.config, maxConfig)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
	case err != nil:
		return nil, coded(exitUsage, fmt.Errorf("read configuration: %w", err))
	default:
		if err := decodeStrict(p.config, data, &l.Config); err != nil {
			return nil, err
		}
		for key, line := range keyLines(data) {
			l.origin[key] = fmt.Sprintf("%s:%d", p.config, line)
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

// decodeStrict reads TOML and names file and line of what it does not know.
func decodeStrict(path string, data []byte, into any) error {
	dec := toml.NewDecoder(strings.NewReader(string(data))).DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		return nil
	}
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) && len(missing.Errors) > 0 {
		var lines []string
		for _, e := range missing.Errors {
			row, _ := e.Position()
			msg := fmt.Sprintf("%s:%d: unknown key %q", path, row, strings.Join(e.Key(), "."))
			if g := typed.Guess(lastOf(e.Key()), knownKeys()); g != "" {
				msg += fmt.Sprintf(" (did you mean %q?)", g)
			}
			lines = append(lines, msg)
		}
		return coded(exitUsage, errors.New(strings.Join(lines, "\n")))
	}
	var de *toml.DecodeError
	if errors.As(err, &de) {
		row, col := de.Position()
		return coded(exitUsage, fmt.Errorf("%s:%d:%d: %s", path, row, col, strings.TrimPrefix(de.Error(), "toml: ")))
	}
	return coded(exitUsage, fmt.Errorf("%s: %w", path, err))
}

func lastOf(ss []string) string {
	if len(ss) == 0 {
		return ""
	}
	return ss[len(ss)-1]
}

// check says what is wrong with values, naming where they stand.
func (l *loaded) check() error {
	bad := func(key, format string, args ...any) error {
		where := l.origin[key]
		if where == "" {
			where = l.paths.config
		}
		return coded(exitUsage, fmt.Errorf("%s: %s: %s", where, key, fmt.Sprintf(format, args...)))
	}
	for cur, amount := range l.Month {
		if len(cur) != 3 || strings.ToUpper(cur) != cur {
			return bad("month."+cur, "a currency is three capital letters, like USD")
		}
		if _, err := catch.MoneyOf(amount, cur); err != nil {
			return bad("month."+cur, "%v; write it like USD = \"600\"", err)
		}
	}
	for purpose, hosts := range l.Nameservers {
		if purpose != "use" && purpose != "park" && purpose != "for sale" {
			return bad("nameservers."+purpose, "a purpose is use, park or \"for sale\"")
		}
		if len(hosts) < 2 || len(hosts) > 13 {
			return bad("nameservers."+purpose, "a name has two to thirteen name servers")
		}
	}
	for tld, r := range l.Lookup.RDAP {
		if u, err := url.Parse(r.URL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return bad("lookup.rdap."+tld+".url", "%q is no http address", r.URL)
		}
	}
	for tld, w := range l.Lookup.WHOIS {
		if w.Host == "" {
			return bad("lookup.whois."+tld+".host", "is empty; write host or host:port")
		}
	}
	for zone, d := range l.Lookup.DropList {
		if _, err := d.list(zone); err != nil {
			return bad("lookup.droplist."+zone, "%v", err)
		}
	}
	if r := l.Lookup.DNS.Resolver; r != "" {
		if _, _, err := net.SplitHostPort(r); err != nil {
			return bad("lookup.dns.resolver", "%q is not host:port", r)
		}
	}
	if l.Serve.SSH != "" {
		if err := checkAddr(l.Serve.SSH); err != nil {
			return bad("serve.ssh", "%v", err)
		}
	}
	if l.Serve.Metrics != "" {
		if err := checkAddr(l.Serve.Metrics); err != nil {
			return bad("serve.metrics", "%v", err)
		}
		if _, err := metricsAddr(l.Serve.Metrics); err != nil {
			return bad("serve.metrics", "%v", err)
		}
	}
	for _, server := range l.Clock.NTP {
		host := server
		if h, port, err := net.SplitHostPort(server); err == nil {
			if !isPort(port) {
				return bad("clock.ntp", "%q has no port between 0 and 65535", typed.Clip(server))
			}
			host = h
		}
		if !isHost(host) {
			return bad("clock.ntp", "%q is no time server: write a host, like time.cloudflare.com", typed.Clip(server))
		}
	}
	if _, err := l.Alert.rules(); err != nil {
		return bad("alert", "%v", err)
	}
	switch l.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		return bad("log.level", "%q is none of debug, info, warn, error", l.Log.Level)
	}
	switch l.UI.Theme {
	case "auto", "dark", "light", "high-contrast":
	default:
		return bad("ui.theme", "%q is none of auto, dark, light, high-contrast", l.UI.Theme)
	}
	for name, acc := range l.Account {
		if acc.Service == "" {
			return bad("account."+name+".service", "is missing")
		}
		if known := registrar.Services(); !slices.Contains(known, acc.Service) {
			hint := ""
			if g := typed.Guess(acc.Service, known); g != "" {
				hint = fmt.Sprintf(" (did you mean %q?)", g)
			}
			return bad("account."+name+".service", "no service is called %q%s; there are %s", typed.Clip(acc.Service), hint, strings.Join(known, ", "))
		}
		for key, ref := range map[string]string{"secret": acc.Secret, "api_key": acc.APIKey} {
			if ref == "" {
				continue
			}
			if _, err := parseSecretRef(ref, l.paths.folder); err != nil {
				return bad("account."+name+"."+key, "%v", err)
			}
		}
	}
	return nil
}

// isPort reports whether a text is the number of a port.
func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// isHost reports whether a text is an address or could be a host's name.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return true
	}
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	for _, label := range strings.Split(s, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label {
			return false
		}
		for _, r := range label {
			if r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
				return false
			}
		}
	}
	return true
}

// months are the caps of [month].
func (l *loaded) months() map[string]catch.Money {
	caps := map[string]catch.Money{}
	for cur, amount := range l.Month {
		if m, err := catch.MoneyOf(amount, cur); err == nil { // check has said so already
			caps[cur] = m
		}
	}
	return caps
}

// file resolves a path of the configuration: relative ones lie beside it.
func (l *loaded) file(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		home, err := os.UserHomeDir()
		if err == nil {
			return filepath.Join(home, rest)
		}
	}
	return filepath.Join(l.paths.folder, name)
}
