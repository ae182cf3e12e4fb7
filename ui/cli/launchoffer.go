package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// launchOfferCommand is the form: flags answer its questions, and a terminal is
// asked what they leave open.
func (a *app) launchOfferCommand() *cobra.Command {
	var registrar, tld, phase string
	cmd := &cobra.Command{
		Use:   "offer ID",
		Short: "Keep what a registrar offers for a phase: the questions to ask before handing over a card",
		Long: `Keep or change a registrar's offer. On a terminal the questions are asked one
by one; what stays unanswered is shown as "ask first". An offer that is an
interest only is no order: the registrar learns of the wish, nothing else.`,
		Example: `  lapse launch offer r-priority --registrar R --tld fraud --phase "general availability"
  lapse launch offer r-priority --price 100USD --application-fee 65USD --refund credit`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.launches()
			if err != nil {
				return err
			}
			have, there := b.Offer(args[0])
			if !there {
				if registrar == "" || tld == "" || phase == "" {
					return usagef("offer %s is not known yet: say --registrar, --tld and --phase", args[0])
				}
				l, err := launchOf(b, tld)
				if err != nil {
					return err
				}
				if l.OpenedAt(a.now()) {
					a.say("warning: .%s is already open, since %s", l.TLD, gaWords(l))
				}
				have = launch.NewOffer(args[0], whoisx.CleanLine(registrar), l.TLD, phase)
			}
			answers := map[string]string{}
			for _, f := range launch.Fields() {
				flag := strings.ReplaceAll(f.Key, "_", "-")
				if !cmd.Flags().Changed(flag) {
					continue
				}
				if answers[f.Key], err = cmd.Flags().GetString(flag); err != nil {
					return err
				}
			}
			if len(answers) == 0 && a.interactive() {
				if answers, err = a.offerForm(have); err != nil {
					return err
				}
			}
			var o launch.Offer
			err = a.changeLaunches(cmd.Context(), func(b *launch.Book) error {
				o = have
				if now, ok := b.Offer(args[0]); ok {
					o = now // as another process may have left it
				}
				for _, f := range []struct {
					from string
					to   *string
				}{{registrar, &o.Registrar}, {tld, &o.TLD}, {phase, &o.Phase}} {
					if f.from != "" {
						*f.to = strings.TrimSpace(f.from)
					}
				}
				o.TLD = strings.ToLower(strings.Trim(o.TLD, "."))
				o.Seen, o.Origin = a.now().UTC().Format(time.DateOnly), a.cfg.LaunchPath()
				var err error
				if o, err = launch.Answered(o, answers); err == nil {
					err = b.PutOffer(o)
				}
				return coded(exitUsage, err)
			})
			if err != nil {
				return err
			}
			if err := a.followLaunch(cmd.Context(), o.TLD); err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(offeredOf([]launch.Offer{o})[0])
			}
			var w strings.Builder
			fmt.Fprintf(&w, "kept\t%s: %s %s for %s of .%s, %s\n", o.ID, o.Registrar, o.Tier, o.Phase, o.TLD, o.Price)
			for _, q := range o.AskFirst() {
				fmt.Fprintf(&w, "ask first\t%s\n", q)
			}
			return a.printf("%s", whoisx.Clean(w.String()))
		},
	}
	f := cmd.Flags()
	f.StringVar(&registrar, "registrar", "", "who offers it")
	f.StringVar(&tld, "tld", "", "for which TLD")
	f.StringVar(&phase, "phase", "", "for which phase")
	for _, q := range launch.Fields() {
		help := q.Ask
		if len(q.Choice) > 0 {
			help = strings.Join(q.Choice, ", ")
		}
		f.String(strings.ReplaceAll(q.Key, "_", "-"), "", help)
	}
	return cmd
}

// offerForm asks the questions; an empty answer leaves one as it is.
func (a *app) offerForm(o launch.Offer) (map[string]string, error) {
	in := bufio.NewReader(io.LimitReader(a.input(), 64<<10))
	answers := map[string]string{}
	a.say("What %s answers; enter leaves a question open.", o.Registrar)
	for _, f := range launch.Fields() {
		for f.Asked(o) {
			how := f.Write
			if len(f.Choice) > 0 {
				how = strings.Join(f.Choice, ", ")
			}
			fmt.Fprintf(a.stderr, "%s (%s) ", f.Ask, how)
			if have := f.Of(o); have != "" {
				fmt.Fprintf(a.stderr, "[%s] ", have)
			}
			line, err := in.ReadString('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("read the answer: %w", err)
			}
			answer := whoisx.CleanLine(strings.TrimSpace(line))
			if answer == "" {
				break
			}
			next, err := f.With(o, answer)
			if err == nil {
				o, answers[f.Key] = next, answer
				break
			}
			a.say("%v", err)
		}
	}
	return answers, nil
}
