package sandbox

import (
	"slices"
	"time"
)

// Entry is one thing that the registry saw or did.
type Entry struct {
	At      time.Time     // when it was received, in the registry's clock
	T       time.Time     // the drop of the name, zero where it has none
	SinceT  time.Duration // At − T, where there is a T
	Via     string        // epp, rival, rdap, whois, droplist, service, catcher, holder, registry
	Account string
	Conn    int
	Command string
	Name    string
	ClTRID  string
	SvTRID  string
	Code    int // EPP result or HTTP status
	Note    string
}

// Violation is one breach of the policy.
type Violation struct {
	At      time.Time
	Account string
	Rule    string
	Detail  string
}

// Win says who got a name after it dropped.
type Win struct {
	Name    string
	T       time.Time
	At      time.Time
	After   time.Duration // At − T
	Account string
	Rival   bool
	Service bool // the backorder service's catcher
}

// maxLog entries are kept at most; then the older half goes.
const maxLog = 1 << 19

// note adds to the log. The lock is held.
func (r *Registry) note(e Entry) {
	if e.T.IsZero() && e.Name != "" {
		if d := r.names[e.Name]; d != nil {
			e.T = d.lastDrop(e.At)
		}
	}
	if !e.T.IsZero() {
		e.SinceT = e.At.Sub(e.T)
	}
	if len(r.entries) >= maxLog {
		r.entries = append(r.entries[:0], r.entries[maxLog/2:]...)
	}
	r.entries = append(r.entries, e)
}

// lastDrop is the drop that matters at a time: the one to come, or the one
// that just was.
func (d *domain) lastDrop(time.Time) time.Time {
	if !d.drop.IsZero() {
		return d.drop
	}
	return d.opened
}

// Log returns everything the registry saw so far.
func (r *Registry) Log() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(r.now())
	return slices.Clone(r.entries)
}

// Violations counts the breaches of the policy per account. The names of
// rivals are accounts too.
func (r *Registry) Violations() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(r.now())
	out := map[string]int{}
	for _, v := range r.breaches {
		out[v.Account]++
	}
	return out
}

// Breaches lists them.
func (r *Registry) Breaches() []Violation {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(r.now())
	return slices.Clone(r.breaches)
}

// Wins says who got which name.
func (r *Registry) Wins() []Win {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(r.now())
	return slices.Clone(r.wins)
}

// State is how a name stands.
type State struct {
	Name      string
	Exists    bool
	Stage     string // "free", "gated", "reserved" where it does not exist
	Ends      time.Time
	Drop      time.Time // zero: none to come
	Registrar string
	Account   string
	Expires   time.Time
	Premium   string
}

// Look says how a name stands now; ok is false where the registry does not
// serve its TLD.
func (r *Registry) Look(name string) (st State, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.advance(now)
	if _, ok := r.zoneOf(name); !ok {
		return State{}, false
	}
	st.Name, st.Stage = name, "free"
	d := r.names[name]
	if d == nil {
		return st, true
	}
	st.Premium = d.premium
	switch {
	case d.exists:
		s, _, ends := d.where(now)
		st.Exists, st.Stage, st.Ends, st.Drop = true, s.Name, ends, d.drop
		st.Registrar, st.Account, st.Expires = d.registrar, d.clID, d.shownExpiry(now)
	case d.reserved != "":
		st.Stage = "reserved"
	case d.opened.After(now):
		st.Stage, st.Ends = "gated", d.opened
	}
	return st, true
}
