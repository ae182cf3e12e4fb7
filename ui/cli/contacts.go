package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/watch"
)

// contactFile is contacts.toml: a table a contact.
type contactFile struct {
	Contact map[string]catch.Contact `toml:"contact"`
}

const contactHead = `# Who names are registered for: personal data, for you alone (mode 0600).
# lapse contact add, edit and rm write this file.

`

func (l *loaded) contactPath() string { return filepath.Join(l.paths.folder, "contacts.toml") }

// contacts reads the contacts; a file that others can read is refused.
func (l *loaded) contacts() (map[string]catch.Contact, error) {
	path := l.contactPath()
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return map[string]catch.Contact{}, nil
	case err != nil:
		return nil, fmt.Errorf("read contacts: %w", err)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, coded(exitUsage, fmt.Errorf("read contacts: %s can be read by others (mode %04o); chmod 600 it", path, info.Mode().Perm()))
	}
	data, err := readBounded(path, maxConfig)
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

// changeContacts reads the contacts, changes them and writes them, while no
// other process can.
func (l *loaded) changeContacts(ctx context.Context, change func(all map[string]catch.Contact) error) error {
	return alone(ctx, "contacts", l.contactPath(), func() error {
		all, err := l.contacts()
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
func (l *loaded) saveContacts(all map[string]catch.Contact) error {
	var b bytes.Buffer
	b.WriteString(contactHead)
	if err := toml.NewEncoder(&b).Encode(contactFile{all}); err != nil {
		return fmt.Errorf("write contacts: %w", err)
	}
	path := l.contactPath()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write contacts: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".contacts-*.toml") // mode 0600
	if err != nil {
		return fmt.Errorf("write contacts: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, werr := tmp.Write(b.Bytes())
	if err := errors.Join(werr, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write contacts: %w", err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write contacts: %w", err)
	}
	return nil
}

// register makes an account register for a contact that the person keeps: by
// the contact's id there, or, at a service that keeps no contacts, by what the
// account's own options leave open.
func register(c *account.Config, contacts map[string]catch.Contact) {
	person, ok := contacts[c.Contact]
	if !ok {
		return
	}
	c.Contact = person.Handle(c.Account)
	first, last := person.Name, person.Name
	if i := strings.LastIndexByte(person.Name, ' '); i > 0 {
		first, last = person.Name[:i], person.Name[i+1:]
	}
	options := map[string]string{
		"first_name": first, "last_name": last, "organisation": person.Org, "street": strings.Join(person.Street, ", "), "city": person.City,
		"state": person.State, "zip": person.Zip, "country": person.Country, "phone": person.Phone, "email": person.Email,
	}
	for k, v := range c.Options {
		options[k] = v
	}
	c.Options = options
}

// takesContact reports whether a service is told with each order for whom it
// registers. Others register for what the account's options say, whatever an
// order says.
func takesContact(service string) bool {
	for _, f := range registrar.All() {
		if f.Service == service {
			return slices.ContainsFunc(f.Fields, func(f account.Field) bool { return f.Name == "contact" })
		}
	}
	return true // by hand: the person is told
}

// accounts are what preflights and requests ask of the configuration.
type accounts struct {
	cfg    *loaded
	routes map[string]string // route → account
}

// Account implements watch.Accounts.
func (a *accounts) Account(route string) string { return a.routes[route] }

// Contact implements watch.Accounts.
func (a *accounts) Contact(route, named string) (catch.Contact, string, error) {
	name := a.routes[route]
	acc := a.cfg.Account[name]
	if named != "" && named != acc.Contact && !takesContact(acc.Service) {
		return catch.Contact{}, named, fmt.Errorf("%s takes none with an order: account %s registers for its own; give another account of yours the contact", acc.Service, name)
	}
	if named == "" {
		named = acc.Contact
	}
	all, err := a.cfg.contacts()
	if err != nil {
		return catch.Contact{}, named, err
	}
	if c, ok := all[named]; ok {
		return c, c.Handle(name), nil
	}
	o := acc.Options
	if named == "" && o["last_name"] != "" { // it stands in the account's own options
		return catch.Contact{
			ID: name, Name: strings.TrimSpace(o["first_name"] + " " + o["last_name"]), Org: o["organisation"], Street: []string{o["street"]}, City: o["city"],
			State: o["state"], Zip: o["zip"], Country: strings.ToUpper(o["country"]), Phone: o["phone"], Email: o["email"],
		}, name, nil
	}
	return catch.Contact{}, named, watch.ErrNotFound
}
