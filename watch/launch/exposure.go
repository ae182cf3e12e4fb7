package launch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Rung is one step of the ladder: whoever takes the name on it beats everybody
// on the rungs below.
type Rung struct {
	Step  string      `json:"step"` // the phase, and the tier where a phase has several
	Phase string      `json:"phase"`
	Tier  Tier        `json:"tier,omitempty"`
	From  whoisx.Date `json:"from"`
	To    whoisx.Date `json:"to"`
	// Price is what the registry's table asks for a name on it, all in; where
	// offers are known, theirs count.
	Price catch.Money `json:"price"`
	// Offers are those that compete on this rung.
	Offers []Offer `json:"offers"`
	// Registrar and Registry say how several are decided among: first among
	// the customers of one registrar, then among registrars.
	Registrar string `json:"contest_at_registrar,omitempty"`
	Registry  string `json:"contest_at_registry,omitempty"`
}

// tierRank is the order of tiers within one phase.
func tierRank(t Tier) int {
	switch t {
	case Purchase, Apply:
		return 0
	case Priority:
		return 1
	case Standard:
		return 2
	}
	return 3
}

// Ladder says which phase, tier and offer beats which, best first.
func Ladder(l Launch, offers []Offer) []Rung {
	var out []Rung
	for _, p := range l.Phases {
		if p.Kind == Claims {
			continue
		}
		var here []Offer
		for _, o := range offers {
			if strings.EqualFold(o.Phase, p.Name) && o.Tier != Interest {
				here = append(here, o)
			}
		}
		slices.SortStableFunc(here, func(a, b Offer) int { return tierRank(a.Tier) - tierRank(b.Tier) })
		base := Rung{Step: p.Name, Phase: p.Name, From: p.From, To: p.To, Price: l.Asks(p), Registry: registryContest(p), Offers: []Offer{}}
		if len(here) == 0 {
			out = append(out, base)
			continue
		}
		for i := 0; i < len(here); {
			r := base
			r.Tier = here[i].Tier
			if p.Kind == GA {
				r.Step = p.Name + ", " + string(r.Tier)
				if r.Tier == Standard {
					r.Registry = firstCreate
				}
			}
			for ; i < len(here) && tierRank(here[i].Tier) == tierRank(r.Tier); i++ {
				r.Offers = append(r.Offers, here[i])
			}
			r.Registrar = registrarContest(r.Offers)
			out = append(out, r)
		}
	}
	return out
}

const firstCreate = "the registry takes the first create that reaches it"

// registryContest is how the registry decides between registrars. At general
// availability an auction is between priority orders: a standard one is tried
// once the phase is open, by whoever is first.
func registryContest(p Phase) string {
	switch p.Contest {
	case catch.PublicAuction, catch.PrivateAuction:
		return "the registry auctions the name among the registrars that bring an order"
	case catch.Lottery:
		return "the registry draws lots among the registrars that bring an order"
	case catch.FirstCome:
		return firstCreate
	}
	switch p.Kind {
	case SunriseEnd, LRP, QLP:
		return "applications are allocated or auctioned by the registry after the end"
	case Landrush:
		return "the registry takes the first, or auctions between several applications: ask first"
	}
	return firstCreate
}

func registrarContest(offers []Offer) string {
	var words []string
	for _, o := range offers {
		w := o.Registrar + ": "
		switch {
		case o.OnePerName != nil && *o.OnePerName:
			w += "one order a name"
		case o.Several == catch.ContestUnknown:
			w += "ask first how several orders are decided"
		default:
			w += string(o.Several) + " among its customers"
		}
		if o.WhoMayJoin != "" {
			w += " (" + o.WhoMayJoin + ")"
		}
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return strings.Join(words, "; ")
}

// IfLost is what becomes of the money when somebody else gets the name.
type IfLost struct {
	CashLost catch.Money `json:"cash_lost"`
	Credit   catch.Money `json:"credit"` // given back as credit: kept apart from cash
	Refund   catch.Money `json:"refund"` // given back in cash
	// RefundBy is when the last of it is back; zero where nobody says.
	RefundBy whoisx.Date `json:"refund_by"`
}

// TiedUp is money that works for nobody: how much, for how many days.
type TiedUp struct {
	Amount catch.Money `json:"amount"`
	Days   int         `json:"days"`
}

// Step is one step of an exposure: what is paid until then, what a win costs
// and what a loss does.
type Step struct {
	Step   string       `json:"step"`
	From   whoisx.Date  `json:"from"`
	To     whoisx.Date  `json:"to"`
	Paid   catch.Money  `json:"paid"`
	IfWon  *catch.Money `json:"if_won"` // null: no offer taken can win here
	IfLost IfLost       `json:"if_lost"`
	TiedUp TiedUp       `json:"tied_up"`
	// Frozen is the part of TiedUp that is held as deposits: it is not paid.
	Frozen catch.Money `json:"frozen,omitzero"`
	// ICANNFee is the part of IfWon that goes to ICANN, where it is charged on
	// top. LaterYears is what the name costs from the second year on, and
	// IfPremium what it costs then should the registry call it premium.
	ICANNFee   catch.Money `json:"icann_fee"`
	LaterYears catch.Money `json:"later_years"`
	IfPremium  catch.Money `json:"later_years_if_premium"`
}

// Exposure is what one person has at stake for one name.
type Exposure struct {
	Name      string      `json:"name"`
	Steps     []Step      `json:"steps"`
	WorstCase catch.Money `json:"worst_case"` // the most that is paid at any step, a win there included
	AskFirst  []string    `json:"ask_first,omitempty"`
}

// purse adds money of one currency.
type purse struct {
	sum catch.Money
	err error
}

func (p *purse) add(m catch.Money) {
	if p.err != nil || m == (catch.Money{}) {
		return
	}
	p.sum, p.err = p.sum.Add(m)
}

// ExposureOf says, for a name and the offers that a person took for it, what is
// paid, won and lost at each step of the launch, and how long money is tied
// up. Offers in two currencies are an error.
func ExposureOf(name string, l Launch, taken []Taken) (Exposure, error) {
	e := Exposure{Name: name, Steps: []Step{}}
	taken = slices.DeleteFunc(slices.Clone(taken), func(t Taken) bool { return t.Offer.Tier == Interest })
	var offers []Offer
	for _, t := range taken {
		if l.Phase(t.Offer.Phase) == nil {
			return e, fmt.Errorf("exposure of %s: %s: .%s has no phase %q", name, t.Offer.label(), l.TLD, t.Offer.Phase)
		}
		if err := inTime(l, t); err != nil {
			return e, fmt.Errorf("exposure of %s: %w", name, err)
		}
		offers = append(offers, t.Offer)
		for _, q := range t.Offer.AskFirst() {
			e.AskFirst = append(e.AskFirst, t.Offer.label()+": "+q)
		}
	}
	rungs := Ladder(l, offers)
	for i, r := range rungs {
		s, most, err := step(rungs, i, taken)
		if err != nil {
			return e, fmt.Errorf("exposure of %s: %s: %w", name, r.Step, err)
		}
		e.Steps = append(e.Steps, s)
		if e.WorstCase.Currency == "" || dearer(e.WorstCase, most) {
			e.WorstCase = most
		}
	}
	return e, nil
}

// inTime refuses what was bought in a phase that was over: at the moment at
// which it ends, the next one has begun.
func inTime(l Launch, t Taken) error {
	p := l.Phase(t.Offer.Phase)
	if p == nil || t.Offer.Tier != Purchase || p.To.IsZero() || t.At.Before(p.To.Time) {
		return nil
	}
	return fmt.Errorf("%s was over at %s; nothing was bought there at %s", p.Name, stamp(p.To), stamp(whoisx.At(t.At)))
}

// ends is when a rung is decided.
func (r Rung) ends() time.Time {
	if r.To.IsZero() {
		return r.From.Time
	}
	return r.To.Time
}

// rungOf is the rung that an offer competes on.
func rungOf(rungs []Rung, o Offer) int {
	return slices.IndexFunc(rungs, func(r Rung) bool {
		return strings.EqualFold(r.Phase, o.Phase) && (r.Tier == "" || tierRank(r.Tier) == tierRank(o.Tier))
	})
}

// payday is when an offer is charged at the latest, if it is not won: when it
// was taken, or when its phase opens. A purchase is charged in its phase.
func payday(rungs []Rung, t Taken) time.Time {
	if t.Offer.Charged != AtPhase && t.Offer.Tier != Purchase {
		return t.At
	}
	if i := rungOf(rungs, t.Offer); i >= 0 && rungs[i].From.After(t.At) {
		return rungs[i].From.Time
	}
	return t.At
}

// charged is what an offer has cost by the end of a rung, if it is not won
// there.
func charged(rungs []Rung, i int, t Taken) catch.Money {
	none := catch.Money{Currency: t.Offer.Price.Currency}
	own := rungOf(rungs, t.Offer)
	if takenAfter(rungs, i, t) {
		return none
	}
	later := t.Offer.Charged == AtPhase || t.Offer.Tier == Purchase
	switch {
	case t.Offer.Charged == OnSuccess && t.Offer.ApplicationFee.Currency != "":
		return t.Offer.ApplicationFee // never given back: it is owed whoever wins
	case t.Offer.Charged == OnSuccess, later && own > i && rungs[own].Phase != rungs[i].Phase:
		return none
	}
	// Where nobody says when it is charged, the worst is assumed: at once.
	return t.Offer.Price
}

// frozen is the deposit that is held for an offer while its own rung is not
// decided.
func frozen(rungs []Rung, i int, t Taken) catch.Money {
	if takenAfter(rungs, i, t) || i > rungOf(rungs, t.Offer) {
		return catch.Money{}
	}
	return t.Offer.Deposit
}

// takenAfter reports whether an offer was taken once a rung was decided.
func takenAfter(rungs []Rung, i int, t Taken) bool {
	end := rungs[i].ends()
	return !end.IsZero() && !t.At.Before(end) && rungOf(rungs, t.Offer) != i
}

// step is one step of an exposure, and the most that is paid at it, a win
// included.
func step(rungs []Rung, i int, taken []Taken) (Step, catch.Money, error) {
	r := rungs[i]
	s := Step{Step: r.Step, From: r.From, To: r.To}
	// Of several that compete here the dearest wins, for the worst case.
	winner := -1
	for j, t := range taken {
		if rungOf(rungs, t.Offer) == i && (winner < 0 || dearer(taken[winner].Offer.Price, t.Offer.Price)) {
			winner = j
		}
	}
	var paid, held, cash, credit, refund, won, most purse
	end := r.ends()
	for j, t := range taken {
		m, deposit := charged(rungs, i, t), frozen(rungs, i, t)
		c, cr, rf, err := t.Offer.loss(m)
		if err != nil {
			return s, most.sum, err
		}
		paid.add(m)
		held.add(deposit)
		cash.add(c)
		credit.add(cr)
		refund.add(rf)
		if j == winner {
			won.add(t.Offer.Price)
			won.add(t.Offer.ICANNFee)
			most.add(t.Offer.Price)
			most.add(t.Offer.ICANNFee)
			s.ICANNFee, s.LaterYears, s.IfPremium = t.Offer.ICANNFee, t.Offer.Renewal, t.Offer.PremiumRenewal
		} else {
			won.add(c)
			most.add(m)
		}
		if end.IsZero() {
			continue
		}
		if !rf.IsZero() && t.Offer.RefundIn > 0 {
			if by := end.UTC().Add(t.Offer.RefundIn); by.After(s.IfLost.RefundBy.Time) {
				s.IfLost.RefundBy = whoisx.Day(by.Date())
			}
		}
		if !m.IsZero() {
			s.TiedUp.Days = max(s.TiedUp.Days, calendarDays(payday(rungs, t), end))
		}
		if !deposit.IsZero() {
			s.TiedUp.Days = max(s.TiedUp.Days, calendarDays(t.At, end))
		}
	}
	if winner >= 0 {
		s.IfWon = &won.sum
	}
	tied := purse{sum: paid.sum}
	tied.add(held.sum)
	for _, p := range []*purse{&paid, &held, &cash, &credit, &refund, &won, &most, &tied} {
		if p.err != nil {
			return s, most.sum, p.err
		}
	}
	s.Paid, s.Frozen, s.TiedUp.Amount = paid.sum, held.sum, tied.sum
	s.IfLost.CashLost, s.IfLost.Credit, s.IfLost.Refund = cash.sum, credit.sum, refund.sum
	return s, most.sum, nil
}

// calendarDays counts the days from one UTC date to another.
func calendarDays(from, to time.Time) int {
	a, b := from.UTC().Truncate(24*time.Hour), to.UTC().Truncate(24*time.Hour)
	if b.Before(a) {
		return 0
	}
	return int(b.Sub(a) / (24 * time.Hour))
}
