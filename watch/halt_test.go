package watch

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// haltedStore is a store that is halted and whose version does not show it yet.
type haltedStore struct {
	Store
	since time.Time
	lease Lease
}

func (h *haltedStore) Version(context.Context) (int64, error)   { return 1, nil }
func (h *haltedStore) LastEvent(context.Context) (int64, error) { return 0, nil }
func (h *haltedStore) Events(context.Context, int64, int) ([]Event, error) {
	return nil, nil
}

func (h *haltedStore) Lease(context.Context) (Lease, error) {
	if time.Since(h.since) < time.Second {
		return Lease{}, nil
	}
	return h.lease, nil
}

// A halt disarms what is armed also where a slow disk lets the version of the
// database lag behind it.
func TestHaltIsSeenWithoutTheVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		st := &haltedStore{since: now, lease: Lease{Halted: true, HaltAt: now}}
		s := &Service{store: st, bursts: newBurstTable(), log: slog.New(slog.DiscardHandler), ticks: ticks{follow: time.Hour, armed: watchArmed}}
		s.events = newBroadcast(s)
		ctx, cancel := context.WithCancelCause(t.Context())
		s.bursts.orders[1] = &armedBurst{at: now.Add(time.Minute), cancel: cancel}
		stop := s.events.start()
		defer stop()
		time.Sleep(time.Second + 2*watchArmed)
		synctest.Wait()
		if !errors.Is(context.Cause(ctx), ErrHalted) {
			t.Errorf("still armed: %v", context.Cause(ctx))
		}
	})
}
