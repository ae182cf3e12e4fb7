package cli

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/lapse-dev/lapse/ui/cli/metrics"
)

// metricsAddr is the address that metrics are served on, filled in.
func metricsAddr(addr string) (string, error) {
	addr, err := metrics.Addr(addr)
	if errors.Is(err, metrics.ErrReachable) {
		return "", withHint(coded(exitUsage, err), "listen on 127.0.0.1 and let an SSH tunnel or a proxy reach it")
	}
	return addr, coded(exitUsage, err)
}

// openMetrics serves /metrics and /healthz until ctx ends. The channel gives
// its one result; without an address it never does before ctx ends.
func (a *app) openMetrics(ctx context.Context, m *metrics.Meter, addr string) (<-chan error, error) {
	done := make(chan error, 1)
	if addr == "" {
		go func() {
			<-ctx.Done()
			done <- nil
		}()
		return done, nil
	}
	addr, err := metricsAddr(addr)
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w", err)
	}
	a.say("lapse: metrics on http://%s/metrics", l.Addr())
	go func() { done <- m.Serve(ctx, l) }()
	return done, nil
}
