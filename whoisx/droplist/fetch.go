package droplist

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/reach"
)

// MaxList is the most that is downloaded of one list.
const MaxList = 64 << 20

// FetchOptions are what a Fetcher is made of.
type FetchOptions struct {
	Dir     string // where lists are kept
	Dial    reach.DialFunc
	TLS     *tls.Config
	Timeout time.Duration // of one download, absolute; 0: five minutes
	Agent   string        // User-Agent; "": "lapse"
	Now     func() time.Time
	Log     *slog.Logger
}

// Fetcher downloads lists and keeps the last good one of each.
type Fetcher struct{ o FetchOptions }

// NewFetcher makes a Fetcher.
func NewFetcher(o FetchOptions) *Fetcher {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Minute
	}
	if o.Agent == "" {
		o.Agent = "lapse"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Fetcher{o}
}

// File is a list on disk.
type File struct {
	Path      string
	Published Published
	Fetched   time.Time
	Changed   bool // since the last fetch
}

// FetchError is a download that failed; the file that was there stays.
type FetchError struct {
	List       string
	Host       string
	Outcome    whoisx.Outcome // rate-limited, refused, unsupported, unreachable or unreadable
	RetryAfter time.Duration
	Err        error
}

func (e *FetchError) Error() string {
	return fmt.Sprintf("fetch drop list %s from %s: %v", e.List, e.Host, e.Err)
}

// Unwrap returns the cause.
func (e *FetchError) Unwrap() error { return e.Err }

// kept is what is remembered beside a list.
type kept struct {
	URL      string    `json:"url"`
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"`
	Sum      string    `json:"sha256"`
	Fetched  time.Time `json:"fetched"`
	Changed  time.Time `json:"changed"`
}

// Fetch downloads a list if it changed. It asks with If-None-Match and
// If-Modified-Since, reads no more than MaxList, and where the list has a
// checksum, keeps only what agrees with it. A failure is a *FetchError.
func (f *Fetcher) Fetch(ctx context.Context, l List) (File, error) {
	ctx, cancel := context.WithTimeout(ctx, f.o.Timeout)
	defer cancel()
	file, err := f.fetch(ctx, l)
	if errors.Is(err, errSum) {
		return f.fetch(ctx, l) // the list may have been replaced between the two files
	}
	return file, err
}

var errSum = errors.New("its checksum does not agree")

func (f *Fetcher) fetch(ctx context.Context, l List) (File, error) {
	address := f.address(l)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || l.URL == "" {
		return File{}, &FetchError{List: l.Name, Outcome: whoisx.Unsupported, Err: errors.New("it has no address; give one in the configuration")}
	}
	fail := func(o whoisx.Outcome, err error) (File, error) {
		return File{}, &FetchError{List: l.Name, Host: u.Host, Outcome: o, Err: err}
	}
	if !l.Configured {
		if _, err := reach.Learned(address); err != nil {
			return fail(whoisx.Unreachable, err)
		}
	}
	if err := os.MkdirAll(f.o.Dir, 0o700); err != nil {
		return fail(whoisx.Unreachable, err)
	}
	file, side := f.paths(l, u)
	old := readKept(side, address)
	client := reach.Client(u, l.Configured, f.o.Dial, f.o.TLS)
	defer client.CloseIdleConnections()

	resp, err := f.get(ctx, client, address, old)
	if err != nil {
		return fail(whoisx.Unreachable, err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotModified:
		old.Fetched = f.o.Now().UTC()
		if err := writeKept(side, old); err != nil {
			return fail(whoisx.Unreachable, err)
		}
		return old.file(file, u, false), nil
	default:
		e := &FetchError{List: l.Name, Host: u.Host, Err: fmt.Errorf("HTTP status %d", resp.StatusCode)}
		e.Outcome, e.RetryAfter = f.typed(resp)
		return File{}, e
	}
	tmp, sum, err := f.download(resp.Body)
	if err != nil {
		return fail(whoisx.Unreadable, err)
	}
	defer func() { _ = os.Remove(tmp) }()
	if l.Checksum != "" {
		want, err := f.checksum(ctx, client, l, u)
		if err != nil {
			return fail(whoisx.Unreachable, err)
		}
		if want != sum {
			return fail(whoisx.Unreadable, errSum)
		}
	}
	if err := sound(tmp, l, u); err != nil {
		return fail(whoisx.Unreadable, err)
	}
	k := kept{
		URL: address, ETag: header(resp, "ETag"), Modified: header(resp, "Last-Modified"), Sum: sum,
		Fetched: f.o.Now().UTC(), Changed: f.o.Now().UTC(),
	}
	if changed := sum != old.Sum; !changed {
		k.Changed = old.Changed
	}
	if err := os.Rename(tmp, file); err != nil {
		return fail(whoisx.Unreachable, err)
	}
	if err := writeKept(side, k); err != nil {
		return fail(whoisx.Unreachable, err)
	}
	if address != l.URL {
		f.prune(l)
	}
	return k.file(file, u, sum != old.Sum), nil
}

// sound reads the beginning of a file: a page of HTML, or a form that changed,
// must not take the place of the last good list.
func sound(file string, l List, u *url.URL) error {
	r, err := File{Path: file, Published: Published{File: path.Base(u.Path)}}.Open(l)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	for n := 0; n < 1000 && r.Next(); n++ {
		continue
	}
	return r.Err()
}

// Last is the file that the last good fetch left, and whether there is one.
func (f *Fetcher) Last(l List) (File, bool) {
	address := f.address(l)
	u, err := url.Parse(address)
	if err != nil || l.URL == "" {
		return File{}, false
	}
	file, side := f.paths(l, u)
	k := readKept(side, address)
	if k.URL == "" {
		return File{}, false
	}
	return k.file(file, u, false), true
}

// Open reads a file that Fetch left, for one pass.
func (f File) Open(l List) (*Reader, error) {
	in, err := os.Open(f.Path)
	if err != nil {
		return nil, fmt.Errorf("open drop list %s: %w", l.Name, err)
	}
	r, err := NewReader(l, f.Published, in)
	if err != nil {
		_ = in.Close()
		return nil, err
	}
	r.shut = append(r.shut, in)
	return r, nil
}

var dayIn = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{yyyymmdd([+-][0-9])?\}`) })

// address fills in the day in Rome, for lists that have a file a day:
// {yyyymmdd} is today's, {yyyymmdd+2} that of the day after tomorrow.
func (f *Fetcher) address(l List) string {
	return dayIn().ReplaceAllStringFunc(l.URL, func(m string) string {
		now := f.o.Now().UTC()
		day := now.Add(time.Hour)
		if summer(now) {
			day = now.Add(2 * time.Hour)
		}
		if n, err := strconv.Atoi(dayIn().FindStringSubmatch(m)[1]); err == nil {
			day = day.AddDate(0, 0, n)
		}
		return day.Format("20060102")
	})
}

var unsafe = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^a-z0-9.-]+`) })

func (f *Fetcher) paths(l List, u *url.URL) (file, side string) {
	base := unsafe().ReplaceAllString(strings.ToLower(l.Name), "_")
	if l.Configured {
		// Two addresses for one zone, a rehearsal's and the registry's, are two lists.
		h := sha256.Sum256([]byte(u.Host))
		base += "-" + hex.EncodeToString(h[:4])
	}
	ext := unsafe().ReplaceAllString(strings.ToLower(path.Base(u.Path)), "_")
	file = filepath.Join(f.o.Dir, strings.Trim(base, ".")+"-"+strings.Trim(ext, "."))
	return file, file + ".json"
}

// prune drops the files of past days, of lists that have a file a day.
func (f *Fetcher) prune(l List) {
	base := strings.Trim(unsafe().ReplaceAllString(strings.ToLower(l.Name), "_"), ".")
	old, _ := filepath.Glob(filepath.Join(f.o.Dir, base+"-*"))
	for _, p := range old {
		if i, err := os.Stat(p); err == nil && f.o.Now().Sub(i.ModTime()) > 14*24*time.Hour {
			_ = os.Remove(p)
		}
	}
}

func (k kept) file(p string, u *url.URL, changed bool) File {
	at := k.Changed
	if t, err := http.ParseTime(k.Modified); err == nil && !t.After(k.Fetched.Add(time.Hour)) {
		at = t
	}
	return File{
		Path: p, Fetched: k.Fetched, Changed: changed,
		Published: Published{At: at, File: path.Base(u.Path), Host: u.Host, URL: k.URL},
	}
}

func (f *Fetcher) get(ctx context.Context, c *http.Client, address string, old kept) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", f.o.Agent)
	req.Header.Set("Accept-Encoding", "identity") // the list's own compression is what the checksum is of
	if old.ETag != "" {
		req.Header.Set("If-None-Match", old.ETag)
	}
	if old.Modified != "" {
		req.Header.Set("If-Modified-Since", old.Modified)
	}
	return c.Do(req)
}

// typed says what a status means for the asking.
func (f *Fetcher) typed(resp *http.Response) (whoisx.Outcome, time.Duration) {
	wait := reach.RetryAfter(resp.Header.Get("Retry-After"), f.o.Now())
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests, s == http.StatusForbidden && wait > 0:
		return whoisx.RateLimited, wait
	case s == http.StatusForbidden, s == http.StatusUnauthorized:
		return whoisx.Refused, wait
	case s == http.StatusNotFound, s == http.StatusGone:
		return whoisx.Unsupported, 0
	case s >= 500:
		return whoisx.Unreachable, wait
	}
	return whoisx.Unreadable, 0
}

// download writes a body to a file of its own and returns its SHA-256.
func (f *Fetcher) download(body io.Reader) (name, sum string, err error) {
	tmp, err := os.CreateTemp(f.o.Dir, ".fetch-*")
	if err != nil {
		return "", "", err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(tmp, h), io.LimitReader(body, MaxList+1))
	err = errors.Join(err, tmp.Close())
	switch {
	case err == nil && n > MaxList:
		err = errors.New("it is larger than 64 MiB")
	case err == nil && n == 0:
		err = errors.New("it is empty")
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return "", "", err
	}
	return tmp.Name(), hex.EncodeToString(h.Sum(nil)), nil
}

var digest = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b[0-9a-f]{64}\b`) })

// checksum reads the file in which the registry gives the list's SHA-256. It
// must come from the list's own host.
func (f *Fetcher) checksum(ctx context.Context, c *http.Client, l List, u *url.URL) (string, error) {
	at, err := url.Parse(l.Checksum)
	if err != nil || at.Host != u.Host || at.Scheme != u.Scheme {
		return "", errors.New("its checksum is not on the same host")
	}
	resp, err := f.get(ctx, c, l.Checksum, kept{})
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("its checksum: HTTP status %d", resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return "", err
	}
	m := digest().Find(b)
	if m == nil {
		return "", errors.New("its checksum file holds no SHA-256")
	}
	return strings.ToLower(string(m)), nil
}

func header(resp *http.Response, name string) string {
	if v := resp.Header.Get(name); len(v) <= 256 {
		return v
	}
	return ""
}

func readKept(side, address string) kept {
	data, err := os.ReadFile(side)
	if err != nil {
		return kept{}
	}
	var k kept
	if json.Unmarshal(data, &k) != nil || k.URL != address {
		return kept{}
	}
	if _, err := os.Stat(strings.TrimSuffix(side, ".json")); errors.Is(err, fs.ErrNotExist) {
		return kept{}
	}
	return k
}

func writeKept(side string, k kept) error {
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	tmp := side + "." + strconv.Itoa(os.Getpid()) + ".tmp"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, side)
}
