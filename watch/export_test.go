package watch

import "time"

// Tick makes the loops of a Service rest longer, so that a simulation of years
// has none but the wake-ups that something is due for. Call it before Run.
func (s *Service) Tick(d time.Duration) {
	s.ticks = ticks{follow: d, armed: d, schedule: d, orders: d, todos: d, care: d}
}
