package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gen2brain/beeep"
	"github.com/nicholas-fedor/shoutrrr"
	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"github.com/lapse-dev/lapse/whoisx"
)

// service is a channel through shoutrrr: mail, chat, push, a web hook.
type service struct {
	name, url string
	kind      string // the URL's scheme: "ntfy", "generic"
	router    *router.ServiceRouter
}

// titled are shoutrrr's services that show a message's title beside its text. To
// the others, which drop it, it is the first line.
var titled = []string{"smtp", "ntfy", "pushbullet", "gotify", "pushover", "bark", "join", "discord", "lark", "telegram", "matrix", "slack", "teams", "opsgenie"}

// NewService makes a channel from a shoutrrr URL. The URL holds secrets: no
// error that leaves this room repeats it.
func NewService(name, url string) (Channel, error) {
	r, err := shoutrrr.CreateSender(url)
	if err != nil {
		return nil, fmt.Errorf("open alert channel %s: %s", name, scrub(err, url))
	}
	kind, _, _ := strings.Cut(url, "://")
	kind, _, _ = strings.Cut(kind, "+") // generic+https
	return &service{name: name, url: url, kind: strings.ToLower(kind), router: r}, nil
}

func (c *service) Name() string { return c.name }

func (c *service) Send(ctx context.Context, m Message) error {
	params := types.Params{"title": m.Title}
	done := make(chan error, 1)
	text := m.String()
	if slices.Contains(titled, c.kind) && m.Text != "" {
		_, text, _ = strings.Cut(text, "\n")
	}
	go func() { done <- errors.Join(c.router.Send(text, &params)...) }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("send alert to %s: %s", c.name, scrub(err, c.url))
		}
		return nil
	case <-ctx.Done():
		// shoutrrr takes no context; its own client timeout ends the send.
		return fmt.Errorf("send alert to %s: %w", c.name, ctx.Err())
	}
}

// scrub takes the URL, and everything of it that can be a secret, out of an
// error's text.
func scrub(err error, url string) string {
	s := err.Error()
	s = strings.ReplaceAll(s, url, "•••")
	if _, rest, ok := strings.Cut(url, "://"); ok {
		for _, part := range strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune("/?&=@:#,", r) }) {
			if len(part) >= 4 {
				s = strings.ReplaceAll(s, part, "•••")
			}
		}
	}
	return whoisx.CleanLine(s)
}

// Desktop tells through the desktop's own notifications.
type Desktop struct{}

// Name is "desktop".
func (Desktop) Name() string { return "desktop" }

// Send shows a notification.
func (Desktop) Send(_ context.Context, m Message) error {
	show := beeep.Notify
	if m.Urgent {
		show = beeep.Alert
	}
	if err := show(m.Title, m.Text, ""); err != nil {
		return fmt.Errorf("show desktop alert: %w", err)
	}
	return nil
}

// Terminal writes alerts as lines, for a log or a terminal.
type Terminal struct{ W io.Writer }

// Name is "terminal".
func (Terminal) Name() string { return "terminal" }

// Send writes the message on one line.
func (t Terminal) Send(_ context.Context, m Message) error {
	bell := ""
	if m.Urgent {
		bell = "! "
	}
	if _, err := fmt.Fprintf(t.W, "%s%s\n", bell, whoisx.CleanLine(strings.ReplaceAll(m.String(), "\n", ". "))); err != nil {
		return fmt.Errorf("write alert: %w", err)
	}
	return nil
}
