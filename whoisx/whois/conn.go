package whois

import (
	"context"
	"io"
	"net"
	"time"
)

// maxAnswer is how much of an answer is read, in bytes. The longest honest
// answers are about 8 KiB.
const maxAnswer = 64 << 10

// conn is the connection that the WHOIS transport sees: it ends after
// maxAnswer bytes and at one absolute deadline, whatever deadline the
// transport asks for, and closes when the context ends.
type conn struct {
	net.Conn
	deadline time.Time
	left     int
	cut      bool   // the server had more to say
	lead     []byte // white space before the answer, which the transport trims
	begun    bool
	stop     func() bool
}

func guard(ctx context.Context, c net.Conn, deadline time.Time) *conn {
	g := &conn{Conn: c, deadline: deadline, left: maxAnswer}
	_ = c.SetDeadline(deadline)
	g.stop = context.AfterFunc(ctx, func() { _ = c.Close() })
	return g
}

// Read reads until maxAnswer bytes; one byte more shows that it was cut.
func (c *conn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		var one [1]byte
		if n, _ := c.Conn.Read(one[:]); n > 0 {
			c.cut = true
		}
		return 0, io.EOF
	}
	if len(p) > c.left {
		p = p[:c.left]
	}
	n, err := c.Conn.Read(p)
	c.left -= n
	if !c.begun {
		for _, b := range p[:n] {
			if b != ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\v' && b != '\f' {
				c.begun = true
				break
			}
			c.lead = append(c.lead, b)
		}
	}
	return n, err
}

func (c *conn) clamp(t time.Time) time.Time {
	if t.IsZero() || t.After(c.deadline) {
		return c.deadline
	}
	return t
}

// SetDeadline can only bring the deadline forward.
func (c *conn) SetDeadline(t time.Time) error { return c.Conn.SetDeadline(c.clamp(t)) }

// SetReadDeadline can only bring the deadline forward.
func (c *conn) SetReadDeadline(t time.Time) error { return c.Conn.SetReadDeadline(c.clamp(t)) }

// SetWriteDeadline can only bring the deadline forward.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(c.clamp(t)) }

// Close closes the connection and forgets the context.
func (c *conn) Close() error {
	c.stop()
	return c.Conn.Close()
}
