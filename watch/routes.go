package watch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/launch"
)

// route finds a route by its name: one of an account, or an offer of the
// launch book as it is now. Nil: there is none.
func (s *Service) route(name string) catch.Route {
	if r, ok := s.routes[name]; ok {
		return r
	}
	if s.o.Launches == nil {
		return nil
	}
	if r := launch.RouteOf(s.o.Launches, s.now, name); r != nil {
		return r
	}
	return nil
}

// offers are the routes that the launch book makes for a name.
func (s *Service) offers(n Name) []catch.Route {
	if s.o.Launches == nil {
		return nil
	}
	return launch.Routes(s.o.Launches, s.now, n.TLD())
}

// Routes lists every route as it stands for a name: open to the person, or
// why not. "" lists them without a name, and then says nothing of open.
func (s *Service) Routes(ctx context.Context, n Name) ([]RouteStatus, error) {
	if n == "" {
		return s.routesFor("", Row{}, nil)
	}
	row, err := s.store.Watch(ctx, n)
	if err != nil {
		row = Row{Watch: Watch{Name: n}} // routes can be looked at before a name is on the list
	}
	os, err := s.store.Orders(ctx, OrderFilter{Name: n})
	if err != nil {
		return nil, err
	}
	return s.routesFor(n, row, os)
}

func (s *Service) routesFor(n Name, row Row, orders []catch.Order) ([]RouteStatus, error) {
	now := s.now()
	routes := append(slices.Clone(s.o.Routes), s.offers(n)...)
	out := make([]RouteStatus, 0, len(routes))
	for _, r := range routes {
		rs := RouteStatus{Description: r.Describe(), Configured: true, Terms: r.Terms(string(n))}
		if n == "" {
			rs.Why = "open or not, and why, depends on the name: lapse routes NAME"
			out = append(out, rs)
			continue
		}
		rs.Open, rs.Why = r.Open(string(n))
		for i := len(orders) - 1; i >= 0; i-- {
			if o := orders[i]; o.Route == rs.Route && (rs.Order == nil || (o.State.Holds() && !rs.Order.State.Holds())) {
				rs.Order = &o
			}
		}
		rs.CutOff = cutOff(row, rs.Terms)
		switch against, why := againstOneself(rs.Description, rs.Terms, orders); {
		case !rs.Open:
		case rs.Order != nil && rs.Order.State.Holds():
		case !rs.CutOff.IsZero() && !rs.CutOff.After(now):
			rs.Open, rs.Why = false, "it closed "+atText(rs.CutOff)
		case against != "":
			rs.Why = why
			if poolOf(rs.Description, rs.Terms) != "" {
				rs.Open = false
			}
		}
		out = append(out, rs)
	}
	return out, nil
}

// cutOff is when a service stops taking orders for a name, as far as its drop
// is known.
func cutOff(row Row, t catch.Terms) time.Time {
	w := row.Verdict.Window
	if t.CutOffBefore <= 0 || w == nil || w.From.IsZero() || w.From.DayOnly {
		return time.Time{}
	}
	return w.From.Add(-t.CutOffBefore)
}

func poolOf(d catch.Description, t catch.Terms) string {
	if d.Pool != "" {
		return d.Pool
	}
	return t.Pool
}

// againstOneself names the order that one via this route would drive up, and
// says why: two services that share one pool, or two priorities for one name.
// The consent that allows it is "against:ROUTE".
func againstOneself(d catch.Description, t catch.Terms, orders []catch.Order) (route, why string) {
	pool := poolOf(d, t)
	for _, o := range orders {
		if !o.State.Holds() || o.Route == d.Route {
			continue
		}
		switch {
		case pool != "" && o.Pool == pool:
			return o.Route, fmt.Sprintf("same pool as %s: you would bid against yourself", o.Service)
		case t.Several == catch.Priority && slices.Contains(o.Consents, priorityMark):
			return o.Route, fmt.Sprintf("you hold a priority at %s already: two of yours would drive each other up", o.Service)
		}
	}
	return "", ""
}

// priorityMark is kept among an order's consents where its terms sell a
// priority, so that a second one is noticed without asking the route.
const priorityMark = "priority"
