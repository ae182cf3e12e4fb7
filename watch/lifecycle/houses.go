package lifecycle

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

//go:embed houses.toml
var housesTOML []byte

// Houses knows which registrars auction their customers' lapsed names before
// they can drop, which registrars are the shells of catch services, and which
// name servers give an auction away. It is dated data (houses.toml).
type Houses struct {
	Checked    string
	BeforeDrop []House
	Catchers   []Catcher

	hosts []nsHost
}

// House is an auction of lapsed names before they drop. The days count from
// the expiry date.
type House struct {
	House      string   `toml:"house" json:"house"`
	IDs        []string `toml:"ids" json:"ids"`
	Registrars []string `toml:"registrars" json:"registrars"`
	FromDay    int      `toml:"from_day" json:"from_day"`
	ToDay      int      `toml:"to_day" json:"to_day"`
	Note       string   `toml:"note" json:"note,omitempty"`
	Confidence string   `toml:"confidence" json:"confidence"`
	Source     string   `toml:"source" json:"source"`
}

// Catcher is a service that catches names under registrars of its own.
type Catcher struct {
	Service    string   `json:"service"`
	IDs        []string `json:"ids"`
	Registrars []string `json:"registrars"`
	// Shells are those of its registrars that catch and do nothing else: a
	// fresh registration there is a catch, whatever was seen before.
	Shells     []string      `json:"shells"`
	Auction    time.Duration `json:"auction_ns"` // how long its auction of a contested catch lasts
	Several    string        `json:"several"`
	Confidence string        `json:"confidence"`
	Source     string        `json:"source"`
}

type nsHost struct {
	What       string   `toml:"what"` // "auction" or "parking"
	House      string   `toml:"house"`
	Hosts      []string `toml:"hosts"`
	Confidence string   `toml:"confidence"`
}

type housesFile struct {
	Checked    string  `toml:"checked"`
	BeforeDrop []House `toml:"before_drop"`
	Catchers   []struct {
		Service    string   `toml:"service"`
		IDs        []string `toml:"ids"`
		Registrars []string `toml:"registrars"`
		Shells     []string `toml:"shells"`
		Auction    string   `toml:"auction"`
		Several    string   `toml:"several"`
		Confidence string   `toml:"confidence"`
		Source     string   `toml:"source"`
	} `toml:"catcher"`
	Nameservers []nsHost `toml:"nameservers"`
}

var embeddedHouses = sync.OnceValues(func() (*Houses, error) {
	h := &Houses{}
	return h, h.Overlay("houses.toml", housesTOML)
})

// DefaultHouses returns those that come with the program. The file is checked
// by the tests of this package; a broken one is a broken build.
func DefaultHouses() *Houses {
	c := *houses()
	h := &c
	h.BeforeDrop, h.Catchers, h.hosts = slices.Clone(h.BeforeDrop), slices.Clone(h.Catchers), slices.Clone(h.hosts)
	return h
}

// houses are those that come with the program, shared: nobody changes them.
func houses() *Houses {
	h, err := embeddedHouses()
	if err != nil {
		panic("lifecycle: embedded houses: " + err.Error())
	}
	return h
}

// Overlay lays a person's file over the houses: an entry replaces the one of
// the same house or service. Errors name file and line.
func (h *Houses) Overlay(path string, data []byte) error {
	var f housesFile
	if err := DecodeStrict(path, data, &f); err != nil {
		return fmt.Errorf("read houses: %w", err)
	}
	lines := index(data)
	next := Houses{Checked: h.Checked, BeforeDrop: slices.Clone(h.BeforeDrop), Catchers: slices.Clone(h.Catchers), hosts: slices.Clone(h.hosts)}
	if f.Checked != "" {
		next.Checked = f.Checked
	}
	for i, b := range f.BeforeDrop {
		p := reader{path: path, at: lines, table: fmt.Sprintf("before_drop[%d]", i)}
		if b.House == "" {
			return fmt.Errorf("read houses: %w", p.fail("house", "the entry has no house"))
		}
		if b.FromDay > b.ToDay {
			return fmt.Errorf("read houses: %w", p.fail("from_day", "%s: day %d comes after day %d", b.House, b.FromDay, b.ToDay))
		}
		if err := p.ids(b.IDs); err != nil {
			return fmt.Errorf("read houses: %w", err)
		}
		next.BeforeDrop = put(next.BeforeDrop, b, func(o House) bool { return o.House == b.House })
	}
	for i, t := range f.Catchers {
		p := reader{path: path, at: lines, table: fmt.Sprintf("catcher[%d]", i)}
		if t.Service == "" {
			return fmt.Errorf("read houses: %w", p.fail("service", "the entry has no service"))
		}
		if err := p.ids(t.IDs); err != nil {
			return fmt.Errorf("read houses: %w", err)
		}
		auction, err := p.span("auction", t.Auction)
		if err != nil {
			return fmt.Errorf("read houses: %w", err)
		}
		c := Catcher{Service: t.Service, IDs: t.IDs, Registrars: t.Registrars, Shells: t.Shells, Auction: auction, Several: t.Several, Confidence: t.Confidence, Source: t.Source}
		next.Catchers = put(next.Catchers, c, func(o Catcher) bool { return o.Service == c.Service })
	}
	for i, n := range f.Nameservers {
		p := reader{path: path, at: lines, table: fmt.Sprintf("nameservers[%d]", i)}
		if n.What != "auction" && n.What != "parking" {
			return fmt.Errorf("read houses: %w", p.fail("what", "what is %q; it must be auction or parking", n.What))
		}
		next.hosts = put(next.hosts, n, func(o nsHost) bool { return o.House == n.House && o.What == n.What })
	}
	*h = next
	return nil
}

func put[T any](all []T, one T, same func(T) bool) []T {
	if i := slices.IndexFunc(all, same); i >= 0 {
		all[i] = one
		return all
	}
	return append(all, one)
}

// ids checks registrar IDs: "146", or a span "1756-1856".
func (p reader) ids(ids []string) error {
	for _, s := range ids {
		lo, hi, isSpan := strings.Cut(s, "-")
		a, err := strconv.Atoi(lo)
		b := a
		if err == nil && isSpan {
			b, err = strconv.Atoi(hi)
		}
		if err != nil || a < 0 || b < a {
			return p.fail("ids", "%q is no registrar ID; write it like 146 or 1756-1856", s)
		}
	}
	return nil
}

func matches(ids, names []string, id, name string) bool {
	n, err := strconv.Atoi(strings.TrimSpace(id))
	for _, s := range ids {
		if err != nil {
			break
		}
		lo, hi, isSpan := strings.Cut(s, "-")
		a, err := strconv.Atoi(lo)
		if err != nil {
			continue // a name
		}
		b := a
		if isSpan {
			b, _ = strconv.Atoi(hi)
		}
		if n >= a && n <= b {
			return true
		}
	}
	name = strings.ToLower(strings.TrimSpace(name))
	return name != "" && slices.ContainsFunc(names, func(w string) bool { return strings.HasPrefix(name, w) })
}

// House returns who auctions the lapsed names of a registrar, or nil.
func (h *Houses) House(id, name string) *House {
	for i := range h.BeforeDrop {
		if b := &h.BeforeDrop[i]; matches(b.IDs, b.Registrars, id, name) {
			return b
		}
	}
	return nil
}

// Catcher returns the catch service behind a registrar, or nil. Its name is
// believed before its ID: services buy and sell accreditations.
func (h *Houses) Catcher(id, name string) *Catcher {
	for _, try := range [][2]string{{"", name}, {id, ""}} {
		for i := range h.Catchers {
			if c := &h.Catchers[i]; matches(c.IDs, c.Registrars, try[0], try[1]) || c.shell(try[0], try[1]) {
				return c
			}
		}
	}
	return nil
}

// shell reports whether a registrar is one that catches and does nothing else.
func (c Catcher) shell(id, name string) bool { return matches(c.Shells, c.Shells, id, name) }

// Hosts says what name servers give away: "auction" or "parking" and whose,
// or nothing.
func (h *Houses) Hosts(nameservers []string) (what, house string) {
	for _, n := range h.hosts {
		for _, ns := range nameservers {
			ns = strings.ToLower(strings.TrimSuffix(ns, "."))
			if slices.ContainsFunc(n.Hosts, func(s string) bool { return ns == s || strings.HasSuffix(ns, "."+s) }) {
				return n.What, n.House
			}
		}
	}
	return "", ""
}

// usual is when a house auctions a name that expired then.
func (b House) usual(expired whoisx.Date) (from, to time.Time) {
	return expired.AddDate(0, 0, b.FromDay), expired.AddDate(0, 0, b.ToDay)
}
