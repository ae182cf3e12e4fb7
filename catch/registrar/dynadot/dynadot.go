// Package dynadot takes backorders and registrations at Dynadot through its
// api3 commands (dynadot.com/domain/api-commands).
//
// What is peculiar: everything travels in the query string, the key with it;
// the header of an answer stands at the answer's level or one level down, and
// codes are numbers or strings; a backorder is taken only once the name is
// pending delete in Dynadot's own list, until then it "could not find
// backorder fot this domain" (sic); and a backorder has no price argument, so
// that a person's confirmed price stands in.
package dynadot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

const (
	service = "dynadot"
	title   = "Dynadot"
	host    = "https://api.dynadot.com"
)

// Factory makes Dynadot's routes: the backorder and the registration.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: host,
		Fields: []account.Field{
			{Name: "key", What: "the API key from Tools > API", Secret: true, Needed: true},
			{Name: "contact", What: "the id of the contact that registrations are made for; empty: the account's default"},
		},
		Routes: []catch.Description{describeBackorder(service), describeRegister(service)},
		New: func(c account.Config) ([]catch.Route, error) {
			api := &api{web: web.New(title, host, c), conf: c}
			return []catch.Route{&backorder{api}, &register{account.Final{Service: title}, api}}, nil
		},
	}
}

// api is what both routes share: one account at one host.
type api struct {
	web  *web.Client
	conf account.Config
}

func (a *api) request(op, command string, paid bool, params ...string) web.Request {
	q := url.Values{"key": {a.conf.Key.Reveal()}, "command": {command}}
	if a.conf.Key.IsZero() {
		q.Set("key", "•••")
	}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			q.Set(params[i], params[i+1])
		}
	}
	return web.Request{Op: op, Method: "GET", Path: "/api3.json", Query: q, Paid: paid, Header: [][2]string{{"Accept", "application/json"}}}
}

// answer is the part of an api3 answer that says whether it worked, wherever
// it stood.
type answer struct {
	code   string
	status string
	error  string
	body   map[string]json.RawMessage // of the response object
}

func (a *api) call(ctx context.Context, r web.Request) (*answer, error) {
	resp, err := a.web.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := a.web.Status(r, resp); err != nil {
		return nil, err
	}
	ans, ok := read(resp.Body)
	if !ok {
		return nil, a.web.Garbled(r, resp)
	}
	if ans.code == "429" || ans.code == "249" {
		return nil, a.web.Fail(r, catch.RateLimited, ans.words())
	}
	return ans, nil
}

func (a answer) ok() bool      { return a.code == "0" || a.code == "200" }
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

// wordings are what Dynadot says in words only; the first that is found types
// the failure.
var wordings = []struct {
	words string
	kind  catch.ErrorKind
}{
	{"already on your backorder", catch.AlreadyBackordered},
	{"could not find backorder", catch.NotDroppableYet},
	{"premium", catch.PremiumRefused},
	{"not_available", catch.Taken},
	{"not available", catch.Taken},
	{"system_busy", catch.Busy},
	{"could not find auction", catch.NotFound},
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
}

// failed types an answer that is not ok. Words that nobody has seen yet are a
// definite no, since the answer said so, but of no known kind: busy keeps the
// order as it is.
func (a *api) failed(r web.Request, ans *answer) error {
	switch ans.code {
	case "5":
		return a.web.Fail(r, catch.Busy, ans.words())
	case "1":
		return a.web.Fail(r, catch.Taken, ans.words())
	}
	said := strings.ToLower(ans.words())
	for _, w := range wordings {
		if strings.Contains(said, w.words) {
			return a.web.Fail(r, w.kind, ans.words())
		}
	}
	return a.web.Fail(r, catch.Busy, ans.words())
}

func (a *api) do(ctx context.Context, r web.Request) (*answer, error) {
	ans, err := a.call(ctx, r)
	if err != nil {
		return nil, err
	}
	if !ans.ok() {
		return nil, a.failed(r, ans)
	}
	return ans, nil
}

// Probe tests the key and the address.
func (a *api) Probe(ctx context.Context) error {
	_, err := a.Balance(ctx)
	return err
}

// Balance reads the account's balance.
func (a *api) Balance(ctx context.Context) (catch.Money, error) {
	r := a.request("read balance", "get_account_balance", false)
	ans, err := a.do(ctx, r)
	if err != nil {
		return catch.Money{}, err
	}
	if amount := find(ans.body, "balance", "amount", "accountbalance"); amount != "" {
		m, err := a.conf.Money(amount)
		if err != nil {
			return catch.Money{}, fmt.Errorf("read balance at %s: %w", title, err)
		}
		return m, nil
	}
	return catch.Money{}, a.web.Fail(r, catch.UpstreamDown, "no balance in its answer")
}

// find looks for a text or number under any of the keys, down to any depth.
func find(m map[string]json.RawMessage, keys ...string) string {
	for k, v := range m {
		for _, want := range keys {
			if strings.EqualFold(k, want) {
				if t := text(v); t != "" {
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

// millis reads an epoch in milliseconds.
func millis(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// search reads whether a name can be registered, and its price.
func (a *api) search(ctx context.Context, name string, years int) (catch.Quote, error) {
	r := a.request("read price", "search", false, "domain0", name, "show_price", "1", "currency", a.conf.CurrencyOr())
	ans, err := a.do(ctx, r)
	if err != nil {
		return catch.Quote{}, err
	}
	q := catch.Quote{Name: name, At: a.conf.Clock(), Basis: "Dynadot search"}
	if got := find(ans.body, "domainname", "domain_name", "domain"); got != "" && !strings.EqualFold(got, name) {
		return catch.Quote{}, a.web.Fail(r, catch.UpstreamDown, "it answered for "+got)
	}
	if avail := find(ans.body, "available"); avail != "" {
		free := strings.EqualFold(avail, "yes") || strings.EqualFold(avail, "true")
		q.Free = &free
	}
	price := find(ans.body, "price")
	q.Premium = strings.EqualFold(find(ans.body, "premium"), "yes") || strings.Contains(strings.ToLower(price), "premium")
	q.Class = "standard"
	if q.Premium {
		q.Class = "premium"
	}
	if amount := find(ans.body, "registration"); amount != "" {
		price = amount
	}
	if price != "" {
		// Older answers say "77.00 in USD", and "... and Registration Price: 8.99 in USD ..." in words.
		if m, ok := priceIn(price, a.conf.CurrencyOr()); ok {
			m.Units *= int64(max(years, 1))
			q.Price = m
		}
	}
	if amount := find(ans.body, "renewal"); amount != "" {
		if m, ok := priceIn(amount, a.conf.CurrencyOr()); ok {
			q.Renew = m
		}
	}
	return q, nil
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
