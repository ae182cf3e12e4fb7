package launch

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// RoutePrefix begins the name of the route that an offer makes.
const RoutePrefix = "prereg:"

// route is an offer as a way to get a name: the person orders it on the
// registrar's website and says so here. Nothing is ever sent; caps, ledger,
// deadlines and what is owed are kept as for any other order.
type route struct {
	offer Offer
	book  func() *Book
	now   func() time.Time
}

// Routes makes a route of every offer for a TLD that is an order; of all offers
// for "". What the book says of one later is read anew each time.
func Routes(book func() *Book, now func() time.Time, tld string) []catch.Route {
	var out []catch.Route
	for _, o := range book().Offers(tld) {
		if o.Tier != Interest {
			out = append(out, &route{offer: o, book: book, now: now})
		}
	}
	return out
}

// RouteOf is the route of that name; nil where no offer makes one.
func RouteOf(book func() *Book, now func() time.Time, name string) catch.Route {
	id, ok := strings.CutPrefix(name, RoutePrefix)
	if !ok {
		return nil
	}
	o, ok := book().Offer(id)
	if !ok || o.Tier == Interest {
		return nil
	}
	return &route{offer: o, book: book, now: now}
}

// current is the offer as the book has it now.
func (r *route) current() Offer {
	if o, ok := r.book().Offer(r.offer.ID); ok {
		return o
	}
	return r.offer
}

func (r *route) Describe() catch.Description {
	return catch.Description{
		Route: RoutePrefix + r.offer.ID, Service: r.offer.Registrar, Kind: catch.Prereg, Can: []catch.Can{catch.CanOrder, catch.CanCancel},
	}
}

// Open is false once the offer's phase is over.
func (r *route) Open(name string) (bool, string) {
	o := r.current()
	if !strings.HasSuffix(strings.ToLower(name), "."+o.TLD) {
		return false, "it is for names under ." + o.TLD
	}
	l, ok := r.book().Launch(o.TLD)
	if !ok {
		return false, "nothing is known of a launch of ." + o.TLD
	}
	p := l.Phase(o.Phase)
	if p == nil {
		return false, fmt.Sprintf(".%s has no phase %q any more", o.TLD, o.Phase)
	}
	now := r.now()
	if list, kept := l.Keeps(name); kept {
		return false, Reserved(o, list).Error()
	}
	switch {
	case p.Kind == GA && l.OpenedAt(now):
		return false, fmt.Sprintf(".%s is already open, since %s: register it like any other name", o.TLD, stamp(p.From))
	case !p.To.IsZero() && !now.Before(p.To.Time):
		return false, p.Name + " was over at " + stamp(p.To)
	}
	return true, ""
}

// Terms are the offer's, in the words that every route has.
func (r *route) Terms(string) catch.Terms {
	o := r.current()
	t := catch.Terms{
		Service: o.Registrar, Kind: catch.Prereg, Fee: o.Price, Charged: strings.ReplaceAll(string(o.Charged), "-", " "), Deposit: o.Deposit,
		LoseFee: o.ApplicationFee, Refund: o.Refund, Several: o.Several, Burst: catch.BurstUnstated, Source: o.Source, Seen: o.Seen, Confidence: "by hand",
	}
	if o.RefundIn > 0 {
		t.RefundWhen = fmt.Sprintf("within %d days", int(o.RefundIn.Hours()/24))
	}
	if !o.BindingOn.IsZero() {
		t.CancelBy = "until it is binding, " + stamp(o.BindingOn)
	}
	for _, q := range o.AskFirst() {
		t.Notes = append(t.Notes, "ask first: "+q)
	}
	return t
}

// Quote knows no price but the offer's, which the person confirms.
func (r *route) Quote(context.Context, string, int) (catch.Quote, error) {
	return catch.Quote{}, &catch.Error{
		Kind: catch.Guard, Service: r.offer.Registrar, Op: "read price", Words: "a pre-registration has no price call", Hint: "confirm what its page says with --price",
	}
}

// Print says what the person has to do, and what to ask before.
func (r *route) Print(req catch.Request) (string, error) {
	o := r.current()
	var b strings.Builder
	fmt.Fprintf(&b, "by hand: order %s at %s, %s for %s of .%s, %s, at most %s\n", req.Name, o.Registrar, o.Tier, o.Phase, o.TLD, o.Price, req.Cap)
	for _, q := range o.AskFirst() {
		b.WriteString("ask first: " + q + "\n")
	}
	return b.String(), nil
}

// Place keeps the order as active: the person has placed it, or is about to.
// What is charged at the order counts as paid.
func (r *route) Place(_ context.Context, req catch.Request) (catch.Report, error) {
	o := r.current()
	rep := catch.Report{State: catch.Active, Price: req.Price, Words: "kept by hand: " + string(o.Tier) + " for " + o.Phase}
	if o.Charged == AtOrder || o.Charged == ChargedUnknown {
		rep.Paid = req.Price // where nobody says when, the worst is assumed
	}
	if !o.BindingOn.IsZero() {
		rep.CancelBy = o.BindingOn.Time
	}
	return rep, nil
}

// Find knows only what the person said.
func (r *route) Find(_ context.Context, o catch.Order) (catch.Report, error) {
	return catch.Report{
		State: o.State, Ref: o.Ref, Words: o.Why, Price: o.Price, CancelBy: o.CancelBy, CutOff: o.CutOff, AuctionEnds: o.AuctionEnds,
		HighBid: o.HighBid, OwnBid: o.OwnBid, PayBy: o.PayBy, ProvisionalUntil: o.ProvisionalUntil, Paid: o.Paid, Frozen: o.Frozen, Refund: o.Refund,
	}, nil
}

// Cancel keeps that it was cancelled on the website.
func (r *route) Cancel(_ context.Context, o catch.Order) (catch.Report, error) {
	return catch.Report{State: catch.Cancelled, Ref: o.Ref, Words: "cancelled by hand"}, nil
}

// TakenOf are the offers that orders stand for.
func TakenOf(b *Book, orders []catch.Order) []Taken {
	var out []Taken
	for _, o := range orders {
		id, ok := strings.CutPrefix(o.Route, RoutePrefix)
		if !ok || o.Kind != catch.Prereg || !o.State.Holds() {
			continue
		}
		if offer, ok := b.Offer(id); ok {
			out = append(out, Taken{Offer: offer, At: o.Created})
		}
	}
	return out
}

// Guard says why this offer must not be taken beside the orders of one name.
func (r *route) Guard(orders []catch.Order) error {
	return Guard(TakenOf(r.book(), orders), r.current())
}
