package launch

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// PhaseColumns are the columns of one phase in a table of one row a TLD. A
// column that is not named is not there.
type PhaseColumns struct {
	Name          string
	Kind          Kind
	From, To, Fee string

	dates string // a column with both dates
	kind  string // a column that says of which kind a sunrise is
}

// aliases are the fields that a column can hold, with the words that tables use
// for them.
var aliases = map[string][]string{
	"tld":      {"tld", "extension", "string", "zone", "gtld", "new gtld", "a-label", "top-level domain", "domain extension"},
	"registry": {"registry", "registry operator", "registryoperator", "operator"},
	"phase":    {"phase", "period", "stage", "launch phase", "phase name", "period name", "label", "name"},
	"kind":     {"kind", "type", "phase type", "period type"},
	"from":     {"from", "start", "starts", "start date", "startdate", "start time", "starts at", "open", "opens", "open date", "opendate", "opens at", "opening", "begin", "begins", "begin date"},
	"to":       {"to", "end", "ends", "end date", "enddate", "end time", "ends at", "close", "closes", "close date", "closedate", "closes at", "closing", "until", "deadline"},
	"dates":    {"dates", "date", "date range", "when", "window", "duration", "runs"},
	"fee":      {"fee", "price", "cost", "amount", "retail price"},
	"currency": {"currency", "cur"},
}

// ImportFields are the fields that a column can hold.
func ImportFields() []string { return slices.Sorted(maps.Keys(aliases)) }

var noteRE = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\s*\(([^()]*)\)\s*$`) })

// plain is a heading without its separators, and what it adds in brackets: the
// zone of its times, or the currency of its amounts.
func plain(heading string) (words, note string) {
	if m := noteRE().FindStringSubmatchIndex(heading); m != nil {
		heading, note = heading[:m[0]], heading[m[2]:m[3]]
	}
	return strings.TrimSpace(strings.ReplaceAll(heading, "_", " ")), note
}

// layout says where a table keeps what.
type layout struct {
	headings map[string]bool
	column   map[string][]string // by field: those that may hold it, of which a row's first one counts
	phases   []PhaseColumns      // of a table of one row a TLD
}

// layout finds out how a table is laid out: as it was told, else by its headings.
func (m Mapping) layout(lines []line) (layout, error) {
	y := layout{headings: map[string]bool{}, column: map[string][]string{}, phases: m.Phases}
	for _, l := range lines {
		for k := range l.cells {
			y.headings[k] = true
		}
	}
	headings := slices.Sorted(maps.Keys(y.headings))
	for field, words := range aliases {
		if c, ok := m.Columns[field]; ok {
			if !y.headings[heading(c)] {
				return y, y.missing(c, field)
			}
			y.column[field] = []string{heading(c)}
			continue
		}
		for _, w := range words {
			if i := slices.IndexFunc(headings, func(h string) bool { h, _ = plain(h); return h == w }); i >= 0 {
				y.column[field] = append(y.column[field], headings[i])
			}
		}
	}
	for _, p := range y.phases {
		for _, c := range []string{p.From, p.To, p.Fee} {
			if c != "" && !y.headings[heading(c)] {
				return y, y.missing(c, p.Name)
			}
		}
	}
	if len(y.phases) == 0 && y.column["from"] == nil && y.column["to"] == nil && y.column["dates"] == nil {
		if y.phases = wide(headings); len(y.phases) == 0 {
			return y, fmt.Errorf("no column is known to hold dates; say which: from=COLUMN, to=COLUMN; the table has %s", y.names())
		}
	}
	return y, nil
}

func (y layout) missing(column, what string) error {
	return fmt.Errorf("there is no column %q for %s; the table has %s", heading(column), what, y.names())
}

func (y layout) names() string {
	names := slices.Sorted(maps.Keys(y.headings))
	return strings.Join(names[:min(len(names), 20)], ", ")
}

// byField turns columns into fields, one line a phase.
func (m Mapping) byField(lines []line) ([]line, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	y, err := m.layout(lines)
	if err != nil {
		return nil, err
	}
	var out []line
	for _, l := range lines {
		row := l.fields(y.column)
		if y.column["tld"] == nil && m.TLD == "" {
			row["tld"] = l.key(isTLDKey)
		}
		if y.column["phase"] == nil {
			row["phase"] = l.key(isPhaseKey)
		}
		if len(y.phases) == 0 {
			out = append(out, line{n: l.n, cells: split(row)})
		}
		for _, p := range y.phases {
			one := maps.Clone(row)
			maps.Copy(one, l.fields(map[string][]string{"from": {heading(p.From)}, "to": {heading(p.To)}, "fee": {heading(p.Fee)}, "dates": {p.dates}}))
			if one["phase"], one["kind"] = p.Name, string(p.Kind); p.kind != "" {
				one["kind"] = p.Name + " " + known(l.cells[p.kind])
			}
			if one["from"]+one["to"]+one["dates"]+one["fee"] != "" {
				out = append(out, line{n: l.n, cells: split(one)})
			}
		}
	}
	return out, nil
}

// key is the innermost that fits of the names under which a row of nested JSON
// stands, "" where none does: it can tell the TLD, or the phase, where no field
// does.
func (l line) key(fits func(string) bool) string {
	for _, k := range slices.Backward(l.keys) {
		if fits(k) {
			return k
		}
	}
	return ""
}

func isPhaseKey(k string) bool {
	kind, sunrise := kindOf(k)
	return kind != "" || sunrise
}

// isTLDKey reports whether a name may be a TLD, and is not one of the words
// under which programs put lists.
func isTLDKey(k string) bool {
	switch strings.ToLower(k) {
	case "data", "tlds", "tld", "gtlds", "zones", "extensions", "launches", "launch", "phases", "phase", "periods", "startup", "schedule", "dates", "items", "results", "rows", "events", "timeline":
		return false
	}
	k = strings.Trim(k, ".")
	return k != "" && !strings.ContainsAny(k, " ./\\_") && !isPhaseKey(k)
}

// fields are the cells of a row by what they hold. What a heading adds in
// brackets holds for the cells that do not say it themselves.
func (l line) fields(column map[string][]string) map[string]string {
	row := map[string]string{}
	for field, cs := range column {
		c := cs[0]
		if i := slices.IndexFunc(cs, func(c string) bool { _, ok := l.cells[c]; return ok }); i >= 0 {
			c = cs[i]
		}
		text := known(l.cells[c])
		_, note := plain(c)
		switch {
		case field == "fee" && text != "" && note != "" && column["currency"] == nil:
			row["currency"] = strings.ToUpper(note)
			if i := slices.IndexFunc(signs, func(s sign) bool { return strings.EqualFold(s.sign, note) }); i >= 0 {
				row["currency"] = signs[i].currency
			} else if len(note) != 3 {
				delete(row, "currency")
			}
		case (field == "from" || field == "to") && note != "" && clockRE().MatchString(text):
			if loc, _ := zoneOf(note); loc != nil && !zoned(text) {
				text += " " + note
			}
		}
		row[field] = text
	}
	return row
}

// split parts a cell that holds both dates of a phase.
func split(row map[string]string) map[string]string {
	switch {
	case row["dates"] != "" && row["from"] == "" && row["to"] == "":
		row["from"], row["to"] = span(row["dates"])
	case row["from"] != "" && row["to"] == "":
		row["from"], row["to"] = span(row["from"])
	}
	return row
}

// known is a cell that says something.
func known(s string) string {
	switch strings.ToLower(s) {
	case "-", "–", "—", "?", "n/a", "na", "tba", "tbd", "tbc", "unknown", "none", "null":
		return ""
	}
	return s
}

// What the words of a heading say of a phase.
var roles = map[string]string{
	"start": "from", "starts": "from", "begin": "from", "begins": "from", "open": "from", "opens": "from", "opening": "from", "from": "from",
	"startdate": "from", "opendate": "from", "begindate": "from", "starttime": "from",
	"end": "to", "ends": "to", "close": "to", "closes": "to", "closing": "to", "until": "to", "to": "to", "deadline": "to",
	"enddate": "to", "closedate": "to", "endtime": "to",
	"fee": "fee", "price": "fee", "cost": "fee",
	"type": "kind", "kind": "kind",
	"date": "", "dates": "", "time": "", "period": "", "phase": "", "phases": "", "startup": "", "launch": "", "utc": "", "of": "", "the": "",
}

// wide finds the phases of a table of one row a TLD by its headings: "Sunrise
// Start", "Claims Period End Date", "startup.landrush.enddate", "GA price".
func wide(headings []string) []PhaseColumns {
	var out []PhaseColumns
	dated := map[string]bool{}
	for _, h := range headings {
		words, _ := plain(h)
		name, role := "", "dates"
		for _, w := range strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune(" .-/", r) }) {
			switch r, known := roles[w]; {
			case !known:
				name = strings.TrimSpace(name + " " + w)
			case r != "":
				role = r
			}
		}
		kind, sunrise := kindOf(name)
		if kind == "" && !sunrise {
			continue
		}
		if kind == GA { // there is one, whatever its columns call it
			name = "general availability"
		}
		i := slices.IndexFunc(out, func(p PhaseColumns) bool { return p.Name == name })
		if i < 0 {
			out, i = append(out, PhaseColumns{Name: name, Kind: kind}), len(out)
		}
		*map[string]*string{"from": &out[i].From, "to": &out[i].To, "fee": &out[i].Fee, "kind": &out[i].kind, "dates": &out[i].dates}[role] = h
		dated[name] = dated[name] || role == "from" || role == "to" || role == "dates"
	}
	return slices.DeleteFunc(out, func(p PhaseColumns) bool { return !dated[p.Name] })
}
