package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// CorruptError says that a file is not, or no longer, a database. The file is
// left alone.
type CorruptError struct {
	Path string
	Why  string
	Err  error
}

// Error says what is wrong and what to do.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s is damaged or no database (%s); it was left as it is: restore a backup with `lapse db restore`, or name another file with --db", e.Path, e.Why)
}

// Unwrap returns the cause.
func (e *CorruptError) Unwrap() error { return e.Err }

// NewerError says that a newer lapse wrote the file. The file is left alone.
type NewerError struct {
	Path       string
	Have, Know int // schema versions
}

// Error says what is wrong and what to do.
func (e *NewerError) Error() string {
	return fmt.Sprintf("%s was written by a newer lapse (schema %d, this one knows %d); it was left as it is: install the newer version", e.Path, e.Have, e.Know)
}

// FolderError says that the database's folder cannot be used.
type FolderError struct {
	Folder string
	Err    error
}

// Error says what is wrong and what to do.
func (e *FolderError) Error() string {
	return fmt.Sprintf("the folder %s cannot be written: %v; a database needs it for its journal: change its rights, or name another file with --db", e.Folder, e.Err)
}

// Unwrap returns the cause.
func (e *FolderError) Unwrap() error { return e.Err }

// inspect looks at the file before SQLite does, and creates an empty one with
// rights for its owner alone where there is none.
func inspect(path string, readOnly bool) (fresh bool, err error) {
	folder := filepath.Dir(path)
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if readOnly {
			return false, fmt.Errorf("%s: %w", path, err)
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return false, &FolderError{Folder: folder, Err: err}
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return false, &FolderError{Folder: folder, Err: err}
		}
		return true, f.Close()
	case err != nil:
		return false, err
	case st.IsDir():
		return false, &CorruptError{Path: path, Why: "it is a folder"}
	case st.Size() == 0:
		return true, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var h [100]byte
	n, err := f.Read(h[:])
	if err != nil {
		return false, err
	}
	if n < 16 || string(h[:16]) != "SQLite format 3\x00" {
		return false, &CorruptError{Path: path, Why: "it does not begin like a database"}
	}
	if n < 100 {
		return false, &CorruptError{Path: path, Why: "it is cut short"}
	}
	page := int64(binary.BigEndian.Uint16(h[16:]))
	if page == 1 {
		page = 65536
	}
	pages := int64(binary.BigEndian.Uint32(h[28:]))
	// The count is only true when the change counters agree, and a journal
	// may hold pages that the file does not have yet.
	_, werr := os.Stat(path + "-wal")
	if binary.BigEndian.Uint32(h[24:]) == binary.BigEndian.Uint32(h[92:]) && werr != nil && st.Size() < pages*page {
		return false, &CorruptError{Path: path, Why: fmt.Sprintf("it is cut short: %d of %d bytes", st.Size(), pages*page)}
	}
	if !readOnly {
		probe, err := os.CreateTemp(folder, ".lapse-*")
		if err != nil {
			return false, &FolderError{Folder: folder, Err: err}
		}
		_ = probe.Close()
		_ = os.Remove(probe.Name())
	}
	return false, nil
}

// typed turns what the driver says into the errors above.
func (s *Store) typed(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return &CorruptError{Path: s.path, Why: e.Error(), Err: err}
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return &FolderError{Folder: filepath.Dir(s.path), Err: err}
	}
	return err
}

// isUnique reports whether a constraint of uniqueness refused a row.
func isUnique(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
