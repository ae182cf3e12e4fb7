package sandbox

import (
	"time"
)

// auction decides among several customers of the service who ordered one name.
type auction struct {
	id     int
	name   string
	ends   time.Time
	price  int64 // current bid
	own    int64 // our maximum
	other  int64 // theirs
	leads  bool  // we do
	closed bool
}

// openAuction begins when others ordered the name too: public, opening at the
// backorder's price.
func (s *service) openAuction(r *Registry, q *request, other string, at time.Time) {
	most, err := cents(other)
	if err != nil {
		most = s.price
	}
	s.nextID++
	a := &auction{id: s.nextID, name: q.name, ends: at.Add(s.o.AuctionFor), price: s.price, other: most}
	s.auctions[q.name], q.status = a, "In Auction"
	s.closeLater(r, q, a)
}

func (s *service) closeLater(r *Registry, q *request, a *auction) {
	ends := a.ends
	r.at(ends, func(at time.Time) {
		if a.closed || !a.ends.Equal(ends) {
			return // extended
		}
		a.closed = true
		if !a.leads {
			q.status = "Missed"
			return
		}
		s.bill(r, q, a.price, at)
	})
}

func (s *service) auction(r *Registry, cmd, name, bid string, now time.Time) map[string]any {
	show := func(a *auction) map[string]any {
		return map[string]any{
			"auction_id": a.id, "domain": a.name, "currency": "USD", "current_bid_price": fmtCents(a.price),
			"is_high_bidder": a.leads, "end_time_stamp": a.ends.UnixMilli(), "auction_ended": a.closed,
		}
	}
	if cmd == "get_open_backorder_auctions" {
		list := []any{}
		for _, n := range sorted(s.auctions) {
			if a := s.auctions[n]; !a.closed {
				list = append(list, show(a))
			}
		}
		return map[string]any{"status": "success", "auction_list": list}
	}
	a := s.auctions[name]
	if a == nil {
		return map[string]any{"status": "error", "error_message": "could not find auction"}
	}
	if cmd == "place_backorder_auction_bid" {
		n, err := cents(bid)
		switch {
		case err != nil:
			return map[string]any{"status": "error", "error_message": "invalid bid amount"}
		case a.closed:
			return map[string]any{"status": "error", "error_message": "auction has ended"}
		case n < a.price+100 && a.price != s.price || n < a.price:
			return map[string]any{"status": "error", "error_message": "bid is below the minimum"}
		}
		a.own = max(a.own, n)
		if a.own > a.other {
			a.leads, a.price = true, max(a.price, min(a.own, a.other+100))
		} else {
			a.leads, a.price = false, max(a.price, min(a.other, a.own+100))
		}
		if left := s.o.AuctionFor / 20; a.ends.Sub(now) < left { // late bids extend it
			a.ends = now.Add(left)
			s.closeLater(r, s.requests[name], a)
		}
	}
	return map[string]any{"status": "success", "auction_details": []any{map[string]any{"auction_json": show(a)}}}
}
