package launch

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// said is a date as a table writes it.
type said struct {
	text    string
	t       time.Time // in a leap year where none is written
	year    bool
	hour    bool
	weekday time.Weekday
	hasDay  bool
	abbr    string // of a zone that holds in a part of the year: EDT
}

// onYear is the date in a year, if it has none of its own.
func (d said) onYear(y int) time.Time {
	if d.year {
		return d.t
	}
	return time.Date(y, d.t.Month(), d.t.Day(), d.t.Hour(), d.t.Minute(), d.t.Second(), 0, d.t.Location())
}

var (
	clockRE = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)\b(\d{1,2})(?::(\d{2}))(?::(\d{2}))?(?:\.\d+)?\s*([ap]\.?m\.?)?|\b(\d{1,2})\s*([ap]\.?m\.?)(?:\b|\s|$)`)
	})
	// Hours as French has them, and noon; midnight may be either end of a day.
	hoursRE   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b(\d{1,2})h(\d{2})?\b`) })
	noonRE    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b(?:12 )?noon\b`) })
	isoRE     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b(\d{4}-\d{2}-\d{2})T`) })
	ordinalRE = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b(\d{1,2})(st|nd|rd|th)\b`) })
	numericRE = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b(\d{1,2})([/-])(\d{1,2})[/-](\d{4})\b`) })
)

// weekdayOf is the weekday of that name, as long or short as it is written.
func weekdayOf(word string) (time.Weekday, bool) {
	l := strings.ToLower(word)
	for w := time.Sunday; w <= time.Saturday; w++ {
		if len(l) >= 3 && strings.HasPrefix(strings.ToLower(w.String()), l) {
			return w, true
		}
	}
	return 0, false
}

func monthOf(word string) time.Month {
	l := strings.ToLower(word)
	for m := time.January; m <= time.December; m++ {
		if name := strings.ToLower(m.String()); len(l) >= 3 && (strings.HasPrefix(name, l) || l == "sept" && m == time.September) {
			return m
		}
	}
	return 0
}

// readDate reads a date as tables write it. order is that of dates of three
// numbers, "dmy" or "mdy"; "" where nothing tells. What would have to be
// guessed is refused.
func readDate(text string, zone *time.Location, order string) (said, error) {
	d := said{text: text}
	bad := func(why string) (said, error) {
		return d, fmt.Errorf("%q is no date that can be read without guessing%s; write it like 2026-10-01 16:00", text, why)
	}
	s := ordinalRE().ReplaceAllString(strings.TrimSpace(text), "$1")
	s = noonRE().ReplaceAllString(s, "12:00")
	s = hoursRE().ReplaceAllStringFunc(s, func(m string) string {
		hour, minute, _ := strings.Cut(strings.ToLower(m), "h")
		return hour + ":" + (minute + "00")[:2]
	})
	s = isoRE().ReplaceAllString(s, "$1 ")
	h, m, sec := 0, 0, 0
	if c := clockRE().FindStringSubmatchIndex(s); c != nil {
		part := func(i int) string {
			if c[2*i] < 0 {
				return ""
			}
			return s[c[2*i]:c[2*i+1]]
		}
		h, _ = strconv.Atoi(part(1) + part(5))
		m, _ = strconv.Atoi(part(2))
		sec, _ = strconv.Atoi(part(3))
		half := strings.ToLower(part(4) + part(6))
		if half != "" && (h < 1 || h > 12) || h > 23 || m > 59 || sec > 59 {
			return bad("")
		}
		switch {
		case strings.HasPrefix(half, "p") && h < 12:
			h += 12
		case strings.HasPrefix(half, "a") && h == 12:
			h = 0
		}
		after, loc, abbr := cutZone(s[c[1]:])
		if part(3) == "" && !isoRE().MatchString(text) && laterHour(s[len(strings.TrimRight(s[:c[1]], " \t")):], h, m) {
			return bad(": its second hour may be the end of a span or an offset, as in UTC-05:00")
		}
		if loc != nil {
			zone, d.abbr = loc, abbr
		}
		s, d.hour = s[:c[0]]+" "+after, true
	}
	words := trimWords(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,\t()", r) }))
	words = slices.DeleteFunc(words, func(w string) bool {
		day, ok := weekdayOf(w)
		if ok = ok && !d.hasDay; ok {
			d.weekday, d.hasDay = day, true
		}
		return ok
	})
	if len(words) == 1 {
		for _, sep := range []string{"-", "/", "."} {
			if p := strings.Split(words[0], sep); len(p) == 3 || len(p) == 2 && monthOf(p[0])+monthOf(p[1]) != 0 {
				words = p
				if len(p) == 3 && monthOf(p[0])+monthOf(p[1]) == 0 {
					if words = numbers(p, sep, order); words == nil {
						return bad(": whether the day or the month comes first is not told")
					}
				}
				break
			}
		}
	}
	day, month, year, why := calendarOf(words)
	if why == unread {
		return bad("")
	} else if why != "" {
		return bad(why)
	}
	if d.year = year != 0; !d.year {
		year = 2000
	}
	d.t = time.Date(year, month, day, h, m, sec, 0, zone)
	if day < 1 || d.t.Day() != day || d.t.Month() != month {
		return bad("")
	}
	return d, nil
}

// trimWords takes away words that say nothing of a date.
func trimWords(words []string) []string {
	var out []string
	for _, w := range words {
		switch strings.ToLower(w) {
		case "at", "on", "of", "the", "hrs", "hours", "h", "@", "-", "–":
			continue
		}
		out = append(out, strings.TrimSuffix(w, "."))
	}
	return out
}

// numbers puts a date of three numbers into the order day, month's name, year.
func numbers(p []string, sep, order string) []string {
	name := func(s string) string {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 12 {
			return "?"
		}
		return time.Month(n).String()
	}
	switch {
	case len(p[0]) == 4:
		return []string{p[2], name(p[1]), p[0]}
	case sep == "." || order == "dmy":
		return []string{p[0], name(p[1]), p[2]}
	case order == "mdy":
		return []string{p[1], name(p[0]), p[2]}
	}
	return nil
}

// unread says that words are no date, and no more than that.
const unread = "-"

// calendarOf reads a day, a month by its name, and perhaps a year.
func calendarOf(words []string) (day int, month time.Month, year int, why string) {
	for _, w := range words {
		if m := monthOf(w); m != 0 && month == 0 {
			month = m
			continue
		}
		n, err := strconv.Atoi(w)
		switch {
		case err != nil && month != 0 && day != 0 && len(w) > 1 && strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
			return 0, 0, 0, fmt.Sprintf(": which time zone %s is cannot be told; name the zone of the table", w)
		case err != nil:
			return 0, 0, 0, unread
		case len(w) == 4 && year == 0:
			year = n
		case len(w) <= 2 && day == 0:
			day = n
		default:
			return 0, 0, 0, unread
		}
	}
	if day == 0 || month == 0 {
		return 0, 0, 0, unread
	}
	return day, month, year, ""
}

// order tells whether dates like 05/10/2026 begin with the day or the month:
// as it is said, as a number above 12 shows, or as the weekdays fit.
func (t *sheet) order() (string, error) {
	if t.Order != "" {
		if t.Order != "dmy" && t.Order != "mdy" {
			return "", fmt.Errorf("the order %q of dates is none of dmy, mdy", t.Order)
		}
		return t.Order, nil
	}
	sure, fits := map[string]int{}, map[string]int{}
	for _, row := range t.lines {
		for _, f := range []string{"from", "to"} {
			text := row.cells[f]
			p := numericRE().FindStringSubmatch(text)
			if p == nil {
				continue
			}
			a, _ := strconv.Atoi(p[1])
			b, _ := strconv.Atoi(p[3])
			if a > 12 {
				sure["dmy"] = row.n
			}
			if b > 12 {
				sure["mdy"] = row.n
			}
			for _, o := range []string{"dmy", "mdy"} {
				if d, err := readDate(text, t.Zone, o); err == nil && d.hasDay && d.t.Weekday() == d.weekday {
					fits[o]++
				}
			}
		}
	}
	switch {
	case sure["dmy"] > 0 && sure["mdy"] > 0:
		return "", fmt.Errorf("row %d writes the day before the month, row %d the month before the day", sure["dmy"], sure["mdy"])
	case sure["dmy"] > 0:
		return "dmy", nil
	case sure["mdy"] > 0:
		return "mdy", nil
	case fits["dmy"] > fits["mdy"]:
		return "dmy", nil
	case fits["mdy"] > fits["dmy"]:
		return "mdy", nil
	}
	return "", nil
}

type sign struct{ sign, currency string }

// signs are the currencies that a sign alone names. A plain dollar sign is the
// table's own dollar, where it says one.
var signs = []sign{{"US$", "USD"}, {"C$", "CAD"}, {"A$", "AUD"}, {"€", "EUR"}, {"£", "GBP"}, {"$", "USD"}}

// readFee reads an amount as tables write it: "12,569.99", "$119", "1.900,50 €",
// "100 USD". column is the currency that the row names, table that of amounts
// which name none, point the decimal sign of the table where it is known.
func readFee(s, column, table string, point byte) (catch.Money, error) {
	num, mark := cutAmount(s)
	currency := ""
	for _, c := range signs {
		if strings.HasPrefix(mark, c.sign) || strings.HasSuffix(mark, c.sign) {
			mark, currency = strings.TrimSpace(strings.Replace(mark, c.sign, "", 1)), c.currency
			if c.sign == "$" && strings.HasSuffix(strings.ToUpper(or(column, table)), "D") {
				currency = or(column, table) // a dollar, whose the table says
			}
			break
		}
	}
	switch {
	case len(mark) == 3:
		currency = mark
	case mark != "":
		return catch.Money{}, fmt.Errorf("read amount %q: what %q means cannot be told", s, mark)
	}
	switch {
	case currency == "":
		currency = or(column, table)
	case column != "" && !strings.EqualFold(column, currency):
		return catch.Money{}, fmt.Errorf("read amount %q: its row says %s", s, column)
	}
	if currency == "" {
		return catch.Money{}, fmt.Errorf("read amount %q: it has no currency", s)
	}
	plain, _, err := decimal(num, point)
	if err != nil {
		return catch.Money{}, fmt.Errorf("read amount %q: %w", s, err)
	}
	return catch.ParseMoney(plain + strings.ToUpper(currency))
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// cutAmount parts the digits of an amount from the currency around them.
func cutAmount(s string) (num, mark string) {
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9' || r == '.' || r == ',':
			num += string(r)
		case r == ' ' || r == '\u00a0' || r == '\u202f' || r == '\'' || r == '’':
		default:
			mark += string(r)
		}
	}
	return num, mark
}

// decimalSign is the decimal sign of a table's amounts, as those tell that can
// be read in one way only; 0 where none does, or where they differ.
func decimalSign(lines []line) byte {
	var point byte
	for _, l := range lines {
		num, _ := cutAmount(l.cells["fee"])
		if _, p, err := decimal(num, 0); err == nil && p != 0 {
			if point != 0 && point != p {
				return 0
			}
			point = p
		}
	}
	return point
}

// decimal turns digits with points and commas into a plain number. told is the
// decimal sign that they show, 0 where they show none.
func decimal(s string, point byte) (plain string, told byte, err error) {
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	last := strings.LastIndexAny(s, ".,")
	if last < 0 {
		return s, 0, nil
	}
	after := len(s) - last - 1
	switch {
	case dots > 0 && commas > 0:
		told = s[last] // the last one parts the decimals
	case dots > 1:
		told = ','
	case commas > 1:
		told = '.'
	case after != 3:
		told = s[last]
	default: // one sign before three digits
		if point == 0 && s[last] == '.' {
			return "", 0, errors.New("whether the point is a decimal one cannot be told; write it with two decimals")
		}
		if point == 0 {
			point = '.'
		}
		return plainly(s, point, 0)
	}
	return plainly(s, told, told)
}

// plainly takes the thousands' signs out; they part three digits each.
func plainly(s string, point, told byte) (string, byte, error) {
	whole, frac, found := strings.Cut(s, string(point))
	groups := strings.FieldsFunc(whole, func(r rune) bool { return r == '.' || r == ',' })
	for i, g := range groups {
		if i > 0 && len(g) != 3 {
			return "", 0, errors.New("its thousands are not three digits each")
		}
	}
	if strings.ContainsAny(frac, ".,") {
		return "", 0, errors.New("it has two decimal signs")
	}
	out := strings.Join(groups, "")
	if found {
		out += "." + frac
	}
	return out, told, nil
}
