package config

import (
	"fmt"
	"sync"
	"testing"

	"github.com/lapse-dev/lapse/catch"
)

// TestContactsChangedAtOnce: of two that edit at once neither loses the other's.
func TestContactsChangedAtOnce(t *testing.T) {
	t.Parallel()
	l := &Loaded{Paths: Paths{Folder: t.TempDir()}}
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			err := l.ChangeContacts(t.Context(), func(all map[string]catch.Contact) error {
				all[fmt.Sprintf("c%d", i)] = catch.Contact{Name: "Jo"}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if kept, err := l.Contacts(); err != nil || len(kept) != 12 {
		t.Errorf("%d of 12 are kept, %v", len(kept), err)
	}
}
