package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"

	"github.com/lapse-dev/lapse/ui"
	"github.com/lapse-dev/lapse/ui/cli/config"
)

// screens opens the terminal UI. It acts too, unless another process holds the
// lease.
func (a *app) screens(ctx context.Context) error {
	if !isTerminal(a.stdin) || !isTerminal(a.stdout) || a.getenv("TERM") == "dumb" {
		return errNoTerminal
	}
	// What is read at start is kept: collecting garbage meanwhile finds none,
	// and takes the cores from the first frame.
	usual := debug.SetGCPercent(800)
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if err := ui.CheckKeys(cfg.Keys); err != nil {
		return coded(exitUsage, fmt.Errorf("%s: [keys]: %w", cfg.Paths.Config, err))
	}
	a.holderAs = "screens"
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The rooms are opened beside the first frame. Whoever leaves at once
	// waits here until that is over, so that what was opened is closed.
	var opening sync.WaitGroup
	acted := (<-chan error)(nil)
	o := a.screenOptions(cfg, nil)
	o.Open = func(context.Context) (ui.Core, error) {
		opening.Add(1)
		defer opening.Done()
		s, err := a.open(ctx, needAll)
		if err != nil {
			return nil, err
		}
		debug.SetGCPercent(usual)
		acted = a.act(ctx, s)
		return s, nil
	}
	o.Rehearse = a.rehearseOnScreen // on the person's own machine: it takes its cores
	o.ReadFile = a.readTyped
	err = ui.Run(ctx, o)
	cancel()
	opening.Wait()
	if acted != nil {
		err = errors.Join(err, <-acted)
	}
	return err
}

func (a *app) screenOptions(cfg *config.Loaded, s ui.Core) ui.Options {
	return ui.Options{
		Core: s, In: a.stdin, Out: a.stdout, Env: os.Environ(),
		Theme: cfg.UI.Theme, ASCII: cfg.UI.ASCII, NoColor: a.getenv("NO_COLOR") != "", Mouse: cfg.UI.Mouse,
		ReadOnly: a.flags.readOnly, Keys: cfg.Keys, Views: cfg.Views, Who: holderName("screens"), Now: a.now,
	}
}
