package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// simulate runs f against a registry on in-memory pipes under a simulated
// clock.
func simulate(t *testing.T, o Options, f func(t *testing.T, r *Registry, dial func() *peer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pipes := NewPipes()
		o.Listen = pipes.Listen
		if o.TLDs == nil {
			o.TLDs = []TLD{generic("com")}
		}
		r, err := Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		f(t, r, func() *peer { return dial(t, r, pipes.Dial) })
	})
}

func in(t *testing.T, r *Registry, dial func() *peer) *peer {
	t.Helper()
	p := dial()
	if got := code(p.login(r.Config().Accounts[0])); got != "1000" {
		t.Fatalf("login: %s", got)
	}
	return p
}

func TestPolicy(t *testing.T) {
	held := []Name{{Name: "held.com", Stays: true}}
	taken := createXML("held.com", "")
	for _, tt := range []struct {
		name   string
		policy Policy
		run    func(t *testing.T, r *Registry, dial func() *peer)
		broken map[string]int
	}{
		{"commands a second, the answer closes", Policy{PerSecond: 5}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			for range 5 {
				if got := code(p.do(taken)); got != "2302" {
					t.Fatalf("within the limit: %s", got)
				}
			}
			if got := code(p.do(taken)); got != "2502" {
				t.Errorf("above it: %s", got)
			}
			if got := p.recv(); !strings.HasPrefix(got, "closed") {
				t.Errorf("then: %s", got)
			}
		}, map[string]int{"commands": 1}},
		{"the exact pace is fine for ever", Policy{PerSecond: 5, PerMinute: 300}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			for range 400 {
				time.Sleep(200 * time.Millisecond)
				if got := code(p.do(taken)); got != "2302" {
					t.Fatalf("at the pace: %s", got)
				}
			}
		}, map[string]int{}},
		{"one in two seconds", Policy{PerSecond: 0.5}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			for range 10 {
				time.Sleep(2 * time.Second)
				if got := code(p.do(taken)); got != "2302" {
					t.Fatalf("at the pace: %s", got)
				}
			}
			time.Sleep(time.Second)
			if got := code(p.do(taken)); got != "2502" {
				t.Errorf("too soon: %s", got)
			}
		}, map[string]int{"commands": 1}},
		{"silent close", Policy{PerMinute: 3, Over: "close"}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			for range 3 {
				p.do(taken)
			}
			if got := p.do(taken); !strings.HasPrefix(got, "closed") {
				t.Errorf("above it: %s", got)
			}
		}, map[string]int{"commands": 1}},
		{"sessions", Policy{Sessions: 2}, func(t *testing.T, r *Registry, dial func() *peer) {
			a, _ := in(t, r, dial), in(t, r, dial)
			c := dial()
			if got := code(c.login(r.Config().Accounts[0])); got != "2502" {
				t.Errorf("the third: %s", got)
			}
			a.do(`<logout/>`)
			in(t, r, dial)
		}, map[string]int{"sessions": 1}},
		{"creates on existing names block", Policy{TakenLimit: 3, BlockFor: time.Hour}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			for i, want := range []string{"2302", "2302", "2302", "2302", "2308", "2308"} {
				if got := code(p.do(taken)); got != want {
					t.Errorf("create %d: %s, want %s", i, got, want)
				}
			}
			time.Sleep(61 * time.Minute)
			q := in(t, r, dial)
			if got := code(q.do(createXML("new.com", ""))); got != "1000" {
				t.Errorf("after the block: %s", got)
			}
		}, map[string]int{"creates on existing names": 1}},
		{"hit points", Policy{TakenHits: 10, ErrorHits: 1, HitLimit: 25}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			for i, want := range []string{"2302", "2302", "2302", "2308"} {
				if got := code(p.do(taken)); got != want {
					t.Errorf("create %d: %s, want %s", i, got, want)
				}
			}
		}, map[string]int{"hit points": 1}},
		{"delays stack", Policy{TakenDelay: 2 * time.Second, DelayStacks: true}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			began := time.Now()
			for i := range 3 {
				p.n++
				p.send(fmt.Sprintf(`<command>%s<clTRID>%s-x%d</clTRID></command>`, taken, p.tag, i))
			}
			for range 3 {
				p.recv()
			}
			if d := time.Since(began); d < 6*time.Second || d > 7*time.Second {
				t.Errorf("three took %s", d)
			}
		}, map[string]int{}},
		{"one a second on a session, and waits add up", Policy{SessionPerSecond: 1, Over: "wait"}, func(t *testing.T, r *Registry, dial func() *peer) {
			p, q := in(t, r, dial), in(t, r, dial)
			time.Sleep(2 * time.Second)
			p.do(taken)
			q.do(taken) // another session has its own
			began := time.Now()
			p.do(taken) // too soon: its answer waits
			if d := time.Since(began); d < 10*time.Second || d > 11*time.Second {
				t.Errorf("it waited %s", d)
			}
		}, map[string]int{"commands": 1}},
		{"the first command after a login waits", Policy{LoginPause: 2 * time.Second}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			began := time.Now()
			p.do(taken)
			p.do(taken)
			if d := time.Since(began); d != 2*time.Second {
				t.Errorf("two commands took %s", d)
			}
		}, map[string]int{}},
		{"logins in time", Policy{LoginWithin: 10 * time.Second, PerMinute: 2, CountLogins: true}, func(t *testing.T, r *Registry, dial func() *peer) {
			late := dial()
			late.recv()
			p := in(t, r, dial)
			p.do(taken)
			time.Sleep(9 * time.Second)
			if got := code(p.do(taken)); got != "2502" {
				t.Errorf("a login and two creates: %s", got)
			}
			time.Sleep(2 * time.Second)
			if got := late.recv(); !strings.HasPrefix(got, "closed") {
				t.Errorf("without a login: %s", got)
			}
		}, map[string]int{"commands": 1}},
		{"idle", Policy{Idle: 2 * time.Minute}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			time.Sleep(119 * time.Second)
			if got := code(p.do(taken)); got != "2302" {
				t.Errorf("before: %s", got)
			}
			time.Sleep(121 * time.Second)
			if got := p.recv(); !strings.HasPrefix(got, "closed") {
				t.Errorf("after: %s", got)
			}
		}, map[string]int{}},
		{"session commands and life", Policy{SessionCommands: 3, SessionLife: time.Hour}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			p.do(taken)
			if got := code(p.do(taken)); got != "2302" {
				t.Errorf("the third command: %s", got)
			}
			if got := p.recv(); !strings.HasPrefix(got, "closed") {
				t.Errorf("after it: %s", got)
			}
		}, map[string]int{}},
		{"login takes time and locks", Policy{LoginDelay: 240 * time.Millisecond, FailedLogins: 2}, func(t *testing.T, r *Registry, dial func() *peer) {
			a := r.Config().Accounts[0]
			wrong := a
			wrong.Password = "wrong-password"
			p := dial()
			p.recv()
			for range 2 {
				began := time.Now()
				if got := code(p.do(loginXML(wrong))); got != "2200" || time.Since(began) < 240*time.Millisecond {
					t.Errorf("wrong password: %s after %s", got, time.Since(began))
				}
			}
			if got := code(p.do(loginXML(a))); got != "2501" {
				t.Errorf("locked: %s", got)
			}
		}, map[string]int{"logins": 1}},
		{"a repeated clTRID", Policy{}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			q := in(t, r, dial)
			p.send(`<command>` + taken + `<clTRID>SAME-1</clTRID></command>`)
			p.recv()
			q.send(`<command>` + taken + `<clTRID>SAME-1</clTRID></command>`)
			if got := q.recv(); !strings.HasPrefix(got, "closed") {
				t.Errorf("in another session: %s", got)
			}
		}, map[string]int{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			simulate(t, Options{Policy: tt.policy, Names: held}, func(t *testing.T, r *Registry, dial func() *peer) {
				tt.run(t, r, dial)
				got := map[string]int{}
				for _, b := range r.Breaches() {
					got[b.Rule]++
				}
				if fmt.Sprint(got) != fmt.Sprint(tt.broken) {
					t.Errorf("violations: %v, want %v", r.Breaches(), tt.broken)
				}
			})
		})
	}
}

func TestFaults(t *testing.T) {
	held := []Name{{Name: "held.com", Stays: true}}
	for _, tt := range []struct {
		name   string
		faults Faults
		run    func(t *testing.T, r *Registry, dial func() *peer)
	}{
		{"refused", Faults{RefuseConnect: true}, func(t *testing.T, r *Registry, dial func() *peer) {
			if got := dial().recv(); !strings.HasPrefix(got, "closed") {
				t.Errorf("got %s", got)
			}
		}},
		{"slow to connect", Faults{ConnectDelay: 3 * time.Second}, func(t *testing.T, r *Registry, dial func() *peer) {
			began := time.Now()
			if p := dial(); !strings.Contains(p.recv(), "greeting") || time.Since(began) < 3*time.Second {
				t.Errorf("after %s", time.Since(began))
			}
		}},
		{"login refused", Faults{LoginRefused: true}, func(t *testing.T, r *Registry, dial func() *peer) {
			if got := code(dial().login(r.Config().Accounts[0])); got != "2200" {
				t.Errorf("got %s", got)
			}
		}},
		{"login hangs", Faults{LoginHangs: true}, func(t *testing.T, r *Registry, dial func() *peer) {
			if got := dial().login(r.Config().Accounts[0]); !strings.Contains(got, "timeout") {
				t.Errorf("got %s", got)
			}
		}},
		{"disconnect", Faults{DisconnectAfter: 2}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			p.do(checkXML("a.com"))
			if got := p.recv(); !strings.HasPrefix(got, "closed") {
				t.Errorf("got %s", got)
			}
		}},
		{"garbage", Faults{GarbageEvery: 3}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			if got := p.do(checkXML("a.com")); !strings.Contains(got, "avail") {
				t.Errorf("the second: %s", got)
			}
			if got := p.do(checkXML("a.com")); !strings.Contains(got, "not XML") {
				t.Errorf("the third: %q", got)
			}
		}},
		{"bad length", Faults{BadLengthEvery: 2}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			if got := p.do(checkXML("a.com")); !strings.Contains(got, "a frame of 4294967280 bytes") {
				t.Errorf("got %q", got)
			}
		}},
		{"foreign clTRID", Faults{ForeignEvery: 2}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			if got := p.do(checkXML("a.com")); !strings.Contains(got, "<clTRID>ZZZ") {
				t.Errorf("got %q", got)
			}
		}},
		{"lost", Faults{LoseEvery: 2}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			if got := p.do(createXML("new.com", "")); !strings.Contains(got, "timeout") {
				t.Errorf("got %q", got)
			}
			if st, _ := r.Look("new.com"); !st.Exists {
				t.Error("it was not done")
			}
		}},
		{"2400 to losers", Faults{Loser2400: 1}, func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			p.do(createXML("new.com", ""))
			if got := code(p.do(createXML("new.com", ""))); got != "2400" {
				t.Errorf("right after: %s", got)
			}
			time.Sleep(2 * time.Second)
			if got := code(p.do(createXML("new.com", ""))); got != "2302" {
				t.Errorf("later: %s", got)
			}
		}},
		{"closes at the drop", Faults{CloseAtDrop: true}, func(t *testing.T, r *Registry, dial func() *peer) {
			if err := r.Add(Name{Name: "old.com", Stage: "pending delete"}); err != nil {
				t.Fatal(err)
			}
			p := in(t, r, dial)
			time.Sleep(3 * time.Second)
			if got := p.recv(); !strings.HasPrefix(got, "closed") {
				t.Errorf("got %s", got)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			simulate(t, Options{Faults: tt.faults, Names: held}, tt.run)
		})
	}
}
