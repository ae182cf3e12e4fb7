package ui

import (
	"fmt"
	"sort"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// place is a set of screens.
type place uint

const (
	onList place = 1 << iota
	onName
	onDrops
	onOrders
	onQueue
	onLog
	onLaunch

	everywhere = onList | onName | onDrops | onOrders | onQueue | onLog | onLaunch
	onRows     = onList | onDrops | onOrders | onQueue // screens with a cursor on a name
)

var placeNames = []struct {
	at   place
	name string
}{
	{onList, "Watchlist"},
	{onName, "Name"},
	{onDrops, "Drops"},
	{onOrders, "Orders"},
	{onQueue, "Queue"},
	{onLog, "Log"},
	{onLaunch, "Launches"},
}

func (p place) String() string {
	for _, n := range placeNames {
		if n.at == p {
			return n.name
		}
	}
	return ""
}

// level is what an action needs.
type level int

const (
	reads level = iota
	edits
	spends
)

// action is one thing that a person can do. The table of them is the one
// place from which keys, footer, help, palette, mouse hints and docs are made.
type action struct {
	id    string
	keys  []string
	label string // one or two words, for the footer
	help  string // one sentence
	where place
	needs level
	foot  int // place in the footer, from 1; 0: not there
	can   func(r *root) string
	run   func(r *root) tea.Cmd
}

// why says why an action cannot run now, "" where it can.
func (a *action) why(r *root) string {
	switch {
	case a.where&r.at == 0:
		return "not on this screen"
	case a.needs >= edits && r.role == RoleRead:
		return "this session is read-only"
	case a.needs >= spends && r.role != RoleOrder:
		return "this session may edit, but not order"
	case a.can != nil:
		return a.can(r)
	}
	return ""
}

// keymap finds actions by screen and key.
type keymap struct {
	acts []*action
	keys map[string][]string // by action
	find map[place]map[string]*action
}

// CheckKeys says whether a rebinding can be used: every action must exist, and
// no key may mean two things on one screen.
func CheckKeys(bind map[string]string) error {
	_, err := newKeymap(bind)
	return err
}

func newKeymap(bind map[string]string) (*keymap, error) {
	km := &keymap{acts: actions(), keys: map[string][]string{}, find: map[place]map[string]*action{}}
	known := map[string]bool{}
	for _, a := range km.acts {
		known[a.id] = true
		km.keys[a.id] = a.keys
	}
	ids := make([]string, 0, len(bind))
	for id := range bind {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		if !known[id] {
			return nil, fmt.Errorf("keys: there is no action %q; docs/keys.md lists them", id)
		}
		keys := strings.Fields(bind[id])
		for _, k := range keys {
			if k == "ctrl+c" {
				return nil, fmt.Errorf("keys: ctrl+c always leaves and cannot mean %q", id)
			}
		}
		km.keys[id] = keys
	}
	for _, p := range placeNames {
		m := map[string]*action{}
		km.find[p.at] = m
		for _, a := range km.acts {
			if a.where&p.at == 0 {
				continue
			}
			for _, k := range km.keys[a.id] {
				if other := m[k]; other != nil {
					return nil, fmt.Errorf("keys: %q means both %q and %q on the %s screen; give one of them another key",
						k, other.id, a.id, p.name)
				}
				m[k] = a
			}
		}
	}
	return km, nil
}

// key is the first key of an action, as a person reads it.
func (km *keymap) key(id string) string {
	if ks := km.keys[id]; len(ks) > 0 {
		return ks[0]
	}
	return ""
}

// short is the keys of an action in little room.
func (km *keymap) short(id string) string {
	ks := km.keys[id]
	if len(ks) > 1 && len(ks[0])+len(ks[1]) < 10 {
		return ks[0] + " " + ks[1]
	}
	return km.key(id)
}

// footer lists the actions of a screen for its last line, most useful first.
func (km *keymap) footer(at place) []*action {
	var out []*action
	for _, a := range km.acts {
		if a.where&at != 0 && a.foot > 0 && km.key(a.id) != "" {
			out = append(out, a)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].foot < out[j].foot })
	return out
}

func (km *keymap) action(id string) *action {
	for _, a := range km.acts {
		if a.id == id {
			return a
		}
	}
	return nil
}

// KeysDoc returns docs/keys.md: every action, its keys and what it does.
func KeysDoc() string {
	km, err := newKeymap(nil)
	if err != nil {
		panic(err) // a clash among our own keys: a test finds it first
	}
	var b strings.Builder
	b.WriteString("# Keys\n\nThis page is made from the table of actions in `ui`; a test keeps it so.\n")
	b.WriteString("An action can be given other keys in the configuration, by its name:\n\n")
	b.WriteString("```toml\n[keys]\norder = \"ctrl+o\"\nlook = \"L f5\"\n```\n\n")
	b.WriteString("A key that would mean two things on one screen is an error that names both.\n")
	b.WriteString("`ctrl+c` always leaves. What an action needs: *read*, *edit* (the list) or *order* (money).\n")
	all := func(a *action) bool { return a.where == everywhere }
	section := func(title string, in func(*action) bool) {
		b.WriteString("\n## " + title + "\n\n| key | action | needs | what it does |\n| --- | --- | --- | --- |\n")
		for _, a := range km.acts {
			if !in(a) {
				continue
			}
			var ks []string
			for _, k := range km.keys[a.id] {
				ks = append(ks, "`"+strings.ReplaceAll(k, "|", `\|`)+"`")
			}
			need := [...]string{"read", "edit", "order"}[a.needs]
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", strings.Join(ks, " "), a.id, need, a.help)
		}
	}
	section("Everywhere", all)
	for _, p := range placeNames {
		section(p.name, func(a *action) bool { return !all(a) && a.where&p.at != 0 })
	}
	return b.String()
}
