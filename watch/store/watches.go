package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// Add stores new watches in one transaction; one that exists is reported as
// such and left alone.
func (s *Store) Add(ctx context.Context, ws []watch.Watch) ([]watch.AddResult, error) {
	out := make([]watch.AddResult, len(ws))
	err := s.durable(ctx, "add names", func(t *tx) error {
		kinds := map[watch.Kind]int64{}
		var first watch.Name
		added := 0
		// Each new name is due at once; the microsecond keeps their order.
		now := t.now.UnixMicro()
		//nolint:sqlclosecheck // kept prepared until Close
		st, err := t.stmt(ctx, `INSERT INTO watch (name, tld, kind, tags, note, purpose, priority, cap, cap_in, bid_cap, bid_cap_in, created, updated, due, due_why)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'new') ON CONFLICT DO NOTHING`)
		if err != nil {
			return err
		}
		args := make([]any, 14)
		for i, w := range ws {
			out[i] = watch.AddResult{Input: string(w.Name), Name: w.Name}
			args[0], args[1], args[2], args[3], args[4], args[5], args[6] = string(w.Name), w.Name.TLD(), string(w.Kind), joinWords(w.Tags), w.Note, w.Purpose, w.Priority
			args[7], args[8], args[9], args[10] = w.Cap.Units, w.Cap.Currency, w.BidCap.Units, w.BidCap.Currency
			args[11], args[12], args[13] = now, now, now
			res, err := st.ExecContext(ctx, args...)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				out[i].Why = watch.ErrExists.Error()
				continue
			}
			out[i].Added = true
			kinds[w.Kind]++
			if added++; added == 1 {
				first = w.Name
			}
			// A name that is added alone or among few tells its own story.
			if len(ws) <= 1000 {
				if err := t.change(ctx, watch.Change{At: t.now, Name: w.Name, Field: "watch", After: string(w.Kind), Source: "you", Text: "put on the list"}); err != nil {
					return err
				}
			}
			if w.Kind == watch.Mine || len(ws) == 1 {
				if err := t.refresh(ctx, w.Name); err != nil {
					return err
				}
			}
		}
		if added == 0 {
			return nil
		}
		for k, n := range kinds {
			if err := t.count(ctx, k, n); err != nil {
				return err
			}
		}
		e := watch.Event{At: t.now, Kind: watch.EvEdited, Name: first, Text: "added " + first.Display()}
		if added > 1 {
			e.Name, e.Text = "", fmt.Sprintf("added %d names", added)
		}
		return t.event(ctx, e)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (t *tx) count(ctx context.Context, k watch.Kind, n int64) error {
	_, err := t.exec(ctx, `INSERT INTO kind_count (kind, n) VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET n = n + excluded.n`, string(k), n)
	return err
}

// Edit changes a watch if its revision is still the one read.
func (s *Store) Edit(ctx context.Context, w watch.Watch, changes []watch.Change) (watch.Watch, error) {
	err := s.durable(ctx, "edit "+string(w.Name), func(t *tx) error {
		var was string
		var rev int64
		err := t.one(ctx, `SELECT kind, rev FROM watch WHERE name = ?`, []any{string(w.Name)}, &was, &rev)
		if errors.Is(err, sql.ErrNoRows) {
			return watch.ErrNotFound
		} else if err != nil {
			return err
		}
		if rev != w.Rev {
			return watch.ErrStale
		}
		w.Rev, w.Updated = rev+1, t.now.UTC()
		if _, err := t.exec(ctx, `UPDATE watch SET kind = ?, tags = ?, note = ?, purpose = ?, priority = ?, cap = ?, cap_in = ?, bid_cap = ?, bid_cap_in = ?, updated = ?, rev = ? WHERE name = ?`,
			string(w.Kind), joinWords(w.Tags), w.Note, w.Purpose, w.Priority, w.Cap.Units, w.Cap.Currency, w.BidCap.Units, w.BidCap.Currency,
			w.Updated.UnixMicro(), w.Rev, string(w.Name)); err != nil {
			return err
		}
		if was != string(w.Kind) {
			if err := t.count(ctx, watch.Kind(was), -1); err != nil {
				return err
			}
			if err := t.count(ctx, w.Kind, 1); err != nil {
				return err
			}
		}
		for _, c := range changes {
			if err := t.change(ctx, c); err != nil {
				return err
			}
		}
		if err := t.event(ctx, watch.Event{At: t.now, Kind: watch.EvEdited, Name: w.Name, Text: "edited " + w.Name.Display()}); err != nil {
			return err
		}
		return t.refresh(ctx, w.Name)
	})
	return w, err
}

// Remove takes names off the list; their history and orders stay.
func (s *Store) Remove(ctx context.Context, names []watch.Name) (int, error) {
	removed := 0
	err := s.durable(ctx, "remove names", func(t *tx) error {
		removed = 0
		for _, n := range names {
			if err := t.assertNoOrder(ctx, n); err != nil {
				return err
			}
			var kind string
			if _, err := t.exec(ctx, `DELETE FROM outbox WHERE name = ? AND sent IS NULL AND timed = 1`, string(n)); err != nil {
				return err
			}
			err := t.one(ctx, `DELETE FROM watch WHERE name = ? RETURNING kind`, []any{string(n)}, &kind)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			} else if err != nil {
				return err
			}
			removed++
			if err := t.count(ctx, watch.Kind(kind), -1); err != nil {
				return err
			}
			if err := t.change(ctx, watch.Change{At: t.now, Name: n, Field: "watch", Before: kind, Source: "you", Text: "taken off the list"}); err != nil {
				return err
			}
		}
		if removed == 0 {
			return nil
		}
		e := watch.Event{At: t.now, Kind: watch.EvEdited, Text: fmt.Sprintf("removed %d names", removed)}
		if len(names) == 1 {
			e.Name, e.Text = names[0], "removed "+names[0].Display()
		}
		return t.event(ctx, e)
	})
	if err != nil {
		removed = 0
	}
	return removed, err
}

// assertNoOrder refuses to let go of a name with an order that can still cost
// money.
func (t *tx) assertNoOrder(ctx context.Context, n watch.Name) error {
	var id int64
	var route, state string
	err := t.one(ctx, `SELECT id, route, state FROM orders WHERE name = ? AND holds = 1 ORDER BY id LIMIT 1`, []any{string(n)}, &id, &route, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	} else if err != nil {
		return err
	}
	return fmt.Errorf("%w: %s has an order via %s (%s) that can still cost money; cancel it first: lapse orders cancel %d", watch.ErrGuard, n.Display(), route, state, id)
}

// columns are what scanRow reads, in its order.
const columns = `id, name, kind, tags, note, purpose, priority, cap, cap_in, bid_cap, bid_cap_in, created, updated, rev,
	looked, looks, due, due_why, trouble, todo, todo_at, todo_text, stage, verdict`

type scanner interface{ Scan(...any) error }

func scanRow(sc scanner) (watch.Row, error) {
	r, verdict, err := scanState(sc)
	if err == nil {
		err = readVerdict(&r, verdict)
	}
	return r, err
}

// scanState reads columns and what stands behind them, and leaves the verdict,
// of which it sets the stage alone, unread.
func scanState(sc scanner, more ...any) (watch.Row, string, error) {
	var (
		r                                      watch.Row
		name, kind, tags, todo, stage, verdict string
		created, updated, due, todoAt          int64
		looked                                 sql.NullInt64
	)
	err := sc.Scan(append([]any{
		&r.ID, &name, &kind, &tags, &r.Note, &r.Purpose, &r.Priority, &r.Cap.Units, &r.Cap.Currency, &r.BidCap.Units, &r.BidCap.Currency, &created, &updated, &r.Rev,
		&looked, &r.Looks, &due, &r.DueWhy, &r.Trouble, &todo, &todoAt, &r.Todo.Text, &stage, &verdict,
	}, more...)...)
	if err != nil {
		return r, "", err
	}
	r.Name, r.Kind, r.Tags = watch.Name(name), watch.Kind(kind), splitWords(tags)
	r.Created, r.Updated = time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC()
	r.LookedAt, r.Due = at(looked), at(sql.NullInt64{Int64: due, Valid: true})
	r.Todo.Verb, r.Todo.By = watch.TodoVerb(todo), at(sql.NullInt64{Int64: todoAt, Valid: true})
	r.Verdict.Stage = lifecycle.Stage(stage)
	return r, verdict, nil
}

// Watch returns a row with the orders that hold, or watch.ErrNotFound.
func (s *Store) Watch(ctx context.Context, n watch.Name) (watch.Row, error) {
	r, err := scanRow(s.read.QueryRowContext(ctx, `SELECT `+columns+` FROM watch WHERE name = ?`, string(n)))
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("%s: %w", n.Display(), watch.ErrNotFound)
	} else if err != nil {
		return r, fmt.Errorf("read %s: %w", n, s.typed(err))
	}
	r.Orders, err = s.Orders(ctx, watch.OrderFilter{Name: n, Holding: true})
	return r, err
}

// refresh computes a row's deadline again, inside the transaction of whatever
// changed.
func (t *tx) refresh(ctx context.Context, n watch.Name) error {
	r, err := t.row(ctx, n)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // an order for a name that is no longer on the list
	} else if err != nil {
		return err
	}
	if err := t.announce(ctx, r, true); err != nil {
		return err
	}
	todo := t.s.bind.Todo(r, t.now)
	if todo.Verb == r.Todo.Verb && todo.Text == r.Todo.Text && orNever(todo.By) == orNever(r.Todo.By) {
		return nil
	}
	_, err = t.exec(ctx, `UPDATE watch SET todo = ?, todo_at = ?, todo_text = ? WHERE id = ?`, string(todo.Verb), orNever(todo.By), todo.Text, r.ID)
	return err
}

// row reads a watch with the orders that hold.
func (t *tx) row(ctx context.Context, n watch.Name) (watch.Row, error) {
	first, err := t.first(ctx, `SELECT `+columns+` FROM watch WHERE name = ?`, string(n))
	if err != nil {
		return watch.Row{}, err
	}
	r, err := scanRow(first)
	if err != nil {
		return watch.Row{}, err
	}
	r.Orders, err = t.holding(ctx, n)
	return r, err
}

func (t *tx) holding(ctx context.Context, n watch.Name) ([]catch.Order, error) {
	rows, err := t.query(ctx, `SELECT id, updated, body FROM orders WHERE name = ? AND holds = 1 ORDER BY id`, string(n))
	if err != nil {
		return nil, err
	}
	return scanOrders(rows)
}

// joinWords writes ",a,b," so that one word is found by one LIKE.
func joinWords(ws []string) string {
	if len(ws) == 0 {
		return ""
	}
	return "," + strings.Join(ws, ",") + ","
}

func splitWords(s string) []string {
	s = strings.Trim(s, ",")
	if s == "" {
		return []string{}
	}
	return strings.Split(s, ",")
}
