package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/lapse-dev/lapse/ui"
	"github.com/lapse-dev/lapse/watch"
)

// screens opens the terminal UI. It acts too, unless another process holds the
// lease.
func (a *app) screens(ctx context.Context) error {
	if !isTerminal(a.stdin) || !isTerminal(a.stdout) || a.getenv("TERM") == "dumb" {
		return errNoTerminal
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if err := ui.CheckKeys(cfg.Keys); err != nil {
		return coded(exitUsage, fmt.Errorf("%s: [keys]: %w", cfg.paths.config, err))
	}
	a.holderAs = "screens"
	s, err := a.open(ctx, needAll)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	acted := a.act(ctx, s)
	o := a.screenOptions(cfg, s)
	o.Rehearse = a.rehearseOnScreen // on the person's own machine: it takes its cores
	err = ui.Run(ctx, o)
	cancel()
	return errors.Join(err, <-acted)
}

func (a *app) screenOptions(cfg *loaded, s *watch.Service) ui.Options {
	return ui.Options{
		Core: s, In: a.stdin, Out: a.stdout, Env: os.Environ(),
		Theme: cfg.UI.Theme, ASCII: cfg.UI.ASCII, NoColor: a.getenv("NO_COLOR") != "", Mouse: cfg.UI.Mouse,
		ReadOnly: a.flags.readOnly, Keys: cfg.Keys, Views: cfg.Views, Who: holderName("screens"), Now: a.now,
	}
}
