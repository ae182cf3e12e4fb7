package droplist

import (
	"cmp"
	"context"
	"errors"
	"hash/fnv"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// SourceOptions are what a Source is made of.
type SourceOptions struct {
	Lists   []List   // those without an address are left out
	Fetcher *Fetcher // needed
	// Wanted are the names on the watch list under those zones: when a list is
	// read they are picked out in the same pass. Other names that stand on it
	// cost a pass of their own.
	Wanted func(zones []string) []string
	// OnDisk leaves the network alone: only lists that were fetched before
	// answer.
	OnDisk bool
	Now    func() time.Time
	Log    *slog.Logger
}

// Source answers from drop lists, one name at a time. A list is fetched when
// it is due, by whoever asks next; between fetches the answers come from disk.
// It is safe for use by many goroutines.
type Source struct {
	o       SourceOptions
	shelves []*shelved
}

// shelved is one list and what is known of its last version: a hash of every
// name on it, and the answers for those that were asked about.
type shelved struct {
	list  List
	host  string
	every time.Duration
	busy  chan struct{} // held by whoever fetches or reads the list

	mu      sync.Mutex
	file    File
	loaded  bool
	names   []uint64 // sorted hashes
	answers map[string]whoisx.Answer
	due     time.Time
	failure *FetchError
	failed  int
}

const (
	usualEvery = 6 * time.Hour
	firstPause = 15 * time.Minute // after a failure; doubled with each
	maxPause   = 6 * time.Hour
	maxAnswers = 200_000
)

// NewSource makes a Source.
func NewSource(o SourceOptions) *Source {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Source{o: o}
	for _, l := range o.Lists {
		u, err := url.Parse(dayIn().ReplaceAllString(l.URL, ""))
		if l.URL == "" || err != nil || len(l.Zones) == 0 {
			continue
		}
		every, err := span(l.Every)
		if err != nil || every <= 0 {
			every = usualEvery
		}
		s.shelves = append(s.shelves, &shelved{list: l, host: u.Host, every: every, busy: make(chan struct{}, 1)})
	}
	return s
}

// Kind is whoisx.DropList.
func (s *Source) Kind() whoisx.Source { return whoisx.DropList }

// Host is the host of a list that has to be fetched before the name can be
// answered for, or of the list that the name stands on; "" where no list says
// anything about it.
func (s *Source) Host(name string) string {
	on := ""
	for _, sh := range s.shelves {
		if !sh.list.Covers(name) {
			continue
		}
		s.wake(sh)
		sh.mu.Lock()
		due, has := !s.o.OnDisk && !s.o.Now().Before(sh.due), sh.has(name)
		sh.mu.Unlock()
		if due {
			return sh.host
		}
		if has {
			on = sh.host
		}
	}
	return on
}

// Local reports whether the name is answered for from disk, without asking
// any host: such an ask takes nothing from a budget.
func (s *Source) Local(name string) bool {
	for _, sh := range s.shelves {
		if !sh.list.Covers(name) {
			continue
		}
		s.wake(sh)
		sh.mu.Lock()
		due := !s.o.OnDisk && !s.o.Now().Before(sh.due)
		sh.mu.Unlock()
		if due {
			return false
		}
	}
	return true
}

// Ask says what the lists say about a name: registered, with the time of its
// drop. A name that stands on none is unsupported, with the day of the list;
// a list that cannot be had is told by its failure unless another one, or an
// older version, knows the name.
func (s *Source) Ask(ctx context.Context, name string) whoisx.Answer {
	start := s.o.Now()
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	none := whoisx.Answer{Source: whoisx.DropList, Name: name, Asked: start, Outcome: whoisx.Unsupported, Why: "no drop list covers it"}
	var found []whoisx.Answer
	for _, sh := range s.shelves {
		if !sh.list.Covers(name) {
			continue
		}
		if none.Server == "" {
			none.Server, none.Why = sh.host, "no drop list that covers it is at hand"
		}
		a, ok, err := s.look(ctx, sh, name)
		var fe *FetchError
		switch {
		case ok:
			found = append(found, a)
		case errors.As(err, &fe):
			if none.Outcome == whoisx.Unsupported {
				none.Outcome, none.RetryAfter = fe.Outcome, whoisx.Duration(fe.RetryAfter)
				none.Server, none.Why = sh.host, whoisx.CleanLine(fe.Error())
			}
		case err != nil:
			none.Outcome, none.Server, none.Why = whoisx.Unreachable, sh.host, whoisx.CleanLine(err.Error())
		case none.Outcome == whoisx.Unsupported && !a.Asked.IsZero():
			none.Why = "not on the drop list " + sh.list.Name + " of " + a.Asked.UTC().Format("2006-01-02 15:04") + " UTC"
		}
	}
	none.Took = whoisx.Duration(s.o.Now().Sub(start))
	if len(found) == 0 {
		return none
	}
	// The next drop counts, not one that is past.
	best := slices.MinFunc(found, func(a, b whoisx.Answer) int {
		past := func(x whoisx.Answer) int {
			if x.Drop.To.Before(start.Add(-24 * time.Hour)) {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(past(a), past(b)), a.Drop.From.Compare(b.Drop.From.Time))
	})
	best.Asked, best.Took = start, none.Took
	return best
}

// look fetches the list if it is due and finds the name on it. Without an
// answer, Asked of what it returns is the moment of the list.
func (s *Source) look(ctx context.Context, sh *shelved, name string) (whoisx.Answer, bool, error) {
	s.wake(sh)
	select {
	case sh.busy <- struct{}{}:
		defer func() { <-sh.busy }()
	case <-ctx.Done():
		return whoisx.Answer{}, false, ctx.Err()
	}
	sh.mu.Lock()
	due := !s.o.OnDisk && !s.o.Now().Before(sh.due)
	sh.mu.Unlock()
	if due {
		s.fetch(ctx, sh)
	}
	sh.mu.Lock()
	a, ok := sh.answers[name]
	has, loaded, file, failure := sh.has(name), sh.loaded, sh.file, sh.failure
	sh.mu.Unlock()
	switch {
	case ok:
		return a, true, nil
	case !loaded && failure != nil:
		return whoisx.Answer{}, false, failure
	case !has:
		return whoisx.Answer{Asked: file.Published.At}, false, nil
	}
	r, err := file.Open(sh.list)
	if err != nil {
		return whoisx.Answer{}, false, err
	}
	defer func() { _ = r.Close() }()
	res, err := Match(ctx, r, Set{name: {}}, s.o.Now())
	if len(res.Answers) == 0 {
		return whoisx.Answer{Asked: file.Published.At}, false, err
	}
	sh.mu.Lock()
	if len(sh.answers) < maxAnswers {
		sh.answers[name] = res.Answers[0]
	}
	sh.mu.Unlock()
	return res.Answers[0], true, nil
}

// fetch gets a newer version and reads it. What was there stays where that
// fails.
func (s *Source) fetch(ctx context.Context, sh *shelved) {
	f, err := s.o.Fetcher.Fetch(ctx, sh.list)
	if err == nil {
		sh.mu.Lock()
		same := sh.loaded && !f.Changed && sh.file.Path == f.Path
		sh.mu.Unlock()
		if !same {
			err = s.read(ctx, sh, f)
		}
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if err == nil {
		sh.due, sh.failure, sh.failed = s.o.Now().Add(sh.every), nil, 0
		return
	}
	if ctx.Err() != nil {
		return // we stopped: whoever asks next tries again
	}
	var fe *FetchError
	if !errors.As(err, &fe) {
		fe = &FetchError{List: sh.list.Name, Host: sh.host, Outcome: whoisx.Unreadable, Err: err}
	}
	pause := min(min(firstPause, sh.every)<<min(sh.failed, 10), maxPause)
	sh.failed++
	sh.failure, sh.due = fe, s.o.Now().Add(max(pause, fe.RetryAfter))
	s.o.Log.Warn("drop list not fetched", "list", sh.list.Name, "err", err)
}

// wake reads, once, what the last run left on disk.
func (s *Source) wake(sh *shelved) {
	sh.mu.Lock()
	asleep := sh.answers == nil
	sh.mu.Unlock()
	if !asleep {
		return
	}
	sh.busy <- struct{}{}
	defer func() { <-sh.busy }()
	sh.mu.Lock()
	asleep = sh.answers == nil
	sh.mu.Unlock()
	if !asleep {
		return
	}
	err := error(nil)
	f, ok := s.o.Fetcher.Last(sh.list)
	if ok {
		err = s.read(context.Background(), sh, f)
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	switch {
	case !ok || err != nil:
		sh.answers = map[string]whoisx.Answer{}
	default:
		sh.due = f.Fetched.Add(sh.every)
	}
}

// read goes through a file once: the hash of each name, and the answers for
// the wanted ones. A list that breaks off, or that is none, changes nothing.
func (s *Source) read(ctx context.Context, sh *shelved, f File) error {
	r, err := f.Open(sh.list)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	wanted := Set{}
	if s.o.Wanted != nil {
		wanted = NewSet(s.o.Wanted(sh.list.Zones))
	}
	var names []uint64
	res, err := match(ctx, r, wanted, s.o.Now(), func(name []byte) { names = append(names, sum(name)) })
	if err != nil {
		return err
	}
	slices.Sort(names)
	answers := make(map[string]whoisx.Answer, len(res.Answers))
	for _, a := range res.Answers {
		answers[a.Name] = a
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.file, sh.names, sh.answers, sh.loaded = f, slices.Clip(names), answers, true
	return nil
}

func (sh *shelved) has(name string) bool {
	_, ok := slices.BinarySearch(sh.names, sum([]byte(name)))
	return ok
}

func sum(name []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(name)
	return h.Sum64()
}

// Configured makes the list of a zone that a person named with an address of
// their own; it may be private. The form is that of the known list for the
// zone, or .uk's where none is known.
func Configured(zone, address string) (List, error) {
	l := List{Name: zone, Zones: []string{zone}, URL: address, Format: Nominet, Configured: true}
	for _, k := range Lists() {
		if slices.Contains(k.Zones, zone) && k.Format != DropCatch {
			l.Format = k.Format
			break
		}
	}
	if err := l.Check(); err != nil {
		return List{}, err
	}
	if strings.HasSuffix(address, ".csv.gz") && l.Format == Nominet {
		l.Checksum = address + ".sha256"
	}
	return l, nil
}
