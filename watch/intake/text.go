package intake

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decode returns the text of a file. Spreadsheets write UTF-16 (Excel's
// "Unicode text") and Windows-1252 without saying so.
func decode(data []byte) (text, encoding string, err error) {
	order, wide := unicode.LittleEndian, false
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		wide = true
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order, wide = unicode.BigEndian, true
	case len(data) >= 4 && data[1] == 0 && data[3] == 0:
		wide = true
	case len(data) >= 4 && data[0] == 0 && data[2] == 0:
		order, wide = unicode.BigEndian, true
	}
	switch {
	case wide:
		out, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return "", "", errors.New("it begins as UTF-16 and does not go on so")
		}
		return string(out), "UTF-16", nil
	case bytes.IndexByte(data, 0) >= 0:
		return "", "", errors.New("this is no text; a spreadsheet has to be saved as CSV first")
	case utf8.Valid(data):
		return string(bytes.TrimPrefix(data, []byte("\ufeff"))), "UTF-8", nil
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(data)
	return string(out), "Windows-1252", err
}

// record is one row: its cells, the line that it begins on, its text, and why
// it is none.
type record struct {
	line  int
	cells []string
	raw   string
	why   string
}

// maxCell bounds a cell: a quotation mark that is never closed would make one
// of the rest of the file.
const maxCell = 64 << 10

// scanner takes rows of separated values apart (RFC 4180). A row whose
// quotation marks make no sense is reported alone, and the next line is read
// as if nothing had been: one stray mark must not swallow the rows behind it.
type scanner struct {
	text  string
	comma byte
	line  int // of what comes next
}

func (s *scanner) next() (record, bool) {
	for s.text != "" {
		r := record{line: s.line + 1}
		end, lines := s.read(&r)
		if r.why != "" {
			end, lines = len(s.text), 1
			if i := strings.IndexByte(s.text, '\n'); i >= 0 {
				end = i + 1
			}
		}
		r.raw = s.text[:end]
		s.text, s.line = s.text[end:], s.line+lines
		if strings.Trim(r.raw, " \t\r\n") == "" {
			continue
		}
		return r, true
	}
	return record{}, false
}

// read takes one row from the beginning of the text: where it ends, and over
// how many lines it goes.
func (s *scanner) read(r *record) (end, lines int) {
	t := s.text
	i, lines := 0, 1
	for {
		for i < len(t) && t[i] == ' ' {
			i++
		}
		if i < len(t) && t[i] == '"' {
			var b strings.Builder
			i++
			for {
				k := strings.IndexByte(t[i:min(len(t), i+maxCell)], '"')
				if k < 0 {
					r.why = "a quotation mark is never closed"
					return 0, 0
				}
				b.WriteString(t[i : i+k])
				lines += strings.Count(t[i:i+k], "\n")
				if i += k + 1; i < len(t) && t[i] == '"' {
					b.WriteByte('"')
					i++
					continue
				}
				break
			}
			for i < len(t) && (t[i] == ' ' || t[i] == '\r') {
				i++
			}
			if i < len(t) && t[i] != s.comma && t[i] != '\n' {
				r.why = "text stands behind a closing quotation mark"
				return 0, 0
			}
			r.cells = append(r.cells, b.String())
		} else {
			from := i
			for i < len(t) && t[i] != s.comma && t[i] != '\n' {
				i++
			}
			r.cells = append(r.cells, t[from:i])
		}
		if i >= len(t) {
			return i, lines
		}
		i++
		if t[i-1] == '\n' {
			return i, lines
		}
	}
}

// delimiter is what separates the cells of a line, 0 where nothing does. What
// stands in quotation marks does not count.
func delimiter(line string) byte {
	count := map[byte]int{}
	quoted := false
	for i := range len(line) {
		if c := line[i]; c == '"' {
			quoted = !quoted
		} else if !quoted {
			count[c]++
		}
	}
	best, n := byte(0), 0
	for _, c := range []byte{',', ';', '\t', '|'} {
		if count[c] > n {
			best, n = c, count[c]
		}
	}
	return best
}

// plain is a cell as it was meant: without the marks with which spreadsheets
// and exports keep a text from being reckoned with (="x", 'x).
func plain(cell string) string {
	cell = strings.TrimSpace(cell)
	if s, ok := strings.CutPrefix(cell, `="`); ok {
		if s, ok := strings.CutSuffix(s, `"`); ok {
			cell = strings.TrimSpace(s)
		}
	}
	if len(cell) > 1 && cell[0] == '\'' && strings.IndexByte("=+-@\t\r", cell[1]) >= 0 {
		cell = cell[1:]
	}
	return cell
}

// Guard is a cell that no spreadsheet takes for a formula; Read takes the
// guard off again.
func Guard(cell string) string {
	if cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0 {
		return "'" + cell
	}
	return cell
}
