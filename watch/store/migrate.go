package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
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
	have, err := s.schema(ctx)
	if err != nil || have == len(all) {
		return err
	}
	if !fresh && have > 0 {
		if err := s.keepCopy(ctx, have); err != nil {
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

// schema is the version that the file has.
func (s *Store) schema(ctx context.Context) (have int, err error) {
	err = s.full.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have)
	return have, err
}

// keepCopy writes a copy of a file of an older schema beside it. Another process
// may be doing the same, and may have brought the file up to date meanwhile: then
// the copy is its own.
func (s *Store) keepCopy(ctx context.Context, schema int) error {
	for until := time.Now().Add(openWait); ; {
		to := fmt.Sprintf("%s.v%d-%s.bak", s.path, schema, s.o.Now().UTC().Format("20060102T150405Z"))
		err := s.copyTo(ctx, to)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		now, verr := s.schema(ctx)
		switch {
		case verr != nil:
			return verr
		case now != schema && err == nil:
			return os.Remove(to) // of the newer schema, under the older one's name
		case now != schema || err == nil:
			return nil
		case time.Now().After(until):
			return err
		}
		select { // its copy is being written
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
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
