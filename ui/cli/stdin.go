package cli

import (
	"context"
	"io"
)

// input is standard input that an interrupt ends. A read from a terminal or a
// pipe hears nothing of a context, and ctrl+c would be kept waiting for a line.
func (a *app) input() io.Reader {
	return &input{from: a.stdin, interrupted: a.interrupted}
}

type input struct {
	from        io.Reader
	interrupted <-chan struct{}
	buf         []byte
}

// Read returns context.Canceled once interrupted. The read that was under way
// stays behind with a buffer of its own; the process or the SSH session ends
// it.
func (in *input) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	if in.buf == nil {
		in.buf = make([]byte, 64<<10)
	}
	buf := in.buf[:min(len(p), len(in.buf))]
	done := make(chan result, 1)
	go func() {
		n, err := in.from.Read(buf)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return copy(p, buf[:r.n]), r.err
	case <-in.interrupted:
		in.buf = nil // the read still writes there
		return 0, context.Canceled
	}
}
