package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/watch"
)

// The exit codes, the same for every command.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartly      = 3
	exitGuard       = 4 // price, budget, policy, terms, halted, read-only
	exitNotFound    = 5
	exitUnreachable = 6 // rate limited, or a source could not be reached
	exitInterrupted = 130
)

// exitHelp is shown at the end of `lapse --help`.
const exitHelp = `Exit codes: 0 done, 1 failed, 2 usage, 3 partly done, 4 refused by a guard
(price, budget, policy, terms), 5 not found, 6 rate limited or source
unreachable, 130 interrupted.`

var (
	errInterrupted = &codedError{code: exitInterrupted, err: errors.New("interrupted")}
	// errSilent ends with a code where everything has been said already.
	errSilent = errors.New("said already")
)

// codedError is an error that knows its exit code and perhaps the next step.
type codedError struct {
	code int
	err  error
	hint string
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// usagef is a mistake in how the command was called.
func usagef(format string, args ...any) error {
	return &codedError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// coded gives an error an exit code.
func coded(code int, err error) error {
	if err == nil {
		return nil
	}
	return &codedError{code: code, err: err}
}

// withHint adds the next step for a person.
func withHint(err error, format string, args ...any) error {
	var c *codedError
	if errors.As(err, &c) {
		return &codedError{code: c.code, err: err, hint: fmt.Sprintf(format, args...)}
	}
	return &codedError{code: exitCode(err), err: err, hint: fmt.Sprintf(format, args...)}
}

// silent ends with a code without saying more.
func silent(code int) error { return &codedError{code: code, err: errSilent} }

func hintOf(err error) string {
	for err != nil {
		var c *codedError
		if !errors.As(err, &c) {
			break
		}
		if c.hint != "" {
			return c.hint
		}
		err = c.err
	}
	var ne *watch.NameError
	if errors.As(err, &ne) && ne.Meant != "" {
		return "did you mean " + ne.Meant + "?"
	}
	return ""
}

// exitCode turns what happened into the code of the process.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	var c *codedError
	if errors.As(err, &c) {
		return c.code
	}
	var wrong *config.Error
	if errors.As(err, &wrong) {
		return exitUsage
	}
	var ne *watch.NameError
	switch {
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &ne):
		return exitUsage
	case errors.Is(err, watch.ErrGuard), errors.Is(err, watch.ErrHalted), errors.Is(err, watch.ErrReadOnly):
		return exitGuard
	case errors.Is(err, watch.ErrNotFound):
		return exitNotFound
	}
	switch catch.KindOf(err) {
	case catch.Guard, catch.PriceMismatch, catch.PremiumRefused:
		return exitGuard
	case catch.NotFound:
		return exitNotFound
	case catch.RateLimited, catch.UpstreamDown:
		return exitUnreachable
	}
	return exitFailed
}
