// Package hexonet takes backorders and registrations at HEXONET (ispapi) and
// CentralNic Reseller (RRPproxy), which speak one grammar: KEY = VALUE lines
// in a form, and an answer of CODE, DESCRIPTION and PROPERTY[NAME][i] lines
// (github.com/centralnicgroup-public/hexonet-api-documentation, the API command
// reference of kb.centralnicreseller.com).
//
// What is peculiar: a backorder is an application of class BACKORDER that
// sleeps until the release; funds are locked three days before its
// finalization date, which is also the last moment to cancel, and the list of
// deposits shows them; 211 means taken and "premium available" alike; a
// standard price stands in no check (prices.go); and a premium name is applied
// for with its class and price at the one, and registered with its price at the
// other.
package hexonet

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/plain"
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
			{Name: "nameservers", What: "the name servers of new registrations, with commas between; CentralNic Reseller wants two"},
		},
		Routes: []catch.Description{queue, registration},
		New: func(c account.Config) ([]catch.Route, error) {
			host := ispapi
			if c.Options["system"] == "rrpproxy" {
				host = rrpproxy
			}
			a := &api{web.API{Client: web.New(title, host, c), Facts: facts}, c}
			g := &register{plain.New(c, registration, &a.web), a}
			g.Of(g, func(r catch.Request) web.Request { return g.create(r, r.Class) })
			return []catch.Route{&backorder{unpriced, c.Route(queue), a}, g}, nil
		},
	}
}

var (
	queue = catch.Description{
		Route: service, Service: title, Kind: catch.Backorder, Pool: service,
		Can: []catch.Can{catch.CanOrder, catch.CanList, catch.CanFind, catch.CanCancel, catch.CanAuctions, catch.CanBalance, catch.CanAutoRenew, catch.CanLock, catch.CanNameservers, catch.CanSandbox},
	}
	registration = catch.Description{
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

// reseller reports whether it is CentralNic Reseller, where the two differ.
func (a *api) reseller() bool { return a.conf.Options["system"] == "rrpproxy" }

// request writes one command.
func (a *api) request(op string, paid bool, lines ...string) web.Request {
	entity := ""
	if !a.reseller() {
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
	cells int // of all properties
}

func (a *answer) first(names ...string) string { return a.at(0, names...) }

// mostRows is more than any list of theirs has at once.
const mostRows = 100_000

// mostCells is more than any answer of theirs has: a line may name a row far
// down, and all above it take memory.
const mostCells = 10 * mostRows

// put keeps a property under its name at its index, which key has as
// "STATUS][3]": columns of one list stay side by side, whatever is left out.
func (a *answer) put(key, value string) {
	name, rest, _ := strings.Cut(key, "]")
	at, err := strconv.Atoi(strings.Trim(rest, "[]"))
	if err != nil || at < 0 || at >= mostRows {
		return
	}
	more := max(at+1-len(a.props[name]), 0)
	if a.cells+more > mostCells {
		return
	}
	a.cells += more
	for len(a.props[name]) <= at {
		a.props[name] = append(a.props[name], "")
	}
	a.props[name][at] = value
}

// at is one cell of a list; the first of names that has one.
func (a *answer) at(row int, names ...string) string {
	for _, n := range names {
		if v := a.props[n]; row < len(v) && v[row] != "" {
			return v[row]
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
			a.put(strings.TrimPrefix(key, "PROPERTY["), value)
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
	// DEPOSIT is what is reserved, and no balance.
	m, err := catch.MoneyOf(ans.first("AMOUNT"), ans.first("CURRENCY"))
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

// when reads a time of theirs, which is UTC.
func when(s string) time.Time {
	t, err := time.Parse(timeWords, strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}
