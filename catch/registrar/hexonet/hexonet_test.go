package hexonet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

func open(i int, system ...string) func(*testing.T, string) catch.Route {
	return conformance.Opener(Factory(), i, conformance.Option("system", strings.Join(system, "")))
}

// systems are the two that speak the grammar.
var systems = map[string]func() *fake.Hexonet{"": fake.NewHexonet, "rrpproxy": fake.NewReseller}

func TestBackorderConformance(t *testing.T) {
	for system, start := range systems {
		t.Run(system, func(t *testing.T) {
			f := start()
			defer f.Close()
			conformance.Suite{
				Fake: f, Name: "tinplate.com", Open: open(0, system),
				Cannot: []fake.Scenario{fake.Taken, fake.PremiumFlip, fake.PriceChanged},
				Words:  map[fake.Scenario]string{fake.InsufficientFunds: "546 Credit limit exceeded"},
			}.Run(t)
		})
	}
}

func TestRegisterConformance(t *testing.T) {
	for system, start := range systems {
		t.Run(system, func(t *testing.T) {
			f := start()
			defer f.Close()
			conformance.Suite{
				Fake: f, Name: "example.com", Open: open(1, system),
				Request: catch.Request{Price: catch.Money{Units: 98000, Currency: "USD"}},
				Cannot:  []fake.Scenario{fake.PriceChanged, fake.NotDroppableYet, fake.AlreadyBackordered, fake.CutOffPassed},
			}.Run(t)
		})
	}
}

// TestPremiumIsOrderedWithItsPrice: with the consent that the person gave, a
// premium name is ordered at the price that was read, and at no other.
func TestPremiumIsOrderedWithItsPrice(t *testing.T) {
	for system, start := range systems {
		t.Run(system, func(t *testing.T) {
			f := start()
			defer f.Close()
			r := open(1, system)(t, f.URL())
			f.Set(fake.PremiumFlip)
			q, err := r.Quote(t.Context(), "example.com", 1)
			if err != nil || !q.Premium || q.Free == nil || !*q.Free || q.Price != (catch.Money{Units: 11900000, Currency: "USD"}) {
				t.Fatalf("%+v, %v", q, err)
			}
			if _, err := r.Quote(t.Context(), "example.com", 2); catch.KindOf(err) != catch.Guard {
				t.Errorf("two years, of which nobody says what they cost: %v", err)
			}
			req := catch.Request{Key: "k", Name: "example.com", Years: 1, Price: q.Price, Premium: true, Class: q.Class}
			rep, err := r.Place(t.Context(), req)
			if err != nil || len(f.Held()) != 1 || !rep.State.Holds() {
				t.Fatalf("%+v, %v", rep, err)
			}
			o := catch.Order{Name: "example.com", Ref: rep.Ref, Premium: true}
			if found, err := r.Find(t.Context(), o); err != nil || !found.State.Holds() {
				t.Errorf("%+v, %v", found, err)
			}
			f.Set(fake.PremiumFlip)
			req.Price.Units -= 100
			if _, err := r.Place(t.Context(), req); catch.KindOf(err) != catch.PriceMismatch || f.Paid() != 0 {
				t.Errorf("a cent less than it costs: %v, %d paid calls", err, f.Paid())
			}
		})
	}
}

// TestPriceOfATakenName: what a TLD costs is known while somebody else still
// holds the name.
func TestPriceOfATakenName(t *testing.T) {
	f := fake.NewHexonet()
	defer f.Close()
	f.Set(fake.Taken)
	r := open(1)(t, f.URL())
	if q, err := r.Quote(t.Context(), "example.com", 2); err != nil || q.Free == nil || *q.Free || q.Price != (catch.Money{Units: 196000, Currency: "USD"}) {
		t.Errorf("%+v, %v", q, err)
	}
	if q, err := r.Quote(t.Context(), "example.org", 1); catch.KindOf(err) != catch.Guard || q.Free == nil {
		t.Errorf("a TLD without a price: %+v, %v", q, err)
	}
}

// TestDepositIsRead finds what is reserved for a backorder, and that it is free
// again.
func TestDepositIsRead(t *testing.T) {
	f := fake.NewHexonet()
	defer f.Close()
	r := open(0)(t, f.URL())
	f.Hold("tinplate.com")
	usd := func(units int64) catch.Money { return catch.Money{Units: units, Currency: "USD"} }
	rep, err := r.Find(t.Context(), catch.Order{Name: "tinplate.com"})
	if err != nil || rep.Frozen != usd(690000) {
		t.Errorf("%+v, %v", rep, err)
	}
	// Only another name's is left: plate.com is none of its own.
	f.Set(fake.Success)
	f.Hold("plate.com")
	b := r.(*backorder) //nolint:forcetypeassert // the connector's own
	if m := b.deposit(t.Context(), catch.Order{Name: "tinplate.com", Frozen: usd(690000)}, catch.Report{}); m != usd(0) {
		t.Errorf("it came back: %v", m)
	}
}

// TestRepliesOutOfOrder: columns of a list stay side by side by their index.
func TestRepliesOutOfOrder(t *testing.T) {
	ans, ok := read([]byte("[RESPONSE]\nCODE = 200\nPROPERTY[STATUS][1] = FAILED\nPROPERTY[DOMAIN][0] = a.com\nPROPERTY[DOMAIN][1] = b.com\nPROPERTY[X][99999999999] = y\nPROPERTY[Z][-1] = y\nEOF\n"))
	if !ok || ans.at(0, "STATUS") != "" || ans.at(1, "STATUS") != "FAILED" || len(ans.props["X"]) != 0 || len(ans.props["Z"]) != 0 {
		t.Errorf("%+v, %t", ans, ok)
	}
}

// TestRowsFarDownTakeLittleMemory reads an answer of which every line names a
// property of its own in the last row there may be.
func TestRowsFarDownTakeLittleMemory(t *testing.T) {
	body := "CODE = 200\n"
	for c := 'A'; c <= 'Z'; c++ {
		body += "PROPERTY[" + string(c) + "][99999] = y\n"
	}
	ans, _ := read([]byte(body + "EOF\n"))
	cells := 0
	for _, column := range ans.props {
		cells += len(column)
	}
	if cells > mostCells {
		t.Errorf("%d cells", cells)
	}
}

func TestStates(t *testing.T) {
	for word, want := range map[string]catch.State{
		"REQUESTED": catch.Active, "PAID": catch.Active, "UNPAID": catch.Active, "PROCESSING": catch.Processing, "SUCCESSFUL": catch.WonProvisional,
		"AUCTION-PENDING": catch.AuctionOutbid, "AUCTION-WON": catch.PaymentDue, "AUCTION-LOST": catch.Lost, "FAILED": catch.Lost, "INVALID": catch.Failed, "HOLD": catch.Active, "CANCELLED": catch.Cancelled,
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
