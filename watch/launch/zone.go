package launch

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// zones are the names that tables give to time zones. Those that only hold in a
// part of the year are held against the date; CST, IST and their like, which
// several countries use, are left out: the table's zone has to be named.
var zones = map[string]string{
	"utc": "UTC", "gmt": "UTC", "z": "UTC", "zulu": "UTC",
	"pt": "America/Los_Angeles", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "pacific": "America/Los_Angeles",
	"mt": "America/Denver", "mdt": "America/Denver", "mountain": "America/Denver",
	"cdt": "America/Chicago", "central": "America/Chicago",
	"et": "America/New_York", "est": "America/New_York", "edt": "America/New_York", "eastern": "America/New_York",
	"cet": "Europe/Berlin", "cest": "Europe/Berlin", "eet": "Europe/Helsinki", "eest": "Europe/Helsinki", "wet": "Europe/Lisbon", "west": "Europe/Lisbon",
	"jst": "Asia/Tokyo", "hkt": "Asia/Hong_Kong", "sgt": "Asia/Singapore", "aest": "Australia/Sydney", "aedt": "Australia/Sydney", "nzst": "Pacific/Auckland", "nzdt": "Pacific/Auckland",
}

var (
	// An offset, perhaps behind UTC or GMT; or the name of a zone.
	offsetRE = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^(?:UTC|GMT|Z)?([+-])(\d{1,2})(?::?(\d{2}))?$`)
	})
	// An hour that a dash joins to the one before it.
	hourBehindRE = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^-(\d{1,2})(?::(\d{2}))?\b`) })
	// What may be a zone at the beginning, or at the end, of what follows a clock.
	zoneFirstRE = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^\s*\(?((?:UTC|GMT|Z)?\s?[+-]\d{1,2}(?::?\d{2})?|[a-z]+(?:/[a-z_]+)+|[a-z]+)(?:[ -]time)?\)?(?:[\s,]|$)`)
	})
	zoneLastRE = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(?:^|[\s,])\(?((?:UTC|GMT|Z)?\s?[+-]\d{2}:?\d{2}|[a-z]+(?:/[a-z_]+)+|[a-z]+)(?:[ -]time)?\)?\s*$`)
	})
)

// zoneOf is the time zone of that name or offset. abbr is the name if it only
// holds in a part of the year. It is nil where the word is no zone.
func zoneOf(word string) (loc *time.Location, abbr string) {
	word = strings.ReplaceAll(word, " ", "")
	if m := offsetRE().FindStringSubmatch(word); m != nil {
		h, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi("0" + m[3])
		if h > 14 || minutes > 59 {
			return nil, ""
		}
		off := h*3600 + minutes*60
		if m[1] == "-" {
			off = -off
		}
		return time.FixedZone("", off), ""
	}
	name, known := zones[strings.ToLower(word)]
	if !known && !strings.Contains(word, "/") {
		return nil, ""
	}
	if !known {
		name = word
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, ""
	}
	if known && len(word) > 2 && len(word) < 5 && name != "UTC" {
		abbr = strings.ToUpper(word)
	}
	return loc, abbr
}

// cutZone takes a time zone off the words that follow a clock, where there is
// one at their beginning or end.
func cutZone(after string) (rest string, loc *time.Location, abbr string) {
	for _, re := range []*regexp.Regexp{zoneFirstRE(), zoneLastRE()} {
		m := re.FindStringSubmatchIndex(after)
		if m == nil {
			continue
		}
		if loc, abbr = zoneOf(after[m[2]:m[3]]); loc != nil {
			return after[:m[0]] + " " + after[m[1]:], loc, abbr
		}
	}
	return after, nil, ""
}

// laterHour reports whether what follows a clock of h:m is a dash and an hour
// after it: "10:00-12:00" is two hours of a day, or the first of them at an
// offset; "16:00-05:00" can only be the latter.
func laterHour(after string, h, m int) bool {
	c := hourBehindRE().FindStringSubmatch(after)
	if c == nil {
		return false
	}
	hour, _ := strconv.Atoi(c[1])
	minute, _ := strconv.Atoi(c[2])
	return hour*60+minute > h*60+m
}

// zoned reports whether a text names the zone of its clock.
func zoned(text string) bool {
	c := clockRE().FindStringIndex(text)
	if c == nil {
		return false
	}
	_, loc, _ := cutZone(text[c[1]:])
	return loc != nil
}

// holds says whether a zone's name holds at a time: PST does not in July.
func holds(abbr string, at time.Time) error {
	if name, _ := at.Zone(); abbr != "" && name != abbr {
		return fmt.Errorf("%s does not hold on %s, %s does; write that, or name the zone of the table", abbr, at.Format("2 January 2006"), name)
	}
	return nil
}
