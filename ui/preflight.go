package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

// preflight is what was found of all that catching a name will need.
type preflight struct {
	name  watch.Name
	at    time.Time
	lines []watch.PreflightLine
}

// startPreflight looks at what catching the open name will need.
func (r *root) startPreflight() tea.Cmd {
	n, core, now := r.name.of, r.core, r.now
	r.toasts.busy("looking at what " + n.Unicode() + " needs")
	return r.ask(func(ctx context.Context) tea.Msg {
		lines, err := core.Preflight(ctx, watch.PreflightSpec{Name: n})
		p := &preflight{n, now(), lines}
		return doneMsg{err: err, then: func(r *root) tea.Cmd { return r.preflown(p) }}
	})
}

// preflown shows every line of a preflight, and keeps it for the overview. Over
// a dialog that has been opened since it comes as a toast.
func (r *root) preflown(p *preflight) tea.Cmd {
	if r.name.of == p.name {
		r.name.ready, r.name.key = p, nameKey{}
	}
	if len(r.overlays) > 0 {
		r.toasts.say(r.now(), "preflight of "+p.name.Unicode()+": "+p.text(), p.fails())
		return nil
	}
	m := &menu{title: "Preflight: " + p.name.Unicode(), empty: "nothing to look at", still: true}
	for _, l := range p.lines {
		m.items = append(m.items, menuItem{
			key: lightMark(r.theme, l.Light), label: l.Route + " " + l.What, help: l.Words,
			run: func(*root) tea.Cmd { return nil },
		})
	}
	r.push(m)
	return nil
}

func lightMark(t *widget.Theme, l catch.Light) string {
	switch l {
	case catch.Green:
		return t.Glyph.Yes
	case catch.Yellow:
		return "~"
	}
	return t.Glyph.No
}

// readyText is when a preflight was made and what it found. Empty where nothing
// has been ordered that needs one.
func (s *nameScreen) readyText(now time.Time) string {
	if s.ready == nil {
		if k := s.keys.key("preflight"); holding(s.d.Orders) > 0 && !ours(&s.d.Row) && k != "" {
			return "not looked at: " + k + " tests accounts, contacts, balance and clock"
		}
		return ""
	}
	return hm(s.ready.at, now) + " " + s.ready.text()
}

// text is the preflight in a line: what will fail before what may, or how much
// is in order.
func (p *preflight) text() string {
	var bad, doubtful []string
	green := 0
	for _, l := range p.lines {
		text := l.Route + " " + l.What + ": " + l.Words
		switch l.Light {
		case catch.Green:
			green++
		case catch.Yellow:
			doubtful = append(doubtful, text)
		default:
			bad = append(bad, text)
		}
	}
	parts := append(bad, doubtful...)
	if len(parts) == 0 {
		parts = []string{"all " + plural(green, "line") + " of the preflight in order"}
	}
	return strings.Join(parts, "; ")
}

// fails reports whether something that was looked at will fail.
func (p *preflight) fails() bool {
	return slices.ContainsFunc(p.lines, func(l watch.PreflightLine) bool { return l.Light == catch.Red })
}

func (s *nameScreen) readyStyle() widget.Style {
	switch {
	case s.ready == nil:
		return s.theme.Dim
	case s.ready.fails():
		return s.theme.Bad
	}
	return ""
}
