package watch

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// Options is all that a Service is made of.
type Options struct {
	Store     Store
	Rules     RuleBook            // nil: the rules that come with the program
	Reserved  *lifecycle.Reserved // names that generic TLDs keep back; nil: those that come with the program
	Houses    *lifecycle.Houses   // auction houses and catch services; nil: those that come with the program
	Sources   []Source
	Routes    []catch.Route
	Lock      Locker                 // nil: this process never acts
	Accounts  Accounts               // nil: nothing is known of them
	MonthCaps map[string]catch.Money // by currency, a UTC month
	// Clock looks at this machine's clock for a preflight; nil: nobody does.
	Clock func(ctx context.Context) catch.Line
	// Nameservers are those to set for a name that was won, by its purpose.
	Nameservers map[string][]string
	Hosts       *HostBook        // known limits of hosts; nil: the embedded ones
	Alerts      alert.Rules      // who is told what, and when not
	Channels    []alert.Channel  // empty: nobody is told
	Log         *slog.Logger     // nil: silent
	Now         func() time.Time // nil: time.Now
	Holder      string           // "host pid 123 (serve)"
	ReadOnly    bool

	// Coming says which TLDs are on their way but not open yet; nil: none.
	Coming func(tld string) bool
	// Launches is the launch book as it is now; nil: none. It is asked inside
	// transactions and must be quick. Each of its offers is a route.
	Launches func() *launch.Book
	// ChangeLaunches edits the person's own part of the book; nil: it cannot be
	// edited from here.
	ChangeLaunches func(ctx context.Context, change func(b *launch.Book, origin string) error) error
	// DoubtGrace is how long a service gets to show an order whose answer was
	// lost before it is believed not to have it; zero is 30 s.
	DoubtGrace time.Duration
	// Stale is how old a heartbeat may be before its holder no longer acts;
	// zero is 10 s. All processes on one database use the same.
	Stale time.Duration
}

// Service is the one thing that screens, commands and the server talk to.
// All methods may be called from several goroutines at once.
type Service struct {
	o      Options
	store  Store
	log    *slog.Logger
	now    func() time.Time
	routes map[string]catch.Route

	epoch      atomic.Int64  // of the lease while this process acts, else 0
	poke       chan struct{} // the schedule looks again
	pokeOrders chan struct{} // the executor looks again
	pokeCare   chan struct{} // after-care looks again
	budget     *budgets
	drops      *zoneDrops
	events     *broadcast
	bursts     *burstTable
	ticks      ticks
}

// ticks are how long the loops of a Service rest at most. Rests are short so
// that a clock that jumped, which no timer notices, is noticed at once.
type ticks struct {
	follow   time.Duration // other processes' writes, a halt among them
	armed    time.Duration // the same while a burst is armed
	schedule time.Duration
	orders   time.Duration
	todos    time.Duration
	care     time.Duration
}

// New makes a Service. It starts nothing: Run acts, Subscribe listens.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Stale <= 0 {
		o.Stale = staleAfter
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rules == nil {
		o.Rules = lifecycle.Default()
	}
	if o.Hosts == nil {
		o.Hosts = DefaultHosts()
	}
	s := &Service{
		o: o, store: o.Store, log: o.Log, now: o.Now,
		routes:     make(map[string]catch.Route, len(o.Routes)),
		poke:       make(chan struct{}, 1),
		pokeOrders: make(chan struct{}, 1),
		pokeCare:   make(chan struct{}, 1),
		bursts:     newBurstTable(),
		ticks:      ticks{follow: watchEvery, armed: watchArmed, schedule: time.Second, orders: time.Second, todos: 5 * time.Second, care: 5 * time.Minute},
	}
	s.o.Sources = slices.Clone(o.Sources)
	for _, r := range o.Routes {
		d := r.Describe()
		s.routes[d.Route] = r
		if d.Has(catch.CanCheck) {
			s.o.Sources = append(s.o.Sources, NewRouteSource(r, o.Now))
		}
	}
	s.budget = newBudgets(o.Store, o.Hosts, o.Now)
	s.drops = &zoneDrops{store: o.Store, known: map[string][]lifecycle.Observation{}}
	s.events = newBroadcast(s)
	b := Binding{Todo: s.todo, MonthCaps: o.MonthCaps, Now: o.Now, Stale: o.Stale}
	if len(o.Alerts.Channels)+len(o.Alerts.Rules) > 0 {
		b.Tell, b.Ahead = s.alertsOf, s.ahead
	}
	o.Store.Bind(b)
	return s
}

// wake makes this process look at its rows at once: it changed some.
func (s *Service) wake() {
	s.pokeRows()
	s.events.wake()
}

// pokeRows wakes schedule and executor.
func (s *Service) pokeRows() {
	poke(s.poke)
	s.wakeOrders()
}

func (s *Service) wakeOrders() { poke(s.pokeOrders) }

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default: // it is awake already
	}
}

func (s *Service) writable() error {
	if s.o.ReadOnly {
		return ErrReadOnly
	}
	return nil
}

// ReadyFilter makes the first letter of a filter as fast as the others. It is
// for whoever opens one; List works without.
func (s *Service) ReadyFilter(ctx context.Context) error { return s.store.ReadyFilter(ctx) }

// List returns a page of the list.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	p, err := s.store.List(ctx, q)
	if err != nil {
		return p, err
	}
	now := s.now()
	for i := range p.Rows {
		p.Rows[i].Todo.Urgent = urgent(p.Rows[i].Todo, now)
	}
	return p, nil
}

// Get returns all that is known of a name, or ErrNotFound.
func (s *Service) Get(ctx context.Context, n Name) (Detail, error) {
	row, err := s.store.Watch(ctx, n)
	if err != nil {
		return Detail{}, err
	}
	row.Todo.Urgent = urgent(row.Todo, s.now())
	d := Detail{Row: row, Rule: s.o.Rules.Rule(string(n))}
	var errs [6]error
	d.Answers, errs[0] = s.store.Answers(ctx, n)
	d.History, errs[1] = s.store.History(ctx, n, 100)
	d.AllOrders, errs[2] = s.store.Orders(ctx, OrderFilter{Name: n})
	d.Known, errs[3] = s.store.Known(ctx, n)
	d.Checklist, errs[5] = s.store.Checks(ctx, n)
	d.Routes, errs[4] = s.routesFor(n, row, d.AllOrders)
	d.Exposure = ExposureOf(d.AllOrders)
	for _, o := range d.AllOrders {
		if o.Kind == catch.ByHand || o.Kind == catch.EPP {
			continue // told to nobody by us, or to the registry alone
		}
		d.Known = append(d.Known, Asked{Source: whoisx.Registrar, Server: o.Service, Times: int64(max(o.Try, 1)), Last: o.Updated})
	}
	return d, errors.Join(errs[:]...)
}

// History returns the latest changes of a name, newest first; limit 0 is all.
func (s *Service) History(ctx context.Context, n Name, limit int) ([]Change, error) {
	if _, err := s.store.Watch(ctx, n); err != nil {
		return nil, err
	}
	return s.store.History(ctx, n, limit)
}
