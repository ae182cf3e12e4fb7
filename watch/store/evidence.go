package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Answers returns the latest answer of each source and server that spoke about
// the name, and of those that did not speak the latest failure; newest first.
func (s *Store) Answers(ctx context.Context, n watch.Name) ([]whoisx.Answer, error) {
	return s.answers(ctx, n, `SELECT a.answer, a.raw FROM answer a JOIN watch w ON w.id = a.watch WHERE w.name = ?
		AND (a.says = 1 OR a.asked >= ifnull((SELECT b.asked FROM answer b WHERE b.watch = a.watch AND b.source = a.source AND b.server = a.server AND b.says = 1), 0))
		ORDER BY a.asked DESC, a.source`, string(n))
}

// Evidence returns the answers that came with a change, newest first.
func (s *Store) Evidence(ctx context.Context, n watch.Name) ([]whoisx.Answer, error) {
	return s.answers(ctx, n, `SELECT answer, raw FROM evidence WHERE name = ? ORDER BY at DESC, id DESC`, string(n))
}

func (s *Store) answers(ctx context.Context, n watch.Name, query string, args ...any) ([]whoisx.Answer, error) {
	fail := func(err error) ([]whoisx.Answer, error) {
		return nil, fmt.Errorf("read answers about %s: %w", n, s.typed(err))
	}
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []whoisx.Answer
	for rows.Next() {
		var body string
		var raw []byte
		if err := rows.Scan(&body, &raw); err != nil {
			return fail(err)
		}
		a, err := unpack(body, raw)
		if err != nil {
			return fail(err)
		}
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}

// Known says which servers heard of the interest in a name, and how often. One
// that could not be reached did not.
func (s *Store) Known(ctx context.Context, n watch.Name) ([]watch.Asked, error) {
	fail := func(err error) ([]watch.Asked, error) {
		return nil, fmt.Errorf("read who was asked about %s: %w", n, s.typed(err))
	}
	rows, err := s.read.QueryContext(ctx, `SELECT a.source, a.server, sum(a.times), max(a.asked) FROM answer a JOIN watch w ON w.id = a.watch
		WHERE w.name = ? GROUP BY a.source, a.server HAVING sum(a.times) > 0 ORDER BY 3 DESC`, string(n))
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []watch.Asked
	for rows.Next() {
		var a watch.Asked
		var last int64
		if err := rows.Scan(&a.Source, &a.Server, &a.Times, &last); err != nil {
			return fail(err)
		}
		a.Last = time.UnixMicro(last).UTC()
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}

func (t *tx) change(ctx context.Context, c watch.Change) error {
	if c.At.IsZero() {
		c.At = t.now
	}
	_, err := t.exec(ctx, `INSERT INTO history (at, name, field, before, after, source, text) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.At.UnixMicro(), string(c.Name), c.Field, c.Before, c.After, c.Source, c.Text)
	return err
}

// History returns the latest changes of a name, newest first; limit 0 is all.
func (s *Store) History(ctx context.Context, n watch.Name, limit int) ([]watch.Change, error) {
	fail := func(err error) ([]watch.Change, error) {
		return nil, fmt.Errorf("read the history of %s: %w", n, s.typed(err))
	}
	if limit <= 0 {
		limit = -1
	}
	rows, err := s.read.QueryContext(ctx, `SELECT at, name, field, before, after, source, text FROM history WHERE name = ? ORDER BY at DESC, id DESC LIMIT ?`, string(n), limit)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []watch.Change
	for rows.Next() {
		var c watch.Change
		var when int64
		if err := rows.Scan(&when, &c.Name, &c.Field, &c.Before, &c.After, &c.Source, &c.Text); err != nil {
			return fail(err)
		}
		c.At = time.UnixMicro(when).UTC()
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}

// keepEvents is how many events are kept for those who listen.
const keepEvents = 20000

func (t *tx) event(ctx context.Context, e watch.Event) error {
	if e.At.IsZero() {
		e.At = t.now
	}
	res, err := t.exec(ctx, `INSERT INTO event (at, kind, name, stage, was, ord, state, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.At.UnixMicro(), string(e.Kind), string(e.Name), string(e.Stage), string(e.From), e.Order, string(e.State), e.Text)
	if err != nil {
		return err
	}
	seq, err := res.LastInsertId()
	if err != nil || seq%1000 != 0 {
		return err
	}
	_, err = t.exec(ctx, `DELETE FROM event WHERE seq <= ?`, seq-keepEvents)
	return err
}

// Note appends an event of no other change.
func (s *Store) Note(ctx context.Context, e watch.Event) error {
	return s.lazy(ctx, "note an event", func(t *tx) error { return t.event(ctx, e) })
}

// Events returns what happened after an event, oldest first, from every
// process.
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]watch.Event, error) {
	fail := func(err error) ([]watch.Event, error) {
		return nil, fmt.Errorf("read events: %w", s.typed(err))
	}
	rows, err := s.hot(ctx, `SELECT seq, at, kind, name, stage, was, ord, state, text FROM event WHERE seq > ? ORDER BY seq `+atMost, after, limit)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []watch.Event
	for rows.Next() {
		var e watch.Event
		var when int64
		if err := rows.Scan(&e.Seq, &when, &e.Kind, &e.Name, &e.Stage, &e.From, &e.Order, &e.State, &e.Text); err != nil {
			return fail(err)
		}
		e.At = time.UnixMicro(when).UTC()
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}

// LastEvent is the number of the latest event, 0 where there is none.
func (s *Store) LastEvent(ctx context.Context) (int64, error) {
	var seq sql.NullInt64
	if err := s.hotRow(ctx, `SELECT max(seq) FROM event`).Scan(&seq); err != nil {
		return 0, fmt.Errorf("read events: %w", s.typed(err))
	}
	return seq.Int64, nil
}

// Version changes with every committed write by any process. Asking it often
// costs next to nothing.
func (s *Store) Version(ctx context.Context) (int64, error) {
	v := &s.version
	v.Lock()
	defer v.Unlock()
	// Every commit writes to the log beside the database. Where that stands as
	// it stood when the version was last read, and had stood so for longer than
	// a file's time is coarse, nothing was committed, and a look at the file is
	// all that an idle process pays several times a second.
	now := logState(s.path)
	if v.conn != nil && now == v.log && v.settled {
		return v.last, nil
	}
	if v.conn == nil {
		c, err := s.read.Conn(ctx)
		if err != nil {
			return 0, fmt.Errorf("read the version: %w", s.typed(err))
		}
		v.conn = c
	}
	if err := v.conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&v.last); err != nil {
		v.settled = false
		return 0, fmt.Errorf("read the version: %w", s.typed(err))
	}
	v.log, v.settled = now, now.known && time.Since(now.written) > coarse
	return v.last, nil
}

// coarse is more than what the clocks of file systems are apart from each
// other's next tick, and than what a disk takes: a commit that waits for it is
// seen by others only after that, and its log has its last time from before.
const coarse = time.Second

// walState is how the write-ahead log stands.
type walState struct {
	known   bool
	size    int64
	written time.Time
}

// logState reads it. Windows writes the time of an open file when it likes, so
// that nothing can be told from it there.
func logState(path string) walState {
	if runtime.GOOS == "windows" {
		return walState{}
	}
	st, err := os.Stat(path + "-wal")
	if err != nil { // nothing has been written yet, or it cannot be told
		return walState{}
	}
	return walState{true, st.Size(), st.ModTime()}
}
