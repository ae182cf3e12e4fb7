package ui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/intake"
)

// startImport asks for a file.
func (r *root) startImport() tea.Cmd {
	ask := &form{
		title: "Import names",
		lead:  []string{"An export of ExpiredDomains.net, DropCatch or a registrar, a spreadsheet saved as CSV, or plain names. What it is taken for is shown before anything is added."},
		done:  "Read it",
		fields: []*field{
			{id: "path", label: "file", help: "Its path, like ~/Downloads/names.csv. Or close this and paste its text into the list."},
		},
	}
	ask.submit = func(r *root, f *form) (tea.Cmd, bool) {
		path := f.get("path")
		if path == "" {
			f.err = "which file?"
			return nil, false
		}
		read := r.readFile
		f.busy = "reading " + path
		return r.planFile(func() ([]byte, error) { return read(path) }, ask), false
	}
	ask.took = func(r *root, f *form, msg tea.Msg) (tea.Cmd, bool) {
		m, ok := msg.(planMsg)
		if !ok || m.of != overlay(ask) {
			return nil, false
		}
		f.busy = ""
		if m.err != nil {
			f.err = m.err.Error()
			return nil, false
		}
		r.push(newImportForm(r, m))
		return nil, true
	}
	r.push(ask)
	return nil
}

func canImport(r *root) string {
	if r.readFile == nil {
		return "this session reads no files; paste the text of yours into the list"
	}
	return ""
}

// planMsg is a file, read and understood as far as it can be.
type planMsg struct {
	of   overlay
	data []byte
	plan *intake.Plan
	err  error
	at   int // which question it answers
}

// planFile reads and plans away from Update.
func (r *root) planFile(read func() ([]byte, error), of overlay) tea.Cmd {
	parse := r.core.ParseNew
	return r.ask(func(context.Context) tea.Msg {
		data, err := read()
		if err != nil {
			return planMsg{of: of, err: err}
		}
		return plan(data, intake.Options{Parse: parse}, of, 0)
	})
}

func plan(data []byte, o intake.Options, of overlay, at int) planMsg {
	p, err := intake.Read(data, o)
	return planMsg{of: of, data: data, plan: p, err: err, at: at}
}

// importForm shows what a file is taken for. A column that is changed is
// planned again at once.
type importForm struct {
	form
	data  []byte
	plan  *intake.Plan
	asked string // the mapping that the plan is of, or will be
	asks  int    // counts the questions
	all   []watch.AddResult
	named []watch.Name
	news  []watch.NewWatch
}

// importAtOnce is how many names one transaction adds.
const importAtOnce = 5000

func newImportForm(r *root, m planMsg) *importForm {
	f := &importForm{data: m.data}
	f.fields = append(f.fields,
		&field{id: "kind", label: "kind", choices: []string{"as the file says", "want", "mine", "launch"}, help: "What a registrar's list holds is yours; everything else you want."},
		&field{id: "tags", label: "tags", help: "Words to find them by, separated by blanks."},
		&field{id: "purpose", label: "purpose", choices: purposeChoices, help: "What name servers are set to when a name is yours, where the file says nothing."})
	words := make([]string, len(intake.Fields))
	for i, w := range intake.Fields {
		words[i] = string(w)
	}
	for i, c := range m.plan.Columns {
		fl := &field{id: fmt.Sprint(i + 1), label: widget.Fit(widget.Safe(c.Heading), 24, r.theme.Glyph.Dots), choices: words, hint: c.Sample, help: "left and right change what the column becomes. remark: into the note, behind its heading. skip: not taken."}
		for k, w := range intake.Fields {
			if w == c.Field {
				fl.at = k
			}
		}
		f.fields = append(f.fields, fl)
	}
	f.submit = func(r *root, _ *form) (tea.Cmd, bool) { return f.add(r), false }
	f.at = len(f.fields)
	f.asked = f.mapping()
	f.show(m.plan)
	return f
}

// mapping is all that the plan depends on.
func (f *importForm) mapping() string {
	var b strings.Builder
	for _, fl := range f.fields {
		b.WriteString(fl.id + "=" + fl.value() + "\n")
	}
	return b.String()
}

func (f *importForm) options(r *root) intake.Options {
	o := intake.Options{Map: map[string]intake.Field{}, Tags: strings.Fields(f.get("tags")), Parse: r.core.ParseNew}
	if f.field("kind").at > 0 {
		o.Kind = watch.Kind(f.get("kind"))
	}
	if f.field("purpose").at > 0 {
		o.Purpose = f.get("purpose")
	}
	for i := range f.plan.Columns {
		id := fmt.Sprint(i + 1)
		o.Map[id] = intake.Field(f.get(id))
	}
	return o
}

// show says what the plan came to.
func (f *importForm) show(p *intake.Plan) {
	f.plan = p
	f.title = "Import names"
	f.lead = []string{p.Title() + "."}
	for i, b := range p.Bad {
		if i == 3 {
			f.lead = append(f.lead, fmt.Sprintf("and %d more; all of them are listed afterwards.", len(p.Bad)-i))
			break
		}
		f.lead = append(f.lead, fmt.Sprintf("line %d: %s", b.Line, widget.Safe(b.Why)))
	}
	f.done = "Add " + plural(len(p.Names), "name")
}

type importedMsg struct {
	form *importForm
	upTo int
	asks []watch.NewWatch
	res  []watch.AddResult
	err  error
}

func (f *importForm) update(r *root, msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case planMsg:
		if msg.of == overlay(f) && msg.at == f.asks {
			f.busy = ""
			if f.err = ""; msg.err != nil {
				f.err = msg.err.Error()
			} else {
				f.show(msg.plan)
			}
		}
		return nil, false
	case importedMsg:
		if msg.form == f {
			return f.took(r, msg)
		}
		return nil, false
	}
	if f.all != nil { // names are being added: what is half done cannot be left
		return nil, false
	}
	cmd, done := f.form.update(r, msg)
	if now := f.mapping(); now != f.asked && !done && f.all == nil {
		f.asked, f.busy, f.err = now, "reading it again", ""
		f.asks++
		at, data, o := f.asks, f.data, f.options(r)
		cmd = tea.Batch(cmd, func() tea.Msg { return plan(data, o, f, at) })
	}
	return cmd, done
}

func (f *importForm) add(r *root) tea.Cmd {
	if len(f.plan.Names) == 0 {
		f.err = "there is no name to add"
		return nil
	}
	f.all = make([]watch.AddResult, 0, len(f.plan.Names)+len(f.plan.Bad))
	return f.next(r, 0)
}

// next adds the next names.
func (f *importForm) next(r *root, from int) tea.Cmd {
	names, core := f.plan.Names, r.core
	f.busy = fmt.Sprintf("adding %d of %d", from, len(names))
	return r.ask(func(ctx context.Context) tea.Msg {
		part := names[from:min(from+importAtOnce, len(names))]
		ws := make([]watch.NewWatch, len(part))
		for i := range part {
			ws[i] = part[i].NewWatch
		}
		res, err := core.Add(ctx, ws)
		return importedMsg{f, from + len(part), ws, res, err}
	})
}

func (f *importForm) took(r *root, m importedMsg) (tea.Cmd, bool) {
	if m.err != nil {
		f.busy = ""
		f.err = fmt.Sprintf("%v; %d names are on the list, do it again for the others", m.err, len(f.named))
		f.all = nil
		r.fail("import names", m.err)
		return r.reloadSoon(), false
	}
	f.all = append(f.all, m.res...)
	for i, res := range m.res {
		if res.Added {
			f.named, f.news = append(f.named, res.Name), append(f.news, m.asks[i])
		}
	}
	if m.upTo < len(f.plan.Names) {
		return f.next(r, m.upTo), false
	}
	if len(f.named) > 0 {
		r.undo.did(added(countNames("adding", f.named), f.named, f.news))
	}
	for _, b := range f.plan.Bad {
		f.all = append(f.all, watch.AddResult{Input: fmt.Sprintf("line %d: %s", b.Line, b.Text), Why: b.Why, Meant: b.Meant})
	}
	return tea.Batch(r.showResults(f.all), r.reloadSoon()), true
}
