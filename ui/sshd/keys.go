package sshd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"

	"github.com/lapse-dev/lapse/catch"
)

// Role is how much a key may do.
type Role string

// The roles, each with all that the one before may do.
const (
	Read  Role = "read"
	Edit  Role = "edit"
	Order Role = "order"
)

func (r Role) rank() int {
	switch r {
	case Order:
		return 2
	case Edit:
		return 1
	}
	return 0
}

// grant is what a line of authorized_keys allows.
type grant struct {
	key  ssh.PublicKey
	role Role
	most catch.Money // of one order; zero: no limit of its own
	who  string      // the comment, or the fingerprint
}

// maxKeys bounds the file: it is read for every attempt to log in.
const maxKeys = 256 << 10

var errNoKeys = errors.New("it holds no key; put one public key on a line")

// CheckKeys says why nobody could come in with these keys, so that a server
// that would stay empty never starts.
func CheckKeys(path string) error {
	_, err := readKeys(path)
	return err
}

// readKeys reads authorized_keys. A line that cannot be honoured in full is an
// error that names it: a restriction that is passed over would be worse than a
// key that does not work.
func readKeys(path string) ([]grant, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read authorized keys: %s does not exist; make it, mode 0600, with one public key on a line", path)
	case err != nil:
		return nil, fmt.Errorf("read authorized keys: %w", err)
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("read authorized keys: %s is no file", path)
	case runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("read authorized keys: %s can be read or written by others (%#o); chmod 600 it", path, st.Mode().Perm())
	case st.Size() > maxKeys:
		return nil, fmt.Errorf("read authorized keys: %s is larger than %d KB", path, maxKeys>>10)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read authorized keys: %w", err)
	}
	gs, err := parseKeys(data)
	if err != nil {
		return nil, fmt.Errorf("read authorized keys: %s: %w", path, err)
	}
	return gs, nil
}

func parseKeys(data []byte) ([]grant, error) {
	var out []grant
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, maxKeys)
	for n := 1; sc.Scan(); n++ {
		line := bytes.TrimSpace(sc.Bytes())
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, comment, options, rest, err := gossh.ParseAuthorizedKey(line)
		if err != nil || len(bytes.TrimSpace(rest)) > 0 {
			return nil, fmt.Errorf("line %d: no public key", n)
		}
		if _, ok := key.(*gossh.Certificate); ok {
			return nil, fmt.Errorf("line %d: certificates are not taken; put the plain public key there", n)
		}
		g := grant{key: key, role: Read, who: brief(comment)}
		if g.who == "" {
			g.who = gossh.FingerprintSHA256(key)
		}
		for _, o := range options {
			if err := g.option(o); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		}
		out = append(out, g)
	}
	if err := sc.Err(); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, errNoKeys
	}
	return out, nil
}

// alreadySo are OpenSSH's options that say what is so for every key here.
var alreadySo = map[string]bool{
	"restrict": true, "no-port-forwarding": true, "no-agent-forwarding": true, "no-x11-forwarding": true, "no-user-rc": true,
	"pty": true,
}

func (g *grant) option(o string) error {
	name, value, _ := strings.Cut(o, "=")
	value = strings.Trim(value, `"`)
	switch name {
	case "lapse-role":
		switch r := Role(value); r {
		case Read, Edit, Order:
			g.role = r
		default:
			return fmt.Errorf("lapse-role is read, edit or order, not %q", value)
		}
	case "lapse-cap":
		m, err := catch.ParseMoney(value)
		if err != nil {
			return fmt.Errorf("lapse-cap: %w", err)
		}
		if m.Units <= 0 {
			return fmt.Errorf("lapse-cap has to be more than nothing; a key without lapse-role=order cannot order at all")
		}
		g.most = m
	default:
		if !alreadySo[strings.ToLower(name)] {
			return fmt.Errorf("the option %q is not honoured here, so its key is not taken; lapse-role and lapse-cap are", name)
		}
	}
	return nil
}

// find returns what a key may do.
func find(gs []grant, key ssh.PublicKey) (grant, bool) {
	if key == nil {
		return grant{}, false
	}
	for _, g := range gs {
		if ssh.KeysEqual(g.key, key) {
			return g, true
		}
	}
	return grant{}, false
}
