package watch_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

// TestClockJumps lets a machine sleep across a window, and its clock run a year
// ahead and be set back: both are noticed and said, and nobody waits a year for
// the next look.
func TestClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())).UTC() }
		path := filepath.Join(keptFolder(t), "lapse.db")
		db, err := store.Open(t.Context(), path, store.Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		reg := newRegistry()
		const n = watch.Name("tinplate.app") // drops to the second, 35 days after its deletion
		deleted := now().Add(-35*day + 2*time.Hour)
		reg.put(string(n), whoisx.Answer{
			Outcome: whoisx.Registered, Confirmed: true, Statuses: []string{"redemptionPeriod", "pendingDelete"},
			Created: whoisx.Day(1990, 1, 1), Updated: whoisx.At(deleted.Add(5 * day)), Expires: whoisx.At(deleted.Add(-30 * day)),
		})
		s := watch.New(watch.Options{Store: db, Sources: reg.sources()[:2], Lock: store.NewLock(path), Now: now, Holder: "test"})
		if _, err := s.Add(t.Context(), []watch.NewWatch{{Input: string(n)}}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var said []string
		ran := make(chan error, 1)
		go func() { ran <- s.Run(ctx) }()
		heard := func(words ...string) bool {
			said = nil
			es, err := db.Events(t.Context(), 0, 10000)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, e := range es {
				if e.Kind != watch.EvTrouble {
					continue
				}
				said = append(said, e.Text)
				all := true
				for _, w := range words {
					all = all && strings.Contains(e.Text, w)
				}
				found = found || all
			}
			return found
		}
		hears := func(words ...string) bool {
			for range 30 {
				if heard(words...) {
					return true
				}
				time.Sleep(time.Minute)
			}
			return false
		}
		asks := func() int {
			reg.mu.Lock()
			defer reg.mu.Unlock()
			return reg.asks[string(n)]
		}
		time.Sleep(5 * time.Minute)
		if asks() == 0 || heard("nothing ran") || heard("clock") {
			t.Fatalf("asked %d times, said %q", asks(), said)
		}

		ahead.Store(int64(6 * 24 * time.Hour)) // asleep, while the window opened
		time.Sleep(5 * time.Minute)
		if !hears("nothing ran for 144h", "windows opened meanwhile", string(n)) {
			t.Errorf("after a sleep of days: said %q", said)
		}

		ahead.Store(int64(366 * 24 * time.Hour)) // set a year ahead
		time.Sleep(5 * time.Minute)
		if !hears("nothing ran for 864") {
			t.Errorf("after a year: said %q", said)
		}
		before := asks()
		if before == 0 {
			t.Error("a clock a year ahead, and nothing was asked")
		}
		ahead.Store(0) // and back
		time.Sleep(20 * time.Minute)
		if !hears("the clock went back by", "1 names that were looked at by a clock that ran ahead are asked again") {
			t.Errorf("set back: said %q", said)
		}
		if asks() == before {
			t.Error("set back, and it waits for next year")
		}

		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}
