// Package cli is the commands: it reads the configuration, wires the rooms
// together and turns what happened into an exit code. It is the only room that
// knows them all.
//
// Data goes to stdout, talk goes to stderr. A command is one file; it asks
// watch.Service for what it shows and never touches the store itself. The same
// tree of commands runs over SSH, on the session's own streams.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Main runs the program and returns its exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// The version is asked by scripts and shell prompts: it is answered before
	// anything else is built.
	if len(args) == 1 && (args[0] == "--version" || args[0] == "-v") {
		fmt.Fprintln(stdout, "lapse "+buildVersion())
		return exitDone
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	a := newApp(stdin, stdout, stderr, os.Getenv)
	go a.heed(ctx, signals, cancel)
	return a.run(ctx, args)
}

// heed ends the run at a signal. While a burst is armed in the foreground an
// interrupt, which a finger sends by mistake, asks for a second one; SIGTERM
// never asks.
func (a *app) heed(ctx context.Context, signals <-chan os.Signal, stop func()) {
	asked := ""
	for {
		select {
		case <-ctx.Done():
			return
		case sig := <-signals:
			if armed := a.armed.Load(); sig == os.Interrupt && armed != nil {
				if says := (*armed)(); says != "" && says != asked {
					asked = says
					a.say("lapse: %s; interrupt once more to disarm it and stop", says)
					continue
				}
			}
			stop()
			return
		}
	}
}

// run executes one command line and says what went wrong, once.
func (a *app) run(ctx context.Context, args []string) int {
	a.interrupted = ctx.Done()
	err := a.runCommand(ctx, args)
	if cerr := a.close(); err == nil {
		err = cerr
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	code := exitCode(err)
	if err != nil {
		a.complain(err)
	}
	return code
}

// runCommand runs the command that args name. Without any the screens open at
// once: building some fifty commands, and asking the terminal how help should
// look, would keep the first frame waiting.
func (a *app) runCommand(ctx context.Context, args []string) error {
	if len(args) == 0 && a.own {
		if err := a.environment(&cobra.Command{}); err != nil {
			return err
		}
		return a.screens(ctx)
	}
	root := a.tree()
	root.SetArgs(args)
	return a.execute(ctx, root)
}

// complain writes an error and, where there is one, the next step:
//
//	lapse: error: ...
//	lapse: hint: ...
func (a *app) complain(err error) {
	if errors.Is(err, errSilent) {
		return
	}
	msg, hint := strings.TrimSpace(err.Error()), hintOf(err)
	for i, line := range strings.Split(msg, "\n") {
		if i == 0 {
			fmt.Fprintln(a.stderr, "lapse: error: "+line)
		} else if strings.TrimSpace(line) != "" {
			fmt.Fprintln(a.stderr, "       "+strings.TrimSpace(line))
		}
	}
	if hint != "" {
		fmt.Fprintln(a.stderr, "lapse: hint: "+hint)
	}
}
