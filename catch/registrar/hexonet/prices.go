package hexonet

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/lapse-dev/lapse/catch"
)

// check reads whether a name can be registered, and what a premium one costs
// for a year. A standard price stands elsewhere.
func (g *register) check(ctx context.Context, name string) (catch.Quote, error) {
	lines := []string{"COMMAND = CheckDomains", "DOMAIN0 = " + name}
	if g.reseller() {
		lines = append(lines, "X-FEE-COMMAND0 = create", "X-FEE-DOMAIN0 = "+name, "X-FEE-PERIOD0 = 1")
	} else {
		lines = append(lines, "PREMIUMCHANNELS = *")
	}
	r := g.request("read price", false, lines...)
	ans, err := g.do(ctx, r)
	if err != nil {
		return catch.Quote{}, err
	}
	said, class := ans.first("DOMAINCHECK"), ans.first("CLASS", "X-FEE-CLASS")
	if said == "" {
		return catch.Quote{}, g.web.Fail(r, catch.UpstreamDown, "it did not answer for "+name)
	}
	q := catch.Quote{Name: name, Class: "standard", Reason: ans.first("REASON"), At: g.Conf.Clock(), Basis: "CheckDomains " + said}
	free := strings.HasPrefix(said, "210")
	// 211 is "taken" and "premium available" alike.
	words := strings.ToLower(said)
	if strings.Contains(words, "premium") || strings.Contains(strings.ToUpper(class), "PREMIUM") {
		q.Premium, q.Class = true, cmp.Or(class, "premium")
		free = strings.Contains(words, "available") && !strings.Contains(words, "not available") && !strings.Contains(words, "unavailable")
	}
	q.Free = &free
	if price := ans.first("PRICE", "X-FEE-AMOUNT"); price != "" && q.Premium {
		if q.Price, err = catch.MoneyOf(price, ans.first("CURRENCY", "X-FEE-CURRENCY")); err != nil {
			return catch.Quote{}, fmt.Errorf("read price at %s: %w", title, err)
		}
	}
	return q, nil
}

// Quote reads the price of all the years. What it costs to register under a TLD
// stands in no check of a name that has no price of its own, and is the same
// while somebody else still holds the name.
func (g *register) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	q, err := g.check(ctx, name)
	years = max(years, 1)
	switch {
	case err != nil:
		return q, err
	case q.Premium:
		return q, premiumTerm("read price", years)
	case g.reseller():
		q.Price, err = g.domainPrice(ctx, name, years)
	default:
		q.Price, err = g.relations(ctx, name, years)
	}
	return q, err
}

// premiumTerm refuses to guess what several years of a premium name cost.
func premiumTerm(op string, years int) error {
	if years <= 1 {
		return nil
	}
	return &catch.Error{
		Kind: catch.Guard, Service: title, Op: op,
		Words: "it says what a premium name costs for one year, and not for " + strconv.Itoa(years), Hint: "order it with --years 1 and renew it",
	}
}

// domainPrice is what CentralNic Reseller charges to register a name, taxes in.
func (g *register) domainPrice(ctx context.Context, name string, years int) (catch.Money, error) {
	r := g.request("read price", false, "COMMAND = DomainPrice", "DOMAIN = "+name, "TYPE = ADDDOMAIN", "PERIOD = "+strconv.Itoa(years))
	ans, err := g.do(ctx, r)
	if err != nil {
		return catch.Money{}, err
	}
	price, err := catch.MoneyOf(ans.first("PRICE"), ans.first("CURRENCY"))
	if err != nil || price.Currency == "" {
		return catch.Money{}, g.unpriced(name)
	}
	if tax, err := catch.MoneyOf(ans.first("VAT"), price.Currency); err == nil {
		return price.Add(tax)
	}
	return price, nil
}

// relations is what HEXONET charges by the contract of the account, whose
// relations StatusUser lists: every year costs PRICE_CLASS_DOMAIN_COM_SETUP and
// _ANNUAL, unless a number of years has relations of its own (_SETUP2,
// _ANNUAL2), and the account's taxes come on top.
func (g *register) relations(ctx context.Context, name string, years int) (catch.Money, error) {
	ans, err := g.do(ctx, g.request("read price", false, "COMMAND = StatusUser"))
	if err != nil {
		return catch.Money{}, err
	}
	of := map[string]string{}
	for i := range ans.props["RELATIONTYPE"] {
		of[strings.ToUpper(ans.at(i, "RELATIONTYPE"))] = ans.at(i, "RELATIONVALUE")
	}
	_, zone, _ := strings.Cut(name, ".")
	class := "PRICE_CLASS_DOMAIN_" + strings.ToUpper(strings.ReplaceAll(zone, ".", "")) + "_"
	currency := cmp.Or(of[class+"CURRENCY"], ans.first("ACCOUNTCURRENCY"), g.conf.CurrencyOr())
	sum := func(suffix string) (catch.Money, bool) {
		setup, serr := catch.MoneyOf(of[class+"SETUP"+suffix], currency)
		annual, aerr := catch.MoneyOf(of[class+"ANNUAL"+suffix], currency)
		if serr != nil || aerr != nil {
			return catch.Money{}, false
		}
		total, err := setup.Add(annual)
		return total, err == nil
	}
	price, ok := sum(strconv.Itoa(years))
	if !ok {
		if price, ok = sum(""); !ok {
			return catch.Money{}, g.unpriced(name)
		}
		if price, err = price.Times(years); err != nil {
			return catch.Money{}, fmt.Errorf("read price at %s: %w", title, err)
		}
	}
	percent, err := catch.MoneyOf(cmp.Or(ans.first("ACCOUNTVAT"), "0"), currency)
	if err != nil || percent.Units < 0 || percent.Units > 100*10000 {
		return catch.Money{}, g.unpriced(name)
	}
	tax, err := price.Times(int(percent.Units))
	if err != nil {
		return catch.Money{}, fmt.Errorf("read price at %s: %w", title, err)
	}
	// A part of a cent is charged as a cent.
	const percents, cent = 100 * 10000, 100
	tax.Units = (tax.Units + percents*cent - 1) / (percents * cent) * cent
	return price.Add(tax)
}

// unpriced says that a person's confirmed price has to stand in.
func (g *register) unpriced(name string) error {
	return &catch.Error{
		Kind: catch.Guard, Service: title, Op: "read price",
		Words: "your contract there lists no price for " + name, Hint: "confirm it with --price",
	}
}
