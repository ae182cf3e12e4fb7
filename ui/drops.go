package ui

import (
	"context"
	"fmt"
	"sort"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// dropsScreen is a calendar of what drops, by day and hour.
type dropsScreen struct {
	quiet
	*app
	cursorList
	rows   []watch.Row
	total  int
	shares map[watch.Name]int // names in one burst with it
	loaded bool
	err    error
	asked  int
	nameW  int // the longest name's, within reason
	headY  int
}

// The calendar looks this far ahead, and this many names far.
const (
	dropsAhead = 45 * 24 * time.Hour
	dropsMost  = 1000
)

type dropsMsg struct {
	asked int
	page  watch.Page
	err   error
}

func newDrops(a *app) *dropsScreen { return &dropsScreen{app: a} }

func (s *dropsScreen) open() tea.Cmd {
	s.asked++
	asked, core, now := s.asked, s.core, s.now()
	return s.ask(func(ctx context.Context) tea.Msg {
		p, err := core.List(ctx, watch.Query{
			DropFrom: now.Add(-24 * time.Hour), DropTo: now.Add(dropsAhead), Sort: "drop", Limit: dropsMost,
		})
		return dropsMsg{asked, p, err}
	})
}

func (s *dropsScreen) update(msg tea.Msg) tea.Cmd {
	m, ok := msg.(dropsMsg)
	if !ok || m.asked != s.asked {
		return nil
	}
	s.loaded, s.err = true, m.err
	if m.err != nil {
		return nil
	}
	var onto watch.Name
	if s.cursorList.at < len(s.rows) {
		onto = s.rows[s.cursorList.at].Name
	}
	s.rows = s.rows[:0]
	for _, r := range m.page.Rows {
		if r.Verdict.Window != nil && !r.Verdict.Window.From.IsZero() {
			s.rows = append(s.rows, r)
		}
	}
	s.total = m.page.Total
	sort.SliceStable(s.rows, func(i, j int) bool {
		return s.rows[i].Verdict.Window.From.Before(s.rows[j].Verdict.Window.From.Time)
	})
	for i := range s.rows {
		if s.rows[i].Name == onto {
			s.cursorList.at = i
		}
	}
	s.shares = sharing(s.rows)
	s.nameW = 14
	for i := range s.rows {
		s.nameW = min(max(s.nameW, widget.Width(s.nameText(s.rows[i].Name, 26))), 26)
	}
	return nil
}

// sharing counts, for each name with a burst of its own, the names whose
// windows overlap at the same account: they share its sessions and budget.
func sharing(rows []watch.Row) map[watch.Name]int {
	type span struct {
		name     watch.Name
		from, to time.Time
	}
	by := map[string][]span{}
	for i := range rows {
		r := &rows[i]
		for _, o := range r.Orders {
			if (o.Kind == catch.EPP || o.Kind == catch.Register) && o.State.Holds() {
				w := r.Verdict.Window
				to := w.To.Time
				if to.IsZero() {
					to = w.From.Add(time.Hour)
				}
				by[o.Route+" "+o.Account] = append(by[o.Route+" "+o.Account], span{r.Name, w.From.Time, to})
			}
		}
	}
	out := map[watch.Name]int{}
	for _, ss := range by {
		for _, a := range ss {
			n := 0
			for _, b := range ss {
				if a.from.Before(b.to) && b.from.Before(a.to) {
					n++
				}
			}
			out[a.name] = max(out[a.name], n)
		}
	}
	return out
}

func (s *dropsScreen) names() []watch.Name {
	if i := s.cursorList.at; i < len(s.rows) {
		return []watch.Name{s.rows[i].Name}
	}
	return nil
}

func (s *dropsScreen) move(by int, far bool) tea.Cmd {
	s.cursorList.move(by, far)
	return nil
}

func (s *dropsScreen) click(_, y int) tea.Cmd {
	// Day lines stand between the rows, so the drawn lines are walked again.
	line := s.headY
	last := ""
	for i := s.cursorList.top; i < len(s.rows); i++ {
		if d := dropDay(&s.rows[i]); d != last {
			last = d
			line++
		}
		if line == y {
			if i == s.cursorList.at {
				n := s.rows[i].Name
				return func() tea.Msg { return openNameMsg{n} }
			}
			s.cursorList.at = i
			return nil
		}
		line++
	}
	return nil
}

func dropDay(r *watch.Row) string { return r.Verdict.Window.From.UTC().Format("Mon 2 Jan 2006") }

func (s *dropsScreen) view(w, h int) []string {
	t := s.theme
	now := s.now()
	var out []string
	say := func(text string) []string { return paragraph(t, w, t.Dim, text) }
	switch {
	case s.err != nil:
		return say("The drops cannot be read: " + s.err.Error() + ".")
	case !s.loaded:
		return say("Reading the drops" + t.Glyph.Dots)
	case len(s.rows) == 0:
		return say("Nothing on the list drops within 45 days, as far as is known. " +
			"Dates appear here as soon as a registry tells them or a rule gives them.")
	}
	bar := 0
	switch {
	case w >= 150:
		bar = 48
	case w >= 76:
		bar = 24
	}
	will, may := 0, 0
	for i := range s.rows {
		if s.rows[i].Verdict.Window.Certainty == lifecycle.Will {
			will++
		} else {
			may++
		}
	}
	l := widget.NewLine(w, t).Skip(1)
	if w >= 50 {
		l.Put("", fmt.Sprintf("%d drop within 45 days: ", len(s.rows)))
	} else {
		l.Put("", "In 45 days: ")
	}
	l.Put(t.Will, t.Glyph.Full+fmt.Sprintf(" %d will", will)).Put("", "  ").Put(t.May, t.Glyph.Light+fmt.Sprintf(" %d may", may))
	if s.total > len(s.rows) && s.total > dropsMost {
		l.Put(t.Dim, fmt.Sprintf("  (the first %d of %d)", len(s.rows), s.total))
	}
	out = append(out, l.String())
	if bar > 0 {
		out = append(out, s.hours(w, bar))
	}
	s.headY = len(out)
	s.size(len(s.rows), max(h-len(out)-1, 1))
	// Day lines take room: scroll until the cursor's row is drawn.
	for {
		body, seen := s.draw(w, h-len(out), bar, now)
		if seen || s.cursorList.top >= s.cursorList.at {
			return append(out, body...)
		}
		s.cursorList.top++
	}
}

// hours is the scale above the bars.
func (s *dropsScreen) hours(w, bar int) string {
	l := widget.NewLine(w, s.theme).Skip(3)
	for hour := 0; hour < 24; hour += 6 {
		l.To(3+bar*hour/24).Put(s.theme.Dim, fmt.Sprintf("%02d", hour))
	}
	return l.To(3+bar).Put(s.theme.Dim, " UTC").String()
}

func (s *dropsScreen) draw(w, h, bar int, now time.Time) (out []string, seen bool) {
	t := s.theme
	last := ""
	for i := s.cursorList.top; i < len(s.rows) && len(out) < h; i++ {
		r := &s.rows[i]
		if d := dropDay(r); d != last {
			if len(out)+1 >= h {
				break
			}
			last = d
			text := d
			if sameDay(r.Verdict.Window.From.Time, now) {
				text += ", today"
			}
			out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Head, text).String())
		}
		here := i == s.cursorList.at
		seen = seen || here
		l := widget.NewLine(w, t)
		if here {
			l.Glyph(t.Key, t.Glyph.Cursor, 1)
		}
		l.To(3)
		win := r.Verdict.Window
		if bar > 0 {
			if win.HourKnown && !win.From.DayOnly {
				from := float64(win.From.UTC().Hour()) + float64(win.From.UTC().Minute())/60
				to := from + max(win.To.Sub(win.From.Time).Hours(), 0)
				at := -1.0
				if sameDay(win.From.Time, now) {
					at = float64(now.UTC().Hour()) + float64(now.UTC().Minute())/60
				}
				b := widget.DayBar(t, from, min(to, 24), win.Certainty == lifecycle.Will, at, bar)
				out = append(out, s.rest(l.String()+b, 3+bar, w, r, here, now))
				continue
			}
			l.Put(t.Dim, widget.Fit("hour unknown", bar, t.Glyph.Dots)).To(3 + bar)
		}
		out = append(out, s.rest(l.String(), l.Len(), w, r, here, now))
	}
	return out, seen
}

// rest is a row after its bar: name, hours, and what shares its burst.
func (s *dropsScreen) rest(lead string, used, w int, r *watch.Row, here bool, now time.Time) string {
	t := s.theme
	room := w - used - 1
	l := widget.NewLine(room, t)
	ways, style := s.dropsText(r, now)
	nameW := max(min(room-20, s.nameW), min(14, room))
	nameStyle := widget.Style("")
	if here {
		nameStyle = t.Cursor
	}
	l.Cell(nameStyle, s.nameText(r.Name, nameW), nameW, false).Skip(1)
	if l.Room() >= 6 {
		whenW := min(l.Room(), 24)
		if w < 100 {
			whenW = min(whenW, 20)
		}
		l.Cell(style, pick(whenW, t.Glyph.Dots, ways...), whenW, false).Skip(1)
	}
	routes := routesText(r.Orders)[0]
	if routes == "-" {
		return lead + " " + l.String()
	}
	extra := []string{routes}
	if n := s.shares[r.Name]; n > 1 {
		extra = []string{fmt.Sprintf("%s  one burst with %d more", routes, n-1), fmt.Sprintf("%s, burst of %d", routes, n)}
	}
	for _, way := range extra {
		if widget.Width(way) <= l.Room() {
			l.Put(t.Dim, way)
			break
		}
	}
	return lead + " " + l.String()
}
