package burst

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Keeper keeps one document an account, for every process that uses it.
type Keeper interface {
	// ReadAccount returns an account's document; nil where nobody used it yet.
	ReadAccount(ctx context.Context, account string) ([]byte, error)
	// ChangeAccount reads the document, changes and keeps it in one transaction
	// over all processes. An error of change leaves it as it was.
	ChangeAccount(ctx context.Context, account string, change func(doc []byte) ([]byte, error)) error
}

// Use is what an account has used, as every process on the same Keeper sees it:
// the creates that it spent, the commands that it sent in the last minute, the
// burst that has it to itself, and whether its password was refused.
//
// What a burst announces counts as spent from the moment it is reserved: a
// process that dies without settling has spent all of it. What it held is free
// again as soon as the process is gone, and in any case after the burst's time.
type Use struct {
	Keeper  Keeper
	Account string // what the registry counts by: the client id at its server
}

// used is the document.
type used struct {
	Creates []reserved  `json:"creates,omitempty"`
	Sent    []time.Time `json:"sent,omitempty"` // commands, oldest first
	Held    *hold       `json:"held,omitempty"`
	Refused *refusal    `json:"refused,omitempty"`
}

// reserved are creates of one burst.
type reserved struct {
	ID     string    `json:"id"`
	Made   time.Time `json:"made"`
	Number int       `json:"number"`
}

// hold is a burst that has the account to itself.
type hold struct {
	ID    string    `json:"id"`
	Names []string  `json:"names"`
	At    time.Time `json:"at"`             // of the drop
	Until time.Time `json:"until,omitzero"` // it is over by then, whoever holds it

	// Whose it is.
	Process int    `json:"process"`
	Run     string `json:"run"`
	Boot    string `json:"boot,omitempty"` // of the machine; empty where it does not tell
}

// holdsOn is how long after the end of its window a burst may take to be over.
const holdsOn = 10 * time.Minute

// thisRun tells this process from an earlier one with the same number, as in a
// container, where every process is number 1.
var thisRun = rand.Text()

// thisBoot tells a process of before the machine started from one that has its
// number now.
var thisBoot = sync.OnceValue(func() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // Linux; others do not tell
	return strings.TrimSpace(string(id))
})

// dead reports whether a hold is over: its process has ended, or its time has.
// Where the first cannot be told it lives: another process may have its number.
func (h *hold) dead() bool {
	switch {
	case !h.Until.IsZero() && time.Now().After(h.Until):
		return true
	case h.Process == os.Getpid():
		return h.Run != thisRun
	case h.Boot != "" && thisBoot() != "" && h.Boot != thisBoot():
		return true
	}
	p, err := os.FindProcess(h.Process)
	if err != nil {
		return true
	}
	defer func() { _ = p.Release() }()
	return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// ErrArmed says that a burst has the account to itself; it is a *HeldError.
var ErrArmed = errors.New("a burst has the account to itself")

// HeldError says which burst has the account to itself.
type HeldError struct {
	Names []string
	At    time.Time
	Here  bool // in this process
}

// Error names the burst.
func (e *HeldError) Error() string {
	where := "in another process"
	if e.Here {
		where = "here"
	}
	return fmt.Sprintf("%s: the one for %s at %s, armed %s", ErrArmed, strings.Join(e.Names, ", "), e.At.UTC().Format("2006-01-02 15:04:05 UTC"), where)
}

// Is makes it an ErrArmed.
func (e *HeldError) Is(err error) bool { return err == ErrArmed }

// BudgetError says that the policy's budget does not allow the burst.
type BudgetError struct {
	Account      string
	Wanted, Left int
	Window       time.Duration
	Free         time.Time // when enough of what was spent no longer counts
}

// Error says what is left.
func (e *BudgetError) Error() string {
	return fmt.Sprintf("reserve creates for %s: %d wanted, the registry's policy leaves %d in %s", e.Account, e.Wanted, e.Left, e.Window)
}

// longestWindow is the longest time for which any policy counts something.
const longestWindow = 49 * time.Hour

func (u Use) change(ctx context.Context, do func(*used) error) error {
	return u.Keeper.ChangeAccount(ctx, u.Account, func(doc []byte) ([]byte, error) {
		d, err := u.parse(doc)
		if err != nil {
			return nil, err
		}
		d.age(time.Now().Round(0).UTC())
		if err := do(d); err != nil {
			return nil, err
		}
		return json.Marshal(d)
	})
}

func (u Use) parse(doc []byte) (*used, error) {
	d := &used{}
	if len(doc) == 0 {
		return d, nil
	}
	if err := json.Unmarshal(doc, d); err != nil {
		return nil, fmt.Errorf("read what account %s has used: %w", u.Account, err)
	}
	return d, nil
}

func (u Use) read(ctx context.Context) (*used, error) {
	doc, err := u.Keeper.ReadAccount(ctx, u.Account)
	if err != nil {
		return nil, err
	}
	return u.parse(doc)
}

// Spent is how many creates count since a time.
func (u Use) Spent(ctx context.Context, since time.Time) (int, error) {
	d, err := u.read(ctx)
	if err != nil {
		return 0, err
	}
	return d.spent(since), nil
}

// Held returns the burst that has the account to itself; nil: none.
func (u Use) Held(ctx context.Context) (*HeldError, error) {
	d, err := u.read(ctx)
	if err != nil {
		return nil, err
	}
	return d.held(), nil
}

// countsFor is how long a command counts for some policy: the slowest allows one
// in a minute.
const countsFor = time.Minute + time.Second

// age has what was sent at a time that lies ahead count from now on: the clock
// has been set back since, and it would count until the clock is there again.
func (d *used) age(now time.Time) {
	for i, t := range d.Sent {
		if t.After(now) {
			d.Sent[i] = now
		}
	}
}

// send keeps commands that left, and forgets those that count for nobody.
func (d *used) send(at ...time.Time) {
	d.Sent = append(d.Sent, at...)
	if n := len(d.Sent); n > 0 {
		last := d.Sent[n-1]
		d.Sent = slices.DeleteFunc(d.Sent, func(t time.Time) bool { return last.Sub(t) > countsFor })
	}
}

func (d *used) spent(since time.Time) int {
	n := 0
	for _, c := range d.Creates {
		if c.Made.After(since) {
			n += c.Number
		}
	}
	return n
}

func (d *used) held() *HeldError {
	if d.Held == nil || d.Held.dead() {
		return nil
	}
	return &HeldError{Names: d.Held.Names, At: d.Held.At, Here: d.Held.Process == os.Getpid()}
}

// budgetError is what says that of a limit too little is left, and when that
// passes.
func (d *used) budgetError(account string, wanted, limit int, window time.Duration, now time.Time) *BudgetError {
	e := &BudgetError{Account: account, Wanted: wanted, Left: max(limit-d.spent(now.Add(-window)), 0), Window: window}
	left := e.Left
	for _, c := range d.Creates { // oldest first
		if left >= min(wanted, limit) {
			break
		}
		if c.Made.After(now.Add(-window)) && c.Number > 0 {
			left += c.Number
			e.Free = c.Made.Add(window)
		}
	}
	return e
}

// reserve takes creates out of the budget, or fails with a *BudgetError where
// fewer are left of the limit (0: none). settle corrects the number to what was
// really spent.
func (u Use) reserve(ctx context.Context, creates, limit int, window time.Duration, now time.Time) (settle func(spent int) error, err error) {
	id := rand.Text()
	err = u.change(ctx, func(d *used) error {
		d.Creates = slices.DeleteFunc(d.Creates, func(c reserved) bool { return now.Sub(c.Made) > longestWindow })
		if limit > 0 && creates > limit-d.spent(now.Add(-window)) {
			return d.budgetError(u.Account, creates, limit, window, now)
		}
		d.Creates = append(d.Creates, reserved{ID: id, Made: now, Number: creates})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func(spent int) error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return u.change(ctx, func(d *used) error {
			for i := range d.Creates {
				if c := &d.Creates[i]; c.ID == id {
					c.Number = min(spent, c.Number)
				}
			}
			return nil
		})
	}, nil
}

// hold gives the account to a burst alone, whose window ends at until, with the
// pace as it stands on g, whose times count from base. It fails with a
// *HeldError where another burst has it. release writes down what was sent
// meanwhile.
func (u Use) hold(ctx context.Context, names []string, at, until time.Time, g *gate, base time.Time) (release func() error, err error) {
	h := &hold{ID: rand.Text(), Names: names, At: at.UTC(), Until: until.Add(holdsOn).UTC(), Process: os.Getpid(), Run: thisRun, Boot: thisBoot()}
	began := time.Since(base)
	err = u.change(ctx, func(d *used) error {
		if held := d.held(); held != nil {
			return held
		}
		d.Held = h
		g.recall(d.Sent, time.Since(base))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return u.change(ctx, func(d *used) error {
			d.send(g.sends(began, time.Since(base))...)
			if d.Held != nil && d.Held.ID == h.ID {
				d.Held = nil
			}
			return nil
		})
	}, nil
}

// Memory is a Keeper of this process alone: for rehearsals, and where there is
// no database.
type Memory struct {
	mu   sync.Mutex
	docs map[string][]byte
}

// ReadAccount implements Keeper.
func (m *Memory) ReadAccount(_ context.Context, account string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.docs[account], nil
}

// ChangeAccount implements Keeper.
func (m *Memory) ChangeAccount(_ context.Context, account string, change func([]byte) ([]byte, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	doc, err := change(m.docs[account])
	if err != nil {
		return err
	}
	if m.docs == nil {
		m.docs = map[string][]byte{}
	}
	m.docs[account] = doc
	return nil
}
