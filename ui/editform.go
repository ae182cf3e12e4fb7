package ui

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

type (
	// watchesMsg brings what is to be edited.
	watchesMsg struct {
		field   string
		watches []watch.Watch
		err     error
	}
	editedMsg struct {
		form   *form
		before []watch.Watch
		after  []watch.Watch
		err    error
	}
)

// startEdit reads the names as they are now and opens the form on them.
func (r *root) startEdit(field string) tea.Cmd {
	names, core := r.screens[r.at].names(), r.core
	return r.ask(func(ctx context.Context) tea.Msg {
		ws, err := readWatches(ctx, core, names)
		return watchesMsg{field, ws, err}
	})
}

func readWatches(ctx context.Context, core Core, names []watch.Name) ([]watch.Watch, error) {
	ws := make([]watch.Watch, 0, len(names))
	for _, n := range names {
		d, err := core.Get(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", n, err)
		}
		ws = append(ws, d.Watch)
	}
	return ws, nil
}

var (
	kindChoices    = []string{"want", "mine", "launch"}
	purposeChoices = []string{"none", "use", "park", "for sale"}
)

const leave = "as it is"

// newEditForm edits one watch with all its fields filled in, or several with
// empty ones: what stays empty is left as it is.
func newEditForm(ws []watch.Watch) *form {
	many := len(ws) > 1
	w := &ws[0]
	text := func(s string) widget.Input {
		if many {
			return widget.NewInput("")
		}
		return widget.NewInput(s)
	}
	choose := func(choices []string, now string) (cs []string, at int) {
		if many {
			return append([]string{leave}, choices...), 0
		}
		for i, c := range choices {
			if c == now {
				at = i
			}
		}
		return choices, at
	}
	kinds, kind := choose(kindChoices, string(w.Kind))
	purposes, purpose := choose(purposeChoices, w.Purpose)
	tagHelp := "Words to find it by, separated by blanks."
	if many {
		tagHelp = "+word puts a tag on all of them, -word takes it off; words alone replace their tags."
	}
	prio := ""
	if w.Priority != 0 {
		prio = strconv.Itoa(w.Priority)
	}
	f := &form{
		title: "Edit " + w.Name.Unicode(), done: "Save",
		fields: []*field{
			{id: "kind", label: "kind", choices: kinds, at: kind, help: "want: to catch it. mine: to renew it in time. launch: its TLD is not open yet."},
			{id: "cap", label: "cap", in: text(moneyField(w.Cap)), help: "The most that it may cost when you are the only one who ordered, taxes in: 60USD. An order may only lower it. - takes it off."},
			{id: "bid", label: "bid cap", in: text(moneyField(w.BidCap)), help: "The most in an auction: 180USD. - means no bidding."},
			{id: "tags", label: "tags", in: text(strings.Join(w.Tags, " ")), help: tagHelp},
			{id: "note", label: "note", in: text(w.Note), help: "For yourself."},
			{id: "purpose", label: "purpose", choices: purposes, at: purpose, help: "What its name servers are set to when it is yours."},
			{id: "prio", label: "priority", in: text(prio), help: "A whole number; the higher one goes first where names share a burst."},
		},
	}
	if many {
		f.title = fmt.Sprintf("Edit %d names", len(ws))
		f.lead = []string{"What stays empty is left as it is."}
	}
	f.submit = func(r *root, f *form) (tea.Cmd, bool) {
		patches := make([]watch.Patch, len(ws))
		for i := range ws {
			p, err := f.patch(&ws[i], many)
			if err != nil {
				f.err = err.Error()
				return nil, false
			}
			patches[i] = p
		}
		f.busy = "saving"
		core := r.core
		return r.ask(func(ctx context.Context) tea.Msg {
			m := editedMsg{form: f}
			for i := range ws {
				w, err := core.Edit(ctx, ws[i].Name, patches[i])
				if err != nil {
					m.err = errors.Join(m.err, fmt.Errorf("edit %s: %w", ws[i].Name, err))
					continue
				}
				m.before = append(m.before, ws[i])
				m.after = append(m.after, w)
			}
			return m
		}), false
	}
	f.took = func(r *root, f *form, msg tea.Msg) (tea.Cmd, bool) {
		m, ok := msg.(editedMsg)
		if !ok || m.form != f {
			return nil, false
		}
		f.busy = ""
		if len(m.after) > 0 {
			names := make([]watch.Name, len(m.after))
			for i := range m.after {
				names[i] = m.after[i].Name
			}
			r.undo.did(edited(countNames("the edit of", names), m.before, m.after))
		}
		if m.err != nil {
			f.err = m.err.Error()
			if errors.Is(m.err, watch.ErrStale) {
				f.err = "somebody else changed it while this form was open; esc, look, and edit it again"
			}
			r.fail("", m.err)
			return r.reloadSoon(), false
		}
		r.toasts.say(r.now(), "Saved. "+r.keys.key("undo")+" takes it back.", false)
		return r.reloadSoon(), true
	}
	return f
}

func moneyField(m catch.Money) string {
	if m.IsZero() {
		return ""
	}
	return strings.TrimSuffix(m.Amount(), ".00") + m.Currency
}

// patch reads the form against one watch: only what changed is in it.
func (f *form) patch(w *watch.Watch, many bool) (watch.Patch, error) {
	p := watch.Patch{}
	if !many {
		p.Rev = w.Rev
	}
	if k := watch.Kind(f.get("kind")); string(k) != leave && k != w.Kind {
		p.Kind = &k
	}
	for _, c := range []struct {
		id, label string
		now       catch.Money
		to        **catch.Money
	}{{"cap", "cap", w.Cap, &p.Cap}, {"bid", "bid cap", w.BidCap, &p.BidCap}} {
		s := f.get(c.id)
		if many && s == "" {
			continue
		}
		m, err := parseMoney(s)
		if err != nil {
			return p, fmt.Errorf("%s: %w", c.label, err)
		}
		if m.Units < 0 {
			return p, fmt.Errorf("%s: it cannot be below nothing", c.label)
		}
		if m != c.now {
			*c.to = &m
		}
	}
	if s := f.get("tags"); !many || s != "" {
		var set []string
		plain := !many
		for _, tag := range strings.Fields(s) {
			switch {
			case many && strings.HasPrefix(tag, "+") && len(tag) > 1:
				p.AddTags = append(p.AddTags, tag[1:])
			case many && strings.HasPrefix(tag, "-") && len(tag) > 1:
				p.DropTags = append(p.DropTags, tag[1:])
			default:
				plain = true
				set = append(set, tag)
			}
		}
		if plain && strings.Join(set, " ") != strings.Join(w.Tags, " ") {
			p.Tags = &set
		}
	}
	if s := f.get("note"); (!many || s != "") && s != w.Note {
		p.Note = &s
	}
	if s := f.get("purpose"); s != leave {
		if s == "none" {
			s = ""
		}
		if s != w.Purpose {
			p.Purpose = &s
		}
	}
	if s := f.get("prio"); !many || s != "" {
		n := 0
		if s != "" {
			var err error
			if n, err = strconv.Atoi(s); err != nil {
				return p, fmt.Errorf("priority: %q is no whole number", s)
			}
		}
		if n != w.Priority {
			p.Priority = &n
		}
	}
	return p, nil
}
