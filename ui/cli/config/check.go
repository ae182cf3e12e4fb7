package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/ui/cli/metrics"
	"github.com/lapse-dev/lapse/ui/cli/typed"
)

// check says what is wrong with values, naming where they stand.
func (l *Loaded) check() error {
	bad := func(key, format string, args ...any) error {
		where := l.origin[key]
		if where == "" {
			where = l.Paths.Config
		}
		return &Error{fmt.Errorf("%s: %s: %s", where, key, fmt.Sprintf(format, args...))}
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
		if _, err := metrics.Addr(l.Serve.Metrics); err != nil {
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
	if _, err := l.Alert.Rules(); err != nil {
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
			if _, err := l.Paths.Secret(ref); err != nil {
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

// checkAddr says what is wrong with host:port. The host may be empty.
func checkAddr(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not host:port, like 127.0.0.1:2222", typed.Clip(addr))
	}
	if !isPort(port) {
		return fmt.Errorf("%q has no port between 0 and 65535", typed.Clip(addr))
	}
	if host != "" && !isHost(host) {
		return fmt.Errorf("%q names no host", typed.Clip(addr))
	}
	return nil
}
