package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch"
)

// eppAccount finds the EPP account for a name: the one that was named, or the
// only one whose TLD it is.
func (a *app) eppAccount(ctx context.Context, named string, n watch.Name) (*eppaccount.Account, error) {
	cfg, err := a.config()
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
		return nil, coded(exitNotFound, fmt.Errorf("there is no account %q", typed.Clip(named)))
	}
	var open []*eppaccount.Account
	var why []error
	for _, name := range found {
		acc, err := a.openEPP(ctx, cfg, name)
		if err != nil {
			return nil, err
		}
		if n != "" {
			if ok, because := acc.Open(string(n)); !ok {
				why = append(why, fmt.Errorf("account %s: %s", name, because))
				continue
			}
		}
		open = append(open, acc)
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

// openEPP opens one EPP account.
func (a *app) openEPP(ctx context.Context, cfg *config.Loaded, name string) (*eppaccount.Account, error) {
	routes, err := a.accountRoutes(ctx, cfg, name)
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		if acc, ok := r.(*eppaccount.Account); ok {
			return acc, nil
		}
	}
	return nil, usagef("account %s is no EPP account", name)
}

// accountRoutes opens one account.
func (a *app) accountRoutes(ctx context.Context, cfg *config.Loaded, name string) ([]catch.Route, error) {
	book, err := cfg.Terms()
	if err != nil {
		return nil, err
	}
	c, err := accountConfig(ctx, cfg, name, book)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", name, err)
	}
	routes, err := a.openAccount(ctx, cfg, c)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", name, err)
	}
	return routes, nil
}

func (a *app) preflightCommand() *cobra.Command {
	var account string
	var via []string
	var spec watch.PreflightSpec
	var limit money
	cmd := &cobra.Command{
		Use:   "preflight NAME",
		Short: "Test everything that catching a name will need; spends nothing",
		Long: `Look at everything that the routes to a name will need: whether they are open,
login, certificate and password, balance and how the account pays, contacts and
hosts, TLD and extensions, nexus, price under the cap, the policy's and the
month's budget, terms, and the clock. Without --via and --account it looks at
the routes that are ordered, or where nothing is, at all that are open. The
same happens by itself 24 hours, one hour and five minutes before a drop; what
is red is told. A red line ends with exit 4.`,
		Example: "  lapse preflight moor.uk\n  lapse preflight moor.uk --account tag --cap 40GBP --json",
		GroupID: groupMoney,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			s, err := a.open(cmd.Context(), needRoutes)
			if err != nil {
				return err
			}
			spec.Name, spec.Cap, spec.Routes = n, limit.Money, via
			if account != "" {
				cfg, err := a.config()
				if err != nil {
					return err
				}
				if _, ok := cfg.Account[account]; !ok {
					return coded(exitNotFound, fmt.Errorf("there is no account %q", typed.Clip(account)))
				}
				routes, err := a.accountRoutes(cmd.Context(), cfg, account)
				if err != nil {
					return err
				}
				for _, r := range routes {
					spec.Routes = append(spec.Routes, r.Describe().Route)
				}
			}
			lines, err := s.Preflight(cmd.Context(), spec)
			if errors.Is(err, watch.ErrNotFound) {
				return withHint(coded(exitNotFound, fmt.Errorf("preflight %s: no route that could be looked at is open for it", n.Display())),
					"lapse routes %s says why; lapse account add NAME --service ...", n)
			} else if err != nil {
				return err
			}
			return a.printPreflight(lines)
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "only the routes of this `account`")
	cmd.Flags().StringSliceVar(&via, "via", nil, "only this `route` (may be repeated)")
	cmd.Flags().StringVar(&spec.Contact, "contact", "", "the `contact` to register with")
	cmd.Flags().Var(&limit, "cap", "most to be charged (default: the order's, or the name's own)")
	return cmd
}

func (a *app) printPreflight(lines []watch.PreflightLine) error {
	red := 0
	t := &table{head: []string{"", "ROUTE", "WHAT", "SAYS"}}
	for _, l := range lines {
		if l.Light == catch.Red {
			red++
		}
		t.add(string(l.Light), l.Route, l.What, l.Words)
	}
	var err error
	if a.flags.json {
		err = a.writeJSON(list(lines))
	} else {
		err = a.writeTable(t)
	}
	if err == nil && red > 0 {
		err = coded(exitGuard, fmt.Errorf("%s red: the catch would fail", count(red, "line is", "lines are")))
	}
	return err
}

func count(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// clockLine looks at this machine's clock for routes that do not look
// themselves.
func clockLine(ctx context.Context, cfg *config.Loaded) catch.Line {
	line := catch.Line{What: "clock", Light: catch.Yellow}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	var readings []burst.Reading
	if len(cfg.Clock.NTP) > 0 && !cfg.Lookup.Offline {
		readings, _ = burst.AskNTP(ctx, cfg.Clock.NTP, dialer(cfg))
	}
	c := burst.Combine(readings, time.Now())
	line.Words = c.String()
	if c.Checked {
		if line.Light = catch.Green; c.Offset.Abs() > time.Second {
			line.Light, line.Words = catch.Red, line.Words+": set this machine's clock"
		}
	}
	return line
}
