package namecheap

import (
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

func TestConformance(t *testing.T) {
	f := fake.NewNamecheap()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "example.com",
		Open: func(t *testing.T, url string) catch.Route {
			t.Helper()
			c := account.Config{
				Account: "namecheap", Service: service, URL: url, User: "me", Key: catch.NewSecret(fake.Secret), Terms: terms.Default(), Wait: conformance.Wait, Now: conformance.Now,
				Options: map[string]string{
					"client_ip": "192.0.2.1", "first_name": "A", "last_name": "B", "street": "S 1", "city": "C", "state": "BE", "zip": "10115",
					"country": "de", "phone": "+49.301234567", "email": "a@example.net",
				},
			}
			if err := Factory().Check(c); err != nil {
				t.Fatal(err)
			}
			routes, err := Factory().New(c)
			if err != nil {
				t.Fatal(err)
			}
			return routes[0]
		},
		Cannot: []fake.Scenario{fake.PriceChanged, fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed, fake.ForeverPending},
		Words:  map[fake.Scenario]string{fake.Taken: "Domain not available", fake.InvalidContact: "RegistrantPhone"},
	}.Run(t)
}
