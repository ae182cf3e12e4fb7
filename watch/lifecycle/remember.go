package lifecycle

import (
	"maps"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// Remember makes what the next look needs to know of this one. Store it with
// the verdict and hand it back as Input.Before.
func Remember(in Input, v Verdict) Seen {
	if in.Houses == nil {
		in.Houses = houses()
	}
	d := &decider{Input: in}
	d.hear()
	s := Seen{}
	if in.Before != nil {
		s = *in.Before
		s.Statuses = maps.Clone(s.Statuses)
		s.Nameservers = slices.Clone(s.Nameservers)
	}
	v.Evidence, v.Happened = nil, nil
	s.Verdict, s.At = v, in.Now
	switch {
	case len(d.yes) > 0:
		a := d.yes[0]
		s.HeldAt, s.GoneAt = in.Now, time.Time{}
		if len(d.no) > 0 && in.Before != nil && !in.Before.HeldAt.IsZero() {
			s.GoneAt = in.Before.GoneAt
			if s.GoneAt.IsZero() {
				s.GoneAt = in.Now // somebody already says so
			}
		}
		s.LastHeld = v.Stage
		if !v.Began.IsZero() {
			s.Began, s.BeganFrom = v.Began, v.BeganFrom
		}
		if !rich(a) {
			break
		}
		if !a.Updated.IsZero() && (s.Updated.IsZero() || a.Updated.After(s.Updated.Time) || d.Before == nil || v.Created != d.Before.Verdict.Created) {
			s.Updated = a.Updated
		}
		if !a.Expires.IsZero() {
			s.Expires = a.Expires
		}
		if a.RegistrarID != "" {
			s.RegistrarID = a.RegistrarID
		}
		s.hearFrom(a.Source, in.Before)
		if len(a.Nameservers) > 0 {
			s.Nameservers = slices.Sorted(slices.Values(a.Nameservers))
		}
		old := s.Statuses
		s.Statuses = map[string]time.Time{}
		for _, st := range a.Statuses {
			s.Statuses[st] = in.Now
			if t, ok := old[st]; ok {
				s.Statuses[st] = t
			}
		}
	case len(d.no)+len(d.special) > 0:
		if s.GoneAt.IsZero() {
			s.GoneAt = in.Now
		}
		s.Statuses, s.Updated = nil, whoisx.Date{}
	}
	return s
}

// hearFrom puts by what another source showed, and takes up what this one did.
func (s *Seen) hearFrom(src whoisx.Source, before *Seen) {
	if before != nil && s.From != "" && s.From != src {
		was, _ := before.Showed(s.From)
		now, _ := before.Showed(src)
		s.Others = append(slices.DeleteFunc(slices.Clone(s.Others), func(o Shown) bool { return o.Source == src }), was)
		s.Nameservers = now.Nameservers
	}
	s.From = src
}

// Showed is what a source showed when it was last believed, and whether it ever
// was.
func (s *Seen) Showed(src whoisx.Source) (Shown, bool) {
	if s.From == src || s.From == "" {
		return Shown{Source: src, Statuses: slices.Sorted(maps.Keys(s.Statuses)), Nameservers: s.Nameservers, Registrar: s.Verdict.Registrar}, true
	}
	if i := slices.IndexFunc(s.Others, func(o Shown) bool { return o.Source == src }); i >= 0 {
		return s.Others[i], true
	}
	return Shown{Source: src}, false
}

// sharp is the longest time between two looks for a drop between them to be
// an observation: hours learned from looks of twice a day would be wrong.
const sharp = 15 * time.Minute

// Drop reports when a name was seen to drop: held at the look before, gone at
// this one, with little time between. The moment is the later bound.
func Drop(before *Seen, v Verdict, now time.Time) (Observation, bool) {
	if before == nil || before.HeldAt.IsZero() || !before.GoneAt.IsZero() || now.Sub(before.HeldAt) > sharp {
		return Observation{}, false
	}
	switch v.Stage {
	case LikelyFree, Free, GatedStage:
	default:
		return Observation{}, false
	}
	switch before.LastHeld {
	case PendingDelete, Dropping, Redemption:
	default:
		return Observation{}, false
	}
	if v.Confidence == Conflict {
		return Observation{}, false
	}
	o := Observation{At: now.UTC()}
	if before.BeganFrom.IsZero() && !before.Began.DayOnly {
		o.Began = before.Began.Time
	}
	return o, true
}
