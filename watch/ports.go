package watch

import (
	"context"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Source asks one kind of server about a name. A failure is an answer of its
// own kind, never an error.
type Source interface {
	Kind() whoisx.Source
	// Host is the host that would be asked, or "" where the source has none
	// for this name. Its budget is taken before Ask is called.
	Host(name string) string
	Ask(ctx context.Context, name string) whoisx.Answer
}

// Store keeps everything. watch/store implements it on SQLite; its errors are
// wrapped ErrNotFound, ErrExists, ErrStale, ErrNotHolder, ErrHalted or the
// driver's own.
type Store interface {
	// Add stores new watches in one transaction; one that exists is reported
	// as such and left alone.
	Add(ctx context.Context, ws []Watch) ([]AddResult, error)
	// Edit changes a watch if its revision is still the one read.
	Edit(ctx context.Context, w Watch, changes []Change) (Watch, error)
	Remove(ctx context.Context, names []Name) (int, error)
	Watch(ctx context.Context, n Name) (Row, error)
	List(ctx context.Context, q Query) (Page, error)

	// Due returns what is to be asked at or before a time, most urgent first.
	Due(ctx context.Context, at time.Time, limit int) ([]Row, error)
	// NextDue is the time at which something is due, zero if nothing is.
	NextDue(ctx context.Context) (time.Time, error)
	// SaveLooks keeps answers, verdicts, history and next due times of several
	// looks in one transaction. The epoch is asserted.
	SaveLooks(ctx context.Context, epoch int64, looks []Look) error
	Seen(ctx context.Context, n Name) (*Before, error)

	Answers(ctx context.Context, n Name) ([]whoisx.Answer, error)
	History(ctx context.Context, n Name, limit int) ([]Change, error)
	Known(ctx context.Context, n Name) ([]Asked, error)

	Budget(ctx context.Context, host string) (Budget, error)
	SaveBudgets(ctx context.Context, bs []Budget) error
	// TakeBudget takes one request from a host's bucket, for every process
	// together; it returns when the next one is allowed where there is none.
	TakeBudget(ctx context.Context, host string, now time.Time) (ok bool, next time.Time, err error)
	Budgets(ctx context.Context) ([]Budget, error)

	Order(ctx context.Context, id int64) (catch.Order, error)
	Orders(ctx context.Context, f OrderFilter) ([]catch.Order, error)
	AddOrder(ctx context.Context, o catch.Order) (catch.Order, error)
	SaveOrder(ctx context.Context, o catch.Order, why string) error
	catch.Ledger
	Ledger(ctx context.Context, limit int) ([]catch.LedgerEntry, error)

	// Take takes the lease for a process that holds the file lock and raises
	// the epoch; Beat renews it, Release gives it back.
	Take(ctx context.Context, holder string) (epoch int64, err error)
	Beat(ctx context.Context, epoch int64, doing string) error
	Release(ctx context.Context, epoch int64) error
	Lease(ctx context.Context) (Lease, error)
	SetHalt(ctx context.Context, on bool, who string) error

	// Version changes with every committed write by any process.
	Version(ctx context.Context) (int64, error)
}
