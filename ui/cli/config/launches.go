package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/watch/launch"
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
	LaunchesFile   = "launches.toml" // the person's own
	launchBookFile = "launchbook.toml"
)

// launchHead begins the file that the commands write.
const launchHead = "# Written by lapse launch; edits by hand belong into " + LaunchesFile + ".\n\n"

// LaunchPath is the file that the commands write launches to.
func (l *Loaded) LaunchPath() string { return filepath.Join(l.Paths.Folder, launchBookFile) }

// Launches are the embedded ones with the person's files over them.
func (l *Loaded) Launches() (*launch.Book, error) {
	b := launch.Default()
	for _, name := range []string{LaunchesFile, launchBookFile} {
		if err := l.Overlay(name, b.Overlay); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// LaunchBook is the launches of a process that watches: it reads the files again
// when they changed, because another process may write them meanwhile.
type LaunchBook struct {
	cfg  *Loaded
	warn func(error)

	mu    sync.Mutex
	book  *launch.Book
	stamp [2]fileStamp
	asked time.Time
}

// FollowLaunches reads the launches, to read them again when they change; warn
// is told why that fails.
func (l *Loaded) FollowLaunches(warn func(error)) (*LaunchBook, error) {
	b := &LaunchBook{cfg: l, warn: warn}
	var err error
	if b.book, err = l.Launches(); err != nil {
		return nil, err
	}
	b.stamp = b.stamps()
	return b, nil
}

type fileStamp struct {
	size int64
	at   time.Time
}

func (b *LaunchBook) stamps() (out [2]fileStamp) {
	for i, name := range []string{LaunchesFile, launchBookFile} {
		if st, err := os.Stat(filepath.Join(b.cfg.Paths.Folder, name)); err == nil {
			out[i] = fileStamp{st.Size(), st.ModTime()}
		}
	}
	return out
}

// Change edits the files, and reads them again at once.
func (b *LaunchBook) Change(ctx context.Context, change func(b *launch.Book, origin string) error) error {
	err := b.cfg.ChangeLaunches(ctx, func(book *launch.Book) error { return change(book, b.cfg.LaunchPath()) })
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = time.Time{}
	return err
}

// Get returns the book; a file that cannot be read leaves the last one in use.
func (b *LaunchBook) Get() *launch.Book {
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
	fresh, err := b.cfg.Launches()
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

// ChangeLaunches reads the book, changes it and writes it, while no other
// process can: of two that edit at once, the second one reads what the first
// one wrote.
func (l *Loaded) ChangeLaunches(ctx context.Context, change func(*launch.Book) error) error {
	return alone(ctx, "launches", l.LaunchPath(), func() error {
		b, err := l.Launches()
		if err == nil {
			err = change(b)
		}
		if err == nil {
			err = l.writeLaunches(b)
		}
		return err
	})
}

// writeLaunches writes what was added to the book; the lock is held.
func (l *Loaded) writeLaunches(b *launch.Book) error {
	path := l.LaunchPath()
	launches, offers := b.Own(path)
	raw, err := launch.Encode(launches, offers)
	if err != nil {
		return err
	}
	raw = append([]byte(launchHead), raw...)
	// What would be written is read first, the way that the next run reads it.
	check := launch.Default()
	if err := l.Overlay(LaunchesFile, check.Overlay); err != nil {
		return err
	}
	if err := check.Overlay(path, raw); err != nil {
		return &Error{err}
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
