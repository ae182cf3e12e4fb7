package ui

import (
	"context"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
)

// now is the moment at which all tests look.
var now = time.Date(2026, 11, 10, 17, 42, 0, 0, time.UTC)

// fakeCore is a core in memory: it keeps what it is given and records what it
// is told to do.
type fakeCore struct {
	mu      sync.Mutex
	details map[watch.Name]*watch.Detail
	order   []watch.Name
	status  watch.Status
	queue   []watch.Queued
	budgets []watch.Budget
	ledger  []catch.LedgerEntry
	bursts  map[int64][]watch.BurstRecord
	offers  []launch.Offer
	opens   []watch.Opening
	events  chan watch.Event
	preview func(watch.OrderSpec) (watch.OrderPreview, error)
	fail    error // what every reading call answers, where set

	placed    []watch.OrderSpec
	cancelled []int64
	removed   []watch.Name
	edits     []watch.Patch
	looked    []watch.Name
	halts     []bool
	bids      []catch.Money
	paid      []int64
	lists     []watch.Query
}

func newFake(ds ...watch.Detail) *fakeCore {
	c := &fakeCore{details: map[watch.Name]*watch.Detail{}}
	for i := range ds {
		c.details[ds[i].Name] = &ds[i]
		c.order = append(c.order, ds[i].Name)
	}
	c.status = watch.Status{
		Lease: watch.Lease{Held: true, Holder: "desk pid 812 (terminal)"}, Acting: true,
		Watches: map[watch.Kind]int{watch.Want: len(ds)},
	}
	return c
}

func (c *fakeCore) List(_ context.Context, q watch.Query) (watch.Page, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lists = append(c.lists, q)
	if c.fail != nil {
		return watch.Page{}, c.fail
	}
	p := watch.Page{Kinds: map[watch.Kind]int{}}
	if len(c.order) > 1000 { // the test of many names: no filter, as fast as a store
		p.Total, p.Kinds[watch.Want] = len(c.order), len(c.order)
		for _, n := range c.order[min(q.Offset, p.Total):min(q.Offset+q.Limit, p.Total)] {
			p.Rows = append(p.Rows, c.details[n].Row)
		}
		return p, nil
	}
	var rows []watch.Row
	for _, n := range c.order {
		d := c.details[n]
		p.Kinds[d.Kind]++
		switch {
		case len(q.Kinds) > 0 && q.Kinds[0] != d.Kind:
		case q.Text != "" && !strings.Contains(string(n), q.Text):
		case !q.DropTo.IsZero() && (d.Verdict.Window == nil || d.Verdict.Window.From.After(q.DropTo)):
		default:
			rows = append(rows, d.Row)
		}
	}
	if q.Sort == "name" {
		sort.Slice(rows, func(i, j int) bool { return rows[i].Name < rows[j].Name })
	}
	p.Total = len(rows)
	lo := min(q.Offset, len(rows))
	hi := len(rows)
	if q.Limit > 0 {
		hi = min(lo+q.Limit, len(rows))
	}
	p.Rows = append(p.Rows, rows[lo:hi]...)
	return p, nil
}

func (c *fakeCore) Get(_ context.Context, n watch.Name) (watch.Detail, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.details[n]; d != nil {
		return *d, c.fail
	}
	return watch.Detail{}, watch.ErrNotFound
}

func (c *fakeCore) Add(_ context.Context, ws []watch.NewWatch) ([]watch.AddResult, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []watch.AddResult
	for _, w := range ws {
		n, err := watch.ParseName(w.Input)
		switch {
		case err != nil:
			out = append(out, watch.AddResult{Input: w.Input, Why: err.Error()})
		case c.details[n] != nil:
			out = append(out, watch.AddResult{Input: w.Input, Name: n, Why: "already on the list"})
		default:
			d := watch.Detail{}
			d.Watch = watch.Watch{
				Name: n, Kind: watch.Want, Tags: w.Tags, Note: w.Note, Cap: w.Cap, BidCap: w.BidCap, Priority: w.Priority, Rev: 1,
			}
			if w.Kind != "" {
				d.Kind = w.Kind
			}
			c.details[n] = &d
			c.order = append(c.order, n)
			out = append(out, watch.AddResult{Input: w.Input, Name: n, Added: true})
		}
	}
	return out, nil
}

func (c *fakeCore) ReadyFilter(context.Context) error { return nil }

func (c *fakeCore) ParseNew(w watch.NewWatch) (watch.Name, error) { return watch.ParseName(w.Input) }

func (c *fakeCore) Edit(_ context.Context, n watch.Name, p watch.Patch) (watch.Watch, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.edits = append(c.edits, p)
	d := c.details[n]
	if d == nil {
		return watch.Watch{}, watch.ErrNotFound
	}
	if p.Rev != 0 && p.Rev != d.Rev {
		return watch.Watch{}, watch.ErrStale
	}
	if p.Tags != nil {
		d.Tags = *p.Tags
	}
	d.Tags = append(append([]string(nil), d.Tags...), p.AddTags...)
	if p.Note != nil {
		d.Note = *p.Note
	}
	if p.Cap != nil {
		d.Cap = *p.Cap
	}
	if p.BidCap != nil {
		d.BidCap = *p.BidCap
	}
	if p.Kind != nil {
		d.Kind = *p.Kind
	}
	if p.Purpose != nil {
		d.Purpose = *p.Purpose
	}
	if p.Priority != nil {
		d.Priority = *p.Priority
	}
	d.Rev++
	return d.Watch, nil
}

func (c *fakeCore) Remove(_ context.Context, ns ...watch.Name) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.removed = append(c.removed, ns...)
	n := 0
	for _, name := range ns {
		if c.details[name] != nil {
			n++
			delete(c.details, name)
		}
	}
	var left []watch.Name
	for _, name := range c.order {
		if c.details[name] != nil {
			left = append(left, name)
		}
	}
	c.order = left
	return n, nil
}

func (c *fakeCore) LookNow(_ context.Context, n watch.Name) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked = append(c.looked, n)
	return nil
}

func (c *fakeCore) Queue(context.Context, int) ([]watch.Queued, error) { return c.queue, c.fail }
func (c *fakeCore) Budgets(context.Context) ([]watch.Budget, error)    { return c.budgets, c.fail }

func (c *fakeCore) Status(context.Context) (watch.Status, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status, c.fail
}

func (c *fakeCore) Halt(_ context.Context, on bool, who string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.halts = append(c.halts, on)
	c.status.Lease.Halted, c.status.Lease.HaltBy, c.status.Lease.HaltAt = on, who, now
	return nil
}

func (c *fakeCore) Openings(context.Context) ([]watch.Opening, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]watch.Opening(nil), c.opens...), c.fail
}

func (c *fakeCore) SaveOffer(_ context.Context, o launch.Offer) (launch.Offer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offers = append(c.offers, o)
	return o, c.fail
}

// Subscribe makes the channel, so that it belongs to the bubble of the test.
func (c *fakeCore) Subscribe() (<-chan watch.Event, func()) {
	c.events = make(chan watch.Event, 16)
	return c.events, func() {}
}

func (c *fakeCore) Preflight(_ context.Context, spec watch.PreflightSpec) ([]watch.PreflightLine, error) {
	if c.details[spec.Name] == nil {
		return nil, watch.ErrNotFound
	}
	return []watch.PreflightLine{
		{Route: "dynadot", Line: catch.Line{What: "login", Light: catch.Green, Words: "the account answers"}},
		{Route: "dynadot", Line: catch.Line{What: "balance", Light: catch.Yellow, Words: "41.20 USD pays it alone, not an auction: " + hostile}},
		{Route: "clock", Line: catch.Line{What: "offset", Light: catch.Green, Words: "0.4 ms, good to 1.1 ms"}},
	}, c.fail
}

func (c *fakeCore) Preview(_ context.Context, s watch.OrderSpec) (watch.OrderPreview, error) {
	if c.preview != nil {
		return c.preview(s)
	}
	price := usd("24.99")
	return watch.OrderPreview{
		Spec:     s,
		Order:    catch.Order{Name: string(s.Name), Route: s.Route, Service: "Dynadot", Price: price, Cap: s.Cap, BidCap: s.BidCap},
		Quote:    &catch.Quote{Name: string(s.Name), Price: price, Basis: "search call", At: now},
		Exposure: watch.Exposure{MostOwed: []catch.Money{usd("180")}},
		IfWon:    "24.99 USD alone, else a public auction up to 180.00 USD.", IfLost: "nothing.",
	}, nil
}

func (c *fakeCore) Order(_ context.Context, s watch.OrderSpec) (catch.Order, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.placed = append(c.placed, s)
	return catch.Order{ID: 7, Name: string(s.Name), Service: "Dynadot", Route: s.Route, State: catch.Requested}, nil
}

func (c *fakeCore) Orders(_ context.Context, f watch.OrderFilter) ([]catch.Order, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []catch.Order
	for _, n := range c.order {
		for _, o := range c.details[n].AllOrders {
			if (f.Name == "" || string(f.Name) == o.Name) && (!f.Holding || o.State.Holds()) {
				out = append(out, o)
			}
		}
	}
	return out, c.fail
}

func (c *fakeCore) Cancel(_ context.Context, id int64) (catch.Order, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancelled = append(c.cancelled, id)
	return catch.Order{ID: id, Name: "tinplate.com", Service: "Dynadot", State: catch.Cancelled}, nil
}

func (c *fakeCore) Bid(_ context.Context, id int64, m catch.Money) (catch.Order, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bids = append(c.bids, m)
	return catch.Order{ID: id, Name: "quillwright.com", Service: "GoDaddy", State: catch.AuctionLeading}, nil
}

func (c *fakeCore) Pay(_ context.Context, id int64) (catch.Order, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paid = append(c.paid, id)
	return catch.Order{ID: id, Name: "harborloft.com", Service: "Dynadot", State: catch.WonProvisional}, nil
}

func (c *fakeCore) Follow(_ context.Context, id int64) (catch.Order, error) {
	return catch.Order{ID: id, Name: "tinplate.com", Service: "Dynadot", State: catch.Active}, nil
}

func (c *fakeCore) Sync(context.Context) error { return nil }

func (c *fakeCore) Ledger(context.Context, int) ([]catch.LedgerEntry, error) { return c.ledger, nil }

func usd(s string) catch.Money { return money(s, "USD") }

func money(s, cur string) catch.Money {
	m, err := catch.MoneyOf(s, cur)
	if err != nil {
		panic(err)
	}
	return m
}

func (c *fakeCore) Bursts(_ context.Context, order int64) ([]watch.BurstRecord, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bursts[order], c.fail
}
