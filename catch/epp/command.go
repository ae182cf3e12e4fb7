package epp

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/lapse-dev/lapse/catch"
)

// Command is one thing to ask of a server. The commands are the exported
// structs of this package whose names begin with Domain, Contact and Host, and
// Hello, Login, Logout and Poll.
type Command interface {
	// Op names the command for a person: "create domain example.com".
	Op() string
	body(w *writer)
}

// extended is a command that may carry extensions.
type extended interface {
	extensions(w *writer)
}

const (
	frameHead = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + "\n" + `<epp xmlns="` + NSEPP + `">`
	frameTail = `</epp>`
)

// Encode returns the frame of a command without the length header of RFC 5734.
// The same arguments give the same bytes. svc decides the version of the fee
// extension and what a login asks for.
func Encode(c Command, svc Services, clTRID string) ([]byte, error) {
	return encode(c, svc, clTRID, true)
}

// Print is Encode with every secret hidden.
func Print(c Command, svc Services, clTRID string) ([]byte, error) {
	return encode(c, svc, clTRID, false)
}

func encode(c Command, svc Services, clTRID string, reveal bool) ([]byte, error) {
	w := &writer{b: make([]byte, 0, 1024), reveal: reveal, svc: svc}
	w.raw(frameHead)
	if _, hello := c.(Hello); hello {
		w.raw(`<hello/>`)
	} else {
		if !validTRID(clTRID) {
			return nil, fmt.Errorf("%s: clTRID %q must have 3 to 64 letters, digits or hyphens", c.Op(), clTRID)
		}
		w.raw(`<command>`)
		c.body(w)
		if x, ok := c.(extended); ok {
			mark := len(w.b)
			w.raw(`<extension>`)
			was := len(w.b)
			x.extensions(w)
			if len(w.b) == was {
				w.b = w.b[:mark]
			} else {
				w.raw(`</extension>`)
			}
		}
		w.raw(`<clTRID>` + clTRID + `</clTRID></command>`)
	}
	w.raw(frameTail)
	if w.err != nil {
		return nil, fmt.Errorf("%s: %w", c.Op(), w.err)
	}
	return w.b, nil
}

// AppendFrame appends a frame with its length header (RFC 5734, section 4: four
// octets, big endian, counting themselves), so that one write sends both.
func AppendFrame(dst, xml []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(xml)+4))
	return append(dst, xml...)
}

// Hello asks for the greeting again; it keeps a session alive and costs
// nothing at any registry.
type Hello struct{}

// Op names the command.
func (Hello) Op() string     { return "hello" }
func (Hello) body(w *writer) {}

// Login opens a session (RFC 5730, section 2.9.1.1).
type Login struct {
	ClientID    string
	Password    catch.Secret
	NewPassword catch.Secret // changes the password; zero leaves it
	Agent       string       // for loginSec's userAgent: "lapse 1.0.0"
	// Foreign are namespaces of extensions that this package does not know and
	// the caller sends (see Foreign); those that the server offers are listed.
	Foreign []string
}

// viaLoginSec is what stands in the place of a password that travels in the
// extension instead (RFC 8807, section 3.1). Where a server offers the extension
// every password does: some refuse one that comes in the old place, and the old
// place takes no long one.
const viaLoginSec = "[LOGIN-SECURITY]"

// Op names the command.
func (l Login) Op() string { return "log in as " + l.ClientID }

func (l Login) body(w *writer) {
	if l.Password.IsZero() {
		w.fail("write frame: the account has no password")
	}
	password(w, l.Password)
	password(w, l.NewPassword)
	pw := func(tag string, s catch.Secret) {
		switch {
		case s.IsZero():
		case w.svc.Has(NSLoginSec):
			w.elem(tag, viaLoginSec)
		default:
			w.secret(tag, s)
		}
	}
	w.raw(`<login>`)
	w.id("clID", "", l.ClientID, "the account's client id")
	pw("pw", l.Password)
	pw("newPW", l.NewPassword)
	lang := w.svc.Lang
	if lang == "" {
		lang = "en"
	}
	w.raw(`<options>`)
	w.elem("version", "1.0")
	w.elem("lang", lang)
	w.raw(`</options><svcs>`)
	for _, u := range w.svc.Objects {
		w.elem("objURI", u)
	}
	if len(w.svc.Extensions) > 0 {
		w.raw(`<svcExtension>`)
		for _, u := range w.svc.Extensions {
			w.elem("extURI", u)
		}
		w.raw(`</svcExtension>`)
	}
	w.raw(`</svcs></login>`)
}

// password refuses what no server could take: RFC 5730 allows 6 to 16
// characters, RFC 8807 more, and many servers up to 64 without it.
func password(w *writer, s catch.Secret) {
	pw := s.Reveal()
	n := utf8.RuneCountInString(pw)
	switch {
	case pw == "":
	case pw != strings.Join(strings.FieldsFunc(pw, blank), " "):
		w.fail("write frame: the password has blanks at an end or in a row, which XML does not keep")
	case n < 6 || n > 64 && !w.svc.Has(NSLoginSec):
		w.fail("write frame: the password has %d characters; EPP takes 6 to 16, many servers 64, and more where the server offers loginSec (RFC 8807)", n)
	}
}

func (l Login) extensions(w *writer) {
	if !w.svc.Has(NSLoginSec) {
		return
	}
	w.raw(`<loginSec:loginSec xmlns:loginSec="` + NSLoginSec + `">`)
	if l.Agent != "" {
		w.fits(l.Agent, "the agent", 1, 0)
		w.raw(`<loginSec:userAgent>`)
		w.elem("loginSec:app", l.Agent)
		w.elem("loginSec:tech", runtime.Version())
		w.elem("loginSec:os", runtime.GOOS+" "+runtime.GOARCH)
		w.raw(`</loginSec:userAgent>`)
	}
	w.secret("loginSec:pw", l.Password)
	if !l.NewPassword.IsZero() {
		w.secret("loginSec:newPW", l.NewPassword)
	}
	w.raw(`</loginSec:loginSec>`)
}

// Logout ends a session; the server answers 1500 and closes.
type Logout struct{}

// Op names the command.
func (Logout) Op() string     { return "log out" }
func (Logout) body(w *writer) { w.raw(`<logout/>`) }

// Poll reads the first message of the queue, or with an Ack takes that message
// out of it.
type Poll struct{ Ack string }

// Op names the command.
func (p Poll) Op() string {
	if p.Ack != "" {
		return "acknowledge message " + clean(p.Ack, 64)
	}
	return "poll"
}

func (p Poll) body(w *writer) {
	if p.Ack == "" {
		w.raw(`<poll op="req"/>`)
		return
	}
	w.raw(`<poll op="ack"`)
	w.attr("msgID", p.Ack)
	w.raw(`/>`)
}

// Foreign is an extension of a registry's own that this package does not know:
// one element, written by the caller, and its namespace. It goes along where the
// session speaks that (Login.Foreign); nothing in it is hidden by Print.
type Foreign struct {
	Namespace string
	XML       string
}

func foreign(w *writer, list []Foreign) {
	for _, f := range list {
		if w.svc.Has(f.Namespace) {
			w.raw(f.XML)
		}
	}
}

// Other wraps an XML fragment of the caller's own as a command, for what this
// package has no struct for. The fragment must be one command element of
// RFC 5730 ("<check>...</check>"); nothing in it is hidden by Print.
type Other struct {
	Name string
	XML  string
}

// Op names the command.
func (o Other) Op() string     { return o.Name }
func (o Other) body(w *writer) { w.raw(o.XML) }
