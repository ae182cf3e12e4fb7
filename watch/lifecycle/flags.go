package lifecycle

import "github.com/lapse-dev/lapse/whoisx"

// flags are what is true of a name besides its stage.
func (d *decider) flags() {
	for _, as := range [][]whoisx.Answer{d.special, d.yes, d.no} {
		for _, a := range as {
			if a.Outcome == whoisx.Premium && d.v.Has(FlagPremium) == nil {
				d.v.Flags = append(d.v.Flags, Flag{Flag: FlagPremium, Price: a.Price, Why: who(a) + " says so"})
			}
		}
	}
}
