package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

// printRequest shows what an order would send, and connects to nobody. With an
// account the guards are asked that need no service; without one, or where its
// secret cannot be read here, what only an account knows stands as <user> or
// <contact>.
func (a *app) printRequest(ctx context.Context, spec watch.OrderSpec) error {
	spec.Unasked = true
	s, err := a.open(ctx, needRoutes)
	if err != nil {
		return err
	}
	routes, err := s.Routes(ctx, "")
	if err != nil {
		return err
	}
	if slices.ContainsFunc(routes, func(r watch.RouteStatus) bool { return r.Route == spec.Route }) {
		return a.order(ctx, s, spec, true, true, false)
	}
	d, text, err := a.printWithoutAccount(spec)
	if err != nil {
		return err
	}
	if d.Route == "" {
		return a.orderRefused(fmt.Errorf("order %s: %w", spec.Name.Display(), watch.NoRoute(spec.Route)))
	}
	if a.flags.json {
		o := catch.Order{
			Name: string(spec.Name), Route: spec.Route, Service: d.Service, Kind: d.Kind, State: catch.Planned,
			Cap: spec.Cap, BidCap: spec.BidCap, Price: spec.Price, Years: spec.Years,
		}
		return a.writeJSON(ordered{watch.OrderPreview{Print: text, Order: o, Exposure: watch.ExposureOf([]catch.Order{o})}, true})
	}
	a.note("no account is at hand for %s: what only an account knows stands in <>, and no guard was asked", spec.Route)
	return a.printf("%s\n", strings.TrimRight(whoisx.Clean(text), "\n"))
}

// printWithoutAccount is the request of a service's route as an account would
// send it; the description is empty where no service has such a route.
func (a *app) printWithoutAccount(spec watch.OrderSpec) (catch.Description, string, error) {
	cfg, err := a.config()
	if err != nil {
		return catch.Description{}, "", err
	}
	book, err := cfg.Terms()
	if err != nil {
		return catch.Description{}, "", err
	}
	l, err := catch.LaunchOf(spec.Consents)
	if err != nil {
		return catch.Description{}, "", coded(exitUsage, err)
	}
	// A route is called after its account, or after its service.
	name, part, _ := strings.Cut(spec.Route, ":")
	known := cfg.Account[name]
	if known.Service == "" {
		known.Service = name
	}
	for _, f := range registrar.All() {
		i := slices.IndexFunc(f.Routes, func(d catch.Description) bool {
			return d.Route == strings.TrimSuffix(known.Service+":"+part, ":")
		})
		if i < 0 {
			continue
		}
		c := account.Config{
			Account: name, Service: f.Service, URL: known.URL, Terms: book, Dial: dialer(cfg), Now: a.now, Currency: known.Currency,
			User: cmp.Or(known.User, "<user>"), Contact: cmp.Or(known.Contact, "<contact>"), Policy: known.Policy,
			Key: catch.NewSecret("<key>"), Secret: catch.NewSecret("<secret>"), Options: map[string]string{},
		}
		maps.Copy(c.Options, known.Options)
		for _, field := range f.Fields {
			switch field.Name {
			case "key", "secret", "user", "contact":
			case "url":
				c.URL = cmp.Or(c.URL, "registry.invalid:700")
			default:
				if field.Needed && c.Options[field.Name] == "" {
					c.Options[field.Name] = "<" + field.Name + ">"
				}
			}
		}
		routes, err := f.New(c)
		if err != nil {
			return catch.Description{}, "", fmt.Errorf("print an order at %s: %w", f.Title, err)
		}
		text := ""
		for at, r := range routes {
			if closer, ok := r.(io.Closer); ok {
				defer closer.Close()
			}
			if at == i {
				text, err = r.Print(catch.Request{
					Key: "lapse-key", Name: string(spec.Name), Years: spec.Years, Contact: spec.Contact,
					Price: spec.Price, Cap: spec.Cap, BidCap: spec.BidCap, Premium: spec.Premium, Launch: l,
				})
			}
		}
		return f.Routes[i], text, err
	}
	return catch.Description{}, "", nil
}
