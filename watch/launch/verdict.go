package launch

import (
	"fmt"
	"time"

	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// Verdict says where a name stands whose TLD is not open to all yet: launching,
// with the phase as the registry's word, the next moment at which something
// opens or closes, and general availability as its window. The second result
// is false once the TLD is open: the name is then like any other.
func Verdict(l Launch, now time.Time) (lifecycle.Verdict, bool) {
	v := lifecycle.Verdict{Stage: lifecycle.Launching, Confidence: lifecycle.Guess, Flags: []lifecycle.Flag{}, Sources: []whoisx.Source{}}
	if l.Confidence == "seen" {
		v.Confidence = lifecycle.Single
	}
	if l.OpenedAt(now) {
		return v, false
	}
	v.RegistryStage = "before the launch"
	if p := l.At(now); p != nil {
		v.RegistryStage = p.Name
		if !p.From.IsZero() {
			v.Since = p.From
		}
		if p.Kind == EarlyAccess || p.Kind == Landrush {
			f := lifecycle.Flag{Flag: lifecycle.FlagEAP, Category: p.Name, Why: p.Name + " takes orders now"}
			if p.Fee.Currency != "" {
				f.Price = &whoisx.Price{Amount: p.Fee.Amount(), Currency: p.Fee.Currency, What: p.Name}
			}
			if !p.To.IsZero() {
				until := p.To
				f.Until = &until
			}
			v.Flags = append(v.Flags, f)
		}
	}
	if l.Nexus != "" {
		v.Flags = append(v.Flags, lifecycle.Flag{Flag: lifecycle.FlagNexus, Category: l.Nexus, Why: "." + l.TLD + " wants to see: " + l.Nexus})
	}
	if p, at, opens := l.Next(now); p != nil {
		word := "closes"
		if opens {
			word = "opens"
		}
		v.Why = append(v.Why, fmt.Sprintf("%s %s %s", p.Name, word, stamp(at)))
	} else {
		v.Why = append(v.Why, "nothing is known of when ."+l.TLD+" opens")
	}
	if ga := l.GA(); ga != nil && !ga.From.IsZero() {
		from := ga.From
		v.Next = &lifecycle.Next{Stage: lifecycle.Free, Earliest: from, Latest: from}
		v.Window = &lifecycle.Window{From: from, To: from, Likely: from, Certainty: lifecycle.May, HourKnown: !from.DayOnly, Basis: "launch of ." + l.TLD + " (" + l.Checked + ")"}
		v.Why = append(v.Why, "open to all from "+stamp(ga.From)+", if nobody takes it in a phase before")
	}
	return v, true
}
