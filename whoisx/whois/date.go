package whois

import (
	"strings"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// order says how a server writes a date of three short numbers.
type order uint8

const (
	orderUnknown  order = iota // 04/06/2003 says nothing for certain
	orderDayFirst              // the fourth of June
	orderMonthFirst
)

// zones are the offsets, in minutes, of the zone names that registries write.
// A name that stands for several zones (CST, IST) is left out: its time is
// unknown, and the day alone is kept.
var zones = map[string]int{
	"z": 0, "utc": 0, "gmt": 0, "ut": 0, "wet": 0,
	"cet": 60, "met": 60, "bst": 60, "west": 60, "wat": 60, "cest": 120, "mest": 120, "cat": 120, "sast": 120,
	"eet": 120, "eest": 180, "eat": 180, "msk": 180, "msd": 240, "trt": 180, "ast": 180,
	"uzt": 300, "pkt": 300, "almt": 360, "npt": 345, "wib": 420, "ict": 420,
	"hkt": 480, "sgt": 480, "myt": 480, "pht": 480, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
	"est": -300, "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
	"brt": -180, "brst": -120, "art": -180, "uyt": -180, "clt": -240, "clst": -180, "vet": -240, "pet": -300, "cot": -300, "ect": -300,
}

// monthOf knows months by their first three letters in the languages that
// registries write dates in; 0 if the word is none.
func monthOf(w string) time.Month {
	if len(w) < 3 {
		return 0
	}
	switch w[:3] {
	case "jan", "ene":
		return 1
	case "feb", "fev", "f\xc3\xa9":
		return 2
	case "mar", "mrt", "m\xc3\xa4":
		return 3
	case "apr", "abr", "avr":
		return 4
	case "may", "mai", "mei", "maj":
		return 5
	case "jun":
		return 6
	case "jul":
		return 7
	case "aug", "ago", "aou", "ao\xc3":
		return 8
	case "sep", "set":
		return 9
	case "oct", "okt", "out":
		return 10
	case "nov":
		return 11
	case "dec", "dic", "dez", "d\xc3\xa9":
		return 12
	}
	switch {
	case strings.HasPrefix(w, "jui") && strings.HasPrefix(w[3:], "n"):
		return 6
	case strings.HasPrefix(w, "jui"):
		return 7
	}
	return 0
}

// isNull reports whether a value says that there is none.
func isNull(v string) bool {
	switch strings.ToLower(strings.Trim(v, " .\t\"'[]()<>")) {
	case "", "-", "--", "---", "n/a", "na", "null", "nil", "none", "unknown", "not defined", "undefined", "not.defined",
		"0000-00-00", "0000-00-00 00:00:00", "0000-00-00t00:00:00z", "not applicable", "not disclosed", "redacted for privacy", "not set", "none listed":
		return true
	}
	return false
}

// dateToken is a piece of a date: a number or a word.
type dateToken struct {
	num  int
	n    int    // digits; 0 for a word
	word string // lower case
	sep  byte   // the last separator before it
	gap  bool   // a space stood before it
}

// parseDate reads one date in any layout that registries write. A day without
// an hour stays a day. A time without a zone is read as UTC; one in a zone
// that cannot be told is kept as its day. The result is false for null words,
// for what is no date ("before Aug-1996"), for years that stand for "never"
// (9999) and for three short numbers whose order nobody told.
func parseDate(v string, o order) (whoisx.Date, bool) {
	if len(v) > 80 {
		v = v[:80]
	}
	if isNull(v) {
		return whoisx.Date{}, false
	}
	var buf [16]dateToken
	toks, ok := lexDate(v, buf[:0])
	if !ok || len(toks) == 0 {
		return whoisx.Date{}, false
	}
	y, m, d, used := calendar(toks, o)
	if used == 0 {
		return whoisx.Date{}, false
	}
	if y < 1980 || y >= 9999 || m < 1 || m > 12 || d < 1 || d > 31 {
		return whoisx.Date{}, false
	}
	day := whoisx.Day(y, time.Month(m), d)
	if day.Day() != d {
		return whoisx.Date{}, false // 31 February
	}
	c, ok := clock(v)
	if !ok {
		return day, true
	}
	t := time.Date(y, time.Month(m), d, c.h, c.m, c.s, 0, time.UTC)
	if c.zone == zoneUnknown {
		return day, true
	}
	return whoisx.At(t.Add(-time.Duration(c.offset) * time.Minute)), true
}

// lexDate takes the tokens of the calendar part. The clock is read apart, so
// numbers around colons are dropped here.
func lexDate(v string, toks []dateToken) ([]dateToken, bool) {
	var sep byte
	gap := false
	for i := 0; i < len(v) && len(toks) < 12; {
		c := v[i]
		switch {
		case c >= '0' && c <= '9':
			j, num := i, 0
			for j < len(v) && v[j] >= '0' && v[j] <= '9' {
				if j-i < 9 {
					num = num*10 + int(v[j]-'0')
				}
				j++
			}
			if j < len(v) && v[j] == ':' || sep == ':' {
				// part of the clock; its fraction and offset follow it
				for j < len(v) && (v[j] >= '0' && v[j] <= '9' || v[j] == ':') {
					j++
				}
				if j < len(v) && (v[j] == '.' || v[j] == ',') {
					for j++; j < len(v) && v[j] >= '0' && v[j] <= '9'; j++ {
					}
				}
				if j < len(v) && (v[j] == '+' || v[j] == '-') && j+1 < len(v) && v[j+1] >= '0' && v[j+1] <= '9' {
					for j++; j < len(v) && (v[j] >= '0' && v[j] <= '9' || v[j] == ':'); j++ {
					}
				}
				i, sep, gap = j, ' ', true
				continue
			}
			if (sep == '+' || sep == '#') && len(toks) > 0 { // an offset, or a handle's number
				i, sep = j, ' '
				continue
			}
			toks = append(toks, dateToken{num: num, n: j - i, sep: sep, gap: gap})
			i, sep, gap = j, 0, false
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80:
			j := i
			for j < len(v) && (v[j] >= 'a' && v[j] <= 'z' || v[j] >= 'A' && v[j] <= 'Z' || v[j] >= 0x80) {
				j++
			}
			w := strings.ToLower(v[i:j])
			if w == "before" || w == "bef" || w == "circa" {
				return nil, false
			}
			if monthOf(w) != 0 && (len(w) == 3 || len(w) > 3 && isMonthWord(w)) {
				toks = append(toks, dateToken{word: w, sep: sep, gap: gap})
			}
			i, sep, gap = j, 0, false
		default:
			if c == ' ' || c == '\t' {
				gap = true
				if sep == 0 {
					sep = ' '
				}
			} else {
				sep = c
			}
			i++
		}
	}
	return toks, true
}

// isMonthWord keeps words that only begin like a month ("market", "decided")
// from counting as one.
func isMonthWord(w string) bool {
	switch w {
	case "january", "february", "march", "april", "june", "july", "august", "sept", "september", "october", "november", "december",
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "setiembre", "octubre", "noviembre", "diciembre",
		"janeiro", "fevereiro", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro",
		"janvier", "février", "fevrier", "mars", "avril", "juin", "juillet", "août", "aout", "septembre", "octobre", "novembre", "décembre", "decembre",
		"januar", "februar", "märz", "juni", "juli", "oktober", "dezember", "januari", "februari", "maart", "augustus", "desember",
		"gennaio", "febbraio", "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre":
		return true
	}
	return false
}

// calendar finds year, month and day among the tokens; used is 0 if there are
// none.
func calendar(t []dateToken, o order) (y, m, d, used int) {
	num := func(i, digits int) bool { return i < len(t) && t[i].n > 0 && t[i].n <= digits }
	year := func(i int) bool { return i < len(t) && t[i].n == 4 }
	word := func(i int) bool { return i < len(t) && t[i].n == 0 && t[i].word != "" }
	for i := range t {
		switch {
		case t[i].n == 8 || t[i].n == 14: // 20140921, 20140921120000: the lexer keeps nine digits
			n := t[i].num
			if t[i].n == 14 {
				n /= 10
			}
			if yy := n / 10000; yy >= 1980 && yy <= 2999 {
				return yy, n / 100 % 100, n % 100, 1
			}
		case year(i) && num(i+1, 2) && num(i+2, 2): // 2014-03-18, 2014. 03. 18.
			return t[i].num, t[i+1].num, t[i+2].num, 3
		case year(i) && word(i+1) && num(i+2, 2): // 2001-Aug-23
			return t[i].num, int(monthOf(t[i+1].word)), t[i+2].num, 3
		case num(i, 2) && word(i+1) && (year(i+2) || num(i+2, 2) && t[i+2].n == 2): // 26-Mar-2002, 13-Apr-10
			return century(t[i+2]), int(monthOf(t[i+1].word)), t[i].num, 3
		case word(i) && num(i+1, 2) && year(i+2): // Mar 25 2009, April 14, 2001
			return t[i+2].num, int(monthOf(t[i].word)), t[i+1].num, 3
		case num(i, 2) && num(i+1, 2) && year(i+2):
			a, b, s := t[i].num, t[i+1].num, t[i+1].sep
			switch {
			case a > 12, s == '.', o == orderDayFirst && b <= 12:
				return t[i+2].num, b, a, 3
			case b > 12, o == orderMonthFirst:
				return t[i+2].num, a, b, 3
			case a == b:
				return t[i+2].num, a, b, 3
			}
			return 0, 0, 0, 0
		}
	}
	return 0, 0, 0, 0
}

func century(t dateToken) int {
	switch {
	case t.n == 4:
		return t.num
	case t.num < 70:
		return 2000 + t.num
	}
	return 1900 + t.num
}

const (
	zoneNone = iota
	zoneKnown
	zoneUnknown
)

type clockTime struct{ h, m, s, offset, zone int }

// clock finds hh:mm[:ss[.fraction]] with its zone.
func clock(v string) (c clockTime, ok bool) {
	i := strings.IndexByte(v, ':')
	if i < 1 {
		return compactClock(v)
	}
	two := func(j int) (int, bool) {
		if j < 0 || j+2 > len(v) || v[j] < '0' || v[j] > '9' || v[j+1] < '0' || v[j+1] > '9' {
			return 0, false
		}
		return int(v[j]-'0')*10 + int(v[j+1]-'0'), true
	}
	if c.h, ok = two(i - 2); !ok {
		if v[i-1] < '0' || v[i-1] > '9' {
			return c, false
		}
		c.h = int(v[i-1] - '0')
	}
	if c.m, ok = two(i + 1); !ok {
		return c, false
	}
	i += 3
	if i < len(v) && v[i] == ':' {
		if c.s, ok = two(i + 1); !ok {
			return c, false
		}
		i += 3
		if i < len(v) && (v[i] == '.' || v[i] == ',') {
			for i++; i < len(v) && v[i] >= '0' && v[i] <= '9'; i++ {
			}
		}
	}
	if c.h > 24 || c.m > 59 || c.s > 60 || c.h == 24 && c.m+c.s > 0 {
		return c, false
	}
	rest := strings.TrimLeft(v[i:], " \t([")
	if w := strings.ToLower(lead(rest)); w == "am" || w == "pm" {
		switch {
		case c.h > 12 || c.h == 0:
			return c, false
		case w == "pm" && c.h < 12:
			c.h += 12
		case w == "am" && c.h == 12:
			c.h = 0
		}
		rest = strings.TrimLeft(rest[2:], " \t([")
	}
	c.zone, c.offset = zone(rest)
	return c, true
}

// compactClock reads the clock of 20140921120000.
func compactClock(v string) (c clockTime, ok bool) {
	i := 0
	for i < len(v) && (v[i] < '0' || v[i] > '9') {
		i++
	}
	j := i
	for j < len(v) && v[j] >= '0' && v[j] <= '9' {
		j++
	}
	if j-i != 14 {
		return c, false
	}
	n := 0
	for _, b := range []byte(v[i+8 : j]) {
		n = n*10 + int(b-'0')
	}
	c.h, c.m, c.s = n/10000, n/100%100, n%100
	c.zone, c.offset = zone(strings.TrimLeft(v[j:], " \t(["))
	return c, c.h < 24 && c.m < 60 && c.s <= 60
}

// lead returns the letters that s begins with.
func lead(s string) string {
	i := 0
	for i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z') {
		i++
	}
	return s[:i]
}

// zone reads a zone name, an offset, or both ("GMT+0:00"). What follows that
// is no zone (an address, a year) counts as none.
func zone(s string) (kind, offset int) {
	if s == "" {
		return zoneNone, 0
	}
	w := strings.ToLower(lead(s))
	switch off, known := zones[w]; {
	case w == "":
	case known:
		kind, offset = zoneKnown, off
		s = s[len(w):]
		if off != 0 {
			return kind, offset
		}
	case len(w) >= 3 && len(w) <= 5 && s[:len(w)] == strings.ToUpper(w):
		return zoneUnknown, 0
	default:
		return zoneNone, 0
	}
	if len(s) < 2 || s[0] != '+' && s[0] != '-' {
		return kind, offset
	}
	var d [4]int
	n := 0
	colon := -1
	for i := 1; i < len(s) && n < 4; i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			d[n] = int(c - '0')
			n++
		case c == ':' && colon < 0:
			colon = n
		default:
			i = len(s)
		}
	}
	switch {
	case n == 4:
		offset = (d[0]*10+d[1])*60 + d[2]*10 + d[3]
	case n == 3 && colon == 1:
		offset = d[0]*60 + d[1]*10 + d[2]
	case n == 2 && colon < 0:
		offset = (d[0]*10 + d[1]) * 60
	case n == 1:
		offset = d[0] * 60
	default:
		return kind, offset
	}
	if offset > 14*60 {
		return zoneUnknown, 0
	}
	if s[0] == '-' {
		offset = -offset
	}
	return zoneKnown, offset
}
