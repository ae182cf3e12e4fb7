package eppaccount

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
)

// Quote reads the price of a create now.
func (a *Account) Quote(ctx context.Context, name string, years int) (catch.Quote, error) {
	l, err := a.Look(ctx, name, years)
	if err != nil {
		return catch.Quote{}, err
	}
	if class := keptClass(l); class != "" {
		return catch.Quote{Name: l.Name, Class: class, Reason: l.Reason, Free: &l.Free, At: l.At, Basis: "EPP check at " + l.Server}, nil
	}
	if l.Price.Currency == "" {
		why := "the registry has no fee extension"
		if l.FeeReason != "" {
			why = l.FeeReason
		} else if l.Fee != "" {
			why = "the registry named no price for it"
		}
		return catch.Quote{Name: l.Name, Free: &l.Free, At: l.At, Basis: "EPP check at " + l.Server}, &catch.Error{
			Kind: catch.Guard, Service: title, Op: "read price of " + name, Words: why,
			Hint: "confirm the price from the registry's price list",
		}
	}
	q := catch.Quote{
		Name: l.Name, Price: l.Price, Renew: l.Renew, Premium: l.Premium, Class: l.Class, Free: &l.Free, At: l.At, Basis: "EPP check with fee at " + l.Server,
		Early: l.EarlyFee, EarlyWhat: l.EarlyWhat,
	}
	return q, nil
}

// Looked is what an EPP check said of a name: one of the sources that together
// may call it free.
type Looked struct {
	Name      string
	Free      bool   // the registry would take a create
	Reason    string // its words where not
	Drop      time.Time
	May       bool // it may drop at that time, or may not
	Price     catch.Money
	Renew     catch.Money
	Premium   bool
	Class     string
	Early     bool // an early access fee is in the price
	EarlyFee  catch.Money
	EarlyWhat string // the registry's words for it, with when it falls
	Fee       string
	FeeReason string
	Server    string // svID
	Addr      string
	At        time.Time
	Raw       []byte // the answer, as it came
}

// Look asks the registry about a name: free or not, and at what price.
func (a *Account) Look(ctx context.Context, name string, years int) (Looked, error) {
	op := "check " + name
	s, err := a.session(ctx, name, op)
	if err != nil {
		return Looked{}, err
	}
	svc := s.Services()
	cmd := epp.DomainCheck{Names: []string{strings.ToLower(name)}}
	if svc.Fee != "" {
		cmd.Fee = &epp.FeeCheck{Commands: []string{"create", "renew"}, Years: max(years, 1)}
		if svc.Fee == epp.NSFee11 {
			cmd.Fee.Commands = cmd.Fee.Commands[:1]
		}
	}
	r, err := s.Do(ctx, cmd)
	if err != nil {
		return Looked{}, a.fail(op, err, false)
	}
	l := Looked{Name: strings.ToLower(name), Fee: svc.Fee, Server: s.Greeting().Server, Addr: a.cfg.Addr, At: r.Received, Raw: r.Raw}
	got := epp.ReadCheck(r)
	i := slices.IndexFunc(got, func(c epp.Checked) bool { return c.ID == l.Name })
	if i < 0 {
		return l, &catch.Error{Kind: catch.UpstreamDown, Service: title, Op: op, Words: "the answer does not name what was asked"}
	}
	c := got[i]
	l.Free, l.Reason = c.Free, c.Reason
	l.Drop, l.May = dropReason(c.Reason)
	if q, ok := c.Fee("create"); ok {
		l.Price, l.Premium, l.Class, l.Early = q.Total, q.Premium, q.Class, q.Early
		for _, it := range q.Items {
			if it.Early() && l.EarlyFee.Units == 0 {
				l.EarlyFee, l.EarlyWhat = it.Amount, it.Description
			}
		}
	} else if len(c.Fees) > 0 {
		l.FeeReason = c.Fees[0].Reason
	}
	if q, ok := c.Fee("renew"); ok {
		l.Renew = q.Total
	}
	return l, nil
}

// dropReason reads a drop's time from a check's reason, as Nominet writes it:
// "Drop 2026-11-21T14:00:00Z", "May Drop ...".
func dropReason(s string) (at time.Time, may bool) {
	rest, may := strings.CutPrefix(s, "May ")
	rest, ok := strings.CutPrefix(rest, "Drop ")
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(rest))
	if err != nil {
		return time.Time{}, false
	}
	return t.UTC(), may
}
