package burst

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Budget counts the creates that an account spends, across processes and days.
// A reservation counts in full from the moment it is made: a process that dies
// without settling has spent all of it.
type Budget interface {
	// Spent is how many creates of the account count since a time.
	Spent(ctx context.Context, account string, since time.Time) (int, error)
	// Reserve takes r out of the budget, or fails with a *BudgetError where
	// fewer are left, and with ErrArmed where one of its names is reserved by
	// somebody else who lives for a drop within a minute of the same time. Settle
	// corrects it to what was really spent.
	Reserve(ctx context.Context, r Reservation) (settle func(spent int) error, err error)
}

// Reservation is what a burst announces.
type Reservation struct {
	Account string   `json:"account"`
	Names   []string `json:"names"`
	Creates int      `json:"creates"`
	Limit   int      `json:"-"` // in Window; 0: none
	Window  time.Duration
	At      time.Time `json:"at"`   // of the drop
	Made    time.Time `json:"made"` // when it was reserved
	Settled bool      `json:"settled"`
	ID      string    `json:"id"`

	// Whose it is. The names of a process that died are nobody's any more; its
	// creates stay spent.
	Process int    `json:"process,omitempty"`
	Run     string `json:"run,omitempty"`
}

// thisRun tells this process from an earlier one with the same number, as in a
// container, where every process is number 1.
var thisRun = rand.Text()

// dead reports whether the process that made a reservation has ended. Where
// that cannot be told it lives.
func (r Reservation) dead() bool {
	switch {
	case r.Process == 0:
		return false
	case r.Process == os.Getpid():
		return r.Run != thisRun
	}
	p, err := os.FindProcess(r.Process)
	if err != nil {
		return true
	}
	defer func() { _ = p.Release() }()
	return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// ErrArmed says that a burst for the same name is already prepared.
var ErrArmed = errors.New("a burst for this name and time is already armed, here or in another process")

// BudgetError says that the policy's budget does not allow the burst.
type BudgetError struct {
	Account      string
	Wanted, Left int
	Window       time.Duration
}

// Error says what is left.
func (e *BudgetError) Error() string {
	return fmt.Sprintf("reserve creates for %s: %d wanted, the registry's policy leaves %d in %s", e.Account, e.Wanted, e.Left, e.Window)
}

// book is a budget's state.
type book struct {
	Entries []Reservation `json:"entries"`
}

func (b *book) spent(account string, since time.Time) int {
	n := 0
	for _, e := range b.Entries {
		if e.Account == account && e.Made.After(since) {
			n += e.Creates
		}
	}
	return n
}

func (b *book) reserve(r Reservation, now time.Time) error {
	keep := b.Entries[:0]
	for _, e := range b.Entries {
		if now.Sub(e.Made) < 49*time.Hour {
			keep = append(keep, e)
		}
	}
	b.Entries = keep
	for _, e := range b.Entries {
		if e.Settled || e.Account != r.Account || e.At.Sub(r.At).Abs() > time.Minute || now.After(e.At.Add(10*time.Minute)) || e.dead() {
			continue
		}
		for _, n := range e.Names {
			for _, m := range r.Names {
				if n == m {
					return fmt.Errorf("%s: %w", n, ErrArmed)
				}
			}
		}
	}
	if r.Limit > 0 {
		if left := r.Limit - b.spent(r.Account, now.Add(-r.Window)); r.Creates > left {
			return &BudgetError{Account: r.Account, Wanted: r.Creates, Left: max(left, 0), Window: r.Window}
		}
	}
	b.Entries = append(b.Entries, r)
	return nil
}

func (b *book) settle(id string, spent int) {
	for i := range b.Entries {
		if b.Entries[i].ID == id {
			b.Entries[i].Creates, b.Entries[i].Settled = min(spent, b.Entries[i].Creates), true
		}
	}
}

// MemoryBudget keeps the count in this process: for rehearsals.
type MemoryBudget struct {
	mu sync.Mutex
	b  book
	n  int
}

// Spent implements Budget.
func (m *MemoryBudget) Spent(_ context.Context, account string, since time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.b.spent(account, since), nil
}

// Reserve implements Budget.
func (m *MemoryBudget) Reserve(_ context.Context, r Reservation) (func(int) error, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	r.ID = fmt.Sprint(m.n)
	if err := m.b.reserve(r, r.Made); err != nil {
		return nil, err
	}
	return func(spent int) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.b.settle(r.ID, spent)
		return nil
	}, nil
}

// FileBudget keeps the count in a JSON file that every process on the machine
// shares. It is written whole to a new file which then takes the old one's
// place; a lock file keeps two writers apart.
type FileBudget struct{ Path string }

// Spent implements Budget.
func (f FileBudget) Spent(_ context.Context, account string, since time.Time) (int, error) {
	b, err := f.load()
	if err != nil {
		return 0, err
	}
	return b.spent(account, since), nil
}

// Reserve implements Budget.
func (f FileBudget) Reserve(ctx context.Context, r Reservation) (func(int) error, error) {
	r.ID, r.Process, r.Run = rand.Text(), os.Getpid(), thisRun
	if err := f.change(ctx, func(b *book) error { return b.reserve(r, r.Made) }); err != nil {
		return nil, err
	}
	return func(spent int) error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return f.change(ctx, func(b *book) error { b.settle(r.ID, spent); return nil })
	}, nil
}

func (f FileBudget) load() (*book, error) {
	b := &book{}
	data, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read create budget: %w", err)
	}
	if err := json.Unmarshal(data, b); err != nil {
		return nil, fmt.Errorf("read create budget %s: %w; move the file away to start from nothing, once you know what today's creates were", f.Path, err)
	}
	return b, nil
}

// staleLock is when a lock file is taken to be left over: changing the file
// takes milliseconds.
const staleLock = 30 * time.Second

func (f FileBudget) change(ctx context.Context, do func(*book) error) error {
	lock := f.Path + ".lock"
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return fmt.Errorf("change create budget: %w", err)
	}
	for {
		l, err := os.OpenFile(lock, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			_ = l.Close()
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("change create budget: %w", err)
		}
		if st, err := os.Stat(lock); err == nil && time.Since(st.ModTime()) > staleLock {
			_ = os.Remove(lock)
			continue
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("change create budget: wait for %s: %w", lock, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
	defer os.Remove(lock)
	b, err := f.load()
	if err != nil {
		return err
	}
	if err := do(b); err != nil {
		return err
	}
	data, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("change create budget: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(f.Path), ".budget-*")
	if err != nil {
		return fmt.Errorf("change create budget: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), f.Path)
	}
	if err != nil {
		return fmt.Errorf("change create budget: %w", err)
	}
	return nil
}
