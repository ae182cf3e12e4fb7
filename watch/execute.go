package watch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

const (
	// callTimeout bounds one call to a service.
	callTimeout = 60 * time.Second
	// doubtGrace is how long a service gets to show an order whose answer was
	// lost before "I know no such order" is believed.
	doubtGrace = 30 * time.Second
	// doubtEvery is how often an order in doubt is looked up.
	doubtEvery = 10 * time.Second
	// plannedEvery is how often a service that takes a name only later is
	// asked again.
	plannedEvery = 24 * time.Hour
)

// runOrders does what orders wait for: the holder of the lease alone runs it.
func (s *Service) runOrders(ctx context.Context, epoch int64) error {
	if err := s.recover(ctx); err != nil {
		return err
	}
	var (
		mu   sync.Mutex
		busy = map[int64]bool{}
		wg   sync.WaitGroup
		fail error
	)
	defer wg.Wait()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for {
		next, err := s.store.NextOrder(ctx)
		if err != nil {
			return err
		}
		var os []catch.Order
		if now := s.now(); !next.IsZero() && !next.After(now) { // an idle process asks no more than that
			if os, err = s.store.Orders(ctx, OrderFilter{DueBy: now}); err != nil {
				return err
			}
		}
		for _, o := range os {
			if o.Wish == catch.WishCancel {
				s.bursts.withdraw(o.ID, s.now().Add(s.armLead(o)/2))
			}
			mu.Lock()
			skip := busy[o.ID] || s.bursts.has(o.ID)
			if !skip {
				busy[o.ID] = true
			}
			mu.Unlock()
			if skip {
				continue
			}
			wg.Go(func() {
				err := s.step(ctx, epoch, o)
				mu.Lock()
				delete(busy, o.ID)
				if err != nil && fail == nil && ctx.Err() == nil {
					fail = err
					cancel(err)
				}
				mu.Unlock()
				s.wakeOrders()
			})
		}
		pause := s.ticks.orders
		if now := s.now(); !next.IsZero() && next.After(now) {
			pause = min(pause, next.Sub(now))
		} else if !next.IsZero() {
			pause = 50 * time.Millisecond // one is being worked on
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-s.pokeOrders:
		}
		t.Stop()
		if ctx.Err() != nil {
			wg.Wait()
			mu.Lock()
			defer mu.Unlock()
			return fail
		}
	}
}

// recover puts every order whose last step has no answer in doubt: whoever
// sent it died before it could be written down.
func (s *Service) recover(ctx context.Context) error {
	open, err := s.store.InDoubt(ctx)
	if err != nil {
		return err
	}
	for _, e := range open {
		o, err := s.store.Order(ctx, e.Order)
		if err != nil {
			return err
		}
		if o.State != catch.InDoubt {
			if !catch.CanMove(o.State, catch.InDoubt) {
				if err := s.beyondDoubt(ctx, e, o, "nobody wrote down what became of it"); err != nil {
					return err
				}
				continue
			}
			o.State, o.Why = catch.InDoubt, "nobody wrote down what became of it: it is looked up"
		}
		o.NextTry = s.now()
		if err := s.store.SaveOrder(ctx, o, o.Why); err != nil && !errors.Is(err, ErrStale) {
			return err
		}
	}
	// What was about to be sent, and was not, is taken up at once.
	os, err := s.store.Orders(ctx, OrderFilter{States: []catch.State{catch.Requested}})
	if err != nil {
		return err
	}
	for _, o := range os {
		if burstKind(o.Kind) && !inPhase(o) {
			o.State = catch.Planned // gathered with the others of its window
		}
		o.NextTry = s.now()
		if err := s.store.SaveOrder(ctx, o, ""); err != nil && !errors.Is(err, ErrStale) {
			return err
		}
	}
	return nil
}

// step does the next thing for an order. What a service refuses or does not
// answer moves the order and is no error; an error means that the store or the
// lease failed.
func (s *Service) step(ctx context.Context, epoch int64, o catch.Order) error {
	o, err := s.store.Order(ctx, o.ID) // as it stands now
	if err != nil || !o.State.Holds() {
		return err
	}
	switch {
	case o.State == catch.InDoubt:
		err = s.reconcile(ctx, epoch, o)
	case o.Wish != catch.WishNone:
		err = s.grant(ctx, epoch, o)
	case o.State == catch.Planned || o.State == catch.Requested:
		var waits bool
		if waits, err = s.awaitPhase(ctx, o); waits || err != nil {
			break
		}
		if burstKind(o.Kind) && !inPhase(o) && (o.State == catch.Planned || o.Kind == catch.EPP || !s.free(ctx, o)) {
			err = s.stepBurst(ctx, epoch, o)
		} else {
			err = s.place(ctx, epoch, o)
		}
	default:
		err = s.followUp(ctx, o)
	}
	if errors.Is(err, ErrStale) {
		return nil // somebody else moved it: it is read again
	}
	if errors.Is(err, ErrHalted) {
		return s.postpone(ctx, o, err.Error(), 5*time.Second)
	}
	if errors.Is(err, ErrGuard) {
		return s.postpone(ctx, o, err.Error(), time.Minute)
	}
	return err
}

// free reports whether nobody holds the name of an order, as far as is known.
func (s *Service) free(ctx context.Context, o catch.Order) bool {
	row, err := s.store.Watch(ctx, Name(o.Name))
	return err == nil && (row.Verdict.Stage == lifecycle.Free || row.Verdict.Stage == lifecycle.LikelyFree)
}

// postpone keeps an order as it is and tries again later.
func (s *Service) postpone(ctx context.Context, o catch.Order, why string, d time.Duration) error {
	o, err := s.store.Order(ctx, o.ID)
	if err != nil {
		return err
	}
	o.Why, o.NextTry = why, s.now().Add(d)
	if err := s.store.SaveOrder(context.WithoutCancel(ctx), o, why); err != nil && !errors.Is(err, ErrStale) {
		return err
	}
	return nil
}

// quote reads the price right before a paid call; where no call returns one,
// the price that the person confirmed stands in.
func (s *Service) quote(ctx context.Context, r catch.Route, o catch.Order) (catch.Quote, error) {
	if o.Kind == catch.ByHand {
		return catch.Quote{}, refuse("orders by hand have no price call")
	}
	if o.Kind == catch.Prereg {
		// The offer's price as the person keeps it, which may have changed since.
		if t := r.Terms(o.Name); t.Fee.Units > 0 && o.Basis != "" && strings.HasPrefix(o.Basis, offerBasis) {
			return catch.Quote{Name: o.Name, Price: t.Fee, Premium: o.Premium, Basis: offerBasis + t.Seen, At: s.now()}, nil
		}
	}
	if !r.Describe().Has(catch.CanQuote) {
		return confirmed(o, s.now())
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	q, err := r.Quote(ctx, o.Name, o.Years)
	if err == nil && !q.Price.IsZero() || err != nil && catch.KindOf(err) != catch.Guard {
		return q, err
	}
	// It names no price, as many do not while somebody still holds the name:
	// what the person confirmed stands in, with all else that was said.
	c, cerr := confirmed(o, s.now())
	switch once := strings.HasPrefix(o.Basis, confirmedBy); {
	case cerr == nil:
	case o.Price.IsZero(), err == nil && !once:
		return q, err
	default:
		return q, cerr // what was confirmed is too old
	}
	q.Name, q.Price, q.Basis, q.At = c.Name, c.Price, c.Basis, c.At
	return q, nil
}

// place sends an order: price, guards, intent, call, answer.
func (s *Service) place(ctx context.Context, epoch int64, o catch.Order) error {
	r := s.route(o.Route)
	if r == nil {
		return s.postpone(ctx, o, fixMark+"no account is set up here for "+o.Route, 10*time.Minute)
	}
	if open, why := r.Open(o.Name); !open {
		return s.end(ctx, o, catch.RefusedOrder, "not open to you: "+why)
	}
	o, err := s.lowered(ctx, o)
	if err != nil {
		if errors.Is(err, ErrGuard) {
			return s.end(ctx, o, catch.RefusedOrder, guardWords(err))
		}
		return err
	}
	q, err := s.quote(ctx, r, o)
	switch kind := catch.KindOf(err); {
	case err == nil:
	case errors.Is(err, ErrGuard):
		if o.State == catch.Planned {
			return s.postpone(ctx, o, fixMark+guardWords(err), time.Hour)
		}
		return s.end(ctx, o, catch.RefusedOrder, guardWords(err))
	case ctx.Err() != nil:
		return nil
	case kind == catch.NotDroppableYet:
		return s.planAgain(ctx, o, words(err))
	case kind == catch.RateLimited || kind == catch.Busy || kind == catch.UpstreamDown || kind == catch.OutcomeUnknown || kind == "":
		o.Try++
		return s.postponeTry(ctx, o, "price not read: "+words(err), backoff(o.Try, retryAfter(err)))
	default:
		return s.end(ctx, o, endOf(kind), words(err))
	}
	if err := s.stands(ctx, o, q); err != nil {
		if !errors.Is(err, ErrGuard) {
			return err
		}
		if s.falls(ctx, o, q) {
			o.Try++
			return s.postponeTry(ctx, o, fmt.Sprintf("waits for the fee to fall: %s asks %s now, the cap is %s", o.Service, q.Price, o.Cap), backoff(o.Try, 0))
		}
		return s.end(ctx, o, catch.RefusedOrder, guardWords(err))
	}
	priced(&o, q)
	if o, err = s.request(ctx, o, "sent to "+o.Service); err != nil {
		return err
	}
	intent := catch.LedgerEntry{
		At: s.now(), Epoch: epoch, Order: o.ID, Name: o.Name, Route: o.Route, Action: "order", AtMost: dearer(AtMost(o), q.Price),
	}
	if intent.Intent, err = s.store.Intend(ctx, intent); err != nil {
		if errors.Is(err, ErrGuard) {
			return s.end(ctx, o, catch.RefusedOrder, guardWords(err))
		}
		return err
	}
	cctx, cancel := context.WithTimeout(ctx, callTimeout)
	rep, err := r.Place(cctx, s.asks(o))
	cancel()
	o.Try++
	return s.finish(ctx, intent, o, r, rep, err)
}

// request moves a planned order to requested: it is being sent now.
func (s *Service) request(ctx context.Context, o catch.Order, why string) (catch.Order, error) {
	if o.State == catch.Planned {
		if err := o.Move(catch.Requested, why); err != nil {
			return o, err
		}
	}
	if err := s.store.SaveOrder(ctx, o, why); err != nil {
		return o, err
	}
	return s.store.Order(ctx, o.ID)
}

// finish writes down what became of a paid call. It does so even when we are
// told to stop: the call was made.
func (s *Service) finish(ctx context.Context, e catch.LedgerEntry, o catch.Order, r catch.Route, rep catch.Report, err error) error {
	ctx = context.WithoutCancel(ctx)
	e.At, e.AtMost = s.now(), catch.Money{}
	kind := catch.KindOf(err)
	switch {
	case err == nil:
		e.Outcome, e.Words = "ok", rep.Words
		s.applyReport(ctx, &o, r, rep)
	case !kind.Definite():
		// Nobody knows. The intent stays open, and the order is never sent
		// again before the service was asked.
		if e.Action == string(catch.WishCancel) {
			o.Wish = catch.WishCancel // to be asked again, should it not have arrived
		}
		return s.doubt(ctx, e, o, "outcome unknown: "+words(err))
	case kind == catch.NotDroppableYet:
		e.Outcome, e.Words = string(kind), words(err)
		if merr := o.Move(catch.Planned, words(err)); merr != nil {
			return merr
		}
		o.NextTry = s.againAt(ctx, o)
	case kind == catch.AlreadyBackordered:
		// It stands there: adopt it instead of ordering twice.
		e.Outcome, e.Words = string(kind), words(err)
		s.applyReport(ctx, &o, r, catch.Report{State: catch.Active, Words: words(err)})
		o.NextTry = s.now()
	case kind == catch.RateLimited || kind == catch.Busy || kind == catch.UpstreamDown:
		e.Outcome, e.Words = string(kind), words(err)
		o.Why = words(err)
		o.NextTry = s.now().Add(backoff(o.Try, retryAfter(err)))
	default:
		e.Outcome, e.Words = string(kind), words(err)
		if merr := o.Move(endOf(kind), words(err)); merr != nil {
			return merr
		}
	}
	if err := s.store.Settle(ctx, e, o); err != nil {
		return err
	}
	s.wake()
	return s.afterMove(ctx, o)
}

// end ends an order for which nothing was sent.
func (s *Service) end(ctx context.Context, o catch.Order, st catch.State, why string) error {
	if err := o.Move(st, why); err != nil {
		return err
	}
	if err := s.store.SaveOrder(ctx, o, why); err != nil {
		return err
	}
	s.wake()
	return s.awaitDeposit(ctx, o)
}

func (s *Service) planAgain(ctx context.Context, o catch.Order, why string) error {
	if err := o.Move(catch.Planned, why); err != nil {
		return err
	}
	o.Try++
	o.NextTry = s.againAt(ctx, o)
	return s.store.SaveOrder(ctx, o, why)
}

func (s *Service) postponeTry(ctx context.Context, o catch.Order, why string, d time.Duration) error {
	o.Why, o.NextTry = why, s.now().Add(d)
	return s.store.SaveOrder(ctx, o, why)
}

// againAt is when a service that did not take a name yet is asked again: daily,
// or sooner at the pace at which the name itself moves. A change of the name
// moves it up anyway.
func (s *Service) againAt(ctx context.Context, o catch.Order) time.Time {
	now := s.now()
	next := now.Add(plannedEvery)
	if p := s.pace(ctx, o); p.Before(next) {
		next = p
	}
	return next
}

// pace is when the name of an order is asked next by its own lifecycle: a TLD
// whose stages last seconds is followed in seconds.
func (s *Service) pace(ctx context.Context, o catch.Order) time.Time {
	now := s.now()
	row, err := s.store.Watch(ctx, Name(o.Name))
	if err != nil || row.Verdict.Stage == lifecycle.Unknown || row.Verdict.Stage == "" {
		return now.Add(time.Hour)
	}
	next, _ := lifecycle.Poll(row.Verdict, s.o.Rules.Rule(o.Name), now)
	return now.Add(min(max(next.Sub(now), time.Second), time.Hour))
}

// alienMoney is a payment or a refund that a report has in another currency than
// the order's payments so far.
func alienMoney(o catch.Order, rep catch.Report) catch.Money {
	in := o.Paid.Currency
	for _, m := range []catch.Money{o.Refund, rep.Paid, rep.Refund} {
		switch {
		case m.IsZero():
		case in == "":
			in = m.Currency
		case m.Currency != in:
			return m
		}
	}
	return catch.Money{}
}
