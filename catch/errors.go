package catch

import (
	"errors"
	"fmt"
	"time"
)

// ErrorKind is what went wrong at a service, in the one list that every
// connector maps to.
type ErrorKind string

// The error kinds.
const (
	Taken              ErrorKind = "taken"
	PremiumRefused     ErrorKind = "premium_refused"
	PriceMismatch      ErrorKind = "price_mismatch"
	InsufficientFunds  ErrorKind = "insufficient_funds"
	RateLimited        ErrorKind = "rate_limited"
	Auth               ErrorKind = "auth"
	IPNotAllowed       ErrorKind = "ip_not_allowed"
	InvalidContact     ErrorKind = "invalid_contact"
	TLDUnsupported     ErrorKind = "tld_unsupported"
	NotDroppableYet    ErrorKind = "not_droppable_yet"
	AlreadyBackordered ErrorKind = "already_backordered"
	CutOffPassed       ErrorKind = "cutoff_passed"
	Busy               ErrorKind = "busy"
	OutcomeUnknown     ErrorKind = "outcome_unknown"
	UpstreamDown       ErrorKind = "upstream_down"

	NotFound ErrorKind = "not_found" // the service knows no such order
	Guard    ErrorKind = "guard"     // a rule of ours refused: nothing was sent
)

// Error is a failure at a route. Words are the service's own, cleaned and
// without secrets.
type Error struct {
	Kind       ErrorKind
	Service    string
	Op         string // "place order", "read price"
	Words      string
	RetryAfter time.Duration
	Hint       string // the next step for a person
	Err        error
}

// Error says what was being done, where, and what the service said.
func (e *Error) Error() string {
	s := e.Op
	if e.Service != "" {
		s += " at " + e.Service
	}
	s += ": " + string(e.Kind)
	if e.Words != "" {
		s += fmt.Sprintf(" (%s)", e.Words)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of a failure, or "" where it has none.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// Definite reports whether the failure says for sure that nothing was bought,
// so that a register call may be repeated.
func (k ErrorKind) Definite() bool { return k != OutcomeUnknown && k != "" }
