package droplist

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lapse-dev/lapse/whoisx"
)

func gz(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}

func zipped(name, s string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, _ := z.Create(name)
	_, _ = io.WriteString(w, s)
	_ = z.Close()
	return b.String()
}

func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// read returns "name from..to will @line" of every row.
func read(t *testing.T, l List, p Published, in string) (rows []string, bad int, err error) {
	t.Helper()
	r, err := NewReader(l, p, strings.NewReader(in))
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	for r.Next() {
		d, err := r.Row().Drop()
		if err != nil {
			rows = append(rows, fmt.Sprintf("%s ! @%d", r.Row().Name, r.Row().Line))
			continue
		}
		s := string(r.Row().Name) + " " + d.From.String()
		if d.To != d.From {
			s += ".." + d.To.String()
		}
		if d.Will {
			s += " will"
		} else {
			s += " may"
		}
		rows = append(rows, fmt.Sprintf("%s @%d", s, r.Row().Line))
	}
	return rows, r.Bad(), r.Err()
}

func TestFormats(t *testing.T) {
	monday := Published{At: moment("2026-11-23T06:00:00Z")}
	for _, c := range []struct {
		name string
		list List
		pub  Published
		in   string
		want []string
		bad  int
	}{
		{
			name: "uk: the last five days are certain", list: List{Format: Nominet}, pub: monday,
			in: gz("roid,domain,drop_time\nD_1-UK,one.co.uk,2026-11-28T05:59:59Z\nD_2-UK,Two.UK,2026-11-28T06:00:01Z\r\n\nD_3-UK,bad name.uk,2026-11-28T06:00:00Z\nD_4-UK,three.uk,soon\n"),
			want: []string{
				"one.co.uk 2026-11-28T05:59:59Z will @2", "two.uk 2026-11-28T06:00:01Z may @3", "three.uk ! @6",
			},
			bad: 1,
		},
		{
			name: "uk: columns by their header, byte order mark, quotes", list: List{Format: Nominet}, pub: monday,
			in:   "\xEF\xBB\xBF\"domain\",\"drop_time\",roid\n\"q.uk\",\"2026-11-24T01:02:03Z\",\"D\"\n",
			want: []string{"q.uk 2026-11-24T01:02:03Z will @2"},
		},
		{
			name: "uk: a list of unknown age promises nothing", list: List{Format: Nominet},
			in:   "D,one.uk,2026-11-24T00:00:00Z\n",
			want: []string{"one.uk 2026-11-24T00:00:00Z may @1"},
		},
		{
			name: "se: JSON, A-label and U-label, order of members", list: List{Format: IIS}, pub: monday,
			in: "{\"data\":[\n{\"name\":\"xn--rksmrgs-5wao1o.se\",\"release_at\":\"2026-11-24\"},\n{\"release_at\":\"2026-12-20\",\"name\":\"r\\u00e4ksm\u00f6rg\u00e5s.se\"}, {\"name\":\"b.se\",\"release_at\":\"2026-11-30T00:00:00\"}]}",
			want: []string{
				"xn--rksmrgs-5wao1o.se 2026-11-24T04:00:00Z..2026-11-24 will @2",
				"xn--rksmrgs-5wao1o.se 2026-12-20T04:00:00Z..2026-12-20 may @3",
				"b.se 2026-11-30T04:00:00Z..2026-11-30 will @3",
			},
		},
		{
			name: "nu: the text form", list: List{Format: IIS}, pub: monday,
			in:   "a.nu\t2026-11-24\nb.nu\t2026-11-25\n",
			want: []string{"a.nu 2026-11-24T04:00:00Z..2026-11-24 will @1", "b.nu 2026-11-25T04:00:00Z..2026-11-25 will @2"},
		},
		{
			// The example of auda.org.au: eligible 15:04:50 UTC on the 16th is
			// 01:04:50 AEST on the 17th, purged at 13:00 AEST that day.
			name: "au: deleted, next cycle", list: List{Format: AuDADeleted}, pub: monday,
			in: "16/12/2021,15:04:50,deletedexample.net.au\n17/12/2021,02:59:59,before.com.au\n17/12/2021,03:00:00,after.com.au\n17/12/2021,nope,x.au\n",
			want: []string{
				"deletedexample.net.au 2021-12-17T03:00:00Z may @1", "before.com.au 2021-12-17T03:00:00Z may @2",
				"after.com.au 2021-12-18T03:00:00Z may @3", "x.au ! @4",
			},
		},
		{
			name: "au: expired, half an hour later, header", list: List{Format: AuDAExpired}, pub: monday,
			in:   "Date,Eligible Purge Time (UTC),Domain Name\n16/12/2021,15:04:50,expired.au\n31/12/2021,13:00:00,newyear.au\n",
			want: []string{"expired.au 2021-12-17T03:30:00Z will @2", "newyear.au 2022-01-01T03:30:00Z will @3"},
		},
		{
			name: "ca: the session stands in a line", list: List{Format: CIRA},
			in:   "# TBR list\nSession: 2026-11-25T19:00:00Z\nexample.ca\nother.ca\n",
			want: []string{"example.ca 2026-11-25T19:00:00Z..2026-11-25T20:00:00Z will @3", "other.ca 2026-11-25T19:00:00Z..2026-11-25T20:00:00Z will @4"},
			bad:  0,
		},
		{
			name: "ca: a column", list: List{Format: CIRA},
			in:   "domain,release date\nexample.ca,2026-11-25\n",
			want: []string{"example.ca 2026-11-25T19:00:00Z..2026-11-25T20:00:00Z will @2"},
		},
		{
			name: "ca: the Wednesday after the list", list: List{Format: CIRA}, pub: Published{At: moment("2026-11-25T19:00:01Z")},
			in:   "example.ca\n",
			want: []string{"example.ca 2026-12-02T19:00:00Z..2026-12-02T20:00:00Z will @1"},
		},
		{
			name: "ca: no date at all", list: List{Format: CIRA}, in: "example.ca\n", want: []string{"example.ca ! @1"},
		},
		{
			name: "it: winter, the hour stands in the file's name", list: List{Format: NICIt}, pub: Published{File: "2026112309.txt"},
			in: "uno.it\r\ndue.it\r\n", want: []string{"uno.it 2026-11-23T08:00:00Z will @1", "due.it 2026-11-23T08:00:00Z will @2"},
		},
		{
			name: "it: summer", list: List{Format: NICIt}, pub: Published{File: "2026070116.txt"},
			in: "uno.it\n", want: []string{"uno.it 2026-07-01T14:00:00Z will @1"},
		},
		{
			name: "it: no hour is made up", list: List{Format: NICIt}, pub: Published{File: "droptime-20260701.txt"},
			in: "uno.it\n", want: []string{"uno.it 2026-07-01 will @1"},
		},
		{
			name: "nz", list: List{Format: NZ},
			in: "{\n\"releaseDate\": \"2026-11-24T02:00:00.000Z\",\n\"numberOfDomainNames\": 2,\n\"domainNames\": [\n\"one.nz\",\n\"two.co.nz\"\n]\n}",
			want: []string{
				"one.nz 2026-11-24T02:00:00Z..2026-11-24T03:00:00Z will @5", "two.co.nz 2026-11-24T02:00:00Z..2026-11-24T03:00:00Z will @6",
			},
		},
		{
			name: "nz: as the older page writes it", list: List{Format: NZ},
			in:   "{\"releaseDate\":2026-11-24T02:00:00.000Z\", \"numberOfDomainNames\":1, \"domainNames\": [\"one.nz\" ] }",
			want: []string{"one.nz 2026-11-24T02:00:00Z..2026-11-24T03:00:00Z will @1"},
		},
		{
			name: "dropcatch: mixed case, a name without its TLD, other kinds", list: List{Format: DropCatch},
			in:   zipped("Dropping_Domains_2026-11-24.csv", "Domain,TLD,Type,Drop Date\nExAmple.com,com,PendingDelete,2026-11-24\natlas,net,Pending Delete,11/25/2026\nkept.com,com,PreRelease,2026-11-26\nodd.com,com,PendingDelete,03/04/2026\n"),
			want: []string{"example.com 2026-11-24 will @2", "atlas.net 2026-11-25 will @3", "kept.com 2026-11-26 may @4", "odd.com ! @5"},
		},
		{
			name: "csv: mapping by name, zone", list: List{Format: CSV, Columns: &Columns{Name: "Nom", Date: "jour", Time: "heure", Zone: "Europe/Paris", Delimiter: ";", Will: true}},
			in:   "heure;Nom;jour\n05:30:00;exemple.fr;2026-11-24\n;autre.fr;2026-11-25\n;sans.fr;\n",
			want: []string{"exemple.fr 2026-11-24T04:30:00Z will @2", "autre.fr 2026-11-25 will @3", "sans.fr  will @4"},
		},
		{
			name: "csv: mapping by number, layout", list: List{Format: CSV, Columns: &Columns{Name: "2", Date: "1", Layout: "02.01.2006"}},
			in:   "24.11.2026,a.pl\n2026,b.pl\n",
			want: []string{"a.pl 2026-11-24 may @1", "b.pl ! @2"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.list.Name = "test"
			rows, bad, err := read(t, c.list, c.pub, c.in)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, rows); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			if bad != c.bad {
				t.Errorf("%d lines counted as bad, want %d", bad, c.bad)
			}
		})
	}
}

func TestWhatIsNoList(t *testing.T) {
	page := "<!DOCTYPE html>\n<html><body>Service unavailable, call 1.2.3</body></html>\n"
	for _, f := range []Format{Nominet, IIS, AuDADeleted, CIRA, NICIt, NZ, DropCatch} {
		rows, _, err := read(t, List{Name: "x", Format: f}, Published{}, page)
		if !errors.Is(err, ErrEmpty) || len(rows) > 0 {
			t.Errorf("%s: a page of HTML gave %v, %v", f, rows, err)
		}
	}
	for name, c := range map[string]struct {
		f  Format
		in string
	}{
		"gzip cut off":      {Nominet, gz("roid,domain,drop_time\n" + strings.Repeat("D,a.uk,2026-11-28T05:59:59Z\n", 5000))[:60]},
		"JSON cut off":      {IIS, `{"data":[{"name":"a.se","release_at":"2026-11-24"},{"name":"b.s`},
		"JSON never closed": {NZ, `{"releaseDate":"2026-11-24T02:00:00Z","domainNames":["a.nz"`},
		"no zip inside":     {DropCatch, "PK\x03\x04garbage"},
		"zip of a picture":  {DropCatch, zipped("a.png", "x")},
	} {
		if rows, _, err := read(t, List{Name: "x", Format: c.f}, Published{}, c.in); err == nil {
			t.Errorf("%s: read without an error: %v", name, rows)
		}
	}
	if rows, _, err := read(t, List{Name: "x", Format: Nominet}, Published{}, "roid,domain,drop_time\n"); err != nil || rows != nil {
		t.Errorf("a list without rows: %v, %v", rows, err)
	}
	long := "D," + strings.Repeat("a", 1<<20) + ".uk,2026-11-28T05:59:59Z\nD,b.uk,2026-11-28T05:59:59Z\n"
	if rows, bad, err := read(t, List{Name: "x", Format: Nominet}, Published{}, long); err != nil || len(rows) != 1 || bad != 1 {
		t.Errorf("a line of 1 MiB: %v, %d bad, %v", rows, bad, err)
	}
	esc := "D,esc\x1b]0;x\x07.uk,2026-11-28T05:59:59Z\nD\x1b[2J,b.uk,2026-11-28T05:59:59Z\n"
	r, err := NewReader(List{Name: "x", Format: Nominet}, Published{}, strings.NewReader(esc))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Next() || strings.ContainsRune(r.Row().Text(), 0x1b) || r.Next() {
		t.Errorf("escape sequences got through: %q", r.Row().Text())
	}
}

// Some kilobytes of compressed zeros must not become megabytes in memory.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	zero := make([]byte, 1<<20)
	for range 64 {
		if _, err := w.Write(zero); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := newReader(List{Name: "x", Format: Nominet}, Published{}, &b, 48<<20)
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
		t.Fatal("zeros are a row")
	}
	if r.Err() == nil {
		t.Error("64 MiB were read without an error")
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d bytes were allocated for it", got)
	}
}

func TestTooManyRows(t *testing.T) {
	r, err := NewReader(List{Name: "x", Format: CIRA}, Published{}, strings.NewReader("a.ca\nb.ca\nc.ca\n"))
	if err != nil {
		t.Fatal(err)
	}
	r.most = 2
	n := 0
	for r.Next() {
		n++
	}
	if n != 2 || r.Err() == nil || !strings.Contains(r.Err().Error(), "too many rows") {
		t.Errorf("%d rows, %v", n, r.Err())
	}
}

func TestMatch(t *testing.T) {
	in := "roid,domain,drop_time\nD_1-UK,one.co.uk,2026-11-24T05:59:59Z\nD_2-UK,two.uk,2026-12-28T06:00:01Z\nD_3-UK,three.uk,?\nD_1-UK,one.co.uk,2026-11-25T05:59:59Z\n"
	r, err := NewReader(List{Name: "uk", Format: Nominet}, Published{At: moment("2026-11-23T06:00:00Z"), Host: "lists.example", URL: "https://lists.example/uk.csv.gz"}, strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	now := moment("2026-11-23T09:00:00Z")
	res, err := Match(t.Context(), r, NewSet([]string{"one.co.uk", "THREE.uk.", "absent.uk"}), now)
	if err != nil {
		t.Fatal(err)
	}
	drop := whoisx.At(moment("2026-11-24T05:59:59Z"))
	text := "drops at 2026-11-24T05:59:59Z, the registry's own second; it cannot be renewed any more"
	want := Result{Rows: 4, Bad: 1, Answers: []whoisx.Answer{{
		Source: whoisx.DropList, Server: "lists.example", URL: "https://lists.example/uk.csv.gz", Name: "one.co.uk", Asked: now,
		Outcome: whoisx.Registered, Confirmed: true, Drop: &whoisx.Drop{From: drop, To: drop, Will: true, Text: text},
		Evidence: []whoisx.Evidence{{Source: whoisx.DropList, Line: 2, Text: "D_1-UK,one.co.uk,2026-11-24T05:59:59Z", Says: text}},
	}}}
	if d := cmp.Diff(want, res); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	big := strings.Repeat("D,a.uk,2026-11-28T05:59:59Z\n", 10000)
	if r, err = NewReader(List{Name: "uk", Format: Nominet}, Published{}, strings.NewReader(big)); err != nil {
		t.Fatal(err)
	}
	if _, err := Match(ctx, r, Set{}, now); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled match ended with %v", err)
	}
}

func TestLists(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range Lists() {
		if seen[l.Name] {
			t.Errorf("two lists are named %s", l.Name)
		}
		seen[l.Name] = true
		if _, err := time.Parse(time.DateOnly, l.Seen); err != nil || l.Source == "" {
			t.Errorf("%s: no day or no source", l.Name)
		}
	}
	if !Lists()[0].Covers("a.co.uk") || Lists()[0].Covers("a.duk") {
		t.Error("uk covers the wrong names")
	}
	mine := "[[list]]\nname='mine'\nzones=['pl']\nurl='https://lists.example/pl.csv'\nformat='csv'\nevery='12h'\n  [list.columns]\n  name='domain'\n  date='removed'\n  layout='02.01.2006'\n  zone='Europe/Warsaw'\n  delimiter=';'\n  will=true\n"
	if ls, err := ReadLists("mine.toml", []byte(mine)); err != nil || len(ls) != 1 || !ls[0].Columns.Will {
		t.Errorf("a person's own list: %+v, %v", ls, err)
	}
	for in, want := range map[string]string{
		"[[list]]\nname='x'\nformat='csv'":                                   "read l.toml: list 1: a csv list needs [list.columns] with at least name",
		"[[list]]\nname='x'\nformat='y'":                                     `read l.toml: list 1: format "y" is not known`,
		"[[list]]\nname='x'\nformat='nz'\nhost='a'":                          "read l.toml:4: unknown key list.host",
		"[[list]]\nformat='nz'":                                              "read l.toml: list 1: a list needs a name",
		"[[list]]\nname='x'\nformat='csv'\n[list.columns]\nname='a'\nzone=3": "read l.toml:6:",
	} {
		if _, err := ReadLists("l.toml", []byte(in)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	var csv strings.Builder
	csv.WriteString("roid,domain,drop_time\n")
	for i := range 150_000 {
		fmt.Fprintf(&csv, "D_%08d-UK,some-name-%06d.co.uk,2026-11-28T%02d:%02d:%02dZ\n", i, i, i/3600%24, i/60%60, i%60)
	}
	in := gz(csv.String())
	var wanted []string
	for i := range 10_000 {
		wanted = append(wanted, fmt.Sprintf("some-name-%06d.co.uk", i*30))
	}
	set := NewSet(wanted)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		r, err := NewReader(List{Name: "uk", Format: Nominet}, Published{}, strings.NewReader(in))
		if err != nil {
			b.Fatal(err)
		}
		res, err := Match(context.Background(), r, set, time.Time{})
		if err != nil || res.Rows != 150_000 || len(res.Answers) != 5_000 {
			b.Fatalf("%d rows, %d answers, %v", res.Rows, len(res.Answers), err)
		}
	}
}
