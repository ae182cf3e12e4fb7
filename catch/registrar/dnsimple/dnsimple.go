// Package dnsimple registers names at DNSimple (developer.dnsimple.com/v2):
// plain registrations only. Its terms forbid drop catching and it disables
// accounts for it, so that the route has no burst and no consent opens one.
//
// What is peculiar: a premium price is required and confirmed in the call, a
// standard one is not; 201 is done and 202 is pending; checks have a stricter
// limit of their own and are not for polling.
package dnsimple

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/repeat"
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
			catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote,
			catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanSandbox,
		},
	}
}

func (d *route) Describe() catch.Description     { return describe(d.conf.Account) }
func (d *route) Open(name string) (bool, string) { return d.conf.Sells(name) }
func (d *route) Terms(name string) catch.Terms {
	return d.conf.Terms.For(service, catch.Register, name)
}

func (d *route) request(op, method, path string, body any, paid bool) web.Request {
	key := d.conf.Key.Reveal()
	if key == "" {
		key = "•••"
	}
	id := d.conf.Options["account_id"]
	if id == "" {
		id = "<account>"
	}
	r := web.Request{
		Op: op, Method: method, Path: "/v2/" + id + path, Paid: paid,
		Header: [][2]string{{"Authorization", "Bearer " + key}, {"Accept", "application/json"}},
	}
	if body != nil {
		b, _ := json.Marshal(body) // plain structs and maps
		r.Body = string(b)
		r.Header = append(r.Header, [2]string{"Content-Type", "application/json"})
	}
	return r
}

var wordings = []struct {
	words string
	kind  catch.ErrorKind
}{
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
}

func (d *route) do(ctx context.Context, r web.Request, into any) (int, error) {
	resp, err := d.web.Do(ctx, r)
	if err != nil {
		return 0, err
	}
	if err := d.web.Status(r, resp); err != nil {
		return resp.Status, err
	}
	if resp.Status >= 400 {
		var e struct {
			Message string          `json:"message"`
			Errors  json.RawMessage `json:"errors"`
		}
		if err := d.web.Decode(r, resp, &e); err != nil {
			return resp.Status, err
		}
		words := strings.TrimSpace(e.Message + " " + string(e.Errors))
		said := strings.ToLower(words)
		for _, w := range wordings {
			if strings.Contains(said, w.words) {
				return resp.Status, d.web.Fail(r, w.kind, words)
			}
		}
		kind := catch.Busy
		switch resp.Status {
		case http.StatusForbidden:
			kind = catch.Auth
		case http.StatusPaymentRequired:
			kind = catch.InsufficientFunds
		case http.StatusNotFound:
			kind = catch.NotFound
		}
		return resp.Status, d.web.Fail(r, kind, words)
	}
	if into == nil || len(resp.Body) == 0 {
		return resp.Status, nil
	}
	return resp.Status, d.web.Decode(r, resp, into)
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
	r := d.request("read price", http.MethodGet, domain(name)+"/check", nil, false)
	if _, err := d.do(ctx, r, &check); err != nil {
		return catch.Quote{}, err
	}
	if !strings.EqualFold(check.Data.Domain, name) {
		return catch.Quote{}, d.web.Fail(r, catch.UpstreamDown, "it answered for "+check.Data.Domain)
	}
	var prices struct {
		Data struct {
			Premium bool        `json:"premium"`
			Create  json.Number `json:"registration_price"`
			Renew   json.Number `json:"renewal_price"`
		} `json:"data"`
	}
	if _, err := d.do(ctx, d.request("read price", http.MethodGet, domain(name)+"/prices", nil, false), &prices); err != nil {
		return catch.Quote{}, err
	}
	q := catch.Quote{Name: name, Free: &check.Data.Available, Premium: check.Data.Premium || prices.Data.Premium, Class: "standard", At: d.conf.Clock(), Basis: "DNSimple prices"}
	if q.Premium {
		q.Class = "premium"
	}
	var err error
	if q.Price, err = money(prices.Data.Create); err != nil {
		return catch.Quote{}, fmt.Errorf("read price at %s: %w", title, err)
	}
	q.Price.Units *= int64(max(years, 1))
	q.Renew, _ = money(prices.Data.Renew)
	return q, nil
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
		contact = d.conf.Contact
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
	return d.request("register", http.MethodPost, domain(r.Name)+"/registrations", body, true)
}

func (d *route) Print(r catch.Request) (string, error) { return d.web.Print(d.create(r)), nil }

func (d *route) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return catch.Report{State: catch.Planned, Words: "dry run: nothing was sent"}, nil
	}
	var a struct {
		Data struct {
			ID    json.Number `json:"id"`
			State string      `json:"state"`
		} `json:"data"`
	}
	status, err := d.do(ctx, d.create(r), &a)
	if err != nil {
		return catch.Report{}, err
	}
	rep := catch.Report{State: catch.WonProvisional, Ref: a.Data.ID.String(), Words: catch.Words(a.Data.State), Paid: r.Price}
	if status == http.StatusAccepted {
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
		_, err := d.do(ctx, d.request("look up registration", http.MethodGet, domain(o.Name)+"/registrations/"+url.PathEscape(o.Ref), nil, false), &a)
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
	r := d.request("look up name", http.MethodGet, "/domains/"+url.PathEscape(o.Name), nil, false)
	if _, err := d.do(ctx, r, &a); err != nil {
		return catch.Report{}, err
	}
	switch {
	case !strings.EqualFold(a.Data.Name, o.Name):
		return catch.Report{}, d.web.Fail(r, catch.UpstreamDown, "it answered for "+a.Data.Name)
	case a.Data.State == "hosted":
		return catch.Report{}, d.web.Fail(r, catch.NotFound, "the name is hosted there, but not registered")
	}
	return catch.Report{State: catch.WonProvisional, Words: catch.Words(a.Data.State)}, nil
}

// Probe tests the token.
func (d *route) Probe(ctx context.Context) error {
	_, err := d.do(ctx, d.request("test account", http.MethodGet, "/domains?per_page=1", nil, false), nil)
	return err
}

// AutoRenew switches the renewal.
func (d *route) AutoRenew(ctx context.Context, name string, on bool) error {
	method := http.MethodDelete
	if on {
		method = http.MethodPut
	}
	_, err := d.do(ctx, d.request("set auto-renew", method, domain(name)+"/auto_renewal", nil, false), nil)
	return err
}

// Lock sets the transfer lock.
func (d *route) Lock(ctx context.Context, name string, on bool) error {
	method := http.MethodDelete
	if on {
		method = http.MethodPost
	}
	_, err := d.do(ctx, d.request("lock name", method, domain(name)+"/transfer_lock", nil, false), nil)
	return err
}

// Nameservers sets the hosts.
func (d *route) Nameservers(ctx context.Context, name string, hosts []string) error {
	_, err := d.do(ctx, d.request("set name servers", http.MethodPut, domain(name)+"/delegation", hosts, false), nil)
	return err
}

// Arm prepares a burst of this call, repeated within the service's limits.
func (d *route) Arm(ctx context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	return repeat.Arm(ctx, d, d.web, rs, at, until)
}
