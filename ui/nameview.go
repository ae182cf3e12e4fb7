package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

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
	low := h < 14 // what, when and for how much; what that means comes below
	rule := func() {
		if !low {
			add(widget.Rule(t, w))
		}
	}
	add(s.nextStep(w, now)...)
	if low {
		head, _, style := s.stageHead(&d.Row, now)
		add(s.wrapped(w, style, head)...)
	} else {
		add(s.stageLines(&d.Row, now, w, s.looked(now)...)...)
	}
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
	if low {
		_, said, _ := s.stageHead(&d.Row, now)
		add(s.wrapped(w, "", said)...)
		add(s.stageFacts(&d.Row, now, w, s.looked(now)...)...)
	}
	rule()
	add(s.labelled(w, "ready", s.readyText(now), s.readyStyle())...)
	add(s.labelled(w, "evidence", s.whoSaid(now), "")...)
	add(s.labelled(w, "burst", s.burstShort(now), "")...)
	if d.Trouble != "" {
		add(s.labelled(w, "last look", d.Trouble, t.Warn)...)
	}
	add(s.labelled(w, "they know", s.whoKnows(), "")...)
	add(s.labelled(w, "cap", capText(&d.Watch), t.Strong)...)
	add(s.labelled(w, "note", d.Note, "")...)
	if len(d.Tags) > 0 {
		add(s.labelled(w, "tags", strings.Join(d.Tags, " "), "")...)
	}
	if d.Purpose != "" {
		add(s.labelled(w, "purpose", d.Purpose, "")...)
	}
	if d.Rule.Zone != "" {
		add(s.labelled(w, "rule", ruleText(&d.Rule), t.Dim)...)
	}
	add(s.spare(w, h-len(out), now)...)
	return out
}

// nextStep is what the person has to do, over the whole line where it is near.
func (s *nameScreen) nextStep(w int, now time.Time) []string {
	todo := &s.d.Todo
	if todo.Text == "" {
		return nil
	}
	text := todo.Text
	if todo.Verb != "" && !todo.By.IsZero() {
		text = strings.ToUpper(string(todo.Verb)) + " " + until(todo.By, now)[0] + ": " + text
	}
	if !urgentNow(*todo, now) {
		return s.wrapped(w, s.theme.Strong, text)
	}
	var out []string
	for _, line := range widget.Wrap(text, max(w-2, 8)) {
		out = append(out, widget.NewLine(w, s.theme).Skip(1).Base(s.theme.Urgent).Put("", line).To(w).String())
	}
	return out
}

// spare fills what a tall terminal has left below the overview: the checklist
// and the latest changes, side by side where there is room for both.
func (s *nameScreen) spare(w, h int, now time.Time) []string {
	t := s.theme
	title := func(text string, lines []string) []string {
		return append([]string{widget.NewLine(w, t).Skip(1).Put(t.Head, text).String()}, lines...)
	}
	half := w
	if w >= 120 {
		half = (w - 2) / 2
	}
	checks := title("CHECKLIST", s.checkLines(half, now))
	changes := title("CHANGES", s.historyLines(half, now))
	switch {
	case h < len(checks)+1:
		return nil
	case half < w:
		changes = changes[:min(len(changes), h-1)]
		out := []string{widget.Rule(t, w)}
		bar := " " + t.Rule.On(t.Glyph.V)
		for i := range max(len(checks), len(changes)) {
			left, right := "", ""
			if i < len(checks) {
				left = checks[i]
			}
			if i < len(changes) {
				right = changes[i]
			}
			out = append(out, widget.PadTo(left, half)+bar+right)
		}
		return out
	}
	out := append([]string{widget.Rule(t, w)}, checks...)
	if h-len(out) < 3 {
		return out
	}
	out = append(out, widget.Rule(t, w))
	return append(out, changes[:min(len(changes), h-len(out))]...)
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
// is special about it; more is said behind that.
func (a *app) stageLines(r *watch.Row, now time.Time, w int, more ...string) []string {
	head, said, style := a.stageHead(r, now)
	return append(a.wrapped(w, style, head+" "+said), a.stageFacts(r, now, w, more...)...)
}

// stageHead is the stage, since when and how sure, and what that means.
func (a *app) stageHead(r *watch.Row, now time.Time) (head, said string, style widget.Style) {
	v := &r.Verdict
	stage, style := a.stageText(r)
	head = strings.ToUpper(stage[0])
	if !v.Since.IsZero() {
		head += " since " + day(v.Since, now)
		if from := v.SinceFrom; !from.IsZero() && from.Before(v.Since.Time) && !v.Since.DayOnly {
			head += " (or up to " + ago(v.Since.Sub(from.Time)) + " before)"
		}
	}
	switch v.Confidence {
	case lifecycle.Single:
		head += " (one source)"
	case lifecycle.Guess:
		head += " (by the rule, nobody said so)"
	}
	if style == "" {
		style = a.theme.Strong
	}
	return head + ".", strings.Join(a.explain(v, now), " "), style
}

// stageFacts are who holds it, and what is special about it.
func (a *app) stageFacts(r *watch.Row, now time.Time, w int, more ...string) []string {
	var parts []string
	if held := heldText(&r.Verdict, now); held != "" {
		parts = append(parts, held)
	}
	for _, f := range r.Verdict.Flags {
		parts = append(parts, flagText(&f, now))
	}
	var out []string
	line := ""
	for _, p := range append(parts, more...) {
		if line != "" && widget.Width(line)+3+widget.Width(p) > w-2 {
			out, line = append(out, a.wrapped(w, "", line)...), ""
		}
		if line != "" {
			line += "   "
		}
		line += widget.Safe(p)
	}
	out = append(out, a.wrapped(w, "", line)...)
	if u := r.Name.Unicode(); u != string(r.Name) {
		out = append(out, a.wrapped(w, a.theme.Warn, "written "+string(r.Name)+" in the DNS; look twice that these are the letters you mean")...)
	}
	return out
}

// wrapped is a text over as many lines as it takes.
func (a *app) wrapped(w int, style widget.Style, text string) []string {
	return paragraph(a.theme, w, style, text)
}

// heldText is who holds or held it, and from when to when.
func heldText(v *lifecycle.Verdict, now time.Time) string {
	var parts []string
	if v.Registrar != "" {
		parts = append(parts, v.Registrar)
	}
	if over := !v.Expires.IsZero() && v.Expires.Before(now); over && !v.Created.IsZero() {
		return strings.Join(append(parts, fmt.Sprintf("held %d-%d", v.Created.Year(), v.Expires.Year())), ", ")
	}
	if !v.Created.IsZero() {
		parts = append(parts, fmt.Sprintf("registered %d", v.Created.Year()))
	}
	if !v.Expires.IsZero() {
		word := "expires "
		if v.Expires.Before(now) {
			word = "expired "
		}
		parts = append(parts, word+dayOf(v.Expires, now))
	}
	return strings.Join(parts, ", ")
}

func flagText(f *lifecycle.Flag, now time.Time) string {
	s := string(f.Flag)
	if tier, _, _ := strings.Cut(f.Tier, ", fee expires"); tier != "" { // its clock is drawn
		s += " " + tier
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
	ends := []string{"drop" + t.Glyph.Next, ""}
	if win := v.Window; win != nil && !win.From.IsZero() {
		ends = append([]string{"drop " + when(win.From) + t.Glyph.Next}, ends...)
	}
	return widget.Timeline(t, segs, ends, now, w)
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
