package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

// burstAccount finds the EPP account for a name: the one that was named, or the
// only one whose TLD it is.
func (a *app) eppAccount(ctx context.Context, named string, n watch.Name) (*eppaccount.Account, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	book, err := cfg.terms()
	if err != nil {
		return nil, err
	}
	service := eppaccount.Factory().Service
	var found []string
	for name, c := range cfg.Account {
		if c.Service == service && (named == "" || named == name) {
			found = append(found, name)
		}
	}
	if named != "" && len(found) == 0 {
		if c, ok := cfg.Account[named]; ok {
			return nil, usagef("account %s is one of %s, not EPP", named, c.Service)
		}
		return nil, coded(exitNotFound, fmt.Errorf("there is no account %q", clip(named)))
	}
	var open []*eppaccount.Account
	var why []error
	for _, name := range found {
		c, err := cfg.account(ctx, name, book)
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
		routes, err := a.openAccount(ctx, cfg, c)
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
		for _, r := range routes {
			acc, ok := r.(*eppaccount.Account)
			if !ok {
				continue
			}
			if n != "" {
				if ok, because := acc.Open(string(n)); !ok {
					why = append(why, fmt.Errorf("account %s: %s", name, because))
					continue
				}
			}
			open = append(open, acc)
		}
	}
	switch len(open) {
	case 1:
		return open[0], nil
	case 0:
		if len(why) > 0 {
			return nil, coded(exitGuard, errors.Join(why...))
		}
		return nil, withHint(coded(exitNotFound, errors.New("there is no EPP account")), "lapse account add NAME --service %s --url HOST:700 --user CLID", service)
	}
	return nil, usagef("several EPP accounts would do: name one with --account")
}

func (a *app) preflightCommand() *cobra.Command {
	var account string
	var limit money
	cmd := &cobra.Command{
		Use:   "preflight NAME",
		Short: "Test everything that a burst for a name will need; spends nothing",
		Long: `Look at login, certificate and password, balance, contacts and hosts, TLD and
extensions, price under the cap, the policy's budget, and the clock. A red line
ends with exit 4.`,
		Example: "  lapse preflight moor.uk\n  lapse preflight moor.uk --cap 40GBP --json",
		GroupID: groupMoney,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			acc, err := a.eppAccount(cmd.Context(), account, n)
			if err != nil {
				return err
			}
			defer func() { _ = acc.Close() }()
			r := catch.Request{Name: string(n), Years: 1, Cap: limit.Money}
			var at time.Time
			var lines []eppaccount.Line
			if s, err := a.open(cmd.Context(), needStore); err == nil {
				read, err := s.TermsRead(cmd.Context(), acc.Terms(string(n)))
				if err != nil {
					return fmt.Errorf("preflight: %w", err)
				}
				light := eppaccount.Yellow // terms that nobody accepted stop no burst
				if !read[0].Accepted.IsZero() && !read[0].Changed {
					light = eppaccount.Green
				}
				lines = append(lines, eppaccount.Line{What: "terms", Light: light, Words: read[0].Words})
				if d, err := s.Get(cmd.Context(), n); err == nil {
					if r.Cap == (catch.Money{}) {
						r.Cap = d.Cap
					}
					if w := d.Verdict.Window; w != nil && !w.From.DayOnly {
						at = w.From.Time
					}
				}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
			defer cancel()
			return a.printPreflight(append(acc.Preflight(ctx, r, at), lines...))
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "the EPP `account`, where several would do")
	cmd.Flags().Var(&limit, "cap", "most to be charged (default: the name's own)")
	return cmd
}

func (a *app) printPreflight(lines []eppaccount.Line) error {
	red := 0
	t := &table{head: []string{"", "WHAT", "SAYS"}}
	for _, l := range lines {
		if l.Light == eppaccount.Red {
			red++
		}
		t.add(string(l.Light), l.What, l.Words)
	}
	var err error
	if a.flags.json {
		err = a.writeJSON(list(lines))
	} else {
		err = a.writeTable(t)
	}
	if err == nil && red > 0 {
		err = coded(exitGuard, fmt.Errorf("%d lines are red: the burst would fail", red))
	}
	return err
}

func (a *app) rehearseCommand() *cobra.Command {
	var account, policy string
	r := usualRehearsal
	cmd := &cobra.Command{
		Use:   "rehearse NAME",
		Short: "Fire the same burst against the built-in sandbox, rivals included",
		Long: `Rehearse the burst for a name: the same policy, strategy, sessions and code, in
front of a sandbox registry with rivals of the same strength. Nothing leaves
this machine and no create of the account is spent.`,
		Example: "  lapse rehearse moor.uk\n  lapse rehearse moor.uk --runs 20 --rivals 9 --rtt 20ms --json\n  lapse rehearse moor.uk --policy uk",
		GroupID: groupMoney,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			if err := a.rehearsal(cmd.Context(), n, account, policy, &r); err != nil {
				return err
			}
			if isTerminal(a.stderr) {
				r.Progress = func(run burst.Run) { a.note("run %d of %d", run.Number, r.Runs) }
			}
			out, err := burst.Rehearse(cmd.Context(), r)
			if err != nil {
				return fmt.Errorf("rehearse: %w", err)
			}
			if a.flags.json {
				return a.writeJSON(out)
			}
			return a.printRehearsed(n, out)
		},
	}
	f := cmd.Flags()
	f.StringVar(&account, "account", "", "the EPP `account` whose settings are rehearsed")
	f.StringVar(&policy, "policy", "", "a registry's `policy` by name, instead of the account's")
	f.IntVar(&r.Runs, "runs", r.Runs, "how often")
	f.IntVar(&r.Rivals, "rivals", r.Rivals, "rivals of our own strength")
	f.DurationVar(&r.RTT, "rtt", r.RTT, "round trip to the registry")
	f.DurationVar(&r.Jitter, "jitter", r.Jitter, "how far that varies")
	f.DurationVar(&r.Window, "window", 0, "how far the drop may fall after its time")
	f.BoolVar(&r.Greedy, "greedy", false, "one rival more that breaks the policy")
	return cmd
}

// rehearsal fills in what the real burst for a name would use: a policy that
// was named, else the settings of its EPP account, else the registry's policy.
func (a *app) rehearsal(ctx context.Context, n watch.Name, account, policy string, r *burst.Rehearsal) error {
	r.Names = []string{string(n)}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	policies, err := cfg.policies()
	if err != nil {
		return err
	}
	if policy != "" {
		p, ok := policies.ByID(policy)
		if !ok {
			var ids []string
			for _, known := range policies.All() {
				ids = append(ids, known.ID)
			}
			return withHint(usagef("no policy %q", clip(policy)), "there are %s", strings.Join(ids, ", "))
		}
		r.Policy = p
		return nil
	}
	acc, err := a.eppAccount(ctx, account, n)
	switch {
	case err == nil:
		mine := acc.Rehearsal(string(n))
		r.Policy, r.Strategy, r.Sessions, r.Spares, r.MaxCreates = mine.Policy, mine.Strategy, mine.Sessions, mine.Spares, mine.MaxCreates
		_ = acc.Close()
	case account != "":
		return err
	default:
		r.Policy = policies.For(string(n))
	}
	return nil
}

// rehearseOnScreen is what the screens do with a name: the rehearsal of the
// command with its usual settings, in a sentence.
func (a *app) rehearseOnScreen(ctx context.Context, n watch.Name) (string, error) {
	r := usualRehearsal
	if err := a.rehearsal(ctx, n, "", "", &r); err != nil {
		return "", err
	}
	out, err := burst.Rehearse(ctx, r)
	if err != nil {
		return "", fmt.Errorf("rehearse: %w", err)
	}
	text := fmt.Sprintf("%s: %d of %d won against %d rivals of the same strength (%s, %d sessions, policy %s); first create received %.0f µs after the drop; %d violations.",
		n.Display(), out.Won, out.Runs, out.Rivals, out.Strategy, out.Sessions, out.Policy, out.Receipt.P50, out.Violations)
	for _, s := range out.Advice {
		text += " " + s
	}
	return text, nil
}

// usualRehearsal is one where nothing else is said: a registry 20 ms away.
var usualRehearsal = burst.Rehearsal{Runs: 5, Rivals: 3, RTT: 20 * time.Millisecond, Jitter: time.Millisecond}

func (a *app) printRehearsed(n watch.Name, r *burst.Rehearsed) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d of %d won against %d rivals of the same strength\n", n.Display(), r.Won, r.Runs, r.Rivals)
	fmt.Fprintf(&b, "strategy    %s, %d sessions, %d spares, policy %s\n", r.Strategy, r.Sessions, r.Spares, r.Policy)
	fmt.Fprintf(&b, "creates     %d announced, %d spent in the last run\n", r.Announced, r.Spent)
	fmt.Fprintf(&b, "at the drop first create received after %.0f µs (median), %.0f µs (one in ten later)\n", r.Receipt.P50, r.Receipt.P90)
	fmt.Fprintf(&b, "violations  %d\n", r.Violations)
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "failed      %s\n", whoisx.CleanLine(f))
	}
	for _, s := range r.Advice {
		fmt.Fprintf(&b, "advice      %s\n", s)
	}
	return a.printf("%s", b.String())
}

func (a *app) catchCommand() *cobra.Command {
	var until string
	cmd := &cobra.Command{
		Use:   "catch NAME...",
		Short: "Stay until the orders for these names have come to their end",
		Long: `Fire the bursts that exist as orders for these names, and stay until each has
ended. Without an order there is nothing to fire: exit 4. Whoever holds the
lease acts; this command does if nobody else does.`,
		Example: "  lapse catch moor.uk\n  lapse catch moor.uk sedge.co.uk --until 2026-12-03T09:30:00Z --json",
		GroupID: groupMoney,
		Args:    someNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := a.names(args)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			if until != "" {
				t, err := parseMoment(until)
				if err != nil {
					return err
				}
				var cancel context.CancelFunc
				ctx, cancel = context.WithDeadline(ctx, t)
				defer cancel()
			}
			a.holderAs = "catch"
			s, err := a.open(ctx, needAll)
			if err != nil {
				return err
			}
			return a.catch(ctx, s, names)
		},
	}
	cmd.Flags().StringVar(&until, "until", "", "give up waiting at this `time`; the orders stand")
	return cmd
}

func (a *app) catch(ctx context.Context, s *watch.Service, names []watch.Name) error {
	wanted := map[string]bool{}
	for _, n := range names {
		os, err := s.Orders(ctx, watch.OrderFilter{Name: n, Holding: true})
		if err != nil {
			return fmt.Errorf("catch: %w", err)
		}
		if len(os) == 0 {
			return withHint(coded(exitGuard, fmt.Errorf("catch %s: no order, so nothing may be fired", n.Display())),
				"lapse routes %s; then lapse order %s --via ROUTE --cap 60USD", n, n)
		}
		wanted[string(n)] = true
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, leave := s.Subscribe()
	defer leave()
	acted := a.act(ctx, s)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-acted:
			if err != nil {
				return fmt.Errorf("catch: %w", err)
			}
			return ctx.Err()
		case e := <-events:
			if wanted[string(e.Name)] && e.Kind != watch.EvLooked {
				if err := a.printEvent(e); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			if err := <-acted; err != nil {
				return fmt.Errorf("catch: %w", err)
			}
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return coded(exitPartly, errors.New("catch: the time is over; the orders stand"))
			}
			return ctx.Err()
		case <-tick.C:
			done, won, err := a.caught(ctx, s, names)
			if err != nil {
				return err
			}
			if !done {
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

// caught reports whether every order of the names has come to its end, and how
// many names were won.
func (a *app) caught(ctx context.Context, s *watch.Service, names []watch.Name) (done bool, won int, err error) {
	done = true
	for _, n := range names {
		os, err := s.Orders(ctx, watch.OrderFilter{Name: n})
		if err != nil {
			return false, 0, fmt.Errorf("catch: %w", err)
		}
		got := false
		for _, o := range os {
			got = got || o.State == catch.Won || o.State == catch.WonProvisional
			done = done && (o.State.Ended() || o.State == catch.WonProvisional)
		}
		if got {
			won++
		}
	}
	return done, won, nil
}
