package catch

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words makes a service's own words safe to keep and to show: one line, no
// control characters, no escape sequences, no bidirectional marks, no more
// than 300 characters.
func Words(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t', r == ' ':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if n := []rune(s); len(n) > 300 {
		s = string(n[:299]) + "…"
	}
	return s
}
