package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/ui/cli/metrics"
	"github.com/lapse-dev/lapse/watch"
)

func (a *app) serveCommand() *cobra.Command {
	var addrs serveAddrs
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Watch and catch without a screen",
		Long: `Watch, order and catch without a screen, until SIGTERM. Another process that
already acts is waited for: the moment it ends this one takes over. SIGHUP reads
the configuration again; one that cannot be read changes nothing. SIGTERM ends
it within five seconds: a call whose answer has not come by then is in doubt,
and looked up at the next start. Under systemd it reports ready and feeds the
watchdog. With --metrics it serves /metrics for Prometheus and /healthz, to this
machine only. docs/headless.md goes through a server step by step.`,
		Example: "  lapse serve\n  lapse serve --json                  an event a line\n  lapse serve --ssh 127.0.0.1:2222    the screens and harmless commands for listed keys\n  lapse serve --metrics 127.0.0.1:9110",
		GroupID: groupProgram,
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.flags.readOnly {
				return usagef("lapse serve --read-only would do nothing")
			}
			return a.serve(cmd.Context(), addrs)
		},
	}
	cmd.Flags().StringVar(&addrs.ssh, "ssh", "", "listen for SSH on this `address`; keys stand in authorized_keys beside the configuration")
	cmd.Flags().StringVar(&addrs.metrics, "metrics", "", "serve /metrics and /healthz on this loopback `address`")
	return cmd
}

// serveAddrs are the addresses that were given as flags; the configuration has
// the others.
type serveAddrs struct{ ssh, metrics string }

// stopWithin is how long calls in flight may take to end after SIGTERM; with
// what is left to close the program ends within five seconds.
const stopWithin = 4 * time.Second

func (a *app) serve(ctx context.Context, addrs serveAddrs) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, hangup...)
	defer signal.Stop(hup)
	for {
		again, err := a.serveOnce(ctx, addrs, hup)
		if cerr := a.close(); err == nil {
			err = cerr
		}
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // told to end while it was still opening
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
func (a *app) serveOnce(ctx context.Context, addrs serveAddrs, hup <-chan os.Signal) (again bool, err error) {
	a.holderAs = "serve"
	s, err := a.open(ctx, needAll)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := metrics.New(s, buildVersion(), a.now)
	events, leave := s.Subscribe()
	defer leave()
	window, err := a.openMetrics(ctx, m, cmp.Or(addrs.metrics, a.cfg.Serve.Metrics))
	if err != nil {
		return false, err
	}
	door, err := a.openDoor(ctx, s, cmp.Or(addrs.ssh, a.cfg.Serve.SSH))
	if err != nil {
		return false, err
	}
	acted := a.act(ctx, s)
	a.say("lapse: serving %s", a.cfg.Paths.DB)
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
	beat := watchdog()
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			_, _ = daemon.SdNotify(false, daemon.SdNotifyStopping)
			return false, stopped(acted, door, window)
		case err := <-door:
			if err == nil && ctx.Err() == nil {
				err = errors.New("the SSH server ended")
			}
			cancel()
			return false, errors.Join(err, stopped(acted, window))
		case err := <-window:
			if err == nil && ctx.Err() == nil {
				err = errors.New("the metrics ended")
			}
			cancel()
			return false, errors.Join(err, stopped(acted, door))
		case err := <-acted:
			if err != nil {
				err = fmt.Errorf("serve: %w", err)
			}
			cancel()
			return false, errors.Join(err, stopped(door, window))
		case <-hup:
			// A configuration that cannot be read must not end a server that
			// works: it is checked before anything is let go.
			if err := a.readable(addrs); err != nil {
				a.complain(err)
				continue
			}
			_, _ = daemon.SdNotify(false, daemon.SdNotifyReloading)
			cancel()
			return true, stopped(acted, door, window)
		case <-beat.C:
			if _, err := s.Status(ctx); err == nil {
				_, _ = daemon.SdNotify(false, daemon.SdNotifyWatchdog)
			}
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			m.Count(e)
			if err := a.printEvent(e); err != nil {
				cancel()
				return false, errors.Join(err, stopped(acted, door, window))
			}
		}
	}
}

// readable reads the configuration, and the files beside it that serve needs,
// without using them.
func (a *app) readable(addrs serveAddrs) error {
	cfg, err := config.Load(a.cfg.Paths, a.flags.config != "", a.getenv)
	if err != nil {
		return err
	}
	if addr := cmp.Or(addrs.metrics, cfg.Serve.Metrics); addr != "" {
		if _, err := metricsAddr(addr); err != nil {
			return err
		}
	}
	var errs [6]error
	_, errs[0] = cfg.Rules()
	_, errs[1] = cfg.Houses()
	_, errs[2] = cfg.Terms()
	_, errs[3] = cfg.Policies()
	_, errs[4] = cfg.Launches()
	_, errs[5] = cfg.Reserved()
	return errors.Join(errs[:]...)
}

// stopped waits for what was started to end, all within stopWithin: what is
// unknown then stays in doubt.
func stopped(parts ...<-chan error) error {
	late := time.After(stopWithin)
	var errs []error
	for _, part := range parts {
		select {
		case err := <-part:
			errs = append(errs, err)
		case <-late:
			return errors.Join(append(errs, errors.New("serve: calls in flight did not end in time; their outcome is looked up at the next start"))...)
		}
	}
	return errors.Join(errs...)
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
