package epp

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lapse-dev/lapse/catch"
)

// masked stands for a secret in a printed frame. It is as long as the schema
// wants a password to be, so that what Print returns is still a valid frame.
const masked = "••••••••"

// writer builds a frame by appending. The first error sticks.
type writer struct {
	b      []byte
	err    error
	reveal bool // write secrets; otherwise mask them
	svc    Services
}

func (w *writer) fail(format string, a ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, a...)
	}
}

func (w *writer) raw(s string) { w.b = append(w.b, s...) }

// text appends character data, escaped for use as content and in attributes.
// What XML 1.0 cannot carry is an error rather than a silent change.
func (w *writer) text(s string) {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '&':
			w.raw("&amp;")
		case c == '<':
			w.raw("&lt;")
		case c == '>':
			w.raw("&gt;")
		case c == '"':
			w.raw("&quot;")
		case c < 0x20 && c != '\t' && c != '\n' && c != '\r':
			w.fail("write frame: control character %#x cannot be sent in XML", c)
		case c < utf8.RuneSelf:
			w.b = append(w.b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n <= 1 || r == 0xfffe || r == 0xffff {
				w.fail("write frame: text is not valid UTF-8")
			}
			w.b = append(w.b, s[i:i+n]...)
			i += n
			continue
		}
		i++
	}
}

// elem appends <tag>text</tag>.
func (w *writer) elem(tag, text string) { w.elemAttr(tag, "", text) }

// elemAttr appends <tag attrs>text</tag>; attrs is written as it is.
func (w *writer) elemAttr(tag, attrs, text string) {
	w.raw("<" + tag)
	if attrs != "" {
		w.raw(" " + attrs)
	}
	if text == "" {
		w.raw("/>")
		return
	}
	w.raw(">")
	w.text(text)
	w.raw("</" + tag + ">")
}

// opt appends the element where there is a text.
func (w *writer) opt(tag, text string) {
	if text != "" {
		w.elem(tag, text)
	}
}

// need appends an element that must not be empty.
func (w *writer) need(tag, text, what string) {
	if text == "" {
		w.fail("write frame: %s is missing", what)
	}
	w.elem(tag, text)
}

// secret appends an element that holds a secret.
func (w *writer) secret(tag string, s catch.Secret) {
	switch {
	case s.IsZero():
		w.elem(tag, "")
	case w.reveal:
		w.elem(tag, s.Reveal())
	default:
		w.elem(tag, masked)
	}
}

func (w *writer) attr(name, value string) {
	if value == "" {
		return
	}
	w.raw(" " + name + `="`)
	w.text(value)
	w.raw(`"`)
}

func (w *writer) int(tag string, n int) { w.elem(tag, strconv.Itoa(n)) }

// years appends a period in years; 0 leaves it to the server.
func (w *writer) years(tag string, n int) {
	if n == 0 {
		return
	}
	if n < 1 || n > 99 {
		w.fail("write frame: a period of %d years is outside 1 to 99", n)
	}
	w.elemAttr(tag, `unit="y"`, strconv.Itoa(n))
}

// name appends a domain or host name, which must be an A-label.
func (w *writer) name(tag, s string) {
	if s == "" || len(s) > 255 || strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || r <= ' ' }) {
		w.fail("write frame: %q cannot be sent as a name; it must be written in ASCII (A-label)", s)
	}
	w.elem(tag, s)
}

// id appends an identifier of 3 to 16 characters (eppcom:clIDType); strict
// servers refuse anything else.
func (w *writer) id(tag, attrs, s, what string) {
	if n := utf8.RuneCountInString(s); n < 3 || n > 16 {
		w.fail("write frame: %s %q must have 3 to 16 characters", what, s)
	}
	w.elemAttr(tag, attrs, s)
}
