package namecheap

import (
	"testing"

	"github.com/lapse-dev/lapse/catch"
)

// TestEarly holds that a fee on top is in the price, of standard names too: what
// is left out would be charged all the same.
func TestEarly(t *testing.T) {
	usd := func(units int64) catch.Money { return catch.Money{Units: units, Currency: "USD"} }
	q, err := early(catch.Quote{Price: usd(108700), Early: usd(1000000)})
	if err != nil || q.Price != usd(1108700) {
		t.Errorf("%+v %v", q, err)
	}
	if q, err = early(catch.Quote{Price: usd(108700)}); err != nil || q.Price != usd(108700) {
		t.Errorf("%+v %v", q, err)
	}
	if _, err = early(catch.Quote{Price: usd(108700), Early: catch.Money{Units: 1, Currency: "EUR"}}); err == nil {
		t.Error("two currencies were added")
	}
}
