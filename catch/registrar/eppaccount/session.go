package eppaccount

import (
	"context"
	"errors"
	"time"

	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/epp"
)

// session returns the session for ordinary commands, logged in. It is closed
// after a minute without use, so that it does not hold one of the account's
// places for long.
func (a *Account) session(ctx context.Context, name, op string) (*epp.Session, error) {
	p := a.pacer(a.Policy(name))
	a.mu.Lock()
	busy := a.arming > 0
	s := a.sess
	a.mu.Unlock()
	if busy {
		return nil, a.fail(op, burst.ErrArmed, false)
	}
	if s == nil || s.Err() != nil {
		if err := p.Wait(ctx); err != nil { // the login is a command too
			return nil, a.fail(op, err, false)
		}
		fresh, ev, err := a.connect(ctx)
		if err != nil {
			return nil, a.fail(op, err, false)
		}
		a.mu.Lock()
		switch {
		case a.arming > 0:
			a.mu.Unlock()
			_ = fresh.Close()
			return nil, a.fail(op, burst.ErrArmed, false)
		case a.sess != nil && a.sess.Err() == nil: // somebody else was quicker
			s = a.sess
			a.mu.Unlock()
			_ = fresh.Close()
		default:
			a.sess, a.events, s = fresh, ev, fresh
			a.mu.Unlock()
		}
	}
	a.mu.Lock()
	if a.idle != nil {
		a.idle.Stop()
	}
	a.idle = time.AfterFunc(time.Minute, a.hangUp)
	a.mu.Unlock()
	if err := p.Wait(ctx); err != nil {
		return nil, a.fail(op, err, false)
	}
	return s, nil
}

// hangUp ends the session for ordinary commands.
func (a *Account) hangUp() {
	a.mu.Lock()
	s := a.sess
	a.sess = nil
	if a.idle != nil {
		a.idle.Stop()
		a.idle = nil
	}
	a.mu.Unlock()
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if !a.pacer(a.Policy("")).Try(ctx) { // the logout would be a command too many
		_ = s.Close()
		return
	}
	_ = s.Logout(ctx)
}

// Close ends the account's session. The account can be used again after.
func (a *Account) Close() error {
	a.hangUp()
	return nil
}

// Session returns the account's session for one command of the person's own,
// when the policy has room for it. It is the account's: Close ends it.
func (a *Account) Session(ctx context.Context, name, op string) (*epp.Session, error) {
	return a.session(ctx, name, op)
}

// connect logs in, once. A password that the registry refused is not tried
// again by any process, until it is another one, the person asks for it (Probe)
// or a day has passed: accounts lock after a few.
//
// The connector refuses a refused password for good. So it is taken before the
// note is read, and gives way to a fresh one as soon as its refusal is noted:
// from then on the note alone tells whether to try again.
func (a *Account) connect(ctx context.Context) (*epp.Session, []epp.SecurityEvent, error) {
	a.mu.Lock()
	conn := a.conn
	a.mu.Unlock()
	mark := burst.PasswordMark(a.use.Account, a.login.Password)
	if err := a.use.Refused(ctx, mark); err != nil {
		return nil, nil, err
	}
	s, ev, err := conn.Connect(ctx)
	switch {
	case errors.Is(err, epp.ErrRefused):
		a.noteRefused(ctx, conn, mark)
		return nil, ev, err
	case err != nil:
		return nil, ev, err // that says nothing of the password
	}
	if err := a.use.NoteLogin(ctx, mark, false); err != nil {
		_ = s.Close()
		return nil, ev, err
	}
	a.mu.Lock()
	a.refused = false
	a.mu.Unlock()
	return s, ev, nil
}

// noteRefused keeps for every process that the registry refused the password,
// also where whoever asked has given up by now. Where it cannot be kept, the
// connector goes on refusing in this one.
func (a *Account) noteRefused(ctx context.Context, conn *epp.Connector, mark string) {
	a.mu.Lock()
	noted := a.conn != conn // by a login that was refused at the same time
	a.refused = true
	a.mu.Unlock()
	if noted {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if a.use.NoteLogin(ctx, mark, true) != nil {
		return
	}
	a.mu.Lock()
	if a.conn == conn {
		a.conn = epp.NewConnector(a.cfg, a.login)
	}
	a.mu.Unlock()
}

// Probe logs in and out. A password that another process saw refused is tried
// once more: a person asks.
func (a *Account) Probe(ctx context.Context) error {
	a.hangUp()
	a.mu.Lock()
	here := a.refused
	a.mu.Unlock()
	if !here {
		if err := a.use.NoteLogin(ctx, "", false); err != nil {
			return a.fail("log in", err, false)
		}
	}
	if _, err := a.session(ctx, "", "log in"); err != nil {
		return err
	}
	a.hangUp()
	return nil
}
