package burst

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPolicies(t *testing.T) {
	ps := DefaultPolicies()
	for _, p := range ps.All() {
		if p.Who == "" || p.Title == "" || p.Words() == "" || len(p.Seen) != 7 {
			t.Errorf("%s: incomplete: %+v", p.ID, p)
		}
	}
	for name, id := range map[string]string{
		"example.co.uk": "uk", "example.uk": "uk", "example.com": "com", "example.de": "generic", "example.nu": "se", "example.dev": "google-xap",
		"example.fr": "fr", "example.be": "be", "example.ee": "ee", "example.no": "no", "example.nz": "nz", "example.com.au": "au",
	} {
		if got := ps.For(name).ID; got != id {
			t.Errorf("%s falls under %s, want %s", name, got, id)
		}
	}
	if got := policy(t, "be").Allowance(); got != 9 {
		t.Errorf(".be allows %d, want 9: the tenth reaches the limit of 100 points", got)
	}
	own := []byte("[[policy]]\nid = \"uk\"\nsource = \"my contract\"\nseen = \"2026-10\"\nsessions = 12\nper_second = 30\nname_creates = 90\nearly = \"counted\"\n")
	if err := ps.Overlay("policies.toml", own); err != nil {
		t.Fatal(err)
	}
	if p, _ := ps.ByID("uk"); p.Sessions != 12 || p.Origin != "policies.toml" {
		t.Errorf("not replaced: %+v", p)
	}
	for text, want := range map[string]string{
		"[[policy]]\nid = \"x\"\nunlimited = true\n":                                                                                       "policies.toml:3: unknown key",
		"[[policy]]\nid = \"x\"\nsource=\"s\"\nseen=\"2026-11\"\nsessions=1\nname_creates=1\nearly=\"counted\"\n":                          "limits neither",
		"[[policy]]\nid = \"x\"\nsource=\"s\"\nseen=\"2026-11\"\nsessions=1\nname_creates=1\nper_second=1\nearly=\"counted\"\nidle = 12\n": "no unit",
		"[[policy]]\nid = \"x\"\nidle = \"12 parsecs\"\n":                                                                                  "policies.toml:3",
		"[[policy]]\nid = \"x\"\nsessions=4\n":                                                                                             "no source",
	} {
		if err := ps.Overlay("policies.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestGateNeverExceeds asks the gate at random moments and counts what it let
// through in every window that the policy names.
func TestGateNeverExceeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Policy{
			PerSecond: rapid.SampledFrom([]float64{0, 0.5, 1, 3, 20}).Draw(t, "per second"), PerMinute: rapid.SampledFrom([]int{0, 7, 40}).Draw(t, "per minute"),
			SessionPerSecond: rapid.SampledFrom([]float64{0, 1, 4}).Draw(t, "per session"),
		}
		g := newGate(p, 20*msec)
		last := []time.Duration{-1, -1, -1}
		var sent []time.Duration
		bySession := make([][]time.Duration, len(last))
		now := time.Duration(0)
		for range rapid.IntRange(1, 120).Draw(t, "commands") {
			now += time.Duration(rapid.IntRange(0, 400).Draw(t, "pause")) * msec
			s := rapid.IntRange(0, len(last)-1).Draw(t, "session")
			now = g.next(now, last[s])
			g.take(now)
			last[s] = now
			sent = append(sent, now)
			bySession[s] = append(bySession[s], now)
		}
		within := func(list []time.Duration, window time.Duration, most int, what string) {
			for i := range list {
				if i >= most && list[i]-list[i-most] < window {
					t.Fatalf("%s: %d within %s", what, most+1, list[i]-list[i-most])
				}
			}
		}
		switch {
		case p.PerSecond >= 1:
			within(sent, time.Second, int(p.PerSecond), "per second")
		case p.PerSecond > 0:
			within(sent, 2*time.Second, 1, "per two seconds")
		}
		if p.PerMinute > 0 {
			within(sent, time.Minute, p.PerMinute, "per minute")
		}
		if p.SessionPerSecond > 0 {
			for _, l := range bySession {
				within(l, time.Duration(float64(time.Second)/p.SessionPerSecond), 1, "per session")
			}
		}
	})
}

// TestPlans draws situations and checks that a plan keeps what it must: order,
// quota, budget, pace, and that every name gets its turn.
func TestPlans(t *testing.T) {
	all := DefaultPolicies().All()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(all).Draw(t, "policy")
		s := situation{
			policy: p, budget: rapid.IntRange(-1, 60).Draw(t, "budget"), rtt: time.Duration(rapid.IntRange(0, 200).Draw(t, "rtt")) * msec,
			jitter: time.Duration(rapid.IntRange(0, 20).Draw(t, "jitter")) * msec, uncertainty: time.Duration(rapid.IntRange(0, 500).Draw(t, "uncertainty")) * msec,
			sessions:   rapid.IntRange(1, p.Sessions).Draw(t, "sessions"),
			strategy:   rapid.SampledFrom([]Strategy{Auto, SingleShot, ClosedLoop, Staggered}).Draw(t, "strategy"),
			maxCreates: rapid.IntRange(0, 10).Draw(t, "creates"),
		}
		at := time.Duration(0)
		for range rapid.IntRange(1, 5).Draw(t, "names") {
			s.aims = append(s.aims, aim{
				at: at, window: time.Duration(rapid.SampledFrom([]int{0, 0, 5, 3600}).Draw(t, "window")) * time.Second,
				tail: time.Duration(rapid.SampledFrom([]int{0, 30}).Draw(t, "tail")) * time.Second, whole: rapid.Bool().Draw(t, "whole"),
			})
			at += time.Duration(rapid.SampledFrom([]int{0, 300, 8000}).Draw(t, "later")) * msec
		}
		sh := plan(s, newGate(p, 20*msec))
		perName, total := p.NameCreates, 0
		if s.maxCreates > 0 {
			perName = min(perName, s.maxCreates)
		}
		for _, q := range sh.quota {
			if q > perName {
				t.Fatalf("a name gets %d of %d", q, perName)
			}
			total += q
		}
		if s.budget >= 0 && total > s.budget {
			t.Fatalf("%d creates of a budget of %d", total, s.budget)
		}
		counts := make([]int, len(s.aims))
		for i, sl := range sh.slots {
			if i > 0 && sl.at < sh.slots[i-1].at+finest {
				t.Fatalf("slot %d at %s follows %s", i, sl.at, sh.slots[i-1].at)
			}
			if n := int(p.PerSecond); n >= 1 && i >= n && sl.at-sh.slots[i-n].at < time.Second {
				t.Fatalf("%d slots within %s", n+1, sl.at-sh.slots[i-n].at)
			}
			if sl.at > s.aims[sl.k].end() || sl.at < s.aims[sl.k].at-max(s.spread(), 13*reach) { // a third of a wave of 40 comes before
				t.Fatalf("slot at %s for a name that drops at %s", sl.at, s.aims[sl.k].at)
			}
			counts[sl.k]++
		}
		for k, n := range counts {
			if sh.strategy != ClosedLoop && n != sh.quota[k] {
				t.Fatalf("name %d: %d slots, %d announced", k, n, sh.quota[k])
			}
		}
		if sh.strategy != ClosedLoop && s.budget != 0 && counts[0] == 0 {
			t.Fatal("the first name gets nothing")
		}
	})
}

// TestGateCountsFromTheWrite holds that a command whose sender was stopped
// between its turn and the write counts from the write on, and that one long
// out of the window changes nothing any more.
func TestGateCountsFromTheWrite(t *testing.T) {
	g := newGate(Policy{PerSecond: 2}, 0)
	g.take(0)
	number := g.take(100 * time.Millisecond)
	g.left(number, 900*time.Millisecond)
	if at := g.next(0, -1); at != time.Second {
		t.Errorf("the third may leave at %s", at)
	}
	g.take(time.Second)
	if at := g.next(time.Second, -1); at != 1900*time.Millisecond {
		t.Errorf("the fourth may leave at %s", at)
	}
	g.take(2 * time.Second)
	g.left(number, 5*time.Second)
	if at := g.next(2*time.Second, -1); at != 2*time.Second {
		t.Errorf("the fifth may leave at %s", at)
	}
}
