package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

// maxDigits is how many digits a note may have in a row before it looks like
// the number of a card.
const maxDigits = 8

func (a *app) accountPayment() *cobra.Command {
	return &cobra.Command{
		Use:   "payment [ACCOUNT WORDS...]",
		Short: "Note how an account pays: the card or balance that you saw there, with today's date",
		Long: `Note what you saw on a service's website: which card or balance it charges.
No call tells, so that a preflight goes by what you noted, and by when. It is
no place for a card's number. Without words it lists what is noted; a - forgets.`,
		Example: "  lapse account payment dyn VISA, the default\n  lapse account payment dyn -\n  lapse account payment",
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			if len(words) < 2 {
				ps, err := s.Payments(cmd.Context())
				if err != nil {
					return err
				}
				return a.printPayments(ps, strings.Join(words, ""))
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if _, have := cfg.Account[words[0]]; !have && !strings.HasPrefix(words[0], "by-hand:") {
				return coded(exitNotFound, fmt.Errorf("there is no account %q", typed.Clip(words[0])))
			}
			text := whoisx.CleanLine(strings.Join(words[1:], " "))
			if longDigits(text) {
				return usagef("that looks like the number of a card: say which card it is in other words")
			}
			if text == "-" {
				text = ""
			}
			p, err := s.NotePayment(cmd.Context(), words[0], text)
			if errors.Is(err, watch.ErrReadOnly) {
				return coded(exitGuard, fmt.Errorf("note payment: %w", err))
			} else if err != nil {
				return err
			}
			if text == "" {
				return a.printf("forgotten\t%s\n", words[0])
			}
			return a.printPayments([]watch.Payment{p}, "")
		},
	}
}

func longDigits(s string) bool {
	run := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if run++; run > maxDigits {
				return true
			}
		case r != ' ' && r != '-':
			run = 0
		}
	}
	return false
}

func (a *app) printPayments(ps []watch.Payment, account string) error {
	out := []watch.Payment{}
	for _, p := range ps {
		if account == "" || p.Account == account {
			out = append(out, p)
		}
	}
	if a.flags.json {
		return a.writeJSON(out)
	}
	t := &table{head: []string{"ACCOUNT", "NOTED", "PAYS BY"}}
	for _, p := range out {
		t.add(p.Account, p.At.Format(time.DateOnly), p.Words)
	}
	return a.writeTable(t)
}
