package cli

import (
	"context"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/ui/cli/config"
)

// probeWithin is how long a host may take to accept a connection.
const probeWithin = 6 * time.Second

// probe is one host that lapse needs, and what for.
type probe struct {
	what, addr string
	do         string // what to do where it cannot be reached
	udp        bool   // DNS: it is asked for the root, since a packet alone tells nothing
}

// doctorNetwork connects to every host that this configuration needs, all at
// once, and asks nothing but the resolver: what each source is there for, and
// what fails without it.
func doctorNetwork(ctx context.Context, cfg *config.Loaded) []finding {
	needed, bad := probes(ctx, cfg)
	dial := dialer(cfg)
	found := make([]finding, len(needed))
	var all sync.WaitGroup
	for i, p := range needed {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, probeWithin)
			defer cancel()
			f := finding{What: p.what, OK: true, Says: p.addr + " answers"}
			var err error
			if p.udp {
				r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
					if p.addr != systemResolver {
						addr = p.addr
					}
					return dial(ctx, network, addr)
				}}
				_, err = r.LookupNS(ctx, ".")
			} else {
				var c net.Conn
				if c, err = dial(ctx, "tcp", p.addr); err == nil {
					_ = c.Close()
				}
			}
			if err != nil {
				f.OK, f.Says, f.Do = false, p.addr+": "+err.Error(), p.do
			}
			found[i] = f
		})
	}
	all.Wait()
	if cfg.Lookup.Offline {
		found = append([]finding{{What: "network", OK: true, Says: "offline: only hosts of the configuration are asked"}}, found...)
	}
	return append(found, bad...)
}

const systemResolver = "the system's resolver"

// probes lists what this configuration needs, in the order in which a look and
// a catch need it. What cannot even be named is a finding by itself.
func probes(ctx context.Context, cfg *config.Loaded) (ps []probe, bad []finding) {
	add := func(what, addr, port, do string) {
		if addr = hostPort(addr, port); addr != "" {
			ps = append(ps, probe{what: what, addr: addr, do: do})
		}
	}
	const firewall = "names stay due; a firewall may block it"
	if !cfg.Lookup.Offline || cfg.Lookup.Bootstrap != config.IANABootstrap {
		add("RDAP: who serves which TLD", cfg.Lookup.Bootstrap, "443", "the servers that lapse was built with are asked; new TLDs may be missing")
	}
	if !cfg.Lookup.Offline {
		add("RDAP: .com", "rdap.verisign.com", "443", firewall)
		add("WHOIS: the root", "whois.iana.org", "43", "WHOIS is asked of the servers that lapse was built with; networks often close TCP port 43")
		add("WHOIS: .com", "whois.verisign-grs.com", "43", "without WHOIS many TLDs have one source alone; networks often close TCP port 43")
	}
	for _, tld := range slices.Sorted(maps.Keys(cfg.Lookup.RDAP)) {
		add("RDAP: ."+tld, cfg.Lookup.RDAP[tld].URL, "443", firewall)
	}
	for _, tld := range slices.Sorted(maps.Keys(cfg.Lookup.WHOIS)) {
		add("WHOIS: ."+tld, cfg.Lookup.WHOIS[tld].Host, "43", firewall)
	}
	for _, zone := range slices.Sorted(maps.Keys(cfg.Lookup.DropList)) {
		add("drop list: ."+zone, cfg.Lookup.DropList[zone].URL, "443", "drops of this zone are told by its rule alone")
	}
	if r := cfg.Lookup.DNS.Resolver; r != "" {
		ps = append(ps, probe{"DNS", r, "delegations cannot be looked at; see [lookup.dns]", true})
	} else if !cfg.Lookup.Offline {
		ps = append(ps, probe{"DNS", systemResolver, "nothing can be found by its name: mend the resolver, or name one in [lookup.dns]", true})
	}
	for _, zone := range slices.Sorted(maps.Keys(cfg.Lookup.DNS.Servers)) {
		for _, s := range cfg.Lookup.DNS.Servers[zone] {
			ps = append(ps, probe{what: "DNS: " + zone, addr: hostPort(s, "53"), do: "delegations of this zone cannot be looked at"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Account)) {
		acc := cfg.Account[name]
		addr := acc.URL
		for _, f := range registrar.All() {
			if addr == "" && f.Service == acc.Service && !cfg.Lookup.Offline {
				addr = f.Host
			}
		}
		port := "443"
		if acc.Service == "epp" {
			port = "700"
		}
		add("service: account "+name, addr, port, "nothing can be ordered there; it may let listed addresses in alone")
	}
	return ps, append(bad, channelProbes(ctx, cfg, add)...)
}

// channelHosts are the hosts of channels by the scheme of their address; "" is
// one whose address names the host. Of a scheme that is not here nothing is
// known: what stands at the host's place may be the secret itself.
var channelHosts = map[string]string{
	"bark": "", "generic": "", "gotify": "", "lark": "", "matrix": "", "mattermost": "", "ntfy": "", "opsgenie": "", "rocketchat": "", "signal": "",
	"smtp": "", "zulip": "",
	"googlechat": "chat.googleapis.com", "hangouts": "chat.googleapis.com", "pagerduty": "events.pagerduty.com", "wecom": "qyapi.weixin.qq.com",
	"discord": "discord.com", "telegram": "api.telegram.org", "slack": "slack.com", "pushover": "api.pushover.net", "pushbullet": "api.pushbullet.com",
	"ifttt": "maker.ifttt.com", "join": "joinjoaomgcd.appspot.com", "teams": "outlook.office.com", "notifiarr": "notifiarr.com", "twilio": "api.twilio.com",
}

// channelProbes finds the hosts of the alert channels. Their addresses are
// secrets: nothing of them but the host is told.
func channelProbes(ctx context.Context, cfg *config.Loaded, add func(what, addr, port, do string)) []finding {
	var bad []finding
	for _, name := range slices.Sorted(maps.Keys(cfg.Alert.Channel)) {
		f := finding{What: "alert channel " + name, Do: "lapse alert test says more"}
		ref, err := cfg.Paths.Secret(cfg.Alert.Channel[name].Secret)
		if err != nil {
			f.Says = err.Error()
			bad = append(bad, f)
			continue
		}
		secret, err := ref.Read(ctx)
		if err != nil {
			f.Says = err.Error()
			bad = append(bad, f)
			continue
		}
		u, err := url.Parse(secret.Reveal())
		if err != nil || u.Scheme == "" {
			f.Says = "its address is no shoutrrr address"
			bad = append(bad, f)
			continue
		}
		scheme, _, _ := strings.Cut(u.Scheme, "+") // generic+https, discord+https
		host, known := channelHosts[scheme]
		port := "443"
		if host == "" {
			host = u.Host
		}
		if scheme == "smtp" {
			port = "25"
		}
		if cfg.Lookup.Offline || !known || host == "" {
			continue
		}
		add("alert channel "+name, host, port, "what is told there waits, and is tried again")
	}
	return bad
}

// hostPort is the address behind a URL, a host or a host with its port.
func hostPort(addr, port string) string {
	if addr == "" {
		return ""
	}
	if u, err := url.Parse(addr); err == nil && u.Host != "" {
		addr = u.Host
		if u.Scheme == "http" && u.Port() == "" {
			port = "80"
		}
	}
	if _, _, err := net.SplitHostPort(addr); err == nil {
		return addr
	}
	return net.JoinHostPort(addr, port)
}
