package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// launchScreen shows the launches that are known, and of the one under the
// cursor what beats what, the clock of its fee, and what is at stake.
type launchScreen struct {
	quiet
	*app
	rows  []watch.Opening
	err   error
	ready bool
	list  cursorList
	asked int
}

type openingsMsg struct {
	asked int
	rows  []watch.Opening
	err   error
}

func newLaunch(a *app) *launchScreen { return &launchScreen{app: a} }

func (s *launchScreen) open() tea.Cmd {
	s.asked++
	asked, core := s.asked, s.core
	return s.ask(func(ctx context.Context) tea.Msg {
		rows, err := core.Openings(ctx)
		return openingsMsg{asked, rows, err}
	})
}

func (s *launchScreen) update(msg tea.Msg) tea.Cmd {
	m, ok := msg.(openingsMsg)
	if !ok || m.asked != s.asked {
		return nil
	}
	s.rows, s.err, s.ready = m.rows, m.err, true
	now := s.now()
	// What still comes stands first, the nearest before the others.
	slices.SortStableFunc(s.rows, func(a, b watch.Opening) int {
		return nearest(a.Launch, now).Compare(nearest(b.Launch, now))
	})
	return nil
}

// nearest is when something of a launch turns; far away where nothing does.
func nearest(l launch.Launch, now time.Time) time.Time {
	if p, at, _ := l.Next(now); p != nil {
		return at.Time
	}
	return now.AddDate(1000, 0, 0)
}

func (s *launchScreen) move(by int, far bool) tea.Cmd {
	s.list.move(by, far)
	return nil
}

func (s *launchScreen) click(_, y int) tea.Cmd {
	if at := s.list.top + y - 1; y > 0 && y <= s.list.h && at < s.list.n {
		s.list.at = at
	}
	return nil
}

// ticks is the next minute: the screen counts down.
func (s *launchScreen) ticks(now time.Time) time.Time {
	return now.Truncate(time.Minute).Add(time.Minute)
}

func (s *launchScreen) view(w, h int) []string {
	t := s.theme
	switch {
	case s.err != nil:
		return paragraph(t, w, t.Bad, s.err.Error())
	case !s.ready:
		return nil
	case len(s.rows) == 0:
		return paragraph(t, w, t.Dim, "No launch is known. lapse launch add and lapse launch import bring some.")
	}
	now := s.now()
	n := min(len(s.rows), max(h/4, 1))
	s.list.size(len(s.rows), n)
	out := make([]string, 0, h)
	l := widget.NewLine(w, t).Skip(2).Cell(t.Head, "TLD", 14, false).Skip(1).Cell(t.Head, "NOW", 18, false).Skip(1).Put(t.Head, "NEXT")
	out = append(out, l.String())
	for i := s.list.top; i < min(s.list.top+n, len(s.rows)); i++ {
		r := &s.rows[i]
		l, style := widget.NewLine(w, t), widget.Style("")
		if i == s.list.at {
			style = t.Cursor
			l.Glyph(style, t.Glyph.Cursor, 1)
		}
		next := "nothing more is known"
		if p, at, opens := r.Next(now); p != nil {
			word := "closes"
			if opens {
				word = "opens"
			}
			next = p.Name + " " + word + " " + launchDate(at) + ", " + until(at.Time, now)[0]
		}
		l.To(2).Cell(style, "."+r.TLD, 14, false).Skip(1).Cell(t.Warn, phaseNow(r.Launch, now), 18, false).Skip(1).Put("", next)
		out = append(out, l.String())
	}
	r := &s.rows[s.list.at]
	out = append(out, widget.Rule(t, w))
	room := h - len(out)
	left, right := s.ladderLines(r, now, w), s.stakeLines(r, now, w, max(room/2, 3))
	if w >= 140 {
		half := w/2 - 1
		left, right = s.ladderLines(r, now, half), s.stakeLines(r, now, half, room)
		for i := range min(room, max(len(left), len(right))) {
			l := widget.NewLine(w, t)
			a, b := "", ""
			if i < len(left) {
				a = left[i]
			}
			if i < len(right) {
				b = right[i]
			}
			out = append(out, l.Own("", a, widget.Width(a)).To(half+2).Own("", b, widget.Width(b)).String())
		}
		return out
	}
	if len(left) > room-min(len(right), room/2) {
		left = left[:max(room-min(len(right), room/2), 0)]
	}
	out = append(append(out, left...), right...)
	return out[:min(len(out), h)]
}

func phaseNow(l launch.Launch, now time.Time) string {
	if l.OpenedAt(now) {
		return "open to all"
	}
	if p := l.At(now); p != nil {
		return p.Name
	}
	return "not yet"
}

func launchDate(d whoisx.Date) string {
	if d.DayOnly {
		return d.Format("2 Jan 2006")
	}
	return d.UTC().Format("2 Jan 15:04") + " UTC"
}

// paragraph wraps a text.
func paragraph(t *widget.Theme, w int, style widget.Style, text string) []string {
	var out []string
	for _, line := range widget.Wrap(text, max(w-2, 1)) {
		out = append(out, widget.NewLine(w, t).Skip(1).Put(style, line).String())
	}
	return out
}

// ladderLines are the steps, the first of which beats all below.
func (s *launchScreen) ladderLines(r *watch.Opening, now time.Time, w int) []string {
	t := s.theme
	out := []string{widget.NewLine(w, t).Skip(1).Put(t.Title, "What beats what in ."+r.TLD).String()}
	for i, g := range r.Ladder {
		l, style := widget.NewLine(w, t), widget.Style("")
		switch p := r.Phase(g.Phase); {
		case p != nil && p.Open(now):
			style = t.Now
			l.Glyph(t.Now, t.Glyph.Cursor, 1)
		case !g.To.IsZero() && !now.Before(g.To.Time):
			style = t.Dim
		}
		price := g.Price.String()
		if len(g.Offers) > 0 {
			var ps []string
			for _, o := range g.Offers {
				if p := o.Registrar + " " + o.Price.String(); !slices.Contains(ps, p) {
					ps = append(ps, p)
				}
			}
			price = strings.Join(ps, ", ")
		}
		when := "from " + launchDate(g.From)
		if !g.To.IsZero() {
			when = "to " + launchDate(g.To)
		} else if g.From.IsZero() {
			when = "unknown"
		}
		l.To(1).Cell(t.Dim, fmt.Sprint(i+1), 2, true).Skip(1).Cell(style, g.Step, 30, false).Skip(1).Cell(t.Dim, when, 21, false).Skip(1).Put(t.Strong, price)
		out = append(out, l.String())
	}
	return out
}

// stakeLines are the clock of the fee, and what each name that waits has at
// stake: what is paid, and the worst that a step can cost.
func (s *launchScreen) stakeLines(r *watch.Opening, now time.Time, w, h int) []string {
	t := s.theme
	var out []string
	if len(r.EAP) > 0 {
		step, next := launch.StepAt(r.EAP, now)
		var text string
		at := -1
		switch {
		case step != nil && next != nil:
			text, at = "The fee is "+step.Fee.String()+", from "+launchDate(whoisx.At(next.From))+" "+next.Fee.String(), step.N-1
		case step != nil:
			text, at = "The fee is "+step.Fee.String()+", the last step", step.N-1
		case next != nil:
			text = "The fee begins at " + next.Fee.String() + " on " + launchDate(whoisx.At(next.From))
		default:
			text = "The early access period is over"
		}
		out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Title, text).String())
		met := len(r.EAP) + 1
		for _, n := range r.Names {
			if n.Met != nil {
				met = min(met, n.Met.Step.N)
			}
		}
		chart := make([]widget.ChartStep, len(r.EAP))
		for i, e := range r.EAP {
			chart[i] = widget.ChartStep{Label: launchDate(whoisx.At(e.From)), Text: e.Fee.String(), Value: float64(e.Fee.Units), Met: e.N >= met}
		}
		out = append(out, widget.StepChart(t, chart, at, w, max(h-1-3*len(r.Names), 3))...)
	}
	if len(r.Names) == 0 {
		return append(out, paragraph(t, w, t.Dim, "No name on the list waits for it.")...)
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
			if step := stepNow(n.Exposure, now); step != nil {
				out = append(out, l.String())
				l = widget.NewLine(w, t).Skip(3).Put("", "if lost in "+step.Step+": "+step.IfLost.CashLost.String()+" gone, "+step.IfLost.Credit.String()+" credit, "+step.IfLost.Refund.String()+" back")
			}
		}
		out = append(out, l.String())
		if n.Met != nil {
			out = append(out, widget.NewLine(w, t).Skip(3).Put(t.Free, "the cap "+n.Cap.String()+" is met "+launchDate(whoisx.At(n.Met.Step.From))+": "+n.Met.OnWin.String()).String())
		}
		if len(n.Exposure.AskFirst) > 0 {
			out = append(out, widget.NewLine(w, t).Skip(3).Put(t.Warn, fmt.Sprintf("ask first: %d questions are open; lapse launch show %s", len(n.Exposure.AskFirst), r.TLD)).String())
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
