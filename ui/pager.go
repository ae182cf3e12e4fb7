package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/lapse-dev/lapse/watch"
)

// quiet is a screen that answers nothing: the others embed it and answer what
// concerns them.
type quiet struct{}

func (quiet) typing(tea.KeyPressMsg) (tea.Cmd, bool) { return nil, false }
func (quiet) paste(string) (tea.Cmd, bool)           { return nil, false }
func (quiet) ticks(time.Time) time.Time              { return time.Time{} }
func (quiet) click(int, int) tea.Cmd                 { return nil }
func (quiet) cursor() (int, int, bool)               { return 0, 0, false }
func (quiet) names() []watch.Name                    { return nil }

// pager scrolls over lines that are all there.
type pager struct {
	at, n, h int // the first line that is seen, how many there are, how many fit
}

func (p *pager) scroll(by int, far bool) {
	if far {
		by *= max(p.h-1, 1)
	}
	p.at = max(0, min(p.at+by, p.n-p.h))
}

// window is which of n lines are seen.
func (p *pager) window(n, h int) (from, to int) {
	p.n, p.h = n, h
	p.at = max(0, min(p.at, p.n-p.h))
	return p.at, min(p.at+h, n)
}

// cut returns the lines that are seen.
func (p *pager) cut(lines []string, h int) []string {
	from, to := p.window(len(lines), h)
	return lines[from:to]
}

// cursorList is a cursor over n things of which h are seen.
type cursorList struct {
	at, top, n, h int
}

func (c *cursorList) size(n, h int) {
	c.n, c.h = n, max(h, 1)
	c.move(0, false)
}

func (c *cursorList) move(by int, far bool) {
	if far {
		by *= max(c.h-1, 1)
	}
	to := c.at + by
	if by > 0 && to < c.at {
		to = c.n
	}
	c.at = max(0, min(to, c.n-1))
	if c.at < c.top {
		c.top = c.at
	}
	if c.at >= c.top+c.h {
		c.top = c.at - c.h + 1
	}
	c.top = max(0, min(c.top, c.n-c.h))
}

// shown is which of n things are seen. There may be fewer of them than when
// they were drawn.
func (c *cursorList) shown(n int) (from, to int) { return c.top, min(c.top+c.h, n) }

// click puts the cursor on the one of n lines that was clicked, y lines below
// the first; hit says whether there is one, again whether the cursor stood there
// already.
func (c *cursorList) click(y, n int) (hit, again bool) {
	i := c.top + y
	if _, to := c.shown(n); y < 0 || i >= to {
		return false, false
	}
	again = i == c.at
	c.at = i
	return true, again
}
