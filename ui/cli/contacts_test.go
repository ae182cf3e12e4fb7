package cli

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
)

// TestContactOfAnOrder: where a service registers for what stands in the
// account, an order for somebody else is refused and not registered for the
// wrong one.
func TestContactOfAnOrder(t *testing.T) {
	t.Parallel()
	l := &loaded{Config: defaultConfig(), paths: paths{folder: t.TempDir()}}
	l.Account = map[string]AccountConfig{"cheap": {Service: "namecheap", Contact: "me"}, "dyn": {Service: "dynadot"}, "tag": {Service: "epp"}}
	a := &accounts{l, map[string]string{"cheap": "cheap", "dyn": "dyn", "tag": "tag"}}
	for _, c := range []struct {
		route, named string
		refused      bool
	}{
		{"cheap", "", false}, {"cheap", "me", false}, {"cheap", "other", true}, {"dyn", "other", false}, {"tag", "other", false}, {"snapnames", "other", false},
	} {
		_, _, err := a.Contact(c.route, c.named)
		if refused := err != nil && !errors.Is(err, watch.ErrNotFound); refused != c.refused {
			t.Errorf("%s for %q: %v", c.route, c.named, err)
		}
	}
}

// TestContactsChangedAtOnce: of two that edit at once neither loses the other's.
func TestContactsChangedAtOnce(t *testing.T) {
	t.Parallel()
	l := &loaded{Config: defaultConfig(), paths: paths{folder: t.TempDir()}}
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			err := l.changeContacts(t.Context(), func(all map[string]catch.Contact) error {
				all[fmt.Sprintf("c%d", i)] = catch.Contact{Name: "Jo"}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if kept, err := l.contacts(); err != nil || len(kept) != 12 {
		t.Errorf("%d of 12 are kept, %v", len(kept), err)
	}
}
