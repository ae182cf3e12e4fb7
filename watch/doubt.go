package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// doubt puts an order in doubt after a call whose outcome is unknown. Whatever
// changed the row while the call was out must not keep it from that: its open
// intent would hold it for good, and nobody would look it up.
func (s *Service) doubt(ctx context.Context, e catch.LedgerEntry, o catch.Order, why string) error {
	for {
		if !catch.CanMove(o.State, catch.InDoubt) {
			return s.beyondDoubt(ctx, e, o, why)
		}
		o.State, o.Why = catch.InDoubt, why
		o.NextTry = s.now().Add(time.Second)
		err := s.store.SaveOrder(ctx, o, why)
		if !errors.Is(err, ErrStale) {
			return err
		}
		try, wish := o.Try, o.Wish
		if o, err = s.store.Order(ctx, o.ID); err != nil {
			return err
		}
		if o.Wish == catch.WishCancel { // the one wish that costs nothing twice
			wish = o.Wish
		}
		o.Try, o.Wish, o.WishBid = try, wish, catch.Money{}
	}
}

// beyondDoubt answers an intent of an order that has come further meanwhile than
// any doubt: it is won, or over. What it may have cost counts as sent.
func (s *Service) beyondDoubt(ctx context.Context, e catch.LedgerEntry, o catch.Order, why string) error {
	if e.Intent == 0 {
		e.Intent = e.Seq
	}
	answer := catch.LedgerEntry{
		At: s.now(), Epoch: s.epoch.Load(), Intent: e.Intent, Action: e.Action, Creates: e.Creates,
		Outcome: "unknown", Words: fmt.Sprintf("%s; the order is %s", why, o.State),
	}
	if o.State.Holds() {
		o.NextTry = s.now()
	}
	err := s.store.Settle(ctx, answer, o)
	if errors.Is(err, ErrStale) {
		return nil // somebody else answered it
	}
	return err
}

// reconcile asks the service what became of a step whose outcome is unknown.
func (s *Service) reconcile(ctx context.Context, epoch int64, o catch.Order) error {
	r := s.route(o.Route)
	if r == nil || !hasFinder(r) {
		return s.postpone(ctx, o, fixMark+"outcome unknown: look it up at "+o.Service+" and record it with `lapse orders`", time.Hour)
	}
	open, err := s.store.InDoubt(ctx)
	if err != nil {
		return err
	}
	var intent *catch.LedgerEntry
	for i := range open {
		if open[i].Order == o.ID {
			intent = &open[i]
		}
	}
	cctx, cancel := context.WithTimeout(ctx, callTimeout)
	rep, err := r.Find(cctx, o)
	cancel()
	if ctx.Err() != nil {
		return nil
	}
	kind := catch.KindOf(err)
	now := s.now()
	undone := false
	switch {
	case err == nil:
		was := o
		s.applyReport(ctx, &o, r, rep)
		if o.State == catch.InDoubt {
			return s.postponeTry(ctx, o, "still in doubt: "+rep.Words, doubtEvery)
		}
		if undone = intent != nil && !shows(o, *intent); undone {
			if grace := s.grace(); now.Sub(intent.At) < grace {
				return s.postponeTry(ctx, was, fmt.Sprintf("%s does not show the %s yet", o.Service, intent.Action), min(doubtEvery, grace/3+time.Millisecond))
			}
			o.Why = fmt.Sprintf("%s never got the %s", o.Service, intent.Action)
		}
		if intent != nil && intent.Action == string(o.Wish) && (o.Wish != catch.WishCancel || !undone) {
			// A bid or a payment that may have gone out once is never repeated
			// unasked. Taking an order back twice does no harm.
			o.Wish, o.WishBid = catch.WishNone, catch.Money{}
		}
	case kind == catch.NotFound:
		sent := o.Since
		if intent != nil {
			sent = intent.At
		}
		// Some services take a while to show what they took, and any may have a
		// bad moment: it has to say so twice. In a window there is no time for it.
		twice := s.missing(&o)
		if grace := s.grace(); (!twice || now.Sub(sent) < grace) && (intent == nil || intent.Action != "burst") {
			return s.postponeTry(ctx, o, o.Service+" does not know it yet", min(doubtEvery, grace/3+time.Millisecond))
		}
		o.Missing = time.Time{}
		back, why := catch.Requested, o.Service+" never got it: it is sent again"
		if withdrawn := intent != nil && intent.Action == string(catch.WishCancel); burstKind(o.Kind) && !withdrawn {
			back, why = catch.Planned, o.Service+" did not get the name"
		} else if intent == nil {
			// Nothing of ours is open: it is not for us to order it once more.
			back, why = catch.Cancelled, o.Service+" does not have the order"
		} else if intent.Action != "order" {
			// A cancel, bid or payment of an order that the service no longer knows.
			back, why = catch.Failed, o.Service+" no longer knows the order"
			if intent.Action == string(catch.WishCancel) {
				back = catch.Cancelled
			}
		}
		if merr := o.Move(back, why); merr != nil {
			return merr
		}
		o.NextTry = now
	default:
		o.Try++
		return s.postponeTry(ctx, o, "in doubt, not found out yet: "+words(err), backoff(o.Try, retryAfter(err)))
	}
	if o.Wish != catch.WishNone {
		o.NextTry = now // it was asked for meanwhile
	}
	if intent == nil {
		if err := s.store.SaveOrder(ctx, o, o.Why); err != nil {
			return err
		}
		return s.afterMove(ctx, o)
	}
	// Nobody saw what a burst sent before it was cut off: all that it announced
	// counts as spent.
	e := catch.LedgerEntry{At: now, Epoch: epoch, Intent: intent.Seq, Action: intent.Action, Creates: intent.Creates, Outcome: "found: " + string(o.State), Words: o.Why}
	if kind == catch.NotFound || undone {
		e.Outcome = string(catch.NotFound)
	}
	if err := s.store.Settle(context.WithoutCancel(ctx), e, o); err != nil {
		return err
	}
	if undone && o.Wish == catch.WishNone {
		s.tell(ctx, EvTrouble, Name(o.Name), fmt.Sprintf("%s: %s; it is not sent again unless you ask for it", Name(o.Name).Display(), o.Why))
	}
	s.wake()
	return s.afterMove(ctx, o)
}

// shows reports whether an order, as its service shows it, has what an intent
// was about. An order that is found at all was ordered.
func shows(o catch.Order, intent catch.LedgerEntry) bool {
	switch catch.Wish(intent.Action) {
	case catch.WishPay:
		return o.State != catch.PaymentDue
	case catch.WishCancel:
		return !o.State.Holds()
	case catch.WishBid:
		auction := o.State == catch.AuctionLeading || o.State == catch.AuctionOutbid || o.State == catch.Active || o.State == catch.Processing
		return !auction || atLeast(o.OwnBid, intent.AtMost)
	}
	return true
}

// atLeast reports whether an amount reaches another in its currency.
func atLeast(a, b catch.Money) bool {
	c, err := a.Cmp(b)
	return err == nil && c >= 0
}

func (s *Service) grace() time.Duration {
	if s.o.DoubtGrace > 0 {
		return s.o.DoubtGrace
	}
	return doubtGrace
}
