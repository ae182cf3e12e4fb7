package lifecycle

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

func ans(src whoisx.Source, o whoisx.Outcome, edit ...func(*whoisx.Answer)) whoisx.Answer {
	a := whoisx.Answer{Source: src, Server: string(src) + ".example", Outcome: o, Confirmed: o == whoisx.Registered}
	for _, e := range edit {
		e(&a)
	}
	return a
}

func TestVotes(t *testing.T) {
	b := Default()
	price := func(a *whoisx.Answer) { a.Price = &whoisx.Price{Amount: "119.00", Currency: "USD"} }
	taken := func(a *whoisx.Answer) { a.Statuses, a.Expires = []string{"ok"}, dt("2027-08-27") }
	tests := []struct {
		what    string
		name    string
		as      []whoisx.Answer
		stage   Stage
		sure    Confidence
		missing []whoisx.Source
		flag    FlagName
	}{
		{"RDAP 404 alone", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered)}, LikelyFree, Single, []whoisx.Source{whoisx.WHOIS, whoisx.Registrar, whoisx.EPP}, ""},
		{"RDAP and WHOIS", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.WHOIS, whoisx.NotRegistered)}, Free, Confirmed, nil, ""},
		{"RDAP twice is one", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.RDAP, whoisx.NotRegistered, func(a *whoisx.Answer) { a.Server = "other" })}, LikelyFree, Single, []whoisx.Source{whoisx.WHOIS, whoisx.Registrar, whoisx.EPP}, ""},
		{"DNS never counts", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.DNS, whoisx.NotRegistered)}, LikelyFree, Single, []whoisx.Source{whoisx.WHOIS, whoisx.Registrar, whoisx.EPP}, ""},
		{"DNS alone", "a.com", []whoisx.Answer{ans(whoisx.DNS, whoisx.NotRegistered, func(a *whoisx.Answer) { a.Delegation = whoisx.NotDelegated })}, Unknown, Guess, []whoisx.Source{whoisx.RDAP, whoisx.WHOIS, whoisx.Registrar, whoisx.EPP}, ""},
		{"RDAP-only TLD", "a.dev", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered)}, LikelyFree, Single, []whoisx.Source{whoisx.Registrar, whoisx.EPP}, ""},
		{"they disagree", "a.net", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.WHOIS, whoisx.Registered, taken)}, Registered, Conflict, nil, ""},
		{"reserved beats not-registered", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.EPP, whoisx.Reserved)}, ReservedStage, Single, nil, FlagReserved},
		{"reserved beats two of them", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.Registrar, whoisx.NotRegistered), ans(whoisx.WHOIS, whoisx.Reserved)}, ReservedStage, Single, nil, FlagReserved},
		{"a registrar's not available is no holder", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.Registrar, whoisx.Registered), ans(whoisx.EPP, whoisx.Reserved)}, ReservedStage, Single, nil, FlagReserved},
		{"blocked beats reserved", "a.com", []whoisx.Answer{ans(whoisx.EPP, whoisx.Reserved), ans(whoisx.WHOIS, whoisx.Blocked)}, BlockedStage, Single, nil, ""},
		{"premium at EPP is a vote with a price", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.EPP, whoisx.Premium, price)}, Free, Confirmed, nil, FlagPremium},
		{"premium in WHOIS is none", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.WHOIS, whoisx.Premium)}, LikelyFree, Single, []whoisx.Source{whoisx.WHOIS, whoisx.Registrar, whoisx.EPP}, FlagPremium},
		{"gated", "a.info", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.WHOIS, whoisx.Gated, func(a *whoisx.Answer) { a.Category = "dropzone" })}, GatedStage, Single, nil, ""},
		{"a hidden gate, nothing known from before", "a.info", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.WHOIS, whoisx.NotRegistered)}, LikelyFree, Guess, []whoisx.Source{whoisx.Registrar, whoisx.EPP}, ""},
		{"a hidden gate, EPP sees behind it", "a.info", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.EPP, whoisx.NotRegistered)}, Free, Confirmed, nil, ""},
		{"registered without the name is unreadable", "a.com", []whoisx.Answer{ans(whoisx.WHOIS, whoisx.Registered, func(a *whoisx.Answer) { a.Confirmed = false })}, Unknown, Guess, nil, ""},
		{"throttled", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.RateLimited)}, Unknown, Guess, nil, ""},
		{"a country code without a rule is not given 45+30+5", "a.zz", []whoisx.Answer{ans(whoisx.WHOIS, whoisx.Registered, taken)}, Registered, Single, nil, ""},
		{"two-character names are reserved", "zq.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.WHOIS, whoisx.NotRegistered)}, LikelyFree, Guess, nil, FlagReserved},
		{"RFC 6761", "a.test", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered)}, LikelyFree, Guess, nil, FlagReserved},
		{"nexus", "a.us", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered)}, LikelyFree, Single, nil, FlagNexus},
		{"hold is a flag", "a.com", []whoisx.Answer{ans(whoisx.RDAP, whoisx.Registered, taken, func(a *whoisx.Answer) { a.Statuses = []string{"clientHold"} })}, Registered, Single, nil, FlagHold},
		{"an expiry access fee", "a.app", []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.EPP, whoisx.NotRegistered, func(a *whoisx.Answer) {
			a.Price = &whoisx.Price{Amount: "7600.00", Currency: "USD", What: "Expiry Access Period, fee expires: 2026-11-21T13:00:00Z"}
		})}, GatedStage, Confirmed, nil, FlagEAP},
		{"early access", "a.xyz", []whoisx.Answer{ans(whoisx.EPP, whoisx.NotRegistered, func(a *whoisx.Answer) {
			a.Price = &whoisx.Price{Amount: "100.00", Currency: "USD", What: "Early Access Period, fee expires: 2026-11-22T16:00:00Z"}
		})}, LikelyFree, Single, nil, FlagEAP},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			v := Decide(Input{Name: tt.name, Rule: b.Rule(tt.name), Answers: tt.as, Now: at("2026-11-21T12:00:00Z")})
			if v.Stage != tt.stage || v.Confidence != tt.sure {
				t.Errorf("%s %s, want %s %s: %v", v.Stage, v.Confidence, tt.stage, tt.sure, v.Why)
			}
			if tt.missing != nil && !slices.Equal(v.Missing, tt.missing) {
				t.Errorf("missing %v, want %v", v.Missing, tt.missing)
			}
			if tt.flag != "" && v.Has(tt.flag) == nil {
				t.Errorf("no flag %s: %v", tt.flag, v.Flags)
			}
			if len(v.Why) == 0 {
				t.Error("it does not say why")
			}
		})
	}
}

func TestStaleAnswersDoNotVote(t *testing.T) {
	now := at("2026-11-21T12:00:00Z")
	old := ans(whoisx.WHOIS, whoisx.NotRegistered, func(a *whoisx.Answer) { a.Asked = now.Add(-25 * time.Hour) })
	fresh := ans(whoisx.RDAP, whoisx.NotRegistered, func(a *whoisx.Answer) { a.Asked = now })
	if v := Decide(Input{Name: "a.com", Rule: Default().Rule("a.com"), Answers: []whoisx.Answer{old, fresh}, Now: now}); v.Stage != LikelyFree {
		t.Errorf("yesterday's WHOIS counted: %s", v.Stage)
	}
	// Two answers of one hour, read a month later, are a guess.
	fresh.Asked = old.Asked
	if v := Decide(Input{Name: "a.com", Rule: Default().Rule("a.com"), Answers: []whoisx.Answer{old, fresh}, Now: now.AddDate(0, 1, 0)}); v.Stage != LikelyFree || v.Confidence != Guess {
		t.Errorf("a month later: %s %s", v.Stage, v.Confidence)
	}
}

// journey is a name followed over several looks.
type journey struct {
	t      *testing.T
	name   string
	rule   Rule
	before *Seen
	ours   bool
}

func (j *journey) look(now string, as ...whoisx.Answer) Verdict {
	j.t.Helper()
	in := Input{Name: j.name, Rule: j.rule, Answers: as, Before: j.before, Now: at(now), Ours: j.ours}
	v := Decide(in)
	s := Remember(in, v)
	// What is stored comes back the same.
	raw, err := json.Marshal(s)
	if err != nil {
		j.t.Fatal(err)
	}
	var back Seen
	if err := json.Unmarshal(raw, &back); err != nil {
		j.t.Fatal(err)
	}
	j.before = &back
	return v
}

func (v Verdict) event(e Event) bool {
	return slices.ContainsFunc(v.Happened, func(h Happening) bool { return h.Event == e })
}

func held(status, created, updated, expires, registrar, id string) whoisx.Answer {
	return ans(whoisx.RDAP, whoisx.Registered, func(a *whoisx.Answer) {
		a.Statuses = strings.Fields(status)
		a.Created, a.Updated, a.Expires = dt(created), dt(updated), dt(expires)
		a.Registrar, a.RegistrarID = registrar, id
	})
}

func gone(src whoisx.Source) whoisx.Answer { return ans(src, whoisx.NotRegistered) }

const born = "2009-08-27T10:00:00Z"

func TestJourneys(t *testing.T) {
	com := func(t *testing.T) *journey { return &journey{t: t, name: "a.com", rule: Default().Rule("a.com")} }
	ok := held("ok", born, "2025-08-28T10:00:00Z", "2026-08-27T10:00:00Z", "Example", "9999") // before its expiry
	auto := held("autoRenewPeriod", born, "2026-08-27T10:00:00Z", "2027-08-27T10:00:00Z", "Example", "9999")
	red := held("redemptionPeriod pendingDelete", born, "2026-10-06T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999")

	t.Run("the automatic year is no renewal, and the delete takes it back", func(t *testing.T) {
		j := com(t)
		j.look("2026-08-01T00:00:00Z", ok)
		v := j.look("2026-08-28T00:00:00Z", auto)
		if v.Stage != Expired || v.event(EventRenewed) || !v.event(EventExpired) || v.Expires != dt("2026-08-27T10:00:00Z") {
			t.Errorf("%s %v expires %s", v.Stage, v.Happened, v.Expires)
		}
		v = j.look("2026-10-07T00:00:00Z", red)
		if v.Stage != Redemption || !v.event(EventDeleted) || v.Anomaly != "" || v.Since != dt("2026-10-06T19:02:00Z") {
			t.Errorf("%s %v since %s %s", v.Stage, v.Happened, v.Since, v.Anomaly)
		}
	})
	t.Run("renewed during the grace period", func(t *testing.T) {
		j := com(t)
		j.look("2026-08-28T00:00:00Z", auto)
		v := j.look("2026-09-05T00:00:00Z", held("ok", born, "2026-09-04T10:00:00Z", "2027-08-27T10:00:00Z", "Example", "9999"))
		if v.Stage != Registered || !v.event(EventRenewed) {
			t.Errorf("%s %v", v.Stage, v.Happened)
		}
		if next, _ := Poll(v, j.rule, at("2026-09-05T00:00:00Z")); next.Sub(at("2026-09-05T00:00:00Z")) != 7*day {
			t.Errorf("polled next at %s", next)
		}
	})
	t.Run("what the registrar shows is told, and concludes nothing", func(t *testing.T) {
		a := auto
		a.RegistrarExpires = dt("2027-08-27T10:00:00Z")
		if v := com(t).look("2026-08-30T00:00:00Z", a); v.Stage != Expired || !strings.Contains(strings.Join(v.Why, " "), "its holder may have renewed") {
			t.Errorf("%s %v", v.Stage, v.Why)
		}
		// A registry that hides its periods: the registrar's date tells.
		a.Statuses, a.RegistrarExpires = []string{"ok"}, dt("2026-08-27")
		if v := com(t).look("2026-08-30T00:00:00Z", a); v.Stage != Expired || !strings.Contains(strings.Join(v.Why, " "), "not renewed") {
			t.Errorf("%s %v", v.Stage, v.Why)
		}
	})
	t.Run("kept after the grace period", func(t *testing.T) {
		j := com(t)
		j.look("2026-10-10T00:00:00Z", auto)
		v := j.look("2026-10-12T00:00:00Z", held("ok", born, "2026-08-27T10:00:00Z", "2027-08-27T10:00:00Z", "Example", "9999"))
		if !v.event(EventKept) {
			t.Errorf("%v", v.Happened)
		}
	})
	t.Run("sold before the drop", func(t *testing.T) {
		j := com(t)
		v := j.look("2026-09-01T00:00:00Z", held("autoRenewPeriod", born, "2026-08-27T10:00:00Z", "2027-08-27T10:00:00Z", "GoDaddy.com, LLC", "146"))
		if f := v.Has(FlagAuctioned); f == nil || f.Category != "GoDaddy Auctions" || f.Until.String() != "2026-10-02" {
			t.Errorf("flag %+v", f)
		}
		v = j.look("2026-10-11T00:00:00Z", held("ok", born, "2026-10-10T10:00:00Z", "2027-08-27T10:00:00Z", "Dynadot Inc", "472"))
		if !v.event(EventSold) || v.event(EventRenewed) || !v.event(EventTransferred) {
			t.Errorf("%v", v.Happened)
		}
	})
	t.Run("renewed or sold, nobody can tell", func(t *testing.T) {
		j := com(t)
		j.look("2026-09-01T00:00:00Z", held("autoRenewPeriod", born, "2026-08-27T10:00:00Z", "2027-08-27T10:00:00Z", "Network Solutions, LLC", "2"))
		v := j.look("2026-10-11T00:00:00Z", held("ok", born, "2026-10-10T10:00:00Z", "2027-08-27T10:00:00Z", "Network Solutions, LLC", "2"))
		if v.event(EventRenewed) || !v.event(EventKept) || !strings.Contains(strings.Join(v.Why, " "), "sold at NameJet") {
			t.Errorf("%v %v", v.Happened, v.Why)
		}
	})
	t.Run("at auction by its name servers", func(t *testing.T) {
		j := com(t)
		a := held("autoRenewPeriod", born, "2026-08-27T10:00:00Z", "2027-08-27T10:00:00Z", "eNom, LLC", "48")
		a.Nameservers = []string{"ns1.example.net"}
		j.look("2026-09-01T00:00:00Z", a)
		a.Nameservers = []string{"ns1.namejet.com", "ns2.namejet.com"}
		v := j.look("2026-09-30T00:00:00Z", a)
		if v.Stage != Expired || v.Has(FlagAtAuction) == nil || !v.event(EventAtAuction) {
			t.Errorf("%s %v %v", v.Stage, v.Flags, v.Happened)
		}
	})
	t.Run("restored", func(t *testing.T) {
		j := com(t)
		j.look("2026-10-07T00:00:00Z", red)
		v := j.look("2026-10-20T00:00:00Z", held("pendingRestore pendingDelete", born, "2026-10-19T10:00:00Z", "2026-08-27T10:00:00Z", "Example", "9999"))
		if v.Stage != PendingRestore || !v.event(EventRestoring) {
			t.Errorf("%s %v", v.Stage, v.Happened)
		}
		v = j.look("2026-10-22T00:00:00Z", held("ok", born, "2026-10-21T10:00:00Z", "2027-08-27T10:00:00Z", "Example", "9999"))
		if v.Stage != Registered || !v.event(EventRestored) || v.Anomaly != "" {
			t.Errorf("%s %v %s", v.Stage, v.Happened, v.Anomaly)
		}
	})
	t.Run("restored and paid for on the day from which its new year counts", func(t *testing.T) {
		j := com(t)
		j.look("2026-10-07T00:00:00Z", red)
		v := j.look("2026-10-22T00:00:00Z", held("ok", born, "2026-10-21T10:00:00Z", "2027-10-21T10:00:00Z", "Example", "9999"))
		if v.Stage != Registered || !v.event(EventRestored) {
			t.Errorf("%s %v", v.Stage, v.Happened)
		}
	})
	t.Run("a restore that failed begins a new redemption", func(t *testing.T) {
		j := com(t)
		j.look("2026-10-07T00:00:00Z", red)
		j.look("2026-10-20T00:00:00Z", held("pendingRestore pendingDelete", born, "2026-10-19T10:00:00Z", "2026-08-27T10:00:00Z", "Example", "9999"))
		v := j.look("2026-10-27T00:00:00Z", held("redemptionPeriod pendingDelete", born, "2026-10-26T10:00:00Z", "2026-08-27T10:00:00Z", "Example", "9999"))
		if v.Stage != Redemption || !v.event(EventRestoreFailed) || v.Since != dt("2026-10-26T10:00:00Z") {
			t.Errorf("%s since %s %v", v.Stage, v.Since, v.Happened)
		}
	})
	t.Run("back from pending delete is shown, not believed silently", func(t *testing.T) {
		j := com(t)
		j.look("2026-11-07T00:00:00Z", held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999"))
		v := j.look("2026-11-09T00:00:00Z", held("ok", born, "2026-11-08T19:02:00Z", "2027-08-27T10:00:00Z", "Example", "9999"))
		if v.Anomaly == "" || !v.event(EventBackFromTheGrave) {
			t.Errorf("%q %v", v.Anomaly, v.Happened)
		}
	})
	t.Run("caught by a service", func(t *testing.T) {
		j := com(t)
		pd := held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999")
		j.look("2026-11-10T18:50:00Z", pd)
		v := j.look("2026-11-10T19:10:00Z", pd)
		if v.Stage != Dropping {
			t.Errorf("inside its window it is %s", v.Stage)
		}
		caught := held("addPeriod", "2026-11-10T19:12:03Z", "2026-11-10T19:12:03Z", "2027-11-10T19:12:03Z", "DropCatch.com 612 LLC", "2092")
		v = j.look("2026-11-10T19:13:00Z", caught)
		f := v.Has(FlagAtAuction)
		if v.Stage != Registered || f == nil || f.Category != "DropCatch" || f.Until.String() != "2026-11-13T19:12:03Z" || !v.event(EventCaughtByService) || v.Anomaly != "" {
			t.Fatalf("%s %+v %v %s", v.Stage, f, v.Happened, v.Anomaly)
		}
		if v.Why[0] != "caught by DropCatch; its auction is open until 13 Nov 2026 19:12:03 UTC if several ordered it" {
			t.Errorf("why %q", v.Why[0])
		}
		if v = j.look("2026-11-12T00:00:00Z", caught); v.Stage != Registered || v.Has(FlagAtAuction) == nil {
			t.Errorf("on the second day it is %s %v", v.Stage, v.Flags)
		}
		if v = j.look("2026-11-15T00:00:00Z", caught); v.Stage != Lost || v.Has(FlagAtAuction) != nil {
			t.Errorf("after the auction it is %s", v.Stage)
		}
		if v = j.look("2026-11-16T00:00:00Z", caught); v.Stage != Lost {
			t.Errorf("then it is %s", v.Stage)
		}
	})
	t.Run("lost to somebody", func(t *testing.T) {
		j := com(t)
		j.look("2026-11-10T19:10:00Z", held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999"))
		v := j.look("2026-11-10T19:13:00Z", held("addPeriod", "2026-11-10T19:12:03Z", "2026-11-10T19:12:03Z", "2027-11-10T19:12:03Z", "Small Registrar", "4242"))
		if v.Stage != Lost || !v.event(EventReregistered) {
			t.Errorf("%s %v", v.Stage, v.Happened)
		}
	})
	t.Run("ours", func(t *testing.T) {
		j := com(t)
		j.look("2026-11-10T19:10:00Z", held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999"))
		j.ours = true
		if v := j.look("2026-11-10T19:13:00Z", held("addPeriod", "2026-11-10T19:12:03Z", "2026-11-10T19:12:03Z", "2027-11-10T19:12:03Z", "Small Registrar", "4242")); v.Stage != Caught {
			t.Errorf("%s", v.Stage)
		}
	})
	t.Run("gone, then two agree", func(t *testing.T) {
		j := com(t)
		j.look("2026-11-10T19:10:00Z", held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999"))
		before := j.before
		v := j.look("2026-11-10T19:11:00Z", gone(whoisx.RDAP))
		if v.Stage != LikelyFree || !v.event(EventGone) {
			t.Errorf("%s %v", v.Stage, v.Happened)
		}
		if o, ok := Drop(before, v, at("2026-11-10T19:11:00Z")); !ok || o.Began != at("2026-11-05T19:02:00Z") {
			t.Errorf("no drop was observed: %+v", o)
		}
		if v = j.look("2026-11-10T19:12:00Z", gone(whoisx.RDAP), gone(whoisx.WHOIS)); v.Stage != Free {
			t.Errorf("%s", v.Stage)
		}
	})
	t.Run("a false 404", func(t *testing.T) {
		j := com(t)
		j.look("2026-11-01T00:00:00Z", gone(whoisx.RDAP))
		v := j.look("2026-11-02T00:00:00Z", held("ok", born, "2026-08-28T10:00:00Z", "2027-08-27T10:00:00Z", "Example", "9999"))
		if v.Stage == Lost || v.Anomaly == "" {
			t.Errorf("%s %q", v.Stage, v.Anomaly)
		}
	})
	t.Run("what says nothing changes nothing", func(t *testing.T) {
		j := com(t)
		a := j.look("2026-10-07T00:00:00Z", red)
		b := j.look("2026-10-08T00:00:00Z", ans(whoisx.RDAP, whoisx.Unreadable), ans(whoisx.WHOIS, whoisx.RateLimited))
		if a.Stage != b.Stage || a.Since != b.Since || *a.Window != *b.Window || len(b.Happened) > 0 {
			t.Errorf("%+v became %+v", a, b)
		}
		// A registrar that only says "taken" does not undo the stage either.
		if c := j.look("2026-10-09T00:00:00Z", ans(whoisx.Registrar, whoisx.Registered)); c.Stage != Redemption || c.Confidence != Guess {
			t.Errorf("%s %s", c.Stage, c.Confidence)
		}
	})
	t.Run("a registry that answers from the past", func(t *testing.T) {
		j := com(t)
		j.look("2026-10-07T00:00:00Z", red)
		v := j.look("2026-10-08T00:00:00Z", auto)
		if v.Stage != Redemption || v.Anomaly == "" {
			t.Errorf("%s %q", v.Stage, v.Anomaly)
		}
	})
	t.Run("a status that only one source tells", func(t *testing.T) {
		j := com(t)
		locked := held("clientTransferProhibited", born, "2025-08-28T10:00:00Z", "2027-08-27T10:00:00Z", "Example", "9999")
		open := held("ok", born, "2025-08-28T10:00:00Z", "2027-08-27T10:00:00Z", "Example", "9999")
		whois := open
		whois.Source = whoisx.WHOIS
		lock := func() bool {
			was, _ := j.before.Showed(whoisx.RDAP)
			return slices.Contains(was.Statuses, "clientTransferProhibited")
		}
		j.look("2026-08-01T00:00:00Z", locked)
		j.look("2026-08-01T02:00:00Z", whois) // RDAP was not heard
		if !lock() {
			t.Error("WHOIS leaves the lock out: it is not gone")
		}
		j.look("2026-08-01T04:00:00Z", locked)
		j.look("2026-08-01T06:00:00Z", open)
		if lock() {
			t.Error("RDAP told the lock before and leaves it out: it is gone")
		}
		j.look("2026-08-01T08:00:00Z", locked)
		j.look("2026-08-01T10:00:00Z", whois)
		j.look("2026-08-01T12:00:00Z", open)
		j.look("2026-08-01T14:00:00Z", open)
		if lock() {
			t.Error("RDAP left it out twice: it is gone")
		}
	})
	t.Run("clocks jump", func(t *testing.T) {
		j := com(t)
		j.look("2026-10-07T00:00:00Z", red)
		if v := j.look("2025-10-07T00:00:00Z", red); v.Anomaly == "" || v.Stage != Redemption {
			t.Errorf("a year back: %s %q", v.Stage, v.Anomaly)
		}
		if v := j.look("2027-10-07T00:00:00Z", red); v.Stage != Redemption || v.Window != nil || v.Anomaly == "" {
			t.Errorf("two years ahead: %s %q %+v", v.Stage, v.Anomaly, v.Window)
		}
	})
	t.Run("Dropzone", func(t *testing.T) {
		j := &journey{t: t, name: "a.info", rule: Default().Rule("a.info")}
		pd := held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999")
		j.look("2026-11-10T18:00:00Z", pd)
		if v := j.look("2026-11-10T20:00:00Z", gone(whoisx.RDAP)); v.Stage != GatedStage || v.RegistryStage != "Dropzone" {
			t.Errorf("%s %s", v.Stage, v.RegistryStage)
		}
		if v := j.look("2026-11-11T21:00:00Z", gone(whoisx.RDAP), gone(whoisx.Registrar)); v.Stage != Free {
			t.Errorf("%s", v.Stage)
		}
	})
	t.Run("a gate that no word tells opens after its time", func(t *testing.T) {
		j := &journey{t: t, name: "a.info", rule: Default().Rule("a.info")}
		j.look("2026-11-10T18:00:00Z", held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999"))
		j.look("2026-11-10T20:00:00Z", gone(whoisx.RDAP), gone(whoisx.WHOIS))
		if v := j.look("2026-11-13T21:00:00Z", gone(whoisx.RDAP), gone(whoisx.WHOIS)); v.Stage != Free {
			t.Errorf("%s", v.Stage)
		}
	})
	t.Run("uk pendingDelete, first seen without a date", func(t *testing.T) {
		j := &journey{t: t, name: "a.uk", rule: Default().Rule("a.uk")}
		v := j.look("2026-10-10T00:00:00Z", held("pendingDelete", born, "", "", "", ""))
		if v.Stage != Expired || v.Confidence != Guess {
			t.Errorf("%s %s", v.Stage, v.Confidence)
		}
		a := held("pendingDelete", born, "", "", "", "")
		a.Drop = &whoisx.Drop{From: dt("2026-12-03T09:12:44Z"), Will: true, Text: "Drop 2026-12-03T09:12:44Z"}
		a.Source = whoisx.EPP
		v = j.look("2026-11-29T00:00:00Z", a)
		if v.Stage != PendingDelete || v.Window.Certainty != Will || v.Window.From != dt("2026-12-03T09:12:44Z") || v.Window.To != v.Window.From {
			t.Errorf("%s %+v", v.Stage, v.Window)
		}
	})
	t.Run("nobody looked for two years", func(t *testing.T) {
		j := com(t)
		j.look("2024-08-01T00:00:00Z", held("ok", born, "2023-08-28T10:00:00Z", "2024-08-27T10:00:00Z", "Example", "9999"))
		a := held("pendingDelete", born, "", "2026-08-27T10:00:00Z", "Example", "9999")
		if v := j.look("2026-11-07T00:00:00Z", a); v.Window == nil || v.Window.From.Before(at("2026-11-06T00:00:00Z")) || v.Window.To.After(at("2026-11-14T00:00:00Z")) {
			t.Errorf("%+v", v.Window)
		}
	})
	t.Run("nobody looked through a window", func(t *testing.T) {
		j := com(t)
		j.look("2026-11-09T00:00:00Z", held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999"))
		v := j.look("2026-11-13T00:00:00Z", gone(whoisx.RDAP))
		if !strings.Contains(strings.Join(v.Why, " "), "nobody looked from 9 Nov 2026 00:00 UTC to 13 Nov 2026 00:00 UTC, while its window was open") {
			t.Errorf("%v", v.Why)
		}
	})
	t.Run("a word that no rule maps", func(t *testing.T) {
		j := &journey{t: t, name: "a.tz", rule: Default().Rule("a.tz")}
		a := held("", born, "", "", "", "")
		a.SaidStatuses = []string{"Expired"}
		if v := j.look("2026-11-08T00:00:00Z", a); v.Stage != Expired || v.Confidence != Guess || v.Window != nil {
			t.Errorf("%s %s %v", v.Stage, v.Confidence, v.Window)
		}
	})
	t.Run("ee: expired with serverHold is out of the zone", func(t *testing.T) {
		j := &journey{t: t, name: "a.ee", rule: Default().Rule("a.ee")}
		a := held("serverHold", born, "", "2026-10-08", "", "")
		a.SaidStatuses = []string{"expired", "serverHold"}
		if v := j.look("2026-11-08T00:00:00Z", a); v.RegistryStage != "expired, out of zone" || v.Window == nil || v.Window.From != dt("2026-11-22") {
			t.Errorf("%s %+v", v.RegistryStage, v.Window)
		}
	})
	t.Run("a list beats the rule", func(t *testing.T) {
		j := &journey{t: t, name: "a.se", rule: Default().Rule("a.se")}
		q := held("ok", born, "", "2026-08-27", "", "")
		q.SaidStatuses = []string{"quarantine"}
		list := ans(whoisx.DropList, whoisx.Registered, func(a *whoisx.Answer) { a.Drop = &whoisx.Drop{From: dt("2026-11-12"), Will: true} })
		v := j.look("2026-11-08T00:00:00Z", q, list)
		if v.Stage != PendingDelete || v.Window.From != dt("2026-11-12T04:00:00Z") || v.Window.To != dt("2026-11-12") || v.Window.Certainty != Will {
			t.Errorf("%s %+v", v.Stage, v.Window)
		}
	})
	t.Run("a list still has a name that was caught since", func(t *testing.T) {
		for _, c := range []struct{ name, said, created, from, caught, before, after, later string }{
			{"a.uk", "Suspended", born, "2026-11-12T14:03:20Z", "2026-11-12T14:03:20Z", "2026-11-12T14:03:19Z", "2026-11-12T14:03:21Z", "2026-11-12T18:00:00Z"},
			{"a.uk", "Suspended", born, "2026-11-12", "2026-11-12T14:03:20Z", "2026-11-12T14:03:19Z", "2026-11-12T14:03:21Z", "2026-11-12T18:00:00Z"},
			// A registry that shows the day alone.
			{"a.se", "quarantine", "2015-08-27", "2026-11-12T04:00:00Z", "2026-11-12", "2026-11-12T03:59:00Z", "2026-11-12T04:03:00Z", "2026-11-12T18:00:00Z"},
			{"a.se", "quarantine", "2015-08-27", "2026-11-12", "2026-11-12", "2026-11-12T03:59:00Z", "2026-11-12T04:03:00Z", "2026-11-12T18:00:00Z"},
			{"a.se", "quarantine", "2015-08-27", "2026-11-12", "2026-11-13", "2026-11-12T03:59:00Z", "2026-11-13T00:03:00Z", "2026-11-13T04:00:00Z"},
		} {
			for _, ours := range []bool{false, true} {
				j := &journey{t: t, name: c.name, rule: Default().Rule(c.name)}
				list := ans(whoisx.DropList, whoisx.Registered, func(a *whoisx.Answer) { a.Drop = &whoisx.Drop{From: dt(c.from), Will: true} })
				old := held("", c.created, "", "2026-08-27T10:00:00Z", "Example", "")
				old.SaidStatuses = []string{c.said}
				if v := j.look(c.before, old, list); v.Stage != PendingDelete && v.Stage != Dropping || v.Window == nil {
					t.Fatalf("%s, %s: %s, %+v", c.name, c.from, v.Stage, v.Window)
				}
				j.ours = ours
				caught := held("", c.caught, "", "2027-11-12T14:03:20Z", "Another", "")
				want, event := Lost, true
				if ours {
					want, event = Caught, false
				}
				v := j.look(c.after, caught, list)
				if v.Stage != want || v.Window != nil || v.event(EventReregistered) != event {
					t.Errorf("%s, %s, ours %v: %s, %+v, %v", c.name, c.from, ours, v.Stage, v.Window, v.Happened)
				}
				if v = j.look(c.later, caught, list); v.Stage != want || v.event(EventBackFromTheGrave) || v.Anomaly != "" {
					t.Errorf("%s, %s, ours %v, later: %s, %v, %v", c.name, c.from, ours, v.Stage, v.Happened, v.Anomaly)
				}
				if v = j.look(c.later, caught); v.Stage != want || v.event(EventBackFromTheGrave) || v.Anomaly != "" {
					t.Errorf("%s, %s, ours %v, off the list: %s, %v, %v", c.name, c.from, ours, v.Stage, v.Happened, v.Anomaly)
				}
			}
		}
	})
}

func TestLookAlike(t *testing.T) {
	for name, want := range map[string]string{
		"example.com":       "",
		"xn--mnchen-3ya.de": "",
		"xn--pple-43d.com":  "it looks like apple.com but is another name",
		"xn--e1awd7f.com":   "it looks like epic.com but is another name",
		"xn--wgv71a119e.jp": "",
		"xn--\xff.com":      "its A-label cannot be decoded",
	} {
		if got := LookAlike(name); got != want {
			t.Errorf("LookAlike(%s) = %q, want %q", name, got, want)
		}
	}
}

func TestVerdictJSON(t *testing.T) {
	v := Decide(Input{Name: "a.zz", Rule: Default().Rule("a.zz"), Answers: []whoisx.Answer{ans(whoisx.WHOIS, whoisx.Registered)}, Now: at("2026-11-21T12:00:00Z")})
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"stage", "registry_stage", "since", "next", "window", "flags", "confidence"} {
		if _, ok := m[k]; !ok {
			t.Errorf("no %q in %s", k, raw)
		}
	}
	for _, k := range []string{"registry_stage", "next", "window"} {
		if m[k] != nil {
			t.Errorf("%s is %v, want null", k, m[k])
		}
	}
}

// TestReserved wants the lists of Specification 5 under generic TLDs alone, and
// never for a name that somebody holds.
func TestReserved(t *testing.T) {
	for name, category := range map[string]string{
		"germany.photography": "Specification 5 §4", "costa-rica.photography": "Specification 5 §4", "costarica.org": "Specification 5 §4", "germany.com": "",
		"xn--trkiye-3ya.photography": "Specification 5 §4", "olympic.com": "Specification 5 §5: International Olympic", "xn--jlq85io9flpq.xyz": "Specification 5 §5",
		"redcross.app": "Specification 5 §5: Red Cross", "international-monetary-fund.info": "Specification 5 §6", "imf.info": "", "germany.de": "", "tinplate.photography": "",
		"ab.photography": "Specification 5 §2", "example.app": "Specification 5 §1", "nic.app": "Specification 5 §3", "ab--cd.app": "Specification 5 §1", "foo.onion": "RFC 6761",
	} {
		in := Input{Name: name, Rule: Default().Rule(name), Now: at("2026-11-10"), Answers: []whoisx.Answer{gone(whoisx.RDAP)}}
		v := Decide(in)
		f := v.Has(FlagReserved)
		if got := ""; f != nil || category != "" {
			if f != nil {
				got = f.Category
			}
			if category == "" || !strings.HasPrefix(got, category) {
				t.Errorf("%s: flag %q, want %q", name, got, category)
			}
			if v.Stage != LikelyFree || v.Confidence != Guess {
				t.Errorf("%s: %s, %s", name, v.Stage, v.Confidence)
			}
		}
		in.Answers = []whoisx.Answer{held("ok", born, "", "2028-08-27T10:00:00Z", "Example", "9999")}
		if f := Decide(in).Has(FlagReserved); f != nil && f.Category != "RFC 6761" {
			t.Errorf("%s: held, and flagged %s", name, f.Category)
		}
	}
	for _, c := range DefaultReserved().Categories {
		if c.Complete == "" || c.Source == "" || c.Why == "" {
			t.Errorf("%s does not say where it is from and what it lacks", c.Category)
		}
	}
	r := DefaultReserved()
	if err := r.Overlay("reserved.toml", []byte("[[category]]\ncategory = \"of my own\"\nnames = \"tin plate\"\n")); err != nil {
		t.Fatal(err)
	}
	if c := r.Category("tin-plate", "app"); c == nil || c.Category != "of my own" || r.Category("germany", "app") == nil || DefaultReserved().Category("tinplate", "app") != nil {
		t.Errorf("laid over: %+v", c)
	}
	for _, bad := range []string{"[[category]]\nnames = \"a\"\n", "[[category]]\ncategory = \"x\"\nname = \"a\"\n", "[[category]]\ncategory = \"x\"\nnames = \"a_b\"\n"} {
		if err := r.Overlay("reserved.toml", []byte(bad)); err == nil || !strings.Contains(err.Error(), "reserved.toml:") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Several sources say, one says.
func TestVerbs(t *testing.T) {
	held := func(a *whoisx.Answer) { a.Statuses, a.Expires = []string{"ok"}, dt("2027-08-27") }
	no := func(s whoisx.Source) whoisx.Answer { return ans(s, whoisx.NotRegistered) }
	for _, tt := range []struct {
		name string
		as   []whoisx.Answer
		want string
	}{
		{"a.net", []whoisx.Answer{no(whoisx.RDAP), ans(whoisx.WHOIS, whoisx.Registered, held)}, "says registered, RDAP"},
		{"a.net", []whoisx.Answer{ans(whoisx.RDAP, whoisx.Registered, held), ans(whoisx.WHOIS, whoisx.Registered, held), no(whoisx.EPP)}, "say registered, EPP"},
		{"a.net", []whoisx.Answer{no(whoisx.RDAP), no(whoisx.WHOIS), ans(whoisx.EPP, whoisx.Registered, held)}, "say not registered; it is not called free"},
		{"zq.com", []whoisx.Answer{no(whoisx.RDAP), no(whoisx.WHOIS)}, "RDAP and WHOIS say not registered, but"},
		{"a.com", []whoisx.Answer{no(whoisx.RDAP)}, "only RDAP says not registered"},
	} {
		v := Decide(Input{Name: tt.name, Rule: Default().Rule(tt.name), Answers: tt.as, Now: dt("2026-11-21").Time})
		if why := strings.Join(v.Why, "; "); !strings.Contains(why, tt.want) {
			t.Errorf("%s: %q lacks %q", tt.name, why, tt.want)
		}
	}
}

// A name that was free is not called so while it is delegated and no source
// that votes is heard.
func TestFreeAndDelegated(t *testing.T) {
	rule, now := Default().Rule("a.com"), dt("2026-11-21").Time
	in := Input{Name: "a.com", Rule: rule, Now: now, Answers: []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.WHOIS, whoisx.NotRegistered)}}
	v := Decide(in)
	seen := Remember(in, v)
	for _, tt := range []struct {
		dns  whoisx.Delegation
		want Stage
		sure Confidence
	}{{whoisx.Delegated, LikelyFree, Conflict}, {whoisx.NotDelegated, Free, Confirmed}} {
		dns := ans(whoisx.DNS, whoisx.Registered, func(a *whoisx.Answer) { a.Delegation = tt.dns })
		got := Decide(Input{Name: "a.com", Rule: rule, Before: &seen, Now: now.Add(time.Hour), Answers: []whoisx.Answer{ans(whoisx.RDAP, whoisx.RateLimited), dns}})
		if got.Stage != tt.want || got.Confidence != tt.sure {
			t.Errorf("%s: %s %s %v", tt.dns, got.Stage, got.Confidence, got.Why)
		}
	}
}
