package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/alert"
)

// Accounts says what the configuration knows of the accounts behind routes.
type Accounts interface {
	// Account is the account that a route belongs to; "" for routes without one.
	Account(route string) string
	// Contact is who a route registers for: the named contact, or where none is
	// named the account's own. id is what the service calls it. ErrNotFound says
	// that the person keeps no such contact; id stands all the same.
	Contact(route, named string) (c catch.Contact, id string, err error)
}

// Payment is how an account pays, as a person saw it on the service's website.
type Payment struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
	Words   string    `json:"words"`
}

// paymentAges is how long a payment that was noted is believed: cards end.
const paymentAges = 180 * 24 * time.Hour

// PreflightSpec says what is looked at.
type PreflightSpec struct {
	Name    Name
	Routes  []string    // none: those of its orders that stand, else all that are open for it
	Cap     catch.Money // zero: the order's, or the name's
	Contact string      // empty: the order's, or the account's
}

// PreflightLine is one thing that was looked at for one route.
type PreflightLine struct {
	Route string `json:"route"`
	catch.Line
}

// Preflight looks at everything that catching a name by its routes will need.
// It changes nothing and spends nothing. ErrNotFound says that there is no
// route to look at.
func (s *Service) Preflight(ctx context.Context, spec PreflightSpec) ([]PreflightLine, error) {
	row, orders, err := s.orderRow(ctx, spec.Name)
	if err != nil {
		return nil, err
	}
	standing := map[string]catch.Order{}
	for _, o := range orders {
		if o.State.Holds() {
			standing[o.Route] = o
		}
	}
	var out []PreflightLine
	for _, r := range s.o.Routes {
		d := r.Describe()
		o, ordered := standing[d.Route]
		switch {
		case len(spec.Routes) > 0:
			if !slices.Contains(spec.Routes, d.Route) {
				continue
			}
		case len(standing) > 0:
			if !ordered {
				continue
			}
		default: // what is kept by hand is looked at where it is ordered or named
			if open, _ := r.Open(string(spec.Name)); !open || d.Kind == catch.ByHand || d.Kind == catch.Prereg || !d.Has(catch.CanQuote) && !d.Has(catch.CanFind) {
				continue
			}
		}
		if !ordered {
			o = catch.Order{Name: string(spec.Name), Route: d.Route, Service: d.Service, Kind: d.Kind, Pool: d.Pool, Years: 1, Cap: row.Cap, BidCap: row.BidCap}
		}
		if !spec.Cap.IsZero() {
			o.Cap = spec.Cap
		}
		if spec.Contact != "" {
			o.Contact = spec.Contact
		}
		var at time.Time
		if w := row.Verdict.Window; w != nil && !w.From.DayOnly {
			at = w.From.Time
		}
		for _, l := range s.lookAhead(ctx, r, o, at) {
			out = append(out, PreflightLine{d.Route, l})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("preflight %s: no route to look at: %w", spec.Name.Display(), ErrNotFound)
	}
	return out, ctx.Err()
}

// preview collects the lines of one route.
type preview struct {
	*Service
	r     catch.Route
	d     catch.Description
	o     catch.Order
	at    time.Time
	lines []catch.Line
}

func (p *preview) say(what string, l catch.Light, format string, args ...any) {
	p.lines = append(p.lines, catch.Line{What: what, Light: l, Words: fmt.Sprintf(format, args...)})
}

// lookAhead looks at all that an order will need at a route.
func (s *Service) lookAhead(ctx context.Context, r catch.Route, o catch.Order, at time.Time) []catch.Line {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	p := &preview{Service: s, r: r, d: r.Describe(), o: o, at: at}
	if open, why := r.Open(o.Name); !open {
		p.say("open", catch.Red, "not open to you: %s", why)
	} else {
		p.say("open", catch.Green, "%s takes it", p.d.Service)
	}
	if !o.CutOff.IsZero() && !o.CutOff.After(s.now()) && o.State == catch.Planned {
		p.say("cut-off", catch.Red, "%s closed for it %s", p.d.Service, atText(o.CutOff))
	}
	p.acting(ctx)
	if own, ok := r.(catch.Preflighter); ok {
		p.lines = append(p.lines, own.Preflight(ctx, s.asks(o), at)...)
	} else {
		p.login(ctx)
		p.price(ctx)
		p.contact()
		p.balance(ctx)
		if s.o.Clock != nil && burstKind(p.d.Kind) {
			p.lines = append(p.lines, s.o.Clock(ctx))
		}
	}
	p.month(ctx)
	p.terms(ctx)
	p.nexus()
	p.payment(ctx)
	return p.lines
}

// acting looks at whether anybody will be there to act.
func (p *preview) acting(ctx context.Context) {
	l, err := p.store.Lease(ctx)
	switch {
	case err != nil:
		p.say("program", catch.Red, "%v", err)
	case l.Halted:
		p.say("program", catch.Red, "everything is halted by %s; lapse halt --off", l.HaltBy)
	case l.Held:
		p.say("program", catch.Green, "%s acts", l.Holder)
	default:
		p.say("program", catch.Yellow, "nobody acts right now: lapse serve, or lapse catch, has to run then")
	}
}

func (p *preview) login(ctx context.Context) {
	prober, ok := p.r.(catch.Prober)
	if !ok {
		return
	}
	if err := prober.Probe(ctx); err != nil {
		p.say("login", catch.Red, "%s", words(err))
		return
	}
	p.say("login", catch.Green, "login, address and rights are in order")
}

func (p *preview) price(ctx context.Context) {
	q, err := p.quote(ctx, p.r, p.o)
	switch {
	case p.o.Kind == catch.ByHand:
	case err == nil && q.Price.IsZero() && q.Free != nil && !*q.Free:
		p.say("price", catch.Yellow, "none is named while it is held; it is read again right before")
	case err != nil:
		p.say("price", catch.Red, "%s", guardWords(err))
	case p.o.Cap.IsZero():
		p.say("price", catch.Yellow, "%s (%s); no cap is set", q.Price, q.Basis)
	default:
		if err := checkPrice(p.o, q); err != nil {
			p.say("price", catch.Red, "%s", guardWords(err))
			return
		}
		p.say("price", catch.Green, "%s, the cap is %s (%s)", q.Price, p.o.Cap, q.Basis)
	}
}

func (p *preview) contact() {
	if p.Service.o.Accounts == nil {
		return
	}
	c, id, err := p.Service.o.Accounts.Contact(p.d.Route, p.o.Contact)
	switch {
	case errors.Is(err, ErrNotFound) && id == "":
		p.say("contact", catch.Yellow, "none is set: the service takes its own default")
	case errors.Is(err, ErrNotFound):
		p.say("contact", catch.Yellow, "%s is known to the service alone: lapse contact add keeps it here too", id)
	case err != nil:
		p.say("contact", catch.Red, "%v", err)
	default:
		if err := c.Check(); err != nil {
			p.say("contact", catch.Red, "%s: %s", c.ID, strings.ReplaceAll(err.Error(), "\n", "; "))
			return
		}
		p.say("contact", catch.Green, "%s is complete", c.ID)
	}
}

func (p *preview) balance(ctx context.Context) {
	b, ok := p.r.(catch.Balancer)
	if !ok {
		return
	}
	m, err := b.Balance(ctx)
	if err != nil {
		p.say("balance", catch.Yellow, "not read: %s", words(err))
		return
	}
	need := p.o.Price
	if need.IsZero() {
		need = p.o.Cap
	}
	if c, err := m.Cmp(need); err == nil && c < 0 {
		p.say("balance", catch.Red, "%s, and it may take %s", m, need)
		return
	}
	p.say("balance", catch.Green, "%s", m)
}

// month looks at the person's own budget.
func (p *preview) month(ctx context.Context) {
	if p.o.Cap.IsZero() {
		return
	}
	why, err := p.monthRefuses(ctx, p.o)
	switch {
	case err != nil:
		p.say("month", catch.Red, "%v", err)
	case why != "":
		p.say("month", catch.Red, "%s", why)
	default:
		p.say("month", catch.Green, "the month's cap has room for %s", AtMost(p.o))
	}
}

func (p *preview) terms(ctx context.Context) {
	t := p.r.Terms(p.o.Name)
	read, err := p.TermsRead(ctx, t)
	if err != nil {
		p.say("terms", catch.Red, "%v", err)
		return
	}
	light := catch.Yellow // terms that nobody accepted stop nothing
	if !read[0].Accepted.IsZero() && !read[0].Changed {
		light = catch.Green
	}
	words := read[0].Words
	if p.d.Kind == catch.Register && t.Burst != catch.BurstAllowed && !slices.Contains(p.o.Consents, "burst") {
		words += "; repeated calls are not allowed: it is registered once it is free"
	}
	p.say("terms", light, "%s", words)
}

// nexus looks at what the registry wants to see of whom it registers for.
func (p *preview) nexus() {
	n := Name(p.o.Name)
	rule := p.Service.o.Rules.Rule(p.o.Name)
	wants, sure := rule.Nexus, rule.Sure["nexus"] != "memory"
	if l, ok := p.launchOf(n); ok && l.Nexus != "" {
		wants, sure = l.Nexus, true
	}
	if wants == "" {
		return
	}
	missing := catch.Red
	if !sure {
		missing = catch.Yellow
	}
	if p.Service.o.Accounts == nil {
		p.say("nexus", missing, ".%s wants to see: %s", n.Zone(), wants)
		return
	}
	c, id, err := p.Service.o.Accounts.Contact(p.d.Route, p.o.Contact)
	switch answer := c.Answer(n.Zone()); {
	case err == nil && answer != "":
		p.say("nexus", catch.Green, "%s shows %s (.%s wants to see: %s)", c.ID, answer, n.Zone(), wants)
	case err == nil:
		p.say("nexus", missing, ".%s wants to see: %s; lapse contact edit %s --nexus %s=...", n.Zone(), wants, c.ID, n.Zone())
	case errors.Is(err, ErrNotFound) && id != "":
		p.say("nexus", missing, ".%s wants to see: %s; nothing is known of contact %s: lapse contact add %s --nexus %s=...", n.Zone(), wants, id, id, n.Zone())
	case errors.Is(err, ErrNotFound):
		p.say("nexus", missing, ".%s wants to see: %s; no contact is set that could show it: lapse contact add NAME --nexus %s=...", n.Zone(), wants, n.Zone())
	default:
		p.say("nexus", catch.Red, "%v", err)
	}
}

// payment looks at whether somebody knows how the account pays.
func (p *preview) payment(ctx context.Context) {
	account := p.payer(p.d.Route)
	ps, err := p.store.Payments(ctx)
	if err != nil {
		p.say("payment", catch.Red, "%v", err)
		return
	}
	i := slices.IndexFunc(ps, func(x Payment) bool { return x.Account == account })
	switch {
	case i < 0 && slices.ContainsFunc(p.lines, func(l catch.Line) bool { return l.What == "balance" && l.Light == catch.Green }):
		// It pays from its balance.
	case i < 0:
		p.say("payment", catch.Yellow, "nobody noted how it pays: look there, then lapse account payment %s WORDS", account)
	case p.now().Sub(ps[i].At) > paymentAges:
		p.say("payment", catch.Yellow, "%s, noted on %s, which is long ago: look again", ps[i].Words, ps[i].At.Format(time.DateOnly))
	default:
		p.say("payment", catch.Green, "%s, noted on %s", ps[i].Words, ps[i].At.Format(time.DateOnly))
	}
}

// payer is under which name the payment of a route is noted.
func (s *Service) payer(route string) string {
	if s.o.Accounts != nil {
		if a := s.o.Accounts.Account(route); a != "" {
			return a
		}
	}
	return route
}

// NotePayment keeps how an account pays, as of now; empty words forget it.
func (s *Service) NotePayment(ctx context.Context, account, words string) (Payment, error) {
	p := Payment{Account: account, At: s.now().UTC(), Words: words}
	if err := s.writable(); err != nil {
		return p, err
	}
	return p, s.store.NotePayment(ctx, p)
}

// Payments lists what was noted.
func (s *Service) Payments(ctx context.Context) ([]Payment, error) { return s.store.Payments(ctx) }

// preflights are how long before a window everything is looked at by itself.
var preflights = []time.Duration{24 * time.Hour, time.Hour, 5 * time.Minute}

// preflight looks at an order once after each of its moments, and tells what is
// red while there is time to mend it. red is "" where all is well or nothing
// was looked at. A look is remembered: what it led to may not have been kept,
// because the order moved meanwhile.
func (s *Service) preflight(ctx context.Context, r catch.Route, o catch.Order, drop time.Time) (red string, tested bool, err error) {
	n, now := Name(o.Name), s.now()
	var latest time.Time
	for _, d := range preflights {
		if t := drop.Add(-d); !t.After(now) && t.After(latest) {
			latest = t
		}
	}
	if latest.IsZero() || !drop.After(now) {
		return "", false, nil
	}
	what := o.Route + " " + o.Name
	if p, ok := s.bursts.tested(what, latest); ok {
		return p.red, true, nil
	}
	var reds []string
	for _, l := range s.lookAhead(ctx, r, o, drop) {
		if l.Light == catch.Red {
			reds = append(reds, l.What+": "+l.Words)
		}
	}
	if ctx.Err() != nil {
		return "", false, context.Cause(ctx)
	}
	red = strings.Join(reds, "; ")
	s.bursts.noteTest(what, probe{at: now, red: red})
	if red == "" {
		return "", true, nil
	}
	text := fmt.Sprintf("preflight of %s for %s at %s: %s", r.Describe().Service, n.Display(), atText(drop), red)
	s.tell(ctx, EvTrouble, n, text)
	row, err := s.store.Watch(ctx, n)
	if err != nil {
		return red, true, err
	}
	sub := subject(row)
	return red, true, s.store.PutAlerts(ctx, s.o.Alerts.Items(sub, []alert.Alert{{
		ID: fmt.Sprintf("%s/%s/%s/%s", sub.Name, alert.Preflight, o.Route, latest.UTC().Format("20060102T150405Z")), Kind: alert.Preflight,
		Name: sub.Name, At: now, Urgent: true, Title: sub.Display + ": the preflight is red", Text: upper(text) + ".", By: drop,
	}}))
}

// preflightHeld looks ahead for an order that a service holds: it will not be
// sent again, yet it has to be paid, and to be registered for somebody.
func (s *Service) preflightHeld(ctx context.Context, r catch.Route, o catch.Order) error {
	if o.State != catch.Active && o.State != catch.Processing {
		return nil
	}
	sh, ok, _, err := s.aim(ctx, o)
	if err != nil || !ok || sh.free {
		return err
	}
	_, _, err = s.preflight(ctx, r, o, sh.at)
	return err
}
