package watch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

const (
	// atOnce is how many names are asked about at the same time.
	atOnce = 64
	// batch and batchFor bound a transaction of looks: the disk is asked for
	// many at once, but nobody waits long to see one.
	batch    = 200
	batchFor = 50 * time.Millisecond
)

// pollDue asks what is due, many names at once within the hosts' budgets, and
// keeps the looks in batches.
func (s *Service) pollDue(ctx context.Context, epoch int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.drops.forget("")
	defer s.budget.empty()
	f := &flight{names: map[Name]bool{}, late: map[Name]bool{}, turns: make(chan Turn), looks: make(chan Look, batch), landed: make(chan struct{}, 1)}
	look := func(t Turn) {
		l, err := s.lookRow(ctx, t.DueRow, t.Standing)
		f.end(t.Name, l, err)
		if err != nil && ctx.Err() == nil {
			cancel(err)
		}
	}
	saved := make(chan struct{})
	go func() {
		defer close(saved)
		for ls := f.gather(); len(ls) > 0; ls = f.gather() {
			// What was heard is kept even when we are told to stop.
			restock, taken := s.budget.restock()
			if err := s.saveLooks(context.WithoutCancel(ctx), epoch, ls, restock...); err != nil {
				cancel(err)
			} else {
				taken()
			}
			f.land(ls)
		}
	}()
	var fail error
	for ctx.Err() == nil {
		limit := f.read() + atOnce
		turns, next, err := s.store.Turns(ctx, s.now(), limit, f.has)
		if err != nil {
			fail = err
			break
		}
		for _, t := range turns {
			if !f.start(ctx, t, look) {
				break
			}
		}
		if len(turns) > 0 && next.IsZero() {
			continue // there may be more
		}
		s.rest(ctx, f, next)
	}
	close(f.turns)
	f.wg.Wait()
	close(f.looks)
	<-saved
	if cause := context.Cause(ctx); fail == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	if ctx.Err() != nil {
		return nil
	}
	return fail
}

// flight is the looks that are out: being asked, or heard and not kept yet.
// Whoever asks stays for the next name: the stack of a goroutine is deep by the
// end of a look, and growing it anew costs as much as deciding.
type flight struct {
	wg     sync.WaitGroup
	askers int           // only the schedule starts them
	turns  chan Turn     // to whoever is free
	looks  chan Look     // what was heard
	landed chan struct{} // looks were kept
	asking atomic.Int64  // looks that did not come back yet

	mu    sync.Mutex
	names map[Name]bool
	late  map[Name]bool // landed since the list was read
	next  time.Time     // when the first of what was kept lately is due again
}

// read says that the list is being read: how many names are out, of which has
// tells from now on. Those that land while it is read are among them, since the
// list may have been read before.
func (f *flight) read() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.late)
	return len(f.names)
}

func (f *flight) has(n Name) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.names[n] || f.late[n]
}

// start gives a turn to whoever is free, and waits for that where all are out;
// false when ctx ends first.
func (f *flight) start(ctx context.Context, t Turn, look func(Turn)) bool {
	f.mu.Lock()
	f.names[t.Name] = true
	f.mu.Unlock()
	f.asking.Add(1)
	select {
	case f.turns <- t:
		return true
	default:
	}
	if f.askers < atOnce {
		f.askers++
		f.wg.Go(func() {
			for t := range f.turns {
				look(t)
			}
		})
	}
	select {
	case f.turns <- t:
		return true
	case <-ctx.Done():
		f.end(t.Name, Look{}, ctx.Err())
		return false
	}
}

// end hands over what a look heard.
func (f *flight) end(n Name, l Look, err error) {
	f.asking.Add(-1)
	if err == nil {
		f.looks <- l
		return
	}
	f.mu.Lock()
	delete(f.names, n)
	f.mu.Unlock()
}

// land says that looks were kept.
func (f *flight) land(ls []Look) {
	f.mu.Lock()
	for i := range ls {
		delete(f.names, ls[i].Name)
		f.late[ls[i].Name] = true
		if due := ls[i].Due; f.next.IsZero() || due.Before(f.next) {
			f.next = due
		}
	}
	f.mu.Unlock()
	poke(f.landed)
}

// soonest is the earlier of a time and when something that was kept since the
// last call is due again.
func (f *flight) soonest(t time.Time) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := f.next; t.IsZero() || !n.IsZero() && n.Before(t) {
		t = n
	}
	f.next = time.Time{}
	return t
}

// rest waits until something is due, for somebody who wakes us, or for as long
// as may pass before another process's edits are seen.
func (s *Service) rest(ctx context.Context, f *flight, next time.Time) {
	wake := s.now().Add(s.ticks.schedule)
	for {
		next = f.soonest(next)
		pause := wake.Sub(s.now())
		if !next.IsZero() {
			pause = min(pause, next.Sub(s.now()))
		}
		if pause <= 0 {
			return
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-s.poke:
		case <-f.landed:
			t.Stop()
			continue
		}
		t.Stop()
		return
	}
}

// gather collects looks for one transaction; none when the channel is closed.
// It waits for more only while somebody is asking.
func (f *flight) gather() []Look {
	l, ok := <-f.looks
	if !ok {
		return nil
	}
	ls := []Look{l}
	t := time.NewTimer(batchFor)
	defer t.Stop()
	for len(ls) < batch {
		if len(f.looks) == 0 && f.asking.Load() == 0 {
			return ls
		}
		select {
		case l, ok := <-f.looks:
			if !ok {
				return ls
			}
			ls = append(ls, l)
		case <-t.C:
			return ls
		}
	}
	return ls
}

// saveLooks keeps looks, tells those who listen here, and makes orders move
// that waited for what was seen.
func (s *Service) saveLooks(ctx context.Context, epoch int64, ls []Look, budgets ...BudgetChange) error {
	if err := s.store.SaveLooks(ctx, epoch, ls, budgets...); err != nil {
		return err
	}
	var changed []Name
	for i := range ls {
		l := &ls[i]
		if l.Dropped != nil {
			s.drops.forget(l.Name.Zone())
		}
		if len(l.Answers) == 0 && len(l.Changes) == 0 {
			continue
		}
		if len(l.Changes) == 0 {
			text := fmt.Sprintf("asked %s: %s", l.Name.Display(), l.Verdict.Stage)
			if l.Trouble != "" {
				text = fmt.Sprintf("%s: %s", l.Name.Display(), l.Trouble)
			}
			s.events.local(Event{At: l.At, Kind: EvLooked, Name: l.Name, Stage: l.Verdict.Stage, Text: text})
			continue
		}
		changed = append(changed, l.Name)
	}
	if len(changed) == 0 {
		return nil // nothing was written that others would read as an event
	}
	if err := s.kick(ctx, changed); err != nil {
		return err
	}
	s.events.wake()
	return nil
}

// kick makes the orders of some names due now: something changed that they may
// have waited for.
func (s *Service) kick(ctx context.Context, names []Name) error {
	os, err := s.store.Orders(ctx, OrderFilter{Names: names, Holding: true})
	if err != nil {
		return err
	}
	for _, o := range os {
		for err = s.kickOrder(ctx, o); errors.Is(err, ErrStale); err = s.kickOrder(ctx, o) {
			// What somebody thought meanwhile may still be from before.
			if o, err = s.store.Order(ctx, o.ID); err != nil {
				break
			}
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	if len(os) > 0 {
		s.wakeOrders()
	}
	return nil
}

func (s *Service) kickOrder(ctx context.Context, o catch.Order) error {
	now := s.now()
	switch {
	case o.State == catch.InDoubt || !o.State.Holds() || o.NextTry.IsZero():
		return nil
	case o.NextTry.After(now):
		o.NextTry = now
	case o.State == catch.Requested || o.Wish != catch.WishNone:
		return nil // a call may be out for it
	default:
		// It is being thought about right now, by what was known before: saving
		// it makes that thought stale.
	}
	return s.store.SaveOrder(ctx, o, "")
}

// LookNow makes a name due now. The holder asks; where nobody holds the lease
// this call does.
func (s *Service) LookNow(ctx context.Context, n Name) error {
	if err := s.writable(); err != nil {
		return err
	}
	if err := s.store.Touch(ctx, n, s.now(), "you asked"); err != nil {
		return err
	}
	_, err := s.borrow(ctx, func(ctx context.Context, epoch int64) error {
		known, err := s.store.Standings(ctx, n)
		if err != nil {
			return err
		}
		st, ok := known[n]
		if !ok {
			return fmt.Errorf("%s: %w", n.Display(), ErrNotFound)
		}
		l, err := s.lookRow(ctx, DueRow{Name: n}, st)
		if err != nil {
			return err
		}
		return s.saveLooks(ctx, epoch, []Look{l})
	})
	return err
}
