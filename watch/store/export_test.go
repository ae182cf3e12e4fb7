package store

import "context"

// Exec runs a statement on the durable handle, for tests that break things.
func (s *Store) Exec(ctx context.Context, query string) error {
	_, err := s.full.conn.ExecContext(ctx, query)
	return err
}
