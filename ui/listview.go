package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

// prefix is the room for cursor and mark at the left of a row.
const prefix = 3

var listColumns = []widget.Column{
	{ID: "by", Title: "YOU, BY", Min: 8, Want: 16, Max: 16, Prio: 1},
	{ID: "name", Title: "NAME", Min: 14, Want: 15, Max: 44, Prio: 0},
	{ID: "stage", Title: "STAGE", Min: 8, Want: 11, Max: 16, Prio: 2},
	{ID: "drops", Title: "DROPS (UTC)", Min: 12, Want: 19, Max: 24, Prio: 3},
	{ID: "route", Title: "ROUTE", Min: 5, Want: 5, Max: 10, Prio: 5},
	{ID: "cap", Title: "CAP", Min: 5, Want: 5, Max: 10, Prio: 4, Right: true},
	{ID: "expires", Title: "EXPIRES", Min: 11, Want: 11, Max: 11, Prio: 6, Extra: true},
	{ID: "tags", Title: "TAGS", Min: 8, Want: 14, Max: 24, Prio: 7, Extra: true},
	{ID: "registrar", Title: "REGISTRAR", Min: 12, Want: 18, Max: 28, Prio: 8, Extra: true},
	{ID: "looked", Title: "ASKED", Min: 7, Want: 9, Max: 9, Prio: 9, Extra: true},
	{ID: "note", Title: "NOTE", Min: 12, Want: 24, Max: 60, Prio: 10, Extra: true},
}

// columnsFor gives names the room that they need: on a wide screen before
// other columns come, on a common one at the cost of the routes, where the
// longest that was seen needs more than the usual.
func columnsFor(w, longest int) []widget.Column {
	cols := slices.Clone(listColumns)
	for i := range cols {
		c := &cols[i]
		switch {
		case w >= 100 && c.ID == "name":
			c.Want = 26
		case w >= 100 && c.ID == "cap":
			c.Want = 9
		case w >= 70 && w < 100 && longest > c.Want && c.ID == "name":
			c.Want, c.Min = min(longest, 20), min(longest, 20)
		case w >= 70 && w < 100 && (c.ID == "by" || c.ID == "stage" || c.ID == "drops"):
			c.Min = c.Want // they stay what they are
		}
	}
	return cols
}

// longest is how much room the longest name has needed that was seen under the
// present question, in steps, so that scrolling moves no columns to and fro.
func (s *listScreen) longest() int {
	for i := s.top; i < s.top+s.rows; i++ {
		r := s.row(i)
		if r == nil || len(r.Name) <= s.nameW {
			continue
		}
		if n := widget.Width(s.nameText(r.Name, 20)); n > s.nameW {
			s.nameW = n
		}
	}
	return s.nameW
}

// listLayout says which parts of the list a height has room for.
type listLayout struct {
	counts, head, rules bool
	foot, rows          int
}

func layoutList(h int) listLayout {
	l := listLayout{counts: h >= 11, head: h >= 5, rules: h >= 17}
	switch {
	case h >= 30:
		l.foot = 4
	case h >= 17:
		l.foot = 3
	case h >= 8:
		l.foot = 2
	case h >= 6:
		l.foot = 1
	}
	l.rows = h - l.foot
	if l.counts {
		l.rows--
	}
	if l.head {
		l.rows--
	}
	if l.rules {
		l.rows -= 2
	}
	l.rows = max(l.rows, 1)
	return l
}

func (s *listScreen) view(w, h int) []string {
	t := s.theme
	lay := layoutList(h)
	counts := lay.counts
	if !counts && (s.filter != nil || s.text != "" || len(s.marked) > 0) && lay.rows > 1 {
		counts = true // what is typed, or what hides rows, must be seen
		lay.rows--
	}
	s.padded = 0
	pane := 0
	if w >= 150 && s.total > 0 {
		pane = min(w/3, 77)
	}
	tw := w
	if pane > 0 {
		tw = w - pane - 2
	}
	before := s.nameW
	if s.rows != lay.rows || s.width != tw || s.looks != s.app.looks || s.longest() != before {
		s.rows, s.width, s.looks = lay.rows, tw, s.app.looks
		s.cols = widget.Place(columnsFor(tw, s.longest()), tw-prefix-1, 1)
		s.cells = map[cellKey]string{}
		s.settleCursor()
	}
	out := make([]string, 0, h)
	if counts {
		out = append(out, s.counts(w))
	}
	if lay.rules {
		out = append(out, widget.Rule(t, w))
	}
	from := len(out)
	if lay.head && s.total > 0 {
		out = append(out, s.head(tw))
	}
	s.headY = len(out)
	switch {
	case s.err != nil && !s.loaded:
		out = append(out, s.empty(w, "The list cannot be read: "+s.err.Error()+"."))
	case !s.loaded:
		out = append(out, s.empty(w, "Reading the list"+t.Glyph.Dots))
	case s.total == 0:
		out = append(out, s.teach(w, lay.rows)...)
	default:
		out = s.drawRows(out, tw)
		s.padded = len(out) - from
	}
	for len(out) < from+lay.rows+b2i(lay.head) {
		out = append(out, "")
	}
	if pane > 0 {
		side := s.pane(pane, len(out)-from)
		bar := " " + t.Rule.On(t.Glyph.V)
		for i := range side {
			left := out[from+i]
			if i >= s.padded { // rows and their head are as wide as the table already
				left = widget.PadTo(left, tw)
			}
			out[from+i] = left + bar + side[i]
		}
	}
	if lay.rules {
		out = append(out, widget.Rule(t, w))
	}
	if lay.foot > 0 && s.total > 0 {
		out = append(out, s.footLines(w, lay.foot)...)
	}
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *listScreen) empty(w int, text string) string {
	return widget.NewLine(w, s.theme).Skip(1).Put(s.theme.Dim, text).String()
}

// teach is what an empty list says.
func (s *listScreen) teach(w, h int) []string {
	var out []string
	put := func(style widget.Style, text string) {
		for _, line := range widget.Wrap(text, max(w-4, 10)) {
			out = append(out, widget.NewLine(w, s.theme).Skip(2).Put(style, line).String())
		}
	}
	if s.text != "" || s.kind != "" {
		put("", "No name matches. "+s.keys.key("clear")+" shows all of them again.")
		return out
	}
	add := s.keys.key("add")
	put(s.theme.Strong, "No names yet. Press "+add+" to add some, or paste them here.")
	if h >= 8 {
		out = append(out, "")
		put("", "Add what you want, what you own and must not lose, or what will launch: one name a line, "+
			"or a page of text to take the names from.")
		out = append(out, "")
		put("", "lapse asks each registry when it may, says where every name stands and when it drops, "+
			"and puts on top what you must do next.")
		out = append(out, "")
		put(s.theme.Dim, "Nothing is ordered and nothing costs money until you say so, with a cap, name by name.")
		put(s.theme.Dim, "From a file, whoever wrote it: press "+s.keys.key("import")+". To try everything without money, on a registry of its own: lapse demo.")
	}
	if len(out) > h {
		out = out[:h]
	}
	return out
}

func (s *listScreen) head(w int) string {
	t := s.theme
	l := widget.NewLine(w, t).Skip(prefix)
	for _, c := range s.cols {
		l.To(prefix + c.X)
		title := c.Title
		if c.ID == "by" && c.W < 12 {
			title = "BY"
		}
		if sortBy[c.ID] != "" && sortBy[c.ID] == s.sort {
			title += "*"
		}
		l.Cell(t.Head, title, c.W, c.Right)
	}
	return l.To(w).String()
}

func (s *listScreen) drawRows(out []string, w int) []string {
	now := s.now()
	if len(s.cells) > 2000 {
		s.cells = map[cellKey]string{}
	}
	for i := s.top; i < s.top+s.rows && i < s.total; i++ {
		r := s.row(i)
		if r == nil {
			l := widget.NewLine(w, s.theme).Skip(prefix).Put(s.theme.Dim, s.theme.Glyph.Dots).To(w)
			out = append(out, l.String())
			continue
		}
		k := cellKey{
			name: r.Name, serial: s.pages[i/pageSize].serial, by: s.by(r, now), cursor: i == s.at, marked: s.marked[r.Name],
		}
		line, ok := s.cells[k]
		if !ok {
			line = s.drawRow(r, &k, w, now)
			s.cells[k] = line
		}
		out = append(out, line)
	}
	return out
}

// by is the person's deadline as the first column shows it. A row's urgency
// rises by itself, so it is part of the text.
func (s *listScreen) by(r *watch.Row, now time.Time) string {
	if r.Todo.Verb == watch.TodoNothing {
		return "-"
	}
	verb := string(r.Todo.Verb)
	if r.Todo.By.IsZero() {
		return verb
	}
	width := 16
	if i := slices.IndexFunc(s.cols, func(c widget.Placed) bool { return c.ID == "by" }); i >= 0 {
		width = s.cols[i].W
	}
	ways := until(r.Todo.By, now)
	if width < 12 { // the short way for all, so that the column stays one
		ways = ways[len(ways)-1:]
	}
	for _, when := range ways {
		if n := width - len(verb) - len(when); n >= 1 {
			return verb + strings.Repeat(" ", n) + when
		}
	}
	return widget.Fit(verb+" "+ways[0], width, s.theme.Glyph.Dots)
}

// shows reports whether a column has a place.
func (s *listScreen) shows(id string) bool {
	return slices.ContainsFunc(s.cols, func(c widget.Placed) bool { return c.ID == id })
}

func urgentNow(todo watch.Todo, now time.Time) bool {
	return todo.Urgent || (todo.Verb != "" && !todo.By.IsZero() && todo.By.Sub(now) < 2*time.Hour)
}

func (s *listScreen) drawRow(r *watch.Row, k *cellKey, w int, now time.Time) string {
	t := s.theme
	l := widget.NewLine(w, t)
	urgent := urgentNow(r.Todo, now)
	over := func(st widget.Style) widget.Style {
		if urgent { // one style for the whole row: colours in reverse video are noise
			return ""
		}
		return st
	}
	if k.cursor {
		l.Glyph(t.Key, t.Glyph.Cursor, 1)
	} else {
		l.Skip(1)
	}
	if urgent {
		l.Base(t.Urgent)
	}
	switch {
	case k.marked:
		l.Glyph(over(t.Mark), t.Glyph.Mark, 1)
	case urgent:
		l.Put("", "!")
	}
	for _, c := range s.cols {
		l.To(prefix + c.X)
		var text string
		var style widget.Style
		switch c.ID {
		case "by":
			text = k.by
			if r.Todo.Verb == "" {
				style = t.Dim
			}
		case "name":
			text = s.nameText(r.Name, c.W)
			if k.cursor {
				style = t.Cursor
				if urgent {
					style = t.Here
				}
				l.Cell(style, text, c.W, false)
				continue
			}
		case "stage":
			ways, st := s.stageText(r)
			text, style = pick(c.W, t.Glyph.Dots, ways...), st
		case "drops":
			ways, st := s.dropsText(r, now)
			if e := r.Verdict.Expires; r.Verdict.Window == nil && ways[0] == "-" && !e.IsZero() && !s.shows("expires") {
				ways = []string{"expires " + dayOf(e, now), "-"}
			}
			text, style = pick(c.W, t.Glyph.Dots, ways...), st
		case "route":
			text = pick(c.W, t.Glyph.Dots, routesText(r.Orders)...)
		case "cap":
			m := r.Cap
			if n, err := r.BidCap.Cmp(m); err == nil && n > 0 {
				m = r.BidCap
			}
			ways := s.amount(m)
			if c.W < 9 && len(ways) > 1 { // one way of writing down the whole column
				ways = ways[1:]
			}
			text, style = pick(c.W, t.Glyph.Dots, append(ways, t.Glyph.Dots)...), t.Strong // an amount is never cut
			if m.IsZero() {
				style = t.Dim
			}
		case "expires":
			text, style = dayOf(r.Verdict.Expires, now), t.Dim
		case "registrar":
			text, style = widget.Fit(r.Verdict.Registrar, c.W, t.Glyph.Dots), t.Dim
		case "tags":
			text, style = strings.Join(r.Tags, " "), t.Dim
		case "looked":
			text, style = "never", t.Dim
			if !r.LookedAt.IsZero() {
				text = hm(r.LookedAt, now)
			}
			if widget.Width(text) > c.W {
				text = r.LookedAt.UTC().Format("2 Jan")
			}
		case "note":
			text, style = r.Note, t.Dim
		}
		l.Cell(over(style), text, c.W, c.Right)
	}
	return l.To(w).String()
}

// footLines say what to do now, by when, and what it can cost.
func (s *listScreen) footLines(w, n int) []string {
	t := s.theme
	r := s.current()
	if r == nil {
		return make([]string, n)
	}
	var out []string
	now := s.now()
	costs := s.money(r.Orders)
	words := n
	if len(costs) > 0 && n > 1 {
		words-- // what it can cost always has a line
	}
	name, what := "", strings.Join(s.todoText(r, now), " ")
	if w >= 60 { // on less the cursor says it well enough
		name = s.nameText(r.Name, w/2)
		what = strings.Repeat("_", widget.Width(name)+2) + " " + what
	}
	for i, text := range widget.WrapMax(what, max(w-2, 8), words, t.Glyph.Dots) {
		l := widget.NewLine(w, t).Skip(1)
		if i == 0 && name != "" {
			l.Put(t.Strong, name).Skip(2)
			_, text, _ = strings.Cut(text, " ")
		}
		out = append(out, l.Put("", text).String())
	}
	if len(costs) > 0 && len(out) < n {
		out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Strong, pick(w-2, t.Glyph.Dots, costs...)).String())
	}
	for len(out) < n {
		out = append(out, "")
	}
	return out
}

// todoText is the person's next step in sentences; where there is none, it is
// where the name stands.
func (s *listScreen) todoText(r *watch.Row, now time.Time) []string {
	var out []string
	if r.Todo.Text != "" {
		out = append(out, strings.TrimRight(r.Todo.Text, " "))
	} else if r.Todo.Verb != "" && !r.Todo.By.IsZero() {
		out = append(out, fmt.Sprintf("%s by %s.", r.Todo.Verb, hm(r.Todo.By, now)))
	}
	for i := range r.Orders {
		o := &r.Orders[i]
		text := o.Service + " " + stateWords[o.State]
		if !o.CancelBy.IsZero() && o.State.Holds() {
			if o.CancelBy.Before(now) {
				text += ", can no longer be cancelled"
			} else {
				text += ", cancel by " + hm(o.CancelBy, now)
			}
		}
		out = append(out, text+".")
	}
	if len(out) == 0 || r.Todo.Verb == "" {
		out = append(out, s.explain(&r.Verdict, now)...)
	}
	return out
}
