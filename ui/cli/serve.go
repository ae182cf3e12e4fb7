package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch"
)

func (a *app) serveCommand() *cobra.Command {
	var ssh string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Watch and catch without a screen",
		Long: `Watch, order and catch without a screen, until SIGTERM. Another process that
already acts is waited for: the moment it ends this one takes over. SIGHUP reads
the configuration again. Under systemd it reports ready and feeds the watchdog.`,
		Example: "  lapse serve\n  lapse serve --json                  an event a line\n  lapse serve --ssh 127.0.0.1:2222    the screens and harmless commands for listed keys",
		GroupID: groupProgram,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.flags.readOnly {
				return usagef("lapse serve --read-only would do nothing")
			}
			return a.serve(cmd.Context(), ssh)
		},
	}
	cmd.Flags().StringVar(&ssh, "ssh", "", "listen for SSH on this `address`; keys stand in authorized_keys beside the configuration")
	return cmd
}

// stopWithin is how long calls in flight may take to end after SIGTERM.
const stopWithin = 5 * time.Second

func (a *app) serve(ctx context.Context, ssh string) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, hangup...)
	defer signal.Stop(hup)
	for {
		again, err := a.serveOnce(ctx, ssh, hup)
		if cerr := a.close(); err == nil {
			err = cerr
		}
		if !again || err != nil {
			return err
		}
		a.cfg = nil
		a.say("lapse: reading the configuration again")
	}
}

// serveOnce serves until ctx ends, the work fails, or SIGHUP asks to start
// again.
func (a *app) serveOnce(ctx context.Context, ssh string, hup <-chan os.Signal) (again bool, err error) {
	a.holderAs = "serve"
	s, err := a.open(ctx, needAll)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, leave := s.Subscribe()
	defer leave()
	acted := a.act(ctx, s)
	if ssh == "" {
		ssh = a.cfg.Serve.SSH
	}
	door := a.openDoor(ctx, s, ssh)
	a.say("lapse: serving %s", a.cfg.paths.db)
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
	beat := watchdog()
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			_, _ = daemon.SdNotify(false, daemon.SdNotifyStopping)
			return false, errors.Join(a.stopped(acted), a.stopped(door))
		case err := <-door:
			if err == nil && ctx.Err() == nil {
				err = errors.New("the SSH server ended")
			}
			cancel()
			return false, errors.Join(err, a.stopped(acted))
		case err := <-acted:
			if err != nil {
				err = fmt.Errorf("serve: %w", err)
			}
			return false, err
		case <-hup:
			// A configuration that cannot be read must not end a server that
			// works: it is checked before anything is let go.
			if _, err := loadConfig(a.cfg.paths, a.flags.config != "", a.getenv); err != nil {
				a.complain(err)
				continue
			}
			cancel()
			return true, errors.Join(a.stopped(acted), a.stopped(door))
		case <-beat.C:
			if _, err := s.Status(ctx); err == nil {
				_, _ = daemon.SdNotify(false, daemon.SdNotifyWatchdog)
			}
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			if err := a.printEvent(e); err != nil {
				return false, err
			}
		}
	}
}

// stopped waits for the work to end: with calls in flight for a few seconds,
// and what is unknown then stays in doubt.
func (a *app) stopped(acted <-chan error) error {
	select {
	case err := <-acted:
		return err
	case <-time.After(stopWithin):
		return errors.New("serve: calls in flight did not end in time; their outcome is looked up at the next start")
	}
}

// watchdog ticks at half of systemd's interval, or once an hour without one.
func watchdog() *time.Ticker {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil || every <= 0 {
		every = 2 * time.Hour
	}
	return time.NewTicker(every / 2)
}

// printEvent writes an event: as JSON to stdout, or as a line for people.
func (a *app) printEvent(e watch.Event) error {
	if a.flags.json {
		return a.writeLine(e)
	}
	switch e.Kind {
	case watch.EvLooked, watch.EvEdited:
		return nil // not news
	}
	t := &table{rows: nil}
	t.add(e.At.UTC().Format(time.RFC3339), string(e.Kind), e.Name.Display(), e.Text)
	row := t.rows[0]
	return a.printf("%s\t%s\t%s\t%s\n", row[0], row[1], row[2], row[3])
}
