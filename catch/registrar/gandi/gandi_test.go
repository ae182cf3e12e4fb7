package gandi

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

// TestSettlingEnds asks for an order that was accepted, again and again: the
// service has an hour from its acceptance, not from the last question.
func TestSettlingEnds(t *testing.T) {
	f := fake.NewGandi()
	defer f.Close()
	now := conformance.Now()
	r := conformance.Opener(Factory(), 0, func(c *account.Config) { c.Now = func() time.Time { return now } })(t, f.URL())
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
		Open:    conformance.Opener(Factory(), 0),
		Cannot:  []fake.Scenario{fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed},
		Words:   map[fake.Scenario]string{fake.PriceChanged: "does not match"},
	}.Run(t)
}
