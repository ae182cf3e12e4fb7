package lifecycle

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

func TestPoll(t *testing.T) {
	now := at("2026-11-10T12:00:00Z")
	com := Default().Rule("a.com")
	window := func(from, to string, c Certainty) *Window {
		return &Window{From: dt(from), To: dt(to), Certainty: c, HourKnown: true, Basis: "x"}
	}
	tests := []struct {
		what     string
		v        Verdict
		rule     Rule
		min, max time.Duration
	}{
		{"registered, far away", Verdict{Stage: Registered, Expires: dt("2027-08-27")}, com, 7 * day, 7 * day},
		{"registered, expires tomorrow", Verdict{Stage: Registered, Expires: dt("2026-11-11T12:00:00Z"), Next: &Next{Stage: Expired, Earliest: dt("2026-11-11T12:00:00Z")}}, com, day, day + time.Hour},
		{"registered, and the next stage is a short one", Verdict{Stage: Registered, Expires: dt("2027-08-27")}, Default().Rule("a.za"), 30 * time.Hour, 30 * time.Hour},
		{"in grace", Verdict{Stage: Expired, RegistryStage: "auto-renew grace"}, com, 12 * time.Hour, 12 * time.Hour},
		{"pending delete, days away", Verdict{Stage: PendingDelete, RegistryStage: "pending delete", Window: window("2026-11-14T19:00:00Z", "2026-11-14T20:00:00Z", Will)}, com, time.Hour, 6 * time.Hour},
		{"an hour before a will window", Verdict{Stage: PendingDelete, RegistryStage: "pending delete", Window: window("2026-11-10T13:00:00Z", "2026-11-10T14:00:00Z", Will)}, com, 5 * time.Minute, 15 * time.Minute},
		{"in a will window", Verdict{Stage: Dropping, RegistryStage: "pending delete", Window: window("2026-11-10T11:30:00Z", "2026-11-10T12:30:00Z", Will)}, com, time.Second, 59 * time.Second},
		{"in a may window", Verdict{Stage: Dropping, RegistryStage: "quarantine", Window: window("2026-11-10T11:30:00Z", "2026-11-10T12:30:00Z", May)}, Default().Rule("a.nl"), time.Minute, 5 * time.Minute},
		{"right at a published second", Verdict{Stage: Dropping, RegistryStage: "pending delete", Window: window("2026-11-10T12:00:00Z", "2026-11-10T12:00:00Z", Will)}, Default().Rule("a.uk"), time.Second, 59 * time.Second},
		{"between the hours of two days", Verdict{Stage: Dropping, RegistryStage: "pending delete", Window: window("2026-11-09T19:00:00Z", "2026-11-10T20:00:00Z", Will)}, com, 6 * time.Minute, time.Hour},
		{"long after its window", Verdict{Stage: PendingDelete, RegistryStage: "pending delete", Window: window("2026-11-05T19:00:00Z", "2026-11-05T20:00:00Z", Will)}, com, time.Hour, 6 * time.Hour},
		{"conflict", Verdict{Stage: PendingDelete, Confidence: Conflict}, com, time.Minute, 10 * time.Minute},
		{"launching, far away", Verdict{Stage: Launching}, com, day, day},
		{"launching, opens in an hour", Verdict{Stage: Launching, Next: &Next{Stage: Free, Earliest: dt("2026-11-10T13:00:00Z")}}, com, time.Hour, 61 * time.Minute},
		{"reserved", Verdict{Stage: ReservedStage}, com, 14 * day, 14 * day},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			next, why := Poll(tt.v, tt.rule, now)
			if in := next.Sub(now); in < tt.min || in > tt.max || why == "" {
				t.Errorf("in %s (%s), want %s to %s", in, why, tt.min, tt.max)
			}
		})
	}
}

// TestPollSandbox follows a TLD whose whole life is 30 seconds: no stage is
// missed and the drop is seen within two seconds.
func TestPollSandbox(t *testing.T) {
	b := Default()
	if err := b.Overlay("s.toml", []byte(sandbox)); err != nil {
		t.Fatal(err)
	}
	r := b.Rule("a.sand")
	start := at("2026-11-10T12:00:00Z")
	expires := start.Add(20 * time.Second)
	drop := expires.Add(30 * time.Second)
	seen := map[Stage]bool{}
	var before *Seen
	asked := 0
	for now := start; ; {
		asked++
		var a whoisx.Answer
		switch since := now.Sub(expires); {
		case since < 0:
			a = show(r, "a.sand", nil, expires, expires, now)
		case since < 12*time.Second:
			a = show(r, "a.sand", &r.Stages[0], expires, expires, now)
		case since < 22*time.Second:
			a = show(r, "a.sand", &r.Stages[1], expires, expires, now)
		case since < 30*time.Second:
			a = show(r, "a.sand", &r.Stages[2], expires, expires, now)
		default:
			a = ans(whoisx.RDAP, whoisx.NotRegistered)
		}
		in := Input{Name: "a.sand", Rule: r, Answers: []whoisx.Answer{a}, Before: before, Now: now}
		v := Decide(in)
		s := Remember(in, v)
		before = &s
		seen[v.Stage] = true
		if v.Stage == LikelyFree {
			if late := now.Sub(drop); late > 2*time.Second {
				t.Errorf("the drop was seen %s late", late)
			}
			break
		}
		next, _ := Poll(v, r, now)
		if now = next; now.After(drop.Add(time.Minute)) {
			t.Fatal("the drop was never seen")
		}
	}
	for _, s := range []Stage{Registered, Expired, Redemption, PendingDelete} {
		if !seen[s] {
			t.Errorf("%s was missed", s)
		}
	}
	if asked > 60 {
		t.Errorf("asked %d times", asked)
	}
}

func TestLearn(t *testing.T) {
	r := Default().Rule("a.com")
	var obs []Observation
	for i := range 11 {
		began := at("2026-10-01T19:02:00Z").AddDate(0, 0, i)
		drop := time.Date(2026, 10, 6+i, 18, 5+4*i, 0, 0, time.UTC) // 14:05 to 14:45 New York, summer time
		obs = append(obs, Observation{At: drop, Began: began})
	}
	look := func(o []Observation) *Window {
		return Decide(Input{
			Name: "a.com", Rule: r, Now: at("2026-11-07T12:00:00Z"), Observed: o,
			Answers: []whoisx.Answer{held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999")},
		}).Window
	}
	if w := look(obs[:5]); w.From != dt("2026-11-10T19:00:00Z") || w.To != dt("2026-11-11T20:00:00Z") || !strings.Contains(w.Basis, "5 drops seen here on 5 days, 8 on 3 are needed") {
		t.Errorf("%+v", w)
	}
	if got := Learn(r, obs).Says(r); got != "11 drops on 11 days fell 14:05-14:45 America/New_York, 5 days after pending delete began" {
		t.Errorf("learned: %s", got)
	}
	if raw, err := json.Marshal(Learn(r, obs)); err != nil || string(raw) != `{"seen":11,"on_days":11,"first":"14:05","median":"14:25","last":"14:45","min_days":5,"max_days":5,"by_clock":[{"from":"14:00","drops":3},{"from":"14:15","drops":4},{"from":"14:30","drops":3},{"from":"14:45","drops":1}],"by_days":[{"days":5,"drops":11}]}` {
		t.Errorf("%s %v", raw, err)
	}
	if raw, err := json.Marshal(Learned{}); err != nil || string(raw) != "null" {
		t.Errorf("%s %v", raw, err)
	}
	// Now in winter time, on the fifth day alone.
	w := look(obs)
	if w.From != dt("2026-11-10T19:00:00Z") || w.To != dt("2026-11-10T19:50:00Z") || w.Certainty != Will || !strings.Contains(w.Basis, "11 drops seen here fell 14:05-14:45 America/New_York") {
		t.Errorf("%+v", w)
	}
}

func TestTimeline(t *testing.T) {
	r := Default().Rule("a.com")
	v := Decide(Input{
		Name: "a.com", Rule: r, Now: at("2026-11-07T12:00:00Z"),
		Answers: []whoisx.Answer{held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999")},
	})
	segs := Timeline(v, r, at("2026-11-07T12:00:00Z"))
	var got []string
	for _, s := range segs {
		mark := ""
		if s.Now {
			mark = " <-"
		}
		got = append(got, string(s.Stage)+" "+s.From.Format(time.DateOnly)+" "+s.To.Format(time.DateOnly)+mark)
	}
	want := "expired 2026-08-27 2026-10-06\nredemption 2026-10-06 2026-11-05\npending-delete 2026-11-05 2026-11-10 <-\ndropping 2026-11-10 2026-11-11"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func BenchmarkDecide(b *testing.B) {
	r := Default().Rule("a.com")
	in := Input{
		Name: "a.com", Rule: r, Now: at("2026-11-07T12:00:00Z"),
		Answers: []whoisx.Answer{held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999")},
	}
	b.ReportAllocs()
	for b.Loop() {
		v := Decide(in)
		Poll(v, r, in.Now)
	}
}
