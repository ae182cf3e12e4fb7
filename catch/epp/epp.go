// Package epp is a client for the Extensible Provisioning Protocol: RFC 5730
// to 5734 with the extensions that somebody who catches names needs.
//
// It comes in three layers, and each can be used without the one above it:
//
//   - Commands are plain structs (DomainCheck, DomainCreate, Login, ...).
//     Encode turns one into the bytes of a frame, and does so the same way
//     every time: it needs no network, no account, no clock. Print does the
//     same with every secret hidden.
//   - A Session is one TLS connection: Dial reads the greeting, Login picks
//     from it what both sides know, Do sends one command and waits for its
//     answer. Any number of goroutines may call Do at once: answers are matched
//     by clTRID, never by position, since servers that work on frames in
//     parallel answer out of order.
//   - A Connector makes sessions for one account. It tries a password once and
//     keeps away for a while when the server said that there are too many
//     sessions.
//
// A create burst does not go through Do. It sends frames that were encoded
// before with WriteFrame and reads answers through a Tap, in the goroutine that
// reads from the connection, without an allocation for either.
//
// Everything that a server sends is taken for hostile: frames are capped, XML
// is walked with limits on depth and number of elements, text is stripped of
// control and direction characters before anybody prints it, an answer to a
// command that was never sent ends the session.
package epp

import "slices"

// The namespaces that this client speaks.
const (
	NSEPP     = "urn:ietf:params:xml:ns:epp-1.0"     // RFC 5730
	NSDomain  = "urn:ietf:params:xml:ns:domain-1.0"  // RFC 5731
	NSHost    = "urn:ietf:params:xml:ns:host-1.0"    // RFC 5732
	NSContact = "urn:ietf:params:xml:ns:contact-1.0" // RFC 5733

	NSRGP        = "urn:ietf:params:xml:ns:rgp-1.0"             // RFC 3915
	NSSecDNS     = "urn:ietf:params:xml:ns:secDNS-1.1"          // RFC 5910
	NSLaunch     = "urn:ietf:params:xml:ns:launch-1.0"          // RFC 8334
	NSFee10      = "urn:ietf:params:xml:ns:epp:fee-1.0"         // RFC 8748
	NSFee12      = "urn:ietf:params:xml:ns:fee-0.12"            // its drafts, still in use
	NSFee11      = "urn:ietf:params:xml:ns:fee-0.11"            //
	NSFee06      = "urn:ietf:params:xml:ns:fee-0.6"             //
	NSToken      = "urn:ietf:params:xml:ns:allocationToken-1.0" // RFC 8495
	NSChangePoll = "urn:ietf:params:xml:ns:changePoll-1.0"      // RFC 8590
	NSLoginSec   = "urn:ietf:params:xml:ns:epp:loginSec-1.0"    // RFC 8807
	// RFC 9038: the server sends what the login did not list as text beside
	// the result instead of in its usual place.
	NSUnhandled = "urn:ietf:params:xml:ns:epp:unhandled-namespaces-1.0"
	// RFC 9154: authorization information is empty until a transfer needs it.
	NSSecureAuth = "urn:ietf:params:xml:ns:epp:secure-authinfo-transfer-1.0"

	// The account's balance has no RFC: Verisign wrote a mapping that others took
	// over, and SWITCH one of its own.
	NSBalance   = "http://www.verisign.com/epp/balance-1.0"
	NSBalanceCH = "https://www.nic.ch/epp/balance-1.0"

	nsSMD  = "urn:ietf:params:xml:ns:signedMark-1.0"
	nsMark = "urn:ietf:params:xml:ns:mark-1.0"
)

// feeVersions are the fee extensions, best first.
var feeVersions = []string{NSFee10, NSFee12, NSFee11, NSFee06}

// objects are those that a login asks for where the server offers them, of the
// balances the first alone.
var (
	objects  = []string{NSDomain, NSContact, NSHost}
	balances = []string{NSBalance, NSBalanceCH}
)

// known are the extensions that a login asks for where the server offers them.
// Of the fee extensions it asks for the best alone.
var known = []string{
	NSRGP, NSSecDNS, NSLaunch, NSToken, NSChangePoll, NSLoginSec, NSUnhandled, NSSecureAuth,
}

// Services is what a session speaks: what the server offered and this client
// knows. Encode consults it for the version of the fee extension.
type Services struct {
	Lang       string
	Objects    []string
	Extensions []string
	Fee        string // the fee namespace, "" without one
}

// Everything is Services as if a server offered all that this client knows. It
// is what Print uses when there is no server to ask.
func Everything() Services {
	return Services{
		Lang:       "en",
		Objects:    append(slices.Clone(objects), NSBalance),
		Extensions: append([]string{NSFee10}, known...),
		Fee:        NSFee10,
	}
}

// Has reports whether the session speaks a namespace.
func (s Services) Has(uri string) bool {
	return slices.Contains(s.Objects, uri) || slices.Contains(s.Extensions, uri)
}

// Balance is the namespace in which the account's balance can be asked for, ""
// where the server does not offer that.
func (s Services) Balance() string {
	for _, u := range balances {
		if slices.Contains(s.Objects, u) {
			return u
		}
	}
	return ""
}
