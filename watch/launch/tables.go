package launch

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/whoisx"
)

// Limits of an import: a table of launches is small, and comes from a web page.
const (
	maxImport = 4 << 20
	maxRows   = 20_000
)

// line is a row of a table: its number, from 1, and its cells by column. One of
// nested JSON has the names under which its objects stand, the outermost first.
type line struct {
	n     int
	cells map[string]string
	keys  []string
}

func heading(s string) string {
	return strings.ToLower(whoisx.CleanLine(strings.TrimPrefix(s, "\ufeff")))
}

// readCSV reads a table with a heading row. comma 0 is told from the headings.
func readCSV(r io.Reader, comma rune) ([]line, error) {
	in := bufio.NewReader(io.LimitReader(r, maxImport))
	if b, err := in.Peek(3); err == nil && string(b) == "\ufeff" {
		if _, err := in.Discard(3); err != nil {
			return nil, fmt.Errorf("read the headings: %w", err)
		}
	}
	if comma == 0 {
		comma = separator(in)
	}
	c := csv.NewReader(in)
	// A tab is a space to the reader: trimmed, it would swallow an empty cell.
	c.FieldsPerRecord, c.TrimLeadingSpace, c.Comma = -1, comma != '\t', comma
	head, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("read the headings: %w", err)
	}
	var rows []line
	for {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		row := line{n: len(rows) + 1, cells: map[string]string{}}
		for i, h := range head {
			v := ""
			if i < len(rec) {
				v = whoisx.CleanLine(rec[i])
			}
			row.cells[heading(h)] = v
		}
		if rows = append(rows, row); len(rows) > maxRows {
			return nil, fmt.Errorf("more than %d rows", maxRows)
		}
	}
}

// separator is the sign that parts the headings most often.
func separator(in *bufio.Reader) rune {
	b, err := in.Peek(4096)
	if len(b) == 0 && err != nil {
		return ','
	}
	head, _, _ := strings.Cut(string(b), "\n")
	best := ','
	for _, r := range ";\t|" {
		if strings.Count(head, string(r)) > strings.Count(head, string(best)) {
			best = r
		}
	}
	return best
}

// readJSON reads rows out of objects, however they are nested.
func readJSON(r io.Reader) ([]line, error) {
	d := json.NewDecoder(io.LimitReader(r, maxImport))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	rows, err := rowsOf(nil, v, line{})
	if err == nil && len(rows) == 0 {
		err = errors.New("it has no array of objects, one a phase")
	}
	return rows, err
}

// rowsOf adds the rows of a value: an array's elements, the objects that an
// object names, or an object itself. What an object around says holds for those
// inside; where they have a field of the same name, the outer one is called
// "outer.FIELD". The name under which an object stands is its field "key".
func rowsOf(rows []line, v any, around line) ([]line, error) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			var err error
			if rows, err = rowsOf(rows, e, around); err != nil {
				return nil, err
			}
		}
		return rows, nil
	case map[string]any:
		cells := maps.Clone(around.cells)
		if cells == nil {
			cells = map[string]string{}
		}
		put := func(k, text string) {
			if have, ok := cells[k]; ok && around.cells[k] == have {
				cells["outer."+k] = have
			}
			cells[k] = text
		}
		var inner []string
		for k, e := range v {
			if nests(e) || named(v) {
				inner = append(inner, k)
			} else {
				flat(put, heading(k), e)
			}
		}
		if len(inner) == 0 {
			if rows = append(rows, line{len(rows) + 1, cells, around.keys}); len(rows) > maxRows {
				return nil, fmt.Errorf("more than %d rows", maxRows)
			}
			return rows, nil
		}
		slices.Sort(inner)
		for _, k := range inner {
			name := whoisx.CleanLine(k)
			put("key", name)
			var err error
			if rows, err = rowsOf(rows, v[k], line{cells: cells, keys: append(slices.Clone(around.keys), name)}); err != nil {
				return nil, err
			}
		}
		return rows, nil
	}
	return nil, errors.New("it must be an array of objects, one a phase")
}

// nests reports whether a value holds rows of its own: an array of objects, or
// objects by name.
func nests(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, isObject)
	case map[string]any:
		for _, e := range v {
			if nests(e) {
				return true
			}
		}
		return named(v)
	}
	return false
}

// named reports whether an object holds nothing but objects: its keys are their
// names, such as TLDs or phases.
func named(v map[string]any) bool {
	for _, e := range v {
		if !isObject(e) {
			return false
		}
	}
	return len(v) > 0
}

func isObject(v any) bool { _, ok := v.(map[string]any); return ok }

// flat hands over a value as text; an object inside as FIELD.PART, and one of
// an amount and its currency as both.
func flat(put func(k, text string), k string, v any) {
	switch v := v.(type) {
	case string:
		put(k, whoisx.CleanLine(v))
	case json.Number:
		s := v.String()
		if i := strings.IndexByte(s, '.'); i >= 0 && len(s)-i == 4 {
			s += "0" // a JSON number has a decimal point, whatever follows
		}
		put(k, s)
	case nil:
		put(k, "")
	case map[string]any:
		amount, currency := "", ""
		for part, e := range v {
			flat(func(p, text string) {
				switch p {
				case "amount", "value":
					amount = text
				case "currency":
					currency = text
				}
				put(k+"."+p, text)
			}, heading(part), e)
		}
		if amount != "" && currency != "" {
			put(k, amount+" "+currency)
		}
	}
}
