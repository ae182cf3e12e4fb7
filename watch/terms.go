package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// Acceptance is a service's terms for one kind of order as a person read and
// accepted them.
type Acceptance struct {
	Service string     `json:"service"` // as catch.Terms names it
	Kind    catch.Kind `json:"kind"`
	At      time.Time  `json:"at"`
	Text    string     `json:"text"`
}

// TermsRead says whether terms, as they stand now, were read and accepted.
type TermsRead struct {
	Accepted time.Time `json:"accepted,omitzero"` // the latest time, of whatever text
	Changed  bool      `json:"changed"`           // they read otherwise now
	Words    string    `json:"words"`
}

// AcceptTerms keeps terms as read and accepted now, with their text.
func (s *Service) AcceptTerms(ctx context.Context, ts []catch.Terms) ([]Acceptance, error) {
	if err := s.writable(); err != nil {
		return nil, err
	}
	now := s.now().UTC()
	var as []Acceptance
	for _, t := range ts {
		if t.Text == "" {
			return nil, refuse("nobody wrote down the terms of %s: there is nothing to accept", t.Service)
		}
		as = append(as, Acceptance{Service: t.Service, Kind: t.Kind, At: now, Text: t.Text})
	}
	if len(as) == 0 {
		return nil, errors.New("accept terms: none were given")
	}
	return as, s.store.AcceptTerms(ctx, as)
}

// TermsRead says of each of several terms whether they were accepted.
func (s *Service) TermsRead(ctx context.Context, ts ...catch.Terms) ([]TermsRead, error) {
	as, err := s.store.AcceptedTerms(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]TermsRead, len(ts))
	for i, t := range ts {
		out[i] = readOf(as, t)
	}
	return out, nil
}

// readOf finds the latest acceptance; as is newest first. A service's terms for
// one TLD stand beside those for all, so that a text is accepted if any
// acceptance has it.
func readOf(as []Acceptance, t catch.Terms) TermsRead {
	var r TermsRead
	for _, a := range as {
		if a.Service != t.Service || a.Kind != t.Kind {
			continue
		}
		if r.Accepted.IsZero() {
			r.Accepted, r.Changed = a.At, true
		}
		if a.Text == t.Text {
			r.Accepted, r.Changed = a.At, false
			break
		}
	}
	switch {
	case t.Text == "":
		r.Words = "nobody wrote them down: ask first"
	case r.Accepted.IsZero():
		r.Words = fmt.Sprintf("never read and accepted; lapse terms %s --accept", t.Service)
	case r.Changed:
		r.Words = fmt.Sprintf("changed since you accepted them on %s; read them again: lapse terms %s --accept", r.Accepted.Format(time.DateOnly), t.Service)
	default:
		r.Words = "accepted on " + r.Accepted.Format(time.DateOnly)
	}
	return r
}

// OwnRecord is what came of this person's own orders at a service in one zone.
type OwnRecord struct {
	Service string     `json:"service"` // as orders name it
	Kind    catch.Kind `json:"kind"`
	Zone    string     `json:"zone"`
	Orders  int        `json:"orders"`
	Caught  int        `json:"caught"` // won, for good or until the win could be taken back
	Missed  int        `json:"missed"` // lost, failed, or taken back after the win
	Open    int        `json:"open"`
}

// OwnRecords counts orders, catches and misses by service, kind and zone.
// Orders that were cancelled or refused here say nothing of a service: they
// count as orders alone.
func (s *Service) OwnRecords(ctx context.Context) ([]OwnRecord, error) {
	os, err := s.store.Orders(ctx, OrderFilter{})
	if err != nil {
		return nil, err
	}
	type key struct {
		service string
		kind    catch.Kind
		zone    string
	}
	by := map[key]*OwnRecord{}
	for _, o := range os {
		k := key{o.Service, o.Kind, Name(o.Name).Zone()}
		r := by[k]
		if r == nil {
			r = &OwnRecord{Service: k.service, Kind: k.kind, Zone: k.zone}
			by[k] = r
		}
		r.Orders++
		switch o.State {
		case catch.Won, catch.WonProvisional:
			r.Caught++
		case catch.Lost, catch.Failed, catch.Reversed, catch.RefundDue:
			r.Missed++
		case catch.Cancelled, catch.RefusedOrder:
		default:
			r.Open++
		}
	}
	out := make([]OwnRecord, 0, len(by))
	for _, r := range by {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b OwnRecord) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Zone, b.Zone))
	})
	return out, nil
}
