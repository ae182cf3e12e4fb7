package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
)

// View draws the screen that is seen, and the overlays over it.
func (r *root) View() tea.View {
	lines, x, y := r.draw()
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	v.WindowTitle = "lapse"
	if r.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if x >= 0 {
		v.Cursor = tea.NewCursor(x, y)
	}
	return v
}

// draw returns exactly r.h lines of at most r.w cells, and the cursor.
func (r *root) draw() (lines []string, x, y int) {
	w, h := r.w, r.h
	x = -1
	if w < 1 || h < 1 {
		return nil, -1, 0
	}
	lines = make([]string, 0, h)
	if h >= 3 {
		lines = append(lines, r.header(w))
	}
	status := h >= 14
	below := 1
	if status {
		below = 2
	}
	if h < 2 {
		below = 0
	}
	s := r.screens[r.at]
	r.top = len(lines)
	room := h - len(lines) - below
	if room > 0 {
		body := s.view(w, room)
		if len(body) > room {
			body = body[:room]
		}
		lines = append(lines, body...)
		for len(lines) < h-below {
			lines = append(lines, "")
		}
	}
	if cx, cy, on := s.cursor(); on && len(r.overlays) == 0 {
		x, y = cx, cy+r.top
	}
	toast := r.toasts.text()
	if status {
		lines = append(lines, r.statusLine(w, toast))
		toast = ""
	}
	if below > 0 {
		if toast != "" {
			lines = append(lines, r.toastLine(w, toast))
			r.hints = nil
		} else {
			lines = append(lines, r.footer(w))
		}
	}
	if n := len(r.overlays); n > 0 { // the one on top is the one that is fed
		lines, x, y = r.lay(lines, r.overlays[n-1])
	}
	return lines, x, y
}

// lay draws one overlay over the page: as a box where there is room for one,
// over everything where there is not.
func (r *root) lay(page []string, o overlay) ([]string, int, int) {
	w, h := r.w, r.h
	bw := min(w, max(64, min(w*3/4, 90)))
	if _, ok := o.(*menu); ok {
		bw = min(w, max(76, min(w*3/4, 120)))
	}
	if w < 68 {
		bw = w
	}
	inner := max(bw-4, 1)
	maxH := h - 2
	if h >= 20 {
		maxH = h - 6
	}
	title, in, x, y := o.view(r, inner, max(maxH, 1))
	if len(in) > maxH {
		in = in[:max(maxH, 0)]
	}
	var box []string
	if maxH < 1 {
		box = in
	} else {
		box = widget.Box(r.theme, title, in, bw)
	}
	px, py := (w-bw)/2, max((h-len(box))/2, 0)
	r.boxX, r.boxY, r.boxW, r.boxH = px, py, bw, len(box)
	if x >= 0 {
		x, y = px+2+x, py+1+y
	}
	if bw < w { // what is asked stands out from what lies behind
		page = widget.Faded(r.theme, page)
	}
	return widget.Overlay(page, box, px, py), x, y
}

// header says where one is, what time it is, and whether this process acts.
func (r *root) header(w int) string {
	t := r.theme
	state, style := r.acting()
	title := strings.ToUpper(r.at.String())
	if r.at == onName {
		title = "NAME " + r.nameText(r.name.of, max(w-30, 14))
	}
	l := widget.NewLine(w, t)
	l.Skip(1)
	lead := "lapse "
	if w < 60 {
		lead = ""
	}
	room := w - 2 - len(lead) - widget.Width(state)
	l.Put(t.Title, lead+widget.Fit(title, room, t.Glyph.Dots))
	mid := w - l.Len() - widget.Width(state) - 4
	clock := ""
	for _, c := range r.clock(r.now()) {
		if widget.Width(c) <= mid {
			clock = c
			break
		}
	}
	if clock != "" { // it stands at one place on every screen
		end := w - max(widget.Width(state), len("VIEWING")) - 4
		l.To(max(l.Len()+2, end-widget.Width(clock))).Put("", clock)
	}
	return l.Right(style, state).String()
}

// acting is the word in the corner: whether orders and looks go out from here.
func (r *root) acting() (string, widget.Style) {
	t := r.theme
	switch {
	case r.status.Lease.Halted:
		return "HALTED", t.Halt
	case r.status.Acting:
		return "ACTING", t.Strong
	case r.status.Watches == nil:
		return "", ""
	case !r.status.Lease.Held:
		return "NOBODY ACTS", t.Bad
	}
	return "VIEWING", t.Warn
}

// statusLine tells what was asked and what comes next, or a toast.
func (r *root) statusLine(w int, toast string) string {
	if toast != "" {
		return r.toastLine(w, toast)
	}
	var before, after []string
	if r.status.Lease.Halted {
		by := r.status.Lease.HaltBy
		if by == "" {
			by = "somebody"
		}
		before = append(before, "halted by "+by+": nothing is asked or ordered; "+r.keys.key("halt")+" lets it act again")
	} else if !r.status.Acting && r.status.Lease.Held {
		after = append(after, r.status.Lease.Holder+" acts")
	}
	if s := r.waiting(); s != "" {
		after = append(after, s)
	}
	ways := []string{""}
	if s, ok := r.screens[r.at].(interface{ status() []string }); ok {
		ways = s.status()
	}
	// Whole parts only: the last one leaves first.
	var parts []string
	fits := func() bool { return widget.Width(widget.Safe(strings.Join(parts, "; "))) < w }
	for _, way := range ways {
		parts = slices.Clone(before)
		if way != "" {
			parts = append(parts, way)
		}
		if parts = append(parts, after...); fits() {
			break
		}
	}
	for len(parts) > 1 && !fits() {
		parts = parts[:len(parts)-1]
	}
	return widget.NewLine(w, r.theme).Skip(1).Put(r.theme.Dim, strings.Join(parts, "; ")).String()
}

// waiting says which hosts' budgets hold names back.
func (a *app) waiting() string {
	n := map[string]int{}
	top := ""
	for i := range a.queue {
		if q := &a.queue[i]; q.Short && len(q.Hosts) > 0 {
			h := q.Hosts[0]
			if n[h]++; top == "" || n[h] > n[top] || (n[h] == n[top] && h < top) {
				top = h
			}
		}
	}
	switch n[top] {
	case 0:
		return ""
	case 1:
		return "1 name waits for " + top
	}
	return fmt.Sprintf("%d names wait for %s", n[top], top)
}

func (r *root) toastLine(w int, toast string) string {
	style := r.theme.Toast
	if r.toasts.bad() {
		style = r.theme.Bad
	}
	l := widget.NewLine(w, r.theme).Skip(1)
	mark := ""
	if r.toasts.bad() {
		mark = "! "
	}
	for _, text := range widget.WrapMax(mark+toast, max(w-2, 4), 1, r.theme.Glyph.Dots) { // the whole of it is in the Log
		l.Put(style, text)
	}
	return l.String()
}

// footer shows the keys of this screen, whole ones only.
func (r *root) footer(w int) string {
	t := r.theme
	l := widget.NewLine(w, t)
	r.hints = r.hints[:0]
	l.Skip(1)
	// Help never leaves: it is what shows the others.
	help := r.keys.action("help")
	tail := 0
	if k := r.keys.key("help"); k != "" {
		tail = widget.Width(keyText(k)) + 1 + len(help.label) + 2
	}
	put := func(a *action) bool {
		k := keyText(r.keys.key(a.id))
		n := widget.Width(k) + 1 + widget.Width(a.label)
		keep := tail
		if a == help {
			keep = 0
		}
		if n > l.Room()-keep {
			return false
		}
		from := l.Len()
		label := t.Style(a.why(r) == "")
		l.Put(t.Key, k).Skip(1).Put(label, a.label)
		r.hints = append(r.hints, hint{from, l.Len(), a})
		l.Skip(2)
		return true
	}
	empty := r.at&onRows != 0 && r.screens[r.at].names() == nil // what needs a name is no help there
	for _, a := range r.keys.footer(r.at) {
		if a != help && (!empty || a.why(r) == "") {
			put(a)
		}
	}
	put(help)
	return l.String()
}

// keyText is a key as a person reads it.
func keyText(k string) string {
	switch k {
	case "pgup":
		return "PgUp"
	case "pgdown":
		return "PgDn"
	}
	return k
}
