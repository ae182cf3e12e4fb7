package burst

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch/epp"
)

// state is where a name stands in the engine.
type state uint8

const (
	open    state = iota // nobody has it as far as we know
	won                  // 1000
	pending              // 1001
	stopped              // a code that says that trying again is no use
	taken                // somebody else has it
)

// target is a name in the engine.
type target struct {
	Target
	from, end time.Duration // when its creates may leave; set when the drop is known
	quota     int
	sent      int
	inflight  int
	unheard   int // sent on a session that ended before the answer
	state     state
	code      epp.Code // that decided it
	by        *shot
	frame     []byte // the deciding answer, kept for its fee
	holder    string // who has it, by info
	created   time.Time
	asking    bool // a scout is out
	asked     bool // an info answered
	missing   bool // and said that it does not exist
	why       string
}

// shot is one create. Records are allocated before the drop.
type shot struct {
	lane, target int
	num          uint64
	sent, answer time.Duration // since the engine's start; answer 0: none came
	code         epp.Code
	sv           [64]byte
	svLen        int
	msg          [120]byte
	msgLen       int
}

// lane is one session.
type lane struct {
	index int
	s     *epp.Session
	spare bool

	// Guarded by the engine's mutex.
	dead     bool
	buried   bool          // its creates without an answer are counted
	last     time.Duration // when its last command left
	free     time.Duration // nothing before that: login pause, penalty
	inflight int
	n        int
	shots    []shot
	first    uint64

	prefix []byte

	write  sync.Mutex // held while a frame is patched and written
	frames [][]byte   // by target
	slots  [][]byte   // the digits in each
}

// engine sends and records. One mutex guards what decides; it is never held
// over a write.
type engine struct {
	o    Options
	base time.Time
	lost chan struct{} // a session ended
	wake chan struct{} // something was answered

	mu      sync.Mutex
	gate    *gate
	lanes   []*lane
	targets []*target
	undone  int // targets that are open and have quota or answers to come
	loop    bool
	single  bool
	firing  bool
	ended   bool
	total   int
	shots   int
	end     time.Duration
	t0      time.Duration // the drop, once it is known on the monotonic clock
	scouts  sync.WaitGroup
	scouted int // creates sent when somebody last went to look
	lead    time.Duration
}

func newEngine(o Options, ts []Target) *engine {
	e := &engine{o: o, base: time.Now(), lost: make(chan struct{}, 1), wake: make(chan struct{}, 1), gate: newGate(o.Policy, slackFor(0))}
	for _, t := range ts {
		t.Name = lower(t.Name)
		t.Create.Name = t.Name
		e.targets = append(e.targets, &target{Target: t, frame: make([]byte, 0, 8<<10)})
	}
	return e
}

func (e *engine) since(t time.Time) time.Duration { return t.Sub(e.base) }

// pass waits until the gate lets a command through that is not a create, and
// records it.
func (e *engine) pass(ctx context.Context, l *lane) error {
	for {
		e.mu.Lock()
		now := e.since(time.Now())
		last := time.Duration(-1)
		if l != nil {
			last = l.last
			now = max(now, l.free)
		}
		at := e.gate.next(now, last)
		if at <= e.since(time.Now()) {
			e.gate.take(at)
			if l != nil {
				l.last = at
			}
			e.mu.Unlock()
			return nil
		}
		e.mu.Unlock()
		t := time.NewTimer(at - e.since(time.Now()))
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// connect opens one more session.
func (e *engine) connect(ctx context.Context) (*lane, error) {
	if err := e.pass(ctx, nil); err != nil { // the login is a command too
		return nil, err
	}
	s, err := e.o.Connect(ctx)
	if err != nil {
		return nil, err
	}
	l := &lane{s: s, last: -1}
	e.mu.Lock()
	if e.ended {
		e.mu.Unlock()
		_ = s.Close()
		return nil, errors.New("the burst is over")
	}
	l.index = len(e.lanes)
	now := e.since(time.Now())
	l.last, l.free = now, now+e.gate.pause
	total := e.total
	e.mu.Unlock()
	if total > 0 {
		if err := e.load(l, total); err != nil {
			_ = s.Close()
			return nil, err
		}
	}
	e.mu.Lock()
	e.lanes = append(e.lanes, l)
	e.mu.Unlock()
	s.SetTap(func(a epp.Answer) bool { return e.answer(l, a) })
	go func() {
		<-s.Done()
		e.bury(l)
	}()
	return l, nil
}

// bury marks a session as ended.
func (e *engine) bury(l *lane) {
	e.mu.Lock()
	if l.buried {
		e.mu.Unlock()
		return
	}
	l.dead, l.buried = true, true
	for i := range l.n {
		if sh := &l.shots[i]; sh.answer == 0 {
			t := e.targets[sh.target]
			t.inflight--
			t.unheard++
		}
	}
	l.inflight = 0
	e.mu.Unlock()
	poke(e.lost)
	poke(e.wake)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// reading is what the session's last greeting says of the registry's clock.
func (e *engine) reading(l *lane) (Reading, bool) {
	g := l.s.Greeting()
	if g.RTT == 0 {
		return Reading{}, false
	}
	// When it was received, by the wall clock as it stands now.
	received := stripped(e.o.Wall()).Add(-time.Since(g.Received))
	return Registry(g.Date, received, g.RTT)
}

// distance is the smallest round trip over all sessions, and how much more the
// largest of the calm ones was.
func (e *engine) distance() (rtt, jitter time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var worst []time.Duration
	for _, l := range e.lanes {
		if l.dead {
			continue
		}
		least, _ := l.s.RTT()
		if least > 0 && (rtt == 0 || least < rtt) {
			rtt = least
		}
		if least > 0 {
			worst = append(worst, least)
		}
	}
	if len(worst) > 1 {
		slices.Sort(worst)
		jitter = worst[len(worst)/2] - rtt
	}
	return rtt, min(jitter, 250*time.Millisecond)
}

// prepare encodes every frame for every session and allocates the records.
func (e *engine) prepare(sh shape, total int) error {
	e.mu.Lock()
	e.total, e.loop, e.single = total, sh.strategy == ClosedLoop, sh.strategy == SingleShot
	for i, t := range e.targets {
		t.quota = sh.quota[i]
	}
	lanes := slices.Clone(e.lanes)
	e.mu.Unlock()
	for _, l := range lanes {
		if err := e.load(l, total); err != nil {
			return err
		}
	}
	_, jitter := e.distance()
	e.mu.Lock()
	e.gate.slack = slackFor(jitter)
	e.mu.Unlock()
	return nil
}

// load encodes the frames of one session.
func (e *engine) load(l *lane, total int) error {
	prefix, first, digits := l.s.ReserveSlots(total)
	frames := make([][]byte, len(e.targets))
	slots := make([][]byte, len(e.targets))
	for i, t := range e.targets {
		id := l.s.Slot(first)
		xml, err := epp.Encode(t.Create, l.s.Services(), id)
		if err != nil {
			return err
		}
		f := epp.AppendFrame(make([]byte, 0, len(xml)+4), xml)
		at := bytes.LastIndex(f, []byte(id))
		if at < 0 {
			return fmt.Errorf("create %s: its frame holds no clTRID", t.Name)
		}
		at += len(prefix)
		frames[i], slots[i] = f, f[at:at+digits]
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	l.prefix, l.first, l.frames, l.slots = []byte(prefix), first, frames, slots
	l.shots = make([]shot, total)
	return nil
}

// retire ends sessions that the registry would end around the drop, and returns
// how many are missing.
func (e *engine) retire(p Policy, left time.Duration) int {
	work, spare := e.o.counts()
	e.mu.Lock()
	var old []*lane
	alive := 0
	for _, l := range e.lanes {
		if l.dead {
			continue
		}
		age := time.Since(l.s.Opened())
		// A session that cannot live through the drop goes while there is time
		// for a new one.
		ends := p.SessionLife > 0 && left > 20*time.Second && p.SessionLife.Std()-age < left+15*time.Second && age > p.SessionLife.Std()/2
		if p.SessionCommands > 0 && l.s.Sent() > p.SessionCommands-e.total-10 && l.s.Sent() > p.SessionCommands/2 {
			ends = true
		}
		if ends && len(old) == 0 {
			old = append(old, l)
			continue
		}
		alive++
	}
	e.mu.Unlock()
	for _, l := range old {
		_ = l.s.Close()
		e.bury(l)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	workers := 0
	for _, l := range e.lanes {
		if !l.dead && !l.spare {
			workers++
		}
	}
	for _, l := range e.lanes { // a spare steps in
		if workers < work && !l.dead && l.spare {
			l.spare = false
			workers++
		}
	}
	return work + spare - alive
}

// idle is a channel that tells of a lost session.
func (e *engine) idle() <-chan struct{} { return e.wake }

// warm says hello on every session: dead ones are found, the distance is
// measured, and the path is warm. It returns what the greetings say of the
// registry's clock.
func (e *engine) warm(ctx context.Context, within time.Duration) (readings []Reading) {
	if within < 20*time.Millisecond {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	e.mu.Lock()
	lanes := slices.Clone(e.lanes)
	e.mu.Unlock()
	var wg sync.WaitGroup
	for _, l := range lanes {
		wg.Go(func() { _, _ = l.s.Hello(ctx) })
	}
	wg.Wait()
	for _, l := range lanes {
		if r, ok := e.reading(l); ok {
			readings = append(readings, r)
		}
	}
	return readings
}
