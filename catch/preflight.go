package catch

import (
	"context"
	"time"
)

// Light is the colour of a line of a preflight.
type Light string

// The lights.
const (
	Green  Light = "green"
	Yellow Light = "yellow" // it may do
	Red    Light = "red"    // it will fail
)

// Line is one thing that a preflight looked at.
type Line struct {
	What  string `json:"what"` // "login", "certificate", "contact", ...
	Light Light  `json:"light"`
	Words string `json:"words"`
}

// Preflighter is a Route that looks itself at what an order will need. It
// changes nothing and spends nothing. at may be zero where the drop is not
// known.
type Preflighter interface {
	Preflight(ctx context.Context, r Request, at time.Time) []Line
}
