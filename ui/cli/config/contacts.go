package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pelletier/go-toml/v2"

	"github.com/lapse-dev/lapse/catch"
)

// contactFile is contacts.toml: a table a contact.
type contactFile struct {
	Contact map[string]catch.Contact `toml:"contact"`
}

const contactHead = `# Who names are registered for: personal data, for you alone (mode 0600).
# lapse contact add, edit and rm write this file.

`

func (l *Loaded) contactPath() string { return filepath.Join(l.Paths.Folder, "contacts.toml") }

// Contacts reads the contacts; a file that others can read is refused.
func (l *Loaded) Contacts() (map[string]catch.Contact, error) {
	path := l.contactPath()
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return map[string]catch.Contact{}, nil
	case err != nil:
		return nil, fmt.Errorf("read contacts: %w", err)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, &Error{fmt.Errorf("read contacts: %s can be read by others (mode %04o); chmod 600 it", path, info.Mode().Perm())}
	}
	data, err := readBounded(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("read contacts: %w", err)
	}
	var f contactFile
	if err := decodeStrict(path, data, &f); err != nil {
		return nil, err
	}
	out := make(map[string]catch.Contact, len(f.Contact))
	for id, c := range f.Contact {
		c.ID = id
		out[id] = c
	}
	return out, nil
}

// ChangeContacts reads the contacts, changes them and writes them, while no
// other process can.
func (l *Loaded) ChangeContacts(ctx context.Context, change func(all map[string]catch.Contact) error) error {
	return alone(ctx, "contacts", l.contactPath(), func() error {
		all, err := l.Contacts()
		if err == nil {
			err = change(all)
		}
		if err == nil {
			err = l.saveContacts(all)
		}
		return err
	})
}

// saveContacts puts the contacts in place at once.
func (l *Loaded) saveContacts(all map[string]catch.Contact) error {
	var b bytes.Buffer
	b.WriteString(contactHead)
	if err := toml.NewEncoder(&b).Encode(contactFile{all}); err != nil {
		return fmt.Errorf("write contacts: %w", err)
	}
	path := l.contactPath()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write contacts: %w", err)
	}
	if err := replace(path, b.Bytes()); err != nil {
		return fmt.Errorf("write contacts: %w", err)
	}
	return nil
}
