package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
