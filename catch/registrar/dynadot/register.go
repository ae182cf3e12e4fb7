package dynadot

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/repeat"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

// register is the plain registration. Dynadot takes no price in the call: the
// price is read right before, and premium=0 makes it refuse premium names.
type register struct {
	account.Final
	*api
}

func describeRegister(account string) catch.Description {
	return catch.Description{
		Route: account + ":register", Service: title, Kind: catch.Register,
		Can: []catch.Can{
			catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote, catch.CanBalance,
			catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanSandbox,
		},
	}
}

func (g *register) Describe() catch.Description { return describeRegister(g.conf.Account) }

func (g *register) Open(name string) (bool, string) { return g.conf.Sells(name) }

func (g *register) Terms(name string) catch.Terms {
	return g.conf.Terms.For(service, catch.Register, name)
}

func (g *register) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	return g.search(ctx, name, years)
}

func (g *register) order(r catch.Request) web.Request {
	contact := r.Contact
	if contact == "" {
		contact = g.conf.Contact
	}
	premium := ""
	if r.Premium {
		premium = "1"
	}
	return g.request("register", "register", true,
		"domain", r.Name, "duration", strconv.Itoa(max(r.Years, 1)), "currency", g.conf.CurrencyOr(), "premium", premium,
		"registrant_contact", contact, "admin_contact", contact, "technical_contact", contact, "billing_contact", contact)
}

func (g *register) Print(r catch.Request) (string, error) { return g.web.Print(g.order(r)), nil }

func (g *register) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return catch.Report{State: catch.Planned, Words: "dry run: nothing was sent"}, nil
	}
	ans, err := g.do(ctx, g.order(r))
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: catch.WonProvisional, Words: ans.words(), Ref: r.Name, Paid: r.Price}, nil
}

// Find asks whether the name is in the account.
func (g *register) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	r := g.request("look up name", "domain_info", false, "domain", o.Name)
	ans, err := g.do(ctx, r)
	if err != nil {
		var e *catch.Error
		if errors.As(err, &e) && e.Kind != catch.NotFound && e.Kind.Definite() && strings.Contains(strings.ToLower(e.Words), "could not find") {
			e.Kind = catch.NotFound
		}
		return catch.Report{}, err
	}
	if got := find(ans.body, "name", "domainname", "domain"); got != "" && !strings.EqualFold(got, o.Name) {
		return catch.Report{}, g.web.Fail(r, catch.UpstreamDown, "it answered for "+got)
	}
	return catch.Report{State: catch.WonProvisional, Ref: o.Name, Words: ans.words()}, nil
}

// AutoRenew switches the renewal.
func (g *register) AutoRenew(ctx context.Context, name string, on bool) error {
	option := "donot"
	if on {
		option = "auto"
	}
	_, err := g.do(ctx, g.request("set auto-renew", "set_renew_option", false, "domain", name, "renew_option", option))
	return err
}

// Lock locks the name against transfers; Dynadot's API cannot unlock.
func (g *register) Lock(ctx context.Context, name string, on bool) error {
	if !on {
		return &catch.Error{Kind: catch.Guard, Service: title, Op: "unlock name", Words: "its API locks only", Hint: "unlock it on the website"}
	}
	_, err := g.do(ctx, g.request("lock name", "lock_domain", false, "domain", name))
	return err
}

// Nameservers sets up to thirteen hosts.
func (g *register) Nameservers(ctx context.Context, name string, hosts []string) error {
	params := []string{"domain", name}
	for i, h := range hosts {
		if i > 12 {
			break
		}
		params = append(params, "ns"+strconv.Itoa(i), h)
	}
	_, err := g.do(ctx, g.request("set name servers", "set_ns", false, params...))
	return err
}

// Arm prepares a burst of this call, repeated within the service's limits.
func (g *register) Arm(ctx context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	return repeat.Arm(ctx, g, g.web, rs, at, until)
}
