package watch

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// backlog is how many events a subscriber may be behind before it misses some.
// A screen that missed events reads the rows again anyway.
const backlog = 512

// broadcast tells subscribers what happens in any process. One goroutine looks
// at the store's version while somebody listens or acts; it ends with the last
// of them.
type broadcast struct {
	s *Service

	mu    sync.Mutex
	subs  map[chan Event]bool
	users int
	stop  context.CancelFunc
	done  chan struct{}

	poke chan struct{}
	halt atomic.Pointer[time.Time] // when it was halted last, as far as was read
}

func newBroadcast(s *Service) *broadcast {
	return &broadcast{s: s, subs: map[chan Event]bool{}, poke: make(chan struct{}, 1)}
}

// Subscribe hears of what happens in any process, from now on and until the
// function is called, which closes the channel. A subscriber that does not
// read misses the oldest events.
func (s *Service) Subscribe() (<-chan Event, func()) {
	b := s.events
	ch := make(chan Event, backlog)
	stop := b.start()
	b.mu.Lock()
	b.subs[ch] = true
	b.mu.Unlock()
	var once sync.Once
	return ch, func() {
		once.Do(func() {
			b.mu.Lock()
			delete(b.subs, ch)
			b.mu.Unlock()
			stop()
			close(ch)
		})
	}
}

// start keeps the goroutine running until the function it returns was called.
// The position is read before it returns, so that nothing is missed.
func (b *broadcast) start() func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.users++
	if b.users == 1 {
		ctx, cancel := context.WithCancel(context.Background())
		b.stop, b.done = cancel, make(chan struct{})
		last, err := b.s.store.LastEvent(ctx)
		if err != nil {
			b.s.log.Error("listen", "err", err)
		}
		go b.follow(ctx, b.done, last)
	}
	var once sync.Once
	return func() {
		once.Do(func() {
			b.mu.Lock()
			b.users--
			var done chan struct{}
			if b.users == 0 {
				b.stop()
				done = b.done
			}
			b.mu.Unlock()
			if done != nil {
				<-done
			}
		})
	}
}

func (b *broadcast) wake() {
	select {
	case b.poke <- struct{}{}:
	default:
	}
}

func (b *broadcast) follow(ctx context.Context, done chan struct{}, last int64) {
	defer close(done)
	t := time.NewTimer(0)
	defer t.Stop()
	var version int64 = -1
	for {
		rest := b.s.ticks.follow
		armed := !b.s.bursts.next().IsZero()
		if armed {
			rest = b.s.ticks.armed
		}
		t.Reset(rest)
		v, err := b.s.store.Version(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			b.s.log.Error("listen", "err", err)
		case v != version || armed: // a halt is looked for itself, whatever the version shows
			read, err := b.read(ctx, last, version >= 0 && v != version)
			last = read
			if err == nil {
				version = v
			} else if ctx.Err() == nil { // read again at the next tick: a halt may be in it
				b.s.log.Error("listen", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-b.poke:
		}
	}
}

// read tells everything that happened since an event and returns the number of
// the last one that it told. Where it fails, what is left has to be read again.
func (b *broadcast) read(ctx context.Context, last int64, changed bool) (int64, error) {
	l, err := b.s.store.Lease(ctx)
	if err != nil {
		return last, err
	}
	// By its time, so that a halt which was lifted again is not missed either.
	if was := b.halt.Swap(&l.HaltAt); was == nil && l.Halted || was != nil && !l.HaltAt.Equal(*was) {
		b.s.bursts.disarm(ErrHalted)
	}
	told := 0
	for {
		es, err := b.s.store.Events(ctx, last, backlog)
		if err != nil {
			return last, err
		}
		for _, e := range es {
			b.tell(e)
			last = e.Seq
		}
		told += len(es)
		if len(es) < backlog {
			break
		}
	}
	if told == 0 && changed && b.s.epoch.Load() == 0 {
		// Another process kept looks that changed nothing: due times moved.
		b.tell(Event{At: b.s.now(), Kind: EvLooked})
	}
	if told > 0 {
		b.s.pokeRows()
	}
	return last, nil
}

// local tells subscribers in this process of something too small to keep.
func (b *broadcast) local(e Event) { b.tell(e) }

func (b *broadcast) tell(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.subs {
		for {
			select {
			case ch <- e:
			default:
				select {
				case <-ch: // the oldest makes room
				default:
				}
				continue
			}
			break
		}
	}
}
