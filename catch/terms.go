package catch

import "time"

// Refund is how money comes back.
type Refund string

// The refunds.
const (
	RefundUnknown Refund = ""
	RefundCash    Refund = "cash"
	RefundCredit  Refund = "credit"
	RefundNone    Refund = "none"
)

// Contest is what happens when several people ordered one name.
type Contest string

// The contests.
const (
	ContestUnknown Contest = ""
	PublicAuction  Contest = "public-auction"
	PrivateAuction Contest = "private-auction"
	FirstCome      Contest = "first-come"
	Lottery        Contest = "lottery"
	Priority       Contest = "priority"
)

// Burst is what the terms say of repeated register calls.
type Burst string

// The bursts.
const (
	BurstUnstated  Burst = "unstated" // needs consent
	BurstAllowed   Burst = "allowed"
	BurstForbidden Burst = "forbidden" // refused; no consent helps
)

// Terms are what a route costs if it wins and if it loses. What nobody has
// confirmed stays empty and is shown as "ask first".
type Terms struct {
	Service    string  `json:"service"`
	Kind       Kind    `json:"kind"`
	Fee        Money   `json:"fee"`     // if it wins, as the sole order
	Charged    string  `json:"charged"` // "on catch", "at order"
	Deposit    Money   `json:"deposit"`
	LoseFee    Money   `json:"lose_fee"` // lost in any case
	Refund     Refund  `json:"refund"`
	RefundWhen string  `json:"refund_when,omitempty"`
	Several    Contest `json:"several"`
	CancelBy   string  `json:"cancel_by,omitempty"`
	CutOff     string  `json:"cut_off,omitempty"`
	// CutOffBefore is how long before the drop the service stops taking orders.
	CutOffBefore time.Duration `json:"cut_off_before_ns,omitempty"`
	PayWithin    time.Duration `json:"pay_within_ns,omitempty"`
	Unpaid       string        `json:"unpaid,omitempty"` // what missing the payment means
	Provisional  time.Duration `json:"provisional_ns,omitempty"`
	Burst        Burst         `json:"burst"`
	Pool         string        `json:"pool,omitempty"`
	Notes        []string      `json:"notes,omitempty"`
	Source       string        `json:"source"`
	Seen         string        `json:"seen"` // date, as 2026-11
	Confidence   string        `json:"confidence"`
	Text         string        `json:"-"` // the terms as they stand, kept when accepted
}
