// Package dynadot takes backorders and registrations at Dynadot, through its
// api3 commands (dynadot.com/domain/api-commands) or its REST interface
// (dynadot.com/domain/api-document); an account says which.
//
// What is peculiar: a backorder is taken only once the name is pending delete
// in Dynadot's own list, until then it "could not find backorder fot this
// domain" (sic); it has no price argument, so that a person's confirmed price
// stands in; and answers say what they say at several levels, with codes that
// are numbers or strings.
package dynadot

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/plain"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

const (
	service = "dynadot"
	title   = "Dynadot"
	host    = "https://api.dynadot.com"
)

var (
	queue = catch.Description{
		Route: service, Service: title, Kind: catch.Backorder, Pool: service,
		Can: []catch.Can{catch.CanOrder, catch.CanList, catch.CanFind, catch.CanCancel, catch.CanAuctions, catch.CanBid, catch.CanBalance, catch.CanCheck, catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanPrivacy},
	}
	registration = catch.Description{
		Route: service + ":register", Service: title, Kind: catch.Register,
		Can: []catch.Can{
			catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote, catch.CanBalance,
			catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanPrivacy, catch.CanSandbox,
		},
	}
)

// Factory makes Dynadot's routes: the backorder and the registration.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: host,
		Fields: []account.Field{
			{Name: "key", What: "the API key from Tools > API", Secret: true, Needed: true},
			{Name: "contact", What: "the id of the contact that registrations are made for; empty: the account's default"},
			{Name: "api", What: "\"rest\" for the REST interface; empty: the api3 commands"},
			{Name: "secret", What: "REST: the API secret, which signs its requests", Secret: true},
			{Name: "signed_path", What: "REST, should signatures be refused: what of the path is signed, \"full\" (the default), \"version\" (from /v1 on) or \"resource\" (after it)"},
		},
		Routes: []catch.Description{queue, registration},
		New: func(c account.Config) ([]catch.Route, error) {
			a := &api{web: web.API{Client: web.New(title, host, c), Facts: facts}, conf: c}
			switch form := c.Options["api"]; form {
			case "", "api3":
				a.speech = api3{c}
			case "rest":
				var err error
				if a.speech, err = newREST(c, &a.web); err != nil {
					return nil, err
				}
			default:
				return nil, fmt.Errorf("read account %s: %s's api is \"api3\" or \"rest\", not %q", c.Account, title, form)
			}
			g := &register{plain.New(c, registration, &a.web), a}
			g.Of(g, a.speech.register)
			return []catch.Route{
				&backorder{account.Unpriced{Service: title, Hint: "confirm the price in your account with --price"}, c.Route(queue), a}, g,
			}, nil
		},
	}
}

// speech is one of the two forms in which the same things are asked for.
type speech interface {
	balance() web.Request
	search(name string) web.Request
	prices() web.Request // of every TLD

	add(name string) web.Request
	remove(name string) web.Request
	list() web.Request
	auction(name string) web.Request
	bid(name string, bid catch.Money) web.Request

	register(r catch.Request) web.Request
	info(name string) web.Request
	autoRenew(name string, on bool) web.Request
	lock(name string) web.Request
	nameservers(name string, hosts []string) web.Request
	privacy(name string, on bool) web.Request

	// sign makes a request ready to be sent.
	sign(r web.Request) web.Request
}

// api is what both routes share: one account at one host.
type api struct {
	speech
	web  web.API
	conf account.Config
}

// answer is the part of an api3 answer that says whether it worked, wherever
// it stood.
type answer struct {
	code   string
	status string
	error  string
	body   map[string]json.RawMessage // of the response object
}

func (a answer) ok() bool {
	switch a.code {
	case "0", "200", "201", "202":
		return true
	}
	return false
}

func (a answer) words() string { return strings.TrimSpace(a.status + " " + a.error) }

// read finds code, status and error at the answer's level and one level down
// in any "…Header", each as a number or a string.
func read(body []byte) (*answer, bool) {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil {
		return nil, false
	}
	inner := top
	for k, v := range top {
		if strings.HasSuffix(k, "Response") || k == "Response" {
			var m map[string]json.RawMessage
			if json.Unmarshal(v, &m) != nil {
				return nil, false
			}
			inner = m
		}
	}
	a := &answer{body: inner}
	a.take(inner)
	for k, v := range inner {
		var m map[string]json.RawMessage
		if strings.HasSuffix(k, "Header") && json.Unmarshal(v, &m) == nil {
			a.take(m)
		}
	}
	switch { // auction commands have a status and no code
	case a.code == "" && (a.error != "" || strings.EqualFold(a.status, "error")):
		a.code = "-1"
	case a.code == "" && strings.EqualFold(a.status, "success"):
		a.code = "0"
	}
	return a, a.code != ""
}

func (a *answer) take(m map[string]json.RawMessage) {
	for k, v := range m {
		switch strings.ToLower(k) {
		case "successcode", "responsecode", "code":
			a.code = text(v)
		case "status", "message":
			a.status = text(v)
		case "error", "error_message":
			var nested struct {
				Description string `json:"description"`
			}
			if json.Unmarshal(v, &nested) == nil && nested.Description != "" {
				a.error = nested.Description
			} else {
				a.error = text(v)
			}
		}
	}
}

// text reads a JSON string or number as text; anything else is "".
func text(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(v, &n) == nil {
		return n.String()
	}
	return ""
}

var facts = web.Facts{
	Read: func(resp *web.Response) (web.Said, bool) {
		a, ok := read(resp.Body)
		if !ok {
			return web.Said{}, false
		}
		return web.Said{Done: a.ok() && resp.Status < 400, Code: a.code, Words: a.words()}, true
	},
	Codes: map[string]catch.ErrorKind{
		"5": catch.Busy, "1": catch.Taken, // api3
		"429": catch.RateLimited, "249": catch.RateLimited, "401": catch.Auth,
	},
	Words: web.Wordings{
		{"already on your backorder", catch.AlreadyBackordered},
		{"could not find backorder", catch.NotDroppableYet},
		{"premium", catch.PremiumRefused},
		{"not_available", catch.Taken},
		{"not available", catch.Taken},
		{"system_busy", catch.Busy},
		{"could not find auction", catch.NotFound},
		{"could not find domain", catch.NotFound},
		{"auction has ended", catch.CutOffPassed},
		{"below the minimum", catch.PriceMismatch},
		{"minimum bid", catch.PriceMismatch},
		{"bid amount", catch.PriceMismatch},
		{"insufficient", catch.InsufficientFunds},
		{"not enough", catch.InsufficientFunds},
		{"balance", catch.InsufficientFunds},
		{"ip address", catch.IPNotAllowed},
		{"whitelist", catch.IPNotAllowed},
		{"invalid key", catch.Auth},
		{"api key", catch.Auth},
		{"signature", catch.Auth},
		{"contact", catch.InvalidContact},
		{"not supported", catch.TLDUnsupported},
		{"unsupported", catch.TLDUnsupported},
		{"invalid tld", catch.TLDUnsupported},
		{"24 hours", catch.CutOffPassed},
		{"cutoff", catch.CutOffPassed},
		{"cut off", catch.CutOffPassed},
		{"too many", catch.RateLimited},
		{"not_found", catch.NotFound},
		{"not found", catch.NotFound},
	},
	Vague: web.HTTP,
}

func (a *api) do(ctx context.Context, r web.Request) (*answer, error) {
	resp, err := a.web.Call(ctx, a.sign(r), nil)
	if err != nil {
		return nil, err
	}
	ans, _ := read(resp.Body)
	return ans, nil
}

// Probe tests the key and the address.
func (a *api) Probe(ctx context.Context) error {
	_, err := a.Balance(ctx)
	return err
}

// Balance reads what the account holds in its own currency.
func (a *api) Balance(ctx context.Context) (catch.Money, error) {
	r := a.balance()
	ans, err := a.do(ctx, r)
	if err != nil {
		return catch.Money{}, err
	}
	amount := ""
	collect(ans.body, func(m map[string]json.RawMessage) {
		if strings.EqualFold(own(m, "currency"), a.conf.CurrencyOr()) && amount == "" {
			amount = own(m, "amount")
		}
	})
	if amount == "" {
		amount = find(ans.body, "balance", "accountbalance", "account_balance", "amount")
	}
	if amount == "" {
		return catch.Money{}, a.web.Fail(r, catch.UpstreamDown, "no balance in its answer")
	}
	m, err := a.conf.Money(amount)
	if err != nil {
		return catch.Money{}, fmt.Errorf("read balance at %s: %w", title, err)
	}
	return m, nil
}

// word reads what text does, and a boolean as yes or no.
func word(v json.RawMessage) string {
	var b bool
	if json.Unmarshal(v, &b) == nil && string(v) != "null" {
		return map[bool]string{true: "yes", false: "no"}[b]
	}
	return text(v)
}

// find looks for a text, number or boolean under any of the keys, down to any
// depth.
func find(m map[string]json.RawMessage, keys ...string) string {
	for k, v := range m {
		for _, want := range keys {
			if strings.EqualFold(k, want) {
				if t := word(v); t != "" {
					return t
				}
			}
		}
	}
	for _, v := range m {
		var inner map[string]json.RawMessage
		if json.Unmarshal(v, &inner) == nil {
			if t := find(inner, keys...); t != "" {
				return t
			}
		}
		var list []map[string]json.RawMessage
		if json.Unmarshal(v, &list) == nil {
			for _, inner := range list {
				if t := find(inner, keys...); t != "" {
					return t
				}
			}
		}
	}
	return ""
}

// affirms reports whether a word says yes.
func affirms(w string) bool {
	return strings.EqualFold(w, "yes") || strings.EqualFold(w, "true") || w == "1"
}

// millis reads an epoch in milliseconds.
func millis(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// quote reads whether a name can be registered, and its price.
func (a *api) quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	r := a.search(name)
	ans, err := a.do(ctx, r)
	if err != nil {
		return catch.Quote{}, err
	}
	q := catch.Quote{Name: name, At: a.conf.Clock(), Basis: "Dynadot search"}
	if got := find(ans.body, "domainname", "domain_name", "domain"); got != "" && !strings.EqualFold(got, name) {
		return catch.Quote{}, a.web.Fail(r, catch.UpstreamDown, "it answered for "+got)
	}
	if avail := find(ans.body, "available"); avail != "" {
		free := affirms(avail)
		q.Free = &free
	}
	price := find(ans.body, "price")
	q.Premium = affirms(find(ans.body, "premium")) || strings.Contains(strings.ToLower(price), "premium")
	q.Class = "standard"
	if q.Premium {
		q.Class = "premium"
	}
	currency := a.conf.CurrencyOr()
	if in := find(ans.body, "currency"); in != "" {
		currency = strings.ToUpper(in) // of the prices; it need not be the one that was asked for
	}
	if amount := find(ans.body, "registration"); amount != "" {
		price = amount
	}
	renewal := find(ans.body, "renewal")
	if price == "" && q.Free != nil && !*q.Free {
		if price, renewal, err = a.listPrice(ctx, name); err != nil {
			return q, err
		}
		q.Basis = "Dynadot price list, while the name is taken"
	}
	// Older answers say "77.00 in USD", and "... and Registration Price: 8.99 in USD ..." in words.
	if m, ok := priceIn(price, currency); ok {
		if q.Price, err = m.Times(max(years, 1)); err != nil {
			return catch.Quote{}, fmt.Errorf("read price at %s: %w", title, err)
		}
	}
	if m, ok := priceIn(renewal, currency); ok {
		q.Renew = m
	}
	return q, nil
}

// listPrice is what a year under the TLD of a name costs; "" where the list has
// none.
func (a *api) listPrice(ctx context.Context, name string) (register, renew string, err error) {
	ans, err := a.do(ctx, a.prices())
	if err != nil {
		return "", "", err
	}
	_, zone, _ := strings.Cut(name, ".")
	collect(ans.body, func(m map[string]json.RawMessage) {
		if strings.EqualFold(strings.TrimPrefix(own(m, "tld"), "."), zone) {
			register, renew = find(m, "register", "registration"), find(m, "renew", "renewal")
		}
	})
	return register, renew, nil
}

// priceIn reads the first amount of a text and its currency.
func priceIn(s, currency string) (catch.Money, bool) {
	fields := strings.Fields(strings.ReplaceAll(s, ",", ""))
	for i, f := range fields {
		m, err := catch.MoneyOf(strings.TrimPrefix(f, "$"), currency)
		if err != nil {
			continue
		}
		if i+2 < len(fields) && fields[i+1] == "in" && len(fields[i+2]) >= 3 {
			m.Currency = strings.ToUpper(fields[i+2][:3])
		}
		return m, true
	}
	return catch.Money{}, false
}
