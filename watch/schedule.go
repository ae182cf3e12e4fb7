package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
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
	var (
		mu     sync.Mutex
		flying = map[Name]bool{}
		asking atomic.Int64 // looks that did not come back yet
		wg     sync.WaitGroup
	)
	s.drops.forget("")
	looks := make(chan Look, batch)
	landed := make(chan struct{}, 1)
	saved := make(chan struct{})
	go func() {
		defer close(saved)
		for {
			ls := gather(looks, &asking)
			if len(ls) == 0 {
				return
			}
			// What was heard is kept even when we are told to stop.
			err := s.saveLooks(context.WithoutCancel(ctx), epoch, ls)
			mu.Lock()
			for _, l := range ls {
				delete(flying, l.Name)
			}
			mu.Unlock()
			if err != nil {
				cancel(err)
			}
			select {
			case landed <- struct{}{}:
			default:
			}
		}
	}()
	slots := make(chan struct{}, atOnce)
	var fail error
	for ctx.Err() == nil {
		mu.Lock()
		busy := len(flying)
		mu.Unlock()
		rows, next, err := s.store.Due(ctx, s.now(), busy+atOnce)
		if err != nil {
			fail = err
			break
		}
		more := len(rows) == busy+atOnce
		mu.Lock()
		rows = slices.DeleteFunc(rows, func(d DueRow) bool { return flying[d.Name] })
		mu.Unlock()
		known, err := s.standings(ctx, rows)
		if err != nil {
			fail = err
			break
		}
		for _, d := range rows {
			st, ok := known[d.Name]
			if !ok {
				continue // taken off the list just now
			}
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
			}
			if ctx.Err() != nil {
				break
			}
			mu.Lock()
			flying[d.Name] = true
			mu.Unlock()
			asking.Add(1)
			wg.Go(func() {
				defer func() { <-slots }()
				l, err := s.lookRow(ctx, d, st)
				if err == nil {
					asking.Add(-1)
					looks <- l
					return
				}
				asking.Add(-1)
				if ctx.Err() == nil {
					cancel(err)
				}
				mu.Lock()
				delete(flying, d.Name)
				mu.Unlock()
			})
		}
		if more && len(rows) > 0 {
			continue
		}
		pause := s.ticks.schedule
		if !next.IsZero() {
			pause = min(pause, next.Sub(s.now()))
		}
		s.rest(ctx, landed, pause)
	}
	wg.Wait()
	close(looks)
	<-saved
	if cause := context.Cause(ctx); fail == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	if ctx.Err() != nil {
		return nil
	}
	return fail
}

// rest waits for a time, for a look that landed, or for somebody who wakes us.
func (s *Service) rest(ctx context.Context, landed <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-landed:
	case <-s.poke:
	}
}

// standings reads what the looks at due names need to know, in one go.
func (s *Service) standings(ctx context.Context, rows []DueRow) (map[Name]Standing, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	names := make([]Name, len(rows))
	for i, d := range rows {
		names[i] = d.Name
	}
	return s.store.Standings(ctx, names...)
}

// gather collects looks for one transaction; none when the channel is closed.
// It waits for more only while somebody is asking.
func gather(looks <-chan Look, asking *atomic.Int64) []Look {
	l, ok := <-looks
	if !ok {
		return nil
	}
	ls := []Look{l}
	t := time.NewTimer(batchFor)
	defer t.Stop()
	for len(ls) < batch {
		if len(looks) == 0 && asking.Load() == 0 {
			return ls
		}
		select {
		case l, ok := <-looks:
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
func (s *Service) saveLooks(ctx context.Context, epoch int64, ls []Look) error {
	if err := s.store.SaveLooks(ctx, epoch, ls); err != nil {
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

// Queue lists what is asked next, and when each name's turn comes where a host
// is short.
func (s *Service) Queue(ctx context.Context, limit int) ([]Queued, error) {
	if limit <= 0 {
		limit = 1000
	}
	rows, _, err := s.store.Due(ctx, s.now().Add(365*24*time.Hour), limit)
	if err != nil {
		return nil, err
	}
	bs, err := s.Budgets(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	lines := map[string]*line{}
	for _, b := range bs {
		lines[b.Host] = newLine(b, now)
	}
	out := make([]Queued, 0, len(rows))
	for _, d := range rows {
		q := Queued{Name: d.Name, Due: d.Due, At: d.Due, Why: d.Why, Hosts: s.hosts(d.Name)}
		if q.At.Before(now) {
			q.At = now
		}
		if len(q.Hosts) > 0 {
			l := lines[q.Hosts[0]]
			if l == nil {
				b := Budget{Host: q.Hosts[0]}
				s.budget.refill(&b, now)
				l = newLine(b, now)
				lines[q.Hosts[0]] = l
			}
			at := l.turn(q.At)
			q.Short = at.Sub(q.At) > time.Second
			q.At, q.Left = at, int(l.tokens)
		}
		out = append(out, q)
	}
	return out, nil
}

// line simulates a bucket over what is due.
type line struct {
	tokens, burst, rate float64
	at                  time.Time
	until               time.Time
}

func newLine(b Budget, now time.Time) *line {
	return &line{tokens: b.Tokens, burst: b.Burst, rate: b.Rate, at: now, until: b.Until}
}

func (l *line) turn(t time.Time) time.Time {
	if t.Before(l.until) {
		t = l.until
	}
	if t.After(l.at) {
		l.tokens = min(l.burst, l.tokens+l.rate*t.Sub(l.at).Seconds())
		l.at = t
	}
	if l.tokens < 1 {
		l.at = l.at.Add(time.Duration((1 - l.tokens) / l.rate * float64(time.Second)))
		l.tokens = 1
	}
	l.tokens--
	return l.at
}

// hosts lists the hosts that would be asked about a name, first one first.
func (s *Service) hosts(n Name) []string {
	var out []string
	for _, kind := range []whoisx.Source{whoisx.RDAP, whoisx.WHOIS} {
		for _, src := range s.o.Sources {
			if src.Kind() != kind {
				continue
			}
			if h := src.Host(string(n)); h != "" && !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out
}
