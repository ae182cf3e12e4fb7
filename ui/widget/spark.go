package widget

import "strings"

// Spark draws values as a sparkline, the last ones if there are more than w.
// A negative value is a gap.
func Spark(t *Theme, values []float64, w int) string {
	if len(values) > w {
		values = values[len(values)-w:]
	}
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	var b strings.Builder
	for _, v := range values {
		switch {
		case v < 0:
			b.WriteByte(' ')
		case top == 0:
			b.WriteString(t.Glyph.Spark[0])
		default:
			i := int(v / top * float64(len(t.Glyph.Spark)-1))
			b.WriteString(t.Glyph.Spark[max(0, min(i, len(t.Glyph.Spark)-1))])
		}
	}
	return b.String()
}

// Gauge draws how full something is, from 0 to 1, in w cells.
func Gauge(t *Theme, part float64, w int) string {
	part = max(0, min(part, 1))
	n := int(part*float64(w) + 0.5)
	return strings.Repeat(t.Glyph.Full, n) + strings.Repeat(t.Glyph.Light, w-n)
}
