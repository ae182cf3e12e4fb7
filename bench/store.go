package main

import (
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	whoisparser "github.com/likexian/whois-parser"
	_ "modernc.org/sqlite" // the driver of the bare side

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/rdap"
	"github.com/lapse-dev/lapse/whoisx/whois"
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

// lookBookkeeping lets the service ask about 1,000 names that are due, decide
// and keep what came back, beside a bare loop that sends the same requests and
// reads the answers. The first line is of names about which the sources were at
// odds before: RDAP and WHOIS are both asked about each, and they agree, so that
// every look also writes history, evidence and an event. The second is of names
// far from any change, where RDAP alone is asked and nothing new is heard.
func lookBookkeeping(ctx context.Context) ([]result, error) {
	srv := rdapServer(0)
	defer srv.Close()
	l, err := whoisServer()
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	addr := l.Addr().String()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	servers := whois.DefaultTable()
	if err := servers.Configure("com", addr); err != nil {
		return nil, err
	}
	b := &bookkeeping{bare: bareClient(roots), rdap: ourClient(roots, srv.URL), whois: whois.New(whois.Options{Servers: servers, NoRoot: true})}
	defer b.bare.CloseIdleConnections()
	defer b.rdap.Close()
	if b.shelf, err = newShelf(); err != nil {
		return nil, err
	}
	defer b.shelf.close()
	if b.hosts, err = fastHosts(); err != nil {
		return nil, err
	}
	askRDAP, askWHOIS := readBare(b.bare, srv.URL), readBareWHOIS(addr)
	const plainly = "read and kept plainly"
	var out []result
	for _, c := range []struct {
		name, who, note string
		before          lifecycle.Confidence
		asks            []func(name string) ([]byte, error)
	}{
		{
			"look-bookkeeping", "net/http and net.Dial", "1,000 names, 64 at once: RDAP and WHOIS asked, decided, kept with history and evidence", lifecycle.Conflict,
			[]func(string) ([]byte, error){askRDAP, askWHOIS},
		},
		{
			"look-bookkeeping-again", "net/http", "the same with RDAP alone, nothing changed since the look before", "",
			[]func(string) ([]byte, error){askRDAP},
		},
	} {
		r, err := sampled(ctx, c.name, 1.5, perOp, func(s side) (float64, error) {
			runtime.GC()
			switch s.who {
			case "ours":
				return b.ours(ctx, c.before)
			case plainly:
				return b.plainly(ctx, c.asks)
			}
			begin, cpu := time.Now(), cpuTime()
			err := spread(looked, 64, func(name string) error {
				for _, ask := range c.asks {
					if _, err := ask(name); err != nil {
						return err
					}
				}
				return nil
			})
			b.cpu[1] = append(b.cpu[1], float64(cpuTime()-cpu))
			return float64(time.Since(begin)), err
		}, side{who: "ours"}, side{who: c.who}, side{who: plainly})
		if err != nil {
			return out, err
		}
		r.note = fmt.Sprintf("%s; processor time, both ends in: %s beside %s", c.note, time.Duration(median(b.cpu[0])).Round(time.Millisecond), time.Duration(median(b.cpu[1])).Round(time.Millisecond))
		b.cpu = [2][]float64{}
		out = append(out, r)
	}
	return out, nil
}

// looked is how many names a round of look-bookkeeping looks at.
const looked = 1000

// bookkeeping is what the rounds of look-bookkeeping share.
type bookkeeping struct {
	shelf *shelf
	bare  *http.Client
	rdap  *rdap.Client
	whois *whois.Client
	hosts *watch.HostBook
	cpu   [2][]float64 // of ours and of the bare loop
}

// ours is one round: names that were seen otherwise before, or whose last look
// was like the next one, are due at once; the time until all looks are kept.
func (b *bookkeeping) ours(ctx context.Context, before lifecycle.Confidence) (float64, error) {
	st, err := b.shelf.open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = st.Close(); _ = os.Remove(st.Path()) }()
	svc := watch.New(watch.Options{Store: st, Sources: []watch.Source{b.rdap, b.whois}, Hosts: b.hosts, Lock: store.NewLock(st.Path()), Holder: "bench"})
	ws := lines(looked)
	if _, err := svc.Add(ctx, ws); err != nil {
		return 0, err
	}
	if before == "" {
		if _, err := pollAll(ctx, svc, st); err != nil {
			return 0, err
		}
		for _, w := range ws {
			if err := st.Touch(ctx, watch.Name(w.Input), time.Now(), "again"); err != nil {
				return 0, err
			}
		}
	} else if err := seenAs(ctx, st, ws, before); err != nil {
		return 0, err
	}
	runtime.GC()
	cpu := cpuTime()
	took, err := pollAll(ctx, svc, st)
	b.cpu[0] = append(b.cpu[0], float64(cpuTime()-cpu))
	if err != nil {
		return 0, err
	}
	return float64(took), b.kept(ctx, svc, before != "")
}

// plainly is the bare loop with the least that reading and keeping can be: the
// usual parsers, a row a name brought up to date, a row an answer as it came, 200
// names in a transaction. Nothing is decided, compared or compressed.
func (b *bookkeeping) plainly(ctx context.Context, asks []func(name string) ([]byte, error)) (float64, error) {
	st, err := b.shelf.open(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = st.Close(); _ = os.Remove(st.Path()) }()
	if _, err := watch.New(watch.Options{Store: st}).Add(ctx, lines(looked+1)); err != nil {
		return 0, err
	}
	db, err := sql.Open("sqlite", "file:"+st.Path()+"?_pragma=synchronous(NORMAL)&_txlock=immediate")
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	type read struct {
		name string
		says [][]byte
	}
	reads := make(chan read, 200)
	kept := make(chan error, 1)
	begin := time.Now()
	go func() {
		kept <- keepPlainly(ctx, db, func() (string, [][]byte, bool) { r, ok := <-reads; return r.name, r.says, ok })
	}()
	err = spread(looked, 64, func(name string) error {
		r := read{name: name}
		for i, ask := range asks {
			says, err := ask(name)
			if err != nil {
				return err
			}
			if i == 0 {
				err = json.Unmarshal(says, &struct {
					LDHName string   `json:"ldhName"`
					Status  []string `json:"status"`
					Events  []struct {
						Action string    `json:"eventAction"`
						Date   time.Time `json:"eventDate"`
					} `json:"events"`
				}{})
			} else {
				_, err = whoisparser.Parse(string(says))
			}
			if err != nil {
				return err
			}
			r.says = append(r.says, says)
		}
		reads <- r
		return nil
	})
	close(reads)
	err = errors.Join(err, <-kept)
	return float64(time.Since(begin)), err
}

func keepPlainly(ctx context.Context, db *sql.DB, next func() (string, [][]byte, bool)) error {
	for more := true; more; {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		up, err := tx.PrepareContext(ctx, `UPDATE watch SET stage = 'registered', due = ? WHERE name = ?`)
		if err != nil {
			return err
		}
		put, err := tx.PrepareContext(ctx, `INSERT INTO evidence (name, at, answer, raw) VALUES (?, ?, '', ?)`)
		if err != nil {
			return err
		}
		for range 200 {
			name, says, ok := next()
			if more = ok; !ok {
				break
			}
			now := time.Now().UnixMicro()
			if _, err := up.ExecContext(ctx, now, name); err != nil {
				return err
			}
			for _, s := range says {
				if _, err := put.ExecContext(ctx, name, now, s); err != nil {
					return err
				}
			}
		}
		if err := errors.Join(up.Close(), put.Close(), tx.Commit()); err != nil {
			return err
		}
	}
	return nil
}

// kept looks whether a name was asked about where it should have been, and
// whether all of it is there.
func (b *bookkeeping) kept(ctx context.Context, svc *watch.Service, both bool) error {
	d, err := svc.Get(ctx, "name-777.com")
	if err != nil {
		return err
	}
	if d.Verdict.Stage != lifecycle.Registered || (d.Verdict.Confidence == lifecycle.Confirmed) != both || len(d.Answers) == 0 || len(d.Answers[0].Raw) < 1000 {
		var said []string
		for _, a := range d.Answers {
			said = append(said, fmt.Sprintf("%s %s: %s %s", a.Source, a.Server, a.Outcome, a.Why))
		}
		return fmt.Errorf("kept as %s, %s, of %s", d.Verdict.Stage, d.Verdict.Confidence, strings.Join(said, "; "))
	}
	return nil
}

// pollAll lets a service act until nothing is due any more.
func pollAll(ctx context.Context, svc *watch.Service, st *store.Store) (time.Duration, error) {
	events, stop := svc.Subscribe()
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	begin := time.Now()
	go func() { done <- svc.Run(ctx) }()
	for {
		<-events
		if due, _, err := st.Due(ctx, time.Now(), 1); err != nil || len(due) == 0 {
			took := time.Since(begin)
			cancel()
			return took, errors.Join(err, <-done)
		}
	}
}

// seenAs writes down how sure the last verdict of names was, and makes them due.
func seenAs(ctx context.Context, st *store.Store, ws []watch.NewWatch, sure lifecycle.Confidence) error {
	epoch, err := st.Take(ctx, "bench")
	if err != nil {
		return err
	}
	now := time.Now()
	ls := make([]watch.Look, len(ws))
	for i, w := range ws {
		at := now.Add(-time.Minute)
		v := lifecycle.Verdict{Stage: lifecycle.Registered, Confidence: sure, Since: whoisx.Date{Time: at}}
		ls[i] = watch.Look{
			Name: watch.Name(w.Input), At: at, Verdict: v, Seen: &watch.Before{Verdict: v, At: at, HeldAt: at, LastHeld: lifecycle.Registered}, Due: now, DueWhy: "bench",
			Answers: []whoisx.Answer{{Source: whoisx.RDAP, Server: "127.0.0.1", Name: w.Input, Asked: at, Outcome: whoisx.Registered}},
		}
	}
	if err := st.SaveLooks(ctx, epoch, ls); err != nil {
		return err
	}
	return st.Release(ctx, epoch)
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
