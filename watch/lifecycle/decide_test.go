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
