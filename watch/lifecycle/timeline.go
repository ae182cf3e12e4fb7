package lifecycle

import (
	"slices"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// Segment is a piece of a name's way from expiry to drop.
type Segment struct {
	Stage Stage       `json:"stage"`
	Name  string      `json:"name"` // the registry's word
	From  whoisx.Date `json:"from"`
	To    whoisx.Date `json:"to"`
	Known bool        `json:"known"` // both ends are said or follow from what was said; else they are the rule's latest
	Now   bool        `json:"now"`   // the name is here
}

// Timeline is the way of a name from expiry to drop, one segment a stage of
// its rule, as far as dates are known. It is empty where nothing is known of
// when the name expires or of what its registry does then.
func Timeline(v Verdict, r Rule, _ time.Time) []Segment {
	held := r.held()
	i := slices.IndexFunc(held, func(s RuleStage) bool { return s.Name == v.RegistryStage })
	var out []Segment
	switch {
	case len(held) == 0:
		return nil
	case i >= 0 && !v.Since.IsZero():
		out = passed(v, held, i)
	case v.Stage == Registered && !v.Expires.IsZero():
		i = -1
		if !v.Created.IsZero() {
			out = append(out, Segment{Stage: Registered, Name: "registered", From: v.Created, To: v.Expires, Known: true, Now: true})
		}
		if held[0].From == "deletion" {
			return out // when it is deleted is its registrar's own decision
		}
	default:
		return nil
	}
	// What is to come, by the rule, at the latest.
	at, known := v.Expires, true
	if len(out) > 0 {
		at, known = out[len(out)-1].To, out[len(out)-1].Known
	}
	for _, s := range held[i+1:] {
		if at.IsZero() {
			break
		}
		known = known && s.Min == s.Max
		to := whoisx.Date{Time: at.Add(s.Max), DayOnly: at.DayOnly}
		out = append(out, Segment{Stage: s.MapsTo, Name: s.Name, From: at, To: to, Known: known})
		at = to
	}
	if w := v.Window; w != nil {
		out = append(out, Segment{Stage: Dropping, Name: "drop", From: w.From, To: w.To, Known: w.Certainty == Will, Now: v.Stage == Dropping})
	}
	return out
}

// passed are the segments up to the one that the name is in.
func passed(v Verdict, held []RuleStage, i int) []Segment {
	since := v.Since
	if v.Stage == Dropping && v.Window != nil {
		// Since is then the window's own; the stage began its length before.
		since = whoisx.Date{Time: v.Window.From.Add(-held[i].Max), DayOnly: v.Window.From.DayOnly}
	}
	var out []Segment
	to, known := since, v.SinceFrom.IsZero()
	for j := i - 1; j >= 0; j-- {
		s := held[j]
		from := whoisx.Date{Time: to.Add(-s.Max), DayOnly: to.DayOnly}
		if j == 0 && !v.Expires.IsZero() && !v.Expires.After(to.Time) {
			from = v.Expires
		} else {
			known = known && s.Min == s.Max
		}
		out = slices.Insert(out, 0, Segment{Stage: s.MapsTo, Name: s.Name, From: from, To: to, Known: known})
		to = from
	}
	end := whoisx.Date{Time: since.Add(held[i].Max), DayOnly: since.DayOnly}
	return append(out, Segment{
		Stage: held[i].MapsTo, Name: held[i].Name, From: since, To: end,
		Known: v.SinceFrom.IsZero() && held[i].Min == held[i].Max, Now: v.Stage != Dropping,
	})
}
