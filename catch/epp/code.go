package epp

import (
	"fmt"
	"strconv"
)

// Code is a result code of RFC 5730, section 3.
type Code int

// The result codes.
const (
	OK              Code = 1000
	Pending         Code = 1001
	NoMessages      Code = 1300
	AckToDequeue    Code = 1301
	Ending          Code = 1500
	UnknownCommand  Code = 2000
	SyntaxError     Code = 2001
	UseError        Code = 2002
	MissingParam    Code = 2003
	RangeError      Code = 2004
	ParamSyntax     Code = 2005
	BadVersion      Code = 2100
	BadCommand      Code = 2101
	BadOption       Code = 2102
	BadExtension    Code = 2103
	Billing         Code = 2104
	NotRenewable    Code = 2105
	NotTransferable Code = 2106
	AuthFailed      Code = 2200
	NotAllowed      Code = 2201
	BadAuthInfo     Code = 2202
	PendingTransfer Code = 2300
	NoTransfer      Code = 2301
	Exists          Code = 2302
	DoesNotExist    Code = 2303
	StatusForbids   Code = 2304
	Associated      Code = 2305
	PolicyValue     Code = 2306
	BadService      Code = 2307
	DataPolicy      Code = 2308
	Failed          Code = 2400
	FailedClosing   Code = 2500
	AuthClosing     Code = 2501
	TooManySessions Code = 2502
)

var sentences = map[Code]string{
	OK:              "done",
	Pending:         "accepted, but not done yet: the registry decides later",
	NoMessages:      "no message is waiting",
	AckToDequeue:    "a message is waiting",
	Ending:          "the session ended",
	UnknownCommand:  "the server does not know this command",
	SyntaxError:     "the server could not read the frame",
	UseError:        "the command cannot be used now, for instance before login",
	MissingParam:    "something that this registry requires is missing",
	RangeError:      "a value is outside what the registry accepts",
	ParamSyntax:     "a value is not written as the registry wants it",
	BadVersion:      "the server speaks another version of EPP",
	BadCommand:      "the server does not implement this command",
	BadOption:       "the server does not implement this option",
	BadExtension:    "the server does not implement this extension",
	Billing:         "the account's balance is too low, or billing refused it",
	NotRenewable:    "the name cannot be renewed now",
	NotTransferable: "the name cannot be transferred now",
	AuthFailed:      "the user name or the password is wrong",
	NotAllowed:      "the account may not do this",
	BadAuthInfo:     "the authorization code is wrong",
	PendingTransfer: "a transfer is already under way",
	NoTransfer:      "no transfer is under way",
	Exists:          "it exists already: somebody holds it, or it has not dropped yet",
	DoesNotExist:    "it does not exist",
	StatusForbids:   "its status forbids this",
	Associated:      "something else still depends on it",
	PolicyValue:     "the registry's policy forbids this value",
	BadService:      "the server does not offer this kind of object",
	DataPolicy:      "the registry's policy or a limit of the account forbids this",
	Failed:          "the server failed; it can be tried again",
	FailedClosing:   "the server failed and closes the session",
	AuthClosing:     "login failed and the server closes the session",
	TooManySessions: "too many sessions are open; the server closes this one",
}

// Sentence says what the code means to a person. Codes that the RFC does not
// list are put down to their class.
func (c Code) Sentence() string {
	if s, ok := sentences[c]; ok {
		return s
	}
	switch {
	case c == 8455: // .nz, outside a to-be-released session
		return "the registry's release session is not open"
	case c >= 1000 && c < 2000:
		return "done"
	case c >= 2000 && c < 2100, c >= 2100 && c < 2200:
		return "the server refused the form of the command"
	case c >= 2200 && c < 2300:
		return "the account may not do this"
	case c >= 2300 && c < 2400:
		return "the registry's rules refuse this"
	case c >= 2400 && c < 2500:
		return "the server failed"
	case c >= 2500 && c < 2600:
		return "the server closes the session"
	}
	return "a code of this registry's own"
}

// OK reports whether the command was done or taken.
func (c Code) OK() bool { return c >= 1000 && c < 2000 }

// Closes reports whether the server ends the session with this code.
func (c Code) Closes() bool { return c == Ending || c >= 2500 && c < 2600 }

// OfPrice reports whether a create that carried a fee is refused with this
// code where the fee is no longer the right one (RFC 8748, section 3.8).
func (c Code) OfPrice() bool { return c == RangeError }

// String writes "2302 (it exists already ...)".
func (c Code) String() string { return strconv.Itoa(int(c)) + " (" + c.Sentence() + ")" }

// ResultError is an answer with a code of 2000 or above. Words are the
// server's own, cleaned.
type ResultError struct {
	Op     string
	Code   Code
	Words  string
	Reason string // what the server named as the reason, if anything
	SvTRID string
}

// Error says what was being done and what the server said.
func (e *ResultError) Error() string {
	s := fmt.Sprintf("%s: %d %s", e.Op, int(e.Code), e.Code.Sentence())
	if e.Words != "" {
		s += ": " + strconv.Quote(e.Words)
	}
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	return s
}
