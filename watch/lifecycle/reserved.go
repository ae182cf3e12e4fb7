package lifecycle

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/idna"
)

//go:embed reserved.toml
var reservedTOML []byte

// Reserved are the labels that every registry of a generic TLD keeps back
// (ICANN Registry Agreement, Specification 5), by label in A-form. It is dated
// data (reserved.toml), and says itself which of ICANN's lists it lacks.
type Reserved struct {
	Checked    string
	Categories []ReservedCategory

	labels map[string]int // into Categories
}

// ReservedCategory is one of the lists, and what of it is known here.
type ReservedCategory struct {
	Category string `toml:"category" json:"category"`
	Why      string `toml:"why" json:"why"`
	Complete string `toml:"complete" json:"complete"`
	Source   string `toml:"source" json:"source"`
	// Except are TLDs whose agreements do not keep them back.
	Except []string `toml:"except" json:"except,omitempty"`
	Names  string   `toml:"names" json:"-"`
}

var embeddedReserved = sync.OnceValues(func() (*Reserved, error) {
	r := &Reserved{labels: map[string]int{}}
	return r, r.Overlay("reserved.toml", reservedTOML)
})

// DefaultReserved returns those that come with the program. The file is checked
// by the tests of this package; a broken one is a broken build.
func DefaultReserved() *Reserved {
	r, err := embeddedReserved()
	if err != nil {
		panic("lifecycle: embedded reserved names: " + err.Error())
	}
	return &Reserved{Checked: r.Checked, Categories: r.Categories, labels: r.labels} // Overlay makes new ones
}

// Overlay adds a person's file to the lists. Errors name file and line.
func (r *Reserved) Overlay(path string, data []byte) error {
	var f struct {
		Checked    string             `toml:"checked"`
		Categories []ReservedCategory `toml:"category"`
	}
	if err := DecodeStrict(path, data, &f); err != nil {
		return fmt.Errorf("read reserved names: %w", err)
	}
	lines := index(data)
	next := Reserved{Checked: f.Checked, Categories: slices.Clone(r.Categories), labels: maps.Clone(r.labels)}
	if next.Checked == "" {
		next.Checked = r.Checked
	}
	for i, c := range f.Categories {
		p := reader{path: path, at: lines, table: fmt.Sprintf("category[%d]", i)}
		if c.Category == "" {
			return fmt.Errorf("read reserved names: %w", p.fail("category", "the entry has no category"))
		}
		for _, name := range strings.FieldsFunc(c.Names, func(r rune) bool { return r == ';' || r == '\n' }) {
			words := strings.Fields(name)
			if len(words) == 0 {
				continue
			}
			for _, label := range []string{strings.Join(words, ""), strings.Join(words, "-")} {
				a, err := idna.Lookup.ToASCII(label)
				switch {
				case err != nil:
					return fmt.Errorf("read reserved names: %w", p.fail("names", "%q is no label: %v", strings.TrimSpace(name), err))
				case len(a) <= 63: // a longer one cannot be registered
					next.labels[a] = len(next.Categories)
				}
			}
		}
		next.Categories = append(next.Categories, c)
	}
	*r = next
	return nil
}

// Category returns the list on which a TLD keeps a label back, or nil.
func (r *Reserved) Category(label, tld string) *ReservedCategory {
	i, ok := r.labels[label]
	if !ok || slices.Contains(r.Categories[i].Except, tld) {
		return nil
	}
	return &r.Categories[i]
}
