package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

func names(n int) []watch.Watch {
	ws := make([]watch.Watch, n)
	for i := range ws {
		ws[i] = watch.Watch{Name: watch.Name("name-" + strconv.Itoa(i) + ".com"), Kind: watch.Want}
	}
	return ws
}

// BenchmarkImport holds the import of 100,000 names against the plain prepared
// insert of the same rows in one transaction, in one run.
func BenchmarkImport(b *testing.B) {
	ctx := context.Background()
	const n = 100_000
	var lines []watch.NewWatch
	for _, w := range names(n) {
		lines = append(lines, watch.NewWatch{Input: string(w.Name)})
	}
	var plain, ours time.Duration
	for b.Loop() {
		for _, who := range []string{"plain", "ours"} {
			runtime.GC()
			path := filepath.Join(b.TempDir(), who+".db")
			s, err := store.Open(ctx, path, store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if who == "plain" {
				db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(FULL)&_txlock=immediate")
				if err != nil {
					b.Fatal(err)
				}
				begin := time.Now()
				tx, err := db.Begin()
				if err != nil {
					b.Fatal(err)
				}
				//nolint:sqlclosecheck // ends with its transaction
				st, err := tx.Prepare(`INSERT INTO watch (name, tld, kind, tags, note, purpose, priority, cap, cap_in, bid_cap, bid_cap_in, created, updated, due, due_why)
					VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'new')`)
				if err != nil {
					b.Fatal(err)
				}
				now := time.Now().UnixMicro()
				for _, l := range lines {
					if _, err := st.Exec(l.Input, "com", "want", "", "", "", 0, 0, "", 0, "", now, now, now); err != nil {
						b.Fatal(err)
					}
				}
				if err := tx.Commit(); err != nil {
					b.Fatal(err)
				}
				plain += time.Since(begin)
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			} else {
				svc := watch.New(watch.Options{Store: s})
				begin := time.Now()
				res, err := svc.Add(ctx, lines)
				if err != nil || !res[n-1].Added {
					b.Fatal(err)
				}
				ours += time.Since(begin)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(plain.Milliseconds())/float64(b.N), "plain-ms")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "import-ms")
	b.ReportMetric(float64(ours)/float64(plain), "ratio")
}

func filled(b *testing.B, n int) *store.Store {
	b.Helper()
	s := open(b, temp(b))
	if _, err := s.Add(context.Background(), names(n)); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkDue reads the 32 names that are due first, of 1,000 to 100,000.
func BenchmarkDue(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := filled(b, n)
			for b.Loop() {
				rows, _, err := s.Due(b.Context(), time.Now().Add(time.Hour), 32)
				if err != nil || len(rows) != 32 {
					b.Fatal(len(rows), err)
				}
			}
		})
	}
}

// BenchmarkFirstPage lists the first 50 rows by the person's deadline.
func BenchmarkFirstPage(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := filled(b, n)
			for b.Loop() {
				p, err := s.List(b.Context(), watch.Query{Limit: 50})
				if err != nil || len(p.Rows) != 50 || p.Total != n {
					b.Fatal(err)
				}
			}
		})
	}
}

func look(n watch.Name, at time.Time) watch.Look {
	v := lifecycle.Verdict{Stage: lifecycle.Registered, Confidence: lifecycle.Single, Expires: whoisx.Day(2027, 1, 1), Registrar: "Some Registrar", Sources: []whoisx.Source{whoisx.RDAP}, Why: []string{"RDAP says that it is registered"}}
	return watch.Look{
		Name: n, At: at, Verdict: v, Due: at.Add(time.Hour), DueWhy: "nothing is due", Seen: &watch.Before{At: at},
		Answers: []whoisx.Answer{{Source: whoisx.RDAP, Server: "rdap.example", Name: string(n), Asked: at, Outcome: whoisx.Registered, Confirmed: true, Raw: []byte(strings.Repeat("some line of an answer\n", 100))}},
	}
}

// BenchmarkSaveLooks keeps 200 looks, with their raw answers, in one
// transaction.
func BenchmarkSaveLooks(b *testing.B) {
	ctx := context.Background()
	for _, n := range []int{1000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := filled(b, n)
			i := 0
			for b.Loop() {
				epoch, err := s.Take(ctx, "bench") // a heartbeat as well
				if err != nil {
					b.Fatal(err)
				}
				ls := make([]watch.Look, 200)
				for j := range ls {
					ls[j] = look(watch.Name("name-"+strconv.Itoa(i%n)+".com"), time.Now())
					i++
				}
				if err := s.SaveLooks(ctx, epoch, ls); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*200)/b.Elapsed().Seconds(), "looks/s")
		})
	}
}

// BenchmarkSaveLook keeps looks one by one, as they come when few names are
// asked about: at which nothing changed, and at which something did.
func BenchmarkSaveLook(b *testing.B) {
	ctx := context.Background()
	for _, c := range []string{"same", "changed"} {
		b.Run(c, func(b *testing.B) {
			s := filled(b, 1000)
			epoch, err := s.Take(ctx, "bench")
			if err != nil {
				b.Fatal(err)
			}
			beat := time.Now()
			i := 0
			for b.Loop() {
				now := time.Now()
				if now.Sub(beat) > time.Second {
					if err := s.Beat(ctx, epoch, ""); err != nil {
						b.Fatal(err)
					}
					beat = now
				}
				l := look(watch.Name("name-"+strconv.Itoa(i%100)+".com"), now)
				l.Answers[0].Raw = append(l.Answers[0].Raw, strconv.Itoa(i)...)
				if c == "changed" {
					l.Changes = []watch.Change{{At: now, Name: l.Name, Field: "registrar", Before: "A", After: "B", Source: "rdap"}}
				}
				if err := s.SaveLooks(ctx, epoch, []watch.Look{l}); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	path := temp(b)
	s := open(b, path)
	add(b, s, "a.com")
	for b.Loop() {
		s, err := store.Open(b.Context(), path, store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.List(b.Context(), watch.Query{Limit: 50}); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory reports the resident memory of a process that has 100,000
// names in its database, looked at the first page and at what is due.
func BenchmarkMemory(b *testing.B) {
	s := filled(b, 100_000)
	for b.Loop() {
		if _, err := s.List(b.Context(), watch.Query{Limit: 50}); err != nil {
			b.Fatal(err)
		}
		if _, _, err := s.Due(b.Context(), time.Now(), 100); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	if kb, ok := resident(); ok {
		b.ReportMetric(float64(kb)/1024, "rss-MB")
	}
}

func resident() (kb int, ok bool) {
	f, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	for l := range strings.Lines(string(f)) {
		if strings.HasPrefix(l, "VmRSS:") {
			_, err := fmt.Sscanf(l, "VmRSS: %d kB", &kb)
			return kb, err == nil
		}
	}
	return 0, false
}
