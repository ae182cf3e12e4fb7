package watch

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/watch/alert"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// Happened is what changed of a row, for those who have to be told.
type Happened struct {
	Look  *Look        // a look changed the verdict, or nobody answered
	Order *catch.Order // an order moved
	Was   catch.State  // from here
	Why   string
}

// closeAhead is how far away a closing service is worth computing.
const closeAhead = 10 * 24 * time.Hour

func subject(r Row) alert.Subject {
	return alert.Subject{Name: string(r.Name), Display: r.Name.Display(), Mine: r.Kind == Mine, Tags: r.Tags}
}

// alertsOf turns what happened into what the outbox keeps. It is pure: it runs
// inside the transaction of the change.
func (s *Service) alertsOf(r Row, h Happened, now time.Time) []alert.Item {
	sub := subject(r)
	var as []alert.Alert
	if l := h.Look; l != nil {
		if l.Trouble != "" {
			if !r.LookedAt.IsZero() {
				as = append(as, alert.Dark(sub, r.LookedAt, now, l.Trouble)...)
			}
		} else {
			as = append(as, alert.Changed(sub, l.Before, l.Verdict, now)...)
			for _, c := range l.Changes {
				switch was, is := strings.Fields(c.Before), strings.Fields(c.After); c.Field {
				case "nameservers":
					as = append(as, alert.NameserversChanged(sub, was, is, now)...)
				case "statuses":
					as = append(as, alert.StatusesChanged(sub, was, is, now)...)
				}
			}
			as = append(as, s.ordersOpen(r, l, now)...)
			as = quotesMoved(sub, as, l, now)
			as = append(as, launchMoved(sub, l, now)...)
		}
	}
	if o := h.Order; o != nil && o.State != h.Was {
		as = append(as, orderMoved(sub, *o, h.Was, h.Why, now)...)
	}
	return s.o.Alerts.Items(sub, as)
}

// launchMoved corrects what was announced of a launch: its dates are others
// than those that were told.
func launchMoved(sub alert.Subject, l *Look, now time.Time) []alert.Alert {
	for _, c := range l.Changes {
		if c.Field != FieldLaunch || c.Before == "" {
			continue
		}
		_, text, _ := strings.Cut(c.Text, ": ")
		return []alert.Alert{{
			ID: fmt.Sprintf("%s/%s/moved/%s", sub.Name, alert.LaunchNear, now.UTC().Format("20060102T150405Z")), Kind: alert.LaunchNear, Name: sub.Name, At: now,
			Title: sub.Display + ": the launch moved", Text: text + ". What was announced before no longer holds.", Urgent: true,
		}}
	}
	return nil
}

// ordersOpen tells which services take orders from now on: those that take a
// name only once it is pending delete.
func (s *Service) ordersOpen(r Row, l *Look, now time.Time) []alert.Alert {
	if r.Kind != Want || l.Verdict.Stage != lifecycle.PendingDelete || (l.Before != nil && l.Before.Stage == lifecycle.PendingDelete) {
		return nil
	}
	var open []string
	for _, route := range s.o.Routes {
		d := route.Describe()
		if ok, _ := route.Open(string(r.Name)); ok && d.Kind == catch.Backorder && d.Has(catch.CanFind) && !hasOrder(r.Orders, d, route.Terms(string(r.Name))) {
			open = append(open, d.Service)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return []alert.Alert{{
		ID: fmt.Sprintf("%s/%s/%s", r.Name, alert.OrdersOpen, now.UTC().Format(time.DateOnly)), Kind: alert.OrdersOpen, Name: string(r.Name), At: now,
		Title: r.Name.Display() + ": orders are open", Text: strings.Join(open, ", ") + " take orders now, and you have none there.",
	}}
}

// orderMoved words an order's step. Steps that ask nothing of the person and
// change no expectation are not told.
func orderMoved(sub alert.Subject, o catch.Order, was catch.State, why string, now time.Time) []alert.Alert {
	urgent, text := false, ""
	switch o.State {
	case catch.PaymentDue:
		urgent, text = true, fmt.Sprintf("It is yours once you pay %s by %s.", Owed(o), atText(o.PayBy))
	case catch.AuctionOutbid:
		urgent, text = true, fmt.Sprintf("%s stands, your bid cap is %s.", o.HighBid, bidCap(o))
	case catch.WonProvisional:
		urgent, text = true, "Won, until it is final: the holder can still get it back, and services reverse."
	case catch.Won, catch.Lost, catch.Cancelled:
	case catch.InDoubt:
		urgent, text = true, "Nobody knows whether it was taken. It is looked up, and never sent twice."
	case catch.Reversed, catch.RefundDue:
		urgent, text = true, fmt.Sprintf("%s has to come back; the budget is free again once you record it.", o.Paid)
	case catch.Failed, catch.RefusedOrder:
		urgent = true
	default:
		return nil
	}
	if why != "" {
		text = strings.TrimSpace(why + ". " + text)
	}
	return []alert.Alert{{
		ID: fmt.Sprintf("%s/%s/%d-%s/%s", o.Name, alert.OrderMoved, o.ID, o.State, o.Updated.UTC().Format("20060102T150405")), Kind: alert.OrderMoved,
		Name: o.Name, At: now, Urgent: urgent, Title: fmt.Sprintf("%s: %s %s (was %s)", sub.Display, o.Service, o.State, was), Text: text,
	}}
}

// ahead says what has to be told of a row before its time comes.
func (s *Service) ahead(r Row, now time.Time) []alert.Item {
	sub := subject(r)
	return s.o.Alerts.Items(sub, alert.Upcoming(sub, r.Verdict, s.dues(r, now), now))
}

// dues are the deadlines of a row that somebody else set.
func (s *Service) dues(r Row, now time.Time) []alert.Due {
	var out []alert.Due
	name := r.Name.Display()
	for _, o := range r.Orders {
		id := fmt.Sprintf("order-%d", o.ID)
		if o.State == catch.PaymentDue && o.PayBy.After(now) {
			out = append(out, alert.Due{
				Kind: alert.Deadline, At: o.PayBy, What: id + "-pay", Title: fmt.Sprintf("%s: pay %s", name, o.Service),
				Text: orderTodo(o, now).Text, Before: []time.Duration{24 * time.Hour, time.Hour},
			})
		}
		if (o.State == catch.AuctionOutbid || o.State == catch.AuctionLeading) && o.AuctionEnds.After(now) {
			out = append(out, alert.Due{
				Kind: alert.Deadline, At: o.AuctionEnds, What: id + "-bid", Title: fmt.Sprintf("%s: the auction at %s ends", name, o.Service),
				Text: orderTodo(o, now).Text, Before: []time.Duration{time.Hour, 10 * time.Minute},
			})
		}
		if _, told := s.offerOf(o); o.State == catch.Active && o.CancelBy.After(now) && !(told && r.Kind == Launch) {
			out = append(out, alert.Due{
				Kind: alert.Deadline, At: o.CancelBy, What: id + "-cancel", Title: fmt.Sprintf("%s: the order at %s becomes binding", name, o.Service),
				Text: "Until then it can be cancelled.", Before: []time.Duration{24 * time.Hour},
			})
		}
	}
	for _, d := range s.launchDues(r, now) {
		out = append(out, d.Due)
	}
	out = append(out, fallingDues(r, now)...)
	if w := r.Verdict.Window; r.Kind == Want && w != nil && !w.From.DayOnly && w.From.After(now) && w.From.Sub(now) < closeAhead {
		for _, route := range s.o.Routes {
			d, terms := route.Describe(), route.Terms(string(r.Name))
			cut := cutOff(r, terms)
			if open, _ := route.Open(string(r.Name)); !open || !cut.After(now) || hasOrder(r.Orders, d, terms) {
				continue
			}
			out = append(out, alert.Due{
				Kind: alert.OrdersClose, At: cut, What: d.Route, Title: fmt.Sprintf("%s: %s stops taking orders", name, d.Service),
				Text: fmt.Sprintf("It closes %s and you have no order there.", atText(cut)),
			})
		}
	}
	return out
}

// sendAlerts takes what the outbox holds to the channels, while this process
// acts.
func (s *Service) sendAlerts(ctx context.Context, _ int64) error {
	if len(s.o.Channels) == 0 {
		return nil
	}
	sender := &alert.Sender{Outbox: s.store, Channels: map[string]alert.Channel{}, Now: s.now, Log: s.log}
	for _, c := range s.o.Channels {
		sender.Channels[c.Name()] = c
	}
	events, cancel := s.Subscribe()
	defer cancel()
	wake := make(chan struct{}, 1)
	go func() {
		for range events { // ends when cancel closes it
			poke(wake)
		}
	}()
	return sender.Run(ctx, wake)
}

// Outbox lists the alerts that have not been told yet: what comes, and what is
// stuck with what its channel said.
func (s *Service) Outbox(ctx context.Context, limit int) ([]alert.Item, error) {
	return s.store.Outbox(ctx, limit)
}

// TestAlert puts one alert for every channel into the outbox. The holder of
// the lease sends it; without one it waits.
func (s *Service) TestAlert(ctx context.Context) ([]alert.Item, error) {
	if err := s.writable(); err != nil {
		return nil, err
	}
	now := s.now()
	var items []alert.Item
	for _, c := range s.o.Channels {
		items = append(items, alert.Item{Channel: c.Name(), NotBefore: now, Alert: alert.Alert{
			ID: "test/" + now.UTC().Format(time.RFC3339Nano), Kind: alert.Test, At: now, Urgent: true,
			Title: "lapse: a test", Text: "If you read this, the channel " + c.Name() + " works.",
		}})
	}
	return items, s.store.PutAlerts(ctx, items)
}

// Calendar lists what belongs into the person's calendar.
func (s *Service) Calendar(ctx context.Context) ([]alert.Entry, error) {
	page, err := s.List(ctx, Query{})
	if err != nil {
		return nil, err
	}
	now := s.now()
	var out []alert.Entry
	for _, r := range page.Rows {
		e := alert.Entry{Subject: subject(r), Verdict: r.Verdict, Dues: s.dues(r, now), Updated: r.LookedAt}
		if r.Updated.After(e.Updated) {
			e.Updated = r.Updated
		}
		if len(e.Dues) > 0 || e.Verdict.Window != nil || e.Mine {
			out = append(out, e)
		}
	}
	return out, nil
}
