package alert

import (
	"context"
	"time"
)

// Item is one alert on its way to one channel.
type Item struct {
	Alert
	Channel   string    `json:"channel"`
	NotBefore time.Time `json:"not_before"`
	Digest    bool      `json:"digest,omitempty"`

	Tries   int       `json:"tries"`
	Started time.Time `json:"started,omitzero"` // set just before it is sent; set without Sent: the outcome is unknown
	Sent    time.Time `json:"sent,omitzero"`
	Error   string    `json:"error,omitempty"` // what the channel said last
}

// Outbox keeps what has to be told until it was. The store implements it; a
// look's alerts are put into it by the same transaction that keeps the look.
type Outbox interface {
	// DueAlerts returns unsent items whose NotBefore has come, oldest first,
	// without those of the channels that are left alone.
	DueAlerts(ctx context.Context, now time.Time, without []string, limit int) ([]Item, error)
	// StartAlerts marks items as being sent, durably, and raises their Tries.
	StartAlerts(ctx context.Context, items []Item, now time.Time) error
	// SentAlerts marks items as told.
	SentAlerts(ctx context.Context, items []Item, now time.Time) error
	// FailedAlerts puts items back, with what the channel said. The channel
	// refused them, so they were not told: Started is cleared.
	FailedAlerts(ctx context.Context, items []Item, why string) error
	// NextAlert is when the next unsent item is due, zero if none is.
	NextAlert(ctx context.Context, without []string) (time.Time, error)
}
