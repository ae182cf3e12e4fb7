package sandbox

import (
	"fmt"
	"strings"
	"time"
)

// Fees in the version that became RFC 8748 and in the drafts that registries
// still speak. A registry offers one of them (Options.Fee).

// feeVersions are the values of Options.Fee.
var feeVersions = map[string]string{"": nsFee, "1.0": nsFee, "0.12": nsFee12, "0.11": nsFee11, "0.6": nsFee06}

type feeRequest struct {
	space    string
	currency string
	fees     []int64 // cents
}

type feeCheck struct {
	space    string
	currency string
	commands []feeCommand
}

type feeCommand struct {
	domain                string // 0.6 asks name by name
	name, phase, subphase string
	years                 int
}

func readFeeCheck(s *seq) *feeCheck {
	f := &feeCheck{space: s.space}
	money := func(s *seq) {
		if n := s.opt("currency"); n != nil {
			if f.currency = s.token(n, 3, 3); s.err == nil && !currency().MatchString(f.currency) {
				s.err = syntax("element currency: %q is no currency", f.currency)
			}
		}
	}
	period := func(s *seq, fc *feeCommand) {
		if fc.years = 1; s.err == nil {
			if p := s.opt("period", "unit"); p != nil {
				fc.years = readPeriod(s, p)
			}
		}
	}
	text := func(s *seq, fc *feeCommand) {
		n := s.one("command", "phase", "subphase")
		fc.name, fc.phase, fc.subphase = s.token(n, 3, 16), n.attrs["phase"], n.attrs["subphase"]
	}
	switch s.space {
	case nsFee06:
		for _, n := range s.some("domain", 1, 0) {
			var fc feeCommand
			s.within(n, func(s *seq) {
				fc.domain = strings.ToLower(s.token(s.one("name"), 1, 255))
				money(s)
				text(s, &fc)
				period(s, &fc)
			})
			f.commands = append(f.commands, fc)
		}
	case nsFee11:
		var fc feeCommand
		text(s, &fc)
		money(s)
		period(s, &fc)
		s.opt("class")
		f.commands = []feeCommand{fc}
	default:
		money(s)
		for _, n := range s.some("command", 1, 0, "name", "customName", "phase", "subphase") {
			fc := feeCommand{phase: n.attrs["phase"], subphase: n.attrs["subphase"]}
			fc.name = s.enum(n, "name", "", "create", "delete", "renew", "update", "transfer", "restore", "custom")
			s.within(n, func(s *seq) {
				period(s, &fc)
				if s.space == nsFee12 {
					s.opt("class")
					s.opt("date")
				}
			})
			f.commands = append(f.commands, fc)
		}
	}
	return f
}

func readFee(s *seq) *feeRequest {
	f := &feeRequest{space: s.space}
	n := s.opt("currency")
	if n == nil && s.space == nsFee06 {
		n = s.one("currency")
	}
	if n != nil {
		if f.currency = s.token(n, 3, 3); s.err == nil && !currency().MatchString(f.currency) {
			s.err = syntax("element currency: %q is no currency", f.currency)
		}
	}
	for _, n := range s.some("fee", 1, 0, "description", "lang", "refundable", "grace-period", "applied") {
		v := s.token(n, 1, 20)
		if s.err == nil && !decimal().MatchString(v) {
			s.err = syntax("element fee: %q is no amount", v)
			return f
		}
		whole, frac, _ := strings.Cut(strings.TrimPrefix(v, "+"), ".")
		if frac = strings.TrimRight(frac, "0"); len(frac) > 2 && s.err == nil {
			s.err = &fault{2005, "fees have two decimals here"}
			return f
		}
		if s.err == nil {
			c, err := cents(whole + "." + (frac + "00")[:2])
			if err != nil {
				s.err = &fault{2005, err.Error()}
				return f
			}
			f.fees = append(f.fees, c)
		}
	}
	if s.space != nsFee06 {
		s.some("credit", 0, 0, "description", "lang")
	}
	return f
}

// part is one fee of a command.
type part struct{ about, amount, more string }

// parts are the fees of a command; refused: there is no such command.
func (r *Registry) parts(name string, t *TLD, fc feeCommand, at time.Time) (ps []part, class string, refused bool) {
	year, eap, class, until := r.price(name, t, fc.years, at)
	switch fc.name {
	case "create":
		ps = append(ps, part{"create", fmtCents(year), ` refundable="1" grace-period="P5D"`})
		if eap > 0 {
			ps = append(ps, part{r.access(name) + ", fee expires: " + stamp(until), fmtCents(eap), ""})
		}
	case "renew", "transfer":
		if class == "standard" {
			year, _ = cents(t.RenewPrice)
			year *= int64(fc.years)
		}
		ps = append(ps, part{fc.name, fmtCents(year), ""})
	case "restore":
		ps = append(ps, part{"restore", "80.00", ""})
	case "delete", "update":
		ps = append(ps, part{fc.name, "0.00", ""})
	default:
		return nil, class, true
	}
	return ps, class, false
}

// feeData writes what a check says about a name; t is nil where the name is
// not the registry's.
func (r *Registry) feeData(b *strings.Builder, name string, t *TLD, f *feeCheck, at time.Time) {
	write := func(ps []part) {
		for _, p := range ps {
			fmt.Fprintf(b, `<fee:fee description="%s"%s>%s</fee:fee>`, esc(p.about), p.more, p.amount)
		}
	}
	phase := func(fc feeCommand) string {
		s := ""
		if fc.phase != "" {
			s += ` phase="` + esc(fc.phase) + `"`
		}
		if fc.subphase != "" {
			s += ` subphase="` + esc(fc.subphase) + `"`
		}
		return s
	}
	const foreign = "Not a name of this registry"
	object := `<fee:object><domain:name xmlns:domain="` + nsDomain + `">` + esc(name) + `</domain:name></fee:object>`
	switch f.space {
	case nsFee06, nsFee11:
		for _, fc := range f.commands {
			if fc.domain != "" && fc.domain != name {
				continue
			}
			var ps []part
			class, refused, cur := "", true, "USD"
			if t != nil {
				ps, class, refused = r.parts(name, t, fc, at)
				cur = t.Currency
			}
			if f.space == nsFee06 {
				fmt.Fprintf(b, `<fee:cd><fee:name>%s</fee:name><fee:currency>%s</fee:currency><fee:command%s>%s</fee:command><fee:period unit="y">%d</fee:period>`,
					esc(name), cur, phase(fc), esc(fc.name), fc.years)
			} else {
				avail := 1
				if refused {
					avail = 0
				}
				fmt.Fprintf(b, `<fee:cd avail="%d">%s<fee:command%s>%s</fee:command><fee:currency>%s</fee:currency><fee:period unit="y">%d</fee:period>`,
					avail, object, phase(fc), esc(fc.name), cur, fc.years)
			}
			write(ps)
			if class != "" {
				fmt.Fprintf(b, `<fee:class>%s</fee:class>`, esc(class))
			}
			if refused && f.space == nsFee11 {
				fmt.Fprintf(b, `<fee:reason>%s</fee:reason>`, foreign)
			}
			b.WriteString(`</fee:cd>`)
		}
	case nsFee12:
		fmt.Fprintf(b, `<fee:cd>%s`, object)
		for _, fc := range f.commands {
			var ps []part
			class, refused := "", true
			if t != nil {
				ps, class, refused = r.parts(name, t, fc, at)
			}
			avail := 1
			if refused {
				avail = 0
			}
			fmt.Fprintf(b, `<fee:command avail="%d" name="%s"%s><fee:period unit="y">%d</fee:period>`, avail, esc(fc.name), phase(fc), fc.years)
			write(ps)
			if class != "" {
				fmt.Fprintf(b, `<fee:class>%s</fee:class>`, esc(class))
			}
			if refused {
				fmt.Fprintf(b, `<fee:reason>%s</fee:reason>`, foreign)
			}
			b.WriteString(`</fee:command>`)
		}
		b.WriteString(`</fee:cd>`)
	default:
		if t == nil {
			fmt.Fprintf(b, `<fee:cd avail="0"><fee:objID>%s</fee:objID><fee:reason>%s</fee:reason></fee:cd>`, esc(name), foreign)
			return
		}
		_, _, class, _ := r.price(name, t, 1, at)
		fmt.Fprintf(b, `<fee:cd avail="1"><fee:objID>%s</fee:objID><fee:class>%s</fee:class>`, esc(name), esc(class))
		standard := 1
		if class != "standard" {
			standard = 0
		}
		for _, fc := range f.commands {
			ps, _, refused := r.parts(name, t, fc, at)
			fmt.Fprintf(b, `<fee:command name="%s"%s standard="%d"><fee:period unit="y">%d</fee:period>`, fc.name, phase(fc), standard, fc.years)
			write(ps)
			if refused {
				b.WriteString(`<fee:reason>no such command here</fee:reason>`)
			}
			b.WriteString(`</fee:command>`)
		}
		b.WriteString(`</fee:cd>`)
	}
}

// wrap puts the answers for all names into one element.
func (f *feeCheck) wrap(cur, cds string) string {
	if f.space == nsFee || f.space == nsFee12 {
		cds = `<fee:currency>` + cur + `</fee:currency>` + cds
	}
	return `<fee:chkData xmlns:fee="` + f.space + `">` + cds + `</fee:chkData>`
}

// feeGate holds the fee of a create against the price (RFC 8748 §5.2.1).
func feeGate(t *TLD, c createRequest, total int64, needed bool) result {
	if c.fee == nil {
		if needed {
			return fail(2003, "the fee is needed: %s %s", t.Currency, fmtCents(total))
		}
		return result{}
	}
	if c.fee.currency != "" && c.fee.currency != t.Currency {
		return fail(2004, "prices of .%s are in %s", t.Zone, t.Currency)
	}
	var sum int64
	for _, f := range c.fee.fees {
		sum += f
	}
	if sum < total {
		return fail(2004, "the fee is %s %s, not %s", t.Currency, fmtCents(total), fmtCents(sum))
	}
	return result{}
}
