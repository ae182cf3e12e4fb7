package catch

import (
	"context"
	"time"
)

// Step is which half of a paid action an entry records.
type Step string

// The steps. An intent without a settling entry is in doubt.
const (
	Intent Step = "intent"
	Answer Step = "answer"
	Note   Step = "note"
)

// LedgerEntry is one line of the append-only ledger. Nothing in it is a
// secret.
type LedgerEntry struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Epoch   int64     `json:"epoch"` // of the lease that acted
	Step    Step      `json:"step"`
	Intent  int64     `json:"intent,omitempty"` // an answer names its intent
	Order   int64     `json:"order"`
	Name    string    `json:"name"`
	Route   string    `json:"route"`
	Action  string    `json:"action"`            // "order", "cancel", "bid", "pay", "register", "burst"
	AtMost  Money     `json:"at_most"`           // what the intent can cost
	Paid    Money     `json:"paid"`              // what the answer says was charged
	Creates int       `json:"creates,omitempty"` // reserved by an intent, spent by an answer
	Outcome string    `json:"outcome,omitempty"` // "ok" or an ErrorKind
	Words   string    `json:"words,omitempty"`
}

// Ledger records every step that can cost money.
type Ledger interface {
	// Intend appends an intent. In one transaction it asserts that the caller
	// still holds the lease, that nothing is halted, and that the month's
	// budget in that currency is not exceeded. It returns the entry's Seq.
	Intend(ctx context.Context, e LedgerEntry) (int64, error)

	// Settle appends the answer to an intent and stores the order in the same
	// transaction.
	Settle(ctx context.Context, e LedgerEntry, o Order) error

	// InDoubt lists the intents that have no answer.
	InDoubt(ctx context.Context) ([]LedgerEntry, error)
}
