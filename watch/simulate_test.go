package watch_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lapse-dev/lapse/catch/sandbox"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/watch/store"
	"github.com/lapse-dev/lapse/whoisx"
	"github.com/lapse-dev/lapse/whoisx/droplist"
	"github.com/lapse-dev/lapse/whoisx/rdap"
	"github.com/lapse-dev/lapse/whoisx/whois"
)

const day = 24 * time.Hour

// life is what will become of a name, decided before anybody looks: written
// from the rule's data alone, not with the code that reads it.
type life struct {
	rule    lifecycle.Rule
	zone    string
	name    string
	created time.Time
	expires time.Time
	stages  []lifecycle.RuleStage // that somebody holds it in
	ends    []time.Time
	drop    time.Time // zero: it is renewed
	renewed time.Time
}

// began is when a stage begins.
func (l *life) began(i int) time.Time {
	if i == 0 {
		return l.expires
	}
	return l.ends[i-1]
}

// shows reports whether the registry's answers can tell a stage at all, by its
// statuses, its words, or by dates alone.
func (l *life) shows(i int) bool {
	s := l.stages[i]
	if len(s.Statuses)+len(s.Said) > 0 {
		return true
	}
	if !l.rule.ExpiryPublic || l.stages[0].From != "expiry" {
		return false
	}
	for k := 0; k <= i; k++ {
		if l.stages[k].From == "deletion" || k < i && l.stages[k].Min != l.stages[k].Max {
			return false
		}
	}
	return true
}

func heldStages(r lifecycle.Rule) []lifecycle.RuleStage {
	i := slices.IndexFunc(r.Stages, func(s lifecycle.RuleStage) bool { return s.MapsTo == lifecycle.GatedStage })
	if i < 0 {
		return r.Stages
	}
	return r.Stages[:i]
}

func newLife(rng *rand.Rand, r lifecycle.Rule, zone, name string, start time.Time) *life {
	between := func(a, b time.Duration) time.Duration { return a + time.Duration(rng.Int64N(int64(b-a)+1)) }
	l := &life{rule: r, zone: zone, name: name, stages: heldStages(r)}
	l.expires = start.Add(between(5*day, 300*day)).Truncate(time.Second)
	l.created = l.expires.AddDate(-3-rng.IntN(12), 0, 0)
	at := l.expires
	for _, s := range l.stages {
		began := at
		at = at.Add(max(between(s.Min, s.Max), time.Second)).Truncate(time.Second)
		if s.MonthEnd {
			y, m, _ := began.In(r.Drop.Location()).Date()
			at = time.Date(y, m+1, 1, 0, 0, 0, 0, r.Drop.Location())
		}
		l.ends = append(l.ends, at)
	}
	d := r.Drop
	if d.Lead > 0 && len(l.stages) > 0 {
		at = l.began(len(l.stages) - 1).Add(d.Lead) // a session takes what began that long before
	}
	if d.Late > 0 && rng.IntN(2) == 0 {
		at = at.Add(d.Late)
	}
	l.drop = at.Add(between(0, d.Jitter))
	if d.From != "" {
		from, to := session(d, at)
		l.drop = from.Add(between(0, to.Sub(from)))
	}
	l.drop = l.drop.Truncate(time.Second)
	if n := len(l.ends); n > 0 {
		l.ends[n-1] = l.drop
	}
	return l
}

// session is when names fall by wall clock that are due at a time: on its UTC
// date, or at the next hours that have not begun.
func session(d lifecycle.DropRule, at time.Time) (from, to time.Time) {
	loc, err := time.LoadLocation(d.Zone)
	if err != nil {
		panic(err)
	}
	clock := func(s string) (h, m int) {
		if _, err := fmt.Sscanf(s, "%d:%d", &h, &m); err != nil {
			panic(err)
		}
		return h, m
	}
	day := at.In(loc)
	if d.Day == "date" {
		day = at.UTC()
	}
	for i := range 60 {
		y, mo, dd := day.AddDate(0, 0, i).Date()
		h, m := clock(d.From)
		from = time.Date(y, mo, dd, h, m, 0, 0, loc)
		to = from
		if d.To != "" {
			h, m = clock(d.To)
			if to = time.Date(y, mo, dd, h, m, 0, 0, loc); to.Before(from) {
				to = to.AddDate(0, 0, 1)
			}
		}
		switch {
		case d.Day == "date":
			return from, to
		case d.Weekly && from.Weekday() != d.Weekday, d.MonthDay > 0 && from.Day() != d.MonthDay, from.Before(at):
		default:
			return from, to
		}
	}
	panic("a rule whose hours never come")
}

// sandboxTLD makes the sandbox's TLD of a rule, as plain data.
func sandboxTLD(r lifecycle.Rule, zone string) sandbox.TLD {
	t := sandbox.TLD{Zone: zone, NoExpiry: !r.ExpiryPublic, Thin: true, DropList: listed(r)}
	t.Stages = []sandbox.Stage{{Name: "registered", Statuses: []string{"ok"}, For: day, Renewable: true}}
	for _, s := range heldStages(r) {
		st := sandbox.Stage{
			Name: s.Name, Statuses: slices.Clone(s.Statuses), For: max(s.Max, time.Second),
			Renewable: s.MapsTo == lifecycle.Expired || s.MapsTo == lifecycle.Redemption,
			Jumped:    r.AutoRenews && slices.Contains(s.Statuses, "autoRenewPeriod"),
		}
		if len(s.Said) > 0 {
			st.Statuses = append(st.Statuses, s.Said[0])
		}
		t.Stages = append(t.Stages, st)
	}
	return t
}

// listed reports whether the simulated registry publishes its drops.
func listed(r lifecycle.Rule) bool { return r.Drop.Kind == lifecycle.DropList }

// asked counts requests to a host, and holds them against its limit as a
// bucket of its own would.
type asked struct {
	n, over int
	limit   watch.HostLimit
	tokens  float64
	at      time.Time
	day     string
	today   int
	most    int // in one day
}

func (a *asked) add(now time.Time) {
	a.n++
	if a.at.IsZero() {
		a.tokens = a.limit.Burst
	} else {
		a.tokens = min(a.limit.Burst, a.tokens+a.limit.Rate*now.Sub(a.at).Seconds())
	}
	a.at = now
	if d := now.UTC().Format(time.DateOnly); d != a.day {
		a.day, a.today = d, 0
	}
	a.today++
	a.most = max(a.most, a.today)
	// A thousandth for clocks that are read at both ends.
	if a.tokens < 0.999 || a.limit.PerDay > 0 && a.today > a.limit.PerDay {
		a.over++
	}
	a.tokens--
}

// meter is what the simulation sees of the service: every request that leaves,
// every look that is kept.
type meter struct {
	mu    sync.Mutex
	hosts map[string]*asked
	names map[string]int
	book  *watch.HostBook
	seen  map[watch.Name]*sight
}

// sight is what was seen of a name.
type sight struct {
	stages  map[string]bool
	window  *lifecycle.Window // the last one before it was gone
	held    time.Time         // the last look that saw it held
	gone    time.Time
	last    lifecycle.Verdict
	waited  time.Duration // for budgets, in all
	late    time.Time     // the last time that it waited
	waits   int
	whyWait string
	odd     []string
}

func (m *meter) ask(host, name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.hosts[host]
	if a == nil {
		a = &asked{limit: m.book.Limit(host)}
		m.hosts[host] = a
	}
	a.add(time.Now())
	m.names[name]++
}

// The real clients, with a meter at the door.
type meteredRDAP struct {
	*rdap.Client
	m *meter
}

func (s meteredRDAP) Ask(ctx context.Context, name string) whoisx.Answer {
	s.m.ask(s.Host(name), name)
	return s.Client.Ask(ctx, name)
}

type meteredWHOIS struct {
	*whois.Client
	m *meter
}

func (s meteredWHOIS) Ask(ctx context.Context, name string) whoisx.Answer {
	s.m.ask(s.Host(name), name)
	return s.Client.Ask(ctx, name)
}

// meteredStore notes the looks that are kept.
type meteredStore struct {
	*store.Store
	m *meter
}

func (s meteredStore) SaveLooks(ctx context.Context, epoch int64, ls []watch.Look, budgets ...watch.BudgetChange) error {
	if err := s.Store.SaveLooks(ctx, epoch, ls, budgets...); err != nil {
		return err
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	for _, l := range ls {
		s.m.look(l)
	}
	return nil
}

func (m *meter) look(l watch.Look) {
	g := m.seen[l.Name]
	if g == nil {
		g = &sight{stages: map[string]bool{}}
		m.seen[l.Name] = g
	}
	if strings.HasPrefix(l.DueWhy, "waits: ") {
		g.waits++
		g.waited += l.Due.Sub(l.At)
		g.whyWait = l.DueWhy
		g.late = l.At
	}
	if len(l.Answers) == 0 || l.Trouble != "" {
		if l.Trouble != "" {
			g.odd = append(g.odd, l.At.Format(time.DateTime)+" "+l.Trouble)
		}
		return
	}
	g.last = l.Verdict
	if l.Verdict.Anomaly != "" {
		g.odd = append(g.odd, l.At.Format(time.DateTime)+" "+l.Verdict.Anomaly)
	}
	switch l.Verdict.Stage {
	case lifecycle.LikelyFree, lifecycle.Free, lifecycle.GatedStage:
		if g.gone.IsZero() {
			g.gone = l.At
		}
		return
	}
	if l.Verdict.Confidence == lifecycle.Conflict && !g.held.IsZero() {
		if g.gone.IsZero() {
			g.gone = l.At // one of two sources sees it already
		}
		return
	}
	g.held = l.At
	g.stages[l.Verdict.RegistryStage] = true
	g.window = l.Verdict.Window
}

// simulation is a world of simulated registries for every rule of the book.
type simulation struct {
	start time.Time
	lives []*life
	m     *meter
	first map[string]string // by zone: the host that is asked first
	took  time.Duration     // real time

	limits map[string]watch.HostLimit // by host
}

// installation is the part of a simulation that one installation watches: the
// names under its rules.
type installation struct {
	rules map[int]bool // by their place among all
	names int          // of all installations
}

// simulatedRules are the rules under which names lapse at all.
func simulatedRules() []lifecycle.Rule {
	return slices.DeleteFunc(lifecycle.Default().Rules(), func(r lifecycle.Rule) bool { return len(heldStages(r)) == 0 })
}

// servers are a rule's zone and who is asked about names in it; rdap is "" where
// nobody is.
func servers(boot *rdap.Bootstrap, r lifecycle.Rule) (zone, rdap, whois string) {
	if zone = r.Zone; zone == "*" {
		zone = "photography"
	}
	if known, ok := boot.Lookup("a." + zone); r.RDAP || ok {
		rdap = "rdap.nic." + zone
		if u, err := url.Parse(r.RDAPURL); err == nil && u.Host != "" {
			rdap = u.Host
		} else if ok {
			rdap = known.Host()
		}
	}
	if whois = r.WHOISHost; whois == "" {
		whois = "whois.nic." + zone
	}
	return zone, rdap, whois
}

// installations divides n names among some installations, so that each processor
// has one to simulate: in simulated time one look comes after the other. Zones
// that share a host stay together, so that its budget binds as it does in one.
func installations(n, most int) []installation {
	boot := rdap.NewBootstrap(rdap.BootstrapOptions{})
	var groups []map[int]bool
	at := map[string]int{} // by host: its group
	rules := simulatedRules()
	for i, r := range rules {
		_, rdap, whois := servers(boot, r)
		mine := map[int]bool{i: true}
		for _, h := range []string{rdap, whois} {
			if g, ok := at[h]; ok && h != "" {
				maps.Copy(mine, groups[g])
				groups[g] = nil
			}
		}
		groups = append(groups, mine)
		at[rdap], at[whois] = len(groups)-1, len(groups)-1
		for h, g := range at {
			if groups[g] == nil {
				at[h] = len(groups) - 1
			}
		}
	}
	load := make([]time.Duration, most)
	weigh := func(g map[int]bool) (sum time.Duration) {
		for i := range g {
			sum += open(rules[i])
		}
		return sum
	}
	slices.SortStableFunc(groups, func(a, b map[int]bool) int { return cmp.Compare(weigh(b), weigh(a)) })
	out := make([]installation, max(1, min(most, n)))
	for i := range out {
		out[i] = installation{map[int]bool{}, n}
	}
	for _, g := range groups {
		i := slices.Index(load, slices.Min(load[:len(out)]))
		load[i] += weigh(g)
		maps.Copy(out[i].rules, g)
	}
	return out
}

// open is about how long names under a rule are asked about every minute, with
// something for the rest of their lives.
func open(r lifecycle.Rule) time.Duration {
	d := r.Drop
	if d.From != "" {
		return 6*time.Hour + d.Late/8
	}
	return day + d.Late + min(d.Jitter, 2*day)
}

// simulate lets the names of an installation live for two years and the whole
// core watch them: the service, the store and the RDAP and WHOIS clients are those
// of the program, the registry is the sandbox behind in-memory pipes, time is
// simulated.
func simulate(t *testing.T, w installation, seed uint64) *simulation {
	sim := &simulation{first: map[string]string{}, limits: map[string]watch.HostLimit{}, start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	time.Sleep(time.Until(sim.start)) // bubbles begin in the year 2000
	rng := rand.New(rand.NewPCG(seed, 81))
	book := lifecycle.Default()
	hosts := watch.DefaultHosts()
	sim.m = &meter{hosts: map[string]*asked{}, names: map[string]int{}, seen: map[watch.Name]*sight{}, book: hosts}

	rules := simulatedRules()
	pipes := sandbox.NewPipes()
	o := sandbox.Options{Now: time.Now, Listen: pipes.Listen, Seed: seed, PlainWeb: true}
	configured := map[string]string{}
	table := whois.DefaultTable()
	boot := rdap.NewBootstrap(rdap.BootstrapOptions{})
	var limits strings.Builder
	var lists []string
	// Each host keeps the limit that is known of the real one.
	alias := func(host string) string {
		a := strings.NewReplacer(".", "-", ":", "-").Replace(host) + ".sim.test"
		l := hosts.Limit(host)
		sim.limits[a] = l
		fmt.Fprintf(&limits, "[[host]]\nhost = %q\nrate = %g\nburst = %g\nper_day = %d\n", a, l.Rate, l.Burst, l.PerDay)
		return a
	}
	zones := make([]string, len(rules))
	for i, r := range rules {
		if !w.rules[i] {
			continue
		}
		zone, first, host := servers(boot, r)
		zones[i] = zone
		o.TLDs = append(o.TLDs, sandboxTLD(r, zone))
		if first != "" {
			sim.first[zone] = alias(first)
			configured[zone] = "http://" + sim.first[zone] + "/rdap/"
		}
		host = alias(host)
		if err := table.Configure(zone, host); err != nil {
			t.Fatal(err)
		}
		if sim.first[zone] == "" {
			sim.first[zone] = host
		}
		if listed(r) {
			lists = append(lists, zone)
		}
	}
	if err := hosts.Overlay("simulation", []byte(limits.String())); err != nil {
		t.Fatal(err)
	}
	var add []watch.NewWatch
	for i := range w.names {
		k := i % len(rules)
		if !w.rules[k] {
			continue
		}
		l := newLife(rng, rules[k], zones[k], fmt.Sprintf("lapsing-%d.%s", i, zones[k]), sim.start)
		nm := sandbox.Name{Name: l.name, Created: l.created, Into: sim.start.Sub(l.created), Drop: l.drop, Lasts: []time.Duration{l.expires.Sub(l.created)}}
		for s := range l.stages {
			nm.Lasts = append(nm.Lasts, l.ends[s].Sub(l.began(s)))
		}
		if i%11 == 10 && len(l.stages) > 1 && l.stages[0].MapsTo == lifecycle.Expired { // its holder comes to his senses in the first stage
			l.renewed = l.expires.Add(l.ends[0].Sub(l.expires) / 2)
			nm.RenewedAfter, l.drop = l.renewed.Sub(sim.start), time.Time{}
		}
		sim.lives = append(sim.lives, l)
		o.Names = append(o.Names, nm)
		add = append(add, watch.NewWatch{Input: l.name})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reg, err := sandbox.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	c := reg.Config()
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if strings.HasSuffix(addr, ":43") {
			return pipes.Dial(ctx, network, c.WHOISAddr)
		}
		return pipes.Dial(ctx, network, strings.TrimSuffix(strings.TrimPrefix(c.RDAPBase, "http://"), "/rdap/"))
	}
	rc := rdap.New(rdap.Options{Bootstrap: rdap.NewBootstrap(rdap.BootstrapOptions{Configured: configured}), Dial: dial})
	defer rc.Close()
	wc := whois.New(whois.Options{Servers: table, Dial: dial, NoRoot: true})
	fetcher := droplist.NewFetcher(droplist.FetchOptions{Dir: filepath.Join(t.TempDir(), "lists"), Dial: dial})
	var ls []droplist.List
	for _, zone := range lists {
		l, err := droplist.Configured(zone, "http://lists.sim.test/droplist/"+zone+".csv.gz")
		if err != nil {
			t.Fatal(err)
		}
		l.Format = droplist.Nominet
		l.Checksum = l.URL + ".sha256"
		ls = append(ls, l)
	}
	path := filepath.Join(keptFolder(t), "lapse.db")
	st, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := watch.New(watch.Options{
		Store: meteredStore{st, sim.m}, Rules: book, Hosts: hosts, Lock: store.NewLock(path), Holder: "simulation", Stale: 10 * day,
		Sources: []watch.Source{
			meteredRDAP{rc, sim.m},
			meteredWHOIS{wc, sim.m},
			droplist.NewSource(droplist.SourceOptions{Lists: ls, Fetcher: fetcher, Wanted: func(zones []string) []string {
				var out []string
				for _, l := range sim.lives {
					if slices.Contains(zones, l.zone) {
						out = append(out, l.name)
					}
				}
				return out
			}}),
		},
	})
	s.Tick(6 * time.Hour)
	if res, err := s.Add(ctx, add); err != nil {
		t.Fatal(err)
	} else {
		for _, r := range res {
			if !r.Added {
				t.Fatalf("%+v", r)
			}
		}
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	// Whoever watches takes a name off the list nine days after it fell, and 300
	// days after it was renewed.
	off := func(l *life) time.Time {
		if l.drop.IsZero() {
			return l.renewed.Add(300 * day)
		}
		return l.drop.Add(9 * day)
	}
	byEnd := slices.SortedFunc(slices.Values(sim.lives), func(a, b *life) int { return off(a).Compare(off(b)) })
	end := sim.start.AddDate(2, 0, 0)
	for _, l := range byEnd {
		if off := off(l); off.Before(end) {
			time.Sleep(time.Until(off))
			if _, err := s.Remove(ctx, watch.Name(l.name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	time.Sleep(time.Until(end))
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return sim
}

// TestSimulateTwoYears lets names of every rule lapse for two years. The
// normal run takes few names; LAPSE_SIMULATE=500 (make simulate) takes as many
// as it says.
func TestSimulateTwoYears(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of work under a detector that sees one process")
	}
	n := 16
	if s := os.Getenv("LAPSE_SIMULATE"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	ws := installations(n, runtime.GOMAXPROCS(0))
	sims := make([]*simulation, len(ws))
	t.Run("installations", func(t *testing.T) {
		for i, w := range ws {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { sims[i] = simulate(t, w, 4) })
			})
		}
	})
	if t.Failed() {
		return
	}
	sim := sims[0]
	for _, other := range sims[1:] {
		sim.join(other)
	}
	sim.took = time.Since(began)
	sim.report(t)
}

// join adds what another installation saw: no name, zone or host is in both.
func (sim *simulation) join(o *simulation) {
	sim.lives = append(sim.lives, o.lives...)
	maps.Copy(sim.first, o.first)
	maps.Copy(sim.m.hosts, o.m.hosts)
	maps.Copy(sim.m.names, o.m.names)
	maps.Copy(sim.m.seen, o.m.seen)
	maps.Copy(sim.limits, o.limits)
}

func (sim *simulation) report(t *testing.T) {
	total := 0
	var misses, late, short, starved, odd []string
	wills, mays, willLate, mayLate, renewed, unknown := 0, 0, 0, 0, 0, 0
	var perName []int
	var unknownLate []time.Duration
	for _, l := range sim.lives {
		g := sim.m.seen[watch.Name(l.name)]
		if g == nil {
			t.Errorf("%s was never looked at", l.name)
			continue
		}
		total += sim.m.names[l.name]
		perName = append(perName, sim.m.names[l.name])
		if g.waited > time.Minute {
			short = append(short, fmt.Sprintf("%s waited %s in %d turns: %s", l.name, g.waited.Round(time.Second), g.waits, g.whyWait))
		}
		for i, o := range g.odd {
			if i == 2 {
				odd = append(odd, fmt.Sprintf("%s: and %d more", l.name, len(g.odd)-i))
				break
			}
			odd = append(odd, l.name+": "+o)
		}
		last := len(l.stages) - 1
		if l.drop.IsZero() {
			last = 0
		}
		for i := 0; i <= last; i++ {
			end := l.ends[i]
			if l.drop.IsZero() {
				end = l.renewed
			}
			if l.shows(i) && end.Sub(l.began(i)) >= day && !g.stages[l.stages[i].Name] {
				misses = append(misses, fmt.Sprintf("%s: %q from %s to %s", l.name, l.stages[i].Name, l.began(i).Format(time.DateTime), end.Format(time.DateTime)))
			}
		}
		if l.drop.IsZero() {
			renewed++
			if g.last.Stage != lifecycle.Registered {
				t.Errorf("%s was renewed and is called %s", l.name, g.last.Stage)
			}
			continue
		}
		if g.gone.IsZero() {
			late = append(late, fmt.Sprintf("%s: its drop of %s was never seen; last %s", l.name, l.drop.Format(time.DateTime), g.last.Stage))
			continue
		}
		after := g.gone.Sub(l.drop)
		if after > 0 && l.drop.Sub(g.late) < day && g.waits > 0 {
			starved = append(starved, fmt.Sprintf("%s: fell %s, seen %s later; %s", l.name, l.drop.Format(time.DateTime), after.Round(time.Second), g.whyWait))
			continue
		}
		say := func(limit time.Duration) string {
			w := g.window
			return fmt.Sprintf("%s: fell %s, seen %s later (limit %s), window %s to %s %s, %s", l.name, l.drop.Format(time.DateTime), after.Round(time.Second), limit, w.From, w.To, w.Certainty, w.Basis)
		}
		w := g.window
		inside := false
		if w != nil {
			shut := w.To.Add(time.Minute)
			if w.To.DayOnly {
				shut = w.To.Add(day)
			}
			inside = !l.drop.Before(w.From.Time) && !l.drop.After(shut) && shut.Sub(w.From.Time) <= 3*day+l.rule.Drop.Late
		}
		switch {
		case after < 0:
			late = append(late, fmt.Sprintf("%s: fell %s, called gone %s before", l.name, l.drop.Format(time.DateTime), -after))
		case inside && w.Certainty == lifecycle.Will:
			wills++
			if after > time.Minute {
				willLate++
				late = append(late, say(time.Minute))
			}
		case inside && w.Certainty == lifecycle.May:
			mays++
			if after > 5*time.Minute {
				mayLate++
				late = append(late, say(5*time.Minute))
			}
		default:
			unknown++
			unknownLate = append(unknownLate, after)
		}
	}
	slices.Sort(perName)
	t.Logf("%d names, every rule, two years in %s of real time", len(sim.lives), sim.took.Round(time.Millisecond))
	t.Logf("%d requests; a name's whole life: median %d, most %d", total, perName[len(perName)/2], perName[len(perName)-1])
	t.Logf("stages of a day or more missed: %d; will drops %d (%d late), may drops %d (%d late), renewed %d", len(misses), wills, willLate, mays, mayLate, renewed)
	if slices.Sort(unknownLate); unknown > 0 {
		t.Logf("drops outside every window of three days, since their registry shows or publishes too little: %d, seen %s later in the median, %s at most", unknown, unknownLate[unknown/2].Round(time.Second), unknownLate[unknown-1].Round(time.Second))
	}
	for _, m := range misses {
		t.Errorf("missed: %s", m)
	}
	for _, m := range late {
		t.Errorf("late: %s", m)
	}
	for _, m := range odd {
		t.Errorf("odd: %s", m)
	}
	for _, m := range short {
		t.Logf("short: %s", m)
	}
	for _, m := range starved {
		t.Logf("short at its drop: %s", m)
	}
	sim.compare(t)
	over := 0
	for _, h := range slices.Sorted(maps.Keys(sim.m.hosts)) {
		a := sim.m.hosts[h]
		over += a.over
		t.Logf("host %-40s %6d requests, most in a day %5d, above budget %d (%g/s, burst %g, %d a day)", h, a.n, a.most, a.over, a.limit.Rate, a.limit.Burst, a.limit.PerDay)
		if a.over > 0 {
			t.Errorf("%s was asked %d times above its budget", h, a.over)
		}
	}
}

// compare computes what a loop with one pace for all names would have seen and
// asked over the same lives, from the first day to the drop.
func (sim *simulation) compare(t *testing.T) {
	type host struct {
		limit watch.HostLimit
		names int
	}
	hosts := map[string]*host{} // by zone: who is asked first
	for _, l := range sim.lives {
		h := sim.host(l)
		if hosts[h] == nil {
			hosts[h] = &host{limit: sim.limits[h]}
		}
		hosts[h].names++
	}
	for _, loop := range []struct {
		name string
		tick time.Duration
	}{{"a fixed 5-minute tick", 5 * time.Minute}, {"a 30-second loop", 30 * time.Second}} {
		requests, over, overHosts, missed, willLate, mayLate, drops := 0, 0, 0, 0, 0, 0, 0
		var worst time.Duration
		for _, h := range hosts {
			perDay := float64(h.names) * float64(day) / float64(loop.tick)
			allowed := h.limit.Rate * day.Seconds()
			if h.limit.PerDay > 0 {
				allowed = min(allowed, float64(h.limit.PerDay))
			}
			if perDay > allowed {
				overHosts++
				over += int(perDay - allowed)
			}
		}
		for i, l := range sim.lives {
			h := hosts[sim.host(l)]
			// Within the budget a host that is short stretches the tick.
			tick := max(loop.tick, time.Duration(float64(h.names)/h.limit.Rate*float64(time.Second)))
			if h.limit.PerDay > 0 {
				tick = max(tick, time.Duration(float64(h.names)*float64(day)/float64(h.limit.PerDay)))
			}
			phase := tick * time.Duration(i%97) / 97
			end := l.drop
			if end.IsZero() {
				end = l.renewed.Add(300 * day)
			}
			requests += int(end.Sub(sim.start) / loop.tick)
			for k := range l.stages {
				if l.ends[k].Sub(l.began(k)) >= day && tick > l.ends[k].Sub(l.began(k)) {
					missed++
				}
			}
			if l.drop.IsZero() {
				continue
			}
			drops++
			late := tick - (l.drop.Sub(sim.start)-phase)%tick
			worst = max(worst, late)
			g := sim.m.seen[watch.Name(l.name)]
			if g == nil || g.window == nil {
				continue
			}
			if g.window.Certainty == lifecycle.Will && late > time.Minute {
				willLate++
			}
			if g.window.Certainty == lifecycle.May && late > 5*time.Minute {
				mayLate++
			}
		}
		t.Logf("beside it, %s within the budgets: %d stages missed, %d will drops seen later than a minute, %d may drops later than five, the worst %s late, of %d drops; it would want %d requests (%d a name), %d a day more than %d of %d hosts allow",
			loop.name, missed, willLate, mayLate, worst.Round(time.Second), drops, requests, requests/len(sim.lives), over, overHosts, len(hosts))
	}
}

func (sim *simulation) host(l *life) string { return sim.first[l.zone] }
