package rdap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/whoisx/reach"
)

// IANA is where the list of RDAP servers of the DNS is published (RFC 9224 §3).
const IANA = "https://data.iana.org/rdap/dns.json"

const (
	maxList = 4 << 20 // the list has about 70 KB
	maxAge  = 24 * time.Hour
)

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
