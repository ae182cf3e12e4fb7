package dynadot

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/account"
)

// backorder is the queue: Dynadot tries to catch the name when it drops.
type backorder struct {
	account.Unpriced
	account.Route
	*api
}

// Print shows the request.
func (b *backorder) Print(r catch.Request) (string, error) {
	return b.web.Print(b.add(r.Name)), nil
}

// Place adds the request. Being on the list already is success: it is the
// same order.
func (b *backorder) Place(ctx context.Context, r catch.Request) (catch.Report, error) {
	if r.DryRun {
		return account.DryRun()
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
				return b.follow(ctx, o.Name, l.Report), nil
			}
			return l.Report, nil
		}
	}
	return catch.Report{}, b.web.Fail(b.list(), catch.NotFound, "it is not on the list of backorder requests")
}

// Cancel deletes the request; Dynadot refuses in the last 24 hours.
func (b *backorder) Cancel(ctx context.Context, o catch.Order) (catch.Report, error) {
	ans, err := b.do(ctx, b.remove(o.Name))
	if err != nil {
		return catch.Report{}, err
	}
	return catch.Report{State: catch.Cancelled, Words: ans.words()}, nil
}

// List returns every request of the account. An answer without a list, or with
// one that cannot be read, says nothing of what is on it.
func (b *backorder) List(ctx context.Context) ([]catch.Listed, error) {
	r := b.list()
	ans, err := b.do(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []catch.Listed
	unread := 0
	lists := collect(ans.body, func(m map[string]json.RawMessage) {
		name, status := find(m, "domain", "domain_name", "domainname"), find(m, "backorderrequeststatus", "backorder_request_status", "requeststatus", "status")
		if name == "" {
			unread++
			return
		}
		out = append(out, catch.Listed{Name: strings.ToLower(name), Report: catch.Report{
			State: state(status), Words: status, CancelBy: millis(find(m, "cutofftime", "cut_off_time")), Ref: name,
		}})
	})
	if lists == 0 || unread > 0 {
		return nil, b.web.Fail(r, catch.UpstreamDown, "its list cannot be read: "+ans.words())
	}
	return out, nil
}

// collect calls f for every object in every list of the answer and says how
// many lists there are.
func collect(m map[string]json.RawMessage, f func(map[string]json.RawMessage)) (lists int) {
	for k, v := range m {
		var list []map[string]json.RawMessage
		var inner map[string]json.RawMessage
		switch {
		case string(v) == "null" || string(v) == `""`:
			if strings.HasSuffix(strings.ToLower(k), "list") { // an empty one
				lists++
			}
		case json.Unmarshal(v, &list) == nil:
			lists++
			for _, item := range list {
				f(item)
			}
		case json.Unmarshal(v, &inner) == nil:
			lists += collect(inner, f)
		}
	}
	return lists
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
