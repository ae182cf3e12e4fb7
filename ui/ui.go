// Package ui is the terminal: one Bubble Tea program with a root model, a
// stack of overlays and seven screens.
//
// The root owns what every screen needs (the core, the clock, the theme, the
// keymap, the toasts) in app, and gives each message to the overlay on top or
// to the screen that is seen. Screens are plain structs, one a file; they
// return commands for whatever waits and never wait themselves. What a person
// can do is data: one table of actions feeds keys, footer, help, palette,
// mouse, rebinding, read-only mode and docs/keys.md.
//
// Everything that came from a network passes widget.Line or widget.Safe before
// it is drawn. Everything that costs money passes a dialog whose default is
// Cancel.
package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
)

// Core is what the screens need of watch.Service.
type Core interface {
	List(ctx context.Context, q watch.Query) (watch.Page, error)
	ReadyFilter(ctx context.Context) error
	Get(ctx context.Context, n watch.Name) (watch.Detail, error)
	Add(ctx context.Context, ws []watch.NewWatch) ([]watch.AddResult, error)
	ParseNew(w watch.NewWatch) (watch.Name, error)
	Edit(ctx context.Context, n watch.Name, p watch.Patch) (watch.Watch, error)
	Remove(ctx context.Context, ns ...watch.Name) (int, error)

	LookNow(ctx context.Context, n watch.Name) error
	Queue(ctx context.Context, limit int) ([]watch.Queued, error)
	Budgets(ctx context.Context) ([]watch.Budget, error)

	Status(ctx context.Context) (watch.Status, error)
	Halt(ctx context.Context, on bool, who string) error
	Subscribe() (<-chan watch.Event, func())

	Preflight(ctx context.Context, spec watch.PreflightSpec) ([]watch.PreflightLine, error)
	Preview(ctx context.Context, spec watch.OrderSpec) (watch.OrderPreview, error)
	Order(ctx context.Context, spec watch.OrderSpec) (catch.Order, error)
	Orders(ctx context.Context, f watch.OrderFilter) ([]catch.Order, error)
	Cancel(ctx context.Context, id int64) (catch.Order, error)
	Bid(ctx context.Context, id int64, amount catch.Money) (catch.Order, error)
	Pay(ctx context.Context, id int64) (catch.Order, error)
	Follow(ctx context.Context, id int64) (catch.Order, error)
	Sync(ctx context.Context) error
	Ledger(ctx context.Context, limit int) ([]catch.LedgerEntry, error)
	Bursts(ctx context.Context, order int64) ([]watch.BurstRecord, error)
	Openings(ctx context.Context) ([]watch.Opening, error)
	SaveOffer(ctx context.Context, o launch.Offer) (launch.Offer, error)
}

var _ Core = (*watch.Service)(nil)

// Role is how much a session may do.
type Role int

// The roles. The zero value may do everything: it is the person's own
// terminal.
const (
	RoleOrder Role = iota // read, edit and spend
	RoleEdit              // read and edit
	RoleRead
)

// Options is all that a program is made of. Only Core is required.
type Options struct {
	Core Core
	// Open opens the core where it is not there yet, beside the first frame.
	Open func(ctx context.Context) (Core, error)
	In   io.Reader // nil: standard input
	Out  io.Writer // nil: standard output
	Env  []string  // nil: the process's environment

	Theme    string // "auto" (the default), "dark", "light", "high-contrast"
	ASCII    bool   // draw with the 95 printable characters alone
	NoColor  bool
	Mouse    bool // clicks and wheel; can be switched while running
	ReadOnly bool // the same as RoleRead
	Role     Role
	// RoleCap is the most that one order of this session may cost, zero for no
	// limit of its own.
	RoleCap catch.Money

	// Keys rebinds actions: an action's name to its keys, separated by blanks
	// ("ctrl+o O"). CheckKeys says what is wrong with them.
	Keys map[string]string
	// Views are saved queries by name.
	Views map[string]string
	// Who is at this screen, for what others read of it.
	Who string

	Now   func() time.Time // nil: time.Now
	Local *time.Location   // nil: the system's zone

	// Rehearse fires a name's burst against the built-in sandbox and says how
	// it went; nil where this session cannot.
	Rehearse func(ctx context.Context, n watch.Name) (string, error)

	// ReadFile reads a file that the person names, for an import; nil where the
	// machine's files are none of this session's business.
	ReadFile func(path string) ([]byte, error)

	// Context ends the program; Run sets it.
	Context context.Context
}

// Run opens the screens until the person leaves or ctx ends. Whatever was
// asked and not yet confirmed is then not done.
func Run(ctx context.Context, o Options) error {
	if err := CheckKeys(o.Keys); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o.Context = ctx
	opts := []tea.ProgramOption{tea.WithContext(ctx), tea.WithFilter(Filter)}
	if o.In != nil {
		opts = append(opts, tea.WithInput(o.In))
	}
	if o.Out != nil {
		opts = append(opts, tea.WithOutput(o.Out))
	}
	if o.Env != nil {
		opts = append(opts, tea.WithEnvironment(o.Env))
	}
	m := newRoot(o)
	defer m.close()
	_, err := tea.NewProgram(m, opts...).Run()
	switch {
	case m.failed != nil:
		return m.failed
	case err == nil, errors.Is(err, tea.ErrInterrupted), ctx.Err() != nil:
		return nil
	}
	return fmt.Errorf("run the screens: %w", err)
}

// New returns the root model for a program that somebody else runs (an SSH
// session). Give it Filter as tea.WithFilter, and end it with Close. Keys that
// CheckKeys refuses are left at their defaults.
func New(o Options) tea.Model { return newRoot(o) }

// Close ends what a model of New waits for. It may be called twice, and from
// any goroutine.
func Close(m tea.Model) {
	if r, ok := m.(*root); ok {
		r.close()
	}
}
