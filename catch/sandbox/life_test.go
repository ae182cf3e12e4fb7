package sandbox

import (
	"strings"
	"testing"
	"time"
)

// TestPlannedLife lets a name live by lengths of its own, behind a registry
// that shows no expiry date, and asks in the ways that servers want.
func TestPlannedLife(t *testing.T) {
	now := time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	tld := generic("com")
	tld.NoExpiry = true
	lasts := make([]time.Duration, len(tld.Stages))
	for i := range lasts {
		lasts[i] = time.Duration(i+1) * time.Hour
	}
	drop := now.Add(100 * time.Hour)
	r := start(t, Options{Now: func() time.Time { return now }, TLDs: []TLD{tld}, Names: []Name{{Name: "a.com", Lasts: lasts, Drop: drop}}})
	for _, q := range []string{"a.com", "domain =a.com", "-T dn,ace a.com", "a.com/e", "A.COM"} {
		if s := r.whois(q, "127.0.0.1"); !strings.Contains(s, "Domain Name: A.COM") || strings.Contains(s, "Expiry") {
			t.Errorf("%q: %s", q, s)
		}
	}
	if s := r.whois("", "127.0.0.1"); !strings.Contains(s, "Invalid query") {
		t.Errorf("an empty line: %s", s)
	}
	now = now.Add(time.Hour + time.Minute)
	st, ok := r.Look("a.com")
	if !ok || st.Stage != tld.Stages[1].Name || !st.Drop.Equal(drop) {
		t.Errorf("%+v", st)
	}
	if err := r.Add(Name{Name: "b.com", Lasts: lasts[:1]}); err == nil {
		t.Error("a life of one stage was taken")
	}
}
