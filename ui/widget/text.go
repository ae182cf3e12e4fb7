package widget

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/lapse-dev/lapse/whoisx"
)

// maxMarks is how many code points one character may be made of. Real scripts
// stay below it; towers of combining marks do not.
const maxMarks = 6

// Safe makes one line of text harmless and measurable: control sequences and
// bidirectional controls go (whoisx.Clean), line breaks become spaces, and
// characters on whose width terminals disagree are written as "?". After it,
// Width is right on every terminal.
func Safe(s string) string {
	if plain(s) {
		return s
	}
	s = strings.ReplaceAll(whoisx.Clean(s), "\n", " ")
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		c, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		if c == "" {
			break
		}
		s = s[len(c):]
		// U+FE0F asks for the wide picture of a character: half of the
		// terminals obey.
		c = strings.ReplaceAll(c, "\ufe0f", "")
		if n := utf8.RuneCountInString(c); n > maxMarks {
			c = string([]rune(c)[:maxMarks])
		}
		if len(c) == 0 {
			continue
		}
		gw, ww := ansi.StringWidth(c), ansi.StringWidthWc(c)
		switch {
		case gw == 0 && ww == 0:
			// A mark that would land on whatever stands before it.
		case gw == ww && gw <= 2:
			b.WriteString(c)
		default:
			b.WriteString(strings.Repeat("?", max(1, min(w, 2))))
		}
	}
	return b.String()
}

// asciiOnly writes "?" for every cell of a safe text that is not ASCII.
func asciiOnly(s string) string {
	var b strings.Builder
	for s != "" {
		c, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		if c == "" {
			break
		}
		s = s[len(c):]
		if plain(c) {
			b.WriteString(c)
		} else {
			b.WriteString(strings.Repeat("?", w))
		}
	}
	return b.String()
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

// Width is the number of terminal cells that a safe or styled text takes.
func Width(s string) int {
	if plain(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// Fit returns a safe text in at most w cells; what is left out is told by
// dots.
func Fit(s string, w int, dots string) string {
	s = Safe(s)
	switch {
	case Width(s) <= w:
		return s
	case w <= 0:
		return ""
	}
	return strings.TrimRight(ansi.Truncate(s, w-1, ""), " ") + dots
}

// FitMiddle is Fit for names: the end of a name, its TLD, matters as much as
// its beginning.
func FitMiddle(s string, w int, dots string) string {
	s = Safe(s)
	n := Width(s)
	if n <= w {
		return s
	}
	if w < 8 {
		return Fit(s, w, dots)
	}
	tail := (w - 1) / 2
	head := w - 1 - tail
	end := ansi.TruncateLeft(s, n-tail, "")
	if Width(end) > tail { // a wide character lies across the cut
		end = ansi.TruncateLeft(s, n-tail+1, "")
	}
	return ansi.Truncate(s, head, "") + dots + end
}

// Wrap breaks a text into lines of at most w cells, at words where there are
// any.
func Wrap(s string, w int) []string {
	if w < 1 {
		return nil
	}
	s = Safe(s)
	if s == "" {
		return nil
	}
	if Width(s) <= w {
		return []string{s}
	}
	var lines []string
	line, used := "", 0
	for _, word := range words(s) {
		n := Width(word)
		if used > 0 && used+1+n <= w {
			line, used = line+" "+word, used+1+n
			continue
		}
		if used > 0 {
			lines = append(lines, line)
		}
		for n > w { // a word wider than the line has to break somewhere
			head := ansi.Truncate(word, w, "")
			if head == "" {
				return lines
			}
			lines = append(lines, head)
			word = word[len(head):]
			n = Width(word)
		}
		line, used = word, n
	}
	if used > 0 {
		lines = append(lines, line)
	}
	return lines
}

// words splits a text where a line may break: not between an amount and its
// currency.
func words(s string) []string {
	out := strings.Fields(s)
	for i := 0; i+1 < len(out); i++ {
		if amount(out[i]) && currency(out[i+1]) {
			out[i] += " " + out[i+1]
			out = append(out[:i+1], out[i+2:]...)
		}
	}
	return out
}

func amount(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.,") == "" && s[0] >= '0' && s[0] <= '9'
}

func currency(s string) bool {
	s = strings.TrimRight(s, ".,;:?!)")
	return len(s) == 3 && strings.ToUpper(s) == s && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// WrapMax is Wrap with at most n lines; the last one tells by dots that there
// is more.
func WrapMax(s string, w, n int, dots string) []string {
	ls := Wrap(s, w)
	if n < 1 {
		return nil
	}
	if len(ls) > n {
		last := Fit(ls[n-1]+dots, w, dots)
		if short := Wrap(ls[n-1], w-1); len(short) > 0 { // whole words, and room for the dots
			last = short[0] + dots
		}
		ls = append(ls[:n-1:n-1], last)
	}
	return ls
}
