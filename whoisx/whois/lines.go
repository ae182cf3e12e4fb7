package whois

import "strings"

// line is one line of an answer.
type line struct {
	n       int    // from 1
	text    string // without its comment sign and the white space around it
	comment string // the comment sign, "" if none
	indent  bool
	tail    bool // the continuation of a sentence in the line before
}

// split cuts the text into lines, in one pass.
func (r *reader) split(text string) {
	n := 0
	end := byte('\n')
	if strings.IndexByte(text, '\n') < 0 {
		end = '\r' // lines of an old kind
	}
	prose, loose := false, false // the line before goes on: surely, or if this one looks like it
	for len(text) > 0 && len(r.lines) < maxLines {
		n++
		var s string
		if i := strings.IndexByte(text, end); i >= 0 {
			s, text = text[:i], text[i+1:]
		} else {
			s, text = text, ""
		}
		t := strings.TrimSpace(s)
		if t == "" {
			r.lines = append(r.lines, line{n: n})
			prose, loose = false, false
			continue
		}
		l := line{n: n, indent: s[0] == ' ' || s[0] == '\t'}
		i := 0
		for i < len(t) && (t[i] == '%' || t[i] == '#' || t[i] == ';' || t[i] == '*' || t[i] == '>' || t[i] == '|') {
			i++
		}
		l.comment, l.text = t[:i], strings.TrimSpace(strings.TrimPrefix(t[i:], "- "))
		if i > 0 && strings.HasPrefix(l.text, "-") {
			l.text = strings.TrimSpace(strings.TrimLeft(l.text, "-"))
		}
		if l.text == "" {
			prose, loose = false, false
			r.lines = append(r.lines, l)
			continue
		}
		l.tail = prose || loose && l.text[0] >= 'a' && l.text[0] <= 'z' && strings.IndexByte(l.text, ':') < 0
		prose, loose = goesOn(l.text, 45, 5), goesOn(l.text, 20, 3)
		r.lines = append(r.lines, l)
	}
}

// skipRoot leaves out what IANA's server says about the TLD, where the
// registry's answer follows it: whois programs that follow referrals save both
// in one file. IANA's own names (.arpa, .int) are answered there and stay.
func (r *reader) skipRoot() {
	root, end := false, 0
	for i := range r.lines {
		l := &r.lines[i]
		switch {
		case l.comment != "" && strings.HasPrefix(l.text, "IANA WHOIS server"):
			root = true
		case !root || l.comment != "" || l.text == "":
		default:
			key, value, ok := cutKey(l.text)
			switch {
			case ok && key == "domain" && r.isName(value):
				return
			case ok && key == "source" && value == "IANA":
				end = i
			}
		}
		if end > 0 {
			break
		}
	}
	if end == 0 {
		return
	}
	for i := range r.lines[:end+1] {
		r.lines[i].text, r.lines[i].comment = "", ""
	}
}

// goesOn reports whether a sentence goes on in the next line: the line is long
// and ends without a full stop, as in legal text broken at a width.
func goesOn(t string, length, blanks int) bool {
	if len(t) < length {
		return false
	}
	switch t[len(t)-1] {
	case '.', '!', '?', ':', ';', '-', '=', '*', '<', '>', '"', ']', ')':
		return false
	}
	if i := strings.LastIndexByte(t, ' '); i > 0 && (strings.Contains(t[i:], "://") || strings.Contains(t[i:], "www.")) {
		return false
	}
	return strings.Count(t, " ") >= blanks && !strings.Contains(t, ": ")
}

// cutKey takes a line apart into a label and a value. Labels end in a colon,
// stand in brackets, or are led to their value by dots, tabs or runs of
// blanks.
func cutKey(t string) (key, value string, ok bool) {
	if len(t) > 2 && t[0] >= 'a' && t[0] <= 'z' && (t[1] == '.' || t[1] == ' ') { // "a. [Domain Name]"
		if u := strings.TrimLeft(t[1:], ". "); strings.HasPrefix(u, "[") {
			t = u
		}
	}
	if t[0] == '[' {
		if i := strings.IndexByte(t, ']'); i > 1 && i < maxKey {
			return t[1:i], strings.TrimSpace(t[i+1:]), true
		}
		return "", "", false
	}
	limit := min(len(t), maxKey)
	if i := strings.IndexByte(t[:limit], ':'); i > 0 {
		if j := strings.Index(t[:i], "...."); j > 0 { // "Created.... 2010-01-07 10:00:00"
			return t[:j], strings.TrimLeft(t[j:], ". :"), true
		}
		v := t[i+1:]
		if strings.HasPrefix(v, "//") || v != "" && v[0] >= '0' && v[0] <= '9' && t[i-1] >= '0' && t[i-1] <= '9' {
			return "", "", false // a link, a time
		}
		return t[:i], strings.TrimLeft(v, " \t."), true
	}
	if i := strings.Index(t[:limit], ". . "); i > 0 {
		return t[:i], strings.TrimLeft(t[i:], ". "), true
	}
	if i := strings.Index(t[:limit], "...."); i > 0 {
		return t[:i], strings.TrimLeft(t[i:], ". "), true
	}
	if i := strings.IndexByte(t[:limit], '\t'); i > 0 {
		return t[:i], strings.TrimSpace(t[i:]), true
	}
	if i := strings.Index(t[:limit], "   "); i > 0 {
		return t[:i], strings.TrimSpace(t[i:]), true
	}
	return "", "", false
}
