package dynadot

import (
	"strconv"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

// api3 is the older form: everything travels in the query string, the key with
// it.
type api3 struct{ conf account.Config }

func (a api3) command(op, command string, paid bool, params ...string) web.Request {
	return web.Request{
		Op: op, Method: "GET", Path: "/api3.json", Paid: paid, Header: [][2]string{{"Accept", "application/json"}},
		Query: web.Values(append([]string{"key", web.Secret(a.conf.Key), "command", command}, params...)...),
	}
}

func (a api3) sign(r web.Request) web.Request { return r }

func (a api3) balance() web.Request { return a.command("read balance", "get_account_balance", false) }

func (a api3) search(name string) web.Request {
	return a.command("read price", "search", false, "domain0", name, "show_price", "1", "currency", a.conf.CurrencyOr())
}

func (a api3) prices() web.Request {
	return a.command("read price list", "tld_price", false, "currency", a.conf.CurrencyOr())
}

func (a api3) add(name string) web.Request {
	return a.command("place backorder", "add_backorder_request", true, "domain", name)
}

func (a api3) remove(name string) web.Request {
	return a.command("cancel backorder", "delete_backorder_request", false, "domain", name)
}

// list asks for the requests of two years: both ends are documented as wanted.
func (a api3) list() web.Request {
	const day = "2006-01-02"
	now := a.conf.Clock().UTC()
	return a.command("list backorders", "backorder_request_list", false,
		"startDate", now.AddDate(-1, 0, 0).Format(day), "endDate", now.AddDate(1, 0, 0).Format(day))
}

func (a api3) auction(name string) web.Request {
	return a.command("look up auction", "get_backorder_auction_details", false, "domain", name, "currency", a.conf.CurrencyOr())
}

func (a api3) bid(name string, bid catch.Money) web.Request {
	return a.command("bid", "place_backorder_auction_bid", true, "domain", name, "bid_amount", bid.Amount(), "currency", bid.Currency)
}

func (a api3) register(r catch.Request) web.Request {
	contact := contactOf(r, a.conf)
	premium := ""
	if r.Premium {
		premium = "1"
	}
	return a.command("register", "register", true,
		"domain", r.Name, "duration", strconv.Itoa(max(r.Years, 1)), "currency", a.conf.CurrencyOr(), "premium", premium,
		"registrant_contact", contact, "admin_contact", contact, "technical_contact", contact, "billing_contact", contact)
}

func (a api3) info(name string) web.Request {
	return a.command("look up name", "domain_info", false, "domain", name)
}

func (a api3) autoRenew(name string, on bool) web.Request {
	return a.command("set auto-renew", "set_renew_option", false, "domain", name, "renew_option", renewOption(on))
}

func (a api3) lock(name string) web.Request {
	return a.command("lock name", "lock_domain", false, "domain", name)
}

// nameservers takes up to thirteen hosts.
func (a api3) nameservers(name string, hosts []string) web.Request {
	params := []string{"domain", name}
	for i, h := range hosts[:min(len(hosts), 13)] {
		params = append(params, "ns"+strconv.Itoa(i), h)
	}
	return a.command("set name servers", "set_ns", false, params...)
}

func (a api3) privacy(name string, on bool) web.Request {
	return a.command("set privacy", "set_privacy", false, "domain", name, "option", privacyLevel(on), "whois_privacy_option", map[bool]string{true: "yes", false: "no"}[on])
}

func privacyLevel(on bool) string {
	if on {
		return "full"
	}
	return "off"
}

// contactOf is the contact that a registration is made for.
func contactOf(r catch.Request, c account.Config) string {
	if r.Contact != "" {
		return r.Contact
	}
	return c.Contact
}

func renewOption(on bool) string {
	if on {
		return "auto"
	}
	return "donot"
}
