package widget

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

func TestSafe(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                     "plain",
		"":                          "",
		"a\x1b[31mb":                "a[31mb",
		"two\nlines\tand a tab":     "two lines and a tab",
		"rtl\u202eevil":             "rtlevil",
		"zero\u200bwidth\u200djoin": "zerowidthjoin",
		"例子":                        "例子",
		"مثال":                      "مثال",
		"i❤\ufe0f":                  "i❤",
		"e\u0301":                   "e\u0301",
		"\u0301alone":               "alone",
		"a\x9bb\xff":                "ab",
	} {
		if got := Safe(in); got != want {
			t.Errorf("Safe(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Safe("z" + strings.Repeat("\u0300", 100)); len([]rune(got)) > maxMarks {
		t.Errorf("a tower of %d marks stands", len([]rune(got)))
	}
}

// checkSafe holds a text against what Safe promises.
func checkSafe(t interface{ Fatalf(string, ...any) }, in string) {
	got := Safe(in)
	for _, r := range got {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			t.Fatalf("Safe(%q) lets %U through", in, r)
		}
	}
	if g, w := ansi.StringWidth(got), ansi.StringWidthWc(got); g != w {
		t.Fatalf("Safe(%q) = %q: terminals disagree, %d or %d", in, got, g, w)
	}
	if again := Safe(got); again != got {
		t.Fatalf("Safe(%q) is not safe yet: %q, then %q", in, got, again)
	}
}

func FuzzSafe(f *testing.F) {
	for _, s := range []string{"a", "例", "🏴‍☠️", "👩‍👩‍👧", "🇩🇪🇩", "👍🏽", "\u202e\u2066", "\x1b]0;x\x07", "가각힣", "ก็็็", "\u1100\u1161", "नमस्ते"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkSafe(t, s) })
}

func TestFitAndWrapNeverOverflow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("ab .-例مü❤\u0301👍🏽🇩"))).Draw(t, "s")
		w := rapid.IntRange(0, 30).Draw(t, "w")
		checkSafe(t, s)
		for _, got := range append([]string{Fit(s, w, "…"), FitMiddle(s, w, "…")}, Wrap(s, w)...) {
			if n := Width(got); n > w {
				t.Fatalf("%q is %d wide, not %d", got, n, w)
			}
		}
		if ls := WrapMax(s, w, 2, "…"); len(ls) > 2 {
			t.Fatalf("%d lines", len(ls))
		}
	})
}

func TestPlace(t *testing.T) {
	cols := []Column{
		{ID: "a", Min: 8, Want: 16, Max: 16, Prio: 1},
		{ID: "b", Min: 14, Want: 16, Max: 40, Prio: 0},
		{ID: "c", Min: 8, Want: 11, Max: 16, Prio: 2},
		{ID: "d", Min: 12, Want: 18, Max: 24, Prio: 3},
		{ID: "x", Min: 10, Want: 20, Max: 40, Prio: 9, Extra: true},
	}
	ids := func(ps []Placed) string {
		var b strings.Builder
		for _, p := range ps {
			b.WriteString(p.ID)
		}
		return b.String()
	}
	for w, want := range map[int]string{5: "b", 14: "b", 22: "b", 23: "ab", 32: "abc", 44: "abc", 45: "abcd", 64: "abcd", 75: "abcdx", 200: "abcdx"} {
		if got := ids(Place(cols, w, 1)); got != want {
			t.Errorf("in %d cells stay %q, want %q", w, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.IntRange(1, 300).Draw(t, "w")
		end := 0
		for i, p := range Place(cols, w, 1) {
			if i > 0 && p.X != end+1 {
				t.Fatalf("column %s starts at %d after %d", p.ID, p.X, end)
			}
			if end = p.X + p.W; end > w {
				t.Fatalf("column %s ends at %d of %d", p.ID, end, w)
			}
			if p.W > p.Max {
				t.Fatalf("column %s is %d wide", p.ID, p.W)
			}
		}
	})
}

func TestLineKeepsItsWidth(t *testing.T) {
	th := NewTheme("dark", false, false)
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.IntRange(1, 60).Draw(t, "w")
		l := NewLine(w, th)
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			s := rapid.StringOf(rapid.RuneFrom([]rune("abc 例مü❤\x1b\u202e"))).Draw(t, "s")
			switch rapid.IntRange(0, 4).Draw(t, "op") {
			case 0:
				l.Put(th.Strong, s)
			case 1:
				l.Cell(th.Bad, s, rapid.IntRange(0, 20).Draw(t, "cell"), true)
			case 2:
				l.To(rapid.IntRange(0, 80).Draw(t, "x"))
			case 3:
				l.Glyph("", "█", rapid.IntRange(-1, 90).Draw(t, "g"))
			case 4:
				l.Right("", s)
			}
			if n := Width(l.String()); n > w || n != l.Len() {
				t.Fatalf("%d wide, says %d, of %d: %q", n, l.Len(), w, l.String())
			}
		}
	})
}

func TestTimeline(t *testing.T) {
	th := NewTheme("dark", true, true)
	day := 24 * time.Hour
	from := time.Date(2026, 8, 27, 0, 0, 0, 0, time.UTC)
	segs := []Segment{
		{Label: "grace", From: from, To: from.Add(40 * day), FromText: "expired 27 Aug", Fill: "."},
		{Label: "redemption", From: from.Add(40 * day), To: from.Add(70 * day), FromText: "6 Oct", Fill: "="},
		{Label: "pend-delete", From: from.Add(70 * day), To: from.Add(75 * day), FromText: "5 Nov", Fill: "#"},
	}
	for w := range 250 {
		for d := -10; d < 90; d += 5 {
			got := ansi.Strip(Timeline(th, segs, []string{"drop 10 Nov>", "drop>", ""}, from.Add(time.Duration(d)*day), w))
			if n := Width(got); n > w {
				t.Fatalf("%d wide, not %d: %q", n, w, got)
			}
			if w >= 30 && d >= 0 && !strings.Contains(got, "|") {
				t.Fatalf("no now on day %d in %d cells: %q", d, w, got)
			}
		}
	}
	for w, want := range map[int]string{ // the whole life at 80 columns; on less the past leaves
		78: "expired 27 Aug ..grace... 6 Oct ==redemption== 5 Nov ##pend-delete##|NOW drop>",
		36: "5 Nov ####pend-delete#####|NOW drop>",
		20: "5 Nov ##########|NOW",
		8:  "####|NOW",
	} {
		if got := ansi.Strip(Timeline(th, segs, []string{"drop 10 Nov>", "drop>", ""}, from.Add(75*day-time.Hour), w)); got != want {
			t.Errorf("%d wide: %q, want %q", w, got, want)
		}
	}
}

func TestOverlayKeepsThePage(t *testing.T) {
	page := []string{"0123456789", "例例例例例", ""}
	got := Overlay(page, []string{"[]", "[]", "[]"}, 3, 0)
	for i, want := range []string{"012[]56789", "例 []", "   []"} {
		if !strings.HasPrefix(got[i], want) {
			t.Errorf("line %d is %q, want %q", i, got[i], want)
		}
	}
	if Width(got[1]) != 10 {
		t.Errorf("a wide character was cut through: %q", got[1])
	}
}

func TestInput(t *testing.T) {
	in := NewInput("one two")
	for _, k := range []string{"ctrl+w", "backspace", "home", "right", "delete", "end"} {
		in.Key(k, "")
	}
	in.Key("x", "x")
	in.Insert("\x1b[2J\u202e\nz")
	if got := in.Text(); got != "oex[2J z" {
		t.Errorf("got %q", got)
	}
	many := Input{Many: true, Limit: 10}
	many.Insert("a\nbb\nccc\ndddd")
	if got := many.Text(); got != "a\nbb\nccc\n" {
		t.Errorf("got %q", got)
	}
	many.Key("up", "")
	many.Key("up", "")
	many.Key("!", "!")
	if lines, x, y := many.ViewMany(5, 2); len(lines) != 2 || x < 0 || y > 1 {
		t.Errorf("drew %q, %d, %d", lines, x, y)
	}
	long := NewInput(strings.Repeat("例", 50))
	if s, x := long.View(10); Width(s) > 10 || x > 9 {
		t.Errorf("drew %q, cursor at %d", s, x)
	}
}

func TestInputTellsWhatItCutsOff(t *testing.T) {
	in := Input{Many: true, Limit: 12}
	in.Insert("one.org\ntwo.org")
	if in.Text() != "one.org\n" || !in.Cut {
		t.Errorf("holds %q, cut %v", in.Text(), in.Cut)
	}
	in.Set("one.org")
	if in.Cut {
		t.Error("still cut after a text that fits")
	}
}

func TestSparkAndGauge(t *testing.T) {
	th := NewTheme("dark", true, true)
	if got := Spark(th, []float64{0, 1, 2, 4, -1, 8}, 6); len(got) != 6 || got[0] != '_' || got[4] != ' ' || got[5] != '#' {
		t.Errorf("drew %q", got)
	}
	if got := Gauge(th, 0.5, 4); got != "##::" {
		t.Errorf("drew %q", got)
	}
}

func TestAmountsAreNotTornFromTheirCurrency(t *testing.T) {
	got := strings.Join(Wrap("about to order, at most 24.99 USD. For 3 NEW names", 27), "|")
	if want := "about to order, at most|24.99 USD. For 3 NEW names"; got != want {
		t.Errorf("wrapped to %q, want %q", got, want)
	}
}
