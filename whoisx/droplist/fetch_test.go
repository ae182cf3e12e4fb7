package droplist

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// shelf serves one list and its checksum.
type shelf struct {
	body, sum string
	modified  time.Time
	status    int
	retry     string
	sent      atomic.Int64 // times the list itself was sent
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, ".sha256") {
		fmt.Fprint(w, s.sum)
		return
	}
	if s.status != 0 {
		if s.retry != "" {
			w.Header().Set("Retry-After", s.retry)
		}
		w.WriteHeader(s.status)
		return
	}
	sum := sha256.Sum256([]byte(s.body))
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Last-Modified", s.modified.Format(http.TimeFormat))
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.sent.Add(1)
	fmt.Fprint(w, s.body)
}

func (s *shelf) put(rows string, at time.Time) {
	s.body, s.modified = gz("roid,domain,drop_time\n"+rows), at
	sum := sha256.Sum256([]byte(s.body))
	s.sum = strings.ToUpper(hex.EncodeToString(sum[:])) + "  uk.csv.gz\n"
}

func TestFetch(t *testing.T) {
	day := moment("2026-11-23T06:00:00Z")
	now := day.Add(3 * time.Hour)
	s := &shelf{}
	s.put("D,one.uk,2026-11-28T06:00:00Z\n", day)
	srv := httptest.NewServer(s)
	defer srv.Close()
	dir := t.TempDir()
	f := NewFetcher(FetchOptions{Dir: dir, Now: func() time.Time { return now }})
	l := List{Name: "uk", Zones: []string{"uk"}, Format: Nominet, URL: srv.URL + "/uk.csv.gz", Checksum: srv.URL + "/uk.csv.gz.sha256", Configured: true}

	if _, ok := f.Last(l); ok {
		t.Error("there is a last file before the first fetch")
	}
	got, err := f.Fetch(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Changed || !got.Published.At.Equal(day) || got.Published.File != "uk.csv.gz" {
		t.Errorf("%+v", got)
	}
	r, err := got.Open(l)
	if err != nil {
		t.Fatal(err)
	}
	res, err := Match(t.Context(), r, NewSet([]string{"one.uk"}), now)
	if err != nil || len(res.Answers) != 1 || !res.Answers[0].Drop.Will || res.Answers[0].Server == "" {
		t.Errorf("%+v, %v", res, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}

	if got, err = f.Fetch(t.Context(), l); err != nil || got.Changed || s.sent.Load() != 1 || !got.Published.At.Equal(day) {
		t.Errorf("unchanged: %+v, sent %d times, %v", got, s.sent.Load(), err)
	}

	good := got.Path
	s.put("D,two.uk,2026-11-28T06:00:00Z\n", day.Add(24*time.Hour))
	s.sum = strings.Repeat("0", 64)
	var fe *FetchError
	if _, err = f.Fetch(t.Context(), l); !errors.As(err, &fe) || fe.Outcome != whoisx.Unreadable || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a wrong checksum: %v", err)
	}
	last, ok := f.Last(l)
	if data, _ := os.ReadFile(good); !ok || last.Path != good || !strings.HasPrefix(string(data), "\x1f\x8b") {
		t.Error("the good file is gone")
	}
	s.put("D,two.uk,2026-11-28T06:00:00Z\n", day.Add(24*time.Hour))
	if got, err = f.Fetch(t.Context(), l); err != nil || !got.Changed {
		t.Errorf("the next list: %+v, %v", got, err)
	}

	good = got.Path
	s.body, s.sum = "<html>\n<h1>Back soon</h1>\n</html>\n", ""
	open := l
	open.Checksum = ""
	if _, err = f.Fetch(t.Context(), open); !errors.As(err, &fe) || fe.Outcome != whoisx.Unreadable {
		t.Errorf("a page of HTML: %v", err)
	}
	if data, _ := os.ReadFile(good); !strings.HasPrefix(string(data), "\x1f\x8b") {
		t.Error("a page of HTML took the good file's place")
	}

	for status, want := range map[int]whoisx.Outcome{429: whoisx.RateLimited, 403: whoisx.RateLimited, 401: whoisx.Refused, 404: whoisx.Unsupported, 503: whoisx.Unreachable, 418: whoisx.Unreadable} {
		s.status, s.retry = status, "120"
		if _, err = f.Fetch(t.Context(), l); !errors.As(err, &fe) || fe.Outcome != want {
			t.Errorf("status %d: %v, want %s", status, err, want)
		}
		if status == 429 && fe.RetryAfter != 2*time.Minute {
			t.Errorf("retry after %v", fe.RetryAfter)
		}
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".fetch-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFetchStaysOutside(t *testing.T) {
	inner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		t.Error("a private address was asked")
	}))
	defer inner.Close()
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace(inner.URL, "http:", "https:", 1)+"/list", http.StatusFound)
	}))
	defer outer.Close()
	f := NewFetcher(FetchOptions{Dir: t.TempDir()})
	for _, l := range []List{
		{Name: "learned", Format: Nominet, URL: strings.Replace(inner.URL, "http:", "https:", 1)},
		{Name: "plain", Format: Nominet, URL: "http://lists.example/uk.csv.gz"},
		{Name: "redirect", Format: Nominet, URL: outer.URL, Configured: true},
		{Name: "none", Format: Nominet},
	} {
		var fe *FetchError
		if _, err := f.Fetch(t.Context(), l); !errors.As(err, &fe) {
			t.Errorf("%s: %v", l.Name, err)
		}
	}
}

func TestAddressOfTheDay(t *testing.T) {
	for at, want := range map[string]string{
		"2026-11-21T22:59:59Z": "20261122", "2026-11-21T23:00:00Z": "20261123",
		"2026-07-31T21:59:59Z": "20260801", "2026-07-31T22:00:00Z": "20260802",
	} {
		f := NewFetcher(FetchOptions{Now: func() time.Time { return moment(at) }})
		if got := f.address(List{URL: "https://x.example/{yyyymmdd+1}09.txt"}); got != "https://x.example/"+want+"09.txt" {
			t.Errorf("at %s: %s", at, got)
		}
	}
}

func FuzzDroplist(f *testing.F) {
	formats := []Format{Nominet, IIS, AuDADeleted, AuDAExpired, CIRA, NICIt, NZ, DropCatch, CSV}
	for i, s := range []string{
		"roid,domain,drop_time\nD_1-UK,one.co.uk,2026-11-28T05:59:59Z\n",
		`{"data":[{"name":"a.se","release_at":"2026-11-24"}]}`,
		"16/12/2021,15:04:50,deletedexample.net.au\n", "Date,Time,Domain\n16/12/2021,15:04:50,x.au\n",
		"Session 2026-11-25T19:00:00Z\nexample.ca\n", "uno.it\n",
		`{"releaseDate":2026-11-24T02:00:00.000Z", "domainNames": ["one.nz" ] }`,
		"Domain,TLD,Type,Drop Date\natlas,com,PendingDelete,2026-11-24\n", "a;b;c\n\"x\";\"y\"\n",
	} {
		f.Add([]byte(s), byte(i))
		f.Add([]byte(gz(s)), byte(i))
		f.Add([]byte(zipped("a.csv", s)), byte(i))
	}
	if dir := os.Getenv("LAPSE_CORPUS"); dir != "" {
		files, _ := filepath.Glob(filepath.Join(dir, "droplist", "*"))
		for _, p := range files {
			if b, err := os.ReadFile(p); err == nil {
				for i := range formats {
					f.Add(b, byte(i))
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, which byte) {
		l := List{Name: "f", Format: formats[int(which)%len(formats)], Columns: &Columns{Name: "2", Date: "1", Delimiter: ";"}}
		r, err := NewReader(l, Published{At: moment("2026-11-23T06:00:00Z"), File: "2026112309.txt"}, strings.NewReader(string(in)))
		if err != nil {
			return
		}
		defer r.Close()
		for r.Next() {
			row := r.Row()
			if n := string(row.Name); n != strings.ToLower(n) || !strings.Contains(n, ".") || strings.ContainsAny(n, " \x1b\n,") {
				t.Errorf("%q passed for a name", n)
			}
			if d, err := row.Drop(); err == nil && d.Text == "" {
				t.Errorf("a drop of %s without words", row.Name)
			}
			if s := row.Text(); s != whoisx.CleanLine(s) {
				t.Errorf("text is not clean: %q", s)
			}
		}
	})
}
