package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// List returns a page of the rows that match. By the person's deadline, which
// is the default, an index serves the page without touching the other rows.
func (s *Store) List(ctx context.Context, q watch.Query) (watch.Page, error) {
	where, args := conditions(q)
	var p watch.Page
	var err error
	if p.Kinds, err = s.Kinds(ctx); err != nil {
		return p, err
	}
	switch {
	case q.Text != "":
		err = s.fuzzyPage(ctx, q, where, args, &p)
	case where == "":
		for _, n := range p.Kinds {
			p.Total += n
		}
		err = s.page(ctx, q, where, args, &p)
	default:
		if err = s.read.QueryRowContext(ctx, `SELECT count(*) FROM watch`+where, args...).Scan(&p.Total); err == nil {
			err = s.page(ctx, q, where, args, &p)
		}
	}
	if err != nil {
		return p, fmt.Errorf("list: %w", s.typed(err))
	}
	if err := s.attachOrders(ctx, p.Rows); err != nil {
		return p, fmt.Errorf("list: %w", s.typed(err))
	}
	return p, nil
}

func (s *Store) page(ctx context.Context, q watch.Query, where string, args []any, p *watch.Page) error {
	limit := q.Limit
	if limit <= 0 {
		limit = -1
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+columns+` FROM watch`+where+order(q)+` LIMIT ? OFFSET ?`, append(args, limit, max(q.Offset, 0))...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, r)
	}
	return rows.Err()
}

// order says by what a list is sorted. Stages sort in the order in which a
// name goes through them, nearest to the drop first.
func order(q watch.Query) string {
	d := ""
	if q.Desc {
		d = " DESC"
	}
	switch q.Sort {
	case "name":
		return " ORDER BY name" + d
	case "drop":
		return " ORDER BY drop_at" + d + ", name"
	case "stage":
		return ` ORDER BY CASE stage WHEN 'dropping' THEN 0 WHEN 'free' THEN 1 WHEN 'likely-free' THEN 2 WHEN 'gated' THEN 3 WHEN 'pending-delete' THEN 4
			WHEN 'pending-restore' THEN 5 WHEN 'redemption' THEN 6 WHEN 'expired' THEN 7 WHEN 'launching' THEN 8 WHEN 'caught' THEN 9 WHEN 'registered' THEN 10 ELSE 11 END` + d + ", drop_at, name"
	case "added":
		return " ORDER BY created" + d + ", id" + d
	case "looked":
		return " ORDER BY looked" + d + ", name"
	}
	return " ORDER BY todo_at" + d + ", drop_at" + d + ", id" + d
}

func conditions(q watch.Query) (string, []any) {
	var conds []string
	var args []any
	in := func(column string, not string, vs []string) {
		if len(vs) == 0 {
			return
		}
		conds = append(conds, column+not+" IN (?"+strings.Repeat(", ?", len(vs)-1)+")")
		for _, v := range vs {
			args = append(args, v)
		}
	}
	word := func(column, op string, w string) {
		conds = append(conds, column+op+` LIKE ? ESCAPE '\'`)
		args = append(args, "%,"+escapeLike(w)+",%")
	}
	in("stage", "", stringsOf(q.Stages))
	in("stage", " NOT", stringsOf(q.NotStage))
	in("kind", "", stringsOf(q.Kinds))
	if len(q.TLDs) > 0 {
		// A zone of several labels ("co.uk") is told by the end of the name.
		var ors []string
		for _, z := range q.TLDs {
			if strings.Contains(z, ".") {
				ors = append(ors, `name LIKE ? ESCAPE '\'`)
				args = append(args, "%."+escapeLike(z))
			} else {
				ors = append(ors, "tld = ?")
				args = append(args, z)
			}
		}
		conds = append(conds, "("+strings.Join(ors, " OR ")+")")
	}
	for _, w := range q.Tags {
		word("tags", "", w)
	}
	for _, w := range q.NotTags {
		word("tags", " NOT", w)
	}
	for _, w := range q.Flags {
		word("flags", "", string(w))
	}
	for _, w := range q.NotFlags {
		word("flags", " NOT", string(w))
	}
	if !q.DropFrom.IsZero() {
		conds, args = append(conds, "drop_at >= ?"), append(args, q.DropFrom.UnixMicro())
	}
	if !q.DropTo.IsZero() {
		conds, args = append(conds, "drop_at <= ?"), append(args, q.DropTo.UnixMicro())
	} else if !q.DropFrom.IsZero() {
		conds, args = append(conds, "drop_at < ?"), append(args, never)
	}
	limit := func(op string, m catch.Money) {
		if m == (catch.Money{}) {
			return
		}
		conds, args = append(conds, "max(cap, bid_cap) "+op+" ?"), append(args, m.Units)
		if m.Currency != "" {
			conds, args = append(conds, "cap_in = ?"), append(args, m.Currency)
		}
	}
	limit(">=", q.CapFrom)
	limit("<=", q.CapTo)
	if len(conds) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(conds, " AND "), args
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

func stringsOf[T ~string](vs []T) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = string(v)
	}
	return out
}

// attachOrders adds the orders that hold to the rows of a page.
func (s *Store) attachOrders(ctx context.Context, rows []watch.Row) error {
	if len(rows) == 0 {
		return nil
	}
	names := make([]watch.Name, len(rows))
	byName := make(map[string]int, len(rows))
	for i, r := range rows {
		names[i] = r.Name
		byName[string(r.Name)] = i
	}
	query, args := `SELECT id, updated, body FROM orders WHERE holds = 1 ORDER BY id`, []any(nil)
	if len(rows) <= 500 {
		list, err := json.Marshal(names)
		if err != nil {
			return err
		}
		query, args = `SELECT id, updated, body FROM orders WHERE holds = 1 AND name IN (SELECT value FROM json_each(?)) ORDER BY id`, []any{string(list)}
	}
	found, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	orders, err := scanOrders(found)
	if err != nil {
		return err
	}
	for _, o := range orders {
		i, ok := byName[o.Name]
		if !ok {
			continue
		}
		rows[i].Orders = append(rows[i].Orders, o)
	}
	return nil
}

// Kinds counts the whole list by kind.
func (s *Store) Kinds(ctx context.Context) (map[watch.Kind]int, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT kind, n FROM kind_count WHERE n > 0`)
	if err != nil {
		return nil, fmt.Errorf("count the list: %w", s.typed(err))
	}
	defer rows.Close()
	out := map[watch.Kind]int{}
	for rows.Next() {
		var k string
		var n int
		if err := rows.Scan(&k, &n); err != nil {
			return nil, fmt.Errorf("count the list: %w", s.typed(err))
		}
		out[watch.Kind(k)] = n
	}
	return out, rows.Err()
}

// Due returns what is to be asked at or before a time, most urgent first, and
// when the next one after them is; zero where there is none or the limit was
// reached. It reads a few columns through an index, however long the list is.
func (s *Store) Due(ctx context.Context, when time.Time, limit int) ([]watch.DueRow, time.Time, error) {
	fail := func(err error) ([]watch.DueRow, time.Time, error) {
		return nil, time.Time{}, fmt.Errorf("read what is due: %w", s.typed(err))
	}
	rows, err := s.hot(ctx, `SELECT name, drop_at, due, due_why FROM watch ORDER BY due `+atMost, limit)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	out := make([]watch.DueRow, 0, min(limit, 64))
	for rows.Next() {
		var d watch.DueRow
		var dropAt, due int64
		var name string // scanning into a named type goes by reflection
		if err := rows.Scan(&name, &dropAt, &due, &d.Why); err != nil {
			return fail(err)
		}
		d.Due = at(sql.NullInt64{Int64: due, Valid: true})
		if due > when.UnixMicro() {
			return out, d.Due, nil
		}
		d.Name = watch.Name(name)
		d.Rank = rank(dropAt, when)
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, time.Time{}, nil
}

func rank(dropAt int64, now time.Time) int {
	switch until := dropAt - now.UnixMicro(); {
	case dropAt == never || until > time.Hour.Microseconds():
		return 2
	case until > 5*time.Minute.Microseconds():
		return 1
	}
	return 0
}
