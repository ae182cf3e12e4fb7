package watch

import (
	"context"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// Check looks now, at every source that a name has, and stores nothing but
// budgets. each is called as looks end, one at a time; it may wait for a
// host's budget, but not long.
func (s *Service) Check(ctx context.Context, names []Name, each func(Look)) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 32)
	var first error
	for _, n := range names {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			wg.Wait()
			return context.Cause(ctx)
		}
		wg.Go(func() {
			defer func() { <-slots }()
			l, err := s.checkOne(ctx, n)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				if first == nil {
					first = err
				}
				return
			}
			each(l)
		})
	}
	wg.Wait()
	return first
}

func (s *Service) checkOne(ctx context.Context, n Name) (Look, error) {
	known, err := s.store.Standings(ctx, n)
	if err != nil {
		return Look{}, err
	}
	before := known[n].Before
	answers, waits, err := s.ask(ctx, n, before, asking{all: true, patient: 30 * time.Second})
	if err != nil {
		return Look{}, err
	}
	ours, err := s.ours(ctx, n)
	if err != nil {
		return Look{}, err
	}
	observed, err := s.store.Drops(ctx, n.Zone(), 200)
	if err != nil {
		return Look{}, err
	}
	return s.conclude(n, answers, waits, before, ours, observed, time.Time{}, s.now()), nil
}

// Learned sums up the drops that this installation saw in a zone.
func (s *Service) Learned(ctx context.Context, zone string) (lifecycle.Learned, error) {
	seen, err := s.store.Drops(ctx, zone, 200)
	if err != nil {
		return lifecycle.Learned{}, err
	}
	return lifecycle.Learn(s.o.Rules.Rule("example."+zone), seen), nil
}
