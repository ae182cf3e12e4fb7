package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	domainr "github.com/domainr/epp"

	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/epp"
)

// benchPolicy sets no pace that this machine could reach: paces are held
// elsewhere, here the path is measured.
func benchPolicy(sessions, creates int) burst.Policy {
	return burst.Policy{
		ID: "bench", Title: "bench", Source: "bench", Seen: "2026-11", Sessions: sessions, PerSecond: 4e6, NameCreates: creates, Early: "counted", Repeats: "second",
	}
}

// fire runs one burst against the server and returns what it did.
func fire(ctx context.Context, s *eppServer, st burst.Strategy, sessions, creates int, at time.Time) (*burst.Result, error) {
	b, err := burst.Arm(ctx, burst.Options{
		Connect: func(ctx context.Context) (*epp.Session, error) { return s.session(ctx) },
		Use:     burst.Use{Keeper: &burst.Memory{}, Account: "bench"}, Client: "bench-1", Policy: benchPolicy(sessions, creates),
		Strategy: st, Sessions: sessions, Spares: -1, Settle: 5 * time.Second,
	}, []burst.Target{{Name: "example.com", Create: benchCreate}}, at, at)
	if err != nil {
		return nil, err
	}
	_, err = b.Fire(ctx)
	return b.Result(), err
}

// eppClosedLoop holds the burst's closed loop on one session against a loop
// that writes a frame built before and reads an answer.
func eppClosedLoop(ctx context.Context) ([]result, error) {
	const n = 8000
	s, err := startEPP(0)
	if err != nil {
		return nil, err
	}
	defer s.close()
	raw, err := s.raw()
	if err != nil {
		return nil, err
	}
	defer raw.c.Close()
	r, err := sampled(ctx, "epp-closed-loop", 1.25, perOp, func(sd side) (float64, error) {
		if sd.who == "raw" {
			runtime.GC()
			start := time.Now()
			for range n {
				if err := raw.write(); err != nil {
					return 0, err
				}
				if err := raw.read(); err != nil {
					return 0, err
				}
			}
			return float64(time.Since(start)) / n, nil
		}
		res, err := fire(ctx, s, burst.ClosedLoop, 1, n, time.Now().Add(50*time.Millisecond))
		if err != nil {
			return 0, err
		}
		f := res.Frames()
		if len(f) != n || f[n-1].Answer == 0 {
			return 0, fmt.Errorf("%d of %d creates were sent", len(f), n)
		}
		return float64(f[n-1].Answer-f[0].Sent) / n, nil
	}, side{who: "ours"}, side{who: "raw"})
	r.note = fmt.Sprintf("%d creates, each answered 2302", n)
	return []result{r}, err
}

// eppPipelined holds four sessions with 32 frames in flight each against bare
// connections that do the same.
func eppPipelined(ctx context.Context) ([]result, error) {
	const n, conns, window = 20000, 4, 32
	s, err := startEPP(0)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var sessions []*epp.Session
	var raws []*rawConn
	for range conns {
		sess, err := s.session(ctx)
		if err != nil {
			return nil, err
		}
		defer sess.Close()
		sessions = append(sessions, sess)
		raw, err := s.raw()
		if err != nil {
			return nil, err
		}
		defer raw.c.Close()
		raws = append(raws, raw)
	}
	measure := func(run func(k int) error) (time.Duration, float64, error) {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		errs := make([]error, conns)
		var wg sync.WaitGroup
		start := time.Now()
		for k := range conns {
			wg.Go(func() { errs[k] = run(k) })
		}
		wg.Wait()
		d := time.Since(start)
		runtime.ReadMemStats(&after)
		return d, float64(after.Mallocs-before.Mallocs) / (n * conns), errors.Join(errs...)
	}
	allocs := map[string][]float64{}
	r, err := sampled(ctx, "epp-pipelined", 1.25, perOp, func(sd side) (float64, error) {
		run := func(k int) error { return raws[k].pipeline(n, window) }
		if sd.who == "ours" {
			run = func(k int) error { return pipeline(sessions[k], n, window) }
		}
		d, a, err := measure(run)
		allocs[sd.who] = append(allocs[sd.who], a)
		return float64(d) / (n * conns), err
	}, side{who: "ours"}, side{who: "raw"})
	r.note = "4 connections, 32 in flight each"
	a := result{name: "epp-allocations", note: "allocations a create; crypto/tls makes some"}
	for _, who := range []string{"ours", "raw"} {
		v := median(allocs[who]) * 1000
		a.sides = append(a.sides, measureOf(who+" per 1000", v))
	}
	a.limit = a.sides[1].median + 20 // two in a hundred creates: the pipeline's own set-up
	return []result{r, a}, err
}

func measureOf(who string, v float64) measure { return measure{who, v, v, v, count} }

// pipeline keeps window frames of a session in flight: answers send the next.
func pipeline(s *epp.Session, n, window int) error {
	prefix, first, digits := s.ReserveSlots(n)
	x, err := epp.Encode(benchCreate, s.Services(), s.Slot(first))
	if err != nil {
		return err
	}
	frame := epp.AppendFrame(nil, x)
	at := len(frame) - len("</clTRID></command></epp>") - digits
	if string(frame[at-len(prefix):at]) != prefix {
		return errors.New("the clTRID is not where it was expected")
	}
	slot := frame[at : at+digits]
	done := make(chan struct{})
	var mu sync.Mutex
	var sent, answered atomic.Int64
	next := func() {
		mu.Lock()
		defer mu.Unlock()
		if i := sent.Load(); i < int64(n) {
			sent.Add(1)
			epp.FillSlot(slot, first+uint64(i))
			_ = s.WriteFrame(frame)
		}
	}
	s.SetTap(func(epp.Answer) bool {
		if answered.Add(1) == int64(n) {
			close(done)
			return true
		}
		next()
		return true
	})
	for range window {
		next()
	}
	select {
	case <-done:
		return nil
	case <-s.Done():
		return s.Err()
	}
}

func (r *rawConn) pipeline(n, window int) error {
	for range window {
		if err := r.write(); err != nil {
			return err
		}
	}
	for i := range n {
		if err := r.read(); err != nil {
			return err
		}
		if i+window < n {
			if err := r.write(); err != nil {
				return err
			}
		}
	}
	return nil
}

// eppDrop holds the burst's first create after the drop against one frame that a
// spinning loop writes at the drop.
func eppDrop(ctx context.Context) ([]result, error) {
	s, err := startEPP(0)
	if err != nil {
		return nil, err
	}
	defer s.close()
	raw, err := s.raw()
	if err != nil {
		return nil, err
	}
	defer raw.c.Close()
	r, err := sampled(ctx, "epp-drop", 1.2, perOp, func(sd side) (float64, error) {
		const ahead = 300 * time.Millisecond
		var got []time.Duration
		for range 7 {
			at := time.Now().Add(ahead)
			s.dropAt(at)
			if sd.who == "raw spin" {
				burst.SpinUntil(at)
				if err := raw.write(); err != nil {
					return 0, err
				}
				if err := raw.read(); err != nil {
					return 0, err
				}
			} else if _, err := fire(ctx, s, burst.Staggered, 4, 60, at); err != nil {
				return 0, err
			}
			d, _ := s.last()
			if d < 0 {
				continue // its last create came before the drop
			}
			got = append(got, d)
		}
		if len(got) == 0 {
			return 0, errors.New("no create came after the drop")
		}
		slices.Sort(got)
		return float64(got[len(got)/2]), nil
	}, side{who: "ours"}, side{who: "raw spin"})
	r.note = "from the drop to the receipt of the winning create, loopback"
	return []result{r}, err
}

// eppDistance is the drop from 20 ms away: the staggered burst against a bare
// staggered loop, and against the closed loop.
func eppDistance(ctx context.Context) ([]result, error) {
	const rtt, conns = 20 * time.Millisecond, 4
	s, err := startEPP(rtt)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var raws []*rawConn
	for range conns {
		raw, err := s.raw()
		if err != nil {
			return nil, err
		}
		defer raw.c.Close()
		raws = append(raws, raw)
	}
	sample := func(sd side) (float64, error) {
		var got []time.Duration
		for range 9 {
			at := time.Now().Add(400 * time.Millisecond)
			s.dropAt(at)
			switch sd.who {
			case "raw staggered": // one a millisecond over all connections, from 20 ms before
				start := at.Add(-rtt/2 - 20*time.Millisecond)
				for i := range 40 {
					burst.SpinUntil(start.Add(time.Duration(i) * time.Millisecond))
					if err := raws[i%conns].write(); err != nil {
						return 0, err
					}
				}
				for i := range 40 {
					if err := raws[i%conns].read(); err != nil {
						return 0, err
					}
				}
			case "closed loop":
				if _, err := fire(ctx, s, burst.ClosedLoop, conns, 40, at); err != nil {
					return 0, err
				}
			default:
				res, err := fire(ctx, s, burst.Staggered, conns, 40, at)
				if err != nil {
					return 0, err
				}
				if _, n := s.last(); n != res.Spent || res.Spent > res.Announced {
					return 0, fmt.Errorf("%d creates came, %d spent, %d announced", n, res.Spent, res.Announced)
				}
			}
			if d, _ := s.last(); d >= 0 {
				got = append(got, d)
			}
		}
		if len(got) == 0 {
			return 0, errors.New("no create came after the drop")
		}
		slices.Sort(got)
		return float64(got[len(got)/2]), nil
	}
	a, err := sampled(ctx, "epp-20ms", 1.3, perOp, sample, side{who: "ours"}, side{who: "raw staggered"})
	if err != nil {
		return nil, err
	}
	a.note = "from the drop to the winning create, 4 sessions"
	b, err := sampled(ctx, "epp-20ms-loop", 0.5, perOp, sample, side{who: "ours"}, side{who: "closed loop"})
	b.note = a.note
	return []result{a, b}, err
}

// eppCheck is a check of one name, beside github.com/domainr/epp.
func eppCheck(ctx context.Context) ([]result, error) {
	s, err := startEPP(0)
	if err != nil {
		return nil, err
	}
	defer s.close()
	ours, err := s.session(ctx)
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	var c net.Conn
	if c, err = tls.Dial("tcp", s.ln.Addr().String(), &tls.Config{RootCAs: s.pool}); err != nil {
		return nil, err
	}
	defer c.Close()
	theirs, err := domainr.NewConn(c)
	if err != nil {
		return nil, err
	}
	if _, err := theirs.Login("bench-1", "bench-secret", ""); err != nil {
		return nil, err
	}
	r, err := timed(ctx, "epp-check", 0, 1000,
		side{"ours", func() error {
			got, err := ours.Check(ctx, nil, "example.com")
			if err == nil && (got[0].Free || got[0].Reason != "In use") {
				err = fmt.Errorf("read as %+v", got)
			}
			return err
		}},
		side{"domainr/epp", func() error {
			got, err := theirs.CheckDomain("example.com")
			if err == nil && (len(got.Checks) != 1 || got.Checks[0].Available) {
				err = fmt.Errorf("read as %+v", got)
			}
			return err
		}},
	)
	return []result{r}, err
}
