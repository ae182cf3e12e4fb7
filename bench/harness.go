package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

var rounds = 9

type benchmark struct {
	name, about string
	run         func(context.Context) ([]result, error)
}

// skip says why a benchmark could not be run here.
type skip string

func (s skip) Error() string { return string(s) }

// side is one of those that are compared. do runs once a round and reports a
// failure instead of a wrong time.
type side struct {
	who string
	do  func() error
}

// unit is how a measure is written.
type unit string

const (
	perOp unit = "time"
	bytes unit = "bytes"
	count unit = "count"
)

// measure is the median of one side over the rounds, in nanoseconds, bytes or
// pieces.
type measure struct {
	who              string
	median, low, top float64
	unit             unit
}

// result is one printed line. The first side is ours, the second the one that
// the ratio is taken against. A goal of 0 is none.
type result struct {
	name  string
	sides []measure
	ratio float64 // ours to the peer's, the median over the rounds' own ratios
	goal  float64
	limit float64 // an absolute bound on ours, in its unit; 0 is none
	note  string
}

func (r result) met() bool {
	return (r.goal == 0 || r.ratio <= r.goal) && (r.limit == 0 || r.sides[0].median <= r.limit)
}

func (r result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-16s", r.name)
	for _, m := range r.sides {
		fmt.Fprintf(&b, "  %s %s", m.who, m.show(m.median))
	}
	if len(r.sides) > 1 {
		fmt.Fprintf(&b, "  ratio %.2f", r.ratio)
	}
	if r.goal > 0 {
		fmt.Fprintf(&b, " (goal ≤%.2f%s)", r.goal, missed(r.ratio <= r.goal))
	}
	if r.limit > 0 {
		fmt.Fprintf(&b, " (at most %s%s)", r.sides[0].show(r.limit), missed(r.sides[0].median <= r.limit))
	}
	if r.note != "" {
		fmt.Fprintf(&b, "  %s", r.note)
	}
	return b.String()
}

func missed(ok bool) string {
	if ok {
		return ""
	}
	return ", MISSED"
}

func (m measure) show(v float64) string {
	switch m.unit {
	case bytes:
		return fmt.Sprintf("%.1fMB", v/1e6)
	case count:
		return fmt.Sprintf("%.0f", v)
	}
	switch {
	case v < 1e3:
		return fmt.Sprintf("%.0fns", v)
	case v < 1e6:
		return fmt.Sprintf("%.1fµs", v/1e3)
	case v < 1e9:
		return fmt.Sprintf("%.1fms", v/1e6)
	}
	return fmt.Sprintf("%.2fs", v/1e9)
}

// timed runs the sides interleaved, one after the other in every round with
// the order turned each time, n times each a round, and compares the time of
// one run. One round to warm up is not counted.
func timed(ctx context.Context, name string, goal float64, n int, sides ...side) (result, error) {
	return sampled(ctx, name, goal, perOp, func(s side) (float64, error) {
		runtime.GC()
		start := time.Now()
		for range n {
			if err := s.do(); err != nil {
				return 0, err
			}
		}
		return float64(time.Since(start)) / float64(n), nil
	}, sides...)
}

// sampled is timed with a measure of the caller's: one sample a side a round.
func sampled(ctx context.Context, name string, goal float64, u unit, sample func(side) (float64, error), sides ...side) (result, error) {
	values := make([][]float64, len(sides))
	for round := range rounds + 1 {
		got := make([]float64, len(sides))
		for k := range sides {
			i := (k + round) % len(sides)
			if err := ctx.Err(); err != nil {
				return result{}, err
			}
			v, err := sample(sides[i])
			if err != nil {
				return result{}, fmt.Errorf("%s: %s: %w", name, sides[i].who, err)
			}
			got[i] = v
		}
		if round == 0 {
			continue
		}
		for i, v := range got {
			values[i] = append(values[i], v)
		}
	}
	r := result{name: name, goal: goal}
	if len(sides) > 1 {
		ratios := make([]float64, rounds)
		for i := range ratios {
			ratios[i] = values[0][i] / values[1][i]
		}
		r.ratio = median(ratios)
	}
	for i, s := range sides {
		r.sides = append(r.sides, measure{s.who, median(values[i]), slices.Min(values[i]), slices.Max(values[i]), u})
	}
	return r, nil
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

// childEnv names the side that this process is, where each side needs a
// process of its own.
const childEnv = "LAPSE_BENCH_SIDE"

// children are the sides that run as processes: name and what they do. The
// argument is what the parent handed over, an address for example.
var children = map[string]func(arg string) error{}

func child(name string) {
	do, ok := children[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "bench: no side named", name)
		os.Exit(2)
	}
	if err := do(os.Getenv(childEnv + "_ARG")); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if kb, ok := highWater(); ok {
		fmt.Println(peakWord, kb)
	}
}

const peakWord = "peak-kB"

// highWater is this process's peak resident memory in kilobytes, where Linux
// tells it. What the parent reads of a child that has ended is no measure: exec
// keeps the peak of the process that was forked, which is the parent's.
func highWater() (kb int64, ok bool) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	for l := range strings.Lines(string(b)) {
		if n, err := fmt.Sscanf(l, "VmHWM: %d kB", &kb); err == nil && n == 1 {
			return kb, true
		}
	}
	return 0, false
}

// peak runs a side as a process and returns its peak resident memory in bytes.
func peak(ctx context.Context, name, arg string) (float64, error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), childEnv+"="+name, childEnv+"_ARG="+arg)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	for l := range strings.Lines(string(out)) {
		var kb float64
		if n, err := fmt.Sscanf(l, peakWord+" %g", &kb); err == nil && n == 1 {
			return kb * 1024, nil
		}
	}
	use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, skip("this system does not tell a process's peak memory")
	}
	if runtime.GOOS == "darwin" {
		return float64(use.Maxrss), nil
	}
	return float64(use.Maxrss) * 1024, nil // kilobytes on Linux and the BSDs
}

// cpuTime is the processor time that this process has used.
func cpuTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
