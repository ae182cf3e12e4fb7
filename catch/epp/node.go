package epp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
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
	Attrs        []xml.Attr
	Text         string // character data directly below, trimmed, not cleaned
	Kids         []*Node
}

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
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// Attr returns an attribute, cleaned; "" where it is missing.
func (n *Node) Attr(local string) string { return clean(n.attr(local), 1024) }

// parse reads a frame into a tree. Document types are refused: EPP has none
// and they are how entities attack.
func parse(frame []byte) (*Node, error) {
	d := xml.NewDecoder(bytes.NewReader(frame))
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(label, "us-ascii") {
			return in, nil
		}
		return nil, fmt.Errorf("character set %q is not UTF-8", clean(label, 40))
	}
	var root *Node
	var stack []*Node
	nodes := 0
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read answer: %s", clean(err.Error(), 200))
		}
		switch t := t.(type) {
		case xml.StartElement:
			if nodes++; nodes > maxNodes || len(stack) >= maxDepth {
				return nil, errors.New("read answer: more elements than any real answer has")
			}
			if len(t.Attr) > maxAttrs {
				return nil, errors.New("read answer: an element has more attributes than any real one")
			}
			n := &Node{Space: t.Name.Space, Local: t.Name.Local}
			if len(t.Attr) > 0 {
				n.Attrs = append([]xml.Attr(nil), t.Attr...)
			}
			if len(stack) > 0 {
				p := stack[len(stack)-1]
				p.Kids = append(p.Kids, n)
			} else if root == nil {
				root = n
			} else {
				return nil, errors.New("read answer: two documents in one frame")
			}
			stack = append(stack, n)
		case xml.EndElement:
			if len(stack) == 0 || stack[len(stack)-1].Local != t.Name.Local || stack[len(stack)-1].Space != t.Name.Space {
				return nil, errors.New("read answer: elements do not close in order")
			}
			n := stack[len(stack)-1]
			n.Text = strings.TrimSpace(n.Text)
			stack = stack[:len(stack)-1]
		case xml.CharData:
			// Pieces of text count as well: comments can cut it into very many.
			if nodes++; nodes > maxNodes {
				return nil, errors.New("read answer: more pieces than any real answer has")
			}
			if len(stack) > 0 {
				n := stack[len(stack)-1]
				n.Text += string(t)
			}
		case xml.Directive:
			return nil, errors.New("read answer: it carries a document type, which EPP has not")
		}
	}
	if root == nil || len(stack) > 0 {
		return nil, errors.New("read answer: it is cut off")
	}
	resolve(root, map[string]string{"xml": "http://www.w3.org/XML/1998/namespace"})
	return root, nil
}

// resolve turns the prefixes that RawToken leaves in Space into namespaces.
func resolve(n *Node, scope map[string]string) {
	copied := false
	for _, a := range n.Attrs {
		prefix, ok := "", a.Name.Space == "" && a.Name.Local == "xmlns"
		if a.Name.Space == "xmlns" {
			prefix, ok = a.Name.Local, true
		}
		if !ok {
			continue
		}
		if !copied {
			inner := make(map[string]string, len(scope)+2)
			for k, v := range scope {
				inner[k] = v
			}
			scope, copied = inner, true
		}
		scope[prefix] = a.Value
	}
	n.Space = scope[n.Space]
	for _, k := range n.Kids {
		resolve(k, scope)
	}
}

// clean makes a server's text fit for a terminal, a log and JSON: no control,
// format or direction characters, no line breaks, at most limit runes.
func clean(s string, limit int) string {
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
