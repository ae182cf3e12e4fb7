package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) rehearseCommand() *cobra.Command {
	var account, policy string
	var history bool
	r := usualRehearsal
	cmd := &cobra.Command{
		Use:   "rehearse NAME",
		Short: "Fire the same burst against the built-in sandbox, rivals included",
		Long: `Rehearse the burst for a name: the same policy, strategy, sessions and code, in
front of a sandbox registry with rivals of the same strength. Nothing leaves
this machine and no create of the account is spent. Reports are kept: each is
held against the last one of the same policy, rivals and distance.`,
		Example: "  lapse rehearse moor.uk\n  lapse rehearse moor.uk --runs 20 --rivals 9 --rtt 20ms --json\n  lapse rehearse moor.uk --policy uk\n  lapse rehearse moor.uk --history",
		GroupID: groupMoney,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			if history {
				return a.rehearsals(cmd.Context(), n)
			}
			if err := a.rehearsal(cmd.Context(), n, account, policy, &r); err != nil {
				return err
			}
			if isTerminal(a.stderr) {
				r.Progress = func(run burst.Run) { a.note("run %d of %d", run.Number+1, r.Runs) }
			}
			out, err := burst.Rehearse(cmd.Context(), r)
			if err != nil {
				return fmt.Errorf("rehearse: %w", err)
			}
			kept, err := a.keepRehearsal(cmd.Context(), n, out)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.writeJSON(kept)
			}
			return a.printRehearsed(n, kept)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&history, "history", false, "list the rehearsals that are kept, and rehearse nothing")
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

// rehearsed is a report and how it stands against the last one like it.
type rehearsed struct {
	*burst.Rehearsed
	Compared *compared `json:"compared,omitempty"`
}

type compared struct {
	With  time.Time `json:"with"`
	Words string    `json:"words"`
}

// keepRehearsal keeps a report and holds it against the last one like it. With
// --read-only it is held against it alone.
func (a *app) keepRehearsal(ctx context.Context, n watch.Name, out *burst.Rehearsed) (rehearsed, error) {
	kept := rehearsed{Rehearsed: out}
	s, err := a.open(ctx, needStore)
	if err != nil {
		return kept, err
	}
	old, err := s.Rehearsals(ctx, n, 0)
	if err != nil {
		return kept, err
	}
	for _, r := range old {
		var was burst.Rehearsed
		if json.Unmarshal(r.Report, &was) == nil && out.Like(&was) {
			kept.Compared = &compared{With: r.At, Words: strings.Replace(out.Compare(&was), ":", " on "+moment(r.At)+":", 1)}
			break
		}
	}
	if a.flags.readOnly {
		return kept, nil
	}
	short := *out
	short.Last = nil // every frame of it would be kept for good
	report, err := json.Marshal(short)
	if err != nil {
		return kept, fmt.Errorf("keep rehearsal: %w", err)
	}
	return kept, s.SaveRehearsal(ctx, n, report)
}

// rehearsals lists what was kept.
func (a *app) rehearsals(ctx context.Context, n watch.Name) error {
	s, err := a.open(ctx, needStore)
	if err != nil {
		return err
	}
	old, err := s.Rehearsals(ctx, n, 0)
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.writeJSON(list(old))
	}
	if len(old) == 0 {
		a.note("%s was not rehearsed yet", n.Display())
	}
	t := &table{head: []string{"WHEN (UTC)", "POLICY", "RIVALS", "RTT", "WON", "FIRST CREATE µs", "CREATES A RUN", "STRATEGY"}}
	for _, r := range old {
		var o burst.Rehearsed
		if err := json.Unmarshal(r.Report, &o); err != nil {
			return fmt.Errorf("read the rehearsal of %s: %w", moment(r.At), err)
		}
		t.add(moment(r.At), o.Policy, fmt.Sprint(o.Rivals), o.RTT.String(), fmt.Sprintf("%d of %d", o.Won, o.Runs), fmt.Sprintf("%.0f", o.Receipt.P50),
			fmt.Sprintf("%.1f", float64(o.SpentAll)/float64(max(o.Runs, 1))), fmt.Sprintf("%s, %d sessions", o.Strategy, o.Sessions))
	}
	return a.writeTable(t)
}

// rehearsal fills in what the real burst for a name would use: a policy that
// was named, else the settings of its EPP account, else the registry's policy.
func (a *app) rehearsal(ctx context.Context, n watch.Name, account, policy string, r *burst.Rehearsal) error {
	r.Names = []string{string(n)}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	policies, err := cfg.Policies()
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
			return withHint(usagef("no policy %q", typed.Clip(policy)), "there are %s", strings.Join(ids, ", "))
		}
		r.Policy = p
		return nil
	}
	acc, err := a.eppAccount(ctx, account, n)
	switch {
	case err == nil:
		mine := acc.Rehearsal(string(n))
		r.Policy, r.Strategy, r.Sessions, r.Spares, r.MaxCreates, r.Lead = mine.Policy, mine.Strategy, mine.Sessions, mine.Spares, mine.MaxCreates, mine.Lead
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
	text := fmt.Sprintf("%s: %d of %d won against %s of the same strength (%s, %d sessions, policy %s); first create received %.0f µs after the drop; %d violations.",
		n.Display(), out.Won, out.Runs, count(out.Rivals, "rival", "rivals"), out.Strategy, out.Sessions, out.Policy, out.Receipt.P50, out.Violations)
	for _, s := range out.Advice {
		text += " " + s
	}
	if kept, err := a.keepRehearsal(ctx, n, out); err != nil {
		return text, err
	} else if kept.Compared != nil {
		text += fmt.Sprintf(" It went %s.", kept.Compared.Words)
	}
	return text, nil
}

// usualRehearsal is one where nothing else is said: a registry 20 ms away.
var usualRehearsal = burst.Rehearsal{Runs: 5, Rivals: 3, RTT: 20 * time.Millisecond, Jitter: time.Millisecond}

func (a *app) printRehearsed(n watch.Name, r rehearsed) error {
	width := min(a.width(), 120)
	if width == 0 { // a pipe
		width = 80
	}
	const label = len("violations") + 2
	var b strings.Builder
	line := func(what, format string, args ...any) {
		text := []string{fmt.Sprintf(format, args...)}
		if a.width() > 0 {
			text = widget.Wrap(text[0], max(width-label, 20))
		}
		for _, l := range text {
			fmt.Fprintf(&b, "%-*s%s\n", label, what, l)
			what = ""
		}
	}
	line("result", "%s: %d of %d won against %s of the same strength", n.Display(), r.Won, r.Runs, count(r.Rivals, "rival", "rivals"))
	line("strategy", "%s, %s, %s, policy %s", r.Strategy, count(r.Sessions, "session", "sessions"), count(r.Spares, "spare", "spares"), r.Policy)
	line("creates", "%d announced, %d spent in the last run", r.Announced, r.Spent)
	line("arrival", "first create received %.0f µs after the drop (median), one in ten %.0f µs or later", r.Receipt.P50, r.Receipt.P90)
	line("violations", "%d", r.Violations)
	if r.Compared != nil {
		line("compared", "%s", r.Compared.Words)
	}
	for _, f := range r.Failures {
		line("failed", "%s", whoisx.CleanLine(f))
	}
	for _, s := range r.Advice {
		line("advice", "%s", s)
	}
	if !a.flags.plain {
		if r.Last != nil {
			fmt.Fprintf(&b, "\nlast run, a line a session:\n%s", r.Last.Draw(width))
		}
		fmt.Fprintf(&b, "\nfirst create after the drop, run by run:\n%s", r.Draw(width))
	}
	return a.printf("%s", b.String())
}
