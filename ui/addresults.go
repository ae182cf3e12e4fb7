package ui

import (
	"context"
	"fmt"
	"sort"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

// addResults says what became of each name, sorted by what can still be done
// for it. Stages come in while it is open.
type addResults struct {
	res   []watch.AddResult
	rows  map[watch.Name]*watch.Row
	added int
	pager
}

func (r *root) showResults(res []watch.AddResult) tea.Cmd {
	a := &addResults{res: res, rows: map[watch.Name]*watch.Row{}}
	for i := range res {
		if res[i].Added {
			a.added++
		}
	}
	a.sort()
	r.push(a)
	return a.refresh(r)
}

type addRowsMsg struct {
	of   *addResults
	rows []watch.Row
}

// At most this many names are read again while the results are open.
const resultRows = 200

func (a *addResults) refresh(r *root) tea.Cmd {
	var names []watch.Name
	for _, res := range a.res {
		if res.Name != "" && len(names) < resultRows {
			names = append(names, res.Name)
		}
	}
	core := r.core
	return r.ask(func(ctx context.Context) tea.Msg {
		m := addRowsMsg{of: a}
		for _, n := range names {
			d, err := core.Get(ctx, n)
			if err == nil {
				m.rows = append(m.rows, d.Row)
			}
		}
		return m
	})
}

func (a *addResults) update(r *root, msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case addRowsMsg:
		if msg.of == a {
			for i := range msg.rows {
				a.rows[msg.rows[i].Name] = &msg.rows[i]
			}
			a.sort()
		}
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc", "enter", "q", "space":
			return nil, true
		case "down", "j":
			a.scroll(1, false)
		case "up", "k":
			a.scroll(-1, false)
		case "pgdown":
			a.scroll(1, true)
		case "pgup":
			a.scroll(-1, true)
		}
	}
	return nil, false
}

// chance ranks what can still be done for a name: the sooner one must act, the
// higher.
var chance = map[lifecycle.Stage]int{
	lifecycle.Free: 0, lifecycle.LikelyFree: 1, lifecycle.Dropping: 2, lifecycle.PendingDelete: 3, lifecycle.GatedStage: 4,
	lifecycle.Launching: 5, lifecycle.Redemption: 6, lifecycle.Expired: 7, lifecycle.PendingRestore: 8,
	"": 9, lifecycle.Unknown: 9, lifecycle.Registered: 10, lifecycle.Caught: 11, lifecycle.Lost: 12,
	lifecycle.ReservedStage: 13, lifecycle.BlockedStage: 14,
}

// sort puts first what can still be done, and what must be soonest; names that
// are none come last.
func (a *addResults) sort() {
	rank := func(res *watch.AddResult) int {
		switch row := a.rows[res.Name]; {
		case res.Name == "":
			return 100
		case row == nil:
			return 50
		default:
			return chance[row.Verdict.Stage]
		}
	}
	sort.SliceStable(a.res, func(i, j int) bool { return rank(&a.res[i]) < rank(&a.res[j]) })
}

func (a *addResults) view(r *root, w, h int) (string, []string, int, int) {
	title := fmt.Sprintf("%d added, %d not", a.added, len(a.res)-a.added)
	var out []string
	from, to := a.window(len(a.res), h)
	for i := from; i < to; i++ {
		out = append(out, a.line(r, &a.res[i], w))
	}
	return title, out, -1, 0
}

// line is one name: what became of it, and what can be done.
func (a *addResults) line(r *root, res *watch.AddResult, w int) string {
	t := r.theme
	l := widget.NewLine(w, t)
	nameW := max(min(w/2, 34), 10)
	if res.Name == "" {
		l.Put(t.Bad, t.Glyph.No+" ").Cell("", res.Input, nameW, false).Skip(1)
		text := res.Why
		if res.Meant != "" {
			text += "; did you mean " + res.Meant + "?"
		}
		return l.Put("", text).String()
	}
	mark, style := t.Glyph.Yes, widget.Style("")
	text := "added"
	if !res.Added {
		mark, style, text = t.Glyph.Open, t.Dim, res.Why
	}
	l.Put(style, mark+" ").Cell(style, r.nameText(res.Name, nameW), nameW, false).Skip(1)
	if row := a.rows[res.Name]; row != nil && row.Verdict.Stage != "" {
		ways, st := r.stageText(row)
		l.Cell(st, pick(14, t.Glyph.Dots, ways...), 14, false).Skip(1)
		text = row.Todo.Text
		if text == "" {
			text = strings.Join(r.explain(&row.Verdict, r.now()), " ")
		}
	} else if res.Added {
		text = "asked as soon as its registry may be asked"
	}
	return l.Put(t.Dim, text).String()
}
