package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
)

var goldenSizes = [][2]int{{40, 10}, {80, 24}, {120, 40}, {200, 60}}

// screens are the ways to each screen, as a person goes them.
var screens = []struct {
	name string
	keys []string
}{
	{"list", nil},
	{"name", []string{"enter"}},
	{"evidence", []string{"enter", "e"}},
	{"history", []string{"enter", "h"}},
	{"raw", []string{"enter", "w"}},
	{"checklist", []string{"enter", "c"}},
	{"preflight", []string{"enter", "P"}},
	{"ledger", []string{"5", "tab", "tab"}},
	{"sort", []string{"s"}},
	{"burst", []string{"/", `"fenland"`, "enter", "enter", "B"}},
	{"drops", []string{"2"}},
	{"orders", []string{"3"}},
	{"queue", []string{"4"}},
	{"log", []string{"5"}},
	{"launches", []string{"6"}},
	{"launch", []string{"6", "enter"}},
	{"offer", []string{"6", "a", "enter"}},
	{"help", []string{"?"}},
	{"palette", []string{":"}},
	{"add", []string{"a", `"wren.org"`}},
	{"import", []string{"I", `"registrar.csv"`, "ctrl+s"}},
	{"edit", []string{"E"}},
	{"order", []string{"o"}},
	{"confirm", []string{"o", "ctrl+s"}},
}

func TestScreens(t *testing.T) {
	for _, s := range screens {
		for _, size := range goldenSizes {
			for _, full := range []bool{true, false} {
				state := "full"
				core := sample()
				if !full {
					state = "empty"
					core = newFake()
				}
				t.Run(fmt.Sprintf("%s/%dx%d/%s", s.name, size[0], size[1], state), func(t *testing.T) {
					drive(t, Options{Core: core, ReadFile: sampleFile}, size[0], size[1], func(d *driver) {
						d.keys(s.keys...)
						d.pass(0)
						golden.RequireEqual(t, checked(t, d, size[0], size[1]))
					})
				})
			}
		}
	}
}

// TestThemes keeps a picture of every screen a theme, with its colours, and of
// what is left of them without colour and in ASCII: dark and light at every size.
func TestThemes(t *testing.T) {
	for _, theme := range []string{"dark", "light", "high-contrast", "no-color", "ascii"} {
		o := Options{Theme: theme, ReadFile: sampleFile}
		if theme == "no-color" || theme == "ascii" {
			o.Theme, o.NoColor, o.ASCII = "dark", true, theme == "ascii"
		}
		sizes := [][2]int{{80, 24}}
		if theme == "dark" || theme == "light" {
			sizes = goldenSizes
		}
		for _, s := range screens {
			for _, size := range sizes {
				w, h := size[0], size[1]
				name := theme + "/" + s.name // at 80x24
				if w != 80 {
					name = fmt.Sprintf("%s/%s/%dx%d", theme, s.name, w, h)
				}
				t.Run(name, func(t *testing.T) {
					o.Core = sample()
					drive(t, o, w, h, func(d *driver) {
						d.keys(s.keys...)
						d.pass(0)
						checked(t, d, w, h)
						golden.RequireEqual(t, d.r.View().Content)
					})
				})
			}
		}
	}
}

// checked returns the screen without colours and holds it against what must be
// true of every screen: all its lines, none too wide, nothing but printable
// characters.
func checked(t *testing.T, d *driver, w, h int) string {
	t.Helper()
	content := d.r.View().Content
	lines := strings.Split(content, "\n")
	if len(lines) != h {
		t.Errorf("%d lines on a screen of %d", len(lines), h)
	}
	for i, l := range lines {
		if n := ansi.StringWidth(l); n > w {
			t.Errorf("line %d is %d wide on a screen of %d: %q", i, n, w, ansi.Strip(l))
		}
		if n, m := ansi.StringWidth(l), ansi.StringWidthWc(l); n != m {
			t.Errorf("line %d: terminals disagree on its width, %d or %d: %q", i, n, m, ansi.Strip(l))
		}
		lines[i] = strings.TrimRight(ansi.Strip(l), " ")
		for _, r := range lines[i] {
			if r < ' ' || (r >= 0x7f && r < 0xa0) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) || r == 0x200f || r == 0x200e {
				t.Errorf("line %d holds the control character %U: %q", i, r, lines[i])
			}
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
