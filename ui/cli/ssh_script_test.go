package cli

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// waitFor is how long a script waits for another process to say something.
const waitFor = 30 * time.Second

// key makes a key pair and, unless it is to stay unknown, a line of the
// server's authorized_keys with its options:
//
//	key me lapse-role=order,lapse-cap="60USD"
//	key stranger -
func key(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: key NAME [OPTIONS|-]")
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	block, err := ssh.MarshalPrivateKey(private, args[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".key"), pem.EncodeToMemory(block), 0o600))
	pub, err := ssh.NewPublicKey(public)
	ts.Check(err)
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pub))) + " " + args[0] + "\n"
	if len(args) > 1 {
		if args[1] == "-" {
			return
		}
		line = args[1] + " " + line
	}
	f, err := os.OpenFile(filepath.Join(ts.Getenv("XDG_CONFIG_HOME"), "lapse", "authorized_keys"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	_, err = f.WriteString(line)
	ts.Check(errors.Join(err, f.Close()))
}

// stream is what was said so far, to be waited on.
type stream struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	more chan struct{}
}

func newStream() *stream { return &stream{more: make(chan struct{}, 1)} }

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.buf.Write(p)
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

// wait returns what an expression finds, as soon as it does.
func (s *stream) wait(re *regexp.Regexp) ([]string, error) {
	late := time.After(waitFor)
	for {
		s.mu.Lock()
		text := s.buf.String()
		s.mu.Unlock()
		if m := re.FindStringSubmatch(text); m != nil {
			return m, nil
		}
		select {
		case <-s.more:
		case <-late:
			return nil, fmt.Errorf("no %q in the last of it: %q", re, text[max(0, len(text)-2000):])
		}
	}
}

// server starts lapse serve with an SSH server on a free port of loopback; it
// ends with the script. Its address is $SSH.
//
//	server --read-only=false
func server(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: server [ARGUMENT...]")
	}
	said := newStream()
	cmd := exec.Command("lapse", append([]string{"serve", "--ssh", "127.0.0.1:0"}, args...)...)
	for _, name := range []string{"HOME", "PATH", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "LAPSE_LOOKUP_OFFLINE", "TERM"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), io.Discard, said
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	m, err := said.wait(regexp.MustCompile(`SSH on (\S+)\n(?s:.*)serving`))
	ts.Check(err)
	ts.Setenv("SSH", m[1])
}

func dial(ts *testscript.TestScript, name string) (*ssh.Client, error) {
	data, err := os.ReadFile(ts.MkAbs(name + ".key"))
	ts.Check(err)
	signer, err := ssh.ParsePrivateKey(data)
	ts.Check(err)
	return ssh.Dial("tcp", ts.Getenv("SSH"), &ssh.ClientConfig{
		User: "anybody", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, Timeout: waitFor,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // our own server, on loopback
	})
}

// over runs a command over SSH with a key and holds its exit code against the
// one wanted; "refused" is a key that does not come in. What it wrote is in the
// files over.out and over.err. An argument like "in:3s" is the time then.
//
//	over me 0 ls --json
//	over stranger refused
func over(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: over KEY CODE|refused [COMMAND...]")
	}
	c, err := dial(ts, args[0])
	if args[1] == "refused" {
		if err == nil {
			_ = c.Close()
			ts.Fatalf("the key %s came in", args[0])
		}
		return
	}
	ts.Check(err)
	defer func() { _ = c.Close() }()
	for i, arg := range args {
		if in, ok := strings.CutPrefix(arg, "in:"); ok {
			d, err := time.ParseDuration(in)
			ts.Check(err)
			args[i] = time.Now().UTC().Add(d).Format(time.RFC3339Nano)
		}
	}
	s, err := c.NewSession()
	ts.Check(err)
	var out, errs bytes.Buffer
	s.Stdout, s.Stderr = &out, &errs
	code := "0"
	var exit *ssh.ExitError
	if err = s.Run(strings.Join(args[2:], " ")); errors.As(err, &exit) {
		code, err = fmt.Sprint(exit.ExitStatus()), nil
	}
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("over.out"), out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("over.err"), errs.Bytes(), 0o600))
	if code != args[1] {
		ts.Fatalf("over %s: exit %s, want %s: %s%s", strings.Join(args[2:], " "), code, args[1], out.String(), errs.String())
	}
}

// typeOver opens the screens over SSH in a terminal of 80 by 24 and does what
// its arguments say: "see:TEXT" waits for a text, "hangup" cuts the line;
// anything else is typed as it is, with \r for enter and \x1b for escape. The
// session has to end by itself, or by the hangup.
//
//	type me see:WATCHLIST a oak.atelier '\x13' see:oak.atelier q
func typeOver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: type KEY see:TEXT|KEYS...")
	}
	c, err := dial(ts, args[0])
	ts.Check(err)
	defer func() { _ = c.Close() }()
	s, in, screen, err := openScreens(c)
	ts.Check(err)
	unescape := strings.NewReplacer(`\r`, "\r", `\x1b`, "\x1b", `\x13`, "\x13", `\t`, "\t")
	for _, arg := range args[1:] {
		if text, ok := strings.CutPrefix(arg, "see:"); ok {
			_, err := screen.wait(regexp.MustCompile(regexp.QuoteMeta(text)))
			ts.Check(err)
			continue
		}
		if arg == "hangup" {
			ts.Check(c.Close())
			return
		}
		_, err := io.WriteString(in, unescape.Replace(arg))
		ts.Check(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Wait() }()
	select {
	case err := <-ended:
		ts.Check(err)
	case <-time.After(waitFor):
		ts.Fatalf("the session did not end")
	}
}

func openScreens(c *ssh.Client) (s *ssh.Session, in io.WriteCloser, screen *stream, err error) {
	if s, err = c.NewSession(); err != nil {
		return nil, nil, nil, err
	}
	screen = newStream()
	s.Stdout = screen
	if in, err = s.StdinPipe(); err != nil {
		return nil, nil, nil, err
	}
	return s, in, screen, errors.Join(s.RequestPty("xterm-256color", 24, 80, nil), s.Shell())
}

// crowd opens the screens in so many sessions at once, gives a command from
// one more, and waits until all of them show a text.
//
//	crowd me 10 see:newcomer.com add newcomer.com
func crowd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || !strings.HasPrefix(args[2], "see:") {
		ts.Fatalf("usage: crowd KEY N see:TEXT COMMAND...")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	screens := make([]*stream, n)
	for i := range screens {
		c, err := dial(ts, args[0])
		ts.Check(err)
		defer func() { _ = c.Close() }()
		_, _, screens[i], err = openScreens(c)
		ts.Check(err)
	}
	all := func(text string) {
		for i, s := range screens {
			if _, err := s.wait(regexp.MustCompile(regexp.QuoteMeta(text))); err != nil {
				ts.Fatalf("session %d of %d: %v", i+1, n, err)
			}
		}
	}
	all("WATCHLIST")
	all("want")
	over(ts, false, append([]string{args[0], "0"}, args[3:]...))
	all(strings.TrimPrefix(args[2], "see:"))
}
