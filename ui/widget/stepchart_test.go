package widget

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestStepChart(t *testing.T) {
	theme := NewTheme("dark", true, false)
	var steps []ChartStep
	for i, v := range []float64{10000, 5000, 1500, 500, 100, 0} {
		steps = append(steps, ChartStep{Label: "day " + string(rune('1'+i)), Text: "x", Value: v, Met: v <= 500})
	}
	for w := range 120 {
		for h := range 8 {
			lines := StepChart(theme, steps, 2, w, h)
			if len(lines) > h || w > 0 && h > 0 && len(lines) != min(h, len(steps)) {
				t.Fatalf("%d lines at %dx%d", len(lines), w, h)
			}
			for _, l := range lines {
				if n := ansi.StringWidth(l); n > w {
					t.Fatalf("%d wide at %dx%d: %q", n, w, h, l)
				}
			}
			if w > 20 && h > 0 && !strings.Contains(ansi.Strip(strings.Join(lines, "\n")), "▸ day 3") {
				t.Fatalf("the step that holds is out of sight at %dx%d:\n%s", w, h, strings.Join(lines, "\n"))
			}
		}
	}
	if StepChart(theme, nil, -1, 80, 5) != nil {
		t.Error("a chart of nothing")
	}
	wide := StepChart(theme, steps, -1, 80, 6)
	for i := 1; i < 5; i++ {
		if strings.Count(wide[i], "█") >= strings.Count(wide[i-1], "█") {
			t.Errorf("the bar does not fall: %q, %q", wide[i-1], wide[i])
		}
	}
}
