package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// explained is what `explain` and each element of `check` write as JSON.
type explained struct {
	Name     string            `json:"name"`
	Answer   whoisx.Answer     `json:"answer"` // the one that counted most
	Verdict  lifecycle.Verdict `json:"verdict"`
	Evidence []whoisx.Evidence `json:"evidence"`
	Answers  []whoisx.Answer   `json:"answers"`
	// Trouble says who was asked in vain, what each said and when it is asked
	// again; empty where an answer could be read.
	Trouble string `json:"trouble,omitempty"`
}

func explainLook(l watch.Look) explained {
	e := explained{
		Name: string(l.Name), Answer: foremost(l.Answers), Verdict: l.Verdict,
		Evidence: l.Verdict.Evidence, Answers: list(l.Answers), Trouble: whoisx.CleanLine(l.Trouble),
	}
	if len(e.Evidence) == 0 {
		for _, a := range l.Answers {
			e.Evidence = append(e.Evidence, a.Evidence...)
		}
	}
	e.Evidence = list(e.Evidence)
	e.Verdict.Flags, e.Verdict.Sources, e.Verdict.Why = list(e.Verdict.Flags), list(e.Verdict.Sources), list(e.Verdict.Why)
	for i := range e.Evidence { // from the network, and about to be printed
		e.Evidence[i].Text = whoisx.CleanLine(e.Evidence[i].Text)
	}
	return e
}

// foremost is the answer that counted most: one that votes and speaks about
// the name before one that hints, that before one that failed.
func foremost(as []whoisx.Answer) whoisx.Answer {
	best, at := whoisx.Answer{}, -1
	for _, a := range as {
		rank := 0
		if a.Outcome.SaysSomething() {
			rank = 2
		}
		if a.Source.Votes() {
			rank++
		}
		if rank > at {
			best, at = a, rank
		}
	}
	return best
}

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check NAME...|-",
		Short: "Look now, store nothing",
		Long: `Ask every source a name has, now, within the budget of each host, and say what
the answers say together. Nothing is stored but the hosts' budgets.

"Free" needs two of RDAP, WHOIS, an EPP check and a registrar's check.`,
		Example: "  lapse check example.com\n  lapse check --json example.com example.co.uk\n  lapse check - < names.txt",
		GroupID: groupLook,
		Args:    someNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := a.names(args)
			if err != nil {
				return err
			}
			s, err := a.open(cmd.Context(), needRoutes)
			if err != nil {
				return err
			}
			return a.check(cmd.Context(), s, names)
		},
	}
}

func (a *app) check(ctx context.Context, s *watch.Service, names []watch.Name) error {
	var mu sync.Mutex
	looks := make(map[watch.Name]watch.Look, len(names))
	err := s.Check(ctx, names, func(l watch.Look) {
		mu.Lock()
		defer mu.Unlock()
		looks[l.Name] = l
		if !a.flags.json {
			a.printLook(l)
		}
	})
	var out []explained
	dark := 0
	for _, n := range names {
		l, ok := looks[n]
		if !ok {
			dark++
			continue
		}
		out = append(out, explainLook(l))
		// A launch is concluded from its phases: before it there is nobody to ask.
		if heard := foremost(l.Answers); !heard.Outcome.SaysSomething() && l.Verdict.Stage != lifecycle.Launching {
			dark++
		}
	}
	if a.flags.json {
		if werr := a.writeJSON(list(out)); werr != nil {
			return werr
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("check: %w", err)
	case dark == len(names):
		return coded(exitUnreachable, errors.New("no source could be asked, or none gave a readable answer"))
	case dark > 0:
		return coded(exitPartly, fmt.Errorf("%d of %d names: no readable answer", dark, len(names)))
	}
	return nil
}

func (a *app) printLook(l watch.Look) {
	if a.flags.plain {
		_ = a.printf("%s\t%s\t%s\t%s\n", l.Name, l.Verdict.Stage, l.Verdict.Confidence, windowText(l.Verdict.Window))
		return
	}
	_ = a.printf("%s: %s, %s\n", l.Name.Display(), stageText(l.Verdict), confidenceText(l.Verdict))
	if w := windowText(l.Verdict.Window); w != "-" {
		word := "drops"
		if l.Verdict.Stage == lifecycle.Launching {
			word = "opens"
		}
		_ = a.printf("  %s      %s (%s)\n", word, w, whoisx.CleanLine(l.Verdict.Window.Basis))
	}
	for i, why := range l.Verdict.Why {
		_ = a.printf("  %-10s %s\n", map[bool]string{true: "why"}[i == 0], whoisx.CleanLine(why))
	}
	if l.Verdict.Anomaly != "" {
		_ = a.printf("  %-10s %s\n", "anomaly", whoisx.CleanLine(l.Verdict.Anomaly))
	}
	if l.Trouble != "" {
		_ = a.printf("  %-10s %s\n", "trouble", whoisx.CleanLine(l.Trouble))
	}
	for _, ans := range l.Answers {
		text := string(ans.Outcome)
		if !ans.Outcome.SaysSomething() {
			text = whatFailed(ans)
		}
		who := ans.Server
		if who != "" { // nobody says who gave a saved answer
			who += ": "
		}
		_ = a.printf("  %-10s %s%s\n", ans.Source, who, whoisx.CleanLine(text))
	}
}

// whatFailed says of an asking that went wrong what it was.
func whatFailed(ans whoisx.Answer) string {
	s := strings.ReplaceAll(string(ans.Outcome), "-", " ")
	if ans.Outcome == whoisx.Unreachable {
		s = "source unreachable"
	}
	if ans.Why != "" {
		s += ": " + ans.Why
	}
	if ans.RetryAfter > 0 {
		s += fmt.Sprintf(" (again in %s)", span(time.Duration(ans.RetryAfter)))
	}
	return s
}
