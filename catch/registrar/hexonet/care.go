package hexonet

import (
	"context"
	"strconv"
)

// What is done with a name that was won, whichever way.

// AutoRenew sets the renewal mode.
func (a *api) AutoRenew(ctx context.Context, name string, on bool) error {
	mode := "AUTODELETE"
	if on {
		mode = "AUTORENEW"
	}
	_, err := a.do(ctx, a.request("set auto-renew", false, "COMMAND = SetDomainRenewalMode", "DOMAIN = "+name, "RENEWALMODE = "+mode))
	return err
}

// Lock sets the transfer lock.
func (a *api) Lock(ctx context.Context, name string, on bool) error {
	lock := "0"
	if on {
		lock = "1"
	}
	_, err := a.do(ctx, a.request("lock name", false, "COMMAND = ModifyDomain", "DOMAIN = "+name, "TRANSFERLOCK = "+lock))
	return err
}

// Nameservers sets up to thirteen hosts.
func (a *api) Nameservers(ctx context.Context, name string, hosts []string) error {
	lines := []string{"COMMAND = ModifyDomain", "DOMAIN = " + name}
	for i, h := range hosts {
		lines = append(lines, "NAMESERVER"+strconv.Itoa(i)+" = "+h)
	}
	_, err := a.do(ctx, a.request("set name servers", false, lines...))
	return err
}
