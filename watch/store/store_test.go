package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
)

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func temp(t testing.TB) string { return filepath.Join(t.TempDir(), "lapse.db") }

func add(t testing.TB, s *store.Store, names ...watch.Name) {
	t.Helper()
	ws := make([]watch.Watch, len(names))
	for i, n := range names {
		ws[i] = watch.Watch{Name: n, Kind: watch.Want}
	}
	if _, err := s.Add(context.Background(), ws); err != nil {
		t.Fatal(err)
	}
}

func TestAddListRemove(t *testing.T) {
	ctx := context.Background()
	s := open(t, temp(t))
	add(t, s, "b.com", "a.com", "c.co.uk")
	res, err := s.Add(ctx, []watch.Watch{{Name: "a.com", Kind: watch.Mine}, {Name: "d.com", Kind: watch.Mine, Tags: []string{"brand"}}})
	if err != nil || res[0].Added || res[0].Why == "" || !res[1].Added {
		t.Fatalf("add again: %+v, %v", res, err)
	}
	p, err := s.List(ctx, watch.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Total != 4 || len(p.Rows) != 4 || p.Kinds[watch.Want] != 3 || p.Kinds[watch.Mine] != 1 {
		t.Fatalf("list: %+v", p)
	}
	for _, c := range []struct {
		q    watch.Query
		want string
	}{
		{watch.Query{Sort: "name"}, "a.com b.com c.co.uk d.com"},
		{watch.Query{Sort: "name", Desc: true, Limit: 1}, "d.com"},
		{watch.Query{TLDs: []string{"uk"}}, "c.co.uk"},
		{watch.Query{TLDs: []string{"co.uk"}}, "c.co.uk"},
		{watch.Query{Tags: []string{"brand"}}, "d.com"},
		{watch.Query{NotTags: []string{"brand"}, Sort: "name"}, "a.com b.com c.co.uk"},
		{watch.Query{Kinds: []watch.Kind{watch.Mine}}, "d.com"},
		{watch.Query{Text: "couk"}, "c.co.uk"},
		{watch.Query{Text: "brand"}, "d.com"},
		{watch.Query{Sort: "name", Offset: 1, Limit: 2}, "b.com c.co.uk"},
	} {
		p, err := s.List(ctx, c.q)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range p.Rows {
			got = append(got, string(r.Name))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v, want %s", c.q, got, c.want)
		}
	}
	if n, err := s.Remove(ctx, []watch.Name{"a.com", "nobody.com"}); err != nil || n != 1 {
		t.Fatalf("remove: %d, %v", n, err)
	}
	if _, err := s.Watch(ctx, "a.com"); !errors.Is(err, watch.ErrNotFound) {
		t.Fatalf("removed name: %v", err)
	}
	h, err := s.History(ctx, "a.com", 0)
	if err != nil || len(h) != 2 {
		t.Fatalf("history of a removed name: %v, %v", h, err)
	}
	es, err := s.Events(ctx, 0, 10)
	if err != nil || len(es) != 3 {
		t.Fatalf("events: %+v, %v", es, err)
	}
}

// TestNameWithAnOrderStays: whoever orders and whoever takes names off the list
// may do it at the same time.
func TestNameWithAnOrderStays(t *testing.T) {
	b := newBench(t)
	add(t, b.Store, "a.com", "b.com")
	if n, err := b.Remove(t.Context(), []watch.Name{"b.com", "a.com"}); !errors.Is(err, watch.ErrGuard) || n != 0 || !strings.Contains(err.Error(), "orders cancel") {
		t.Errorf("removed %d, %v", n, err)
	}
	if _, err := b.Watch(t.Context(), "b.com"); err != nil {
		t.Errorf("all or none: %v", err)
	}
}

func TestOpenBadFiles(t *testing.T) {
	ctx := context.Background()
	bad := func(t *testing.T, content []byte) (string, error) {
		p := temp(t)
		if err := os.WriteFile(p, content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(ctx, p, store.Options{})
		if err == nil {
			_ = s.Close()
			t.Fatal("opened")
		}
		after, rerr := os.ReadFile(p)
		if rerr != nil || string(after) != string(content) {
			t.Error("the file was changed")
		}
		left, rerr := os.ReadDir(filepath.Dir(p))
		if rerr != nil {
			t.Fatal(rerr)
		}
		if len(left) != 1 {
			t.Errorf("files left behind: %v", left)
		}
		return p, err
	}
	good := func(t *testing.T, change string) []byte {
		p := temp(t)
		s, err := store.Open(ctx, p, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		add(t, s, "a.com")
		if change != "" {
			if err := s.Exec(ctx, change); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var corrupt *store.CorruptError
	for name, content := range map[string][]byte{
		"text":      []byte("this is no database, it is a letter\n"),
		"one byte":  {1},
		"header":    []byte("SQLite format 3\x00"),
		"cut short": good(t, "")[:8192],
		"garbled":   append(append([]byte{}, good(t, "")[:100]...), make([]byte, len(good(t, ""))-100)...),
		"another":   good(t, "PRAGMA application_id = 7"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := bad(t, content); !errors.As(err, &corrupt) {
				t.Fatalf("%v", err)
			}
		})
	}
	t.Run("newer", func(t *testing.T) {
		_, err := bad(t, good(t, "PRAGMA user_version = 99"))
		var newer *store.NewerError
		if !errors.As(err, &newer) || newer.Have != 99 {
			t.Fatalf("%v", err)
		}
	})
	t.Run("folder is a file", func(t *testing.T) {
		p := temp(t)
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := store.Open(ctx, filepath.Join(p, "lapse.db"), store.Options{})
		if err == nil {
			t.Fatal("opened")
		}
	})
}
