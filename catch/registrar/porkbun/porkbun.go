// Package porkbun registers names at Porkbun through its v3 API
// (api.porkbun.com/api/json/v3/spec).
//
// What is peculiar, and good: the cost in cents goes along and has to match
// exactly, an idempotency key makes a repeat harmless for 24 hours, and a dry
// run is the same call. Premium names are not sold through it, and .us .ca .eu
// .au are sold on the website only. Sandbox keys (pk1_sb_) answer from the
// same host: an order that was meant to be real must not believe them.
package porkbun

import (
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
	service = "porkbun"
	title   = "Porkbun"
	host    = "https://api.porkbun.com"
)

// Factory makes Porkbun's route: the registration.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: host,
		Fields: []account.Field{
			{Name: "key", What: "the API key (pk1_...)", Secret: true, Needed: true},
			{Name: "secret", What: "the secret API key (sk1_...)", Secret: true, Needed: true},
			{Name: "sandbox", What: "\"yes\" if these are sandbox keys (pk1_sb_...): nothing is really bought"},
		},
		Routes: []catch.Description{description},
		New: func(c account.Config) ([]catch.Route, error) {
			p := &route{plain.New(c, description, &web.API{
				Client: web.New(title, host, c), Facts: facts, Prefix: "/api/json/v3",
				Header: [][2]string{{"X-API-Key", web.Secret(c.Key)}, {"X-Secret-API-Key", web.Secret(c.Secret)}},
			})}
			p.Of(p, p.create)
			return []catch.Route{p}, nil
		},
	}
}

var description = catch.Description{
	Route: service, Service: title, Kind: catch.Register,
	Can: []catch.Can{
		catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote, catch.CanPriceLock, catch.CanIdempotency,
		catch.CanAutoRenew, catch.CanNameservers, catch.CanSandbox,
	},
}

type route struct{ plain.Route }

// websiteOnly are TLDs that the API does not register (getRegistrationRequirements says apiRegisterable:false).
var websiteOnly = map[string]bool{"us": true, "ca": true, "eu": true, "au": true}

func (p *route) Open(name string) (bool, string) {
	if tld := name[strings.LastIndexByte(name, '.')+1:]; websiteOnly[tld] {
		return false, "Porkbun sells ." + tld + " on its website only"
	}
	return p.Route.Route.Open(name)
}

func (p *route) request(op, path string, body any, paid bool) web.Request {
	if body == nil {
		body = struct{}{}
	}
	return p.JSON(op, http.MethodPost, path, body, paid)
}

// envelope is the frame of every answer.
type envelope struct {
	Status  string      `json:"status"`
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Cost    json.Number `json:"cost"`
	Sandbox bool        `json:"sandbox"`
}

var facts = web.Facts{
	Read: read,
	Codes: map[string]catch.ErrorKind{
		"COST_MISMATCH":            catch.PriceMismatch,
		"DOMAIN_NOT_AVAILABLE":     catch.Taken,
		"IDEMPOTENCY_KEY_IN_USE":   catch.Busy,
		"TOPUP_LIMIT_EXCEEDED":     catch.InsufficientFunds,
		"INVALID_API_KEYS":         catch.Auth,
		"RATE_LIMIT_EXCEEDED":      catch.RateLimited,
		"TLD_NOT_API_REGISTERABLE": catch.TLDUnsupported,
		"ORDER_FAILED":             catch.OutcomeUnknown, // ambiguous: it may have been charged
	},
	Words: web.Wordings{
		{"not in your account", catch.NotFound},
		{"insufficient", catch.InsufficientFunds},
		{"spend limit", catch.InsufficientFunds},
		{"premium", catch.PremiumRefused},
		{"not available", catch.Taken},
		{"invalid api key", catch.Auth},
		{"ip address", catch.IPNotAllowed},
		{"ip is not", catch.IPNotAllowed},
		{"contact", catch.InvalidContact},
		{"phone", catch.InvalidContact},
		{"not supported", catch.TLDUnsupported},
		{"rate limit", catch.RateLimited},
		{"too many requests", catch.RateLimited},
	},
	Vague: map[string]catch.ErrorKind{"403": catch.Auth},
}

// read finds the status in the envelope; the HTTP status stands in for a code.
func read(resp *web.Response) (web.Said, bool) {
	var e envelope
	if json.Unmarshal(resp.Body, &e) != nil || e.Status == "" && e.Code == "" {
		return web.Said{}, false
	}
	said := web.Said{Done: e.Status == "SUCCESS", Code: e.Code, Words: strings.TrimSpace(e.Code + " " + e.Message)}
	if e.Code == "COST_MISMATCH" && e.Cost != "" {
		said.Words += " (it costs " + e.Cost.String() + " cents)"
	}
	if said.Code == "" {
		said.Code = strconv.Itoa(resp.Status)
	}
	return said, true
}

// do calls, and takes no answer of the sandbox for a real one.
func (p *route) do(ctx context.Context, r web.Request, into any) error {
	resp, err := p.Call(ctx, r, nil)
	if err != nil {
		return err
	}
	var e envelope
	_ = json.Unmarshal(resp.Body, &e) // it was read before
	if sandbox := e.Sandbox || resp.Header.Get("X-Porkbun-Sandbox") == "true" || resp.Header.Get("X-Porkbun-Mock") == "true"; sandbox && p.Conf.Options["sandbox"] != "yes" {
		return p.Fail(r, catch.Auth, "the answer is from its sandbox: these are sandbox keys, nothing was bought")
	}
	if into == nil {
		return nil
	}
	return p.Decode(r, resp, into)
}

// check is the answer of checkDomain.
type check struct {
	Response struct {
		Avail      string      `json:"avail"`
		Premium    string      `json:"premium"`
		Price      string      `json:"price"`
		Min        json.Number `json:"minDuration"`
		Additional struct {
			Renewal struct {
				Price string `json:"price"`
			} `json:"renewal"`
		} `json:"additional"`
	} `json:"response"`
}

// Quote reads the price of the whole term, which is the registry's minimum: the
// call has no place for another.
func (p *route) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	var c check
	r := p.request("read price", "/domain/checkDomain/"+url.PathEscape(name), nil, false)
	if err := p.do(ctx, r, &c); err != nil {
		return catch.Quote{}, err
	}
	free := c.Response.Avail == "yes"
	q := catch.Quote{Name: name, Free: &free, Premium: c.Response.Premium == "yes", Class: "standard", At: p.Conf.Clock(), Basis: "Porkbun checkDomain"}
	if q.Premium {
		q.Class = "premium"
	}
	term, _ := c.Response.Min.Int64()
	if term = max(term, 1); int64(years) > term {
		return q, &catch.Error{
			Kind: catch.Guard, Service: title, Op: "read price",
			Words: fmt.Sprintf("its API registers for %d year(s) and not for %d", term, years), Hint: fmt.Sprintf("order it with --years %d and renew it", term),
		}
	}
	year, renewal := c.Response.Price, c.Response.Additional.Renewal.Price
	if year == "" && !free {
		// A name that somebody still holds may have no price of its own.
		_, zone, _ := strings.Cut(name, ".")
		var list struct {
			Pricing map[string]struct {
				Register string `json:"registration"`
				Renew    string `json:"renewal"`
			} `json:"pricing"`
		}
		if err := p.do(ctx, p.request("read price list", "/pricing/get", nil, false), &list); err != nil {
			return q, err
		}
		of, ok := list.Pricing[zone]
		if !ok {
			return q, nil
		}
		year, renewal, q.Basis = of.Register, of.Renew, "Porkbun pricing for ."+zone+", while the name is taken"
	}
	price, err := usd(year)
	if err == nil {
		q.Price, err = price.Times(int(min(term, 100)))
	}
	if err != nil {
		return catch.Quote{}, fmt.Errorf("read price at %s: %w", title, err)
	}
	q.Renew, _ = usd(renewal)
	return q, nil
}

// usd reads an amount as it is written there, with commas between thousands.
func usd(amount string) (catch.Money, error) {
	return catch.MoneyOf(strings.ReplaceAll(amount, ",", ""), "USD")
}

// create is the order: cost is the whole term in cents.
type create struct {
	Cost    any    `json:"cost"`
	Agree   string `json:"agreeToTerms"`
	Privacy bool   `json:"whoisPrivacy"`
	DryRun  bool   `json:"dryRun,omitempty"`
}

func (p *route) create(r catch.Request) web.Request {
	body := create{Cost: "<price>", Agree: "yes", Privacy: true, DryRun: r.DryRun}
	if !r.Price.IsZero() {
		body.Cost = r.Price.Units / 100
	}
	if r.DryRun {
		body.Cost = 0
	}
	req := p.request("register", "/domain/create/"+url.PathEscape(r.Name), body, !r.DryRun)
	req.Header = append(req.Header, [2]string{"Idempotency-Key", r.Key})
	return req
}

func (p *route) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if !r.DryRun {
		if err := p.Priced(r, "USD"); err != nil {
			return catch.Report{}, err
		}
		if r.Price.Units%100 != 0 {
			return catch.Report{}, &catch.Error{Kind: catch.Guard, Service: title, Op: "register", Words: "the price is not in whole cents"}
		}
	}
	var a struct {
		Order     json.Number `json:"orderId"`
		Cost      json.Number `json:"cost"`
		Would     *bool       `json:"wouldSucceed"`
		Enough    *bool       `json:"sufficientFunds"`
		Shortfall json.Number `json:"shortfall"`
	}
	req := p.create(r)
	if err := p.do(ctx, req, &a); err != nil {
		return catch.Report{}, err
	}
	cents, err := a.Cost.Int64()
	paid := catch.Money{Units: cents * 100, Currency: "USD"}
	if r.DryRun {
		switch {
		case a.Enough != nil && !*a.Enough:
			return catch.Report{}, p.Fail(req, catch.InsufficientFunds, "the dry run says that "+a.Shortfall.String()+" cents are missing")
		case a.Would != nil && !*a.Would:
			return catch.Report{}, p.Fail(req, catch.Busy, "the dry run says that it would not succeed")
		}
		return catch.Report{State: catch.Planned, Price: paid, Words: "dry run: it would succeed"}, nil
	}
	if err != nil {
		paid = r.Price
	}
	return catch.Report{State: catch.WonProvisional, Ref: a.Order.String(), Paid: paid, Words: "registered, order " + a.Order.String()}, nil
}

// Find asks whether the name is in the account.
func (p *route) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	r := p.request("look up name", "/domain/get/"+url.PathEscape(o.Name), nil, false)
	var a struct {
		Domain struct {
			Domain string `json:"domain"`
			Status string `json:"status"`
		} `json:"domain"`
	}
	if err := p.do(ctx, r, &a); err != nil {
		return catch.Report{}, err
	}
	if !strings.EqualFold(a.Domain.Domain, o.Name) {
		return catch.Report{}, p.Fail(r, catch.UpstreamDown, "it answered for "+a.Domain.Domain)
	}
	return catch.Report{State: catch.WonProvisional, Ref: o.Ref, Words: a.Domain.Status}, nil
}

// Probe tests the keys.
func (p *route) Probe(ctx context.Context) error {
	return p.do(ctx, p.request("test account", "/ping", nil, false), nil)
}

// AutoRenew switches the renewal.
func (p *route) AutoRenew(ctx context.Context, name string, on bool) error {
	status := "off"
	if on {
		status = "on"
	}
	return p.do(ctx, p.request("set auto-renew", "/domain/updateAutoRenew/"+url.PathEscape(name), map[string]string{"status": status}, false), nil)
}

// Lock has no call at Porkbun.
func (p *route) Lock(context.Context, string, bool) error {
	return &catch.Error{Kind: catch.Guard, Service: title, Op: "lock name", Words: "its API has no call for it", Hint: "look at the lock on the website"}
}

// Nameservers sets the hosts.
func (p *route) Nameservers(ctx context.Context, name string, hosts []string) error {
	return p.do(ctx, p.request("set name servers", "/domain/updateNs/"+url.PathEscape(name), map[string]any{"ns": hosts}, false), nil)
}
