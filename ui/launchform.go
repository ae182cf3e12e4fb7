package ui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/launch"
)

// askFirst stands where an offer leaves a question open.
const askFirst = "ask first"

type offerSavedMsg struct {
	form  *form
	offer launch.Offer
	err   error
}

func (r *root) launches() *launchScreen { return r.screens[onLaunch].(*launchScreen) }

func needLaunch(r *root) string {
	if r.launches().under() == nil {
		return "there is no launch here"
	}
	return ""
}

// startOffer asks which offer of the launch is meant, where it has some, and
// opens the form on it.
func (r *root) startOffer() tea.Cmd {
	o := r.launches().under()
	if len(o.Phases) == 0 {
		r.fail("", fmt.Errorf("nothing is known of the phases of .%s: lapse launch edit %s adds one", o.TLD, o.TLD))
		return nil
	}
	if len(o.Offers) == 0 {
		r.push(newOfferForm(o, nil))
		return nil
	}
	m := &menu{title: "An offer for ." + o.TLD}
	m.items = append(m.items, menuItem{key: "n", label: "a new one", run: func(r *root) tea.Cmd { r.push(newOfferForm(o, nil)); return nil }})
	for i := range o.Offers {
		have := &o.Offers[i]
		m.items = append(m.items, menuItem{label: have.ID + ": " + have.Registrar + ", " + string(have.Tier) + " for " + have.Phase, run: func(r *root) tea.Cmd {
			r.push(newOfferForm(o, have))
			return nil
		}})
	}
	r.push(m)
	return nil
}

// newOfferForm is the list of what to ask before handing over a card. What stays
// unanswered is shown as such, and kept as such.
func newOfferForm(l *watch.Opening, have *launch.Offer) *form {
	o := launch.NewOffer("", "", l.TLD, l.Phases[0].Name)
	if have != nil {
		o = *have
	}
	var phases []string
	at := 0
	for i, p := range l.Phases {
		phases = append(phases, p.Name)
		if strings.EqualFold(p.Name, o.Phase) || have == nil && p.Kind == launch.GA {
			at = i
		}
	}
	f := &form{
		title: "What a registrar offers for ." + l.TLD, done: "Keep",
		lead: []string{"What to ask before handing over a card. What nobody answers stays open, and money of which nobody tells counts as lost."},
		fields: []*field{
			{id: "registrar", label: "registrar", in: widget.NewInput(o.Registrar), help: "Who offers it."},
			{id: "id", label: "your word for it", in: widget.NewInput(o.ID), help: "A short word that you order it by, like r-priority. Empty: made of registrar and tier."},
			{id: "phase", label: "phase", choices: phases, at: at, help: "For which phase it is."},
		},
	}
	if have != nil {
		f.title = "The offer " + o.ID + " for ." + l.TLD
		f.field("id").hidden = true
	}
	for _, q := range launch.Fields() {
		fl := &field{id: q.Key, label: q.Label, help: q.Ask}
		if q.Write != "" {
			fl.help += " (" + q.Write + ")"
		}
		if len(q.Choice) == 0 {
			fl.in = widget.NewInput(q.Of(o))
		} else {
			fl.choices = append([]string{askFirst}, q.Choice...)
			if q.Key == "tier" {
				fl.choices = q.Choice
			}
			for i, c := range fl.choices {
				if c == q.Of(o) {
					fl.at = i
				}
			}
		}
		f.fields = append(f.fields, fl)
	}
	f.changed = func(f *form) {
		now, err := f.offer(o)
		if err != nil {
			return // it is told when it is kept
		}
		for _, q := range launch.Fields() {
			f.field(q.Key).blank = ""
			if now.Tier != launch.Interest && q.Open(now) {
				f.field(q.Key).blank = askFirst
			}
		}
	}
	f.changed(f)
	f.submit = func(r *root, f *form) (tea.Cmd, bool) {
		now, err := f.offer(o)
		if err == nil && f.get("registrar") == "" {
			err = fmt.Errorf("who offers it? The registrar has no name yet")
		}
		if err != nil {
			f.err = err.Error()
			return nil, false
		}
		f.busy = "keeping it"
		core := r.core
		return r.ask(func(ctx context.Context) tea.Msg {
			kept, err := core.SaveOffer(ctx, now)
			return offerSavedMsg{f, kept, err}
		}), false
	}
	f.took = func(r *root, f *form, msg tea.Msg) (tea.Cmd, bool) {
		m, ok := msg.(offerSavedMsg)
		if !ok || m.form != f {
			return nil, false
		}
		f.busy = ""
		if m.err != nil {
			f.err = m.err.Error()
			r.fail("", m.err)
			return nil, false
		}
		text := "Kept " + m.offer.ID + "; every question is answered."
		if n := len(m.offer.AskFirst()); n > 0 {
			text = fmt.Sprintf("Kept %s; ask first: %d questions are open.", m.offer.ID, n)
		}
		r.toasts.say(r.now(), text, false)
		return r.reloadSoon(), true
	}
	return f
}

// offer reads the form over the offer that it was opened on.
func (f *form) offer(o launch.Offer) (launch.Offer, error) {
	o.Registrar, o.Phase = f.get("registrar"), f.get("phase")
	if o.ID == "" {
		if o.ID = f.get("id"); o.ID == "" {
			o.ID = strings.ToLower(strings.Join(strings.Fields(o.Registrar+" "+f.get("tier")+" "+o.TLD), "-"))
		}
	}
	if o.Registrar == "" {
		o.Registrar = "?" // not told yet: the answers are read all the same
	}
	answers := map[string]string{}
	for _, q := range launch.Fields() {
		if v := f.get(q.Key); v != askFirst {
			answers[q.Key] = v
		} else {
			answers[q.Key] = ""
		}
	}
	return launch.Answered(o, answers)
}
