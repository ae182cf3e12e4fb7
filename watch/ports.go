package watch

import (
	"context"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/lifecycle"
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

// LocalSource is a Source that can answer from what it keeps: such an ask
// takes nothing from the host's budget.
type LocalSource interface {
	Source
	Local(name string) bool
}

// Enricher is a Source that can ask a second server, which the answer names,
// for what the first one left out. It only adds fields; the second answer is
// handed back beside.
type Enricher interface {
	Source
	EnrichHost(a whoisx.Answer) string // "": nobody to ask
	Enrich(ctx context.Context, a whoisx.Answer) (enriched, second whoisx.Answer)
}

// RuleBook finds the rule of a name's zone. *lifecycle.Book is one.
type RuleBook interface {
	Rule(name string) lifecycle.Rule
}

// Locker is the operating system's file lock beside the database. The system
// lets go of it when the process dies, so holding it is proof of life.
type Locker interface {
	// TryLock takes the lock if it is free; it never waits.
	TryLock() (bool, error)
	Unlock() error
}

// Binding is what the store needs from the core to keep every change
// consistent inside its own transaction.
type Binding struct {
	// Todo computes the person's next deadline of a row. It is pure and
	// quick: it runs inside the transaction of the change.
	Todo func(Row, time.Time) Todo
	// Tell and Ahead are what the outbox keeps of a change, and of dates that
	// come nearer; nil: nobody is told. They are pure and quick as well.
	Tell  func(Row, Happened, time.Time) []alert.Item
	Ahead func(Row, time.Time) []alert.Item
	// MonthCaps are the budgets of a UTC month, by currency.
	MonthCaps map[string]catch.Money
	// Now is the clock.
	Now func() time.Time
	// Stale is how old a heartbeat may be before its holder no longer acts.
	Stale time.Duration
}

// Store keeps everything. watch/store implements it on SQLite; its errors are
// wrapped ErrNotFound, ErrExists, ErrStale, ErrNotHolder, ErrHalted, ErrGuard
// or the driver's own.
type Store interface {
	// Bind is called once, by New, before anything else.
	Bind(b Binding)
	// Path is the database file.
	Path() string

	alert.Outbox
	Outbox(ctx context.Context, limit int) ([]alert.Item, error)
	// Alerts returns every alert about a name, told or not, oldest first; what
	// was told long ago is forgotten.
	Alerts(ctx context.Context, n Name) ([]alert.Item, error)
	PutAlerts(ctx context.Context, items []alert.Item) error

	// Add stores new watches in one transaction; one that exists is reported
	// as such and left alone.
	Add(ctx context.Context, ws []Watch) ([]AddResult, error)
	// Edit changes a watch if its revision is still the one read.
	Edit(ctx context.Context, w Watch, changes []Change) (Watch, error)
	Remove(ctx context.Context, names []Name) (int, error)
	Watch(ctx context.Context, n Name) (Row, error)
	List(ctx context.Context, q Query) (Page, error)
	// ReadyFilter reads what a filter by text looks through, ahead of the first
	// letter.
	ReadyFilter(ctx context.Context) error
	Kinds(ctx context.Context) (map[Kind]int, error)

	// Due returns what is to be asked at or before a time, most urgent first,
	// and when the next one after them is; zero where there is none or the limit
	// was reached.
	Due(ctx context.Context, at time.Time, limit int) ([]DueRow, time.Time, error)
	// Turns is Due with what a look at each name needs to know; names that skip
	// names are left out.
	Turns(ctx context.Context, at time.Time, limit int, skip func(Name) bool) ([]Turn, time.Time, error)
	// SaveLooks keeps answers, verdicts, history and next due times of several
	// looks in one transaction, and changes budgets in it. The epoch is asserted.
	SaveLooks(ctx context.Context, epoch int64, looks []Look, budgets ...BudgetChange) error
	// Touch makes a name due at a time, from any process.
	Touch(ctx context.Context, n Name, due time.Time, why string) error
	// AskAgain makes due now what was looked at later than now, or put off for
	// longer than anybody is, and says how many names that are.
	AskAgain(ctx context.Context, now time.Time, why string) (int, error)
	// Standings returns what the next looks at names need to know; a name that
	// is not on the list is left out.
	Standings(ctx context.Context, names ...Name) (map[Name]Standing, error)
	// Drops returns the latest drops seen in a zone, newest first.
	Drops(ctx context.Context, zone string, limit int) ([]lifecycle.Observation, error)
	// RefreshTodos computes again what the person has to do where the deadline
	// passed between two times.
	RefreshTodos(ctx context.Context, from, to time.Time) (int, error)

	Answers(ctx context.Context, n Name) ([]whoisx.Answer, error)
	// Evidence returns the answers that came with a change, newest first.
	Evidence(ctx context.Context, n Name) ([]whoisx.Answer, error)
	History(ctx context.Context, n Name, limit int) ([]Change, error)
	Known(ctx context.Context, n Name) ([]Asked, error)

	// Budget returns a host's bucket, or ErrNotFound.
	Budget(ctx context.Context, host string) (Budget, error)
	// ChangeBudget reads, changes and stores a bucket in one transaction; a
	// host that is not there yet is handed over with its Host alone.
	ChangeBudget(ctx context.Context, host string, change func(*Budget)) error
	Budgets(ctx context.Context) ([]Budget, error)

	Order(ctx context.Context, id int64) (catch.Order, error)
	Orders(ctx context.Context, f OrderFilter) ([]catch.Order, error)
	// AddOrder stores a new order. In the same transaction it asserts the
	// month's budget and that nothing is halted, unless the order stands at
	// its service already.
	AddOrder(ctx context.Context, o catch.Order) (catch.Order, error)
	// SaveOrder stores what became of an order; what it paid or got back since
	// the last time is noted in the ledger. ErrStale when somebody else moved
	// it since o.Updated.
	SaveOrder(ctx context.Context, o catch.Order, why string) error
	// Wish writes down what the person asks of an order, for the holder.
	Wish(ctx context.Context, id int64, w catch.Wish, bid catch.Money) (catch.Order, error)
	// NextOrder is when the holder has to do something about an order, zero if
	// nothing.
	NextOrder(ctx context.Context) (time.Time, error)
	catch.Ledger
	// IntendAll appends several intents, all or none: a burst announces its
	// creates with it. The checks are those of Intend.
	// The one that is refused is named by an *IntentError.
	IntendAll(ctx context.Context, es []catch.LedgerEntry) ([]int64, error)
	Ledger(ctx context.Context, limit int) ([]catch.LedgerEntry, error)
	Spending(ctx context.Context, month string) ([]Spending, error)

	// AcceptTerms keeps terms that a person accepted; AcceptedTerms returns
	// them, newest first.
	AcceptTerms(ctx context.Context, as []Acceptance) error
	AcceptedTerms(ctx context.Context) ([]Acceptance, error)

	// AddChecks begins a checklist; items of the same order stay as they are.
	AddChecks(ctx context.Context, cs []CheckItem) error
	// SaveCheck stores how an item stands and writes what was said into the
	// history. A holder's epoch is asserted; 0 is a person.
	SaveCheck(ctx context.Context, epoch int64, c CheckItem, source, said string) error
	Checks(ctx context.Context, n Name) ([]CheckItem, error)
	// ChecksDue returns what the program has to do by a time, and when the
	// next thing after it is due.
	ChecksDue(ctx context.Context, by time.Time) ([]CheckItem, time.Time, error)

	NotePayment(ctx context.Context, p Payment) error
	Payments(ctx context.Context) ([]Payment, error)

	SaveRehearsal(ctx context.Context, r RehearsalRecord) error
	// Rehearsals returns the rehearsals of a name, newest first; limit 0 is all.
	Rehearsals(ctx context.Context, n Name, limit int) ([]RehearsalRecord, error)

	SaveBurst(ctx context.Context, b BurstRecord) error
	// Bursts returns the bursts of an order, newest first.
	Bursts(ctx context.Context, order int64) ([]BurstRecord, error)

	// Take takes the lease for a process that holds the file lock and raises
	// the epoch; Beat renews it, Release gives it back.
	Take(ctx context.Context, holder string) (epoch int64, err error)
	Beat(ctx context.Context, epoch int64, doing string) error
	Release(ctx context.Context, epoch int64) error
	Lease(ctx context.Context) (Lease, error)
	SetHalt(ctx context.Context, on bool, who string) error

	// Events returns what happened after an event, oldest first, from every
	// process; LastEvent is the number of the latest.
	Events(ctx context.Context, after int64, limit int) ([]Event, error)
	LastEvent(ctx context.Context) (int64, error)
	// Note appends an event of no other change.
	Note(ctx context.Context, e Event) error

	// Version changes with every committed write by any process.
	Version(ctx context.Context) (int64, error)
}
