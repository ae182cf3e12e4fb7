package gandi

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

// TestSettlingEnds asks for an order that was accepted, again and again: the
// service has an hour from its acceptance, not from the last question.
func TestSettlingEnds(t *testing.T) {
	f := fake.NewGandi()
	defer f.Close()
	now := conformance.Now()
	routes, err := Factory().New(account.Config{
		Account: "gandi", Service: service, URL: f.URL(), Key: catch.NewSecret(fake.Secret), Terms: terms.Default(), Wait: conformance.Wait, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := routes[0]
	o := catch.Order{Name: "example.com", State: catch.Processing, Since: now.Add(-time.Minute), Updated: now}
	if rep, err := r.Find(t.Context(), o); err != nil || rep.State != catch.Processing {
		t.Errorf("after a minute: %+v, %v", rep, err)
	}
	// Its acceptance got lost: it may be worked on all the same, and must not be
	// sent again.
	o.State = catch.InDoubt
	if rep, err := r.Find(t.Context(), o); catch.KindOf(err) != catch.Busy {
		t.Errorf("in doubt after a minute: %+v, %v", rep, err)
	}
	o.Since = now.Add(-2 * time.Hour)
	if rep, err := r.Find(t.Context(), o); catch.KindOf(err) != catch.NotFound {
		t.Errorf("in doubt after two hours: %+v, %v", rep, err)
	}
	o.State = catch.Processing
	if rep, err := r.Find(t.Context(), o); catch.KindOf(err) != catch.NotFound {
		t.Errorf("after two hours: %+v, %v", rep, err)
	}
}

func TestConformance(t *testing.T) {
	f := fake.NewGandi()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "example.com", Unlisted: true,
		Request: catch.Request{Price: catch.Money{Units: 123400, Currency: "USD"}},
		Open: func(t *testing.T, url string) catch.Route {
			t.Helper()
			routes, err := Factory().New(account.Config{
				Account: "gandi", Service: service, URL: url, Key: catch.NewSecret(fake.Secret), Terms: terms.Default(), Wait: conformance.Wait, Now: conformance.Now,
				Options: map[string]string{"first_name": "A", "last_name": "B", "street": "S 1", "city": "C", "zip": "1", "country": "FR", "phone": "+33.1", "email": "a@example.net"},
			})
			if err != nil {
				t.Fatal(err)
			}
			return routes[0]
		},
		Cannot: []fake.Scenario{fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed},
		Words:  map[fake.Scenario]string{fake.PriceChanged: "does not match"},
	}.Run(t)
}
