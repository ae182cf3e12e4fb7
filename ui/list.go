package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

// A list is read a page at a time: the first one at once, the others when the
// cursor comes near. Few pages are kept, so that a hundred thousand names cost
// no more than a thousand.
const (
	pageSize  = 128
	keepPages = 24
)

// rest is how long the cursor must stand still before the foot and the pane
// beside the list follow it, so that holding a key down stays cheap over a
// slow link.
const rest = 90 * time.Millisecond

type listScreen struct {
	*app
	query  watch.Query // without Offset and Limit
	text   string      // the query as typed
	odd    string      // why it is read as plain text
	kind   watch.Kind  // tab: one kind alone
	sort   string
	pages  map[int]*listPage
	asked  map[int]int // page: the serial it was asked under
	serial int         // counts up with every change of the query or of the list
	gen    int         // counts up with every change of the query
	loaded bool        // the first page has come
	total  int
	kinds  map[watch.Kind]int
	err    error

	at    int // the cursor's row
	top   int // the first row that is seen
	rows  int // rows that fit
	onto  watch.Name
	foot  watch.Name // whom the foot speaks of
	still int        // counts the cursor's moves

	marked map[watch.Name]bool
	filter *widget.Input // open while a filter is typed
	before string        // the query before that

	cells map[cellKey]string
	looks int
	cols  []widget.Placed
	width int
	nameW int // the longest name that was seen
	headY int

	padded  int // lines of the table that are drawn as wide as it is
	side    []string
	sideKey paneKey
}

type listPage struct {
	rows   []watch.Row
	serial int
}

// cellKey is all that the look of a row depends on.
type cellKey struct {
	name   watch.Name
	serial int
	by     string
	cursor bool
	marked bool
}

type (
	listMsg struct {
		gen, serial, page int
		got               watch.Page
		err               error
	}
	restMsg    struct{ still int }
	markAllMsg struct {
		gen   int
		names []watch.Name
		err   error
	}
)

func newList(a *app) *listScreen {
	return &listScreen{
		app: a, pages: map[int]*listPage{}, asked: map[int]int{}, marked: map[watch.Name]bool{},
		cells: map[cellKey]string{}, rows: 20,
	}
}

// open reads again what is seen. Rows that are on the screen stay until their
// successors are there.
func (s *listScreen) open() tea.Cmd {
	s.serial++
	return s.want()
}

// want reads the pages that are seen, or will be next, and are not there.
func (s *listScreen) want() tea.Cmd {
	var cmds []tea.Cmd
	lo, hi := (s.top-s.rows)/pageSize, (s.top+2*s.rows)/pageSize
	for p := max(lo, 0); p <= hi; p++ {
		if p > 0 && p*pageSize >= s.total {
			break
		}
		if have := s.pages[p]; have != nil && have.serial == s.serial {
			continue
		}
		if s.asked[p] == s.serial {
			continue
		}
		s.asked[p] = s.serial
		cmds = append(cmds, s.load(p))
	}
	return tea.Batch(cmds...)
}

func (s *listScreen) load(p int) tea.Cmd {
	read, core := s.reader(p), s.core
	return s.ask(func(ctx context.Context) tea.Msg { return read(ctx, core) })
}

// reader reads one page of what is shown now.
func (s *listScreen) reader(p int) func(context.Context, Core) tea.Msg {
	q := s.query
	if s.kind != "" {
		q.Kinds = []watch.Kind{s.kind}
	}
	if s.sort != "" {
		q.Sort = s.sort
	}
	q.Offset, q.Limit = p*pageSize, pageSize
	gen, serial := s.gen, s.serial
	return func(ctx context.Context, core Core) tea.Msg {
		got, err := core.List(ctx, q)
		return listMsg{gen, serial, p, got, err}
	}
}

func (s *listScreen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case listMsg:
		return s.took(msg)
	case tea.WindowSizeMsg:
		return s.want()
	case restMsg:
		if msg.still == s.still {
			s.foot = s.onto
		}
	case markAllMsg:
		if msg.gen == s.gen && msg.err == nil {
			for _, n := range msg.names {
				s.marked[n] = true
			}
		}
	}
	return nil
}

func (s *listScreen) took(m listMsg) tea.Cmd {
	if m.gen != s.gen {
		return nil // an answer to a question that is no longer asked
	}
	if m.err != nil {
		delete(s.asked, m.page)
		if s.ctx.Err() == nil {
			s.err = m.err
		}
		return nil
	}
	s.err, s.sideKey = nil, paneKey{}
	s.loaded = true
	s.total, s.kinds = m.got.Total, m.got.Kinds
	s.pages[m.page] = &listPage{m.got.Rows, m.serial}
	if len(s.pages) > keepPages {
		here := s.at / pageSize
		for p := range s.pages {
			if p < here-keepPages/4 || p > here+keepPages/4 {
				delete(s.pages, p)
				delete(s.asked, p)
			}
		}
	}
	s.follow()
	return s.want()
}

// follow keeps the cursor on its name when rows move under it.
func (s *listScreen) follow() {
	if s.at >= s.total {
		s.at = max(s.total-1, 0)
	}
	if r := s.row(s.at); s.onto != "" && (r == nil || r.Name != s.onto) {
		for p, pg := range s.pages {
			if pg.serial != s.serial {
				continue
			}
			for i := range pg.rows {
				if pg.rows[i].Name == s.onto {
					d := p*pageSize + i - s.at
					s.at += d
					s.top += d
				}
			}
		}
	}
	s.settleCursor()
	s.foot = s.onto
}

// settleCursor keeps the cursor on the list and in sight.
func (s *listScreen) settleCursor() {
	s.at = max(0, min(s.at, s.total-1))
	if s.at < s.top {
		s.top = s.at
	}
	if s.at >= s.top+s.rows {
		s.top = s.at - s.rows + 1
	}
	s.top = max(0, min(s.top, s.total-s.rows))
	if r := s.row(s.at); r != nil {
		s.onto = r.Name
	}
}

// row is a row of the list, nil where it is not loaded.
func (s *listScreen) row(i int) *watch.Row {
	if i < 0 || i >= s.total {
		return nil
	}
	pg := s.pages[i/pageSize]
	if pg == nil || i%pageSize >= len(pg.rows) {
		return nil
	}
	return &pg.rows[i%pageSize]
}

// current is the row that the foot speaks of, found by name, so that a foot
// never mixes two names.
func (s *listScreen) current() *watch.Row {
	if r := s.row(s.at); r != nil && r.Name == s.foot {
		return r
	}
	for i := s.top; i < s.top+s.rows; i++ {
		if r := s.row(i); r != nil && r.Name == s.foot {
			return r
		}
	}
	return s.row(s.at)
}

func (s *listScreen) move(by int, far bool) tea.Cmd {
	if far {
		by *= max(s.rows-1, 1)
	}
	old := s.at
	s.at += by
	if s.at < 0 || s.at > s.total { // also where a sum ran over
		if by < 0 {
			s.at = 0
		} else {
			s.at = s.total
		}
	}
	s.settleCursor()
	if s.at == old {
		return s.want()
	}
	if s.row(s.at) == nil {
		s.onto = "" // not read yet: whatever comes there is what was meant
	}
	s.still++
	still := s.still
	return tea.Batch(s.want(), tea.Tick(rest, func(time.Time) tea.Msg { return restMsg{still} }))
}

func (s *listScreen) names() []watch.Name {
	if len(s.marked) > 0 {
		out := make([]watch.Name, 0, len(s.marked))
		for n := range s.marked {
			out = append(out, n)
		}
		sortNames(out)
		return out
	}
	if r := s.row(s.at); r != nil {
		return []watch.Name{r.Name}
	}
	return nil
}

// setQuery changes what is listed. Text that is no query is looked for as it
// stands.
func (s *listScreen) setQuery(text string) tea.Cmd {
	text = strings.TrimSpace(text)
	if text == s.text && s.gen > 0 {
		return nil
	}
	s.text = text
	s.query, s.odd = watch.Query{}, ""
	if text != "" {
		q, err := watch.ParseQuery(text)
		if err != nil {
			q, s.odd = watch.Query{Text: text}, err.Error()
		}
		s.query = q
	}
	return s.fresh()
}

// fresh starts the list anew under another question.
func (s *listScreen) fresh() tea.Cmd {
	s.gen++
	s.serial++
	s.pages, s.asked = map[int]*listPage{}, map[int]int{}
	s.at, s.top, s.onto, s.nameW = 0, 0, "", 0
	s.asked[0] = s.serial
	return s.load(0)
}

func (s *listScreen) typing(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if s.filter == nil {
		return nil, false
	}
	switch name := k.String(); name {
	case "enter":
		s.filter = nil
		return nil, true
	case "esc":
		s.filter = nil
		return s.setQuery(s.before), true
	case "up":
		return s.move(-1, false), true
	case "down":
		return s.move(1, false), true
	default:
		s.filter.Key(name, k.Text)
		return s.setQuery(s.filter.Text()), true
	}
}

func (s *listScreen) paste(text string) (tea.Cmd, bool) {
	if s.filter == nil {
		return nil, false
	}
	s.filter.Insert(text)
	return s.setQuery(s.filter.Text()), true
}

func (s *listScreen) ticks(now time.Time) time.Time {
	var at time.Time
	for i := s.top; i < s.top+s.rows; i++ {
		r := s.row(i)
		if r == nil || r.Todo.By.IsZero() {
			continue
		}
		if t := changesAt(r.Todo.By, now); at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at
}

func (s *listScreen) click(x, y int) tea.Cmd {
	if y == s.headY-1 {
		for _, c := range s.cols {
			if x >= c.X+prefix && x < c.X+c.W+prefix {
				if by := sortBy[c.ID]; by != "" {
					s.sort = by
					return s.fresh()
				}
			}
		}
		return nil
	}
	i := s.top + y - s.headY
	if y < s.headY || i >= s.top+s.rows || i >= s.total {
		return nil
	}
	if i == s.at {
		return func() tea.Msg { return openNameMsg{s.onto} }
	}
	return s.move(i-s.at, false)
}

var sortBy = map[string]string{"by": "todo", "name": "name", "drops": "drop", "stage": "stage", "looked": "looked"}

func (s *listScreen) cursor() (int, int, bool) {
	if s.filter == nil {
		return 0, 0, false
	}
	_, x := s.filter.View(max(s.w-4, 2))
	return 3 + x, 0, true
}

// counts says how many names there are and what this month can cost.
func (s *listScreen) counts(w int) string {
	t := s.theme
	l := widget.NewLine(w, t).Skip(1)
	if s.filter != nil {
		text, _ := s.filter.View(max(w-4, 2))
		return l.Put(t.Key, "/ ").Put("", text).String()
	}
	var kinds []string
	for _, k := range []watch.Kind{watch.Want, watch.Mine, watch.Launch} {
		if n := s.kinds[k]; n > 0 || k == watch.Want {
			kinds = append(kinds, fmt.Sprintf("%d %s", n, k))
		}
	}
	left := strings.Join(kinds, "  ")
	if s.text != "" || s.kind != "" {
		what := s.text
		if s.kind != "" {
			what = strings.TrimSpace("kind " + string(s.kind) + " " + what)
		}
		left = fmt.Sprintf("%d of %d: %s", s.total, s.whole(), what)
	}
	if n := len(s.marked); n > 0 {
		left = fmt.Sprintf("%d marked, ", n) + left
	}
	l.Put("", widget.Fit(left, l.Room(), t.Glyph.Dots))
	for _, m := range s.app.status.Month {
		name := m.Month
		if at, err := time.Parse("2006-01", m.Month); err == nil {
			name = at.Format("Jan")
		}
		ways := []string{
			fmt.Sprintf("%s at risk %s of %s", name, m.AtRisk.Amount(), moneyOr(m.Cap, "no cap "+m.AtRisk.Currency)),
			fmt.Sprintf("%s of %s", m.AtRisk.Amount(), moneyOr(m.Cap, "no cap")),
		}
		if !m.Frozen.IsZero() {
			ways = append([]string{ways[0] + " " + t.Glyph.V + " frozen " + m.Frozen.Amount()}, ways...)
		}
		for _, way := range ways {
			if widget.Width(way)+3 <= l.Room() {
				l.Put(t.Rule, " "+t.Glyph.V+" ").Put(t.Strong, way)
				break
			}
		}
	}
	return l.String()
}

func (s *listScreen) whole() int {
	n := 0
	for _, c := range s.kinds {
		n += c
	}
	return n
}

// status is what was asked of the name under the cursor, and what comes next,
// in several lengths.
func (s *listScreen) status() []string {
	if s.odd != "" {
		return []string{"read as plain text: " + s.odd}
	}
	r := s.current()
	if r == nil {
		return []string{""}
	}
	return askedText(&r.State, s.now())
}

// askedText is when a name was asked about and when it is next, in several
// lengths.
func askedText(st *watch.State, now time.Time) []string {
	next := "next " + hm(st.Due, now)
	switch {
	case st.Trouble != "":
		return []string{"last look: " + st.Trouble + "; " + next}
	case st.LookedAt.IsZero():
		return []string{"not asked yet; " + next}
	}
	text := "asked " + hm(st.LookedAt, now) + ", " + next
	if st.DueWhy == "" {
		return []string{text}
	}
	return []string{text + " (" + st.DueWhy + ")", text}
}
