package ui

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

type (
	orderDetailMsg struct {
		d   watch.Detail
		err error
	}
	previewMsg struct {
		form *form
		spec watch.OrderSpec
		pre  watch.OrderPreview
		err  error
	}
	orderedMsg struct {
		order catch.Order
		err   error
	}
	followedMsg struct {
		order catch.Order
		err   error
	}
)

// startOrder reads the name as it is now and opens the order form on it.
func (r *root) startOrder() tea.Cmd {
	names, core := r.screens[r.at].names(), r.core
	return r.ask(func(ctx context.Context) tea.Msg {
		d, err := core.Get(ctx, names[0])
		return orderDetailMsg{d, err}
	})
}

// newOrderForm asks for one order. Nothing is sent from it: it leads to a
// preview, and the preview to a question.
func newOrderForm(r *root, d *watch.Detail) (*form, error) {
	var routes, shut []string
	for i := range d.Routes {
		rt := &d.Routes[i]
		if rt.Open && rt.Configured {
			routes = append(routes, rt.Route)
		} else if rt.Why != "" {
			shut = append(shut, serviceName(rt)+": "+rt.Why)
		}
	}
	if len(routes) == 0 {
		why := "no account is set up; lapse account add opens one"
		if len(shut) > 0 {
			why = strings.Join(shut, "; ")
		}
		return nil, fmt.Errorf("no route is open for %s: %s", d.Name, why)
	}
	f := &form{
		title: "Order " + d.Name.Unicode(), done: "Show what it would cost",
		fields: []*field{
			{id: "route", label: "via", choices: routes, help: "Who takes the order."},
			{
				id: "cap", label: "cap", in: widget.NewInput(moneyField(d.Cap)),
				help: "The most you pay as the only one who ordered, taxes in. It may only be lower than the name's own cap, " + moneyOr(d.Cap, "which is not set") + ".",
			},
			{
				id: "bid", label: "bid cap", in: widget.NewInput(moneyField(d.BidCap)),
				help: "The most you pay if it comes to an auction. Empty: no bidding.",
			},
			{id: "price", label: "price seen", help: "Only where no call returns the price: what you saw, with its date in your own mind. It is held against the cap."},
			{id: "years", label: "years", in: widget.NewInput("1"), help: "How many years to register."},
			{id: "account", label: "account", help: "Which of your accounts, where there are several. Empty: the usual one."},
			{id: "contact", label: "contact", help: "Whose name it goes to. Empty: the account's own."},
			{id: "premium", label: "premium", choices: []string{"no", "yes"}, help: "Whether a premium price is all right, up to the cap."},
			{id: "consents", label: "consents", help: "What else you agree to, by the names that a refusal gives, separated by blanks."},
		},
	}
	if t := d.Todo.Text; t != "" {
		f.lead = append(f.lead, t)
	}
	name := d.Name
	f.submit = func(r *root, f *form) (tea.Cmd, bool) {
		spec, err := f.spec(name)
		if err == nil {
			err = r.allowed(&spec)
		}
		if err != nil {
			f.err = err.Error()
			return nil, false
		}
		f.busy = "asking what it would cost"
		core := r.core
		return r.ask(func(ctx context.Context) tea.Msg {
			pre, err := core.Preview(ctx, spec)
			return previewMsg{f, spec, pre, err}
		}), false
	}
	f.took = func(r *root, f *form, msg tea.Msg) (tea.Cmd, bool) {
		m, ok := msg.(previewMsg)
		if !ok || m.form != f {
			return nil, false
		}
		f.busy = ""
		switch {
		case m.err != nil:
			f.err = m.err.Error()
			r.fail("preview the order for "+string(name), m.err)
		case m.pre.Refused != "":
			f.err = "Refused: " + m.pre.Refused
		default:
			r.push(orderQuestion(r, f, m.spec, &m.pre))
		}
		return nil, false
	}
	return f, nil
}

func (f *form) spec(n watch.Name) (watch.OrderSpec, error) {
	s := watch.OrderSpec{
		Name: n, Route: f.get("route"), Account: f.get("account"), Contact: f.get("contact"),
		Premium: f.get("premium") == "yes", Consents: strings.Fields(f.get("consents")),
	}
	for _, c := range []struct {
		id string
		to *catch.Money
	}{{"cap", &s.Cap}, {"bid", &s.BidCap}, {"price", &s.Price}} {
		m, err := parseMoney(f.get(c.id))
		if err != nil {
			return s, fmt.Errorf("%s: %w", f.field(c.id).label, err)
		}
		if m.Units < 0 {
			return s, fmt.Errorf("%s: it cannot be below nothing", f.field(c.id).label)
		}
		*c.to = m
	}
	if s.Cap.IsZero() {
		return s, errors.New("cap: no order goes out without one; write it like 60USD")
	}
	if s.BidCap.IsZero() { // said to be none, which is not to say nothing: the name's own would count
		s.BidCap = catch.Money{Currency: s.Cap.Currency}
	}
	years, err := strconv.Atoi(f.get("years"))
	if err != nil || years < 1 || years > 10 {
		return s, errors.New("years: a number from 1 to 10")
	}
	s.Years = years
	return s, nil
}

// allowed holds an order against the limit of this session.
func (r *root) allowed(s *watch.OrderSpec) error {
	if r.roleCap.IsZero() {
		return nil
	}
	for _, m := range []catch.Money{s.Cap, s.BidCap} {
		if m.IsZero() {
			continue
		}
		c, err := m.Cmp(r.roleCap)
		if err != nil {
			return fmt.Errorf("this session may spend %s a name, and no other currency", r.roleCap)
		}
		if c > 0 {
			return fmt.Errorf("this session may spend at most %s a name, not %s", r.roleCap, m)
		}
	}
	return nil
}

// orderQuestion is the one place from which an order leaves. The price is in
// the question, Cancel is the default, and a premium name has to be typed.
func orderQuestion(r *root, f *form, spec watch.OrderSpec, pre *watch.OrderPreview) *confirm {
	now := r.now()
	service := pre.Order.Service
	if service == "" {
		service = spec.Route
	}
	price, basis := pre.Order.Price, pre.Order.Basis
	premium := spec.Premium
	if q := pre.Quote; q != nil {
		price, basis = q.Price, q.Basis
		premium = q.Premium
	}
	question := fmt.Sprintf("Order %s at %s for %s?", spec.Name.Display(), service, moneyOr(price, "a price that nobody has told"))
	e := &pre.Exposure
	text := []string{question, "Most you can owe for this name then: " + moneyList(e.MostOwed, "nothing") + "; lost in any case " +
		moneyList(e.LostAnyway, "nothing") + "; frozen " + moneyList(e.Frozen, "nothing") + "."}
	if basis != "" {
		at := pre.Order.PriceAt
		if pre.Quote != nil {
			at = pre.Quote.At
		}
		line := "Price: " + basis
		if !at.IsZero() {
			line += ", " + hm(at, now)
		}
		text = append(text, line+".")
	}
	if premium {
		text = append(text, "It is a PREMIUM name: renewals may cost as much again.")
	}
	put := func(label, s string) {
		if s != "" {
			text = append(text, label+strings.TrimRight(s, " "))
		}
	}
	won, lost := pre.IfWon, pre.IfLost
	if won == "" {
		won = ifWon(&pre.Terms, &pre.Order)[0]
	}
	if lost == "" {
		lost = ifLost(&pre.Terms)[0]
	}
	put("If it wins: ", won)
	put("If it loses: ", lost)
	put("Cap: ", (&spec.Cap).String()+" alone, "+moneyOr(spec.BidCap, "no bidding")+" in an auction.")
	put("It can be cancelled: ", pre.Terms.CancelBy)
	if len(spec.Consents) > 0 {
		put("You agree to: ", strings.Join(spec.Consents, ", "))
	}
	c := newConfirm(r, "This costs money", text, "Order it", true, func(r *root) tea.Cmd {
		r.drop(f)
		return r.place(spec)
	})
	if premium {
		c.must = string(spec.Name)
	}
	return c
}

// followFor is how long the screens wait for the holder to have done with an
// order; the order itself goes on without them.
const followFor = 10 * time.Minute

// place stores the order and follows it until the holder has done with it.
func (r *root) place(spec watch.OrderSpec) tea.Cmd {
	core := r.core
	r.toasts.busy("ordering " + string(spec.Name))
	return r.spend(func(ctx context.Context) tea.Msg {
		o, err := core.Order(ctx, spec)
		if err != nil {
			err = fmt.Errorf("order %s via %s: %w", spec.Name, spec.Route, err)
		}
		return orderedMsg{o, err}
	})
}

func (r *root) ordered(m orderedMsg) tea.Cmd {
	r.toasts.idle()
	if m.err != nil {
		r.fail("", m.err)
		return r.reloadSoon()
	}
	r.toasts.say(r.now(), fmt.Sprintf("Order %d for %s at %s: %s.", m.order.ID, m.order.Name, m.order.Service, stateWords[m.order.State]), false)
	return tea.Batch(r.follow(m.order.ID), r.reloadSoon())
}

// follow waits until the holder has done with an order what was asked.
func (r *root) follow(id int64) tea.Cmd {
	core, parent := r.core, r.ctx
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(parent, followFor)
		defer cancel()
		o, err := core.Follow(ctx, id)
		return followedMsg{o, err}
	}
}

func (r *root) followed(m followedMsg) tea.Cmd {
	if m.err != nil {
		if !errors.Is(m.err, context.DeadlineExceeded) && !errors.Is(m.err, context.Canceled) {
			r.fail("follow the order", m.err)
		}
		return r.reloadSoon()
	}
	o := &m.order
	if o.Name == "" {
		return nil
	}
	text := fmt.Sprintf("%s at %s: %s", o.Name, o.Service, stateWords[o.State])
	if o.Why != "" {
		text += " (" + o.Why + ")"
	}
	bad := o.State == catch.Failed || o.State == catch.RefusedOrder || o.State == catch.InDoubt
	r.toasts.say(r.now(), text, bad)
	if bad {
		r.log.fault(r.now(), text)
	}
	return r.reloadSoon()
}
