package watch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// staleAfter is how old the holder's heartbeat may be before it no longer
	// acts, and before another process may take its place. It beats five times
	// as often.
	staleAfter = 10 * time.Second
	// watchEvery is how often other processes' writes are looked for: often
	// enough for an eye, seldom enough for a process that idles for days.
	// watchArmed is how often while a burst is armed: it bounds how long that
	// outlives a halt.
	watchEvery = 300 * time.Millisecond
	watchArmed = 100 * time.Millisecond
)

// Run acts while it holds the lease: it asks what is due, executes orders and
// fires bursts. While another process holds it, Run follows and takes over
// when that one ends or stops beating. It returns nil when ctx ends, with
// nothing left running.
func (s *Service) Run(ctx context.Context) error {
	stop := s.events.start()
	defer stop()
	var watchdog stillness
	failures := 0
	for ctx.Err() == nil {
		if s.o.Lock == nil || s.o.ReadOnly {
			<-ctx.Done()
			break
		}
		epoch, release, err := s.acquire(ctx, &watchdog)
		if err != nil {
			if ctx.Err() != nil {
				break
			}
			return fmt.Errorf("run: %w", err)
		}
		if epoch == 0 {
			sleep(ctx, min(time.Second, s.o.Stale/5))
			continue
		}
		err = s.hold(ctx, epoch, s.act)
		release()
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, ErrNotHolder):
			s.log.Warn("lost the lease, follows now", "err", err)
			sleep(ctx, time.Second)
		case err != nil:
			// A full disk or a busy file may pass; a broken one does not.
			if failures++; failures > 5 {
				return fmt.Errorf("run: %w", err)
			}
			s.log.Error("stopped acting, tries again", "err", err)
			sleep(ctx, time.Duration(failures)*time.Second)
			continue
		}
		failures = 0
	}
	return nil
}

// stillness notices a holder whose process exists, and holds the file lock,
// but does not live: suspended, or stuck. It goes by this process's own
// monotonic clock, which stands still while the machine sleeps.
type stillness struct {
	beat  time.Time
	epoch int64
	since time.Time
}

func (w *stillness) dead(l Lease, stale time.Duration) bool {
	if !l.Held {
		*w = stillness{}
		return true // it gave the lease back but not yet the lock, or never took it
	}
	if !w.beat.Equal(l.Beat) || w.epoch != l.Epoch || w.since.IsZero() {
		*w = stillness{beat: l.Beat, epoch: l.Epoch, since: time.Now()}
		return false
	}
	return time.Since(w.since) > stale+stale/5
}

// acquire takes the lease if it may: with the file lock, or without it from a
// holder that no longer beats. Epoch 0 means that it may not.
func (s *Service) acquire(ctx context.Context, w *stillness) (int64, func(), error) {
	locked, err := s.o.Lock.TryLock()
	if err != nil {
		return 0, nil, err
	}
	if !locked {
		if w == nil {
			return 0, nil, nil
		}
		l, err := s.store.Lease(ctx)
		if err != nil {
			return 0, nil, err
		}
		if !l.Held || !w.dead(l, s.o.Stale) {
			return 0, nil, nil
		}
		s.log.Warn("the holder of the lease does not beat, takes its place", "holder", l.Holder, "beat", l.Beat)
	}
	unlock := func() {
		if locked {
			if err := s.o.Lock.Unlock(); err != nil {
				s.log.Error("give the lock back", "err", err)
			}
		}
	}
	epoch, err := s.store.Take(ctx, s.o.Holder)
	if err != nil {
		unlock()
		return 0, nil, err
	}
	return epoch, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := s.store.Release(ctx, epoch); err != nil {
			s.log.Error("give the lease back", "err", err)
		}
		unlock()
	}, nil
}

// hold runs work while the lease beats, and ends it at once when the lease is
// lost. It returns when work has ended.
func (s *Service) hold(ctx context.Context, epoch int64, work func(context.Context, int64) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.epoch.Store(epoch)
	defer s.epoch.Store(0)
	var wg sync.WaitGroup
	wg.Go(func() {
		if said := s.askAgain(ctx); said != "" { // before this process began
			if err := s.store.Note(ctx, Event{At: s.now(), Kind: EvTrouble, Text: "the clock was set back" + said}); err != nil && ctx.Err() == nil {
				s.log.Error("note the clock", "err", err)
			}
		}
		last := s.now()
		// Wall time: a machine that slept may have been given up by others, and
		// its work may notice that before this loop does.
		note := func() {
			if gap := s.now().Sub(last); gap > s.o.Stale || gap < -s.o.Stale {
				s.noteSleep(context.WithoutCancel(ctx), gap)
			}
		}
		defer note()
		for sleep(ctx, s.o.Stale/5) {
			note()
			last = s.now()
			if err := s.store.Beat(ctx, epoch, s.doing()); err != nil {
				cancel(err)
				return
			}
			if err := s.budget.recall(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("read budgets", "err", err)
			}
		}
	})
	err := work(ctx, epoch)
	cause := context.Cause(ctx)
	cancel(nil)
	wg.Wait()
	if cause != nil && errors.Is(cause, ErrNotHolder) {
		return cause
	}
	return err
}

// noteSleep says that the machine slept, or that its clock jumped, and what
// may have been missed by it.
func (s *Service) noteSleep(ctx context.Context, gap time.Duration) {
	now := s.now()
	text := fmt.Sprintf("nothing ran for %s: the machine slept, or its clock was set; what was due is asked now", gap.Round(time.Second))
	if gap < 0 {
		text = fmt.Sprintf("the clock went back by %s", (-gap).Round(time.Second))
		text += s.askAgain(ctx)
	} else if p, err := s.store.List(ctx, Query{DropFrom: now.Add(-gap), DropTo: now, Sort: "drop", Limit: missedNamed}); err == nil && p.Total > 0 {
		names := make([]string, len(p.Rows))
		for i, r := range p.Rows {
			names[i] = r.Name.Display()
		}
		text += fmt.Sprintf("; %d windows opened meanwhile: %s", p.Total, strings.Join(names, ", "))
		if p.Total > len(names) {
			text += " and others"
		}
	}
	if err := s.store.Note(ctx, Event{At: now, Kind: EvTrouble, Text: text}); err != nil && ctx.Err() == nil {
		s.log.Error("note the gap", "err", err)
	}
}

// missedNamed is how many names a note about a gap spells out.
const missedNamed = 8

// askAgain makes due what was looked at by a clock that ran ahead: its next
// look was reckoned from a day that is still to come. It says how many names.
// All of them go in one transaction, since the heartbeat waits for it.
func (s *Service) askAgain(ctx context.Context) string {
	n, err := s.store.AskAgain(ctx, s.now(), "it was looked at by a clock that ran ahead")
	if err != nil && ctx.Err() == nil {
		s.log.Error("ask again after a clock ran ahead", "err", err)
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d names that were looked at by a clock that ran ahead are asked again", n)
}

func (s *Service) doing() string {
	if at := s.bursts.next(); !at.IsZero() {
		return "burst armed for " + at.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return ""
}

// act is what the holder does: everything at once, until one of it fails.
func (s *Service) act(ctx context.Context, epoch int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	for _, work := range []func(context.Context, int64) error{s.pollDue, s.runOrders, s.runCare, s.keepTodos, s.sendAlerts} {
		wg.Go(func() {
			if err := work(ctx, epoch); err != nil && !errors.Is(err, context.Canceled) {
				mu.Lock()
				if first == nil {
					first = err
				}
				mu.Unlock()
				cancel(err)
			}
		})
	}
	wg.Wait()
	return first
}

// keepTodos computes deadlines again whose time has passed: a service that
// closed is no longer something to do.
func (s *Service) keepTodos(ctx context.Context, _ int64) error {
	var from time.Time
	for {
		to := s.now()
		if to.Before(from) {
			from = time.Time{} // the clock went back
		}
		if _, err := s.store.RefreshTodos(ctx, from, to); err != nil {
			return err
		}
		from = to
		if !sleep(ctx, s.ticks.todos) {
			return nil
		}
	}
}

// borrow runs work under a lease that is free right now, so that a command
// without a running program does its own work. It reports whether it could.
func (s *Service) borrow(ctx context.Context, work func(context.Context, int64) error) (bool, error) {
	if s.epoch.Load() != 0 {
		s.wake()
		return false, nil
	}
	if s.o.Lock == nil || s.o.ReadOnly {
		return false, nil
	}
	epoch, release, err := s.acquire(ctx, nil)
	if err != nil || epoch == 0 {
		return false, err
	}
	defer release()
	return true, s.hold(ctx, epoch, func(ctx context.Context, epoch int64) error {
		if err := s.recover(ctx); err != nil { // whoever held it last may have died
			return err
		}
		return work(ctx, epoch)
	})
}
