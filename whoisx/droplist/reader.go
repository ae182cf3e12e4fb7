package droplist

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/lapse-dev/lapse/whoisx"
)

const (
	maxLine  = 4 << 10   // a longer line is no row
	maxText  = 512 << 20 // of one list, after decompression
	maxZip   = 64 << 20  // of one archive, compressed
	maxRows  = 4 << 20   // the longest honest lists have some hundred thousand
	maxQuote = 200
)

// ErrEmpty says that something was read that has no row at all: a page of
// HTML, an error text, a changed format. An empty list that is well-formed is
// no error.
var ErrEmpty = errors.New("no row in it could be read")

// Row is one row. Its bytes are only good until the next one is read.
type Row struct {
	Name []byte // the A-label, lower case
	Line int    // counted from 1, after decompression
	text []byte
	when []byte // as written
	time []byte // as written, where it stands apart
	kind []byte
	r    *Reader
}

// Drop reads the row's date.
func (r *Row) Drop() (whoisx.Drop, error) { return r.r.drop(r) }

// Text is the row as it stands, cleaned and cut.
func (r *Row) Text() string {
	b := r.text
	if len(b) > maxQuote {
		b = b[:maxQuote]
	}
	return whoisx.CleanLine(string(b))
}

// Reader goes through a list row by row.
type Reader struct {
	list List
	pub  Published
	in   *bufio.Reader
	line int
	row  Row
	bad  int
	rows int
	most int // rows
	err  error
	next func() bool

	fields  [16][]byte
	cols    columns
	session []byte // the date that stands once for the whole list
	json    lexer
	nameBuf []byte
	zone    *time.Location
	shut    []io.Closer
}

// columns are indices into a row's fields; -1 is none.
type columns struct{ name, when, time, kind, tld int }

// NewReader opens a list. Gzip and zip are unpacked as the content, not the
// file's name, demands. Close releases what unpacking needs; the list itself
// stays the caller's.
func NewReader(l List, p Published, in io.Reader) (*Reader, error) {
	return newReader(l, p, in, maxText)
}

func newReader(l List, p Published, in io.Reader, limit int64) (*Reader, error) {
	if err := l.Check(); err != nil {
		return nil, fmt.Errorf("read list %s: %w", l.Name, err)
	}
	r := &Reader{list: l, pub: p, zone: time.UTC, most: maxRows}
	r.row.r = r
	b := bufio.NewReaderSize(in, 64<<10)
	head, _ := b.Peek(4)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("read list %s: %w", l.Name, err)
		}
		r.shut = append(r.shut, z)
		b = bufio.NewReaderSize(&capped{z, limit}, 64<<10)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		z, err := unzip(b)
		if err != nil {
			return nil, fmt.Errorf("read list %s: %w", l.Name, err)
		}
		r.shut = append(r.shut, z)
		b = bufio.NewReaderSize(&capped{z, limit}, 64<<10)
	default:
		b = bufio.NewReaderSize(&capped{b, limit}, 64<<10)
	}
	if head, _ := b.Peek(3); bytes.Equal(head, []byte{0xEF, 0xBB, 0xBF}) {
		_, _ = b.Discard(3)
	}
	r.in = b
	r.open()
	return r, nil
}

// capped reads no more than so many bytes and then fails.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errors.New("the list is too large")
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// unzip opens the first file of an archive that is a list. Archives carry
// their directory at the end, so that the compressed bytes are held.
func unzip(in io.Reader) (io.ReadCloser, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxZip+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxZip {
		return nil, errors.New("the archive is larger than 64 MiB")
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	for _, f := range z.File {
		name := strings.ToLower(f.Name)
		if strings.HasSuffix(name, ".csv") || strings.HasSuffix(name, ".txt") {
			return f.Open()
		}
	}
	return nil, errors.New("the archive holds no .csv or .txt")
}

// Close releases the unpackers. What ended the reading is told by Err, not
// again by Close.
func (r *Reader) Close() error {
	var errs []error
	for _, c := range r.shut {
		errs = append(errs, c.Close())
	}
	if r.err != nil {
		return nil
	}
	return errors.Join(errs...)
}

// Next goes to the next row; Row, Bad and Err tell the rest.
func (r *Reader) Next() bool {
	if r.err != nil {
		return false
	}
	if !r.next() {
		if r.err == nil && r.rows == 0 && r.bad > 0 {
			r.err = fmt.Errorf("read list %s: %w", r.list.Name, ErrEmpty)
		}
		return false
	}
	if r.rows == r.most {
		return r.fail(errors.New("the list has too many rows"))
	}
	r.rows++
	return true
}

// Row is the current row.
func (r *Reader) Row() *Row { return &r.row }

// Rows and Bad count the rows read, and the lines that were none.
func (r *Reader) Rows() int { return r.rows }

// Bad counts the lines that were no row.
func (r *Reader) Bad() int { return r.bad }

// Err is what ended the reading, nil at the list's end.
func (r *Reader) Err() error { return r.err }

func (r *Reader) fail(err error) bool {
	if !errors.Is(err, io.EOF) {
		r.err = fmt.Errorf("read list %s, line %d: %w", r.list.Name, r.line+1, err)
	}
	return false
}

// readLine reads one line without its end; a line that is too long is skipped
// and counted.
func (r *Reader) readLine() ([]byte, bool) {
	for {
		b, err := r.in.ReadSlice('\n')
		if len(b) == 0 && err != nil {
			return nil, r.fail(err)
		}
		r.line++
		if len(b) > maxLine || errors.Is(err, bufio.ErrBufferFull) {
			r.bad++
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = r.in.ReadSlice('\n')
			}
			continue
		}
		b = bytes.TrimRight(b, "\r\n")
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, r.fail(err)
		}
		return b, true
	}
}

// split cuts a line into fields. Quotes around a field go; a quoted delimiter
// stays within its field.
func (r *Reader) split(line []byte, delim byte) [][]byte {
	n := 0
	for n < len(r.fields) {
		line = bytes.TrimLeft(line, " ")
		if len(line) > 0 && line[0] == '"' {
			end := bytes.IndexByte(line[1:], '"')
			if end < 0 {
				end = len(line) - 1
			}
			r.fields[n] = line[1 : 1+end]
			n++
			rest := line[min(len(line), end+2):]
			i := bytes.IndexByte(rest, delim)
			if i < 0 {
				break
			}
			line = rest[i+1:]
			continue
		}
		i := bytes.IndexByte(line, delim)
		if i < 0 {
			r.fields[n] = bytes.TrimSpace(line)
			n++
			break
		}
		r.fields[n] = bytes.TrimSpace(line[:i])
		n++
		line = line[i+1:]
	}
	return r.fields[:n]
}

var toASCII = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true))

// name puts a row's name into its one form; false is no domain name.
func (r *Reader) name(b, tld []byte) bool {
	b = bytes.TrimSuffix(bytes.TrimSpace(b), []byte{'.'})
	if len(b) == 0 || len(b) > 512 {
		return false
	}
	r.nameBuf = append(r.nameBuf[:0], b...)
	if len(tld) > 0 && bytes.IndexByte(b, '.') < 0 {
		r.nameBuf = append(append(r.nameBuf, '.'), bytes.TrimPrefix(tld, []byte{'.'})...)
	}
	ascii := true
	for i, c := range r.nameBuf {
		if c >= 'A' && c <= 'Z' {
			r.nameBuf[i] = c + 'a' - 'A'
		}
		ascii = ascii && c < 0x80
	}
	if !ascii {
		s, err := toASCII.ToASCII(string(r.nameBuf))
		if err != nil {
			return false
		}
		r.nameBuf = append(r.nameBuf[:0], s...)
	}
	dots, label := 0, 0
	for _, c := range r.nameBuf {
		switch {
		case c == '.':
			if label == 0 {
				return false
			}
			dots++
			label = 0
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	if dots == 0 || label == 0 || len(r.nameBuf) > 253 {
		return false
	}
	r.row.Name = r.nameBuf
	return true
}

// Result is what Match found.
type Result struct {
	Answers []whoisx.Answer
	Rows    int // read
	Bad     int // lines that were no row
}

// Match reads the list to its end and answers for the wanted names that it
// holds; of several rows for one name the first counts. An error comes with
// what was found before it.
func Match(ctx context.Context, r *Reader, wanted Set, at time.Time) (Result, error) {
	return match(ctx, r, wanted, at, func([]byte) {})
}

// match is Match that shows every name on its way.
func match(ctx context.Context, r *Reader, wanted Set, at time.Time, each func(name []byte)) (Result, error) {
	var res Result
	seen := make(Set)
	for r.Next() {
		if r.rows&0xfff == 0 && ctx.Err() != nil {
			res.Rows, res.Bad = r.rows, r.bad
			return res, fmt.Errorf("read list %s: %w", r.list.Name, ctx.Err())
		}
		row := r.Row()
		each(row.Name)
		if _, ok := wanted[string(row.Name)]; !ok {
			continue
		}
		if _, ok := seen[string(row.Name)]; ok {
			continue
		}
		drop, err := row.Drop()
		if err != nil {
			r.bad++
			continue
		}
		seen[string(row.Name)] = struct{}{}
		res.Answers = append(res.Answers, answer(row, drop, r.pub, at))
	}
	res.Rows, res.Bad = r.rows, r.bad
	return res, r.Err()
}
