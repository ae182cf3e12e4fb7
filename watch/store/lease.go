package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/watch"
)

// Take takes the lease and raises the epoch: whoever held it before can no
// longer write what only the holder may.
func (s *Store) Take(ctx context.Context, holder string) (int64, error) {
	var epoch int64
	err := s.durable(ctx, "take the lease", func(t *tx) error {
		if err := t.one(ctx, `UPDATE lease SET holder = ?, epoch = epoch + 1, since = ?, beat = ?, doing = '', held = 1 RETURNING epoch`,
			[]any{holder, t.now.UnixMicro(), t.now.UnixMicro()}, &epoch); err != nil {
			return err
		}
		return t.event(ctx, watch.Event{Kind: watch.EvLease, Text: holder + " acts now"})
	})
	return epoch, err
}

// Beat renews the lease. It fails with watch.ErrNotHolder where another
// process took it, or where the last beat is too long ago.
func (s *Store) Beat(ctx context.Context, epoch int64, doing string) error {
	return s.lazy(ctx, "renew the lease", func(t *tx) error {
		if err := t.assertHolder(ctx, epoch); err != nil {
			return err
		}
		_, err := t.exec(ctx, `UPDATE lease SET beat = ?, doing = ?`, t.now.UnixMicro(), doing)
		return err
	})
}

// Release gives the lease back, if it is still ours.
func (s *Store) Release(ctx context.Context, epoch int64) error {
	return s.durable(ctx, "give the lease back", func(t *tx) error {
		res, err := t.exec(ctx, `UPDATE lease SET held = 0, doing = '' WHERE epoch = ? AND held = 1`, epoch)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return t.event(ctx, watch.Event{Kind: watch.EvLease, Text: "nobody acts"})
	})
}

// assertHolder refuses a caller whose epoch is over, or who slept past its
// heartbeat: others were entitled to think it dead.
func (t *tx) assertHolder(ctx context.Context, epoch int64) error {
	var have, held int64
	var beat sql.NullInt64
	if err := t.one(ctx, `SELECT epoch, held, beat FROM lease`, nil, &have, &held, &beat); err != nil {
		return err
	}
	if epoch <= 0 || have != epoch || held == 0 {
		return watch.ErrNotHolder
	}
	if age := t.now.Sub(at(beat)); age > t.s.bind.Stale {
		return fmt.Errorf("%w: the last heartbeat is %s old", watch.ErrNotHolder, age.Round(time.Second))
	}
	return nil
}

func (t *tx) assertNotHalted(ctx context.Context) error {
	var halted bool
	var by string
	if err := t.one(ctx, `SELECT halted, halt_by FROM lease`, nil, &halted, &by); err != nil {
		return err
	}
	if halted {
		return fmt.Errorf("%w by %s: `lapse halt --off` lets it act again", watch.ErrHalted, by)
	}
	return nil
}

// Lease says who acts.
func (s *Store) Lease(ctx context.Context) (watch.Lease, error) {
	var l watch.Lease
	var since, beat, haltAt sql.NullInt64
	err := s.hotRow(ctx, `SELECT holder, epoch, since, beat, doing, held, halted, halt_by, halt_at FROM lease`).
		Scan(&l.Holder, &l.Epoch, &since, &beat, &l.Doing, &l.Held, &l.Halted, &l.HaltBy, &haltAt)
	if err != nil {
		return l, fmt.Errorf("read the lease: %w", s.typed(err))
	}
	l.Since, l.Beat, l.HaltAt = at(since), at(beat), at(haltAt)
	return l, nil
}

// SetHalt stops everything that costs money, or lets it act again.
func (s *Store) SetHalt(ctx context.Context, on bool, who string) error {
	return s.durable(ctx, "halt", func(t *tx) error {
		text := who + " halted everything"
		set, args := `UPDATE lease SET halted = 1, halt_by = ?, halt_at = ?`, []any{who, t.now.UnixMicro()}
		if !on { // when it was halted stays: whoever has bursts armed may not have heard of it yet
			text = who + " lifted the halt"
			set, args = `UPDATE lease SET halted = 0, halt_by = ?`, []any{who}
		}
		if _, err := t.exec(ctx, set, args...); err != nil {
			return err
		}
		return t.event(ctx, watch.Event{Kind: watch.EvLease, Text: text})
	})
}
