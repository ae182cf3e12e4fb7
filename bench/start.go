package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/creack/pty"
)

// helloProgram is the Go program that lapse's start is held against.
const helloProgram = `package main

import "os"

func main() { os.Stdout.WriteString("hello\n") }
`

// bareProgram is the least that Bubble Tea can show: one line, full screen.
const bareProgram = `package main

import tea "charm.land/bubbletea/v2"

type model struct{}

func (model) Init() tea.Cmd { return nil }

func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(tea.KeyPressMsg); ok {
		return m, tea.Quit
	}
	return m, nil
}

func (model) View() tea.View {
	v := tea.NewView("first frame")
	v.AltScreen = true
	return v
}

func main() {
	if _, err := tea.NewProgram(model{}).Run(); err != nil {
		panic(err)
	}
}
`

// programs builds what is compared, once: lapse as it is released, and the
// bare programs inside the same module, so that their libraries are the same.
func programs(ctx context.Context) (folder string, err error) {
	folder, err = os.MkdirTemp("", "lapse-bench-start-")
	if err != nil {
		return "", err
	}
	build := func(dir, out string, args ...string) error {
		cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(folder, out)}, args...)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build: %w: %s", err, out)
		}
		return nil
	}
	errs := []error{build("..", "lapse", ".")}
	for name, text := range map[string]string{"hello": helloProgram, "bare": bareProgram, "counter": counterProgram} {
		file := filepath.Join(folder, name+".go")
		errs = append(errs, os.WriteFile(file, []byte(text), 0o600), build("..", name, file))
	}
	return folder, errors.Join(errs...)
}

// start compares `lapse --version` with hello world, and the first frame with
// its first page of 100,000 names with a bare Bubble Tea program.
func start(ctx context.Context) ([]result, error) {
	folder, err := programs(ctx)
	if folder != "" {
		defer os.RemoveAll(folder)
	}
	if err != nil {
		return nil, err
	}
	bin := func(name string) string { return filepath.Join(folder, name) }
	silent := func(name string, args ...string) func() error {
		return func() error { return exec.CommandContext(ctx, bin(name), args...).Run() }
	}
	version, err := timed(ctx, "start-version", 4, 20, side{"lapse", silent("lapse", "--version")}, side{"hello", silent("hello")})
	if err != nil {
		return nil, err
	}

	env, err := fullList(ctx, folder)
	if err != nil {
		return nil, err
	}
	frame := func(text string, args ...string) func() error {
		return func() error { return firstFrame(ctx, env, text, args...) }
	}
	first, err := timed(ctx, "start-frame", 1.3, 1,
		side{"lapse", frame("name-", bin("lapse"), "--read-only")}, side{"bare", frame("first frame", bin("bare"))})
	if err != nil {
		return nil, err
	}

	info, err := os.Stat(bin("lapse"))
	if err != nil {
		return nil, err
	}
	size := float64(info.Size())
	return []result{version, first, {
		name: "start-size", sides: []measure{{who: "lapse", median: size, low: size, top: size, unit: bytes}}, limit: 30e6,
	}}, nil
}

// firstFrame runs a program in a terminal until it has drawn a text.
func firstFrame(ctx context.Context, env []string, text string, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = env
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = tty.Close()
		_ = cmd.Wait()
	}()
	drawn := make(chan error, 1)
	go func() {
		var seen []byte
		buf := make([]byte, 32<<10)
		for {
			n, err := tty.Read(buf)
			if seen = append(seen, buf[:n]...); strings.Contains(string(seen), text) {
				drawn <- nil
				return
			}
			if err != nil {
				if errors.Is(err, io.EOF) {
					err = io.ErrUnexpectedEOF
				}
				drawn <- fmt.Errorf("no %q in %q: %w", text, seen, err)
				return
			}
		}
	}()
	select {
	case err := <-drawn:
		return err
	case <-time.After(10 * time.Second):
		return fmt.Errorf("%s drew no %q in 10 s", filepath.Base(args[0]), text)
	}
}
