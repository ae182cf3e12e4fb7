package rdap

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
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

var _ source = (*Client)(nil)

// asking returns a client for which .com is asked at base.
func asking(t *testing.T, base string, o Options) *Client {
	t.Helper()
	o.Bootstrap = NewBootstrap(BootstrapOptions{Configured: map[string]string{"com": base}})
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// raw serves each connection with bytes of the test's own.
func raw(t *testing.T, h func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				buf := make([]byte, 4096)
				_, _ = c.Read(buf)
				h(c)
			})
		}
	})
	return "http://" + l.Addr().String()
}

func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	zero := make([]byte, 1<<20)
	for range 64 {
		if _, err := z.Write(zero); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every misbehaving server is an answer of its own kind within the deadline,
// and none of them makes memory grow.
func TestZoo(t *testing.T) {
	const soon, late = 300 * time.Millisecond, 20 * time.Second // late: the server's own failure comes first, on slow machines too
	packed := bomb(t)
	var asked atomic.Int64
	private := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer private.Close()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = nil
	untrusted.StartTLS()
	defer untrusted.Close()

	to := func(location string, code int) func(*testing.T) string {
		return func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", location)
				w.WriteHeader(code)
			})
		}
	}
	page := func(s string) func(*testing.T) string {
		return func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s) })
		}
	}
	for _, c := range []struct {
		what  string
		start func(*testing.T) string
		want  whoisx.Outcome
		why   string
	}{
		{"slow loris", func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, r *http.Request) {
				for tick := time.NewTicker(10 * time.Millisecond); ; {
					select {
					case <-r.Context().Done():
						tick.Stop()
						return
					case <-tick.C:
						fmt.Fprint(w, " ")
						w.(http.Flusher).Flush()
					}
				}
			})
		}, whoisx.Unreachable, "no complete answer within 300ms"},
		{"silence", func(t *testing.T) string {
			return serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}, whoisx.Unreachable, "no complete answer"},
		{"endless body", func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for chunk := bytes.Repeat([]byte("x"), 32<<10); ; {
					if _, err := w.Write(chunk); err != nil {
						return
					}
				}
			})
		}, whoisx.Unreadable, "larger than 256 KiB"},
		{"endless header", func(t *testing.T) string {
			return raw(t, func(c net.Conn) {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
				for {
					if _, err := io.WriteString(c, "X-A: "+strings.Repeat("a", 1000)+"\r\n"); err != nil {
						return
					}
				}
			})
		}, whoisx.Unreachable, ""},
		{"gzip bomb", func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(packed)
			})
		}, whoisx.Unreadable, "larger than 256 KiB"},
		{"gzip that is none", func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				fmt.Fprint(w, `{"ldhName":"example.com"}`)
			})
		}, whoisx.Unreachable, ""},
		{"reset", func(t *testing.T) string {
			return raw(t, func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) })
		}, whoisx.Unreachable, ""},
		{"closed in the middle", func(t *testing.T) string {
			return raw(t, func(c net.Conn) {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"ldhName\":\"example.com\"")
			})
		}, whoisx.Unreachable, ""},
		{"no HTTP", func(t *testing.T) string {
			return raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "\x1b]0;pwn\x07 220 smtp\r\n") })
		}, whoisx.Unreachable, ""},
		{"nobody listens", func(t *testing.T) string {
			s := httptest.NewServer(http.NotFoundHandler())
			s.Close()
			return s.URL
		}, whoisx.Unreachable, "refused"},
		{"a certificate that nobody vouches for", func(*testing.T) string { return untrusted.URL }, whoisx.Unreachable, "TLS: the server's certificate is not trusted"},
		{"no TLS", func(t *testing.T) string {
			return strings.Replace(page("hello")(t), "http:", "https:", 1)
		}, whoisx.Unreachable, ""},
		{"redirect loop", func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"/x", http.StatusFound) })
		}, whoisx.Unreachable, "more than 4 redirects"},
		{"redirect to a private address", to("https://10.0.0.1/domain/example.com", 302), whoisx.Unreachable, "private"},
		{"redirect to loopback", to(private.URL+"/domain/example.com", 307), whoisx.Unreachable, "private"},
		{"redirect to localhost", to("https://localhost/domain/example.com", 308), whoisx.Unreachable, "private"},
		{"redirect to the metadata service", to("http://169.254.169.254/latest/", 301), whoisx.Unreachable, "not https"},
		{"redirect to plain http", to("http://rdap.example.net/domain/example.com", 302), whoisx.Unreachable, "not https"},
		{"redirect to a file", to("file:///etc/passwd", 302), whoisx.Unreachable, "not https"},
		{"redirect to an IPv6 loopback", to("https://[::1]/", 302), whoisx.Unreachable, "private"},
		{"redirect to nothing", to("", 302), whoisx.Unreachable, "leads nowhere"},
		{"redirect to rubbish", to("https://[::1", 302), whoisx.Unreachable, ""},
		{"304 that nobody asked for", to("", 304), whoisx.Unreachable, ""},
		{"HTML", page("<html><body>Found</body></html>"), whoisx.Unreadable, "HTML"},
		{"garbage", page("\x00\x01\x02\xff{{{"), whoisx.Unreadable, "JSON"},
		{"empty", page(""), whoisx.Unreadable, "nothing in it"},
		{"an error with 200", page(`{"errorCode":429,"title":"Slow down"}`), whoisx.RateLimited, "inside"},
		{"another domain", page(`{"objectClassName":"domain","ldhName":"example.net"}`), whoisx.Unreadable, "example.net"},
	} {
		t.Run(c.what, func(t *testing.T) {
			timeout := late
			if strings.Contains(c.why, "no complete answer") {
				timeout = soon
			}
			client := asking(t, c.start(t)+"/rdap", Options{Timeout: timeout})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a := client.Ask(t.Context(), "example.com")
			runtime.ReadMemStats(&after)
			if a.Outcome != c.want || !strings.Contains(a.Why, c.why) || a.Why == "" {
				t.Errorf("%s (%s), want %s (%s)", a.Outcome, a.Why, c.want, c.why)
			}
			if a.Why != whoisx.CleanLine(a.Why) {
				t.Errorf("%q is not clean", a.Why)
			}
			if a.Server == "" || a.Name != "example.com" {
				t.Errorf("server %q, name %q", a.Server, a.Name)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 8<<20 {
				t.Errorf("%d bytes were allocated", got)
			}
		})
	}
	if asked.Load() != 0 {
		t.Error("a private address was asked")
	}
}

func TestNoSuchHost(t *testing.T) {
	c := asking(t, "https://gone.example/", Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "gone.example", IsNotFound: true}}
	}})
	if a := c.Ask(t.Context(), "example.com"); a.Outcome != whoisx.Unreachable || a.Why != "the server's name does not resolve: no such host" {
		t.Errorf("%s %s", a.Outcome, a.Why)
	}
}

func TestAskRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		status int
		header string
		want   whoisx.Outcome
		after  time.Duration
	}{
		{429, "30", whoisx.RateLimited, 30 * time.Second},
		{429, "Sat, 21 Nov 2026 12:10:00 GMT", whoisx.RateLimited, 10 * time.Minute},
		{429, "Sat, 21 Nov 2026 11:10:00 GMT", whoisx.RateLimited, 0},
		{429, "99999999999999", whoisx.RateLimited, 24 * time.Hour},
		{429, "-5", whoisx.RateLimited, 0},
		{429, "soon", whoisx.RateLimited, 0},
		{429, "", whoisx.RateLimited, 0},
		{403, "", whoisx.RateLimited, 0},
		{403, "60", whoisx.RateLimited, time.Minute},
		{422, "60", whoisx.RateLimited, time.Minute},
		{503, "60", whoisx.Unreachable, time.Minute},
		{404, "60", whoisx.NotRegistered, 0},
	} {
		base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if c.header != "" {
				w.Header().Set("Retry-After", c.header)
			}
			w.WriteHeader(c.status)
		})
		a := asking(t, base, Options{Now: func() time.Time { return now }}).Ask(t.Context(), "example.com")
		if a.Outcome != c.want || time.Duration(a.RetryAfter) != c.after || a.HTTPStatus != c.status {
			t.Errorf("%d %q: %s after %v, want %s after %v", c.status, c.header, a.Outcome, time.Duration(a.RetryAfter), c.want, c.after)
		}
	}
}

func TestAskSends(t *testing.T) {
	var got *http.Request
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		fmt.Fprint(w, `{"ldhName":"xn--mnchen-3ya.com"}`)
	})
	c := asking(t, base+"/v1", Options{Agent: "lapse/test"})
	a := c.Ask(t.Context(), "MÜNCHEN.com.")
	if a.Outcome != whoisx.Registered || a.Server != strings.TrimPrefix(base, "http://") || c.Host("münchen.com") != a.Server || a.URL != base+"/v1/domain/xn--mnchen-3ya.com" {
		t.Errorf("%+v", a)
	}
	if got.URL.Path != "/v1/domain/xn--mnchen-3ya.com" || !strings.HasPrefix(got.Header.Get("Accept"), "application/rdap+json") || got.UserAgent() != "lapse/test" || got.Header.Get("Accept-Encoding") != "gzip" {
		t.Errorf("%s %v", got.URL, got.Header)
	}
	got = nil
	for _, bad := range []string{"", "com", "a b.com", "a.com\r\nX: y", "../../etc.com", "-a.com", strings.Repeat("a", 64) + ".com"} {
		if a := c.Ask(t.Context(), bad); a.Outcome != whoisx.Invalid || a.HTTPStatus != 0 {
			t.Errorf("%q: %s", bad, a.Outcome)
		}
	}
	if a := c.Ask(t.Context(), "example.zz"); a.Outcome != whoisx.Unsupported || c.Host("example.zz") != "" {
		t.Errorf("a suffix without a server: %s", a.Outcome)
	}
	if got != nil {
		t.Error("what is no name was asked about")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := c.Ask(ctx, "example.com"); a.Outcome != whoisx.Unreachable || a.Why != "the ask was cancelled" {
		t.Errorf("cancelled: %s %s", a.Outcome, a.Why)
	}
}

func TestAskETag(t *testing.T) {
	var full, short atomic.Int64
	tag := `"1"`
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			short.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		full.Add(1)
		fmt.Fprint(w, `{"ldhName":"example.com","status":["pending delete"]}`)
	})
	c := asking(t, base, Options{})
	for range 3 {
		if a := c.Ask(t.Context(), "example.com"); a.Outcome != whoisx.Registered || len(a.Statuses) != 1 || a.HTTPStatus != 200 {
			t.Fatalf("%+v", a)
		}
	}
	if full.Load() != 1 || short.Load() != 2 {
		t.Errorf("%d whole answers, %d times not modified", full.Load(), short.Load())
	}
	tag = `"2"`
	if a := c.Ask(t.Context(), "example.com"); a.Outcome != whoisx.Registered || full.Load() != 2 {
		t.Errorf("a changed answer was not read: %+v", a)
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache(3, 100)
	for i := range 10 {
		c.put(fmt.Sprint(i), "t", make([]byte, 10))
	}
	if c.order.Len() != 3 || c.size != 30 || len(c.byKey) != 3 {
		t.Errorf("%d entries, %d bytes", c.order.Len(), c.size)
	}
	c.get("7")
	c.put("big", "t", make([]byte, 85))
	if _, ok := c.get("7"); !ok || c.size != 95 {
		t.Errorf("the least used did not go first: %d bytes", c.size)
	}
	c.put("7", "t", make([]byte, maxCached+1))
	if _, ok := c.get("7"); ok {
		t.Error("an old answer is kept beside a newer one that is too large")
	}
	c.put("t", strings.Repeat("t", maxTag+1), nil)
	if _, ok := c.get("t"); ok {
		t.Error("an endless ETag was kept")
	}
}

// far makes a dialer that leads every host to one loopback server and lets it
// look like a host on the Internet.
func far(addr string, remote net.Addr) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		return elsewhere{c, remote}, nil
	}
}

type elsewhere struct {
	net.Conn
	remote net.Addr
}

func (e elsewhere) RemoteAddr() net.Addr { return e.remote }

// internet starts a TLS server that stands for every https host.
func internet(t *testing.T, h http.Handler) (addr string, conf *tls.Config) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s.Listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}
}

func TestRedirectOutside(t *testing.T) {
	var protos sync.Map
	addr, conf := internet(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protos.Store(r.Host, r.Proto)
		if r.Host == "rdap.first.example" {
			http.Redirect(w, r, "https://rdap.second.example/at/domain/example.zone", http.StatusFound)
			return
		}
		fmt.Fprint(w, `{"ldhName":"example.zone"}`)
	}))
	b := NewBootstrap(BootstrapOptions{})
	b.load()
	b.listed["zone"] = "https://rdap.first.example/"
	c := New(Options{Bootstrap: b, TLS: conf, Dial: far(addr, &net.TCPAddr{IP: net.IPv4(9, 9, 9, 9), Port: 443})})
	defer c.Close()
	a := c.Ask(t.Context(), "example.zone")
	if a.Outcome != whoisx.Registered || a.Server != "rdap.second.example" || a.URL != "https://rdap.second.example/at/domain/example.zone" {
		t.Errorf("%+v", a)
	}
	if p, _ := protos.Load("rdap.second.example"); p != "HTTP/2.0" {
		t.Errorf("asked over %v", p)
	}

	// What another host does not know says nothing, unless it is a registry's.
	for _, s := range []struct {
		to   string
		want whoisx.Outcome
	}{
		{"rdap.registrar.example", whoisx.Unreadable},
		{"rdap2.first.example", whoisx.NotRegistered},
		{"rdap.listed.example", whoisx.NotRegistered},
	} {
		addr, conf := internet(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "rdap.first.example" {
				http.Redirect(w, r, "https://"+s.to+"/domain/example.zone", http.StatusFound)
				return
			}
			http.NotFound(w, r)
		}))
		b := NewBootstrap(BootstrapOptions{})
		b.load()
		b.listed["zone"], b.listed["other"] = "https://rdap.first.example/", "https://rdap.listed.example/rdap/"
		c := New(Options{Bootstrap: b, TLS: conf, Dial: far(addr, &net.TCPAddr{IP: net.IPv4(9, 9, 9, 9), Port: 443})})
		if a := c.Ask(t.Context(), "example.zone"); a.Outcome != s.want {
			t.Errorf("404 of %s: %s (%s), want %s", s.to, a.Outcome, a.Why, s.want)
		}
		c.Close()
	}

	// The same, but the name resolves to a private address.
	c = New(Options{Bootstrap: b, TLS: conf, Dial: far(addr, &net.TCPAddr{IP: net.IPv4(10, 9, 9, 9), Port: 443})})
	defer c.Close()
	protos.Clear()
	if a := c.Ask(t.Context(), "example.zone"); a.Outcome != whoisx.Unreachable || !strings.Contains(a.Why, "private") {
		t.Errorf("%s %s", a.Outcome, a.Why)
	}
	if _, ok := protos.Load("rdap.first.example"); ok {
		t.Error("a private address was asked")
	}
	// With the dialer of our own, nothing is even connected.
	c = New(Options{Bootstrap: b, TLS: conf})
	defer c.Close()
	b.listed["zone"] = "https://" + addr + "/"
	if a := c.Ask(t.Context(), "example.zone"); a.Outcome != whoisx.Unreachable || !strings.Contains(a.Why, "private") {
		t.Errorf("%s %s", a.Outcome, a.Why)
	}
}

// More asks than there may be connections wait for one another, over HTTP/2
// and over HTTP/1.1 alike.
func TestManyAtOnce(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		fmt.Fprintf(w, `{"ldhName":%q,"handle":"H"}`, name)
	})
	addr, conf := internet(t, h)
	conf.ServerName = ""
	for _, c := range []*Client{asking(t, "https://"+addr+"/", Options{TLS: conf}), asking(t, serve(t, h), Options{})} {
		var wg sync.WaitGroup
		for i := range 300 {
			wg.Go(func() {
				name := fmt.Sprintf("n%d.com", i)
				if a := c.Ask(t.Context(), name); a.Outcome != whoisx.Registered || a.Name != name {
					t.Errorf("%s: %s %s", name, a.Outcome, a.Why)
				}
			})
		}
		wg.Wait()
	}
}

func TestEnrich(t *testing.T) {
	answer := `{"ldhName":"example.com","status":["pending delete"],"events":[
	 {"eventAction":"registration","eventDate":"2001-01-01T00:00:00Z"},{"eventAction":"expiration","eventDate":"2030-01-01T00:00:00Z"}],
	 "entities":[{"roles":["registrar"],"handle":"R-1","publicIds":[{"type":"IANA Registrar ID","identifier":"7"}]}],
	 "nameservers":[{"ldhName":"ns.registrar.example"}],
	 "links":[{"rel":"related","type":"application/rdap+json","href":"https://rdap.example.org/domain/example.com"}]}`
	var asked atomic.Int64
	addr, conf := internet(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprint(w, answer)
	}))
	c := New(Options{TLS: conf, Dial: far(addr, &net.TCPAddr{IP: net.IPv4(9, 9, 9, 9), Port: 443})})
	defer c.Close()
	registry := Explain([]byte(`{"ldhName":"example.com","status":["active"],"events":[{"eventAction":"expiration","eventDate":"2027-05-05T00:00:00Z"}],
	 "links":[{"rel":"related","type":"application/rdap+json","href":"https://rdap.example.net/domain/example.com"}]}`), 200, "example.com", time.Time{})
	if c.EnrichHost(registry) != "rdap.example.net" {
		t.Errorf("host %q", c.EnrichHost(registry))
	}
	got, r := c.Enrich(t.Context(), registry)
	if r.Outcome != whoisx.Registered || asked.Load() != 1 {
		t.Fatalf("%d asked: %s %s", asked.Load(), r.Outcome, r.Why)
	}
	if got.RegistrarExpires != day("2030-01-01T00:00:00Z") || got.Created != day("2001-01-01T00:00:00Z") || got.Registrar != "R-1" || got.RegistrarID != "7" {
		t.Errorf("not added: %+v", got)
	}
	if got.Expires != registry.Expires || fmt.Sprint(got.Statuses) != "[ok]" || got.Nameservers != nil || got.Outcome != whoisx.Registered {
		t.Errorf("overridden: %+v", got)
	}
	if len(registry.Evidence) == len(got.Evidence) || registry.Created != (whoisx.Date{}) {
		t.Error("the answer handed in was changed, or nothing tells where the fields came from")
	}

	answer = `{"errorCode":404}`
	if got, r := c.Enrich(t.Context(), registry); got.Outcome != whoisx.Registered || r.Outcome != whoisx.NotRegistered || !got.RegistrarExpires.IsZero() {
		t.Errorf("a registrar that knows nothing: %s %s", got.Outcome, r.Outcome)
	}
	answer = `{"ldhName":"other.com","events":[{"eventAction":"expiration","eventDate":"2030-01-01T00:00:00Z"}]}`
	if got, r := c.Enrich(t.Context(), registry); r.Outcome != whoisx.Unreadable || !got.RegistrarExpires.IsZero() {
		t.Errorf("a registrar that speaks of another name: %+v", got)
	}
	registry.RegistrarURL = "https://127.0.0.1/domain/example.com"
	if _, r := c.Enrich(t.Context(), registry); r.Outcome != whoisx.Unreachable {
		t.Errorf("a private link: %s", r.Outcome)
	}
	registry.RegistrarURL = ""
	if _, r := c.Enrich(t.Context(), registry); r.Outcome != whoisx.Unsupported || asked.Load() != 3 {
		t.Errorf("no link: %s", r.Outcome)
	}
}
