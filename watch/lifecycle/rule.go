package lifecycle

import (
	"encoding/json"
	"sync"
	"time"
)

// Rule is how one TLD, or one second-level zone, lets a name go. Rules are
// data (rules/*.toml, dated, with source and confidence a field); a person's
// file of the same shape overrides them.
type Rule struct {
	Zone     string      `json:"zone"` // "com", "co.uk"; "*" is the generic gTLD rule, "" is a zone without a rule
	Registry string      `json:"registry"`
	Stages   []RuleStage `json:"stages"`
	Drop     DropRule    `json:"drop"`

	// Generic marks a TLD under an ICANN registry agreement: its reserved
	// names are those of Specification 5, its grace periods those of RFC 3915.
	Generic bool `json:"generic"`
	// Unlisted marks a zone of one's own, such as a sandbox's.
	Unlisted bool `json:"unlisted,omitempty"`
	// AutoRenews says that the registry moves the expiry date a year ahead by
	// itself when it is reached, so that a later date alone is no renewal.
	AutoRenews   bool   `json:"auto_renews"`
	ExpiryPublic bool   `json:"expiry_public"`
	Nexus        string `json:"nexus,omitempty"` // what the registry wants to see, empty: nothing
	RDAP         bool   `json:"rdap"`
	RDAPURL      string `json:"rdap_url,omitempty"`
	WHOISHost    string `json:"whois,omitempty"`
	// WHOISLocal says that its WHOIS writes times without a zone, by the clocks
	// of the drop's time zone. Answers have them as if they were UTC.
	WHOISLocal bool   `json:"whois_local_times,omitempty"`
	DropList   string `json:"drop_list,omitempty"` // where the list is, empty: none
	ListFormat string `json:"drop_list_format,omitempty"`

	Source []string `json:"sources"`
	Seen   string   `json:"checked"` // date at which the facts were last looked up
	// Confidence of the stages; Sure has it a field: "stages", "drop",
	// "expiry", "nexus". "seen" means read in a public source, "memory" means
	// that nobody confirmed it.
	Confidence string            `json:"confidence"`
	Sure       map[string]string `json:"confidence_by_field"`
	Notes      []string          `json:"notes,omitempty"`
	Origin     string            `json:"origin"` // "embedded", or the person's file
}

// RuleStage is one stage of a registry's own.
type RuleStage struct {
	Name   string // the registry's word
	MapsTo Stage
	// From says what the stage counts from: "expiry", "deletion" or "stage"
	// (the end of the stage before).
	From     string
	Min, Max time.Duration
	// MonthEnd says that it ends with the calendar month that it is seen in.
	MonthEnd bool
	Statuses []string // EPP words that show it, all of them
	Said     []string // the server's own words that show it, lower case
	// SaidLate are words that show it once the expiry date is past, and mean
	// something else before: "not delegated" is no news of a paid name.
	SaidLate   []string
	Confidence string
	Source     string
}

// monthEnd is what a stage's until may be.
const monthEnd = "month-end"

// MarshalJSON writes the durations with their units, as rule files do.
func (s RuleStage) MarshalJSON() ([]byte, error) {
	until := ""
	if s.MonthEnd {
		until = monthEnd
	}
	return json.Marshal(struct {
		Name       string   `json:"name"`
		MapsTo     Stage    `json:"maps_to"`
		From       string   `json:"from"`
		Min        string   `json:"min"`
		Max        string   `json:"max"`
		Until      string   `json:"until,omitempty"`
		Statuses   []string `json:"statuses,omitempty"`
		Said       []string `json:"said,omitempty"`
		SaidLate   []string `json:"said_after_expiry,omitempty"`
		Confidence string   `json:"confidence"`
		Source     string   `json:"source,omitempty"`
	}{s.Name, s.MapsTo, s.From, FormatSpan(s.Min), FormatSpan(s.Max), until, s.Statuses, s.Said, s.SaidLate, s.Confidence, s.Source})
}

// The kinds of drops.
const (
	DropExact   = "exact"      // at the very second at which the last stage ends
	DropList    = "list"       // at the time that the registry publishes a name
	DropFixed   = "fixed-time" // at one time of the day
	DropWindow  = "window"     // in a batch between two times of the day
	DropRandom  = "random"     // at a random moment after the end, or between two times of the day
	DropProcess = "process"    // not first come: an auction, a session, a waiting list
	DropUnknown = "unknown"    // the day is known at best
)

// DropRule is when a name falls after its last stage.
type DropRule struct {
	Kind     string // one of the kinds above
	Zone     string // IANA time zone
	From, To string // wall clock "14:00" in Zone
	// Day says which day From and To stand on: "date" is the UTC date of the
	// stage's end, "next" is the first occurrence at or after that end.
	Day string
	// Late is how much later than the rule says the drop may come, because
	// sources disagree (.com: five or six days).
	Late     time.Duration
	Weekday  time.Weekday
	Weekly   bool          // only on Weekday
	MonthDay int           // only on this day of the month; 0: any
	Lead     time.Duration // a session takes names whose last stage began this long before it
	// AtExpiry says that the registry shows the drop itself as the expiry date
	// of a name that is on its way out.
	AtExpiry bool
	Jitter   time.Duration // random: at most this long after the published end
	Gate     string        // what stands between deletion and free
	// GateHidden says that RDAP and WHOIS answer "not registered" behind the
	// gate, so that they cannot tell gated from free.
	GateHidden bool
	GateFor    time.Duration // at most; 0: unknown
	Note       string
	// Confidence is "seen" or "memory".
	Confidence string
	Source     string
}

// MarshalJSON writes the durations with their units, as rule files do.
func (r DropRule) MarshalJSON() ([]byte, error) {
	span := func(v time.Duration) string {
		if v == 0 {
			return ""
		}
		return FormatSpan(v)
	}
	day := ""
	if r.Weekly {
		day = r.Weekday.String()
	}
	return json.Marshal(struct {
		Kind       string `json:"kind"`
		Zone       string `json:"time_zone,omitempty"`
		From       string `json:"from,omitempty"`
		To         string `json:"to,omitempty"`
		Day        string `json:"day,omitempty"`
		Weekday    string `json:"weekday,omitempty"`
		MonthDay   int    `json:"month_day,omitempty"`
		Late       string `json:"late,omitempty"`
		Lead       string `json:"lead,omitempty"`
		AtExpiry   bool   `json:"at_expiry,omitempty"`
		Jitter     string `json:"jitter,omitempty"`
		Gate       string `json:"gate,omitempty"`
		GateFor    string `json:"gate_for,omitempty"`
		Note       string `json:"note,omitempty"`
		Confidence string `json:"confidence"`
		Source     string `json:"source,omitempty"`
	}{r.Kind, r.Zone, r.From, r.To, r.Day, day, r.MonthDay, span(r.Late), span(r.Lead), r.AtExpiry, span(r.Jitter), r.Gate, span(r.GateFor), r.Note, r.Confidence, r.Source})
}

// zones keeps the time zones that rules name: reading one from its data takes
// longer than deciding a verdict.
var zones sync.Map // name → *time.Location

// Location is the time zone of the drop; UTC where none is named.
func (r DropRule) Location() *time.Location {
	if r.Zone == "" {
		return time.UTC
	}
	if loc, ok := zones.Load(r.Zone); ok {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(r.Zone)
	if err != nil { // checked when the rule was read
		return time.UTC
	}
	zones.Store(r.Zone, loc)
	return loc
}

// Known reports whether anything is known of how the zone lets names go.
func (r Rule) Known() bool { return len(r.Stages) > 0 }

// Stage returns the registry's stage of that name, or nil.
func (r Rule) Stage(name string) *RuleStage {
	for i := range r.Stages {
		if r.Stages[i].Name == name {
			return &r.Stages[i]
		}
	}
	return nil
}

// held are the stages in which somebody still holds the name: all before the
// first gated one.
func (r Rule) held() []RuleStage {
	for i, s := range r.Stages {
		if s.MapsTo == GatedStage {
			return r.Stages[:i]
		}
	}
	return r.Stages
}

// gates are the stages after deletion.
func (r Rule) gates() []RuleStage { return r.Stages[len(r.held()):] }

// gateFor is the longest that a name stands behind the gate, and whether there
// is a gate at all. A gate of unknown length is 0, true.
func (r Rule) gateFor() (time.Duration, bool) {
	g := r.gates()
	if len(g) == 0 && r.Drop.Gate == "" {
		return 0, false
	}
	var sum time.Duration
	for _, s := range g {
		sum += s.Max
	}
	return max(sum, r.Drop.GateFor), true
}

// scale is how fast names live here: 1 where the shortest stage lasts a day or
// more, less in a sandbox whose stages last seconds.
func (r Rule) scale() float64 {
	shortest := 24 * time.Hour
	for _, s := range r.held() {
		if s.Max > 0 && s.Max < shortest {
			shortest = s.Max
		}
	}
	return float64(shortest) / float64(24*time.Hour)
}
