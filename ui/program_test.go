package ui

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/teatest/v2"
)

// TestProgram runs the real program: start, resize, leave.
func TestProgram(t *testing.T) {
	m := New(Options{Core: sample(), Theme: "dark", Now: func() time.Time { return now }, Local: time.UTC})
	tm := teatest.NewTestModel(t, m, teatest.WithInitialTermSize(80, 24))
	saw := func(text string) {
		t.Helper()
		teatest.WaitFor(t, tm.Output(), func(b []byte) bool { return bytes.Contains(b, []byte(text)) }, teatest.WithDuration(10*time.Second))
	}
	saw("harborloft.com")
	tm.Send(tea.WindowSizeMsg{Width: 200, Height: 60})
	saw("fernhollow.org") // there was no room for it before
	tm.Send(tea.KeyPressMsg{Code: tea.KeyEnter})
	saw("MOST YOU CAN OWE")
	tm.Send(tea.KeyPressMsg{Code: 'q', Text: "q"})
	tm.WaitFinished(t, teatest.WithFinalTimeout(10*time.Second))
	if r, ok := tm.FinalModel(t).(*root); !ok || r.ctx.Err() == nil {
		t.Error("it was left without letting go of what it waits for")
	}
}

// A terminal that never answers a question gets its first page all the same,
// and the end of the context ends the program.
func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	in, hold := io.Pipe() // nothing ever comes
	defer hold.Close()
	out := &lockedBuffer{first: make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{
			Core: sample(), In: in, Out: out, Env: []string{"TERM=xterm-256color"}, Now: func() time.Time { return now },
		})
	}()
	select {
	case <-out.first:
	case <-time.After(10 * time.Second):
		t.Fatal("no first page")
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on without its context")
	}
}

type lockedBuffer struct {
	first chan struct{}
	seen  bool
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	if !b.seen {
		b.seen = true
		close(b.first)
	}
	return len(p), nil
}
