package ui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

func (r *root) key(k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	if name == "ctrl+c" {
		r.close()
		return tea.Quit
	}
	if n := len(r.overlays); n > 0 {
		o := r.overlays[n-1]
		cmd, done := o.update(r, k)
		if done {
			r.drop(o)
		}
		return cmd
	}
	s := r.screens[r.at]
	if cmd, took := s.typing(k); took {
		return cmd
	}
	if a := r.keys.find[r.at][name]; a != nil {
		return r.run(a)
	}
	return nil
}

// run runs an action, or says why it cannot.
func (r *root) run(a *action) tea.Cmd {
	if why := a.why(r); why != "" {
		r.toasts.say(r.now(), a.label+": "+why, true)
		return nil
	}
	return a.run(r)
}

// lineEnds writes the ends of pasted lines as one character: a terminal sends
// the Enter key for them, a carriage return.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func (r *root) paste(text string) tea.Cmd {
	text = lineEnds.Replace(text)
	if n := len(r.overlays); n > 0 {
		o := r.overlays[n-1]
		cmd, done := o.update(r, tea.PasteMsg{Content: text})
		if done {
			r.drop(o)
		}
		return cmd
	}
	if cmd, took := r.screens[r.at].paste(text); took {
		return cmd
	}
	if r.at == onList && strings.TrimSpace(text) != "" {
		if a := r.keys.action("add"); a.why(r) == "" {
			r.push(newAddForm(text))
			return nil
		}
	}
	return nil
}

func (r *root) mouseMsg(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.MouseWheelMsg:
		by := 3
		if msg.Button == tea.MouseWheelUp {
			by = -3
		}
		if len(r.overlays) > 0 {
			return nil
		}
		return r.screens[r.at].move(by, false)
	case tea.MouseClickMsg:
		if msg.Button != tea.MouseLeft {
			return nil
		}
		if n := len(r.overlays); n > 0 {
			o := r.overlays[n-1]
			c, ok := o.(interface {
				click(r *root, x, y int) (tea.Cmd, bool)
			})
			if !ok || msg.X < r.boxX || msg.X >= r.boxX+r.boxW || msg.Y < r.boxY || msg.Y >= r.boxY+r.boxH {
				return nil
			}
			cmd, done := c.click(r, msg.X-r.boxX-2, msg.Y-r.boxY-1)
			if done {
				r.drop(o)
			}
			return cmd
		}
		if msg.Y == r.h-1 {
			for _, h := range r.hints {
				if msg.X >= h.from && msg.X < h.to {
					return r.run(h.act)
				}
			}
			return nil
		}
		return r.screens[r.at].click(msg.X, msg.Y-r.top)
	}
	return nil
}

// wheelEvery is how often the wheel is obeyed: terminals send a flood of
// events, and each would be a frame.
const wheelEvery = 16 * time.Millisecond

// Filter thins out mouse events for a program that runs a model of New.
func Filter(m tea.Model, msg tea.Msg) tea.Msg {
	r, ok := m.(*root)
	if !ok {
		return msg
	}
	switch msg.(type) {
	case tea.MouseMotionMsg, tea.MouseReleaseMsg:
		return nil
	case tea.MouseWheelMsg:
		now := time.Now()
		if now.Sub(r.lastWheel) < wheelEvery {
			return nil
		}
		r.lastWheel = now
	}
	return msg
}
