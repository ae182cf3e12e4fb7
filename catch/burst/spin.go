package burst

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// spinFor is how long before a deadline sleeping stops and spinning begins.
// time.Sleep alone wakes about 0.6 ms late, more under load; spinning takes
// that away.
const spinFor = 2 * time.Millisecond

// SpinUntil waits until t: asleep until shortly before, then spinning.
func SpinUntil(t time.Time) {
	if d := time.Until(t) - spinFor; d > 0 {
		time.Sleep(d)
	}
	if runtime.GOMAXPROCS(0) > 1 {
		for time.Until(t) > 0 {
		}
		return
	}
	for time.Until(t) > 0 {
		runtime.Gosched() // the readers need the one processor too
	}
}

// gcHold counts who holds the garbage collector off.
var gcHold struct {
	sync.Mutex
	n       int
	percent int
	limit   int64
}

// maxGCHold is how long one holder may keep the collector off.
const maxGCHold = 10 * time.Second

// holdGC keeps the garbage collector off for at most ten seconds, and only as
// long as the heap stays below twice its present size plus 128 MB: above that
// the memory limit starts it again. The returned function lets go; calling it
// twice does no harm.
func holdGC() func() {
	gcHold.Lock()
	defer gcHold.Unlock()
	if gcHold.n++; gcHold.n == 1 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		gcHold.limit = debug.SetMemoryLimit(-1)
		room := int64(min(m.Sys*2+128<<20, math.MaxInt64/2))
		debug.SetMemoryLimit(min(room, gcHold.limit))
		gcHold.percent = debug.SetGCPercent(-1)
	}
	var once sync.Once
	release := func() {
		once.Do(func() {
			gcHold.Lock()
			defer gcHold.Unlock()
			if gcHold.n--; gcHold.n == 0 {
				debug.SetGCPercent(gcHold.percent)
				debug.SetMemoryLimit(gcHold.limit)
			}
		})
	}
	t := time.AfterFunc(maxGCHold, release)
	return func() {
		t.Stop()
		release()
	}
}
