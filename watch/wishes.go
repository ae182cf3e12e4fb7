package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// grant does what the person asked of an order.
func (s *Service) grant(ctx context.Context, epoch int64, o catch.Order) error {
	r := s.route(o.Route)
	wish, bid := o.Wish, o.WishBid
	o.Wish, o.WishBid = catch.WishNone, catch.Money{}
	if wish == catch.WishCancel && (o.State == catch.Planned || o.State == catch.Requested || o.Kind == catch.ByHand) {
		return s.end(ctx, o, catch.Cancelled, "cancelled by you")
	}
	if r == nil {
		o.Why = "no account is set up here for " + o.Route
		o.NextTry = s.now().Add(10 * time.Minute)
		return s.store.SaveOrder(ctx, o, o.Why)
	}
	if err := s.checkWish(ctx, o, wish, bid); errors.Is(err, ErrGuard) {
		o.Why = fmt.Sprintf("no %s: %s", wish, guardWords(err)) // the wish is over, the order is as it was
		o.NextTry = s.pace(ctx, o)
		return s.store.SaveOrder(ctx, o, o.Why)
	} else if err != nil {
		return err
	}
	e := catch.LedgerEntry{At: s.now(), Epoch: epoch, Order: o.ID, Name: o.Name, Route: o.Route, Action: string(wish)}
	var call func(context.Context) (catch.Report, error)
	bidder, _ := r.(catch.Bidder)
	switch {
	case wish == catch.WishSync:
		// Nothing to pay: no intent.
		o.NextTry = s.now()
		if err := s.store.SaveOrder(ctx, o, ""); err != nil {
			return err
		}
		return s.followUpNow(ctx, o.ID)
	case wish == catch.WishCancel:
		call = func(ctx context.Context) (catch.Report, error) { return r.Cancel(ctx, o) }
	case wish == catch.WishBid && bidder != nil:
		e.AtMost = bid
		call = func(ctx context.Context) (catch.Report, error) { return bidder.Bid(ctx, o, bid) }
	case wish == catch.WishPay && bidder != nil:
		e.AtMost = Owed(o)
		call = func(ctx context.Context) (catch.Report, error) { return bidder.Pay(ctx, o) }
	default:
		o.Why = fmt.Sprintf("%s cannot %s by its interface", o.Service, wish)
		return s.store.SaveOrder(ctx, o, o.Why)
	}
	var err error
	if e.Intent, err = s.store.Intend(ctx, e); err != nil {
		if guardError(err) || errors.Is(err, ErrHalted) {
			o.Why = err.Error() // the wish is over, the order is as it was
			return s.store.SaveOrder(ctx, o, o.Why)
		}
		return err
	}
	cctx, cancel := context.WithTimeout(ctx, callTimeout)
	rep, err := call(cctx)
	cancel()
	if wish == catch.WishCancel && catch.KindOf(err) == catch.NotFound {
		rep, err = catch.Report{State: catch.Cancelled, Words: o.Service + " no longer has the order"}, nil
	}
	if kind := catch.KindOf(err); err != nil && kind.Definite() {
		// It was refused and nothing changed.
		e.At, e.AtMost, e.Outcome, e.Words = s.now(), catch.Money{}, string(kind), words(err)
		o.Why = fmt.Sprintf("%s refused: %s", wish, words(err))
		o.NextTry = s.pace(ctx, o)
		return s.store.Settle(context.WithoutCancel(ctx), e, o)
	}
	return s.finish(ctx, e, o, r, rep, err)
}
