package widget

import "strings"

// Line is one line of a screen under construction. It never grows past its
// width: what does not fit any more ends in dots or is left out.
type Line struct {
	b     []byte
	w     int // cells so far
	max   int
	dots  string
	ascii bool
	base  Style
	ended bool
}

// NewLine starts a line of at most width cells.
func NewLine(width int, t *Theme) *Line {
	return &Line{max: width, dots: t.Glyph.Dots, ascii: t.ASCII, b: make([]byte, 0, width*2)}
}

// Base sets a style that lies under all that follows.
func (l *Line) Base(s Style) *Line { l.base = s; return l }

// Len is the number of cells so far.
func (l *Line) Len() int { return l.w }

// Room is the number of cells that are left.
func (l *Line) Room() int { return l.max - l.w }

// Put appends a text, made safe, in a style.
func (l *Line) Put(s Style, text string) *Line {
	if text == "" || l.ended {
		return l
	}
	text = l.safe(text)
	n := Width(text)
	if n > l.Room() {
		text = Fit(text, l.Room(), l.dots)
		n = Width(text)
		l.ended = true
	}
	return l.raw(s, text, n)
}

func (l *Line) safe(text string) string {
	text = Safe(text)
	if l.ascii && !plain(text) {
		text = asciiOnly(text)
	}
	return text
}

// Glyph appends one of our own glyphs, n times.
func (l *Line) Glyph(s Style, g string, n int) *Line {
	n = min(n, l.Room())
	if n <= 0 || l.ended {
		return l
	}
	if n > 1 {
		g = strings.Repeat(g, n)
	}
	return l.raw(s, g, n)
}

// Own appends a text of our own glyphs of which the width is known.
func (l *Line) Own(s Style, text string, width int) *Line {
	if width > l.Room() || l.ended {
		return l
	}
	return l.raw(s, text, width)
}

func (l *Line) raw(s Style, text string, n int) *Line {
	if l.base == "" && s == "" {
		l.b = append(l.b, text...)
	} else {
		l.b = append(l.b, l.base...)
		l.b = append(l.b, s...)
		l.b = append(l.b, text...)
		l.b = append(l.b, reset...)
	}
	l.w += n
	return l
}

// To pads with blanks up to a column.
func (l *Line) To(x int) *Line {
	x = min(x, l.max)
	if x <= l.w {
		return l
	}
	n := x - l.w
	l.ended = false
	return l.raw("", blanks(n), n)
}

// Skip pads with n blanks.
func (l *Line) Skip(n int) *Line { return l.To(l.w + n) }

// Cell appends a text in exactly w cells.
func (l *Line) Cell(s Style, text string, w int, right bool) *Line {
	w = min(w, l.Room())
	if w <= 0 {
		return l
	}
	end := l.w + w
	text = Fit(l.safe(text), w, l.dots)
	if right {
		l.To(end - Width(text))
	}
	if text != "" {
		l.raw(s, text, Width(text))
	}
	return l.To(end)
}

// Right puts a text at the right edge, where there is room for it.
func (l *Line) Right(s Style, text string) *Line {
	text = l.safe(text)
	n := Width(text)
	if n > l.Room() {
		return l
	}
	l.To(l.max - n)
	return l.raw(s, text, n)
}

// String returns the line.
func (l *Line) String() string { return string(l.b) }

const spaces = "                                                                                                                                "

func blanks(n int) string {
	if n <= len(spaces) {
		return spaces[:n]
	}
	return strings.Repeat(" ", n)
}
