package widget

import (
	"fmt"
	"time"
)

// Lane is one session of a burst.
type Lane struct {
	Label string
	Shots []Shot
}

// Shot is one frame of a lane: when it left, counted from the drop, and what
// came of it.
type Shot struct {
	Sent     time.Duration
	Answered bool
	Won      bool
}

// laneShapes tell sessions apart where colour does not.
var laneShapes, asciiLaneShapes = []string{"●", "▲", "■", "◆", "▼", "○", "△", "□"}, []string{"o", "^", "#", "%", "v", "x", "=", "s"}

// LaneShape is the shape of the i-th lane. After eight lanes shapes come again.
func LaneShape(t *Theme, i int) string {
	shapes := laneShapes
	if t.ASCII {
		shapes = asciiLaneShapes
	}
	return shapes[i%len(shapes)]
}

// Lanes draws the sessions of a burst over one time axis, a line each, with the
// drop as an upright line and the time of both ends below. A shot that won is
// marked by itself; more shots in one cell than one are drawn as one.
func Lanes(t *Theme, lanes []Lane, w int) []string {
	var from, to time.Duration
	label, n := 0, 0
	for _, l := range lanes {
		label = max(label, Width(l.Label))
		for _, s := range l.Shots {
			from, to = min(from, s.Sent), max(to, s.Sent)
			n++
		}
	}
	label = min(label, max(w/3, 2))
	room := w - label - 4
	if n == 0 || room < 8 {
		return nil
	}
	if to <= from {
		to = from + time.Millisecond
	}
	cell := func(d time.Duration) int { return int(float64(d-from) / float64(to-from) * float64(room-1)) }
	var out []string
	for i, lane := range lanes {
		cells := make([]Shot, room)
		held := make([]bool, room)
		for _, s := range lane.Shots {
			c := cell(s.Sent)
			s.Won = s.Won || cells[c].Won
			cells[c], held[c] = s, true
		}
		l := NewLine(w, t).Skip(1).Cell(t.Head, lane.Label, label, false).Skip(1)
		for c := range room {
			switch {
			case held[c] && cells[c].Won:
				l.Glyph(t.Strong, t.Glyph.Yes, 1)
			case held[c] && !cells[c].Answered:
				l.Glyph(t.Warn, "?", 1)
			case held[c]:
				l.Glyph(t.Will, LaneShape(t, i), 1)
			case c == cell(0):
				l.Glyph(t.Now, t.Glyph.Now, 1)
			default:
				l.Glyph(t.Dim, t.Glyph.Empty, 1)
			}
		}
		out = append(out, l.String())
	}
	left, right := Micros(t, from), Micros(t, to)
	l := NewLine(w, t).Skip(label+2).Put(t.Dim, left)
	if at := label + 2 + room - Width(right); at > l.Len()+1 {
		l.To(at).Put(t.Dim, right)
	}
	return append(out, l.String())
}

// Micros writes a time from the drop in microseconds: "+1,920 µs".
func Micros(t *Theme, d time.Duration) string {
	us := d.Microseconds()
	sign := "+"
	if us < 0 {
		sign, us = "-", -us
	}
	s := fmt.Sprint(us)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if t.ASCII {
		return sign + s + " us"
	}
	return sign + s + " µs"
}
