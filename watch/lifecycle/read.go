package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

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
		WHOISLocal   *bool             `toml:"whois_local_times"`
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
		Until      string   `toml:"until"`
		Statuses   []string `toml:"statuses"`
		Said       []string `toml:"said"`
		SaidLate   []string `toml:"said_after_expiry"`
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
		AtExpiry   bool   `toml:"at_expiry"`
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

func (p reader) rule(t ruleTOML, checked string, known map[string]Rule) (Rule, error) {
	r := Rule{Confidence: p.sure, Drop: DropRule{Kind: DropUnknown, Confidence: p.sure}}
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
	set(&r.WHOISLocal, t.WHOISLocal)
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
		if t.Like != "" && t.Confidence == nil {
			r.Sure = maps.Clone(r.Sure)
			delete(r.Sure, "drop") // that of the other's hours
		}
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

// The stages that a rule may map to, in the order in which names go through.
var mapOrder = map[Stage]int{Expired: 1, Redemption: 2, PendingDelete: 3, GatedStage: 4}

func (p reader) stages(ts []stageTOML, confidence string) ([]RuleStage, error) {
	var out []RuleStage
	var end time.Duration // latest end of the stage before, counted from the same anchor
	names := map[string]bool{}
	for i, t := range ts {
		p := reader{path: p.path, at: p.at, sure: p.sure, table: fmt.Sprintf("%s.stage[%d]", p.table, i)}
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
		shortest, longest := "min", "max"
		if t.Lasts != "" {
			shortest, longest = "lasts", "lasts"
			if t.Min != "" || t.Max != "" {
				return nil, p.fail("lasts", "stage %q: write lasts, or min and max, not both", s.Name)
			}
			t.Min, t.Max = t.Lasts, t.Lasts
		}
		if t.Min == "" || t.Max == "" {
			return nil, p.fail("name", "stage %q: it does not say how long it lasts", s.Name)
		}
		if s.Min, err = p.span(shortest, t.Min); err != nil {
			return nil, err
		}
		if s.Max, err = p.span(longest, t.Max); err != nil {
			return nil, err
		}
		if s.Min > s.Max {
			return nil, p.fail("min", "stage %q: min %s is longer than max %s", s.Name, t.Min, t.Max)
		}
		if t.Until != "" && t.Until != monthEnd {
			return nil, p.fail("until", "stage %q: until is %q; it can only be %s", s.Name, t.Until, monthEnd)
		}
		s.MonthEnd = t.Until == monthEnd
		if s.Max == 0 {
			return nil, p.fail(longest, "stage %q: it lasts no time at all", s.Name)
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
		s.Said, s.SaidLate = words(t.Said), words(t.SaidLate)
		out = append(out, s)
	}
	return out, nil
}

// words are a server's words as they are compared.
func words(ws []string) []string {
	var out []string
	for _, w := range ws {
		if w = strings.ToLower(strings.TrimSpace(w)); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func (p reader) drop(t dropTOML, r Rule) (DropRule, error) {
	p.table += ".drop"
	d := DropRule{
		Kind: t.Kind, Zone: t.TimeZone, From: t.From, To: t.To, Day: t.Day, MonthDay: t.MonthDay,
		AtExpiry: t.AtExpiry, Gate: t.Gate, GateHidden: t.GateHidden, Note: t.Note, Confidence: t.Confidence, Source: t.Source,
	}
	if d.Confidence == "" {
		if d.Confidence = r.Sure["drop"]; d.Confidence == "" {
			d.Confidence = p.sure
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
