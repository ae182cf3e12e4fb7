package ui

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// launchScreen shows the launches that are known, and of the one under the
// cursor what beats what, the clock of its fee, and what is at stake.
type launchScreen struct {
	quiet
	*app
	rows  []watch.Opening
	err   error
	ready bool
	list  cursorList
	whole bool // the launch under the cursor has the screen to itself
	page  pager
	asked int
}

type openingsMsg struct {
	asked int
	rows  []watch.Opening
	err   error
}

func newLaunch(a *app) *launchScreen { return &launchScreen{app: a} }

func (s *launchScreen) open() tea.Cmd {
	s.asked++
	asked, core := s.asked, s.core
	return s.ask(func(ctx context.Context) tea.Msg {
		rows, err := core.Openings(ctx)
		return openingsMsg{asked, rows, err}
	})
}

func (s *launchScreen) update(msg tea.Msg) tea.Cmd {
	m, ok := msg.(openingsMsg)
	if !ok || m.asked != s.asked {
		return nil
	}
	s.rows, s.err, s.ready = m.rows, m.err, true
	now := s.now()
	// What still comes stands first, the nearest before the others.
	slices.SortStableFunc(s.rows, func(a, b watch.Opening) int {
		return nearest(a.Launch, now).Compare(nearest(b.Launch, now))
	})
	return nil
}

// nearest is when something of a launch turns; far away where nothing does.
func nearest(l launch.Launch, now time.Time) time.Time {
	if p, at, _ := l.Next(now); p != nil {
		return at.Time
	}
	return now.AddDate(1000, 0, 0)
}

func (s *launchScreen) move(by int, far bool) tea.Cmd {
	if s.whole {
		s.page.scroll(by, far)
	} else {
		s.list.move(by, far)
	}
	return nil
}

// under is the launch under the cursor, nil where there is none.
func (s *launchScreen) under() *watch.Opening {
	if s.list.at >= len(s.rows) {
		return nil
	}
	return &s.rows[s.list.at]
}

func (s *launchScreen) click(_, y int) tea.Cmd {
	if at := s.list.top + y - 1; !s.whole && y > 0 && y <= s.list.h && at < s.list.n {
		s.list.at = at
	}
	return nil
}

// ticks is the next minute: the screen counts down.
func (s *launchScreen) ticks(now time.Time) time.Time {
	return now.Truncate(time.Minute).Add(time.Minute)
}

func (s *launchScreen) view(w, h int) []string {
	t := s.theme
	switch {
	case s.err != nil:
		return paragraph(t, w, t.Bad, s.err.Error())
	case !s.ready:
		return nil
	case len(s.rows) == 0:
		return paragraph(t, w, t.Dim, "No launch is known. lapse launch add and lapse launch import bring some.")
	}
	now := s.now()
	if s.whole && s.list.at < len(s.rows) {
		return s.page.cut(s.detail(&s.rows[s.list.at], now, w, 0), h)
	}
	n := min(len(s.rows), max(h/4, 1))
	s.list.size(len(s.rows), n)
	out := make([]string, 0, h)
	tldW, nowW := 14, 18
	if w < 60 {
		tldW, nowW = 8, 0
	}
	l := widget.NewLine(w, t).Skip(2).Cell(t.Head, "TLD", tldW, false).Skip(1)
	if nowW > 0 {
		l.Cell(t.Head, "NOW", nowW, false).Skip(1)
	}
	l.Put(t.Head, "NEXT")
	out = append(out, l.String())
	for i := s.list.top; i < min(s.list.top+n, len(s.rows)); i++ {
		r := &s.rows[i]
		l, style := widget.NewLine(w, t), widget.Style("")
		if i == s.list.at {
			style = t.Cursor
			l.Glyph(style, t.Glyph.Cursor, 1)
		}
		next := "nothing more is known"
		if p, at, opens := r.Next(now); p != nil {
			word := "closes"
			if opens {
				word = "opens"
			}
			next = p.Name + " " + word + " " + launchDate(at, now) + ", " + until(at.Time, now)[0]
			if nowW == 0 {
				next = p.Name + " " + word + " " + until(at.Time, now)[0]
			}
		}
		l.To(2).Cell(style, "."+r.TLD, tldW, false).Skip(1)
		if nowW > 0 {
			l.Cell(t.Warn, phaseNow(r.Launch, now), nowW, false).Skip(1)
		}
		l.Put("", next)
		out = append(out, l.String())
	}
	out = append(out, widget.Rule(t, w))
	room := max(h-len(out), 0)
	lines := s.detail(&s.rows[s.list.at], now, w, room)
	if len(lines) > room && room > 0 {
		more := fmt.Sprintf("%d more lines: %s shows all", len(lines)-room+1, s.keys.key("launch"))
		lines = append(lines[:room-1], widget.NewLine(w, t).Skip(1).Put(t.Dim, more).String())
	}
	out = append(out, lines...)
	return out[:min(len(out), h)]
}

func phaseNow(l launch.Launch, now time.Time) string {
	if l.OpenedAt(now) {
		return "open to all"
	}
	if p := l.At(now); p != nil {
		return p.Name
	}
	return "not yet"
}

// launchDate writes a date of a launch; the year where it is another one.
func launchDate(d whoisx.Date, now time.Time) string {
	switch {
	case d.DayOnly:
		return d.Format("2 Jan 2006")
	case d.UTC().Year() != now.UTC().Year():
		return d.UTC().Format("2 Jan 2006 15:04") + " UTC"
	}
	return d.UTC().Format("2 Jan 15:04") + " UTC"
}

// paragraph wraps a text.
func paragraph(t *widget.Theme, w int, style widget.Style, text string) []string {
	var out []string
	for _, line := range widget.Wrap(text, max(w-2, 4)) {
		out = append(out, widget.NewLine(w, t).Skip(1).Put(style, line).String())
	}
	return out
}
