package sandbox

import (
	"bytes"
	"container/heap"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// maxFrame is the largest frame taken from a client.
const maxFrame = 1 << 20

// session is one EPP connection.
type session struct {
	r    *Registry
	conn *tls.Conn
	id   int
	cert bool // the client showed a certificate of the sandbox's CA

	// The rest is guarded by the registry's lock.
	acc      *account
	objects  []string
	exts     []string
	began    time.Time
	commands int
	answers  int
	busy     time.Time // penalties: nothing is done before
	pace     pace
	pause    bool      // the next command waits (Policy.LoginPause)
	lastIn   time.Time // receipt of the last frame: frames do not overtake
	lastOut  time.Time
	ended    bool

	out outbox
}

// outbox holds answers until they are due.
type outbox struct {
	mu     sync.Mutex
	queue  answers
	seq    int
	notify chan struct{}
}

type answer struct {
	at    time.Time
	seq   int
	frame []byte
	close bool
}

type answers []answer

func (q answers) Len() int { return len(q) }
func (q answers) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}
func (q answers) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *answers) Push(x any)   { *q = append(*q, x.(answer)) }
func (q *answers) Pop() any {
	old := *q
	a := old[len(old)-1]
	*q = old[:len(old)-1]
	return a
}

func (o *outbox) put(at time.Time, frame []byte, end bool) {
	o.mu.Lock()
	o.seq++
	heap.Push(&o.queue, answer{at, o.seq, frame, end})
	o.mu.Unlock()
	select {
	case o.notify <- struct{}{}:
	default:
	}
}

// due takes the answers that are due, joined into one write, and says how
// long to wait for the next.
func (o *outbox) due(now time.Time) (b []byte, end bool, wait time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) > 0 && !end {
		if d := o.queue[0].at.Sub(now); d > 0 {
			return b, false, d
		}
		a := heap.Pop(&o.queue).(answer)
		b, end = append(b, a.frame...), a.close
	}
	return b, end, time.Hour
}

func (r *Registry) serveEPP(raw net.Conn) {
	r.mu.Lock()
	f := r.faults
	r.conns++
	s := &session{r: r, id: r.conns, began: r.now()}
	r.mu.Unlock()
	s.out.notify = make(chan struct{}, 1)
	if f.RefuseConnect {
		return
	}
	if !r.pause(f.ConnectDelay) {
		return
	}
	s.conn = tls.Server(raw, r.ca.config())
	_ = s.conn.SetDeadline(time.Now().Add(20 * time.Second))
	if err := s.conn.HandshakeContext(r.ctx); err != nil {
		r.log.Debug("sandbox: EPP handshake", "err", err)
		return
	}
	_ = s.conn.SetDeadline(time.Time{})
	s.cert = len(s.conn.ConnectionState().PeerCertificates) > 0

	ctx, cancel := context.WithCancel(r.ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.write(ctx); _ = raw.Close() })
	s.out.put(r.now().Add(r.trip()), frame(r.greeting(r.now())), false)
	s.read()
	r.mu.Lock()
	r.leave(s)
	r.mu.Unlock()
	cancel()
	wg.Wait()
}

// pause waits; false: the registry ended.
func (r *Registry) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.ctx.Done():
		return false
	}
}

// trip is the time of one direction of the wire, now.
func (r *Registry) trip() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.oneWay(r.rng)
}

// read takes frames until the connection ends.
func (s *session) read() {
	r, opened := s.r, time.Now()
	for {
		idle := r.o.Policy.Idle
		if idle == 0 {
			idle = 10 * time.Minute
		}
		deadline := time.Now().Add(idle)
		r.mu.Lock()
		if w := r.o.Policy.LoginWithin; w > 0 && s.acc == nil {
			deadline = opened.Add(w)
		}
		r.mu.Unlock()
		_ = s.conn.SetReadDeadline(deadline)
		b, err := readFrame(s.conn)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				r.log.Debug("sandbox: EPP session ends", "session", s.id, "err", err)
			}
			return
		}
		at := r.now()
		cmd, perr := read(b)
		r.mu.Lock()
		at = at.Add(r.oneWay(r.rng))
		if at.Before(s.lastIn) {
			at = s.lastIn
		}
		s.lastIn = at
		if r.o.Wire.RTT == 0 && r.o.Wire.Jitter == 0 {
			r.advance(at)
			s.receive(cmd, perr, at)
		} else {
			r.at(at, func(at time.Time) { s.receive(cmd, perr, at) })
		}
		r.mu.Unlock()
	}
}

func readFrame(rd io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(rd, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < 5 || n > maxFrame {
		return nil, fmt.Errorf("a frame of %d bytes", n)
	}
	b := make([]byte, n-4)
	_, err := io.ReadFull(rd, b)
	return b, err
}

func frame(xml []byte) []byte {
	b := make([]byte, 4, 4+len(xml))
	binary.BigEndian.PutUint32(b, uint32(len(xml)+4))
	return append(b, xml...)
}

// write sends answers when they are due.
func (s *session) write(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		b, end, wait := s.out.due(s.r.now())
		if len(b) > 0 {
			_ = s.conn.SetWriteDeadline(time.Now().Add(20 * time.Second))
			if _, err := s.conn.Write(b); err != nil {
				return
			}
		}
		if end {
			_ = s.conn.Close()
			return
		}
		if len(b) > 0 {
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-s.out.notify:
		case <-ctx.Done():
			return
		}
	}
}

// leave ends the session for its account. The lock is held.
func (r *Registry) leave(s *session) {
	s.ended = true
	if s.acc != nil {
		delete(s.acc.sessions, s)
	}
}

// receive is a frame arriving at the registry. The lock is held.
func (s *session) receive(cmd command, perr error, at time.Time) {
	r := s.r
	if s.ended {
		return
	}
	if s.busy.After(at) { // a penalty holds the session: the frame waits
		r.at(s.busy, func(at time.Time) { s.receive(cmd, perr, at) })
		return
	}
	if s.pause {
		s.pause, s.busy = false, at.Add(r.o.Policy.LoginPause)
		r.at(s.busy, func(at time.Time) { s.receive(cmd, perr, at) })
		return
	}
	f := r.faults
	s.commands++
	e := Entry{At: at, Via: "epp", Conn: s.id, Command: cmd.verb, ClTRID: cmd.clTRID}
	if s.acc != nil {
		e.Account = s.acc.o.User
	}
	if len(cmd.names) > 0 && cmd.object == nsDomain {
		e.Name = cmd.names[0]
	}
	if cmd.verb == "hello" && perr == nil {
		e.Code = 1000
		r.note(e)
		s.reply(r.greeting(at), at, 0, false)
		return
	}
	res := s.do(cmd, perr, at)
	if res.silent {
		e.Code, e.Note = res.code, res.msg
		r.note(e)
		if res.end {
			r.leave(s)
			s.out.put(at, nil, true)
		}
		return
	}
	r.trid++
	res.svTRID = fmt.Sprintf("SBX-%d-%d", r.o.Seed, r.trid)
	res.clTRID = cmd.clTRID
	e.SvTRID, e.Code, e.Note = res.svTRID, res.code, res.msg
	if s.acc != nil {
		e.Account = s.acc.o.User
	}
	r.note(e)
	delay := res.delay
	if res.code >= 2000 && r.o.Policy.ErrorDelay > 0 {
		delay += r.o.Policy.ErrorDelay
	}
	if delay > 0 {
		if r.o.Policy.DelayStacks && s.busy.After(at) {
			s.busy = s.busy.Add(delay)
		} else {
			s.busy = at.Add(delay)
		}
		delay = s.busy.Sub(at)
	}
	if p := r.o.Policy; p.SessionCommands > 0 && s.commands >= p.SessionCommands || p.SessionLife > 0 && at.Sub(s.began) >= p.SessionLife {
		res.end = true
	}
	if f.DisconnectAfter > 0 && s.commands >= f.DisconnectAfter {
		res.end = true
	}
	s.negotiate(&res)
	s.reply(res.xml(), at, delay, res.end)
	if res.end {
		r.leave(s)
	}
}

// reply sends an answer after its delay and the way back, with the faults
// that are switched on.
func (s *session) reply(xml []byte, at time.Time, delay time.Duration, end bool) {
	r, f := s.r, s.r.faults
	s.answers++
	out := at.Add(delay + f.AnswerDelay + r.oneWay(r.rng))
	if f.OutOfOrder > 0 {
		out = out.Add(time.Duration(r.rng.Int64N(int64(f.OutOfOrder))))
	} else if out.Before(s.lastOut) {
		out = s.lastOut
	}
	s.lastOut = out
	b := frame(xml)
	switch n := s.answers; {
	case every(f.LoseEvery, n):
		b = nil
	case every(f.GarbageEvery, n):
		b = frame([]byte("\x00\xff\x1b[2J<<< this is not XML >>>"))
	case every(f.BadLengthEvery, n):
		binary.BigEndian.PutUint32(b, 0xfffffff0)
	case every(f.BrokenXMLEvery, n):
		b = frame(xml[:len(xml)*2/3])
	case every(f.ForeignEvery, n):
		x := bytes.Clone(xml)
		if i := bytes.Index(x, []byte("<clTRID>")); i >= 0 {
			copy(x[i+len("<clTRID>"):], "ZZZ")
		}
		b = frame(x)
	}
	s.out.put(out, b, end)
}

// cutAll ends every session, as a server that falls over at the drop.
func (r *Registry) cutAll(at time.Time) {
	for _, a := range r.accounts {
		for s := range a.sessions {
			s.ended = true
			s.out.put(at, nil, true)
		}
		clear(a.sessions)
	}
}

// uses reports whether the session logged in with a service.
func (s *session) uses(uri string) bool {
	return slices.Contains(s.objects, uri) || slices.Contains(s.exts, uri)
}
