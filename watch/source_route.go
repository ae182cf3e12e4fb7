package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
)

// RouteSource asks a registrar, or one's own EPP account, whether a name can be
// registered. It is a vote of its own, and brings the price along.
type RouteSource struct {
	route catch.Route
	now   func() time.Time
}

// NewRouteSource makes a source of a route that can check.
func NewRouteSource(r catch.Route, now func() time.Time) *RouteSource {
	return &RouteSource{route: r, now: now}
}

// Kind is EPP for one's own account, else Registrar.
func (r *RouteSource) Kind() whoisx.Source {
	if r.route.Describe().Kind == catch.EPP {
		return whoisx.EPP
	}
	return whoisx.Registrar
}

// Host is the route's name: its budget is that of the account.
func (r *RouteSource) Host(name string) string {
	if open, _ := r.route.Open(name); !open {
		return ""
	}
	return r.route.Describe().Route
}

// Ask reads price and availability.
func (r *RouteSource) Ask(ctx context.Context, name string) whoisx.Answer {
	start := r.now()
	d := r.route.Describe()
	a := whoisx.Answer{Source: r.Kind(), Server: d.Route, Name: name, Asked: start.UTC()}
	q, err := r.route.Quote(ctx, name, 1)
	a.Took = whoisx.Duration(r.now().Sub(start))
	if err != nil && (catch.KindOf(err) != catch.Guard || q.Free == nil) {
		a.Outcome, a.Why = routeOutcome(catch.KindOf(err)), whoisx.CleanLine(words(err))
		a.RetryAfter = whoisx.Duration(retryAfter(err))
		return a
	}
	says := ""
	switch {
	case q.Free == nil:
		a.Outcome, says = whoisx.Unreadable, "the service does not say whether it can be registered"
		a.Why = says
	case !*q.Free && q.Class == "reserved":
		a.Outcome, a.Category, says = whoisx.Reserved, whoisx.CleanLine(q.Reason), "kept by the registry"
	case !*q.Free && q.Class == "blocked":
		a.Outcome, a.Category, says = whoisx.Blocked, whoisx.CleanLine(q.Reason), "blocked by the registry"
	case !*q.Free:
		a.Outcome, a.Confirmed, says = whoisx.Registered, true, "not available"
	case q.Premium:
		a.Outcome, says = whoisx.Premium, "available at a premium price"
		a.Category = q.Class
	default:
		a.Outcome, says = whoisx.NotRegistered, "available"
	}
	if !q.Price.IsZero() {
		a.Price = &whoisx.Price{Amount: q.Price.Amount(), Currency: q.Price.Currency, What: "create"}
		if q.Early.Units > 0 {
			a.Price.What, a.Price.OnTop = whoisx.CleanLine(q.EarlyWhat), q.Early.Amount()
		}
	}
	line := fmt.Sprintf("%s %s %s", name, says, q.Price)
	if a.Category != "" && q.Reason != "" {
		line = fmt.Sprintf("%s %s: %s", name, says, a.Category)
	}
	a.Raw = []byte(line)
	a.Evidence = []whoisx.Evidence{{Source: a.Source, Line: 1, Text: line, Says: says}}
	return a
}

func routeOutcome(k catch.ErrorKind) whoisx.Outcome {
	switch k {
	case catch.Taken:
		return whoisx.Unreadable // "taken" also means that an order stands: it names no holder
	case catch.RateLimited, catch.Busy:
		return whoisx.RateLimited
	case catch.Auth, catch.IPNotAllowed:
		return whoisx.Refused
	case catch.TLDUnsupported, catch.Guard:
		return whoisx.Unsupported
	}
	return whoisx.Unreachable
}
