package watch

import (
	"context"
	"errors"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

const staleAfter = 10 * time.Second

var errSoon = errors.ErrUnsupported





type broadcast struct{}

func newBroadcast(*Service) *broadcast { return &broadcast{} }
func (*broadcast) wake()               {}

type burstTable struct{}

func newBurstTable() *burstTable { return &burstTable{} }

func urgent(t Todo, now time.Time) bool {
	return t.Verb != TodoNothing && !t.By.IsZero() && t.By.Sub(now) < 24*time.Hour
}
func (s *Service) todo(Row, time.Time) Todo    { return Todo{} }
func (s *Service) routesFor(Name, Row, []catch.Order) ([]RouteStatus, error) {
	return nil, nil
}

// Add puts names on the list, each as typed; one result for each, in order.
func (s *Service) Add(ctx context.Context, ws []NewWatch) ([]AddResult, error) { return nil, errSoon }

// Edit changes a watch.
func (s *Service) Edit(ctx context.Context, n Name, p Patch) (Watch, error) { return Watch{}, errSoon }

// Remove takes names off the list and says how many were on it.
func (s *Service) Remove(ctx context.Context, ns ...Name) (int, error) { return 0, errSoon }


// LookNow makes a name due now.
func (s *Service) LookNow(ctx context.Context, n Name) error { return errSoon }

// Queue lists what is asked next.
func (s *Service) Queue(ctx context.Context, limit int) ([]Queued, error) { return nil, errSoon }


// Run acts while it holds the lease, until ctx ends.
func (s *Service) Run(ctx context.Context) error { return errSoon }

// Status says who acts and what is next.
func (s *Service) Status(ctx context.Context) (Status, error) { return Status{}, errSoon }

// Halt disarms everything, or lets it act again.
func (s *Service) Halt(ctx context.Context, on bool, who string) error { return errSoon }

// Subscribe hears of what happens in any process, until the function is called.
func (s *Service) Subscribe() (<-chan Event, func()) { return make(chan Event), func() {} }

// Routes lists every route as it stands for a name; "" lists them without one.
func (s *Service) Routes(ctx context.Context, n Name) ([]RouteStatus, error) { return nil, errSoon }

// Preview checks an order's guards and stores nothing.
func (s *Service) Preview(ctx context.Context, spec OrderSpec) (OrderPreview, error) {
	return OrderPreview{}, errSoon
}

// Order stores an order for the holder to execute.
func (s *Service) Order(ctx context.Context, spec OrderSpec) (catch.Order, error) {
	return catch.Order{}, errSoon
}

// Orders lists orders.
func (s *Service) Orders(ctx context.Context, f OrderFilter) ([]catch.Order, error) {
	return nil, errSoon
}

// Cancel takes an order back.
func (s *Service) Cancel(ctx context.Context, id int64) (catch.Order, error) {
	return catch.Order{}, errSoon
}

// Follow waits until the holder has done with an order what was asked.
func (s *Service) Follow(ctx context.Context, id int64) (catch.Order, error) {
	return catch.Order{}, errSoon
}

// Sync asks every service where every holding order stands.
func (s *Service) Sync(ctx context.Context) error { return errSoon }

// Ledger lists the latest entries, newest first.
func (s *Service) Ledger(ctx context.Context, limit int) ([]catch.LedgerEntry, error) {
	return nil, errSoon
}

// Spending lists this month's budgets.
func (s *Service) Spending(ctx context.Context) ([]Spending, error) { return nil, errSoon }

// ParseQuery reads a query.
func ParseQuery(s string) (Query, error) { return Query{}, errSoon }
