package launch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// Entrant is somebody who took an offer for a name.
type Entrant struct {
	Who   string
	Offer Offer
	At    time.Time // when it was taken
}

// Level is one level of a contest: at a registrar, or at the registry.
type Level struct {
	Where    string   `json:"where"` // "at REGISTRAR" or "at the registry"
	How      string   `json:"how"`
	Entrants []string `json:"entrants"`
}

// Stake is what one entrant has paid and lost when a step is over.
type Stake struct {
	Who      string      `json:"who"`
	Step     string      `json:"step"`
	Out      bool        `json:"out"` // somebody else has the name
	Won      bool        `json:"won"`
	Paid     catch.Money `json:"paid"`
	CashLost catch.Money `json:"cash_lost"`
	Credit   catch.Money `json:"credit"`
	Refund   catch.Money `json:"refund"`
	Days     int         `json:"days"` // that the money was tied up
}

// Result is who gets a name.
type Result struct {
	Winner  string  `json:"winner,omitempty"` // empty: a contest decides, or nobody took it
	Step    string  `json:"step,omitempty"`
	Why     string  `json:"why"`
	Contest []Level `json:"contest,omitempty"`
	Stakes  []Stake `json:"stakes"` // by step, then by entrant
}

// Resolve says who gets a name of those who took offers for it, and what each
// has paid and lost at each step.
func Resolve(l Launch, entrants []Entrant) (Result, error) {
	var res Result
	var offers []Offer
	var in []Entrant
	for _, e := range entrants {
		if e.Offer.Tier == Interest {
			continue
		}
		p := l.Phase(e.Offer.Phase)
		if p == nil {
			return res, fmt.Errorf("%s: .%s has no phase %q", e.Who, l.TLD, e.Offer.Phase)
		}
		if err := inTime(l, Taken{Offer: e.Offer, At: e.At}); err != nil {
			return res, fmt.Errorf("%s: %w", e.Who, err)
		}
		in = append(in, e)
		offers = append(offers, e.Offer)
	}
	rungs := Ladder(l, offers)
	at := func(e Entrant) int { return rungOf(rungs, e.Offer) }
	slices.SortStableFunc(in, func(a, b Entrant) int {
		if d := at(a) - at(b); d != 0 {
			return d
		}
		return a.At.Compare(b.At)
	})
	if len(in) == 0 {
		res.Why = "nobody took an offer"
		return res, nil
	}
	top := at(in[0])
	var first []Entrant
	for _, e := range in {
		if at(e) == top {
			first = append(first, e)
		}
	}
	res.Step = rungs[top].Step
	res.decide(rungs[top], first, len(in) > len(first))
	for i := range rungs[:top+1] {
		if err := res.stakes(rungs, i, top, in); err != nil {
			return res, err
		}
	}
	return res, nil
}

// decide names the winner of the best rung, or the contest between several.
func (res *Result) decide(r Rung, first []Entrant, others bool) {
	why := ""
	if others {
		why = ", which pre-empts everything after it"
	}
	if len(first) == 1 || first[0].Offer.Tier == Purchase {
		res.Winner = first[0].Who
		res.Why = first[0].Who + " took it in " + r.Step + why
		if len(first) > 1 {
			res.Why = first[0].Who + " was the first in " + r.Step + why
		}
		return
	}
	var registrars []string
	by := map[string][]Entrant{}
	for _, e := range first {
		if _, ok := by[e.Offer.Registrar]; !ok {
			registrars = append(registrars, e.Offer.Registrar)
		}
		by[e.Offer.Registrar] = append(by[e.Offer.Registrar], e)
	}
	var through []string
	for _, g := range registrars {
		es := by[g]
		if len(es) == 1 {
			through = append(through, es[0].Who)
			continue
		}
		how := string(es[0].Offer.Several)
		switch es[0].Offer.Several {
		case catch.ContestUnknown:
			how = "ask first"
		case catch.FirstCome, catch.Priority:
			through = append(through, es[0].Who)
			res.Contest = append(res.Contest, Level{Where: "at " + g, How: how + ": " + es[0].Who + " was first", Entrants: names(es)})
			continue
		}
		through = append(through, "the winner at "+g)
		res.Contest = append(res.Contest, Level{Where: "at " + g, How: how, Entrants: names(es)})
	}
	if len(registrars) > 1 {
		res.Contest = append(res.Contest, Level{Where: "at the registry", How: r.Registry, Entrants: through})
		res.Why = fmt.Sprintf("%d registrars bring an order to %s; the registry decides between them", len(registrars), r.Step)
		return
	}
	if slices.Contains(names(first), through[0]) {
		res.Winner = through[0]
		res.Why = through[0] + " was the first at " + registrars[0] + why
		return
	}
	res.Why = fmt.Sprintf("%s decides between %s", registrars[0], strings.Join(names(first), ", "))
}

func names(es []Entrant) []string {
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = e.Who
	}
	return out
}

// stakes are what everybody has paid and lost when rung i is over.
func (res *Result) stakes(rungs []Rung, i, top int, in []Entrant) error {
	end := rungs[i].ends()
	for _, e := range in {
		t := Taken{Offer: e.Offer, At: e.At}
		s := Stake{Who: e.Who, Step: rungs[i].Step, Paid: charged(rungs, i, t)}
		s.Won = i == top && e.Who == res.Winner
		if s.Won {
			var err error
			if s.Paid, err = e.Offer.Price.Add(e.Offer.ICANNFee); err != nil {
				return fmt.Errorf("%s: ICANN's fee: %w", e.Who, err)
			}
		}
		s.Out = i == top && res.Winner != "" && !s.Won
		zero := catch.Money{Currency: e.Offer.Price.Currency}
		s.CashLost, s.Credit, s.Refund = zero, zero, zero
		if s.Out {
			var err error
			if s.CashLost, s.Credit, s.Refund, err = e.Offer.loss(s.Paid); err != nil {
				return fmt.Errorf("%s: %w", e.Who, err)
			}
		}
		if !s.Paid.IsZero() && !end.IsZero() {
			s.Days = calendarDays(payday(rungs, t), end)
		}
		res.Stakes = append(res.Stakes, s)
	}
	return nil
}
