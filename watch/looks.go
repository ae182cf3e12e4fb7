package watch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// askTimeout bounds one question to one source, redirects and retries in.
const askTimeout = 45 * time.Second

// wait says that a source was not asked because its host's budget is empty.
type wait struct {
	host string
	next time.Time
	why  string
}

// waitAtLeast is how long a name leaves an empty budget alone: what is kept of a
// time is its microsecond, and a nanosecond short of the next request would be
// the same question again, at once and without end.
const waitAtLeast = 50 * time.Millisecond

// asking is how a name is asked: what the stage calls for, and how patient the
// caller is.
type asking struct {
	looks   int64         // at this name so far
	all     bool          // every source, whatever the first one says
	patient time.Duration // how long to wait for a budget instead of giving up
}

// ask asks the sources of a name, cheapest first: RDAP; WHOIS where RDAP does
// not settle it; a registrar or EPP check where a vote for "free" is missing;
// DNS as a hint.
func (s *Service) ask(ctx context.Context, n Name, before *Before, how asking) (answers []whoisx.Answer, waits []wait, err error) {
	one := func(src Source) (*whoisx.Answer, error) {
		a, w, err := s.askOne(ctx, src, n, how.patient)
		if err != nil || w != nil {
			if w != nil {
				waits = append(waits, *w)
			}
			return nil, err
		}
		if a != nil {
			answers = append(answers, s.enrich(ctx, src, *a))
		}
		return a, nil
	}
	second := how.all || wantsSecond(before, how.looks)
	for _, kind := range []whoisx.Source{whoisx.RDAP, whoisx.WHOIS, whoisx.EPP, whoisx.Registrar, whoisx.DNS, whoisx.DropList} {
		switch kind {
		case whoisx.WHOIS:
			if settled(answers) && !second {
				continue
			}
		case whoisx.EPP, whoisx.Registrar:
			// They cost the person's own standing: only to confirm "free".
			// In a launch they are asked for the price: premium and reserved names
			// change until the TLD is open.
			if free, held := votes(answers); free != 1 && !s.sells(n) || held > 0 {
				continue
			}
		case whoisx.DNS:
			if settled(answers) && !how.all {
				continue
			}
		}
		for _, src := range s.o.Sources {
			if src.Kind() != kind || src.Host(string(n)) == "" {
				continue
			}
			if _, err := one(src); err != nil {
				return answers, waits, err
			}
			if kind == whoisx.EPP || kind == whoisx.Registrar {
				if free, _ := votes(answers); free != 1 {
					break
				}
			}
		}
	}
	return answers, waits, nil
}

// settled reports whether a voting source says that somebody holds the name:
// then no second source is needed.
func settled(as []whoisx.Answer) bool {
	return slices.ContainsFunc(as, func(a whoisx.Answer) bool {
		return a.Source.Votes() && a.Outcome == whoisx.Registered && a.Confirmed
	})
}

func votes(as []whoisx.Answer) (free, held int) {
	for _, a := range as {
		switch {
		case !a.Source.Votes():
		case a.Outcome == whoisx.NotRegistered:
			free++
		case a.Outcome == whoisx.Registered:
			held++
		}
	}
	return free, held
}

// everyFourth is how often a name in its window is asked about at a second source
// while the first one says that somebody holds it: the minute counts there, but
// so do a registry's budgets, and one source that lags is enough to insure
// against. The moment the first one no longer says so, the second is asked.
const everyFourth = 4

// wantsSecond reports whether the stage calls for a second source even where
// the first one says "registered".
func wantsSecond(b *Before, looks int64) bool {
	if b == nil {
		return false
	}
	if b.Verdict.Confidence == lifecycle.Conflict {
		return true
	}
	switch b.Verdict.Stage {
	case lifecycle.Dropping:
		return looks%everyFourth == 0
	case lifecycle.LikelyFree, lifecycle.Free, lifecycle.GatedStage:
		return true
	}
	return false
}

// askOne asks one source within its host's budget. It returns an answer, or a
// wait where the budget is empty.
func (s *Service) askOne(ctx context.Context, src Source, n Name, patient time.Duration) (*whoisx.Answer, *wait, error) {
	host := src.Host(string(n))
	deadline := s.now().Add(patient)
	for l, keeps := src.(LocalSource); !keeps || !l.Local(string(n)); {
		ok, next, why, err := s.budget.take(ctx, host)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			break
		}
		if next.After(deadline) {
			return nil, &wait{host: host, next: next, why: why}, nil
		}
		if !sleep(ctx, max(next.Sub(s.now()), time.Millisecond)) {
			return nil, nil, context.Cause(ctx)
		}
	}
	actx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	a := src.Ask(actx, string(n))
	if err := ctx.Err(); err != nil {
		return nil, nil, err // we stopped, the server did nothing wrong
	}
	if err := s.budget.learn(ctx, host, a); err != nil {
		return nil, nil, err
	}
	return &a, nil, nil
}

// enrich asks the registrar's own server where the registry's answer leaves out
// what matters: in the auto-renew grace period the registry shows the next
// year's expiry already, and only the registrar tells the one that passed. It
// waits for no budget; without one the answer stays as it is.
func (s *Service) enrich(ctx context.Context, src Source, a whoisx.Answer) whoisx.Answer {
	e, ok := src.(Enricher)
	if !ok || a.Outcome != whoisx.Registered || !a.RegistrarExpires.IsZero() || !slices.Contains(a.Statuses, "autoRenewPeriod") {
		return a
	}
	host := e.EnrichHost(a)
	if host == "" {
		return a
	}
	if ok, _, _, err := s.budget.take(ctx, host); err != nil || !ok {
		return a
	}
	actx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	enriched, second := e.Enrich(actx, a)
	if ctx.Err() != nil {
		return a
	}
	if err := s.budget.learn(ctx, host, second); err != nil {
		s.o.Log.Warn("budget not kept", "host", host, "err", err)
	}
	return enriched
}

// sleep waits, and reports whether it waited to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// lookRow looks at a name that is due and says what follows. A look without
// answers only moves the schedule.
func (s *Service) lookRow(ctx context.Context, d DueRow, st Standing) (Look, error) {
	before := st.Before
	answers, waits, err := s.ask(ctx, d.Name, before, asking{looks: st.Looks})
	if err != nil {
		return Look{}, err
	}
	now := s.now()
	if len(answers) == 0 && len(waits) > 0 {
		// Every host is spent. The name is promised its turn at the first one.
		w := slices.MinFunc(waits, func(a, b wait) int { return a.next.Compare(b.next) })
		l := Look{Name: d.Name, At: now, Due: s.budget.turn(w.host, w.next, d.Rank == 0), DueWhy: "waits: " + w.why}
		if soonest := now.Add(waitAtLeast); l.Due.Before(soonest) {
			l.Due = soonest
		}
		return l, nil
	}
	ours := false
	if st.Ordered {
		if ours, err = s.ours(ctx, d.Name); err != nil {
			return Look{}, err
		}
	}
	observed, err := s.drops.of(ctx, d.Name.Zone())
	if err != nil {
		return Look{}, err
	}
	l := s.conclude(d.Name, answers, waits, before, ours, observed, st.Added, now)
	if err := s.seesQuotes(ctx, &l); err != nil {
		return Look{}, err
	}
	if err := s.seesLaunch(ctx, &l); err != nil {
		return Look{}, err
	}
	if l.Verdict.Stage != lifecycle.Lost || (before != nil && before.Verdict.Stage == lifecycle.Lost) {
		return l, nil
	}
	// The registry shows a new holder before anybody told us that it is us.
	if s.bursts.naming(d.Name) {
		return Look{Name: d.Name, At: now, Due: now.Add(500 * time.Millisecond), DueWhy: "its burst is being settled"}, nil
	}
	if ours, err = s.askOrders(ctx, d.Name); err != nil {
		return Look{}, err
	}
	if ours {
		l = s.conclude(d.Name, answers, waits, before, ours, observed, st.Added, now)
	}
	return l, nil
}

// zoneDrops remembers the drops seen in each zone while this process acts: only
// who acts sees any, and every look asks for them.
type zoneDrops struct {
	store Store
	mu    sync.Mutex
	known map[string][]lifecycle.Observation
}

func (z *zoneDrops) of(ctx context.Context, zone string) ([]lifecycle.Observation, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if ds, ok := z.known[zone]; ok {
		return ds, nil
	}
	ds, err := z.store.Drops(ctx, zone, 200)
	if err == nil {
		z.known[zone] = ds
	}
	return ds, err
}

// forget makes a zone's drops be read again, or with "" those of all.
func (z *zoneDrops) forget(zone string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if delete(z.known, zone); zone == "" {
		clear(z.known)
	}
}

// askOrders asks the services that hold an order for a name where it stands,
// and reports whether one of them has it for us.
func (s *Service) askOrders(ctx context.Context, n Name) (bool, error) {
	os, err := s.store.Orders(ctx, OrderFilter{Name: n, States: []catch.State{catch.Active, catch.Processing}})
	if err != nil {
		return false, err
	}
	for _, o := range os {
		r := s.route(o.Route)
		if r == nil || !hasFinder(r) || o.Wish != catch.WishNone {
			continue
		}
		if err := s.find(ctx, o, r); err != nil && !errors.Is(err, ErrStale) {
			return false, err
		}
	}
	return s.ours(ctx, n)
}

// conclude turns answers into a look. added is when the name was put on the
// list, zero where it is not.
func (s *Service) conclude(n Name, answers []whoisx.Answer, waits []wait, before *Before, ours bool, observed []lifecycle.Observation, added, now time.Time) Look {
	rule := s.o.Rules.Rule(string(n))
	in := lifecycle.Input{Name: string(n), Rule: rule, Answers: answers, Before: before, Now: now, Ours: ours, Observed: observed, Houses: s.o.Houses, Reserved: s.o.Reserved}
	l := Look{Name: n, At: now, Answers: answers}
	if before != nil {
		l.Before = &before.Verdict
	}
	if !slices.ContainsFunc(answers, func(a whoisx.Answer) bool { return a.Outcome.SaysSomething() }) {
		if l, ok := s.concludeLaunch(l, before, nil, now); ok {
			return l
		}
		last := lifecycle.Verdict{Stage: lifecycle.Unknown, Confidence: lifecycle.Guess}
		if before != nil {
			last = before.Verdict
		}
		l.Verdict = last
		heard := added
		if before != nil && !before.At.IsZero() {
			heard = before.At
		}
		l.Due, l.DueWhy, l.Trouble = trouble(n, answers, waits, last, heard, rule, now)
		return l
	}
	l.Verdict = lifecycle.Decide(in)
	if !ours {
		if l, ok := s.concludeLaunch(l, before, &l.Verdict, now); ok {
			return l
		}
	}
	seen := lifecycle.Remember(in, l.Verdict)
	l.Seen = &seen
	if o, ok := lifecycle.Drop(before, l.Verdict, now); ok {
		l.Dropped = &o
	}
	l.Changes = changes(n, before, l.Verdict, seen, answers, now)
	l.Due, l.DueWhy = lifecycle.Poll(l.Verdict, rule, now)
	// A vote is missing because its host was spent: come back when it is not.
	if l.Verdict.Stage == lifecycle.LikelyFree || l.Verdict.Confidence == lifecycle.Conflict {
		for _, w := range waits {
			if w.next.Before(l.Due) {
				l.Due, l.DueWhy = w.next, "a second source is still to be heard: "+w.why
			}
		}
	}
	return l
}

// trouble says when a name is asked again that nobody spoke about, and why in
// words for a person. The silence of a server changes nothing else.
func trouble(n Name, answers []whoisx.Answer, waits []wait, last lifecycle.Verdict, since time.Time, rule lifecycle.Rule, now time.Time) (due time.Time, why, text string) {
	retry := time.Minute
	if !since.IsZero() {
		// The longer it lasts, the less often.
		retry = min(max(now.Sub(since)/10, time.Minute), time.Hour)
	}
	var heard []string
	voting := 0
	for _, a := range answers {
		if !a.Source.Votes() && voting > 0 {
			continue
		}
		said := string(a.Outcome)
		if a.Why != "" {
			said += " (" + a.Why + ")"
		}
		heard = append(heard, fmt.Sprintf("%s %s: %s", strings.ToUpper(string(a.Source)), a.Server, said))
		if a.Source.Votes() {
			voting++
		}
		if d := time.Duration(a.RetryAfter); d > retry {
			retry = min(d, 24*time.Hour)
		}
		if a.Outcome == whoisx.Invalid {
			retry = 24 * time.Hour
		}
	}
	for _, w := range waits {
		heard = append(heard, w.why)
	}
	due = now.Add(retry)
	if usual, _ := lifecycle.Poll(last, rule, now); usual.Before(due) && usual.After(now) && retry <= time.Hour {
		due = usual
	}
	if len(heard) == 0 {
		return now.Add(24 * time.Hour), "no source knows this TLD", fmt.Sprintf("no source: nobody is known to ask about .%s", n.TLD())
	}
	return due, "nobody answered", fmt.Sprintf("source unreachable: %s; asked again at %s", strings.Join(heard, "; "), due.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// ours reports whether a route of ours has the name.
func (s *Service) ours(ctx context.Context, n Name) (bool, error) {
	os, err := s.store.Orders(ctx, OrderFilter{Name: n, States: []catch.State{catch.Won, catch.WonProvisional, catch.PaymentDue}})
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(os, func(o catch.Order) bool { return o.State != catch.PaymentDue || o.Kind != catch.ExpiryAuction }), nil
}

// changes compares a verdict with the one before, for history.
func changes(n Name, before *Before, v lifecycle.Verdict, seen Before, answers []whoisx.Answer, now time.Time) []Change {
	source := "lapse"
	for _, a := range answers {
		if a.Outcome.SaysSomething() {
			source = string(a.Source) + " " + a.Server
			break
		}
	}
	var out []Change
	add := func(field, was, is, text string) {
		if was == is {
			return
		}
		if text == "" {
			text = fmt.Sprintf("%s: %s is %s, was %s", n.Display(), field, orNothing(is), orNothing(was))
		}
		out = append(out, Change{At: now, Name: n, Field: field, Before: was, After: is, Source: source, Text: text})
	}
	var was lifecycle.Verdict
	if before != nil {
		was = before.Verdict
	}
	texts := make([]string, len(v.Happened))
	for i, h := range v.Happened {
		texts[i] = h.Text
	}
	text := strings.Join(texts, "; ")
	if text == "" {
		text = fmt.Sprintf("%s: %s", n.Display(), v.Stage)
		if was.Stage != "" {
			text = fmt.Sprintf("%s: %s, was %s", n.Display(), v.Stage, was.Stage)
		}
	} else {
		text = n.Display() + ": " + text
	}
	add("stage", string(was.Stage), string(v.Stage), text)
	add("registry stage", was.RegistryStage, v.RegistryStage, "")
	if before == nil {
		// The first look is no change of anything: one line says what it found.
		return out
	}
	add("expires", was.Expires.String(), v.Expires.String(), "")
	if was, ok := before.Showed(seen.From); ok { // of one source: two seldom write alike
		add("registrar", was.Registrar, v.Registrar, "")
		add("nameservers", strings.Join(was.Nameservers, " "), strings.Join(seen.Nameservers, " "), "")
		if len(was.Statuses) > 0 && len(seen.Statuses) > 0 { // a stage says what follows after both
			add("statuses", strings.Join(was.Statuses, " "), statusWords(seen.Statuses), "")
		}
	}
	add("flags", flagWords(was.Flags), flagWords(v.Flags), "")
	if (was.Confidence == lifecycle.Conflict) != (v.Confidence == lifecycle.Conflict) {
		add("confidence", string(was.Confidence), string(v.Confidence), n.Display()+": the sources "+map[bool]string{true: "disagree", false: "agree again"}[v.Confidence == lifecycle.Conflict])
	}
	if len(out) == 0 && len(texts) > 0 {
		out = append(out, Change{At: now, Name: n, Field: "happened", After: string(v.Happened[0].Event), Source: source, Text: text})
	}
	return out
}

func statusWords(ss map[string]time.Time) string {
	return strings.Join(slices.Sorted(maps.Keys(ss)), " ")
}

func orNothing(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func flagWords(fs []lifecycle.Flag) string {
	ws := make([]string, len(fs))
	for i, f := range fs {
		ws[i] = string(f.Flag)
		if f.Price != nil {
			ws[i] += "=" + f.Price.Amount + f.Price.Currency
		}
		if f.Category != "" {
			ws[i] += "=" + f.Category
		}
	}
	slices.Sort(ws)
	return strings.Join(ws, " ")
}

// Check looks now, at every source that a name has, and stores nothing but
// budgets. each is called as looks end, one at a time; it may wait for a
// host's budget, but not long.
func (s *Service) Check(ctx context.Context, names []Name, each func(Look)) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 32)
	var first error
	for _, n := range names {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			wg.Wait()
			return context.Cause(ctx)
		}
		wg.Go(func() {
			defer func() { <-slots }()
			l, err := s.checkOne(ctx, n)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				if first == nil {
					first = err
				}
				return
			}
			each(l)
		})
	}
	wg.Wait()
	return first
}

func (s *Service) checkOne(ctx context.Context, n Name) (Look, error) {
	known, err := s.store.Standings(ctx, n)
	if err != nil {
		return Look{}, err
	}
	before := known[n].Before
	answers, waits, err := s.ask(ctx, n, before, asking{all: true, patient: 30 * time.Second})
	if err != nil {
		return Look{}, err
	}
	ours, err := s.ours(ctx, n)
	if err != nil {
		return Look{}, err
	}
	observed, err := s.store.Drops(ctx, n.Zone(), 200)
	if err != nil {
		return Look{}, err
	}
	return s.conclude(n, answers, waits, before, ours, observed, time.Time{}, s.now()), nil
}

// Learned sums up the drops that this installation saw in a zone.
func (s *Service) Learned(ctx context.Context, zone string) (lifecycle.Learned, error) {
	seen, err := s.store.Drops(ctx, zone, 200)
	if err != nil {
		return lifecycle.Learned{}, err
	}
	return lifecycle.Learn(s.o.Rules.Rule("example."+zone), seen), nil
}
