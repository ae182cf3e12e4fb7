package ui

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

// needName says why an action that speaks of a name has none.
func needName(r *root) string {
	if len(r.screens[r.at].names()) == 0 {
		return "there is no name here"
	}
	return ""
}

func needOne(r *root) string {
	switch len(r.screens[r.at].names()) {
	case 0:
		return "there is no name here"
	case 1:
		return ""
	}
	return "money is asked about name by name; unmark the others"
}

func notHalted(r *root) string {
	if r.status.Lease.Halted {
		return "everything is halted; " + r.keys.key("halt") + " lets it act again"
	}
	return ""
}

func both(fs ...func(*root) string) func(*root) string {
	return func(r *root) string {
		for _, f := range fs {
			if why := f(r); why != "" {
				return why
			}
		}
		return ""
	}
}

func goTo(p place) func(*root) tea.Cmd { return func(r *root) tea.Cmd { return r.show(p) } }

func moves(by int, far bool) func(*root) tea.Cmd {
	return func(r *root) tea.Cmd { return r.screens[r.at].move(by, far) }
}

// actions is the table. Its order is the order in help, palette and docs.
func actions() []*action {
	return []*action{
		// What a person does next, first.
		{id: "order", keys: []string{"o"}, label: "order", help: "Give an order for this name: price, terms and the most you can owe come first.", where: onRows | onName, needs: spends, foot: 1, can: both(needOne, notHalted), run: (*root).startOrder},
		{id: "bid", keys: []string{"b"}, label: "bid", help: "Bid in the auction that an order has led to.", where: onRows | onName, needs: spends, foot: 2, can: both(needOne, notHalted, canBid), run: (*root).startBid},
		{id: "pay", keys: []string{"p"}, label: "pay", help: "Pay for a name that was won.", where: onRows | onName, needs: spends, foot: 3, can: both(needOne, notHalted, canPay), run: (*root).startPay},
		{id: "cancel", keys: []string{"x"}, label: "cancel", help: "Take an order back, where its terms still allow it.", where: onRows | onName, needs: spends, foot: 10, can: needOne, run: (*root).startCancel},
		{id: "open", keys: []string{"enter"}, label: "open", help: "Open the name: evidence, timeline, routes, history.", where: onRows, foot: 4, can: needName, run: func(r *root) tea.Cmd {
			if ns := r.under(); ns != "" {
				r.name.show(ns)
				return r.show(onName)
			}
			return nil
		}},
		{id: "look", keys: []string{"L"}, label: "look", help: "Ask about the name as soon as its hosts' budgets allow.", where: onRows | onName, needs: edits, can: needName, run: (*root).lookNow},
		{id: "preflight", keys: []string{"P"}, label: "preflight", help: "Test what catching this name will need: login, contact, balance, clock. It spends nothing.", where: onName, needs: spends, foot: 12, can: needName, run: (*root).startPreflight},
		{id: "rehearse", keys: []string{"r"}, label: "rehearse", help: "Fire this name's burst against the built-in sandbox registry, rivals included.", where: onName, foot: 6, can: both(needName, canRehearse), run: (*root).startRehearsal},
		{id: "sync", keys: []string{"S"}, label: "sync", help: "Ask every service where every order stands.", where: onOrders | onName, needs: edits, foot: 10, run: func(r *root) tea.Cmd {
			core := r.core
			return r.task("asking the services", func(ctx context.Context) (string, error) {
				return "Every service has been asked.", core.Sync(ctx)
			})
		}},

		// The list.
		{id: "add", keys: []string{"a"}, label: "add", help: "Add names: type them, or paste any text with names in it.", where: onList, needs: edits, foot: 5, run: func(r *root) tea.Cmd { r.push(newAddForm("")); return nil }},
		{id: "import", keys: []string{"I"}, label: "import", help: "Add the names of a file: an export of ExpiredDomains.net, DropCatch or a registrar, or any CSV.", where: onList, needs: edits, can: canImport, run: (*root).startImport},
		{id: "filter", keys: []string{"/"}, label: "filter", help: "Filter as you type: letters of a name, or stage:redemption tld:uk drop:..7d cap:50.. tag:brand not:premium sort:drop.", where: onList, foot: 6, run: func(r *root) tea.Cmd {
			in := widget.NewInput(r.list.text)
			r.list.filter, r.list.before = &in, r.list.text
			core := r.core
			return r.ask(func(ctx context.Context) tea.Msg { _ = core.ReadyFilter(ctx); return nil }) // a failure is the list's to tell
		}},
		{id: "clear", keys: []string{"esc"}, label: "clear", help: "Unmark all; then show all names again.", where: onList, run: func(r *root) tea.Cmd {
			s := r.list
			if len(s.marked) > 0 {
				s.marked = map[watch.Name]bool{}
				return nil
			}
			if s.text == "" && s.kind == "" && s.sort == "" {
				return nil
			}
			s.kind, s.sort, s.text, s.odd, s.query = "", "", "", "", watch.Query{}
			return s.fresh()
		}},
		{id: "kind", keys: []string{"tab"}, label: "kind", help: "Show want, mine, launch or all of them in turn.", where: onList, foot: 7, run: func(r *root) tea.Cmd {
			next := map[watch.Kind]watch.Kind{"": watch.Want, watch.Want: watch.Mine, watch.Mine: watch.Launch, watch.Launch: ""}
			r.list.kind = next[r.list.kind]
			return r.list.fresh()
		}},
		{id: "sort", keys: []string{"s"}, label: "sort", help: "Sort by your next deadline, name, drop, stage, when it was added or asked.", where: onList, run: (*root).chooseSort},
		{id: "views", keys: []string{"v"}, label: "views", help: "Open one of the saved queries of the configuration.", where: onList, can: func(r *root) string {
			if len(r.views) == 0 {
				return "none are saved; put them under [views] in the configuration"
			}
			return ""
		}, run: (*root).chooseView},
		{id: "mark", keys: []string{"space"}, label: "mark", help: "Mark the name and move down; what follows is done to all marked names.", where: onList, can: needName, run: func(r *root) tea.Cmd {
			s := r.list
			if n := r.under(); n != "" {
				if s.marked[n] {
					delete(s.marked, n)
				} else {
					s.marked[n] = true
				}
			}
			return s.move(1, false)
		}},
		{id: "mark-all", keys: []string{"*"}, label: "mark all", help: "Mark every name that is listed.", where: onList, can: needName, run: (*root).markAll},
		{id: "edit", keys: []string{"E"}, label: "edit", help: "Edit tags, note, caps, priority, purpose and kind, of one name or all marked ones.", where: onRows | onName, needs: edits, foot: 11, can: needName, run: func(r *root) tea.Cmd { return r.startEdit("") }},
		{id: "tags", keys: []string{"t"}, label: "tags", help: "Edit the tags.", where: onRows | onName, needs: edits, can: needName, run: func(r *root) tea.Cmd { return r.startEdit("tags") }},
		{id: "note", keys: []string{"n"}, label: "note", help: "Edit the note.", where: onRows, needs: edits, can: needName, run: func(r *root) tea.Cmd { return r.startEdit("note") }},
		{id: "cap", keys: []string{"C"}, label: "cap", help: "Edit the caps: without one nothing can be ordered.", where: onRows | onName, needs: edits, can: needName, run: func(r *root) tea.Cmd { return r.startEdit("cap") }},
		{id: "remove", keys: []string{"d", "delete"}, label: "remove", help: "Take the name off the list, or all marked ones. Undo brings them back.", where: onRows | onName, needs: edits, can: needName, run: (*root).startRemoval},
		{id: "undo", keys: []string{"u"}, label: "undo", help: "Take back the last edit of the list. Money is never undone: cancel an order instead.", where: everywhere, needs: edits, can: func(r *root) string {
			if len(r.undo.done) == 0 {
				return "nothing has been edited here"
			}
			return ""
		}, run: (*root).undoStep},
		{id: "redo", keys: []string{"ctrl+r", "U"}, label: "redo", help: "Do again what was taken back.", where: everywhere, needs: edits, can: func(r *root) string {
			if len(r.undo.undone) == 0 {
				return "nothing has been undone"
			}
			return ""
		}, run: (*root).redoStep},

		// A launch.
		{id: "launch", keys: []string{"enter"}, label: "all", help: "Give the launch under the cursor the whole screen, and scroll in it.", where: onLaunch, foot: 1, can: needLaunch, run: func(r *root) tea.Cmd {
			s := r.launches()
			s.whole, s.page = !s.whole, pager{}
			return nil
		}},
		{id: "offer", keys: []string{"a"}, label: "offer", help: "Type in what a registrar offers: the questions to ask before handing over a card.", where: onLaunch, needs: edits, foot: 2, can: needLaunch, run: (*root).startOffer},

		// The name.
		{id: "evidence", keys: []string{"e"}, label: "evidence", help: "Show who said what, with the lines that it was concluded from.", where: onName, foot: 7, run: turnTo(partEvidence)},
		{id: "checklist", keys: []string{"c"}, label: "checklist", help: "Show what is in order for this name and what is not.", where: onName, foot: 8, can: func(r *root) string {
			if r.name.d == nil {
				return "it is still being read"
			}
			return ""
		}, run: (*root).showChecklist},
		{id: "history", keys: []string{"h"}, label: "history", help: "Show every change of the name.", where: onName, foot: 12, run: turnTo(partHistory)},
		{id: "raw", keys: []string{"w"}, label: "raw", help: "Show the answers as they were received.", where: onName, foot: 13, run: turnTo(partRaw)},
		{id: "burst", keys: []string{"B"}, label: "burst", help: "Show what its bursts sent: every create with its microseconds, code and the registry's number for it.", where: onName, foot: 14, can: needBurst, run: turnTo(partBurst)},
		{id: "part", keys: []string{"tab"}, label: "next part", help: "Overview, evidence, history, raw answers in turn.", where: onName, run: func(r *root) tea.Cmd {
			r.name.part = (r.name.part + 1) % parts
			return nil
		}},
		{id: "search", keys: []string{"/"}, label: "search", help: "Search in what is shown.", where: onName, run: func(r *root) tea.Cmd {
			in := widget.NewInput("")
			r.name.search, r.name.find = &in, ""
			return nil
		}},
		{id: "next-match", keys: []string{"n"}, label: "next match", help: "Go to the next line that the search found.", where: onName, can: needSearch, run: func(r *root) tea.Cmd { r.name.jump(1); return nil }},
		{id: "match-before", keys: []string{"N"}, label: "match before", help: "Go to the line before that the search found.", where: onName, can: needSearch, run: func(r *root) tea.Cmd { r.name.jump(-1); return nil }},

		{id: "ledger", keys: []string{"tab"}, label: "next part", help: "Events, failures in full, and the ledger of every step that can cost money, in turn.", where: onLog, foot: 1, run: func(r *root) tea.Cmd { return r.log.turn() }},
		{id: "left", keys: []string{"left", "h"}, label: "left", help: "Go to the service at the left.", where: onOrders, run: func(r *root) tea.Cmd { r.screens[onOrders].(*ordersScreen).side(-1); return nil }},
		{id: "right", keys: []string{"right", "l"}, label: "right", help: "Go to the service at the right.", where: onOrders, run: func(r *root) tea.Cmd { r.screens[onOrders].(*ordersScreen).side(1); return nil }},

		// Moving about.
		{id: "down", keys: []string{"j", "down"}, label: "down", help: "One line down.", where: everywhere, run: moves(1, false)},
		{id: "up", keys: []string{"k", "up"}, label: "up", help: "One line up.", where: everywhere, run: moves(-1, false)},
		{id: "page-down", keys: []string{"pgdown", "ctrl+f", "ctrl+d"}, label: "page down", help: "One page down.", where: everywhere, run: moves(1, true)},
		{id: "page-up", keys: []string{"pgup", "ctrl+b", "ctrl+u"}, label: "page up", help: "One page up.", where: everywhere, run: moves(-1, true)},
		{id: "top", keys: []string{"g", "home"}, label: "top", help: "To the first line.", where: everywhere, run: moves(math.MinInt32, false)},
		{id: "bottom", keys: []string{"G", "end"}, label: "bottom", help: "To the last line.", where: everywhere, run: moves(math.MaxInt32, false)},
		{id: "back", keys: []string{"esc", "backspace"}, label: "back", help: "Back to the screen before.", where: everywhere &^ onList, foot: 9, run: func(r *root) tea.Cmd {
			if r.at == onName && r.name.find != "" {
				r.name.find = ""
				return nil
			}
			if s := r.launches(); r.at == onLaunch && s.whole {
				s.whole = false
				return nil
			}
			return r.goBack()
		}},

		{id: "list", keys: []string{"1"}, label: "list", help: "The watchlist, sorted by your own next deadline.", where: everywhere, run: goTo(onList)},
		{id: "drops", keys: []string{"2"}, label: "drops", help: "What drops, by day and hour, and what shares a burst.", where: everywhere, foot: 14, run: goTo(onDrops)},
		{id: "orders", keys: []string{"3"}, label: "orders", help: "All orders: a row a name, a column a service.", where: everywhere, foot: 15, run: goTo(onOrders)},
		{id: "queue", keys: []string{"4"}, label: "queue", help: "What is asked next, and how much each host may be asked.", where: everywhere, foot: 16, run: goTo(onQueue)},
		{id: "log", keys: []string{"5"}, label: "log", help: "What happened, failures in full, and the ledger.", where: everywhere, foot: 17, run: goTo(onLog)},
		{id: "launches", keys: []string{"6"}, label: "launches", help: "How new TLDs open: what beats what, the clock of a falling fee, and what is at stake.", where: everywhere, foot: 18, run: goTo(onLaunch)},

		{id: "copy", keys: []string{"y"}, label: "copy", help: "Copy the name, or all marked ones, to the clipboard of the terminal in front of you.", where: onRows | onName, can: needName, run: func(r *root) tea.Cmd {
			var b strings.Builder
			ns := r.screens[r.at].names()
			for i, n := range ns {
				if i > 0 {
					b.WriteByte('\n')
				}
				b.WriteString(string(n))
			}
			r.toasts.say(r.now(), countNames("Copied", ns)+".", false)
			return tea.SetClipboard(b.String())
		}},
		{id: "halt", keys: []string{"!"}, label: "halt", help: "Disarm everything, now, in every process; or let it act again.", where: everywhere, needs: edits, run: (*root).toggleHalt},
		{id: "theme", keys: []string{"T"}, label: "theme", help: "Dark, light and high contrast in turn.", where: everywhere, run: func(r *root) tea.Cmd {
			names := widget.ThemeNames
			for i, n := range names {
				if n == r.theme.Name {
					r.wanted = names[(i+1)%len(names)]
					break
				}
			}
			r.setTheme(true)
			r.toasts.say(r.now(), "Theme: "+r.theme.Name+".", false)
			return nil
		}},
		{id: "mouse", keys: []string{"M"}, label: "mouse", help: "Switch clicks and wheel on, or off so that the terminal selects text.", where: everywhere, run: func(r *root) tea.Cmd {
			r.mouse = !r.mouse
			r.toasts.say(r.now(), map[bool]string{true: "Mouse on.", false: "Mouse off: the terminal selects text."}[r.mouse], false)
			return nil
		}},
		{id: "refresh", keys: []string{"ctrl+l"}, label: "refresh", help: "Read and draw everything again.", where: everywhere, run: func(r *root) tea.Cmd {
			return tea.Batch(tea.ClearScreen, r.screens[r.at].open(), r.loadStatus())
		}},
		{id: "palette", keys: []string{":", "ctrl+p"}, label: "palette", help: "Find an action by its name.", where: everywhere, foot: 9, run: func(r *root) tea.Cmd { r.palette(); return nil }},
		{id: "help", keys: []string{"?"}, label: "keys", help: "Show every key of this screen.", where: everywhere, foot: 30, run: func(r *root) tea.Cmd { r.help(); return nil }},
		{id: "quit", keys: []string{"q"}, label: "quit", help: "Leave. Orders that were given stay given.", where: everywhere, foot: 21, run: func(r *root) tea.Cmd { r.close(); return tea.Quit }},
	}
}

func turnTo(p part) func(*root) tea.Cmd {
	return func(r *root) tea.Cmd { r.name.turn(p); return nil }
}

func needBurst(r *root) string {
	if len(r.name.bursts) == 0 {
		return "no burst has been fired for it yet"
	}
	return ""
}

func needSearch(r *root) string {
	if r.name.find == "" {
		return "nothing is searched for; " + r.keys.key("search") + " starts a search"
	}
	return ""
}

// under is the name under the cursor, whatever is marked.
func (r *root) under() watch.Name {
	if r.at == onList {
		if row := r.list.row(r.list.at); row != nil {
			return row.Name
		}
		return ""
	}
	if ns := r.screens[r.at].names(); len(ns) > 0 {
		return ns[0]
	}
	return ""
}

func (r *root) lookNow() tea.Cmd {
	ns, core := r.screens[r.at].names(), r.core
	return r.task(countNames("asking about", ns), func(ctx context.Context) (string, error) {
		for _, n := range ns {
			if err := core.LookNow(ctx, n); err != nil {
				return "", fmt.Errorf("look at %s: %w", n, err)
			}
		}
		return countNames("Next to be asked:", ns) + ".", nil
	})
}

func (r *root) editThem(m watchesMsg) tea.Cmd {
	if m.err != nil {
		r.fail("edit", m.err)
		return nil
	}
	if len(m.watches) > 0 {
		f := newEditForm(m.watches)
		if m.field != "" {
			f.focus(m.field)
		}
		r.push(f)
	}
	return nil
}

func (r *root) orderIt(m orderDetailMsg) tea.Cmd {
	if m.err != nil {
		r.fail("order", m.err)
		return nil
	}
	f, err := newOrderForm(r, &m.d)
	if err != nil {
		r.fail("", err)
		return nil
	}
	r.push(f)
	return nil
}

func (r *root) markAll() tea.Cmd {
	s := r.list
	q := s.query
	if s.kind != "" {
		q.Kinds = []watch.Kind{s.kind}
	}
	gen, core := s.gen, r.core
	return r.ask(func(ctx context.Context) tea.Msg {
		m := markAllMsg{gen: gen}
		for off := 0; ; off += 4096 {
			q.Offset, q.Limit = off, 4096
			p, err := core.List(ctx, q)
			if err != nil {
				m.err = err
				return m
			}
			for i := range p.Rows {
				m.names = append(m.names, p.Rows[i].Name)
			}
			if len(p.Rows) == 0 || len(m.names) >= p.Total {
				return m
			}
		}
	})
}

func (r *root) chooseSort() tea.Cmd {
	m := &menu{title: "Sort by"}
	for _, s := range []struct{ id, label string }{
		{"todo", "your next deadline"},
		{"name", "name"},
		{"drop", "when it drops"},
		{"stage", "stage"},
		{"added", "when it was added"},
		{"looked", "when it was asked"},
	} {
		m.items = append(m.items, menuItem{label: s.label, run: func(r *root) tea.Cmd {
			r.list.sort = s.id
			return r.list.fresh()
		}})
	}
	r.push(m)
	return nil
}

func (r *root) chooseView() tea.Cmd {
	m := &menu{title: "Saved views"}
	names := make([]string, 0, len(r.views))
	for n := range r.views {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		m.items = append(m.items, menuItem{label: n, help: r.views[n], run: func(r *root) tea.Cmd {
			return r.list.setQuery(r.views[n])
		}})
	}
	r.push(m)
	return nil
}

func (r *root) undoStep() tea.Cmd {
	h := &r.undo
	s := h.done[len(h.done)-1]
	h.done = h.done[:len(h.done)-1]
	core := r.core
	return r.taskThen("", func(ctx context.Context) (string, error) {
		if err := s.undo(ctx, core); err != nil {
			return "", fmt.Errorf("undo %s: %w", s.what, err)
		}
		return "Taken back: " + s.what + ".", nil
	}, func(r *root) tea.Cmd { r.undo.undone = append(r.undo.undone, s); return nil })
}

func (r *root) redoStep() tea.Cmd {
	h := &r.undo
	s := h.undone[len(h.undone)-1]
	h.undone = h.undone[:len(h.undone)-1]
	core := r.core
	return r.taskThen("", func(ctx context.Context) (string, error) {
		if err := s.redo(ctx, core); err != nil {
			return "", fmt.Errorf("redo %s: %w", s.what, err)
		}
		return "Done again: " + s.what + ".", nil
	}, func(r *root) tea.Cmd { r.undo.done = append(r.undo.done, s); return nil })
}

func (r *root) toggleHalt() tea.Cmd {
	core, who := r.core, r.who
	if !r.status.Lease.Halted { // the safe way takes no question
		return r.task("halting", func(ctx context.Context) (string, error) {
			return "Halted: nothing is asked, ordered or fired until somebody lets it.", core.Halt(ctx, true, who)
		})
	}
	if r.role != RoleOrder {
		r.toasts.say(r.now(), "this session may halt, but not let it act again", true)
		return nil
	}
	by := r.status.Lease.HaltBy
	if by == "" {
		by = "somebody"
	}
	r.push(newConfirm(r, "Act again?", []string{
		"Let lapse act again?",
		"Halted by " + by + " " + hm(r.status.Lease.HaltAt, r.now()) + ". Looks, orders and bursts that are due go out at once.",
	}, "Act again", false, func(r *root) tea.Cmd {
		return r.task("", func(ctx context.Context) (string, error) {
			return "Acting again.", core.Halt(ctx, false, who)
		})
	}))
	return nil
}

func canRehearse(r *root) string {
	if r.rehearse == nil {
		return "not from this session; lapse rehearse " + string(r.name.of) + " does it in a shell"
	}
	return ""
}

func (r *root) startRehearsal() tea.Cmd {
	n, f := r.name.of, r.rehearse
	return r.task("rehearsing "+string(n), func(ctx context.Context) (string, error) { return f(ctx, n) })
}

func (r *root) showChecklist() tea.Cmd {
	m := &menu{title: "Checklist: " + r.name.of.Unicode(), still: true}
	for _, c := range r.name.checks(r.now()) {
		mark := r.theme.Glyph.No
		if c.ok {
			mark = r.theme.Glyph.Yes
		}
		m.items = append(m.items, menuItem{key: mark, label: c.text, run: func(*root) tea.Cmd { return nil }})
	}
	r.push(m)
	return nil
}
