package launch

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// Mapping says which column of a table holds what, and what holds for all
// rows. A field without a column is looked for by its own name, and by the
// words that tables use for it.
type Mapping struct {
	// Columns: field ("tld", "registry", "phase", "kind", "from", "to", "dates",
	// "fee", "currency") → the table's own heading, any case.
	Columns map[string]string
	// Phases reads a table of one row a TLD: each entry is a phase of every row.
	// Without them the headings of such a table tell, as far as they can.
	Phases []PhaseColumns

	TLD      string // for all rows, where the table has no column
	Kind     Kind   // for all rows, where neither column nor phase tells
	Currency string
	Year     int            // for dates without one; 0: the year that fits most weekdays
	Order    string         // of dates like 05/10/2026: "dmy" or "mdy"; "": as the table tells
	Clock    string         // for dates without an hour, "16:00"; empty: they stay days
	Zone     *time.Location // of Clock and of times without a zone; nil: UTC
	Comma    rune           // of CSV; 0: as its headings tell
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
	lines, err := readCSV(r, m.Comma)
	if err != nil {
		return nil, nil, fmt.Errorf("import launches: %w", err)
	}
	return m.launches(lines)
}

// ImportJSON reads an array of objects, one a phase. Objects may be nested: an
// array inside of one makes a row of each of its elements, which know what the
// object around them says.
func ImportJSON(r io.Reader, m Mapping) ([]Launch, []Finding, error) {
	lines, err := readJSON(r)
	if err != nil {
		return nil, nil, fmt.Errorf("import launches: %w", err)
	}
	return m.launches(lines)
}

// sheet is a table as it is read: rows by field, and what holds for all.
type sheet struct {
	Mapping
	lines []line
	dates []map[string]said
	days  map[string][]said // dates without an hour, by TLD
	point byte              // the decimal sign of its amounts: '.', ',' or 0
	finds []Finding
}

func (m Mapping) launches(lines []line) ([]Launch, []Finding, error) {
	if m.Zone == nil {
		m.Zone = time.UTC
	}
	lines, err := m.byField(lines)
	if err != nil {
		return nil, nil, fmt.Errorf("import launches: %w", err)
	}
	t := &sheet{Mapping: m, lines: lines, days: map[string][]said{}, point: decimalSign(lines)}
	if err := t.readDates(); err != nil {
		return nil, nil, fmt.Errorf("import launches: %w", err)
	}
	out, err := t.read()
	if err != nil {
		return nil, t.finds, fmt.Errorf("import launches: %w", err)
	}
	return out, t.finds, nil
}

func (t *sheet) read() ([]Launch, error) {
	by := map[string]*Launch{}
	var order []string
	for i, row := range t.lines {
		tld := strings.ToLower(strings.Trim(row.cells["tld"], ". "))
		if tld == "" {
			tld = strings.ToLower(strings.Trim(t.TLD, ". "))
		}
		if tld == "" || strings.ContainsAny(tld, " ./\\") {
			return nil, fmt.Errorf("row %d: %q is no TLD; name its column, or one for all rows", row.n, row.cells["tld"])
		}
		p, err := t.phase(i, tld)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", row.n, err)
		}
		l := by[tld]
		if l == nil {
			l = &Launch{TLD: tld, Confidence: "seen", Checked: t.Now.UTC().Format(time.DateOnly), Origin: "imported"}
			if t.Source != "" {
				l.Sources = []string{t.Source}
			}
			by[tld] = l
			order = append(order, tld)
		}
		if r := row.cells["registry"]; r != "" {
			l.Registry = r
		}
		l.Phases = append(l.Phases, p)
	}
	var out []Launch
	for _, tld := range order {
		l := by[tld]
		if ds := t.days[tld]; len(ds) > 0 {
			text := fmt.Sprintf(".%s: %q has no hour: it stays a day; say at which hour phases turn if the source tells", tld, ds[0].text)
			if len(ds) > 1 {
				text = fmt.Sprintf(".%s: %d dates have no hour, such as %q: they stay days; say at which hour phases turn if the source tells", tld, len(ds), ds[0].text)
			}
			t.find(0, tld, text)
		}
		l.number()
		l.sort()
		if err := l.Check(); err != nil {
			return nil, err
		}
		if !t.Now.IsZero() && l.OpenedAt(t.Now) {
			t.find(0, tld, fmt.Sprintf(".%s is already open, since %s", tld, stamp(l.GA().From)))
		}
		out = append(out, *l)
	}
	return out, nil
}

func (t *sheet) find(row int, tld, text string) {
	t.finds = append(t.finds, Finding{Row: row, TLD: tld, Text: text})
}

// number gives phases without a name, and those that a table calls the same,
// a number each.
func (l *Launch) number() {
	same := map[string]int{}
	for i := range l.Phases {
		if l.Phases[i].Name == "" {
			l.Phases[i].Name = string(l.Phases[i].Kind)
		}
		same[strings.ToLower(l.Phases[i].Name)]++
	}
	at := map[string]int{}
	for i := range l.Phases {
		if k := strings.ToLower(l.Phases[i].Name); same[k] > 1 {
			at[k]++
			l.Phases[i].Name += " " + strconv.Itoa(at[k])
		}
	}
}

func (t *sheet) phase(i int, tld string) (Phase, error) {
	row := t.lines[i]
	p := Phase{Name: row.cells["phase"]}
	for _, f := range []struct {
		name string
		to   *whoisx.Date
	}{{"from", &p.From}, {"to", &p.To}} {
		d, ok := t.dates[i][f.name]
		if !ok {
			continue
		}
		var err error
		if *f.to, err = t.moment(d); err != nil {
			return p, fmt.Errorf("%s: %w", f.name, err)
		}
		if f.to.DayOnly {
			t.days[tld] = append(t.days[tld], d)
		}
	}
	sunrise := false
	if p.Kind, sunrise = kindOf(row.cells["kind"]); p.Kind == "" && !sunrise {
		p.Kind, sunrise = kindOf(p.Name + " " + row.cells["kind"]) // "sunrise", "end date"
	}
	if sunrise && t.Kind != SunriseStart && t.Kind != SunriseEnd {
		// ICANN wants 60 days of an end-date sunrise and 30 of the other.
		p.Kind = SunriseStart
		if !p.From.IsZero() && p.To.Sub(p.From.Time) >= 60*24*time.Hour {
			p.Kind = SunriseEnd
		}
		t.find(row.n, tld, fmt.Sprintf("%q is taken for %s, by its length; say so if it is not", p.Name, p.Kind))
	} else if p.Kind == "" {
		p.Kind = t.Kind
	}
	if !slices.Contains(kinds, p.Kind) {
		return p, fmt.Errorf("phase %q: which kind it is cannot be told; write one of %s", p.Name, kindWords())
	}
	var err error
	if fee := row.cells["fee"]; fee != "" {
		if p.Fee, err = readFee(fee, row.cells["currency"], t.Currency, t.point); err != nil {
			return p, fmt.Errorf("fee: %w", err)
		}
	}
	return p, nil
}

// kindOf tells a phase's kind from the words that tables use. A sunrise of
// which nobody says whether it is a start-date or an end-date one is told
// apart.
func kindOf(words string) (k Kind, sunrise bool) {
	p := strings.NewReplacer("-", " ", "_", " ", ".", " ").Replace(strings.ToLower(strings.TrimSpace(words)))
	if i := slices.Index(kinds, Kind(strings.ToLower(strings.TrimSpace(words)))); i >= 0 {
		return kinds[i], false
	}
	joined := strings.ReplaceAll(p, " ", "") // "generalAvailability" is one word
	has := func(ws ...string) bool {
		return slices.ContainsFunc(ws, func(w string) bool { return strings.Contains(joined, strings.ReplaceAll(w, " ", "")) })
	}
	word := func(w string) bool {
		return slices.ContainsFunc(strings.FieldsFunc(p, func(r rune) bool { return (r < 'a' || r > 'z') }), func(s string) bool { return s == w })
	}
	switch {
	case has("land rush"):
		return Landrush, false
	case has("early access") || word("eap"):
		return EarlyAccess, false
	case has("sunrise") && (word("start") || has("start date")):
		return SunriseStart, false
	case has("sunrise") && (word("end") || has("end date")):
		return SunriseEnd, false
	case has("sunrise"):
		return "", true
	case has("claims"):
		return Claims, false
	case has("qualified launch") || word("qlp"):
		return QLP, false
	case has("limited", "founder") || word("lrp"):
		return LRP, false
	case has("general availab", "go live", "open to all", "open registration", "public registration", "general registration", "first come") || word("ga") || p == "open":
		return GA, false
	}
	return "", false
}

func kindWords() string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return strings.Join(out, ", ")
}

// readDates reads every date of the table, and says which contradict each
// other.
func (t *sheet) readDates() error {
	order, err := t.order()
	if err != nil {
		return err
	}
	t.dates = make([]map[string]said, len(t.lines))
	for i, row := range t.lines {
		t.dates[i] = map[string]said{}
		for _, f := range []string{"from", "to"} {
			if text := row.cells[f]; text != "" {
				if t.dates[i][f], err = readDate(text, t.Zone, order); err != nil {
					return fmt.Errorf("row %d: %s: %w", row.n, f, err)
				}
			}
		}
	}
	if t.Year, err = t.year(); err != nil {
		return err
	}
	t.weekdays()
	return nil
}

// each calls with every date of the table, in its order.
func (t *sheet) each(with func(row line, d said)) {
	for i, ds := range t.dates {
		for _, f := range []string{"from", "to"} {
			if d, ok := ds[f]; ok {
				with(t.lines[i], d)
			}
		}
	}
}

// year finds the year of dates that have none: the one asked for, else the one
// near now that fits most of the weekdays; among equals the one that fits the
// first of them.
func (t *sheet) year() (int, error) {
	if t.Year != 0 {
		return t.Year, nil
	}
	need, best, fits := false, 0, 0
	for y := t.Now.Year() - 1; y <= t.Now.Year()+3; y++ {
		n, first := 0, true
		t.each(func(_ line, d said) {
			if d.year {
				return
			}
			need = true
			if d.hasDay {
				if d.onYear(y).Weekday() == d.weekday {
					if n += 2; first {
						n++
					}
				}
				first = false
			}
		})
		if n > fits {
			best, fits = y, n
		}
	}
	if need && (best == 0 || t.Now.IsZero()) {
		return 0, errors.New("the dates have no year; say which one")
	}
	return best, nil
}

func (t *sheet) moment(d said) (whoisx.Date, error) {
	at := d.onYear(t.Year)
	if at.Day() != d.t.Day() {
		return whoisx.Date{}, fmt.Errorf("%q: %d has no such day", d.text, t.Year)
	}
	if d.hour {
		if err := holds(d.abbr, at); err != nil {
			return whoisx.Date{}, fmt.Errorf("%q: %w", d.text, err)
		}
		return whoisx.At(at.UTC()), nil
	}
	if t.Clock == "" {
		return whoisx.Day(at.Date()), nil
	}
	c, err := time.Parse("15:04", t.Clock)
	if err != nil {
		return whoisx.Date{}, fmt.Errorf("the hour %q is no time like 16:00", t.Clock)
	}
	y, mo, dd := at.Date()
	return whoisx.At(time.Date(y, mo, dd, c.Hour(), c.Minute(), 0, 0, t.Zone).UTC()), nil
}

// weekdays reports dates whose weekday is not theirs, and names one of the
// same table that fits, because the two contradict each other.
func (t *sheet) weekdays() {
	var good said
	goodRow := 0
	t.each(func(row line, d said) {
		if d.hasDay && goodRow == 0 && d.onYear(t.Year).Weekday() == d.weekday {
			good, goodRow = d, row.n
		}
	})
	t.each(func(row line, d said) {
		if !d.hasDay {
			return
		}
		at := d.onYear(t.Year)
		if at.Weekday() == d.weekday {
			return
		}
		text := fmt.Sprintf("%q: in %d that is a %s", d.text, at.Year(), at.Weekday())
		if goodRow > 0 {
			text = fmt.Sprintf("%q contradicts %q (row %d): in %d, %s %d is a %s", d.text, good.text, goodRow, at.Year(), at.Month(), at.Day(), at.Weekday())
		}
		t.find(row.n, strings.ToLower(strings.Trim(row.cells["tld"], ". ")), text)
	})
}
