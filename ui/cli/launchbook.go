package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
)

// launches are those of the configuration, for a command.
func (a *app) launches() (*launch.Book, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return cfg.Launches()
}

// changeLaunches is that of the configuration, for a command.
func (a *app) changeLaunches(ctx context.Context, change func(*launch.Book) error) error {
	if a.flags.readOnly {
		return watch.ErrReadOnly
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	return cfg.ChangeLaunches(ctx, change)
}

// followLaunch makes the names of a TLD due, so that whoever acts sees what
// moved and replaces what was announced. Without a database there are none.
func (a *app) followLaunch(ctx context.Context, tlds ...string) error {
	if _, err := os.Stat(a.cfg.Paths.DB); errors.Is(err, fs.ErrNotExist) || len(tlds) == 0 {
		return nil
	}
	s, err := a.open(ctx, needSources)
	if err != nil {
		return err
	}
	page, err := s.List(ctx, watch.Query{TLDs: tlds, Kinds: []watch.Kind{watch.Launch}})
	if err != nil {
		return fmt.Errorf("follow the launch: %w", err)
	}
	for _, r := range page.Rows {
		if err := s.LookNow(ctx, r.Name); err != nil {
			return fmt.Errorf("follow the launch of .%s for %s: %w", r.Name.TLD(), r.Name.Display(), err)
		}
	}
	return nil
}

// parseName reads a name that may stand below a TLD that is on its way.
func (a *app) parseName(s string) (watch.Name, error) {
	if n, err := watch.ParseName(s); err == nil {
		return n, nil
	}
	b, err := a.launches()
	if err != nil {
		return "", err
	}
	return watch.ParseLaunchName(s, coming(b))
}

func coming(b *launch.Book) func(string) bool {
	return func(tld string) bool { _, ok := b.Launch(tld); return ok }
}

// launchOf finds the launch of a TLD, or says which one was probably meant.
func launchOf(b *launch.Book, tld string) (launch.Launch, error) {
	l, ok := b.Launch(tld)
	if ok {
		return l, nil
	}
	var known []string
	for _, l := range b.Launches() {
		known = append(known, l.TLD)
	}
	err := coded(exitNotFound, fmt.Errorf("nothing is known of how .%s opens", typed.Clip(strings.Trim(tld, "."))))
	if g := typed.Guess(strings.Trim(tld, "."), known); g != "" {
		return l, withHint(err, "did you mean %s?", g)
	}
	return l, withHint(err, "lapse launch add %s --phase NAME,KIND,FROM,TO,FEE, or lapse launch import", strings.Trim(tld, "."))
}

// guarded gives the launch book's own refusals the exit code of a guard.
func guarded(err error) error {
	for _, g := range []error{launch.ErrAgainstSelf, launch.ErrNoOrder, launch.ErrOpen, launch.ErrRequoted, launch.ErrReserved} {
		if errors.Is(err, g) {
			return coded(exitGuard, err)
		}
	}
	return err
}

// readTaken reads an offer as taken on the command line: an offer's id, or a
// phase that is bought as it runs, and when, separated by "@".
func readTaken(b *launch.Book, l launch.Launch, s string, now time.Time) (launch.Taken, error) {
	what, when, dated := strings.Cut(s, "@")
	t := launch.Taken{At: now}
	if dated {
		d, err := launch.ReadTime(when)
		if err != nil || d.IsZero() {
			return t, usagef("%q: write when it was taken like 2026-08-10 or 2026-08-10T12:00:00Z", s)
		}
		t.At = d.Time
	}
	if o, ok := b.Offer(what); ok {
		t.Offer = o
		return t, nil
	}
	if p := l.Phase(what); p != nil {
		t.Offer = launch.Offer{ID: p.Name, Registrar: "the registry's table", TLD: l.TLD, Phase: p.Name, Tier: launch.Purchase, Price: l.Asks(*p), Charged: launch.AtOrder}
		if p.Fee.Currency == "" {
			return t, usagef("%s of .%s has no price in the book", p.Name, l.TLD)
		}
		return t, nil
	}
	var ids []string
	for _, o := range b.Offers(l.TLD) {
		ids = append(ids, o.ID)
	}
	for _, p := range l.Phases {
		ids = append(ids, p.Name)
	}
	err := coded(exitNotFound, fmt.Errorf("%q is neither an offer nor a phase of .%s", what, l.TLD))
	slices.Sort(ids)
	return t, withHint(err, "there are: %s", strings.Join(ids, ", "))
}
