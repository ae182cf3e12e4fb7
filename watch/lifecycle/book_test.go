package lifecycle

import (
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

func TestDefault(t *testing.T) {
	b := Default()
	top := 0
	for _, r := range b.Rules() {
		if !strings.Contains(r.Zone, ".") {
			top++
		}
	}
	if top != 81 {
		t.Fatalf("%d rules of TLDs, want 81", top)
	}
	for name, zone := range map[string]string{
		"example.com": "com", "a.co.uk": "uk", "b.com.au": "au", "x.photography": "*", "y.zz": "zz", "x.uk.com": "uk.com", "harvard.edu": "edu", "a.xn--p1ai": "xn--p1ai", "a.xn--fiq228c5hs": "*", "A.COM.": "com", "": "*",
	} {
		if got := b.Rule(name).Zone; got != zone {
			t.Errorf("Rule(%s) is that of %q, want %q", name, got, zone)
		}
	}
	for _, r := range b.Rules() {
		if len(r.Source) == 0 || r.Seen == "" || r.Origin != Embedded || r.Sure["stages"] == "" || r.Sure["drop"] == "" {
			t.Errorf("%s: a rule without source, date or confidence: %+v", r.Zone, r)
		}
		for _, s := range r.Stages {
			if s.Confidence == "" {
				t.Errorf("%s: stage %s without confidence", r.Zone, s.Name)
			}
		}
	}
	if r := b.Rule("y.zz"); r.Known() || len(r.Notes) == 0 {
		t.Errorf("a country code without a rule: %+v", r)
	}
}

const sandbox = `
[[rule]]
zone = "sand"
unlisted = true
registry = "Sandbox"
expiry_public = true
checked = "2026-11-21"

  [[rule.stage]]
  name = "grace"
  maps_to = "expired"
  from = "expiry"
  lasts = "12s"
  statuses = ["autoRenewPeriod"]

  [[rule.stage]]
  name = "redemption"
  maps_to = "redemption"
  from = "stage"
  lasts = "10s"
  statuses = ["redemptionPeriod", "pendingDelete"]

  [[rule.stage]]
  name = "pending delete"
  maps_to = "pending-delete"
  from = "stage"
  lasts = "8s"
  statuses = ["pendingDelete"]

  [rule.drop]
  kind = "exact"
`

func TestOverlay(t *testing.T) {
	b := Default()
	if err := b.Overlay("rules.toml", []byte(sandbox)); err != nil {
		t.Fatal(err)
	}
	r := b.Rule("x.sand")
	if r.Origin != "rules.toml" || len(r.Stages) != 3 || r.Stages[2].Max != 8*time.Second {
		t.Errorf("%+v", r)
	}
	if err := b.Overlay("mine.toml", []byte("[[rule]]\nzone = \"com\"\nlike = \"com\"\n  [rule.drop]\n  kind = \"window\"\n  time_zone = \"UTC\"\n  from = \"18:00\"\n  to = \"19:30\"\n")); err != nil {
		t.Fatal(err)
	}
	if r := b.Rule("a.com"); r.Origin != "mine.toml" || r.Drop.To != "19:30" || len(r.Stages) != 3 || r.Registry == "" {
		t.Errorf("%+v", r)
	}
	if r := Default().Rule("a.com"); r.Origin != Embedded {
		t.Error("the overlay changed the rules of others")
	}
}

func TestOverlayErrors(t *testing.T) {
	stage := func(s string) string {
		return "[[rule]]\nzone = \"com\"\nchecked = \"2026-11\"\n\n[[rule.stage]]\n" + s
	}
	tests := []struct{ what, file, want string }{
		{"unknown key", "[[rule]]\nzone = \"com\"\nchecked = \"2026-11\"\nregistri = \"x\"\n", `f.toml:4: unknown key "rule.registri"`},
		{"unknown key in a stage", stage("name = \"a\"\nlast = \"3d\"\n"), `f.toml:7: unknown key "rule.stage.last"`},
		{"no such zone", "[[rule]]\nzone = \"cmo\"\nchecked = \"2026-11\"\n", `f.toml:2: zone "cmo" does not exist`},
		{"a name is no zone", "[[rule]]\nzone = \"example.com\"\nchecked = \"2026-11\"\n", `f.toml:2: zone "example.com" does not exist`},
		{"no date", "[[rule]]\nzone = \"com\"\nchecked = \"lately\"\n", `f.toml:3: checked: "lately" is no date`},
		{"time zone typo", "[[rule]]\nzone = \"com\"\nchecked = \"2026-11\"\n[rule.drop]\nkind = \"window\"\ntime_zone = \"America/New_Yrok\"\n", `f.toml:6: drop: there is no time zone "America/New_Yrok"`},
		{"unknown kind", "[[rule]]\nzone = \"com\"\nchecked = \"2026-11\"\n[rule.drop]\nkind = \"sometimes\"\n", `f.toml:5: drop: unknown kind "sometimes"`},
		{"bad clock", "[[rule]]\nzone = \"com\"\nchecked = \"2026-11\"\n[rule.drop]\nkind = \"window\"\ntime_zone = \"UTC\"\nfrom = \"2pm\"\n", `f.toml:7: drop: from is "2pm"`},
		{"no unit", stage("name = \"a\"\nmaps_to = \"expired\"\nfrom = \"expiry\"\nlasts = \"30\"\n"), `f.toml:9: lasts: read duration "30": it has no unit`},
		{"unknown until", stage("name = \"a\"\nmaps_to = \"expired\"\nfrom = \"expiry\"\nlasts = \"30d\"\nuntil = \"year-end\"\n"), `f.toml:10: stage "a": until is "year-end"`},
		{"stages backwards", stage("name = \"a\"\nmaps_to = \"redemption\"\nfrom = \"deletion\"\nlasts = \"30d\"\n[[rule.stage]]\nname = \"b\"\nmaps_to = \"expired\"\nfrom = \"stage\"\nlasts = \"30d\"\n"), `f.toml:12: stages overlap: "b" (expired) cannot come after "a" (redemption)`},
		{"stages overlap by begin", stage("name = \"a\"\nmaps_to = \"expired\"\nfrom = \"expiry\"\nlasts = \"30d\"\n[[rule.stage]]\nname = \"b\"\nmaps_to = \"redemption\"\nfrom = \"expiry\"\nbegins = \"20d\"\nlasts = \"30d\"\n"), `f.toml:14: stages overlap: "b" begins at 20d, but "a" lasts until 30d`},
		{"both from expiry", stage("name = \"a\"\nmaps_to = \"expired\"\nfrom = \"expiry\"\nlasts = \"30d\"\n[[rule.stage]]\nname = \"b\"\nmaps_to = \"redemption\"\nfrom = \"expiry\"\nlasts = \"30d\"\n"), `f.toml:13: stages overlap: "a" and "b" both begin at expiry`},
		{"a hole", stage("name = \"a\"\nmaps_to = \"expired\"\nfrom = \"expiry\"\nlasts = \"30d\"\n[[rule.stage]]\nname = \"b\"\nmaps_to = \"redemption\"\nfrom = \"expiry\"\nbegins = \"40d\"\nlasts = \"30d\"\n"), `f.toml:14: between "a", until 30d, and "b", from 40d, there is no stage`},
		{"unknown stage word", stage("name = \"a\"\nmaps_to = \"free\"\nfrom = \"expiry\"\nlasts = \"30d\"\n"), `f.toml:7: stage "a": maps_to is "free"`},
		{"min over max", stage("name = \"a\"\nmaps_to = \"expired\"\nfrom = \"expiry\"\nmin = \"30d\"\nmax = \"3d\"\n"), `f.toml:9: stage "a": min 30d is longer than max 3d`},
		{"like nothing", "[[rule]]\nzone = \"com\"\nlike = \"cmo\"\nchecked = \"2026-11\"\n", `f.toml:3: like: there is no rule for "cmo"`},
		{"twice", "[[rule]]\nzone = \"com\"\nchecked = \"2026-11\"\n[[rule]]\nzone = \"com\"\nchecked = \"2026-11\"\n", `f.toml:5: there are two rules for "com"`},
		{"broken", "[[rule]\n", `f.toml:1:`},
		{"wrong type", "[[rule]]\nzone = 4\n", `f.toml:2:`},
		{"confidence", "[[rule]]\nzone = \"com\"\nchecked = \"2026-11\"\nconfidence = { stages = \"sure\" }\n", `f.toml:4: confidence: "sure" is neither seen nor memory`},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			b := Default()
			err := b.Overlay("f.toml", []byte(tt.file))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if b.Rule("a.com").Origin != Embedded {
				t.Error("a file with an error changed a rule")
			}
		})
	}
}

// TestOwnHoursCount takes what a person writes for seen, unless they say that they
// are not sure: their hours are a window's bounds.
func TestOwnHoursCount(t *testing.T) {
	a := held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999")
	for sure, want := range map[string]string{"": "2026-11-10T14:00:00Z", "confidence = \"memory\"\n": "2026-11-10"} {
		b := Default()
		own := "checked = \"2026-11-21\"\n[[rule]]\nzone = \"org\"\nlike = \"org\"\n[rule.drop]\nkind = \"window\"\ntime_zone = \"UTC\"\nfrom = \"14:00\"\nto = \"14:20\"\nday = \"date\"\n" + sure
		if err := b.Overlay("rules.toml", []byte(own)); err != nil {
			t.Fatal(err)
		}
		v := Decide(Input{Name: "a.org", Rule: b.Rule("a.org"), Answers: []whoisx.Answer{a}, Now: at("2026-11-07T00:00:00Z")})
		if v.Window == nil || v.Window.From.String() != want {
			t.Errorf("%q: %+v", sure, v.Window)
		}
	}
}

func TestHousesOverlay(t *testing.T) {
	h := DefaultHouses()
	if err := h.Overlay("h.toml", []byte("[[catcher]]\nservice = \"Sandbox Backorders\"\nids = [\"9998\"]\nauction = \"20s\"\n")); err != nil {
		t.Fatal(err)
	}
	if c := h.Catcher("9998", ""); c == nil || c.Auction != 20*time.Second {
		t.Errorf("%+v", c)
	}
	if DefaultHouses().Catcher("9998", "") != nil {
		t.Error("the overlay changed the houses of others")
	}
	for file, want := range map[string]string{
		"[[catcher]]\nids = [\"1\"]\n":                                     "h.toml:1: the entry has no service",
		"[[catcher]]\nservice = \"x\"\nids = [\"9-1\"]\n":                  `h.toml:3: "9-1" is no registrar ID`,
		"[[before_drop]]\nhouse = \"x\"\nfrom_day = 4\nto_day = 2\n":       "h.toml:3: x: day 4 comes after day 2",
		"[[nameservers]]\nwhat = \"nothing\"\nhouse = \"x\"\nhosts = []\n": `h.toml:2: what is "nothing"`,
		"[[house]]\n": `h.toml:1: unknown key "house"`,
	} {
		if err := h.Overlay("h.toml", []byte(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestParseSpan(t *testing.T) {
	for s, want := range map[string]time.Duration{"45d": 45 * day, "1d12h": 36 * time.Hour, "40s": 40 * time.Second, "500ms": 500 * time.Millisecond, "0d": 0} {
		if got, err := ParseSpan(s); err != nil || got != want {
			t.Errorf("ParseSpan(%s) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "30", "d", "3x", "-1d", "1h1d", "99999999d", "1.5d", "1d1d"} {
		if got, err := ParseSpan(s); err == nil {
			t.Errorf("ParseSpan(%q) = %v", s, got)
		}
	}
}

func FuzzOverlay(f *testing.F) {
	f.Add([]byte(sandbox))
	f.Add([]byte("[[rule]]\nzone = \"com\"\nlike = \"com\"\nchecked = \"2026-11\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := Default()
		if err := b.Overlay("f.toml", data); err != nil && !strings.Contains(err.Error(), "f.toml") {
			t.Errorf("an error that does not name its file: %v", err)
		}
	})
}
