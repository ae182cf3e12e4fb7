package ui

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

func TestAddMany(t *testing.T) {
	core := newFake()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.has("No names yet. Press a to add some")
		d.send(tea.PasteMsg{Content: "wren.org\nWREN.org\nnot a name\nSee https://x and finch.com, robin.net; \x1b[31mjay.io\x1b[m\n-bad-.com\n"})
		d.has("Add names", "wren.org")
		d.keys("ctrl+s")
		d.has("Add 5 names")
		d.keys("ctrl+s")
		d.pass(time.Second)
		d.has("4 added, 1 not", "-bad-.com")
		d.keys("esc")
		d.pass(time.Second)
		d.has("finch.com", "jay.io", "robin.net")
		d.keys("u")
		d.pass(time.Second)
		if len(core.order) != 0 {
			t.Errorf("undo left %v", core.order)
		}
		d.keys("ctrl+r")
		d.pass(time.Second)
		if len(core.order) != 4 {
			t.Errorf("redo brought %v", core.order)
		}
	})
}

// Terminals send a carriage return for the end of a pasted line.
func TestPasteOfLinesAsTerminalsSendThem(t *testing.T) {
	for _, end := range []string{"\r", "\r\n", "\n"} {
		drive(t, Options{Core: newFake()}, 80, 24, func(d *driver) {
			d.keys("a")
			d.send(tea.PasteMsg{Content: strings.Join([]string{"wren.org", "finch.com", "robin.net"}, end)})
			d.has("3 names. ctrl+s goes on")
		})
	}
}

func TestPasteOfAMegabyte(t *testing.T) {
	core := newFake()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.send(tea.PasteMsg{Content: strings.Repeat("\x00\x1b]52;c;aGk=\x07 \u202e", 90_000)})
		d.send(tea.PasteMsg{Content: strings.Repeat("a", 1<<20)})
		checked(t, d, 80, 24)
	})
}

func TestEditUndoRedo(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("n", "ctrl+u", `"new note"`, "ctrl+s")
		d.pass(time.Second)
		if got := core.details["tinplate.com"].Note; got != "new note" {
			t.Fatalf("note %q", got)
		}
		d.has("Saved. u takes it back.")
		d.keys("u")
		d.pass(time.Second)
		if got := core.details["tinplate.com"].Note; !strings.HasPrefix(got, "resale") {
			t.Fatalf("undone to %q", got)
		}
		d.keys("ctrl+r")
		d.pass(time.Second)
		if got := core.details["tinplate.com"].Note; got != "new note" {
			t.Fatalf("redone to %q", got)
		}
	})
}

func TestTwoSessionsEditOneWatch(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("n", "ctrl+u", `"mine"`)
		core.details["tinplate.com"].Rev = 9 // somebody else was quicker
		d.keys("ctrl+s")
		d.has("somebody else changed it")
		if got := core.details["tinplate.com"].Note; got == "mine" {
			t.Fatal("it was overwritten")
		}
	})
}

func TestBulkEdit(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("space", "space")
		d.has("2 marked")
		d.keys("t", `"+autumn"`, "ctrl+s")
		d.pass(time.Second)
		for _, n := range []watch.Name{"tinplate.com", "harborloft.com"} {
			if got := core.details[n].Tags; len(got) == 0 || got[len(got)-1] != "autumn" {
				t.Errorf("%s has %v", n, got)
			}
		}
		if core.details["tinplate.com"].Note == "" {
			t.Error("a field that stayed empty was emptied")
		}
		d.keys("u")
		d.pass(time.Second)
		if got := core.details["harborloft.com"].Tags; len(got) != 0 {
			t.Errorf("undo left %v", got)
		}
		d.keys("esc", "*")
		d.has("18 marked")
	})
}

func TestRemoveAsksWhereMoneyIs(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("d")
		d.has("2 orders still hold", "[ Cancel ]")
		d.pass(time.Second)
		d.keys("enter")
		if len(core.removed) != 0 {
			t.Fatal("removed")
		}
		for range 9 {
			d.keys("j")
		}
		d.keys("d") // plover.info has none
		d.pass(time.Second)
		if len(core.removed) != 1 || core.removed[0] != "plover.info" {
			t.Fatalf("removed %v", core.removed)
		}
		d.keys("u")
		d.pass(time.Second)
		if core.details["plover.info"] == nil {
			t.Error("undo did not bring it back")
		}
	})
}

func TestFilter(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("/", `"quill"`)
		d.has("/ quill", "quillwright.com")
		d.hasNot("oak.atelier")
		d.keys("enter")
		d.has("1 of 18: quill")
		d.keys("esc")
		d.has("oak.atelier")
		d.keys("/", `"stage:nonsense"`)
		d.has("read as plain text: ")
		d.keys("esc")
		d.hasNot("read as plain text: ")
		d.keys("tab", "tab")
		d.has("kind mine", "mynest.com")
		d.hasNot("oak.atelier")
	})
}

// A hundred thousand names open with their first page, and pages are read
// where the cursor goes.
func TestManyNames(t *testing.T) {
	core := many(100_000)
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.has("name-000000.com", "100000 want")
		for _, q := range core.lists {
			if q.Limit == 0 || q.Limit > pageSize {
				t.Errorf("asked for %d rows", q.Limit)
			}
		}
		if n := len(core.lists); n > 2 {
			t.Errorf("%d pages were read at the start", n)
		}
		d.keys("G")
		d.has("name-099999.com")
		d.keys("g", "pgdown", "j", "j")
		for range 50 {
			d.keys("pgdown")
		}
		if n := len(d.r.list.pages); n > keepPages {
			t.Errorf("%d pages are kept", n)
		}
		d.has("▸")
	})
}

func TestCursorStaysOnItsName(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("j", "j", "j", "j")
		core.mu.Lock()
		core.order = append([]watch.Name{"moor.nl", "vantage.io"}, append([]watch.Name(nil), core.order...)...)
		core.order = append(core.order[:8:8], core.order[10:]...)
		core.mu.Unlock()
		core.events <- watch.Event{At: now, Kind: watch.EvChanged, Name: "moor.nl", Text: "moved"}
		d.pass(time.Second)
		if got := d.r.list.onto; got != "sedge.co.uk" {
			t.Errorf("the cursor is on %s", got)
		}
		d.keys("5")
		d.has("moor.nl", "moved")
	})
}

func TestFailuresAreShownAndKept(t *testing.T) {
	core := sample()
	core.fail = errors.New("disk is full " + strings.Repeat("and this goes on ", 20))
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.has("The list cannot be read")
		d.keys("5", "tab")
		d.has("[failures]", "read the status: disk is full")
		core.fail = nil
		d.keys("1")
		d.has("tinplate.com")
	})
}

func TestCountdownsTick(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.has("in 1h03")
		d.pass(time.Minute + time.Second)
		d.has("in 1h01", "17:43 UTC")
		d.pass(3 * time.Minute)
		d.has("in 58m")
		before := d.screen()
		d.pass(time.Second)
		if d.screen() == before {
			t.Error("a countdown within its last hour stands still")
		}
	})
}

// Nothing wakes the program while nothing that is seen changes.
func TestQuietScreensSleep(t *testing.T) {
	core := many(50)
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.pass(time.Second)
		before := d.r.tickGen
		d.pass(3 * time.Minute)
		if n := d.r.tickGen - before; n > 4 {
			t.Errorf("it woke %d times in three minutes", n)
		}
	})
}

func TestSizes(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 2}, {5, 3}, {20, 5}, {20, 40}, {33, 7}, {40, 10}, {79, 23}, {149, 30}, {150, 30}, {300, 80}, {500, 4}} {
		for _, s := range screens {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				for _, ascii := range []bool{false, true} {
					drive(t, Options{Core: sample(), ASCII: ascii, NoColor: ascii}, size[0], size[1], func(d *driver) {
						d.keys(s.keys...)
						got := checked(t, d, size[0], size[1])
						if ascii {
							for _, r := range got {
								if r > 0x7e {
									t.Fatalf("%q in ASCII:\n%s", r, got)
								}
							}
							if c := d.r.View().Content; strings.Contains(c, "\x1b[38;") || strings.Contains(c, "\x1b[48;") {
								t.Error("colour without colour")
							}
						}
						d.keys("G", "g", "pgdown")
						checked(t, d, size[0], size[1])
					})
				}
			})
		}
	}
}

func TestResizeStorm(t *testing.T) {
	drive(t, Options{Core: sample()}, 80, 24, func(d *driver) {
		for i := range 200 {
			w, h := 1+(i*37)%300, 1+(i*13)%80
			d.send(tea.WindowSizeMsg{Width: w, Height: h})
			checked(t, d, w, h)
		}
	})
}

// A hostile registrant is harmless on every screen.
func TestHostileText(t *testing.T) {
	core := sample()
	d0 := core.details["tinplate.com"]
	d0.Note, d0.Todo.Text, d0.Verdict.Registrar, d0.Tags = hostile, hostile, hostile, []string{hostile}
	d0.Verdict.Why = []string{hostile}
	d0.Verdict.Window.Basis = hostile
	d0.Verdict.Flags = append(d0.Verdict.Flags, d0.Verdict.Flags...)
	for i := range d0.AllOrders {
		d0.AllOrders[i].Why, d0.AllOrders[i].Ref, d0.AllOrders[i].Service = hostile, hostile, hostile
		d0.Orders[i].Why, d0.Orders[i].Service = hostile, hostile
	}
	for i := range d0.Answers {
		d0.Answers[i].Server, d0.Answers[i].Why, d0.Answers[i].SaidStatuses = hostile, hostile, []string{hostile}
		d0.Answers[i].Raw = []byte(hostile + "\x9b2J\xff\xfe")
	}
	for i := range d0.History {
		d0.History[i].Before, d0.History[i].Text = hostile, hostile
	}
	core.budgets[0].Why, core.budgets[0].Host = hostile, hostile
	core.queue[0].Why, core.queue[0].Hosts = hostile, []string{hostile}
	core.status.Lease.Holder, core.status.Lease.HaltBy = hostile, hostile
	core.status.Acting = false
	for _, s := range screens {
		for _, size := range [][2]int{{40, 10}, {80, 24}, {200, 60}} {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				drive(t, Options{Core: core}, size[0], size[1], func(d *driver) {
					core.events <- watch.Event{At: now, Kind: watch.EvTrouble, Text: hostile}
					d.keys(s.keys...)
					checked(t, d, size[0], size[1])
					d.pass(time.Second)
					checked(t, d, size[0], size[1])
					raw := d.r.View().Content
					for _, bad := range []string{"\x1b]", "\x1b[2J", "\x07", "\u202e", "\u2066", "\u009b"} {
						if strings.Contains(raw, bad) {
							t.Errorf("%q reached the terminal", bad)
						}
					}
				})
			})
		}
	}
}

func TestSearchInRawAnswers(t *testing.T) {
	drive(t, Options{Core: sample()}, 80, 24, func(d *driver) {
		d.keys("enter", "w", "/", `"status"`, "enter")
		d.has(`"status": 2 lines`)
		d.keys("n", "N", "esc")
		d.hasNot(`"status": 2 lines`)
	})
}

func TestMouse(t *testing.T) {
	core := sample()
	drive(t, Options{Core: core, Mouse: true}, 80, 24, func(d *driver) {
		click := func(x, y int) { d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft}) }
		d.has("tinplate.com") // a click is on what was drawn
		click(20, 6)
		if got := d.r.list.onto; got != "quillwright.com" {
			t.Errorf("the click chose %s", got)
		}
		d.send(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
		click(22, 3) // NAME
		if d.r.list.sort != "name" {
			t.Errorf("sorted by %q", d.r.list.sort)
		}
		x := strings.Index(strings.Split(d.screen(), "\n")[23], "? keys")
		click(x, 23)
		d.has("Keys: Watchlist")
	})
}

// What two sources say of a name is read from the sentence of a real verdict.
func TestWhoDisagrees(t *testing.T) {
	answer := func(s whoisx.Source, o whoisx.Outcome) whoisx.Answer {
		return whoisx.Answer{Source: s, Server: "whois.example", Name: "cobalt.net", Asked: now, Outcome: o, Confirmed: true}
	}
	v := lifecycle.Decide(lifecycle.Input{
		Name: "cobalt.net", Now: now, Answers: []whoisx.Answer{answer(whoisx.RDAP, whoisx.NotRegistered), answer(whoisx.WHOIS, whoisx.Registered)},
	})
	if got, want := whoDisagrees(&v), "WHOIS yes, RDAP no"; v.Confidence != lifecycle.Conflict || got != want {
		t.Errorf("%s: %q, want %q of %q", v.Confidence, got, want, v.Why)
	}
}
