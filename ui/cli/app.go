package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
)

// app is one run of the program: its streams, its settings and, once a command
// asks for them, the rooms wired together.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time

	// own is true for the process's own streams, false for those of an SSH
	// session.
	own   bool
	flags flags

	orderCap catch.Money // the most that one order may cost here; zero: no limit of its own

	interrupted <-chan struct{} // closed when the run is to end; nil: never

	// armed says which burst is armed in the foreground, "" where none is.
	armed atomic.Pointer[func() string]

	holderAs string // "serve", "screens", "order": how the lease names us

	cfg     *config.Loaded
	rooms   *rooms
	service *watch.Service
	uses    *store.Store // opened for the use of accounts alone; nil: it was not
}

// flags are those of every command.
type flags struct {
	config   string
	db       string
	json     bool
	plain    bool
	noInput  bool
	readOnly bool
}

func newApp(stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) *app {
	return &app{stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv, now: time.Now, own: true}
}

// execute runs the tree: with fang's help and errors on the process's own
// terminal, plainly everywhere else (fang writes to the process's streams).
func (a *app) execute(ctx context.Context, root *cobra.Command) error {
	if a.own && a.stdout == io.Writer(os.Stdout) && isTerminal(a.stdout) && a.getenv("TERM") != "dumb" {
		unquote(root)
		return fang.Execute(ctx, root,
			fang.WithoutVersion(), fang.WithoutManpage(),
			fang.WithErrorHandler(func(io.Writer, fang.Styles, error) {})) // complain does it
	}
	return root.ExecuteContext(ctx)
}

// unquote takes out the marks by which cobra finds the name of a flag's value:
// fang shows them as they are.
func unquote(c *cobra.Command) {
	plain := func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") }
	c.LocalFlags().VisitAll(plain)
	for _, sub := range c.Commands() {
		unquote(sub)
	}
}

// environment fills the flags that were not given from LAPSE_*.
func (a *app) environment(cmd *cobra.Command) error {
	set := cmd.Flags().Changed
	for _, s := range []struct {
		flag string
		text *string
	}{{"config", &a.flags.config}, {"db", &a.flags.db}} {
		if v := a.getenv(flagEnv(s.flag)); v != "" && !set(s.flag) {
			*s.text = v
		}
	}
	for _, s := range []struct {
		flag string
		on   *bool
	}{{"json", &a.flags.json}, {"plain", &a.flags.plain}, {"no-input", &a.flags.noInput}, {"read-only", &a.flags.readOnly}} {
		v := a.getenv(flagEnv(s.flag))
		if v == "" || set(s.flag) {
			continue
		}
		on, err := strconv.ParseBool(v)
		if err != nil {
			return usagef("%s=%q: want true or false", flagEnv(s.flag), v)
		}
		*s.on = on
	}
	if a.flags.json && a.flags.plain {
		return usagef("--json and --plain exclude each other")
	}
	return nil
}

func flagEnv(flag string) string {
	b := []byte("LAPSE_" + flag)
	for i, c := range b {
		switch {
		case c == '-':
			b[i] = '_'
		case c >= 'a' && c <= 'z':
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// config reads the configuration once.
func (a *app) config() (*config.Loaded, error) {
	if a.cfg != nil {
		return a.cfg, nil
	}
	p := config.DefaultPaths(a.getenv)
	named := a.flags.config != ""
	if named {
		abs, err := filepath.Abs(a.flags.config)
		if err != nil {
			return nil, fmt.Errorf("find configuration: %w", err)
		}
		p.Config, p.Folder = abs, filepath.Dir(abs)
	}
	if a.flags.db != "" {
		abs, err := filepath.Abs(a.flags.db)
		if err != nil {
			return nil, fmt.Errorf("find database: %w", err)
		}
		p.DB = abs
	}
	l, err := config.Load(p, named, a.getenv)
	if err != nil {
		return nil, err
	}
	a.cfg = l
	return l, nil
}

// close lets go of everything that was opened.
func (a *app) close() error {
	var err error
	if a.rooms != nil {
		err = a.rooms.close()
	}
	if a.uses != nil {
		err = errors.Join(err, a.uses.Close())
	}
	a.rooms, a.service, a.uses = nil, nil, nil
	return err
}

// interactive reports whether a question may be asked.
func (a *app) interactive() bool {
	return a.own && !a.flags.noInput && isTerminal(a.stdin) && isTerminal(a.stderr) && a.getenv("TERM") != "dumb"
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// say writes talk to stderr.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.stderr, format+"\n", args...)
}

// note writes talk that only a person needs: none in a pipe.
func (a *app) note(format string, args ...any) {
	if isTerminal(a.stderr) && !a.flags.json && !a.flags.plain {
		a.say(format, args...)
	}
}

// errNoTerminal says what to use where no screen can be drawn.
var errNoTerminal = withHint(
	coded(exitUsage, errors.New("the screens need a terminal, and this is none")),
	"use the commands instead: lapse ls, lapse status, lapse serve; see lapse --help")
