package lifecycle

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // drops follow wall clocks with summer time; a small server may have no zone files

	"github.com/pelletier/go-toml/v2"
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

// The shape of a file.
type (
	fileTOML struct {
		Checked string     `toml:"checked"`
		Rules   []ruleTOML `toml:"rule"`
	}
	ruleTOML struct {
		Zone         string            `toml:"zone"`
		Like         string            `toml:"like"`
		Unlisted     bool              `toml:"unlisted"`
		Registry     *string           `toml:"registry"`
		Generic      *bool             `toml:"generic"`
		AutoRenews   *bool             `toml:"auto_renews"`
		ExpiryPublic *bool             `toml:"expiry_public"`
		RDAP         *bool             `toml:"rdap"`
		RDAPURL      *string           `toml:"rdap_url"`
		WHOIS        *string           `toml:"whois"`
		Nexus        *string           `toml:"nexus"`
		Checked      string            `toml:"checked"`
		Confidence   map[string]string `toml:"confidence"`
		Sources      []string          `toml:"sources"`
		Notes        []string          `toml:"notes"`
		Stages       []stageTOML       `toml:"stage"`
		Drop         *dropTOML         `toml:"drop"`
	}
	stageTOML struct {
		Name       string   `toml:"name"`
		MapsTo     string   `toml:"maps_to"`
		From       string   `toml:"from"`
		Begins     string   `toml:"begins"`
		Lasts      string   `toml:"lasts"`
		Min        string   `toml:"min"`
		Max        string   `toml:"max"`
		Statuses   []string `toml:"statuses"`
		Said       []string `toml:"said"`
		Confidence string   `toml:"confidence"`
		Source     string   `toml:"source"`
	}
	dropTOML struct {
		Kind       string `toml:"kind"`
		TimeZone   string `toml:"time_zone"`
		From       string `toml:"from"`
		To         string `toml:"to"`
		Day        string `toml:"day"`
		Weekday    string `toml:"weekday"`
		MonthDay   int    `toml:"month_day"`
		Late       string `toml:"late"`
		Lead       string `toml:"lead"`
		Jitter     string `toml:"jitter"`
		Gate       string `toml:"gate"`
		GateFor    string `toml:"gate_for"`
		GateHidden bool   `toml:"gate_hidden"`
		List       string `toml:"list"`
		ListFormat string `toml:"list_format"`
		Note       string `toml:"note"`
		Confidence string `toml:"confidence"`
		Source     string `toml:"source"`
	}
)

func (b *Book) overlay(path string, data []byte, origin string) error {
	var f fileTOML
	if err := DecodeStrict(path, data, &f); err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	at := index(data)
	next := maps.Clone(b.all())
	inFile := map[string]bool{}
	for i, t := range f.Rules {
		p := reader{path: path, at: at, table: fmt.Sprintf("rule[%d]", i)}
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

// DecodeStrict decodes one of the dated files; an unknown key, a wrong type or broken syntax is
// an error that names file and line.
func DecodeStrict(path string, data []byte, to any) error {
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(to)
	var missing *toml.StrictMissingError
	var bad *toml.DecodeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing) && len(missing.Errors) > 0:
		e := missing.Errors[0]
		row, _ := e.Position()
		return fmt.Errorf("%s:%d: unknown key %q", path, row, strings.Join(e.Key(), "."))
	case errors.As(err, &bad):
		row, col := bad.Position()
		return fmt.Errorf("%s:%d:%d: %s", path, row, col, strings.TrimPrefix(bad.Error(), "toml: "))
	}
	return fmt.Errorf("%s: %w", path, err)
}

// index finds the line of each key: "rule[0].zone", "rule[0].stage[2].max".
// A table's own line stands under its path.
func index(data []byte) map[string]int {
	at := map[string]int{}
	count := map[string]int{}
	table := ""
	for i, line := range strings.Split(string(data), "\n") {
		s := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(s, "[["):
			name, _, _ := strings.Cut(strings.TrimPrefix(s, "[["), "]]")
			table = numbered(name, count, true)
			at[table] = i + 1
		case strings.HasPrefix(s, "[") && strings.HasSuffix(strings.TrimSpace(strings.SplitN(s, "#", 2)[0]), "]") && !strings.Contains(s, "="):
			name, _, _ := strings.Cut(strings.TrimPrefix(s, "["), "]")
			table = numbered(name, count, false)
			at[table] = i + 1
		default:
			key, _, ok := strings.Cut(s, "=")
			key = strings.TrimSpace(key)
			if !ok || key == "" || strings.ContainsAny(key, "\"'#[]{} ") {
				continue
			}
			p := key
			if table != "" {
				p = table + "." + key
			}
			if at[p] == 0 {
				at[p] = i + 1
			}
		}
	}
	return at
}

// numbered turns "rule.stage" into "rule[3].stage[1]".
func numbered(name string, count map[string]int, array bool) string {
	parts, path := strings.Split(strings.TrimSpace(name), "."), ""
	for i, p := range parts {
		if path != "" {
			path += "."
		}
		path += strings.TrimSpace(p)
		n, isArray := count[path]
		switch {
		case i == len(parts)-1 && array:
			count[path] = n + 1
			path = fmt.Sprintf("%s[%d]", path, n)
		case isArray:
			path = fmt.Sprintf("%s[%d]", path, n-1)
		}
	}
	return path
}

// reader turns one rule of a file into a Rule; its errors name file and line.
type reader struct {
	path  string
	at    map[string]int
	table string
}

func (p reader) fail(key, format string, args ...any) error {
	line := p.at[p.table+"."+key]
	for t := p.table; line == 0 && t != ""; {
		line = p.at[t]
		i := strings.LastIndexByte(t, '.')
		if i < 0 {
			break
		}
		t = t[:i]
	}
	return fmt.Errorf("%s:%d: %s", p.path, line, fmt.Sprintf(format, args...))
}

func (p reader) span(key, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := ParseSpan(s)
	if err != nil {
		return 0, p.fail(key, "%s: %v", key, err)
	}
	return d, nil
}

func (p reader) rule(t ruleTOML, checked string, known map[string]Rule) (Rule, error) {
	r := Rule{Confidence: "memory", Drop: DropRule{Kind: DropUnknown, Confidence: "memory"}}
	zone := strings.ToLower(strings.TrimSpace(t.Zone))
	if zone == "" {
		return r, p.fail("zone", "the rule has no zone")
	}
	if !t.Unlisted && !exists(zone) {
		return r, p.fail("zone", "zone %q does not exist; write unlisted = true if it is newer than this program or your own", zone)
	}
	if t.Like != "" {
		like, ok := known[t.Like]
		if !ok {
			return r, p.fail("like", "like: there is no rule for %q", t.Like)
		}
		r = like
		r.Stages, r.Source, r.Notes = slices.Clone(r.Stages), slices.Clone(r.Source), slices.Clone(r.Notes)
	}
	r.Zone, r.Unlisted = zone, t.Unlisted || r.Unlisted
	if slices.Contains(reservedTLDs, zone[strings.LastIndexByte(zone, '.')+1:]) {
		r.Unlisted = true
	}
	set(&r.Registry, t.Registry)
	set(&r.Generic, t.Generic)
	set(&r.AutoRenews, t.AutoRenews)
	set(&r.ExpiryPublic, t.ExpiryPublic)
	set(&r.RDAP, t.RDAP)
	set(&r.RDAPURL, t.RDAPURL)
	set(&r.WHOISHost, t.WHOIS)
	set(&r.Nexus, t.Nexus)
	switch {
	case t.Checked != "":
		r.Seen = t.Checked
	case checked != "":
		r.Seen = checked
	}
	if _, err := time.Parse("2006-01", r.Seen); err != nil {
		if _, err := time.Parse(time.DateOnly, r.Seen); err != nil {
			return r, p.fail("checked", "checked: %q is no date like 2026-11 or 2026-11-21", r.Seen)
		}
	}
	if t.Sources != nil {
		r.Source = t.Sources
	}
	if t.Notes != nil {
		r.Notes = t.Notes
	}
	if t.Confidence != nil {
		for _, k := range slices.Sorted(maps.Keys(t.Confidence)) {
			v := t.Confidence[k]
			if !slices.Contains([]string{"stages", "drop", "expiry", "nexus"}, k) {
				return r, p.fail("confidence", "confidence: unknown field %q; there are stages, drop, expiry and nexus", k)
			}
			if v != "seen" && v != "memory" {
				return r, p.fail("confidence", "confidence: %q is neither seen nor memory", v)
			}
		}
		r.Sure = t.Confidence
		if v := t.Confidence["stages"]; v != "" {
			r.Confidence = v
		}
	}
	if t.Stages != nil {
		ss, err := p.stages(t.Stages, r.Confidence)
		if err != nil {
			return r, err
		}
		r.Stages = ss
	}
	if t.Drop != nil {
		d, err := p.drop(*t.Drop, r)
		if err != nil {
			return r, err
		}
		r.Drop, r.DropList, r.ListFormat = d, t.Drop.List, t.Drop.ListFormat
	}
	return r, nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
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

// The stages that a rule may map to, in the order in which names go through.
var mapOrder = map[Stage]int{Expired: 1, Redemption: 2, PendingDelete: 3, GatedStage: 4}

func (p reader) stages(ts []stageTOML, confidence string) ([]RuleStage, error) {
	var out []RuleStage
	var end time.Duration // latest end of the stage before, counted from the same anchor
	names := map[string]bool{}
	for i, t := range ts {
		p := reader{path: p.path, at: p.at, table: fmt.Sprintf("%s.stage[%d]", p.table, i)}
		s := RuleStage{
			Name: t.Name, MapsTo: Stage(t.MapsTo), From: t.From,
			Statuses: t.Statuses, Confidence: t.Confidence, Source: t.Source,
		}
		if s.Confidence == "" {
			s.Confidence = confidence
		}
		switch {
		case s.Name == "":
			return nil, p.fail("name", "the stage has no name")
		case names[s.Name]:
			return nil, p.fail("name", "there are two stages %q", s.Name)
		case mapOrder[s.MapsTo] == 0:
			return nil, p.fail("maps_to", "stage %q: maps_to is %q; it must be expired, redemption, pending-delete or gated", s.Name, t.MapsTo)
		case i > 0 && mapOrder[s.MapsTo] < mapOrder[out[i-1].MapsTo]:
			return nil, p.fail("maps_to", "stages overlap: %q (%s) cannot come after %q (%s)", s.Name, s.MapsTo, out[i-1].Name, out[i-1].MapsTo)
		case !slices.Contains([]string{"expiry", "deletion", "stage"}, s.From):
			return nil, p.fail("from", "stage %q: from is %q; it must be expiry, deletion or stage", s.Name, s.From)
		case i == 0 && s.From == "stage":
			if s.MapsTo != Expired {
				return nil, p.fail("from", "stage %q is the first: it must count from expiry or deletion", s.Name)
			}
		case s.From == "expiry" && i > 0 && t.Begins == "":
			return nil, p.fail("from", "stages overlap: %q and %q both begin at expiry; write begins, or from = \"stage\"", out[i-1].Name, s.Name)
		}
		names[s.Name] = true
		var err error
		if t.Lasts != "" {
			if t.Min != "" || t.Max != "" {
				return nil, p.fail("lasts", "stage %q: write lasts, or min and max, not both", s.Name)
			}
			t.Min, t.Max = t.Lasts, t.Lasts
		}
		if t.Min == "" || t.Max == "" {
			return nil, p.fail("name", "stage %q: it does not say how long it lasts", s.Name)
		}
		if s.Min, err = p.span("min", t.Min); err != nil {
			return nil, err
		}
		if s.Max, err = p.span("max", t.Max); err != nil {
			return nil, err
		}
		if s.Min > s.Max {
			return nil, p.fail("min", "stage %q: min %s is longer than max %s", s.Name, t.Min, t.Max)
		}
		if s.Max == 0 {
			return nil, p.fail("max", "stage %q: it lasts no time at all", s.Name)
		}
		if t.Begins != "" {
			begins, err := p.span("begins", t.Begins)
			if err != nil {
				return nil, err
			}
			if i > 0 && begins < end {
				return nil, p.fail("begins", "stages overlap: %q begins at %s, but %q lasts until %s", s.Name, t.Begins, out[i-1].Name, FormatSpan(end))
			}
			if i > 0 && begins > end {
				return nil, p.fail("begins", "between %q, until %s, and %q, from %s, there is no stage", out[i-1].Name, FormatSpan(end), s.Name, t.Begins)
			}
			if i > 0 && s.From != "stage" {
				s.From = "stage"
			}
		}
		if s.From == "stage" {
			end += s.Max
		} else {
			end = s.Max
		}
		for _, w := range t.Said {
			if w = strings.ToLower(strings.TrimSpace(w)); w != "" {
				s.Said = append(s.Said, w)
			}
		}
		out = append(out, s)
	}
	return out, nil
}

func (p reader) drop(t dropTOML, r Rule) (DropRule, error) {
	p.table += ".drop"
	d := DropRule{
		Kind: t.Kind, Zone: t.TimeZone, From: t.From, To: t.To, Day: t.Day, MonthDay: t.MonthDay,
		Gate: t.Gate, GateHidden: t.GateHidden, Note: t.Note, Confidence: t.Confidence, Source: t.Source,
	}
	if d.Confidence == "" {
		if d.Confidence = r.Sure["drop"]; d.Confidence == "" {
			d.Confidence = "memory"
		}
	}
	if !slices.Contains([]string{DropExact, DropList, DropFixed, DropWindow, DropRandom, DropProcess, DropUnknown}, d.Kind) {
		return d, p.fail("kind", "drop: unknown kind %q; there are exact, list, fixed-time, window, random, process and unknown", d.Kind)
	}
	if d.Zone != "" {
		if _, err := time.LoadLocation(d.Zone); err != nil || d.Zone == "Local" {
			return d, p.fail("time_zone", "drop: there is no time zone %q; write it like America/New_York", d.Zone)
		}
	}
	for _, c := range []struct{ key, s string }{{"from", d.From}, {"to", d.To}} {
		if c.s == "" {
			continue
		}
		if _, err := time.Parse("15:04", c.s); err != nil {
			return d, p.fail(c.key, "drop: %s is %q; write a time like 14:00", c.key, c.s)
		}
		if d.Zone == "" {
			return d, p.fail(c.key, "drop: %s needs a time_zone", c.key)
		}
	}
	if d.From == "" && d.To != "" {
		return d, p.fail("to", "drop: there is a to but no from")
	}
	switch d.Day {
	case "":
		d.Day = "next"
	case "date", "next":
	default:
		return d, p.fail("day", "drop: day is %q; it must be date or next", d.Day)
	}
	if d.MonthDay < 0 || d.MonthDay > 28 || d.MonthDay > 0 && d.From == "" {
		return d, p.fail("month_day", "drop: month_day is %d; it must be 1 to 28, with a from", d.MonthDay)
	}
	if t.Weekday != "" {
		for w := time.Sunday; w <= time.Saturday; w++ {
			if strings.EqualFold(w.String(), t.Weekday) {
				d.Weekday, d.Weekly = w, true
			}
		}
		if !d.Weekly {
			return d, p.fail("weekday", "drop: there is no weekday %q", t.Weekday)
		}
		if d.From == "" {
			return d, p.fail("weekday", "drop: a weekday needs a from")
		}
	}
	for _, c := range []struct {
		key, s string
		to     *time.Duration
	}{{"late", t.Late, &d.Late}, {"lead", t.Lead, &d.Lead}, {"jitter", t.Jitter, &d.Jitter}, {"gate_for", t.GateFor, &d.GateFor}} {
		v, err := p.span(c.key, c.s)
		if err != nil {
			return d, err
		}
		*c.to = v
	}
	return d, nil
}
