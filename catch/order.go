package catch

import (
	"fmt"
	"time"
)

// State is where an order stands.
type State string

// The states of an order, in the order in which they usually come.
const (
	Planned        State = "planned"   // the service takes it later: retried until it does
	Requested      State = "requested" // a row that the holder of the lease will send
	Active         State = "active"    // the service has it
	Processing     State = "processing"
	InDoubt        State = "in-doubt" // sent, outcome unknown: looked up, never repeated
	AuctionLeading State = "auction-leading"
	AuctionOutbid  State = "auction-outbid"
	PaymentDue     State = "payment-due"
	WonProvisional State = "won-provisional"
	Won            State = "won"
	Lost           State = "lost"
	Failed         State = "failed"
	RefusedOrder   State = "refused" // by a guard of ours: price, cap, terms, policy
	Cancelled      State = "cancelled"
	Reversed       State = "reversed"
	RefundDue      State = "refund-due"
)

// moves are the legal steps. From in-doubt and from every state in which a
// service holds the order it may be found in any later state, because things
// happen on websites behind our back.
var moves = map[State][]State{
	Planned:        {Requested, Cancelled, RefusedOrder, Failed, Lost},
	Requested:      {Planned, Active, Processing, InDoubt, PaymentDue, WonProvisional, Won, Lost, Failed, RefusedOrder, Cancelled},
	Active:         {Processing, InDoubt, AuctionLeading, AuctionOutbid, PaymentDue, WonProvisional, Won, Lost, Failed, Cancelled, Planned},
	Processing:     {Active, InDoubt, AuctionLeading, AuctionOutbid, PaymentDue, WonProvisional, Won, Lost, Failed, Cancelled, RefusedOrder},
	InDoubt:        {Planned, Requested, Active, Processing, AuctionLeading, AuctionOutbid, PaymentDue, WonProvisional, Won, Lost, Failed, Cancelled},
	AuctionLeading: {AuctionOutbid, InDoubt, PaymentDue, WonProvisional, Won, Lost, Cancelled, Failed},
	AuctionOutbid:  {AuctionLeading, InDoubt, PaymentDue, WonProvisional, Won, Lost, Cancelled, Failed},
	PaymentDue:     {InDoubt, WonProvisional, Won, Lost, Failed, Cancelled},
	WonProvisional: {Won, Reversed},
	Won:            {Reversed},
	Reversed:       {RefundDue, Cancelled},
	RefundDue:      {Cancelled},
}

// Moves lists the states that an order may go to.
func Moves(from State) []State { return append([]State(nil), moves[from]...) }

// CanMove reports whether an order may go from one state to another. Staying
// is always legal.
func CanMove(from, to State) bool {
	if from == to {
		return true
	}
	for _, s := range moves[from] {
		if s == to {
			return true
		}
	}
	return false
}

// Ended reports whether nothing more is expected to happen or to be owed.
func (s State) Ended() bool {
	switch s {
	case Won, Lost, Failed, RefusedOrder, Cancelled:
		return true
	}
	return false
}

// Holds reports whether an order in this state can still charge the person: it
// counts into exposure and into the month's budget.
func (s State) Holds() bool {
	switch s {
	case Planned, Requested, Active, Processing, InDoubt, AuctionLeading, AuctionOutbid, PaymentDue, WonProvisional, Reversed, RefundDue:
		return true
	}
	return false
}

// Wish is something that a person asks of an order that already stands. It is
// a row: the holder of the lease does it and takes the wish back.
type Wish string

// The wishes.
const (
	WishNone   Wish = ""
	WishCancel Wish = "cancel"
	WishBid    Wish = "bid"
	WishPay    Wish = "pay"
	WishSync   Wish = "sync" // ask the service where it stands
)

// Order is one route taken for one name.
type Order struct {
	ID      int64  `json:"id"`
	Key     string `json:"key"` // unique, made once: idempotency key and clTRID prefix
	Name    string `json:"name"`
	Route   string `json:"route"`
	Service string `json:"service"`
	Kind    Kind   `json:"kind"`
	Pool    string `json:"pool,omitempty"` // services that share one pool are one order
	Account string `json:"account,omitempty"`
	Contact string `json:"contact,omitempty"`
	State   State  `json:"state"`
	Why     string `json:"why,omitempty"` // the last words about it, the service's own where there are any

	Cap      Money     `json:"cap"`     // alone: the sole order
	BidCap   Money     `json:"bid_cap"` // if it comes to an auction
	Price    Money     `json:"price"`   // last price seen or confirmed
	PriceAt  time.Time `json:"price_at,omitzero"`
	Basis    string    `json:"price_basis,omitempty"`
	Class    string    `json:"price_class,omitempty"` // of that price, as the registry names it
	Years    int       `json:"years"`
	Premium  bool      `json:"premium,omitempty"`  // the person agreed to a premium price
	Consents []string  `json:"consents,omitempty"` // what else was agreed to, by name

	Ref              string    `json:"ref,omitempty"` // the service's own order id
	CancelBy         time.Time `json:"cancel_by,omitzero"`
	CutOff           time.Time `json:"cut_off,omitzero"`
	AuctionEnds      time.Time `json:"auction_ends,omitzero"`
	HighBid          Money     `json:"high_bid"`
	OwnBid           Money     `json:"own_bid"`
	PayBy            time.Time `json:"pay_by,omitzero"`
	ProvisionalUntil time.Time `json:"provisional_until,omitzero"`
	Paid             Money     `json:"paid"`
	Frozen           Money     `json:"frozen"`
	Refund           Money     `json:"refund"`
	LoseFee          Money     `json:"lose_fee"`          // lost in any case, by the terms when it was given
	Verified         time.Time `json:"verified,omitzero"` // when a second source showed it as ours
	Missing          time.Time `json:"missing,omitzero"`  // since when its service says that it does not know it

	// Wish is what the person asked the holder of the lease to do with it next.
	Wish    Wish  `json:"wish,omitempty"`
	WishBid Money `json:"wish_bid"`

	Try     int       `json:"try"`               // times a planned order was asked for
	NextTry time.Time `json:"next_try,omitzero"` // when the holder acts on it again
	// FireAt is when the person wants its burst fired, whatever is known of the
	// name; zero: in its window.
	FireAt time.Time `json:"fire_at,omitzero"`

	Created time.Time `json:"created,omitzero"` // zero in a preview
	Updated time.Time `json:"updated,omitzero"` // whenever anything of it was stored
	Since   time.Time `json:"since,omitzero"`   // when it came to its state
}

// Move changes the state, or says why it cannot.
func (o *Order) Move(to State, why string) error {
	if !CanMove(o.State, to) {
		return fmt.Errorf("order %d for %s: cannot go from %s to %s", o.ID, o.Name, o.State, to)
	}
	o.State, o.Why = to, why
	return nil
}
