package catch

import (
	"context"
	"time"
)

// Route is one way to get a name. Every call that can cost money is made by
// the holder of the lease, after the ledger took the intent. A route never
// retries a paid call by itself.
type Route interface {
	// Describe says what the route is; it asks nobody.
	Describe() Description

	// Open says whether the route is open to the person for this name, and
	// why not where it is not. It asks nobody.
	Open(name string) (open bool, why string)

	// Terms returns what the route costs if it wins and if it loses.
	Terms(name string) Terms

	// Quote reads the price now. A route without a price call returns an
	// *Error of kind Guard; a person's confirmed price then stands in. What the
	// call said all the same, Free among it, comes along with such an error.
	Quote(ctx context.Context, name string, years int) (Quote, error)

	// Print shows the exact request that Place would send, secrets hidden. It
	// needs neither network nor account.
	Print(r Request) (string, error)

	// Place sends the order. An error of kind OutcomeUnknown leaves the order
	// in-doubt; NotDroppableYet leaves it planned.
	Place(ctx context.Context, r Request) (Report, error)

	// Find asks the service where an order stands: after an unknown outcome,
	// and at every sync. An order that it does not know is an *Error of kind
	// NotFound.
	Find(ctx context.Context, o Order) (Report, error)

	// Cancel takes the order back where the terms still allow it.
	Cancel(ctx context.Context, o Order) (Report, error)
}

// Request is what a route needs to place an order.
type Request struct {
	Key     string // idempotency key, clTRID prefix
	Name    string
	Years   int
	Contact string
	Price   Money  // read right before; sent along where the service accepts it
	Class   string // of that price; empty: none was named
	Cap     Money
	BidCap  Money
	Premium bool
	DryRun  bool
	Launch  *Launch // the phase of a launch in which it is sent; nil: none

	// At and Until are the name's own drop in a burst of several: equal where it
	// is published, else the window in which it can be anywhere. Zero where it
	// has the burst's.
	At, Until time.Time
}

// Report is what a route knows of an order after a call.
type Report struct {
	State            State
	Ref              string
	Words            string // the service's own
	Price            Money
	CancelBy         time.Time
	CutOff           time.Time
	AuctionEnds      time.Time
	HighBid          Money
	OwnBid           Money
	PayBy            time.Time
	ProvisionalUntil time.Time
	Paid             Money
	Frozen           Money
	Refund           Money
	Frames           []Frame // what a burst sent, for the ledger and the replay
}

// Frame is one create of a burst: what was sent, when, and what came back.
type Frame struct {
	Name    string        `json:"name"`
	Session int           `json:"session"`
	ClTRID  string        `json:"cltrid"`
	SvTRID  string        `json:"svtrid,omitempty"`
	Sent    time.Duration `json:"sent_ns"` // from T
	Answer  time.Duration `json:"answer_ns"`
	Code    int           `json:"code"` // 0: no answer came
	Words   string        `json:"words,omitempty"`
}

// Optional abilities of a route, found by a type assertion and announced in
// Description.Can.
type (
	// Lister lists the orders that the service holds for the account.
	Lister interface {
		List(ctx context.Context) ([]Listed, error)
	}
	// Bidder bids and pays in auctions.
	Bidder interface {
		Bid(ctx context.Context, o Order, bid Money) (Report, error)
		Pay(ctx context.Context, o Order) (Report, error)
	}
	// Balancer reads the account's balance.
	Balancer interface {
		Balance(ctx context.Context) (Money, error)
	}
	// Prober tests login, address and rights without changing anything.
	Prober interface {
		Probe(ctx context.Context) error
	}
	// AfterCarer looks after a name that was won.
	AfterCarer interface {
		AutoRenew(ctx context.Context, name string, on bool) error
		Lock(ctx context.Context, name string, on bool) error
		Nameservers(ctx context.Context, name string, hosts []string) error
	}
	// Hider hides the registrant's data in WHOIS, or shows it.
	Hider interface {
		Privacy(ctx context.Context, name string, on bool) error
	}
	// Burster prepares and fires a create burst for orders that share a
	// window. The names share sessions and budget by the order's position.
	Burster interface {
		Arm(ctx context.Context, rs []Request, at time.Time, until time.Time) (Armed, error)
	}
	// Armed is a burst that is ready: sessions warm, frames encoded.
	Armed interface {
		// Plan says what will be spent, before it is.
		Plan() BurstPlan
		// Fire waits for T and fires. It returns one Report a name. An error
		// without reports says that nothing was sent, unless it is of kind
		// OutcomeUnknown.
		Fire(ctx context.Context) (map[string]Report, error)
		// Disarm lets go of the sessions without sending a create.
		Disarm() error
	}
)

// BurstPlan is what a burst announces before T: the ledger reserves exactly
// this.
type BurstPlan struct {
	Strategy  string         `json:"strategy"`
	Policy    string         `json:"policy"`
	Sessions  int            `json:"sessions"`
	Spares    int            `json:"spares"`
	Lead      time.Duration  `json:"lead_ns"`
	Clock     string         `json:"clock"`   // offset and uncertainty, in words
	Creates   map[string]int `json:"creates"` // a name, at most
	At        time.Time      `json:"at"`
	Until     time.Time      `json:"until"`
	PolicyWhy string         `json:"policy_why,omitempty"`
}

// Listed is an order that a service holds.
type Listed struct {
	Name string
	Report
}
