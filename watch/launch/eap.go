package launch

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
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

// Falling is a fee that falls, step by step as far as it is known.
type Falling struct {
	Steps []EAPStep   `json:"steps"`
	Year  catch.Money `json:"registration"` // a year's registration beside the fee; zero: nobody told
	AllIn bool        `json:"all_in"`       // the registration is in the fee
	Basis string      `json:"basis"`        // of a name's own: who asked it, and when
}

// EAPOf is the falling fee of a launch: the phases of its early access period
// in order, as far as their hours are known, or where it has none its landrush,
// if that falls by phases; a landrush price is all in. No steps: it has neither.
func EAPOf(l Launch) Falling {
	for _, kind := range []Kind{EarlyAccess, Landrush} {
		f := Falling{AllIn: kind == Landrush}
		for _, p := range l.Phases {
			known := !p.From.IsZero() || !p.To.IsZero()
			if p.Kind == kind && known && !p.From.DayOnly && !p.To.DayOnly && p.Fee.Currency != "" {
				f.Steps = append(f.Steps, EAPStep{N: len(f.Steps) + 1, From: p.From.Time, To: p.To.Time, Fee: p.Fee})
			}
		}
		switch {
		case kind == EarlyAccess && len(f.Steps) > 0:
			f.Year = l.Year()
			return f
		case len(f.Steps) > 1:
			return f
		}
	}
	return Falling{}
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

// The expiry access period of the registry software that Google runs, as it is
// by default: for ten days from the drop on the fee falls every hour by the same
// factor (google/nomulus, DomainPricingLogicTest: 100000.00 USD in the first
// hour, 96219.61 in the second, 10.00 in the last).
const (
	expirySteps = 240
	expiryFirst = 100_000.00
	expiryLast  = 10.00
)

// ExpiryAccess is the clock of that fee for a name that dropped then.
func ExpiryAccess(dropped time.Time) EAP {
	e := EAP{From: dropped, Step: time.Hour, Fees: make([]catch.Money, expirySteps)}
	for i := range e.Fees {
		fee := expiryFirst * math.Pow(expiryLast/expiryFirst, float64(i)/(expirySteps-1))
		e.Fees[i] = catch.Money{Units: int64(math.Round(fee*100)) * 100, Currency: "USD"}
	}
	return e
}

// FallingOf reads the fee of an expiry access period out of a verdict. A
// registry says only what it asks now and when that ends. Where both are what
// the software of Google's registry asks by default, all steps are known; else
// the one that was told.
func FallingOf(v lifecycle.Verdict) (Falling, bool) {
	f := v.Has(lifecycle.FlagEAP)
	if v.Stage != lifecycle.GatedStage || f == nil || f.Price == nil || f.Price.OnTop == "" {
		return Falling{}, false
	}
	fee, err := catch.MoneyOf(f.Price.OnTop, f.Price.Currency)
	if err != nil {
		return Falling{}, false
	}
	all, err := catch.MoneyOf(f.Price.Amount, f.Price.Currency)
	if err != nil {
		return Falling{}, false
	}
	out := Falling{Steps: []EAPStep{{N: 1, Fee: fee}}, Basis: "its registry asked it; how it goes on was not told"}
	if out.Year, err = all.Add(fee.Neg()); err != nil || out.Year.Units < 0 {
		return Falling{}, false
	}
	until, known := feeExpires(f.Price.What)
	if !known {
		return out, true
	}
	out.Steps[0].To = until
	steps := ExpiryAccess(until).Steps() // whichever of them ends then
	i := slices.IndexFunc(steps, func(s EAPStep) bool { return near(s.Fee, fee) })
	if i >= 0 {
		out.Steps = ExpiryAccess(until.Add(-time.Duration(i+1) * time.Hour)).Steps()
		out.Basis = fmt.Sprintf("its registry asked %s until %s, which is hour %d of %d as its software has it by default", fee, until.UTC().Format("2006-01-02 15:04:05 UTC"), i+1, expirySteps)
	}
	return out, true
}

// near reports whether two fees are one, a cent of rounding aside.
func near(a, b catch.Money) bool {
	const cent = 100
	return a.Currency == b.Currency && max(a.Units, b.Units)-min(a.Units, b.Units) <= cent
}

// feeExpires reads when a fee ends out of its description, as the registry
// writes it: "Expiry Access Period, fee expires: 2026-11-16T20:02:11Z".
func feeExpires(what string) (time.Time, bool) {
	const mark = "fee expires:"
	i := strings.Index(strings.ToLower(what), mark)
	if i < 0 {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(what[i+len(mark):]))
	return t.Truncate(time.Second), err == nil
}

// Outline are at most n of many steps, for a chart: the one that holds, the
// next one, the one with that number, the last, and others spread evenly.
func Outline(steps []EAPStep, now time.Time, number, n int) []EAPStep {
	first, last := 0, len(steps)-1
	if s, next := StepAt(steps, now); s != nil {
		first = s.N - 1
	} else if next == nil {
		first = last // all are over
	}
	if last-first < n || n < 2 {
		return steps[max(min(first, len(steps)-n), 0):min(first+max(n, 0), len(steps))]
	}
	at := make([]int, n)
	for j := range at {
		at[j] = first + j*(last-first)/(n-1)
	}
	free := 1 // the first place that something else may take
	if n > 4 {
		at[1], free = first+1, 2
	}
	if i := number - 1; i > at[free-1] && i < last {
		nearest := free
		for j := free; j < n-1; j++ {
			if max(i-at[j], at[j]-i) < max(i-at[nearest], at[nearest]-i) {
				nearest = j
			}
		}
		at[nearest] = i
	}
	out := make([]EAPStep, n)
	for j, i := range at {
		out[j] = steps[i]
	}
	return out
}
