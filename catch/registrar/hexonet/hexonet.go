// Package hexonet takes backorders and registrations at HEXONET (ispapi) and
// CentralNic Reseller (RRPproxy), which speak one grammar: KEY = VALUE lines
// in a form, and an answer of CODE, DESCRIPTION and PROPERTY[NAME][i] lines
// (github.com/hexonet/hexonet-api-documentation, kb.centralnicreseller.com).
//
// What is peculiar: a backorder is an application of class BACKORDER that
// sleeps until the release; funds are locked three days before its
// finalization date, which is also the last moment to cancel; 211 means taken
// and "premium available" alike; and a premium registration has to state the
// class that the check returned.
package hexonet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

const (
	service   = "hexonet"
	title     = "HEXONET/CNR"
	ispapi    = "https://api.ispapi.net"
	rrpproxy  = "https://api.rrpproxy.net"
	timeWords = "2006-01-02 15:04:05" // UTC
)

// Factory makes the routes of HEXONET and CentralNic Reseller.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: ispapi,
		Fields: []account.Field{
			{Name: "user", What: "the login", Needed: true},
			{Name: "secret", What: "the password of the API user", Secret: true, Needed: true},
			{Name: "contact", What: "the handle of the owner contact", Needed: true},
			{Name: "system", What: "\"rrpproxy\" for CentralNic Reseller; empty: HEXONET"},
			{Name: "entity", What: "54cd is live, 1234 the test system; HEXONET only"},
		},
		Routes: []catch.Description{queue, plain},
		New: func(c account.Config) ([]catch.Route, error) {
			host := ispapi
			if c.Options["system"] == "rrpproxy" {
				host = rrpproxy
			}
			a := &api{web.API{Client: web.New(title, host, c), Facts: facts}, c}
			return []catch.Route{
				&backorder{unpriced, c.Route(queue), a},
				&register{account.Final{Service: title}, c.Route(plain), a},
			}, nil
		},
	}
}

var (
	queue = catch.Description{
		Route: service, Service: title, Kind: catch.Backorder, Pool: service,
		Can: []catch.Can{catch.CanOrder, catch.CanList, catch.CanFind, catch.CanCancel, catch.CanAuctions, catch.CanBalance, catch.CanSandbox},
	}
	plain = catch.Description{
		Route: service + ":register", Service: title, Kind: catch.Register,
		Can: []catch.Can{
			catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote, catch.CanBalance,
			catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanSandbox,
		},
	}
	unpriced = account.Unpriced{Service: title, Hint: "confirm the price of your contract with --price"}
)

// api is what both routes share.
type api struct {
	web  web.API
	conf account.Config
}

// request writes one command.
func (a *api) request(op string, paid bool, lines ...string) web.Request {
	entity := ""
	if a.conf.Options["system"] != "rrpproxy" {
		entity = cmp.Or(a.conf.Options["entity"], "54cd")
	}
	return a.web.Form(op, "/api/call.cgi", web.Values(
		"s_login", a.conf.User, "s_pw", web.Secret(a.conf.Secret), "s_entity", entity, "s_command", strings.Join(lines, "\n")), paid)
}

// answer is CODE, DESCRIPTION and the properties by name, in order.
type answer struct {
	code  int
	words string
	props map[string][]string
}

func (a answer) first(names ...string) string {
	for _, n := range names {
		if v := a.props[n]; len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// read reads the text form; without an EOF line it is cut off.
func read(body []byte) (*answer, bool) {
	a := &answer{props: map[string][]string{}}
	whole := false
	for _, line := range strings.Split(string(body), "\n") {
		line = strings.TrimSpace(line)
		if line == "EOF" {
			whole = true
			break
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		key, value = strings.ToUpper(strings.TrimSpace(key)), strings.TrimSpace(value)
		switch {
		case key == "CODE":
			a.code, _ = strconv.Atoi(value)
		case key == "DESCRIPTION":
			a.words = value
		case strings.HasPrefix(key, "PROPERTY["):
			name, _, _ := strings.Cut(strings.TrimPrefix(key, "PROPERTY["), "]")
			a.props[name] = append(a.props[name], value)
		}
	}
	return a, whole && a.code != 0
}

var facts = web.Facts{
	Read: func(resp *web.Response) (web.Said, bool) {
		ans, ok := read(resp.Body)
		code := strconv.Itoa(ans.code)
		return web.Said{Done: ans.code == 200, Code: code, Words: code + " " + ans.words}, ok
	},
	Codes: map[string]catch.ErrorKind{
		"420": catch.Busy, "421": catch.Busy, "423": catch.Busy, "422": catch.RateLimited, "425": catch.RateLimited,
		"530": catch.Auth, "531": catch.Auth, "535": catch.IPNotAllowed, "540": catch.Taken, "554": catch.Taken,
		"545": catch.NotFound, "546": catch.InsufficientFunds, "552": catch.CutOffPassed,
	},
	Words: web.Wordings{
		{"premium", catch.PremiumRefused},
		{"price", catch.PriceMismatch},
		{"credit limit", catch.InsufficientFunds},
		{"insufficient", catch.InsufficientFunds},
		{"already exists", catch.AlreadyBackordered},
		{"not deleted", catch.NotDroppableYet},
		{"no backorder", catch.NotDroppableYet},
		{"finalization", catch.CutOffPassed},
		{"zone", catch.TLDUnsupported},
		{"tld", catch.TLDUnsupported},
		{"contact", catch.InvalidContact},
		{"ownercontact", catch.InvalidContact},
		{"ip address", catch.IPNotAllowed},
	},
	Vague: map[string]catch.ErrorKind{"211": catch.Taken, "504": catch.InvalidContact},
}

func (a *api) do(ctx context.Context, r web.Request) (*answer, error) {
	resp, err := a.web.Call(ctx, r, nil)
	if err != nil {
		return nil, err
	}
	ans, _ := read(resp.Body)
	return ans, nil
}

// Balance reads the account's deposit.
func (a *api) Balance(ctx context.Context) (catch.Money, error) {
	r := a.request("read balance", false, "COMMAND = StatusAccount")
	ans, err := a.do(ctx, r)
	if err != nil {
		return catch.Money{}, err
	}
	m, err := catch.MoneyOf(ans.first("AMOUNT", "DEPOSIT"), ans.first("CURRENCY"))
	if err != nil || m.Currency == "" {
		return catch.Money{}, a.web.Fail(r, catch.UpstreamDown, "no balance in its answer")
	}
	return m, nil
}

// Probe tests login and address.
func (a *api) Probe(ctx context.Context) error {
	_, err := a.Balance(ctx)
	return err
}

func (a *api) contacts(r catch.Request) []string {
	handle := r.Contact
	if handle == "" {
		handle = a.conf.Contact
	}
	if handle == "" {
		handle = "<contact>"
	}
	return []string{
		"OWNERCONTACT0 = " + handle, "ADMINCONTACT0 = " + handle, "TECHCONTACT0 = " + handle, "BILLINGCONTACT0 = " + handle,
	}
}

// backorder is the application of class BACKORDER.
type backorder struct {
	account.Unpriced
	account.Route
	*api
}

func (b *backorder) add(r catch.Request) web.Request {
	lines := append([]string{
		"COMMAND = AddDomainApplication", "CLASS = BACKORDER", "DOMAIN = " + r.Name, "PERIOD = " + strconv.Itoa(max(r.Years, 1)), "TRANSFERLOCK = 1",
	}, b.contacts(r)...)
	return b.request("place backorder", true, lines...)
}

func (b *backorder) Print(r catch.Request) (string, error) { return b.web.Print(b.add(r)), nil }

func (b *backorder) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return account.DryRun()
	}
	ans, err := b.do(ctx, b.add(r))
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: state(ans.first("STATUS")), Ref: ans.first("APPLICATION"), Words: ans.first("STATUS")}, nil
}

// listPage is how many applications are asked for at once.
const listPage = 1000

// List returns the backorders of the account, page by page.
func (b *backorder) List(ctx context.Context) ([]catch.Listed, error) {
	var out []catch.Listed
	for {
		r := b.request("list backorders", false, "COMMAND = QueryDomainApplicationList", "CLASS = *_BACKORDER", "WIDE = 1",
			"FIRST = "+strconv.Itoa(len(out)), "LIMIT = "+strconv.Itoa(listPage))
		ans, err := b.do(ctx, r)
		if err != nil {
			return nil, err
		}
		names := ans.props["DOMAIN"]
		for i, name := range names {
			at := func(key string) string {
				if v := ans.props[key]; i < len(v) {
					return v[i]
				}
				return ""
			}
			out = append(out, catch.Listed{Name: strings.ToLower(name), Report: catch.Report{
				State: state(at("STATUS")), Ref: at("APPLICATION"), Words: at("STATUS"), CancelBy: when(at("FINALIZATIONDATE")),
			}})
		}
		switch total, err := strconv.Atoi(ans.first("TOTAL")); {
		case err != nil && len(names) >= listPage, err == nil && len(names) == 0 && len(out) < total:
			return nil, b.web.Fail(r, catch.UpstreamDown, fmt.Sprintf("its list breaks off after %d", len(out)))
		case err != nil, len(out) >= total:
			return out, nil
		}
	}
}

// Find asks for the application, by its number where it is known.
func (b *backorder) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	ref := o.Ref
	if ref == "" {
		list, err := b.List(ctx)
		if err != nil {
			return catch.Report{}, err
		}
		i := slices.IndexFunc(list, func(l catch.Listed) bool { return strings.EqualFold(l.Name, o.Name) })
		if i < 0 {
			return catch.Report{}, b.web.Fail(web.Request{Op: "look up backorder"}, catch.NotFound, "no application for "+o.Name)
		}
		ref = list[i].Ref
	}
	ans, err := b.do(ctx, b.request("look up backorder", false, "COMMAND = StatusDomainApplication", "APPLICATION = "+ref))
	if err != nil {
		return catch.Report{}, err
	}
	rep := catch.Report{
		State: state(ans.first("STATUS")), Ref: ref, Words: ans.first("STATUS"),
		CancelBy: when(ans.first("FINALIZATIONDATE")), AuctionEnds: when(ans.first("AUCTION-ENDDATE")),
	}
	currency := ans.first("AUCTION-CURRENCY", "CURRENCY")
	if currency == "" {
		currency = b.conf.CurrencyOr()
	}
	rep.HighBid, _ = catch.MoneyOf(ans.first("AUCTION-BESTBID"), currency)
	return rep, nil
}

// Cancel takes the application back, until its finalization date.
func (b *backorder) Cancel(ctx context.Context, o catch.Order) (catch.Report, error) {
	ref := o.Ref
	if ref == "" {
		rep, err := b.Find(ctx, o)
		if err != nil {
			return catch.Report{}, err
		}
		ref = rep.Ref
	}
	ans, err := b.do(ctx, b.request("cancel backorder", false, "COMMAND = DeleteDomainApplication", "APPLICATION = "+ref))
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: catch.Cancelled, Ref: ref, Words: ans.words}, nil
}

// state maps the words of both systems. The auction's winner still has to pay.
func state(word string) catch.State {
	switch strings.ToUpper(strings.TrimSpace(word)) {
	case "PROCESSING":
		return catch.Processing
	case "SUCCESSFUL":
		return catch.WonProvisional
	case "FAILED":
		return catch.Lost
	case "AUCTION-PENDING":
		return catch.AuctionOutbid
	case "AUCTION-WON", "PENDING-PAYMENT":
		return catch.PaymentDue
	case "AUCTION-LOST":
		return catch.Lost
	case "CANCELLED", "DELETED":
		return catch.Cancelled
	}
	return catch.Active // REQUESTED, ACTIVE, and CNR's UNPAID and PAID, which sleep
}

func when(s string) time.Time {
	t, err := time.Parse(timeWords, strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}
