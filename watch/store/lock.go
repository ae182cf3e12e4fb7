package store

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/lapse-dev/lapse/watch"
)

// FileLock is the lock of the process that acts, in a file beside the
// database. The operating system lets go of it when the process dies.
type FileLock struct {
	path string
	mu   sync.Mutex
	f    *os.File
}

var _ watch.Locker = (*FileLock)(nil)

// NewLock returns the lock that belongs to a database. It takes nothing yet.
func NewLock(database string) *FileLock { return &FileLock{path: database + ".lock"} }

// TryLock takes the lock if it is free. The file stays when it is given back:
// removing it would let two processes each hold a lock of their own.
func (l *FileLock) TryLock() (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		return false, nil // another part of this process has it
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false, fmt.Errorf("take the lock: %w", err)
	}
	ok, err := lockFile(f)
	if !ok || err != nil {
		if err != nil {
			err = fmt.Errorf("take the lock %s: %w", l.path, err)
		}
		return false, errors.Join(err, f.Close())
	}
	l.f = f
	return true, nil
}

// Unlock gives the lock back; closing the file is what releases it.
func (l *FileLock) Unlock() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	if err != nil {
		return fmt.Errorf("give the lock back: %w", err)
	}
	return nil
}
