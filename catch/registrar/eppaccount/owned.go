package eppaccount

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
)

// Find asks the registry who has the name.
func (a *Account) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	op := "find " + o.Name
	s, err := a.session(ctx, o.Name, op)
	if err != nil {
		return catch.Report{}, err
	}
	l, err := catch.LaunchOf(o.Consents)
	if err != nil {
		return catch.Report{}, &catch.Error{Kind: catch.Guard, Service: title, Op: op, Words: err.Error()}
	}
	if l != nil && l.Application {
		return a.findApplication(ctx, s, o, l)
	}
	d, err := s.Info(ctx, o.Name)
	var re *epp.ResultError
	switch {
	case errors.As(err, &re) && re.Code == epp.DoesNotExist:
		return catch.Report{}, &catch.Error{Kind: catch.NotFound, Service: title, Op: op, Words: "the name is not registered"}
	case errors.As(err, &re) && re.Code == epp.NotAllowed:
		// Some registries show a name to its sponsor alone.
		return catch.Report{}, &catch.Error{Kind: catch.NotFound, Service: title, Op: op, Words: "somebody else holds it: the registry does not show it to this account"}
	case err != nil:
		return catch.Report{}, a.fail(op, err, false)
	}
	rep := catch.Report{Ref: d.ROID, Price: o.Price}
	switch {
	case d.Sponsor == a.o.User && slices.Contains(d.Statuses, "pendingCreate"):
		rep.State, rep.Words = catch.Processing, "the registry has not decided yet"
	case d.Sponsor == a.o.User:
		rep.State, rep.Paid, rep.Words = catch.Won, o.Price, "registered at "+d.Created.Format("2006-01-02 15:04:05 UTC")
	case !o.Created.IsZero() && !d.Created.IsZero() && d.Created.Before(o.Created):
		// The registration that was there when the order was given: it has not
		// dropped yet, and nothing of ours is under way.
		return rep, &catch.Error{Kind: catch.NotFound, Service: title, Op: op, Words: "still registered by " + d.Sponsor + ", as before the order"}
	default:
		rep.State, rep.Words = catch.Lost, "registered by "+d.Sponsor
	}
	return rep, nil
}

// Balance is the last one that an answer carried: EPP has no command for it.
func (a *Account) Balance(context.Context) (catch.Money, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.balance.Currency == "" {
		return catch.Money{}, &catch.Error{
			Kind: catch.Guard, Service: title, Op: "read balance", Words: "no answer carried a balance yet; EPP has no command that asks for it",
		}
	}
	return a.balance, nil
}

// AutoRenew cannot be set over EPP.
func (a *Account) AutoRenew(context.Context, string, bool) error {
	return &catch.Error{
		Kind: catch.Guard, Service: title, Op: "set auto-renew", Words: "EPP has no such switch: registries renew by themselves or delete, by their own rules",
	}
}

var lockStatuses = []string{"clientTransferProhibited", "clientDeleteProhibited"}

// Lock forbids transfer and deletion, or allows them again.
func (a *Account) Lock(ctx context.Context, name string, on bool) error {
	op := "lock " + name
	d, err := a.info(ctx, op, name)
	if err != nil {
		return err
	}
	u := epp.DomainUpdate{Name: d.Name}
	for _, st := range lockStatuses {
		has := slices.Contains(d.Statuses, st)
		if on && !has {
			u.Add.Statuses = append(u.Add.Statuses, st)
		}
		if !on && has {
			u.Rem.Statuses = append(u.Rem.Statuses, st)
		}
	}
	if len(u.Add.Statuses)+len(u.Rem.Statuses) == 0 {
		return nil
	}
	return a.update(ctx, op, u)
}

// Nameservers sets the name servers.
func (a *Account) Nameservers(ctx context.Context, name string, hosts []string) error {
	op := "set name servers of " + name
	d, err := a.info(ctx, op, name)
	if err != nil {
		return err
	}
	u := epp.DomainUpdate{Name: d.Name}
	attrs := a.option("ns_form") == "attributes"
	put := func(set *epp.DomainSet, h string) {
		if attrs {
			set.Hosts = append(set.Hosts, epp.Host{Name: h})
		} else {
			set.NS = append(set.NS, h)
		}
	}
	var want []string
	for _, h := range hosts {
		want = append(want, strings.ToLower(strings.TrimSuffix(h, ".")))
	}
	for _, h := range want {
		if !slices.Contains(d.NS, h) {
			put(&u.Add, h)
		}
	}
	for _, h := range d.NS {
		if !slices.Contains(want, h) {
			put(&u.Rem, h)
		}
	}
	if len(u.Add.NS)+len(u.Add.Hosts)+len(u.Rem.NS)+len(u.Rem.Hosts) == 0 {
		return nil
	}
	return a.update(ctx, op, u)
}

// info reads the registration as it stands.
func (a *Account) info(ctx context.Context, op, name string) (epp.Domain, error) {
	s, err := a.session(ctx, name, op)
	if err != nil {
		return epp.Domain{}, err
	}
	d, err := s.Info(ctx, name)
	if err != nil {
		return epp.Domain{}, a.fail(op, err, false)
	}
	return d, nil
}

func (a *Account) update(ctx context.Context, op string, u epp.DomainUpdate) error {
	s, err := a.session(ctx, u.Name, op)
	if err != nil {
		return err
	}
	if _, err := s.Do(ctx, u); err != nil {
		return a.fail(op, err, false)
	}
	return nil
}
