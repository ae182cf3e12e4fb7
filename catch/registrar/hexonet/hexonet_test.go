package hexonet

import (
	"fmt"
	"testing"

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
			Account: "hexonet", Service: service, URL: url, User: "me", Secret: catch.NewSecret(fake.Secret), Contact: "P-1", Terms: terms.Default(), Wait: conformance.Wait, Now: conformance.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		return routes[i]
	}
}

func TestBackorderConformance(t *testing.T) {
	f := fake.NewHexonet()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "tinplate.com", Open: open(0),
		Cannot: []fake.Scenario{fake.Taken, fake.PremiumFlip, fake.PriceChanged},
		Words:  map[fake.Scenario]string{fake.InsufficientFunds: "546 Credit limit exceeded"},
	}.Run(t)
}

func TestRegisterConformance(t *testing.T) {
	f := fake.NewHexonet()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "example.com", Open: open(1),
		Request: catch.Request{Price: catch.Money{Units: 98000, Currency: "USD"}},
		Cannot:  []fake.Scenario{fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed, fake.ForeverPending},
	}.Run(t)
}

func TestStates(t *testing.T) {
	for word, want := range map[string]catch.State{
		"REQUESTED": catch.Active, "PAID": catch.Active, "UNPAID": catch.Active, "PROCESSING": catch.Processing, "SUCCESSFUL": catch.WonProvisional,
		"AUCTION-PENDING": catch.AuctionOutbid, "AUCTION-WON": catch.PaymentDue, "AUCTION-LOST": catch.Lost, "FAILED": catch.Lost, "CANCELLED": catch.Cancelled,
	} {
		if got := state(word); got != want {
			t.Errorf("%s is %s, want %s", word, got, want)
		}
	}
}

// TestLongListIsReadToItsEnd finds an application behind more than one page.
func TestLongListIsReadToItsEnd(t *testing.T) {
	f := fake.NewHexonet()
	defer f.Close()
	for i := range 2*listPage + 1 {
		f.Hold(fmt.Sprintf("n%d.com", i))
	}
	f.Hold("tinplate.com")
	r := open(0)(t, f.URL())
	if list, err := r.(catch.Lister).List(t.Context()); err != nil || len(list) != 2*listPage+2 {
		t.Errorf("%d of %d, %v", len(list), 2*listPage+2, err)
	}
	if rep, err := r.Find(t.Context(), catch.Order{Name: "tinplate.com"}); err != nil || rep.Ref != "app-tinplate.com" {
		t.Errorf("the last one: %+v, %v", rep, err)
	}
}
