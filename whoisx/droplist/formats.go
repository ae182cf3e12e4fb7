package droplist

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// open chooses how rows are found, by the format and by the first bytes.
func (r *Reader) open() {
	r.cols = columns{-1, -1, -1, -1, -1}
	delim := byte(',')
	head, _ := r.in.Peek(64)
	asJSON := bytes.HasPrefix(bytes.TrimLeft(head, " \r\n\t"), []byte{'{'})
	switch r.list.Format {
	case Nominet:
		r.cols = columns{name: 1, when: 2, time: -1, kind: -1, tld: -1}
	case AuDADeleted, AuDAExpired:
		r.cols = columns{name: 2, when: 0, time: 1, kind: -1, tld: -1}
	case DropCatch:
		r.cols = columns{name: 0, when: 3, time: -1, kind: 2, tld: 1}
	case IIS:
		if asJSON {
			r.json = lexer{r: r}
			r.next = r.objects
			return
		}
		delim = '\t'
		r.cols = columns{name: 0, when: 1, time: -1, kind: -1, tld: -1}
	case NZ:
		r.json = lexer{r: r}
		r.next = r.sessionNames
		return
	case NICIt, CIRA:
		r.cols = columns{name: 0, when: 1, time: -1, kind: -1, tld: -1}
		r.session = []byte(fileDate(r.pub.File))
	case CSV:
		c := r.list.Columns
		if c.Delimiter != "" {
			delim = c.Delimiter[0]
		}
		r.cols = columns{number(c.Name), number(c.Date), number(c.Time), -1, -1}
		if z, err := time.LoadLocation(c.Zone); err == nil {
			r.zone = z
		}
	}
	r.next = r.lines(delim)
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 16 {
		return -1
	}
	return n - 1
}

// headers are the names under which columns occur, letters only.
var headers = map[string]func(*columns, int){
	"domain":            func(c *columns, i int) { c.name = i },
	"domainname":        func(c *columns, i int) { c.name = i },
	"name":              func(c *columns, i int) { c.name = i },
	"droptime":          func(c *columns, i int) { c.when = i },
	"dropdate":          func(c *columns, i int) { c.when = i },
	"date":              func(c *columns, i int) { c.when = i },
	"releasedate":       func(c *columns, i int) { c.when = i },
	"releaseat":         func(c *columns, i int) { c.when = i },
	"tbrdate":           func(c *columns, i int) { c.when = i },
	"time":              func(c *columns, i int) { c.time = i },
	"timeutc":           func(c *columns, i int) { c.time = i },
	"eligiblepurgetime": func(c *columns, i int) { c.time = i },
	"purgetime":         func(c *columns, i int) { c.time = i },
	"type":              func(c *columns, i int) { c.kind = i },
	"tld":               func(c *columns, i int) { c.tld = i },
}

// header reads a line of column names; false where it is a row.
func (r *Reader) header(fields [][]byte) bool {
	cols := columns{-1, -1, -1, -1, -1}
	if c := r.list.Columns; r.list.Format == CSV {
		find := func(name string, at int) int {
			for i, f := range fields {
				if name != "" && strings.EqualFold(string(f), name) {
					return i
				}
			}
			return at
		}
		cols = columns{find(c.Name, r.cols.name), find(c.Date, r.cols.when), find(c.Time, r.cols.time), -1, -1}
		if cols.name == r.cols.name && number(c.Name) >= 0 {
			return false // columns by number: a header, if any, is a line that is no row
		}
		r.cols = cols
		return true
	}
	known := 0
	for i, f := range fields {
		key := strings.Map(func(c rune) rune {
			if c >= 'a' && c <= 'z' {
				return c
			}
			return -1
		}, strings.ToLower(string(f)))
		if bytes.IndexByte(f, '.') >= 0 {
			return false
		}
		if strings.HasPrefix(key, "eligible") {
			key = "eligiblepurgetime"
		}
		if set, ok := headers[key]; ok {
			set(&cols, i)
			known++
		}
	}
	if known == 0 || cols.name < 0 {
		return false
	}
	r.cols = cols
	return true
}

// lines reads rows of fields, one a line. Empty lines and comments are passed
// over; a header decides the columns; a line that holds nothing but a date, as
// some lists begin, gives the date to all rows after it.
func (r *Reader) lines(delim byte) func() bool {
	first := true
	return func() bool {
		for {
			b, ok := r.readLine()
			if !ok {
				return false
			}
			text := bytes.TrimSpace(b)
			if len(text) == 0 || text[0] == '#' || text[0] == ';' && delim != ';' {
				r.note(text)
				continue
			}
			fields := r.split(text, delim)
			if first {
				first = false
				if r.header(fields) {
					continue
				}
			}
			at := func(i int) []byte {
				if i < 0 || i >= len(fields) {
					return nil
				}
				return fields[i]
			}
			if r.cols.name < 0 || !r.name(at(r.cols.name), at(r.cols.tld)) {
				if !r.note(text) {
					r.bad++
				}
				continue
			}
			r.row.Line, r.row.text = r.line, text
			r.row.when, r.row.time, r.row.kind = at(r.cols.when), at(r.cols.time), at(r.cols.kind)
			return true
		}
	}
}

// note looks for a session's date in a line that is no row.
func (r *Reader) note(line []byte) bool {
	if r.list.Format != CIRA && r.list.Format != NICIt {
		return false
	}
	m := stamp().Find(line)
	if m == nil {
		return false
	}
	r.session = append([]byte(nil), m...)
	return true
}

var (
	stamp     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`20\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?`) })
	nameStamp = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(20\d\d)-?(\d\d)-?(\d\d)(\d\d)?`) })
)

// fileDate finds a date in a file's name: 2026112209.txt, tbr-2026-11-25.csv.
func fileDate(file string) string {
	m := nameStamp().FindStringSubmatch(file)
	if m == nil {
		return ""
	}
	s := m[1] + "-" + m[2] + "-" + m[3]
	if m[4] != "" {
		s += "T" + m[4] + ":00"
	}
	return s
}

// drop reads a row's date by the rules of its list.
func (r *Reader) drop(row *Row) (whoisx.Drop, error) {
	switch r.list.Format {
	case Nominet:
		return r.dropUK(row)
	case IIS:
		return r.dropSE(row)
	case AuDADeleted, AuDAExpired:
		return r.dropAU(row)
	case CIRA:
		return r.dropCA(row)
	case NICIt:
		return r.dropIT(row)
	case NZ:
		return r.dropNZ(row)
	case DropCatch:
		return r.dropService(row)
	}
	return r.dropCSV(row)
}

func at(t time.Time) whoisx.Drop { return whoisx.Drop{From: whoisx.At(t), To: whoisx.At(t)} }

// dropUK: the second at which the name becomes available. In the last five
// days it cannot be renewed any more; before, it may drop
// (registrars.nominet.uk/dragon/data/drop-lists). What counts is the moment of
// the list: a name that was still renewable then may have been renewed since.
func (r *Reader) dropUK(row *Row) (whoisx.Drop, error) {
	t, err := time.Parse(time.RFC3339, string(row.when))
	if err != nil {
		return whoisx.Drop{}, fmt.Errorf("read drop time: %w", err)
	}
	d := at(t)
	last := t.Add(-r.list.certain(5 * 24 * time.Hour))
	if d.Will = !r.pub.At.IsZero() && !r.pub.At.Before(last); d.Will {
		d.Text = "drops at " + d.From.String() + ", the registry's own second; it cannot be renewed any more"
	} else {
		d.Text = "may drop at " + d.From.String() + ", the registry's own second; renewable until " + whoisx.At(last).String()
	}
	return d, nil
}

// dropSE: released on a day, not before 04:00 UTC, in random order; in the
// seven days before it is in quarantine and cannot be kept any more
// (internetstiftelsen.se).
func (r *Reader) dropSE(row *Row) (whoisx.Drop, error) {
	s := string(row.when)
	if len(s) > 10 {
		s = s[:10]
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return whoisx.Drop{}, fmt.Errorf("read release day: %w", err)
	}
	d := whoisx.Drop{From: whoisx.At(t.Add(4 * time.Hour)), To: whoisx.Date{Time: t, DayOnly: true}}
	d.Will = !r.pub.At.IsZero() && !r.pub.At.Before(t.Add(-r.list.certain(7*24*time.Hour)))
	if d.Will {
		d.Text = "released on " + s + ", not before 04:00 UTC, in random order"
	} else {
		d.Text = "may be released on " + s + ", not before 04:00 UTC, in random order"
	}
	return d, nil
}

// dropAU: the list says from when on a name is eligible, in UTC. It goes in the
// next daily purge in AEST (UTC+10 all year): deleted names at 13:00, expired
// ones at 13:30. What is eligible before 13:00 AEST goes the same day, the rest
// the next (auda.org.au). A deleted name can be restored until the purge.
func (r *Reader) dropAU(row *Row) (whoisx.Drop, error) {
	t, err := stampAU(string(row.when), string(row.time))
	if err != nil {
		return whoisx.Drop{}, err
	}
	local := t.In(aest)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, aest)
	if local.Sub(day) >= 13*time.Hour {
		day = day.AddDate(0, 0, 1)
	}
	purge := day.Add(13 * time.Hour)
	deleted := r.list.Format == AuDADeleted
	if !deleted {
		purge = purge.Add(30 * time.Minute)
	}
	d := at(purge)
	d.Will = !deleted
	d.Text = "eligible from " + whoisx.At(t).String() + ": goes in the purge of " + purge.Format("2006-01-02 15:04") + " AEST, " + d.From.String()
	if deleted {
		d.Text += "; it can be restored until then"
	}
	return d, nil
}

var aest = time.FixedZone("AEST", 10*60*60)

func stampAU(date, clock string) (time.Time, error) {
	for _, l := range []string{"02/01/2006", "2/1/2006", "2006-01-02", "02-01-2006", "20060102"} {
		if d, err := time.Parse(l, date); err == nil {
			for _, c := range []string{"15:04:05", "15:04", "15:04:05Z", "15:04:05.000"} {
				if h, err := time.Parse(c, clock); err == nil {
					return d.Add(h.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))), nil
				}
			}
			return time.Time{}, fmt.Errorf("read purge time: %q", whoisx.CleanLine(clock))
		}
	}
	if t, err := anyTime(date, time.UTC); err == nil && !t.DayOnly {
		return t.Time, nil
	}
	return time.Time{}, fmt.Errorf("read purge date: %q", whoisx.CleanLine(date))
}

// dropCA: one session a week, Wednesdays at 19:00 UTC; what is listed is
// deleted already and comes up in it (cira.ca/ca-domains/tbr). The session's
// day stands beside the name, once in the file, in its name, or follows from
// the day of the list.
func (r *Reader) dropCA(row *Row) (whoisx.Drop, error) {
	t, how := whoisx.Date{}, ""
	for _, s := range [][]byte{row.when, r.session} {
		if d, err := anyTime(string(s), time.UTC); err == nil {
			t = d
			break
		}
	}
	switch {
	case t.IsZero() && r.pub.At.IsZero():
		return whoisx.Drop{}, fmt.Errorf("read session: the list has no date")
	case t.IsZero():
		p := r.pub.At.UTC()
		day := time.Date(p.Year(), p.Month(), p.Day(), 19, 0, 0, 0, time.UTC)
		for day.Weekday() != time.Wednesday || day.Before(p) {
			day = day.AddDate(0, 0, 1)
		}
		t, how = whoisx.At(day), ", the first after the list's day"
	case t.DayOnly:
		t = whoisx.At(t.Add(19 * time.Hour))
	}
	d := whoisx.Drop{From: t, To: whoisx.At(t.Add(time.Hour)), Will: true}
	d.Text = "to be released in the session of " + t.String() + how + "; registrars only, what is left is open to all after it"
	return d, nil
}

// dropIT: cancelled at the hour that the file's name gives, in Rome, and
// available at once (nic.it/droptime).
func (r *Reader) dropIT(row *Row) (whoisx.Drop, error) {
	for _, s := range [][]byte{row.when, r.session} {
		t, err := anyTime(string(s), time.UTC)
		if err != nil {
			continue
		}
		if t.DayOnly {
			return whoisx.Drop{From: t, To: t, Will: true, Text: "cancelled on " + t.String() + ", hour unknown"}, nil
		}
		if !bytes.HasSuffix(s, []byte{'Z'}) {
			t = whoisx.At(rome(t.Time))
		}
		d := at(t.Time)
		d.Will = true
		d.Text = "cancelled at " + d.From.String() + "; available at once, for seven days through the registry's server for deleted names"
		return d, nil
	}
	return whoisx.Drop{}, fmt.Errorf("read drop time: neither the list nor its name has a date")
}

// rome turns a wall clock in Rome into UTC. It needs no time zone files.
func rome(wall time.Time) time.Time {
	if winter := wall.Add(-time.Hour); !summer(winter) {
		return winter
	}
	return wall.Add(-2 * time.Hour)
}

// summer reports whether summer time holds in the European Union: from the
// last Sunday of March to the last of October, 01:00 UTC (Directive
// 2000/84/EC).
func summer(utc time.Time) bool {
	sunday := func(m time.Month) time.Time {
		t := time.Date(utc.Year(), m, 31, 1, 0, 0, 0, time.UTC)
		return t.AddDate(0, 0, -int(t.Weekday()))
	}
	return !utc.Before(sunday(time.March)) && utc.Before(sunday(time.October))
}

// dropNZ: one session a day, 02:00 to 03:00 UTC, for registrars; what is left
// is open to all at its end (docs.internetnz.nz).
func (r *Reader) dropNZ(row *Row) (whoisx.Drop, error) {
	t, err := anyTime(string(row.when), time.UTC)
	if err != nil {
		return whoisx.Drop{}, fmt.Errorf("read session: %w", err)
	}
	if t.DayOnly {
		t = whoisx.At(t.Add(2 * time.Hour))
	}
	end := t.Add(time.Hour)
	return whoisx.Drop{
		From: t, To: whoisx.At(end), Will: true,
		Text: "in the droplist session of " + t.String() + ", registrars only; what is left is open to all at " + whoisx.At(end).String(),
	}, nil
}

// dropService: a service's list gives the day; "PendingDelete" cannot be kept
// by its holder any more, other kinds can.
func (r *Reader) dropService(row *Row) (whoisx.Drop, error) {
	t, err := anyTime(string(row.when), time.UTC)
	if err != nil {
		return whoisx.Drop{}, err
	}
	kind := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(string(row.kind)), " ", ""))
	d := whoisx.Drop{From: t, To: t, Will: kind == "" || kind == "pendingdelete"}
	verb := "drops"
	if !d.Will {
		verb = "may drop"
	}
	d.Text = verb + " on " + t.String() + " by a service's list"
	if t.DayOnly {
		d.Text += ", hour unknown"
	}
	return d, nil
}

func (r *Reader) dropCSV(row *Row) (whoisx.Drop, error) {
	c := r.list.Columns
	s := strings.TrimSpace(string(row.when))
	if len(row.time) > 0 {
		s += " " + string(row.time)
	}
	if s == "" {
		return whoisx.Drop{Will: c.Will, Text: "listed without a date"}, nil
	}
	var t whoisx.Date
	if c.Layout != "" {
		v, err := time.ParseInLocation(c.Layout, s, r.zone)
		if err != nil {
			return whoisx.Drop{}, fmt.Errorf("read date: %w", err)
		}
		t = whoisx.At(v)
		if !strings.Contains(c.Layout, "15") && !strings.Contains(c.Layout, "03") {
			t = whoisx.Day(v.Year(), v.Month(), v.Day())
		}
	} else {
		var err error
		if t, err = anyTime(s, r.zone); err != nil {
			return whoisx.Drop{}, err
		}
	}
	d := whoisx.Drop{From: t, To: t, Will: c.Will, Text: "may drop"}
	if c.Will {
		d.Text = "drops"
	}
	if t.DayOnly {
		d.Text += " on " + t.String() + ", hour unknown"
	} else {
		d.Text += " at " + t.String()
	}
	return d, nil
}

// anyTime reads the forms that lists use. Day and month are never guessed:
// 03/04/2026 is refused, 25/04/2026 is not.
func anyTime(s string, zone *time.Location) (whoisx.Date, error) {
	s = strings.TrimSpace(s)
	if len(s) > 40 {
		return whoisx.Date{}, fmt.Errorf("read date: too long")
	}
	for _, l := range []string{time.DateOnly, "20060102", "2006/01/02"} {
		if t, err := time.Parse(l, s); err == nil {
			return whoisx.Date{Time: t, DayOnly: true}, nil
		}
	}
	for _, l := range []string{time.RFC3339, "2006-01-02T15:04:05.999", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05 MST"} {
		if strings.HasSuffix(l, "MST") && !strings.HasSuffix(s, " UTC") {
			continue
		}
		if t, err := time.ParseInLocation(l, s, zone); err == nil {
			return whoisx.At(t), nil
		}
	}
	for _, l := range []string{time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04", "2006/01/02 15:04:05", "2006/01/02 15:04"} {
		if t, err := time.ParseInLocation(l, s, zone); err == nil {
			return whoisx.At(t), nil
		}
	}
	var a, b, y int
	if n, err := fmt.Sscanf(s, "%d/%d/%d", &a, &b, &y); n == 3 && err == nil && y > 1980 && y < 2200 {
		switch {
		case a > 12 && a <= 31 && b >= 1 && b <= 12:
			return whoisx.Day(y, time.Month(b), a), nil
		case b > 12 && b <= 31 && a >= 1 && a <= 12:
			return whoisx.Day(y, time.Month(a), b), nil
		case a == b && a >= 1 && a <= 12:
			return whoisx.Day(y, time.Month(a), a), nil
		}
	}
	return whoisx.Date{}, fmt.Errorf("read date: %q", whoisx.CleanLine(s))
}
