package watch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// followUp asks a service where an order stands, at the pace at which its name
// moves, and follows a win to its end.
func (s *Service) followUp(ctx context.Context, o catch.Order) error {
	r := s.route(o.Route)
	if o.State == catch.WonProvisional {
		return s.verify(ctx, o, r)
	}
	if r != nil {
		if err := s.preflightHeld(ctx, r, o); err != nil {
			return err
		}
	}
	if r == nil || !hasFinder(r) {
		o.NextTry = time.Time{}
		return s.store.SaveOrder(ctx, o, "")
	}
	return s.find(ctx, o, r)
}

func (s *Service) followUpNow(ctx context.Context, id int64) error {
	o, err := s.store.Order(ctx, id)
	if err != nil {
		return err
	}
	return s.followUp(ctx, o)
}

func (s *Service) find(ctx context.Context, o catch.Order, r catch.Route) error {
	cctx, cancel := context.WithTimeout(ctx, callTimeout)
	rep, err := r.Find(cctx, o)
	cancel()
	if ctx.Err() != nil {
		return nil
	}
	switch kind := catch.KindOf(err); {
	case err == nil:
		was := o.State
		s.applyReport(ctx, &o, r, rep)
		if o.State == was {
			o.NextTry = s.pace(ctx, o)
		}
	case kind == catch.NotFound && (o.State == catch.AuctionLeading || o.State == catch.PaymentDue):
		// Services that list open auctions alone no longer know one that is
		// over: it may well be ours, and have to be paid.
		return s.postponeTry(ctx, o, fixMark+o.Service+" no longer lists it: look there whether you won and what is due; `lapse orders cancel` closes it here", time.Hour)
	case kind == catch.NotFound:
		// Cancelled on the website, or lost and forgotten there.
		if taken, err := s.takenByOthers(ctx, o); err != nil {
			return err
		} else if taken {
			return s.lose(ctx, o)
		}
		if !s.missing(&o) {
			again := max(s.grace(), min(20*s.grace(), s.pace(ctx, o).Sub(s.now())))
			return s.postponeTry(ctx, o, o.Service+" does not list the order: it is asked once more before that is believed", again)
		}
		return s.end(ctx, o, catch.Cancelled, o.Service+" no longer has the order: it was cancelled there")
	default:
		o.NextTry = s.now().Add(max(backoff(1, retryAfter(err)), min(time.Hour, s.pace(ctx, o).Sub(s.now()))))
		return s.store.SaveOrder(ctx, o, "")
	}
	if err := s.store.SaveOrder(ctx, o, o.Why); err != nil {
		return err
	}
	return s.afterMove(ctx, o)
}

// missing notes that a service said that it does not know an order, and reports
// whether it said so before, long enough ago: one such answer ends nothing.
func (s *Service) missing(o *catch.Order) bool {
	now := s.now().UTC()
	if o.Missing.IsZero() {
		o.Missing = now
		return false
	}
	return now.Sub(o.Missing) >= s.grace()
}

// takenByOthers reports whether the name was registered after the order was
// given, and not by a route of ours.
func (s *Service) takenByOthers(ctx context.Context, o catch.Order) (bool, error) {
	row, err := s.store.Watch(ctx, Name(o.Name))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	v := row.Verdict
	switch v.Stage {
	case lifecycle.Registered, lifecycle.Lost:
	default:
		return false, nil
	}
	return v.Created.After(o.Created), nil
}

// verify holds a win against what the registry shows: a second source beside
// the service's own word. It ends at the provisional date.
func (s *Service) verify(ctx context.Context, o catch.Order, r catch.Route) error {
	now := s.now()
	if o.Verified.IsZero() {
		shown, err := s.shown(ctx, o)
		if err != nil {
			return err
		}
		if shown != "" {
			o.Verified, o.Why = now.UTC(), "the registry shows it: "+shown
		} else {
			o.Why = "won, but the registry does not show it yet"
			o.NextTry = now.Add(min(max(now.Sub(o.Updated)*2, time.Second), time.Hour))
			if err := s.store.SaveOrder(ctx, o, o.Why); err != nil {
				return err
			}
			return nil
		}
	}
	if r != nil && hasFinder(r) && !o.ProvisionalUntil.IsZero() {
		cctx, cancel := context.WithTimeout(ctx, callTimeout)
		rep, err := r.Find(cctx, o)
		cancel()
		if err == nil && rep.State != catch.Won {
			apply(&o, rep)
		}
	}
	if o.State == catch.WonProvisional {
		if o.ProvisionalUntil.After(now) {
			// Daily, and right at its end.
			o.NextTry = now.Add(min(24*time.Hour, o.ProvisionalUntil.Sub(now)))
		} else if err := o.Move(catch.Won, "won: "+o.Why); err != nil {
			return err
		} else if o.Paid.IsZero() && o.Refund.IsZero() {
			// It is no longer at risk: it has to count as spent, or the month's
			// budget would forget it.
			if o.Paid = charged(o); !o.Paid.IsZero() {
				o.Why += fmt.Sprintf("; %s did not say what it charged, %s counts", o.Service, o.Paid)
			}
		}
	}
	return s.store.SaveOrder(ctx, o, o.Why)
}

// shown looks at the name with every source and returns which voting one shows
// it as registered since the order was given; "" where none does.
func (s *Service) shown(ctx context.Context, o catch.Order) (string, error) {
	n := Name(o.Name)
	answers, _, err := s.ask(ctx, n, nil, asking{patient: 5 * time.Second})
	if err != nil {
		return "", err
	}
	for _, a := range answers {
		if !a.Source.Votes() || a.Outcome != whoisx.Registered || !a.Confirmed || a.Server == o.Route {
			continue // the service's own check is no second source
		}
		// A registration from before is the old holder's: redeemed, or not
		// dropped at all. A day's tolerance covers servers that write dates.
		old := !a.Created.IsZero() && a.Created.Before(o.Created.Add(-24*time.Hour)) && o.Kind != catch.ExpiryAuction
		if a.Created.IsZero() || !old {
			if err := s.store.Touch(ctx, n, s.now(), "won: the list is brought up to date"); err != nil && !errors.Is(err, ErrNotFound) {
				return "", err
			}
			s.wake()
			return string(a.Source) + " " + a.Server, nil
		}
	}
	return "", nil
}

// afterMove does what follows from an order's new state.
func (s *Service) afterMove(ctx context.Context, o catch.Order) error {
	switch o.State {
	case catch.Won, catch.WonProvisional:
		if err := s.beginCare(ctx, o); err != nil {
			return err
		}
	case catch.PaymentDue:
	case catch.Lost:
		return s.afterLoss(ctx, o)
	default:
		return s.awaitDeposit(ctx, o)
	}
	return s.cancelOthers(ctx, o)
}

// lose ends an order whose name somebody else has.
func (s *Service) lose(ctx context.Context, o catch.Order) error {
	row, err := s.store.Watch(ctx, Name(o.Name))
	if err != nil {
		return err
	}
	if err := s.end(ctx, o, catch.Lost, s.lostTo(row)+s.depositBack(o)); err != nil {
		return err
	}
	return s.afterLoss(ctx, o)
}

// afterLoss has the name looked at, so that the list says who has it now, and
// until when it may be bid for.
func (s *Service) afterLoss(ctx context.Context, o catch.Order) error {
	if err := s.store.Touch(ctx, Name(o.Name), s.now(), "an order for it was lost"); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	s.wake()
	return s.awaitDeposit(ctx, o)
}

// lostTo says who has a name that an order was lost for, as far as it is known.
func (s *Service) lostTo(row Row) string {
	why := "somebody else has the name"
	if f := row.Verdict.Has(lifecycle.FlagAtAuction); f != nil {
		why = "caught by somebody else"
		if f.Category != "" {
			why = "caught by " + f.Category
		}
		if f.Until != nil && f.Until.After(s.now()) {
			why += ", auction open until " + dateText(f.Until.Time, f.Until.DayOnly)
		}
	} else if row.Verdict.Registrar != "" {
		why += ", at " + row.Verdict.Registrar
	}
	return why
}

// depositBack says what a lost order's terms say of its deposit.
func (s *Service) depositBack(o catch.Order) string {
	r := s.route(o.Route)
	if r == nil {
		return ""
	}
	t := r.Terms(o.Name)
	if t.Deposit.Units <= 0 && o.Frozen.IsZero() {
		return ""
	}
	if t.Deposit.Units <= 0 {
		t.Deposit = o.Frozen
	}
	return "; " + strings.TrimPrefix(ifLost(o, t), "0.00, ")
}

// cancelOthers takes back the other orders for a name that was won, where
// nothing was sent yet or the terms still allow it.
func (s *Service) cancelOthers(ctx context.Context, won catch.Order) error {
	os, err := s.store.Orders(ctx, OrderFilter{Name: Name(won.Name), Holding: true})
	if err != nil {
		return err
	}
	for _, o := range os {
		if o.ID == won.ID || o.Wish == catch.WishCancel {
			continue
		}
		switch o.State {
		case catch.Planned, catch.Requested:
		case catch.Active, catch.Processing:
			if !s.cancellable(o) || (!o.CancelBy.IsZero() && !s.now().Before(o.CancelBy)) {
				continue // it loses by itself; sync shows it
			}
		default:
			continue
		}
		if s.bursts.has(o.ID) {
			continue // it settles itself
		}
		if _, err := s.store.Wish(ctx, o.ID, catch.WishCancel, catch.Money{}); err != nil && !guardError(err) {
			return fmt.Errorf("cancel order %d after %s was won: %w", o.ID, won.Name, err)
		}
	}
	s.wakeOrders()
	return nil
}
