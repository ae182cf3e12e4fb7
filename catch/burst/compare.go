package burst

import "fmt"

// Like reports whether two rehearsals were of one situation, so that one can be
// held against the other: strategy and sessions may differ, being what a person
// tries out.
func (o *Rehearsed) Like(was *Rehearsed) bool {
	return o.Policy == was.Policy && o.Rivals == was.Rivals && o.Greedy == was.Greedy && o.RTT == was.RTT && o.Jitter == was.Jitter && o.Window == was.Window
}

// near is by how much a median may differ between two equal rehearsals: the
// machine is never twice the same.
const near = 0.1

// Compare says in a sentence whether a rehearsal went better than an earlier one
// of the same situation, and by what. Wins decide, then how soon after the drop
// the first create arrived, then what it spent.
func (o *Rehearsed) Compare(was *Rehearsed) string {
	share := func(r *Rehearsed) float64 { return float64(r.Won) / float64(max(r.Runs, 1)) }
	spent := func(r *Rehearsed) float64 { return float64(r.SpentAll) / float64(max(r.Runs, 1)) }
	verdict := "as good as"
	now, then := o.Receipt.P50, was.Receipt.P50
	switch {
	case o.Violations != was.Violations:
		verdict = map[bool]string{true: "better than", false: "worse than"}[o.Violations < was.Violations]
	case share(o) != share(was):
		verdict = map[bool]string{true: "better than", false: "worse than"}[share(o) > share(was)]
	case now < then*(1-near) || now > then*(1+near):
		verdict = map[bool]string{true: "better than", false: "worse than"}[now < then]
	case spent(o) < spent(was)*(1-near) || spent(o) > spent(was)*(1+near):
		verdict = map[bool]string{true: "better than", false: "worse than"}[spent(o) < spent(was)]
	}
	return fmt.Sprintf("%s: won %d of %d (then %d of %d), first create %.0f µs after the drop (then %.0f), %.1f creates a run (then %.1f), %s with %d sessions (then %s with %d)",
		verdict, o.Won, o.Runs, was.Won, was.Runs, now, then, spent(o), spent(was), o.Strategy, o.Sessions, was.Strategy, was.Sessions)
}
