package widget

import (
	"strings"
	"unicode"

	"github.com/lapse-dev/lapse/whoisx"
)

// Input is a text field of one line, or of several when Many is set. What is
// typed or pasted is made safe at once, so that the field holds only what may
// be drawn.
type Input struct {
	Many  bool
	Limit int  // most characters, 0: 4096
	Cut   bool // more was put in than it holds
	text  []rune
	at    int
}

// NewInput returns a field that holds a text, the cursor at its end.
func NewInput(text string) Input {
	var in Input
	in.Set(text)
	return in
}

// Set replaces the text.
func (in *Input) Set(s string) { in.text, in.at, in.Cut = nil, 0, false; in.Insert(s) }

// Text returns what stands in the field.
func (in *Input) Text() string { return string(in.text) }

// Insert puts a text in at the cursor.
func (in *Input) Insert(s string) {
	s = whoisx.Clean(s)
	if !in.Many {
		s = strings.ReplaceAll(s, "\n", " ")
	}
	limit := in.Limit
	if limit == 0 {
		limit = 4096
	}
	rs := []rune(s)
	if room := max(limit-len(in.text), 0); len(rs) > room {
		rs, in.Cut = rs[:room], true
		for in.Many && len(rs) > 0 && !unicode.IsSpace(rs[len(rs)-1]) { // a word that is cut through would read as another
			rs = rs[:len(rs)-1]
		}
	}
	text := make([]rune, 0, len(in.text)+len(rs))
	text = append(text, in.text[:in.at]...)
	text = append(text, rs...)
	text = append(text, in.text[in.at:]...)
	in.text = text
	in.at += len(rs)
}

// Key does what a key means in a text field and reports whether it meant
// anything. name is the key's name ("left", "ctrl+w"), typed the text that it
// types.
func (in *Input) Key(name, typed string) bool {
	switch name {
	case "left", "ctrl+b":
		in.at = max(in.at-1, 0)
	case "right", "ctrl+f":
		in.at = min(in.at+1, len(in.text))
	case "home", "ctrl+a":
		for in.at > 0 && in.text[in.at-1] != '\n' {
			in.at--
		}
	case "end", "ctrl+e":
		for in.at < len(in.text) && in.text[in.at] != '\n' {
			in.at++
		}
	case "up":
		if !in.Many {
			return false
		}
		in.vertical(-1)
	case "down":
		if !in.Many {
			return false
		}
		in.vertical(1)
	case "backspace", "ctrl+h":
		if in.at > 0 {
			in.cut(in.at-1, in.at)
		}
	case "delete", "ctrl+d":
		if in.at < len(in.text) {
			in.cut(in.at, in.at+1)
		}
	case "ctrl+w", "alt+backspace":
		i := in.at
		for i > 0 && unicode.IsSpace(in.text[i-1]) {
			i--
		}
		for i > 0 && !unicode.IsSpace(in.text[i-1]) {
			i--
		}
		in.cut(i, in.at)
	case "ctrl+u":
		i := in.at
		for i > 0 && in.text[i-1] != '\n' {
			i--
		}
		in.cut(i, in.at)
	case "ctrl+k":
		i := in.at
		for i < len(in.text) && in.text[i] != '\n' {
			i++
		}
		in.cut(in.at, i)
	case "enter", "shift+enter", "ctrl+j":
		if !in.Many {
			return false
		}
		in.Insert("\n")
	default:
		if typed == "" {
			return false
		}
		in.Insert(typed)
	}
	return true
}

func (in *Input) cut(a, b int) {
	in.text = append(in.text[:a:a], in.text[b:]...)
	in.at = a
}

func (in *Input) vertical(d int) {
	row, col := in.where()
	lines := strings.Split(string(in.text), "\n")
	row += d
	if row < 0 || row >= len(lines) {
		return
	}
	at := 0
	for _, l := range lines[:row] {
		at += len([]rune(l)) + 1
	}
	in.at = at + min(col, len([]rune(lines[row])))
}

// where is the line and the character of the cursor.
func (in *Input) where() (row, col int) {
	for _, r := range in.text[:in.at] {
		if r == '\n' {
			row++
			col = 0
		} else {
			col++
		}
	}
	return row, col
}

// View draws a field of one line in w cells and says in which cell the cursor
// stands.
func (in *Input) View(w int) (string, int) {
	return window(string(in.text[:in.at]), string(in.text[in.at:]), w)
}

// window shows the part of a line around the cursor.
func window(before, after string, w int) (string, int) {
	if w < 2 {
		return "", 0
	}
	before, after = Safe(before), Safe(after)
	if Width(before) > w-1 {
		rs := []rune(before)
		for len(rs) > 0 && Width(string(rs)) > w-2 {
			rs = rs[max(1, len(rs)/8):]
		}
		before = "<" + string(rs) // it goes on at the left
	}
	x := Width(before)
	return before + Fit(after, w-x, ""), x
}

// ViewMany draws a field of several lines in w by h cells, scrolled so that
// the cursor is seen, and says where that is.
func (in *Input) ViewMany(w, h int) (lines []string, x, y int) {
	row, col := in.where()
	all := strings.Split(string(in.text), "\n")
	top := max(0, row-h+1)
	for i := top; i < len(all) && i < top+h; i++ {
		if i == row {
			rs := []rune(all[i])
			s, cx := window(string(rs[:col]), string(rs[col:]), w)
			x, y = cx, i-top
			lines = append(lines, s)
			continue
		}
		lines = append(lines, Fit(all[i], w, ""))
	}
	for len(lines) < h {
		lines = append(lines, "")
	}
	return lines, x, y
}
