package dynadot

import (
	"context"

	"github.com/lapse-dev/lapse/catch"
)

// What is done with a name that was won, whichever way.

// AutoRenew switches the renewal.
func (a *api) AutoRenew(ctx context.Context, name string, on bool) error {
	_, err := a.do(ctx, a.autoRenew(name, on))
	return err
}

// Lock locks the name against transfers; api3 cannot unlock.
func (a *api) Lock(ctx context.Context, name string, on bool) error {
	if !on {
		return &catch.Error{Kind: catch.Guard, Service: title, Op: "unlock name", Words: "its API locks only", Hint: "unlock it on the website"}
	}
	_, err := a.do(ctx, a.lock(name))
	return err
}

// Nameservers sets up to thirteen hosts.
func (a *api) Nameservers(ctx context.Context, name string, hosts []string) error {
	_, err := a.do(ctx, a.nameservers(name, hosts))
	return err
}

// Privacy hides the registrant in full, or shows it.
func (a *api) Privacy(ctx context.Context, name string, on bool) error {
	_, err := a.do(ctx, a.privacy(name, on))
	return err
}
