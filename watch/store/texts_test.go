package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/watch"
)

func TestFit(t *testing.T) {
	for _, c := range []struct {
		typed, text string
		want        int
	}{
		{"moor", "moor.nl", 0},
		{"moor", "moorland.com", 1},
		{"moor", "red-moor.com brand", 2},
		{"brand", "moor.nl brand", 2},
		{"oor", "moor.nl", 3},
		{"moor", "clamoor-moor.com", 2},
		{"mrn", "moor.nl", 4},
		{"moor", "mo.or", 4},
		{"rm", "moor.nl", -1},
		{"für", "fahr für", 2},
		{"ü", "fahr", -1},
		{"", "moor.nl", 1},
	} {
		if got := fit(c.text, c.typed); got != c.want && c.typed != "" {
			t.Errorf("%q in %q: %d, want %d", c.typed, c.text, got, c.want)
		}
	}
}

// A filter sees every edit at once, of this process and of another, and what is
// found by text alone is what is found with a condition.
func TestFilterSeesEdits(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "lapse.db")
	open := func() *Store {
		s, err := Open(ctx, path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	here, there := open(), open()
	find := func(q watch.Query) string {
		p, err := here.List(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range p.Rows {
			out = append(out, string(r.Name))
		}
		return fmt.Sprint(p.Total, " ", strings.Join(out, " "))
	}
	add := func(s *Store, name, note string) {
		if _, err := s.Add(ctx, []watch.Watch{{Name: watch.Name(name), Kind: watch.Want, Note: note}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := here.ReadyFilter(ctx); err != nil {
		t.Fatal(err)
	}
	add(here, "moorland.com", "")
	add(here, "xn--bcher-kva.de", "")
	add(there, "hill.net", "near the MOOR")
	add(there, "moor.nl", "")
	for _, c := range []struct{ text, want string }{
		{"moor", "3 moor.nl moorland.com hill.net"}, {"Büch", "1 xn--bcher-kva.de"}, {"kva", "1 xn--bcher-kva.de"}, {"mo or", "3 moor.nl moorland.com hill.net"}, {"zz", "0 "},
	} {
		if got := find(watch.Query{Text: c.text}); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
		if got := find(watch.Query{Text: c.text, Kinds: []watch.Kind{watch.Want}}); got != c.want {
			t.Errorf("%q among want: %s, want %s", c.text, got, c.want)
		}
	}
	if got := find(watch.Query{Text: "moor", Limit: 1, Offset: 1}); got != "3 moorland.com" {
		t.Errorf("second of three: %s", got)
	}
	if _, err := there.Remove(ctx, []watch.Name{"moor.nl"}); err != nil {
		t.Fatal(err)
	}
	w, err := there.Watch(ctx, "hill.net")
	if err != nil {
		t.Fatal(err)
	}
	w.Note = "gone"
	if _, err := there.Edit(ctx, w.Watch, nil); err != nil {
		t.Fatal(err)
	}
	if got := find(watch.Query{Text: "moor"}); got != "1 moorland.com" {
		t.Errorf("after an edit elsewhere: %s", got)
	}
}

func BenchmarkFilter(b *testing.B) {
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(b.TempDir(), "lapse.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	ws := make([]watch.Watch, 100_000)
	for i := range ws {
		ws[i] = watch.Watch{Name: watch.Name(fmt.Sprintf("name-%d.com", 1_000_000+i)), Kind: watch.Want}
	}
	if _, err := s.Add(ctx, ws); err != nil {
		b.Fatal(err)
	}
	b.Run("ready", func(b *testing.B) {
		for b.Loop() {
			if err := s.ReadyFilter(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, text := range []string{"n", "m9", "m97", "1099999", "zz"} {
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.List(ctx, watch.Query{Text: text, Limit: 128}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
