package lifecycle

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lapse-dev/lapse/whoisx"
)

// graced is a name at a registry that lives by RFC 3915, and what it shows.
type graced struct {
	state            Stage
	since            time.Time
	created, updated time.Time
	paid             time.Time // until when somebody paid
	auto             time.Time // when it renewed by itself, until the grace period is over
	period           string    // renewPeriod or transferPeriod, five days from updated
	registrar        string
	gone             bool
}

func (g *graced) to(st Stage, now time.Time) { g.state, g.since, g.updated = st, now, now }

// lasts is how long the name can stay as it is, where that has an end.
func (g *graced) lasts(r Rule) time.Duration {
	switch g.state {
	case Expired:
		return r.held()[0].Max
	case Redemption:
		return r.held()[1].Max
	case PendingDelete:
		return 5 * day
	case PendingRestore:
		return 7 * day
	}
	return 0
}

// can are the events that a registry allows, by the table of RFC 3915 §2.
func (g *graced) can(now time.Time) []string {
	switch {
	case g.gone:
		return []string{"create"}
	case g.state == Registered && g.auto.IsZero() && g.paid.Sub(now) > 3*day:
		return []string{"wait", "renew", "transfer", "delete"}
	case g.state == Expired && now.Sub(g.paid) > 3*day: // on its day nobody can tell who renewed
		return []string{"wait", "renew", "transfer", "delete"}
	case g.state == Redemption:
		return []string{"wait", "ask"}
	case g.state == PendingRestore:
		return []string{"report", "wait"}
	}
	return []string{"wait"}
}

func (g *graced) do(event string, now time.Time) {
	switch event {
	case "renew": // on top of the year that came by itself
		g.period = "renewPeriod"
		if g.state == Expired {
			g.paid = g.paid.AddDate(1, 0, 0)
		} else {
			g.auto = time.Time{}
		}
		g.paid = g.paid.AddDate(1, 0, 0)
		g.to(Registered, now)
	case "transfer": // comes with a year, instead of that one
		g.period, g.auto = "transferPeriod", time.Time{}
		g.paid = g.paid.AddDate(1, 0, 0)
		g.registrar = map[string]string{"9999": "8888", "8888": "9999"}[g.registrar]
		g.to(Registered, now)
	case "delete":
		if now.Sub(g.created) < 5*day { // in the add grace period it is gone at once
			g.gone = true
			return
		}
		g.auto = time.Time{}
		g.to(Redemption, now)
	case "ask":
		g.to(PendingRestore, now)
	case "report":
		for !g.paid.After(now) {
			g.paid = g.paid.AddDate(1, 0, 0)
		}
		g.to(Registered, now)
	case "create":
		*g = graced{created: now, paid: now.AddDate(1, 0, 0), registrar: "7777"}
		g.to(Registered, now)
	}
}

// pass lets time go by: what has an end, ends.
func (g *graced) pass(r Rule, until time.Time) {
	defer func() {
		if until.Sub(g.auto) >= r.held()[0].Max {
			g.auto = time.Time{}
		}
	}()
	for !g.gone {
		end := g.since.Add(g.lasts(r))
		if g.state == Registered {
			end = g.paid
		}
		if until.Before(end) {
			return
		}
		switch g.state {
		case Registered:
			updated := g.updated
			g.to(Expired, end)
			g.updated, g.auto = updated, end // it renews by itself; no command is dated
		case Expired: // renewed after all
			g.paid = g.paid.AddDate(1, 0, 0)
			g.state = Registered
		case Redemption:
			g.to(PendingDelete, end)
		case PendingRestore: // no report in time
			g.to(Redemption, end)
		case PendingDelete:
			g.gone = true
		}
	}
}

func (g *graced) shows(name string, now time.Time) []whoisx.Answer {
	if g.gone {
		return []whoisx.Answer{ans(whoisx.RDAP, whoisx.NotRegistered), ans(whoisx.WHOIS, whoisx.NotRegistered), ans(whoisx.EPP, whoisx.NotRegistered)}
	}
	a := whoisx.Answer{
		Source: whoisx.RDAP, Name: name, Outcome: whoisx.Registered, Confirmed: true, Asked: now, RegistrarID: g.registrar, Registrar: "Registrar " + g.registrar,
		Created: whoisx.At(g.created), Updated: whoisx.At(g.updated), Expires: whoisx.At(g.paid),
	}
	switch g.state {
	case Registered:
		a.Statuses = []string{"clientTransferProhibited"}
		if g.period != "" && now.Sub(g.updated) < 5*day {
			a.Statuses = append(a.Statuses, g.period)
		}
		if !g.auto.IsZero() {
			a.Statuses = append(a.Statuses, "autoRenewPeriod")
		}
	case Expired:
		a.Statuses, a.Expires = []string{"autoRenewPeriod"}, whoisx.At(g.paid.AddDate(1, 0, 0))
	case Redemption:
		a.Statuses = []string{"redemptionPeriod", "pendingDelete"}
	case PendingRestore:
		a.Statuses = []string{"pendingRestore", "pendingDelete"}
	case PendingDelete:
		a.Statuses = []string{"pendingDelete"}
	}
	return []whoisx.Answer{a}
}

// TestLegalLives leads names through random lives that registries allow, and
// looks at them at random times: the verdict is where the name stands, no step
// is an anomaly, and the year that comes by itself is nobody's renewal.
func TestLegalLives(t *testing.T) {
	zones := []string{"com", "app", "io", "photography", "biz", "us", "co", "me"}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		r := Default().Rule("a." + zone)
		now := at("2026-01-01T00:00:00Z")
		g := &graced{state: Registered, since: now, created: now.AddDate(-5, 0, -20), updated: now.AddDate(-1, 0, -20), paid: now.AddDate(0, 0, 20), registrar: "9999"}
		var before *Seen
		for range rapid.IntRange(2, 30).Draw(t, "steps") {
			step := rapid.SampledFrom([]time.Duration{time.Hour, day, 4 * day, 20 * day, 44 * day}).Draw(t, "step")
			now = now.Add(step + time.Duration(rapid.IntRange(1, 3599).Draw(t, "seconds"))*time.Second)
			g.pass(r, now)
			event := rapid.SampledFrom(g.can(now)).Draw(t, "event")
			g.do(event, now)
			if rapid.IntRange(0, 2).Draw(t, "unseen") == 0 {
				continue
			}
			now = now.Add(time.Second)
			in := Input{Name: "a." + zone, Rule: r, Answers: g.shows("a."+zone, now), Before: before, Now: now}
			v := Decide(in)
			want := []Stage{g.state}
			switch {
			case g.gone:
				want = []Stage{Free}
			case g.state == PendingDelete:
				want = append(want, Dropping)
			case g.state == Registered:
				want = append(want, Lost) // as it is called after another one took it
				if v.Stage == Expired && v.Confidence == Guess {
					// Somebody paid between two looks, and the answer is that of a
					// registry that renews by itself and hides it.
					want[0] = Expired
				}
			}
			if !slices.Contains(want, v.Stage) {
				t.Fatalf("%s at %s: %s, want %s: %v", event, now, v.Stage, want, v.Why)
			}
			if v.Anomaly != "" {
				t.Fatalf("%s at %s: %s is called an anomaly: %s", event, now, g.state, v.Anomaly)
			}
			if !g.gone && want[0] == g.state && v.Expires.Time.Sub(g.paid).Abs() > day { // leap days
				t.Fatalf("%s at %s: expires %s, it is paid until %s", event, now, v.Expires, g.paid)
			}
			if g.state == Expired && v.event(EventRenewed) {
				t.Fatalf("%s at %s: an automatic year is called a renewal", event, now)
			}
			s := Remember(in, v)
			before = &s
		}
	})
}

// TestTable holds the table of steps against what RFC 3915 and the registries'
// own tables allow, and forbid.
func TestTable(t *testing.T) {
	for _, tt := range []struct {
		from, to Stage
		ok       bool
	}{
		{Registered, Expired, true},
		{Registered, Redemption, true},
		{Expired, Registered, true},
		{Expired, Redemption, true},
		{Redemption, PendingRestore, true},
		{Redemption, Registered, true}, // Nomulus restores at once
		{Redemption, PendingDelete, true},
		{PendingRestore, Registered, true},
		{PendingRestore, Redemption, true}, // no report in time
		{PendingDelete, Dropping, true},
		{PendingDelete, GatedStage, true},
		{PendingDelete, Free, true},
		{PendingDelete, Registered, false}, // a court's order
		{PendingDelete, Redemption, false},
		{PendingDelete, PendingRestore, false},
		{PendingDelete, Expired, false},
		{Dropping, Registered, false},
		{Dropping, PendingDelete, true},
		{GatedStage, Free, true},
		{GatedStage, Expired, false},
		{Free, Redemption, false},
		{Free, Expired, false},
		{Free, PendingDelete, false},
		{LikelyFree, PendingRestore, false},
		{ReservedStage, Redemption, false},
		{BlockedStage, Dropping, false},
		{Lost, Expired, true},
		{Caught, Expired, true},
		{Launching, Redemption, false},
	} {
		if CanFollow(tt.from, tt.to) != tt.ok {
			t.Errorf("%s to %s: allowed %v", tt.from, tt.to, !tt.ok)
		}
	}
}
