package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// eapShown is what `lapse launch eap` writes as JSON.
type eapShown struct {
	TLD   string           `json:"tld,omitempty"`
	Name  watch.Name       `json:"name,omitempty"`
	Steps []launch.EAPStep `json:"steps"`
	Now   *launch.EAPStep  `json:"now"`
	Next  *launch.EAPStep  `json:"next"`
	Met   *launch.Met      `json:"met"` // null: without a cap, or never
	Basis string           `json:"basis,omitempty"`

	beside string // what is in the price of Met beside the fee
}

func (a *app) launchEAPCommand() *cobra.Command {
	var limit, registration, renewal money
	var fees, when string
	var hourly bool
	cmd := &cobra.Command{
		Use:   "eap [TLD|NAME]",
		Short: "Draw a fee that falls step by step, and when it meets a cap",
		Long: `The early access period of a launch; for a name on the list that dropped, the
hourly fee of its registry's Expiry Access Period, as an EPP check told it; or
any fee that falls step by step: with --fees by the day, with --hourly as well
by the hour. Without --cap a name is held against its own.`,
		Example: `  lapse launch eap oak --cap 600USD
  lapse launch eap tinplate.app
  lapse launch eap --fees 2026-11-16T16:00:00Z,10000/5000/1500/500/100/100/100USD --cap 600USD --registration 24.99USD --renewal 24.99USD
  lapse launch eap --hourly --fees 2026-11-16T19:02:11Z,1000/800/600/400USD`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			now := a.now()
			if when != "" {
				d, err := launch.ReadTime(when)
				if err != nil {
					return coded(exitUsage, err)
				}
				now = d.Time
			}
			var out eapShown
			var f launch.Falling
			var err error
			switch {
			case len(args) == 1 && fees == "":
				out, f, err = a.fallingFee(cmd.Context(), args[0], &limit)
			case len(args) == 0 && fees != "":
				step := 24 * time.Hour
				if hourly {
					step = time.Hour
				}
				var e launch.EAP
				if e, err = readEAP(fees, step); err != nil {
					return coded(exitUsage, err)
				}
				f.Steps = e.Steps()
			default:
				return usagef("name a TLD or a name, or write the fees with --fees")
			}
			if err != nil {
				return err
			}
			if registration.Currency == "" {
				registration.Money = f.Year
			}
			out.Steps, out.Basis = f.Steps, f.Basis
			out.Now, out.Next = launch.StepAt(out.Steps, now)
			if limit.Currency != "" {
				met, ok, err := launch.CapMet(out.Steps, limit.Money, registration.Money, renewal.Money)
				if err != nil {
					return coded(exitUsage, err)
				}
				if ok {
					out.Met = &met
				}
			}
			if a.flags.json {
				return a.writeJSON(out)
			}
			out.beside = " with the registration"
			switch {
			case registration.Currency != "":
			case f.AllIn:
				out.beside = " all in"
			default:
				out.beside = " without the registration, whose price is not told (--registration)"
			}
			return a.drawEAP(out, now, limit)
		},
	}
	f := cmd.Flags()
	f.Var(&limit, "cap", "the most that fee and registration may cost together (default for a name: its own)")
	f.Var(&registration, "registration", "what a year costs beside the fee (default: the price at general availability)")
	f.Var(&renewal, "renewal", "what the first renewal costs")
	f.StringVar(&fees, "fees", "", "the steps as `FROM,FEE/FEE/FEEUSD`")
	f.BoolVar(&hourly, "hourly", false, "a step an hour, not a day")
	f.StringVar(&when, "at", "", "as it stands at another `time`")
	return cmd
}

// fallingFee is the falling fee of a launch, or that of a name on the list
// which dropped; limit becomes the name's cap where it is not given.
func (a *app) fallingFee(ctx context.Context, what string, limit *money) (eapShown, launch.Falling, error) {
	var out eapShown
	var f launch.Falling
	b, err := a.launches()
	if err != nil {
		return out, f, err
	}
	if !strings.Contains(strings.Trim(what, "."), ".") {
		l, err := launchOf(b, what)
		if err != nil {
			return out, f, err
		}
		out.TLD = l.TLD
		if f = launch.EAPOf(l); len(f.Steps) == 0 {
			err = coded(exitNotFound, fmt.Errorf("the launch of .%s has no early access period whose hours are known", l.TLD))
		}
		return out, f, err
	}
	if out.Name, err = a.parseName(what); err != nil {
		return out, f, err
	}
	s, err := a.open(ctx, needStore)
	if err != nil {
		return out, f, err
	}
	d, err := s.Get(ctx, out.Name)
	if err != nil {
		return out, f, notListed(out.Name, err)
	}
	f, ok := launch.FallingOf(d.Verdict)
	if !ok {
		return out, f, withHint(coded(exitNotFound, fmt.Errorf("no registry asks a fee for %s that falls, as far as it was seen", out.Name.Display())),
			"an EPP account sees it: lapse account add --help; of its launch: lapse launch eap %s", out.Name.TLD())
	}
	if limit.Currency == "" && !d.Cap.IsZero() {
		limit.Money = d.Cap
	}
	return out, f, nil
}

// eapLines is how many steps a chart has at most on a terminal.
const eapLines = 24

func (a *app) drawEAP(e eapShown, now time.Time, limit money) error {
	w := a.width()
	if w == 0 {
		w = 80
	}
	if a.flags.plain {
		t := &table{}
		for _, s := range e.Steps {
			t.add(fmt.Sprint(s.N), stampOr(s.From), stampOr(s.To), s.Fee.String())
		}
		return a.writeTable(t)
	}
	met := len(e.Steps) + 1
	if e.Met != nil {
		met = e.Met.Step.N
	}
	steps := launch.Outline(e.Steps, now, met, eapLines)
	theme := widget.NewTheme("dark", true, a.getenv("TERM") == "dumb" || a.getenv("LC_ALL") == "C")
	for _, line := range widget.StepChart(theme, launchChart(steps, met), eapNow(e, steps), w, len(steps)) {
		if err := a.printf("%s\n", strings.TrimRight(ansi.Strip(line), " ")); err != nil {
			return err
		}
	}
	if n := len(e.Steps) - len(steps); n > 0 {
		if err := a.printf("%d more steps between them: --plain and --json have all\n", n); err != nil {
			return err
		}
	}
	state := "it is over"
	switch {
	case e.Now != nil && e.Next != nil:
		state = fmt.Sprintf("now %s; from %s %s", e.Now.Fee, stampWords(e.Next.From), e.Next.Fee)
	case e.Now != nil && e.Now.To.IsZero():
		state = fmt.Sprintf("now %s, the last step that is known", e.Now.Fee)
	case e.Now != nil:
		state = fmt.Sprintf("now %s, the last step that is known, until %s", e.Now.Fee, stampWords(e.Now.To))
	case e.Next != nil:
		state = fmt.Sprintf("begins %s at %s", stampWords(e.Next.From), e.Next.Fee)
	}
	if err := a.printf("%s\n", state); err != nil {
		return err
	}
	if e.Basis != "" {
		if err := a.printf("why: %s\n", whoisx.CleanLine(e.Basis)); err != nil {
			return err
		}
	}
	switch {
	case limit.Currency == "":
		return nil
	case e.Met == nil:
		return a.printf("the cap %s is never met\n", limit.Money)
	}
	m := e.Met
	later := "; what a renewal costs is not told (--renewal)"
	if m.Renewal.Currency != "" {
		later = ", " + m.Total.String() + " with the first renewal"
	}
	return a.printf("the cap %s is met at step %d, %s: %s%s%s\n",
		limit.Money, m.Step.N, stampWords(m.Step.From), m.OnWin, e.beside, later)
}

// stampWords writes a moment of a chart, to the second where it has one.
func stampWords(t time.Time) string {
	switch t = t.UTC(); {
	case t.IsZero():
		return "at an unknown time"
	case t.Second() != 0:
		return t.Format("2006-01-02 15:04:05 UTC")
	}
	return t.Format("2006-01-02 15:04 UTC")
}

func stampOr(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func launchChart(steps []launch.EAPStep, met int) []widget.ChartStep {
	out := make([]widget.ChartStep, len(steps))
	for i, s := range steps {
		label := s.From.UTC().Format("2006-01-02 15:04")
		if s.From.IsZero() {
			label = "until then" // when it began was not told
		}
		out[i] = widget.ChartStep{Label: label, Text: s.Fee.String(), Value: float64(s.Fee.Units), Met: s.N >= met}
	}
	return out
}

// eapNow is the place of the step that holds among those that are drawn.
func eapNow(e eapShown, steps []launch.EAPStep) int {
	for i, s := range steps {
		if e.Now != nil && s.N == e.Now.N {
			return i
		}
	}
	return -1
}
