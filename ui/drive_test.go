package ui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// driver runs a root model by hand inside a synctest bubble: commands run at
// once, timers when the test sleeps.
type driver struct {
	t   *testing.T
	r   *root
	out chan tea.Msg
}

func drive(t *testing.T, o Options, w, h int, f func(d *driver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if o.Now == nil {
			o.Now = func() time.Time { return now.Add(time.Since(start)) }
		}
		if o.Local == nil {
			ny, err := time.LoadLocation("America/New_York")
			if err != nil {
				ny = time.UTC
			}
			o.Local = ny
		}
		if o.Theme == "" {
			o.Theme = "dark"
		}
		d := &driver{t: t, r: newRoot(o), out: make(chan tea.Msg, 4096)}
		defer func() {
			d.r.close()
			time.Sleep(time.Hour) // what still waits for a timer ends
		}()
		d.do(d.r.Init())
		d.send(tea.WindowSizeMsg{Width: w, Height: h})
		f(d)
	})
}

func (d *driver) do(cmd tea.Cmd) {
	if cmd != nil {
		go func() { d.out <- cmd() }()
	}
}

func (d *driver) take(m tea.Msg) {
	switch m := m.(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range m {
			d.do(c)
		}
	default:
		_, cmd := d.r.Update(m)
		d.do(cmd)
	}
}

func (d *driver) send(m tea.Msg) {
	d.take(m)
	d.settle()
}

func (d *driver) settle() {
	for {
		synctest.Wait()
		select {
		case m := <-d.out:
			d.take(m)
		default:
			return
		}
	}
}

// pass lets time go by.
func (d *driver) pass(t time.Duration) {
	for end := time.Now().Add(t); time.Now().Before(end); {
		time.Sleep(min(50*time.Millisecond, time.Until(end)))
		d.settle()
	}
}

var keyCodes = map[string]tea.KeyPressMsg{
	"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "up": {Code: tea.KeyUp},
	"down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight}, "space": {Code: tea.KeySpace, Text: " "},
	"backspace": {Code: tea.KeyBackspace}, "pgdown": {Code: tea.KeyPgDown}, "ctrl+s": {Code: 's', Mod: tea.ModCtrl},
	"ctrl+r": {Code: 'r', Mod: tea.ModCtrl}, "ctrl+p": {Code: 'p', Mod: tea.ModCtrl}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl},
	"shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift}, "ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "end": {Code: tea.KeyEnd},
}

// keys presses keys by name, or types a text that is in quotes.
func (d *driver) keys(ks ...string) {
	d.t.Helper()
	for _, k := range ks {
		if m, ok := keyCodes[k]; ok {
			d.send(m)
			continue
		}
		for _, r := range strings.Trim(k, `"`) {
			d.send(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
}

func (d *driver) screen() string {
	return ansi.Strip(d.r.View().Content)
}

func (d *driver) has(texts ...string) {
	d.t.Helper()
	s := d.screen()
	for _, want := range texts {
		if !strings.Contains(s, want) {
			d.t.Errorf("the screen does not say %q:\n%s", want, s)
		}
	}
}

func (d *driver) hasNot(texts ...string) {
	d.t.Helper()
	s := d.screen()
	for _, not := range texts {
		if strings.Contains(s, not) {
			d.t.Errorf("the screen says %q:\n%s", not, s)
		}
	}
}
