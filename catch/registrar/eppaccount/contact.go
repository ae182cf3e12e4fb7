package eppaccount

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
)

// HasContact asks whether the registry has a contact of an id. A registry that
// keeps no contacts is an *Error of kind TLDUnsupported.
func (a *Account) HasContact(ctx context.Context, id string) (bool, error) {
	op := "check contact " + catch.Words(id)
	s, err := a.session(ctx, "", op)
	if err != nil {
		return false, err
	}
	r, err := s.Do(ctx, epp.ContactCheck{IDs: []string{id}})
	var re *epp.ResultError
	switch {
	case errors.As(err, &re) && (re.Code == epp.BadService || re.Code == epp.BadCommand):
		return false, &catch.Error{Kind: catch.TLDUnsupported, Service: title, Op: op, Words: "the registry keeps no contacts"}
	case err != nil:
		return false, a.fail(op, err, false)
	}
	for _, c := range epp.ReadCheck(r) {
		if strings.EqualFold(c.ID, id) {
			return !c.Free, nil
		}
	}
	return false, &catch.Error{Kind: catch.UpstreamDown, Service: title, Op: op, Words: "the answer does not name what was asked"}
}

// CreateContact makes a contact at the registry, under the id that the contact
// has at this account. It returns the registry's number for it.
func (a *Account) CreateContact(ctx context.Context, c catch.Contact) (string, error) {
	id := c.Handle(a.o.Account)
	op := "create contact " + catch.Words(id)
	if err := c.Check(); err != nil {
		return "", &catch.Error{Kind: catch.InvalidContact, Service: title, Op: op, Words: strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	cmd, err := a.contactCreate(c)
	if err != nil {
		return "", &catch.Error{Kind: catch.InvalidContact, Service: title, Op: op, Words: err.Error()}
	}
	s, err := a.session(ctx, "", op)
	if err != nil {
		return "", err
	}
	r, err := s.Do(ctx, cmd)
	if err != nil {
		return "", a.fail(op, err, false)
	}
	return r.SvTRID, nil
}

// Nexus says of each answer that the contact has for a registry of this account
// whether the registry is told: by which extension, or why not. Ask after a
// login (HasContact): what the registry offers is not known before.
func (a *Account) Nexus(c catch.Contact) (lines []catch.Line) {
	shown, err := a.shown(c)
	if err != nil {
		return []catch.Line{{What: "nexus", Light: catch.Red, Words: err.Error()}}
	}
	a.mu.Lock()
	s := a.sess
	a.mu.Unlock()
	for _, f := range shown {
		l := catch.Line{What: "nexus", Light: catch.Green, Words: "the registry is told when the contact is created (" + f.Namespace + ")"}
		if s != nil && !s.Services().Has(f.Namespace) {
			l.Light, l.Words = catch.Yellow, "the registry does not offer "+f.Namespace+": tell it on its website"
		}
		lines = append(lines, l)
	}
	return lines
}

// PrintContact shows the frame that CreateContact would send.
func (a *Account) PrintContact(c catch.Contact) (string, error) {
	cmd, err := a.contactCreate(c)
	if err != nil {
		return "", fmt.Errorf("print contact: %w", err)
	}
	svc := epp.Everything()
	svc.Extensions = append(svc.Extensions, a.login.Foreign...)
	b, err := epp.Print(cmd, svc, "lapse-XXXXXXXXXXXXXXXX-0000001")
	if err != nil {
		return "", fmt.Errorf("print contact: %w", err)
	}
	return string(b) + "\n", nil
}

// contactCreate is the command. The address stands in its international form
// where it can, else in its local one (RFC 5733, section 2.4).
func (a *Account) contactCreate(c catch.Contact) (epp.ContactCreate, error) {
	shown, err := a.shown(c)
	if err != nil {
		return epp.ContactCreate{}, err
	}
	p := epp.Postal{Type: "int", Name: c.Name, Org: c.Org, Street: c.Street, City: c.City, State: c.State, Code: c.Zip, Country: c.Country}
	if !c.ASCII() {
		p.Type = "loc"
	}
	out := epp.ContactCreate{ID: c.Handle(a.o.Account), Postal: []epp.Postal{p}, Voice: c.Phone, Email: c.Email, Foreign: shown}
	if a.option("authinfo") == "random" {
		out.AuthInfo = catch.NewSecret("Aa1-" + rand.Text()[:12])
	}
	return out, nil
}

// Name is what the person calls the account.
func (a *Account) Name() string { return a.o.Account }
