package dynadot

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

func open(i int) func(*testing.T, string) catch.Route {
	return func(t *testing.T, url string) catch.Route {
		t.Helper()
		routes, err := Factory().New(account.Config{
			Account: "dynadot", Service: service, URL: url, Key: catch.NewSecret(fake.Secret), Terms: terms.Default(), Wait: conformance.Wait, Now: conformance.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		return routes[i]
	}
}

func TestBackorderConformance(t *testing.T) {
	f := fake.NewDynadot("tinplate.com")
	defer f.Close()
	conformance.Suite{
		Open: open(0), Fake: f, Name: "tinplate.com",
		Cannot: []fake.Scenario{fake.Taken, fake.PremiumFlip, fake.PriceChanged, fake.InvalidContact, fake.ForeverPending},
		Words:  map[fake.Scenario]string{fake.NotDroppableYet: "could not find backorder fot this domain"},
	}.Run(t)
}

func TestRegisterConformance(t *testing.T) {
	f := fake.NewDynadot()
	defer f.Close()
	conformance.Suite{
		Open: open(1), Fake: f, Name: "example.com",
		Cannot: []fake.Scenario{fake.PriceChanged, fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed, fake.ForeverPending},
		Words:  map[fake.Scenario]string{fake.PremiumFlip: "please use premium option", fake.Taken: "not_available"},
	}.Run(t)
}

// TestAuctionAfterACatch follows a name that others ordered too.
func TestAuctionAfterACatch(t *testing.T) {
	f := fake.NewDynadot("tinplate.com")
	defer f.Close()
	for range 2 { // both styles of answers
		f.Set(fake.Success)
		f.Auctions = map[string]*fake.DynadotAuction{}
		r := open(0)(t, f.URL())
		o := catch.Order{Name: "tinplate.com"}
		if _, err := r.Place(t.Context(), catch.Request{Name: o.Name}); err != nil {
			t.Fatal(err)
		}
		bidder := r.(catch.Bidder)
		usd := func(n int64) catch.Money { return catch.Money{Units: n * 10000, Currency: "USD"} }
		if _, err := bidder.Bid(t.Context(), o, usd(100)); catch.KindOf(err) != catch.NotFound {
			t.Errorf("a bid without an auction: %v", err)
		}
		ends := time.Now().Add(72 * time.Hour).UTC().Truncate(time.Millisecond)
		f.Auctions["tinplate.com"] = &fake.DynadotAuction{Ends: ends, High: 100, Other: 180}
		if rep, err := r.Find(t.Context(), o); err != nil || rep.State != catch.AuctionOutbid || rep.HighBid != usd(100) || !rep.AuctionEnds.Equal(ends) {
			t.Fatalf("outbid: %+v, %v", rep, err)
		}
		if _, err := bidder.Bid(t.Context(), o, usd(90)); catch.KindOf(err) != catch.PriceMismatch {
			t.Errorf("a bid below the high one: %v", err)
		}
		if rep, err := bidder.Bid(t.Context(), o, usd(150)); err != nil || rep.State != catch.AuctionOutbid || rep.HighBid != usd(151) || rep.OwnBid != usd(150) {
			t.Errorf("a bid that is topped: %+v, %v", rep, err)
		}
		if rep, err := bidder.Bid(t.Context(), o, usd(200)); err != nil || rep.State != catch.AuctionLeading || rep.HighBid != usd(181) {
			t.Errorf("a bid that leads: %+v, %v", rep, err)
		}
		if rep, err := r.Find(t.Context(), o); err != nil || rep.State != catch.AuctionLeading {
			t.Errorf("leading: %+v, %v", rep, err)
		}
		f.Set(fake.TimeoutAfterCommit)
		f.Hold("tinplate.com")
		if _, err := bidder.Bid(t.Context(), o, usd(220)); catch.KindOf(err) != catch.OutcomeUnknown || f.Paid() != 1 {
			t.Errorf("a bid whose answer got lost: %v after %d calls", err, f.Paid())
		}
		if _, err := bidder.Pay(t.Context(), o); catch.KindOf(err) != catch.Guard {
			t.Errorf("pay: %v", err)
		}
	}
}
