package eppaccount

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/epp"
)

// Light is the colour of a line of a preflight.
type Light string

// The lights.
const (
	Green  Light = "green"
	Yellow Light = "yellow" // it may do
	Red    Light = "red"    // it will fail
)

// Line is one thing that a preflight looked at.
type Line struct {
	What  string `json:"what"` // "login", "certificate", "contact", ...
	Light Light  `json:"light"`
	Words string `json:"words"`
}

// Preflight looks at everything that a burst for a name will need. It changes
// nothing and spends no create. at may be zero where the drop is not known.
func (a *Account) Preflight(ctx context.Context, r catch.Request, at time.Time) []Line {
	var out []Line
	say := func(what string, l Light, format string, args ...any) {
		out = append(out, Line{what, l, fmt.Sprintf(format, args...)})
	}
	name := strings.ToLower(r.Name)
	pol := a.Policy(name)
	if ok, why := a.Open(name); !ok {
		say("tld", Red, "%s", why)
	}
	assumed := ""
	if len(pol.Assumed) > 0 {
		assumed = "; not confirmed: " + strings.Join(pol.Assumed, ", ")
	}
	say("policy", Green, "%s: %s%s", pol.Title, pol.Words(), assumed)
	a.preflightBudget(ctx, pol, say)
	if ends := a.certEnds(); !ends.IsZero() {
		switch left := time.Until(ends); {
		case left <= 0 || !at.IsZero() && !at.Before(ends):
			say("certificate", Red, "your client certificate ends %s, before it is needed", ends.Format(time.RFC3339))
		case left < 14*24*time.Hour:
			say("certificate", Yellow, "your client certificate ends %s", ends.Format(time.DateOnly))
		default:
			say("certificate", Green, "valid until %s", ends.Format(time.DateOnly))
		}
	}
	s, err := a.session(ctx, name, "log in")
	if err != nil {
		say("login", Red, "%v", err)
		return out
	}
	say("login", Green, "%s as %s", s.Greeting().Server, a.o.User)
	a.mu.Lock()
	events := slices.Clone(a.events)
	a.mu.Unlock()
	for _, e := range events {
		l := Yellow
		if e.Level == "error" || !e.Until.IsZero() && !at.IsZero() && e.Until.Before(at) {
			l = Red
		}
		until := ""
		if !e.Until.IsZero() {
			until = " until " + e.Until.Format(time.DateOnly)
		}
		say(e.Type, l, "%s%s", e.Words, until)
	}
	for _, c := range s.TLS().PeerCertificates[:1] {
		if !at.IsZero() && c.NotAfter.Before(at) {
			say("server certificate", Yellow, "the registry's own certificate ends %s, before the drop", c.NotAfter.Format(time.RFC3339))
		}
	}
	a.preflightClock(ctx, s, say)
	a.preflightName(ctx, r, say)
	a.preflightObjects(ctx, s, r, say)
	if m, err := a.Balance(ctx); err == nil {
		l := Green
		if n, err := m.Cmp(r.Price); err == nil && n < 0 {
			l = Red
		}
		say("balance", l, "%s, as the last answer that carried it said", m)
	} else {
		say("balance", Yellow, "unknown: no answer carried it yet; look at the registry's web page")
	}
	return out
}

func (a *Account) preflightBudget(ctx context.Context, pol burst.Policy, say func(string, Light, string, ...any)) {
	most := pol.Allowance()
	if most == 0 {
		say("budget", Green, "the policy sets no limit on creates for existing names")
		return
	}
	spent, err := a.use.Spent(ctx, time.Now().Add(-pol.Window()))
	switch {
	case err != nil:
		say("budget", Red, "%v", err)
	case spent >= most:
		say("budget", Red, "all %d creates on existing names of %s are spent", most, pol.Window())
	case spent*2 > most:
		say("budget", Yellow, "%d of %d creates on existing names of %s are spent", spent, most, pol.Window())
	default:
		say("budget", Green, "%d of %d creates on existing names of %s are spent", spent, most, pol.Window())
	}
}

func (a *Account) preflightClock(ctx context.Context, s *epp.Session, say func(string, Light, string, ...any)) {
	nctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	var rs []burst.Reading
	if len(a.o.NTP) > 0 {
		rs, _ = burst.AskNTP(nctx, a.o.NTP, a.o.Dial)
	}
	c := burst.Combine(rs, time.Now())
	var reg []burst.Reading
	for range 3 {
		g, err := s.Hello(ctx)
		if err != nil {
			break
		}
		if r, ok := burst.Registry(g.Date, g.Received, g.RTT); ok {
			reg = append(reg, r)
		}
	}
	c = c.Correct(reg)
	switch {
	case !c.Checked:
		say("clock", Red, "nothing confirms this machine's clock: set [clock] ntp")
	case c.Uncertainty > 100*time.Millisecond:
		say("clock", Yellow, "%s", c)
	default:
		say("clock", Green, "%s", c)
	}
}

func (a *Account) preflightName(ctx context.Context, r catch.Request, say func(string, Light, string, ...any)) {
	l, err := a.Look(ctx, r.Name, r.Years)
	if err != nil {
		say("name", Red, "%v", err)
		return
	}
	switch {
	case l.Free:
		say("name", Green, "free right now")
	case l.Reason != "":
		say("name", Green, "held: %s", l.Reason)
	default:
		say("name", Green, "held")
	}
	locked, err := a.locked("check the price of "+r.Name, r, l)
	var e *catch.Error
	switch {
	case errors.As(err, &e):
		say("price", Red, "%s", e.Words)
	case l.Price.Currency == "":
		say("price", Yellow, "%s as confirmed; the registry names no price now", locked.Price)
	case l.Early:
		say("price", Yellow, "%s, an early access fee included", l.Price)
	default:
		words := l.Price.String()
		if l.Class != "" {
			words += " (" + l.Class + ")"
		}
		say("price", Green, "%s", words)
	}
}

// preflightObjects asks for the contacts and hosts that the create names.
func (a *Account) preflightObjects(ctx context.Context, s *epp.Session, r catch.Request, say func(string, Light, string, ...any)) {
	c := a.create(r, s.Services())
	ids := map[string]bool{}
	if c.Registrant != "" {
		ids[c.Registrant] = true
	}
	for _, x := range c.Contacts {
		ids[x.ID] = true
	}
	if len(ids) == 0 {
		say("contact", Yellow, "no contact is set: fine where the registry keeps none, else the create is refused")
	}
	for id := range ids {
		a.exists(ctx, "contact", id, epp.ContactCheck{IDs: []string{id}}, r.Name, say)
	}
	for _, h := range c.NS {
		a.exists(ctx, "host", h, epp.HostCheck{Names: []string{h}}, r.Name, say)
	}
}

func (a *Account) exists(ctx context.Context, what, id string, cmd epp.Command, name string, say func(string, Light, string, ...any)) {
	s, err := a.session(ctx, name, "check "+what)
	if err != nil {
		say(what, Red, "%s: %v", id, err)
		return
	}
	r, err := s.Do(ctx, cmd)
	var re *epp.ResultError
	switch {
	case errors.As(err, &re) && (re.Code == epp.BadService || re.Code == epp.BadCommand):
		say(what, Yellow, "%s: the registry keeps no such objects, so that a create that names it may be refused", id)
	case err != nil:
		say(what, Red, "%s: %v", id, err)
	default:
		for _, c := range epp.ReadCheck(r) {
			if c.ID == strings.ToLower(id) && !c.Free {
				say(what, Green, "%s exists", id)
				return
			}
		}
		say(what, Red, "%s does not exist at the registry: create it first", id)
	}
}
