package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// detail is all that there is to say of a launch: what is at stake, what beats
// what, the clock of its fee, and what to ask first. Where there is little room
// the chart is kept short, so that what can be lost stays in sight; room 0 is
// as much as it takes.
func (s *launchScreen) detail(r *watch.Opening, now time.Time, w, room int) []string {
	if w >= 140 {
		half := w/2 - 1
		left := slices.Concat(s.ladderLines(r, now, half), s.contestLines(r, half), []string{""}, s.askLines(r, half))
		right := slices.Concat(s.clockLines(r, now, half, len(r.EAP)), s.stakeLines(r, now, half))
		var out []string
		for i := range max(len(left), len(right)) {
			a, b := "", ""
			if i < len(left) {
				a = left[i]
			}
			if i < len(right) {
				b = right[i]
			}
			out = append(out, widget.NewLine(w, s.theme).Own("", a, widget.Width(a)).To(half+2).Own("", b, widget.Width(b)).String())
		}
		return out
	}
	ladder, stakes, asks := s.ladderLines(r, now, w), s.stakeLines(r, now, w), slices.Concat(s.contestLines(r, w), s.askLines(r, w))
	if room == 0 {
		return slices.Concat(ladder, s.clockLines(r, now, w, len(r.EAP)), stakes, asks)
	}
	clock := s.clockLines(r, now, w, min(len(r.EAP), max(room-len(ladder)-len(stakes)-2, room/4, 1)))
	short := max(room-len(clock)-len(stakes)-1, 3)
	if len(ladder) > short { // the steps that are still to come stay
		at := 1
		for i, g := range r.Ladder {
			if g.To.IsZero() || now.Before(g.To.Time) {
				at = i + 1
				break
			}
		}
		at = max(1, min(at, len(ladder)-short+1))
		ladder = append(ladder[:1:1], ladder[at:min(at+short-1, len(ladder))]...)
	}
	return slices.Concat(ladder, clock, stakes, asks)
}

// ladderLines are the steps, the first of which beats all below.
func (s *launchScreen) ladderLines(r *watch.Opening, now time.Time, w int) []string {
	t := s.theme
	prices, whens := make([][]string, len(r.Ladder)), make([]string, len(r.Ladder))
	step, when, most := 0, 0, 0
	for i, g := range r.Ladder {
		prices[i], whens[i] = rungPrices(g), rungWhen(g, now)
		step, when, most = max(step, widget.Width(g.Step)), max(when, widget.Width(whens[i])), max(most, widget.Width(prices[i][0]))
	}
	out := []string{widget.NewLine(w, t).Skip(1).Put(t.Title, "What beats what in ."+r.TLD+", all in").String()}
	for i, g := range r.Ladder {
		l, style := widget.NewLine(w, t), widget.Style("")
		switch p := r.Phase(g.Phase); {
		case p != nil && p.Open(now):
			style = t.Now
			l.Glyph(t.Now, t.Glyph.Cursor, 1)
		case !g.To.IsZero() && !now.Before(g.To.Time):
			style = t.Dim
		}
		l.To(1).Cell(t.Dim, fmt.Sprint(i+1), 2, true).Skip(1)
		if w < 60 { // no room for the date: the price counts
			l.Cell(style, g.Step, min(step, max(w-most-6, 8)), false)
		} else {
			l.Cell(style, g.Step, min(step, max(w-when-most-8, 12)), false).Skip(2).Cell(t.Dim, whens[i], when, false).Skip(1)
		}
		l.Skip(1).Cell(t.Strong, prices[i][0], most, true)
		for _, more := range prices[i][1:] {
			l.Put("", more)
		}
		out = append(out, l.String())
	}
	return out
}

// rungWhen is until when a step takes orders, or from when on.
func rungWhen(g launch.Rung, now time.Time) string {
	switch {
	case !g.To.IsZero():
		return "to " + launchDate(g.To, now)
	case g.From.IsZero():
		return "unknown"
	}
	return "from " + launchDate(g.From, now)
}

// rungPrices are what a step costs: of offers the first one's price, by whom,
// and the others', each once. Amounts stand before names, so that no amount is cut.
func rungPrices(g launch.Rung) []string {
	if len(g.Offers) == 0 {
		return []string{g.Price.String()}
	}
	out := []string{g.Offers[0].Price.String(), " " + g.Offers[0].Registrar}
	for i, o := range g.Offers {
		same := func(p launch.Offer) bool { return p.Price == o.Price && p.Registrar == o.Registrar }
		if i > 0 && !slices.ContainsFunc(g.Offers[:i], same) {
			out = append(out, ", "+o.Price.String()+" "+o.Registrar)
		}
	}
	return out
}

// contestLines are how several orders on one step are decided among: at the
// registrar first, then at the registry.
func (s *launchScreen) contestLines(r *watch.Opening, w int) []string {
	var out []string
	for _, g := range r.Ladder {
		if len(g.Offers) > 0 {
			out = append(out, paragraph(s.theme, w, s.theme.Dim, g.Step+": first "+g.Registrar+"; then "+g.Registry)...)
		}
	}
	return out
}

// clockLines are the price now, the next step and when, and the chart of a fee
// that falls, in at most h lines of it.
func (s *launchScreen) clockLines(r *watch.Opening, now time.Time, w, h int) []string {
	if len(r.EAP) == 0 {
		return nil
	}
	met := len(r.EAP) + 1
	for _, n := range r.Names {
		if n.Met != nil {
			met = min(met, n.Met.Step.N)
		}
	}
	out := paragraph(s.theme, w, s.theme.Title, feeNow(r.EAP, now))
	return append(out, s.feeChart(r.EAP, met, now, w, h)...)
}

// fallingLines are the clock of the fee that a registry asks for a name that
// dropped, where one is known.
func (s *nameScreen) fallingLines(w, h int, now time.Time) []string {
	f, ok := launch.FallingOf(s.d.Verdict)
	if !ok {
		return nil
	}
	met, text := len(f.Steps)+1, feeNow(f.Steps, now)
	if m, ok, err := launch.CapMet(f.Steps, s.d.Cap, f.Year, catch.Money{}); err == nil && ok && !s.d.Cap.IsZero() {
		met = m.Step.N
		text += ". Under your cap " + launchDate(whoisx.At(m.Step.From), now) + ": " + m.OnWin.String()
	}
	lines := max(h/4, 3)
	steps := launch.Outline(f.Steps, now, met, lines)
	out := s.labelled(w, "FEE", text, s.theme.Warn)
	return append(out, s.feeChart(steps, met, now, w, lines)...)
}

// feeNow says what a falling fee is, and when it falls next.
func feeNow(steps []launch.EAPStep, now time.Time) string {
	step, next := launch.StepAt(steps, now)
	switch {
	case step != nil && next != nil:
		return fmt.Sprintf("%s now, from %s %s (%s)", step.Fee, launchDate(whoisx.At(next.From), now), next.Fee, until(next.From, now)[0])
	case step != nil:
		return step.Fee.String() + " now, the last step that is known"
	case next != nil:
		return fmt.Sprintf("It begins at %s on %s (%s)", next.Fee, launchDate(whoisx.At(next.From), now), until(next.From, now)[0])
	}
	return "The falling fee is over"
}

// feeChart draws steps of a fee; from step number met on it is within a cap.
func (a *app) feeChart(steps []launch.EAPStep, met int, now time.Time, w, h int) []string {
	at := -1
	chart := make([]widget.ChartStep, len(steps))
	for i, e := range steps {
		label := "until then"
		if !e.From.IsZero() {
			label = launchDate(whoisx.At(e.From), now)
			if w < 60 {
				label = strings.TrimSuffix(label, " UTC")
			}
		}
		chart[i] = widget.ChartStep{Label: label, Text: e.Fee.String(), Value: float64(e.Fee.Units), Met: e.N >= met}
		if !now.Before(e.From) && (e.To.IsZero() || now.Before(e.To)) {
			at = i
		}
	}
	return widget.StepChart(a.theme, chart, at, w, h)
}

// stakeLines are what each name that waits has at stake: what is lost at the
// next step, the worst that it can cost, and when its cap is met.
func (s *launchScreen) stakeLines(r *watch.Opening, now time.Time, w int) []string {
	t := s.theme
	if len(r.Names) == 0 {
		return paragraph(t, w, t.Dim, "No name on the list waits for it.")
	}
	var out []string
	line := func(style widget.Style, text string) {
		for _, part := range widget.Wrap(text, max(w-4, 4)) {
			out = append(out, widget.NewLine(w, t).Skip(3).Put(style, part).String())
		}
	}
	for _, n := range r.Names {
		l := widget.NewLine(w, t).Skip(1).Put(t.Strong, n.Name.Unicode()).Skip(2)
		switch {
		case n.Trouble != "":
			l.Put(t.Bad, n.Trouble)
		case len(n.Taken) == 0:
			l.Put(t.Dim, "no offer taken")
		default:
			l.Put("", "at worst "+n.Exposure.WorstCase.String())
		}
		out = append(out, l.String())
		if step := stepNow(n.Exposure, now); step != nil && n.Trouble == "" && len(n.Taken) > 0 {
			line("", "if lost in "+step.Step+": "+step.IfLost.CashLost.String()+" gone, "+step.IfLost.Credit.String()+" credit, "+step.IfLost.Refund.String()+" back")
		}
		if n.Met != nil {
			line(t.Strong, "the cap "+n.Cap.String()+" is met "+launchDate(whoisx.At(n.Met.Step.From), now)+": "+n.Met.OnWin.String())
		}
		if q := len(n.Exposure.AskFirst); q > 0 {
			line(t.Warn, fmt.Sprintf("ask first: %d questions are open", q))
		}
	}
	return out
}

// askLines are the offers with the questions that each leaves open.
func (s *launchScreen) askLines(r *watch.Opening, w int) []string {
	t := s.theme
	var out []string
	for _, o := range r.Offers {
		asks := o.AskFirst()
		l := widget.NewLine(w, t).Skip(1).Put(t.Strong, o.ID).Skip(2).Put("", fmt.Sprintf("%s, %s for %s", o.Registrar, o.Tier, o.Phase))
		switch {
		case o.Tier == launch.Interest:
			l.Put(t.Dim, ": no order, they learn of the wish")
		case len(asks) > 0:
			l.Put(t.Warn, fmt.Sprintf(": ask first, %d open", len(asks)))
		}
		out = append(out, l.String())
		for _, q := range asks {
			for i, part := range widget.Wrap(q, max(w-5, 1)) {
				l := widget.NewLine(w, t).Skip(3)
				if i == 0 {
					l.Put(t.Warn, "? ")
				}
				out = append(out, l.To(5).Put("", part).String())
			}
		}
	}
	return out
}

// stepNow is the first step of an exposure that is not over.
func stepNow(e launch.Exposure, now time.Time) *launch.Step {
	for i := range e.Steps {
		if s := &e.Steps[i]; s.To.IsZero() || s.To.After(now) {
			return s
		}
	}
	return nil
}
