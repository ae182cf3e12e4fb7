package cli

import (
	"fmt"
	"io"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/watch"
)

// printWithoutAccount shows what an order would send at a service for which no
// account is set up: what only an account knows stands as <user> or <contact>.
// It connects to nobody. ok is false where no service has such a route.
func (a *app) printWithoutAccount(spec watch.OrderSpec) (text string, ok bool, err error) {
	cfg, err := a.config()
	if err != nil {
		return "", false, err
	}
	book, err := cfg.terms()
	if err != nil {
		return "", false, err
	}
	if _, have := cfg.Account[spec.Route]; have {
		return "", false, nil
	}
	for _, f := range registrar.All() {
		kind := catch.Kind("")
		for _, d := range f.Routes {
			if d.Route == spec.Route {
				kind = d.Kind
			}
		}
		if kind == "" {
			continue
		}
		c := account.Config{
			Account: f.Service, Service: f.Service, Terms: book, Dial: cfg.dialer(), Now: a.now,
			User: "<user>", Contact: "<contact>", Key: catch.NewSecret("<key>"), Secret: catch.NewSecret("<secret>"), Options: map[string]string{},
		}
		for _, field := range f.Fields {
			switch field.Name {
			case "key", "secret", "user", "contact":
			case "url":
				c.URL = "registry.invalid:700"
			default:
				if field.Needed {
					c.Options[field.Name] = "<" + field.Name + ">"
				}
			}
		}
		routes, err := f.New(c)
		if err != nil {
			return "", false, fmt.Errorf("print an order at %s: %w", f.Title, err)
		}
		for _, r := range routes {
			if closer, isCloser := r.(io.Closer); isCloser {
				defer closer.Close()
			}
			if r.Describe().Kind != kind {
				continue
			}
			text, err = r.Print(catch.Request{
				Key: "lapse-key", Name: string(spec.Name), Years: spec.Years, Contact: spec.Contact,
				Price: spec.Price, Cap: spec.Cap, BidCap: spec.BidCap, Premium: spec.Premium,
			})
			return text, err == nil, err
		}
	}
	return "", false, nil
}
