package ui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
)

// grace is how long the keyboard must have been quiet before a dialog that
// opened by itself takes a key, so that a keystroke in flight cannot answer
// it.
const grace = 425 * time.Millisecond

// confirm asks before something that cannot be taken back. Cancel is where the
// cursor stands, and what esc and a disconnect mean.
type confirm struct {
	title string
	text  []string // paragraphs; the first one is the question
	yes   string
	no    string
	top   int    // the first line that is seen, where not all fit
	more  bool   // there is more below
	must  string // has to be typed before yes can be chosen
	in    widget.Input
	onYes bool
	// quietTill holds keys off until the keyboard has been quiet; zero takes
	// them at once.
	quietTill time.Time
	run       func(r *root) tea.Cmd

	buttonY, noX, yesX, endX int
}

// newConfirm returns a dialog. byItself says that no key of the person opened
// it this very moment.
func newConfirm(r *root, title string, text []string, yes string, byItself bool, run func(*root) tea.Cmd) *confirm {
	c := &confirm{title: title, text: text, yes: yes, no: "Cancel", run: run}
	if byItself {
		c.quietTill = r.now().Add(grace)
	}
	return c
}

func (c *confirm) ticks(time.Time) time.Time { return c.quietTill }

func (c *confirm) deaf(now time.Time) bool { return now.Before(c.quietTill) }

func (c *confirm) update(r *root, msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		if c.deaf(r.now()) {
			c.quietTill = r.now().Add(grace)
			return nil, false
		}
		if c.must != "" && !c.onYes {
			c.in.Insert(strings.TrimSpace(msg.Content))
		}
	case tea.KeyPressMsg:
		now := r.now()
		name := msg.String()
		if name == "esc" { // the safe way out is always open
			return nil, true
		}
		if c.deaf(now) {
			c.quietTill = now.Add(grace)
			return nil, false
		}
		switch name {
		case "down", "pgdown":
			if c.more {
				c.top++
			}
		case "up", "pgup":
			c.top = max(c.top-1, 0)
		case "left", "right", "tab", "shift+tab":
			c.onYes = !c.onYes
		case "enter":
			switch {
			case !c.onYes && c.must != "" && c.typed():
				c.onYes = true // typed in full: the next enter is the answer
			case !c.onYes:
				return nil, true
			case !c.typed():
				c.onYes = false
			default:
				return c.run(r), true
			}
		default:
			if c.must != "" {
				c.onYes = false
				c.in.Key(name, msg.Text)
			}
		}
	}
	return nil, false
}

func (c *confirm) typed() bool { return c.must == "" || strings.TrimSpace(c.in.Text()) == c.must }

func (c *confirm) click(r *root, x, y int) (tea.Cmd, bool) {
	if y != c.buttonY || c.deaf(r.now()) {
		return nil, false
	}
	switch {
	case x >= c.noX && x < c.yesX-2:
		return nil, true
	case x >= c.yesX && x < c.endX && c.typed():
		if c.onYes { // a first click chooses, a second one answers
			return c.run(r), true
		}
		c.onYes = true
	}
	return nil, false
}

func (c *confirm) view(r *root, w, h int) (string, []string, int, int) {
	t := r.theme
	var out []string
	x, y := -1, 0
	tail := 1
	if c.must != "" {
		tail = 3
	}
	for i, p := range c.text {
		style := widget.Style("")
		if i == 0 {
			style = t.Strong
		}
		for _, l := range widget.Wrap(p, w) {
			out = append(out, widget.NewLine(w, t).Put(style, l).String())
		}
		if i == 0 && len(c.text) > 1 && h > len(c.text)+tail+4 {
			out = append(out, "")
		}
	}
	// The buttons are always seen: the text gives way.
	c.more = false
	if room := max(h-tail, 1); len(out) > room {
		c.top = max(0, min(c.top, len(out)-room+1))
		out = out[c.top:]
		if len(out) > room {
			c.more = true
			out = append(out[:room-1:room-1], widget.NewLine(w, t).Put(t.Warn, "down: there is more to read").String())
		}
	}
	if c.must != "" {
		out = append(out, widget.NewLine(w, t).Put("", "Type "+c.must+" to go on:").String())
		text, cx := c.in.View(w - 2)
		if !c.onYes {
			x, y = 2+cx, len(out)
		}
		out = append(out, widget.NewLine(w, t).Put(t.Key, "> ").Put("", text).String())
	}
	if len(out)+1 < h {
		out = append(out, "")
	}
	c.buttonY = len(out)
	l := widget.NewLine(w, t)
	button := func(text string, on, can bool) {
		switch {
		case on:
			l.Put(t.Cursor, "[ "+text+" ]")
		case !can:
			l.Put(t.Dim, "  "+text+"  ")
		default:
			l.Put("", "  "+text+"  ")
		}
	}
	one := widget.Width(c.no)+widget.Width(c.yes)+10 > w // no room for both: the one that enter means
	if !one || !c.onYes {
		c.noX = l.Len()
		button(c.no, !c.onYes, true)
		l.Skip(2)
	}
	c.yesX = l.Len()
	if !one || c.onYes {
		button(c.yes, c.onYes, c.typed())
	}
	c.endX = l.Len()
	if one {
		l.Right(t.Key, "tab")
	}
	if c.deaf(r.now()) {
		l.Right(t.Dim, "keys count in a moment")
	}
	return c.title, append(out, l.String()), x, y
}

// menu is a list to choose from, narrowed by typing. Help and the palette are
// menus too.
type menu struct {
	title  string
	items  []menuItem
	in     widget.Input
	still  bool // nothing to choose: what is typed narrows it all the same, but nobody is asked to
	empty  string
	list   cursorList
	found  []int
	lastIn string
	first  bool
	rowY   int
}

type menuItem struct {
	key, label, help, off string // off: why it cannot be chosen
	head                  bool   // a title between items
	run                   func(r *root) tea.Cmd
}

func (m *menu) narrow() {
	text := strings.ToLower(strings.TrimSpace(m.in.Text()))
	if m.first && text == m.lastIn {
		return
	}
	m.first, m.lastIn = true, text
	m.found = m.found[:0]
	if text == "" {
		for i := range m.items {
			m.found = append(m.found, i)
		}
	} else {
		m.found = fuzzyItems(text, m.items)
	}
	m.list = cursorList{}
	m.skip(1)
}

// skip leaves titles: the cursor never stands on one.
func (m *menu) skip(d int) {
	for m.list.at < len(m.found) && m.list.at >= 0 && m.items[m.found[m.list.at]].head {
		m.list.at += d
	}
	if m.list.at < 0 {
		m.list.at = 0
		m.skip(1)
	}
}

func (m *menu) update(r *root, msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		m.in.Insert(msg.Content)
	case tea.KeyPressMsg:
		switch name := msg.String(); name {
		case "esc":
			return nil, true
		case "up", "ctrl+p":
			m.list.move(-1, false)
			m.skip(-1)
		case "down", "ctrl+n":
			m.list.move(1, false)
			m.skip(1)
		case "pgup":
			m.list.move(-1, true)
			m.skip(-1)
		case "pgdown":
			m.list.move(1, true)
			m.skip(1)
		case "enter":
			return m.choose(r)
		default:
			m.in.Key(name, msg.Text)
			m.narrow()
		}
	}
	return nil, false
}

func (m *menu) choose(r *root) (tea.Cmd, bool) {
	m.narrow()
	if m.list.at >= len(m.found) {
		return nil, false
	}
	it := &m.items[m.found[m.list.at]]
	if it.off != "" {
		r.toasts.say(r.now(), it.label+": "+it.off, true)
		return nil, true
	}
	if it.run == nil {
		return nil, false
	}
	r.drop(m)
	return it.run(r), true
}

func (m *menu) click(r *root, _, y int) (tea.Cmd, bool) {
	i := m.list.top + y - m.rowY
	if y < m.rowY || i >= len(m.found) || m.items[m.found[i]].head {
		return nil, false
	}
	if i == m.list.at {
		return m.choose(r)
	}
	m.list.at = i
	return nil, false
}

func (m *menu) view(r *root, w, h int) (string, []string, int, int) {
	t := r.theme
	m.narrow()
	text, cx := m.in.View(w - 2)
	var out []string
	if asks := !m.still || text != ""; asks {
		out = append(out, widget.NewLine(w, t).Put(t.Key, "> ").Put("", text).String())
		cx += 2
	} else {
		cx = -1
	}
	m.rowY = len(out)
	keyW := 0
	for i := range m.items {
		keyW = max(keyW, widget.Width(m.items[i].key))
	}
	keyW = min(keyW, w/3)
	helps := slices.ContainsFunc(m.items, func(it menuItem) bool { return it.help != "" || it.off != "" })
	beside := w >= 60 || !helps // room for help beside every line
	below := 0                  // lines for the help of the line under the cursor, in full
	switch {
	case !helps:
	case h >= 10:
		below = 3
	case h >= 5 && !beside:
		below = 2
	}
	m.list.size(len(m.found), max(h-m.rowY-below, 1))
	labelW := 0
	for i := range m.items {
		labelW = max(labelW, widget.Width(widget.Safe(m.items[i].label)))
	}
	if helps {
		labelW = min(labelW, max(w/3, 12))
	}
	for i := m.list.top; i < min(m.list.top+m.list.h, len(m.found)); i++ {
		it := &m.items[m.found[i]]
		l := widget.NewLine(w, t)
		if it.head {
			out = append(out, l.Put(t.Head, it.label).String())
			continue
		}
		style := t.Style(it.off == "")
		if i == m.list.at {
			l.Glyph(t.Key, t.Glyph.Cursor, 1)
			style = t.Cursor
		}
		l.To(2)
		if keyW > 0 {
			l.Cell(t.Key, it.key, keyW, false).Skip(2)
		}
		if !beside {
			out = append(out, l.Put(style, it.label).String())
			continue
		}
		l.Cell(style, it.label, min(labelW, l.Room()), false).Skip(2)
		help := it.help
		if it.off != "" {
			help = "not now: " + it.off
		}
		out = append(out, l.Put(t.Dim, help).String())
	}
	if len(m.found) == 0 {
		out = append(out, widget.NewLine(w, t).Put(t.Dim, m.none()).String())
	}
	if below > 0 && m.list.at < len(m.found) {
		it := &m.items[m.found[m.list.at]]
		for len(out) < m.list.h+m.rowY && len(m.items) > m.list.h {
			out = append(out, "")
		}
		if below > 2 {
			out = append(out, "")
		}
		text := it.help
		if it.off != "" {
			text = "Not now: " + it.off + ". " + text
		}
		for _, line := range widget.WrapMax(text, w, 2, t.Glyph.Dots) {
			out = append(out, widget.NewLine(w, t).Put("", line).String())
		}
	}
	return m.title, out, cx, 0
}

func (m *menu) none() string {
	if m.empty != "" && m.in.Text() == "" {
		return m.empty
	}
	return "nothing matches"
}
