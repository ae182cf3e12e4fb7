package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/alert"
)

// CheckItem is one line of what is left to do for a name that was won.
type CheckItem struct {
	Name  Name      `json:"name"`
	Item  string    `json:"item"`  // "auto-renew", "verify-email": its word in commands
	Order int64     `json:"order"` // the order that won the name
	Text  string    `json:"text"`
	Due   time.Time `json:"due,omitzero"` // a deadline, or the day from which something is possible
	Done  time.Time `json:"done,omitzero"`
	By    string    `json:"by,omitempty"`    // who did it: "lapse", "you"
	Why   string    `json:"why,omitempty"`   // how the last try ended
	Tries int       `json:"tries,omitempty"` // of the program
	Next  time.Time `json:"next,omitzero"`   // when the program tries again; zero: it is the person's
}

// The items that a program can do where the service has calls for them.
const (
	careAutoRenew   = "auto-renew"
	careLock        = "lock"
	careNameservers = "name-servers"
	carePrivacy     = "privacy"
)

const (
	// verifyWithin is how long a registrant has to answer the verification
	// e-mail before the registrar suspends the name (ICANN RAA 2013, WHOIS
	// accuracy program specification, section 1).
	verifyWithin = 15 * 24 * time.Hour
	// transferAfter is how long a new name cannot be moved to another registrar
	// (ICANN transfer policy, section I.A.3.7).
	transferAfter = 60 * 24 * time.Hour
	// addGrace is how long a registrar can undo a registration (RFC 3915,
	// addPeriod; five days at gTLD registries).
	addGrace = 5 * 24 * time.Hour
	// careTries is how often a step of after-care is tried before it is left to
	// the person.
	careTries = 12
)

// checklist is what is left to do after a win: pure.
func (s *Service) checklist(o catch.Order, r catch.Route, row Row, now time.Time) []CheckItem {
	var out []CheckItem
	put := func(item string, due time.Time, format string, args ...any) *CheckItem {
		out = append(out, CheckItem{Name: Name(o.Name), Item: item, Order: o.ID, Text: fmt.Sprintf(format, args...), Due: due})
		return &out[len(out)-1]
	}
	generic := s.o.Rules.Rule(o.Name).Generic
	fresh := o.Kind != catch.ExpiryAuction // a name out of an expiry auction keeps its registration
	won := now.UTC()
	if !o.Verified.IsZero() {
		won = o.Verified
	}
	// What the program does, or the person where the service has no call.
	carer, _ := r.(catch.AfterCarer)
	auto := func(item string, can catch.Can, does, self string) {
		if carer != nil && r.Describe().Has(can) {
			put(item, time.Time{}, "%s", does).Next = now
		} else {
			put(item, time.Time{}, "%s: %s has no call for it, set it there", self, o.Service)
		}
	}
	auto(careAutoRenew, catch.CanAutoRenew, "auto-renew on", "auto-renew on")
	auto(careLock, catch.CanLock, "transfer lock on", "transfer lock on")
	switch hosts := s.o.Nameservers[row.Purpose]; {
	case row.Purpose == "":
		put("purpose", time.Time{}, "say what it is for: lapse edit %s --purpose use, park or \"for sale\"; then set its name servers", o.Name)
	case len(hosts) == 0:
		put(careNameservers, time.Time{}, "name servers to %s it; none stand in the configuration under [nameservers]", row.Purpose)
	default:
		auto(careNameservers, catch.CanNameservers, "name servers for "+row.Purpose, fmt.Sprintf("name servers %v", hosts))
	}
	if generic {
		put("verify-email", won.Add(verifyWithin), "answer the registrant verification e-mail of %s, else it suspends the name", o.Service)
		if fresh {
			put("undo", won.Add(addGrace), "until then the registration can be undone, where %s offers it (add grace period)", o.Service)
			put("transfer-out", won.Add(transferAfter), "from then it can be moved to another registrar")
		}
	}
	put("contacts", time.Time{}, "the contacts are right")
	if r != nil && r.Describe().Has(catch.CanPrivacy) {
		auto(carePrivacy, catch.CanPrivacy, "the registrant is hidden in WHOIS", "")
	} else {
		put(carePrivacy, time.Time{}, "privacy is as you want it")
	}
	put("two-factor", time.Time{}, "a second factor is on at %s", o.Service)
	put("renewal", time.Time{}, "the renewal date is in your calendar")
	return out
}

// depositItem is the item of an order's deposit, which has to come back.
func depositItem(order int64) string { return fmt.Sprintf("deposit-%d", order) }

// awaitDeposit puts the deposit of an order that came to nothing on the name's
// checklist: it counts as frozen until it is ticked off.
func (s *Service) awaitDeposit(ctx context.Context, o catch.Order) error {
	if !depositOut(o) {
		return nil
	}
	how := "ask how"
	if r := s.route(o.Route); r != nil {
		t := r.Terms(o.Name)
		switch t.Refund {
		case catch.RefundCash, catch.RefundCredit:
			how = "as " + string(t.Refund)
		case catch.RefundNone:
			how = "not by its terms: ask, or record it as paid"
		}
		if t.RefundWhen != "" {
			how += ", " + t.RefundWhen
		}
	}
	return s.store.AddChecks(ctx, []CheckItem{{
		Name: Name(o.Name), Item: depositItem(o.ID), Order: o.ID,
		Text: fmt.Sprintf("the deposit %s came back from %s (%s)", o.Frozen, o.Service, how),
	}})
}

// depositCame clears the deposit of an order that was ticked off.
func (s *Service) depositCame(ctx context.Context, id int64) error {
	for {
		o, err := s.store.Order(ctx, id)
		if err != nil || o.Frozen.IsZero() {
			return err
		}
		was := o.Frozen
		o.Frozen = catch.Money{}
		if err = s.store.SaveOrder(ctx, o, fmt.Sprintf("the deposit %s came back", was)); !errors.Is(err, ErrStale) {
			return err
		}
	}
}

// beginCare starts what follows a win. It is the same however often it is
// called.
func (s *Service) beginCare(ctx context.Context, o catch.Order) error {
	row, err := s.store.Watch(ctx, Name(o.Name))
	if errors.Is(err, ErrNotFound) {
		return nil // nobody keeps the name
	} else if err != nil {
		return err
	}
	checks := s.checklist(o, s.route(o.Route), row, s.now())
	if err := s.store.AddChecks(ctx, checks); err != nil {
		return err
	}
	for _, c := range checks {
		if c.Item == careAutoRenew && c.Next.IsZero() { // nobody here sets it
			if err := s.noAutoRenew(ctx, row, o.ID, c.Text); err != nil {
				return err
			}
		}
	}
	poke(s.pokeCare)
	return nil
}

// noAutoRenew tells that a name which was won will not renew itself.
func (s *Service) noAutoRenew(ctx context.Context, row Row, order int64, why string) error {
	sub := subject(row)
	return s.store.PutAlerts(ctx, s.o.Alerts.Items(sub, []alert.Alert{alert.NoAutoRenew(sub, order, upper(why)+".", s.now())}))
}

// Checklist is what is left to do for a name that was won, and what was done.
func (s *Service) Checklist(ctx context.Context, n Name) ([]CheckItem, error) {
	return s.store.Checks(ctx, n)
}

// TickOff ticks an item of a name's checklist off, or with undo puts it back.
func (s *Service) TickOff(ctx context.Context, n Name, item string, undo bool) (CheckItem, error) {
	if err := s.writable(); err != nil {
		return CheckItem{}, err
	}
	items, err := s.store.Checks(ctx, n)
	if err != nil {
		return CheckItem{}, err
	}
	i := slices.IndexFunc(items, func(c CheckItem) bool { return c.Item == item })
	if i < 0 {
		return CheckItem{}, fmt.Errorf("%s has no item %q on its checklist: %w", n.Display(), item, ErrNotFound)
	}
	c := items[i]
	c.Done, c.By, c.Next = s.now().UTC(), "you", time.Time{}
	if undo {
		c.Done, c.By = time.Time{}, ""
	}
	if c.Item == depositItem(c.Order) {
		if undo {
			return c, refuse("the deposit is off the books: record it again with `lapse orders record %d --frozen AMOUNT`", c.Order)
		}
		if err := s.depositCame(ctx, c.Order); err != nil {
			return c, err
		}
	}
	if err := s.store.SaveCheck(ctx, 0, c, "you", map[bool]string{false: "done", true: "not done"}[undo]); err != nil {
		return c, err
	}
	s.wake()
	return c, nil
}

// runCare does the steps of after-care that are due: the holder of the lease
// alone runs it, beside the orders, so that none of it delays one.
func (s *Service) runCare(ctx context.Context, epoch int64) error {
	for {
		due, next, err := s.store.ChecksDue(ctx, s.now())
		if err != nil {
			return err
		}
		for _, c := range due {
			if err := s.care(ctx, epoch, c); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return nil
			}
		}
		if len(due) > 0 {
			continue // what failed says when it is tried again
		}
		pause := s.ticks.care // another process may have put something there
		if !next.IsZero() {
			pause = min(pause, max(next.Sub(s.now()), time.Second))
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		case <-s.pokeCare:
			t.Stop()
		}
	}
}

// care does one step. What a service refuses is written down and tried again;
// an error means that the store or the lease failed.
func (s *Service) care(ctx context.Context, epoch int64, c CheckItem) error {
	l, err := s.store.Lease(ctx)
	if err != nil {
		return err
	}
	o, err := s.store.Order(ctx, c.Order)
	if err != nil {
		return err
	}
	row, err := s.store.Watch(ctx, c.Name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if l.Halted {
		c.Next = s.now().Add(time.Minute)
		return s.store.SaveCheck(ctx, epoch, c, "", "")
	}
	if o.State != catch.Won && o.State != catch.WonProvisional {
		c.Next, c.Why = time.Time{}, fmt.Sprintf("left alone: the order is %s", o.State)
		return s.store.SaveCheck(ctx, epoch, c, "lapse", c.Why)
	}
	carer, ok := s.route(o.Route).(catch.AfterCarer)
	if !ok {
		c.Next, c.Why = s.now().Add(time.Hour), "no account is set up here for "+o.Route
		return s.store.SaveCheck(ctx, epoch, c, "", "")
	}
	cctx, cancel := context.WithTimeout(ctx, callTimeout)
	switch c.Item {
	case careAutoRenew:
		err = carer.AutoRenew(cctx, o.Name, true)
	case careLock:
		err = carer.Lock(cctx, o.Name, true)
	case carePrivacy:
		err = &catch.Error{Kind: catch.Guard, Op: "set privacy", Words: o.Service + " has no call for it"}
		if hider, ok := carer.(catch.Hider); ok {
			err = hider.Privacy(cctx, o.Name, true)
		}
	case careNameservers:
		hosts := s.o.Nameservers[row.Purpose]
		if len(hosts) == 0 {
			err = &catch.Error{Kind: catch.Guard, Op: "set name servers", Words: "none stand in the configuration for its purpose"}
		} else {
			err = carer.Nameservers(cctx, o.Name, hosts)
		}
	default:
		err = fmt.Errorf("no step is called %q", c.Item)
	}
	cancel()
	if err != nil && ctx.Err() != nil {
		return nil // told to stop: it is tried again by whoever acts next
	}
	ctx = context.WithoutCancel(ctx)
	c.Tries++
	now := s.now().UTC()
	if err == nil {
		c.Done, c.By, c.Why, c.Next = now, "lapse", "", time.Time{}
		return s.store.SaveCheck(ctx, epoch, c, o.Service, "done")
	}
	c.Why = words(err)
	kind := catch.KindOf(err)
	if kind == catch.Guard || c.Tries >= careTries {
		c.Next = time.Time{} // it is the person's now
		c.Why += "; set it at " + o.Service
		if c.Item == careAutoRenew && row.Name != "" {
			if err := s.noAutoRenew(ctx, row, o.ID, c.Why); err != nil {
				return err
			}
		}
	} else {
		c.Next = now.Add(backoff(c.Tries+2, retryAfter(err)))
	}
	return s.store.SaveCheck(ctx, epoch, c, o.Service, "failed: "+c.Why)
}
