package rdap

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEmbedded(t *testing.T) {
	dated, listed := embedded()
	if _, err := time.Parse(time.DateOnly, dated); err != nil {
		t.Errorf("the table has no day: %v", err)
	}
	if len(listed) < 1100 {
		t.Errorf("only %d suffixes", len(listed))
	}
	for s, u := range listed {
		if !strings.HasPrefix(u, "http") || !strings.HasSuffix(u, "/") || s != suffixKey(s) {
			t.Errorf("%q: %q", s, u)
		}
	}
	if _, err := readTable("unlisted.toml", unlisted); err != nil {
		t.Error(err)
	}
}

func TestLookup(t *testing.T) {
	b := NewBootstrap(BootstrapOptions{Configured: map[string]string{".TEST": "http://127.0.0.1:8080/rdap", "org": "https://10.0.0.1/"}})
	for name, want := range map[string]string{
		"example.com":       "https://rdap.verisign.com/com/v1/",
		"Example.COM.":      "https://rdap.verisign.com/com/v1/",
		"a.test":            "http://127.0.0.1:8080/rdap/",
		"example.org":       "https://10.0.0.1/",
		"example.io":        "https://rdap.identitydigital.services/rdap/",
		"example.de":        "https://rdap.denic.de/",
		"example.co":        "https://rdap.registry.co/co/",
		"example.co.uk":     "https://rdap.nominet.uk/uk/",
		"beispiel.xn--p1ai": "",
		"example.zz":        "",
		"zz":                "",
		"":                  "",
	} {
		s, ok := b.Lookup(name)
		if s.URL != want || ok != (want != "") {
			t.Errorf("%s: %+v", name, s)
		}
		if s.Configured != (strings.HasSuffix(name, "test") || strings.HasSuffix(name, "org")) {
			t.Errorf("%s: configured %v", name, s.Configured)
		}
	}
	if s, _ := b.Lookup("a.test"); s.Host() != "127.0.0.1:8080" || s.Origin != "configuration" {
		t.Errorf("%+v", s)
	}
	// The longest suffix counts, label by label (RFC 9224 §4).
	b.listed["co.uk"] = "https://co.example/"
	for name, want := range map[string]string{"a.co.uk": "https://co.example/", "a.nco.uk": "https://rdap.nominet.uk/uk/"} {
		if s, _ := b.Lookup(name); s.URL != want {
			t.Errorf("%s: %s", name, s.URL)
		}
	}
	// A listed server whose 404 cannot be believed gives way to one that can,
	// and is told as such where there is none.
	b.listed["io"], b.listed["doubtful"] = "https://rdap.nic.io/", "https://rdap.nic.io/"
	if s, _ := b.Lookup("a.io"); s.URL != "https://rdap.identitydigital.services/rdap/" || s.Doubt != "" {
		t.Errorf("%+v", s)
	}
	if s, ok := b.Lookup("a.doubtful"); !ok || s.Doubt == "" {
		t.Errorf("%+v", s)
	}
}

func TestOverlay(t *testing.T) {
	b := NewBootstrap(BootstrapOptions{Configured: map[string]string{"own": "https://own.example/"}})
	err := b.Overlay("mine.toml", []byte("[[server]]\nsuffixes=['com','own','köln']\nurl='https://10.1.1.1/r'\nseen='2026-11-20'\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a.com": "https://10.1.1.1/r/", "a.own": "https://own.example/", "a.xn--kln-sna": "https://10.1.1.1/r/"} {
		if s, _ := b.Lookup(name); s.URL != want || !s.Configured {
			t.Errorf("%s: %+v", name, s)
		}
	}
	for in, want := range map[string]string{
		"[[server]]\nsuffix=['a']": "read x.toml:2: unknown key server.suffix",
		"[[server]]\nsuffixes=":    "read x.toml:2: ",
		"[[server]]\nsuffixes=['a']\nurl='gopher://a/'\nseen='2026-01-01'":  `read x.toml: server "gopher://a/": not an http address`,
		"[[server]]\nsuffixes=['a']\nurl='https://a.example/'\nseen='soon'": `read x.toml: server "https://a.example/": seen must be a day`,
	} {
		if err := b.Overlay("x.toml", []byte(in)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestRefresh(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	published, status, sent := "2026-11-20T01:00:00Z", 0, 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tag := `"` + published + `"`
		w.Header().Set("ETag", tag)
		switch {
		case status != 0:
			w.WriteHeader(status)
		case r.Header.Get("If-None-Match") == tag:
			w.WriteHeader(http.StatusNotModified)
		default:
			sent++
			fmt.Fprintf(w, `{"version":"1.0","publication":%q,"services":[[["com","Köln"],["http://a.example/","https://b.example"]],[["bad"],[]],[["one"]],[["x"],["ftp://x/"]]]}`, published)
		}
	}))
	defer srv.Close()
	cache := filepath.Join(t.TempDir(), "sub", "rdap.json")
	open := func() *Bootstrap {
		return NewBootstrap(BootstrapOptions{URL: srv.URL, CachePath: cache, Now: func() time.Time { return now }})
	}
	b := open()
	if s, _ := b.Lookup("a.com"); !strings.HasPrefix(s.Origin, "embedded ") {
		t.Errorf("before the first download: %+v", s)
	}
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a.com": "https://b.example/", "a.xn--kln-sna": "https://b.example/", "a.bad": "", "a.x": ""} {
		if s, _ := b.Lookup(name); s.URL != want || s.Configured {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if err := b.Refresh(t.Context()); err != nil || sent != 1 || b.Due() {
		t.Errorf("asked again within a day: %d times, %v", sent, err)
	}
	// Another process reads it from disk, and a day later asks with the ETag.
	b = open()
	if s, _ := b.Lookup("a.com"); s.URL != "https://b.example/" || s.Origin != "list 2026-11-20" {
		t.Errorf("from disk: %+v", s)
	}
	now = now.Add(25 * time.Hour)
	if err := b.Refresh(t.Context()); err != nil || sent != 1 {
		t.Errorf("not modified: sent %d times, %v", sent, err)
	}
	if b = open(); b.Due() {
		t.Error("that it was not modified is forgotten")
	}
	// Failures leave the list at hand.
	now = now.Add(25 * time.Hour)
	for _, status = range []int{500, 404} {
		if err := b.Refresh(t.Context()); err == nil {
			t.Errorf("status %d is no error", status)
		}
	}
	status, published = 0, "never"
	if err := b.Refresh(t.Context()); err == nil {
		t.Error("a list without a day was taken")
	}
	if s, _ := b.Lookup("a.com"); s.URL != "https://b.example/" {
		t.Errorf("after failures: %+v", s)
	}
	// A broken file on disk is no reason to fail.
	if err := os.WriteFile(cache, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, ok := open().Lookup("a.com"); !ok || !strings.HasPrefix(s.Origin, "embedded ") {
		t.Errorf("with a broken file: %+v", s)
	}
}

func TestParseList(t *testing.T) {
	for _, in := range []string{``, `{}`, `[]`, `{"publication":"2026-11-20T01:00:00Z","services":[]}`, `{"publication":"2026-11-20T01:00:00Z","services":[[["a"],["https://u:p@x.example/"]]]}`, `{"publication":"2026-11-20T01:00:00Z","services":"x"}`} {
		if _, _, err := ParseList([]byte(in)); err == nil {
			t.Errorf("%s was taken for a list", in)
		}
	}
}

// The list must not be older than the embedded one where it is IANA's.
func TestOldListOnDisk(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "rdap.json")
	if err := os.WriteFile(cache, []byte(`{"url":"`+IANA+`","list":{"publication":"2020-01-01T00:00:00Z","services":[[["com"],["https://old.example/"]]]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	b := NewBootstrap(BootstrapOptions{CachePath: cache})
	if s, _ := b.Lookup("a.com"); s.URL != "https://rdap.verisign.com/com/v1/" {
		t.Errorf("%+v", s)
	}
}
