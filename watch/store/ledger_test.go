package store_test

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
)

func usd(n int64) catch.Money { return catch.Money{Units: n * 10000, Currency: "USD"} }

// bench is a store with a clock of its own and one order.
type bench struct {
	*store.Store
	now   time.Time
	order catch.Order
	epoch int64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Store: open(t, temp(t)), now: time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)}
	b.Bind(watch.Binding{Now: func() time.Time { return b.now }, MonthCaps: map[string]catch.Money{"USD": usd(100)}, Stale: 10 * time.Second})
	var err error
	if b.epoch, err = b.Take(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	b.order = b.place(t, "a.com", usd(60))
	return b
}

func (b *bench) place(t *testing.T, name string, most catch.Money) catch.Order {
	t.Helper()
	o, err := b.AddOrder(t.Context(), catch.Order{Key: name, Name: name, Route: "r", Service: "R", State: catch.Requested, Cap: most})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (b *bench) intend(ctx context.Context) (int64, error) {
	return b.Intend(ctx, catch.LedgerEntry{Epoch: b.epoch, Order: b.order.ID, Name: b.order.Name, Route: "r", Action: "order", AtMost: usd(60)})
}

// TestIntendOnce: what was won meanwhile is never bought again, and what is not
// due is never paid, whoever asks.
func TestIntendOnce(t *testing.T) {
	for action, states := range map[string][]catch.State{
		"order": {catch.Planned, catch.Active, catch.WonProvisional, catch.PaymentDue, catch.AuctionLeading},
		"burst": {catch.Planned, catch.WonProvisional},
		"pay":   {catch.Active, catch.AuctionLeading, catch.WonProvisional, catch.InDoubt},
	} {
		for _, st := range states {
			b := newBench(t)
			o, err := b.AddOrder(t.Context(), catch.Order{Key: "k", Name: "b.com", Route: "r", Service: "R", State: st, Cap: usd(20)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Intend(t.Context(), catch.LedgerEntry{Epoch: b.epoch, Order: o.ID, Name: o.Name, Route: "r", Action: action, AtMost: usd(20)}); !errors.Is(err, watch.ErrStale) {
				t.Errorf("%s of an order that is %s: %v, want it refused", action, st, err)
			}
		}
	}
}

func TestIntendAsserts(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(*testing.T, *bench)
		want   error
	}{
		{"holder", func(*testing.T, *bench) {}, nil},
		{"another took the lease", func(t *testing.T, b *bench) {
			if _, err := b.Take(t.Context(), "other"); err != nil {
				t.Fatal(err)
			}
		}, watch.ErrNotHolder},
		{"gave it back", func(t *testing.T, b *bench) {
			if err := b.Release(t.Context(), b.epoch); err != nil {
				t.Fatal(err)
			}
		}, watch.ErrNotHolder},
		{"slept past its heartbeat", func(_ *testing.T, b *bench) { b.now = b.now.Add(11 * time.Second) }, watch.ErrNotHolder},
		{"beats", func(t *testing.T, b *bench) {
			for range 3 {
				b.now = b.now.Add(9 * time.Second)
				if err := b.Beat(t.Context(), b.epoch, ""); err != nil {
					t.Fatal(err)
				}
			}
		}, nil},
		{"halted", func(t *testing.T, b *bench) {
			if err := b.SetHalt(t.Context(), true, "me"); err != nil {
				t.Fatal(err)
			}
		}, watch.ErrHalted},
		{"another step is open", func(t *testing.T, b *bench) {
			if _, err := b.intend(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, watch.ErrGuard},
		{"the order has ended", func(t *testing.T, b *bench) {
			o := b.order
			o.State = catch.Cancelled
			if err := b.SaveOrder(t.Context(), o, "changed my mind"); err != nil {
				t.Fatal(err)
			}
		}, watch.ErrStale},
		{"month is over, budget is new", func(t *testing.T, b *bench) {
			seq, err := b.intend(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			o := b.order
			o.State, o.Paid = catch.Active, usd(50)
			if err := b.Settle(t.Context(), catch.LedgerEntry{Intent: seq, Outcome: "ok"}, o); err != nil {
				t.Fatal(err)
			}
			b.now = b.now.AddDate(0, 1, 0)
			if b.epoch, err = b.Take(t.Context(), "me"); err != nil {
				t.Fatal(err)
			}
			b.order = b.place(t, "b.com", usd(80))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			c.before(t, b)
			if _, err := b.intend(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestMonthBudget(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	add := func(name string, most catch.Money) error {
		_, err := b.AddOrder(ctx, catch.Order{Key: name + most.String(), Name: name, Route: "x" + name + most.String(), State: catch.Requested, Cap: most})
		return err
	}
	// 60 of 100 are at risk for a.com.
	for _, c := range []struct {
		name string
		most catch.Money
		ok   bool
	}{
		{"b.com", usd(41), false},
		{"a.com", usd(90), true}, // only one order of a name can win
		{"b.com", usd(11), false},
		{"b.com", usd(10), true},
		{"c.com", catch.Money{Units: 10000, Currency: "EUR"}, false}, // no cap in that currency
	} {
		if err := add(c.name, c.most); (err == nil) != c.ok || (!c.ok && !errors.Is(err, watch.ErrGuard)) {
			t.Errorf("%s %s: %v", c.name, c.most, err)
		}
	}
	sp, err := b.Spending(ctx, "2026-11")
	if err != nil || len(sp) != 1 || sp[0].AtRisk != usd(100) {
		t.Errorf("%+v, %v", sp, err)
	}
}

func TestLedgerIsAppendOnly(t *testing.T) {
	b := newBench(t)
	seq, err := b.intend(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"UPDATE ledger SET words = 'x'", "DELETE FROM ledger", "REPLACE INTO ledger SELECT * FROM ledger"} {
		if err := b.Exec(t.Context(), q); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", q, err)
		}
	}
	o := b.order
	o.State = catch.Active
	for i := range 2 {
		err := b.Settle(t.Context(), catch.LedgerEntry{Intent: seq, Outcome: "ok"}, o)
		if (err == nil) != (i == 0) {
			t.Errorf("settle %d: %v", i, err)
		}
	}
	if err := b.Settle(t.Context(), catch.LedgerEntry{Intent: 99}, o); err == nil {
		t.Error("settled an intent that is none")
	}
}

func TestBurstIntentsAllOrNone(t *testing.T) {
	b := newBench(t)
	other := b.place(t, "b.com", usd(20))
	es := []catch.LedgerEntry{
		{Epoch: b.epoch, Order: b.order.ID, Name: "a.com", Action: "burst", AtMost: usd(9), Creates: 5},
		{Epoch: b.epoch, Order: other.ID, Name: "b.com", Action: "burst", AtMost: usd(90), Creates: 5},
	}
	if _, err := b.IntendAll(t.Context(), es); !errors.Is(err, watch.ErrGuard) {
		t.Fatalf("above the month's budget: %v", err)
	}
	if l, err := b.Ledger(t.Context(), 0); err != nil || len(l) != 0 {
		t.Fatalf("half a burst is left: %+v, %v", l, err)
	}
	es[1].AtMost = usd(9)
	seqs, err := b.IntendAll(t.Context(), es)
	if err != nil || len(seqs) != 2 {
		t.Fatalf("%v, %v", seqs, err)
	}
	if open, err := b.InDoubt(t.Context()); err != nil || len(open) != 2 || open[0].Creates != 5 {
		t.Errorf("%+v, %v", open, err)
	}
}

func TestStaleOrderIsNotOverwritten(t *testing.T) {
	b := newBench(t)
	first, second := b.order, b.order
	first.State = catch.Active
	if err := b.SaveOrder(t.Context(), first, "sent"); err != nil {
		t.Fatal(err)
	}
	second.State = catch.Cancelled
	if err := b.SaveOrder(t.Context(), second, "by you"); !errors.Is(err, watch.ErrStale) {
		t.Errorf("%v", err)
	}
	o, err := b.Order(t.Context(), b.order.ID)
	if err != nil {
		t.Fatal(err)
	}
	o.State = catch.Planned
	o.State = catch.State("requested")
	if err := b.SaveOrder(t.Context(), o, "back"); err == nil {
		t.Error("an illegal move was stored")
	}
}

func TestCancelledWriteLeavesNothingOpen(t *testing.T) {
	path := temp(t)
	a, b := open(t, path), open(t, path)
	for range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.N(400))*time.Microsecond)
		_ = a.Note(ctx, watch.Event{Text: "may be cut off"})
		_, _ = a.Take(ctx, "may be cut off")
		cancel()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := b.Note(ctx, watch.Event{Text: "from another process"}); err != nil {
		t.Fatal(err)
	}
	if err := a.Note(ctx, watch.Event{Text: "from the same"}); err != nil {
		t.Fatal(err)
	}
}

// older makes a file as the first version of the schema left it, with one name.
func older(t *testing.T) string {
	t.Helper()
	path := temp(t)
	s, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, "kept.com")
	if err := s.Exec(t.Context(), "DROP TABLE outbox; DROP TABLE burst; DROP TABLE accepted; DROP TABLE checklist; DROP TABLE account_use; DROP TABLE rehearsal; DROP TABLE payment; PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMigrationKeepsACopy(t *testing.T) {
	path := older(t)
	// Several programs are started on it at once.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := store.Open(t.Context(), path, store.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Watch(t.Context(), "kept.com"); err != nil {
				t.Errorf("after the migration: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	copies, err := filepath.Glob(path + ".v1-*.bak")
	if err != nil || len(copies) == 0 {
		t.Fatalf("%v, %v", copies, err)
	}
	for _, c := range copies {
		if st, err := os.Stat(c); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", st.Mode(), err)
		}
		var have int
		raw, err := sql.Open("sqlite", "file:"+c+"?mode=ro&immutable=1")
		if err == nil {
			err = errors.Join(raw.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&have), raw.Close())
		}
		if err != nil || have != 1 {
			t.Errorf("%s has schema %d, %v", c, have, err)
		}
		if _, err := open(t, c).Watch(t.Context(), "kept.com"); err != nil {
			t.Errorf("the copy lacks a name: %v", err)
		}
	}
}

func TestBackupCheckRestoreCompact(t *testing.T) {
	ctx := t.Context()
	path := temp(t)
	s, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, "kept.com")
	copied := path + ".copy"
	if err := s.Backup(ctx, copied); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(ctx, copied); err == nil {
		t.Error("a backup was overwritten")
	}
	add(t, s, "later.com")
	if err := s.Compact(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lock := store.NewLock(path)
	if ok, err := lock.TryLock(); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, err := store.Restore(ctx, copied, path); err == nil {
		t.Error("restored under a program that acts")
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	kept, err := store.Restore(ctx, copied, path)
	if err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if _, err := s.Watch(ctx, "later.com"); !errors.Is(err, watch.ErrNotFound) {
		t.Errorf("not the backup: %v", err)
	}
	old := open(t, kept)
	if _, err := old.Watch(ctx, "later.com"); err != nil {
		t.Errorf("what was there before is gone: %v", err)
	}
}
