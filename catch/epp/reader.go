package epp

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// read is the session's one reader.
func (s *Session) read() {
	defer close(s.closed)
	br := bufio.NewReaderSize(s.conn, 16<<10)
	var head [4]byte
	var buf []byte
	for {
		if _, err := io.ReadFull(br, head[:]); err != nil {
			s.end(fmt.Errorf("the server closed the connection: %w", err))
			return
		}
		n := int(binary.BigEndian.Uint32(head[:])) - 4
		if n <= 0 || n > s.cfg.MaxFrame {
			s.end(fmt.Errorf("the server sent a frame of %d bytes, which is outside 1 to %d", n, s.cfg.MaxFrame))
			return
		}
		begun := n > br.Buffered()
		if begun { // the rest of it must not take forever
			_ = s.conn.SetReadDeadline(time.Now().Add(s.cfg.Timeout))
		}
		if cap(buf) < n {
			// Grow with what really arrives, not with what a header promises.
			buf = make([]byte, 0, min(n, 64<<10))
		}
		var err error
		if buf, err = readBody(br, buf[:0], n); err != nil {
			s.end(fmt.Errorf("read frame: %w", err))
			return
		}
		at := time.Now()
		if begun {
			_ = s.conn.SetReadDeadline(time.Time{})
		}
		s.lastUse.Store(at.UnixNano())
		if err := s.deliver(buf, at); err != nil {
			s.end(err)
			return
		}
	}
}

func readBody(br *bufio.Reader, buf []byte, n int) ([]byte, error) {
	for len(buf) < n {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, min(n-len(buf), len(buf)+4096))
		}
		chunk := buf[len(buf):min(cap(buf), n)]
		k, err := br.Read(chunk)
		buf = buf[:len(buf)+k]
		if err != nil && len(buf) < n {
			return buf, err
		}
	}
	return buf, nil
}

// deliver routes one frame. Answers that nobody asked for end the session: a
// server that mixes up its clients must not decide about money.
func (s *Session) deliver(frame []byte, at time.Time) error {
	code, id, sv, greeting := route(frame)
	if code == 0 {
		if !greeting {
			return errors.New("the server sent something that is neither an answer nor a greeting")
		}
		s.mu.Lock()
		var w *call
		if len(s.hellos) > 0 {
			w, s.hellos = s.hellos[0], s.hellos[1:]
		}
		s.mu.Unlock()
		if w == nil {
			return errors.New("the server greeted without being asked")
		}
		s.hand(w, frame, at)
		return nil
	}
	alone := s.sent.Load()-s.answered.Add(1) == 0
	if w := s.take(id, alone && code >= 2000); w != nil {
		s.hand(w, frame, at)
		return nil
	}
	if t := s.tap.Load(); t != nil && (*t)(Answer{Code: code, ClTRID: id, SvTRID: sv, Frame: frame, At: at}) {
		if code.Closes() {
			return fmt.Errorf("the server ended the session: %s", code)
		}
		return nil
	}
	if code.Closes() {
		return fmt.Errorf("the server ended the session: %s", code)
	}
	if len(id) == 0 {
		return fmt.Errorf("the server did not say to which command of this session it answered %w", refusal(frame, code))
	}
	return fmt.Errorf("the server answered to a command that was not sent on this session: %w", refusal(frame, code))
}

// take removes the call that an answer belongs to. A server that could not read
// a frame has no clTRID to repeat (RFC 5730, section 2.6): its refusal belongs
// to the one command that is in flight, where there is but one.
func (s *Session) take(id []byte, alone bool) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.pending[string(id)]; w != nil {
		delete(s.pending, string(id))
		return w
	}
	if len(id) == 0 && alone && len(s.pending) == 1 {
		for k, w := range s.pending {
			delete(s.pending, k)
			return w
		}
	}
	return nil
}

// refusal is what an answer that belongs to no call says.
func refusal(frame []byte, code Code) error {
	if r, err := ParseResponse(frame); err == nil {
		if err := r.Err("an unknown command"); err != nil {
			return err
		}
	}
	return errors.New(code.String())
}

func (s *Session) hand(w *call, frame []byte, at time.Time) {
	s.mu.Lock()
	ch := w.reply
	s.mu.Unlock()
	if ch != nil {
		ch <- reply{frame: slices.Clone(frame), at: at} // buffered, one answer a call
	}
}

// keepalive says hello when nothing else was said for a while.
func (s *Session) keepalive() {
	t := time.NewTimer(s.cfg.Keepalive)
	defer t.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-t.C:
		}
		idle := time.Since(time.Unix(0, s.lastUse.Load()))
		if idle < s.cfg.Keepalive {
			t.Reset(s.cfg.Keepalive - idle)
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Timeout)
		_, err := s.Do(ctx, Hello{})
		cancel()
		if err != nil && s.Err() == nil {
			s.end(fmt.Errorf("keep the session alive: %w", err))
			return
		}
		t.Reset(s.cfg.Keepalive)
	}
}
