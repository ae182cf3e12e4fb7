package catch

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// Contact is somebody for whom names are registered. All of it is personal
// data: whatever logs it or prints it in passing shows its ID alone.
type Contact struct {
	ID      string            `json:"contact" toml:"-"` // what the person calls it
	Name    string            `json:"name" toml:"name"`
	Org     string            `json:"org,omitempty" toml:"org,omitempty"`
	Street  []string          `json:"street" toml:"street"`
	City    string            `json:"city" toml:"city"`
	State   string            `json:"state,omitempty" toml:"state,omitempty"`
	Zip     string            `json:"zip,omitempty" toml:"zip,omitempty"`
	Country string            `json:"country" toml:"country"` // ISO 3166, two letters
	Phone   string            `json:"phone" toml:"phone"`     // "+44.2079460000"
	Email   string            `json:"email" toml:"email"`
	Nexus   map[string]string `json:"nexus" toml:"nexus,omitempty"`     // zone → what its registry wants to see
	Handles map[string]string `json:"handles" toml:"handles,omitempty"` // account → its id there
}

// String is the ID alone.
func (c Contact) String() string { return c.ID }

// LogValue is the ID alone.
func (c Contact) LogValue() slog.Value { return slog.StringValue(c.ID) }

// Handle is what an account's service calls the contact: by the person's word,
// else as the person does.
func (c Contact) Handle(account string) string {
	if h := c.Handles[account]; h != "" {
		return h
	}
	return c.ID
}

// Answer is what the contact has to show to a registry: for the zone, else for
// its TLD.
func (c Contact) Answer(zone string) string {
	if a := c.Nexus[zone]; a != "" {
		return a
	}
	return c.Nexus[zone[strings.LastIndexByte(zone, '.')+1:]]
}

// ASCII reports whether the address can be written in the international form
// of RFC 5733, section 2.4.
func (c Contact) ASCII() bool {
	for _, s := range append([]string{c.Name, c.Org, c.City, c.State, c.Zip}, c.Street...) {
		if strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e }) {
			return false
		}
	}
	return true
}

// countries are the codes of ISO 3166-1.
const countries = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ" +
	" CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR" +
	" GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP" +
	" KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ" +
	" NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW" +
	" SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ" +
	" UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "

// Of these countries an address has no postal code, or needs a state
// (Universal Postal Union, addressing systems by country).
const (
	withoutZip = " AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CK CM DJ DM ER FJ GA GD GH GM GQ GY HK IE KI KM KN KP LC LY ML MO MR MS MW NR NU PA QA RW SB SC SL SO SR ST SY TD TF TG TK TO TV UG VU YE ZW "
	withState  = " AU CA US "
)

// Check says all that is wrong with the contact, before a service does; nil
// where nothing is. Registries want the fields of RFC 5733, and refuse a
// create for any that is missing.
func (c Contact) Check() error {
	var errs []error
	bad := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
	}
	text := func(field, s string, most int, needed bool) {
		switch {
		case strings.TrimSpace(s) == "" && needed:
			bad(field, "is missing")
		case strings.TrimSpace(s) != s || Words(s) != s:
			bad(field, "has blanks around it, or characters that cannot be printed")
		case len([]rune(s)) > most:
			bad(field, "has more than %d characters", most)
		}
	}
	text("name", c.Name, 255, true)
	text("org", c.Org, 255, false)
	if len(c.Street) < 1 || len(c.Street) > 3 {
		bad("street", "an address has one to three lines, not %d", len(c.Street))
	}
	for _, s := range c.Street {
		text("street", s, 255, true)
	}
	text("city", c.City, 255, true)
	country := " " + c.Country + " "
	text("state", c.State, 255, strings.Contains(withState, country))
	text("zip", c.Zip, 16, !strings.Contains(withoutZip, country))
	if len(c.Country) != 2 || !strings.Contains(countries, country) {
		bad("country", "%q is none of ISO 3166: two capital letters, like DE; the United Kingdom is GB", Words(c.Country))
	}
	if !isPhone(c.Phone) {
		bad("phone", "write it like +44.2079460000: the country's code, a dot, the number without its first zero")
	}
	if !isEmail(c.Email) {
		bad("email", "it is no address; the registry's verification goes there")
	}
	for _, zone := range slices.Sorted(maps.Keys(c.Nexus)) {
		text("nexus for ."+zone, c.Nexus[zone], 255, true)
	}
	for _, account := range slices.Sorted(maps.Keys(c.Handles)) {
		h := c.Handles[account]
		text("handle at "+account, h, 64, true)
		if strings.ContainsAny(h, " \t") {
			bad("handle at "+account, "an id has no blanks")
		}
	}
	return errors.Join(errs...)
}

// isPhone reports whether a text is an e164StringType of RFC 5733, section 4.
func isPhone(s string) bool {
	code, number, ok := strings.Cut(strings.TrimPrefix(s, "+"), ".")
	digits := func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	}
	return ok && strings.HasPrefix(s, "+") && digits(code) && digits(number) && code[0] != '0' && len(code) <= 3 && len(number) >= 4 && len(code)+len(number) <= 15
}

func isEmail(s string) bool {
	box, host, ok := strings.Cut(s, "@")
	if !ok || box == "" || len(s) > 254 || Words(s) != s || strings.ContainsAny(s, " \t<>(),;:\"\\[]") || strings.Contains(host, "@") {
		return false
	}
	label, rest, ok := strings.Cut(host, ".")
	return ok && label != "" && rest != "" && !strings.HasSuffix(host, ".") && !strings.Contains(host, "..")
}
