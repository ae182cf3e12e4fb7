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
// five days of pending delete matter more than forty days of grace. ends are
// ways to write what follows the last one, the longest first. Where w is small
// the end gets shorter, then the past leaves, then the labels and the dates.
func Timeline(t *Theme, segs []Segment, ends []string, now time.Time, w int) string {
	if len(segs) == 0 || w < 8 {
		return ""
	}
	cur := -1
	for i, s := range segs {
		if !now.Before(s.From) {
			cur = i
		}
	}
	tl := timeline{segs: segs, cur: cur, w: w, labels: true, dates: true}
	for tl.first = 0; ; tl.first++ {
		for _, tl.bars = range []int{4, 2} {
			for _, tl.end = range ends {
				if tl.room() >= 0 {
					return tl.draw(t, now)
				}
			}
		}
		if tl.first >= max(cur, 0) {
			break
		}
	}
	if tl.labels = false; tl.room() >= 0 {
		return tl.draw(t, now)
	}
	tl.dates, tl.end = false, ""
	for tl.room() < 0 && tl.first < len(segs)-1 {
		tl.first++
	}
	return tl.draw(t, now)
}

// timeline is one way to lay segments out in w cells.
type timeline struct {
	segs          []Segment
	first, cur    int // the first segment that is drawn; the one that now falls into, -1 for none
	end           string
	bars          int // cells of bar that a label has beside it
	w             int
	labels, dates bool
}

// least is the room that a segment needs, without its date.
func (tl *timeline) least(i int) int {
	n := 2
	if tl.labels {
		n = Width(tl.segs[i].Label) + tl.bars
	}
	if i == tl.cur {
		n += markWidth
	}
	return n
}

// markWidth is the room that the mark of the present moment takes.
const markWidth = len("|NOW")

// room is what is left when every segment has the least it needs.
func (tl *timeline) room() int {
	n := tl.w
	if tl.end != "" {
		n -= Width(tl.end) + 1
	}
	for i := tl.first; i < len(tl.segs); i++ {
		n -= tl.least(i) + tl.date(i)
	}
	return n
}

func (tl *timeline) date(i int) int {
	if !tl.dates || tl.segs[i].FromText == "" {
		return 0
	}
	n := Width(tl.segs[i].FromText) + 1
	if i > tl.first {
		n++
	}
	return n
}

func (tl *timeline) draw(t *Theme, now time.Time) string {
	width := make([]int, len(tl.segs))
	for i := tl.first; i < len(tl.segs); i++ {
		width[i] = tl.least(i)
	}
	for left := tl.room(); left > 0; left-- { // the shortest grows
		least := tl.first
		for i := tl.first; i < len(width); i++ {
			if width[i] < width[least] {
				least = i
			}
		}
		width[least]++
	}
	l := NewLine(tl.w, t)
	for i := tl.first; i < len(tl.segs); i++ {
		s := tl.segs[i]
		if tl.date(i) > 0 {
			if i > tl.first {
				l.Skip(1)
			}
			l.Put(t.Dim, s.FromText).Skip(1)
		}
		if i == tl.cur {
			current(l, t, s, now, width[i])
		} else {
			bar(l, s, s.Label, width[i])
		}
	}
	if tl.end != "" {
		l.Skip(1).Put(t.Dim, tl.end)
	}
	return l.String()
}

// current draws the segment that now falls into, n cells wide. The mark gives
// way by a few cells where the label would have no room beside it.
func current(l *Line, t *Theme, s Segment, now time.Time, n int) {
	part := 0.5
	if !s.To.IsZero() && s.To.After(s.From) {
		part = float64(now.Sub(s.From)) / float64(s.To.Sub(s.From))
		part = max(0, min(part, 1))
	}
	mark, mw := "NOW", markWidth
	if n < 8 {
		mark, mw = "", 1
	}
	left := min(int(part*float64(n)), n-mw)
	need := Width(s.Label) + 2
	if right := n - mw - left; n-mw >= need && left < need && right < need {
		left = n - mw - need
		if part >= 0.5 {
			left = need
		}
	}
	before, after := s.Label, ""
	if left < need {
		before, after = "", s.Label
	}
	bar(l, s, before, left)
	l.Glyph(t.Now, t.Glyph.Now, 1).Put(t.Now, mark)
	bar(l, s, after, n-mw-left)
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
