package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
)

// wait is how long a command that asks the core may take. Looks and orders
// have deadlines of their own further down.
const (
	wait      = 30 * time.Second
	spendWait = 3 * time.Minute
)

// ask runs f away from Update, with a deadline.
func (a *app) ask(f func(ctx context.Context) tea.Msg) tea.Cmd {
	parent := a.ctx
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(parent, wait)
		defer cancel()
		return f(ctx)
	}
}

// spend is ask for a call that can cost money. It is not cut off when the
// session ends: a call that was given up half way has an unknown outcome, and
// that is the one thing worse than waiting.
func (a *app) spend(f func(ctx context.Context) tea.Msg) tea.Cmd {
	parent := context.WithoutCancel(a.ctx)
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(parent, spendWait)
		defer cancel()
		return f(ctx)
	}
}

// task is ask for something that a person started: it ends in a toast, and in
// a reload of what is seen.
func (a *app) task(doing string, f func(ctx context.Context) (string, error)) tea.Cmd {
	return a.taskThen(doing, f, nil)
}

func (a *app) taskThen(doing string, f func(ctx context.Context) (string, error), then func(*root) tea.Cmd) tea.Cmd {
	if doing != "" {
		a.toasts.busy(doing)
	}
	return a.ask(func(ctx context.Context) tea.Msg {
		text, err := f(ctx)
		return doneMsg{text: text, err: err, then: then}
	})
}
