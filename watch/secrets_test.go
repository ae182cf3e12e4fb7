package watch_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lapse-dev/lapse/catch/registrar/fake"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/store"
)

// secrets are those of every service and account in these tests.
var secrets = []string{fake.Secret, "sandbox-secret"}

// keptFolder is a folder of a test's own. Once the test is over, and everything
// that it opened is closed, no secret is in any of its files: database, WAL,
// what a process that was killed left, and the evidence, which is packed.
func keptFolder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		leaks, files, err := fake.Leaks(dir, nil, secrets...)
		if err != nil {
			t.Error(err)
		}
		for _, l := range leaks {
			t.Error(l)
		}
		dbs, err := filepath.Glob(filepath.Join(dir, "*.db"))
		if err != nil || files == 0 && len(dbs) > 0 {
			t.Errorf("%d files read: %v", files, err)
		}
		for _, db := range dbs {
			if err := evidenceHasNoSecret(t, db); err != nil {
				t.Errorf("%s: %v", db, err)
			}
		}
	})
	return dir
}

func evidenceHasNoSecret(t testing.TB, db string) error {
	t.Helper()
	ctx := context.Background() // the test's own is over
	s, err := store.Open(ctx, db, store.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer s.Close()
	page, err := s.List(ctx, watch.Query{})
	if err != nil {
		return err
	}
	for _, row := range page.Rows[:min(len(page.Rows), 1000)] {
		answers, err := s.Evidence(ctx, row.Name)
		if err != nil {
			return err
		}
		latest, err := s.Answers(ctx, row.Name)
		if err != nil {
			return err
		}
		for _, a := range append(answers, latest...) {
			rest, err := json.Marshal(a)
			if err != nil {
				return err
			}
			for _, secret := range secrets {
				if strings.Contains(string(a.Raw), secret) || strings.Contains(string(rest), secret) {
					t.Errorf("the evidence of %s from %s holds a secret", row.Name, a.Server)
				}
			}
		}
	}
	return nil
}
