package watch

import (
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/launch"
)

// underCap is the first step of a fee that falls for a dropped name at which
// its cap is met: ok is false where none is, or where no fee is known.
func underCap(r Row) (f launch.Falling, met launch.Met, ok bool) {
	f, known := launch.FallingOf(r.Verdict)
	if !known || r.Cap.IsZero() {
		return f, met, false
	}
	met, ok, err := launch.CapMet(f.Steps, r.Cap, f.Year, catch.Money{})
	return f, met, ok && err == nil
}

// fallingTodo asks the person to decide once the fee for a dropped name is
// within the cap, and by when the next step begins.
func fallingTodo(r Row, now time.Time) Todo {
	f, met, ok := underCap(r)
	if !ok {
		return Todo{}
	}
	if met.Step.From.After(now) {
		return Todo{Verb: TodoDecide, By: met.Step.From, Text: fmt.Sprintf("Its fee falls under your cap %s: %s all in then, if nobody takes it before.", atText(met.Step.From), met.OnWin)}
	}
	step, _ := launch.StepAt(f.Steps, now)
	if step == nil {
		return Todo{}
	}
	all, err := step.Fee.Add(f.Year)
	if err != nil {
		return Todo{}
	}
	return Todo{Verb: TodoDecide, By: step.To, Text: fmt.Sprintf("It can be had at %s all in, within your cap, by whoever is first.", all)}
}

// fallingDues announces that the fee for a dropped name falls under its cap.
func fallingDues(r Row, now time.Time) []alert.Due {
	_, met, ok := underCap(r)
	if r.Kind == Mine || !ok || !met.Step.From.After(now) {
		return nil
	}
	return []alert.Due{{
		Kind: alert.LaunchNear, At: met.Step.From, What: "cap-met", Title: r.Name.Display() + ": its fee falls under your cap",
		Text: fmt.Sprintf("It asks %s all in then, your cap is %s.", met.OnWin, r.Cap), Before: []time.Duration{24 * time.Hour, time.Hour},
	}}
}
