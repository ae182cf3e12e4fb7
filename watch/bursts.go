package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

const (
	// armAhead is how long before a window its burst is armed: sessions log in,
	// the clock is measured, frames are encoded.
	armAhead = 60 * time.Second
	// freeFor is how long a burst for a name that is free right now may last.
	freeFor = 30 * time.Second
	// freeLead is what arming for it takes.
	freeLead = time.Second
	// lookAgain bounds how long a window is believed without looking again.
	lookAgain = 10 * time.Minute
)

// burstTable knows which orders are armed in this process.
type burstTable struct {
	mu     sync.Mutex
	orders map[int64]*armedBurst
	probed map[string]probe // by route and name
}

// probe is how the last test of a route for a name ended.
type probe struct {
	at  time.Time
	red string // what is to be mended
}

type armedBurst struct {
	route  string
	names  []Name
	at     time.Time
	until  time.Time
	cancel context.CancelCauseFunc
}

// errRegather disarms a burst that another name of its window joins.
var errRegather = errors.New("another name of this window joins it: armed again together")

func newBurstTable() *burstTable {
	return &burstTable{orders: map[int64]*armedBurst{}, probed: map[string]probe{}}
}

func (t *burstTable) has(order int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.orders[order] != nil
}

// tested returns how the last test of something ended, if that was after a
// moment.
func (t *burstTable) tested(what string, since time.Time) (probe, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.probed[what]
	return p, p.at.After(since)
}

func (t *burstTable) noteTest(what string, p probe) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.probed[what] = p
}

// naming reports whether a name is in a burst right now.
func (t *burstTable) naming(n Name) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.orders {
		if slices.Contains(b.names, n) {
			return true
		}
	}
	return false
}

// sharing is the burst of a route whose window overlaps one that wants to fire
// too: they have to share the account's sessions and budget. in says that the
// order is in a burst itself by now.
func (t *burstTable) sharing(route string, sh shot) (b *armedBurst, in bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.orders[sh.order.ID] != nil {
		return nil, true
	}
	for _, b := range t.orders {
		if b.route == route && !sh.at.After(b.until) && !b.at.After(sh.until) {
			return b, false
		}
	}
	return nil, false
}

// claim takes orders into a burst, all or none.
func (t *burstTable) claim(b *armedBurst, ids []int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		if t.orders[id] != nil {
			return false
		}
	}
	for _, id := range ids {
		t.orders[id] = b
	}
	return true
}

func (t *burstTable) release(ids []int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		delete(t.orders, id)
	}
}

// disarm ends every burst at once.
func (t *burstTable) disarm(why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.orders {
		b.cancel(why)
	}
}

// next is when the next armed burst fires, zero if none is armed.
func (t *burstTable) next() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	var first time.Time
	for _, b := range t.orders {
		if first.IsZero() || b.at.Before(first) {
			first = b.at
		}
	}
	return first
}

func (t *burstTable) armed(order int64) *armedBurst {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.orders[order]
}

// shot is when a burst for a name may fire.
type shot struct {
	order    catch.Order
	priority int
	at       time.Time
	until    time.Time
	to       time.Time // the end of the window itself; until may be later
	free     bool      // nobody holds it right now
}

// aim says when a burst order fires, by what is known of its name; ok is false
// while nothing is sure enough to fire at.
func (s *Service) aim(ctx context.Context, o catch.Order) (sh shot, ok bool, why string, err error) {
	if inPhase(o) {
		return sh, false, "waits for its phase", nil // it is sent once, by itself
	}
	row, err := s.store.Watch(ctx, Name(o.Name))
	if errors.Is(err, ErrNotFound) {
		return sh, false, "it is no longer on the list", nil
	} else if err != nil {
		return sh, false, "", err
	}
	now := s.now()
	v := row.Verdict
	sh = shot{order: o, priority: row.Priority}
	if at := o.FireAt; !at.IsZero() && now.Before(at.Add(freeFor)) {
		sh.at, sh.to, sh.until = at, at, at.Add(freeFor)
		return sh, true, "", nil
	}
	switch v.Stage {
	case lifecycle.Free, lifecycle.LikelyFree:
		sh.at, sh.until, sh.free = now.Add(freeLead), now.Add(freeLead+freeFor), true
		return sh, true, "", nil
	case lifecycle.PendingDelete, lifecycle.Dropping:
	default:
		return sh, false, fmt.Sprintf("waits for its window (%s)", v.Stage), nil
	}
	w := v.Window
	switch {
	case w == nil || w.From.IsZero():
		return sh, false, "waits: nobody knows when it drops", nil
	case w.Certainty != lifecycle.Will:
		return sh, false, "waits: it may drop, but nobody says that it will", nil
	case w.From.DayOnly || !w.HourKnown:
		return sh, false, "waits for its day " + w.From.Format(time.DateOnly) + "; the hour is not known", nil
	}
	sh.at, sh.until = w.From.Time, w.To.Time
	if w.To.DayOnly {
		sh.until = w.To.Add(24 * time.Hour)
	}
	sh.to = sh.until
	if sh.until.Before(sh.at.Add(freeFor)) {
		sh.until = sh.at.Add(freeFor)
	}
	if !now.Before(sh.until) {
		return sh, false, "its window is over and it is still held", nil
	}
	return sh, true, "", nil
}

// stepBurst arms a burst order when its time has come, together with the
// others of its route and window.
func (s *Service) stepBurst(ctx context.Context, epoch int64, o catch.Order) error {
	r := s.route(o.Route)
	if r == nil {
		return s.postpone(ctx, o, fixMark+"no account is set up here for "+o.Route, 10*time.Minute)
	}
	b, ok := r.(catch.Burster)
	if !ok {
		return s.end(ctx, o, catch.Failed, o.Service+" cannot fire a burst")
	}
	if open, why := r.Open(o.Name); !open {
		return s.end(ctx, o, catch.RefusedOrder, "not open to you: "+why)
	}
	sh, ok, why, err := s.aim(ctx, o)
	if err != nil {
		return err
	}
	now := s.now()
	if !ok {
		if taken, err := s.takenByOthers(ctx, o); err != nil {
			return err
		} else if taken {
			return s.lose(ctx, o)
		}
		return s.waitBurst(ctx, o, why, s.pace(ctx, o))
	}
	if sh.free && o.Kind == catch.Register {
		return s.place(ctx, epoch, o) // one plain registration, no burst
	}
	if t := r.Terms(o.Name); o.Kind == catch.Register && t.Burst != catch.BurstAllowed && !slices.Contains(o.Consents, "burst") {
		return s.waitBurst(ctx, o, "the terms of "+o.Service+" do not allow repeated calls: registered once it is free", s.pace(ctx, o))
	}
	lead := s.armLead(o)
	if wait := sh.at.Sub(now); wait > lead {
		why := "armed shortly before " + atText(sh.at)
		red, tested, err := s.preflight(ctx, r, o, sh.at)
		switch {
		case err != nil:
			return err
		case red != "":
			why = fixMark + "preflight: " + red
		case !tested && strings.HasPrefix(o.Why, fixMark):
			why = o.Why // still red, as far as is known
		}
		return s.waitBurst(ctx, o, why, nextStep(now, sh.at, lead))
	}
	armed, in := s.bursts.sharing(o.Route, sh)
	switch {
	case in:
		return nil
	case armed != nil:
		if armed.at.Sub(now) < lead/2 { // too late to arm again
			return s.waitBurst(ctx, o, fmt.Sprintf("the burst for %s has the account to itself until %s", joinNames(armed.names), atText(armed.until)), now.Add(time.Second))
		}
		armed.cancel(errRegather)
		return s.waitBurst(ctx, o, "joins the burst for "+joinNames(armed.names), now.Add(time.Second))
	}
	group, err := s.gatherBurst(ctx, o.Route, sh)
	if err != nil {
		return err
	}
	return s.fire(ctx, epoch, r, b, group)
}

// nextStep is when a burst order is looked at again before it is armed.
func nextStep(now, drop time.Time, lead time.Duration) time.Time {
	next := drop.Add(-lead)
	if limit := now.Add(lookAgain); limit.Before(next) {
		next = limit
	}
	for _, d := range preflights {
		if t := drop.Add(-d); t.After(now) && t.Before(next) {
			next = t
		}
	}
	return next
}

func (s *Service) waitBurst(ctx context.Context, o catch.Order, why string, at time.Time) error {
	o.NextTry = at
	if o.State == catch.Requested {
		if err := o.Move(catch.Planned, why); err != nil {
			return err
		}
	}
	o.Why = why
	return s.store.SaveOrder(ctx, o, why)
}

// armLead is how long before a window its burst is armed: armAhead, or less for
// a TLD whose last stages take seconds, so that orders which learn of their
// window a little later still share it.
func (s *Service) armLead(o catch.Order) time.Duration {
	lead := armAhead
	if s.o.Rules == nil || !o.FireAt.IsZero() {
		return lead
	}
	for _, st := range s.o.Rules.Rule(o.Name).Stages {
		if st.Max > 0 {
			lead = min(lead, max(st.Max/3, 2*time.Second))
		}
	}
	return lead
}

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
		return s.postponeAll(ctx, group, "halted by "+l.HaltBy, 10*time.Second)
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
			err = checkPrice(o, q)
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
		if cause := context.Cause(bctx); errors.Is(cause, errRegather) {
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
		if errors.Is(err, ErrHalted) || errors.Is(err, ErrGuard) || errors.Is(err, ErrStale) {
			return errors.Join(s.postponeAll(ctx, live, err.Error(), 10*time.Second), derr)
		}
		return errors.Join(err, derr)
	}
	s.tell(ctx, EvBurst, names[0], fmt.Sprintf("armed at %s for %s: %s", r.Describe().Service, atText(at), planText(plan, live)))
	reports, err := armed.Fire(bctx)
	if cause := context.Cause(bctx); cause != nil && len(reports) == 0 {
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
		s.tell(ctx, EvBurst, Name(o.Name), fmt.Sprintf("%s: %s after %d creates: %s", Name(o.Name).Display(), o.State, e.Creates, o.Why))
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

// FireAt has the bursts for names fired at a time, or in their windows again
// where it is zero. A name without an order that fires, and one that is armed
// by now, is refused.
func (s *Service) FireAt(ctx context.Context, names []Name, at time.Time) error {
	if err := s.writable(); err != nil {
		return err
	}
	if now := s.now(); !at.IsZero() && !at.After(now) {
		return refuse("%s is %s in the past", atText(at), now.Sub(at).Round(time.Second))
	}
	var all []catch.Order
	for _, n := range names {
		os, err := s.store.Orders(ctx, OrderFilter{Name: n, Holding: true})
		if err != nil {
			return err
		}
		fires := false
		for _, o := range os {
			if !burstKind(o.Kind) || inPhase(o) {
				continue
			}
			if o.State != catch.Planned && !at.IsZero() {
				return refuse("order %d for %s is %s: its time cannot be moved now", o.ID, n.Display(), o.State)
			}
			if fires = true; o.State == catch.Planned {
				all = append(all, o)
			}
		}
		if !fires {
			return refuse("%s has no order that fires a burst", n.Display())
		}
	}
	for _, o := range all {
		if o.FireAt.Equal(at) {
			continue
		}
		o.FireAt, o.NextTry = at.UTC(), s.now()
		why := "fires at " + atText(at)
		if at.IsZero() {
			o.FireAt, why = at, "fires in its window"
		}
		if err := s.store.SaveOrder(ctx, o, why); err != nil {
			return err
		}
	}
	s.wake()
	return nil
}

// Armed says which names are armed in this process, and for when.
func (s *Service) Armed() (names []Name, at time.Time) {
	s.bursts.mu.Lock()
	defer s.bursts.mu.Unlock()
	for _, b := range s.bursts.orders {
		if at.IsZero() || b.at.Before(at) {
			names, at = b.names, b.at
		}
	}
	return names, at
}

// nextBurst is the burst that comes next, armed or not.
func (s *Service) nextBurst(ctx context.Context, orders []catch.Order) (*Armable, error) {
	var best *Armable
	for _, o := range orders {
		if !burstKind(o.Kind) || (o.State != catch.Planned && o.State != catch.Requested) {
			continue
		}
		if b := s.bursts.armed(o.ID); b != nil {
			return &Armable{Names: b.names, Route: b.route, At: b.at, Armed: true}, nil
		}
		sh, ok, _, err := s.aim(ctx, o)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		switch {
		case best == nil || sh.at.Before(best.At):
			best = &Armable{Names: []Name{Name(o.Name)}, Route: o.Route, At: sh.at}
		case sh.at.Equal(best.At) && o.Route == best.Route:
			best.Names = append(best.Names, Name(o.Name))
		}
	}
	return best, nil
}
