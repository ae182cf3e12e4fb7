package epp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// byTheBook reads a frame with encoding/xml, which parse is held against.
func byTheBook(frame []byte) (*Node, error) {
	d := xml.NewDecoder(bytes.NewReader(frame))
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(label, "us-ascii") {
			return in, nil
		}
		return nil, errors.New("no UTF-8")
	}
	root := &Node{}
	open := []*Node{root}
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			n := &Node{Space: t.Name.Space, Local: t.Name.Local}
			for _, a := range t.Attr {
				n.Attrs = append(n.Attrs, Attr{a.Name.Space, a.Name.Local, a.Value})
			}
			top.Kids = append(top.Kids, n)
			open = append(open, n)
		case xml.EndElement:
			if top == root || top.Local != t.Name.Local || top.Space != t.Name.Space {
				return nil, errors.New("out of order")
			}
			top.Text = strings.TrimSpace(top.Text)
			open = open[:len(open)-1]
		case xml.CharData:
			top.Text += string(t)
		case xml.Directive:
			return nil, errors.New("document type")
		}
	}
	if len(open) > 1 || len(root.Kids) != 1 {
		return nil, errors.New("not one document")
	}
	resolve(root.Kids[0], nil)
	return root.Kids[0], nil
}

// odd are frames that look alike and are not.
var odd = []string{
	``, ` `, `<a`, `<a/`, `<a/>`, `<a />`, `<a/ >`, `< a/>`, `<a></a>`, `<a></a >`, `<a></ a>`, `<a></b>`, `<a><b></a></b>`, `<a/><b/>`, `x<a/>y`,
	`<a b="c"/>`, `<a b='c"d'/>`, `<a b = "c" />`, `<a b="c"d="e"/>`, `<a b/>`, `<a b=c/>`, `<a b="<"/>`, `<a b=">"/>`, `<a b="&lt;&#65;&#x41;"/>`, `<a b="x`,
	`<a>&lt;&gt;&amp;&apos;&quot;</a>`, `<a>&nbsp;</a>`, `<a>&lt</a>`, `<a>& </a>`, `<a>&#0;</a>`, `<a>&#x1b;</a>`, `<a>&#xD800;</a>`, `<a>&#x110000;</a>`, `<a>&#X41;</a>`, `<a>&#1_0;</a>`, `<a>&#+65;</a>`,
	`<a>]]></a>`, `<a>]]&gt;</a>`, `<a><![CDATA[<b>&amp;]]]]></a>`, `<a><![CDATA[x</a>`, `<a><![cdata[x]]></a>`, `<a>1<!-- <b> -->2</a>`, `<a><!-- -- --></a>`, `<a><!--></a>`, `<a><!----></a>`,
	`<?xml version="1.0" encoding="utf-8"?><a/>`, `<?xml version="1.1"?><a/>`, `<?xml encoding="ISO-8859-1"?><a/>`, `<?xml encoding='US-ASCII'?><a/>`, `<?x y?><a/>`, `<??><a/>`, `<?x<a/>`,
	`<!DOCTYPE a><a/>`, `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, `<p:a xmlns:p="u"><p:b q:c="d"/><b/></p:a>`, `<a xmlns="u"><b xmlns=""/></a>`, `<a xmlns:p="u" xmlns:q="v"><p:b xmlns:p="w"/><q:c/><p:d/></a>`, `<a:b:c/>`, `<:a/>`, `<a:/>`, `<xml:a xml:lang="x"/>`,
	"\ufeff<a/>", "<a>\r\n\r\t</a>", "<a b=\"\r\n\"/>", "<a>\x00</a>", "<a>\x1b</a>", "<a>\x7f</a>", "<a>\xff</a>", "<a>\ufffe</a>", "<a>ü…\u202e</a>", "<ü/>", "<a ü=\"\"/>", "<1/>", "<a-.1/>", "<-a/>",
}

// agree holds parse against encoding/xml: what both take they read alike; and
// each takes what the other does, but for names that EPP has not.
func agree(t *testing.T, frame []byte) {
	t.Helper()
	want, werr := byTheBook(frame)
	got, err := parse(frame)
	strange := regexp.MustCompile(`[^\x00-\x7f]|[<\s/?]:|:[\s=>/:?]|<\?|&#(x0*[dD]|0*5[567])`).Match(frame)
	switch {
	case err == nil && werr == nil:
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", frame, diff)
		}
	case err == nil && !strange:
		t.Errorf("%q is taken, though %v", frame, werr)
	case werr == nil && !strange && !strings.Contains(err.Error(), "any real"):
		t.Errorf("%q is not taken: %v", frame, err)
	}
}

func TestXMLIsReadByTheBook(t *testing.T) {
	for _, f := range odd {
		agree(t, []byte(f))
	}
	for _, f := range frames() {
		b, err := Encode(f.c, f.svc, "lapse-0001")
		if err != nil {
			t.Fatal(err)
		}
		agree(t, b)
	}
}

func TestXMLIsRefused(t *testing.T) {
	for frame, want := range map[string]string{
		``: "cut off", `<a>`: "cut off", `<a/><a/>`: "two documents", `<!DOCTYPE a><a/>`: "document type", `<a></b>`: "in order",
		`<?xml encoding="UTF-16"?><a/>`: "character set", `<?xml version="2.0"?><a/>`: "version", "<a>\x1b[31m</a>": "characters", `<a>&nbsp;</a>`: "entity",
		strings.Repeat("<a>", maxDepth+1): "more elements", "<a>" + strings.Repeat("<b/>", maxNodes): "more elements",
		"<a" + strings.Repeat(` b=""`, maxAttrs+1) + "/>": "more attributes", "<a>" + strings.Repeat("x<!---->", maxNodes): "more pieces",
	} {
		if _, err := parse([]byte(frame)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", frame, err, want)
		}
	}
}

func FuzzXML(f *testing.F) {
	for _, s := range odd {
		f.Add([]byte(s))
	}
	f.Add(wrap("1000", `<msgQ count="1" id="a&amp;b"><msg lang='en'><![CDATA[x]]></msg></msgQ>`))
	f.Fuzz(func(t *testing.T, frame []byte) { agree(t, frame) })
}

// BenchmarkParseResponse reads the answer to a check.
func BenchmarkParseResponse(b *testing.B) {
	frame := wrap("1000", `<resData><domain:chkData xmlns:domain="`+NSDomain+`"><domain:cd><domain:name avail="0">example.com</domain:name><domain:reason>In use</domain:reason></domain:cd></domain:chkData></resData>`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseResponse(frame); err != nil {
			b.Fatal(err)
		}
	}
}
