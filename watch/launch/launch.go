// Package launch knows how a new TLD opens, what registrars' offers for it
// cost, and what is lost if somebody else gets the name. It is pure: no
// network, no store, no clock of its own.
//
// A TLD opens in phases: sunrise for holders of trade marks, qualified and
// limited phases (QLP, LRP), landrush, an early access period (EAP) whose fee
// falls by the day, general availability (GA). Registrars sell
// "pre-registration" for them in forms that differ: tried at GA or bought
// before it, standard or priority, with application fees that are lost and
// refunds that are credits. A Launch is the phases; an Offer is one
// registrar's terms; what a registrar does not say stays unanswered and is
// listed by Offer.AskFirst, because that is what to ask before handing over a
// card.
//
// Three questions are answered: Ladder says which offer beats which, Resolve
// who gets the name and what everybody has paid and lost at each step, and
// ExposureOf what one person stands to pay, lose and wait for. EAP is the
// clock of a falling fee.
//
// Precedence: an earlier phase wins over a later one, so any landrush phase
// pre-empts every pre-registration for GA, and the earlier EAP day wins.
// Within GA, priority pre-empts standard. Among equals the contest has two
// levels: the registrar's own (its auction or queue), then the registry's
// among registrars.
package launch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Kind is the kind of a phase.
type Kind string

// The kinds of phases, in the order in which TLDs go through them.
const (
	SunriseStart Kind = "sunrise-start-date" // first come, 30 days' notice
	SunriseEnd   Kind = "sunrise-end-date"   // 60 days, then allocated or auctioned
	Claims       Kind = "claims"             // trademark claims: beside other phases
	QLP          Kind = "qlp"                // qualified launch: a hundred names for the registry's own use
	LRP          Kind = "lrp"                // limited registration
	Landrush     Kind = "landrush"
	EarlyAccess  Kind = "eap" // one day of an early access period
	GA           Kind = "ga"  // general availability
)

var kinds = []Kind{SunriseStart, SunriseEnd, Claims, QLP, LRP, Landrush, EarlyAccess, GA}

// Phase is one phase of a launch. It takes orders from From up to but not
// including To: at To the next one begins. A zero From or To is not known, or
// for GA's To is never. A day without an hour stays one: such a phase surely
// takes orders only once that day is over, and surely no more once it began.
type Phase struct {
	Name string      `json:"name"`
	Kind Kind        `json:"kind"`
	From whoisx.Date `json:"from"`
	To   whoisx.Date `json:"to"`
	// Fee is what the source asks for a name in this phase: on top of a year's
	// registration in an early access period, all in elsewhere (see Asks).
	Fee catch.Money `json:"fee"`
	// Contest is how the registry decides where several registrars bring an
	// order: first-come, public-auction, private-auction, lottery; "" is as
	// usual for its kind.
	Contest catch.Contest `json:"contest,omitempty"`

	// What no source told, and the phases beside it show: it follows when they
	// move, and is not written into a file.
	impliedFrom, impliedTo bool
}

// Open reports whether the phase takes orders at t.
func (p Phase) Open(t time.Time) bool {
	if p.From.IsZero() && p.To.IsZero() {
		return false
	}
	return !t.Before(sure(p.From)) && (p.To.IsZero() || t.Before(p.To.Time))
}

// Opens is the first moment at which the phase takes orders for certain; zero
// where nobody told.
func (p Phase) Opens() time.Time {
	if p.From.IsZero() {
		return time.Time{}
	}
	return sure(p.From)
}

// sure is the first moment at which a date has come for certain.
func sure(d whoisx.Date) time.Time {
	if d.DayOnly {
		return d.Add(24 * time.Hour)
	}
	return d.Time
}

// Launch is how one TLD opens.
type Launch struct {
	TLD        string   `json:"tld"`
	Registry   string   `json:"registry,omitempty"`
	Backend    string   `json:"backend,omitempty"`
	Nexus      string   `json:"nexus,omitempty"`
	Phases     []Phase  `json:"phases"`
	Reserved   []string `json:"reserved,omitempty"` // labels that the registry keeps for itself
	Sources    []string `json:"sources"`
	Checked    string   `json:"checked"`
	Confidence string   `json:"confidence"` // "seen" or "memory"
	Notes      []string `json:"notes,omitempty"`
	Origin     string   `json:"origin"`
}

// Phase returns the phase of that name, or nil.
func (l Launch) Phase(name string) *Phase {
	for i := range l.Phases {
		if strings.EqualFold(l.Phases[i].Name, name) {
			return &l.Phases[i]
		}
	}
	return nil
}

// GA returns general availability, or nil where its date is not known.
func (l Launch) GA() *Phase {
	for i := range l.Phases {
		if l.Phases[i].Kind == GA {
			return &l.Phases[i]
		}
	}
	return nil
}

// Asks is what a name costs in a phase, all in. The fee of an early access
// period stands on top of a year's registration; where nobody told what that
// costs at general availability, it is the fee alone.
func (l Launch) Asks(p Phase) catch.Money {
	if p.Kind != EarlyAccess || p.Fee.Currency == "" {
		return p.Fee
	}
	all, err := p.Fee.Add(l.Year())
	if err != nil { // a launch in two currencies is refused when it is read
		return p.Fee
	}
	return all
}

// Year is what a year's registration costs at general availability; zero where
// nobody told.
func (l Launch) Year() catch.Money {
	if ga := l.GA(); ga != nil {
		return ga.Fee
	}
	return catch.Money{}
}

// At returns the phase that takes orders at t: of several the one that comes
// first in the launch, trademark claims aside. Nil: none.
func (l Launch) At(t time.Time) *Phase {
	for i := range l.Phases {
		if p := &l.Phases[i]; p.Kind != Claims && p.Open(t) {
			return p
		}
	}
	return nil
}

// Next returns the next moment at which a phase opens or closes after t, and
// the phase. Nil: nothing more is known to come.
func (l Launch) Next(t time.Time) (p *Phase, at whoisx.Date, opens bool) {
	for i := range l.Phases {
		q := &l.Phases[i]
		for _, c := range []struct {
			at    whoisx.Date
			opens bool
		}{{q.From, true}, {q.To, false}} {
			if c.at.After(t) && (p == nil || c.at.Before(at.Time) || c.at.Equal(at.Time) && c.opens) {
				p, at, opens = q, c.at, c.opens
			}
		}
	}
	return p, at, opens
}

// keptByICANN are the labels that every registry has to keep (Registry
// Agreement, Specification 5, sections 1 and 3).
var keptByICANN = []string{"example", "nic", "rdds", "whois", "www"}

// Keeps reports whether the registry keeps a name for itself, as far as the
// book knows, and by which list.
func (l Launch) Keeps(name string) (list string, kept bool) {
	label, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch {
	case slices.Contains(keptByICANN, label):
		return "ICANN's list, Specification 5", true
	case slices.ContainsFunc(l.Reserved, func(r string) bool { return strings.EqualFold(r, label) }):
		return "the registry's list", true
	}
	return "", false
}

// OpenedAt reports whether the TLD is open to all at t.
func (l Launch) OpenedAt(t time.Time) bool {
	ga := l.GA()
	return ga != nil && !ga.From.IsZero() && !t.Before(sure(ga.From))
}

// sort puts the phases in the order of precedence: by when they end, and those
// without an end by when they begin. What is not told of a time is taken from
// the phase beside it where there is but one way to read it.
func (l *Launch) sort() {
	for i := range l.Phases {
		p := &l.Phases[i]
		if p.impliedFrom {
			p.From, p.impliedFrom = whoisx.Date{}, false
		}
		if p.impliedTo {
			p.To, p.impliedTo = whoisx.Date{}, false
		}
	}
	// A name is sold in one way at a time: the next way ends the one before.
	for i := range l.Phases {
		p := &l.Phases[i]
		if !selling(p.Kind) || p.Kind == GA || !p.To.IsZero() || p.From.IsZero() {
			continue
		}
		for _, q := range l.Phases {
			if selling(q.Kind) && !q.impliedFrom && q.From.After(p.From.Time) && (p.To.IsZero() || q.From.Before(p.To.Time)) {
				p.To, p.impliedTo = q.From, true
			}
		}
	}
	key := func(p Phase) time.Time {
		switch {
		case p.Kind == GA && !p.From.IsZero():
			return p.From.Time
		case !p.To.IsZero():
			return p.To.Time
		}
		return p.From.Time
	}
	slices.SortStableFunc(l.Phases, func(a, b Phase) int {
		if (a.Kind == GA) != (b.Kind == GA) {
			if a.Kind == GA {
				return 1
			}
			return -1
		}
		if c := key(a).Compare(key(b)); c != 0 {
			return c
		}
		return slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind)
	})
	// Phases of one kind that only say when they end follow on one another.
	for i := 1; i < len(l.Phases); i++ {
		a, b := l.Phases[i-1], &l.Phases[i]
		if b.From.IsZero() && b.Kind == a.Kind && !a.To.IsZero() && !b.To.IsZero() {
			b.From, b.impliedFrom = a.To, true
		}
	}
}

// Check says what is wrong with a launch: phases that run backwards or
// overlap, fees in two currencies.
func (l Launch) Check() error {
	for i, p := range l.Phases {
		if p.Name == "" {
			return fmt.Errorf(".%s: phase %d has no name", l.TLD, i+1)
		}
		if !slices.Contains(kinds, p.Kind) {
			return fmt.Errorf(".%s: %s: unknown kind %q", l.TLD, p.Name, p.Kind)
		}
		if !slices.Contains([]catch.Contest{"", catch.FirstCome, catch.PublicAuction, catch.PrivateAuction, catch.Lottery}, p.Contest) {
			return fmt.Errorf(".%s: %s: a registry decides by first-come, public-auction, private-auction or lottery, not %q", l.TLD, p.Name, p.Contest)
		}
		if !p.From.IsZero() && !p.To.IsZero() && !p.From.Before(p.To.Time) {
			return fmt.Errorf(".%s: %s runs backwards: from %s to %s", l.TLD, p.Name, stamp(p.From), stamp(p.To))
		}
		for _, q := range l.Phases[:i] {
			if strings.EqualFold(p.Name, q.Name) {
				return fmt.Errorf(".%s: there are two phases %q", l.TLD, p.Name)
			}
			if p.Fee.Currency != "" && q.Fee.Currency != "" && p.Fee.Currency != q.Fee.Currency {
				return fmt.Errorf(".%s: fees in two currencies: %s in %s, %s in %s", l.TLD, q.Name, q.Fee.Currency, p.Name, p.Fee.Currency)
			}
			if exclusive(p.Kind, q.Kind) && overlap(p, q) {
				return fmt.Errorf(".%s: phases overlap: %s until %s, %s from %s", l.TLD, q.Name, stamp(q.To), p.Name, stamp(p.From))
			}
			if p.Kind == GA && q.Kind == GA {
				return fmt.Errorf(".%s: general availability twice", l.TLD)
			}
		}
	}
	return nil
}

// exclusive reports whether two kinds of phases cannot run at one time: a name
// is sold in one way only. Sunrise and limited phases may run beside others,
// and claims always do.
func exclusive(a, b Kind) bool {
	return selling(a) && selling(b) || a == b && a != Claims
}

func selling(k Kind) bool { return k == Landrush || k == EarlyAccess || k == GA }

func overlap(a, b Phase) bool {
	if a.From.IsZero() || b.From.IsZero() {
		return false
	}
	if a.From.After(b.From.Time) {
		a, b = b, a
	}
	if a.To.IsZero() {
		return a.Kind == GA // which never ends; of the others the end is not known
	}
	if b.From.DayOnly && !a.To.DayOnly {
		return b.Opens().Before(a.To.Time) // on the day on which a ends it may open after that
	}
	return b.From.Before(a.To.Time)
}

// stamp writes a date for a person.
func stamp(d whoisx.Date) string {
	switch {
	case d.IsZero():
		return "an unknown time"
	case d.DayOnly:
		return d.Format(time.DateOnly) + ", hour unknown"
	}
	return d.UTC().Format("2006-01-02 15:04 UTC")
}

// Moved is a phase whose times changed: what was announced for it has to
// follow.
type Moved struct {
	Phase  string      `json:"phase"`
	Before whoisx.Date `json:"before"`
	After  whoisx.Date `json:"after"`
	Which  string      `json:"which"` // "opens", "closes", "added" or "dropped"
}

// Changes says which phases moved between two versions of a launch.
func Changes(before, after Launch) []Moved {
	var out []Moved
	for _, p := range after.Phases {
		q := before.Phase(p.Name)
		if q == nil {
			out = append(out, Moved{Phase: p.Name, After: p.From, Which: "added"})
			continue
		}
		if p.From != q.From {
			out = append(out, Moved{Phase: p.Name, Before: q.From, After: p.From, Which: "opens"})
		}
		if p.To != q.To {
			out = append(out, Moved{Phase: p.Name, Before: q.To, After: p.To, Which: "closes"})
		}
	}
	for _, q := range before.Phases {
		if after.Phase(q.Name) == nil {
			out = append(out, Moved{Phase: q.Name, Before: q.From, Which: "dropped"})
		}
	}
	return out
}
