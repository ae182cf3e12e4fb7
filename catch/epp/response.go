package epp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Result is one result of an answer.
type Result struct {
	Code   Code
	Msg    string
	Lang   string // of Msg; "" is en
	Reason string // the first reason, or what the first value says
	// Values are what the client sent and the server points at, and Reasons what
	// it says of them (RFC 5730, section 2.6).
	Values  []*Node
	Reasons []string
}

// Message is the head of the server's message queue.
type Message struct {
	Count int
	ID    string
	Date  time.Time
	Text  string
}

// Response is an answer, taken apart as far as RFC 5730 goes. What objects and
// extensions put into it stays as nodes; the Read functions below know them.
type Response struct {
	Results   []Result
	Queue     *Message
	Data      []*Node // children of resData
	Extension []*Node // children of extension; RFC 9038 values are put here too
	// Unhandled are the namespaces whose data came by RFC 9038.
	Unhandled []string
	ClTRID    string
	SvTRID    string
	Raw       []byte
	Received  time.Time
}

// Code returns the first result's code.
func (r *Response) Code() Code {
	if len(r.Results) == 0 {
		return 0
	}
	return r.Results[0].Code
}

// Err returns a *ResultError where the server refused, else nil.
func (r *Response) Err(op string) error {
	c := r.Code()
	if c.OK() {
		return nil
	}
	e := &ResultError{Op: op, Code: c, SvTRID: r.SvTRID}
	if len(r.Results) > 0 {
		e.Words, e.Reason = r.Results[0].Msg, r.Results[0].Reason
	}
	return e
}

// ParseResponse reads an answer frame (without its length header).
func ParseResponse(frame []byte) (*Response, error) {
	root, err := parse(frame)
	if err != nil {
		return nil, err
	}
	if root.Local != "epp" || root.Space != NSEPP {
		return nil, errors.New("read answer: it is no EPP frame")
	}
	res := root.Child("response")
	if res == nil {
		return nil, errors.New("read answer: it holds no response")
	}
	r := &Response{Raw: frame}
	for _, n := range res.All("result") {
		code, err := strconv.Atoi(n.attr("code"))
		if err != nil || code < 1000 || code > 9999 {
			return nil, fmt.Errorf("read answer: %q is no result code", n.Attr("code"))
		}
		x := Result{Code: Code(code), Msg: clean(n.Child("msg").Str(), 300), Lang: n.Child("msg").Attr("lang")}
		for _, v := range n.All("value") {
			x.Values = append(x.Values, v.Kids...)
		}
		for _, ev := range n.All("extValue") {
			val := ev.Child("value")
			// RFC 9038: what the login did not list travels here.
			if reason := clean(ev.Child("reason").Str(), 300); reason != "" {
				x.Reasons = append(x.Reasons, reason)
			}
			if val != nil {
				x.Values = append(x.Values, val.Kids...)
			}
			if val != nil && len(val.Kids) > 0 && code < 2000 {
				k := val.Kids[0]
				r.Unhandled = append(r.Unhandled, clean(k.Space, 200))
				if strings.HasSuffix(k.Local, "Data") && isObject(k.Space) {
					r.Data = append(r.Data, val.Kids...)
				} else {
					r.Extension = append(r.Extension, val.Kids...)
				}
			}
		}
		if len(x.Reasons) > 0 {
			x.Reason = x.Reasons[0]
		}
		if x.Reason == "" {
			x.Reason = clean(flat(n.Child("value")), 300)
		}
		r.Results = append(r.Results, x)
	}
	if len(r.Results) == 0 {
		return nil, errors.New("read answer: it holds no result")
	}
	if q := res.Child("msgQ"); q != nil {
		m := &Message{ID: q.Attr("id"), Text: clean(flat(q.Child("msg")), 2000)}
		m.Count, _ = strconv.Atoi(q.attr("count"))
		m.Date, _ = xmlDate(q.Child("qDate").Str())
		r.Queue = m
	}
	if d := res.Child("resData"); d != nil {
		r.Data = append(r.Data, d.Kids...)
	}
	if x := res.Child("extension"); x != nil {
		r.Extension = append(r.Extension, x.Kids...)
	}
	id := res.Child("trID")
	r.ClTRID, r.SvTRID = clean(id.Child("clTRID").Str(), 64), clean(id.Child("svTRID").Str(), 64)
	return r, nil
}

func isObject(ns string) bool { return ns == NSDomain || ns == NSHost || ns == NSContact }

// flat joins all text below a node.
func flat(n *Node) string {
	if n == nil {
		return ""
	}
	s := n.Text
	for _, k := range n.Kids {
		if t := flat(k); t != "" {
			if s != "" {
				s += " "
			}
			s += t
		}
	}
	return s
}

// xmlDate reads an XML Schema dateTime, with and without a zone (UTC by RFC
// 5731, section 2.4), or a date.
func xmlDate(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// object returns the element of an object mapping in the answer's data.
func (r *Response) object(ns, local string) *Node {
	for _, n := range r.Data {
		if n.Local == local && n.Space == ns {
			return n
		}
	}
	return nil
}

func (r *Response) ext(ns, local string) *Node {
	for _, n := range r.Extension {
		if n.Local == local && n.Space == ns {
			return n
		}
	}
	return nil
}

// route reads what a frame is routed by: at a glance, and where comments or CDATA
// sections could mislead a glance, with the parser. Code 0 is a greeting, or
// nothing that could be understood.
func route(frame []byte) (code Code, clTRID, svTRID []byte, greeting bool) {
	if bytes.Contains(frame, []byte("<!")) {
		if r, err := ParseResponse(frame); err == nil {
			return r.Code(), []byte(r.ClTRID), []byte(r.SvTRID), false
		}
		if _, err := ParseGreeting(frame); err == nil {
			return 0, nil, nil, true
		}
	}
	code, clTRID, svTRID = quickScan(frame)
	return code, clTRID, svTRID, code == 0 && isGreeting(frame)
}

// quickScan reads from an answer only what routes it: the first result code and
// the transaction ids, which stand last (RFC 5730, section 2.6). It allocates
// nothing; the slices point into the frame. A frame that it cannot read gives
// code 0.
func quickScan(frame []byte) (code Code, clTRID, svTRID []byte) {
	rest := frame
	for {
		i := bytes.Index(rest, []byte("result"))
		if i < 0 {
			break
		}
		rest = rest[i+len("result"):]
		if len(rest) == 0 || !space(rest[0]) {
			continue
		}
		end := bytes.IndexByte(rest, '>')
		if end < 0 {
			break
		}
		if code = codeOf(rest[:end]); code != 0 {
			break
		}
	}
	return code, lastText(frame, []byte("clTRID")), lastText(frame, []byte("svTRID"))
}

// codeOf reads the code out of a result's attributes; 0: there is none.
func codeOf(attrs []byte) Code {
	for {
		i := bytes.Index(attrs, []byte("code"))
		if i < 1 {
			return 0
		}
		whole := space(attrs[i-1]) // not the end of another name
		attrs = attrs[i+len("code"):]
		if !whole {
			continue
		}
		n, digits := 0, 0
		for _, c := range attrs {
			if c >= '0' && c <= '9' {
				n = n*10 + int(c-'0')
				if digits++; digits > 4 {
					break
				}
			} else if digits > 0 {
				break
			}
		}
		if digits == 4 {
			return Code(n)
		}
	}
}

// lastText returns the text of the last element of a name.
func lastText(frame, name []byte) []byte {
	end := bytes.LastIndex(frame, name)
	if end < 0 {
		return nil
	}
	open := bytes.LastIndexByte(frame[:end], '<') // of </prefix:name>
	if open < 0 || open+1 >= len(frame) || frame[open+1] != '/' {
		return nil
	}
	start := bytes.LastIndexByte(frame[:open], '>')
	if start < 0 {
		return nil
	}
	return bytes.TrimSpace(frame[start+1 : open])
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// isGreeting reports whether a frame is a greeting, without parsing it.
func isGreeting(frame []byte) bool {
	g := bytes.Index(frame, []byte("greeting"))
	if g < 0 {
		return false
	}
	r := bytes.Index(frame, []byte("response"))
	return r < 0 || g < r
}
