package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/whoisx"
)

const (
	maxTag  = 40
	maxNote = 4000
	maxTags = 50
)

// Add puts names on the list, each as typed; one result for each, in order.
// What is no name is reported in its result, never as an error of the call.
func (s *Service) Add(ctx context.Context, ws []NewWatch) ([]AddResult, error) {
	if err := s.writable(); err != nil {
		return nil, err
	}
	out := make([]AddResult, len(ws))
	rows := make([]Watch, 0, len(ws))
	where := make([]int, 0, len(ws))
	inCall := make(map[Name]bool, len(ws))
	for i, w := range ws {
		out[i].Input = whoisx.CleanLine(clip(w.Input))
		n, err := s.ParseNew(w)
		if err != nil {
			var ne *NameError
			if errors.As(err, &ne) {
				out[i].Why, out[i].Meant = ne.Why, ne.Meant
			} else {
				out[i].Why = err.Error()
			}
			continue
		}
		out[i].Name = n
		row, err := s.newWatch(n, w)
		if err != nil {
			out[i].Why = err.Error()
			continue
		}
		if inCall[n] {
			out[i].Why = "it stands twice in what you gave"
			continue
		}
		inCall[n] = true
		rows, where = append(rows, row), append(where, i)
	}
	if len(rows) == 0 {
		return out, nil
	}
	rs, err := s.store.Add(ctx, rows)
	if err != nil {
		return nil, err
	}
	for j, r := range rs {
		o := &out[where[j]]
		o.Added, o.Why = r.Added, r.Why
	}
	s.wake()
	return out, nil
}

// ParseNew reads a name as Add does. Below a TLD that nobody runs yet there are only names
// that wait for its launch: where the launch is known, or where the person says
// so.
func (s *Service) ParseNew(w NewWatch) (Name, error) {
	return ParseLaunchName(w.Input, func(tld string) bool {
		if s.coming(tld) {
			return true
		}
		return w.Kind == Launch && len(tld) >= 2 && strings.Trim(tld, "0123456789") != ""
	})
}

func (s *Service) newWatch(n Name, w NewWatch) (Watch, error) {
	row := Watch{Name: n, Kind: w.Kind, Priority: w.Priority, Cap: w.Cap, BidCap: w.BidCap}
	if row.Kind == "" {
		row.Kind = s.kindOf(n)
	}
	var err error
	if row.Tags, err = cleanTags(w.Tags); err != nil {
		return row, err
	}
	if row.Note, err = cleanNote(w.Note); err != nil {
		return row, err
	}
	if row.Purpose, err = cleanNote(w.Purpose); err != nil {
		return row, fmt.Errorf("purpose: %w", err)
	}
	return row, checkWatch(row)
}

func checkWatch(w Watch) error {
	switch w.Kind {
	case Want, Mine, Launch:
	default:
		return fmt.Errorf("kind %q: it is want, mine or launch", w.Kind)
	}
	for what, m := range map[string]catch.Money{"cap": w.Cap, "bid cap": w.BidCap} {
		if m.Units < 0 {
			return fmt.Errorf("%s %s: it cannot be below zero", what, m)
		}
		if m.Units > 0 && m.Currency == "" {
			return fmt.Errorf("%s %s: it needs a currency, like 60USD", what, m.Amount())
		}
	}
	if !w.Cap.IsZero() && !w.BidCap.IsZero() && w.Cap.Currency != w.BidCap.Currency {
		return fmt.Errorf("cap %s and bid cap %s: one currency for both", w.Cap, w.BidCap)
	}
	return nil
}

// cleanTags makes tags lower case, sorted and unique. They stand in queries, so
// that they hold no space, comma or colon.
func cleanTags(tags []string) ([]string, error) {
	out := make([]string, 0, len(tags))
	for _, t := range tags {
		t = strings.ToLower(strings.TrimSpace(t))
		if t == "" {
			continue
		}
		if utf8.RuneCountInString(t) > maxTag {
			return nil, fmt.Errorf("tag %q: %d characters at most", clip(t), maxTag)
		}
		for _, r := range t {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.+/", r) {
				return nil, fmt.Errorf("tag %q: letters, digits and - _ . + / alone", whoisx.CleanLine(t))
			}
		}
		out = append(out, t)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) > maxTags {
		return nil, fmt.Errorf("%d tags: %d at most", len(out), maxTags)
	}
	return out, nil
}

func cleanNote(note string) (string, error) {
	note = strings.TrimSpace(whoisx.Clean(note))
	if utf8.RuneCountInString(note) > maxNote {
		return "", fmt.Errorf("note: %d characters at most", maxNote)
	}
	return note, nil
}

// Edit changes a watch. With Patch.Rev it fails with ErrStale when somebody
// changed it since; without, it is applied to whatever it is now.
func (s *Service) Edit(ctx context.Context, n Name, p Patch) (Watch, error) {
	if err := s.writable(); err != nil {
		return Watch{}, err
	}
	for {
		row, err := s.store.Watch(ctx, n)
		if err != nil {
			return Watch{}, err
		}
		if p.Rev != 0 && row.Rev != p.Rev {
			return row.Watch, fmt.Errorf("edit %s: %w; look at it again", n.Display(), ErrStale)
		}
		w, err := patched(row.Watch, p)
		if err != nil {
			return row.Watch, fmt.Errorf("edit %s: %w", n.Display(), err)
		}
		changes := edits(row.Watch, w, s)
		if len(changes) == 0 {
			return row.Watch, nil
		}
		w, err = s.store.Edit(ctx, w, changes)
		if errors.Is(err, ErrStale) && p.Rev == 0 {
			continue // somebody else was quicker: apply it to theirs
		}
		if err == nil {
			s.wake()
		}
		return w, err
	}
}

func patched(w Watch, p Patch) (Watch, error) {
	var err error
	if p.Kind != nil {
		w.Kind = *p.Kind
	}
	tags := w.Tags
	if p.Tags != nil {
		tags = *p.Tags
	}
	tags = append(slices.Clone(tags), p.AddTags...)
	if w.Tags, err = cleanTags(tags); err != nil {
		return w, err
	}
	drop, err := cleanTags(p.DropTags)
	if err != nil {
		return w, err
	}
	w.Tags = slices.DeleteFunc(w.Tags, func(t string) bool { return slices.Contains(drop, t) })
	if p.Note != nil {
		if w.Note, err = cleanNote(*p.Note); err != nil {
			return w, err
		}
	}
	if p.Purpose != nil {
		if w.Purpose, err = cleanNote(*p.Purpose); err != nil {
			return w, err
		}
	}
	if p.Priority != nil {
		w.Priority = *p.Priority
	}
	if p.Cap != nil {
		w.Cap = *p.Cap
	}
	if p.BidCap != nil {
		w.BidCap = *p.BidCap
	}
	return w, checkWatch(w)
}

func edits(was, is Watch, s *Service) []Change {
	var out []Change
	add := func(field, a, b string) {
		if a != b {
			out = append(out, Change{At: s.now(), Name: is.Name, Field: field, Before: a, After: b, Source: "you"})
		}
	}
	add("kind", string(was.Kind), string(is.Kind))
	add("tags", strings.Join(was.Tags, " "), strings.Join(is.Tags, " "))
	add("note", was.Note, is.Note)
	add("purpose", was.Purpose, is.Purpose)
	add("priority", fmt.Sprint(was.Priority), fmt.Sprint(is.Priority))
	add("cap", was.Cap.String(), is.Cap.String())
	add("bid cap", was.BidCap.String(), is.BidCap.String())
	return out
}

// Remove takes names off the list and says how many were on it. A name with an
// order that still holds stays: cancel the order first.
func (s *Service) Remove(ctx context.Context, ns ...Name) (int, error) {
	if err := s.writable(); err != nil {
		return 0, err
	}
	c, err := s.store.Remove(ctx, ns)
	if err == nil && c > 0 {
		s.wake()
	}
	return c, err
}
