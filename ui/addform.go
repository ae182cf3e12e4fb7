package ui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/intake"
)

// addForm takes names: typed, or pasted by the thousand.
type addForm struct {
	in   widget.Input
	busy bool
	err  string
}

// maxPaste is how many characters names are taken from at once.
const maxPaste = 4 << 20

func newAddForm(text string) *addForm {
	f := &addForm{in: widget.Input{Many: true, Limit: maxPaste}}
	f.in.Insert(text)
	return f
}

// inputs takes the names out of a text: a line that is one word as it stands,
// from a line of several words those that are names.
func inputs(text string) []string {
	var out []string
	seen := map[string]bool{}
	put := func(s string) {
		if k := strings.ToLower(s); !seen[k] {
			seen[k] = true
			out = append(out, s)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r,;\"'<>()[]{}|", r) })
		if len(words) == 1 {
			put(words[0])
			continue
		}
		for _, w := range words {
			w = strings.Trim(w, ".:!?")
			if !strings.Contains(w, ".") {
				continue
			}
			if _, err := watch.ParseName(w); err == nil {
				put(w)
			}
		}
	}
	return out
}

type addedMsg struct {
	form  *addForm
	asked []watch.NewWatch
	res   []watch.AddResult
	err   error
}

func (f *addForm) update(r *root, msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case addedMsg:
		if msg.form == f {
			return f.took(r, msg)
		}
	case planMsg:
		if msg.of == overlay(f) {
			f.busy = false
			if msg.err != nil {
				f.err = msg.err.Error()
				return nil, false
			}
			r.push(newImportForm(r, msg))
			return nil, true
		}
	case tea.PasteMsg:
		f.in.Insert(msg.Content)
	case tea.KeyPressMsg:
		switch name := msg.String(); name {
		case "esc":
			return nil, true
		case "ctrl+s", "tab":
			return f.next(r), false
		default:
			f.err = ""
			f.in.Key(name, msg.Text)
		}
	}
	return nil, false
}

// next asks what the names are for.
func (f *addForm) next(r *root) tea.Cmd {
	if text := f.in.Text(); intake.Tabular(text) {
		f.busy = true
		return r.planFile(func() ([]byte, error) { return []byte(text), nil }, f)
	}
	names := inputs(f.in.Text())
	if len(names) == 0 {
		f.err = "no name yet: write one, like example.com"
		return nil
	}
	what := names[0]
	if len(names) > 1 {
		what = fmt.Sprintf("%d names", len(names))
	}
	opts := &form{
		title: "Add " + what,
		done:  "Add " + what,
		fields: []*field{
			{id: "kind", label: "kind", choices: []string{"as fits", "want", "mine", "launch"}, help: "want: to catch it. mine: to renew it in time. launch: its TLD is not open yet. As fits: want, or launch where the TLD is not open."},
			{id: "tags", label: "tags", help: "Words to find them by, separated by blanks."},
			{id: "cap", label: "cap", help: "The most that a name may cost when you are the only one who ordered, taxes in: 60USD. Without a cap nothing can be ordered. It can wait."},
			{id: "bid", label: "bid cap", help: "The most in an auction: 180USD. Empty: no bidding."},
			{id: "note", label: "note", help: "For yourself."},
		},
	}
	opts.at = len(opts.fields)
	opts.submit = func(r *root, o *form) (tea.Cmd, bool) {
		cmd, err := f.send(r, names, o)
		if err != nil {
			o.err = err.Error()
			return nil, false
		}
		return cmd, true
	}
	r.push(opts)
	return nil
}

func (f *addForm) send(r *root, names []string, o *form) (tea.Cmd, error) {
	limit, err := parseMoney(o.get("cap"))
	if err != nil {
		return nil, err
	}
	bid, err := parseMoney(o.get("bid"))
	if err != nil {
		return nil, err
	}
	kind := watch.Kind(o.get("kind"))
	if kind == "as fits" {
		kind = ""
	}
	ws := make([]watch.NewWatch, len(names))
	for i, n := range names {
		ws[i] = watch.NewWatch{
			Input: n, Kind: kind, Tags: strings.Fields(o.get("tags")), Note: o.get("note"), Cap: limit, BidCap: bid,
		}
	}
	f.busy = true
	core := r.core
	return r.ask(func(ctx context.Context) tea.Msg {
		res, err := core.Add(ctx, ws)
		return addedMsg{f, ws, res, err}
	}), nil
}

// parseMoney is catch.ParseMoney where empty means none.
func parseMoney(s string) (catch.Money, error) {
	if s == "" || s == "-" {
		return catch.Money{}, nil
	}
	return catch.ParseMoney(s)
}

func (f *addForm) took(r *root, m addedMsg) (tea.Cmd, bool) {
	f.busy = false
	if m.err != nil {
		f.err = m.err.Error()
		r.fail("add names", m.err)
		return nil, false
	}
	var names []watch.Name
	var ws []watch.NewWatch
	for i, res := range m.res {
		if res.Added {
			names = append(names, res.Name)
			if i < len(m.asked) {
				ws = append(ws, m.asked[i])
			}
		}
	}
	if len(names) > 0 {
		r.undo.did(added(countNames("adding", names), names, ws))
	}
	if len(m.res) == 1 && m.res[0].Added {
		r.toasts.say(r.now(), m.res[0].Name.Display()+" is on the list.", false)
		r.list.onto = m.res[0].Name
		return r.reloadSoon(), true
	}
	return tea.Batch(r.showResults(m.res), r.reloadSoon()), true
}

func (f *addForm) view(r *root, w, h int) (string, []string, int, int) {
	t := r.theme
	foot := f.err
	style := t.Bad
	if foot == "" {
		style = t.Dim
		foot = pick(2*w-12, "", "One name a line, or paste any text with names in it. ctrl+s goes on, esc leaves.",
			"A name a line, or any text. ctrl+s goes on, esc leaves.")
		if n := len(inputsQuick(f.in.Text())); n > 1 {
			foot = fmt.Sprintf("%d names. ctrl+s goes on, esc leaves.", n)
		}
	}
	if f.in.Cut {
		foot, style = "Not all of it fitted. "+foot+" The rest: lapse add - < FILE.", t.Warn
	}
	if f.busy {
		foot, style = "adding ...", t.Dim
	}
	below := widget.WrapMax(foot, w, 2, t.Glyph.Dots)
	rows := max(min(h-len(below)-1, 12), 1)
	lines, x, y := f.in.ViewMany(w, rows)
	if h >= rows+len(below)+1 {
		lines = append(lines, "")
	}
	for _, l := range below {
		lines = append(lines, widget.NewLine(w, t).Put(style, l).String())
	}
	return "Add names", lines, x, y
}

// inputsQuick counts lines without reading each: the count is shown while one
// types.
func inputsQuick(text string) []string {
	if len(text) > 64<<10 {
		return strings.Fields(text)
	}
	return inputs(text)
}

func countNames(what string, names []watch.Name) string {
	if len(names) == 1 {
		return what + " " + string(names[0])
	}
	return fmt.Sprintf("%s %d names", what, len(names))
}
