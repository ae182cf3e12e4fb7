package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/watch/store"
)

// keeper is where the use of EPP accounts is kept for every process: the
// database, opened for it where the command needs nothing else of it.
func (a *app) keeper(ctx context.Context, cfg *config.Loaded) (burst.Keeper, error) {
	s := a.uses
	if a.rooms != nil && a.rooms.store != nil {
		s = a.rooms.store
	}
	if s == nil {
		if !a.flags.readOnly {
			if err := os.MkdirAll(filepath.Dir(cfg.Paths.DB), 0o700); err != nil {
				return nil, withHint(fmt.Errorf("open database: %w", err), "name another place with --db or LAPSE_DB")
			}
		}
		var err error
		if s, err = store.Open(ctx, cfg.Paths.DB, store.Options{ReadOnly: a.flags.readOnly, Now: a.now}); err != nil {
			return nil, storeHint(err, cfg.Paths.DB)
		}
		a.uses = s
	}
	if a.flags.readOnly {
		return &lookKeeper{store: s}, nil
	}
	return s, nil
}

// lookKeeper keeps what --read-only uses in this process, on top of what the
// database knows.
type lookKeeper struct {
	burst.Memory
	store *store.Store
}

// ReadAccount implements burst.Keeper.
func (k *lookKeeper) ReadAccount(ctx context.Context, account string) ([]byte, error) {
	if doc, err := k.Memory.ReadAccount(ctx, account); doc != nil || err != nil {
		return doc, err
	}
	return k.store.ReadAccount(ctx, account)
}

// ChangeAccount implements burst.Keeper.
func (k *lookKeeper) ChangeAccount(ctx context.Context, account string, change func([]byte) ([]byte, error)) error {
	return k.Memory.ChangeAccount(ctx, account, func(doc []byte) ([]byte, error) {
		if doc == nil {
			var err error
			if doc, err = k.store.ReadAccount(ctx, account); err != nil {
				return nil, err
			}
		}
		return change(doc)
	})
}
