package eppaccount

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/epp"
)

// Preflight looks at everything that a burst for a name will need. It changes
// nothing and spends no create. at may be zero where the drop is not known.
func (a *Account) Preflight(ctx context.Context, r catch.Request, at time.Time) []catch.Line {
	var out []catch.Line
	say := func(what string, l catch.Light, format string, args ...any) {
		out = append(out, catch.Line{What: what, Light: l, Words: fmt.Sprintf(format, args...)})
	}
	name := strings.ToLower(r.Name)
	pol := a.Policy(name)
	if ok, why := a.Open(name); !ok {
		say("tld", catch.Red, "%s", why)
	}
	assumed := ""
	if len(pol.Assumed) > 0 {
		assumed = "; not confirmed: " + strings.Join(pol.Assumed, ", ")
	}
	say("policy", catch.Green, "%s: %s%s", pol.Title, pol.Words(), assumed)
	a.preflightBudget(ctx, pol, say)
	if ends := a.cfg.CertEnds(); !ends.IsZero() {
		switch left := time.Until(ends); {
		case left <= 0 || !at.IsZero() && !at.Before(ends):
			say("certificate", catch.Red, "your client certificate ends %s, before it is needed", ends.Format(time.RFC3339))
		case left < 14*24*time.Hour:
			say("certificate", catch.Yellow, "your client certificate ends %s", ends.Format(time.DateOnly))
		default:
			say("certificate", catch.Green, "valid until %s", ends.Format(time.DateOnly))
		}
	}
	// Its own burst that is armed has passed all of this, and needs the sessions.
	if held, err := a.use.Held(ctx); err == nil && held != nil {
		if slices.Contains(held.Names, name) {
			say("login", catch.Green, "the burst for it is armed for %s and has the account to itself", held.At.Format("2006-01-02 15:04:05 UTC"))
		} else {
			say("login", catch.Yellow, "%v; look again when that is over", held)
		}
		return out
	}
	s, err := a.session(ctx, name, "log in")
	if err != nil {
		say("login", catch.Red, "%v", err)
		return out
	}
	say("login", catch.Green, "%s as %s", s.Greeting().Server, a.o.User)
	a.mu.Lock()
	events := slices.Clone(a.events)
	a.mu.Unlock()
	for _, e := range events {
		l := catch.Yellow
		if e.Level == "error" || !e.Until.IsZero() && !at.IsZero() && e.Until.Before(at) {
			l = catch.Red
		}
		until := ""
		if !e.Until.IsZero() {
			until = " until " + e.Until.Format(time.DateOnly)
		}
		say(e.Type, l, "%s%s", e.Words, until)
	}
	for _, c := range s.TLS().PeerCertificates[:1] {
		if !at.IsZero() && c.NotAfter.Before(at) {
			say("server certificate", catch.Yellow, "the registry's own certificate ends %s, before the drop", c.NotAfter.Format(time.RFC3339))
		}
	}
	a.preflightServices(s.Services(), r, say)
	a.preflightClock(ctx, s, say)
	a.preflightName(ctx, r, say)
	a.preflightObjects(ctx, s, r, say)
	if m, err := a.Balance(ctx); err == nil {
		l := catch.Green
		if n, err := m.Cmp(r.Price); err == nil && n < 0 {
			l = catch.Red
		}
		say("balance", l, "%s, as the last answer that carried it said", m)
	} else {
		say("balance", catch.Yellow, "unknown: no answer carried it yet; look at the registry's web page")
	}
	return out
}

func (a *Account) preflightBudget(ctx context.Context, pol burst.Policy, say func(string, catch.Light, string, ...any)) {
	most := pol.Allowance()
	if most == 0 {
		say("budget", catch.Green, "the policy sets no limit on creates for existing names")
		return
	}
	spent, err := a.use.Spent(ctx, time.Now().Add(-pol.Window()))
	switch {
	case err != nil:
		say("budget", catch.Red, "%v", err)
	case spent >= most:
		say("budget", catch.Red, "all %d creates on existing names of %s are spent", most, pol.Window())
	case spent*2 > most:
		say("budget", catch.Yellow, "%d of %d creates on existing names of %s are spent", spent, most, pol.Window())
	default:
		say("budget", catch.Green, "%d of %d creates on existing names of %s are spent", spent, most, pol.Window())
	}
}

func (a *Account) preflightClock(ctx context.Context, s *epp.Session, say func(string, catch.Light, string, ...any)) {
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
		say("clock", catch.Red, "nothing confirms this machine's clock: set [clock] ntp")
	case c.Uncertainty > 100*time.Millisecond:
		say("clock", catch.Yellow, "%s", c)
	default:
		say("clock", catch.Green, "%s", c)
	}
}

func (a *Account) preflightName(ctx context.Context, r catch.Request, say func(string, catch.Light, string, ...any)) {
	l, err := a.Look(ctx, r.Name, r.Years)
	if err != nil {
		say("name", catch.Red, "%v", err)
		return
	}
	switch {
	case l.Free:
		say("name", catch.Green, "free right now")
	case l.Reason != "":
		say("name", catch.Green, "held: %s", l.Reason)
	default:
		say("name", catch.Green, "held")
	}
	locked, err := a.locked("check the price of "+r.Name, r, l)
	var e *catch.Error
	switch {
	case errors.As(err, &e) && r.Launch != nil && a.falls(r, l):
		say("price", catch.Yellow, "%s now, of which %s falls: it can be sent once it is within the cap of %s", l.Price, l.EarlyFee, r.Cap)
	case errors.As(err, &e):
		say("price", catch.Red, "%s", e.Words)
	case l.Price.Currency == "":
		say("price", catch.Yellow, "%s as confirmed; the registry names no price now", locked.Price)
	case l.Early:
		say("price", catch.Yellow, "%s, an early access fee included", l.Price)
	default:
		words := l.Price.String()
		if l.Class != "" {
			words += " (" + l.Class + ")"
		}
		say("price", catch.Green, "%s", words)
	}
}

// falls reports whether only a fee that falls stands between a name and its cap.
func (a *Account) falls(r catch.Request, l Looked) bool {
	if l.EarlyFee.Units <= 0 {
		return false
	}
	l.Price.Units -= l.EarlyFee.Units
	l.EarlyFee = catch.Money{}
	_, err := a.locked("check the price of "+r.Name, r, l)
	return err == nil
}

// preflightServices looks at what the greeting offers of what the create uses.
func (a *Account) preflightServices(svc epp.Services, r catch.Request, say func(string, catch.Light, string, ...any)) {
	var have []string
	for _, uri := range svc.Extensions {
		have = append(have, uri[strings.LastIndexAny(uri, ":/")+1:])
	}
	switch {
	case r.Launch != nil && !svc.Has(epp.NSLaunch):
		say("extensions", catch.Red, "the registry does not offer launch phases (RFC 8334), and the order is for one")
	case svc.Fee == "":
		say("extensions", catch.Yellow, "no fee extension (RFC 8748): no price is named, and none can be sent along")
	default:
		say("extensions", catch.Green, "%s", strings.Join(have, ", "))
	}
}

// preflightObjects asks for the contacts and hosts that the create names.
func (a *Account) preflightObjects(ctx context.Context, s *epp.Session, r catch.Request, say func(string, catch.Light, string, ...any)) {
	c := a.create(r, s.Services())
	ids := map[string]bool{}
	if c.Registrant != "" {
		ids[c.Registrant] = true
	}
	for _, x := range c.Contacts {
		ids[x.ID] = true
	}
	if len(ids) == 0 {
		say("contact", catch.Yellow, "no contact is set: fine where the registry keeps none, else the create is refused")
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		a.exists(ctx, "contact", id, epp.ContactCheck{IDs: []string{id}}, r.Name, say)
	}
	for _, h := range c.NS {
		a.exists(ctx, "host", h, epp.HostCheck{Names: []string{h}}, r.Name, say)
	}
}

func (a *Account) exists(ctx context.Context, what, id string, cmd epp.Command, name string, say func(string, catch.Light, string, ...any)) {
	s, err := a.session(ctx, name, "check "+what)
	if err != nil {
		say(what, catch.Red, "%s: %v", id, err)
		return
	}
	r, err := s.Do(ctx, cmd)
	var re *epp.ResultError
	switch {
	case errors.As(err, &re) && (re.Code == epp.BadService || re.Code == epp.BadCommand):
		say(what, catch.Yellow, "%s: the registry keeps no such objects, so that a create that names it may be refused", id)
	case err != nil:
		say(what, catch.Red, "%s: %v", id, err)
	default:
		for _, c := range epp.ReadCheck(r) {
			if strings.EqualFold(c.ID, id) && !c.Free {
				say(what, catch.Green, "%s exists", id)
				return
			}
		}
		say(what, catch.Red, "%s does not exist at the registry: create it first", id)
	}
}
