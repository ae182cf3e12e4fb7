//go:build unix

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/sandbox"
	"github.com/lapse-dev/lapse/watch"
)

// world is a sandbox with a configuration that points at it, for real
// processes on one database.
type world struct {
	t      *testing.T
	folder string
	reg    *sandbox.Registry
	env    []string
}

func newWorld(t *testing.T, names ...sandbox.Name) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	reg, err := startSandbox(ctx, names, sandboxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reg.Close() })
	folder := keptFolder(t)
	files, err := writeSandboxConfig(folder, reg.Config())
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, folder: folder, reg: reg, env: append(os.Environ(),
		"HOME="+folder, "XDG_STATE_HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder,
		"LAPSE_CONFIG="+files.config, "LAPSE_DB="+filepath.Join(folder, "lapse.db"))}
}

func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command("lapse", args...)
	cmd.Env = append(w.env, "TERM=dumb")
	return cmd
}

// run runs a command that has to succeed, and returns its stdout.
func (w *world) run(args ...string) []byte {
	w.t.Helper()
	var out, errs bytes.Buffer
	cmd := w.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		w.t.Fatalf("lapse %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.Bytes()
}

func (w *world) json(into any, args ...string) {
	w.t.Helper()
	data := w.run(append(args, "--json")...)
	if err := json.Unmarshal(data, into); err != nil {
		w.t.Fatalf("lapse %s: %v in %s", strings.Join(args, " "), err, data)
	}
}

// until waits for something that other processes bring about.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(20 * time.Millisecond) // between two looks at another process
	}
}

// serve starts a server and waits until it acts.
func (w *world) serve() *exec.Cmd {
	w.t.Helper()
	cmd := w.command("serve")
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	mine := fmt.Sprintf(" pid %d (serve)", cmd.Process.Pid)
	w.until("the server acts", func() bool {
		var st watch.Status
		w.json(&st, "status")
		return st.Lease.Held && strings.HasSuffix(st.Lease.Holder, mine)
	})
	return cmd
}

// TestManyProcesses runs a server, the screens and ten commands at once on one
// database: no edit is lost, one process acts, and an order given by a command
// is executed by the one that acts while the command shows its end.
func TestManyProcesses(t *testing.T) {
	w := newWorld(t, sandbox.Name{Name: "quillwright.com", Stage: "redemption", Into: -10 * time.Minute})
	server := w.serve()

	tui := exec.Command("lapse")
	tui.Env = append(w.env, "TERM=xterm-256color")
	tty, err := pty.StartWithSize(tui, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tui.Process.Kill(); _ = tty.Close() })
	var mu sync.Mutex
	var seen bytes.Buffer
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf)
			mu.Lock()
			seen.Write(buf[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	screen := func(text string) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return strings.Contains(seen.String(), text)
		}
	}
	w.until("the screens are drawn", screen("WATCHLIST"))

	w.run("add", "shared.com", "quillwright.com")
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Add(2)
		go func() {
			defer wg.Done()
			if out, err := w.command("add", fmt.Sprintf("name-%d.com", i)).CombinedOutput(); err != nil {
				t.Errorf("add: %v: %s", err, out)
			}
		}()
		go func() {
			defer wg.Done()
			if out, err := w.command("tag", "shared.com", "--add", fmt.Sprintf("tag-%d", i)).CombinedOutput(); err != nil {
				t.Errorf("tag: %v: %s", err, out)
			}
		}()
	}
	wg.Wait()
	var rows []watch.Row
	w.json(&rows, "ls")
	if len(rows) != 12 {
		t.Errorf("%d names, want 12", len(rows))
	}
	for _, r := range rows {
		if r.Name == "shared.com" && len(r.Tags) != 10 {
			t.Errorf("tags of shared.com: %v, want ten", r.Tags)
		}
	}
	w.until("the screens show what others added", screen("name-7.com"))

	var before, after watch.Status
	w.json(&before, "status")
	var got ordered
	w.json(&got, "order", "quillwright.com", "--via", sandboxBackorder, "--price", "24.99USD", "--cap", "60USD", "--yes")
	if got.Order.State != catch.Active {
		t.Errorf("the order ended %s (%s), want active", got.Order.State, got.Order.Why)
	}
	w.json(&after, "status")
	if after.Lease.Epoch != before.Lease.Epoch || after.Lease.Holder != before.Lease.Holder {
		t.Errorf("the lease went from %v to %v", before.Lease, after.Lease)
	}
	var ledger []catch.LedgerEntry
	w.json(&ledger, "ledger")
	for _, e := range ledger {
		if e.Epoch != before.Lease.Epoch {
			t.Errorf("entry %d was written in epoch %d, the server's is %d", e.Seq, e.Epoch, before.Lease.Epoch)
		}
	}
	if len(ledger) != 2 {
		t.Errorf("%d ledger entries, want the intent and its answer", len(ledger))
	}

	// The server ends when it is told to, and the screens take over.
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("serve after SIGTERM: %v", err)
	}
	w.until("the screens act", func() bool {
		var st watch.Status
		w.json(&st, "status")
		return st.Lease.Held && strings.HasSuffix(st.Lease.Holder, fmt.Sprintf(" pid %d (screens)", tui.Process.Pid))
	})
}

// TestKilled kills processes at any moment: what was acknowledged is there, and
// an order that was given once is placed once.
func TestKilled(t *testing.T) {
	var held []sandbox.Name
	for i := range 4 {
		held = append(held, sandbox.Name{Name: fmt.Sprintf("order-%d.com", i), Stage: "redemption", Into: -10 * time.Minute})
	}
	w := newWorld(t, held...)

	acked := map[string]bool{}
	for i := range 12 {
		name := fmt.Sprintf("acked-%d.com", i)
		cmd := w.command("add", name)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 { // at some moment of its life
			time.AfterFunc(time.Duration(i)*2*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
		said, _ := io.ReadAll(out)
		_ = cmd.Wait()
		if strings.Contains(string(said), "added\t"+name) {
			acked[name] = true
		}
	}
	var rows []watch.Row
	w.json(&rows, "ls")
	have := map[string]bool{}
	for _, r := range rows {
		have[string(r.Name)] = true
	}
	for name := range acked {
		if !have[name] {
			t.Errorf("%s was acknowledged and is not there", name)
		}
	}
	if len(acked) < 8 {
		t.Errorf("only %d of 12 were acknowledged", len(acked))
	}

	for i := range held {
		name := held[i].Name
		w.run("add", name)
		server := w.serve()
		w.run("order", name, "--via", sandboxBackorder, "--price", "24.99USD", "--cap", "60USD", "--yes", "--wait=false")
		time.Sleep(time.Duration(i*3) * time.Millisecond) // the moment of the kill, not a wait for anything
		_ = server.Process.Kill()
		_ = server.Wait()
		next := w.serve()
		// In-doubt is a right answer too: the call was cut off, the service is
		// asked where it stands, and for half a minute nothing is concluded from
		// its not knowing.
		var os []catch.Order
		w.until("the order is looked after", func() bool {
			w.json(&os, "orders", "--all", name)
			return len(os) == 1 && (os[0].State == catch.Active || os[0].State == catch.InDoubt)
		})
		_ = next.Process.Kill()
		_ = next.Wait()
		placed := 0
		for _, e := range w.reg.Log() {
			if e.Name == name && e.Command == "add_backorder_request" && e.Note == "" && e.Code == 200 {
				placed++
			}
		}
		if placed > 1 || os[0].State == catch.Active && placed == 0 {
			t.Errorf("%s is %s and was ordered %d times", name, os[0].State, placed)
		}
	}
}
