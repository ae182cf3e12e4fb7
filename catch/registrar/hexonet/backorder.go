package hexonet

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

// backorder is the application of class BACKORDER.
type backorder struct {
	account.Unpriced
	account.Route
	*api
}

func (b *backorder) add(r catch.Request) web.Request {
	lines := append([]string{
		"COMMAND = AddDomainApplication", "CLASS = BACKORDER", "DOMAIN = " + r.Name, "PERIOD = " + strconv.Itoa(max(r.Years, 1)),
	}, b.contacts(r)...)
	return b.request("place backorder", true, lines...)
}

func (b *backorder) Print(r catch.Request) (string, error) { return b.web.Print(b.add(r)), nil }

func (b *backorder) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return account.DryRun()
	}
	ans, err := b.do(ctx, b.add(r))
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: state(ans.first("STATUS")), Ref: ans.first("APPLICATION", "APPLICATION_ID"), Words: ans.first("STATUS")}, nil
}

// listPage is how many applications are asked for at once.
const listPage = 1000

// List returns the backorders of the account.
func (b *backorder) List(ctx context.Context) ([]catch.Listed, error) { return b.list(ctx, backorders) }

// backorders are the classes of backorders: COM_BACKORDER, LITEBACKORDER.
const backorders = "CLASS = *BACKORDER"

// list returns the applications that a filter lets through, page by page.
func (a *api) list(ctx context.Context, filter ...string) ([]catch.Listed, error) {
	var out []catch.Listed
	for {
		r := a.request("list applications", false, append([]string{
			"COMMAND = QueryDomainApplicationList", "WIDE = 1",
			"FIRST = " + strconv.Itoa(len(out)), "LIMIT = " + strconv.Itoa(listPage),
		}, filter...)...)
		ans, err := a.do(ctx, r)
		if err != nil {
			return nil, err
		}
		names := ans.props["DOMAIN"]
		for i, name := range names {
			status := ans.at(i, "STATUS")
			out = append(out, catch.Listed{Name: strings.ToLower(name), Report: catch.Report{
				State: state(status), Ref: ans.at(i, "APPLICATION", "APPLICATION_ID"), Words: status, CancelBy: when(ans.at(i, "FINALIZATIONDATE")),
			}})
		}
		switch total, err := strconv.Atoi(ans.first("TOTAL")); {
		case err != nil && len(names) >= listPage, err == nil && len(names) == 0 && len(out) < total:
			return nil, a.web.Fail(r, catch.UpstreamDown, fmt.Sprintf("its list breaks off after %d", len(out)))
		case err != nil, len(out) >= total:
			return out, nil
		}
	}
}

// number finds the application for a name: the one that is open, or else the
// last, since those of earlier years stay on the list.
func (a *api) number(ctx context.Context, name string, filter ...string) (string, error) {
	list, err := a.list(ctx, append(filter, "DOMAIN = "+name)...)
	if err != nil {
		return "", err
	}
	ref, open := "", false
	for _, l := range list {
		if strings.EqualFold(l.Name, name) && (!open || l.State.Holds()) {
			ref, open = l.Ref, l.State.Holds()
		}
	}
	if ref == "" {
		return "", a.web.Fail(web.Request{Op: "look up application"}, catch.NotFound, "no application for "+name)
	}
	return ref, nil
}

// Find asks for the application, and for the deposit that goes with it.
func (b *backorder) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	rep, err := b.application(ctx, o, backorders)
	if err == nil {
		rep.Frozen = b.deposit(ctx, o, rep)
	}
	return rep, err
}

// application asks where one stands, by its number where it is known.
func (a *api) application(ctx context.Context, o catch.Order, filter ...string) (catch.Report, error) {
	ref, err := o.Ref, error(nil)
	if ref == "" {
		if ref, err = a.number(ctx, o.Name, filter...); err != nil {
			return catch.Report{}, err
		}
	}
	r := a.request("look up application", false, "COMMAND = StatusDomainApplication", "APPLICATION = "+ref)
	ans, err := a.do(ctx, r)
	if err != nil {
		return catch.Report{}, err
	}
	if got := ans.first("DOMAIN"); got != "" && !strings.EqualFold(got, o.Name) {
		return catch.Report{}, a.web.Fail(r, catch.UpstreamDown, "application "+ref+" is for "+got)
	}
	rep := catch.Report{
		State: state(ans.first("STATUS")), Ref: ref, Words: ans.first("STATUS"),
		CancelBy: when(ans.first("FINALIZATIONDATE")), AuctionEnds: when(ans.first("AUCTION-ENDDATE")),
	}
	currency := cmp.Or(ans.first("AUCTION-CURRENCY", "CURRENCY"), a.conf.CurrencyOr())
	rep.HighBid, _ = catch.MoneyOf(ans.first("AUCTION-BESTBID"), currency)
	if price, err := catch.MoneyOf(ans.first("AUCTION-PRICE"), currency); err == nil && price.Units > 0 {
		// What is due is the final price and its tax.
		tax, _ := catch.MoneyOf(ans.first("AUCTION-VAT"), currency)
		rep.Price, _ = price.Add(tax)
	}
	return rep, nil
}

// fundsLocked is how long before the finalization date the fee is locked, with
// some hours for clocks and time zones.
const fundsLocked = 3*24*time.Hour + 12*time.Hour

// deposit is what is reserved for a backorder; a zero with its currency: nothing
// is. It is asked for where something may be reserved, or was. The zero Money
// says that it is not known.
func (b *backorder) deposit(ctx context.Context, o catch.Order, rep catch.Report) catch.Money {
	near := !rep.CancelBy.IsZero() && rep.CancelBy.Sub(b.conf.Clock()) <= fundsLocked
	if b.reseller() || !near && o.Frozen.IsZero() {
		return catch.Money{}
	}
	tld := strings.ToUpper(o.Name[strings.LastIndexByte(o.Name, '.')+1:])
	ans, err := b.do(ctx, b.request("list deposits", false, "COMMAND = QueryDepositList", "ACCOUNTINGTYPE = "+tld+"_BACKORDER", "LIMIT = "+strconv.Itoa(listPage)))
	if err != nil {
		return catch.Money{}
	}
	none := catch.Money{Currency: o.Frozen.Currency}
	for i := range ans.props["DEPOSIT"] {
		if !mentions(ans.at(i, "DESCRIPTION"), o.Name) {
			continue
		}
		// Reservations are written as debits.
		m, err := catch.MoneyOf(strings.TrimPrefix(ans.at(i, "DEPOSIT"), "-"), ans.at(i, "CURRENCY"))
		if err != nil {
			return catch.Money{}
		}
		return m
	}
	return none
}

// mentions reports whether a text has a name as a word of its own: plate.com is
// not in tinplate.com.
func mentions(text, name string) bool {
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" \t,;:()[]\"'", r) }) {
		if strings.TrimRight(word, ".") == strings.ToLower(name) {
			return true
		}
	}
	return false
}

// Cancel takes the application back, until its finalization date.
func (b *backorder) Cancel(ctx context.Context, o catch.Order) (catch.Report, error) {
	ref, err := o.Ref, error(nil)
	if ref == "" {
		if ref, err = b.number(ctx, o.Name, backorders); err != nil {
			return catch.Report{}, err
		}
	}
	ans, err := b.do(ctx, b.request("cancel backorder", false, "COMMAND = DeleteDomainApplication", "APPLICATION = "+ref))
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: catch.Cancelled, Ref: ref, Words: ans.words}, nil
}

// state maps the words of both systems. The auction's winner still has to pay.
func state(word string) catch.State {
	switch strings.ToUpper(strings.TrimSpace(word)) {
	case "PROCESSING", "UNPAIDPROCESSING":
		return catch.Processing
	case "SUCCESSFUL":
		return catch.WonProvisional
	case "FAILED":
		return catch.Lost
	case "INVALID":
		return catch.Failed
	case "AUCTION-PENDING":
		return catch.AuctionOutbid
	case "AUCTION-WON", "PENDING-PAYMENT":
		return catch.PaymentDue
	case "AUCTION-LOST":
		return catch.Lost
	case "CANCELLED", "DELETED":
		return catch.Cancelled
	}
	return catch.Active // REQUESTED, ACTIVE, HOLD, and the reseller's UNPAID, PAID and UNPAIDREQUESTED, which sleep
}
