package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lapse-dev/lapse/watch"
)

// texts is what a filter looks through: the name, tags and note of every
// watch, in one piece of memory and in the order of the list. Reading a hundred
// thousand rows takes longer than a person takes between two letters; looking
// through them here does not. Edits by any process make it stale, looks do not.
type texts struct {
	sync.Mutex
	asOf int64 // the last event that it knows of
	ids  []int64
	ends []uint32 // where each text ends in all
	all  string
	big  bool // too much to be kept: the database is asked every time
}

// A text counts with its beginning, and all of them with so many bytes.
const (
	maxText  = 1 << 10
	maxTexts = 24 << 20
)

// ReadyFilter reads what a filter looks through, in the order in which the list
// stands now, so that the first letter need not wait for it.
func (s *Store) ReadyFilter(ctx context.Context) error {
	s.texts.Lock()
	defer s.texts.Unlock()
	return s.readTexts(ctx)
}

// freshTexts is readTexts where something was edited since. The caller holds
// the lock.
func (s *Store) freshTexts(ctx context.Context) error {
	if s.texts.ids == nil && !s.texts.big {
		return s.readTexts(ctx)
	}
	last, err := s.LastEvent(ctx)
	if err != nil || last == s.texts.asOf {
		return err
	}
	var edited sql.NullInt64
	if err := s.hotRow(ctx, `SELECT max(seq) FROM event WHERE seq > ? AND kind = ?`, s.texts.asOf, string(watch.EvEdited)).Scan(&edited); err != nil {
		return err
	}
	if edited.Valid || last < s.texts.asOf {
		return s.readTexts(ctx)
	}
	s.texts.asOf = last
	return nil
}

func (s *Store) readTexts(ctx context.Context) error {
	last, err := s.LastEvent(ctx)
	if err != nil {
		return err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT id, name, tags || ' ' || note FROM watch`+order(watch.Query{}))
	if err != nil {
		return err
	}
	defer rows.Close()
	x := &s.texts
	x.ids, x.ends, x.big = make([]int64, 0, cap(x.ids)), make([]uint32, 0, cap(x.ends)), false
	var b strings.Builder
	b.Grow(len(x.all))
	for rows.Next() {
		var id int64
		var name, rest string
		if err := rows.Scan(&id, &name, &rest); err != nil {
			x.ids = nil
			return err
		}
		b.WriteString(textOf(name, rest))
		if b.Len() > maxTexts {
			x.asOf, x.ids, x.ends, x.all, x.big = last, nil, nil, "", true
			return nil
		}
		x.ids, x.ends = append(x.ids, id), append(x.ends, uint32(b.Len()))
	}
	if err := rows.Err(); err != nil {
		x.ids = nil
		return err
	}
	x.asOf, x.all = last, b.String()
	return nil
}

// textOf is what a filter finds a name by: both its forms, its tags and the
// beginning of its note, in lower case.
func textOf(name, rest string) string {
	t := name
	if strings.Contains(name, "xn--") {
		t = watch.Name(name).Unicode() + " " + name
	}
	if rest = strings.Trim(rest, ", "); rest != "" {
		t += " " + rest
	}
	if len(t) > maxText {
		t = strings.ToValidUTF8(t[:maxText], "")
	}
	return strings.ToLower(t)
}

// ranks are how well a text fits, best first: the name itself, its beginning,
// the beginning of a word, anywhere in one piece, and its letters in order.
const ranks = 5

// fit is the rank of a text for what was typed, -1 where it does not fit.
func fit(text, typed string) int {
	i := strings.Index(text, typed)
	switch {
	case i < 0:
		for _, r := range typed {
			at := strings.IndexRune(text, r)
			if at < 0 {
				return -1
			}
			text = text[at+len(string(r)):]
		}
		return 4
	case i == 0:
		if rest := text[len(typed):]; rest == "" || rest[0] == '.' || rest[0] == ' ' {
			return 0
		}
		return 1
	}
	for ; i > 0; i++ {
		if c := text[i-1]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c < 0x80 {
			return 2
		}
		next := strings.Index(text[i+1:], typed)
		if next < 0 {
			break
		}
		i += next
	}
	return 3
}

// find returns the ids of the texts that fit, best first, and else in the order
// of the list.
func (x *texts) find(typed string) []int64 {
	var found [ranks][]int64
	from := uint32(0)
	for i, end := range x.ends {
		if k := fit(x.all[from:end], typed); k >= 0 {
			found[k] = append(found[k], x.ids[i])
		}
		from = end
	}
	return slices.Concat(found[:]...)
}

// fuzzyPage finds a text in name, tags and note, best match first.
func (s *Store) fuzzyPage(ctx context.Context, q watch.Query, where string, args []any, p *watch.Page) error {
	typed := strings.ToLower(strings.ReplaceAll(q.Text, " ", ""))
	var ids []int64
	if where == "" && q.Sort == "" && !q.Desc {
		s.texts.Lock()
		err := s.freshTexts(ctx)
		big := s.texts.big
		if err == nil && !big {
			ids = s.texts.find(typed)
		}
		s.texts.Unlock()
		if err != nil {
			return err
		}
		if !big {
			return s.someOf(ctx, ids, q, p)
		}
	}
	ids, err := s.findAmong(ctx, q, where, args, typed)
	if err != nil {
		return err
	}
	return s.someOf(ctx, ids, q, p)
}

// findAmong is find over the rows of a condition, in an order of its own. The
// database drops what cannot match before anything is ranked.
func (s *Store) findAmong(ctx context.Context, q watch.Query, where string, args []any, typed string) ([]int64, error) {
	like := "%"
	for _, r := range typed {
		like += escapeLike(string(r)) + "%"
	}
	cond := ` (name LIKE ? ESCAPE '\' OR tags || ' ' || note LIKE ? ESCAPE '\' OR name || ' ' || tags || ' ' || note LIKE ? ESCAPE '\' OR name LIKE '%xn--%')`
	if where == "" {
		where = " WHERE" + cond
	} else {
		where += " AND" + cond
	}
	rows, err := s.read.QueryContext(ctx, `SELECT id, name, tags || ' ' || note FROM watch`+where+order(q), append(args, like, like, like)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found [ranks][]int64
	for rows.Next() {
		var id int64
		var name, rest string
		if err := rows.Scan(&id, &name, &rest); err != nil {
			return nil, err
		}
		if k := fit(textOf(name, rest), typed); k >= 0 {
			if q.Sort != "" { // the order that was asked for counts alone
				k = 0
			}
			found[k] = append(found[k], id)
		}
	}
	return slices.Concat(found[:]...), rows.Err()
}

// someOf reads the rows of a page of ids, in their order.
func (s *Store) someOf(ctx context.Context, ids []int64, q watch.Query, p *watch.Page) error {
	p.Total = len(ids)
	from := min(max(q.Offset, 0), len(ids))
	to := len(ids)
	if q.Limit > 0 {
		to = min(from+q.Limit, to)
	}
	ids = ids[from:to]
	const atOnce = 1000
	for part := range slices.Chunk(ids, atOnce) {
		got, err := s.byID(ctx, part)
		if err != nil {
			return fmt.Errorf("read the page: %w", err)
		}
		for _, id := range part {
			if r, ok := got[id]; ok { // else removed since
				p.Rows = append(p.Rows, r)
			}
		}
	}
	return nil
}

func (s *Store) byID(ctx context.Context, ids []int64) (map[int64]watch.Row, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+columns+` FROM watch WHERE id IN (SELECT value FROM json_each(?))`, string(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make(map[int64]watch.Row, len(ids))
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, err
		}
		out[r.ID] = r
	}
	return out, rows.Err()
}
