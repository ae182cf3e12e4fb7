package epp

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

var errCurrency = errors.New("the currency is no ISO 4217 code")

// Limits on what a server may make us build. The largest real answer, an info
// with a thousand subordinate hosts, stays far below.
const (
	maxDepth = 40
	maxNodes = 100_000
	maxAttrs = 64
)

// Node is one element of an answer.
type Node struct {
	Space, Local string
	Attrs        []Attr
	Text         string // character data directly below, trimmed, not cleaned
	Kids         []*Node
}

// Attr is an attribute. Space is its prefix, unresolved.
type Attr struct{ Space, Local, Value string }

// Child returns the first child of that name, or nil; calls on nil are safe.
func (n *Node) Child(local string) *Node {
	if n == nil {
		return nil
	}
	for _, k := range n.Kids {
		if k.Local == local {
			return k
		}
	}
	return nil
}

// All returns the children of that name.
func (n *Node) All(local string) []*Node {
	if n == nil {
		return nil
	}
	var out []*Node
	for _, k := range n.Kids {
		if k.Local == local {
			out = append(out, k)
		}
	}
	return out
}

// Str returns the element's text, cleaned for a terminal; nil gives "".
func (n *Node) Str() string {
	if n == nil {
		return ""
	}
	return clean(n.Text, 4096)
}

func (n *Node) attr(local string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Attrs {
		if a.Local == local && a.Space == "" {
			return a.Value
		}
	}
	return ""
}

// Attr returns an attribute, cleaned; "" where it is missing.
func (n *Node) Attr(local string) string { return clean(n.attr(local), 1024) }

// parse reads a frame into a tree.
func parse(frame []byte) (*Node, error) {
	x := xmlReader{s: string(frame), open: make([]*Node, 0, 16)}
	if err := x.read(); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	resolve(x.root, nil)
	return x.root, nil
}

// scope is what a prefix stands for, in an element and all that is in it.
type scope struct {
	prefix, uri string
	outer       *scope
}

// of finds what a prefix stands for.
func (s *scope) of(prefix string) string {
	for ; s != nil; s = s.outer {
		if s.prefix == prefix {
			return s.uri
		}
	}
	if prefix == "xml" {
		return "http://www.w3.org/XML/1998/namespace"
	}
	return ""
}

// resolve turns the prefixes that stand in Space into namespaces.
func resolve(n *Node, s *scope) {
	for _, a := range n.Attrs {
		switch {
		case a.Space == "" && a.Local == "xmlns":
			s = &scope{"", a.Value, s}
		case a.Space == "xmlns":
			s = &scope{a.Local, a.Value, s}
		}
	}
	n.Space = s.of(n.Space)
	for _, k := range n.Kids {
		resolve(k, s)
	}
}

// clean makes a server's text fit for a terminal, a log and JSON: no control,
// format or direction characters, no line breaks, at most limit runes.
func clean(s string, limit int) string {
	if len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return strings.TrimSpace(s) // nearly all of them
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	var b strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t' || r == '\r' || r == '\u2028' || r == '\u2029':
			r = ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			continue
		}
		if n++; n > limit {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// Clean makes a server's text fit for a terminal, a log and JSON.
func Clean(s string) string { return clean(s, 300) }
