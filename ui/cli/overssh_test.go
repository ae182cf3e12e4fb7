package cli

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// overSSH gives one command to a lapse serve of its own, with a key that has
// these options, and holds the exit code against the one wanted:
//
//	ssh 4 lapse-role=edit order example.com
func overSSH(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: ssh CODE OPTIONS COMMAND...")
	}
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	signer, err := ssh.NewSignerFromKey(private)
	ts.Check(err)
	key, err := ssh.NewPublicKey(pub)
	ts.Check(err)
	line := append([]byte(args[1]+" "), ssh.MarshalAuthorizedKey(key)...)
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("XDG_CONFIG_HOME"), "lapse", "authorized_keys"), line, 0o600))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	addr := l.Addr().String()
	ts.Check(l.Close())
	var said bytes.Buffer
	serve := exec.Command(filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "lapse"), "serve", "--ssh", addr)
	serve.Stderr = &said
	for _, name := range []string{"HOME", "PATH", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "LAPSE_LOOKUP_OFFLINE"} {
		serve.Env = append(serve.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(serve.Start())
	defer func() {
		_ = serve.Process.Signal(os.Interrupt)
		_ = serve.Wait()
	}()
	var c *ssh.Client
	for end := time.Now().Add(30 * time.Second); c == nil; time.Sleep(20 * time.Millisecond) {
		c, err = ssh.Dial("tcp", addr, &ssh.ClientConfig{
			User: "someone", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
			HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
		})
		if c == nil && time.Now().After(end) {
			_ = serve.Process.Kill()
			_ = serve.Wait()
			ts.Fatalf("no way in: %v\n%s", err, said.String())
		}
	}
	defer c.Close()
	s, err := c.NewSession()
	ts.Check(err)
	s.Stdout, s.Stderr = ts.Stdout(), ts.Stderr()
	code := 0
	err = s.Run(strings.Join(args[2:], " "))
	if e, ok := errors.AsType[*ssh.ExitError](err); ok {
		code = e.ExitStatus()
	} else if err != nil {
		ts.Check(fmt.Errorf("run over SSH: %w", err))
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit %d, want %s", code, args[0])
	}
}
