// Package burst sends creates at the moment a name drops: as fast as the
// network lets them through, and never faster than the registry allows.
//
// A burst goes through four hands:
//
//   - The policy (policies.toml) says what a registry allows an account, and
//     what it costs to ask for a name that still exists. The gate holds every
//     command of the account to it; there is no way around the gate.
//   - The clock says when the drop is on this machine: UTC from NTP, corrected
//     by the registry's own clock only where the two disagree beyond doubt,
//     then tied to the monotonic clock, which nobody sets back.
//   - The plan picks a strategy, lays out when creates may arrive, and shares
//     them out among the names by priority. It is announced before the drop,
//     and what it announces is reserved in the budget: a process that dies has
//     spent it all.
//   - The engine holds warm sessions and frames that are encoded already. At
//     the drop it patches a number into a frame and writes it: no allocation,
//     no XML, no scheduling. Answers go into records that are preallocated.
//
// A rehearsal (Rehearse) is this same code against the sandbox registry.
package burst

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
)

// Options say how a burst is made.
type Options struct {
	// Connect makes one logged-in session. It must not retry by itself;
	// epp.Connector does it right.
	Connect func(ctx context.Context) (*epp.Session, error)
	Use     Use    // of the account, by every process
	Client  string // the account's client id: whose name it is when we win
	Policy  Policy

	Strategy   Strategy // Auto chooses
	Sessions   int      // fewer than the policy allows; 0: what fits
	Spares     int      // -1: none; 0: what fits
	MaxCreates int      // per name, below the policy's; 0: the policy's

	// Lead is how long before its arrival a create leaves; 0 takes half of the
	// smallest round trip.
	Lead time.Duration

	// Window is how far the drop may fall after its time; 0 takes it from the
	// times given to Arm: up to a minute is how long it is worth trying after a
	// published drop, more is a window in which it can be anywhere.
	Window time.Duration

	NTP    []string // servers; none: the machine's clock, and the registry's
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	Settle time.Duration // how long answers are waited for at the end; default 10 s

	// Wall and Wait stand in for the machine's clock in simulations: Wait
	// returns at a time. Nil: time.Now and SpinUntil.
	Wall func() time.Time
	Wait func(time.Time)
	Log  *slog.Logger
}

// Target is one name, with the command that registers it. At and Until are its
// own drop: equal (or less than a second apart) where that is published, else a
// window in which it can be anywhere. Zero takes the burst's.
type Target struct {
	Name      string
	Create    epp.DomainCreate
	At, Until time.Time

	own bool // they were given with the target
}

// Burst is an armed burst. Fire or Disarm must be called, once.
type Burst struct {
	o       Options
	targets []Target
	at      time.Time // by the registry's clock
	until   time.Time
	utc     Clock // as measured, before the registry's clock corrects it
	clock   Clock
	shape   shape
	plan    catch.BurstPlan
	eng     *engine
	anchor  *anchor
	settle  func(spent int) error // of the reserved creates
	release func() error          // of the account
	notes   []string

	readings []Reading // of the registry's clock

	tendCancel context.CancelFunc
	tendDone   chan struct{}

	mu     sync.Mutex
	fired  bool
	result *Result
}

// exactWithin is the longest time between at and until in which the drop still
// counts as published: what follows is how long it is worth trying.
const exactWithin = time.Minute

// Arm prepares a burst for names that share a drop: it measures the clock,
// opens sessions, plans, encodes the frames and reserves the creates in the
// budget. Targets come by priority. until is the end of the drop's window; at
// itself where the second is published.
func Arm(ctx context.Context, o Options, targets []Target, at, until time.Time) (*Burst, error) {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Wait == nil {
		o.Wait = SpinUntil
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Settle == 0 {
		o.Settle = 10 * time.Second
	}
	if o.Use.Keeper == nil {
		return nil, errors.New("arm burst: nothing keeps what the account uses, so that the policy cannot be kept either")
	}
	if len(targets) == 0 {
		return nil, errors.New("arm burst: no name")
	}
	if err := o.Policy.check(); err != nil {
		return nil, fmt.Errorf("arm burst: policy %q: %w", o.Policy.ID, err)
	}
	if until.Before(at) {
		until = at
	}
	targets = slices.Clone(targets)
	for i := range targets {
		t := &targets[i]
		if t.own = !t.At.IsZero(); !t.own {
			t.At, t.Until = at, until
		}
		if t.Until.Before(t.At) {
			t.Until = t.At
		}
	}
	for _, t := range targets { // the burst lasts from the first drop to the last
		if t.At.Before(at) {
			at = t.At
		}
		if t.Until.After(until) {
			until = t.Until
		}
	}
	if err := sessionHours(o.Policy, at); err != nil {
		return nil, fmt.Errorf("arm burst: %w", err)
	}
	b := &Burst{o: o, targets: targets, at: at, until: until, anchor: newAnchor(o.Wall), tendDone: make(chan struct{})}
	b.measure(ctx)
	if late := b.now().Sub(until); late > longest {
		return nil, fmt.Errorf("arm burst: the drop at %s is %s in the past", until.UTC().Format(time.RFC3339), late.Round(time.Second))
	}
	b.eng = newEngine(b.o, b.targets)
	// The account is taken before anything is opened: of two processes one must
	// not even log in.
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = lower(t.Name)
	}
	var err error
	if b.release, err = o.Use.hold(ctx, names, at, until.Add(o.Window), b.eng.gate, b.eng.base); err != nil {
		return nil, fmt.Errorf("arm burst: %w", err)
	}
	if err := b.arm(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("arm burst: %w", err), b.leave(0))
	}
	tctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	b.tendCancel = cancel
	go func() {
		defer close(b.tendDone)
		b.tend(tctx)
	}()
	return b, nil
}

// leave ends the sessions, writes down what was spent, and gives the account
// back.
func (b *Burst) leave(spent int) error {
	b.eng.close()
	var err error
	if b.settle != nil {
		err = b.settle(spent)
	}
	return errors.Join(err, b.release())
}

// sessionHours refuses a time outside of the registry's release session.
func sessionHours(p Policy, at time.Time) error {
	if p.SessionFrom == "" || p.SessionTo == "" {
		return nil
	}
	hm := at.UTC().Format("15:04")
	if hm < p.SessionFrom || hm > p.SessionTo {
		return fmt.Errorf("%s releases names between %s and %s UTC only, not at %s", p.Title, p.SessionFrom, p.SessionTo, hm)
	}
	return nil
}

func (b *Burst) note(s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notes = append(b.notes, s)
}

// counts splits the sessions of the policy into working ones and spares.
func (o Options) counts() (work, spare int) {
	most := o.Policy.Sessions
	if o.Sessions > 0 {
		most = min(most, o.Sessions+max(o.Spares, 0))
	}
	switch {
	case o.Spares < 0:
	case o.Spares > 0:
		spare = min(o.Spares, most-1)
	case o.Sessions > 0:
		spare = min(most-o.Sessions, 1)
	case most >= 6:
		spare = 2
	case most >= 3:
		spare = 1
	}
	work = most - spare
	if o.Sessions > 0 {
		work = min(work, o.Sessions)
	} else {
		useful := 12
		if o.Policy.PerSecond > 0 && o.Policy.SessionPerSecond == 0 {
			useful = max(2, min(8, int(math.Ceil(o.Policy.PerSecond))))
		}
		work = min(work, useful)
	}
	return max(work, 1), spare
}

// arm opens the sessions and makes the plan.
func (b *Burst) arm(ctx context.Context) error {
	o := b.o
	now := o.Wall()
	usage, err := o.Use.read(ctx)
	if err != nil {
		return err
	}
	left := -1
	if a := o.Policy.Allowance(); a > 0 {
		if left = a - usage.spent(now.Add(-o.Policy.Window())); left < 1 {
			return usage.budgetError(o.Use.Account, 1, a, o.Policy.Window(), now)
		}
	}
	work, spare := o.counts()
	var lanes []*lane
	var first error
	for range work + spare {
		l, err := b.eng.connect(ctx)
		if err != nil {
			first = err
			if len(lanes) == 0 || ctx.Err() != nil {
				return err // one try: a wrong password is not for a loop
			}
			break // what we have must do
		}
		lanes = append(lanes, l)
	}
	if first != nil {
		b.note(fmt.Sprintf("%d of %d sessions: %v", len(lanes), work+spare, first))
	}
	if len(lanes) < work+spare {
		spare = min(spare, max(0, len(lanes)-work))
		work = len(lanes) - spare
	}
	for i := work; i < len(lanes); i++ {
		lanes[i].spare = true
	}
	for range 2 { // a look at the distance and at the registry's clock, on warm connections
		b.readings = append(b.readings, b.eng.warm(ctx, 5*time.Second)...)
	}
	b.setClock()
	rtt, jitter := b.eng.distance()
	s := situation{
		policy: o.Policy, budget: left, rtt: rtt, jitter: jitter, uncertainty: min(b.clock.Uncertainty, time.Second),
		sessions: work, strategy: o.Strategy, maxCreates: o.MaxCreates,
	}
	for _, t := range b.targets {
		s.aims = append(s.aims, b.aim(t))
	}
	b.shape = plan(s, newGate(o.Policy, slackFor(jitter)))
	total := 0
	b.plan = catch.BurstPlan{
		Strategy: string(b.shape.strategy), Policy: o.Policy.ID, Sessions: work, Spares: spare, Lead: o.lead(rtt), Clock: b.clock.String(),
		Creates: map[string]int{}, At: b.at, Until: b.until, PolicyWhy: b.shape.why + "; " + o.Policy.Words(),
	}
	for i, t := range b.targets {
		b.plan.Creates[t.Name] = b.shape.quota[i]
		total += b.shape.quota[i]
	}
	if total == 0 {
		return errors.New("the policy's pace leaves no time for a single create")
	}
	if b.settle, err = o.Use.reserve(ctx, total, o.Policy.Allowance(), o.Policy.Window(), o.Wall()); err != nil {
		return err
	}
	return b.eng.prepare(b.shape, total)
}

// lead is how long before its arrival a create leaves.
func (o Options) lead(rtt time.Duration) time.Duration {
	if o.Lead > 0 {
		return o.Lead
	}
	return rtt / 2
}

// aim is when a target drops, relative to the burst's first drop.
func (b *Burst) aim(t Target) aim {
	a := aim{at: t.At.Sub(b.at), whole: t.At.Nanosecond() == 0, tail: min(b.until.Sub(t.At), exactWithin)}
	switch w := t.Until.Sub(t.At); {
	case b.o.Window > 0:
		a.window = b.o.Window
	case t.own && w > time.Second, w > exactWithin:
		a.window = w
	}
	return a
}

// slackFor is by how much the windows of the limits are stretched, so that the
// network cannot squeeze two commands into one of the registry's seconds.
func slackFor(jitter time.Duration) time.Duration {
	return min(20*time.Millisecond+2*jitter, 500*time.Millisecond)
}

// Plan says what will be spent, before it is.
func (b *Burst) Plan() catch.BurstPlan {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.plan
}

// Clock is the clock as it was measured last.
func (b *Burst) Clock() Clock {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clock
}

// Disarm lets go of the sessions without sending a create, and gives the
// reserved creates back.
func (b *Burst) Disarm() error {
	b.mu.Lock()
	if b.fired {
		b.mu.Unlock()
		return nil
	}
	b.fired = true
	b.mu.Unlock()
	b.stopTending()
	return b.leave(0)
}

// Fire waits for the drop, fires, and reports each name. It returns early when
// every name is decided. ctx ends it at any time: nothing more is sent then,
// and what was sent is reported.
func (b *Burst) Fire(ctx context.Context) (map[string]catch.Report, error) {
	b.mu.Lock()
	if b.fired {
		b.mu.Unlock()
		return nil, errors.New("fire burst: it was fired or disarmed before")
	}
	b.fired = true
	b.mu.Unlock()
	err := b.wait(ctx)
	if err == nil {
		b.eng.fire(ctx, b.moment(), b.shape, b.plan.Lead)
		b.eng.drain(ctx, b.o.Settle)
	}
	b.stopTending()
	if err == nil {
		b.eng.verify(ctx)
	}
	res := b.report()
	serr := b.leave(res.Spent)
	b.mu.Lock()
	b.result = res
	b.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("fire burst: %w", err)
	}
	return res.byName(), serr
}

// Result is what happened, in full. It is nil before Fire returned.
func (b *Burst) Result() *Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.result
}

var _ catch.Armed = (*Burst)(nil)

func lower(s string) string { return strings.ToLower(s) }
