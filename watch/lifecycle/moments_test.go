package lifecycle

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/whoisx"
)

// TestMoments reads testdata/moments.txt: for every zone with a rule, what its
// registry shows at a moment, and the verdict that its published rule makes of
// it. A line is
//
//	name | now | what is shown | stage (registry's word) | since | next | window | confidence
//
// Shown are c, u, e, d (created, updated, expires, deleted), s (EPP statuses),
// w (the server's own words) and drop (will or may, and when).
func TestMoments(t *testing.T) {
	data, err := os.ReadFile("testdata/moments.txt")
	if err != nil {
		t.Fatal(err)
	}
	book := Default()
	seen := map[string]bool{}
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.Split(line, " | ")
		if len(parts) < 3 {
			t.Fatalf("line %d: %q", i+1, line)
		}
		name, now := parts[0], at(parts[1])
		a := whoisx.Answer{Source: whoisx.RDAP, Server: "rdap.example", Name: name, Asked: now, Outcome: whoisx.Registered, Confirmed: true}
		for _, f := range strings.Fields(parts[2]) {
			k, v, _ := strings.Cut(f, "=")
			v = strings.ReplaceAll(v, "_", " ")
			switch k {
			case "c":
				a.Created = dt(v)
			case "u":
				a.Updated = dt(v)
			case "e":
				a.Expires = dt(v)
			case "d":
				a.Deleted = dt(v)
			case "s":
				a.Statuses = strings.Split(v, ",")
			case "w":
				a.SaidStatuses = strings.Split(v, ",")
			case "will", "may":
				a.Drop = &whoisx.Drop{From: dt(v), To: dt(v), Will: k == "will"}
			case "gated":
				a.Outcome = whoisx.Gated
			default:
				t.Fatalf("line %d: what is %q?", i+1, f)
			}
		}
		r := book.Rule(name)
		seen[r.Zone] = true
		v := Decide(Input{Name: name, Rule: r, Answers: []whoisx.Answer{a}, Now: now})
		if got, want := moment(v), strings.Join(parts[3:], " | "); got != want {
			t.Errorf("line %d: %s at %s, shown %s\n got %s\nwant %s", i+1, name, parts[1], parts[2], got, want)
		}
		if v.Anomaly != "" {
			t.Errorf("line %d: anomaly: %s", i+1, v.Anomaly)
		}
	}
	for _, r := range book.Rules() {
		if !seen[r.Zone] && !strings.HasSuffix(r.Zone, ".jp") {
			t.Errorf("no moment of .%s", r.Zone)
		}
	}
}

// moment writes a verdict as the table does.
func moment(v Verdict) string {
	or := func(s string) string { return cmp.Or(s, "-") }
	next, window := "-", "-"
	if n := v.Next; n != nil {
		next = fmt.Sprintf("%s %s..%s", n.Stage, or(n.Earliest.String()), or(n.Latest.String()))
	}
	if w := v.Window; w != nil {
		window = fmt.Sprintf("%s %s..%s", w.Certainty, w.From, w.To)
	}
	return fmt.Sprintf("%s (%s) | %s | %s | %s | %s", v.Stage, or(v.RegistryStage), or(v.Since.String()), next, window, v.Confidence)
}
