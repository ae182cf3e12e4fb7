package dropcatch

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

var open = conformance.Opener(Factory(), 0)

var fee = catch.Money{Units: 590000, Currency: "USD"}

func TestConformance(t *testing.T) {
	f := fake.NewDropCatch("tinplate.com")
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "tinplate.com", Open: open,
		Request: catch.Request{Price: fee},
		Cannot:  []fake.Scenario{fake.Taken, fake.PremiumFlip, fake.InvalidContact, fake.ForeverPending},
		Words:   map[fake.Scenario]string{fake.NotDroppableYet: "not in pending delete status"},
	}.Run(t)
}

func TestAuctionAfterACatch(t *testing.T) {
	f := fake.NewDropCatch("tinplate.com")
	defer f.Close()
	r := open(t, f.URL())
	rep, err := r.Place(t.Context(), catch.Request{Name: "tinplate.com", Price: fee})
	if err != nil {
		t.Fatal(err)
	}
	ends := time.Now().Add(72 * time.Hour).UTC().Truncate(time.Second)
	f.Auctions["tinplate.com"] = &fake.DropCatchAuction{ID: 7, Ends: ends, HighBid: 100, MaxBid: 59}
	o := catch.Order{Name: "tinplate.com", Ref: rep.Ref}
	if rep, err = r.Find(t.Context(), o); err != nil || rep.State != catch.AuctionOutbid || !rep.AuctionEnds.Equal(ends) || rep.HighBid.String() != "100.00 USD" {
		t.Fatalf("outbid: %+v, %v", rep, err)
	}
	bidder := r.(catch.Bidder)
	if _, err := bidder.Bid(t.Context(), o, catch.Money{Units: 1010000, Currency: "USD"}); catch.KindOf(err) != catch.PriceMismatch {
		t.Errorf("a bid below the next one: %v", err)
	}
	if rep, err = bidder.Bid(t.Context(), o, catch.Money{Units: 1500000, Currency: "USD"}); err != nil || rep.State != catch.AuctionLeading || rep.OwnBid.String() != "150.00 USD" {
		t.Errorf("bid: %+v, %v", rep, err)
	}
}

// TestBidThatIsNotFoundAfterwardsWasPlaced loses every look-up that follows a
// bid.
func TestBidThatIsNotFoundAfterwardsWasPlaced(t *testing.T) {
	f := fake.NewDropCatch("tinplate.com")
	defer f.Close()
	target, err := url.Parse(f.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy, placed := httputil.NewSingleHostReverseProxy(target), false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if placed {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		placed = r.Method == http.MethodPost && r.URL.Path == "/v2/bids"
		proxy.ServeHTTP(w, r)
	}))
	defer srv.Close()
	f.Auctions["tinplate.com"] = &fake.DropCatchAuction{ID: 7, Ends: time.Now().Add(time.Hour), HighBid: 100, MaxBid: 59}
	bid := catch.Money{Units: 1500000, Currency: "USD"}
	rep, err := open(t, srv.URL).(catch.Bidder).Bid(t.Context(), catch.Order{Name: "tinplate.com"}, bid)
	if err != nil || rep.OwnBid != bid {
		t.Errorf("the bid stands there, but %+v, %v", rep, err)
	}
}

// TestAuctionOfOthersIsNotOurs looks an order up whose answer got lost, while
// others bid for the name: that does not make it ours.
func TestAuctionOfOthersIsNotOurs(t *testing.T) {
	f := fake.NewDropCatch("tinplate.com")
	defer f.Close()
	f.Auctions["tinplate.com"] = &fake.DropCatchAuction{ID: 7, Ends: time.Now().Add(time.Hour), HighBid: 100}
	r, o := open(t, f.URL()), catch.Order{Name: "tinplate.com", State: catch.InDoubt}
	if rep, err := r.Find(t.Context(), o); catch.KindOf(err) != catch.NotFound {
		t.Errorf("in doubt: %+v, %v; want not_found", rep, err)
	}
	o.State = catch.Active // the service had it: the auction is what became of it
	if rep, err := r.Find(t.Context(), o); err != nil || rep.State != catch.AuctionOutbid {
		t.Errorf("active: %+v, %v; want outbid", rep, err)
	}
	o.State = catch.InDoubt
	f.Hold("tinplate.com")
	if rep, err := r.Find(t.Context(), o); err != nil || rep.State != catch.Active {
		t.Errorf("with a backorder: %+v, %v; want active", rep, err)
	}
}

// TestLongListsAreReadToTheirEnd finds a name behind many that contain it, and
// takes no list that breaks off for a whole one.
func TestLongListsAreReadToTheirEnd(t *testing.T) {
	f := fake.NewDropCatch("art.com")
	defer f.Close()
	for i := range 250 {
		other := fmt.Sprintf("%03dart.com", i)
		f.Hold(other)
		f.Auctions[other] = &fake.DropCatchAuction{ID: i, Ends: time.Now().Add(time.Hour), HighBid: 100}
	}
	f.Hold("art.com")
	r, o := open(t, f.URL()), catch.Order{Name: "art.com", State: catch.Active}
	if rep, err := r.Find(t.Context(), o); err != nil || rep.State != catch.Active {
		t.Errorf("the last of 251 backorders: %+v, %v", rep, err)
	}
	f.Auctions["art.com"] = &fake.DropCatchAuction{ID: 999, Ends: time.Now().Add(time.Hour), HighBid: 100, MaxBid: 59}
	if rep, err := r.Find(t.Context(), o); err != nil || rep.State != catch.AuctionOutbid || rep.Ref != "999" {
		t.Errorf("the last of 251 auctions: %+v, %v", rep, err)
	}
	for _, body := range []string{
		`{"items":[{"domain":"other.com","name":"other.com"}],"totalRecords":3}`,
		`{"items":[{"domain":"other.com","name":"other.com"}],"cursor":{"next":"same"}}`,
		`{"records":[]}`,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				_, _ = w.Write([]byte(`{"token":"t-o-k-e-n"}`))
				return
			}
			_, _ = w.Write([]byte(body))
		}))
		if rep, err := open(t, srv.URL).Find(t.Context(), o); catch.KindOf(err) != catch.UpstreamDown {
			t.Errorf("%s: %+v, %v; want upstream_down", body, rep, err)
		}
		srv.Close()
	}
}
