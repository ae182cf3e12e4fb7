package cli

import (
	"context"
	"io"
	"path/filepath"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui"
	"github.com/lapse-dev/lapse/ui/sshd"
	"github.com/lapse-dev/lapse/watch"
)

// openDoor serves the screens and harmless commands over SSH, on the service
// that is open already. The channel gives its one result; without an address it
// never does before ctx ends.
func (a *app) openDoor(ctx context.Context, s *watch.Service, addr string) (<-chan error, error) {
	done := make(chan error, 1)
	if addr == "" {
		go func() {
			<-ctx.Done()
			done <- nil
		}()
		return done, nil
	}
	cfg := a.cfg
	keys := filepath.Join(cfg.Paths.Folder, "authorized_keys")
	if err := sshd.CheckKeys(keys); err != nil { // before anything listens or acts
		return nil, err
	}
	l, err := sshd.Listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	o := sshd.Options{
		Listener:       l,
		HostKeyPath:    filepath.Join(cfg.Paths.State, "ssh_host_ed25519_key"),
		AuthorizedKeys: keys,
		Filter:         ui.Filter,
		Log:            a.rooms.log,
		Screens: func(sess sshd.Session) tea.Model {
			o := a.screenOptions(cfg, s)
			o.In, o.Out, o.Env, o.Context, o.Who = nil, nil, sess.Env, sess.Context, sess.Who
			o.NoColor = false // the session's terminal says so itself
			o.Role, o.RoleCap = role(sess.Role), sess.Cap
			m := ui.New(o)
			context.AfterFunc(sess.Context, func() { ui.Close(m) })
			return m
		},
		Command: func(ctx context.Context, args []string, in io.Reader, out, errw io.Writer, sess sshd.Session) int {
			return a.overSSH(ctx, s, args, in, out, errw, sess)
		},
	}
	a.say("lapse: SSH on %s", l.Addr())
	go func() { done <- sshd.Serve(ctx, o) }()
	return done, nil
}

// role is what a key's role may do on the screens.
func role(r sshd.Role) ui.Role {
	switch r {
	case sshd.Order:
		return ui.RoleOrder
	case sshd.Edit:
		return ui.RoleEdit
	}
	return ui.RoleRead
}

// overSSH runs a command that the SSH server let through on the session's own
// streams. The session's environment is not read, questions are never asked,
// and the service is the server's: nothing of the server's files is opened.
func (a *app) overSSH(ctx context.Context, s *watch.Service, args []string, in io.Reader, out, errw io.Writer, sess sshd.Session) int {
	inner := newApp(in, out, errw, func(string) string { return "" })
	inner.own, inner.service, inner.cfg, inner.now = false, s, a.cfg, a.now
	inner.orderCap = sess.Cap
	inner.flags.noInput = true
	return inner.run(ctx, args)
}
