package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/watch"
)

// Turns returns what is due like Due, with what a look at each name needs to
// know; names that skip names are left out.
func (s *Store) Turns(ctx context.Context, when time.Time, limit int, skip func(watch.Name) bool) ([]watch.Turn, time.Time, error) {
	turns, ids, next, err := s.turns(ctx, when, limit, skip)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read whose turn it is: %w", s.typed(err))
	}
	missing := map[int64]int{} // by id: where its turn stands
	for i := range turns {
		t := &turns[i]
		if r, ok := s.recall.find(ids[i], t.Name, t.Looks); ok {
			t.Before = r.before
		} else if t.Looks > 0 {
			missing[ids[i]] = i
		}
	}
	if len(missing) > 0 {
		if err := s.readBefore(ctx, turns, missing); err != nil {
			return nil, time.Time{}, fmt.Errorf("read what was seen before: %w", s.typed(err))
		}
	}
	return turns, next, nil
}

func (s *Store) turns(ctx context.Context, when time.Time, limit int, skip func(watch.Name) bool) (turns []watch.Turn, ids []int64, next time.Time, err error) {
	rows, err := s.hot(ctx, `SELECT id, name, drop_at, due, due_why, created, looks, EXISTS (SELECT 1 FROM orders o WHERE o.name = watch.name)
		FROM watch ORDER BY due `+atMost, limit)
	if err != nil {
		return nil, nil, next, err
	}
	defer rows.Close()
	for rows.Next() {
		var t watch.Turn
		var id, dropAt, due, created int64
		var name string
		if err := rows.Scan(&id, &name, &dropAt, &due, &t.Why, &created, &t.Looks, &t.Ordered); err != nil {
			return nil, nil, next, err
		}
		t.Due = at(sql.NullInt64{Int64: due, Valid: true})
		if due > when.UnixMicro() {
			return turns, ids, t.Due, nil
		}
		if t.Name = watch.Name(name); skip != nil && skip(t.Name) {
			continue
		}
		t.Rank, t.Added = rank(dropAt, when), time.UnixMicro(created).UTC()
		turns, ids = append(turns, t), append(ids, id)
	}
	return turns, ids, next, rows.Err()
}

// readBefore reads what was seen before into the turns that say where.
func (s *Store) readBefore(ctx context.Context, turns []watch.Turn, missing map[int64]int) error {
	ids := make([]int64, 0, len(missing))
	for id := range missing {
		ids = append(ids, id)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	rows, err := s.hot(ctx, `SELECT w.id, w.verdict, w.seen FROM json_each(?) j CROSS JOIN watch w ON w.id = j.value`, string(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var verdict, seen sql.RawBytes
		if err := rows.Scan(&id, &verdict, &seen); err != nil {
			return err
		}
		t := &turns[missing[id]]
		if t.Before, err = readSeen(verdict, seen); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	return rows.Err()
}

// readSeen is what was seen before, nil where nothing was.
func readSeen(verdict, seen []byte) (*watch.Before, error) {
	if len(verdict) == 0 || len(seen) == 0 {
		return nil, nil
	}
	b := &watch.Before{}
	if err := json.Unmarshal(seen, b); err != nil {
		return nil, err
	}
	return b, json.Unmarshal(verdict, &b.Verdict)
}

// recalled is a row as the last look at it left it, without its orders, and
// what that look kept for the next one.
type recalled struct {
	row    watch.Row
	before *watch.Before // nil: nothing was seen yet
	heard  bool          // somebody spoke about the name; else what was seen before still stands
}

// recall remembers what the last looks kept, so that a name in its window is
// not read again every minute. A row that was looked at by another process has
// another number of looks, one that was edited another revision, one that was
// made anew another id or name: then what is remembered does not count. What it
// hands out is shared and is not changed.
type recall struct {
	mu    sync.Mutex
	known map[int64]recalled // by id
}

// recallMost is how many names are remembered, a few kilobytes each.
const recallMost = 512

func (c *recall) keep(rs []recalled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range rs {
		if !r.heard {
			old, ok := c.known[r.row.ID]
			if !ok || old.row.Looks != r.row.Looks-1 {
				delete(c.known, r.row.ID)
				continue
			}
			r.before = old.before
		}
		if c.known == nil || len(c.known) >= recallMost {
			c.known = make(map[int64]recalled)
		}
		c.known[r.row.ID] = r
	}
}

// find returns what is remembered of a row that was looked at so many times. Its
// name is asked for since a new row may have the id of one that was removed.
func (c *recall) find(id int64, n watch.Name, looks int64) (recalled, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.known[id]
	return r, ok && r.row.Name == n && r.row.Looks == looks
}
