package watch_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

// story is a program that lives through days which a test sets: the real
// connectors talk to fakes of their services, and the registry is a table.
type story struct {
	*watch.Service
	t     *testing.T
	clock atomic.Int64
	db    *store.Store
	reg   *registry
}

func (s *story) now() time.Time { return time.Unix(0, s.clock.Load()).UTC() }

func (s *story) at(day, month, hour, minute, second int) {
	s.clock.Store(time.Date(2026, time.Month(month), day, hour, minute, second, 0, time.UTC).UnixNano())
}

// newStory opens a list whose routes are the given accounts and those that
// are kept by hand.
func newStory(t *testing.T, accounts ...account.Config) *story {
	t.Helper()
	s := &story{t: t, reg: newRegistry()}
	s.at(1, 10, 12, 0, 0)
	path := filepath.Join(keptFolder(t), "lapse.db")
	db, err := store.Open(t.Context(), path, store.Options{Now: s.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	routes := registrar.ByHand(terms.Default())
	for _, a := range accounts {
		a.Terms, a.Now = terms.Default(), s.now
		a.Wait = func(ctx context.Context, d time.Duration) error { // a story's time passes by its own clock
			s.clock.Add(int64(d))
			return ctx.Err()
		}
		rs, err := registrar.Open(a)
		if err != nil {
			t.Fatal(err)
		}
		routes = append(routes, rs...)
	}
	s.db = db
	s.Service = watch.New(watch.Options{
		Store: db, Sources: s.reg.sources()[:2], Routes: routes, Lock: store.NewLock(path), Now: s.now,
		MonthCaps: map[string]catch.Money{"USD": usd(600)}, Holder: "story", DoubtGrace: time.Nanosecond,
	})
	return s
}

func (s *story) look(name watch.Name) watch.Row {
	s.t.Helper()
	if err := s.LookNow(s.t.Context(), name); err != nil {
		s.t.Fatal(err)
	}
	return s.row(name)
}

func (s *story) row(name watch.Name) watch.Row {
	s.t.Helper()
	d, err := s.Get(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return d.Row
}

func (s *story) give(spec watch.OrderSpec) catch.Order {
	s.t.Helper()
	o, err := s.Order(s.t.Context(), spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *story) get(id int64) catch.Order {
	s.t.Helper()
	o, err := s.db.Order(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *story) record(o catch.Order, why string) catch.Order {
	s.t.Helper()
	o, err := s.Record(s.t.Context(), o, why)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *story) sync() {
	s.t.Helper()
	if err := s.Sync(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// live lets the program act until something is so.
func (s *story) live(what string, so func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	until(s.t, what, so)
	cancel()
	if err := <-done; err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) exposure(name watch.Name) string {
	s.t.Helper()
	d, err := s.Get(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(d.Exposure.MostOwed) == 0 {
		return "-"
	}
	return d.Exposure.MostOwed[0].String()
}

func (s *story) paid() string {
	s.t.Helper()
	entries, err := s.Ledger(s.t.Context(), 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	sum := catch.Money{Currency: "USD"}
	for _, e := range entries {
		if sum, err = sum.Add(e.Paid); err != nil {
			s.t.Fatal(err)
		}
	}
	return sum.String()
}

func (s *story) spent() string {
	s.t.Helper()
	m, err := s.Spending(s.t.Context())
	if err != nil || len(m) == 0 {
		s.t.Fatalf("%v, %v", m, err)
	}
	return m[0].Spent.String()
}

// com is what the .com registry shows of a name.
func com(statuses []string, changed, expires time.Time, registrarName, registrarID string) whoisx.Answer {
	return whoisx.Answer{
		Outcome: whoisx.Registered, Confirmed: true, Statuses: statuses, Created: whoisx.Day(2009, 3, 4), Updated: whoisx.At(changed),
		Expires: whoisx.At(expires), Registrar: registrarName, RegistrarID: registrarID,
	}
}

func evening(d, m int) time.Time { return time.Date(2026, time.Month(m), d, 19, 2, 0, 0, time.UTC) }

// TestTinplate: two services are ordered at, one of them before it takes the
// name; the name is caught by the other, others bid more, and it is over at
// no cost.
func TestTinplate(t *testing.T) {
	dy := fake.NewDynadot()
	defer dy.Close()
	dc := fake.NewDropCatch("tinplate.com")
	defer dc.Close()
	s := newStory(t,
		account.Config{Account: "dynadot", Service: "dynadot", URL: dy.URL(), Key: catch.NewSecret(fake.Secret)},
		account.Config{Account: "dropcatch", Service: "dropcatch", URL: dc.URL(), User: "a:b", Secret: catch.NewSecret(fake.Secret)})
	dy.SetNow(s.now)
	dc.SetNow(s.now)
	const name = watch.Name("tinplate.com")
	expired := evening(27, 8)

	s.at(3, 11, 10, 0, 0)
	s.reg.put("tinplate.com", com([]string{"pendingDelete", "redemptionPeriod"}, evening(6, 10), expired, "eNom, LLC", "48"))
	if _, err := s.Add(t.Context(), []watch.NewWatch{{Input: "tinplate.com", Cap: usd(60), BidCap: usd(180)}}); err != nil {
		t.Fatal(err)
	}
	if r := s.look(name); r.Verdict.Stage != lifecycle.Redemption {
		t.Fatalf("3 November: %s", r.Verdict.Stage)
	}
	price := catch.Money{Units: 249900, Currency: "USD"}
	first := s.give(watch.OrderSpec{Name: name, Route: "dynadot", Cap: usd(60), BidCap: usd(180), Price: price})
	if first.State != catch.Planned || len(dy.Held()) != 0 {
		t.Fatalf("Dynadot cannot find it yet: %s (%s), held %v", first.State, first.Why, dy.Held())
	}

	s.at(5, 11, 20, 0, 0)
	s.reg.put("tinplate.com", com([]string{"pendingDelete"}, evening(5, 11), expired, "eNom, LLC", "48"))
	dy.List("tinplate.com", time.Date(2026, 11, 10, 19, 0, 0, 0, time.UTC))
	if r := s.look(name); r.Verdict.Stage != lifecycle.PendingDelete {
		t.Fatalf("5 November: %s", r.Verdict.Stage)
	}
	for range 3 { // it is asked again and again; one order results
		s.live("Dynadot takes it", func() bool { return s.get(first.ID).State == catch.Active })
		s.clock.Add(int64(24 * time.Hour))
	}
	if o := s.get(first.ID); o.State != catch.Active || len(dy.Held()) != 1 {
		t.Fatalf("after pending delete: %s (%s), held %v", o.State, o.Why, dy.Held())
	}

	s.at(10, 11, 15, 10, 0)
	s.look(name)
	second := s.give(watch.OrderSpec{Name: name, Route: "dropcatch", Cap: usd(59), BidCap: usd(180), Price: usd(59)})
	if second.State != catch.Active || len(dc.Held()) != 1 {
		t.Fatalf("DropCatch: %s (%s), held %v", second.State, second.Why, dc.Held())
	}
	if got := s.exposure(name); got != "180.00 USD" {
		t.Fatalf("exposure %s, want 180.00 USD: only one can win", got)
	}

	// 19:07:12: a fresh catch first shows the service's shell registrar.
	s.at(10, 11, 19, 7, 14)
	caught := time.Date(2026, 11, 10, 19, 7, 12, 0, time.UTC)
	a := com([]string{"addPeriod", "clientTransferProhibited"}, caught, caught.AddDate(1, 0, 0), "DropCatch.com 512 LLC", "2000")
	a.Created = whoisx.At(caught)
	s.reg.put("tinplate.com", a)
	r := s.look(name)
	f := r.Verdict.Has(lifecycle.FlagAtAuction)
	if r.Verdict.Stage != lifecycle.Registered || f == nil || f.Category != "DropCatch" || f.Until == nil || f.Until.Format(time.DateOnly) != "2026-11-13" {
		t.Fatalf("caught by DropCatch until 13 November: %s, %+v, %v", r.Verdict.Stage, f, r.Verdict.Why)
	}

	// Others ordered it too: the auction goes past what it is worth.
	dy.Set(fake.Success) // Dynadot takes it off its list: it was not caught there
	dc.Auction("tinplate.com", fake.DropCatchAuction{ID: 7, Ends: caught.AddDate(0, 0, 3), HighBid: 185, MaxBid: 180})
	s.at(11, 11, 12, 0, 0)
	s.sync()
	if o := s.get(first.ID); o.State != catch.Lost || !o.Paid.IsZero() {
		t.Errorf("Dynadot: %s (%s), paid %s; want lost at 0", o.State, o.Why, o.Paid)
	} else if !strings.Contains(o.Why, "caught by DropCatch, auction open until 13 Nov") {
		t.Errorf("Dynadot lost it: %s; want it to say who caught it, and until when it can be bid for", o.Why)
	}
	o := s.get(second.ID)
	if o.State != catch.AuctionOutbid || o.HighBid.String() != "185.00 USD" {
		t.Fatalf("DropCatch: %s at %s (%s); want outbid at 185", o.State, o.HighBid, o.Why)
	}
	if _, err := s.Bid(t.Context(), second.ID, usd(190)); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("a bid of 190 with a cap of 180: %v, want a refusal", err)
	}
	if dc.Paid() != 1 {
		t.Errorf("%d paid calls at DropCatch, want the order alone", dc.Paid())
	}
	if got := s.paid(); got != "0.00 USD" {
		t.Errorf("paid %s", got)
	}
}

// TestQuillwright: won in the registrar's own expiry auction, and the holder
// renews after all.
func TestQuillwright(t *testing.T) {
	s := newStory(t)
	const name = watch.Name("quillwright.com")
	s.at(1, 10, 12, 0, 0)
	s.reg.put("quillwright.com", com([]string{"clientTransferProhibited"}, evening(6, 10).AddDate(-1, 0, 0), evening(6, 10), "GoDaddy.com, LLC", "146"))
	if _, err := s.Add(t.Context(), []watch.NewWatch{{Input: "quillwright.com", Cap: usd(200), BidCap: usd(200)}}); err != nil {
		t.Fatal(err)
	}
	s.look(name)
	s.at(8, 10, 12, 0, 0)
	s.reg.put("quillwright.com", com([]string{"autoRenewPeriod", "clientTransferProhibited"}, evening(6, 10), evening(6, 10).AddDate(1, 0, 0), "GoDaddy.com, LLC", "146"))
	if r := s.look(name); r.Verdict.Stage != lifecycle.Expired {
		t.Fatalf("its expiry jumped to 2027 with auto renew period: %s (%v); want expired, not renewed", r.Verdict.Stage, r.Verdict.Why)
	}
	h, err := s.History(t.Context(), name, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range h {
		if c.Field == "stage" && c.After == string(lifecycle.Registered) && c.Before == string(lifecycle.Expired) {
			t.Errorf("history says that it was renewed: %+v", c)
		}
	}

	s.at(1, 11, 12, 0, 0)
	o := s.give(watch.OrderSpec{Name: name, Route: "godaddy", Cap: usd(200), BidCap: usd(200), Price: usd(140)})
	o.State, o.AuctionEnds, o.OwnBid, o.HighBid = catch.AuctionLeading, evening(11, 11), usd(140), usd(140)
	o = s.record(o, "bid 140 on the website")
	s.at(11, 11, 20, 0, 0)
	o.State, o.Paid, o.ProvisionalUntil = catch.WonProvisional, usd(162), evening(18, 11)
	o = s.record(o, "won at 140, paid 162 with fees")
	if got := s.spent(); got != "162.00 USD" {
		t.Errorf("spent %s, want 162.00 USD", got)
	}
	if cs, err := s.Checklist(t.Context(), name); err != nil || len(cs) == 0 {
		t.Errorf("a name that was won has no checklist: %v, %v", cs, err)
	}

	// The holder renews: the auction is reversed.
	s.at(14, 11, 12, 0, 0)
	o.State = catch.Reversed
	o = s.record(o, "the holder renewed")
	if got := s.spent(); got != "162.00 USD" {
		t.Errorf("before the refund came, spent is %s, want 162.00 USD", got)
	}
	if todo := s.row(name).Todo; todo.Verb != watch.TodoFix {
		t.Errorf("a refund is due, and the list says %+v", todo)
	}
	o.State = catch.RefundDue
	o = s.record(o, "asked for the refund")
	if got := s.spent(); got != "162.00 USD" {
		t.Errorf("before the refund came, spent is %s, want 162.00 USD", got)
	}
	o.Refund = usd(162)
	s.record(o, "the refund came")
	if got := s.spent(); got != "0.00 USD" {
		t.Errorf("after the refund, spent is %s, want 0.00 USD", got)
	}
	if o, todo := s.get(o.ID), s.row(name).Todo; o.State != catch.Cancelled || todo.Verb == watch.TodoFix {
		t.Errorf("the refund came in full, and it is %s (%s) with %+v to do", o.State, o.Why, todo)
	}
}

// TestWonAtDynadotIsLookedAfter: a backorder that won its auction is paid on the
// website, and what the service has calls for is set without being asked.
func TestWonAtDynadotIsLookedAfter(t *testing.T) {
	dy := fake.NewDynadot("tinplate.com")
	defer dy.Close()
	s := newStory(t, account.Config{Account: "dynadot", Service: "dynadot", URL: dy.URL(), Key: catch.NewSecret(fake.Secret)})
	dy.SetNow(s.now)
	const name = watch.Name("tinplate.com")
	s.at(5, 11, 20, 0, 0)
	dy.List("tinplate.com", time.Date(2026, 11, 10, 19, 0, 0, 0, time.UTC))
	s.reg.put("tinplate.com", com([]string{"pendingDelete"}, evening(5, 11), evening(27, 8), "eNom, LLC", "48"))
	if _, err := s.Add(t.Context(), []watch.NewWatch{{Input: "tinplate.com", Cap: usd(60), BidCap: usd(180)}}); err != nil {
		t.Fatal(err)
	}
	s.look(name)
	o := s.give(watch.OrderSpec{Name: name, Route: "dynadot", Price: catch.Money{Units: 249900, Currency: "USD"}})

	s.at(11, 11, 12, 0, 0)
	dy.Auctions["tinplate.com"] = &fake.DynadotAuction{Ends: time.Date(2026, 11, 13, 19, 0, 0, 0, time.UTC), High: 90, Other: 85, Leads: true}
	s.sync()
	if o = s.get(o.ID); o.State != catch.AuctionLeading {
		t.Fatalf("11 November: %s (%s)", o.State, o.Why)
	}
	if _, err := s.Bid(t.Context(), o.ID, usd(120)); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("a bid that tops the own one: %v, want a refusal", err)
	}
	s.at(13, 11, 20, 0, 0)
	dy.Auctions["tinplate.com"].Ended = true
	s.sync()
	o = s.get(o.ID)
	if by := o.PayBy.Sub(s.now()); o.State != catch.PaymentDue || by < 46*time.Hour || by > 48*time.Hour {
		t.Fatalf("13 November: %s, to be paid in %s (%s)", o.State, by, o.Why)
	}
	if row := s.row(name); row.Todo.Verb != watch.TodoPay || !row.Todo.By.Equal(o.PayBy) {
		t.Errorf("the list says %+v", row.Todo)
	}
	if _, err := s.Pay(t.Context(), o.ID); !errors.Is(err, watch.ErrGuard) {
		t.Errorf("it has no call for it: %v", err)
	}
	o.State, o.Paid = catch.WonProvisional, usd(90)
	s.record(o, "paid on the website")
	set := func(what string) bool { return slices.Contains(dy.Cared(), what) }
	var items []watch.CheckItem
	s.live("it is looked after, and that is kept", func() bool {
		var err error
		if items, err = s.Checklist(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		kept := slices.ContainsFunc(items, func(c watch.CheckItem) bool { return c.Item == "privacy" && !c.Done.IsZero() })
		return kept && set("set_renew_option") && set("lock_domain") && set("set_privacy")
	})
	for _, c := range items {
		if done := !c.Done.IsZero(); (c.Item == "auto-renew" || c.Item == "lock" || c.Item == "privacy") != done {
			t.Errorf("%s: done %t (%s)", c.Item, done, c.Why)
		}
	}
}
