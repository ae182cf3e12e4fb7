//go:build unix

package watch_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

// fileChannel tells into a file, which outlives the processes that tell. It is
// down until a file named up is there.
type fileChannel struct {
	dir string
	out *os.File
}

func (*fileChannel) Name() string { return "phone" }

func (f *fileChannel) Send(_ context.Context, m alert.Message) error {
	if _, err := os.Stat(filepath.Join(f.dir, "up")); err != nil {
		return errors.New("no route to host")
	}
	_, err := fmt.Fprintf(f.out, "%s\t%v\n", m.ID, m.Repeat)
	return err
}

func stormService(dir string) (*watch.Service, *store.Store, error) {
	path := filepath.Join(dir, "lapse.db")
	st, err := store.Open(context.Background(), path, store.Options{})
	if err != nil {
		return nil, nil, err
	}
	out, err := os.OpenFile(filepath.Join(dir, "told.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	return watch.New(watch.Options{
		Store: st, Lock: store.NewLock(path), Holder: "pid " + strconv.Itoa(os.Getpid()),
		Channels: []alert.Channel{&fileChannel{dir, out}}, Alerts: alert.Rules{Channels: []string{"phone"}},
	}), st, nil
}

// childTells acts, and so sends what the outbox holds, until it is killed.
func childTells(dir string, out io.Writer) error {
	s, _, err := stormService(dir)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "runs")
	return s.Run(context.Background())
}

func told(t *testing.T, dir string) (times map[string]int, marked map[string]bool, lines int) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "told.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	times, marked = map[string]int{}, map[string]bool{}
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		id, repeat, _ := strings.Cut(sc.Text(), "\t")
		times[id]++
		if times[id] > 1 {
			marked[id] = repeat == "true"
		}
		lines++
	}
	return times, marked, lines
}

// TestAlertStorm changes many names at once while their channel is down, kills
// the process that tells in the middle of it, twice, and wants every alert told
// once, but for two at most, which say that they may be repeats. LAPSE_STORM
// sets how many; the normal run takes few.
func TestAlertStorm(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of work under a detector that sees one process")
	}
	n := 600
	if s := os.Getenv("LAPSE_STORM"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := keptFolder(t)
	ctx := t.Context()
	s, st, err := stormService(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ws := make([]watch.NewWatch, n)
	for i := range ws {
		ws[i].Input = fmt.Sprintf("storm-%d.com", i)
	}
	if _, err := s.Add(ctx, ws); err != nil {
		t.Fatal(err)
	}
	// The storm: every name enters redemption, in batches as the schedule keeps
	// them.
	began := time.Now()
	epoch, err := st.Take(ctx, "storm")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < n; i += 200 {
		var ls []watch.Look
		for k := i; k < min(i+200, n); k++ {
			name := watch.Name(ws[k].Input)
			was := lifecycle.Verdict{Stage: lifecycle.Expired}
			ls = append(ls, watch.Look{
				Name: name, At: began, Before: &was, Verdict: lifecycle.Verdict{Stage: lifecycle.Redemption}, Due: began.AddDate(1, 0, 0),
				Answers: []whoisx.Answer{{Source: whoisx.RDAP, Server: "rdap.example", Name: string(name), Asked: began, Outcome: whoisx.Registered}},
				Changes: []watch.Change{{At: began, Name: name, Field: "stage", Before: "expired", After: "redemption", Source: "rdap"}},
			})
		}
		if err := st.Beat(ctx, epoch, ""); err != nil {
			t.Fatal(err)
		}
		if err := st.SaveLooks(ctx, epoch, ls); err != nil {
			t.Fatal(err)
		}
	}
	stormed := time.Since(began)
	if err := st.Release(ctx, epoch); err != nil {
		t.Fatal(err)
	}
	items, err := st.Outbox(ctx, 2*n)
	if err != nil || len(items) != n {
		t.Fatalf("%d alerts wait for %d changes: %v", len(items), n, err)
	}
	// The channel is down: the process that tries says what it was told and
	// loses nothing.
	c := start(t, "tell", dir)
	until(t, "the outage is seen", func() bool {
		items, err := st.Outbox(ctx, 1)
		return err == nil && len(items) == 1 && items[0].Tries > 0
	})
	kill := func(what string, ready func() bool) {
		t.Helper()
		until(t, what, ready)
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
	}
	if _, _, lines := told(t, dir); lines > 0 {
		t.Fatalf("%d alerts were told through a channel that is down", lines)
	}
	if err := c.Process.Kill(); err != nil { // a new process does not wait for the pause of the old one
		t.Fatal(err)
	}
	_ = c.Wait()
	if err := os.WriteFile(filepath.Join(dir, "up"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		c = start(t, "tell", dir)
		kill("some were told", func() bool {
			_, _, lines := told(t, dir)
			return lines > (round+1)*n/4
		})
	}
	c = start(t, "tell", dir)
	deadline := time.Now().Add(5 * time.Minute)
	for {
		items, err := st.Outbox(ctx, 1)
		if err == nil && len(items) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the outbox never emptied")
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	times, marked, lines := told(t, dir)
	repeats := 0
	for id, k := range times {
		repeats += k - 1
		if k > 1 && !marked[id] {
			t.Errorf("%s was told %d times, and the repeat does not say so", id, k)
		}
	}
	if len(times) != n || repeats > 2 {
		t.Errorf("%d of %d alerts were told, %d repeats", len(times), n, repeats)
	}
	t.Logf("%d changes kept in %s; %d messages after an outage and two kills: %d lost, %d repeats, each marked", n, stormed.Round(time.Millisecond), lines, n-len(times), repeats)
}
