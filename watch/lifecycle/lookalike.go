package lifecycle

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// confusable maps letters that look like ASCII ones to those; a small part of
// Unicode's confusables (UTS #39) that registries still let through.
var confusable = map[rune]rune{
	'а': 'a', 'ә': 'e', 'е': 'e', 'о': 'o', 'р': 'p', 'с': 'c', 'у': 'y', 'х': 'x', 'і': 'i', 'ј': 'j', 'ѕ': 's', 'һ': 'h', 'ԁ': 'd', 'ԛ': 'q', 'ԝ': 'w', 'ӏ': 'l', 'к': 'k', 'м': 'm', 'т': 't', 'в': 'b', 'н': 'h', 'г': 'r', 'п': 'n', 'ь': 'b',
	'α': 'a', 'ο': 'o', 'ρ': 'p', 'ν': 'v', 'υ': 'u', 'ι': 'i', 'κ': 'k', 'χ': 'x', 'γ': 'y', 'ω': 'w', 'η': 'n', 'τ': 't', 'ε': 'e',
	'ı': 'i', 'ɑ': 'a', 'ɡ': 'g', 'ɩ': 'i', 'ŀ': 'l', 'ƅ': 'b', 'օ': 'o', 'ո': 'n', 'ս': 'u', 'հ': 'h', 'ց': 'g', 'զ': 'q', 'ḷ': 'l',
}

// LookAlike says why a name may be mistaken for another, or "". It looks at
// the letters of an internationalised name only: mixed scripts, and letters
// that look like ASCII.
func LookAlike(name string) string {
	label, rest, _ := strings.Cut(name, ".")
	if !strings.HasPrefix(label, "xn--") {
		return ""
	}
	u, err := idna.Punycode.ToUnicode(label)
	if err != nil {
		return "its A-label cannot be decoded"
	}
	scripts := map[string]bool{}
	var skeleton strings.Builder
	swapped, ascii := 0, true
	for _, r := range u {
		if s := script(r); s != "" {
			scripts[s] = true
		}
		if c, ok := confusable[r]; ok {
			swapped++
			skeleton.WriteRune(c)
			continue
		}
		if r > 0x7f {
			ascii = false
		}
		skeleton.WriteRune(r)
	}
	switch {
	case swapped > 0 && ascii && !strings.HasPrefix(rest, "xn--"): // beside its own script it is read as that
		return "it looks like " + skeleton.String() + "." + rest + " but is another name"
	case mixed(scripts):
		return "it mixes scripts (" + list(scripts) + ")"
	}
	return ""
}

func script(r rune) string {
	for _, s := range []string{"Latin", "Cyrillic", "Greek", "Armenian", "Han", "Hiragana", "Katakana", "Hangul", "Arabic", "Hebrew", "Thai", "Devanagari"} {
		if unicode.Is(unicode.Scripts[s], r) {
			return s
		}
	}
	return ""
}

// mixed allows what people write together: Japanese and Korean with Han, and
// any of those with Latin.
func mixed(scripts map[string]bool) bool {
	n := 0
	for _, s := range []string{"Latin", "Cyrillic", "Greek", "Armenian", "Arabic", "Hebrew", "Thai", "Devanagari"} {
		if scripts[s] {
			n++
		}
	}
	return n > 1
}

func list(scripts map[string]bool) string {
	var out []string
	for _, s := range []string{"Latin", "Cyrillic", "Greek", "Armenian", "Arabic", "Hebrew", "Thai", "Devanagari"} {
		if scripts[s] {
			out = append(out, s)
		}
	}
	return join(out)
}
