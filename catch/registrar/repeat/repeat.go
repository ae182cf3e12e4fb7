// Package repeat is the burst of those who have no EPP account: a registrar's
// register call, made again and again from the drop on.
//
// It keeps to four rules. A call is repeated only after a definite refusal;
// one whose outcome nobody knows ends it, to be looked up. It never leaves the
// service's limits: every call takes a slot of theirs. It stops at a win, and
// at every refusal that waiting does not mend. And where the terms forbid it,
// there is one call and no second, for a name that the service itself calls
// free.
package repeat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

const (
	op = "register burst"
	// most calls of one burst, however long its window: they are spread over it.
	most = 2000
	// warm is how long before T the connection is opened by a call that costs
	// nothing.
	warm = 8 * time.Second
)

// Service is the client of the service that is called: its clock, its wait, and
// how many calls of a kind its limits allow within a time.
type Service interface {
	Now() time.Time
	Rest(ctx context.Context, d time.Duration) error
	Fits(op string, d time.Duration) int
}

// Arm prepares the burst: it says how many calls it will make for each name,
// at most, and spreads them over the window.
func Arm(_ context.Context, r catch.Route, c Service, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	d := r.Describe()
	guard := func(words string, args ...any) error {
		return &catch.Error{Kind: catch.Guard, Service: d.Service, Op: op, Words: fmt.Sprintf(words, args...)}
	}
	if len(rs) == 0 {
		return nil, guard("no name")
	}
	if now := c.Now(); at.Before(now) {
		at = now
	}
	if !until.After(at) {
		return nil, guard("its window is over")
	}
	a := &armed{route: r, web: c, at: at}
	total := min(c.Fits("register", until.Sub(at)), most)
	for i, req := range rs {
		n := total/len(rs) + btoi(i < total%len(rs)) // the first names get the odd ones
		once := r.Terms(req.Name).Burst == catch.BurstForbidden
		if once {
			n = 1
		}
		if n > 0 {
			a.shots = append(a.shots, &shot{req: req, left: n, once: once})
		}
	}
	creates := map[string]int{}
	for _, s := range a.shots {
		creates[s.req.Name] = s.left
	}
	a.gap = until.Sub(at) / time.Duration(max(total, 1))
	a.until = until
	a.plan = catch.BurstPlan{
		Strategy: "repeat", Policy: d.Service + "'s limits", Sessions: 1, Creates: creates, At: at, Until: until,
		Clock:     "this machine's: the first calls may come a little early or late, the next follow at once",
		PolicyWhy: fmt.Sprintf("one call at a time, one in %s; again only after a definite refusal", a.gap.Round(time.Millisecond)),
	}
	return a, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// shot is one name of the burst.
type shot struct {
	req    catch.Request
	left   int
	once   bool
	tries  int
	report catch.Report
	over   bool
}

type armed struct {
	route     catch.Route
	web       Service
	at, until time.Time
	gap       time.Duration
	shots     []*shot
	plan      catch.BurstPlan
}

func (a *armed) Plan() catch.BurstPlan { return a.plan }
func (a *armed) Disarm() error         { return nil }

// Fire calls from T until every name is won, refused for good, in doubt or out
// of calls. A name that nobody got so far is planned again, with the service's
// last words.
func (a *armed) Fire(ctx context.Context) (map[string]catch.Report, error) {
	if p, ok := a.route.(catch.Prober); ok && a.at.Sub(a.web.Now()) > warm {
		if err := a.web.Rest(ctx, a.at.Sub(a.web.Now())-warm); err != nil {
			return nil, err
		}
		if err := p.Probe(ctx); err != nil && ctx.Err() == nil && hopeless(catch.KindOf(err)) {
			return nil, err // a wrong key now is a wrong key at T: nothing was sent
		}
	}
	if err := a.web.Rest(ctx, a.at.Sub(a.web.Now())); err != nil {
		return nil, err
	}
	next := a.web.Now()
	for turn := 0; ; turn++ {
		s := a.pick(turn)
		if s == nil {
			break
		}
		if err := a.web.Rest(ctx, next.Sub(a.web.Now())); err != nil {
			break
		}
		if !a.web.Now().Before(a.until) {
			break
		}
		next = a.web.Now().Add(a.gap)
		if pause := a.call(ctx, s); pause > 0 {
			next = a.web.Now().Add(pause)
		}
	}
	out := map[string]catch.Report{}
	for _, s := range a.shots {
		if s.tries == 0 {
			continue // not fired: the ledger says so by its absence
		}
		if !s.over {
			s.report.State = catch.Planned
			s.report.Words = fmt.Sprintf("not to be had in %d calls; last: %s", s.tries, s.report.Words)
		}
		out[s.req.Name] = s.report
	}
	if len(out) == 0 && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, nil
}

// pick takes the names in turns.
func (a *armed) pick(turn int) *shot {
	for i := range a.shots {
		if s := a.shots[(turn+i)%len(a.shots)]; !s.over && s.left > 0 {
			return s
		}
	}
	return nil
}

// call makes one call and decides what follows. It returns how long the
// service wants to be left alone.
func (a *armed) call(ctx context.Context, s *shot) time.Duration {
	if s.once {
		q, err := a.route.Quote(ctx, s.req.Name, s.req.Years)
		if err != nil || q.Free == nil || !*q.Free {
			s.left, s.tries, s.over = 0, 1, true
			s.report = catch.Report{State: catch.RefusedOrder, Words: "its terms forbid repeated calls, and it does not call the name free"}
			return 0
		}
	}
	req := s.req
	s.tries++
	s.left--
	if s.tries > 1 {
		// A definite refusal is remembered under its key by services that keep
		// keys: asking again is a new question.
		req.Key = fmt.Sprintf("%s-%d", s.req.Key, s.tries)
	}
	sent := a.web.Now()
	rep, err := a.route.Place(ctx, req)
	f := catch.Frame{Name: req.Name, ClTRID: req.Key, Sent: sent.Sub(a.at), Answer: a.web.Now().Sub(a.at)}
	frames := append(s.report.Frames, f)
	last := &frames[len(frames)-1]
	defer func() { s.report.Frames = frames }()
	if err == nil {
		last.Code, last.Words = 1000, rep.Words
		s.report, s.over = rep, true
		return 0
	}
	kind := catch.KindOf(err)
	last.Words = string(kind)
	s.report.Words = err.Error()
	var e *catch.Error
	if errors.As(err, &e) && e.Words != "" {
		s.report.Words = e.Words
	}
	switch kind {
	case catch.Taken, catch.NotDroppableYet:
		last.Code = 2302
		return 0
	case catch.Busy, catch.UpstreamDown:
		last.Code = 2400
		return 0
	case catch.RateLimited:
		last.Code = 2400
		return max(e.RetryAfter, 2*a.gap)
	case catch.OutcomeUnknown, "":
		s.report.State, s.over = catch.InDoubt, true
	case catch.PremiumRefused, catch.PriceMismatch:
		last.Code = 2004
		s.report.State, s.over = catch.RefusedOrder, true
	default:
		last.Code = 2306
		s.report.State, s.over = catch.Failed, true
	}
	return 0
}

// hopeless are the refusals that waiting does not mend.
func hopeless(k catch.ErrorKind) bool {
	switch k {
	case catch.Auth, catch.IPNotAllowed, catch.Guard:
		return true
	}
	return false
}
