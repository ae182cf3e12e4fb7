// Package typed helps errors to repeat what a person typed, and to say what was
// probably meant.
package typed

import "github.com/lapse-dev/lapse/whoisx"

// Clip shortens what a person typed to 80 characters, and takes out what a
// terminal would obey, so that an error stays a line.
func Clip(s string) string {
	s = whoisx.CleanLine(s)
	if r := []rune(s); len(r) > 80 {
		return string(r[:77]) + "..."
	}
	return s
}
