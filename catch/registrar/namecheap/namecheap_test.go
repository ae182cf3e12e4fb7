package namecheap

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

var open = conformance.Opener(Factory(), 0)

func TestConformance(t *testing.T) {
	f := fake.NewNamecheap()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "example.com", Open: open,
		Cannot: []fake.Scenario{fake.PriceChanged, fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed, fake.ForeverPending},
		Words:  map[fake.Scenario]string{fake.Taken: "Domain not available", fake.InvalidContact: "RegistrantPhone"},
	}.Run(t)
}

func usd(units int64) catch.Money { return catch.Money{Units: units, Currency: "USD"} }

// TestFeesAreInThePrice: what is left out of a price is charged all the same.
// ICANN's fee is on top of list and premium prices, the fee of an early access
// period on top of both.
func TestFeesAreInThePrice(t *testing.T) {
	f := fake.NewNamecheap()
	defer f.Close()
	r := open(t, f.URL())
	for _, c := range []struct {
		what  string
		sc    fake.Scenario
		eap   string
		years int
		price catch.Money
		kind  catch.ErrorKind
	}{
		{"a year", fake.Success, "", 1, usd(108700), ""},
		{"three years", fake.Success, "", 3, usd(320100), ""}, // 3 x (10.49 + 0.18)
		{"in early access", fake.Success, "100.0000", 1, usd(1108700), ""},
		{"premium", fake.PremiumFlip, "", 1, usd(11901800), ""},
		{"premium in early access", fake.PremiumFlip, "100.0000", 1, usd(12901800), ""},
		{"premium for two years", fake.PremiumFlip, "", 2, catch.Money{}, catch.Guard},
		{"more years than are listed", fake.Success, "", 9, catch.Money{}, catch.TLDUnsupported},
	} {
		f.Set(c.sc)
		f.EAP = c.eap
		if q, err := r.Quote(t.Context(), "example.com", c.years); catch.KindOf(err) != c.kind || q.Price != c.price {
			t.Errorf("%s: %s, %v; want %s", c.what, q.Price, err, c.price)
		}
	}
}

func TestListedPrices(t *testing.T) {
	for _, c := range []struct {
		l    listed
		want catch.Money
	}{
		{listed{Years: 2, Price: "8.87", Type: "MULTIPLE", Currency: "USD"}, usd(177400)},
		{listed{Years: 2, Price: "17.74", Type: "ABSOLUTE", Currency: "USD"}, usd(177400)},
		{listed{Years: 2, Price: "99", Yours: "8.87", YoursType: "MULTIPLE", OnTop: "0.36", OnTopType: "ABSOLUTE", Currency: "USD"}, usd(181000)},
		{listed{Years: 2, Price: "8.87", Added: "0.18", Currency: "USD"}, usd(181000)},
	} {
		if got, err := c.l.total(); err != nil || got != c.want {
			t.Errorf("%+v: %s, %v; want %s", c.l, got, err, c.want)
		}
	}
	if got, err := (listed{Years: 1, Price: "8.87", Added: "?", Currency: "USD"}).total(); err == nil {
		t.Errorf("a fee that cannot be read was left out: %s", got)
	}
}

// TestPremiumIsConfirmedWithItsFees: the call confirms the price and the fee that
// a check says right before, and nothing is bought at any other.
func TestPremiumIsConfirmedWithItsFees(t *testing.T) {
	f := fake.NewNamecheap()
	defer f.Close()
	r := open(t, f.URL())
	f.Set(fake.PremiumFlip)
	f.EAP = "100.0000"
	req := catch.Request{Key: "k", Name: "example.com", Years: 1, Price: usd(12901800), Premium: true}
	rep, err := r.Place(t.Context(), req)
	if err != nil || len(f.Held()) != 1 {
		t.Fatalf("%+v, %v", rep, err)
	}
	f.Set(fake.PremiumFlip)
	req.Price.Units -= 100
	if _, err := r.Place(t.Context(), req); catch.KindOf(err) != catch.PriceMismatch || f.Paid() != 0 {
		t.Errorf("a cent less than it costs: %v, %d paid calls", err, f.Paid())
	}
	req.Price, req.Years = usd(99999900), 2
	if _, err := r.Place(t.Context(), req); catch.KindOf(err) != catch.Guard || f.Paid() != 0 {
		t.Errorf("two years: %v, %d paid calls", err, f.Paid())
	}
}

// TestFeeIsHeldAgainstThePrice: a fee of early access that comes up, or grows,
// between the quote and the call is not agreed to unseen.
func TestFeeIsHeldAgainstThePrice(t *testing.T) {
	f := fake.NewNamecheap()
	defer f.Close()
	r := open(t, f.URL())
	for _, c := range []struct {
		what    string
		eap     string
		premium bool // agreed to; the name is none
		price   catch.Money
		kind    catch.ErrorKind
	}{
		{"none came up", "", false, usd(108700), ""},
		{"one came up", "100.0000", false, usd(108700), catch.PriceMismatch},
		{"as quoted", "100.0000", false, usd(1108700), ""},
		{"it fell", "50.0000", false, usd(1108700), ""},
		{"it grew", "100.0100", false, usd(1108700), catch.PriceMismatch},
		{"one that cannot be read", "a lot", false, usd(1108700), catch.UpstreamDown},
		{"on a name that is premium no more", "2000.0000", true, usd(11901800), catch.PriceMismatch},
	} {
		f.Set(fake.Success)
		f.EAP = c.eap
		req := catch.Request{Key: "k", Name: "example.com", Years: 1, Price: c.price, Premium: c.premium, Launch: &catch.Launch{}}
		if _, err := r.Place(t.Context(), req); catch.KindOf(err) != c.kind || (c.kind != "") != (f.Paid() == 0) {
			t.Errorf("%s: %v, %d paid calls, want %q", c.what, err, f.Paid(), c.kind)
		}
	}
}

// TestPriceIsTheTLDs: a price list may hold more than was asked for.
func TestPriceIsTheTLDs(t *testing.T) {
	const price = `<Price Duration="%d" DurationType="%s" Price="%s" PricingType="MULTIPLE" Currency="USD"/>`
	product := func(name string, prices ...string) string {
		return `<Product Name="` + name + `">` + strings.Join(prices, "") + `</Product>`
	}
	category := func(name string, products ...string) string {
		return `<ProductCategory Name="` + name + `">` + strings.Join(products, "") + `</ProductCategory>`
	}
	year := func(amount string) string { return fmt.Sprintf(price, 1, "YEAR", amount) }
	for _, c := range []struct {
		what, list string
		want       catch.Money
	}{
		{"another TLD first", category("register", product("biz", year("1.00")), product("COM", year("10.00"))), usd(100000)},
		{"another TLD only", category("register", product("biz", year("1.00"))), catch.Money{}},
		{"a renewal first", category("renew", product("com", year("1.00"))) + category("register", product("com", year("10.00"))), usd(100000)},
		{"months", category("register", product("com", fmt.Sprintf(price, 1, "MONTH", "1.00"), year("10.00"))), usd(100000)},
		{"one category for all", category("DOMAINS", product("com", year("10.00"))), usd(100000)},
	} {
		var a answer
		if err := xml.Unmarshal([]byte(`<ApiResponse Status="OK"><CommandResponse><UserGetPricingResult><ProductType Name="domains">`+c.list+
			`</ProductType></UserGetPricingResult></CommandResponse></ApiResponse>`), &a); err != nil {
			t.Fatal(err)
		}
		l, ok := a.price("com", 1)
		got := catch.Money{}
		if ok {
			got, _ = l.total()
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
