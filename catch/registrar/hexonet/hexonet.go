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
	"context"
	"net/url"
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
		Routes: []catch.Description{describe(service, true), describe(service, false)},
		New: func(c account.Config) ([]catch.Route, error) {
			host := ispapi
			if c.Options["system"] == "rrpproxy" {
				host = rrpproxy
			}
			a := &api{web.New(title, host, c), c}
			return []catch.Route{&backorder{a}, &register{account.Final{Service: title}, a}}, nil
		},
	}
}

// api is what both routes share.
type api struct {
	web  *web.Client
	conf account.Config
}

func describe(account string, queue bool) catch.Description {
	if queue {
		return catch.Description{
			Route: account, Service: title, Kind: catch.Backorder, Pool: service,
			Can: []catch.Can{catch.CanOrder, catch.CanList, catch.CanFind, catch.CanCancel, catch.CanAuctions, catch.CanBalance, catch.CanSandbox},
		}
	}
	return catch.Description{
		Route: account + ":register", Service: title, Kind: catch.Register,
		Can: []catch.Can{
			catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote, catch.CanBalance,
			catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanSandbox,
		},
	}
}

// request writes one command.
func (a *api) request(op string, paid bool, lines ...string) web.Request {
	secret := a.conf.Secret.Reveal()
	if secret == "" {
		secret = "•••"
	}
	form := url.Values{"s_login": {a.conf.User}, "s_pw": {secret}, "s_command": {strings.Join(lines, "\n")}}
	if a.conf.Options["system"] != "rrpproxy" {
		entity := a.conf.Options["entity"]
		if entity == "" {
			entity = "54cd"
		}
		form.Set("s_entity", entity)
	}
	return web.Request{
		Op: op, Method: "POST", Path: "/api/call.cgi", Body: form.Encode(), Paid: paid,
		Header: [][2]string{{"Content-Type", "application/x-www-form-urlencoded"}},
	}
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

// codes are the documented return codes.
var codes = map[int]catch.ErrorKind{
	211: catch.Taken, 420: catch.Busy, 421: catch.Busy, 423: catch.Busy, 422: catch.RateLimited, 425: catch.RateLimited,
	504: catch.InvalidContact, 530: catch.Auth, 531: catch.Auth, 535: catch.IPNotAllowed, 540: catch.Taken, 554: catch.Taken,
	545: catch.NotFound, 546: catch.InsufficientFunds, 552: catch.CutOffPassed,
}

var wordings = []struct {
	words string
	kind  catch.ErrorKind
}{
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
	{"ip address", catch.IPNotAllowed},
}

func (a *api) do(ctx context.Context, r web.Request) (*answer, error) {
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
	if ans.code == 200 {
		return ans, nil
	}
	words := strconv.Itoa(ans.code) + " " + ans.words
	said := strings.ToLower(ans.words)
	if kind, ok := codes[ans.code]; ok && ans.code != 504 && ans.code != 211 {
		return nil, a.web.Fail(r, kind, words)
	}
	for _, w := range wordings {
		if strings.Contains(said, w.words) {
			return nil, a.web.Fail(r, w.kind, words)
		}
	}
	if kind, ok := codes[ans.code]; ok {
		return nil, a.web.Fail(r, kind, words)
	}
	return nil, a.web.Fail(r, catch.Busy, words)
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
type backorder struct{ *api }

func (b *backorder) Describe() catch.Description     { return describe(b.conf.Account, true) }
func (b *backorder) Open(name string) (bool, string) { return b.conf.Sells(name) }
func (b *backorder) Terms(name string) catch.Terms {
	return b.conf.Terms.For(service, catch.Backorder, name)
}

// Quote has no call: the fee stands in the reseller's price list.
func (b *backorder) Quote(context.Context, string, int) (catch.Quote, error) {
	return catch.Quote{}, &catch.Error{
		Kind: catch.Guard, Service: title, Op: "read price",
		Words: "no call says what a backorder costs", Hint: "confirm the price of your contract with --price",
	}
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
		return catch.Report{State: catch.Planned, Words: "dry run: nothing was sent"}, nil
	}
	ans, err := b.do(ctx, b.add(r))
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: state(ans.first("STATUS")), Ref: ans.first("APPLICATION"), Words: ans.first("STATUS")}, nil
}

// List returns the backorders of the account.
func (b *backorder) List(ctx context.Context) ([]catch.Listed, error) {
	ans, err := b.do(ctx, b.request("list backorders", false, "COMMAND = QueryDomainApplicationList", "CLASS = *_BACKORDER", "WIDE = 1", "LIMIT = 10000"))
	if err != nil {
		return nil, err
	}
	var out []catch.Listed
	for i, name := range ans.props["DOMAIN"] {
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
	return out, nil
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
