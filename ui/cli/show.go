package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) showCommand() *cobra.Command {
	var export, force bool
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show all that is known of a name",
		Long: `Show all that is known of a name. With --export, all dated evidence of it goes
into one zip file, for a dispute: answers as they came with their hashes,
verdict, history, alerts, orders and ledger. The file is NAME-evidence.zip here,
or the one that is named; - is standard output.`,
		Example: "  lapse show tinplate.com\n  lapse show tinplate.com --json\n  lapse show tinplate.com --export\n  lapse show tinplate.com --export dispute.zip",
		GroupID: groupList,
		Args: func(cmd *cobra.Command, words []string) error {
			if export && len(words) == 2 {
				return nil
			}
			return oneName(cmd, words)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.parseName(args[0])
			if err != nil {
				return err
			}
			if export {
				return a.exportEvidence(cmd.Context(), n, args[1:], force)
			}
			s, err := a.open(cmd.Context(), needRoutes)
			if err != nil {
				return err
			}
			d, err := s.Get(cmd.Context(), n)
			if err != nil {
				return notListed(n, err)
			}
			bursts := []watch.BurstRecord{}
			for _, o := range d.AllOrders {
				if o.Kind != catch.EPP {
					continue
				}
				bs, err := s.Bursts(cmd.Context(), o.ID)
				if err != nil {
					return fmt.Errorf("show %s: %w", n.Display(), err)
				}
				bursts = append(bursts, bs...)
			}
			if a.flags.json {
				return a.writeJSON(struct {
					watch.Detail
					Bursts []watch.BurstRecord `json:"bursts"`
				}{d, bursts})
			}
			if err := a.showDetail(d); err != nil {
				return err
			}
			return a.showBursts(bursts)
		},
	}
	cmd.Flags().BoolVar(&export, "export", false, "write the dated evidence into a zip file")
	cmd.Flags().BoolVar(&force, "force", false, "with --export: replace a file that is there")
	return cmd
}

func (a *app) showDetail(d watch.Detail) error {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		text := whoisx.CleanLine(fmt.Sprintf(format, args...))
		if text != "" && text != "-" {
			fmt.Fprintf(&b, "%-12s %s\n", label, text)
		}
	}
	now := a.now()
	v := d.Verdict
	line("name", "%s", d.Name.Display())
	line("kind", "%s", d.Kind)
	if d.Todo.Verb != watch.TodoNothing {
		line("you", "%s", todoText(d.Todo, now))
	}
	line("", "%s", d.Todo.Text)
	line("stage", "%s, %s", stageText(v), confidenceText(v))
	line("since", "%s", dateText(v.Since))
	if n := v.Next; n != nil {
		from, to := dateText(n.Earliest), dateText(n.Latest)
		if from == to || n.Latest.IsZero() {
			line("next", "%s, %s", n.Word(v.Stage), from)
		} else {
			line("next", "%s, %s to %s", n.Word(v.Stage), from, to)
		}
	}
	if v.Stage == lifecycle.Launching {
		line("opens", "%s", windowText(v.Window))
	} else {
		line("drops", "%s", windowText(v.Window))
	}
	if v.Window != nil {
		line("", "%s", v.Window.Basis)
	}
	for _, f := range v.Flags {
		line("flag", "%s", flagText(f))
	}
	line("expires", "%s", dateText(v.Expires))
	line("registrar", "%s", v.Registrar)
	for i, w := range v.Why {
		line(map[bool]string{true: "why", false: ""}[i == 0], "%s", w)
	}
	line("anomaly", "%s", v.Anomaly)
	line("trouble", "%s", d.Trouble)
	line("cap", "%s alone, %s if it comes to an auction", d.Cap, bidWords(d.BidCap))
	for _, m := range d.Exposure.MostOwed {
		line("most owed", "%s", m)
	}
	for _, m := range d.Exposure.LostAnyway {
		line("lost anyway", "%s", m)
	}
	for _, m := range d.Exposure.Frozen {
		line("frozen", "%s", m)
	}
	for _, o := range d.AllOrders {
		line("order", "%d at %s: %s, cap %s %s", o.ID, o.Route, o.State, o.Cap, o.Why)
	}
	for i, c := range d.Checklist {
		line(map[bool]string{true: "checklist", false: ""}[i == 0], "%s", checkText(c))
	}
	for _, ans := range d.Answers {
		line("answer", "%s", answerText(ans))
	}
	for _, k := range d.Known {
		line("they know", "%s %s, asked %d times, last %s", k.Source, k.Server, k.Times, moment(k.Last))
	}
	line("asked next", "%s, %s", moment(d.Due), d.DueWhy)
	line("tags", "%s", strings.Join(d.Tags, ", "))
	line("note", "%s", d.Note)
	return a.printf("%s", b.String())
}

// showBursts writes every create of every burst: when it left and was answered
// in microseconds from the drop, over which session, what came back and the
// registry's number for it.
func (a *app) showBursts(bursts []watch.BurstRecord) error {
	for _, b := range bursts {
		if err := a.printf("\nburst of order %d at %s: %s, policy %s, %d sessions, clock %s\n",
			b.Order, moment(b.At), whoisx.CleanLine(b.Plan.Strategy), whoisx.CleanLine(b.Plan.Policy), b.Plan.Sessions, whoisx.CleanLine(b.Plan.Clock)); err != nil {
			return err
		}
		frames := slices.Clone(b.Frames)
		slices.SortStableFunc(frames, func(x, y catch.Frame) int { return cmp.Compare(x.Sent, y.Sent) })
		t := &table{head: []string{"SESSION", "SENT µs", "ANSWERED µs", "CODE", "SVTRID", ""}}
		for _, f := range frames {
			answered, code := "-", "none"
			if f.Code != 0 {
				answered, code = fmt.Sprintf("%+d", f.Answer.Microseconds()), fmt.Sprint(f.Code)
			}
			t.add(fmt.Sprint(f.Session), fmt.Sprintf("%+d", f.Sent.Microseconds()), answered, code, f.SvTRID, f.Words)
		}
		if err := a.writeTable(t); err != nil {
			return err
		}
	}
	return nil
}

// checkText is an item of a checklist in one line.
func checkText(c watch.CheckItem) string {
	s := "[ ] "
	if !c.Done.IsZero() {
		s = "[x] "
	}
	s += c.Item
	if !c.Due.IsZero() {
		s += " " + c.Due.UTC().Format(time.DateOnly)
	}
	s += ": " + c.Text
	switch {
	case !c.Done.IsZero():
		s += ", done by " + c.By + " " + moment(c.Done)
	case c.Why != "":
		s += " (" + c.Why + ")"
	}
	return s
}

// confidenceText says how sure a verdict is, and who could make it sure.
func confidenceText(v lifecycle.Verdict) string {
	s := string(v.Confidence)
	if s == "" {
		s = "nobody asked yet"
	}
	if len(v.Sources) > 0 {
		s += " by " + joinSources(v.Sources)
	}
	if len(v.Missing) > 0 {
		s += ", not heard: " + joinSources(v.Missing)
	}
	return s
}

func joinSources(ss []whoisx.Source) string {
	parts := make([]string, len(ss))
	for i, s := range ss {
		parts[i] = string(s)
	}
	return strings.Join(parts, ", ")
}

func flagText(f lifecycle.Flag) string {
	s := string(f.Flag)
	for _, part := range []string{f.Tier, f.Category, f.Why} {
		if part != "" {
			s += ", " + part
		}
	}
	if f.Price != nil {
		if m, err := catch.MoneyOf(f.Price.Amount, f.Price.Currency); err == nil {
			s += ", " + m.String()
		} else {
			s += ", " + f.Price.Amount + " " + f.Price.Currency
		}
	}
	if f.Until != nil {
		s += ", until " + dateText(*f.Until)
	}
	return s
}

func answerText(ans whoisx.Answer) string {
	s := fmt.Sprintf("%s %s %s: %s", moment(ans.Asked), ans.Source, ans.Server, ans.Outcome)
	if len(ans.Statuses) > 0 {
		s += " (" + strings.Join(ans.Statuses, ", ") + ")"
	}
	if ans.Why != "" {
		s += ": " + ans.Why
	}
	return s
}

func (a *app) historyCommand() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:     "history NAME",
		Short:   "Show what changed, when, and who said so",
		Example: "  lapse history tinplate.com\n  lapse history tinplate.com --json --limit 10",
		GroupID: groupList,
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
			changes, err := s.History(cmd.Context(), n, limit)
			if err != nil {
				return notListed(n, err)
			}
			if a.flags.json {
				return a.writeJSON(list(changes))
			}
			t := &table{head: []string{"WHEN (UTC)", "WHAT", "BEFORE", "AFTER", "WHO SAID SO", ""}}
			for _, c := range changes {
				if c.Field == watch.FieldLaunch {
					c.Before, c.After = "", "" // a whole schedule, of which the text says what moved
				}
				t.add(moment(c.At), c.Field, c.Before, c.After, c.Source, c.Text)
			}
			return a.writeTable(t)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 0, "the latest so many changes (0: all)")
	return cmd
}
