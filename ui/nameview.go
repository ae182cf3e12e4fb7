package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

func stripped(s string) string { return ansi.Strip(s) }

// labelled writes a labelled text over as many lines as it takes.
func (a *app) labelled(w int, label, text string, style widget.Style) []string {
	if text == "" {
		return nil
	}
	t := a.theme
	lead := 11
	if w < 50 {
		lead = 7
	}
	var out []string
	for i, line := range widget.Wrap(text, max(w-lead-1, 8)) {
		l := widget.NewLine(w, t).Skip(1)
		if i == 0 {
			l.Put(t.Head, widget.Fit(label, lead-1, ""))
		}
		out = append(out, l.To(lead).Put(style, line).String())
	}
	return out
}

// overview is the whole of a name on one screen, as far as it fits.
func (s *nameScreen) overview(w, h int, now time.Time) []string {
	t := s.theme
	d := s.d
	var out []string
	add := func(ls ...string) { out = append(out, ls...) }
	text := func(style widget.Style, text string) {
		for _, l := range widget.Wrap(text, max(w-2, 8)) {
			add(widget.NewLine(w, t).Skip(1).Put(style, l).String())
		}
	}
	rule := func() {
		if h >= 14 {
			add(widget.Rule(t, w))
		}
	}
	if d.Todo.Text != "" {
		style := t.Strong
		if urgentNow(d.Todo, now) {
			style = t.Urgent
		}
		lead := ""
		if d.Todo.Verb != "" && !d.Todo.By.IsZero() {
			lead = strings.ToUpper(string(d.Todo.Verb)) + " " + until(d.Todo.By, now)[0] + ": "
		}
		text(style, lead+d.Todo.Text)
	}
	s.stageLines(w, &d.Row, now, text)
	rule()
	before := len(out)
	if bar := s.timeline(w-2, now); bar != "" {
		add(" " + bar)
	}
	add(s.windowLines(w, &d.Row, now)...)
	add(s.fallingLines(w, h, now)...)
	if len(out) > before {
		rule()
	}
	add(s.routeLines(w, now)...)
	rule()
	add(s.evidenceShort(w, now)...)
	add(s.labelled(w, "burst", s.burstShort(now), "")...)
	if d.Trouble != "" {
		add(s.labelled(w, "last look", d.Trouble, t.Warn)...)
	}
	add(s.labelled(w, "they know", s.whoKnows(), "")...)
	if len(d.Tags) > 0 {
		add(s.labelled(w, "tags", strings.Join(d.Tags, " "), "")...)
	}
	add(s.labelled(w, "cap", capText(&d.Watch), t.Strong)...)
	if d.Purpose != "" {
		add(s.labelled(w, "purpose", d.Purpose, "")...)
	}
	add(s.labelled(w, "note", d.Note, "")...)
	if d.Rule.Zone != "" {
		add(s.labelled(w, "rule", ruleText(&d.Rule), t.Dim)...)
	}
	return out
}

func capText(w *watch.Watch) string {
	switch {
	case w.Cap.IsZero() && w.BidCap.IsZero():
		return "none yet: no order goes out without one"
	case w.BidCap.IsZero():
		return w.Cap.String() + " alone, no bidding"
	case w.Cap.IsZero():
		return "none alone, " + w.BidCap.String() + " in an auction"
	}
	return w.Cap.String() + " alone, " + w.BidCap.String() + " in an auction"
}

func ruleText(r *lifecycle.Rule) string {
	s := "." + strings.TrimPrefix(r.Zone, ".")
	if r.Zone == "*" {
		s = "generic gTLD rule"
	}
	if r.Registry != "" {
		s += ", " + r.Registry
	}
	if r.Nexus != "" {
		s += ". The registry wants: " + r.Nexus
	}
	if r.Seen != "" {
		s += " (facts of " + r.Seen + ")"
	}
	return s
}

// stageLines say where a name stands, since when, how sure that is, and what
// is special about it.
func (a *app) stageLines(w int, r *watch.Row, now time.Time, text func(widget.Style, string)) {
	t := a.theme
	v := &r.Verdict
	stage, style := a.stageText(r)
	head := strings.ToUpper(stage[0])
	if !v.Since.IsZero() {
		head += " since " + day(v.Since, now)
	}
	switch v.Confidence {
	case lifecycle.Single:
		head += " (one source)"
	case lifecycle.Guess:
		head += " (by the rule, nobody said so)"
	}
	said := a.explain(v, now)
	line := head + ". " + strings.Join(said, " ")
	if style == "" {
		style = t.Strong
	}
	text(style, line)
	var parts []string
	if v.Registrar != "" {
		p := v.Registrar
		if !v.Created.IsZero() {
			p += fmt.Sprintf(", registered %d", v.Created.Year())
		}
		if !v.Expires.IsZero() {
			p += ", expires " + dayOf(v.Expires, now)
		}
		parts = append(parts, p)
	} else if !v.Expires.IsZero() {
		parts = append(parts, "expires "+dayOf(v.Expires, now))
	}
	for _, f := range v.Flags {
		parts = append(parts, flagText(&f, now))
	}
	if len(parts) > 0 {
		text("", strings.Join(parts, "   "))
	}
	if u := r.Name.Unicode(); u != string(r.Name) {
		text(t.Warn, "written "+string(r.Name)+" in the DNS; look twice that these are the letters you mean")
	}
}

func flagText(f *lifecycle.Flag, now time.Time) string {
	s := string(f.Flag)
	if f.Tier != "" {
		s += " " + f.Tier
	}
	if f.Category != "" {
		s += " (" + f.Category + ")"
	}
	if f.Price != nil {
		s += " " + f.Price.Amount + " " + f.Price.Currency
	}
	if f.Until != nil && !f.Until.IsZero() {
		s += " until " + day(*f.Until, now)
	}
	return s
}

// timeline is the bar from expiry to drop. Where a stage's dates are not
// known they come from the TLD's rule.
func (s *nameScreen) timeline(w int, now time.Time) string {
	t := s.theme
	d := s.d
	v := &d.Verdict
	if v.Expires.IsZero() || len(d.Rule.Stages) == 0 || v.Stage == lifecycle.Caught {
		return ""
	}
	began := map[lifecycle.Stage]time.Time{}
	for _, c := range d.History {
		if c.Field == "stage" {
			if st := lifecycle.Stage(c.After); began[st].IsZero() || c.At.Before(began[st]) {
				began[st] = c.At
			}
		}
	}
	if !v.Since.IsZero() {
		began[v.Stage] = v.Since.Time
	}
	fills := map[lifecycle.Stage]string{
		lifecycle.Expired: t.Glyph.Empty, lifecycle.Redemption: t.Glyph.Mid, lifecycle.PendingDelete: t.Glyph.Full,
		lifecycle.Dropping: t.Glyph.Full, lifecycle.GatedStage: t.Glyph.Light,
	}
	if s.ascii {
		fills[lifecycle.Expired] = "."
	}
	labels := map[lifecycle.Stage]string{lifecycle.Expired: "grace", lifecycle.PendingDelete: "pend-delete"}
	at := v.Expires.Time
	var segs []widget.Segment
	if now.Before(at) {
		from := v.Created.Time
		if from.IsZero() || now.Sub(from) > 365*24*time.Hour {
			from = at.AddDate(-1, 0, 0)
		}
		segs = append(segs, widget.Segment{Label: "registered", From: from, To: at, Fill: t.Glyph.Empty, Style: t.Dim})
	}
	first := "expired "
	if now.Before(at) {
		first = "expires "
	}
	for _, rs := range d.Rule.Stages {
		if rs.MapsTo == lifecycle.Registered || rs.MapsTo == "" {
			continue
		}
		from := at
		if b := began[rs.MapsTo]; !b.IsZero() && !b.Before(v.Expires.Time) {
			from = b
		}
		to := from.Add(max(rs.Min, rs.Max))
		label := labels[rs.MapsTo]
		if label == "" {
			label = string(rs.MapsTo)
		}
		fill := fills[rs.MapsTo]
		if fill == "" {
			fill = t.Glyph.Light
		}
		style := t.Dim
		if rs.MapsTo == v.Stage {
			style = t.Will
		}
		segs = append(segs, widget.Segment{
			Label: label, From: from, To: to, FromText: first, Fill: fill, Style: style,
		})
		first = ""
		at = to
	}
	// A stage that was left early ends where the next one began.
	for i := 0; i+1 < len(segs); i++ {
		if segs[i].To.After(segs[i+1].From) {
			segs[i].To = segs[i+1].From
		}
	}
	if len(segs) == 0 {
		return ""
	}
	// Where a whole life takes minutes, as in the sandbox, days say nothing.
	when := func(d whoisx.Date) string { return dayOf(d, now) }
	if last := segs[len(segs)-1]; last.To.Sub(segs[0].From) < 48*time.Hour {
		when = func(d whoisx.Date) string { return d.UTC().Format("15:04:05") }
	}
	for i := range segs {
		if segs[i].To.After(segs[i].From) && (i > 0 || segs[i].FromText != "") {
			segs[i].FromText += when(whoisx.At(segs[i].From))
		}
	}
	end := "drop" + t.Glyph.Next
	if win := v.Window; win != nil && !win.From.IsZero() {
		end = "drop " + when(win.From) + t.Glyph.Next
	}
	return widget.Timeline(t, segs, end, now, w)
}

// windowLines say when it drops and why that is known.
func (a *app) windowLines(w int, r *watch.Row, now time.Time) []string {
	win := r.Verdict.Window
	if win == nil || win.From.IsZero() {
		return nil
	}
	ways, style := a.dropsText(r, now)
	text := ways[0]
	if !win.Likely.IsZero() && !win.Likely.Equal(win.From.Time) && win.To.Sub(win.From.Time) > time.Hour {
		text += ", most likely " + day(win.Likely, now)
	}
	if !win.HourKnown && !strings.Contains(text, "hour") {
		text += "; hour unknown"
	}
	if !win.From.DayOnly && win.From.After(now) {
		text += " (" + until(win.From.Time, now)[0]
		if l := win.From.In(a.local); l.Format("-0700") != "+0000" {
			text += ", " + l.Format("15:04") + " " + city(a.local, now)
		}
		text += ")"
	}
	out := a.labelled(w, "DROPS", text, style)
	return append(out, a.labelled(w, "why", win.Basis, "")...)
}

var routeColumns = []widget.Column{
	{ID: "route", Title: "ROUTE", Min: 9, Want: 11, Max: 18, Prio: 0},
	{ID: "state", Title: "STATE", Min: 9, Want: 14, Max: 20, Prio: 1},
	{ID: "cut", Title: "CUT-OFF", Min: 7, Want: 8, Max: 16, Prio: 3},
	{ID: "won", Title: "IF IT WINS", Min: 10, Want: 24, Max: 44, Prio: 2},
	{ID: "lost", Title: "IF IT LOSES", Min: 10, Want: 11, Max: 30, Prio: 4},
	{ID: "several", Title: "IF OTHERS ORDER TOO", Min: 14, Want: 20, Max: 30, Prio: 5, Extra: true},
	{ID: "ref", Title: "THEIR NUMBER", Min: 10, Want: 14, Max: 20, Prio: 6, Extra: true},
}

// routeLines are the routes as they stand, and what they add up to.
func (s *nameScreen) routeLines(w int, now time.Time) []string {
	t := s.theme
	d := s.d
	var out []string
	routes := d.Routes
	if ours(&d.Row) { // ways to get it are noise by now; what was ordered is not
		routes = slices.DeleteFunc(slices.Clone(routes), func(rt watch.RouteStatus) bool { return rt.Order == nil })
		if len(routes) == 0 {
			return s.owed(w)
		}
	}
	if len(routes) == 0 {
		out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Dim,
			widget.Fit("No route is set up. lapse account add opens one; by hand always works.", w-2, t.Glyph.Dots)).String())
		return append(out, s.owed(w)...)
	}
	cols := widget.Place(routeColumns, w-2, 1)
	l := widget.NewLine(w, t)
	for _, c := range cols {
		l.To(1+c.X).Cell(t.Head, c.Title, c.W, c.Right)
	}
	out = append(out, l.String())
	var shut []*watch.RouteStatus
	seen := map[string]int{}
	for i := range routes {
		seen[serviceName(&routes[i])]++
	}
	s.twice = seen
	for i := range routes {
		rt := &routes[i]
		if rt.Order == nil && (!rt.Open || !rt.Configured) {
			shut = append(shut, rt)
			continue
		}
		out = append(out, s.routeLine(w, cols, rt, now))
	}
	for _, rt := range shut {
		why := rt.Why
		if why == "" {
			why = "no account is set up"
		}
		l := widget.NewLine(w, t).Skip(1).Put("", widget.Fit(s.routeName(rt), cols[0].W, t.Glyph.Dots)).To(1+cols[0].W+1).
			Put(t.Dim, t.Glyph.No+" ")
		out = append(out, l.Put(t.Dim, why).String())
	}
	return append(out, s.owed(w)...)
}

// ours reports whether a name is the person's own.
func ours(r *watch.Row) bool {
	return r.Verdict.Stage == lifecycle.Caught || (r.Kind == watch.Mine && r.Verdict.Stage == lifecycle.Registered)
}

func serviceName(rt *watch.RouteStatus) string {
	if rt.Service != "" {
		return rt.Service
	}
	return rt.Route
}

// routeName is the service, and what it does there where it has several
// routes.
func (s *nameScreen) routeName(rt *watch.RouteStatus) string {
	name := serviceName(rt)
	if s.twice[name] < 2 {
		return name
	}
	switch rt.Kind {
	case catch.Register:
		return name + " burst"
	case catch.ExpiryAuction:
		return name + " auction"
	case catch.Prereg:
		return name + " prereg"
	}
	return name
}

func (s *nameScreen) routeLine(w int, cols []widget.Placed, rt *watch.RouteStatus, now time.Time) string {
	t := s.theme
	l := widget.NewLine(w, t)
	for _, c := range cols {
		l.To(1 + c.X)
		var text string
		var style widget.Style
		switch c.ID {
		case "route":
			text = s.routeName(rt)
		case "state":
			text, style = "no order", t.Dim
			if rt.CutOff.After(now) && s.d.Todo.Verb == watch.TodoOrder {
				text, style = "! NO ORDER", t.Warn
			}
			if rt.Order != nil {
				text, style = stateWords[rt.Order.State], s.stateStyle(rt.Order.State)
			}
		case "cut":
			switch {
			case !rt.CutOff.IsZero() && rt.CutOff.Before(now):
				text, style = "passed", t.Dim
			case !rt.CutOff.IsZero():
				text = pick(c.W, t.Glyph.Dots, hm(rt.CutOff, now)+" "+until(rt.CutOff, now)[0], hm(rt.CutOff, now), until(rt.CutOff, now)[len(until(rt.CutOff, now))-1])
			default:
				text = pick(c.W, t.Glyph.Dots, rt.Terms.CutOff, "-")
			}
		case "won":
			text, style = pick(c.W, t.Glyph.Dots, ifWon(&rt.Terms, rt.Order)...), t.Strong
		case "lost":
			text = pick(c.W, t.Glyph.Dots, ifLost(&rt.Terms)...)
		case "several":
			text = strings.ReplaceAll(string(rt.Terms.Several), "-", " ")
			if text == "" {
				text, style = "ask first", t.Dim
			}
		case "ref":
			if rt.Order != nil {
				text, style = rt.Order.Ref, t.Dim
			}
		}
		l.Cell(style, text, c.W, c.Right)
	}
	return l.String()
}

// ifWon says what a route costs if it wins, in several lengths.
func ifWon(tm *catch.Terms, o *catch.Order) []string {
	fee := tm.Fee
	if o != nil && !o.Price.IsZero() {
		fee = o.Price
	}
	if fee.IsZero() {
		return []string{"price unknown: ask first", "ask first"}
	}
	switch tm.Several {
	case catch.PublicAuction, catch.PrivateAuction:
		return []string{
			fee.String() + ", else " + strings.ReplaceAll(string(tm.Several), "-", " "),
			fee.String() + ", else auction", fee.String() + "+",
		}
	}
	return []string{fee.String()}
}

func ifLost(tm *catch.Terms) []string {
	if tm.LoseFee.IsZero() {
		if tm.Source == "" { // nobody has told the terms: nothing is promised
			return []string{"ask first"}
		}
		if tm.Refund == catch.RefundUnknown && !tm.Deposit.IsZero() {
			return []string{tm.Deposit.String() + " deposit: refund unknown", "ask first"}
		}
		return []string{"nothing"}
	}
	return []string{tm.LoseFee.String() + " lost", tm.LoseFee.String()}
}

// owed is the most that can be owed for the name.
func (s *nameScreen) owed(w int) []string {
	e := &s.d.Exposure
	if len(e.MostOwed)+len(e.LostAnyway)+len(e.Frozen) == 0 {
		return nil
	}
	text := "MOST YOU CAN OWE " + moneyList(e.MostOwed, "nothing") + ", lost in any case " + moneyList(e.LostAnyway, "nothing") +
		", frozen " + moneyList(e.Frozen, "nothing") + "."
	var out []string
	for _, line := range widget.Wrap(text, max(w-2, 8)) {
		out = append(out, widget.NewLine(w, s.theme).Skip(1).Put(s.theme.Strong, line).String())
	}
	return out
}

func sourceName(a *whoisx.Answer) string {
	return strings.ToUpper(string(a.Source))
}

// evidenceShort is who said what, in one paragraph.
func (s *nameScreen) evidenceShort(w int, now time.Time) []string {
	var parts []string
	for i := range s.d.Answers {
		a := &s.d.Answers[i]
		p := sourceName(a) + " " + hm(a.Asked, now) + " "
		if len(a.SaidStatuses) > 0 {
			p += `"` + strings.Join(a.SaidStatuses, ", ") + `"`
		} else {
			p += strings.ReplaceAll(string(a.Outcome), "-", " ")
		}
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		parts = []string{"nobody has answered yet"}
	}
	return s.labelled(w, "evidence", strings.Join(parts, "; "), "")
}

func (s *nameScreen) whoKnows() string {
	var parts []string
	for _, k := range s.d.Known {
		parts = append(parts, fmt.Sprintf("%s (%d looks)", k.Server, k.Times))
	}
	for _, o := range s.d.AllOrders {
		if o.State != catch.Planned {
			parts = append(parts, o.Service+" (your order)")
		}
	}
	return strings.Join(parts, ", ")
}
