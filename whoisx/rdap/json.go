package rdap

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"
)

// The reader of JSON below makes one pass over the bytes and leaves a flat
// table of values with their offsets. encoding/json cannot say where a value
// stood, which evidence needs, and it fails a whole answer for one field of an
// unexpected type, which real servers send; here every field is looked at for
// what it is.

type kind uint8

const (
	kNull kind = iota
	kBool
	kNumber
	kString
	kArray
	kObject
)

// node is one value. The children of arrays and objects follow it in the
// table; next is the index after the last of them. An object's children
// alternate between key and value.
type node struct {
	kind       kind
	escaped    bool // a string with escapes
	start, end int32
	next       int32
}

// maxDepth bounds nesting; RDAP answers nest about ten deep.
const maxDepth = 64

var errTooDeep = errors.New("nested too deep")

// doc is a JSON text and its table.
type doc struct {
	raw   []byte
	nodes []node
	pos   int
}

var docs = sync.Pool{New: func() any { return &doc{nodes: make([]node, 0, 512)} }}

// maxKept is the largest table that goes back to the pool.
const maxKept = 1 << 14

func (d *doc) free() {
	if cap(d.nodes) > maxKept {
		return
	}
	d.raw, d.nodes, d.pos = nil, d.nodes[:0], 0
	docs.Put(d)
}

// parse reads a whole JSON text (RFC 8259); a byte order mark before it is
// skipped, anything but white space after it is an error.
func parse(raw []byte) (*doc, error) {
	d := docs.Get().(*doc)
	d.raw, d.nodes, d.pos = raw, d.nodes[:0], 0
	if len(raw) >= 3 && raw[0] == 0xEF && raw[1] == 0xBB && raw[2] == 0xBF {
		d.pos = 3
	}
	d.space()
	err := d.value(0)
	if err == nil {
		d.space()
		if d.pos != len(raw) {
			err = d.fail("text after the value")
		}
	}
	if err != nil {
		d.free()
		return nil, err
	}
	return d, nil
}

func (d *doc) fail(what string) error {
	if d.pos >= len(d.raw) {
		return fmt.Errorf("the JSON text ends too early (%s)", what)
	}
	return fmt.Errorf("not JSON at byte %d (%s)", d.pos, what)
}

func (d *doc) space() {
	for d.pos < len(d.raw) {
		switch d.raw[d.pos] {
		case ' ', '\n', '\r', '\t':
			d.pos++
		default:
			return
		}
	}
}

func (d *doc) value(depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	if d.pos >= len(d.raw) {
		return d.fail("a value is missing")
	}
	switch c := d.raw[d.pos]; {
	case c == '"':
		return d.str()
	case c == '{':
		return d.object(depth)
	case c == '[':
		return d.array(depth)
	case c == 't':
		return d.word("true", kBool)
	case c == 'f':
		return d.word("false", kBool)
	case c == 'n':
		return d.word("null", kNull)
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	}
	return d.fail("a value is missing")
}

func (d *doc) open(k kind) int {
	d.nodes = append(d.nodes, node{kind: k, start: int32(d.pos)})
	d.pos++
	d.space()
	return len(d.nodes) - 1
}

func (d *doc) shut(i int) error {
	d.pos++
	d.nodes[i].end, d.nodes[i].next = int32(d.pos), int32(len(d.nodes))
	return nil
}

func (d *doc) object(depth int) error {
	i := d.open(kObject)
	if d.pos < len(d.raw) && d.raw[d.pos] == '}' {
		return d.shut(i)
	}
	for {
		if d.pos >= len(d.raw) || d.raw[d.pos] != '"' {
			return d.fail("a member's name is missing")
		}
		if err := d.str(); err != nil {
			return err
		}
		d.space()
		if d.pos >= len(d.raw) || d.raw[d.pos] != ':' {
			return d.fail("a colon is missing")
		}
		d.pos++
		d.space()
		if err := d.value(depth + 1); err != nil {
			return err
		}
		d.space()
		if d.pos >= len(d.raw) {
			return d.fail("an object is not closed")
		}
		switch d.raw[d.pos] {
		case '}':
			return d.shut(i)
		case ',':
			d.pos++
			d.space()
		default:
			return d.fail("a comma or } is missing")
		}
	}
}

func (d *doc) array(depth int) error {
	i := d.open(kArray)
	if d.pos < len(d.raw) && d.raw[d.pos] == ']' {
		return d.shut(i)
	}
	for {
		if err := d.value(depth + 1); err != nil {
			return err
		}
		d.space()
		if d.pos >= len(d.raw) {
			return d.fail("an array is not closed")
		}
		switch d.raw[d.pos] {
		case ']':
			return d.shut(i)
		case ',':
			d.pos++
			d.space()
		default:
			return d.fail("a comma or ] is missing")
		}
	}
}

// str reads a string; the node spans what is between the quotes. Control
// characters are let through, as some servers send raw line breaks; what is
// shown is cleaned.
func (d *doc) str() error {
	i := d.pos + 1
	escaped := false
	for i < len(d.raw) {
		switch d.raw[i] {
		case '"':
			d.nodes = append(d.nodes, node{kString, escaped, int32(d.pos + 1), int32(i), int32(len(d.nodes) + 1)})
			d.pos = i + 1
			return nil
		case '\\':
			escaped = true
			i += 2
		default:
			i++
		}
	}
	d.pos = len(d.raw)
	return d.fail("a string is not closed")
}

func (d *doc) word(w string, k kind) error {
	if len(d.raw)-d.pos < len(w) || string(d.raw[d.pos:d.pos+len(w)]) != w {
		return d.fail("a value is missing")
	}
	d.nodes = append(d.nodes, node{k, false, int32(d.pos), int32(d.pos + len(w)), int32(len(d.nodes) + 1)})
	d.pos += len(w)
	return nil
}

func (d *doc) number() error {
	i := d.pos
	for i < len(d.raw) {
		switch c := d.raw[i]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			i++
			continue
		}
		break
	}
	d.nodes = append(d.nodes, node{kNumber, false, int32(d.pos), int32(i), int32(len(d.nodes) + 1)})
	d.pos = i
	return nil
}

// Reading the table. An index of -1 is "no such value" and reads as nothing,
// so that lookups chain.

func (d *doc) kind(i int) kind {
	if i < 0 {
		return kNull
	}
	return d.nodes[i].kind
}

// bytes is the value's text as it stands, without quotes and with its escapes.
func (d *doc) bytes(i int) []byte {
	if i < 0 {
		return nil
	}
	return d.raw[d.nodes[i].start:d.nodes[i].end]
}

// text is a string's or number's value; everything else reads as "".
func (d *doc) text(i int) string {
	if i < 0 {
		return ""
	}
	n := d.nodes[i]
	switch n.kind {
	case kNumber:
		return string(d.raw[n.start:n.end])
	case kString:
		if !n.escaped {
			return string(d.raw[n.start:n.end])
		}
		var s string
		quoted := d.raw[n.start-1 : n.end+1]
		if json.Unmarshal(quoted, &s) == nil {
			return s
		}
		return string(d.raw[n.start:n.end]) // a broken escape: its letters are better than nothing
	}
	return ""
}

// first is the value itself, or the first element where it is an array.
func (d *doc) first(i int) int {
	if d.kind(i) == kArray {
		if d.nodes[i].next == int32(i+1) {
			return -1
		}
		return i + 1
	}
	return i
}

// each calls f for every element of an array; a value that is no array counts
// as an array of one, null as empty.
func (d *doc) each(i int, f func(i int)) {
	switch d.kind(i) {
	case kNull:
	case kArray:
		for c, end := i+1, int(d.nodes[i].next); c < end; c = int(d.nodes[c].next) {
			f(c)
		}
	default:
		f(i)
	}
}

// flat is each for the elements of arrays within arrays, too, which a few
// servers send where a list is meant.
func (d *doc) flat(i int, f func(i int)) {
	d.each(i, func(c int) {
		if d.kind(c) == kArray {
			d.flat(c, f)
			return
		}
		f(c)
	})
}

// get finds an object's member by its name, or -1. Names are compared without
// case: `secureDns` and `LDHName` occur.
func (d *doc) get(i int, name string) int {
	if d.kind(i) != kObject {
		return -1
	}
	for c, end := i+1, int(d.nodes[i].next); c < end; {
		v := int(d.nodes[c].next)
		if fold(d.raw[d.nodes[c].start:d.nodes[c].end], name) {
			return v
		}
		c = int(d.nodes[v].next)
	}
	return -1
}

// fold compares ASCII without case.
func fold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		x, y := b[i], s[i]
		if x == y {
			continue
		}
		if x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z' {
			return false
		}
	}
	return true
}

// clip cuts text to n bytes at a rune's start.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// spelled reports whether b is one of the words, whatever stands between its
// letters: "Registrar_Expiration" is spelled "registrarexpiration".
func spelled(b []byte, words ...string) bool {
	for _, w := range words {
		if spells(b, w) {
			return true
		}
	}
	return false
}

func spells(b []byte, word string) bool {
	n := 0
	for _, c := range b {
		if c |= 0x20; c < 'a' || c > 'z' {
			continue
		}
		if n == len(word) || c != word[n] {
			return false
		}
		n++
	}
	return n == len(word)
}
