package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

const dayLong = 24 * time.Hour

func in(d time.Duration) whoisx.Date { return whoisx.At(now.Add(d)) }

func at(month time.Month, day, hour, minute, second int) time.Time {
	return time.Date(2026, month, day, hour, minute, second, 0, time.UTC)
}

var comStages = []lifecycle.RuleStage{
	{Name: "auto-renew grace", MapsTo: lifecycle.Expired, From: "expiry", Min: 40 * dayLong, Max: 45 * dayLong},
	{Name: "redemption period", MapsTo: lifecycle.Redemption, From: "deletion", Min: 30 * dayLong, Max: 30 * dayLong},
	{Name: "pending delete", MapsTo: lifecycle.PendingDelete, From: "stage", Min: 5 * dayLong, Max: 5 * dayLong},
}

// hostile is what a registrant may call himself.
const hostile = "\x1b[2J\x1b]0;owned\x07Evil\u202egnirts\u2066 \u009b31mCorp\r\nnext\tline \u200f\ufe0f Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308algo"

func row(name string, kind watch.Kind, stage lifecycle.Stage, limit catch.Money) watch.Detail {
	d := watch.Detail{}
	d.Watch = watch.Watch{Name: watch.Name(name), Kind: kind, Cap: limit, Rev: 1, Created: now.AddDate(0, -2, 0)}
	d.State = watch.State{
		Verdict: lifecycle.Verdict{
			Stage: stage, Confidence: lifecycle.Confirmed, Sources: []whoisx.Source{whoisx.RDAP, whoisx.WHOIS},
		},
		LookedAt: now.Add(-time.Minute), Due: now.Add(4 * time.Minute), DueWhy: "Verisign RDAP",
	}
	d.Rule = lifecycle.Rule{Zone: "com", Registry: "Verisign", Stages: comStages, Seen: "2026-10"}
	return d
}

func addOrder(d *watch.Detail, id int64, service string, state catch.State, kind catch.Kind, change func(*catch.Order)) {
	o := catch.Order{
		ID: id, Name: string(d.Name), Route: strings.ToLower(service), Service: service, Kind: kind, State: state,
		Cap: d.Cap, BidCap: d.BidCap, Price: usd("24.99"), Years: 1, Updated: now.Add(-time.Hour),
	}
	if change != nil {
		change(&o)
	}
	d.Orders = append(d.Orders, o)
	d.AllOrders = append(d.AllOrders, o)
}

func drops(d *watch.Detail, c lifecycle.Certainty, from, to whoisx.Date, hour bool, basis string) {
	d.Verdict.Window = &lifecycle.Window{From: from, To: to, Certainty: c, HourKnown: hour, Basis: basis}
}

func tinplate() watch.Detail {
	d := row("tinplate.com", watch.Want, lifecycle.PendingDelete, usd("60"))
	d.BidCap = usd("180")
	d.Tags, d.Note = []string{"brand", "metal"}, "resale 900; walk away above 180"
	d.Verdict.Since, d.Verdict.SinceFrom = whoisx.At(at(11, 5, 19, 2, 0)), whoisx.At(at(11, 5, 18, 57, 0))
	d.Verdict.Created, d.Verdict.Expires = whoisx.Day(2009, 3, 2), whoisx.Day(2026, 8, 27)
	d.Verdict.Registrar = "eNom, LLC"
	drops(&d, lifecycle.Will, whoisx.At(at(11, 10, 19, 0, 0)), whoisx.At(at(11, 10, 20, 0, 0)), true,
		"DropCatch list and the .com rule; 11 drops seen here fell 19:00-19:52")
	d.Verdict.Why = []string{"nobody can renew or restore it any more; it is not free yet"}
	d.Todo = watch.Todo{
		Verb: watch.TodoOrder, By: now.Add(63 * time.Minute), Urgent: true,
		Text: "DropCatch closes 18:45 and you have no order there.",
	}
	addOrder(&d, 1, "Dynadot", catch.Active, catch.Backorder, func(o *catch.Order) { o.CancelBy = now.Add(-time.Hour) })
	addOrder(&d, 2, "NameSilo", catch.Planned, catch.Register, func(o *catch.Order) { o.CutOff = now.Add(153 * time.Minute) })
	d.Exposure = watch.Exposure{MostOwed: []catch.Money{usd("180")}}
	route := func(id, service string, kind catch.Kind, open bool, why string, terms catch.Terms, order *catch.Order, cut time.Duration) {
		terms.Source = "their terms page"
		rt := watch.RouteStatus{
			Description: catch.Description{Route: id, Service: service, Kind: kind}, Configured: open, Open: open, Why: why,
			Terms: terms, Order: order,
		}
		if cut != 0 {
			rt.CutOff = now.Add(cut)
		}
		d.Routes = append(d.Routes, rt)
	}
	route("dynadot", "Dynadot", catch.Backorder, true, "", catch.Terms{Fee: usd("24.99"), Several: catch.PublicAuction}, &d.AllOrders[0], -time.Hour)
	route("dropcatch", "DropCatch", catch.Backorder, true, "", catch.Terms{Fee: usd("59"), Several: catch.PublicAuction}, nil, 63*time.Minute)
	route("namesilo", "NameSilo", catch.Register, true, "", catch.Terms{Fee: usd("17.29"), Several: catch.FirstCome}, &d.AllOrders[1], 153*time.Minute)
	route("snapnames", "SnapNames", catch.Backorder, false, "same pool as NameJet: you would bid against yourself", catch.Terms{}, nil, 0)
	route("epp:own", "own EPP", catch.EPP, false, ".com needs an accredited registrar", catch.Terms{}, nil, 0)
	d.Answers = []whoisx.Answer{
		{
			Source: whoisx.RDAP, Server: "rdap.verisign.com", Name: "tinplate.com", Asked: now.Add(-time.Minute),
			Took: whoisx.Duration(142 * time.Millisecond), Outcome: whoisx.Registered, SaidStatuses: []string{"pending delete"},
			Expires: whoisx.Day(2026, 8, 27), Registrar: "eNom, LLC",
			Evidence: []whoisx.Evidence{{Source: whoisx.RDAP, Line: 14, Text: `"pending delete"`, Says: "nobody can renew it"}},
			Raw:      []byte("{\n  \"ldhName\": \"TINPLATE.COM\",\n  \"status\": [\"pending delete\"]\n}\n"),
		},
		{
			Source: whoisx.WHOIS, Server: "whois.verisign-grs.com", Name: "tinplate.com", Asked: now.Add(-12 * time.Minute),
			Took: whoisx.Duration(90 * time.Millisecond), Outcome: whoisx.Registered, SaidStatuses: []string{"pendingDelete"},
			Raw: []byte("Domain Name: TINPLATE.COM\nDomain Status: pendingDelete\nRegistrant: " + hostile + "\n"),
		},
	}
	d.History = []watch.Change{
		{At: at(11, 5, 19, 2, 0), Name: "tinplate.com", Field: "stage", Before: "redemption", After: "pending-delete", Source: "rdap rdap.verisign.com"},
		{At: at(10, 6, 8, 0, 0), Name: "tinplate.com", Field: "stage", Before: "expired", After: "redemption", Source: "rdap rdap.verisign.com"},
	}
	d.Known = []watch.Asked{{Source: whoisx.RDAP, Server: "rdap.verisign.com", Times: 41, Last: now}}
	return d
}

// sample is a list as somebody who lives by it has it.
func sample() *fakeCore {
	har := row("harborloft.com", watch.Want, lifecycle.Registered, usd("120"))
	addOrder(&har, 3, "Dynadot", catch.PaymentDue, catch.Backorder, func(o *catch.Order) {
		o.PayBy, o.HighBid, o.Price = now.Add(78*time.Minute), usd("120"), usd("120")
	})
	har.Todo = watch.Todo{
		Verb: watch.TodoPay, By: now.Add(78 * time.Minute), Urgent: true,
		Text: "Won at Dynadot for 120.00 USD. Unpaid by then it goes to the next bidder and the account may be closed.",
	}

	qui := row("quillwright.com", watch.Want, lifecycle.Registered, usd("200"))
	until := in(22 * time.Hour)
	qui.Verdict.Flags = []lifecycle.Flag{{Flag: lifecycle.FlagAtAuction, Until: &until}}
	addOrder(&qui, 4, "GoDaddy", catch.AuctionOutbid, catch.ExpiryAuction, func(o *catch.Order) {
		o.HighBid, o.BidCap, o.AuctionEnds = usd("95"), usd("200"), now.Add(22*time.Hour)
	})
	qui.Todo = watch.Todo{Verb: watch.TodoBid, By: now.Add(22*time.Hour + 10*time.Minute), Urgent: true, Text: "You are outbid at 95.00 USD."}

	oak := row("oak.atelier", watch.Launch, lifecycle.Launching, usd("600"))
	oak.Verdict.Flags = []lifecycle.Flag{{Flag: lifecycle.FlagEAP, Category: "EAP day 3", Price: &whoisx.Price{Amount: "500", Currency: "USD"}}}
	oak.Todo = watch.Todo{Verb: watch.TodoDecide, By: at(11, 13, 16, 0, 0), Text: "EAP day 4 ends: 500 falls to 100."}

	sed := row("sedge.co.uk", watch.Want, lifecycle.Expired, money("40", "GBP"))
	sed.Verdict.RegistryStage = "suspended"
	drops(&sed, lifecycle.May, whoisx.At(at(12, 3, 9, 12, 44)), whoisx.Date{}, true, "Nominet's drop list")
	addOrder(&sed, 5, "own EPP", catch.Planned, catch.EPP, nil)

	fen := row("fenland.co.uk", watch.Want, lifecycle.Expired, money("40", "GBP"))
	fen.Verdict.RegistryStage = "suspended"
	drops(&fen, lifecycle.Will, whoisx.At(at(12, 3, 9, 12, 51)), whoisx.Date{}, true, "Nominet's drop list")
	addOrder(&fen, 8, "own EPP", catch.Planned, catch.EPP, nil)
	fen.AllOrders[0].Route, fen.Orders[0].Route = "own epp", "own epp"

	moo := row("moor.nl", watch.Want, lifecycle.Redemption, money("35", "EUR"))
	moo.Verdict.RegistryStage = "quarantine"
	drops(&moo, lifecycle.Will, whoisx.At(at(11, 12, 8, 0, 0)), whoisx.At(at(11, 12, 9, 0, 0)), true, "SIDN's published end of quarantine")
	addOrder(&moo, 6, "SIDN", catch.Active, catch.ByHand, nil)

	van := row("vantage.io", watch.Want, lifecycle.Redemption, usd("60"))
	drops(&van, lifecycle.May, whoisx.Day(2026, 12, 2), whoisx.Date{}, false, "expiry and the .io rule")

	cob := row("cobalt.net", watch.Want, lifecycle.Registered, usd("60"))
	cob.Verdict.Confidence = lifecycle.Conflict
	cob.Verdict.Why = []string{"RDAP says not registered, WHOIS says registered; it is not called free until they agree"}

	plo := row("plover.info", watch.Want, lifecycle.GatedStage, usd("40"))
	plo.Verdict.Flags = []lifecycle.Flag{{Flag: "dropzone", Category: "Dropzone"}}

	myn := row("mynest.com", watch.Mine, lifecycle.Registered, usd("12"))
	myn.Verdict.Expires = whoisx.Day(2027, 1, 7)
	myn.Todo = watch.Todo{Verb: watch.TodoRenew, By: now.Add(58*dayLong + time.Hour), Text: "Auto-renew is off."}

	idn := row("xn--mnchen-3ya.com", watch.Want, lifecycle.Registered, catch.Money{})
	cjk := row("xn--fsqu00a.xn--3lr804guic", watch.Want, lifecycle.Free, usd("30"))
	ara := row("xn--mgbh0fb.xn--ngbc5azd", watch.Want, lifecycle.Registered, usd("30"))
	emo := row("xn--i-7iq.ws", watch.Want, lifecycle.Registered, usd("30"))
	lik := row("fernhollow.org", watch.Want, lifecycle.LikelyFree, usd("30"))
	lik.Verdict.Confidence, lik.Verdict.Missing = lifecycle.Single, []whoisx.Source{whoisx.WHOIS}
	bad := row("hostile-registrant.com", watch.Want, lifecycle.Registered, usd("10"))
	bad.Verdict.Registrar, bad.Note, bad.Tags, bad.Trouble = hostile, hostile, []string{hostile}, hostile
	long := row("a-very-long-name-that-somebody-really-wanted-to-have-for-a-shop.photography", watch.Want, lifecycle.Unknown, catch.Money{})
	long.LookedAt = time.Time{}

	c := newFake(tinplate(), har, qui, oak, sed, fen, moo, van, cob, plo, myn, idn, cjk, ara, emo, lik, bad, long)
	c.status.Month = []watch.Spending{{Month: "2026-11", AtRisk: usd("412"), Cap: usd("600"), Frozen: usd("3")}}
	for i := range 3 {
		c.queue = append(c.queue, watch.Queued{
			Name: watch.Name(fmt.Sprintf("moss%d.co.uk", i)), Due: now, At: now.Add(time.Duration(i+1) * 7 * time.Minute),
			Hosts: []string{"whois.nic.uk"}, Why: "redemption ends in 6 days", Short: true,
		})
	}
	c.queue = append(c.queue, watch.Queued{
		Name: "tinplate.com", Due: now.Add(4 * time.Minute), At: now.Add(4 * time.Minute),
		Hosts: []string{"rdap.verisign.com", "whois.verisign-grs.com"}, Why: "drops today",
	})
	c.budgets = []watch.Budget{
		{Host: "rdap.verisign.com", Rate: 1, Usual: 1, Burst: 10, Tokens: 9, At: now, Today: 412, Source: "known limit, 2026-09"},
		{
			Host: "whois.nic.uk", Rate: 0.02, Usual: 0.08, Burst: 5, At: now, PerDay: 1000, Today: 988,
			Until: now.Add(6 * time.Minute), Limits: 3, Why: "it said too often three times",
		},
	}
	c.ledger = []catch.LedgerEntry{
		{Seq: 2, At: now.Add(-time.Hour), Step: catch.Answer, Intent: 1, Order: 1, Name: "tinplate.com", Route: "dynadot", Action: "order", Outcome: "ok", Words: "backorder placed"},
		{Seq: 1, At: now.Add(-time.Hour), Step: catch.Intent, Order: 1, Name: "tinplate.com", Route: "dynadot", Action: "order", AtMost: usd("24.99")},
	}
	c.opens = openings()
	c.bursts = map[int64][]watch.BurstRecord{8: {fired()}}
	return c
}

// fired is a burst over three sessions that was won with its fourth create; one
// answer never came.
func fired() watch.BurstRecord {
	us := func(n int) time.Duration { return time.Duration(n) * time.Microsecond }
	frame := func(session, sent, answer, code int, words string) catch.Frame {
		f := catch.Frame{Name: "fenland.co.uk", Session: session, Sent: us(sent), Answer: us(answer), Code: code, Words: words}
		if code != 0 {
			f.SvTRID = fmt.Sprintf("NOM-%d-%d", session, sent)
		}
		return f
	}
	return watch.BurstRecord{
		Order: 8, At: now.Add(-5 * time.Minute),
		Plan: catch.BurstPlan{Strategy: "volley", Policy: "uk", Sessions: 3, Clock: "+0.4 ms, good to 1.1 ms"},
		Frames: []catch.Frame{
			frame(1, -850, 20120, 2302, "Object exists"), frame(2, 412, 21900, 2302, "Object exists"),
			frame(3, 1020, 22480, 2302, hostile), frame(1, 40310, 60920, 1000, "Command completed successfully"),
			frame(2, 41200, 0, 0, ""), frame(3, 1041900, 1062700, 2302, "Object exists"),
		},
	}
}
