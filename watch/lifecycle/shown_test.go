package lifecycle

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// TestSourcesWriteDifferently has two sources take turns: what one leaves out, or
// spells in its own way, is no change of the name; what changes at one of them is.
func TestSourcesWriteDifferently(t *testing.T) {
	j := &journey{t: t, name: "a.fr", rule: Default().Rule("a.fr")}
	rdap := func(edit ...func(*whoisx.Answer)) whoisx.Answer {
		a := held("clientTransferProhibited serverHold", born, "2025-08-28T10:00:00Z", "2027-08-27T10:00:00Z", "Example SAS", "")
		a.Nameservers = []string{"ns1.a.fr", "ns2.a.fr"}
		for _, e := range edit {
			e(&a)
		}
		return a
	}
	whois := func(edit ...func(*whoisx.Answer)) whoisx.Answer {
		a := rdap(edit...)
		a.Source, a.Server, a.Registrar, a.Statuses, a.Expires = whoisx.WHOIS, "whois.nic.fr", "EXAMPLE", []string{"ok"}, dt("2027-08-27")
		return a
	}
	v := j.look("2026-01-01T00:00:00Z", rdap())
	for i, a := range []whoisx.Answer{whois(), rdap(), whois(), rdap()} {
		v = j.look(at("2026-01-02T00:00:00Z").AddDate(0, 0, i).Format(time.RFC3339), a)
		if len(v.Happened) > 0 || v.Expires != dt("2027-08-27T10:00:00Z") {
			t.Errorf("look %d: %v, expires %s", i, v.Happened, v.Expires)
		}
	}
	if was, ok := j.before.Showed(whoisx.WHOIS); !ok || len(was.Statuses) != 1 || was.Registrar != "EXAMPLE" {
		t.Errorf("WHOIS showed %+v", was)
	}
	// It moves while only WHOIS answers, and RDAP tells of the hold that came.
	move := func(a *whoisx.Answer) { a.Nameservers = []string{"ns1.sedoparking.com"} }
	if v = j.look("2026-01-10T00:00:00Z", whois(move)); !v.event(EventParked) {
		t.Errorf("%v", v.Happened)
	}
	if v = j.look("2026-01-11T00:00:00Z", rdap(move, func(a *whoisx.Answer) { a.Registrar = "Other SAS" })); !v.event(EventTransferred) {
		t.Errorf("%v", v.Happened)
	}
	if v = j.look("2026-01-12T00:00:00Z", rdap(move, func(a *whoisx.Answer) { a.Registrar = "Other SAS" })); len(v.Happened) > 0 {
		t.Errorf("told again: %v", v.Happened)
	}
}

// TestHoldThatIsShownForTheFirstTime: a hold that no look before could show is
// told once; one of a name that was never seen before is where it stands.
func TestHoldThatIsShownForTheFirstTime(t *testing.T) {
	rule := Default().Rule("a.fr")
	answer := func(src whoisx.Source, statuses string) whoisx.Answer {
		a := held(statuses, born, "2025-08-28T10:00:00Z", "2027-08-27T10:00:00Z", "Example SAS", "")
		a.Source, a.Server = src, string(src)+".nic.fr"
		return a
	}
	bare, hold := answer(whoisx.WHOIS, ""), answer(whoisx.RDAP, "serverHold")
	for _, tt := range []struct {
		what  string
		looks []whoisx.Answer
		told  []bool
	}{
		{"by another source", []whoisx.Answer{bare, hold, hold, bare, hold}, []bool{false, true, false, false, false}},
		{"by the same source", []whoisx.Answer{answer(whoisx.RDAP, ""), hold, hold}, []bool{false, true, false}},
		{"at the first look", []whoisx.Answer{hold, hold}, []bool{false, false}},
		{"after nobody could be read", []whoisx.Answer{{Source: whoisx.RDAP, Outcome: whoisx.Unreachable}, hold, hold}, []bool{false, false, false}},
		{"by two sources", []whoisx.Answer{hold, answer(whoisx.WHOIS, "serverHold"), bare, hold}, []bool{false, false, false, false}},
	} {
		j := &journey{t: t, name: "a.fr", rule: rule}
		for i, a := range tt.looks {
			v := j.look(at("2026-01-01T00:00:00Z").AddDate(0, 0, i).Format(time.RFC3339), a)
			if got := v.event(EventHold); got != tt.told[i] {
				t.Errorf("%s, look %d: told %v, want %v", tt.what, i, got, tt.told[i])
			}
		}
	}
}

func TestConfirmed(t *testing.T) {
	r := Default().Rule("a.com")
	a := held("ok", born, "2025-08-28T10:00:00Z", "2027-08-27T10:00:00Z", "Example", "9999")
	b := a
	b.Source, b.Server = whoisx.WHOIS, "whois.example"
	for _, tt := range []struct {
		as   []whoisx.Answer
		want Confidence
	}{{[]whoisx.Answer{a}, Single}, {[]whoisx.Answer{a, b}, Confirmed}, {[]whoisx.Answer{a, gone(whoisx.WHOIS)}, Conflict}} {
		if v := Decide(Input{Name: "a.com", Rule: r, Answers: tt.as, Now: at("2026-11-21T00:00:00Z")}); v.Confidence != tt.want {
			t.Errorf("%d answers: %s, want %s", len(tt.as), v.Confidence, tt.want)
		}
	}
}

// TestClocksOfWHOIS reads a time without a zone by the registry's clocks, in
// summer and in winter, and RDAP's as it stands.
func TestClocksOfWHOIS(t *testing.T) {
	for _, tt := range []struct {
		source  whoisx.Source
		expires string
		want    string
	}{
		{whoisx.WHOIS, "2026-12-10T10:00:00Z", "2026-12-10T09:00:00Z"},
		{whoisx.WHOIS, "2027-07-10T10:00:00Z", "2027-07-10T08:00:00Z"},
		{whoisx.WHOIS, "2027-07-10", "2027-07-10"},
		{whoisx.RDAP, "2027-07-10T10:00:00Z", "2027-07-10T10:00:00Z"},
	} {
		a := held("ok", born, "", tt.expires, "Example", "")
		a.Source, a.Floating = tt.source, tt.source == whoisx.WHOIS
		if v := Decide(Input{Name: "a.pl", Rule: Default().Rule("a.pl"), Answers: []whoisx.Answer{a}, Now: at("2026-11-21T00:00:00Z")}); v.Expires.String() != tt.want {
			t.Errorf("%s, %s: expires %s, want %s", tt.source, tt.expires, v.Expires, tt.want)
		}
	}
}

// TestRemembersSince keeps the time at which a status was first seen, and tells a
// drop only where it was seen close by.
func TestRemembersSince(t *testing.T) {
	j := &journey{t: t, name: "a.com", rule: Default().Rule("a.com")}
	a := held("pendingDelete", born, "2026-11-05T19:02:00Z", "2026-08-27T10:00:00Z", "Example", "9999")
	j.look("2026-11-06T00:00:00Z", a)
	j.look("2026-11-10T18:59:00Z", a)
	if first := j.before.Statuses["pendingDelete"]; !first.Equal(at("2026-11-06T00:00:00Z")) {
		t.Errorf("first seen %s", first)
	}
	before := j.before
	v := j.look("2026-11-10T19:05:00Z", gone(whoisx.RDAP))
	for _, tt := range []struct {
		what   string
		before *Seen
		now    string
		want   bool
	}{
		{"six minutes after it was held", before, "2026-11-10T19:05:00Z", true},
		{"an hour after", before, "2026-11-10T19:59:00Z", false},
		{"gone before", j.before, "2026-11-10T19:06:00Z", false},
		{"never seen before", nil, "2026-11-10T19:05:00Z", false},
	} {
		o, ok := Drop(tt.before, v, at(tt.now))
		if ok != tt.want || ok && !o.Began.Equal(at("2026-11-05T19:02:00Z")) {
			t.Errorf("%s: %v %+v", tt.what, ok, o)
		}
	}
}
