package watch

import (
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

// errWithdrawn disarms a burst of which the person takes an order back.
var errWithdrawn = errors.New("an order of it was taken back: what is left of it is armed again")

// errStopped is why a burst did not fire whose process was told to end.
var errStopped = errors.New("the program was stopped while it was armed")

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

// withdraw disarms the burst of an order that the person takes back. One that
// it shares with others goes on where it fires before they could be armed again:
// the order would cost them their names.
func (t *burstTable) withdraw(order int64, again time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if b := t.orders[order]; b != nil && (len(b.names) == 1 || b.at.After(again)) {
		b.cancel(errWithdrawn)
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

// FireAt has the bursts for names fired at a time, or in their windows again
// where it is zero. A name without an order that fires is refused, and one that
// is armed by now, unless it is for this time.
func (s *Service) FireAt(ctx context.Context, names []Name, at time.Time) error {
	if err := s.writable(); err != nil {
		return err
	}
	if now := s.now(); !at.IsZero() && !at.After(now) {
		return refuse("%s is %s in the past", atText(at), now.Sub(at).Round(time.Second))
	}
	var err error
	for try := range 20 { // another process may be at the same orders
		if err = s.fireAt(ctx, names, at); !errors.Is(err, ErrStale) || !sleep(ctx, time.Duration(try)*5*time.Millisecond) {
			break
		}
	}
	if err == nil {
		s.wake()
	}
	return err
}

func (s *Service) fireAt(ctx context.Context, names []Name, at time.Time) error {
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
			switch fires = true; {
			case o.FireAt.Equal(at):
			case o.State == catch.Planned:
				all = append(all, o)
			case !at.IsZero():
				return refuse("order %d for %s is %s: its time cannot be moved now", o.ID, n.Display(), o.State)
			}
		}
		if !fires {
			return refuse("%s has no order that fires a burst", n.Display())
		}
	}
	for _, o := range all {
		o.FireAt, o.NextTry = at.UTC(), s.now()
		why := "fires at " + atText(at)
		if at.IsZero() {
			o.FireAt, why = at, "fires in its window"
		}
		if err := s.store.SaveOrder(ctx, o, why); err != nil {
			return err
		}
	}
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
