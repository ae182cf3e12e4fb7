package ui

import (
	"fmt"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

// created are the codes that mean that the name is ours: RFC 5730 section 3.
func created(code int) bool { return code == 1000 || code == 1001 }

// sessionsOf lists the sessions of a burst in their order.
func sessionsOf(b *watch.BurstRecord) []int {
	var out []int
	for _, f := range b.Frames {
		out = append(out, f.Session)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// burstShort is the latest burst in a line.
func (s *nameScreen) burstShort(now time.Time) string {
	if len(s.bursts) == 0 {
		return ""
	}
	return s.burstText(&s.bursts[0], now)
}

func (s *nameScreen) burstText(b *watch.BurstRecord, now time.Time) string {
	var first *catch.Frame
	won := false
	for i := range b.Frames {
		if f := &b.Frames[i]; first == nil || f.Sent < first.Sent {
			first = f
		}
		won = won || created(b.Frames[i].Code)
	}
	text := hm(b.At, now) + ": "
	if first == nil {
		return text + "nothing was sent"
	}
	end := "lost"
	if won {
		end = "won"
	}
	return text + fmt.Sprintf("%s, %s over %s, first create %s from the drop", end,
		plural(len(b.Frames), "create"), plural(len(sessionsOf(b)), "session"), widget.Micros(s.theme, first.Sent))
}

// plural writes a number with its noun: "1 create", "3 creates".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// burstLines are the bursts of a name: a lane a session over one time axis,
// told apart by their shapes, then every create as it left.
func (s *nameScreen) burstLines(w int, now time.Time) []string {
	t := s.theme
	var out []string
	text := func(style widget.Style, text string) {
		out = append(out, paragraph(t, w, style, text)...)
	}
	for i := range s.bursts {
		b := &s.bursts[i]
		text(t.Strong, s.burstText(b, now))
		plan := b.Plan.Strategy
		if b.Plan.Policy != "" {
			plan += ", policy " + b.Plan.Policy
		}
		if b.Plan.Clock != "" {
			plan += ", clock " + b.Plan.Clock
		}
		text(t.Dim, plan)
		sessions := sessionsOf(b)
		lanes := make([]widget.Lane, len(sessions))
		frames := slices.Clone(b.Frames)
		slices.SortStableFunc(frames, func(x, y catch.Frame) int { return int(x.Sent - y.Sent) })
		lane := func(f *catch.Frame) int { return slices.Index(sessions, f.Session) }
		for i, n := range sessions {
			lanes[i].Label = fmt.Sprintf("%s session %d", widget.LaneShape(t, i), n)
			if w < 60 {
				lanes[i].Label = fmt.Sprintf("%s %d", widget.LaneShape(t, i), n)
			}
		}
		for i := range frames {
			f := &frames[i]
			k := lane(f)
			lanes[k].Shots = append(lanes[k].Shots, widget.Shot{Sent: f.Sent, Answered: f.Code != 0, Won: created(f.Code)})
		}
		idW := 0
		for i := range frames {
			idW = max(idW, widget.Width(widget.Safe(frames[i].SvTRID)))
		}
		out = append(out, "")
		out = append(out, widget.Lanes(t, lanes, w)...)
		out = append(out, "")
		for i := range frames {
			out = append(out, s.frameLine(w, idW, &frames[i], lane(&frames[i])))
		}
		out = append(out, "")
	}
	if len(out) == 0 {
		text(t.Dim, "No burst has been fired for it yet.")
	}
	return out
}

// frameLine is one create: whose, when it left, how long the answer took, what
// it was. The registry's numbers, of at most idW cells, stand in a column of
// their own, whole or not at all.
func (s *nameScreen) frameLine(w, idW int, f *catch.Frame, lane int) string {
	t := s.theme
	l := widget.NewLine(w, t).Skip(1)
	style, mark := t.Dim, widget.LaneShape(t, lane)
	switch {
	case created(f.Code):
		style, mark = t.Strong, t.Glyph.Yes
	case f.Code == 0:
		style, mark = t.Warn, "?"
	}
	l.Glyph(style, mark, 1).Skip(1)
	l.Put(t.Dim, fmt.Sprintf("%2d", f.Session)).Skip(1)
	l.Cell("", widget.Micros(t, f.Sent), 14, true).Skip(1)
	if f.Code == 0 {
		return l.Skip(1).Put(style, "no answer came").String()
	}
	if w >= 80 {
		l.Cell(t.Dim, "answered "+widget.Micros(t, f.Answer), 24, true).Skip(1)
	}
	l.Skip(1).Put(style, fmt.Sprint(f.Code))
	words := ""
	if f.Words != "" {
		words = " " + widget.Safe(f.Words)
	}
	if room := l.Room() - idW - 2; w >= 60 && room >= 12 {
		return l.Cell(style, words, min(room, 34), false).Skip(2).Put(t.Dim, f.SvTRID).String()
	}
	return l.Put(style, words).String()
}
