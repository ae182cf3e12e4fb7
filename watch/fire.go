package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// gatherBurst finds the orders that share a route and a window, by the
// person's priority: they share sessions and budget.
func (s *Service) gatherBurst(ctx context.Context, route string, first shot) ([]shot, error) {
	// One that is requested is being sent by itself right now.
	os, err := s.store.Orders(ctx, OrderFilter{Route: route, States: []catch.State{catch.Planned}})
	if err != nil {
		return nil, err
	}
	group := []shot{first}
	for _, o := range os {
		if o.ID == first.order.ID || o.Wish != catch.WishNone || s.bursts.has(o.ID) {
			continue
		}
		sh, ok, _, err := s.aim(ctx, o)
		if err != nil {
			return nil, err
		}
		if sh.free && o.Kind == catch.Register {
			continue // one plain registration, no burst
		}
		if ok && sh.at.Sub(s.now()) <= s.armLead(o) && !sh.at.After(first.until) && !first.at.After(sh.until) {
			group = append(group, sh)
		}
	}
	slices.SortStableFunc(group, func(a, b shot) int {
		if c := cmp.Compare(b.priority, a.priority); c != 0 {
			return c
		}
		return cmp.Compare(a.order.ID, b.order.ID)
	})
	return group, nil
}

// fire arms and fires one burst: prices, intents, creates, answers.
func (s *Service) fire(ctx context.Context, epoch int64, r catch.Route, b catch.Burster, group []shot) error {
	at, until := group[0].at, group[0].until
	ids := make([]int64, len(group))
	names := make([]Name, len(group))
	for i, sh := range group {
		ids[i], names[i] = sh.order.ID, Name(sh.order.Name)
		if sh.at.Before(at) {
			at = sh.at
		}
		if sh.until.After(until) {
			until = sh.until
		}
	}
	bctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !s.bursts.claim(&armedBurst{route: r.Describe().Route, names: names, at: at, until: until, cancel: cancel}, ids) {
		return nil // another burst has one of them: they are gathered again
	}
	defer func() {
		s.bursts.release(ids)
		s.wakeOrders()
	}()
	if l, err := s.store.Lease(ctx); err != nil {
		return err
	} else if l.Halted {
		return s.postponeAll(ctx, group, haltedBy+l.HaltBy, haltedFor)
	}

	// The price, once more, right before.
	var live []shot
	var reqs []catch.Request
	for _, sh := range group {
		var q catch.Quote
		o, err := s.lowered(ctx, sh.order)
		if err != nil && !guardError(err) {
			return err
		}
		if err == nil {
			q, err = s.quote(bctx, r, o)
		}
		if err == nil {
			err = s.stands(bctx, o, q)
		}
		if bctx.Err() != nil {
			return s.postponeAll(ctx, group, "disarmed: "+context.Cause(bctx).Error(), 10*time.Second)
		}
		switch {
		case err == nil:
			priced(&o, q)
			o.NextTry = until // it is armed: nothing to do before
			if o, err = s.request(ctx, o, "armed for "+atText(at)); errors.Is(err, ErrStale) {
				continue // the person changed it meanwhile
			} else if err != nil {
				return err
			}
			sh.order = o
			req := s.asks(o)
			req.At, req.Until = sh.at, sh.to // names of one burst drop each at its own time
			live, reqs = append(live, sh), append(reqs, req)
		case guardError(err):
			if eerr := s.end(ctx, o, catch.RefusedOrder, guardWords(err)); eerr != nil && !errors.Is(eerr, ErrStale) {
				return eerr
			}
		default:
			if perr := s.postpone(ctx, o, "price not read: "+words(err), 2*time.Second); perr != nil {
				return perr
			}
		}
	}
	if len(live) == 0 {
		return nil
	}

	armed, err := b.Arm(bctx, reqs, at, until)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		if cause := context.Cause(bctx); errors.Is(cause, errRegather) || errors.Is(cause, errWithdrawn) {
			return s.postponeAll(ctx, live, cause.Error(), time.Second)
		}
		s.tell(ctx, EvTrouble, names[0], fmt.Sprintf("not armed for %s: %s", atText(at), words(err)))
		if errors.Is(context.Cause(bctx), ErrHalted) {
			return s.postponeAll(ctx, live, "halted", 10*time.Second)
		}
		if guardError(err) || endOf(catch.KindOf(err)) == catch.RefusedOrder { // the price is another one, all of a sudden
			for _, sh := range live {
				if eerr := s.end(ctx, sh.order, catch.RefusedOrder, words(err)); eerr != nil && !errors.Is(eerr, ErrStale) {
					return eerr
				}
			}
			return nil
		}
		return s.postponeAll(ctx, live, "not armed: "+words(err), max(time.Second, min(backoff(1, retryAfter(err)), until.Sub(s.now())/4)))
	}
	plan := armed.Plan()
	es := make([]catch.LedgerEntry, len(live))
	for i, sh := range live {
		o := sh.order
		es[i] = catch.LedgerEntry{
			At: s.now(), Epoch: epoch, Order: o.ID, Name: o.Name, Route: o.Route, Action: "burst",
			AtMost: o.Price, Creates: plan.Creates[o.Name],
			Words: fmt.Sprintf("%s, %d sessions, from %s to %s", plan.Strategy, plan.Sessions, atText(plan.At), atText(plan.Until)),
		}
	}
	seqs, err := s.store.IntendAll(bctx, es)
	if err != nil {
		derr := armed.Disarm()
		if cause := context.Cause(bctx); cause != nil && ctx.Err() == nil {
			return errors.Join(s.postponeAll(ctx, live, cause.Error(), time.Second), derr) // disarmed right then
		}
		var one *IntentError
		i := -1 // the one that is refused
		if errors.As(err, &one) {
			i = slices.IndexFunc(live, func(sh shot) bool { return sh.order.ID == one.Order })
		}
		switch refused := errors.Is(err, ErrGuard) || errors.Is(err, ErrStale); {
		case refused && i >= 0:
			// The others fire without it: they are gathered again at once.
			out, rest := live[i:i+1], slices.Concat(live[:i], live[i+1:])
			why := fmt.Sprintf("not armed for %s: %v", atText(at), one.Err)
			s.tell(ctx, EvTrouble, Name(out[0].order.Name), Name(out[0].order.Name).Display()+" "+why)
			return errors.Join(s.postponeAll(ctx, out, why, 10*time.Second), s.postponeAll(ctx, rest, "armed again without "+Name(out[0].order.Name).Display(), 0), derr)
		case refused || errors.Is(err, ErrHalted):
			return errors.Join(s.postponeAll(ctx, live, err.Error(), 10*time.Second), derr)
		}
		return errors.Join(err, derr)
	}
	s.tell(ctx, EvBurst, names[0], fmt.Sprintf("armed at %s for %s: %s", r.Describe().Service, atText(at), planText(plan, live)))
	reports, err := armed.Fire(bctx)
	switch cause := context.Cause(bctx); {
	case cause == nil || len(reports) > 0:
	case errors.Is(cause, context.Canceled):
		err = errStopped
	default:
		err = cause
	}
	return s.settleBurst(ctx, r, plan, live, es, seqs, reports, err)
}

func joinNames(ns []Name) string {
	parts := make([]string, len(ns))
	for i, n := range ns {
		parts[i] = n.Display()
	}
	return strings.Join(parts, ", ")
}

// planText says what a burst will spend: the names by priority, with the creates
// that each may have.
func planText(plan catch.BurstPlan, live []shot) string {
	parts := make([]string, len(live))
	for i, sh := range live {
		parts[i] = fmt.Sprintf("%s %d", Name(sh.order.Name).Display(), plan.Creates[sh.order.Name])
	}
	return fmt.Sprintf("creates at most: %s; %s, %d sessions, clock %s", strings.Join(parts, ", "), plan.Strategy, plan.Sessions, plan.Clock)
}

// settleBurst writes down what a burst brought, name by name.
func (s *Service) settleBurst(ctx context.Context, r catch.Route, plan catch.BurstPlan, live []shot, es []catch.LedgerEntry, seqs []int64, reports map[string]catch.Report, fireErr error) error {
	ctx = context.WithoutCancel(ctx)
	now := s.now()
	var errs []error
	for i, sh := range live {
		o := sh.order
		rep, has := reports[o.Name]
		e := es[i]
		e.Intent, e.At, e.AtMost, e.Creates = seqs[i], now, catch.Money{}, len(rep.Frames)
		e.Outcome, e.Words = string(rep.State), rep.Words
		kind := catch.KindOf(fireErr)
		if len(rep.Frames) > 0 {
			errs = append(errs, s.store.SaveBurst(ctx, BurstRecord{Order: o.ID, At: plan.At, Plan: plan, Frames: rep.Frames}))
		}
		switch {
		case has && rep.State != "" && rep.State != catch.InDoubt:
			s.applyReport(ctx, &o, r, rep)
			if o.State == catch.Requested {
				o.State = catch.Planned // nothing came of it: it waits again
			}
			if o.State == catch.Planned {
				// The first time it may be a matter of moments; whoever gets
				// nowhere again and again takes his time.
				o.NextTry = now.Add(time.Second)
				if o.Try++; o.Try > 1 {
					o.NextTry = now.Add(backoff(o.Try-1, 0))
				}
			}
		case has && (rep.State == catch.InDoubt || len(rep.Frames) > 0), kind == catch.OutcomeUnknown:
			// A create went out and no answer came back.
			open := es[i]
			open.Intent = seqs[i]
			errs = append(errs, s.doubt(ctx, open, o, "outcome unknown: "+rep.Words))
			continue
		default:
			e.Outcome = "not fired"
			if fireErr != nil {
				e.Words = words(fireErr)
			}
			o.State, o.Why, o.NextTry = catch.Planned, "not fired: "+e.Words, now.Add(time.Second)
		}
		if err := s.store.Settle(ctx, e, o); err != nil {
			errs = append(errs, err)
			continue
		}
		sent := fmt.Sprintf("%d creates", e.Creates)
		if e.Creates == 1 {
			sent = "1 create"
		}
		s.tell(ctx, EvBurst, Name(o.Name), fmt.Sprintf("%s: %s after %s: %s", Name(o.Name).Display(), o.State, sent, o.Why))
		if err := s.store.Touch(ctx, Name(o.Name), now, "its burst is over"); err != nil && !errors.Is(err, ErrNotFound) {
			errs = append(errs, err)
		}
		errs = append(errs, s.afterMove(ctx, o))
	}
	s.wake()
	return errors.Join(errs...)
}

func (s *Service) postponeAll(ctx context.Context, group []shot, why string, d time.Duration) error {
	var errs []error
	for _, sh := range group {
		errs = append(errs, s.postpone(context.WithoutCancel(ctx), sh.order, why, d))
	}
	return errors.Join(errs...)
}

// tell keeps an event that is no change of a row.
func (s *Service) tell(ctx context.Context, kind EventKind, n Name, text string) {
	if err := s.store.Note(context.WithoutCancel(ctx), Event{At: s.now(), Kind: kind, Name: n, Text: text}); err != nil {
		s.log.Error("note an event", "err", err)
	}
	s.events.wake()
}
