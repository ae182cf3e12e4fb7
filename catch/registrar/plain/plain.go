// Package plain is the frame of a route that registers a name by one call of an
// API: all that does not differ from one service to the next. A connector embeds
// Route, says how its calls look and what their answers mean, and adds what else
// the service can do.
package plain

import (
	"context"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/repeat"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

// Route is the frame. Self is the connector's own route, and Create its one
// paid call.
type Route struct {
	account.Final
	account.Route
	*web.API

	Self   catch.Route
	Create func(catch.Request) web.Request
}

// New makes the frame for an account; zones are what the service takes, none
// where that is not known.
func New(c account.Config, d catch.Description, api *web.API, zones ...string) Route {
	return Route{Final: account.Final{Service: d.Service}, Route: c.Route(d, zones...), API: api}
}

// Of makes it known to a frame whose it is.
func (r *Route) Of(self catch.Route, create func(catch.Request) web.Request) {
	r.Self, r.Create = self, create
}

// Print shows the one call.
func (r *Route) Print(req catch.Request) (string, error) { return r.API.Print(r.Create(req)), nil }

// Arm prepares a burst of the call, repeated within the service's limits.
func (r *Route) Arm(ctx context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	return repeat.Arm(ctx, r.Self, r.API, rs, at, until)
}

// Priced refuses a call that has to name its price, in the currency that the
// service charges; empty: in any.
func (r *Route) Priced(req catch.Request, currency string) error {
	e := &catch.Error{Kind: catch.Guard, Service: r.API.Service, Op: "register"}
	switch {
	case req.Price.IsZero():
		e.Words, e.Hint = "no price is known", "the price goes along with the call; read it first"
	case currency != "" && req.Price.Currency != currency:
		e.Words = "it charges " + currency + ", the price is in " + req.Price.Currency
	default:
		return nil
	}
	return e
}
