package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// openings are two launches: one in its early access period, one whose landrush
// is over.
func openings() []watch.Opening {
	b := launch.Default()
	day := func(n int) string {
		return now.Truncate(24*time.Hour).AddDate(0, 0, n).Add(16 * time.Hour).Format(time.RFC3339)
	}
	var text strings.Builder
	text.WriteString("[[launch]]\ntld = \"oak\"\nregistry = \"Oak Registry\"\n")
	for i, fee := range []string{"10000USD", "5000USD", "1500USD", "500USD", "100USD", "100USD", "100USD"} {
		text.WriteString("[[launch.phase]]\nname = \"EAP day " + string(rune('1'+i)) + "\"\nkind = \"eap\"\nfrom = \"" + day(i-2) + "\"\nto = \"" + day(i-1) + "\"\nfee = \"" + fee + "\"\n")
	}
	text.WriteString("[[launch.phase]]\nname = \"GA\"\nkind = \"ga\"\nfrom = \"" + day(5) + "\"\nfee = \"24.99USD\"\n")
	text.WriteString("[[offer]]\nid = \"r\"\nregistrar = \"R\"\ntld = \"oak\"\nphase = \"GA\"\ntier = \"priority\"\nprice = \"100USD\"\napplication_fee = \"65USD\"\ncharged = \"at-order\"\nrefund = \"credit\"\n")
	if err := b.Overlay("launches.toml", []byte(text.String())); err != nil {
		panic(err)
	}
	usd := func(n int64) catch.Money { return catch.Money{Units: n * 10000, Currency: "USD"} }
	var out []watch.Opening
	for _, l := range b.Launches() {
		o := watch.Opening{Launch: l, Offers: b.Offers(l.TLD), Ladder: launch.Ladder(l, b.Offers(l.TLD))}
		fee := launch.EAPOf(l)
		o.EAP = fee.Steps
		if l.TLD == "oak" {
			r, _ := b.Offer("r")
			w := watch.Waiting{Name: "acorn.oak", Cap: usd(600), Taken: []launch.Taken{{Offer: r, At: now.AddDate(0, 0, -20)}}}
			m, _, err := launch.CapMet(o.EAP, w.Cap, fee.Year, catch.Money{})
			if err != nil {
				panic(err)
			}
			w.Met = &m
			if w.Exposure, err = launch.ExposureOf("acorn.oak", l, w.Taken); err != nil {
				panic(err)
			}
			o.Names = []watch.Waiting{w, {Name: "leaf.oak"}}
		}
		out = append(out, o)
	}
	return out
}

func TestLaunches(t *testing.T) {
	drive(t, Options{Core: sample()}, 80, 24, func(d *driver) {
		d.keys("6")
		d.pass(0)
		for _, want := range []string{".oak", "EAP day 4 opens 11 Nov 16:00 UTC, in 22h", "1500.00 USD now, from 11 Nov 16:00 UTC 500.00 USD (in 22h", "the cap 600.00 USD is met", "65.00 USD gone, 35.00 USD credit", "ask first"} {
			if !strings.Contains(checked(t, d, 80, 24), want) {
				t.Errorf("no %q in\n%s", want, checked(t, d, 80, 24))
			}
		}
		d.keys("j")
		d.pass(0)
		if got := checked(t, d, 80, 24); !strings.Contains(got, "What beats what in .fraud") || !strings.Contains(got, "12569.99 USD") {
			t.Errorf("%s", got)
		}
	})
}

// TestLaunchWhole gives one launch the screen: everything that is said of it can
// be scrolled to, also where there is little room.
func TestLaunchWhole(t *testing.T) {
	drive(t, Options{Core: sample()}, 40, 10, func(d *driver) {
		d.keys("6")
		d.pass(0)
		if got := checked(t, d, 40, 10); !strings.Contains(got, "more lines: enter shows all") {
			t.Errorf("nothing says that there is more:\n%s", got)
		}
		d.keys("enter")
		seen := ""
		for range 12 {
			seen += checked(t, d, 40, 10)
			d.keys("pgdown")
		}
		for _, want := range []string{"What beats what in .oak", "1500.00 USD now", "65.00 USD", "r  R, priority for GA", "? What does a renewal cost?"} {
			if !strings.Contains(seen, want) {
				t.Errorf("%q cannot be reached in\n%s", want, seen)
			}
		}
		d.keys("esc")
		if got := checked(t, d, 40, 10); !strings.Contains(got, ".fraud") {
			t.Errorf("not back at the list:\n%s", got)
		}
	})
}

// TestOfferForm types an offer in: what is not answered stays visible as ask
// first, and one answer can settle another question.
func TestOfferForm(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 40, func(d *driver) {
		d.keys("6")
		d.pass(0)
		d.keys("a", "enter")
		d.pass(0)
		got := checked(t, d, 80, 40)
		if n := strings.Count(got, "ask first"); n < 14 {
			t.Errorf("%d questions are shown as open in\n%s", n, got)
		}
		d.keys(`"Acme"`, "down", "down", "down", "down", `"100USD"`, "down", `"65USD"`, "ctrl+s")
		d.pass(0)
		if len(core.offers) != 1 {
			t.Fatalf("%+v\n%s", core.offers, checked(t, d, 80, 40))
		}
		o := core.offers[0]
		if o.Registrar != "Acme" || o.ID != "acme-standard-oak" || o.TLD != "oak" || o.Phase != "GA" || o.Price.String() != "100.00 USD" || o.ApplicationFee.String() != "65.00 USD" || len(o.AskFirst()) != 13 {
			t.Errorf("%+v", o)
		}
		if got := checked(t, d, 80, 40); !strings.Contains(got, "Kept acme-standard-oak; ask first: 13 questions are open.") {
			t.Errorf("%s", got)
		}
		// What cannot be read is said, and the form stays.
		d.keys("a", "enter", `"Acme"`, "down", "down", "down", "down", `"cheap"`, "ctrl+s")
		d.pass(0)
		if got := checked(t, d, 80, 40); !strings.Contains(got, "price: read amount") || len(core.offers) != 1 {
			t.Errorf("%s", got)
		}
	})
}

// TestExpiryAccess draws the hourly fee of a name that dropped, with the hour at
// which it falls under the cap, at every size.
func TestExpiryAccess(t *testing.T) {
	dropped := now.Add(-30*time.Hour - 12*time.Minute).UTC()
	steps := launch.ExpiryAccess(dropped).Steps()
	d := row("cobalt.app", watch.Want, lifecycle.GatedStage, usd("600"))
	d.Verdict.RegistryStage = "Expiry Access Period"
	all, err := steps[30].Fee.Add(usd("13"))
	if err != nil {
		t.Fatal(err)
	}
	what := "Expiry Access Period, fee expires: " + steps[30].To.Format(time.RFC3339)
	d.Verdict.Flags = []lifecycle.Flag{{Flag: lifecycle.FlagEAP, Tier: what, Price: &whoisx.Price{
		Amount: all.Amount(), Currency: "USD", What: what, OnTop: steps[30].Fee.Amount(),
	}}}
	for _, size := range goldenSizes {
		drive(t, Options{Core: newFake(d)}, size[0], size[1], func(d *driver) {
			d.keys("enter")
			d.pass(0)
			got := checked(t, d, size[0], size[1])
			want := []string{"31470.81 USD now", "Under your cap"}
			if size[0] >= 80 {
				want = append(want, "30281.09 USD (in 48m", "584.90 USD", "▸ 10 Nov 17:30 UTC", "571.90 USD ●", "10.00 USD ●")
			}
			for _, w := range want {
				if !strings.Contains(got, w) {
					t.Errorf("no %q at %d columns in\n%s", w, size[0], got)
				}
			}
		})
	}
}

// Each offer of a step is shown once.
func TestPricesOfAStep(t *testing.T) {
	offer := func(price, at string) launch.Offer { return launch.Offer{Registrar: at, Price: usd(price)} }
	got := rungPrices(launch.Rung{Offers: []launch.Offer{offer("20", "one"), offer("20", "one"), offer("20", "two"), offer("30", "one"), offer("20", "two")}})
	if want := []string{"20.00 USD", " one", ", 20.00 USD two", ", 30.00 USD one"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
