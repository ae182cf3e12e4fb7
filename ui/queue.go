package ui

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

// queueScreen shows what is asked next, and how much each host may be asked.
type queueScreen struct {
	quiet
	*app
	cursorList
	budgets []watch.Budget
	queued  []watch.Queued
	loaded  bool
	err     error
	asked   int
	headY   int
}

type queueMsg struct {
	asked   int
	queued  []watch.Queued
	budgets []watch.Budget
	err     error
}

func newQueue(a *app) *queueScreen { return &queueScreen{app: a} }

func (s *queueScreen) open() tea.Cmd {
	s.asked++
	asked, core := s.asked, s.core
	return s.ask(func(ctx context.Context) tea.Msg {
		q, err := core.Queue(ctx, 500)
		if err != nil {
			return queueMsg{asked: asked, err: err}
		}
		b, err := core.Budgets(ctx)
		return queueMsg{asked, q, b, err}
	})
}

func (s *queueScreen) update(msg tea.Msg) tea.Cmd {
	if m, ok := msg.(queueMsg); ok && m.asked == s.asked {
		s.loaded, s.err = true, m.err
		if m.err == nil {
			s.queued, s.budgets = m.queued, m.budgets
		}
	}
	return nil
}

// status is the line under the cursor in full.
func (s *queueScreen) status() []string {
	i := s.cursorList.at
	if i >= len(s.queued) {
		return []string{""}
	}
	q := &s.queued[i]
	text := q.Name.Unicode() + ": " + q.Why
	if q.Short {
		return []string{text + ", delayed by its host's budget", text}
	}
	return []string{text}
}

func (s *queueScreen) names() []watch.Name {
	if i := s.cursorList.at; i < len(s.queued) {
		return []watch.Name{s.queued[i].Name}
	}
	return nil
}

func (s *queueScreen) move(by int, far bool) tea.Cmd {
	s.cursorList.move(by, far)
	return nil
}

func (s *queueScreen) ticks(now time.Time) time.Time {
	var at time.Time
	for i, to := s.shown(len(s.queued)); i < to; i++ {
		d := s.queued[i].At.Sub(now)
		t := now.Add(max(d%time.Minute, 0) + time.Second)
		if d > 0 && d <= time.Minute {
			t = now.Add(time.Second)
		}
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at
}

func (s *queueScreen) click(_, y int) tea.Cmd {
	if _, again := s.cursorList.click(y-s.headY, len(s.queued)); again {
		n := s.queued[s.cursorList.at].Name
		return func() tea.Msg { return openNameMsg{n} }
	}
	return nil
}

var queueColumns = []widget.Column{
	{ID: "at", Title: "ASKED", Min: 7, Want: 10, Max: 10, Prio: 1},
	{ID: "name", Title: "NAME", Min: 14, Want: 18, Max: 40, Prio: 0},
	{ID: "host", Title: "HOST", Min: 12, Want: 20, Max: 34, Prio: 2},
	{ID: "why", Title: "WHY THEN", Min: 12, Want: 25, Max: 60, Prio: 3},
}

var budgetColumns = []widget.Column{
	{ID: "host", Title: "HOST", Min: 14, Want: 20, Max: 40, Prio: 0},
	{ID: "gauge", Title: "LEFT", Min: 8, Want: 9, Max: 14, Prio: 1},
	{ID: "rate", Title: "A MINUTE", Min: 8, Want: 10, Max: 14, Prio: 2},
	{ID: "today", Title: "TODAY", Min: 8, Want: 9, Max: 14, Prio: 3},
	{ID: "why", Title: "BECAUSE", Min: 12, Want: 24, Max: 70, Prio: 4},
}

func (s *queueScreen) view(w, h int) []string {
	t := s.theme
	now := s.now()
	var out []string
	say := func(text string) []string { return paragraph(t, w, t.Dim, text) }
	switch {
	case s.err != nil:
		return say("The queue cannot be read: " + s.err.Error() + ".")
	case !s.loaded:
		return say("Reading the queue" + t.Glyph.Dots)
	case len(s.queued) == 0 && len(s.budgets) == 0:
		return say("Nothing waits to be asked. Names are asked as soon as they are on the list.")
	}
	low := 0 // lines for the budgets
	if len(s.budgets) > 0 && h >= 9 {
		low = min(len(s.budgets), h/2-2) + 2
	}
	cols := widget.Place(queueColumns, w-4, 1)
	if h >= 4 {
		out = append(out, heads(w, t, cols, 3))
	}
	s.headY = len(out)
	s.size(len(s.queued), h-len(out)-low)
	for i, to := s.shown(len(s.queued)); i < to; i++ {
		q := &s.queued[i]
		l := widget.NewLine(w, t)
		here := i == s.cursorList.at
		if here {
			l.Glyph(t.Key, t.Glyph.Cursor, 1)
		} else {
			l.Skip(1)
		}
		if q.Short {
			l.Put(t.Warn, "~")
		}
		for _, c := range cols {
			l.To(3 + c.X)
			switch c.ID {
			case "at":
				at := q.At
				if at.IsZero() {
					at = q.Due
				}
				l.Cell("", pick(c.W, "", coarse(at, now)...), c.W, false)
			case "name":
				st := widget.Style("")
				if here {
					st = t.Cursor
				}
				l.Cell(st, s.nameText(q.Name, c.W), c.W, false)
			case "host":
				host := "-"
				if len(q.Hosts) > 0 {
					host = q.Hosts[0]
					if len(q.Hosts) > 1 {
						host += fmt.Sprintf(" +%d", len(q.Hosts)-1)
					}
				}
				l.Cell("", host, c.W, false)
			case "why":
				ways := []string{q.Why}
				if q.Short {
					ways = []string{"its host's budget delays it; " + q.Why, "delayed; " + q.Why, q.Why}
				}
				l.Cell(t.Dim, pick(c.W, t.Glyph.Dots, ways...), c.W, false)
			}
		}
		out = append(out, l.String())
	}
	for len(out) < h-low {
		out = append(out, "")
	}
	if low > 0 {
		out = append(out, widget.Rule(t, w))
		cols := widget.Place(budgetColumns, w-4, 1)
		out = append(out, heads(w, t, cols, 3))
		for i := range s.budgets {
			if len(out) == h {
				break
			}
			out = append(out, s.budget(w, cols, &s.budgets[i], now))
		}
	}
	return out
}

func heads(w int, t *widget.Theme, cols []widget.Placed, lead int) string {
	l := widget.NewLine(w, t)
	for _, c := range cols {
		l.To(lead+c.X).Cell(t.Head, c.Title, c.W, c.Right)
	}
	return l.String()
}

func (s *queueScreen) budget(w int, cols []widget.Placed, b *watch.Budget, now time.Time) string {
	t := s.theme
	l := widget.NewLine(w, t)
	held := b.Until.After(now)
	slow := b.Usual > 0 && b.Rate < b.Usual*0.99
	if held {
		l.Skip(1).Put(t.Warn, "!")
	} else if slow {
		l.Skip(1).Put(t.Warn, "~")
	}
	for _, c := range cols {
		l.To(3 + c.X)
		switch c.ID {
		case "host":
			l.Cell("", b.Host, c.W, false)
		case "gauge":
			if held {
				l.Cell(t.Warn, pick(c.W, "", "waits "+coarse(b.Until, now)[len(coarse(b.Until, now))-1], "waits"), c.W, false)
				break
			}
			tokens := b.Tokens + b.Rate*now.Sub(b.At).Seconds()
			part := 1.0
			if b.Burst > 0 {
				part = tokens / b.Burst
			}
			l.Own("", widget.Gauge(t, part, c.W), c.W)
		case "rate":
			text := fmt.Sprintf("%.3g", b.Rate*60)
			if slow {
				text += fmt.Sprintf(" of %.3g", b.Usual*60)
			}
			l.Cell("", text, c.W, false)
		case "today":
			text := fmt.Sprint(b.Today)
			if b.PerDay > 0 {
				text = fmt.Sprintf("%d/%d", b.Today, b.PerDay)
			}
			l.Cell("", text, c.W, false)
		case "why":
			why := b.Why
			if why == "" {
				why = b.Source
			}
			l.Cell(t.Dim, why, c.W, false)
		}
	}
	return l.String()
}
