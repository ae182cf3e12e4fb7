package hexonet

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/repeat"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

// register is AddDomain.
type register struct {
	account.Final
	account.Route
	*api
}

// check reads one name; the class is what a premium registration has to state.
func (g *register) check(ctx context.Context, name string) (q catch.Quote, class string, err error) {
	r := g.request("read price", false, "COMMAND = CheckDomains", "DOMAIN0 = "+name, "PREMIUMCHANNELS = *")
	ans, err := g.do(ctx, r)
	if err != nil {
		return catch.Quote{}, "", err
	}
	said := ans.first("DOMAINCHECK")
	class = ans.first("CLASS")
	free := strings.HasPrefix(said, "210")
	q = catch.Quote{Name: name, Class: "standard", At: g.Conf.Clock(), Basis: "CheckDomains " + said}
	// 211 is "taken" and "premium available" alike.
	if strings.Contains(strings.ToLower(said), "premium") || strings.Contains(strings.ToUpper(class), "PREMIUM") {
		q.Premium, q.Class = true, class
		free = strings.Contains(strings.ToLower(said), "available")
	}
	q.Free = &free
	if price := ans.first("PRICE"); price != "" {
		if q.Price, err = catch.MoneyOf(price, ans.first("CURRENCY")); err != nil {
			return catch.Quote{}, "", fmt.Errorf("read price at %s: %w", title, err)
		}
	}
	return q, class, nil
}

func (g *register) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	q, _, err := g.check(ctx, name)
	q.Price.Units *= int64(max(years, 1))
	return q, err
}

func (g *register) create(r catch.Request, class string) web.Request {
	lines := append([]string{
		"COMMAND = AddDomain", "DOMAIN = " + r.Name, "PERIOD = " + strconv.Itoa(max(r.Years, 1)), "TRANSFERLOCK = 1",
	}, g.contacts(r)...)
	if r.Premium {
		if class == "" {
			class = "<class>"
		}
		lines = append(lines, "CLASS = "+class)
	}
	return g.request("register", true, lines...)
}

func (g *register) Print(r catch.Request) (string, error) { return g.web.Print(g.create(r, "")), nil }

// Place registers. No price goes along, so that premium flag and price are
// read right before.
func (g *register) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return account.DryRun()
	}
	q, class, err := g.check(ctx, r.Name)
	if err != nil {
		return catch.Report{}, err
	}
	req := g.create(r, class)
	if q.Premium && !r.Premium {
		return catch.Report{}, g.web.Fail(req, catch.PremiumRefused, q.Basis+" at "+q.Price.String())
	}
	if c, err := q.Price.Cmp(r.Price); !r.Price.IsZero() && !q.Price.IsZero() && (err != nil || c > 0) {
		return catch.Report{}, g.web.Fail(req, catch.PriceMismatch, "it costs "+q.Price.String()+" now, not "+r.Price.String())
	}
	ans, err := g.do(ctx, req)
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: catch.WonProvisional, Ref: r.Name, Words: ans.words, Paid: r.Price}, nil
}

// Find asks whether the name is in the account.
func (g *register) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	ans, err := g.do(ctx, g.request("look up name", false, "COMMAND = StatusDomain", "DOMAIN = "+o.Name))
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: catch.WonProvisional, Ref: o.Name, Words: ans.first("STATUS")}, nil
}

// AutoRenew sets the renewal mode.
func (g *register) AutoRenew(ctx context.Context, name string, on bool) error {
	mode := "AUTODELETE"
	if on {
		mode = "AUTORENEW"
	}
	_, err := g.do(ctx, g.request("set auto-renew", false, "COMMAND = SetDomainRenewalMode", "DOMAIN = "+name, "RENEWALMODE = "+mode))
	return err
}

// Lock sets the transfer lock.
func (g *register) Lock(ctx context.Context, name string, on bool) error {
	lock := "0"
	if on {
		lock = "1"
	}
	_, err := g.do(ctx, g.request("lock name", false, "COMMAND = ModifyDomain", "DOMAIN = "+name, "TRANSFERLOCK = "+lock))
	return err
}

// Nameservers sets up to thirteen hosts.
func (g *register) Nameservers(ctx context.Context, name string, hosts []string) error {
	lines := []string{"COMMAND = ModifyDomain", "DOMAIN = " + name}
	for i, h := range hosts {
		lines = append(lines, "NAMESERVER"+strconv.Itoa(i)+" = "+h)
	}
	_, err := g.do(ctx, g.request("set name servers", false, lines...))
	return err
}

// Arm prepares a burst of this call, repeated within the service's limits.
func (g *register) Arm(ctx context.Context, rs []catch.Request, at, until time.Time) (catch.Armed, error) {
	return repeat.Arm(ctx, g, &g.web, rs, at, until)
}
