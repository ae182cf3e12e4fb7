package lifecycle

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	_ "time/tzdata" // drops follow wall clocks with summer time; a small server may have no zone files

	"golang.org/x/net/publicsuffix"
)

//go:embed rules/*.toml
var embedded embed.FS

// Embedded is the origin of the rules that come with the program.
const Embedded = "embedded"

// Book is all rules: those that come with the program, and those of a
// person's own files laid over them.
type Book struct {
	once  sync.Once
	base  func() (map[string]Rule, error) // what rules begin with, nil for none
	rules map[string]Rule
}

// all returns the rules by zone. Those that come with the program are read at
// the first question: the first page of a list asks none.
func (b *Book) all() map[string]Rule {
	b.once.Do(func() {
		if b.base == nil {
			return
		}
		rules, err := b.base()
		if err != nil {
			panic("lifecycle: embedded rules: " + err.Error())
		}
		b.rules = maps.Clone(rules)
	})
	return b.rules
}

var embeddedRules = sync.OnceValues(func() (map[string]Rule, error) {
	b := &Book{rules: map[string]Rule{}}
	files, err := fs.Glob(embedded, "rules/*.toml")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		data, err := embedded.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if err := b.overlay(f, data, Embedded); err != nil {
			return nil, err
		}
	}
	return b.rules, nil
})

// Default returns the rules that come with the program. The files are checked
// by the tests of this package; a broken one is a broken build.
func Default() *Book { return &Book{base: embeddedRules} }

// Overlay lays a person's file of rules over the book. Each rule of the file
// replaces the rule of its zone whole, unless it says like = "com": then it
// starts from that rule as it stands and changes what it names. Nothing is
// changed when the file has an error; the error names file and line.
func (b *Book) Overlay(path string, data []byte) error {
	return b.overlay(path, data, path)
}

// Rule returns the rule for a name: that of its second-level zone, else of its
// TLD, else the default of ICANN's generic TLDs. A zone to which that default
// does not apply (a country code without a rule, a zone that somebody sells
// below a TLD, .edu) is not given it, which would be a guess: its rule has no
// stages.
func (b *Book) Rule(name string) Rule {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	private := ""
	if s, icann := publicsuffix.PublicSuffix(name); !icann && strings.Contains(s, ".") {
		private = s // uk.com is no zone of .com's registry
	}
	for zone := name; zone != ""; {
		if r, ok := b.all()[zone]; ok {
			return r
		}
		_, rest, ok := strings.Cut(zone, ".")
		if zone == private || !ok && (len(zone) == 2 || notGeneric[zone]) {
			return Rule{
				Zone: zone, Origin: Embedded, Confidence: "memory", Drop: DropRule{Kind: DropUnknown, Confidence: "memory"},
				Notes: []string{"no rule is known for ." + zone + "; write one into rules.toml if you know it"},
			}
		}
		if !ok {
			break
		}
		zone = rest
	}
	return b.all()["*"]
}

// notGeneric are TLDs without ICANN's grace periods that are longer than two
// letters: those of institutions, and country codes in other scripts.
var notGeneric = func() map[string]bool {
	m := map[string]bool{}
	for _, z := range strings.Fields(`arpa edu gov int mil
		xn--2scrj9c xn--3e0b707e xn--3hcrj9c xn--45br5cyl xn--45brj9c xn--4dbrk0ce xn--54b7fta0cc xn--80ao21a xn--90a3ac xn--90ae xn--90ais
		xn--clchc0ea0b2g2a9gcd xn--d1alf xn--e1a4c xn--fiqs8s xn--fiqz9s xn--fpcrj9c3d xn--fzc2c9e2c xn--gecrj9c xn--h2breg3eve xn--h2brj9c
		xn--h2brj9c8c xn--j1amh xn--j6w193g xn--kprw13d xn--kpry57d xn--l1acc xn--lgbbat1ad8j xn--mgb9awbf xn--mgba3a4f16a xn--mgbaam7a8h
		xn--mgbah1a3hjkrd xn--mgbai9azgqp6j xn--mgbayh7gpa xn--mgbbh1a71e xn--mgbc0a9azcg xn--mgberp4a5d4ar xn--mgbpl2fh xn--mgbtx2b
		xn--mgbx4cd0ab xn--mix891f xn--node xn--o3cw4h xn--ogbpf8fl xn--p1ai xn--pgbs0dh xn--q7ce6a xn--qxa6a xn--qxam xn--rvc1e0am3e
		xn--s9brj9c xn--wgbh1c xn--wgbl6a xn--xkc2al3hye2a xn--xkc2dl3a5ee0h xn--y9a3aq xn--yfro4i67o xn--ygbi2ammx`) {
		m[z] = true
	}
	return m
}()

// Rules returns all rules, by zone.
func (b *Book) Rules() []Rule {
	out := make([]Rule, 0, len(b.all()))
	for _, k := range slices.Sorted(maps.Keys(b.all())) {
		out = append(out, b.all()[k])
	}
	return out
}

func (b *Book) overlay(path string, data []byte, origin string) error {
	var f fileTOML
	if err := DecodeStrict(path, data, &f); err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	at := index(data)
	next := maps.Clone(b.all())
	inFile := map[string]bool{}
	for i, t := range f.Rules {
		p := reader{path: path, at: at, table: fmt.Sprintf("rule[%d]", i), sure: "memory"}
		if origin != Embedded {
			p.sure = "seen" // a person writes what they know
		}
		r, err := p.rule(t, f.Checked, next)
		if err != nil {
			return fmt.Errorf("read rules: %w", err)
		}
		if inFile[r.Zone] {
			return fmt.Errorf("read rules: %w", p.fail("zone", "there are two rules for %q", r.Zone))
		}
		inFile[r.Zone] = true
		r.Origin = origin
		next[r.Zone] = r
	}
	b.rules = next
	return nil
}

// reservedTLDs never exist in the root (RFC 6761, RFC 2606) and are free for
// rehearsals.
var reservedTLDs = []string{"test", "example", "invalid", "localhost", "internal", "local", "alt"}

// exists reports whether a zone can hold names: "*" is the default, everything
// else must end in a TLD that the public suffix list knows from ICANN.
func exists(zone string) bool {
	if zone == "*" {
		return true
	}
	tld := zone[strings.LastIndexByte(zone, '.')+1:]
	if slices.Contains(reservedTLDs, tld) {
		return true
	}
	suffix, icann := publicsuffix.PublicSuffix("x." + zone)
	if !icann {
		return false
	}
	// A second-level zone has to be a suffix itself: example.com is a name.
	return suffix == zone || suffix == "x."+zone
}
