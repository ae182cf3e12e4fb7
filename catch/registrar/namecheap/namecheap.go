// Package namecheap registers names at Namecheap through its XML API
// (github.com/namecheap/go-namecheap-sdk, docs/namecheap-api-v2.md).
//
// What is peculiar: rate limiting is an HTTP 405; errors are numbers of which
// few are documented, so the words count too; a premium price and the fee of an
// early access period are confirmed in the call, a standard price is not and is
// read right before; ICANN's fee comes on top of the prices of the list; the
// calling address has to be on the account's list; and a create that failed in
// any way but a clear number has to be looked up, never repeated.
package namecheap

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/plain"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

const (
	service = "namecheap"
	title   = "Namecheap"
	host    = "https://api.namecheap.com"
)

// Factory makes Namecheap's route: the registration.
func Factory() account.Factory {
	return account.Factory{
		Service: service, Title: title, Host: host,
		Fields: append([]account.Field{
			{Name: "user", What: "the user name of the account", Needed: true},
			{Name: "key", What: "the API key from Profile > Tools > API access", Secret: true, Needed: true},
			{Name: "client_ip", What: "this machine's public IPv4 address, as it stands on the account's list", Needed: true},
		}, account.PersonFields...),
		Routes: []catch.Description{description},
		New: func(c account.Config) ([]catch.Route, error) {
			n := &route{plain.New(c, description, &web.API{Client: web.New(title, host, c), Facts: facts})}
			n.Of(n, func(r catch.Request) web.Request { return n.create(r, checked{}) })
			return []catch.Route{n}, nil
		},
	}
}

var description = catch.Description{
	Route: service, Service: title, Kind: catch.Register,
	Can: []catch.Can{
		catch.CanOrder, catch.CanFind, catch.CanCheck, catch.CanQuote, catch.CanBalance, catch.CanLock, catch.CanNameservers, catch.CanSandbox,
	},
}

type route struct{ plain.Route }

func (n *route) request(op, command string, paid bool, params ...string) web.Request {
	return n.Form(op, "/xml.response", web.Values(append([]string{
		"ApiUser", n.Conf.User, "UserName", n.Conf.User, "ApiKey", web.Secret(n.Conf.Key), "ClientIp", n.Conf.Options["client_ip"],
		"Command", "namecheap." + command,
	}, params...)...), paid)
}

// answer is every answer that is read here; what a command does not return
// stays empty.
type answer struct {
	XMLName xml.Name `xml:"ApiResponse"`
	Status  string   `xml:"Status,attr"`
	Errors  []struct {
		Number string `xml:"Number,attr"`
		Text   string `xml:",chardata"`
	} `xml:"Errors>Error"`
	Result struct {
		Check  []checked `xml:"DomainCheckResult"`
		Create struct {
			Domain     string `xml:"Domain,attr"`
			Registered bool   `xml:"Registered,attr"`
			Charged    string `xml:"ChargedAmount,attr"`
			Order      string `xml:"OrderID,attr"`
			NotNow     bool   `xml:"NonRealTimeDomain,attr"`
		} `xml:"DomainCreateResult"`
		Info struct {
			Domain string `xml:"DomainName,attr"`
			Status string `xml:"Status,attr"`
		} `xml:"DomainGetInfoResult"`
		Balances struct {
			Currency  string `xml:"Currency,attr"`
			Available string `xml:"AvailableBalance,attr"`
		} `xml:"UserGetBalancesResult"`
		Lists []struct {
			Action   string `xml:"Name,attr"`
			Products []struct {
				Name   string   `xml:"Name,attr"`
				Prices []listed `xml:"Price"`
			} `xml:"Product"`
		} `xml:"UserGetPricingResult>ProductType>ProductCategory"`
	} `xml:"CommandResponse"`
}

// facts: few numbers are documented, so that the words come first. What is in
// neither may have been done by the registry all the same: upstream errors
// (3031510, 3050900) and unknown ones (5xxxxxx).
var facts = web.Facts{
	Read: read,
	Words: web.Wordings{
		{"premium", catch.PremiumRefused},
		{"insufficient", catch.InsufficientFunds},
		{"not available", catch.Taken},
		{"too many", catch.RateLimited},
		{"whitelist", catch.IPNotAllowed},
		{"request ip", catch.IPNotAllowed},
		{"ip address", catch.IPNotAllowed},
		{"api key", catch.Auth},
		{"tld is not", catch.TLDUnsupported},
		{"unsupported tld", catch.TLDUnsupported},
		{"tld not", catch.TLDUnsupported},
		{"phone", catch.InvalidContact},
		{"address", catch.InvalidContact},
		{"contact", catch.InvalidContact},
		{"in progress", catch.Busy},
	},
	Vague: map[string]catch.ErrorKind{
		"1011102": catch.Auth,
		"1011150": catch.IPNotAllowed,
		"1010102": catch.Auth,
		"2011169": catch.Busy,
		"2016166": catch.NotFound,
		"2019166": catch.NotFound,
		"2030166": catch.TLDUnsupported,
		"2030280": catch.TLDUnsupported,
		"2528166": catch.InsufficientFunds,
		"2015182": catch.InvalidContact,
		"3016166": catch.NotFound,
		"3019166": catch.Taken,
		"4019166": catch.Taken,
		"500000":  catch.RateLimited,
	},
	Else: catch.OutcomeUnknown,
}

// read finds the first error.
func read(resp *web.Response) (web.Said, bool) {
	var a answer
	switch {
	case xml.Unmarshal(resp.Body, &a) != nil || a.Status == "":
		return web.Said{}, false
	case len(a.Errors) > 0:
		e := a.Errors[0]
		return web.Said{Code: e.Number, Words: strings.TrimSpace(e.Number + " " + e.Text)}, true
	}
	return web.Said{Done: true}, strings.EqualFold(a.Status, "OK")
}

func (n *route) do(ctx context.Context, r web.Request) (*answer, error) {
	resp, err := n.Call(ctx, r, nil)
	if err != nil {
		return nil, err
	}
	var a answer
	if xml.Unmarshal(resp.Body, &a) != nil {
		return nil, n.Garbled(r, resp)
	}
	return &a, nil
}

// listed is what a number of years costs by the account's price list. A price,
// and what comes on top of it (ICANN's fee), is for each year where its type is
// MULTIPLE, as it mostly is, and for the term where it is ABSOLUTE.
type listed struct {
	Years     int    `xml:"Duration,attr"`
	Unit      string `xml:"DurationType,attr"`
	Yours     string `xml:"YourPrice,attr"`
	YoursType string `xml:"YourPriceType,attr"`
	OnTop     string `xml:"YourAdditonalCost,attr"` // the service's own spelling
	OnTopType string `xml:"YourAdditonalCostType,attr"`
	Price     string `xml:"Price,attr"`
	Type      string `xml:"PricingType,attr"`
	Added     string `xml:"AdditionalCost,attr"`
	Currency  string `xml:"Currency,attr"`
}

// total is what the term costs.
func (l listed) total() (catch.Money, error) {
	price, kind := l.Price, l.Type
	if l.Yours != "" {
		price, kind = l.Yours, l.YoursType
	}
	sum, err := l.term(price, kind)
	if err != nil {
		return catch.Money{}, err
	}
	more := cmp.Or(l.OnTop, l.Added)
	if more == "" {
		return sum, nil
	}
	added, err := l.term(more, l.OnTopType)
	if err != nil {
		return catch.Money{}, err
	}
	return sum.Add(added)
}

func (l listed) term(amount, kind string) (catch.Money, error) {
	m, err := catch.MoneyOf(amount, l.Currency)
	if err != nil || strings.EqualFold(kind, "ABSOLUTE") {
		return m, err
	}
	return m.Times(l.Years)
}

// checked is what a check says of one name; its prices are for one year.
type checked struct {
	Domain    string `xml:"Domain,attr"`
	Available bool   `xml:"Available,attr"`
	Premium   bool   `xml:"IsPremiumName,attr"`
	Price     string `xml:"PremiumRegistrationPrice,attr"`
	Renewal   string `xml:"PremiumRenewalPrice,attr"`
	ICANN     string `xml:"IcannFee,attr"`
	EAP       string `xml:"EapFee,attr"`
}

func (n *route) check(ctx context.Context, name string) (checked, error) {
	r := n.request("read price", "domains.check", false, "DomainList", name)
	a, err := n.do(ctx, r)
	switch {
	case err != nil:
		return checked{}, err
	case len(a.Result.Check) != 1 || !strings.EqualFold(a.Result.Check[0].Domain, name):
		return checked{}, n.Fail(r, catch.UpstreamDown, "it did not answer for "+name)
	}
	return a.Result.Check[0], nil
}

// Quote reads premium prices from the check and standard ones from the
// account's price list. The fee of an early access period is charged on top of
// both.
func (n *route) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	c, err := n.check(ctx, name)
	if err != nil {
		return catch.Quote{}, err
	}
	q := catch.Quote{Name: name, Free: &c.Available, Premium: c.Premium, Class: "standard", At: n.Conf.Clock(), Basis: "Namecheap check and price list"}
	if c.Premium {
		q.Class = "premium"
		q.Renew, _ = n.Conf.Money(c.Renewal)
	}
	if q.Early, err = n.early(c); err == nil && q.Early.Units > 0 {
		q.EarlyWhat = "EAP fee"
	}
	q.Price, err = n.total(ctx, "read price", name, years, c)
	return q, err
}

// total is what a name costs that was checked, with every fee.
func (n *route) total(ctx context.Context, op, name string, years int, c checked) (sum catch.Money, err error) {
	if c.Premium {
		if err := premiumTerm(op, years); err != nil {
			return sum, err
		}
		sum, err = n.premium(c)
	} else {
		sum, err = n.listPrice(ctx, name, max(years, 1))
	}
	if err == nil {
		var early catch.Money
		if early, err = n.early(c); err == nil {
			sum, err = sum.Add(early)
		}
	}
	if err != nil && catch.KindOf(err) == "" { // before a purchase, which nothing is in doubt of then
		err = &catch.Error{Kind: catch.UpstreamDown, Service: title, Op: op, Err: err}
	}
	return sum, err
}

// early is the fee of an early access period; nothing where there is none.
func (n *route) early(c checked) (catch.Money, error) {
	if c.EAP == "" {
		return catch.Money{}, nil
	}
	return n.Conf.Money(c.EAP)
}

// premium is what a premium name costs, with the fee of ICANN on top.
func (n *route) premium(c checked) (catch.Money, error) {
	price, err := n.Conf.Money(c.Price)
	if err != nil || c.ICANN == "" {
		return price, err
	}
	fee, err := n.Conf.Money(c.ICANN)
	if err != nil {
		return catch.Money{}, err
	}
	return price.Add(fee)
}

// listPrice is what names under a TLD cost, whoever holds this one.
func (n *route) listPrice(ctx context.Context, name string, years int) (catch.Money, error) {
	_, zone, _ := strings.Cut(name, ".")
	r := n.request("read price", "users.getPricing", false,
		"ProductType", "DOMAIN", "ProductCategory", "DOMAINS", "ActionName", "REGISTER", "ProductName", strings.ToUpper(zone))
	a, err := n.do(ctx, r)
	if err != nil {
		return catch.Money{}, err
	}
	l, ok := a.price(zone, years)
	if !ok {
		return catch.Money{}, n.Fail(r, catch.TLDUnsupported, fmt.Sprintf("no price for .%s and %d year(s)", zone, years))
	}
	return l.total()
}

// price finds what registering a name in a zone costs, in a list that may hold
// other TLDs, and what other things cost.
func (a *answer) price(zone string, years int) (listed, bool) {
	for _, list := range a.Result.Lists {
		if slices.Contains([]string{"renew", "reactivate", "transfer"}, strings.ToLower(list.Action)) {
			continue
		}
		for _, p := range list.Products {
			if !strings.EqualFold(p.Name, zone) {
				continue
			}
			for _, l := range p.Prices {
				if l.Years == years && (l.Unit == "" || strings.EqualFold(l.Unit, "YEAR")) {
					return l, true
				}
			}
		}
	}
	return listed{}, false
}

// premiumTerm refuses to guess what several years of a premium name cost: the
// check has the price of one.
func premiumTerm(op string, years int) error {
	if years <= 1 {
		return nil
	}
	return &catch.Error{
		Kind: catch.Guard, Service: title, Op: op,
		Words: fmt.Sprintf("it says what a premium name costs for one year, and not for %d", years), Hint: "order it with --years 1 and renew it",
	}
}

// create is the order; c is what a check said right before, of a name whose
// price is confirmed in the call.
func (n *route) create(r catch.Request, c checked) web.Request {
	p := n.Conf.Person()
	params := []string{"DomainName", r.Name, "Years", strconv.Itoa(max(r.Years, 1)), "AddFreeWhoisguard", "yes", "WGEnabled", "yes"}
	for _, role := range []string{"Registrant", "Tech", "Admin", "AuxBilling"} {
		params = append(params,
			role+"FirstName", p.First, role+"LastName", p.Last, role+"OrganizationName", p.Organisation, role+"Address1", p.Street,
			role+"City", p.City, role+"StateProvince", p.State, role+"PostalCode", p.Zip, role+"Country", p.Country,
			role+"Phone", p.Phone, role+"EmailAddress", p.Email)
	}
	if r.Premium {
		params = append(params, "IsPremiumDomain", "true", "PremiumPrice", cmp.Or(c.Price, "<price>"))
	}
	if eap, err := n.early(c); err == nil && eap.Units > 0 {
		params = append(params, "EapFee", c.EAP)
	}
	return n.request("register", "domains.create", true, params...)
}

// confirm reads what has to be confirmed in the call, and holds it against the
// price of the order.
func (n *route) confirm(ctx context.Context, r *catch.Request) (checked, error) {
	c, err := n.check(ctx, r.Name)
	if err != nil {
		return c, err
	}
	r.Premium = r.Premium && c.Premium // one that is standard now is no premium order
	total, err := n.total(ctx, "register", r.Name, r.Years, c)
	if err != nil {
		return c, err
	}
	if above, err := total.Cmp(r.Price); err != nil || above > 0 {
		return c, n.Fail(n.create(*r, c), catch.PriceMismatch, "it costs "+total.String()+" now, not "+r.Price.String())
	}
	return c, nil
}

func (n *route) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if err := n.Conf.Person().Check(); err != nil {
		return catch.Report{}, &catch.Error{Kind: catch.InvalidContact, Service: title, Op: "register", Err: err, Hint: "mend it in the account's options"}
	}
	if r.DryRun {
		return account.DryRun()
	}
	var said checked
	if r.Premium || r.Launch != nil {
		var err error
		if said, err = n.confirm(ctx, &r); err != nil {
			return catch.Report{}, err
		}
	}
	a, err := n.do(ctx, n.create(r, said))
	if err != nil {
		return catch.Report{}, err
	}
	c := a.Result.Create
	rep := catch.Report{State: catch.WonProvisional, Ref: c.Order, Words: "registered"}
	rep.Paid, _ = n.Conf.Money(c.Charged)
	if c.NotNow || !c.Registered {
		rep.State, rep.Words = catch.Processing, "accepted, not registered yet"
	}
	return rep, nil
}

// Find asks whether the name is in the account.
func (n *route) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	r := n.request("look up name", "domains.getInfo", false, "DomainName", o.Name)
	a, err := n.do(ctx, r)
	if err != nil {
		return n.Conf.Settles(o, err) // some names are not registered at once
	}
	if !strings.EqualFold(a.Result.Info.Domain, o.Name) {
		return catch.Report{}, n.Fail(r, catch.UpstreamDown, "it answered for "+a.Result.Info.Domain)
	}
	return catch.Report{State: catch.WonProvisional, Ref: o.Ref, Words: a.Result.Info.Status}, nil
}

// Balance reads what can be spent.
func (n *route) Balance(ctx context.Context) (catch.Money, error) {
	a, err := n.do(ctx, n.request("read balance", "users.getBalances", false))
	if err != nil {
		return catch.Money{}, err
	}
	m, err := catch.MoneyOf(a.Result.Balances.Available, a.Result.Balances.Currency)
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

// AutoRenew has no command at Namecheap.
func (n *route) AutoRenew(context.Context, string, bool) error {
	return &catch.Error{Kind: catch.Guard, Service: title, Op: "set auto-renew", Words: "its API has no command for it", Hint: "switch it on the website"}
}

// Lock sets the registrar lock.
func (n *route) Lock(ctx context.Context, name string, on bool) error {
	action := "UNLOCK"
	if on {
		action = "LOCK"
	}
	_, err := n.do(ctx, n.request("lock name", "domains.setRegistrarLock", false, "DomainName", name, "LockAction", action))
	return err
}

// Nameservers sets the hosts.
func (n *route) Nameservers(ctx context.Context, name string, hosts []string) error {
	sld, tld, _ := strings.Cut(name, ".")
	_, err := n.do(ctx, n.request("set name servers", "domains.dns.setCustom", false, "SLD", sld, "TLD", tld, "Nameservers", strings.Join(hosts, ",")))
	return err
}
