package watch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// phaseEvery is how long an order that waits for a phase trusts the book at
// most: a launch that moves by hand of an editor is followed within it.
const phaseEvery = 10 * time.Minute

// phaseKinds are the phases of the book that a phase of RFC 8334 stands for.
var phaseKinds = map[string][]launch.Kind{
	"sunrise":  {launch.SunriseStart, launch.SunriseEnd},
	"landrush": {launch.Landrush, launch.LRP},
	"claims":   {launch.Claims},
	"open":     {launch.EarlyAccess, launch.GA},
	"custom":   {launch.QLP, launch.LRP},
}

// phasesOf are the phases of the book in which an order is sent, by their time;
// none where the book knows of none, or where the order waits for no phase.
func (s *Service) phasesOf(o catch.Order) []launch.Phase {
	l, ok := s.launchOf(Name(o.Name))
	if !ok {
		return nil
	}
	if o.Kind == catch.Prereg {
		// A pre-registration is placed before its phase. What is bought in a phase
		// as it runs waits for it.
		if offer, ok := s.offerOf(o); ok && offer.Tier == launch.Purchase {
			if p := l.Phase(offer.Phase); p != nil {
				return []launch.Phase{*p}
			}
		}
		return nil
	}
	in, err := catch.LaunchOf(o.Consents)
	if err != nil || in == nil {
		return nil
	}
	if p := l.Phase(in.Name); in.Name != "" && p != nil {
		return []launch.Phase{*p}
	}
	var out []launch.Phase
	for _, p := range l.Phases {
		if slices.Contains(phaseKinds[in.Phase], p.Kind) {
			out = append(out, p)
		}
	}
	return out
}

// phaseWait says when an order for a phase can be sent: the zero time at once,
// else the moment at which its phase has opened for certain. The error is a
// guard: all its phases are over.
func (s *Service) phaseWait(o catch.Order, now time.Time) (until time.Time, why string, err error) {
	ps := s.phasesOf(o)
	var next, last *launch.Phase
	for i := range ps {
		p := &ps[i]
		switch {
		case p.Open(now), p.From.IsZero() && p.To.IsZero(), p.From.IsZero() && now.Before(p.To.Time):
			return time.Time{}, "", nil
		case p.Opens().After(now) && (next == nil || p.Opens().Before(next.Opens())):
			next = p
		case !p.To.IsZero() && !now.Before(p.To.Time) && (last == nil || p.To.After(last.To.Time)):
			last = p
		}
	}
	tld := Name(o.Name).TLD()
	switch {
	case next != nil && next.From.DayOnly:
		return next.Opens(), fmt.Sprintf("waits for %s of .%s on %s; nobody told the hour: lapse launch edit %s sets it, else it is sent once that day is over", next.Name, tld, next.From.Format("2 Jan 2006"), tld), nil
	case next != nil:
		return next.Opens(), fmt.Sprintf("waits for %s of .%s, which opens %s", next.Name, tld, atText(next.From.Time)), nil
	case last != nil:
		return time.Time{}, "", refuse("%s of .%s was over %s", last.Name, tld, dateText(last.To.Time, last.To.DayOnly))
	}
	return time.Time{}, "", nil
}

// plannedPhase puts an order that comes before its phase among the planned.
func (s *Service) plannedPhase(o *catch.Order, now time.Time) error {
	until, why, err := s.phaseWait(*o, now)
	if err != nil || until.IsZero() {
		return err
	}
	o.State, o.Why, o.NextTry = catch.Planned, why, phaseTry(until, now)
	return nil
}

func phaseTry(until, now time.Time) time.Time {
	if next := now.Add(phaseEvery); until.After(next) {
		return next
	}
	return until
}

// awaitPhase keeps an order that was taken up before its phase opened: the
// launch moved, or it is only time to read the book again. It reports whether
// there is something to wait for.
func (s *Service) awaitPhase(ctx context.Context, o catch.Order) (bool, error) {
	now := s.now()
	until, why, err := s.phaseWait(o, now)
	switch {
	case err != nil:
		return true, s.end(ctx, o, catch.RefusedOrder, guardWords(err))
	case until.IsZero():
		return false, nil
	}
	moved := o.Why != why
	if o.State == catch.Requested {
		if err := o.Move(catch.Planned, why); err != nil {
			return true, err
		}
	}
	o.Why, o.NextTry = why, phaseTry(until, now)
	if !moved {
		why = "" // nothing that the person has to read
	}
	return true, s.store.SaveOrder(ctx, o, why)
}

// falls reports whether an order that waited for its phase is only too dear
// because of a fee that still falls: the registry's clock may turn a moment
// after the book's.
func (s *Service) falls(ctx context.Context, o catch.Order, q catch.Quote) bool {
	if o.State != catch.Planned || !inPhase(o) || q.Early.Units <= 0 {
		return false
	}
	q.Price.Units -= q.Early.Units
	q.Early = catch.Money{}
	return s.stands(ctx, o, q) == nil
}

// cancellable reports whether what an order has sent can be taken back by its
// route: over EPP an application can, while a create is done at once.
func (s *Service) cancellable(o catch.Order) bool {
	if o.Kind == catch.EPP {
		l, err := catch.LaunchOf(o.Consents)
		if err != nil || l == nil || !l.Application {
			return false
		}
	}
	return s.can(o, catch.CanCancel)
}

// FieldLaunch marks how a launch stood in a name's history, so that a date
// that moves can be told with the one before it.
const FieldLaunch = "launch"

// scheduleText writes the dates of a launch as history keeps them: each phase
// with when it opens and closes.
func scheduleText(l launch.Launch) string {
	lines := make([]string, len(l.Phases))
	for i, p := range l.Phases {
		lines[i] = p.Name + " | " + p.From.String() + " | " + p.To.String()
	}
	return strings.Join(lines, "; ")
}

// scheduleOf reads the dates back.
func scheduleOf(text string) launch.Launch {
	var l launch.Launch
	date := func(s string) whoisx.Date {
		d, err := launch.ReadTime(s)
		if err != nil {
			return whoisx.Date{}
		}
		return d
	}
	for part := range strings.SplitSeq(text, "; ") {
		if f := strings.Split(part, " | "); len(f) == 3 {
			l.Phases = append(l.Phases, launch.Phase{Name: f[0], From: date(f[1]), To: date(f[2])})
		}
	}
	return l
}

// movedText says what moved of a launch, the nearest phases first.
func movedText(before, after launch.Launch, tld string) string {
	const most = 3
	var out []string
	date := func(d whoisx.Date) string {
		if d.IsZero() {
			return "an unknown time"
		}
		return dateText(d.Time, d.DayOnly)
	}
	moved := launch.Changes(before, after)
	told := map[string]bool{}
	for _, m := range moved {
		switch {
		case told[m.Phase]:
			continue // when it closes follows from when the next one opens
		case m.Which == "added":
			out = append(out, fmt.Sprintf("%s was added, %s", m.Phase, date(m.After)))
		case m.Which == "dropped":
			out = append(out, m.Phase+" was taken off")
		default:
			out = append(out, fmt.Sprintf("%s %s %s, not %s", m.Phase, m.Which, date(m.After), date(m.Before)))
		}
		told[m.Phase] = true
	}
	if n := len(out); n > most {
		out = append(out[:most], fmt.Sprintf("and %d more phases moved", n-most))
	}
	if len(out) == 0 {
		return ""
	}
	return "The launch of ." + tld + " moved: " + strings.Join(out, "; ")
}

// seesLaunch adds to a look of a launch that its dates moved since the last
// one. The first look keeps them without a word.
func (s *Service) seesLaunch(ctx context.Context, l *Look) error {
	book, ok := s.launchOf(l.Name)
	if !ok || l.Seen == nil {
		return nil
	}
	now := scheduleText(book)
	h, err := s.store.History(ctx, l.Name, 0)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(h, func(c Change) bool { return c.Field == FieldLaunch }) // newest first
	c := Change{At: l.At, Name: l.Name, Field: FieldLaunch, After: now, Source: "launch book"}
	if i >= 0 {
		if c.Before = h[i].After; c.Before == now {
			return nil
		}
		c.Text = l.Name.Display() + ": " + movedText(scheduleOf(c.Before), book, l.Name.TLD())
	} else {
		c.Text = fmt.Sprintf("%s: .%s opens in %d phases, to all %s", l.Name.Display(), l.Name.TLD(), len(book.Phases), opensToAll(book))
	}
	l.Changes = append(l.Changes, c)
	return nil
}

func opensToAll(l launch.Launch) string {
	if ga := l.GA(); ga != nil && !ga.From.IsZero() {
		return dateText(ga.From.Time, ga.From.DayOnly)
	}
	return "at an unknown time"
}
