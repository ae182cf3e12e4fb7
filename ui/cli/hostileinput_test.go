package cli

import (
	"bytes"
	"context"
	"io"
	"testing"
)

// terminal is an input on which nobody types: its first read interrupts the
// program and never returns by itself.
type terminal struct {
	interrupt context.CancelFunc
	end       chan struct{}
}

func (t terminal) Read([]byte) (int, error) {
	t.interrupt()
	<-t.end
	return 0, io.EOF
}

func TestInterruptEndsReading(t *testing.T) {
	home := t.TempDir()
	env := func(name string) string {
		if name == "HOME" {
			return home
		}
		return ""
	}
	for _, args := range [][]string{
		{"add", "-"},
		{"import", "-"},
		{"explain", "example.com", "--whois", "-", "--server", "whois.verisign-grs.com"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan struct{})
		var out, errw bytes.Buffer
		code := newApp(terminal{cancel, end}, &out, &errw, env).run(ctx, args)
		close(end)
		cancel()
		if code != exitInterrupted {
			t.Errorf("%q: exit %d, want %d: %s", args, code, exitInterrupted, errw.String())
		}
	}
}
