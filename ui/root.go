package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/ui/widget"
	"github.com/lapse-dev/lapse/watch"
)

// app is what every screen and overlay may use.
type app struct {
	core    Core
	ctx     context.Context
	now     func() time.Time
	local   *time.Location
	theme   *widget.Theme
	wanted  string // the theme that was asked for; "auto" follows the terminal
	ascii   bool
	noColor bool
	mouse   bool
	role    Role
	roleCap catch.Money
	who     string
	views   map[string]string
	keys    *keymap

	w, h   int
	status watch.Status
	queue  []watch.Queued
	toasts toasts
	undo   history
	looks  int // counts up whenever the looks of cached cells change (theme, size)

	rehearse func(ctx context.Context, n watch.Name) (string, error)
	readFile func(path string) ([]byte, error)
}

// screen is one of the seven.
type screen interface {
	// open loads what the screen shows; it is called whenever it comes to the
	// front and whenever something changed.
	open() tea.Cmd
	// update takes what commands brought back.
	update(msg tea.Msg) tea.Cmd
	// view draws the screen without header and footer: at most h lines of at
	// most w cells.
	view(w, h int) []string
	// move moves the cursor by lines; far is a page or an end.
	move(by int, far bool) tea.Cmd
	// names are what an action speaks about: the marked names, or the one
	// under the cursor.
	names() []watch.Name
	// typing takes a key while the screen has a text field open and reports
	// whether it has.
	typing(k tea.KeyPressMsg) (tea.Cmd, bool)
	// paste is typing for pasted text.
	paste(text string) (tea.Cmd, bool)
	// ticks is when something that is seen changes by itself.
	ticks(now time.Time) time.Time
	// click is a click on a cell of what view drew.
	click(x, y int) tea.Cmd
	// cursor is where text is typed, relative to what view drew.
	cursor() (x, y int, on bool)
}

// overlay lies over the screens and is fed first.
type overlay interface {
	update(r *root, msg tea.Msg) (cmd tea.Cmd, done bool)
	// view draws the inside of a box of at most w by h cells, with the cursor
	// (x below 0: none).
	view(r *root, w, h int) (title string, lines []string, x, y int)
}

type root struct {
	app
	cancel   context.CancelFunc
	at       place
	back     []place
	screens  map[place]screen
	list     *listScreen
	name     *nameScreen
	log      *logScreen
	overlays []overlay

	events     <-chan watch.Event
	open       func(context.Context) (Core, error) // while core is nil
	early      []tea.Msg                           // what came before it was open
	failed     error                               // why it was not opened
	dirty      bool                                // a reload is on its way
	tickAt     time.Time
	tickGen    int
	hints      []hint // of the last footer that was drawn
	top        int    // lines above the screen's own
	boxX, boxY int
	boxW, boxH int
	lastWheel  time.Time
}

type hint struct {
	from, to int
	act      *action
}

type (
	tickMsg   struct{ gen int }
	reloadMsg struct{}
	eventsMsg struct {
		events []watch.Event
		ended  bool
	}
	statusMsg struct {
		status watch.Status
		queue  []watch.Queued
		err    error
	}
	// doneMsg ends a task that a person started.
	doneMsg struct {
		text string
		err  error
		then func(*root) tea.Cmd
	}
)

func newRoot(o Options) *root {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Local == nil {
		o.Local = time.Local
	}
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.ReadOnly {
		o.Role = RoleRead
	}
	if o.Who == "" {
		o.Who = "you"
	}
	ctx, cancel := context.WithCancel(o.Context)
	r := &root{
		app: app{
			core: capCore(o.Core, o.RoleCap), ctx: ctx, now: o.Now, local: o.Local, wanted: o.Theme, ascii: o.ASCII, noColor: o.NoColor,
			mouse: o.Mouse, role: o.Role, roleCap: o.RoleCap, who: o.Who, views: o.Views, rehearse: o.Rehearse, readFile: o.ReadFile,
			w: 80, h: 24,
		},
		cancel: cancel, at: onList, open: o.Open,
	}
	r.setTheme(true)
	a := &r.app
	r.list, r.name, r.log = newList(a), newName(a), newLog(a)
	r.screens = map[place]screen{
		onList: r.list, onName: r.name, onDrops: newDrops(a), onOrders: newOrders(a), onQueue: newQueue(a), onLog: r.log, onLaunch: newLaunch(a),
	}
	km, err := newKeymap(o.Keys)
	if err != nil {
		r.fail("read the configured keys; the usual ones are used", err)
		km, _ = newKeymap(nil)
	}
	r.keys = km
	return r
}

// setTheme follows the wish, or the terminal's background where there is none.
func (r *root) setTheme(dark bool) {
	name := r.wanted
	if name == "" || name == "auto" {
		name = "dark"
		if !dark {
			name = "light"
		}
	}
	r.theme = widget.NewTheme(name, r.noColor, r.ascii)
	r.looks++
}

// close ends what the model waits for. Any goroutine may call it, and more than
// once.
func (r *root) close() {
	r.cancel()
}

// Init asks for the first page and for the terminal's background. A terminal
// that never answers gets the dark theme.
func (r *root) Init() tea.Cmd {
	var ask tea.Cmd
	if r.wanted == "" || r.wanted == "auto" {
		ask = tea.RequestBackgroundColor
	}
	if r.core == nil {
		return tea.Batch(r.openCore(), ask)
	}
	return tea.Batch(r.begin(r.list.open), ask)
}

// begin listens to the core; first reads what the list lacks.
func (r *root) begin(first func() tea.Cmd) tea.Cmd {
	events, leave := r.core.Subscribe()
	r.events = events
	context.AfterFunc(r.ctx, leave) // also when a session is cut off
	return tea.Batch(first(), r.loadStatus(), r.listen(), r.tick())
}

func (r *root) loadStatus() tea.Cmd {
	core := r.core
	return r.ask(func(ctx context.Context) tea.Msg {
		st, err := core.Status(ctx)
		if err != nil {
			return statusMsg{err: err}
		}
		q, err := core.Queue(ctx, 200)
		return statusMsg{status: st, queue: q, err: err}
	})
}

// listen waits for events and hands over all that have come.
func (r *root) listen() tea.Cmd {
	ch, ctx := r.events, r.ctx
	if ch == nil {
		return nil
	}
	return func() tea.Msg {
		var m eventsMsg
		select {
		case e, ok := <-ch:
			if !ok {
				return eventsMsg{ended: true}
			}
			m.events = append(m.events, e)
		case <-ctx.Done():
			return eventsMsg{ended: true}
		}
		for len(m.events) < 256 {
			select {
			case e, ok := <-ch:
				if !ok {
					m.ended = true
					return m
				}
				m.events = append(m.events, e)
			default:
				return m
			}
		}
		return m
	}
}

// settle is how long changes are gathered before what is seen is read again.
const settle = 120 * time.Millisecond

// reloadSoon reads again what is seen, once for many changes.
func (r *root) reloadSoon() tea.Cmd {
	if r.dirty {
		return nil
	}
	r.dirty = true
	return tea.Tick(settle, func(time.Time) tea.Msg { return reloadMsg{} })
}

// tick wakes the program when something that is seen changes by itself, and at
// no other time.
func (r *root) tick() tea.Cmd {
	now := r.now()
	at := now.Truncate(time.Minute).Add(time.Minute)
	for _, t := range []time.Time{r.screens[r.at].ticks(now), r.toasts.ends(now)} {
		if t.After(now) && t.Before(at) {
			at = t
		}
	}
	for _, o := range r.overlays {
		if q, ok := o.(interface{ ticks(time.Time) time.Time }); ok {
			if t := q.ticks(now); t.After(now) && t.Before(at) {
				at = t
			}
		}
	}
	if r.tickAt.After(now) && !at.Before(r.tickAt) {
		return nil
	}
	r.tickAt = at
	r.tickGen++
	gen := r.tickGen
	return tea.Tick(max(at.Sub(now), 5*time.Millisecond), func(time.Time) tea.Msg { return tickMsg{gen} })
}

// Update gives a message to whom it concerns.
func (r *root) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if r.core == nil {
		return r, r.opening(msg)
	}
	cmd := r.handle(msg)
	return r, tea.Batch(cmd, r.tick())
}

func (r *root) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		if msg.Width != r.w || msg.Height != r.h {
			r.w, r.h = msg.Width, msg.Height
			r.looks++
		}
		return r.screens[r.at].update(msg)
	case tea.BackgroundColorMsg:
		if r.wanted == "" || r.wanted == "auto" {
			r.setTheme(msg.IsDark())
		}
	case tea.ColorProfileMsg:
		if msg.Profile == colorprofile.NoTTY || msg.Profile == colorprofile.ASCII { // what colours say is said by bold and reverse video
			r.noColor = true
			r.setTheme(r.theme.Dark)
		}
	case tea.KeyPressMsg:
		return r.key(msg)
	case tea.PasteMsg:
		return r.paste(msg.Content)
	case tea.MouseClickMsg, tea.MouseWheelMsg:
		return r.mouseMsg(msg)
	case tickMsg:
		if msg.gen == r.tickGen {
			r.tickAt = time.Time{}
			r.toasts.expire(r.now())
		}
	case eventsMsg:
		r.log.add(msg.events)
		for _, e := range msg.events {
			if e.Kind == watch.EvTrouble {
				r.toasts.say(r.now(), e.Text, true)
			}
		}
		if msg.ended {
			return nil
		}
		return tea.Batch(r.reloadSoon(), r.listen())
	case reloadMsg:
		r.dirty = false
		cmds := []tea.Cmd{r.screens[r.at].open(), r.loadStatus()}
		for _, o := range r.overlays {
			if f, ok := o.(interface{ refresh(*root) tea.Cmd }); ok {
				cmds = append(cmds, f.refresh(r))
			}
		}
		return tea.Batch(cmds...)
	case statusMsg:
		if msg.err != nil {
			r.fail("read the status", msg.err)
			return nil
		}
		r.status, r.queue = msg.status, msg.queue
	case doneMsg:
		r.toasts.idle()
		var cmd tea.Cmd
		if msg.err != nil {
			r.fail("", msg.err)
		} else if msg.text != "" {
			r.toasts.say(r.now(), msg.text, false)
		}
		if msg.then != nil && msg.err == nil {
			cmd = msg.then(r)
		}
		return tea.Batch(cmd, r.reloadSoon())
	case openNameMsg:
		r.name.show(msg.name)
		return r.show(onName)
	case watchesMsg:
		return r.editThem(msg)
	case orderDetailMsg:
		return r.orderIt(msg)
	case orderedMsg:
		return r.ordered(msg)
	case followedMsg:
		return r.followed(msg)
	case cancelsMsg:
		return r.cancelThem(msg)
	case removalMsg:
		return r.removal(msg)
	default:
		cmds := make([]tea.Cmd, 0, 2)
		for i := len(r.overlays) - 1; i >= 0; i-- {
			o := r.overlays[i]
			cmd, done := o.update(r, msg)
			cmds = append(cmds, cmd)
			if done {
				r.drop(o)
			}
		}
		for _, s := range r.screens {
			cmds = append(cmds, s.update(msg))
		}
		return tea.Batch(cmds...)
	}
	return nil
}

// fail shows what went wrong in one line and keeps all of it in the Log.
func (r *root) fail(doing string, err error) {
	if err == nil || r.ctx.Err() != nil {
		return
	}
	text := err.Error()
	if doing != "" {
		text = doing + ": " + text
	}
	r.toasts.say(r.now(), text, true)
	r.log.fault(r.now(), text)
}

func (r *root) push(o overlay) { r.overlays = append(r.overlays, o) }

func (r *root) drop(o overlay) {
	for i := range r.overlays {
		if r.overlays[i] == o {
			r.overlays = append(r.overlays[:i:i], r.overlays[i+1:]...)
			return
		}
	}
}

// show brings a screen to the front.
func (r *root) show(p place) tea.Cmd {
	if p == r.at {
		return nil
	}
	r.back = append(r.back, r.at)
	if len(r.back) > 20 {
		r.back = r.back[1:]
	}
	r.at = p
	return r.screens[p].open()
}

// goBack returns to the screen before.
func (r *root) goBack() tea.Cmd {
	p := onList
	if n := len(r.back); n > 0 {
		p, r.back = r.back[n-1], r.back[:n-1]
	}
	if p == r.at {
		return nil
	}
	r.at = p
	return r.screens[p].open()
}
