package dynadot

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

var forms = []string{"api3", "rest"}

func open(form string, i int) func(*testing.T, string) catch.Route {
	return conformance.Opener(Factory(), i, conformance.Option("api", form))
}

func TestBackorderConformance(t *testing.T) {
	for _, form := range forms {
		t.Run(form, func(t *testing.T) {
			f := fake.NewDynadot("tinplate.com")
			defer f.Close()
			conformance.Suite{
				Open: open(form, 0), Fake: f, Name: "tinplate.com",
				Cannot: []fake.Scenario{fake.Taken, fake.PremiumFlip, fake.PriceChanged, fake.InvalidContact, fake.ForeverPending},
				Words:  map[fake.Scenario]string{fake.NotDroppableYet: "could not find backorder fot this domain"},
			}.Run(t)
		})
	}
}

func TestRegisterConformance(t *testing.T) {
	for _, form := range forms {
		t.Run(form, func(t *testing.T) {
			f := fake.NewDynadot()
			defer f.Close()
			conformance.Suite{
				Open: open(form, 1), Fake: f, Name: "example.com",
				Cannot: []fake.Scenario{fake.PriceChanged, fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed, fake.ForeverPending},
				Words:  map[fake.Scenario]string{fake.PremiumFlip: "please use premium option", fake.Taken: "not_available"},
			}.Run(t)
		})
	}
}

// TestAuctionAfterACatch follows a name that others ordered too.
func TestAuctionAfterACatch(t *testing.T) {
	for _, form := range forms {
		t.Run(form, func(t *testing.T) { followAuction(t, form) })
	}
}

func followAuction(t *testing.T, form string) {
	f := fake.NewDynadot("tinplate.com")
	defer f.Close()
	for range 2 { // both styles of answers
		f.Set(fake.Success)
		f.Auctions = map[string]*fake.DynadotAuction{}
		r := open(form, 0)(t, f.URL())
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
		f.Auctions["tinplate.com"].Ended = true
		if rep, err := r.Find(t.Context(), o); err != nil || rep.State != catch.PaymentDue || rep.Price != usd(181) {
			t.Errorf("it ended, we lead: %+v, %v", rep, err)
		}
		f.Auctions["tinplate.com"].Leads = false
		if rep, err := r.Find(t.Context(), o); err != nil || rep.State != catch.Lost {
			t.Errorf("it ended, another leads: %+v, %v", rep, err)
		}
		f.Auctions["tinplate.com"].Ended = false
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

// TestSignature signs by the interface's own recipe, checked against openssl's
// answer: printf 'key\n/restful/v1/...\nid\n{}' | openssl dgst -sha256 -hmac s.
func TestSignature(t *testing.T) {
	for path, want := range map[string]string{
		"":         "eb462ca1da613957417490db7636c6d97688da804fe0223784819192f073a967",
		"version":  "ebdec86a5b06cd64604b8a8d13dec3b7d41265e3c88337cc829e39d520884582",
		"resource": "16845cb5f5fe878b913f87998c6e849e9b801804656508ead34723d3c9e0aba8",
	} {
		c := account.Config{Account: "d", Service: service, Key: catch.NewSecret("key"), Secret: catch.NewSecret("s"), Options: map[string]string{"signed_path": path}}
		s, err := newREST(c, &web.API{})
		if err != nil {
			t.Fatal(err)
		}
		r := s.add("tinplate.com")
		if got := s.signature(r, "id"); got != want {
			t.Errorf("%q: %s of %s with body %s, want %s", path, got, r.Path, r.Body, want)
		}
	}
}

// TestSignatureNeedsNoClock orders with a clock that is a day off: nothing in a
// signature is a time.
func TestSignatureNeedsNoClock(t *testing.T) {
	f := fake.NewDynadot("tinplate.com")
	defer f.Close()
	for _, off := range []time.Duration{-26 * time.Hour, 26 * time.Hour} {
		f.Set(fake.Success)
		routes, err := Factory().New(account.Config{
			Account: "d", Service: service, URL: f.URL(), Key: catch.NewSecret(fake.Secret), Secret: catch.NewSecret(fake.Secret), Terms: terms.Default(),
			Options: map[string]string{"api": "rest"}, Wait: conformance.Wait, Now: func() time.Time { return time.Now().Add(off) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if rep, err := routes[0].Place(t.Context(), catch.Request{Name: "tinplate.com"}); err != nil || rep.State != catch.Active || len(f.Held()) != 1 {
			t.Errorf("%s off: %+v, %v", off, rep, err)
		}
	}
}

// TestAccountSaysWhichForm opens accounts of both forms, and such as are not
// complete.
func TestAccountSaysWhichForm(t *testing.T) {
	for _, c := range []struct {
		options map[string]string
		secret  string
		prints  string
		fails   string
	}{
		{nil, "", "GET https://api.dynadot.com/api3.json?command=add_backorder_request&domain=tinplate.com&key=•••\n", ""},
		{map[string]string{"api": "rest"}, "a-secret", "POST https://api.dynadot.com/restful/v1/aftermarket/backorders/requests/tinplate.com\nAuthorization: Bearer •••\n" +
			"Accept: application/json\nContent-Type: application/json\nX-Request-ID: <request-id>\nX-Signature: <signature>\n\n{}\n", ""},
		{map[string]string{"api": "rest"}, "", "", "API secret"},
		{map[string]string{"api": "soap"}, "", "", `not "soap"`},
		{map[string]string{"api": "rest", "signed_path": "half"}, "a-secret", "", `not "half"`},
	} {
		routes, err := Factory().New(account.Config{Account: "d", Service: service, Key: catch.NewSecret("the-api-key"), Secret: catch.NewSecret(c.secret), Options: c.options, Terms: terms.Default()})
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%v: %v, want %q", c.options, err, c.fails)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, err := routes[0].Print(catch.Request{Name: "tinplate.com"}); err != nil || !strings.HasPrefix(text, c.prints) {
			t.Errorf("%v prints\n%s, %v; want\n%s", c.options, text, err, c.prints)
		}
	}
}

// TestUnreadableListIsNoEmptyList looks an order up in answers without a list
// that can be read: that does not say that it is gone.
func TestUnreadableListIsNoEmptyList(t *testing.T) {
	for body, want := range map[string]catch.ErrorKind{
		`{"BackorderRequestListResponse":{"ResponseCode":0,"Status":"success","BackorderRequestList":[]}}`:            catch.NotFound,
		`{"BackorderRequestListResponse":{"ResponseCode":0,"Status":"success","BackorderRequestList":null}}`:          catch.NotFound,
		`{"BackorderRequestListResponse":{"ResponseCode":0,"Status":"success"}}`:                                      catch.UpstreamDown,
		`{"BackorderRequestListResponse":{"ResponseCode":0,"Status":"success","Requests":[{"fqdn":"tinplate.com"}]}}`: catch.UpstreamDown,
		`{"code":200,"message":"Success","data":{}}`:                                                                  catch.UpstreamDown,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		if rep, err := open("api3", 0)(t, srv.URL).Find(t.Context(), catch.Order{Name: "tinplate.com", State: catch.Active}); catch.KindOf(err) != want {
			t.Errorf("%s: %+v, %v; want %s", body, rep, err, want)
		}
		srv.Close()
	}
}

// TestPremiumInAnyForm reads the premium mark of a price as a word and as a
// boolean: a dear name must not pass for a standard one.
func TestPremiumInAnyForm(t *testing.T) {
	for mark, want := range map[string]bool{`"yes"`: true, `"true"`: true, `true`: true, `"no"`: false, `false`: false, `null`: false} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(w, `{"code":200,"message":"Success","data":{"domain_name":"tinplate.com","available":true,"premium":%s,"price_list":[{"currency":"USD","registration":"1190.00"}]}}`, mark)
		}))
		q, err := open("rest", 1)(t, srv.URL).Quote(t.Context(), "tinplate.com", 1)
		if err != nil || q.Premium != want || q.Free == nil || !*q.Free || q.Price.String() != "1190.00 USD" {
			t.Errorf("%s: %+v, %v", mark, q, err)
		}
		srv.Close()
	}
}
