package droplist

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// lexer reads JSON as a stream of tokens, so that a list of any length takes
// the memory of one row. It is lenient where lists are: a bare word stands for
// a value.
type lexer struct {
	r    *Reader
	tok  byte   // '{' '}' '[' ']' ':' ',' 's' for a string, 'w' for a bare word
	val  []byte // of a string or word
	buf  []byte // the text of the current object
	keep bool

	begun           bool
	depth           int
	key, name, when []byte
	isKey, inNames  bool
}

func (l *lexer) byte() (byte, error) {
	c, err := l.r.in.ReadByte()
	if err != nil {
		return 0, err
	}
	if c == '\n' {
		l.r.line++
	}
	if l.keep && len(l.buf) < maxLine {
		l.buf = append(l.buf, c)
	}
	return c, nil
}

// next reads one token. A text that does not begin as JSON does is no list; one
// that ends inside a value was cut off.
func (l *lexer) next() error {
	for {
		c, err := l.byte()
		if errors.Is(err, io.EOF) && (l.depth > 0 || !l.begun) {
			if !l.begun {
				return ErrEmpty
			}
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		if !l.begun && c != '{' && c != '[' {
			return ErrEmpty
		}
		l.begun = true
		switch c {
		case '{', '[':
			l.tok = c
			l.depth++
			return nil
		case '}', ']':
			l.tok = c
			l.depth--
			return nil
		case ':', ',':
			l.tok = c
			return nil
		case '"':
			return l.str()
		}
		return l.word(c)
	}
}

func (l *lexer) str() error {
	l.tok, l.val = 's', l.val[:0]
	escaped := false
	for {
		c, err := l.byte()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if c == '"' {
			break
		}
		if len(l.val) >= maxLine {
			return errors.New("a string is too long")
		}
		l.val = append(l.val, c)
		if c == '\\' {
			escaped = true
			if c, err = l.byte(); err != nil {
				return io.ErrUnexpectedEOF
			}
			l.val = append(l.val, c)
		}
	}
	if escaped {
		var s string
		if json.Unmarshal(append(append([]byte{'"'}, l.val...), '"'), &s) == nil {
			l.val = append(l.val[:0], s...)
		}
	}
	return nil
}

func (l *lexer) word(c byte) error {
	l.tok, l.val = 'w', append(l.val[:0], c)
	for {
		p, err := l.r.in.Peek(1)
		if err != nil || bytes.IndexByte([]byte(",]} \r\n\t"), p[0]) >= 0 {
			l.val = bytes.Trim(l.val, `"`)
			return nil
		}
		if len(l.val) >= maxLine {
			return errors.New("a value is too long")
		}
		if c, err = l.byte(); err != nil {
			return err
		}
		l.val = append(l.val, c)
	}
}

// objects reads a list of objects with name and release_at, at any depth.
func (r *Reader) objects() bool {
	l := &r.json
	for {
		if err := l.next(); err != nil {
			return r.fail(err)
		}
		switch l.tok {
		case '{':
			l.buf, l.keep = append(l.buf[:0], '{'), true
			l.name, l.when, l.isKey = l.name[:0], l.when[:0], true
			r.row.Line = r.line + 1
		case ',':
			l.isKey = true
		case ':':
			l.isKey = false
		case 's', 'w':
			switch {
			case l.isKey:
				l.key = append(l.key[:0], l.val...)
			case string(l.key) == "name", string(l.key) == "domain":
				l.name = append(l.name[:0], l.val...)
			case string(l.key) == "release_at", string(l.key) == "date":
				l.when = append(l.when[:0], l.val...)
			}
		case '}':
			l.keep = false
			if len(l.name) == 0 {
				continue
			}
			ok := r.name(l.name, nil)
			l.name = l.name[:0]
			if !ok {
				r.bad++
				continue
			}
			r.row.text, r.row.when = l.buf, l.when
			return true
		}
	}
}

// sessionNames reads one session: releaseDate, and the strings in domainNames
// (docs.internetnz.nz, droplist API).
func (r *Reader) sessionNames() bool {
	l := &r.json
	for {
		if err := l.next(); err != nil {
			return r.fail(err)
		}
		switch {
		case l.tok == ':':
			l.isKey = false
		case l.tok == '{', l.tok == ',':
			l.isKey = true
		case l.tok == '[':
			l.inNames = string(l.key) == "domainNames"
		case l.tok == ']':
			l.inNames = false
		case l.tok != 's' && l.tok != 'w':
		case l.inNames:
			if !r.name(l.val, nil) {
				r.bad++
				continue
			}
			r.row.Line, r.row.text, r.row.when = r.line+1, l.val, r.session
			return true
		case l.isKey:
			l.key = append(l.key[:0], l.val...)
		case string(l.key) == "releaseDate":
			r.session = append(r.session[:0], l.val...)
		}
	}
}
