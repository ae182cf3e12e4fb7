package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/watch"
)

const checkColumns = `name, item, ord, text, due, done, by, why, tries, next_try`

// AddChecks puts items on the checklist of a name; one that an earlier order
// for the same name brought begins anew, one of the same order stays.
func (s *Store) AddChecks(ctx context.Context, cs []watch.CheckItem) error {
	return s.durable(ctx, "begin a checklist", func(t *tx) error {
		for _, c := range cs {
			if _, err := t.exec(ctx, `INSERT INTO checklist (`+checkColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (name, item) DO UPDATE SET ord = excluded.ord, text = excluded.text, due = excluded.due, done = NULL, by = '', why = '', tries = 0, next_try = excluded.next_try
				WHERE ord <> excluded.ord`,
				string(c.Name), c.Item, c.Order, c.Text, micros(c.Due), micros(c.Done), c.By, c.Why, c.Tries, micros(c.Next)); err != nil {
				return err
			}
		}
		return nil
	})
}

// SaveCheck stores how an item stands; said goes into the name's history. A
// holder names its epoch, a person 0.
func (s *Store) SaveCheck(ctx context.Context, epoch int64, c watch.CheckItem, source, said string) error {
	return s.durable(ctx, "save the checklist of "+string(c.Name), func(t *tx) error {
		if epoch != 0 {
			if err := t.assertHolder(ctx, epoch); err != nil {
				return err
			}
		}
		// What a person ticked off while a call was out stays ticked off.
		if _, err := t.exec(ctx, `UPDATE checklist SET done = ?, by = ?, why = ?, tries = ?, next_try = ?
			WHERE name = ? AND item = ? AND ord = ? AND (? = 0 OR done IS NULL)`,
			micros(c.Done), c.By, c.Why, c.Tries, micros(c.Next), string(c.Name), c.Item, c.Order, epoch); err != nil {
			return err
		}
		if said == "" {
			return nil
		}
		if err := t.change(ctx, watch.Change{Name: c.Name, Field: "checklist", After: c.Item, Source: source, Text: said}); err != nil {
			return err
		}
		return t.event(ctx, watch.Event{At: t.now, Kind: watch.EvEdited, Name: c.Name, Text: fmt.Sprintf("%s: %s %s", c.Name.Display(), c.Item, said)})
	})
}

// Checks returns a name's checklist: what has a date first, by date.
func (s *Store) Checks(ctx context.Context, n watch.Name) ([]watch.CheckItem, error) {
	return s.checks(ctx, `SELECT `+checkColumns+` FROM checklist WHERE name = ? ORDER BY due IS NULL, due, item`, string(n))
}

// ChecksDue returns what the program has to do by a time, and when the next
// thing after it is due; zero if nothing is.
func (s *Store) ChecksDue(ctx context.Context, by time.Time) ([]watch.CheckItem, time.Time, error) {
	cs, err := s.checks(ctx, `SELECT `+checkColumns+` FROM checklist WHERE next_try IS NOT NULL AND next_try <= ? ORDER BY next_try, name, item`, by.UnixMicro())
	if err != nil {
		return nil, time.Time{}, err
	}
	var next sql.NullInt64
	if err := s.hotRow(ctx, `SELECT min(next_try) FROM checklist WHERE next_try > ?`, by.UnixMicro()).Scan(&next); err != nil {
		return nil, time.Time{}, fmt.Errorf("read checklists: %w", s.typed(err))
	}
	return cs, at(next), nil
}

func (s *Store) checks(ctx context.Context, query string, args ...any) ([]watch.CheckItem, error) {
	fail := func(err error) ([]watch.CheckItem, error) {
		return nil, fmt.Errorf("read checklists: %w", s.typed(err))
	}
	rows, err := s.hot(ctx, query, args...)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []watch.CheckItem
	for rows.Next() {
		var c watch.CheckItem
		var due, done, next sql.NullInt64
		if err := rows.Scan(&c.Name, &c.Item, &c.Order, &c.Text, &due, &done, &c.By, &c.Why, &c.Tries, &next); err != nil {
			return fail(err)
		}
		c.Due, c.Done, c.Next = at(due), at(done), at(next)
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}
