package epp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// Login logs in once, never again by itself: accounts lock. It returns the
// warnings that the server gave.
func (s *Session) Login(ctx context.Context, l Login) ([]SecurityEvent, error) {
	svc, err := s.Greeting().Services(l.Foreign...)
	if err != nil {
		return nil, err
	}
	s.svc.Store(&svc)
	r, err := s.Do(ctx, l)
	err = l.hide(err)
	if r == nil {
		return nil, err
	}
	return ReadSecurity(r), err
}

// hide takes the passwords out of a refusal whose words repeat them: they would
// go on into logs, the ledger and the terminal.
func (l Login) hide(err error) error {
	var refused *ResultError
	if !errors.As(err, &refused) {
		return err
	}
	for _, secret := range []catch.Secret{l.Password, l.NewPassword} {
		if secret.IsZero() {
			continue
		}
		for _, words := range []*string{&refused.Words, &refused.Reason, &refused.SvTRID} {
			*words = strings.ReplaceAll(*words, secret.Reveal(), secret.String())
		}
	}
	return err
}

// Logout says goodbye and closes. The session is over in any case.
func (s *Session) Logout(ctx context.Context) error {
	defer func() { _ = s.Close() }()
	_, err := s.Do(ctx, Logout{})
	if errors.Is(err, ErrClosed) {
		return nil // the server was quicker
	}
	return err
}

// Hello asks for the greeting again.
func (s *Session) Hello(ctx context.Context) (Greeting, error) {
	if _, err := s.Do(ctx, Hello{}); err != nil {
		return Greeting{}, err
	}
	return s.Greeting(), nil
}

// Check asks about names and, where f is not nil and the server has the fee
// extension, for their prices. It returns one Checked a name, in the order
// asked; a name that the server left out is an error.
func (s *Session) Check(ctx context.Context, f *FeeCheck, names ...string) ([]Checked, error) {
	if s.Services().Fee == "" {
		f = nil
	}
	c := DomainCheck{Names: names, Fee: f}
	r, err := s.Do(ctx, c)
	if err != nil {
		return nil, err
	}
	got := ReadCheck(r)
	out := make([]Checked, 0, len(names))
	for _, n := range names {
		found := false
		for _, g := range got {
			if g.ID == strings.ToLower(n) {
				out, found = append(out, g), true
				break
			}
		}
		if !found {
			return nil, fmt.Errorf("%s: the server's answer does not name %s", c.Op(), clean(n, 255))
		}
	}
	return out, nil
}

// Info reads the registration of a name. A name that is not registered is a
// *ResultError with the code DoesNotExist.
func (s *Session) Info(ctx context.Context, name string) (Domain, error) {
	c := DomainInfo{Name: name}
	r, err := s.Do(ctx, c)
	if err != nil {
		return Domain{}, err
	}
	d, ok := ReadDomain(r)
	if !ok || d.Name != strings.ToLower(name) {
		return Domain{}, fmt.Errorf("%s: the server's answer is about something else", c.Op())
	}
	return d, nil
}

// Create registers a name, once. A Created with Pending set is taken but not
// decided. An error that is no *ResultError leaves the outcome unknown, except
// where it is ErrBusy or comes from Encode.
func (s *Session) Create(ctx context.Context, c DomainCreate) (Created, error) {
	r, err := s.Do(ctx, c)
	if err != nil {
		return Created{}, err
	}
	return ReadCreated(r), nil
}

// Poll reads the first message of the queue.
func (s *Session) Poll(ctx context.Context) (Polled, error) {
	r, err := s.Do(ctx, Poll{})
	if err != nil {
		return Polled{}, err
	}
	return ReadPoll(r), nil
}

// ErrRefused says that a server took an account's password for wrong.
var ErrRefused = errors.New("it is not tried again, because accounts lock: check the account's user and secret")

// Connector makes sessions for one account and remembers what must not be
// tried again at once.
type Connector struct {
	cfg   Config
	login Login

	gate   chan struct{} // one login at a time
	refuse error         // set for good by a wrong password
	until  time.Time     // not before
	last   error         // what sets until
	fails  int
}

// NewConnector returns a Connector for an account.
func NewConnector(cfg Config, login Login) *Connector {
	c := &Connector{cfg: cfg, login: login, gate: make(chan struct{}, 1)}
	c.gate <- struct{}{}
	return c
}

// BackoffError says that a connection is not tried yet, because of what the
// last one met.
type BackoffError struct {
	Until time.Time
	Last  error
}

// Error says until when, and why.
func (e *BackoffError) Error() string {
	return "keeping away from the EPP server until " + e.Until.UTC().Format(time.RFC3339) + ", because of the last try: " + e.Last.Error()
}

// Connect dials and logs in, once. After a wrong password it refuses every
// further call with ErrRefused, because accounts lock: change the password and
// make a new Connector. After "too many sessions" and other failures it refuses for a
// while, which doubles up to five minutes.
func (c *Connector) Connect(ctx context.Context) (*Session, []SecurityEvent, error) {
	select {
	case <-c.gate:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	defer func() { c.gate <- struct{}{} }()
	if c.refuse != nil {
		return nil, nil, c.refuse
	}
	if time.Now().Before(c.until) {
		return nil, nil, &BackoffError{c.until, c.last}
	}
	s, err := Dial(ctx, c.cfg)
	if err != nil {
		c.back(ctx, err, time.Second)
		return nil, nil, err
	}
	ev, err := s.Login(ctx, c.login)
	if err == nil {
		c.fails, c.until = 0, time.Time{}
		if !c.login.NewPassword.IsZero() {
			c.login.Password, c.login.NewPassword = c.login.NewPassword, Login{}.NewPassword
		}
		return s, ev, nil
	}
	_ = s.Close()
	var re *ResultError
	switch {
	case errors.As(err, &re) && (re.Code == AuthFailed || re.Code == AuthClosing && !sessionWords(re)):
		c.refuse = fmt.Errorf("%w; %w", err, ErrRefused)
		return nil, ev, c.refuse
	case errors.As(err, &re) && (re.Code == TooManySessions || re.Code == AuthClosing):
		c.back(ctx, err, 20*time.Second)
	default:
		c.back(ctx, err, time.Second)
	}
	return nil, ev, err
}

// sessionWords tells a 2501 that means "too many sessions" (as .ee sent it)
// from one that means a wrong password.
func sessionWords(e *ResultError) bool {
	w := strings.ToLower(e.Words + " " + e.Reason)
	return strings.Contains(w, "session") && (strings.Contains(w, "limit") || strings.Contains(w, "many") || strings.Contains(w, "maximum"))
}

func (c *Connector) back(ctx context.Context, why error, base time.Duration) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return // it was us who gave up
	}
	d := base << min(c.fails, 8)
	c.fails++
	c.until, c.last = time.Now().Add(min(d, 5*time.Minute)), why
}
