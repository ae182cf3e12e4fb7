package watch

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseName(t *testing.T) {
	for in, want := range map[string]string{
		"example.com":                    "example.com",
		"EXAMPLE.com":                    "example.com",
		" example.co.uk ":                "example.co.uk",
		"example.com.":                   "example.com",
		"exämple.de":                     "xn--exmple-cua.de",
		"xn--exmple-cua.de":              "xn--exmple-cua.de",
		"XN--EXMPLE-CUA.de":              "xn--exmple-cua.de",
		"faß.de":                         "xn--fa-hia.de",
		"例え.jp":                          "xn--r8jz45g.jp",
		"例え。jp":                          "xn--r8jz45g.jp",
		"пример.рф":                      "xn--e1afmkfd.xn--p1ai",
		"a.io":                           "a.io",
		"github.io":                      "github.io",
		strings.Repeat("a", 63) + ".com": strings.Repeat("a", 63) + ".com",
		"1-2.com":                        "1-2.com",
	} {
		n, err := ParseName(in)
		if err != nil || string(n) != want {
			t.Errorf("%q: %q, %v; want %q", in, n, err, want)
		}
	}
}

func TestParseNameErrors(t *testing.T) {
	for _, c := range []struct{ in, why, meant string }{
		{"https://WWW.Example.com/x", "address of a page", "example.com"},
		{"http://user:pw@shop.example.co.uk:8080/?q=1", "address of a page", "example.co.uk"},
		{"www.example.com", "it is below example.com", "example.com"},
		{"example.com/path", "address of a page", "example.com"},
		{"example.com:443", "a host with a port", "example.com"},
		{"me@example.com", "e-mail", "example.com"},
		{"*.example.com", "wildcard", "example.com"},
		{"exam*.com", "pattern", ""},
		{"example", "no TLD", "example.com"},
		{"example.con", "no TLD .con", "example.com"},
		{"example.cmo", "no TLD .cmo", "example.com"},
		{"example.ogr", "no TLD .ogr", "example.org"},
		{"example.qqqqq", "no TLD .qqqqq", ""},
		{"com", "a TLD itself", ""},
		{"co.uk", "a public suffix itself", ""},
		{strings.Repeat("a", 64) + ".com", "64 characters; a label has 63", ""},
		{strings.Repeat("ä", 60) + ".de", "a label has 63", ""},
		{strings.Repeat("a.", 130) + "com", "", ""},
		{"", "empty", ""},
		{"   ", "empty", ""},
		{"exam ple.com", "spaces", "example.com"},
		{"a.com b.com", "several names", "a.com"},
		{"a.com,b.com", "more than one", "a.com"},
		{"-a.com", "hyphen", ""},
		{"a-.com", "hyphen", ""},
		{"ab--cd.com", "hyphens in third and fourth", ""},
		{"a..com", "empty label", "a.com"},
		{".com", "empty label", ""},
		{"under_score.com", "underscore", "under-score.com"},
		{"192.0.2.1", "IP address", ""},
		{"[2001:db8::1]", "", ""},
		{"foo.github.io", "it is below github.io", "github.io"},
		{"\x1b[31mred.com", "control characters", ""},
		{"a\u202eb.com", "", ""},
		{"xn--zzzzzzzzzz999.com", "Punycode", ""},
		{"\"example.com\"", "quotes", "example.com"},
		{"a!.com", "cannot stand", ""},
		{strings.Repeat("x", 3000), "far too long", ""},
	} {
		n, err := ParseName(c.in)
		var ne *NameError
		if !errors.As(err, &ne) {
			t.Errorf("%q: %q, %v; want a name error", clip(c.in), n, err)
			continue
		}
		if !strings.Contains(ne.Why, c.why) || ne.Meant != c.meant {
			t.Errorf("%q: why %q, meant %q; want %q, %q", clip(c.in), ne.Why, ne.Meant, c.why, c.meant)
		}
		if strings.ContainsAny(err.Error(), "\x1b\u202e") {
			t.Errorf("%q: the error carries controls", c.in)
		}
	}
}

func TestParseLaunchName(t *testing.T) {
	coming := func(tld string) bool { return tld == "atelier" }
	if n, err := ParseLaunchName("Oak.atelier", coming); err != nil || n != "oak.atelier" {
		t.Errorf("%q, %v", n, err)
	}
	for _, in := range []string{"oak.ateleir", "www.oak.atelier", "atelier"} {
		if n, err := ParseLaunchName(in, coming); err == nil {
			t.Errorf("%q: %q", in, n)
		}
	}
}

func TestDisplay(t *testing.T) {
	n, err := ParseName("exämple.de")
	if err != nil {
		t.Fatal(err)
	}
	if n.Display() != "exämple.de (xn--exmple-cua.de)" || n.Unicode() != "exämple.de" || n.TLD() != "de" {
		t.Errorf("%s, %s, %s", n.Display(), n.Unicode(), n.TLD())
	}
	if n := Name("a.co.uk"); n.Zone() != "co.uk" || n.TLD() != "uk" || n.Display() != "a.co.uk" {
		t.Errorf("%s %s", n.Zone(), n.TLD())
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"example.com", "https://WWW.Example.com/x", "exämple.de", "xn--exmple-cua.de", "a..b", "*.x.y", "例え。jp", "a@b.c", "[::1]:53", "\u202ea.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseName(s)
		if err != nil {
			if !utf8.ValidString(err.Error()) {
				t.Errorf("%q: the error is not valid UTF-8", s)
			}
			var ne *NameError
			if !errors.As(err, &ne) {
				t.Fatalf("%q: %v", s, err)
			}
			if ne.Meant != "" {
				if m, err := ParseName(ne.Meant); err != nil || string(m) != ne.Meant {
					t.Errorf("%q: meant %q, which is no name: %v", s, ne.Meant, err)
				}
			}
			return
		}
		again, err := ParseName(string(n))
		if err != nil || again != n {
			t.Errorf("%q → %q → %q, %v", s, n, again, err)
		}
		back, err := ParseName(n.Unicode())
		if err != nil || back != n {
			t.Errorf("%q → %q → %q → %q, %v", s, n, n.Unicode(), back, err)
		}
		if len(n) > 253 || n.Zone() == "" {
			t.Errorf("%q → %q", s, n)
		}
	})
}

func BenchmarkParseName(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseName("some-name-here.com"); err != nil {
			b.Fatal(err)
		}
	}
}
