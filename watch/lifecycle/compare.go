package lifecycle

// compare says what happened since the look before.
func (d *decider) compare() {}

// explain says in plain words where the name stands and what comes next.
func (d *decider) explain() {
	w := d.v.Window
	switch d.v.Stage {
	case Registered:
		if d.expires.IsZero() {
			d.why("it is registered; the registry does not show until when")
		} else {
			d.why("it is registered until %s", say(d.expires))
		}
	case Expired:
		d.why("it expired %s; its holder can still renew it at the usual price", say(d.expires))
		if d.autoYear {
			d.why("the registry already shows %s: that is the automatic renewal, not the holder's", say(d.main.Expires))
		}
	case Redemption:
		d.why("its registrar deleted it; its holder can still restore it for a fee")
	case PendingRestore:
		d.why("its holder asked for it back; the registry waits for the registrar's report")
	case PendingDelete:
		d.why("nobody can renew or restore it any more; it is not free yet")
	case Dropping:
		d.why("its window is open: it drops now")
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
