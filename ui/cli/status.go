package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Say who acts, what is next and what it can cost",
		Example: "  lapse status\n  lapse status --json",
		GroupID: groupMoney,
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			st, err := s.Status(cmd.Context())
			if err != nil {
				return fmt.Errorf("status: %w", err)
			}
			if !a.own { // the server's paths are nobody else's business
				st.DB = ""
			}
			st.Month = list(st.Month)
			if a.flags.json {
				return a.writeJSON(st)
			}
			return a.printStatus(st)
		},
	}
}

func (a *app) printStatus(st watch.Status) error {
	now := a.now()
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-8s %s\n", label, whoisx.CleanLine(fmt.Sprintf(format, args...)))
	}
	switch l := st.Lease; {
	case l.Halted:
		line("HALTED", "by %s, %s; lapse halt --off lets it act again", l.HaltBy, ahead(now, l.HaltAt))
	case l.Held:
		line("acting", "%s, since %s", l.Holder, moment(l.Since))
		if l.Doing != "" {
			line("", "%s", l.Doing)
		}
	default:
		line("acting", "nobody: run lapse or lapse serve, or nothing is asked and no order is sent")
	}
	line("list", "%d want, %d mine, %d launch", st.Watches[watch.Want], st.Watches[watch.Mine], st.Watches[watch.Launch])
	if st.Todo != nil && st.Todo.Todo.Verb != watch.TodoNothing {
		line("you", "%s: %s", st.Todo.Name.Display(), todoText(st.Todo.Todo, now))
		if st.Todo.Todo.Text != "" {
			line("", "%s", st.Todo.Todo.Text)
		}
	}
	if st.Next != nil {
		line("next", "%s %s (%s)", st.Next.Name.Display(), ahead(now, st.Next.At), st.Next.Why)
	}
	if b := st.NextBurst; b != nil {
		armed := "not armed yet"
		if b.Armed {
			armed = "ARMED"
		}
		line("burst", "%s, %d names by %s: %s", moment(b.At), len(b.Names), b.Route, armed)
	}
	for _, m := range st.Month {
		line("month", "%s at risk, %s spent of %s; frozen %s", m.AtRisk, m.Spent, m.Cap, m.Frozen)
	}
	if st.InDoubt > 0 {
		line("IN DOUBT", "%d orders were sent and their outcome is not known; lapse orders shows them", st.InDoubt)
	}
	if st.DB != "" {
		line("database", "%s", st.DB)
	}
	return a.printf("%s", b.String())
}

func (a *app) haltCommand() *cobra.Command {
	var off bool
	cmd := &cobra.Command{
		Use:   "halt",
		Short: "Disarm everything, now, whoever acts",
		Long: `Disarm everything at once: no order is sent and no burst is fired by any process
on this database until lapse halt --off. Looking goes on. What a service
already holds is not taken back: lapse orders cancel does that.`,
		Example: "  lapse halt\n  lapse halt --off",
		GroupID: groupMoney,
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context(), needStore)
			if err != nil {
				return err
			}
			if err := s.Halt(cmd.Context(), !off, holderName("halt")); err != nil {
				return fmt.Errorf("halt: %w", err)
			}
			if a.flags.json {
				return a.writeJSON(struct {
					Halted bool `json:"halted"`
				}{!off})
			}
			if off {
				return a.printf("no longer halted: whoever holds the lease acts again\n")
			}
			return a.printf("halted: nothing is ordered and nothing is fired until lapse halt --off\n")
		},
	}
	cmd.Flags().BoolVar(&off, "off", false, "let it act again")
	return cmd
}

func (a *app) queueCommand() *cobra.Command {
	var limit int
	var budgets bool
	cmd := &cobra.Command{
		Use:     "queue",
		Short:   "Show what is asked next, whom, why, and which hosts are short",
		Example: "  lapse queue\n  lapse queue --budgets --json",
		GroupID: groupLook,
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context(), needSources)
			if err != nil {
				return err
			}
			if budgets {
				return a.printBudgets(cmd, s)
			}
			q, err := s.Queue(cmd.Context(), limit)
			if err != nil {
				return fmt.Errorf("queue: %w", err)
			}
			if a.flags.json {
				return a.writeJSON(list(q))
			}
			t := &table{head: []string{"NAME", "ASKED", "WHOM", "LEFT", "WHY"}}
			for _, e := range q {
				why := e.Why
				if e.Short {
					why = "! " + why
				}
				t.add(e.Name.Display(), ahead(a.now(), e.At), strings.Join(e.Hosts, " "), fmt.Sprint(e.Left), why)
			}
			if err := a.writeTable(t); err != nil {
				return err
			}
			return a.printShort(q)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "at most so many names (0: all)")
	cmd.Flags().BoolVar(&budgets, "budgets", false, "show the hosts' budgets instead")
	return cmd
}

// printShort says which hosts are short, and which names wait for them.
func (a *app) printShort(q []watch.Queued) error {
	waits := map[string][]string{}
	last := map[string]time.Time{}
	var hosts []string
	for _, e := range q {
		if !e.Short || len(e.Hosts) == 0 {
			continue
		}
		h := e.Hosts[0]
		if waits[h] == nil {
			hosts = append(hosts, h)
		}
		waits[h] = append(waits[h], e.Name.Display())
		last[h] = e.At
	}
	for _, h := range hosts {
		names := waits[h]
		shown := strings.Join(names[:min(len(names), 8)], ", ")
		if len(names) > 8 {
			shown += " and others"
		}
		if err := a.printf("%s\n", whoisx.CleanLine(fmt.Sprintf("! %s is short: %d names wait for it, the last until %s: %s", h, len(names), moment(last[h]), shown))); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printBudgets(cmd *cobra.Command, s *watch.Service) error {
	bs, err := s.Budgets(cmd.Context())
	if err != nil {
		return fmt.Errorf("budgets: %w", err)
	}
	if a.flags.json {
		return a.writeJSON(list(bs))
	}
	t := &table{head: []string{"HOST", "RATE", "LEFT", "TODAY", "WAITS", "LIMITS", "WHY"}}
	for _, b := range bs {
		today := fmt.Sprint(b.Today)
		if b.PerDay > 0 {
			today += fmt.Sprintf(" of %d", b.PerDay)
		}
		t.add(b.Host, rateText(b.Rate), fmt.Sprintf("%.0f of %.0f", b.Tokens, b.Burst), today, ahead(a.now(), b.Until), fmt.Sprint(b.Limits), b.Why)
	}
	return a.writeTable(t)
}

func rateText(perSecond float64) string {
	switch {
	case perSecond <= 0:
		return "-"
	case perSecond >= 1:
		return fmt.Sprintf("%.3g/s", perSecond)
	case perSecond*60 >= 1:
		return fmt.Sprintf("%.3g/min", perSecond*60)
	}
	return fmt.Sprintf("%.3g/h", perSecond*3600)
}
