package burst

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
	"github.com/lapse-dev/lapse/catch/sandbox"
)

// faults are what goes wrong in the runs below, one after the other.
var faults = []sandbox.Faults{
	{},
	{CloseAtDrop: true},
	{OutOfOrder: 30 * time.Millisecond, Loser2400: 0.5},
	{LoseEvery: 5},
	{DisconnectAfter: 7},
	{GarbageEvery: 9},
	{BadLengthEvery: 9},
	{BrokenXMLEvery: 9},
	{ForeignEvery: 9},
	{AnswerDelay: 200 * time.Millisecond},
	{ConnectDelay: 300 * time.Millisecond},
	{LoginFlaps: 3},
	{LoginHangs: true},
	{LoginRefused: true},
	{RefuseConnect: true},
}

// TestFaultyRehearsals rehearses with everything that can go wrong. However a
// run ends, a name has one winner, no policy is broken, and nothing is left
// running: a goroutine that stays behind fails the bubble. LAPSE_REHEARSALS=1000
// runs as many.
func TestFaultyRehearsals(t *testing.T) {
	runs := 45
	if v, err := strconv.Atoi(os.Getenv("LAPSE_REHEARSALS")); err == nil {
		runs = v
	}
	won := 0
	for i := range runs {
		synctest.Test(t, func(t *testing.T) {
			f := faults[i%len(faults)]
			got, _ := Rehearse(t.Context(), simulated(Rehearsal{
				Policy: policy(t, []string{"sandbox", "uk", "generic", "se"}[i%4]), RTT: time.Duration(5+i%40) * time.Millisecond, Jitter: time.Millisecond,
				Rivals: i % 3, Faults: f, Seed: uint64(i + 1), Window: time.Duration(i%2) * 4 * time.Second,
			}))
			won += got.Won
			if got.Violations != 0 {
				t.Errorf("run %d, %+v: violations %v", i, f, got.Breaches)
			}
			for _, f := range got.Failures {
				if strings.Contains(f, "two winners") {
					t.Error(f)
				}
			}
		})
	}
	t.Logf("%d of %d runs won in spite of it", won, runs)
}

// world is a sandbox with one name that drops, for bursts that are not
// rehearsals.
type world struct {
	reg  *sandbox.Registry
	conn *epp.Connector
	drop time.Time
	cfg  sandbox.Config
	opts Options
	t    *testing.T
}

const worldName = "example.test"

func newWorld(t *testing.T, ahead time.Duration, f sandbox.Faults) *world {
	t.Helper()
	pipes := sandbox.NewPipes()
	reg, err := sandbox.Start(t.Context(), sandbox.Options{
		TLDs:  []sandbox.TLD{{Zone: "test", Thin: true, Stages: []sandbox.Stage{{Name: "pending delete", Statuses: []string{"pendingDelete"}, For: ahead}}}},
		Names: []sandbox.Name{{Name: worldName}}, Policy: policy(t, "sandbox").SandboxPolicy(), Listen: pipes.Listen, Faults: f,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := reg.Config()
	w := &world{reg: reg, cfg: c, t: t}
	w.conn = epp.NewConnector(epp.Config{Addr: c.EPPAddr, ServerName: c.EPPName, Roots: c.Pool(), Dial: pipes.Dial},
		epp.Login{ClientID: c.Accounts[0].User, Password: catch.NewSecret(c.Accounts[0].Password)})
	st, _ := reg.Look(worldName)
	w.drop = st.Drop
	w.opts = Options{
		Connect: func(ctx context.Context) (*epp.Session, error) { s, _, err := w.conn.Connect(ctx); return s, err },
		Use:     Use{Keeper: &Memory{}, Account: "test"}, Client: c.Accounts[0].User, Policy: policy(t, "sandbox"),
		Wait: func(at time.Time) { time.Sleep(time.Until(at)) }, Settle: 3 * time.Second,
	}
	return w
}

func (w *world) arm() (*Burst, error) {
	return Arm(w.t.Context(), w.opts, []Target{{Name: worldName, Create: epp.DomainCreate{Years: 1}}}, w.drop, w.drop)
}

func (w *world) creates() int {
	n := 0
	for _, e := range w.reg.Log() {
		if e.Command == "create" {
			n++
		}
	}
	return n
}

func TestClockSetBackDuringTheWindow(t *testing.T) {
	for name, shift := range map[string]time.Duration{"back an hour": -time.Hour, "ahead two minutes": 2 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 60*time.Second, sandbox.Faults{})
				defer w.reg.Close()
				begin := time.Now()
				w.opts.Wall = func() time.Time {
					if time.Since(begin) > 30*time.Second {
						return time.Now().Add(shift)
					}
					return time.Now()
				}
				b, err := w.arm()
				if err != nil {
					t.Fatal(err)
				}
				reps, err := b.Fire(t.Context())
				if err != nil || reps[worldName].State != catch.Won {
					t.Fatalf("%v %+v", err, reps)
				}
				if notes := strings.Join(b.Result().Notes, "; "); !strings.Contains(notes, "clock jumped") {
					t.Errorf("the jump was not noticed: %q", notes)
				}
			})
		})
	}
}

func TestDropInThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Minute, sandbox.Faults{})
		defer w.reg.Close()
		w.drop = time.Now().Add(-time.Hour)
		if _, err := w.arm(); err == nil || !strings.Contains(err.Error(), "in the past") {
			t.Fatalf("%v", err)
		}
		// A moment ago is not too late: it fires at once.
		w.drop = time.Now().Add(-time.Second)
		b, err := w.arm()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Fire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.creates(); n == 0 || n > 40 {
			t.Errorf("%d creates", n)
		}
	})
}

func TestServerClosesAtTheDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 20*time.Second, sandbox.Faults{CloseAtDrop: true})
		defer w.reg.Close()
		b, err := w.arm()
		if err != nil {
			t.Fatal(err)
		}
		reps, err := b.Fire(t.Context())
		if err != nil || reps[worldName].State != catch.Won {
			t.Fatalf("%v %+v\n%s", err, reps, b.Result().Draw(100))
		}
	})
}

func TestDisarmAndCancelSendNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 30*time.Second, sandbox.Faults{})
		defer w.reg.Close()
		b, err := w.arm()
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := w.opts.Use.Spent(t.Context(), time.Now().Add(-time.Hour)); n != b.Plan().Creates[worldName] || n == 0 {
			t.Errorf("%d reserved, plan %v", n, b.Plan().Creates)
		}
		if _, err := w.arm(); !errors.Is(err, ErrArmed) {
			t.Errorf("armed twice: %v", err)
		}
		if err := b.Disarm(); err != nil {
			t.Fatal(err)
		}
		if n, _ := w.opts.Use.Spent(t.Context(), time.Now().Add(-time.Hour)); n != 0 {
			t.Errorf("%d still reserved after it was disarmed", n)
		}
		if b, err = w.arm(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := b.Fire(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled while armed: %v", err)
		}
		if n := w.creates(); n != 0 {
			t.Errorf("%d creates were sent", n)
		}
	})
}

func TestNamesDropEachAtTheirOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipes := sandbox.NewPipes()
		names := []sandbox.Name{{Name: "a.test", Into: 20 * time.Second}, {Name: "b.test", Into: 14 * time.Second}, {Name: "c.test"}}
		reg, err := sandbox.Start(t.Context(), sandbox.Options{
			TLDs:  []sandbox.TLD{{Zone: "test", Thin: true, Stages: []sandbox.Stage{{Name: "pending delete", Statuses: []string{"pendingDelete"}, For: 40 * time.Second}}}},
			Names: names, Policy: policy(t, "sandbox").SandboxPolicy(), Listen: pipes.Listen,
			Rivals: []sandbox.Rival{{Name: "slow", Reaction: sandbox.Dist{Min: 150 * time.Millisecond}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer reg.Close()
		w := &world{cfg: reg.Config()}
		conn := epp.NewConnector(epp.Config{Addr: w.cfg.EPPAddr, ServerName: w.cfg.EPPName, Roots: w.cfg.Pool(), Dial: pipes.Dial},
			epp.Login{ClientID: w.cfg.Accounts[0].User, Password: catch.NewSecret(w.cfg.Accounts[0].Password)})
		var targets []Target
		var first time.Time
		for _, n := range names {
			st, _ := reg.Look(n.Name)
			if first.IsZero() {
				first = st.Drop
			}
			second := st.Drop.Truncate(time.Second) // as registries publish it
			targets = append(targets, Target{Name: n.Name, Create: epp.DomainCreate{Years: 1}, At: second, Until: second})
		}
		b, err := Arm(t.Context(), Options{
			Connect: func(ctx context.Context) (*epp.Session, error) { s, _, err := conn.Connect(ctx); return s, err },
			Use:     Use{Keeper: &Memory{}, Account: "test"}, Client: w.cfg.Accounts[0].User, Policy: policy(t, "sandbox"),
			Wait: func(at time.Time) { time.Sleep(time.Until(at)) },
		}, targets, first, first.Add(30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		reps, err := b.Fire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if reps[n.Name].State != catch.Won {
				t.Errorf("%s: %+v", n.Name, reps[n.Name])
			}
		}
		if v := reg.Violations()[w.cfg.Accounts[0].User]; v != 0 {
			t.Error(reg.Breaches())
		}
	})
}
