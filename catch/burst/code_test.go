package burst

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
	"github.com/lapse-dev/lapse/catch/epp/epptest"
)

// told is a burst at a server that answers every create with a code, and every
// info with another.
type told struct {
	mu      sync.Mutex
	creates int
	server  *epptest.Server
	opts    Options
}

func tell(t *testing.T, create func(n int) (int, string), info func() (int, string)) *told {
	t.Helper()
	w := &told{}
	w.server = &epptest.Server{Extensions: []string{epp.NSFee10}, Answer: func(frame string) (int, string) {
		switch {
		case strings.Contains(frame, "<create>"):
			w.mu.Lock()
			w.creates++
			n := w.creates
			w.mu.Unlock()
			return create(n)
		case strings.Contains(frame, "<info>"):
			return info()
		}
		return -1, ""
	}}
	conn := epp.NewConnector(epp.Config{Addr: epptest.Host + ":700", ServerName: epptest.Host, Roots: w.server.Roots(), Dial: w.server.Dial},
		epp.Login{ClientID: "ours", Password: catch.NewSecret("secret-password")})
	w.opts = Options{
		Connect: func(ctx context.Context) (*epp.Session, error) { s, _, err := conn.Connect(ctx); return s, err },
		Use:     Use{Keeper: &Memory{}, Account: "ours"}, Client: "ours", Policy: policy(t, "sandbox"),
		Wait: func(at time.Time) { time.Sleep(time.Until(at)) }, Settle: 3 * time.Second,
	}
	return w
}

func (w *told) fire(t *testing.T, fee *epp.Fee) (catch.Report, *Result) {
	t.Helper()
	at := time.Now().Add(5 * time.Second)
	b, err := Arm(t.Context(), w.opts, []Target{{Name: "example.test", Create: epp.DomainCreate{Years: 1, Fee: fee}}}, at, at)
	if err != nil {
		t.Fatal(err)
	}
	reps, err := b.Fire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return reps["example.test"], b.Result()
}

func always(code int) func(int) (int, string) { return func(int) (int, string) { return code, "" } }

func missing() (int, string) { return 2303, "" }

// TestCodes answers creates with every code that matters, where nobody has the
// name afterwards.
func TestCodes(t *testing.T) {
	fee := &epp.Fee{Price: catch.Money{Units: 100000, Currency: "USD"}}
	for _, c := range []struct {
		code  int
		fee   *epp.Fee
		state catch.State
		again bool // the create is sent again
		ends  bool // the session is over, and is opened anew
	}{
		{1000, nil, catch.Won, false, false},
		{1001, nil, catch.Processing, false, false},
		{2302, nil, catch.Planned, true, false},
		{2400, nil, catch.Planned, true, false},
		{2500, nil, catch.Planned, true, true},
		{2501, nil, catch.Planned, true, true},
		{2502, nil, catch.Planned, true, true},
		{2001, nil, catch.Failed, false, false},
		{2003, nil, catch.Failed, false, false},
		{2003, fee, catch.Failed, false, false},
		{2004, nil, catch.Failed, false, false},
		{2004, fee, catch.RefusedOrder, false, false},
		{2104, fee, catch.Failed, false, false},
		{2201, nil, catch.Failed, false, false},
		{2303, nil, catch.Failed, false, false},
		{2304, nil, catch.Failed, false, false},
		{2306, nil, catch.Failed, false, false},
		{2308, nil, catch.Failed, false, false},
		{8455, nil, catch.Failed, false, false},
	} {
		t.Run(fmt.Sprintf("%d fee %t", c.code, c.fee != nil), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := tell(t, always(c.code), missing)
				w.opts.Strategy, w.opts.Sessions, w.opts.Spares = SingleShot, 2, -1
				rep, res := w.fire(t, c.fee)
				if rep.State != c.state {
					t.Errorf("%s: %s", rep.State, rep.Words)
				}
				if (w.creates > 1) != c.again || w.creates > res.Announced {
					t.Errorf("%d creates of %d announced", w.creates, res.Announced)
				}
				if (w.server.Logins() > 2) != c.ends {
					t.Errorf("%d logins", w.server.Logins())
				}
				if n := res.Codes[c.code]; n != w.creates {
					t.Errorf("%d of %d answers are in the report: %v", n, w.creates, res.Codes)
				}
				for _, f := range rep.Frames {
					if f.SvTRID == "" || f.ClTRID == "" || !strings.Contains(f.Words, fmt.Sprint(c.code)) {
						t.Errorf("%+v", f)
					}
				}
			})
		})
	}
}

// owned answers an info: who has the name, and since when.
func owned(by string, created time.Time, statuses ...string) func() (int, string) {
	return func() (int, string) {
		said := ""
		for _, s := range statuses {
			said += `<domain:status s="` + s + `"/>`
		}
		return 1000, fmt.Sprintf(`<resData><domain:infData xmlns:domain="%s"><domain:name>example.test</domain:name><domain:roid>D1-T</domain:roid>%s<domain:clID>%s</domain:clID><domain:crDate>%s</domain:crDate></domain:infData></resData>`,
			epp.NSDomain, said, by, created.UTC().Format(time.RFC3339))
	}
}

// TestNoCreateIsWasted: once an info shows the name registered in the window, by
// others or by a create of ours whose answer was lost, nothing more is sent.
func TestNoCreateIsWasted(t *testing.T) {
	for by, state := range map[string]catch.State{"them": catch.Lost, "ours": catch.Won, "ours, undecided": catch.Processing, "old": catch.Planned} {
		synctest.Test(t, func(t *testing.T) {
			created := time.Now().Add(5 * time.Second)
			if by == "old" {
				created = time.Unix(0, 0)
			}
			holder, undecided := strings.CutSuffix(by, ", undecided")
			statuses := []string{"ok"}
			if undecided {
				statuses = []string{"pendingCreate"}
			}
			w := tell(t, always(2302), owned(holder, created, statuses...))
			at := time.Now().Add(5 * time.Second)
			b, err := Arm(t.Context(), w.opts, []Target{{Name: "example.test", Create: epp.DomainCreate{Years: 1}}}, at, at.Add(20*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			reps, err := b.Fire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got, all := reps["example.test"].State, b.Result().Announced; got != state || (w.creates < all/2) != (by != "old") {
				t.Errorf("%s has it: %s after %d of %d creates", by, got, w.creates, all)
			}
		})
	}
}

// TestWhoHasIt refuses every create, and says of the name what the case says.
func TestWhoHasIt(t *testing.T) {
	for name, c := range map[string]struct {
		info  func(now time.Time) func() (int, string)
		state catch.State
		says  string
	}{
		"somebody, just now":      {func(now time.Time) func() (int, string) { return owned("them", now.Add(5*time.Second)) }, catch.Lost, "taken by them"},
		"its old holder":          {func(time.Time) func() (int, string) { return owned("old", time.Unix(0, 0)) }, catch.Planned, "still held by old"},
		"we, the answer was 2302": {func(now time.Time) func() (int, string) { return owned("ours", now.Add(5*time.Second)) }, catch.Won, "the registry confirms it"},
		"we, and it is decided later": {func(now time.Time) func() (int, string) {
			return owned("ours", now.Add(5*time.Second), "pendingCreate")
		}, catch.Processing, "decides later"},
		"nobody":            {func(time.Time) func() (int, string) { return missing }, catch.Planned, "nobody has it"},
		"not for us to see": {func(time.Time) func() (int, string) { return func() (int, string) { return 2201, "" } }, catch.Planned, "does not show us"},
		"nobody says":       {func(time.Time) func() (int, string) { return func() (int, string) { return 2400, "" } }, catch.Planned, "was not found out"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := tell(t, always(2302), c.info(time.Now()))
				w.opts.Strategy = SingleShot
				if rep, _ := w.fire(t, nil); rep.State != c.state || !strings.Contains(rep.Words, c.says) {
					t.Errorf("%s: %s", rep.State, rep.Words)
				}
			})
		})
	}
}

// TestNoCreateWasSent loses every session before the drop and gets none back:
// the name may be free, and the order waits.
func TestNoCreateWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := tell(t, always(1000), missing)
		connect, logins := w.opts.Connect, 0
		w.opts.Connect = func(ctx context.Context) (*epp.Session, error) {
			if logins++; logins > 2 {
				return nil, fmt.Errorf("refused")
			}
			s, err := connect(ctx)
			if err == nil {
				time.AfterFunc(2*time.Second, func() { _ = s.Close() })
			}
			return s, err
		}
		w.opts.Sessions, w.opts.Spares = 2, -1
		rep, res := w.fire(t, nil)
		if rep.State != catch.Planned || w.creates != 0 || !strings.Contains(rep.Words, "no create was sent") {
			t.Errorf("%s: %s, %d creates", rep.State, rep.Words, w.creates)
		}
		if n, err := w.opts.Use.Spent(t.Context(), time.Now().Add(-time.Hour)); err != nil || n != 0 || res.Announced == 0 {
			t.Errorf("%d count as spent of %d announced, %v", n, res.Announced, err)
		}
	})
}

// TestCreatesAllocateNothing sends creates by the engine and by hand, and takes
// answers: what crypto/tls and the server allocate is the same both ways, and
// nothing of ours is on top.
func TestCreatesAllocateNothing(t *testing.T) {
	const n = 400
	w := tell(t, always(epptest.Silent), missing)
	w.opts.Policy.PerSecond, w.opts.Policy.PerMinute = 0, 1e6
	s, err := w.opts.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e := newEngine(w.opts, []Target{{Name: "example.test", Create: epp.DomainCreate{Years: 1}}})
	l := &lane{s: s, last: -1}
	if err := e.load(l, 2*n); err != nil {
		t.Fatal(err)
	}
	e.lanes, e.targets[0].quota, e.total = []*lane{l}, 2*n, 2*n
	mallocs := func(do func()) float64 {
		if _, err := s.Hello(t.Context()); err != nil { // what is under way has arrived
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			do()
		}
		if _, err := s.Hello(t.Context()); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs-before.Mallocs) / n
	}
	raw := func() {
		if err := s.WriteFrame(l.frames[0]); err != nil {
			t.Fatal(err)
		}
	}
	shoot := func() { e.shoot(l, 0) }
	mallocs(raw) // the first frames grow buffers
	byHand, byEngine := mallocs(raw), mallocs(shoot)
	if l.n != n || byEngine > byHand+0.5 {
		t.Errorf("%d creates, %.2f allocations each, %.2f by hand", l.n, byEngine, byHand)
	}
	frame := []byte(`<epp><response><result code="2302"><msg>Object exists</msg></result></response></epp>`)
	ids := make([][]byte, n)
	for i := range ids {
		ids[i] = []byte(s.Slot(l.first + uint64(i)))
	}
	i := 0
	if per := testing.AllocsPerRun(n-1, func() {
		if !e.answer(l, epp.Answer{Code: epp.Exists, ClTRID: ids[i], SvTRID: ids[i], Frame: frame, At: time.Now()}) {
			t.Fatal("not ours")
		}
		i++
	}); per != 0 {
		t.Errorf("%.0f allocations an answer", per)
	}
}
