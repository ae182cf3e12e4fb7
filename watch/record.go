package watch

import (
	"context"
	"errors"

	"github.com/lapse-dev/lapse/catch"
)

// Record stores what a person says of an order that is kept by hand, or that
// its service moved behind our back: its state, bids, payments and refunds.
func (s *Service) Record(ctx context.Context, o catch.Order, why string) (catch.Order, error) {
	was, err := s.store.Order(ctx, o.ID)
	if err != nil {
		return o, err
	}
	if o.OwnBid != was.OwnBid && !o.OwnBid.IsZero() {
		held, err := s.lowered(ctx, was)
		if err == nil {
			err = checkBid(held, o.OwnBid)
		}
		if err != nil {
			return was, err
		}
	}
	if was.State == catch.InDoubt && o.State != catch.InDoubt {
		return s.settleByHand(ctx, o, why)
	}
	if m := alienMoney(was, catch.Report{Paid: o.Paid, Refund: o.Refund}); m != (catch.Money{}) {
		return was, refuse("%s, and the order was paid in %s: one currency for what it cost and what came back", m, was.Paid.Currency)
	}
	o, err = s.record(ctx, o, why)
	if err == nil && (o.State == catch.Reversed || o.State == catch.RefundDue) && !o.Paid.IsZero() && atLeast(o.Refund, o.Paid) {
		o.State = catch.Cancelled // nobody owes anything any more
		o, err = s.record(ctx, o, "refunded in full: "+why)
	}
	if err != nil || was.Frozen.IsZero() || !o.Frozen.IsZero() {
		return o, err
	}
	// Nothing is frozen any more: its item, if there is one, is done.
	if _, terr := s.TickOff(ctx, Name(o.Name), depositItem(o.ID), false); terr != nil && !errors.Is(terr, ErrNotFound) {
		return o, terr
	}
	return o, nil
}

// settleByHand ends the doubt about an order by what a person found out: the
// intent that has no answer gets it.
func (s *Service) settleByHand(ctx context.Context, o catch.Order, why string) (catch.Order, error) {
	if err := s.writable(); err != nil {
		return o, err
	}
	open, err := s.store.InDoubt(ctx)
	if err != nil {
		return o, err
	}
	for _, e := range open {
		if e.Order != o.ID {
			continue
		}
		o.Why = why
		answer := catch.LedgerEntry{Step: catch.Answer, Intent: e.Seq, Action: e.Action, Outcome: "by hand", Words: why, Creates: e.Creates}
		if err := s.store.Settle(ctx, answer, o); err != nil {
			return o, err
		}
		s.wake()
		return s.store.Order(ctx, o.ID)
	}
	return s.record(ctx, o, why) // nothing was sent: the doubt is about a look-up
}

func (s *Service) record(ctx context.Context, o catch.Order, why string) (catch.Order, error) {
	if err := s.writable(); err != nil {
		return o, err
	}
	o.Why = why
	if err := s.store.SaveOrder(ctx, o, why); err != nil {
		return o, err
	}
	s.wake()
	var err error
	switch o.State {
	case catch.Won, catch.WonProvisional:
		err = s.beginCare(ctx, o)
	case catch.Lost:
		err = s.afterLoss(ctx, o)
	default:
		err = s.awaitDeposit(ctx, o)
	}
	if err != nil {
		return o, err
	}
	return s.store.Order(ctx, o.ID)
}
