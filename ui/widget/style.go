package widget

import (
	"image/color"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Style is the escape sequence that switches a style on; "" is plain text.
// Two styles add up: a + b.
type Style string

const reset = "\x1b[m"

// On returns text in this style. The text is taken as it is: use Line.Put for
// anything that is not our own.
func (s Style) On(text string) string {
	if s == "" || text == "" {
		return text
	}
	return string(s) + text + reset
}

// Theme is every style and glyph that screens use. Colour never stands alone:
// whatever a colour says, a word, a mark or a shape says too.
type Theme struct {
	Name  string
	Dark  bool
	ASCII bool // whatever is put on a line is written in ASCII

	Dim    Style // what may be read later
	Title  Style // the product's name and the screen's
	Strong Style // money, names under the cursor
	Head   Style // column titles
	Free   Style // confirmed free, and nothing else
	Warn   Style // may, soon, uncertain
	Bad    Style // conflict, refused, lost
	Urgent Style // the person's own deadline is near
	Cursor Style // what the cursor is on
	Here   Style // what the cursor is on in a row that is painted already
	Mark   Style // selected for a bulk action
	Key    Style // a key in a hint
	Rule   Style // lines between parts
	Will   Style // bars of drops that will happen
	May    Style // bars of drops that may happen
	Now    Style // the present moment on a timeline
	Toast  Style
	Halt   Style

	Glyph Glyphs
}

// Glyphs are the characters that are drawn, each one cell wide.
type Glyphs struct {
	H, V, TL, TR, BL, BR string // lines and corners
	Cursor               string
	Mark                 string
	Dots                 string // an ellipsis
	Full, Mid, Light     string // bars: will, in between, may
	Empty                string
	Now                  string
	Next                 string // arrow head at the end of a bar
	Block                string // where text is typed
	Spark                []string
	Spin                 []string
	Yes, No, Open        string // done, cannot, not yet
}

var unicodeGlyphs = Glyphs{
	H: "─", V: "│", TL: "╭", TR: "╮", BL: "╰", BR: "╯",
	Cursor: "▸", Mark: "●", Dots: "…",
	Full: "█", Mid: "▒", Light: "░", Empty: "·", Now: "┃", Next: "▶", Block: "▏",
	Spark: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	Spin:  []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"},
	Yes:   "✓", No: "✗", Open: "○",
}

var asciiGlyphs = Glyphs{
	H: "-", V: "|", TL: "+", TR: "+", BL: "+", BR: "+",
	Cursor: ">", Mark: "*", Dots: "~",
	Full: "#", Mid: "=", Light: ":", Empty: ".", Now: "|", Next: ">", Block: "_",
	Spark: []string{"_", ".", "-", ":", "=", "+", "*", "#"},
	Spin:  []string{"|", "/", "-", "\\"},
	Yes:   "+", No: "x", Open: " ",
}

// ThemeNames are the themes that NewTheme knows, "auto" apart.
var ThemeNames = []string{"dark", "light", "high-contrast"}

// NewTheme returns a theme by name; an unknown name is the dark theme. Without
// colour only bold, faint, underline and reverse video are left. In ASCII
// nothing that we draw ourselves leaves the 95 printable characters.
func NewTheme(name string, noColor, ascii bool) *Theme {
	t := themeOf(name)
	if noColor {
		t = plainTheme(t.Name, t.Dark)
	}
	t.Glyph = unicodeGlyphs
	if ascii {
		t.Glyph, t.ASCII = asciiGlyphs, true
	}
	return &t
}

func fg(c string) ansi.Style { return ansi.NewStyle().ForegroundColor(col(c)) }

func col(c string) color.Color { return lipgloss.Color(c) }

func st(s ansi.Style) Style { return Style(s.String()) }

var bold = st(ansi.NewStyle().Bold())

// painted is reverse video in two colours of ours: what SGR 7 would make of
// them hangs on the terminal's own background, and can be unreadable there.
// Colours of the 256 are short to write, which counts where a countdown ticks.
func painted(ground, text string) Style {
	return st(fg(text).BackgroundColor(col(ground)))
}

func themeOf(name string) Theme {
	switch name {
	case "light":
		return Theme{
			Name: "light", Dark: false,
			Dim:    st(fg("#6b6f76")),
			Title:  st(fg("#1f4e79").Bold()),
			Strong: st(ansi.NewStyle().Bold()),
			Head:   st(fg("#4a5568").Bold()),
			Free:   st(fg("#116329").Bold()),
			Warn:   st(fg("#8a4b00")),
			Bad:    st(fg("#a4161a").Bold()),
			Urgent: painted("#9a3412", "231"),
			Here:   painted("231", "#9a3412") + bold,
			Cursor: st(fg("#10202f").BackgroundColor(col("#d6e4f5")).Bold()),
			Mark:   st(fg("#6d28d9").Bold()),
			Key:    st(fg("#1f4e79").Bold()),
			Rule:   st(fg("#b8bec8")),
			Will:   st(fg("#9a3412").Bold()),
			May:    st(fg("#8a6d1d")),
			Now:    st(fg("#a4161a").Bold()),
			Toast:  st(ansi.NewStyle().BackgroundColor(col("#e6ebf2")).ForegroundColor(col("#1a202c"))),
			Halt:   painted("#a4161a", "231") + bold,
		}
	case "high-contrast":
		return Theme{
			Name: "high-contrast", Dark: true,
			Dim:    "",
			Title:  st(fg("#ffffff").Bold().Underline(true)),
			Strong: st(fg("#ffffff").Bold()),
			Head:   st(fg("#ffffff").Bold().Underline(true)),
			Free:   st(fg("#00ff5f").Bold()),
			Warn:   st(fg("#ffff00").Bold()),
			Bad:    st(fg("#ff8787").Bold()),
			Urgent: painted("226", "16"),
			Here:   painted("16", "226") + bold,
			Cursor: painted("231", "16") + bold,
			Mark:   st(fg("#ffafff").Bold()),
			Key:    st(fg("#00ffff").Bold()),
			Rule:   st(fg("#ffffff")),
			Will:   st(fg("#ffff00").Bold()),
			May:    st(fg("#ffffff")),
			Now:    st(fg("#ff8787").Bold()),
			Toast:  painted("231", "16") + bold,
			Halt:   painted("#ff8787", "16") + bold,
		}
	}
	return Theme{
		Name: "dark", Dark: true,
		Dim:    st(fg("#8b939e")),
		Title:  st(fg("#7cc4ff").Bold()),
		Strong: st(ansi.NewStyle().Bold()),
		Head:   st(fg("#9fb0c3").Bold()),
		Free:   st(fg("#5fe08a").Bold()),
		Warn:   st(fg("#f0b866")),
		Bad:    st(fg("#ff7a7a").Bold()),
		Urgent: painted("215", "16"),
		Here:   painted("#2b3a4d", "215") + bold,
		Cursor: st(fg("#ffffff").BackgroundColor(col("#2b3a4d")).Bold()),
		Mark:   st(fg("#c9a4ff").Bold()),
		Key:    st(fg("#7cc4ff").Bold()),
		Rule:   st(fg("#4b5563")),
		Will:   st(fg("#ffb454").Bold()),
		May:    st(fg("#c8b27a")),
		Now:    st(fg("#ff7a7a").Bold()),
		Toast:  st(ansi.NewStyle().BackgroundColor(col("#33415a")).ForegroundColor(col("#eef2f7"))),
		Halt:   painted("#ff7a7a", "16") + bold,
	}
}

func plainTheme(name string, dark bool) Theme {
	rev := st(ansi.NewStyle().Reverse(true))
	return Theme{
		Name: name, Dark: dark,
		Title: bold, Strong: bold, Head: bold, Free: bold, Bad: bold,
		Urgent: rev, Here: bold + st(ansi.NewStyle().Underline(true)), Cursor: st(ansi.NewStyle().Bold().Underline(true)), Mark: bold, Key: bold,
		Will: bold, Now: bold, Toast: rev, Halt: st(ansi.NewStyle().Bold().Reverse(true)),
	}
}

// Style is how the label of something looks that can or cannot be done now.
func (t *Theme) Style(can bool) Style {
	if can {
		return ""
	}
	return t.Dim
}
