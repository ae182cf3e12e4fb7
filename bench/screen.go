package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/creack/pty"
)

// bareCounter is a Bubble Tea program that draws a number and counts it up at
// every key: the least that a key can cost.
const bareCounter = `package main

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
)

type model int

func (model) Init() tea.Cmd { return nil }

func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(tea.KeyPressMsg); ok {
		m++
	}
	return m, nil
}

func (m model) View() tea.View {
	v := tea.NewView(fmt.Sprint("first frame ", int(m)))
	v.AltScreen = true
	return v
}

func main() {
	if _, err := tea.NewProgram(model(0)).Run(); err != nil {
		panic(err)
	}
}
`

// shown is a program in a terminal whose output is read as it comes.
type shown struct {
	cmd  *exec.Cmd
	tty  *os.File
	came chan []byte
}

func show(ctx context.Context, env []string, text string, args ...string) (*shown, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = env
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		return nil, err
	}
	s := &shown{cmd, tty, make(chan []byte, 1024)}
	go func() {
		defer close(s.came)
		for {
			buf := make([]byte, 32<<10)
			n, err := tty.Read(buf)
			if err != nil {
				return
			}
			s.came <- buf[:n]
		}
	}()
	var seen strings.Builder
	for !strings.Contains(seen.String(), text) {
		b, err := s.next(10 * time.Second)
		if err != nil {
			s.end()
			return nil, fmt.Errorf("%s drew no %q: %w", filepath.Base(args[0]), text, err)
		}
		seen.Write(b)
	}
	s.quiet(500 * time.Millisecond)
	return s, nil
}

func (s *shown) next(within time.Duration) ([]byte, error) {
	select {
	case b, ok := <-s.came:
		if !ok {
			return nil, fmt.Errorf("it ended")
		}
		return b, nil
	case <-time.After(within):
		return nil, context.DeadlineExceeded
	}
}

// quiet reads until nothing has come for a while and returns how many bytes
// that were.
func (s *shown) quiet(pause time.Duration) int {
	n := 0
	for {
		b, err := s.next(pause)
		if err != nil {
			return n
		}
		n += len(b)
	}
}

func (s *shown) end() {
	_ = s.cmd.Process.Kill()
	_ = s.tty.Close()
	_ = s.cmd.Wait()
}

// keys compares a key to its first bytes with a bare Bubble Tea program, and
// counts the bytes of a cursor move, on a list of 10,000 names.
func keys(ctx context.Context) ([]result, error) {
	folder, err := programs(ctx)
	if folder != "" {
		defer os.RemoveAll(folder)
	}
	if err != nil {
		return nil, err
	}
	bin := func(name string) string { return filepath.Join(folder, name) }
	file := filepath.Join(folder, "counter.go")
	if err := os.WriteFile(file, []byte(bareCounter), 0o600); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", bin("counter"), file)
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w: %s", err, out)
	}
	home := filepath.Join(folder, "home")
	env := append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home, "XDG_STATE_HOME="+home,
		"LAPSE_LOOKUP_OFFLINE=true", "TERM=xterm-256color", "COLORTERM=truecolor")
	var names strings.Builder
	for i := range firstFrameNames {
		fmt.Fprintf(&names, "name-%05d.com\n", i)
	}
	add := exec.CommandContext(ctx, bin("lapse"), "add", "-")
	add.Env, add.Stdin = env, strings.NewReader(names.String())
	if out, err := add.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("add names: %w: %s", err, out)
	}
	ours, err := show(ctx, env, "name-0", bin("lapse"), "--read-only")
	if err != nil {
		return nil, err
	}
	defer ours.end()
	bare, err := show(ctx, env, "first frame", bin("counter"))
	if err != nil {
		return nil, err
	}
	defer bare.end()

	const presses = 10
	var moved []float64
	press := func(s *shown) (float64, error) {
		total := time.Duration(0)
		for range presses {
			start := time.Now()
			if _, err := s.tty.WriteString("j"); err != nil {
				return 0, err
			}
			b, err := s.next(5 * time.Second)
			if err != nil {
				return 0, fmt.Errorf("a key drew nothing: %w", err)
			}
			total += time.Since(start)
			n := len(b) + s.quiet(60*time.Millisecond)
			if s == ours {
				moved = append(moved, float64(n))
			}
		}
		return float64(total) / presses, nil
	}
	sides := map[string]*shown{"lapse": ours, "bare": bare}
	first, err := sampled(ctx, "screen-key", 1.3, perOp, func(s side) (float64, error) { return press(sides[s.who]) },
		side{who: "lapse"}, side{who: "bare"})
	if err != nil {
		return nil, err
	}
	m := median(moved)
	return []result{first, {
		name: "screen-move", sides: []measure{{who: "lapse", median: m, low: m, top: m, unit: count}}, limit: 300, note: "bytes a cursor move",
	}}, nil
}
