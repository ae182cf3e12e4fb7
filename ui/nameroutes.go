package ui

import (
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

var routeColumns = []widget.Column{
	{ID: "route", Title: "ROUTE", Min: 9, Want: 11, Max: 24, Prio: 0},
	{ID: "state", Title: "STATE", Min: 9, Want: 14, Max: 20, Prio: 1},
	{ID: "cut", Title: "CUT-OFF", Min: 7, Want: 8, Max: 16, Prio: 3},
	{ID: "won", Title: "IF IT WINS", Min: 10, Want: 24, Max: 44, Prio: 2},
	{ID: "lost", Title: "IF IT LOSES", Min: 10, Want: 11, Max: 30, Prio: 4},
	{ID: "several", Title: "IF OTHERS ORDER TOO", Min: 19, Want: 20, Max: 30, Prio: 5, Extra: true},
	{ID: "ref", Title: "THEIR NUMBER", Min: 14, Want: 14, Max: 20, Prio: 6, Extra: true},
}

// routeLines are the routes as they stand, and what they add up to.
func (s *nameScreen) routeLines(w int, now time.Time) []string {
	t := s.theme
	d := s.d
	var out []string
	routes := d.Routes
	if ours(&d.Row) { // ways to get it are noise by now; what was ordered is not
		routes = slices.DeleteFunc(slices.Clone(routes), func(rt watch.RouteStatus) bool { return rt.Order == nil })
		if len(routes) == 0 {
			return s.owed(w)
		}
	}
	if len(routes) == 0 {
		out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Dim,
			widget.Fit("No route is set up. lapse account add opens one; by hand always works.", w-2, t.Glyph.Dots)).String())
		return append(out, s.owed(w)...)
	}
	seen := map[string]int{}
	for i := range routes {
		seen[serviceName(&routes[i])]++
	}
	s.twice = seen
	wanted := slices.Clone(routeColumns)
	for i := range routes { // a route's name comes before what is only good to know
		wanted[0].Want = min(max(wanted[0].Want, widget.Width(widget.Safe(s.routeName(&routes[i])))), wanted[0].Max)
	}
	cols := widget.Place(wanted, w-2, 1)
	l := widget.NewLine(w, t)
	for _, c := range cols {
		l.To(1+c.X).Cell(t.Head, c.Title, c.W, c.Right)
	}
	out = append(out, l.String())
	var shut []*watch.RouteStatus
	for i := range routes {
		rt := &routes[i]
		if rt.Order == nil && (!rt.Open || !rt.Configured) {
			shut = append(shut, rt)
			continue
		}
		out = append(out, s.routeLine(w, cols, rt, now))
	}
	for _, rt := range shut {
		why := rt.Why
		if why == "" {
			why = "no account is set up"
		}
		l := widget.NewLine(w, t).Skip(1).Put("", widget.Fit(s.routeName(rt), cols[0].W, t.Glyph.Dots)).To(1+cols[0].W+1).
			Put(t.Dim, t.Glyph.No+" ")
		out = append(out, l.Put(t.Dim, why).String())
	}
	return append(out, s.owed(w)...)
}

// ours reports whether a name is the person's own.
func ours(r *watch.Row) bool {
	return r.Verdict.Stage == lifecycle.Caught || (r.Kind == watch.Mine && r.Verdict.Stage == lifecycle.Registered)
}

func serviceName(rt *watch.RouteStatus) string {
	if rt.Service != "" {
		return rt.Service
	}
	return rt.Route
}

// routeName is the service, and what it does there where it has several
// routes.
func (s *nameScreen) routeName(rt *watch.RouteStatus) string {
	name := serviceName(rt)
	if s.twice[name] < 2 {
		return name
	}
	switch rt.Kind {
	case catch.Register:
		return name + " burst"
	case catch.ExpiryAuction:
		return name + " auction"
	case catch.Prereg:
		return name + " prereg"
	}
	return name
}

func (s *nameScreen) routeLine(w int, cols []widget.Placed, rt *watch.RouteStatus, now time.Time) string {
	t := s.theme
	l := widget.NewLine(w, t)
	for _, c := range cols {
		l.To(1 + c.X)
		var text string
		var style widget.Style
		switch c.ID {
		case "route":
			text = s.routeName(rt)
		case "state":
			text, style = "no order", t.Dim
			if rt.CutOff.After(now) && s.d.Todo.Verb == watch.TodoOrder {
				text, style = "! NO ORDER", t.Warn
			}
			if rt.Order != nil {
				text, style = stateWords[rt.Order.State], s.stateStyle(rt.Order.State)
			}
		case "cut":
			switch {
			case !rt.CutOff.IsZero() && rt.CutOff.Before(now):
				text, style = "passed", t.Dim
			case !rt.CutOff.IsZero():
				text = pick(c.W, t.Glyph.Dots, hm(rt.CutOff, now)+" "+until(rt.CutOff, now)[0], hm(rt.CutOff, now), until(rt.CutOff, now)[len(until(rt.CutOff, now))-1])
			default:
				text = pick(c.W, t.Glyph.Dots, rt.Terms.CutOff, "-")
			}
		case "won":
			text, style = pick(c.W, t.Glyph.Dots, ifWon(&rt.Terms, rt.Order)...), t.Strong
		case "lost":
			text = pick(c.W, t.Glyph.Dots, ifLost(&rt.Terms)...)
		case "several":
			text = strings.ReplaceAll(string(rt.Terms.Several), "-", " ")
			if text == "" {
				text, style = "ask first", t.Dim
			}
		case "ref":
			if rt.Order != nil {
				text, style = rt.Order.Ref, t.Dim
			}
		}
		l.Cell(style, text, c.W, c.Right)
	}
	return l.String()
}

// ifWon says what a route costs if it wins, in several lengths.
func ifWon(tm *catch.Terms, o *catch.Order) []string {
	fee := tm.Fee
	if o != nil && !o.Price.IsZero() {
		fee = o.Price
	}
	if fee.IsZero() {
		return []string{"price unknown: ask first", "ask first"}
	}
	switch tm.Several {
	case catch.PublicAuction, catch.PrivateAuction:
		return []string{
			fee.String() + ", else " + strings.ReplaceAll(string(tm.Several), "-", " "),
			fee.String() + ", else auction", fee.String() + "+",
		}
	}
	return []string{fee.String()}
}

func ifLost(tm *catch.Terms) []string {
	if tm.LoseFee.IsZero() {
		if tm.Source == "" { // nobody has told the terms: nothing is promised
			return []string{"ask first"}
		}
		if tm.Refund == catch.RefundUnknown && !tm.Deposit.IsZero() {
			return []string{tm.Deposit.String() + " deposit: refund unknown", "ask first"}
		}
		return []string{"nothing"}
	}
	return []string{tm.LoseFee.String() + " lost", tm.LoseFee.String()}
}

func holding(os []catch.Order) (n int) {
	for i := range os {
		if os[i].State.Holds() {
			n++
		}
	}
	return n
}

// owed is the most that can be owed for the name.
func (s *nameScreen) owed(w int) []string {
	e := &s.d.Exposure
	if len(e.MostOwed)+len(e.LostAnyway)+len(e.Frozen) == 0 {
		return nil
	}
	text := "MOST YOU CAN OWE " + moneyList(e.MostOwed, "nothing")
	if holding(s.d.Orders) > 1 {
		text += " (only one can win)"
	}
	text += ". Lost in any case: " + moneyList(e.LostAnyway, "nothing") + "."
	if f := moneyList(e.Frozen, ""); f != "" {
		text += " Frozen: " + f + "."
	}
	return paragraph(s.theme, w, s.theme.Strong, text)
}
