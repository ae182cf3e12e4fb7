package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

func scanOrders(rows *sql.Rows) ([]catch.Order, error) {
	defer rows.Close()
	var out []catch.Order
	for rows.Next() {
		o, err := scanOrder(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

func scanOrder(sc scanner) (catch.Order, error) {
	var o catch.Order
	var id, updated int64
	var body string
	if err := sc.Scan(&id, &updated, &body); err != nil {
		return o, err
	}
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		return o, fmt.Errorf("read order %d: %w", id, err)
	}
	o.ID, o.Updated = id, time.UnixMicro(updated).UTC()
	return o, nil
}

// Order returns an order, or watch.ErrNotFound.
func (s *Store) Order(ctx context.Context, id int64) (catch.Order, error) {
	o, err := scanOrder(s.read.QueryRowContext(ctx, `SELECT id, updated, body FROM orders WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return o, fmt.Errorf("order %d: %w", id, watch.ErrNotFound)
	} else if err != nil {
		return o, fmt.Errorf("read order %d: %w", id, s.typed(err))
	}
	return o, nil
}

// Orders returns the orders that match, oldest first.
func (s *Store) Orders(ctx context.Context, f watch.OrderFilter) ([]catch.Order, error) {
	var conds []string
	var args []any
	if f.Name != "" {
		conds, args = append(conds, "name = ?"), append(args, string(f.Name))
	}
	if len(f.Names) > 0 {
		list, err := json.Marshal(f.Names)
		if err != nil {
			return nil, fmt.Errorf("read orders: %w", err)
		}
		conds, args = append(conds, "name IN (SELECT value FROM json_each(?))"), append(args, string(list))
	}
	if f.Route != "" {
		conds, args = append(conds, "route = ?"), append(args, f.Route)
	}
	if len(f.States) > 0 {
		conds = append(conds, "state IN (?"+strings.Repeat(", ?", len(f.States)-1)+")")
		for _, st := range f.States {
			args = append(args, string(st))
		}
	}
	if f.Holding {
		conds = append(conds, "holds = 1")
	}
	if !f.DueBy.IsZero() {
		conds, args = append(conds, "holds = 1 AND next_try IS NOT NULL AND next_try <= ?"), append(args, f.DueBy.UnixMicro())
	}
	where := ""
	if len(conds) > 0 {
		where = " WHERE " + strings.Join(conds, " AND ")
	}
	rows, err := s.hot(ctx, `SELECT id, updated, body FROM orders`+where+` ORDER BY id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", s.typed(err))
	}
	out, err := scanOrders(rows)
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", s.typed(err))
	}
	return out, nil
}

// NextOrder is when the holder has to do something about an order, zero if
// nothing.
func (s *Store) NextOrder(ctx context.Context) (time.Time, error) {
	var v sql.NullInt64
	if err := s.hotRow(ctx, `SELECT min(next_try) FROM orders WHERE next_try IS NOT NULL AND holds = 1`).Scan(&v); err != nil {
		return time.Time{}, fmt.Errorf("read orders: %w", s.typed(err))
	}
	return at(v), nil
}

// AddOrder stores a new order. In the same transaction it asserts that nothing
// is halted and that the month's budget holds it, where it does not stand at its
// service already: no guard makes such an order go away. One route is taken once
// for one name.
func (s *Store) AddOrder(ctx context.Context, o catch.Order) (catch.Order, error) {
	stands := o.Kind != catch.ByHand && o.State != catch.Planned && o.State != catch.Requested
	err := s.durable(ctx, "order "+o.Name+" via "+o.Route, func(t *tx) error {
		if !stands {
			if err := t.assertNotHalted(ctx); err != nil {
				return err
			}
		}
		o.Created = t.now.UTC().Truncate(time.Microsecond)
		o.Updated, o.Since = o.Created, o.Created
		body, err := json.Marshal(o)
		if err != nil {
			return err
		}
		res, err := t.exec(ctx, `INSERT INTO orders (key, name, route, state, holds, next_try, created, updated, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			o.Key, o.Name, o.Route, string(o.State), o.State.Holds(), micros(o.NextTry), o.Created.UnixMicro(), o.Updated.UnixMicro(), string(body))
		if isUnique(err) {
			return fmt.Errorf("%w: an order for %s via %s stands already", watch.ErrExists, o.Name, o.Route)
		} else if err != nil {
			return err
		}
		if o.ID, err = res.LastInsertId(); err != nil {
			return err
		}
		if o.State.Holds() && !stands {
			if err := t.assertMonth(ctx, o, catch.Money{}); err != nil {
				return err
			}
		}
		return t.orderMoved(ctx, o, "", "you", o.Why)
	})
	return o, err
}

// SaveOrder stores what became of an order. What it paid or got back since is
// noted in the ledger, so that the month's sum is never a guess.
func (s *Store) SaveOrder(ctx context.Context, o catch.Order, why string) error {
	return s.durable(ctx, fmt.Sprintf("save order %d for %s", o.ID, o.Name), func(t *tx) error {
		was, err := t.order(ctx, o.ID)
		if err != nil {
			return err
		}
		if !was.Updated.Equal(o.Updated) {
			return watch.ErrStale
		}
		if open, err := t.openIntent(ctx, o.ID); err != nil {
			return err
		} else if open != 0 && o.State != catch.InDoubt && o.State != was.State {
			return fmt.Errorf("%w: ledger entry %d has no answer yet", watch.ErrStale, open)
		}
		delta, err := paidSince(was, o)
		if err != nil {
			return err
		}
		if !delta.IsZero() {
			if _, err := t.append(ctx, catch.LedgerEntry{Step: catch.Note, Order: o.ID, Name: o.Name, Route: o.Route, Action: "seen", Paid: delta, Words: why}); err != nil {
				return err
			}
		}
		return t.storeOrder(ctx, was, o, why)
	})
}

// Wish writes down what the person asks of an order, for the holder.
func (s *Store) Wish(ctx context.Context, id int64, w catch.Wish, bid catch.Money) (catch.Order, error) {
	var o catch.Order
	err := s.durable(ctx, fmt.Sprintf("%s order %d", w, id), func(t *tx) error {
		was, err := t.order(ctx, id)
		if err != nil {
			return err
		}
		if !was.State.Holds() {
			return fmt.Errorf("%w: it is %s already", watch.ErrGuard, was.State)
		}
		o = was
		o.Wish, o.WishBid, o.NextTry = w, bid, t.now.UTC()
		return t.storeOrder(ctx, was, o, "")
	})
	return o, err
}

func (t *tx) order(ctx context.Context, id int64) (catch.Order, error) {
	row, err := t.first(ctx, `SELECT id, updated, body FROM orders WHERE id = ?`, id)
	if err != nil {
		return catch.Order{}, err
	}
	o, err := scanOrder(row)
	if errors.Is(err, sql.ErrNoRows) {
		err = watch.ErrNotFound
	}
	return o, err
}

func (t *tx) storeOrder(ctx context.Context, was, o catch.Order, why string) error {
	if !catch.CanMove(was.State, o.State) {
		return fmt.Errorf("order %d for %s: cannot go from %s to %s", o.ID, o.Name, was.State, o.State)
	}
	o.Updated = t.now.UTC().Truncate(time.Microsecond)
	if !o.Updated.After(was.Updated) {
		o.Updated = was.Updated.Add(time.Microsecond)
	}
	if was.State != o.State || was.Since.IsZero() {
		o.Since = o.Updated
	} else {
		o.Since = was.Since
	}
	if !o.State.Holds() {
		o.NextTry, o.Wish, o.WishBid = time.Time{}, catch.WishNone, catch.Money{}
	}
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE orders SET state = ?, holds = ?, next_try = ?, updated = ?, body = ? WHERE id = ?`,
		string(o.State), o.State.Holds(), micros(o.NextTry), o.Updated.UnixMicro(), string(body), o.ID); isUnique(err) {
		return fmt.Errorf("%w: another order for %s via %s stands; only one can", watch.ErrGuard, o.Name, o.Route)
	} else if err != nil {
		return err
	}
	if was.State == o.State && was.Why == o.Why && was.PayBy.Equal(o.PayBy) && was.HighBid == o.HighBid && was.Paid == o.Paid && was.Refund == o.Refund {
		return nil
	}
	return t.orderMoved(ctx, o, was.State, o.Service, why)
}

// orderMoved tells history, listeners and the list of an order's step.
func (t *tx) orderMoved(ctx context.Context, o catch.Order, was catch.State, source, why string) error {
	n := watch.Name(o.Name)
	if was != o.State {
		if err := t.change(ctx, watch.Change{At: o.Updated, Name: n, Field: "order", Before: string(was), After: string(o.State), Source: source, Text: o.Route + ": " + why}); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("%s: %s %s", n.Display(), o.Service, o.State)
	if why != "" {
		text += ": " + why
	}
	if err := t.event(ctx, watch.Event{At: o.Updated, Kind: watch.EvOrder, Name: n, Order: o.ID, State: o.State, Text: text}); err != nil {
		return err
	}
	if tell := t.s.bind.Tell; tell != nil && was != o.State {
		r, err := t.row(ctx, n)
		if errors.Is(err, sql.ErrNoRows) {
			r = watch.Row{Watch: watch.Watch{Name: n, Kind: watch.Want}}
		} else if err != nil {
			return err
		}
		if err := t.tell(ctx, tell(r, watch.Happened{Order: &o, Was: was, Why: why}, t.now)); err != nil {
			return err
		}
	}
	return t.refresh(ctx, n)
}

// paidSince is what an order paid, less what it got back, since it was last
// stored.
func paidSince(was, now catch.Order) (catch.Money, error) {
	net := func(o catch.Order) (catch.Money, error) { return o.Paid.Add(o.Refund.Neg()) }
	a, err := net(was)
	if err != nil {
		return a, err
	}
	b, err := net(now)
	if err != nil {
		return b, err
	}
	return b.Add(a.Neg())
}
