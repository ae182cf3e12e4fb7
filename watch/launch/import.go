package launch

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
)

// Limits of an import: a table of launches is small, and comes from a web page.
const (
	maxImport = 4 << 20
	maxRows   = 20_000
)

// Mapping says which column of a table holds what, and what holds for all
// rows. A field without a column is looked for by its own name.
type Mapping struct {
	// Columns: field ("tld", "registry", "phase", "kind", "from", "to", "fee",
	// "currency") → the table's own heading, any case.
	Columns map[string]string

	TLD      string // for all rows, where the table has no column
	Kind     Kind   // for all rows, where neither column nor phase tells
	Currency string
	Year     int            // for dates without one; 0: the year that fits most weekdays
	Clock    string         // for dates without an hour, "16:00"; empty: refused
	Zone     *time.Location // of Clock and of times without a zone; nil: UTC
	Comma    rune           // of CSV; 0: comma
	Source   string
	Now      time.Time // what is the past
}

// Finding is something about an import that a person should read.
type Finding struct {
	Row  int    `json:"row"` // from 1, headings aside; 0: the whole table
	TLD  string `json:"tld,omitempty"`
	Text string `json:"text"`
}

// ImportCSV reads a table of launches with a heading row.
func ImportCSV(r io.Reader, m Mapping) ([]Launch, []Finding, error) {
	c := csv.NewReader(io.LimitReader(r, maxImport))
	c.FieldsPerRecord = -1
	c.TrimLeadingSpace = true
	if m.Comma != 0 {
		c.Comma = m.Comma
	}
	head, err := c.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("import launches: read the headings: %w", err)
	}
	var rows []map[string]string
	for {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("import launches: %w", err)
		}
		row := map[string]string{}
		for i, h := range head {
			if i < len(rec) {
				row[heading(h)] = whoisx.CleanLine(rec[i])
			}
		}
		if rows = append(rows, row); len(rows) > maxRows {
			return nil, nil, fmt.Errorf("import launches: more than %d rows", maxRows)
		}
	}
	return m.launches(rows)
}

// ImportJSON reads an array of objects, one a phase.
func ImportJSON(r io.Reader, m Mapping) ([]Launch, []Finding, error) {
	d := json.NewDecoder(io.LimitReader(r, maxImport))
	d.UseNumber()
	var raw []map[string]any
	if err := d.Decode(&raw); err != nil {
		return nil, nil, fmt.Errorf("import launches: it must be an array of objects, one a phase: %w", err)
	}
	if len(raw) > maxRows {
		return nil, nil, fmt.Errorf("import launches: more than %d rows", maxRows)
	}
	rows := make([]map[string]string, len(raw))
	for i, o := range raw {
		rows[i] = map[string]string{}
		for k, v := range o {
			switch v := v.(type) {
			case string:
				rows[i][heading(k)] = whoisx.CleanLine(v)
			case json.Number:
				rows[i][heading(k)] = v.String()
			}
		}
	}
	return m.launches(rows)
}

func heading(s string) string { return strings.ToLower(whoisx.CleanLine(s)) }

func (m Mapping) get(row map[string]string, field string) string {
	if c, ok := m.Columns[field]; ok {
		return row[heading(c)]
	}
	return row[field]
}

// said is a date as a table writes it.
type said struct {
	text    string
	t       time.Time // year 0 where none is written
	year    bool
	hour    bool
	weekday time.Weekday
	hasDay  bool
}

func (m Mapping) launches(rows []map[string]string) ([]Launch, []Finding, error) {
	if m.Zone == nil {
		m.Zone = time.UTC
	}
	var finds []Finding
	by := map[string]*Launch{}
	var order []string
	dates := make([]map[string]said, len(rows))
	for i, row := range rows {
		dates[i] = map[string]said{}
		for _, f := range []string{"from", "to"} {
			text := m.get(row, f)
			if text == "" {
				continue
			}
			d, err := readDate(text, m.Zone)
			if err != nil {
				return nil, nil, fmt.Errorf("import launches: row %d: %s: %w", i+1, f, err)
			}
			dates[i][f] = d
		}
	}
	year, err := m.year(dates)
	if err != nil {
		return nil, nil, err
	}
	finds = append(finds, weekdays(dates, year, rows, m)...)
	for i, row := range rows {
		tld := strings.ToLower(strings.Trim(m.get(row, "tld"), ". "))
		if tld == "" {
			tld = strings.ToLower(strings.Trim(m.TLD, ". "))
		}
		if tld == "" || strings.ContainsAny(tld, " ./\\") {
			return nil, nil, fmt.Errorf("import launches: row %d: %q is no TLD; name its column, or one for all rows", i+1, m.get(row, "tld"))
		}
		p, err := m.phase(row, dates[i], year)
		if err != nil {
			return nil, nil, fmt.Errorf("import launches: row %d: %w", i+1, err)
		}
		l := by[tld]
		if l == nil {
			l = &Launch{TLD: tld, Confidence: "seen", Checked: m.Now.UTC().Format(time.DateOnly), Origin: "imported"}
			if m.Source != "" {
				l.Sources = []string{m.Source}
			}
			by[tld] = l
			order = append(order, tld)
		}
		if r := m.get(row, "registry"); r != "" {
			l.Registry = r
		}
		if p.Name == "" {
			n := 1
			for _, q := range l.Phases {
				if q.Kind == p.Kind {
					n++
				}
			}
			p.Name = string(p.Kind) + " " + strconv.Itoa(n)
		}
		l.Phases = append(l.Phases, p)
	}
	var out []Launch
	for _, tld := range order {
		l := by[tld]
		l.sort()
		if err := l.Check(); err != nil {
			return nil, finds, fmt.Errorf("import launches: %w", err)
		}
		if !m.Now.IsZero() && l.OpenedAt(m.Now) {
			finds = append(finds, Finding{TLD: tld, Text: fmt.Sprintf(".%s is already open, since %s", tld, stamp(l.GA().From))})
		}
		out = append(out, *l)
	}
	return out, finds, nil
}

func (m Mapping) phase(row map[string]string, dates map[string]said, year int) (Phase, error) {
	p := Phase{Name: m.get(row, "phase"), Kind: Kind(strings.ToLower(m.get(row, "kind")))}
	if p.Kind == "" {
		if p.Kind = kindOf(p.Name); p.Kind == "" {
			p.Kind = m.Kind
		}
	}
	if !slices.Contains(kinds, p.Kind) {
		return p, fmt.Errorf("phase %q: which kind it is cannot be told; write one of %s", p.Name, kindWords())
	}
	for _, f := range []struct {
		name string
		to   *whoisx.Date
	}{{"from", &p.From}, {"to", &p.To}} {
		d, ok := dates[f.name]
		if !ok {
			continue
		}
		t, err := m.moment(d, year)
		if err != nil {
			return p, fmt.Errorf("%s: %w", f.name, err)
		}
		*f.to = whoisx.At(t)
	}
	if fee := m.get(row, "fee"); fee != "" {
		cur := m.get(row, "currency")
		if cur == "" {
			cur = m.Currency
		}
		mm, err := readFee(fee, cur)
		if err != nil {
			return p, fmt.Errorf("fee: %w", err)
		}
		p.Fee = mm
	}
	return p, nil
}

// readFee reads "12,569.99", "$119", "100 USD".
func readFee(s, currency string) (catch.Money, error) {
	t := strings.TrimSpace(strings.ReplaceAll(s, ",", ""))
	for sign, cur := range map[string]string{"$": "USD", "€": "EUR", "£": "GBP"} {
		if strings.Contains(t, sign) {
			t = strings.TrimSpace(strings.ReplaceAll(t, sign, ""))
			if currency == "" {
				currency = cur
			}
		}
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r == ',' }); i >= 0 && len(s)-i-1 <= 2 {
		return catch.Money{}, fmt.Errorf("read amount %q: whether the comma is a decimal one cannot be told; write a point", s)
	}
	if strings.ContainsFunc(t, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }) {
		return catch.ParseMoney(t)
	}
	if currency == "" {
		return catch.Money{}, fmt.Errorf("read amount %q: it has no currency", s)
	}
	return catch.MoneyOf(t, currency)
}

func kindOf(phase string) Kind {
	p := strings.ToLower(phase)
	for _, w := range []struct {
		word string
		kind Kind
	}{
		{"landrush", Landrush},
		{"early access", EarlyAccess},
		{"eap", EarlyAccess},
		{"start-date sunrise", SunriseStart},
		{"end-date sunrise", SunriseEnd},
		{"claims", Claims},
		{"qualified", QLP},
		{"qlp", QLP},
		{"limited", LRP},
		{"lrp", LRP},
		{"general availability", GA},
	} {
		if strings.Contains(p, w.word) {
			return w.kind
		}
	}
	if p == "ga" {
		return GA
	}
	return ""
}

func kindWords() string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return strings.Join(out, ", ")
}

// readDate reads a date as tables write it, the weekday apart.
func readDate(text string, zone *time.Location) (said, error) {
	d := said{text: text}
	s := strings.TrimSpace(text)
	for w := time.Sunday; w <= time.Saturday; w++ {
		for _, name := range []string{w.String(), w.String()[:3]} {
			if len(s) > len(name) && strings.EqualFold(s[:len(name)], name) && strings.ContainsRune(", .", rune(s[len(name)])) {
				d.weekday, d.hasDay = w, true
				s = strings.TrimLeft(s[len(name):], ",. ")
				break
			}
		}
		if d.hasDay {
			break
		}
	}
	for _, f := range []struct {
		layout     string
		year, hour bool
	}{
		{time.RFC3339, true, true},
		{"2006-01-02 15:04:05Z07:00", true, true},
		{"2006-01-02 15:04 UTC", true, true},
		{"2006-01-02 15:04", true, true},
		{"2006-01-02", true, false},
		{"January 2, 2006 15:04 UTC", true, true},
		{"January 2, 2006", true, false},
		{"2 January 2006", true, false},
		{"Jan 2, 2006", true, false},
		{"2 Jan 2006", true, false},
		{"January 2 15:04 UTC", false, true},
		{"January 2", false, false},
		{"2 January", false, false},
		{"Jan 2", false, false},
		{"2 Jan", false, false},
	} {
		if t, err := time.ParseInLocation(f.layout, s, zone); err == nil {
			d.t, d.year, d.hour = t, f.year, f.hour
			return d, nil
		}
	}
	return d, fmt.Errorf("%q is no date that can be read without guessing; write it like 2026-10-01 16:00", text)
}

// year finds the year of dates that have none: the one asked for, else the
// one near now that fits most of the weekdays.
func (m Mapping) year(dates []map[string]said) (int, error) {
	if m.Year != 0 {
		return m.Year, nil
	}
	need, best, fits := false, 0, 0
	for y := m.Now.Year() - 1; y <= m.Now.Year()+3; y++ {
		n := 0
		for _, ds := range dates {
			for _, d := range ds {
				if d.year {
					continue
				}
				need = true
				if d.hasDay && onYear(d, y).Weekday() == d.weekday {
					n++
				}
			}
		}
		if n > fits {
			best, fits = y, n
		}
	}
	if need && (best == 0 || m.Now.IsZero()) {
		return 0, errors.New("import launches: the dates have no year; say which one")
	}
	return best, nil
}

func onYear(d said, y int) time.Time {
	if d.year {
		return d.t
	}
	return time.Date(y, d.t.Month(), d.t.Day(), d.t.Hour(), d.t.Minute(), d.t.Second(), 0, d.t.Location())
}

func (m Mapping) moment(d said, year int) (time.Time, error) {
	t := onYear(d, year)
	if d.hour {
		return t.UTC(), nil
	}
	if m.Clock == "" {
		return time.Time{}, fmt.Errorf("%q has no hour; say at which one phases turn", d.text)
	}
	c, err := time.Parse("15:04", m.Clock)
	if err != nil {
		return time.Time{}, fmt.Errorf("the hour %q is no time like 16:00", m.Clock)
	}
	y, mo, dd := t.Date()
	return time.Date(y, mo, dd, c.Hour(), c.Minute(), 0, 0, m.Zone).UTC(), nil
}

// weekdays reports dates whose weekday is not theirs, and names one of the
// same table that fits, because the two contradict each other.
func weekdays(dates []map[string]said, year int, rows []map[string]string, m Mapping) []Finding {
	var out []Finding
	var good said
	goodRow := 0
	for i, ds := range dates {
		for _, f := range []string{"from", "to"} {
			if d, ok := ds[f]; ok && d.hasDay && goodRow == 0 && onYear(d, year).Weekday() == d.weekday {
				good, goodRow = d, i+1
			}
		}
	}
	for i, ds := range dates {
		for _, f := range []string{"from", "to"} {
			d, ok := ds[f]
			if !ok || !d.hasDay {
				continue
			}
			t := onYear(d, year)
			if t.Weekday() == d.weekday {
				continue
			}
			text := fmt.Sprintf("%q: in %d that is a %s", d.text, t.Year(), t.Weekday())
			if goodRow > 0 {
				text = fmt.Sprintf("%q contradicts %q (row %d): in %d, %s %d is a %s", d.text, good.text, goodRow, t.Year(), t.Month(), t.Day(), t.Weekday())
			}
			out = append(out, Finding{Row: i + 1, TLD: m.get(rows[i], "tld"), Text: text})
		}
	}
	return out
}
