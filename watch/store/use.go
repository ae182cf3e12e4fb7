package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/watch"
)

// ReadAccount returns what an EPP account has used, as its room wrote it; nil
// where nobody used it yet.
func (s *Store) ReadAccount(ctx context.Context, account string) ([]byte, error) {
	var body string
	err := s.read.QueryRowContext(ctx, `SELECT body FROM account_use WHERE account = ?`, account).Scan(&body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the use of account %s: %w", account, s.typed(err))
	}
	return []byte(body), nil
}

// ChangeAccount reads what an EPP account has used, changes and keeps it, in
// one transaction over all processes. An error of change leaves it as it was.
func (s *Store) ChangeAccount(ctx context.Context, account string, change func([]byte) ([]byte, error)) error {
	return s.durable(ctx, "use account "+account, func(t *tx) error {
		var body string
		if err := t.one(ctx, `SELECT body FROM account_use WHERE account = ?`, []any{account}, &body); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		doc, err := change([]byte(body))
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO account_use (account, body) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET body = excluded.body`, account, string(doc))
		return err
	})
}

// NotePayment keeps how an account pays; empty words forget it.
func (s *Store) NotePayment(ctx context.Context, p watch.Payment) error {
	return s.durable(ctx, "note the payment of "+p.Account, func(t *tx) error {
		if p.Words == "" {
			_, err := t.exec(ctx, `DELETE FROM payment WHERE account = ?`, p.Account)
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO payment (account, at, words) VALUES (?, ?, ?) ON CONFLICT (account) DO UPDATE SET at = excluded.at, words = excluded.words`,
			p.Account, p.At.UnixMicro(), p.Words)
		return err
	})
}

// Payments lists what was noted, by account.
func (s *Store) Payments(ctx context.Context) ([]watch.Payment, error) {
	fail := func(err error) ([]watch.Payment, error) {
		return nil, fmt.Errorf("read payments: %w", s.typed(err))
	}
	rows, err := s.read.QueryContext(ctx, `SELECT account, at, words FROM payment ORDER BY account`)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []watch.Payment
	for rows.Next() {
		var p watch.Payment
		var when int64
		if err := rows.Scan(&p.Account, &when, &p.Words); err != nil {
			return fail(err)
		}
		p.At = time.UnixMicro(when).UTC()
		out = append(out, p)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}

// SaveRehearsal keeps the report of a rehearsal.
func (s *Store) SaveRehearsal(ctx context.Context, r watch.RehearsalRecord) error {
	return s.durable(ctx, "keep the rehearsal", func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO rehearsal (name, at, body) VALUES (?, ?, ?)`, string(r.Name), r.At.UnixMicro(), string(r.Report))
		return err
	})
}

// Rehearsals returns the rehearsals of a name, newest first; limit 0 is all.
func (s *Store) Rehearsals(ctx context.Context, n watch.Name, limit int) ([]watch.RehearsalRecord, error) {
	fail := func(err error) ([]watch.RehearsalRecord, error) {
		return nil, fmt.Errorf("read rehearsals: %w", s.typed(err))
	}
	if limit <= 0 {
		limit = -1
	}
	rows, err := s.read.QueryContext(ctx, `SELECT at, body FROM rehearsal WHERE name = ? ORDER BY at DESC, id DESC LIMIT ?`, string(n), limit)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []watch.RehearsalRecord
	for rows.Next() {
		r := watch.RehearsalRecord{Name: n}
		var when int64
		var body string
		if err := rows.Scan(&when, &body); err != nil {
			return fail(err)
		}
		r.At, r.Report = time.UnixMicro(when).UTC(), []byte(body)
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}
