package epp

import (
	"fmt"
	"slices"
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

// secret appends an element that holds a secret.
func (w *writer) secret(tag string, s catch.Secret) { w.secretOf(tag, s, "") }

// secretOf says whose secret it is, by the ROID of an object.
func (w *writer) secretOf(tag string, s catch.Secret, roid string) {
	attrs := ""
	if roid != "" {
		if !validROID(roid) {
			w.fail("write frame: %q is no ROID", roid)
		}
		attrs = `roid="` + roid + `"`
	}
	switch {
	case s.IsZero():
		w.elemAttr(tag, attrs, "")
	case w.reveal:
		w.elemAttr(tag, attrs, s.Reveal())
	default:
		w.elemAttr(tag, attrs, masked)
	}
}

// validROID holds a repository object identifier against eppcom:roidType, as
// far as it is written in ASCII.
func validROID(s string) bool {
	word := func(s string, most int) bool {
		return s != "" && len(s) <= most && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
	}
	id, repository, ok := strings.Cut(s, "-")
	return ok && word(id, 80) && word(repository, 8)
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
func (w *writer) name(tag, s string) { w.nameAttr(tag, "", s) }

func (w *writer) nameAttr(tag, attrs, s string) {
	if s == "" || len(s) > 255 || strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || r <= ' ' }) {
		w.fail("write frame: %q cannot be sent as a name; it must be written in ASCII (A-label)", s)
	}
	w.elemAttr(tag, attrs, s)
}

// id appends an identifier of 3 to 16 characters (eppcom:clIDType); strict
// servers refuse anything else.
func (w *writer) id(tag, attrs, s, what string) {
	w.fits(s, what, 3, 16)
	w.elemAttr(tag, attrs, s)
}

// fits holds a text against the lengths of an xs:token, 0 for no longest. A
// token neither begins nor ends with a blank, nor has two in a row: what is read
// at the other end would be another text.
func (w *writer) fits(s, what string, least, most int) {
	n := utf8.RuneCountInString(s)
	switch {
	case s != strings.Join(strings.FieldsFunc(s, blank), " "):
		w.fail("write frame: %s %q has blanks where none may be", what, s)
	case most > 0 && (n < least || n > most):
		w.fail("write frame: %s %q must have %d to %d characters", what, s, least, most)
	case n < least:
		w.fail("write frame: %s is missing", what)
	}
}

// blank is white space as XML has it.
func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

// line appends an element of at most 255 characters where there is a text.
func (w *writer) line(tag, s, what string) {
	if n := utf8.RuneCountInString(s); n > 255 {
		w.fail("write frame: %s has %d characters, 255 are the most", what, n)
	}
	w.opt(tag, s)
}

// status appends a status, which must be one of an object's.
func (w *writer) status(tag, s string, known []string) {
	if !slices.Contains(known, s) {
		w.fail("write frame: %q is no status that it can have", s)
	}
	w.raw("<" + tag)
	w.attr("s", s)
	w.raw("/>")
}
