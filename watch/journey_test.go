package watch_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/catch/sandbox"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
)

// shelf is a launch book that a test changes.
type shelf struct {
	mu sync.Mutex
	b  *launch.Book
}

func (s *shelf) book() *launch.Book { s.mu.Lock(); defer s.mu.Unlock(); return s.b }

func (s *shelf) write(t *testing.T, text string) {
	t.Helper()
	b := launch.Default()
	if err := b.Overlay("launches.toml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = b
}

// launcher is a program that watches launches and tells of them.
func launcher(t *testing.T, s *shelf, routes ...catch.Route) *process {
	t.Helper()
	w := newWorld(t)
	st, err := store.Open(t.Context(), w.path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return &process{st: st, Service: watch.New(watch.Options{
		Store: st, Routes: routes, Lock: store.NewLock(w.path), Launches: s.book,
		MonthCaps: map[string]catch.Money{"USD": usd(1000)}, Holder: "test", Alerts: alert.Rules{Channels: []string{"phone"}},
	})}
}

func stampAt(d time.Duration) string {
	return time.Now().Add(d).UTC().Truncate(time.Second).Format(time.RFC3339)
}

func (p *process) ids(t *testing.T, name string) []string {
	t.Helper()
	items, err := p.Outbox(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, it := range items {
		if it.Name == name {
			out = append(out, it.ID)
		}
	}
	slices.Sort(out)
	return out
}

// TestLaunchWatch follows a name under a TLD that nobody runs yet: its stage,
// what the person has to do, the alerts before each deadline, and what happens
// to them when the launch moves.
func TestLaunchWatch(t *testing.T) {
	s := &shelf{}
	ga := 40 * 24 * time.Hour
	text := func(ga time.Duration) string {
		return fmt.Sprintf("[[launch]]\ntld = \"oak\"\n[[launch.phase]]\nname = \"EAP 1\"\nkind = \"eap\"\nfrom = %q\nto = %q\nfee = \"500USD\"\n"+
			"[[launch.phase]]\nname = \"EAP 2\"\nkind = \"eap\"\nfrom = %q\nto = %q\nfee = \"50USD\"\n[[launch.phase]]\nname = \"GA\"\nkind = \"ga\"\nfrom = %q\n"+
			"[[offer]]\nid = \"o\"\nregistrar = \"O\"\ntld = \"oak\"\nphase = \"GA\"\ntier = \"priority\"\nprice = \"60USD\"\napplication_fee = \"20USD\"\ncharged = \"at-order\"\nrefund = \"cash\"\nbinding_on = %q\n"+
			"[[offer]]\nid = \"p\"\nregistrar = \"P\"\ntld = \"oak\"\nphase = \"GA\"\ntier = \"priority\"\nprice = \"60USD\"\n"+
			"[[offer]]\nid = \"i\"\nregistrar = \"I\"\ntld = \"oak\"\nphase = \"GA\"\ntier = \"interest\"\n",
			stampAt(ga-48*time.Hour), stampAt(ga-24*time.Hour), stampAt(ga-24*time.Hour), stampAt(ga), stampAt(ga), stampAt(20*24*time.Hour))
	}
	s.write(t, text(ga))
	p := launcher(t, s)
	rs, err := p.Add(t.Context(), []watch.NewWatch{{Input: "acorn.oak", Cap: usd(60)}})
	if err != nil || !rs[0].Added {
		t.Fatalf("%+v %v", rs, err)
	}
	if err := p.LookNow(t.Context(), "acorn.oak"); err != nil {
		t.Fatal(err)
	}
	d, err := p.Get(t.Context(), "acorn.oak")
	if err != nil || d.Kind != watch.Launch || d.Verdict.Stage != lifecycle.Launching || d.Verdict.Window == nil || d.Todo.Verb != watch.TodoDecide || !strings.Contains(d.Todo.Text, "EAP 2 of .oak opens") {
		t.Fatalf("%+v %v", d.Row, err)
	}
	o, err := p.Order(t.Context(), watch.OrderSpec{Name: "acorn.oak", Route: "prereg:o"})
	if err != nil || o.State != catch.Active || o.Kind != catch.Prereg || o.Paid != usd(60) || o.LoseFee != usd(20) {
		t.Fatalf("%+v %v", o, err)
	}
	if _, err := p.Order(t.Context(), watch.OrderSpec{Name: "acorn.oak", Route: "prereg:p"}); err == nil || !strings.Contains(err.Error(), "against oneself") {
		t.Errorf("a second priority: %v", err)
	}
	if _, err := p.Order(t.Context(), watch.OrderSpec{Name: "acorn.oak", Route: "prereg:i"}); err == nil {
		t.Error("an interest was ordered")
	}
	before := p.ids(t, "acorn.oak")
	for _, want := range []string{"/launch/phase-EAP 1-opens-24h0m0s/", "/launch/phase-GA-opens-1h0m0s/", "/launch/cap-met-1h0m0s/", "/launch/binding-o-120h0m0s/"} {
		if !slices.ContainsFunc(before, func(id string) bool { return strings.Contains(id, want) }) {
			t.Errorf("no alert %s among %q", want, before)
		}
	}
	if slices.ContainsFunc(before, func(id string) bool { return strings.Contains(id, "/window/") }) {
		t.Errorf("it is told that the name may drop: %q", before)
	}
	// The launch moves: what was announced follows, nothing of the old remains.
	s.write(t, text(ga+10*24*time.Hour))
	if err := p.LookNow(t.Context(), "acorn.oak"); err != nil {
		t.Fatal(err)
	}
	after := p.ids(t, "acorn.oak")
	for _, id := range before {
		if strings.Contains(id, "-opens-") && slices.Contains(after, id) {
			t.Errorf("%s is still announced", id)
		}
	}
	if len(after) != len(before)+1 || !slices.ContainsFunc(after, func(id string) bool { return strings.Contains(id, "/launch/moved/") }) {
		t.Errorf("%d alerts before, %d after, one of which tells of the move: %q", len(before), len(after), after)
	}
	if es, err := p.Ledger(t.Context(), 10); err != nil || len(es) < 2 {
		t.Errorf("ledger %+v %v", es, err)
	}
	// A quote that becomes worse, and a name that the registry keeps.
	if _, err := p.Quote(t.Context(), "acorn.oak", launch.Quoted{At: time.Now().Add(-time.Hour), Source: "O's page", Class: "standard", Price: usd(60)}); err != nil {
		t.Fatal(err)
	}
	_, err = p.Quote(t.Context(), "acorn.oak", launch.Quoted{At: time.Now(), Source: "mail of O", Class: "premium", Price: usd(119)})
	if err == nil || !strings.Contains(err.Error(), "60.00 USD on") || !strings.Contains(err.Error(), "119.00 USD on") {
		t.Errorf("%v", err)
	}
	if o = p.order(t, o.ID); !strings.Contains(o.Why, "119.00 USD") {
		t.Errorf("the order does not say so: %+v", o)
	}
	if ids := p.ids(t, "acorn.oak"); !slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(id, "/price/") }) {
		t.Errorf("nobody is told: %q", ids)
	}
	if _, err = p.Quote(t.Context(), "acorn.oak", launch.Quoted{Source: "the registry", Class: "reserved"}); err == nil || !strings.Contains(err.Error(), "ask first what happens to money already paid") {
		t.Errorf("%v", err)
	}
}

const notice = `<?xml version="1.0"?>
<tmNotice:notice xmlns:tmNotice="urn:ietf:params:xml:ns:tmNotice-1.0">
  <tmNotice:id>370d0b7c9223372036854775807</tmNotice:id>
  <tmNotice:notBefore>2020-01-01T00:00:00Z</tmNotice:notBefore>
  <tmNotice:notAfter>2120-01-01T00:00:00Z</tmNotice:notAfter>
  <tmNotice:label>brand</tmNotice:label>
  <tmNotice:claim id="0">
    <tmNotice:markName>Brand</tmNotice:markName>
    <tmNotice:holder entitlement="owner"><tmNotice:org>Brand Ltd</tmNotice:org></tmNotice:holder>
    <tmNotice:jurDesc jurCC="US">USA</tmNotice:jurDesc>
    <tmNotice:goodsAndServices>Hammers.</tmNotice:goodsAndServices>
  </tmNotice:claim>
</tmNotice:notice>`

// opening is a TLD of the sandbox that is not open to all.
func opening(zone string, change func(*sandbox.TLD)) sandbox.TLD {
	z := sandbox.TLD{Zone: zone, Thin: true, Stages: []sandbox.Stage{{Name: "registered", Statuses: []string{"ok"}, For: time.Hour, Renewable: true}}}
	change(&z)
	return z
}

// launchRegistry is a registry of such TLDs, and an account there.
func launchRegistry(t *testing.T, tlds []sandbox.TLD, names ...sandbox.Name) (*sandbox.Registry, *eppaccount.Account) {
	t.Helper()
	pol, _ := burst.DefaultPolicies().ByID("sandbox")
	reg, err := sandbox.Start(t.Context(), sandbox.Options{
		TLDs: tlds, Names: names,
		Accounts: []sandbox.Account{{User: "lapse-sandbox", Password: "sandbox-secret", Registrar: "Ours", IANA: "9999", Balance: "900.00"}},
		Policy:   pol.SandboxPolicy(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	c := reg.Config()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.CA)
	var zones []string
	for _, z := range tlds {
		zones = append(zones, z.Zone)
	}
	acc, err := eppaccount.New(eppaccount.Options{Config: account.Config{
		Account: "mine", User: "lapse-sandbox", Secret: catch.NewSecret("sandbox-secret"), TLDs: zones, Policy: "sandbox",
		URL: c.EPPAddr, TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, Contact: "none",
	}, Keeper: &burst.Memory{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { acc.Close() })
	return reg, acc
}

// TestJourney takes launches from the claims check to the ledger, against the
// sandbox: a notice that is read and accepted, an application that is followed
// until it is allocated, a create at the early access fee, and a premium price
// that nobody agreed to.
func TestJourney(t *testing.T) {
	reg, acc := launchRegistry(t, []sandbox.TLD{
		opening("moss", func(z *sandbox.TLD) {
			z.Phase, z.Claims = "claims", map[string]string{"brand.moss": "2013041500/2/6/9/rJ1NrDO92vDsAzf7EQzgjX4R0000000001"}
		}),
		opening("grove", func(z *sandbox.TLD) { z.Phase, z.Allocate = "landrush", 200*time.Millisecond }),
		opening("fern", func(z *sandbox.TLD) {
			z.EAPFrom, z.EAP = time.Now().Add(-time.Minute), []sandbox.EAP{{For: time.Hour, Fee: "100.00"}, {For: time.Hour, Fee: "10.00"}}
		}),
	}, sandbox.Name{Name: "gold.grove", Stage: "free", Premium: "119.00", Class: "premium"})
	s := &shelf{}
	var text strings.Builder
	for _, z := range []struct{ tld, kind, fee string }{{"moss", "landrush", "10USD"}, {"grove", "landrush", "10USD"}, {"fern", "eap", "100USD"}} {
		fmt.Fprintf(&text, "[[launch]]\ntld = %q\n[[launch.phase]]\nname = \"now\"\nkind = %q\nfrom = %q\nto = %q\nfee = %q\n[[launch.phase]]\nname = \"GA\"\nkind = \"ga\"\nfrom = %q\n",
			z.tld, z.kind, stampAt(-time.Hour), stampAt(24*time.Hour), z.fee, stampAt(48*time.Hour))
	}
	s.write(t, text.String())
	p := launcher(t, s, acc)
	route := acc.Describe().Route
	order := func(name watch.Name, most int64, l *catch.Launch) catch.Order {
		t.Helper()
		o, err := p.Order(context.Background(), watch.OrderSpec{Name: name, Route: route, Cap: usd(most), Consents: l.Consents()})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return o
	}

	// Claims: the registry refuses a create without the notice.
	keys, err := acc.Claims(t.Context(), "brand.moss")
	if err != nil || len(keys) != 1 {
		t.Fatalf("%v %v", keys, err)
	}
	if keys, err := acc.Claims(t.Context(), "nobrand.moss"); err != nil || len(keys) != 0 {
		t.Errorf("%v %v", keys, err)
	}
	if o := order("brand.moss", 20, &catch.Launch{Phase: "claims"}); o.State != catch.RefusedOrder || !strings.Contains(o.Why, "its notice was not accepted") {
		t.Errorf("without the notice: %s %s", o.State, o.Why)
	}
	n, err := eppaccount.ReadNotice(strings.NewReader(notice))
	if err != nil || len(n.Claims) != 1 || n.Claims[0].Holder != "Brand Ltd" {
		t.Fatalf("%+v %v", n, err)
	}
	if _, err := n.Accept("other.moss", time.Now()); err == nil {
		t.Error("a notice about another label was accepted")
	}
	accepted, err := n.Accept("brand.moss", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	o := order("brand.moss", 20, &catch.Launch{Phase: "claims", Notice: accepted})
	if o.State != catch.WonProvisional && o.State != catch.Won {
		t.Fatalf("with the notice: %s %s", o.State, o.Why)
	}
	if l, err := catch.LaunchOf(p.order(t, o.ID).Consents); err != nil || l.Notice == nil || l.Notice.ID != n.ID || l.Notice.Accepted.IsZero() {
		t.Errorf("the acceptance is not kept: %+v %v", l, err)
	}

	// Landrush: an application, followed until it is allocated; one that comes
	// later is rejected and its fee comes back.
	o = order("secret.grove", 20, &catch.Launch{Phase: "landrush", Application: true})
	if o.State != catch.Processing || !strings.HasPrefix(o.Ref, "A") {
		t.Fatalf("application: %s %q %s", o.State, o.Ref, o.Why)
	}
	until(t, "the application is allocated", func() bool {
		if err := p.Sync(context.Background()); err != nil {
			t.Fatal(err)
		}
		got := p.order(t, o.ID)
		return got.State == catch.WonProvisional || got.State == catch.Won
	})
	if got := p.order(t, o.ID); !strings.Contains(got.Why, "allocated") {
		t.Errorf("%+v", got)
	}

	// Early access: the fee goes along with the create; a cap below it refuses.
	if o := order("low.fern", 60, &catch.Launch{Phase: "open"}); o.State != catch.RefusedOrder || !strings.Contains(o.Why, "110.00 USD") {
		t.Errorf("below the fee: %s %s", o.State, o.Why)
	}
	// The year's price was quoted before; the fee on top of it is no new quote.
	if _, err := p.Quote(t.Context(), "leaf.fern", launch.Quoted{At: time.Now().Add(-time.Hour), Source: "its page", Class: "standard", Price: usd(10)}); err != nil {
		t.Fatal(err)
	}
	q, err := acc.Quote(t.Context(), "leaf.fern", 1)
	if err != nil || q.Price != usd(110) || q.Early != usd(100) || !strings.Contains(q.EarlyWhat, "Access Period, fee expires") {
		t.Errorf("%+v %v", q, err)
	}
	if a := watch.NewRouteSource(acc, time.Now).Ask(t.Context(), "leaf.fern"); a.Price == nil || !strings.Contains(a.Price.What, "Access Period") {
		t.Errorf("%+v", a)
	}
	if o := order("leaf.fern", 120, &catch.Launch{Phase: "open"}); o.State != catch.WonProvisional && o.State != catch.Won || o.Paid != usd(110) {
		t.Errorf("at the fee: %s %s %s", o.State, o.Paid, o.Why)
	}

	// Premium: 19 was quoted, the registry asks 119. Both are kept.
	if _, err := p.Add(t.Context(), []watch.NewWatch{{Input: "gold.grove"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Quote(t.Context(), "gold.grove", launch.Quoted{At: time.Now().Add(-time.Hour), Source: "its page", Class: "standard", Price: usd(19)}); err != nil {
		t.Fatal(err)
	}
	if o := order("gold.grove", 200, &catch.Launch{Phase: "landrush"}); o.State != catch.RefusedOrder || !strings.Contains(o.Why, "19.00 USD on") || !strings.Contains(o.Why, "119.00 USD on") {
		t.Errorf("premium: %s %s", o.State, o.Why)
	}
	if ids := p.ids(t, "gold.grove"); !slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(id, "/order/") }) {
		t.Errorf("nobody is told of the refusal: %q", ids)
	}
	if ids := p.ids(t, "secret.grove"); !slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(id, "/launch/") }) {
		t.Errorf("no deadline is announced: %q", ids)
	}
	// What the registry says of a watched name is kept, and a change is told.
	if _, err := p.Add(t.Context(), []watch.NewWatch{{Input: "silver.grove"}}); err != nil {
		t.Fatal(err)
	}
	var qs []launch.Quoted
	quoted := func(n int) {
		t.Helper()
		until(t, fmt.Sprintf("%d prices are seen", n), func() bool { // the account's budget allows a look now and then
			err := p.LookNow(context.Background(), "silver.grove")
			if err == nil {
				qs, err = p.Quotes(context.Background(), "silver.grove")
			}
			if err != nil {
				t.Fatal(err)
			}
			return len(qs) >= n
		})
	}
	quoted(1)
	if err := reg.Add(sandbox.Name{Name: "silver.grove", Stage: "free", Premium: "119.00", Class: "tier-1"}); err != nil {
		t.Fatal(err)
	}
	quoted(2)
	if len(qs) != 2 || qs[0].Price != usd(10) || qs[1].Price != usd(119) || qs[1].Class != "tier-1" {
		t.Errorf("%+v", qs)
	}
	if ids := p.ids(t, "silver.grove"); !slices.ContainsFunc(ids, func(id string) bool { return strings.HasSuffix(id, "-quote") }) {
		t.Errorf("nobody is told of the price: %q", ids)
	}
	if d, err := p.Get(t.Context(), "silver.grove"); err != nil || d.Verdict.Stage != lifecycle.Launching || d.Verdict.Has(lifecycle.FlagPremium) == nil {
		t.Errorf("%+v %v", d.Verdict, err)
	}
	es, err := p.Ledger(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var intents int
	for _, e := range es {
		if e.Step == catch.Intent {
			intents++
		}
	}
	if intents != 4 { // two for brand.moss, one for secret.grove, one for leaf.fern; the refused sent nothing
		t.Errorf("%d intents in %+v", intents, es)
	}
	if n := reg.Violations()["lapse-sandbox"]; n != 0 {
		t.Errorf("violations: %v", reg.Breaches())
	}
}
