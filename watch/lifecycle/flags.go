package lifecycle

import (
	"strings"

	"github.com/lapse-dev/lapse/whoisx"
)

// flags are what is true of a name besides its stage: what sources say of its
// price, what its registry wants to see, and what its own letters give away.
func (d *decider) flags() {
	d.priced()
	if f := d.reservedByRule(); f != nil && d.v.Has(FlagReserved) == nil {
		d.flag(*f)
	}
	if d.Rule.Nexus != "" {
		why := "." + d.Rule.Zone + " wants to see: " + d.Rule.Nexus
		if d.Rule.Sure["nexus"] == "memory" {
			why += " (nobody confirmed it)"
		}
		d.flag(Flag{Flag: FlagNexus, Category: d.Rule.Nexus, Why: why})
	}
	if why := LookAlike(d.Name); why != "" {
		d.flag(Flag{Flag: FlagLookAlike, Why: why})
	}
	if len(d.yes) > 0 && (has(d.main, "clientHold") || has(d.main, "serverHold")) {
		by := "its registrar"
		if has(d.main, "serverHold") {
			by = "the registry"
		}
		// Where a stage is shown by the hold itself, it is no news.
		if d.rs == nil || !strings.Contains(strings.ToLower(d.rs.Name), "hold") {
			d.flag(Flag{Flag: FlagHold, Category: by, Why: "taken out of DNS by " + by + ": unpaid, or in dispute; no stage by itself"})
		}
	}
}

// flag sets a flag; a name has each at most once.
func (d *decider) flag(f Flag) {
	for i := range d.v.Flags {
		if d.v.Flags[i].Flag == f.Flag {
			d.v.Flags[i] = f
			return
		}
	}
	d.v.Flags = append(d.v.Flags, f)
}

// priced flags premium and early-access prices, and names that sources call
// reserved.
func (d *decider) priced() {
	for _, as := range [][]whoisx.Answer{d.special, d.no, d.yes} {
		for _, a := range as {
			switch {
			case a.Outcome == whoisx.Premium && d.v.Has(FlagPremium) == nil:
				d.flag(Flag{Flag: FlagPremium, Price: a.Price, Tier: tier(a), Why: who(a) + " says so"})
			case a.Outcome == whoisx.Reserved && d.v.Has(FlagReserved) == nil:
				d.flag(Flag{Flag: FlagReserved, Category: a.Category, Why: who(a) + " says so"})
			}
			if a.Price != nil && early(a.Price.What) && d.v.Has(FlagEAP) == nil {
				f := Flag{Flag: FlagEAP, Price: a.Price, Tier: a.Price.What, Why: who(a) + " asks an early-access fee"}
				if a.Drop != nil && !a.Drop.To.IsZero() {
					until := a.Drop.To
					f.Until = &until
				}
				d.flag(f)
			}
		}
	}
}

func tier(a whoisx.Answer) string {
	if a.Category != "" {
		return a.Category
	}
	if a.Price != nil && !early(a.Price.What) && a.Price.What != "create" {
		return a.Price.What
	}
	return ""
}

// early reports whether a price is an early-access one: the description of the
// fee extension (RFC 8748) says "Early Access Period" or "Expiry Access
// Period", Identity Digital says "EAP5".
func early(what string) bool {
	what = strings.ToLower(what)
	return strings.HasPrefix(what, "eap") || strings.Contains(what, "early access") || strings.Contains(what, "expiry access")
}

// expiryAccess returns the answer that asks a registry's expiry access fee: the
// name has dropped and can be had, at a fee that falls by the hour.
func (d *decider) expiryAccess() *whoisx.Answer {
	for _, as := range [][]whoisx.Answer{d.no, d.special} {
		for i := range as {
			if p := as[i].Price; p != nil && strings.Contains(strings.ToLower(p.What), "expiry access") {
				return &as[i]
			}
		}
	}
	return nil
}

// specialUse are the names that RFC 6761 keeps out of the DNS at large.
var specialUse = map[string]bool{"example": true, "test": true, "invalid": true, "localhost": true, "local": true, "onion": true, "alt": true}

// reservedByRule says whether a name is reserved by the rules that every
// registry of a generic TLD signed (ICANN Registry Agreement, Specification 5)
// or by RFC 6761, whoever answers whatever. What a registry released since is
// not known here: a source that says so wins.
func (d *decider) reservedByRule() *Flag {
	label, rest, _ := strings.Cut(d.Name, ".")
	if tld := d.Name[strings.LastIndexByte(d.Name, '.')+1:]; specialUse[tld] && !d.Rule.Unlisted {
		return &Flag{Flag: FlagReserved, Category: "RFC 6761", Why: "." + tld + " is kept for special use (RFC 6761)"}
	}
	if !d.Rule.Generic || rest != d.Name[strings.LastIndexByte(d.Name, '.')+1:] {
		return nil
	}
	if len(d.yes) > 0 {
		return nil // whoever holds it got it somehow
	}
	f := &Flag{Flag: FlagReserved}
	switch {
	case label == "example":
		f.Category, f.Why = "Specification 5 §1: example", "EXAMPLE is reserved in every generic TLD (Specification 5 §1)"
	case len(label) == 2:
		f.Category, f.Why = "Specification 5 §2: two characters", "two-character labels are reserved unless the registry released them (Specification 5 §2)"
	case label == "www" || label == "whois" || label == "rdds" || label == "nic":
		f.Category, f.Why = "Specification 5 §3: registry operations", strings.ToUpper(label)+" is kept for the registry's own operations (Specification 5 §3.1)"
	case len(label) >= 4 && label[2:4] == "--" && !strings.HasPrefix(label, "xn--"):
		f.Category, f.Why = "Specification 5 §1: tagged names", "labels with hyphens in the third and fourth place are reserved (RFC 5891 §4.2.3.1)"
	default:
		c := d.Reserved.Category(label, rest)
		if c == nil {
			return nil
		}
		f.Category, f.Why = c.Category, "its label is "+c.Why+", which generic TLDs keep back unless it was released"
	}
	return f
}
