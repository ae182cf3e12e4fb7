package launch

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	fromRE = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^\s*(?:from|starting|starts|begins|opens|after)\b[\s:]*`)
	})
	untilRE = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^\s*(?:until|till|through|ends|closes|up to)\b[\s:]*`)
	})
	spanRE = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)\s+(?:to|until|till|through|thru)\s+|\s*[–—→]\s*|\s+-+\s+|\s*\.\.+\s*`)
	})
	// Two days of one month, as "1-5 October" has them.
	daysRE = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b(\d{1,2})-(\d{1,2})\b`) })
	yearRE = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b(?:19|20|21)\d{2}\b`) })
)

// span splits what a table writes of two dates in one cell: "5 Jan – 10 Mar
// 2027", "Oct 1-5, 2026", "from 21 March". What only one of the two says, its
// month or its year, holds for both. A single date is the first.
func span(text string) (from, to string) {
	if loc := untilRE().FindStringIndex(text); loc != nil {
		return "", text[loc[1]:]
	}
	if loc := fromRE().FindStringIndex(text); loc != nil {
		text = text[loc[1]:]
	}
	for _, at := range spanRE().FindAllStringIndex(text, -1) {
		if a, b := text[:at[0]], text[at[1]:]; hasDay(a) && hasDay(b) {
			return share(a, b)
		}
	}
	if monthIn(text) != "" {
		for _, m := range daysRE().FindAllStringSubmatchIndex(text, -1) {
			if m[0] == 0 || text[m[0]-1] != ':' { // 16:00-05:00 is a clock and its offset
				return share(text[:m[3]], text[m[4]:]) // what stands before them is the first one's, what follows the second one's
			}
		}
	}
	return text, ""
}

// hasDay reports whether a text has a number beside those of a clock.
func hasDay(text string) bool {
	return strings.ContainsAny(clockRE().ReplaceAllString(text, ""), "0123456789")
}

// share gives two dates the month and the year that only one of them says. A
// year at the end of both is that of the second: the first may be before it.
func share(from, to string) (string, string) {
	a, b := monthIn(from), monthIn(to)
	if a == "" && b != "" && !numericDate(from) {
		from += " " + b
	} else if b == "" && a != "" && !numericDate(to) {
		to = a + " " + to
	}
	ya, yb := yearRE().FindString(from), yearRE().FindString(to)
	switch {
	case ya == "" && yb != "" && a != "" && b != "" && monthOf(a) > monthOf(b):
		n, _ := strconv.Atoi(yb)
		from += " " + strconv.Itoa(n-1)
	case ya == "" && yb != "":
		from += " " + yb
	case yb == "" && ya != "" && (a == "" || b == "" || monthOf(a) <= monthOf(b)):
		to += " " + ya
	}
	return from, to
}

// monthIn is the month's name in a text, "" where it has none.
func monthIn(text string) string {
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,.-\t", r) }) {
		if monthOf(w) != time.Month(0) {
			return w
		}
	}
	return ""
}

// numericDate reports whether a text has a date written with numbers alone.
func numericDate(text string) bool {
	return strings.Count(text, "-")+strings.Count(text, "/")+strings.Count(text, ".") >= 2
}
