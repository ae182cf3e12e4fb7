package burst

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch/epp"
)

// now is the registry's time as far as we know it.
func (b *Burst) now() time.Time { return stripped(b.o.Wall()).Add(b.Clock().Offset) }

// setClock sets the clock from UTC and what was read of the registry's.
func (b *Burst) setClock() {
	c := b.utc.Correct(b.readings)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = c
}

// measure asks NTP.
func (b *Burst) measure(ctx context.Context) {
	var readings []Reading
	if len(b.o.NTP) > 0 {
		nctx, cancel := context.WithTimeout(ctx, 4*time.Second)
		rs, err := AskNTP(nctx, b.o.NTP, b.o.Dial)
		cancel()
		if err != nil {
			b.note("clock: " + err.Error())
		}
		readings = rs
	}
	b.utc = Combine(readings, b.o.Wall())
	b.setClock()
}

func (b *Burst) stopTending() {
	b.tendCancel()
	<-b.tendDone
}

// tend replaces sessions that ended or that the registry is about to end.
func (b *Burst) tend(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	<-pause.C
	wait := 250 * time.Millisecond
	for {
		pause.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		case <-b.eng.lost:
			if !pause.Stop() {
				select {
				case <-pause.C:
				default:
				}
			}
		}
		wait = 250 * time.Millisecond
		if b.eng.retire(b.o.Policy, b.at.Sub(b.now())) == 0 {
			continue
		}
		if _, err := b.eng.connect(ctx); err != nil {
			if ctx.Err() == nil {
				b.note("reconnect: " + err.Error())
			}
			var later *epp.BackoffError
			if errors.As(err, &later) {
				wait = min(max(time.Until(later.Until), wait), 30*time.Second)
			} else {
				wait = time.Second
			}
		}
	}
}

// moment is the drop on the monotonic clock.
func (b *Burst) moment() time.Time { return b.anchor.moment(b.at, b.Clock().Offset) }

// settleBy is how long before the drop the clock is looked at for the last
// time; from then on only the monotonic clock counts.
const settleBy = 2 * time.Second

// wait sleeps until shortly before the drop, with an eye on the clock and the
// sessions.
func (b *Burst) wait(ctx context.Context) error {
	for {
		if jump := b.anchor.look(); jump != 0 {
			b.note(fmt.Sprintf("the machine's clock jumped by %s", jump.Round(time.Millisecond)))
			if jump > time.Second {
				b.note("the machine may have slept")
			}
			b.afterJump(ctx, jump)
		}
		left := b.at.Sub(b.now())
		if -left > b.until.Sub(b.at)+longest {
			return fmt.Errorf("the drop passed %s ago, while this machine slept or was stopped; nothing was sent", (-left).Round(time.Second))
		}
		if left <= settleBy {
			break
		}
		t := time.NewTimer(min(left-settleBy, 500*time.Millisecond))
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-b.eng.idle(): // every session is gone and none comes back
			t.Stop()
		case <-t.C:
		}
	}
	b.readings = append(b.readings, b.eng.warm(ctx, min(settleBy/2, max(b.at.Sub(b.now())/2, 0)))...)
	b.setClock()
	if rtt, _ := b.eng.distance(); rtt > 0 {
		b.mu.Lock()
		b.plan.Lead = b.o.lead(rtt)
		b.mu.Unlock()
	}
	return ctx.Err()
}

// afterJump finds the time again. What was measured before was measured against
// a clock that is gone; NTP and the registry are asked anew. Where neither
// answers, a clock that went back was set back, and one that went ahead is
// believed: the machine may have slept, while its monotonic clock stood still.
func (b *Burst) afterJump(ctx context.Context, jump time.Duration) {
	old := b.utc
	b.readings = b.eng.warm(ctx, 3*time.Second)
	b.measure(ctx)
	if !b.utc.Checked && jump < 0 {
		b.utc = old
		b.utc.Offset -= jump
		b.setClock()
	}
}
