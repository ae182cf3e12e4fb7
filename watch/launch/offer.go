package launch

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Tier is what is sold.
type Tier string

// The tiers. Interest is no order: somebody learns of the wish, nothing else.
const (
	Standard Tier = "standard"
	Priority Tier = "priority"
	Purchase Tier = "purchase" // bought in a landrush or EAP phase as it runs
	Apply    Tier = "application"
	Interest Tier = "interest"
)

// Charged is when an offer is paid for.
type Charged string

// When offers are charged.
const (
	ChargedUnknown Charged = ""
	AtOrder        Charged = "at-order"
	OnSuccess      Charged = "on-success"
	AtPhase        Charged = "at-phase" // when its phase opens
)

// PremiumRule is what happens when the registry calls the name premium.
type PremiumRule string

// The premium rules.
const (
	PremiumUnknown   PremiumRule = ""
	PremiumCancelled PremiumRule = "cancelled"
	PremiumRequoted  PremiumRule = "re-quoted"
	PremiumBinding   PremiumRule = "binding" // the higher price is owed without being asked
)

// Offer is one registrar's pre-registration, application or sale for a phase,
// on its terms. What it does not say stays empty.
type Offer struct {
	ID        string `json:"id"`
	Registrar string `json:"registrar"`
	TLD       string `json:"tld"`
	Phase     string `json:"phase"` // a phase's name
	Tier      Tier   `json:"tier"`

	Price          catch.Money `json:"price"`           // all that is charged, the application fee in it
	ApplicationFee catch.Money `json:"application_fee"` // the part that is lost whoever wins
	Deposit        catch.Money `json:"deposit"`
	ICANNFee       catch.Money `json:"icann_fee"` // where it is charged on top
	Renewal        catch.Money `json:"renewal"`   // a year, from the second on
	PremiumRenewal catch.Money `json:"premium_renewal"`
	Charged        Charged     `json:"charged"`

	OnePerName *bool         `json:"one_per_name"` // the registrar takes one order a name
	Several    catch.Contest `json:"several"`      // among its own customers
	WhoMayJoin string        `json:"who_may_join,omitempty"`

	Refund     catch.Refund  `json:"refund"` // of all but the application fee
	RefundIn   time.Duration `json:"refund_in_ns,omitempty"`
	Premium    PremiumRule   `json:"premium"`
	IfReserved string        `json:"if_reserved,omitempty"` // what happens to the money when the registry reserves the name
	BindingOn  whoisx.Date   `json:"binding_on"`
	Tries      string        `json:"tries,omitempty"` // "before-ga" or "at-ga"

	Source string `json:"source"`
	Seen   string `json:"seen"`
	Origin string `json:"origin,omitempty"` // the file it is from
}

// AskFirst lists the questions that the offer leaves open.
func (o Offer) AskFirst() []string {
	if o.Tier == Interest {
		return nil
	}
	var out []string
	for _, f := range fields {
		if f.Open(o) {
			out = append(out, f.Ask)
		}
	}
	return out
}

// loss is what becomes of the money of an offer if somebody else gets the
// name. Where nothing is known of a refund, the money counts as lost.
func (o Offer) loss(paid catch.Money) (cash, credit, refund catch.Money, err error) {
	zero := catch.Money{Currency: paid.Currency}
	cash, credit, refund = zero, zero, zero
	if paid.IsZero() {
		return cash, credit, refund, nil
	}
	fee := o.ApplicationFee
	if fee.Currency == "" {
		fee = zero
	}
	if c, err := fee.Cmp(paid); err != nil {
		return cash, credit, refund, fmt.Errorf("%s: application fee: %w", o.label(), err)
	} else if c > 0 {
		fee = paid
	}
	rest, err := paid.Add(fee.Neg())
	if err != nil {
		return cash, credit, refund, fmt.Errorf("%s: application fee: %w", o.label(), err)
	}
	cash = fee
	switch o.Refund {
	case catch.RefundCash:
		refund = rest
	case catch.RefundCredit:
		credit = rest
	default:
		cash = paid
	}
	return cash, credit, refund, nil
}

func (o Offer) label() string {
	return strings.Join(strings.Fields(o.Registrar+" "+string(o.Tier)+" ."+o.TLD), " ")
}

// Errors that a caller may tell apart. They are guards: nothing was ordered.
var (
	ErrAgainstSelf = errors.New("it would be an order against oneself") // a *SelfError
	ErrRequoted    = errors.New("the price changed after it was quoted")
	ErrReserved    = errors.New("the registry reserves the name")
	ErrNoOrder     = errors.New("an interest is not an order")
	ErrOpen        = errors.New("the TLD is already open")
)

// SelfError names the offer that another one would drive up.
type SelfError struct {
	Next, Has Offer
	At        time.Time // when the one was taken
}

// Error says where the two meet.
func (e *SelfError) Error() string {
	since := stamp(whoisx.At(e.At))
	if strings.EqualFold(e.Has.Registrar, e.Next.Registrar) {
		return fmt.Sprintf("%s: %v: there is one already since %s", e.Next.label(), ErrAgainstSelf, since)
	}
	return fmt.Sprintf("%s: %v: %s has one since %s, and the two registrars would stand against each other at the registry", e.Next.label(), ErrAgainstSelf, e.Has.label(), since)
}

// Unwrap is ErrAgainstSelf.
func (e *SelfError) Unwrap() error { return ErrAgainstSelf }

// Taken is an offer that a person took for a name.
type Taken struct {
	Offer Offer     `json:"offer"`
	At    time.Time `json:"at"`
}

// Guard says why an offer must not be taken beside those already taken for the
// same name: two of one tier for one phase drive each other up, at the
// registrar or between registrars at the registry.
func Guard(taken []Taken, next Offer) error {
	if next.Tier == Interest {
		return fmt.Errorf("%s: %w: the registrar learns of the wish, and nothing else happens", next.label(), ErrNoOrder)
	}
	for _, t := range taken {
		o := t.Offer
		if o.Tier != next.Tier || !strings.EqualFold(o.Phase, next.Phase) || !strings.EqualFold(o.TLD, next.TLD) {
			continue
		}
		return &SelfError{Next: next, Has: o, At: t.At}
	}
	return nil
}

// Reserved refuses an offer for a name that the registry reserves, and says
// what happens to money that was already paid.
func Reserved(o Offer, category string) error {
	what := o.IfReserved
	if what == "" {
		what = "ask first what happens to money already paid"
	}
	if category != "" {
		category = " (" + category + ")"
	}
	return fmt.Errorf("%s: %w%s; %s", o.label(), ErrReserved, category, what)
}

// Quoted is a price as somebody said it, kept because people need it in a
// dispute.
type Quoted struct {
	At     time.Time   `json:"at"`
	Source string      `json:"source"`
	Class  string      `json:"class"` // "standard", a premium tier, "reserved"
	Price  catch.Money `json:"price"`
	// Renewal is what a year costs from the second on; of premium names it is
	// often premium too.
	Renewal catch.Money `json:"renewal"`
}

// String writes the quote as a person reads it.
func (q Quoted) String() string {
	class := q.class()
	if q.Price.Currency != "" {
		class = q.Price.String() + " " + class
	}
	if q.Renewal.Currency != "" {
		class += ", renewal " + q.Renewal.String()
	}
	return class
}

func (q Quoted) class() string {
	if q.Class == "" {
		return string(Standard)
	}
	return q.Class
}

// ReadQuote reads back what String wrote: price, class and renewal.
func ReadQuote(s string) Quoted {
	var q Quoted
	money := func(s string) (catch.Money, bool) {
		amount, currency, ok := strings.Cut(s, " ")
		m, err := catch.MoneyOf(amount, currency)
		return m, ok && err == nil && len(currency) == 3
	}
	if i := strings.LastIndex(s, ", renewal "); i >= 0 {
		if m, ok := money(s[i+len(", renewal "):]); ok {
			q.Renewal, s = m, s[:i]
		}
	}
	q.Class = s
	if parts := strings.SplitN(s, " ", 3); len(parts) == 3 {
		if m, ok := money(parts[0] + " " + parts[1]); ok {
			q.Price, q.Class = m, parts[2]
		}
	}
	return q
}

// Requote compares a price with the one that an order rests on. A higher price
// or renewal, another currency or another class is refused, naming both with
// their dates. A lower price of the same class is fine.
func Requote(first, now Quoted) error {
	if !dearer(first.Price, now.Price) && !dearer(first.Renewal, now.Renewal) && (now.Class == first.Class || now.Class == "") {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrRequoted, Both(first, now))
}

// Both writes two quotes with their dates and sources.
func Both(first, now Quoted) string {
	one := func(q Quoted) string {
		text := fmt.Sprintf("%s on %s (%s, %s", q.Price, stamp(whoisx.At(q.At)), q.Source, q.class())
		if q.Renewal.Currency != "" {
			text += ", renewal " + q.Renewal.String()
		}
		return text + ")"
	}
	return one(first) + ", " + one(now)
}

// dearer reports whether an amount grew, or changed its currency; what one of
// the two does not say is not compared.
func dearer(first, now catch.Money) bool {
	if first.Currency == "" || now.Currency == "" {
		return false
	}
	c, err := now.Cmp(first)
	return err != nil || c > 0
}
