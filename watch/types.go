package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// Errors that a caller may tell apart.
var (
	ErrNotFound  = errors.New("not on the list")
	ErrExists    = errors.New("already on the list")
	ErrStale     = errors.New("somebody else changed it meanwhile")
	ErrNotHolder = errors.New("another process holds the lease")
	ErrHalted    = errors.New("everything is halted")
	ErrGuard     = errors.New("refused by a guard") // price, cap, budget, policy, terms
	ErrReadOnly  = errors.New("read-only")
)

// NoRoute says that a route is not known; it is an ErrNotFound.
type NoRoute string

func (r NoRoute) Error() string {
	return fmt.Sprintf("no route is called %q; `lapse routes` lists them", string(r))
}

// Is makes it an ErrNotFound.
func (NoRoute) Is(target error) bool { return target == ErrNotFound }

// AddResult is what became of one line of an import.
type AddResult struct {
	Input string `json:"input"`
	Name  Name   `json:"name,omitempty"`
	Added bool   `json:"added"`
	Why   string `json:"why,omitempty"`   // why not
	Meant string `json:"meant,omitempty"` // what was probably meant
}

// NewWatch is what a person says when adding a name.
type NewWatch struct {
	Input    string // as typed; ParseName reads it
	Kind     Kind   // empty: want, or launch where the TLD is not open
	Tags     []string
	Note     string
	Purpose  string
	Priority int
	Cap      catch.Money
	BidCap   catch.Money
}

// Patch changes some fields of a watch; nil leaves a field alone.
type Patch struct {
	Kind     *Kind
	Tags     *[]string
	AddTags  []string
	DropTags []string
	Note     *string
	Purpose  *string
	Priority *int
	Cap      *catch.Money
	BidCap   *catch.Money
	Rev      int64 // 0: whatever the revision is now
}

// Query selects and sorts rows (see ParseQuery for the words).
type Query struct {
	Text     string // fuzzy, over name, tags and note
	Stages   []lifecycle.Stage
	NotStage []lifecycle.Stage
	Kinds    []Kind
	TLDs     []string
	Tags     []string
	NotTags  []string
	Flags    []lifecycle.FlagName
	NotFlags []lifecycle.FlagName
	DropFrom time.Time
	DropTo   time.Time
	CapFrom  catch.Money
	CapTo    catch.Money
	Sort     string // "todo" (the default), "name", "drop", "stage", "added", "looked"
	Desc     bool
	Offset   int
	Limit    int // 0: all
}

// Page is a piece of a list.
type Page struct {
	Rows  []Row
	Total int          // rows that match
	Kinds map[Kind]int // of the whole list
}

// Look is one look: what was asked, what came back and what follows.
type Look struct {
	Name    Name               `json:"name"`
	At      time.Time          `json:"at"`
	Answers []whoisx.Answer    `json:"answers"`
	Verdict lifecycle.Verdict  `json:"verdict"`
	Before  *lifecycle.Verdict `json:"before,omitempty"`
	Changes []Change           `json:"changes,omitempty"`
	Due     time.Time          `json:"due"`
	DueWhy  string             `json:"due_why"`
	Trouble string             `json:"trouble,omitempty"` // nothing readable came back
	Todo    Todo               `json:"todo"`

	Seen    *Before                `json:"-"`                 // what the next verdict needs of this one
	Dropped *lifecycle.Observation `json:"dropped,omitempty"` // this look saw it drop
}

// Budget is a host's token bucket, shared by every process.
type Budget struct {
	Host  string  `json:"host"`
	Rate  float64 `json:"rate"`  // requests a second now
	Usual float64 `json:"usual"` // requests a second that it recovers to
	Burst float64 `json:"burst"`
	// LastAsk is when a request was last taken.
	LastAsk time.Time `json:"last_ask,omitzero"`
	Tokens  float64   `json:"tokens"`
	At      time.Time `json:"at"`             // when Tokens was true
	Until   time.Time `json:"until,omitzero"` // asked to wait until
	PerDay  int       `json:"per_day"`        // 0: no daily limit known
	Today   int       `json:"today"`
	Day     string    `json:"day,omitempty"`
	Limits  int64     `json:"limits"` // times it said "too often"
	Why     string    `json:"why,omitempty"`
	Source  string    `json:"source,omitempty"` // where the limit is from
	// Held is how many requests the acting process has in its hand, for the looks
	// that come next: until HeldUntil the bucket fills up to so many less.
	Held      float64   `json:"held,omitempty"`
	HeldUntil time.Time `json:"held_until,omitzero"`
}

// BudgetChange is a change of a host's bucket.
type BudgetChange struct {
	Host   string
	Change func(*Budget)
}

// OrderFilter selects orders; zero values select all.
type OrderFilter struct {
	Name    Name
	Names   []Name // one of these
	Route   string
	States  []catch.State
	Holding bool
	DueBy   time.Time // NextTry at or before
}

// Lease says who acts.
type Lease struct {
	Holder string    `json:"holder"` // "host pid 123 (serve)"
	Epoch  int64     `json:"epoch"`
	Since  time.Time `json:"since,omitzero"`
	Beat   time.Time `json:"beat,omitzero"`
	Doing  string    `json:"doing,omitempty"`
	Held   bool      `json:"held"`
	Halted bool      `json:"halted"`
	HaltBy string    `json:"halted_by,omitempty"`
	HaltAt time.Time `json:"halted_at,omitzero"` // the last time
}

// EventKind is the kind of an event.
type EventKind string

// The events.
const (
	EvChanged EventKind = "changed" // a name's stage, dates or flags changed
	EvLooked  EventKind = "looked"  // a look ended, nothing changed
	EvEdited  EventKind = "edited"  // the list was edited, by any process
	EvOrder   EventKind = "order"   // an order moved
	EvBurst   EventKind = "burst"   // armed, fired, reported
	EvLease   EventKind = "lease"   // taken, lost, halted
	EvTrouble EventKind = "trouble" // something a person should read
)

// Event tells subscribers that something happened. It says what, not all of
// it: a screen reads the row again.
type Event struct {
	Seq   int64           `json:"seq,omitempty"` // counts up over all processes; 0: not kept
	At    time.Time       `json:"at"`
	Kind  EventKind       `json:"event"`
	Name  Name            `json:"name,omitempty"`
	Stage lifecycle.Stage `json:"stage,omitempty"`
	From  lifecycle.Stage `json:"from,omitempty"`
	Order int64           `json:"order,omitempty"`
	State catch.State     `json:"state,omitempty"`
	Text  string          `json:"text"`
}

// Status is what `lapse status` says.
type Status struct {
	Lease     Lease        `json:"lease"`
	Acting    bool         `json:"acting"` // this process
	Watches   map[Kind]int `json:"watches"`
	Next      *Queued      `json:"next"`
	NextBurst *Armable     `json:"next_burst,omitempty"`
	Todo      *Row         `json:"todo,omitempty"` // the person's nearest deadline
	Month     []Spending   `json:"month"`
	InDoubt   int          `json:"in_doubt"`
	DB        string       `json:"db"`
}

// Queued is a name that waits to be asked.
type Queued struct {
	Name  Name      `json:"name"`
	Due   time.Time `json:"due"`
	At    time.Time `json:"at"` // when the host's budget allows it
	Hosts []string  `json:"hosts"`
	Why   string    `json:"why"`
	Short bool      `json:"short"` // the host's budget delays it
	// Left is how many requests the first host would still take at once after
	// this one.
	Left int `json:"left"`
}

// DueRow is a name that is to be asked, as the schedule reads it.
type DueRow struct {
	Name Name
	Due  time.Time
	Why  string
	Rank int // smaller is more urgent: inside a window 0, an hour away 1, else 2
}

// Turn is a name whose turn it is to be looked at, and what the look needs to
// know.
type Turn struct {
	DueRow
	Standing
}

// Standing is what is known of a name when it is looked at.
type Standing struct {
	Before  *Before   // nil: nothing was seen yet
	Added   time.Time // when it was put on the list; zero: it is not there
	Looks   int64     // so far
	Ordered bool      // there is an order for it, in whatever state
}

// Armable is a burst that is to come.
type Armable struct {
	Names []Name    `json:"names"`
	Route string    `json:"route"`
	At    time.Time `json:"at"`
	Armed bool      `json:"armed"`
}

// BurstRecord is what one burst announced and sent for one order.
type BurstRecord struct {
	Order  int64           `json:"order"`
	At     time.Time       `json:"at"` // of the drop; frames count from it
	Plan   catch.BurstPlan `json:"plan"`
	Frames []catch.Frame   `json:"frames"`
}

// RehearsalRecord is the report of a rehearsal, as the room that rehearses wrote
// it.
type RehearsalRecord struct {
	Name   Name            `json:"name"`
	At     time.Time       `json:"at"`
	Report json.RawMessage `json:"report"`
}

// Spending is a month's budget in one currency.
type Spending struct {
	Month  string      `json:"month"` // 2026-11
	Spent  catch.Money `json:"spent"`
	AtRisk catch.Money `json:"at_risk"`
	Frozen catch.Money `json:"frozen"`
	Cap    catch.Money `json:"cap"`
}

// IntentError is why the intent of one order was not written down.
type IntentError struct {
	Order int64
	Err   error
}

// Error says of which order.
func (e *IntentError) Error() string { return fmt.Sprintf("order %d: %v", e.Order, e.Err) }

// Unwrap returns the cause.
func (e *IntentError) Unwrap() error { return e.Err }

// OrderSpec is what a person asks for with `lapse order`.
type OrderSpec struct {
	Name     Name
	Route    string
	Cap      catch.Money
	BidCap   catch.Money
	Price    catch.Money // confirmed by the person, where no call returns one
	Years    int
	Account  string
	Contact  string
	Premium  bool
	Consents []string
	DryRun   bool
	Unasked  bool // preview alone: no service is asked, a price that only it knows stays open
}

// OrderPreview is what an order would do, before it is given.
type OrderPreview struct {
	Spec     OrderSpec    `json:"-"`
	Order    catch.Order  `json:"order"`
	Terms    catch.Terms  `json:"terms"`
	Read     TermsRead    `json:"terms_read"`
	Quote    *catch.Quote `json:"quote,omitempty"`
	Exposure Exposure     `json:"exposure"` // with this order
	Refused  string       `json:"refused,omitempty"`
	Print    string       `json:"print,omitempty"`
	IfWon    string       `json:"if_won"`
	IfLost   string       `json:"if_lost"`
}

// Before is what the store remembers of a name for the next verdict.
type Before = lifecycle.Seen
