package burst

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch/epp"
)

// drain waits for answers that are under way.
func (e *engine) drain(ctx context.Context, d time.Duration) {
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	for {
		e.mu.Lock()
		n := 0
		for _, t := range e.targets {
			n += t.inflight
		}
		e.mu.Unlock()
		if n == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-deadline.C:
			return
		case <-e.wake:
		}
	}
}

// verify asks who has the names that we did not get, and whether an unheard
// create won after all: 2302 names nobody.
func (e *engine) verify(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, t := range e.targets {
		e.mu.Lock()
		skip := t.state == won || t.state == taken || t.sent == 0
		l := e.spareLane()
		e.mu.Unlock()
		if skip {
			continue
		}
		if l == nil {
			if fresh, err := e.connect(ctx); err == nil {
				l = fresh
			} else {
				t.why = "nobody could be asked who has it: " + err.Error()
				continue
			}
		}
		if e.pass(ctx, l) != nil {
			return
		}
		d, err := l.s.Info(ctx, t.Name)
		var re *epp.ResultError
		e.mu.Lock() // answers to creates may still come
		switch {
		case err == nil:
			t.asked, t.holder, t.created = true, d.Sponsor, d.Created
			if !t.fresh(d.Created) {
				break
			}
			switch shown := e.shown(d); {
			case shown != taken && t.state != pending, shown == taken && (t.state == open || t.state == pending):
				t.state = shown
			}
		case errors.As(err, &re) && re.Code == epp.DoesNotExist:
			t.asked, t.missing = true, true
		case errors.As(err, &re) && re.Code == epp.NotAllowed:
			t.asked = true // it exists, and is not ours to look at
		default:
			t.why = err.Error()
		}
		e.mu.Unlock()
	}
}

// spareLane prefers a session that sent no create.
func (e *engine) spareLane() *lane {
	var busy *lane
	for _, l := range e.lanes {
		if l.dead {
			continue
		}
		if l.spare {
			return l
		}
		busy = l
	}
	return busy
}

// close ends every session, within a moment: with a logout where the pace still
// allows one more command, else without.
func (e *engine) close() {
	e.mu.Lock()
	e.ended = true
	lanes := slices.Clone(e.lanes)
	e.mu.Unlock()
	var wg sync.WaitGroup
	for _, l := range lanes {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			e.mu.Lock()
			now := e.since(time.Now())
			polite := l.s.Err() == nil && e.gate.next(max(now, l.free), l.last) <= now
			if polite {
				e.gate.take(now)
			}
			e.mu.Unlock()
			if polite {
				_ = l.s.Logout(ctx)
			}
			_ = l.s.Close()
		})
	}
	wg.Wait()
}
