package lifecycle

import "testing"

func TestDefault(t *testing.T) {
	b := Default()
	if n := len(b.Rules()); n < 81 {
		t.Fatalf("%d rules, want 81 or more", n)
	}
	for name, zone := range map[string]string{"example.com": "com", "a.co.uk": "uk", "x.photography": "*", "y.zz": "zz"} {
		if got := b.Rule(name).Zone; got != zone {
			t.Errorf("Rule(%s) is that of %q, want %q", name, got, zone)
		}
	}
}
