package sandbox

import (
	"fmt"
	"time"
)

// Policy are the limits of the EPP service and what breaking them costs. All
// of it is plain data; the zero Policy limits nothing.
type Policy struct {
	Name string

	Sessions        int           // open at once per account; more are answered 2502
	SessionLife     time.Duration // a session is closed after that long
	SessionCommands int           // and after that many commands
	Idle            time.Duration // and after that long without a command
	LoginDelay      time.Duration // how long a login takes
	FailedLogins    int           // wrong passwords before the account is locked

	PerSecond float64 // commands a second per account
	PerMinute int     // commands a minute per account
	// SessionPerSecond are commands a second on one session.
	SessionPerSecond float64
	// CountLogins counts logins as commands too.
	CountLogins bool
	// Over is what happens above these: "2502" (answer, then close; also for
	// ""), "close" (without an answer), "2308" (answered, nothing done), "wait"
	// (the session is not served for OverFor; waits add up).
	Over    string
	OverFor time.Duration // 0: 10 s

	LoginPause  time.Duration // the first command after a login waits so long
	LoginWithin time.Duration // a connection without a login is closed after that

	// Creates on names that exist, answered 2302, are counted per account.
	TakenLimit  int           // at most so many
	TakenWindow time.Duration // in a rolling window; 0: 24 hours
	TakenDelay  time.Duration // each delays its answer and the session by that
	DelayStacks bool          // a delay is added to those not yet served
	ErrorDelay  time.Duration // every answer of 2000 and up delays the session
	// TakenHits and ErrorHits are hit points; at HitLimit the account is
	// blocked. No points within HitGrace after somebody got the name.
	TakenHits, ErrorHits, HitLimit int
	HitGrace                       time.Duration
	// BlockFor is how long creates of the account are answered 2308 after a
	// limit was broken; 0: 24 hours. Another breach while blocked adds to it
	// where DelayStacks is set.
	BlockFor time.Duration

	// RepeatsAllowed turns off that a repeated clTRID closes the session.
	RepeatsAllowed bool
}

// account is a registrar's account and what it has used up.
type account struct {
	o         Account
	password  string
	balance   int64
	unlimited bool
	rival     *Rival
	inside    bool // a rival or a service: no EPP login, no contacts

	sessions map[*session]bool
	minute   pace
	second   pace
	taken    []time.Time // creates on existing names, of the rolling window
	hits     int
	blocked  time.Time // creates are refused until then
	failed   int       // wrong passwords in a row
	messages []message
}

type message struct {
	id   int
	at   time.Time
	text string
	name string
	ok   bool
	cl   string
	sv   string

	resData string // of a domain, where it is not about a pending action
	ext     []extra
}

func newAccount(o Account) (*account, error) {
	a := &account{o: o, password: o.Password, sessions: map[*session]bool{}, unlimited: o.Balance == ""}
	if a.o.Currency == "" {
		a.o.Currency = "USD"
	}
	if !a.unlimited {
		n, err := cents(o.Balance)
		if err != nil {
			return nil, fmt.Errorf("account %s: balance: %w", o.User, err)
		}
		a.balance = n
	}
	return a, nil
}

// breach records a violation. The lock is held.
func (r *Registry) breach(a *account, at time.Time, rule, detail string) {
	r.breaches = append(r.breaches, Violation{at, a.o.User, rule, detail})
}

// block refuses the account's creates for a while.
func (r *Registry) block(a *account, at time.Time) {
	p := r.o.Policy
	d := p.BlockFor
	if d == 0 {
		d = 24 * time.Hour
	}
	from := at
	if p.DelayStacks && a.blocked.After(at) {
		from = a.blocked
	}
	a.blocked = from.Add(d)
}

// tolerance is how much shorter than a second or a minute the windows are in
// which commands are counted: a client that keeps the pace exactly is not
// punished for what the network did to it on the way.
const tolerance = 0.05

// pace counts commands within a window.
type pace []time.Time

// count adds a command and says how many there were since a time.
func (p *pace) count(at, since time.Time) float64 {
	i := 0
	for i < len(*p) && !(*p)[i].After(since) {
		i++
	}
	*p = append((*p)[i:], at)
	return float64(len(*p))
}

// window is how long n a second are counted for: below one a second it grows,
// so that it holds one command.
func window(perSecond float64) (n float64, w time.Duration) {
	n, w = perSecond, time.Second
	if n < 1 {
		n, w = 1, time.Duration(float64(time.Second)/perSecond)
	}
	return n, time.Duration(float64(w) * (1 - tolerance))
}

// meter counts a command of an account and a session. It returns what the
// policy answers instead of doing it, 0 for nothing; whether the session ends;
// and how long it is not served.
func (r *Registry) meter(a *account, sess *pace, at time.Time) (code int, end bool, wait time.Duration) {
	p := r.o.Policy
	over := ""
	if p.PerMinute > 0 {
		since := at.Add(-time.Duration(float64(time.Minute) * (1 - tolerance)))
		if a.minute.count(at, since) > float64(p.PerMinute) {
			over = fmt.Sprintf("more than %d commands a minute", p.PerMinute)
		}
	}
	if p.PerSecond > 0 {
		n, w := window(p.PerSecond)
		if a.second.count(at, at.Add(-w)) > n {
			over = fmt.Sprintf("more than %g commands a second", p.PerSecond)
		}
	}
	if p.SessionPerSecond > 0 {
		n, w := window(p.SessionPerSecond)
		if sess.count(at, at.Add(-w)) > n {
			over = fmt.Sprintf("more than %g commands a second on a session", p.SessionPerSecond)
		}
	}
	if over == "" {
		return 0, false, 0
	}
	r.breach(a, at, "commands", over)
	switch p.Over {
	case "close":
		return -1, true, 0
	case "2308":
		return 2308, false, 0
	case "wait":
		if p.OverFor == 0 {
			return 0, false, 10 * time.Second
		}
		return 0, false, p.OverFor
	}
	return 2502, true, 0
}

// tookTaken counts a create on a name that exists. It returns how long the
// answer is held back.
func (r *Registry) tookTaken(a *account, d *domain, at time.Time) time.Duration {
	p := r.o.Policy
	if p.TakenLimit > 0 {
		window := p.TakenWindow
		if window == 0 {
			window = 24 * time.Hour
		}
		since := at.Add(-window)
		for len(a.taken) > 0 && a.taken[0].Before(since) {
			a.taken = a.taken[1:]
		}
		a.taken = append(a.taken, at)
		if len(a.taken) > p.TakenLimit {
			r.breach(a, at, "creates on existing names", fmt.Sprintf("%d within %s, %d are allowed", len(a.taken), window, p.TakenLimit))
			r.block(a, at)
		}
	}
	if grace := p.HitGrace > 0 && !d.wonAt.IsZero() && at.Sub(d.wonAt) <= p.HitGrace; !grace {
		r.hit(a, at, p.TakenHits)
	}
	return p.TakenDelay
}

// hit adds hit points.
func (r *Registry) hit(a *account, at time.Time, n int) {
	p := r.o.Policy
	if n <= 0 || p.HitLimit <= 0 {
		return
	}
	if a.hits += n; a.hits >= p.HitLimit {
		r.breach(a, at, "hit points", fmt.Sprintf("%d of %d", a.hits, p.HitLimit))
		a.hits = 0
		r.block(a, at)
	}
}

// bucket is a token bucket for lookups.
type bucket struct {
	tokens float64
	at     time.Time
}

// lookup takes one lookup of a client's budget. The lock is held.
func (r *Registry) lookup(via, client string, now time.Time) (ok bool, wait time.Duration) {
	rate := r.o.LookupRate
	if rate <= 0 {
		return true, 0
	}
	key := via + " " + client
	b := r.limits[key]
	if b == nil {
		b = &bucket{tokens: max(1, rate), at: now}
		r.limits[key] = b
	}
	b.tokens = min(max(1, rate), b.tokens+rate*now.Sub(b.at).Seconds())
	b.at = now
	if b.tokens < 1 {
		return false, time.Duration((1 - b.tokens) / rate * float64(time.Second))
	}
	b.tokens--
	return true, 0
}
