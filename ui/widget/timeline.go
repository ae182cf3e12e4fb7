package widget

import (
	"strings"
	"time"
)

// Segment is a stretch of a name's life on a timeline.
type Segment struct {
	Label    string
	From, To time.Time // To zero: open
	FromText string    // the date as it is shown before the segment, "" for none
	Fill     string    // one cell
	Style    Style
}

// Timeline draws segments one after another with their dates between them and
// now on the one that it falls into. Segments share the width evenly, because
// five days of pending delete matter more than forty days of grace. Where w is
// small, the past leaves first.
func Timeline(t *Theme, segs []Segment, end string, now time.Time, w int) string {
	if len(segs) == 0 || w < 8 {
		return ""
	}
	cur := -1
	for i, s := range segs {
		if !now.Before(s.From) {
			cur = i
		}
	}
	first := 0
	dates := true
	fixed := func() int {
		n := Width(end)
		if n > 0 {
			n++
		}
		for _, s := range segs[first:] {
			if dates && s.FromText != "" {
				n += Width(s.FromText) + 2
			}
		}
		return n
	}
	per := func() int { return (w - fixed()) / (len(segs) - first) }
	for per() < 12 && first < cur {
		first++
	}
	if per() < 6 {
		dates = false
	}
	if per() < 4 {
		end = ""
	}
	for per() < 2 && first < len(segs)-1 {
		first++
	}
	l := NewLine(w, t)
	share := per()
	extra := w - fixed() - share*(len(segs)-first)
	for i := first; i < len(segs); i++ {
		s := segs[i]
		if dates && s.FromText != "" {
			if l.Len() > 0 {
				l.Skip(1)
			}
			l.Put(t.Dim, s.FromText).Skip(1)
		}
		n := share
		if i == cur {
			n += extra
		}
		if i == cur {
			current(l, t, s, now, n)
		} else {
			bar(l, s, s.Label, n)
		}
	}
	if end != "" {
		l.Skip(1).Put(t.Dim, end)
	}
	return l.String()
}

func current(l *Line, t *Theme, s Segment, now time.Time, n int) {
	part := 0.5
	if !s.To.IsZero() && s.To.After(s.From) {
		part = float64(now.Sub(s.From)) / float64(s.To.Sub(s.From))
		part = max(0, min(part, 1))
	}
	mark := t.Glyph.Now + "NOW"
	mw := 4
	if n < 8 {
		mark, mw = t.Glyph.Now, 1
	}
	left := min(int(part*float64(n)), n-mw)
	right := n - mw - left
	lab := Width(s.Label)
	switch {
	case left >= right && left >= lab+2:
		bar(l, s, s.Label, left)
		l.Glyph(t.Now, mark[:len(t.Glyph.Now)], 1)
		l.Put(t.Now, mark[len(t.Glyph.Now):])
		bar(l, s, "", right)
	case right >= lab+2:
		bar(l, s, "", left)
		l.Glyph(t.Now, mark[:len(t.Glyph.Now)], 1)
		l.Put(t.Now, mark[len(t.Glyph.Now):])
		bar(l, s, s.Label, right)
	default:
		bar(l, s, "", left)
		l.Glyph(t.Now, mark[:len(t.Glyph.Now)], 1)
		l.Put(t.Now, mark[len(t.Glyph.Now):])
		bar(l, s, "", right)
	}
}

func bar(l *Line, s Segment, label string, n int) {
	if n <= 0 {
		return
	}
	lab := Width(label)
	if label == "" || lab+2 > n {
		l.Glyph(s.Style, s.Fill, n)
		return
	}
	left := (n - lab) / 2
	l.Glyph(s.Style, s.Fill, left)
	l.Put(s.Style, label)
	l.Glyph(s.Style, s.Fill, n-lab-left)
}

// DayBar draws windows of one day on a line of w cells: full cells are drops
// that will happen, light ones may. The marks are hours from 0 to 24; now is
// an hour, or below 0 where it is another day.
func DayBar(t *Theme, from, to float64, will bool, now float64, w int) string {
	cell := func(h float64) int { return int(h / 24 * float64(w)) }
	a, b := cell(from), cell(to)
	if b <= a {
		b = a + 1
	}
	l := NewLine(w, t)
	n := -1
	if now >= 0 {
		n = cell(now)
	}
	run := func(upTo int, s Style, g string) {
		if n >= l.Len() && n < upTo {
			l.Glyph(s, g, n-l.Len())
			l.Glyph(t.Now, t.Glyph.Now, 1)
		}
		l.Glyph(s, g, upTo-l.Len())
	}
	run(min(a, w), t.Rule, t.Glyph.Empty)
	if will {
		run(min(b, w), t.Will, t.Glyph.Full)
	} else {
		run(min(b, w), t.May, t.Glyph.Light)
	}
	run(w, t.Rule, t.Glyph.Empty)
	return l.String()
}

// Rule draws a horizontal line.
func Rule(t *Theme, w int) string {
	return t.Rule.On(strings.Repeat(t.Glyph.H, max(w, 0)))
}
