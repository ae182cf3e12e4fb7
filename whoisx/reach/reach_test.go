package reach

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestLearned(t *testing.T) {
	for s, ok := range map[string]bool{
		"https://rdap.example/a":          true,
		"https://rdap.example:8443/a":     true,
		"https://1.1.1.1/":                true,
		"https://[2606:4700::1111]/":      true,
		"http://rdap.example/":            false,
		"https://127.0.0.1/":              false,
		"https://[::1]:8443/":             false,
		"https://[::ffff:10.0.0.1]/":      false,
		"https://192.168.1.1/":            false,
		"https://169.254.169.254/latest/": false,
		"https://localhost/":              false,
		"https://a.LOCALHOST./":           false,
		"https://u:p@rdap.example/":       false,
		"https://rdap.example:22/":        false,
		"https:///x":                      false,
		"https:rdap.example":              false,
		"//rdap.example/":                 false,
		"javascript:alert(1)":             false,
		"https://[::1":                    false,
		"":                                false,
		"https://rdap.example/" + strings.Repeat("a", 3000): false,
	} {
		if _, err := Learned(s); (err == nil) != ok {
			t.Errorf("%.60s: %v", s, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Duration{
		"5": 5 * time.Second, " 7 ": 7 * time.Second, "-1": 0, "": 0, "x": 0, "1e9": 0, "999999999999": 24 * time.Hour,
		"Sat, 21 Nov 2026 12:00:09 GMT": 9 * time.Second, "Saturday, 21-Nov-26 12:00:09 GMT": 9 * time.Second, "Fri, 20 Nov 2026 12:00:09 GMT": 0,
	} {
		if got := RetryAfter(s, now); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func TestPublicOnly(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	own := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
	}
	for name, dial := range map[string]DialFunc{"ours": PublicOnly(nil), "a caller's": PublicOnly(own)} {
		for _, addr := range []string{l.Addr().String(), "localhost:1", "10.0.0.1:443"} {
			if c, err := dial(t.Context(), "tcp", addr); !errors.Is(err, ErrPrivate) {
				t.Errorf("%s dialer, %s: %v, %v", name, addr, c, err)
			}
		}
	}
	if _, err := PublicOnly(own)(t.Context(), "tcp", "rdap.example:443"); !errors.Is(err, ErrPrivate) {
		t.Errorf("a name that resolves to loopback: %v", err)
	}
	pipe := func(context.Context, string, string) (net.Conn, error) { a, _ := net.Pipe(); return a, nil }
	if c, err := PublicOnly(pipe)(t.Context(), "tcp", "rdap.example:443"); err != nil {
		t.Errorf("an in-memory pipe: %v", err)
	} else {
		c.Close()
	}
}

func TestClient(t *testing.T) {
	var other *httptest.Server
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/same":
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/other":
			http.Redirect(w, r, other.URL, http.StatusFound)
		}
	}))
	defer s.Close()
	other = httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was asked") }))
	defer other.Close()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	get := func(c *http.Client, path string) error {
		defer c.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if err := get(Client(u, true, nil, nil), "/same"); err != nil {
		t.Errorf("a redirect within what was configured: %v", err)
	}
	if err := get(Client(u, true, nil, nil), "/other"); !errors.Is(err, ErrPrivate) {
		t.Errorf("a redirect to a private address: %v", err)
	}
	if err := get(Client(u, false, nil, nil), "/end"); !errors.Is(err, ErrPrivate) {
		t.Errorf("a private address that nobody configured: %v", err)
	}
}
