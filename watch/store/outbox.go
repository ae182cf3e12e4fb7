package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/alert"
)

// keepSent is how long an alert that was told is remembered, so that the same
// event cannot be told again.
const keepSent = 90 * 24 * time.Hour

var _ alert.Outbox = (*Store)(nil)

// tell puts alerts into the outbox, inside the transaction of what they tell.
func (t *tx) tell(ctx context.Context, items []alert.Item) error {
	for _, it := range items {
		body, err := json.Marshal(it.Alert)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO outbox (id, channel, name, not_before, timed, digest, body) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			it.ID, it.Channel, it.Name, it.NotBefore.UnixMicro(), it.Timed, it.Digest, string(body)); err != nil {
			return err
		}
	}
	return nil
}

// told is one alert to one channel.
type told struct{ id, channel string }

// announced lists what is announced for a name and not sent yet.
func (t *tx) announced(ctx context.Context, n watch.Name) ([]told, error) {
	rows, err := t.query(ctx, `SELECT id, channel FROM outbox WHERE name = ? AND sent IS NULL AND timed = 1 AND started IS NULL`, string(n))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []told
	for rows.Next() {
		var k told
		if err := rows.Scan(&k.id, &k.channel); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// announce replaces what was announced for a name: the alerts for a date that
// moved go, those for the new date come. It writes only where they differ. some
// says whether anything may have been announced before.
func (t *tx) announce(ctx context.Context, r watch.Row, some bool) error {
	if t.s.bind.Ahead == nil {
		return nil
	}
	items := t.s.bind.Ahead(r, t.now)
	var old []told
	if some {
		var err error
		if old, err = t.announced(ctx, r.Name); err != nil {
			return err
		}
	}
	for _, k := range old {
		if slices.ContainsFunc(items, func(it alert.Item) bool { return it.ID == k.id && it.Channel == k.channel }) {
			continue
		}
		// One that is due already is told: its moment has come, it is only
		// that nobody has sent it yet.
		if _, err := t.exec(ctx, `DELETE FROM outbox WHERE id = ? AND channel = ? AND not_before > ?`, k.id, k.channel, t.now.UnixMicro()); err != nil {
			return err
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(items), func(it alert.Item) bool { return slices.Contains(old, told{it.ID, it.Channel}) })
	return t.tell(ctx, fresh)
}

// DueAlerts returns unsent items whose time has come, oldest first.
func (s *Store) DueAlerts(ctx context.Context, now time.Time, without []string, limit int) ([]alert.Item, error) {
	q := `SELECT channel, not_before, digest, tries, started, error, body FROM outbox WHERE sent IS NULL AND not_before <= ?`
	args := []any{now.UnixMicro()}
	q, args = except(q, args, without)
	rows, err := s.read.QueryContext(ctx, q+` ORDER BY not_before LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	defer rows.Close()
	var out []alert.Item
	for rows.Next() {
		it, err := scanItem(rows)
		if err != nil {
			return nil, fmt.Errorf("read outbox: %w", err)
		}
		out = append(out, it)
	}
	return out, rows.Err()
}

func except(q string, args []any, channels []string) (string, []any) {
	if len(channels) == 0 {
		return q, args
	}
	for _, c := range channels {
		args = append(args, c)
	}
	return q + ` AND channel NOT IN (?` + strings.Repeat(`, ?`, len(channels)-1) + `)`, args
}

func scanItem(rows *sql.Rows, more ...any) (alert.Item, error) {
	var it alert.Item
	var body string
	var notBefore int64
	var started sql.NullInt64
	if err := rows.Scan(append([]any{&it.Channel, &notBefore, &it.Digest, &it.Tries, &started, &it.Error, &body}, more...)...); err != nil {
		return it, err
	}
	if err := json.Unmarshal([]byte(body), &it.Alert); err != nil {
		return it, err
	}
	it.NotBefore = time.UnixMicro(notBefore).UTC()
	if started.Valid {
		it.Started = time.UnixMicro(started.Int64).UTC()
	}
	return it, nil
}

// StartAlerts marks items as being told, durably.
func (s *Store) StartAlerts(ctx context.Context, items []alert.Item, now time.Time) error {
	return s.eachAlert(ctx, "start alerts", items, `UPDATE outbox SET started = ?, tries = tries + 1 WHERE id = ? AND channel = ?`, now.UnixMicro())
}

// SentAlerts marks items as told, and forgets what was told long ago.
func (s *Store) SentAlerts(ctx context.Context, items []alert.Item, now time.Time) error {
	if err := s.eachAlert(ctx, "mark alerts as told", items, `UPDATE outbox SET sent = ?, error = '' WHERE id = ? AND channel = ?`, now.UnixMicro()); err != nil {
		return err
	}
	return s.lazy(ctx, "forget old alerts", func(t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM outbox WHERE sent < ?`, now.Add(-keepSent).UnixMicro())
		return err
	})
}

// FailedAlerts puts items back.
func (s *Store) FailedAlerts(ctx context.Context, items []alert.Item, why string) error {
	return s.eachAlert(ctx, "put alerts back", items, `UPDATE outbox SET started = NULL, error = ? WHERE id = ? AND channel = ?`, why)
}

func (s *Store) eachAlert(ctx context.Context, what string, items []alert.Item, stmt string, value any) error {
	return s.durable(ctx, what, func(t *tx) error {
		for _, it := range items {
			if _, err := t.exec(ctx, stmt, value, it.ID, it.Channel); err != nil {
				return err
			}
		}
		return nil
	})
}

// NextAlert is when the next unsent item is due, zero if none is.
func (s *Store) NextAlert(ctx context.Context, without []string) (time.Time, error) {
	q, args := except(`SELECT not_before FROM outbox WHERE sent IS NULL`, nil, without)
	var at int64
	err := s.read.QueryRowContext(ctx, q+` ORDER BY not_before LIMIT 1`, args...).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	} else if err != nil {
		return time.Time{}, fmt.Errorf("read outbox: %w", err)
	}
	return time.UnixMicro(at).UTC(), nil
}

// Outbox lists what is on its way, stuck items with what their channel said,
// soonest first.
func (s *Store) Outbox(ctx context.Context, limit int) ([]alert.Item, error) {
	return s.DueAlerts(ctx, time.UnixMicro(never), nil, limit)
}

// Alerts returns every alert about a name that is kept, told or not, oldest
// first.
func (s *Store) Alerts(ctx context.Context, n watch.Name) ([]alert.Item, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT channel, not_before, digest, tries, started, error, body, sent FROM outbox WHERE name = ? ORDER BY not_before, id, channel`, string(n))
	if err != nil {
		return nil, fmt.Errorf("read the alerts about %s: %w", n, s.typed(err))
	}
	defer rows.Close()
	var out []alert.Item
	for rows.Next() {
		var sent sql.NullInt64
		it, err := scanItem(rows, &sent)
		if err != nil {
			return nil, fmt.Errorf("read the alerts about %s: %w", n, err)
		}
		if sent.Valid {
			it.Sent = time.UnixMicro(sent.Int64).UTC()
		}
		out = append(out, it)
	}
	return out, rows.Err()
}

// PutAlerts puts items into the outbox that belong to no change, such as a
// test.
func (s *Store) PutAlerts(ctx context.Context, items []alert.Item) error {
	return s.durable(ctx, "put alerts", func(t *tx) error { return t.tell(ctx, items) })
}
