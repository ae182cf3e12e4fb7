package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeysDoc(t *testing.T) {
	got := KeysDoc()
	path := filepath.Join("..", "docs", "keys.md")
	if os.Getenv("LAPSE_WRITE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != got {
		t.Error("docs/keys.md is stale; LAPSE_WRITE_DOCS=1 go test ./ui -run TestKeysDoc writes it")
	}
}

func TestRebinding(t *testing.T) {
	for _, c := range []struct {
		bind map[string]string
		want string
	}{
		{nil, ""},
		{map[string]string{"order": "ctrl+o"}, ""},
		{map[string]string{"order": "b"}, `"b" means both "order" and "bid"`},
		{map[string]string{"jump": "b"}, `there is no action "jump"`},
		{map[string]string{"quit": "ctrl+c"}, "always leaves"},
		{map[string]string{"quit": ""}, ""},
	} {
		err := CheckKeys(c.bind)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%v: %v", c.bind, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v: %v, want %q", c.bind, err, c.want)
		}
	}
	drive(t, Options{Core: sample(), Keys: map[string]string{"order": "Z"}}, 80, 24, func(d *driver) {
		d.has("Z order") // the footer reads the live keys
		d.keys("Z")
		d.has("Order tinplate.com")
	})
}

func TestEveryActionIsExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range actions() {
		if seen[a.id] || a.id == "" || a.label == "" || !strings.HasSuffix(a.help, ".") || a.where == 0 || a.run == nil || len(a.keys) == 0 {
			t.Errorf("action %+v lacks something", a)
		}
		seen[a.id] = true
	}
}

func TestPalette(t *testing.T) {
	drive(t, Options{Core: sample()}, 80, 24, func(d *driver) {
		d.keys(":", `"drop"`, "enter")
		d.has("drop within 45 days")
		d.keys("ctrl+p", `"redo"`)
		d.has("Not now: nothing has been undone")
	})
}

// Every action can be pressed on every screen of every list without harm.
func TestEveryKeyEverywhere(t *testing.T) {
	for _, core := range []*fakeCore{sample(), newFake()} {
		for _, s := range screens[:9] {
			drive(t, Options{Core: core}, 80, 24, func(d *driver) {
				for _, a := range actions() {
					if a.id == "quit" || a.id == "halt" {
						continue
					}
					d.keys(s.keys...)
					if act := d.r.keys.action(a.id); act.where&d.r.at != 0 {
						d.do(d.r.run(act))
						d.settle()
					}
					checked(t, d, 80, 24)
					d.r.overlays = nil
					d.r.at = onList
				}
			})
		}
		if len(core.placed)+len(core.paid)+len(core.bids)+len(core.cancelled) > 0 {
			t.Error("a key alone spent money")
		}
	}
}
