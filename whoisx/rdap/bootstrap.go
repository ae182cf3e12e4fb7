package rdap

import (
	"bytes"
	"context"
	"crypto/tls"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/lapse-dev/lapse/whoisx/reach"
)

// IANA is where the list of RDAP servers of the DNS is published (RFC 9224 §3).
const IANA = "https://data.iana.org/rdap/dns.json"

const (
	maxList = 4 << 20 // the list has about 70 KB
	maxAge  = 24 * time.Hour
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

// services is IANA's file (RFC 9224 §3 and §4).
type services struct {
	Version     string       `json:"version"`
	Publication string       `json:"publication"`
	Services    [][][]string `json:"services"`
}

// ParseList reads a bootstrap file of RFC 9224 into suffix and address. Of
// several addresses the first https one counts; a service without any is left
// out.
func ParseList(data []byte) (published string, servers map[string]string, err error) {
	var l services
	if err := json.Unmarshal(data, &l); err != nil {
		return "", nil, fmt.Errorf("read the list of RDAP servers: %w", err)
	}
	day, err := time.Parse(time.RFC3339, l.Publication)
	if err != nil {
		return "", nil, fmt.Errorf("read the list of RDAP servers: its publication is no date: %w", err)
	}
	servers = make(map[string]string, 1300)
	for _, s := range l.Services {
		if len(s) != 2 {
			continue
		}
		best := ""
		for _, a := range s[1] {
			u, err := url.Parse(a)
			if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(a, " \n") {
				continue
			}
			if u.Scheme == "https" {
				best = a
				break
			}
			if u.Scheme == "http" && best == "" {
				best = a
			}
		}
		if best == "" {
			continue
		}
		for _, suffix := range s[0] {
			if k := suffixKey(suffix); k != "" {
				servers[k] = slash(best)
			}
		}
	}
	if len(servers) == 0 {
		return "", nil, errors.New("read the list of RDAP servers: it names none")
	}
	return day.UTC().Format(time.DateOnly), servers, nil
}

// stored is the file on disk: the list as it was downloaded and what is needed
// to ask for a newer one.
type stored struct {
	URL     string          `json:"url"`
	ETag    string          `json:"etag,omitempty"`
	Fetched time.Time       `json:"fetched"`
	List    json.RawMessage `json:"list"`
}

func (b *Bootstrap) fromDisk() error {
	if b.o.CachePath == "" {
		return nil
	}
	f, err := os.Open(b.o.CachePath)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxList+4096))
	if err != nil {
		return err
	}
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("read %s: %w", b.o.CachePath, err)
	}
	if s.URL != b.o.URL {
		return nil // downloaded from somewhere else
	}
	day, servers, err := ParseList(s.List)
	if err != nil {
		return fmt.Errorf("read %s: %w", b.o.CachePath, err)
	}
	b.etag, b.fetchedAt = s.ETag, s.Fetched
	if b.o.URL != IANA || day >= b.dated {
		b.use(day, servers)
	}
	return nil
}

func (b *Bootstrap) use(day string, servers map[string]string) {
	b.dated, b.listed, b.origin = day, servers, "iana"
	if b.o.URL != IANA {
		b.origin = "list"
	}
}

// Due reports whether the list is older than a day.
func (b *Bootstrap) Due() bool {
	b.load()
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.o.Now().Sub(b.fetchedAt) >= maxAge
}

// Refresh downloads the list if the one at hand is older than a day, and keeps
// it on disk. Without a network everything goes on with the list at hand.
func (b *Bootstrap) Refresh(ctx context.Context) error {
	if !b.Due() {
		return nil
	}
	b.refresh.Lock()
	defer b.refresh.Unlock()
	if !b.Due() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	u, err := url.Parse(b.o.URL)
	if err != nil {
		return fmt.Errorf("download the list of RDAP servers: %w", err)
	}
	client := reach.Client(u, b.o.URL != IANA, b.o.Dial, b.o.TLS)
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.o.URL, nil)
	if err != nil {
		return fmt.Errorf("download the list of RDAP servers: %w", err)
	}
	b.mu.RLock()
	etag := b.etag
	b.mu.RUnlock()
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("download the list of RDAP servers: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNotModified && etag != "" {
		b.mu.Lock()
		b.fetchedAt = b.o.Now()
		b.mu.Unlock()
		return b.touch()
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("download the list of RDAP servers from %s: HTTP status %d", resp.Request.URL.Host, resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxList+1))
	if err != nil {
		return fmt.Errorf("download the list of RDAP servers: %w", err)
	}
	if len(data) > maxList {
		return errors.New("download the list of RDAP servers: it is larger than 4 MiB")
	}
	day, servers, err := ParseList(data)
	if err != nil {
		return err
	}
	b.mu.Lock()
	if b.o.URL != IANA || day >= b.dated {
		b.use(day, servers)
	}
	b.etag, b.fetchedAt = resp.Header.Get("ETag"), b.o.Now()
	s := stored{URL: b.o.URL, ETag: b.etag, Fetched: b.fetchedAt.UTC(), List: data}
	b.mu.Unlock()
	return b.save(s)
}

func (b *Bootstrap) touch() error {
	if b.o.CachePath == "" {
		return nil
	}
	data, err := os.ReadFile(b.o.CachePath)
	if err != nil {
		return fmt.Errorf("keep the list of RDAP servers: %w", err)
	}
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("keep the list of RDAP servers: %w", err)
	}
	s.Fetched = b.o.Now().UTC()
	return b.save(s)
}

func (b *Bootstrap) save(s stored) error {
	if b.o.CachePath == "" {
		return nil
	}
	data, err := json.Marshal(s)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(b.o.CachePath), 0o700)
	}
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(filepath.Dir(b.o.CachePath), ".rdap-*"); err == nil {
			_, err = f.Write(data)
			err = errors.Join(err, f.Close())
			if err == nil {
				err = os.Rename(f.Name(), b.o.CachePath)
			}
			if err != nil {
				_ = os.Remove(f.Name())
			}
		}
	}
	if err != nil {
		return fmt.Errorf("keep the list of RDAP servers: %w", err)
	}
	return nil
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
