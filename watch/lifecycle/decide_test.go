package lifecycle

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

func at(s string) time.Time {
	for _, l := range []string{time.RFC3339, "2006-01-02T15:04Z", time.DateOnly} {
		if t, err := time.Parse(l, s); err == nil {
			return t.UTC()
		}
	}
	panic("bad time " + s)
}

func dt(s string) whoisx.Date {
	if s == "" {
		return whoisx.Date{}
	}
	return whoisx.Date{Time: at(s), DayOnly: len(s) == len(time.DateOnly)}
}

func TestDecideByRule(t *testing.T) {
	tests := []struct {
		what, name, now           string
		created, updated, expires string
		deleted                   string
		statuses, said            []string
		drop                      *whoisx.Drop

		stage    Stage
		registry string
		from, to string
		sure     Certainty
	}{
		{
			what: "com registered", name: "a.com", now: "2026-11-10T12:00Z", created: "2009-08-27T10:00Z", expires: "2027-08-27T10:00Z", statuses: []string{"ok"},
			stage: Registered,
		},
		{
			what: "com in auto-renew grace", name: "a.com", now: "2026-09-10T12:00Z", created: "2009-08-27T10:00Z", expires: "2027-08-27T10:00Z", statuses: []string{"autoRenewPeriod", "clientHold"},
			stage: Expired, registry: "auto-renew grace", from: "2026-10-15T18:00Z", to: "2026-11-16T20:00Z", sure: May,
		},
		{
			what: "com in redemption", name: "a.com", now: "2026-10-10T12:00Z", created: "2009-08-27T10:00Z", updated: "2026-10-06T19:02Z", expires: "2026-08-27T10:00Z", statuses: []string{"redemptionPeriod", "pendingDelete"},
			stage: Redemption, registry: "redemption", from: "2026-11-10T19:00Z", to: "2026-11-11T20:00Z", sure: May,
		},
		{
			what: "com in pending delete", name: "a.com", now: "2026-11-07T12:00Z", created: "2009-08-27T10:00Z", updated: "2026-11-05T19:02Z", expires: "2026-08-27T10:00Z", statuses: []string{"pendingDelete"},
			stage: PendingDelete, registry: "pending delete", from: "2026-11-10T19:00Z", to: "2026-11-11T20:00Z", sure: Will,
		},
		{
			what: "com, the last change was the deletion", name: "a.com", now: "2026-11-07T12:00Z", created: "2009-08-27T10:00Z", updated: "2026-10-06T19:02Z", expires: "2026-08-27T10:00Z", statuses: []string{"pendingDelete"},
			stage: PendingDelete, registry: "pending delete", from: "2026-11-10T19:00Z", to: "2026-11-11T20:00Z", sure: Will,
		},
		{
			what: "com in summer time", name: "a.com", now: "2026-07-07T12:00Z", updated: "2026-07-05T19:02Z", expires: "2026-04-27T10:00Z", statuses: []string{"pendingDelete"},
			stage: PendingDelete, registry: "pending delete", from: "2026-07-10T18:00Z", to: "2026-07-11T19:00Z", sure: Will,
		},
		{
			what: "com dropping", name: "a.com", now: "2026-11-10T19:30Z", updated: "2026-11-05T19:02Z", expires: "2026-08-27T10:00Z", statuses: []string{"pendingDelete"},
			stage: Dropping, registry: "pending delete", from: "2026-11-10T19:00Z", to: "2026-11-11T20:00Z", sure: Will,
		},
		{
			what: "uk in its first month", name: "a.co.uk", now: "2026-09-10T12:00Z", expires: "2026-08-27T10:00:05Z", statuses: []string{"ok"},
			stage: Expired, registry: "renewal required", from: "2026-11-30T10:00:05Z", to: "2026-11-30T10:00:05Z", sure: May,
		},
		{
			what: "uk suspended, by dates", name: "a.co.uk", now: "2026-10-10T12:00Z", expires: "2026-08-27T10:00:05Z", statuses: []string{"pendingDelete"},
			stage: Expired, registry: "suspended", from: "2026-11-30T10:00:05Z", to: "2026-11-30T10:00:05Z", sure: May,
		},
		{
			what: "uk, the last five days, by dates", name: "a.co.uk", now: "2026-11-26T12:00Z", expires: "2026-08-27T10:00:05Z", statuses: []string{"pendingDelete"},
			stage: PendingDelete, registry: "pending delete", from: "2026-11-30T10:00:05Z", to: "2026-11-30T10:00:05Z", sure: Will,
		},
		{
			what: "nl in quarantine, end published", name: "a.nl", now: "2026-11-01T12:00Z", statuses: []string{"redemptionPeriod", "pendingDelete"}, said: []string{"in quarantine"},
			drop:  &whoisx.Drop{From: dt("2026-11-12T08:00Z")},
			stage: Redemption, registry: "quarantine", from: "2026-11-12T08:00Z", to: "2026-11-12T09:00Z", sure: May,
		},
		{
			what: "net follows com", name: "a.net", now: "2026-11-07T12:00Z", updated: "2026-11-05T19:02Z", expires: "2026-08-27T10:00Z", statuses: []string{"pendingDelete"},
			stage: PendingDelete, registry: "pending delete", from: "2026-11-10T19:00Z", to: "2026-11-11T20:00Z", sure: Will,
		},
		{
			what: "org in redemption, its hour unconfirmed", name: "a.org", now: "2026-10-10T12:00Z", updated: "2026-10-06T19:02Z", expires: "2026-08-27T10:00Z", statuses: []string{"redemptionPeriod", "pendingDelete"},
			stage: Redemption, registry: "redemption", from: "2026-11-10", to: "2026-11-11", sure: May,
		},
		{
			what: "a gTLD without a rule of its own: days, no hour", name: "a.photography", now: "2026-11-07T12:00Z", updated: "2026-11-05T19:02Z", expires: "2026-08-27T10:00Z", statuses: []string{"pendingDelete"},
			stage: PendingDelete, registry: "pending delete", from: "2026-11-10", to: "2026-11-11", sure: Will,
		},
		{
			what: "app, to the second: deletion + 35 days", name: "a.app", now: "2026-10-10T12:00Z", updated: "2026-10-06T19:02:11Z", expires: "2026-08-27T10:00Z", statuses: []string{"redemptionPeriod", "pendingDelete"},
			stage: Redemption, registry: "redemption", from: "2026-11-10T19:02:11Z", to: "2026-11-10T19:02:11Z", sure: May,
		},
		{
			what: "io, hour unknown", name: "a.io", now: "2026-10-10T12:00Z", updated: "2026-10-06T19:02Z", expires: "2026-08-27T10:00Z", statuses: []string{"redemptionPeriod", "pendingDelete"},
			stage: Redemption, registry: "redemption", from: "2026-11-10", to: "2026-11-10", sure: May,
		},
		{
			what: "co: 15 days of redemption", name: "a.co", now: "2026-10-10T12:00Z", updated: "2026-10-06T19:02Z", expires: "2026-08-27T10:00Z", statuses: []string{"redemptionPeriod", "pendingDelete"},
			stage: Redemption, registry: "redemption", from: "2026-10-26", to: "2026-10-26", sure: May,
		},
		{
			what: "ai: then an auction", name: "a.ai", now: "2026-10-10T12:00Z", updated: "2026-10-06T19:02Z", expires: "2026-08-27T10:00Z", statuses: []string{"redemptionPeriod", "pendingDelete"},
			stage: Redemption, registry: "redemption", from: "2026-11-05", to: "2026-11-05", sure: May,
		},
		{
			what: "ca, to be released: next Wednesday's session", name: "a.ca", now: "2026-11-19T12:00Z", updated: "2026-11-14T08:00Z", expires: "2026-08-27T10:00Z", statuses: []string{"pendingDelete"}, said: []string{"to be released"},
			drop:  &whoisx.Drop{From: dt("2026-11-25T19:00Z"), Will: true},
			stage: PendingDelete, registry: "to be released", from: "2026-11-25T19:00Z", to: "2026-11-25T19:00Z", sure: Will,
		},
		{
			what: "ca, to be released since Saturday: Wednesday's session", name: "a.ca", now: "2026-11-15T12:00Z", updated: "2026-11-14T08:00Z", expires: "2026-08-27T10:00Z", statuses: []string{"pendingDelete"}, said: []string{"to be released"},
			stage: PendingDelete, registry: "to be released", from: "2026-11-18T19:00Z", to: "2026-11-18T19:00Z", sure: Will,
		},
		{
			what: "ca, deleted on Monday: the week after", name: "a.ca", now: "2026-11-17T12:00Z", updated: "2026-11-16T08:00Z", expires: "2026-08-27T10:00Z", statuses: []string{"pendingDelete"}, said: []string{"to be released"},
			stage: PendingDelete, registry: "to be released", from: "2026-11-25T19:00Z", to: "2026-11-25T19:00Z", sure: Will,
		},
		{
			what: "de in redemption, dates from the deletion alone, the second unconfirmed", name: "a.de", now: "2026-11-10T12:00Z", updated: "2026-11-03T08:15:30Z", statuses: []string{"redemptionPeriod"},
			stage: Redemption, registry: "redemption grace", from: "2026-12-03", to: "2026-12-03", sure: May,
		},
		{
			what: "nl in quarantine, end not published", name: "a.nl", now: "2026-11-01T12:00Z", updated: "2026-10-20T08:00Z", said: []string{"in quarantine"},
			stage: Redemption, registry: "quarantine", from: "2026-11-29T08:00Z", to: "2026-11-29T09:00Z", sure: May,
		},
		{
			what: "nl, the end of quarantine is over: within the hour", name: "a.nl", now: "2026-11-12T08:20Z", said: []string{"in quarantine"}, statuses: []string{"redemptionPeriod", "pendingDelete"},
			drop:  &whoisx.Drop{From: dt("2026-11-12T08:00Z")},
			stage: Dropping, registry: "quarantine", from: "2026-11-12T08:00Z", to: "2026-11-12T09:00Z", sure: May,
		},
		{
			what: "be in quarantine until a day", name: "a.be", now: "2026-11-01T12:00Z", said: []string{"QUARANTINE"},
			drop:  &whoisx.Drop{From: dt("2026-11-20")},
			stage: Redemption, registry: "quarantine", from: "2026-11-20", to: "2026-11-20", sure: May,
		},
		{
			what: "eu in quarantine", name: "a.eu", now: "2026-11-01T12:00Z", deleted: "2026-10-20", said: []string{"QUARANTINE"},
			stage: Redemption, registry: "quarantine", from: "2026-11-29", to: "2026-11-29", sure: May,
		},
		{
			what: "fr in redemption", name: "a.fr", now: "2026-11-01T12:00Z", deleted: "2026-10-20T06:00Z", expires: "2026-10-01T00:00Z", statuses: []string{"redemptionPeriod"}, said: []string{"REDEMPTION"},
			stage: Redemption, registry: "redemption", from: "2026-11-19", to: "2026-11-19", sure: May,
		},
		{
			what: "it in its last days", name: "a.it", now: "2026-11-18T12:00Z", updated: "2026-11-18T00:30Z", expires: "2026-10-03", statuses: []string{"pendingDelete"}, said: []string{"pendingDelete / pendingDelete"},
			stage: PendingDelete, registry: "pendingDelete / pendingDelete", from: "2026-11-18T08:00Z", to: "2026-11-22T15:00Z", sure: Will,
		},
		{
			what: "it, the list knows", name: "a.it", now: "2026-11-18T12:00Z", updated: "2026-11-18T00:30Z", expires: "2026-10-03", statuses: []string{"pendingDelete"}, said: []string{"pendingDelete / pendingDelete"},
			drop:  &whoisx.Drop{From: dt("2026-11-20T15:00:30Z"), Will: true},
			stage: PendingDelete, registry: "pendingDelete / pendingDelete", from: "2026-11-20T15:00:30Z", to: "2026-11-20T15:00:30Z", sure: Will,
		},
		{
			what: "se deactivated", name: "a.se", now: "2026-10-01T12:00Z", expires: "2026-08-27", statuses: []string{"serverHold"}, said: []string{"deactivated"},
			stage: Expired, registry: "deactivated", from: "2026-11-12T04:00Z", to: "2026-11-12", sure: May,
		},
		{
			what: "nu in quarantine", name: "a.nu", now: "2026-11-08T12:00Z", expires: "2026-08-27", said: []string{"quarantine"},
			stage: PendingDelete, registry: "quarantine", from: "2026-11-12T04:00Z", to: "2026-11-12", sure: Will,
		},
		{
			what: "at publishes neither expiry nor stages", name: "a.at", now: "2026-11-08T12:00Z", updated: "2026-01-08T12:00Z", statuses: nil,
			stage: Registered,
		},
		{
			what: "au expired: 13:30 AEST after 30 days and a cycle", name: "a.com.au", now: "2026-11-08T12:00Z", expires: "2026-10-20T05:00Z", statuses: []string{"serverHold", "serverUpdateProhibited"}, said: []string{"serverHold (Expired)"},
			stage: Expired, registry: "serverHold (Expired)", from: "2026-11-21T03:30Z", to: "2026-11-22T03:30Z", sure: May,
		},
		{
			what: "nz pending release: the session at 02:00 UTC", name: "a.co.nz", now: "2026-11-08T12:00Z", updated: "2026-10-01T09:00Z", statuses: []string{"pendingDelete"}, said: []string{"210 PendingRelease"},
			stage: Redemption, registry: "PendingRelease", from: "2026-12-31T02:00Z", to: "2026-12-31T03:00Z", sure: May,
		},
		{
			what: "jp suspended: the word within a longer one", name: "a.jp", now: "2026-11-08T12:00Z", expires: "2026-10-31", said: []string{"Suspended"},
			stage: Redemption, registry: "suspended", from: "2026-11-30T16:00Z", to: "2026-11-30T16:00Z", sure: May,
		},
		{
			what: "jp to be suspended", name: "a.jp", now: "2026-11-08T12:00Z", expires: "2026-10-31", said: []string{"To be suspended"},
			stage: Expired, registry: "to be suspended", from: "2026-12-31T16:00Z", to: "2026-12-31T16:00Z", sure: May,
		},
		{
			what: "pl, blocked: to the second", name: "a.pl", now: "2026-11-08T12:00Z", expires: "2026-11-01T13:14:15Z", said: []string{"BLOCKED"},
			stage: Expired, registry: "BLOCKED", from: "2026-12-06T13:14:15Z", to: "2026-12-06T13:14:15Z", sure: May,
		},
		{
			what: "sg: redemption is the last stage", name: "a.sg", now: "2026-11-08T12:00Z", updated: "2026-11-01T13:14:15Z", expires: "2026-10-20T00:00Z", statuses: []string{"redemptionPeriod"},
			stage: Redemption, registry: "redemption", from: "2026-11-26", to: "2026-11-26", sure: May,
		},
		{
			what: "ro: hold is a word, client hold is not", name: "a.ro", now: "2026-11-08T12:00Z", expires: "2026-12-01", statuses: []string{"clientHold"}, said: []string{"client hold"},
			stage: Registered,
		},
	}
	book := Default()
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			a := whoisx.Answer{
				Source: whoisx.RDAP, Server: "rdap.example", Name: tt.name, Asked: at(tt.now), Outcome: whoisx.Registered, Confirmed: true,
				Created: dt(tt.created), Updated: dt(tt.updated), Expires: dt(tt.expires), Deleted: dt(tt.deleted),
				Statuses: tt.statuses, SaidStatuses: tt.said, Drop: tt.drop,
			}
			v := Decide(Input{Name: tt.name, Rule: book.Rule(tt.name), Answers: []whoisx.Answer{a}, Now: at(tt.now)})
			if v.Stage != tt.stage || v.RegistryStage != tt.registry {
				t.Errorf("stage %s (%s), want %s (%s)", v.Stage, v.RegistryStage, tt.stage, tt.registry)
			}
			switch {
			case tt.from == "":
				if v.Window != nil {
					t.Errorf("window %s, want none", sayWindow(*v.Window))
				}
			case v.Window == nil:
				t.Error("no window")
			default:
				if w := v.Window; w.From != dt(tt.from) || w.To != dt(tt.to) || w.Certainty != tt.sure {
					t.Errorf("window %s - %s %s, want %s - %s %s", w.From, w.To, w.Certainty, tt.from, tt.to, tt.sure)
				}
			}
			if v.Anomaly != "" {
				t.Errorf("anomaly: %s", v.Anomaly)
			}
		})
	}
}

// TestExpiredLongAgo wants an anomaly and no made-up window where the expiry
// date is long past and no status shows what became of the name.
func TestExpiredLongAgo(t *testing.T) {
	for _, tt := range []struct {
		name, expires, now string
		odd                bool
	}{
		{"a.com", "2026-08-27T10:00:00Z", "2026-10-01T00:00:00Z", false},
		{"a.com", "2026-08-09T10:00:00Z", "2026-11-21T00:00:00Z", true},
		{"a.com", "2016-08-09T10:00:00Z", "2026-11-21T00:00:00Z", true},
		{"a.uk", "2016-08-09T10:00:00Z", "2026-11-21T00:00:00Z", true},
		{"a.photography", "2016-08-09T10:00:00Z", "2026-11-21T00:00:00Z", true},
	} {
		in := Input{
			Name: tt.name, Rule: Default().Rule(tt.name), Now: at(tt.now),
			Answers: []whoisx.Answer{held("clientTransferProhibited", "2010-01-01T00:00:00Z", "2015-08-10T00:00:00Z", tt.expires, "Example", "9999")},
		}
		v := Decide(in)
		if w, dr := v.Window, in.Rule.Drop; w != nil && dr.shut(*w).Before(dr.open(*w)) {
			t.Errorf("%s, expired %s: window ends before it begins: %+v", tt.name, tt.expires, w)
		}
		if v.Stage != Expired || (v.Anomaly != "") != tt.odd || tt.odd && (v.Window != nil || v.Next != nil || v.RegistryStage != "" || v.Confidence != Guess) {
			t.Errorf("%s, expired %s: %+v", tt.name, tt.expires, v)
		}
	}
}

// TestStillThereAfterItsWindow looks before, in and after a window in which a
// name of one stage did not fall: it has not come back from anywhere.
func TestStillThereAfterItsWindow(t *testing.T) {
	r := Default().Rule("a.kr")
	var before *Seen
	var seen []Stage
	for _, now := range []string{"2026-04-20T08:00:00Z", "2026-04-22T03:00:00Z", "2026-04-22T08:07:15Z", "2026-04-23T02:00:00Z"} {
		in := Input{
			Name: "a.kr", Rule: r, Now: at(now), Before: before,
			Answers: []whoisx.Answer{held("ok", "2010-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-03-23T04:00:00Z", "Example", "9999")},
		}
		v := Decide(in)
		if v.Anomaly != "" || len(v.Happened) > 0 && v.Happened[0].Event == EventBackFromTheGrave {
			t.Errorf("%s: %s %q %+v", now, v.Stage, v.Anomaly, v.Happened)
		}
		s := Remember(in, v)
		before = &s
		seen = append(seen, v.Stage)
	}
	t.Log(seen)
}

// TestLikely wants the likeliest moment to be one at which a name can drop: in a
// session, of several days one in the middle, and where nobody confirmed the hours
// the moment that they would give.
func TestLikely(t *testing.T) {
	for _, tt := range []struct {
		name, now, updated, expires string
		status                      string
		likely                      string
		hour                        bool
	}{
		{"a.com", "2026-05-20T12:00Z", "2026-05-18T15:02:11Z", "2026-03-10T09:30:15Z", "pendingDelete", "2026-05-23T18:30:00Z", true},
		{"a.com", "2026-03-25T12:00Z", "", "2027-03-10T09:30:15Z", "autoRenewPeriod", "2026-05-14T18:30:00Z", true},
		{"a.au", "2026-04-10T12:00Z", "2026-04-09T05:00:00Z", "", "pendingDelete", "2026-04-11T03:30:00Z", true},
		{"a.it", "2026-04-05T12:00Z", "", "2026-03-10", "pendingDelete redemptionPeriod", "2026-04-27T10:30:00Z", true},
		{"a.ca", "2026-03-25T12:00Z", "", "2027-03-10T09:30:15Z", "autoRenewPeriod", "2026-05-13T19:00:00Z", true},
		{"a.org", "2026-05-20T12:00Z", "2026-05-18T15:02:11Z", "2026-03-10T09:30:15Z", "pendingDelete", "2026-05-23T14:45:00Z", false},
		{"a.cc", "2026-05-20T12:00Z", "2026-05-18T15:02:11Z", "2026-03-10T09:30:15Z", "pendingDelete", "2026-05-23T18:30:00Z", false},
		{"a.de", "2026-03-20T12:00Z", "2026-03-10T08:15:30Z", "", "redemptionPeriod", "2026-04-09T08:15:30Z", false},
		{"a.io", "2026-05-20T12:00Z", "2026-05-18T15:02:11Z", "2026-03-10T09:30:15Z", "pendingDelete", "2026-05-23", false},
	} {
		a := held(tt.status, "2010-01-01T00:00:00Z", tt.updated, tt.expires, "Example", "9999")
		v := Decide(Input{Name: tt.name, Rule: Default().Rule(tt.name), Answers: []whoisx.Answer{a}, Now: at(tt.now)})
		if w := v.Window; w == nil || w.Likely.String() != tt.likely || w.HourKnown != tt.hour || w.From.DayOnly == tt.hour {
			t.Errorf("%s at %s: %+v, want likely %s, hour known: %v", tt.name, tt.now, w, tt.likely, tt.hour)
		}
	}
}
