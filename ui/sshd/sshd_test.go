package sshd

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	gossh "golang.org/x/crypto/ssh"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/fake"
)

func newKey(t *testing.T) (gossh.Signer, string) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := gossh.NewSignerFromKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	p, err := gossh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return signer, strings.TrimSpace(string(gossh.MarshalAuthorizedKey(p)))
}

// model is a screen that says who came in and echoes keys; q leaves.
type model struct {
	s    Session
	keys string
	w, h int
}

func (m *model) Init() tea.Cmd { return nil }

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.KeyPressMsg:
		if msg.String() == "q" {
			return m, tea.Quit
		}
		m.keys += msg.String()
	}
	return m, nil
}

func (m *model) View() tea.View {
	return tea.NewView(fmt.Sprintf("who=%s role=%s cap=%s keys=%s size=%dx%d", m.s.Who, m.s.Role, m.s.Cap, m.keys, m.w, m.h))
}

type door struct {
	t    *testing.T
	addr string
	keys string // path
	mu   sync.Mutex
	ran  [][]string
	end  context.CancelFunc
	done chan error
}

func open(t *testing.T, keys string, change func(*Options)) *door {
	t.Helper()
	dir := t.TempDir()
	d := &door{t: t, keys: filepath.Join(dir, "authorized_keys"), done: make(chan error, 1)}
	if err := os.WriteFile(d.keys, []byte(keys), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	d.end = cancel
	o := Options{
		Listener: l, HostKeyPath: filepath.Join(dir, "state", "ssh_host_ed25519"), AuthorizedKeys: d.keys,
		Screens: func(s Session) tea.Model { return &model{s: s} },
		Command: func(ctx context.Context, args []string, in io.Reader, out, errw io.Writer, s Session) int {
			d.mu.Lock()
			d.ran = append(d.ran, args)
			d.mu.Unlock()
			if args[0] == "queue" { // waits to be interrupted
				<-ctx.Done()
				return 130
			}
			fmt.Fprintf(out, "ran %q as %s", args, s.Role)
			fmt.Fprint(errw, "talk")
			if args[0] == "add" {
				b, _ := io.ReadAll(in)
				fmt.Fprintf(out, " in=%s", b)
			}
			return 3
		},
	}
	written, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	o.Log = slog.New(slog.NewTextHandler(written, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if change != nil {
		change(&o)
	}
	go func() { d.done <- Serve(ctx, o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-d.done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		noLeaks(t, dir, o.HostKeyPath, written)
	})
	return d
}

// noLeaks reads what a server left: its own key stands in the key's file alone,
// and a password that somebody tried stands nowhere.
func noLeaks(t *testing.T, dir, hostKey string, log *os.File) {
	t.Helper()
	_ = log.Close()
	secrets := []string{tried}
	if key, err := os.ReadFile(hostKey); err == nil {
		for i, line := range strings.Split(string(key), "\n") {
			if i > 0 && len(line) > 40 {
				secrets = append(secrets, line)
			}
		}
	}
	leaks, files, err := fake.Leaks(dir, func(path string) bool { return path == hostKey }, secrets...)
	for _, l := range leaks {
		t.Error(l)
	}
	if err != nil || files == 0 {
		t.Errorf("%d files read: %v", files, err)
	}
}

// tried is a password that somebody types at a door which takes none.
const tried = "hunter2-at-the-door"

func (d *door) dial(auth ...gossh.AuthMethod) (*gossh.Client, error) {
	return gossh.Dial("tcp", d.addr, &gossh.ClientConfig{
		User: "someone", Auth: auth, HostKeyCallback: gossh.InsecureIgnoreHostKey(), Timeout: 5 * time.Second,
	})
}

func (d *door) in(k gossh.Signer) *gossh.Client {
	d.t.Helper()
	c, err := d.dial(gossh.PublicKeys(k))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = c.Close() })
	return c
}

// run gives a command without a terminal.
func (d *door) run(c *gossh.Client, cmd, input string) (out, errs string, code int) {
	d.t.Helper()
	s, err := c.NewSession()
	if err != nil {
		d.t.Fatal(err)
	}
	defer s.Close()
	var o, e bytes.Buffer
	s.Stdout, s.Stderr = &o, &e
	s.Stdin = strings.NewReader(input)
	err = s.Run(cmd)
	var exit *gossh.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitStatus()
	case err != nil:
		d.t.Fatalf("%s: %v", cmd, err)
	}
	return o.String(), e.String(), code
}

func TestOnlyListedKeysComeIn(t *testing.T) {
	mine, line := newKey(t)
	other, _ := newKey(t)
	d := open(t, "# keys\n"+line+" me@desk\n", nil)
	for _, c := range []struct {
		name string
		auth []gossh.AuthMethod
	}{
		{"unknown key", []gossh.AuthMethod{gossh.PublicKeys(other)}},
		{"no key", nil},
		{"none", []gossh.AuthMethod{}},
		{"password", []gossh.AuthMethod{gossh.Password(tried), gossh.Password("")}},
		{"keyboard-interactive", []gossh.AuthMethod{gossh.KeyboardInteractive(func(string, string, []string, []bool) ([]string, error) {
			return []string{"yes"}, nil
		})}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if conn, err := d.dial(c.auth...); err == nil {
				_ = conn.Close()
				t.Fatal("it came in")
			}
		})
	}
	if out, errs, code := d.run(d.in(mine), "ls --json stage:redemption", ""); code != 3 || !strings.Contains(out, `["ls" "--json=true" "--" "stage:redemption"] as read`) || errs != "talk" {
		t.Errorf("a listed key got %q, %q, %d", out, errs, code)
	}
}

func TestCertificatesAreRefused(t *testing.T) {
	mine, line := newKey(t)
	d := open(t, line+"\n", nil)
	cert := &gossh.Certificate{
		Key: mine.PublicKey(), CertType: gossh.UserCert, ValidPrincipals: []string{"someone"}, ValidBefore: gossh.CertTimeInfinity,
	}
	if err := cert.SignCert(rand.Reader, mine); err != nil {
		t.Fatal(err)
	}
	signer, err := gossh.NewCertSigner(cert, mine)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := d.dial(gossh.PublicKeys(signer)); err == nil {
		_ = c.Close()
		t.Fatal("a self-signed certificate came in")
	}
}

func TestNothingButSessions(t *testing.T) {
	mine, line := newKey(t)
	d := open(t, "lapse-role=order "+line+"\n", nil)
	c := d.in(mine)
	t.Run("local forwarding", func(t *testing.T) {
		if conn, err := c.Dial("tcp", d.addr); err == nil {
			_ = conn.Close()
			t.Fatal("a port was forwarded")
		}
	})
	t.Run("unix forwarding", func(t *testing.T) {
		if conn, err := c.Dial("unix", "/var/run/x.sock"); err == nil {
			_ = conn.Close()
			t.Fatal("a socket was forwarded")
		}
	})
	t.Run("remote forwarding", func(t *testing.T) {
		if l, err := c.Listen("tcp", "127.0.0.1:0"); err == nil {
			_ = l.Close()
			t.Fatal("the server listens for a client")
		}
	})
	t.Run("sftp", func(t *testing.T) {
		s, err := c.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.RequestSubsystem("sftp"); err == nil {
			t.Fatal("sftp was opened")
		}
	})
	t.Run("shell without a terminal", func(t *testing.T) {
		s, err := c.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Shell(); err == nil {
			t.Fatal("a shell was opened")
		}
	})
	t.Run("a window of any size", func(t *testing.T) {
		s, err := c.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.RequestPty("xterm", 60000, 60000, nil); err == nil {
			t.Fatal("a terminal of 60000x60000 was granted")
		}
	})
}

func TestForbiddenCommands(t *testing.T) {
	mine, line := newKey(t)
	d := open(t, "lapse-role=order "+line+"\n", nil)
	c := d.in(mine)
	for _, cmd := range []string{
		"sh", "bash -c id", "/bin/sh", "scp -t /tmp", "serve", "sandbox", "demo", "doctor", "config", "db backup /tmp/x", "account add x",
		"account ls", "contact ls", "import /etc/passwd", "export", "epp hello", "alert test", "completion bash", "man", "preflight a.com",
		"rehearse a.com", "explain a.com --whois /etc/passwd", "ls --config /tmp/x", "ls --config=/tmp/x", "ls --db /tmp/x", "ls -c x",
		"terms --accept Dynadot", "terms Dynadot --accept", "launch add x", "launch import /tmp/x", "orders adopt 1", "tld edit com",
		"order a.com --via x --cap 1USD --account other", "order a.com --contact x", "--config /tmp/x ls", "--db=/tmp/x ls", "lapse ls",
		"ls --limit", "check --json=/tmp/x a.com", "help", "ls | sh", "ls; id", "ls ;id", "ls && id", "ls || id", "ls & id", "ls > /tmp/x", "ls >/tmp/x",
		"ls $(id)", "ls `id`", "ls a.com; rm -rf /", "ls --json | tee /tmp/x", "ls < /etc/passwd", "; ls", "'ls; id'", "ls\x00id",
	} {
		t.Run(cmd, func(t *testing.T) {
			out, errs, code := d.run(c, cmd, "")
			if code != 4 || out != "" || !strings.HasPrefix(errs, "lapse: ") {
				t.Errorf("got %q, %q, %d", out, errs, code)
			}
		})
	}
	if len(d.ran) > 0 {
		t.Errorf("these ran: %q", d.ran)
	}
}

func TestRoles(t *testing.T) {
	reader, readLine := newKey(t)
	editor, editLine := newKey(t)
	buyer, buyLine := newKey(t)
	free, freeLine := newKey(t)
	d := open(t, readLine+" r\nlapse-role=edit "+editLine+"\nrestrict,lapse-role=\"order\",lapse-cap=60USD "+buyLine+" b\nlapse-role=order "+freeLine+" f\n", nil)
	for _, c := range []struct {
		key  gossh.Signer
		cmd  string
		runs bool
	}{
		{reader, "ls stage:redemption", true},
		{reader, "show a.com --json", true},
		{reader, "orders", true},
		{reader, "orders --all a.com", true},
		{reader, "orders adopt x", false},
		{reader, "orders check a.com", true},
		{reader, "orders check a.com two-factor", false},
		{reader, "orders record 1 --state lost", false},
		{reader, "ledger --csv", true},
		{editor, "orders check a.com two-factor", false},
		{reader, "add a.com", false},
		{reader, "halt", false},
		{reader, "order a.com --via x --cap 1USD", false},
		{reader, "orders cancel 1", false},
		{editor, "add a.com --tag x --cap 60USD", true},
		{editor, "halt", true},
		{editor, "halt --off", false},
		{editor, "order a.com --via x --cap 1USD", false},
		{editor, "orders sync", false},
		{buyer, "order a.com --via x --cap 60USD --bid-cap 0USD", true},
		{buyer, "order a.com --via x --cap=60USD --bid-cap=60USD --yes", true},
		{buyer, "order a.com --via x --cap 60.01USD --bid-cap 0USD", false},
		{buyer, "order a.com --via x --cap 60USD --cap 600USD --bid-cap 0USD", false},
		{buyer, "order a.com --via x --cap 60EUR --bid-cap 0USD", false},
		{buyer, "order a.com --via x --cap 60USD", false},
		{buyer, "order a.com --via x --bid-cap 60USD", false},
		{buyer, "order a.com --via x --cap 60USD --bid-cap 180USD", false},
		{buyer, "orders bid 3 50USD", true},
		{buyer, "orders bid 3 90USD", false},
		{buyer, "orders pay 3", false},
		{buyer, "catch a.com", false},
		{buyer, "orders cancel 3", true},
		{buyer, "edit a.com --cap 60USD --bid-cap 60USD", true},
		{buyer, "edit a.com --cap 61USD", false},
		{buyer, "edit a.com --bid-cap=180USD", false},
		{buyer, "edit a.com --cap 60EUR", false},
		{buyer, "edit a.com --cap 60USD --cap 600USD", false},
		{buyer, "edit a.com --no-cap", true},
		{buyer, "add b.com --cap 61USD", false},
		{editor, "edit a.com --cap 6000USD", true},
		{buyer, "orders check a.com two-factor contacts --undo", true},
		{buyer, "orders record 3 --state refund-due --refund 162USD", false},
		{free, "orders record 3 --state refund-due --refund 162USD --why 'it came'", true},
		{free, "orders pay 3", true},
		{buyer, "halt --off", true},
	} {
		t.Run(c.cmd, func(t *testing.T) {
			_, errs, code := d.run(d.in(c.key), c.cmd, "")
			if ran := code == 3; ran != c.runs {
				t.Errorf("ran: %v, said %q, code %d", ran, errs, code)
			}
		})
	}
	if out, _, _ := d.run(d.in(editor), "add -", "one.com\ntwo.com\n"); !strings.Contains(out, "in=one.com\ntwo.com\n") {
		t.Errorf("standard input did not arrive: %q", out)
	}
}

// A session that is open ends when its key is taken away, or may do less.
func TestKeyIsTakenAwayMeanwhile(t *testing.T) {
	mine, line := newKey(t)
	_, otherLine := newKey(t)
	for _, left := range []string{otherLine, "lapse-role=read " + line, "lapse-role=order,lapse-cap=1USD " + line} {
		d := open(t, "lapse-role=order "+line+"\n", func(o *Options) { o.Recheck = 10 * time.Millisecond })
		s := terminal(t, d.in(mine))
		s.wait(t, "role=order")
		if err := os.WriteFile(d.keys, []byte(left+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Wait(); err != nil && !errors.As(err, new(*gossh.ExitError)) && !errors.As(err, new(*gossh.ExitMissingError)) {
			t.Errorf("the session ended with %v", err)
		}
	}
}

// What a client sends is kept in the log only as far as it helps.
func TestLogIsBounded(t *testing.T) {
	mine, line := newKey(t)
	var log lockedBuffer
	d := open(t, line+" "+strings.Repeat("me", 5000)+"\n", func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	c := d.in(mine)
	if _, errs, code := d.run(c, "ls "+strings.Repeat("x\x1b[2J", 20_000), ""); code != 2 || !strings.Contains(errs, "a command of 100003 bytes") {
		t.Errorf("a command of 100 KB ended with %d: %s", code, errs)
	}
	if _, _, code := d.run(c, "ls "+strings.Repeat("x\x1b[2J", 1000), ""); code != 3 {
		t.Errorf("a command of 5 KB ended with %d", code)
	}
	d.end()
	if err := <-d.done; err != nil {
		t.Error(err)
	}
	d.done <- nil
	if text := log.String(); len(text) > 4000 || !strings.Contains(text, "bytes)") || strings.Contains(text, "x1b") {
		t.Errorf("%d bytes of log: %.500s", len(text), text)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// What was judged is what runs: no order of flags and words makes the commands
// read another subcommand than the one that the role was held against.
func TestWhatWasJudgedRuns(t *testing.T) {
	for _, c := range []struct {
		args, want string
	}{
		{"ls stage:redemption --json", "ls --json=true -- stage:redemption"},
		{"orders --all a.com", "orders --all=true -- a.com"},
		{"orders show 3 -h", "orders show --help=true -- 3"},
		{"launch --help a.com quote --help=false 100USD", "launch --help=true --help=false -- a.com quote 100USD"},
		{"orders --yes a.com cancel 1", "orders --yes=true -- a.com cancel 1"},
		{"history --limit 3 -- a.com", "history --limit=3 -- a.com"},
	} {
		got, err := permit(strings.Fields(c.args), &Session{Role: Read})
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s runs as %q (%v), want %q", c.args, got, err, c.want)
		}
	}
}

// A key that is taken out of the file opens no session from then on, not even
// on a connection that is up.
func TestKeyIsCheckedAgain(t *testing.T) {
	mine, line := newKey(t)
	_, otherLine := newKey(t)
	d := open(t, line+"\n", nil)
	c := d.in(mine)
	if err := os.WriteFile(d.keys, []byte(otherLine+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, errs, code := d.run(c, "ls", ""); code != 1 || out != "" || !strings.Contains(errs, "not known any more") {
		t.Errorf("got %q, %q, %d", out, errs, code)
	}
	if err := os.Chmod(d.keys, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := d.dial(gossh.PublicKeys(mine)); err == nil {
		t.Error("a file that others can read still opens the door")
	}
}

func TestKeysFile(t *testing.T) {
	_, line := newKey(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "authorized_keys")
	if _, err := readKeys(path); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a missing file: %v", err)
	}
	if err := Serve(context.Background(), Options{AuthorizedKeys: path, HostKeyPath: filepath.Join(dir, "k")}); err == nil {
		t.Error("it serves without keys")
	}
	if _, err := readKeys(dir); err == nil {
		t.Error("a folder was read")
	}
	write := func(text string, mode os.FileMode) {
		_ = os.Remove(path)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o620, 0o602} {
		write(line+"\n", mode)
		if _, err := readKeys(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"", "no key"},
		{"# nothing\n", "no key"},
		{"hello\n", "line 1: no public key"},
		{line + "\nlapse-role=admin " + line, "line 2: lapse-role is read, edit or order"},
		{"lapse-cap=60 " + line, "no currency"},
		{"lapse-cap=-5USD " + line, "more than nothing"},
		{`from="10.0.0.*" ` + line, `the option "from" is not honoured`},
		{`command="ls" ` + line, `the option "command" is not honoured`},
		{"cert-authority " + line, "not honoured"},
	} {
		if _, err := parseKeys([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v, want %q", c.text, err, c.want)
		}
	}
	gs, err := parseKeys([]byte("no-pty-please\n"))
	if err == nil {
		t.Errorf("read %v", gs)
	}
	gs, err = parseKeys([]byte(`lapse-role=order,lapse-cap="60USD",no-port-forwarding ` + line + " me\x1b[2J@desk\n"))
	if err != nil || len(gs) != 1 || gs[0].role != Order || gs[0].most != (catch.Money{Units: 600000, Currency: "USD"}) || strings.Contains(gs[0].who, "\x1b") {
		t.Errorf("got %+v, %v", gs, err)
	}
}

func TestLoopbackByDefault(t *testing.T) {
	for in, want := range map[string]string{"": "127.0.0.1:2222", ":22": "127.0.0.1:22", "0.0.0.0:22": "0.0.0.0:22", "[::1]:4": "[::1]:4"} {
		if got, err := loopback(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := loopback("nonsense"); err == nil {
		t.Error("an address without a port was taken")
	}
}

// screen is a session with a terminal.
type screen struct {
	*gossh.Session
	mu  sync.Mutex
	buf bytes.Buffer
	in  io.WriteCloser
	got chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Write(p)
	select {
	case s.got <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (s *screen) wait(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		s.mu.Lock()
		have := s.buf.String()
		s.mu.Unlock()
		if strings.Contains(have, text) {
			return
		}
		select {
		case <-s.got:
		case <-deadline:
			t.Fatalf("no %q in %q", text, have)
		}
	}
}

func terminal(t *testing.T, c *gossh.Client) *screen {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	sc := &screen{Session: s, got: make(chan struct{}, 1)}
	s.Stdout = sc
	if sc.in, err = s.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.RequestPty("xterm-256color", 24, 80, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	return sc
}

func TestScreensOverSSH(t *testing.T) {
	mine, line := newKey(t)
	d := open(t, "lapse-role=order,lapse-cap=60USD "+line+" me@desk\n", nil)
	s := terminal(t, d.in(mine))
	s.wait(t, "who=me@desk role=order cap=60.00 USD keys= size=80x24")
	if err := s.WindowChange(30, 100); err != nil {
		t.Fatal(err)
	}
	s.wait(t, "100x30")
	if _, err := s.in.Write([]byte("q")); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); err != nil {
		t.Errorf("the session ended with %v", err)
	}
}

func TestIdleScreensAreClosed(t *testing.T) {
	mine, line := newKey(t)
	d := open(t, line+"\n", func(o *Options) { o.Idle = 150 * time.Millisecond })
	s := terminal(t, d.in(mine))
	s.wait(t, "role=read")
	if err := s.Wait(); err != nil {
		t.Errorf("the session ended with %v", err)
	}
}

func TestTooManySessions(t *testing.T) {
	mine, line := newKey(t)
	d := open(t, line+"\n", func(o *Options) { o.MaxSessions = 1 })
	c := d.in(mine)
	s := terminal(t, c)
	s.wait(t, "role=read")
	if _, errs, code := d.run(c, "ls", ""); code != 1 || !strings.Contains(errs, "too many sessions") {
		t.Errorf("got %q, %d", errs, code)
	}
}

// The server's end ends the sessions, and a command hears of it.
func TestServerEnds(t *testing.T) {
	mine, line := newKey(t)
	d := open(t, line+"\n", nil)
	c := d.in(mine)
	s := terminal(t, c)
	s.wait(t, "role=read")
	ended := make(chan error, 1)
	go func() { ended <- s.Wait() }()
	d.end()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the session goes on")
	}
}

// A client that sends an interrupt ends its command.
// A panic in one session's command, or in the making of its screens, ends that
// session alone: it is logged, and the next one is served.
func TestPanicEndsOneSessionOnly(t *testing.T) {
	k, line := newKey(t)
	log := &lockedBuffer{}
	d := open(t, line, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(log, nil))
		usual := o.Command
		o.Command = func(ctx context.Context, args []string, in io.Reader, out, errw io.Writer, s Session) int {
			if args[0] == "status" {
				panic("a status that cannot be")
			}
			return usual(ctx, args, in, out, errw, s)
		}
		o.Screens = func(Session) tea.Model { panic("no screens either") }
	})
	c := d.in(k)
	if _, errs, code := d.run(c, "status", ""); code != 1 || !strings.Contains(errs, "broke off") || strings.Contains(errs, "cannot be") {
		t.Errorf("the client sees exit %d, %q", code, errs)
	}
	sess, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := sess.RequestPty("xterm", 24, 80, gossh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if err := sess.Shell(); err != nil {
		t.Fatal(err)
	}
	if err := sess.Wait(); err == nil || !strings.Contains(err.Error(), "status 1") {
		t.Errorf("the screens end with %v", err)
	}
	if out, _, code := d.run(c, "ls", ""); code != 3 || !strings.Contains(out, "ran") {
		t.Errorf("the next command: exit %d, %q", code, out)
	}
	for _, want := range []string{"a status that cannot be", "no screens either", "sshd.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
}

func TestInterrupt(t *testing.T) {
	mine, line := newKey(t)
	d := open(t, line+"\n", nil)
	s, err := d.in(mine).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start("queue"); err != nil {
		t.Fatal(err)
	}
	if err := s.Signal(gossh.SIGINT); err != nil {
		t.Fatal(err)
	}
	var exit *gossh.ExitError
	if err := s.Wait(); !errors.As(err, &exit) || exit.ExitStatus() != 130 {
		t.Errorf("ended with %v", err)
	}
}
