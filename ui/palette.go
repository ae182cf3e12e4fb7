package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"
)

// fuzzyItems finds menu items by their letters, best first.
func fuzzyItems(text string, items []menuItem) []int {
	var words []string
	var at []int
	for i := range items {
		if !items[i].head {
			words = append(words, strings.ToLower(items[i].label+" "+items[i].help))
			at = append(at, i)
		}
	}
	var out []int
	seen := map[int]bool{}
	for i, w := range words { // the word itself comes first
		if strings.HasPrefix(w, text) {
			out = append(out, at[i])
			seen[at[i]] = true
		}
	}
	for _, m := range fuzzy.Find(text, words) {
		if i := at[m.Index]; !seen[i] {
			out = append(out, i)
		}
	}
	return out
}

func (r *root) actionItem(a *action) menuItem {
	return menuItem{
		key: r.keys.short(a.id), label: a.label, help: a.help, off: a.why(r),
		run: func(r *root) tea.Cmd { return r.run(a) },
	}
}

// palette lists every action with its key: those of this screen first.
func (r *root) palette() {
	m := &menu{title: "Do what?"}
	for _, pass := range []bool{true, false} {
		for _, a := range r.keys.acts {
			if a.id != "palette" && (a.where != everywhere && a.where&r.at != 0) == pass && a.where&r.at != 0 {
				m.items = append(m.items, r.actionItem(a))
			}
		}
	}
	r.push(m)
}

// help is the palette with titles: all keys of this screen, then those that
// work everywhere. enter runs the line.
func (r *root) help() {
	m := &menu{title: "Keys: " + r.at.String()}
	m.items = append(m.items, menuItem{label: "On this screen", head: true})
	for _, a := range r.keys.acts {
		if a.where != everywhere && a.where&r.at != 0 {
			m.items = append(m.items, r.actionItem(a))
		}
	}
	m.items = append(m.items, menuItem{label: "Everywhere", head: true})
	for _, a := range r.keys.acts {
		if a.where == everywhere {
			m.items = append(m.items, r.actionItem(a))
		}
	}
	r.push(m)
}
