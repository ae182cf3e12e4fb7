package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) launchExposureCommand() *cobra.Command {
	var takes []string
	cmd := &cobra.Command{
		Use:   "exposure NAME",
		Short: "Show what is paid, won and lost at each step of a launch",
		Long: `For a name and the offers taken for it: what is paid by each step, what a win
costs in all, and what is lost if somebody else gets the name. The offers are
those ordered; --take adds one that is only thought of, an offer's id or a phase
that is bought as it runs. Two that would drive each other up are refused.`,
		Example: `  lapse launch exposure secret.fraud
  lapse launch exposure secret.fraud --take r-standard@2026-08-01 --take "landrush 1@2026-10-01T15:59:00Z" --json`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, n, l, err := a.launchName(args[0])
			if err != nil {
				return err
			}
			var taken []launch.Taken
			if len(takes) == 0 {
				s, err := a.open(cmd.Context(), needStore)
				if err != nil {
					return err
				}
				os, err := s.Orders(cmd.Context(), watch.OrderFilter{Name: n})
				if err != nil {
					return fmt.Errorf("exposure: %w", err)
				}
				taken = launch.TakenOf(b, os)
			}
			for _, s := range takes {
				t, err := readTaken(b, l, s, a.now().UTC())
				if err != nil {
					return err
				}
				if err := launch.Guard(taken, t.Offer); err != nil {
					return guarded(fmt.Errorf("exposure of %s: %w", n.Display(), err))
				}
				taken = append(taken, t)
			}
			if list, kept := l.Keeps(string(n)); kept {
				var errs []error
				for _, t := range taken {
					errs = append(errs, launch.Reserved(t.Offer, list))
				}
				if len(errs) > 0 {
					return guarded(fmt.Errorf("exposure of %s: %w", n.Display(), errors.Join(errs...)))
				}
				a.say("the registry reserves %s (%s)", n.Display(), list)
			}
			e, err := launch.ExposureOf(string(n), l, taken)
			if err != nil {
				return coded(exitUsage, err)
			}
			if a.flags.json {
				return a.writeJSON(e)
			}
			if len(taken) == 0 {
				a.say("no offer was taken for %s; --take shows what one would mean", n.Display())
			}
			return a.printExposure(e)
		},
	}
	cmd.Flags().StringArrayVar(&takes, "take", nil, "an offer or a phase, and when it was taken, as `OFFER@TIME` (may be repeated; default: what was ordered)")
	return cmd
}

// launchName finds a name's launch.
func (a *app) launchName(s string) (*launch.Book, watch.Name, launch.Launch, error) {
	b, err := a.launches()
	if err != nil {
		return nil, "", launch.Launch{}, err
	}
	n, err := watch.ParseLaunchName(s, coming(b))
	if err != nil {
		return b, n, launch.Launch{}, err
	}
	l, err := launchOf(b, n.TLD())
	return b, n, l, err
}

func (a *app) printExposure(e launch.Exposure) error {
	t := &table{head: []string{"STEP", "UNTIL", "PAID", "IF WON", "CASH LOST", "CREDIT", "REFUND", "BACK BY", "TIED UP", "LATER YEARS"}}
	for _, s := range e.Steps {
		won := "-"
		if s.IfWon != nil {
			won = s.IfWon.String()
		}
		t.add(s.Step, dateOr(s.To, "open"), s.Paid.String(), won, s.IfLost.CashLost.String(), s.IfLost.Credit.String(), s.IfLost.Refund.String(),
			dateOr(s.IfLost.RefundBy, "-"), fmt.Sprintf("%d days", s.TiedUp.Days), s.LaterYears.String())
	}
	if err := a.writeTable(t); err != nil || a.flags.plain {
		return err
	}
	if e.WorstCase.Currency != "" {
		if err := a.printf("\nworst case: %s\n", e.WorstCase); err != nil {
			return err
		}
	}
	for _, q := range e.AskFirst {
		if err := a.printf("ask first: %s\n", whoisx.CleanLine(q)); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) launchContestCommand() *cobra.Command {
	var entrants []string
	cmd := &cobra.Command{
		Use:   "contest NAME --entrant WHO=OFFER@TIME...",
		Short: "Say who gets a name of those who took an offer, and what each has lost",
		Example: `  lapse launch contest secret.fraud --entrant anna=r-standard@2026-08-01 --entrant ben=r-priority@2026-08-10 \
      --entrant "cleo=landrush 1@2026-10-01T15:59:00Z"`,
		Args: oneName,
		RunE: func(_ *cobra.Command, args []string) error {
			b, n, l, err := a.launchName(args[0])
			if err != nil {
				return err
			}
			var in []launch.Entrant
			for _, s := range entrants {
				who, what, ok := strings.Cut(s, "=")
				if !ok || who == "" {
					return usagef("--entrant %q: write it as WHO=OFFER@TIME", s)
				}
				t, err := readTaken(b, l, what, a.now().UTC())
				if err != nil {
					return err
				}
				in = append(in, launch.Entrant{Who: whoisx.CleanLine(who), Offer: t.Offer, At: t.At})
			}
			res, err := launch.Resolve(l, in)
			if err != nil {
				return coded(exitUsage, err)
			}
			res.Stakes = list(res.Stakes)
			if a.flags.json {
				return a.writeJSON(struct {
					Name watch.Name `json:"name"`
					launch.Result
				}{n, res})
			}
			winner := res.Winner
			if winner == "" {
				winner = "not decided"
			}
			if err := a.printf("%s: %s\n%s\n", n.Display(), winner, whoisx.CleanLine(res.Why)); err != nil {
				return err
			}
			for _, c := range res.Contest {
				if err := a.printf("%s: %s: %s\n", whoisx.CleanLine(c.Where), whoisx.CleanLine(c.How), whoisx.CleanLine(strings.Join(c.Entrants, ", "))); err != nil {
					return err
				}
			}
			t := &table{head: []string{"WHO", "STEP", "PAID", "CASH LOST", "CREDIT", "REFUND", "TIED UP", ""}}
			for _, s := range res.Stakes {
				end := ""
				switch {
				case s.Won:
					end = "won"
				case s.Out:
					end = "lost"
				}
				t.add(s.Who, s.Step, s.Paid.String(), s.CashLost.String(), s.Credit.String(), s.Refund.String(), fmt.Sprintf("%d days", s.Days), end)
			}
			return a.writeTable(t)
		},
	}
	cmd.Flags().StringArrayVar(&entrants, "entrant", nil, "who took what and when, as `WHO=OFFER@TIME` (repeated)")
	return cmd
}

// quotedNow is what `lapse launch quote` writes as JSON.
type quotedNow struct {
	Name    watch.Name      `json:"name"`
	Quotes  []launch.Quoted `json:"quotes"` // oldest first
	Refused string          `json:"refused,omitempty"`
}

func (a *app) launchQuoteCommand() *cobra.Command {
	var price, renewal money
	var q launch.Quoted
	var when, via string
	cmd := &cobra.Command{
		Use:   "quote NAME PRICE|--via ROUTE",
		Short: "Keep a price that somebody told you for a name; refuse one that became worse",
		Long: `Keep a price with its date and source, because people need it in a dispute. A
quote that became higher, or another class, is kept too: it is told, nothing is
ordered at it, and the command ends with exit code 4 and both quotes.`,
		Example: `  lapse launch quote secret.fraud 19USD --source "R's page" --at 2026-08-01
  lapse launch quote secret.fraud 119USD --class premium --source "mail of R"
  lapse launch quote secret.fraud --via epp:mine
  lapse launch quotes secret.fraud --json`,
		Args: args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			if (via == "") != (len(args) == 2) {
				return usagef("write the price that you were told, or name the route that reads it with --via")
			}
			if via != "" {
				if q, err = a.quoteBy(cmd.Context(), n, via); err != nil {
					return err
				}
			} else if args[1] == "reserved" {
				q.Class = "reserved"
			} else if err := price.Set(args[1]); err != nil {
				return coded(exitUsage, err)
			}
			if via == "" {
				q.Price, q.Renewal, q.At = price.Money, renewal.Money, a.now()
			}
			if when != "" {
				d, err := launch.ReadTime(when)
				if err != nil {
					return coded(exitUsage, err)
				}
				q.At = d.Time
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			all, err := s.Quote(cmd.Context(), n, q)
			out := quotedNow{Name: n, Quotes: list(all)}
			if err != nil {
				if !errors.Is(err, watch.ErrGuard) {
					return fmt.Errorf("quote: %w", err)
				}
				out.Refused = err.Error()
			}
			if a.flags.json {
				if werr := a.writeJSON(out); werr != nil {
					return werr
				}
			} else if werr := a.printQuotes(all); werr != nil {
				return werr
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Class, "class", "standard", "standard, premium, a tier, or reserved")
	f.Var(&renewal, "renewal", "what a year costs from the second on, as it was told")
	f.StringVar(&q.Source, "source", "you", "who said so")
	f.StringVar(&when, "at", "", "when it was said (default: now)")
	f.StringVar(&via, "via", "", "read the price now, by the `route` of an account: EPP's fee check, or a registrar's price call")
	return cmd
}

// quoteBy reads a price by one of the person's routes.
func (a *app) quoteBy(ctx context.Context, n watch.Name, via string) (launch.Quoted, error) {
	var q launch.Quoted
	if _, err := a.open(ctx, needStore); err != nil {
		return q, err
	}
	routes, _, err := a.routes(ctx, a.cfg)
	if err != nil {
		return q, err
	}
	for _, r := range routes {
		if r.Describe().Route != via {
			continue
		}
		got, err := r.Quote(ctx, string(n), 1)
		if err != nil {
			return q, fmt.Errorf("quote: %w", err)
		}
		q = launch.Quoted{At: got.At, Source: got.Basis, Class: got.Class, Price: got.Price, Renewal: got.Renew}
		if got.Early.Units > 0 {
			q.Price.Units -= got.Early.Units
			a.say("on top of it stands a falling fee of %s (%s): %s in all now", got.Early, whoisx.CleanLine(got.EarlyWhat), got.Price)
		}
		switch {
		case q.Class == "" && got.Premium:
			q.Class = "premium"
		case q.Class == "":
			q.Class = "standard"
		}
		return q, nil
	}
	return q, withHint(coded(exitNotFound, fmt.Errorf("no account here has the route %q", via)), "lapse routes lists them")
}

func (a *app) launchQuotesCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "quotes NAME",
		Short:   "Show every price that was said of a name, with its date and source",
		Example: "  lapse launch quotes acorn.fraud",
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			all, err := s.Quotes(cmd.Context(), n)
			if err != nil {
				return fmt.Errorf("quotes: %w", err)
			}
			if a.flags.json {
				return a.writeJSON(list(all))
			}
			return a.printQuotes(all)
		},
	}
}

func (a *app) printQuotes(all []launch.Quoted) error {
	t := &table{head: []string{"ON", "PRICE", "RENEWAL", "CLASS", "SOURCE"}}
	for _, q := range all {
		t.add(q.At.UTC().Format("2006-01-02 15:04 UTC"), q.Price.String(), q.Renewal.String(), q.Class, q.Source)
	}
	return a.writeTable(t)
}
