package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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

func TestBoundedReads(t *testing.T) {
	home := t.TempDir()
	none := func(string) string { return "" }
	big := filepath.Join(home, "config.toml")
	if err := os.WriteFile(big, bytes.Repeat([]byte("#"), maxConfig+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadConfig(paths{config: big}, true, none); exitCode(err) != exitUsage {
		t.Errorf("an endless configuration: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if s, err := readSecret(t.Context(), secretRef{kind: "command", what: "yes hunter2 | tr -d '\\n'"}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an endless secret: %v, %v", s, err)
	}
	if err := os.WriteFile(big, bytes.Repeat([]byte("s"), maxSecret+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readSecret(t.Context(), secretRef{kind: "file", what: big}); err == nil {
		t.Error("a file of 64 KiB was taken for a secret")
	}
}

// A list never lands in whatever folder a service manager starts lapse in.
func TestNoHomeIsNotHere(t *testing.T) {
	for _, home := range []string{"", "relative"} {
		p := defaultPaths(func(name string) string {
			if name == "HOME" {
				return home
			}
			return ""
		})
		if !filepath.IsAbs(p.db) || !filepath.IsAbs(p.config) || !filepath.IsAbs(p.state) {
			t.Errorf("HOME=%q: %+v", home, p)
		}
	}
}
