package watch

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

func money(n int64, currency string) catch.Money {
	return catch.Money{Units: n * 10000, Currency: currency}
}

func TestExposure(t *testing.T) {
	usd := func(n int64) catch.Money { return money(n, "USD") }
	for _, c := range []struct {
		name   string
		orders []catch.Order
		want   Exposure
	}{
		{"nothing", nil, Exposure{MostOwed: []catch.Money{}, LostAnyway: []catch.Money{}, Frozen: []catch.Money{}}},
		{
			"two services of which one can win: the dearest, never the sum",
			[]catch.Order{
				{State: catch.Active, Cap: usd(60), BidCap: usd(180), Price: usd(25)},
				{State: catch.Active, Cap: usd(59), BidCap: usd(180)},
			},
			Exposure{MostOwed: []catch.Money{usd(180)}, LostAnyway: []catch.Money{}, Frozen: []catch.Money{}},
		},
		{
			"fees that are lost anyway come on top, deposits stand apart",
			[]catch.Order{
				{State: catch.Planned, Cap: usd(60), LoseFee: usd(5)},
				{State: catch.Requested, Cap: usd(40), LoseFee: usd(2), Frozen: usd(10)},
			},
			Exposure{MostOwed: []catch.Money{usd(67)}, LostAnyway: []catch.Money{usd(7)}, Frozen: []catch.Money{usd(10)}},
		},
		{
			"a pre-registration's fee is in its price, and owed beside another one's as far as it is not paid",
			[]catch.Order{
				{Kind: catch.Prereg, State: catch.Active, Cap: usd(120), Paid: usd(100), LoseFee: usd(65)},
				{Kind: catch.Prereg, State: catch.Requested, Cap: usd(200), LoseFee: usd(40)},
			},
			Exposure{MostOwed: []catch.Money{usd(200)}, LostAnyway: []catch.Money{usd(105)}, Frozen: []catch.Money{}},
		},
		{
			"the fee of one where another wins",
			[]catch.Order{
				{Kind: catch.Prereg, State: catch.Requested, Cap: usd(120), LoseFee: usd(65)},
				{Kind: catch.EPP, State: catch.Planned, Cap: usd(600)},
			},
			Exposure{MostOwed: []catch.Money{usd(665)}, LostAnyway: []catch.Money{usd(65)}, Frozen: []catch.Money{}},
		},
		{
			"one amount a currency",
			[]catch.Order{{State: catch.Active, Cap: usd(60)}, {State: catch.Active, Cap: money(40, "EUR")}},
			Exposure{MostOwed: []catch.Money{money(40, "EUR"), usd(60)}, LostAnyway: []catch.Money{}, Frozen: []catch.Money{}},
		},
		{
			"what was paid is no longer owed; what ended owes nothing",
			[]catch.Order{
				{State: catch.Active, Cap: usd(60), Paid: usd(20)},
				{State: catch.Lost, Cap: usd(900)},
				{State: catch.WonProvisional, Cap: usd(900), Price: usd(30), Paid: usd(30)},
			},
			Exposure{MostOwed: []catch.Money{usd(40)}, LostAnyway: []catch.Money{}, Frozen: []catch.Money{}},
		},
		{
			"won in an auction, nobody says what it cost: the bid, not the price alone",
			[]catch.Order{{State: catch.WonProvisional, Cap: usd(60), BidCap: usd(180), Price: usd(25), HighBid: usd(140), OwnBid: usd(150)}},
			Exposure{MostOwed: []catch.Money{usd(140)}, LostAnyway: []catch.Money{}, Frozen: []catch.Money{}},
		},
		{
			"due: the price, not the cap",
			[]catch.Order{{State: catch.PaymentDue, Cap: usd(200), Price: usd(162)}},
			Exposure{MostOwed: []catch.Money{usd(162)}, LostAnyway: []catch.Money{}, Frozen: []catch.Money{}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, ExposureOf(c.orders)); d != "" {
				t.Error(d)
			}
		})
	}
}

// closing is a backorder service that closes before the drop.
type closing struct {
	name   string
	before time.Duration
	catch.Route
}

func (c closing) Describe() catch.Description {
	return catch.Description{Route: c.name, Service: c.name, Kind: catch.Backorder}
}
func (closing) Open(string) (bool, string) { return true, "" }
func (c closing) Terms(string) catch.Terms { return catch.Terms{CutOffBefore: c.before} }

func (closing) Quote(context.Context, string, int) (catch.Quote, error) { return catch.Quote{}, nil }

func TestTodo(t *testing.T) {
	now := time.Date(2026, 11, 10, 17, 42, 0, 0, time.UTC)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	will := func(d time.Duration) *lifecycle.Window {
		return &lifecycle.Window{From: whoisx.At(in(d)), To: whoisx.At(in(d + time.Hour)), Certainty: lifecycle.Will, HourKnown: true}
	}
	verdict := func(st lifecycle.Stage, w *lifecycle.Window) State {
		return State{Verdict: lifecycle.Verdict{Stage: st, Window: w}}
	}
	expiring := func(all, fee string, until time.Time) State {
		st := verdict(lifecycle.GatedStage, nil)
		st.Verdict.Flags = []lifecycle.Flag{{Flag: lifecycle.FlagEAP, Price: &whoisx.Price{
			Amount: all, Currency: "USD", OnTop: fee, What: "Expiry Access Period, fee expires: " + until.Format(time.RFC3339),
		}}}
		return st
	}
	until := whoisx.At(in(22 * time.Hour))
	s := &Service{o: Options{Routes: []catch.Route{closing{name: "DropCatch", before: 15 * time.Minute}, closing{name: "Dynadot", before: 4 * time.Hour}}}}
	s.routes = map[string]catch.Route{"DropCatch": s.o.Routes[0], "Dynadot": s.o.Routes[1]}
	day := 24 * time.Hour
	for _, c := range []struct {
		name   string
		row    Row
		verb   TodoVerb
		by     time.Time
		urgent bool
	}{
		{"a service closes and no order stands there", Row{
			Watch: Watch{Kind: Want}, State: verdict(lifecycle.PendingDelete, will(78*time.Minute)), Orders: []catch.Order{{Route: "Dynadot", State: catch.Active}},
		}, TodoOrder, in(63 * time.Minute), true},
		{"a service closes and the person catches it themselves", Row{
			Watch: Watch{Kind: Want}, State: verdict(lifecycle.PendingDelete, will(78*time.Minute)), Orders: []catch.Order{{Route: "epp:me", Kind: catch.EPP, State: catch.Active}},
		}, TodoNothing, time.Time{}, false},
		{"the same after that burst failed", Row{
			Watch: Watch{Kind: Want}, State: verdict(lifecycle.PendingDelete, will(5*time.Hour)), Orders: []catch.Order{{Route: "epp:me", Kind: catch.EPP, State: catch.Failed}},
		}, TodoOrder, in(time.Hour), true},
		{"orders at all of them", Row{
			Watch: Watch{Kind: Want}, State: verdict(lifecycle.PendingDelete, will(78*time.Minute)),
			Orders: []catch.Order{{Route: "Dynadot", State: catch.Active}, {Route: "DropCatch", State: catch.Active}},
		}, TodoNothing, time.Time{}, false},
		{"payment before everything", Row{
			Watch: Watch{Kind: Want}, State: verdict(lifecycle.Registered, nil), Orders: []catch.Order{{State: catch.PaymentDue, PayBy: in(78 * time.Minute), Price: money(120, "USD")}},
		}, TodoPay, in(78 * time.Minute), true},
		{"an auction that is open", Row{
			Watch: Watch{Kind: Want}, State: State{Verdict: lifecycle.Verdict{Stage: lifecycle.Expired, Flags: []lifecycle.Flag{{Flag: lifecycle.FlagAtAuction, Category: "GoDaddy", Until: &until}}}},
		}, TodoBid, in(22 * time.Hour), true},
		{"outbid", Row{
			Watch: Watch{Kind: Want}, State: verdict(lifecycle.Registered, nil), Orders: []catch.Order{{State: catch.AuctionOutbid, AuctionEnds: in(time.Hour)}},
		}, TodoBid, in(time.Hour), true},
		{"redemption waits", Row{Watch: Watch{Kind: Want}, State: verdict(lifecycle.Redemption, will(22*day))}, TodoNothing, time.Time{}, false},
		{"gated is not free", Row{Watch: Watch{Kind: Want}, State: verdict(lifecycle.GatedStage, nil)}, TodoNothing, time.Time{}, false},
		{"a fee that falls under the cap in 11 hours, as it was told 39 minutes ago", Row{Watch: Watch{Kind: Want, Cap: money(600, "USD")}, State: expiring("956.83", "943.83", in(-39*time.Minute))}, TodoDecide, in(11*time.Hour + 21*time.Minute), true},
		{"a fee that is under the cap", Row{Watch: Watch{Kind: Want, Cap: money(600, "USD")}, State: expiring("584.90", "571.90", in(21*time.Minute))}, TodoDecide, in(21 * time.Minute), true},
		{"a fee that falls, and no cap", Row{Watch: Watch{Kind: Want}, State: expiring("584.90", "571.90", in(21*time.Minute))}, TodoNothing, time.Time{}, false},
		{"a fee that falls, and a cap in another currency", Row{Watch: Watch{Kind: Want, Cap: money(600, "EUR")}, State: expiring("584.90", "571.90", in(21*time.Minute))}, TodoNothing, time.Time{}, false},
		{"free", Row{Watch: Watch{Kind: Want}, State: State{Verdict: lifecycle.Verdict{Stage: lifecycle.Free, Since: whoisx.At(now)}}}, TodoOrder, now, true},
		{"mine expires", Row{Watch: Watch{Kind: Mine}, State: State{Verdict: lifecycle.Verdict{Stage: lifecycle.Registered, Expires: whoisx.At(in(58 * day))}}}, TodoRenew, in(58 * day), false},
		{"mine expires next year", Row{Watch: Watch{Kind: Mine}, State: State{Verdict: lifecycle.Verdict{Stage: lifecycle.Registered, Expires: whoisx.At(in(400 * day))}}}, TodoNothing, time.Time{}, false},
		{"mine in redemption", Row{Watch: Watch{Kind: Mine}, State: State{Verdict: lifecycle.Verdict{Stage: lifecycle.Redemption, Next: &lifecycle.Next{Earliest: whoisx.At(in(3 * day))}}}}, TodoRenew, in(3 * day), false},
		{"launch", Row{Watch: Watch{Kind: Launch}, State: verdict(lifecycle.Launching, will(3*day))}, TodoDecide, in(3 * day), false},
		{"in doubt", Row{Watch: Watch{Kind: Want}, Orders: []catch.Order{{State: catch.InDoubt, Updated: now}}}, TodoFix, now, true},
		{"the nearest of several", Row{
			Watch: Watch{Kind: Want}, State: verdict(lifecycle.PendingDelete, will(6*time.Hour)),
			Orders: []catch.Order{{Route: "x", State: catch.PaymentDue, PayBy: in(time.Hour)}},
		}, TodoPay, in(time.Hour), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.row.Name = "tinplate.com"
			got := s.todo(c.row, now)
			if got.Verb != c.verb || !got.By.Equal(c.by) || got.Urgent != c.urgent {
				t.Errorf("%+v; want %s by %s", got, c.verb, c.by)
			}
			if strings.Contains(c.name, "themselves") && !strings.Contains(got.Text, "As one more chance: Dynadot closes") && !strings.Contains(got.Text, "As one more chance: DropCatch closes") {
				t.Errorf("the option is not named: %q", got.Text)
			}
			if got.Verb != TodoNothing && got.Text == "" {
				t.Error("no words")
			}
		})
	}
}
