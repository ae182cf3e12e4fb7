package sandbox

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// Pipes is a network inside the process, for simulations in which time is
// simulated too: give Listen to Options.Listen and Dial to the clients.
type Pipes struct {
	mu   sync.Mutex
	lns  map[string]*pipeListener
	port int
}

// NewPipes makes an empty network.
func NewPipes() *Pipes { return &Pipes{lns: map[string]*pipeListener{}, port: 40000} }

// Listen opens a listener. Port 0 means the next free one.
func (p *Pipes) Listen(_, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if port == "0" {
		p.port++
		port = fmt.Sprint(p.port)
	}
	addr := net.JoinHostPort(host, port)
	if p.lns[addr] != nil {
		return nil, fmt.Errorf("listen on %s: in use", addr)
	}
	ln := &pipeListener{p: p, addr: pipeAddr(addr), conns: make(chan net.Conn), done: make(chan struct{})}
	p.lns[addr] = ln
	return ln, nil
}

// Dial connects to a listener of this network.
func (p *Pipes) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	p.mu.Lock()
	ln := p.lns[address]
	p.mu.Unlock()
	if ln == nil {
		return nil, fmt.Errorf("dial %s: connection refused", address)
	}
	a, b := net.Pipe()
	select {
	case ln.conns <- pipeConn{b, ln.addr, "127.0.0.1:1"}:
		return pipeConn{a, "127.0.0.1:1", ln.addr}, nil
	case <-ln.done:
		return nil, fmt.Errorf("dial %s: connection refused", address)
	case <-ctx.Done():
		return nil, fmt.Errorf("dial %s: %w", address, ctx.Err())
	}
}

type pipeAddr string

func (pipeAddr) Network() string  { return "tcp" }
func (a pipeAddr) String() string { return string(a) }

type pipeConn struct {
	net.Conn
	local, remote pipeAddr
}

func (c pipeConn) LocalAddr() net.Addr  { return c.local }
func (c pipeConn) RemoteAddr() net.Addr { return c.remote }

type pipeListener struct {
	p     *Pipes
	addr  pipeAddr
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.p.mu.Lock()
		delete(l.p.lns, string(l.addr))
		l.p.mu.Unlock()
	})
	return nil
}

func (l *pipeListener) Addr() net.Addr { return l.addr }
