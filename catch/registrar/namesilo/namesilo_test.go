package namesilo

import (
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

// inside is a moment in the drop window: 11:00 US Pacific in winter.
var inside = time.Date(2026, 11, 10, 19, 0, 0, 0, time.UTC)

func open(i int, now time.Time) func(*testing.T, string) catch.Route {
	return conformance.Opener(Factory(), i, func(c *account.Config) { c.Now = func() time.Time { return now.Add(conformance.Elapsed()) } })
}

func TestDropConformance(t *testing.T) {
	f := fake.NewNamesilo()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "tinplate.com", Open: open(0, inside), Now: func() time.Time { return inside.Add(conformance.Elapsed()) },
		Cannot: []fake.Scenario{fake.PremiumFlip, fake.PriceChanged, fake.AlreadyBackordered, fake.CutOffPassed, fake.ForeverPending},
	}.Run(t)
}

func TestRegisterConformance(t *testing.T) {
	f := fake.NewNamesilo()
	defer f.Close()
	conformance.Suite{
		Fake: f, Name: "example.com", Open: open(1, inside), Now: func() time.Time { return inside.Add(conformance.Elapsed()) },
		Cannot: []fake.Scenario{fake.PriceChanged, fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed, fake.ForeverPending},
		Words:  map[fake.Scenario]string{fake.Busy: "still processing"},
	}.Run(t)
}

func TestOutsideTheWindowNothingIsSent(t *testing.T) {
	f := fake.NewNamesilo()
	defer f.Close()
	for _, at := range []time.Time{inside.Add(-16 * time.Minute), inside.Add(76 * time.Minute), time.Date(2026, 7, 10, 17, 44, 0, 0, time.UTC)} {
		_, err := open(0, at)(t, f.URL()).Place(t.Context(), catch.Request{Name: "tinplate.com"})
		if catch.KindOf(err) != catch.NotDroppableYet {
			t.Errorf("at %s: %v", at, err)
		}
	}
	if f.Calls() != 0 {
		t.Errorf("it was asked %d times", f.Calls())
	}
	if ok, why := open(0, inside)(t, f.URL()).Open("example.org"); ok || why == "" {
		t.Error("the drop command takes .com and .net only")
	}
}
