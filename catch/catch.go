// Package catch is what it takes to get a name: money, terms, orders, the
// ledger that records every step that can cost money, and the routes that act.
//
// The root of the room is words and rules without I/O. The rooms below it act:
// registrar (one package a service), epp (the wire), burst (the clock, the
// policies and the create burst) and sandbox (a registry to rehearse against).
// None of them decides on its own to spend: an order is a row that the holder
// of the lease executes, after the ledger took the intent and after the price
// was read again and held against the cap.
package catch

import "time"

// Kind is the kind of a route.
type Kind string

// The kinds of routes.
const (
	Backorder     Kind = "backorder"
	ExpiryAuction Kind = "expiry-auction"
	Register      Kind = "register" // register burst at a registrar's API
	EPP           Kind = "epp"      // create burst on one's own account
	Prereg        Kind = "prereg"
	ByHand        Kind = "by-hand"
)

// Can is one thing that a route can do.
type Can string

// What routes can do.
const (
	CanOrder       Can = "order"
	CanList        Can = "list"
	CanFind        Can = "find"
	CanCancel      Can = "cancel"
	CanAuctions    Can = "auctions"
	CanBid         Can = "bid"
	CanPay         Can = "pay"
	CanCheck       Can = "check"       // says whether a name is free
	CanQuote       Can = "quote"       // a call returns the price
	CanPriceLock   Can = "price-lock"  // the price goes along with the call
	CanIdempotency Can = "idempotency" // a key makes repeating safe
	CanBalance     Can = "balance"
	CanAutoRenew   Can = "auto-renew"
	CanLock        Can = "lock"
	CanNameservers Can = "nameservers"
	CanPrivacy     Can = "privacy" // hides the registrant in WHOIS, at no cost
	CanSandbox     Can = "sandbox" // the service has a test host of its own
)

// Description says what a route is, without asking anybody.
type Description struct {
	Route   string `json:"route"`   // "dynadot", "epp:myaccount", "by-hand:snapnames"
	Service string `json:"service"` // "Dynadot"
	Kind    Kind   `json:"kind"`
	Can     []Can  `json:"can"`
	Pool    string `json:"pool,omitempty"` // services that share one pool are one order
}

// Has reports whether the route can do c.
func (d Description) Has(c Can) bool {
	for _, have := range d.Can {
		if have == c {
			return true
		}
	}
	return false
}

// Quote is what one year, or a catch, costs right now.
type Quote struct {
	Name    string `json:"name"`
	Price   Money  `json:"price"`
	Renew   Money  `json:"renew"`
	Premium bool   `json:"premium"`
	Class   string `json:"class,omitempty"`  // "standard", "premium", a tier; "reserved" or "blocked" where it cannot be had
	Reason  string `json:"reason,omitempty"` // why it cannot be registered, in the service's words
	// Early is the part of Price that is the fee of an early or expiry access
	// period, and EarlyWhat what the service calls it, with when it falls.
	Early     Money     `json:"early_access,omitzero"`
	EarlyWhat string    `json:"early_access_what,omitempty"`
	Free      *bool     `json:"free,omitempty"` // whether the service says that it can be registered
	Basis     string    `json:"basis"`          // the call it came from, or "confirmed by you on 2026-11-03"
	At        time.Time `json:"at"`
}
