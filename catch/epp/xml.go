package epp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlReader reads XML into a tree as far as EPP goes (RFC 5730, section 5):
// elements, attributes, text with the five entities and character references,
// CDATA sections; comments and processing instructions are passed over. Document
// types are refused: EPP has none and they are how entities attack. Names are of
// ASCII, as all of EPP's are.
//
// The text of the tree shares the memory of the frame, so that an answer is read
// in a third of what encoding/xml needs; a test holds the two against each other.
type xmlReader struct {
	s     string
	at    int
	count int // elements and pieces of text so far
	root  *Node
	open  []*Node
	spare []Node // allocated together
}

var (
	errCut  = errors.New("it is cut off")
	errText = errors.New("it has characters that XML has not")
	errName = errors.New("an element or attribute has no name")
)

// read reads the whole frame. The prefixes of names stay where namespaces belong
// (see resolve).
func (x *xmlReader) read() error {
	for x.at < len(x.s) {
		rest := x.s[x.at:]
		var err error
		switch {
		case rest[0] != '<':
			end := strings.IndexByte(rest, '<')
			if end < 0 {
				end = len(rest)
			}
			x.at += end
			err = x.text(rest[:end])
		case strings.HasPrefix(rest, "</"):
			err = x.end()
		case strings.HasPrefix(rest, "<?"):
			err = x.instruction()
		case strings.HasPrefix(rest, "<!--"):
			err = x.comment()
		case strings.HasPrefix(rest, "<![CDATA["):
			err = x.cdata()
		case strings.HasPrefix(rest, "<!"):
			err = errors.New("it carries a document type, which EPP has not")
		default:
			err = x.start()
		}
		if err != nil {
			return err
		}
	}
	if x.root == nil || len(x.open) > 0 {
		return errCut
	}
	return nil
}

// start reads a start tag, or the tag of an empty element.
func (x *xmlReader) start() error {
	x.at++
	n, err := x.node()
	if err != nil {
		return err
	}
	if n.Space, n.Local, err = x.name(); err != nil {
		return err
	}
	for {
		x.blanks()
		switch {
		case x.take(">"):
			x.open = append(x.open, n)
			return nil
		case x.take("/>"):
			return nil
		}
		a, err := x.attr()
		if err != nil {
			return err
		}
		if n.Attrs = append(n.Attrs, a); len(n.Attrs) > maxAttrs {
			return errors.New("an element has more attributes than any real one")
		}
	}
}

// node hangs a new element into the tree.
func (x *xmlReader) node() (*Node, error) {
	if x.count++; x.count > maxNodes || len(x.open) >= maxDepth {
		return nil, errors.New("more elements than any real answer has")
	}
	if len(x.spare) == 0 { // as many as there may be, but no more than a server has to pay for
		x.spare = make([]Node, min(strings.Count(x.s[x.at:], "<")/2+1, 64))
	}
	n := &x.spare[0]
	x.spare = x.spare[1:]
	switch {
	case len(x.open) > 0:
		p := x.open[len(x.open)-1]
		p.Kids = append(p.Kids, n)
	case x.root == nil:
		x.root = n
	default:
		return nil, errors.New("two documents in one frame")
	}
	return n, nil
}

func (x *xmlReader) attr() (a Attr, err error) {
	if a.Space, a.Local, err = x.name(); err != nil {
		return a, err
	}
	x.blanks()
	if !x.take("=") {
		return a, errors.New("an attribute has no value")
	}
	x.blanks()
	if x.at >= len(x.s) {
		return a, errCut
	}
	quote := x.s[x.at]
	if quote != '"' && quote != '\'' {
		return a, errors.New("an attribute's value has no quotes")
	}
	x.at++
	end := strings.IndexByte(x.s[x.at:], quote)
	if end < 0 {
		return a, errCut
	}
	raw := x.s[x.at : x.at+end]
	x.at += end + 1
	if strings.IndexByte(raw, '<') >= 0 {
		return a, errText
	}
	a.Value, err = unescape(raw)
	return a, err
}

// end reads an end tag.
func (x *xmlReader) end() error {
	x.at += len("</")
	space, local, err := x.name()
	if err != nil {
		return err
	}
	if x.blanks(); !x.take(">") {
		return errCut
	}
	last := len(x.open) - 1
	if last < 0 || x.open[last].Space != space || x.open[last].Local != local {
		return errors.New("elements do not close in order")
	}
	x.open[last].Text = strings.TrimSpace(x.open[last].Text)
	x.open = x.open[:last]
	return nil
}

// text adds a piece of text to the element that it stands in.
func (x *xmlReader) text(raw string) error {
	if strings.Contains(raw, "]]>") {
		return errText
	}
	t, err := unescape(raw)
	if err != nil {
		return err
	}
	return x.add(t)
}

func (x *xmlReader) add(t string) error {
	// Pieces of text count as well: comments can cut it into very many.
	if x.count++; x.count > maxNodes {
		return errors.New("more pieces than any real answer has")
	}
	if n := len(x.open); n > 0 {
		x.open[n-1].Text += t
	}
	return nil
}

func (x *xmlReader) cdata() error {
	x.at += len("<![CDATA[")
	end := strings.Index(x.s[x.at:], "]]>")
	if end < 0 {
		return errCut
	}
	raw := x.s[x.at : x.at+end]
	x.at += end + len("]]>")
	if !plain(raw) {
		return errText
	}
	return x.add(newlines(raw))
}

func (x *xmlReader) comment() error {
	x.at += len("<!--")
	end := strings.Index(x.s[x.at:], "--")
	if end < 0 {
		return errCut
	}
	if x.at += end + len("--"); !x.take(">") {
		return errors.New("a comment has two hyphens inside")
	}
	return nil
}

// instruction passes over a processing instruction. The XML declaration must
// not name another version or character set than EPP's.
func (x *xmlReader) instruction() error {
	x.at += len("<?")
	space, target, err := x.name()
	if err != nil {
		return err
	}
	end := strings.Index(x.s[x.at:], "?>")
	if end < 0 {
		return errCut
	}
	content := x.s[x.at : x.at+end]
	x.at += end + len("?>")
	if space != "" || target != "xml" {
		return nil
	}
	if v := declared(content, "version"); v != "" && v != "1.0" {
		return fmt.Errorf("XML version %q is not 1.0", clean(v, 40))
	}
	switch set := declared(content, "encoding"); strings.ToLower(set) {
	case "", "utf-8", "us-ascii":
		return nil
	default:
		return fmt.Errorf("character set %q is not UTF-8", clean(set, 40))
	}
}

// declared is what the XML declaration says of a thing.
func declared(content, what string) string {
	_, v, ok := strings.Cut(content, what+"=")
	if !ok || v == "" || v[0] != '"' && v[0] != '\'' {
		return ""
	}
	v, _, _ = strings.Cut(v[1:], v[:1])
	return v
}

// name reads a name and parts it at its colon.
func (x *xmlReader) name() (space, local string, err error) {
	from, colon := x.at, -1
	for ; x.at < len(x.s); x.at++ {
		c := x.s[x.at]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		switch {
		case letter, x.at > from && (c >= '0' && c <= '9' || c == '-' || c == '.'):
			continue
		case c == ':' && colon < 0 && x.at > from:
			colon = x.at
			continue
		}
		break
	}
	s := x.s[from:x.at]
	switch {
	case s == "" || colon == x.at-1:
		return "", "", errName
	case colon >= 0:
		return x.s[from:colon], x.s[colon+1 : x.at], nil
	}
	return "", s, nil
}

func (x *xmlReader) blanks() {
	for x.at < len(x.s) && space(x.s[x.at]) {
		x.at++
	}
}

// take passes over s where it comes next.
func (x *xmlReader) take(s string) bool {
	if !strings.HasPrefix(x.s[x.at:], s) {
		return false
	}
	x.at += len(s)
	return true
}

// plain reports whether a text has only characters that XML has (section 2.2 of
// XML 1.0).
func plain(s string) bool {
	ascii := true
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' && !space(c):
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return ascii || utf8.ValidString(s) && !strings.ContainsAny(s, "\ufffe\uffff")
}

// newlines makes every line end a line feed (section 2.11 of XML 1.0).
func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

var entities = map[string]string{"lt": "<", "gt": ">", "amp": "&", "apos": "'", "quot": `"`}

// unescape reads text, or an attribute's value.
func unescape(raw string) (string, error) {
	if !plain(raw) {
		return "", errText
	}
	raw = newlines(raw)
	if strings.IndexByte(raw, '&') < 0 {
		return raw, nil
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(raw, "&")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, ended := strings.Cut(rest, ";")
		t, known := entities[name]
		if digits, is := strings.CutPrefix(name, "#"); is {
			t, known = character(digits)
		}
		if !ended || !known {
			return "", errors.New("an entity is not one of XML's own")
		}
		b.WriteString(t)
		raw = after
	}
}

// character is what a character reference stands for.
func character(digits string) (string, bool) {
	base := 10
	if hex, is := strings.CutPrefix(digits, "x"); is {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21) // ParseUint takes no sign; base 10 and 16 no underscores
	if err != nil || !utf8.ValidRune(rune(n)) {
		return "", false
	}
	s := string(rune(n))
	return s, plain(s)
}
