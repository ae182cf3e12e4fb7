package droplist

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// source is watch.Source, which this room must not import.
type source interface {
	Kind() whoisx.Source
	Host(name string) string
	Ask(ctx context.Context, name string) whoisx.Answer
}

var _ source = (*Source)(nil)

func TestSource(t *testing.T) {
	day := moment("2026-11-23T06:00:00Z")
	now := day.Add(time.Hour)
	sh := &shelf{}
	sh.put("D,one.uk,2026-11-28T05:00:00Z\nD,two.uk,2026-12-28T05:00:00Z\nD,three.uk,2026-11-29T05:00:00Z\n", day)
	srv := httptest.NewServer(sh)
	defer srv.Close()
	host := strings.TrimPrefix(srv.URL, "http://")
	l, err := Configured("uk", srv.URL+"/uk.csv.gz")
	if err != nil || l.Format != Nominet || l.Checksum == "" {
		t.Fatalf("%+v, %v", l, err)
	}
	dir := t.TempDir()
	open := func(disk bool) *Source {
		clock := func() time.Time { return now }
		return NewSource(SourceOptions{
			Lists: append(Lists()[3:], l), Fetcher: NewFetcher(FetchOptions{Dir: dir, Now: clock}), OnDisk: disk,
			Wanted: func([]string) []string { return []string{"one.uk", "absent.uk"} }, Now: clock,
		})
	}
	s := open(true)
	if s.Host("one.uk") != "" || s.Ask(t.Context(), "one.uk").Outcome != whoisx.Unsupported || sh.sent.Load() != 0 {
		t.Error("a list was fetched although only the disk was to answer")
	}
	s = open(false)
	if s.Kind() != whoisx.DropList || s.Host("one.com") != "" || s.Host("one.uk") != host || s.Local("one.uk") || !s.Local("one.com") {
		t.Errorf("before the first fetch: host %q", s.Host("one.uk"))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if a := s.Ask(t.Context(), "ONE.uk."); a.Outcome != whoisx.Registered || !a.Confirmed || !a.Drop.Will || a.Name != "one.uk" || !a.Asked.Equal(now) || len(a.Evidence) != 1 {
				t.Errorf("%+v", a)
			}
		})
	}
	wg.Wait()
	if sh.sent.Load() != 1 {
		t.Errorf("the list was sent %d times", sh.sent.Load())
	}
	if a := s.Ask(t.Context(), "two.uk"); a.Outcome != whoisx.Registered || a.Drop.Will {
		t.Errorf("a name that nobody wanted before: %+v", a)
	}
	if a := s.Ask(t.Context(), "absent.uk"); a.Outcome != whoisx.Unsupported || a.Why != "not on the drop list uk of 2026-11-23 06:00 UTC" {
		t.Errorf("%s: %s", a.Outcome, a.Why)
	}
	if s.Host("absent.uk") != "" || s.Host("two.uk") != host || !s.Local("two.uk") {
		t.Error("hosts after the fetch")
	}

	// Another process finds it on disk and asks nobody.
	s = open(false)
	if !s.Local("one.uk") || s.Ask(t.Context(), "three.uk").Outcome != whoisx.Registered || sh.sent.Load() != 1 {
		t.Error("the list on disk was not used")
	}

	// Six hours later it asks again; a failure leaves what is there, for a while.
	now = now.Add(7 * time.Hour)
	sh.status, sh.retry = 503, "3600"
	if s.Local("one.uk") || s.Host("absent.uk") != host {
		t.Error("the list is not due")
	}
	if a := s.Ask(t.Context(), "one.uk"); a.Outcome != whoisx.Registered {
		t.Errorf("after a failure: %s %s", a.Outcome, a.Why)
	}
	if !s.Local("one.uk") {
		t.Error("a list that just failed is due at once")
	}
	now, sh.status = now.Add(61*time.Minute), 0
	sh.put("D,two.uk,2026-12-28T05:00:00Z\n", day.Add(24*time.Hour))
	if a := s.Ask(t.Context(), "one.uk"); a.Outcome != whoisx.Unsupported {
		t.Errorf("renewed and gone from the list: %s", a.Outcome)
	}

	// A first fetch that fails is told as what it is.
	dir = t.TempDir()
	s = open(false)
	sh.status, sh.retry = 429, "90"
	if a := s.Ask(t.Context(), "one.uk"); a.Outcome != whoisx.RateLimited || a.RetryAfter != whoisx.Duration(90*time.Second) || !strings.Contains(a.Why, "429") {
		t.Errorf("%s after %v: %s", a.Outcome, time.Duration(a.RetryAfter), a.Why)
	}
	// What is no list changes nothing.
	now, sh.status = now.Add(24*time.Hour), 0
	sh.body = "<html>\n<body>maintenance</body>\n</html>\n"
	sh.sum = ""
	if a := s.Ask(t.Context(), "one.uk"); a.Outcome == whoisx.Registered || a.Outcome == whoisx.Unsupported {
		t.Errorf("a page of HTML: %s %s", a.Outcome, a.Why)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	now = now.Add(24 * time.Hour)
	if a := s.Ask(ctx, "one.uk"); a.Outcome.SaysSomething() {
		t.Errorf("cancelled: %s", a.Outcome)
	}
}

func TestCertain(t *testing.T) {
	pub := Published{At: moment("2026-11-23T06:00:00Z")}
	rows, _, err := read(t, List{Name: "s", Format: Nominet, Certain: "10s"}, pub, "D,a.uk,2026-11-23T06:00:10Z\nD,b.uk,2026-11-23T06:00:11Z\n")
	if err != nil || len(rows) != 2 || rows[0] != "a.uk 2026-11-23T06:00:10Z will @1" || rows[1] != "b.uk 2026-11-23T06:00:11Z may @2" {
		t.Errorf("%v, %v", rows, err)
	}
	for _, bad := range []string{"5", "d", "-1d", "-3s", "x"} {
		if err := (List{Name: "s", Format: Nominet, Certain: bad}).Check(); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
}
