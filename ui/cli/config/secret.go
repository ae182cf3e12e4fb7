package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/lapse-dev/lapse/catch"
)

// KeyringService is the name under which the OS keyring keeps our secrets.
const KeyringService = "lapse"

// Secret says where a secret is kept; it never holds one.
type Secret struct {
	kind string // "keyring", "command", "file"
	what string
}

// Secret reads "keyring:NAME", "command:CMD" or "file:PATH". A text that is none
// of them is refused without being repeated: it may be the secret itself.
func (p Paths) Secret(ref string) (Secret, error) {
	kind, what, _ := strings.Cut(ref, ":")
	if what == "" {
		kind = ""
	}
	switch kind {
	case "keyring", "command":
		return Secret{kind, what}, nil
	case "file":
		return Secret{kind, p.Resolve(what)}, nil
	}
	return Secret{}, errors.New(`a secret never stands in the configuration: write "keyring:NAME", "command:CMD" or "file:PATH"`)
}

// maxSecret is more than any password, key or token has.
const maxSecret = 64 << 10

// firstBytes keeps the beginning of what a command prints: a secret is its
// first line, and a command gone wrong may print for ever.
type firstBytes []byte

var errTooMuch = errors.New("it printed far more than a secret")

func (b *firstBytes) Write(p []byte) (int, error) {
	if len(*b)+len(p) > maxSecret {
		return 0, errTooMuch // the command's next write fails, which ends it
	}
	*b = append(*b, p...)
	return len(p), nil
}

// Read fetches the secret. Nothing of it appears in an error.
func (s Secret) Read(ctx context.Context) (catch.Secret, error) {
	switch s.kind {
	case "keyring":
		text, err := keyring.Get(KeyringService, s.what)
		if errors.Is(err, keyring.ErrNotFound) {
			return catch.Secret{}, fmt.Errorf("read secret: the keyring has no entry %q of service %q", s.what, KeyringService)
		}
		if err != nil {
			return catch.Secret{}, fmt.Errorf("read secret %q from the keyring: %w", s.what, err)
		}
		return catch.NewSecret(text), nil
	case "command":
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-c", s.what)
		if runtime.GOOS == "windows" {
			cmd = exec.CommandContext(ctx, "cmd", "/c", s.what)
		}
		cmd.WaitDelay = time.Second
		var printed firstBytes
		cmd.Stdout = &printed
		err := cmd.Run()
		out := []byte(printed)
		if err != nil {
			return catch.Secret{}, fmt.Errorf("read secret: the command failed: %w", err)
		}
		text, _, _ := bytes.Cut(out, []byte("\n")) // as pass and op do: the first line is it
		text = bytes.TrimRight(text, "\r")
		if len(text) == 0 {
			return catch.Secret{}, errors.New("read secret: the command printed nothing")
		}
		return catch.NewSecret(string(text)), nil
	case "file":
		info, err := os.Stat(s.what)
		if err != nil {
			return catch.Secret{}, fmt.Errorf("read secret: %w", err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			return catch.Secret{}, fmt.Errorf("read secret: %s can be read by others (mode %04o); chmod 600 it", s.what, info.Mode().Perm())
		}
		data, err := readBounded(s.what, maxSecret)
		if err != nil {
			return catch.Secret{}, fmt.Errorf("read secret: %w", err)
		}
		text := strings.TrimRight(string(data), "\r\n")
		if text == "" {
			return catch.Secret{}, fmt.Errorf("read secret: %s is empty", s.what)
		}
		return catch.NewSecret(text), nil
	}
	return catch.Secret{}, errors.New("read secret: none is configured")
}

// KeyringOnly are the secrets of an account in the keyring that nothing else of
// the configuration has: they go with it.
func (l *Loaded) KeyringOnly(name string) []string {
	others := map[string]bool{}
	for n, acc := range l.Account {
		others[acc.Secret], others[acc.APIKey] = others[acc.Secret] || n != name, others[acc.APIKey] || n != name
	}
	for _, ch := range l.Alert.Channel {
		others[ch.Secret] = true
	}
	var out []string
	for _, ref := range []string{l.Account[name].Secret, l.Account[name].APIKey} {
		if kept, ok := strings.CutPrefix(ref, "keyring:"); ok && !others[ref] && !slices.Contains(out, kept) {
			out = append(out, kept)
		}
	}
	return out
}
