package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

// part is one view of a name.
type part int

const (
	partAll part = iota
	partEvidence
	partHistory
	partRaw
	partBurst
	parts
)

var partNames = [...]string{"overview", "evidence", "history", "raw answers", "burst"}

type nameScreen struct {
	quiet
	*app
	of     watch.Name
	d      *watch.Detail
	bursts []watch.BurstRecord // newest first
	err    error
	asked  int
	part   part
	pages  [parts]pager
	search *widget.Input // open while a search is typed
	find   string
	hits   []int
	took   map[string][]float64 // server: how long its looks took, in ms
	seen   map[string]time.Time
	ready  *preflight // the latest one from this screen

	twice map[string]int // services with several routes
	lines []string
	key   nameKey
}

// nameKey is all that the drawn lines depend on.
type nameKey struct {
	w, h, looks, asked int
	part               part
	minute             time.Time
	find               string
}

type (
	openNameMsg struct{ name watch.Name }
	detailMsg   struct {
		name  watch.Name
		asked int
		d     watch.Detail
		burst []watch.BurstRecord
		err   error
	}
)

func newName(a *app) *nameScreen { return &nameScreen{app: a} }

// of shows another name, from the start.
func (s *nameScreen) show(n watch.Name) {
	if s.of == n {
		return
	}
	s.of, s.d, s.bursts, s.err, s.part, s.find, s.search, s.ready = n, nil, nil, nil, partAll, "", nil, nil
	s.pages = [parts]pager{}
	s.took, s.seen = map[string][]float64{}, map[string]time.Time{}
}

func (s *nameScreen) open() tea.Cmd {
	if s.of == "" {
		return nil
	}
	s.asked++
	asked, of, core := s.asked, s.of, s.core
	return s.ask(func(ctx context.Context) tea.Msg {
		d, err := core.Get(ctx, of)
		var burst []watch.BurstRecord
		for _, o := range d.AllOrders {
			if o.Kind != catch.EPP || err != nil {
				continue
			}
			var bs []watch.BurstRecord
			bs, err = core.Bursts(ctx, o.ID)
			burst = append(burst, bs...)
		}
		slices.SortStableFunc(burst, func(a, b watch.BurstRecord) int { return b.At.Compare(a.At) })
		return detailMsg{of, asked, d, burst, err}
	})
}

func (s *nameScreen) update(msg tea.Msg) tea.Cmd {
	m, ok := msg.(detailMsg)
	if !ok || m.name != s.of || m.asked != s.asked {
		return nil
	}
	s.key = nameKey{}
	if m.err != nil {
		if s.ctx.Err() == nil {
			s.err = m.err
		}
		return nil
	}
	s.err, s.d, s.bursts = nil, &m.d, m.burst
	for _, a := range m.d.Answers {
		if a.Took > 0 && !a.Asked.Equal(s.seen[a.Server]) {
			s.seen[a.Server] = a.Asked
			s.took[a.Server] = append(s.took[a.Server], float64(time.Duration(a.Took))/1e6)
		}
	}
	return nil
}

func (s *nameScreen) names() []watch.Name {
	if s.of == "" {
		return nil
	}
	return []watch.Name{s.of}
}

func (s *nameScreen) move(by int, far bool) tea.Cmd {
	s.pages[s.part].scroll(by, far)
	return nil
}

func (s *nameScreen) turn(p part) {
	if s.part == p {
		p = partAll
	}
	s.part = p
}

func (s *nameScreen) typing(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if s.search == nil {
		return nil, false
	}
	switch name := k.String(); name {
	case "enter":
		s.search = nil
	case "esc":
		s.search, s.find = nil, ""
	default:
		s.search.Key(name, k.Text)
		s.find = s.search.Text()
		s.jump(0)
	}
	return nil, true
}

func (s *nameScreen) paste(text string) (tea.Cmd, bool) {
	if s.search == nil {
		return nil, false
	}
	s.search.Insert(text)
	s.find = s.search.Text()
	s.jump(0)
	return nil, true
}

func (s *nameScreen) cursor() (int, int, bool) {
	if s.search == nil {
		return 0, 0, false
	}
	_, x := s.search.View(max(s.w-12, 2))
	return 9 + x, 0, true
}

// jump scrolls to the next line that the search found, or to the one before.
func (s *nameScreen) jump(d int) {
	s.rebuild(s.w, max(s.pages[s.part].h, 1))
	if len(s.hits) == 0 {
		return
	}
	p := &s.pages[s.part]
	to := s.hits[0]
	switch {
	case d > 0:
		for _, h := range s.hits {
			if h > p.at {
				to = h
				break
			}
		}
	case d < 0:
		to = s.hits[len(s.hits)-1]
		for i := len(s.hits) - 1; i >= 0; i-- {
			if s.hits[i] < p.at {
				to = s.hits[i]
				break
			}
		}
	default:
		for _, h := range s.hits {
			if h >= p.at {
				to = h
				break
			}
		}
	}
	p.n = len(s.lines)
	p.at = max(0, min(to, p.n-p.h))
}

func (s *nameScreen) ticks(now time.Time) time.Time {
	if s.d == nil || s.part != partAll {
		return time.Time{}
	}
	at := time.Time{}
	for _, o := range s.d.AllOrders {
		for _, t := range []time.Time{o.PayBy, o.CutOff} {
			if t.After(now) {
				if c := changesAt(t, now); at.IsZero() || c.Before(at) {
					at = c
				}
			}
		}
	}
	return at
}

func (s *nameScreen) status() []string {
	if s.d == nil {
		return []string{""}
	}
	return askedText(&s.d.State, s.now())
}

func (s *nameScreen) view(w, h int) []string {
	t := s.theme
	var out []string
	if s.search != nil || s.find != "" {
		l := widget.NewLine(w, t).Skip(1)
		if s.search != nil {
			text, _ := s.search.View(max(w-12, 2))
			l.Put(t.Key, "search: ").Put("", text)
		} else {
			l.Put(t.Dim, fmt.Sprintf("%q: %d lines; n next, N before, esc ends", s.find, len(s.hits)))
		}
		out = append(out, l.String())
	}
	if s.d == nil {
		text := "Reading " + string(s.of) + t.Glyph.Dots
		if s.err != nil {
			text = "It cannot be read: " + s.err.Error() + "."
		}
		if s.of == "" {
			text = "No name is open. Choose one on the list."
		}
		return append(out, paragraph(t, w, t.Dim, text)...)
	}
	if s.part != partAll && h >= 12 {
		out = append(out, tabs(w, t, partNames[:], int(s.part)))
	}
	room := h - len(out)
	s.rebuild(w, room)
	p := &s.pages[s.part]
	lines := p.cut(s.lines, room)
	if p.n > p.h && room > 3 {
		lines = append([]string(nil), lines...)
		to := min(p.at+p.h, p.n)
		last := len(lines) - 1
		for _, more := range []string{
			fmt.Sprintf(" %s %d of %d lines ", partNames[s.part], to, p.n), fmt.Sprintf(" line %d of %d ", to, p.n), fmt.Sprintf(" %d/%d ", to, p.n),
		} {
			if widget.Width(lines[last])+len(more)+1 <= w {
				lines[last] = widget.PadTo(lines[last], w-len(more)) + t.Dim.On(more)
				break
			}
		}
	}
	return append(out, lines...)
}

// rebuild draws the lines anew if what they depend on has changed.
func (s *nameScreen) rebuild(w, h int) {
	if s.d == nil {
		return
	}
	now := s.now()
	k := nameKey{w, h, s.looks, s.asked, s.part, now.Truncate(time.Second), s.find}
	if s.key == k {
		return
	}
	s.key = k
	switch s.part {
	case partEvidence:
		s.lines = s.evidenceLines(w, now)
	case partHistory:
		s.lines = s.historyLines(w, now)
	case partRaw:
		s.lines = s.rawLines(w, now)
	case partBurst:
		s.lines = s.burstLines(w, now)
	default:
		s.lines = s.overview(w, h, now)
	}
	s.hits = s.hits[:0]
	if s.find != "" {
		low := strings.ToLower(s.find)
		for i, l := range s.lines {
			if strings.Contains(strings.ToLower(ansi.Strip(l)), low) {
				s.hits = append(s.hits, i)
				if strings.HasPrefix(l, " ") {
					s.lines[i] = s.theme.Mark.On(s.theme.Glyph.Cursor) + l[1:]
				}
			}
		}
	}
}

// rawLines are the answers as they were received, made harmless.
func (s *nameScreen) rawLines(w int, now time.Time) []string {
	t := s.theme
	var out []string
	for _, a := range s.d.Answers {
		out = append(out, s.answerHead(w, &a, now), "")
		if len(a.Raw) == 0 {
			out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Dim, "(the text itself was not kept)").String(), "")
			continue
		}
		for _, line := range strings.Split(strings.TrimRight(whoisx.Clean(string(a.Raw)), "\n"), "\n") {
			ls := widget.Wrap(line, max(w-2, 8))
			if len(ls) == 0 {
				ls = []string{""}
			}
			for _, l := range ls {
				out = append(out, widget.NewLine(w, t).Skip(1).Put("", l).String())
			}
		}
		if a.Truncated {
			out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Warn, "(longer than was kept)").String())
		}
		out = append(out, "")
	}
	if len(out) == 0 {
		out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Dim, "Nobody has answered yet.").String())
	}
	return out
}
