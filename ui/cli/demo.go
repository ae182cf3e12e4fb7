package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/sandbox"
	"github.com/lapse-dev/lapse/ui"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// demoFor is how long the headless demo may take.
const demoFor = 58 * time.Second

func (a *app) demoCommand() *cobra.Command {
	var headless bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole job on a registry of its own",
		Long: `Start the sandbox registry, a temporary list and the screens: a dozen names age
through every stage in seconds. Some are caught by an EPP burst against rivals
(slow ones), one is won by backorder, one is renewed by its holder, one premium
name is refused by its cap. Nothing leaves this machine and nothing of yours is
read or changed.

Headless, it ends when all four have happened and fails when they have not.`,
		Example: "  lapse demo\n  lapse demo --headless\n  lapse demo --headless --json",
		GroupID: groupProgram,
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !headless && (!isTerminal(a.stdin) || !isTerminal(a.stdout) || a.getenv("TERM") == "dumb") {
				return withHint(errNoTerminal, "lapse demo --headless does the same without a screen")
			}
			return a.demo(cmd.Context(), headless)
		},
	}
	cmd.Flags().BoolVar(&headless, "headless", false, "without a screen: an event a line, ends by itself")
	return cmd
}

// demo runs the program on a sandbox. The program under test is another app on
// a configuration of its own: it knows nothing of the sandbox.
func (a *app) demo(ctx context.Context, headless bool) error {
	folder, err := os.MkdirTemp("", "lapse-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer os.RemoveAll(folder)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reg, err := startSandbox(ctx, cast(time.Now()), sandboxOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = reg.Close() }()
	files, err := writeSandboxConfig(folder, reg.Config())
	if err != nil {
		return err
	}
	inner := newApp(a.stdin, a.stdout, a.stderr, func(name string) string {
		switch name { // nothing of the person's own
		case "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME":
			return folder
		case "TERM", "NO_COLOR", "HOME", "COLORTERM":
			return a.getenv(name)
		}
		return ""
	})
	inner.flags = flags{config: files.config, db: filepath.Join(folder, "lapse.db"), json: a.flags.json, plain: a.flags.plain}
	defer func() { _ = inner.close() }()
	inner.holderAs = "demo"
	s, err := inner.open(ctx, needAll)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	events, leave := s.Subscribe()
	defer leave()
	if _, err := s.Add(ctx, watches()); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	acted := inner.act(ctx, s)
	d := &director{s: s, reg: reg, asked: map[string]bool{}, refused: map[string]string{}}
	if !headless {
		go d.orderAll(ctx)
		go drain(ctx, events)
		a.say("lapse: a sandbox registry runs on this machine; its rivals are slow: they answer 400 ms after a drop at the earliest")
		o := inner.screenOptions(inner.cfg, s)
		o.Rehearse = inner.rehearseOnScreen
		err := ui.Run(ctx, o)
		cancel()
		return errors.Join(err, <-acted)
	}
	sum, err := d.follow(ctx, a, events, acted)
	if err != nil {
		return err
	}
	if a.flags.json {
		err = a.writeLine(sum)
	} else {
		err = a.printf("caught %v, won by backorder %v, renewed %v, refused %v, policy violations %d\n",
			sum.Caught, sum.WonBackorder, sum.Renewed, sum.Refused, sum.Violations)
	}
	if err != nil {
		return err
	}
	cancel()
	if err := <-acted; err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if !sum.whole() {
		return fmt.Errorf("demo: not all of it happened within %s", demoFor)
	}
	return nil
}

func drain(ctx context.Context, events <-chan watch.Event) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-events:
		}
	}
}

// summary is the last line of the headless demo.
type summary struct {
	Event        string   `json:"event"`
	Caught       []string `json:"caught"`
	WonBackorder []string `json:"won_backorder"`
	Renewed      []string `json:"renewed"`
	Refused      []string `json:"refused"`
	Violations   int      `json:"policy_violations"`
}

func (s summary) whole() bool {
	return len(s.Caught) > 0 && len(s.WonBackorder) > 0 && len(s.Renewed) > 0 && len(s.Refused) > 0 && s.Violations == 0
}

// director plays the person: it orders, and sees what became of it in the
// program's own list, never in the sandbox. Only the policy violations are the
// registry's to tell.
type director struct {
	s     *watch.Service
	reg   *sandbox.Registry
	asked map[string]bool

	refused map[string]string // name → the guard's words
}

// orderAll gives every order of the demo as soon as the program takes it.
func (d *director) orderAll(ctx context.Context) {
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for len(d.asked) < len(parts) && ctx.Err() == nil {
		d.order(ctx)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// order gives the orders that are not given yet, and returns the refusals that
// were expected as events. Whatever else keeps an order from being taken may
// pass: it is tried again.
func (d *director) order(ctx context.Context) (refused []watch.Event) {
	for _, p := range parts {
		if d.asked[p.name] {
			continue
		}
		if p.via == "" {
			d.asked[p.name] = true
			continue
		}
		limit, err := catch.ParseMoney(p.cap)
		if err != nil {
			continue
		}
		route := d.route(ctx, watch.Name(p.name), catch.Kind(p.via))
		if route == "" {
			continue
		}
		spec := watch.OrderSpec{Name: watch.Name(p.name), Route: route, Cap: limit, Years: 1, Premium: p.prem != ""}
		if p.price != "" { // no call of the service returns it: the person has read it there
			if spec.Price, err = catch.ParseMoney(p.price); err != nil {
				continue
			}
		}
		_, err = d.s.Order(ctx, spec)
		switch {
		case err == nil:
			d.asked[p.name] = true
		case p.expect == "refused" && exitCode(err) == exitGuard:
			d.asked[p.name] = true
			d.refused[p.name] = err.Error()
			refused = append(refused, watch.Event{
				At: time.Now().UTC(), Kind: watch.EvOrder, Name: watch.Name(p.name), State: catch.RefusedOrder,
				Text: p.name + ": " + err.Error(),
			})
		}
	}
	return refused
}

func (d *director) route(ctx context.Context, n watch.Name, kind catch.Kind) string {
	rs, err := d.s.Routes(ctx, n)
	if err != nil {
		return ""
	}
	for _, r := range rs {
		if r.Kind == kind && r.Configured && r.Open {
			return r.Route
		}
	}
	return ""
}

// follow prints events and looks at the list until all has happened or the
// time is over.
func (d *director) follow(ctx context.Context, a *app, events <-chan watch.Event, acted <-chan error) (summary, error) {
	ctx, cancel := context.WithTimeout(ctx, demoFor)
	defer cancel()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return d.sum(context.WithoutCancel(ctx))
		case err := <-acted:
			return summary{}, fmt.Errorf("demo: it stopped acting: %w", err)
		case e := <-events:
			if e.Kind == watch.EvLooked {
				continue
			}
			if err := a.printEvent(e); err != nil {
				return summary{}, err
			}
		case <-tick.C:
			for _, e := range d.order(ctx) {
				if err := a.printEvent(e); err != nil {
					return summary{}, err
				}
			}
			sum, err := d.sum(ctx)
			if err != nil {
				return sum, err
			}
			if sum.whole() && d.settled(ctx) {
				return sum, nil
			}
		}
	}
}

// settled reports whether no order of the demo still waits for its end.
func (d *director) settled(ctx context.Context) bool {
	os, err := d.s.Orders(ctx, watch.OrderFilter{})
	if err != nil {
		return false
	}
	for _, o := range os {
		if !o.State.Ended() && o.State != catch.WonProvisional {
			return false
		}
	}
	return true
}

// sum reads from the list what happened.
func (d *director) sum(ctx context.Context) (summary, error) {
	s := summary{Event: "summary", Caught: []string{}, WonBackorder: []string{}, Renewed: []string{}, Refused: []string{}}
	os, err := d.s.Orders(ctx, watch.OrderFilter{})
	if err != nil {
		return s, fmt.Errorf("demo: %w", err)
	}
	for _, o := range os {
		switch {
		case o.State == catch.RefusedOrder:
			s.Refused = append(s.Refused, o.Name)
		case o.State != catch.Won && o.State != catch.WonProvisional:
		case o.Kind == catch.Backorder:
			s.WonBackorder = append(s.WonBackorder, o.Name)
		default:
			s.Caught = append(s.Caught, o.Name)
		}
	}
	for name := range d.refused {
		s.Refused = append(s.Refused, name)
	}
	for _, p := range parts {
		if p.expect != "renewed" {
			continue
		}
		ok, err := d.renewed(ctx, watch.Name(p.name))
		if err != nil {
			return s, err
		}
		if ok {
			s.Renewed = append(s.Renewed, p.name)
		}
	}
	s.Violations = d.reg.Violations()[sandboxUser]
	for _, l := range [][]string{s.Caught, s.WonBackorder, s.Renewed, s.Refused} {
		sort.Strings(l)
	}
	return s, nil
}

// renewed reports whether the list says that a name which was on its way out is
// registered again.
func (d *director) renewed(ctx context.Context, n watch.Name) (bool, error) {
	changes, err := d.s.History(ctx, n, 0)
	if err != nil {
		return false, fmt.Errorf("demo: %w", err)
	}
	out := false
	for i := len(changes) - 1; i >= 0; i-- { // oldest first
		c := changes[i]
		if c.Field != "stage" {
			continue
		}
		switch lifecycle.Stage(c.After) {
		case lifecycle.Expired, lifecycle.Redemption, lifecycle.PendingDelete:
			out = true
		case lifecycle.Registered:
			if out {
				return true, nil
			}
		}
	}
	return false, nil
}
