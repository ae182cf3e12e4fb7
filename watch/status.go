package watch

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Status says who acts, what is next, and what it can cost.
func (s *Service) Status(ctx context.Context) (Status, error) {
	st := Status{Acting: s.epoch.Load() != 0, DB: s.store.Path()}
	var errs [6]error
	st.Lease, errs[0] = s.store.Lease(ctx)
	st.Watches, errs[1] = s.store.Kinds(ctx)
	st.Month, errs[2] = s.Spending(ctx)
	if q, err := s.Queue(ctx, 1); err != nil {
		errs[3] = err
	} else if len(q) > 0 {
		st.Next = &q[0]
	}
	if p, err := s.List(ctx, Query{Limit: 1}); err != nil {
		errs[4] = err
	} else if len(p.Rows) > 0 && p.Rows[0].Todo.Verb != TodoNothing {
		st.Todo = &p.Rows[0]
	}
	os, err := s.store.Orders(ctx, OrderFilter{Holding: true})
	errs[5] = err
	for _, o := range os {
		if o.State == catch.InDoubt {
			st.InDoubt++
		}
	}
	if err == nil {
		st.NextBurst, errs[5] = s.nextBurst(ctx, os)
	}
	return st, errors.Join(errs[:]...)
}

// Halt disarms everything that could cost money, from any process, and keeps
// it so until it is lifted. A burst that is armed anywhere lets go within a
// fifth of a second.
func (s *Service) Halt(ctx context.Context, on bool, who string) error {
	if err := s.writable(); err != nil {
		return err
	}
	if err := s.store.SetHalt(ctx, on, who); err != nil {
		return err
	}
	if on {
		s.bursts.disarm(ErrHalted)
	} else if err := s.resume(ctx); err != nil {
		return err
	}
	s.wake()
	return nil
}

// While everything is halted a burst waits so long at a time; haltedBy begins why.
const (
	haltedBy  = "halted by "
	haltedFor = 2 * time.Second
)

// resume has the bursts that waited for the end of the halt armed at once: their
// drop may be near.
func (s *Service) resume(ctx context.Context) error {
	os, err := s.store.Orders(ctx, OrderFilter{Holding: true})
	if err != nil {
		return err
	}
	for _, o := range os {
		if o.State != catch.Planned || !strings.HasPrefix(o.Why, haltedBy) {
			continue
		}
		o.NextTry = s.now()
		if err := s.store.SaveOrder(ctx, o, "no longer halted"); err != nil && !errors.Is(err, ErrStale) {
			return err
		}
	}
	return nil
}

// Ledger lists the latest entries, newest first; limit 0 is all.
func (s *Service) Ledger(ctx context.Context, limit int) ([]catch.LedgerEntry, error) {
	return s.store.Ledger(ctx, limit)
}

// Spending lists this UTC month's budgets, by currency.
func (s *Service) Spending(ctx context.Context) ([]Spending, error) {
	return s.store.Spending(ctx, s.now().UTC().Format("2006-01"))
}

// Orders lists orders, oldest first.
func (s *Service) Orders(ctx context.Context, f OrderFilter) ([]catch.Order, error) {
	return s.store.Orders(ctx, f)
}

// Bursts returns what the bursts of an order announced and sent, frame by
// frame, newest burst first.
func (s *Service) Bursts(ctx context.Context, order int64) ([]BurstRecord, error) {
	if _, err := s.store.Order(ctx, order); err != nil {
		return nil, err
	}
	return s.store.Bursts(ctx, order)
}

// SaveRehearsal keeps the report of a rehearsal.
func (s *Service) SaveRehearsal(ctx context.Context, n Name, report []byte) error {
	if err := s.writable(); err != nil {
		return err
	}
	return s.store.SaveRehearsal(ctx, RehearsalRecord{Name: n, At: s.now().UTC(), Report: report})
}

// Rehearsals returns the rehearsals of a name, newest first; limit 0 is all.
func (s *Service) Rehearsals(ctx context.Context, n Name, limit int) ([]RehearsalRecord, error) {
	return s.store.Rehearsals(ctx, n, limit)
}

// Evidence returns the dated answers that came with a change of a name, newest
// first, raw text and all.
func (s *Service) Evidence(ctx context.Context, n Name) ([]whoisx.Answer, error) {
	return s.store.Evidence(ctx, n)
}
