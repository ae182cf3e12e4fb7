package watch_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/catch/sandbox"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// phases writes a launch: name, kind, from and to of each phase, as times from
// now; 0 is not told.
func phases(tld string, ps ...any) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[launch]]\ntld = %q\nreserved = [\"kept\"]\n", tld)
	for i := 0; i < len(ps); i += 4 {
		fmt.Fprintf(&b, "[[launch.phase]]\nname = %q\nkind = %q\n", ps[i], ps[i+1])
		if d := ps[i+2].(time.Duration); d != 0 {
			fmt.Fprintf(&b, "from = %q\n", stampAt(d))
		}
		if d := ps[i+3].(time.Duration); d != 0 {
			fmt.Fprintf(&b, "to = %q\n", stampAt(d))
		}
	}
	return b.String()
}

// TestPhaseOrder gives an order for a phase that is not open: it waits, follows
// the launch when that moves, and is sent once the phase is open.
func TestPhaseOrder(t *testing.T) {
	const h = time.Hour
	_, acc := launchRegistry(t, []sandbox.TLD{opening("grove", func(z *sandbox.TLD) { z.Phase = "landrush" })})
	s := &shelf{}
	s.write(t, phases("grove", "landrush", "landrush", 30*h, 60*h, "GA", "ga", 90*h, 0*h))
	p := launcher(t, s, acc)
	route := acc.Describe().Route
	rush := (&catch.Launch{Phase: "landrush", Application: true}).Consents()
	give := func(name watch.Name) (catch.Order, error) {
		return p.Order(t.Context(), watch.OrderSpec{Name: name, Route: route, Cap: usd(20), Consents: rush})
	}
	o, err := give("early.grove")
	if err != nil || o.State != catch.Planned || !strings.Contains(o.Why, "waits for landrush of .grove, which opens") || o.NextTry.Before(time.Now()) {
		t.Fatalf("%+v %v", o, err)
	}
	if _, err := give("kept.grove"); !errors.Is(err, watch.ErrGuard) || !strings.Contains(err.Error(), "the registry reserves the name (the registry's list); ask first what happens to money already paid") {
		t.Errorf("a name that the registry keeps: %v", err)
	}
	if _, err := give("nic.grove"); !errors.Is(err, watch.ErrGuard) || !strings.Contains(err.Error(), "Specification 5") {
		t.Errorf("a name that ICANN keeps: %v", err)
	}
	if err := p.LookNow(t.Context(), "early.grove"); err != nil {
		t.Fatal(err)
	}
	// It moves to a later time: the order says so, and what was announced is
	// corrected.
	s.write(t, phases("grove", "landrush", "landrush", 40*h, 60*h, "GA", "ga", 90*h, 0*h))
	if err := p.LookNow(t.Context(), "early.grove"); err != nil {
		t.Fatal(err)
	}
	ids := p.ids(t, "early.grove")
	if i := slices.IndexFunc(ids, func(id string) bool { return strings.Contains(id, "/launch/moved/") }); i < 0 {
		t.Errorf("nobody is told that it moved: %q", ids)
	}
	h2, err := p.History(t.Context(), "early.grove", 0)
	if err != nil || !slices.ContainsFunc(h2, func(c watch.Change) bool {
		return c.Field == "launch" && strings.Contains(c.Text, "The launch of .grove moved: landrush opens") && strings.Contains(c.Text, ", not ")
	}) {
		t.Errorf("%+v %v", h2, err)
	}
	// It moves to now: whoever acts sends it.
	s.write(t, phases("grove", "landrush", "landrush", -1*h, 60*h, "GA", "ga", 90*h, 0*h))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	if err := p.LookNow(t.Context(), "early.grove"); err != nil {
		t.Fatal(err)
	}
	until(t, "the application is sent", func() bool { return p.order(t, o.ID).State == catch.Processing })
	if o = p.order(t, o.ID); !strings.HasPrefix(o.Ref, "A") {
		t.Errorf("%+v", o)
	}
	// It is over: nothing is sent any more.
	s.write(t, phases("grove", "landrush", "landrush", -3*h, -1*h, "GA", "ga", 90*h, 0*h))
	if _, err := give("late.grove"); !errors.Is(err, watch.ErrGuard) || !strings.Contains(err.Error(), "landrush of .grove was over") {
		t.Errorf("a phase that is over: %v", err)
	}
}

// TestFallingFee keeps an order that waited for a step of the fee, when the
// registry's clock turns after the book's.
func TestFallingFee(t *testing.T) {
	const h = time.Hour
	_, acc := launchRegistry(t, []sandbox.TLD{opening("fern", func(z *sandbox.TLD) {
		z.EAPFrom, z.EAP = time.Now(), []sandbox.EAP{{For: 2 * time.Second, Fee: "100.00"}, {For: h, Fee: "5.00"}}
	})})
	s := &shelf{}
	s.write(t, phases("fern", "EAP 1", "eap", -2*h, h, "EAP 2", "eap", h, 2*h, "GA", "ga", 2*h, 0*h))
	p := launcher(t, s, acc)
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "leaf.fern", Route: acc.Describe().Route, Cap: usd(20), Consents: (&catch.Launch{Phase: "open", Name: "EAP 2"}).Consents()})
	if err != nil || o.State != catch.Planned {
		t.Fatalf("%+v %v", o, err)
	}
	// What it would cost right now is shown as it is.
	if v, err := p.Preview(t.Context(), watch.OrderSpec{Name: "twig.fern", Route: acc.Describe().Route, Cap: usd(20), Consents: o.Consents}); err != nil || v.Quote == nil || v.Quote.Price != usd(110) || v.Refused != "" {
		t.Errorf("%+v %v", v.Quote, err)
	}
	s.write(t, phases("fern", "EAP 1", "eap", -2*h, -1*h, "EAP 2", "eap", -1*h, 2*h, "GA", "ga", 2*h, 0*h))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	if err := p.LookNow(t.Context(), "leaf.fern"); err != nil {
		t.Fatal(err)
	}
	until(t, "it is bought at the lower fee", func() bool { return p.order(t, o.ID).State == catch.WonProvisional })
	if o = p.order(t, o.ID); o.Paid != usd(15) {
		t.Errorf("%+v", o)
	}
}

// TestBurstRestsOnTheQuote holds the price of a burst in a TLD that has opened
// against what the person was told before, as that of a single create is.
func TestBurstRestsOnTheQuote(t *testing.T) {
	_, acc := launchRegistry(t, []sandbox.TLD{opening("fern", func(*sandbox.TLD) {})})
	s := &shelf{}
	s.write(t, phases("fern", "GA", "ga", -time.Hour, time.Duration(0)))
	p := launcher(t, s, acc)
	if _, err := p.Add(t.Context(), []watch.NewWatch{{Input: "leaf.fern"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Quote(t.Context(), "leaf.fern", launch.Quoted{At: time.Now().Add(-time.Hour), Source: "its page", Class: "standard", Price: usd(5)}); err != nil {
		t.Fatal(err)
	}
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "leaf.fern", Route: acc.Describe().Route, Cap: usd(20)})
	if err != nil || o.State != catch.Planned {
		t.Fatalf("%+v %v", o, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	if err := p.FireAt(t.Context(), []watch.Name{"leaf.fern"}, time.Now().Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	until(t, "the order ends", func() bool { return !p.order(t, o.ID).State.Holds() || p.order(t, o.ID).State == catch.WonProvisional })
	if o = p.order(t, o.ID); o.State != catch.RefusedOrder || !strings.Contains(o.Why, "5.00 USD on") || !strings.Contains(o.Why, "10.00 USD on") {
		t.Errorf("%s: %s", o.State, o.Why)
	}
}

// TestPurchaseWaits keeps a purchase in a phase planned until that opens, while
// a pre-registration is placed before it.
func TestPurchaseWaits(t *testing.T) {
	const h = time.Hour
	s := &shelf{}
	offers := "[[offer]]\nid = \"buy\"\nregistrar = \"R\"\ntld = \"oak\"\nphase = \"EAP 1\"\ntier = \"purchase\"\nprice = \"50USD\"\ncharged = \"at-order\"\n" +
		"[[offer]]\nid = \"pre\"\nregistrar = \"R\"\ntld = \"oak\"\nphase = \"GA\"\ntier = \"standard\"\nprice = \"30USD\"\ncharged = \"at-order\"\n"
	s.write(t, phases("oak", "EAP 1", "eap", 24*h, 48*h, "GA", "ga", 48*h, 0*h)+offers)
	p := launcher(t, s)
	if _, err := p.Add(t.Context(), []watch.NewWatch{{Input: "acorn.oak", Cap: usd(60)}}); err != nil {
		t.Fatal(err)
	}
	buy, err := p.Order(t.Context(), watch.OrderSpec{Name: "acorn.oak", Route: "prereg:buy"})
	if err != nil || buy.State != catch.Planned || !buy.Paid.IsZero() {
		t.Fatalf("%+v %v", buy, err)
	}
	if pre, err := p.Order(t.Context(), watch.OrderSpec{Name: "acorn.oak", Route: "prereg:pre"}); err != nil || pre.State != catch.Active || pre.Paid != usd(30) {
		t.Fatalf("%+v %v", pre, err)
	}
	os, err := p.Openings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(os, func(o watch.Opening) bool { return o.TLD == "oak" })
	if e := os[i].Names[0].Exposure; e.Steps[0].Paid != usd(80) || e.Steps[0].TiedUp.Days > 2 || *e.Steps[0].IfWon != usd(80) {
		t.Errorf("%+v", e.Steps[0])
	}
	// An offer that comes later is a route at once.
	s.write(t, phases("oak", "EAP 1", "eap", -1*h, 48*h, "GA", "ga", 48*h, 0*h)+offers+
		"[[offer]]\nid = \"new\"\nregistrar = \"Q\"\ntld = \"oak\"\nphase = \"GA\"\ntier = \"priority\"\nprice = \"40USD\"\n")
	if o, err := p.Order(t.Context(), watch.OrderSpec{Name: "acorn.oak", Route: "prereg:new"}); err != nil || o.State != catch.Active {
		t.Errorf("%+v %v", o, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	if err := p.LookNow(t.Context(), "acorn.oak"); err != nil {
		t.Fatal(err)
	}
	until(t, "the purchase is due", func() bool { return p.order(t, buy.ID).State == catch.Active })
	if buy = p.order(t, buy.ID); buy.Paid != usd(50) {
		t.Errorf("%+v", buy)
	}
}

const smd = `<smd:signedMark xmlns:smd="urn:ietf:params:xml:ns:signedMark-1.0" id="smd1"><smd:id>0000001751376056503931-65535</smd:id><smd:notAfter>2120-01-01T00:00:00Z</smd:notAfter></smd:signedMark>`

// TestApplicationEnds takes applications to their three ends: allocated,
// rejected, withdrawn; and a sunrise with the signed mark that it needs.
func TestApplicationEnds(t *testing.T) {
	const h = time.Hour
	reg, acc := launchRegistry(t, []sandbox.TLD{
		opening("grove", func(z *sandbox.TLD) { z.Phase = "landrush" }),
		opening("slow", func(z *sandbox.TLD) { z.Phase = "landrush" }),
		opening("dawn", func(z *sandbox.TLD) { z.Phase = "sunrise" }),
	}, sandbox.Name{Name: "held.grove", Stage: "free", Reserved: "Reserved by the registry"})
	s := &shelf{}
	s.write(t, phases("grove", "landrush", "landrush", -1*h, 60*h, "GA", "ga", 90*h, 0*h)+phases("slow", "landrush", "landrush", -1*h, 60*h)+phases("dawn", "sunrise", "sunrise-end-date", -1*h, 60*24*h))
	p := launcher(t, s, acc)
	route := acc.Describe().Route
	order := func(name watch.Name, l *catch.Launch) catch.Order {
		t.Helper()
		o, err := p.Order(t.Context(), watch.OrderSpec{Name: name, Route: route, Cap: usd(20), Consents: l.Consents()})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return o
	}
	synced := func(id int64, want catch.State) catch.Order {
		t.Helper()
		until(t, fmt.Sprintf("order %d is %s", id, want), func() bool {
			if err := p.Sync(context.Background()); err != nil {
				t.Fatal(err)
			}
			return p.order(t, id).State == want
		})
		return p.order(t, id)
	}
	rush := &catch.Launch{Phase: "landrush", Application: true}

	// Withdrawn, with its fee still spent and every step in the ledger.
	o := order("a.slow", rush)
	if o.State != catch.Processing || o.Paid != usd(10) {
		t.Fatalf("%+v", o)
	}
	if o, _ = p.Cancel(t.Context(), o.ID); o.State != catch.Cancelled || !strings.Contains(o.Why, "withdrawn; 10.00 USD was charged for it") || o.Paid != usd(10) {
		t.Fatalf("%+v", o)
	}
	es, err := p.Ledger(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, e := range slices.Backward(es) {
		if e.Order == o.ID {
			steps = append(steps, string(e.Step)+" "+e.Action)
		}
	}
	if want := []string{"intent order", "answer order", "intent cancel", "answer cancel"}; !slices.Equal(steps, want) {
		slices.Reverse(steps)
		if !slices.Equal(steps, want) {
			t.Errorf("ledger: %q", steps)
		}
	}
	if again := order("a.slow", rush); again.State != catch.Processing || again.Ref == o.Ref {
		t.Errorf("a new application after the withdrawal: %+v", again)
	}
	// Allocated, and no longer to be withdrawn.
	o = order("b.grove", rush)
	reg.Decide("b.grove")
	o = synced(o.ID, catch.WonProvisional)
	if _, err := p.Cancel(t.Context(), o.ID); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("what was won is cancelled: %v", err)
	}
	// Rejected: somebody else's application was first.
	if first, err := acc.Place(t.Context(), catch.Request{Name: "c.grove", Key: "lapse-other", Years: 1, Price: usd(10), Cap: usd(10), Launch: rush}); err != nil || first.Ref == "" {
		t.Fatal(first, err)
	}
	o = order("c.grove", rush)
	reg.Decide("c.grove")
	if o = synced(o.ID, catch.Lost); !strings.Contains(o.Why, "rejected") {
		t.Errorf("%+v", o)
	}
	// A create is done at once: there is nothing to take back.
	o = order("d.grove", &catch.Launch{Phase: "landrush"})
	if _, err := p.Cancel(t.Context(), o.ID); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("a create is cancelled: %v", err)
	}
	// Reserved: nothing is sent, and it says what of a fee.
	o = order("held.grove", rush)
	if o.State != catch.RefusedOrder || !strings.Contains(o.Why, "reserved at EPP account mine: Reserved") || !strings.Contains(o.Why, "money already paid") {
		t.Errorf("%s: %s", o.State, o.Why)
	}
	until(t, "the look says so", func() bool {
		if err := p.LookNow(context.Background(), "held.grove"); err != nil {
			t.Fatal(err)
		}
		d, err := p.Get(context.Background(), "held.grove")
		if err != nil {
			t.Fatal(err)
		}
		return d.Verdict.Stage == lifecycle.ReservedStage
	})

	// Sunrise: with the signed mark, as it was given out.
	if o := order("nomark.dawn", &catch.Launch{Phase: "sunrise"}); o.State.Holds() || !strings.Contains(o.Why, "needs a mark") {
		t.Errorf("%s: %s", o.State, o.Why)
	}
	mark, err := eppaccount.ReadMark(strings.NewReader("Marks: Brand\n-----BEGIN ENCODED SMD-----\n" + base64.StdEncoding.EncodeToString([]byte(smd)) + "\n-----END ENCODED SMD-----\n"))
	if err != nil {
		t.Fatal(err)
	}
	if o := order("brand.dawn", &catch.Launch{Phase: "sunrise", Marks: []string{mark}}); o.State != catch.WonProvisional {
		t.Errorf("%s: %s", o.State, o.Why)
	}
}

// TestReservedAfterPayment says at the order what becomes of a fee that was
// paid before the registry reserved the name.
func TestReservedAfterPayment(t *testing.T) {
	const h = time.Hour
	s := &shelf{}
	s.write(t, phases("oak", "GA", "ga", 48*h, 0*h)+
		"[[offer]]\nid = \"o\"\nregistrar = \"O\"\ntld = \"oak\"\nphase = \"GA\"\ntier = \"standard\"\nprice = \"60USD\"\napplication_fee = \"20USD\"\ncharged = \"at-order\"\nrefund = \"cash\"\nif_reserved = \"all but the fee comes back in 30 days\"\n")
	p := launcher(t, s)
	if _, err := p.Add(t.Context(), []watch.NewWatch{{Input: "acorn.oak", Cap: usd(60)}}); err != nil {
		t.Fatal(err)
	}
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "acorn.oak", Route: "prereg:o"})
	if err != nil || o.Paid != usd(60) {
		t.Fatalf("%+v %v", o, err)
	}
	_, err = p.Quote(t.Context(), "acorn.oak", launch.Quoted{Source: "the registry", Class: "reserved"})
	if !errors.Is(err, watch.ErrGuard) || !strings.Contains(err.Error(), "all but the fee comes back in 30 days") {
		t.Errorf("%v", err)
	}
	if o = p.order(t, o.ID); !strings.Contains(o.Why, "all but the fee comes back in 30 days") || o.Paid != usd(60) {
		t.Errorf("%+v", o)
	}
}

// TestConsentNamesEveryOther takes standard pre-registrations of one phase at
// several registrars: each that stands has to be consented to by name.
func TestConsentNamesEveryOther(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	text := phases("oak", "GA", "ga", 48*time.Hour, 0*time.Hour)
	for _, id := range []string{"o", "p", "q"} {
		text += fmt.Sprintf("[[offer]]\nid = %q\nregistrar = %q\ntld = \"oak\"\nphase = \"GA\"\ntier = \"standard\"\nprice = \"30USD\"\n", id, strings.ToUpper(id))
	}
	s.write(t, text)
	pools := make([]catch.Route, 3)
	for i := range pools {
		svc := newService(fmt.Sprintf("pool-%d", i))
		svc.desc.Pool = "one"
		pools[i] = svc
	}
	p := launcher(t, s, pools...)
	for _, n := range []string{"acorn.oak", "a.com"} {
		if _, err := p.Add(t.Context(), []watch.NewWatch{{Input: n, Cap: usd(60)}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name     watch.Name
		route    string
		consents []string
		refused  string
	}{
		{"acorn.oak", "prereg:o", nil, ""},
		{"acorn.oak", "prereg:p", nil, "--consent against:prereg:o allows it"},
		{"acorn.oak", "prereg:p", []string{"against:prereg:q"}, "--consent against:prereg:o allows it"},
		{"acorn.oak", "prereg:p", []string{"against:prereg:o"}, ""},
		{"acorn.oak", "prereg:q", []string{"against:prereg:o"}, "--consent against:prereg:p allows it"},
		{"acorn.oak", "prereg:q", []string{"against:prereg:o", "against:prereg:p"}, ""},
		{"a.com", "pool-0", nil, ""},
		{"a.com", "pool-1", []string{"against:pool-0"}, ""},
		{"a.com", "pool-2", []string{"against:pool-0"}, "--consent against:pool-1 allows it"},
	} {
		_, err := p.Order(t.Context(), watch.OrderSpec{Name: c.name, Route: c.route, Consents: c.consents})
		if c.refused == "" && err != nil || c.refused != "" && (!errors.Is(err, watch.ErrGuard) || !strings.Contains(err.Error(), c.refused)) {
			t.Errorf("%s, consent %q: %v, want %q", c.route, c.consents, err, c.refused)
		}
	}
}
