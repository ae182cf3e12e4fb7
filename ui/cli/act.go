package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

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
	if a.rooms == nil { // the service is the server's, which acts already
		go func() {
			<-ctx.Done()
			done <- nil
		}()
		return done
	}
	if a.holderAs == "catch" || a.holderAs == "serve" {
		armed := func() string {
			names, at := s.Armed()
			if len(names) == 0 {
				return ""
			}
			parts := make([]string, len(names))
			for i, n := range names {
				parts[i] = n.Display()
			}
			return fmt.Sprintf("a burst for %s is armed for %s", strings.Join(parts, ", "), at.UTC().Format("2006-01-02 15:04:05 UTC"))
		}
		a.armed.Store(&armed)
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
