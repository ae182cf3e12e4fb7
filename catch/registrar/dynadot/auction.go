package dynadot

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// A name that several customers ordered goes to an auction once Dynadot caught
// it. The auction commands answer without a code, with a status alone, and
// only for accounts to which support granted them.

// offer is where an auction stands.
type offer struct {
	name  string
	price catch.Money
	ends  time.Time
	leads bool
	told  bool // whether we lead was said at all
	over  bool
}

// read finds the auction of a name in an answer.
func (b *backorder) offer(ans *answer, name string) (offer, bool) {
	var found *offer
	var look func(m map[string]json.RawMessage)
	look = func(m map[string]json.RawMessage) {
		if who := own(m, "domain", "domainname", "domain_name"); strings.EqualFold(who, name) && found == nil {
			o := &offer{name: name, ends: millis(own(m, "end_time_stamp", "endtimestamp", "end_time"))}
			o.price, _ = priceIn(own(m, "current_bid_price", "bidprice", "bid_price", "currentbidprice"), b.conf.CurrencyOr())
			o.leads = yes(m, "is_high_bidder", "ishighbidder")
			o.told = own(m, "is_high_bidder", "ishighbidder") != ""
			o.over = yes(m, "auction_ended", "auctionended")
			found = o
		}
		for _, v := range m {
			var inner map[string]json.RawMessage
			var list []map[string]json.RawMessage
			switch {
			case json.Unmarshal(v, &inner) == nil:
				look(inner)
			case json.Unmarshal(v, &list) == nil:
				for _, i := range list {
					look(i)
				}
			}
		}
	}
	look(ans.body)
	if found == nil {
		return offer{}, false
	}
	return *found, true
}

// own reads a field of this very object.
func own(m map[string]json.RawMessage, keys ...string) string {
	for k, v := range m {
		for _, want := range keys {
			if strings.EqualFold(k, want) {
				if t := text(v); t != "" {
					return t
				}
			}
		}
	}
	return ""
}

// yes reads a field that is a boolean, or a word for one.
func yes(m map[string]json.RawMessage, keys ...string) bool {
	for k, v := range m {
		for _, want := range keys {
			if strings.EqualFold(k, want) {
				return affirms(word(v))
			}
		}
	}
	return false
}

func (o offer) report(r catch.Report) catch.Report {
	r.State, r.HighBid, r.AuctionEnds = catch.AuctionOutbid, o.price, o.ends
	switch {
	case o.over && o.leads:
		r.State, r.Price, r.Words = catch.PaymentDue, o.price, "the auction is won: pay on the website"
	case o.over && !o.told:
		r.Words = "the auction is over, and its API does not say who won: look at the website, a win that is not paid in time means a ban"
	case o.over:
		r.State, r.Words = catch.Lost, "the auction went to another bidder, who may still not pay: then the next one has 24 hours"
	case o.leads:
		r.State = catch.AuctionLeading
	}
	return r
}

// follow adds what the auction says to a report of the list. Without access
// to the auction commands nobody knows who leads: that counts as outbid, since
// only then does the person look.
func (b *backorder) follow(ctx context.Context, name string, r catch.Report) catch.Report {
	ans, err := b.do(ctx, b.auction(name))
	if err == nil {
		if o, ok := b.offer(ans, name); ok {
			return o.report(r)
		}
	}
	r.State = catch.AuctionOutbid
	r.Words += "; its API does not say who leads: look at the website"
	return r
}

// Bid raises the own maximum bid.
func (b *backorder) Bid(ctx context.Context, o catch.Order, bid catch.Money) (catch.Report, error) {
	ans, err := b.do(ctx, b.speech.bid(o.Name, bid))
	if err != nil {
		return catch.Report{}, err
	}
	r := catch.Report{State: catch.AuctionOutbid, OwnBid: bid, Words: "bid placed"}
	if a, ok := b.offer(ans, o.Name); ok {
		return a.report(r), nil
	}
	return b.follow(ctx, o.Name, r), nil
}

// Pay has no call.
func (b *backorder) Pay(context.Context, catch.Order) (catch.Report, error) {
	return catch.Report{}, &catch.Error{
		Kind: catch.Guard, Service: title, Op: "pay", Words: "its API has no call for it",
		Hint: "pay on the website within 47 hours: unpaid means a ban; then record it with `lapse orders record`",
	}
}
