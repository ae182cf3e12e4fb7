package whois

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lapse-dev/lapse/whoisx"
)

// seeds adds every labelled answer to a fuzz target, where there are any.
func seeds(f *testing.F, add func(raw []byte, server, name string)) {
	for _, s := range samples {
		add([]byte(s.text), s.server, s.name)
	}
	dir := os.Getenv("LAPSE_CORPUS")
	if dir == "" {
		return
	}
	_ = filepath.WalkDir(filepath.Join(dir, "whois"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".txt" {
			return nil
		}
		if b, err := os.ReadFile(path); err == nil && len(b) < 8<<10 {
			add(b, filepath.Base(filepath.Dir(filepath.Dir(path))), "google."+filepath.Base(filepath.Dir(path)))
		}
		return nil
	})
}

func FuzzClassify(f *testing.F) {
	seeds(f, func(raw []byte, server, name string) { f.Add(raw, server, name) })
	f.Add([]byte("domain: a.fr\nholder-c"), "whois.nic.fr", "a.fr")
	f.Fuzz(func(t *testing.T, raw []byte, server, name string) {
		a := Classify(raw, server, name, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		if a.Outcome == "" {
			t.Fatal("no outcome")
		}
		if a.Outcome == whoisx.Registered && !a.Confirmed {
			t.Fatal("registered without the name")
		}
		if a.Outcome == whoisx.NotRegistered && (a.Truncated || !a.Created.IsZero() || len(a.Nameservers) > 0) {
			t.Fatal("free beside evidence")
		}
		if len(a.Evidence) > maxEvidence || len(a.Nameservers) > maxNameservers || len(a.SaidStatuses) > maxStatuses {
			t.Fatal("unbounded")
		}
		texts := append([]string{a.Why, a.Registrar, a.RegistrarID, a.Category}, a.Nameservers...)
		texts = append(append(texts, a.SaidStatuses...), a.Redacted...)
		for _, e := range a.Evidence {
			texts = append(texts, e.Text, e.Says)
		}
		if a.Drop != nil {
			texts = append(texts, a.Drop.Text)
		}
		for _, s := range texts {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, func(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) }) {
				t.Fatalf("%q could reach a terminal", s)
			}
		}
	})
}

func FuzzDate(f *testing.F) {
	for _, c := range dates {
		f.Add(c.text, uint8(c.order))
	}
	f.Fuzz(func(t *testing.T, text string, o uint8) {
		d, ok := parseDate(text, order(o%3))
		if ok == d.IsZero() {
			t.Fatalf("%q: %v, %v", text, d, ok)
		}
		if ok && (d.Year() < 1979 || d.Year() > 10000) {
			t.Fatalf("%q: %v", text, d)
		}
		if ok && d.DayOnly && (d.Hour() != 0 || d.Minute() != 0 || d.Location() != time.UTC) {
			t.Fatalf("%q: a day with an hour: %v", text, d.Time)
		}
	})
}
