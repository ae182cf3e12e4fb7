package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lapse-dev/lapse/watch"
)

// exportEvidence writes the dated evidence of a name into a file, which is only
// there once it is whole.
func (a *app) exportEvidence(ctx context.Context, n watch.Name, to []string, force bool) error {
	out := string(n) + "-evidence.zip"
	if len(to) > 0 {
		out = to[0]
	}
	s, err := a.open(ctx, needStore)
	if err != nil {
		return err
	}
	if out == "-" {
		return notListed(n, s.Dossier(ctx, n, a.stdout))
	}
	if !a.own { // never a file of the server's
		return coded(exitGuard, errors.New("export evidence: write it to standard output: lapse show NAME --export -"))
	}
	info, err := os.Stat(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("export evidence: %w", err)
	case info.IsDir():
		return a.exportEvidence(ctx, n, []string{filepath.Join(out, string(n)+"-evidence.zip")}, force)
	case !force:
		return withHint(coded(exitGuard, fmt.Errorf("export evidence: %s is there already", out)), "give another name, or --force to replace it")
	}
	f, err := os.CreateTemp(filepath.Dir(out), "."+filepath.Base(out)+".*")
	if err != nil {
		return fmt.Errorf("export evidence: %w", err)
	}
	defer os.Remove(f.Name())
	if err := errors.Join(s.Dossier(ctx, n, f), f.Sync(), f.Close()); err != nil {
		return notListed(n, err)
	}
	if err := os.Rename(f.Name(), out); err != nil {
		return fmt.Errorf("export evidence: %w", err)
	}
	a.note("the evidence of %s is in %s", n.Display(), out)
	return nil
}
