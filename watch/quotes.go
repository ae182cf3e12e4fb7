package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/launch"
	"github.com/lapse-dev/lapse/whoisx"
)

// quoteField marks a price that somebody said in a name's history: kept with
// its date and source, because people need it in a dispute.
const quoteField = "quote"

// quoteChange is a quote as history keeps it. before is the one it follows.
func quoteChange(n Name, before *launch.Quoted, q launch.Quoted) Change {
	c := Change{At: q.At.UTC(), Name: n, Field: quoteField, After: q.String(), Source: q.Source}
	c.Text = fmt.Sprintf("%s: %s asks %s", n.Display(), q.Source, c.After)
	if before != nil {
		c.Before = before.String()
		if c.Before != c.After {
			c.Text = fmt.Sprintf("%s: the quote was %s on %s (%s), now %s", n.Display(), c.Before, before.At.UTC().Format(time.DateOnly), before.Source, c.After)
		}
	}
	return c
}

// quoteOf reads a quote back from history.
func quoteOf(c Change) (launch.Quoted, bool) {
	if c.Field != quoteField {
		return launch.Quoted{}, false
	}
	q := launch.ReadQuote(c.After)
	q.At, q.Source = c.At, c.Source
	return q, true
}

// Quotes returns every price that was said of a name, oldest first.
func (s *Service) Quotes(ctx context.Context, n Name) ([]launch.Quoted, error) {
	h, err := s.store.History(ctx, n, 0)
	if err != nil {
		return nil, err
	}
	var out []launch.Quoted
	for _, c := range slices.Backward(h) {
		if q, ok := quoteOf(c); ok {
			out = append(out, q)
		}
	}
	return out, nil
}

// Quote keeps a price that a person was told for a name. Where it is worse than
// the one before, everybody is told, the orders that rest on the old one say
// so, and the error is a guard that names both with their dates: nothing may be
// ordered at the new price unseen.
func (s *Service) Quote(ctx context.Context, n Name, q launch.Quoted) ([]launch.Quoted, error) {
	if err := s.writable(); err != nil {
		return nil, err
	}
	q.Source, q.Class = whoisx.CleanLine(q.Source), whoisx.CleanLine(q.Class)
	if q.At.IsZero() {
		q.At = s.now()
	}
	all, err := s.Quotes(ctx, n)
	if err != nil {
		return nil, err
	}
	var before *launch.Quoted
	if len(all) > 0 {
		before = &all[len(all)-1]
	}
	row, err := s.store.Watch(ctx, n)
	if errors.Is(err, ErrNotFound) {
		var rs []AddResult
		if rs, err = s.Add(ctx, []NewWatch{{Input: string(n)}}); err == nil && len(rs) == 1 && rs[0].Name == n {
			row, err = s.store.Watch(ctx, n)
		}
	}
	if err != nil {
		return all, err
	}
	if _, err := s.store.Edit(ctx, row.Watch, []Change{quoteChange(n, before, q)}); err != nil {
		return all, err
	}
	if q.Class == "reserved" {
		return append(all, q), s.reserved(ctx, row, q)
	}
	all = append(all, q)
	slices.SortStableFunc(all, func(a, b launch.Quoted) int { return a.At.Compare(b.At) })
	if before == nil {
		s.wake()
		return all, nil
	}
	worse := launch.Requote(*before, q)
	if worse == nil {
		s.wake()
		return all, nil
	}
	return all, s.worse(ctx, row, q, worse)
}

// reserved tells that the registry keeps a name for itself, and what happens to
// money that was already paid for it.
func (s *Service) reserved(ctx context.Context, row Row, q launch.Quoted) error {
	var errs []error
	for _, o := range row.Orders {
		errs = append(errs, s.keeps(o, q.Source))
	}
	if len(errs) == 0 {
		errs = append(errs, fmt.Errorf("%s: %w, says %s", row.Name.Display(), launch.ErrReserved, q.Source))
	}
	return s.worse(ctx, row, q, errors.Join(errs...))
}

// keeps says what becomes of an order for a name that the registry keeps.
func (s *Service) keeps(o catch.Order, who string) error {
	offer, ok := s.offerOf(o)
	if !ok {
		offer = launch.Offer{Registrar: o.Service, TLD: Name(o.Name).TLD()}
	}
	return launch.Reserved(offer, who)
}

// worse tells of a quote at which nothing is ordered, and leaves it at the
// orders that rest on the one before.
func (s *Service) worse(ctx context.Context, row Row, q launch.Quoted, worse error) error {
	if err := s.store.PutAlerts(ctx, s.o.Alerts.Items(subject(row), []alert.Alert{requoted(subject(row), worse, q, s.now())})); err != nil {
		return err
	}
	for _, o := range row.Orders {
		if o.Kind != catch.Prereg {
			continue
		}
		why := worse.Error()
		o.Why = why
		if err := s.store.SaveOrder(ctx, o, why); err != nil && !errors.Is(err, ErrStale) {
			return err
		}
	}
	s.wake()
	return fmt.Errorf("%w: %w", ErrGuard, worse)
}

// requoted is what is told of a quote that changed.
func requoted(sub alert.Subject, worse error, q launch.Quoted, now time.Time) alert.Alert {
	return alert.Alert{
		ID: fmt.Sprintf("%s/%s/%s/%s", sub.Name, alert.PriceMoved, q.String(), q.At.UTC().Format("20060102T150405Z")), Kind: alert.PriceMoved,
		Name: sub.Name, At: now, Urgent: true, Title: sub.Display + ": the price changed", Text: "Nothing is ordered at it. " + upper(worse.Error()) + ".",
	}
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// quotesSeen are the prices that sources said at a look, as far as they differ
// from what the same source said before.
func quotesSeen(n Name, known []launch.Quoted, answers []whoisx.Answer, now time.Time) []Change {
	var out []Change
	for _, a := range answers {
		q := launch.Quoted{At: now, Source: strings.ToUpper(string(a.Source)) + " " + a.Server}
		switch {
		case a.Outcome == whoisx.Reserved:
			q.Class = "reserved"
		case a.Price == nil || a.Price.Currency == "":
			continue
		case a.Outcome == whoisx.Premium:
			q.Class = "premium"
			if a.Category != "" {
				q.Class = a.Category
			}
		default:
			q.Class = "standard"
		}
		if a.Price != nil && a.Price.Currency != "" {
			m, err := catch.MoneyOf(a.Price.Amount, a.Price.Currency)
			if err != nil {
				continue
			}
			// A fee that falls is no price of the name: it changes by the clock.
			if fee, err := catch.MoneyOf(a.Price.OnTop, a.Price.Currency); err == nil {
				m.Units -= fee.Units
			}
			q.Price = m
		}
		var before *launch.Quoted
		for i := range slices.Backward(known) {
			if known[i].Source == q.Source {
				before = &known[i]
				break
			}
		}
		if before != nil && before.String() == q.String() {
			continue
		}
		out = append(out, quoteChange(n, before, q))
	}
	return out
}

// stands holds a price that was just read against cap and consent, and for a
// name of a launch against what was quoted before. That comes first: who was
// told another price has to read both.
func (s *Service) stands(ctx context.Context, o catch.Order, q catch.Quote) error {
	if q.Class == "reserved" || q.Class == "blocked" {
		return refuse("%v", s.keeps(o, q.Class+" at "+o.Service+": "+q.Reason))
	}
	if _, ok := s.launchOf(Name(o.Name)); ok {
		if err := s.rests(ctx, o, q); err != nil {
			return err
		}
	}
	return checkPrice(o, q)
}

// rests holds a price that was just read against the quotes that an order for a
// launch rests on: what the person was told first, and confirmed.
func (s *Service) rests(ctx context.Context, o catch.Order, q catch.Quote) error {
	all, err := s.Quotes(ctx, Name(o.Name))
	if err != nil {
		return err
	}
	if n := len(all); n > 0 && all[n-1].Class == "reserved" {
		return refuse("%v", s.keeps(o, all[n-1].Source))
	}
	now := launch.Quoted{At: q.At, Source: q.Basis, Class: q.Class, Price: q.Price, Renewal: q.Renew}
	if now.Class == "" && q.Premium {
		now.Class = "premium"
	}
	// An early access fee is on top of what was quoted, and is falling: the cap
	// stands for it.
	if q.Early.Units > 0 {
		now.Price.Units -= q.Early.Units
	} else if l, ok := s.launchOf(Name(o.Name)); ok {
		if p := l.At(s.now()); p != nil && p.Kind == launch.EarlyAccess && p.Fee.Currency == now.Price.Currency && p.Fee.Units < now.Price.Units {
			now.Price.Units -= p.Fee.Units
		}
	}
	first := launch.Quoted{At: o.PriceAt, Source: o.Basis, Class: "standard", Price: o.Price}
	if o.Price.IsZero() || o.PriceAt.IsZero() || o.Price == q.Price {
		if len(all) == 0 {
			return nil
		}
		first = all[0]
	}
	if first.Price.Currency == "" || o.Premium {
		return nil // a premium price was agreed to, up to the cap
	}
	if now.Class == "" {
		now.Class = first.Class
	}
	if worse := launch.Requote(first, now); worse != nil {
		return refuse("%v", worse)
	}
	return nil
}

// quotesMoved tells of a price that a source changed, with both dates; the
// plainer alert of the same change is then not told beside it.
func quotesMoved(sub alert.Subject, as []alert.Alert, l *Look, now time.Time) []alert.Alert {
	for _, c := range l.Changes {
		q, ok := quoteOf(c)
		if !ok || c.Before == "" {
			continue
		}
		as = slices.DeleteFunc(as, func(a alert.Alert) bool { return a.Kind == alert.PriceMoved && !strings.Contains(a.ID, "quote") })
		a := requoted(sub, errors.New(c.Text), q, now)
		if before, ok := quoteOf(Change{Field: quoteField, After: c.Before}); ok && launch.Requote(before, q) == nil {
			a.Urgent, a.Text = false, upper(c.Text)+"." // it became cheaper
		}
		a.ID += "-quote"
		as = append(as, a)
	}
	return as
}
