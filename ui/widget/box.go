package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Box draws a frame with a title around lines. The lines are at most w-4 cells
// wide; the result is w cells wide and len(lines)+2 high.
func Box(t *Theme, title string, lines []string, w int) []string {
	inner := max(w-4, 0)
	g := t.Glyph
	title = Fit(title, max(w-6, 0), g.Dots)
	top := NewLine(w, t).Glyph(t.Rule, g.TL, 1).Glyph(t.Rule, g.H, 1)
	if title != "" {
		top.Skip(1).Put(t.Title, title).Skip(1)
	}
	top.Glyph(t.Rule, g.H, w-1-top.Len()).Glyph(t.Rule, g.TR, 1)
	out := make([]string, 0, len(lines)+2)
	out = append(out, top.String())
	left, right := t.Rule.On(g.V)+" ", " "+t.Rule.On(g.V)
	for _, s := range lines {
		out = append(out, left+PadTo(s, inner)+right)
	}
	out = append(out, t.Rule.On(g.BL+strings.Repeat(g.H, max(w-2, 0))+g.BR))
	return out
}

// PadTo brings a styled line to exactly w cells.
func PadTo(s string, w int) string {
	n := Width(s)
	if n > w {
		s = ansi.Truncate(s, w, "")
		n = Width(s)
	}
	if n < w {
		s += blanks(w - n)
	}
	return s
}

// Overlay lays box over page with its upper left corner at x, y. Both are
// lines; the page's lines may be of any width.
func Overlay(page, box []string, x, y int) []string {
	out := append([]string(nil), page...)
	for i, b := range box {
		at := y + i
		if at < 0 || at >= len(out) {
			continue
		}
		under := out[at]
		bw := Width(b)
		left := PadTo(ansi.Truncate(under, x, ""), x)
		right := ""
		if uw := Width(under); uw > x+bw {
			right = ansi.TruncateLeft(under, x+bw, "")
			if Width(right) > uw-x-bw {
				right = ansi.TruncateLeft(under, x+bw+1, "")
			}
			if rw := Width(right); rw < uw-x-bw { // a wide character lay on the edge
				right = blanks(uw-x-bw-rw) + right
			}
		}
		out[at] = left + b + right
	}
	return out
}

// Faded returns lines without their styles, dimmed: the page behind a dialog.
func Faded(t *Theme, lines []string) []string {
	out := make([]string, len(lines))
	for i, s := range lines {
		out[i] = t.Dim.On(ansi.Strip(s))
	}
	return out
}
