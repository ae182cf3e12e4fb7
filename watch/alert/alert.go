// Package alert says who is told what, and when.
//
// Two kinds of people own the names on one list: the one who wants a name and
// the one who must not lose it. The same change means opposite things to them,
// so every alert is worded for the one who reads it. Alerts come from two
// places: a change that a look brought (Changed), and a time that comes nearer
// (Upcoming). Both go through the rules of the person (Rules) into an outbox
// in the store, in the same transaction as the change itself, and a Sender
// takes them from there to the channels.
//
// The promise is: none lost, at most one repeat for each time the process is
// killed, and that repeat with the same id and marked.
package alert

import (
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// Kind is what an alert is about; rules select by it.
type Kind string

// The kinds. The first block speaks to the one who wants a name, the second to
// the one who owns it, the third to both.
const (
	EnteredStage Kind = "stage"        // entered a stage that matters to a buyer
	WillDrop     Kind = "will-drop"    // a window became certain, or moved
	WindowNear   Kind = "window"       // 24 h, 1 h, 5 min before the window opens
	OrdersOpen   Kind = "orders-open"  // a service takes orders now
	OrdersClose  Kind = "orders-close" // a service stops taking orders soon
	Restored     Kind = "restored"
	Renewed      Kind = "renewed" // stop caring
	CaughtBy     Kind = "caught-by"
	FreeNow      Kind = "free"

	Expires      Kind = "expires"        // 60, 30, 7, 1 days before
	AutoRenewOff Kind = "auto-renew-off" // it will not renew itself
	Tampered     Kind = "changed"        // status, registrar or name servers of one's own name

	InConflict Kind = "conflict"    // sources disagree
	SourceDark Kind = "source-dark" // nobody answered for a day
	PriceMoved Kind = "price"       // premium flag or price changed
	OrderMoved Kind = "order"       // won, outbid, payment due, refused, reversed
	Deadline   Kind = "deadline"    // pay, bid, decide
	Preflight  Kind = "preflight"   // a line is red before a burst
	LaunchNear Kind = "launch"      // a phase opens, an offer becomes binding
	Test       Kind = "test"
)

// Kinds lists every kind, for configuration and help.
var Kinds = []Kind{
	EnteredStage, WillDrop, WindowNear, OrdersOpen, OrdersClose, Restored, Renewed, CaughtBy, FreeNow,
	Expires, AutoRenewOff, Tampered, InConflict, SourceDark, PriceMoved, OrderMoved, Deadline, Preflight, LaunchNear, Test,
}

// Alert is one thing to tell.
type Alert struct {
	// ID is stable: the same event makes the same id, whoever computes it and
	// however often, so that the outbox keeps it once.
	ID     string    `json:"id"`
	Kind   Kind      `json:"kind"`
	Name   string    `json:"name,omitempty"`
	At     time.Time `json:"at"` // when it is to be told
	Urgent bool      `json:"urgent"`
	Title  string    `json:"title"`
	Text   string    `json:"text"`
	// By is the person's own deadline that it is about, zero if there is none.
	By time.Time `json:"by,omitzero"`
	// Timed alerts are computed ahead and replaced when their date moves.
	Timed bool `json:"timed,omitempty"`
}

// Subject is the name that an alert speaks of, and whose it is.
type Subject struct {
	Name    string // A-label
	Display string // as a person reads it
	Mine    bool
	Tags    []string
}

func (s Subject) id(k Kind, what string, at time.Time) string {
	return fmt.Sprintf("%s/%s/%s/%s", s.Name, k, what, at.UTC().Format("20060102T150405Z"))
}

// stageWords are the stages that a person is told of, with what they mean.
var stageWords = map[lifecycle.Stage]string{
	lifecycle.Expired:        "has expired; its holder can still renew it at the usual price",
	lifecycle.Redemption:     "is in redemption; its holder can restore it for a fee",
	lifecycle.PendingRestore: "is being restored: its holder asked for it back",
	lifecycle.PendingDelete:  "is pending delete; nobody can renew it any more",
	lifecycle.Dropping:       "is inside its drop window",
	lifecycle.GatedStage:     "was deleted, but is not open to all yet",
	lifecycle.LikelyFree:     "is probably free; one more source has to say so",
	lifecycle.ReservedStage:  "is reserved by its registry; it will not be sold",
	lifecycle.BlockedStage:   "is blocked by its registry",
}

// ownerWords are the same to the one who has the name, with what is left to do.
var ownerWords = map[lifecycle.Stage]string{
	lifecycle.Expired:        "has expired. Renew it now: it is still to be had at the usual price.",
	lifecycle.Redemption:     "was deleted. Only its registrar can restore it now, for a fee: ask there today.",
	lifecycle.PendingRestore: "is being restored.",
	lifecycle.PendingDelete:  "is pending delete. It cannot be renewed or restored any more: order it as anybody else does, before it drops.",
	lifecycle.Dropping:       "is inside its drop window, and cannot be renewed any more.",
	lifecycle.GatedStage:     "was deleted, and is not open to all yet.",
	lifecycle.LikelyFree:     "is probably registered no more; one more source has to say so.",
	lifecycle.Free:           "is registered no more: anybody can have it. Register it now.",
	lifecycle.Lost:           "was registered anew, by somebody else.",
	lifecycle.ReservedStage:  "is reserved by its registry.",
	lifecycle.BlockedStage:   "is blocked by its registry.",
}

// leads are how long before a window opens a buyer is told.
var leads = []struct {
	before time.Duration
	word   string
}{{24 * time.Hour, "24 hours"}, {time.Hour, "1 hour"}, {5 * time.Minute, "5 minutes"}}

// expiryLeads are how many days before expiry an owner is told.
var expiryLeads = []int{60, 30, 7, 1}
