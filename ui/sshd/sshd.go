// Package sshd serves lapse over SSH: the screens to a session with a
// terminal, a list of harmless commands to one without.
//
// Whoever comes in can spend money, so the door is narrow. Public keys only,
// from one file that must exist and be private; no password, no
// keyboard-interactive, no "none", no certificate. What a key may do is an
// option on its line: lapse-role=read (the default), edit or order, and
// lapse-cap=60USD, the most that an order may cost and a cap may be set to. The
// key is looked up again when a session opens, because the handshake may try
// several keys and a key may have been taken out since, and while it is open.
// There is no shell, no sftp, no forwarding, and no command that touches a
// path, a secret, an account, the database or the configuration of the server.
package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/ssh"
	"charm.land/wish/v2"
	"charm.land/wish/v2/bubbletea"
	gossh "golang.org/x/crypto/ssh"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Session is who came in, and what they may do.
type Session struct {
	Context context.Context // ends with the session
	Who     string          // the key's comment, or its fingerprint
	Role    Role
	Cap     catch.Money // the most that one order of it may cost; zero: no limit of its own
	Env     []string    // what the client sent, and TERM; only screens may read it
	Remote  string
}

// Options is all that a server is made of. AuthorizedKeys, HostKeyPath and
// Screens or Command are required.
type Options struct {
	Addr           string       // "127.0.0.1:2222"; without a host it is loopback
	Listener       net.Listener // nil: listen on Addr
	HostKeyPath    string       // made on the first start, mode 0600
	AuthorizedKeys string

	// Screens returns the model of a session. It is given Session.Context and
	// has to let go of everything when that ends.
	Screens func(s Session) tea.Model
	// Filter is a filter for the program of a session; nil: none.
	Filter func(tea.Model, tea.Msg) tea.Msg
	// Command runs a command that this package has let through and returns its
	// exit code.
	Command func(ctx context.Context, args []string, in io.Reader, out, errw io.Writer, s Session) int

	Idle        time.Duration // a terminal without a key for so long is closed; 0: 30 minutes
	MaxSession  time.Duration // no session lasts longer; 0: 12 hours
	MaxSessions int           // at once; 0: 20
	Recheck     time.Duration // how often the key of an open session is looked up again; 0: 5 seconds
	Log         *slog.Logger  // nil: silent
}

const (
	handshakeLimit = 20 * time.Second
	stopWithin     = 3 * time.Second
	// longestCommand bounds what is taken apart into words, which takes time by
	// the square of a word's length.
	longestCommand = 16 << 10
	// A client may claim any size of its window, and a screen costs memory for
	// every cell.
	maxWidth, maxHeight = 600, 300
)

type server struct {
	Options
	ctx   context.Context
	open  atomic.Int64 // sessions
	conns atomic.Int64
}

// Serve serves until ctx ends, which is no error. It fails at once where the
// keys are missing, open to others or cannot be honoured.
func Serve(ctx context.Context, o Options) error {
	s := &server{Options: o, ctx: ctx}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Idle <= 0 {
		s.Idle = 30 * time.Minute
	}
	if s.MaxSession <= 0 {
		s.MaxSession = 12 * time.Hour
	}
	if s.MaxSessions <= 0 {
		s.MaxSessions = 20
	}
	if s.Recheck <= 0 {
		s.Recheck = 5 * time.Second
	}
	if o.Listener != nil {
		defer func() { _ = o.Listener.Close() }()
	}
	if err := CheckKeys(o.AuthorizedKeys); err != nil {
		return err
	}
	srv, err := s.server()
	if err != nil {
		return err
	}
	l := o.Listener
	if l == nil {
		if l, err = Listen(ctx, o.Addr); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		if srv.Shutdown(late) != nil {
			_ = srv.Close()
		}
	})
	defer stop()
	s.Log.Info("serving ssh", "addr", l.Addr().String())
	err = srv.Serve(l)
	if ctx.Err() != nil {
		// Serve returns as soon as the listener is closed; sessions have until
		// stopWithin.
		s.drain()
		return nil
	}
	if errors.Is(err, ssh.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve ssh: %w", err)
}

// Listen listens where Serve would for an address of Options, so that a caller
// knows the port that it got.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	addr, err := loopback(addr)
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve ssh: %w", err)
	}
	return l, nil
}

// drain waits for the sessions, not for ever.
func (s *server) drain() {
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for end := time.Now().Add(stopWithin); s.open.Load() > 0 && time.Now().Before(end); {
		<-t.C
	}
}

// loopback fills in what an address leaves out: nobody else hears of a server
// that was started without saying where.
func loopback(addr string) (string, error) {
	if addr == "" {
		addr = ":2222"
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("serve ssh: read address %q: %w", addr, err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

func (s *server) server() (*ssh.Server, error) {
	if err := os.MkdirAll(filepath.Dir(s.HostKeyPath), 0o700); err != nil {
		return nil, fmt.Errorf("serve ssh: make the host key's folder: %w", err)
	}
	srv, err := wish.NewServer(
		wish.WithHostKeyPath(s.HostKeyPath),
		wish.WithPublicKeyAuth(s.auth),
		wish.WithMaxTimeout(s.MaxSession),
		wish.WithVersion("lapse"),
		func(srv *ssh.Server) error {
			srv.Handler = s.handle
			return nil
		},
	)
	if err != nil {
		return nil, fmt.Errorf("serve ssh: %w", err)
	}
	srv.HandshakeTimeout = handshakeLimit
	// Only sessions: no forwarding in either direction, no subsystem.
	srv.ChannelHandlers = map[string]ssh.ChannelHandler{"session": ssh.DefaultSessionHandler}
	srv.RequestHandlers = map[string]ssh.RequestHandler{}
	srv.SubsystemHandlers = map[string]ssh.SubsystemHandler{}
	srv.LocalPortForwardingCallback = func(ssh.Context, string, uint32) bool { return false }
	srv.ReversePortForwardingCallback = func(ssh.Context, string, uint32) bool { return false }
	srv.PtyCallback = func(_ ssh.Context, p ssh.Pty) bool {
		return p.Window.Width <= maxWidth && p.Window.Height <= maxHeight
	}
	srv.SessionRequestCallback = func(sess ssh.Session, kind string) bool {
		_, _, pty := sess.Pty()
		return kind == "exec" || (kind == "shell" && pty)
	}
	srv.ConnCallback = s.connect
	srv.ConnectionFailedCallback = func(conn net.Conn, err error) {
		s.Log.Info("ssh refused", "remote", conn.RemoteAddr().String(), "err", err)
	}
	return srv, nil
}

// connect bounds how many connections there are at once, those that have not
// shown a key included.
func (s *server) connect(_ ssh.Context, conn net.Conn) net.Conn {
	if s.conns.Add(1) > int64(4*s.MaxSessions) {
		s.conns.Add(-1)
		s.Log.Warn("ssh refused: too many connections", "remote", conn.RemoteAddr().String())
		return nil
	}
	return &counted{Conn: conn, done: func() { s.conns.Add(-1) }}
}

type counted struct {
	net.Conn
	once sync.Once
	done func()
}

func (c *counted) Close() error {
	c.once.Do(c.done)
	return c.Conn.Close()
}

// auth reads the file for every attempt, so that a key that was taken out
// opens nothing from then on.
func (s *server) auth(ctx ssh.Context, key ssh.PublicKey) bool {
	if _, ok := key.(*gossh.Certificate); ok {
		return false
	}
	gs, err := readKeys(s.AuthorizedKeys)
	if err != nil {
		s.Log.Error("ssh refuses everybody", "err", err)
		return false
	}
	_, ok := find(gs, key)
	return ok
}

func (s *server) handle(sess ssh.Session) {
	// The key of the session may not be the one that auth said yes to.
	gs, err := readKeys(s.AuthorizedKeys)
	if err != nil {
		s.Log.Error("ssh refuses everybody", "err", err)
	}
	g, ok := find(gs, sess.PublicKey())
	if !ok {
		fmt.Fprintln(sess.Stderr(), "lapse: this key is not known any more")
		_ = sess.Exit(1)
		return
	}
	if s.open.Add(1) > int64(s.MaxSessions) {
		s.open.Add(-1)
		fmt.Fprintln(sess.Stderr(), "lapse: too many sessions at once")
		_ = sess.Exit(1)
		return
	}
	defer s.open.Add(-1)
	ctx, cancel := context.WithTimeout(sess.Context(), s.MaxSession)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	go s.hold(ctx, cancel, g)
	who := Session{Context: ctx, Who: g.who, Role: g.role, Cap: g.most, Remote: sess.RemoteAddr().String()}
	pty, changes, hasPTY := sess.Pty()
	start := time.Now()
	code := 0
	var args []string
	if len(sess.RawCommand()) <= longestCommand {
		args = sess.Command()
	}
	switch {
	case len(sess.RawCommand()) > longestCommand:
		fmt.Fprintf(sess.Stderr(), "lapse: a command of %d bytes; at most %d, give names on standard input: ssh host add - < names\n", len(sess.RawCommand()), longestCommand)
		code = 2
	case hasPTY && len(args) == 0 && s.Screens != nil:
		who.Env = append(clientEnv(sess.Environ()), "TERM="+pty.Term)
		code = s.survive(sess.Stderr(), who.Who, func() int { return s.screens(ctx, sess, changes, who) })
	case len(args) == 0 || s.Command == nil:
		fmt.Fprintln(sess.Stderr(), "lapse: no shell here; give a command, or ask for a terminal with ssh -t")
		code = 2
	default:
		if hasPTY {
			go func() { // nobody else reads them, and they would block the connection
				for range changes {
				}
			}()
		}
		code = s.survive(sess.Stderr(), who.Who, func() int { return s.command(ctx, sess, args, &who) })
	}
	s.Log.Info("ssh session ended", "who", who.Who, "role", string(who.Role), "remote", who.Remote,
		"command", brief(sess.RawCommand()), "code", code, "took", time.Since(start).Round(time.Millisecond))
	_ = sess.Exit(code)
}

// survive runs a session's work and returns its exit code. A panic ends that
// session, and not the server with the bursts that it fires and the sessions of
// others.
func (s *server) survive(errw io.Writer, who string, work func() int) (code int) {
	defer func() {
		if v := recover(); v != nil {
			s.Log.Error("ssh session broke off", "who", who, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			fmt.Fprintln(errw, "lapse: error: this broke off for a reason of its own; the server's log says more")
			code = 1
		}
	}()
	return work()
}

// hold ends a session whose key is taken out of the file, or may do something
// else from now on, while it is open.
func (s *server) hold(ctx context.Context, end context.CancelFunc, g grant) {
	t := time.NewTicker(s.Recheck)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		gs, err := readKeys(s.AuthorizedKeys)
		if now, ok := find(gs, g.key); !ok || now.role != g.role || now.most != g.most {
			s.Log.Warn("ssh session ended: its key is not what it was", "who", g.who, "err", err)
			end()
			return
		}
	}
}

// brief is a command as the log keeps it: a client may send a hundred
// kilobytes of one, and of control characters.
func brief(command string) string {
	const most = 200
	cut := command[:min(len(command), 4*most)]
	text := []rune(whoisx.CleanLine(strings.ToValidUTF8(cut, "?")))
	if len(text) <= most && len(cut) == len(command) {
		return string(text)
	}
	return fmt.Sprintf("%s... (%d bytes)", string(text[:min(len(text), most)]), len(command))
}

// clientEnv keeps what a client may say of its terminal.
func clientEnv(env []string) []string {
	var out []string
	for _, e := range env {
		switch name, _, _ := strings.Cut(e, "="); name {
		case "COLORTERM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE", "TERM_PROGRAM":
			if len(e) < 200 {
				out = append(out, e)
			}
		}
	}
	return out
}

func (s *server) command(ctx context.Context, sess ssh.Session, args []string, who *Session) int {
	args, err := permit(args, who)
	if err != nil {
		fmt.Fprintln(sess.Stderr(), "lapse: "+err.Error())
		return 4
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	signals := make(chan ssh.Signal, 1)
	sess.Signals(signals)
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	who.Context = ctx
	return s.Command(ctx, args, sess, sess, sess.Stderr(), *who)
}

// screens runs the program of one session until it is left, idle for too long
// or cut off, and returns its exit code.
func (s *server) screens(ctx context.Context, sess ssh.Session, changes <-chan ssh.Window, who Session) int {
	m := s.Screens(who)
	if m == nil {
		return 1
	}
	var idle *time.Timer
	opts := append(bubbletea.MakeOptions(sess),
		tea.WithContext(ctx),
		tea.WithEnvironment(who.Env),
		tea.WithoutSignalHandler(),
		tea.WithFilter(func(m tea.Model, msg tea.Msg) tea.Msg {
			switch v := msg.(type) {
			case tea.SuspendMsg: // there is no job control on the other side
				return tea.ResumeMsg{}
			case tea.KeyPressMsg, tea.PasteMsg, tea.MouseClickMsg, tea.MouseWheelMsg:
				idle.Reset(s.Idle)
			case tea.WindowSizeMsg:
				v.Width, v.Height = min(v.Width, maxWidth), min(v.Height, maxHeight)
				msg = v
			}
			if s.Filter != nil {
				return s.Filter(m, msg)
			}
			return msg
		}),
	)
	p := tea.NewProgram(m, opts...)
	idle = time.AfterFunc(s.Idle, p.Quit)
	defer idle.Stop()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			case w, ok := <-changes:
				if !ok {
					return
				}
				p.Send(tea.WindowSizeMsg{Width: w.Width, Height: w.Height})
			}
		}
	}()
	if _, err := p.Run(); err != nil && ctx.Err() == nil && !errors.Is(err, tea.ErrInterrupted) {
		s.Log.Warn("ssh screens", "who", who.Who, "err", err)
		return 1
	}
	return 0
}
