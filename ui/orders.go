package ui

import (
	"context"
	"sort"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

// ordersScreen is a matrix: a row a name, a column a service.
type ordersScreen struct {
	quiet
	*app
	cursorList
	rows   []orderRow
	cols   []string // services, the busiest first
	col    int      // the cursor's column
	first  int      // the first column that is seen
	loaded bool
	err    error
	asked  int
	headY  int
	nameW  int
	colW   int
}

type orderRow struct {
	name   watch.Name
	orders map[string]*catch.Order // by service; of several the one that holds
	next   time.Time
}

type ordersMsg struct {
	asked  int
	orders []catch.Order
	err    error
}

func newOrders(a *app) *ordersScreen { return &ordersScreen{app: a} }

func (s *ordersScreen) open() tea.Cmd {
	s.asked++
	asked, core := s.asked, s.core
	return s.ask(func(ctx context.Context) tea.Msg {
		os, err := core.Orders(ctx, watch.OrderFilter{})
		return ordersMsg{asked, os, err}
	})
}

func (s *ordersScreen) update(msg tea.Msg) tea.Cmd {
	m, ok := msg.(ordersMsg)
	if !ok || m.asked != s.asked {
		return nil
	}
	s.loaded, s.err = true, m.err
	if m.err != nil {
		return nil
	}
	var onto watch.Name
	if i := s.cursorList.at; i < len(s.rows) {
		onto = s.rows[i].name
	}
	byName := map[watch.Name]*orderRow{}
	busy := map[string]int{}
	for i := range m.orders {
		o := &m.orders[i]
		n := watch.Name(o.Name)
		r := byName[n]
		if r == nil {
			r = &orderRow{name: n, orders: map[string]*catch.Order{}}
			byName[n] = r
		}
		busy[o.Service]++
		old := r.orders[o.Service]
		if old == nil || (o.State.Holds() && !old.State.Holds()) || (o.State.Holds() == old.State.Holds() && o.Updated.After(old.Updated)) {
			r.orders[o.Service] = o
		}
		if t := nextOf(o); !t.IsZero() && (r.next.IsZero() || t.Before(r.next)) {
			r.next = t
		}
	}
	s.rows, s.cols = s.rows[:0], s.cols[:0]
	for _, r := range byName {
		s.rows = append(s.rows, *r)
	}
	sort.Slice(s.rows, func(i, j int) bool {
		a, b := &s.rows[i], &s.rows[j]
		if a.next.Equal(b.next) || (a.next.IsZero() && b.next.IsZero()) {
			return a.name < b.name
		}
		return !a.next.IsZero() && (b.next.IsZero() || a.next.Before(b.next))
	})
	for c := range busy {
		s.cols = append(s.cols, c)
	}
	sort.Slice(s.cols, func(i, j int) bool {
		if busy[s.cols[i]] != busy[s.cols[j]] {
			return busy[s.cols[i]] > busy[s.cols[j]]
		}
		return s.cols[i] < s.cols[j]
	})
	for i := range s.rows {
		if s.rows[i].name == onto {
			s.cursorList.at = i
		}
	}
	s.col = max(0, min(s.col, len(s.cols)-1))
	return nil
}

// nextOf is when something about an order is due.
func nextOf(o *catch.Order) time.Time {
	if !o.State.Holds() {
		return time.Time{}
	}
	var at time.Time
	for _, t := range []time.Time{o.PayBy, o.AuctionEnds, o.CutOff, o.ProvisionalUntil} {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	return at
}

// current is the order under the cursor, nil where there is none.
func (s *ordersScreen) current() *catch.Order {
	if i := s.cursorList.at; i < len(s.rows) && s.col < len(s.cols) {
		return s.rows[i].orders[s.cols[s.col]]
	}
	return nil
}

func (s *ordersScreen) names() []watch.Name {
	if i := s.cursorList.at; i < len(s.rows) {
		return []watch.Name{s.rows[i].name}
	}
	return nil
}

func (s *ordersScreen) move(by int, far bool) tea.Cmd {
	s.cursorList.move(by, far)
	return nil
}

func (s *ordersScreen) side(by int) { s.col = max(0, min(s.col+by, len(s.cols)-1)) }

func (s *ordersScreen) click(x, y int) tea.Cmd {
	hit, again := s.cursorList.click(y-s.headY, len(s.rows))
	if hit && s.colW > 0 && x > s.nameW+3 {
		s.col = max(0, min(s.first+(x-s.nameW-4)/(s.colW+1), len(s.cols)-1))
	}
	if again {
		n := s.rows[s.cursorList.at].name
		return func() tea.Msg { return openNameMsg{n} }
	}
	return nil
}

func (s *ordersScreen) view(w, h int) []string {
	t := s.theme
	var out []string
	say := func(text string) []string { return paragraph(t, w, t.Dim, text) }
	switch {
	case s.err != nil:
		return say("The orders cannot be read: " + s.err.Error() + ".")
	case !s.loaded:
		return say("Reading the orders" + t.Glyph.Dots)
	case len(s.rows) == 0:
		return say("No orders yet. Open a name and press " + s.keys.key("order") +
			" to give one: you see the price, the terms and the most that you can owe before anything is sent.")
	}
	now := s.now()
	s.nameW, s.colW = max(14, min(30, w/4)), 11
	if w < 30 {
		s.nameW, s.colW = 8, max(w-8-4-1, 1)
	}
	fit := max((w-s.nameW-4)/(s.colW+1), 1)
	if fit >= len(s.cols) {
		s.first = 0
		if n := len(s.cols); n > 0 {
			s.colW = max(11, min(20, (w-s.nameW-4)/n-1))
		}
	} else {
		if s.col < s.first {
			s.first = s.col
		}
		if s.col >= s.first+fit {
			s.first = s.col - fit + 1
		}
	}
	seen := s.cols[s.first:min(s.first+fit, len(s.cols))]
	if h >= 4 {
		l := widget.NewLine(w, t).Skip(3).Cell(t.Head, "NAME", s.nameW, false)
		for _, c := range seen {
			l.Skip(1).Cell(t.Head, c, s.colW, false)
		}
		if more := len(s.cols) - s.first - len(seen); more > 0 {
			l.Glyph(t.Dim, t.Glyph.Next, 1)
		}
		out = append(out, l.String())
	}
	foot := 0
	switch {
	case h >= 16:
		foot = 5
	case h >= 7:
		foot = 2
	}
	s.headY = len(out)
	s.size(len(s.rows), h-len(out)-foot)
	for i, to := s.shown(len(s.rows)); i < to; i++ {
		out = append(out, s.draw(w, &s.rows[i], seen, i == s.cursorList.at))
	}
	for len(out) < h-foot {
		out = append(out, "")
	}
	if foot > 0 {
		if foot >= 5 {
			out = append(out, widget.Rule(t, w))
			foot--
		}
		out = append(out, s.detail(w, foot, now)...)
	}
	return out
}

func (s *ordersScreen) draw(w int, r *orderRow, cols []string, here bool) string {
	t := s.theme
	l := widget.NewLine(w, t)
	if here {
		l.Glyph(t.Key, t.Glyph.Cursor, 1)
	}
	l.To(3)
	style := widget.Style("")
	if here {
		style = t.Strong
	}
	l.Cell(style, s.nameText(r.name, s.nameW), s.nameW, false)
	for i, c := range cols {
		o := r.orders[c]
		text, style := "-", t.Dim
		if o != nil {
			text, style = stateWords[o.State], s.stateStyle(o.State)
			if o.State == catch.WonProvisional {
				text = "won so far"
			}
			if o.State == catch.PaymentDue || o.State == catch.InDoubt || o.State == catch.AuctionOutbid {
				text = "!" + text
			}
		}
		if here && s.first+i == s.col {
			style = t.Cursor
		}
		l.Skip(1).Cell(style, text, s.colW, false)
	}
	return l.String()
}

// detail is the order under the cursor in full.
func (s *ordersScreen) detail(w, n int, now time.Time) []string {
	t := s.theme
	o := s.current()
	var out []string
	put := func(style widget.Style, text string) {
		for _, line := range widget.WrapMax(text, max(w-2, 4), n-len(out), t.Glyph.Dots) {
			out = append(out, widget.NewLine(w, t).Skip(1).Put(style, line).String())
		}
	}
	switch o {
	case nil:
		if s.col < len(s.cols) && s.cursorList.at < len(s.rows) {
			put(t.Dim, "No order for "+s.nameText(s.rows[s.cursorList.at].name, 60)+" at "+s.cols[s.col]+".")
		}
	default:
		head := s.nameText(watch.Name(o.Name), max(w/2, 14)) + " at " + o.Service + ": " + stateWords[o.State]
		if o.Ref != "" {
			head += " (" + o.Ref + ")"
		}
		put(t.Strong, head)
		var parts []string
		add := func(label string, m catch.Money) {
			if !m.IsZero() {
				parts = append(parts, label+" "+m.String())
			}
		}
		add("cap", o.Cap)
		add("bid up to", o.BidCap)
		add("price", o.Price)
		add("high bid", o.HighBid)
		add("paid", o.Paid)
		add("frozen", o.Frozen)
		add("refund", o.Refund)
		money := parts
		parts = nil
		when := func(label string, t time.Time) {
			if !t.IsZero() {
				parts = append(parts, label+" "+hm(t, now)+" ("+until(t, now)[0]+")")
			}
		}
		when("pay by", o.PayBy)
		when("auction ends", o.AuctionEnds)
		when("cut-off", o.CutOff)
		when("cancel by", o.CancelBy)
		when("final", o.ProvisionalUntil)
		if n <= 2 { // what to do by when, and what it costs, in one line
			put("", whole(w-2, append(parts[:min(len(parts), 1):1], money...)))
			break
		}
		put("", whole(w-2, money))
		put("", whole(w-2, parts))
		put(t.Dim, o.Why)
	}
	for len(out) < n {
		out = append(out, "")
	}
	return out
}

// whole joins as many of the parts as fit into w cells.
func whole(w int, parts []string) string {
	for len(parts) > 1 && widget.Width(strings.Join(parts, ", ")) > w {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, ", ")
}
