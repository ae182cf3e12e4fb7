// Package namecom registers names at Name.com through its Core API
// (docs.name.com, namecom.api.yaml): plain registrations only. The document of
// the create call forbids drop catching, so that the route has no burst and no
// consent opens one.
//
// What is peculiar, and good: the purchase price of the whole term goes along
// and has to match exactly, an idempotency key makes a repeat harmless, and
// there is a test host (a user name that ends in -test). What "taken" looks like
// is not in the specification: 400 and 409 are told apart by their words. A
// check also offers names of others (purchaseType aftermarket, expiring,
// backorder): those are no registrations.
package namecom

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/plain"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

const (
	service = "namecom"
	title   = "Name.com"
	host    = "https://api.name.com"
)

// Factory makes Name.com's route: the registration.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: host,
		Fields: []account.Field{
			{Name: "user", What: "the user name; with -test at its end for the test host", Needed: true},
			{Name: "key", What: "the API token", Secret: true, Needed: true},
		},
		Routes: []catch.Description{description},
		New: func(c account.Config) ([]catch.Route, error) {
			basic := base64.StdEncoding.EncodeToString([]byte(c.User + ":" + c.Key.Reveal()))
			n := &route{plain.New(c, description, &web.API{
				Client: web.New(title, host, c).Hide(basic), // it is as secret as the token
				Facts:  facts, Prefix: "/core/v1", Header: [][2]string{{"Authorization", "Basic " + basic}},
			})}
			n.Of(n, n.create)
			return []catch.Route{n}, nil
		},
	}
}

var description = catch.Description{
	Route: service, Service: title, Kind: catch.Register,
	Can: []catch.Can{
		catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote, catch.CanPriceLock, catch.CanIdempotency,
		catch.CanBalance, catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanPrivacy, catch.CanSandbox,
	},
}

type route struct{ plain.Route }

// failure is Name.com's error form.
type failure struct {
	Message string `json:"message"`
	Details string `json:"details"`
}

var facts = web.Facts{
	Read: web.ByStatus(func(f failure) string { return f.Message + " " + f.Details }),
	Words: web.Wordings{
		{"required for premium", catch.PremiumRefused},
		{"premium", catch.PremiumRefused},
		{"price", catch.PriceMismatch},
		{"insufficient", catch.InsufficientFunds},
		{"payment failed", catch.InsufficientFunds},
		{"not available", catch.Taken},
		{"unavailable", catch.Taken},
		{"already registered", catch.Taken},
		{"idempotency", catch.Busy},
		{"in progress", catch.Busy},
		{"contact", catch.InvalidContact},
		{"phone", catch.InvalidContact},
		{"tld", catch.TLDUnsupported},
		{"whitelist", catch.IPNotAllowed},
		{"ip address", catch.IPNotAllowed},
		{"not found", catch.NotFound},
	},
	Vague: web.HTTP,
}

// result is what a check says of one name.
type result struct {
	Name        string      `json:"domainName"`
	Purchasable bool        `json:"purchasable"`
	Premium     bool        `json:"premium"`
	Price       json.Number `json:"purchasePrice"`
	Renewal     json.Number `json:"renewalPrice"`
	Type        string      `json:"purchaseType"`
}

// Quote reads availability and price; the price is left out by the service
// where a name cannot be bought.
func (n *route) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	r := n.JSON("read price", http.MethodPost, "/domains:checkAvailability", map[string]any{"domainNames": []string{name}}, false)
	var a struct {
		Results []result `json:"results"`
	}
	if err := n.Ask(ctx, r, &a); err != nil {
		return catch.Quote{}, err
	}
	i := slices.IndexFunc(a.Results, func(d result) bool { return strings.EqualFold(d.Name, name) })
	if i < 0 {
		return catch.Quote{}, n.Fail(r, catch.UpstreamDown, "it did not answer for "+name)
	}
	d := a.Results[i]
	q := catch.Quote{Name: name, Free: &d.Purchasable, Premium: d.Premium, Class: "standard", At: n.Conf.Clock(), Basis: "Name.com checkAvailability"}
	if d.Premium {
		q.Class = "premium"
	}
	if d.Type != "" && d.Type != "registration" {
		taken := false
		q.Free, q.Class = &taken, d.Type
		return q, &catch.Error{
			Kind: catch.Taken, Service: title, Op: "read price", Words: fmt.Sprintf("it is for sale as %s at %s USD, which is no registration", d.Type, d.Price),
			Hint: "look at the offer on the website",
		}
	}
	if d.Renewal != "" {
		q.Renew, _ = catch.MoneyOf(d.Renewal.String(), "USD")
	}
	if d.Price == "" {
		return q, nil
	}
	year, err := catch.MoneyOf(d.Price.String(), "USD")
	if err != nil {
		return catch.Quote{}, fmt.Errorf("read price at %s: %w", title, err)
	}
	if q.Price = year; years <= 1 {
		return q, nil
	}
	// Several years have a price of their own.
	var term struct {
		Premium bool        `json:"premium"`
		Price   json.Number `json:"purchasePrice"`
	}
	r = n.JSON("read price", http.MethodGet, "/domains/"+url.PathEscape(name)+":getPricing", nil, false).With(web.Values("years", strconv.Itoa(years)))
	if err := n.Ask(ctx, r, &term); err != nil {
		return catch.Quote{}, err
	}
	q.Premium, q.Basis = q.Premium || term.Premium, "Name.com getPricing"
	if q.Price, err = catch.MoneyOf(term.Price.String(), "USD"); err != nil {
		return catch.Quote{}, fmt.Errorf("read price at %s: %w", title, err)
	}
	return q, nil
}

func (n *route) create(r catch.Request) web.Request {
	body := map[string]any{
		"domain":        map[string]any{"domainName": r.Name, "autorenewEnabled": true, "locked": true, "privacyEnabled": true},
		"purchaseType":  "registration",
		"years":         max(r.Years, 1),
		"purchasePrice": "<price>",
	}
	if !r.Price.IsZero() {
		body["purchasePrice"] = json.Number(r.Price.Amount())
	}
	req := n.JSON("register", http.MethodPost, "/domains", body, true)
	req.Header = append(req.Header, [2]string{"X-Idempotency-Key", r.Key})
	return req
}

func (n *route) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return account.DryRun()
	}
	if err := n.Priced(r, "USD"); err != nil {
		return catch.Report{}, err
	}
	if !r.Premium {
		// The price that goes along would confirm a premium one: whether the
		// name is one is asked right before.
		q, err := n.Quote(ctx, r.Name, r.Years)
		if err != nil {
			return catch.Report{}, err
		}
		if q.Premium {
			return catch.Report{}, n.Fail(n.create(r), catch.PremiumRefused, "it is "+q.Class+" at "+q.Price.String())
		}
	}
	var a struct {
		Order json.Number `json:"order"`
		Paid  json.Number `json:"totalPaid"`
	}
	if err := n.Ask(ctx, n.create(r), &a); err != nil {
		return catch.Report{}, err
	}
	paid, err := catch.MoneyOf(a.Paid.String(), "USD")
	if err != nil {
		paid = r.Price
	}
	return catch.Report{State: catch.WonProvisional, Ref: a.Order.String(), Paid: paid, Words: "registered, order " + a.Order.String()}, nil
}

// Find asks whether the name is in the account.
func (n *route) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	r := n.JSON("look up name", http.MethodGet, "/domains/"+url.PathEscape(o.Name), nil, false)
	var a struct {
		Name    string `json:"domainName"`
		Expires string `json:"expireDate"`
	}
	if err := n.Ask(ctx, r, &a); err != nil {
		return catch.Report{}, err
	}
	if !strings.EqualFold(a.Name, o.Name) {
		return catch.Report{}, n.Fail(r, catch.UpstreamDown, "it answered for "+a.Name)
	}
	return catch.Report{State: catch.WonProvisional, Ref: o.Ref, Words: "in the account, expires " + a.Expires}, nil
}

// Balance reads the account credit.
func (n *route) Balance(ctx context.Context) (catch.Money, error) {
	var a struct {
		Balance json.Number `json:"balance"`
	}
	if err := n.Ask(ctx, n.JSON("read balance", http.MethodGet, "/accountinfo/balance", nil, false), &a); err != nil {
		return catch.Money{}, err
	}
	f, err := strconv.ParseFloat(a.Balance.String(), 64)
	if err != nil {
		return catch.Money{}, fmt.Errorf("read balance at %s: %w", title, err)
	}
	return catch.MoneyOf(strconv.FormatFloat(f, 'f', 2, 64), "USD")
}

// Probe tests user and token.
func (n *route) Probe(ctx context.Context) error {
	_, err := n.Balance(ctx)
	return err
}

func (n *route) patch(ctx context.Context, op, name string, body map[string]any) error {
	return n.Ask(ctx, n.JSON(op, http.MethodPatch, "/domains/"+url.PathEscape(name), body, false), nil)
}

// AutoRenew switches the renewal.
func (n *route) AutoRenew(ctx context.Context, name string, on bool) error {
	return n.patch(ctx, "set auto-renew", name, map[string]any{"autorenewEnabled": on})
}

// Lock sets the transfer lock.
func (n *route) Lock(ctx context.Context, name string, on bool) error {
	return n.patch(ctx, "lock name", name, map[string]any{"locked": on})
}

// Privacy hides the registrant, or shows it.
func (n *route) Privacy(ctx context.Context, name string, on bool) error {
	return n.patch(ctx, "set privacy", name, map[string]any{"privacyEnabled": on})
}

// Nameservers sets the hosts.
func (n *route) Nameservers(ctx context.Context, name string, hosts []string) error {
	return n.Ask(ctx, n.JSON("set name servers", http.MethodPost, "/domains/"+url.PathEscape(name)+":setNameservers", map[string]any{"nameservers": hosts}, false), nil)
}
