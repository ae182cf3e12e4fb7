package widget

import (
	"math"
)

// ChartStep is one step of a chart: a price that holds for a time.
type ChartStep struct {
	Label string // when, or which step
	Text  string // its price
	Value float64
	Met   bool // within the cap
}

// StepChart draws prices that fall step by step, a line each, in w cells and at
// most h lines. Bars are logarithmic, because such prices fall by tenths. now
// is the step that holds, -1 for none; where there is more than fits, it stays
// in sight.
func StepChart(t *Theme, steps []ChartStep, now, w, h int) []string {
	if w <= 0 || h <= 0 || len(steps) == 0 {
		return nil
	}
	from := 0
	if len(steps) > h {
		from = max(0, min(now-h/3, len(steps)-h))
	}
	shown := steps[from:min(from+h, len(steps))]
	top, least := 0.0, math.Inf(1)
	label, text := 0, 0
	for _, s := range steps {
		top = max(top, s.Value)
		if s.Value > 0 {
			least = min(least, s.Value)
		}
		label, text = max(label, Width(s.Label)), max(text, Width(s.Text))
	}
	label = min(label, max(w/3, 8))
	room := w - label - text - 8
	out := make([]string, 0, len(shown))
	for i, s := range shown {
		l := NewLine(w, t)
		mark, style := " ", Style("")
		switch {
		case from+i == now:
			mark, style = t.Glyph.Cursor, t.Now
		case s.Met:
			style = t.Key
		}
		l.Glyph(t.Now, mark, 1).Skip(1).Cell(style, s.Label, label, false).Skip(1).Cell(t.Strong, s.Text, text, true).Skip(1)
		if s.Met {
			l.Glyph(t.Key, t.Glyph.Mark, 1)
		} else {
			l.Skip(1)
		}
		if l.Skip(1); room > 4 && s.Value > 0 {
			part := 1.0
			if top > least {
				part = (math.Log(s.Value) - math.Log(least) + 0.4) / (math.Log(top) - math.Log(least) + 0.4)
			}
			if style == "" {
				style = t.Dim
			}
			l.Glyph(style, t.Glyph.Full, max(1, int(part*float64(room)+0.5)))
		}
		out = append(out, l.String())
	}
	return out
}
