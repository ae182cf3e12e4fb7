//go:build !linux

package main

func cpu(int) (float64, error) { return 0, skip("a running process's time is read on Linux alone") }

func resident(int) (float64, error) {
	return 0, skip("a running process's memory is read on Linux alone")
}
