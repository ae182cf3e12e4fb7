package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/lapse-dev/lapse/ui/widget"
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
	l.Put(t.Head, sourceName(an)).Skip(1).Put("", an.Server).Skip(1).Put(style, string(an.Outcome))
	tail := " " + hm(an.Asked, now)
	if an.Took > 0 {
		tail += fmt.Sprintf(", %d ms", time.Duration(an.Took).Milliseconds())
	}
	return l.Put(t.Dim, tail).String()
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
			for j, line := range widget.Wrap(text, max(w-18, 8)) {
				l := widget.NewLine(w, t).Skip(3)
				if j == 0 {
					l.Put(t.Dim, label)
				}
				out = append(out, l.To(min(16, w/3)).Put("", line).String())
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
		when := widget.Fit(hm(c.At, now), 13, "")
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
		for i, line := range widget.Wrap(text, max(w-16, 8)) {
			l := widget.NewLine(w, t).Skip(1)
			if i == 0 {
				l.Put(t.Dim, when)
			}
			out = append(out, l.To(min(15, w/3)).Put("", line).String())
		}
	}
	if len(out) == 0 {
		out = append(out, widget.NewLine(w, t).Skip(1).Put(t.Dim, "Nothing has changed since it came onto the list.").String())
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
	put(open > 0, fmt.Sprintf("%d routes are open to you", open), "no route is open to you")
	put(orders > 0, fmt.Sprintf("%d orders hold", orders), "no order has been given")
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
