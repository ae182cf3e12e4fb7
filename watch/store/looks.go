package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// SaveLooks keeps answers, verdicts, history and next due times of several
// looks in one transaction, and with them what the looks change of budgets. A
// look without answers only moves the schedule; a name that was taken off the
// list meanwhile is passed over.
func (s *Store) SaveLooks(ctx context.Context, epoch int64, looks []watch.Look, budgets ...watch.BudgetChange) error {
	kept := make([]recalled, 0, len(looks))
	err := s.lazy(ctx, "save looks", func(t *tx) error {
		kept = kept[:0]
		if err := t.assertHolder(ctx, epoch); err != nil {
			return err
		}
		for i := range looks {
			k, err := t.saveLook(ctx, &looks[i])
			if err != nil {
				return fmt.Errorf("%s: %w", looks[i].Name, err)
			}
			if k.row.ID != 0 {
				kept = append(kept, k)
			}
		}
		for _, b := range budgets {
			if err := t.changeBudget(ctx, b.Host, b.Change); err != nil {
				return fmt.Errorf("budget of %s: %w", b.Host, err)
			}
		}
		return nil
	})
	if err == nil {
		s.recall.keep(kept)
	}
	return err
}

// saveLook says what the next look at the name needs to know, where the look
// brought something.
func (t *tx) saveLook(ctx context.Context, l *watch.Look) (recalled, error) {
	if len(l.Answers) == 0 && l.Seen == nil { // a launch is concluded without asking anybody
		_, err := t.exec(ctx, `UPDATE watch SET due = ?, due_why = ? WHERE name = ?`, orNever(l.Due), l.DueWhy, string(l.Name))
		return recalled{}, err
	}
	r, also, err := t.looked(ctx, l)
	if errors.Is(err, sql.ErrNoRows) {
		return recalled{}, nil
	} else if err != nil {
		return recalled{}, err
	}
	packs := make([][]byte, len(l.Answers))
	for i := range l.Answers {
		if packs[i], err = t.s.scratch.pack(&l.Answers[i]); err != nil {
			return recalled{}, err
		}
		if err := t.saveAnswer(ctx, r.ID, &l.Answers[i], packs[i]); err != nil {
			return recalled{}, err
		}
	}
	if err := t.saveRow(ctx, l, &r, also.dropAt); err != nil {
		return recalled{}, err
	}
	if d := l.Dropped; d != nil {
		if _, err := t.exec(ctx, `INSERT INTO seen_drop (name, zone, at, began) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			string(l.Name), l.Name.Zone(), d.At.UnixMicro(), micros(d.Began)); err != nil {
			return recalled{}, err
		}
	}
	if len(l.Changes) > 0 {
		if err := t.saveChanges(ctx, l, packs); err != nil {
			return recalled{}, err
		}
	}
	if r.Looks%16 == 0 {
		// 60 answers are kept as evidence, and what comes until they are counted.
		if _, err := t.exec(ctx, `DELETE FROM evidence WHERE id IN (SELECT id FROM evidence WHERE name = ? ORDER BY at DESC, id DESC LIMIT -1 OFFSET 60)`,
			string(l.Name)); err != nil {
			return recalled{}, err
		}
	}
	if t.s.bind.Tell != nil && (len(l.Changes) > 0 || l.Trouble != "") {
		if err := t.tell(ctx, t.s.bind.Tell(r, watch.Happened{Look: l}, t.now)); err != nil {
			return recalled{}, err
		}
	}
	k := recalled{row: r, heard: l.Trouble == ""}
	k.row.Orders = nil
	if k.heard && l.Seen != nil {
		k.before = seenAsKept(l.Seen, r.Verdict)
	}
	return k, t.announce(ctx, r, also.announced)
}

// besides is what is read of a row together with it.
type besides struct {
	announced bool  // something is announced for it
	dropAt    int64 // by which drop it sorts
}

// looked reads the row that a look is about, with the orders that hold, and
// makes it what it is after the look. Reading all of a row costs as much as
// writing it: what the last look kept of it still holds where nobody edited it.
func (t *tx) looked(ctx context.Context, l *watch.Look) (r watch.Row, also besides, err error) {
	var id, rev, looks, todoAt int64
	var todo watch.Todo
	var verb string
	var ordered bool
	if err := t.one(ctx, `SELECT id, rev, looks, todo, todo_at, todo_text, drop_at, EXISTS (SELECT 1 FROM orders o WHERE o.name = watch.name AND o.holds = 1),
		EXISTS (SELECT 1 FROM outbox b WHERE b.name = watch.name AND b.sent IS NULL AND b.timed = 1 AND b.started IS NULL) FROM watch WHERE name = ?`,
		[]any{string(l.Name)}, &id, &rev, &looks, &verb, &todoAt, &todo.Text, &also.dropAt, &ordered, &also.announced); err != nil {
		return r, also, err
	}
	if k, ok := t.s.recall.find(id, l.Name, looks); ok && k.row.Rev == rev {
		r = k.row
		r.Todo = todo
		r.Todo.Verb, r.Todo.By = watch.TodoVerb(verb), at(sql.NullInt64{Int64: todoAt, Valid: true})
	} else {
		first, err := t.first(ctx, `SELECT `+columns+` FROM watch WHERE id = ?`, id)
		if err == nil {
			r, err = scanRow(first)
		}
		if err != nil {
			return r, also, err
		}
	}
	if l.Trouble == "" { // else what is known stays as it was
		r.Verdict, r.LookedAt = asKept(l.Verdict), l.At
	}
	r.Looks++
	r.Due, r.DueWhy, r.Trouble = l.Due, l.DueWhy, l.Trouble
	if ordered {
		r.Orders, err = t.holding(ctx, l.Name)
	}
	return r, also, err
}

// saveRow writes what a look changed of its row.
func (t *tx) saveRow(ctx context.Context, l *watch.Look, r *watch.Row, was int64) error {
	if l.Trouble != "" {
		_, err := t.exec(ctx, `UPDATE watch SET due = ?, due_why = ?, trouble = ?, looks = looks + 1 WHERE id = ?`, orNever(l.Due), l.DueWhy, l.Trouble, r.ID)
		if err != nil {
			return err
		}
	} else if err := t.saveVerdict(ctx, l, r.ID); err != nil {
		return err
	}
	// What an index sorts by is written only where it changed.
	drop, todo := dropOf(&r.Verdict), t.s.bind.Todo(*r, t.now)
	if drop == was && todo.Verb == r.Todo.Verb && todo.Text == r.Todo.Text && orNever(todo.By) == orNever(r.Todo.By) {
		return nil
	}
	_, err := t.exec(ctx, `UPDATE watch SET drop_at = ?, todo = ?, todo_at = ?, todo_text = ? WHERE id = ?`, drop, string(todo.Verb), orNever(todo.By), todo.Text, r.ID)
	return err
}

func (t *tx) saveVerdict(ctx context.Context, l *watch.Look, id int64) error {
	verdict, err := verdictJSON(&l.Verdict)
	if err != nil {
		return err
	}
	seen := ""
	if l.Seen != nil {
		seen = seenJSON(l.Seen)
	}
	flags := make([]string, len(l.Verdict.Flags))
	for i, f := range l.Verdict.Flags {
		flags[i] = string(f.Flag)
	}
	_, err = t.exec(ctx, `UPDATE watch SET stage = ?, flags = ?, looked = ?, looks = looks + 1, due = ?, due_why = ?, trouble = '', verdict = ?, seen = ? WHERE id = ?`,
		string(l.Verdict.Stage), joinWords(flags), l.At.UnixMicro(), orNever(l.Due), l.DueWhy, verdict, seen, id)
	return err
}

// dropOf is by which drop a verdict sorts.
func dropOf(v *lifecycle.Verdict) int64 {
	w := v.Window
	switch {
	case w == nil:
	case !w.Likely.IsZero():
		return w.Likely.UnixMicro()
	case !w.From.IsZero():
		return w.From.UnixMicro()
	}
	return never
}

func (t *tx) saveChanges(ctx context.Context, l *watch.Look, packs [][]byte) error {
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
	for i := range l.Answers {
		if _, err := t.exec(ctx, `INSERT INTO evidence (name, at, answer, raw) VALUES (?, ?, '', ?)`, string(l.Name), l.Answers[i].Asked.UnixMicro(), packs[i]); err != nil {
			return err
		}
	}
	if e.Text == "" {
		e.Text = string(l.Name) + " changed"
	}
	return t.event(ctx, e)
}

func (t *tx) saveAnswer(ctx context.Context, id int64, a *whoisx.Answer, p []byte) error {
	heard := 1 // by a server that now knows of the interest
	if a.Outcome == whoisx.Unreachable {
		heard = 0
	}
	_, err := t.exec(ctx, `INSERT INTO answer (watch, source, server, says, asked, times, answer, raw) VALUES (?, ?, ?, ?, ?, ?, '', ?)
		ON CONFLICT DO UPDATE SET asked = excluded.asked, times = times + excluded.times, answer = excluded.answer, raw = excluded.raw`,
		id, string(a.Source), a.Server, a.Outcome.SaysSomething(), a.Asked.UnixMicro(), heard, p)
	return err
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

// AskAgain makes due now what a clock that ran ahead put off: what was looked at
// later than now, and where nobody answered or a budget was spent, which keep
// the time of the last look, what waits for longer than anybody has to.
func (s *Store) AskAgain(ctx context.Context, now time.Time, why string) (int, error) {
	var n int64
	err := s.lazy(ctx, "ask again", func(t *tx) error {
		res, err := t.exec(ctx, `UPDATE watch SET due = ?1, due_why = ?2 WHERE due > ?1 AND
			(looked > ?3 OR due > ?4 AND (trouble <> '' OR due_why LIKE 'waits: %'))`,
			now.UnixMicro(), why, now.Add(time.Minute).UnixMicro(), now.Add(8*24*time.Hour).UnixMicro())
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// Standings returns what the next looks at names need to know; a name that is
// not on the list is left out.
func (s *Store) Standings(ctx context.Context, names ...watch.Name) (map[watch.Name]watch.Standing, error) {
	fail := func(err error) (map[watch.Name]watch.Standing, error) {
		return nil, fmt.Errorf("read what was seen before: %w", s.typed(err))
	}
	list, err := json.Marshal(names)
	if err != nil {
		return fail(err)
	}
	rows, err := s.hot(ctx, `SELECT w.name, w.created, w.looks, w.verdict, w.seen, EXISTS (SELECT 1 FROM orders o WHERE o.name = w.name)
		FROM json_each(?) j CROSS JOIN watch w ON w.name = j.value`, string(list))
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	out := make(map[watch.Name]watch.Standing, len(names))
	for rows.Next() {
		var st watch.Standing
		var name string
		var created int64
		var verdict, seen sql.RawBytes
		if err := rows.Scan(&name, &created, &st.Looks, &verdict, &seen, &st.Ordered); err != nil {
			return fail(err)
		}
		st.Added = time.UnixMicro(created).UTC()
		if st.Before, err = readSeen(verdict, seen); err != nil {
			return fail(fmt.Errorf("%s: %w", name, err))
		}
		out[watch.Name(name)] = st
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
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
	rows, err := s.hot(ctx, `SELECT at, began FROM seen_drop WHERE zone = ? ORDER BY at DESC `+atMost, zone, limit)
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
