package rdap

import (
	"bytes"
	"crypto/tls"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/net/publicsuffix"

	"github.com/lapse-dev/lapse/whoisx/reach"
)

//go:generate go run ./gen -in dns.json -out servers.txt

// servers is the embedded fallback: one line a server, its address and the
// suffixes it serves.
//
//go:embed servers.txt
var servers string

// unlisted names the servers that work and are not in IANA's list, and the
// hosts that answer 404 for registered names.
//
//go:embed unlisted.toml
var unlisted []byte

// Server is where a suffix is asked.
type Server struct {
	URL        string // ends in "/"
	Suffix     string // the suffix by which it was found
	Configured bool   // by the person: may be a private address
	Origin     string // "configuration", "iana 2026-11-20", "embedded 2025-11-06", "unlisted 2026-01-01"
	Doubt      string // why its 404 cannot be believed; empty: it can
}

// Host is the host, with the port where it is not the protocol's own.
func (s Server) Host() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// BootstrapOptions are what a Bootstrap is made of; all may stay empty.
type BootstrapOptions struct {
	URL        string            // of the list; "": IANA
	CachePath  string            // file that keeps the downloaded list; "": none
	Configured map[string]string // suffix: address; wins over every list
	Dial       reach.DialFunc
	TLS        *tls.Config
	Now        func() time.Time
	Log        *slog.Logger
}

// Bootstrap knows which server serves which suffix (RFC 9224): from the
// person's configuration, from IANA's list (downloaded, from the cache on
// disk, or embedded), and from a dated table of servers that work without
// being listed, in this order.
type Bootstrap struct {
	o    BootstrapOptions
	once sync.Once

	mu        sync.RWMutex
	own       map[string]string
	listed    map[string]string
	dated     string // publication of the list in use
	origin    string // "iana" or "embedded"
	unlisted  map[string]extra
	doubts    map[string]string // host: why
	etag      string
	fetchedAt time.Time

	refresh sync.Mutex
}

type extra struct{ url, seen string }

// NewBootstrap makes a Bootstrap. It touches neither network nor disk until it
// is asked.
func NewBootstrap(o BootstrapOptions) *Bootstrap {
	if o.URL == "" {
		o.URL = IANA
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b := &Bootstrap{o: o, own: map[string]string{}, unlisted: map[string]extra{}, doubts: map[string]string{}}
	for suffix, u := range o.Configured {
		b.own[suffixKey(suffix)] = slash(u)
	}
	return b
}

func (b *Bootstrap) load() {
	b.once.Do(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.dated, b.listed = embedded()
		b.origin = "embedded"
		t, err := readTable("unlisted.toml", unlisted)
		if err != nil {
			b.o.Log.Error("rdap: the embedded table of unlisted servers", "err", err)
		}
		for _, s := range t.Server {
			for _, suffix := range s.Suffixes {
				b.unlisted[suffixKey(suffix)] = extra{slash(s.URL), s.Seen}
			}
		}
		b.doubt(t)
		if err := b.fromDisk(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			b.o.Log.Warn("rdap: the list on disk is left alone", "err", err)
		}
	})
}

// embedded reads the table of this package.
func embedded() (dated string, listed map[string]string) {
	listed = make(map[string]string, 1300)
	for line := range strings.SplitSeq(servers, "\n") {
		if rest, ok := strings.CutPrefix(line, "# published "); ok {
			dated = rest
			continue
		}
		address, suffixes, ok := strings.Cut(line, " ")
		if !ok || line[0] == '#' {
			continue
		}
		for s := range strings.SplitSeq(suffixes, " ") {
			listed[s] = address
		}
	}
	return dated, listed
}

// Lookup finds the server for a name: the longest suffix that is known, label
// by label (RFC 9224 §4).
func (b *Bootstrap) Lookup(name string) (Server, bool) {
	b.load()
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if ascii, err := label(name); err == nil {
		name = ascii
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	find := func(what func(suffix string) (Server, bool)) (Server, bool) {
		for suffix := name; suffix != ""; {
			if s, ok := what(suffix); ok {
				s.Suffix = suffix
				s.Doubt = b.doubts[s.Host()]
				return s, true
			}
			_, rest, ok := strings.Cut(suffix, ".")
			if !ok {
				break
			}
			suffix = rest
		}
		return Server{}, false
	}
	if s, ok := find(func(suffix string) (Server, bool) {
		u, ok := b.own[suffix]
		return Server{URL: u, Configured: true, Origin: "configuration"}, ok
	}); ok {
		s.Doubt = "" // the person chose it
		return s, true
	}
	s, ok := find(func(suffix string) (Server, bool) {
		u, ok := b.listed[suffix]
		return Server{URL: u, Origin: b.origin + " " + b.dated}, ok
	})
	if ok && s.Doubt == "" {
		return s, true
	}
	other, found := find(func(suffix string) (Server, bool) {
		e, ok := b.unlisted[suffix]
		return Server{URL: e.url, Origin: "unlisted " + e.seen}, ok
	})
	if found {
		return other, true
	}
	return s, ok
}

// vouches reports whether a host that a server redirected to speaks for a
// registry: it stands in a list, or is of the server's own domain. A registrar's
// server, to which thin registries redirect, knows only its own customers.
func (b *Bootstrap) vouches(from, to *url.URL) bool {
	if f, err := publicsuffix.EffectiveTLDPlusOne(from.Hostname()); err == nil {
		if t, err := publicsuffix.EffectiveTLDPlusOne(to.Hostname()); err == nil && t == f {
			return true
		}
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	server := to.Scheme + "://" + to.Host + "/"
	for _, u := range b.listed {
		if strings.HasPrefix(u, server) {
			return true
		}
	}
	for _, e := range b.unlisted {
		if strings.HasPrefix(e.url, server) {
			return true
		}
	}
	return false
}

// Dated says which list is in use and of which day.
func (b *Bootstrap) Dated() (origin, day string) {
	b.load()
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.origin, b.dated
}

// Overlay adds a person's file of the same shape as unlisted.toml; what it
// names wins over every list and, being the person's own choice, may be a
// private address. Errors name file and line.
func (b *Bootstrap) Overlay(path string, data []byte) error {
	b.load()
	b.mu.Lock()
	defer b.mu.Unlock()
	t, err := readTable(path, data)
	if err != nil {
		return err
	}
	for _, s := range t.Server {
		for _, suffix := range s.Suffixes {
			if k := suffixKey(suffix); b.own[k] == "" {
				b.own[k] = slash(s.URL)
			}
		}
	}
	b.doubt(t)
	return nil
}

// table is the shape of unlisted.toml.
type table struct {
	Server []struct {
		Suffixes []string `toml:"suffixes"`
		URL      string   `toml:"url"`
		Seen     string   `toml:"seen"`
		Source   string   `toml:"source"`
		Note     string   `toml:"note"`
	} `toml:"server"`
	Doubt []struct {
		Host   string `toml:"host"`
		Why    string `toml:"why"`
		Seen   string `toml:"seen"`
		Source string `toml:"source"`
	} `toml:"doubt"`
}

func readTable(path string, data []byte) (t table, err error) {
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		var strict *toml.StrictMissingError
		var at *toml.DecodeError
		switch {
		case errors.As(err, &strict) && len(strict.Errors) > 0:
			line, _ := strict.Errors[0].Position()
			return t, fmt.Errorf("read %s:%d: unknown key %s", path, line, strings.Join(strict.Errors[0].Key(), "."))
		case errors.As(err, &at):
			line, _ := at.Position()
			return t, fmt.Errorf("read %s:%d: %w", path, line, err)
		}
		return t, fmt.Errorf("read %s: %w", path, err)
	}
	for _, s := range t.Server {
		u, err := url.Parse(s.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return t, fmt.Errorf("read %s: server %q: not an http address", path, s.URL)
		}
		if _, err := time.Parse(time.DateOnly, s.Seen); err != nil {
			return t, fmt.Errorf("read %s: server %q: seen must be a day such as 2026-11-01", path, s.URL)
		}
	}
	return t, nil
}

func (b *Bootstrap) doubt(t table) {
	for _, d := range t.Doubt {
		b.doubts[strings.ToLower(d.Host)] = d.Why
	}
}

func suffixKey(s string) string {
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), "."))
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			ascii, err := names.ToASCII(s)
			if err != nil {
				return ""
			}
			return ascii
		}
	}
	return s
}

func slash(u string) string {
	if strings.HasSuffix(u, "/") {
		return u
	}
	return u + "/"
}
