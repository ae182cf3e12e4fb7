package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// endOf is how a definite refusal ends an order.
func endOf(kind catch.ErrorKind) catch.State {
	switch kind {
	case catch.Taken:
		return catch.Lost
	case catch.PremiumRefused, catch.PriceMismatch, catch.Guard:
		return catch.RefusedOrder
	}
	return catch.Failed
}

func backoff(try int, said time.Duration) time.Duration {
	if said > 0 {
		return min(said, 24*time.Hour)
	}
	return min(time.Duration(1<<min(max(try-1, 0), 10))*5*time.Second, time.Hour)
}

func retryAfter(err error) time.Duration {
	var e *catch.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// words are what a failure says to a person: the service's own words or the
// cause, and the next step.
func words(err error) string {
	var e *catch.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	w := string(e.Kind)
	switch {
	case e.Words != "":
		w += ": " + e.Words
	case e.Err != nil:
		w += ": " + catch.Words(e.Err.Error())
	}
	if e.Hint != "" {
		w += "; " + e.Hint
	}
	return w
}

// applyReport moves an order to where a service says it stands.
func (s *Service) applyReport(ctx context.Context, o *catch.Order, r catch.Route, rep catch.Report) {
	was := o.State
	o.Missing = time.Time{}
	apply(o, rep)
	now := s.now().UTC()
	t := r.Terms(o.Name)
	switch o.State {
	case catch.PaymentDue:
		if o.PayBy.IsZero() && t.PayWithin > 0 {
			o.PayBy = now.Add(t.PayWithin)
		}
	case catch.Won, catch.WonProvisional:
		if was == catch.Won || was == catch.WonProvisional {
			break
		}
		// Won is what a service says; it stays provisional until a second
		// source shows it, and as long as the terms allow a reversal.
		o.State = catch.WonProvisional
		if o.ProvisionalUntil.IsZero() && t.Provisional > 0 {
			o.ProvisionalUntil = now.Add(t.Provisional)
		}
	}
	o.NextTry = now.Add(time.Second)
	if o.State == catch.Active || o.State == catch.Processing {
		o.NextTry = s.pace(ctx, *o)
	}
}

// apply copies what a report says; what it does not say stays.
func apply(o *catch.Order, rep catch.Report) {
	if rep.State != "" && rep.State != o.State && catch.CanMove(o.State, rep.State) {
		o.State = rep.State
	}
	if rep.Words != "" {
		o.Why = rep.Words
	} else if rep.State != "" {
		o.Why = ""
	}
	if rep.Ref != "" {
		o.Ref = rep.Ref
	}
	if alien := alienMoney(*o, rep); alien != (catch.Money{}) {
		// What was paid and what came back are one sum, which has one currency.
		rep.Paid, rep.Refund = catch.Money{}, catch.Money{}
		o.Why = fmt.Sprintf("%s speaks of %s, the order was paid in %s: record what is true with `lapse orders record %d`", o.Service, alien, o.Paid.Currency, o.ID)
	}
	for _, m := range []struct {
		to   *catch.Money
		from catch.Money
	}{{&o.Price, rep.Price}, {&o.HighBid, rep.HighBid}, {&o.OwnBid, rep.OwnBid}, {&o.Paid, rep.Paid}, {&o.Refund, rep.Refund}, {&o.Frozen, rep.Frozen}} {
		if m.from != (catch.Money{}) {
			*m.to = m.from
		}
	}
	for _, t := range []struct {
		to   *time.Time
		from time.Time
	}{{&o.CancelBy, rep.CancelBy}, {&o.CutOff, rep.CutOff}, {&o.AuctionEnds, rep.AuctionEnds}, {&o.PayBy, rep.PayBy}, {&o.ProvisionalUntil, rep.ProvisionalUntil}} {
		if !t.from.IsZero() {
			*t.to = t.from.UTC()
		}
	}
}
