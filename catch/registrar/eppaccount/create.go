package eppaccount

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
)

// create is the command that registers a name for this account.
func (a *Account) create(r catch.Request, svc epp.Services) epp.DomainCreate {
	c := epp.DomainCreate{Name: strings.ToLower(r.Name), Years: max(r.Years, 1), Launch: launchCreate(r.Launch)}
	reg := r.Contact
	if reg == "" {
		reg = a.o.Contact
	}
	role := func(option string) string {
		switch v := a.option(option); v {
		case "":
			return reg
		case "none":
			return ""
		default:
			return v
		}
	}
	if reg != "" && reg != "none" {
		c.Registrant = reg
		for _, k := range []string{"admin", "tech"} {
			if id := role(k); id != "" {
				c.Contacts = append(c.Contacts, epp.Contact{Role: k, ID: id})
			}
		}
		if id := a.option("billing"); id != "" {
			c.Contacts = append(c.Contacts, epp.Contact{Role: "billing", ID: id})
		}
	}
	for _, h := range fields(a.option("ns")) {
		h = strings.ToLower(strings.TrimSuffix(h, "."))
		if a.option("ns_form") == "attributes" {
			c.Hosts = append(c.Hosts, epp.Host{Name: h})
		} else {
			c.NS = append(c.NS, h)
		}
	}
	if a.option("authinfo") == "random" {
		c.AuthInfo = catch.NewSecret("Aa1-" + rand.Text()[:12])
	}
	if svc.Fee != "" && r.Price.Currency != "" {
		c.Fee = &epp.Fee{Price: r.Price}
	}
	return c
}

// Print shows the frame that Place would send. Without a price <price> stands
// in its place; the clTRID's random part differs in the real one.
func (a *Account) Print(r catch.Request) (string, error) {
	c := a.create(r, epp.Everything())
	if c.Registrant == "" && a.o.Contact != "none" {
		c.Registrant = "<contact>"
	}
	if r.Price.Currency == "" {
		c.Fee = &epp.Fee{Price: catch.Money{Currency: a.o.CurrencyOr()}, Unread: true}
	}
	b, err := epp.Print(c, epp.Everything(), prefix(r.Key)+"-XXXXXXXXXXXXXXXX-0000001")
	if err != nil {
		return "", fmt.Errorf("print order: %w", err)
	}
	return string(b) + "\n", nil
}

// prefix makes the beginning of a clTRID from an order's key.
func prefix(key string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-':
			return r
		}
		return -1
	}, key)
	if len(s) < 3 {
		s = "lapse"
	}
	return s[:min(len(s), 32)]
}

// Place registers the name with one create, after the price was read once more.
func (a *Account) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	op := "create " + r.Name
	l, err := a.Look(ctx, r.Name, r.Years)
	if err != nil {
		return catch.Report{}, err
	}
	if !l.Free {
		kind := catch.Taken
		if keptClass(l) != "" {
			kind = catch.Guard // it is nobody's, and nothing was sent
		}
		if !l.Drop.IsZero() {
			kind = catch.NotDroppableYet
		}
		return catch.Report{}, &catch.Error{Kind: kind, Service: title, Op: op, Words: l.Reason}
	}
	if r, err = a.locked(op, r, l); err != nil {
		return catch.Report{}, err
	}
	s, err := a.session(ctx, r.Name, op)
	if err != nil {
		return catch.Report{}, err
	}
	if r.Launch != nil && r.Launch.Phase == "claims" && r.Launch.Notice == nil {
		if err := a.unclaimed(ctx, op, r.Name); err != nil {
			return catch.Report{}, err
		}
	}
	c := a.create(r, s.Services())
	if r.DryRun {
		if _, err := epp.Encode(c, s.Services(), "lapse-dry-run"); err != nil {
			return catch.Report{}, a.fail(op, err, false)
		}
		return catch.Report{State: catch.Requested, Words: "checked, not sent", Price: r.Price}, nil
	}
	done, err := s.Create(ctx, c)
	var re *epp.ResultError
	if errors.As(err, &re) && re.Code == epp.MissingParam && c.Registrant == "" && a.o.Contact != "none" && r.Launch == nil {
		return catch.Report{}, &catch.Error{
			Kind: catch.InvalidContact, Service: title, Op: op, Words: re.Error(), Hint: "set the account's contact: the registry wants a registrant",
		}
	}
	if err != nil {
		return catch.Report{}, a.fail(op, err, true)
	}
	rep := catch.Report{State: catch.Won, Ref: done.SvTRID, Price: r.Price, Paid: done.Fee.Total, Words: "registered"}
	if !done.Expires.IsZero() {
		rep.Words = "registered until " + done.Expires.Format(time.DateOnly)
	}
	if rep.Paid.Currency == "" {
		rep.Paid = r.Price
	}
	if done.Fee.Balance.Currency != "" {
		a.mu.Lock()
		a.balance = done.Fee.Balance
		a.mu.Unlock()
	}
	if done.Pending {
		rep.State, rep.Words, rep.Paid = catch.Processing, "the registry took the create and decides later (1001)", catch.Money{}
		if done.Application != "" {
			// Fees of applications are charged at once and seldom given back: the
			// worst is assumed.
			rep.Ref, rep.Words, rep.Paid = done.Application, "application "+done.Application+": the registry decides later", r.Price
		}
	}
	return rep, nil
}

// locked holds the price that was just read against what was agreed to, and
// returns the request with the price to send.
func (a *Account) locked(op string, r catch.Request, l Looked) (catch.Request, error) {
	refuse := func(kind catch.ErrorKind, words string) error {
		return &catch.Error{Kind: kind, Service: title, Op: op, Words: words}
	}
	if l.Price.Currency != "" {
		switch {
		case l.Premium && !r.Premium:
			return r, refuse(catch.PremiumRefused, fmt.Sprintf("it is a premium name (%s, %s) and that was not agreed to", orClass(l.Class), l.Price))
		case r.Class != "" && l.Class != "" && r.Class != l.Class:
			return r, refuse(catch.PriceMismatch, fmt.Sprintf("its class is %s now, it was %s", l.Class, r.Class))
		case r.Price.Currency != "" && r.Price.Currency != l.Price.Currency:
			return r, refuse(catch.PriceMismatch, fmt.Sprintf("the price is in another currency now: %s, it was %s", l.Price, r.Price))
		}
		r.Price = l.Price
	}
	if r.Price.Currency == "" {
		return r, refuse(catch.Guard, "no price: the registry named none and none was confirmed")
	}
	if r.Cap.Currency != "" {
		n, err := r.Price.Cmp(r.Cap)
		if err != nil {
			return r, refuse(catch.PriceMismatch, fmt.Sprintf("the price %s cannot be held against a cap of %s", r.Price, r.Cap))
		}
		if n > 0 {
			return r, refuse(catch.PriceMismatch, fmt.Sprintf("the price %s is above the cap of %s", r.Price, r.Cap))
		}
	}
	return r, nil
}

func orClass(s string) string {
	if s == "" {
		return "premium"
	}
	return s
}
