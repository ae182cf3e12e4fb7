package ui

import (
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/watch"
)

// settled is a model over n names with its first page drawn, driven without a
// program.
func settled(b *testing.B, n int) *root {
	b.Helper()
	r := newRoot(Options{Core: many(n), Theme: "dark", Now: func() time.Time { return now }, Local: time.UTC})
	b.Cleanup(r.close)
	r.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	flush(r, r.list.open())
	flush(r, r.loadStatus())
	r.View()
	return r
}

// flush runs commands that answer at once. Timers are left alone.
func flush(r *root, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch m := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range m {
			flush(r, c)
		}
	case nil:
	default:
		r.handle(m)
	}
}

func BenchmarkView(b *testing.B) {
	r := settled(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		r.View()
	}
}

func BenchmarkViewAfterMove(b *testing.B) {
	r := settled(b, 100_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		by := 1
		if i%2 == 1 {
			by = -1
		}
		r.list.move(by, false)
		r.list.foot = r.list.onto
		r.View()
	}
}

func BenchmarkViewCold(b *testing.B) {
	r := settled(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		r.list.cells = map[cellKey]string{}
		r.View()
	}
}

func BenchmarkViewName(b *testing.B) {
	r := newRoot(Options{Core: sample(), Theme: "dark", Now: func() time.Time { return now }, Local: time.UTC})
	b.Cleanup(r.close)
	r.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	r.name.show("tinplate.com")
	flush(r, r.show(onName))
	b.ReportAllocs()
	for b.Loop() {
		r.View()
	}
}

// counter counts what goes to the terminal.
type counter struct{ n atomic.Int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// wire is a real program over n names that writes to a counter.
func wire(b *testing.B, core *fakeCore, w, h int, clock func() time.Time) (*tea.Program, *counter) {
	b.Helper()
	out := &counter{}
	in, hold := io.Pipe()
	m := New(Options{Core: core, Theme: "dark", Now: clock, Local: time.UTC})
	p := tea.NewProgram(m, tea.WithInput(in), tea.WithOutput(out), tea.WithWindowSize(w, h),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor"}), tea.WithoutSignals())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = p.Run()
	}()
	b.Cleanup(func() {
		p.Quit()
		<-done
		_ = hold.Close()
		Close(m)
	})
	time.Sleep(600 * time.Millisecond) // the first page
	return p, out
}

// BenchmarkBytes reports what a cursor move and a tick of one countdown send.
func BenchmarkBytes(b *testing.B) {
	for _, size := range [][2]int{{80, 24}, {200, 60}} {
		b.Run(fmt.Sprintf("move/%dx%d", size[0], size[1]), func(b *testing.B) {
			p, out := wire(b, many(100_000), size[0], size[1], func() time.Time { return now })
			before := out.n.Load()
			const moves = 10
			for range moves {
				p.Send(tea.KeyPressMsg{Code: 'j', Text: "j"})
				time.Sleep(200 * time.Millisecond) // the foot follows
			}
			b.ReportMetric(float64(out.n.Load()-before)/moves, "B/move")
		})
		b.Run(fmt.Sprintf("tick/%dx%d", size[0], size[1]), func(b *testing.B) {
			core := many(100_000)
			core.details["name-000003.com"].Todo = watch.Todo{Verb: watch.TodoOrder, By: now.Add(40 * time.Minute), Urgent: true}
			start := time.Now()
			_, out := wire(b, core, size[0], size[1], func() time.Time { return now.Add(time.Since(start)) })
			before := out.n.Load()
			time.Sleep(5 * time.Second)
			b.ReportMetric(float64(out.n.Load()-before)/5, "B/tick")
		})
	}
}
