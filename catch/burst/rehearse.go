package burst

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/epp"
	"github.com/lapse-dev/lapse/catch/sandbox"
)

// Rehearsal says what is rehearsed. Everything that a real burst would take
// from its account and its window is taken from here; the code is the same.
type Rehearsal struct {
	Policy     Policy
	Strategy   Strategy
	Sessions   int
	Spares     int
	MaxCreates int
	Lead       time.Duration // see Options
	Names      []string      // none: one name of the sandbox's own
	Window     time.Duration // how far the drop may fall after the published time; 0: to the second
	RTT        time.Duration
	Jitter     time.Duration
	Rivals     int  // of our own strength: the same plan, held to the same policy
	Greedy     bool // one rival more that breaks the policy
	Faults     sandbox.Faults
	Runs       int // default 1
	Parallel   int // runs at once; default 1, since two runs disturb each other's timing
	Seed       uint64
	Ahead      time.Duration // from the start of a run to its drop; default: as long as arming takes

	// Simulated runs use a network and a wait of their own (see Options).
	Listen func(network, address string) (net.Listener, error)
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	Wall   func() time.Time
	Wait   func(time.Time)

	Progress func(Run) // after each run, one at a time
}

// Rehearsed is what the runs showed.
type Rehearsed struct {
	Runs       int            `json:"runs"`
	Won        int            `json:"won"` // runs in which the first name was ours
	Strategy   string         `json:"strategy"`
	Policy     string         `json:"policy"`
	Sessions   int            `json:"sessions"`
	Spares     int            `json:"spares"`
	Rivals     int            `json:"rivals"`
	Greedy     bool           `json:"greedy,omitempty"`
	RTT        time.Duration  `json:"rtt_ns"`
	Jitter     time.Duration  `json:"jitter_ns"`
	Window     time.Duration  `json:"window_ns,omitempty"`
	Announced  int            `json:"creates_announced"` // in the last run
	Spent      int            `json:"creates_spent"`     // in the last run
	SpentAll   int            `json:"creates_spent_all"`
	Violations int            `json:"policy_violations"` // ours
	Caught     map[string]int `json:"violations_of_rivals,omitempty"`
	Receipt    Quantiles      `json:"t_to_receipt_us"` // of our first create after the drop
	Codes      map[string]int `json:"codes"`
	Ranks      map[string]int `json:"ranks"` // how often our create was the first, second, ... after the drop
	Failures   []string       `json:"failures,omitempty"`
	Advice     []string       `json:"advice,omitempty"`
	Histogram  []Bar          `json:"histogram"`
	Last       *Result        `json:"last,omitempty"`
	Breaches   []string       `json:"breaches,omitempty"`

	receipts []time.Duration
	offs     []time.Duration // see Run.Off, of the runs with creates
}

// Quantiles are of a sample, in microseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	Max float64 `json:"max"`
	N   int     `json:"n"`
}

// Bar is one bar of the histogram.
type Bar struct {
	UpTo  float64 `json:"up_to_us"`
	Count int     `json:"count"`
}

// Run is one rehearsal.
type Run struct {
	Number     int
	Won        []string // names that we got
	Winners    map[string]string
	Rank       int           // of our first create after the drop, among everybody's
	Receipt    time.Duration // from the drop to its receipt; negative: none arrived
	Off        time.Duration // by how much our creates arrived later than they were aimed, in the middle
	Violations map[string]int
	Breaches   []string
	Result     *Result
	Err        error
}

const (
	rehearsalUser = "lapse-sandbox"
	rehearsalZone = "rehearsal"
)

// SandboxPolicy puts a policy into the sandbox's words, so that the sandbox
// punishes what the registry would.
func (p Policy) SandboxPolicy() sandbox.Policy {
	over := ""
	if p.SessionPerSecond > 0 {
		over = "wait" // the session is not served for 10 s, and such waits add up
	}
	return sandbox.Policy{
		Name: p.ID, Sessions: p.Sessions, SessionLife: p.SessionLife.Std(), SessionCommands: p.SessionCommands, Idle: p.Idle.Std(),
		SessionPerSecond: p.SessionPerSecond, Over: over, LoginPause: p.LoginPause.Std(), LoginWithin: p.LoginWithin.Std(), CountLogins: p.PerMinute > 0,
		PerSecond: p.PerSecond, PerMinute: p.PerMinute, TakenLimit: p.TakenLimit, TakenWindow: p.TakenWindow.Std(), TakenDelay: p.TakenDelay.Std(),
		ErrorDelay: p.ErrorDelay.Std(), TakenHits: p.TakenHits, ErrorHits: p.ErrorHits, HitLimit: p.HitLimit, HitGrace: p.HitGrace.Std(),
		BlockFor: p.BlockFor.Std(), FailedLogins: 3,
	}
}

// Rehearse runs the burst against the sandbox registry. An error of one run is
// part of the result; Rehearse itself fails where no run could begin.
func Rehearse(ctx context.Context, r Rehearsal) (*Rehearsed, error) {
	r.Runs = max(r.Runs, 1)
	r.Parallel = max(r.Parallel, 1)
	// What binds the drop to a time of the day is not rehearsed.
	r.Policy.SessionFrom, r.Policy.SessionTo = "", ""
	if len(r.Names) == 0 {
		r.Names = []string{"example." + rehearsalZone}
	}
	for i, n := range r.Names { // the sandbox serves a zone of its own
		label, _, _ := strings.Cut(lower(n), ".")
		r.Names[i] = label + "." + rehearsalZone
	}
	if r.Seed == 0 {
		r.Seed = rand.Uint64() | 1
	}
	out := &Rehearsed{
		Runs: r.Runs, Policy: r.Policy.ID, Rivals: r.Rivals, Greedy: r.Greedy, RTT: r.RTT, Jitter: r.Jitter, Window: r.Window, Codes: map[string]int{}, Ranks: map[string]int{}, Caught: map[string]int{},
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan int)
	for range r.Parallel {
		wg.Go(func() {
			for i := range next {
				run := r.one(ctx, i)
				mu.Lock()
				out.add(run)
				if r.Progress != nil {
					r.Progress(run)
				}
				mu.Unlock()
			}
		})
	}
	done := 0
loop:
	for i := range r.Runs {
		select {
		case next <- i:
			done++
		case <-ctx.Done():
			break loop
		}
	}
	close(next)
	wg.Wait()
	out.Runs = done
	out.finish()
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	if out.Last == nil {
		return out, fmt.Errorf("rehearse: no run came to its end: %s", strings.Join(out.Failures, "; "))
	}
	return out, nil
}

// one is one run: a registry, its rivals, one burst.
func (r Rehearsal) one(ctx context.Context, number int) Run {
	run := Run{Number: number, Receipt: -1, Winners: map[string]string{}}
	seed := r.Seed + uint64(number)*0x9e3779b97f4a7c15
	ahead := r.Ahead
	if ahead == 0 {
		ahead = r.armTime()
	}
	tld := sandbox.TLD{Zone: rehearsalZone, Window: r.Window, Stages: []sandbox.Stage{
		{Name: "registered", Statuses: []string{"ok"}, For: time.Hour, Renewable: true},
		{Name: "pending delete", Statuses: []string{"pendingDelete"}, For: ahead, NoDNS: true},
	}}
	o := sandbox.Options{
		TLDs: []sandbox.TLD{tld}, Policy: r.Policy.SandboxPolicy(), Wire: sandbox.Wire{RTT: r.RTT, Jitter: r.Jitter},
		Faults: r.Faults, Seed: seed, Listen: r.Listen, Now: r.Wall,
		Accounts: []sandbox.Account{{User: rehearsalUser, Password: "sandbox-secret", Registrar: "Lapse Sandbox Account", IANA: "9999"}},
	}
	for _, n := range r.Names {
		o.Names = append(o.Names, sandbox.Name{Name: n, Stage: "pending delete"})
	}
	for i := range r.Rivals {
		o.Rivals = append(o.Rivals, sandbox.Rival{Name: fmt.Sprintf("equal-%d", i+1), Strategy: r.equal()})
	}
	if r.Greedy {
		o.Rivals = append(o.Rivals, sandbox.Rival{Name: "greedy", Greedy: true})
	}
	reg, err := sandbox.Start(ctx, o)
	if err != nil {
		run.Err = err
		return run
	}
	defer func() { _ = reg.Close() }()
	st, ok := reg.Look(r.Names[0])
	if !ok || st.Drop.IsZero() {
		run.Err = errors.New("the sandbox does not let the name drop")
		return run
	}
	published := st.Drop
	until := published
	if r.Window > 0 {
		published = reg.Config().Started.Add(ahead)
		until = published.Add(r.Window)
	}
	run.Result, run.Err = r.burst(ctx, reg, published, until)
	run.judge(reg, r.Names)
	return run
}

// armTime is how long arming takes at most: a login a session, at the pace of
// the policy.
func (r Rehearsal) armTime() time.Duration {
	g := newGate(r.Policy, slackFor(0))
	work, spare := Options{Policy: r.Policy, Sessions: r.Sessions, Spares: r.Spares}.counts()
	at := time.Duration(0)
	for range work + spare {
		at = g.next(at, -1)
		g.take(at)
		at += 4*r.RTT + 4*r.Jitter + 30*time.Millisecond + r.Faults.ConnectDelay + 3*r.Faults.AnswerDelay
	}
	// The creates must find an empty second before them.
	return at + r.Policy.LoginPause.Std() + 1500*time.Millisecond + settleBy
}

func (r Rehearsal) burst(ctx context.Context, reg *sandbox.Registry, at, until time.Time) (*Result, error) {
	c := reg.Config()
	acc := c.Accounts[0]
	conn := epp.NewConnector(epp.Config{
		Addr: c.EPPAddr, ServerName: c.EPPName, Roots: c.Pool(), Dial: r.Dial, Timeout: 5 * time.Second, Connect: 5 * time.Second,
	}, epp.Login{ClientID: acc.User, Password: catch.NewSecret(acc.Password), Agent: "lapse rehearsal"})
	var targets []Target
	for _, n := range r.Names {
		targets = append(targets, Target{Name: n, Create: epp.DomainCreate{
			Years: 1, Registrant: c.Contacts[acc.User], Contacts: []epp.Contact{{Role: "admin", ID: c.Contacts[acc.User]}, {Role: "tech", ID: c.Contacts[acc.User]}},
			NS: c.Hosts,
		}})
	}
	b, err := Arm(ctx, Options{
		Connect: func(ctx context.Context) (*epp.Session, error) { s, _, err := conn.Connect(ctx); return s, err },
		Use:     Use{Keeper: &Memory{}, Account: "rehearsal"}, Client: acc.User, Policy: r.Policy,
		Strategy: r.Strategy, Sessions: r.Sessions, Spares: r.Spares, MaxCreates: r.MaxCreates, Lead: r.Lead, Window: r.Window,
		Settle: 3 * time.Second, Wall: r.Wall, Wait: r.Wait,
	}, targets, at, until)
	if err != nil {
		return nil, err
	}
	_, err = b.Fire(ctx)
	return b.Result(), err
}

// equal is a rival's strategy that is ours: the same plan from the same
// situation, with a clock and a phase of its own.
func (r Rehearsal) equal() func(sandbox.View) []sandbox.Shot {
	work, _ := Options{Policy: r.Policy, Sessions: r.Sessions, Spares: r.Spares}.counts()
	return func(v sandbox.View) []sandbox.Shot {
		u := max(r.RTT/2+r.Jitter, time.Millisecond)
		budget := -1
		if a := r.Policy.Allowance(); a > 0 {
			budget = a
		}
		s := situation{
			policy: r.Policy, budget: budget, rtt: r.RTT + r.Jitter/2, jitter: r.Jitter / 4, uncertainty: u,
			sessions: work, strategy: r.Strategy, maxCreates: r.MaxCreates,
		}
		for range r.Names {
			s.aims = append(s.aims, aim{window: r.Window})
		}
		if s.strategy == ClosedLoop {
			s.strategy = Staggered // a rival's shots are laid out in advance
		}
		sh := plan(s, newGate(r.Policy, slackFor(s.jitter)))
		// Its clock is as good as ours can be over this network: off by what
		// uneven ways there and back make of it.
		e := r.Jitter/2 + 500*time.Microsecond
		off := time.Duration(v.Rand.Int64N(int64(2*e))) - e
		// The sandbox counts from the drop; a rival counts from what was
		// published.
		published := time.Duration(0)
		if r.Window > 0 {
			published = -time.Duration(v.Rand.Int64N(int64(r.Window)))
		}
		mine := slices.Index(r.Names, v.Name)
		var shots []sandbox.Shot
		for i, sl := range sh.slots {
			if sl.k == mine {
				shots = append(shots, sandbox.Shot{At: published + sl.at - r.RTT/2 + off, Session: i % max(work, 1)})
			}
		}
		return shots
	}
}

// judge reads from the registry's log how the run went.
func (run *Run) judge(reg *sandbox.Registry, names []string) {
	run.Violations = reg.Violations()
	for _, v := range reg.Breaches() {
		if v.Account == rehearsalUser {
			run.Breaches = append(run.Breaches, v.Rule+": "+v.Detail)
		}
	}
	for _, w := range reg.Wins() {
		if prev, twice := run.Winners[w.Name]; twice {
			run.Err = errors.Join(run.Err, fmt.Errorf("%s has two winners, %s and %s", w.Name, prev, w.Account))
		}
		run.Winners[w.Name] = w.Account
		if w.Account == rehearsalUser {
			run.Won = append(run.Won, w.Name)
		}
	}
	run.Off = run.off(reg)
	type first struct {
		account string
		at      time.Duration
	}
	var order []first
	for _, e := range reg.Log() {
		if e.Command != "create" || e.Name != names[0] || e.SinceT < 0 || e.T.IsZero() {
			continue
		}
		if !slices.ContainsFunc(order, func(f first) bool { return f.account == e.Account }) {
			order = append(order, first{e.Account, e.SinceT})
		}
	}
	slices.SortStableFunc(order, func(a, b first) int { return cmp.Compare(a.at, b.at) })
	for i, f := range order {
		if f.account == rehearsalUser {
			run.Rank, run.Receipt = i+1, f.at
		}
	}
}

// off is by how much later than aimed our creates arrived, in the middle of them
// all: what the lead, half of a round trip, was short of.
func (run *Run) off(reg *sandbox.Registry) time.Duration {
	if run.Result == nil {
		return 0
	}
	aimed := map[string]time.Duration{}
	for _, f := range run.Result.Frames() {
		aimed[f.ClTRID] = f.Sent + run.Result.Plan.Lead
	}
	var offs []time.Duration
	for _, e := range reg.Log() {
		if at, ours := aimed[e.ClTRID]; ours && e.Command == "create" && !e.T.IsZero() {
			offs = append(offs, e.SinceT-at)
		}
	}
	if len(offs) == 0 {
		return 0
	}
	slices.Sort(offs)
	return offs[len(offs)/2]
}

// otherLead is a lead that would have brought the creates to where they were
// aimed; 0 where the runs do not agree on one. A published drop alone tells: in
// a window nobody knows where it was aimed at.
func (o *Rehearsed) otherLead() time.Duration {
	const enough = 3
	if len(o.offs) < enough || o.Window > 0 {
		return 0
	}
	slices.Sort(o.offs)
	least, most := o.offs[0], o.offs[len(o.offs)-1]
	middle, little := o.offs[len(o.offs)/2], max(500*time.Microsecond, o.RTT/20)
	lead := (o.Last.Plan.Lead + middle).Round(100 * time.Microsecond)
	if middle.Abs() < little || least < 0 != (most < 0) || lead <= 0 {
		return 0
	}
	return lead
}

func (o *Rehearsed) add(run Run) {
	if run.Err != nil && len(o.Failures) < 20 {
		o.Failures = append(o.Failures, fmt.Sprintf("run %d: %v", run.Number+1, run.Err))
	}
	if len(run.Won) > 0 {
		o.Won++
	}
	for who, n := range run.Violations {
		if who == rehearsalUser {
			o.Violations += n
		} else {
			o.Caught[who] += n
		}
	}
	o.Breaches = append(o.Breaches, run.Breaches...)
	if run.Receipt >= 0 {
		o.receipts = append(o.receipts, run.Receipt)
		o.Ranks[fmt.Sprint(run.Rank)]++
	}
	if res := run.Result; res != nil {
		o.Last = res
		o.Strategy, o.Sessions, o.Spares = res.Plan.Strategy, res.Plan.Sessions, res.Plan.Spares
		o.Announced, o.Spent = res.Announced, res.Spent
		o.SpentAll += res.Spent
		if res.Spent > 0 {
			o.offs = append(o.offs, run.Off)
		}
		for c, n := range res.Codes {
			o.Codes[fmt.Sprint(c)] += n
		}
	}
}

func (o *Rehearsed) finish() {
	slices.Sort(o.receipts)
	n := len(o.receipts)
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	o.Receipt.N = n
	if n > 0 {
		o.Receipt = Quantiles{P50: us(o.receipts[n/2]), P90: us(o.receipts[n*9/10]), Max: us(o.receipts[n-1]), N: n}
	}
	for upTo := 125.0; n > 0; upTo *= 2 {
		bar := Bar{UpTo: upTo}
		for _, d := range o.receipts {
			if v := us(d); v <= upTo && (v > upTo/2 || upTo == 125) {
				bar.Count++
			}
		}
		o.Histogram = append(o.Histogram, bar)
		if upTo >= o.Receipt.Max {
			break
		}
	}
	if o.Last == nil {
		return
	}
	o.Advice = slices.Clone(o.Last.Advice)
	o.Advice = slices.DeleteFunc(o.Advice, func(s string) bool { return strings.Contains(s, "[clock]") }) // the sandbox has its own
	if n >= 10 && o.Receipt.P90 > 4*o.Receipt.P50 && o.Receipt.P90 > 2000 {
		o.Advice = append(o.Advice, fmt.Sprintf("one run in ten reaches the registry %.1f ms after the drop or later, the median %.1f ms: this machine is busy, or its network is uneven", o.Receipt.P90/1000, o.Receipt.P50/1000))
	}
	if miss := o.Runs - n; miss > 0 {
		o.Advice = append(o.Advice, fmt.Sprintf("in %d of %d runs no create of ours arrived after the drop: more creates a name, or a later start", miss, o.Runs))
	}
	if lead := o.otherLead(); lead > 0 {
		o.Advice = append(o.Advice, fmt.Sprintf("creates left %.1f ms ahead and arrived %+.1f ms from where they were aimed: another lead comes closer (lead = %q among the account's options)",
			ms(o.Last.Plan.Lead), ms(o.offs[len(o.offs)/2]), lead))
	}
	if o.Strategy == string(ClosedLoop) && o.Last.Plan.Lead > 2*time.Millisecond {
		o.Advice = append(o.Advice, "at this distance a staggered pipeline comes closer to the drop than a closed loop")
	}
}

// Draw draws the histogram over the runs.
func (o *Rehearsed) Draw(width int) string {
	most := 0
	for _, b := range o.Histogram {
		most = max(most, b.Count)
	}
	if most == 0 {
		return ""
	}
	var s strings.Builder
	first := slices.IndexFunc(o.Histogram, func(b Bar) bool { return b.Count > 0 })
	for _, b := range o.Histogram[first:] {
		fmt.Fprintf(&s, "≤ %8.2f ms %5d %s\n", b.UpTo/1000, b.Count, strings.Repeat("█", b.Count*max(width-24, 10)/most))
	}
	return s.String()
}
