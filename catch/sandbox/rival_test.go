package sandbox

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestGreedyRivalIsCaught(t *testing.T) {
	simulate(t, Options{
		Policy: Policy{PerSecond: 10, TakenLimit: 50}, Names: []Name{{Name: "old.com", Stage: "pending delete"}},
		Rivals: []Rival{{Name: "greedy", Greedy: true}, {Name: "fair", Strategy: Paced(300*time.Millisecond, 500*time.Millisecond, 0.9, 8, time.Millisecond)}},
	},
		func(t *testing.T, r *Registry, _ func() *peer) {
			time.Sleep(5 * time.Second)
			v := r.Violations()
			if v["greedy"] == 0 || v["fair"] != 0 {
				t.Errorf("violations: %v", v)
			}
			if w := r.Wins(); len(w) != 1 || w[0].Account != "fair" {
				t.Errorf("wins: %+v", w)
			}
		})
}

// TestSameSeedSameRun holds two runs with one seed against each other.
func TestSameSeedSameRun(t *testing.T) {
	run := func() (out string) {
		simulate(t, Options{
			Seed: 42, Policy: Policy{PerSecond: 20}, Wire: Wire{RTT: 20 * time.Millisecond, Jitter: 2 * time.Millisecond},
			TLDs:  []TLD{func() TLD { g := generic("com"); g.Window = time.Second; return g }()},
			Names: []Name{{Name: "a.com", Stage: "pending delete"}, {Name: "b.com", Stage: "redemption"}},
			Rivals: []Rival{
				{Name: "one", Strategy: Paced(time.Second, time.Second, 0.9, 20, 3*time.Millisecond)},
				{Name: "two", Strategy: Paced(time.Second, time.Second, 0.9, 20, 3*time.Millisecond)},
				{Name: "slow", Reaction: Dist{Min: 30 * time.Millisecond, Mean: 80 * time.Millisecond}},
			},
		}, func(t *testing.T, r *Registry, _ func() *peer) {
			time.Sleep(10 * time.Second)
			for _, e := range r.Log() {
				out += fmt.Sprintln(e.SinceT, e.Account, e.Command, e.Name, e.Code)
			}
			if w := r.Wins(); len(w) != 2 {
				t.Errorf("wins: %+v", w)
			}
		})
		return out
	}
	if a, b := run(), run(); a != b {
		t.Errorf("two runs with one seed differ:\n%s\n%s", a, b)
	}
}

// TestEqualRivalsShare lets rivals of one strength race for many names: each
// gets about its share.
func TestEqualRivalsShare(t *testing.T) {
	const runs, rivals = 400, 4
	var names []Name
	for i := range runs {
		names = append(names, Name{Name: fmt.Sprintf("n%d.com", i), Stage: "pending delete"})
	}
	var rs []Rival
	for i := range rivals {
		rs = append(rs, Rival{Name: fmt.Sprintf("rival-%d", i), Strategy: Paced(200*time.Millisecond, 200*time.Millisecond, 0.9, 10, 2*time.Millisecond)})
	}
	g := generic("com")
	g.Window = 400 * time.Second // names drop one by one
	simulate(t, Options{TLDs: []TLD{g}, Names: names, Rivals: rs, Wire: Wire{RTT: 20 * time.Millisecond, Jitter: 2 * time.Millisecond}},
		func(t *testing.T, r *Registry, _ func() *peer) {
			time.Sleep(500 * time.Second)
			got := map[string]int{}
			for _, w := range r.Wins() {
				got[w.Account]++
			}
			for _, v := range rs {
				if n := got[v.Name]; n < runs/rivals*6/10 || n > runs/rivals*14/10 {
					t.Errorf("%s got %d of %d: %v", v.Name, n, runs, got)
				}
			}
		})
}

// TestWire checks that frames and answers take half a round trip each, in the
// order in which they were sent.
func TestWire(t *testing.T) {
	simulate(t, Options{Wire: Wire{RTT: 20 * time.Millisecond}, Names: []Name{{Name: "old.com", Stage: "pending delete"}}},
		func(t *testing.T, r *Registry, dial func() *peer) {
			p := in(t, r, dial)
			st, _ := r.Look("old.com")
			time.Sleep(time.Until(st.Drop) - 10*time.Millisecond - time.Microsecond)
			create := func(i int) {
				p.send(fmt.Sprintf(`<command>%s<clTRID>%s-w%d</clTRID></command>`, createXML("old.com", ""), p.tag, i))
			}
			create(1) // arrives a microsecond too early
			time.Sleep(time.Microsecond)
			create(2) // arrives at T
			began := time.Now()
			if a, b := code(p.recv()), code(p.recv()); a != "2302" || b != "1000" {
				t.Errorf("codes %s and %s", a, b)
			}
			if d := time.Since(began); d != 20*time.Millisecond {
				t.Errorf("a round trip took %s", d)
			}
			if w := r.Wins(); len(w) != 1 || w[0].After != 0 {
				t.Errorf("wins: %+v", w)
			}
		})
}

// TestOneWinner runs many races with faults switched on: never two winners,
// and the simulation's end proves that nothing is left running.
func TestOneWinner(t *testing.T) {
	faults := []Faults{
		{},
		{OutOfOrder: 30 * time.Millisecond},
		{Loser2400: 0.5},
		{DisconnectAfter: 5},
		{LoseEvery: 3},
		{GarbageEvery: 4},
		{BadLengthEvery: 5},
		{BrokenXMLEvery: 3},
		{ForeignEvery: 2},
		{CloseAtDrop: true},
		{AnswerDelay: 100 * time.Millisecond},
		{LoginHangs: true},
	}
	runs := 120
	if testing.Short() {
		runs = 24
	}
	for i := range runs {
		synctest.Test(t, func(t *testing.T) {
			pipes := NewPipes()
			g := generic("com")
			r, err := Start(t.Context(), Options{
				Seed: uint64(i) + 1, TLDs: []TLD{g}, Listen: pipes.Listen, Faults: faults[i%len(faults)],
				Wire: Wire{RTT: time.Duration(i%3) * 10 * time.Millisecond}, Names: []Name{{Name: "old.com", Stage: "pending delete"}},
				Rivals: []Rival{{Name: "even", Strategy: Paced(100*time.Millisecond, time.Second, 0.9, 20, time.Millisecond)}},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			st, _ := r.Look("old.com")
			for range 3 {
				p := dial(t, r, pipes.Dial)
				p.recv()
				p.send(`<command>` + loginXML(r.Config().Accounts[0]) + `<clTRID>` + p.tag + `-in</clTRID></command>`)
				go func() { // whatever comes back
					for {
						if _, err := readFrame(p.c); err != nil {
							return
						}
					}
				}()
				go func() {
					time.Sleep(time.Until(st.Drop) - 50*time.Millisecond)
					for k := range 20 {
						f := fmt.Sprintf(`<?xml version="1.0"?><epp xmlns="`+nsEPP+`"><command>%s<clTRID>%s-%d</clTRID></command></epp>`, createXML("old.com", ""), p.tag, k)
						if _, err := p.c.Write(frame([]byte(f))); err != nil {
							return
						}
						time.Sleep(5 * time.Millisecond)
					}
				}()
			}
			time.Sleep(5 * time.Second)
			if w := r.Wins(); len(w) != 1 {
				t.Errorf("run %d with %+v: wins %+v", i, faults[i%len(faults)], w)
			}
			won := 0
			for _, e := range r.Log() {
				if e.Command == "create" && e.Code == 1000 {
					won++
				}
			}
			if won != 1 {
				t.Errorf("run %d: %d creates were answered 1000", i, won)
			}
		})
	}
}
