package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
	"pgregory.net/rapid"
)

// show is what a registry would answer about a name in a stage of its rule.
func show(r Rule, name string, s *RuleStage, expires, began time.Time, now time.Time) whoisx.Answer {
	a := whoisx.Answer{
		Source: whoisx.RDAP, Server: "rdap.example", Name: name, Asked: now,
		Outcome: whoisx.Registered, Confirmed: true,
		Created: whoisx.At(expires.AddDate(-5, 0, 0)), Updated: whoisx.At(expires.AddDate(-1, 0, 0)),
		Registrar: "Example Registrar", RegistrarID: "9999", Statuses: []string{"ok"},
	}
	if r.ExpiryPublic {
		a.Expires = whoisx.At(expires)
	}
	if s == nil {
		return a
	}
	if len(s.Statuses) > 0 {
		a.Statuses = slices.Clone(s.Statuses)
	}
	if len(s.Said) > 0 {
		a.SaidStatuses = []string{s.Said[0]}
	}
	if slices.Contains(s.Statuses, "autoRenewPeriod") && r.AutoRenews {
		a.Expires = whoisx.At(expires.AddDate(1, 0, 0))
	}
	// The deletion is the last change; nothing touches the date after it.
	for i, o := range r.Stages {
		if o.From != "deletion" {
			continue
		}
		a.Updated = whoisx.At(began)
		for _, p := range r.Stages[i:] {
			if p.Name == s.Name {
				return a
			}
			a.Updated = whoisx.At(a.Updated.Add(-p.Max))
		}
		a.Updated = whoisx.At(expires.AddDate(-1, 0, 0))
	}
	return a
}

// told reports whether a registry's answer can tell the stage at all.
func told(r Rule, s RuleStage) bool {
	if len(s.Statuses) > 0 || len(s.Said) > 0 {
		return true
	}
	if !r.ExpiryPublic || r.Stages[0].From != "expiry" {
		return false
	}
	for _, o := range r.Stages {
		if o.From == "deletion" {
			return false
		}
		if o.Name == s.Name {
			return true
		}
		if o.Min != o.Max {
			return false
		}
	}
	return false
}

// TestEveryRule lets a name live through every stage of every rule, looked at
// in the middle of each, and wants the stage, its successor and a window that
// holds the drop.
func TestEveryRule(t *testing.T) {
	for _, r := range Default().Rules() {
		zone := r.Zone
		if zone == "*" {
			zone = "photography"
		}
		t.Run(zone, func(t *testing.T) {
			name := "lapsing." + zone
			expires := at("2026-03-10T09:30:15Z")
			if r.Drop.MonthDay > 0 {
				expires = at("2026-03-20T14:59:59Z") // given up, until the month ends
			}
			began := expires
			held := r.held()
			var before *Seen
			look := func(a whoisx.Answer, now time.Time) Verdict {
				in := Input{Name: name, Rule: r, Answers: []whoisx.Answer{a}, Before: before, Now: now}
				v := Decide(in)
				s := Remember(in, v)
				before = &s
				if v.Anomaly != "" {
					t.Errorf("%s: anomaly: %s", now.Format(time.DateTime), v.Anomaly)
				}
				return v
			}
			if v := look(show(r, name, nil, expires, began, expires.AddDate(0, -1, 0)), expires.AddDate(0, -1, 0)); v.Stage != Registered {
				t.Errorf("before expiry it is %s", v.Stage)
			}
			for i := range held {
				s := &held[i]
				dur := s.Max
				if s.Min != s.Max {
					dur = (s.Min + s.Max) / 2
				}
				end := began.Add(dur)
				if s.MonthEnd {
					end = r.Drop.nextMonth(began, false)
				}
				if told(r, *s) {
					now := began.Add(dur / 2)
					v := look(show(r, name, s, expires, began, now), now)
					got := v.Stage
					if got == Dropping && i == len(held)-1 {
						got = s.MapsTo // its window opened before the stage ended
					}
					if got != s.MapsTo || v.RegistryStage != s.Name {
						t.Errorf("%s: it is %s (%s), want %s (%s)", now.Format(time.DateTime), v.Stage, v.RegistryStage, s.MapsTo, s.Name)
					}
					if v.Next == nil {
						t.Errorf("%s: no next stage", s.Name)
					}
					drop := end
					for _, o := range held[i+1:] {
						if o.MonthEnd {
							drop = r.Drop.nextMonth(drop, false)
							continue
						}
						drop = drop.Add((o.Min + o.Max) / 2)
					}
					if r.Drop.Weekly || r.Drop.MonthDay > 0 {
						if r.Drop.Lead > 0 {
							drop = drop.Add(-(held[len(held)-1].Min + held[len(held)-1].Max) / 2)
						}
						drop, _ = r.Drop.next(drop)
					}
					if v.Window == nil {
						t.Errorf("%s: no window", s.Name)
					} else if slack := 36 * time.Hour; drop.Before(r.Drop.open(*v.Window).Add(-slack)) || drop.After(r.Drop.shut(*v.Window).Add(slack)) {
						t.Errorf("%s: the last stage ends %s, outside the window %s", s.Name, drop.Format(time.DateTime), sayWindow(*v.Window))
					}
					if len(v.Why) == 0 {
						t.Errorf("%s: the verdict does not say why", s.Name)
					}
				}
				began = end
			}
			// Gone: two voting sources. A hidden gate must not be called free.
			now := began.Add(time.Hour)
			in := Input{Name: name, Rule: r, Now: now, Before: before, Answers: []whoisx.Answer{
				{Source: whoisx.RDAP, Outcome: whoisx.NotRegistered, Asked: now}, {Source: whoisx.WHOIS, Outcome: whoisx.NotRegistered, Asked: now},
			}}
			want := Free
			if r.Drop.GateHidden && len(held) > 0 {
				want = GatedStage
			}
			if v := Decide(in); v.Stage != want {
				t.Errorf("after the drop it is %s, want %s: %s", v.Stage, want, strings.Join(v.Why, "; "))
			}
		})
	}
}

// TestHistories throws random histories at every rule: whatever registries
// answer, and whatever clocks do, there is a verdict, free never without two
// votes, and no step outside the table without a word about it.
func TestHistories(t *testing.T) {
	rules := Default().Rules()
	statuses := []string{"ok", "clientHold", "serverHold", "autoRenewPeriod", "redemptionPeriod", "pendingDelete", "pendingRestore", "addPeriod", "inactive"}
	outcomes := []whoisx.Outcome{
		whoisx.Registered, whoisx.Registered, whoisx.Registered, whoisx.NotRegistered, whoisx.Reserved, whoisx.Premium, whoisx.Blocked, whoisx.Gated,
		whoisx.RateLimited, whoisx.Unreadable, whoisx.Unreachable,
	}
	sources := []whoisx.Source{whoisx.RDAP, whoisx.WHOIS, whoisx.EPP, whoisx.Registrar, whoisx.DNS, whoisx.DropList}
	rapid.Check(t, func(t *rapid.T) {
		r := rules[rapid.IntRange(0, len(rules)-1).Draw(t, "rule")]
		now := at("2026-01-01T00:00:00Z")
		base := now
		anyDate := rapid.Custom(func(t *rapid.T) whoisx.Date {
			if rapid.IntRange(0, 3).Draw(t, "none") == 0 {
				return whoisx.Date{}
			}
			d := base.Add(time.Duration(rapid.Int64Range(-2000, 1200).Draw(t, "days")) * day).Add(time.Duration(rapid.Int64Range(0, 86399).Draw(t, "s")) * time.Second)
			if rapid.Bool().Draw(t, "dayOnly") {
				return whoisx.Day(d.Year(), d.Month(), d.Day())
			}
			return whoisx.At(d)
		})
		var before *Seen
		for i := range rapid.IntRange(1, 12).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.Int64Range(-400, 2000).Draw(t, "hours")) * time.Hour)
			var as []whoisx.Answer
			for range rapid.IntRange(0, 4).Draw(t, "answers") {
				a := whoisx.Answer{
					Source: rapid.SampledFrom(sources).Draw(t, "source"), Outcome: rapid.SampledFrom(outcomes).Draw(t, "outcome"),
					Confirmed: rapid.IntRange(0, 5).Draw(t, "confirmed") > 0, Asked: now,
					Statuses: rapid.SliceOfNDistinct(rapid.SampledFrom(statuses), 0, 3, rapid.ID).Draw(t, "statuses"),
					Created:  anyDate.Draw(t, "created"), Updated: anyDate.Draw(t, "updated"), Expires: anyDate.Draw(t, "expires"), Deleted: anyDate.Draw(t, "deleted"),
					RegistrarID: rapid.SampledFrom([]string{"", "146", "1756", "9999", "nonsense"}).Draw(t, "registrar"),
				}
				if rapid.IntRange(0, 4).Draw(t, "drop") == 0 {
					a.Drop = &whoisx.Drop{From: anyDate.Draw(t, "from"), To: anyDate.Draw(t, "to"), Will: rapid.Bool().Draw(t, "will")}
				}
				as = append(as, a)
			}
			in := Input{Name: "a." + strings.Trim(r.Zone, "*"), Rule: r, Answers: as, Before: before, Now: now}
			if rapid.Bool().Draw(t, "observed") {
				for j := range 10 {
					in.Observed = append(in.Observed, Observation{At: base.Add(time.Duration(j) * day)})
				}
			}
			v := Decide(in)
			if v.Stage == "" || v.Confidence == "" {
				t.Fatalf("look %d: no stage or no confidence: %+v", i, v)
			}
			if v.Stage == Free && (before == nil || before.Verdict.Stage != Free) {
				if n := len(voters(freeVotes(as))); n < 2 {
					t.Fatalf("free with %d votes", n)
				}
			}
			if before != nil && !CanFollow(before.Verdict.Stage, v.Stage) && v.Anomaly == "" && !newer(before.Verdict, v) {
				t.Fatalf("from %s to %s and no word about it: %v", before.Verdict.Stage, v.Stage, v.Why)
			}
			seen := map[FlagName]bool{}
			for _, f := range v.Flags {
				if seen[f.Flag] {
					t.Fatalf("flag %s twice", f.Flag)
				}
				seen[f.Flag] = true
			}
			if next, why := Poll(v, r, now); !next.After(now) || why == "" || next.After(now.Add(15*day)) {
				t.Fatalf("polled next at %s, now is %s (%s)", next, now, why)
			}
			Timeline(v, r, now)
			if w := v.Window; w != nil && w.Basis == "" {
				t.Fatal("a window without a basis")
			}
			s := Remember(in, v)
			before = &s
		}
	})
}

func freeVotes(as []whoisx.Answer) []whoisx.Answer {
	var out []whoisx.Answer
	for _, a := range as {
		if a.Outcome == whoisx.NotRegistered || a.Outcome == whoisx.Premium && (a.Source == whoisx.EPP || a.Source == whoisx.Registrar) {
			out = append(out, a)
		}
	}
	return out
}

// newer reports whether a verdict is about another registration.
func newer(a, b Verdict) bool {
	return !b.Created.IsZero() && (a.Created.IsZero() || b.Created.After(a.Created.Time))
}

func ExampleFormatSpan() {
	d, _ := ParseSpan("45d")
	fmt.Println(d, FormatSpan(d+90*time.Minute))
	// Output: 1080h0m0s 45d1h30m
}
