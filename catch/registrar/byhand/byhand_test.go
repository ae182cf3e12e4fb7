package byhand

import (
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

func TestRoutes(t *testing.T) {
	pools := map[string][]string{}
	for _, r := range Routes(terms.Default()) {
		d := r.Describe()
		pools[d.Pool] = append(pools[d.Pool], d.Route)
		req := catch.Request{Name: "quillwright.com", Cap: catch.Money{Units: 690000, Currency: "USD"}, BidCap: catch.Money{Units: 2000000, Currency: "USD"}}
		if text, err := r.Print(req); err != nil || !strings.Contains(text, "69.00 USD alone and 200.00 USD") {
			t.Errorf("%s prints %q, %v", d.Route, text, err)
		}
		rep, err := r.Place(t.Context(), req)
		if err != nil || rep.State != catch.Active {
			t.Errorf("%s: %+v, %v", d.Route, rep, err)
		}
		o := catch.Order{Name: "quillwright.com", State: catch.AuctionOutbid, HighBid: catch.Money{Units: 1, Currency: "USD"}}
		if rep, err := r.Find(t.Context(), o); err != nil || rep.State != o.State || rep.HighBid != o.HighBid {
			t.Errorf("%s forgot what the person said: %+v, %v", d.Route, rep, err)
		}
		if _, err := r.Quote(t.Context(), "quillwright.com", 1); catch.KindOf(err) != catch.Guard {
			t.Errorf("%s quotes a price: %v", d.Route, err)
		}
		if d.Route != "by-hand" && r.Terms("quillwright.com").Source == "" {
			t.Errorf("%s has no terms", d.Route)
		}
	}
	if len(pools["web.com"]) != 2 {
		t.Errorf("SnapNames and NameJet share one pool: %v", pools)
	}
}
