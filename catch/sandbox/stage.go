package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// TLD is a zone under which the registry takes names, as plain data.
type TLD struct {
	Zone string // "com", "co.uk"
	// Stages that a name goes through, the first being its registered time,
	// the last the one that ends with the drop.
	Stages []Stage
	// Window is how long after the last stage names fall, each at a moment of
	// its own; 0: exactly at its end.
	Window time.Duration
	// Gate is what follows the deletion before the name is open to all, for
	// GateFor: "dropzone". Empty: nothing.
	Gate    string
	GateFor time.Duration

	DropList   bool // the registry publishes a list with the second of every drop
	DropReason bool // EPP check answers "Drop <time>" as its reason

	Price      string // of a year; empty: "10.00"
	RenewPrice string // empty: the same
	Currency   string // empty: "USD"
	// Term is how far an auto-renewal moves the expiry of a name that lapses;
	// 0: 365 days. What is kept is always registered for years.
	Term time.Duration
	// EAP are fees on top of Price from the drop on (an expiry or early access
	// period): each for that long, dearest first.
	EAP []EAP
	// Phase is the launch phase: "" or "open": anybody; "claims": a create
	// needs a claims notice where the name has a claim; "sunrise", "landrush":
	// only creates of that phase.
	Phase  string
	Claims map[string]string // name → claim key
	// EAPFrom counts the EAP from here on for every name, as a launch's early
	// access period does, not from a name's drop.
	EAPFrom time.Time
	// Allocate is how long after its application a name is given to the first
	// who applied; 0: never.
	Allocate time.Duration
	// Pending answers creates with 1001 and completes them later.
	Pending time.Duration
	// Thin registries keep no contacts: a create names no registrant.
	Thin bool
	// NoExpiry registries show no expiry date.
	NoExpiry bool
	// MinYears and MaxYears of a registration; 0: 1 and 10.
	MinYears, MaxYears int
}

// Stage is one stage on a name's way out.
type Stage struct {
	Name     string        // the registry's own word
	Statuses []string      // EPP words, camel case, RGP words among them
	For      time.Duration // how long it lasts
	// Renewable says that the holder can still renew or restore in it.
	Renewable bool
	// Jumped says that the registry shows the expiry one term later than it
	// was, as in an auto-renew grace period.
	Jumped bool
	// NoDNS says that the name is out of the zone: the DNS service says
	// NXDOMAIN.
	NoDNS bool
	// Words are added to the WHOIS answer, "%s" stands for the time at which
	// the stage ends.
	Words string
}

// EAP is one tier of an access period.
type EAP struct {
	For time.Duration
	Fee string
}

// Name is a name at the start.
type Name struct {
	Name      string
	Holder    string // empty: "Private Person"
	Registrar string // empty: "Example Registrar, Inc."
	IANA      string // empty: "9990"
	Created   time.Time
	// Stage that it starts in, by the stage's name; empty: the first. "free":
	// it is not registered.
	Stage string
	// Into is how long it has been in that stage at the start.
	Into time.Duration
	// RenewedAfter is how long after the start its holder renews or restores
	// it; 0: never.
	RenewedAfter time.Duration
	// Stays says that it never lapses.
	Stays bool
	// Lasts is how long each stage lasts for this name in the life that it
	// begins with, one for each stage of the TLD; nil: as the TLD says. Drop is
	// when it falls, where that is not the end of the last stage.
	Lasts []time.Duration
	Drop  time.Time
	// Premium is its price where it is a premium name, "1200.00"; Class its
	// tier.
	Premium, Class string
	// Reserved says why nobody can have it.
	Reserved    string
	Nameservers []string
}

func (t *TLD) check() error {
	t.Zone = strings.ToLower(strings.Trim(t.Zone, "."))
	if t.Zone == "" {
		return errors.New("a TLD without a name")
	}
	if len(t.Stages) == 0 {
		return fmt.Errorf("TLD %s: no stages", t.Zone)
	}
	seen := map[string]bool{"free": true}
	for _, s := range t.Stages {
		if s.Name == "" || seen[s.Name] {
			return fmt.Errorf("TLD %s: stage %q is unnamed or named twice", t.Zone, s.Name)
		}
		seen[s.Name] = true
		if s.For <= 0 {
			return fmt.Errorf("TLD %s: stage %q lasts no time", t.Zone, s.Name)
		}
	}
	if t.Price == "" {
		t.Price = "10.00"
	}
	if t.RenewPrice == "" {
		t.RenewPrice = t.Price
	}
	if t.Currency == "" {
		t.Currency = "USD"
	}
	if t.Term == 0 {
		t.Term = 365 * 24 * time.Hour
	}
	if t.MinYears == 0 {
		t.MinYears = 1
	}
	if t.MaxYears == 0 {
		t.MaxYears = 10
	}
	for _, p := range append([]string{t.Price, t.RenewPrice}, fees(t.EAP)...) {
		if _, err := cents(p); err != nil {
			return fmt.Errorf("TLD %s: %w", t.Zone, err)
		}
	}
	return nil
}

// kept is how long a registration lasts that nothing lets lapse here: years,
// even where the names that lapse do so in seconds.
func (t *TLD) kept(years int) time.Duration {
	return time.Duration(years) * max(t.Term, 365*24*time.Hour)
}

func fees(es []EAP) []string {
	var out []string
	for _, e := range es {
		out = append(out, e.Fee)
	}
	return out
}

// domain is a name in the registry. Its stage is a function of time: nothing
// wakes up to change it.
type domain struct {
	name       string
	tld        *TLD
	roid       string
	holder     string
	registrar  string
	iana       string
	clID       string
	crID       string
	registrant string
	contacts   []contactRef
	authInfo   string
	created    time.Time
	updated    time.Time
	expires    time.Time
	ns         []string
	ds         []dsData
	client     []string // statuses set by update, and by Lock
	transfer   *transfer
	moved      time.Time // when it was transferred
	premium    string
	class      string
	reserved   string
	stays      bool
	lasts      []time.Duration // of the stages of this life; nil: the TLD's
	falls      time.Time       // a drop that was planned beforehand

	exists  bool
	began   time.Time // when stage at began
	at      int
	drop    time.Time // zero: it does not drop
	pending bool      // created with 1001, not yet there
	opened  time.Time // when the name became free the last time
	wonAt   time.Time
	dropped bool // it fell, rather than being free from the start
}

// last is how long a stage of this name lasts.
func (d *domain) last(i int) time.Duration {
	if i < len(d.lasts) {
		return d.lasts[i]
	}
	return d.tld.Stages[i].For
}

// where returns the stage of a name that exists, and when that stage ends.
func (d *domain) where(t time.Time) (stage Stage, i int, ends time.Time) {
	i, began := d.at, d.began
	for {
		s := d.tld.Stages[i]
		ends = began.Add(d.last(i))
		if d.stays || i == len(d.tld.Stages)-1 || t.Before(ends) {
			if i == len(d.tld.Stages)-1 && !d.stays {
				ends = d.drop
			}
			return s, i, ends
		}
		i, began = i+1, ends
	}
}

// shownExpiry is the expiry that the registry shows at a time.
func (d *domain) shownExpiry(t time.Time) time.Time {
	if s, _, _ := d.where(t); s.Jumped {
		return d.expires.Add(d.tld.Term)
	}
	return d.expires
}

// statuses splits the EPP words of a moment into RFC 5731's and RFC 3915's.
func (d *domain) statuses(t time.Time) (epp, rgp []string) {
	if d.pending {
		return []string{"pendingCreate"}, nil
	}
	s, _, _ := d.where(t)
	deleting := false
	for _, w := range s.Statuses {
		switch w {
		case "addPeriod", "autoRenewPeriod", "renewPeriod", "transferPeriod", "redemptionPeriod", "pendingRestore":
			rgp = append(rgp, w)
		case "pendingDelete":
			deleting = true
			epp = append(epp, w)
		case "ok":
		default:
			epp = append(epp, w)
		}
	}
	if deleting && len(rgp) == 0 {
		rgp = append(rgp, "pendingDelete")
	}
	epp = append(epp, d.client...)
	if d.transfer != nil && d.transfer.status == "pending" {
		epp = append(epp, "pendingTransfer")
	}
	if len(d.ns) == 0 && !deleting {
		epp = append(epp, "inactive")
	}
	if len(epp) == 0 {
		epp = append(epp, "ok")
	}
	return epp, rgp
}

// begin puts a name into stage i as of a time and plans its drop. The moment
// inside the TLD's window is the name's own, drawn once.
func (r *Registry) begin(d *domain, i int, t time.Time) {
	d.at, d.began = i, t
	d.drop = time.Time{}
	if d.stays {
		return
	}
	end := t
	for k := i; k < len(d.tld.Stages); k++ {
		end = end.Add(d.last(k))
	}
	if d.falls.After(t) {
		d.drop = d.falls
		return
	}
	if w := d.tld.Window; w > 0 {
		end = end.Add(time.Duration(r.rng.Int64N(int64(w))))
	}
	d.drop = end.Truncate(time.Microsecond)
}

// Add adds a name to a running registry.
func (r *Registry) Add(n Name) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(r.now())
	return r.addLocked(n)
}

func (r *Registry) addLocked(n Name) error {
	n.Name = strings.ToLower(strings.TrimSuffix(n.Name, "."))
	t, ok := r.zoneOf(n.Name)
	if !ok {
		return fmt.Errorf("name %s: no TLD of this registry", n.Name)
	}
	if !validName(n.Name) {
		return fmt.Errorf("name %s: not a host name of letters, digits and hyphens", n.Name)
	}
	if d := r.names[n.Name]; d != nil && d.exists {
		return fmt.Errorf("name %s: already there", n.Name)
	}
	if n.Premium != "" {
		if _, err := cents(n.Premium); err != nil {
			return fmt.Errorf("name %s: %w", n.Name, err)
		}
	}
	now := r.now()
	d := &domain{name: n.Name, tld: t, premium: n.Premium, class: n.Class, reserved: n.Reserved, stays: n.Stays}
	if d.premium != "" && d.class == "" {
		d.class = "premium"
	}
	r.names[n.Name] = d
	if n.Stage == "free" || n.Reserved != "" {
		d.opened = now.Add(-n.Into)
		return nil
	}
	d.exists, d.roid = true, r.newROID(t)
	d.holder, d.registrar, d.iana = or(n.Holder, "Private Person"), or(n.Registrar, "Example Registrar, Inc."), or(n.IANA, "9990")
	d.clID, d.crID, d.registrant = "reg-"+d.iana, "reg-"+d.iana, "HOLDER-"+d.iana
	d.authInfo = fmt.Sprintf("own-%x", r.rng.Uint64())
	d.ns = n.Nameservers
	if d.ns == nil {
		d.ns = []string{"ns1.example-hosting.test", "ns2.example-hosting.test"}
	}
	i := 0
	if n.Stage != "" {
		for i = 0; i < len(t.Stages) && t.Stages[i].Name != n.Stage; i++ {
		}
		if i == len(t.Stages) {
			return fmt.Errorf("name %s: TLD %s has no stage %q", n.Name, t.Zone, n.Stage)
		}
	}
	if n.Lasts != nil && len(n.Lasts) != len(t.Stages) {
		return fmt.Errorf("name %s: %d stages have a length, TLD %s has %d", n.Name, len(n.Lasts), t.Zone, len(t.Stages))
	}
	d.lasts, d.falls = n.Lasts, n.Drop
	r.begin(d, i, now.Add(-n.Into))
	// The expiry is the end of the registered stage, whichever stage it is in.
	d.expires = d.began
	if i == 0 {
		d.expires = d.began.Add(d.last(0))
	}
	for k := 1; k < i; k++ {
		d.expires = d.expires.Add(-d.last(k))
	}
	if d.stays {
		d.expires = now.Add(t.kept(1))
	}
	if d.created = n.Created; d.created.IsZero() {
		d.created = d.expires.Add(-3 * t.Term)
	}
	d.updated = d.began
	if i == 0 {
		d.updated = d.created
	}
	if !d.drop.IsZero() {
		r.planDrop(d)
	}
	if n.RenewedAfter > 0 {
		r.at(now.Add(n.RenewedAfter), func(at time.Time) { r.renewByHolder(d, at) })
	}
	return nil
}

// renewByHolder is the holder's change of mind.
func (r *Registry) renewByHolder(d *domain, at time.Time) {
	if !d.exists || d.clID != "reg-"+d.iana {
		return
	}
	s, _, _ := d.where(at)
	if !s.Renewable {
		return
	}
	d.expires = at.Add(d.tld.kept(1))
	d.updated, d.stays = at, true
	r.begin(d, 0, at)
	r.note(Entry{At: at, Via: "holder", Account: d.clID, Command: "renew", Name: d.name, Code: 1000})
}

// planDrop puts the drop and everybody who waits for it into the queue.
func (r *Registry) planDrop(d *domain) {
	drop := d.drop
	r.at(drop, func(at time.Time) {
		if !d.exists || !d.drop.Equal(drop) {
			return // renewed, deleted or restored in the meantime
		}
		r.tellChange(d, Change{Operation: "autoPurge", Before: true}, at)
		r.release(d, at)
	})
	r.planRivals(d)
}

// release takes a name out of the registry.
func (r *Registry) release(d *domain, at time.Time) {
	d.exists, d.dropped, d.opened, d.ds, d.client, d.contacts = false, true, at, nil, nil, nil
	d.lasts, d.falls, d.transfer, d.moved = nil, time.Time{}, nil, time.Time{}
	if d.tld.Gate != "" {
		d.opened = at.Add(d.tld.GateFor)
	}
	r.note(Entry{At: at, Via: "registry", Command: "drop", Name: d.name, Code: 1000, T: at})
	if r.faults.CloseAtDrop {
		r.cutAll(at)
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// cents reads "12.50" as 1250. Prices of the sandbox have two decimals.
func cents(s string) (int64, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) > 2 || whole == "" {
		return 0, fmt.Errorf("price %q: write it like 12.50", s)
	}
	var n int64
	for _, c := range whole + frac + "00"[len(frac):] {
		if c < '0' || c > '9' || n > 1<<50 {
			return 0, fmt.Errorf("price %q: write it like 12.50", s)
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}

func fmtCents(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

func validName(s string) bool {
	if len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, c := range l {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}
