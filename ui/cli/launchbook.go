package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/ui/cli/typed"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/watch/store"
)

// The launches and offers of a person are files of the configuration folder,
// and not rows of the store: they are facts about the world, like rules and
// terms, which people copy to each other and keep under version control, and
// they must be readable where there is no database. launches.toml is the
// person's own hand, comments and all, and never written by the program;
// launchbook.toml is what the commands write, and is laid over it, so that an
// edit counts. What is at stake, an offer taken for a name, is an order and
// lives in the store with its ledger.
const (
	launchesFile   = "launches.toml"
	launchBookFile = "launchbook.toml"
)

// launchHead begins the file that the commands write.
const launchHead = "# Written by lapse launch; edits by hand belong into " + launchesFile + ".\n\n"

func (l *loaded) launchPath() string { return filepath.Join(l.paths.folder, launchBookFile) }

// launches are the embedded ones with the person's files over them.
func (l *loaded) launches() (*launch.Book, error) {
	b := launch.Default()
	for _, name := range []string{launchesFile, launchBookFile} {
		if err := overlayFile(filepath.Join(l.paths.folder, name), b.Overlay); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// launchBook reads the files again when they changed, because another process
// may write them while this one watches.
type launchBook struct {
	cfg  *loaded
	warn func(error)

	mu    sync.Mutex
	book  *launch.Book
	stamp [2]fileStamp
	asked time.Time
}

type fileStamp struct {
	size int64
	at   time.Time
}

func (b *launchBook) stamps() (out [2]fileStamp) {
	for i, name := range []string{launchesFile, launchBookFile} {
		if st, err := os.Stat(filepath.Join(b.cfg.paths.folder, name)); err == nil {
			out[i] = fileStamp{st.Size(), st.ModTime()}
		}
	}
	return out
}

// change edits the files, and reads them again at once.
func (b *launchBook) change(ctx context.Context, change func(b *launch.Book, origin string) error) error {
	err := b.cfg.changeLaunches(ctx, func(book *launch.Book) error { return change(book, b.cfg.launchPath()) })
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = time.Time{}
	return err
}

// get returns the book; a file that cannot be read leaves the last one in use.
func (b *launchBook) get() *launch.Book {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.book != nil && time.Since(b.asked) < time.Second {
		return b.book
	}
	b.asked = time.Now()
	now := b.stamps()
	if b.book != nil && now == b.stamp {
		return b.book
	}
	fresh, err := b.cfg.launches()
	switch {
	case err == nil:
		b.book, b.stamp = fresh, now
	case b.book == nil:
		b.book = launch.Default()
		fallthrough
	default:
		b.stamp = now
		b.warn(err)
	}
	return b.book
}

// launches are those of the configuration, for a command.
func (a *app) launches() (*launch.Book, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return cfg.launches()
}

// bookWait is how long a change waits for another process to write its own.
const bookWait = 20 * time.Second

// changeLaunches reads the book, changes it and writes it, while no other
// process can: of two that edit at once, the second one reads what the first
// one wrote.
func (l *loaded) changeLaunches(ctx context.Context, change func(*launch.Book) error) error {
	return alone(ctx, "launches", l.launchPath(), func() error {
		b, err := l.launches()
		if err == nil {
			err = change(b)
		}
		if err == nil {
			err = l.writeLaunches(b)
		}
		return err
	})
}

// alone changes a file while no other process does.
func alone(ctx context.Context, what, path string, change func() error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	ctx, cancel := context.WithTimeout(ctx, bookWait)
	defer cancel()
	lock := store.NewLock(path)
	for {
		ok, err := lock.TryLock()
		if err != nil {
			return fmt.Errorf("write %s: %w", what, err)
		}
		if ok {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("write %s: another process has had %s open since %s ago: %w", what, path, bookWait, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.Join(change(), lock.Unlock())
}

// writeLaunches writes what was added to the book; the lock is held.
func (l *loaded) writeLaunches(b *launch.Book) error {
	path := l.launchPath()
	launches, offers := b.Own(path)
	raw, err := launch.Encode(launches, offers)
	if err != nil {
		return err
	}
	raw = append([]byte(launchHead), raw...)
	// What would be written is read first, the way that the next run reads it.
	check := launch.Default()
	if err := overlayFile(filepath.Join(l.paths.folder, launchesFile), check.Overlay); err != nil {
		return err
	}
	if err := check.Overlay(path, raw); err != nil {
		return coded(exitUsage, err)
	}
	// Who holds the lock is alone: what a process that died left is written over.
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write launches: %w", err)
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write launches: %w", err), os.Remove(next))
	}
	return nil
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
	return cfg.changeLaunches(ctx, change)
}

// followLaunch makes the names of a TLD due, so that whoever acts sees what
// moved and replaces what was announced. Without a database there are none.
func (a *app) followLaunch(ctx context.Context, tlds ...string) error {
	if _, err := os.Stat(a.cfg.paths.db); errors.Is(err, fs.ErrNotExist) || len(tlds) == 0 {
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
