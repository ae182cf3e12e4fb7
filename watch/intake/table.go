package intake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/whoisx"
)

// table reads rows with headings, rows without, or plain names.
func (p *Plan) table(text string, o Options) error {
	for _, f := range o.Map {
		if !slices.Contains(Fields, f) {
			return fmt.Errorf("a column cannot become %q; it can be %s", clip(string(f), 40), words(Fields))
		}
	}
	line := 0
	first, rest, _ := strings.Cut(text, "\n")
	comma := delimiter(first)
	if sep, ok := strings.CutPrefix(strings.TrimSpace(first), "sep="); ok && len(sep) == 1 { // Excel's own first line
		text, line, comma = rest, 1, sep[0]
	}
	if !strings.Contains(text, "\n") && strings.Contains(text, "\r") { // an old Macintosh's ends of lines
		text = strings.ReplaceAll(text, "\r", "\n")
		first, _, _ = strings.Cut(text, "\n")
		comma = delimiter(first)
	}
	s := &scanner{text: text, comma: comma, line: line}
	var head []string
	if r, ok := s.next(); ok && r.why == "" {
		for _, c := range r.cells {
			head = append(head, plain(c))
		}
	}
	if comma == 0 && (len(head) != 1 || headings[heading(head[0])] != Name) && len(o.Map) == 0 {
		p.words(text, o)
		return nil
	}
	if !p.columns(head, o.Map) {
		if !holdsName(head, o) {
			return p.noNames()
		}
		if err := p.guess(text, comma, line, o); err != nil {
			return err
		}
		s = &scanner{text: text, comma: comma, line: line}
	}
	if err := p.mapped(o.Map); err != nil {
		return err
	}
	p.Comma = string(rune(comma))
	if comma == 0 {
		p.Comma = ""
	}
	m := merger{plan: p, o: o}
	for {
		r, ok := s.next()
		if !ok {
			return nil
		}
		if r.why != "" {
			p.refuse(r.line, r.raw, r.why, "")
			continue
		}
		p.row(&m, r)
	}
}

// Tabular reports whether a text that was pasted is a table with a column of
// names, to be read by its headings.
func Tabular(text string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(text, "\ufeff \r\n"), "\n")
	comma := delimiter(first)
	if comma == 0 || len(first) > maxCell {
		return false
	}
	r, ok := (&scanner{text: first, comma: comma}).next()
	if !ok || r.why != "" {
		return false
	}
	for _, c := range r.cells {
		if headings[heading(plain(c))] == Name {
			return true
		}
	}
	return false
}

// columns says what each heading means; false where none means a name.
func (p *Plan) columns(head []string, by map[string]Field) bool {
	source, kind := recognise(head)
	p.Source = source
	if p.Kind == "" {
		p.Kind = kind
	}
	p.Columns = p.Columns[:0]
	taken := map[Field]bool{}
	for i, h := range head {
		f, ok := chosen(by, h, i)
		if !ok {
			f = headings[heading(h)]
		}
		switch f {
		case "":
			f = Skip
		case Name, TLD, Kind, Purpose, Priority, Cap, BidCap:
			if !ok && (taken[f] || wished(by, f)) { // the first one counts
				f = Skip
			}
		}
		taken[f] = true
		p.Columns = append(p.Columns, Column{Heading: whoisx.CleanLine(clip(h, 60)), Field: f})
	}
	if taken[Name] || !taken[TLD] {
		return taken[Name]
	}
	return false
}

func chosen(by map[string]Field, h string, i int) (Field, bool) {
	for want, f := range by {
		if strings.EqualFold(strings.TrimSpace(want), strings.TrimSpace(h)) || want == strconv.Itoa(i+1) || (heading(want) != "" && heading(want) == heading(h)) {
			return f, true
		}
	}
	return "", false
}

func wished(by map[string]Field, f Field) bool {
	for _, g := range by {
		if g == f {
			return true
		}
	}
	return false
}

// mapped refuses a mapping that speaks of a column that is not there.
func (p *Plan) mapped(by map[string]Field) error {
	for want, f := range by {
		found := false
		for i, c := range p.Columns {
			if _, ok := chosen(map[string]Field{want: f}, c.Heading, i); ok {
				found = true
			}
		}
		if !found {
			return fmt.Errorf("no column %q; there are %s", whoisx.CleanLine(clip(want, 60)), p.headings())
		}
	}
	return nil
}

func words(fs []Field) string {
	var out []string
	for _, f := range fs {
		out = append(out, string(f))
	}
	return strings.Join(out, ", ")
}

func (p *Plan) headings() string {
	var hs []string
	for i, c := range p.Columns {
		if i == 20 {
			hs = append(hs, fmt.Sprintf("%d more", len(p.Columns)-i))
			break
		}
		hs = append(hs, fmt.Sprintf("%q", c.Heading))
	}
	return strings.Join(hs, ", ")
}

func (p *Plan) noNames() error {
	return fmt.Errorf("no column of names among %s", p.headings())
}

func holdsName(cells []string, o Options) bool {
	for _, c := range cells {
		if strings.Contains(c, ".") {
			if _, err := o.Parse(watch.NewWatch{Input: c}); err == nil {
				return true
			}
		}
	}
	return false
}

// guess finds the column of names where there are no headings: the one with
// the most names among the first rows.
func (p *Plan) guess(text string, comma byte, line int, o Options) error {
	s := &scanner{text: text, comma: comma, line: line}
	var count []int
	for range 20 {
		r, ok := s.next()
		if !ok {
			break
		}
		for i, c := range r.cells {
			for len(count) <= i {
				count = append(count, 0)
			}
			if holdsName([]string{plain(c)}, o) {
				count[i]++
			}
		}
	}
	best := 0
	for i := range count {
		if count[i] > count[best] {
			best = i
		}
	}
	p.Columns = p.Columns[:0]
	for i := range count {
		f := Skip
		if i == best && !wished(o.Map, Name) {
			f = Name
		}
		if g, ok := chosen(o.Map, "", i); ok {
			f = g
		}
		p.Columns = append(p.Columns, Column{Heading: strconv.Itoa(i + 1), Field: f})
	}
	return nil
}

// row takes one row.
func (p *Plan) row(m *merger, r record) {
	bad := func(format string, args ...any) { p.refuse(r.line, r.raw, fmt.Sprintf(format, args...), "") }
	e := Entry{Line: r.line}
	var tld string
	var notes []string
	for i, c := range r.cells {
		c = plain(c)
		if c == "" {
			continue
		}
		if i >= len(p.Columns) {
			bad("it has %d cells, and there are %d columns: a text with %q in it needs quotation marks", len(r.cells), len(p.Columns), p.Comma)
			return
		}
		col := &p.Columns[i]
		if col.Sample == "" {
			col.Sample = whoisx.CleanLine(clip(c, 40))
		}
		var err error
		switch col.Field {
		case Name:
			e.Input = c
		case TLD:
			tld = strings.ToLower(strings.Trim(c, ". "))
		case Kind:
			switch k := watch.Kind(strings.ToLower(c)); k {
			case watch.Want, watch.Mine, watch.Launch:
				e.Kind = k
			default:
				err = fmt.Errorf("no kind %q: want, mine or launch", whoisx.CleanLine(clip(c, 40)))
			}
		case Tags:
			e.Tags = append(e.Tags, tags(c, folder(col.Heading))...)
		case Note:
			notes = append(notes, c)
		case Purpose:
			e.Purpose = c
		case Priority:
			if e.Priority, err = strconv.Atoi(c); err != nil {
				err = fmt.Errorf("priority %q is no number", whoisx.CleanLine(clip(c, 40)))
			}
		case Cap, BidCap:
			to := &e.Cap
			if col.Field == BidCap {
				to = &e.BidCap
			}
			if c == "-" || c == "--" {
				continue
			}
			if *to, err = catch.ParseMoney(c); err != nil {
				err = fmt.Errorf("%s: %w", col.Field, err)
			}
		case Expires, Drops:
			notes = append(notes, p.said(string(col.Field), date(c)))
		case Renew:
			notes = append(notes, p.said(string(col.Field), onOff(c)))
		case Remark:
			notes = append(notes, col.Heading+": "+c)
		}
		if err != nil {
			bad("%v", err)
			return
		}
	}
	if e.Input == "" {
		bad("no name in it")
		return
	}
	if tld != "" && !strings.HasSuffix(strings.ToLower(e.Input), "."+tld) && !strings.Contains(e.Input, ".") {
		e.Input += "." + tld
	}
	e.Note = strings.Join(notes, "\n")
	m.take(e, r.raw)
}

// said is a fact as a list says it, with who says it.
func (p *Plan) said(what, value string) string {
	s := what + " " + value
	if p.Source != "" && p.Source != "lapse" {
		s += " (" + p.Source + ")"
	}
	return s
}

// folder says whether a column holds one folder a name, not words.
func folder(head string) bool {
	switch heading(head) {
	case "folder", "portfolio", "category", "group":
		return true
	}
	return false
}

// longestTag is what watch takes.
const longestTag = 40

// tags are the words of a cell: what separates them is not written alike
// anywhere. A folder's name is one tag, and what a tag cannot hold becomes a
// hyphen.
func tags(c string, whole bool) []string {
	sep := " "
	if whole {
		sep = "\n"
	}
	for _, s := range []string{",", ";", "|"} {
		if strings.Contains(c, s) {
			sep = s
			break
		}
	}
	var out []string
	for _, t := range strings.Split(c, sep) {
		t = strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.+/", r) {
				return unicode.ToLower(r)
			}
			return '-'
		}, strings.Join(strings.Fields(t), "-"))
		for strings.Contains(t, "--") {
			t = strings.ReplaceAll(t, "--", "-")
		}
		if t = strings.Trim(t, "-"); t != "" && t != "none" && t != "n/a" {
			out = append(out, string([]rune(t)[:min(len([]rune(t)), longestTag)]))
		}
	}
	return out
}

// dates are those that can be read in one way only.
var dates = []string{
	time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02", "2006/01/02", "2006.01.02",
	"Jan 2, 2006", "Jan 2 2006", "January 2, 2006", "2 Jan 2006", "02-Jan-2006", "2-Jan-2006", "2 January 2006", "Mon, 02 Jan 2006 15:04:05 MST",
	"2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006/01/02 15:04", "2006/01/02 15:04:05", "2006/01/02 15:04 MST",
}

// date writes a date as a day; one that can be read in two ways stays as it is.
func date(c string) string {
	for _, f := range dates {
		if t, err := time.Parse(f, c); err == nil {
			return t.UTC().Format(time.DateOnly)
		}
	}
	return c
}

func onOff(c string) string {
	switch strings.ToLower(c) {
	case "on", "yes", "y", "true", "1", "enabled", "auto", "auto renew", "auto-renew", "automatic":
		return "on"
	case "off", "no", "n", "false", "0", "disabled", "manual", "none", "do not renew", "no renew":
		return "OFF"
	}
	return c
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// words takes names that stand one or several a line; a "#" begins a comment.
func (p *Plan) words(text string, o Options) {
	m := merger{plan: p, o: o}
	p.Source = "plain names"
	line := 0
	for text != "" {
		l, rest, _ := strings.Cut(text, "\n")
		text = rest
		line++
		l, _, _ = strings.Cut(l, "#")
		for _, w := range strings.FieldsFunc(l, func(r rune) bool { return strings.ContainsRune(" \t,;\r\u00a0\ufeff", r) }) {
			m.take(Entry{watch.NewWatch{Input: w}, line}, w)
		}
	}
}
