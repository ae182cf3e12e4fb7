package burst

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
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
	if l.dead {
		e.mu.Unlock()
		return
	}
	l.dead = true
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

// fire sends. It runs on a thread of its own.
func (e *engine) fire(ctx context.Context, t0 time.Time, sh shape, lead time.Duration) {
	runtime.GC()
	release := holdGC()
	defer release()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	e.mu.Lock()
	e.t0, e.lead, e.end = e.since(t0), lead, 0
	slots := slices.Clone(sh.slots)
	now := e.since(time.Now())
	for k, t := range e.targets {
		t.from, t.end = e.t0+sh.from[k]-lead, e.t0+sh.end[k]
		// Late for a name: its part of the plan moves, rather than leaving at
		// once.
		first := t.from
		if i := slices.IndexFunc(slots, func(s slot) bool { return s.k == k }); i >= 0 {
			first = e.t0 + slots[i].at - lead
		}
		if late := now - first; late > 5*time.Millisecond {
			t.from, t.end = t.from+late, t.end+late
			for i := range slots {
				if slots[i].k == k {
					slots[i].at += late
				}
			}
		}
		e.end = max(e.end, t.end)
	}
	slices.SortStableFunc(slots, func(a, b slot) int { return cmp.Compare(a.at, b.at) })
	e.firing = true
	for _, t := range e.targets {
		if t.quota > 0 {
			e.undone++
		}
	}
	e.mu.Unlock()
	if e.loop {
		e.fireLoop(ctx)
	} else {
		e.fireSlots(ctx, slots)
	}
	e.mu.Lock()
	e.firing = false
	e.mu.Unlock()
	e.scouts.Wait()
}

// fireSlots sends one create a slot, as the gate allows.
func (e *engine) fireSlots(ctx context.Context, slots []slot) {
	for _, sl := range slots {
		if !e.wanted(sl.k) {
			continue
		}
		if !e.until(ctx, e.t0+sl.at-e.lead) {
			return
		}
		for e.wanted(sl.k) {
			at, l, _ := e.pick(sl.k)
			if l == nil { // no session, or in single shot its create is under way
				if !e.hold(ctx, 20*time.Millisecond) {
					return
				}
				continue
			}
			if at > e.since(time.Now()) {
				if !e.until(ctx, at) {
					return
				}
				continue
			}
			e.shoot(l, sl.k)
			break
		}
	}
}

// wanted reports whether a name is still to be tried for.
func (e *engine) wanted(k int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.targets[k]
	return t.state == open && t.sent < t.quota && e.since(time.Now()) <= t.end
}

// fireLoop starts one create on each session; answers start the next ones. What
// the gate holds back is sent from here.
func (e *engine) fireLoop(ctx context.Context) {
	for {
		at, l, k := e.pick(-1)
		switch {
		case k < 0:
			return
		case l == nil:
			if !e.hold(ctx, 5*time.Millisecond) {
				return
			}
		case at > e.since(time.Now()):
			if !e.until(ctx, at) {
				return
			}
		default:
			e.shoot(l, k)
		}
	}
}

// until waits; false says that the burst is over.
func (e *engine) until(ctx context.Context, at time.Duration) bool {
	for {
		left := at - e.since(time.Now())
		e.mu.Lock()
		over := e.undone == 0 || at > e.end
		e.mu.Unlock()
		if over || ctx.Err() != nil {
			return false
		}
		if left <= 30*time.Millisecond {
			break
		}
		if left > 100*time.Millisecond {
			e.scout(ctx)
		}
		t := time.NewTimer(left - 20*time.Millisecond)
		select {
		case <-ctx.Done():
		case <-e.wake:
		case <-t.C:
		}
		t.Stop()
	}
	e.o.Wait(e.base.Add(at))
	return true
}

// scout asks, in a pause of the pace, whether somebody has the names by now, so
// that no create is wasted on what is gone. It goes on a session that would
// otherwise do nothing and only if the pace has room at this moment, once after
// every wave of refused creates.
func (e *engine) scout(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.since(time.Now())
	if !e.firing || e.shots == e.scouted || now < e.t0 {
		return
	}
	var l *lane
	for _, c := range e.lanes {
		if !c.dead && (c.spare || c.inflight == 0) && now >= c.free && e.gate.next(now, c.last) <= now && (l == nil || c.spare) {
			l = c
		}
	}
	if l == nil {
		return
	}
	for _, t := range e.targets {
		if t.state != open || t.sent == 0 || t.inflight > 0 || t.asking || e.gate.next(now, l.last) > now {
			continue
		}
		e.gate.take(now)
		l.last = now
		e.scouted = e.shots
		t.asking = true
		e.scouts.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			d, err := l.s.Info(ctx, t.Name)
			e.mu.Lock()
			defer e.mu.Unlock()
			t.asking = false
			if err == nil && t.state == open && t.inflight == 0 && d.Sponsor != e.o.Client && t.fresh(d.Created) {
				t.asked, t.holder, t.created, t.state = true, d.Sponsor, d.Created, taken
				e.undone = e.left()
				poke(e.wake)
			}
		})
	}
}

// fresh reports whether a name was created inside of the window: then it is
// another registration than the one that dropped.
func (t *target) fresh(created time.Time) bool {
	return !created.IsZero() && !created.Before(t.At.Add(-2*time.Second))
}

// hold waits for something to happen, for at most d.
func (e *engine) hold(ctx context.Context, d time.Duration) bool {
	e.mu.Lock()
	over := e.undone == 0 || e.since(time.Now()) > e.end
	e.mu.Unlock()
	if over {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-e.wake:
	case <-t.C:
	}
	return true
}

// pick chooses a session, and the name where only is negative. l is nil where
// none is ready now; k is negative where nothing is left to send.
func (e *engine) pick(only int) (at time.Duration, l *lane, k int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.pickLocked(only, nil)
}

func (e *engine) pickLocked(only int, lane *lane) (at time.Duration, l *lane, k int) {
	now := e.since(time.Now())
	k = only
	soon := time.Duration(0)
	if k < 0 {
		// The one that has had the smallest part of its quota, of those whose
		// time has come; earlier names first.
		for i, t := range e.targets {
			if t.state != open || t.sent >= t.quota || now > t.end {
				continue
			}
			if k < 0 {
				k = i
				continue
			}
			b := e.targets[k]
			ready, best := t.from <= now, b.from <= now
			if ready && !best || ready == best && (!ready && t.from < b.from || ready && t.sent*b.quota < b.sent*t.quota) {
				k = i
			}
		}
		if k < 0 {
			return 0, nil, -1
		}
		soon = e.targets[k].from
	}
	if e.single && e.targets[k].inflight > 0 {
		return 0, nil, k
	}
	for _, c := range e.lanes {
		if c.dead || c.spare || lane != nil && c != lane || c.n >= len(c.shots) {
			continue
		}
		if e.loop && c.inflight > 0 || c.inflight >= 200 {
			continue
		}
		t := max(e.gate.next(max(now, c.free), c.last), soon)
		if l == nil || t < at || t == at && c.last < l.last {
			at, l = t, c
		}
	}
	if l == nil {
		e.promote()
	}
	return at, l, k
}

// promote makes a spare work where no working session is left.
func (e *engine) promote() {
	for _, c := range e.lanes {
		if !c.dead && !c.spare {
			return
		}
	}
	for _, c := range e.lanes {
		if !c.dead && c.spare {
			c.spare = false
			return
		}
	}
}

// shoot sends one create. It allocates nothing.
func (e *engine) shoot(l *lane, k int) {
	l.write.Lock()
	e.mu.Lock()
	t := e.targets[k]
	now := e.since(time.Now())
	// Between pick and here the other thread may have used the pace up.
	if t.state != open || t.sent >= t.quota || l.dead || l.n >= len(l.shots) || e.gate.next(max(now, l.free), l.last) > now {
		e.mu.Unlock()
		l.write.Unlock()
		return
	}
	num := l.first + uint64(l.n)
	l.shots[l.n] = shot{lane: l.index, target: k, num: num, sent: now}
	l.n++
	l.inflight++
	l.last = now
	t.sent++
	t.inflight++
	e.shots++
	e.gate.take(now)
	e.mu.Unlock()
	epp.FillSlot(l.slots[k], num)
	_ = l.s.WriteFrame(l.frames[k]) // a failure ends the session, which is noticed
	l.write.Unlock()
}

// answer takes an answer. It runs in the session's reader and allocates
// nothing.
func (e *engine) answer(l *lane, a epp.Answer) bool {
	i, ok := l.number(a.ClTRID)
	if !ok {
		return false
	}
	e.mu.Lock()
	if i >= l.n || l.shots[i].answer != 0 {
		e.mu.Unlock()
		return false
	}
	sh := &l.shots[i]
	sh.answer, sh.code = e.since(a.At), a.Code
	sh.svLen = copy(sh.sv[:], a.SvTRID)
	sh.msgLen = copy(sh.msg[:], message(a.Frame))
	t := e.targets[sh.target]
	l.inflight--
	t.inflight--
	switch c := a.Code; {
	case c == epp.OK || c == epp.Pending:
		if t.state != won {
			t.frame = append(t.frame[:0], a.Frame[:min(len(a.Frame), cap(t.frame))]...)
			e.decide(t, map[bool]state{true: won, false: pending}[c == epp.OK], sh)
		}
	case c == epp.Exists, c == epp.Failed:
		if p := e.o.Policy.ErrorDelay.Std(); p > 0 {
			l.free = max(l.free, sh.answer+p)
		}
	case c.Closes():
		l.dead = true
	case c >= 2000:
		e.decide(t, stopped, sh)
	}
	if t.state == open && t.sent >= t.quota && t.inflight == 0 && e.firing {
		e.undone = e.left()
	}
	loop := e.loop && e.firing && e.undone > 0 && !l.dead && !l.spare && sh.answer < e.end
	var k int
	var next *lane
	if loop {
		var at time.Duration
		at, next, k = e.pickLocked(-1, l)
		if next != nil && at > e.since(time.Now()) {
			next = nil
		}
	}
	e.mu.Unlock()
	if next != nil {
		e.shoot(next, k)
	} else {
		poke(e.wake)
	}
	return true
}

func (e *engine) decide(t *target, s state, sh *shot) {
	if t.state == open || s == won {
		t.state, t.code, t.by = s, sh.code, sh
		e.undone = e.left()
	}
}

// left counts the names that are still tried for.
func (e *engine) left() int {
	n := 0
	for _, t := range e.targets {
		if t.state == open && t.sent < t.quota {
			n++
		}
	}
	return n
}

// number finds which create of the session an answer belongs to.
func (l *lane) number(id []byte) (int, bool) {
	if len(id) <= len(l.prefix) || !bytes.HasPrefix(id, l.prefix) {
		return 0, false
	}
	var n uint64
	for _, c := range id[len(l.prefix):] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	if n < l.first || n >= l.first+uint64(len(l.shots)) {
		return 0, false
	}
	return int(n - l.first), true
}

var msgOpen, tagClose = []byte("msg"), []byte("</")

// message finds the text of the first msg element.
func message(frame []byte) []byte {
	i := bytes.Index(frame, msgOpen)
	if i < 0 {
		return nil
	}
	rest := frame[i:]
	j := bytes.IndexByte(rest, '>')
	if j < 0 {
		return nil
	}
	rest = rest[j+1:]
	if k := bytes.Index(rest, tagClose); k >= 0 {
		return rest[:k]
	}
	return nil
}

// drain waits for answers that are under way.
func (e *engine) drain(ctx context.Context, d time.Duration) {
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	for {
		e.mu.Lock()
		n := 0
		for _, t := range e.targets {
			n += t.inflight
		}
		e.mu.Unlock()
		if n == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-deadline.C:
			return
		case <-e.wake:
		}
	}
}

// verify asks who has the names that we did not get, and whether an unheard
// create won after all: 2302 names nobody.
func (e *engine) verify(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, t := range e.targets {
		e.mu.Lock()
		skip := t.state == won || t.state == taken || t.sent == 0
		l := e.spareLane()
		e.mu.Unlock()
		if skip {
			continue
		}
		if l == nil {
			if fresh, err := e.connect(ctx); err == nil {
				l = fresh
			} else {
				t.why = "nobody could be asked who has it: " + err.Error()
				continue
			}
		}
		if e.pass(ctx, l) != nil {
			return
		}
		d, err := l.s.Info(ctx, t.Name)
		var re *epp.ResultError
		switch {
		case err == nil:
			t.asked, t.holder, t.created = true, d.Sponsor, d.Created
			inside := t.fresh(d.Created)
			mine := e.o.Client != "" && d.Sponsor == e.o.Client
			switch {
			case mine && inside && t.state != pending:
				t.state = won
			case mine:
			case inside && (t.state == open || t.state == pending):
				t.state = taken
			}
		case errors.As(err, &re) && re.Code == epp.DoesNotExist:
			t.asked, t.missing = true, true
		default:
			t.why = err.Error()
		}
	}
}

// spareLane prefers a session that sent no create.
func (e *engine) spareLane() *lane {
	var busy *lane
	for _, l := range e.lanes {
		if l.dead {
			continue
		}
		if l.spare {
			return l
		}
		busy = l
	}
	return busy
}

func (e *engine) spent() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.shots
}

// close ends every session, within a moment: with a logout where the pace still
// allows one more command, else without.
func (e *engine) close() {
	e.mu.Lock()
	e.ended = true
	lanes := slices.Clone(e.lanes)
	e.mu.Unlock()
	var wg sync.WaitGroup
	for _, l := range lanes {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			e.mu.Lock()
			now := e.since(time.Now())
			polite := l.s.Err() == nil && e.gate.next(max(now, l.free), l.last) <= now
			if polite {
				e.gate.take(now)
			}
			e.mu.Unlock()
			if polite {
				_ = l.s.Logout(ctx)
			}
			_ = l.s.Close()
		})
	}
	wg.Wait()
	if e.o.Pacer != nil {
		e.o.Pacer.giveBack()
	}
}
