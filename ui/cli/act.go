package cli

import (
	"context"
	"errors"

	"github.com/lapse-dev/lapse/watch"
)

// act runs the service beside a screen until ctx ends; the channel gives its
// one result.
func (a *app) act(ctx context.Context, s *watch.Service) <-chan error {
	done := make(chan error, 1)
	if a.flags.readOnly {
		done <- nil
		return done
	}
	go a.rooms.refresh(ctx)
	go func() {
		err := s.Run(ctx)
		if ctx.Err() != nil || errors.Is(err, context.Canceled) {
			err = nil
		}
		if err != nil {
			a.rooms.log.Error("stopped acting", "err", err)
		}
		done <- err
	}()
	return done
}
