// Package dnsimple registers names at DNSimple (developer.dnsimple.com/v2):
// plain registrations only. Its terms forbid drop catching and it disables
// accounts for it, so that the route has no burst and no consent opens one.
//
// What is peculiar: a premium price is required and confirmed in the call, a
// standard one is not; there is no place for a number of years; 201 is done and
// 202 is pending; checks have a stricter limit of their own and are not for
// polling.
package dnsimple

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/plain"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

const (
	service = "dnsimple"
	title   = "DNSimple"
	host    = "https://api.dnsimple.com"
)

// Factory makes DNSimple's route: the registration.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: host,
		Fields: []account.Field{
			{Name: "key", What: "an account access token", Secret: true, Needed: true},
			{Name: "account_id", What: "the number of the account", Needed: true},
			{Name: "contact", What: "the number of the registrant contact", Needed: true},
		},
		Routes: []catch.Description{description},
		New: func(c account.Config) ([]catch.Route, error) {
			d := &route{plain.New(c, description, &web.API{
				Client: web.New(title, host, c), Facts: facts, Prefix: "/v2/" + cmp.Or(c.Options["account_id"], "<account>"),
				Header: [][2]string{{"Authorization", "Bearer " + web.Secret(c.Key)}},
			})}
			d.Of(d, d.create)
			return []catch.Route{d}, nil
		},
	}
}

var description = catch.Description{
	Route: service, Service: title, Kind: catch.Register,
	Can: []catch.Can{
		catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote,
		catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanSandbox,
	},
}

type route struct{ plain.Route }

// failure is DNSimple's error form.
type failure struct {
	Message string          `json:"message"`
	Errors  json.RawMessage `json:"errors"`
}

var facts = web.Facts{
	Read: web.ByStatus(func(f failure) string { return f.Message + " " + string(f.Errors) }),
	Words: web.Wordings{
		{"premium", catch.PremiumRefused},
		{"quota", catch.RateLimited},
		{"not available", catch.Taken},
		{"already registered", catch.Taken},
		{"card_declined", catch.InsufficientFunds},
		{"card was declined", catch.InsufficientFunds},
		{"unpaid", catch.InsufficientFunds},
		{"invoice", catch.InsufficientFunds},
		{"not supported", catch.TLDUnsupported},
		{"registrant", catch.InvalidContact},
		{"contact", catch.InvalidContact},
		{"extended attributes", catch.InvalidContact},
		{"ip address", catch.IPNotAllowed},
		{"in progress", catch.Busy},
		{"not found", catch.NotFound},
	},
	Vague: web.HTTP,
}

func domain(name string) string { return "/registrar/domains/" + url.PathEscape(name) }

// Quote reads availability and prices.
func (d *route) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	var check struct {
		Data struct {
			Domain    string `json:"domain"`
			Available bool   `json:"available"`
			Premium   bool   `json:"premium"`
		} `json:"data"`
	}
	r := d.JSON("read price", http.MethodGet, domain(name)+"/check", nil, false)
	if err := d.Ask(ctx, r, &check); err != nil {
		return catch.Quote{}, err
	}
	if !strings.EqualFold(check.Data.Domain, name) {
		return catch.Quote{}, d.Fail(r, catch.UpstreamDown, "it answered for "+check.Data.Domain)
	}
	var prices struct {
		Data struct {
			Premium bool        `json:"premium"`
			Create  json.Number `json:"registration_price"`
			Renew   json.Number `json:"renewal_price"`
		} `json:"data"`
	}
	if err := d.Ask(ctx, d.JSON("read price", http.MethodGet, domain(name)+"/prices", nil, false), &prices); err != nil {
		return catch.Quote{}, err
	}
	q := catch.Quote{Name: name, Free: &check.Data.Available, Premium: check.Data.Premium || prices.Data.Premium, Class: "standard", At: d.Conf.Clock(), Basis: "DNSimple prices"}
	if q.Premium {
		q.Class = "premium"
	}
	var err error
	if q.Price, err = money(prices.Data.Create); err != nil {
		return catch.Quote{}, fmt.Errorf("read price at %s: %w", title, err)
	}
	q.Renew, _ = money(prices.Data.Renew)
	return q, term("read price", years)
}

// term refuses what the call has no place for.
func term(op string, years int) error {
	if years <= 1 {
		return nil
	}
	return &catch.Error{
		Kind: catch.Guard, Service: title, Op: op,
		Words: fmt.Sprintf("its API registers for the shortest term and not for %d years", years), Hint: "order it with --years 1 and renew it",
	}
}

// money reads a float that means cents.
func money(n json.Number) (catch.Money, error) {
	f, err := n.Float64()
	if err != nil {
		return catch.Money{}, fmt.Errorf("price %q: %w", n, err)
	}
	return catch.MoneyOf(strconv.FormatFloat(f, 'f', 2, 64), "USD")
}

func (d *route) create(r catch.Request) web.Request {
	contact := r.Contact
	if contact == "" {
		contact = d.Conf.Contact
	}
	var id any = "<contact>"
	if n, err := strconv.Atoi(contact); err == nil {
		id = n
	}
	body := map[string]any{"registrant_id": id, "whois_privacy": false, "auto_renew": true}
	if r.Premium {
		body["premium_price"] = "<price>"
		if !r.Price.IsZero() {
			body["premium_price"] = r.Price.Amount()
		}
	}
	return d.JSON("register", http.MethodPost, domain(r.Name)+"/registrations", body, true)
}

func (d *route) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if err := term("register", r.Years); err != nil {
		return catch.Report{}, err
	}
	if r.DryRun {
		return account.DryRun()
	}
	var a struct {
		Data struct {
			ID    json.Number `json:"id"`
			State string      `json:"state"`
		} `json:"data"`
	}
	resp, err := d.Call(ctx, d.create(r), &a)
	if err != nil {
		return catch.Report{}, err
	}
	rep := catch.Report{State: catch.WonProvisional, Ref: a.Data.ID.String(), Words: catch.Words(a.Data.State), Paid: r.Price}
	if resp.Status == http.StatusAccepted {
		rep.State, rep.Paid = catch.Processing, catch.Money{}
	}
	return rep, nil
}

// Find asks for the registration where its number is known, and else whether
// the account holds the name as a registered one.
func (d *route) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	if o.Ref != "" {
		var a struct {
			Data struct {
				State string `json:"state"`
			} `json:"data"`
		}
		err := d.Ask(ctx, d.JSON("look up registration", http.MethodGet, domain(o.Name)+"/registrations/"+url.PathEscape(o.Ref), nil, false), &a)
		if err != nil {
			return catch.Report{}, err
		}
		rep := catch.Report{State: catch.Processing, Ref: o.Ref, Words: catch.Words(a.Data.State)}
		switch a.Data.State {
		case "registered":
			rep.State = catch.WonProvisional
		case "failed", "cancelled", "cancelling":
			rep.State = catch.Failed
		}
		return rep, nil
	}
	var a struct {
		Data struct {
			Name  string `json:"name"`
			State string `json:"state"`
		} `json:"data"`
	}
	r := d.JSON("look up name", http.MethodGet, "/domains/"+url.PathEscape(o.Name), nil, false)
	if err := d.Ask(ctx, r, &a); err != nil {
		return d.Conf.Settles(o, err)
	}
	switch {
	case !strings.EqualFold(a.Data.Name, o.Name):
		return catch.Report{}, d.Fail(r, catch.UpstreamDown, "it answered for "+a.Data.Name)
	case a.Data.State == "hosted":
		return d.Conf.Settles(o, d.Fail(r, catch.NotFound, "the name is hosted there, but not registered"))
	}
	return catch.Report{State: catch.WonProvisional, Words: catch.Words(a.Data.State)}, nil
}

// Probe tests the token.
func (d *route) Probe(ctx context.Context) error {
	err := d.Ask(ctx, d.JSON("test account", http.MethodGet, "/domains", nil, false).With(web.Values("per_page", "1")), nil)
	return err
}

// AutoRenew switches the renewal.
func (d *route) AutoRenew(ctx context.Context, name string, on bool) error {
	method := http.MethodDelete
	if on {
		method = http.MethodPut
	}
	err := d.Ask(ctx, d.JSON("set auto-renew", method, domain(name)+"/auto_renewal", nil, false), nil)
	return err
}

// Lock sets the transfer lock.
func (d *route) Lock(ctx context.Context, name string, on bool) error {
	method := http.MethodDelete
	if on {
		method = http.MethodPost
	}
	err := d.Ask(ctx, d.JSON("lock name", method, domain(name)+"/transfer_lock", nil, false), nil)
	return err
}

// Nameservers sets the hosts.
func (d *route) Nameservers(ctx context.Context, name string, hosts []string) error {
	err := d.Ask(ctx, d.JSON("set name servers", http.MethodPut, domain(name)+"/delegation", hosts, false), nil)
	return err
}
