package watch

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
)

//go:embed hosts.toml
var hostsTOML []byte

// HostLimit is what is known of how often a host may be asked.
type HostLimit struct {
	Host   string  `toml:"host"`
	Rate   float64 `toml:"rate"` // requests a second
	Burst  float64 `toml:"burst"`
	PerDay int     `toml:"per_day"` // in a UTC day, 0: no limit known
	Source string  `toml:"source"`
}

// HostBook holds the known limits of hosts.
type HostBook struct {
	Checked string
	usual   HostLimit
	private HostLimit
	hosts   map[string]HostLimit
}

type hostsFile struct {
	Checked string      `toml:"checked"`
	Default *HostLimit  `toml:"default"`
	Private *HostLimit  `toml:"private"`
	Host    []HostLimit `toml:"host"`
}

var embeddedHosts = sync.OnceValue(func() *HostBook {
	b := &HostBook{hosts: map[string]HostLimit{}}
	if err := b.Overlay("hosts.toml", hostsTOML); err != nil {
		panic(err) // a test reads it
	}
	return b
})

// DefaultHosts returns a copy of the embedded limits.
func DefaultHosts() *HostBook {
	e := embeddedHosts()
	b := *e
	b.hosts = make(map[string]HostLimit, len(e.hosts))
	for k, v := range e.hosts {
		b.hosts[k] = v
	}
	return &b
}

// Overlay reads limits over those that are there. An unknown key or a limit
// that makes no sense is an error that names file and line.
func (b *HostBook) Overlay(path string, data []byte) error {
	var f hostsFile
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		var de *toml.DecodeError
		var se *toml.StrictMissingError
		switch {
		case errors.As(err, &de):
			row, col := de.Position()
			return fmt.Errorf("read %s:%d:%d: %w", path, row, col, err)
		case errors.As(err, &se) && len(se.Errors) > 0:
			row, col := se.Errors[0].Position()
			return fmt.Errorf("read %s:%d:%d: unknown key %s", path, row, col, strings.Join(se.Errors[0].Key(), "."))
		}
		return fmt.Errorf("read %s: %w", path, err)
	}
	check := func(l HostLimit) error {
		if l.Rate <= 0 || l.Rate > 10000 || l.Burst < 1 || l.PerDay < 0 {
			return fmt.Errorf("read %s: host %q: rate and burst must be above zero (burst at least 1)", path, l.Host)
		}
		return nil
	}
	for _, l := range f.Host {
		if l.Host == "" {
			return fmt.Errorf("read %s: an entry without a host", path)
		}
		if err := check(l); err != nil {
			return err
		}
		b.hosts[strings.ToLower(l.Host)] = l
	}
	for into, l := range map[*HostLimit]*HostLimit{&b.usual: f.Default, &b.private: f.Private} {
		if l == nil {
			continue
		}
		if err := check(*l); err != nil {
			return err
		}
		*into = *l
	}
	if f.Checked != "" {
		b.Checked = f.Checked
	}
	return nil
}

// Limit returns what is known of a host ("rdap.example:8443" as well).
func (b *HostBook) Limit(host string) HostLimit {
	host = strings.ToLower(host)
	if l, ok := b.hosts[host]; ok {
		return l
	}
	bare := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		bare = h
	}
	if l, ok := b.hosts[bare]; ok {
		return l
	}
	if a, err := netip.ParseAddr(strings.Trim(bare, "[]")); bare == "localhost" || (err == nil && (a.IsLoopback() || a.IsPrivate())) {
		return b.private
	}
	return b.usual
}
