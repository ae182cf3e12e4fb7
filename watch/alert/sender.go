package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Message is what a channel delivers.
type Message struct {
	ID     string // of the alert; a digest carries the id of its first
	Title  string
	Text   string
	Urgent bool
	Repeat bool // it may have been told before: the process died while sending
}

// String writes the message as plain text, for channels with one field.
func (m Message) String() string {
	var b strings.Builder
	b.WriteString(m.Title)
	if m.Text != "" {
		b.WriteString("\n")
		b.WriteString(m.Text)
	}
	if m.Repeat {
		fmt.Fprintf(&b, "\n(may be a repeat; id %s)", m.ID)
	}
	return b.String()
}

// Channel delivers messages. An error means that nothing was told, as far as
// the channel knows.
type Channel interface {
	Name() string
	Send(ctx context.Context, m Message) error
}

// Sender takes items from the outbox to the channels, one at a time, so that
// a kill can repeat one message at most.
type Sender struct {
	Outbox   Outbox
	Channels map[string]Channel
	Now      func() time.Time
	Log      *slog.Logger
	// Timeout bounds one delivery; zero is 20 s.
	Timeout time.Duration

	rest map[string]rest // channels that failed, by name; only Run's goroutine sees it
}

// Retry is how long a failed channel is left alone: 10 s, doubling, at most 15 minutes.
func Retry(fails int) time.Duration {
	if fails > 7 {
		return 15 * time.Minute
	}
	return min(10*time.Second<<max(fails-1, 0), 15*time.Minute)
}

const digestMax = 50

// Run delivers what is due until ctx ends. wake tells it that something new
// may be there; nil means that it looks by itself every minute.
func (s *Sender) Run(ctx context.Context, wake <-chan struct{}) error {
	for {
		n, err := s.Deliver(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			s.Log.Error("deliver alerts", "error", err)
		}
		if n > 0 {
			continue
		}
		timer := time.NewTimer(s.pause(ctx))
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
}

func (s *Sender) pause(ctx context.Context) time.Duration {
	next, err := s.Outbox.NextAlert(ctx, s.resting())
	for _, r := range s.rest {
		if next.IsZero() || r.until.Before(next) {
			next = r.until
		}
	}
	if err != nil || next.IsZero() {
		return time.Minute
	}
	return min(max(next.Sub(s.Now()), 50*time.Millisecond), time.Minute)
}

// rest is a channel that failed: it is left alone until then, whatever waits
// for it, so that an outage costs one try a period and not one an alert.
type rest struct {
	until time.Time
	fails int
}

// resting lists the channels that are left alone now.
func (s *Sender) resting() []string {
	var out []string
	for name, r := range s.rest {
		if s.Now().Before(r.until) {
			out = append(out, name)
		}
	}
	return out
}

// Deliver sends what is due now and returns how many items were told.
func (s *Sender) Deliver(ctx context.Context) (int, error) {
	items, err := s.Outbox.DueAlerts(ctx, s.Now(), s.resting(), 200)
	if err != nil {
		return 0, fmt.Errorf("read due alerts: %w", err)
	}
	told := 0
	for len(items) > 0 && ctx.Err() == nil {
		var batch []Item
		batch, items = cut(items)
		channel := batch[0].Channel
		ok, err := s.send(ctx, batch)
		if err != nil {
			return told, err
		}
		if ok {
			told += len(batch)
			delete(s.rest, channel)
			continue
		}
		if s.rest == nil {
			s.rest = map[string]rest{}
		}
		fails := s.rest[channel].fails + 1
		s.rest[channel] = rest{s.Now().Add(Retry(fails)), fails}
		items = slices.DeleteFunc(items, func(it Item) bool { return it.Channel == channel })
	}
	return told, nil
}

// cut takes the next message off the list: one alert, or a digest of those
// that wait for one and go to the same channel.
func cut(items []Item) (batch, rest []Item) {
	first := items[0]
	if !first.Digest || !first.Started.IsZero() {
		return items[:1:1], items[1:]
	}
	for i, it := range items {
		if it.Digest && it.Channel == first.Channel && it.Started.IsZero() && len(batch) < digestMax {
			batch = append(batch, it)
		} else {
			rest = append(rest, items[i])
		}
	}
	return batch, rest
}

func (s *Sender) send(ctx context.Context, batch []Item) (bool, error) {
	m := message(batch)
	ch, ok := s.Channels[batch[0].Channel]
	if !ok {
		why := fmt.Sprintf("no channel %q is configured", batch[0].Channel)
		if err := s.Outbox.FailedAlerts(ctx, batch, why); err != nil {
			return false, fmt.Errorf("put alert back: %w", err)
		}
		return false, nil
	}
	if err := s.Outbox.StartAlerts(ctx, batch, s.Now()); err != nil {
		return false, fmt.Errorf("start alert: %w", err)
	}
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 20 * time.Second
	}
	sendCtx, cancel := context.WithTimeout(ctx, timeout)
	err := ch.Send(sendCtx, m)
	cancel()
	// What was decided has to be kept even when the process is being stopped.
	keep := context.WithoutCancel(ctx)
	if err != nil {
		if perr := s.Outbox.FailedAlerts(keep, batch, err.Error()); perr != nil {
			return false, errors.Join(fmt.Errorf("put alert back: %w", perr), err)
		}
		return false, nil
	}
	if err := s.Outbox.SentAlerts(keep, batch, s.Now()); err != nil {
		return true, fmt.Errorf("mark alert as told: %w", err)
	}
	return true, nil
}

func message(batch []Item) Message {
	first := batch[0]
	m := Message{ID: first.ID, Title: first.Title, Text: first.Text, Urgent: first.Urgent, Repeat: !first.Started.IsZero()}
	if len(batch) == 1 {
		return m
	}
	m.Title = fmt.Sprintf("lapse: %d things", len(batch))
	var b strings.Builder
	for _, it := range batch {
		fmt.Fprintf(&b, "- %s. %s\n", it.Title, it.Text)
	}
	m.Text = strings.TrimRight(b.String(), "\n")
	return m
}
