package ui

import (
	"time"

	"github.com/lapse-dev/lapse/ui/widget"
)

// Toasts stay this long; a bad one twice as long.
const toastFor = 5 * time.Second

// toasts are short messages with an end. What is being done stays until it is
// done.
type toasts struct {
	doing []string
	said  string
	isBad bool
	end   time.Time
}

func (t *toasts) busy(text string) { t.doing = append(t.doing, text) }

func (t *toasts) idle() {
	if len(t.doing) > 0 {
		t.doing = t.doing[1:]
	}
}

func (t *toasts) say(now time.Time, text string, bad bool) {
	t.said, t.isBad, t.end = widget.Safe(text), bad, now.Add(toastFor)
	if bad {
		t.end = now.Add(2 * toastFor)
	}
}

func (t *toasts) expire(now time.Time) {
	if t.said != "" && !now.Before(t.end) {
		t.said = ""
	}
}

func (t *toasts) ends(time.Time) time.Time {
	if t.said == "" {
		return time.Time{}
	}
	return t.end
}

func (t *toasts) bad() bool { return t.said != "" && t.isBad }

func (t *toasts) text() string {
	switch {
	case t.said != "":
		return t.said
	case len(t.doing) > 0:
		return t.doing[len(t.doing)-1] + " ..."
	}
	return ""
}
