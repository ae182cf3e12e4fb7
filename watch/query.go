package watch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// The words that a query knows.
var (
	queryKeys = []string{"stage", "kind", "tld", "tag", "flag", "drop", "cap", "not", "sort"}
	stages    = []string{
		"unknown", "registered", "expired", "redemption", "pending-restore", "pending-delete", "dropping", "gated",
		"likely-free", "free", "caught", "lost", "reserved", "blocked", "launching",
	}
	kinds = []string{string(Want), string(Mine), string(Launch)}
	flags = []string{"premium", "reserved", "EAP", "nexus", "look-alike", "hold", "auctioned-before-drop", "at-auction"}
	sorts = []string{"todo", "name", "drop", "stage", "added", "looked"}
)

// ParseQuery reads a query of shell-safe words:
//
//	stage:redemption,pending-delete tld:uk drop:..7d cap:50.. tag:brand not:premium sort:drop
//
// Words without a colon are searched for in name, tags and note. Values
// separated by commas are alternatives; "not:" takes a stage, a flag or a tag;
// "sort:-drop" turns the order. An unknown key or value is an error that says
// what was probably meant.
func ParseQuery(s string) (Query, error) { return parseQuery(s, time.Now()) }

func parseQuery(s string, now time.Time) (Query, error) {
	var q Query
	var text []string
	for _, w := range strings.Fields(s) {
		key, val, ok := strings.Cut(w, ":")
		if !ok || key == "" {
			text = append(text, w)
			continue
		}
		if err := q.word(strings.ToLower(key), val, now); err != nil {
			return Query{}, fmt.Errorf("read query %q: %w", w, err)
		}
	}
	q.Text = strings.Join(text, " ")
	return q, nil
}

func (q *Query) word(key, val string, now time.Time) error {
	if !slices.Contains(queryKeys, key) {
		return unknown("key", key, queryKeys)
	}
	if val == "" {
		return fmt.Errorf("nothing stands after %q", key+":")
	}
	switch key {
	case "stage":
		return each(val, "stage", stages, func(v string) { q.Stages = append(q.Stages, lifecycle.Stage(v)) })
	case "kind":
		return each(val, "kind", kinds, func(v string) { q.Kinds = append(q.Kinds, Kind(v)) })
	case "flag":
		return each(val, "flag", flags, func(v string) { q.Flags = append(q.Flags, lifecycle.FlagName(v)) })
	case "tld":
		for v := range strings.SplitSeq(val, ",") {
			z, err := lookup.ToASCII(strings.Trim(v, "."))
			if err != nil || z == "" {
				return fmt.Errorf("%q is no TLD", v)
			}
			q.TLDs = append(q.TLDs, strings.ToLower(z))
		}
	case "tag":
		for v := range strings.SplitSeq(val, ",") {
			q.Tags = append(q.Tags, strings.ToLower(v))
		}
	case "not":
		for v := range strings.SplitSeq(val, ",") {
			switch {
			case contains(flags, v) && v != "reserved":
				q.NotFlags = append(q.NotFlags, lifecycle.FlagName(canonical(flags, v)))
			case contains(stages, v):
				q.NotStage = append(q.NotStage, lifecycle.Stage(canonical(stages, v)))
			default:
				q.NotTags = append(q.NotTags, strings.ToLower(v))
			}
		}
	case "drop":
		return q.drop(val, now)
	case "cap":
		return q.caps(val)
	case "sort":
		val, q.Desc = strings.CutPrefix(val, "-")
		if !contains(sorts, val) {
			return unknown("order", val, sorts)
		}
		q.Sort = strings.ToLower(val)
		if q.Sort == "todo" {
			q.Sort = ""
		}
	}
	return nil
}

func (q *Query) drop(val string, now time.Time) error {
	from, to, ranged := strings.Cut(val, "..")
	var err error
	if from != "" {
		if q.DropFrom, err = moment(from, now, false); err != nil {
			return err
		}
	}
	switch {
	case to != "":
		if q.DropTo, err = moment(to, now, true); err != nil {
			return err
		}
	case !ranged:
		if q.DropTo, err = moment(from, now, true); err != nil {
			return err
		}
		if q.DropFrom.Equal(q.DropTo) { // "drop:7d" is "within 7 days"
			q.DropFrom = time.Time{}
		}
	}
	if !q.DropFrom.IsZero() && !q.DropTo.IsZero() && q.DropTo.Before(q.DropFrom) {
		return fmt.Errorf("the range ends before it begins")
	}
	return nil
}

// moment reads a day ("2026-11-30"), an RFC 3339 time, or a duration from now
// ("7d", "12h", "2w"). The end of a range takes a day in.
func moment(s string, now time.Time, end bool) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		if end {
			t = t.Add(24*time.Hour - time.Microsecond)
		}
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, strings.ToUpper(s)); err == nil {
		return t.UTC(), nil
	}
	neg := strings.HasPrefix(s, "-")
	d, ok := span(strings.TrimPrefix(s, "-"))
	if !ok {
		return time.Time{}, fmt.Errorf("%q is no time: write it like 7d, 12h or 2026-11-30", s)
	}
	if neg {
		d = -d
	}
	return now.Add(d).UTC(), nil
}

func span(s string) (time.Duration, bool) {
	if s == "" {
		return 0, false
	}
	unit := map[byte]time.Duration{'d': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s[len(s)-1]]
	if unit == 0 {
		d, err := time.ParseDuration(s)
		return d, err == nil && d >= 0
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 16)
	return time.Duration(n) * unit, err == nil
}

func (q *Query) caps(val string) error {
	from, to, ranged := strings.Cut(val, "..")
	if !ranged {
		to = from
	}
	for _, e := range []struct {
		text string
		into *catch.Money
	}{{from, &q.CapFrom}, {to, &q.CapTo}} {
		if e.text == "" {
			continue
		}
		m, err := catch.ParseMoney(e.text)
		if err != nil {
			// In a query a bare number means whatever the currency.
			if m, err = catch.MoneyOf(e.text, ""); err != nil {
				return fmt.Errorf("%q is no amount: write it like 50 or 50USD", e.text)
			}
		}
		*e.into = m
	}
	return nil
}

func each(val, what string, known []string, take func(string)) error {
	for v := range strings.SplitSeq(val, ",") {
		if !contains(known, v) {
			return unknown(what, v, known)
		}
		take(canonical(known, v))
	}
	return nil
}

func contains(known []string, v string) bool { return canonical(known, v) != "" }

func canonical(known []string, v string) string {
	for _, k := range known {
		if strings.EqualFold(k, v) {
			return k
		}
	}
	return ""
}

func unknown(what, v string, known []string) error {
	for _, k := range known {
		if nearWord(strings.ToLower(v), strings.ToLower(k)) || (len(v) >= 3 && strings.HasPrefix(strings.ToLower(k), strings.ToLower(v))) {
			return fmt.Errorf("no %s is called %q; did you mean %s?", what, v, k)
		}
	}
	return fmt.Errorf("no %s is called %q; there are %s", what, v, strings.Join(known, ", "))
}
