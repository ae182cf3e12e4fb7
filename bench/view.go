package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
)

// view measures View alone, on a real database, in a large terminal: as it
// stands, and after each cursor move, which draws two rows and the foot anew.
func view(ctx context.Context) ([]result, error) {
	folder, err := os.MkdirTemp("", "lapse-bench-view-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	if _, err := fullList(ctx, folder); err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, filepath.Join(folder, "home", "lapse", "lapse.db"), store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }()
	m := ui.New(ui.Options{Core: watch.New(watch.Options{Store: st, ReadOnly: true}), Theme: "dark", Context: ctx, ReadOnly: true})
	defer ui.Close(m)
	update := func(msg tea.Msg) {
		var cmd tea.Cmd
		m, cmd = m.Update(msg)
		runCommand(&m, cmd)
	}
	runCommand(&m, m.Init())
	update(tea.WindowSizeMsg{Width: 200, Height: 60})

	var out []result
	for name, key := range map[string]tea.KeyPressMsg{"screen-view": {}, "screen-view-move": {Code: 'j', Text: "j"}} {
		r, err := sampled(ctx, name, 0, perOp, func(side) (float64, error) {
			const times = 200
			total := time.Duration(0)
			for i := range times {
				if key.Code != 0 {
					k := key
					if i%2 == 1 {
						k = tea.KeyPressMsg{Code: 'k', Text: "k"}
					}
					m, _ = m.Update(k)
				}
				begin := time.Now()
				_ = m.View()
				total += time.Since(begin)
			}
			return float64(total) / times, nil
		}, side{who: "lapse"})
		if err != nil {
			return nil, err
		}
		r.limit, r.note = 300e3, "200x60"
		out = append(out, r)
	}
	return out, nil
}

// runCommand does what a program does with commands, but for those that wait: they
// are left alone.
func runCommand(m *tea.Model, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	came := make(chan tea.Msg, 1)
	go func() { came <- cmd() }()
	select {
	case msg := <-came:
		if batch, ok := msg.(tea.BatchMsg); ok {
			for _, c := range batch {
				runCommand(m, c)
			}
			return
		}
		if msg != nil {
			var next tea.Cmd
			*m, next = (*m).Update(msg)
			runCommand(m, next)
		}
	case <-time.After(300 * time.Millisecond): // a timer, or the wait for events
	}
}
