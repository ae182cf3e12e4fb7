package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lapse-dev/lapse/watch"
)

// Budget returns a host's bucket, or watch.ErrNotFound.
func (s *Store) Budget(ctx context.Context, host string) (watch.Budget, error) {
	var b watch.Budget
	var body string
	err := s.read.QueryRowContext(ctx, `SELECT body FROM budget WHERE host = ?`, host).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return b, fmt.Errorf("budget of %s: %w", host, watch.ErrNotFound)
	} else if err == nil {
		err = json.Unmarshal([]byte(body), &b)
	}
	if err != nil {
		return b, fmt.Errorf("read the budget of %s: %w", host, s.typed(err))
	}
	return b, nil
}

// ChangeBudget reads, changes and stores a bucket in one transaction, so that
// all processes spend from the same one.
func (s *Store) ChangeBudget(ctx context.Context, host string, change func(*watch.Budget)) error {
	return s.lazy(ctx, "budget of "+host, func(t *tx) error { return t.changeBudget(ctx, host, change) })
}

func (t *tx) changeBudget(ctx context.Context, host string, change func(*watch.Budget)) error {
	b := watch.Budget{}
	var body string
	err := t.one(ctx, `SELECT body FROM budget WHERE host = ?`, []any{host}, &body)
	if err == nil {
		err = json.Unmarshal([]byte(body), &b)
	} else if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err != nil {
		return err
	}
	b.Host = host
	change(&b)
	now, err := json.Marshal(b)
	if err != nil || string(now) == body {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO budget (host, body) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET body = excluded.body`, host, string(now))
	return err
}

// Budgets returns every bucket, by host.
func (s *Store) Budgets(ctx context.Context) ([]watch.Budget, error) {
	fail := func(err error) ([]watch.Budget, error) {
		return nil, fmt.Errorf("read budgets: %w", s.typed(err))
	}
	rows, err := s.read.QueryContext(ctx, `SELECT body FROM budget ORDER BY host`)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []watch.Budget
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return fail(err)
		}
		var b watch.Budget
		if err := json.Unmarshal([]byte(body), &b); err != nil {
			return fail(err)
		}
		out = append(out, b)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}
