package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// openedMsg is the core, ready, with what the list's first page came to; or
// why it could not be opened.
type openedMsg struct {
	core  Core
	first tea.Msg
	err   error
}

// openCore opens the core and reads the first page while the terminal is
// being set up, so that the first frame can show it.
func (r *root) openCore() tea.Cmd {
	open, parent := r.open, r.ctx
	r.list.serial++
	r.list.asked[0] = r.list.serial
	read := r.list.reader(0)
	return func() tea.Msg {
		core, err := open(parent)
		if err != nil {
			return openedMsg{err: err}
		}
		ctx, cancel := context.WithTimeout(parent, wait)
		defer cancel()
		return openedMsg{core: core, first: read(ctx, core)}
	}
}

// opening is Update until the core is there. What the terminal says meanwhile
// is kept for then; what the person types is not, but for leaving.
func (r *root) opening(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case openedMsg:
		if msg.err != nil {
			r.failed = msg.err
			return tea.Quit
		}
		r.core = capCore(msg.core, r.roleCap)
		cmds := []tea.Cmd{r.handle(msg.first)}
		for _, m := range r.early {
			cmds = append(cmds, r.handle(m))
		}
		r.early = nil
		return tea.Batch(append(cmds, r.begin(r.list.want))...)
	case tea.WindowSizeMsg, tea.BackgroundColorMsg:
		r.early = append(r.early, msg)
	case tea.KeyPressMsg:
		if s := msg.String(); s == "ctrl+c" || s == "q" {
			return tea.Quit
		}
	}
	return nil
}
