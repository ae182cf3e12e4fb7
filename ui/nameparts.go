package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
	"github.com/lapse-dev/lapse/whoisx"
)

// answerHead is one answer in one line: who, when, what, how long.
func (a *app) answerHead(w int, an *whoisx.Answer, now time.Time) string {
	t := a.theme
	l := widget.NewLine(w, t).Skip(1)
	style := t.Strong
	if !an.Outcome.SaysSomething() {
		style = t.Warn
	}
	source, server, outcome := sourceName(an), widget.Safe(an.Server), strings.ReplaceAll(string(an.Outcome), "-", " ")
	when := hm(an.Asked, now)
	tails := []string{", " + when, ""}
	if an.Took > 0 {
		tails = append([]string{fmt.Sprintf(", %s, %d ms", when, time.Duration(an.Took).Milliseconds())}, tails...)
	}
	room := w - 2 - widget.Width(source) - widget.Width(outcome)
	server = widget.Fit(server, room-1, t.Glyph.Dots)
	return l.Put(t.Head, source).Skip(1).Put("", server).Skip(1).Put(style, outcome).
		Put(t.Dim, pick(room-1-widget.Width(server), "", tails...)).String()
}

// evidenceLines are all answers with the lines that they were concluded from.
func (s *nameScreen) evidenceLines(w int, now time.Time) []string {
	t := s.theme
	var out []string
	for _, why := range s.d.Verdict.Why {
		for _, l := range widget.Wrap(why, max(w-4, 8)) {
			out = append(out, widget.NewLine(w, t).Skip(1).Put("", l).String())
		}
	}
	if len(out) > 0 {
		out = append(out, "")
	}
	for i := range s.d.Answers {
		a := &s.d.Answers[i]
		out = append(out, s.answerHead(w, a, now))
		if v := s.took[a.Server]; len(v) > 1 {
			out = append(out, widget.NewLine(w, t).Skip(3).Put(t.Dim, "latency ").Put("", widget.Spark(t, v, max(w-20, 4))).String())
		}
		item := func(label, text string) {
			if text == "" {
				return
			}
			lead := 18
			if w < 50 {
				lead = 14
			}
			for j, line := range widget.Wrap(text, max(w-lead-1, 8)) {
				l := widget.NewLine(w, t).Skip(3)
				if j == 0 {
					l.Put(t.Dim, widget.Fit(label, lead-4, t.Glyph.Dots))
				}
				out = append(out, l.To(lead).Put("", line).String())
			}
		}
		item("why", a.Why)
		item("status", strings.Join(a.SaidStatuses, ", "))
		item("registrar", a.Registrar)
		item("created", a.Created.String())
		item("updated", a.Updated.String())
		item("expires", a.Expires.String())
		if a.RegistrarExpires.String() != a.Expires.String() {
			item("registrar says", a.RegistrarExpires.String())
		}
		item("deleted", a.Deleted.String())
		item("name servers", strings.Join(a.Nameservers, " "))
		if a.Drop != nil {
			item("drop", strings.TrimSpace(a.Drop.From.String()+" "+a.Drop.Text))
		}
		if a.Price != nil {
			item("price", a.Price.Amount+" "+a.Price.Currency+" "+a.Price.What)
		}
		item("category", a.Category)
		item("hidden", strings.Join(a.Redacted, ", "))
		if a.Source == whoisx.DNS {
			item("dns", string(a.Delegation)+" (a hint: DNS never decides)")
		}
		for _, e := range a.Evidence {
			item(fmt.Sprintf("line %d", e.Line), e.Text+"  "+t.Glyph.Next+" "+e.Says)
		}
		out = append(out, "")
	}
	if len(s.d.Answers) == 0 {
		out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Dim, "Nobody has answered yet.").String())
	}
	return out
}

// historyLines are the changes, newest first.
func (s *nameScreen) historyLines(w int, now time.Time) []string {
	t := s.theme
	var out []string
	for _, c := range s.d.History {
		when := hm(c.At, now)
		text := c.Text
		if text == "" {
			switch {
			case c.Before == "":
				text = c.Field + " " + c.After
			case c.After == "":
				text = c.Field + " " + c.Before + " is gone"
			default:
				text = c.Field + " " + c.Before + " " + t.Glyph.Next + " " + c.After
			}
		}
		if c.Source != "" {
			text += "  (" + c.Source + ")"
		}
		out = append(out, dated(w, t, 15, when, text)...)
	}
	if len(out) == 0 {
		out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Dim, "Nothing has changed since it came onto the list.").String())
	}
	return out
}

// dated writes a text that begins lead cells from the left, with its date
// before it; above it where there is no room.
func dated(w int, t *widget.Theme, lead int, when, text string) []string {
	var out []string
	if w < 36 {
		out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Dim, when).String())
		when, lead = "", 2
	}
	for i, line := range widget.Wrap(text, max(w-lead-1, 8)) {
		l := widget.NewLine(w, t).Skip(1)
		if i == 0 {
			l.Put(t.Dim, when)
		}
		out = append(out, l.To(lead).Put("", line).String())
	}
	return out
}

// checkLines are the checks with their marks.
func (s *nameScreen) checkLines(w int, now time.Time) []string {
	t := s.theme
	var out []string
	for _, c := range s.checks(now) {
		for i, line := range widget.Wrap(c.text, max(w-4, 8)) {
			l := widget.NewLine(w, t).Skip(1)
			if i == 0 && c.ok {
				l.Glyph("", t.Glyph.Yes, 1)
			} else if i == 0 {
				l.Glyph(t.Warn, t.Glyph.No, 1)
			}
			out = append(out, l.To(3).Put("", line).String())
		}
	}
	return out
}

// checklist is what should be in order before a name drops, or after it was
// won; each line says how it stands.
type check struct {
	ok   bool
	text string
}

func (s *nameScreen) checks(now time.Time) []check {
	d := s.d
	var out []check
	put := func(ok bool, yes, no string) {
		if ok {
			out = append(out, check{true, yes})
		} else {
			out = append(out, check{false, no})
		}
	}
	put(!d.Cap.IsZero(), "cap "+d.Cap.String(), "no cap: nothing can be ordered")
	put(!d.Verdict.Expires.IsZero(), "its date is known", "no source has told its date")
	put(d.Verdict.Confidence != "single" && d.Verdict.Confidence != "guess" && d.Verdict.Confidence != "conflict" && d.Verdict.Stage != "",
		"two sources agree on its stage", "fewer than two sources agree on its stage")
	open, orders := 0, 0
	for i := range d.Routes {
		rt := &d.Routes[i]
		if rt.Configured && rt.Open {
			open++
		}
		if rt.Order != nil && rt.Order.State.Holds() {
			orders++
			put(!rt.Order.Price.IsZero(), rt.Service+": price read "+rt.Order.Price.String(), rt.Service+": no price has been read")
			if !rt.CutOff.IsZero() && rt.Order.State == "planned" {
				put(rt.CutOff.After(now), rt.Service+": takes orders until "+hm(rt.CutOff, now), rt.Service+": its cut-off has passed")
			}
		}
	}
	put(open > 0, plural(open, "open route"), "no route is open to you")
	put(orders > 0, plural(orders, "order")+" given", "no order has been given")
	put(d.Verdict.Has("premium") == nil, "no source calls it premium", "a source calls it premium: it needs a consent of its own")
	put(d.Verdict.Has("look-alike") == nil, "its letters are one script", "it looks like another name")
	for _, c := range d.Checklist {
		text := c.Item + ": " + c.Text
		if !c.Due.IsZero() {
			text = c.Item + " " + c.Due.UTC().Format("2 Jan") + ": " + c.Text
		}
		if c.Done.IsZero() && c.Why != "" {
			text += " (" + c.Why + ")"
		}
		out = append(out, check{!c.Done.IsZero(), text})
	}
	out = append(out, check{false, "trademarks: nothing here checks them"})
	return out
}

func sourceName(a *whoisx.Answer) string {
	return strings.ToUpper(string(a.Source))
}

// whoSaid is who said what, in one paragraph. Who says the same as the first
// one agrees.
func (s *nameScreen) whoSaid(now time.Time) string {
	var parts []string
	first := ""
	for i := range s.d.Answers {
		a := &s.d.Answers[i]
		said := strings.ReplaceAll(string(a.Outcome), "-", " ")
		if a.Source == whoisx.DNS && a.Delegation != whoisx.DelegationUnknown {
			said = strings.ReplaceAll(string(a.Delegation), "-", " ")
		} else if len(a.SaidStatuses) > 0 {
			said = `"` + strings.Join(a.SaidStatuses, ", ") + `"`
		}
		plain := strings.ToLower(strings.ReplaceAll(said, " ", ""))
		if first == "" && a.Source.Votes() {
			first = plain
		} else if plain == first {
			said = "agrees"
		}
		parts = append(parts, sourceName(a)+" "+hm(a.Asked, now)+" "+said)
	}
	if len(parts) == 0 {
		return "nobody has answered yet"
	}
	return strings.Join(parts, ", ")
}

// looked says what was looked into beside the stage, and what was not: a
// premium price, and trademarks, which nothing here checks. Nothing for the
// person's own names.
func (s *nameScreen) looked(now time.Time) []string {
	if ours(&s.d.Row) || s.d.Kind == watch.Mine {
		return nil
	}
	premium := "premium: NOT CHECKED"
	for i := range s.d.Answers {
		a := &s.d.Answers[i]
		if (a.Source == whoisx.EPP || a.Source == whoisx.Registrar) && a.Outcome.SaysSomething() && a.Price != nil {
			premium = "premium: no (" + hm(a.Asked, now) + ")"
		}
	}
	if s.d.Verdict.Has(lifecycle.FlagPremium) != nil {
		premium = "PREMIUM"
	}
	return []string{premium, "trademark: NOT CHECKED"}
}

func (s *nameScreen) whoKnows() string {
	var parts []string
	for _, k := range s.d.Known {
		parts = append(parts, k.Server+" ("+plural(int(k.Times), "look")+")")
	}
	for _, o := range s.d.AllOrders {
		if o.State != catch.Planned {
			parts = append(parts, o.Service+" (your order)")
		}
	}
	return strings.Join(parts, ", ")
}
