package lifecycle

import "time"

// Rule is how one TLD, or one second-level zone, lets a name go. Rules are
// data (rules/*.toml, dated, with source and confidence a field); a person's
// file of the same shape overrides them.
type Rule struct {
	Zone     string // "com", "co.uk"; "*" is the generic gTLD rule
	Registry string
	Stages   []RuleStage
	Drop     DropRule

	ExpiryPublic bool
	Nexus        string // what the registry wants to see, empty: nothing
	RDAP         bool
	WHOISHost    string
	DropList     string // where the list is, empty: none

	// Votes are the sources that can vote for this TLD; RDAP-only TLDs never
	// get past likely-free without an EPP or registrar check.
	Source     []string
	Seen       string // date
	Confidence string // "seen" or "memory"
	Notes      []string
	Origin     string // "embedded" or the person's file
}

// RuleStage is one stage of a registry's own.
type RuleStage struct {
	Name   string // the registry's word
	MapsTo Stage
	// From says what the stage counts from: "expiry", "deletion" or "stage"
	// (the end of the stage before).
	From       string
	Min, Max   time.Duration
	Statuses   []string // EPP words that show it, all of them
	Said       []string // the server's own words that show it, lower case
	Confidence string
}

// DropRule is when a name falls after its last stage.
type DropRule struct {
	Kind       string        // exact, list, fixed-time, window, random, process, unknown
	Zone       string        // IANA time zone
	From, To   string        // wall clock "14:00" in Zone
	Jitter     time.Duration // random: at most this long after the published end
	Gate       string        // process: what stands between deletion and free
	GateFor    time.Duration
	Note       string
	Confidence string
}
