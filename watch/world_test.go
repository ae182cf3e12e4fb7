package watch_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/repeat"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

// registry is what the fake sources know: a test moves names in it.
type registry struct {
	mu    sync.Mutex
	names map[string]whoisx.Answer // without an entry: not registered
	down  bool
	asks  map[string]int
}

func newRegistry() *registry {
	return &registry{names: map[string]whoisx.Answer{}, asks: map[string]int{}}
}

func (r *registry) set(name string, statuses ...string) {
	r.put(name, whoisx.Answer{
		Outcome: whoisx.Registered, Confirmed: true, Statuses: statuses,
		Created: whoisx.Day(2010, 1, 1), Expires: whoisx.Day(2030, 1, 1), Registrar: "Old Registrar", RegistrarID: "9999",
	})
}

func (r *registry) put(name string, a whoisx.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names[name] = a
}

func (r *registry) drop(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.names, name)
}

func (r *registry) setDown(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = on
}

// source asks the registry.
type source struct {
	kind whoisx.Source
	host string
	reg  *registry
}

func (s source) Kind() whoisx.Source { return s.kind }
func (s source) Host(string) string  { return s.host }
func (s source) Ask(_ context.Context, name string) whoisx.Answer {
	s.reg.mu.Lock()
	defer s.reg.mu.Unlock()
	s.reg.asks[name]++
	a, ok := s.reg.names[name]
	switch {
	case s.reg.down:
		a = whoisx.Answer{Outcome: whoisx.Unreachable, Why: "connection refused"}
	case s.kind == whoisx.DropList && a.Drop == nil:
		a = whoisx.Answer{Outcome: whoisx.Unsupported}
	case !ok:
		a = whoisx.Answer{Outcome: whoisx.NotRegistered}
	}
	if s.kind != whoisx.DropList {
		a.Drop = nil
	}
	a.Source, a.Server, a.Name, a.Asked = s.kind, s.host, name, time.Now().UTC()
	a.Raw = []byte("answer about " + name)
	return a
}

func (r *registry) sources() []watch.Source {
	return []watch.Source{
		source{whoisx.RDAP, "127.0.0.1:8443", r},
		source{whoisx.WHOIS, "127.0.0.1:4343", r},
		source{whoisx.DropList, "127.0.0.1:8080", r},
	}
}

// service is a fake backorder service; its orders survive the programs that
// talk to it.
type service struct {
	mu     sync.Mutex
	desc   catch.Description
	terms  catch.Terms
	price  catch.Money
	prem   bool
	closed string
	orders map[string]catch.Report // by name
	placed map[string]int
	fail   func(name string) error // before anything is done
	lose   func(name string) error // after it was done: the answer is lost
	block  chan struct{}
	won    bool // placing is winning, as registering is
}

func newService(route string) *service {
	return &service{
		desc: catch.Description{
			Route: route, Service: "The " + route, Kind: catch.Backorder,
			Can: []catch.Can{catch.CanOrder, catch.CanFind, catch.CanCancel, catch.CanQuote, catch.CanList},
		},
		terms:  catch.Terms{Service: route, Kind: catch.Backorder, Burst: catch.BurstUnstated},
		price:  usd(25),
		orders: map[string]catch.Report{}, placed: map[string]int{},
	}
}

func usd(n int64) catch.Money { return catch.Money{Units: n * 10000, Currency: "USD"} }

func (s *service) Describe() catch.Description { return s.desc }
func (s *service) Open(string) (bool, string)  { return s.closed == "", s.closed }
func (s *service) Terms(string) catch.Terms    { return s.terms }

func (s *service) Quote(_ context.Context, name string, _ int) (catch.Quote, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.desc.Has(catch.CanQuote) {
		return catch.Quote{}, &catch.Error{Kind: catch.Guard, Service: s.desc.Service, Op: "read price", Words: "no call returns it"}
	}
	return catch.Quote{Name: name, Price: s.price, Premium: s.prem, Basis: "quote call", At: time.Now()}, nil
}

func (s *service) Print(r catch.Request) (string, error) { return "ORDER " + r.Name, nil }

func (s *service) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	s.mu.Lock()
	block := s.block
	s.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return catch.Report{}, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(r.Name); err != nil {
			return catch.Report{}, err
		}
	}
	s.placed[r.Name]++
	rep := catch.Report{State: catch.Active, Ref: fmt.Sprintf("%s-%d", r.Name, s.placed[r.Name])}
	if s.won {
		rep.State, rep.Paid = catch.Won, r.Price
	}
	s.orders[r.Name] = rep
	if s.lose != nil {
		if err := s.lose(r.Name); err != nil {
			return catch.Report{}, err
		}
	}
	return rep, nil
}

func (s *service) Find(_ context.Context, o catch.Order) (catch.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rep, ok := s.orders[o.Name]
	if !ok {
		return rep, &catch.Error{Kind: catch.NotFound, Service: s.desc.Service, Op: "find order"}
	}
	return rep, nil
}

func (s *service) Cancel(_ context.Context, o catch.Order) (catch.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rep := s.orders[o.Name]
	rep.State = catch.Cancelled
	s.orders[o.Name] = rep
	return rep, nil
}

// Arm is the burst of services without one of their own, as registrars have it.
func (s *service) Arm(ctx context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	return repeat.Arm(ctx, s, wall{}, rs, at, until)
}

// wall is a service's limits that allow twenty calls a second.
type wall struct{}

func (wall) Now() time.Time                     { return time.Now() }
func (wall) Fits(_ string, d time.Duration) int { return 1 + int(d/(50*time.Millisecond)) }
func (wall) Rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(max(d, 0)):
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *service) report(name string, rep catch.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders[name] = rep
}

func (s *service) times(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.placed[name]
}

// process is one program on the database.
type process struct {
	*watch.Service
	st   *store.Store
	stop func()
}

type world struct {
	t    testing.TB
	path string
	reg  *registry
	caps map[string]catch.Money // of each month
}

func newWorld(t testing.TB) *world {
	return &world{t: t, path: filepath.Join(keptFolder(t), "lapse.db"), reg: newRegistry(), caps: map[string]catch.Money{"USD": usd(1000)}}
}

// open starts a program: with run it acts as soon as the lease is free.
func (w *world) open(run bool, routes ...catch.Route) *process {
	w.t.Helper()
	st, err := store.Open(w.t.Context(), w.path, store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	p := &process{st: st, Service: watch.New(watch.Options{
		Store: st, Sources: w.reg.sources(), Routes: routes, Lock: store.NewLock(w.path),
		MonthCaps: w.caps, Holder: "test", DoubtGrace: 50 * time.Millisecond,
	})}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	if run {
		go func() { done <- p.Run(ctx) }()
	} else {
		done <- nil
	}
	var once sync.Once
	p.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				w.t.Errorf("run: %v", err)
			}
			if err := st.Close(); err != nil {
				w.t.Errorf("close: %v", err)
			}
		})
	}
	w.t.Cleanup(p.stop)
	return p
}

func (p *process) add(t testing.TB, names ...string) {
	t.Helper()
	ws := make([]watch.NewWatch, len(names))
	for i, n := range names {
		ws[i] = watch.NewWatch{Input: n}
	}
	res, err := p.Add(context.Background(), ws)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range res {
		if !r.Added {
			t.Fatalf("add: %+v", r)
		}
	}
}

// until waits for something that another goroutine brings about.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute) // generous: a loaded machine is slow, not wrong
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (p *process) order(t testing.TB, id int64) catch.Order {
	t.Helper()
	o, err := p.st.Order(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (p *process) state(t testing.TB, id int64, want catch.State) catch.Order {
	t.Helper()
	var o catch.Order
	until(t, fmt.Sprintf("order %d is %s", id, want), func() bool {
		o = p.order(t, id)
		if o.State.Ended() && o.State != want {
			t.Fatalf("order %d is %s: %s; want %s", id, o.State, o.Why, want)
		}
		return o.State == want
	})
	return o
}
