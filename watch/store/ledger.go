package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// Intend appends an intent after the checks that catch.Ledger names. It also
// refuses a second step of an order whose first has no answer yet, and a step
// of an order that has ended.
func (s *Store) Intend(ctx context.Context, e catch.LedgerEntry) (int64, error) {
	seqs, err := s.IntendAll(ctx, []catch.LedgerEntry{e})
	if err != nil {
		return 0, err
	}
	return seqs[0], nil
}

// IntendAll appends several intents, all or none.
func (s *Store) IntendAll(ctx context.Context, es []catch.LedgerEntry) ([]int64, error) {
	seqs := make([]int64, len(es))
	err := s.durable(ctx, "write the intent", func(t *tx) error {
		for i, e := range es {
			var err error
			if seqs[i], err = t.intend(ctx, e); err != nil && len(es) > 1 {
				return &watch.IntentError{Order: e.Order, Err: err}
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	return seqs, err
}

func (t *tx) intend(ctx context.Context, e catch.LedgerEntry) (int64, error) {
	if err := t.assertHolder(ctx, e.Epoch); err != nil {
		return 0, err
	}
	if e.Action != "cancel" {
		if err := t.assertNotHalted(ctx); err != nil {
			return 0, err
		}
	}
	o, err := t.order(ctx, e.Order)
	if err != nil {
		return 0, fmt.Errorf("order %d: %w", e.Order, err)
	}
	if !o.State.Holds() {
		return 0, fmt.Errorf("%w: order %d is %s", watch.ErrStale, o.ID, o.State)
	}
	if want := stateFor(e.Action); want != "" && o.State != want {
		// Somebody else was quicker: what is won must not be bought again.
		return 0, fmt.Errorf("%w: order %d is %s", watch.ErrStale, o.ID, o.State)
	}
	if open, err := t.openIntent(ctx, o.ID); err != nil {
		return 0, err
	} else if open != 0 {
		return 0, fmt.Errorf("%w: ledger entry %d of order %d has no answer yet", watch.ErrGuard, open, o.ID)
	}
	if !e.AtMost.IsZero() {
		if err := t.assertMonth(ctx, o, e.AtMost); err != nil {
			return 0, err
		}
	}
	e.Step = catch.Intent
	return t.append(ctx, e)
}

// stateFor is the one state in which an action may begin; "" is any that holds.
func stateFor(action string) catch.State {
	switch action {
	case "order", "burst":
		return catch.Requested
	case string(catch.WishPay):
		return catch.PaymentDue
	}
	return ""
}

// Settle appends the answer to an intent and stores the order in the same
// transaction. It asks for no lease: what was done must be written down by
// whoever did it.
func (s *Store) Settle(ctx context.Context, e catch.LedgerEntry, o catch.Order) error {
	return s.durable(ctx, fmt.Sprintf("settle ledger entry %d", e.Intent), func(t *tx) error {
		was, err := t.order(ctx, o.ID)
		if err != nil {
			return fmt.Errorf("order %d: %w", o.ID, err)
		}
		var intent int64
		err = t.one(ctx, `SELECT seq FROM ledger WHERE seq = ? AND step = 'intent' AND ord = ?`, []any{e.Intent, o.ID}, &intent)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("ledger entry %d is no intent of order %d: %w", e.Intent, o.ID, watch.ErrNotFound)
		} else if err != nil {
			return err
		}
		delta, err := paidSince(was, o)
		if err != nil {
			return err
		}
		e.Step, e.Order, e.Name, e.Route, e.Paid = catch.Answer, o.ID, o.Name, o.Route, delta
		if _, err := t.append(ctx, e); isUnique(err) {
			return fmt.Errorf("%w: ledger entry %d is settled already", watch.ErrStale, e.Intent)
		} else if err != nil {
			return err
		}
		if !was.Updated.Equal(o.Updated) && was.Wish != o.Wish && o.Wish == catch.WishNone {
			// The person asked for something while the call was out.
			o.Wish, o.WishBid, o.NextTry = was.Wish, was.WishBid, was.NextTry
		}
		return t.storeOrder(ctx, was, o, o.Why)
	})
}

func (t *tx) append(ctx context.Context, e catch.LedgerEntry) (int64, error) {
	if e.At.IsZero() {
		e.At = t.now
	}
	var intent any
	if e.Intent != 0 {
		intent = e.Intent
	}
	res, err := t.exec(ctx, `INSERT INTO ledger (at, epoch, step, intent, ord, name, route, action, at_most, most_in, paid, paid_in, creates, outcome, words)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.At.UnixMicro(), e.Epoch, string(e.Step), intent, e.Order, e.Name, e.Route, e.Action, e.AtMost.Units, e.AtMost.Currency, e.Paid.Units, e.Paid.Currency, e.Creates, e.Outcome, e.Words)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// openIntent returns the intent of an order that has no answer, 0 where there
// is none.
func (t *tx) openIntent(ctx context.Context, order int64) (int64, error) {
	var seq sql.NullInt64
	err := t.one(ctx, `SELECT max(i.seq) FROM ledger i WHERE i.step = 'intent' AND i.ord = ?
		AND NOT EXISTS (SELECT 1 FROM ledger a WHERE a.step = 'answer' AND a.intent = i.seq)`, []any{order}, &seq)
	return seq.Int64, err
}

// assertMonth refuses what would exceed a month's budget: what was paid this
// month, and what every order that holds can still cost, stay under it. An
// intent may be dearer than its order was so far.
func (t *tx) assertMonth(ctx context.Context, o catch.Order, atMost catch.Money) error {
	need := watch.AtMost(o)
	if c, err := need.Cmp(atMost); err != nil {
		return fmt.Errorf("%w: the cap is in %s, the price in %s", watch.ErrGuard, need.Currency, atMost.Currency)
	} else if c < 0 {
		need = atMost
	}
	if need.IsZero() && o.LoseFee.IsZero() {
		return nil
	}
	sums, err := t.spending(ctx, month(t.now), func(x *catch.Order) {
		if x.ID == o.ID && need.Units > x.Cap.Units {
			x.Cap = need
		}
	})
	if err != nil {
		return err
	}
	for _, sp := range sums {
		cur := sp.Spent.Currency
		if cur != need.Currency && cur != o.LoseFee.Currency {
			continue
		}
		if sp.Cap.IsZero() {
			return fmt.Errorf("%w: no month cap in %s; set one in the configuration: [month] %s = \"...\"", watch.ErrGuard, cur, cur)
		}
		total, err := sp.Spent.Add(sp.AtRisk)
		if err != nil {
			return err
		}
		if c, err := total.Cmp(sp.Cap); err != nil {
			return err
		} else if c > 0 {
			return fmt.Errorf("%w: with it %s would be spent or at risk in %s, the month's cap is %s", watch.ErrGuard, total, sp.Month, sp.Cap)
		}
	}
	return nil
}

func month(t time.Time) string { return t.UTC().Format("2006-01") }

// Spending sums a UTC month ("2026-11") by currency: what was paid less what
// came back, what holding orders can still cost, and frozen deposits.
func (s *Store) Spending(ctx context.Context, m string) ([]watch.Spending, error) {
	// One snapshot for orders and ledger.
	r, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read spending: %w", s.typed(err))
	}
	defer r.Rollback()
	out, err := spending(ctx, r.QueryContext, m, s.bind.MonthCaps, nil)
	if err != nil {
		return nil, fmt.Errorf("read spending: %w", s.typed(err))
	}
	return out, nil
}

func (t *tx) spending(ctx context.Context, m string, change func(*catch.Order)) ([]watch.Spending, error) {
	return spending(ctx, t.query, m, t.s.bind.MonthCaps, change)
}

func spending(ctx context.Context, query func(context.Context, string, ...any) (*sql.Rows, error), m string, caps map[string]catch.Money, change func(*catch.Order)) ([]watch.Spending, error) {
	from, err := time.Parse("2006-01", m)
	if err != nil {
		return nil, fmt.Errorf("month %q: write it like 2026-11", m)
	}
	sums := map[string]*watch.Spending{}
	of := func(cur string) *watch.Spending {
		sp := sums[cur]
		if sp == nil {
			zero := catch.Money{Currency: cur}
			sp = &watch.Spending{Month: m, Spent: zero, AtRisk: zero, Frozen: zero, Cap: zero}
			sums[cur] = sp
		}
		return sp
	}
	for cur, c := range caps {
		of(cur).Cap = c
	}
	paid, err := paidIn(ctx, query, from)
	if err != nil {
		return nil, err
	}
	for cur, sum := range paid {
		// A refund of an earlier month's payment is no licence to spend more.
		of(cur).Spent.Units = max(sum, 0)
	}
	// What holds, and what ended while its deposit has not come back.
	rows, err := query(ctx, `SELECT id, updated, body FROM orders WHERE holds = 1
		OR id IN (SELECT ord FROM checklist WHERE done IS NULL AND item = 'deposit-' || ord) ORDER BY id`)
	if err != nil {
		return nil, err
	}
	orders, err := scanOrders(rows)
	if err != nil {
		return nil, err
	}
	if change != nil {
		for i := range orders {
			change(&orders[i])
		}
	}
	e := watch.ExposureOfAll(orders)
	for _, x := range e.MostOwed {
		of(x.Currency).AtRisk = x
	}
	for _, x := range e.Frozen {
		of(x.Currency).Frozen = x
	}
	out := make([]watch.Spending, 0, len(sums))
	for _, sp := range sums {
		out = append(out, *sp)
	}
	slices.SortFunc(out, func(a, b watch.Spending) int { return strings.Compare(a.Cap.Currency, b.Cap.Currency) })
	return out, nil
}

// paidIn sums what was paid in a month, less what came back, by currency.
func paidIn(ctx context.Context, query func(context.Context, string, ...any) (*sql.Rows, error), from time.Time) (map[string]int64, error) {
	rows, err := query(ctx, `SELECT paid_in, sum(paid) FROM ledger WHERE paid <> 0 AND at >= ? AND at < ? GROUP BY paid_in`, from.UnixMicro(), from.AddDate(0, 1, 0).UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var cur string
		var sum int64
		if err := rows.Scan(&cur, &sum); err != nil {
			return nil, err
		}
		out[cur] = sum
	}
	return out, rows.Err()
}

const ledgerColumns = `seq, at, epoch, step, intent, ord, name, route, action, at_most, most_in, paid, paid_in, creates, outcome, words`

func (s *Store) entries(ctx context.Context, query string, args ...any) ([]catch.LedgerEntry, error) {
	fail := func(err error) ([]catch.LedgerEntry, error) {
		return nil, fmt.Errorf("read the ledger: %w", s.typed(err))
	}
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var out []catch.LedgerEntry
	for rows.Next() {
		var e catch.LedgerEntry
		var when int64
		var intent sql.NullInt64
		if err := rows.Scan(&e.Seq, &when, &e.Epoch, &e.Step, &intent, &e.Order, &e.Name, &e.Route, &e.Action, &e.AtMost.Units, &e.AtMost.Currency,
			&e.Paid.Units, &e.Paid.Currency, &e.Creates, &e.Outcome, &e.Words); err != nil {
			return fail(err)
		}
		e.At, e.Intent = time.UnixMicro(when).UTC(), intent.Int64
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return out, nil
}

// InDoubt lists the intents that have no answer, oldest first.
func (s *Store) InDoubt(ctx context.Context) ([]catch.LedgerEntry, error) {
	return s.entries(ctx, `SELECT `+ledgerColumns+` FROM ledger i WHERE i.step = 'intent'
		AND NOT EXISTS (SELECT 1 FROM ledger a WHERE a.step = 'answer' AND a.intent = i.seq) ORDER BY i.seq`)
}

// Ledger lists the latest entries, newest first; limit 0 is all.
func (s *Store) Ledger(ctx context.Context, limit int) ([]catch.LedgerEntry, error) {
	if limit <= 0 {
		limit = -1
	}
	return s.entries(ctx, `SELECT `+ledgerColumns+` FROM ledger ORDER BY seq DESC LIMIT ?`, limit)
}
