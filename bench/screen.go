package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/creack/pty"
)

// counterProgram is a Bubble Tea program that draws a number and counts it up at
// every key: the least that a key can cost.
const counterProgram = `package main

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

// shown is a program in a terminal, or a session, whose output is read as it
// comes.
type shown struct {
	pid   int
	came  chan []byte
	write func(text string) error
	end   func()
}

// begin starts a program in a terminal of its own.
func begin(ctx context.Context, env []string, args ...string) (*shown, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = env
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		return nil, err
	}
	s := &shown{
		pid: cmd.Process.Pid, came: make(chan []byte, 1024),
		write: func(t string) error { _, err := tty.WriteString(t); return err },
		end: func() {
			_ = cmd.Process.Kill()
			_ = tty.Close()
			_ = cmd.Wait()
		},
	}
	s.read(tty)
	return s, nil
}

func (s *shown) read(from io.Reader) {
	go func() {
		defer close(s.came)
		for {
			buf := make([]byte, 32<<10)
			n, err := from.Read(buf)
			if n > 0 {
				s.came <- buf[:n]
			}
			if err != nil {
				return
			}
		}
	}()
}

// show starts a program and waits until it has drawn a text.
func show(ctx context.Context, env []string, text string, args ...string) (*shown, error) {
	s, err := begin(ctx, env, args...)
	if err != nil {
		return nil, err
	}
	if _, err := s.until(text); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(args[0]), err)
	}
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

// until reads until a text has come and it is quiet then, and returns how many
// bytes that were.
func (s *shown) until(text string) (int, error) {
	var seen strings.Builder
	for !strings.Contains(seen.String(), text) {
		b, err := s.next(10 * time.Second)
		if err != nil {
			s.end()
			return 0, fmt.Errorf("no %q was drawn: %w", text, err)
		}
		seen.Write(b)
	}
	return seen.Len() + s.quiet(500*time.Millisecond), nil
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

// quietFor reads for a time, whatever comes.
func (s *shown) quietFor(d time.Duration) {
	end := time.After(d)
	for {
		select {
		case <-s.came:
		case <-end:
			return
		}
	}
}

// onScreen measures the list of 100,000 names in a terminal, interleaved with a
// bare Bubble Tea program in another one.
func onScreen(ctx context.Context) ([]result, error) {
	folder, err := programs(ctx)
	if folder != "" {
		defer os.RemoveAll(folder)
	}
	if err != nil {
		return nil, err
	}
	env, err := fullList(ctx, folder)
	if err != nil {
		return nil, err
	}
	ours, err := show(ctx, env, "name-1000000", filepath.Join(folder, "lapse"))
	if err != nil {
		return nil, err
	}
	defer ours.end()
	bare, err := show(ctx, env, "first frame", filepath.Join(folder, "counter"))
	if err != nil {
		return nil, err
	}
	defer bare.end()
	ours.quiet(time.Second)

	tick, err := ticks(ours)
	if err != nil {
		return nil, err
	}
	idle, err := idleCPU(ctx, ours, bare)
	if err != nil {
		return nil, err
	}
	// The countdown would count as an answer to a key: what is measured from
	// here on stands where it is not seen.
	for range 3 {
		if err := ours.write("\x1b[6~"); err != nil { // page down
			return nil, err
		}
		ours.quiet(300 * time.Millisecond)
	}
	key, move, err := keys(ctx, ours, bare)
	if err != nil {
		return nil, err
	}
	filter, err := filtering(ours)
	if err != nil {
		return nil, err
	}
	out := []result{tick, idle, key, move, filter}
	if mem, err := resident(ours.pid); err == nil {
		out = append(out, absolute("screen-memory", mem, bytes, 100e6, "most resident memory by then"))
	}
	return out, nil
}

func absolute(name string, v float64, u unit, limit float64, note string) result {
	return result{name: name, sides: []measure{{who: "lapse", median: v, low: v, top: v, unit: u}}, limit: limit, note: note}
}

// ticks counts the bytes of a second in which one countdown is seen.
func ticks(s *shown) (result, error) {
	const seconds = 5
	n, end := 0, time.After(seconds*time.Second)
	for {
		select {
		case b, ok := <-s.came:
			if !ok {
				return result{}, fmt.Errorf("it ended")
			}
			n += len(b)
		case <-end:
			if n == 0 {
				return result{}, fmt.Errorf("the countdown stands still")
			}
			return absolute("screen-tick", float64(n)/seconds, count, 40, "bytes a second with one countdown"), nil
		}
	}
}

// idleCPU compares what both take while nobody types, over the same seconds.
func idleCPU(ctx context.Context, ours, bare *shown) (result, error) {
	pid := map[string]int{"lapse": ours.pid, "bare": bare.pid}
	var before, after map[string]float64
	read := func() (map[string]float64, error) {
		out := map[string]float64{}
		for who, p := range pid {
			v, err := cpu(p)
			if err != nil {
				return nil, err
			}
			out[who] = v
		}
		return out, nil
	}
	const seconds = 3
	r, err := sampled(ctx, "screen-idle", 1.3, perOp, func(s side) (float64, error) {
		if after == nil { // the first side of a round waits for both
			var err error
			if before, err = read(); err != nil {
				return 0, err
			}
			ours.quietFor(seconds * time.Second)
			if after, err = read(); err != nil {
				return 0, err
			}
			return (after[s.who] - before[s.who]) / seconds, nil
		}
		v := (after[s.who] - before[s.who]) / seconds
		after = nil
		return v, nil
	}, side{who: "lapse"}, side{who: "bare"})
	r.note = "CPU a second, one countdown seen"
	return r, err
}

// keys compares a key to its first bytes, and counts the bytes of a cursor
// move with all that follows it.
func keys(ctx context.Context, ours, bare *shown) (key, move result, err error) {
	const presses = 10
	var moved []float64
	press := func(s *shown) (float64, error) {
		total := time.Duration(0)
		for range presses {
			start := time.Now()
			if err := s.write("j"); err != nil {
				return 0, err
			}
			b, err := s.next(5 * time.Second)
			if err != nil {
				return 0, fmt.Errorf("a key drew nothing: %w", err)
			}
			total += time.Since(start)
			n := len(b) + s.quiet(150*time.Millisecond)
			if s == ours {
				moved = append(moved, float64(n))
			}
		}
		return float64(total) / presses, nil
	}
	sides := map[string]*shown{"lapse": ours, "bare": bare}
	key, err = sampled(ctx, "screen-key", 1.3, perOp, func(s side) (float64, error) { return press(sides[s.who]) },
		side{who: "lapse"}, side{who: "bare"})
	if err != nil {
		return key, move, err
	}
	return key, absolute("screen-move", median(moved), count, 300, "bytes a cursor move"), nil
}

// filtering is from a letter of a filter to the last byte of the list that it
// leaves. What comes within a blink belongs to it.
func filtering(s *shown) (result, error) {
	var took []float64
	letter := func(text string) error {
		start := time.Now()
		if err := s.write(text); err != nil {
			return err
		}
		last := time.Duration(0)
		for {
			if _, err := s.next(250 * time.Millisecond); err != nil {
				break
			}
			last = time.Since(start)
		}
		took = append(took, float64(last))
		return nil
	}
	if err := s.write("/"); err != nil {
		return result{}, err
	}
	s.quiet(300 * time.Millisecond)
	for range max(rounds/3, 1) {
		for _, text := range []string{"n", "m", "9", "7", "3", "1"} {
			if err := letter(text); err != nil {
				return result{}, err
			}
		}
		for range 6 {
			if err := s.write("\x7f"); err != nil {
				return result{}, err
			}
			s.quiet(250 * time.Millisecond)
		}
	}
	r := absolute("screen-filter", median(took), perOp, 30e6, fmt.Sprintf("a letter to the list it leaves; the slowest of %d %.0f ms", len(took), slices.Max(took)/1e6))
	return r, nil
}
