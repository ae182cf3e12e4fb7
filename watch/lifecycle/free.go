package lifecycle

import (
	"slices"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// gate is a name that was deleted and is not open to all.
func (d *decider) gate(a *whoisx.Answer) {
	d.v.Stage, d.v.Confidence = GatedStage, Single
	d.v.RegistryStage = a.Category
	if s := d.bySaid(*a); s != nil && s.MapsTo == GatedStage {
		d.rs = s
		d.v.RegistryStage = s.Name
	}
	if d.expires.IsZero() {
		d.expires = a.Expires
	}
	d.v.Expires = d.expires
	what := d.v.RegistryStage
	if what == "" {
		what = "a gate"
	}
	d.why("%s says that it is behind %s: not registered, and not free", who(*a), what)
	d.gateEnds(d.gateBegan())
	if a.Drop != nil && !a.Drop.From.IsZero() {
		d.v.Window = d.published(a)
		d.v.Next = &Next{Stage: Free, Earliest: d.v.Window.From, Latest: d.v.Window.To}
	}
}

// gateBegan finds when the gate closed behind the name: by the dates of the
// rule where they are fixed, else by the looks.
func (d *decider) gateBegan() moments {
	began := dated(d.sinceBefore(GatedStage))
	if d.rs != nil {
		if m, ok := d.chain(d.expires, d.rs); ok && m.exact() && !m.lo.After(d.Now) {
			began = m.add(0, d.Rule.Drop.Jitter)
		}
	}
	d.v.Since = date(began.hi, began.day)
	return began
}

// gateEnds says when the gate opens at the latest, counted from when the name
// was gone, or from when the gate that is shown began.
func (d *decider) gateEnds(gone moments) {
	if d.Rule.Drop.Gate != "" {
		d.why("%s", d.Rule.Drop.Gate)
	}
	gates := d.Rule.gates()
	long, _ := d.Rule.gateFor()
	var short time.Duration
	if i := slices.IndexFunc(gates, func(s RuleStage) bool { return d.rs != nil && s.Name == d.rs.Name }); i > 0 {
		gates, long = gates[i:], 0
		for _, s := range gates {
			long += s.Max
		}
	}
	for _, s := range gates {
		short += s.Min
	}
	d.v.Next = &Next{Stage: Free}
	if d.rs != nil && d.rs.MapsTo == GatedStage && len(gates) > 1 {
		d.v.Next.Stage, d.v.Next.Registry = GatedStage, gates[1].Name
		m := gone.add(gates[0].Min, gates[0].Max)
		d.v.Next.Earliest, d.v.Next.Latest = date(m.lo, m.day), date(m.hi, m.day)
	}
	m := gone.add(short, long)
	if long == 0 || d.Rule.Drop.endOf(m).Before(d.Now) {
		return
	}
	if m.lo.Before(d.Now) {
		m.lo = d.Now
	}
	w := &Window{From: date(m.lo, m.day), To: date(m.hi, m.day), Certainty: May}
	w.Likely = w.To
	w.Basis = "." + d.Rule.Zone + " rule: " + FormatSpan(long) + " after the deletion at most"
	d.v.Window = w
	if d.v.Next.Stage == Free {
		d.v.Next.Earliest, d.v.Next.Latest = w.From, w.To
	}
}

// gone decides a name that nobody is said to hold: free needs two of RDAP,
// WHOIS, EPP and a registrar's check, and a gate that is passed.
func (d *decider) gone(premium *whoisx.Answer) {
	votes := voters(d.no)
	if premium != nil && (premium.Source == whoisx.EPP || premium.Source == whoisx.Registrar) && !slices.Contains(votes, premium.Source) {
		votes = append(votes, premium.Source) // it can be created, at its price
	}
	d.v.Missing = d.missing(votes)
	heard := join(sourceWords(votes))
	if behind, why := d.behindGate(votes); behind != "" {
		d.v.Stage, d.v.Confidence = behind, Guess
		d.v.RegistryStage = ""
		if behind == GatedStage && len(d.Rule.gates()) > 0 {
			d.v.RegistryStage = d.Rule.gates()[0].Name
		}
		d.v.Since = d.sinceBefore(behind)
		d.why("%s%snot registered, but %s", heard, verb(len(votes)), why)
		if behind == GatedStage {
			d.gateEnds(dated(whoisx.At(d.goneAt())))
		}
		return
	}
	if a := d.expiryAccess(); a != nil {
		d.v.Stage, d.v.Confidence, d.v.RegistryStage = GatedStage, Single, "Expiry Access Period"
		if len(votes) >= 2 {
			d.v.Confidence = Confirmed
		}
		d.v.Since = d.sinceBefore(GatedStage)
		d.v.Next = &Next{Stage: Free}
		d.why("it dropped, and its registry asks an extra fee of %s %s that falls by the hour: %s", a.Price.Amount, a.Price.Currency, a.Price.What)
		return
	}
	blind := !slices.Contains(votes, whoisx.EPP) && !slices.Contains(votes, whoisx.Registrar)
	if f := d.reservedByRule(); f != nil && blind && len(votes) > 0 {
		d.v.Stage, d.v.Confidence = LikelyFree, Guess
		d.v.Since = d.sinceBefore(LikelyFree)
		d.why("%s%snot registered, but %s; only EPP or a registrar can tell", heard, verb(len(votes)), f.Why)
		return
	}
	switch {
	case len(votes) >= 2 && (premium == nil || premium.Source == whoisx.EPP || premium.Source == whoisx.Registrar):
		d.v.Stage, d.v.Confidence, d.v.Missing = Free, Confirmed, nil
		d.why("%s agree: nobody has it", heard)
	case premium != nil && len(votes) == 0:
		d.v.Stage, d.v.Confidence = LikelyFree, Single
		d.why("%s calls it a premium name; whether it can be had, and at what price, only EPP or a registrar says", who(*premium))
	default:
		d.v.Stage, d.v.Confidence = LikelyFree, Single
		d.why("only %s%snot registered; free needs one more of %s", heard, verb(len(votes)), join(sourceWords(d.v.Missing)))
	}
	d.v.Since = d.sinceBefore(d.v.Stage)
}

// goneAt is when the name was first not registered.
func (d *decider) goneAt() time.Time {
	if d.Before != nil && !d.Before.GoneAt.IsZero() {
		return d.Before.GoneAt
	}
	return d.Now
}

// behindGate reports whether a name that is not registered has to be taken for
// gated. RDAP and WHOIS see nothing behind some gates; an EPP check and a
// registrar do, because they ask whether it can be had.
func (d *decider) behindGate(votes []whoisx.Source) (Stage, string) {
	long, gated := d.Rule.gateFor()
	if !gated || !d.Rule.Drop.GateHidden || slices.Contains(votes, whoisx.EPP) || slices.Contains(votes, whoisx.Registrar) {
		return "", ""
	}
	gate := "a gate"
	if g := d.Rule.gates(); len(g) > 0 {
		gate = g[0].Name
	}
	b := d.Before
	if b == nil || b.HeldAt.IsZero() {
		if len(votes) < 2 {
			return "", ""
		}
		return LikelyFree, "." + d.Rule.Zone + " puts deleted names behind " + gate + " first, which neither RDAP nor WHOIS shows; ask EPP or a registrar"
	}
	if long > 0 && d.Now.Sub(d.goneAt()) >= long {
		return "", ""
	}
	return GatedStage, "it was registered until lately, and ." + d.Rule.Zone + " puts deleted names behind " + gate + " first"
}

// missing are the sources that could make it sure and were not heard.
func (d *decider) missing(heard []whoisx.Source) []whoisx.Source {
	var out []whoisx.Source
	for _, s := range []whoisx.Source{whoisx.RDAP, whoisx.WHOIS, whoisx.Registrar, whoisx.EPP} {
		if slices.Contains(heard, s) || s == whoisx.RDAP && !d.Rule.RDAP || s == whoisx.WHOIS && d.Rule.WHOISHost == "" && d.Rule.Zone != "*" {
			continue
		}
		out = append(out, s)
	}
	return out
}
