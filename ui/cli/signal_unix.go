//go:build unix

package cli

import (
	"os"
	"syscall"
)

// hangup asks lapse serve to read its configuration again.
var hangup = []os.Signal{syscall.SIGHUP}
