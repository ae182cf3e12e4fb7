// Package byhand holds the services that have no API for a person: SnapNames,
// NameJet, GoDaddy's expiry auctions, any web form. The person orders there
// and says so here; terms, state, cut-offs and bids are kept all the same, and
// deadlines are alerted like any other. Nothing is ever sent.
package byhand

import (
	"context"
	"strings"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/terms"
)

// site is one service.
type site struct {
	route, title, url string
	kind              catch.Kind
	pool              string
}

// sites lists the services. Adding one is a line here and its terms.
var sites = []site{
	{route: "snapnames", title: "SnapNames", url: "https://www.snapnames.com", kind: catch.Backorder, pool: "web.com"},
	{route: "namejet", title: "NameJet", url: "https://www.namejet.com", kind: catch.Backorder, pool: "web.com"},
	{route: "godaddy", title: "GoDaddy", url: "https://auctions.godaddy.com", kind: catch.ExpiryAuction},
	{route: "by-hand", title: "by hand", kind: catch.ByHand},
}

// Routes returns every service, ready to use: none needs an account here.
func Routes(b *terms.Book) []catch.Route {
	out := make([]catch.Route, 0, len(sites))
	for _, s := range sites {
		out = append(out, &route{s, b})
	}
	return out
}

type route struct {
	site
	terms *terms.Book
}

func (r *route) Describe() catch.Description {
	return catch.Description{Route: r.route, Service: r.title, Kind: r.kind, Pool: r.pool, Can: []catch.Can{catch.CanOrder, catch.CanCancel}}
}

func (r *route) Open(name string) (bool, string) {
	if r.kind == catch.ExpiryAuction {
		return true, "only while its registrar of record is " + r.title
	}
	return true, ""
}

func (r *route) Terms(name string) catch.Terms { return r.terms.For(r.route, r.kind, name) }

func (r *route) Quote(context.Context, string, int) (catch.Quote, error) {
	return catch.Quote{}, &catch.Error{
		Kind: catch.Guard, Service: r.title, Op: "read price", Words: "it has no API", Hint: "read the price on its website and confirm it with --price",
	}
}

// Print says what the person has to do.
func (r *route) Print(req catch.Request) (string, error) {
	where := "on its website"
	if r.url != "" {
		where = "at " + r.url
	}
	var b strings.Builder
	b.WriteString("by hand: order " + req.Name + " " + where + ", at most " + req.Cap.String())
	if !req.BidCap.IsZero() {
		b.WriteString(" alone and " + req.BidCap.String() + " in an auction")
	}
	b.WriteString("\n")
	return b.String(), nil
}

// Place keeps the order as active: the person has placed it, or is about to.
func (r *route) Place(_ context.Context, req catch.Request) (catch.Report, error) {
	if req.DryRun {
		return catch.Report{State: catch.Planned, Words: "dry run: nothing was kept"}, nil
	}
	return catch.Report{State: catch.Active, Words: "kept by hand"}, nil
}

// Find knows only what the person said.
func (r *route) Find(_ context.Context, o catch.Order) (catch.Report, error) {
	return catch.Report{
		State: o.State, Ref: o.Ref, Words: o.Why, CancelBy: o.CancelBy, CutOff: o.CutOff, AuctionEnds: o.AuctionEnds,
		HighBid: o.HighBid, OwnBid: o.OwnBid, PayBy: o.PayBy, ProvisionalUntil: o.ProvisionalUntil, Paid: o.Paid, Frozen: o.Frozen, Refund: o.Refund,
	}, nil
}

// Cancel keeps that it was cancelled on the website.
func (r *route) Cancel(_ context.Context, o catch.Order) (catch.Report, error) {
	return catch.Report{State: catch.Cancelled, Ref: o.Ref, Words: "cancelled by hand"}, nil
}
