package account

import (
	"context"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// Route is what every route of an account knows without asking its service: a
// connector embeds it and adds the calls.
type Route struct {
	Conf  Config
	desc  catch.Description
	zones []string
}

// Route makes it of the description that the service's factory gives; zones are
// what the service takes, none where that is not known.
func (c Config) Route(d catch.Description, zones ...string) Route {
	d.Route = c.Account + strings.TrimPrefix(d.Route, c.Service)
	return Route{c, d, zones}
}

// Describe says what the route is.
func (r Route) Describe() catch.Description { return r.desc }

// Open says whether the account sells the name.
func (r Route) Open(name string) (bool, string) { return r.Conf.Sells(name, r.zones...) }

// Terms are the service's, with the person's own over them.
func (r Route) Terms(name string) catch.Terms {
	return r.Conf.Terms.For(r.Conf.Service, r.desc.Kind, name)
}

// Unpriced is the Quote of routes whose service has no call for it.
type Unpriced struct{ Service, Hint string }

// Quote refuses: a person's confirmed price stands in.
func (u Unpriced) Quote(context.Context, string, int) (catch.Quote, error) {
	return catch.Quote{}, &catch.Error{Kind: catch.Guard, Service: u.Service, Op: "read price", Words: "no call says what it costs", Hint: u.Hint}
}

// Final is the Cancel of routes that register: a registration cannot be taken
// back.
type Final struct{ Service string }

// Cancel refuses.
func (f Final) Cancel(context.Context, catch.Order) (catch.Report, error) {
	return catch.Report{}, &catch.Error{Kind: catch.CutOffPassed, Service: f.Service, Op: "cancel registration", Words: "a registration is final"}
}

// DryRun is what a dry run reports where the service has none of its own.
func DryRun() (catch.Report, error) {
	return catch.Report{State: catch.Planned, Words: "dry run: nothing was sent"}, nil
}

// settling is how long an order that a service takes now and does later may be
// missing from the account.
const settling = time.Hour

// Settles judges a look-up that did not find an order at a service which takes
// orders now and does them later: within an hour that says nothing. An accepted
// order is being worked on; one whose acceptance got lost stays in doubt.
func (c Config) Settles(o catch.Order, err error) (catch.Report, error) {
	if catch.KindOf(err) != catch.NotFound || c.Clock().Sub(o.Since) >= settling {
		return catch.Report{}, err
	}
	switch o.State {
	case catch.Processing:
		return catch.Report{State: catch.Processing, Ref: o.Ref, Words: "accepted, not in the account yet"}, nil
	case catch.InDoubt:
		return catch.Report{}, &catch.Error{
			Kind: catch.Busy, Op: "look up name", Words: "not in the account yet, which it would not be for up to an hour", Err: err,
		}
	}
	return catch.Report{}, err
}
