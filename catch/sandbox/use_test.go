package sandbox_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
	"github.com/lapse-dev/lapse/catch/registrar/dynadot"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
	"github.com/lapse-dev/lapse/catch/sandbox"
)

func gtld(zone string) sandbox.TLD {
	return sandbox.TLD{Zone: zone, Thin: true, Stages: []sandbox.Stage{
		{Name: "registered", Statuses: []string{"ok"}, For: time.Hour, Renewable: true},
		{Name: "redemption", Statuses: []string{"pendingDelete", "redemptionPeriod"}, For: time.Hour, Renewable: true},
		{Name: "pending delete", Statuses: []string{"pendingDelete"}, For: time.Hour},
	}}
}

// clock is a clock that a test sets.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }
func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func start(t *testing.T, o sandbox.Options) (*sandbox.Registry, sandbox.Config) {
	t.Helper()
	r, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, r.Config()
}

func session(t *testing.T, c sandbox.Config, i int) *epp.Session {
	t.Helper()
	s, err := epp.Dial(t.Context(), epp.Config{Addr: c.EPPAddr, ServerName: "sandbox.test", Roots: c.Pool()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	a := c.Accounts[i]
	if _, err := s.Login(t.Context(), epp.Login{ClientID: a.User, Password: catch.NewSecret(a.Password), Agent: "lapse test"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestClient drives the registry with the product's own EPP client: two
// readings of the same RFCs meet here.
func TestClient(t *testing.T) {
	clk := &clock{t: time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)}
	r, c := start(t, sandbox.Options{
		Now: clk.Now, TLDs: []sandbox.TLD{gtld("com")}, Accounts: []sandbox.Account{{User: "anna-1", Password: "a-long-password-of-24-chr", Balance: "2000.00", Registrar: "Anna"}},
		Names: []sandbox.Name{{Name: "old.com", Stage: "pending delete"}, {Name: "gold.com", Stage: "free", Premium: "1200.00", Class: "tier-1"}},
	})
	s := session(t, c, 0)
	ctx := t.Context()

	got, err := s.Check(ctx, &epp.FeeCheck{Currency: "USD", Commands: []string{"create", "renew"}, Years: 1}, "gold.com", "old.com")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("check: %+v", got)
	create := epp.DomainCreate{Name: "old.com", Years: 1, Registrant: c.Contacts["anna-1"], AuthInfo: catch.NewSecret("x-Y-z-1-2")}
	var re *epp.ResultError
	if _, err := s.Create(ctx, create); !errors.As(err, &re) || re.Code != 2302 {
		t.Fatalf("create before the drop: %v", err)
	}
	st, _ := r.Look("old.com")
	clk.Add(st.Drop.Sub(clk.Now()))
	if _, err := s.Create(ctx, create); err != nil {
		t.Fatalf("create at the drop: %v", err)
	}
	price, _ := catch.MoneyOf("1200.00", "USD")
	gold := epp.DomainCreate{Name: "gold.com", Years: 1, AuthInfo: catch.NewSecret("x-Y-z-1-2"), Fee: &epp.Fee{Price: price}}
	if _, err := s.Create(ctx, gold); err != nil {
		t.Fatalf("create premium: %v", err)
	}
	d, err := s.Info(ctx, "old.com")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("info: %+v", d)
	if err := s.Logout(ctx); err != nil {
		t.Fatal(err)
	}
	if v := r.Breaches(); len(v) > 0 {
		t.Errorf("breaches: %+v", v)
	}
	if w := r.Wins(); len(w) != 1 || w[0].After != 0 {
		t.Errorf("wins: %+v", w)
	}
}

// TestPipelined sends 4 × 20 creates at once to a registry whose answers
// overtake each other; every answer has to find its command.
func TestPipelined(t *testing.T) {
	r, c := start(t, sandbox.Options{
		TLDs: []sandbox.TLD{gtld("com")}, Names: []sandbox.Name{{Name: "held.com"}},
		Faults: sandbox.Faults{OutOfOrder: 20 * time.Millisecond},
	})
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	for range 4 {
		s := session(t, c, 0)
		for i := range 20 {
			wg.Go(func() {
				name := "held.com"
				if i%2 == 0 {
					name = fmt.Sprintf("new%d-%p.com", i, s)[:9] + ".com"
				}
				_, err := s.Create(t.Context(), epp.DomainCreate{Name: name, AuthInfo: catch.NewSecret("secret-1")})
				var re *epp.ResultError
				if errors.As(err, &re) && re.Code == 2302 {
					err = nil
				}
				errs <- err
			})
		}
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	creates := 0
	for _, e := range r.Log() {
		if e.Command == "create" {
			creates++
		}
	}
	if creates != 80 {
		t.Errorf("%d creates arrived", creates)
	}
}

// TestConnector orders through the product's connector for the dialect that
// the registrar API speaks.
func TestConnector(t *testing.T) {
	clk := &clock{t: time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)}
	r, c := start(t, sandbox.Options{
		Now: clk.Now, TLDs: []sandbox.TLD{gtld("com")},
		Service: &sandbox.Service{Wins: 1, Requesters: map[string]string{"wanted.com": "180.00"}},
		Names: []sandbox.Name{
			{Name: "old.com", Stage: "pending delete"},
			{Name: "wanted.com", Stage: "pending delete"},
			{Name: "early.com", Stage: "redemption"},
			{Name: "gold.com", Stage: "free", Premium: "1200.00"},
			{Name: "plain.com", Stage: "free"},
		},
	})
	routes, err := dynadot.Factory().New(account.Config{
		Account: "box", Service: "dynadot", URL: c.ServiceBase, Key: catch.NewSecret(c.ServiceKey), Terms: terms.Default(),
		TLS: &tls.Config{RootCAs: c.Pool()}, Wait: conformance.Wait, Now: conformance.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	back, reg := routes[0], routes[1]
	ctx := t.Context()
	if _, err := back.Place(ctx, catch.Request{Name: "early.com"}); catch.KindOf(err) != catch.NotDroppableYet {
		t.Errorf("early.com: %v", err)
	}
	for _, n := range []string{"old.com", "wanted.com"} {
		rep, err := back.Place(ctx, catch.Request{Name: n})
		if err != nil || rep.State != catch.Active || rep.CancelBy.IsZero() {
			t.Errorf("%s: %+v, %v", n, rep, err)
		}
	}
	for name, premium := range map[string]bool{"gold.com": true, "plain.com": false} {
		q, err := reg.Quote(ctx, name, 1)
		if err != nil || q.Premium != premium || q.Price.IsZero() || q.Free == nil || !*q.Free {
			t.Errorf("quote of %s: %+v, %v", name, q, err)
		}
	}
	if _, err := reg.Place(ctx, catch.Request{Name: "gold.com", Years: 1}); catch.KindOf(err) != catch.PremiumRefused {
		t.Errorf("gold.com without consent: %v", err)
	}
	if _, err := reg.Place(ctx, catch.Request{Name: "old.com", Years: 1}); catch.KindOf(err) != catch.Taken {
		t.Errorf("old.com while it is there: %v", err)
	}
	if rep, err := reg.Place(ctx, catch.Request{Name: "plain.com", Years: 1}); err != nil || rep.State != catch.WonProvisional {
		t.Errorf("plain.com: %+v, %v", rep, err)
	}
	st, _ := r.Look("old.com")
	clk.Add(st.Drop.Sub(clk.Now()) - time.Minute)
	if _, err := back.Cancel(ctx, catch.Order{Name: "old.com"}); catch.KindOf(err) != catch.CutOffPassed {
		t.Errorf("cancel a minute before: %v", err)
	}
	clk.Add(time.Minute)
	for n, want := range map[string]catch.State{"old.com": catch.WonProvisional, "wanted.com": catch.AuctionOutbid} {
		rep, err := back.Find(ctx, catch.Order{Name: n})
		if err != nil || rep.State != want {
			t.Errorf("%s after the drop: %+v, %v; want %s", n, rep, err, want)
		}
	}
	if rep, err := reg.Find(ctx, catch.Order{Name: "old.com"}); err != nil || rep.State != catch.WonProvisional {
		t.Errorf("old.com in the account: %+v, %v", rep, err)
	}
	bidder := back.(catch.Bidder)
	for _, b := range []struct {
		amount int64
		want   catch.State
	}{{150, catch.AuctionOutbid}, {179, catch.AuctionOutbid}} {
		rep, err := bidder.Bid(ctx, catch.Order{Name: "wanted.com"}, catch.Money{Units: b.amount * 10000, Currency: "USD"})
		if err != nil || rep.State != b.want || rep.HighBid.IsZero() || rep.AuctionEnds.IsZero() {
			t.Errorf("bid of %d: %+v, %v; want %s", b.amount, rep, err, b.want)
		}
	}
	clk.Add(time.Hour)
	if rep, err := back.Find(ctx, catch.Order{Name: "wanted.com"}); err != nil || rep.State != catch.Lost {
		t.Errorf("wanted.com, outbid: %+v, %v", rep, err)
	}
}

// TestFeeVersions reads prices and pays them in every version of the fee
// extension.
func TestFeeVersions(t *testing.T) {
	tld := gtld("com")
	tld.Stages[2].For = 20 * time.Millisecond
	tld.EAP = []sandbox.EAP{{For: time.Hour, Fee: "500.00"}}
	for _, v := range []string{"1.0", "0.12", "0.11", "0.6"} {
		t.Run(v, func(t *testing.T) {
			_, c := start(t, sandbox.Options{Fee: v, TLDs: []sandbox.TLD{tld}, Names: []sandbox.Name{
				{Name: "gold.com", Stage: "free", Premium: "1200.00", Class: "tier-1"}, {Name: "plain.com", Stage: "registered"},
			}})
			s := session(t, c, 0)
			ctx := t.Context()
			got, err := s.Check(ctx, &epp.FeeCheck{Currency: "USD", Years: 1}, "gold.com", "plain.com")
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []struct {
				total   string
				premium bool
			}{{"1700.00 USD", true}, {"10.00 USD", false}} {
				q, ok := got[i].Fee("create")
				if !ok || q.Total.String() != want.total || q.Premium != want.premium || q.Early != want.premium {
					t.Errorf("%s: %+v, %v", got[i].ID, q, ok)
				}
			}
			price, _ := catch.MoneyOf("1699.99", "USD")
			create := epp.DomainCreate{Name: "gold.com", Years: 1, AuthInfo: catch.NewSecret("x-Y-z-1-2"), Fee: &epp.Fee{Price: price}}
			var re *epp.ResultError
			if _, err := s.Create(ctx, create); !errors.As(err, &re) || re.Code != 2004 {
				t.Errorf("a cent less: %v", err)
			}
			create.Fee.Price, _ = catch.MoneyOf("1700.00", "USD")
			made, err := s.Create(ctx, create)
			if err != nil || made.Fee.Total.String() != "1700.00 USD" {
				t.Errorf("the price: %+v, %v", made, err)
			}
		})
	}
}
