package typed

import (
	"strings"
	"testing"
)

func TestGuess(t *testing.T) {
	t.Parallel()
	words := []string{"redemption", "registered", "free", "uk"}
	for in, want := range map[string]string{
		"regixtered": "registered", "fre": "free", "ku": "uk", // neighbours swapped
		"sandbox": "", "": "", "ab": "",
	} {
		if got := Guess(in, words); got != want {
			t.Errorf("Guess(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"moor.uk": "moor.uk", strings.Repeat("ü", 80): strings.Repeat("ü", 80), strings.Repeat("ü", 81): strings.Repeat("ü", 77) + "...",
	} {
		if got := Clip(in); got != want {
			t.Errorf("Clip(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Clip("a\x1b[2Jb\nc"); strings.ContainsAny(got, "\x1b\n") {
		t.Errorf("a terminal would obey %q", got)
	}
}
