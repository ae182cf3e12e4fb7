package dnsimple

import (
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

var open = conformance.Opener(Factory(), 0)

func TestConformance(t *testing.T) {
	f := fake.NewDNSimple()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "example.com", Open: open,
		Cannot: []fake.Scenario{fake.PriceChanged, fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed},
		Words:  map[fake.Scenario]string{fake.InsufficientFunds: "unpaid invoices"},
	}.Run(t)
}

// TestOneYear: the call has no place for more, and a price of three years would
// be confirmed for one.
func TestOneYear(t *testing.T) {
	f := fake.NewDNSimple()
	defer f.Close()
	r := open(t, f.URL())
	if _, err := r.Quote(t.Context(), "example.com", 3); catch.KindOf(err) != catch.Guard {
		t.Errorf("%v", err)
	}
	if _, err := r.Place(t.Context(), catch.Request{Key: "k", Name: "example.com", Years: 3}); catch.KindOf(err) != catch.Guard || f.Paid() != 0 {
		t.Errorf("%v, %d paid calls", err, f.Paid())
	}
}
