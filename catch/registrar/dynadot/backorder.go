package dynadot

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/web"
)

// backorder is the queue: Dynadot tries to catch the name when it drops.
type backorder struct{ *api }

func describeBackorder(account string) catch.Description {
	return catch.Description{
		Route: account, Service: title, Kind: catch.Backorder, Pool: service,
		Can: []catch.Can{catch.CanOrder, catch.CanList, catch.CanFind, catch.CanCancel, catch.CanAuctions, catch.CanBid, catch.CanBalance, catch.CanCheck},
	}
}

func (b *backorder) Describe() catch.Description { return describeBackorder(b.conf.Account) }

func (b *backorder) Open(name string) (bool, string) { return b.conf.Sells(name) }

func (b *backorder) Terms(name string) catch.Terms {
	return b.conf.Terms.For(service, catch.Backorder, name)
}

// Quote has no call at Dynadot: what a catch costs stands in the account only.
func (b *backorder) Quote(context.Context, string, int) (catch.Quote, error) {
	return catch.Quote{}, &catch.Error{
		Kind: catch.Guard, Service: title, Op: "read price",
		Words: "no call says what a backorder costs", Hint: "confirm the price in your account with --price",
	}
}

func (b *backorder) add(name string) web.Request {
	return b.request("place backorder", "add_backorder_request", true, "domain", name)
}

func (b *backorder) list() web.Request {
	return b.request("list backorders", "backorder_request_list", false)
}

func (b *backorder) Print(r catch.Request) (string, error) {
	return b.web.Print(b.add(r.Name)), nil
}

// Place adds the request. Being on the list already is success: it is the
// same order.
func (b *backorder) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return catch.Report{State: catch.Planned, Words: "dry run: nothing was sent"}, nil
	}
	_, err := b.do(ctx, b.add(r.Name))
	if err != nil && catch.KindOf(err) != catch.AlreadyBackordered {
		return catch.Report{}, err
	}
	rep, ferr := b.Find(ctx, catch.Order{Name: r.Name})
	if ferr != nil {
		// It was taken; only its cut-off is not known yet.
		return catch.Report{State: catch.Active, Words: "accepted"}, nil
	}
	return rep, err
}

// Find looks for the request in the list.
func (b *backorder) Find(ctx context.Context, o catch.Order) (catch.Report, error) {
	list, err := b.List(ctx)
	if err != nil {
		return catch.Report{}, err
	}
	for _, l := range list {
		if strings.EqualFold(l.Name, o.Name) {
			if l.State == catch.AuctionLeading {
				return b.auction(ctx, o.Name, l.Report), nil
			}
			return l.Report, nil
		}
	}
	return catch.Report{}, b.web.Fail(b.list(), catch.NotFound, "it is not on the list of backorder requests")
}

// Cancel deletes the request; Dynadot refuses in the last 24 hours.
func (b *backorder) Cancel(ctx context.Context, o catch.Order) (catch.Report, error) {
	r := b.request("cancel backorder", "delete_backorder_request", false, "domain", o.Name)
	ans, err := b.do(ctx, r)
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: catch.Cancelled, Words: ans.words()}, nil
}

// List returns every request of the account.
func (b *backorder) List(ctx context.Context) ([]catch.Listed, error) {
	r := b.list()
	ans, err := b.do(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []catch.Listed
	collect(ans.body, func(m map[string]json.RawMessage) {
		name, status := find(m, "domain", "domain_name", "domainname"), find(m, "backorderrequeststatus", "backorder_request_status", "requeststatus")
		if name == "" || status == "" {
			return
		}
		out = append(out, catch.Listed{Name: strings.ToLower(name), Report: catch.Report{
			State: state(status), Words: status, CancelBy: millis(find(m, "cutofftime", "cut_off_time")), Ref: name,
		}})
	})
	return out, nil
}

// collect calls f for every object in every list of the answer.
func collect(m map[string]json.RawMessage, f func(map[string]json.RawMessage)) {
	for _, v := range m {
		var list []map[string]json.RawMessage
		if json.Unmarshal(v, &list) == nil {
			for _, item := range list {
				f(item)
			}
			continue
		}
		var inner map[string]json.RawMessage
		if json.Unmarshal(v, &inner) == nil {
			collect(inner, f)
		}
	}
}

// state maps Dynadot's words, which it does not document, onto states. Words
// that nobody has seen are an order that is there.
func state(status string) catch.State {
	s := strings.ToLower(status)
	for _, w := range []struct {
		words string
		state catch.State
	}{
		{"not caught", catch.Lost},
		{"auction", catch.AuctionLeading},
		{"unpaid", catch.PaymentDue},
		{"payment", catch.PaymentDue},
		{"awarded", catch.WonProvisional},
		{"won", catch.WonProvisional},
		{"success", catch.WonProvisional},
		{"caught", catch.WonProvisional},
		{"completed", catch.WonProvisional},
		{"lost", catch.Lost},
		{"missed", catch.Lost},
		{"failed", catch.Lost},
		{"cancel", catch.Cancelled},
		{"processing", catch.Processing},
	} {
		if strings.Contains(s, w.words) {
			return w.state
		}
	}
	return catch.Active
}
