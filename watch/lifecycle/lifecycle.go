package lifecycle

import (
	"encoding/json"
	"time"

	"github.com/lapse-dev/lapse/whoisx"
)

// Stage is where a name stands, in the words of docs/words.md. Registries'
// own stage names map onto these.
type Stage string

// The stages.
const (
	Unknown        Stage = "unknown"
	Registered     Stage = "registered"
	Expired        Stage = "expired"    // renewable at the usual price
	Redemption     Stage = "redemption" // restorable for a fee
	PendingRestore Stage = "pending-restore"
	PendingDelete  Stage = "pending-delete" // nobody can renew or restore it any more
	Dropping       Stage = "dropping"       // inside its window
	GatedStage     Stage = "gated"          // deleted, yet not open to all
	LikelyFree     Stage = "likely-free"
	Free           Stage = "free"
	Caught         Stage = "caught" // ours
	Lost           Stage = "lost"
	ReservedStage  Stage = "reserved"
	BlockedStage   Stage = "blocked"
	Launching      Stage = "launching"
)

// FlagName is the name of a flag.
type FlagName string

// The flags.
const (
	FlagPremium   FlagName = "premium"
	FlagReserved  FlagName = "reserved"
	FlagEAP       FlagName = "EAP"
	FlagNexus     FlagName = "nexus"
	FlagLookAlike FlagName = "look-alike"
	FlagHold      FlagName = "hold"
	FlagAuctioned FlagName = "auctioned-before-drop"
	FlagAtAuction FlagName = "at-auction"
)

// Flag is something about a name that is not its stage.
type Flag struct {
	Flag     FlagName      `json:"flag"`
	Price    *whoisx.Price `json:"price,omitempty"`
	Tier     string        `json:"tier,omitempty"`
	Category string        `json:"category,omitempty"`
	Until    *whoisx.Date  `json:"until,omitempty"`
	Why      string        `json:"why,omitempty"`
}

// Confidence is how sure a verdict is.
type Confidence string

// The confidences.
const (
	Confirmed Confidence = "confirmed" // two voting sources agree
	Single    Confidence = "single"    // one voting source
	Conflict  Confidence = "conflict"  // they disagree; both are shown
	Guess     Confidence = "guess"     // nobody said so: a rule or an old answer
)

// Certainty is how sure it is that a window will see the drop.
type Certainty string

// The certainties.
const (
	Will             Certainty = "will"
	May              Certainty = "may"
	CertaintyUnknown Certainty = "unknown"
)

// Window is when a name drops. A day without an hour is a Date with DayOnly.
type Window struct {
	From      whoisx.Date `json:"from"`
	To        whoisx.Date `json:"to"`
	Likely    whoisx.Date `json:"likely"`
	Certainty Certainty   `json:"certainty"`
	Basis     string      `json:"basis"` // the list, answer or rule it comes from
	HourKnown bool        `json:"hour_known"`
}

// Next is the stage that comes next, and when at the earliest and latest.
type Next struct {
	Stage    Stage       `json:"stage"`
	Registry string      `json:"registry_stage,omitempty"` // the registry's own word
	Earliest whoisx.Date `json:"earliest"`
	Latest   whoisx.Date `json:"latest"`
}

// Word is the stage in our words; where the registry splits that stage of ours in
// two (.uk: expired, suspended), in its own.
func (n Next) Word(now Stage) string {
	if n.Stage == now && n.Registry != "" {
		return n.Registry
	}
	return string(n.Stage)
}

// Verdict is what the answers say together.
type Verdict struct {
	Stage         Stage       `json:"stage"`
	RegistryStage string      `json:"registry_stage,omitempty"` // the registry's own word
	Since         whoisx.Date `json:"since"`                    // when the stage began, or was first seen
	SinceFrom     whoisx.Date `json:"since_from,omitzero"`      // the earliest that it may have begun; zero: Since is exact
	Next          *Next       `json:"next"`
	Window        *Window     `json:"window"`
	Flags         []Flag      `json:"flags"`
	Confidence    Confidence  `json:"confidence"`

	Created   whoisx.Date `json:"created"`
	Expires   whoisx.Date `json:"expires"`
	Registrar string      `json:"registrar,omitempty"`

	Happened []Happening `json:"happened,omitempty"` // since the look before

	Sources []whoisx.Source `json:"sources"`           // who spoke
	Missing []whoisx.Source `json:"missing,omitempty"` // who could make it sure, and was not heard
	Why     []string        `json:"why"`               // plain sentences, most important first
	Anomaly string          `json:"anomaly,omitempty"` // something that should not happen; shown, never a crash

	Evidence []whoisx.Evidence `json:"-"`

	// Began and BeganFrom bound the beginning of the registry's stage also
	// where Since is another date (a window's own, while dropping). Remember
	// keeps them.
	Began     whoisx.Date `json:"-"`
	BeganFrom whoisx.Date `json:"-"`
}

// MarshalJSON writes the registry's word as null where its rule has none, and
// lists that hold nothing as [].
func (v Verdict) MarshalJSON() ([]byte, error) {
	if v.Flags == nil {
		v.Flags = []Flag{}
	}
	if v.Sources == nil {
		v.Sources = []whoisx.Source{}
	}
	if v.Why == nil {
		v.Why = []string{}
	}
	type plain Verdict
	var word *string
	if v.RegistryStage != "" {
		word = &v.RegistryStage
	}
	return json.Marshal(struct {
		plain
		RegistryStage *string `json:"registry_stage"`
	}{plain(v), word})
}

// Has returns the flag of that name, or nil.
func (v Verdict) Has(name FlagName) *Flag {
	for i := range v.Flags {
		if v.Flags[i].Flag == name {
			return &v.Flags[i]
		}
	}
	return nil
}

// Event is the kind of something that happened between two looks.
type Event string

// The events.
const (
	EventExpired          Event = "expired"
	EventRenewed          Event = "renewed"
	EventKept             Event = "kept" // the auto-renew grace ended and the name is still held: renewed after all
	EventSold             Event = "sold-before-drop"
	EventDeleted          Event = "deleted" // its registrar gave it up: redemption or quarantine began
	EventRestoring        Event = "restoring"
	EventRestored         Event = "restored"
	EventRestoreFailed    Event = "restore-failed"
	EventPendingDelete    Event = "pending-delete"
	EventTransferred      Event = "transferred" // the registrar changed, the name did not
	EventNameservers      Event = "nameservers-changed"
	EventParked           Event = "parked"            // name servers moved to a parking service
	EventAtAuction        Event = "at-auction"        // name servers moved to an auction house
	EventHold             Event = "hold"              // taken out of DNS
	EventGone             Event = "gone"              // no longer registered
	EventReregistered     Event = "re-registered"     // somebody else has it
	EventCaughtByService  Event = "caught-by-service" // a catch service has it
	EventPriceChanged     Event = "price-changed"
	EventBackFromTheGrave Event = "reversed" // came back where no rule allows it
)

// Happening is something that happened between the look before and this one.
type Happening struct {
	Event Event  `json:"event"`
	Text  string `json:"text"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// Seen is what is known of a name from before: the last verdict, and since
// when each status has been seen. Remember makes it; it may be stored as JSON.
type Seen struct {
	Verdict     Verdict              `json:"verdict"`
	At          time.Time            `json:"at"`                 // when that verdict was made
	Statuses    map[string]time.Time `json:"statuses,omitempty"` // EPP status: first seen
	Nameservers []string             `json:"nameservers,omitempty"`
	Expires     whoisx.Date          `json:"expires"` // as the registry wrote it last
	Updated     whoisx.Date          `json:"updated"`
	RegistrarID string               `json:"registrar_id,omitempty"`
	From        whoisx.Source        `json:"from,omitempty"`      // whose statuses, name servers and registrar these are
	Others      []Shown              `json:"others,omitempty"`    // what other sources showed last
	HeldAt      time.Time            `json:"held_at,omitzero"`    // last time that a source named it as registered
	GoneAt      time.Time            `json:"gone_at,omitzero"`    // first time since then that none did
	LastHeld    Stage                `json:"last_held,omitempty"` // its stage at HeldAt
	Began       whoisx.Date          `json:"began"`               // when LastHeld's registry stage began
	BeganFrom   whoisx.Date          `json:"began_from"`          // the earliest that it may have begun; zero: Began is exact
}

// Shown is what one source showed of a name. Only what one source showed is
// compared with what it shows now: a registry's WHOIS may leave out locks that
// its RDAP has, and spell a registrar in another way.
type Shown struct {
	Source      whoisx.Source `json:"source"`
	Statuses    []string      `json:"statuses,omitempty"`
	Nameservers []string      `json:"nameservers,omitempty"`
	Registrar   string        `json:"registrar,omitempty"`
}

// Observation is a drop that this installation saw.
type Observation struct {
	At    time.Time `json:"at"`
	Began time.Time `json:"began,omitzero"` // when its last stage began, where known
}

// Input is all that a verdict is made of.
type Input struct {
	Name     string
	Rule     Rule
	Answers  []whoisx.Answer
	Before   *Seen
	Now      time.Time
	Observed []Observation // drops seen in this zone; they narrow the window
	Houses   *Houses       // registrars, auction houses and catch services; nil: those that come with the program
	Reserved *Reserved     // what generic TLDs keep back; nil: the lists that come with the program
	Ours     bool          // a route of ours has it: a registered name is then caught
}
