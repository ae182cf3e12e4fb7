package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

//go:embed migration/*.sql
var migrations embed.FS

// appID marks the file as ours ("laps").
const appID = 0x6c617073

// steps returns the migrations; the file's number is the schema version that
// it leads to.
func steps() ([]string, error) {
	files, err := fs.Glob(migrations, "migration/*.sql") // sorted by name
	if err != nil {
		return nil, err
	}
	out := make([]string, len(files))
	for i, f := range files {
		num, _, _ := strings.Cut(strings.TrimPrefix(f, "migration/"), "_")
		if n, err := strconv.Atoi(num); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s: numbers must count up from 0001", f)
		}
		b, err := migrations.ReadFile(f)
		if err != nil {
			return nil, err
		}
		out[i] = string(b)
	}
	return out, nil
}

func (s *Store) checkVersion(ctx context.Context, db *sql.DB) error {
	all, err := steps()
	if err != nil {
		return err
	}
	// One transaction: another process may be creating the file meanwhile, and
	// its id and its tables appear together.
	t, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }() // it wrote nothing
	var have, id, tables int
	for query, into := range map[string]*int{
		"PRAGMA user_version": &have, "PRAGMA application_id": &id, "SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if err := t.QueryRowContext(ctx, query).Scan(into); err != nil {
			return err
		}
	}
	if have > len(all) && id == appID {
		return &NewerError{Path: s.path, Have: have, Know: len(all)}
	}
	if tables > 0 && id != appID {
		return &CorruptError{Path: s.path, Why: "it is the database of another program"}
	}
	return nil
}

// migrate brings the schema up to date, each step in one transaction. An older
// file is copied first.
func (s *Store) migrate(ctx context.Context, fresh bool) error {
	all, err := steps()
	if err != nil {
		return err
	}
	var have int
	if err := s.full.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	if have == len(all) {
		return nil
	}
	if !fresh && have > 0 {
		to := fmt.Sprintf("%s.v%d-%s.bak", s.path, have, s.o.Now().UTC().Format("20060102T150405Z"))
		if err := s.copyTo(ctx, to); err != nil {
			return fmt.Errorf("back up before bringing it to schema %d: %w", len(all), err)
		}
	}
	for i, sqlText := range all {
		if err := s.migrateStep(ctx, i+1, sqlText); err != nil {
			return fmt.Errorf("bring to schema %d: %w", i+1, err)
		}
	}
	return nil
}

func (s *Store) migrateStep(ctx context.Context, to int, text string) error {
	return s.durable(ctx, "migrate", func(t *tx) error {
		var have int // again inside: another process may have been quicker
		if err := t.h.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil || have >= to {
			return err
		}
		_, err := t.h.conn.ExecContext(ctx, fmt.Sprintf("%s;\nPRAGMA user_version = %d; PRAGMA application_id = %d", text, to, appID))
		return err
	})
}

// copyTo writes a consistent, compact copy that only its owner may read.
func (s *Store) copyTo(ctx context.Context, to string) error {
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := s.full.conn.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		_ = os.Remove(to)
		return err
	}
	return nil
}
