package sandbox

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The namespaces that the registry speaks.
const (
	nsEPP      = "urn:ietf:params:xml:ns:epp-1.0"
	nsDomain   = "urn:ietf:params:xml:ns:domain-1.0"
	nsHost     = "urn:ietf:params:xml:ns:host-1.0"
	nsContact  = "urn:ietf:params:xml:ns:contact-1.0"
	nsFee      = "urn:ietf:params:xml:ns:epp:fee-1.0"
	nsFee12    = "urn:ietf:params:xml:ns:fee-0.12"
	nsFee11    = "urn:ietf:params:xml:ns:fee-0.11"
	nsFee06    = "urn:ietf:params:xml:ns:fee-0.6"
	nsRGP      = "urn:ietf:params:xml:ns:rgp-1.0"
	nsLaunch   = "urn:ietf:params:xml:ns:launch-1.0"
	nsSecDNS   = "urn:ietf:params:xml:ns:secDNS-1.1"
	nsLoginSec = "urn:ietf:params:xml:ns:epp:loginSec-1.0"
	nsToken    = "urn:ietf:params:xml:ns:allocationToken-1.0"
	nsSMD      = "urn:ietf:params:xml:ns:signedMark-1.0"

	nsChangePoll = "urn:ietf:params:xml:ns:changePoll-1.0"
	nsUnhandled  = "urn:ietf:params:xml:ns:epp:unhandled-namespaces-1.0"
	nsSecureAuth = "urn:ietf:params:xml:ns:epp:secure-authinfo-transfer-1.0"
	nsBalance    = "http://www.verisign.com/epp/balance-1.0"

	nsXSI = "http://www.w3.org/2001/XMLSchema-instance"
)

var (
	objectURIs    = []string{nsDomain, nsHost, nsContact, nsBalance}
	extensionURIs = []string{nsFee, nsRGP, nsLaunch, nsSecDNS, nsLoginSec, nsToken, nsChangePoll, nsUnhandled} // of the fees, one version
)

// node is one element of a frame.
type node struct {
	space, name string
	attrs       map[string]string
	kids        []*node
	text        string
}

// fault is why a command is refused: an EPP result code and a sentence.
type fault struct {
	code int
	msg  string
}

func (f *fault) Error() string { return fmt.Sprintf("%d %s", f.code, f.msg) }

func syntax(format string, args ...any) *fault { return &fault{2001, fmt.Sprintf(format, args...)} }

// parse reads a frame strictly: UTF-8 only, no document type, no processing
// instruction but the declaration, no mixed content, one root.
func parse(frame []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(frame))
	dec.Strict = true
	var root *node
	var stack []*node
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, syntax("not well-formed: %v", err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if len(stack) > 24 {
				return nil, syntax("elements are nested too deeply")
			}
			n := &node{space: t.Name.Space, name: t.Name.Local}
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" && a.Name.Space == "" || a.Name.Space == nsXSI {
					continue
				}
				key := a.Name.Local
				if a.Name.Space != "" {
					key = a.Name.Space + " " + key
				}
				if n.attrs == nil {
					n.attrs = map[string]string{}
				}
				n.attrs[key] = a.Value
			}
			if len(stack) == 0 {
				if root != nil {
					return nil, syntax("two roots")
				}
				root = n
			} else {
				p := stack[len(stack)-1]
				p.kids = append(p.kids, n)
			}
			stack = append(stack, n)
		case xml.EndElement:
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if len(n.kids) > 0 && strings.TrimSpace(n.text) != "" {
				return nil, syntax("text between the elements of %s", n.name)
			}
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			} else if strings.TrimSpace(string(t)) != "" {
				return nil, syntax("text outside of the root")
			}
		case xml.ProcInst:
			if t.Target != "xml" || root != nil {
				return nil, syntax("a processing instruction")
			}
		case xml.Directive:
			return nil, syntax("a document type")
		}
	}
	if root == nil {
		return nil, syntax("no element")
	}
	return root, nil
}

// seq walks the children of an element in the order of its schema. The first
// thing that is out of order stays as its err.
type seq struct {
	n     *node
	space string
	i     int
	err   *fault
}

func walk(n *node) *seq { return &seq{n: n, space: n.space} }

func (s *seq) peek() *node {
	if s.err != nil || s.i >= len(s.n.kids) {
		return nil
	}
	return s.n.kids[s.i]
}

// opt takes the next child if it has that name.
func (s *seq) opt(name string, attrs ...string) *node {
	k := s.peek()
	if k == nil || k.name != name || k.space != s.space {
		return nil
	}
	s.i++
	for a := range k.attrs {
		ok := false
		for _, want := range attrs {
			ok = ok || a == want
		}
		if !ok && s.err == nil {
			s.err = syntax("element %s: attribute %s is not expected", name, a)
		}
	}
	return k
}

// one takes the next child, which must have that name.
func (s *seq) one(name string, attrs ...string) *node {
	if k := s.opt(name, attrs...); k != nil {
		return k
	}
	if s.err == nil {
		if k := s.peek(); k != nil {
			s.err = syntax("element %s: %s expected in %s, not %s", s.n.name, name, s.space, k.name)
		} else {
			s.err = syntax("element %s: %s is missing", s.n.name, name)
		}
	}
	return &node{name: name, space: s.space}
}

// some takes the next children of that name, from at least to at most.
func (s *seq) some(name string, least, most int, attrs ...string) []*node {
	var out []*node
	for {
		k := s.opt(name, attrs...)
		if k == nil {
			break
		}
		out = append(out, k)
	}
	if s.err == nil && (len(out) < least || most > 0 && len(out) > most) {
		s.err = syntax("element %s: %d of %s, %d to %d are expected", s.n.name, len(out), name, least, most)
	}
	return out
}

// end says that nothing else may follow.
func (s *seq) end() {
	if k := s.peek(); k != nil {
		s.err = syntax("element %s: %s is not expected here", s.n.name, k.name)
	}
}

// empty checks that an element has neither children nor text.
func (s *seq) empty(n *node) {
	if s.err == nil && (len(n.kids) > 0 || strings.TrimSpace(n.text) != "") {
		s.err = syntax("element %s: it must be empty", n.name)
	}
}

// token returns the text of an element as an xs:token of a length.
func (s *seq) token(n *node, least, most int) string {
	t := strings.Join(strings.Fields(n.text), " ")
	if s.err == nil && len(n.kids) > 0 {
		s.err = syntax("element %s: text is expected, not elements", n.name)
	}
	if l := len([]rune(t)); s.err == nil && (l < least || most > 0 && l > most) {
		s.err = syntax("element %s: %q has %d characters, %d to %d are allowed", n.name, t, l, least, most)
	}
	return t
}

// line returns the text of an element as an xs:normalizedString of a length.
func (s *seq) line(n *node, least, most int) string {
	t := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(n.text)
	if l := len([]rune(t)); s.err == nil && (len(n.kids) > 0 || l < least || most > 0 && l > most) {
		s.err = syntax("element %s: %d characters, %d to %d are allowed", n.name, l, least, most)
	}
	return t
}

// attrs refuses attributes of the element that is walked, but for these.
func (s *seq) attrs(known ...string) {
	for a := range s.n.attrs {
		if !slices.Contains(known, a) && s.err == nil {
			s.err = syntax("element %s: attribute %s is not expected", s.n.name, a)
		}
	}
}

// boolean checks an attribute against xs:boolean, where it is there.
func (s *seq) boolean(n *node, attr string) { s.enum(n, attr, "0", "0", "1", "true", "false") }

// validator checks the id of a validator, where it is there.
func (s *seq) validator(n *node) {
	if v, ok := n.attrs["validatorID"]; ok && strings.TrimSpace(v) == "" && s.err == nil {
		s.err = syntax("element %s: the validatorID is empty", n.name)
	}
}

// number reads an integer within bounds.
func (s *seq) number(n *node, least, most int) int {
	v, err := strconv.Atoi(strings.TrimPrefix(s.token(n, 0, 0), "+"))
	if (err != nil || v < least || v > most) && s.err == nil {
		s.err = syntax("element %s: %d to %d are allowed", n.name, least, most)
	}
	return v
}

// moment checks an xs:dateTime.
func (s *seq) moment(n *node) {
	t := s.token(n, 0, 0)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if _, err := time.Parse(layout, t); err == nil {
			return
		}
	}
	if s.err == nil {
		s.err = syntax("element %s: %q is no time", n.name, t)
	}
}

// enum checks an attribute against its values; other is what stands when it
// is absent, "" where it must not be.
func (s *seq) enum(n *node, attr, other string, values ...string) string {
	v, ok := n.attrs[attr]
	if !ok {
		if other == "" && s.err == nil {
			s.err = syntax("element %s: attribute %s is missing", n.name, attr)
		}
		return other
	}
	for _, w := range values {
		if v == w {
			return v
		}
	}
	if s.err == nil {
		s.err = syntax("element %s: attribute %s cannot be %q", n.name, attr, v)
	}
	return v
}

// within walks into an element and keeps its error.
func (s *seq) within(n *node, f func(*seq)) {
	if n == nil || s.err != nil {
		return
	}
	in := walk(n)
	f(in)
	in.end()
	if in.err != nil {
		s.err = in.err
	}
}
