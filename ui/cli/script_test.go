package cli

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary be lapse where a script calls it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"lapse": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs every script of testdata/script over the program itself, in
// folders of its own and with nobody to ask but hosts of its configuration.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		WorkdirRoot:         keptFolder(t),
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
			e.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
			e.Setenv("XDG_STATE_HOME", filepath.Join(home, "state"))
			e.Setenv("LAPSE_LOOKUP_OFFLINE", "true")
			e.Setenv("TERM", "dumb")
			return os.MkdirAll(filepath.Join(home, "config", "lapse"), 0o700)
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root": // who may write everywhere
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("no condition %q", cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":  exits,
			"repeat": repeat,
			"newer":  newer,
			"key":    key,
			"server": server,
			"over":   over,
			"type":   typeOver,
			"crowd":  crowd,
			"box":    box,
			"soon":   soon,
		},
	})
}

// exits runs lapse and holds its exit code against the one wanted:
//
//	exits 2 ls --jsno
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE [ARGUMENT...]")
	}
	err := ts.Exec("lapse", args[1:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("lapse %s: exit %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// box starts lapse sandbox with its files in the folder box, and points every
// lapse that follows at it; it ends with the script.
func box(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: box")
	}
	said := newStream()
	cmd := exec.Command("lapse", "sandbox", "--folder", "box")
	cmd.Env = []string{"HOME=" + ts.Getenv("HOME"), "PATH=" + ts.Getenv("PATH")}
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), io.Discard, said
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	m, err := said.wait(regexp.MustCompile(`export LAPSE_CONFIG=(\S+) LAPSE_DB=(\S+)\n`))
	ts.Check(err)
	ts.Setenv("LAPSE_CONFIG", m[1])
	ts.Setenv("LAPSE_DB", m[2])
}

// soon runs lapse again and again until it succeeds: another process, which the
// script has started, is about to see to that.
//
//	soon launch eap cobalt.app
func soon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: soon ARGUMENT...")
	}
	for end := time.Now().Add(waitFor); ts.Exec("lapse", args...) != nil; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("lapse %s: never succeeded", strings.Join(args, " "))
		}
	}
}

// repeat writes a file of so many bytes of a text over and over:
//
//	repeat big.txt 10485760 example.com
func repeat(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: repeat FILE BYTES TEXT")
	}
	n := 0
	for _, c := range args[1] {
		n = n*10 + int(c-'0')
	}
	text := strings.Repeat(args[2]+"\n", n/(len(args[2])+1)+1)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// newer makes a database claim the schema of a later version: user_version is
// the big-endian number at byte 60 of the file (sqlite.org/fileformat.html).
//
//	newer data.db
func newer(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: newer FILE")
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	_, err = f.WriteAt([]byte{0, 0, 3, 231}, 60)
	ts.Check(err)
	ts.Check(f.Close())
}
