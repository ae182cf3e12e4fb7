package ui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

// logScreen keeps what happened while the program ran: events, failures in
// full, and the ledger of everything that can cost money.
type logScreen struct {
	quiet
	*app
	part   int // events, failures, ledger
	pages  [3]pager
	events []logLine
	faults []logLine
	ledger []catch.LedgerEntry
	err    error
	asked  int
}

type logLine struct {
	at   time.Time
	kind string
	name watch.Name
	text string
}

const keepLog = 1000

var logParts = [...]string{"events", "failures", "ledger"}

type ledgerMsg struct {
	asked   int
	entries []catch.LedgerEntry
	err     error
}

func newLog(a *app) *logScreen { return &logScreen{app: a} }

func (s *logScreen) add(es []watch.Event) {
	for _, e := range es {
		s.events = append(s.events, logLine{e.At, string(e.Kind), e.Name, e.Text})
		if e.Kind == watch.EvTrouble {
			s.faults = append(s.faults, logLine{e.At, "trouble", e.Name, e.Text})
		}
	}
	s.events = last(s.events)
	s.faults = last(s.faults)
}

func last(ls []logLine) []logLine {
	if len(ls) > keepLog {
		ls = append([]logLine(nil), ls[len(ls)-keepLog:]...)
	}
	return ls
}

// fault keeps a failure in full.
func (s *logScreen) fault(at time.Time, text string) {
	s.faults = last(append(s.faults, logLine{at: at, kind: "failed", text: text}))
}

func (s *logScreen) open() tea.Cmd {
	if s.part != 2 {
		return nil
	}
	s.asked++
	asked, core := s.asked, s.core
	return s.ask(func(ctx context.Context) tea.Msg {
		es, err := core.Ledger(ctx, 500)
		return ledgerMsg{asked, es, err}
	})
}

func (s *logScreen) turn() tea.Cmd {
	s.part = (s.part + 1) % len(logParts)
	return s.open()
}

func (s *logScreen) update(msg tea.Msg) tea.Cmd {
	if m, ok := msg.(ledgerMsg); ok && m.asked == s.asked {
		s.ledger, s.err = m.entries, m.err
	}
	return nil
}

func (s *logScreen) move(by int, far bool) tea.Cmd {
	s.pages[s.part].scroll(by, far)
	return nil
}

func (s *logScreen) view(w, h int) []string {
	t := s.theme
	var out []string
	if h >= 4 {
		out = append(out, tabs(w, t, logParts[:], s.part))
	}
	now := s.now()
	var lines []string
	put := func(at time.Time, kind, text string, style widget.Style) {
		if w < 60 {
			lines = append(lines, dated(w, t, 14, moment(at, now), text)...)
			return
		}
		const lead = 23
		for i, line := range widget.Wrap(text, max(w-lead-1, 8)) {
			l := widget.NewLine(w, t).Skip(1)
			if i == 0 {
				l.Put(t.Dim, moment(at, now)).To(14).Put(style, widget.Fit(kind, 8, ""))
			}
			lines = append(lines, l.To(lead).Put("", line).String())
		}
	}
	switch s.part {
	case 0, 1:
		from := s.events
		if s.part == 1 {
			from = s.faults
		}
		for i := len(from) - 1; i >= 0; i-- {
			e := &from[i]
			style := widget.Style("")
			if e.kind == "trouble" || e.kind == "failed" {
				style = t.Bad
			}
			text := e.text
			if e.name != "" && !strings.Contains(text, string(e.name)) {
				text = string(e.name) + ": " + text
			}
			put(e.at, e.kind, text, style)
		}
		if len(from) == 0 {
			lines = paragraph(t, w, t.Dim, [...]string{
				"Nothing has happened since lapse was opened. Looks, orders and edits of every process appear here.",
				"Nothing has failed since lapse was opened.",
			}[s.part])
		}
	case 2:
		if s.err != nil {
			put(now, "failed", s.err.Error(), t.Bad)
		}
		for i := range s.ledger {
			e := &s.ledger[i]
			put(e.At, e.Action, ledgerText(e), t.Strong)
		}
		if len(s.ledger) == 0 && s.err == nil {
			lines = paragraph(t, w, t.Dim, "No step that can cost money has been taken.")
		}
	}
	return append(out, s.pages[s.part].cut(lines, max(h-len(out), 1))...)
}

// moment is hm with the seconds of this day, in which things follow each other
// fast.
func moment(at, now time.Time) string {
	if sameDay(at, now) {
		return at.UTC().Format("15:04:05")
	}
	return hm(at, now)
}

// tabs names the parts of a screen, and which of them is seen.
func tabs(w int, t *widget.Theme, names []string, at int) string {
	l := widget.NewLine(w, t).Skip(1)
	for i, name := range names {
		if i == at {
			l.Put(t.Cursor, "["+name+"]").Skip(2)
			continue
		}
		l.Put(t.Dim, name).Skip(2)
	}
	return l.String()
}

func ledgerText(e *catch.LedgerEntry) string {
	s := e.Name + " at " + e.Route + ": "
	switch e.Step {
	case catch.Intent:
		s += "about to " + e.Action
		if !e.AtMost.IsZero() {
			s += ", at most " + e.AtMost.String()
		}
	case catch.Answer:
		s += e.Outcome
		if !e.Paid.IsZero() {
			s += ", paid " + e.Paid.String()
		}
	default:
		s += "note"
	}
	if e.Words != "" {
		s += ": " + e.Words
	}
	return s
}
