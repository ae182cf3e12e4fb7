package lifecycle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lapse-dev/lapse/whoisx"
)

// moves are the legal steps between two looks at one life of a name: from a
// stage to those that can follow, also when stages in between were not seen.
// What is not here is shown as an anomaly. A name that is registered anew
// begins another life, which is legal from every stage in which it may have
// dropped.
var moves = map[Stage][]Stage{
	Registered:     {Expired, Redemption, PendingRestore, PendingDelete, Dropping, GatedStage, LikelyFree, Free, Lost, Caught, ReservedStage, BlockedStage},
	Expired:        {Registered, Redemption, PendingRestore, PendingDelete, Dropping, GatedStage, LikelyFree, Free, ReservedStage, BlockedStage},
	Redemption:     {Registered, Expired, PendingRestore, PendingDelete, Dropping, GatedStage, LikelyFree, Free, ReservedStage, BlockedStage},
	PendingRestore: {Registered, Expired, Redemption, PendingDelete, Dropping, GatedStage, LikelyFree, Free, ReservedStage, BlockedStage},
	PendingDelete:  {Dropping, GatedStage, LikelyFree, Free, ReservedStage, BlockedStage},
	Dropping:       {PendingDelete, GatedStage, LikelyFree, Free, ReservedStage, BlockedStage},
	GatedStage:     {LikelyFree, Free, Registered, Lost, ReservedStage, BlockedStage},
	LikelyFree:     {Free, GatedStage, Registered, Lost, ReservedStage, BlockedStage},
	Free:           {LikelyFree, GatedStage, Registered, Lost, ReservedStage, BlockedStage},
	ReservedStage:  {BlockedStage, LikelyFree, Free, Registered, GatedStage, Lost},
	BlockedStage:   {ReservedStage, LikelyFree, Free, Registered, GatedStage, Lost},
	Launching:      {Registered, ReservedStage, BlockedStage, LikelyFree, Free, Lost, GatedStage},
	Caught:         {Registered, Lost, Expired, Redemption, PendingRestore, PendingDelete, Dropping, GatedStage, LikelyFree, Free, ReservedStage, BlockedStage},
	Lost:           {Registered, Expired, Redemption, PendingRestore, PendingDelete, Dropping, GatedStage, LikelyFree, Free, Caught, ReservedStage, BlockedStage},
}

// CanFollow reports whether a stage may be seen after another in one life of a
// name. Staying is always legal, and so is anything after unknown.
func CanFollow(from, to Stage) bool {
	return from == to || from == Unknown || from == "" || to == Unknown || slices.Contains(moves[from], to)
}

// compare says what happened since the look before, and turns "registered"
// into caught or lost where the name began another life.
func (d *decider) compare() {
	b := d.Before
	if d.v.Stage == Registered || d.v.Stage == Expired {
		d.auctioned()
	}
	anew := d.v.Stage == Registered && b != nil && d.newLife()
	if d.v.Stage == Registered {
		d.caught(anew)
	}
	if b == nil {
		return
	}
	was := b.Verdict.Stage
	d.restrain(was)
	if anew {
		return
	}
	d.sameLife(was)
	d.lists(b)
}

// caught reads a name that was registered lately: ours, a service's or
// somebody's.
func (d *decider) caught(anew bool) {
	if d.Ours {
		d.v.Stage = Caught
		d.v.Why = slices.Insert(d.v.Why, 0, "it is ours")
		return
	}
	b := d.Before
	ours := b != nil && b.Verdict.Stage == Caught && !anew && b.RegistrarID == d.registrarID()
	if ours {
		d.v.Stage = Caught
		return
	}
	c := d.Houses.Catcher(d.registrarID(), d.v.Registrar)
	if c != nil && !d.v.Created.IsZero() {
		until := d.v.Created.Add(c.Auction)
		recent := d.Now.Before(until) && !d.v.Created.After(d.Now.Add(day))
		// Without a look before only the age of the registration tells, and a
		// registrar that also sells to everybody proves nothing.
		if recent && (anew || b == nil && c.shell(d.registrarID(), d.v.Registrar)) {
			u := date(until, d.v.Created.DayOnly)
			d.flag(Flag{
				Flag: FlagAtAuction, Category: c.Service, Until: &u,
				Why: "caught by " + c.Service + ", auction open until " + say(u) + " if several ordered it (" + c.Several + ")",
			})
			d.v.Why = slices.Insert(d.v.Why, 0, "caught by "+c.Service+"; its auction is open until "+say(u)+" if several ordered it")
			if anew {
				d.happened(EventCaughtByService, string(b.Verdict.Stage), c.Service, "caught by %s, auction open until %s", c.Service, say(u))
			}
			return
		}
		if !anew && b != nil && b.Verdict.Has(FlagAtAuction) != nil && b.Verdict.Created == d.v.Created && b.RegistrarID == d.registrarID() {
			if f := b.Verdict.Has(FlagAtAuction); f.Until != nil && d.Now.Before(d.Rule.Drop.endOf(dated(*f.Until))) {
				d.flag(*f)
				d.v.Why = slices.Insert(d.v.Why, 0, f.Why)
				return
			}
			d.v.Stage = Lost
			d.v.Why = slices.Insert(d.v.Why, 0, "its auction is over; somebody has it")
			return
		}
	}
	switch {
	case anew:
		d.v.Stage = Lost
		d.v.Why = slices.Insert(d.v.Why, 0, "somebody registered it anew on "+say(d.v.Created))
		d.happened(EventReregistered, string(b.Verdict.Stage), d.v.Registrar, "registered anew on %s at %s", say(d.v.Created), orUnknown(d.v.Registrar))
	case b != nil && b.Verdict.Stage == Lost:
		d.v.Stage = Lost // until it expires again
	}
}

func (d *decider) registrarID() string {
	for _, a := range d.yes {
		if a.RegistrarID != "" {
			return a.RegistrarID
		}
	}
	return ""
}

func orUnknown(s string) string {
	if s == "" {
		return "an unknown registrar"
	}
	return s
}

// auctioned flags a name whose registrar auctions lapsed names before they can
// drop, and one that shows signs of being at such an auction.
func (d *decider) auctioned() {
	var sign, at string // what shows it, and whose auction it is
	for _, as := range [][]whoisx.Answer{d.yes, d.hints} {
		for _, a := range as {
			if a.Delegation == whoisx.AtAuctionHouse {
				sign = who(a) + " shows the name servers of an auction house"
			}
			if what, house := d.Houses.Hosts(a.Nameservers); what == "auction" {
				sign, at = "its name servers are those of "+house, house
			}
			for _, s := range a.SaidStatuses {
				if strings.Contains(strings.ToLower(s), "auction") {
					sign = who(a) + " says " + s
				}
			}
		}
	}
	h := d.Houses.House(d.registrarID(), d.v.Registrar)
	if h != nil && d.Rule.Generic {
		f := Flag{Flag: FlagAuctioned, Category: h.House}
		f.Why = fmt.Sprintf("its registrar sells lapsed names at %s about day %d to %d after expiry, before they can drop", h.House, h.FromDay, h.ToDay)
		if !d.expires.IsZero() {
			_, to := h.usual(d.expires)
			u := date(to, true)
			f.Until = &u
		}
		d.flag(f)
		if d.v.Stage == Expired {
			from, to := h.usual(d.expires)
			d.why("%s sells it first, usually %s to %s: if somebody bids there, it never drops", h.House, say(date(from, true)), say(date(to, true)))
		}
	}
	if sign == "" || d.v.Stage != Expired {
		return
	}
	f := Flag{Flag: FlagAtAuction, Category: at, Why: sign}
	if h != nil && (at == "" || at == h.House) {
		f.Category = h.House
		_, to := h.usual(d.expires)
		if u := date(to, true); to.After(d.Now) {
			f.Until = &u
		}
	}
	d.flag(f)
	d.why("it is at auction: %s", sign)
}

// restrain shows a step that no table allows as an anomaly.
func (d *decider) restrain(was Stage) {
	now := d.v.Stage
	b := d.Before
	if now.somebodys() && (was == LikelyFree || was == Free || was == GatedStage) && !d.newLife() {
		if !d.v.Created.IsZero() && !b.At.IsZero() && d.v.Created.Before(b.At) {
			d.odd("sources said on %s that nobody has it, yet it has been registered since %s: one of them was wrong", say(whoisx.At(b.At)), say(d.v.Created))
			return
		}
		d.happened(EventReregistered, string(was), d.v.Registrar, "it is registered again, at %s", orUnknown(d.v.Registrar))
		if now != Registered && now != Caught {
			d.odd("it went from %s to %s, which no rule allows", was, now)
		}
		if !d.Ours && d.v.Stage == Registered && d.v.Has(FlagAtAuction) == nil {
			d.v.Stage = Lost
		}
		return
	}
	if d.newLife() || CanFollow(was, now) {
		return
	}
	if was == Dropping && d.rs != nil && d.last() && d.rs.Name == b.Verdict.RegistryStage {
		return // its window passed, and it is in its last stage as before
	}
	switch was {
	case PendingDelete, Dropping:
		d.odd("it came back from %s, where no rule lets anybody renew or restore it: a court's order, or the registry's own correction", was)
		d.happened(EventBackFromTheGrave, string(was), string(now), "it came back from %s to %s", was, now)
	default:
		d.odd("it went from %s to %s, which no rule allows", was, now)
	}
}

// sameLife says what happened to the name while it stayed the same
// registration.
func (d *decider) sameLife(was Stage) {
	now, b := d.v.Stage, d.Before
	if was == now {
		if now == Registered && longer(b.Verdict.Expires, d.v.Expires) {
			d.happened(EventRenewed, say(b.Verdict.Expires), say(d.v.Expires), "renewed until %s", say(d.v.Expires))
		}
		return
	}
	switch now {
	case Expired:
		switch was {
		case Registered:
			d.happened(EventExpired, "", "", "it expired %s", say(d.expires))
		case Redemption, PendingRestore:
			d.happened(EventRestored, string(was), string(now), "restored, and expired still")
		}
	case Redemption:
		switch was {
		case PendingRestore:
			d.happened(EventRestoreFailed, string(was), string(now), "the restore failed: no report in time; a new redemption began")
		case Registered, Expired:
			d.happened(EventDeleted, string(was), string(now), "its registrar deleted it; restorable for a fee")
		}
	case PendingRestore:
		d.happened(EventRestoring, string(was), string(now), "its holder asked for it back")
	case PendingDelete:
		d.happened(EventPendingDelete, string(was), string(now), "nobody can renew or restore it any more")
	case GatedStage, LikelyFree, Free:
		if was.somebodys() {
			d.happened(EventGone, string(was), string(now), "no longer registered")
		}
	case Registered:
		d.backToRegistered(was)
	}
}

// longer reports whether the holder's time was prolonged.
func longer(before, after whoisx.Date) bool {
	return !before.IsZero() && !after.IsZero() && after.Sub(before.Time) > 20*day
}

// backToRegistered tells a restore, a renewal and a sale before the drop
// apart.
func (d *decider) backToRegistered(was Stage) {
	b := d.Before
	switch was {
	case Redemption, PendingRestore:
		d.happened(EventRestored, string(was), string(Registered), "its holder restored it; it is registered until %s", say(d.v.Expires))
		return
	case Expired:
	default:
		return
	}
	flag := first2(b.Verdict.Has(FlagAtAuction), b.Verdict.Has(FlagAuctioned))
	moved := d.moved()
	late := !b.Verdict.Expires.IsZero() && d.Now.Sub(b.Verdict.Expires.Time) >= 26*day
	switch {
	case flag != nil && (moved || b.Verdict.Has(FlagAtAuction) != nil):
		d.happened(EventSold, string(was), string(Registered), "sold before the drop, at %s", orUnknown(flag.Category))
		d.why("sold before the drop, not renewed")
	case flag != nil && late:
		d.happened(EventKept, string(was), string(Registered), "renewed, or sold at %s before the drop: the answers do not tell", flag.Category)
		d.why("renewed, or sold at %s before the drop: the answers do not tell", flag.Category)
	case d.Rule.AutoRenews && late && !moved:
		d.happened(EventKept, string(was), string(Registered), "its grace period ended and it is still held: renewed after all, until %s", say(d.v.Expires))
	default:
		d.happened(EventRenewed, string(was), string(Registered), "renewed until %s: stop caring", say(d.v.Expires))
	}
}

// moved reports whether the name went to another registrar. IANA's numbers
// tell; names only as far as one source wrote both.
func (d *decider) moved() bool {
	b, id := d.Before, d.registrarID()
	if b.RegistrarID != "" && id != "" {
		return b.RegistrarID != id
	}
	was, known := b.Showed(d.main.Source)
	return known && was.Registrar != "" && d.v.Registrar != "" && !strings.EqualFold(was.Registrar, d.v.Registrar)
}

func first2(a, b *Flag) *Flag {
	if a != nil {
		return a
	}
	return b
}

// lists compares what is not a stage: registrar, name servers, hold, price.
func (d *decider) lists(b *Seen) {
	if len(d.yes) == 0 {
		return
	}
	was, known := b.Showed(d.main.Source)
	if d.moved() {
		d.happened(EventTransferred, b.Verdict.Registrar, d.v.Registrar, "its registrar changed from %s to %s", orUnknown(b.Verdict.Registrar), orUnknown(d.v.Registrar))
	}
	if ns := slices.Sorted(slices.Values(d.main.Nameservers)); len(ns) > 0 && len(b.Nameservers) > 0 {
		before := b.Nameservers
		if known {
			before = was.Nameservers
		}
		from, to := strings.Join(before, " "), strings.Join(ns, " ")
		what, house := d.Houses.Hosts(ns)
		if were, _ := d.Houses.Hosts(before); were == what {
			what = ""
		}
		switch {
		case len(before) == 0 || slices.Equal(ns, before):
		case what == "auction":
			d.happened(EventAtAuction, from, to, "its name servers moved to %s", house)
		case what == "parking":
			d.happened(EventParked, from, to, "its name servers moved to %s", house)
		case known:
			d.happened(EventNameservers, from, to, "its name servers changed")
		}
	}
	held := slices.Contains(was.Statuses, "clientHold") || slices.Contains(was.Statuses, "serverHold")
	switch {
	case d.v.Has(FlagHold) == nil || held:
	case len(was.Statuses) > 0:
		d.happened(EventHold, "", "", "taken out of DNS")
	case b.Verdict.Has(FlagHold) == nil && !b.HeldAt.IsZero():
		// Its owner has to hear of it, also where no look told statuses so far.
		d.happened(EventHold, "", "", "out of DNS; since when, no look before tells")
	}
	if now, was := d.v.Has(FlagPremium), b.Verdict.Has(FlagPremium); now != nil && now.Price != nil && was != nil && was.Price != nil && *now.Price != *was.Price {
		d.happened(EventPriceChanged, was.Price.Amount+" "+was.Price.Currency, now.Price.Amount+" "+now.Price.Currency,
			"its price changed from %s %s to %s %s", was.Price.Amount, was.Price.Currency, now.Price.Amount, now.Price.Currency)
	}
}

// explain says in plain words where the name stands and what comes next.
func (d *decider) explain() {
	w := d.v.Window
	switch d.v.Stage {
	case Registered:
		switch {
		case !d.expires.IsZero():
			d.why("it is registered until %s", say(d.expires))
		case !d.Rule.ExpiryPublic && d.Rule.Zone != "":
			d.why("it is registered; .%s does not publish until when", d.Rule.Zone)
		default:
			d.why("it is registered; nobody says until when")
		}
		if !d.Rule.Known() {
			d.why("no rule is known for .%s: what happens after expiry cannot be said", d.Rule.Zone)
		}
	case Expired:
		if !d.Rule.Known() {
			d.why("it expired %s; what .%s does with expired names is not known", say(d.expires), d.Rule.Zone)
		} else if d.expires.IsZero() {
			d.why("its holder did not pay for it; it can still be renewed at the usual price")
		} else {
			if d.stuck {
				d.why("it expired %s; what became of it since cannot be said", say(d.expires))
				break
			}
			if d.expires.After(d.Now) {
				d.why("it was given up; its time ends %s, and its holder can still keep it", say(d.expires))
				break
			}
			d.why("it expired %s; its holder can still renew it at the usual price", say(d.expires))
		}
		for _, lock := range []string{"serverDeleteProhibited", "clientDeleteProhibited"} {
			if has(d.main, lock) {
				d.why("it cannot be deleted while it is %s", lock)
				break
			}
		}
		if d.autoYear {
			if d.hidden {
				d.why("the registry shows %s, a year more, as its automatic renewal does, and no status that tells: whether its holder paid is sure once the grace period is over", say(d.main.Expires))
			} else {
				d.why("the registry already shows %s: that is the automatic renewal, not the holder's", say(d.main.Expires))
			}
			switch at := d.pick(func(a whoisx.Answer) whoisx.Date { return a.RegistrarExpires }); {
			case sameDay(at, d.expires):
				d.why("its registrar still shows %s: not renewed", say(at))
			case sameDay(at, d.main.Expires):
				d.why("its registrar shows %s too: its holder may have renewed, or somebody bought it there; sure once the grace period is over", say(at))
			}
		}
	case Redemption:
		d.why("it was deleted; its holder can still restore it for a fee")
	case PendingRestore:
		d.why("its holder asked for it back; the registry waits for the registrar's report")
	case PendingDelete:
		d.why("nobody can renew or restore it any more; it is not free yet")
	case Dropping:
		d.why("its window is open: it drops now")
	}
	if d.stuck {
		return
	}
	if has(d.main, "pendingTransfer") {
		d.why("a transfer to another registrar is under way: what it does to the name is seen when it is over")
	}
	if d.unsure && d.rs == nil {
		d.why("its registry says %q, which no rule of ours maps: the stage is a guess", strings.Join(d.main.SaidStatuses, ", "))
	} else if d.unsure {
		d.why("the status alone does not tell which stage it is in, and no date does; the earlier one is assumed")
	}
	if w == nil {
		return
	}
	switch {
	case d.v.Stage == Dropping || d.v.Stage == PendingDelete && w.Certainty == Will:
		d.why("it drops %s (%s)", sayWindow(*w), w.Basis)
	default:
		d.why("if nobody keeps it, it drops %s (%s)", sayWindow(*w), w.Basis)
	}
	if d.Rule.Drop.Gate != "" {
		d.why("then: %s", d.Rule.Drop.Gate)
	}
}
