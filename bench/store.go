package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver of the bare side

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/rdap"
)

// shelf is a folder with databases, thrown away at the end.
type shelf struct {
	dir string
	n   int
}

func newShelf() (*shelf, error) {
	dir, err := os.MkdirTemp("", "lapse-bench-")
	return &shelf{dir: dir}, err
}

func (s *shelf) close() { _ = os.RemoveAll(s.dir) }

func (s *shelf) open(ctx context.Context) (*store.Store, error) {
	s.n++
	return store.Open(ctx, filepath.Join(s.dir, strconv.Itoa(s.n)+".db"), store.Options{})
}

func lines(n int) []watch.NewWatch {
	ws := make([]watch.NewWatch, n)
	for i := range ws {
		ws[i].Input = "name-" + strconv.Itoa(i) + ".com"
	}
	return ws
}

// importNames adds 100,000 names as lapse add does, parsing and checking each,
// beside the plain prepared insert of the same rows in one transaction.
func importNames(ctx context.Context) ([]result, error) {
	shelf, err := newShelf()
	if err != nil {
		return nil, err
	}
	defer shelf.close()
	ws := lines(100_000)
	r, err := sampled(ctx, "import-100k", 1.3, perOp, func(s side) (float64, error) {
		runtime.GC()
		st, err := shelf.open(ctx)
		if err != nil {
			return 0, err
		}
		defer func() { _ = st.Close(); _ = os.Remove(st.Path()) }()
		if s.who == "ours" {
			svc := watch.New(watch.Options{Store: st})
			begin := time.Now()
			res, err := svc.Add(ctx, ws)
			if err == nil && !res[len(res)-1].Added {
				err = errors.New("not all were added")
			}
			return float64(time.Since(begin)), err
		}
		db, err := sql.Open("sqlite", "file:"+st.Path()+"?_pragma=synchronous(FULL)&_txlock=immediate")
		if err != nil {
			return 0, err
		}
		defer func() { _ = db.Close() }()
		begin := time.Now()
		err = plainInsert(ctx, db, ws)
		return float64(time.Since(begin)), err
	}, side{who: "ours"}, side{who: "plain insert"})
	r.note = "100,000 names, on the disk at the end"
	return []result{r}, err
}

func plainInsert(ctx context.Context, db *sql.DB, ws []watch.NewWatch) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	st, err := tx.PrepareContext(ctx, `INSERT INTO watch (name, tld, kind, tags, note, purpose, priority, cap, cap_in, bid_cap, bid_cap_in, created, updated, due, due_why)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'new')`)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	now := time.Now().UnixMicro()
	for _, w := range ws {
		if _, err := st.ExecContext(ctx, w.Input, "com", "want", "", "", "", 0, 0, "", 0, "", now, now, now); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// dueQuery reads the 32 names that are due first, of 1,000 and of 100,000: the
// ratio is the one to the other.
func dueQuery(ctx context.Context) ([]result, error) {
	shelf, err := newShelf()
	if err != nil {
		return nil, err
	}
	defer shelf.close()
	var sides []side
	for _, n := range []int{100_000, 10_000, 1000} {
		st, err := shelf.open(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { _ = st.Close() }()
		if _, err := watch.New(watch.Options{Store: st}).Add(ctx, lines(n)); err != nil {
			return nil, err
		}
		at := time.Now().Add(time.Hour)
		sides = append(sides, side{"of " + strconv.Itoa(n), func() error {
			rows, _, err := st.Due(ctx, at, 32)
			if err == nil && len(rows) != 32 {
				err = fmt.Errorf("%d rows", len(rows))
			}
			return err
		}})
	}
	// The first against the last: both ends.
	r, err := timed(ctx, "due-query", 1.25, 500, sides[0], sides[2], sides[1])
	r.limit = 100e3
	r.note = "32 rows; ratio of 100,000 names to 1,000"
	return []result{r}, err
}

func init() {
	children["store-memory-ours"] = func(path string) error {
		ctx := context.Background()
		st, err := store.Open(ctx, path, store.Options{})
		if err != nil {
			return err
		}
		hosts, err := fastHosts()
		if err != nil {
			return err
		}
		svc := watch.New(watch.Options{Store: st, Sources: []watch.Source{echo{}}, Hosts: hosts, Lock: store.NewLock(path), Holder: "bench"})
		rctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		for range 20 {
			if _, err := svc.List(ctx, watch.Query{Limit: 50}); err != nil {
				return err
			}
			if _, err := svc.Queue(ctx, 200); err != nil {
				return err
			}
		}
		return errors.Join(svc.Run(rctx), st.Close())
	}
}

// echo is a source that reads the same answer about every name, without a
// network between.
type echo struct{}

func (echo) Kind() whoisx.Source { return whoisx.RDAP }
func (echo) Host(string) string  { return "127.0.0.1" }
func (echo) Ask(_ context.Context, name string) whoisx.Answer {
	a := rdap.Explain([]byte(strings.ReplaceAll(answer, "%s", name)), http.StatusOK, name, time.Now())
	a.Server = "127.0.0.1"
	return a
}

// fastHosts are limits under which loopback is asked as fast as it answers.
func fastHosts() (*watch.HostBook, error) {
	hosts := watch.DefaultHosts()
	return hosts, hosts.Overlay("bench", []byte("[private]\nrate = 10000\nburst = 10000\n"))
}

// storeMemory is the resident memory of a process that acts on 100,000 names.
func storeMemory(ctx context.Context) ([]result, error) {
	shelf, err := newShelf()
	if err != nil {
		return nil, err
	}
	defer shelf.close()
	st, err := shelf.open(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := watch.New(watch.Options{Store: st}).Add(ctx, lines(100_000)); err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	r, err := sampled(ctx, "store-memory", 0, bytes, func(side) (float64, error) {
		return peak(ctx, "store-memory-ours", st.Path())
	}, side{who: "ours"})
	r.limit = 60e6
	r.note = "peak resident memory, a process that lists 100,000 names which are all due and looks at them for 3 s"
	return []result{r}, err
}

// alertStorm keeps 10,000 changes with their alerts, and then tells them all
// through a channel that takes no time.
func alertStorm(ctx context.Context) ([]result, error) {
	shelf, err := newShelf()
	if err != nil {
		return nil, err
	}
	defer shelf.close()
	const n = 10_000
	quick := &quickChannel{}
	var stormed, told []float64
	for range 3 {
		st, err := shelf.open(ctx)
		if err != nil {
			return nil, err
		}
		svc := watch.New(watch.Options{Store: st, Channels: []alert.Channel{quick}, Alerts: alert.Rules{Channels: []string{quick.Name()}}})
		if _, err := svc.Add(ctx, lines(n)); err != nil {
			return nil, err
		}
		begin := time.Now()
		if err := storm(ctx, st, n); err != nil {
			return nil, err
		}
		stormed = append(stormed, float64(time.Since(begin)))
		begin = time.Now()
		s := alert.Sender{Outbox: st, Channels: map[string]alert.Channel{quick.Name(): quick}, Now: time.Now}
		for sum := 0; sum < n; {
			k, err := s.Deliver(ctx)
			if err != nil {
				return nil, err
			}
			if k == 0 {
				return nil, fmt.Errorf("%d of %d alerts were told", sum, n)
			}
			sum += k
		}
		told = append(told, float64(time.Since(begin)))
		if err := st.Close(); err != nil {
			return nil, err
		}
	}
	line := func(name string, v []float64, note string) result {
		return result{name: name, sides: []measure{{who: "ours", median: median(v), unit: perOp}}, note: note}
	}
	kept := line("alert-storm", stormed, "10,000 changes kept with their alerts (at most a minute)")
	kept.limit = float64(time.Minute)
	return []result{kept, line("alert-storm-told", told, "10,000 alerts told one by one, each marked on the disk before and after")}, nil
}

func storm(ctx context.Context, st *store.Store, n int) error {
	epoch, err := st.Take(ctx, "bench")
	if err != nil {
		return err
	}
	now := time.Now()
	for i := 0; i < n; i += 200 {
		var ls []watch.Look
		for k := i; k < min(i+200, n); k++ {
			name := watch.Name("name-" + strconv.Itoa(k) + ".com")
			was := lifecycle.Verdict{Stage: lifecycle.Expired}
			ls = append(ls, watch.Look{
				Name: name, At: now, Before: &was, Verdict: lifecycle.Verdict{Stage: lifecycle.Redemption}, Due: now.AddDate(1, 0, 0),
				Answers: []whoisx.Answer{{Source: whoisx.RDAP, Server: "rdap.example", Name: string(name), Asked: now, Outcome: whoisx.Registered}},
				Changes: []watch.Change{{At: now, Name: name, Field: "stage", Before: "expired", After: "redemption", Source: "rdap"}},
			})
		}
		if err := st.Beat(ctx, epoch, ""); err != nil {
			return err
		}
		if err := st.SaveLooks(ctx, epoch, ls); err != nil {
			return err
		}
	}
	return st.Release(ctx, epoch)
}

type quickChannel struct{}

func (*quickChannel) Name() string                              { return "quick" }
func (*quickChannel) Send(context.Context, alert.Message) error { return nil }
