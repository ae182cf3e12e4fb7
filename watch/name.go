package watch

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/lapse-dev/lapse/whoisx"
)

// Name is a registrable domain as it is stored: the A-label, lower case, no
// trailing dot. ParseName makes one; Display shows it to a person.
type Name string

// NameError says why something is no name that can be registered, and what was
// probably meant.
type NameError struct {
	Input string
	Why   string
	Meant string // "" where nothing sensible can be guessed
}

// Error says why, and what was probably meant.
func (e *NameError) Error() string {
	s := fmt.Sprintf("read name %q: %s", e.Input, e.Why)
	if e.Meant != "" {
		s += "; did you mean " + e.Meant + "?"
	}
	return s
}

// lookup maps as browsers do (UTS 46, non-transitional) and checks what may be
// registered (RFC 5891): length, hyphens, bidi, joiners, combining marks.
var lookup = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.StrictDomainName(true),
	idna.BidiRule(),
	idna.CheckHyphens(false), // "r3---sn.example" exists; xn-- is validated apart
	idna.VerifyDNSLength(true),
)

// ParseName reads a registrable domain: one label below a public suffix
// (publicsuffix.org, ICANN section). The error is a *NameError.
func ParseName(s string) (Name, error) { return parseName(s, nil) }

// ParseLaunchName reads a name below a TLD that need not be open yet: coming
// says which ones are on their way.
func ParseLaunchName(s string, coming func(tld string) bool) (Name, error) {
	return parseName(s, coming)
}

func parseName(s string, coming func(string) bool) (Name, error) {
	if n, ok := parsePlain(s); ok {
		return n, nil
	}
	shown := clip(whoisx.CleanLine(s))
	fail := func(why, meant string) (Name, error) {
		return "", &NameError{Input: shown, Why: why, Meant: meant}
	}
	if len(s) > 2048 {
		return fail("it is far too long for a domain name (253 characters at most)", "")
	}
	if !utf8.ValidString(s) {
		return fail("it is not valid UTF-8", "")
	}
	t := strings.TrimSpace(s)
	if t == "" {
		return fail("it is empty", "")
	}
	if strings.IndexFunc(t, unicode.IsControl) >= 0 {
		return fail("it holds control characters", "")
	}
	if host, what := unwrap(t); what != "" {
		if n, err := registrable(host); err == nil {
			return fail("it is "+what, string(n))
		} else if m := meant(err); m != "" {
			return fail("it is "+what, m)
		}
		return fail("it is "+what, "")
	}
	n, err := registrableIn(t, coming)
	if err != nil {
		var ne *NameError
		if errors.As(err, &ne) {
			return fail(ne.Why, ne.Meant)
		}
		return fail(err.Error(), "")
	}
	return n, nil
}

// parsePlain is the quick way for what most names are: plain ASCII, one label
// below an ICANN suffix of one label. Everything else takes the long way.
func parsePlain(s string) (Name, bool) {
	if len(s) < 4 || len(s) > 253 {
		return "", false
	}
	dot := -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == '-':
			if i == 0 || s[i-1] == '.' || i == len(s)-1 || s[i+1] == '.' {
				return "", false
			}
			if i >= 3 && s[i-1] == '-' {
				return "", false
			}
		case c == '.':
			if dot >= 0 || i == 0 || i == len(s)-1 {
				return "", false
			}
			dot = i
		default:
			return "", false
		}
	}
	if dot < 0 || dot > 63 {
		return "", false
	}
	suffix, icann := publicsuffix.PublicSuffix(s)
	if !icann || suffix != s[dot+1:] {
		return "", false
	}
	return Name(s), true
}

// unwrap takes the host out of what people paste instead of a name, and says
// what it was; "" where it is nothing of the kind.
func unwrap(t string) (host, what string) {
	if i := strings.Index(t, "://"); i >= 0 {
		rest := t[i+3:]
		if j := strings.IndexAny(rest, "/?#\\"); j >= 0 {
			rest = rest[:j]
		}
		if j := strings.LastIndexByte(rest, '@'); j >= 0 {
			rest = rest[j+1:]
		}
		return cutPort(rest), "an address of a page, not a domain name"
	}
	if after, ok := strings.CutPrefix(t, "*."); ok {
		return after, "a wildcard, not a domain name"
	}
	if strings.Contains(t, "*") {
		return "", "a pattern; a watch needs one exact name"
	}
	if i := strings.LastIndexByte(t, '@'); i >= 0 {
		return t[i+1:], "an e-mail address, not a domain name"
	}
	if i := strings.IndexAny(t, "/?#\\"); i >= 0 {
		return cutPort(t[:i]), "an address of a page, not a domain name"
	}
	if h := cutPort(t); h != t {
		return h, "a host with a port, not a domain name"
	}
	if strings.ContainsFunc(t, unicode.IsSpace) {
		if strings.Contains(t, ".") {
			joined := strings.Join(strings.Fields(t), "")
			if f := strings.Fields(t); len(f) > 1 && strings.Contains(f[0], ".") && strings.Contains(f[1], ".") {
				return f[0], "several names; write one an argument or one a line"
			}
			return joined, "written with spaces"
		}
		return "", "written with spaces, and has no dot"
	}
	if strings.ContainsAny(t, ",;") {
		first, _, _ := strings.Cut(strings.TrimLeft(t, ",; "), ",")
		first, _, _ = strings.Cut(first, ";")
		return first, "more than one name, or has a stray comma"
	}
	if strings.ContainsAny(t, "\"'<>()[]{}") {
		h := strings.Trim(t, "\"'<>()[]{}")
		return h, "written with quotes or brackets"
	}
	return "", ""
}

func cutPort(h string) string {
	if i := strings.LastIndexByte(h, ':'); i >= 0 && i+1 < len(h) && strings.Trim(h[i+1:], "0123456789") == "" {
		return h[:i]
	}
	return h
}

// registrable reads a host name and holds it against the public suffix list.
func registrable(t string) (Name, error) { return registrableIn(t, nil) }

func registrableIn(t string, coming func(string) bool) (Name, error) {
	fail := func(why, meant string) (Name, error) { return "", &NameError{Why: why, Meant: meant} }
	t = strings.TrimRight(t, ".。．｡")
	if t == "" {
		return fail("it is empty", "")
	}
	if _, err := netip.ParseAddr(strings.Trim(t, "[]")); err == nil {
		return fail("it is an IP address, not a domain name", "")
	}
	if strings.Contains(t, "..") || strings.HasPrefix(t, ".") {
		squeezed := strings.Join(strings.FieldsFunc(t, func(r rune) bool { return r == '.' }), ".")
		if n, err := registrable(squeezed); err == nil {
			return fail("it has an empty label (two dots in a row, or one in front)", string(n))
		}
		return fail("it has an empty label (two dots in a row, or one in front)", "")
	}
	if strings.Contains(t, "_") {
		return fail("an underscore cannot be registered", plausible(strings.ReplaceAll(t, "_", "-")))
	}
	ascii, err := lookup.ToASCII(t)
	if err != nil {
		return fail(whyNotASCII(t), "")
	}
	ascii = strings.ToLower(ascii)
	if !strings.Contains(ascii, ".") {
		suffix, icann := publicsuffix.PublicSuffix(ascii)
		if icann && suffix == ascii {
			return fail(fmt.Sprintf("%q is a TLD itself; write a name below it", t), "")
		}
		return fail("it has no TLD", plausible(ascii+".com"))
	}
	for _, label := range strings.Split(ascii, ".") {
		if why := badLabel(label); why != "" {
			return fail(why, "")
		}
	}
	if len(ascii) > 253 {
		return fail(fmt.Sprintf("it has %d characters; a domain name has 253 at most", len(ascii)), "")
	}
	suffix, icann := icannSuffix(ascii)
	if !icann {
		tld := ascii[strings.LastIndexByte(ascii, '.')+1:]
		if coming != nil && strings.Count(ascii, ".") == 1 && coming(tld) {
			return Name(ascii), nil
		}
		return fail(fmt.Sprintf("there is no TLD .%s", toUnicode(tld)), nearTLD(ascii, tld))
	}
	if suffix == ascii {
		return fail(fmt.Sprintf("%s is a public suffix itself: names are registered below it", toUnicode(ascii)), "")
	}
	rest := strings.TrimSuffix(ascii, "."+suffix)
	label := rest[strings.LastIndexByte(rest, '.')+1:]
	n := label + "." + suffix
	if rest != label {
		return fail(fmt.Sprintf("it is below %s; the name that is registered is that one", toUnicode(n)), n)
	}
	return Name(n), nil
}

// icannSuffix returns the suffix below which a registry registers names. The
// list's private section (github.io) is made by companies that hold a name.
func icannSuffix(ascii string) (string, bool) {
	suffix, icann := publicsuffix.PublicSuffix(ascii)
	for !icann {
		i := strings.IndexByte(suffix, '.')
		if i < 0 {
			return suffix, false // the implicit "*" rule: nobody runs this TLD
		}
		// A private suffix: ask again for the name that it hangs on.
		suffix, icann = publicsuffix.PublicSuffix(suffix[i+1:])
	}
	return suffix, true
}

// MaxLabel is how long a label may be, in its A-label form (RFC 1035 §2.3.4).
const maxLabel = 63

func badLabel(l string) string {
	switch {
	case len(l) > maxLabel:
		return fmt.Sprintf("the label %q has %d characters; a label has 63 at most", clip(l), len(l))
	case strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-"):
		return fmt.Sprintf("the label %q begins or ends with a hyphen", l)
	case len(l) >= 4 && l[2:4] == "--" && !strings.HasPrefix(l, "xn--"):
		return fmt.Sprintf("the label %q has hyphens in third and fourth place, which is reserved (RFC 5891 §4.2.3.1)", l)
	}
	if strings.HasPrefix(l, "xn--") {
		u, err := idna.Lookup.ToUnicode(l)
		if err != nil {
			return fmt.Sprintf("the label %q is not valid Punycode", l)
		}
		if back, err := idna.Lookup.ToASCII(u); err != nil || back != l {
			return fmt.Sprintf("the label %q is not the form that its own Unicode text has", l)
		}
	}
	return ""
}

func whyNotASCII(t string) string {
	for _, label := range strings.FieldsFunc(t, func(r rune) bool { return r == '.' || r == '。' || r == '．' || r == '｡' }) {
		if a, err := idna.Punycode.ToASCII(label); err == nil && len(a) > maxLabel {
			return fmt.Sprintf("the label %q has %d characters; a label has 63 at most", clip(label), len(a))
		}
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return fmt.Sprintf("the label %q begins or ends with a hyphen", label)
		}
		for _, r := range label {
			if r < 0x80 && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return fmt.Sprintf("%q cannot stand in a domain name", r)
			}
		}
		if _, err := lookup.ToASCII(label); err != nil {
			if strings.HasPrefix(strings.ToLower(label), "xn--") {
				return fmt.Sprintf("the label %q is not valid Punycode", clip(label))
			}
			return fmt.Sprintf("the label %q holds a character that domain names do not allow", clip(label))
		}
	}
	return fmt.Sprintf("it has %d characters; a domain name has 253 at most", len(t))
}

// nearTLD guesses which TLD was meant: one swapped, missing, doubled or wrong
// letter away from a common one.
func nearTLD(ascii, tld string) string {
	best := ""
	for _, c := range commonTLDs {
		if nearWord(tld, c) {
			best = c
			break
		}
	}
	if best == "" {
		return ""
	}
	return plausible(strings.TrimSuffix(ascii, tld) + best)
}

var commonTLDs = []string{"com", "net", "org", "info", "biz", "io", "co", "uk", "de", "nl", "fr", "eu", "se", "it", "es", "ch", "at", "au", "ca", "us", "app", "dev", "shop", "online", "store", "xyz", "me", "tv", "ai", "jp"}

// nearWord reports whether two words are one edit or one swap apart.
func nearWord(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return a[i+1:] == b[i+1:] || (i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:])
	}
	return a[i:] == b[i+1:]
}

func plausible(t string) string {
	if n, err := registrable(t); err == nil {
		return string(n)
	} else if m := meant(err); m != "" {
		return m
	}
	return ""
}

func meant(err error) string {
	var ne *NameError
	if errors.As(err, &ne) {
		return ne.Meant
	}
	return ""
}

func clip(s string) string {
	if utf8.RuneCountInString(s) <= 80 {
		return s
	}
	r := []rune(s)
	return string(r[:79]) + "…"
}

func toUnicode(a string) string {
	if !strings.Contains(a, "xn--") {
		return a
	}
	u, err := idna.Display.ToUnicode(a)
	if err != nil {
		return a
	}
	return u
}

// Unicode is the name as people write it (the U-label form).
func (n Name) Unicode() string { return whoisx.Clean(toUnicode(string(n))) }

// Display is Unicode, with the stored form beside it where they differ.
func (n Name) Display() string {
	if u := n.Unicode(); u != string(n) {
		return u + " (" + string(n) + ")"
	}
	return string(n)
}

// TLD is the last label.
func (n Name) TLD() string { return string(n[strings.LastIndexByte(string(n), '.')+1:]) }

// Zone is the public suffix below which the name is registered ("co.uk").
func (n Name) Zone() string {
	_, zone, _ := strings.Cut(string(n), ".")
	return zone
}
