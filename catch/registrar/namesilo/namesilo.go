// Package namesilo registers names at NameSilo (namesilo.com/api-reference),
// in two ways: plainly, and by registerDomainDrop, which is one create attempt
// inside a daily window.
//
// What is peculiar: the key travels in the query string; codes are numbers or
// strings; one request at a time (code 400 where another is running); no price
// goes along, so that price and premium flag are read right before; and
// registerDomainDrop works from 10:45 to 12:15 US Pacific only, for .com and
// .net, from the account's funds, on the default contact.
package namesilo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the drop window is in US Pacific time, wherever this runs

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/plain"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

const (
	service = "namesilo"
	title   = "NameSilo"
	host    = "https://www.namesilo.com"
)

// Factory makes NameSilo's routes: the drop window and the registration.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: host,
		Fields: []account.Field{
			{Name: "key", What: "the API key from the API manager", Secret: true, Needed: true},
			{Name: "contact", What: "the id of the contact profile; empty: the default"},
		},
		Routes: []catch.Description{describe(service), describe(service + ":register")},
		New: func(c account.Config) ([]catch.Route, error) {
			a := &web.API{Client: web.New(title, host, c), Facts: facts}
			drop := &route{plain.New(c, describe(service), a), true}
			register := &route{plain.New(c, describe(service+":register"), a), false}
			drop.Of(drop, drop.create)
			register.Of(register, register.create)
			return []catch.Route{drop, register}, nil
		},
	}
}

// route is one of the two ways.
type route struct {
	plain.Route
	drop bool
}

func describe(name string) catch.Description {
	return catch.Description{
		Route: name, Service: title, Kind: catch.Register,
		Can: []catch.Can{
			catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote, catch.CanBalance,
			catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanPrivacy, catch.CanSandbox,
		},
	}
}

// Open says whether the account sells the name, and whether the drop command
// takes it.
func (n *route) Open(name string) (bool, string) {
	if n.drop {
		if ok, _ := n.Conf.Sells(name, "com", "net"); !ok {
			return false, "registerDomainDrop takes .com and .net only"
		}
	}
	return n.Route.Route.Open(name)
}

// Terms are the service's; the drop command exists for bursts.
func (n *route) Terms(name string) catch.Terms {
	t := n.Route.Route.Terms(name)
	if n.drop {
		t.Burst = catch.BurstAllowed // the command exists for this, inside its window
		t.CutOff = "10:45 to 12:15 US Pacific, every day"
		t.Notes = append([]string{"registerDomainDrop: the default contact and NameSilo's name servers are used"}, t.Notes...)
	}
	return t
}

// Window is the daily drop window that t's day in US Pacific time has.
func Window(t time.Time) (from, to time.Time) {
	pacific, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic("time zones are embedded: " + err.Error())
	}
	t = t.In(pacific)
	at := func(h, m int) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), h, m, 0, 0, pacific) }
	return at(10, 45), at(12, 15)
}

func (n *route) request(op, operation string, batch, paid bool, params ...string) web.Request {
	path := "/api/"
	if batch {
		path = "/apibatch/"
	}
	q := web.Values(append([]string{"version", "1", "type", "json", "key", web.Secret(n.Conf.Key)}, params...)...)
	return web.Request{Op: op, Method: "GET", Path: path + operation, Query: q, Paid: paid}
}

var facts = web.Facts{
	Read: read,
	Codes: map[string]catch.ErrorKind{
		"109": catch.Auth, "110": catch.Auth, "111": catch.Auth, "112": catch.Auth, "113": catch.IPNotAllowed,
		"114": catch.TLDUnsupported, "267": catch.TLDUnsupported,
		"115": catch.OutcomeUnknown, "201": catch.OutcomeUnknown, // the registry did not respond; internal
		"117": catch.InsufficientFunds, "118": catch.InsufficientFunds, "119": catch.InsufficientFunds,
		"200": catch.NotFound, "400": catch.Busy, "262": catch.Taken, "280": catch.InvalidContact,
	},
	Words: web.Wordings{
		{"premium", catch.PremiumRefused},
		{"not available", catch.Taken},
		{"unavailable", catch.Taken},
		{"already registered", catch.Taken},
		{"drop window", catch.NotDroppableYet},
		{"not dropped", catch.NotDroppableYet},
		{"contact", catch.InvalidContact},
		{"rate limit", catch.RateLimited},
		{"request limit", catch.RateLimited},
		{"too many requests", catch.RateLimited},
		{"unsupported tld", catch.TLDUnsupported},
		{"tld is not", catch.TLDUnsupported},
	},
	// A domain processing error says nothing of what became of it: mostly the
	// name is not available, and then the words say so.
	Vague: map[string]catch.ErrorKind{"261": catch.OutcomeUnknown},
}

// done are codes that say that it is as it was wanted.
var done = map[string]bool{"300": true, "301": true, "302": true, "250": true, "251": true, "252": true, "253": true, "255": true, "256": true}

// read finds the code, a number or a string.
func read(resp *web.Response) (web.Said, bool) {
	var a struct {
		Reply reply `json:"reply"`
	}
	if json.Unmarshal(resp.Body, &a) != nil {
		return web.Said{}, false
	}
	code := text(a.Reply.Code)
	return web.Said{Done: done[code], Code: code, Words: strings.TrimSpace(code + " " + a.Reply.Detail + " " + a.Reply.Message)}, code != ""
}

// reply is the inner part of an answer; codes come as numbers and strings.
type reply struct {
	Code      json.RawMessage `json:"code"`
	Detail    string          `json:"detail"`
	Message   string          `json:"message"`
	Amount    json.RawMessage `json:"order_amount"`
	Balance   json.RawMessage `json:"balance"`
	Status    string          `json:"status"`
	Available json.RawMessage `json:"available"`
}

func text(v json.RawMessage) string { return strings.Trim(string(v), `" `) }

func (n *route) do(ctx context.Context, r web.Request) (*reply, error) {
	var a struct {
		Reply reply `json:"reply"`
	}
	err := n.Ask(ctx, r, &a)
	return &a.Reply, err
}

// listed is a name in an answer to a check.
type listed struct {
	Domain  string          `json:"domain"`
	Price   json.RawMessage `json:"price"`
	Renew   json.RawMessage `json:"renew"`
	Premium json.RawMessage `json:"premium"`
}

// available reads the names that can be registered: a list, or one name as an
// object, in one more object or not.
func available(raw json.RawMessage) []listed {
	var list []listed
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var inner struct {
		Domain json.RawMessage `json:"domain"`
	}
	if json.Unmarshal(raw, &inner) != nil || len(inner.Domain) == 0 {
		return nil
	}
	var one listed
	switch {
	case json.Unmarshal(inner.Domain, &one) == nil && one.Domain != "":
		return []listed{one}
	case json.Unmarshal(inner.Domain, &list) == nil:
		return list
	case json.Unmarshal(raw, &one) == nil:
		return []listed{one}
	}
	return nil
}

// Quote reads availability, price and premium flag. A name that somebody still
// holds has no price in the check: the list's for its TLD is what it costs.
func (n *route) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	rep, err := n.do(ctx, n.request("read price", "checkRegisterAvailability", false, false, "domains", name))
	if err != nil {
		return catch.Quote{}, err
	}
	free := false
	q := catch.Quote{Name: name, Free: &free, Class: "standard", At: n.Conf.Clock(), Basis: "NameSilo checkRegisterAvailability"}
	list := available(rep.Available)
	i := slices.IndexFunc(list, func(l listed) bool { return strings.EqualFold(l.Domain, name) })
	if i < 0 {
		return n.listPrice(ctx, q, years)
	}
	free = true
	if p := text(list[i].Premium); p == "1" || p == "true" {
		q.Premium, q.Class = true, "premium"
	}
	return n.priced(q, list[i].Price, list[i].Renew, years)
}

// priced puts the price of all the years into a quote.
func (n *route) priced(q catch.Quote, price, renew json.RawMessage, years int) (catch.Quote, error) {
	year, err := catch.MoneyOf(text(price), "USD")
	if err == nil {
		q.Price, err = year.Times(max(years, 1))
	}
	if err != nil {
		return catch.Quote{}, fmt.Errorf("read price at %s: %w", title, err)
	}
	q.Renew, _ = catch.MoneyOf(text(renew), "USD")
	return q, nil
}

// listPrice is what a name under the TLD costs; none where the list has none.
func (n *route) listPrice(ctx context.Context, q catch.Quote, years int) (catch.Quote, error) {
	var a struct {
		Reply map[string]json.RawMessage `json:"reply"`
	}
	if err := n.Ask(ctx, n.request("read price", "getPrices", false, false), &a); err != nil {
		return catch.Quote{}, err
	}
	_, zone, _ := strings.Cut(q.Name, ".")
	var prices struct {
		Register json.RawMessage `json:"registration"`
		Renew    json.RawMessage `json:"renew"`
	}
	if json.Unmarshal(a.Reply[zone], &prices) != nil || len(prices.Register) == 0 {
		return q, nil
	}
	q.Basis = "NameSilo getPrices for ." + zone + ", while the name is taken"
	return n.priced(q, prices.Register, prices.Renew, years)
}

func (n *route) create(r catch.Request) web.Request {
	params := []string{"domain", r.Name, "years", strconv.Itoa(max(r.Years, 1)), "private", "1", "auto_renew", "1"}
	if n.drop {
		return n.request("register in the drop window", "registerDomainDrop", true, true, params...)
	}
	contact := r.Contact
	if contact == "" {
		contact = n.Conf.Contact
	}
	return n.request("register", "registerDomain", false, true, append(params, "contact_id", contact)...)
}

// Place registers. Outside its window the drop command is not even sent, and a
// premium name is refused by what is read right before, since no price goes
// along.
func (n *route) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return account.DryRun()
	}
	req := n.create(r)
	if n.drop {
		if from, to := Window(n.Conf.Clock()); n.Conf.Clock().Before(from) || n.Conf.Clock().After(to) {
			return catch.Report{}, n.Fail(req, catch.NotDroppableYet,
				fmt.Sprintf("the window is %s to %s UTC today", from.UTC().Format("15:04"), to.UTC().Format("15:04")))
		}
	} else if !r.Premium {
		q, err := n.Quote(ctx, r.Name, r.Years)
		if err != nil {
			return catch.Report{}, err
		}
		if q.Premium {
			return catch.Report{}, n.Fail(req, catch.PremiumRefused, "it is premium at "+q.Price.String())
		}
	}
	rep, err := n.do(ctx, req)
	if err != nil {
		return catch.Report{}, err
	}
	out := catch.Report{State: catch.WonProvisional, Ref: r.Name, Words: strings.TrimSpace(text(rep.Code) + " " + rep.Message)}
	if out.Paid, err = catch.MoneyOf(text(rep.Amount), "USD"); err != nil {
		out.Paid = r.Price
	}
	return out, nil
}

// Find asks whether the name is in the account.
func (n *route) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	rep, err := n.do(ctx, n.request("look up name", "getDomainInfo", false, false, "domain", o.Name))
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: catch.WonProvisional, Ref: o.Name, Words: rep.Status}, nil
}

// Balance reads the account's funds.
func (n *route) Balance(ctx context.Context) (catch.Money, error) {
	rep, err := n.do(ctx, n.request("read balance", "getAccountBalance", false, false))
	if err != nil {
		return catch.Money{}, err
	}
	m, err := catch.MoneyOf(strings.ReplaceAll(text(rep.Balance), ",", ""), "USD")
	if err != nil {
		return catch.Money{}, fmt.Errorf("read balance at %s: %w", title, err)
	}
	return m, nil
}

// Probe tests key and address.
func (n *route) Probe(ctx context.Context) error {
	_, err := n.Balance(ctx)
	return err
}

// toggle sends the one command or the other for a name.
func (n *route) toggle(ctx context.Context, op, name string, on bool, yes, no string) error {
	command := no
	if on {
		command = yes
	}
	_, err := n.do(ctx, n.request(op, command, false, false, "domain", name))
	return err
}

// AutoRenew switches the renewal.
func (n *route) AutoRenew(ctx context.Context, name string, on bool) error {
	return n.toggle(ctx, "set auto-renew", name, on, "addAutoRenewal", "removeAutoRenewal")
}

// Lock sets the transfer lock.
func (n *route) Lock(ctx context.Context, name string, on bool) error {
	return n.toggle(ctx, "lock name", name, on, "domainLock", "domainUnlock")
}

// Privacy hides the registrant, or shows it.
func (n *route) Privacy(ctx context.Context, name string, on bool) error {
	return n.toggle(ctx, "set privacy", name, on, "addPrivacy", "removePrivacy")
}

// Nameservers sets up to thirteen hosts.
func (n *route) Nameservers(ctx context.Context, name string, hosts []string) error {
	params := []string{"domain", name}
	for i, h := range hosts {
		params = append(params, "ns"+strconv.Itoa(i+1), h)
	}
	_, err := n.do(ctx, n.request("set name servers", "changeNameServers", false, false, params...))
	return err
}

// Arm prepares a burst of the call. registerDomainDrop works inside its daily
// window only: the burst is cut to it.
func (n *route) Arm(ctx context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	if n.drop {
		from, to := Window(at)
		if at.Before(from) {
			at = from
		}
		if until.After(to) {
			until = to
		}
		if !until.After(at) {
			return nil, &catch.Error{
				Kind: catch.Guard, Service: title, Op: "register burst",
				Words: "registerDomainDrop works from 10:45 to 12:15 US Pacific only, which this window misses", Hint: "use the plain registration instead",
			}
		}
	}
	return n.Route.Arm(ctx, rs, at, until)
}
