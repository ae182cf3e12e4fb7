package lifecycle

import (
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

func has(a whoisx.Answer, status string) bool { return slices.Contains(a.Statuses, status) }

// year is what an automatic renewal adds to the registry's date.
func minusYear(t whoisx.Date) whoisx.Date {
	return whoisx.Date{Time: t.AddDate(-1, 0, 0), DayOnly: t.DayOnly}
}

// readExpiry finds the date at which the holder's time ended. Registries that
// renew by themselves move their date a year ahead at that moment (RFC 3915
// §3.1 autoRenewPeriod); the year is taken back here, so that nobody reads it
// as a renewal.
func (d *decider) readExpiry() {
	exp := d.pick(func(a whoisx.Answer) whoisx.Date { return a.Expires })
	d.expires = exp
	if exp.IsZero() {
		d.expires = d.pick(func(a whoisx.Answer) whoisx.Date { return a.RegistrarExpires })
		return
	}
	if !d.Rule.AutoRenews {
		return
	}
	back := minusYear(exp)
	if b := d.Before; b != nil && !b.Verdict.Expires.DayOnly && sameDay(b.Verdict.Expires, back) {
		back = b.Verdict.Expires // also where the year before was a leap year
	}
	grace := d.graceMax()
	fits := !back.After(d.Now) && d.Now.Sub(back.Time) <= grace+2*day
	switch {
	case has(d.main, "autoRenewPeriod") && !fits && d.yearsAhead(back, grace):
		d.renewed = true // one year by itself, the rest paid for (RFC 3915 §3.1)
	case has(d.main, "autoRenewPeriod"):
		if exp.After(d.Now) && !back.After(d.Now) {
			d.expires, d.autoYear = back, true
		}
		if exp.After(d.Now) && !fits {
			d.v.Anomaly = "the registry shows the auto-renew period, but its expiry date " + say(exp) + " does not fit one"
		}
	case fits && d.saidExpired():
		d.expires, d.autoYear = back, true
	case fits && sameDay(d.pick(func(a whoisx.Answer) whoisx.Date { return a.RegistrarExpires }), back):
		// The registry hides its periods, but the registrar still shows the
		// year before: the date moved by itself.
		d.expires, d.autoYear = back, true
	case fits && d.Before != nil && d.Before.Verdict.Stage == Expired && sameDay(d.Before.Verdict.Expires, back) && len(d.main.Statuses) == 0:
		// The date jumped a year and the answer shows no statuses at all: it
		// cannot be told from an automatic renewal, and is not called one.
		d.expires, d.autoYear = back, true
	case fits && d.Now.Before(d.Rule.Drop.endOf(dated(back)).Add(grace)) && d.movedByItself(back):
		d.expires, d.autoYear, d.hidden = back, true, true
	}
}

// yearsAhead reports whether a date is whole years ahead of one at which the
// grace period began that runs now: registrations last ten years at most.
func (d *decider) yearsAhead(exp whoisx.Date, grace time.Duration) bool {
	for range 9 {
		exp = minusYear(exp)
		if ago := d.Now.Sub(exp.Time); ago >= 0 {
			return ago <= grace+2*day
		}
	}
	return false
}

// saidExpired reports whether the registry calls the name expired in words of
// its own.
func (d *decider) saidExpired() bool {
	s := d.bySaid(d.main)
	return s != nil && s.MapsTo == Expired
}

// movedByItself reports whether a date that is a year ahead may be so without
// anybody having paid: it moved when the old one was reached, or moved since
// the look before and no change dates from before the expiry. Registries that
// show autoRenewPeriod (RFC 3915 §3.1) tell; others do not.
func (d *decider) movedByItself(back whoisx.Date) bool {
	if has(d.main, "renewPeriod") || has(d.main, "transferPeriod") || has(d.main, "addPeriod") || sameDay(d.v.Created, back) {
		return false
	}
	if has(d.main, "redemptionPeriod") || has(d.main, "pendingDelete") || has(d.main, "pendingRestore") {
		return false // the delete took the year back
	}
	b := d.Before
	if b != nil && (!b.Statuses["autoRenewPeriod"].IsZero() || sameDay(b.Verdict.Expires, d.expires)) {
		return false // this registry tells, or it was judged before
	}
	if b != nil && slices.Contains([]Stage{Redemption, PendingRestore, PendingDelete, Dropping}, b.Verdict.Stage) {
		return false // it came back because somebody paid
	}
	up := d.pick(func(a whoisx.Answer) whoisx.Date { return a.Updated })
	return sameDay(up, back) || b != nil && b.Verdict.Stage.somebodys() && sameDay(b.Verdict.Expires, back) && (up.IsZero() || up.After(back.Time))
}

// graceMax is the longest auto-renew grace of the rule.
func (d *decider) graceMax() time.Duration {
	for _, s := range d.Rule.held() {
		if s.MapsTo == Expired {
			return s.Max
		}
	}
	return 45 * day
}

func sameDay(a, b whoisx.Date) bool {
	if a.IsZero() || b.IsZero() {
		return false
	}
	diff := a.Sub(b.Time)
	return diff < 36*time.Hour && diff > -36*time.Hour
}

// readStage finds the registry's stage in an answer, and the stage that it
// maps to. What the server says in words of its own comes first, then EPP
// statuses in the order pendingRestore, redemptionPeriod, pendingDelete,
// autoRenewPeriod, then the dates.
func (d *decider) readStage(a whoisx.Answer) (*RuleStage, Stage) {
	held := d.Rule.held()
	if has(a, "pendingRestore") {
		return nil, PendingRestore
	}
	if s := d.bySaid(a); s != nil {
		return s, s.MapsTo
	}
	if has(a, "redemptionPeriod") {
		if s := find(held, func(s RuleStage) bool { return s.MapsTo == Redemption }); s != nil {
			return s, Redemption
		}
		return nil, Redemption
	}
	if has(a, "pendingDelete") {
		return d.byPendingDelete(a, held)
	}
	if d.renewed {
		return nil, Registered
	}
	if has(a, "autoRenewPeriod") {
		if s := find(held, func(s RuleStage) bool { return s.MapsTo == Expired }); s != nil {
			return s, Expired
		}
		return nil, Expired
	}
	past := !d.expires.IsZero() && d.pastExpiry()
	if past || !d.Rule.ExpiryPublic {
		if s := find(held, func(s RuleStage) bool { return shown(s, a) }); s != nil {
			s = d.onward(s)
			return s, s.MapsTo
		}
	}
	var dated *RuleStage
	if past {
		dated = d.byDate(held, a)
	}
	if st := plainWord(a); st != "" && (dated == nil || st != Expired && st != dated.MapsTo) {
		d.unsure = true
		return nil, st
	}
	switch {
	case dated != nil:
		return dated, dated.MapsTo
	case past:
		return nil, Expired
	}
	return nil, Registered
}

// pastExpiry reports whether the expiry date is over. A day without an hour is
// over when the day is, where the registry is.
func (d *decider) pastExpiry() bool {
	return !d.Now.Before(d.Rule.Drop.endOf(dated(d.expires)))
}

// onward walks from a stage that statuses show to the one that the dates put the
// name in, as far as no status would show the later one: at .se the hold of the
// deactivated stays on in the quarantine.
func (d *decider) onward(s *RuleStage) *RuleStage {
	held := d.Rule.held()
	for i := range held {
		if later := &held[i]; d.after(later, s) {
			begins, ok := d.chain(d.expires, later)
			if !ok || !begins.exact() || len(later.Statuses) > 0 || d.Now.Before(d.Rule.Drop.endOf(begins)) {
				return s
			}
			s = later
		}
	}
	return s
}

func find(ss []RuleStage, ok func(RuleStage) bool) *RuleStage {
	for i := range ss {
		if ok(ss[i]) {
			return &ss[i]
		}
	}
	return nil
}

// bySaid finds a stage by the server's own words. Where two stages match, the
// longer word wins if it contains the other ("to be suspended", "suspended"),
// else the later stage does ("renewal required, suspended"). One word that
// stands for two stages leaves it to the dates: .uk is suspended for its last
// 65 days, and can be renewed in the first 60 of them.
func (d *decider) bySaid(a whoisx.Answer) *RuleStage {
	type hit struct {
		s    *RuleStage
		word string
	}
	var hits []hit
	said := folded(a.SaidStatuses)
	late := !d.expires.IsZero() && d.pastExpiry()
	for i := range d.Rule.Stages {
		s := &d.Rule.Stages[i]
		match := func(words []string) {
			for _, word := range words {
				if slices.ContainsFunc(said, func(said string) bool { return says(said, word) }) {
					hits = append(hits, hit{s, word})
				}
			}
		}
		match(s.Said)
		if late {
			match(s.SaidLate)
		}
	}
	var best hit
	for _, h := range hits {
		inside := slices.ContainsFunc(hits, func(o hit) bool {
			return o.s != h.s && len(o.word) > len(h.word) && strings.Contains(o.word, h.word)
		})
		if !inside {
			best = h
		}
	}
	if best.s == nil {
		return nil
	}
	var same []*RuleStage
	for _, h := range hits {
		if h.word == best.word {
			same = append(same, h.s)
		}
	}
	if len(same) > 1 {
		return d.among(same)
	}
	// One word may stand for two stages that a status tells apart: at .ee and
	// .se "expired" with serverHold is the later one.
	held := d.Rule.held()
	for i := range held {
		s := &held[i]
		if best.s.MapsTo == s.MapsTo && len(best.s.Statuses) == 0 && shown(*s, a) && d.after(s, best.s) {
			best.s = s
		}
	}
	return best.s
}

// shown reports whether an answer has all statuses of a stage that has any.
func shown(s RuleStage, a whoisx.Answer) bool {
	return len(s.Statuses) > 0 && !slices.ContainsFunc(s.Statuses, func(w string) bool { return !has(a, w) })
}

// after reports whether one stage comes after another.
func (d *decider) after(s, than *RuleStage) bool {
	at := func(w *RuleStage) int {
		return slices.IndexFunc(d.Rule.Stages, func(o RuleStage) bool { return o.Name == w.Name })
	}
	return at(s) > at(than)
}

// plain are words that mean one thing wherever no rule maps them.
var plain = []struct {
	word string
	st   Stage
}{
	{"pending delete", PendingDelete},
	{"to be deleted", PendingDelete},
	{"deleted", PendingDelete},
	{"redemption", Redemption},
	{"quarantine", Redemption},
	{"expired", Expired},
}

// plainWord reads a word that the zone's rule does not know. It is a guess,
// and shown as one.
func plainWord(a whoisx.Answer) Stage {
	said := folded(a.SaidStatuses)
	for _, p := range plain {
		if slices.ContainsFunc(said, func(said string) bool { return says(said, p.word) }) {
			return p.st
		}
	}
	return ""
}

// folded writes statuses as says wants them: in lower case, one blank between
// words.
func folded(statuses []string) []string {
	out := make([]string, len(statuses))
	for i, s := range statuses {
		out[i] = strings.ToLower(strings.Join(strings.Fields(s), " "))
	}
	return out
}

// says reports whether a server's folded status contains a word of a rule, as
// whole words. A status that is an EPP word is read as such and only matches when
// it is the rule's word exactly: "hold" is not in "client hold".
func says(said, word string) bool {
	if said == word || !holds(said, word) {
		return said == word
	}
	_, epp := whoisx.Status(said)
	return !epp
}

// holds reports whether a text has a word in it as whole words.
func holds(said, word string) bool {
	for from := 0; ; {
		i := strings.Index(said[from:], word)
		if i < 0 {
			return false
		}
		i += from
		j := i + len(word)
		if (i == 0 || !letter(said[i-1])) && (j == len(said) || !letter(said[j])) {
			return true
		}
		from = i + 1
	}
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80 }

// byPendingDelete reads pendingDelete without redemptionPeriod beside it. In
// ICANN's TLDs that is the last stage (RFC 3915 §3.1); at .uk, .sk, .id and .za
// it also stands for earlier ones, and more statuses or dates tell.
func (d *decider) byPendingDelete(a whoisx.Answer, held []RuleStage) (*RuleStage, Stage) {
	var alone []*RuleStage
	most := 0
	for i := range held {
		s := &held[i]
		if n := len(s.Statuses); n >= most && shown(*s, a) && slices.Contains(s.Statuses, "pendingDelete") {
			if n > most {
				alone, most = nil, n
			}
			alone = append(alone, s)
		}
	}
	if len(alone) > 1 {
		s := d.among(alone)
		return s, s.MapsTo
	}
	if len(alone) == 1 {
		return alone[0], alone[0].MapsTo
	}
	if s := find(held, func(s RuleStage) bool { return s.MapsTo == PendingDelete }); s != nil {
		return s, PendingDelete
	}
	if len(held) > 0 && !slices.ContainsFunc(held, func(s RuleStage) bool { return slices.Contains(s.Statuses, "redemptionPeriod") }) {
		s := &held[len(held)-1]
		return s, s.MapsTo
	}
	// The rule ends with the redemption, the registry does not.
	return nil, PendingDelete
}

// among chooses between stages that the registry shows alike. Where neither a
// published drop nor dates tell, the first is assumed: it promises no drop.
func (d *decider) among(same []*RuleStage) *RuleStage {
	s, last := same[0], same[len(same)-1]
	from, dated := d.chain(d.expires, s)
	if drop := d.drop(); drop != nil {
		if drop.Drop.Will {
			return last
		}
		if !dated {
			return s
		}
	}
	if dated {
		for _, c := range same[1:] {
			if f, ok := d.chain(d.expires, c); ok && (!d.Now.Before(d.Rule.Drop.endOf(f)) || d.changedIn(f)) {
				s = c
			}
		}
		if d.Now.Add(day).Before(from.lo) {
			d.odd("the registry shows %s %s before its rule allows it", s.Name, FormatSpan(from.lo.Sub(d.Now).Round(time.Hour)))
		}
		return s
	}
	if first := d.firstSeen("pendingDelete"); !first.IsZero() && s.Min > 0 && d.Now.Sub(first) >= s.Max {
		return same[1]
	}
	d.unsure = true
	return s
}

// changedIn reports whether the registry last changed the name in a span in
// which a stage may have begun: between stages that look alike, that tells.
func (d *decider) changedIn(m moments) bool {
	up := d.pick(func(a whoisx.Answer) whoisx.Date { return a.Updated })
	return !up.IsZero() && !m.exact() && !up.Before(m.lo) && !up.After(d.Rule.Drop.endOf(m)) && !up.After(d.Now)
}

// firstSeen is when a status was first seen, in the look before or an earlier
// one.
func (d *decider) firstSeen(status string) time.Time {
	if d.Before == nil {
		return time.Time{}
	}
	return d.Before.Statuses[status]
}

// chain adds up the fixed stages from the expiry date to the beginning of a
// stage. It fails where a stage on the way has no fixed length or counts from
// the deletion, which is the registrar's own decision.
func (d *decider) chain(exp whoisx.Date, to *RuleStage) (moments, bool) {
	if exp.IsZero() || len(d.Rule.Stages) == 0 || d.Rule.Stages[0].From != "expiry" {
		return moments{}, false
	}
	m := dated(exp)
	for i := range d.Rule.Stages {
		s := &d.Rule.Stages[i]
		if i > 0 && s.From == "deletion" {
			return moments{}, false
		}
		if s.Name == to.Name {
			return m, true
		}
		m = d.Rule.ends(*s, m)
	}
	return moments{}, false
}

// byDate finds the stage that the dates alone put a name in. Statuses that the
// rule wants and that the answer lacks stop the walk: the registry knows
// better than the calendar.
func (d *decider) byDate(held []RuleStage, a whoisx.Answer) *RuleStage {
	var at *RuleStage
	end := dated(d.expires)
	for i := range held {
		s := &held[i]
		if (i == 0) != (s.From == "expiry") || s.From == "deletion" {
			return at
		}
		if len(a.Statuses) > 0 && len(s.Statuses) > 0 && at != nil && slices.ContainsFunc(s.Statuses, func(w string) bool { return !has(a, w) }) {
			return at
		}
		if d.Now.Before(d.Rule.Drop.endOf(end)) {
			return at
		}
		at = s
		end = d.Rule.ends(*s, end)
	}
	return at
}

// drop returns the answer with the best word on the drop's time: a list or an
// EPP check before WHOIS and RDAP, of equals the newest.
func (d *decider) drop() *whoisx.Answer {
	rank := func(a *whoisx.Answer) int {
		if a.Source == whoisx.DropList || a.Source == whoisx.EPP {
			return 0
		}
		return 1
	}
	var best *whoisx.Answer
	for _, as := range [][]whoisx.Answer{d.hints, d.yes, d.special} {
		for i := range as {
			a := &as[i]
			if a.Drop == nil || a.Drop.From.IsZero() {
				continue
			}
			if best == nil || rank(a) < rank(best) || rank(a) == rank(best) && a.Asked.After(best.Asked) {
				best = a
			}
		}
	}
	return best
}
