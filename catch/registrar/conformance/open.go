package conformance

import (
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

// Account is an account that the fakes know, complete for a service.
func Account(f account.Factory, url string) account.Config {
	c := account.Config{
		Account: f.Service, Service: f.Service, URL: url, User: "me", Contact: "4711",
		Key: catch.NewSecret(fake.Secret), Secret: catch.NewSecret(fake.Secret),
		Terms: terms.Default(), Wait: Wait, Now: Now,
		Options: map[string]string{
			"account_id": "1010", "client_ip": "192.0.2.1", "nameservers": "ns1.example.net, ns2.example.net",
			"first_name": "A", "last_name": "B", "street": "S 1", "city": "C", "state": "BE", "zip": "10115",
			"country": "de", "phone": "+49.301234567", "email": "a@example.net",
		},
	}
	for name := f.Unknown(c.Options); name != ""; name = f.Unknown(c.Options) {
		delete(c.Options, name)
	}
	return c
}

// Opener opens the i-th route of a service at an address, for Suite.Open and for
// whatever else a connector's tests ask of it.
func Opener(f account.Factory, i int, change ...func(*account.Config)) func(*testing.T, string) catch.Route {
	return func(t *testing.T, url string) catch.Route {
		t.Helper()
		c := Account(f, url)
		for _, apply := range change {
			apply(&c)
		}
		if err := f.Check(c); err != nil {
			t.Fatal(err)
		}
		routes, err := f.New(c)
		if err != nil {
			t.Fatal(err)
		}
		return routes[i]
	}
}

// Option sets one option of the account.
func Option(name, value string) func(*account.Config) {
	return func(c *account.Config) { c.Options[name] = value }
}
