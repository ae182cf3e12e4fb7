package store

import (
	"context"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/watch"
)

// AcceptTerms keeps terms that a person read and accepted.
func (s *Store) AcceptTerms(ctx context.Context, as []watch.Acceptance) error {
	return s.durable(ctx, "accept terms", func(t *tx) error {
		for _, a := range as {
			if _, err := t.exec(ctx, `INSERT INTO accepted (service, kind, at, text) VALUES (?, ?, ?, ?)`,
				a.Service, string(a.Kind), a.At.UnixMicro(), a.Text); err != nil {
				return err
			}
		}
		return nil
	})
}

// AcceptedTerms returns what was accepted, newest first.
func (s *Store) AcceptedTerms(ctx context.Context) ([]watch.Acceptance, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT service, kind, at, text FROM accepted ORDER BY at DESC, id DESC`)
	if err != nil {
		return nil, fmt.Errorf("read accepted terms: %w", s.typed(err))
	}
	defer rows.Close()
	var out []watch.Acceptance
	for rows.Next() {
		var a watch.Acceptance
		var when int64
		if err := rows.Scan(&a.Service, &a.Kind, &when, &a.Text); err != nil {
			return nil, fmt.Errorf("read accepted terms: %w", s.typed(err))
		}
		a.At = time.UnixMicro(when).UTC()
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read accepted terms: %w", s.typed(err))
	}
	return out, nil
}
