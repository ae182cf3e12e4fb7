package sandbox

import (
	"errors"
	"net"
)

// accept serves every connection that comes, until the registry is closed.
func (r *Registry) accept(ln net.Listener, serve func(net.Conn)) {
	for {
		c, err := ln.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || r.ctx.Err() != nil {
				return
			}
			continue
		}
		if !r.track(c) {
			_ = c.Close()
			return
		}
		r.wg.Go(func() {
			defer r.untrack(c)
			defer c.Close()
			serve(c)
		})
	}
}

// track remembers an open connection; false: the registry is closed.
func (r *Registry) track(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.slots[c] = struct{}{}
	return true
}

func (r *Registry) untrack(c net.Conn) {
	r.mu.Lock()
	delete(r.slots, c)
	r.mu.Unlock()
}
