package dynadot

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
