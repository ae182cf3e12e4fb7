package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lapse-dev/lapse/catch"
)

// Sync asks every service where every holding order stands, and takes orders
// onto the books that were placed on its website for names of the list. The
// holder asks where orders stand, or this call where nobody holds the lease.
func (s *Service) Sync(ctx context.Context) error {
	err := s.syncHeld(ctx)
	_, aerr := s.adopt(ctx, "", true)
	return errors.Join(err, aerr)
}

func (s *Service) syncHeld(ctx context.Context) error {
	if err := s.writable(); err != nil {
		return err
	}
	os, err := s.store.Orders(ctx, OrderFilter{Holding: true})
	if err != nil {
		return err
	}
	var asked []int64
	for _, o := range os {
		r := s.route(o.Route)
		if r == nil || !hasFinder(r) || o.Wish != catch.WishNone || o.State == catch.Planned || o.State == catch.Requested {
			continue
		}
		if _, err := s.store.Wish(ctx, o.ID, catch.WishSync, catch.Money{}); err != nil {
			return err
		}
		asked = append(asked, o.ID)
	}
	s.wake()
	did, err := s.borrow(ctx, func(ctx context.Context, epoch int64) error {
		var errs []error
		doubts, err := s.store.Orders(ctx, OrderFilter{States: []catch.State{catch.InDoubt}})
		if err != nil {
			return err
		}
		for _, o := range doubts { // those of a process that died, too
			if !slices.Contains(asked, o.ID) {
				asked = append(asked, o.ID)
			}
		}
		for _, id := range asked {
			o, err := s.store.Order(ctx, id)
			if err == nil {
				err = s.step(ctx, epoch, o)
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	if did || err != nil {
		return err
	}
	for _, id := range asked {
		if _, err := s.Follow(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// Adopt takes orders onto the books that were placed on a service's website:
// those of names on the list that no order of ours stands for.
func (s *Service) Adopt(ctx context.Context, route string) ([]catch.Order, error) {
	return s.adopt(ctx, route, false)
}

// adopt is Adopt; patient says that a service which wants fewer calls is left
// for the next time.
func (s *Service) adopt(ctx context.Context, route string, patient bool) ([]catch.Order, error) {
	if err := s.writable(); err != nil {
		return nil, err
	}
	var out []catch.Order
	var errs []error // one service that is down keeps none of the others from it
	for _, r := range s.o.Routes {
		d := r.Describe()
		l, ok := r.(catch.Lister)
		if !ok || (route != "" && route != d.Route) {
			continue
		}
		listed, err := l.List(ctx)
		if err != nil {
			if kind := catch.KindOf(err); patient && (kind == catch.RateLimited || kind == catch.Busy) {
				s.log.Info("orders of websites not looked for", "service", d.Service, "err", words(err))
				continue
			}
			errs = append(errs, fmt.Errorf("list the orders at %s: %w", d.Service, err))
			continue
		}
		for _, x := range listed {
			n, err := ParseName(x.Name)
			if err != nil || !x.State.Holds() {
				continue
			}
			row, err := s.store.Watch(ctx, n)
			if errors.Is(err, ErrNotFound) {
				continue
			} else if err != nil {
				return out, err
			}
			ours, err := s.store.Orders(ctx, OrderFilter{Name: n, Route: d.Route})
			if err != nil {
				return out, err
			}
			if slices.ContainsFunc(ours, func(o catch.Order) bool { return onBooks(o, x.Report) }) {
				continue
			}
			o := adopted(row, d, r.Terms(string(n)), x.Report)
			o.NextTry = s.now().Add(time.Minute)
			if o, err = s.store.AddOrder(ctx, o); err != nil {
				errs = append(errs, err)
				continue
			}
			out = append(out, o)
		}
	}
	s.wake()
	return out, errors.Join(errs...)
}

// onBooks reports whether what a service lists is an order of ours: one that
// holds, or one that was won and has ended here, which services go on listing.
func onBooks(o catch.Order, rep catch.Report) bool {
	if o.State.Holds() {
		return true
	}
	if o.Ref != "" && rep.Ref != "" && o.Ref != rep.Ref {
		return false
	}
	won := o.State == catch.Won || o.State == catch.Reversed || o.State == catch.RefundDue || !o.Paid.IsZero()
	return won && (rep.State == catch.WonProvisional || rep.State == catch.PaymentDue)
}

// adopted is an order that was placed on a service's website. Nobody held it
// against a cap: it counts with what it costs, where that is known.
func adopted(row Row, d catch.Description, t catch.Terms, rep catch.Report) catch.Order {
	o := catch.Order{
		Key: newKey(), Name: string(row.Name), Route: d.Route, Service: d.Service, Kind: d.Kind, Pool: poolOf(d, t),
		State: rep.State, Cap: row.Cap, BidCap: row.BidCap, Years: 1,
	}
	apply(&o, rep)
	if t.LoseFee.Units > 0 {
		o.LoseFee = t.LoseFee
	}
	costs := dearer(o.Price, o.OwnBid)
	if costs.IsZero() {
		costs = t.Fee
	}
	o.Why = "adopted: it was placed at the service"
	switch c, err := costs.Cmp(AtMost(o)); {
	case costs.IsZero() && o.Cap.IsZero():
		o.Why = fixMark + "adopted: what it can cost is not known: record its price with `lapse orders record`"
	case o.Cap.IsZero():
		o.Cap = costs
		o.Why += ", without a cap here: it counts with " + costs.String()
	case err != nil:
		o.Why += fmt.Sprintf(" and costs %s, the cap of the name is %s: it counts with what it costs", costs, o.Cap)
		o.Cap, o.BidCap = costs, catch.Money{}
	case c > 0:
		o.Why += fmt.Sprintf(" and costs %s, above the cap %s", costs, AtMost(o))
		if o.Price.IsZero() {
			o.Price = costs
		}
	}
	return o
}
