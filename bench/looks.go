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
	"runtime"
	"strings"
	"time"

	whoisparser "github.com/likexian/whois-parser"
	_ "modernc.org/sqlite" // the driver of the bare side

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/rdap"
	"github.com/lapse-dev/lapse/whoisx/whois"
)

// lookBookkeeping lets the service ask about 1,000 names that are due, decide
// and keep what came back, beside bare loops that send the same requests and
// read the answers: one name after the other, and as many at once as the service
// has. The first two lines are of names about which the sources were at odds
// before: RDAP and WHOIS are both asked about each, and they agree, so that
// everything that a look may write is written. The third is of names about which
// nothing new is heard, as of most.
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
	both := []func(string) ([]byte, error){askRDAP, askWHOIS}
	loop, plainly := b.loop(1, both), func(context.Context) (float64, error) { return b.plainly(ctx, both) }
	var out []result
	for _, c := range []struct {
		name, note string
		goal       float64
		before     lifecycle.Confidence
		beside     []beside
	}{
		{
			"look-bookkeeping", "1,000 names: RDAP and WHOIS asked, decided, kept with history and evidence", 1.5, lifecycle.Conflict,
			[]beside{{"net/http and net.Dial, one name after the other", loop}},
		},
		{
			"look-bookkeeping-64", "the same beside as many at once as ours has", 1.5, lifecycle.Conflict,
			[]beside{{"net/http and net.Dial, 64 names at once", b.loop(64, both)}, {"these read and kept plainly", plainly}},
		},
		{
			"look-bookkeeping-again", "RDAP alone, nothing changed since the look before", 0, "",
			[]beside{{"net/http, 64 names at once", b.loop(64, both[:1])}},
		},
	} {
		sides := []side{{who: "ours"}}
		for _, o := range c.beside {
			sides = append(sides, side{who: o.who})
		}
		r, err := sampled(ctx, c.name, c.goal, perOp, func(s side) (float64, error) {
			runtime.GC()
			for _, o := range c.beside {
				if o.who == s.who {
					return o.do(ctx)
				}
			}
			return b.ours(ctx, c.before)
		}, sides...)
		if err != nil {
			return out, err
		}
		r.note = fmt.Sprintf("%s; processor time, both ends in: %s beside %s", c.note, time.Duration(median(b.cpu[0])).Round(time.Millisecond), time.Duration(median(b.cpu[1])).Round(time.Millisecond))
		b.cpu = [2][]float64{}
		out = append(out, r)
	}
	return out, nil
}

// beside is what ours is held against.
type beside struct {
	who string
	do  func(context.Context) (float64, error)
}

// loop is the bare loop, with some names at once: what it asks is read, and that
// is all.
func (b *bookkeeping) loop(atOnce int, asks []func(name string) ([]byte, error)) func(context.Context) (float64, error) {
	return func(context.Context) (float64, error) {
		begin, cpu := time.Now(), cpuTime()
		err := spread(looked, atOnce, func(name string) error {
			for _, ask := range asks {
				if _, err := ask(name); err != nil {
					return err
				}
			}
			return nil
		})
		b.cpu[1] = append(b.cpu[1], float64(cpuTime()-cpu))
		return float64(time.Since(begin)), err
	}
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
