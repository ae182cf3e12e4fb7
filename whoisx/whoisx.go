// Package whoisx asks one source about one domain name and says, typed, what
// it answered.
//
// The root of the room holds the Answer and nothing that dials: it is pure, so
// that everything above can reason about answers without a network. The four
// rooms below it each speak one protocol: rdap, whois, dns and droplist. All
// of them turn what a server said into the same Answer, and a failure into an
// Answer of its own kind, so that a caller can never mistake "the server was
// busy" for "nobody holds this name".
//
// An answer is what one source said; it is not a decision. What several
// answers say together is a verdict, and that is made in watch/lifecycle.
package whoisx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Source names who was asked.
type Source string

// The sources. DNS is a hint only and never votes on whether a name is free.
const (
	RDAP      Source = "rdap"
	WHOIS     Source = "whois"
	DNS       Source = "dns"
	EPP       Source = "epp"
	Registrar Source = "registrar"
	DropList  Source = "droplist"
)

// Votes reports whether the source may count towards "free": RDAP, WHOIS, an
// EPP check and a registrar's check do; DNS and drop lists do not.
func (s Source) Votes() bool {
	return s == RDAP || s == WHOIS || s == EPP || s == Registrar
}

// Outcome is what one source said, in one word.
type Outcome string

// The outcomes. The first six speak about the name, the others about the
// asking; only the first six may change what is known of a name.
const (
	Registered    Outcome = "registered"
	NotRegistered Outcome = "not-registered"
	Reserved      Outcome = "reserved"
	Premium       Outcome = "premium"
	Blocked       Outcome = "blocked"
	Gated         Outcome = "gated"

	Invalid     Outcome = "invalid"      // the server says that the name is malformed
	RateLimited Outcome = "rate-limited" // asked too often; see Answer.RetryAfter
	Refused     Outcome = "refused"      // not allowed to ask (address, account)
	Unsupported Outcome = "unsupported"  // this server does not serve this suffix
	Unreadable  Outcome = "unreadable"   // answered, but it cannot be understood or names another domain
	Unreachable Outcome = "unreachable"  // no answer: DNS, connect, TLS, timeout, reset
)

// SaysSomething reports whether the outcome speaks about the name itself.
func (o Outcome) SaysSomething() bool {
	switch o {
	case Registered, NotRegistered, Reserved, Premium, Blocked, Gated:
		return true
	}
	return false
}

// Date is a moment as a server wrote it. A day without an hour stays a day: it
// is written as a full-date and never gains a made-up midnight.
type Date struct {
	time.Time
	DayOnly bool
}

// At returns a Date with an hour.
func At(t time.Time) Date { return Date{Time: t.UTC()} }

// Day returns a Date without an hour.
func Day(year int, month time.Month, day int) Date {
	return Date{Time: time.Date(year, month, day, 0, 0, 0, 0, time.UTC), DayOnly: true}
}

// Unwritable reports whether neither RFC 3339 nor a full-date can write a Date:
// it has no year of four digits.
func (d Date) Unwritable() bool { return d.UTC().Year() < 0 || d.UTC().Year() > 9999 }

// String writes RFC 3339 in UTC, or a full-date; the zero Date is "", and so is
// one that cannot be written.
func (d Date) String() string {
	switch {
	case d.IsZero(), d.Unwritable():
		return ""
	case d.DayOnly:
		return d.Format(time.DateOnly)
	}
	return d.UTC().Format(time.RFC3339)
}

// MarshalJSON writes String, or null where that is empty.
func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() || d.Unwritable() {
		return []byte("null"), nil
	}
	return append(append([]byte{'"'}, d.String()...), '"'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Date) UnmarshalJSON(b []byte) error {
	var s string
	if n := len(b); n >= 2 && b[0] == '"' && !bytes.ContainsRune(b, '\\') {
		s = string(b[1 : n-1])
	} else if err := json.Unmarshal(b, &s); err != nil { // null leaves it empty
		return fmt.Errorf("read date: %w", err)
	}
	*d = Date{}
	if s == "" {
		return nil
	}
	if len(s) == len(time.DateOnly) {
		if t, err := time.Parse(time.DateOnly, s); err == nil {
			*d = Date{Time: t, DayOnly: true}
			return nil
		}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return fmt.Errorf("read date: %w", err)
	}
	*d = At(t)
	return nil
}

// Price is a price as a source wrote it; watch turns it into catch.Money.
type Price struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	What     string `json:"what,omitempty"` // "create", "renew", "early access", a tier's name
	// OnTop is the part of Amount that is the fee of an early or expiry access
	// period, where the source says it.
	OnTop string `json:"on_top,omitempty"`
}

// Drop is what a source said about when the name drops.
type Drop struct {
	From Date   `json:"from"`
	To   Date   `json:"to"`
	Will bool   `json:"will"` // true: will drop; false: may drop (still renewable)
	Text string `json:"text,omitempty"`
}

// Evidence is one line that an answer was concluded from. Line counts from 1
// in the decoded text; in JSON answers it is the line of the value.
type Evidence struct {
	Source Source `json:"source"`
	Line   int    `json:"line"`
	Text   string `json:"text"`
	Says   string `json:"says"`
}

// Delegation is what DNS hints at; it is never a vote.
type Delegation string

// The delegations.
const (
	DelegationUnknown Delegation = ""
	Delegated         Delegation = "delegated"
	NotDelegated      Delegation = "not-delegated"
	Lame              Delegation = "lame"
	Parked            Delegation = "parked"
	AtAuctionHouse    Delegation = "at-auction-house"
)

// Answer is what one source said about one name. The zero value of every
// field but Source, Name and Outcome means "not said".
type Answer struct {
	Source  Source    `json:"source"`
	Server  string    `json:"server"` // host, or host:port where it is not the protocol's own
	URL     string    `json:"url,omitempty"`
	Name    string    `json:"name"` // the A-label that was asked
	Asked   time.Time `json:"asked"`
	Took    Duration  `json:"took,omitempty"`
	Outcome Outcome   `json:"outcome"`

	// Confirmed: the answer names the domain that was asked. Registered is
	// never concluded without it.
	Confirmed bool `json:"confirmed"`

	// Statuses are normalised to EPP words in camel case ("pendingDelete",
	// RFC 5731 §2.3, RFC 3915 §3.1, RFC 8056); SaidStatuses keep the server's
	// own words, cleaned of control characters.
	Statuses     []string `json:"statuses"`
	SaidStatuses []string `json:"said_statuses,omitempty"`

	Created          Date `json:"created"`
	Updated          Date `json:"updated"`
	Expires          Date `json:"expires"` // the registry's
	RegistrarExpires Date `json:"registrar_expires"`
	Deleted          Date `json:"deleted"` // deletion or start of quarantine, where said

	AsOf Date `json:"as_of,omitzero"` // the state of the registry that it shows, where the source says so

	// Floating says that its times stand without a zone and are read as UTC (RFC
	// 5545 §3.3.5 calls such times floating).
	Floating bool `json:"floating,omitempty"`

	Registrar    string     `json:"registrar"`
	RegistrarID  string     `json:"registrar_id,omitempty"` // IANA registrar ID
	Nameservers  []string   `json:"nameservers"`            // lower case, no trailing dot
	Redacted     []string   `json:"redacted,omitempty"`     // RFC 9537 names, or the fields WHOIS hid
	Price        *Price     `json:"price,omitempty"`
	Drop         *Drop      `json:"drop,omitempty"`
	Category     string     `json:"category,omitempty"` // why reserved, blocked or gated: "dropzone", "spec 5", "dpml"
	Delegation   Delegation `json:"delegation,omitempty"`
	RegistrarURL string     `json:"registrar_url,omitempty"` // the registrar's own RDAP, which only adds fields

	RetryAfter Duration `json:"retry_after,omitempty"` // with rate-limited and refused, where said or known
	HTTPStatus int      `json:"http_status,omitempty"`
	Why        string   `json:"why,omitempty"` // one clean sentence: what went wrong, or why not something else

	Evidence  []Evidence `json:"evidence,omitempty"`
	Raw       []byte     `json:"-"` // bounded, as received; never shown without Clean
	Truncated bool       `json:"truncated,omitempty"`
}

// MarshalJSON writes lists that hold nothing as [], so that a script need not
// tell them from null.
func (a Answer) MarshalJSON() ([]byte, error) {
	type plain Answer // without this method
	if a.Statuses == nil {
		a.Statuses = []string{}
	}
	if a.Nameservers == nil {
		a.Nameservers = []string{}
	}
	// Without the escapes of HTML: evidence is full of brackets, and is read.
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain(a)); err != nil {
		return nil, fmt.Errorf("write answer: %w", err)
	}
	return b.Bytes(), nil
}

// Duration is a time.Duration that JSON writes as "1.5s".
type Duration time.Duration

// MarshalJSON writes the duration as a string.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("read duration: %w", err)
	}
	v, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("read duration: %w", err)
	}
	*d = Duration(v)
	return nil
}
