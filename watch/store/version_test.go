package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lapse-dev/lapse/watch"
)

// The version changes with every commit of another store, also with one that
// leaves the log as long as it was.
func TestVersionSeesEveryCommit(t *testing.T) {
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
	version := func() int64 {
		v, err := here.Version(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for i := range 50 {
		before := version()
		if i%10 == 9 { // as if the log had lain still for long
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(path+"-wal", old, old); err != nil {
				t.Fatal(err)
			}
			if again := version(); again != before {
				t.Fatalf("commit %d: the version went from %d to %d by itself", i, before, again)
			}
		}
		if err := there.Note(ctx, watch.Event{Text: "one"}); err != nil {
			t.Fatal(err)
		}
		if after := version(); after == before {
			t.Fatalf("commit %d was not seen", i)
		}
	}
}
