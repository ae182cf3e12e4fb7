package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"
)

// overSSH compares what the screens send over SSH with what they send to a
// terminal: the same program draws both.
func overSSH(ctx context.Context) ([]result, error) {
	folder, err := programs(ctx)
	if folder != "" {
		defer os.RemoveAll(folder)
	}
	if err != nil {
		return nil, err
	}
	env, err := fullList(ctx, folder)
	if err != nil {
		return nil, err
	}
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.NewSignerFromKey(priv)
	if err != nil {
		return nil, err
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, err
	}
	line := append([]byte("lapse-role=order "), ssh.MarshalAuthorizedKey(sshPub)...)
	if err := os.WriteFile(filepath.Join(folder, "home", "lapse", "authorized_keys"), line, 0o600); err != nil {
		return nil, err
	}
	addr, stop, err := serve(ctx, env, filepath.Join(folder, "lapse"))
	if err != nil {
		return nil, err
	}
	defer stop()
	client, err := ssh.Dial("tcp", addr, &ssh.ClientConfig{
		User: "bench", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	defer client.Close()

	// The server acts; the terminal beside it looks on, as a session does.
	page := func(who string) (float64, *shown, error) {
		var s *shown
		var n int
		var err error
		if who == "ssh" {
			s, n, err = showOverSSH(client)
		} else {
			s, n, err = showCounted(ctx, env, "name-1000000", filepath.Join(folder, "lapse"))
		}
		return float64(n), s, err
	}
	sides := map[string]*shown{}
	defer func() {
		for _, s := range sides {
			s.end()
		}
	}()
	first := result{name: "screen-ssh-page", goal: 1.1, note: "bytes of the first page, 80x24"}
	for _, who := range []string{"ssh", "terminal"} {
		n, s, err := page(who)
		if err != nil {
			return nil, err
		}
		sides[who] = s
		first.sides = append(first.sides, measure{who: who, median: n, low: n, top: n, unit: count})
	}
	first.ratio = first.sides[0].median / first.sides[1].median
	for range 3 {
		for _, s := range sides {
			if err := s.write("\x1b[6~"); err != nil {
				return nil, err
			}
			s.quiet(300 * time.Millisecond)
		}
	}
	move, err := sampled(ctx, "screen-ssh-move", 1.1, count, func(sd side) (float64, error) {
		s := sides[sd.who]
		if err := s.write("j"); err != nil {
			return 0, err
		}
		b, err := s.next(5 * time.Second)
		return float64(len(b) + s.quiet(200*time.Millisecond)), err
	}, side{who: "ssh"}, side{who: "terminal"})
	move.note = "bytes a cursor move"
	return []result{first, move}, err
}

// serve starts the server on a free port and returns where it listens.
func serve(ctx context.Context, env []string, bin string) (addr string, stop func(), err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = l.Addr().String()
	_ = l.Close()
	cmd := exec.CommandContext(ctx, bin, "serve", "--ssh", addr)
	cmd.Env = env
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr); err == nil {
			_ = c.Close()
			return addr, stop, nil
		}
	}
	stop()
	return "", nil, errors.New("the server does not listen")
}

// showOverSSH opens the screens in a session with a terminal.
func showOverSSH(client *ssh.Client) (*shown, int, error) {
	sess, err := client.NewSession()
	if err != nil {
		return nil, 0, err
	}
	in, err := sess.StdinPipe()
	if err != nil {
		return nil, 0, err
	}
	out, err := sess.StdoutPipe()
	if err != nil {
		return nil, 0, err
	}
	if err := errors.Join(sess.RequestPty("xterm-256color", 24, 80, nil), sess.Shell()); err != nil {
		return nil, 0, fmt.Errorf("open the screens: %w", err)
	}
	s := &shown{
		came:  make(chan []byte, 1024),
		write: func(t string) error { _, err := in.Write([]byte(t)); return err },
		end:   func() { _ = sess.Close() },
	}
	s.read(out)
	n, err := s.until("name-1000000")
	return s, n, err
}

// showCounted opens the screens in a terminal.
func showCounted(ctx context.Context, env []string, text string, args ...string) (*shown, int, error) {
	s, err := begin(ctx, env, args...)
	if err != nil {
		return nil, 0, err
	}
	n, err := s.until(text)
	return s, n, err
}
