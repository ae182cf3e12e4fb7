package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/watch/store"
)

// Change reads config.toml, changes it and puts it in place at once, while no
// other process can. The change gets the file as it is, in bytes and read, and
// gives the bytes that it should have.
func (l *Loaded) Change(ctx context.Context, change func(data []byte, now *File) ([]byte, error)) error {
	path := l.Paths.Config
	if at, err := filepath.EvalSymlinks(path); err == nil {
		path = at // a link of the person's stays one
	}
	return alone(ctx, "configuration", path, func() error {
		data, err := readBounded(path, maxFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("change configuration: %w", err)
		}
		var now File
		if err := decodeStrict(path, data, &now); err != nil {
			return fmt.Errorf("change configuration: %w", err)
		}
		if data, err = change(data, &now); err != nil {
			return err
		}
		if err := decodeStrict(path, data, new(File)); err != nil {
			return fmt.Errorf("change configuration: %w", err)
		}
		if err := replace(path, data); err != nil {
			return fmt.Errorf("change configuration: %w", err)
		}
		return nil
	})
}

// replace puts a file in place at once, readable by the person alone.
func replace(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*.toml") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, werr := tmp.Write(data)
	if err := errors.Join(werr, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// changeWithin is how long a change waits for another process to write its own.
const changeWithin = 20 * time.Second

// alone changes a file while no other process does.
func alone(ctx context.Context, what, path string, change func() error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	ctx, cancel := context.WithTimeout(ctx, changeWithin)
	defer cancel()
	lock := store.NewLock(path)
	for {
		ok, err := lock.TryLock()
		if err != nil {
			return fmt.Errorf("write %s: %w", what, err)
		}
		if ok {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("write %s: another process has had %s open since %s ago: %w", what, path, changeWithin, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.Join(change(), lock.Unlock())
}

// AppendAccount adds an account's table to the end of config.toml, which leaves
// every comment and every line of the person's as it is.
func AppendAccount(data []byte, name string, c Account) []byte {
	var b bytes.Buffer
	b.Write(data)
	if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
		b.WriteByte('\n')
	}
	if len(data) > 0 {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "[account.%s]\n", name)
	for _, kv := range [][2]string{
		{"service", c.Service},
		{"url", c.URL},
		{"user", c.User},
		{"api_key", c.APIKey},
		{"secret", c.Secret},
		{"contact", c.Contact},
		{"currency", c.Currency},
		{"policy", c.Policy},
		{"ca", c.CA},
		{"cert", c.Cert},
		{"key", c.Key},
	} {
		if kv[1] != "" {
			fmt.Fprintf(&b, "%s = %q\n", kv[0], kv[1])
		}
	}
	if len(c.TLDs) > 0 {
		fmt.Fprintf(&b, "tlds = [%s]\n", Quote(c.TLDs))
	}
	for i, k := range slices.Sorted(maps.Keys(c.Options)) {
		if i == 0 {
			fmt.Fprintf(&b, "[account.%s.options]\n", name)
		}
		fmt.Fprintf(&b, "%q = %q\n", k, c.Options[k])
	}
	return b.Bytes()
}

// CutAccount takes an account's table and those below it out of config.toml, line
// by line. It finds none that does not stand as a table of its own.
func CutAccount(data []byte, name string) (out []byte, found bool) {
	table := "account." + name
	cutting := false
	var keep [][]byte
	for _, line := range bytes.SplitAfter(data, []byte("\n")) {
		t := strings.TrimSpace(string(line))
		if strings.HasPrefix(t, "[") {
			head := strings.ReplaceAll(strings.Trim(strings.SplitN(t, "#", 2)[0], "[] \t"), `"`, "")
			cutting = head == table || strings.HasPrefix(head, table+".")
			found = found || cutting
		}
		if !cutting {
			keep = append(keep, line)
		}
	}
	return bytes.Join(keep, nil), found
}
