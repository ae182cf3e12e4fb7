package epp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Errors of a session. Match them with errors.Is.
var (
	// ErrClosed says that the session is over: closed by us, by the server, or
	// by a fault that made it useless.
	ErrClosed = errors.New("the EPP session is closed")
	// ErrTimeout says that no answer came in time. A transform command whose
	// answer is missing may have been carried out.
	ErrTimeout = errors.New("no answer in time")
	// ErrBusy says that too many commands are in flight.
	ErrBusy = errors.New("too many commands in flight")
)

// Answer is what a Tap sees of an answer. The slices are valid during the call
// only.
type Answer struct {
	Code   Code
	ClTRID []byte
	SvTRID []byte
	Frame  []byte
	At     time.Time // taken right after the frame was read, with a monotonic part
}

// Tap receives answers that no Do waits for. It reports whether the answer was
// its own. It runs in the goroutine that reads the connection: it must not
// block for long and must not call Close.
type Tap func(Answer) bool

// Session is one connection to a server. Its methods may be called from any
// number of goroutines.
type Session struct {
	cfg      Config
	conn     *tls.Conn
	ids      *trids
	greeting atomic.Pointer[Greeting]
	svc      atomic.Pointer[Services]
	tap      atomic.Pointer[Tap]
	minRTT   atomic.Int64
	maxRTT   atomic.Int64
	sent     atomic.Int64 // commands sent, for registries that cut sessions after so many
	answered atomic.Int64
	lastUse  atomic.Int64 // unix ns of the last frame either way
	opened   time.Time

	wmu  sync.Mutex
	wbuf []byte

	mu      sync.Mutex
	pending map[string]*call
	hellos  []*call
	err     error // why the session ended

	closed chan struct{} // the reader has ended
	done   chan struct{} // the session is over
}

type call struct {
	sent  time.Time
	reply chan reply // nil: nobody waits any more; a late answer is dropped
}

type reply struct {
	frame []byte
	at    time.Time
}

// Dial connects, does the TLS handshake and reads the greeting. The session
// lives until Close; ctx bounds the dial alone.
func Dial(ctx context.Context, cfg Config) (*Session, error) {
	cfg = cfg.withDefaults()
	host, _, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect to EPP server: address %q is not host:port", cfg.Addr)
	}
	if ends := cfg.CertEnds(); !ends.IsZero() && time.Now().After(ends) {
		return nil, fmt.Errorf("connect to EPP server %s: %w", cfg.Addr, &ExpiredError{ends})
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.Connect)
	defer cancel()
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	dial := cfg.Dial
	if dial == nil {
		d := &net.Dialer{}
		if cfg.Source.IsValid() {
			d.LocalAddr = &net.TCPAddr{IP: cfg.Source.AsSlice()}
		}
		dial = d.DialContext
	}
	raw, err := dial(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect to EPP server %s: %w", cfg.Addr, err)
	}
	var asked atomic.Bool
	conn := tls.Client(raw, cfg.tls(func() { asked.Store(true) }))
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("connect to EPP server %s: TLS: %w", cfg.Addr, explainTLS(err))
	}
	s := &Session{
		cfg: cfg, conn: conn, ids: newTRIDs(cfg.Prefix), pending: map[string]*call{},
		closed: make(chan struct{}), done: make(chan struct{}), opened: time.Now(),
	}
	s.touch()
	g := &call{sent: time.Now(), reply: make(chan reply, 1)}
	s.hellos = append(s.hellos, g)
	go s.read()
	select {
	case r := <-g.reply:
		if err := s.greet(r, 0); err != nil {
			_ = s.Close()
			return nil, err
		}
	case <-s.done:
		err, why := s.Err(), "is this address allowed?"
		if asked.Load() {
			why = "it asked for a client certificate, and the account has none"
		}
		_ = s.Close()
		return nil, fmt.Errorf("connect to EPP server %s: closed before its greeting (%s): %w", cfg.Addr, why, err)
	case <-ctx.Done():
		_ = s.Close()
		return nil, fmt.Errorf("connect to EPP server %s: waiting for the greeting: %w", cfg.Addr, ctx.Err())
	}
	if cfg.Keepalive > 0 {
		go s.keepalive()
	}
	return s, nil
}

func (s *Session) greet(r reply, rtt time.Duration) error {
	g, err := ParseGreeting(r.frame)
	if err != nil {
		return err
	}
	g.Received, g.RTT = r.at, rtt
	s.greeting.Store(&g)
	return nil
}

// Greeting returns the last greeting.
func (s *Session) Greeting() Greeting { return *s.greeting.Load() }

// Services returns what the session speaks. Before the login it is what the
// greeting offers.
func (s *Session) Services() Services {
	if v := s.svc.Load(); v != nil {
		return *v
	}
	v, _ := s.Greeting().Services()
	return v
}

// TLS returns the state of the connection: version, certificates.
func (s *Session) TLS() tls.ConnectionState { return s.conn.ConnectionState() }

// RTT returns the smallest and the largest round trip seen, server's work
// included; zero before the first answer.
func (s *Session) RTT() (least, most time.Duration) {
	return time.Duration(s.minRTT.Load()), time.Duration(s.maxRTT.Load())
}

// Sent returns how many commands left on this session, hello not counted.
func (s *Session) Sent() int { return int(s.sent.Load()) }

// Opened returns when the connection was made.
func (s *Session) Opened() time.Time { return s.opened }

// Done is closed when the session is over.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err returns why the session is over; nil while it is not.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// NextTRID draws a clTRID.
func (s *Session) NextTRID() string { return s.ids.next() }

// ReserveTRIDs draws n clTRIDs in a row, all of the same length.
func (s *Session) ReserveTRIDs(n int) []string {
	first := s.ids.reserve(n)
	out := make([]string, n)
	for i := range out {
		out[i] = s.ids.at(first + uint64(i))
	}
	return out
}

// ReserveSlots draws n clTRIDs in a row and returns what is needed to write
// them in place: each is prefix followed by a number of digits digits, the first
// being first. FillSlot writes one.
func (s *Session) ReserveSlots(n int) (prefix string, first uint64, digits int) {
	return s.ids.prefix, s.ids.reserve(n), tridDigits
}

// FillSlot writes a number over the digits of a clTRID in an encoded frame.
func FillSlot(slot []byte, n uint64) {
	for i := len(slot) - 1; i >= 0; i-- {
		slot[i] = '0' + byte(n%10)
		n /= 10
	}
}

// Slot returns the clTRID with that number, as ReserveSlots counts.
func (s *Session) Slot(n uint64) string { return s.ids.at(n) }

// SetTap installs the receiver of answers that no Do waits for; nil takes it
// away.
func (s *Session) SetTap(t Tap) {
	if t == nil {
		s.tap.Store(nil)
		return
	}
	s.tap.Store(&t)
}

// WriteFrame writes a frame that already has its length header (AppendFrame).
// Its answer goes to the Tap. It allocates nothing.
func (s *Session) WriteFrame(frame []byte) error {
	s.wmu.Lock()
	defer s.wmu.Unlock()
	s.sent.Add(1)
	return s.write(frame)
}

// write needs wmu.
func (s *Session) write(frame []byte) error {
	select {
	case <-s.done:
		return s.closedErr()
	default:
	}
	s.touch()
	if _, err := s.conn.Write(frame); err != nil {
		s.end(fmt.Errorf("write to EPP server: %w", err))
		return s.closedErr()
	}
	return nil
}

func (s *Session) touch() { s.lastUse.Store(time.Now().UnixNano()) }

func (s *Session) closedErr() error {
	if err := s.Err(); err != nil && !errors.Is(err, ErrClosed) {
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return ErrClosed
}

// Do sends one command and waits for its answer. An answer of 2000 or above is
// a *ResultError; the Response is returned beside it. When ctx ends or the
// timeout passes the command may have been carried out all the same.
func (s *Session) Do(ctx context.Context, c Command) (*Response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.cfg.Timeout, ErrTimeout)
	defer cancel()
	id := ""
	if _, hello := c.(Hello); !hello {
		id = s.ids.next()
	}
	xml, err := Encode(c, s.Services(), id)
	if err != nil {
		return nil, err
	}
	rep, rtt, err := s.exchange(ctx, id, xml)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Op(), err)
	}
	if id == "" {
		return nil, s.greet(rep, max(rtt, time.Nanosecond)) // 0 would say that nobody asked
	}
	r, err := ParseResponse(rep.frame)
	if err != nil {
		s.end(err)
		return nil, fmt.Errorf("%s: %w", c.Op(), err)
	}
	r.Received = rep.at
	if r.Code().Closes() {
		s.end(fmt.Errorf("the server ended the session: %s", r.Code()))
	}
	return r, r.Err(c.Op())
}

// exchange registers, writes and waits.
func (s *Session) exchange(ctx context.Context, id string, xml []byte) (reply, time.Duration, error) {
	w := &call{reply: make(chan reply, 1)}
	s.wmu.Lock()
	if err := s.register(id, w); err != nil {
		s.wmu.Unlock()
		return reply{}, 0, err
	}
	s.wbuf = AppendFrame(s.wbuf[:0], xml)
	if id != "" {
		s.sent.Add(1)
	}
	err := s.write(s.wbuf)
	clear(s.wbuf) // it may hold a password
	s.wmu.Unlock()
	if err != nil {
		s.forget(id, w)
		return reply{}, 0, err
	}
	select {
	case r := <-w.reply:
		rtt := r.at.Sub(w.sent)
		s.measure(rtt)
		return r, rtt, nil
	case <-ctx.Done():
		s.abandon(id, w)
		return reply{}, 0, context.Cause(ctx)
	case <-s.done:
		select {
		case r := <-w.reply: // it came with the last bytes
			return r, r.at.Sub(w.sent), nil
		default:
			return reply{}, 0, s.closedErr()
		}
	}
}

func (s *Session) register(id string, w *call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return ErrClosed
	}
	if len(s.pending)+len(s.hellos) >= s.cfg.MaxPending {
		return ErrBusy
	}
	w.sent = time.Now()
	if id == "" {
		s.hellos = append(s.hellos, w)
	} else {
		s.pending[id] = w
	}
	return nil
}

func (s *Session) forget(id string, w *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != "" {
		delete(s.pending, id)
		return
	}
	s.hellos = slices.DeleteFunc(s.hellos, func(c *call) bool { return c == w })
}

// abandon keeps the entry, so that a late answer is known and dropped.
func (s *Session) abandon(_ string, w *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.reply = nil
}

func (s *Session) measure(d time.Duration) {
	if d <= 0 {
		return
	}
	for {
		old := s.minRTT.Load()
		if old != 0 && old <= int64(d) || s.minRTT.CompareAndSwap(old, int64(d)) {
			break
		}
	}
	for {
		old := s.maxRTT.Load()
		if old >= int64(d) || s.maxRTT.CompareAndSwap(old, int64(d)) {
			break
		}
	}
}

// end marks the session as over and closes the connection. The first reason
// stays.
func (s *Session) end(why error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err = why
	s.mu.Unlock()
	close(s.done)
	// tls.Conn.Close may wait for a writer; the raw close cannot be delayed.
	_ = s.conn.NetConn().Close()
}

// Close ends the session without a logout and waits for its reader.
func (s *Session) Close() error {
	s.end(ErrClosed)
	<-s.closed
	return nil
}
