// Package cli is the commands: it reads the configuration, wires the rooms
// together and turns what happened into an exit code. It is the only room that
// knows them all.
package cli

import (
	"fmt"
	"io"
)

// Main runs the program and returns its exit code.
func Main(args []string, _ io.Reader, _, stderr io.Writer) int {
	fmt.Fprintf(stderr, "lapse: unknown command %q\n", args)
	return 2
}
