package store

import (
	"bytes"
	"compress/flate"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// maxRaw bounds the raw text kept of one answer, before compression.
const maxRaw = 256 << 10

// evidencePerName is how many answers that came with a change are kept.
const evidencePerName = 60

// SaveLooks keeps answers, verdicts, history and next due times of several
// looks in one transaction. A look without answers only moves the schedule; a
// name that was taken off the list meanwhile is passed over.
func (s *Store) SaveLooks(ctx context.Context, epoch int64, looks []watch.Look) error {
	return s.lazy(ctx, "save looks", func(t *tx) error {
		if err := t.assertHolder(ctx, epoch); err != nil {
			return err
		}
		for i := range looks {
			if err := t.saveLook(ctx, &looks[i]); err != nil {
				return fmt.Errorf("%s: %w", looks[i].Name, err)
			}
		}
		return nil
	})
}

func (t *tx) saveLook(ctx context.Context, l *watch.Look) error {
	var id int64
	err := t.one(ctx, `SELECT id FROM watch WHERE name = ?`, []any{string(l.Name)}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	} else if err != nil {
		return err
	}
	for _, a := range l.Answers {
		if err := t.saveAnswer(ctx, id, a); err != nil {
			return err
		}
	}
	switch {
	case len(l.Answers) == 0 && l.Seen == nil: // a launch is concluded without asking anybody
		_, err = t.exec(ctx, `UPDATE watch SET due = ?, due_why = ? WHERE id = ?`, orNever(l.Due), l.DueWhy, id)
		return err
	case l.Trouble != "":
		// Nothing readable came back: what is known stays as it was.
		if _, err := t.exec(ctx, `UPDATE watch SET due = ?, due_why = ?, trouble = ?, looks = looks + 1 WHERE id = ?`, orNever(l.Due), l.DueWhy, l.Trouble, id); err != nil {
			return err
		}
	default:
		verdict, err := json.Marshal(l.Verdict)
		if err != nil {
			return err
		}
		seen := []byte{}
		if l.Seen != nil {
			// The verdict has a column of its own.
			b := *l.Seen
			b.Verdict = lifecycle.Verdict{}
			if seen, err = json.Marshal(b); err != nil {
				return err
			}
		}
		flags := make([]string, len(l.Verdict.Flags))
		for i, f := range l.Verdict.Flags {
			flags[i] = string(f.Flag)
		}
		drop := never
		if w := l.Verdict.Window; w != nil {
			switch {
			case !w.Likely.IsZero():
				drop = w.Likely.UnixMicro()
			case !w.From.IsZero():
				drop = w.From.UnixMicro()
			}
		}
		if _, err := t.exec(ctx, `UPDATE watch SET stage = ?, flags = ?, drop_at = ?, looked = ?, looks = looks + 1, due = ?, due_why = ?, trouble = '', verdict = ?, seen = ? WHERE id = ?`,
			string(l.Verdict.Stage), joinWords(flags), drop, l.At.UnixMicro(), orNever(l.Due), l.DueWhy, string(verdict), string(seen), id); err != nil {
			return err
		}
	}
	if d := l.Dropped; d != nil {
		if _, err := t.exec(ctx, `INSERT INTO seen_drop (name, zone, at, began) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			string(l.Name), l.Name.Zone(), d.At.UnixMicro(), micros(d.Began)); err != nil {
			return err
		}
	}
	if len(l.Changes) > 0 {
		if err := t.saveChanges(ctx, l); err != nil {
			return err
		}
	}
	if err := t.tellLook(ctx, l); err != nil {
		return err
	}
	return t.refresh(ctx, l.Name)
}

// tellLook puts what a look means to the person into the outbox.
func (t *tx) tellLook(ctx context.Context, l *watch.Look) error {
	if t.s.bind.Tell == nil || (len(l.Changes) == 0 && l.Trouble == "") {
		return nil
	}
	r, err := t.row(ctx, l.Name)
	if err != nil {
		return err
	}
	return t.tell(ctx, t.s.bind.Tell(r, watch.Happened{Look: l}, t.now))
}

func (t *tx) saveChanges(ctx context.Context, l *watch.Look) error {
	e := watch.Event{At: l.At, Kind: watch.EvChanged, Name: l.Name, Stage: l.Verdict.Stage}
	if l.Before != nil {
		e.From = l.Before.Stage
	}
	for i, c := range l.Changes {
		if err := t.change(ctx, c); err != nil {
			return err
		}
		if text := c.Text; text != "" && (i == 0 || c.Field == "stage") {
			e.Text = text
		}
	}
	for _, a := range l.Answers {
		body, raw, err := pack(a)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO evidence (name, at, answer, raw) VALUES (?, ?, ?, ?)`, string(l.Name), a.Asked.UnixMicro(), body, raw); err != nil {
			return err
		}
	}
	if _, err := t.exec(ctx, `DELETE FROM evidence WHERE name = ? AND id NOT IN (SELECT id FROM evidence WHERE name = ? ORDER BY at DESC, id DESC LIMIT ?)`,
		string(l.Name), string(l.Name), evidencePerName); err != nil {
		return err
	}
	if e.Text == "" {
		e.Text = string(l.Name) + " changed"
	}
	return t.event(ctx, e)
}

func (t *tx) saveAnswer(ctx context.Context, id int64, a whoisx.Answer) error {
	body, raw, err := pack(a)
	if err != nil {
		return err
	}
	heard := 1 // by a server that now knows of the interest
	if a.Outcome == whoisx.Unreachable {
		heard = 0
	}
	_, err = t.exec(ctx, `INSERT INTO answer (watch, source, server, says, asked, times, answer, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET asked = excluded.asked, times = times + excluded.times, answer = excluded.answer, raw = excluded.raw`,
		id, string(a.Source), a.Server, a.Outcome.SaysSomething(), a.Asked.UnixMicro(), heard, body, raw)
	return err
}

var flaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(io.Discard, flate.BestSpeed) // the level is valid
	return w
}}

// pack turns an answer into JSON and its raw text, bounded and compressed.
func pack(a whoisx.Answer) (body string, raw []byte, err error) {
	b, err := json.Marshal(a)
	if err != nil {
		return "", nil, err
	}
	if len(a.Raw) == 0 {
		return string(b), nil, nil
	}
	var buf bytes.Buffer
	w := flaters.Get().(*flate.Writer)
	defer flaters.Put(w)
	w.Reset(&buf)
	if _, err := w.Write(a.Raw[:min(len(a.Raw), maxRaw)]); err != nil {
		return "", nil, err
	}
	if err := w.Close(); err != nil {
		return "", nil, err
	}
	return string(b), buf.Bytes(), nil
}

func unpack(body string, raw []byte) (whoisx.Answer, error) {
	var a whoisx.Answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		return a, err
	}
	if len(raw) > 0 {
		r := flate.NewReader(bytes.NewReader(raw))
		var err error
		if a.Raw, err = io.ReadAll(io.LimitReader(r, maxRaw)); err != nil {
			return a, err
		}
	}
	return a, nil
}

// Touch makes a name due, from any process. A name that is due earlier keeps
// its time.
func (s *Store) Touch(ctx context.Context, n watch.Name, due time.Time, why string) error {
	return s.lazy(ctx, "ask "+string(n)+" soon", func(t *tx) error {
		res, err := t.exec(ctx, `UPDATE watch SET due = min(due, ?), due_why = ? WHERE name = ?`, due.UnixMicro(), why, string(n))
		if err != nil {
			return err
		}
		if c, err := res.RowsAffected(); err != nil || c > 0 {
			return err
		}
		return watch.ErrNotFound
	})
}

// Seen returns what the next verdict needs of before, nil where nothing was
// seen yet.
func (s *Store) Seen(ctx context.Context, n watch.Name) (*watch.Before, error) {
	var verdict, seen string
	err := s.hotRow(ctx, `SELECT verdict, seen FROM watch WHERE name = ?`, string(n)).Scan(&verdict, &seen)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%s: %w", n.Display(), watch.ErrNotFound)
	} else if err != nil {
		return nil, fmt.Errorf("read what was seen of %s: %w", n, s.typed(err))
	}
	if verdict == "" || seen == "" {
		return nil, nil
	}
	b := &watch.Before{}
	if err := json.Unmarshal([]byte(seen), b); err != nil {
		return nil, fmt.Errorf("read what was seen of %s: %w", n, err)
	}
	if err := json.Unmarshal([]byte(verdict), &b.Verdict); err != nil {
		return nil, fmt.Errorf("read what was seen of %s: %w", n, err)
	}
	return b, nil
}

// RefreshTodos computes again what the person has to do where its time has
// passed between two times, and says how many it looked at.
func (s *Store) RefreshTodos(ctx context.Context, from, to time.Time) (int, error) {
	names, err := s.passed(ctx, from, to)
	if err != nil {
		return 0, fmt.Errorf("read passed deadlines: %w", s.typed(err))
	}
	if len(names) == 0 {
		return 0, nil
	}
	err = s.lazy(ctx, "compute deadlines again", func(t *tx) error {
		for _, n := range names {
			if err := t.refresh(ctx, n); err != nil {
				return err
			}
		}
		return nil
	})
	return len(names), err
}

func (s *Store) passed(ctx context.Context, from, to time.Time) ([]watch.Name, error) {
	after := int64(0)
	if !from.IsZero() {
		after = from.UnixMicro()
	}
	rows, err := s.hot(ctx, `SELECT name FROM watch WHERE todo_at > ? AND todo_at <= ? ORDER BY todo_at`, after, to.UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []watch.Name
	for rows.Next() {
		var n watch.Name
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	return names, rows.Err()
}

// Drops returns the latest drops seen in a zone, newest first.
func (s *Store) Drops(ctx context.Context, zone string, limit int) ([]lifecycle.Observation, error) {
	fail := func(err error) ([]lifecycle.Observation, error) {
		return nil, fmt.Errorf("read drops of .%s: %w", zone, s.typed(err))
	}
	rows, err := s.hot(ctx, `SELECT at, began FROM seen_drop WHERE zone = ? ORDER BY at DESC LIMIT ?`, zone, limit)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []lifecycle.Observation
	for rows.Next() {
		var when int64
		var began sql.NullInt64
		if err := rows.Scan(&when, &began); err != nil {
			return fail(err)
		}
		out = append(out, lifecycle.Observation{At: time.UnixMicro(when).UTC(), Began: at(began)})
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}
