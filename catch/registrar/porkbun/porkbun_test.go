package porkbun

import (
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

var open = conformance.Opener(Factory(), 0)

func TestConformance(t *testing.T) {
	f := fake.NewPorkbun()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "example.com", Open: open,
		Request: catch.Request{Price: catch.Money{Units: 110800, Currency: "USD"}},
		Cannot:  []fake.Scenario{fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed, fake.ForeverPending},
		Words:   map[fake.Scenario]string{fake.PriceChanged: "it costs 11900 cents"},
	}.Run(t)
}

func TestNoPriceNoPurchase(t *testing.T) {
	f := fake.NewPorkbun()
	defer f.Close()
	r := open(t, f.URL())
	for _, price := range []catch.Money{{}, {Units: 110800, Currency: "EUR"}, {Units: 110801, Currency: "USD"}} {
		if _, err := r.Place(t.Context(), catch.Request{Name: "example.com", Price: price}); catch.KindOf(err) != catch.Guard {
			t.Errorf("price %v: %v, want guard", price, err)
		}
	}
	if f.Calls() != 0 {
		t.Errorf("it was asked %d times", f.Calls())
	}
	if q, err := r.Quote(t.Context(), "example.com", 3); catch.KindOf(err) != catch.Guard {
		t.Errorf("three years, which its API cannot register: %+v, %v", q, err)
	}
	if ok, why := r.Open("example.us"); ok || why == "" {
		t.Error(".us is sold on the website only")
	}
}
