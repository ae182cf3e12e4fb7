// Package fake holds one service each, on loopback, faithful to what is known
// of the real ones: signatures are verified, limits kept, cut-offs enforced,
// answers vary in the ways that theirs do. Connectors are tested against them,
// and whoever writes a program that trades with these services may use them
// too. Nothing outside tests imports this package.
package fake

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Secret is the key that every fake accepts, and that must never be seen in
// an error, a print or a log.
const Secret = "s3cr3t-KEY/+with=odd&chars"

// Scenario is what the next calls meet.
type Scenario string

// The scenarios. Each is one way in which a service behaves.
const (
	Success            Scenario = "success"
	Taken              Scenario = "taken"
	PremiumFlip        Scenario = "premium flip"
	PriceChanged       Scenario = "price changed between check and create"
	InsufficientFunds  Scenario = "insufficient funds"
	RateLimited        Scenario = "rate limited"
	RateLimitedBare    Scenario = "rate limited without a time"
	BadCredentials     Scenario = "bad credentials"
	AddressNotAllowed  Scenario = "address not allowed"
	InvalidContact     Scenario = "invalid contact"
	TLDUnsupported     Scenario = "tld unsupported"
	NotDroppableYet    Scenario = "not droppable yet"
	AlreadyBackordered Scenario = "already backordered"
	CutOffPassed       Scenario = "cut-off passed"
	Busy               Scenario = "busy"
	TimeoutAfterCommit Scenario = "timeout after commit"
	LostBeforeCommit   Scenario = "lost before commit"
	ErrorAfterCommit   Scenario = "server error after commit"
	GarbledAfterCommit Scenario = "garbled answer after commit"
	ForeverPending     Scenario = "forever pending"
	ServiceDown        Scenario = "service down"
)

// Service is the frame that the fakes share.
type Service struct {
	mu       sync.Mutex
	scenario Scenario
	held     []string // names ordered or bought, one an accepted paid call
	paid     int      // paid calls that arrived
	cared    []string // what was set for names that were won
	odd      bool     // flips numbers and strings, and both header styles
	calls    int
	now      func() time.Time
	server   *httptest.Server

	limits []limit
	strict bool // it has the caller's clock, so that it can judge the pace
	over   int  // calls above a limit
}

// limit is how many calls the service takes in a time.
type limit struct {
	calls int
	per   time.Duration
	past  []time.Time
}

// limited says how often the service may be called, by what is known of it.
func (s *Service) limited(calls int, per time.Duration) {
	s.limits = append(s.limits, limit{calls: calls, per: per})
}

// Over counts the calls that came too often. It counts once SetNow gave the
// fake the clock of the one who calls.
func (s *Service) Over() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// count holds a call against the limits.
func (s *Service) count() {
	if !s.strict {
		return
	}
	at, over := s.now(), false
	for i := range s.limits {
		l := &s.limits[i]
		for len(l.past) > 0 && at.Sub(l.past[0]) >= l.per {
			l.past = l.past[1:]
		}
		l.past = append(l.past, at)
		over = over || len(l.past) > l.calls
	}
	if over {
		s.over++
	}
}

// Start runs the handler on loopback; Close ends it.
func (s *Service) start(h http.Handler) {
	s.now = time.Now
	s.scenario = Success
	s.server = httptest.NewServer(h)
}

// SetNow gives the fake the clock of the one who calls. From then on it keeps
// its limits.
func (s *Service) SetNow(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.strict = now, true
}

// clock is the fake's time.
func (s *Service) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// URL is where the fake listens.
func (s *Service) URL() string { return s.server.URL }

// Close ends the fake.
func (s *Service) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}

// Set chooses what the next calls meet, and forgets what was held.
func (s *Service) Set(sc Scenario) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scenario, s.held, s.paid, s.calls, s.odd = sc, nil, 0, 0, !s.odd
}

// Held lists the accepted paid calls by name.
func (s *Service) Held() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.held...)
}

// Paid counts the paid calls that arrived, accepted or not.
func (s *Service) Paid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paid
}

// Cared lists what was set for names that were won, in order.
func (s *Service) Cared() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.cared...)
}

// care notes that something was set for a name.
func (s *Service) care(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cared = append(s.cared, what)
}

// Calls counts every call that arrived.
func (s *Service) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// arrive counts a call and says what it meets.
func (s *Service) arrive() Scenario {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	before := s.over
	if s.count(); s.over > before && s.scenario == Success {
		return RateLimited
	}
	return s.scenario
}

// lose counts a paid call and, in the scenarios in which its outcome gets
// lost, takes the order or not and answers badly. It reports whether it did.
func (s *Service) lose(w http.ResponseWriter, sc Scenario, name string) bool {
	s.mu.Lock()
	s.paid++
	switch sc {
	case TimeoutAfterCommit, ErrorAfterCommit, GarbledAfterCommit:
		s.held = append(s.held, name)
	}
	s.mu.Unlock()
	switch sc {
	case TimeoutAfterCommit, LostBeforeCommit:
		hangUp(w)
	case ErrorAfterCommit:
		http.Error(w, "Bad Gateway", http.StatusBadGateway)
	case GarbledAfterCommit:
		fmt.Fprint(w, `{"AddBackord<resp`)
	default:
		return false
	}
	return true
}

// has says whether the service holds the name.
func (s *Service) has(name string) bool { return slices.Contains(s.Held(), name) }

// drop lets go of a name and says whether it was held.
func (s *Service) drop(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.held, name)
	if i >= 0 {
		s.held = slices.Delete(s.held, i, i+1)
	}
	return i >= 0
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if hj, ok := w.(http.Hijacker); ok {
		if c, _, err := hj.Hijack(); err == nil {
			_ = c.Close()
		}
	}
}

// Hold puts names back that Set forgot.
func (s *Service) Hold(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, names...)
}
