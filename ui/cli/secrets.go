package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/lapse-dev/lapse/catch"
)

// keyringService is the name under which the OS keyring keeps our secrets.
const keyringService = "lapse"

// secretRef says where a secret is kept.
type secretRef struct {
	kind string // "keyring", "command", "file"
	what string
}

// parseSecretRef reads "keyring:NAME", "command:CMD" or "file:PATH". A text
// that is none of them is refused without being repeated: it may be the secret
// itself.
func parseSecretRef(s, folder string) (secretRef, error) {
	kind, what, _ := strings.Cut(s, ":")
	if what == "" {
		kind = ""
	}
	switch kind {
	case "keyring", "command":
		return secretRef{kind, what}, nil
	case "file":
		if rest, ok := strings.CutPrefix(what, "~/"); ok {
			if home, err := os.UserHomeDir(); err == nil {
				what = filepath.Join(home, rest)
			}
		}
		if !filepath.IsAbs(what) {
			what = filepath.Join(folder, what)
		}
		return secretRef{kind, what}, nil
	}
	return secretRef{}, errors.New(`a secret never stands in the configuration: write "keyring:NAME", "command:CMD" or "file:PATH"`)
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

// readSecret fetches a secret. Nothing of it appears in an error.
func readSecret(ctx context.Context, ref secretRef) (catch.Secret, error) {
	switch ref.kind {
	case "keyring":
		text, err := keyring.Get(keyringService, ref.what)
		if errors.Is(err, keyring.ErrNotFound) {
			return catch.Secret{}, fmt.Errorf("read secret: the keyring has no entry %q of service %q", ref.what, keyringService)
		}
		if err != nil {
			return catch.Secret{}, fmt.Errorf("read secret %q from the keyring: %w", ref.what, err)
		}
		return catch.NewSecret(text), nil
	case "command":
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-c", ref.what)
		if runtime.GOOS == "windows" {
			cmd = exec.CommandContext(ctx, "cmd", "/c", ref.what)
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
		info, err := os.Stat(ref.what)
		if err != nil {
			return catch.Secret{}, fmt.Errorf("read secret: %w", err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			return catch.Secret{}, fmt.Errorf("read secret: %s can be read by others (mode %04o); chmod 600 it", ref.what, info.Mode().Perm())
		}
		data, err := readBounded(ref.what, maxSecret)
		if err != nil {
			return catch.Secret{}, fmt.Errorf("read secret: %w", err)
		}
		text := strings.TrimRight(string(data), "\r\n")
		if text == "" {
			return catch.Secret{}, fmt.Errorf("read secret: %s is empty", ref.what)
		}
		return catch.NewSecret(text), nil
	}
	return catch.Secret{}, errors.New("read secret: none is configured")
}
