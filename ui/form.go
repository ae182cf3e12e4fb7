package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
)

// field is one line of a form: a text, or one of several choices.
type field struct {
	id, label string
	help      string
	hint      string // behind a choice: what it is about
	in        widget.Input
	choices   []string // not empty: a choice, not a text
	at        int
	hidden    bool
	blank     string // what stands where nothing is answered; empty: a dash
}

func (f *field) value() string {
	if len(f.choices) > 0 {
		return f.choices[f.at]
	}
	return strings.TrimSpace(f.in.Text())
}

// form is a dialog of fields. enter goes on to the next one and hands the form
// in from the last; ctrl+s hands it in from anywhere.
type form struct {
	title  string
	lead   []string
	fields []*field
	at     int
	err    string
	busy   string
	done   string // what the last line does
	submit func(r *root, f *form) (tea.Cmd, bool)
	took   func(r *root, f *form, msg tea.Msg) (tea.Cmd, bool)
	// changed is called after every key in a field; nil: nobody asks.
	changed func(f *form)
	top     int
	rowY    []int
}

func (f *form) get(id string) string {
	for _, fl := range f.fields {
		if fl.id == id {
			return fl.value()
		}
	}
	return ""
}

func (f *form) field(id string) *field {
	for _, fl := range f.fields {
		if fl.id == id {
			return fl
		}
	}
	return nil
}

func (f *form) focus(id string) *form {
	for i, fl := range f.fields {
		if fl.id == id {
			f.at = i
		}
	}
	return f
}

// step goes to the next field that is shown; len(fields) is the button.
func (f *form) step(d int) {
	n := len(f.fields) + 1
	for range n {
		f.at = (f.at + d + n) % n
		if f.at == len(f.fields) || !f.fields[f.at].hidden {
			return
		}
	}
}

func (f *form) update(r *root, msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		if f.at < len(f.fields) && len(f.fields[f.at].choices) == 0 {
			f.fields[f.at].in.Insert(msg.Content)
		}
	case tea.KeyPressMsg:
		name := msg.String()
		switch name {
		case "esc":
			return nil, true
		case "ctrl+s":
			return f.hand(r)
		case "tab", "down":
			f.step(1)
			return nil, false
		case "shift+tab", "up":
			f.step(-1)
			return nil, false
		case "enter":
			if f.at == len(f.fields) {
				return f.hand(r)
			}
			f.step(1)
			return nil, false
		}
		if f.at == len(f.fields) {
			return nil, false
		}
		fl := f.fields[f.at]
		if n := len(fl.choices); n > 0 {
			switch name {
			case "left", "h":
				fl.at = (fl.at + n - 1) % n
			case "right", "l", "space":
				fl.at = (fl.at + 1) % n
			}
		} else {
			fl.in.Key(name, msg.Text)
		}
		if f.changed != nil {
			f.changed(f)
		}
	default:
		if f.took != nil {
			return f.took(r, f, msg)
		}
	}
	return nil, false
}

func (f *form) hand(r *root) (tea.Cmd, bool) {
	if f.busy != "" {
		return nil, false
	}
	f.err = ""
	return f.submit(r, f)
}

func (f *form) click(r *root, _, y int) (tea.Cmd, bool) {
	for i, at := range f.rowY {
		if at == y {
			if i == len(f.fields) {
				return f.hand(r)
			}
			if f.at == i && len(f.fields[i].choices) > 0 {
				f.fields[i].at = (f.fields[i].at + 1) % len(f.fields[i].choices)
			}
			f.at = i
		}
	}
	return nil, false
}

func (f *form) view(r *root, w, h int) (string, []string, int, int) {
	t := r.theme
	labelW := 0
	for _, fl := range f.fields {
		if !fl.hidden {
			labelW = max(labelW, widget.Width(fl.label))
		}
	}
	labelW = min(labelW, max(w/3, 16))
	var rows []string
	at := 0
	cx, cy := -1, 0
	f.rowY = make([]int, len(f.fields)+1)
	for i, fl := range f.fields {
		f.rowY[i] = -1
		if fl.hidden {
			continue
		}
		l := widget.NewLine(w, t)
		if i == f.at {
			l.Glyph(t.Key, t.Glyph.Cursor, 1)
			at = len(rows)
		}
		l.To(2)
		style := t.Dim
		if i == f.at {
			style = t.Strong
		}
		l.Cell(style, fl.label, labelW, false).Skip(2)
		x := l.Len()
		if len(fl.choices) > 0 {
			text := fl.value()
			if i == f.at {
				l.Put(t.Cursor, "< "+text+" >")
			} else if text == fl.blank {
				l.Put(t.Warn, text)
			} else {
				l.Put("", text)
			}
			if fl.hint != "" && l.Room() >= 16 {
				l.To(max(l.Len()+2, x+16)).Put(t.Dim, widget.Fit(widget.Safe(fl.hint), l.Room(), t.Glyph.Dots))
			}
		} else {
			text, at := fl.in.View(max(w-x, 2))
			if i == f.at {
				cx, cy = x+at, len(rows)
			} else { // what is not typed in shows its beginning
				text = widget.Fit(widget.Safe(fl.in.Text()), max(w-x, 2), t.Glyph.Dots)
			}
			if text == "" && i != f.at {
				if fl.blank != "" {
					l.Put(t.Warn, fl.blank)
				} else {
					l.Put(t.Dim, "-")
				}
			}
			l.Put("", text)
		}
		f.rowY[i] = len(rows)
		rows = append(rows, l.String())
	}
	l := widget.NewLine(w, t).To(2)
	if f.at == len(f.fields) {
		at = len(rows) + 1
		l.Put(t.Cursor, "[ "+f.done+" ]")
	} else {
		l.Put("", "  "+f.done)
	}
	f.rowY[len(f.fields)] = len(rows) + 1
	rows = append(rows, "", l.String())

	var below []string
	style := t.Dim
	text := ""
	if f.at < len(f.fields) {
		text = f.fields[f.at].help
	}
	if f.busy != "" {
		text = f.busy + " ..."
	}
	if f.err != "" {
		text, style = f.err, t.Bad
	}
	if text != "" {
		for _, line := range widget.WrapMax(text, w, max(h/3, 1), t.Glyph.Dots) {
			below = append(below, widget.NewLine(w, t).Put(style, line).String())
		}
	}
	var above []string
	for _, p := range f.lead {
		for _, line := range widget.Wrap(p, w) {
			above = append(above, widget.NewLine(w, t).Put("", line).String())
		}
	}
	if len(above) > 0 {
		above = append(above, "")
	}
	if len(above)+len(rows)+len(below)+1 > h {
		if above = nil; h >= 8 && len(f.lead) > 0 { // what it is about stays, as far as it goes
			for _, line := range widget.WrapMax(f.lead[0], w, 2, t.Glyph.Dots) {
				above = append(above, widget.NewLine(w, t).Put("", line).String())
			}
		}
	}
	room := max(h-len(above)-len(below), 1)
	if len(rows) > room { // scroll so that the field in hand is seen
		f.top = max(0, min(f.top, len(rows)-room))
		if at < f.top {
			f.top = at
		}
		if at >= f.top+room {
			f.top = at - room + 1
		}
		rows = rows[f.top : f.top+room]
	} else {
		f.top = 0
		if len(below) > 0 && len(above)+len(rows)+len(below) < h {
			below = append([]string{""}, below...)
		}
	}
	for i := range f.rowY {
		if f.rowY[i] >= 0 {
			f.rowY[i] += len(above) - f.top
		}
	}
	out := append(append(above, rows...), below...)
	if cx >= 0 {
		cy += len(above) - f.top
	}
	return f.title, out, cx, cy
}
