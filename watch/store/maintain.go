package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/lapse-dev/lapse/watch"
)

// Check reads the whole file and says what is wrong with it: pages, indexes,
// references. It may take a second for 100,000 names.
func (s *Store) Check(ctx context.Context) error {
	rows, err := s.read.QueryContext(ctx, `PRAGMA integrity_check(10)`)
	if err != nil {
		return fmt.Errorf("check the database: %w", s.typed(err))
	}
	defer rows.Close()
	var faults []error
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return fmt.Errorf("check the database: %w", s.typed(err))
		}
		if line != "ok" {
			faults = append(faults, errors.New(line))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("check the database: %w", s.typed(err))
	}
	if len(faults) > 0 {
		return &CorruptError{Path: s.path, Why: faults[0].Error(), Err: errors.Join(faults...)}
	}
	var broken int
	if err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM pragma_foreign_key_check`).Scan(&broken); err != nil {
		return fmt.Errorf("check the database: %w", s.typed(err))
	}
	if broken > 0 {
		return &CorruptError{Path: s.path, Why: fmt.Sprintf("%d rows refer to rows that are not there", broken)}
	}
	return nil
}

// Backup writes a consistent copy while others go on working. It overwrites
// nothing.
func (s *Store) Backup(ctx context.Context, to string) error {
	if s.o.ReadOnly {
		return fmt.Errorf("back up to %s: %w", to, watch.ErrReadOnly)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.copyTo(ctx, to); err != nil {
		return fmt.Errorf("back up to %s: %w", to, s.typed(err))
	}
	return nil
}

// Compact gives the space of what was removed back to the disk.
func (s *Store) Compact(ctx context.Context) error {
	if s.o.ReadOnly {
		return fmt.Errorf("compact: %w", watch.ErrReadOnly)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA optimize"} {
		if _, err := s.full.conn.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("compact: %w", s.typed(err))
		}
	}
	return nil
}

// Restore puts a backup in the place of a database that nobody acts on, and
// returns where what was there before is kept. A damaged backup is refused.
func Restore(ctx context.Context, backup, path string) (kept string, err error) {
	b, err := Open(ctx, backup, Options{ReadOnly: true})
	if err != nil {
		return "", fmt.Errorf("restore %s: %w", backup, err)
	}
	if err := errors.Join(b.Check(ctx), b.Close()); err != nil {
		return "", fmt.Errorf("restore %s: %w", backup, err)
	}
	lock := NewLock(path)
	ok, err := lock.TryLock()
	if err != nil {
		return "", fmt.Errorf("restore %s: %w", backup, err)
	}
	if !ok {
		return "", fmt.Errorf("restore %s: a program acts on %s: end it first", backup, path)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	next := path + ".restoring"
	if err := copyFile(backup, next); err != nil {
		return "", fmt.Errorf("restore %s: %w", backup, err)
	}
	kept = fmt.Sprintf("%s.before-%s", path, time.Now().UTC().Format("20060102T150405.000Z"))
	// The journal belongs to the file: they move together.
	for _, ext := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+ext, kept+ext); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("restore %s: %w", backup, err)
		}
	}
	if err := os.Rename(next, path); err != nil {
		return kept, fmt.Errorf("restore %s: %w", backup, err)
	}
	return kept, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
