package cli

import "os"

// hangup does not exist on Windows.
var hangup []os.Signal
