package burst

import (
	"bytes"
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/catch/epp"
)

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

// scout asks, in a pause of the pace, whether somebody has the names by now, we
// ourselves perhaps, so that no create is wasted on what is gone. It goes on a
// session that would otherwise do nothing and only if the pace has room at this
// moment, once after every wave of refused creates.
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
			if err != nil || t.state != open || t.inflight > 0 || !t.fresh(d.Created) {
				return
			}
			t.asked, t.holder, t.created, t.state = true, d.Sponsor, d.Created, e.shown(d)
			e.undone = e.left()
			poke(e.wake)
		})
	}
}

// fresh reports whether a name was created inside of the window: then it is
// another registration than the one that dropped.
func (t *target) fresh(created time.Time) bool {
	return !created.IsZero() && !created.Before(t.At.Add(-2*time.Second))
}

// shown is where a name stands that was registered inside of the window, by what
// an info shows: it is ours by a create whose answer was lost.
func (e *engine) shown(d epp.Domain) state {
	switch {
	case e.o.Client == "" || d.Sponsor != e.o.Client:
		return taken
	case slices.Contains(d.Statuses, "pendingCreate"):
		return pending
	}
	return won
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
	number := e.gate.take(now)
	e.mu.Unlock()
	epp.FillSlot(l.slots[k], num)
	_ = l.s.WriteFrame(l.frames[k]) // a failure ends the session, which is noticed
	l.write.Unlock()
	if left := e.since(time.Now()); left-now > time.Millisecond {
		e.mu.Lock()
		l.last = max(l.last, left)
		e.gate.left(number, left)
		e.mu.Unlock()
	}
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
