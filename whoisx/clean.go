package whoisx

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text from the network safe for a terminal: invalid UTF-8, C0 and
// C1 controls (escape sequences with them), bidirectional controls and other
// invisible format characters are taken out; a tab becomes a space. Line feeds
// stay.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteRune(r)
		case r == '\t':
			b.WriteByte(' ')
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
			continue
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// CleanLine is Clean on one line: line breaks become spaces.
func CleanLine(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(Clean(s), "\n", " "))
}

func isClean(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x80 || (c < 0x20 && c != '\n') || c == 0x7f {
			return false
		}
	}
	return true
}
