package lifecycle

import (
	"slices"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// Decide says where a name stands: answers + rule + history + now → verdict.
// It never fails: what cannot be is shown as an anomaly, and answers that say
// nothing about the name change nothing.
func Decide(in Input) Verdict {
	if in.Houses == nil {
		in.Houses = houses()
	}
	if in.Reserved == nil {
		in.Reserved = DefaultReserved()
	}
	d := &decider{Input: in}
	d.v.Flags = []Flag{}
	d.v.Sources = []whoisx.Source{}
	d.hear()
	switch {
	case len(d.yes)+len(d.no)+len(d.special) > 0:
		d.decide()
	case len(d.hints) > 0:
		d.hinted()
	default:
		return d.unchanged()
	}
	d.compare()
	d.clockCheck()
	d.sleptThrough()
	return d.v
}

// unchanged is the verdict when nobody said anything about the name.
func (d *decider) unchanged() Verdict {
	if d.Before != nil {
		v := d.Before.Verdict
		v.Happened = nil
		return v
	}
	d.v.Stage, d.v.Confidence = Unknown, Guess
	for _, a := range d.silent {
		d.why("%s said nothing about the name: %s", who(a), reason(a))
	}
	if len(d.silent) == 0 {
		d.why("nobody was heard yet")
	}
	d.v.Missing = d.missing(nil)
	return d.v
}

func reason(a whoisx.Answer) string {
	if a.Why != "" {
		return string(a.Outcome) + ", " + a.Why
	}
	return string(a.Outcome)
}

// decide weighs what was heard.
func (d *decider) decide() {
	for _, as := range [][]whoisx.Answer{d.yes, d.no, d.special, d.hints} {
		for _, a := range as {
			if !slices.Contains(d.v.Sources, a.Source) {
				d.v.Sources = append(d.v.Sources, a.Source)
			}
			d.v.Evidence = append(d.v.Evidence, a.Evidence...)
		}
	}
	blocked, reserved, premium, gated := d.told(whoisx.Blocked), d.told(whoisx.Reserved), d.told(whoisx.Premium), d.told(whoisx.Gated)
	if kept := first(blocked, reserved); kept != nil && kept.Source != whoisx.Registrar {
		// A registrar's "not available" names no holder: it fits a name that its
		// registry keeps back.
		d.yes = slices.DeleteFunc(d.yes, func(a whoisx.Answer) bool { return a.Source == whoisx.Registrar && !rich(a) })
	}
	switch {
	case len(d.yes) > 0 && len(d.no) > 0:
		d.held()
		d.v.Confidence = Conflict
		d.v.Why = slices.Insert(d.v.Why, 0, join(d.names(d.yes))+verb(len(d.yes))+"registered, "+join(d.names(d.no))+verb(len(d.no))+"not registered; it is not called free until they agree")
	case len(d.yes) > 0 && gated == nil:
		d.held()
		if blocked != nil || reserved != nil {
			d.why("%s calls the name reserved or blocked, yet it is registered", who(*first(blocked, reserved)))
		}
	case blocked != nil:
		d.settle(BlockedStage, blocked, "blocked")
	case reserved != nil:
		d.settle(ReservedStage, reserved, "reserved")
	case gated != nil:
		d.gate(gated)
		if len(d.yes) > 0 {
			d.v.Confidence = Conflict
			d.why("%s still%sregistered", join(d.names(d.yes)), verb(len(d.yes)))
		}
	default:
		d.gone(premium)
	}
	if d.old {
		if d.v.Confidence != Conflict {
			d.v.Confidence = Guess
		}
		if d.v.Stage == Free {
			d.v.Stage, d.v.Missing = LikelyFree, d.missing(nil)
		}
		d.why("the newest answer is more than a day old")
	}
	d.flags()
	for _, a := range d.silent {
		d.why("%s said nothing about the name: %s", who(a), reason(a))
	}
}

func first(as ...*whoisx.Answer) *whoisx.Answer {
	for _, a := range as {
		if a != nil {
			return a
		}
	}
	return nil
}

// told returns a special answer of one kind.
func (d *decider) told(o whoisx.Outcome) *whoisx.Answer {
	for i := range d.special {
		if d.special[i].Outcome == o {
			return &d.special[i]
		}
	}
	return nil
}

func (d *decider) names(as []whoisx.Answer) []string {
	out := make([]string, len(as))
	for i, a := range as {
		out[i] = who(a)
	}
	return out
}

// settle is a name that nobody holds and nobody can have.
func (d *decider) settle(st Stage, a *whoisx.Answer, word string) {
	d.v.Stage, d.v.Confidence = st, Single
	d.v.RegistryStage = a.Category
	what := word
	if a.Category != "" {
		what += " (" + a.Category + ")"
	}
	d.why("%s says that the name is %s; it cannot be registered, whatever others say of it being not registered", who(*a), what)
	d.v.Since = d.sinceBefore(st)
}

// sinceBefore is when the stage was first seen, for stages that carry no date.
func (d *decider) sinceBefore(st Stage) whoisx.Date {
	if b := d.Before; b != nil && b.Verdict.Stage == st && !b.Verdict.Since.IsZero() {
		return b.Verdict.Since
	}
	return whoisx.At(d.Now)
}

// held decides the stage of a registered name.
func (d *decider) held() {
	d.main = d.yes[0]
	d.v.Created = d.pick(func(a whoisx.Answer) whoisx.Date { return a.Created })
	for _, a := range d.yes {
		if a.Registrar != "" {
			d.v.Registrar = a.Registrar
			break
		}
	}
	d.readExpiry()
	if b := d.Before; b != nil && d.expires.DayOnly && b.Verdict.Expires.UTC().Truncate(day).Equal(d.expires.Time) {
		d.expires = b.Verdict.Expires // the same day, with its hour from another source
	}
	d.v.Expires = d.expires
	if d.v.Expires.IsZero() && d.Before != nil && !rich(d.main) {
		d.v.Expires, d.v.Created, d.v.Registrar = d.Before.Verdict.Expires, d.Before.Verdict.Created, d.Before.Verdict.Registrar
	}
	rs, st := d.readStage(d.main)
	if d.poor() {
		d.keep()
		return
	}
	if d.past() {
		return
	}
	if d.overdue(rs) {
		rs, st, d.unsure, d.stuck = nil, Expired, true, true
		d.odd("its expiry date %s is long past, no rule of .%s lets it be held that long, and no status shows what became of it", say(d.expires), d.Rule.Zone)
	}
	if d.Rule.Drop.AtExpiry && rs != nil && d.expires.After(d.Now) {
		for _, s := range d.Rule.held() {
			d.expires.Time = d.expires.Add(-s.Max)
		}
		d.v.Expires = d.expires
	}
	d.rs, d.v.Stage = rs, st
	d.v.Confidence = Single
	agree := []whoisx.Source{d.main.Source}
	for _, a := range d.yes[1:] {
		if a.Source == d.main.Source {
			continue
		}
		_, other := d.readStage(a)
		if !rich(a) || other == st || a.Source == whoisx.Registrar {
			if !slices.Contains(agree, a.Source) {
				agree = append(agree, a.Source)
			}
		} else {
			d.why("%s puts it in another stage (%s): it may lag behind", who(a), other)
		}
	}
	if len(agree) > 1 {
		d.v.Confidence = Confirmed
	}
	if d.unsure || d.hidden || rs != nil && rs.Confidence == "memory" && !telling(*rs) {
		d.v.Confidence = Guess // nobody says the stage, and nobody confirmed its days
	}
	if rs != nil {
		d.v.RegistryStage = rs.Name
	} else if st == PendingRestore {
		d.v.RegistryStage = "pending restore"
	}
	if d.rs != nil && d.rs.MapsTo == GatedStage {
		d.why("%s says %q: it was given up, but it is not open to all", who(d.main), d.rs.Name)
		d.gateEnds(d.gateBegan())
		return
	}
	d.began = d.readBegan(st)
	d.v.Since = date(d.began.hi, d.began.day)
	if d.began.known() && !d.began.exact() {
		d.v.SinceFrom = date(d.began.lo, d.began.day)
	}
	d.v.Began, d.v.BeganFrom = d.v.Since, d.v.SinceFrom
	d.v.Window = d.window(st)
	d.v.Next = d.next(st)
	d.dropping()
	d.explain()
}

// overdue reports whether a stage that only the calendar tells has been over
// for long: the expiry date is then no date to reckon with.
func (d *decider) overdue(rs *RuleStage) bool {
	if rs == nil || rs.Max == 0 || shown(*rs, d.main) || d.bySaid(d.main) != nil || has(d.main, "pendingDelete") || has(d.main, "redemptionPeriod") {
		return false
	}
	began, ok := d.chain(d.expires, rs)
	if !ok {
		return false
	}
	slack := 7 * day
	if held := d.Rule.held(); held[len(held)-1].Name == rs.Name {
		slack = 60 * day // a drop is late more often than a deletion
	}
	return d.Now.After(d.Rule.Drop.endOf(began).Add(rs.Max + d.Rule.Drop.Late + time.Duration(d.Rule.scale()*float64(slack))))
}

// poor reports whether the registered answers tell nothing but "taken", while
// more is known from before.
func (d *decider) poor() bool {
	return !rich(d.main) && d.Before != nil && d.Before.LastHeld != "" && d.Before.Verdict.Stage.somebodys()
}

// somebodys reports whether somebody holds the name in this stage.
func (s Stage) somebodys() bool {
	switch s {
	case Registered, Expired, Redemption, PendingRestore, PendingDelete, Dropping, Caught, Lost:
		return true
	}
	return false
}

// keep carries the verdict of before on, because the sources that answered
// only say that the name is taken.
func (d *decider) keep() {
	b := d.Before.Verdict
	sources, evidence := d.v.Sources, d.v.Evidence
	d.v = b
	d.v.Happened, d.v.Flags = nil, []Flag{}
	d.v.Sources, d.v.Evidence = sources, evidence
	d.v.Confidence = Guess
	d.v.Why = []string{who(d.main) + " only says that it is taken; the stage is that of the look before"}
	d.rs = d.Rule.Stage(b.RegistryStage)
	d.began = d.firstLook(b.Stage, 0)
	d.dropping()
}

// past refuses an answer that is older than what was seen before: a replica
// that lags, or a registry that answers from the past.
func (d *decider) past() bool {
	b := d.Before
	up := d.main.Updated
	if b == nil || b.Updated.IsZero() || up.IsZero() || up.DayOnly != b.Updated.DayOnly || !up.Before(b.Updated.Time) {
		return false
	}
	if d.newLife() || !b.Verdict.Stage.somebodys() {
		return false
	}
	d.keep()
	d.v.Why = []string{who(d.main) + " answered from the past; the stage is that of the look before"}
	d.v.Anomaly = "the registry answered with a state of " + say(up) + ", older than the one of " + say(b.Updated) + " seen before"
	return true
}

// newLife reports whether the name was registered anew since the look before.
func (d *decider) newLife() bool {
	b := d.Before
	if b == nil || d.v.Created.IsZero() {
		return false
	}
	if !b.Verdict.Created.IsZero() {
		return d.v.Created.After(b.Verdict.Created.Add(36*time.Hour)) ||
			!d.v.Created.DayOnly && !b.Verdict.Created.DayOnly && d.v.Created.After(b.Verdict.Created.Add(time.Second))
	}
	since := b.HeldAt
	if since.IsZero() {
		since = b.At
	}
	return !b.GoneAt.IsZero() && d.v.Created.After(since)
}

// dropping turns the last stage into dropping while its window is open.
func (d *decider) dropping() {
	w := d.v.Window
	if w == nil || !d.last() && w.Certainty != Will || d.v.Stage == PendingRestore || w.Certainty == CertaintyUnknown {
		return
	}
	open, shut := d.Rule.Drop.open(*w), d.Rule.Drop.shut(*w)
	if d.Now.Before(open) || shut.Sub(open) > wide(d.Rule)+d.Rule.Drop.Late {
		return
	}
	grace := max(time.Duration(d.Rule.scale()*float64(5*time.Minute)), 2*time.Second)
	if d.Now.After(shut.Add(grace)) {
		d.why("its window ended %s and it is still registered: the drop is late, or the rule is wrong here", say(whoisx.At(shut)))
		if d.Now.After(shut.Add(time.Duration(d.Rule.scale() * float64(2*day)))) {
			d.odd("it should have dropped by %s and is still registered", say(whoisx.At(shut)))
		}
		return
	}
	d.v.Stage = Dropping
	d.v.Since, d.v.SinceFrom = w.From, whoisx.Date{}
	d.v.Next = &Next{Stage: d.afterDrop(), Earliest: w.From, Latest: w.To}
}

// next is the stage that follows, and when.
func (d *decider) next(st Stage) *Next {
	after := d.afterDrop()
	held, i := d.Rule.held(), d.index()
	switch {
	case st == Registered:
		if d.expires.IsZero() || d.pastExpiry() {
			return nil
		}
		n := &Next{Stage: Expired, Earliest: d.expires, Latest: d.expires}
		if len(held) > 0 {
			n.Registry = held[0].Name
		}
		if len(held) > 0 && held[0].From != "expiry" {
			n.Stage = held[0].MapsTo
			n.Latest = whoisx.Date{}
		}
		return n
	case st == PendingRestore:
		return &Next{Stage: Registered}
	case i < 0 && st == PendingDelete:
		return &Next{Stage: after}
	case i < 0:
		return nil
	case i == len(held)-1:
		if w := d.v.Window; w != nil {
			return &Next{Stage: Dropping, Earliest: w.From, Latest: w.To}
		}
		return &Next{Stage: after}
	}
	n := &Next{Stage: held[i+1].MapsTo, Registry: held[i+1].Name}
	if !d.began.known() {
		return n
	}
	m := d.stageEnds()
	late := d.Rule.Drop.endOf(m).Before(d.Now)
	if m.lo.Before(d.Now) {
		m.lo = d.Now // it is still in this one
	}
	n.Earliest, n.Latest = date(m.lo, m.day), date(m.hi, m.day)
	if late {
		n.Latest = whoisx.Date{}
	}
	return n
}

// afterDrop is the stage that a name drops into.
func (d *decider) afterDrop() Stage {
	if _, gated := d.Rule.gateFor(); gated {
		return GatedStage
	}
	return Free
}

// hinted is the verdict when only DNS or a drop list spoke: neither votes.
func (d *decider) hinted() {
	if d.Before != nil {
		d.v = d.Before.Verdict
		d.v.Happened, d.v.Flags = nil, slices.Clone(d.v.Flags)
		d.rs = d.Rule.Stage(d.v.RegistryStage)
		if d.v.Stage.somebodys() {
			d.began = d.firstLook(d.v.Stage, 0)
			if w := d.window(d.v.Stage); w != nil {
				d.v.Window = w
			}
		}
		if d.v.Stage == Free && slices.ContainsFunc(d.hints, delegated) {
			d.v.Stage, d.v.Confidence, d.v.Missing = LikelyFree, Conflict, d.missing(nil)
			d.v.Why = []string{"it was free, and is delegated in DNS now: somebody may hold it; it is not called free until two sources say so again"}
		}
		return
	}
	d.v.Stage, d.v.Confidence = Unknown, Guess
	for _, a := range d.hints {
		if !slices.Contains(d.v.Sources, a.Source) {
			d.v.Sources = append(d.v.Sources, a.Source)
		}
		switch {
		case a.Source == whoisx.DropList && a.Drop != nil:
			held := d.Rule.held()
			if len(held) == 0 {
				break
			}
			d.rs = &held[len(held)-1]
			if !a.Drop.Will && len(held) > 1 {
				d.rs = &held[len(held)-2]
			}
			d.v.Stage, d.v.RegistryStage = d.rs.MapsTo, d.rs.Name
			d.v.Window = d.window(d.v.Stage)
			d.why("it is on %s; nobody else was heard", who(a))
		case delegated(a):
			if d.v.Stage == Unknown {
				d.v.Stage = Registered
			}
			d.why("it is delegated in DNS, so somebody holds it; DNS alone says no more")
		default:
			d.why("it is not delegated in DNS, which says nothing: held and expired names are not either")
		}
	}
	d.v.Missing = d.missing(nil)
	d.v.Since = whoisx.At(d.Now)
	d.flags()
}

// delegated reports whether a DNS answer shows that somebody holds the name.
func delegated(a whoisx.Answer) bool {
	switch a.Delegation {
	case whoisx.Delegated, whoisx.Parked, whoisx.AtAuctionHouse, whoisx.Lame:
		return true
	}
	return false
}

// clockCheck notices a machine whose clock jumped, and a registry that answers
// from the past or the future.
func (d *decider) clockCheck() {
	if len(d.yes) > 0 {
		for _, up := range []whoisx.Date{d.main.Created, d.main.Updated, d.main.AsOf} {
			if up.After(d.Now.Add(day)) {
				d.odd("%s speaks of %s, which is still to come: its clock or this machine's is wrong", who(d.main), say(up))
			}
		}
		d.stale(d.main)
	}
	for _, a := range d.no {
		d.stale(a)
	}
	if b := d.Before; b != nil && d.Now.Before(b.At.Add(-time.Minute)) {
		d.odd("this machine's clock went back by %s since the look before", FormatSpan(b.At.Sub(d.Now).Round(time.Second)))
	}
}

// stale notices an answer whose data is older than a day: it knows nothing of
// what happened since.
func (d *decider) stale(a whoisx.Answer) {
	if as := a.AsOf; !as.IsZero() && d.Now.Sub(as.Time) > 24*freshFor(d.Rule) {
		d.odd("%s answered from the past: its data is of %s", who(a), say(as))
	}
}

// sleptThrough says that nobody looked while a window was open: the machine
// slept, or the hosts' budgets were spent.
func (d *decider) sleptThrough() {
	b := d.Before
	if b == nil || b.Verdict.Window == nil || b.Verdict.Window.Certainty != Will {
		return
	}
	w := *b.Verdict.Window
	open, shut := d.Rule.Drop.open(w), d.Rule.Drop.shut(w)
	if shut.Sub(open) > wide(d.Rule)+d.Rule.Drop.Late || !b.At.Before(open) || !d.Now.After(shut.Add(time.Duration(d.Rule.scale()*float64(5*time.Minute)))) {
		return
	}
	d.why("nobody looked from %s to %s, while its window was open", say(whoisx.At(b.At)), say(whoisx.At(d.Now)))
}
