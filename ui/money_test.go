package ui

import (
	"errors"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// toQuestion goes from the list to the question whether to order.
func toQuestion(d *driver) {
	d.keys("o", "ctrl+s")
	d.has("Order tinplate.com at Dynadot for 24.99 USD?", "[ Cancel ]")
}

func TestOrderNeedsMoreThanOneEnter(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		toQuestion(d)
		d.pass(time.Second)
		d.keys("enter") // Cancel is where the cursor stands
		d.hasNot("Order tinplate.com at Dynadot")
		if len(core.placed) != 0 {
			t.Fatalf("ordered %+v", core.placed)
		}
		d.keys("esc")
		toQuestion(d)
		d.pass(time.Second)
		d.keys("right", "enter")
		if len(core.placed) != 1 || core.placed[0].Name != "tinplate.com" || core.placed[0].Cap != usd("60") || core.placed[0].BidCap != usd("180") {
			t.Fatalf("ordered %+v", core.placed)
		}
		d.has("tinplate.com at Dynadot: active")
	})
}

// The question opens when the preview has come: a keystroke in flight cannot
// answer it.
func TestQuestionIsDeafUntilTypingIsQuiet(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		toQuestion(d)
		d.has("keys count in a moment")
		for range 8 {
			d.keys("right", "enter")
			d.pass(200 * time.Millisecond)
		}
		if len(core.placed) != 0 {
			t.Fatalf("keys in flight ordered %+v", core.placed)
		}
		d.pass(grace)
		d.hasNot("keys count in a moment")
		d.keys("right", "enter")
		if len(core.placed) != 1 {
			t.Fatal("the answer after a quiet moment was lost")
		}
	})
}

func TestEscapeAlwaysLeavesTheQuestion(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		toQuestion(d)
		d.keys("esc")
		d.hasNot("This costs money")
		d.has("Show what it would cost") // the form is still there to be changed
	})
	if len(core.placed) != 0 {
		t.Fatalf("ordered %+v", core.placed)
	}
}

// A session that is cut off in the middle of a question orders nothing.
func TestDisconnectInTheQuestion(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		toQuestion(d)
		d.pass(time.Second)
		d.keys("right")
		d.r.close()
		d.pass(time.Second)
	})
	if len(core.placed) != 0 {
		t.Fatalf("ordered %+v", core.placed)
	}
}

func TestPremiumHasToBeTyped(t *testing.T) {
	core := sample()
	core.preview = func(s watch.OrderSpec) (watch.OrderPreview, error) {
		return watch.OrderPreview{
			Order: catch.Order{Service: "Dynadot"},
			Quote: &catch.Quote{Price: usd("2500"), Premium: true, Basis: "price call", At: now},
		}, nil
	}
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("o", "ctrl+s")
		d.pass(time.Second)
		d.has("for 2500.00 USD?", "PREMIUM", "Type tinplate.com to go on")
		d.keys("right", "enter", "enter")
		if len(core.placed) != 0 {
			t.Fatal("ordered without the name typed")
		}
	})
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("o", "ctrl+s")
		d.pass(time.Second)
		d.keys(`"tinplate.com"`, "enter", "enter")
		if len(core.placed) != 1 {
			t.Fatalf("ordered %d times", len(core.placed))
		}
	})
}

func TestRefusalsStayInTheForm(t *testing.T) {
	core := sample()
	core.preview = func(watch.OrderSpec) (watch.OrderPreview, error) {
		return watch.OrderPreview{Refused: "the price 80.00 USD is above the cap of 60.00 USD"}, nil
	}
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("o", "ctrl+s")
		d.has("Refused: the price 80.00 USD is above the cap")
		core.preview = func(watch.OrderSpec) (watch.OrderPreview, error) {
			return watch.OrderPreview{}, errors.New("no answer from Dynadot")
		}
		d.keys("ctrl+s")
		d.has("no answer from Dynadot")
	})
}

func TestOrderFormReadsMoney(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"60", "it has no currency"},
		{"", "no order goes out without one"},
		{"-5USD", "below nothing"},
		{"x", "no number"},
	} {
		core := sample()
		drive(t, Options{Core: core}, 80, 24, func(d *driver) {
			d.keys("o", "tab", "ctrl+u")
			if c.typed != "" {
				d.keys(`"` + c.typed + `"`)
			}
			d.keys("ctrl+s")
			d.has(c.want)
		})
	}
}

// A bid cap that was emptied says not to bid: the name's own, larger one does
// not stand in for it.
func TestEmptyBidCapIsNoBidding(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("o", "tab", "tab", "ctrl+u", "ctrl+s")
		d.pass(time.Second)
		d.has("no bidding in an")
		d.pass(grace)
		d.keys("right", "enter")
		if len(core.placed) != 1 || core.placed[0].BidCap != usd("0") {
			t.Fatalf("ordered %+v", core.placed)
		}
	})
}

func TestCapOfTheSession(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core, RoleCap: usd("100")}, 80, 24, func(d *driver) {
		d.keys("o", "ctrl+s")
		d.has("may spend at most 100.00 USD a name, not")
	})
	drive(t, Options{Core: core, RoleCap: money("100", "EUR")}, 80, 24, func(d *driver) {
		d.keys("o", "ctrl+s")
		d.has("100.00 EUR a name, and no other")
	})
}

// A session with a cap of its own sets no cap above it: not by editing, not by
// adding, not by an import.
func TestCapOfTheSessionBindsCaps(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core, RoleCap: usd("60")}, 100, 30, func(d *driver) {
		was := core.details["tinplate.com"].Cap
		d.keys("C", "ctrl+u", `"61USD"`, "ctrl+s")
		d.pass(time.Second)
		d.has("this session sets caps of at most 60.00 USD")
		if got := core.details["tinplate.com"].Cap; got != was {
			t.Errorf("cap %s, was %s", got, was)
		}
		d.keys("esc")
		d.send(tea.PasteMsg{Content: "name,cap,bid cap\none.org,60USD,\ntwo.org,60EUR,\nthree.org,50USD,70USD\n"})
		d.keys("ctrl+s", "ctrl+s")
		d.pass(time.Second)
		d.has("1 added, 2 not", "two.org", "three.org")
		if core.details["one.org"] == nil || core.details["two.org"] != nil || core.details["three.org"] != nil {
			t.Errorf("on the list: %v", core.order)
		}
	})
}

func TestRolesInTheScreens(t *testing.T) {
	for _, c := range []struct {
		o    Options
		key  string
		says string
	}{
		{Options{ReadOnly: true}, "o", "this session is read-only"},
		{Options{ReadOnly: true}, "a", "this session is read-only"},
		{Options{ReadOnly: true}, "E", "this session is read-only"},
		{Options{ReadOnly: true}, "d", "this session is read-only"},
		{Options{ReadOnly: true}, "!", "this session is read-only"},
		{Options{Role: RoleEdit}, "o", "this session may edit, but not order"},
		{Options{Role: RoleEdit}, "x", "this session may edit, but not order"},
	} {
		core := sample()
		c.o.Core = core
		drive(t, c.o, 80, 24, func(d *driver) {
			d.keys(c.key)
			d.has(c.says)
		})
		if len(core.placed)+len(core.edits)+len(core.removed)+len(core.halts) > 0 {
			t.Errorf("%s did something", c.key)
		}
	}
}

func TestCancelAnOrder(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("x")
		d.has("Cancel which order?")
		d.keys("enter")
		d.has("Cancel the order for tinplate.com at Dynadot?", "[ Keep it ]", "will probably refuse")
		d.pass(time.Second)
		d.keys("right", "enter")
		if len(core.cancelled) != 1 || core.cancelled[0] != 1 {
			t.Fatalf("cancelled %v", core.cancelled)
		}
		d.has("cancelled")
	})
}

// A session with a cap of its own pays nothing that may come to more: not where
// the service has not told yet what is due.
func TestCapOfTheSessionBindsPaying(t *testing.T) {
	core := sample()
	o := &core.details["harborloft.com"].Orders[0]
	o.Price, o.HighBid = catch.Money{}, catch.Money{}
	drive(t, Options{Core: core, RoleCap: usd("60")}, 80, 24, func(d *driver) {
		d.keys("j", "p")
		d.has("may spend at most 60.00 USD a name, not 120.00")
		d.keys("right", "enter")
	})
	if len(core.paid) != 0 {
		t.Fatalf("paid %v", core.paid)
	}
}

func TestBidAndPay(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("p")
		d.has("nothing is to be paid")
		d.keys("j", "p")
		d.has("Pay 120.00 USD for harborloft.com at Dynadot?", "in 1h")
		d.keys("right", "enter")
		if len(core.paid) != 1 || core.paid[0] != 3 {
			t.Fatalf("paid %v", core.paid)
		}
		d.keys("j", "b")
		d.has("Highest bid at GoDaddy: 95.00 USD")
		d.keys(`"250USD"`, "ctrl+s")
		d.has("cap in an auction is 200.00 USD")
		d.keys("ctrl+u", `"120USD"`, "ctrl+s")
		d.has("Bid 120.00 USD for quillwright.com at GoDaddy?")
		d.pass(time.Second)
		d.keys("right", "enter")
		if len(core.bids) != 1 || core.bids[0] != usd("120") {
			t.Fatalf("bids %v", core.bids)
		}
	})
}

func TestHalt(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core, Who: "me@desk"}, 80, 24, func(d *driver) {
		d.keys("!") // the safe way takes no question
		d.pass(time.Second)
		d.has("HALTED")
		d.keys("o")
		d.has("everything is halted")
		d.keys("!")
		d.has("Let lapse act again?", "me@desk", "[ Cancel ]")
		d.keys("enter")
		if len(core.halts) != 1 {
			t.Fatal("enter alone let it act again")
		}
		d.keys("!", "right", "enter")
		d.pass(time.Second)
		d.has("ACTING")
	})
}

func TestBulkOrdersAreRefused(t *testing.T) {
	drive(t, Options{Core: sample()}, 80, 24, func(d *driver) {
		d.keys("space", "space", "o")
		d.has("money is asked about name by name")
	})
}

// An order for what is only won by bids may bid up to its cap.
func TestIfOneWinsTellsBids(t *testing.T) {
	usd := func(units int64) catch.Money { return catch.Money{Units: units * 10_000, Currency: "USD"} }
	o := catch.Order{Kind: catch.ExpiryAuction, State: catch.Active, Price: usd(59), Cap: usd(180)}
	if got, want := ifOneWins([]catch.Order{o}), "If won: 59 alone, auction to 180."; got != want {
		t.Errorf("without a bid cap: %q, want %q", got, want)
	}
	o.Kind = catch.Backorder
	if got, want := ifOneWins([]catch.Order{o}), "If won: 59."; got != want {
		t.Errorf("a backorder without a bid cap: %q, want %q", got, want)
	}
}

func TestWhoKnowsCountsLooks(t *testing.T) {
	s := &nameScreen{d: &watch.Detail{Known: []watch.Asked{{Server: "a.example", Times: 1}, {Server: "b.example", Times: 2}}}}
	if got, want := s.whoKnows(), "a.example (1 look), b.example (2 looks)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What the other orders of a name lose or have frozen is told beside what has
// to be paid for the one that won.
func TestCostsBesideAPayment(t *testing.T) {
	due := catch.Order{Kind: catch.Backorder, State: catch.PaymentDue, Price: usd("60"), Cap: usd("60")}
	bid := catch.Order{Kind: catch.Backorder, State: catch.Active, Price: usd("20"), Cap: usd("60"), LoseFee: usd("5"), Frozen: usd("15")}
	a := &app{}
	for _, tt := range []struct {
		what   string
		orders []catch.Order
		want   []string
	}{
		{"alone", []catch.Order{due}, []string{"To pay: 60.00 USD."}},
		{"beside another", []catch.Order{bid, due}, []string{"To pay: 60.00 USD. Lost on others: 5.00 USD. Frozen: 15.00 USD.", "To pay: 60.00 USD."}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			if got := a.money(tt.orders); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// A preflight takes its time: what it found does not come between a person and
// the question that has been opened since.
func TestPreflightOpensOverNoDialog(t *testing.T) {
	drive(t, Options{Core: sample()}, 80, 24, func(d *driver) {
		late := doneMsg{then: func(r *root) tea.Cmd {
			return r.preflown(&preflight{"tinplate.com", now, []watch.PreflightLine{
				{Route: "dynadot", Line: catch.Line{What: "login", Light: catch.Red, Words: "refused"}},
			}})
		}}
		toQuestion(d)
		d.send(late)
		d.has("Order tinplate.com at Dynadot for 24.99 USD?", "preflight of tinplate.com: dynadot login: refused")
		d.hasNot("Preflight: tinplate.com")
		d.keys("esc", "esc")
		d.send(late)
		d.has("Preflight: tinplate.com")
	})
}
