package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cpu is the processor time that a process has taken so far, in nanoseconds:
// the kernel's own count, which knows less than a clock tick.
func cpu(pid int) (float64, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return 0, skip("this kernel does not tell a thread's time")
	}
	total := 0.0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // a thread that has ended; threads of a Go program rarely do
		}
		first, _, _ := strings.Cut(string(text), " ")
		v, err := strconv.ParseFloat(first, 64)
		if err != nil {
			return 0, err
		}
		total += v
	}
	return total, nil
}

// resident is the most memory that a process has had so far, in bytes.
func resident(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(text), "VmHWM:")
	if !ok {
		return 0, skip("this kernel does not tell a process's peak memory")
	}
	kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kb * 1024, err
}
