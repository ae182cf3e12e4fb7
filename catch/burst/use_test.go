package burst

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestAccountOfADeadProcessIsFree arms again after the process that had armed
// died: the account is free, what it reserved is spent.
func TestAccountOfADeadProcessIsFree(t *testing.T) {
	ctx := t.Context()
	now := time.Now()
	gone := exec.CommandContext(ctx, os.Args[0], "-test.run=^$")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		pid  int
		run  string
		boot string
		left time.Duration // of its time
		free bool
	}{
		{"ended", gone.Process.Pid, "x", thisBoot(), time.Hour, true},
		{"an earlier one with our number", os.Getpid(), "x", thisBoot(), time.Hour, true},
		{"alive", os.Getppid(), "x", thisBoot(), time.Hour, false},
		{"another has its number since the machine started", os.Getppid(), "x", "before", time.Hour, thisBoot() != ""},
		{"another has its number, and its time is over", os.Getppid(), "x", thisBoot(), -time.Second, true},
		{"ourselves", os.Getpid(), thisRun, thisBoot(), time.Hour, false},
		{"ourselves, and its time is over", os.Getpid(), thisRun, thisBoot(), -time.Second, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := Use{Keeper: &Memory{}, Account: "a"}
			err := u.change(ctx, func(d *used) error {
				d.Held = &hold{ID: "left over", Names: []string{"example.uk"}, At: now.Add(time.Minute), Until: now.Add(c.left), Process: c.pid, Run: c.run, Boot: c.boot}
				d.Creates = []reserved{{ID: "left over", Made: now, Number: 6}}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			var held *HeldError
			_, err = u.hold(ctx, []string{"other.uk"}, now.Add(time.Minute), now.Add(time.Minute), newGate(policy(t, "sandbox"), 0), now)
			if (err == nil) != c.free || err != nil && (!errors.Is(err, ErrArmed) || !errors.As(err, &held) || held.Names[0] != "example.uk") {
				t.Errorf("free %v: %v", c.free, err)
			}
			if n, err := u.Spent(ctx, now.Add(-time.Hour)); err != nil || n != 6 {
				t.Errorf("%d spent, %v", n, err)
			}
		})
	}
}

func TestCreatesAreReservedAcrossProcesses(t *testing.T) {
	ctx := t.Context()
	now := time.Now()
	k := &Memory{}
	a := Use{Keeper: k, Account: "a"}
	settle, err := a.reserve(ctx, 6, 10, 24*time.Hour, now)
	if err != nil {
		t.Fatal(err)
	}
	// Until it is settled, all of it counts.
	var over *BudgetError
	if _, err := a.reserve(ctx, 6, 10, 24*time.Hour, now.Add(time.Hour)); !errors.As(err, &over) || over.Left != 4 || !over.Free.Equal(now.Add(24*time.Hour)) {
		t.Errorf("over the budget: %+v", over)
	}
	if err := settle(1); err != nil {
		t.Fatal(err)
	}
	if n, err := a.Spent(ctx, now.Add(-time.Hour)); err != nil || n != 1 {
		t.Errorf("spent %d %v", n, err)
	}
	if err := settle(9); err != nil { // it never becomes more
		t.Fatal(err)
	}
	if _, err := a.reserve(ctx, 9, 10, 24*time.Hour, now); err != nil {
		t.Errorf("after it was settled: %v", err)
	}
	// The next day it counts no more.
	if _, err := a.reserve(ctx, 10, 10, 24*time.Hour, now.Add(25*time.Hour)); err != nil {
		t.Errorf("a day later: %v", err)
	}
	// Many at once: no count is lost.
	b := Use{Keeper: k, Account: "b"}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := b.reserve(context.WithoutCancel(ctx), 1, 0, time.Hour, now); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, err := b.Spent(ctx, now.Add(-time.Hour)); err != nil || n != 8 {
		t.Errorf("spent %d %v, want 8", n, err)
	}
}

// TestPaceIsTheAccounts sends commands by several pacers of one account, as
// several processes do, and a burst in between: together they keep the pace.
func TestPaceIsTheAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		pol := policy(t, "fr") // 2 a second, 60 a minute
		k := &Memory{}
		var mu sync.Mutex
		var sent []time.Time
		left := func() {
			mu.Lock()
			defer mu.Unlock()
			sent = append(sent, time.Now())
		}
		ordinary := func(n int) {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					p := Pacer{Policy: pol, Use: Use{Keeper: k, Account: "a"}}
					for range n {
						if err := p.Wait(ctx); err != nil {
							t.Error(err)
							return
						}
						left()
					}
				})
			}
			wg.Wait()
		}
		ordinary(8)
		base := time.Now()
		g := newGate(pol, slackFor(0))
		release, err := Use{Keeper: k, Account: "a"}.hold(ctx, []string{"example.fr"}, base, base, g, base)
		if err != nil {
			t.Fatal(err)
		}
		if err := (Pacer{Policy: pol, Use: Use{Keeper: k, Account: "a"}}).Wait(ctx); !errors.Is(err, ErrArmed) {
			t.Errorf("a command beside a burst: %v", err)
		}
		for range 30 {
			at := g.next(time.Since(base), -1)
			time.Sleep(at - time.Since(base))
			g.take(at)
			left()
		}
		if err := release(); err != nil {
			t.Fatal(err)
		}
		ordinary(8)
		for i, at := range sent {
			if i >= 2 && at.Sub(sent[i-2]) < time.Second {
				t.Fatalf("command %d is the third in %s", i, at.Sub(sent[i-2]))
			}
			if i >= 60 && at.Sub(sent[i-60]) < time.Minute {
				t.Fatalf("command %d is the 61st in %s", i, at.Sub(sent[i-60]))
			}
		}
		if len(sent) != 78 {
			t.Errorf("%d commands", len(sent))
		}
		// What is kept does not grow.
		var d used
		if err := json.Unmarshal(k.docs["a"], &d); err != nil || len(d.Sent) > 64 || d.Held != nil {
			t.Errorf("%d sends kept, held %v, %v", len(d.Sent), d.Held, err)
		}
	})
}

// TestClockSetBack keeps the pace after the clock was set back by an hour: what
// was sent before counts as sent now, and not for the whole hour.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := Use{Keeper: &Memory{}, Account: "a"}
		ahead := time.Now().Add(time.Hour)
		if err := u.change(t.Context(), func(d *used) error { d.Sent = []time.Time{ahead, ahead}; return nil }); err != nil {
			t.Fatal(err)
		}
		p, began := Pacer{Policy: policy(t, "fr"), Use: u}, time.Now() // 2 a second
		if p.Try(t.Context()) {
			t.Error("a third command at once")
		}
		if err := p.Wait(t.Context()); err != nil || time.Since(began) > 2*time.Second {
			t.Errorf("it left after %s, %v", time.Since(began), err)
		}
	})
}
