//go:build unix

package cli

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/sandbox"
)

// output is what a process wrote so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) has(s string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Contains(o.b.String(), s)
}

// TestInterruptWhileArmed sends signals to a catch whose burst is armed: an
// interrupt asks for a second one, SIGTERM ends it at once. Nothing is sent
// either way, and the order stands.
func TestInterruptWhileArmed(t *testing.T) {
	w := newWorld(t, sandbox.Name{Name: "quillwright.com", Stays: true})
	w.run("order", "quillwright.com", "--via", "epp:sandbox", "--cap", "60USD", "--yes")
	for _, how := range []string{"interrupt", "terminate"} {
		at := time.Now().Add(40 * time.Second).UTC().Format(time.RFC3339)
		cmd := w.command("catch", "quillwright.com", "--at", at)
		var out, errs output
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		w.until("the burst is armed", func() bool { return out.has("armed at") })
		if how == "interrupt" {
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			w.until("it asks for a second one", func() bool { return errs.has("interrupt once more") })
		}
		sig := map[string]syscall.Signal{"interrupt": syscall.SIGINT, "terminate": syscall.SIGTERM}[how]
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
			t.Errorf("%s: %v\n%s", how, err, errs.b.String())
		}
		if how == "terminate" && errs.has("once more") {
			t.Error("SIGTERM asked")
		}
	}
	var os []catch.Order
	w.json(&os, "orders")
	if len(os) != 1 || os[0].State != catch.Planned || !os[0].FireAt.IsZero() {
		t.Errorf("%+v", os)
	}
	for _, e := range w.reg.Log() {
		if e.Command == "create" {
			t.Errorf("a create was sent: %+v", e)
		}
	}
	cmd := w.command("catch", "quillwright.com", "--at", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	var exit *exec.ExitError
	if text, err := cmd.CombinedOutput(); !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(string(text), "in the past") {
		t.Errorf("a time in the past: %v\n%s", err, text)
	}
}
