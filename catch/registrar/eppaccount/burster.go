package eppaccount

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/epp"
)

// Arm reads the price of every name once more, holds it against what was agreed
// to, and prepares the burst. A name whose price is refused is not fired for:
// where that leaves none, Arm fails with the first refusal. Names that fall
// under another policy than the first one wait for a burst of their own.
func (a *Account) Arm(ctx context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	const op = "arm burst"
	if len(rs) == 0 {
		return nil, &catch.Error{Kind: catch.Guard, Service: title, Op: op, Words: "no name"}
	}
	pol := a.Policy(rs[0].Name)
	var now, later []catch.Request
	for _, r := range rs {
		if a.Policy(r.Name).ID == pol.ID {
			now = append(now, r)
		} else {
			later = append(later, r)
		}
	}
	rs = now
	svc, ok, refused, err := a.lock(ctx, rs)
	if err != nil {
		return nil, err
	}
	if len(ok) == 0 && len(later) == 0 {
		return nil, refusedAll(refused)
	} else if len(ok) == 0 { // the account is theirs
		next, err := a.Arm(ctx, later, at, until)
		if x, is := next.(*armed); is {
			x.refused = append(x.refused, refused...)
		}
		return next, err
	}
	a.mu.Lock()
	if a.arming > 0 {
		a.mu.Unlock()
		return nil, &catch.Error{Kind: catch.Busy, Service: title, Op: op, RetryAfter: 10 * time.Second, Words: "another burst of this account is armed"}
	}
	a.arming++
	a.mu.Unlock()
	a.hangUp() // its place goes to the burst
	done := sync.OnceFunc(func() {
		a.mu.Lock()
		a.arming--
		a.mu.Unlock()
	})
	var targets []burst.Target
	for _, r := range ok {
		targets = append(targets, burst.Target{Name: r.Name, Create: a.create(r, svc), At: r.At, Until: r.Until})
	}
	b, err := burst.Arm(ctx, burst.Options{
		Connect: func(ctx context.Context) (*epp.Session, error) {
			s, _, err := a.connect(ctx)
			return s, err
		},
		Use: a.use, Client: a.o.User, Policy: pol,
		Strategy: a.strategy, Sessions: a.number("sessions"), Spares: a.number("spares"), MaxCreates: a.number("creates"), Lead: a.lead,
		NTP: a.o.NTP, Wait: a.o.Wait, Wall: a.o.Wall,
	}, targets, at, until)
	if err != nil {
		done()
		return nil, a.armError(op, err)
	}
	return &armed{Burst: b, a: a, done: done, refused: refused, later: later, policy: pol.ID}, nil
}

// armError says why a burst was not armed. A budget that is spent passes with
// its window: the order must not end by it.
func (a *Account) armError(op string, err error) error {
	var over *burst.BudgetError
	if errors.As(err, &over) {
		e := &catch.Error{Kind: catch.RateLimited, Service: title, Op: op, Words: err.Error(), Hint: "the registry's window has to pass"}
		if !over.Free.IsZero() {
			e.RetryAfter, e.Hint = time.Until(over.Free), "some are left again from "+over.Free.UTC().Format("2006-01-02 15:04 UTC")
		}
		return e
	}
	return a.fail(op, err, false)
}

type refusal struct {
	name string
	err  error
}

// refusedAll is the error of a burst of which no name is left.
func refusedAll(rs []refusal) error {
	if len(rs) == 1 {
		return rs[0].err
	}
	all := make([]string, len(rs))
	for i, r := range rs {
		all[i] = r.err.Error()
	}
	return &catch.Error{Kind: catch.KindOf(rs[0].err), Service: title, Op: "arm burst", Words: strings.Join(all, "; ")}
}

// lock reads the prices and splits the requests.
func (a *Account) lock(ctx context.Context, rs []catch.Request) (svc epp.Services, ok []catch.Request, refused []refusal, err error) {
	const op = "arm burst"
	s, err := a.session(ctx, rs[0].Name, op)
	if err != nil {
		return svc, nil, nil, err
	}
	svc = s.Services()
	names := make([]string, len(rs))
	for i, r := range rs {
		names[i] = strings.ToLower(r.Name)
	}
	// One check for all names that are registered for as long: a price is that
	// of its own years.
	got := make([]epp.Checked, len(rs))
	asked := make([]bool, len(rs))
	for i := range rs {
		if asked[i] {
			continue
		}
		years := max(rs[i].Years, 1)
		var cmd epp.DomainCheck
		for k := range rs {
			if max(rs[k].Years, 1) == years || svc.Fee == "" {
				asked[k] = true
				cmd.Names = append(cmd.Names, names[k])
			}
		}
		if svc.Fee != "" {
			cmd.Fee = &epp.FeeCheck{Years: years}
		}
		if i > 0 { // every command takes its turn
			if s, err = a.session(ctx, rs[0].Name, op); err != nil {
				return svc, nil, nil, err
			}
		}
		r, err := s.Do(ctx, cmd)
		if err != nil {
			return svc, nil, nil, a.fail(op, err, false)
		}
		for _, c := range epp.ReadCheck(r) {
			if k := slices.Index(names, c.ID); k >= 0 && slices.Contains(cmd.Names, c.ID) {
				got[k] = c
			}
		}
	}
	for i, req := range rs {
		req.Name = names[i]
		l := Looked{Name: req.Name}
		// A name that still exists has a price at some registries and none at
		// others; what was read or confirmed before stands then.
		if q, has := got[i].Fee("create"); has {
			l.Price, l.Premium, l.Class = q.Total, q.Premium, q.Class
		}
		locked, lerr := a.locked("arm burst for "+req.Name, req, l)
		if lerr != nil {
			refused = append(refused, refusal{req.Name, lerr})
			continue
		}
		ok = append(ok, locked)
	}
	return svc, ok, refused, nil
}

// armed is a burst that gives the account back when it is over.
type armed struct {
	*burst.Burst
	a       *Account
	done    func()
	refused []refusal
	later   []catch.Request // not in it: they fall under another policy
	policy  string
}

// Fire fires, and adds the names that were refused or have to wait.
func (x *armed) Fire(ctx context.Context) (map[string]catch.Report, error) {
	defer x.done()
	reps, err := x.Burst.Fire(ctx)
	if reps != nil {
		for _, r := range x.refused {
			reps[r.name] = catch.Report{State: catch.RefusedOrder, Words: r.err.Error()}
		}
		for _, r := range x.later {
			reps[r.Name] = catch.Report{State: catch.Planned, Words: fmt.Sprintf("it falls under policy %s: its burst comes after that under policy %s", x.a.Policy(r.Name).ID, x.policy)}
		}
	}
	return reps, err
}

// Disarm lets go.
func (x *armed) Disarm() error {
	defer x.done()
	return x.Burst.Disarm()
}

// Rehearsal is this account's burst for a name as a rehearsal: the same policy,
// strategy, sessions and creates.
func (a *Account) Rehearsal(names ...string) burst.Rehearsal {
	name := ""
	if len(names) > 0 {
		name = names[0]
	}
	return burst.Rehearsal{
		Policy: a.Policy(name), Strategy: a.strategy, Sessions: a.number("sessions"), Spares: a.number("spares"), MaxCreates: a.number("creates"), Lead: a.lead, Names: names,
	}
}
