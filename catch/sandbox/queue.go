package sandbox

import (
	"container/heap"
	"time"
)

// event is something that happens at a virtual time: a drop, a rival's
// create, a frame that is still on its way.
type event struct {
	at  time.Time
	seq uint64
	run func(at time.Time)
}

// events are ordered by time, then by the order in which they were planned.
type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)   { *q = append(*q, x.(event)) }
func (q *events) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*q = old[:len(old)-1]
	return e
}

// at plans something. The lock is held.
func (r *Registry) at(t time.Time, run func(at time.Time)) {
	r.seq++
	heap.Push(&r.queue, event{t, r.seq, run})
	if r.queue[0].seq == r.seq {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// advance runs everything that was due up to a time, in its order. Whoever
// reads or changes the registry calls it first, so that nobody sees a state in
// which an earlier event has not happened. The lock is held.
func (r *Registry) advance(to time.Time) {
	for len(r.queue) > 0 && !r.queue[0].at.After(to) {
		e := heap.Pop(&r.queue).(event)
		e.run(e.at)
	}
}

// run lets events happen on time when nobody asks.
func (r *Registry) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		r.mu.Lock()
		now := r.now()
		r.advance(now)
		wait := time.Hour
		if len(r.queue) > 0 {
			wait = min(wait, r.queue[0].at.Sub(now))
		}
		r.mu.Unlock()
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-r.wake:
		case <-r.ctx.Done():
			return
		}
	}
}
