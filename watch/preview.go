package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/catch"
)

// Preview says what an order would do, and whether a guard refuses it. It
// reads the price where a call returns one, unless nobody is to be asked, and
// stores nothing.
func (s *Service) Preview(ctx context.Context, spec OrderSpec) (OrderPreview, error) {
	row, orders, err := s.orderRow(ctx, spec.Name)
	if err != nil {
		return OrderPreview{}, err
	}
	o, r, err := s.plan(spec, row, orders)
	if r == nil {
		return OrderPreview{}, err
	}
	p := OrderPreview{Spec: spec, Order: o, Terms: r.Terms(o.Name)}
	if err != nil {
		p.Refused = guardWords(err)
	}
	read, rerr := s.TermsRead(ctx, p.Terms)
	if rerr != nil {
		return p, rerr
	}
	p.Read = read[0]
	waits := o.State == catch.Planned && inPhase(o) // for another step of the fee
	if spec.Unasked {
		// What stands in the order is all that there is.
	} else if q, qerr := s.quote(ctx, r, o); qerr == nil {
		p.Quote = &q
		p.Order.Price, p.Order.PriceAt, p.Order.Basis = q.Price, q.At, q.Basis
		then := q
		if waits {
			then.Price.Units -= q.Early.Units
		}
		if err := s.stands(ctx, o, then); err != nil && p.Refused == "" {
			if !errors.Is(err, ErrGuard) {
				return p, err
			}
			p.Refused = guardWords(err)
		}
	} else if guardError(qerr) && p.Refused == "" && o.Kind != catch.ByHand {
		p.Refused = guardWords(qerr)
	}
	if p.Refused == "" {
		if why, err := s.monthRefuses(ctx, o); err != nil {
			return p, err
		} else if why != "" {
			p.Refused = why
		}
	}
	costs := p.Order
	if waits && p.Quote != nil && !p.Quote.Early.IsZero() {
		costs.Price = catch.Money{} // of today's step; that of its own is at most the cap
	}
	p.Exposure = ExposureOf(append(slices.Clone(orders), costs))
	p.IfWon, p.IfLost = ifWon(costs, p.Terms), ifLost(costs, p.Terms)
	sent := s.asks(p.Order)
	sent.Key = "lapse-key" // the order gets its own once it is given
	if p.Print, err = r.Print(sent); err != nil && p.Refused == "" {
		return p, fmt.Errorf("print the request: %w", err)
	}
	return p, nil
}

// orderRow returns a name's row and orders. A name that is not on the list can
// be previewed; Order puts it there.
func (s *Service) orderRow(ctx context.Context, n Name) (Row, []catch.Order, error) {
	row, err := s.store.Watch(ctx, n)
	if errors.Is(err, ErrNotFound) {
		row = Row{Watch: Watch{Name: n, Kind: Want}}
	} else if err != nil {
		return row, nil, err
	}
	os, err := s.store.Orders(ctx, OrderFilter{Name: n})
	return row, os, err
}

// monthRefuses says why the month's budget has no room for an order; "" where
// it has. The same is asserted again when the order is stored.
func (s *Service) monthRefuses(ctx context.Context, o catch.Order) (string, error) {
	most := AtMost(o)
	if most.IsZero() {
		return "", nil
	}
	sums, err := s.Spending(ctx)
	if err != nil {
		return "", err
	}
	held, err := s.store.Orders(ctx, OrderFilter{Holding: true})
	if err != nil {
		return "", err
	}
	held = slices.DeleteFunc(held, func(x catch.Order) bool { return x.ID == o.ID }) // one that stands counts once
	risk := purse{}
	for _, m := range ExposureOfAll(append(held, o)).MostOwed {
		risk.add(m)
	}
	for _, sp := range sums {
		if sp.Cap.Currency != most.Currency || sp.Cap.IsZero() {
			continue
		}
		total, err := sp.Spent.Add(risk[most.Currency])
		if err != nil {
			return "", err
		}
		if c, err := total.Cmp(sp.Cap); err != nil || c > 0 {
			return fmt.Sprintf("with it %s would be spent or at risk in %s, the month's cap is %s", total, sp.Month, sp.Cap), nil
		}
		return "", nil
	}
	return fmt.Sprintf("no month cap in %s; set one in the configuration: [month] %s = \"...\"", most.Currency, most.Currency), nil
}

func guardWords(err error) string {
	return strings.TrimPrefix(err.Error(), ErrGuard.Error()+": ")
}

func ifWon(o catch.Order, t catch.Terms) string {
	var parts []string
	switch {
	case !o.Price.IsZero():
		parts = append(parts, o.Price.String()+" alone")
	case !t.Fee.IsZero():
		parts = append(parts, t.Fee.String()+" alone")
	default:
		parts = append(parts, "up to "+o.Cap.String()+" alone")
	}
	switch t.Several {
	case catch.PublicAuction, catch.PrivateAuction:
		how := "without a bid of yours: no bid cap"
		if most := BidUpTo(o); !most.IsZero() {
			how = "up to " + most.String()
		}
		parts = append(parts, fmt.Sprintf("else a %s auction %s", strings.TrimSuffix(string(t.Several), "-auction"), how))
	case catch.Lottery:
		parts = append(parts, "else a lottery")
	case catch.FirstCome:
		parts = append(parts, "first come, first served")
	}
	if t.Charged != "" {
		parts = append(parts, "charged "+t.Charged)
	}
	if t.PayWithin > 0 {
		w := fmt.Sprintf("pay within %s", t.PayWithin)
		if t.Unpaid != "" {
			w += " (else " + t.Unpaid + ")"
		}
		parts = append(parts, w)
	}
	return strings.Join(parts, ", ")
}

func ifLost(o catch.Order, t catch.Terms) string {
	var parts []string
	if l, err := catch.LaunchOf(o.Consents); err == nil && l != nil && l.Application && t.LoseFee.Currency == "" {
		// An application is charged when it is sent, and decided later.
		most := o.Price
		if most.IsZero() {
			most = o.Cap
		}
		parts = append(parts, most.String()+", unless the registry's terms give it back when an application is rejected: ask first")
	} else if t.LoseFee.Units > 0 {
		parts = append(parts, t.LoseFee.String()+" is lost in any case")
	} else {
		parts = append(parts, "0.00")
	}
	if t.Deposit.Units > 0 {
		back := "nobody has confirmed how it comes back: ask first"
		switch t.Refund {
		case catch.RefundCash, catch.RefundCredit:
			back = "it comes back as " + string(t.Refund)
		case catch.RefundNone:
			back = "it does not come back"
		}
		if t.RefundWhen != "" {
			back += " " + t.RefundWhen
		}
		parts = append(parts, fmt.Sprintf("deposit %s: %s", t.Deposit, back))
	}
	return strings.Join(parts, ", ")
}
