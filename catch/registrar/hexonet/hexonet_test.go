package hexonet

import (
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
