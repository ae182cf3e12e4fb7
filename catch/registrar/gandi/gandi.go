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
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/repeat"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

const (
	service = "gandi"
	title   = "Gandi"
	host    = "https://api.gandi.net"
	// settling is how long an accepted order may take to show up.
	settling = time.Hour
)

// Factory makes Gandi's route: the registration.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: host,
		Fields: append([]account.Field{
			{Name: "key", What: "a personal access token with the right to buy domains", Secret: true, Needed: true},
			{Name: "sharing_id", What: "the id of the organisation that pays; empty: your own"},
		}, account.PersonFields...),
		Routes: []catch.Description{describe(service)},
		New: func(c account.Config) ([]catch.Route, error) {
			return []catch.Route{&route{account.Final{Service: title}, web.New(title, host, c), c}}, nil
		},
	}
}

type route struct {
	account.Final
	web  *web.Client
	conf account.Config
}

func describe(account string) catch.Description {
	return catch.Description{
		Route: account, Service: title, Kind: catch.Register,
		Can: []catch.Can{
			catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote, catch.CanPriceLock,
			catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanSandbox,
		},
	}
}

func (g *route) Describe() catch.Description     { return describe(g.conf.Account) }
func (g *route) Open(name string) (bool, string) { return g.conf.Sells(name) }
func (g *route) Terms(name string) catch.Terms {
	return g.conf.Terms.For(service, catch.Register, name)
}

func (g *route) request(op, method, path string, query url.Values, body any, paid bool) web.Request {
	key := g.conf.Key.Reveal()
	if key == "" {
		key = "•••"
	}
	r := web.Request{
		Op: op, Method: method, Path: "/v5" + path, Query: query, Paid: paid,
		Header: [][2]string{{"Authorization", "Bearer " + key}, {"Accept", "application/json"}},
	}
	if id := g.conf.Options["sharing_id"]; id != "" {
		if r.Query == nil {
			r.Query = url.Values{}
		}
		r.Query.Set("sharing_id", id)
	}
	if body != nil {
		b, _ := json.Marshal(body) // plain structs and maps of strings
		r.Body = string(b)
		r.Header = append(r.Header, [2]string{"Content-Type", "application/json"})
	}
	return r
}

// failure is Gandi's error form.
type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Cause   string `json:"cause"`
	Object  string `json:"object"`
	Errors  []struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"errors"`
}

func (f failure) words() string {
	s := strings.TrimSpace(f.Message + " " + f.Cause)
	for _, e := range f.Errors {
		s += "; " + strings.TrimSpace(e.Name+" "+e.Description)
	}
	return s
}

var wordings = []struct {
	words string
	kind  catch.ErrorKind
}{
	{"premium", catch.PremiumRefused},
	{"price", catch.PriceMismatch},
	{"insufficient", catch.InsufficientFunds},
	{"not enough credit", catch.InsufficientFunds},
	{"prepaid", catch.InsufficientFunds},
	{"not available", catch.Taken},
	{"already", catch.Taken},
	{"unavailable", catch.Taken},
	{"unknown tld", catch.TLDUnsupported},
	{"not supported", catch.TLDUnsupported},
	{"ip address", catch.IPNotAllowed},
	{"in progress", catch.Busy},
	{"owner", catch.InvalidContact},
	{"contact", catch.InvalidContact},
}

func (g *route) do(ctx context.Context, r web.Request, into any) (int, error) {
	resp, err := g.web.Do(ctx, r)
	if err != nil {
		return 0, err
	}
	if err := g.web.Status(r, resp); err != nil {
		return resp.Status, err
	}
	if resp.Status >= 400 {
		var f failure
		if err := g.web.Decode(r, resp, &f); err != nil {
			return resp.Status, err
		}
		said := strings.ToLower(f.words())
		for _, w := range wordings {
			if strings.Contains(said, w.words) {
				return resp.Status, g.web.Fail(r, w.kind, f.words())
			}
		}
		kind := catch.Busy
		switch resp.Status {
		case http.StatusForbidden:
			kind = catch.Auth
		case http.StatusNotFound:
			kind = catch.NotFound
		case http.StatusPaymentRequired:
			kind = catch.InsufficientFunds
		case http.StatusConflict:
			kind = catch.Taken
		}
		return resp.Status, g.web.Fail(r, kind, f.words())
	}
	if into == nil || len(resp.Body) == 0 {
		return resp.Status, nil
	}
	return resp.Status, g.web.Decode(r, resp, into)
}

// Quote reads availability and the price after taxes, which is what is
// charged.
func (g *route) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	r := g.request("read price", http.MethodGet, "/domain/check", url.Values{
		"name": {name}, "currency": {g.conf.CurrencyOr()}, "processes": {"create"},
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
	if _, err := g.do(ctx, r, &a); err != nil {
		return catch.Quote{}, err
	}
	q := catch.Quote{Name: name, Class: "standard", At: g.conf.Clock(), Basis: "Gandi check"}
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
			m.Units *= int64(max(years, 1))
			q.Price, q.Premium = m, price.Type == "premium"
			if q.Premium {
				q.Class = "premium"
			}
			break
		}
	}
	return q, nil
}

func (g *route) create(r catch.Request) web.Request {
	p := g.conf.Person()
	owner := map[string]any{
		"type": "individual", "given": p.First, "family": p.Last, "streetaddr": p.Street, "city": p.City, "state": p.State,
		"zip": p.Zip, "country": p.Country, "phone": p.Phone, "email": p.Email,
	}
	if p.Organisation != "" {
		owner["type"], owner["orgname"] = "company", p.Organisation
	}
	body := map[string]any{
		"fqdn": r.Name, "duration": max(r.Years, 1), "currency": g.conf.CurrencyOr(), "enforce_premium": r.Premium, "owner": owner,
		"price": "<price>",
	}
	if !r.Price.IsZero() {
		body["price"] = json.Number(r.Price.Amount())
		body["currency"] = r.Price.Currency
	}
	return g.request("register", http.MethodPost, "/domain/domains", nil, body, true)
}

func (g *route) Print(r catch.Request) (string, error) { return g.web.Print(g.create(r)), nil }

func (g *route) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.Price.IsZero() {
		return catch.Report{}, &catch.Error{Kind: catch.Guard, Service: title, Op: "register", Words: "no price is known", Hint: "the price goes along with the call; read it first"}
	}
	if err := g.conf.Person().Check(); err != nil {
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
	if _, err := g.do(ctx, req, &a); err != nil {
		return catch.Report{}, err
	}
	if r.DryRun {
		return catch.Report{State: catch.Planned, Words: "dry run: " + catch.Words(a.Message)}, nil
	}
	return catch.Report{State: catch.Processing, Ref: a.ID, Words: catch.Words(a.Message), Price: r.Price}, nil
}

// Find asks whether the name is in the account. An order that was accepted
// less than an hour ago and is not there yet is still being worked on.
func (g *route) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	var a struct {
		FQDN   string   `json:"fqdn"`
		Status []string `json:"status"`
	}
	_, err := g.do(ctx, g.request("look up name", http.MethodGet, "/domain/domains/"+url.PathEscape(o.Name), nil, nil, false), &a)
	switch {
	case catch.KindOf(err) == catch.NotFound && o.State == catch.Processing && g.conf.Clock().Sub(o.Since) < settling:
		return catch.Report{State: catch.Processing, Ref: o.Ref, Words: "accepted, not in the account yet"}, nil
	case err != nil:
		return catch.Report{}, err
	}
	return catch.Report{State: catch.WonProvisional, Ref: o.Ref, Words: catch.Words(strings.Join(a.Status, " "))}, nil
}

// Probe tests the token.
func (g *route) Probe(ctx context.Context) error {
	_, err := g.do(ctx, g.request("test account", http.MethodGet, "/domain/domains", url.Values{"per_page": {"1"}}, nil, false), nil)
	return err
}

// AutoRenew switches the renewal.
func (g *route) AutoRenew(ctx context.Context, name string, on bool) error {
	_, err := g.do(ctx, g.request("set auto-renew", http.MethodPatch, "/domain/domains/"+url.PathEscape(name)+"/autorenew", nil, map[string]any{"enabled": on}, false), nil)
	return err
}

// Lock sets clientTransferProhibited.
func (g *route) Lock(ctx context.Context, name string, on bool) error {
	_, err := g.do(ctx, g.request("lock name", http.MethodPatch, "/domain/domains/"+url.PathEscape(name)+"/status", nil, map[string]any{"clientTransferProhibited": on}, false), nil)
	return err
}

// Nameservers sets the hosts.
func (g *route) Nameservers(ctx context.Context, name string, hosts []string) error {
	_, err := g.do(ctx, g.request("set name servers", http.MethodPut, "/domain/domains/"+url.PathEscape(name)+"/nameservers", nil, map[string]any{"nameservers": hosts}, false), nil)
	return err
}

// Arm prepares a burst of this call, repeated within the service's limits.
func (g *route) Arm(ctx context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	return repeat.Arm(ctx, g, g.web, rs, at, until)
}
