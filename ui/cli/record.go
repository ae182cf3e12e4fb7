package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// recordCommand keeps what happened to an order where no API tells it: on a
// website, by mail, at a bank.
func (a *app) recordCommand() *cobra.Command {
	var state, why, ref string
	money := map[string]*string{}
	times := map[string]*string{}
	cmd := &cobra.Command{
		Use:   "record ID",
		Short: "Keep what happened to an order on a website: state, bids, payments, refunds",
		Example: "  lapse orders record 3 --state auction-leading --own-bid 140USD --ends 2026-11-11T19:00:00Z\n" +
			"  lapse orders record 3 --state won-provisional --paid 162USD --final 2026-11-18\n" +
			"  lapse orders record 3 --state reversed --why 'the holder renewed'\n" +
			"  lapse orders record 3 --state refund-due --refund 162USD",
		Long: "Keep what happened to an order where no API tells it. Nothing is sent. A refund\n" +
			"frees the month's budget once it is recorded; an order in doubt that you looked\n" +
			"up yourself is settled by the state that you found.",
		Args: args(cobra.ExactArgs(1)),
		RunE: a.onOrder(needRoutes, func(cmd *cobra.Command, s *watch.Service, o catch.Order) error {
			if state != "" && !catch.CanMove(o.State, catch.State(state)) {
				return withHint(usagef("an order that is %s cannot become %q", o.State, state), "from there it can become %s", joinStates(catch.Moves(o.State)))
			}
			if state != "" {
				o.State = catch.State(state)
			}
			for name, to := range map[string]*catch.Money{
				"paid": &o.Paid, "refund": &o.Refund, "own-bid": &o.OwnBid, "high-bid": &o.HighBid, "price": &o.Price, "frozen": &o.Frozen,
			} {
				if text := *money[name]; text != "" {
					m, err := catch.ParseMoney(text)
					if err != nil {
						return coded(exitUsage, fmt.Errorf("--%s: %w", name, err))
					}
					*to = m
				}
			}
			for name, to := range map[string]*time.Time{
				"ends": &o.AuctionEnds, "pay-by": &o.PayBy, "cancel-by": &o.CancelBy, "final": &o.ProvisionalUntil,
			} {
				if text := *times[name]; text != "" {
					t, err := readMoment(text)
					if err != nil {
						return usagef("--%s: %v", name, err)
					}
					*to = t
				}
			}
			if ref != "" {
				o.Ref = ref
			}
			if why == "" {
				why = "recorded by hand"
			}
			o, err := s.Record(cmd.Context(), o, why)
			if err != nil {
				return a.orderRefused(err)
			}
			return a.writeOrder("recorded\t", o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&state, "state", "", "what it is now: active, auction-leading, payment-due, won-provisional, lost, reversed, ...")
	f.StringVar(&why, "why", "", "in your own words")
	f.StringVar(&ref, "ref", "", "the service's own number")
	for name, help := range map[string]string{
		"paid": "what was paid, in all", "refund": "what came back, in all", "own-bid": "your own bid", "high-bid": "the bid that stands",
		"price": "what it costs", "frozen": "a deposit that is held",
	} {
		money[name] = f.String(name, "", help+", like 162USD")
	}
	for name, help := range map[string]string{
		"ends": "when the auction ends", "pay-by": "when it has to be paid", "cancel-by": "until when it can be cancelled", "final": "when a win becomes final",
	} {
		times[name] = f.String(name, "", help+", as 2026-11-18 or 2026-11-18T19:00:00Z")
	}
	return cmd
}

// readMoment reads a day (its end, UTC) or a moment.
func readMoment(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a day (2026-11-18) nor a moment (2026-11-18T19:00:00Z)", s)
	}
	return t.Add(24*time.Hour - time.Second), nil
}

func joinStates(states []catch.State) string {
	text := ""
	for i, s := range states {
		if i > 0 {
			text += ", "
		}
		text += string(s)
	}
	if text == "" {
		return "nothing else"
	}
	return text
}
