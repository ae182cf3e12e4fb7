package watch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// launchOf is the launch of a name's TLD.
func (s *Service) launchOf(n Name) (launch.Launch, bool) {
	if s.o.Launches == nil {
		return launch.Launch{}, false
	}
	return s.o.Launches().Launch(n.TLD())
}

// coming reports whether a TLD is on its way.
func (s *Service) coming(tld string) bool {
	if s.o.Coming != nil && s.o.Coming(tld) {
		return true
	}
	if s.o.Launches == nil {
		return false
	}
	_, ok := s.o.Launches().Launch(tld)
	return ok
}

// kindOf is what a name without a kind is watched as: a launch where its TLD is
// not open to all yet.
func (s *Service) kindOf(n Name) Kind {
	if l, ok := s.launchOf(n); ok {
		if l.OpenedAt(s.now()) {
			return Want
		}
		return Launch
	}
	if _, open := icannSuffix(string(n)); !open {
		return Launch
	}
	return Want
}

// launching is the verdict on a name whose TLD is not open to all: the phases
// speak, unless a source says that somebody holds the name or that its registry
// keeps it. The second result is false where the name is like any other.
func (s *Service) launching(n Name, answers []whoisx.Answer, usual *lifecycle.Verdict, now time.Time) (lifecycle.Verdict, bool) {
	l, ok := s.launchOf(n)
	if !ok {
		return lifecycle.Verdict{}, false
	}
	v, on := launch.Verdict(l, now)
	if !on {
		return v, false
	}
	for _, a := range answers {
		switch a.Outcome {
		case whoisx.Registered, whoisx.Reserved, whoisx.Blocked:
			return v, false
		}
		if a.Outcome.SaysSomething() && !slices.Contains(v.Sources, a.Source) {
			v.Sources = append(v.Sources, a.Source)
		}
	}
	if usual != nil {
		if f := usual.Has(lifecycle.FlagPremium); f != nil {
			v.Flags = append(v.Flags, *f)
		}
	}
	return v, true
}

// sells reports whether a name can be had in a phase now, while its TLD is not
// open to all.
func (s *Service) sells(n Name) bool {
	l, ok := s.launchOf(n)
	return ok && !l.OpenedAt(s.now()) && l.At(s.now()) != nil
}

// launchDue is when a launching name is looked at next: when the next phase
// turns, or in a day.
func (s *Service) launchDue(n Name, now time.Time) (time.Time, string) {
	due, why := now.Add(24*time.Hour), "its TLD is not open yet"
	l, ok := s.launchOf(n)
	if !ok {
		return due, why
	}
	p, at, opens := l.Next(now)
	if p == nil || !at.Before(due) {
		return due, why
	}
	if opens {
		return at.Time, p.Name + " opens"
	}
	return at.Time, p.Name + " closes"
}

// concludeLaunch makes a look of a name whose TLD is on its way. No answer is
// needed for it: before a TLD is delegated there is nobody to ask.
func (s *Service) concludeLaunch(l Look, before *Before, usual *lifecycle.Verdict, now time.Time) (Look, bool) {
	v, ok := s.launching(l.Name, l.Answers, usual, now)
	if !ok {
		return l, false
	}
	seen := Before{Verdict: v, At: now}
	if before != nil {
		seen.Nameservers = before.Nameservers
	}
	l.Verdict, l.Seen = v, &seen
	l.Changes = changes(l.Name, before, v, seen, l.Answers, now)
	l.Due, l.DueWhy = s.launchDue(l.Name, now)
	return l, true
}

// launchTodo is what a name under a launching TLD asks of the person.
func (s *Service) launchTodo(r Row, now time.Time) Todo {
	var best Todo
	consider := func(by time.Time, text string) {
		if by.After(now) && (best.Verb == TodoNothing || by.Before(best.By)) {
			best = Todo{Verb: TodoDecide, By: by, Text: text}
		}
	}
	for _, d := range s.launchDues(r, now) {
		if !d.tooDear {
			consider(d.At, d.Title+" "+atText(d.At)+". "+d.Text)
		}
	}
	if best.Verb == TodoNothing {
		if w := r.Verdict.Window; w != nil && w.From.After(now) {
			consider(w.From.Time, "It opens to all "+dateText(w.From.Time, w.From.DayOnly)+".")
		}
	}
	return best
}

// launchDue is a deadline that a launch sets. One for a phase that asks more than
// the cap is told, and asks nothing of the person.
type launchDue struct {
	alert.Due
	tooDear bool
}

// launchDues are the deadlines that a launch sets: a phase that opens or
// closes, a price that falls under the cap, an offer that becomes binding. They
// are made of the book each time, so that a launch that moves replaces what was
// announced.
func (s *Service) launchDues(r Row, now time.Time) []launchDue {
	if r.Kind != Launch || s.o.Launches == nil {
		return nil
	}
	b := s.o.Launches()
	l, ok := b.Launch(r.Name.TLD())
	if !ok {
		return nil
	}
	name := r.Name.Display()
	var out []launchDue
	dear := false
	add := func(what, title, text string, at whoisx.Date, before ...time.Duration) {
		if !at.After(now) {
			return
		}
		if at.DayOnly { // an hour that nobody knows cannot be an hour away
			before = slices.DeleteFunc(before, func(d time.Duration) bool { return d < 24*time.Hour })
			text = strings.TrimSpace(text + " The hour is unknown.")
		}
		out = append(out, launchDue{alert.Due{Kind: alert.LaunchNear, At: at.Time, What: what, Title: name + ": " + title, Text: text, Before: before}, dear})
	}
	met := false
	for _, p := range l.Phases {
		all := l.Asks(p)
		c, err := all.Cmp(r.Cap)
		capped := err == nil && !r.Cap.IsZero() && all.Currency != ""
		dear = capped && c > 0
		price := ""
		if all.Currency != "" {
			price = "It asks " + all.String() + "."
		}
		add("phase-"+p.Name+"-opens", p.Name+" of ."+l.TLD+" opens", price, p.From, 24*time.Hour, time.Hour)
		if p.Kind == launch.Landrush || p.Kind == launch.SunriseEnd || p.Kind == launch.LRP {
			add("phase-"+p.Name+"-closes", p.Name+" of ."+l.TLD+" closes", price, p.To, 24*time.Hour, time.Hour)
		}
		if !met && capped && !dear && (p.Kind == launch.EarlyAccess || p.Kind == launch.Landrush) {
			met = true
			add("cap-met", "the price of "+p.Name+" falls under your cap", fmt.Sprintf("It asks %s all in, your cap is %s.", all, r.Cap), p.From, 24*time.Hour, time.Hour)
		}
	}
	dear = false
	for _, o := range r.Orders {
		if offer, ok := s.offerOf(o); ok && o.State == catch.Active {
			add("binding-"+offer.ID, fmt.Sprintf("the offer of %s becomes binding", offer.Registrar), "Until then it can be cancelled.", offer.BindingOn, 5*24*time.Hour, 24*time.Hour)
		}
	}
	return out
}

// offerOf is the offer that an order stands for, as the book has it now.
func (s *Service) offerOf(o catch.Order) (launch.Offer, bool) {
	id, ok := strings.CutPrefix(o.Route, launch.RoutePrefix)
	if !ok || s.o.Launches == nil {
		return launch.Offer{}, false
	}
	return s.o.Launches().Offer(id)
}

// guarded is a route that knows more than its terms say of why an order must
// not be given beside others.
type guarded interface {
	Guard(orders []catch.Order) error
}

// seesQuotes adds to a look of a launch the prices that its sources said.
func (s *Service) seesQuotes(ctx context.Context, l *Look) error {
	if l.Seen == nil || !slices.ContainsFunc(l.Answers, func(a whoisx.Answer) bool { return a.Price != nil || a.Outcome == whoisx.Reserved }) {
		return nil
	}
	if _, ok := s.launchOf(l.Name); !ok {
		return nil
	}
	known, err := s.Quotes(ctx, l.Name)
	if err != nil {
		return err
	}
	l.Changes = append(l.Changes, quotesSeen(l.Name, known, l.Answers, l.At)...)
	return nil
}
