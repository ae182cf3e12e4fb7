package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

const (
	// repeatEvery is the pace of register calls at a drop where the service
	// names none: a person's API account, not a registry connection.
	repeatEvery = time.Second
	// repeatMost bounds the calls of one name in one window.
	repeatMost = 300
)

// repeater fires a register burst at a route that has none of its own: the
// service's create call, repeated inside the window. A call is repeated only
// after a definite refusal; whatever leaves its outcome open ends the burst.
type repeater struct {
	route catch.Route
	now   func() time.Time
}

// Arm announces how many calls there will be at most.
func (r *repeater) Arm(_ context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	d := r.route.Describe()
	p := catch.BurstPlan{
		Strategy: "one call after the other", Policy: d.Service, Sessions: 1, At: at, Until: until, Creates: map[string]int{},
		PolicyWhy: fmt.Sprintf("one register call every %s at most, none before the last was refused", repeatEvery),
	}
	// The names take turns, the first by priority begins.
	calls := min(int(until.Sub(at)/repeatEvery)+1, repeatMost)
	for _, q := range rs {
		p.Creates[q.Name] = max(1, calls/len(rs))
	}
	return &repeating{r: r, rs: rs, plan: p}, nil
}

type repeating struct {
	r    *repeater
	rs   []catch.Request
	plan catch.BurstPlan
}

func (a *repeating) Plan() catch.BurstPlan { return a.plan }
func (a *repeating) Disarm() error         { return nil }

// Fire waits for the window and calls until each name is had, gone for good,
// or the window is over.
func (a *repeating) Fire(ctx context.Context) (map[string]catch.Report, error) {
	start := a.plan.At
	if !sleep(ctx, start.Sub(a.r.now())) {
		return nil, context.Cause(ctx)
	}
	out := map[string]catch.Report{}
	left := append([]catch.Request(nil), a.rs...)
	frames := map[string][]catch.Frame{}
	for len(left) > 0 && ctx.Err() == nil && !a.r.now().After(a.plan.Until) {
		q := left[0]
		left = left[1:]
		if len(frames[q.Name]) >= a.plan.Creates[q.Name] {
			continue // its share is spent
		}
		f := catch.Frame{Name: q.Name, Sent: a.r.now().Sub(start)}
		// A call that was begun is waited for, whatever stops us.
		cctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		rep, err := a.r.route.Place(cctx, q)
		cancel()
		f.Answer = a.r.now().Sub(start)
		pause := repeatEvery
		if err == nil {
			f.Code, f.Words = 1000, rep.Words
			frames[q.Name] = append(frames[q.Name], f)
			rep.Frames = frames[q.Name]
			out[q.Name] = rep
			continue
		}
		f.Code, f.Words = 2000, words(err)
		kind := catch.KindOf(err)
		if !kind.Definite() {
			f.Code = 0
		}
		frames[q.Name] = append(frames[q.Name], f)
		out[q.Name] = catch.Report{State: refusal(kind), Words: words(err), Frames: frames[q.Name]}
		switch {
		case !kind.Definite():
			// Nobody knows: looked up, never repeated.
		case again(kind):
			left = append(left, q)
			if d := retryAfter(err); d > pause {
				pause = d
			}
		}
		if len(left) > 0 && !sleep(ctx, pause) {
			break
		}
	}
	return out, nil
}

// again reports whether a refusal is what a service says of a name that has
// not dropped yet, or of a call that came too soon.
func again(k catch.ErrorKind) bool {
	switch k {
	case catch.Taken, catch.NotDroppableYet, catch.RateLimited, catch.Busy, catch.UpstreamDown:
		return true
	}
	return false
}

func refusal(k catch.ErrorKind) catch.State {
	switch {
	case !k.Definite():
		return catch.InDoubt
	case again(k):
		return catch.Planned // until the name itself is looked at again
	}
	return endOf(k)
}
