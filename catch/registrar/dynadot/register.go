package dynadot

import (
	"context"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/plain"
)

// register is the plain registration. Dynadot takes no price in the call: the
// price is read right before, and premium=0 makes it refuse premium names.
type register struct {
	plain.Route
	*api
}

// Quote reads the price now.
func (g *register) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	return g.quote(ctx, name, years)
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
