package launch

import (
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// EAP is the clock of a fee that falls step by step: an early access period by
// the day, or a registry's expiry access period by the hour for a name that
// dropped.
type EAP struct {
	From time.Time
	Step time.Duration // 24 h, or 1 h
	Fees []catch.Money // one a step, on top of the registration
}

// EAPStep is one step of the fee.
type EAPStep struct {
	N    int         `json:"n"`             // from 1
	From time.Time   `json:"from,omitzero"` // zero: nobody told
	To   time.Time   `json:"to,omitzero"`   // zero: nobody told
	Fee  catch.Money `json:"fee"`
}

// EAPOf returns the falling fee of a launch: the phases of its early access
// period in order, as far as their hours are known, or where it has none its
// landrush, if that falls by phases. The second result is false where it has
// neither.
func EAPOf(l Launch) (steps []EAPStep, ok bool) {
	for _, kind := range []Kind{EarlyAccess, Landrush} {
		for _, p := range l.Phases {
			known := !p.From.IsZero() || !p.To.IsZero()
			if p.Kind == kind && known && !p.From.DayOnly && !p.To.DayOnly && p.Fee.Currency != "" {
				steps = append(steps, EAPStep{N: len(steps) + 1, From: p.From.Time, To: p.To.Time, Fee: p.Fee})
			}
		}
		if len(steps) > 1 || kind == EarlyAccess && len(steps) > 0 {
			return steps, true
		}
	}
	return nil, false
}

// Steps are the steps of the clock.
func (e EAP) Steps() []EAPStep {
	out := make([]EAPStep, len(e.Fees))
	for i, f := range e.Fees {
		from := e.From.Add(time.Duration(i) * e.Step)
		out[i] = EAPStep{N: i + 1, From: from, To: from.Add(e.Step), Fee: f}
	}
	return out
}

// StepAt returns the step that holds at t, and the one after it. Nil: t is
// before, or after, all of them.
func StepAt(steps []EAPStep, t time.Time) (now, next *EAPStep) {
	for i := range steps {
		s := &steps[i]
		if t.Before(s.From) {
			return nil, s
		}
		if s.To.IsZero() || t.Before(s.To) {
			if i+1 < len(steps) {
				next = &steps[i+1]
			}
			return s, next
		}
	}
	return nil, nil
}

// Met is the first step at which a cap is met.
type Met struct {
	Step    EAPStep     `json:"step"`
	OnWin   catch.Money `json:"on_win"`  // fee and registration: what the cap is for
	Renewal catch.Money `json:"renewal"` // the first one, a year later; no early-access fee in it
	Total   catch.Money `json:"total"`   // both
}

// CapMet finds the first step whose fee with the registration is within the
// cap. Renewals stand outside a cap, and are told apart. The second result is
// false where the fee never falls that low.
func CapMet(steps []EAPStep, budget, registration, renewal catch.Money) (Met, bool, error) {
	for _, s := range steps {
		win, err := s.Fee.Add(registration)
		if err != nil {
			return Met{}, false, fmt.Errorf("step %d: %w", s.N, err)
		}
		c, err := win.Cmp(budget)
		if err != nil {
			return Met{}, false, fmt.Errorf("step %d: %w", s.N, err)
		}
		if c > 0 {
			continue
		}
		total, err := win.Add(renewal)
		if err != nil {
			return Met{}, false, fmt.Errorf("renewal: %w", err)
		}
		return Met{Step: s, OnWin: win, Renewal: renewal, Total: total}, true, nil
	}
	return Met{}, false, nil
}
