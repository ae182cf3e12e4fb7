package namecom

import (
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

func TestConformance(t *testing.T) {
	f := fake.NewNamecom()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "example.com",
		Request: catch.Request{Price: catch.Money{Units: 129900, Currency: "USD"}},
		Open: func(t *testing.T, url string) catch.Route {
			t.Helper()
			routes, err := Factory().New(account.Config{
				Account: "namecom", Service: service, URL: url, User: "me", Key: catch.NewSecret(fake.Secret), Terms: terms.Default(), Wait: conformance.Wait, Now: conformance.Now,
			})
			if err != nil {
				t.Fatal(err)
			}
			return routes[0]
		},
		Cannot: []fake.Scenario{fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed, fake.ForeverPending},
		Words:  map[fake.Scenario]string{fake.InsufficientFunds: "Payment failed"},
	}.Run(t)
}
