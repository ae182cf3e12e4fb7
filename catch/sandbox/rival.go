package sandbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Rival is a competitor that wants the same names. It has an account like
// everybody and is held to the same policy.
type Rival struct {
	Name string
	// Wants lists the names it wants; empty: every name that drops.
	Wants []string
	// Reaction is when its create reaches the registry, from the drop, where
	// it has no Strategy.
	Reaction Dist
	// Strategy says when it sends which create. Nil: one create at Reaction.
	Strategy func(View) []Shot
	// Greedy rivals send ten times what the policy allows, from half a second
	// before the drop. They are caught.
	Greedy bool
}

// Dist is a distribution of delays: Min plus an exponential whose mean is
// Mean − Min, so that most are near Min and a few are late.
type Dist struct{ Min, Mean time.Duration }

func (d Dist) draw(rng *rand.Rand) time.Duration {
	if d.Mean <= d.Min {
		return d.Min
	}
	return d.Min + time.Duration(rng.ExpFloat64()*float64(d.Mean-d.Min))
}

// View is what a rival's strategy may know.
type View struct {
	Name   string
	T      time.Time
	Window time.Duration // the TLD's: the drop is published no better than this
	Wire   Wire
	Policy Policy
	Rand   *rand.Rand
}

// Shot is one create: sent At from T, on a session.
type Shot struct {
	At      time.Duration
	Session int
}

// Paced is a strategy of our own strength: creates leave from lead before T,
// spread evenly over the sessions at share of the pace that the policy allows,
// for at most limit creates or until T + until. Its clock is off by at most
// clock.
func Paced(lead, until time.Duration, share float64, limit int, clock time.Duration) func(View) []Shot {
	return func(v View) []Shot {
		pace := v.Policy.PerSecond * share
		if pace <= 0 {
			pace = 50
		}
		sessions := v.Policy.Sessions
		if sessions <= 0 || sessions > 4 {
			sessions = 4
		}
		gap := time.Duration(float64(time.Second) / pace)
		off := time.Duration(0)
		if clock > 0 {
			off = time.Duration(v.Rand.Int64N(int64(2*clock))) - clock
		}
		start := -lead + off + time.Duration(v.Rand.Int64N(int64(gap)))
		var out []Shot
		for i := 0; i < limit; i++ {
			at := start + time.Duration(i)*gap
			if at > until {
				break
			}
			out = append(out, Shot{At: at, Session: i % sessions})
		}
		return out
	}
}

// rivalAccount finds or makes the account of a rival.
func (r *Registry) rivalAccount(v Rival) (*account, error) {
	if v.Name == "" {
		return nil, fmt.Errorf("a rival without a name")
	}
	if a := r.accounts[v.Name]; a != nil {
		if a.rival == nil {
			return nil, fmt.Errorf("rival %s: an account has that name", v.Name)
		}
		return a, nil
	}
	a, err := newAccount(Account{User: v.Name, Registrar: "Rival " + v.Name, IANA: "9997"})
	if err != nil {
		return nil, err
	}
	a.rival, a.inside = &v, true
	r.accounts[v.Name] = a
	return a, nil
}

// planRivals puts what every rival will send for a name into the queue. The
// randomness of a rival and a name is their own, so that one rival more does
// not change what the others do.
func (r *Registry) planRivals(d *domain) {
	drop := d.drop
	for i := range r.o.Rivals {
		v := &r.o.Rivals[i]
		if len(v.Wants) > 0 && !slices.Contains(v.Wants, d.name) {
			continue
		}
		a := r.accounts[v.Name]
		rng := rand.New(rand.NewPCG(r.o.Seed, hash(v.Name+"|"+d.name)^uint64(drop.UnixNano())))
		view := View{Name: d.name, T: drop, Window: d.tld.Window, Wire: r.o.Wire, Policy: r.o.Policy, Rand: rng}
		var shots []Shot
		direct := false
		switch {
		case v.Greedy:
			pace := max(10*r.o.Policy.PerSecond, 200)
			for at := -500 * time.Millisecond; at < time.Second; at += time.Duration(float64(time.Second) / pace) {
				shots = append(shots, Shot{At: at})
			}
		case v.Strategy != nil:
			shots = v.Strategy(view)
		default:
			shots, direct = []Shot{{At: v.Reaction.draw(rng)}}, true
		}
		lanes := map[int]*lane{}
		for _, s := range shots {
			at := drop.Add(s.At)
			if !direct {
				at = at.Add(r.oneWay(rng))
			}
			if lanes[s.Session] == nil {
				lanes[s.Session] = &lane{id: s.Session, all: lanes}
			}
			l := lanes[s.Session]
			r.at(at, func(at time.Time) { r.rivalCreate(a, d, drop, l, at) })
		}
	}
}

// lane is a session of a rival.
type lane struct {
	id   int
	pace pace
	busy time.Time // not served before
	out  bool      // closed, or no longer interested
	all  map[int]*lane
}

// rivalCreate is a rival's create arriving.
func (r *Registry) rivalCreate(a *account, d *domain, drop time.Time, l *lane, at time.Time) {
	if l.out || !d.drop.Equal(drop) && d.wonAt.IsZero() {
		return // the session is gone, or the name was renewed and nobody tries any more
	}
	if l.busy.After(at) {
		r.at(l.busy, func(at time.Time) { r.rivalCreate(a, d, drop, l, at) })
		return
	}
	e := Entry{At: at, T: drop, Via: "rival", Account: a.o.User, Conn: l.id, Command: "create", Name: d.name}
	code, end, wait := r.meter(a, &l.pace, at)
	if code != 0 {
		e.Code = max(code, 0)
		r.note(e)
		l.out = end
		return
	}
	res := r.create(a, createRequest{name: d.name, years: 1}, at)
	e.Code, e.Note = res.code, res.msg
	r.note(e)
	delay := wait + res.delay
	if res.code >= 2000 {
		delay += r.o.Policy.ErrorDelay
	}
	if delay > 0 {
		l.busy = at.Add(delay)
	}
	if res.code == 1000 || res.code == 2308 || res.code == 2302 && at.After(drop) {
		for _, o := range l.all { // won, blocked, or lost: an honest rival stops
			o.out = true
		}
	}
}

// hash is FNV-1a.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// oneWay draws the time of one direction.
func (r *Registry) oneWay(rng *rand.Rand) time.Duration {
	d := r.o.Wire.RTT / 2
	if j := r.o.Wire.Jitter; j > 0 {
		d += time.Duration(rng.Int64N(int64(j)))
	}
	return d
}
