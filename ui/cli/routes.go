package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/watch"
)

func (a *app) routesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "routes [NAME]",
		Short: "Show every way to get a name: open to you, or not, because",
		Example: `  lapse routes
  lapse routes tinplate.com
  lapse routes tinplate.com --json`,
		GroupID: groupMoney,
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var n watch.Name
			if len(args) == 1 {
				var err error
				if n, err = a.parseName(args[0]); err != nil {
					return err
				}
			}
			s, err := a.open(cmd.Context(), needRoutes)
			if err != nil {
				return err
			}
			rs, err := s.Routes(cmd.Context(), n)
			if err != nil {
				return fmt.Errorf("routes: %w", err)
			}
			if rs, err = a.allRoutes(rs, n); err != nil {
				return err
			}
			if a.flags.json {
				for i := range rs {
					rs[i].Can = list(rs[i].Can)
				}
				return a.writeJSON(list(rs))
			}
			t := &table{head: []string{"ROUTE", "KIND", "OPEN", "IF IT WINS", "IF IT LOSES", "ORDER", "WHY"}}
			for _, r := range rs {
				open := "no"
				switch {
				case r.Open && r.Configured:
					open = "yes"
				case n == "" && r.Configured:
					open = "configured"
				}
				order := "-"
				if r.Order != nil {
					order = string(r.Order.State)
				}
				t.add(r.Route, string(r.Kind), open, ifWon(r.Terms), ifLost(r.Terms), order, r.Why)
			}
			return a.writeTable(t)
		},
	}
}

// allRoutes adds to the routes of the person's accounts what the services
// without one would bring.
func (a *app) allRoutes(own []watch.RouteStatus, n watch.Name) ([]watch.RouteStatus, error) {
	book, err := a.cfg.Terms()
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, r := range own {
		have[r.Service+" "+string(r.Kind)] = true
	}
	for _, f := range registrar.All() {
		for _, d := range f.Routes {
			if have[d.Service+" "+string(d.Kind)] {
				continue
			}
			lacks := "no account at " + f.Title
			if d.Kind == catch.EPP {
				lacks = "no EPP account"
			}
			own = append(own, watch.RouteStatus{
				Description: d, Terms: book.For(f.Service, d.Kind, string(n)),
				Why: fmt.Sprintf("%s: lapse account add %s --service %s", lacks, f.Service, f.Service),
			})
		}
	}
	return own, nil
}

// ifWon and ifLost are terms in a few words; what nobody confirmed is "ask
// first".
func ifWon(t catch.Terms) string {
	s := "ask first"
	if t.Fee != (catch.Money{}) {
		s = t.Fee.String()
	}
	if t.Several == catch.PublicAuction || t.Several == catch.PrivateAuction {
		s += ", else " + strings.ReplaceAll(string(t.Several), "-", " ")
	}
	return s
}

func ifLost(t catch.Terms) string {
	switch {
	case t.LoseFee != (catch.Money{}):
		return t.LoseFee.String()
	case t.Refund == catch.RefundUnknown && t.Deposit.IsZero() && t.Source == "":
		return "ask first"
	case !t.Deposit.IsZero() && t.Refund != catch.RefundCash:
		return "deposit " + t.Deposit.String() + ": " + string(t.Refund)
	}
	return "0.00"
}
