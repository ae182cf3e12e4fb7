package watch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// urgentWithin is how near a deadline is when its row is marked.
const urgentWithin = 24 * time.Hour

func urgent(t Todo, now time.Time) bool {
	return t.Verb != TodoNothing && !t.By.IsZero() && t.By.Sub(now) < urgentWithin
}

// todo computes what the person has to do next for a name, and by when: the
// nearest of all the deadlines that somebody else set. It is pure.
func (s *Service) todo(r Row, now time.Time) Todo {
	var best Todo
	option := "" // what may be done, and need not
	consider := func(t Todo) {
		if t.Verb == TodoNothing && t.Text != "" {
			option = t.Text
		}
		if t.By.IsZero() || t.Verb == TodoNothing {
			return
		}
		if best.Verb == TodoNothing || t.By.Before(best.By) {
			best = t
		}
	}
	for _, o := range r.Orders {
		consider(orderTodo(o, now))
	}
	if r.Kind != Mine {
		consider(fallingTodo(r, now))
	}
	switch r.Kind {
	case Mine:
		consider(renewTodo(r, now))
	case Want:
		consider(s.wantTodo(r, now))
	case Launch:
		consider(s.launchTodo(r, now))
		if r.Verdict.Stage != lifecycle.Launching {
			consider(s.wantTodo(r, now)) // its TLD is open: a name like any other
		}
	}
	if best.Verb == TodoNothing && best.Text == "" {
		best.Text = option
	}
	best.Urgent = urgent(best, now)
	return best
}

// orderTodo is what an order that stands asks of the person.
func orderTodo(o catch.Order, now time.Time) Todo {
	switch o.State {
	case catch.PaymentDue:
		owed := Owed(o)
		text := fmt.Sprintf("Pay %s at %s by %s.", owed, o.Service, atText(o.PayBy))
		if o.PayBy.IsZero() {
			return Todo{Verb: TodoPay, By: now, Text: fmt.Sprintf("Pay %s at %s; it did not say by when.", owed, o.Service)}
		}
		return Todo{Verb: TodoPay, By: o.PayBy, Text: text}
	case catch.AuctionOutbid:
		if o.AuctionEnds.After(now) {
			return Todo{Verb: TodoBid, By: o.AuctionEnds, Text: fmt.Sprintf("Outbid at %s: %s stands, your bid cap is %s. It ends %s.", o.Service, o.HighBid, bidCap(o), atText(o.AuctionEnds))}
		}
	case catch.AuctionLeading:
		if what, ok := strings.CutPrefix(o.Why, fixMark); ok {
			by := o.AuctionEnds
			if by.IsZero() {
				by = o.Updated
			}
			return Todo{Verb: TodoFix, By: by, Text: o.Service + ": " + what}
		}
		if o.AuctionEnds.After(now) && !o.HighBid.IsZero() {
			return Todo{}
		}
	case catch.InDoubt:
		return Todo{Verb: TodoFix, By: o.Updated, Text: fmt.Sprintf("Nobody knows whether %s took the order; it is looked up and never sent twice.", o.Service)}
	case catch.RefundDue, catch.Reversed:
		return Todo{Verb: TodoFix, By: o.Updated.AddDate(0, 0, 14), Text: fmt.Sprintf("%s owes you %s back; record it when it came.", o.Service, o.Paid)}
	case catch.Planned:
		if strings.HasPrefix(o.Why, fixMark) {
			by := o.CutOff
			if by.IsZero() {
				by = o.Updated
			}
			return Todo{Verb: TodoFix, By: by, Text: o.Service + ": " + strings.TrimPrefix(o.Why, fixMark)}
		}
	}
	return Todo{}
}

// fixMark begins the words of an order that waits for the person.
const fixMark = "needs you: "

// renewAhead is how long before expiry an owner is asked to renew.
const renewAhead = 60 * 24 * time.Hour

func renewTodo(r Row, now time.Time) Todo {
	v := r.Verdict
	name := r.Name.Display()
	switch v.Stage {
	case lifecycle.Registered, lifecycle.Caught:
		if v.Expires.IsZero() || v.Expires.Sub(now) > renewAhead {
			return Todo{}
		}
		return Todo{Verb: TodoRenew, By: v.Expires.Time, Text: fmt.Sprintf("Your %s expires %s. Renew it, or check that auto-renew is on.", name, dateText(v.Expires.Time, v.Expires.DayOnly))}
	case lifecycle.Expired:
		return Todo{Verb: TodoRenew, By: nextStage(v, now), Text: fmt.Sprintf("Your %s has expired; it can still be renewed at the usual price.", name)}
	case lifecycle.Redemption:
		return Todo{Verb: TodoRenew, By: nextStage(v, now), Text: fmt.Sprintf("Your %s was deleted; its registrar can still restore it for a fee.", name)}
	}
	return Todo{}
}

// nextStage is the earliest that the next stage begins: until then is sure.
func nextStage(v lifecycle.Verdict, now time.Time) time.Time {
	if v.Next != nil && !v.Next.Earliest.IsZero() {
		return v.Next.Earliest.Time
	}
	return now
}

// wantTodo is what a wanted name asks of the person: an auction to bid in, a
// service that closes without an order, a name that is free.
func (s *Service) wantTodo(r Row, now time.Time) Todo {
	v := r.Verdict
	name := r.Name.Display()
	if f := v.Has(lifecycle.FlagAtAuction); f != nil && f.Until != nil && f.Until.After(now) {
		for _, o := range r.Orders {
			if o.State == catch.AuctionLeading {
				return Todo{}
			}
		}
		where := f.Category
		if where == "" {
			where = "an auction house"
		}
		return Todo{Verb: TodoBid, By: f.Until.Time, Text: fmt.Sprintf("%s is at auction at %s until %s.", name, where, dateText(f.Until.Time, f.Until.DayOnly))}
	}
	switch v.Stage {
	case lifecycle.Free, lifecycle.LikelyFree:
		for _, o := range r.Orders {
			if o.State.Holds() {
				return Todo{} // it is being taken care of
			}
		}
		by := v.Since.Time
		if by.IsZero() {
			by = now
		}
		return Todo{Verb: TodoOrder, By: by, Text: fmt.Sprintf("%s is %s: register it before somebody else does.", name, v.Stage)}
	case lifecycle.PendingDelete, lifecycle.Dropping:
	default:
		return Todo{}
	}
	w := v.Window
	if w == nil || w.From.IsZero() {
		return Todo{}
	}
	drop := w.From.Time
	if r.Cap.IsZero() && len(r.Orders) == 0 && !s.reachable() {
		// Nothing can be ordered from here; say when it drops.
		if drop.After(now) {
			return Todo{Verb: TodoOrder, By: drop, Text: fmt.Sprintf("%s drops %s and no route is set up.", name, dateText(drop, w.From.DayOnly))}
		}
		return Todo{}
	}
	var best Todo
	for _, rt := range s.o.Routes {
		d := rt.Describe()
		if d.Kind != catch.Backorder && d.Kind != catch.ByHand {
			continue
		}
		if open, _ := rt.Open(string(r.Name)); !open {
			continue
		}
		terms := rt.Terms(string(r.Name))
		if hasOrder(r.Orders, d, terms) {
			continue
		}
		if (d.Kind == catch.ByHand || !d.Has(catch.CanFind)) && terms.CutOffBefore == 0 {
			continue // nobody knows when it closes
		}
		cut := drop.Add(-terms.CutOffBefore)
		if !cut.After(now) {
			continue
		}
		if best.Verb == TodoNothing || cut.Before(best.By) {
			best = Todo{Verb: TodoOrder, By: cut, Text: fmt.Sprintf("%s closes %s and you have no order there.", d.Service, atText(cut))}
		}
	}
	if best.Verb != TodoNothing && slices.ContainsFunc(r.Orders, ownBurst) {
		// The person has decided to catch it themselves: a service that closes
		// is one more chance, not a deadline.
		return Todo{Text: "Your own burst is ordered. As one more chance: " + strings.TrimSuffix(best.Text, " and you have no order there.") + "."}
	}
	if best.Verb == TodoNothing && len(r.Orders) == 0 && drop.After(now) {
		best = Todo{Verb: TodoOrder, By: drop, Text: fmt.Sprintf("%s drops %s and you have no order.", name, dateText(drop, w.From.DayOnly))}
	}
	return best
}

// ownBurst reports whether an order catches the name by creates of one's own.
func ownBurst(o catch.Order) bool {
	return o.State.Holds() && (o.Kind == catch.EPP || o.Kind == catch.Register)
}

// reachable reports whether any route can be ordered at from here: those that
// are kept by hand cannot.
func (s *Service) reachable() bool {
	return slices.ContainsFunc(s.o.Routes, func(r catch.Route) bool { return r.Describe().Has(catch.CanFind) })
}

// hasOrder reports whether an order stands at a route, or in its pool.
func hasOrder(os []catch.Order, d catch.Description, t catch.Terms) bool {
	for _, o := range os {
		if o.Route == d.Route || o.Service == d.Service || (t.Pool != "" && o.Pool == t.Pool) {
			return true
		}
	}
	return false
}

// atText writes a moment; its seconds only where it has some.
func atText(t time.Time) string {
	if t = t.UTC(); t.Second() != 0 {
		return t.Format("2 Jan 15:04:05 UTC")
	}
	return t.Format("2 Jan 15:04 UTC")
}

func dateText(t time.Time, dayOnly bool) string {
	if dayOnly {
		return t.UTC().Format("2 Jan 2006") + " (hour unknown)"
	}
	return atText(t)
}
