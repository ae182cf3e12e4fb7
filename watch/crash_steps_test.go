//go:build unix

package watch_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/repeat"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

// The steps of a paid action, in their order: a crash test dies at each.
var crashSteps = []string{"before the intent", "after the intent", "in the call, not done", "in the call, done", "before the answer", "after the answer"}

// crashKind is one kind of paid action: how it begins, and how it ends if the
// action was done.
type crashKind struct {
	route string
	verb  string      // as the service's books call it
	zone  string      // of the names: pending ones stand in co.uk
	stand catch.State // the order stands like this before the action; "": the action orders
	done  []catch.State
}

var crashKinds = map[string]crashKind{
	"backorder":      {"backorder", "order", "com", "", []catch.State{catch.Active}},
	"register":       {"register", "order", "com", "", []catch.State{catch.WonProvisional, catch.Won}},
	"register burst": {"register", "order", "co.uk", "", []catch.State{catch.WonProvisional, catch.Won}},
	"epp burst":      {"epp:main", "order", "com", "", []catch.State{catch.WonProvisional, catch.Won}},
	"bid":            {"backorder", "bid", "com", catch.AuctionOutbid, []catch.State{catch.AuctionLeading}},
	"pay":            {"backorder", "pay", "com", catch.PaymentDue, []catch.State{catch.WonProvisional, catch.Won}},
	"cancel":         {"backorder", "cancel", "com", catch.Active, []catch.State{catch.Cancelled}},
}

func crashName(kind string, round int) string {
	return fmt.Sprintf("%s-%d.%s", strings.ReplaceAll(kind, " ", "-"), round, crashKinds[kind].zone)
}

// books are what the services of the crash tests did, one line an act, in a
// file that outlives the processes.
type books struct{ path string }

func (b books) write(verb, name string) error {
	f, err := os.OpenFile(b.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, verb, name)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (b books) times(verb, name string) int {
	data, _ := os.ReadFile(b.path) // nothing was written yet
	n := 0
	for _, l := range strings.Split(string(data), "\n") {
		if l == verb+" "+name {
			n++
		}
	}
	return n
}

// suicide kills this process at one step of the action for one name.
type suicide struct{ step, name string }

func (k suicide) at(step, name string) {
	if k.step == step && k.name == name {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
}

// bookService is a service whose books are a file.
type bookService struct {
	*service
	books books
	kill  suicide
}

func newBookService(route string, b books, k suicide) *bookService {
	s := &bookService{service: newService(route), books: b, kill: k}
	switch {
	case strings.HasPrefix(route, "epp"):
		s.desc.Kind, s.terms.Burst = catch.EPP, catch.BurstAllowed
	case route == "register":
		s.desc.Kind, s.terms.Burst = catch.Register, catch.BurstAllowed
	default:
		s.desc.Can = append(s.desc.Can, catch.CanBid, catch.CanPay)
	}
	return s
}

func (s *bookService) act(verb, name string) (catch.Report, error) {
	s.kill.at("in the call, not done", name)
	if err := s.books.write(verb, name); err != nil {
		return catch.Report{}, err
	}
	s.kill.at("in the call, done", name)
	return s.Find(context.Background(), catch.Order{Name: name})
}

func (s *bookService) Place(_ context.Context, r catch.Request) (catch.Report, error) {
	return s.act("order", r.Name)
}

func (s *bookService) Bid(_ context.Context, o catch.Order, _ catch.Money) (catch.Report, error) {
	return s.act("bid", o.Name)
}

func (s *bookService) Pay(_ context.Context, o catch.Order) (catch.Report, error) {
	return s.act("pay", o.Name)
}

func (s *bookService) Cancel(_ context.Context, o catch.Order) (catch.Report, error) {
	return s.act("cancel", o.Name)
}

// Arm repeats this service's own call, and not the one that it embeds.
func (s *bookService) Arm(ctx context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	return repeat.Arm(ctx, s, wall{}, rs, at, until)
}

// Find says where an order stands by the books.
func (s *bookService) Find(_ context.Context, o catch.Order) (catch.Report, error) {
	has := func(verb string) bool { return s.books.times(verb, o.Name) > 0 }
	rep := catch.Report{Ref: "ref-" + o.Name, State: catch.Active}
	switch {
	case !has("order"):
		return catch.Report{}, &catch.Error{Kind: catch.NotFound, Service: s.desc.Service, Op: "find order"}
	case has("cancel"):
		rep.State = catch.Cancelled
	case has("pay") || s.desc.Kind != catch.Backorder:
		rep.State, rep.Paid = catch.Won, usd(25)
	case strings.HasPrefix(o.Name, "pay-"):
		rep.State, rep.Price = catch.PaymentDue, usd(25)
	case has("bid"):
		rep.State, rep.OwnBid, rep.HighBid = catch.AuctionLeading, usd(120), usd(110)
	case strings.HasPrefix(o.Name, "bid-"):
		rep.State, rep.HighBid = catch.AuctionOutbid, usd(110)
	}
	return rep, nil
}

// bookBurster is an EPP account whose registry is the books.
type bookBurster struct{ *bookService }

func (b bookBurster) Arm(_ context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	return &bookArmed{b, rs, at, until}, nil
}

type bookArmed struct {
	b         bookBurster
	rs        []catch.Request
	at, until time.Time
}

func (a *bookArmed) Plan() catch.BurstPlan {
	p := catch.BurstPlan{Strategy: "one", Sessions: 1, At: a.at, Until: a.until, Creates: map[string]int{}}
	for _, r := range a.rs {
		p.Creates[r.Name] = 1
	}
	return p
}

func (a *bookArmed) Disarm() error { return nil }

func (a *bookArmed) Fire(ctx context.Context) (map[string]catch.Report, error) {
	select {
	case <-time.After(time.Until(a.at)):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	out := map[string]catch.Report{}
	for _, r := range a.rs {
		rep, err := a.b.act("order", r.Name)
		if err != nil {
			return out, err
		}
		rep.Frames = []catch.Frame{{Name: r.Name, Code: 1000}}
		out[r.Name] = rep
	}
	return out, nil
}

// bookSource shows the names as their registry would: those of co.uk are about
// to drop, and what the books hold is registered.
type bookSource struct {
	source
	books books
	drop  time.Time
}

func (s bookSource) Ask(ctx context.Context, name string) whoisx.Answer {
	switch {
	case s.books.times("order", name) > 0:
		s.reg.put(name, whoisx.Answer{Outcome: whoisx.Registered, Confirmed: true, Statuses: []string{"ok"}, Created: whoisx.At(time.Now()), Expires: whoisx.At(time.Now().AddDate(1, 0, 0)), Registrar: "Ours"})
	case strings.HasSuffix(name, ".co.uk"):
		s.reg.put(name, whoisx.Answer{
			Outcome: whoisx.Registered, Confirmed: true, Statuses: []string{"pendingDelete"},
			Created: whoisx.Day(2010, 1, 1), Expires: whoisx.Day(2026, 9, 1), Registrar: "Old Registrar", RegistrarID: "9999",
			Drop: &whoisx.Drop{From: whoisx.At(s.drop), To: whoisx.At(s.drop.Add(10 * time.Minute)), Will: true, Text: "list"},
		})
	}
	return s.source.Ask(ctx, name)
}

// mortalStore dies at the ledger's own steps.
type mortalStore struct {
	*store.Store
	kill suicide
}

func (s mortalStore) Intend(ctx context.Context, e catch.LedgerEntry) (int64, error) {
	seqs, err := s.IntendAll(ctx, []catch.LedgerEntry{e})
	if err != nil {
		return 0, err
	}
	return seqs[0], nil
}

func (s mortalStore) IntendAll(ctx context.Context, es []catch.LedgerEntry) ([]int64, error) {
	for _, e := range es {
		s.kill.at("before the intent", e.Name)
	}
	seqs, err := s.Store.IntendAll(ctx, es)
	for _, e := range es {
		s.kill.at("after the intent", e.Name)
	}
	return seqs, err
}

func (s mortalStore) Settle(ctx context.Context, e catch.LedgerEntry, o catch.Order) error {
	s.kill.at("before the answer", o.Name)
	err := s.Store.Settle(ctx, e, o)
	s.kill.at("after the answer", o.Name)
	return err
}

func bookWorld(dir string, kill suicide, month catch.Money) (*watch.Service, *store.Store, books, error) {
	path := filepath.Join(dir, "lapse.db")
	st, err := store.Open(context.Background(), path, store.Options{})
	if err != nil {
		return nil, nil, books{}, err
	}
	b := books{filepath.Join(dir, "books")}
	reg, drop := newRegistry(), time.Now().Add(200*time.Millisecond)
	var routes []catch.Route
	for _, r := range []string{"backorder", "register"} {
		routes = append(routes, newBookService(r, b, kill))
	}
	routes = append(routes, bookBurster{newBookService("epp:main", b, kill)})
	var sources []watch.Source
	for _, s := range reg.sources() {
		sources = append(sources, bookSource{s.(source), b, drop})
	}
	return watch.New(watch.Options{
		Store: mortalStore{st, kill}, Sources: sources, Routes: routes, Lock: store.NewLock(path),
		MonthCaps: map[string]catch.Money{"USD": month},
		Holder:    "pid " + strconv.Itoa(os.Getpid()), DoubtGrace: 20 * time.Millisecond,
	}), st, b, nil
}

// childDies acts once and dies at a step of it.
func childDies(dir string, _ io.Writer) error {
	kind, name := os.Getenv("LAPSE_TEST_KIND"), os.Getenv("LAPSE_TEST_NAME")
	s, st, b, err := bookWorld(dir, suicide{os.Getenv("LAPSE_TEST_STEP"), name}, usd(1_000_000))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := crashBegin(ctx, s, st, b, kind, name); err != nil {
		return err
	}
	go func() { _ = s.Run(ctx) }()
	<-ctx.Done()
	d, err := s.Get(context.Background(), watch.Name(name))
	return fmt.Errorf("it never came to %q: stage %q, asked next %s, orders %+v (%v)", os.Getenv("LAPSE_TEST_STEP"), d.Verdict.Stage, d.Due, d.AllOrders, err) //nolint:errorlint // err may be nil here
}

// crashBegin asks for the paid action of a kind.
func crashBegin(ctx context.Context, s *watch.Service, st *store.Store, b books, kind, name string) error {
	k := crashKinds[kind]
	if _, err := s.Add(ctx, []watch.NewWatch{{Input: name}}); err != nil {
		return err
	}
	if kind == "register" || kind == "register burst" {
		if err := s.LookNow(ctx, watch.Name(name)); err != nil { // so that it is known to be free, or not
			return err
		}
	}
	if k.stand == "" {
		_, err := s.Order(ctx, watch.OrderSpec{Name: watch.Name(name), Route: k.route, Cap: usd(60), BidCap: usd(180)})
		return err
	}
	if err := b.write("order", name); err != nil {
		return err
	}
	o, err := st.AddOrder(ctx, catch.Order{
		Key: name, Name: name, Route: k.route, Service: "The " + k.route, Kind: catch.Backorder, State: k.stand,
		Cap: usd(60), BidCap: usd(180), Price: usd(25), Years: 1, NextTry: time.Now().Add(time.Hour),
	})
	if err != nil {
		return err
	}
	return crashAsk(ctx, s, o, k.verb)
}

func crashAsk(ctx context.Context, s *watch.Service, o catch.Order, verb string) error {
	var err error
	switch verb {
	case "bid":
		_, err = s.Bid(ctx, o.ID, usd(120))
	case "pay":
		_, err = s.Pay(ctx, o.ID)
	case "cancel":
		_, err = s.Cancel(ctx, o.ID)
	}
	return err
}

// TestKilledAtEveryStep kills the process at every step of the ledger for every
// kind of paid action. Whoever comes next finds out what became of it: nothing
// is done twice, nothing is forgotten, and no step stays in doubt.
func TestKilledAtEveryStep(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of work under a detector that sees one process")
	}
	t.Parallel()
	kinds := slices.Sorted(maps.Keys(crashKinds))
	rounds := len(kinds)
	if s := os.Getenv("LAPSE_CRASH_ROUNDS"); s != "" {
		rounds, _ = strconv.Atoi(s)
	}
	dir := keptFolder(t)
	killed := map[string]string{} // kind and step by name
	for round := range rounds {
		kind := kinds[round%len(kinds)]
		// Every kind meets every step as rounds go on; a short run differs by kind.
		step := crashSteps[(round/len(kinds)+round%len(kinds))%len(crashSteps)]
		name := crashName(kind, round)
		c := start(t, "die", dir, "LAPSE_TEST_KIND="+kind, "LAPSE_TEST_STEP="+step, "LAPSE_TEST_NAME="+name)
		for c.out.Scan() {
		}
		_ = c.Wait()
		if ws, ok := c.ProcessState.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
			t.Fatalf("%s was not killed %s: %v", kind, step, c.ProcessState)
		}
		killed[name] = kind + ", killed " + step
	}

	s, st, b, err := bookWorld(dir, suicide{}, usd(1_000_000))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	asked := map[string]bool{}
	defer func() {
		if !t.Failed() {
			return
		}
		os, _ := st.Orders(context.Background(), watch.OrderFilter{})
		for _, o := range os {
			t.Logf("%s: %s, wish %q, %s", killed[o.Name], o.State, o.Wish, o.Why)
		}
	}()
	until(t, "everything is settled", func() bool {
		open, err := st.InDoubt(ctx)
		if err != nil || len(open) > 0 {
			return false
		}
		os, err := st.Orders(ctx, watch.OrderFilter{})
		if err != nil || len(os) != len(killed) {
			t.Fatalf("%d orders, want %d: %v", len(os), len(killed), err)
		}
		settled := true
		for _, o := range os {
			kind, _, _ := strings.Cut(killed[o.Name], ",")
			k := crashKinds[kind]
			if slices.Contains(k.done, o.State) {
				continue
			}
			settled = false
			// What could cost money twice is not repeated unasked: the order
			// stands as before, and the person asks again.
			if o.State == k.stand && o.Wish == catch.WishNone && !asked[o.Name] {
				asked[o.Name] = true
				if err := crashAsk(ctx, s, o, k.verb); err != nil {
					t.Fatalf("%s: %v", killed[o.Name], err)
				}
			}
		}
		return settled
	})
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for name, what := range killed {
		kind, _, _ := strings.Cut(what, ",")
		if n := b.times(crashKinds[kind].verb, name); n != 1 {
			t.Errorf("%s: done %d times", what, n)
		}
	}
	l, err := st.Ledger(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	answers := map[int64]int{}
	for _, e := range l {
		if e.Step == catch.Answer {
			answers[e.Intent]++
		}
	}
	for _, e := range l {
		if e.Step == catch.Intent && answers[e.Seq] != 1 {
			t.Errorf("intent %d to %s %s has %d answers", e.Seq, e.Action, e.Name, answers[e.Seq])
		}
	}
	t.Logf("%d kills, %d asked again, %d ledger entries", rounds, len(asked), len(l))
}

// childRaces orders the same names as its rival until the month is spent.
func childRaces(dir string, out io.Writer) error {
	s, st, _, err := bookWorld(dir, suicide{}, usd(1000))
	if err != nil {
		return err
	}
	defer st.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = s.Run(ctx) }()
	for i := range 24 {
		_, err := s.Order(ctx, watch.OrderSpec{Name: watch.Name(fmt.Sprintf("race-%d.com", i)), Route: "backorder", Cap: usd(60)})
		switch {
		case err == nil:
			fmt.Fprintln(out, "ordered", i)
		case !strings.Contains(err.Error(), "the month's cap") && !strings.Contains(err.Error(), watch.ErrExists.Error()):
			return err
		}
	}
	fmt.Fprintln(out, "done")
	time.Sleep(time.Minute) // acts until it is stopped
	return nil
}

// TestTwoRivalProcesses has two processes order the same names against one
// month's budget: no name is ordered twice and the budget is never exceeded.
func TestTwoRivalProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of work under a detector that sees one process")
	}
	t.Parallel()
	dir := keptFolder(t)
	_, st, b, err := bookWorld(dir, suicide{}, usd(1000))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var wg sync.WaitGroup
	won := make([]int, 2)
	var cs []*child
	for i := range 2 {
		c := start(t, "race", dir)
		cs = append(cs, c)
		wg.Go(func() {
			for c.out.Scan() && c.out.Text() != "done" {
				won[i]++
			}
		})
	}
	defer func() {
		for _, c := range cs {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	}()
	wg.Wait()
	if won[0]+won[1] != 16 { // 16 times 60 of 1000
		t.Errorf("%d and %d orders were taken, want 16 in all", won[0], won[1])
	}
	until(t, "all are placed", func() bool {
		os, err := st.Orders(t.Context(), watch.OrderFilter{States: []catch.State{catch.Active}})
		return err == nil && len(os) == 16
	})
	for i := range 24 {
		if n := b.times("order", fmt.Sprintf("race-%d.com", i)); n > 1 {
			t.Errorf("race-%d.com was ordered %d times", i, n)
		}
	}
	sp, err := st.Spending(t.Context(), time.Now().UTC().Format("2006-01"))
	if err != nil || len(sp) != 1 || sp[0].AtRisk != usd(960) {
		t.Errorf("%+v, %v", sp, err)
	}
}
