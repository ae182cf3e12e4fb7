package launch

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/whoisx"
)

// Limits of an import: a table of launches is small, and comes from a web page.
const (
	maxImport = 4 << 20
	maxRows   = 20_000
)

// line is a row of a table: its number, from 1, and its cells by column.
type line struct {
	n     int
	cells map[string]string
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
	c.FieldsPerRecord, c.TrimLeadingSpace, c.Comma = -1, true, comma
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
		row := line{len(rows) + 1, map[string]string{}}
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
	rows, err := rowsOf(nil, v, nil)
	if err == nil && len(rows) == 0 {
		err = errors.New("it has no array of objects, one a phase")
	}
	return rows, err
}

// rowsOf adds the rows of a value: an array's elements, or an object itself.
// What an object around says holds for those inside; where they have a field
// of the same name, the outer one is called "outer.FIELD". The name under which
// an object stands is its field "key".
func rowsOf(rows []line, v any, around map[string]string) ([]line, error) {
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
		cells := map[string]string{}
		for k, a := range around {
			cells[k] = a
		}
		put := func(k, text string) {
			if have, ok := cells[k]; ok && around[k] == have {
				cells["outer."+k] = have
			}
			cells[k] = text
		}
		var inner []string
		for k, e := range v {
			if nests(e) {
				inner = append(inner, k)
			} else {
				flat(put, heading(k), e)
			}
		}
		if len(inner) == 0 {
			if rows = append(rows, line{len(rows) + 1, cells}); len(rows) > maxRows {
				return nil, fmt.Errorf("more than %d rows", maxRows)
			}
			return rows, nil
		}
		slices.Sort(inner)
		for _, k := range inner {
			put("key", whoisx.CleanLine(k))
			var err error
			if rows, err = rowsOf(rows, v[k], cells); err != nil {
				return nil, err
			}
		}
		return rows, nil
	}
	return nil, errors.New("it must be an array of objects, one a phase")
}

// nests reports whether a value holds an array of objects: rows of their own.
func nests(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { _, ok := e.(map[string]any); return ok })
	case map[string]any:
		for _, e := range v {
			if nests(e) {
				return true
			}
		}
	}
	return false
}

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
