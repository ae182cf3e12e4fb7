// Package watch is the core: the names on the list, what is known of them,
// what is asked next, and the orders for them.
//
// Service is the one thing that screens, commands and the headless server
// talk to. It reads and edits from any process; what is scheduled or costs
// money is a row that only the holder of the lease executes, in Service.Run.
package watch

import (
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// Kind is why a name is on the list.
type Kind string

// The kinds of watches.
const (
	Want   Kind = "want"
	Mine   Kind = "mine"
	Launch Kind = "launch"
)

// Watch is one name on the list: what the person said of it.
type Watch struct {
	ID       int64       `json:"-"`
	Name     Name        `json:"name"`
	Kind     Kind        `json:"kind"`
	Tags     []string    `json:"tags"`
	Note     string      `json:"note,omitempty"`
	Purpose  string      `json:"purpose,omitempty"` // use, park, for sale
	Priority int         `json:"priority"`          // higher goes first in a shared burst
	Cap      catch.Money `json:"cap"`               // alone
	BidCap   catch.Money `json:"bid_cap"`
	Created  time.Time   `json:"created"`
	Updated  time.Time   `json:"updated"`
	Rev      int64       `json:"rev"` // an edit names the revision that it read
}

// State is what is known of a watch: it changes with every look.
type State struct {
	Verdict  lifecycle.Verdict `json:"verdict"`
	LookedAt time.Time         `json:"looked_at,omitzero"`
	Due      time.Time         `json:"due"` // when it is asked next
	DueWhy   string            `json:"due_why,omitempty"`
	Trouble  string            `json:"trouble,omitempty"` // why the last look changed nothing
	Looks    int64             `json:"looks"`
}

// TodoVerb is what the person has to do next.
type TodoVerb string

// The verbs, in the words of the screens.
const (
	TodoNothing TodoVerb = ""
	TodoOrder   TodoVerb = "order"
	TodoBid     TodoVerb = "bid"
	TodoPay     TodoVerb = "pay"
	TodoDecide  TodoVerb = "decide"
	TodoRenew   TodoVerb = "renew"
	TodoFix     TodoVerb = "fix"
)

// Todo is the person's own next deadline for a name: what, by when, and what
// it can cost.
type Todo struct {
	Verb   TodoVerb  `json:"verb"`
	By     time.Time `json:"by,omitzero"`
	Urgent bool      `json:"urgent"`
	Text   string    `json:"text,omitempty"` // one or two plain sentences
}

// Row is a watch as lists show it.
type Row struct {
	Watch
	State
	Todo   Todo          `json:"todo"`
	Orders []catch.Order `json:"orders,omitempty"` // those that still hold
}

// Detail is all that is known of one name.
type Detail struct {
	Row
	Rule      lifecycle.Rule  `json:"rule"`
	Answers   []whoisx.Answer `json:"answers"` // the latest of each source and server
	History   []Change        `json:"history"`
	Routes    []RouteStatus   `json:"routes"`
	AllOrders []catch.Order   `json:"all_orders"`
	Exposure  Exposure        `json:"exposure"`
	Checklist []CheckItem     `json:"checklist"`
	Known     []Asked         `json:"known"` // who learned of the interest
}

// Change is one change of a name, as history keeps it.
type Change struct {
	At     time.Time `json:"at"`
	Name   Name      `json:"name"`
	Field  string    `json:"field"` // "stage", "expires", "registrar", "nameservers", "order", "cap"
	Before string    `json:"before"`
	After  string    `json:"after"`
	Source string    `json:"source"` // "rdap rdap.verisign.com", "you", "dynadot"
	Text   string    `json:"text,omitempty"`
}

// Asked says which server learned of the interest in a name, and how often.
type Asked struct {
	Source whoisx.Source `json:"source"`
	Server string        `json:"server"`
	Times  int64         `json:"times"`
	Last   time.Time     `json:"last"`
}

// RouteStatus is a route as it stands for one name.
type RouteStatus struct {
	catch.Description
	Configured bool         `json:"configured"`
	Open       bool         `json:"open"`
	Why        string       `json:"why"` // why it is not open, or what to know of it
	Terms      catch.Terms  `json:"terms"`
	Order      *catch.Order `json:"order,omitempty"`
	CutOff     time.Time    `json:"cut_off,omitzero"`
}

// Exposure is what a name can cost: the dearest route that can win plus every
// fee that is lost anyway. Deposits stand apart.
type Exposure struct {
	MostOwed   []catch.Money `json:"most_owed"` // one a currency
	LostAnyway []catch.Money `json:"lost_anyway"`
	Frozen     []catch.Money `json:"frozen"`
}
