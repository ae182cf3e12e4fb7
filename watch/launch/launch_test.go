package launch

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func usd(s string) catch.Money {
	m, err := catch.MoneyOf(s, "USD")
	if err != nil {
		panic(err)
	}
	return m
}

func fraud(t *testing.T) Launch {
	t.Helper()
	l, ok := Default().Launch("fraud")
	if !ok {
		t.Fatal("no launch of .fraud")
	}
	return l
}

func standard(registrar string) Offer {
	return Offer{
		ID: registrar + "-standard", Registrar: registrar, TLD: "fraud", Phase: "general availability", Tier: Standard,
		Price: usd("30"), ApplicationFee: usd("0"), Charged: AtOrder, Refund: catch.RefundCredit, Several: catch.FirstCome,
	}
}

func priority(registrar string) Offer {
	return Offer{
		ID: registrar + "-priority", Registrar: registrar, TLD: "fraud", Phase: "general availability", Tier: Priority,
		Price: usd("100"), ApplicationFee: usd("65"), Charged: AtOrder, Refund: catch.RefundCredit, Several: catch.PrivateAuction,
	}
}

func landrush(n string, price string) Offer {
	return Offer{ID: "r-" + n, Registrar: "r", TLD: "fraud", Phase: n, Tier: Purchase, Price: usd(price), Charged: AtOrder}
}

// TestFraud is the opening from which this package came: one person has a
// standard pre-registration, one a priority since 10 August, and one buys at
// 15:59 on the day on which the first landrush phase ends at 16:00.
func TestFraud(t *testing.T) {
	l := fraud(t)
	for when, price := range map[string]string{"2026-10-01T15:59:00Z": "12569.99", "2026-10-01T16:00:00Z": "3194.99", "2026-10-04T16:00:00Z": "219.99"} {
		if p := l.At(at(when)); p == nil || p.Fee != usd(price) {
			t.Errorf("at %s it costs %+v, want %s", when, p, price)
		}
	}
	entrants := []Entrant{
		{"standard", standard("r"), at("2026-08-01T12:00:00Z")},
		{"priority", priority("r"), at("2026-08-10T12:00:00Z")},
		{"buyer", landrush("landrush 1", "12569.99"), at("2026-10-01T15:59:00Z")},
	}
	res, err := Resolve(l, entrants)
	if err != nil {
		t.Fatal(err)
	}
	if res.Winner != "buyer" || res.Step != "landrush 1" || len(res.Contest) != 0 {
		t.Errorf("%+v", res)
	}
	zero := usd("0")
	want := []Stake{
		{Who: "buyer", Step: "landrush 1", Won: true, Paid: usd("12569.99"), CashLost: zero, Credit: zero, Refund: zero, Days: 0},
		{Who: "priority", Step: "landrush 1", Out: true, Paid: usd("100"), CashLost: usd("65"), Credit: usd("35"), Refund: zero, Days: 52},
		{Who: "standard", Step: "landrush 1", Out: true, Paid: usd("30"), CashLost: zero, Credit: usd("30"), Refund: zero, Days: 61},
	}
	if d := cmp.Diff(want, res.Stakes); d != "" {
		t.Error(d)
	}
	// Without the buyer priority pre-empts standard, at the last step.
	res, err = Resolve(l, entrants[:2])
	if err != nil || res.Winner != "priority" || res.Step != "general availability, priority" {
		t.Errorf("%+v %v", res, err)
	}
	if n := len(res.Stakes); n != 2*6 {
		t.Errorf("%d stakes, want those of two people at six steps", n)
	}
	// A minute later nobody can buy in that phase any more.
	entrants[2].At = at("2026-10-01T16:00:00Z")
	if _, err := Resolve(l, entrants); err == nil || !strings.Contains(err.Error(), "landrush 1 was over") {
		t.Errorf("%v", err)
	}
}

func TestExposure(t *testing.T) {
	e, err := ExposureOf("my.fraud", fraud(t), []Taken{{priority("r"), at("2026-08-10T12:00:00Z")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Steps) != 6 {
		t.Fatalf("%d steps: %+v", len(e.Steps), e.Steps)
	}
	s := e.Steps[0]
	if s.Step != "landrush 1" || s.Paid != usd("100") || s.IfWon != nil || s.IfLost.CashLost != usd("65") || s.IfLost.Credit != usd("35") || s.IfLost.Refund != usd("0") || s.TiedUp != (TiedUp{usd("100"), 52}) {
		t.Errorf("%+v", s)
	}
	last := e.Steps[5]
	if last.Step != "general availability, priority" || last.IfWon == nil || *last.IfWon != usd("100") || last.TiedUp.Days != 57 {
		t.Errorf("%+v", last)
	}
	if e.WorstCase != usd("100") || len(e.AskFirst) == 0 {
		t.Errorf("worst %s, ask %v", e.WorstCase, e.AskFirst)
	}
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"name":"my.fraud"`, `"step":"landrush 1"`, `"to":"2026-10-01T16:00:00Z"`, `"from":"2026-10-06"`, `"paid":{"amount":"100.00","currency":"USD"}`,
		`"if_won":null`, `"if_lost":{"cash_lost":{"amount":"65.00","currency":"USD"},"credit":{"amount":"35.00","currency":"USD"},"refund":{"amount":"0.00","currency":"USD"},"refund_by":null}`,
		`"tied_up":{"amount":{"amount":"100.00","currency":"USD"},"days":52}`, `"worst_case":{"amount":"100.00","currency":"USD"}`,
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in\n%s", want, raw)
		}
	}
}

func TestExposureOfSeveral(t *testing.T) {
	cash := landrush("landrush 5", "219.99")
	cash.Refund, cash.RefundIn, cash.Charged = catch.RefundCash, 10*24*time.Hour, AtOrder
	cash.Renewal, cash.PremiumRenewal = usd("30"), usd("119")
	unknown := standard("q")
	unknown.Refund = catch.RefundUnknown
	e, err := ExposureOf("my.fraud", fraud(t), []Taken{
		{priority("r"), at("2026-08-10T12:00:00Z")}, {cash, at("2026-10-05T09:00:00Z")}, {unknown, at("2026-08-01T00:00:00Z")},
	})
	if err != nil {
		t.Fatal(err)
	}
	four, five := e.Steps[3], e.Steps[4]
	if four.Paid != usd("130") || four.IfLost.CashLost != usd("95") {
		t.Errorf("%+v", four)
	}
	// Won in landrush 5: its price, the priority's fee, and the standard one
	// whose refund nobody tells.
	if five.Paid != usd("349.99") || five.IfWon == nil || *five.IfWon != usd("314.99") || five.IfLost.Refund != usd("219.99") || five.IfLost.RefundBy.String() != "2026-10-15" || five.LaterYears != usd("30") || five.IfPremium != usd("119") {
		t.Errorf("%+v", five)
	}
	if e.WorstCase != usd("349.99") {
		t.Errorf("worst case %s", e.WorstCase)
	}
	// An application and a purchase compete in one phase, both charged when they
	// win: at worst it is the dearer one, whichever was taken first.
	dear, cheap := landrush("landrush 5", "219.99"), landrush("landrush 5", "30")
	dear.Charged, cheap.Charged, cheap.Tier = OnSuccess, OnSuccess, Apply
	worst, err := ExposureOf("my.fraud", fraud(t), []Taken{{cheap, at("2026-10-05T09:00:00Z")}, {dear, at("2026-10-05T09:00:00Z")}})
	if err != nil || worst.WorstCase != usd("219.99") {
		t.Errorf("worst case of two in one phase: %s, %v", worst.WorstCase, err)
	}
	// What is paid on success is paid on top of what was charged before, though
	// the loser's credit is not lost: the worst is all that leaves the purse.
	later := landrush("landrush 5", "500")
	later.Charged, later.ICANNFee = OnSuccess, usd("0.18")
	both, err := ExposureOf("my.fraud", fraud(t), []Taken{{priority("r"), at("2026-08-10T12:00:00Z")}, {later, at("2026-10-05T09:00:00Z")}})
	if err != nil || both.WorstCase != usd("600.18") || *both.Steps[4].IfWon != usd("565.18") || both.Steps[4].Paid != usd("100") {
		t.Errorf("worst case %s, %+v, %v", both.WorstCase, both.Steps[4], err)
	}
	// An application fee is owed whoever wins, also where the rest is charged on
	// success; a deposit is tied up and not paid, until its phase is decided.
	apply := landrush("landrush 3", "1269.99")
	apply.Tier, apply.Charged, apply.ApplicationFee, apply.Deposit = Apply, OnSuccess, usd("40"), usd("200")
	held, err := ExposureOf("my.fraud", fraud(t), []Taken{{apply, at("2026-09-21T00:00:00Z")}})
	if err != nil {
		t.Fatal(err)
	}
	three, four := held.Steps[2], held.Steps[3]
	if three.Paid != usd("40") || *three.IfWon != usd("1269.99") || three.IfLost.CashLost != usd("40") || three.Frozen != usd("200") || three.TiedUp != (TiedUp{usd("240"), 12}) {
		t.Errorf("%+v", three)
	}
	if four.Paid != usd("40") || !four.Frozen.IsZero() || four.TiedUp != (TiedUp{usd("40"), 13}) || held.WorstCase != usd("1269.99") {
		t.Errorf("%+v, worst %s", four, held.WorstCase)
	}
	euro := standard("r")
	euro.Price.Currency = "EUR"
	euro.ApplicationFee = catch.Money{}
	if _, err := ExposureOf("my.fraud", fraud(t), []Taken{{priority("r"), at("2026-08-10T12:00:00Z")}, {euro, at("2026-08-10T12:00:00Z")}}); !errors.Is(err, catch.ErrCurrency) {
		t.Errorf("two currencies: %v", err)
	}
	if _, err := ExposureOf("my.fraud", fraud(t), []Taken{{landrush("landrush 9", "1"), at("2026-08-10T12:00:00Z")}}); err == nil {
		t.Error("an offer for a phase that does not exist")
	}
}

func TestGuard(t *testing.T) {
	taken := []Taken{{priority("r"), at("2026-08-10T12:00:00Z")}}
	err := Guard(taken, priority("other"))
	if !errors.Is(err, ErrAgainstSelf) || !strings.Contains(err.Error(), "the two registrars would stand against each other") {
		t.Errorf("%v", err)
	}
	if err := Guard(taken, priority("r")); !errors.Is(err, ErrAgainstSelf) {
		t.Errorf("%v", err)
	}
	if err := Guard(taken, landrush("landrush 1", "12569.99")); err != nil {
		t.Errorf("another phase: %v", err)
	}
	if err := Guard(nil, Offer{Registrar: "r", TLD: "fraud", Tier: Interest}); !errors.Is(err, ErrNoOrder) {
		t.Errorf("interest: %v", err)
	}
	o := priority("r")
	o.IfReserved = "the application fee is kept, the rest becomes credit"
	if err := Reserved(o, "Specification 5"); !errors.Is(err, ErrReserved) || !strings.Contains(err.Error(), "the application fee is kept") {
		t.Errorf("%v", err)
	}
	if err := Reserved(priority("r"), ""); !strings.Contains(err.Error(), "ask first") {
		t.Errorf("%v", err)
	}
}

func TestRequote(t *testing.T) {
	first := Quoted{At: at("2026-08-01T10:00:00Z"), Source: "registrar's page", Class: "standard", Price: usd("19")}
	now := Quoted{At: at("2026-10-06T10:00:00Z"), Source: "EPP check", Class: "premium", Price: usd("119")}
	err := Requote(first, now)
	if !errors.Is(err, ErrRequoted) {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{"19.00 USD on 2026-08-01 10:00 UTC (registrar's page, standard)", "119.00 USD on 2026-10-06 10:00 UTC (EPP check, premium)"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if err := Requote(first, Quoted{Price: usd("18"), Class: "standard"}); err != nil {
		t.Errorf("cheaper: %v", err)
	}
	if err := Requote(first, Quoted{Price: catch.Money{Units: 1, Currency: "EUR"}}); !errors.Is(err, ErrRequoted) {
		t.Errorf("another currency: %v", err)
	}
}

func TestTwoLevels(t *testing.T) {
	l := fraud(t)
	res, err := Resolve(l, []Entrant{
		{"anna", priority("r"), at("2026-08-10T12:00:00Z")},
		{"ben", priority("r"), at("2026-08-11T12:00:00Z")},
		{"cleo", priority("q"), at("2026-08-12T12:00:00Z")},
		{"dan", standard("p"), at("2026-08-01T12:00:00Z")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Level{
		{"at r", "private-auction", []string{"anna", "ben"}},
		{"at the registry", "the registry auctions the name among the registrars that bring an order", []string{"the winner at r", "cleo"}},
	}
	if res.Winner != "" || !cmp.Equal(want, res.Contest) {
		t.Errorf("%+v\n%s", res, cmp.Diff(want, res.Contest))
	}
	// Standard orders are tried once it is open: there the first create counts,
	// and so it does where the registry is known to auction nothing.
	first1, first2 := standard("r"), standard("q")
	if res, err = Resolve(l, []Entrant{{"anna", first1, at("2026-08-10T12:00:00Z")}, {"cleo", first2, at("2026-08-12T12:00:00Z")}}); err != nil || len(res.Contest) != 1 || res.Contest[0].How != firstCreate {
		t.Errorf("%+v %v", res, err)
	}
	l.Phases = slices.Clone(l.Phases)
	l.GA().Contest = catch.FirstCome
	if res, err = Resolve(l, []Entrant{{"anna", priority("r"), at("2026-08-10T12:00:00Z")}, {"cleo", priority("q"), at("2026-08-12T12:00:00Z")}}); err != nil || len(res.Contest) != 1 || res.Contest[0].How != firstCreate {
		t.Errorf("%+v %v", res, err)
	}
	first, err := Resolve(l, []Entrant{{"late", standard("r"), at("2026-08-10T12:00:00Z")}, {"early", standard("r"), at("2026-08-02T12:00:00Z")}})
	if err != nil || first.Winner != "early" || len(first.Contest) != 1 {
		t.Errorf("%+v %v", first, err)
	}
}

func TestLadder(t *testing.T) {
	var got []string
	for _, r := range Ladder(fraud(t), []Offer{standard("r"), priority("r"), priority("q")}) {
		got = append(got, r.Step)
	}
	want := []string{"landrush 1", "landrush 2", "landrush 3", "landrush 4", "landrush 5", "general availability, priority", "general availability, standard"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The fee of an early access day stands on top of a year's registration; that
// of a landrush is all there is to pay.
func TestAsks(t *testing.T) {
	b := Default()
	if err := b.Overlay("launches.toml", []byte("[[launch]]\ntld = \"oak\"\n"+
		"[[launch.phase]]\nname = \"EAP 1\"\nkind = \"eap\"\nfrom = \"2026-12-01T16:00:00Z\"\nto = \"2026-12-02T16:00:00Z\"\nfee = \"500USD\"\n"+
		"[[launch.phase]]\nname = \"GA\"\nkind = \"ga\"\nfrom = \"2026-12-02T16:00:00Z\"\nfee = \"24.99USD\"\n")); err != nil {
		t.Fatal(err)
	}
	oak, _ := b.Launch("oak")
	if got := oak.Asks(*oak.Phase("EAP 1")); got != usd("524.99") {
		t.Errorf("an early access day asks %s", got)
	}
	if got := EAPOf(oak); len(got.Steps) != 1 || got.Steps[0].Fee != usd("500") || got.Year != usd("24.99") || got.AllIn {
		t.Errorf("%+v", got)
	}
	f := fraud(t)
	if got := f.Asks(f.Phases[4]); got != usd("219.99") {
		t.Errorf("a landrush asks %s", got)
	}
	if got := EAPOf(f); len(got.Steps) != 5 || !got.Year.IsZero() || !got.AllIn {
		t.Errorf("%+v", got)
	}
}

func TestEAP(t *testing.T) {
	e := EAP{From: at("2026-11-16T16:00:00Z"), Step: 24 * time.Hour}
	for _, f := range []string{"10000", "5000", "1500", "500", "100", "100", "100"} {
		e.Fees = append(e.Fees, usd(f))
	}
	met, ok, err := CapMet(e.Steps(), usd("600"), usd("24.99"), usd("24.99"))
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if met.Step.N != 4 || met.Step.From != at("2026-11-19T16:00:00Z") || met.OnWin != usd("524.99") || met.Total != usd("549.98") {
		t.Errorf("%+v", met)
	}
	// A registration that does not fit beside the fee waits for the next step.
	if met, _, _ := CapMet(e.Steps(), usd("600"), usd("100.01"), usd("100")); met.Step.N != 5 {
		t.Errorf("%+v", met)
	}
	if _, ok, _ := CapMet(e.Steps(), usd("50"), usd("24.99"), usd("24.99")); ok {
		t.Error("the fee never falls to 25")
	}
	if _, _, err := CapMet(e.Steps(), catch.Money{Units: 1, Currency: "EUR"}, usd("1"), usd("1")); !errors.Is(err, catch.ErrCurrency) {
		t.Errorf("%v", err)
	}
	now, next := StepAt(e.Steps(), at("2026-11-19T15:59:59Z"))
	if now == nil || now.N != 3 || next.Fee != usd("500") {
		t.Errorf("%+v %+v", now, next)
	}
	if now, next = StepAt(e.Steps(), at("2026-11-19T16:00:00Z")); now.N != 4 || next.N != 5 {
		t.Errorf("%+v %+v", now, next)
	}
	if now, next = StepAt(e.Steps(), at("2026-11-24T16:00:00Z")); now != nil || next != nil {
		t.Errorf("%+v %+v", now, next)
	}
	// A registry's hourly fee for a dropped name is the same clock.
	x := EAP{From: at("2026-11-16T19:02:11Z"), Step: time.Hour, Fees: e.Fees}
	if now, _ := StepAt(x.Steps(), at("2026-11-16T22:02:11Z")); now.N != 4 {
		t.Errorf("%+v", now)
	}
}

// The expiry access period of a dropped name is known step by step where its
// registry asks what its software has by default.
func TestExpiryAccess(t *testing.T) {
	dropped := at("2026-11-16T19:02:11Z")
	steps := ExpiryAccess(dropped).Steps()
	for n, want := range map[int]string{1: "100000.00", 2: "96219.61", 240: "10.00"} { // google/nomulus, DomainPricingLogicTest
		if got := steps[n-1]; got.Fee != usd(want) || got.From != dropped.Add(time.Duration(n-1)*time.Hour) {
			t.Errorf("step %d: %+v, want %s", n, got, want)
		}
	}
	asked := func(all, onTop, what string) lifecycle.Verdict {
		return lifecycle.Verdict{Stage: lifecycle.GatedStage, Flags: []lifecycle.Flag{{Flag: lifecycle.FlagEAP, Price: &whoisx.Price{Amount: all, Currency: "USD", OnTop: onTop, What: what}}}}
	}
	f, ok := FallingOf(asked("96232.61", "96219.61", "Expiry Access Period, fee expires: 2026-11-16T21:02:11.000Z"))
	if !ok || len(f.Steps) != 240 || f.Steps[0].From != dropped || f.Year != usd("13") {
		t.Fatalf("%+v", f)
	}
	// 600 with the registration in: the fee is 587.00 at most, by hand from the
	// first whole step after ln(100000/587)/ln(10000)*239 = 133.3 on.
	met, ok, err := CapMet(f.Steps, usd("600"), f.Year, catch.Money{})
	if !ok || err != nil || met.Step.N != 135 || met.Step.From != at("2026-11-22T09:02:11Z") || met.Step.Fee != usd("571.90") {
		t.Errorf("%+v, %v", met, err)
	}
	for _, n := range []int{2, 4, 9, 24} {
		few := Outline(f.Steps, at("2026-11-17T00:00:00Z"), met.Step.N, n)
		has := func(n int) bool { return slices.ContainsFunc(few, func(s EAPStep) bool { return s.N == n }) }
		if len(few) != n || !has(5) || n > 2 && !has(met.Step.N) || n > 3 && !has(240) {
			t.Errorf("%d of them: %+v", n, few)
		}
	}
	for h := -3; h < 245; h += 2 {
		now := dropped.Add(time.Duration(h) * time.Hour)
		for n := range 30 {
			few := Outline(f.Steps, now, (h*37+n)%250, n)
			if len(few) != n || !slices.IsSortedFunc(few, func(a, b EAPStep) int { return a.N - b.N }) {
				t.Fatalf("%d of them at hour %d: %+v", n, h, few)
			}
			for i := range few[:max(n-1, 0)] {
				if few[i].N == few[i+1].N {
					t.Fatalf("step %d twice, at hour %d of %d", few[i].N, h, n)
				}
			}
		}
	}
	// Another fee than the default's, or one whose end is not told: no more than that.
	f, ok = FallingOf(asked("1013.00", "1000.00", "Expiry Access Period, fee expires: 2026-11-16T21:02:11Z"))
	if !ok || len(f.Steps) != 1 || f.Steps[0].To != at("2026-11-16T21:02:11Z") || !f.Steps[0].From.IsZero() {
		t.Errorf("%+v", f)
	}
	if f, ok = FallingOf(asked("96232.61", "96219.61", "Expiry Access Period")); !ok || len(f.Steps) != 1 || !f.Steps[0].To.IsZero() {
		t.Errorf("%+v", f)
	}
	for _, v := range []lifecycle.Verdict{{Stage: lifecycle.GatedStage}, asked("13.00", "", "create"), asked("5.00", "10.00", "Expiry Access Period"), asked("x", "y", "Expiry Access Period")} {
		if f, ok := FallingOf(v); ok {
			t.Errorf("%+v gives %+v", v, f)
		}
	}
}

// The table as its source has it: the weekdays contradict one another.
const table = `Phase,Ends,Price
Landrush 1,"Thursday, October 1","12,569.99"
Landrush 2,"Friday, October 2","3,194.99"
Landrush 3,"Saturday, October 3","1,269.99"
Landrush 4,"Sunday, October 4",719.99
Landrush 5,"Wednesday, October 5",219.99
`

func TestImport(t *testing.T) {
	m := Mapping{
		Columns: map[string]string{"to": "ends", "fee": "Price"}, TLD: "fraud", Currency: "USD", Clock: "16:00", Now: at("2026-07-01T00:00:00Z"), Source: "a registrar's table",
	}
	ls, finds, err := ImportCSV(strings.NewReader(table), m)
	if err != nil {
		t.Fatal(err)
	}
	if len(ls) != 1 || len(ls[0].Phases) != 5 {
		t.Fatalf("%+v", ls)
	}
	l := ls[0]
	if p := l.Phase("landrush 5"); p.To.String() != "2026-10-05T16:00:00Z" || p.From.String() != "2026-10-04T16:00:00Z" || p.Fee != usd("219.99") || p.Kind != Landrush {
		t.Errorf("%+v", p)
	}
	want := []Finding{{Row: 5, Text: `"Wednesday, October 5" contradicts "Thursday, October 1" (row 1): in 2026, October 5 is a Monday`}}
	if d := cmp.Diff(want, finds); d != "" {
		t.Error(d)
	}
	// The same as JSON.
	js := `[{"phase":"Landrush 1","ends":"Thursday, October 1","price":12569.99},{"phase":"GA","from":"2026-10-06 16:00","price":"30"}]`
	ls, finds, err = ImportJSON(strings.NewReader(js), m)
	if err != nil || len(finds) != 0 || len(ls[0].Phases) != 2 || ls[0].GA() == nil || ls[0].Phases[0].Fee != usd("12569.99") {
		t.Errorf("%+v %v %v", ls, finds, err)
	}
	m.Now = at("2026-11-01T00:00:00Z")
	if _, finds, err = ImportJSON(strings.NewReader(js), m); err != nil || len(finds) != 1 || !strings.Contains(finds[0].Text, ".fraud is already open") {
		t.Errorf("%v %v", finds, err)
	}
}

// TestSameDay takes a phase of a day without an hour that begins on the day on
// which the one before ends at an hour; it may open after that.
func TestSameDay(t *testing.T) {
	m := Mapping{TLD: "oak", Currency: "USD", Now: at("2026-07-01T00:00:00Z")}
	for _, tt := range []struct {
		ends, begins string
		ok           bool
	}{
		{"2026-12-02 16:00 UTC", "2026-12-02", true},
		{"2026-12-02 00:00 UTC", "2026-12-02", true},
		{"2026-12-02", "2026-12-02", true},
		{"2026-12-02 16:00 UTC", "2026-12-01", false},
		{"2026-12-02", "2026-12-01", false},
		{"2026-12-02 16:00 UTC", "2026-12-02 15:00 UTC", false},
	} {
		ls, _, err := ImportCSV(strings.NewReader("phase,from,to,fee\nEAP 1,2026-11-30 16:00 UTC,"+tt.ends+",1000\nGA,"+tt.begins+",,25\n"), m)
		if (err == nil) != tt.ok {
			t.Errorf("until %s, from %s: %v", tt.ends, tt.begins, err)
		}
		if err == nil && ls[0].GA().From.String() != tt.begins {
			t.Errorf("from %s is read as %s", tt.begins, ls[0].GA().From)
		}
	}
}

func TestImportErrors(t *testing.T) {
	m := Mapping{TLD: "x", Currency: "USD", Clock: "16:00", Now: at("2026-07-01T00:00:00Z")}
	for _, tt := range []struct{ what, csv, want string }{
		{"overlap", "phase,from,to\nlandrush 1,2026-10-01,2026-10-05\nlandrush 2,2026-10-03,2026-10-07\n", "phases overlap: landrush 1 until"},
		{"backwards", "phase,from,to\nlandrush,2026-10-05,2026-10-01\n", "landrush runs backwards"},
		{"two currencies", "phase,to,fee\nlandrush 1,2026-10-05,100 USD\nlandrush 2,2026-10-06,90 EUR\n", "fees in two currencies"},
		{"no date", "phase,to\nlandrush,soon\n", `row 1: to: "soon" is no date`},
		{"unknown kind", "phase,to\nparty,2026-10-05\n", "which kind it is cannot be told"},
		{"one point", "phase,to,fee\nlandrush,2026-10-05,1.250\n", "whether the point is a decimal one"},
		{"thousands", "phase,to,fee\nlandrush,2026-10-05,\"1,25,000.00\"\n", "three digits each"},
		{"a mark", "phase,to,fee\nlandrush,2026-10-05,ca. 100\n", "cannot be told"},
		{"two words for one currency", "phase,to,fee,currency\nlandrush,2026-10-05,€100,USD\n", "its row says USD"},
		{"ambiguous date", "phase,to\nlandrush,05/10/2026\n", "whether the day or the month comes first is not told"},
		{"both orders", "phase,from,to\nlandrush,13/10/2026,10/14/2026\n", "row 1 the month before the day"},
		{"no such day", "phase,to\nlandrush,30 February 2026\n", "is no date"},
		{"no such day in that year", "phase,to\nlandrush,\"Sunday, February 29\"\nlandrush 2,\"Thursday, October 1\"\n", "2026 has no such day"},
		{"a zone by name", "phase,to\nlandrush,5 Oct 2026 14:00 CET\n", "name the zone of the table"},
		{"no dates", "phase,gone\nlandrush,2026-10-05\n", "no column is known to hold dates; say which: from=COLUMN, to=COLUMN; the table has gone, phase"},
		{"empty", "", "read the headings"},
	} {
		_, _, err := ImportCSV(strings.NewReader(tt.csv), m)
		if err == nil || !strings.Contains(err.Error(), tt.want) && tt.what != "ambiguous date" {
			t.Errorf("%s: %v, want %s", tt.what, err, tt.want)
		}
	}
	m.Columns = map[string]string{"to": "ending"}
	if _, _, err := ImportCSV(strings.NewReader("phase,end\nlandrush,2026-10-05\n"), m); err == nil || !strings.Contains(err.Error(), `no column "ending" for to; the table has end, phase`) {
		t.Errorf("%v", err)
	}
	m.Columns, m.Clock = nil, ""
	ls, finds, err := ImportCSV(strings.NewReader("phase,to\nlandrush,2026-10-05\n"), m)
	if err != nil || !ls[0].Phases[0].To.DayOnly || len(finds) != 1 || !strings.Contains(finds[0].Text, "has no hour") {
		t.Errorf("%+v %+v %v", ls, finds, err)
	}
	m.Clock, m.TLD = "16:00", ""
	if _, _, err := ImportCSV(strings.NewReader("phase,to\nlandrush,2026-10-05\n"), m); err == nil || !strings.Contains(err.Error(), "is no TLD") {
		t.Errorf("%v", err)
	}
	for _, js := range []string{`{"a":1}`, `[]`, `{}`, `[1]`, `3`, `{"a":[]}`} {
		if _, _, err := ImportJSON(strings.NewReader(js), m); err == nil {
			t.Errorf("%s was read", js)
		}
	}
}

func TestBook(t *testing.T) {
	b := Default()
	if len(b.Milestones) == 0 || len(b.Launches()) == 0 {
		t.Fatal("the embedded book is empty")
	}
	for _, l := range b.Launches() {
		if err := l.Check(); err != nil || len(l.Sources) == 0 || l.Checked == "" {
			t.Errorf("%s: %v %+v", l.TLD, err, l)
		}
	}
	file := `
[[launch]]
tld = "oak"
registry = "Oak Registry"
confidence = "seen"
sources = ["oak.example"]
checked = "2026-11-20"
  [[launch.phase]]
  name = "EAP 1"
  kind = "eap"
  from = "2026-12-01T16:00:00Z"
  to = "2026-12-02T16:00:00Z"
  fee = "1000USD"
  [[launch.phase]]
  name = "GA"
  kind = "ga"
  from = "2026-12-02T16:00:00Z"

[[offer]]
id = "r-ga"
registrar = "R"
tld = "oak"
phase = "GA"
tier = "standard"
price = "24.99USD"
one_per_name = true
refund = "cash"
refund_in = "14d"
charged = "at-order"
`
	if err := b.Overlay("launches.toml", []byte(file)); err != nil {
		t.Fatal(err)
	}
	o, ok := b.Offer("r-ga")
	if !ok || o.RefundIn != 14*24*time.Hour || o.OnePerName == nil || !*o.OnePerName {
		t.Errorf("%+v", o)
	}
	l, _ := b.Launch(".OAK")
	// What is written is read back the same.
	raw, err := Encode([]Launch{l}, []Offer{o})
	if err != nil {
		t.Fatal(err)
	}
	again := Default()
	if err := again.Overlay("launches.toml", raw); err != nil {
		t.Fatal(err)
	}
	l2, _ := again.Launch("oak")
	o2, _ := again.Offer("r-ga")
	if d := cmp.Diff(l, l2, cmp.AllowUnexported(Phase{})) + cmp.Diff(o, o2); d != "" {
		t.Errorf("%s\n%s", d, raw)
	}
	for bad, want := range map[string]string{
		"[[launch]]\ntld = \"x\"\nregistri = \"\"\n":                                                                                                                 `f.toml:3: unknown key "launch.registri"`,
		"[[launch]]\ntld = \"x\"\n[[launch.phase]]\nname = \"a\"\nkind = \"ga\"\nfrom = \"soon\"\n":                                                                  `f.toml:2: .x: a: from: "soon" is no time`,
		"[[launch]]\ntld = \"x\"\n[[launch.phase]]\nname = \"a\"\nkind = \"landrush\"\nfrom = \"2026-12-02T16:00:00Z\"\nto = \"2026-12-01T16:00:00Z\"\n":             `f.toml:2: .x: a runs backwards`,
		"[[offer]]\nid = \"a\"\nregistrar = \"R\"\ntld = \"nowhere\"\nphase = \"GA\"\ntier = \"standard\"\n":                                                         `f.toml:2: offer a: there is no launch of .nowhere`,
		"[[offer]]\nid = \"a\"\nregistrar = \"R\"\ntld = \"fraud\"\nphase = \"general availability\"\ntier = \"standard\"\nprice = \"10USD\"\nrenewal = \"10EUR\"\n": `f.toml:2: offer a: fees in two currencies`,
		"[[offer]]\nid = \"a\"\nregistrar = \"R\"\ntld = \"fraud\"\nphase = \"general availability\"\ntier = \"gold\"\n":                                             `f.toml:2: offer a: tier is "gold"`,
	} {
		if err := Default().Overlay("f.toml", []byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAskFirst(t *testing.T) {
	bare := NewOffer("b", "r", "x", "GA")
	if n := len(bare.AskFirst()); n != 15 {
		t.Errorf("an offer without terms leaves %d questions open: %q", n, bare.AskFirst())
	}
	if n := len((Offer{Tier: Interest}).AskFirst()); n != 0 {
		t.Errorf("an interest leaves %d questions open", n)
	}
	// One answer can settle another question.
	o, err := Answered(bare, map[string]string{"one_per_name": "yes", "charged": "on-success", "premium": "cancelled", "price": "30EUR", "application_fee": "0EUR"})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range o.AskFirst() {
		for _, settled := range []string{"auction, a queue", "given back", "premium name", "all in"} {
			if strings.Contains(q, settled) {
				t.Errorf("still asked: %s", q)
			}
		}
	}
	// Answers are held against each other once all are there.
	if o, err = Answered(o, map[string]string{"price": "30USD", "application_fee": "0USD"}); err != nil || o.Price != usd("30") {
		t.Errorf("%+v %v", o, err)
	}
	if _, err = Answered(o, map[string]string{"price": "30EUR"}); err == nil {
		t.Error("two currencies were taken")
	}
}

func TestQuotedText(t *testing.T) {
	for _, q := range []Quoted{
		{Class: "standard", Price: usd("19")},
		{Class: "tier 1, gold", Price: usd("119"), Renewal: usd("119")},
		{Class: "reserved"},
		{Class: "standard", Renewal: usd("10")},
	} {
		if got := ReadQuote(q.String()); got != q {
			t.Errorf("%q is read as %+v", q, got)
		}
	}
	if err := Requote(Quoted{Class: "standard", Price: usd("19"), Renewal: usd("19")}, Quoted{Class: "standard", Price: usd("19"), Renewal: usd("119")}); !errors.Is(err, ErrRequoted) {
		t.Errorf("a dearer renewal: %v", err)
	}
}

func TestVerdict(t *testing.T) {
	l := fraud(t)
	v, launching := Verdict(l, at("2026-10-01T15:59:00Z"))
	if !launching || v.Stage != lifecycle.Launching || v.RegistryStage != "landrush 1" || v.Window.From != whoisx.Day(2026, 10, 6) || v.Window.HourKnown {
		t.Errorf("%+v", v)
	}
	if f := v.Has(lifecycle.FlagEAP); f == nil || f.Price.Amount != "12569.99" || f.Until.String() != "2026-10-01T16:00:00Z" {
		t.Errorf("%+v", f)
	}
	if _, launching := Verdict(l, at("2026-10-07T00:00:00Z")); launching {
		t.Error("it is open by then")
	}
}

func TestChanges(t *testing.T) {
	before := fraud(t)
	after := before
	after.Phases = append([]Phase{}, before.Phases...)
	after.Phases[5].From = whoisx.Day(2026, 11, 6)
	got := Changes(before, after)
	want := []Moved{{Phase: "general availability", Before: whoisx.Day(2026, 10, 6), After: whoisx.Day(2026, 11, 6), Which: "opens"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func FuzzImport(f *testing.F) {
	f.Add(table, true)
	f.Add(`[{"phase":"GA","from":"2026-10-06 16:00","price":"30"}]`, false)
	f.Fuzz(func(t *testing.T, data string, asCSV bool) {
		m := Mapping{TLD: "x", Currency: "USD", Clock: "16:00", Now: at("2026-07-01T00:00:00Z")}
		read := ImportJSON
		if asCSV {
			read = ImportCSV
		}
		ls, _, err := read(strings.NewReader(data), m)
		if err != nil {
			return
		}
		for _, l := range ls {
			if err := l.Check(); err != nil {
				t.Errorf("imported what does not hold: %v", err)
			}
		}
	})
}
