// Command lapse watches domain names as they lapse, and catches them.
package main

import (
	"os"

	"github.com/lapse-dev/lapse/ui/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
