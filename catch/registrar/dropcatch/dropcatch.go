// Package dropcatch takes backorders at DropCatch through its v2 API
// (api.dropcatch.com/documentation).
//
// What is peculiar: there is no sandbox, every call is live; a token is bought
// for client id and secret and lasts half an hour; failures by name arrive
// inside an HTTP 200; the amount of a backorder is the price cap of the sole
// order and the opening maximum of the auction that follows when others
// ordered too; a delete carries its names in the body; and 30 requests in 30
// seconds is a hard limit beyond which access is taken away.
package dropcatch

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

const (
	service = "dropcatch"
	title   = "DropCatch"
	host    = "https://api.dropcatch.com"
	// tokenLife is how long a token is used; the service says 30 minutes.
	tokenLife = 29 * time.Minute
)

// Factory makes DropCatch's route: the backorder, with its auctions.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: host,
		Fields: []account.Field{
			{Name: "user", What: "the client id, as account:application", Needed: true},
			{Name: "secret", What: "the client secret", Secret: true, Needed: true},
			{Name: "type", What: "\"DiscountClub\" for the discount club; empty: Standard"},
		},
		Routes: []catch.Description{description},
		New: func(c account.Config) ([]catch.Route, error) {
			return []catch.Route{&route{
				Unpriced: account.Unpriced{Service: title, Hint: "confirm the price on its website with --price"},
				Route:    c.Route(description, zones...), web: &web.API{Client: web.New(title, host, c), Facts: facts},
			}}, nil
		},
	}
}

type route struct {
	account.Unpriced
	account.Route
	web *web.API

	mu    sync.Mutex
	token catch.Secret
	until time.Time
}

var description = catch.Description{
	Route: service, Service: title, Kind: catch.Backorder, Pool: service,
	Can: []catch.Can{catch.CanOrder, catch.CanList, catch.CanFind, catch.CanCancel, catch.CanAuctions, catch.CanBid, catch.CanPriceLock},
}

// zones are what it takes (the Tlds of its own client).
var zones = []string{"com", "net", "org", "cc", "tv"}

// problem is its error form.
type problem struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

var facts = web.Facts{
	Read: web.ByStatus(func(p problem) string { return p.Title + " " + p.Detail }),
	Words: web.Wordings{
		{"not in pending delete", catch.NotDroppableYet},
		{"already backordered", catch.AlreadyBackordered},
		{"already have a backorder", catch.AlreadyBackordered},
		{"already placed", catch.AlreadyBackordered},
		{"already exists", catch.AlreadyBackordered},
		{"cutoff", catch.CutOffPassed},
		{"cut-off", catch.CutOffPassed},
		{"too late", catch.CutOffPassed},
		{"ip address", catch.IPNotAllowed},
		{"whitelist", catch.IPNotAllowed},
		{"payment method", catch.InsufficientFunds},
		{"insufficient", catch.InsufficientFunds},
		{"tld", catch.TLDUnsupported},
		{"not supported", catch.TLDUnsupported},
		{"amount", catch.PriceMismatch},
		{"minimum", catch.PriceMismatch},
		{"rate limit", catch.RateLimited},
		{"too many requests", catch.RateLimited},
		{"not found", catch.NotFound},
		{"contact", catch.InvalidContact},
	},
	Vague: web.HTTP,
}

// authorize buys a token, unless the one at hand still lasts.
func (d *route) authorize(ctx context.Context, fresh bool) (catch.Secret, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !fresh && !d.token.IsZero() && d.Conf.Clock().Before(d.until) {
		return d.token, nil
	}
	r := d.web.JSON("log in", http.MethodPost, "/authorize", map[string]string{
		"clientId": d.Conf.User, "clientSecret": d.Conf.Secret.Reveal(),
	}, false)
	resp, err := d.web.Do(ctx, r)
	if err != nil {
		return catch.Secret{}, err
	}
	if err := d.web.Status(r, resp); err != nil {
		return catch.Secret{}, err
	}
	var a struct {
		Token  string `json:"token"`
		Access string `json:"access_token"`
	}
	// A refused login may be a bare JSON string.
	if json.Unmarshal(resp.Body, &a) != nil || (a.Token == "" && a.Access == "") {
		return catch.Secret{}, d.web.Fail(r, cmp.Or(facts.Words.Kind(string(resp.Body)), catch.Auth), string(resp.Body))
	}
	if a.Token == "" {
		a.Token = a.Access
	}
	d.web.Hide(a.Token)
	d.token, d.until = catch.NewSecret(a.Token), d.Conf.Clock().Add(tokenLife)
	return d.token, nil
}

// do sends with a token; a 401 buys a new one, once.
func (d *route) do(ctx context.Context, r web.Request, into any) error {
	for again := false; ; again = true {
		token, err := d.authorize(ctx, again)
		if err != nil {
			return err
		}
		signed := r
		signed.Header = append([][2]string{{"Authorization", "Bearer " + token.Reveal()}}, r.Header...)
		resp, err := d.web.Do(ctx, signed)
		if err != nil {
			return err
		}
		if resp.Status == http.StatusUnauthorized && !again {
			continue // refused before anything was done, so that even a paid call may go once more
		}
		if err := d.web.Judge(r, resp); err != nil || into == nil {
			return err
		}
		return d.web.Decode(r, resp, into)
	}
}

// refused types what it says of one name of a call.
func (d *route) refused(r web.Request, f failure) error {
	return d.web.Fail(r, cmp.Or(facts.Words.Kind(f.Error.Description), catch.Busy), f.Error.Description)
}

// failure is why one name of a call was refused.
type failure struct {
	Domain string `json:"domain"`
	Error  struct {
		Code        json.RawMessage `json:"errorCode"`
		Description string          `json:"description"`
	} `json:"error"`
}

// item is one backorder as the service writes it; Go reads the names of the
// fields in any case, as they come in both.
type item struct {
	Domain   string      `json:"domain"`
	Amount   json.Number `json:"amount"`
	MaxBid   json.Number `json:"maxBid"`
	Type     string      `json:"type"`
	DropDate string      `json:"dropDate"`
}

func (i item) report() catch.Report {
	r := catch.Report{State: catch.Active, Ref: i.Domain, Words: "backorder " + i.Type}
	if m, err := catch.MoneyOf(i.MaxBid.String(), "USD"); err == nil {
		r.OwnBid = m
	}
	if m, err := catch.MoneyOf(i.Amount.String(), "USD"); err == nil {
		r.Price = m
	}
	return r
}

// amount is what goes along: the cap that the person set for an auction, or
// the sole order's price.
func amount(r catch.Request) catch.Money {
	if !r.Price.IsZero() {
		return r.Price
	}
	return r.Cap
}

func (d *route) add(r catch.Request) web.Request {
	kind := d.Conf.Options["type"]
	if kind == "" {
		kind = "Standard"
	}
	var sum any = "<price>"
	if a := amount(r); !a.IsZero() {
		sum = json.Number(a.Amount())
	}
	return d.web.JSON("place backorder", http.MethodPut, "/v2/backorders", []any{struct {
		Domain string
		Amount any
		Type   string
	}{r.Name, sum, kind}}, true)
}

func (d *route) Print(r catch.Request) (string, error) {
	req := d.add(r)
	req.Header = append([][2]string{{"Authorization", "Bearer <token>"}}, req.Header...)
	return d.web.Print(req), nil
}

// Place adds the backorder with the price as its amount: the service never
// charges more for a sole order.
func (d *route) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return account.DryRun()
	}
	if a := amount(r); a.Currency != "" && a.Currency != "USD" {
		return catch.Report{}, &catch.Error{Kind: catch.Guard, Service: title, Op: "place backorder", Words: "it charges USD, the price is in " + a.Currency}
	}
	req := d.add(r)
	var a struct {
		Successes []item    `json:"successes"`
		Failures  []failure `json:"failures"`
	}
	if err := d.do(ctx, req, &a); err != nil {
		return catch.Report{}, err
	}
	for _, f := range a.Failures {
		if strings.EqualFold(f.Domain, r.Name) {
			return catch.Report{}, d.refused(req, f)
		}
	}
	for _, s := range a.Successes {
		if strings.EqualFold(s.Domain, r.Name) {
			return s.report(), nil
		}
	}
	return catch.Report{}, d.web.Fail(req, catch.OutcomeUnknown, "the answer names the domain neither as done nor as failed")
}

// Find looks for an auction of the name first, since a catch that others
// ordered too goes on there, then for the backorder. The list of auctions has
// those of others as well: one counts where a bid of ours stands in it, or where
// the service had our order before.
func (d *route) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	a, err := d.auction(ctx, o.Name)
	if err != nil {
		return catch.Report{}, err
	}
	if a != nil && (a.ours() || held(o.State)) {
		return a.report(), nil
	}
	list, err := d.list(ctx, o.Name)
	if err != nil {
		return catch.Report{}, err
	}
	for _, l := range list {
		if strings.EqualFold(l.Name, o.Name) {
			return l.Report, nil
		}
	}
	why := "it is neither a backorder nor an auction of this account"
	if a != nil {
		why = "others bid for it in auction " + a.ID.String() + ", this account has neither a bid nor a backorder"
	}
	return catch.Report{}, d.web.Fail(web.Request{Op: "look up backorder"}, catch.NotFound, why)
}

// held are the states in which the service had the order for sure.
func held(s catch.State) bool {
	switch s {
	case catch.Active, catch.Processing, catch.AuctionLeading, catch.AuctionOutbid, catch.PaymentDue:
		return true
	}
	return false
}

// List returns every backorder of the account.
func (d *route) List(ctx context.Context) ([]catch.Listed, error) { return d.list(ctx, "") }

func (d *route) list(ctx context.Context, search string) ([]catch.Listed, error) {
	var out []catch.Listed
	err := pages(ctx, d, "list backorders", "/v2/backorders", web.Values("size", "100", "searchTerm", search), func(i item) bool {
		out = append(out, catch.Listed{Name: strings.ToLower(i.Domain), Report: i.report()})
		return search != "" && strings.EqualFold(i.Domain, search)
	})
	return out, err
}

// mostPages is far more than any account has; a list that goes on is no list.
const mostPages = 500

// pages reads a list, page by page, until f has what it looked for. A list that
// cannot be read to its end is an error: what was not seen on it may be there.
func pages[T any](ctx context.Context, d *route, op, path string, q url.Values, f func(T) (enough bool)) error {
	seen := 0
	for range mostPages {
		var a struct {
			Items  []T         `json:"items"`
			Total  json.Number `json:"totalRecords"`
			Cursor struct {
				Next string `json:"next"`
			} `json:"cursor"`
		}
		r := d.web.JSON(op, http.MethodGet, path, nil, false).With(q)
		if err := d.do(ctx, r, &a); err != nil {
			return err
		}
		if a.Items == nil {
			return d.web.Fail(r, catch.UpstreamDown, "no list in its answer")
		}
		for _, i := range a.Items {
			if f(i) {
				return nil
			}
		}
		seen += len(a.Items)
		switch total, _ := a.Total.Int64(); {
		case a.Cursor.Next == "" && int64(seen) < total:
			return d.web.Fail(r, catch.UpstreamDown, fmt.Sprintf("its list ends after %d of %d", seen, total))
		case a.Cursor.Next == "":
			return nil
		case a.Cursor.Next == q.Get("next") || len(a.Items) == 0:
			return d.web.Fail(r, catch.UpstreamDown, "its list does not go on")
		}
		q.Set("next", a.Cursor.Next)
	}
	return d.web.Fail(web.Request{Op: op}, catch.UpstreamDown, fmt.Sprintf("its list has no end after %d pages", mostPages))
}

// Cancel deletes the backorder; a name that has failed says why.
func (d *route) Cancel(ctx context.Context, o catch.Order) (catch.Report, error) {
	r := d.web.JSON("cancel backorder", http.MethodDelete, "/v2/backorders", []string{o.Name}, false)
	var a struct {
		Successes []string  `json:"successes"`
		Failures  []failure `json:"failures"`
	}
	if err := d.do(ctx, r, &a); err != nil {
		return catch.Report{}, err
	}
	for _, f := range a.Failures {
		if strings.EqualFold(f.Domain, o.Name) {
			return catch.Report{}, d.refused(r, f)
		}
	}
	return catch.Report{State: catch.Cancelled, Words: "cancelled"}, nil
}

// auction is one auction as the service writes it.
type auction struct {
	ID      json.Number `json:"auctionId"`
	Name    string      `json:"name"`
	Ends    string      `json:"endTime"`
	Winning bool        `json:"winning"`
	HighBid json.Number `json:"highBid"`
	MaxBid  json.Number `json:"maxBid"`
	Next    json.Number `json:"minimumNextBid"`
	Type    string      `json:"type"`
}

func (a auction) report() catch.Report {
	r := catch.Report{State: catch.AuctionOutbid, Ref: a.ID.String(), Words: "auction " + a.ID.String()}
	if a.Winning {
		r.State = catch.AuctionLeading
	}
	r.HighBid, _ = catch.MoneyOf(a.HighBid.String(), "USD")
	r.OwnBid, _ = catch.MoneyOf(a.MaxBid.String(), "USD")
	if t, err := time.Parse(time.RFC3339, a.Ends); err == nil {
		r.AuctionEnds = t.UTC()
	}
	return r
}

// ours reports whether a bid of this account stands in the auction.
func (a auction) ours() bool {
	bid, err := a.MaxBid.Float64()
	return a.Winning || err == nil && bid > 0
}

// auction returns the open auction of a name, nil where there is none.
func (d *route) auction(ctx context.Context, name string) (*auction, error) {
	var found *auction
	err := pages(ctx, d, "look up auction", "/v2/auctions", web.Values("searchTerm", name, "size", "100", "showAllActive", "true"), func(a auction) bool {
		if strings.EqualFold(a.Name, name) {
			found = &a
		}
		return found != nil
	})
	return found, err
}

// Bid places a maximum bid in the name's auction.
func (d *route) Bid(ctx context.Context, o catch.Order, bid catch.Money) (catch.Report, error) {
	a, err := d.auction(ctx, o.Name)
	switch {
	case err != nil:
		return catch.Report{}, err
	case a == nil:
		return catch.Report{}, d.web.Fail(web.Request{Op: "bid"}, catch.NotFound, "no auction for "+o.Name+" is open")
	}
	id, err := strconv.ParseInt(a.ID.String(), 10, 64)
	if err != nil {
		return catch.Report{}, d.web.Fail(web.Request{Op: "bid"}, catch.UpstreamDown, "its auction has no number")
	}
	r := d.web.JSON("bid", http.MethodPost, "/v2/bids", []any{struct {
		AuctionId int64 // the service's own spelling
		Amount    json.Number
	}{id, json.Number(bid.Amount())}}, true)
	var ans struct {
		Failures []failure `json:"failures"`
	}
	if err := d.do(ctx, r, &ans); err != nil {
		return catch.Report{}, err
	}
	if len(ans.Failures) > 0 {
		return catch.Report{}, d.refused(r, ans.Failures[0])
	}
	rep, err := d.Find(ctx, o)
	if err != nil {
		// It was placed; only where it stands is not known yet.
		return catch.Report{OwnBid: bid, Words: "bid placed"}, nil //nolint:nilerr // the order is followed anyway
	}
	return rep, nil
}

// Pay has no call: a won auction is charged to the card on file.
func (d *route) Pay(context.Context, catch.Order) (catch.Report, error) {
	return catch.Report{}, &catch.Error{Kind: catch.Guard, Service: title, Op: "pay", Words: "its API has no call for it", Hint: "pay on the website, then record it with `lapse orders record`"}
}

// Probe tests the login.
func (d *route) Probe(ctx context.Context) error {
	_, err := d.authorize(ctx, true)
	return err
}
