package cli

import (
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/sandbox"
	"github.com/lapse-dev/lapse/watch"
)

// part is one name of the demo: how it stands in the sandbox, and what the
// person who watches it said.
type part struct {
	name   string
	stage  string        // of the sandbox at the start; empty: registered
	into   time.Duration // that stage
	kind   watch.Kind
	cap    string // USD
	via    string // the kind of route that is ordered; empty: only watched
	price  string // confirmed by the person, where no call returns one
	renew  time.Duration
	stays  bool
	prem   string
	note   string
	expect string // caught, won_backorder, renewed, refused; empty: whatever comes
}

// The parts of the demo. Rivals answer 400 ms after a drop at the earliest; a
// burst sends its first create at the drop and then one every 50 ms at most. It
// loses a name only where it is disturbed for 400 ms at that moment, and the
// five names drop at two moments that are 13 s apart: a run without a single
// catch is far under one in a thousand.
var parts = []part{
	{name: "tinplate.com", stage: "redemption", into: 4 * time.Second, cap: "60USD", via: "epp", expect: "caught", note: "EPP burst; the rivals here are slow: 400 ms after the drop at the earliest"},
	{name: "sedge.com", stage: "redemption", into: 4 * time.Second, cap: "60USD", via: "epp", expect: "caught", note: "EPP burst against slow rivals"},
	{name: "cobalt.net", stage: "redemption", into: 4 * time.Second, cap: "60USD", via: "epp", expect: "caught", note: "EPP burst against slow rivals"},
	{name: "vantage.com", stage: "auto-renew grace", cap: "60USD", via: "epp", expect: "caught", note: "EPP burst against slow rivals"},
	{name: "moor.uk", stage: "renewal required", cap: "60USD", via: "epp", expect: "caught", note: "EPP burst against slow rivals"},
	{name: "quillwright.com", stage: "redemption", into: 5 * time.Second, cap: "60USD", via: "backorder", price: "24.99USD", expect: "won_backorder", note: "a backorder service catches it"},
	{name: "harborloft.com", stage: "auto-renew grace", renew: 12 * time.Second, cap: "60USD", expect: "renewed", note: "its holder renews it in time"},
	{name: "gilded.com", stage: "auto-renew grace", into: 6 * time.Second, cap: "60USD", via: "epp", prem: "1200.00", expect: "refused", note: "the registry calls it premium: 1200, above its cap"},
	{name: "plover.net", stage: "redemption", into: 1 * time.Second, note: "nobody ordered it here: a rival gets it"},
	{name: "larkspur.uk", note: "ages through every stage"},
	{name: "oakatelier.com", note: "ages through every stage"},
	{name: "mynest.com", stays: true, kind: watch.Mine, note: "yours: kept"},
}

// cast are the parts as the sandbox holds them.
func cast(now time.Time) []sandbox.Name {
	names := make([]sandbox.Name, 0, len(parts))
	for _, p := range parts {
		names = append(names, sandbox.Name{
			Name: p.name, Stage: p.stage, Into: p.into, RenewedAfter: p.renew, Stays: p.stays,
			Premium: p.prem, Class: map[bool]string{true: "gold"}[p.prem != ""],
			Created: now.Add(-3 * 365 * 24 * time.Hour).Truncate(time.Second),
		})
	}
	return names
}

// watches are the parts as a person would add them.
func watches() []watch.NewWatch {
	ws := make([]watch.NewWatch, 0, len(parts))
	for _, p := range parts {
		w := watch.NewWatch{Input: p.name, Kind: p.kind, Note: p.note}
		if w.Kind == "" {
			w.Kind = watch.Want
		}
		if p.cap != "" {
			w.Cap, _ = catch.ParseMoney(p.cap) // ours, and a test reads them
		}
		if p.via != "" {
			w.Tags = []string{p.via}
		}
		ws = append(ws, w)
	}
	return ws
}
