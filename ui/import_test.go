package ui

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// sampleFile is a registrar's export with what people put into one.
func sampleFile(string) ([]byte, error) {
	return []byte("\"Domain Name\",\"Expiration Date\",\"Auto-renew\",\"Protection Plan\",\"Create Date\",\"Folder\",\"Notes\"\n" +
		"\"wren.org\",\"2027-03-14\",\"Off\",\"None\",\"2020-03-14\",\"Birds\",\"=cmd\x1b[2J\"\n" +
		"\"finch.com\",\"2027-05-01\",\"On\",\"None\",\"2020-03-14\",\"\",\"two\nlines\"\n" +
		"\"\",\"2027-05-01\",\"On\",\"None\",\"2020-03-14\",\"\",\"no name \u202eevil\"\n" +
		"\"WREN.org\",\"2027-03-14\",\"Off\",\"None\",\"2020-03-14\",\"Old\",\"\"\n"), nil
}

// A file is shown before it is taken, a column is changed, and what is taken
// can be undone.
func TestImport(t *testing.T) {
	core := newFake()
	drive(t, Options{Core: core, ReadFile: sampleFile}, 100, 40, func(d *driver) {
		d.keys("I", `"registrar.csv"`, "ctrl+s")
		d.pass(0)
		d.has("2 names in an export of GoDaddy, watched as mine, 1 row that repeats", "line 5: no name in it",
			"Expiration Date", "expires", "Auto-renew", "Folder", "Add 2 names")
		if len(core.order) != 0 {
			t.Fatal("names were added before they were shown")
		}
		d.keys("up", "left") // Notes: not taken
		d.pass(0)
		d.has("tags")
		d.keys("ctrl+s")
		d.pass(time.Second)
		d.has("2 added, 1 not", "wren.org", "line 5", "no name in it")
		w := core.details["wren.org"]
		if w == nil || w.Kind != "mine" || strings.Contains(w.Note, "=cmd") || !strings.Contains(w.Note, "expires 2027-03-14 (GoDaddy)") {
			t.Errorf("got %+v", w)
		}
		d.keys("esc", "u")
		d.pass(time.Second)
		if len(core.order) != 0 {
			t.Errorf("undo left %v", core.order)
		}
	})
}

// What is pasted as a table is read by its headings; a session that reads no
// files is told to paste.
func TestImportOfAPaste(t *testing.T) {
	core := newFake()
	drive(t, Options{Core: core}, 80, 24, func(d *driver) {
		d.keys("I")
		d.has("this session reads no files; paste the text")
		d.send(tea.PasteMsg{Content: "Domain;Cap;Note\nwren.org;60USD;see example.net\nfinch.com;60;\n"})
		d.keys("ctrl+s")
		d.pass(0)
		d.has("1 name, 1 row not taken", "line 3: cap:", "Add 1 name")
		d.keys("ctrl+s")
		d.pass(time.Second)
		if got := fmt.Sprint(core.order); got != "[wren.org]" || core.details["wren.org"].Cap != usd("60") {
			t.Errorf("got %s", got)
		}
	})
}

func TestImportOfNoFile(t *testing.T) {
	read := func(path string) ([]byte, error) { return nil, errors.New("open " + path + ": no such file") }
	drive(t, Options{Core: newFake(), ReadFile: read}, 80, 24, func(d *driver) {
		d.keys("I", "ctrl+s")
		d.has("which file?")
		d.keys(`"x.csv"`, "ctrl+s")
		d.pass(0)
		d.has("open x.csv: no such file")
		d.keys("esc")
		d.has("No names yet")
	})
}

// A hundred thousand names come in pieces, with the count of those that are in.
func TestImportOfManyNames(t *testing.T) {
	var text strings.Builder
	text.WriteString("name\n")
	for i := range 12_000 {
		fmt.Fprintf(&text, "name-%05d.com\n", i)
	}
	core := newFake()
	drive(t, Options{Core: core, ReadFile: func(string) ([]byte, error) { return []byte(text.String()), nil }}, 80, 24, func(d *driver) {
		d.keys("I", `"x.csv"`, "ctrl+s")
		d.pass(0)
		d.has("Add 12000 names")
		f := d.r.overlays[len(d.r.overlays)-1].(*importForm)
		cmd := f.add(d.r)
		for at := range 3 {
			d.has(fmt.Sprintf("adding %d of 12000", at*importAtOnce))
			d.keys("esc") // nothing half done is left
			msg := cmd().(importedMsg)
			var done bool
			if cmd, done = f.update(d.r, msg); done != (at == 2) {
				t.Fatalf("after %d: done %v", msg.upTo, done)
			}
		}
		d.has("12000 added, 0 not")
	})
}
