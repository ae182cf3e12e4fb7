package dynadot

import (
	"context"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/repeat"
)

// register is the plain registration. Dynadot takes no price in the call: the
// price is read right before, and premium=0 makes it refuse premium names.
type register struct {
	account.Final
	account.Route
	*api
}

// Quote reads the price now.
func (g *register) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	return g.quote(ctx, name, years)
}

// Print shows the request.
func (g *register) Print(r catch.Request) (string, error) {
	return g.web.Print(g.speech.register(r)), nil
}

// Place registers.
func (g *register) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return account.DryRun()
	}
	ans, err := g.do(ctx, g.speech.register(r))
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: catch.WonProvisional, Words: ans.words(), Ref: r.Name, Paid: r.Price}, nil
}

// Find asks whether the name is in the account.
func (g *register) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	r := g.info(o.Name)
	ans, err := g.do(ctx, r)
	if err != nil {
		return catch.Report{}, err
	}
	if got := find(ans.body, "name", "domainname", "domain"); got != "" && !strings.EqualFold(got, o.Name) {
		return catch.Report{}, g.web.Fail(r, catch.UpstreamDown, "it answered for "+got)
	}
	return catch.Report{State: catch.WonProvisional, Ref: o.Name, Words: ans.words()}, nil
}

// AutoRenew switches the renewal.
func (g *register) AutoRenew(ctx context.Context, name string, on bool) error {
	_, err := g.do(ctx, g.autoRenew(name, on))
	return err
}

// Lock locks the name against transfers; api3 cannot unlock.
func (g *register) Lock(ctx context.Context, name string, on bool) error {
	if !on {
		return &catch.Error{Kind: catch.Guard, Service: title, Op: "unlock name", Words: "its API locks only", Hint: "unlock it on the website"}
	}
	_, err := g.do(ctx, g.lock(name))
	return err
}

// Nameservers sets up to thirteen hosts.
func (g *register) Nameservers(ctx context.Context, name string, hosts []string) error {
	_, err := g.do(ctx, g.nameservers(name, hosts))
	return err
}

// Arm prepares a burst of this call, repeated within the service's limits.
func (g *register) Arm(ctx context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	return repeat.Arm(ctx, g, &g.web, rs, at, until)
}
