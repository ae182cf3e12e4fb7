package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

func (a *app) catchCommand() *cobra.Command {
	var at, until string
	cmd := &cobra.Command{
		Use:   "catch NAME...",
		Short: "Arm and fire the bursts for these names, and stay until they are over",
		Long: `Fire the bursts that exist as orders for these names, and stay until each has
ended: in the window of each name, or at --at. Without an order there is nothing
to fire: exit 4. Whoever holds the lease acts; this command does if nobody else
does. While a burst is armed an interrupt (ctrl+c) asks for a second one.`,
		Example: "  lapse catch moor.uk\n  lapse catch moor.uk --at 2026-12-03T09:00:00Z\n  lapse catch moor.uk sedge.co.uk --until 2026-12-03T09:30:00Z --json",
		GroupID: groupMoney,
		Args:    someNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := a.names(args)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			fire, end := time.Time{}, time.Time{}
			for _, f := range []struct {
				flag, text string
				to         *time.Time
			}{{"at", at, &fire}, {"until", until, &end}} {
				if f.text == "" {
					continue
				}
				if *f.to, err = parseMoment(f.text); err != nil {
					return err
				}
				if late := a.now().Sub(*f.to); late >= 0 {
					return usagef("--%s %s is %s in the past", f.flag, f.to.Format(time.RFC3339), late.Round(time.Second))
				}
			}
			if until != "" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithDeadline(ctx, end)
				defer cancel()
			}
			a.holderAs = "catch"
			s, err := a.open(ctx, needAll)
			if err != nil {
				return err
			}
			if err := a.haveOrders(ctx, s, names); err != nil {
				return err
			}
			if !fire.IsZero() {
				if err := s.FireAt(ctx, names, fire); err != nil {
					return fmt.Errorf("catch: %w", err)
				}
				defer func() { // what was not fired is fired in its window again
					if serr := s.FireAt(context.WithoutCancel(ctx), names, time.Time{}); serr != nil && !errors.Is(serr, watch.ErrGuard) {
						a.say("lapse: the time of the burst stays set: %v", serr)
					}
				}()
			}
			return a.catch(ctx, s, names, fire)
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "fire at this `time`, whatever is known of the names")
	cmd.Flags().StringVar(&until, "until", "", "give up waiting at this `time`; the orders stand")
	return cmd
}

// haveOrders refuses names without an order.
func (a *app) haveOrders(ctx context.Context, s *watch.Service, names []watch.Name) error {
	for _, n := range names {
		os, err := s.Orders(ctx, watch.OrderFilter{Name: n, Holding: true})
		if err != nil {
			return fmt.Errorf("catch: %w", err)
		}
		if len(os) == 0 {
			return withHint(coded(exitGuard, fmt.Errorf("catch %s: no order, so nothing may be fired", n.Display())),
				"lapse routes %s; then lapse order %s --via ROUTE --cap 60USD", n, n)
		}
	}
	return nil
}

// afterShot is how long after a time that the person named its burst is over at
// the latest.
const afterShot = 45 * time.Second

// catch stays until the orders for the names have ended, or where fire is a time
// until the burst of that time is over.
func (a *app) catch(ctx context.Context, s *watch.Service, names []watch.Name, fire time.Time) error {
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[string(n)] = true
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, leave := s.Subscribe()
	defer leave()
	acted := a.act(ctx, s)
	ended := func(err error) error { // by the context, or by what acts
		switch {
		case err != nil:
			return fmt.Errorf("catch: %w", err)
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			return coded(exitPartly, errors.New("catch: the time is over; the orders stand"))
		}
		return ctx.Err()
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := false // what another process did is heard of a moment after it shows
	for {
		select {
		case err := <-acted:
			return ended(err)
		case e := <-events:
			if wanted[string(e.Name)] && e.Kind != watch.EvLooked {
				if err := a.printEvent(e); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return ended(<-acted)
		case <-tick.C:
			done, flying, won, err := a.caught(ctx, s, names)
			if err == nil && !fire.IsZero() {
				err = a.keepTime(ctx, s, names, fire)
			}
			switch {
			case ctx.Err() != nil:
				return ended(<-acted)
			case err != nil:
				return err
			}
			over := !fire.IsZero() && a.now().After(fire.Add(afterShot))
			if armed, _ := s.Armed(); !over && !fire.IsZero() && !flying && len(armed) == 0 {
				over = a.now().After(fire.Add(afterShot / 10))
			}
			if !last {
				last = done || over
				continue
			}
			cancel()
			if err := <-acted; err != nil {
				return fmt.Errorf("catch: %w", err)
			}
			switch {
			case won == len(names):
				return nil
			case won > 0:
				return coded(exitPartly, fmt.Errorf("caught %d of %d", won, len(names)))
			}
			return errors.New("none was caught; lapse orders --all says why")
		}
	}
}

// keepTime sets the time again where another catch of these names took it back
// when it ended before.
func (a *app) keepTime(ctx context.Context, s *watch.Service, names []watch.Name, fire time.Time) error {
	if !a.now().Before(fire) {
		return nil
	}
	for _, n := range names {
		os, err := s.Orders(ctx, watch.OrderFilter{Name: n, Holding: true})
		if err != nil {
			return fmt.Errorf("catch: %w", err)
		}
		for _, o := range os {
			if o.State != catch.Planned || !o.FireAt.IsZero() {
				continue
			}
			if err := s.FireAt(ctx, []watch.Name{n}, fire); err != nil && !errors.Is(err, watch.ErrGuard) {
				return fmt.Errorf("catch: %w", err)
			}
		}
	}
	return nil
}

// caught reports whether every order of the names has come to its end, whether
// one is being sent, perhaps by another process, and how many names were won.
func (a *app) caught(ctx context.Context, s *watch.Service, names []watch.Name) (done, flying bool, won int, err error) {
	done = true
	for _, n := range names {
		os, err := s.Orders(ctx, watch.OrderFilter{Name: n})
		if err != nil {
			return false, false, 0, fmt.Errorf("catch: %w", err)
		}
		got := false
		for _, o := range os {
			got = got || o.State == catch.Won || o.State == catch.WonProvisional
			flying = flying || o.State == catch.Requested || o.State == catch.Processing
			done = done && (o.State.Ended() || o.State == catch.WonProvisional)
		}
		if got {
			won++
		}
	}
	return done, flying, won, nil
}
