package ui

import (
	"strings"
	"time"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

// paneKey is all that the pane depends on.
type paneKey struct {
	name        watch.Name
	serial      int
	w, h, looks int
	second      time.Time
}

// pane draws what the list knows of the name under the cursor beside a wide
// list: nothing is asked for it.
func (s *listScreen) pane(w, h int) (out []string) {
	t := s.theme
	r := s.current()
	out = make([]string, 0, h)
	if r == nil {
		return make([]string, h)
	}
	now := s.now()
	k := paneKey{r.Name, s.serial, w, h, s.looks, now.Truncate(time.Second)}
	if s.sideKey == k {
		return s.side
	}
	defer func() { s.side, s.sideKey = out, k }()
	text := func(style widget.Style, text string) { out = append(out, s.wrapped(w, style, text)...) }
	gap := func() { out = append(out, "") }
	text(t.Title, s.nameText(r.Name, w-2))
	gap()
	out = append(out, s.stageLines(r, now, w)...)
	if win := s.windowLines(w, r, now); len(win) > 0 {
		gap()
		out = append(out, win...)
	}
	if len(r.Orders) > 0 {
		gap()
		for i := range r.Orders {
			o := &r.Orders[i]
			l := widget.NewLine(w, t).Skip(1)
			l.Cell("", o.Service, 12, false).Skip(1).Cell(s.stateStyle(o.State), stateWords[o.State], 14, false).Skip(1)
			if at := nextOf(o); !at.IsZero() {
				l.Put(t.Dim, until(at, now)[0])
			}
			out = append(out, l.String())
		}
		if costs := s.money(r.Orders); len(costs) > 0 {
			text(t.Strong, costs[0])
		}
	}
	gap()
	out = append(out, s.labelled(w, "cap", capText(&r.Watch), t.Strong)...)
	out = append(out, s.labelled(w, "tags", strings.Join(r.Tags, " "), "")...)
	out = append(out, s.labelled(w, "note", r.Note, "")...)
	if len(r.Verdict.Why) > 2 {
		gap()
		for _, why := range r.Verdict.Why[2:] {
			text(t.Dim, why)
		}
	}
	if len(out) > h {
		out = out[:h]
		if h > 0 {
			out[h-1] = t.Dim.On(t.Glyph.Dots)
		}
	}
	for len(out) < h {
		out = append(out, "")
	}
	return out
}
