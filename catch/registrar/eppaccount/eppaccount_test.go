package eppaccount

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/sandbox"
)

func usd(s string) catch.Money {
	m, err := catch.MoneyOf(s, "USD")
	if err != nil {
		panic(err)
	}
	return m
}

// bench starts a sandbox and an account at it.
func bench(t *testing.T, change func(*sandbox.Options, *Options)) (*sandbox.Registry, *Account) {
	t.Helper()
	o := sandbox.Options{
		TLDs: []sandbox.TLD{{Zone: "test", DropReason: true, Stages: []sandbox.Stage{
			{Name: "registered", Statuses: []string{"ok"}, For: time.Hour, Renewable: true},
			{Name: "pending delete", Statuses: []string{"pendingDelete"}, For: 3 * time.Second, NoDNS: true},
		}}},
		Names: []sandbox.Name{
			{Name: "taken.test", Stays: true},
			{Name: "dropping.test", Stage: "pending delete"},
			{Name: "gold.test", Stage: "free", Premium: "1200.00", Class: "premium"},
		},
		Accounts: []sandbox.Account{{User: "lapse-sandbox", Password: "sandbox-secret", Registrar: "Lapse Sandbox Account", IANA: "9999", Balance: "500.00"}},
	}
	pol, _ := burst.DefaultPolicies().ByID("sandbox")
	o.Policy = pol.SandboxPolicy()
	opts := Options{Config: account.Config{
		Account: "mine", User: "lapse-sandbox", Secret: catch.NewSecret("sandbox-secret"), TLDs: []string{"test"}, Policy: "sandbox",
		Options: map[string]string{"ns": "ns1.example-hosting.test,ns2.example-hosting.test"},
	}, Keeper: &burst.Memory{}}
	if change != nil {
		change(&o, &opts)
	}
	reg, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	c := reg.Config()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.CA)
	opts.URL, opts.TLS, opts.Contact = c.EPPAddr, &tls.Config{RootCAs: pool}, c.Contacts["lapse-sandbox"]
	a, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return reg, a
}

func TestLookQuotePlaceFind(t *testing.T) {
	reg, a := bench(t, nil)
	ctx := t.Context()
	q, err := a.Quote(ctx, "free.test", 1)
	if err != nil || q.Price != usd("10") || q.Premium || !*q.Free {
		t.Fatalf("quote %+v %v", q, err)
	}
	if l, err := a.Look(ctx, "dropping.test", 1); err != nil || l.Free || l.Drop.IsZero() || l.May {
		t.Fatalf("look %+v %v", l, err)
	}
	req := catch.Request{Key: "order-1", Name: "free.test", Years: 1, Price: q.Price, Cap: usd("20")}
	dry := req
	dry.DryRun = true
	if rep, err := a.Place(ctx, dry); err != nil || rep.State != catch.Requested {
		t.Fatalf("dry run %+v %v", rep, err)
	}
	rep, err := a.Place(ctx, req)
	if err != nil || rep.State != catch.Won || rep.Paid != usd("10") {
		t.Fatalf("place %+v %v", rep, err)
	}
	if m, err := a.Balance(ctx); err != nil || m != usd("490") {
		t.Errorf("balance %s %v", m, err)
	}
	if rep, err := a.Find(ctx, catch.Order{Name: "free.test"}); err != nil || rep.State != catch.Won {
		t.Errorf("find %+v %v", rep, err)
	}
	if rep, err := a.Find(ctx, catch.Order{Name: "taken.test"}); err != nil || rep.State != catch.Lost {
		t.Errorf("find somebody else's %+v %v", rep, err)
	}
	if _, err := a.Find(ctx, catch.Order{Name: "nothing.test"}); catch.KindOf(err) != catch.NotFound {
		t.Errorf("find nothing: %v", err)
	}
	if err := a.Lock(ctx, "free.test", true); err != nil {
		t.Error(err)
	}
	if err := a.Nameservers(ctx, "free.test", []string{"ns1.example-hosting.test"}); err != nil {
		t.Error(err)
	}
	if n := reg.Violations()["lapse-sandbox"]; n != 0 {
		t.Errorf("violations: %v", reg.Breaches())
	}
}

func TestGuards(t *testing.T) {
	_, a := bench(t, nil)
	for name, c := range map[string]struct {
		r    catch.Request
		kind catch.ErrorKind
	}{
		"taken":           {catch.Request{Name: "taken.test", Price: usd("10"), Cap: usd("20")}, catch.Taken},
		"not dropped":     {catch.Request{Name: "dropping.test", Price: usd("10"), Cap: usd("20")}, catch.NotDroppableYet},
		"above the cap":   {catch.Request{Name: "a.test", Price: usd("10"), Cap: usd("9.99")}, catch.PriceMismatch},
		"other currency":  {catch.Request{Name: "a.test", Price: catch.Money{Units: 100000, Currency: "EUR"}, Cap: usd("20")}, catch.PriceMismatch},
		"cap in another":  {catch.Request{Name: "a.test", Price: usd("10"), Cap: catch.Money{Units: 900000, Currency: "EUR"}}, catch.PriceMismatch},
		"premium":         {catch.Request{Name: "gold.test", Price: usd("1200"), Cap: usd("2000")}, catch.PremiumRefused},
		"not our TLD":     {catch.Request{Name: "a.elsewhere", Price: usd("10"), Cap: usd("20")}, catch.TLDUnsupported},
		"contact missing": {catch.Request{Name: "b.test", Price: usd("10"), Cap: usd("20"), Contact: "nobody-1"}, catch.InvalidContact},
		"balance too low": {catch.Request{Name: "gold.test", Price: usd("1200"), Cap: usd("2000"), Premium: true}, catch.InsufficientFunds},
	} {
		_, err := a.Place(t.Context(), c.r)
		if kind := catch.KindOf(err); kind != c.kind && !(c.kind == catch.TLDUnsupported && kind != "") {
			t.Errorf("%s: %v, want kind %s", name, err, c.kind)
		}
	}
}

func TestBurst(t *testing.T) {
	reg, a := bench(t, func(o *sandbox.Options, _ *Options) {
		o.Rivals = []sandbox.Rival{{Name: "slow", Reaction: sandbox.Dist{Min: 200 * time.Millisecond}}}
	})
	ctx := t.Context()
	st, _ := reg.Look("dropping.test")
	armed, err := a.Arm(ctx, []catch.Request{{Name: "dropping.test", Years: 1, Price: usd("10"), Cap: usd("20")}}, st.Drop, st.Drop.Add(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Look(ctx, "x.test", 1); catch.KindOf(err) != catch.Busy {
		t.Errorf("look while armed: %v", err)
	}
	if _, err := a.Arm(ctx, []catch.Request{{Name: "dropping.test", Price: usd("10"), Cap: usd("20")}}, st.Drop, st.Drop); err == nil {
		t.Error("armed twice")
	}
	plan := armed.Plan()
	reps, err := armed.Fire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rep := reps["dropping.test"]
	if rep.State != catch.Won || rep.Paid != usd("10") || len(rep.Frames) > plan.Creates["dropping.test"] {
		t.Fatalf("%+v\nplan %+v", rep, plan)
	}
	if n := reg.Violations()["lapse-sandbox"]; n != 0 {
		t.Errorf("violations: %v", reg.Breaches())
	}
	if _, err := a.Look(ctx, "x.test", 1); err != nil {
		t.Errorf("look after the burst: %v", err)
	}
}

func TestBurstRefusesAPriceAboveTheCap(t *testing.T) {
	_, a := bench(t, nil)
	_, err := a.Arm(t.Context(), []catch.Request{{Name: "gold.test", Price: usd("10"), Cap: usd("20")}}, time.Now().Add(time.Second), time.Now().Add(time.Second))
	if k := catch.KindOf(err); k != catch.PremiumRefused {
		t.Fatalf("%v", err)
	}
	if _, err := a.Look(t.Context(), "x.test", 1); err != nil {
		t.Errorf("the account is still held: %v", err)
	}
}

// TestWrongPasswordOnce tries a wrong password once, also where another process
// comes after, until it is another one or the person asks for a test.
func TestWrongPasswordOnce(t *testing.T) {
	var o Options
	reg, a := bench(t, func(_ *sandbox.Options, opts *Options) { opts.Secret = catch.NewSecret("wrong-password") })
	logins := func(want int) {
		t.Helper()
		n := 0
		for _, e := range reg.Log() {
			if e.Command == "login" {
				n++
			}
		}
		if n != want {
			t.Errorf("%d logins, want %d", n, want)
		}
	}
	refused := func(err error) {
		t.Helper()
		if catch.KindOf(err) != catch.Auth || strings.Contains(err.Error(), "wrong-password") {
			t.Fatalf("%v", err)
		}
	}
	for range 3 {
		refused(a.Probe(t.Context()))
	}
	logins(1)
	another := func() *Account {
		b, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		return b
	}
	o = a.o
	b := another()
	_, err := b.Look(t.Context(), "free.test", 1)
	refused(err)
	if !strings.Contains(err.Error(), "account test mine") {
		t.Errorf("no next step: %v", err)
	}
	now := time.Now().Add(time.Minute)
	_, err = b.Arm(t.Context(), []catch.Request{{Name: "free.test", Years: 1, Price: usd("10"), Cap: usd("20")}}, now, now)
	refused(err)
	logins(1)
	refused(b.Probe(t.Context()))
	logins(2)
	o.Secret = catch.NewSecret("sandbox-secret")
	if _, err := another().Look(t.Context(), "free.test", 1); err != nil {
		t.Errorf("with the right password: %v", err)
	}
	logins(3)
}

// TestRefusalEndsForARunningProcess: a person who has the registry unlock the
// account, and tests it, frees it for the process that runs meanwhile, which
// goes by the note alone.
func TestRefusalEndsForARunningProcess(t *testing.T) {
	reg, a := bench(t, nil)
	logins := func() (n int) {
		for _, e := range reg.Log() {
			if e.Command == "login" {
				n++
			}
		}
		return n
	}
	reg.SetFaults(sandbox.Faults{LoginRefused: true})
	for range 3 {
		if _, err := a.Look(t.Context(), "free.test", 1); catch.KindOf(err) != catch.Auth {
			t.Fatalf("%v", err)
		}
	}
	if n := logins(); n != 1 {
		t.Fatalf("%d logins with a refused password", n)
	}
	reg.SetFaults(sandbox.Faults{})
	tester, err := New(a.o)
	if err != nil {
		t.Fatal(err)
	}
	if err := tester.Probe(t.Context()); err != nil {
		t.Fatalf("the test: %v", err)
	}
	for range 2 {
		if _, err := a.Look(t.Context(), "free.test", 1); err != nil {
			t.Fatalf("after the test: %v", err)
		}
	}
	if n := logins(); n != 3 {
		t.Errorf("%d logins, want 3", n)
	}
}

// TestRefusalIsNotedByWhoGaveUp: the registry counts a try also where nobody
// waits for its answer any more.
func TestRefusalIsNotedByWhoGaveUp(t *testing.T) {
	_, a := bench(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a.noteRefused(ctx, a.conn, burst.PasswordMark(a.use.Account, a.login.Password))
	if _, err := a.Look(t.Context(), "free.test", 1); catch.KindOf(err) != catch.Auth {
		t.Errorf("%v", err)
	}
}

func TestPreflight(t *testing.T) {
	_, a := bench(t, func(o *sandbox.Options, _ *Options) { o.Accounts[0].Expires = time.Now().Add(72 * time.Hour) })
	lines := a.Preflight(t.Context(), catch.Request{Name: "dropping.test", Years: 1, Price: usd("10"), Cap: usd("20")}, time.Now().Add(time.Minute))
	got := map[string]catch.Light{}
	for _, l := range lines {
		t.Logf("%-12s %-7s %s", l.What, l.Light, l.Words)
		got[l.What] = l.Light
	}
	for what, want := range map[string]catch.Light{"login": catch.Green, "policy": catch.Green, "budget": catch.Green, "password": catch.Yellow, "contact": catch.Green, "host": catch.Green, "price": catch.Green, "name": catch.Green} {
		if got[what] != want {
			t.Errorf("%s is %q, want %s", what, got[what], want)
		}
	}
	lines = a.Preflight(t.Context(), catch.Request{Name: "gold.test", Contact: "nobody-1", Price: usd("10"), Cap: usd("20")}, time.Time{})
	red := map[string]bool{}
	for _, l := range lines {
		red[l.What] = red[l.What] || l.Light == catch.Red
	}
	if !red["price"] || !red["contact"] || red["login"] {
		t.Errorf("red lines %v of %+v", red, lines)
	}
}

func TestPrint(t *testing.T) {
	a, err := New(Options{Config: account.Config{Account: "x", URL: "epp.example:700", User: "someone", Secret: catch.NewSecret("very-secret"), TLDs: []string{"test"}}, Keeper: &burst.Memory{}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.Print(catch.Request{Key: "k-1", Name: "example.test", Years: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<domain:name>example.test</domain:name>", "&lt;contact&gt;", "&lt;price&gt;", "<clTRID>k-1-"} {
		if !strings.Contains(s, want) {
			t.Errorf("no %s in %s", want, s)
		}
	}
}

func TestConfiguration(t *testing.T) {
	base := account.Config{Account: "x", URL: "epp.example", User: "someone", Secret: catch.NewSecret("very-secret"), TLDs: []string{"uk"}}
	a, err := New(Options{Config: base})
	if err != nil || a.cfg.Addr != "epp.example:700" || a.Policy("example.co.uk").ID != "uk" {
		t.Fatalf("%v %+v", err, a)
	}
	if ok, why := a.Open("example.fr"); ok || why == "" {
		t.Error("a .uk account is open for .fr")
	}
	for want, change := range map[string]func(*account.Config){
		"no policy is called": func(c *account.Config) { c.Policy = "nowhere" },
		"no IP address":       func(c *account.Config) { c.Options = map[string]string{"source": "me"} },
		"is none of single":   func(c *account.Config) { c.Options = map[string]string{"strategy": "fast"} },
		"has no url":          func(c *account.Config) { c.URL = "" },
	} {
		c := base
		change(&c)
		if _, err := New(Options{Config: c}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestAccountThatIsArmedElsewhereIsBusy uses an account that a burst of another
// process has to itself: that passes, and must not end an order.
func TestAccountThatIsArmedElsewhereIsBusy(t *testing.T) {
	keeper := &burst.Memory{}
	_, a := bench(t, func(_ *sandbox.Options, o *Options) { o.Keeper = keeper })
	at := time.Now().Add(5 * time.Second)
	doc := fmt.Sprintf(`{"held":{"id":"x","names":["dropping.test"],"at":%q,"process":%d,"run":"x"}}`, at.UTC().Format(time.RFC3339), os.Getppid())
	if err := keeper.ChangeAccount(t.Context(), a.use.Account, func([]byte) ([]byte, error) { return []byte(doc), nil }); err != nil {
		t.Fatal(err)
	}
	req := catch.Request{Key: "order-1", Name: "dropping.test", Years: 1, Price: usd("10"), Cap: usd("20")}
	if _, err := a.Arm(t.Context(), []catch.Request{req}, at, at.Add(10*time.Second)); catch.KindOf(err) != catch.Busy || !strings.Contains(err.Error(), "dropping.test") {
		t.Errorf("got %v, want busy", err)
	}
}

// TestSpentBudgetPasses arms after the policy's creates are spent: the order
// waits for the registry's window, it is not refused.
func TestSpentBudgetPasses(t *testing.T) {
	keeper := &burst.Memory{}
	_, a := bench(t, func(_ *sandbox.Options, o *Options) { o.Keeper, o.Policy = keeper, "sandbox" })
	doc := fmt.Sprintf(`{"creates":[{"id":"x","made":%q,"number":100000}]}`, time.Now().Add(-time.Hour).Format(time.RFC3339))
	if err := keeper.ChangeAccount(t.Context(), a.use.Account, func([]byte) ([]byte, error) { return []byte(doc), nil }); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(5 * time.Second)
	req := catch.Request{Key: "order-1", Name: "dropping.test", Years: 1, Price: usd("10"), Cap: usd("20")}
	_, err := a.Arm(t.Context(), []catch.Request{req}, at, at.Add(10*time.Second))
	var e *catch.Error
	if !errors.As(err, &e) || e.Kind != catch.RateLimited || e.RetryAfter < 22*time.Hour || e.RetryAfter > 24*time.Hour {
		t.Errorf("%v, again after %v", err, e)
	}
}

// TestEachNameIsPricedForItsOwnYears arms for names that are registered for
// different terms.
func TestEachNameIsPricedForItsOwnYears(t *testing.T) {
	_, a := bench(t, nil)
	_, ok, refused, err := a.lock(t.Context(), []catch.Request{
		{Name: "One.test", Years: 1, Price: usd("10"), Cap: usd("15")},
		{Name: "two.test", Years: 2, Price: usd("20"), Cap: usd("25")},
		{Name: "none.test", Price: usd("10"), Cap: usd("15")},
	})
	if err != nil || len(refused) != 0 || len(ok) != 3 {
		t.Fatalf("%+v, %+v, %v", ok, refused, err)
	}
	for i, want := range []catch.Money{usd("10"), usd("20"), usd("10")} {
		if ok[i].Price != want {
			t.Errorf("%s is locked at %s, want %s", ok[i].Name, ok[i].Price, want)
		}
	}
}
