//go:build unix

package watch_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
)

// The test binary is also the program that is killed: roles says as what.
var roles = map[string]func(dir string, out io.Writer) error{
	"spend":  childSpends,
	"act":    childActs,
	"writer": childWrites,
	"die":    childDies,
	"race":   childRaces,
	"tell":   childTells,
}

func TestMain(m *testing.M) {
	if role := os.Getenv("LAPSE_TEST_ROLE"); role != "" {
		if err := roles[role](os.Getenv("LAPSE_TEST_DIR"), os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, role, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is a process in a role.
type child struct {
	*exec.Cmd
	out *bufio.Scanner
}

func start(t testing.TB, role, dir string, env ...string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Env = append(os.Environ(), append(env, "LAPSE_TEST_ROLE="+role, "LAPSE_TEST_DIR="+dir)...)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return &child{c, bufio.NewScanner(out)}
}

// fileService is a backorder service that keeps its books in a file, so that it
// outlives the processes that order from it.
type fileService struct {
	*service
	path string
	slow time.Duration
}

func newFileService(dir string) *fileService {
	return &fileService{service: newService("backorder"), path: filepath.Join(dir, "service.log"), slow: 3 * time.Millisecond}
}

func (f *fileService) Place(_ context.Context, r catch.Request) (catch.Report, error) {
	time.Sleep(rand.N(f.slow))
	log, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return catch.Report{}, err
	}
	_, err = fmt.Fprintln(log, r.Name)
	if cerr := log.Close(); err == nil {
		err = cerr
	}
	time.Sleep(rand.N(f.slow))
	return catch.Report{State: catch.Active, Ref: "ref-" + r.Name}, err
}

func (f *fileService) Find(_ context.Context, o catch.Order) (catch.Report, error) {
	if f.count()[o.Name] == 0 {
		return catch.Report{}, &catch.Error{Kind: catch.NotFound}
	}
	return catch.Report{State: catch.Active, Ref: "ref-" + o.Name}, nil
}

func (f *fileService) count() map[string]int {
	b, err := os.ReadFile(f.path)
	if err != nil {
		return nil
	}
	out := map[string]int{}
	for _, l := range strings.Fields(string(b)) {
		out[l]++
	}
	return out
}

func childService(dir string, svc catch.Route, stale time.Duration) (*watch.Service, *store.Store, error) {
	path := filepath.Join(dir, "lapse.db")
	st, err := store.Open(context.Background(), path, store.Options{})
	if err != nil {
		return nil, nil, err
	}
	reg := newRegistry()
	return watch.New(watch.Options{
		Store: st, Sources: []watch.Source{source{whoisx.RDAP, "127.0.0.1:8443", reg}}, Routes: []catch.Route{svc},
		Lock: store.NewLock(path), MonthCaps: map[string]catch.Money{"USD": usd(1_000_000)},
		Holder: "pid " + strconv.Itoa(os.Getpid()), DoubtGrace: 20 * time.Millisecond, Stale: stale,
	}), st, nil
}

// childSpends adds names and orders them as fast as it can, and says so after
// each was acknowledged.
func childSpends(dir string, out io.Writer) error {
	s, _, err := childService(dir, newFileService(dir), 0)
	if err != nil {
		return err
	}
	ctx := context.Background()
	go func() { _ = s.Run(ctx) }()
	tag := os.Getenv("LAPSE_TEST_ROUND")
	for i := 0; ; i++ {
		n := watch.Name(fmt.Sprintf("r%s-n%d.com", tag, i))
		if _, err := s.Add(ctx, []watch.NewWatch{{Input: string(n)}}); err != nil {
			return err
		}
		fmt.Fprintln(out, "added", n)
		if i%2 == 0 {
			o, err := s.Order(ctx, watch.OrderSpec{Name: n, Route: "backorder", Cap: usd(60)})
			if err != nil {
				return err
			}
			fmt.Fprintln(out, "ordered", n, o.ID)
		}
	}
}

func TestKilledAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of work under a detector that sees one process")
	}
	t.Parallel()
	rounds := 8
	if s := os.Getenv("LAPSE_CRASH_ROUNDS"); s != "" {
		rounds, _ = strconv.Atoi(s)
	}
	dir := keptFolder(t)
	svc := newFileService(dir)
	added, ordered := map[string]bool{}, map[string]int64{}
	doubts := 0
	for round := range rounds {
		c := start(t, "spend", dir, "LAPSE_TEST_ROUND="+strconv.Itoa(round))
		lines := make(chan string, 10000)
		go func() {
			defer close(lines)
			for c.out.Scan() {
				lines <- c.out.Text()
			}
		}()
		// The first acknowledged change starts the clock, so that slow machines
		// are killed at work as well.
		first, ok := <-lines
		if !ok {
			t.Fatal("the child said nothing")
		}
		time.Sleep(rand.N(120 * time.Millisecond))
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		for l := first; ok; l, ok = <-lines {
			f := strings.Fields(l)
			switch {
			case len(f) == 2 && f[0] == "added":
				added[f[1]] = true
			case len(f) == 3 && f[0] == "ordered":
				ordered[f[1]], _ = strconv.ParseInt(f[2], 10, 64)
			}
		}
		st, err := store.Open(t.Context(), filepath.Join(dir, "lapse.db"), store.Options{})
		if err != nil {
			t.Fatalf("round %d: open after a kill: %v", round, err)
		}
		open, err := st.InDoubt(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		doubts += len(open)
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// The survivor settles what is open.
	s, st, err := childService(dir, svc, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	until(t, "everything is settled", func() bool {
		open, err := st.InDoubt(ctx)
		if err != nil || len(open) > 0 {
			return false
		}
		os, err := st.Orders(ctx, watch.OrderFilter{States: []catch.State{catch.Requested, catch.InDoubt}})
		return err == nil && len(os) == 0
	})
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for n := range added {
		if _, err := st.Watch(t.Context(), watch.Name(n)); err != nil {
			t.Errorf("an acknowledged name is lost: %v", err)
		}
	}
	placed := svc.count()
	for n, times := range placed {
		if times > 1 {
			t.Errorf("%s was ordered %d times", n, times)
		}
	}
	for n, id := range ordered {
		o, err := st.Order(t.Context(), id)
		if err != nil || o.State != catch.Active || placed[n] != 1 {
			t.Errorf("order for %s: %s, placed %d times, %v", n, o.State, placed[n], err)
		}
	}
	t.Logf("%d kills, %d names and %d orders acknowledged, %d steps in doubt after a kill", rounds, len(added), len(ordered), doubts)
}

// childActs takes the lease and acts until it is killed.
func childActs(dir string, out io.Writer) error {
	s, _, err := childService(dir, newFileService(dir), time.Second)
	if err != nil {
		return err
	}
	go func() {
		was := false
		for {
			st, err := s.Status(context.Background())
			if err == nil && st.Acting != was {
				was = st.Acting
				fmt.Fprintln(out, "acting", was)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return s.Run(context.Background())
}

func TestSuspendedHolderDoesNotActWhenItWakes(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of work under a detector that sees one process")
	}
	t.Parallel()
	dir := keptFolder(t)
	c := start(t, "act", dir)
	defer func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	}()
	if !c.out.Scan() || c.out.Text() != "acting true" {
		t.Fatalf("the child does not act: %q", c.out.Text())
	}
	svc := newFileService(dir)
	s, st, err := childService(dir, svc, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	// Suspended in the middle of a write it would hold the file against everybody,
	// as any program does.
	until(t, "it is suspended between two writes", func() bool {
		if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := st.Note(ctx, watch.Event{Kind: watch.EvTrouble, Text: "is anybody writing?"}); err == nil {
			return true
		}
		if err := c.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		return false
	})
	old, err := st.Lease(t.Context())
	if err != nil || !old.Held {
		t.Fatalf("%+v, %v", old, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	until(t, "another takes its place", func() bool { x, err := s.Status(ctx); return err == nil && x.Acting })
	order := func(n watch.Name) {
		t.Helper()
		o, err := s.Order(ctx, watch.OrderSpec{Name: n, Route: "backorder", Cap: usd(60)})
		if err != nil {
			t.Fatal(err)
		}
		until(t, "ordered", func() bool { x, err := st.Order(ctx, o.ID); return err == nil && x.State == catch.Active })
	}
	order("while-it-slept.com")
	if err := c.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if !c.out.Scan() || c.out.Text() != "acting false" {
		t.Fatalf("the woken holder still acts: %q", c.out.Text())
	}
	order("after-it-woke.com")
	l, err := st.Ledger(ctx, 0)
	if err != nil || len(l) != 4 {
		t.Fatalf("%+v, %v", l, err)
	}
	for _, e := range l {
		if e.Epoch <= old.Epoch {
			t.Errorf("an entry of the old holder: %+v", e)
		}
	}
	for n, times := range svc.count() {
		if times != 1 {
			t.Errorf("%s ordered %d times", n, times)
		}
	}
}

// childWrites adds names of its own and tags to a name that all share.
func childWrites(dir string, out io.Writer) error {
	s, st, err := childService(dir, newFileService(dir), 0)
	if err != nil {
		return err
	}
	defer st.Close()
	ctx, me := context.Background(), os.Getenv("LAPSE_TEST_ROUND")
	for i := range 4 {
		if _, err := s.Add(ctx, []watch.NewWatch{{Input: fmt.Sprintf("w%s-%d.com", me, i)}}); err != nil {
			return err
		}
		if _, err := s.Edit(ctx, "shared.com", watch.Patch{AddTags: []string{fmt.Sprintf("t%s-%d", me, i)}}); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "done")
	return nil
}

func TestTenWritersLoseNoEdit(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of work under a detector that sees one process")
	}
	t.Parallel()
	dir := keptFolder(t)
	s, st, err := childService(dir, newFileService(dir), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := s.Add(t.Context(), []watch.NewWatch{{Input: "shared.com"}}); err != nil {
		t.Fatal(err)
	}
	var cs []*child
	for i := range 10 {
		cs = append(cs, start(t, "writer", dir, "LAPSE_TEST_ROUND="+strconv.Itoa(i)))
	}
	for _, c := range cs {
		for c.out.Scan() {
		}
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	d, err := s.Get(t.Context(), "shared.com")
	if err != nil {
		t.Fatal(err)
	}
	for w := range 10 {
		for i := range 4 {
			if tag := fmt.Sprintf("t%d-%d", w, i); !slices.Contains(d.Tags, tag) {
				t.Errorf("the tag %s is lost", tag)
			}
			if _, err := st.Watch(t.Context(), watch.Name(fmt.Sprintf("w%d-%d.com", w, i))); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestTwoProcessesKeepOneBudget(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of work under a detector that sees one process")
	}
	w := newWorld(t)
	svc := newService("backorder")
	a, b := w.open(true, svc), w.open(false, svc)
	var wg sync.WaitGroup
	for i := range 40 {
		p := a
		if i%2 == 0 {
			p = b
		}
		wg.Go(func() {
			_, err := p.Order(t.Context(), watch.OrderSpec{Name: watch.Name(fmt.Sprintf("n%d.com", i)), Route: "backorder", Cap: usd(60)})
			if err != nil && !strings.Contains(err.Error(), "the month's cap") {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sp, err := a.Spending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sp[0].AtRisk != usd(960) { // 16 times 60 of 1000
		t.Errorf("%+v", sp[0])
	}
}
