// Package droplist reads the lists in which registries and services publish
// what is about to drop, and picks out the names that somebody waits for.
//
// A list can have hundreds of thousands of rows of which a handful matter, so
// it is read as a stream: a Reader goes from row to row without keeping any,
// and Match turns the rows of wanted names into Answers of Source droplist. A
// Fetcher downloads lists politely: only when they changed, with their
// checksum, within a size cap, and by the rule for addresses.
//
// A drop list says when a name drops; it never says that a name is free.
package droplist

import (
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/lapse-dev/lapse/whoisx"
)

// Format is how a list is written.
type Format string

// The formats. Each is described where it is read, with its source.
const (
	Nominet     Format = "nominet"      // .uk, .wales, .cymru: gzipped CSV, roid,domain,drop_time
	IIS         Format = "iis"          // .se and .nu: JSON, or lines of name and day
	AuDADeleted Format = "auda-deleted" // .au, deleted names: CSV, date,eligible time,name
	AuDAExpired Format = "auda-expired" // .au, expired names: the same, another hour
	CIRA        Format = "cira"         // .ca: lines of names for one session
	NICIt       Format = "nic-it"       // .it: lines of names, the hour is in the file's name
	NZ          Format = "nz"           // .nz: JSON of one session
	DropCatch   Format = "dropcatch"    // zipped CSV, Domain,TLD,Type,Drop Date
	CSV         Format = "csv"          // a person's own, with a mapping of columns
)

// List is one list: where it is and how it is read.
type List struct {
	Name     string   `toml:"name"`     // "uk"
	Zones    []string `toml:"zones"`    // what it covers; empty: see the list
	URL      string   `toml:"url"`      // may hold {yyyymmdd+N}: N days from today in Rome
	Checksum string   `toml:"checksum"` // address of its SHA-256, where it has one
	Format   Format   `toml:"format"`
	Columns  *Columns `toml:"columns"` // with the format csv
	// Certain is how long before its drop a listed name cannot be kept any
	// more, with its unit: "5d", "12s". Empty: the registry's own.
	Certain string `toml:"certain"`
	// Every is how often it is worth asking for, with its unit. Empty: six
	// hours, as lists are made daily.
	Every  string `toml:"every"`
	Seen   string `toml:"seen"` // day on which the facts were looked at
	Source string `toml:"source"`
	Note   string `toml:"note"`

	// Configured: the address comes from the person's configuration and may be
	// private.
	Configured bool `toml:"-"`
}

// Columns map a plain CSV. Names are compared without case; a number is a
// column counted from 1, for files without a header.
type Columns struct {
	Name      string `toml:"name"`      // the domain
	Date      string `toml:"date"`      // its day, or day and time
	Time      string `toml:"time"`      // its time of day, where it stands apart
	Layout    string `toml:"layout"`    // as in Go: "2006-01-02 15:04:05"; empty: the usual forms
	Zone      string `toml:"zone"`      // IANA time zone of what has no offset; empty: UTC
	Delimiter string `toml:"delimiter"` // one character; empty: a comma
	Will      bool   `toml:"will"`      // true: what is listed drops for sure
}

//go:embed lists.toml
var embedded []byte

// Lists are the lists that are known, from the embedded dated table.
func Lists() []List {
	ls, err := ReadLists("lists.toml", embedded)
	if err != nil {
		panic(err) // the table is part of the program and a test reads it
	}
	return ls
}

// ReadLists reads a table of lists; a person's file has the same shape. Errors
// name file and line.
func ReadLists(path string, data []byte) ([]List, error) {
	var t struct {
		List []List `toml:"list"`
	}
	dec := toml.NewDecoder(strings.NewReader(string(data))).DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		var strict *toml.StrictMissingError
		var at *toml.DecodeError
		switch {
		case errors.As(err, &strict) && len(strict.Errors) > 0:
			line, _ := strict.Errors[0].Position()
			return nil, fmt.Errorf("read %s:%d: unknown key %s", path, line, strings.Join(strict.Errors[0].Key(), "."))
		case errors.As(err, &at):
			line, _ := at.Position()
			return nil, fmt.Errorf("read %s:%d: %w", path, line, err)
		}
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	for i, l := range t.List {
		if err := l.Check(); err != nil {
			return nil, fmt.Errorf("read %s: list %d: %w", path, i+1, err)
		}
	}
	return t.List, nil
}

// Check says what is wrong with a list's description.
func (l List) Check() error {
	switch l.Format {
	case Nominet, IIS, AuDADeleted, AuDAExpired, CIRA, NICIt, NZ, DropCatch:
	case CSV:
		if l.Columns == nil || l.Columns.Name == "" {
			return errors.New("a csv list needs [list.columns] with at least name")
		}
		if _, err := time.LoadLocation(l.Columns.Zone); err != nil {
			return fmt.Errorf("zone %q: %w", l.Columns.Zone, err)
		}
		if len(l.Columns.Delimiter) > 1 {
			return errors.New("the delimiter must be one ASCII character")
		}
	default:
		return fmt.Errorf("format %q is not known", l.Format)
	}
	if l.Name == "" {
		return errors.New("a list needs a name")
	}
	for _, s := range []string{l.Certain, l.Every} {
		if _, err := span(s); err != nil {
			return err
		}
	}
	if l.URL != "" {
		if u, err := url.Parse(dayIn().ReplaceAllString(l.URL, "")); err != nil || u.Host == "" {
			return fmt.Errorf("%q is not an address", l.URL)
		}
	}
	return nil
}

// span reads a duration with its unit; days count 24 hours.
func span(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 3650 {
			return 0, fmt.Errorf("duration %q: write it like 5d or 12s", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("duration %q: write it like 5d or 12s", s)
	}
	return d, nil
}

// certain is span with the format's own value where the list has none.
func (l List) certain(usual time.Duration) time.Duration {
	if d, err := span(l.Certain); err == nil && l.Certain != "" {
		return d
	}
	return usual
}

// Covers reports whether the list can name the domain.
func (l List) Covers(name string) bool {
	for _, z := range l.Zones {
		if strings.HasSuffix(name, "."+z) {
			return true
		}
	}
	return false
}

// Set is the names that are wanted, as A-labels in lower case.
type Set map[string]struct{}

// NewSet makes a Set.
func NewSet(names []string) Set {
	s := make(Set, len(names))
	for _, n := range names {
		s[strings.ToLower(strings.TrimSuffix(n, "."))] = struct{}{}
	}
	return s
}

// Published says of which moment a list is; what its rows mean depends on it.
type Published struct {
	At   time.Time // Last-Modified, or when it was fetched
	File string    // name of the file, without folders
	Host string    // who published it, for the answers
	URL  string
}

// answer makes the Answer of one row.
func answer(row *Row, drop whoisx.Drop, p Published, at time.Time) whoisx.Answer {
	return whoisx.Answer{
		Source: whoisx.DropList, Server: p.Host, URL: p.URL, Name: string(row.Name), Asked: at,
		Outcome: whoisx.Registered, Confirmed: true, Drop: &drop,
		Evidence: []whoisx.Evidence{{Source: whoisx.DropList, Line: row.Line, Text: row.Text(), Says: drop.Text}},
	}
}
