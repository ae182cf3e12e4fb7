package namecom

import (
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

var open = conformance.Opener(Factory(), 0)

func TestConformance(t *testing.T) {
	f := fake.NewNamecom()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "example.com", Unlisted: true, Open: open,
		Request: catch.Request{Price: catch.Money{Units: 129900, Currency: "USD"}},
		Cannot:  []fake.Scenario{fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed, fake.ForeverPending},
		Words:   map[fake.Scenario]string{fake.InsufficientFunds: "Payment failed"},
	}.Run(t)
}

// TestPriceOfSeveralYears: the whole term has to match exactly, and need not be
// so many times the price of one.
func TestPriceOfSeveralYears(t *testing.T) {
	f := fake.NewNamecom()
	defer f.Close()
	q, err := open(t, f.URL()).Quote(t.Context(), "example.com", 3)
	if err != nil || q.Price != (catch.Money{Units: 429700, Currency: "USD"}) {
		t.Errorf("%+v, %v", q, err)
	}
}

// TestOffersOfOthersAreNoRegistrations: a name that somebody sells is not free,
// whatever was consented to.
func TestOffersOfOthersAreNoRegistrations(t *testing.T) {
	f := fake.NewNamecom()
	defer f.Close()
	r := open(t, f.URL())
	q, err := r.Quote(t.Context(), "forsale.com", 1)
	if catch.KindOf(err) != catch.Taken || q.Free == nil || *q.Free || !q.Price.IsZero() {
		t.Errorf("%+v, %v", q, err)
	}
	req := catch.Request{Key: "k", Name: "forsale.com", Years: 1, Price: catch.Money{Units: 3499500, Currency: "USD"}}
	if _, err := r.Place(t.Context(), req); catch.KindOf(err) != catch.Taken || f.Paid() != 0 {
		t.Errorf("%v, %d paid calls", err, f.Paid())
	}
}
