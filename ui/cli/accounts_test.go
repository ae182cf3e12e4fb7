package cli

import (
	"errors"
	"testing"

	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/watch"
)

// TestContactOfAnOrder: where a service registers for what stands in the
// account, an order for somebody else is refused and not registered for the
// wrong one.
func TestContactOfAnOrder(t *testing.T) {
	t.Parallel()
	cfg := &config.Loaded{Paths: config.Paths{Folder: t.TempDir()}}
	cfg.Account = map[string]config.Account{"cheap": {Service: "namecheap", Contact: "me"}, "dyn": {Service: "dynadot"}, "tag": {Service: "epp"}}
	a := &accounts{cfg, map[string]string{"cheap": "cheap", "dyn": "dyn", "tag": "tag"}}
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
