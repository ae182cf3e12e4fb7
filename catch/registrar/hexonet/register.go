package hexonet

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/plain"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

// register is AddDomain. Premium names are registered with their price:
// HEXONET takes an application of the name's own class, CentralNic Reseller the
// fee beside the order.
type register struct {
	plain.Route
	*api
}

func (g *register) create(r catch.Request, class string) web.Request {
	command := "AddDomain"
	var premium []string
	if r.Premium {
		price, currency := "<price>", "<currency>"
		if !r.Price.IsZero() {
			price, currency = r.Price.Amount(), r.Price.Currency
		}
		if g.reseller() {
			premium = []string{"X-FEE-AMOUNT = " + price}
		} else {
			command = "AddDomainApplication"
			premium = []string{"CLASS = " + cmp.Or(class, "<class>"), "PRICE = " + price, "CURRENCY = " + currency}
		}
	}
	lines := append([]string{"COMMAND = " + command, "DOMAIN = " + r.Name, "PERIOD = " + strconv.Itoa(max(r.Years, 1))}, premium...)
	if command == "AddDomain" {
		lines = append(lines, "TRANSFERLOCK = 1")
	}
	lines = append(lines, g.contacts(r)...)
	for i, host := range strings.FieldsFunc(g.conf.Options["nameservers"], func(r rune) bool { return r == ',' || r == ' ' }) {
		lines = append(lines, "NAMESERVER"+strconv.Itoa(i)+" = "+host)
	}
	return g.request("register", true, lines...)
}

func (g *register) Print(r catch.Request) (string, error) {
	return g.web.Print(g.create(r, r.Class)), nil
}

// Place registers. For a standard name no price goes along: whether it is
// still one is asked right before.
func (g *register) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return account.DryRun()
	}
	q, err := g.check(ctx, r.Name)
	if err != nil {
		return catch.Report{}, err
	}
	switch {
	case q.Premium && r.Premium && r.Years > 1:
		return catch.Report{}, premiumTerm("register", r.Years)
	case q.Premium && !r.Premium:
		return catch.Report{}, g.web.Fail(g.create(r, q.Class), catch.PremiumRefused, q.Basis+" at "+q.Price.String())
	case q.Premium && q.Price.Currency != r.Price.Currency, q.Premium && q.Price.Units > r.Price.Units:
		return catch.Report{}, g.web.Fail(g.create(r, q.Class), catch.PriceMismatch, "it costs "+q.Price.String()+" now, not "+r.Price.String())
	}
	r.Premium = q.Premium // one that is standard now is no premium application
	ans, err := g.do(ctx, g.create(r, q.Class))
	if err != nil {
		return catch.Report{}, err
	}
	rep := catch.Report{State: registered(ans), Ref: r.Name, Words: ans.words, Paid: r.Price}
	if ref := ans.first("APPLICATION"); ref != "" {
		rep.State, rep.Ref = catch.Processing, ref
	}
	if rep.State == catch.Processing {
		rep.Paid = catch.Money{}
	}
	return rep, nil
}

// registered is the state of a domain as it is written: REQUESTEDCREATE,
// PENDINGCREATE and PENDING = 1 are the registry's still.
func registered(ans *answer) catch.State {
	if strings.HasSuffix(ans.first("STATUS"), "CREATE") || ans.first("PENDING") == "1" {
		return catch.Processing
	}
	return catch.WonProvisional
}

// Find asks whether the name is in the account, and for one that was applied
// for, where the application stands.
func (g *register) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	ans, err := g.do(ctx, g.request("look up name", false, "COMMAND = StatusDomain", "DOMAIN = "+o.Name))
	switch {
	case err == nil:
		return catch.Report{State: registered(ans), Ref: o.Ref, Words: ans.first("STATUS")}, nil
	case catch.KindOf(err) != catch.NotFound || !o.Premium || g.reseller():
		return catch.Report{}, err
	}
	rep, err := g.application(ctx, o)
	switch rep.State {
	case catch.Active:
		rep.State = catch.Processing
	case catch.Lost:
		rep.State = catch.Failed
	}
	return rep, err
}
