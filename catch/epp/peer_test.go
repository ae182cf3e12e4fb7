package epp

import (
	"bytes"
	"sync"
	"testing"
	"time"
)

// TestPeer takes an EPP server that is not ours through login, check, create,
// a second create that must be answered 2302, info and logout, and then four
// sessions through twenty pipelined creates each. docs/epp-peer.md says which
// variables it reads; without LAPSE_EPP_PEER it is skipped.
func TestPeer(t *testing.T) {
	p := newPeer(t)
	ctx := t.Context()
	t.Logf("greeting of %s; this session speaks %v", p.open(t).Greeting().Server, p.open(t).Services())
	if _, err := p.open(t).Hello(ctx); err != nil {
		t.Fatal(err)
	}

	name := p.pickZone(t)
	create := p.findCreate(t, name)
	s := p.open(t)
	for try := range 5 {
		_, err := s.Create(ctx, create(name))
		if code(err) == Exists {
			break
		}
		if try == 4 || code(err) != Failed { // 2400 can be tried again
			t.Fatalf("second create of %s: %v, want 2302", name, err)
		}
	}
	d, err := s.Info(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("info: %+v", d)
	if checked, err := s.Check(ctx, nil, name); err != nil || checked[0].Free {
		t.Fatalf("check of %s after its create: %+v %v", name, checked, err)
	}
	if err := s.Logout(ctx); err != nil {
		t.Fatal(err)
	}

	var sessions []*Session
	for range p.sessions(t) {
		sessions = append(sessions, p.session(t))
	}
	pipelined(t, sessions, func(i int) DomainCreate { return create(p.name(i)) })
}

// pipelined sends 20 creates on each session, without waiting for answers; half
// of the names are asked for by every session.
func pipelined(t *testing.T, sessions []*Session, create func(int) DomainCreate) {
	t.Helper()
	const each = 20
	ctx := t.Context()
	var mu sync.Mutex
	codes, winners := map[Code]int{}, map[int]int{}
	var wg sync.WaitGroup
	var ready sync.WaitGroup
	ready.Add(len(sessions))
	for k, s := range sessions {
		got := make(chan Answer, each)
		ids := s.ReserveTRIDs(each)
		index := map[string]int{}
		s.SetTap(func(a Answer) bool {
			mu.Lock()
			_, mine := index[string(a.ClTRID)]
			mu.Unlock()
			if mine {
				a.ClTRID, a.Frame = bytes.Clone(a.ClTRID), bytes.Clone(a.Frame)
				got <- a
			}
			return mine
		})
		var frames [][]byte
		for j, id := range ids {
			n := 100 + j
			if j%2 == 1 {
				n = 1000 + k*each + j
			}
			mu.Lock()
			index[id] = n
			mu.Unlock()
			x, err := Encode(create(n), s.Services(), id)
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, AppendFrame(nil, x))
		}
		wg.Go(func() {
			ready.Done()
			ready.Wait()
			for _, f := range frames {
				if err := s.WriteFrame(f); err != nil {
					t.Errorf("session %d: %v", k, err)
					return
				}
			}
			order := 0
			for i := range each {
				select {
				case a := <-got:
					mu.Lock()
					codes[a.Code]++
					if a.Code != OK && a.Code != Pending && a.Code != Exists && a.Code != Failed {
						t.Errorf("session %d: %v", k, refusal(a.Frame, a.Code))
					}
					if a.Code == OK || a.Code == Pending {
						winners[index[string(a.ClTRID)]]++
					}
					if string(a.ClTRID) != ids[i] {
						order++
					}
					mu.Unlock()
				case <-s.Done():
					t.Errorf("session %d ended after %d answers: %v", k, i, s.Err())
					return
				case <-time.After(60 * time.Second):
					t.Errorf("session %d: %d of %d answers came", k, i, each)
					return
				}
			}
			t.Logf("session %d: all %d answers matched, %d out of position", k, each, order)
			_ = s.Logout(ctx)
		})
	}
	wg.Wait()
	for n, w := range winners {
		if w != 1 {
			t.Errorf("name %d was won %d times", n, w)
		}
	}
	if len(winners) == 0 {
		t.Error("not one of the names was created")
	}
	t.Logf("codes %v, %d names created", codes, len(winners))
}
