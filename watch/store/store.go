// Package store keeps everything in one SQLite file: the list, what is known
// of each name, host budgets, orders, the append-only ledger, the lease.
//
// It is the only room that knows SQL. Several processes may use one file at
// once. Each has two handles that write, behind one mutex: one that waits for
// the disk at every commit (edits, orders, ledger, lease) and one that does
// not (answers of servers that can be asked again); both are one connection,
// so that prepared statements stay warm. Readers have a pool of their own and
// never wait for a writer (WAL).
//
// What must be true together is written together: every change of a row also
// writes its history, its event and the person's next deadline in the same
// transaction.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite" // the driver
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lapse-dev/lapse/watch"
)

// never sorts last in an index: no deadline, no drop.
const never = int64(1) << 62

// Options says how to open a database.
type Options struct {
	// ReadOnly opens for reading alone; every write fails with
	// watch.ErrReadOnly.
	ReadOnly bool
	// Now is the clock of backup names and of rows that bring no time of their
	// own; nil is time.Now.
	Now func() time.Time
}

// Store is a watch.Store on one SQLite file.
type Store struct {
	path string
	o    Options
	bind watch.Binding

	mu     sync.Mutex // one writer at a time in this process
	full   *handle    // waits for the disk
	normal *handle    // does not
	read   *sql.DB

	prepared sync.Map // query → *sql.Stmt, of the hot reads
	texts    texts
	recall   recall
	scratch  scratch // of whoever writes

	version struct {
		sync.Mutex
		conn    *sql.Conn // data_version counts what other connections committed
		last    int64
		log     walState // when that was read
		settled bool     // whether a later commit is sure to change the log's state
	}
}

var _ watch.Store = (*Store)(nil)

// handle is one connection that writes, with its prepared statements.
type handle struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (h *handle) close() error {
	var errs []error
	for _, st := range h.stmts {
		errs = append(errs, st.Close())
	}
	if h.conn != nil {
		errs = append(errs, h.conn.Close())
	}
	return errors.Join(append(errs, h.db.Close())...)
}

// Open opens or creates a database, and brings an older one up to date after
// writing a backup beside it. It fails with a *CorruptError, a *NewerError or
// a *FolderError, and then leaves the file alone.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	for until := time.Now().Add(openWait); ; {
		s, err := openOnce(ctx, abs, o)
		if err == nil || !isBusy(err) || time.Now().After(until) {
			return s, err
		}
		// Another process is making the file. SQLite waits for it in its busy
		// timeout, except where both are turning it to WAL.
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// openWait is how long Open waits for another process that makes the file.
const openWait = 10 * time.Second

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

func openOnce(ctx context.Context, path string, o Options) (*Store, error) {
	fresh, err := inspect(path, o.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := &Store{path: path, o: o}
	s.bind = watch.Binding{
		Now: o.Now, Stale: 10 * time.Second,
		Todo: func(watch.Row, time.Time) watch.Todo { return watch.Todo{} },
	}
	if err := s.open(ctx, fresh); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", s.typed(err)), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, fresh bool) error {
	// Readers come last, and the first connection changes nothing, so that a
	// file of another version is only looked at.
	if !fresh {
		look := "mode=ro"
		if _, err := os.Stat(s.path + "-wal"); errors.Is(err, fs.ErrNotExist) {
			look = "mode=ro&immutable=1" // nobody has it open: leave no journal behind
		}
		probe, err := sql.Open("sqlite", s.dsn(look, "_pragma=busy_timeout(10000)"))
		if err != nil {
			return err
		}
		err = s.checkVersion(ctx, probe)
		if cerr := probe.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
	if !s.o.ReadOnly {
		for h, sync := range map[**handle]string{&s.full: "FULL", &s.normal: "NORMAL"} {
			// A transaction of many looks outgrows the page cache: spilled to the log
			// before its end, its pages would be written and read again.
			db, err := sql.Open("sqlite", s.dsn("_pragma=busy_timeout(10000)", "_pragma=journal_mode(WAL)",
				"_pragma=synchronous("+sync+")", "_pragma=foreign_keys(1)", "_pragma=wal_autocheckpoint(4000)", "_pragma=cache_spill(4000)"))
			if err != nil {
				return err
			}
			db.SetMaxOpenConns(1)
			*h = &handle{db: db, stmts: map[string]*sql.Stmt{}}
			if (*h).conn, err = db.Conn(ctx); err != nil {
				return err
			}
		}
		if err := s.migrate(ctx, fresh); err != nil {
			return err
		}
	}
	var err error
	s.read, err = sql.Open("sqlite", s.dsn("_pragma=busy_timeout(10000)", "_pragma=query_only(1)"))
	if err != nil {
		return err
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(4) // a connection that is opened again prepares every statement again
	return nil
}

func (s *Store) dsn(params ...string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(s.path)}).EscapedPath()}
	q := ""
	for _, p := range params {
		if q != "" {
			q += "&"
		}
		q += p
	}
	u.RawQuery = q
	return u.String()
}

// Bind gives the store what it computes inside its transactions.
func (s *Store) Bind(b watch.Binding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Now == nil {
		b.Now = s.o.Now
	}
	if b.Todo == nil {
		b.Todo = func(watch.Row, time.Time) watch.Todo { return watch.Todo{} }
	}
	if b.Stale <= 0 {
		b.Stale = 10 * time.Second
	}
	s.bind = b
}

// Path is the database file.
func (s *Store) Path() string { return s.path }

// Close closes every handle.
func (s *Store) Close() error {
	var errs []error
	s.version.Lock()
	if s.version.conn != nil {
		errs = append(errs, s.version.conn.Close())
		s.version.conn = nil
	}
	s.version.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range []*handle{s.full, s.normal} {
		if h == nil {
			continue
		}
		errs = append(errs, h.close())
	}
	if s.read != nil {
		s.prepared.Range(func(_, st any) bool {
			errs = append(errs, st.(*sql.Stmt).Close())
			return true
		})
		errs = append(errs, s.read.Close())
	}
	return errors.Join(errs...)
}

// tx is a write transaction, on its handle's one connection.
//
// What runs inside it is short and is not interrupted: a statement that could
// be costs a goroutine that waits for it. Who gives up before the end has
// changed nothing.
type tx struct {
	h   *handle
	s   *Store
	now time.Time
}

// durable runs fn in a transaction that is on the disk when it returns.
func (s *Store) durable(ctx context.Context, doing string, fn func(*tx) error) error {
	return s.write(ctx, doing, s.full, fn)
}

// lazy runs fn in a transaction that a power cut, but no crash of ours, may
// take back.
func (s *Store) lazy(ctx context.Context, doing string, fn func(*tx) error) error {
	return s.write(ctx, doing, s.normal, fn)
}

func (s *Store) write(ctx context.Context, doing string, h *handle, fn func(*tx) error) error {
	if s.o.ReadOnly {
		return fmt.Errorf("%s: %w", doing, watch.ErrReadOnly)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &tx{h: h, s: s, now: s.bind.Now()}
	// Immediate: a transaction that turned into a writer later could not wait
	// for another one and would fail instead.
	if err := t.begin(ctx); err != nil {
		// A caller that gives up may do so after it began.
		t.rollback(ctx)
		return fmt.Errorf("%s: %w", doing, s.typed(err))
	}
	err := fn(t)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		_, err = t.exec(ctx, "COMMIT")
	}
	if err != nil {
		t.rollback(ctx)
		return fmt.Errorf("%s: %w", doing, s.typed(err))
	}
	return nil
}

// begin waits for other processes that write, as long as ctx allows.
func (t *tx) begin(ctx context.Context) error {
	st, err := t.stmt(ctx, "BEGIN IMMEDIATE") //nolint:sqlclosecheck // kept prepared until Close
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx)
	return err
}

// first runs a query for its first row.
func (t *tx) first(ctx context.Context, query string, args ...any) (*sql.Row, error) {
	st, err := t.stmt(ctx, query) //nolint:sqlclosecheck // kept prepared until Close
	if err != nil {
		return nil, err
	}
	return st.QueryRowContext(context.WithoutCancel(ctx), args...), nil
}

// rollback ends the transaction if there is one: SQLite may have ended it
// already, and a transaction left open would lock out every process.
func (t *tx) rollback(ctx context.Context) {
	for range 3 {
		_, err := t.exec(ctx, "ROLLBACK")
		var e *sqlite.Error
		if err == nil || (errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_ERROR) {
			return // done, or "no transaction is active"
		}
	}
}

func (t *tx) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	st := t.h.stmts[query]
	if st == nil {
		var err error
		if st, err = t.h.conn.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		t.h.stmts[query] = st
	}
	return st, nil
}

func (t *tx) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := t.stmt(ctx, query) //nolint:sqlclosecheck // kept prepared until Close
	if err != nil {
		return nil, err
	}
	return st.ExecContext(context.WithoutCancel(ctx), args...)
}

func (t *tx) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := t.stmt(ctx, query) //nolint:sqlclosecheck // kept prepared until Close
	if err != nil {
		return nil, err
	}
	return st.QueryContext(context.WithoutCancel(ctx), args...)
}

// one scans the first row of a query; sql.ErrNoRows where there is none.
func (t *tx) one(ctx context.Context, query string, args []any, into ...any) error {
	st, err := t.stmt(ctx, query) //nolint:sqlclosecheck // kept prepared until Close
	if err != nil {
		return err
	}
	return st.QueryRowContext(context.WithoutCancel(ctx), args...).Scan(into...)
}

// atMost ends a query that is kept prepared. SQLite plans by the value of a bare
// "LIMIT ?" and prepares the query again whenever another one is bound; into a
// sum it does not look.
const atMost = "LIMIT ? + 0"

// hot runs a query of the read pool that is kept prepared: parsing a query costs
// more than running a small one. So does a goroutine that waits for its
// cancellation: a small query runs to its end.
func (s *Store) hot(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if st, ok := s.prepared.Load(query); ok {
		return st.(*sql.Stmt).QueryContext(ctx, args...)
	}
	st, err := s.read.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if old, ok := s.prepared.LoadOrStore(query, st); ok {
		_ = st.Close() //nolint:sqlclosecheck // somebody else was quicker, theirs is kept
		return old.(*sql.Stmt).QueryContext(ctx, args...)
	}
	return st.QueryContext(ctx, args...)
}

// hotRow is hot for a query with one row.
func (s *Store) hotRow(ctx context.Context, query string, args ...any) *row {
	rows, err := s.hot(ctx, query, args...) //nolint:rowserrcheck // row.Scan checks it
	return &row{rows, err}
}

// row is the first row of a query, or why there is none.
type row struct {
	rows *sql.Rows
	err  error
}

// Scan reads the row; sql.ErrNoRows where there is none.
func (r *row) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := r.rows.Scan(into...); err != nil {
		return err
	}
	return r.rows.Close()
}

func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func orNever(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	return t.UnixMicro()
}

func at(v sql.NullInt64) time.Time {
	if !v.Valid || v.Int64 == never {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64).UTC()
}
