package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// maxRaw bounds the raw text kept of one answer, before compression.
const maxRaw = 256 << 10

// maxKept bounds an answer that is read: its raw text with its JSON, which
// quotes little of that.
const maxKept = 16 * maxRaw

func readVerdict(r *watch.Row, verdict string) error {
	if verdict == "" {
		return nil
	}
	stage := r.Verdict.Stage
	if err := json.Unmarshal([]byte(verdict), &r.Verdict); err != nil {
		return fmt.Errorf("read the verdict of %s: %w", r.Name, err)
	}
	r.Verdict.Stage = stage
	return nil
}

// asKept is a verdict as it will be read back: without what is not kept, its
// dates to the second. What is computed from it in the transaction of a look is
// then the same as what is computed later from the row.
func asKept(v lifecycle.Verdict) lifecycle.Verdict {
	for _, d := range []*whoisx.Date{&v.Since, &v.SinceFrom, &v.Created, &v.Expires} {
		*d = dateAsKept(*d)
	}
	if v.Next != nil {
		n := *v.Next
		n.Earliest, n.Latest = dateAsKept(n.Earliest), dateAsKept(n.Latest)
		v.Next = &n
	}
	if v.Window != nil {
		w := *v.Window
		w.From, w.To, w.Likely = dateAsKept(w.From), dateAsKept(w.To), dateAsKept(w.Likely)
		v.Window = &w
	}
	for i, f := range v.Flags {
		if f.Until == nil {
			continue
		}
		if u := dateAsKept(*f.Until); u != *f.Until {
			v.Flags = slices.Clone(v.Flags)
			v.Flags[i].Until = &u
		}
	}
	v.Evidence, v.Began, v.BeganFrom = nil, whoisx.Date{}, whoisx.Date{}
	return v
}

// seenAsKept is what a look remembers as it will be read back.
func seenAsKept(seen *watch.Before, v lifecycle.Verdict) *watch.Before {
	b := *seen
	b.Verdict = v
	b.At, b.HeldAt, b.GoneAt = timeAsKept(b.At), timeAsKept(b.HeldAt), timeAsKept(b.GoneAt)
	for _, d := range []*whoisx.Date{&b.Expires, &b.Updated, &b.Began, &b.BeganFrom} {
		*d = dateAsKept(*d)
	}
	if len(b.Statuses) == 0 {
		b.Statuses = nil
		return &b
	}
	b.Statuses = make(map[string]time.Time, len(seen.Statuses))
	for status, since := range seen.Statuses {
		b.Statuses[status] = timeAsKept(since)
	}
	return &b
}

// timeAsKept leaves a time without the reading of this process's own clock.
func timeAsKept(t time.Time) time.Time { return t.Round(0).UTC() }

func dateAsKept(d whoisx.Date) whoisx.Date {
	switch {
	case d.IsZero(), d.Unwritable():
		return whoisx.Date{}
	case d.DayOnly:
		y, m, day := d.Date()
		return whoisx.Day(y, m, day)
	}
	return whoisx.At(d.Truncate(time.Second))
}

// scratch is memory in which rows are made, kept from one row to the next.
type scratch struct{ text, block []byte }

// pack makes what is kept of an answer: a line of JSON and its raw text,
// bounded, compressed together, since what the one quotes stands in the other.
func (s *scratch) pack(a *whoisx.Answer) ([]byte, error) {
	o := object{b: s.text[:0]}
	err := o.answer(a)
	s.text = append(append(o.b, '\n'), a.Raw[:min(len(a.Raw), maxRaw)]...)
	s.block = squeeze(s.block, s.text)
	return bytes.Clone(s.block), err
}

// unpack reads an answer. Older versions kept its JSON in a column of its own.
func unpack(body string, packed []byte) (a whoisx.Answer, err error) {
	text, err := unsqueeze(packed, maxKept)
	if err != nil {
		return a, err
	}
	line := []byte(body)
	if body == "" {
		line, text, _ = bytes.Cut(text, []byte{'\n'})
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, err
	}
	if len(text) > 0 {
		a.Raw = text
	}
	return a, nil
}
