// Package gandi registers names at Gandi through its v5 API
// (api.gandi.net/docs/domains).
//
// What is peculiar: the expected price goes along with the call and
// enforce_premium=false refuses premium names; an accepted order is a 202 and
// is done later, so that a name that is not there yet is still being worked
// on; and the list of products can be missing where a name is not available.
package gandi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/plain"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

const (
	service = "gandi"
	title   = "Gandi"
	host    = "https://api.gandi.net"
)

// Factory makes Gandi's route: the registration.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: host,
		Fields: append([]account.Field{
			{Name: "key", What: "a personal access token with the right to buy domains", Secret: true, Needed: true},
			{Name: "sharing_id", What: "the id of the organisation that pays; empty: your own"},
		}, account.PersonFields...),
		Routes: []catch.Description{description},
		New: func(c account.Config) ([]catch.Route, error) {
			g := &route{plain.New(c, description, &web.API{
				Client: web.New(title, host, c), Facts: facts, Prefix: "/v5", Header: [][2]string{{"Authorization", "Bearer " + web.Secret(c.Key)}},
			})}
			g.Of(g, g.create)
			return []catch.Route{g}, nil
		},
	}
}

var description = catch.Description{
	Route: service, Service: title, Kind: catch.Register,
	Can: []catch.Can{
		catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote, catch.CanPriceLock,
		catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanSandbox,
	},
}

type route struct{ plain.Route }

func (g *route) request(op, method, path string, query url.Values, body any, paid bool) web.Request {
	if id := g.Conf.Options["sharing_id"]; id != "" {
		if query == nil {
			query = url.Values{}
		}
		query.Set("sharing_id", id)
	}
	return g.JSON(op, method, path, body, paid).With(query)
}

// failure is Gandi's error form.
type failure struct {
	Message string `json:"message"`
	Cause   string `json:"cause"`
	Errors  []struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"errors"`
}

var facts = web.Facts{
	Read: web.ByStatus(func(f failure) string {
		s := strings.TrimSpace(f.Message + " " + f.Cause)
		for _, e := range f.Errors {
			s += "; " + strings.TrimSpace(e.Name+" "+e.Description)
		}
		return s
	}),
	Words: web.Wordings{
		{"premium", catch.PremiumRefused},
		{"price", catch.PriceMismatch},
		{"insufficient", catch.InsufficientFunds},
		{"not enough credit", catch.InsufficientFunds},
		{"prepaid", catch.InsufficientFunds},
		{"not available", catch.Taken},
		{"already registered", catch.Taken},
		{"already taken", catch.Taken},
		{"already exists", catch.Taken},
		{"unavailable", catch.Taken},
		{"unknown tld", catch.TLDUnsupported},
		{"not supported", catch.TLDUnsupported},
		{"ip address", catch.IPNotAllowed},
		{"in progress", catch.Busy},
		{"owner", catch.InvalidContact},
		{"contact", catch.InvalidContact},
	},
	Vague: map[string]catch.ErrorKind{
		"402": catch.InsufficientFunds, "403": catch.Auth, "404": catch.NotFound, "409": catch.Taken,
	},
}

// Quote reads availability and the price after taxes, which is what is
// charged.
func (g *route) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	r := g.request("read price", http.MethodGet, "/domain/check", url.Values{
		"name": {name}, "currency": {g.Conf.CurrencyOr()}, "processes": {"create"},
	}, nil, false)
	var a struct {
		Currency string `json:"currency"`
		Products []struct {
			Name    string `json:"name"`
			Process string `json:"process"`
			Status  string `json:"status"`
			Prices  []struct {
				Type  string      `json:"type"`
				Min   int         `json:"min_duration"`
				Max   int         `json:"max_duration"`
				Net   json.Number `json:"price_before_taxes"`
				Gross json.Number `json:"price_after_taxes"`
			} `json:"prices"`
		} `json:"products"`
	}
	if err := g.Ask(ctx, r, &a); err != nil {
		return catch.Quote{}, err
	}
	q := catch.Quote{Name: name, Class: "standard", At: g.Conf.Clock(), Basis: "Gandi check"}
	free := false
	q.Free = &free
	for _, p := range a.Products {
		if p.Process != "create" || (p.Name != "" && !strings.EqualFold(p.Name, name)) {
			continue
		}
		free = p.Status == "available"
		for _, price := range p.Prices {
			if n := max(years, 1); (price.Min > 0 && n < price.Min) || (price.Max > 0 && n > price.Max) {
				continue
			}
			m, err := catch.MoneyOf(price.Gross.String(), a.Currency)
			if err != nil {
				return catch.Quote{}, fmt.Errorf("read price at %s: %w", title, err)
			}
			if q.Price, err = m.Times(max(years, 1)); err != nil {
				return catch.Quote{}, fmt.Errorf("read price at %s: %w", title, err)
			}
			q.Premium = price.Type == "premium"
			if q.Premium {
				q.Class = "premium"
			}
			break
		}
	}
	return q, nil
}

func (g *route) create(r catch.Request) web.Request {
	p := g.Conf.Person()
	owner := map[string]any{
		"type": "individual", "given": p.First, "family": p.Last, "streetaddr": p.Street, "city": p.City, "state": p.State,
		"zip": p.Zip, "country": p.Country, "phone": p.Phone, "email": p.Email,
	}
	if p.Organisation != "" {
		owner["type"], owner["orgname"] = "company", p.Organisation
	}
	body := map[string]any{
		"fqdn": r.Name, "duration": max(r.Years, 1), "currency": g.Conf.CurrencyOr(), "enforce_premium": r.Premium, "owner": owner,
		"price": "<price>",
	}
	if !r.Price.IsZero() {
		body["price"] = json.Number(r.Price.Amount())
		body["currency"] = r.Price.Currency
	}
	return g.request("register", http.MethodPost, "/domain/domains", nil, body, true)
}

func (g *route) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if err := g.Priced(r, ""); err != nil {
		return catch.Report{}, err
	}
	if err := g.Conf.Person().Check(); err != nil {
		return catch.Report{}, &catch.Error{Kind: catch.InvalidContact, Service: title, Op: "register", Err: err, Hint: "mend it in the account's options"}
	}
	req := g.create(r)
	if r.DryRun {
		// Gandi validates a dry run without buying; it is not a paid call.
		req.Paid = false
		req.Header = append(req.Header, [2]string{"Dry-Run", "1"})
	}
	var a struct {
		Message string `json:"message"`
		ID      string `json:"id"`
	}
	if err := g.Ask(ctx, req, &a); err != nil {
		return catch.Report{}, err
	}
	if r.DryRun {
		return catch.Report{State: catch.Planned, Words: "dry run: " + catch.Words(a.Message)}, nil
	}
	return catch.Report{State: catch.Processing, Ref: a.ID, Words: catch.Words(a.Message), Price: r.Price}, nil
}

// Find asks whether the name is in the account. An order that went out less
// than an hour ago and is not there yet may still be worked on.
func (g *route) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	var a struct {
		FQDN   string   `json:"fqdn"`
		Status []string `json:"status"`
	}
	err := g.Ask(ctx, g.request("look up name", http.MethodGet, "/domain/domains/"+url.PathEscape(o.Name), nil, nil, false), &a)
	if err != nil {
		return g.Conf.Settles(o, err)
	}
	return catch.Report{State: catch.WonProvisional, Ref: o.Ref, Words: catch.Words(strings.Join(a.Status, " "))}, nil
}

// Probe tests the token.
func (g *route) Probe(ctx context.Context) error {
	err := g.Ask(ctx, g.request("test account", http.MethodGet, "/domain/domains", url.Values{"per_page": {"1"}}, nil, false), nil)
	return err
}

// AutoRenew switches the renewal.
func (g *route) AutoRenew(ctx context.Context, name string, on bool) error {
	err := g.Ask(ctx, g.request("set auto-renew", http.MethodPatch, "/domain/domains/"+url.PathEscape(name)+"/autorenew", nil, map[string]any{"enabled": on}, false), nil)
	return err
}

// Lock sets clientTransferProhibited.
func (g *route) Lock(ctx context.Context, name string, on bool) error {
	err := g.Ask(ctx, g.request("lock name", http.MethodPatch, "/domain/domains/"+url.PathEscape(name)+"/status", nil, map[string]any{"clientTransferProhibited": on}, false), nil)
	return err
}

// Nameservers sets the hosts.
func (g *route) Nameservers(ctx context.Context, name string, hosts []string) error {
	err := g.Ask(ctx, g.request("set name servers", http.MethodPut, "/domain/domains/"+url.PathEscape(name)+"/nameservers", nil, map[string]any{"nameservers": hosts}, false), nil)
	return err
}
