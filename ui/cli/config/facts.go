package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/registrar/eppaccount"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx/droplist"
	"github.com/lapse-dev/lapse/whoisx/whois"
)

// Overlay hands a file of the configuration folder to its room, if it is there.
func (l *Loaded) Overlay(name string, overlay func(path string, data []byte) error) error {
	path := filepath.Join(l.Paths.Folder, name)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = overlay(path, data)
	}
	if err != nil {
		return &Error{err}
	}
	return nil
}

// Hosts are how often each host may be asked, with the person's own hosts.toml
// over them.
func (l *Loaded) Hosts() (*watch.HostBook, error) {
	hosts := watch.DefaultHosts()
	return hosts, l.Overlay("hosts.toml", hosts.Overlay)
}

// Rules is the embedded book with the person's own rules.toml over it.
func (l *Loaded) Rules() (*lifecycle.Book, error) {
	book := lifecycle.Default()
	return book, l.Overlay("rules.toml", book.Overlay)
}

// Reserved are the names that generic TLDs keep back, with the person's own
// reserved.toml beside them.
func (l *Loaded) Reserved() (*lifecycle.Reserved, error) {
	r := lifecycle.DefaultReserved()
	return r, l.Overlay("reserved.toml", r.Overlay)
}

// Houses are the auction houses and catch services, with the person's own
// houses.toml over them.
func (l *Loaded) Houses() (*lifecycle.Houses, error) {
	h := lifecycle.DefaultHouses()
	return h, l.Overlay("houses.toml", h.Overlay)
}

// Terms are the embedded ones with the person's terms.toml over them.
func (l *Loaded) Terms() (*terms.Book, error) {
	book := terms.Default()
	return book, l.Overlay("terms.toml", book.Overlay)
}

// Policies are the embedded ones with the person's policies.toml over them.
func (l *Loaded) Policies() (*burst.Policies, error) {
	ps := burst.DefaultPolicies()
	return ps, l.Overlay("policies.toml", ps.Overlay)
}

// Answers are the embedded ones with the person's answers.toml over them.
func (l *Loaded) Answers() (*eppaccount.Answers, error) {
	as := eppaccount.DefaultAnswers()
	return as, l.Overlay("answers.toml", as.Overlay)
}

// WHOISServers are the WHOIS servers that are known and how they speak, with
// the person's own.
func (l *Loaded) WHOISServers() (*whois.Table, error) {
	table := whois.DefaultTable()
	if err := l.Overlay("whois.toml", table.Overlay); err != nil {
		return nil, err
	}
	for tld, c := range l.Lookup.WHOIS {
		if err := table.Configure(tld, c.Host); err != nil {
			return nil, &Error{fmt.Errorf("%s: lookup.whois.%s: %w", l.Paths.Config, tld, err)}
		}
	}
	return table, nil
}

// DropLists are the lists of the configuration and those of the person's own
// droplists.toml.
func (l *Loaded) DropLists() ([]droplist.List, error) {
	var own []droplist.List
	for zone, c := range l.Lookup.DropList {
		d, err := c.list(zone)
		if err != nil {
			return nil, &Error{fmt.Errorf("%s: lookup.droplist.%s: %w", l.Paths.Config, zone, err)}
		}
		own = append(own, d)
	}
	err := l.Overlay("droplists.toml", func(path string, data []byte) error {
		ls, err := droplist.ReadLists(path, data)
		for _, d := range ls {
			d.Configured = true
			own = append(own, d)
		}
		return err
	})
	return own, err
}

// list makes the list that the configuration describes.
func (c DropList) list(zone string) (droplist.List, error) {
	l, err := droplist.Configured(zone, c.URL)
	if err != nil {
		return l, err
	}
	if c.Format != "" {
		l.Format = droplist.Format(c.Format)
	}
	l.Certain, l.Every = c.Certain, c.Every
	return l, l.Check()
}
